//! What a window did not use and the next one gets, moved in the transaction that makes its row.

use std::sync::LazyLock;

use budget::{Account, CapSpec, Period, Scope, Zone};
use store::{Store, ledger::Error, raises::NewRaise};
use tokio::task::JoinSet;
use types::{Nanos, RaiseId, Timestamp, audit::Kind};

use crate::{
    on_both,
    support::{CENT, Database, admin_permit, agent_id, ask, cap, cost, permit, record, tenant},
};

on_both! {
    what_a_day_leaves_is_the_next_ones_and_no_longer_its_own;
    what_is_held_counts_as_used_whatever_comes_of_it;
    days_without_a_call_leave_their_cap_up_to_the_most;
    a_call_of_a_day_that_is_gone_spends_nothing_twice;
    a_day_that_is_made_late_has_only_what_later_ones_left_of_it;
    a_raise_does_not_roll_over;
    a_cap_that_is_set_keeps_what_rolled_over_and_says_what_will;
    many_who_begin_a_day_together_begin_it_once;
    nothing_rolls_over_out_of_a_day_of_another_time_zone;
}

/// A hard cap of 10 cents on a day of the tests' agent, of which up to 6 roll over.
fn day(days: i64) -> CapSpec {
    in_zone("UTC", days)
}

/// When the tests began. All days are counted from it, so that none passes while they run.
static BEGUN: LazyLock<Timestamp> = LazyLock::new(Timestamp::now);

fn in_zone(zone: &str, days: i64) -> CapSpec {
    let now = BEGUN.plus_seconds(days * 24 * 3600);
    let window = Period::Day.window(now, &Zone::get(zone).unwrap());
    let id = agent_id().to_string();
    let spec = CapSpec::new(tenant(), Scope::Agent, id, window, Some(Nanos(10 * CENT)), true);
    CapSpec { rollover: Nanos(6 * CENT), ..spec }
}

/// Spends so many cents.
async fn spend(store: &Store, spec: &CapSpec, cents: i64) {
    // Beside an account that has others of its own.
    let ask = ask(vec![cap(1_000 * CENT), spec.clone()], cents * CENT);
    store.ledger().hold_dispatched(&permit(), ask.clone(), None).await.unwrap();
    store.ledger().settle(ask.hold, cost(cents * CENT), None).await.unwrap();
}

async fn refused(store: &Store, spec: &CapSpec, cents: i64) {
    let ask = ask(vec![spec.clone()], cents * CENT);
    let refused = store.ledger().hold(&permit(), ask, None).await;
    assert!(matches!(refused, Err(Error::Exhausted { .. })), "{refused:?}");
}

async fn account(store: &Store, spec: &CapSpec) -> Account {
    store.caps().account(&spec.key).await.unwrap().unwrap()
}

/// Target and what of it rolled over, in cents.
async fn target(store: &Store, spec: &CapSpec) -> (i64, i64) {
    let account = account(store, spec).await;
    account.check().unwrap();
    (account.target.unwrap().0 / CENT, account.rolled.0 / CENT)
}

async fn what_a_day_leaves_is_the_next_ones_and_no_longer_its_own(database: &Database) {
    let store = database.prepared().await;
    spend(&store, &day(0), 7).await;
    assert_eq!(target(&store, &day(0)).await, (10, 0));
    // Who only looks is told the same, and moves nothing.
    let room = store.ledger().room(&[day(1)]).await.unwrap();
    assert_eq!(room[0].remaining, Some(Nanos(13 * CENT)));
    assert_eq!(target(&store, &day(0)).await, (10, 0));
    spend(&store, &day(1), 1).await;
    // That it has less now is no reason to warn anybody.
    assert_eq!(database.count("select count(*) from alerts").await, 0);
    spend(&store, &day(1), 12).await;
    assert_eq!(target(&store, &day(1)).await, (13, 3));
    refused(&store, &day(1), 1).await;
    assert_eq!(target(&store, &day(0)).await, (7, 0));
    refused(&store, &day(0), 1).await;
    // All is used: the third day has its own alone.
    spend(&store, &day(2), 1).await;
    assert_eq!(target(&store, &day(2)).await, (10, 0));
    // Never more than the most, whatever is left.
    spend(&store, &day(3), 1).await;
    assert_eq!(target(&store, &day(3)).await, (16, 6));
    spend(&store, &day(4), 1).await;
    assert_eq!(target(&store, &day(4)).await, (16, 6));
    // A spender whose windows do not roll over is as ever.
    let plain = CapSpec { rollover: Nanos::ZERO, ..day(5) };
    spend(&store, &plain, 1).await;
    assert_eq!(target(&store, &plain).await, (10, 0));
}

async fn what_is_held_counts_as_used_whatever_comes_of_it(database: &Database) {
    let store = database.prepared().await;
    spend(&store, &day(0), 2).await;
    let open = ask(vec![day(0)], 5 * CENT);
    store.ledger().hold_dispatched(&permit(), open.clone(), None).await.unwrap();
    spend(&store, &day(1), 1).await;
    assert_eq!(target(&store, &day(1)).await, (13, 3));
    // What it gives back stays in the day that is over.
    store.ledger().settle(open.hold, cost(CENT), None).await.unwrap();
    assert_eq!(target(&store, &day(1)).await, (13, 3));
    let before = account(&store, &day(0)).await;
    assert_eq!((before.spent().0 / CENT, before.target.unwrap().0 / CENT), (3, 7));
}

async fn days_without_a_call_leave_their_cap_up_to_the_most(database: &Database) {
    let store = database.prepared().await;
    spend(&store, &day(0), 10).await;
    spend(&store, &day(2), 1).await;
    assert_eq!(target(&store, &day(2)).await, (16, 6));
    assert_eq!(target(&store, &day(0)).await, (10, 0));
    // Where it is the first day at all, nobody left anything.
    let mut other = day(2);
    other.key.scope_id = "another".to_owned();
    spend(&store, &other, 1).await;
    assert_eq!(target(&store, &other).await, (10, 0));
}

async fn a_call_of_a_day_that_is_gone_spends_nothing_twice(database: &Database) {
    let store = database.prepared().await;
    spend(&store, &day(0), 10).await;
    // Nobody called on the day between, so its cap rolls over; then somebody does, late.
    spend(&store, &day(2), 16).await;
    spend(&store, &day(1), 4).await;
    assert_eq!(target(&store, &day(1)).await, (4, 0));
    refused(&store, &day(1), 1).await;
    // Nor does a change of the tree bring it back.
    store.caps().adopt(&[day(0), day(1), day(2)], &record(Kind::System)).await.unwrap();
    assert_eq!(target(&store, &day(1)).await, (4, 0));
    assert_eq!(target(&store, &day(2)).await, (16, 6));
}

async fn a_day_that_is_made_late_has_only_what_later_ones_left_of_it(database: &Database) {
    let store = database.prepared().await;
    // More rolls over than one day has.
    let day = |days| CapSpec { rollover: Nanos(15 * CENT), ..day(days) };
    spend(&store, &day(0), 10).await;
    spend(&store, &day(3), 25).await;
    refused(&store, &day(2), 6).await;
    spend(&store, &day(2), 5).await;
    assert_eq!(target(&store, &day(2)).await, (5, 10));
    refused(&store, &day(1), 1).await;
    store.caps().adopt(&[day(1), day(2), day(3)], &record(Kind::System)).await.unwrap();
    let targets = [target(&store, &day(1)).await, target(&store, &day(2)).await];
    assert_eq!(targets, [(0, 0), (5, 10)]);
    assert_eq!(target(&store, &day(3)).await, (25, 15));
}

async fn a_raise_does_not_roll_over(database: &Database) {
    let store = database.prepared().await;
    let ends_at = BEGUN.plus_seconds(3600 * 24 * 30);
    // Not today, which may be over before the raise ends.
    let [first, second, third] = [day(1), day(2), day(3)];
    let spec = first.clone();
    let raise = NewRaise { id: RaiseId::generate(), spec, amount: Nanos(5 * CENT), ends_at };
    store.raises().add(&admin_permit(false), &raise, &record(Kind::Admin)).await.unwrap();
    spend(&store, &first, 8).await;
    assert_eq!(target(&store, &first).await, (15, 0));
    spend(&store, &second, 1).await;
    assert_eq!(target(&store, &second).await, (17, 2), "ten, two and the raise itself");
    // Nor does one that has ended since.
    database.tamper("update raises set ends_at = 1").await;
    store.raises().end_due().await.unwrap();
    assert_eq!(target(&store, &second).await, (12, 2));
    spend(&store, &third, 1).await;
    assert_eq!(target(&store, &third).await, (16, 6), "eleven of twelve are left, and six roll");
}

async fn a_cap_that_is_set_keeps_what_rolled_over_and_says_what_will(database: &Database) {
    let store = database.prepared().await;
    spend(&store, &day(0), 7).await;
    let set = async |spec: CapSpec| {
        store.caps().set(&admin_permit(false), &spec, &record(Kind::Admin)).await.unwrap();
    };
    // The first to ask for the new day is who sets its cap.
    let twenty = CapSpec { target: Some(Nanos(20 * CENT)), rollover: Nanos(CENT), ..day(1) };
    set(twenty).await;
    assert_eq!(target(&store, &day(1)).await, (21, 1));
    assert_eq!(store.caps().load_all().await.unwrap()[0].rollover, Nanos(CENT));
    set(CapSpec { target: Some(Nanos(5 * CENT)), rollover: Nanos(2 * CENT), ..day(1) }).await;
    assert_eq!(target(&store, &day(1)).await, (6, 1));
    // What was set stands above what a gateway knows of the tree.
    spend(&store, &day(2), 1).await;
    assert_eq!(target(&store, &day(2)).await, (7, 2));
    set(CapSpec { rollover: Nanos::ZERO, ..day(2) }).await;
    spend(&store, &day(3), 1).await;
    assert_eq!(target(&store, &day(3)).await, (10, 0));
}

async fn many_who_begin_a_day_together_begin_it_once(database: &Database) {
    let store = database.prepared().await;
    spend(&store, &day(0), 5).await;
    let mut begins = JoinSet::new();
    for n in 0..8 {
        // Each with connections of its own, as gateways have.
        let store = database.open().await;
        let late = n % 2 == 0;
        begins.spawn(async move {
            let spec = if late { day(0) } else { day(1) };
            let ask = ask(vec![cap(1_000 * CENT), spec], CENT);
            let held = store.ledger().hold_dispatched(&permit(), ask.clone(), None).await;
            if held.is_ok() {
                store.ledger().settle(ask.hold, cost(CENT), None).await.unwrap();
            }
            store.close().await;
        });
    }
    begins.join_all().await;
    let (before, after) = (account(&store, &day(0)).await, account(&store, &day(1)).await);
    assert_eq!(before.target.unwrap().0 + after.rolled.0, 10 * CENT, "moved once and whole");
    assert_eq!(after.target.unwrap(), Nanos(10 * CENT + after.rolled.0));
    assert!(before.spent() <= before.target.unwrap());
    assert_eq!(after.spent(), Nanos(4 * CENT));
}

async fn nothing_rolls_over_out_of_a_day_of_another_time_zone(database: &Database) {
    let store = database.prepared().await;
    // Two whose days do not end in the next hours.
    let hour = BEGUN.0 / 3_600_000_000 % 24;
    let (east, west) = match hour {
        6..14 => ("Etc/GMT-2", "UTC"),
        _ => ("Pacific/Kiritimati", "Etc/GMT+12"),
    };
    // Yesterday there, long before: it has left all.
    let before = in_zone(east, -5);
    let (east, west) = (in_zone(east, 0), in_zone(west, 0));
    spend(&store, &west, 4).await;
    spend(&store, &before, 1).await;
    spend(&store, &east, 1).await;
    let (target, rolled) = target(&store, &east).await;
    assert_eq!((target, rolled), (6, 0), "what lies across it is only taken off");
}
