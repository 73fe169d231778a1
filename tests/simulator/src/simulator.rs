//! Start, look into and stop a simulator.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::bench::Bench;
use crate::bill::Bill;
use crate::log::Log;
use crate::routes::router;
use crate::script::{Script, Stage};
use crate::serve::State;
use crate::wire::{Wire, WireListener};
use crate::{AwsKey, Behaviour, BillError, BillTotal, Price, Seen};

/// How long a shutdown waits for connections that are being cut.
const SHUTDOWN_MAX: Duration = Duration::from_secs(5);

/// A model that `GET /v1/models` lists. Models that are not listed are answered as well.
#[derive(Clone, Debug)]
pub struct Model {
    /// Its id on the wire.
    pub id: String,
    /// What its tokens cost.
    pub price: Price,
    /// The most output tokens of one choice when the caller gives no limit. It is the worst case
    /// of the bill.
    pub max_output_tokens: u64,
}

impl Model {
    /// `max_output_tokens` of a model that is not listed.
    pub const MAX_OUTPUT_TOKENS: u64 = 4_096;

    /// A model with the usual limit.
    pub fn new(id: &str, price: Price) -> Self {
        Self { id: id.to_owned(), price, max_output_tokens: Self::MAX_OUTPUT_TOKENS }
    }
}

/// What to simulate.
#[derive(Clone, Debug)]
pub struct SimulatorOptions {
    /// Where to listen. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// The append-only bill. An existing file is continued. `None` keeps the bill in memory.
    pub bill: Option<PathBuf>,
    /// Listed models and their prices.
    pub models: Vec<Model>,
    /// The price of every other model.
    pub price: Price,
    /// Keys that are accepted. Empty accepts any.
    pub api_keys: Vec<String>,
    /// Keys that may sign calls of Bedrock.
    pub aws_keys: Vec<AwsKey>,
    /// Keep the bodies of requests in the log. The built-in simulator must not.
    pub keep_bodies: bool,
    /// The most requests the log holds; later ones are counted only.
    pub log_max: usize,
    /// The longest request body, in bytes; longer ones get a 413.
    pub body_bytes_max: usize,
    /// What it does when no script and no model name says otherwise.
    pub behaviour: Behaviour,
    /// Whether the control paths `/_sim/` answer. The built-in simulator needs none.
    pub control: bool,
}

impl Default for SimulatorOptions {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            bill: None,
            models: vec![
                Model::new("sim-local", Price::FREE),
                Model::new("sim-small", Price::dollars_per_million(1, 2)),
                Model::new("sim-cloud", Price::dollars_per_million(3, 15)),
                Model::new("bench", Price::FREE),
            ],
            price: Price::dollars_per_million(3, 15),
            api_keys: Vec::new(),
            aws_keys: Vec::new(),
            keep_bodies: false,
            log_max: 100_000,
            body_bytes_max: 40 << 20,
            behaviour: Behaviour::default(),
            control: true,
        }
    }
}

/// Why a simulator did not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The bill could not be kept.
    #[error(transparent)]
    Bill(#[from] BillError),
    /// The address is taken or not ours.
    #[error("cannot listen on `{listen}`: choose another address, or port 0 for a free one")]
    Listen {
        /// The address asked for.
        listen: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
}

/// A running simulator. Dropping it stops it and cuts what is under way.
#[derive(Debug)]
pub struct Simulator {
    addr: SocketAddr,
    state: Arc<State>,
    server: Option<JoinHandle<()>>,
}

impl Simulator {
    /// Starts to listen and to answer on the current tokio runtime.
    ///
    /// # Errors
    /// When the address or the bill file cannot be used.
    pub async fn start(options: SimulatorOptions) -> Result<Self, Error> {
        let listen = options.listen;
        let wrong = |source| Error::Listen { listen, source };
        let bill = Arc::new(Bill::open(options.bill.as_deref())?);
        let listener = tokio::net::TcpListener::bind(listen).await.map_err(wrong)?;
        let addr = listener.local_addr().map_err(wrong)?;
        let state = Arc::new(State {
            bill,
            log: Log::new(options.log_max),
            stage: Stage::default(),
            bench: Bench::new(),
            keep_bodies: AtomicBool::new(options.keep_bodies),
            received: Arc::new(AtomicU64::new(0)),
            stop: CancellationToken::new(),
            options,
        });
        state.stage.set(state.first_script());
        let listener = WireListener::new(listener, Arc::clone(&state.received));
        let service = router(Arc::clone(&state)).into_make_service_with_connect_info::<Wire>();
        let stop = state.stop.clone().cancelled_owned();
        let server = tokio::spawn(async move {
            // It ends by `stop` only: the listener never gives up.
            let _ = axum::serve(listener, service).with_graceful_shutdown(stop).await;
        });
        Ok(Self { addr, state, server: Some(server) })
    }

    /// The bound address.
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// `http://ADDR`, without `/v1`: both dialects start here.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// The sums of the bill, with those of earlier starts on the same file.
    pub fn bill_total(&self) -> BillTotal {
        self.state.bill.total()
    }

    /// The requests seen since the start or the last reset, oldest first, without those for the
    /// model `bench`.
    pub fn log(&self) -> Vec<Seen> {
        self.state.log.seen()
    }

    /// Bytes received on all connections since the start. Zero proves that nobody sent anything.
    pub fn bytes_received(&self) -> u64 {
        self.state.received.load(Ordering::Relaxed)
    }

    /// What to do from now on, like `POST /_sim/script`.
    pub fn play(&self, script: Script) {
        self.state.play(script);
    }

    /// What to do from now on: first the `queue`, one entry a call, then `default`.
    pub fn script(&self, default: Behaviour, queue: Vec<Behaviour>) {
        self.play(Script { default, queue: queue.into(), ..Script::default() });
    }

    /// Forgets script and log, like `POST /_sim/reset`. The bill stays.
    pub fn reset(&self) {
        self.state.reset();
    }

    /// Stops listening, cuts what is under way and finalises its bill.
    pub async fn shutdown(mut self) {
        self.state.stop.cancel();
        if let Some(server) = self.server.take() {
            let _ = tokio::time::timeout(SHUTDOWN_MAX, server).await;
        }
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.state.stop.cancel();
    }
}

impl State {
    pub(crate) fn play(&self, script: Script) {
        if let Some(keep) = script.keep_bodies {
            self.keep_bodies.store(keep, Ordering::Relaxed);
        }
        self.stage.set(script);
    }

    pub(crate) fn reset(&self) {
        self.stage.set(self.first_script());
        self.log.reset();
    }

    fn first_script(&self) -> Script {
        Script { default: self.options.behaviour.clone(), ..Script::default() }
    }
}
