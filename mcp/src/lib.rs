//! Connections to tool servers: MCP over Streamable HTTP and over a child's pipes, and REST
//! services.
//!
//! [`connect`] makes a [`Connection`] from a [`Spec`], and whatever a server does, each of its
//! answers comes in bounded time and bounded memory. Nothing here knows a policy, an agent or a
//! pin: who may call what is decided before a call comes here. Definitions, arguments and results
//! pass as JSON values, so that nothing of them is lost on the way, and none of them is in an
//! error's text or in a log.

mod address;
mod answer;
mod child;
mod connection;
mod error;
mod events;
mod handler;
mod http;
mod link;
mod oauth;
mod pages;
mod place;
mod request;
mod rest;
mod spec;
mod watch;

pub use answer::{CallResult, OUTCOME, REFUSAL_META, UNKNOWN};
pub use connection::{Call, Connection, connect};
pub use error::{Error, Refused};
pub use events::{Caller, Events, List, Progress};
pub use link::Server;
pub use oauth::{NotAKey, SigningKey};
pub use rmcp::{ErrorData, model};
pub use spec::{Asks, Credential, Launcher, Limits, OAuth, Proof, Spec, Transport};
