//! Why a call or an act is denied: a closed set.

use std::{collections::BTreeSet, fmt};

use types::Nanos;

use crate::obligation::ApprovalNeed;

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
    /// The capability grant that authenticated the call does not cover it.
    OutsideGrant,
    /// The permit holds only for models on the organisation's own hardware.
    NotLocal,
    /// The permit holds only where the provider keeps the content for so many days at most, and it
    /// keeps it for longer or has not said.
    Retention {
        /// The most days.
        days: u32,
    },
    /// The permit holds only for what costs so much at most, and the tool's price is higher.
    TooDear {
        /// The most, in US dollars when told.
        most: Nanos,
    },
    /// The permit holds only for a dry run.
    DryRunOnly,
    /// The permit holds only after an approval.
    ApprovalRequired {
        /// Who must approve.
        need: ApprovalNeed,
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
            Self::OutsideGrant => "outside_grant",
            Self::NotLocal => "not_local",
            Self::Retention { .. } => "retention",
            Self::TooDear { .. } => "too_dear",
            Self::DryRunOnly => "dry_run_only",
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
            Self::OutsideGrant => f.write_str("the grant does not cover it"),
            Self::NotLocal => f.write_str("policy permits it on local models only"),
            Self::Retention { days: 0 } => {
                f.write_str("policy permits it only where the provider keeps nothing")
            }
            Self::Retention { days } => {
                write!(
                    f,
                    "policy permits it only where the provider keeps it for {days} days at most"
                )
            }
            Self::TooDear { most } => {
                write!(
                    f,
                    "policy permits it only where it costs {} US dollars at most",
                    most.to_usd()
                )
            }
            Self::DryRunOnly => f.write_str("policy permits it as a dry run only"),
            Self::ApprovalRequired { need } => write!(f, "it needs the approval of {need}"),
        }
    }
}
