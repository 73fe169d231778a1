//! Sums as builds before the ninth schema kept them: a row for each model of each agent with each key.

use sqlx::AssertSqlSafe;
use store::spend::{Group, Line};
use types::{KeyId, Timestamp};

use super::{ALL, HOUR, agents};
use crate::support::{Database, agent_id, tenant};

const DAY: i64 = 24 * HOUR;

/// Two models of one agent, with a key and without: on a day 2, 3 and 4 calls, 9 on the next.
const CALLS: [(i64, &str, &str, bool, i64); 4] = [
    (20_000, "openai", "gpt", true, 2),
    (20_000, "openai", "gpt", false, 3),
    (20_000, "openai", "o", true, 4),
    (20_001, "groq", "gpt", true, 9),
];

/// The rows that such a build had of them. Every call cost a hundred, and took 5 or 100 ms.
fn rows() -> String {
    let mut rows = String::new();
    for (day, provider, model, keyed, calls) in CALLS {
        let (tenant, agent) = (tenant(), agent_id());
        let key = if keyed { KeyId::from_parts(1, 3).to_string() } else { String::new() };
        let whose = format!("'{provider}', '{model}', '{agent}', '{key}'");
        for (span, starts) in [("day", day * DAY), ("hour", day * DAY + 5 * HOUR)] {
            rows += &format!(
                "insert into spend values ('{tenant}', '{span}', {starts}, {whose}, {calls}, 1, \
                 {calls} * 100, 10, 20, 30, {calls} * 7, 40, 50, 60);\n"
            );
        }
        // The buckets of 5 ms and of 96 to 111 ms.
        for (bucket, calls) in [(5, calls - 1), (22, 1)] {
            rows += &format!(
                "insert into spend_latency values ('{tenant}', {}, {whose}, {bucket}, {calls});\n",
                day * DAY
            );
        }
    }
    rows
}

pub(super) async fn reports_go_on_from_the_sums_of_an_earlier_build(database: &Database) {
    let mut conn = database.built(8).await;
    sqlx::raw_sql(AssertSqlSafe(agents())).execute(&mut conn).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(rows())).execute(&mut conn).await.unwrap();
    let store = database.open().await;
    let spend = store.spend();
    let by = async |group, from, to| {
        let lines = spend.by(group, tenant(), Timestamp(from), Timestamp(to)).await.unwrap();
        let told = |line: &Line| (line.name.clone(), line.calls, line.amount.0);
        lines.iter().map(told).collect::<Vec<_>>()
    };
    let key = KeyId::from_parts(1, 3).to_string();
    let expected: [&[(&str, u64, i64)]; ALL.len()] = [
        &[("openai", 9, 930), ("groq", 9, 910)],
        &[("gpt", 14, 1_430), ("o", 4, 410)],
        &[("default", 18, 1_840)],
        &[(&key, 15, 1_530), ("-", 3, 310)],
        &[("2024-10-04", 9, 930), ("2024-10-05", 9, 910)],
        &[("default", 18, 1_840)],
    ];
    for (group, expected) in ALL.into_iter().zip(expected) {
        let expected: Vec<_> = expected.iter().map(|(n, c, a)| ((*n).to_owned(), *c, *a)).collect();
        assert_eq!(by(group, 0, i64::MAX).await, expected, "{group:?}");
    }
    // Whole days come from their own sums, the hours at the edges from theirs.
    let (six, hour) = (20_000 * DAY + 6 * HOUR, 20_001 * DAY + 6 * HOUR);
    assert_eq!(by(Group::Model, six, hour).await, [("gpt".to_owned(), 9, 910)]);

    let lines = spend.by(Group::Model, tenant(), Timestamp(0), Timestamp(i64::MAX)).await.unwrap();
    let line = lines.iter().find(|line| line.name == "o").unwrap();
    assert_eq!((line.p50_ms, line.p99_ms), (Some(5), Some(111)));
    assert_eq!((line.errors, line.overrun.0, line.provisional.0), (1, 10, 20));
    assert_eq!((line.saved.0, line.input_tokens, line.cached_tokens), (30, 28, 40));
    assert_eq!((line.output_tokens, line.reasoning_tokens), (50, 60));
}
