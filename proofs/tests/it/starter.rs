//! The starter tree, under the schema that every tree has.

use std::time::Instant;

use proofs::{Change, Claim, Envs, Prover};

use crate::world::{
    allowed_by, always, never, never_errors, patient, permits, proved, refuted, schema, set,
};

const SCHEMA: &str = include_str!("../../../policy/src/schema.cedarschema");
const MODELS: &str = include_str!("../../../policy/src/starter/models.cedar");
const ADMINISTRATION: &str = include_str!("../../../policy/src/starter/administration.cedar");
const AGENT: &str = include_str!("../../../policy/src/starter/agent.cedar");

const CALL_MODEL: &str = r#"Orchestack::Action::"callModel""#;

const RESTRICTED_TO_CLOUD: &str = r#"
permit (principal, action == Orchestack::Action::"callModel", resource)
when { context.label == "restricted" && context.label_rank == 3 && resource.locality == "cloud" };
"#;

const SECRET_TO_CLOUD: &str = r#"
permit (principal, action == Orchestack::Action::"callModel", resource)
when { context.kinds.contains("secret") && resource.locality == "cloud" };
"#;

const PUBLIC_TO_LOCAL: &str = r#"
permit (
  principal in Orchestack::Tenant::"default",
  action == Orchestack::Action::"callModel",
  resource
)
when { context.label_rank == 0 && resource.locality == "local" };
"#;

const STRANGER: &str = r#"
permit (principal, action, resource)
unless { principal in Orchestack::Tenant::"default" || principal in Orchestack::Group::"infra-admin"
  || principal in Orchestack::Group::"auditor" || principal in Orchestack::Group::"operator"
  || principal in Orchestack::Group::"agent-owner" };
"#;

fn claim(id: &str, what: proofs::What) -> Claim {
    Claim { id: id.to_owned(), what, envs: Envs::All }
}

/// The starter's policies without the one of an id.
fn without(id: &str) -> String {
    let left = set(MODELS);
    let left = left.policies().filter(|policy| policy.annotation("id") != Some(id));
    left.map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn restricted_data_never_reaches_a_cloud_provider() {
    let envs = Envs::of(CALL_MODEL.parse().expect("an action"));
    let broken = without("restricted-stays-local");
    let claims = [
        Claim { envs: envs.clone(), ..claim("kept", never(MODELS, RESTRICTED_TO_CLOUD)) },
        Claim { envs, ..claim("broken", never(&broken, RESTRICTED_TO_CLOUD)) },
    ];
    let outcomes = Prover::new(patient()).prove(&schema(SCHEMA), SCHEMA, &claims).await;
    proved(&outcomes[0]);
    let example = refuted(&outcomes[1]);
    assert_eq!(outcomes[1].id, "broken");
    allowed_by(&schema(SCHEMA), example);
    assert!(permits(&set(&broken), example) && !permits(&set(MODELS), example));
    assert_eq!(example.request["context"]["label_rank"], 3);
    println!("{example}");
}

#[tokio::test]
async fn the_starter_tree_keeps_its_promises() {
    let tree = format!("{MODELS}\n{ADMINISTRATION}");
    let mut claims = vec![
        claim("restricted", never(&tree, RESTRICTED_TO_CLOUD)),
        claim("secrets", never(&tree, SECRET_TO_CLOUD)),
        claim("local", always(&tree, PUBLIC_TO_LOCAL)),
        claim("strangers", never(&tree, STRANGER)),
    ];
    for policy in set(&format!("{tree}\n{AGENT}")).policies() {
        claims.push(claim("errors", never_errors(&policy.to_string())));
    }
    let started = Instant::now();
    let outcomes = Prover::new(patient()).prove(&schema(SCHEMA), SCHEMA, &claims).await;
    println!("{} claims in {:?}", outcomes.len(), started.elapsed());
    for outcome in &outcomes {
        println!("{}: {:?}", outcome.id, outcome.took);
        proved(outcome);
    }
}

#[tokio::test]
async fn a_lifted_guardrail_shows_as_newly_permitted() {
    let started = Instant::now();
    let after = without("restricted-stays-local");
    let found = Prover::new(patient())
        .diff(&schema(SCHEMA), SCHEMA, &set(MODELS), &set(&after), &Envs::All)
        .await
        .expect("comparable");
    println!("compared in {:?}", started.elapsed());
    assert_eq!(found.len(), 2);
    for difference in found {
        let Change::Permits(example) = &difference.change else { panic!("{difference:?}") };
        assert_eq!(difference.action.to_string(), CALL_MODEL);
        assert!(!permits(&set(MODELS), example) && permits(&set(&after), example));
    }
}

/// A proof must be usable from a server's task.
#[test]
fn the_future_of_a_proof_may_move_between_threads() {
    fn movable<T: Send>(_: T) {}
    let prover = Prover::new(patient());
    let schema = schema(SCHEMA);
    movable(prover.prove(&schema, SCHEMA, &[]));
    movable(prover.diff(&schema, SCHEMA, &set(""), &set(""), &Envs::All));
}

/// Compiling recurses as deep as there are policies, which a thread of the runtime does not survive.
#[tokio::test]
async fn hundreds_of_policies_are_no_trouble() {
    let mut tree = MODELS.to_owned();
    for number in 0..300 {
        tree.push_str(&format!(
            r#"permit (principal == Orchestack::Agent::"a{number}", action == {CALL_MODEL}, resource)
               when {{ context.request.input_tokens_bound < {number} }};"#
        ));
    }
    let claims = [claim("kept", never(&tree, RESTRICTED_TO_CLOUD))];
    let started = Instant::now();
    let outcomes = Prover::new(patient()).prove(&schema(SCHEMA), SCHEMA, &claims).await;
    println!("300 policies in {:?}", started.elapsed());
    proved(&outcomes[0]);
}
