//! The worker of the search: the sessions that it remembers, and what it does about what it finds.

use std::{collections::HashMap, time::Duration};

use dlp::{Deep, DeepFindings};
use serde_json::json;
use store::{Store, audit::Audit, session_labels::SessionLabels};
use tokio::{sync::mpsc, task::spawn_blocking};
use tokio_util::task::TaskTracker;
use types::{
    Actor, ActorType, AuditId, Label, SessionId, TenantId, Timestamp,
    audit::{self, Record},
};

use super::Job;
use crate::{metrics, session, tokens::random};

/// How long the database may take to say what a session was before.
const TIME: Duration = Duration::from_secs(1);

type Owner = (TenantId, SessionId);

pub(super) struct Worker {
    sessions: Sessions,
    labels: SessionLabels,
    audit: Audit,
    /// A rise goes on while the process ends.
    tasks: TaskTracker,
}

impl Worker {
    pub(super) fn new(sessions_max: usize, store: &Store, tasks: TaskTracker) -> Self {
        let sessions = Sessions { max: sessions_max, turn: 0, known: HashMap::new() };
        Self { sessions, labels: store.session_labels(), audit: store.audit(), tasks }
    }

    /// Searches one request after the other, until nobody can hand one over.
    pub(super) async fn run(mut self, mut jobs: mpsc::Receiver<Job>) {
        while let Some(job) = jobs.recv().await {
            let (owner, mut deep) = (job.owner, self.sessions.take(job.owner));
            let searched = spawn_blocking(move || {
                let texts = job.texts.iter().map(|(voice, text)| (*voice, text.as_str()));
                let found = deep.take(&job.engine, texts, &job.rules);
                (job, deep, found)
            });
            let Ok((job, deep, found)) = searched.await else {
                metrics::DEEP.with_label_values(&["failed"]).inc();
                tracing::error!(session = %owner.1, "the deep search failed; it begins anew with this session");
                continue;
            };
            self.sessions.put(owner, deep);
            let outcome = if found.complete { "searched" } else { "incomplete" };
            metrics::DEEP.with_label_values(&[outcome]).inc();
            if !found.is_empty() {
                self.found(job, found);
            }
        }
    }

    /// Raises the label of the session, and writes down why.
    fn found(&self, job: Job, found: DeepFindings) {
        metrics::DEEP.with_label_values(&["found"]).inc();
        for (kind, count) in &found.kinds {
            let count = u64::try_from(*count).unwrap_or(u64::MAX);
            metrics::FINDINGS.with_label_values(&[kind.as_str(), "deep"]).inc_by(count);
        }
        let (labels, audit) = (self.labels.clone(), self.audit.clone());
        self.tasks.spawn(async move {
            let (tenant, session) = job.owner;
            let known = tokio::time::timeout(TIME, labels.find(tenant, session)).await;
            let before = known.ok().and_then(Result::ok).flatten().map(|known| known.label);
            let outcome = if before.is_some_and(|before| before >= found.label) {
                "found"
            } else if session::keep_raising(&labels, job.owner, found.label, job.request).await {
                metrics::DEEP.with_label_values(&["raised"]).inc();
                "raised"
            } else {
                "not_raised"
            };
            if let Err(error) = audit.append(record(&job, &found, (before, outcome))).await {
                metrics::UNWRITTEN.with_label_values(&["audit"]).inc();
                tracing::error!(%error, "an audit record could not be written");
            }
        });
    }
}

/// The record of what was found: kinds and figures, never content.
fn record(job: &Job, found: &DeepFindings, (before, outcome): (Option<Label>, &str)) -> Record {
    let (tenant, session) = job.owner;
    Record {
        id: AuditId::generate(),
        at: Timestamp::now(),
        tenant,
        kind: audit::Kind::System,
        request: Some(job.request),
        actor: Actor { kind: ActorType::System, id: "dlp".to_owned(), auth: "self".to_owned() },
        action: "dlp.deep".to_owned(),
        resource: session.to_string(),
        outcome: outcome.to_owned(),
        commit: job.commit.clone(),
        detail: json!({
            "findings": found.kinds,
            "rules": found.rules,
            "label_before": before,
            "label_after": before.unwrap_or(Label::Public).join(found.label),
            "input_sha256": job.input_hash,
        })
        .into(),
    }
}

/// The sessions that were used last.
struct Sessions {
    max: usize,
    turn: u64,
    /// Each with the turn of its last request.
    known: HashMap<Owner, (u64, Deep)>,
}

impl Sessions {
    /// What is known of a session, which is put back afterwards.
    fn take(&mut self, owner: Owner) -> Deep {
        self.known.remove(&owner).map_or_else(|| Deep::new(random()), |(_, deep)| deep)
    }

    /// Puts it back; where there are too many, the one that was used longest ago is forgotten.
    fn put(&mut self, owner: Owner, deep: Deep) {
        self.turn += 1;
        self.known.insert(owner, (self.turn, deep));
        if self.known.len() > self.max {
            let oldest = self.known.iter().min_by_key(|(_, (turn, _))| *turn);
            if let Some(oldest) = oldest.map(|(owner, _)| *owner) {
                self.known.remove(&oldest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_session_that_was_used_longest_ago_is_forgotten() {
        let mut sessions = Sessions { max: 2, turn: 0, known: HashMap::new() };
        let tenant = TenantId::generate();
        let [a, b, c] = [0; 3].map(|_| (tenant, SessionId::generate()));
        for owner in [a, b, a, c] {
            let deep = sessions.take(owner);
            sessions.put(owner, deep);
        }
        assert_eq!([a, b, c].map(|owner| sessions.known.contains_key(&owner)), [true, false, true]);
    }
}
