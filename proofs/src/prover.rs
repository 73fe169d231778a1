//! The prover: claims in, outcomes out.

use std::{path::PathBuf, sync::Arc, time::Duration};

use cedar_policy::Schema;
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout_at},
};

use crate::{
    cache::Cache,
    claim::{Claim, Outcome, Verdict},
    plan::{Origin, Plan, Slot},
    question::Question,
    solver::{self, Error},
    work::Shop,
};

/// How to prove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The program of cvc5: a path, or a name to be looked up on `PATH`.
    pub solver: PathBuf,
    /// The longest that one question about one environment may take.
    pub check_timeout: Duration,
    /// The longest that one call may take.
    pub total_timeout: Duration,
    /// The file that remembers answers; `None` remembers nothing.
    pub cache: Option<PathBuf>,
    /// The most solver processes at a time, over all calls. At least one.
    pub parallel: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            solver: PathBuf::from("cvc5"),
            check_timeout: Duration::from_secs(10),
            total_timeout: Duration::from_secs(60),
            cache: None,
            parallel: std::thread::available_parallelism().map_or(1, |cores| cores.get().min(4)),
        }
    }
}

/// Longer times are cut to this: no proof is worth a day, and no clock overflows.
const TIMEOUT_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// Proves claims. It keeps no process between calls.
#[derive(Debug, Clone)]
pub struct Prover {
    options: Arc<Options>,
    processes: Arc<Semaphore>,
}

impl Prover {
    /// A prover that starts nothing yet.
    pub fn new(mut options: Options) -> Self {
        options.check_timeout = options.check_timeout.min(TIMEOUT_MAX);
        options.total_timeout = options.total_timeout.min(TIMEOUT_MAX);
        let processes = options.parallel.clamp(1, Semaphore::MAX_PERMITS);
        Self { options: Arc::new(options), processes: Arc::new(Semaphore::new(processes)) }
    }

    /// The version of the solver, such as `1.0.3`.
    ///
    /// # Errors
    /// [`Error::NoSolver`] or [`Error::NotCvc5`], with what to do about it.
    pub async fn version(&self) -> Result<String, Error> {
        solver::version(&self.options).await
    }

    /// Proves or refutes every claim, in the order of the claims. `schema_text` is what `schema`
    /// was parsed from: answers are remembered under it.
    ///
    /// It never fails: what keeps a claim from being decided is its [`Verdict::Unknown`]. Needs a
    /// Tokio runtime with time and I/O; dropping the future ends its solver processes.
    pub async fn prove(
        &self,
        schema: &Schema,
        schema_text: &str,
        claims: &[Claim],
    ) -> Vec<Outcome> {
        let slots = self.settle(schema, schema_text, claims).await;
        let outcome = |(number, claim): (usize, &Claim)| match &slots {
            Ok(slots) => {
                let own: Vec<&Slot> = slots.iter().filter(|slot| slot.claim == number).collect();
                outcome(claim, &own)
            }
            Err(error) => Outcome {
                id: claim.id.clone(),
                verdict: Verdict::Unknown(format!("failed to {error}")),
                cached: false,
                took: Duration::ZERO,
            },
        };
        claims.iter().enumerate().map(outcome).collect()
    }

    /// Every claim in every environment that it speaks about.
    pub(crate) async fn settle(
        &self,
        schema: &Schema,
        schema_text: &str,
        claims: &[Claim],
    ) -> Result<Vec<Slot>, Error> {
        if !schema.is_complete() {
            return Err(Error::IncompleteSchema);
        }
        let deadline = Instant::now() + self.options.total_timeout;
        let version = self.version().await?;
        let path = self.options.cache.clone();
        let loaded = tokio::task::spawn_blocking(move || Cache::load(path.as_deref()));
        let mut cache = loaded.await.unwrap_or_default();
        let key = |question: &Question, env: &_| question.key(env, &version, schema_text);
        let mut plan = Plan::new(schema, claims, key, &mut cache);
        let jobs = std::mem::take(&mut plan.jobs);
        if !jobs.is_empty() {
            let (options, processes) = (Arc::clone(&self.options), Arc::clone(&self.processes));
            let mut answers = Shop::new(options, processes, schema.clone(), jobs, deadline).open();
            // A worker that still compiles when the time is up cannot be stopped, only left.
            while let Ok(Some(answer)) = timeout_at(deadline, answers.recv()).await {
                plan.take(answer, &mut cache);
            }
        }
        // A lost cache has been told in the log.
        let _ = tokio::task::spawn_blocking(move || cache.save()).await;
        Ok(plan.slots)
    }
}

/// The first environment that refutes a claim decides, and one that is unknown keeps it from being
/// proved. A claim about nothing is a mistake in the claim: it is not proved either.
fn outcome(claim: &Claim, slots: &[&Slot]) -> Outcome {
    let first = |wanted: fn(&Verdict) -> bool| slots.iter().find(|slot| wanted(&slot.verdict));
    let verdict = if slots.iter().all(|slot| slot.source == Origin::Void) {
        Verdict::Unknown(format!("failed to {}", Error::NoEnvironment))
    } else {
        let refuted = first(|verdict| matches!(verdict, Verdict::Refuted(_)));
        let unknown = || first(|verdict| matches!(verdict, Verdict::Unknown(_)));
        refuted.or_else(unknown).map_or(Verdict::Proved, |slot| placed(slot))
    };
    let from = |source| slots.iter().any(|slot| slot.source == source);
    Outcome {
        id: claim.id.clone(),
        verdict,
        cached: from(Origin::Cache) && !from(Origin::Solver),
        took: slots.iter().map(|slot| slot.took).sum(),
    }
}

/// The verdict of a slot; an example says by itself where it belongs, a reason does not.
fn placed(slot: &Slot) -> Verdict {
    let env = &slot.env;
    match &slot.verdict {
        Verdict::Unknown(why) => Verdict::Unknown(format!(
            "for {} by {} on {}: {why}",
            env.action(),
            env.principal(),
            env.resource()
        )),
        known @ (Verdict::Proved | Verdict::Refuted(_)) => known.clone(),
    }
}
