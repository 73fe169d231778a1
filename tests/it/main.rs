//! Whole-system tests: the real binary against real databases, buses and SDKs.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "helpers of tests fail as tests do, and long runs tell their figures"
)]

mod alerts;
mod anthropic;
mod approvals;
mod attempts;
mod audit;
mod bad_commits;
mod bypass;
mod cache;
mod cap;
mod charges;
mod ci;
mod clients;
mod console;
mod crash;
mod dashboard;
mod deep;
mod disk;
mod dlp_cli;
mod docs;
mod embeddings;
mod explain;
mod figures;
mod fleet;
mod formats;
mod functions;
mod harness;
mod health;
mod hedging;
mod ingress;
mod injection;
mod kill;
mod layers;
mod leave;
mod lifecycle;
mod limits;
mod mcp;
mod messages;
mod nats;
mod pause;
mod people;
mod policy;
mod prices;
mod probing;
mod processes;
mod reconcile;
mod redaction;
mod responses;
mod sandboxes;
mod scorers;
mod sdk;
mod sensitivity;
mod swap;
mod table;
mod tokenizers;
mod tool_attacks;
mod tool_pins;
mod tools;
mod traces;
mod tree;
mod webchat;
mod windows;
mod work;
