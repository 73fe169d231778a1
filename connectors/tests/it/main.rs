//! The webchat over real sockets on a real store, and the way in and out of every connector.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail as tests do"
)]

mod browser;
mod collector;
mod conversation;
mod guard;
mod limits;
mod outside;
mod replay;
mod sign;
mod support;
