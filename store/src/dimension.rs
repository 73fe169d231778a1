//! What sums are kept by. Each dimension has rows of its own, so that a report reads as many as it has
//! lines and days, and not one for each model of each agent with each key.

use crate::booked::Booked;

/// One thing that every call has.
///
/// Its order is that in which rows are locked: what most calls have in common is locked last, and so
/// for the shortest time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Dimension {
    Key,
    Agent,
    Model,
    Provider,
    Tenant,
}

impl Dimension {
    pub(crate) const ALL: [Self; 5] =
        [Self::Key, Self::Agent, Self::Model, Self::Provider, Self::Tenant];

    /// Its name in rows.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Agent => "agent",
            Self::Model => "model",
            Self::Provider => "provider",
            Self::Tenant => "tenant",
        }
    }

    /// What a ledger row has of it: an id or a name, empty for a call without a key.
    pub(crate) fn value(self, Booked { row, agent, key, .. }: &Booked<'_>) -> String {
        match self {
            Self::Key => key.map(|key| key.to_string()).unwrap_or_default(),
            Self::Agent => agent.to_string(),
            Self::Model => row.model.clone(),
            Self::Provider => row.provider.clone(),
            Self::Tenant => row.tenant.to_string(),
        }
    }
}
