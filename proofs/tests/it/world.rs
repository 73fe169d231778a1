//! A small world to make claims about.

use std::{path::PathBuf, time::Duration};

use cedar_policy::{Authorizer, Decision, Entities, PolicySet, Request, Schema};
use proofs::{Claim, Envs, Example, Options, Outcome, Prover, Verdict, What};

/// One of everything that policies are written with.
pub const SCHEMA: &str = r#"
entity Group;
entity User in [Group] = { level: Long, nick?: String };
entity Robot = { level: Long };
entity Doc = { open: Bool, kind: String, score: decimal, owner: User };
action reading;
action view, edit in [reading] appliesTo {
  principal: [User, Robot],
  resource: [Doc],
  context: { rank: Long, kinds: Set<String>, note?: String, now: datetime, from?: ipaddr },
};
action remove appliesTo { principal: [User], resource: [Doc], context: { rank: Long } };
"#;

pub fn schema(text: &str) -> Schema {
    text.parse().expect("the schema is valid")
}

pub fn set(text: &str) -> PolicySet {
    text.parse().expect("the policies are valid")
}

pub fn never(set_text: &str, when: &str) -> What {
    What::Never { set: set(set_text), when: set(when) }
}

pub fn always(set_text: &str, when: &str) -> What {
    What::Always { set: set(set_text), when: set(when) }
}

pub fn implies(from: &str, to: &str) -> What {
    What::Implies { from: set(from), to: set(to) }
}

pub fn disjoint(one: &str, other: &str) -> What {
    What::Disjoint { one: set(one), other: set(other) }
}

pub fn never_errors(policy: &str) -> What {
    What::NeverErrors { policy: policy.parse().expect("the policy is valid") }
}

pub fn claim(what: What) -> Claim {
    Claim { id: "claim".to_owned(), what, envs: Envs::All }
}

/// A program of this folder that is no solver.
pub fn impostor(name: &str) -> PathBuf {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/solvers");
    PathBuf::from(folder).join(name)
}

/// Time enough on a machine that is busy with other things.
pub fn patient() -> Options {
    let (check_timeout, total_timeout) = (Duration::from_secs(120), Duration::from_secs(600));
    Options { check_timeout, total_timeout, ..Options::default() }
}

pub async fn prove(what: What) -> Outcome {
    prove_with(patient(), what).await
}

pub async fn prove_with(options: Options, what: What) -> Outcome {
    let claims = [claim(what)];
    let outcomes = Prover::new(options).prove(&schema(SCHEMA), SCHEMA, &claims).await;
    let [outcome] = outcomes.try_into().expect("one claim has one outcome");
    outcome
}

#[track_caller]
pub fn proved(outcome: &Outcome) {
    assert!(outcome.verdict.is_proved(), "{:?}", outcome.verdict);
}

#[track_caller]
pub fn unknown(outcome: &Outcome) -> &str {
    match &outcome.verdict {
        Verdict::Unknown(why) => why,
        other => panic!("known: {other:?}"),
    }
}

/// The example of a refuted claim, which the schema must allow and which must read back the same.
#[track_caller]
pub fn refuted(outcome: &Outcome) -> &Example {
    let Verdict::Refuted(example) = &outcome.verdict else {
        panic!("not refuted: {:?}", outcome.verdict);
    };
    let again = Example::from_json(example.request.clone()).expect("it reads back");
    assert_eq!(again.concrete.1, example.concrete.1);
    assert_eq!(again.to_string(), example.to_string());
    example
}

/// Asserts that a schema allows the request and the entities of an example.
#[track_caller]
pub fn allowed_by(schema: &Schema, example: &Example) {
    let (request, entities) = &example.concrete;
    Request::new(
        request.principal().expect("concrete").clone(),
        request.action().expect("concrete").clone(),
        request.resource().expect("concrete").clone(),
        request.context().expect("concrete").clone(),
        Some(schema),
    )
    .expect("the schema allows the request");
    // Cedar brings the actions of a schema along with it.
    let plain = entities.iter().filter(|entity| {
        let kind = entity.uid().type_name().to_string();
        kind != "Action" && !kind.ends_with("::Action")
    });
    Entities::from_entities(plain.cloned(), Some(schema)).expect("the schema allows the entities");
}

/// The decision of Cedar's own authorizer.
pub fn permits(set: &PolicySet, example: &Example) -> bool {
    let (request, entities) = &example.concrete;
    let response = Authorizer::new().is_authorized(request, set, entities);
    response.decision() == Decision::Allow
}
