//! The count of a session's calls: each counts itself before it is decided, so that whoever calls beside it, on
//! whichever gateway, sees it.
//!
//! INVARIANT: a call that is made stays counted. One that is not is given back, also where its caller left; where
//! that cannot be written, or the process dies, there is one too many and none too few.

use std::time::Duration;

use store::flows::{Entered, Flows};
use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;
use types::{RequestId, SessionId, TenantId};

use crate::{gate::Gate, metrics};

/// How long the database may take.
pub(super) const TIME: Duration = Duration::from_secs(1);
/// What is said where it took longer.
pub(super) const IN_TIME: &str = "the database did not answer in time";
/// As many calls as a session has where nobody can tell: beyond every limit.
pub(super) const UNKNOWN: u64 = i64::MAX.unsigned_abs();

/// One call, counted in its session.
pub(super) struct Count {
    flows: Flows,
    tasks: TaskTracker,
    /// `None` once it is settled whether it is made.
    of: Option<(TenantId, SessionId)>,
}

impl Count {
    /// Counts a call. Gives the session as the call finds it, or why nobody can tell.
    pub(super) async fn enter(
        gate: &Gate,
        of: (TenantId, SessionId),
        request: RequestId,
    ) -> Result<(Self, Entered), String> {
        let found = in_time(gate.flows.enter(of, request)).await?;
        let count = Self { flows: gate.flows.clone(), tasks: gate.tasks.clone(), of: Some(of) };
        Ok((count, found))
    }

    /// The call is made.
    pub(super) fn made(mut self) {
        self.of = None;
    }

    /// The call is not made.
    pub(super) async fn give_back(mut self) {
        if let Some(task) = self.returned() {
            // Whoever waits sees the count as it is then. The task goes on where nobody does.
            let _ = task.await;
        }
    }

    fn returned(&mut self) -> Option<JoinHandle<()>> {
        let (tenant, session) = self.of.take()?;
        let flows = self.flows.clone();
        Some(self.tasks.spawn(async move {
            if let Err(why) = in_time(flows.leave((tenant, session))).await {
                metrics::UNWRITTEN.with_label_values(&["session_calls"]).inc();
                tracing::warn!(error = %why, %session, "a call that was not made stays counted in its session");
            }
        }))
    }
}

impl Drop for Count {
    fn drop(&mut self) {
        self.returned();
    }
}

/// What the database says, if it does so in time.
pub(super) async fn in_time<T, E: std::fmt::Display>(
    asked: impl Future<Output = Result<T, E>>,
) -> Result<T, String> {
    match tokio::time::timeout(TIME, asked).await {
        Ok(said) => said.map_err(|error| error.to_string()),
        Err(_) => Err(IN_TIME.to_owned()),
    }
}
