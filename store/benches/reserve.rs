//! How many calls one hot account admits in a second, and how long each waits for it: with slices and a
//! journal, and with every call asking the database; on SQLite and on Postgres.
//!
//! `cargo bench --bench reserve [-- sqlite|postgres]`
//!
//! A call is its hold, marked as dispatched, and its settlement. Callers ask one after the other, as many
//! at once as the second column says. With slices there are two rows: a `burst`, a second in which the
//! database may fall behind as far as it likes, and what goes on for as long as one likes, where calls wait
//! once the database is as many behind as a server lets it be.
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
const BURST: Duration = Duration::from_secs(1);
/// No run comes near it.
const CAP: i64 = i64::MAX / 4;

/// How calls are admitted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Each asks the database.
    Asked,
    /// From slices, as in a server.
    Slices,
    /// From slices, however far the database is behind.
    Burst,
}

#[tokio::main]
async fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let wanted = |name: &str| words.is_empty() || words.iter().any(|word| word == name);
    println!("| database | callers | admitted | calls/s | p50 us | p99 us | refused |");
    println!("|---|---|---|---|---|---|---|");
    for callers in [1, 32, 256] {
        for way in [Way::Asked, Way::Slices, Way::Burst] {
            if wanted("sqlite") {
                measure("SQLite", &Database::sqlite(), callers, way).await;
            }
            if wanted("postgres") {
                let database = Database::postgres().await;
                measure("Postgres", &database, callers, way).await;
                database.remove().await;
            }
        }
    }
}

async fn measure(name: &str, database: &Database, callers: usize, way: Way) {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = (way != Way::Asked).then(|| folder.path().join("journal"));
    let usual = Options::default().behind_max;
    let behind_max = if way == Way::Burst { 1 << 20 } else { usual };
    let run = if way == Way::Burst { BURST } else { RUN };
    let options = Options { journal, behind_max, ..database.options() };
    let store = Store::open(&options).await.expect("the store opens");
    prepare(&store).await;
    let permit = Arc::new(permit());
    let mut tasks = JoinSet::new();
    let end = Instant::now() + run;
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
    waits.sort_unstable();
    let at = |percent: usize| waits[(waits.len() - 1) * percent / 100].as_micros();
    let rate = u64::try_from(waits.len()).unwrap() / run.as_secs();
    let (p50, p99) = (at(50), at(99));
    let admitted = match way {
        Way::Asked => "by the database",
        Way::Slices => "from slices",
        Way::Burst => "from slices, burst",
    };
    println!("| {name} | {callers} | {admitted} | {rate} | {p50} | {p99} | {refused} |");
    // After a burst the database would be busy for long, and nobody needs what it would write.
    if way != Way::Burst {
        store.close().await;
    }
}
