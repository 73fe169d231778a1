//! The harness of the whole-system tests: it runs the real binary against real databases and buses
//! and simulated providers.
//!
//! Everything here fails by panicking with what a person needs to know: it is code of tests.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "the harness fails a test the way a test fails"
)]

mod binary;
mod caller;
mod database;
mod nats;
mod redis;
mod rows;
mod scorer;
mod server;
mod tool_server;
mod tree;
mod upstream;
mod wait;

pub use binary::{binary, target_folder};
pub use caller::{Answer, Caller, chat, streamed};
pub use database::{Database, FreshDatabase, nats_url, redis_url};
pub use nats::Nats;
pub use redis::Redis;
pub use rows::{Account, HoldRow, LedgerRow, Rows};
pub use scorer::Scorer;
pub use server::{Client, Server, Setup};
pub use tool_server::{Said, ToolServer};
pub use tree::{ModelSpec, Tree};
pub use upstream::{Received, collector, one_answer, provider, receiver};
pub use wait::{eventually, until};
