//! What a question about a budget is about.

use budget::{AccountKey, CapSpec};
use serde::{Deserialize, Serialize};
use types::Nanos;

use super::approval::Approval;

/// A hard cap that was reached, as the detail of its question has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exhausted {
    /// The account.
    pub account: AccountKey,
    /// Its hard target then.
    pub target: Nanos,
    /// What was spent, overrun included.
    pub spent: Nanos,
    /// What the call that asked would have needed more.
    #[serde(default)]
    pub missing: Option<Nanos>,
}

impl Exhausted {
    /// What a question is about; `None` where it is about no budget.
    pub fn of(approval: &Approval) -> Option<Self> {
        Self::deserialize(approval.detail.get("exhausted")?).ok()
    }

    /// The account as it was.
    pub fn spec(self) -> CapSpec {
        let (target, rollover) = (Some(self.target), Nanos::ZERO);
        CapSpec { key: self.account, target, hard: true, rollover }
    }
}
