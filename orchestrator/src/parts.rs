//! What the services are made of.

use std::time::Duration;

use snapshot::{Snapshots, keys::Pepper};
use store::{Bus, Store, work::Quotas};

/// What every service is made of; clones share it.
#[derive(Clone)]
pub struct Parts {
    /// Agents and policies in force.
    pub snapshots: Snapshots,
    /// The database.
    pub store: Store,
    /// What signs grants.
    pub pepper: Pepper,
    /// What wakes, and carries what is said while it is said.
    pub bus: Bus,
    /// The gateway's address, such as `http://127.0.0.1:8080`.
    pub gateway: String,
    /// Times and bounds.
    pub options: Options,
}

/// Times and bounds of the services.
#[derive(Debug, Clone)]
pub struct Options {
    /// The name of this process among those that take runs.
    pub owner: String,
    /// Runs at once in this process.
    pub runs: usize,
    /// How long a run stays with a worker that says nothing.
    pub lease: Duration,
    /// How long a service looks away where nothing wakes it.
    pub look: Duration,
    /// What may run at once.
    pub quotas: Quotas,
    /// How long a task may take in all, waiting for people included.
    pub task_time: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            owner: "orchestack".to_owned(),
            runs: 256,
            lease: Duration::from_secs(30),
            look: Duration::from_secs(1),
            quotas: Quotas::default(),
            task_time: Duration::from_secs(7 * 24 * 60 * 60),
        }
    }
}
