//! Rollover over many windows: what is spent in all of them is never more than their caps.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::collections::BTreeMap;

use budget::{
    Account, CapSpec, Period, Rollover, Scope, Zone, opening_target, passed_on, rollover,
};
use proptest::prelude::*;
use types::{Nanos, TenantId, Timestamp};

const CAP: i64 = 100;
/// Noon of the day before the clocks change in Berlin.
const START: &str = "2026-03-28T11:00:00Z";

/// One window that is used.
#[derive(Debug, Clone)]
struct Step {
    /// How many windows before it nobody uses.
    missed: i64,
    /// What is asked for in it, and whether that is only held when the next one begins.
    asks: Vec<(i64, bool)>,
    /// What is asked for in an earlier one after it has begun, and in which: one that nobody used before
    /// is made then.
    late: Vec<(i64, i64)>,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let asks = prop::collection::vec((0..150_i64, any::<bool>()), 0..4);
    let late = prop::collection::vec((0..40_i64, 0..150_i64), 0..5);
    let step = (0..3_i64, asks, late);
    let step = step.prop_map(|(missed, asks, late)| Step { missed, asks, late });
    prop::collection::vec(step, 1..12)
}

fn spec(period: Period, number: i64, max: i64) -> CapSpec {
    let zone = Zone::get("Europe/Berlin").unwrap();
    let start: jiff::Timestamp = START.parse().unwrap();
    let date = start.to_zoned(zone.clone());
    let later = match period {
        Period::Month => date.checked_add(jiff::Span::new().months(number)),
        Period::Week => date.checked_add(jiff::Span::new().weeks(number)),
        _ => date.checked_add(jiff::Span::new().days(number)),
    };
    let now = Timestamp(later.unwrap().timestamp().as_microsecond());
    let window = period.window(now, &zone);
    let tenant = TenantId::from_parts(1, 1);
    let spec = CapSpec::new(tenant, Scope::Agent, "a", window, Some(Nanos(CAP)), true);
    CapSpec { rollover: Nanos(max), ..spec }
}

/// Takes what fits of an ask.
fn admit(account: &mut Account, amount: i64, held: bool) {
    let amount = amount.min(account.room().unwrap().0);
    let sum = if held { &mut account.held } else { &mut account.settled };
    sum.0 += amount;
    account.check().unwrap();
}

/// Runs steps with a way to move, and says what was spent, of which caps, and the largest target.
fn run(
    steps: &[Step],
    (period, max): (Period, i64),
    moving: fn(&CapSpec, &Account) -> Rollover,
) -> (i64, i64, i64) {
    let mut accounts = BTreeMap::new();
    let mut number = 0;
    for (n, step) in steps.iter().enumerate() {
        number += if n == 0 { 0 } else { step.missed + 1 };
        make(&mut accounts, (period, number, max), moving);
        let account = accounts.get_mut(&number).unwrap();
        step.asks.iter().for_each(|(amount, held)| admit(account, *amount, *held));
        for (which, amount) in &step.late {
            let which = which % (number + 1);
            make(&mut accounts, (period, which, max), moving);
            admit(accounts.get_mut(&which).unwrap(), *amount, false);
        }
    }
    let spent = accounts.values().map(|account| account.settled.0 + account.held.0).sum();
    let largest = accounts.values().map(|account| account.target.unwrap().0).max();
    (spent, CAP * (number + 1), largest.unwrap())
}

/// Makes a window that has no account, as the store does: with the rest of the one before it, less what
/// the one after it has of its time already.
fn make(
    accounts: &mut BTreeMap<i64, Account>,
    (period, number, max): (Period, i64, i64),
    moving: fn(&CapSpec, &Account) -> Rollover,
) {
    if accounts.contains_key(&number) {
        return;
    }
    let spec = spec(period, number, max);
    let moved_on = accounts.range(number..).next().map_or(0, |(_, next)| next.rolled.0);
    let mut amount = Nanos::ZERO;
    if let Some((_, before)) = accounts.range_mut(..number).next_back() {
        let rolled = moving(&spec, before);
        rolled.before.check().unwrap();
        assert!((0..=max).contains(&rolled.amount.0), "{rolled:?}");
        *before = rolled.before;
        amount = rolled.amount;
    }
    let rolled = passed_on(Nanos(CAP), Nanos(moved_on), amount);
    let target = Some(opening_target(Nanos(CAP), -moved_on, rolled));
    let account = Account { rolled, ..Account::new(CapSpec { target, ..spec }) };
    accounts.insert(number, account);
}

fn moved(spec: &CapSpec, before: &Account) -> Rollover {
    rollover(spec, before, Nanos::ZERO)
}

/// What leaves the money in the old window as well.
fn copied(spec: &CapSpec, before: &Account) -> Rollover {
    Rollover { before: before.clone(), ..moved(spec, before) }
}

proptest! {
    #[test]
    fn what_is_spent_is_never_more_than_all_caps_together(
        steps in steps(),
        period in prop::sample::select(vec![Period::Day, Period::Week, Period::Month]),
        max in 0..300_i64,
    ) {
        let (spent, caps, largest) = run(&steps, (period, max), moved);
        prop_assert!(spent <= caps, "{spent} of {caps}");
        prop_assert!(largest <= CAP + max, "{largest}");
    }
}

#[test]
fn money_that_is_copied_and_not_moved_is_found() {
    let idle = Step { missed: 0, asks: Vec::new(), late: Vec::new() };
    let late = Step { asks: vec![(200, false)], late: vec![(0, 100)], ..idle.clone() };
    let steps = [idle, late];
    let (spent, caps, _) = run(&steps, (Period::Day, 100), copied);
    assert!(spent > caps, "{spent} of {caps}");
    let (spent, caps, _) = run(&steps, (Period::Day, 100), moved);
    assert_eq!(spent, caps);
}

#[test]
fn a_window_that_is_made_late_has_only_what_the_next_one_left_of_it() {
    let all = Step { missed: 0, asks: vec![(1_000, false)], late: Vec::new() };
    let late = Step { missed: 2, late: vec![(2, 1_000), (1, 1_000)], ..all.clone() };
    let (spent, caps, _) = run(&[all, late], (Period::Day, 150), moved);
    assert_eq!((spent, caps), (400, 400));
}

/// Found by the random steps: the middle of three days is made late and has nothing left, because what had
/// gone through it was more than its cap. The day before it must hear of that.
#[test]
fn what_a_late_window_could_not_pay_is_owed_by_the_ones_before_it() {
    let idle = Step { missed: 0, asks: Vec::new(), late: Vec::new() };
    let all = Step { missed: 2, asks: vec![(1_000, false)], ..idle.clone() };
    let late = Step { missed: 0, late: vec![(2, 1_000), (1, 1_000)], ..all.clone() };
    for max in [100, 232, 300] {
        let (spent, caps, _) =
            run(&[idle.clone(), all.clone(), late.clone()], (Period::Day, max), moved);
        assert!(spent <= caps, "{spent} of {caps} with {max}");
    }
}

#[test]
fn all_that_rolls_over_can_be_spent() {
    let idle = Step { missed: 0, asks: Vec::new(), late: Vec::new() };
    let all = Step { asks: vec![(1_000, false)], ..idle.clone() };
    let (spent, caps, largest) = run(&[idle.clone(), idle, all], (Period::Day, 150), moved);
    assert_eq!((spent, caps, largest), (250, 300, 250));
}
