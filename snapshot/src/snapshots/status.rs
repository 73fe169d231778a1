//! What is in force, and why a newer commit is not: for people.

use std::sync::LazyLock;

use config::Fault;
use prometheus::{IntCounter, IntGauge, register_int_counter, register_int_gauge};
use types::Timestamp;

use crate::assemble::Snapshot;

#[expect(clippy::expect_used, reason = "the name is a constant; a clash shows at the first start")]
pub(super) static REJECTED: LazyLock<IntCounter> = LazyLock::new(|| {
    register_int_counter!(
        "orchestack_policy_commits_rejected_total",
        "Commits of the git tree that did not load; the last good one stays in force"
    )
    .expect("a metric's name is legal and unique")
});

#[expect(clippy::expect_used, reason = "the name is a constant; a clash shows at the first start")]
pub(super) static REJECTED_NOW: LazyLock<IntGauge> = LazyLock::new(|| {
    register_int_gauge!(
        "orchestack_policy_rejected",
        "1 while the newest commit of the git tree is not in force, because it was rejected"
    )
    .expect("a metric's name is legal and unique")
});

/// What is in force, and why a newer commit is not.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Status {
    /// The commit in force.
    pub commit: String,
    /// A newer commit that did not load.
    pub rejected: Option<String>,
    /// What is wrong with it.
    pub faults: Vec<Fault>,
    /// What an operator should look at.
    pub notes: Vec<String>,
    /// The remote that the tree follows.
    pub remote: Option<String>,
    /// When the remote last answered.
    pub synced_at: Option<Timestamp>,
    /// Why it did not at the last look.
    pub sync_error: Option<String>,
}

impl Status {
    pub(super) fn of(snapshot: &Snapshot) -> Self {
        Self { commit: snapshot.commit.clone(), notes: snapshot.notes.clone(), ..Self::default() }
    }
}
