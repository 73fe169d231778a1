//! Every kind of id, in one registry: a ULID with a prefix that says what it names.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize, Serializer};
use ulid::{ULID_LEN, Ulid};

/// Text that is not an id of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected an id of the form `{prefix}_` and 26 characters, such as `{prefix}_01ARZ3NDEKTSV4RRFFQ69G5FAV`"
)]
pub struct ParseIdError {
    prefix: &'static str,
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(Ulid);

        impl $name {
            /// The text in front of the underscore.
            pub const PREFIX: &'static str = $prefix;

            /// An id from a time in milliseconds since the epoch and 80 random bits.
            pub const fn from_parts(ms: u64, random: u128) -> Self {
                Self(Ulid::from_parts(ms, random))
            }

            /// What [`Self::from_parts`] makes it of again. Two ids of different kinds may share it.
            pub const fn parts(self) -> (u64, u128) {
                (self.0.timestamp_ms(), self.0.random())
            }

            /// A new id from the system's clock and randomness. Only the rim calls this.
            pub fn generate() -> Self {
                Self(Ulid::generate())
            }
        }

        impl $name {
            /// Its text, on the stack: a request writes many.
            fn with_text<T>(self, read: impl FnOnce(&str) -> T) -> T {
                const HEAD: &str = concat!($prefix, "_");
                let mut text = [0; HEAD.len() + ULID_LEN];
                let (head, body) = text.split_at_mut(HEAD.len());
                head.copy_from_slice(HEAD.as_bytes());
                body.copy_from_slice(self.0.array_to_str(&mut [0; ULID_LEN]).as_bytes());
                read(str::from_utf8(&text).unwrap_or_default())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.with_text(|text| f.write_str(text))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.with_text(|text| serializer.serialize_str(text))
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                let bad = ParseIdError { prefix: $prefix };
                let body = text.strip_prefix(concat!($prefix, "_")).ok_or(bad.clone())?;
                Ulid::from_string(body).map(Self).map_err(|_| bad)
            }
        }

        impl TryFrom<String> for $name {
            type Error = ParseIdError;

            fn try_from(text: String) -> Result<Self, ParseIdError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }
    )*};
}

ids! {
    /// One customer: the widest scope of keys, budgets and data.
    TenantId = "ten";
    /// A group of agents within a tenant.
    WorkspaceId = "wsp";
    /// One agent, the principal of most decisions.
    AgentId = "agt";
    /// The public half of an API key.
    KeyId = "key";
    /// One conversation of an agent.
    SessionId = "ses";
    /// One piece of work that an agent was given.
    TaskId = "tsk";
    /// One execution of a task.
    RunId = "run";
    /// One piece of work that was given up.
    DeadLetterId = "dlt";
    /// One question to people: may this be done?
    ApprovalId = "apr";
    /// One raise of a budget with an end.
    RaiseId = "rse";
    /// One capability grant.
    GrantId = "grt";
    /// One request to the data plane.
    RequestId = "req";
    /// One try of a request at one upstream.
    AttemptId = "att";
    /// One reservation of money.
    HoldId = "hld";
    /// One audit record.
    AuditId = "aud";
    /// One event on the bus.
    EventId = "evt";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_what_it_prints() {
        let id = AgentId::from_parts(1_700_000_000_000, 42);
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn an_id_is_made_again_of_its_parts() {
        let (ms, random) = HoldId::from_parts(1_700_000_000_000, 42).parts();
        assert_eq!((ms, random), (1_700_000_000_000, 42));
        let id = HoldId::generate();
        let (ms, random) = id.parts();
        assert_eq!(HoldId::from_parts(ms, random), id);
    }

    #[test]
    fn an_id_of_another_kind_is_refused() {
        let key = KeyId::from_parts(1, 1).to_string();
        assert!(key.parse::<AgentId>().is_err());
        assert!("agt_short".parse::<AgentId>().is_err());
    }
}
