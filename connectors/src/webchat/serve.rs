//! The webchat's listener: built from its parts, it answers until it is told to stop.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use config::settings::Webchat as Settings;
use store::{Store, objects::Objects};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{
    house::House,
    limits::Limits,
    live::{BusWatch, Live},
    routes::{self, Room, Shared},
    seal::Seal,
};

/// How long running requests may go on after the signal to stop.
const DRAIN: Duration = Duration::from_secs(5);

/// What a webchat is made of.
pub struct Parts {
    /// `[webchat]`.
    pub settings: Settings,
    /// The database.
    pub store: Store,
    /// Where attachments are kept.
    pub objects: Objects,
    /// The bus, once it is there: it only makes answers appear as they are written.
    pub bus: BusWatch,
    /// The rest of the process.
    pub house: Arc<dyn House>,
    /// Whether another connector of the installation takes codes that pair accounts: else nobody is offered one.
    pub pairs: bool,
    /// The key that sign-ins and uploads are sealed with, 32 bytes; the same in all processes.
    pub key: Vec<u8>,
}

/// A bound webchat.
pub struct Webchat {
    listener: TcpListener,
    address: SocketAddr,
    room: Room,
}

/// Why the webchat cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The address is taken or not of this machine.
    #[error("cannot listen on `{address}`; set `webchat.listen` to a free address: {source}")]
    Address {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The key has another length.
    #[error("the key that the webchat seals with has not 32 bytes")]
    Key,
}

impl Webchat {
    /// Binds its address.
    ///
    /// # Errors
    /// [`ListenError`].
    pub async fn bind(parts: Parts) -> Result<Self, ListenError> {
        let Parts { settings, store, objects, bus, house, pairs, key } = parts;
        let wrong = |source| ListenError::Address { address: settings.listen, source };
        let seal = Seal::new(&key).ok_or(ListenError::Key)?;
        let listener = TcpListener::bind(settings.listen).await.map_err(wrong)?;
        let address = listener.local_addr().map_err(wrong)?;
        let room = Room::new(Shared {
            work: store.work(),
            limits: Limits::new(&settings),
            live: Live::new(bus),
            stop: CancellationToken::new(),
            settings,
            store,
            objects,
            house,
            pairs,
            seal,
        });
        Ok(Self { listener, address, room })
    }

    /// The address in force, with the port that was really taken.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `shutdown`. Whoever waits for events is told to connect again, elsewhere or later.
    pub async fn run(self, shutdown: CancellationToken) {
        let Self { listener, room, .. } = self;
        let stop = room.stop.clone();
        let live = room.live.clone().run(room.work.clone(), stop.clone());
        let app = routes::router(room).into_make_service_with_connect_info::<SocketAddr>();
        let ends = shutdown.clone();
        let served = axum::serve(listener, app).with_graceful_shutdown(async move {
            ends.cancelled().await;
            stop.cancel();
        });
        let late = async {
            shutdown.cancelled().await;
            tokio::time::sleep(DRAIN).await;
        };
        let both = async { tokio::join!(served.into_future(), live).0 };
        tokio::select! {
            ended = both => if let Err(error) = ended {
                tracing::error!(%error, "the webchat's listener ended");
            },
            () = late => {}
        }
    }
}
