//! What the gateway tells the service of sandboxes beside a call: which sandbox, and what policy lets it be.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The field of `_meta` that an order is in.
pub const SANDBOX_META: &str = "orchestack/sandbox";

/// The sandbox of one call. Who orders the same one again gets it as it was left, with the reach of the last order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SandboxOrder {
    /// Its name: small letters and digits, the same for every call of its session.
    pub name: String,
    /// Whether its files outlive the session that it was made for.
    pub persistent: bool,
    /// How long it is kept without use, in seconds, if it does not outlive its session.
    pub idle_s: u64,
    /// Memory of all its processes, in bytes.
    pub memory_bytes: u64,
    /// All files of its workspace, in bytes.
    pub disk_bytes: u64,
    /// Bytes that it may write to disk in a second.
    #[serde(default = "disk_bytes_a_second")]
    pub disk_bytes_a_second: u64,
    /// Thousandths of a processor.
    pub cpu_milli: u32,
    /// Processes at once.
    pub processes: u32,
    /// How long one command may take, in seconds.
    pub command_s: u64,
    /// Bytes kept of each stream of what a command writes.
    pub output_bytes: u64,
    /// Hosts, or `*.` and the end of their names, and ports that it may connect to now; nowhere where empty.
    pub hosts: Vec<(String, u16)>,
}

/// What who knows no such bound means.
const fn disk_bytes_a_second() -> u64 {
    32 << 20
}

impl SandboxOrder {
    /// How long it is kept without use.
    pub const fn idle(&self) -> Duration {
        Duration::from_secs(self.idle_s)
    }
}
