//! The fast path: calls admitted in memory from slices, with a journal behind.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use sqlx::{AnyConnection, Connection as _};
use store::{
    Options, Store,
    ledger::{Error, HoldAsk},
};
use tokio::{runtime::Runtime, sync::oneshot, task::JoinSet};
use types::{
    Nanos, Timestamp,
    audit::{Kind, Record},
};

use crate::{
    on_both,
    support::{
        CENT, Database, account, admin_permit, ask, cap, cost, permit, prepare, record, tenant,
    },
};

on_both! {
    a_call_waits_for_no_database;
    what_was_admitted_survives_the_process;
    what_a_machine_lost_is_charged_until_somebody_knows;
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

/// A state folder with a journal.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn journal(&self) -> PathBuf {
        self.0.path().join("journal")
    }

    fn options(&self, database: &Database) -> Options {
        Options {
            journal: Some(self.journal()),
            owner: "fast".to_owned(),
            // Only the tests that are about it have slices go back: the machine may be busy.
            slice_idle: Duration::from_secs(3600),
            ..database.options()
        }
    }

    /// With slices that go back as they do in a server.
    async fn open_as_served(&self, database: &Database) -> Store {
        let slice_idle = Options::default().slice_idle;
        Store::open(&Options { slice_idle, ..self.options(database) }).await.unwrap()
    }

    async fn open(&self, database: &Database) -> Store {
        Store::open(&self.options(database)).await.unwrap()
    }

    /// As a process leaves it that is killed: what it wrote is there and its lock is gone.
    fn killed(&self) -> Self {
        let copy = Self::new();
        std::fs::create_dir(copy.journal()).unwrap();
        for file in self.files() {
            std::fs::copy(&file, copy.journal().join(file.file_name().unwrap())).unwrap();
        }
        copy
    }

    fn files(&self) -> Vec<PathBuf> {
        let found = std::fs::read_dir(self.journal()).unwrap().map(|entry| entry.unwrap().path());
        found.filter(|path| path.extension().is_some_and(|end| end == "journal")).collect()
    }
}

/// Keeps every writer of the database waiting until it is dropped.
struct Busy(Option<AnyConnection>);

impl Busy {
    async fn new(database: &Database) -> Self {
        let mut raw = database.raw().await;
        let sqlite = database.url.starts_with("sqlite");
        let begin = if sqlite { "begin immediate" } else { "begin" };
        sqlx::query(begin).execute(&mut raw).await.unwrap();
        if !sqlite {
            let lock = "lock table accounts, holds, slices in access exclusive mode";
            sqlx::query(lock).execute(&mut raw).await.unwrap();
        }
        Self(Some(raw))
    }

    async fn end(mut self) {
        let mut raw = self.0.take().unwrap();
        sqlx::query("rollback").execute(&mut raw).await.unwrap();
        raw.close().await.unwrap();
    }
}

/// Rows add up, whatever they came through.
async fn assert_sound(database: &Database) {
    let wrong = "select \
        (select count(*) from accounts where settled + held > cap or settled < 0 or held < 0) \
        + (select count(*) from accounts where held <> \
           (select coalesce(sum(amount), 0) from holds where state in ('held', 'dispatched')) \
           + (select coalesce(sum(amount), 0) from slices)) \
        + (select count(*) from accounts where settled <> \
           (select coalesce(sum(amount), 0) from ledger)) \
        + (select count(*) from slices where amount < 0 or charged < 0)";
    assert_eq!(database.count(wrong).await, 0, "the rows do not add up");
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

/// A process that admits seven calls, settles three of them and is killed while the database has heard
/// of the first one only.
async fn dies(database: &Database) -> Folder {
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

async fn what_was_admitted_survives_the_process(database: &Database) {
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

async fn what_a_machine_lost_is_charged_until_somebody_knows(database: &Database) {
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

async fn gateways_with_slices_share_one_cap(database: &Database) {
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

async fn all_of_a_cap_can_be_used(database: &Database) {
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
fn named(name: &str) -> budget::CapSpec {
    let mut spec = cap(0);
    spec.key.scope = budget::Scope::Task;
    spec.key.scope_id = name.to_owned();
    spec.target = None;
    spec
}

async fn a_stopped_process_finds_its_slice_lapsed(database: &Database) {
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

async fn a_full_journal_refuses_admissions_and_no_settlement(database: &Database) {
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

/// The last of the files was made ahead and has nothing in it yet.
async fn a_journal_of_many_files_is_carried_whole(database: &Database) {
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

async fn an_end_does_not_wait_for_a_database_that_is_away(database: &Database) {
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

async fn a_journal_of_another_database_is_refused(database: &Database) {
    prepare(&database.open().await).await;
    let folder = dies(database).await;
    let other = Database::sqlite();
    let refused = Store::open(&folder.options(&other)).await.err().unwrap();
    let text = refused.to_string();
    assert!(text.contains("another database") && text.contains(".journal"), "{text}");
    assert_eq!(folder.files().len(), 1, "it is left alone");
}

async fn two_processes_cannot_share_a_journal(database: &Database) {
    let folder = Folder::new();
    let _first = folder.open(database).await;
    let refused = Store::open(&folder.options(database)).await.err().unwrap();
    assert!(refused.to_string().contains("another server"), "{refused}");
}

async fn eventually(done: impl AsyncFn() -> bool) {
    let started = Instant::now();
    while !done().await {
        assert!(started.elapsed() < Duration::from_secs(30), "it does not come about");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
