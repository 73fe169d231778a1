//! Events that wait for the bus. They are written in the transaction of what they tell of, so none
//! is lost and none tells of what did not happen.

use std::sync::Arc;

use serde_json::Value;
use sqlx::{AnyConnection, Row as _};
use types::{
    AttemptId, Correlation, Envelope, EventId, HoldId, Nanos, Payload, Priority, RequestId, Schema,
    TenantId, Timestamp, answer::Usage, audit::Kind,
};

use crate::{
    Error, accounts,
    audit::{Draft, Link},
    rows::{self, Get, Statement},
    store::Inner,
};

/// A handle of the outbox; clones are cheap.
#[derive(Clone)]
pub struct Outbox {
    pub(crate) inner: Arc<Inner>,
}

impl Outbox {
    /// How many events wait for the bus.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn waiting(&self) -> Result<u64, Error> {
        let row = sqlx::query(
            "select cast(count(*) as bigint) as waiting from outbox where published_at is null",
        )
        .fetch_one(&self.inner.read)
        .await?;
        Get { row: &row, table: "outbox" }.count("waiting")
    }

    /// Takes the oldest waiting events for a while, so that of several relays one publishes each.
    pub(crate) async fn claim(&self, limit: i64) -> Result<Vec<Envelope>, Error> {
        let dialect = self.inner.dialect;
        if !self.any().await? {
            return Ok(Vec::new());
        }
        let mut tx = self.inner.write.begin_with(dialect.begin()).await?;
        let now = crate::store::now(&mut tx, dialect).await?;
        let select = format!(
            "select id, body from outbox where published_at is null and claimed_until <= $1 \
             order by id limit $2{}",
            dialect.for_update_skip_locked()
        );
        let found = sqlx::query(sqlx::AssertSqlSafe(select))
            .bind(now.0)
            .bind(limit)
            .fetch_all(&mut *tx)
            .await?;
        let ids: Result<Vec<String>, _> = found.iter().map(|row| row.try_get("id")).collect();
        set(&mut tx, "claimed_until", now.plus_seconds(CLAIM_SECONDS).0, &ids?).await?;
        tx.commit().await?;
        let read = |row| Get { row, table: "outbox" }.json("body");
        found.iter().map(read).collect()
    }

    /// Whether there is anything to claim. Asked of a connection that reads, since a relay that
    /// only looks must not keep the writer waiting.
    async fn any(&self) -> Result<bool, Error> {
        let mut conn = self.inner.read.acquire().await?;
        let now = crate::store::now(&mut conn, self.inner.dialect).await?;
        let query =
            "select 1 from outbox where published_at is null and claimed_until <= $1 limit 1";
        Ok(sqlx::query(query).bind(now.0).fetch_optional(&mut *conn).await?.is_some())
    }

    /// Gives claimed events back at once, after the bus refused them.
    pub(crate) async fn give_back(&self, ids: &[EventId]) -> Result<(), Error> {
        self.mark("claimed_until", false, ids).await
    }

    /// Marks events that the bus acknowledged.
    pub(crate) async fn published(&self, ids: &[EventId]) -> Result<(), Error> {
        self.mark("published_at", true, ids).await
    }

    async fn mark(&self, column: &'static str, now: bool, ids: &[EventId]) -> Result<(), Error> {
        if ids.is_empty() {
            return Ok(());
        }
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let mut tx = self.inner.write.begin_with(self.inner.dialect.begin()).await?;
        let at = if now { crate::store::now(&mut tx, self.inner.dialect).await?.0 } else { 0 };
        set(&mut tx, column, at, &ids).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Waits until events may be waiting.
    pub(crate) async fn rung(&self) {
        self.inner.outbox.notified().await;
    }
}

/// How long a relay may take over what it claimed.
const CLAIM_SECONDS: i64 = 30;

/// Sets a column of some rows. Rows are locked in the order of their ids.
async fn set(
    conn: &mut AnyConnection,
    column: &'static str,
    value: i64,
    ids: &[String],
) -> Result<(), Error> {
    for chunk in rows::chunks(ids) {
        let mut query = Statement::new(conn, "update outbox set ");
        query.push(column).push(" = ").bind(value)?.push(" where id in ").open();
        for id in chunk {
            query.item(id.clone())?;
        }
        query.close();
        query.execute(&mut *conn).await?;
    }
    Ok(())
}

/// An event as its row has it.
pub(crate) struct Event {
    id: EventId,
    tenant: TenantId,
    subject: String,
    at: Timestamp,
    /// The envelope as JSON.
    body: String,
}

impl Event {
    /// Puts a payload, which is JSON, into an envelope that has none. The payload is copied as it
    /// is instead of being read and written again.
    pub(crate) fn new(envelope: Envelope, payload: &str) -> Result<Self, Error> {
        let size_bytes = u64::try_from(payload.len()).unwrap_or(u64::MAX);
        let content_type = "application/json".to_owned();
        let payload_ref = Payload::Inline { content_type, size_bytes, inline: Value::Null };
        let envelope = Envelope { payload_ref, ..envelope };
        let shell = rows::json(&envelope)?;
        // Within a JSON string the quotes would be escaped, so there is one such place.
        let (before, after) = shell
            .split_once(HOLE)
            .ok_or_else(|| Error::corrupt("outbox", "the envelope has no place for a payload"))?;
        Ok(Self {
            id: envelope.event_id,
            tenant: envelope.tenant_id,
            subject: envelope.event_type,
            at: envelope.occurred_at,
            body: format!("{before}\"inline\":{payload}{after}"),
        })
    }

    /// An envelope with its payload.
    pub(crate) fn whole(envelope: &Envelope) -> Result<Self, Error> {
        Ok(Self {
            id: envelope.event_id,
            tenant: envelope.tenant_id,
            subject: envelope.event_type.clone(),
            at: envelope.occurred_at,
            body: rows::json(envelope)?,
        })
    }
}

/// An envelope's JSON where its payload goes.
const HOLE: &str = "\"inline\":null";

/// Adds events to the outbox within a transaction. One that is there already is passed over.
pub(crate) async fn insert(conn: &mut AnyConnection, events: &[Event]) -> Result<(), Error> {
    let head = "insert into outbox (id, tenant_id, subject, body, created_at, claimed_until)";
    rows::insert(conn, head, " on conflict (id) do nothing", events, |row, event| {
        row.item(event.id.to_string())?;
        row.item(event.tenant.to_string())?;
        row.item(event.subject.clone())?;
        row.item(event.body.clone())?;
        row.item(event.at.0)?;
        row.item(0_i64)?;
        Ok(())
    })
    .await
}

/// Removes what was published before a time, and holds that ended before it. Those of a process that may come back
/// stay: its journal may know what they really cost.
pub(crate) async fn prune(inner: &Inner, before: Timestamp) -> Result<(), Error> {
    let mut conn = inner.write.acquire().await?;
    for query in [
        "delete from outbox where id in (select id from outbox \
         where published_at is not null and published_at < $1 limit 10000)",
        "delete from holds where id in (select id from holds \
         where state in ('released', 'settled') and lease_until < $1 \
           and not exists (select 1 from slices s where s.id = holds.slice_id and s.state = 'lapsed') \
         limit 10000)",
    ] {
        sqlx::query(query).bind(before.0).execute(&mut *conn).await?;
    }
    Ok(())
}

/// The event of an audit record. Its id is the record's, so that writing it again is one event. It
/// carries number and hash: whoever keeps them is a witness of the chain.
pub(crate) fn audit_event(link: &Link<'_>) -> Result<Event, Error> {
    let Link { seq, draft, prev, hash } = link;
    let Draft { record, body } = draft;
    let id = record.id.to_string().replacen(types::AuditId::PREFIX, EventId::PREFIX, 1);
    let subject = match record.kind {
        Kind::Decision => "audit.decision",
        Kind::Completion => "audit.completion",
        Kind::Admin => "audit.admin",
        Kind::System => "audit.system",
    };
    let payload =
        format!(r#"{{"seq":{seq},"prev_hash":"{prev}","hash":"{hash}","record":{body}}}"#);
    let envelope = Envelope {
        event_id: id.parse().map_err(|error| Error::corrupt("outbox", error))?,
        event_type: subject.to_owned(),
        occurred_at: record.at,
        tenant_id: record.tenant,
        workspace_id: None,
        actor: record.actor.clone(),
        trace: link.draft.trace(),
        correlation: Correlation {
            parent: record.request.map(|id| id.to_string()),
            ..Correlation::default()
        },
        idempotency_key: record.id.to_string(),
        priority: Priority::System,
        payload_ref: nothing(),
        schema: Schema { name: "orchestack.audit.record".to_owned(), version: 1 },
    };
    Event::new(envelope, &payload)
}

/// A ledger row as it is published: with the accounts as its row in SQL has them.
#[derive(serde::Serialize)]
struct Charged<'a> {
    hold: HoldId,
    kind: budget::LedgerKind,
    attempt: AttemptId,
    request: RequestId,
    tenant: TenantId,
    amount: Nanos,
    overrun: Nanos,
    basis: budget::Basis,
    usage: Option<Usage>,
    provider: &'a str,
    model: &'a str,
    price_row: &'a str,
    at: Timestamp,
    path: Vec<String>,
}

/// The event of a ledger row. Its id is made of the hold's and the row's kind.
pub(crate) fn ledger_event(row: &budget::LedgerRow) -> Result<Event, Error> {
    let (subject, salt) = match row.kind {
        budget::LedgerKind::Settlement => ("budget.settled", 1),
        budget::LedgerKind::Provisional => ("budget.provisional", 2),
        budget::LedgerKind::Correction => ("budget.corrected", 3),
        budget::LedgerKind::Moved => ("budget.moved", 4),
        budget::LedgerKind::Kept => ("budget.kept", 5),
        budget::LedgerKind::Reconciled => ("budget.reconciled", 6),
    };
    let payload = rows::json(&Charged {
        hold: row.hold,
        kind: row.kind,
        attempt: row.attempt,
        request: row.request,
        tenant: row.tenant,
        amount: row.amount,
        overrun: row.overrun,
        basis: row.basis,
        usage: row.usage,
        provider: &row.provider,
        model: &row.model,
        price_row: &row.price_row,
        at: row.at,
        path: row.path.iter().map(accounts::within).collect(),
    })?;
    let envelope = Envelope {
        event_id: derived(&format!("{}/{salt}", row.hold), row.at),
        event_type: subject.to_owned(),
        occurred_at: row.at,
        tenant_id: row.tenant,
        workspace_id: None,
        actor: system_actor(),
        trace: None,
        correlation: Correlation {
            parent: Some(row.request.to_string()),
            ..Correlation::default()
        },
        idempotency_key: format!("{}/{}", row.hold, row.kind),
        priority: Priority::System,
        payload_ref: nothing(),
        schema: Schema { name: "orchestack.budget.row".to_owned(), version: 1 },
    };
    Event::new(envelope, &payload)
}

/// This process itself, as an actor.
pub(crate) fn system_actor() -> types::Actor {
    types::Actor {
        kind: types::ActorType::System,
        id: "store".to_owned(),
        auth: "process".to_owned(),
    }
}

/// An id that the same name and time give again.
fn derived(name: &str, at: Timestamp) -> EventId {
    let hash = ring::digest::digest(&ring::digest::SHA256, name.as_bytes());
    let mut random = [0_u8; 16];
    random.iter_mut().zip(hash.as_ref().iter().take(10)).for_each(|(to, from)| *to = *from);
    let milliseconds = u64::try_from(at.0 / 1000).unwrap_or_default();
    EventId::from_parts(milliseconds, u128::from_be_bytes(random) >> 48)
}

/// The payload of an envelope that gets its own from [`Event::new`].
pub(crate) const fn nothing() -> Payload {
    Payload::Inline { content_type: String::new(), size_bytes: 0, inline: Value::Null }
}

#[cfg(test)]
mod tests {
    use types::{Actor, ActorType, AuditId, Trace, audit::Record};

    use super::*;

    #[test]
    fn an_event_is_its_envelope_with_the_record_in_it() {
        let record = Record {
            id: AuditId::generate(),
            at: Timestamp(5),
            tenant: TenantId::from_parts(1, 1),
            kind: Kind::Decision,
            request: None,
            actor: Actor {
                kind: ActorType::Agent,
                // What a caller chose cannot be taken for the place of the payload.
                id: HOLE.to_owned(),
                auth: "key".to_owned(),
            },
            action: "callModel".to_owned(),
            resource: HOLE.to_owned(),
            outcome: "permit".to_owned(),
            commit: String::new(),
            detail: serde_json::json!({
                "inline": null, "text": "a \" b", "trace": { "trace_id": "ab", "span_id": "cd" },
            })
            .into(),
        };
        let told = record.clone();
        let draft = Draft::new(record).unwrap();
        let (prev, hash) = ("aa".to_owned(), "bb".to_owned());
        let event = audit_event(&Link { seq: 7, draft: &draft, prev, hash }).unwrap();
        let envelope: Envelope = serde_json::from_str(&event.body).unwrap();
        assert_eq!((envelope.event_id, &envelope.event_type), (event.id, &event.subject));
        assert_eq!(envelope.actor, draft.record.actor);
        let trace = Trace { trace_id: "ab".to_owned(), span_id: "cd".to_owned() };
        assert_eq!(envelope.trace, Some(trace));
        let Payload::Inline { inline, size_bytes, .. } = envelope.payload_ref else {
            panic!("not inline")
        };
        assert_eq!(usize::try_from(size_bytes).unwrap(), inline.to_string().len());
        assert_eq!(inline["seq"], 7);
        assert_eq!((&inline["prev_hash"], &inline["hash"]), (&"aa".into(), &"bb".into()));
        let read: Record = serde_json::from_value(inline["record"].clone()).unwrap();
        assert_eq!(read, told);
    }
}
