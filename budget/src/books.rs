//! The books: accounts, holds and slices in memory, and the operations on them.
//!
//! This is what the SQL writer runs on the rows that it loaded, and the reference for every faster
//! path: load rows, apply a batch, write back what changed.

mod admit;
mod holds;
mod reconcile;
mod slices;

use std::collections::{BTreeMap, BTreeSet};

use types::{HoldId, Timestamp};

use crate::{
    account::{Account, AccountKey, CapSpec},
    hold::Hold,
    ledger::LedgerRow,
    op::{Op, Outcome, Refusal},
    slice::Slice,
};
use admit::{Move, move_all};
use holds::Paid;

/// Accounts, holds and slices, and what changed since they were loaded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Books {
    accounts: BTreeMap<AccountKey, Account>,
    holds: BTreeMap<HoldId, Hold>,
    slices: BTreeMap<HoldId, Slice>,
    changed_accounts: BTreeSet<AccountKey>,
    changed_holds: BTreeSet<HoldId>,
    changed_slices: BTreeSet<HoldId>,
    new_rows: Vec<LedgerRow>,
}

impl Books {
    /// Loads an account row, unchanged.
    pub fn insert_account(&mut self, account: Account) {
        self.accounts.insert(account.key.clone(), account);
    }

    /// Loads a hold row, unchanged.
    pub fn insert_hold(&mut self, hold: Hold) {
        self.holds.insert(hold.id, hold);
    }

    /// Loads a slice row, unchanged.
    pub fn insert_slice(&mut self, slice: Slice) {
        self.slices.insert(slice.id, slice);
    }

    /// Applies one operation: wholly, or not at all.
    ///
    /// # Errors
    /// A [`Refusal`]; then nothing changed.
    pub fn apply(&mut self, op: &Op, now: Timestamp) -> Result<Outcome, Refusal> {
        match op {
            Op::Hold(ask) => self.make(ask, now),
            Op::Dispatch { hold, fence, lease_until } => {
                self.dispatch(*hold, *fence, *lease_until, now)
            }
            Op::Progress { hold, fence, output_tokens, if_lost, lease_until } => {
                self.progress(*hold, *fence, (*output_tokens, *if_lost), *lease_until)
            }
            Op::Release { hold, fence } => self.release(*hold, *fence, now),
            Op::Settle { hold, fence, actual, usage, basis } => {
                let paid = Paid { actual: *actual, usage: *usage, basis: *basis };
                self.settle(*hold, *fence, paid, now)
            }
            Op::Take { hold, owner, fence, lease_until } => {
                self.take(*hold, owner, *fence, *lease_until)
            }
            Op::Reap => self.reap(now),
            Op::Slice(ask) => self.slice_off(ask),
            Op::CloseSlice { slice, fence } => self.close_slice(*slice, *fence, now),
            Op::Reconcile { tenant, shares } => self.reconcile(*tenant, shares, now),
            Op::SetTarget(spec) => Ok(self.set_target(spec)),
        }
    }

    /// An account, if it is loaded.
    pub fn account(&self, key: &AccountKey) -> Option<&Account> {
        self.accounts.get(key)
    }

    /// A hold, if it is loaded.
    pub fn hold(&self, id: HoldId) -> Option<&Hold> {
        self.holds.get(&id)
    }

    /// A slice, if it is loaded.
    pub fn slice(&self, id: HoldId) -> Option<&Slice> {
        self.slices.get(&id)
    }

    /// Every loaded account, in lock order.
    pub fn accounts(&self) -> impl Iterator<Item = &Account> {
        self.accounts.values()
    }

    /// Every loaded hold.
    pub fn holds(&self) -> impl Iterator<Item = &Hold> {
        self.holds.values()
    }

    /// Every loaded slice.
    pub fn slices(&self) -> impl Iterator<Item = &Slice> {
        self.slices.values()
    }

    /// The accounts that are new or differ from what was loaded, in lock order.
    pub fn changed_accounts(&self) -> impl Iterator<Item = &Account> {
        self.changed_accounts.iter().filter_map(|key| self.accounts.get(key))
    }

    /// The holds that are new or differ from what was loaded.
    pub fn changed_holds(&self) -> impl Iterator<Item = &Hold> {
        self.changed_holds.iter().filter_map(|id| self.holds.get(id))
    }

    /// The slices that are new or differ from what was loaded.
    pub fn changed_slices(&self) -> impl Iterator<Item = &Slice> {
        self.changed_slices.iter().filter_map(|id| self.slices.get(id))
    }

    /// The ledger rows that were made, oldest first.
    pub fn new_ledger_rows(&self) -> &[LedgerRow] {
        &self.new_rows
    }

    /// Forgets what changed, after it was written.
    pub fn mark_written(&mut self) {
        self.changed_accounts.clear();
        self.changed_holds.clear();
        self.changed_slices.clear();
        self.new_rows.clear();
    }
}

impl Books {
    fn set_target(&mut self, spec: &CapSpec) -> Outcome {
        let mut account = self.account_or_new(spec);
        account.set_target(spec.target, spec.hard);
        self.put_accounts(vec![account.clone()]);
        Outcome::TargetSet(Box::new(account))
    }

    /// Resolves what is expired: holds first, so that what they free lapses with their slice.
    fn reap(&mut self, now: Timestamp) -> Result<Outcome, Refusal> {
        let holds = self.expired_holds(now)?;
        // Checked before the first change, so that the whole operation is refused together.
        self.expired_slices(now)?;
        let (released, settled) = self.resolve(holds, now)?;
        let lapsed = self.lapse(self.expired_slices(now)?, now)?;
        Ok(Outcome::Reaped { released, settled, lapsed })
    }

    fn account_or_new(&self, spec: &CapSpec) -> Account {
        let found = self.accounts.get(&spec.key).cloned();
        found.unwrap_or_else(|| Account::new(spec.clone()))
    }

    fn accounts_of(&self, path: &[AccountKey]) -> Result<Vec<Account>, Refusal> {
        let find = |key: &AccountKey| {
            let found = self.accounts.get(key).cloned();
            found.ok_or_else(|| Refusal::UnknownAccount(key.clone()))
        };
        path.iter().map(find).collect()
    }

    fn moved(&self, path: &[AccountKey], by: Move) -> Result<Vec<Account>, Refusal> {
        move_all(&self.accounts_of(path)?, by)
    }

    fn put_accounts(&mut self, accounts: Vec<Account>) {
        for account in accounts {
            if self.accounts.get(&account.key) != Some(&account) {
                self.changed_accounts.insert(account.key.clone());
                self.accounts.insert(account.key.clone(), account);
            }
        }
    }

    fn put_hold(&mut self, hold: Hold) {
        if self.holds.get(&hold.id) != Some(&hold) {
            self.changed_holds.insert(hold.id);
            self.holds.insert(hold.id, hold);
        }
    }

    fn put_slice(&mut self, slice: Slice) {
        if self.slices.get(&slice.id) != Some(&slice) {
            self.changed_slices.insert(slice.id);
            self.slices.insert(slice.id, slice);
        }
    }
}
