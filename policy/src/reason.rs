//! Why a call or an act is denied: a closed set.

use std::{collections::BTreeSet, fmt};

/// The two layers of policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// `policies/*.cedar`: the guardrails of the organisation.
    Organisation,
    /// `agents/NAME/*.cedar`: the agent's own.
    Agent,
}

/// Why a call or an act is denied. The variants stand in the order in which they win.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DenyReason {
    /// A policy could not be evaluated.
    Error,
    /// A policy forbids it.
    Forbidden {
        /// The layer of the policy; the organisation's if both forbid.
        layer: Layer,
    },
    /// No policy permits it.
    NoPermit {
        /// The layer that does not permit; the organisation's if neither does.
        layer: Layer,
    },
    /// The permit holds only without these kinds of data, and they were found.
    Blocked {
        /// The kinds, such as `card`.
        kinds: BTreeSet<String>,
    },
    /// The permit holds only after an approval.
    ApprovalRequired {
        /// The roles that must approve.
        roles: BTreeSet<String>,
    },
}

impl Layer {
    /// The name used in records.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Organisation => "organisation",
            Self::Agent => "agent",
        }
    }
}

impl DenyReason {
    /// The name used in records and metrics.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Forbidden { .. } => "forbidden",
            Self::NoPermit { .. } => "no_permit",
            Self::Blocked { .. } => "blocked",
            Self::ApprovalRequired { .. } => "approval_required",
        }
    }
}

impl fmt::Display for DenyReason {
    /// A clause for people: it fits after "denied: ". It names kinds and roles, never content.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |names: &BTreeSet<String>| {
            names.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
        };
        match self {
            Self::Error => f.write_str("a policy could not be evaluated"),
            Self::Forbidden { layer } => {
                write!(f, "a policy of the {} layer forbids it", layer.as_str())
            }
            Self::NoPermit { layer } => {
                write!(f, "no policy of the {} layer permits it", layer.as_str())
            }
            Self::Blocked { kinds } => write!(f, "policy blocks content with {}", list(kinds)),
            Self::ApprovalRequired { roles } => {
                write!(f, "it needs the approval of {}", list(roles))
            }
        }
    }
}
