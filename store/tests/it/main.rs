//! The store against real databases and buses: every body runs on SQLite and on Postgres, and the
//! relay's on the embedded bus and on NATS.

// `cfg(test)` is always set here; it tells clippy that these are tests.
#[cfg(test)]
mod alerts;
#[cfg(test)]
mod approvals;
#[cfg(test)]
mod audit;
#[cfg(test)]
mod calls;
#[cfg(test)]
mod control;
#[cfg(test)]
mod fast;
#[cfg(test)]
mod fleet;
#[cfg(test)]
mod flows;
#[cfg(test)]
mod grants;
#[cfg(test)]
mod identities;
#[cfg(test)]
mod invariants;
#[cfg(test)]
mod ledger;
#[cfg(test)]
mod lost;
#[cfg(test)]
mod mcp_sessions;
#[cfg(test)]
mod objects;
#[cfg(test)]
mod outbox;
#[cfg(test)]
mod queues;
#[cfg(test)]
mod raises;
#[cfg(test)]
mod responses;
#[cfg(test)]
mod rollover;
#[cfg(test)]
mod session_labels;
#[cfg(test)]
mod spend;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tool_definitions;
#[cfg(test)]
mod upgrade;
#[cfg(test)]
mod vault;
#[cfg(test)]
mod windows;
#[cfg(test)]
mod work;

/// Runs each test body on both databases.
macro_rules! on_both {
    ($($(#[$meta:meta])* $name:ident;)*) => {
        mod sqlite {
            $(
                $(#[$meta])*
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    super::$name(&crate::support::Database::sqlite()).await;
                }
            )*
        }
        mod postgres {
            $(
                $(#[$meta])*
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    let database = crate::support::Database::postgres().await;
                    super::$name(&database).await;
                    database.remove().await;
                }
            )*
        }
    };
}
pub(crate) use on_both;
