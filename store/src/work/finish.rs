//! A worker gives a run back: it waits, it is done, or it could not be done.

use std::time::Duration;

use types::{
    ApprovalId, Payload,
    work::{EffectMove, Move, RunState, StepMove},
};

use super::{
    Bounds, Claim, Error, NewEvent, Task, Work, claim,
    decide::{REASON_BYTES_MAX, after},
    effect,
    error::bounded,
    step,
    stop::{self, PARENT_ENDED},
    task, transcript,
    tx::{self, Tx},
};

/// What a run waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// A decision of people about this approval, or its end.
    Approval(ApprovalId),
    /// The end of all tasks that it asked for.
    Children,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It was done.
    Completed {
        /// What came of it.
        result: Payload,
    },
    /// It could not be done.
    Failed {
        /// Why.
        reason: String,
        /// Whether trying again may help: then it is, later and later, until it was tried as often as it
        /// may be. It goes on with its journal.
        retry: bool,
    },
}

/// What `waiting_for` has where a task waits for those that it asked for.
pub(super) const CHILDREN: &str = "children";

impl Work {
    /// Gives a run back until something is decided or done; then it is queued again and goes on with its
    /// journal. A step that was begun and did nothing yet is named, so that it may be begun again.
    ///
    /// # Errors
    /// [`Error::Lost`], [`Error::Missing`] where there is no such step, [`Error::Move`] where it did not
    /// begin, or [`Error::Store`].
    pub async fn wait(
        &self,
        claim: &Claim,
        step: Option<u32>,
        until: Until,
        events: &[NewEvent],
    ) -> Result<(), Error> {
        let mut tx = Tx::begin(&self.inner).await?;
        claim.hold(&mut tx).await?;
        if let Some(no) = step {
            hold_step(&mut tx, claim, no).await?;
        }
        let waiting_for = match until {
            Until::Approval(approval) => approval.to_string(),
            Until::Children => CHILDREN.to_owned(),
        };
        give_back(&mut tx, claim, Some(waiting_for), None).await?;
        if let Some(place) = claim.place() {
            transcript::append(&mut tx, place, claim.task.id, events).await?;
        }
        tx.commit(("work.wait", "work.waiting")).await
    }

    /// Ends a run, tells its session, and lets the session go on where its task is over.
    ///
    /// # Errors
    /// [`Error::Lost`], [`Error::TooLong`] or [`Error::Store`].
    pub async fn finish(
        &self,
        claim: &Claim,
        outcome: &Outcome,
        events: &[NewEvent],
    ) -> Result<(), Error> {
        let mut tx = Tx::begin(&self.inner).await?;
        claim.hold(&mut tx).await?;
        let mut task = own(&mut tx, claim).await?;
        if let Some(place) = claim.place() {
            transcript::append(&mut tx, place, task.id, events).await?;
        }
        let bounds = &self.inner.options.work;
        match outcome {
            Outcome::Completed { result } => {
                tx.name(claim.tenant, result).await?;
                let result = tx::payload("result", result)?;
                sqlx::query("update tasks set result = $1 where id = $2")
                    .bind(result)
                    .bind(task.id.to_string())
                    .execute(tx.conn())
                    .await?;
                end(&mut tx, claim, &mut task, (Move::Complete, None)).await?;
            }
            Outcome::Failed { reason, retry } => {
                bounded("reason", reason.len(), REASON_BYTES_MAX)?;
                let tries_left = task.attempts < i64::from(bounds.task_attempts_max);
                match (retry, tries_left) {
                    (false, _) => {
                        end(&mut tx, claim, &mut task, (Move::Fail, Some(reason))).await?;
                    }
                    (true, true) => later(&mut tx, claim, &mut task, (bounds, reason)).await?,
                    (true, false) => {
                        step::leave(&mut tx, claim.run).await?;
                        let run = (claim.run, RunState::Running);
                        claim::bury(&mut tx, run, &mut task, reason).await?;
                    }
                }
            }
        }
        tx.commit(("work.finish", "work.finished")).await
    }
}

/// The claim's task, locked behind its run.
pub(super) async fn own(tx: &mut Tx, claim: &Claim) -> Result<Task, Error> {
    let found = task::lock(tx, claim.task.id).await?;
    found.ok_or_else(|| Error::missing("task", claim.task.id))
}

/// Lets the run and its task wait.
pub(super) async fn give_back(
    tx: &mut Tx,
    claim: &Claim,
    waiting_for: Option<String>,
    reason: Option<&str>,
) -> Result<(), Error> {
    let mut task = own(tx, claim).await?;
    task.waiting_for = waiting_for;
    task::advance(tx, &mut task, Move::Wait, reason).await?;
    set_run(tx, claim, Move::Wait, reason).await
}

/// Moves the claim's run, which is running, along its table.
async fn set_run(
    tx: &mut Tx,
    claim: &Claim,
    step: Move,
    reason: Option<&str>,
) -> Result<(), Error> {
    let state = RunState::Running.after(step)?;
    let ended = match state {
        RunState::Queued | RunState::Running | RunState::Waiting => None,
        RunState::Completed | RunState::Failed | RunState::Cancelled | RunState::Lost => {
            Some(tx.now.0)
        }
    };
    sqlx::query("update runs set state = $1, reason = $2, ended_at = $3, losses = 0 where id = $4")
        .bind(state.as_str())
        .bind(reason.map(crate::rows::plain))
        .bind(ended)
        .bind(claim.run.to_string())
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Notes that a step that was begun did nothing yet.
async fn hold_step(tx: &mut Tx, claim: &Claim, no: u32) -> Result<(), Error> {
    let known = step::find(tx.conn(), claim.run, no).await?;
    let known = known.ok_or_else(|| Error::missing("step", no))?;
    step::set(tx, (claim.run, &known), StepMove::Wait, None).await?;
    if let Some(sent) = &known.effect {
        effect::advance(tx, claim.tenant, sent, EffectMove::Hold, None).await?;
    }
    Ok(())
}

async fn end(
    tx: &mut Tx,
    claim: &Claim,
    task: &mut Task,
    (step, reason): (Move, Option<&String>),
) -> Result<(), Error> {
    let reason = reason.map(String::as_str);
    step::leave(tx, claim.run).await?;
    set_run(tx, claim, step, reason).await?;
    task::advance(tx, task, step, reason).await?;
    stop::children(tx, task.id, PARENT_ENDED).await?;
    let subject = if step == Move::Complete { "tasks.run.completed" } else { "tasks.run.failed" };
    tx.tell(task.news(subject, Some(claim.run), None))
}

/// Tries again, later and later.
async fn later(
    tx: &mut Tx,
    claim: &Claim,
    task: &mut Task,
    (bounds, reason): (&Bounds, &String),
) -> Result<(), Error> {
    task.available_at = after(tx.now, backoff(bounds, task.attempts));
    set_run(tx, claim, Move::Retry, Some(reason)).await?;
    task::advance(tx, task, Move::Retry, Some(reason)).await?;
    tx.tell(task.news("tasks.dispatch", Some(claim.run), None))
}

/// The wait before the next try, after this many.
fn backoff(bounds: &Bounds, attempts: i64) -> Duration {
    let doublings = u32::try_from(attempts.saturating_sub(1).max(0)).unwrap_or(u32::MAX).min(30);
    bounds.backoff.saturating_mul(1 << doublings).min(bounds.backoff_max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wait_is_twice_the_one_before_up_to_the_most() {
        let bounds = Bounds {
            backoff: Duration::from_secs(1),
            backoff_max: Duration::from_secs(10),
            ..Bounds::default()
        };
        let waits: Vec<u64> = (1..=6).map(|n| backoff(&bounds, n).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 10, 10]);
        assert_eq!(backoff(&bounds, i64::MAX).as_secs(), 10);
        assert_eq!(backoff(&bounds, 0).as_secs(), 1);
    }
}
