//! Raises: on top of caps, in every window until they end, and once.

use budget::{CapSpec, Period, Scope, Zone};
use store::{Store, raises::NewRaise};
use tokio::task::JoinSet;
use types::{Nanos, RaiseId, Timestamp, audit};

use crate::{
    on_both,
    support::{
        CENT, Database, account, admin_permit, agent_id, ask, cap, cost, permit, record, tenant,
    },
};

on_both! {
    a_raise_is_on_top_until_it_ends;
    a_cap_that_is_set_or_adopted_keeps_its_raises;
    windows_that_begin_meanwhile_have_it_as_well;
    a_window_that_is_over_is_raised_no_more;
    several_processes_end_a_raise_once;
    rows_that_are_made_while_a_raise_ends_have_it_or_not_for_good;
    a_permit_to_read_raises_nothing;
    a_raise_rings_whoever_waits;
}

pub(crate) fn raise(spec: &CapSpec, cents: i64, seconds: i64) -> NewRaise {
    NewRaise {
        id: RaiseId::generate(),
        spec: spec.clone(),
        amount: Nanos(cents * CENT),
        ends_at: Timestamp::now().plus_seconds(seconds),
    }
}

async fn add(store: &Store, new: &NewRaise) -> i64 {
    let record = record(audit::Kind::Admin);
    let account = store.raises().add(&admin_permit(false), new, &record).await.unwrap();
    account.target.unwrap().0 / CENT
}

pub(crate) async fn target(store: &Store) -> i64 {
    account(store).await.target.unwrap().0 / CENT
}

async fn a_raise_is_on_top_until_it_ends(database: &Database) {
    let store = database.prepared().await;
    let cap = cap(10 * CENT);
    let first = ask(vec![cap.clone()], 10 * CENT);
    store.ledger().hold_dispatched(&permit(), first.clone(), None).await.unwrap();
    store.ledger().settle(first.hold, cost(10 * CENT), None).await.unwrap();
    let more = || ask(vec![cap.clone()], 2 * CENT);
    assert!(store.ledger().hold(&permit(), more(), None).await.is_err());

    let later = raise(&cap, 5, 3600);
    assert_eq!(add(&store, &later).await, 15);
    assert_eq!(add(&store, &raise(&cap, 1, -1)).await, 16);
    let live = store.raises().live(tenant()).await.unwrap();
    assert_eq!(live.iter().map(|raise| raise.amount.0 / CENT).collect::<Vec<_>>(), [1, 5]);
    assert_eq!((live[1].id, live[1].made_by.as_str()), (later.id, "ann"));
    store.ledger().hold(&permit(), more(), None).await.unwrap();

    // Only what is over ends, and once.
    assert_eq!(store.raises().end_due().await.unwrap(), 1);
    assert_eq!(store.raises().end_due().await.unwrap(), 0);
    assert_eq!(target(&store).await, 15);
    assert_eq!(store.raises().live(tenant()).await.unwrap().len(), 1);
    assert_eq!(database.count("select count(*) from audit where kind = 'system'").await, 2);
    store.ledger().hold(&permit(), more(), None).await.unwrap();
    assert!(store.ledger().hold(&permit(), more(), None).await.is_err());
    // Below what is used, nothing is taken back.
    let end = "update raises set ends_at = 1";
    database.tamper(end).await;
    assert_eq!(store.raises().end_due().await.unwrap(), 1);
    let account = account(&store).await;
    assert_eq!((account.target, account.cap), (Some(Nanos(10 * CENT)), Nanos(14 * CENT)));
    assert!(store.audit().verify().await.unwrap().ok);
}

async fn a_cap_that_is_set_or_adopted_keeps_its_raises(database: &Database) {
    let store = database.prepared().await;
    add(&store, &raise(&cap(10 * CENT), 5, 3600)).await;
    store.caps().adopt(&[cap(20 * CENT)], &record(audit::Kind::System)).await.unwrap();
    assert_eq!(target(&store).await, 25);
    let set = cap(7 * CENT);
    store.caps().set(&admin_permit(false), &set, &record(audit::Kind::Admin)).await.unwrap();
    assert_eq!(target(&store).await, 12);
    database.tamper("update raises set ends_at = 1").await;
    store.raises().end_due().await.unwrap();
    assert_eq!(target(&store).await, 7);
}

/// A hard cap on a day of the tests' agent, so many days from now.
fn day(days: i64) -> CapSpec {
    let now = Timestamp::now().plus_seconds(days * 24 * 3600);
    let window = Period::Day.window(now, &Zone::UTC);
    let id = agent_id().to_string();
    CapSpec::new(tenant(), Scope::Agent, id, window, Some(Nanos(10 * CENT)), true)
}

async fn held(store: &Store, spec: &CapSpec) -> i64 {
    store.ledger().hold(&permit(), ask(vec![spec.clone()], CENT), None).await.unwrap();
    let account = store.caps().account(&spec.key).await.unwrap().unwrap();
    account.target.unwrap().0 / CENT
}

async fn windows_that_begin_meanwhile_have_it_as_well(database: &Database) {
    let store = database.prepared().await;
    add(&store, &raise(&day(0), 5, 3600)).await;
    let tomorrow = day(1);
    let room = store.ledger().room(std::slice::from_ref(&tomorrow)).await.unwrap();
    assert_eq!(room[0].remaining, Some(Nanos(15 * CENT)));
    assert_eq!(held(&store, &tomorrow).await, 15);
    // Another spender's, and another period's, have not.
    let mut other = day(0);
    other.key.scope_id = "another".to_owned();
    assert_eq!(held(&store, &other).await, 10);
    assert_eq!(held(&store, &cap(10 * CENT)).await, 10);
    database.tamper("update raises set ends_at = 1").await;
    store.raises().end_due().await.unwrap();
    for (spec, left) in [(day(0), 10), (tomorrow, 10), (day(2), 10)] {
        assert_eq!(held(&store, &spec).await, left);
    }
}

async fn a_window_that_is_over_is_raised_no_more(database: &Database) {
    let store = database.prepared().await;
    let (yesterday, record) = (raise(&day(-1), 5, 3600), record(audit::Kind::Admin));
    let refused = store.raises().add(&admin_permit(false), &yesterday, &record).await;
    assert!(matches!(refused, Err(store::Error::Over)), "{refused:?}");
    assert_eq!(store.raises().live(tenant()).await.unwrap(), []);
    assert_eq!(database.count("select count(*) from accounts").await, 0);
}

async fn several_processes_end_a_raise_once(database: &Database) {
    let store = database.prepared().await;
    add(&store, &raise(&cap(10 * CENT), 5, -1)).await;
    let mut ends = JoinSet::new();
    for _ in 0..8 {
        let store = database.open().await;
        ends.spawn(async move { store.raises().end_due().await.unwrap() });
    }
    assert_eq!(ends.join_all().await.into_iter().sum::<usize>(), 1);
    assert_eq!(target(&store).await, 10);
}

async fn rows_that_are_made_while_a_raise_ends_have_it_or_not_for_good(database: &Database) {
    let (store, other) = (database.prepared().await, database.open().await);
    for round in 0..8 {
        let raise = raise(&day(0), 5, -1);
        add(&store, &raise).await;
        let fresh = day(round + 1);
        let raises = store.raises();
        let (_, ended) = tokio::join!(held(&other, &fresh), raises.end_due());
        assert_eq!(ended.unwrap(), 1);
        let account = store.caps().account(&fresh.key).await.unwrap().unwrap();
        assert_eq!(account.target, Some(Nanos(10 * CENT)), "round {round}");
    }
}

async fn a_permit_to_read_raises_nothing(database: &Database) {
    let store = database.prepared().await;
    let new = raise(&cap(10 * CENT), 5, 3600);
    let refused = store.raises().add(&admin_permit(true), &new, &record(audit::Kind::Admin)).await;
    assert!(matches!(refused, Err(store::Error::Permit { .. })), "{refused:?}");
    assert_eq!(store.raises().live(tenant()).await.unwrap(), []);
}

async fn a_raise_rings_whoever_waits(database: &Database) {
    let store = database.prepared().await;
    let approvals = store.approvals();
    let heard = approvals.decided();
    add(&store, &raise(&cap(10 * CENT), 5, 3600)).await;
    let heard = tokio::time::timeout(std::time::Duration::from_secs(5), heard).await;
    assert!(heard.is_ok());
}
