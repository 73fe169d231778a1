//! The drivers as their users see them.

#[path = "../support/mod.rs"]
mod support;

mod commands;
mod egress;
mod files;
mod survive;
mod tools;
