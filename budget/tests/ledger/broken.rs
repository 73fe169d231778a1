//! Books used row by row as the SQL writer does, and books with one deliberate fault each.

use std::collections::BTreeMap;

use budget::{
    Account, AccountKey, Backing, Books, CapSpec, Hold, HoldState, LedgerKind, LedgerRow, Op,
    Outcome, Refusal, Slice, SliceState,
};
use types::{HoldId, Nanos, Timestamp};

use crate::drive::Ledger;

/// Tables. Each operation loads the rows that it touches, and writes back only what changed.
#[derive(Default)]
pub struct Rows {
    accounts: BTreeMap<AccountKey, Account>,
    holds: BTreeMap<HoldId, Hold>,
    slices: BTreeMap<HoldId, Slice>,
    ledger: Vec<LedgerRow>,
}

impl Rows {
    fn load(&self, op: &Op, now: Timestamp) -> Books {
        let mut books = Books::default();
        let mut keys: Vec<AccountKey> = Vec::new();
        let mut ids: Vec<HoldId> = Vec::new();
        let mut slices: Vec<HoldId> = Vec::new();
        match op {
            Op::Hold(ask) => {
                ids.push(ask.hold);
                if let Backing::Slice(slice) = ask.backing {
                    slices.push(slice);
                }
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
                let late = |slice: &&Slice| slice.amount.0 > 0 && slice.lease_until <= now;
                slices.extend(self.slices.values().filter(late).map(|slice| slice.id));
            }
            Op::Slice(ask) => {
                slices.push(ask.slice);
                keys.extend(ask.path.iter().map(|spec| spec.key.clone()));
            }
            Op::CloseSlice { slice, .. } => slices.push(*slice),
            Op::Reconcile { shares, .. } => ids.extend(shares.iter().map(|share| share.hold)),
            Op::SetTarget(spec) => keys.push(spec.key.clone()),
        }
        for hold in ids.iter().filter_map(|id| self.holds.get(id)) {
            keys.extend(hold.path.clone());
            slices.extend(hold.slice);
            books.insert_hold(hold.clone());
        }
        for slice in slices.iter().filter_map(|id| self.slices.get(id)) {
            keys.extend(slice.path.clone());
            books.insert_slice(slice.clone());
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
        self.slices.extend(books.changed_slices().map(|slice| (slice.id, slice.clone())));
        self.ledger.extend_from_slice(books.new_ledger_rows());
        outcome
    }

    fn accounts(&self) -> Vec<&Account> {
        self.accounts.values().collect()
    }

    fn holds(&self) -> Vec<&Hold> {
        self.holds.values().collect()
    }

    fn slices(&self) -> Vec<&Slice> {
        self.slices.values().collect()
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
    /// A slice takes all that is wanted, whatever the others need.
    SlicesTakeAll,
    /// A hold from a slice leaves the slice as it was.
    CarvesTwice,
    /// A slice whose lease ran out is given back.
    LapsesToNothing,
    /// A slice that is closed again gives back again.
    ClosesTwice,
    /// What a hold does not use of its slice is lost.
    RemainderLost,
    /// What a hold does not use of a lapsed slice goes to the accounts.
    RemainderOfLapsedGoesToAll,
    /// A hold from a lapsed slice is paid for beside the slice's charge.
    LateHoldPaysTwice,
    /// What was dispatched unasked is refused where there is no room.
    RefusesDebt,
    /// A hold gets the share of a second export.
    ReconcilesTwice,
    /// What an export credits comes into the ledger and not into the accounts.
    CreditsOnPaper,
}

impl Fault {
    pub const ALL: [Self; 18] = [
        Self::SettlesTwice,
        Self::ReleasesDispatched,
        Self::IgnoresFences,
        Self::NeverReaps,
        Self::AdmitsBeyondHeld,
        Self::HoldsHalfAPath,
        Self::LeaksReleases,
        Self::ResetsOnRaise,
        Self::SlicesTakeAll,
        Self::CarvesTwice,
        Self::LapsesToNothing,
        Self::ClosesTwice,
        Self::RemainderLost,
        Self::RemainderOfLapsedGoesToAll,
        Self::LateHoldPaysTwice,
        Self::RefusesDebt,
        Self::ReconcilesTwice,
        Self::CreditsOnPaper,
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

    fn change_slice(&mut self, id: HoldId, change: impl Fn(&mut Slice)) {
        if let Some(mut slice) = self.books.slice(id).cloned() {
            change(&mut slice);
            self.books.insert_slice(slice);
        }
    }

    /// The slice of the hold that an operation resolves, where it is in that state.
    fn slice_of(&self, op: &Op, state: SliceState) -> Option<Slice> {
        let (Op::Settle { hold, .. } | Op::Release { hold, .. }) = op else { return None };
        let slice = self.books.hold(*hold)?.slice?;
        self.books.slice(slice).filter(|slice| slice.state == state).cloned()
    }

    /// Faults of slices: the outcome, where the fault makes one of its own.
    fn slice_fault(&mut self, op: &mut Op, now: Timestamp) -> Option<Result<Outcome, Refusal>> {
        match (self.fault, &mut *op) {
            (Fault::SlicesTakeAll, Op::Slice(ask)) => ask.least = ask.least.max(ask.want),
            (Fault::RefusesDebt, Op::Hold(ask)) if ask.backing == Backing::Debt => {
                ask.backing = Backing::Room;
            }
            (Fault::CarvesTwice, Op::Hold(ask)) => {
                let Backing::Slice(slice) = ask.backing else { return None };
                let before = self.books.slice(slice).cloned();
                let outcome = self.books.apply(op, now);
                before.into_iter().for_each(|slice| self.books.insert_slice(slice));
                return Some(outcome);
            }
            (Fault::LateHoldPaysTwice, Op::Hold(ask)) => {
                let Backing::Slice(id) = ask.backing else { return None };
                let amount = ask.amount.0;
                let slice = self.books.slice(id)?.clone();
                let late = slice.state == SliceState::Lapsed && self.books.hold(ask.hold).is_none();
                let outcome = self.books.apply(op, now);
                if late && outcome.is_ok() {
                    for key in &slice.path {
                        self.change_account(key, |account| account.settled.0 += amount);
                    }
                    self.books.insert_slice(slice);
                }
                return Some(outcome);
            }
            (Fault::LapsesToNothing, Op::Reap) => {
                let late = |slice: &&Slice| slice.amount.0 > 0 && slice.lease_until <= now;
                let late: Vec<Slice> = self.books.slices().filter(late).cloned().collect();
                for slice in late {
                    let fence = slice.fence;
                    self.books.apply(&Op::CloseSlice { slice: slice.id, fence }, now).unwrap();
                }
            }
            (Fault::ClosesTwice, Op::CloseSlice { slice, .. }) => {
                let closed = self.books.slice(*slice)?.state == SliceState::Closed;
                let held = |key: &AccountKey| self.books.account(key).map(|account| account.held);
                let held = self.books.slice(*slice)?.path.iter().filter_map(held).min()?;
                let change = |slice: &mut Slice| {
                    (slice.state, slice.amount) = (SliceState::Open, held.min(slice.taken));
                };
                if closed {
                    self.change_slice(*slice, change);
                }
            }
            (Fault::RemainderLost, op) => {
                let slice = self.slice_of(op, SliceState::Open)?;
                let outcome = self.books.apply(op, now);
                self.books.insert_slice(slice);
                return Some(outcome);
            }
            (Fault::RemainderOfLapsedGoesToAll, op) => {
                let slice = self.slice_of(op, SliceState::Lapsed)?;
                self.change_slice(slice.id, |slice| slice.state = SliceState::Closed);
                let outcome = self.books.apply(op, now);
                self.books.insert_slice(slice);
                return Some(outcome);
            }
            _ => {}
        }
        None
    }

    /// Faults of exports: the outcome, where the fault makes one of its own.
    fn export_fault(&mut self, op: &Op, now: Timestamp) -> Option<Result<Outcome, Refusal>> {
        let Op::Reconcile { shares, .. } = op else { return None };
        match self.fault {
            Fault::ReconcilesTwice => {
                for share in shares {
                    self.change_hold(share.hold, |hold| {
                        if let Some(charge) = &mut hold.charge {
                            charge.kind = LedgerKind::Settlement;
                        }
                    });
                }
                None
            }
            Fault::CreditsOnPaper => {
                let before: Vec<_> = self.books.accounts().cloned().collect();
                let outcome = self.books.apply(op, now);
                before.into_iter().for_each(|account| self.books.insert_account(account));
                Some(outcome)
            }
            _ => None,
        }
    }

    fn path(&self, id: HoldId) -> Vec<AccountKey> {
        self.books.hold(id).map_or_else(Vec::new, |hold| hold.path.clone())
    }
}

impl Ledger for Broken {
    fn apply(&mut self, op: &Op, now: Timestamp) -> Result<Outcome, Refusal> {
        let mut op = op.clone();
        if let Some(outcome) = self.slice_fault(&mut op, now) {
            return outcome;
        }
        if let Some(outcome) = self.export_fault(&op, now) {
            return outcome;
        }
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
                let (released, settled, lapsed) = (Vec::new(), Vec::new(), Vec::new());
                return Ok(Outcome::Reaped { released, settled, lapsed });
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

    fn slices(&self) -> Vec<&Slice> {
        self.books.slices().collect()
    }

    fn rows(&self) -> &[LedgerRow] {
        self.books.new_ledger_rows()
    }
}
