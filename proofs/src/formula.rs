//! The policies of one environment as formulas, and the answers to questions about them.

use std::{
    collections::{HashMap, hash_map::Entry},
    error::Error as _,
    sync::Arc,
};

use cedar_policy::{RequestEnv, Schema};
use cedar_policy_symcc::{
    CedarSymCompiler, CompiledPolicy, CompiledPolicySet, Env, err::Error as SymError,
    solver::LocalSolver,
};

use crate::{
    bound,
    claim::Verdict,
    example::Example,
    part::{Digest, Part},
    question::Question,
    solver::{Fault, Process},
};

/// A question as the solver understands it.
#[derive(Debug)]
pub(crate) enum Formula {
    Disjoint(Arc<CompiledPolicySet>, Arc<CompiledPolicySet>),
    Implies(Arc<CompiledPolicySet>, Arc<CompiledPolicySet>),
    NeverErrors(Box<CompiledPolicy>),
}

impl Formula {
    /// The counterexample that the solver finds, or none if there is none.
    pub(crate) async fn refute(
        &self,
        solver: &mut CedarSymCompiler<LocalSolver>,
    ) -> Result<Option<Env>, SymError> {
        match self {
            Self::Disjoint(one, other) => {
                solver.check_disjoint_with_counterexample_opt(one, other).await
            }
            Self::Implies(from, to) => solver.check_implies_with_counterexample_opt(from, to).await,
            Self::NeverErrors(policy) => {
                solver.check_never_errors_with_counterexample_opt(policy).await
            }
        }
    }
}

/// What was compiled for one environment: a set that many claims speak about is compiled once.
pub(crate) struct Formulas<'a> {
    schema: &'a Schema,
    env: &'a RequestEnv,
    sets: HashMap<Digest, Arc<CompiledPolicySet>>,
}

impl<'a> Formulas<'a> {
    pub(crate) fn new(schema: &'a Schema, env: &'a RequestEnv) -> Self {
        Self { schema, env, sets: HashMap::new() }
    }

    /// The answer to a question, whatever happens on the way.
    pub(crate) async fn answer(
        &mut self,
        question: &Question,
        solver: &mut Process<'_>,
    ) -> Verdict {
        let found = match self.compile(question) {
            Ok(formula) => solver.ask(&formula).await,
            Err(fault) => Err(fault),
        };
        match found {
            Ok(None) => Verdict::Proved,
            Ok(Some(found)) => confirmed(question, &found),
            Err(fault) => Verdict::Unknown(told(&fault)),
        }
    }

    fn compile(&mut self, question: &Question) -> Result<Formula, Fault> {
        Ok(match question {
            Question::Disjoint(one, other) => Formula::Disjoint(self.set(one)?, self.set(other)?),
            Question::Implies(from, to) => Formula::Implies(self.set(from)?, self.set(to)?),
            Question::NeverErrors(part) => {
                bound::check(&part.set)?;
                let policy = part.set.policies().next().ok_or(SymError::NoPolicies)?;
                let compiled = CompiledPolicy::compile(policy, self.env, self.schema)?;
                Formula::NeverErrors(Box::new(compiled))
            }
        })
    }

    fn set(&mut self, part: &Part) -> Result<Arc<CompiledPolicySet>, Fault> {
        match self.sets.entry(part.digest) {
            Entry::Occupied(known) => Ok(Arc::clone(known.get())),
            Entry::Vacant(place) => {
                bound::check(&part.set)?;
                let compiled = CompiledPolicySet::compile(&part.set, self.env, self.schema)?;
                Ok(Arc::clone(place.insert(Arc::new(compiled))))
            }
        }
    }
}

/// What the solver found counts only if Cedar agrees: a model may be decoded wrongly, and a false
/// alarm costs as much trust as a missed one.
fn confirmed(question: &Question, found: &Env) -> Verdict {
    let breaks = |request: &_, entities: &_| question.is_broken_by(request, entities);
    match Example::confirmed((&found.request, &found.entities), breaks) {
        Ok(example) => Verdict::Refuted(Box::new(example)),
        Err(error) => Verdict::Unknown(format!("the solver found an example, but {error}")),
    }
}

/// A fault with its causes, of which the library shows only the first.
fn told(fault: &Fault) -> String {
    if let Fault::Failed(error) = fault
        && let SymError::PolicyNotWellTyped { errs } = &**error
    {
        let errors: Vec<String> = errs.iter().map(ToString::to_string).collect();
        return format!("the policies do not fit the schema: {}", errors.join("; "));
    }
    let mut text = fault.to_string();
    let mut cause = fault.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
