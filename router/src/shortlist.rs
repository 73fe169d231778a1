//! The models that may and can serve a request, before they are put in order. A scorer's opinion is of
//! what is on this list: it can take from it and never add to it.

use policy::{Denied, Permit};
use types::{Label, Locality};

use crate::{
    candidates::{Candidates, Variant},
    difficulty::Difficulty,
    filter::{self, DropReason, Dropped, Needs, Quote},
    health::{Health, Moment},
    opinion::Opinion,
    plan::{ATTEMPTS_MAX, NoRoute, Plan},
    rank::{self, Able, Aims, Choice, Standing, Weights},
    registry::{Model, Purpose, Registry},
};

/// The most models that a scorer is asked about.
pub const SCORED_MAX: usize = 64;

/// What is left of the candidates after the filter. Only [`shortlist`] makes one, and nothing adds to it.
#[derive(Debug, Clone)]
pub struct Shortlist<'r> {
    asked: String,
    purpose: Purpose,
    registry: &'r Registry,
    variant: Option<Variant>,
    able: Vec<Able<'r>>,
    dropped: Vec<Dropped>,
    weights: Option<Weights>,
    difficulty: Option<Difficulty>,
    max_attempts: usize,
}

/// What a plan is made from, beside the permit and the candidates.
pub struct Facts<'a> {
    /// What the request needs.
    pub needs: Needs,
    /// What policy denied, as the decision told it.
    pub denied: &'a [Denied],
    /// From this label up only local models are used.
    pub local_from: Label,
    /// The health of a model of a provider. Asked for each by itself, so that nobody waits for the table while costs and
    /// formats are looked at.
    pub health: &'a dyn Fn(&str, &str) -> Health,
    /// Now, on the clock of `health`.
    pub now: Moment,
    /// What one call of a model costs at worst.
    pub costs: &'a dyn Fn(&Model) -> Quote,
    /// Whether the model's wire format can carry the request; else the field that it cannot.
    pub expressible: &'a dyn Fn(&Model) -> Result<(), String>,
    /// What counts; the default order by locality and size where absent.
    pub weights: Option<Weights>,
    /// How hard the request looks: of the models that `auto` may choose from, those below its floor go
    /// behind all others. `None` where that does not count.
    pub difficulty: Option<Difficulty>,
    /// How many models may be tried, 1 to [`ATTEMPTS_MAX`].
    pub max_attempts: usize,
}

/// The permitted and able ones of the candidates, with the reason of every other one.
pub fn shortlist<'r>(
    permit: &Permit,
    candidates: &Candidates<'r>,
    facts: &Facts<'_>,
) -> Shortlist<'r> {
    let detour = Detour::of(permit, candidates, facts);
    let load = facts.needs.load();
    let mut able = Vec::new();
    let mut dropped = Vec::new();
    for (declared, (standing, model)) in candidates.ranked().iter().enumerate() {
        let standing = *standing;
        let checked = if detour.is_open(standing, model) {
            filter::check(permit, candidates.variant(), model, facts)
        } else {
            Err(DropReason::NotAsked)
        };
        match checked {
            Ok(cost) => {
                let health = (facts.health)(&model.provider, &model.id);
                let expected = health.expected(&load, facts.now);
                let latency = rank::latency_of(&health, &load, facts.now);
                let penalty = None;
                able.push(Able { standing, declared, model, cost, expected, latency, penalty });
            }
            Err(reason) => dropped.push(Dropped { model: model.id.clone(), reason }),
        }
    }
    Shortlist {
        asked: candidates.asked().to_owned(),
        purpose: candidates.purpose(),
        registry: candidates.registry(),
        variant: candidates.variant(),
        able,
        dropped,
        weights: facts.weights,
        difficulty: facts.difficulty.clone().filter(|_| candidates.variant().is_some()),
        max_attempts: facts.max_attempts,
    }
}

impl<'r> Shortlist<'r> {
    /// The name as the request gave it.
    pub fn asked(&self) -> &str {
        &self.asked
    }

    /// How `auto` chooses; `None` where a model was named.
    pub const fn variant(&self) -> Option<Variant> {
        self.variant
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.able.is_empty()
    }

    /// What a scorer is asked about, in the order that holds without it: the first [`SCORED_MAX`]. Any
    /// more are out, since nobody has an opinion of them.
    pub fn candidates(&mut self) -> Vec<(Choice, &'r Model)> {
        let aims = Aims {
            variant: self.variant,
            weights: self.weights.as_ref(),
            scorer: 0,
            difficulty: self.difficulty.as_ref(),
        };
        rank::sort(&mut self.able, &aims);
        let spare = self.able.split_off(SCORED_MAX.min(self.able.len()));
        self.dropped.extend(spare.iter().map(|able| spared(&able.model.id)));
        let choices = rank::choices(&self.able, &aims);
        choices.into_iter().zip(self.able.iter().map(|able| able.model)).collect()
    }

    /// The plan without anybody's opinion.
    ///
    /// # Errors
    /// [`NoRoute`] with a reason for every candidate.
    pub fn plan(self) -> Result<Plan, NoRoute> {
        self.ordered(0)
    }

    /// The plan with a scorer's opinion, which counts by `weight`, 0 to 100, beside the weights. What it
    /// says of models that are not on the list has no effect.
    ///
    /// # Errors
    /// [`NoRoute`] with a reason for every candidate.
    pub fn plan_with(mut self, opinion: &Opinion, weight: u8) -> Result<Plan, NoRoute> {
        let dropped = &mut self.dropped;
        self.able.retain_mut(|able| {
            let id = &able.model.id;
            able.penalty = Some(opinion.penalty(id));
            let kept = !opinion.vetoes(id);
            if !kept {
                dropped.push(Dropped { model: id.clone(), reason: DropReason::Vetoed });
            }
            kept
        });
        self.ordered(weight)
    }

    fn ordered(self, scorer: u8) -> Result<Plan, NoRoute> {
        let Self { purpose, variant, mut able, mut dropped, weights, difficulty, .. } = self;
        let aims =
            Aims { variant, weights: weights.as_ref(), scorer, difficulty: difficulty.as_ref() };
        rank::sort(&mut able, &aims);
        if purpose == Purpose::Embeddings {
            dropped.extend(other_vectors(self.registry, &mut able));
        }
        let choices = rank::choices(&able, &aims);
        let (attempts, spare) = fit(choices, self.max_attempts.clamp(1, ATTEMPTS_MAX));
        dropped.extend(spare.iter().map(|choice| spared(&choice.model)));
        if attempts.is_empty() {
            return Err(NoRoute { dropped });
        }
        Ok(Plan { asked: self.asked, variant, difficulty, attempts, dropped })
    }
}

/// Takes out what makes other vectors than the first: one request's answers must not depend on which of
/// its models failed.
fn other_vectors(registry: &Registry, able: &mut Vec<Able<'_>>) -> Vec<Dropped> {
    let Some(first) = able.first().map(|first| first.model) else { return Vec::new() };
    let others = able.extract_if(.., |able| !registry.same_vectors(first, able.model));
    let dropped = |other: Able<'_>| Dropped {
        model: other.model.id.clone(),
        reason: DropReason::OtherVectors,
    };
    others.map(dropped).collect()
}

fn spared(model: &str) -> Dropped {
    Dropped { model: model.to_owned(), reason: DropReason::Spare }
}

/// As many choices as a plan has places for, and those that are spared. The order stays. Where there are
/// too many, what a person declared has a place before what only has the same name: that another
/// provider has the model too must not take a declared fallback's turn.
fn fit(choices: Vec<Choice>, places: usize) -> (Vec<Choice>, Vec<Choice>) {
    let of = |standing: Standing| match standing {
        Standing::Requested | Standing::Auto => 0,
        Standing::Fallback => 1,
        Standing::SameName => 2,
        Standing::Substitute => 3,
    };
    let mut wanted: Vec<_> = choices.iter().map(|choice| of(choice.standing)).enumerate().collect();
    wanted.sort_by_key(|(_, class)| *class);
    wanted.truncate(places);
    let (mut attempts, mut spare) = (Vec::new(), Vec::new());
    for (at, choice) in choices.into_iter().enumerate() {
        let keep = wanted.iter().any(|(place, _)| *place == at);
        if keep { attempts.push(choice) } else { spare.push(choice) }
    }
    (attempts, spare)
}

/// What may serve beside the model that was named. Fallbacks are for failures: a model that policy
/// denied is not quietly replaced, unless policy itself says so.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Detour {
    /// The named model is permitted, or none was named: its fallbacks may follow it.
    Fallbacks,
    /// It is denied, and policy lets a local model stand in.
    Local,
    /// It is denied.
    Closed,
}

impl Detour {
    fn of(permit: &Permit, candidates: &Candidates<'_>, facts: &Facts<'_>) -> Self {
        let Some(requested) = candidates.requested() else { return Self::Fallbacks };
        if filter::is_permitted(permit, requested) {
            return Self::Fallbacks;
        }
        let reroutes = |denied: &Denied| denied.model == requested.id && denied.reroute_local;
        if facts.denied.iter().any(reroutes) { Self::Local } else { Self::Closed }
    }

    fn is_open(self, standing: Standing, model: &Model) -> bool {
        match (self, standing) {
            (_, Standing::Requested) => true,
            (Self::Fallbacks, standing) => standing != Standing::Substitute,
            (Self::Local, _) => model.locality == Locality::Local,
            (Self::Closed, _) => false,
        }
    }
}
