//! Whether a path has room, and what its accounts look like after a move of money.

use types::{Nanos, TenantId};

use crate::{
    account::{Account, CapSpec},
    op::Refusal,
};

/// The longest path of a hold: every scope in every period.
const PATH_MAX: usize = 32;

/// What every account of a path gains.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Move {
    pub(super) settled: i64,
    pub(super) held: i64,
    pub(super) overrun: i64,
}

impl Move {
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            settled: self.settled.saturating_add(other.settled),
            held: self.held.saturating_add(other.held),
            overrun: self.overrun.saturating_add(other.overrun),
        }
    }
}

/// The path of an ask in lock order, if it makes sense.
pub(super) fn well_formed(
    tenant: TenantId,
    path: &[CapSpec],
    amount: Nanos,
) -> Result<Vec<&CapSpec>, Refusal> {
    let mut specs: Vec<&CapSpec> = path.iter().collect();
    specs.sort_by(|a, b| a.key.cmp(&b.key));
    let twice = specs.windows(2).any(|pair| matches!(pair, [a, b] if a.key == b.key));
    let foreign = specs.iter().any(|spec| spec.key.tenant != tenant);
    let wrong = if specs.is_empty() {
        "a hold needs at least one account"
    } else if specs.len() > PATH_MAX {
        "a hold has at most 32 accounts"
    } else if twice {
        "a hold names an account twice"
    } else if foreign {
        "a hold names an account of another tenant"
    } else if amount < Nanos::ZERO {
        "a hold cannot be negative"
    } else {
        return Ok(specs);
    };
    Err(Refusal::Malformed(wrong))
}

/// Whether every account has room. One that is exhausted is named before one that is only held, as
/// waiting would not help; of several the one with the least room, which is all that a smaller call can have.
pub(super) fn admit(accounts: &[Account], amount: Nanos) -> Result<(), Refusal> {
    let mut refused: Option<((bool, i64), Refusal)> = None;
    let mut refuse = |is_held, room, refusal| {
        if refused.as_ref().is_none_or(|(least, _)| (is_held, room) < *least) {
            refused = Some(((is_held, room), refusal));
        }
    };
    for account in accounts {
        let Some(target) = account.limit() else { continue };
        let spent = account.spent();
        let key = account.key.clone();
        let fits = |used: i64| {
            used.checked_add(amount.0).is_some_and(|sum| sum <= target.0) || amount == Nanos::ZERO
        };
        let used = spent.0.saturating_add(account.held.0);
        let (room, held) = (target.0.saturating_sub(used), account.held);
        if !fits(spent.0) {
            refuse(false, room, Refusal::Exhausted { key, target, settled: spent, held });
        } else if !fits(used) {
            refuse(true, room, Refusal::Held { key, target, settled: spent, held });
        }
    }
    refused.map_or(Ok(()), |(_, refusal)| Err(refusal))
}

/// The least room of the accounts; `None` where nothing limits them.
pub(super) fn room(accounts: &[Account]) -> Option<Nanos> {
    accounts.iter().filter_map(Account::room).min()
}

/// The accounts after a move.
pub(super) fn move_all(accounts: &[Account], by: Move) -> Result<Vec<Account>, Refusal> {
    let step = |account: &Account| {
        let moved = account.moved(by.settled, by.held, by.overrun);
        moved.ok_or_else(|| Refusal::Overflow(account.key.clone()))
    };
    accounts.iter().map(step).collect()
}
