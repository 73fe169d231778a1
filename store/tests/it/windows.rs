//! What a window begins with where the tenant's time zone has changed.

use budget::{CapSpec, Period, Scope, Window, Zone};
use store::{Store, ledger::Error};
use types::{Nanos, Timestamp, audit::Kind};

use crate::{
    on_both,
    support::{CENT, Database, admin_permit, agent_id, ask, cost, permit, record, tenant},
};

on_both! {
    another_time_zone_brings_no_spent_money_back;
    a_cap_that_is_set_knows_what_its_window_has_seen;
    the_next_window_begins_with_nothing_spent;
    what_others_have_spent_is_not_carried;
}

/// A hard cap of the tests' agent on the day that it is in a zone.
fn day(zone: &str, cents: i64) -> CapSpec {
    of(
        &agent_id().to_string(),
        Period::Day.window(Timestamp::now(), &Zone::get(zone).unwrap()),
        cents,
    )
}

fn of(id: &str, window: Window, cents: i64) -> CapSpec {
    CapSpec::new(tenant(), Scope::Agent, id, window, Some(Nanos(cents * CENT)), true)
}

/// Spends so many cents in an account.
async fn spend(store: &Store, spec: &CapSpec, cents: i64) {
    let ask = ask(vec![spec.clone()], cents * CENT);
    store.ledger().hold_dispatched(&permit(), ask.clone(), None).await.unwrap();
    store.ledger().settle(ask.hold, cost(cents * CENT), None).await.unwrap();
}

/// What is left in an account.
async fn left(store: &Store, spec: &CapSpec) -> i64 {
    let account = store.caps().account(&spec.key).await.unwrap().unwrap();
    account.room().unwrap().0 / CENT
}

async fn another_time_zone_brings_no_spent_money_back(database: &Database) {
    let store = database.prepared().await;
    // Their days begin 26 hours apart, and both are in one now.
    let (east, west) = (day("Pacific/Kiritimati", 10), day("Etc/GMT+12", 10));
    assert_ne!(east.key, west.key);
    spend(&store, &east, 4).await;
    let open = ask(vec![east.clone()], 3 * CENT);
    store.ledger().hold_dispatched(&permit(), open.clone(), None).await.unwrap();
    // What looks is told the same as what holds.
    let room = store.ledger().room(std::slice::from_ref(&west)).await.unwrap();
    assert_eq!(room[0].remaining, Some(Nanos(3 * CENT)));
    let refused = store.ledger().hold(&permit(), ask(vec![west.clone()], 4 * CENT), None).await;
    assert!(matches!(refused, Err(Error::Exhausted { .. })), "{refused:?}");
    spend(&store, &west, 2).await;
    assert_eq!(left(&store, &west).await, 1);
    // And back: what was spent since in the other one counts as well.
    let back = day("Pacific/Kiritimati", 10);
    assert_eq!(back.key, east.key);
    store.caps().adopt(std::slice::from_ref(&back), &record(Kind::System)).await.unwrap();
    store.ledger().settle(open.hold, cost(3 * CENT), None).await.unwrap();
    assert_eq!(left(&store, &back).await, 1);
}

async fn a_cap_that_is_set_knows_what_its_window_has_seen(database: &Database) {
    let store = database.prepared().await;
    spend(&store, &day("Pacific/Kiritimati", 10), 4).await;
    let west = day("Etc/GMT+12", 20);
    store.caps().set(&admin_permit(false), &west, &record(Kind::Admin)).await.unwrap();
    assert_eq!(left(&store, &west).await, 16);
    // For good: what was set is what was said.
    let set = store.caps().load_all().await.unwrap();
    assert_eq!(set[0].target, Some(Nanos(20 * CENT)));
}

async fn the_next_window_begins_with_nothing_spent(database: &Database) {
    let store = database.prepared().await;
    let window = Period::Day.window(Timestamp::now(), &Zone::UTC);
    let id = agent_id().to_string();
    spend(&store, &of(&id, window, 10), 4).await;
    let next = Period::Day.window(window.ends.unwrap(), &Zone::UTC);
    spend(&store, &of(&id, next, 10), 1).await;
    assert_eq!(left(&store, &of(&id, next, 10)).await, 9);
    // Nor is it kept from a window that overlaps the day's last hour: it was spent before that.
    database.tamper("update ledger set at = 1 where amount = 40000000").await;
    let ends = window.ends.unwrap();
    let late = Window {
        period: Period::Day,
        starts: ends.plus_seconds(-3600),
        ends: Some(ends.plus_seconds(23 * 3600)),
    };
    spend(&store, &of(&id, late, 10), 1).await;
    let carried = i64::from(Timestamp::now() >= late.starts);
    assert_eq!(left(&store, &of(&id, late, 10)).await, 9 - carried);
}

async fn what_others_have_spent_is_not_carried(database: &Database) {
    let store = database.prepared().await;
    let zone = |name: &str| Period::Day.window(Timestamp::now(), &Zone::get(name).unwrap());
    let (east, west) = (zone("Pacific/Kiritimati"), zone("Etc/GMT+12"));
    // Names that a pattern could take for each other.
    for (mine, other) in [("a_b", "axb"), ("a%", "abc"), ("a!", "a"), ("q\"", "q")] {
        spend(&store, &of(other, east, 10), 4).await;
        spend(&store, &of(mine, east, 10), 1).await;
        spend(&store, &of(mine, west, 10), 1).await;
        assert_eq!(left(&store, &of(mine, west, 10)).await, 8, "{mine}");
    }
}
