//! Decision cases about tools: `tool = { .. }` in `tests/*.toml`.

use serde::Deserialize;
use serde_json::Value;
use types::{Effect, Integrity, Label, Nanos, Replay, RequestId, Timestamp};

use super::{
    DestinationFacts, ProvenanceFacts, ToolCall, ToolDenied, ToolFacts, ToolPermit, ToolSession,
};
use crate::{
    ask::{Approved, BudgetFacts, Caller},
    case::{self, ApprovedWords},
    load::Engine,
    question::NoQuestion,
};

/// A call of a tool, as a case describes it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ToolAsk {
    #[serde(default = "case::default_agent")]
    pub agent: String,
    /// Instead of the groups that the tree gives the agent.
    pub groups: Option<Vec<String>>,
    tool: ToolWords,
    /// The arguments.
    #[serde(default = "empty")]
    input: Value,
    #[serde(default = "case::public")]
    label: Label,
    #[serde(default = "case::trusted")]
    integrity: Integrity,
    #[serde(default)]
    pub kinds: Vec<String>,
    #[serde(default)]
    provenance: ProvenanceWords,
    destination: Option<DestinationWords>,
    /// In US dollars.
    #[serde(default, deserialize_with = "case::usd")]
    remaining: Option<Nanos>,
    #[serde(default)]
    used_percent: u8,
    /// Calls of tools of the session so far, and the servers whose results it has seen.
    #[serde(default)]
    calls: u64,
    #[serde(default)]
    sources: Vec<String>,
    pub approved: Option<ApprovedWords>,
    #[serde(default)]
    dry_run: bool,
    #[serde(default = "case::noon", deserialize_with = "case::instant")]
    now: Timestamp,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct ToolWords {
    /// Such as `mail.send`.
    id: String,
    effect: Effect,
    #[serde(default = "once")]
    replay: Replay,
    #[serde(default = "yes")]
    pinned: bool,
    #[serde(default)]
    trusted: bool,
    #[serde(default)]
    function: bool,
    /// In US dollars.
    #[serde(default, deserialize_with = "case::usd")]
    price: Option<Nanos>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ProvenanceWords {
    trusted: Vec<String>,
    untrusted: Vec<String>,
    unmatched: Vec<String>,
}

/// Where the arguments go; it is given where a case has it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct DestinationWords {
    hosts: Vec<String>,
    private: bool,
    named_by_user: bool,
}

impl Engine {
    /// Decides the call of a case.
    ///
    /// # Errors
    /// A tool without a server.
    pub(crate) fn tool_case(
        &self,
        ask: &ToolAsk,
        caller: &Caller,
        approval: Option<&Approved>,
    ) -> Result<Result<ToolPermit, ToolDenied>, NoQuestion> {
        let words = &ask.tool;
        let (server, name) = words.id.split_once('.').ok_or_else(|| {
            NoQuestion(format!("`{}` is no tool; write SERVER.TOOL, as in mail.send", words.id))
        })?;
        let kinds = refs(&ask.kinds);
        let sources = refs(&ask.sources);
        let ProvenanceWords { trusted, untrusted, unmatched } = &ask.provenance;
        let (trusted, untrusted, unmatched) = (refs(trusted), refs(untrusted), refs(unmatched));
        let place = ask.destination.clone().unwrap_or_default();
        let hosts = refs(&place.hosts);
        Ok(self.decide_tool(&ToolCall {
            id: RequestId::from_parts(0, 0),
            caller,
            label: ask.label,
            integrity: ask.integrity,
            kinds: &kinds,
            budget: BudgetFacts { remaining: ask.remaining, used_percent: ask.used_percent },
            session: ToolSession { id: None, calls: ask.calls, sources: &sources },
            tool: ToolFacts {
                server,
                name,
                effect: words.effect,
                replay: words.replay,
                pinned: words.pinned,
                trusted: words.trusted,
                function: words.function,
                price: words.price,
            },
            input: &ask.input,
            provenance: ProvenanceFacts {
                trusted: &trusted,
                untrusted: &untrusted,
                unmatched: &unmatched,
            },
            destination: DestinationFacts {
                given: ask.destination.is_some(),
                hosts: &hosts,
                private: place.private,
                named_by_user: place.named_by_user,
            },
            approval,
            dry_run: ask.dry_run,
            now: ask.now,
        }))
    }
}

fn refs(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

fn empty() -> Value {
    Value::Object(serde_json::Map::new())
}

const fn once() -> Replay {
    Replay::Once
}

const fn yes() -> bool {
    true
}
