//! `[sandbox]`: where commands of agents run.

use std::{net::SocketAddr, path::PathBuf};

use super::HttpUrl;
use crate::{SecretRef, reader::Reader};

/// Where commands of agents run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sandbox {
    /// Whether `orchestack serve` runs sandboxes too.
    pub enabled: bool,
    /// Where the service of sandboxes listens: the gateway calls it.
    pub listen: SocketAddr,
    /// The service that the gateway calls, where it is not this process's own.
    pub url: Option<String>,
    /// What makes the sandboxes.
    pub driver: SandboxDriver,
    /// The folder of local ones. Users of sandboxes must be able to pass through the folders above it.
    pub dir: Option<PathBuf>,
    /// Sandboxes at once.
    pub count: usize,
    /// The first of as many user ids, which nobody else has; used where this process is root.
    pub first_user: usize,
    /// A folder of control groups, version 2, that was delegated to this process.
    pub cgroup: Option<PathBuf>,
    /// Free bytes of the disk below which commands are ended.
    pub free_disk_min: usize,
    /// Where Daytona's API is.
    pub daytona_url: String,
    /// Its key.
    pub daytona_key: Option<SecretRef>,
    /// The snapshot that sandboxes are made of there; its default where absent.
    pub daytona_snapshot: Option<String>,
}

types::names! {
    /// What makes sandboxes.
    SandboxDriver {
        /// This machine.
        Local = "local",
        /// Daytona's API.
        Daytona = "daytona",
    }
}

const GIB: usize = 1024 * 1024 * 1024;
const OWN_PORT: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);
const DAYTONA: &str = "https://app.daytona.io/api";

impl Sandbox {
    pub(super) fn read(mut from: Reader<'_>) -> Self {
        let url: Option<HttpUrl> = from.optional(
            "url",
            "http://127.0.0.1:8085",
            "The service that the gateway calls, where it is not this process's own.",
        );
        let daytona: Option<HttpUrl> =
            from.optional("daytona_url", DAYTONA, "Where Daytona's API is.");
        let trimmed = |url: HttpUrl| url.0.trim_end_matches('/').to_owned();
        let read = Self {
            enabled: from.flag("enabled", true, "Whether `serve` runs sandboxes too."),
            listen: from.parsed(
                "listen",
                "127.0.0.1:0",
                OWN_PORT,
                "Where the service listens, for gateways; port 0 is any free one.",
            ),
            url: url.map(trimmed),
            driver: from.parsed(
                "driver",
                "local",
                SandboxDriver::Local,
                "What makes them: `local`, with bubblewrap, or `daytona`.",
            ),
            dir: from.optional(
                "dir",
                "/var/lib/orchestack/sandboxes",
                "The folder of local ones: below the state folder, or for root below this one.",
            ),
            count: from.count("count", 64, 1..=10_000, "Sandboxes at once."),
            first_user: from.count(
                "first_user",
                2_000_000,
                1_000..=4_000_000_000,
                "The first of as many user ids that nobody else has; used by root.",
            ),
            cgroup: from.optional(
                "cgroup",
                "/sys/fs/cgroup/orchestack",
                "Control groups, version 2, that were delegated to this process.",
            ),
            free_disk_min: from.bytes(
                "free_disk_min",
                GIB,
                0..=1024 * GIB,
                "Free bytes of the disk below which commands are ended.",
            ),
            daytona_url: daytona.map_or_else(|| DAYTONA.to_owned(), trimmed),
            daytona_key: from.optional("daytona_key", "env:DAYTONA_API_KEY", "Its key."),
            daytona_snapshot: from.optional(
                "daytona_snapshot",
                "daytona-small",
                "What sandboxes are made of there; its default where absent.",
            ),
        };
        from.finish();
        read
    }
}
