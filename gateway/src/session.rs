//! The label of a session: the join of everything that was seen in it, whichever gateway saw it. The row in
//! the database decides; what cannot be read counts as restricted.
//!
//! A request without a session pays nothing here.

use std::{collections::BTreeSet, time::Duration};

use store::session_labels::SessionLabels;
use types::{Code, Label, Request, RequestId, SessionId, TenantId};

use crate::{
    caller::Known, gate::Gate, metrics, refusal::Refusal, tokens, trail::Trail, wishes::Wishes,
};

/// How long the database may take.
const TIME: Duration = Duration::from_secs(1);
/// How often a rise is tried that nobody waits for, and the longest pause between.
const TRIES: u32 = 12;
const PAUSE_MAX: Duration = Duration::from_secs(15);

/// A session of a request, and its label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen {
    tenant: TenantId,
    session: SessionId,
    /// What it was before this request; `None` where nobody could say.
    before: Option<Label>,
}

/// A request with what its session says of it.
pub(crate) struct Joined {
    /// The request's label joined with the session's.
    pub(crate) label: Label,
    /// The session, if it is in one.
    pub(crate) seen: Option<Seen>,
    /// The tokens in its words, which may be the session's.
    pub(crate) mentioned: BTreeSet<String>,
}

/// Joins a request of this label with its session, whose label rises at once unless nothing is to be sent.
pub(crate) async fn join(
    gate: &Gate,
    trail: &mut Trail,
    (known, wishes): (&Known<'_>, &Wishes),
    request: &mut Request,
    label: Label,
) -> Result<Joined, Refusal> {
    let Some(seen) = Seen::of(gate, known, wishes).await else {
        return Ok(Joined { label, seen: None, mentioned: BTreeSet::new() });
    };
    trail.session_label = Some(seen.label());
    if !wishes.dry_run {
        seen.rise(gate, label, trail.request).await?;
    }
    let mentioned = tokens::mentioned(request);
    Ok(Joined { label: label.join(seen.label()), seen: Some(seen), mentioned })
}

impl Seen {
    /// What is known of the request's session; `None` where it names none.
    pub(crate) async fn of(gate: &Gate, known: &Known<'_>, wishes: &Wishes) -> Option<Self> {
        let (tenant, session) = (known.caller.tenant, wishes.session?);
        let labels = gate.store.session_labels();
        let found = tokio::time::timeout(TIME, labels.find(tenant, session)).await;
        let before = match found {
            Ok(Ok(found)) => Some(found.map_or(Label::Public, |known| known.label)),
            Ok(Err(error)) => {
                tracing::warn!(%error, %session, "a session's label cannot be read; it counts as restricted");
                None
            }
            Err(_) => {
                tracing::warn!(%session, "a session's label came too late; it counts as restricted");
                None
            }
        };
        Some(Self { tenant, session, before })
    }

    /// The label that a request of the session has at least.
    pub(crate) fn label(&self) -> Label {
        self.before.unwrap_or(Label::Restricted)
    }

    /// Whose session it is.
    pub(crate) const fn owner(&self) -> (TenantId, SessionId) {
        (self.tenant, self.session)
    }

    /// Raises it to the label of what this request has. A rise that cannot be written refuses the
    /// request: the next one would not know of it.
    pub(crate) async fn rise(
        &self,
        gate: &Gate,
        label: Label,
        request: RequestId,
    ) -> Result<(), Refusal> {
        let Some(before) = self.before else {
            // The request itself is treated as restricted.
            self.rise_later(gate, label, request);
            return Ok(());
        };
        if label <= before {
            return Ok(());
        }
        let labels = gate.store.session_labels();
        let raise = labels.raise(self.tenant, self.session, label, request);
        let away = match tokio::time::timeout(TIME, raise).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "the database did not answer in time".to_owned(),
        };
        tracing::error!(error = %away, session = %self.session, "a session's label could not be raised");
        let message = "the label of this session cannot be kept; nothing was sent";
        Err(Refusal::new(Code::DependencyUnavailable, message).with_retry_after(5))
    }

    /// Raises it for what an answer has, before its caller has the end of it.
    pub(crate) async fn rise_for_answer(&self, gate: &Gate, label: Label, request: RequestId) {
        if self.before.is_some() && self.rise(gate, label, request).await.is_ok() {
            return;
        }
        self.rise_later(gate, label, request);
    }

    /// Raises it as soon as the database is there.
    fn rise_later(&self, gate: &Gate, label: Label, request: RequestId) {
        if label == Label::Public {
            return;
        }
        let (labels, owner) = (gate.store.session_labels(), self.owner());
        gate.tasks.spawn(async move {
            keep_raising(&labels, owner, label, request).await;
        });
    }
}

/// Raises the label of a session, again and again while the database is away. False where it never was
/// there.
pub(crate) async fn keep_raising(
    labels: &SessionLabels,
    (tenant, session): (TenantId, SessionId),
    label: Label,
    request: RequestId,
) -> bool {
    let mut pause = Duration::from_millis(250);
    for _ in 0..TRIES {
        if labels.raise(tenant, session, label, request).await.is_ok() {
            return true;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
    metrics::UNWRITTEN.with_label_values(&["session_label"]).inc();
    tracing::error!(%session, %label, "a session's label was not raised");
    false
}
