//! Budgets that several slices draw on: of one gateway, of several, and of one that was away.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use store::{Options, Store, ledger::Error};
use tokio::task::JoinSet;
use types::{Nanos, Timestamp};

use super::folder::{Folder, assert_sound, eventually};
use crate::support::{CENT, Database, account, ask, cap, cost, permit, prepare, tenant};

/// Looks at the account over and over until it is told to stop.
async fn watch(store: Store, most: i64, stop: Arc<AtomicBool>) {
    while !stop.load(Ordering::Relaxed) {
        for account in store.caps().accounts(tenant(), Timestamp::now()).await.unwrap() {
            assert!(account.settled.0 + account.held.0 <= most, "{account:?}");
        }
    }
}

/// Calls of a cent that cost a third of it, until each was admitted or the money is gone.
async fn spend(stores: &[Store], calls: usize, most: i64) -> usize {
    let permit = Arc::new(permit());
    let mut tasks = JoinSet::new();
    for number in 0..calls {
        let (ledger, permit) = (stores[number % stores.len()].ledger(), Arc::clone(&permit));
        tasks.spawn(async move {
            let started = Instant::now();
            loop {
                let ask = ask(vec![cap(most)], CENT);
                match ledger.hold_dispatched(&permit, ask.clone(), None).await {
                    Ok(_) => {
                        tokio::time::sleep(Duration::from_millis(5)).await;
                        ledger.settle(ask.hold, cost(CENT / 3), None).await.unwrap();
                        return true;
                    }
                    Err(Error::Exhausted { .. }) => return false,
                    Err(Error::Held { .. }) if started.elapsed() < Duration::from_secs(60) => {
                        tokio::time::sleep(Duration::from_millis(100)).await;
                    }
                    Err(other) => panic!("{other}"),
                }
            }
        });
    }
    let mut admitted = 0;
    while let Some(result) = tasks.join_next().await {
        admitted += usize::from(result.unwrap());
    }
    admitted
}

pub(super) async fn gateways_with_slices_share_one_cap(database: &Database) {
    prepare(&database.open().await).await;
    let folders = [Folder::new(), Folder::new(), Folder::new()];
    let mut stores = Vec::new();
    for folder in &folders {
        stores.push(folder.open_as_served(database).await);
    }
    let stop = Arc::new(AtomicBool::new(false));
    let watching = tokio::spawn(watch(stores[0].clone(), 100 * CENT, Arc::clone(&stop)));
    let admitted = spend(&stores, 400, 100 * CENT).await;
    stop.store(true, Ordering::Relaxed);
    watching.await.unwrap();
    // A call is refused for good once less than a cent is left of the hundred.
    let optimum = 298;
    assert!((optimum..=optimum + 2).contains(&admitted), "{admitted} of {optimum}");
    for store in &stores {
        store.catch_up().await.unwrap();
    }
    assert_sound(database).await;
}

pub(super) async fn all_of_a_cap_can_be_used(database: &Database) {
    let folder = Folder::new();
    let store = folder.open(database).await;
    prepare(&store).await;
    // Two paths with one account between them: what the one has in its slice the other may need.
    let wide = cap(100 * CENT);
    let (ledger, allowed) = (store.ledger(), permit());
    let small = |name: &str| vec![wide.clone(), named(name)];
    for _ in 0..3 {
        ledger.hold_dispatched(&allowed, ask(small("a"), CENT), None).await.unwrap();
    }
    ledger.hold_dispatched(&allowed, ask(small("b"), 97 * CENT), None).await.unwrap();
    let refused = ledger.hold_dispatched(&allowed, ask(small("a"), 1), None).await.unwrap_err();
    assert!(matches!(refused, Error::Held { .. }), "{refused}");
    store.catch_up().await.unwrap();
    let held = database.count("select held from accounts where target is not null").await;
    assert_eq!(held, 100 * CENT);
}

/// An account that only meters.
pub(super) fn named(name: &str) -> budget::CapSpec {
    let mut spec = cap(0);
    spec.key.scope = budget::Scope::Task;
    spec.key.scope_id = name.to_owned();
    spec.target = None;
    spec
}

pub(super) async fn a_stopped_process_finds_its_slice_lapsed(database: &Database) {
    let folder = Folder::new();
    let options = Options {
        reaper_period: Duration::from_millis(300),
        lease: Duration::from_secs(3600),
        slice_idle: Options::default().slice_idle,
        ..folder.options(database)
    };
    let store = Store::open(&options).await.unwrap();
    prepare(&store).await;
    let (ledger, spec) = (store.ledger(), cap(100 * CENT));
    let first = ask(vec![spec.clone()], CENT);
    ledger.hold_dispatched(&permit(), first.clone(), None).await.unwrap();
    store.catch_up().await.unwrap();
    // Another process finds it overdue.
    database.tamper("update slices set lease_until = 1 where state = 'open'").await;
    let other = Options { reaper_period: Duration::from_secs(3600), ..database.options() };
    Store::open(&other).await.unwrap().ledger().reap().await.unwrap();
    // What was charged for the slice comes back once its owner says what it did with it.
    let second = ask(vec![spec], CENT);
    ledger.hold_dispatched(&permit(), second.clone(), None).await.unwrap();
    for ask in [first, second] {
        ledger.settle(ask.hold, cost(CENT / 2), None).await.unwrap();
    }
    eventually(async || {
        let account = account(&store).await;
        (account.settled, account.held) == (Nanos(CENT), Nanos::ZERO)
    })
    .await;
    assert_sound(database).await;
}
