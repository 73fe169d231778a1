//! The schema's actions, and the obligations that somebody carries out on each. An obligation that
//! nobody carries out would be a promise that is not kept, so it is a fault of its policy.

use cedar_policy::{ActionConstraint, Policy};

use crate::{rule::Misuse, tool::tool_of};

/// What is honoured on what. `quorum` and `expires` go with `approval`.
const HONOURED: &[(&str, &[&str])] = &[
    (
        "callModel",
        &[
            "redact",
            "block",
            "restore",
            "answer_redact",
            "answer_block",
            "max_cost",
            "max_tokens",
            "log",
            "audit",
            "locality",
            "retention",
            "dry_run",
            "approval",
        ],
    ),
    (
        "callTool",
        &[
            "redact",
            "block",
            "answer_redact",
            "answer_block",
            "max_cost",
            "log",
            "audit",
            "dry_run",
            "approval",
        ],
    ),
    ("listTool", &[]),
    ("readMemory", &[]),
    ("writeMemory", &["redact", "block", "log", "approval"]),
    ("startTask", &["max_cost"]),
    ("sendMessage", &["redact", "block"]),
    ("startSandbox", &[]),
    ("egress", &[]),
    ("spawnSubagent", &[]),
    ("approve", &[]),
    ("administer", &["approval"]),
    ("pay", &["max_cost", "approval"]),
];

/// Every annotation of a policy that is not honoured on one of the policy's actions.
pub(crate) fn misplaced<'a>(
    policy: &Policy,
    annotations: impl Iterator<Item = &'a str>,
) -> Vec<Misuse> {
    let about = about(policy);
    annotations.filter_map(|name| misplaced_one(name, &about)).collect()
}

fn misplaced_one(name: &str, about: &[&str]) -> Option<Misuse> {
    let on: Vec<&str> =
        HONOURED.iter().filter(|(_, honoured)| honoured.contains(&name)).map(|(a, _)| *a).collect();
    let stray = about.iter().find(|action| !on.contains(action)).filter(|_| !on.is_empty())?;
    Some(Misuse {
        annotation: name.to_owned(),
        message: format!("`@{name}` is not carried out on `{stray}`, which this policy is about"),
        fix: format!("name actions in its scope; those with `@{name}` are {}", on.join(", ")),
    })
}

/// The actions that a policy's scope leaves room for.
fn about(policy: &Policy) -> Vec<&'static str> {
    let named = |named: &[cedar_policy::EntityUid]| {
        // What a tool's own action is about, is a call of a tool.
        let name = |uid: &cedar_policy::EntityUid| match tool_of(uid.id().unescaped()) {
            Some(_) => "callTool".to_owned(),
            None => uid.id().unescaped().to_owned(),
        };
        let is_named = |action: &str| named.iter().any(|uid| name(uid) == action);
        HONOURED.iter().map(|(action, _)| *action).filter(|action| is_named(action)).collect()
    };
    match policy.action_constraint() {
        ActionConstraint::Any => HONOURED.iter().map(|(action, _)| *action).collect(),
        ActionConstraint::In(actions) => named(&actions),
        ActionConstraint::Eq(action) => named(&[action]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Engine;

    #[test]
    fn every_action_of_the_schema_is_listed() {
        let schema: cedar_policy::Schema = Engine::schema_text().parse().unwrap();
        let mut actions: Vec<String> =
            schema.actions().map(|uid| uid.id().unescaped().to_owned()).collect();
        let mut listed: Vec<String> = HONOURED.iter().map(|(name, _)| (*name).to_owned()).collect();
        actions.sort();
        listed.sort();
        assert_eq!(actions, listed);
    }

    /// An action that can be approved can be told so by the schema, and no other can.
    #[test]
    fn an_approval_is_in_the_context_of_what_can_be_approved() {
        let text = Engine::schema_text();
        for (action, honoured) in HONOURED {
            let start = text.find(&format!("action {action} ")).unwrap();
            let body = text[start..].split("\n  };\n").next().unwrap();
            assert_eq!(
                body.contains("approval?: Approval"),
                honoured.contains(&"approval"),
                "{action}"
            );
        }
    }
}
