//! The drivers as their users see them.

#![expect(clippy::unwrap_used, reason = "a sandbox that cannot be made fails as tests do")]

#[path = "../support/mod.rs"]
mod support;

mod commands;
mod egress;
mod files;
mod survive;
mod tools;
