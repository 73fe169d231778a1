//! A process that is killed, and what the next one makes of its journal.

use std::time::Duration;

use sqlx::AssertSqlSafe;
use store::{Options, Store};
use tokio::{runtime::Runtime, sync::oneshot};
use types::{
    Nanos, Timestamp,
    audit::{Kind, Record},
};

use super::folder::{Busy, Folder, assert_sound, eventually};
use crate::support::{CENT, Database, account, ask, cap, cost, permit, prepare, record};

/// A process that admits seven calls, settles three of them and is killed while the database has heard
/// of the first one only.
pub(super) async fn dies(database: &Database) -> Folder {
    let folder = Folder::new();
    let options = folder.options(database);
    let (begun, begins) = oneshot::channel();
    let (go, gone) = oneshot::channel::<()>();
    let process = std::thread::spawn(move || {
        let runtime = Runtime::new().unwrap();
        runtime.block_on(async {
            let store = Store::open(&options).await.unwrap();
            let (ledger, spec) = (store.ledger(), cap(100 * CENT));
            let first = ask(vec![spec.clone()], CENT);
            ledger.hold_dispatched(&permit(), first, None).await.unwrap();
            store.catch_up().await.unwrap();
            begun.send(()).unwrap();
            gone.await.unwrap();
            for number in 0..6 {
                let ask = ask(vec![spec.clone()], CENT);
                let decision = Some(record(Kind::Decision));
                ledger.hold_dispatched(&permit(), ask.clone(), decision).await.unwrap();
                if number < 3 {
                    let completion = Some(record(Kind::Completion));
                    ledger.settle(ask.hold, cost(CENT / 4), completion).await.unwrap();
                }
            }
        });
        runtime.shutdown_background();
    });
    begins.await.unwrap();
    let busy = Busy::new(database).await;
    go.send(()).unwrap();
    tokio::task::spawn_blocking(|| process.join().unwrap()).await.unwrap();
    let left = folder.killed();
    busy.end().await;
    left
}

const CHARGED: i64 = 3 * CENT / 4;

pub(super) async fn what_was_admitted_survives_the_process(database: &Database) {
    prepare(&database.open().await).await;
    let folder = dies(database).await;
    assert_eq!(database.count("select count(*) from ledger").await, 0);
    let store = folder.open(database).await;
    // Before anything else is done: all seven calls, three of them settled, their records, and the
    // rest of the slice is everybody's again.
    assert_eq!(database.count("select count(*) from holds").await, 7);
    assert_eq!(database.count("select count(*) from ledger").await, 3);
    assert_eq!(database.count("select count(*) from audit").await, 1 + 6 + 3);
    let after = account(&store).await;
    assert_eq!((after.settled, after.held), (Nanos(CHARGED), Nanos(4 * CENT)));
    assert_eq!(folder.files().len(), 1, "the old journal is gone");
    assert_sound(database).await;
    // Once more, as if the process had died before it could remove the files.
    store.close().await;
    drop(store);
    let again = folder.open(database).await;
    assert_eq!(account(&again).await, after);
    assert!(again.audit().verify().await.unwrap().ok);
}

pub(super) async fn what_a_machine_lost_is_charged_until_somebody_knows(database: &Database) {
    prepare(&database.open().await).await;
    let folder = dies(database).await;
    // The machine itself went down: it started another time since, and of the last record a part is
    // not on the disk.
    let [file] = &folder.files()[..] else { panic!("one journal") };
    let bytes = std::fs::read(file).unwrap();
    let end = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    let mut cut = bytes[..end - 10].to_vec();
    cut.resize(bytes.len(), 0);
    std::fs::write(file, another_boot(cut)).unwrap();
    let store = folder.open(database).await;
    // The seventh call is lost. What was left of the slice may have been spent on it.
    assert_eq!(database.count("select count(*) from holds").await, 6);
    assert_sound(database).await;
    let open = account(&store).await.held;
    assert!(open > Nanos(3 * CENT), "{open}");
    database.tamper("update slices set lease_until = 1").await;
    database.tamper("update holds set lease_until = 1").await;
    store.ledger().reap().await.unwrap();
    let lapsed = account(&store).await;
    assert_eq!(lapsed.held, Nanos::ZERO);
    assert_eq!(lapsed.settled.0, CHARGED + open.0, "all that may have been spent");
    assert_sound(database).await;
}

/// The journal as written in another start of the machine.
fn another_boot(bytes: Vec<u8>) -> Vec<u8> {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    let text = boot.trim().as_bytes();
    let at = bytes.windows(text.len()).position(|window| window == text).unwrap();
    let length = u32::from_le_bytes(bytes[..4].try_into().unwrap()) as usize;
    let mut other = bytes;
    other[at..at + text.len()].fill(b'0');
    let sum = crc32fast::hash(&other[8..16 + length]);
    other[4..8].copy_from_slice(&sum.to_le_bytes());
    other
}

/// The last of the files was made ahead and has nothing in it yet.
pub(super) async fn a_journal_of_many_files_is_carried_whole(database: &Database) {
    const CALLS: i64 = 140;
    let folder = Folder::new();
    let options = Options { journal_bytes_max: 32 << 20, ..folder.options(database) };
    let store = Store::open(&options).await.unwrap();
    prepare(&store).await;
    let (ledger, spec, permit) = (store.ledger(), cap(1_000 * CENT), permit());
    ledger.hold_dispatched(&permit, ask(vec![spec.clone()], CENT), None).await.unwrap();
    store.catch_up().await.unwrap();
    let busy = Busy::new(database).await;
    for _ in 0..CALLS {
        let long = serde_json::json!({ "note": "x".repeat(100_000) });
        let decision = Record { detail: long.into(), ..record(Kind::Decision) };
        let ask = ask(vec![spec.clone()], 1);
        ledger.hold_dispatched(&permit, ask, Some(decision)).await.unwrap();
    }
    eventually(async || folder.files().len() == 3).await;
    let left = folder.killed();
    // What is done to the old folder from here on does not count.
    drop(store);
    busy.end().await;
    let store = left.open(database).await;
    assert_eq!(database.count("select count(*) from holds").await, 1 + CALLS);
    assert_eq!(account(&store).await.held, Nanos(CENT + CALLS));
    assert_eq!(left.files().len(), 1, "the old journal is gone");
    assert!(store.audit().verify().await.unwrap().ok);
    assert_sound(database).await;
}

pub(super) async fn a_journal_of_another_database_is_refused(database: &Database) {
    prepare(&database.open().await).await;
    let folder = dies(database).await;
    let other = Database::sqlite();
    let refused = Store::open(&folder.options(&other)).await.err().unwrap();
    let text = refused.to_string();
    assert!(text.contains("another database") && text.contains(".journal"), "{text}");
    assert_eq!(folder.files().len(), 1, "it is left alone");
}

/// Of two processes that left a slice and never come back, one is gone for longer than that is waited for.
pub(super) async fn what_never_comes_back_is_forgotten_after_long(database: &Database) {
    prepare(&database.open().await).await;
    let _journals = [dies(database).await, dies(database).await];
    for table in ["slices", "holds", "owners"] {
        aged(database, table, "true", Duration::from_secs(60)).await;
    }
    let store = database.open().await;
    store.ledger().reap().await.unwrap();
    let charged = account(&store).await;
    let lapsed = "select count(*) from slices where state = 'lapsed'";
    assert_eq!(database.count(lapsed).await, 2);
    drop(store);

    let long = Duration::from_secs(3600);
    for table in ["slices", "owners"] {
        let one = "fence = (select min(fence) from slices where state = 'lapsed')";
        aged(database, table, one, long * 2).await;
    }
    let reaper_period = Duration::from_millis(50);
    let options = Options { reaper_period, approvals_retention: long, ..database.options() };
    let store = Store::open(&options).await.unwrap();
    eventually(async || database.count(lapsed).await == 1).await;
    assert_eq!(database.count("select count(*) from slices").await, 1);
    assert_eq!(database.count("select count(*) from owners").await, 1);
    let waited_for = "select count(*) from owners where fence = (select fence from slices)";
    assert_eq!(database.count(waited_for).await, 1);
    // What it may have spent stays charged.
    assert_eq!(account(&store).await, charged);
    assert_sound(database).await;
}

/// Ends the leases of rows so long ago.
async fn aged(database: &Database, table: &str, which: &str, ago: Duration) {
    let until = Timestamp::now().0 - i64::try_from(ago.as_micros()).unwrap();
    let query = format!("update {table} set lease_until = {until} where {which}");
    let done = sqlx::query(AssertSqlSafe(query)).execute(&mut database.raw().await).await.unwrap();
    assert!(done.rows_affected() > 0, "no row of {table} is aged");
}
