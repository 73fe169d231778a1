//! The rows of approvals and of the votes on them.

use std::collections::HashMap;

use sqlx::{AnyConnection, any::AnyRow};
use types::{ApprovalId, TenantId, Timestamp};

use super::approval::{Approval, NewApproval, Subject, Vote};
use crate::{
    Dialect, Error,
    rows::{self, Get},
};

/// Lets one ask of a tenant in at a time on Postgres, so that no two of them count the same rows
/// or both find nothing. An ask is short, and the head of the audit chain orders them anyway.
pub(super) async fn lock_tenant(
    conn: &mut AnyConnection,
    dialect: Dialect,
    tenant: TenantId,
) -> Result<(), Error> {
    let query = format!("select 1 from tenants where tenant_id = $1{}", dialect.for_update());
    let found = sqlx::query(sqlx::AssertSqlSafe(query))
        .bind(tenant.to_string())
        .fetch_optional(conn)
        .await?;
    let missing = || Error::Missing { noun: "tenant", name: tenant.to_string() };
    found.map(drop).ok_or_else(missing)
}

/// Reads an approval with its votes and locks it until the transaction ends. The clock is read
/// once it is locked: waiting for the lock may take as long as the approval lives.
pub(super) async fn lock(
    conn: &mut AnyConnection,
    dialect: Dialect,
    id: ApprovalId,
) -> Result<Option<(Approval, Timestamp)>, Error> {
    let query = format!("select * from approvals where id = $1{}", dialect.for_update());
    let row = sqlx::query(sqlx::AssertSqlSafe(query))
        .bind(id.to_string())
        .fetch_optional(&mut *conn)
        .await?;
    let now = crate::store::now(conn, dialect).await?;
    let Some(row) = row else { return Ok(None) };
    let found = with_votes(conn, &[row], now).await?;
    Ok(found.into_iter().next().map(|approval| (approval, now)))
}

/// The approval that counts for a subject: one that can be used now, else the one that waits, else
/// the latest.
pub(super) async fn of_subject(
    conn: &mut AnyConnection,
    subject: &Subject,
    now: Timestamp,
) -> Result<Option<Approval>, Error> {
    let row = sqlx::query(
        "select * from approvals where tenant_id = $1 and subject_hash = $2 and kind = $3 \
           and requester_kind = $4 and requester = $5 and policy_hash = $6 \
         order by case \
           when status = 'approved' and coalesce(ends_at, expires_at) > $7 then 0 \
           when status = 'pending' and expires_at > $7 then 1 else 2 end, \
           created_at desc, id desc limit 1",
    )
    .bind(subject.tenant.to_string())
    .bind(subject.subject_hash.clone())
    .bind(subject.kind.as_str())
    .bind(subject.requester_kind.as_str())
    .bind(subject.requester.clone())
    .bind(subject.policy_hash.clone())
    .bind(now.0)
    .fetch_optional(&mut *conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(with_votes(conn, &[row], now).await?.into_iter().next())
}

/// Makes room for a new question: one that nobody answered in time would keep its place for ever.
pub(super) async fn lapse(
    conn: &mut AnyConnection,
    subject: &Subject,
    now: Timestamp,
) -> Result<(), Error> {
    sqlx::query(
        "update approvals set status = 'expired' where status = 'pending' and expires_at <= $1 \
           and tenant_id = $2 and kind = $3 and requester_kind = $4 and requester = $5 \
           and subject_hash = $6 and policy_hash = $7",
    )
    .bind(now.0)
    .bind(subject.tenant.to_string())
    .bind(subject.kind.as_str())
    .bind(subject.requester_kind.as_str())
    .bind(subject.requester.clone())
    .bind(subject.subject_hash.clone())
    .bind(subject.policy_hash.clone())
    .execute(conn)
    .await?;
    Ok(())
}

/// How many approvals of the tenant wait, and how many of those are the requester's.
pub(super) async fn waiting(
    conn: &mut AnyConnection,
    subject: &Subject,
    now: Timestamp,
) -> Result<(u64, u64), Error> {
    let row = sqlx::query(
        "select cast(count(*) as bigint) as everybodys, \
           cast(coalesce(sum(case when requester_kind = $1 and requester = $2 \
             then 1 else 0 end), 0) as bigint) as own \
         from approvals where tenant_id = $3 and status = 'pending' and expires_at > $4",
    )
    .bind(subject.requester_kind.as_str())
    .bind(subject.requester.clone())
    .bind(subject.tenant.to_string())
    .bind(now.0)
    .fetch_one(conn)
    .await?;
    let get = Get { row: &row, table: "approvals" };
    Ok((get.count("everybodys")?, get.count("own")?))
}

pub(super) async fn insert(
    conn: &mut AnyConnection,
    ask: &NewApproval,
    now: Timestamp,
) -> Result<(), Error> {
    sqlx::query(
        "insert into approvals (id, tenant_id, kind, requester_kind, requester, owner, \
           subject_hash, policy_hash, roles, quorum, reason, detail, status, created_at, \
           expires_at, term_seconds, arguments) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'pending', $13, $14, $15, $16)",
    )
    .bind(ask.id.to_string())
    .bind(ask.subject.tenant.to_string())
    .bind(ask.subject.kind.as_str())
    .bind(ask.subject.requester_kind.as_str())
    .bind(ask.subject.requester.clone())
    .bind(ask.owner.clone())
    .bind(ask.subject.subject_hash.clone())
    .bind(ask.subject.policy_hash.clone())
    .bind(rows::json(&ask.roles)?)
    .bind(i64::from(ask.quorum.get()))
    .bind(rows::plain(&ask.reason))
    .bind(rows::json(&ask.detail)?)
    .bind(now.0)
    .bind(now.plus_seconds(i64::from(ask.open_seconds)).0)
    .bind(ask.term_seconds.map(i64::from))
    .bind(ask.arguments.as_ref().map(|sealed| sealed.0.clone()))
    .execute(conn)
    .await
    .map_err(|error| {
        if crate::error::is_taken(&error) {
            Error::Exists { noun: "approval", name: ask.id.to_string() }
        } else {
            error.into()
        }
    })?;
    Ok(())
}

/// Writes everything of an approval that a step changes.
pub(super) async fn save(conn: &mut AnyConnection, approval: &Approval) -> Result<(), Error> {
    sqlx::query(
        "update approvals set status = $1, decided_at = $2, used_by = $3, used_at = $4, \
           ends_at = $5 where id = $6",
    )
    .bind(approval.status.as_str())
    .bind(approval.decided_at.map(|at| at.0))
    .bind(approval.used_by.map(|id| id.to_string()))
    .bind(approval.used_at.map(|at| at.0))
    .bind(approval.ends_at.map(|at| at.0))
    .bind(approval.id.to_string())
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn insert_vote(
    conn: &mut AnyConnection,
    approval: &Approval,
    vote: &Vote,
) -> Result<(), Error> {
    sqlx::query(
        "insert into approval_votes (approval_id, tenant_id, person, roles, decision, reason, at) \
         values ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(approval.id.to_string())
    .bind(approval.subject.tenant.to_string())
    .bind(vote.person.clone())
    .bind(rows::json(&vote.roles)?)
    .bind(vote.decision.as_str())
    .bind(rows::plain(&vote.reason))
    .bind(vote.at.0)
    .execute(conn)
    .await?;
    Ok(())
}

/// Reads approvals and puts their votes to them.
pub(super) async fn with_votes(
    conn: &mut AnyConnection,
    rows: &[AnyRow],
    now: Timestamp,
) -> Result<Vec<Approval>, Error> {
    let mut approvals: Vec<Approval> =
        rows.iter().map(|row| read(row, now)).collect::<Result<_, _>>()?;
    let ids: Vec<String> = approvals.iter().map(|approval| approval.id.to_string()).collect();
    let head = "select * from approval_votes where approval_id in";
    let mut votes: HashMap<ApprovalId, Vec<Vote>> = HashMap::new();
    for row in rows::select_in(conn, head, " order by at, person", &ids).await? {
        let get = Get { row: &row, table: "approval_votes" };
        votes.entry(get.parse("approval_id")?).or_default().push(read_vote(&get)?);
    }
    for approval in &mut approvals {
        approval.votes = votes.remove(&approval.id).unwrap_or_default();
    }
    Ok(approvals)
}

fn read(row: &AnyRow, now: Timestamp) -> Result<Approval, Error> {
    let get = Get { row, table: "approvals" };
    let number = |n: i64| {
        u32::try_from(n).map_err(|_| Error::corrupt("approvals", "a number is out of range"))
    };
    let mut approval = Approval {
        id: get.parse("id")?,
        subject: Subject {
            tenant: get.parse("tenant_id")?,
            kind: get.parse("kind")?,
            requester_kind: get.parse("requester_kind")?,
            requester: get.text("requester")?,
            subject_hash: get.text("subject_hash")?,
            policy_hash: get.text("policy_hash")?,
        },
        owner: get.text("owner")?,
        roles: get.json("roles")?,
        quorum: number(get.int("quorum")?)?
            .try_into()
            .map_err(|error| Error::corrupt("approvals", error))?,
        reason: get.text("reason")?,
        detail: get.json("detail")?,
        status: get.parse("status")?,
        created_at: get.time("created_at")?,
        expires_at: get.time("expires_at")?,
        decided_at: get.maybe_time("decided_at")?,
        used_by: get.maybe("used_by")?,
        used_at: get.maybe_time("used_at")?,
        term_seconds: get.maybe_int("term_seconds")?.map(number).transpose()?,
        ends_at: get.maybe_time("ends_at")?,
        votes: Vec::new(),
    };
    approval.status = approval.status.at(approval.end(), now);
    Ok(approval)
}

fn read_vote(get: &Get<'_>) -> Result<Vote, Error> {
    Ok(Vote {
        person: get.text("person")?,
        roles: get.json("roles")?,
        decision: get.parse("decision")?,
        reason: get.text("reason")?,
        at: get.time("at")?,
    })
}
