//! Which questions a list of claims comes to, and which of them are still open.

use std::{sync::Arc, time::Duration};

use cedar_policy::{RequestEnv, Schema};

use crate::{
    cache::Cache,
    claim::{Claim, Verdict, What},
    part::Place,
    question::{Question, Stand},
    work::{Answer, Job, Task},
};

/// One claim in one environment.
#[derive(Debug)]
pub(crate) struct Slot {
    /// The place of the claim in its list.
    pub claim: usize,
    /// The place of the environment in the schema's.
    pub place: usize,
    pub env: Arc<RequestEnv>,
    pub verdict: Verdict,
    pub source: Origin,
    pub took: Duration,
    /// What the cache calls it; empty where there is nothing to remember.
    key: String,
}

/// Where a verdict comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The property permits nothing here, so there is nothing to hold.
    Void,
    /// The scopes of the policies.
    Scopes,
    /// An earlier run.
    Cache,
    /// The solver, or the reason why it has not answered.
    Solver,
}

/// The slots of all claims, and the work that fills those which are open.
#[derive(Debug)]
pub(crate) struct Plan {
    /// By claim, and by environment within each.
    pub slots: Vec<Slot>,
    pub jobs: Vec<Job>,
}

/// What a slot says until its answer has come.
const UNANSWERED: &str = "the time for all proofs was over before this one ended";

impl Plan {
    pub(crate) fn new(
        schema: &Schema,
        claims: &[Claim],
        key: impl Fn(&Question, &RequestEnv) -> String,
        cache: &mut Cache,
    ) -> Self {
        let places = places(schema);
        let job = |place: &Place| Job { env: Arc::clone(&place.env), tasks: Vec::new() };
        let mut jobs: Vec<Job> = places.iter().map(job).collect();
        let mut slots = Vec::new();
        for (number, claim) in claims.iter().enumerate() {
            let here = places.iter().zip(&mut jobs).enumerate();
            for (at, (place, job)) in here.filter(|(_, (place, _))| claim.envs.has(&place.env)) {
                let mut slot = Slot::new(number, at, Arc::clone(&place.env));
                if let Some(question) = slot.stand(&claim.what, place, &key, cache) {
                    job.tasks.push(Task { number: slots.len(), question });
                }
                slots.push(slot);
            }
        }
        jobs.retain(|job| !job.tasks.is_empty());
        Self { slots, jobs }
    }

    /// Fills the slot that an answer is for.
    pub(crate) fn take(&mut self, answer: Answer, cache: &mut Cache) {
        if let Some(slot) = self.slots.get_mut(answer.number) {
            cache.remember(slot.key.clone(), &answer.verdict);
            slot.verdict = answer.verdict;
            slot.took = answer.took;
        }
    }
}

impl Slot {
    fn new(claim: usize, place: usize, env: Arc<RequestEnv>) -> Self {
        Self {
            claim,
            place,
            env,
            verdict: Verdict::Unknown(UNANSWERED.to_owned()),
            source: Origin::Solver,
            took: Duration::ZERO,
            key: String::new(),
        }
    }

    /// Fills the slot with what is known already, or gives the question that is still open.
    fn stand(
        &mut self,
        what: &What,
        place: &Place,
        key: impl Fn(&Question, &RequestEnv) -> String,
        cache: &mut Cache,
    ) -> Option<Box<Question>> {
        let (verdict, source) = match Stand::of(what, place) {
            Stand::Void => (Verdict::Proved, Origin::Void),
            Stand::Trivial => (Verdict::Proved, Origin::Scopes),
            Stand::Unable(why) => (Verdict::Unknown(why), Origin::Scopes),
            Stand::Open(question) => {
                self.key = key(&question, &place.env);
                let broken = |example: &_| question.is_broken_here(&place.env, example);
                match cache.recall(&self.key, broken) {
                    Some(verdict) => (verdict, Origin::Cache),
                    None => return Some(question),
                }
            }
        };
        self.verdict = verdict;
        self.source = source;
        None
    }
}

/// The environments of a schema in the order of their names, so that the same claims give the same
/// example every time.
fn places(schema: &Schema) -> Vec<Place> {
    let actions = schema.action_entities().ok().map(Arc::new);
    let mut envs: Vec<RequestEnv> = schema.request_envs().collect();
    envs.sort_by_cached_key(|env| {
        (env.action().to_string(), env.principal().to_string(), env.resource().to_string())
    });
    let place = |env| Place { env: Arc::new(env), actions: actions.clone() };
    envs.into_iter().map(place).collect()
}
