//! Keys of what is remembered: rows of bytes that can be read in one way only, since each text and
//! each list is preceded by its length, and whatever may be missing by whether it is there.

use crate::{
    ask::{AgentKind, Caller, ModelCall, ModelFacts},
    mapper::whole_second,
    reads::Reads,
};

/// A key in the making.
#[derive(Default)]
pub(crate) struct Key(Vec<u8>);

impl Key {
    /// Everything of a caller, apart from its grant, and of models that policies can see.
    pub(crate) fn of_caller(caller: &Caller, models: &[ModelFacts<'_>]) -> Self {
        let mut key = Self(Vec::with_capacity(512));
        key.number(u64::from(caller.agent_kind == AgentKind::System));
        key.texts([caller.agent_name.as_str(), &caller.tenant_name].into_iter());
        key.texts(caller.groups.iter().map(String::as_str));
        models.iter().for_each(|model| key.model(model));
        key
    }

    /// Everything of one model that policies can see.
    pub(crate) fn of_model(model: &ModelFacts<'_>) -> Self {
        let mut key = Self::default();
        key.model(model);
        key
    }

    /// What stands in front of the facts of a call: what they are asked for.
    pub(crate) fn of_parts(parts: impl IntoIterator<Item = u64>) -> Self {
        let mut key = Self(Vec::with_capacity(256));
        parts.into_iter().for_each(|part| key.number(part));
        key
    }

    /// Those facts of a call that are read.
    pub(crate) fn with_facts(mut self, call: &ModelCall<'_>, reads: Reads) -> Self {
        let request = &call.request;
        if reads.has(Reads::LABEL.with(Reads::LABEL_RANK)) {
            self.text(call.label.as_str());
        }
        if reads.has(Reads::INTEGRITY) {
            self.text(call.integrity.as_str());
        }
        if reads.has(Reads::KINDS) {
            self.texts(call.kinds.iter().copied());
        }
        if reads.has(Reads::ENDPOINT) {
            self.text(request.endpoint);
        }
        let flags = [
            (Reads::STREAM, request.stream),
            (Reads::TOOLS, request.tools),
            (Reads::IMAGES, request.images),
        ];
        for (_, flag) in flags.into_iter().filter(|(fact, _)| reads.has(*fact)) {
            self.number(u64::from(flag));
        }
        let numbers = [
            (Reads::INPUT_BOUND, Some(request.input_tokens_bound)),
            (Reads::MAX_OUTPUT, request.max_output_tokens),
            (Reads::REMAINING, call.budget.remaining.map(|left| left.0.cast_unsigned())),
            (Reads::USED_PERCENT, Some(u64::from(call.budget.used_percent))),
            (Reads::CALLS, Some(call.session.calls)),
            (Reads::NOW, Some(whole_second(call.now).0.cast_unsigned())),
        ];
        for (_, number) in numbers.into_iter().filter(|(fact, _)| reads.has(*fact)) {
            self.number(u64::from(number.is_some()));
            self.number(number.unwrap_or(0));
        }
        if reads.has(Reads::APPROVAL) {
            self.number(call.approval.map_or(0, |given| u64::from(given.approvers) + 1));
            let roles = call.approval.iter().flat_map(|given| &given.roles);
            self.texts(roles.map(String::as_str).collect::<Vec<_>>().into_iter());
        }
        if reads.has(Reads::GRANT) {
            self.grant(call.caller);
        }
        self
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    fn grant(&mut self, caller: &Caller) {
        self.number(u64::from(caller.grant.is_some()));
        let Some(grant) = &caller.grant else { return };
        let bound = [
            grant.task.map(|id| id.to_string()),
            grant.run.map(|id| id.to_string()),
            grant.session.map(|id| id.to_string()),
        ];
        self.texts(bound.iter().map(|id| id.as_deref().unwrap_or_default()));
    }

    fn model(&mut self, model: &ModelFacts<'_>) {
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
