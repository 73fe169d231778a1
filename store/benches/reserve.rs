//! How many calls one hot account admits in a second, and how long each waits for it: with slices and a
//! journal, and with every call asking the database; on SQLite and on Postgres.
//!
//! `cargo bench --bench reserve`
//!
//! A call is its hold, marked as dispatched, and its settlement. Callers ask one after the other, as many
//! at once as the first column says. `behind` is how long the database then takes to have it all.
#![expect(
    clippy::print_stdout,
    clippy::panic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a bench prints, and fails as tests do"
)]

#[path = "../tests/it/support.rs"]
#[expect(dead_code, reason = "the tests use more of it")]
mod support;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use store::{Options, Store, ledger::Error};
use support::{CENT, Database, ask, cap, cost, permit, prepare};
use tokio::task::JoinSet;

const RUN: Duration = Duration::from_secs(3);
/// No run comes near it.
const CAP: i64 = i64::MAX / 4;

#[tokio::main]
async fn main() {
    println!("| database | callers | slices | calls/s | p50 us | p99 us | behind ms | refused |");
    println!("|---|---|---|---|---|---|---|---|");
    for callers in [1, 32, 256] {
        for slices in [false, true] {
            measure("SQLite", &Database::sqlite(), callers, slices).await;
            let database = Database::postgres().await;
            measure("Postgres", &database, callers, slices).await;
            database.remove().await;
        }
    }
}

async fn measure(name: &str, database: &Database, callers: usize, slices: bool) {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = slices.then(|| folder.path().join("journal"));
    // What is measured is admission, so all of it may wait for the database.
    let options = Options { journal, behind_max: 1 << 20, ..database.options() };
    let store = Store::open(&options).await.expect("the store opens");
    prepare(&store).await;
    let permit = Arc::new(permit());
    let mut tasks = JoinSet::new();
    let end = Instant::now() + RUN;
    for _ in 0..callers {
        let (ledger, permit) = (store.ledger(), Arc::clone(&permit));
        tasks.spawn(async move {
            let (mut waits, mut refused) = (Vec::new(), 0_usize);
            while Instant::now() < end {
                let ask = ask(vec![cap(CAP)], CENT);
                let hold = ask.hold;
                let started = Instant::now();
                match ledger.hold_dispatched(&permit, ask, None).await {
                    Ok(_) => waits.push(started.elapsed()),
                    Err(Error::Unavailable { .. }) => {
                        refused += 1;
                        tokio::task::yield_now().await;
                        continue;
                    }
                    Err(error) => panic!("{error}"),
                }
                ledger.settle(hold, cost(CENT / 2), None).await.expect("a settlement");
                tokio::task::yield_now().await;
            }
            (waits, refused)
        });
    }
    let (mut waits, mut refused) = (Vec::new(), 0);
    while let Some(done) = tasks.join_next().await {
        let (more, sheds) = done.unwrap();
        waits.extend(more);
        refused += sheds;
    }
    let started = Instant::now();
    store.catch_up().await.expect("the database follows");
    let behind = started.elapsed().as_millis();
    waits.sort_unstable();
    let at = |percent: usize| waits[(waits.len() - 1) * percent / 100].as_micros();
    let rate = u64::try_from(waits.len()).unwrap() / RUN.as_secs();
    let (p50, p99) = (at(50), at(99));
    println!("| {name} | {callers} | {slices} | {rate} | {p50} | {p99} | {behind} | {refused} |");
    store.close().await;
}
