//! Reserving, settling and reaping.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use budget::{CapSpec, LedgerKind, Scope};
use store::{Options, Store, ledger::Error};
use tokio::task::JoinSet;
use types::{HoldId, Nanos, audit::Kind};

use crate::{
    on_both,
    support::{CENT, Database, account, admin_permit, ask, cap, cost, permit, prepare, record},
};

on_both! {
    a_burst_cannot_pass_the_cap;
    two_gateways_share_one_cap;
    a_settlement_counts_once;
    a_release_gives_everything_back;
    a_dispatched_hold_is_never_released;
    the_reaper_resolves_what_was_left_behind;
    progress_keeps_a_hold_alive;
    a_refused_hold_takes_nothing_with_it;
    a_hold_that_nobody_waits_for_is_given_back;
    a_dispatched_hold_that_nobody_waits_for_is_settled_at_nothing;
    a_hold_and_its_dispatch_are_one_entry;
    a_dispatched_hold_that_ended_is_not_given_again;
    a_cap_that_was_set_wins_over_the_configured_one;
    another_model_than_the_permitted_is_refused;
    another_process_cannot_settle_my_hold;
    room_shows_what_is_left;
    a_full_queue_sheds_admissions;
    a_hold_that_nobody_hears_of_is_given_back_while_the_queue_is_full;
}

/// Asks for `n` holds of a cent at once and counts those that were made.
async fn burst(stores: &[Store], n: usize, spec: &CapSpec) -> (usize, usize) {
    let permit = Arc::new(permit());
    let mut tasks = JoinSet::new();
    for i in 0..n {
        let (ledger, permit) = (stores[i % stores.len()].ledger(), Arc::clone(&permit));
        let ask = ask(vec![spec.clone()], CENT);
        tasks.spawn(async move { ledger.hold(&permit, ask, None).await });
    }
    let (mut made, mut held) = (0, 0);
    while let Some(result) = tasks.join_next().await {
        match result.unwrap() {
            Ok(_) => made += 1,
            Err(Error::Held { .. }) => held += 1,
            Err(other) => panic!("{other}"),
        }
    }
    (made, held)
}

/// Reads the account over and over until told to stop; returns how often.
async fn sample(store: Store, stop: Arc<AtomicBool>, samples: Arc<AtomicUsize>) {
    while !stop.load(Ordering::Relaxed) {
        for account in store.caps().accounts(crate::support::tenant(), now()).await.unwrap() {
            assert!(account.settled.0 + account.held.0 <= 100 * CENT, "{account:?}");
            samples.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn now() -> types::Timestamp {
    types::Timestamp::now()
}

async fn sampled_burst(stores: &[Store]) {
    let (stop, samples) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let sampler = tokio::spawn(sample(stores[0].clone(), Arc::clone(&stop), Arc::clone(&samples)));
    let (made, held) = burst(stores, 1000, &cap(100 * CENT)).await;
    stop.store(true, Ordering::Relaxed);
    sampler.await.unwrap();
    assert_eq!((made, held), (100, 900));
    assert!(samples.load(Ordering::Relaxed) > 0, "nothing was sampled");
    assert_eq!(account(&stores[0]).await.held, Nanos(100 * CENT));
}

async fn a_burst_cannot_pass_the_cap(database: &Database) {
    sampled_burst(&[database.prepared().await]).await;
    assert_eq!(database.count("select count(*) from holds").await, 100);
}

async fn two_gateways_share_one_cap(database: &Database) {
    sampled_burst(&[database.prepared().await, database.open().await]).await;
}

async fn a_settlement_counts_once(database: &Database) {
    let store = database.prepared().await;
    let ledger = store.ledger();
    let ask = ask(vec![cap(100 * CENT)], 10 * CENT);
    let decision = record(Kind::Decision);
    ledger.hold(&permit(), ask.clone(), Some(decision.clone())).await.unwrap();
    // The same again, as after a lost answer.
    ledger.hold(&permit(), ask.clone(), Some(decision)).await.unwrap();
    assert_eq!(account(&store).await.held, Nanos(10 * CENT));
    ledger.dispatch(ask.hold).await.unwrap();
    let done = record(Kind::Completion);
    let first = ledger.settle(ask.hold, cost(3 * CENT), Some(done.clone())).await.unwrap();
    let second = ledger.settle(ask.hold, cost(9 * CENT), Some(done)).await.unwrap();
    assert_eq!(first, second);
    assert_eq!(first.amount, Nanos(3 * CENT));
    let account = account(&store).await;
    assert_eq!((account.settled, account.held), (Nanos(3 * CENT), Nanos::ZERO));
    assert_eq!(database.count("select count(*) from ledger").await, 1);
    // The first start's, the decision's and the completion's.
    assert_eq!(database.count("select count(*) from audit").await, 3);
}

async fn a_release_gives_everything_back(database: &Database) {
    let store = database.prepared().await;
    let ask = ask(vec![cap(100 * CENT)], 100 * CENT);
    store.ledger().hold(&permit(), ask.clone(), None).await.unwrap();
    store.ledger().release(ask.hold).await.unwrap();
    store.ledger().release(ask.hold).await.unwrap();
    let account = account(&store).await;
    assert_eq!((account.settled, account.held), (Nanos::ZERO, Nanos::ZERO));
    let late = store.ledger().settle(ask.hold, cost(CENT), None).await;
    assert!(matches!(late, Err(Error::Refused(_))), "{late:?}");
}

async fn a_dispatched_hold_is_never_released(database: &Database) {
    let store = database.prepared().await;
    let ask = ask(vec![cap(100 * CENT)], 10 * CENT);
    store.ledger().hold(&permit(), ask.clone(), None).await.unwrap();
    store.ledger().dispatch(ask.hold).await.unwrap();
    let released = store.ledger().release(ask.hold).await;
    assert!(matches!(released, Err(Error::Refused(_))), "{released:?}");
    assert_eq!(account(&store).await.held, Nanos(10 * CENT));
}

/// A store whose holds expire at once.
async fn hasty(database: &Database) -> Store {
    let options = Options { lease: Duration::ZERO, ..database.options() };
    let store = Store::open(&options).await.unwrap();
    prepare(&store).await;
    store
}

async fn the_reaper_resolves_what_was_left_behind(database: &Database) {
    let store = hasty(database).await;
    let ledger = store.ledger();
    let idle = ask(vec![cap(100 * CENT)], 10 * CENT);
    let sent = ask(vec![cap(100 * CENT)], 20 * CENT);
    for ask in [&idle, &sent] {
        ledger.hold(&permit(), ask.clone(), None).await.unwrap();
    }
    ledger.dispatch(sent.hold).await.unwrap();
    ledger.progress(sent.hold, 50, Some(Nanos(15 * CENT))).await.unwrap();

    let reaped = ledger.reap().await.unwrap();
    assert_eq!((reaped.released, reaped.settled), (vec![idle.hold], vec![sent.hold]));
    let account = account(&store).await;
    assert_eq!((account.settled, account.held), (Nanos(15 * CENT), Nanos::ZERO));
    let again = ledger.reap().await.unwrap();
    assert!(again.released.is_empty() && again.settled.is_empty());
    assert_eq!(
        database.count("select count(*) from audit where action = 'reapHold'").await,
        2,
        "each is audited once"
    );

    // The provider's bill comes after all: a credit.
    let charge = ledger.settle(sent.hold, cost(5 * CENT), None).await.unwrap();
    assert_eq!((charge.kind, charge.amount), (LedgerKind::Correction, Nanos(5 * CENT)));
    assert_eq!(self::account(&store).await.settled, Nanos(5 * CENT));
}

async fn self_held(store: &Store, nanos: i64) -> HoldId {
    let ask = ask(vec![cap(100 * CENT)], nanos);
    store.ledger().hold(&permit(), ask.clone(), None).await.unwrap();
    ask.hold
}

async fn progress_keeps_a_hold_alive(database: &Database) {
    let store = database.prepared().await;
    let hold = self_held(&store, CENT).await;
    store.ledger().dispatch(hold).await.unwrap();
    database.tamper("update holds set lease_until = 1").await;
    store.ledger().progress(hold, 10, None).await.unwrap();
    let reaped = store.ledger().reap().await.unwrap();
    assert!(reaped.settled.is_empty(), "{reaped:?}");
    // The control: without progress it is reaped.
    database.tamper("update holds set lease_until = 1").await;
    assert_eq!(store.ledger().reap().await.unwrap().settled, vec![hold]);
}

async fn a_refused_hold_takes_nothing_with_it(database: &Database) {
    let store = database.prepared().await;
    let (big, small) = (cap(100 * CENT), cap(CENT));
    let mut narrow = small.clone();
    narrow.key.scope = Scope::Key;
    let both = ask(vec![big.clone(), narrow], 2 * CENT);
    let refused = store.ledger().hold(&permit(), both, Some(record(Kind::Decision))).await;
    let Err(Error::Exhausted { key, .. }) = refused else { panic!("{refused:?}") };
    assert_eq!(key.scope, Scope::Key);
    let held = "select cast(coalesce(sum(held), 0) as bigint) from accounts";
    assert_eq!(database.count(held).await, 0);
    assert_eq!(database.count("select count(*) from holds").await, 0);
    assert_eq!(database.count("select count(*) from audit where kind = 'decision'").await, 0);
}

/// Ends all tasks; returns how many of them heard of their hold before.
async fn abandon(mut tasks: JoinSet<Result<budget::Hold, Error>>) -> i64 {
    tasks.abort_all();
    let mut heard = 0;
    while let Some(ended) = tasks.join_next().await {
        heard += i64::from(matches!(ended, Ok(Ok(_))));
    }
    heard
}

async fn a_hold_that_nobody_waits_for_is_given_back(database: &Database) {
    let store = database.prepared().await;
    let (ledger, permit) = (store.ledger(), permit());
    let mut tasks = JoinSet::new();
    for _ in 0..50 {
        let (ledger, permit) = (ledger.clone(), permit.clone());
        let ask = ask(vec![cap(100 * CENT)], CENT);
        tasks.spawn(async move { ledger.hold(&permit, ask, None).await });
    }
    tokio::task::yield_now().await;
    let heard = abandon(tasks).await;
    // Whatever follows in the queue is written after the releases.
    self_held(&store, CENT).await;
    ledger.reap().await.unwrap();
    let open = "select count(*) from holds where state = 'held'";
    assert_eq!(database.count(open).await, 1 + heard);
    assert_eq!(account(&store).await.held, Nanos((1 + heard) * CENT));
}

async fn a_dispatched_hold_that_nobody_waits_for_is_settled_at_nothing(database: &Database) {
    let store = database.prepared().await;
    let (ledger, permit) = (store.ledger(), permit());
    let mut tasks = JoinSet::new();
    for _ in 0..50 {
        let (ledger, permit) = (ledger.clone(), permit.clone());
        let ask = ask(vec![cap(100 * CENT)], CENT);
        tasks.spawn(async move { ledger.hold_dispatched(&permit, ask, None).await });
    }
    tokio::task::yield_now().await;
    let heard = abandon(tasks).await;
    // Whatever follows in the queue is written after the settlements.
    self_held(&store, CENT).await;
    ledger.reap().await.unwrap();
    let open = "select count(*) from holds where state in ('held', 'dispatched')";
    assert_eq!(database.count(open).await, 1 + heard);
    let account = account(&store).await;
    assert_eq!((account.settled, account.held), (Nanos::ZERO, Nanos((1 + heard) * CENT)));
    let charged = "select count(*) from ledger where amount <> 0 or basis <> 'counted'";
    assert_eq!(database.count(charged).await, 0);
}

async fn a_hold_and_its_dispatch_are_one_entry(database: &Database) {
    let store = database.prepared().await;
    let ledger = store.ledger();
    let ask = ask(vec![cap(100 * CENT)], 10 * CENT);
    let decision = Some(record(Kind::Decision));
    let hold = ledger.hold_dispatched(&permit(), ask.clone(), decision).await.unwrap();
    assert_eq!(hold.state, budget::HoldState::Dispatched);
    let marked = "select count(*) from holds where state = 'dispatched' and dispatched_at > 0";
    assert_eq!(database.count(marked).await, 1);
    assert_eq!(database.count("select count(*) from audit").await, 2);
    // What carries the mark is settled, never released.
    let released = ledger.release(ask.hold).await;
    assert!(matches!(released, Err(Error::Refused(_))), "{released:?}");
    ledger.settle(ask.hold, cost(3 * CENT), None).await.unwrap();
    let account = account(&store).await;
    assert_eq!((account.settled, account.held), (Nanos(3 * CENT), Nanos::ZERO));
}

async fn a_dispatched_hold_that_ended_is_not_given_again(database: &Database) {
    let store = database.prepared().await;
    let ledger = store.ledger();
    let ask = ask(vec![cap(100 * CENT)], 10 * CENT);
    let first = ledger.hold_dispatched(&permit(), ask.clone(), None).await.unwrap();
    // Asked for again while it runs, it is the same hold.
    assert_eq!(ledger.hold_dispatched(&permit(), ask.clone(), None).await.unwrap().id, first.id);
    ledger.settle(ask.hold, cost(CENT), None).await.unwrap();
    let again = ledger.hold_dispatched(&permit(), ask, None).await;
    assert!(matches!(again, Err(Error::Refused(_))), "{again:?}");
}

async fn a_cap_that_was_set_wins_over_the_configured_one(database: &Database) {
    let store = database.prepared().await;
    let before = store.revision().await.unwrap();
    let mut lower = cap(CENT);
    lower.target = Some(Nanos(5 * CENT));
    store.caps().set(&admin_permit(false), &lower, &record(Kind::Admin)).await.unwrap();
    assert_eq!(store.revision().await.unwrap(), before + 1);
    let (made, _) = burst(std::slice::from_ref(&store), 10, &cap(100 * CENT)).await;
    assert_eq!(made, 5);
    // Below what is held: nothing more goes in, nothing is taken back.
    lower.target = Some(Nanos(CENT));
    let account =
        store.caps().set(&admin_permit(false), &lower, &record(Kind::Admin)).await.unwrap();
    assert_eq!((account.held, account.cap), (Nanos(5 * CENT), Nanos(5 * CENT)));
    // The tree cannot move what was set by hand.
    let tree = [cap(50 * CENT)];
    assert_eq!(store.caps().adopt(&tree, &record(Kind::System)).await.unwrap(), 0);
    assert_eq!(store.caps().load_all().await.unwrap().len(), 1);
}

async fn another_model_than_the_permitted_is_refused(database: &Database) {
    let store = database.prepared().await;
    let mut other = ask(vec![cap(CENT)], CENT);
    other.model = "gpt-other".to_owned();
    let refused = store.ledger().hold(&permit(), other, None).await;
    assert!(matches!(refused, Err(Error::NotPermitted { .. })), "{refused:?}");
}

async fn another_process_cannot_settle_my_hold(database: &Database) {
    let (mine, theirs) = (database.prepared().await, database.open().await);
    let hold = self_held(&mine, CENT).await;
    mine.ledger().dispatch(hold).await.unwrap();
    let stale = theirs.ledger().settle(hold, cost(CENT), None).await;
    assert!(matches!(stale, Err(Error::Refused(budget::Refusal::FenceStale { .. }))), "{stale:?}");
    mine.ledger().settle(hold, cost(CENT), None).await.unwrap();
}

async fn room_shows_what_is_left(database: &Database) {
    let store = database.prepared().await;
    let spec = cap(100 * CENT);
    let room = store.ledger().room(std::slice::from_ref(&spec)).await.unwrap();
    assert_eq!((room[0].remaining, room[0].used_percent), (Some(Nanos(100 * CENT)), 0));
    self_held(&store, 25 * CENT).await;
    let room = store.ledger().room(&[spec]).await.unwrap();
    assert_eq!((room[0].remaining, room[0].used_percent), (Some(Nanos(75 * CENT)), 25));
}

/// Somebody else who holds the lock that every batch needs.
async fn blocked(store: &Store, database: &Database) -> sqlx::AnyConnection {
    let mut blocker = database.raw().await;
    let begin = match store.dialect() {
        store::Dialect::Sqlite => "begin immediate",
        store::Dialect::Postgres => "begin",
    };
    sqlx::query(begin).execute(&mut blocker).await.unwrap();
    sqlx::query("update audit_head set tenant_id = ''").execute(&mut blocker).await.unwrap();
    blocker
}

async fn a_full_queue_sheds_admissions(database: &Database) {
    let timeout = Duration::from_millis(200);
    let options =
        Options { queue_max: 1, batch_max: 1, admission_timeout: timeout, ..database.options() };
    let store = Store::open(&options).await.unwrap();
    prepare(&store).await;
    let mut blocker = blocked(&store, database).await;
    let mut tasks = JoinSet::new();
    for _ in 0..20 {
        let (ledger, permit) = (store.ledger(), permit());
        let ask = ask(vec![cap(100 * CENT)], CENT);
        let record = record(Kind::Decision);
        tasks.spawn(async move { ledger.hold(&permit, ask, Some(record)).await });
    }
    let started = std::time::Instant::now();
    while let Some(result) = tasks.join_next().await {
        assert!(matches!(result.unwrap(), Err(Error::Unavailable { .. })));
    }
    assert!(started.elapsed() < Duration::from_secs(20), "admissions waited");
    sqlx::query("rollback").execute(&mut blocker).await.unwrap();
    // The writer recovers by itself, and what it made for nobody goes back.
    store.ledger().reap().await.unwrap();
    store.ledger().reap().await.unwrap();
    assert_eq!(database.count("select count(*) from holds where state = 'held'").await, 0);
}

async fn a_hold_that_nobody_hears_of_is_given_back_while_the_queue_is_full(database: &Database) {
    let options = Options { queue_max: 1, batch_max: 1, ..database.options() };
    let store = Store::open(&options).await.unwrap();
    prepare(&store).await;
    let (ledger, allowed) = (store.ledger(), permit());
    let mut unheard =
        Box::pin(ledger.hold_dispatched(&allowed, ask(vec![cap(100 * CENT)], CENT), None));
    let mut blocker = blocked(&store, database).await;
    // It asks, and does not come back for the answer.
    tokio::select! {
        biased;
        held = &mut unheard => panic!("held at once: {held:?}"),
        () = std::future::ready(()) => {}
    }
    sqlx::query("rollback").execute(&mut blocker).await.unwrap();
    while database.count("select count(*) from holds where state = 'dispatched'").await == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // The next hold is answered after that one, so the answer of that one is there.
    ledger.hold(&allowed, ask(vec![cap(100 * CENT)], CENT), None).await.unwrap();
    let mut blocker = blocked(&store, database).await;
    let mut notes = JoinSet::new();
    for _ in 0..4 {
        let audit = store.audit();
        notes.spawn(async move { audit.append(record(Kind::System)).await });
    }
    // Full is what sheds an admission at once.
    let is_full = async || {
        let asked = ledger.hold(&allowed, ask(vec![cap(100 * CENT)], CENT), None);
        let answered = tokio::time::timeout(Duration::from_millis(50), asked).await;
        matches!(answered, Ok(Err(Error::Unavailable { .. })))
    };
    while !is_full().await {}
    drop(unheard);
    sqlx::query("rollback").execute(&mut blocker).await.unwrap();
    while let Some(noted) = notes.join_next().await {
        noted.unwrap().unwrap();
    }
    let open = "select count(*) from holds where state = 'dispatched'";
    let given_back = async {
        while database.count(open).await > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(20), given_back).await;
    assert!(waited.is_ok(), "the hold of nobody is still open");
}
