//! Alerts: each threshold of each budget once, whoever sees it.

use std::collections::BTreeSet;

use budget::CapSpec;
use store::{
    Bus, Relay, Store,
    alerts::{Alert, THRESHOLD},
};
use tokio::task::JoinSet;
use types::{Nanos, Payload, audit::Kind};

use crate::{
    on_both,
    support::{CENT, Database, admin_permit, ask, cap, cost, permit, record},
};

on_both! {
    each_threshold_is_told_once;
    two_processes_that_cross_it_together_tell_it_once;
    a_cap_that_refuses_is_full_whatever_is_left;
    a_cap_that_is_lowered_is_told_at_the_next_call;
    what_is_claimed_is_with_one_until_it_is_given_back;
}

async fn spend(store: &Store, spec: &CapSpec, cents: i64) {
    let ask = ask(vec![spec.clone()], cents * CENT);
    store.ledger().hold_dispatched(&permit(), ask.clone(), None).await.unwrap();
    store.ledger().settle(ask.hold, cost(cents * CENT), None).await.unwrap();
}

/// Every alert that waits, taken.
async fn taken(store: &Store) -> Vec<Alert> {
    let waiting = store.alerts().claim(100).await.unwrap();
    waiting.iter().map(|one| serde_json::from_str(&one.body).unwrap()).collect()
}

fn told(alerts: &[Alert]) -> BTreeSet<(u8, i64)> {
    alerts.iter().map(|alert| (alert.percent, alert.spent_nanos.0 / CENT)).collect()
}

async fn each_threshold_is_told_once(database: &Database) {
    let store = database.prepared().await;
    let cap = cap(10 * CENT);
    spend(&store, &cap, 7).await;
    assert_eq!(taken(&store).await, []);
    spend(&store, &cap, 1).await;
    let first = taken(&store).await;
    assert_eq!(told(&first), [(80, 8)].into());
    assert_eq!((first[0].event.as_str(), first[0].cap_nanos), (THRESHOLD, Nanos(10 * CENT)));
    spend(&store, &cap, 1).await;
    assert_eq!(taken(&store).await, []);
    spend(&store, &cap, 1).await;
    assert_eq!(told(&taken(&store).await), [(100, 10)].into());
    // A process that knows nothing finds them in the table.
    let other = database.open().await;
    let refused = other.ledger().hold(&permit(), ask(vec![cap.clone()], CENT), None).await;
    assert!(refused.is_err());
    assert_eq!(taken(&other).await, []);
    assert_eq!(database.count("select count(*) from alerts").await, 2);

    // The events of both are there although nobody listened, and go out once.
    let bus = Bus::connect("embedded").await.unwrap();
    let mut events = bus.subscribe(THRESHOLD).await.unwrap();
    Relay::new(&store, bus).carry().await.unwrap();
    for percent in [80, 100] {
        let envelope = events.next().await.unwrap();
        let Payload::Inline { inline, .. } = envelope.payload_ref else { panic!("not inline") };
        let alert: Alert = serde_json::from_value(inline).unwrap();
        assert_eq!((alert.percent, alert.id), (percent, envelope.event_id));
    }
}

async fn two_processes_that_cross_it_together_tell_it_once(database: &Database) {
    let stores = [database.prepared().await, database.open().await];
    let cap = cap(20 * CENT);
    let mut calls = JoinSet::new();
    for store in stores.iter().cycle().take(20) {
        let (store, cap) = (store.clone(), cap.clone());
        calls.spawn(async move { spend(&store, &cap, 1).await });
    }
    calls.join_all().await;
    let mut all = taken(&stores[0]).await;
    all.extend(taken(&stores[1]).await);
    let mut percents: Vec<u8> = all.iter().map(|alert| alert.percent).collect();
    percents.sort_unstable();
    assert_eq!(percents, [80, 100]);
    let events = "select count(*) from outbox where subject = 'budget.threshold'";
    assert_eq!(database.count(events).await, 2);
}

async fn a_cap_that_refuses_is_full_whatever_is_left(database: &Database) {
    let store = database.prepared().await;
    let cap = cap(10 * CENT);
    spend(&store, &cap, 7).await;
    let refused = store.ledger().hold(&permit(), ask(vec![cap.clone()], 4 * CENT), None).await;
    assert!(refused.is_err());
    assert_eq!(told(&taken(&store).await), [(100, 7)].into());
}

async fn a_cap_that_is_lowered_is_told_at_the_next_call(database: &Database) {
    let store = database.prepared().await;
    spend(&store, &cap(100 * CENT), 7).await;
    let lower = cap(8 * CENT);
    store.caps().set(&admin_permit(false), &lower, &record(Kind::Admin)).await.unwrap();
    spend(&store, &lower, 1).await;
    assert_eq!(told(&taken(&store).await), [(80, 7), (100, 8)].into());
}

async fn what_is_claimed_is_with_one_until_it_is_given_back(database: &Database) {
    let store = database.prepared().await;
    spend(&store, &cap(10 * CENT), 9).await;
    let alerts = store.alerts();
    let [first] = &alerts.claim(10).await.unwrap()[..] else { panic!("not one") };
    assert_eq!(first.tries, 1);
    assert_eq!(alerts.claim(10).await.unwrap(), []);
    alerts.later(first.id, 0).await.unwrap();
    let [again] = &alerts.claim(10).await.unwrap()[..] else { panic!("not one") };
    assert_eq!((again.id, again.tries), (first.id, 2));
    alerts.later(first.id, 3600).await.unwrap();
    assert_eq!(alerts.claim(10).await.unwrap(), []);
    alerts.later(first.id, 0).await.unwrap();
    alerts.delivered(first.id).await.unwrap();
    assert_eq!(alerts.claim(10).await.unwrap(), []);
    // After a day nobody tries any more.
    database.tamper("update alerts set delivered_at = null, at = at - 90000000000").await;
    assert_eq!(alerts.claim(10).await.unwrap(), []);
}
