//! The database is away while calls go on.

use std::time::Duration;

use store::{Options, Store, ledger::Error};
use types::audit::Kind;

use super::folder::{Busy, Folder, assert_sound, eventually};
use crate::support::{CENT, Database, ask, cap, cost, permit, prepare, record};

pub(super) async fn a_full_journal_refuses_admissions_and_no_settlement(database: &Database) {
    let folder = Folder::new();
    let bytes = 2 << 20;
    let options = Options { journal_bytes_max: bytes, ..folder.options(database) };
    let store = Store::open(&options).await.unwrap();
    prepare(&store).await;
    let (ledger, spec, permit) = (store.ledger(), cap(100 * CENT), permit());
    let first = ask(vec![spec.clone()], 1);
    ledger.hold_dispatched(&permit, first.clone(), None).await.unwrap();
    store.catch_up().await.unwrap();
    // Nothing is carried from here on, so that no file can go.
    let busy = Busy::new(database).await;
    let mut open = vec![first.hold];
    let refused = loop {
        let ask = ask(vec![spec.clone()], 0);
        match ledger.hold_dispatched(&permit, ask.clone(), Some(record(Kind::Decision))).await {
            Ok(_) => open.push(ask.hold),
            Err(error) => break error,
        }
        assert!(open.len() < 10_000, "the bound does not hold");
    };
    assert!(matches!(refused, Error::Unavailable { .. }), "{refused}");
    assert!(open.len() > 100, "{} were admitted", open.len());
    for hold in &open {
        ledger.settle(*hold, cost(0), None).await.unwrap();
    }
    let long: u64 = folder.files().iter().map(|file| file.metadata().unwrap().len()).sum();
    assert!(long <= bytes, "{long} bytes");
    busy.end().await;
    store.catch_up().await.unwrap();
    let rows = database.count("select count(*) from ledger").await;
    assert_eq!(rows, i64::try_from(open.len()).unwrap());
    assert_sound(database).await;
    // What is carried makes room.
    eventually(async || {
        ledger.hold_dispatched(&permit, ask(vec![spec.clone()], 1), None).await.is_ok()
    })
    .await;
}

pub(super) async fn an_end_does_not_wait_for_a_database_that_is_away(database: &Database) {
    let folder = Folder::new();
    let options = Options {
        statement_timeout: Duration::from_millis(300),
        acquire_timeout: Duration::from_millis(300),
        ..folder.options(database)
    };
    let store = Store::open(&options).await.unwrap();
    prepare(&store).await;
    let (ledger, spec, permit) = (store.ledger(), cap(100 * CENT), permit());
    ledger.hold_dispatched(&permit, ask(vec![spec.clone()], 1), None).await.unwrap();
    store.catch_up().await.unwrap();
    let busy = Busy::new(database).await;
    for _ in 0..300 {
        let ask = ask(vec![spec.clone()], 0);
        ledger.hold_dispatched(&permit, ask.clone(), None).await.unwrap();
        ledger.settle(ask.hold, cost(0), None).await.unwrap();
    }
    let closed = tokio::time::timeout(Duration::from_secs(20), store.close()).await;
    assert!(closed.is_ok(), "it waits for the database");
    let late = ledger.hold_dispatched(&permit, ask(vec![spec], 0), None).await;
    assert!(matches!(late, Err(Error::Unavailable { .. })), "{late:?}");
    drop((ledger, store));
    busy.end().await;
    let _store = folder.open(database).await;
    assert_eq!(database.count("select count(*) from ledger").await, 300);
    assert_sound(database).await;
}
