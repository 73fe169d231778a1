//! The books: accounts and holds in memory, and the operations on them.
//!
//! This is what the SQL writer runs on the rows that it loaded, and the reference for every faster
//! path: load rows, apply a batch, write back what changed.

use std::collections::{BTreeMap, BTreeSet};

use types::{HoldId, Nanos, Timestamp, answer::Usage};

use crate::{
    account::{Account, AccountKey, CapSpec},
    hold::{Charge, Hold, HoldEvent, HoldState},
    ledger::{Basis, LedgerKind, LedgerRow},
    op::{HoldAsk, Op, Outcome, Refusal},
};

/// The longest path of a hold: every scope in every period.
const PATH_MAX: usize = 32;

/// Accounts and holds, and what changed since they were loaded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Books {
    accounts: BTreeMap<AccountKey, Account>,
    holds: BTreeMap<HoldId, Hold>,
    changed_accounts: BTreeSet<AccountKey>,
    changed_holds: BTreeSet<HoldId>,
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

    /// Applies one operation: wholly, or not at all.
    ///
    /// # Errors
    /// A [`Refusal`]; then nothing changed.
    pub fn apply(&mut self, op: &Op, now: Timestamp) -> Result<Outcome, Refusal> {
        match op {
            Op::Hold(ask) => self.make(ask),
            Op::Dispatch { hold, fence, lease_until } => {
                self.dispatch(*hold, *fence, *lease_until, now)
            }
            Op::Progress { hold, fence, output_tokens, if_lost, lease_until } => {
                self.progress(*hold, *fence, (*output_tokens, *if_lost), *lease_until)
            }
            Op::Release { hold, fence } => self.release(*hold, *fence),
            Op::Settle { hold, fence, actual, usage, basis } => {
                let paid = Paid { actual: *actual, usage: *usage, basis: *basis };
                self.settle(*hold, *fence, paid, now)
            }
            Op::Take { hold, owner, fence, lease_until } => {
                self.take(*hold, owner, *fence, *lease_until)
            }
            Op::Reap => self.reap(now),
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

    /// Every loaded account, in lock order.
    pub fn accounts(&self) -> impl Iterator<Item = &Account> {
        self.accounts.values()
    }

    /// Every loaded hold.
    pub fn holds(&self) -> impl Iterator<Item = &Hold> {
        self.holds.values()
    }

    /// The accounts that are new or differ from what was loaded, in lock order.
    pub fn changed_accounts(&self) -> impl Iterator<Item = &Account> {
        self.changed_accounts.iter().filter_map(|key| self.accounts.get(key))
    }

    /// The holds that are new or differ from what was loaded.
    pub fn changed_holds(&self) -> impl Iterator<Item = &Hold> {
        self.changed_holds.iter().filter_map(|id| self.holds.get(id))
    }

    /// The ledger rows that were made, oldest first.
    pub fn new_ledger_rows(&self) -> &[LedgerRow] {
        &self.new_rows
    }

    /// Forgets what changed, after it was written.
    pub fn mark_written(&mut self) {
        self.changed_accounts.clear();
        self.changed_holds.clear();
        self.new_rows.clear();
    }
}

/// What an attempt cost.
struct Paid {
    actual: Nanos,
    usage: Option<Usage>,
    basis: Basis,
}

/// What every account of a path gains.
#[derive(Clone, Copy, Default)]
struct Move {
    settled: i64,
    held: i64,
    overrun: i64,
}

impl Books {
    fn make(&mut self, ask: &HoldAsk) -> Result<Outcome, Refusal> {
        if let Some(hold) = self.holds.get(&ask.hold) {
            hold.state.after(HoldEvent::Hold)?;
            return Ok(Outcome::Held(Box::new(hold.clone())));
        }
        let specs = well_formed(ask)?;
        let accounts: Vec<Account> = specs
            .iter()
            .map(|spec| {
                let found = self.accounts.get(&spec.key).cloned();
                found.unwrap_or_else(|| Account::new((*spec).clone()))
            })
            .collect();
        admit(&accounts, ask.amount)?;
        let reserve = Move { held: ask.amount.0, ..Move::default() };
        let moved = move_all(&accounts, reserve)?;
        let hold = Hold {
            id: ask.hold,
            attempt: ask.attempt,
            request: ask.request,
            tenant: ask.tenant,
            path: specs.iter().map(|spec| spec.key.clone()).collect(),
            amount: ask.amount,
            state: HoldState::Held,
            provider: ask.provider.clone(),
            model: ask.model.clone(),
            price_row: ask.price_row.clone(),
            dispatched_at: None,
            progress: 0,
            if_lost: ask.amount,
            lease_until: ask.lease_until,
            owner: ask.owner.clone(),
            fence: ask.fence,
            charge: None,
        };
        self.put_accounts(moved);
        self.put_hold(hold.clone());
        Ok(Outcome::Held(Box::new(hold)))
    }

    fn dispatch(
        &mut self,
        id: HoldId,
        fence: u64,
        lease_until: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Outcome, Refusal> {
        let mut hold = self.fenced(id, fence)?.clone();
        let was = hold.state;
        hold.state = was.after(HoldEvent::Dispatch)?;
        if hold.state.is_open() {
            hold.dispatched_at = hold.dispatched_at.or(Some(now));
            hold.lease_until = later(hold.lease_until, lease_until);
            self.put_hold(hold);
        }
        Ok(Outcome::Dispatched)
    }

    fn progress(
        &mut self,
        id: HoldId,
        fence: u64,
        (tokens, if_lost): (u64, Option<Nanos>),
        lease_until: Option<Timestamp>,
    ) -> Result<Outcome, Refusal> {
        let mut hold = self.fenced(id, fence)?.clone();
        hold.state = hold.state.after(HoldEvent::Progress)?;
        if hold.state.is_open() {
            let if_lost = if_lost.unwrap_or(hold.amount).clamp(Nanos::ZERO, hold.amount);
            // The furthest progress wins whatever the order of arrival, the dearer one on a tie.
            if tokens > hold.progress {
                hold.progress = tokens;
                hold.if_lost = if_lost;
            } else if tokens == hold.progress {
                hold.if_lost = hold.if_lost.max(if_lost);
            }
            hold.lease_until = later(hold.lease_until, lease_until);
            self.put_hold(hold);
        }
        Ok(Outcome::Noted)
    }

    fn release(&mut self, id: HoldId, fence: u64) -> Result<Outcome, Refusal> {
        let mut hold = self.fenced(id, fence)?.clone();
        let was = hold.state;
        hold.state = was.after(HoldEvent::Release)?;
        if was.is_open() {
            let moved = self.moved(&hold, Move { held: -hold.amount.0, ..Move::default() })?;
            self.put_accounts(moved);
            self.put_hold(hold);
        }
        Ok(Outcome::Released)
    }

    fn settle(
        &mut self,
        id: HoldId,
        fence: u64,
        paid: Paid,
        now: Timestamp,
    ) -> Result<Outcome, Refusal> {
        let hold = self.fenced(id, fence)?.clone();
        let state = hold.state.after(HoldEvent::Settle)?;
        if paid.actual < Nanos::ZERO {
            return Err(Refusal::Malformed("a settlement cannot be negative"));
        }
        match hold.charge {
            Some(charge) if charge.kind == LedgerKind::Provisional => {
                self.correct(hold, charge, paid, now)
            }
            Some(charge) => Ok(Outcome::Settled(charge)),
            None => {
                let charge = self.charge(hold, state, LedgerKind::Settlement, paid, now)?;
                Ok(Outcome::Settled(charge))
            }
        }
    }

    /// The first charge of a hold: what lies within it is settled, the rest is overrun.
    fn charge(
        &mut self,
        mut hold: Hold,
        state: HoldState,
        kind: LedgerKind,
        paid: Paid,
        now: Timestamp,
    ) -> Result<Charge, Refusal> {
        let amount = paid.actual.min(hold.amount);
        let overrun = Nanos(paid.actual.0.saturating_sub(amount.0));
        let by = Move { settled: amount.0, held: -hold.amount.0, overrun: overrun.0 };
        let moved = self.moved(&hold, by)?;
        let charge = Charge { kind, amount, overrun, basis: paid.basis };
        hold.state = state;
        hold.charge = Some(charge);
        self.new_rows.push(row(&hold, charge, paid.usage, now));
        self.put_accounts(moved);
        self.put_hold(hold);
        Ok(charge)
    }

    /// Replaces a provisional charge by the true one, with a row for the difference.
    ///
    /// A credit always fits. A debit, possible only where the reaper settled below the whole hold,
    /// takes what room the path has left, as its money may have been reserved by others since; the
    /// rest shows as overrun.
    fn correct(
        &mut self,
        mut hold: Hold,
        first: Charge,
        paid: Paid,
        now: Timestamp,
    ) -> Result<Outcome, Refusal> {
        let wanted = paid.actual.min(hold.amount).0.saturating_sub(first.amount.0);
        let accounts = self.path_of(&hold)?;
        let room = accounts.iter().filter_map(Account::room).min();
        let settled = room.map_or(wanted, |room| wanted.min(room.0));
        let amount = Nanos(first.amount.0.saturating_add(settled));
        let overrun = Nanos(paid.actual.0.saturating_sub(amount.0));
        let moved = move_all(&accounts, Move { settled, held: 0, overrun: overrun.0 })?;
        let charge = Charge { kind: LedgerKind::Correction, amount, overrun, basis: paid.basis };
        let difference = Charge { amount: Nanos(settled), ..charge };
        hold.charge = Some(charge);
        self.new_rows.push(row(&hold, difference, paid.usage, now));
        self.put_accounts(moved);
        self.put_hold(hold);
        Ok(Outcome::Settled(charge))
    }

    fn take(
        &mut self,
        id: HoldId,
        owner: &str,
        fence: u64,
        lease_until: Timestamp,
    ) -> Result<Outcome, Refusal> {
        let hold = self.holds.get(&id).ok_or(Refusal::UnknownHold(id))?;
        let again = fence == hold.fence && owner == hold.owner;
        if fence <= hold.fence && !again {
            return Err(Refusal::FenceStale { hold: id, given: fence, current: hold.fence });
        }
        if hold.state.is_open() {
            let lease_until = hold.lease_until.max(lease_until);
            let hold = Hold { owner: owner.to_owned(), fence, lease_until, ..hold.clone() };
            self.put_hold(hold);
        }
        Ok(Outcome::Taken)
    }

    fn reap(&mut self, now: Timestamp) -> Result<Outcome, Refusal> {
        let expired = |hold: &&Hold| hold.state.is_open() && hold.lease_until <= now;
        let expired: Vec<Hold> = self.holds.values().filter(expired).cloned().collect();
        for hold in &expired {
            // Checked before the first change, so that the whole operation is refused together.
            self.path_of(hold)?;
        }
        let (mut released, mut settled) = (Vec::new(), Vec::new());
        for hold in expired {
            let id = hold.id;
            let fence = hold.fence;
            match hold.state.after(HoldEvent::Expire)? {
                HoldState::Released => {
                    self.release(id, fence)?;
                    released.push(id);
                }
                state => {
                    let basis = Basis::Provisional;
                    let paid = Paid { actual: hold.if_lost, usage: None, basis };
                    self.charge(hold, state, LedgerKind::Provisional, paid, now)?;
                    settled.push(id);
                }
            }
        }
        Ok(Outcome::Reaped { released, settled })
    }

    fn set_target(&mut self, spec: &CapSpec) -> Outcome {
        let found = self.accounts.get(&spec.key).cloned();
        let mut account = found.unwrap_or_else(|| Account::new(spec.clone()));
        account.set_target(spec.target, spec.hard);
        self.put_accounts(vec![account.clone()]);
        Outcome::TargetSet(Box::new(account))
    }

    /// The hold, if the fence is its owner's.
    fn fenced(&self, id: HoldId, fence: u64) -> Result<&Hold, Refusal> {
        let hold = self.holds.get(&id).ok_or(Refusal::UnknownHold(id))?;
        if hold.fence == fence {
            return Ok(hold);
        }
        Err(Refusal::FenceStale { hold: id, given: fence, current: hold.fence })
    }

    fn path_of(&self, hold: &Hold) -> Result<Vec<Account>, Refusal> {
        let find = |key: &AccountKey| {
            let found = self.accounts.get(key).cloned();
            found.ok_or_else(|| Refusal::UnknownAccount(key.clone()))
        };
        hold.path.iter().map(find).collect()
    }

    fn moved(&self, hold: &Hold, by: Move) -> Result<Vec<Account>, Refusal> {
        move_all(&self.path_of(hold)?, by)
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
}

/// The path of an ask in lock order, if the ask makes sense.
fn well_formed(ask: &HoldAsk) -> Result<Vec<&CapSpec>, Refusal> {
    let mut specs: Vec<&CapSpec> = ask.path.iter().collect();
    specs.sort_by(|a, b| a.key.cmp(&b.key));
    let twice = specs.windows(2).any(|pair| matches!(pair, [a, b] if a.key == b.key));
    let foreign = specs.iter().any(|spec| spec.key.tenant != ask.tenant);
    let wrong = if specs.is_empty() {
        "a hold needs at least one account"
    } else if specs.len() > PATH_MAX {
        "a hold has at most 32 accounts"
    } else if twice {
        "a hold names an account twice"
    } else if foreign {
        "a hold names an account of another tenant"
    } else if ask.amount < Nanos::ZERO {
        "a hold cannot be negative"
    } else {
        return Ok(specs);
    };
    Err(Refusal::Malformed(wrong))
}

/// Whether every account has room. One that is exhausted is named before one that is only held, as
/// waiting would not help.
fn admit(accounts: &[Account], amount: Nanos) -> Result<(), Refusal> {
    let mut held = None;
    for account in accounts {
        let Some(target) = account.limit() else { continue };
        let spent = account.spent();
        let key = account.key.clone();
        let fits = |used: i64| {
            used.checked_add(amount.0).is_some_and(|sum| sum <= target.0) || amount == Nanos::ZERO
        };
        if !fits(spent.0) {
            return Err(Refusal::Exhausted { key, target, settled: spent, held: account.held });
        }
        if !fits(spent.0.saturating_add(account.held.0)) {
            held.get_or_insert(Refusal::Held { key, target, settled: spent, held: account.held });
        }
    }
    held.map_or(Ok(()), Err)
}

fn move_all(accounts: &[Account], by: Move) -> Result<Vec<Account>, Refusal> {
    let step = |account: &Account| {
        let moved = account.moved(by.settled, by.held, by.overrun);
        moved.ok_or_else(|| Refusal::Overflow(account.key.clone()))
    };
    accounts.iter().map(step).collect()
}

fn later(known: Timestamp, given: Option<Timestamp>) -> Timestamp {
    given.map_or(known, |given| given.max(known))
}

fn row(hold: &Hold, charge: Charge, usage: Option<Usage>, at: Timestamp) -> LedgerRow {
    LedgerRow {
        hold: hold.id,
        kind: charge.kind,
        attempt: hold.attempt,
        request: hold.request,
        tenant: hold.tenant,
        amount: charge.amount,
        overrun: charge.overrun,
        basis: charge.basis,
        usage,
        provider: hold.provider.clone(),
        model: hold.model.clone(),
        price_row: hold.price_row.clone(),
        at,
        path: hold.path.clone(),
    }
}
