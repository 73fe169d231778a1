//! Requests as the audit chain tells of them: one line for each model call and tool call that ended or was refused,
//! and the whole story of one.

use std::collections::HashMap;

use serde_json::Value;
use sqlx::{AnyConnection, any::AnyRow};
use types::{AgentId, Label, Nanos, RequestId, SessionId, TenantId, Timestamp, audit::Kind};

use crate::{
    Error,
    audit::{self, Audit, Entry},
    rows::{self, Get, Statement},
};

/// Which requests to list.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Before this place in the chain, to go on from an earlier page.
    pub before: Option<i64>,
    /// Behind this place in the chain, to go on from what was seen.
    pub after: Option<i64>,
    /// From this instant on.
    pub from: Option<Timestamp>,
    /// Up to and without this instant.
    pub to: Option<Timestamp>,
    /// Of one of these agents; of all where none is named.
    pub agents: Vec<AgentId>,
    /// How the caller proved who it is: `key:` or `grant:` with its id.
    pub auth: Option<String>,
    /// The Cedar action, such as `callModel`.
    pub action: Option<String>,
    /// What it was done to: a model or a tool.
    pub resource: Option<String>,
    /// `ok` or a code.
    pub outcome: Option<String>,
    /// The provider that answered.
    pub provider: Option<String>,
    /// The label of what was asked.
    pub label: Option<Label>,
    /// The session.
    pub session: Option<SessionId>,
}

/// A request that ended or was refused.
#[derive(Debug, Clone)]
pub struct Request {
    /// Its last record.
    pub end: Entry,
    /// The record of its decision, where that is another one.
    pub decision: Option<Entry>,
}

/// Some requests, newest first.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// Each once.
    pub requests: Vec<Request>,
    /// Where the next page begins; `None` where there is none.
    pub next: Option<i64>,
    /// The newest place that was looked at.
    pub newest: i64,
}

/// A row of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    /// Its number.
    pub seq: i64,
    /// What it is: `charge`, `adjustment` or `release`, as the ledger has it.
    pub kind: String,
    /// Whose attempt.
    pub attempt: String,
    /// The provider that was called.
    pub provider: String,
    /// The model that was called.
    pub model: String,
    /// What was charged.
    pub amount: Nanos,
    /// The part beyond the hold.
    pub overrun: Nanos,
    /// What the charge was computed from.
    pub basis: String,
    /// When.
    pub at: Timestamp,
}

/// The outcome of a decision that ends nothing.
const PERMIT: &str = "permit";
/// How many records one call looks through at most, whatever it finds.
const LOOKED_MAX: i64 = 200_000;
/// The most records and holds that one request is told with.
const STORY_MAX: i64 = 1_000;
/// A charge is booked so many seconds after its request's last record at most; corrections come whenever they come.
const CHARGED_WITHIN: i64 = 60 * 60;

impl Audit {
    /// Requests of a tenant that ended or were refused, newest first, looking through 200,000 records at most.
    ///
    /// # Errors
    /// [`Error::Unavailable`] or [`Error::Corrupt`].
    pub async fn requests(
        &self,
        tenant: TenantId,
        wanted: &Wanted,
        limit: u32,
    ) -> Result<Page, Error> {
        let mut conn = self.inner.read.acquire().await?;
        let end = match (wanted.before, wanted.to) {
            (Some(before), _) => before,
            (None, Some(to)) => place(&mut conn, to).await?,
            (None, None) => last(&mut conn).await?.saturating_add(1),
        };
        let first = match wanted.from {
            Some(from) => place(&mut conn, from).await?,
            None => 1,
        };
        let first = first.max(wanted.after.unwrap_or_default().saturating_add(1));
        let begin = first.max(end.saturating_sub(LOOKED_MAX));
        let rows = matching(&mut conn, (tenant, wanted), (begin, end), limit).await?;
        let found: Vec<Entry> = rows.iter().map(audit::entry).collect::<Result<_, _>>()?;
        let full = u32::try_from(found.len()).is_ok_and(|count| count >= limit);
        let next = match found.last() {
            Some(oldest) if full => Some(oldest.seq),
            _ => (begin > first).then_some(begin),
        };
        let told = told(&mut conn, &found).await?;
        // A request has an end for each attempt; the last one is that of the request.
        let requests = found.into_iter().filter_map(|end| {
            let Told { ended, decision } = told.get(&end.record.request?)?;
            let decision = decision.clone().filter(|decision| decision.seq != end.seq);
            (*ended == end.seq).then_some(Request { end, decision })
        });
        let requests = requests.filter(|request| wanted.holds(request)).collect();
        Ok(Page { requests, next, newest: end.saturating_sub(1) })
    }

    /// The records of a request in their order, each with whether its hash is that of its content.
    ///
    /// # Errors
    /// [`Error::Unavailable`] or [`Error::Corrupt`].
    pub async fn story(
        &self,
        tenant: TenantId,
        request: RequestId,
    ) -> Result<Vec<(Entry, bool)>, Error> {
        let rows = sqlx::query(
            "select * from audit where request_id = $1 and tenant_id = $2 order by seq limit $3",
        )
        .bind(request.to_string())
        .bind(tenant.to_string())
        .bind(STORY_MAX)
        .fetch_all(&self.inner.read)
        .await?;
        rows.iter().map(|row| Ok((audit::entry(row)?, audit::is_whole(row)?))).collect()
    }

    /// The rows of the ledger that a request was charged with, oldest first, corrections included. `told` is when its
    /// first and its last record were made.
    ///
    /// # Errors
    /// [`Error::Unavailable`] or [`Error::Corrupt`].
    pub async fn charges(
        &self,
        tenant: TenantId,
        request: RequestId,
        (first, last): (Timestamp, Timestamp),
    ) -> Result<Vec<Charge>, Error> {
        let mut conn = self.inner.read.acquire().await?;
        // The ledger is not indexed by requests, but by time and by holds.
        let held = sqlx::query(
            "select distinct hold_id from ledger \
             where tenant_id = $1 and at >= $2 and at <= $3 and request_id = $4 limit $5",
        )
        .bind(tenant.to_string())
        .bind(first.plus_seconds(-CHARGED_WITHIN).0)
        .bind(last.plus_seconds(CHARGED_WITHIN).0)
        .bind(request.to_string())
        .bind(STORY_MAX)
        .fetch_all(&mut *conn)
        .await?;
        let hold = |row| Get { row, table: "ledger" }.text("hold_id");
        let held: Vec<String> = held.iter().map(hold).collect::<Result<_, _>>()?;
        let rows = rows::select_in(&mut conn, "select * from ledger where hold_id in", "", &held);
        let mut charges: Vec<Charge> =
            rows.await?.iter().map(charge).collect::<Result<_, Error>>()?;
        charges.sort_by_key(|charge| charge.seq);
        Ok(charges)
    }
}

impl Request {
    /// A text of its records: the end's, and what that does not tell the decision's.
    pub fn text(&self, key: &str) -> Option<String> {
        let records = [Some(&self.end), self.decision.as_ref()];
        records.into_iter().flatten().find_map(|entry| text(entry, key))
    }

    /// The label of what was asked, which is the decision's to tell; the end tells of the answer.
    pub fn label(&self) -> Option<String> {
        let records = [self.decision.as_ref(), Some(&self.end)];
        records.into_iter().flatten().find_map(|entry| text(entry, "label"))
    }
}

fn text(entry: &Entry, key: &str) -> Option<String> {
    entry.record.detail.value().get(key).and_then(Value::as_str).map(str::to_owned)
}

impl Wanted {
    /// Whether it is a wanted one by its details. The database looked for their text anywhere in the records.
    fn holds(&self, request: &Request) -> bool {
        let session = self.session.map(|session| session.to_string());
        let label = self.label.map(Label::as_str);
        self.provider.as_ref().is_none_or(|named| request.text("provider").as_ref() == Some(named))
            && session.is_none_or(|named| request.text("session") == Some(named))
            && label.is_none_or(|named| request.label().as_deref() == Some(named))
            && self.auth.as_ref().is_none_or(|named| request.end.record.actor.auth == *named)
    }

    /// Pieces that the text of the last record has.
    fn in_end(&self) -> Result<Vec<String>, Error> {
        let auth = self.auth.as_ref().map(|auth| piece("auth", auth));
        let provider = self.provider.as_ref().map(|provider| piece("provider", provider));
        auth.into_iter().chain(provider).collect()
    }

    /// Pieces that the text of the last record has, or that of the decision.
    fn in_either(&self) -> Result<Vec<String>, Error> {
        let label = self.label.map(|label| piece("label", label.as_str()));
        let session = self.session.map(|session| piece("session", &session.to_string()));
        label.into_iter().chain(session).collect()
    }
}

/// How a member stands in the canonical text of a record.
fn piece(key: &str, value: &str) -> Result<String, Error> {
    Ok(format!("\"{key}\":{}", rows::json(value)?))
}

fn charge(row: &AnyRow) -> Result<Charge, Error> {
    let get = Get { row, table: "ledger" };
    Ok(Charge {
        seq: get.int("seq")?,
        kind: get.text("kind")?,
        attempt: get.text("attempt_id")?,
        provider: get.text("provider")?,
        model: get.text("model")?,
        amount: get.nanos("amount")?,
        overrun: get.nanos("overrun")?,
        basis: get.text("basis")?,
        at: get.time("at")?,
    })
}

async fn matching(
    conn: &mut AnyConnection,
    (tenant, wanted): (TenantId, &Wanted),
    (begin, end): (i64, i64),
    limit: u32,
) -> Result<Vec<AnyRow>, Error> {
    let mut query = Statement::new(conn, "select * from audit where seq >= ");
    query.bind(begin)?.push(" and seq < ").bind(end)?;
    query.push(" and tenant_id = ").bind(tenant.to_string())?;
    query.push(" and request_id is not null and (kind = ").bind(Kind::Completion.as_str())?;
    query.push(" or (kind = ").bind(Kind::Decision.as_str())?;
    query.push(" and outcome <> ").bind(PERMIT.to_owned())?.push("))");
    let instants = [(" and at >= ", wanted.from), (" and at < ", wanted.to)];
    for (condition, at) in instants {
        if let Some(at) = at {
            query.push(condition).bind(at.0)?;
        }
    }
    if !wanted.agents.is_empty() {
        query.push(" and actor in ").open();
        for agent in &wanted.agents {
            query.item(agent.to_string())?;
        }
        query.close();
    }
    for (condition, text) in [
        (" and action = ", wanted.action.as_ref()),
        (" and resource = ", wanted.resource.as_ref()),
        (" and outcome = ", wanted.outcome.as_ref()),
    ] {
        if let Some(text) = text {
            query.push(condition).bind(text.clone())?;
        }
    }
    for piece in wanted.in_end()? {
        query.push(" and ").contains("body", piece)?;
    }
    for piece in wanted.in_either()? {
        query.push(" and (").contains("body", piece.clone())?;
        query.push(" or exists (select 1 from audit d where d.request_id = audit.request_id");
        query.push(" and d.kind = ").bind(Kind::Decision.as_str())?;
        query.push(" and ").contains("d.body", piece)?.push("))");
    }
    query.push(" order by seq desc limit ").bind(i64::from(limit))?;
    query.fetch(conn).await
}

/// What is known of a request beside one of its records.
#[derive(Default)]
struct Told {
    /// The place of the last record that ends it.
    ended: i64,
    decision: Option<Entry>,
}

/// What else is known of the requests of these records.
async fn told(
    conn: &mut AnyConnection,
    ended: &[Entry],
) -> Result<HashMap<RequestId, Told>, Error> {
    let ids: Vec<String> =
        ended.iter().filter_map(|entry| entry.record.request.map(|id| id.to_string())).collect();
    let mut found: HashMap<RequestId, Told> = HashMap::new();
    let rows = rows::select_in(conn, "select * from audit where request_id in", "", &ids).await?;
    for row in &rows {
        let entry = audit::entry(row)?;
        let Some(id) = entry.record.request else { continue };
        let told = found.entry(id).or_default();
        let ends = match entry.record.kind {
            Kind::Completion => true,
            Kind::Decision => entry.record.outcome != PERMIT,
            Kind::Admin | Kind::System => false,
        };
        if ends {
            told.ended = told.ended.max(entry.seq);
        }
        if entry.record.kind == Kind::Decision {
            told.decision = Some(entry);
        }
    }
    Ok(found)
}

/// The number of the last record.
async fn last(conn: &mut AnyConnection) -> Result<i64, Error> {
    let row = sqlx::query("select seq from audit_head where id = 1").fetch_optional(conn).await?;
    row.map_or(Ok(0), |row| Get { row: &row, table: "audit_head" }.int("seq"))
}

/// The place of the first record that was made at an instant or later. Numbers have no gap, and records are made in
/// about the order of their numbers, so that halving finds it.
pub(crate) async fn place(conn: &mut AnyConnection, at: Timestamp) -> Result<i64, Error> {
    let (mut low, mut high) = (1, last(conn).await?.saturating_add(1));
    while low < high {
        let middle = low + (high - low) / 2;
        let row = sqlx::query("select at from audit where seq = $1")
            .bind(middle)
            .fetch_optional(&mut *conn)
            .await?;
        let made = row.map(|row| Get { row: &row, table: "audit" }.time("at")).transpose()?;
        match made {
            Some(made) if made < at => low = middle + 1,
            _ => high = middle,
        }
    }
    Ok(low)
}
