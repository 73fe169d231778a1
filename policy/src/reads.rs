//! Which facts of a call policies read. Only those are put into Cedar's context, and only those can
//! make two decisions differ: what is not read here is not seen there, and a policy that were to
//! read it all the same could not be evaluated, which denies.

use serde_json::Value;

/// A set of facts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Reads(u16);

/// How deep a condition is looked into; what lies deeper counts as reading everything.
const DEPTH_MAX: usize = 256;

impl Reads {
    pub(crate) const LABEL: Self = Self(1);
    pub(crate) const LABEL_RANK: Self = Self(1 << 1);
    pub(crate) const INTEGRITY: Self = Self(1 << 2);
    pub(crate) const KINDS: Self = Self(1 << 3);
    pub(crate) const ENDPOINT: Self = Self(1 << 4);
    pub(crate) const STREAM: Self = Self(1 << 5);
    pub(crate) const TOOLS: Self = Self(1 << 6);
    pub(crate) const IMAGES: Self = Self(1 << 7);
    pub(crate) const INPUT_BOUND: Self = Self(1 << 8);
    pub(crate) const MAX_OUTPUT: Self = Self(1 << 9);
    pub(crate) const REMAINING: Self = Self(1 << 10);
    pub(crate) const USED_PERCENT: Self = Self(1 << 11);
    pub(crate) const CALLS: Self = Self(1 << 12);
    pub(crate) const NOW: Self = Self(1 << 13);
    pub(crate) const APPROVAL: Self = Self(1 << 14);
    pub(crate) const GRANT: Self = Self(1 << 15);
    pub(crate) const ALL: Self = Self(u16::MAX);
    /// Everything of `context.request`.
    pub(crate) const REQUEST: Self = Self(0b11_1111 << 4);
    /// Everything of `context.budget`.
    pub(crate) const BUDGET: Self = Self(0b11 << 10);

    /// What a condition in Cedar's JSON form reads. What cannot be told counts as everything.
    pub(crate) fn of(condition: &Value) -> Self {
        walk(condition, DEPTH_MAX)
    }

    /// Whether any fact of `other` is among these.
    pub(crate) const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// These and those of `other`.
    pub(crate) const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

fn walk(node: &Value, depth: usize) -> Reads {
    let Some(deeper) = depth.checked_sub(1) else { return Reads::ALL };
    if let Some((attribute, part)) = path(node) {
        return named(attribute, part);
    }
    if is_context(node) {
        return Reads::ALL;
    }
    let join = |all: Reads, part: &Value| all.with(walk(part, deeper));
    match node {
        Value::Array(parts) => parts.iter().fold(Reads::default(), join),
        Value::Object(parts) => parts.values().fold(Reads::default(), join),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Reads::default(),
    }
}

/// `context.attribute` or `context.attribute.part`, read or asked for with `has`.
fn path(node: &Value) -> Option<(&str, Option<&str>)> {
    let (left, attribute) = access(node, ".").or_else(|| access(node, "has"))?;
    if is_context(left) {
        return Some((attribute, None));
    }
    let (context, outer) = access(left, ".")?;
    is_context(context).then_some((outer, Some(attribute)))
}

fn access<'a>(node: &'a Value, operator: &str) -> Option<(&'a Value, &'a str)> {
    let only = node.as_object().filter(|parts| parts.len() == 1)?;
    let operands = only.get(operator)?;
    Some((operands.get("left")?, operands.get("attr")?.as_str()?))
}

fn is_context(node: &Value) -> bool {
    node.get("Var").and_then(Value::as_str) == Some("context")
}

/// The facts behind a name of the schema.
fn named(attribute: &str, part: Option<&str>) -> Reads {
    match (attribute, part) {
        ("label", None) => Reads::LABEL,
        ("label_rank", None) => Reads::LABEL_RANK,
        ("integrity", None) => Reads::INTEGRITY,
        ("kinds", None) => Reads::KINDS,
        ("request", None) => Reads::REQUEST,
        ("request", Some("endpoint")) => Reads::ENDPOINT,
        ("request", Some("stream")) => Reads::STREAM,
        ("request", Some("tools")) => Reads::TOOLS,
        ("request", Some("images")) => Reads::IMAGES,
        ("request", Some("input_tokens_bound")) => Reads::INPUT_BOUND,
        ("request", Some("max_output_tokens")) => Reads::MAX_OUTPUT,
        ("budget", None) => Reads::BUDGET,
        ("budget", Some("remaining")) => Reads::REMAINING,
        ("budget", Some("used_percent")) => Reads::USED_PERCENT,
        ("session", _) => Reads::CALLS,
        ("approval", _) => Reads::APPROVAL,
        ("grant", _) => Reads::GRANT,
        ("now", None) => Reads::NOW,
        _ => Reads::ALL,
    }
}

#[cfg(test)]
impl Reads {
    /// These but those of `other`.
    pub(crate) const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

#[cfg(test)]
mod tests {
    use cedar_policy::Policy;

    use super::*;

    #[track_caller]
    fn check(condition: &str, expected: Reads) {
        let text = format!("permit (principal, action, resource) when {{ {condition} }};");
        let json = text.parse::<Policy>().unwrap().to_json().unwrap();
        assert_eq!(Reads::of(&json["conditions"]), expected, "{condition}");
    }

    #[test]
    fn what_a_policy_reads_is_known() {
        check("true", Reads::default());
        check("resource.locality == \"local\"", Reads::default());
        check("context.label_rank >= 3", Reads::LABEL_RANK);
        check("context[\"label\"] == \"public\"", Reads::LABEL);
        check("context.request.tools && !context.request.stream", Reads::TOOLS.with(Reads::STREAM));
        check("context.kinds.contains(\"email\")", Reads::KINDS);
        check("context.now.toTime() < duration(\"6h\")", Reads::NOW);
        check("if resource.simulator then context.session.calls > 1 else true", Reads::CALLS);
        check("context has approval && context.approval.approvers > 1", Reads::APPROVAL);
        check("context has grant && context.grant has task", Reads::GRANT);
        check("context.budget has remaining && context.budget.remaining < 5", Reads::REMAINING);
    }

    #[test]
    fn what_cannot_be_told_counts_as_everything_of_it() {
        check("context.request == {\"stream\": true}", Reads::REQUEST);
        check("context has request", Reads::REQUEST);
        check("context == {\"label\": \"public\"}", Reads::ALL);
        check("{\"x\": context}.x.label == \"public\"", Reads::ALL);
        check("context has nonsense", Reads::ALL);
        check("(if resource.simulator then context else context).label == \"a\"", Reads::ALL);
    }
}
