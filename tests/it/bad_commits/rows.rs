//! What the tables of bad commits have in common.

use super::{Edit, Row};

/// Where most of the bad policies stand.
pub(super) const BAD: &str = "policies/bad.cedar";
/// The same in an agent's layer.
pub(super) const OWN: &str = "agents/default/bad.cedar";
/// The starter's permits and guardrails.
pub(super) const MODELS: &str = "policies/models.cedar";

/// A forbid of model calls under a condition.
pub(super) fn forbid(when: &str) -> String {
    format!(
        "@id(\"bad\")\nforbid (\n  principal,\n  action == Orchestack::Action::\"callModel\",\n  \
         resource\n)\nwhen {{ {when} }};\n"
    )
}

/// A permit or forbid of one action without a condition.
pub(super) fn plain(id: &str, effect: &str, action: &str) -> String {
    format!(
        "@id(\"{id}\")\n{effect} (\n  principal,\n  action == Orchestack::Action::\"{action}\",\n  \
         resource\n);\n"
    )
}

/// A row about one new file of policies.
pub(super) fn policy(
    name: &'static str,
    text: String,
    on: &'static str,
    phrase: &'static str,
) -> Row {
    Row { name, edits: vec![Edit::Write(BAD, text)], file: BAD, on, phrase }
}
