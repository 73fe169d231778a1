//! Following the remote: asked at intervals and on demand, less often while it fails.

use std::{
    sync::{Arc, LazyLock, Mutex, PoisonError},
    time::Duration,
};

use prometheus::{IntCounter, register_int_counter};
use serde_json::json;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use types::Timestamp;

use super::{Error, Snapshots, Status};
use crate::{
    assemble::Snapshot,
    git::{self, Repository, Synced},
};

/// The longest time between two looks at a remote that fails.
const BACKOFF_MAX: Duration = Duration::from_secs(15 * 60);

#[expect(clippy::expect_used, reason = "the name is a constant; a clash shows at the first start")]
static FAILURES: LazyLock<IntCounter> = LazyLock::new(|| {
    register_int_counter!(
        "orchestack_policy_sync_failures_total",
        "Looks at the remote of the git tree that failed; the last fetched commit stays in force"
    )
    .expect("a metric's name is legal and unique")
});

/// What is known of the remote.
#[derive(Default)]
pub(super) struct Sync {
    state: Mutex<State>,
    /// A look that somebody asked for went well: waiting longer is no use.
    answered: Notify,
}

#[derive(Clone, Default)]
struct State {
    commit: String,
    at: Option<Timestamp>,
    error: Option<String>,
    failures: u32,
    warnings: Vec<String>,
    hidden: Option<String>,
}

impl Sync {
    /// Asks the remote once, and remembers how it went. Without a remote nothing is done.
    ///
    /// # Errors
    /// [`git::Error`] where the remote cannot be read; the tree stays as it was.
    pub(super) async fn once(&self, repository: &Repository) -> Result<Option<Synced>, git::Error> {
        let synced = repository.sync().await;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match &synced {
            Ok(None) => {}
            Ok(Some(synced)) => state.took(synced),
            Err(error) => {
                FAILURES.inc();
                state.failures = state.failures.saturating_add(1);
                state.error = Some(error.to_string());
                tracing::warn!(%error, "the git tree's remote was not read; the last commit stays");
            }
        }
        synced
    }

    /// Adds what is known of the remote to a status.
    pub(super) fn tell(&self, repository: &Repository, status: &mut Status) {
        let Some(remote) = repository.remote() else { return };
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner).clone();
        status.notes.extend(state.warnings.into_iter().chain(state.hidden));
        if let Some(error) = &state.error {
            status.notes.push(format!("the last commit that was fetched is in force: {error}"));
        }
        status.remote = Some(remote.to_string());
        status.synced_at = state.at;
        status.sync_error = state.error;
    }

    fn wait(&self, poll: Duration) -> Duration {
        let failures = self.state.lock().unwrap_or_else(PoisonError::into_inner).failures;
        backoff(poll, failures)
    }
}

impl State {
    fn took(&mut self, synced: &Synced) {
        for warning in &synced.warnings {
            tracing::warn!(commit = %synced.commit, "{warning}");
        }
        // A folder that cannot be brought up to date says so at every look.
        if let Some(hidden) = &synced.hidden
            && self.hidden.as_ref() != Some(hidden)
        {
            tracing::warn!(commit = %synced.commit, "{hidden}");
        }
        // What happened is told until the next commit comes, or something else happens.
        if synced.commit != self.commit || !synced.warnings.is_empty() {
            self.warnings.clone_from(&synced.warnings);
        }
        self.commit.clone_from(&synced.commit);
        self.hidden.clone_from(&synced.hidden);
        self.at = Some(Timestamp::now());
        (self.error, self.failures) = (None, 0);
    }
}

/// How long to wait after so many failures in a row: twice as long after each.
fn backoff(poll: Duration, failures: u32) -> Duration {
    let factor = 2_u32.saturating_pow(failures);
    poll.saturating_mul(factor).min(BACKOFF_MAX.max(poll))
}

impl Snapshots {
    /// Asks the remote now and loads what it has: what the remote's webhook and `policy reload` do.
    /// Without a remote it is [`Snapshots::reload`].
    ///
    /// # Errors
    /// [`Error::Git`] where the remote cannot be read, after the rows were loaded again all the
    /// same; otherwise as [`Snapshots::reload`].
    pub async fn sync_now(&self) -> Result<Arc<Snapshot>, Error> {
        let synced = self.sync().await;
        // Keys that were revoked are refused from now on, whatever the remote does.
        let next = self.reload().await?;
        synced?;
        self.inner.sync.answered.notify_one();
        Ok(next)
    }

    /// Follows the remote until `shutdown`. A loop of its own, for a remote may take its time to
    /// answer, and revoked keys do not wait for it.
    pub(super) async fn follow(&self, shutdown: &CancellationToken) {
        if self.repository().remote().is_none() {
            return;
        }
        let poll = self.inner.sources.settings.policy.poll_interval;
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = self.inner.sync.answered.notified() => continue,
                () = tokio::time::sleep(self.inner.sync.wait(poll)) => {}
            }
            let looked = tokio::select! {
                () = shutdown.cancelled() => return,
                looked = self.sync() => looked,
            };
            // A tag may be signed anew without another commit.
            let changed = looked.is_ok_and(|fetched| fetched) || self.tree_changed().await;
            if changed {
                self.reload_or_warn().await;
            }
        }
    }

    /// Asks the remote, and says whether it had something new.
    async fn sync(&self) -> Result<bool, git::Error> {
        let synced = self.inner.sync.once(self.repository()).await?;
        if let Some(Synced { commit, forced_from: Some(before), .. }) = &synced {
            self.tell_forced(commit, before).await;
        }
        Ok(synced.is_some_and(|synced| synced.fetched))
    }

    /// Leaves an audit record of a rewritten history.
    pub(super) async fn tell_forced(&self, commit: &str, before: &str) {
        let remote = self.repository().remote().map(ToString::to_string);
        let detail = json!({ "remote": remote, "before": before });
        self.audit("policy.rewritten", commit, "ok", detail).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remote_that_fails_is_asked_less_and_less_often_up_to_a_bound() {
        let poll = Duration::from_secs(2);
        let waits = [0, 1, 2, 5, 8, 9, 40, u32::MAX].map(|n| backoff(poll, n).as_secs());
        assert_eq!(waits, [2, 4, 8, 64, 512, 900, 900, 900]);
        assert_eq!(backoff(Duration::from_secs(3600), 7).as_secs(), 3600);
    }
}
