//! The budget ledger: reserve, dispatch, progress, release, settle. `budget` decides on loaded
//! rows, the batching writer loads and writes them; this is the handle in front of both.

use std::{sync::Arc, time::Duration};

use budget::{AccountKey, Backing, Basis, CapSpec, Charge, Hold, Outcome, Refusal};
use policy::{Permit, ToolPermit};
use serde::{Deserialize, Serialize};
use types::{
    AgentId, AttemptId, HoldId, KeyId, Nanos, RequestId, TenantId, answer::Usage, audit::Record,
};

use crate::{
    audit::Draft,
    denied,
    slices::{Asked, Slices},
    store::Inner,
    writer::{Ask, Failure, Handle},
};

/// A handle of the ledger; clones are cheap.
#[derive(Clone)]
pub struct Ledger {
    pub(crate) inner: Arc<Inner>,
    pub(crate) writer: Handle,
    pub(crate) slices: Option<Arc<Slices>>,
}

/// What a hold is asked with. Tenant, agent, key and request come from the permit; owner, fence
/// and lease from the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldAsk {
    /// The hold's id, made by the caller: asking again with it gives the same hold.
    pub hold: HoldId,
    /// The attempt that it pays for.
    pub attempt: AttemptId,
    /// The accounts it is held in, in any order, each once; missing rows are created.
    pub path: Vec<CapSpec>,
    /// The worst case.
    pub amount: Nanos,
    /// The least that the caller would ask for again, where there is not enough for all: whoever has less
    /// is refused for good.
    pub least: Nanos,
    /// The provider to be called, or the tool's server.
    pub provider: String,
    /// The registered id of the model to be called, or the tool's name after its server's; the permit must
    /// allow it.
    pub model: String,
    /// The id of the price row that the amount was computed from.
    pub price_row: String,
    /// Whether the disk must have hold and record before the call goes out, not only the system: policy
    /// requires its audit.
    pub durable: bool,
}

/// Who a permit is for.
struct Asker {
    request: RequestId,
    tenant: TenantId,
    agent: AgentId,
    key: Option<KeyId>,
}

/// What an attempt cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settlement {
    /// The tokens, where known.
    pub usage: Option<Usage>,
    /// The true cost; may exceed the hold if the provider broke the limit.
    pub actual: Nanos,
    /// How it is known.
    pub basis: Basis,
    /// How it ended.
    pub ended: Ended,
    /// From its hold to its end, in milliseconds; `None` where nobody measured it.
    pub took_ms: Option<u64>,
    /// What a cache saved: what input from the provider's would have cost more as plain input, or what
    /// an answer that was given again had cost.
    pub saved: Nanos,
    /// What the same tokens would have cost more at the model that was asked for, or where the router was asked to
    /// choose, at the dearest that it might have chosen; less than nothing where a fallback was dearer.
    #[serde(default)]
    pub routed: Nanos,
}

types::names! {
    /// How an attempt ended.
    Ended {
        /// With an answer, also with one that was cut at the output limit.
        Answered = "answered",
        /// The caller left before its end.
        Left = "left",
        /// Without an answer, or with a broken one.
        Failed = "failed",
    }
}

impl Settlement {
    /// Of an attempt that was answered in a time that nobody measured.
    pub const fn new(actual: Nanos, basis: Basis, usage: Option<Usage>) -> Self {
        let (ended, took_ms) = (Ended::Answered, None);
        Self { usage, actual, basis, ended, took_ms, saved: Nanos::ZERO, routed: Nanos::ZERO }
    }
}

/// How much an account has left, for policies. A few seconds old at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// What can still be reserved; `None` where nothing limits it.
    pub remaining: Option<Nanos>,
    /// The share of the target that is spent or held, in whole percent; 0 without a target.
    pub used_percent: u8,
}

/// What the reaper resolved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reaped {
    /// Never dispatched: given back.
    pub released: Vec<HoldId>,
    /// Dispatched: charged provisionally.
    pub settled: Vec<HoldId>,
}

/// Why the ledger refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The permit does not allow the model at that provider.
    #[error("the permit does not allow model `{model}`; ask policy for it first")]
    NotPermitted {
        /// The model.
        model: String,
    },
    /// The hard cap is reached.
    #[error("the budget of {key} is exhausted: {settled} of {target} is spent; raise it or wait")]
    Exhausted {
        /// The account.
        key: Box<AccountKey>,
        /// Its hard target.
        target: Nanos,
        /// What is spent.
        settled: Nanos,
        /// What open holds reserve.
        held: Nanos,
    },
    /// The rest of the cap is reserved by running requests.
    #[error("the budget of {key} is held by running requests: {held} of {target}; try again")]
    Held {
        /// The account.
        key: Box<AccountKey>,
        /// Its hard target.
        target: Nanos,
        /// What is spent.
        settled: Nanos,
        /// What open holds reserve.
        held: Nanos,
        /// When trying again makes sense.
        retry_after: Duration,
    },
    /// The database or the writer did not take it in time. A hard cap fails closed.
    #[error("the ledger is not available; try again in {} s", .retry_after.as_secs())]
    Unavailable {
        /// When trying again makes sense.
        retry_after: Duration,
    },
    /// The operation cannot be applied: an unknown hold, another owner's, or a step out of order.
    #[error("the ledger refused")]
    Refused(#[source] Refusal),
    /// The audit record that came with it is too large.
    #[error("the audit record is too large; shorten its detail")]
    Record(#[source] crate::Error),
}

/// How long a caller should wait before it asks again: about the time of a short answer.
const RETRY_AFTER: Duration = Duration::from_secs(1);

impl Ledger {
    /// Reserves the worst case on the whole path, or nowhere. The record is written in the same
    /// transaction if the hold is made, and not at all if it is refused.
    ///
    /// # Errors
    /// [`Error::NotPermitted`], [`Error::Exhausted`], [`Error::Held`], [`Error::Unavailable`]
    /// after the admission time-out, [`Error::Refused`] for a malformed ask.
    pub async fn hold(
        &self,
        permit: &Permit,
        ask: HoldAsk,
        record: Option<Record>,
    ) -> Result<Hold, Error> {
        let (asked, _) = self.asked(permit, ask, record)?;
        self.make(asked, false).await
    }

    /// Reserves as [`Ledger::hold`] does and marks durably, in the same step, that the first byte is
    /// about to go out. A hold made so is never released: where nothing went out after all, settle it
    /// at zero with [`Basis::Counted`]. For a caller that left or ran out of time before it heard of its
    /// hold, the store does that itself.
    ///
    /// With a journal this is memory and one `write`, where this process has a slice of the path with
    /// enough left in it; the database follows.
    ///
    /// # Errors
    /// As [`Ledger::hold`]; then nothing may go out and there is nothing to settle.
    pub async fn hold_dispatched(
        &self,
        permit: &Permit,
        ask: HoldAsk,
        record: Option<Record>,
    ) -> Result<Hold, Error> {
        let (asked, slices) = self.asked(permit, ask, record)?;
        self.make_dispatched(asked, slices).await
    }

    /// As [`Ledger::hold_dispatched`], for one call of a tool: `ask.provider` is its server and `ask.model` its
    /// name after the server's, such as `mail.send`.
    ///
    /// # Errors
    /// As [`Ledger::hold`].
    pub async fn hold_tool(
        &self,
        permit: &ToolPermit,
        ask: HoldAsk,
        record: Option<Record>,
    ) -> Result<Hold, Error> {
        let tool = ask.model.strip_prefix(permit.server()).and_then(|rest| rest.strip_prefix('.'));
        if ask.provider != permit.server() || tool != Some(permit.tool()) {
            return Err(Error::NotPermitted { model: ask.model });
        }
        let caller = permit.caller();
        let (request, tenant) = (permit.request(), caller.tenant);
        let asker = Asker { request, tenant, agent: caller.agent, key: caller.key };
        let (asked, slices) = self.asked_by(&asker, ask, record)?;
        self.make_dispatched(asked, slices).await
    }

    /// Marks durably that the first byte is about to go out, and renews the lease. From here on
    /// the hold is never simply released.
    ///
    /// # Errors
    /// [`Error::Unavailable`]: then nothing may go out, and because the mark may have been written
    /// all the same, a release that is refused must be followed by a settlement of zero.
    /// [`Error::Refused`] where the hold is gone.
    pub async fn dispatch(&self, hold: HoldId) -> Result<(), Error> {
        self.ask(Ask::Dispatch { hold }, None).await.map(drop)
    }

    /// Journals output tokens seen so far and renews the lease. `if_lost` is what to settle if this
    /// process dies now; `None` is the whole hold.
    ///
    /// # Errors
    /// [`Error::Unavailable`] or [`Error::Refused`]; a running stream goes on until its lease ends.
    pub async fn progress(
        &self,
        hold: HoldId,
        output_tokens: u64,
        if_lost: Option<Nanos>,
    ) -> Result<(), Error> {
        let ask = Ask::Progress { hold, output_tokens, if_lost };
        let ask = match &self.slices {
            Some(slices) => slices.progress(hold, ask),
            None => Some(ask),
        };
        match ask {
            Some(ask) => self.ask(ask, None).await.map(drop),
            None => Ok(()),
        }
    }

    /// How long a hold lives without news of it. Renew it sooner, by [`Ledger::progress`].
    pub fn lease(&self) -> Duration {
        self.inner.options.lease
    }

    /// Gives a hold back that was never dispatched.
    ///
    /// # Errors
    /// [`Error::Refused`] once it is dispatched; [`Error::Unavailable`]: the reaper will do it.
    pub async fn release(&self, hold: HoldId) -> Result<(), Error> {
        self.ask(Ask::Release { hold }, None).await.map(drop)
    }

    /// As [`Self::settle`], at once and without waiting, where that can be: for a hold from a slice, with a record
    /// that is short enough. Else [`Self::settle`] has to.
    pub fn settle_now(
        &self,
        hold: HoldId,
        settlement: Settlement,
        record: Option<&Record>,
    ) -> Option<Charge> {
        let slices = self.slices.as_ref().filter(|slices| slices.has(hold))?;
        let mut record = record.map(Draft::of).transpose().ok()?;
        slices.settle(hold, settlement, &mut record)
    }

    /// Charges what the attempt cost, once; a second settlement gives the first result. For a hold from
    /// a slice this is done once the journal has it. For any other it waits for the commit, and while
    /// the database is away it waits in the writer. Call it from a tracked task, so that it runs even
    /// if the caller left.
    ///
    /// # Errors
    /// [`Error::Refused`] or [`Error::Unavailable`] where the writer's queue is full.
    pub async fn settle(
        &self,
        hold: HoldId,
        settlement: Settlement,
        record: Option<Record>,
    ) -> Result<Charge, Error> {
        let mut record = record.map(Draft::new).transpose().map_err(Error::Record)?;
        let slices = self.slices.as_ref();
        if let Some(charge) = slices.and_then(|all| all.settle(hold, settlement, &mut record)) {
            return Ok(charge);
        }
        match self.ask(Ask::Settle { hold, settlement }, record).await? {
            Outcome::Settled(charge) => Ok(charge),
            other => Err(unexpected(&other)),
        }
    }

    /// Resolves holds whose lease ran out on the database's clock: releases what was never
    /// dispatched, charges the rest provisionally, and audits each. The store does this by itself
    /// every `reaper_period`.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn reap(&self) -> Result<Reaped, Error> {
        match self.ask(Ask::Reap, None).await? {
            Outcome::Reaped { released, settled, .. } => Ok(Reaped { released, settled }),
            other => Err(unexpected(&other)),
        }
    }

    /// What is left in each account, in the order asked, from what the writer saw last; the database
    /// is read only for what it has not seen for a few seconds.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where neither knows an account.
    pub async fn room(&self, specs: &[CapSpec]) -> Result<Vec<Room>, Error> {
        crate::accounts::room(&self.inner, specs).await.map_err(|error| {
            tracing::warn!(%error, "accounts could not be read");
            Error::Unavailable { retry_after: RETRY_AFTER }
        })
    }

    /// The ask as the books want it, if the permit allows it, and the slices where there are any.
    fn asked(
        &self,
        permit: &Permit,
        ask: HoldAsk,
        record: Option<Record>,
    ) -> Result<(Asked, Option<&Arc<Slices>>), Error> {
        let allowed = permit.allowed(&ask.model).is_some_and(|a| a.provider() == ask.provider);
        if !allowed {
            return Err(Error::NotPermitted { model: ask.model });
        }
        let asker = Asker {
            request: permit.request(),
            tenant: permit.tenant(),
            agent: permit.agent(),
            key: permit.key(),
        };
        self.asked_by(&asker, ask, record)
    }

    fn asked_by(
        &self,
        asker: &Asker,
        ask: HoldAsk,
        record: Option<Record>,
    ) -> Result<(Asked, Option<&Arc<Slices>>), Error> {
        let &Asker { request, tenant, agent, key } = asker;
        let (durable, least) = (ask.durable, ask.least);
        let ask = Box::new(budget::HoldAsk {
            hold: ask.hold,
            attempt: ask.attempt,
            request,
            tenant,
            backing: Backing::Room,
            path: ask.path,
            amount: ask.amount,
            provider: ask.provider,
            model: ask.model,
            price_row: ask.price_row,
            // The writer sets the lease, on the database's clock.
            lease_until: types::Timestamp(0),
            owner: self.inner.options.owner.clone(),
            fence: self.inner.fence,
        });
        let record = record.map(Draft::new).transpose().map_err(Error::Record)?;
        let asked = Asked { ask, least, agent, key, record, durable };
        Ok((asked, self.slices.as_ref()))
    }

    async fn make_dispatched(
        &self,
        asked: Asked,
        slices: Option<&Arc<Slices>>,
    ) -> Result<Hold, Error> {
        match slices {
            Some(slices) => Ok(slices.hold(asked).await?),
            None => self.make(asked, true).await,
        }
    }

    async fn make(&self, asked: Asked, dispatched: bool) -> Result<Hold, Error> {
        let Asked { ask, least, agent, key, record, .. } = asked;
        if let Some(refusal) = denied::early(&self.inner, &ask.path, least).await {
            return Err(Failure::Refused(refusal).into());
        }
        match self.ask(Ask::Hold { ask, agent, key, dispatched }, record).await? {
            Outcome::Held(hold) => Ok(*hold),
            other => Err(unexpected(&other)),
        }
    }

    async fn ask(&self, ask: Ask, record: Option<Draft>) -> Result<Outcome, Error> {
        let answer = self.writer.ask(ask, record).await?;
        answer.ok_or(Error::Unavailable { retry_after: RETRY_AFTER })
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(Refusal::Exhausted { key, target, settled, held }) => {
                Self::Exhausted { key: Box::new(key), target, settled, held }
            }
            Failure::Refused(Refusal::Held { key, target, settled, held }) => {
                Self::Held { key: Box::new(key), target, settled, held, retry_after: RETRY_AFTER }
            }
            Failure::Refused(other) => Self::Refused(other),
            Failure::Unavailable => Self::Unavailable { retry_after: RETRY_AFTER },
        }
    }
}

/// An outcome of another operation can only be a fault of ours; the caller fails closed.
fn unexpected(outcome: &Outcome) -> Error {
    tracing::error!(?outcome, "the ledger answered another question");
    Error::Unavailable { retry_after: RETRY_AFTER }
}
