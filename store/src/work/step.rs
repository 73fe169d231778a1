//! The journal of a run: a step is written before it is done and after.

use serde_json::Value;
use sqlx::{AnyConnection, any::AnyRow};
use types::{
    Nanos, Payload, RequestId, RunId, Timestamp,
    work::{EffectClass, EffectMove, StepKind, StepMove, StepState},
};

use super::{
    Claim, Effect, Error, NewEffect, NewEvent, Usage, Work, effect,
    park::{self, Ask},
    transcript,
    tx::{self, Tx},
};
use crate::rows::{self, Get};

/// A step that is about to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewStep {
    /// Its number in the run.
    pub no: u32,
    /// What it does.
    pub kind: StepKind,
    /// SHA-256 of its input, in hexadecimal. Begun again, it must be the same.
    pub input_hash: String,
    /// What it does to the world; `None` where nothing.
    pub effect: Option<NewEffect>,
}

/// A step of a run's journal.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Its number in the run.
    pub no: u32,
    /// What it does.
    pub kind: StepKind,
    /// SHA-256 of its input, in hexadecimal.
    pub input_hash: String,
    /// Where it stands.
    pub state: StepState,
    /// How often it was begun.
    pub attempts: i64,
    /// What came of it.
    pub output: Option<Payload>,
    /// What it does to the world.
    pub effect: Option<Effect>,
    /// What it cost, over all attempts that ended.
    pub cost: Nanos,
    /// The request that it made last.
    pub request: Option<RequestId>,
    /// When it was last begun.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

/// What to do with a step.
#[derive(Debug, Clone, PartialEq)]
pub enum Begun {
    /// Do it. At a higher attempt an effect that can be looked up must be, before it is sent again.
    Go {
        /// How often it was begun, this one included.
        attempt: i64,
    },
    /// It was done before, with this output.
    Done(Payload),
    /// It was begun too often, or nobody knows whether it happened. People are asked and the claim is over:
    /// stop.
    Parked,
}

/// How a step ended.
#[derive(Debug, Clone, PartialEq)]
pub struct StepEnd {
    /// Its number.
    pub no: u32,
    /// Whether it was done.
    pub end: End,
    /// What came of it, or went wrong.
    pub output: Payload,
    /// What the receiver of its effect said.
    pub receipt: Option<Value>,
    /// What it used.
    pub used: Usage,
    /// The request that it was.
    pub request: Option<RequestId>,
    /// What the session is told.
    pub transcript: Vec<NewEvent>,
}

/// Whether a step was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It was. A tool that answers with an error was called all the same.
    Done,
    /// It had no effect, and may be begun again.
    Failed,
    /// Nobody knows whether its effect happened. People are asked and the claim is over: stop.
    Unknown,
}

impl Work {
    /// Writes that a step is begun, with its effect, before anything of it is done.
    ///
    /// # Errors
    /// [`Error::Lost`], [`Error::Diverged`] or [`Error::Store`].
    pub async fn begin_step(&self, claim: &Claim, step: &NewStep) -> Result<Begun, Error> {
        let mut tx = Tx::begin(&self.inner).await?;
        claim.hold(&mut tx).await?;
        let known = find(tx.conn(), claim.run, step.no).await?;
        if known.as_ref().is_some_and(|known| known.differs(step)) {
            return Err(Error::Diverged { step: step.no });
        }
        let attempt = match &known {
            None => 1,
            Some(Step { state: StepState::Done, output: Some(output), .. }) => {
                return Ok(Begun::Done(output.clone()));
            }
            // It was not done: nobody died of it.
            Some(known) if known.state == StepState::Waiting => known.attempts.max(1),
            Some(known) => known.attempts + 1,
        };
        if let Some(known) = &known
            && let Some(ask) = self.ask(known, attempt)
        {
            park::park(&mut tx, claim, known, ask).await?;
            tx.commit(park::ARROW).await?;
            return Ok(Begun::Parked);
        }
        match &known {
            None => insert(&mut tx, claim, step).await?,
            Some(known) => begin_again(&mut tx, claim, known, attempt).await?,
        }
        let sent = known.as_ref().and_then(|known| known.effect.as_ref());
        effect::send(&mut tx, claim, step.no, step.effect.as_ref(), sent).await?;
        let news = claim.task.news("tasks.run.step.started", Some(claim.run), Some(step.no));
        tx.tell(news)?;
        tx.commit(("work.step.begin", "work.step.begun")).await?;
        Ok(Begun::Go { attempt })
    }

    /// Writes how a step ended: its output, what its receiver said, what it used, and what the session is
    /// told.
    ///
    /// # Errors
    /// [`Error::Lost`], [`Error::Move`] where it was not begun, [`Error::TooLong`] or [`Error::Store`].
    pub async fn end_step(&self, claim: &Claim, end: &StepEnd) -> Result<(), Error> {
        let output = tx::payload("output", &end.output)?;
        let mut tx = Tx::begin(&self.inner).await?;
        claim.hold(&mut tx).await?;
        let known = find(tx.conn(), claim.run, end.no).await?;
        let known = known.ok_or_else(|| Error::missing("step", end.no))?;
        tx.name(claim.tenant, &end.output).await?;
        charge(&mut tx, claim, &end.used).await?;
        if let Some(place) = claim.place() {
            transcript::append(&mut tx, place, claim.task.id, &end.transcript).await?;
        }
        let (step, sent) = match end.end {
            End::Done => (StepMove::Finish, EffectMove::Confirm),
            End::Failed => (StepMove::Fail, EffectMove::Fail),
            End::Unknown => {
                park::park(&mut tx, claim, &known, Ask::Effect).await?;
                return tx.commit(park::ARROW).await;
            }
        };
        set(&mut tx, (claim.run, &known), step, Some(output)).await?;
        told(&mut tx, (claim.run, end.no), (end.used.cost, end.request)).await?;
        if let Some(known) = &known.effect {
            effect::advance(&mut tx, claim.tenant, known, sent, end.receipt.as_ref()).await?;
        }
        let news = claim.task.news("tasks.run.step.completed", Some(claim.run), Some(end.no));
        tx.tell(news)?;
        tx.commit(("work.step.end", "work.step.ended")).await
    }

    /// What people must be asked before a step that is known may be begun again.
    fn ask(&self, known: &Step, attempt: i64) -> Option<Ask> {
        let sending = known.state == StepState::Started || known.state == StepState::Unknown;
        let class = known.effect.as_ref().map(|effect| effect.class);
        if sending && class == Some(EffectClass::Once) {
            return Some(Ask::Effect);
        }
        let max = i64::from(self.inner.options.work.step_attempts_max);
        (attempt >= max && known.state != StepState::Waiting).then_some(Ask::Attempts)
    }
}

impl Step {
    /// Whether a step that is begun is not this one.
    fn differs(&self, step: &NewStep) -> bool {
        self.kind != step.kind || self.input_hash != step.input_hash
    }
}

/// Adds what a step cost.
async fn told(
    tx: &mut Tx,
    (run, no): (RunId, u32),
    (cost, request): (Nanos, Option<RequestId>),
) -> Result<(), Error> {
    if cost == Nanos::ZERO && request.is_none() {
        return Ok(());
    }
    sqlx::query(
        "update steps set cost = coalesce(cost, 0) + $1, request_id = coalesce($2, request_id) \
         where run_id = $3 and step_no = $4",
    )
    .bind(cost.0)
    .bind(request.map(|id| id.to_string()))
    .bind(run.to_string())
    .bind(i64::from(no))
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Moves a step along its table. What came of it stays where nothing new is given.
pub(super) async fn set(
    tx: &mut Tx,
    (run, known): (RunId, &Step),
    step: StepMove,
    output: Option<String>,
) -> Result<(), Error> {
    let state = known.state.after(step)?;
    let over = state == StepState::Done || state == StepState::Failed;
    let ended = over.then_some(tx.now.0);
    sqlx::query(
        "update steps set state = $1, output = coalesce($2, output), ended_at = $3 \
         where run_id = $4 and step_no = $5",
    )
    .bind(state.as_str())
    .bind(output)
    .bind(ended)
    .bind(run.to_string())
    .bind(i64::from(known.no))
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Ends what a run that is over leaves begun: of an effect that may have happened nobody will know, so
/// people see it.
pub(super) async fn leave(tx: &mut Tx, run: RunId) -> Result<(), Error> {
    let now = tx.now.0;
    for query in [
        "update effects set state = 'unknown', at = $1 where run_id = $2 and state = 'sending' \
           and class not in ('pure', 'transactional')",
        "update effects set state = 'failed', at = $1 where run_id = $2 and state = 'sending'",
        "update steps set state = 'unknown', ended_at = $1 where run_id = $2 \
           and state = 'started' and step_no in \
             (select step_no from effects where run_id = $2 and state = 'unknown')",
        "update steps set state = 'failed', ended_at = $1 where run_id = $2 and state = 'started'",
    ] {
        sqlx::query(query).bind(now).bind(run.to_string()).execute(tx.conn()).await?;
    }
    Ok(())
}

async fn insert(tx: &mut Tx, claim: &Claim, step: &NewStep) -> Result<(), Error> {
    let now = tx.now.0;
    sqlx::query(
        "insert into steps (run_id, step_no, tenant_id, kind, input_hash, state, attempts, \
           started_at) \
         values ($1, $2, $3, $4, $5, $6, 1, $7)",
    )
    .bind(claim.run.to_string())
    .bind(i64::from(step.no))
    .bind(claim.tenant.to_string())
    .bind(step.kind.as_str())
    .bind(step.input_hash.clone())
    .bind(StepState::Started.as_str())
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn begin_again(tx: &mut Tx, claim: &Claim, known: &Step, attempt: i64) -> Result<(), Error> {
    let now = tx.now.0;
    sqlx::query(
        "update steps set state = $1, attempts = $2, started_at = $3, ended_at = null \
         where run_id = $4 and step_no = $5",
    )
    .bind(known.state.after(StepMove::Begin)?.as_str())
    .bind(attempt)
    .bind(now)
    .bind(claim.run.to_string())
    .bind(i64::from(known.no))
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Adds what a step used to its run: a step forward, so that losses before it do not count.
async fn charge(tx: &mut Tx, claim: &Claim, used: &Usage) -> Result<(), Error> {
    sqlx::query(
        "update runs set losses = 0, cost = cost + $1, input_tokens = input_tokens + $2, \
           output_tokens = output_tokens + $3, tool_calls = tool_calls + $4 \
         where id = $5",
    )
    .bind(used.cost.0)
    .bind(rows::signed(used.input_tokens))
    .bind(rows::signed(used.output_tokens))
    .bind(rows::signed(used.tool_calls))
    .bind(claim.run.to_string())
    .execute(tx.conn())
    .await?;
    Ok(())
}

const JOURNAL: &str = "select s.*, e.idempotency_key, e.class, e.what, e.args_hash, \
      e.state as effect_state, e.receipt, e.at \
    from steps s left join effects e on e.run_id = s.run_id and e.step_no = s.step_no \
    where s.run_id = $1";

/// The most steps of a run that are read: no limit of a run is near it.
const STEPS_MAX: i64 = 10_000;

/// All steps of a run, in order.
pub(super) async fn journal(conn: &mut AnyConnection, run: RunId) -> Result<Vec<Step>, Error> {
    let select = format!("{JOURNAL} order by s.step_no limit {STEPS_MAX}");
    let found =
        sqlx::query(sqlx::AssertSqlSafe(select)).bind(run.to_string()).fetch_all(conn).await?;
    found.iter().map(read).collect()
}

/// One step of a run.
pub(super) async fn find(
    conn: &mut AnyConnection,
    run: RunId,
    no: u32,
) -> Result<Option<Step>, Error> {
    let select = format!("{JOURNAL} and s.step_no = $2");
    let row = sqlx::query(sqlx::AssertSqlSafe(select))
        .bind(run.to_string())
        .bind(i64::from(no))
        .fetch_optional(conn)
        .await?;
    row.as_ref().map(read).transpose()
}

fn read(row: &AnyRow) -> Result<Step, Error> {
    let get = Get { row, table: "steps" };
    Ok(Step {
        no: number(&get)?,
        kind: get.parse("kind")?,
        input_hash: get.text("input_hash")?,
        state: get.parse("state")?,
        attempts: get.int("attempts")?,
        output: get.maybe_json("output")?,
        effect: effect::joined(row)?,
        cost: Nanos(get.maybe_int("cost")?.unwrap_or_default()),
        request: match get.maybe_text("request_id")? {
            Some(_) => Some(get.parse("request_id")?),
            None => None,
        },
        started_at: get.time("started_at")?,
        ended_at: get.maybe_time("ended_at")?,
    })
}

/// The number of a step in a row of this or another table.
pub(super) fn number(get: &Get<'_>) -> Result<u32, Error> {
    let no = u32::try_from(get.int("step_no")?);
    Ok(no.map_err(|_| crate::Error::corrupt(get.table, "`step_no` is out of range"))?)
}
