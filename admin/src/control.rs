//! What the admin API works on, and the bounds it works within.

use std::{sync::Arc, time::Duration};

use config::Settings;
use snapshot::{Snapshots, git::Repository, keys::Pepper};
use store::{Store, vault::MasterKey};

use crate::connections::Bounds;

/// Everything that an operation may need. A handler gets at it only through a permit.
#[derive(Clone)]
pub struct Control {
    /// The settings of this process.
    pub settings: Arc<Settings>,
    /// The database.
    pub store: Store,
    /// The snapshot in force.
    pub snapshots: Snapshots,
    /// The git tree.
    pub repository: Repository,
    /// The key of the keyed hashes of keys and tokens.
    pub pepper: Pepper,
    /// The key of what is kept sealed.
    pub sealing: MasterKey,
    /// How outside servers are asked.
    pub http: reqwest::Client,
}

/// How a request got in, which says how its sender is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// Over TCP: an admin token is needed. `loopback` turns the check of the `Host` header on.
    Token {
        /// Whether the listener is on a loopback address.
        loopback: bool,
    },
    /// Over the socket that only the operator's own user can open, or in process: no token.
    Local,
}

/// The longest request body, in bytes.
pub const BODY_BYTES_MAX: usize = 1 << 20;
/// How long a body may take to arrive.
pub const BODY_TIME: Duration = Duration::from_secs(30);
/// Operations that run at once; more are refused.
pub const OPERATIONS_MAX: usize = 64;
/// Readers who watch requests at once; more are refused.
pub const STREAMS_MAX: usize = 64;
/// Whoever shows a token or a cookie is looked up; more than so many at once wait in line, so that strangers
/// leave the database to those who are known.
pub(crate) const LOOKUPS_MAX: usize = 16;
/// Connections of each listener. A proxy has one address for everybody behind it.
pub(crate) const CONNECTIONS: Bounds =
    Bounds { connections_max: 1024, of_address_max: 256, head_time: Duration::from_secs(30) };
/// How long running operations may go on after the signal to stop.
pub const DRAIN: Duration = Duration::from_secs(5);
/// The group that the local operator and the first admin token are in.
pub const ADMINISTRATORS: &str = "infra-admin";
