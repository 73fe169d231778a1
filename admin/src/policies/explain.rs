//! Why a call would be decided as it would be, and what would change that.

use axum::Json;
use policy::{
    BudgetFacts, Caller, Change, DestinationFacts, Explanation, ModelCall, Operation, Outcome,
    Place, ProvenanceFacts, RequestFacts, SessionFacts, ToolCall, ToolSession,
};
use router::Model;
use serde::{Deserialize, Serialize};
use snapshot::Snapshot;
use types::{Integrity, Label, RequestId, Timestamp};
use utoipa::ToSchema;

use crate::{
    body::Body,
    desk::Desk,
    error::{Error, Refusal},
    money,
    owner::Of,
};

/// A call to explain. What is absent is as harmless as it can be.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyQuestion {
    /// The agent that would call.
    pub agent: String,
    /// The model, by its id or an alias; every registered one where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// How confidential the content is; `public` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Whether the content may be trusted; `trusted` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub integrity: Option<String>,
    /// The kinds of data that are found in it.
    #[serde(default)]
    pub kinds: Vec<String>,
    /// The path; `/v1/chat/completions` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// Whether the answer is streamed.
    #[serde(default)]
    pub stream: bool,
    /// Whether tools are offered.
    #[serde(default)]
    pub tools: bool,
    /// Whether there are images.
    #[serde(default)]
    pub images: bool,
    /// The length of the input, in tokens.
    #[serde(default)]
    pub input_tokens: u64,
    /// The limit on output tokens that the caller gives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_output_tokens: Option<u64>,
    /// What is left of the tightest budget, in US dollars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remaining: Option<String>,
    /// How much of it is spent or held, 0 to 100.
    #[serde(default)]
    pub used_percent: u8,
    /// Model calls of the session before this one.
    #[serde(default)]
    pub calls: u64,
    /// Whether only the plan is asked for.
    #[serde(default)]
    pub dry_run: bool,
    /// A tool in the place of a model, such as `mail.send`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<ToolQuestion>,
}

/// What matters of a call of a tool, beside what matters of every call. What is absent is as harmless as it can
/// be.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ToolQuestion {
    /// The tool by its server's name and its own, such as `mail.send`.
    pub id: String,
    /// Its arguments: an object. Policies about this tool alone read them.
    #[serde(default)]
    pub input: serde_json::Map<String, serde_json::Value>,
    /// The names of arguments that stand in what the user wrote.
    #[serde(default)]
    pub trusted: Vec<String>,
    /// The names of arguments that stand in what nobody vouches for.
    #[serde(default)]
    pub untrusted: Vec<String>,
    /// The names of arguments that stand in no text that was seen.
    #[serde(default)]
    pub unmatched: Vec<String>,
    /// The servers whose results the session has seen.
    #[serde(default)]
    pub sources: Vec<String>,
    /// The hosts that the arguments name.
    #[serde(default)]
    pub destinations: Vec<String>,
    /// Whether one of them is private or cannot be read.
    #[serde(default)]
    pub private: bool,
    /// Whether every one is in the user's own words.
    #[serde(default)]
    pub named_by_user: bool,
}

/// The decisions about a call, explained.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PolicyExplanation {
    /// The commit that decides.
    pub commit: String,
    /// The agent.
    pub agent: String,
    /// Each model.
    pub models: Vec<ExplainedModel>,
}

/// The decision about one model, explained.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ExplainedModel {
    /// The model.
    pub model: String,
    /// What is decided.
    pub outcome: OutcomeView,
    /// The policies that decide.
    pub policies: Vec<PlaceView>,
    /// Single changes that would change the answer.
    pub changes: Vec<ChangeView>,
}

/// What is decided.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct OutcomeView {
    /// Whether it is permitted.
    pub permitted: bool,
    /// The name of a denial's reason.
    pub reason: Option<String>,
    /// The same for people, with what a permit obliges to.
    pub told: String,
}

/// A policy and where it stands.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PlaceView {
    /// Its id.
    pub id: String,
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
}

/// A change of one fact.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ChangeView {
    /// Such as `with the label internal`.
    pub change: String,
    /// What would be decided.
    pub outcome: OutcomeView,
}

/// Explains how a call would be decided now, and what would change the answer.
#[utoipa::path(
    post, path = "/api/v1/policy/explain", tag = "policy", request_body = PolicyQuestion,
    responses((status = 200, body = PolicyExplanation), (status = "4XX", body = Refusal))
)]
pub(crate) async fn explain(
    desk: Desk,
    Body(ask): Body<PolicyQuestion>,
) -> Result<Json<PolicyExplanation>, Error> {
    let act = desk.permit_of(Operation::PolicyExplain, &ask.agent, Of::Agent(&ask.agent)).await?;
    let snapshot = act.control().snapshots.load();
    let agent = snapshot.agent_by_name(&ask.agent).ok_or_else(|| missing("agent", &ask.agent))?;
    if let Some(tool) = &ask.tool {
        let explained = of_tool(&snapshot, &agent.caller, (&ask, tool))?;
        return Ok(Json(PolicyExplanation {
            commit: snapshot.commit.clone(),
            agent: ask.agent.clone(),
            models: vec![view(explained)],
        }));
    }
    let models: Vec<&Model> = match &ask.model {
        Some(name) => {
            vec![snapshot.registry.resolve(name).ok_or_else(|| missing("model", name))?]
        }
        None => snapshot.registry.models().collect(),
    };
    let facts = Facts::read(&ask, &snapshot.policy.kinds())?;
    let call = ModelCall {
        id: RequestId::generate(),
        caller: &agent.caller,
        label: facts.label,
        integrity: facts.integrity,
        request: RequestFacts {
            endpoint: ask.endpoint.as_deref().unwrap_or("/v1/chat/completions"),
            stream: ask.stream,
            tools: ask.tools,
            images: ask.images,
            input_tokens_bound: ask.input_tokens,
            max_output_tokens: ask.max_output_tokens,
        },
        kinds: &facts.kinds,
        budget: facts.budget,
        session: SessionFacts { id: None, calls: ask.calls },
        approval: None,
        dry_run: ask.dry_run,
        now: Timestamp::now(),
    };
    let explained =
        models.into_iter().map(|model| snapshot.policy.explain(&call, &snapshot.facts(model)));
    Ok(Json(PolicyExplanation {
        commit: snapshot.commit.clone(),
        agent: ask.agent.clone(),
        models: explained.map(view).collect(),
    }))
}

fn names(all: &[String]) -> Vec<&str> {
    all.iter().map(String::as_str).collect()
}

fn missing(noun: &'static str, name: &str) -> store::Error {
    store::Error::Missing { noun, name: name.to_owned() }
}

/// Explains how a call of a tool would be decided now.
fn of_tool(
    snapshot: &Snapshot,
    caller: &Caller,
    (ask, about): (&PolicyQuestion, &ToolQuestion),
) -> Result<Explanation, Error> {
    let named = about.id.split_once('.').and_then(|(server, name)| {
        let server = snapshot.tools.server(server)?;
        server.tool(name).or_else(|| server.read(name))
    });
    let tool = named.ok_or_else(|| missing("tool", &about.id))?;
    let facts = Facts::read(ask, &snapshot.policy.kinds())?;
    let [trusted, untrusted, unmatched] =
        [&about.trusted, &about.untrusted, &about.unmatched].map(|all| names(all));
    let (sources, hosts) = (names(&about.sources), names(&about.destinations));
    Ok(snapshot.policy.explain_tool(&ToolCall {
        id: RequestId::generate(),
        caller,
        label: facts.label,
        integrity: facts.integrity,
        kinds: &facts.kinds,
        budget: facts.budget,
        session: ToolSession { id: None, calls: ask.calls, sources: &sources },
        tool: tool.facts(tool.pinned.is_some()),
        input: &serde_json::Value::Object(about.input.clone()),
        provenance: ProvenanceFacts {
            trusted: &trusted,
            untrusted: &untrusted,
            unmatched: &unmatched,
        },
        destination: DestinationFacts {
            given: !hosts.is_empty() || about.private || about.named_by_user,
            hosts: &hosts,
            private: about.private,
            named_by_user: about.named_by_user,
        },
        approval: None,
        dry_run: ask.dry_run,
        now: Timestamp::now(),
    }))
}

struct Facts<'a> {
    label: Label,
    integrity: Integrity,
    kinds: Vec<&'a str>,
    budget: BudgetFacts,
}

impl<'a> Facts<'a> {
    fn read(ask: &'a PolicyQuestion, known: &[&str]) -> Result<Self, Error> {
        let label = ask.label.as_deref().map_or(Ok(Label::Public), str::parse);
        let label = label.map_err(|error| Error::invalid(error.to_string(), "name one of them"))?;
        let integrity = ask.integrity.as_deref().map_or(Ok(Integrity::Trusted), str::parse);
        let integrity =
            integrity.map_err(|error| Error::invalid(error.to_string(), "name one of them"))?;
        let kinds: Vec<&str> = ask.kinds.iter().map(String::as_str).collect();
        if let Some(other) = kinds.iter().find(|kind| !known.contains(kind)) {
            let shown: String = other.chars().take(64).collect();
            let message = format!("`{shown}` is no kind of data");
            return Err(Error::invalid(message, "`orchestack dlp kinds` lists them"));
        }
        let budget = BudgetFacts {
            remaining: ask.remaining.as_deref().map(money::parse).transpose()?,
            used_percent: ask.used_percent.min(100),
        };
        Ok(Self { label, integrity, kinds, budget })
    }
}

fn view(explanation: Explanation) -> ExplainedModel {
    let place = |place: Place| PlaceView { id: place.id, file: place.file, line: place.line };
    let change =
        |change: Change| ChangeView { change: change.change, outcome: outcome(change.outcome) };
    ExplainedModel {
        model: explanation.model,
        outcome: outcome(explanation.outcome),
        policies: explanation.policies.into_iter().map(place).collect(),
        changes: explanation.changes.into_iter().map(change).collect(),
    }
}

fn outcome(outcome: Outcome) -> OutcomeView {
    OutcomeView { permitted: outcome.permitted, reason: outcome.reason, told: outcome.told }
}
