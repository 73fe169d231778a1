//! The drivers as their users see them.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a sandbox that cannot be made, and a field that is not there, fail as tests do"
)]

#[path = "../support/mod.rs"]
mod support;

mod commands;
mod daytona;
mod egress;
mod files;
mod neighbours;
mod survive;
mod tools;
