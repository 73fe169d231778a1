//! The data plane: an OpenAI-compatible endpoint on Pingora through which every model call passes.
//!
//! INVARIANT: nothing reaches a provider without a [`policy::Permit`], a hold in the ledger and an
//! audit record. [`serve`](crate) tells the order; every step takes what the one before returned.

mod app;
mod approval;
mod ask;
mod asked;
mod attempt;
mod authorize;
mod bill;
mod cache;
mod caller;
mod conn;
mod count;
mod deep;
mod deliver;
mod downstream;
mod framing;
mod gate;
mod head;
mod hedge;
mod ingress;
mod leases;
mod limits;
mod listen;
mod mcp;
mod memory;
mod meter;
mod metrics;
mod models;
mod pause;
mod pool;
mod quote;
mod refusal;
mod reserve;
mod scorer;
mod screen;
mod serve;
mod service;
mod session;
mod source;
mod span;
mod stream;
mod tally;
pub mod tls;
mod tokens;
mod tool;
mod trail;
mod upstream;
mod wishes;

pub use service::{Error, Gateway, Parts};
pub use tool::{Sandboxes, Unreachable, spec as tool_server_spec};
