//! All SQL, for Postgres and SQLite, the event bus (embedded or NATS JetStream), and what gateways share in
//! Redis.
//!
//! The invariant: what costs money or leaves a trace goes through one batching writer, and every
//! transaction that changes an account also writes its ledger, audit and outbox rows. A control
//! change, its audit record and, where snapshots hold it, the new revision are one transaction too.

mod accounts;
pub mod admin_tokens;
pub mod agents;
pub mod alerts;
mod alone;
pub mod approvals;
pub mod audit;
mod batch;
mod booked;
mod bootstrap;
mod bus;
pub mod calls;
pub mod caps;
mod change;
pub mod console_sessions;
mod denied;
mod dialect;
mod dimension;
mod error;
pub mod fault;
pub mod fleet;
pub mod flows;
pub mod grants;
mod holds;
pub mod identities;
mod journal;
pub mod keyfile;
pub mod keys;
mod latency;
pub mod ledger;
pub mod mcp_sessions;
pub mod models;
mod nats;
mod nodelay;
pub mod objects;
mod outbox;
mod owners;
pub mod raises;
mod reconciled;
mod relay;
pub mod requests;
pub mod responses;
mod retention;
mod rollover;
mod rollup;
mod rows;
pub mod session_labels;
mod slices;
mod span;
pub mod spend;
mod store;
pub mod tenants;
pub mod tool_definitions;
pub mod vault;
mod windows;
pub mod work;
mod writer;

pub use bootstrap::{First, FirstStart};
pub use bus::{
    Bell, Bus, BusError, Deliveries, Job, Queue, Subscription, WHISPER_BYTES_MAX, Wakes, Whispers,
};
pub use dialect::Dialect;
pub use error::Error;
pub use outbox::Outbox;
pub use relay::{Relay, RelayError};
pub use store::{Options, Store};
