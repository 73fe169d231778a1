//! The audit chain: rows that only grow, each hashed over the one before it.

use std::{
    collections::{HashMap, HashSet},
    fmt::Write as _,
    sync::Arc,
};

use ring::digest;
use sqlx::{AnyConnection, Row as _, any::AnyRow};
use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use types::{
    RequestId, TenantId, Timestamp, Trace,
    audit::{Detail, Kind, Record},
};

use crate::{
    Dialect, Error, requests,
    rows::{self, Get, Statement},
    store::Inner,
    writer::Handle,
};

/// The most bytes that a record may have as JSON, so that its event fits a message of the bus.
pub const RECORD_BYTES_MAX: usize = 256 * 1024;

/// The hash in front of the first record.
const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// How many rows are read at once.
const PAGE: i64 = 1000;

/// A handle of the audit chain; clones are cheap.
#[derive(Clone)]
pub struct Audit {
    pub(crate) inner: Arc<Inner>,
    pub(crate) writer: Handle,
}

/// A record with its place in the chain.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its number, from 1 without a gap.
    pub seq: i64,
    /// The record.
    pub record: Record,
    /// The hash of the record before it, in hexadecimal.
    pub prev_hash: String,
    /// SHA-256 of the bytes of `prev_hash` (32, not its text) and of the record's JSON.
    pub hash: String,
}

/// Which records to show.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this tenant only.
    pub tenant: Option<TenantId>,
    /// Of this kind only.
    pub kind: Option<Kind>,
    /// Of this request only.
    pub request: Option<RequestId>,
    /// With a number above this one, to go on from what was seen.
    pub after: Option<i64>,
    /// With a number below this one, to go back from what was seen.
    pub before: Option<i64>,
    /// By this actor: a name or an id, as records have it.
    pub actor: Option<String>,
    /// From this instant on.
    pub from: Option<Timestamp>,
    /// Up to and without this instant.
    pub to: Option<Timestamp>,
}

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Whether the whole chain holds.
    pub ok: bool,
    /// How many rows were checked, up to and without the first bad one.
    pub checked: u64,
    /// The first row that does not fit.
    pub first_bad: Option<Bad>,
    /// The number of the last row that fits.
    pub seq: i64,
    /// Its hash: compare it with what the bus or another witness has.
    pub hash: String,
}

/// A row that does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bad {
    /// Its number.
    pub seq: i64,
    /// What is wrong with it.
    pub why: String,
}

impl Audit {
    /// Appends a record and waits until it is durable. While the database is away it waits in the
    /// writer. Appending the same record (by its id) again changes nothing.
    ///
    /// # Errors
    /// [`Error::RecordTooLarge`], or [`Error::Busy`] where the writer cannot take it.
    pub async fn append(&self, record: Record) -> Result<(), Error> {
        self.writer.note(Draft::new(record)?).await
    }

    /// Recomputes the chain from its first row and compares it with its head.
    ///
    /// It finds a row that was changed, deleted, inserted or moved, and a tail that was cut off
    /// without changing the head. Whoever can write to the database can also cut the tail and set
    /// the head back, or compute a whole new chain: no check of the database alone can find that.
    /// For this the number and hash of every record are published to the bus with the record;
    /// compare [`Verdict::seq`] and [`Verdict::hash`] with what a witness there has.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn verify(&self) -> Result<Verdict, Error> {
        // The head is read first: rows that are appended meanwhile only make the chain longer.
        let head = sqlx::query("select seq, hash from audit_head where id = 1")
            .fetch_optional(&self.inner.read)
            .await?;
        let mut walk = Walk { checked: 0, seq: 0, hash: GENESIS.to_owned(), at_head: None };
        let head: Option<(i64, String)> = match &head {
            Some(row) => Some((row.try_get("seq")?, row.try_get("hash")?)),
            None => None,
        };
        loop {
            let rows = page(&self.inner, walk.seq).await?;
            let full = i64::try_from(rows.len()).is_ok_and(|n| n == PAGE);
            for row in &rows {
                if let Err(bad) = walk.step(row, head.as_ref()) {
                    return Ok(walk.verdict(Some(bad)));
                }
            }
            if !full {
                break;
            }
        }
        let bad = walk.compare(head.as_ref());
        Ok(walk.verdict(bad))
    }

    /// The latest records that match, newest first; at most 10,000.
    ///
    /// # Errors
    /// [`Error::Unavailable`] or [`Error::Corrupt`].
    pub async fn tail(&self, filter: &Filter, limit: u32) -> Result<Vec<Entry>, Error> {
        let mut conn = self.inner.read.acquire().await?;
        let first = match filter.from {
            Some(from) => requests::place(&mut conn, from).await?,
            None => 1,
        };
        let after = filter.after.unwrap_or_default().max(first - 1);
        let mut query = Statement::new(&conn, "select * from audit where seq > ");
        query.bind(after)?;
        if let Some(to) = filter.to {
            query.push(" and seq < ").bind(requests::place(&mut conn, to).await?)?;
        }
        if let Some(tenant) = filter.tenant {
            query.push(" and tenant_id = ").bind(tenant.to_string())?;
        }
        if let Some(kind) = filter.kind {
            query.push(" and kind = ").bind(kind.as_str())?;
        }
        if let Some(request) = filter.request {
            query.push(" and request_id = ").bind(request.to_string())?;
        }
        if let Some(before) = filter.before {
            query.push(" and seq < ").bind(before)?;
        }
        if let Some(actor) = &filter.actor {
            query.push(" and actor = ").bind(actor.clone())?;
        }
        query.push(" order by seq desc limit ").bind(i64::from(limit.min(10_000)))?;
        let rows = query.fetch(&mut conn).await?;
        rows.iter().map(entry).collect()
    }

    /// The place behind which the records of an instant and later are; 0 where none is named.
    ///
    /// # Errors
    /// [`Error::Unavailable`] or [`Error::Corrupt`].
    pub async fn before(&self, from: Option<Timestamp>) -> Result<i64, Error> {
        let Some(from) = from else { return Ok(0) };
        let mut conn = self.inner.read.acquire().await?;
        Ok(requests::place(&mut conn, from).await? - 1)
    }

    /// Writes the whole chain as JSON Lines: `seq`, `prev_hash`, `hash` and `record`, whose text
    /// is byte for byte what was hashed. Returns how many lines.
    ///
    /// # Errors
    /// [`Error::Unavailable`], or an error of the writer as [`sqlx::Error::Io`] within it.
    pub async fn export<W: AsyncWrite + Unpin>(&self, mut out: W) -> Result<u64, Error> {
        let (mut after, mut lines) = (0, 0);
        loop {
            let rows = page(&self.inner, after).await?;
            if rows.is_empty() {
                break;
            }
            for row in &rows {
                let get = Get { row, table: "audit" };
                after = get.int("seq")?;
                let (prev, hash) = (get.text("prev_hash")?, get.text("hash")?);
                let body = get.text("body")?;
                let line = format!(
                    "{{\"seq\":{after},\"prev_hash\":\"{prev}\",\"hash\":\"{hash}\",\"record\":{body}}}\n"
                );
                out.write_all(line.as_bytes()).await.map_err(sqlx::Error::Io)?;
                lines += 1;
            }
        }
        out.flush().await.map_err(sqlx::Error::Io)?;
        Ok(lines)
    }
}

/// Where a verification stands.
struct Walk {
    checked: u64,
    seq: i64,
    hash: String,
    /// The chain's hash at the head's number, once it is passed.
    at_head: Option<String>,
}

impl Walk {
    fn step(&mut self, row: &AnyRow, head: Option<&(i64, String)>) -> Result<(), Bad> {
        let expected = self.seq + 1;
        let unreadable = |error: Error| Bad { seq: expected, why: error.to_string() };
        let get = Get { row, table: "audit" };
        let seq = get.int("seq").map_err(unreadable)?;
        let bad = |why: &str| Err(Bad { seq, why: why.to_owned() });
        if seq != expected {
            return Err(Bad { seq: expected, why: format!("missing: the next row is {seq}") });
        }
        if get.text("prev_hash").map_err(unreadable)? != self.hash {
            return bad("it does not follow the row before it");
        }
        let body = get.text("body").map_err(unreadable)?;
        let hash = get.text("hash").map_err(unreadable)?;
        if hash_of(&self.hash, &body).as_ref() != Some(&hash) {
            return bad("its hash is not that of its content");
        }
        // The columns are copies for queries; one that was changed would show another truth.
        let record: Record = match serde_json::from_str(&body) {
            Ok(record) => record,
            Err(_) => return bad("its body is not an audit record"),
        };
        for (column, value) in columns(&record) {
            if get.maybe_text(column).map_err(unreadable)? != value {
                return Err(Bad { seq, why: format!("its column `{column}` was changed") });
            }
        }
        if get.int("at").map_err(unreadable)? != record.at.0 {
            return bad("its column `at` was changed");
        }
        self.checked += 1;
        self.seq = seq;
        self.hash = hash;
        if head.is_some_and(|(at, _)| *at == seq) {
            self.at_head = Some(self.hash.clone());
        }
        Ok(())
    }

    fn compare(&self, head: Option<&(i64, String)>) -> Option<Bad> {
        let bad = |seq: i64, why: &str| Some(Bad { seq, why: why.to_owned() });
        match head {
            None => bad(self.seq, "the head of the chain is missing"),
            Some((0, hash)) if hash == GENESIS => None,
            Some((seq, _)) if *seq > self.seq => {
                bad(self.seq + 1, "the chain ends before its head: rows were cut off")
            }
            Some((seq, hash)) if self.at_head.as_ref() != Some(hash) => {
                bad(*seq, "the head of the chain has another hash")
            }
            Some(_) => None,
        }
    }

    fn verdict(self, first_bad: Option<Bad>) -> Verdict {
        let Self { checked, seq, hash, .. } = self;
        Verdict { ok: first_bad.is_none(), checked, first_bad, seq, hash }
    }
}

/// Appends records to the chain within a transaction and returns their places, for the outbox.
/// Records that are in the chain already are passed over, so that a batch can be written again.
pub(crate) async fn chain<'a>(
    conn: &mut AnyConnection,
    dialect: Dialect,
    records: &'a [Arc<Draft>],
) -> Result<Vec<Link<'a>>, Error> {
    if records.is_empty() {
        return Ok(Vec::new());
    }
    let query = match dialect {
        Dialect::Sqlite => "select seq, hash from audit_head where id = 1",
        Dialect::Postgres => "select seq, hash from audit_head where id = 1 for update",
    };
    let head = sqlx::query(query).fetch_one(&mut *conn).await?;
    let (mut seq, mut hash): (i64, String) = (head.try_get("seq")?, head.try_get("hash")?);
    let mut known = known(conn, records).await?;
    let (mut links, mut last) = (Vec::new(), None);
    for draft in records {
        if !known.insert(draft.record.id.to_string()) {
            continue;
        }
        let prev = hash;
        hash = hash_of(&prev, &draft.body)
            .ok_or_else(|| Error::corrupt("audit_head", "`hash` is not 64 hexadecimal digits"))?;
        seq += 1;
        last = Some(draft.record.tenant);
        links.push(Link { seq, draft, prev, hash: hash.clone() });
    }
    let Some(tenant) = last else { return Ok(Vec::new()) };
    insert(conn, &links).await?;
    sqlx::query("update audit_head set seq = $1, hash = $2, tenant_id = $3 where id = 1")
        .bind(seq)
        .bind(hash)
        .bind(tenant.to_string())
        .execute(&mut *conn)
        .await?;
    Ok(links)
}

/// A record with its JSON, which is made once: it is measured, hashed, stored and published.
pub(crate) struct Draft {
    /// Without its detail, which only the JSON has: thousands may wait for the database.
    pub(crate) record: Record,
    pub(crate) body: Box<str>,
}

impl Draft {
    /// Refuses a record that is beyond the limit.
    pub(crate) fn new(mut record: Record) -> Result<Self, Error> {
        let body = Self::body(&record)?;
        record.detail = Detail::default();
        Ok(Self { record, body })
    }

    /// As [`Self::new`], of a record that stays.
    pub(crate) fn of(record: &Record) -> Result<Self, Error> {
        Ok(Self { body: Self::body(record)?, record: record.outline() })
    }

    fn body(record: &Record) -> Result<Box<str>, Error> {
        /// More than all of a record but its detail has, as a rule.
        const OUTLINE_BYTES: usize = 512;
        let mut body = Vec::with_capacity(record.detail.as_str().len() + OUTLINE_BYTES);
        serde_json::to_writer(&mut body, record).map_err(|error| Error::corrupt("json", error))?;
        let bytes = body.len();
        if bytes > RECORD_BYTES_MAX {
            return Err(Error::RecordTooLarge { bytes });
        }
        let body = String::from_utf8(body).map_err(|error| Error::corrupt("json", error))?;
        Ok(body.into_boxed_str())
    }

    /// The draft of a record that was written down as JSON.
    pub(crate) fn read(body: &[u8]) -> Result<Self, Error> {
        let corrupt = || Error::corrupt("journal", "an audit record is not one");
        let body = String::from_utf8(body.to_vec()).map_err(|_| corrupt())?;
        let mut record: Record = serde_json::from_str(&body).map_err(|_| corrupt())?;
        record.detail = Detail::default();
        Ok(Self { record, body: body.into_boxed_str() })
    }

    /// The trace that the record's detail names.
    pub(crate) fn trace(&self) -> Option<Trace> {
        #[derive(serde::Deserialize)]
        struct Body {
            detail: Traced,
        }
        #[derive(serde::Deserialize)]
        struct Traced {
            trace: Option<Trace>,
        }
        serde_json::from_str::<Body>(&self.body).ok()?.detail.trace
    }
}

/// A draft at its place in the chain.
pub(crate) struct Link<'a> {
    pub(crate) seq: i64,
    pub(crate) draft: &'a Draft,
    pub(crate) prev: String,
    pub(crate) hash: String,
}

async fn insert(conn: &mut AnyConnection, links: &[Link<'_>]) -> Result<(), Error> {
    let head = "insert into audit (seq, id, tenant_id, kind, request_id, at, actor, action, \
                resource, outcome, body, prev_hash, hash)";
    rows::insert(conn, head, "", links, |row, link| {
        let columns: HashMap<_, _> = columns(&link.draft.record).into_iter().collect();
        let text = |name: &str| columns.get(name).cloned().flatten();
        row.item(link.seq)?;
        for name in ["id", "tenant_id", "kind", "request_id"] {
            row.item(text(name))?;
        }
        row.item(link.draft.record.at.0)?;
        for name in ["actor", "action", "resource", "outcome"] {
            row.item(text(name))?;
        }
        row.item(link.draft.body.to_string())?;
        row.item(link.prev.clone())?;
        row.item(link.hash.clone())?;
        Ok(())
    })
    .await?;
    Ok(())
}

/// The text columns that repeat a part of the record. The body has a NUL escaped.
fn columns(record: &Record) -> [(&'static str, Option<String>); 8] {
    let plain = |text: &str| Some(rows::plain(text));
    [
        ("id", Some(record.id.to_string())),
        ("tenant_id", Some(record.tenant.to_string())),
        ("kind", Some(record.kind.as_str().to_owned())),
        ("request_id", record.request.map(|id| id.to_string())),
        ("actor", plain(&record.actor.id)),
        ("action", plain(&record.action)),
        ("resource", plain(&record.resource)),
        ("outcome", plain(&record.outcome)),
    ]
}

async fn known(conn: &mut AnyConnection, records: &[Arc<Draft>]) -> Result<HashSet<String>, Error> {
    let ids: Vec<String> = records.iter().map(|draft| draft.record.id.to_string()).collect();
    let rows = rows::select_in(conn, "select id from audit where id in", "", &ids).await?;
    rows.iter().map(|row| Get { row, table: "audit" }.text("id")).collect()
}

async fn page(inner: &Inner, after: i64) -> Result<Vec<AnyRow>, Error> {
    let query = "select * from audit where seq > $1 order by seq limit $2";
    Ok(sqlx::query(query).bind(after).bind(PAGE).fetch_all(&inner.read).await?)
}

/// Whether a row's hash is that of its content.
pub(crate) fn is_whole(row: &AnyRow) -> Result<bool, Error> {
    let get = Get { row, table: "audit" };
    let (prev, body, hash) = (get.text("prev_hash")?, get.text("body")?, get.text("hash")?);
    Ok(hash_of(&prev, &body).as_ref() == Some(&hash))
}

pub(crate) fn entry(row: &AnyRow) -> Result<Entry, Error> {
    let get = Get { row, table: "audit" };
    Ok(Entry {
        seq: get.int("seq")?,
        record: get.json("body")?,
        prev_hash: get.text("prev_hash")?,
        hash: get.text("hash")?,
    })
}

/// SHA-256 of the previous hash's bytes and the body's; `None` where the previous hash is no hash.
fn hash_of(prev: &str, body: &str) -> Option<String> {
    let digits = prev.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let mut context = digest::Context::new(&digest::SHA256);
    for pair in digits.chunks(2) {
        let pair = std::str::from_utf8(pair).ok()?;
        context.update(&[u8::from_str_radix(pair, 16).ok()?]);
    }
    context.update(body.as_bytes());
    let mut hash = String::with_capacity(64);
    for byte in context.finish().as_ref() {
        write!(hash, "{byte:02x}").ok()?;
    }
    Some(hash)
}
