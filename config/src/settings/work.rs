//! `[work]`: what this process does of the work of agents.

use std::time::Duration;

use super::HttpUrl;
use crate::reader::Reader;

/// What this process does of the work of agents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Work {
    /// Whether `orchestack serve` does the work of agents too.
    pub enabled: bool,
    /// The gateway that agents call, where it is not this process's own.
    pub gateway: Option<String>,
    /// Runs at once in this process.
    pub runs: usize,
    /// Runs of a tenant that wait for a worker or have one.
    pub runs_per_tenant: usize,
    /// How long a run stays with a worker that says nothing.
    pub lease: Duration,
    /// How long a task may take in all, waiting for people included.
    pub task_time: Duration,
    /// How many messages of one conversation may wait for their turn.
    pub waiting_messages: usize,
}

const LEASE: std::ops::RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(600);
const HOUR: Duration = Duration::from_secs(60 * 60);

impl Work {
    pub(super) fn read(mut from: Reader<'_>) -> Self {
        let gateway: Option<HttpUrl> = from.optional(
            "gateway",
            "https://gateway.example.com",
            "The gateway that agents call, where it is not this process's own.",
        );
        let read = Self {
            enabled: from.flag("enabled", true, "Whether `serve` does the work of agents too."),
            gateway: gateway.map(|url| url.0.trim_end_matches('/').to_owned()),
            runs: from.count("runs", 256, 1..=100_000, "Runs at once in this process."),
            runs_per_tenant: from.count(
                "runs_per_tenant",
                1_000,
                1..=1_000_000,
                "Runs that wait for a worker or have one, of all processes.",
            ),
            lease: from.duration(
                "lease",
                Duration::from_secs(30),
                LEASE,
                "How long a run stays with a worker that says nothing.",
            ),
            task_time: from.duration(
                "task_time",
                7 * 24 * HOUR,
                Duration::from_secs(1)..=365 * 24 * HOUR,
                "How long a task may take in all, waiting for people included.",
            ),
            waiting_messages: from.count(
                "waiting_messages",
                1_000,
                1..=100_000,
                "Messages of one conversation that may wait for their turn.",
            ),
        };
        from.finish();
        read
    }
}
