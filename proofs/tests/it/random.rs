//! The solver against brute force: what is proved has no counterexample among sampled requests.

use std::sync::LazyLock;

use cedar_policy::{Authorizer, Context, Decision, Entities, EntityUid, PolicySet, Request};
use proofs::{Claim, Envs, Prover, Verdict, What};
use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::json;
use tokio::runtime::Runtime;

use crate::world::{patient, schema, set};

const SCHEMA: &str = "
entity Group;
entity User in [Group] = { level: Long };
entity Doc = { open: Bool };
action view, edit appliesTo {
  principal: [User],
  resource: [Doc],
  context: { rank: Long, kinds: Set<String>, note?: String },
};
";

const ATOMS: &[&str] = &[
    "context.rank >= 2",
    "context.rank + principal.level < 5",
    "principal.level * 2 == 4",
    "resource.open",
    r#"principal in Group::"a""#,
    r#"context.kinds.contains("x")"#,
    r#"context has note && context.note == "s""#,
    "true",
];

fn condition() -> impl Strategy<Value = String> {
    let atom = select(ATOMS).prop_map(|atom| format!("({atom})"));
    atom.prop_recursive(2, 6, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|one| format!("!{one}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} && {b})")),
            (inner.clone(), inner).prop_map(|(a, b)| format!("({a} || {b})")),
        ]
    })
}

fn policy() -> impl Strategy<Value = String> {
    let effect = prop_oneof![3 => Just("permit"), 1 => Just("forbid")];
    let principal =
        select(&["principal", r#"principal in Group::"a""#, r#"principal == User::"u""#]);
    let action = select(&["action", r#"action == Action::"view""#, r#"action == Action::"edit""#]);
    (effect, principal, action, condition()).prop_map(|(effect, principal, action, condition)| {
        format!("{effect} ({principal}, {action}, resource) when {{ {condition} }};")
    })
}

fn policies() -> impl Strategy<Value = String> {
    vec(policy(), 1..4).prop_map(|all| all.join("\n"))
}

/// Every combination of a few values of everything that the conditions read.
static SAMPLES: LazyLock<Vec<(Request, Entities)>> = LazyLock::new(|| {
    let mut samples = Vec::new();
    for bits in 0..3 * 2 * 2 * 2 * 2 * 2 * 2_usize {
        let bit = |at: usize| (bits / 3) >> at & 1 == 1;
        let rank = [0, 2, i64::MAX][bits % 3];
        let mut context = json!({ "rank": rank, "kinds": [] });
        if bit(0) {
            context["kinds"] = json!(["x", "y"]);
        }
        if bit(1) {
            context["note"] = json!("s");
        }
        let parents = if bit(2) { json!([{ "type": "Group", "id": "a" }]) } else { json!([]) };
        let entities = json!([
            { "uid": { "type": "User", "id": "u" },
              "attrs": { "level": if bit(3) { 2 } else { 0 } }, "parents": parents },
            { "uid": { "type": "Doc", "id": "d" }, "attrs": { "open": bit(4) }, "parents": [] },
        ]);
        let action = if bit(5) { "view" } else { "edit" };
        let uid = |kind: &str, id: &str| -> EntityUid {
            format!("{kind}::\"{id}\"").parse().expect("an entity")
        };
        let context = Context::from_json_value(context, None).expect("a context");
        let request =
            Request::new(uid("User", "u"), uid("Action", action), uid("Doc", "d"), context, None);
        let entities = Entities::from_json_value(entities, None).expect("entities");
        samples.push((request.expect("a request"), entities));
    }
    samples
});

fn permits(set: &PolicySet, (request, entities): &(Request, Entities)) -> bool {
    Authorizer::new().is_authorized(request, set, entities).decision() == Decision::Allow
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10, ..ProptestConfig::default() })]

    /// Ten times twenty pairs.
    #[test]
    fn the_solver_agrees_with_brute_force(pairs in vec((policies(), policies()), 20)) {
        let claims: Vec<Claim> = pairs
            .iter()
            .map(|(from, to)| Claim {
                id: String::new(),
                what: What::Implies { from: set(from), to: set(to) },
                envs: Envs::All,
            })
            .collect();
        let prover = Prover::new(patient());
        let runtime = Runtime::new().expect("a runtime");
        let outcomes = runtime.block_on(prover.prove(&schema(SCHEMA), SCHEMA, &claims));
        for ((from, to), outcome) in pairs.iter().zip(outcomes) {
            let (from, to) = (set(from), set(to));
            let breaks = |sample: &_| permits(&from, sample) && !permits(&to, sample);
            match outcome.verdict {
                Verdict::Proved => prop_assert!(!SAMPLES.iter().any(breaks), "{from}\n{to}"),
                Verdict::Refuted(example) => prop_assert!(breaks(&example.concrete)),
                Verdict::Unknown(why) => prop_assert!(false, "{why}: {from}\n{to}"),
            }
        }
    }
}
