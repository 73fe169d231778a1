//! The gateway as a service: built from its parts, run until told to stop, drained in order.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use config::Settings;
use snapshot::{Snapshots, keys::Pepper};
use store::{Store, vault::MasterKey};
use tokio_util::sync::CancellationToken;

use crate::{app::App, gate::Gate, listen::Listener, tls, tool::Sandboxes};

/// How long settlements may take after the last request, at shutdown.
const SETTLE_TIME: Duration = Duration::from_secs(10);

/// What a gateway is built from.
#[derive(Clone)]
pub struct Parts {
    /// The snapshot in force.
    pub snapshots: Snapshots,
    /// Ledger and audit.
    pub store: Store,
    /// The key of the API keys' hashes.
    pub pepper: Pepper,
    /// The key that redacted values are encrypted with.
    pub tokens: MasterKey,
    /// Where sandboxes run, if they do.
    pub sandboxes: Option<Sandboxes>,
    /// The settings of this process.
    pub settings: Arc<Settings>,
}

/// Why the gateway cannot start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is taken or not ours.
    #[error("cannot listen on {address}: {source}; set `gateway.listen` to a free address")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The TLS files cannot be used.
    #[error(transparent)]
    Tls(#[from] tls::Error),
}

/// A bound gateway that does not accept yet.
pub struct Gateway {
    listener: Listener,
    gate: Arc<Gate>,
    address: SocketAddr,
    drain: Duration,
}

impl Gateway {
    /// Binds the listener and builds everything behind it.
    ///
    /// # Errors
    /// [`Error`] where the address or the TLS files cannot be used.
    pub async fn build(parts: Parts) -> Result<Self, Error> {
        let settings = &parts.settings.gateway;
        let acceptor = match &settings.tls {
            Some(files) => {
                Some(tls::acceptor(&files.cert, &files.key, files.client_ca.as_deref())?)
            }
            None => None,
        };
        let refused = |source| Error::Listen { address: settings.listen, source };
        let listener = Listener::bind(settings.listen, acceptor, settings.max_connections)
            .await
            .map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let drain = settings.drain_timeout;
        let keys = (parts.pepper, parts.tokens);
        let gate = Gate::new(parts.snapshots, parts.store, keys, parts.sandboxes, &parts.settings);
        gate.limits.ready(&gate.store).await;
        Ok(Self { listener, gate: Arc::new(gate), address, drain })
    }

    /// The address in force.
    pub const fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `shutdown`, then drains: running answers go on for the drain time, and every
    /// bill is settled.
    pub async fn run(self, shutdown: CancellationToken) {
        let app = Arc::new(App::new(Arc::clone(&self.gate)));
        self.listener.run(app, shutdown, self.drain).await;
        self.gate.tasks.close();
        if tokio::time::timeout(SETTLE_TIME, self.gate.tasks.wait()).await.is_err() {
            tracing::warn!("some settlements are not written; the reaper resolves them by lease");
        }
    }
}
