//! A claim in one environment, brought to one of three forms.

use cedar_policy::{Authorizer, Decision, Entities, PolicySet, Request, RequestEnv};

use crate::{
    claim::What,
    example::Example,
    part::{Part, Place, digest},
};

/// What a solver is asked about one environment.
#[derive(Debug, Clone)]
pub(crate) enum Question {
    /// Whether no request is permitted by both.
    Disjoint(Part, Part),
    /// Whether every request that the first permits is permitted by the second.
    Implies(Part, Part),
    /// Whether the one policy of the set never errors.
    NeverErrors(Part),
}

/// How a claim stands in one environment before anybody is asked.
#[derive(Debug)]
pub(crate) enum Stand {
    /// The property of the claim permits nothing here, by its scope alone.
    Void,
    /// It holds by the scopes of the policies alone.
    Trivial,
    /// It cannot be asked; the text says why.
    Unable(String),
    /// A solver has to be asked.
    Open(Box<Question>),
}

impl Stand {
    pub(crate) fn of(what: &What, place: &Place) -> Self {
        match what {
            What::Never { when, .. } | What::Always { when, .. }
                if !Part::of(when, place).permits =>
            {
                Self::Void
            }
            What::Never { set: one, when: other } | What::Disjoint { one, other } => {
                let (one, other) = (Part::of(one, place), Part::of(other, place));
                if one.permits && other.permits {
                    Self::open(Question::Disjoint(one, other))
                } else {
                    Self::Trivial
                }
            }
            What::Always { set: to, when: from } | What::Implies { from, to } => {
                let (from, to) = (Part::of(from, place), Part::of(to, place));
                if from.permits && from.digest != to.digest {
                    Self::open(Question::Implies(from, to))
                } else {
                    Self::Trivial
                }
            }
            What::NeverErrors { policy } if !place.can_apply(policy) => Self::Trivial,
            What::NeverErrors { policy } => match PolicySet::from_policies([policy.clone()]) {
                Ok(set) => Self::open(Question::NeverErrors(Part::of(&set, place))),
                Err(error) => Self::Unable(format!("the policy does not stand alone: {error}")),
            },
        }
    }
}

impl Stand {
    fn open(question: Question) -> Self {
        Self::Open(Box::new(question))
    }
}

impl Question {
    /// The name of this question: the same for the same question to the same solver.
    pub(crate) fn key(&self, env: &RequestEnv, solver: &str, schema_text: &str) -> String {
        let (kind, one, other) = match self {
            Self::Disjoint(one, other) => ("disjoint", one, Some(other)),
            Self::Implies(from, to) => ("implies", from, Some(to)),
            Self::NeverErrors(policy) => ("never-errors", policy, None),
        };
        let place =
            [env.action().to_string(), env.principal().to_string(), env.resource().to_string()];
        let words = [env!("CARGO_PKG_VERSION"), solver, schema_text, kind];
        let texts = words.into_iter().chain(place.iter().map(String::as_str)).map(str::as_bytes);
        let parts = [Some(one), other].into_iter().flatten().map(|part| part.digest.as_slice());
        digest(texts.chain(parts)).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whether a request is a counterexample, as Cedar itself evaluates it.
    pub(crate) fn is_broken_by(&self, request: &Request, entities: &Entities) -> bool {
        let decide = |part: &Part| Authorizer::new().is_authorized(request, &part.set, entities);
        let permits = |part: &Part| decide(part).decision() == Decision::Allow;
        match self {
            Self::Disjoint(one, other) => permits(one) && permits(other),
            Self::Implies(from, to) => permits(from) && !permits(to),
            Self::NeverErrors(policy) => decide(policy).diagnostics().errors().next().is_some(),
        }
    }

    /// Whether an example is a counterexample to this question in this environment.
    pub(crate) fn is_broken_here(&self, env: &RequestEnv, example: &Example) -> bool {
        example.action == *env.action()
            && example.principal_type == *env.principal()
            && example.resource_type == *env.resource()
            && example.is_confirmed(|request, entities| self.is_broken_by(request, entities))
    }
}
