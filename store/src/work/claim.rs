//! A worker takes a run: by a lease that others may take over when it runs out, and by an epoch that makes
//! whatever the worker before still writes come to nothing.

use std::time::Duration;

use sqlx::any::AnyRow;
use types::{
    DeadLetterId, Nanos, RunId, SessionId, TaskId, TenantId, Timestamp,
    work::{EventKind, Move, RunState},
};

use super::{
    Error, Session, Step, Task, Work,
    decide::{after, tell_session},
    list, session, step,
    stop::{self, PARENT_ENDED},
    task,
    tx::Tx,
};
use crate::rows::Get;

/// A run that a worker has, until its lease runs out. Renew it well before.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// Whose the run is.
    pub tenant: TenantId,
    /// The run.
    pub run: RunId,
    /// Its task.
    pub task: Task,
    /// The session of the task, where it has one.
    pub session: Option<Session>,
    /// The worker.
    pub owner: String,
    /// Higher than that of every claim on the run before.
    pub epoch: i64,
    /// How long the lease is.
    pub lease: Duration,
    /// When the run was begun.
    pub started_at: Timestamp,
    /// What the run has used so far.
    pub used: Usage,
    /// Its journal so far, in order.
    pub steps: Vec<Step>,
}

/// What a run or a step used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Money.
    pub cost: Nanos,
    /// Tokens that models read.
    pub input_tokens: u64,
    /// Tokens that models wrote.
    pub output_tokens: u64,
    /// Calls of tools.
    pub tool_calls: u64,
}

/// How many runs that were given up one call passes over.
const LOST_MAX: usize = 16;

impl Work {
    /// Takes a run that nobody has: one whose worker lost it, else the most urgent of the queue. A run that
    /// worker after worker lost without a step forward is given up instead.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn claim(&self, owner: &str, lease: Duration) -> Result<Option<Claim>, Error> {
        for _ in 0..LOST_MAX {
            if !self.any(OPEN).await? {
                return Ok(None);
            }
            let mut tx = Tx::begin(&self.inner).await?;
            let Some(open) = next(&mut tx).await? else { return Ok(None) };
            let task = task::lock(&mut tx, open.task).await?;
            let mut task = task.ok_or_else(|| Error::missing("task", open.task))?;
            let losses = open.losses + i64::from(open.state == RunState::Running);
            if losses > i64::from(self.inner.options.work.losses_max) {
                step::leave(&mut tx, open.run).await?;
                bury(&mut tx, (open.run, open.state), &mut task, WORKERS_LOST).await?;
                tx.commit(("work.bury", "work.buried")).await?;
                continue;
            }
            let claim = take(&mut tx, &open, task, (owner, lease, losses)).await?;
            tx.tell(claim.task.news("tasks.run.started", Some(claim.run), None))?;
            tx.commit(("work.claim", "work.claimed")).await?;
            return Ok(Some(claim));
        }
        Ok(None)
    }

    /// Prolongs a claim. `false` where it is no longer the latest, or its run is over: stop at once.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn renew(&self, claim: &Claim) -> Result<bool, Error> {
        let mut tx = Tx::begin(&self.inner).await?;
        match claim.hold(&mut tx).await {
            Ok(()) => {}
            Err(Error::Lost) => return Ok(false),
            Err(error) => return Err(error),
        }
        tx.commit(("work.renew", "work.renewed")).await?;
        Ok(true)
    }
}

impl Work {
    /// Whether a run is worked on under the lease of this epoch: nobody took it since, and it is not over.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn is_current(
        &self,
        tenant: TenantId,
        run: RunId,
        epoch: i64,
    ) -> Result<bool, Error> {
        let row = sqlx::query(
            "select 1 from runs \
             where id = $1 and tenant_id = $2 and state = 'running' and lease_epoch = $3",
        )
        .bind(run.to_string())
        .bind(tenant.to_string())
        .bind(epoch)
        .fetch_optional(&self.inner.read)
        .await?;
        Ok(row.is_some())
    }

    /// Whether somebody stopped a run.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn is_stopped(&self, run: RunId) -> Result<bool, Error> {
        let row = sqlx::query("select 1 from runs where id = $1 and state = 'cancelled'")
            .bind(run.to_string())
            .fetch_optional(&self.inner.read)
            .await?;
        Ok(row.is_some())
    }
}

const WORKERS_LOST: &str = "one worker after the other ended while it had the run";

/// Leases that ran out are looked for by the clock of the database itself.
const OPEN: &str = "select 1 from runs where state in ('queued', 'running') limit 1";

impl Claim {
    /// Locks the run, if the claim is the latest on it, and prolongs the lease.
    pub(super) async fn hold(&self, tx: &mut Tx) -> Result<(), Error> {
        let until = after(tx.now, self.lease);
        // INVARIANT: every write of a claim comes behind this one in its transaction.
        let done = sqlx::query(
            "update runs set lease_until = $1 \
             where id = $2 and tenant_id = $3 and state = 'running' and lease_epoch = $4",
        )
        .bind(until.0)
        .bind(self.run.to_string())
        .bind(self.tenant.to_string())
        .bind(self.epoch)
        .execute(tx.conn())
        .await?;
        if done.rows_affected() == 1 { Ok(()) } else { Err(Error::Lost) }
    }

    /// The claim's session with its tenant.
    pub(super) fn place(&self) -> Option<(TenantId, SessionId)> {
        self.task.session.map(|session| (self.tenant, session))
    }
}

/// A run that nobody has.
struct Open {
    run: RunId,
    task: TaskId,
    state: RunState,
    epoch: i64,
    losses: i64,
    started_at: Option<Timestamp>,
    used: Usage,
}

/// The run to take, locked.
async fn next(tx: &mut Tx) -> Result<Option<Open>, Error> {
    let skip = tx.inner.dialect.for_update_skip_locked();
    let now = tx.now.0;
    let lost = format!(
        "select * from runs where state = 'running' and lease_until <= $1 \
         order by lease_until limit 1{skip}"
    );
    let row = sqlx::query(sqlx::AssertSqlSafe(lost)).bind(now).fetch_optional(tx.conn()).await?;
    if let Some(row) = row {
        return open(&row).map(Some);
    }
    let queued =
        format!("select * from runs where state = 'queued' order by priority, id limit 1{skip}");
    let row = sqlx::query(sqlx::AssertSqlSafe(queued)).fetch_optional(tx.conn()).await?;
    row.as_ref().map(open).transpose()
}

fn open(row: &AnyRow) -> Result<Open, Error> {
    let get = Get { row, table: "runs" };
    Ok(Open {
        run: get.parse("id")?,
        task: get.parse("task_id")?,
        state: get.parse("state")?,
        epoch: get.int("lease_epoch")?,
        losses: get.int("losses")?,
        started_at: get.maybe_time("started_at")?,
        used: list::used(&get)?,
    })
}

/// Raises the epoch and reads what the worker needs.
async fn take(
    tx: &mut Tx,
    open: &Open,
    mut task: Task,
    (owner, lease, losses): (&str, Duration, i64),
) -> Result<Claim, Error> {
    let started_at = open.started_at.unwrap_or(tx.now);
    let until = after(tx.now, lease);
    let epoch = open.epoch + 1;
    sqlx::query(
        "update runs set state = $1, lease_owner = $2, lease_epoch = $3, lease_until = $4, \
           losses = $5, started_at = $6 \
         where id = $7",
    )
    .bind(open.state.after(Move::Start)?.as_str())
    .bind(owner.to_owned())
    .bind(epoch)
    .bind(until.0)
    .bind(losses)
    .bind(started_at.0)
    .bind(open.run.to_string())
    .execute(tx.conn())
    .await?;
    task::advance(tx, &mut task, Move::Start, None).await?;
    let session = match task.session {
        Some(session) => session::find(tx.conn(), task.tenant, session).await?,
        None => None,
    };
    Ok(Claim {
        tenant: task.tenant,
        run: open.run,
        session,
        owner: owner.to_owned(),
        epoch,
        lease,
        started_at,
        used: open.used,
        steps: step::journal(tx.conn(), open.run).await?,
        task,
    })
}

/// Gives a task up: a dead letter keeps it for people, and its session goes on.
pub(super) async fn bury(
    tx: &mut Tx,
    (run, state): (RunId, RunState),
    task: &mut Task,
    reason: &str,
) -> Result<(), Error> {
    let now = tx.now.0;
    sqlx::query("update runs set state = $1, reason = $2, ended_at = $3 where id = $4")
        .bind(state.after(Move::Bury)?.as_str())
        .bind(reason.to_owned())
        .bind(now)
        .bind(run.to_string())
        .execute(tx.conn())
        .await?;
    task::advance(tx, task, Move::Bury, Some(reason)).await?;
    stop::children(tx, task.id, PARENT_ENDED).await?;
    sqlx::query(
        "insert into dead_letters (id, tenant_id, subject, task_id, body, reason, attempts, at) \
         values ($1, $2, 'tasks.dispatch', $3, $4, $5, $6, $7)",
    )
    .bind(DeadLetterId::generate().to_string())
    .bind(task.tenant.to_string())
    .bind(task.id.to_string())
    .bind(crate::rows::json(&serde_json::json!({ "run": run }))?)
    .bind(crate::rows::plain(reason))
    .bind(task.attempts)
    .bind(now)
    .execute(tx.conn())
    .await?;
    tell_session(tx, task, EventKind::Error, reason).await?;
    tx.tell(task.news("tasks.deadletter", Some(run), None))?;
    tx.tell(task.news("tasks.run.failed", Some(run), None))
}
