//! What can be claimed about policies, and what came of it.

use std::time::Duration;

use cedar_policy::{EntityTypeName, EntityUid, Policy, PolicySet, RequestEnv};

use crate::example::Example;

/// Something that should hold for every request that the schema allows.
#[derive(Debug, Clone)]
pub struct Claim {
    /// What its outcome is called.
    pub id: String,
    /// What should hold.
    pub what: What,
    /// For which requests.
    pub envs: Envs,
}

/// What should hold. "Permitted" is Cedar's own decision, in which a policy that cannot be
/// evaluated counts as absent. Whoever denies upon an error permits less, so `Never` and `Disjoint`
/// hold there too, and `Always` and `Implies` need [`What::NeverErrors`] of the policies beside
/// them.
#[derive(Debug, Clone)]
pub enum What {
    /// No request that `when` permits is permitted by `set`.
    Never {
        /// The policies under examination.
        set: PolicySet,
        /// The property: which requests it is about, usually one permit.
        when: PolicySet,
    },
    /// Every request that `when` permits is permitted by `set`.
    Always {
        /// The policies under examination.
        set: PolicySet,
        /// The property: which requests it is about, usually one permit.
        when: PolicySet,
    },
    /// The policy can be evaluated for every request whose entities are complete: no arithmetic
    /// overflows, no extension function refuses its text.
    NeverErrors {
        /// The policy under examination.
        policy: Policy,
    },
    /// Every request that `from` permits is permitted by `to`.
    Implies {
        /// The narrower policies.
        from: PolicySet,
        /// The wider policies.
        to: PolicySet,
    },
    /// No request is permitted by both.
    Disjoint {
        /// One side.
        one: PolicySet,
        /// The other side; the order does not matter.
        other: PolicySet,
    },
}

/// The request environments that a claim speaks about. An environment is an action with a type of
/// principal and a type of resource.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "a claim holds one, and nobody holds many claims")]
pub enum Envs {
    /// Every environment of the schema.
    All,
    /// Those of one action.
    Action {
        /// The action itself, not a group of actions.
        action: EntityUid,
        /// Only with principals of this type.
        principal: Option<EntityTypeName>,
        /// Only with resources of this type.
        resource: Option<EntityTypeName>,
    },
}

/// What came of one claim.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The id of the claim.
    pub id: String,
    /// Whether it holds.
    pub verdict: Verdict,
    /// Whether every answer that needs a solver was remembered from an earlier run.
    pub cached: bool,
    /// The time spent on it, all environments together; with several workers more than passed.
    pub took: Duration,
}

/// Whether a claim holds.
#[derive(Debug, Clone)]
pub enum Verdict {
    /// It holds for every request.
    Proved,
    /// It does not hold for this request.
    Refuted(Box<Example>),
    /// Nobody knows; the text says why. It must count as not proved.
    Unknown(String),
}

impl Envs {
    /// Every environment of one action.
    pub const fn of(action: EntityUid) -> Self {
        Self::Action { action, principal: None, resource: None }
    }

    pub(crate) fn has(&self, env: &RequestEnv) -> bool {
        match self {
            Self::All => true,
            Self::Action { action, principal, resource } => {
                action == env.action()
                    && principal.as_ref().is_none_or(|only| only == env.principal())
                    && resource.as_ref().is_none_or(|only| only == env.resource())
            }
        }
    }
}

impl Verdict {
    /// Whether this is [`Verdict::Proved`].
    pub const fn is_proved(&self) -> bool {
        matches!(self, Self::Proved)
    }

    /// The request that breaks the claim, if one is known.
    pub fn example(&self) -> Option<&Example> {
        match self {
            Self::Refuted(example) => Some(example),
            Self::Proved | Self::Unknown(_) => None,
        }
    }
}
