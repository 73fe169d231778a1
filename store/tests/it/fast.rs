//! The fast path: calls admitted in memory from slices, with a journal behind.

mod away;
pub(crate) mod folder;
mod killed;
mod shared;

use std::{path::PathBuf, pin::pin, time::Duration};

use store::{
    Options, Store,
    ledger::{Error, HoldAsk},
};
use types::{Nanos, audit::Kind};

use crate::{
    on_both,
    support::{CENT, Database, account, admin_permit, ask, cap, cost, permit, prepare, record},
};
use away::{
    a_full_journal_refuses_admissions_and_no_settlement,
    an_end_does_not_wait_for_a_database_that_is_away,
};
use folder::{Busy, Folder, assert_sound, eventually};
use killed::{
    a_journal_of_another_database_is_refused, a_journal_of_many_files_is_carried_whole,
    what_a_machine_lost_is_charged_until_somebody_knows,
    what_never_comes_back_is_forgotten_after_long, what_was_admitted_survives_the_process,
};
use shared::{
    a_stopped_process_finds_its_slice_lapsed, all_of_a_cap_can_be_used,
    gateways_with_slices_share_one_cap, named,
};

on_both! {
    a_call_waits_for_no_database;
    what_was_admitted_survives_the_process;
    what_a_machine_lost_is_charged_until_somebody_knows;
    what_never_comes_back_is_forgotten_after_long;
    a_slice_that_is_waited_for_goes_before_what_nobody_waits_for;
    a_slice_that_nobody_uses_goes_back;
    a_clean_end_leaves_nothing_behind;
    gateways_with_slices_share_one_cap;
    all_of_a_cap_can_be_used;
    a_stopped_process_finds_its_slice_lapsed;
    a_lower_cap_ends_the_slices;
    a_full_journal_refuses_admissions_and_no_settlement;
    a_journal_of_many_files_is_carried_whole;
    an_end_does_not_wait_for_a_database_that_is_away;
    a_hold_can_wait_for_the_disk;
    a_journal_of_another_database_is_refused;
    two_processes_cannot_share_a_journal;
}

async fn a_call_waits_for_no_database(database: &Database) {
    let folder = Folder::new();
    let store = folder.open(database).await;
    prepare(&store).await;
    let (ledger, spec) = (store.ledger(), cap(100 * CENT));
    // The first one of a path takes a slice.
    let first = ask(vec![spec.clone()], CENT);
    ledger.hold_dispatched(&permit(), first.clone(), None).await.unwrap();
    let busy = Busy::new(database).await;
    let mut held = Vec::new();
    for _ in 0..5 {
        let ask = ask(vec![spec.clone()], CENT);
        let decision = Some(record(Kind::Decision));
        let hold = ledger.hold_dispatched(&permit(), ask.clone(), decision).await.unwrap();
        assert_eq!((hold.id, hold.amount), (ask.hold, Nanos(CENT)));
        held.push(ask.hold);
    }
    for hold in held {
        ledger.progress(hold, 7, None).await.unwrap();
        let charge = ledger.settle(hold, cost(CENT / 2), Some(record(Kind::Completion))).await;
        assert_eq!(charge.unwrap().amount, Nanos(CENT / 2));
    }
    busy.end().await;
    store.catch_up().await.unwrap();
    assert_eq!(database.count("select count(*) from ledger").await, 5);
    assert_eq!(account(&store).await.settled, Nanos(5 * CENT / 2));
    // The first start's, and two of each call.
    assert_eq!(database.count("select count(*) from audit").await, 11);
    assert!(store.audit().verify().await.unwrap().ok);
    assert_sound(database).await;
}

async fn a_slice_that_is_waited_for_goes_before_what_nobody_waits_for(database: &Database) {
    const CALLS: i64 = 2_000;
    let folder = Folder::new();
    let options = Options {
        batch_max: 16,
        behind_max: 10_000,
        admission_timeout: Duration::from_secs(60),
        ..folder.options(database)
    };
    let store = Store::open(&options).await.unwrap();
    prepare(&store).await;
    let (ledger, permit) = (store.ledger(), permit());
    let (busy_path, other_path) = (vec![cap(100 * CENT), named("a")], vec![cap(100 * CENT)]);
    ledger.hold_dispatched(&permit, ask(busy_path.clone(), CENT), None).await.unwrap();
    store.catch_up().await.unwrap();
    let busy = Busy::new(database).await;
    for _ in 0..CALLS {
        ledger.hold_dispatched(&permit, ask(busy_path.clone(), 0), None).await.unwrap();
    }
    let mut other = pin!(ledger.hold_dispatched(&permit, ask(other_path, CENT), None));
    // It stands behind all of them now.
    assert!(tokio::time::timeout(Duration::ZERO, &mut other).await.is_err());
    busy.end().await;
    other.await.unwrap();
    let carried = database.count("select count(*) from holds").await;
    assert!(carried < CALLS / 2, "{carried} of {CALLS} went before it");
    store.catch_up().await.unwrap();
    assert_eq!(database.count("select count(*) from holds").await, 1 + CALLS + 1);
}

async fn a_slice_that_nobody_uses_goes_back(database: &Database) {
    let folder = Folder::new();
    let store = folder.open_as_served(database).await;
    prepare(&store).await;
    let ask = ask(vec![cap(100 * CENT)], CENT);
    store.ledger().hold_dispatched(&permit(), ask.clone(), None).await.unwrap();
    store.catch_up().await.unwrap();
    assert!(account(&store).await.held > Nanos(CENT), "no slice was taken");
    eventually(async || account(&store).await.held == Nanos(CENT)).await;
    // The hold is open all the same, and what it frees is everybody's.
    store.ledger().settle(ask.hold, cost(CENT / 5), None).await.unwrap();
    store.catch_up().await.unwrap();
    let account = account(&store).await;
    assert_eq!((account.settled, account.held), (Nanos(CENT / 5), Nanos::ZERO));
    assert_sound(database).await;
}

async fn a_clean_end_leaves_nothing_behind(database: &Database) {
    let folder = Folder::new();
    let store = folder.open(database).await;
    prepare(&store).await;
    for _ in 0..3 {
        let ask = ask(vec![cap(100 * CENT)], CENT);
        store.ledger().hold_dispatched(&permit(), ask.clone(), None).await.unwrap();
        store.ledger().settle(ask.hold, cost(CENT), None).await.unwrap();
    }
    store.close().await;
    assert_eq!(folder.files(), Vec::<PathBuf>::new());
    assert_eq!(database.count("select count(*) from owners where ended_at is null").await, 0);
    assert_eq!(database.count("select count(*) from slices where state <> 'closed'").await, 0);
    let account = account(&database.open().await).await;
    assert_eq!((account.settled, account.held), (Nanos(3 * CENT), Nanos::ZERO));
    assert_sound(database).await;
}

async fn a_lower_cap_ends_the_slices(database: &Database) {
    let folder = Folder::new();
    let store = folder.open(database).await;
    prepare(&store).await;
    let (ledger, spec) = (store.ledger(), cap(100 * CENT));
    ledger.hold_dispatched(&permit(), ask(vec![spec.clone()], CENT), None).await.unwrap();
    store.caps().set(&admin_permit(false), &cap(CENT), &record(Kind::Admin)).await.unwrap();
    eventually(async || {
        let ask = ask(vec![spec.clone()], CENT / 10);
        let next = ledger.hold_dispatched(&permit(), ask, None).await;
        matches!(next, Err(Error::Held { .. } | Error::Exhausted { .. }))
    })
    .await;
}

async fn a_hold_can_wait_for_the_disk(database: &Database) {
    let folder = Folder::new();
    let store = folder.open(database).await;
    prepare(&store).await;
    let (ledger, permit) = (store.ledger(), permit());
    let durable = || HoldAsk { durable: true, ..ask(vec![cap(100 * CENT)], CENT) };
    for _ in 0..3 {
        ledger.hold_dispatched(&permit, durable(), Some(record(Kind::Decision))).await.unwrap();
    }
    // Whoever leaves while the disk is waited for has nothing to pay. A disk may be so fast that there is
    // no such while, but not a hundred times.
    let mut left = 0;
    for _ in 0..100 {
        let asked = HoldAsk { amount: Nanos(CENT / 10), ..durable() };
        let waiting = ledger.hold_dispatched(&permit, asked, None);
        left += i64::from(tokio::time::timeout(Duration::ZERO, waiting).await.is_err());
    }
    assert!(left > 0, "nobody waited for the disk");
    store.catch_up().await.unwrap();
    let nothing = database.count("select count(*) from ledger where amount = 0").await;
    assert!((1..=left).contains(&nothing), "{nothing} of {left}: some may have waited for a slice");
    let open = database.count("select count(*) from holds where state = 'dispatched'").await;
    assert_eq!(open, 3 + 100 - left);
    assert_sound(database).await;
}

async fn two_processes_cannot_share_a_journal(database: &Database) {
    let folder = Folder::new();
    let _first = folder.open(database).await;
    let refused = Store::open(&folder.options(database)).await.err().unwrap();
    assert!(refused.to_string().contains("another server"), "{refused}");
}
