//! A person says what became of an effect that nobody knows about.

use policy::AdminPermit;
use serde_json::json;
use sqlx::any::AnyRow;
use types::{
    RunId, TaskId, TenantId, Timestamp,
    audit::Record,
    work::{EffectClass, EffectMove, EffectState, Move, StepMove, StepState, TaskState},
};

use super::{
    Error, Work,
    decide::inline,
    effect, reap, step, stop, task,
    tx::{self, Tx},
};
use crate::rows::Get;

types::names! {
    /// What became of an effect, as a person says.
    Resolution {
        /// It happened: the run goes on behind it.
        Happened = "happened",
        /// It did not happen, and may: the run does it again.
        Retry = "retry",
        /// It must not happen any more: the task fails.
        Abort = "abort",
    }
}

/// An effect that nobody knows about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    /// Its receiver's key.
    pub key: String,
    /// Its class.
    pub class: EffectClass,
    /// The tool or the connector.
    pub what: String,
    /// SHA-256 of the arguments, in hexadecimal.
    pub args_hash: String,
    /// Its task.
    pub task: TaskId,
    /// Its run.
    pub run: RunId,
    /// Its step.
    pub step: u32,
    /// Since when.
    pub since: Timestamp,
}

/// The most effects that one list shows.
const LIST_MAX: u32 = 1000;

impl Work {
    /// The effects of a tenant that nobody knows about, oldest first; at most 1,000.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn unknown(&self, tenant: TenantId, limit: u32) -> Result<Vec<Unknown>, Error> {
        let found = sqlx::query(
            "select e.*, r.task_id from effects e join runs r on r.id = e.run_id \
             where e.tenant_id = $1 and e.state = 'unknown' order by e.at, e.idempotency_key \
             limit $2",
        )
        .bind(tenant.to_string())
        .bind(i64::from(limit.min(LIST_MAX)))
        .fetch_all(&self.inner.read)
        .await?;
        found.iter().map(read).collect()
    }

    /// Writes what became of an effect, and lets its run go on where that waits for it. What was said is the
    /// effect's receipt. Of several people the first one's word counts.
    ///
    /// # Errors
    /// [`Error::Missing`]; [`Error::Move`] where somebody knows; [`Error::Store`], also where the permit is
    /// for reading only.
    pub async fn resolve(
        &self,
        permit: &AdminPermit,
        key: &str,
        resolution: Resolution,
        record: &Record,
    ) -> Result<(), Error> {
        let tenant = permit.tenant();
        let mut tx = Tx::begin_permitted(&self.inner, permit).await?;
        let (id, run, no) = place(&mut tx, tenant, key).await?;
        let locked = stop::lock_run(&mut tx, id).await?;
        let task = task::lock(&mut tx, id).await?;
        let missing = || Error::missing("effect", key);
        let (locked, mut task) = locked.zip(task).ok_or_else(missing)?;
        let known = step::find(tx.conn(), run, no).await?.ok_or_else(missing)?;
        let sent = known.effect.clone().ok_or_else(missing)?;
        let (moved, stepped) = match resolution {
            Resolution::Happened => (EffectMove::Confirm, StepMove::Finish),
            Resolution::Retry => (EffectMove::Hold, StepMove::Wait),
            Resolution::Abort => (EffectMove::Abort, StepMove::Fail),
        };
        // From other states some of these moves exist, but then there is no question to answer.
        if sent.state != EffectState::Unknown {
            let (from, step) = (sent.state.as_str(), moved.as_str());
            return Err(Error::Move(types::work::BadMove { noun: "effect", from, step }));
        }
        let said = json!({ "resolved": resolution, "by": permit.actor() });
        effect::advance(&mut tx, tenant, &sent, moved, Some(&said)).await?;
        if known.state == StepState::Unknown {
            let output = tx::payload("output", &inline(said))?;
            step::set(&mut tx, (run, &known), stepped, Some(output)).await?;
        }
        if task.state == TaskState::Waiting && task.waiting_for.is_none() {
            match resolution {
                Resolution::Happened | Resolution::Retry => {
                    reap::resume(&mut tx, locked, &mut task).await?;
                }
                Resolution::Abort => {
                    stop::close(&mut tx, id, Move::Fail, "a person stopped its effect").await?;
                }
            }
        }
        tx.commit_recorded(record, ("work.resolve", "work.resolved")).await
    }
}

/// The task, run and step of an effect.
async fn place(tx: &mut Tx, tenant: TenantId, key: &str) -> Result<(TaskId, RunId, u32), Error> {
    let row = sqlx::query(
        "select e.*, r.task_id from effects e join runs r on r.id = e.run_id \
         where e.tenant_id = $1 and e.idempotency_key = $2",
    )
    .bind(tenant.to_string())
    .bind(crate::rows::plain(key))
    .fetch_optional(tx.conn())
    .await?;
    let row = row.ok_or_else(|| Error::missing("effect", key))?;
    let found = read(&row)?;
    Ok((found.task, found.run, found.step))
}

fn read(row: &AnyRow) -> Result<Unknown, Error> {
    let get = Get { row, table: "effects" };
    Ok(Unknown {
        key: get.text("idempotency_key")?,
        class: get.parse("class")?,
        what: get.text("what")?,
        args_hash: get.text("args_hash")?,
        task: get.parse("task_id")?,
        run: get.parse("run_id")?,
        step: step::number(&get)?,
        since: get.time("at")?,
    })
}
