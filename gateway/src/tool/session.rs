//! What a call's session has seen, whichever gateway saw it, and what it sees by the call. What cannot be read
//! counts as restricted and as somebody else's word.

use std::{collections::BTreeSet, sync::Arc};

use policy::ToolPermit;
use snapshot::Tool;
use store::flows::{Entered, Saw, Text};
use tools::flow::{Origin, Print, Salt, Seen};
use types::{Code, Integrity, Label, SessionId, TenantId};

use super::{
    Context,
    count::{Count, UNKNOWN, in_time},
};
use crate::{gate::Gate, refusal::Refusal, serve::work_on};

/// What becomes of a result that its session cannot be told of.
const WITHHELD: &str = "the result of the call is withheld";

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
    /// This call, where it is counted.
    count: Option<Count>,
}

/// What a session sees by a call, or beside it.
pub(super) struct Sight<'a> {
    pub(super) tool: &'a Tool,
    /// Whether what it says is the organisation's own word.
    pub(super) trusted: bool,
    /// The highest label of the call and its result.
    pub(super) label: Label,
    /// All text of the result; `None` where nobody saw one.
    pub(super) text: Option<&'a str>,
}

impl<'a> Sight<'a> {
    /// What is said beside a permitted call, with the label of what was found in it.
    pub(super) fn of(
        (tool, trusted, permit): (&'a Tool, bool, &ToolPermit),
        found: Label,
        text: Option<&'a str>,
    ) -> Self {
        let own = text.and(tool.label).unwrap_or(Label::Public);
        Self { tool, trusted, label: permit.label().join(found).join(own), text }
    }
}

impl Session {
    /// The session of what is no call, or of one that is not to be made: nothing is counted.
    pub(super) async fn of(gate: &Gate, context: &Context<'_>) -> Result<Self, Refusal> {
        let salt = Self::salt(gate, context)?;
        let Some(session) = context.session else { return Ok(Self::new(salt, Label::Public)) };
        let of = (context.known.caller.tenant, session);
        Ok(Self::found(gate, of, (salt, None), in_time(gate.flows.look(of)).await).await)
    }

    /// The session of a call, which is counted in it at once, unless only the decision is wanted. A call without
    /// a session has seen nothing.
    pub(super) async fn enter(gate: &Gate, context: &Context<'_>) -> Result<Self, Refusal> {
        let Some(session) = context.session.filter(|_| !context.dry_run) else {
            return Self::of(gate, context).await;
        };
        let salt = Self::salt(gate, context)?;
        let of = (context.known.caller.tenant, session);
        let (count, found) = match Count::enter(gate, of, context.request).await {
            Ok((count, found)) => (Some(count), Ok(found)),
            Err(why) => (None, Err(why)),
        };
        Ok(Self::found(gate, of, (salt, count), found).await)
    }

    fn salt(gate: &Gate, context: &Context<'_>) -> Result<Salt, Refusal> {
        let tenant = context.known.caller.tenant;
        let of = context.session.map_or_else(|| context.request.to_string(), |id| id.to_string());
        gate.flows.salt(tenant, &of).map_err(|error| away(&error, WITHHELD))
    }

    /// The session as it is now: it may have seen more while people thought. The call stays counted.
    pub(super) async fn again(&mut self, gate: &Gate, context: &Context<'_>) {
        let Some(session) = context.session else { return };
        let of = (context.known.caller.tenant, session);
        let count = self.count.take();
        let own = u64::from(count.is_some());
        let found = in_time(gate.flows.look(of)).await;
        let before = |found: Entered| Entered { calls: found.calls.saturating_sub(own), ..found };
        *self = Self::found(gate, of, (self.salt.clone(), count), found.map(before)).await;
    }

    /// The call is made.
    pub(super) fn made(&mut self) {
        if let Some(count) = self.count.take() {
            count.made();
        }
    }

    /// The call is not made.
    pub(super) async fn leave(mut self) {
        if let Some(count) = self.count.take() {
            count.give_back().await;
        }
    }

    /// A session of which this was read. What cannot be read is at its worst, and has as many calls as any limit
    /// allows.
    async fn found(
        gate: &Gate,
        of: (TenantId, SessionId),
        (salt, count): (Salt, Option<Count>),
        found: Result<Entered, String>,
    ) -> Self {
        let read = match found {
            Ok(found) => {
                let texts = gate.prints.of(of, found.last_text, &gate.flows);
                in_time(texts).await.map(|seen| (found, seen))
            }
            Err(why) => Err(why),
        };
        match read {
            Ok((Entered { label, integrity, calls, sources, .. }, seen)) => Self {
                known: Some(label),
                integrity,
                calls,
                sources,
                seen,
                count,
                ..Self::new(salt, label)
            },
            Err(why) => {
                let session = of.1;
                tracing::warn!(error = %why, %session, "what a session has seen cannot be read; it counts as restricted and untrusted");
                let integrity = Integrity::Untrusted;
                let unknown = Self::new(salt, Label::Restricted);
                Self { known: None, integrity, calls: UNKNOWN, count, ..unknown }
            }
        }
    }

    /// One that has seen nothing from others.
    fn new(salt: Salt, label: Label) -> Self {
        let (sources, seen) = (BTreeSet::new(), Arc::default());
        let (integrity, known) = (Integrity::Trusted, Some(label));
        Self { label, known, integrity, sources, calls: 0, seen, salt, count: None }
    }

    /// Lets the session know of what a call has, and its result where there is one: its label rises, its trust
    /// falls. Gives both as they are then. A result that nobody can be told of goes no further.
    pub(super) async fn see(
        &self,
        gate: &Gate,
        context: &Context<'_>,
        sight: &Sight<'_>,
    ) -> Result<(Label, Integrity), Refusal> {
        let Sight { tool, trusted, label, text } = sight;
        let label = self.label.join(*label);
        let own = *trusted;
        let trusted = own || text.is_none();
        let integrity = if trusted { self.integrity } else { Integrity::Untrusted };
        let Some(session) = context.session else { return Ok((label, integrity)) };
        let print = |text: &&str| work_on(text.len(), || self.print((tool, own), text));
        let mut texts: Vec<Text> = text.iter().filter_map(print).collect();
        let saw = Saw {
            request: context.request,
            integrity: if trusted { Integrity::Trusted } else { Integrity::Untrusted },
            sources: &[tool.server.clone()].into(),
            texts: &texts,
        };
        let tenant = context.known.caller.tenant;
        let labels = gate.store.session_labels();
        let write = async {
            if self.known.is_none_or(|known| label > known) {
                labels.raise(tenant, session, label, context.request).await?;
            }
            match text {
                Some(_) => gate.flows.see(tenant, session, &saw).await.map(Some),
                None => Ok(None),
            }
        };
        let told = in_time(write).await.map_err(|why| away(&why, WITHHELD))?;
        if let (Some(told), Some(text)) = (told, texts.pop()) {
            gate.prints.add((tenant, session), told, text.seen);
        }
        Ok((label, integrity))
    }
}

impl Session {
    /// What is remembered of a tool's words; nothing where it has none. A trusted tool may say again what it was
    /// asked, and in an untrusted session anybody may be asking: what it says then vouches for nothing.
    fn print(&self, (tool, trusted): (&Tool, bool), text: &str) -> Option<Text> {
        let vouches = trusted && self.integrity == Integrity::Trusted;
        let origin = if vouches { Origin::Trusted } else { Origin::Tool(tool.server.clone()) };
        let seen = Seen { origin, print: Print::of(text, &self.salt) };
        (!seen.print.is_empty()).then(|| Text { digest: self.salt.digest(text), seen })
    }
}

/// The refusal of what a session cannot be told of, with what becomes of it.
pub(super) fn away(why: &dyn std::fmt::Display, so: &str) -> Refusal {
    tracing::error!(error = %why, "what a session has seen could not be kept");
    let message = format!("what this session has seen cannot be kept; {so}");
    Refusal::new(Code::DependencyUnavailable, message).with_retry_after(5)
}
