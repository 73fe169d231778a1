//! What a call's session has seen, whichever gateway saw it, and what it sees by the call. What cannot be read
//! counts as restricted and as somebody else's word.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use policy::ToolPermit;
use snapshot::Tool;
use store::flows::{Saw, Text};
use tools::flow::{Origin, Print, Salt, Seen};
use types::{Code, Integrity, Label, SessionId, TenantId};

use super::Context;
use crate::{gate::Gate, refusal::Refusal};

/// How long the database may take.
const TIME: Duration = Duration::from_secs(1);

/// A session as it is when a call is decided.
pub(super) struct Session {
    /// The label of what was seen in it.
    pub(super) label: Label,
    /// What its row says; none where nobody could tell.
    known: Option<Label>,
    /// Untrusted once it has seen what nobody vouches for.
    pub(super) integrity: Integrity,
    /// The servers whose results it has seen.
    pub(super) sources: BTreeSet<String>,
    /// Calls of tools before this one.
    pub(super) calls: u64,
    /// The texts that it has seen.
    pub(super) seen: Arc<Vec<Seen>>,
    pub(super) salt: Salt,
}

/// What a session sees by a call, or beside it.
pub(super) struct Sight<'a> {
    pub(super) tool: &'a Tool,
    /// The highest label of the call and its result.
    pub(super) label: Label,
    /// All text of the result; `None` where nobody saw one.
    pub(super) text: Option<&'a str>,
    /// Calls that were made by it: none where the server only said something.
    pub(super) calls: u64,
}

impl<'a> Sight<'a> {
    /// What is said beside a permitted call, with the label of what was found in it.
    pub(super) fn of(
        (tool, permit): (&'a Tool, &ToolPermit),
        found: Label,
        text: Option<&'a str>,
    ) -> Self {
        let own = text.and(tool.label).unwrap_or(Label::Public);
        Self { tool, label: permit.label().join(found).join(own), text, calls: 0 }
    }
}

impl Session {
    /// The session of a call. One without a session has seen nothing.
    pub(super) async fn of(gate: &Gate, context: &Context<'_>) -> Result<Self, Refusal> {
        let tenant = context.known.caller.tenant;
        let of = context.session.map_or_else(|| context.request.to_string(), |id| id.to_string());
        let salt = gate.flows.salt(tenant, &of).map_err(|error| away(&error))?;
        let Some(session) = context.session else {
            return Ok(Self::new(salt, Label::Public));
        };
        let read = tokio::time::timeout(TIME, read(gate, (tenant, session), salt.clone())).await;
        let why = match read {
            Ok(Ok(known)) => return Ok(known),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "the database did not answer in time".to_owned(),
        };
        tracing::warn!(error = %why, %session, "what a session has seen cannot be read; it counts as restricted and untrusted");
        let (label, integrity) = (Label::Restricted, Integrity::Untrusted);
        Ok(Self { label, integrity, known: None, ..Self::new(salt, label) })
    }

    /// One that has seen nothing from others.
    fn new(salt: Salt, label: Label) -> Self {
        let (sources, seen) = (BTreeSet::new(), Arc::default());
        let (integrity, known) = (Integrity::Trusted, Some(label));
        Self { label, known, integrity, sources, calls: 0, seen, salt }
    }

    /// Lets the session know of a call, and of its result where there is one: its label rises, its trust falls.
    /// Gives both as they are then. A result that nobody can be told of goes no further.
    pub(super) async fn see(
        &self,
        gate: &Gate,
        context: &Context<'_>,
        sight: &Sight<'_>,
    ) -> Result<(Label, Integrity), Refusal> {
        let Sight { tool, label, text, calls } = sight;
        let label = self.label.join(*label);
        let trusted = tool.trusted || text.is_none();
        let integrity = if trusted { self.integrity } else { Integrity::Untrusted };
        let Some(session) = context.session else { return Ok((label, integrity)) };
        let texts: Vec<Text> = text.iter().filter_map(|text| self.print(tool, text)).collect();
        let saw = Saw {
            request: context.request,
            integrity: if trusted { Integrity::Trusted } else { Integrity::Untrusted },
            sources: &text.iter().map(|_| tool.server.clone()).collect(),
            texts: &texts,
            tool_calls: *calls,
        };
        let tenant = context.known.caller.tenant;
        let labels = gate.store.session_labels();
        let write = async {
            if self.known.is_none_or(|known| label > known) {
                labels.raise(tenant, session, label, context.request).await?;
            }
            gate.flows.see(tenant, session, &saw).await
        };
        match tokio::time::timeout(TIME, write).await {
            Ok(Ok(())) => Ok((label, integrity)),
            Ok(Err(error)) => Err(away(&error)),
            Err(_) => Err(away(&"the database did not answer in time")),
        }
    }
}

impl Session {
    /// What is remembered of a tool's words; nothing where it has none. A trusted tool may say again what it was
    /// asked, and in an untrusted session anybody may be asking: what it says then vouches for nothing.
    fn print(&self, tool: &Tool, text: &str) -> Option<Text> {
        let vouches = tool.trusted && self.integrity == Integrity::Trusted;
        let origin = if vouches { Origin::Trusted } else { Origin::Tool(tool.server.clone()) };
        let seen = Seen { origin, print: Print::of(text, &self.salt) };
        (!seen.print.is_empty()).then(|| Text { digest: self.salt.digest(text), seen })
    }
}

/// What the rows of a session say.
async fn read(
    gate: &Gate,
    (tenant, session): (TenantId, SessionId),
    salt: Salt,
) -> Result<Session, store::Error> {
    let labels = gate.store.session_labels();
    let (label, flow) =
        tokio::try_join!(labels.find(tenant, session), gate.flows.find(tenant, session))?;
    let label = label.map_or(Label::Public, |known| known.label);
    let Some(flow) = flow else { return Ok(Session::new(salt, label)) };
    let last = flow.texts.values().copied().max().unwrap_or_default();
    let seen = gate.prints.of((tenant, session), last, &gate.flows).await?;
    let (sources, calls, integrity) = (flow.sources, flow.tool_calls, flow.integrity);
    Ok(Session { label, known: Some(label), integrity, sources, calls, seen, salt })
}

fn away(error: &dyn std::fmt::Display) -> Refusal {
    tracing::error!(%error, "what a session has seen could not be kept");
    let message = "what this session has seen cannot be kept; the result of the call is withheld";
    Refusal::new(Code::DependencyUnavailable, message).with_retry_after(5)
}
