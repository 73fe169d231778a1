//! Which facts of a call policies read. Only those are put into Cedar's context, and only those can
//! make two decisions differ: what is not read here is not seen there, and a policy that were to
//! read it all the same could not be evaluated, which denies.

use cedar_policy::Policy;
use serde_json::Value;

use crate::ask::{AgentKind, Caller, ModelCall, ModelFacts};

/// A set of facts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
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

    /// What a policy reads. What cannot be told counts as everything.
    pub(crate) fn of(policy: &Policy) -> Self {
        let Ok(json) = policy.to_json() else { return Self::ALL };
        json.get("conditions").map_or(Self::default(), |conditions| walk(conditions, DEPTH_MAX))
    }

    /// Whether any fact of `other` is among these.
    pub(crate) const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// These and those of `other`.
    pub(crate) const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Everything that a decision depends on, in one row of bytes: equal rows, equal decisions.
    /// The principal and the models are always read, and what obligations look at: the kinds, the
    /// approval, and whether it is a dry run.
    pub(crate) fn key(self, call: &ModelCall<'_>, models: &[ModelFacts<'_>]) -> Box<[u8]> {
        let mut key = Key(Vec::with_capacity(256));
        key.number(u64::from(self.0));
        key.caller(call.caller);
        key.texts(call.kinds.iter().copied());
        key.number(u64::from(call.dry_run));
        key.number(call.approval.map_or(0, |approved| u64::from(approved.approvers) + 1));
        if let Some(approved) = call.approval {
            key.texts(approved.roles.iter().map(String::as_str));
        }
        self.context(call, &mut key);
        for model in models {
            key.model(model);
        }
        key.into_bytes()
    }

    fn context(self, call: &ModelCall<'_>, key: &mut Key) {
        let request = &call.request;
        if self.has(Self::LABEL.with(Self::LABEL_RANK)) {
            key.text(call.label.as_str());
        }
        if self.has(Self::INTEGRITY) {
            key.text(call.integrity.as_str());
        }
        if self.has(Self::ENDPOINT) {
            key.text(request.endpoint);
        }
        let flags = [
            (Self::STREAM, request.stream),
            (Self::TOOLS, request.tools),
            (Self::IMAGES, request.images),
        ];
        for (_, flag) in flags.into_iter().filter(|(fact, _)| self.has(*fact)) {
            key.number(u64::from(flag));
        }
        let numbers = [
            (Self::INPUT_BOUND, Some(request.input_tokens_bound)),
            (Self::MAX_OUTPUT, request.max_output_tokens),
            (Self::REMAINING, call.budget.remaining.map(|left| left.0.cast_unsigned())),
            (Self::USED_PERCENT, Some(u64::from(call.budget.used_percent))),
            (Self::CALLS, Some(call.session.calls)),
            (Self::NOW, Some(crate::mapper::whole_second(call.now).0.cast_unsigned())),
        ];
        for (_, number) in numbers.into_iter().filter(|(fact, _)| self.has(*fact)) {
            key.number(u64::from(number.is_some()));
            key.number(number.unwrap_or(0));
        }
        if let Some(grant) = call.caller.grant.as_ref().filter(|_| self.has(Self::GRANT)) {
            let bound = [
                grant.task.map(|id| id.to_string()),
                grant.run.map(|id| id.to_string()),
                grant.session.map(|id| id.to_string()),
            ];
            key.texts(bound.iter().map(|id| id.as_deref().unwrap_or_default()));
        }
    }
}

/// Bytes that can be read in one way only: each text and list is preceded by its length.
#[derive(Default)]
pub(crate) struct Key(Vec<u8>);

impl Key {
    pub(crate) fn into_bytes(self) -> Box<[u8]> {
        self.0.into_boxed_slice()
    }

    /// Everything of a caller that policies can see, apart from its grant.
    pub(crate) fn caller(&mut self, caller: &Caller) {
        self.number(u64::from(caller.agent_kind == AgentKind::System));
        self.texts([caller.agent_name.as_str(), &caller.tenant_name].into_iter());
        self.texts(caller.groups.iter().map(String::as_str));
    }

    /// Everything of a model that policies can see.
    pub(crate) fn model(&mut self, model: &ModelFacts<'_>) {
        let words = [model.id, model.provider, model.locality.as_str(), model.size, model.privacy];
        self.texts(words.into_iter());
        self.number(model.retention_days.map_or(0, |days| u64::from(days) + 1));
        self.number(u64::from(model.simulator));
    }

    fn number(&mut self, number: u64) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.0.extend_from_slice(text.as_bytes());
    }

    fn texts<'a>(&mut self, texts: impl ExactSizeIterator<Item = &'a str>) {
        self.number(texts.len() as u64);
        texts.for_each(|text| self.text(text));
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
mod tests {
    use super::*;

    #[track_caller]
    fn check(condition: &str, expected: Reads) {
        let text = format!("permit (principal, action, resource) when {{ {condition} }};");
        assert_eq!(Reads::of(&text.parse().unwrap()), expected, "{condition}");
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
