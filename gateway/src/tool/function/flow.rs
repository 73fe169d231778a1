//! Whose words a request has in it, and what its session has seen before, whichever gateway saw it. What cannot
//! be read counts as untrusted.

use std::collections::{BTreeSet, HashMap};

use snapshot::Snapshot;
use store::flows::{self, PRINTS_MAX, Saw, Text};
use tools::flow::{Origin, Print, Salt, Seen};
use types::{Integrity, Label, Request, RequestId, SessionId, TenantId};

use super::{
    super::{count::in_time, session},
    heard::Heard,
};
use crate::{caller::Known, gate::Gate, refusal::Refusal, wishes::Wishes};

/// What is known of a request.
#[derive(Debug, Clone)]
pub(crate) struct Flow {
    /// Untrusted where it, or its session before, has a text that nobody vouches for.
    pub(crate) integrity: Integrity,
    /// The session's before this request.
    pub(super) before: Integrity,
    /// The highest label of the results in it.
    pub(crate) label: Label,
    /// The servers whose results it or its session has seen.
    pub(super) sources: BTreeSet<String>,
    pub(super) session: Option<(TenantId, SessionId)>,
    /// The number of the last text that the session had seen before.
    pub(super) last_text: u64,
    pub(super) salt: Salt,
}

impl Flow {
    /// Joins a request with its session, which hears of its texts at once unless nothing is to be sent. A
    /// session that cannot be told of what nobody vouches for refuses the request: the next one would not
    /// know of it.
    pub(crate) async fn join(
        gate: &Gate,
        snapshot: &Snapshot,
        (known, wishes): (&Known<'_>, &Wishes),
        (request, id): (&Request, RequestId),
    ) -> Result<Self, Refusal> {
        let hear = |before| match request.as_chat() {
            Some(chat) => Heard::in_request(&snapshot.tools, chat, before),
            None => Heard::nothing(),
        };
        Self::joined(gate, (known, wishes), hear, id).await
    }

    /// As [`Flow::join`], for what a tool server asks a model: none of its words are the user's.
    pub(crate) async fn join_of_server(
        gate: &Gate,
        server: &str,
        about: (&Known<'_>, &Wishes),
        (request, id): (&Request, RequestId),
    ) -> Result<Self, Refusal> {
        let hear = |_| {
            request.as_chat().map_or_else(Heard::nothing, |chat| Heard::of_server(server, chat))
        };
        Self::joined(gate, about, hear, id).await
    }

    /// `hear` tells whose each text is, by the session's integrity before.
    async fn joined<'r>(
        gate: &Gate,
        (known, wishes): (&Known<'_>, &Wishes),
        hear: impl FnOnce(Integrity) -> Heard<'r>,
        id: RequestId,
    ) -> Result<Self, Refusal> {
        let tenant = known.caller.tenant;
        let session = wishes.session.map(|session| (tenant, session));
        let of = wishes.session.map_or_else(|| id.to_string(), |session| session.to_string());
        let salt = gate.flows.salt(tenant, &of).map_err(|error| away(&error))?;
        let flow = Self {
            integrity: Integrity::Trusted,
            before: Integrity::Trusted,
            label: Label::Public,
            sources: BTreeSet::new(),
            session,
            last_text: 0,
            salt,
        };
        match session {
            None => Ok(flow.alone(&hear(Integrity::Trusted))),
            Some(session) => flow.within(gate, session, hear, (id, wishes.dry_run)).await,
        }
    }

    /// A request without a session.
    fn alone(mut self, heard: &Heard<'_>) -> Self {
        self.take(heard);
        if !heard.is_trusted() {
            self.integrity = Integrity::Untrusted;
        }
        self
    }

    /// Takes over what the tree says of the results in it.
    fn take(&mut self, heard: &Heard<'_>) {
        self.label = heard.label;
        self.sources.clone_from(&heard.sources);
    }

    async fn within<'r>(
        mut self,
        gate: &Gate,
        (tenant, session): (TenantId, SessionId),
        hear: impl FnOnce(Integrity) -> Heard<'r>,
        (request, dry_run): (RequestId, bool),
    ) -> Result<Self, Refusal> {
        let before = match in_time(gate.flows.find(tenant, session)).await {
            Ok(before) => before,
            Err(why) => {
                let heard = hear(Integrity::Untrusted);
                return self.unknown((gate, &heard), (request, dry_run), &why).await;
            }
        };
        let before = before.as_ref();
        self.before = before.map_or(Integrity::Trusted, |before| before.integrity);
        let heard = hear(self.before);
        self.take(&heard);
        let (fresh, integrity) = self.fresh(&heard, before);
        let news = !fresh.is_empty()
            || before.map_or(!heard.sources.is_empty(), |b| !heard.sources.is_subset(&b.sources));
        self.integrity = self.before.min(integrity);
        self.sources.extend(before.iter().flat_map(|before| before.sources.iter().cloned()));
        let texts = before.iter().flat_map(|before| before.texts.values());
        self.last_text = texts.copied().max().unwrap_or_default();
        if news && !dry_run {
            self.tell(gate, (&heard, &fresh), (request, integrity)).await?;
        }
        Ok(self)
    }

    /// Lets the session know of what it did not.
    async fn tell(
        &self,
        gate: &Gate,
        (heard, texts): (&Heard<'_>, &[Text]),
        (request, integrity): (RequestId, Integrity),
    ) -> Result<(), Refusal> {
        let Some((tenant, session)) = self.session else { return Ok(()) };
        let saw = Saw { request, integrity, sources: &heard.sources, texts };
        let told = in_time(gate.flows.see(tenant, session, &saw)).await;
        told.map(drop).map_err(|why| away(&why))
    }

    /// The texts that the session has not seen, of each origin the newest, and whether everything that is not
    /// trusted was vouched for by a person.
    fn fresh(&self, heard: &Heard<'_>, before: Option<&flows::Flow>) -> (Vec<Text>, Integrity) {
        let mut counts: HashMap<&Origin, u64> = HashMap::new();
        let (mut fresh, mut integrity) = (Vec::new(), Integrity::Trusted);
        for (origin, text) in heard.texts.iter().rev() {
            let key = (origin.clone(), self.salt.digest(text));
            let number = before.and_then(|before| before.texts.get(&key)).copied();
            let vouched = before.is_some_and(|before| before.vouches(&key));
            if *origin != Origin::Trusted && !vouched {
                integrity = Integrity::Untrusted;
            }
            let count = counts.entry(origin).or_default();
            *count += 1;
            if number.is_none() && *count <= PRINTS_MAX {
                let (origin, digest) = key;
                let seen = Seen { origin, print: Print::of(text, &self.salt) };
                fresh.push(Text { digest, seen });
            }
        }
        fresh.reverse();
        (fresh, integrity)
    }

    /// A request of a session of which nobody knows what it has seen. What the request has of others the session
    /// must hear of all the same: the next request may not have it any more.
    async fn unknown(
        mut self,
        (gate, heard): (&Gate, &Heard<'_>),
        (request, dry_run): (RequestId, bool),
        why: &str,
    ) -> Result<Self, Refusal> {
        self.take(heard);
        let session = self.session.map(|(_, session)| session.to_string()).unwrap_or_default();
        tracing::warn!(error = %why, %session, "what a session has seen cannot be read; it counts as untrusted");
        self.before = Integrity::Untrusted;
        self.integrity = Integrity::Untrusted;
        if !heard.is_trusted() && !dry_run {
            let (fresh, integrity) = self.fresh(heard, None);
            self.tell(gate, (heard, &fresh), (request, integrity)).await?;
        }
        Ok(self)
    }
}

fn away(why: &dyn std::fmt::Display) -> Refusal {
    session::away(why, "nothing was sent")
}
