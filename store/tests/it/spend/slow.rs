//! A long ledger of calls of every kind, and the same reports from its rows.

use std::collections::BTreeMap;

use sqlx::{AnyConnection, Row as _, any::AnyRow};
use store::spend::{Group, Line};
use types::{AgentId, AttemptId, HoldId, KeyId, Nanos, RequestId, Timestamp};

use crate::support::{MODEL, PROVIDER, agent_id, tenant};

pub(super) const MODELS: [&str; 4] = [MODEL, "gpt-mini", "o", "a'b"];
const DAYS: i64 = 60;
const HOUR: i64 = 3_600_000_000;

/// The same throws in every run.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, end: i64) -> i64 {
        // Constants of Knuth's MMIX.
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from(self.0 >> 33)
            .unwrap()
            .rem_euclid(end.min(1 << 30))
            .saturating_mul((end >> 30).max(1))
    }

    pub(crate) fn one_of<'t, T>(&mut self, all: &'t [T]) -> &'t T {
        &all[usize::try_from(self.below(i64::try_from(all.len()).unwrap())).unwrap()]
    }
}

/// The tenant and its one known agent.
pub(crate) fn agents() -> String {
    let (tenant, agent) = (tenant(), agent_id());
    format!(
        "insert into tenants values ('{tenant}', 'default', 1);\n\
         insert into agents values ('{agent}', '{tenant}', 'default', 'user', '[]', '', 1, null);\n"
    )
}

/// Rows of so many calls in the days before `now`, as a build of the second schema wrote them.
pub(crate) fn history(dice: &mut Dice, now: Timestamp, calls: usize) -> String {
    let mut rows = Vec::new();
    for _ in 0..calls {
        let call = Call::thrown(dice, now);
        let amount = dice.below(1_000_000);
        match dice.below(6) {
            0 => rows.push(call.row("provisional", amount, call.at)),
            1 => {
                rows.push(call.row("provisional", amount, call.at));
                let later = Timestamp(call.at.0 + dice.below(30 * HOUR));
                rows.push(call.row("correction", dice.below(amount + 1) - amount, later));
            }
            _ => rows.push(call.row("settlement", amount, call.at)),
        }
    }
    format!(
        "insert into ledger (tenant_id, hold_id, kind, agent_id, key_id, request_id, attempt_id, \
         provider, model, price_row, path, amount, overrun, basis, input_tokens, cached_tokens, \
         output_tokens, reasoning_tokens, usage, at) values\n{};",
        rows.join(",\n")
    )
}

struct Call {
    hold: HoldId,
    agent: AgentId,
    key: String,
    model: String,
    provider: &'static str,
    at: Timestamp,
    overrun: i64,
    tokens: [i64; 4],
}

impl Call {
    fn thrown(dice: &mut Dice, now: Timestamp) -> Self {
        let known = dice.below(3) > 0;
        let other = AgentId::from_parts(1, u128::try_from(12 + dice.below(3)).unwrap());
        let key = KeyId::from_parts(1, u128::try_from(30 + dice.below(4)).unwrap());
        Self {
            hold: HoldId::generate(),
            agent: if known { agent_id() } else { other },
            key: if dice.below(4) > 0 { format!("'{key}'") } else { "null".to_owned() },
            model: dice.one_of(&MODELS).replace('\'', "''"),
            provider: if dice.below(2) == 0 { PROVIDER } else { "groq" },
            at: Timestamp(now.0 - dice.below(DAYS * 24 * HOUR)),
            overrun: if dice.below(20) == 0 { dice.below(1_000) } else { 0 },
            tokens: [5_000, 1_000, 2_000, 500].map(|most| dice.below(most)),
        }
    }

    fn row(&self, kind: &str, amount: i64, at: Timestamp) -> String {
        let Self { hold, agent, key, model, provider, overrun, .. } = self;
        let tokens = if kind == "provisional" { [0; 4] } else { self.tokens };
        let [input, cached, output, reasoning] = tokens;
        let (request, attempt) = (RequestId::from_parts(1, 4), AttemptId::from_parts(1, 5));
        format!(
            "('{}', '{hold}', '{kind}', '{agent}', {key}, '{request}', '{attempt}', '{provider}', \
             '{model}', 'test', '[]', {amount}, {overrun}, 'provider', {input}, {cached}, {output}, \
             {reasoning}, null, {})",
            tenant(),
            at.0
        )
    }
}

/// A row of the ledger, as far as reports are about it.
pub(super) struct Row {
    pub(super) kind: String,
    basis: String,
    provider: String,
    model: String,
    agent: String,
    key: String,
    at: Timestamp,
    ended: Option<String>,
    took: Option<u64>,
    amount: i64,
    overrun: i64,
    saved: i64,
    routed: i64,
    tokens: [u64; 4],
}

/// The whole ledger.
pub(super) async fn ledger(conn: &mut AnyConnection) -> Vec<Row> {
    let query = "select ledger.*, coalesce(agents.name, agent_id) as agent from ledger \
                 left join agents on agents.id = ledger.agent_id";
    let rows = sqlx::query(query).fetch_all(conn).await.unwrap();
    let count = |row: &AnyRow, column: &str| u64::try_from(row.get::<i64, _>(column)).unwrap();
    let columns = ["input_tokens", "cached_tokens", "output_tokens", "reasoning_tokens"];
    let read = |row: &AnyRow| Row {
        kind: row.get("kind"),
        basis: row.get("basis"),
        provider: row.get("provider"),
        model: row.get("model"),
        agent: row.get("agent"),
        key: row.get::<Option<String>, _>("key_id").unwrap_or_else(|| "-".to_owned()),
        at: Timestamp(row.get("at")),
        ended: row.get("ended"),
        took: row.get::<Option<i64>, _>("took_ms").map(|took| took.unsigned_abs()),
        amount: row.get("amount"),
        overrun: row.get("overrun"),
        saved: row.get("saved"),
        routed: row.get("routed"),
        tokens: columns.map(|column| count(row, column)),
    };
    rows.iter().map(read).collect()
}

/// A report from rows of the ledger, with the exact percentiles.
pub(super) fn by<'r>(
    rows: impl Iterator<Item = &'r Row>,
    group: Group,
    (from, to): (Timestamp, Timestamp),
) -> Vec<Line> {
    // Percentiles are of the whole days that a report touches.
    let day = 24 * HOUR;
    let days = from.0 / day * day..to.0.saturating_add(day - 1) / day * day;
    let mut found: BTreeMap<String, Sums> = BTreeMap::new();
    for row in rows.filter(|row| days.contains(&row.at.0)) {
        let name = match group {
            Group::Provider => row.provider.clone(),
            Group::Model => row.model.clone(),
            Group::Agent => row.agent.clone(),
            Group::Key => row.key.clone(),
            Group::Day => row.at.to_string()[..10].to_owned(),
            Group::Tenant => "default".to_owned(),
        };
        let sums = found.entry(name).or_default();
        if row.ended.as_deref() == Some("answered") {
            sums.times.extend(row.took);
        }
        if from <= row.at && row.at < to {
            sums.add(row);
        }
    }
    let told = found.into_iter().filter(|(_, sums)| sums.rows > 0);
    let mut lines: Vec<Line> = told.map(|(name, sums)| sums.line(name)).collect();
    if group != Group::Day {
        lines.sort_by(|a, b| b.amount.cmp(&a.amount).then(a.name.cmp(&b.name)));
    }
    lines
}

/// What the rows of one line come to.
#[derive(Default)]
struct Sums {
    rows: u64,
    calls: u64,
    errors: i64,
    amount: i64,
    overrun: i64,
    provisional: i64,
    saved: i64,
    routed: i64,
    tokens: [u64; 4],
    times: Vec<u64>,
}

impl Sums {
    fn add(&mut self, row: &Row) {
        let failed = row.ended.as_deref() == Some("failed");
        let (calls, errors, provisional) = match row.kind.as_str() {
            "settlement" => (1, i64::from(failed), 0),
            "provisional" => (1, 1, row.amount),
            // An export's share of what the reaper charged.
            "reconciled" if row.basis == "provisional" => (0, 0, row.amount),
            "reconciled" => (0, 0, 0),
            _ => (0, -i64::from(!failed), row.amount),
        };
        self.rows += 1;
        self.calls += calls;
        self.errors += errors;
        self.provisional += provisional;
        self.amount += row.amount + row.overrun;
        self.overrun += row.overrun;
        self.saved += row.saved;
        self.routed += row.routed;
        for (sum, more) in self.tokens.iter_mut().zip(row.tokens) {
            *sum += more;
        }
    }

    fn line(mut self, name: String) -> Line {
        self.times.sort_unstable();
        let rank = |permille: usize| (self.times.len() * permille).div_ceil(1000).max(1);
        let at = |permille| self.times.get(rank(permille) - 1).copied();
        let [input_tokens, cached_tokens, output_tokens, reasoning_tokens] = self.tokens;
        Line {
            name,
            calls: self.calls,
            errors: u64::try_from(self.errors).unwrap_or(0),
            amount: Nanos(self.amount),
            overrun: Nanos(self.overrun),
            provisional: Nanos(self.provisional),
            saved: Nanos(self.saved),
            routed: Nanos(self.routed),
            input_tokens,
            cached_tokens,
            output_tokens,
            reasoning_tokens,
            p50_ms: at(500),
            p99_ms: at(990),
        }
    }
}

/// What was told, with the exact percentiles in place of told ones that are at most a quarter
/// above them.
pub(super) fn close_to(mut told: Vec<Line>, found: &[Line]) -> Vec<Line> {
    for (told, found) in told.iter_mut().zip(found) {
        for (told, found) in [(&mut told.p50_ms, found.p50_ms), (&mut told.p99_ms, found.p99_ms)] {
            if let (Some(high), Some(exact)) = (*told, found)
                && exact <= high
                && high - exact <= exact / 4
            {
                *told = found;
            }
        }
    }
    told
}
