//! `kill -9` in the middle of streams, again and again: the books survive.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::json;
use simulator::{Behaviour, Price, Simulator};
use support::{
    Caller, Database, LedgerRow, ModelSpec, Rows, Server, Setup, chat, eventually, nats_url,
    provider, streamed,
};
use tokio::task::JoinHandle;

/// Kills in a short run; `make crash` (`ORCHESTACK_FULL=1`) does the full one.
const KILLS_SHORT: usize = 8;
const KILLS_FULL: usize = 50;
/// Streams that are open when the blow falls.
const STREAMS: usize = 6;
const CAP_NANOS: i64 = 50_000_000_000;
/// The shortest lease that the settings allow, and the reaper's period.
const LEASE: Duration = Duration::from_secs(5);
const REAPER_PERIOD: Duration = Duration::from_millis(500);
/// What a loaded machine may add to both.
const MARGIN: Duration = Duration::from_secs(5);
const STEP_MAX: Duration = Duration::from_secs(30);

#[expect(clippy::disallowed_methods, reason = "a person asks for the full run by a variable")]
fn kills() -> usize {
    if std::env::var_os("ORCHESTACK_FULL").is_some() { KILLS_FULL } else { KILLS_SHORT }
}

struct Stage {
    simulator: Simulator,
    server: Server,
    caller: Caller,
    rows: Rows,
}

impl Stage {
    async fn new(database: Database) -> Self {
        Self::with(database, None).await
    }

    /// With events that go to a bus.
    async fn with(database: Database, bus: Option<&str>) -> Self {
        let simulator = provider(&[("sim", Price::dollars_per_million(3, 15))]).await;
        let mut setup = Setup::new(database).await;
        setup
            .set("ledger.lease", "5s")
            .set("ledger.reaper_period", "500ms")
            // What every agent has by default would be gone before fifty kills.
            .set("budget.agent_day", "100.00");
        setup
            .tree()
            .agent("crash", "50.00")
            .openai_provider("sim", &simulator, "cloud")
            .model(ModelSpec { id: "sim", provider: "sim", price: Some(("3.00", "15.00")) });
        if let Some(bus) = bus {
            setup.set("bus.url", bus);
        }
        let server = setup.start().await;
        let caller = Caller::new(&server, "crash");
        let rows = Rows::of(&server).await;
        Self { simulator, server, caller, rows }
    }

    /// Some calls that end, and some streams that have begun and will not.
    async fn load(&self, round: usize) -> Vec<JoinHandle<(bool, bool)>> {
        self.simulator.script(Behaviour::default(), Vec::new());
        for body in [chat("sim", &format!("{round}.")), streamed("sim", &format!("{round}."))] {
            self.caller.ask(&body).await.assert_answered("sim");
        }
        let slow =
            Behaviour { output_tokens: Some(2_000), chunk_delay_ms: 5, ..Behaviour::default() };
        self.simulator.script(slow, Vec::new());
        let mut streams = self.begin(round, STREAMS, 4).await;
        // As fast as it can: most of the answer is in socket buffers when the blow falls.
        let fast = Behaviour { output_tokens: Some(2_000), ..Behaviour::default() };
        self.simulator.script(fast, Vec::new());
        streams.extend(self.begin(round, 1, 0).await);
        streams
    }

    /// Starts streams and waits until each is under way, the next always `after` pieces further.
    async fn begin(
        &self,
        round: usize,
        count: usize,
        after: usize,
    ) -> Vec<JoinHandle<(bool, bool)>> {
        let (begun, mut told) = tokio::sync::mpsc::channel(count);
        let streams = (0..count).map(|number| {
            let mut body = streamed("sim", &format!("Round {round}, stream {number}."));
            body["max_tokens"] = json!(2_000);
            let request = self.caller.request(&body);
            let begun = begun.clone();
            tokio::spawn(async move { to_its_end(request, begun, after * number).await })
        });
        let streams = streams.collect();
        for _ in 0..count {
            let begun = tokio::time::timeout(STEP_MAX, told.recv()).await;
            assert!(matches!(begun, Ok(Some(()))), "a stream did not begin");
        }
        streams
    }

    /// No hold is open beyond lease and reaper period, whatever was killed when.
    async fn assert_none_overdue(&self) {
        let patience = REAPER_PERIOD + MARGIN;
        let now = std::time::UNIX_EPOCH.elapsed().unwrap();
        let overdue = (now - patience).as_micros();
        let query = format!(
            "select count(*) from holds where state in ('held', 'dispatched') \
             and lease_until < {overdue}"
        );
        assert_eq!(self.rows.number(&query).await, 0, "holds are open beyond their lease");
    }

    /// Accounts are what the holds and the ledger say, and within the cap.
    async fn assert_balanced(&self) {
        let query = "select cast((select coalesce(sum(amount), 0) from holds \
                     where state in ('held', 'dispatched')) \
                     + (select coalesce(sum(amount), 0) from slices) as bigint)";
        // The writer or the reaper may come in between two looks.
        eventually("the books balance", STEP_MAX, async || {
            let held = self.rows.number(query).await;
            let accounts = self.rows.accounts().await;
            let account = accounts.iter().find(|account| account.scope == "agent")?;
            assert!(account.settled + account.held <= CAP_NANOS, "{account:?}");
            assert_eq!(account.overrun, 0, "{account:?}");
            let settled: i64 = self.rows.ledger().await.iter().map(|row| row.amount).sum();
            (account.settled == settled && account.held == held).then_some(())
        })
        .await;
    }
}

/// Reads a stream until it ends; tells when more than `after` pieces of it are there. Gives whether
/// it was cut and whether it had a terminator.
async fn to_its_end(
    request: reqwest::RequestBuilder,
    begun: tokio::sync::mpsc::Sender<()>,
    after: usize,
) -> (bool, bool) {
    let mut response = request.send().await.unwrap_or_else(|error| panic!("no answer: {error}"));
    assert_eq!(response.status(), 200);
    let (mut text, mut told) = (String::new(), false);
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => text.push_str(&String::from_utf8_lossy(&chunk)),
            Ok(None) => return (false, text.contains("data: [DONE]")),
            Err(_) => return (true, text.contains("data: [DONE]")),
        }
        // Each stream is killed at another point: some after the first event, some far into it.
        if !told && text.matches("\"content\":").count() > after {
            told = true;
            let _ = begun.send(()).await;
        }
    }
}

fn by_hold(ledger: Vec<LedgerRow>) -> BTreeMap<String, LedgerRow> {
    let count = ledger.len();
    let rows: BTreeMap<_, _> =
        ledger.into_iter().map(|row| (format!("{} {}", row.hold, row.kind), row)).collect();
    assert_eq!(rows.len(), count, "a hold was settled twice");
    rows
}

async fn killed(database: Database) {
    let mut stage = Stage::new(database).await;
    let (mut slowest, mut cut) = (Duration::ZERO, 0);
    let kills = kills();
    for round in 0..kills {
        let streams = stage.load(round).await;
        let before = by_hold(stage.rows.ledger().await);
        stage.server.kill9();
        for stream in streams {
            let (broken, done) = stream.await.unwrap();
            // The fast one may have come to its end before the blow; none is both.
            assert_ne!(broken, done, "a cut stream looked whole");
            cut += usize::from(broken);
        }
        let started = Instant::now();
        stage.server.restart().await;
        slowest = slowest.max(started.elapsed());
        stage.caller.moved(&stage.server);
        let after = by_hold(stage.rows.ledger().await);
        for (hold, row) in &before {
            assert_eq!(after.get(hold), Some(row), "round {round}: a row was lost or changed");
        }
        stage.assert_balanced().await;
        stage.assert_none_overdue().await;
    }
    let resolved = LEASE + REAPER_PERIOD + MARGIN;
    eventually("open holds are gone after lease and reaper period", resolved, async || {
        (stage.rows.open_holds().await == 0).then_some(())
    })
    .await;
    stage.assert_balanced().await;
    let bill = eventually("the bill is final", STEP_MAX, async || {
        Some(stage.simulator.bill_total()).filter(|bill| bill.open == 0)
    });
    let bill = bill.await;
    assert_books(&stage, &bill, kills, cut, slowest).await;
}

async fn assert_books(
    stage: &Stage,
    bill: &simulator::BillTotal,
    kills: usize,
    cut: usize,
    slowest: Duration,
) {
    let ledger = stage.rows.ledger().await;
    let holds = stage.rows.holds().await;
    let charged = by_hold(ledger.clone());
    for hold in &holds {
        let rows = charged.values().filter(|row| row.hold == hold.id).count();
        let expected = usize::from(hold.state == "settled");
        assert_eq!(rows, expected, "{hold:?} has {rows} ledger rows");
        assert!(
            hold.state == "settled" || !hold.dispatched,
            "released though dispatched: {hold:?}"
        );
    }
    let settled: i64 = ledger.iter().map(|row| row.amount).sum();
    let billed = i64::try_from(bill.nanos).unwrap();
    let of = |basis: &str| ledger.iter().filter(|row| row.basis == basis).count();
    println!(
        "{kills} kills, {cut} streams cut, {} holds, {} rows: {} by the provider's word, {} \
         provisional, {} counted; settled {settled}, billed {billed}; slowest restart {slowest:?}",
        holds.len(),
        ledger.len(),
        of("provider"),
        of("provisional"),
        of("counted"),
    );
    assert_eq!(u64::try_from(ledger.len()).unwrap(), bill.calls, "a call without a row");
    assert!(CAP_NANOS >= settled && settled >= billed, "settled {settled}, billed {billed}");
    // What is settled beyond the bill is of calls that a crash cut, and marked so.
    let sure: i64 = ledger.iter().filter(|row| row.basis == "provider").map(|row| row.amount).sum();
    assert!(sure <= billed, "{sure} by the provider's word, billed {billed}");
    assert_eq!(of("provider") + of("provisional"), ledger.len(), "{ledger:#?}");
    // Every slow stream was cut, and every call before it had its settlement.
    assert!(cut >= kills * STREAMS && of("provider") >= kills * 2, "{ledger:#?}");
    let verdict = stage.server.json(&["audit", "verify"]);
    assert_eq!(verdict["ok"], json!(true), "{verdict}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_in_the_middle_of_streams_loses_and_doubles_nothing_on_sqlite() {
    killed(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_in_the_middle_of_streams_loses_and_doubles_nothing_on_postgres() {
    killed(Database::Postgres).await;
}

/// Where the process ends: before and after each step of a call's money.
const POINTS: [&str; 14] = [
    "slice.before",
    "slice.taken",
    "hold.before",
    "hold.journaled",
    "answer.before",
    "answer.begun",
    "answer.last",
    "answer.ended",
    "settle.before",
    "settle.journaled",
    "carry.before",
    "carry.committed",
    "outbox.sent",
    "outbox.marked",
];
/// Kills in all, in a full run.
const POINT_KILLS_FULL: usize = 200;

#[expect(clippy::disallowed_methods, reason = "a person asks for the full run by a variable")]
fn rounds_of_points() -> usize {
    let full = std::env::var_os("ORCHESTACK_FULL").is_some();
    if full { POINT_KILLS_FULL.div_ceil(POINTS.len()) } else { 1 }
}

/// Calls, plain and streamed, one after the other, until the server is gone. How many answers came whole.
async fn until_it_ends(caller: &Caller, number: usize) -> usize {
    let mut whole = 0;
    loop {
        let text = format!("Caller {number} asks for the {whole}th time.");
        let body = if whole % 2 == 0 { chat("sim", &text) } else { streamed("sim", &text) };
        let Ok(answer) = caller.request(&body).send().await else { return whole };
        let (status, body) = (answer.status(), answer.text().await);
        match body {
            Ok(text) if status == 200 => {
                whole += usize::from(!text.starts_with("data:") || text.contains("data: [DONE]"));
            }
            // A loaded machine may be too slow for the default.
            Ok(_) if status == 503 => {}
            Ok(text) => panic!("{status}: {text}"),
            Err(_) => return whole,
        }
    }
}

async fn ended_at_every_point(database: Database) {
    let mut stage = Stage::with(database, Some(&nats_url())).await;
    stage.simulator.script(Behaviour::default(), Vec::new());
    let (mut whole, mut kills) = (0, 0);
    for round in 0..rounds_of_points() {
        for point in POINTS {
            // At the second time, at the fourth, and so on; slices are taken a few times only.
            let passes = if point.starts_with("slice") { 1 } else { round * 2 + 1 };
            let fail = format!("{point}={passes}*off->return");
            stage.server.variable("FAILPOINTS", Some(&fail));
            if !stage.server.has_ended() {
                stage.server.sigterm().await;
            }
            if stage.server.begin().await {
                stage.caller.moved(&stage.server);
                let callers = (0..3).map(|number| until_it_ends(&stage.caller, number));
                let asked = futures::future::join_all(callers);
                let asked = tokio::time::timeout(STEP_MAX, asked).await;
                whole += asked
                    .unwrap_or_else(|_| panic!("`{point}` was never reached"))
                    .iter()
                    .sum::<usize>();
                eventually("the process is gone", STEP_MAX, async || {
                    stage.server.has_ended().then_some(())
                })
                .await;
            }
            kills += 1;
        }
    }
    stage.server.variable("FAILPOINTS", None);
    stage.server.restart().await;
    stage.caller.moved(&stage.server);
    eventually("open holds are gone", LEASE + REAPER_PERIOD + MARGIN, async || {
        (stage.rows.open_holds().await == 0 && stage.simulator.bill_total().open == 0).then_some(())
    })
    .await;
    stage.assert_balanced().await;
    let (ledger, bill) = (stage.rows.ledger().await, stage.simulator.bill_total());
    let rows = by_hold(ledger);
    let sum = |of: fn(&LedgerRow) -> bool| {
        rows.values().filter(|row| of(row)).map(|row| row.amount).sum::<i64>()
    };
    let (settled, provisional) = (sum(|_| true), sum(|row| row.basis == "provisional"));
    let billed = i64::try_from(bill.nanos).unwrap();
    println!(
        "{database:?}: {kills} kills, {whole} whole answers, {} calls billed, {} rows; settled {settled}, \
         of it provisional {provisional}, billed {billed}",
        bill.calls,
        rows.len(),
    );
    // Every call that the provider saw, and every answer that a caller got, has its row.
    assert!(rows.len() >= usize::try_from(bill.calls).unwrap() && rows.len() >= whole);
    assert!(CAP_NANOS >= settled && settled >= billed, "settled {settled}, billed {billed}");
    assert!(settled - provisional <= billed, "more than the bill without a crash to explain it");
    let verdict = stage.server.json(&["audit", "verify"]);
    assert_eq!(verdict["ok"], json!(true), "{verdict}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_at_any_step_loses_and_doubles_nothing_on_sqlite() {
    ended_at_every_point(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_at_any_step_loses_and_doubles_nothing_on_postgres() {
    ended_at_every_point(Database::Postgres).await;
}

/// A fast provider has sent, and billed, far more than the last note of progress tells.
#[tokio::test(flavor = "multi_thread")]
async fn a_kill_after_progress_was_noted_settles_no_less_than_the_bill() {
    let mut stage = Stage::new(Database::Sqlite).await;
    let fast = Behaviour { output_tokens: Some(2_000), ..Behaviour::default() };
    stage.simulator.script(fast, Vec::new());
    for round in 0..4 {
        // The second one is hundreds of pieces in.
        let streams = stage.begin(round, 2, 300).await;
        stage.server.kill9();
        futures::future::join_all(streams).await;
        stage.server.restart().await;
        stage.caller.moved(&stage.server);
    }
    eventually("the holds are resolved", LEASE + REAPER_PERIOD + MARGIN, async || {
        (stage.rows.open_holds().await == 0 && stage.simulator.bill_total().open == 0).then_some(())
    })
    .await;
    let ledger = stage.rows.ledger().await;
    let settled: i64 = ledger.iter().map(|row| row.amount).sum();
    let bill = stage.simulator.bill_total();
    assert!(settled >= i64::try_from(bill.nanos).unwrap(), "{settled}, {bill:?}: {ledger:#?}");
}
