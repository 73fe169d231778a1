//! How long a report takes over a long ledger: the median and the longest of some runs in
//! milliseconds, for each kind of report over 30 and over 90 days, on SQLite and on Postgres; and
//! the same question asked of the ledger itself, once.
//!
//! `cargo bench --bench report -- 10000000`, or with `10000000 400` for as many agents
//!
//! The ledger is written by SQL: calls spread evenly over 90 days, 12 models, 5 providers, 40 agents
//! with a key each, so that a model of an agent has calls on every day and in nearly every hour. It
//! lies in a database of the schema before the one by dimensions, with the sums of that: opening the
//! store migrates it.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a bench prints, and fails as tests do"
)]

use std::time::{Duration, Instant};

use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, migrate::Migrator};
use store::{Options, Store, spend::Group};
use types::{RequestId, TenantId, Timestamp};

const DAY: i64 = 24 * 60 * 60 * 1_000_000;
const DAYS: i64 = 90;
const RUNS: usize = 11;
/// The last schema whose reports read sums of every model of every agent.
const SCHEMA: i64 = 8;
const GROUPS: [Group; 6] =
    [Group::Provider, Group::Model, Group::Agent, Group::Key, Group::Day, Group::Tenant];

/// A ledger's.
#[derive(Clone, Copy)]
struct Size {
    rows: i64,
    agents: i64,
}

static SQLITE: Migrator = sqlx::migrate!("../migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("../migrations/postgres");

fn tenant() -> TenantId {
    TenantId::from_parts(1, 1)
}

#[tokio::main]
async fn main() {
    let mut numbers = std::env::args().filter_map(|word| word.parse().ok());
    let rows = numbers.next().unwrap_or(100_000);
    let size = Size { rows, agents: numbers.next().unwrap_or(40) };
    let folder = tempfile::tempdir().expect("a folder");
    let file = format!("sqlite://{}/report.db", folder.path().display());
    measure("SQLite", &format!("{file}?mode=rwc"), size).await;
    drop(folder);
    let (mut admin, url, name) = postgres().await;
    measure("Postgres", &url, size).await;
    let remove = format!("drop database {name} with (force)");
    sqlx::query(AssertSqlSafe(remove)).execute(&mut admin).await.expect("the database goes");
}

/// A new database on the server of the tests.
async fn postgres() -> (AnyConnection, String, String) {
    sqlx::any::install_default_drivers();
    #[expect(clippy::disallowed_methods, reason = "where the tests' server is, not a setting")]
    let server = std::env::var("ORCHESTACK_TEST_POSTGRES");
    let server =
        server.unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/postgres".to_owned());
    let mut admin = AnyConnection::connect(&server).await.expect("Postgres answers");
    let name = format!("bench_report_{}", RequestId::generate().to_string().to_lowercase());
    let make = format!("create database {name}");
    sqlx::query(AssertSqlSafe(make)).execute(&mut admin).await.expect("a new database");
    let (base, _) = server.rsplit_once('/').expect("an address with a database");
    (admin, format!("{base}/{name}"), name)
}

async fn measure(what: &str, url: &str, size: Size) {
    sqlx::any::install_default_drivers();
    let now = Timestamp::now();
    let mut conn = AnyConnection::connect(url).await.expect("a connection");
    let started = Instant::now();
    fill(&mut conn, size, now).await;
    let Size { rows, agents } = size;
    println!(
        "{what}: a ledger of {rows} rows of {agents} agents, written in {} s",
        started.elapsed().as_secs()
    );
    let started = Instant::now();
    let options = Options { url: url.to_owned(), ..Options::default() };
    let store = Store::open(&options).await.expect("the store opens");
    println!("{what}: migrated in {:.1} s", started.elapsed().as_secs_f64());
    let analyze = sqlx::query("analyze").execute(&mut conn).await;
    analyze.expect("statistics, as a server makes them by itself");
    for table in ["spend_sums", "spend_latencies"] {
        let count = format!("select count(*) from {table}");
        let count: i64 =
            sqlx::query_scalar(AssertSqlSafe(count)).fetch_one(&mut conn).await.unwrap();
        println!("{what}: {count} rows of {table}");
    }
    println!("{:>10} {:>10} {:>18} {:>18}", "", "lines", "30 days", "90 days");
    for group in GROUPS {
        let (lines, month) = times(&store, group, now, 30).await;
        let (_, all) = times(&store, group, now, DAYS).await;
        let show = |times: &[Duration]| {
            let ms = |at: usize| times[at].as_micros() as f64 / 1000.0;
            format!("{:.1} / {:.1}", ms(times.len() / 2), ms(times.len() - 1))
        };
        let name = format!("{group:?}").to_lowercase();
        println!("{name:>10} {lines:>10} {:>18} {:>18}", show(&month), show(&all));
    }
    let started = Instant::now();
    let slow = "select model, cast(sum(amount) as bigint), cast(sum(input_tokens) as bigint) \
                from ledger where tenant_id = $1 and at >= $2 group by 1";
    let asked = sqlx::query(slow).bind(tenant().to_string()).bind(now.0 - 30 * DAY);
    let lines = asked.fetch_all(&mut conn).await.expect("the ledger adds up").len();
    println!("{:>10} {lines:>10} {:>15} ms", "the ledger", started.elapsed().as_millis());
    store.close().await;
}

/// How many lines a report has, and sorted times of some runs of it. As the admin API asks where
/// nothing else is said: whole days.
async fn times(store: &Store, group: Group, now: Timestamp, days: i64) -> (usize, Vec<Duration>) {
    let to = Timestamp((now.0 / DAY + 1) * DAY);
    let from = Timestamp(to.0 - days * DAY);
    let mut lines = 0;
    let mut times = Vec::with_capacity(RUNS);
    for _ in 0..RUNS {
        let started = Instant::now();
        lines = store.spend().by(group, tenant(), from, to).await.expect("a report").len();
        times.push(started.elapsed());
    }
    times.sort();
    (lines, times)
}

async fn fill(conn: &mut AnyConnection, Size { rows, agents }: Size, now: Timestamp) {
    let sqlite = conn.backend_name() == "SQLite";
    let migrations = if sqlite { &SQLITE } else { &POSTGRES };
    migrations.run_to(SCHEMA, &mut *conn).await.expect("the schema before");
    let (numbers, session, sums) = if sqlite {
        (
            format!(
                "with recursive numbers (n) as \
                 (select 0 union all select n + 1 from numbers where n + 1 < {rows})"
            ),
            "pragma synchronous = off; pragma cache_size = -200000",
            include_str!("../../migrations/sqlite/0003_spend.sql"),
        )
    } else {
        (
            format!(
                "with numbers (n) as (select n from generate_series(0::bigint, {rows} - 1) as g (n))"
            ),
            "set synchronous_commit = off; set work_mem = '256MB'",
            include_str!("../../migrations/postgres/0003_spend.sql"),
        )
    };
    let (_, sums) = sums.split_once("insert into spend ").expect("the migration adds up");
    let tenant = tenant();
    let (start, step) = (now.0 - DAYS * DAY, DAYS * DAY / rows);
    let provider = "'provider-' || (n % 12 % 5)";
    // From a fifth of a second to about five, most of them short.
    let took = "200 + (n * 48271 % 1000) * (n * 48271 % 1000) / 200";
    let ledger = format!(
        "{numbers} insert into ledger (tenant_id, hold_id, kind, agent_id, key_id, request_id, \
         attempt_id, provider, model, price_row, path, amount, overrun, basis, input_tokens, \
         cached_tokens, output_tokens, reasoning_tokens, usage, at, ended, took_ms, saved) \
         select '{tenant}', 'hold_01BENCH' || n, 'settlement', \
         'agent_01KBENCH000000000000000' || (n / 12 % {agents}), \
         'key_01KBENCH00000000000000000' || (n / 12 % {agents}), 'req_' || n, 'att_' || n, \
         {provider}, 'provider-' || (n % 12 % 5) || '/model-' || (n % 12), \
         'bench', '[]', 1000 + n % 100000, 0, 'provider', 1000, 100, 200, 50, null, \
         {start} + n * {step}, 'answered', {took}, 10 from numbers"
    );
    let octaves: Vec<String> = (2..20).map(|octave| format!("({octave})")).collect();
    let latencies = format!(
        "with octaves (o) as (values {}) \
         insert into spend_latency (tenant_id, day, provider, model, agent_id, key_id, bucket, \
         calls) select tenant_id, at - at % {DAY}, provider, model, agent_id, key_id, \
         o * 4 + ((took_ms >> (o - 2)) & 3) - 4, count(*) from ledger join octaves \
         on took_ms >= (1 << o) and took_ms < (2 << o) group by 1, 2, 3, 4, 5, 6, 7",
        octaves.join(", ")
    );
    for statement in [session, &ledger, &format!("insert into spend {sums}"), &latencies] {
        sqlx::raw_sql(AssertSqlSafe(statement.to_owned()))
            .execute(&mut *conn)
            .await
            .expect("the ledger is filled");
    }
}
