//! A thousand callers at once against one dollar.

use std::time::{Duration, Instant};

use futures::future::join_all;
use serde_json::json;
use simulator::{Behaviour, Price, Simulator};
use support::{
    Account, Answer, Caller, Database, ModelSpec, Redis, Rows, Server, Setup, eventually, provider,
    streamed,
};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const CALLERS: usize = 1_000;
/// Callers of the fleet in a full run (`ORCHESTACK_FULL=1`, `make fleet`).
const CALLERS_FULL: usize = 10_000;
/// How long one gateway of the fleet is stopped in the middle of it.
const STOPPED: Duration = Duration::from_secs(2);
const CAP_NANOS: u64 = 1_000_000_000;
/// Each answer has exactly as many tokens as the limit allows, so that each costs the same.
const OUTPUT_TOKENS: u64 = 20;
/// Dollars for a million tokens, in and out.
const PRICE: (u64, u64) = (1, 100);
/// The whole run, however loaded the machine.
const RUN_MAX: Duration = Duration::from_secs(240);
const SETTLED_MAX: Duration = Duration::from_secs(30);
/// How often the accounts are looked at.
const SAMPLE_PERIOD: Duration = Duration::from_millis(5);

/// What one caller came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    admitted: usize,
    exhausted: usize,
    /// Answers that told to wait: `budget_held`, or a ledger that is too busy.
    waits: usize,
}

async fn stage(database: Database, redis: Option<&Redis>) -> (Server, Simulator, Caller) {
    let price = Price::dollars_per_million(PRICE.0, PRICE.1);
    let simulator = provider(&[("sim", price)]).await;
    // Slow enough that hundreds of streams are open at once.
    let slow = Behaviour {
        output_tokens: Some(OUTPUT_TOKENS),
        chunk_delay_ms: 10,
        ..Behaviour::default()
    };
    simulator.script(slow, Vec::new());
    let mut setup = Setup::new(database).await;
    // On SQLite the default of 500 ms does. On Postgres a thousand debug-built requests on two cores
    // keep the reads of their accounts waiting longer than that, over and over: nearly all are told
    // to wait, and the run does not come to its end in time.
    if database == Database::Postgres {
        setup.set("ledger.admission_timeout", "20s");
    }
    if let Some(redis) = redis {
        setup.redis(&redis.url());
    }
    setup
        .tree()
        .agent("thousand", "1.00")
        .openai_provider("sim", &simulator, "cloud")
        .model(ModelSpec { id: "sim", provider: "sim", price: Some(("1.00", "100.00")) });
    let server = setup.start().await;
    let caller = Caller::new(&server, "thousand");
    (server, simulator, caller)
}

/// Whether it is the account of the dollar; the tenant's has no cap.
fn is_capped(account: &Account) -> bool {
    (account.scope.as_str(), account.period.as_str()) == ("agent", "total")
}

/// What is wrong with one look at an account; nothing for a right one.
fn fault(sample: &Account) -> Option<String> {
    let wrong = sample.settled < 0
        || sample.held < 0
        || sample.settled.saturating_add(sample.held) > sample.cap
        || sample.cap > i64::try_from(CAP_NANOS).unwrap();
    wrong.then(|| format!("settled + held is beyond the cap: {sample:?}"))
}

/// Looks at the capped account until told to stop, and gives the number of looks and the peak.
fn sampler(rows: Rows, stop: CancellationToken) -> JoinHandle<(usize, i64)> {
    tokio::spawn(async move {
        let (mut samples, mut peak) = (0, 0);
        while !stop.is_cancelled() {
            for account in rows.accounts().await.iter().filter(|account| is_capped(account)) {
                if let Some(fault) = fault(account) {
                    panic!("{fault}");
                }
                samples += 1;
                peak = peak.max(account.settled + account.held);
            }
            tokio::time::sleep(SAMPLE_PERIOD).await;
        }
        (samples, peak)
    })
}

/// Asks until the budget is gone or an answer came.
async fn insist(caller: &Caller, number: usize, end: Instant) -> Tally {
    let mut body = streamed("sim", &format!("Caller {number:04} asks."));
    body["max_tokens"] = json!(OUTPUT_TOKENS);
    let mut tally = Tally::default();
    while Instant::now() < end {
        let answer = caller.ask(&body).await;
        match (answer.status, answer.code().as_str()) {
            (200, _) => {
                assert!(answer.is_done(), "{}", answer.text);
                return Tally { admitted: 1, ..tally };
            }
            (402, "budget_exhausted") => return Tally { exhausted: 1, ..tally },
            (429, "budget_held") | (503, "dependency_unavailable") => tally.waits += 1,
            _ => panic!("caller {number}: {answer:?}"),
        }
        pause(&answer, number).await;
    }
    panic!("caller {number} was neither answered nor refused within {RUN_MAX:?}")
}

/// Waits as long as the answer says, a little apart from the others.
async fn pause(answer: &Answer, number: usize) {
    let seconds: u64 = answer.header("retry-after").parse().unwrap_or(1);
    let apart = u64::try_from(number % 250).unwrap();
    tokio::time::sleep(Duration::from_millis(seconds * 1_000 / 4 + apart)).await;
}

/// Some callers of some gateways at once. Of several gateways one is stopped for a while in the middle, and
/// the Redis that they share is emptied.
async fn crowd(database: Database, gateways: usize, callers: usize) {
    let redis = if gateways > 1 { Some(Redis::start().await) } else { None };
    let (server, simulator, caller) = stage(database, redis.as_ref()).await;
    let mut others = Vec::new();
    for _ in 1..gateways {
        others.push(server.another().await);
    }
    let doors: Vec<Caller> = std::iter::once(caller.clone())
        .chain(others.iter().map(|other| Caller::with_key(other, caller.key())))
        .collect();
    let rows = Rows::of(&server).await;
    let stop = CancellationToken::new();
    let sampling = sampler(rows.clone(), stop.clone());
    let started = Instant::now();
    let end = started + RUN_MAX;
    let asking = (0..callers).map(|number| insist(&doors[number % doors.len()], number, end));
    let stopping = async {
        if let Some(last) = others.last() {
            eventually("it is under way", RUN_MAX, async || {
                (simulator.bill_total().calls > 20).then_some(())
            })
            .await;
            last.signal("STOP");
            if let Some(redis) = &redis {
                let said = redis.say("FLUSHALL").await;
                assert_eq!(said.as_deref(), Some("+OK\r\n"));
            }
            tokio::time::sleep(STOPPED).await;
            last.signal("CONT");
        }
    };
    let (tallies, ()) = tokio::join!(join_all(asking), stopping);
    let took = started.elapsed();
    // And every slice has gone back, so that nothing is held.
    eventually("every hold is settled", SETTLED_MAX, async || {
        let accounts = rows.accounts().await;
        let free = accounts.iter().filter(|account| is_capped(account)).all(|a| a.held == 0);
        (free && rows.open_holds().await == 0 && simulator.bill_total().open == 0).then_some(())
    })
    .await;
    stop.cancel();
    let (samples, peak) = sampling.await.unwrap_or_else(|error| panic!("a sample: {error}"));
    let sum = |of: fn(&Tally) -> usize| tallies.iter().map(of).sum::<usize>();
    let (admitted, exhausted) = (sum(|t| t.admitted), sum(|t| t.exhausted));
    let bill = simulator.bill_total();
    let accounts = rows.accounts().await;
    let account = accounts.iter().find(|account| is_capped(account)).unwrap();
    // What one call costs, by the provider's own word, and how many fit.
    let input = bill.input_tokens / bill.calls;
    let cost = Price::dollars_per_million(PRICE.0, PRICE.1).cost(input, OUTPUT_TOKENS);
    let optimum = CAP_NANOS / cost;
    println!(
        "{database:?}, {gateways} gateways: {admitted} admitted of at most {optimum}, {exhausted} refused, {} told to \
         wait, settled {} and billed {} of {CAP_NANOS}, peak {peak}, {samples} samples, {took:?}",
        sum(|t| t.waits),
        account.settled,
        bill.nanos,
    );
    assert_eq!(admitted + exhausted, callers);
    assert!(samples > 20, "only {samples} samples");
    assert!(bill.nanos <= CAP_NANOS, "billed {bill:?}");
    assert_eq!(bill.calls, u64::try_from(admitted).unwrap());
    assert_eq!((account.held, account.overrun), (0, 0));
    // The provider's usage is exact, so the books and the bill are the same number.
    assert_eq!(u64::try_from(account.settled).unwrap(), bill.nanos);
    let ledger: i64 = rows.ledger().await.iter().map(|row| row.amount).sum();
    assert_eq!(ledger, account.settled);
    assert!(bill.calls * 100 >= optimum * 95, "{admitted} of {optimum} were admitted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_streams_cannot_pass_a_dollar_and_use_it_up_on_sqlite() {
    crowd(Database::Sqlite, 1, CALLERS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_streams_cannot_pass_a_dollar_and_use_it_up_on_postgres() {
    crowd(Database::Postgres, 1, CALLERS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn four_gateways_cannot_pass_a_dollar_and_use_it_up() {
    crowd(Database::Postgres, 4, fleet_callers()).await;
}

#[expect(clippy::disallowed_methods, reason = "a person asks for the full run by a variable")]
fn fleet_callers() -> usize {
    if std::env::var_os("ORCHESTACK_FULL").is_some() { CALLERS_FULL } else { CALLERS }
}

/// The check itself: it lets a right sample pass and finds every doctored one.
#[test]
fn a_doctored_sample_is_found() {
    let right = Account {
        scope: "agent".to_owned(),
        period: "total".to_owned(),
        cap: 1_000_000_000,
        settled: 600_000_000,
        held: 400_000_000,
        overrun: 0,
    };
    assert_eq!(fault(&right), None);
    for doctored in [
        Account { held: right.held + 1, ..right.clone() },
        Account { settled: right.settled + 1, ..right.clone() },
        Account { held: -1, settled: 0, ..right.clone() },
        Account { settled: -1, held: 0, ..right.clone() },
        Account { cap: right.cap + 1, ..right.clone() },
        Account { settled: i64::MAX, held: i64::MAX, ..right.clone() },
    ] {
        assert!(fault(&doctored).is_some(), "{doctored:?}");
    }
}
