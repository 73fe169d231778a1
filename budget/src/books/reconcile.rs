//! What a provider's usage export credits and charges.

use std::collections::BTreeSet;

use types::{HoldId, Nanos, TenantId, Timestamp};

use super::{
    Books,
    admit::{Move, move_all, room},
    holds::row,
};
use crate::{
    account::Account,
    hold::{Charge, Hold},
    ledger::LedgerKind,
    op::{Outcome, Refusal, Share},
};

impl Books {
    /// Credits and charges each hold its share, once; or none of them, for the shares of one cell of a
    /// comparison are right together only: who has a part of a credit that another's correction gives
    /// back, too, is charged below the bill.
    ///
    /// None is where a hold cannot take its share: it was charged something else by now, has a share of
    /// an earlier export, is still open, is another tenant's, or is not known. So is a provisional charge
    /// of a hold whose slice is not closed: its owner may yet tell what it cost, and what that frees
    /// may be admitted from in its memory already. A share of nothing is for a provisional charge alone,
    /// which nobody corrects after it.
    ///
    /// The money comes from the accounts and goes to them, also where the hold was from a slice: no
    /// owner of a slice hears of it, so nobody else can spend it from there.
    pub(super) fn reconcile(
        &mut self,
        tenant: TenantId,
        shares: &[Share],
        now: Timestamp,
    ) -> Result<Outcome, Refusal> {
        if shares.iter().any(|share| share.charged.0.saturating_add(share.by.0) < 0) {
            return Err(Refusal::Malformed("a credit is beyond what was charged"));
        }
        let holds: BTreeSet<HoldId> = shares.iter().map(|share| share.hold).collect();
        let changes: Option<Vec<_>> =
            shares.iter().map(|share| self.to_be_changed(tenant, share)).collect();
        let changes = changes.filter(|_| holds.len() == shares.len()).unwrap_or_default();
        let before = (self.accounts_of_all(&changes), self.new_rows.len());
        for (hold, charge, by) in &changes {
            if !self.change(hold.clone(), *charge, *by, now) {
                // No account of a charge is that full; if one is, all is as it was.
                self.put_accounts(before.0);
                changes.into_iter().for_each(|(hold, ..)| self.put_hold(hold));
                self.new_rows.truncate(before.1);
                return Ok(Outcome::Reconciled { done: Vec::new() });
            }
        }
        let done = changes.into_iter().map(|(hold, ..)| hold.id).collect();
        Ok(Outcome::Reconciled { done })
    }

    /// The accounts of the paths of some holds, as they are.
    fn accounts_of_all(&self, changes: &[(Hold, Charge, Nanos)]) -> Vec<Account> {
        let keys: BTreeSet<_> = changes.iter().flat_map(|(hold, ..)| &hold.path).collect();
        keys.into_iter().filter_map(|key| self.account(key)).cloned().collect()
    }

    /// The hold of a share with its charge and what it is changed by, if it can take it.
    fn to_be_changed(&self, tenant: TenantId, share: &Share) -> Option<(Hold, Charge, Nanos)> {
        let hold = self.hold(share.hold).filter(|hold| hold.tenant == tenant)?;
        let charge = hold.charge.filter(|charge| charge.total() == share.charged)?;
        let fits = match charge.kind {
            LedgerKind::Reconciled => false,
            LedgerKind::Provisional => self.unclosed_slice(hold).is_none(),
            _ => share.by != Nanos::ZERO,
        };
        fits.then(|| (hold.clone(), charge, share.by))
    }

    /// Changes one charge; says whether it could be. A credit comes out of the overrun first. A
    /// debit takes what room the path has within the hold's amount; the rest shows as overrun.
    fn change(&mut self, mut hold: Hold, first: Charge, by: Nanos, now: Timestamp) -> bool {
        let Ok(accounts) = self.accounts_of(&hold.path) else { return false };
        let (settled, overrun) = if by < Nanos::ZERO {
            let overrun = by.0.max(-first.overrun.0);
            (by.0.saturating_sub(overrun), overrun)
        } else {
            let within = hold.amount.0.saturating_sub(first.amount.0).max(0);
            let room = room(&accounts).map_or(within, |room| within.min(room.0));
            let settled = by.0.min(room);
            (settled, by.0.saturating_sub(settled))
        };
        let Ok(moved) = move_all(&accounts, Move { settled, held: 0, overrun }) else {
            return false;
        };
        let kind = LedgerKind::Reconciled;
        let change = Charge { kind, amount: Nanos(settled), overrun: Nanos(overrun), ..first };
        self.new_rows.push(row(&hold, change, None, now));
        hold.charge = Some(Charge {
            amount: Nanos(first.amount.0.saturating_add(settled)),
            overrun: Nanos(first.overrun.0.saturating_add(overrun)),
            ..change
        });
        self.put_accounts(moved);
        self.put_hold(hold);
        true
    }
}

impl Share {
    /// A share of a hold that was charged so much.
    pub const fn new(hold: HoldId, charged: Nanos, by: Nanos) -> Self {
        Self { hold, charged, by }
    }
}
