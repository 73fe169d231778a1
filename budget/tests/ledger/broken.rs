//! Books used row by row as the SQL writer does, and books with one deliberate fault each.

use std::collections::BTreeMap;

use budget::{
    Account, AccountKey, Books, CapSpec, Hold, HoldState, LedgerRow, Op, Outcome, Refusal,
};
use types::{HoldId, Nanos, Timestamp};

use crate::drive::Ledger;

/// Tables. Each operation loads the rows that it touches, and writes back only what changed.
#[derive(Default)]
pub struct Rows {
    accounts: BTreeMap<AccountKey, Account>,
    holds: BTreeMap<HoldId, Hold>,
    ledger: Vec<LedgerRow>,
}

impl Rows {
    fn load(&self, op: &Op, now: Timestamp) -> Books {
        let mut books = Books::default();
        let mut keys: Vec<AccountKey> = Vec::new();
        let mut ids: Vec<HoldId> = Vec::new();
        match op {
            Op::Hold(ask) => {
                ids.push(ask.hold);
                keys.extend(ask.path.iter().map(|spec| spec.key.clone()));
            }
            Op::Dispatch { hold, .. }
            | Op::Progress { hold, .. }
            | Op::Release { hold, .. }
            | Op::Settle { hold, .. }
            | Op::Take { hold, .. } => ids.push(*hold),
            Op::Reap => {
                let late = |hold: &&Hold| hold.state.is_open() && hold.lease_until <= now;
                ids.extend(self.holds.values().filter(late).map(|hold| hold.id));
            }
            Op::SetTarget(spec) => keys.push(spec.key.clone()),
        }
        for hold in ids.iter().filter_map(|id| self.holds.get(id)) {
            keys.extend(hold.path.clone());
            books.insert_hold(hold.clone());
        }
        keys.iter().filter_map(|key| self.accounts.get(key)).for_each(|account| {
            books.insert_account(account.clone());
        });
        books
    }
}

impl Ledger for Rows {
    fn apply(&mut self, op: &Op, now: Timestamp) -> Result<Outcome, Refusal> {
        let mut books = self.load(op, now);
        let outcome = books.apply(op, now);
        let changed = books.changed_accounts().cloned();
        self.accounts.extend(changed.map(|account| (account.key.clone(), account)));
        self.holds.extend(books.changed_holds().map(|hold| (hold.id, hold.clone())));
        self.ledger.extend_from_slice(books.new_ledger_rows());
        outcome
    }

    fn accounts(&self) -> Vec<&Account> {
        self.accounts.values().collect()
    }

    fn holds(&self) -> Vec<&Hold> {
        self.holds.values().collect()
    }

    fn rows(&self) -> &[LedgerRow] {
        &self.ledger
    }
}

/// What a broken ledger does wrong.
#[derive(Debug, Clone, Copy)]
pub enum Fault {
    /// A second settlement is charged again.
    SettlesTwice,
    /// A dispatched hold can be released.
    ReleasesDispatched,
    /// The fence is not looked at.
    IgnoresFences,
    /// The reaper does nothing.
    NeverReaps,
    /// What is held does not count at admission.
    AdmitsBeyondHeld,
    /// A hold is made on the first accounts of the path although a later one has no room.
    HoldsHalfAPath,
    /// A release forgets to give back.
    LeaksReleases,
    /// A higher target wipes what is spent.
    ResetsOnRaise,
}

impl Fault {
    pub const ALL: [Self; 8] = [
        Self::SettlesTwice,
        Self::ReleasesDispatched,
        Self::IgnoresFences,
        Self::NeverReaps,
        Self::AdmitsBeyondHeld,
        Self::HoldsHalfAPath,
        Self::LeaksReleases,
        Self::ResetsOnRaise,
    ];
}

/// Books with a fault.
pub struct Broken {
    books: Books,
    fault: Fault,
}

impl Broken {
    pub fn new(fault: Fault) -> Self {
        Self { books: Books::default(), fault }
    }

    fn change_hold(&mut self, id: HoldId, change: impl Fn(&mut Hold)) {
        if let Some(mut hold) = self.books.hold(id).cloned() {
            change(&mut hold);
            self.books.insert_hold(hold);
        }
    }

    fn change_account(&mut self, key: &AccountKey, change: impl Fn(&mut Account)) {
        if let Some(mut account) = self.books.account(key).cloned() {
            change(&mut account);
            self.books.insert_account(account);
        }
    }

    fn path(&self, id: HoldId) -> Vec<AccountKey> {
        self.books.hold(id).map_or_else(Vec::new, |hold| hold.path.clone())
    }
}

impl Ledger for Broken {
    fn apply(&mut self, op: &Op, now: Timestamp) -> Result<Outcome, Refusal> {
        let mut op = op.clone();
        match (self.fault, &mut op) {
            (Fault::SettlesTwice, Op::Settle { hold, actual, .. }) => {
                let settled = |hold: &Hold| hold.state == HoldState::Settled;
                if self.books.hold(*hold).is_some_and(settled) {
                    for key in self.path(*hold) {
                        self.change_account(&key, |account| account.settled.0 += actual.0);
                    }
                }
            }
            (Fault::ReleasesDispatched, Op::Release { hold, .. }) => {
                self.change_hold(*hold, |hold| {
                    if hold.state == HoldState::Dispatched {
                        hold.state = HoldState::Held;
                    }
                });
            }
            (
                Fault::IgnoresFences,
                Op::Settle { hold, fence, .. } | Op::Release { hold, fence },
            ) => {
                *fence = self.books.hold(*hold).map_or(*fence, |hold| hold.fence);
            }
            (Fault::NeverReaps, Op::Reap) => {
                return Ok(Outcome::Reaped { released: Vec::new(), settled: Vec::new() });
            }
            (Fault::AdmitsBeyondHeld, Op::Hold(ask)) => {
                let known: Vec<_> = ask
                    .path
                    .iter()
                    .filter_map(|spec| self.books.account(&spec.key))
                    .cloned()
                    .collect();
                for account in &known {
                    self.change_account(&account.key, |account| account.held = Nanos::ZERO);
                }
                let outcome = self.books.apply(&op, now);
                for before in &known {
                    self.change_account(&before.key, |account| account.held.0 += before.held.0);
                }
                return outcome;
            }
            (Fault::HoldsHalfAPath, Op::Hold(ask)) => ask.path.truncate(2),
            (Fault::LeaksReleases, Op::Release { hold, .. }) => {
                let known = self.path(*hold);
                let before: Vec<_> =
                    known.iter().filter_map(|key| self.books.account(key)).cloned().collect();
                let outcome = self.books.apply(&op, now);
                before.into_iter().for_each(|account| self.books.insert_account(account));
                return outcome;
            }
            (Fault::ResetsOnRaise, Op::SetTarget(CapSpec { key, .. })) => {
                self.change_account(key, |account| account.settled = Nanos::ZERO);
            }
            _ => {}
        }
        self.books.apply(&op, now)
    }

    fn accounts(&self) -> Vec<&Account> {
        self.books.accounts().collect()
    }

    fn holds(&self) -> Vec<&Hold> {
        self.books.holds().collect()
    }

    fn rows(&self) -> &[LedgerRow] {
        self.books.new_ledger_rows()
    }
}
