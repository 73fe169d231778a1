//! The sections of the settings: each struct with the one function that reads, bounds and
//! describes it.

use std::{net::SocketAddr, path::PathBuf, str::FromStr, time::Duration};

use types::{Label, Nanos, Secret};

use super::address::{HttpUrl, StoreUrl};
use crate::reader::Reader;

const fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

const fn millis(n: u64) -> Duration {
    Duration::from_millis(n)
}

const MIB: usize = 1024 * 1024;

/// The data plane's listener and its limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gateway {
    /// Address and port.
    pub listen: SocketAddr,
    /// TLS, or mutual TLS; plain HTTP where absent.
    pub tls: Option<Tls>,
    /// The longest request body.
    pub max_body_bytes: usize,
    /// How long a caller may take to send a request's head.
    pub header_timeout: Duration,
    /// Bytes a second below which a body that is being sent is given up.
    pub body_min_rate_bytes: usize,
    /// How long a kept-alive connection may rest between requests.
    pub idle_timeout: Duration,
    /// How long an answer's stream may stand still because the caller does not read.
    pub write_timeout: Duration,
    /// Connections at once; more wait to be accepted.
    pub max_connections: usize,
    /// Requests at once; more are refused with `overloaded`.
    pub max_concurrent_requests: usize,
    /// The output limit in tokens that is sent where the caller names none; it bounds what one
    /// call may hold of a budget.
    pub default_output_tokens: usize,
    /// How long running answers may go on after the signal to stop.
    pub drain_timeout: Duration,
}

impl Gateway {
    pub(super) fn read(mut from: Reader<'_>) -> Self {
        let listen = SocketAddr::from(([127, 0, 0, 1], 8080));
        let read = Self {
            listen: from.parsed("listen", "127.0.0.1:8080", listen, "Address and port."),
            max_body_bytes: from.bytes(
                "max_body_bytes",
                32 * MIB,
                1024..=256 * MIB,
                "The longest request body.",
            ),
            header_timeout: from.duration(
                "header_timeout",
                seconds(10),
                millis(100)..=seconds(300),
                "How long a caller may take to send a request's head.",
            ),
            body_min_rate_bytes: from.bytes(
                "body_min_rate_bytes",
                1024,
                1..=MIB,
                "Bytes a second below which a body in sending is given up.",
            ),
            idle_timeout: from.duration(
                "idle_timeout",
                seconds(60),
                seconds(1)..=seconds(3600),
                "How long a connection may rest between requests.",
            ),
            write_timeout: from.duration(
                "write_timeout",
                seconds(30),
                seconds(1)..=seconds(600),
                "How long a stream may stand still because the caller does not read.",
            ),
            max_connections: from.count(
                "max_connections",
                10_000,
                1..=1_000_000,
                "Connections at once.",
            ),
            max_concurrent_requests: from.count(
                "max_concurrent_requests",
                4_096,
                1..=1_000_000,
                "Requests at once; more are refused with `overloaded`.",
            ),
            default_output_tokens: from.count(
                "default_output_tokens",
                16_384,
                1..=10_000_000,
                "Output limit that is sent where the caller names none.",
            ),
            drain_timeout: from.duration(
                "drain_timeout",
                seconds(300),
                millis(0)..=seconds(3600),
                "How long running answers may go on after the signal to stop.",
            ),
            tls: Tls::read(
                from.optional_section("tls", "TLS; without it the port speaks plain HTTP."),
            ),
        };
        from.finish();
        read
    }
}

/// Files of a TLS listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// The certificate chain, PEM.
    pub cert: PathBuf,
    /// Its private key, PEM.
    pub key: PathBuf,
    /// Authorities that callers' certificates must come from (mutual TLS).
    pub client_ca: Option<PathBuf>,
}

impl Tls {
    fn read((written, mut from): (bool, Reader<'_>)) -> Option<Self> {
        if !written {
            // Only to describe the keys: what is absent must not be missed.
            let _: Option<PathBuf> =
                from.optional("cert", "tls/cert.pem", "The certificate chain, PEM.");
            let _: Option<PathBuf> = from.optional("key", "tls/key.pem", "Its private key, PEM.");
            let _: Option<PathBuf> = from.optional(
                "client_ca",
                "tls/clients.pem",
                "Authorities of callers' certificates: makes it mutual TLS.",
            );
            from.finish();
            return None;
        }
        let cert = from.required("cert", "tls/cert.pem", "");
        let key = from.required("key", "tls/key.pem", "");
        let client_ca = from.optional("client_ca", "tls/clients.pem", "");
        from.finish();
        Some(Self { cert: cert?, key: key?, client_ca })
    }
}

/// The admin API's listeners.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admin {
    /// Address and port; the admin token is needed there.
    pub listen: SocketAddr,
    /// The unix socket of the local operator; see [`super::Settings::admin_socket`].
    pub socket: Option<PathBuf>,
}

impl Admin {
    pub(super) fn read(mut from: Reader<'_>) -> Self {
        let listen = SocketAddr::from(([127, 0, 0, 1], 8081));
        let read = Self {
            listen: from.parsed("listen", "127.0.0.1:8081", listen, "Address and port."),
            socket: from.optional(
                "socket",
                ".orchestack/admin.sock",
                "The local operator's socket; in the state directory where not set.",
            ),
        };
        from.finish();
        read
    }
}

/// Where this process keeps its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// The directory; made where it is missing.
    pub dir: PathBuf,
}

impl State {
    pub(super) fn read(mut from: Reader<'_>) -> Self {
        let read = Self {
            dir: from.path("dir", "./.orchestack", "The directory; made where it is missing."),
        };
        from.finish();
        read
    }
}

/// The database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    /// `sqlite://FILE` or `postgres://..`, which may carry a password; see
    /// [`super::Settings::store_url`].
    pub url: Option<Secret>,
    /// Connections at once.
    pub max_connections: usize,
}

impl Store {
    pub(super) fn read(mut from: Reader<'_>) -> Self {
        let url: Option<StoreUrl> = from.optional("url", "postgres://orchestack@127.0.0.1/orchestack",
            "`sqlite://FILE` or `postgres://..`; a SQLite file in the state directory where not set.");
        let read = Self {
            url: url.map(|url| Secret::new(url.0)),
            max_connections: from.count("max_connections", 16, 1..=1_000, "Connections at once."),
        };
        from.finish();
        read
    }
}

/// Limits on calls to providers; a provider's own file can narrow or widen them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    /// To connect, TLS included.
    pub connect_timeout: Duration,
    /// From sending a request to the head of its answer, where that is streamed. An answer that is
    /// not streamed has the whole time.
    pub first_byte_timeout: Duration,
    /// Between two pieces of a stream.
    pub idle_timeout: Duration,
    /// From sending a request to the end of its answer.
    pub total_timeout: Duration,
    /// Models that are tried for one request.
    pub max_attempts: usize,
}

impl Upstream {
    pub(super) fn read(mut from: Reader<'_>) -> Self {
        let read = Self {
            connect_timeout: from.duration(
                "connect_timeout",
                seconds(5),
                millis(10)..=seconds(60),
                "To connect, TLS included.",
            ),
            first_byte_timeout: from.duration(
                "first_byte_timeout",
                seconds(60),
                millis(10)..=seconds(1800),
                "From sending a request to the first byte of a stream; other answers have \
                 total_timeout.",
            ),
            idle_timeout: from.duration(
                "idle_timeout",
                seconds(30),
                millis(10)..=seconds(600),
                "Between two pieces of a stream.",
            ),
            total_timeout: from.duration(
                "total_timeout",
                seconds(600),
                millis(100)..=seconds(7200),
                "For the whole answer.",
            ),
            max_attempts: from.count(
                "max_attempts",
                3,
                1..=8,
                "Models that are tried for one request.",
            ),
        };
        from.finish();
        read
    }
}

/// Times of the budget ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ledger {
    /// How long a reservation lives without a sign of progress.
    pub lease: Duration,
    /// How often abandoned reservations are looked for.
    pub reaper_period: Duration,
    /// How long a request waits for its reservation.
    pub admission_timeout: Duration,
    /// Whether calls are admitted in memory, with a journal in the state folder.
    pub journal: bool,
    /// The most bytes that the journal may have on the disk.
    pub journal_bytes_max: usize,
}

impl Ledger {
    pub(super) fn read(mut from: Reader<'_>) -> Self {
        let read = Self {
            lease: from.duration(
                "lease",
                seconds(60),
                seconds(5)..=seconds(3600),
                "How long a reservation lives without a sign of progress.",
            ),
            reaper_period: from.duration(
                "reaper_period",
                seconds(15),
                millis(100)..=seconds(600),
                "How often abandoned reservations are looked for.",
            ),
            admission_timeout: from.duration(
                "admission_timeout",
                millis(500),
                millis(10)..=seconds(30),
                "How long a request waits for its reservation.",
            ),
            journal: from.flag(
                "journal",
                true,
                "Admit calls in memory, with a journal in the state folder; without it each waits \
                 for the database.",
            ),
            journal_bytes_max: from.bytes(
                "journal_bytes_max",
                1 << 30,
                16 << 20..=1 << 40,
                "The most that the journal may have on the disk while the database is away.",
            ),
        };
        from.finish();
        read
    }
}

/// Logs and traces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Telemetry {
    /// Where traces go (OTLP over HTTP); nowhere where absent.
    pub otlp_endpoint: Option<String>,
    /// How log lines look.
    pub log_format: LogFormat,
    /// Which log lines are written, in the form of `tracing`'s `EnvFilter`.
    pub log_filter: String,
}

impl Telemetry {
    pub(super) fn read(mut from: Reader<'_>) -> Self {
        let otlp: Option<HttpUrl> = from.optional(
            "otlp_endpoint",
            "http://127.0.0.1:4318",
            "Where traces go (OTLP over HTTP); nowhere where not set.",
        );
        let read = Self {
            otlp_endpoint: otlp.map(|url| url.0),
            log_format: from.parsed("log_format", "text", LogFormat::Text, "`text` or `json`."),
            log_filter: from.text("log_filter", "info", "Such as `info` or `gateway=debug,info`."),
        };
        from.finish();
        read
    }
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl FromStr for LogFormat {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err("the format is neither `text` nor `json`"),
        }
    }
}

/// Caps in US dollars of agents that name none of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    /// A day's cap of one agent.
    pub agent_day: Nanos,
    /// A month's cap of one agent; none where absent.
    pub agent_month: Option<Nanos>,
    /// A day's cap of a whole tenant; none where absent.
    pub tenant_day: Option<Nanos>,
    /// A month's cap of a whole tenant; none where absent.
    pub tenant_month: Option<Nanos>,
}

impl Budget {
    pub(super) fn read(mut from: Reader<'_>) -> Self {
        let read = Self {
            agent_day: from.parsed(
                "agent_day",
                "5.00",
                Nanos(5_000_000_000),
                "What one agent may spend in a day.",
            ),
            agent_month: from.optional(
                "agent_month",
                "50.00",
                "What one agent may spend in a month.",
            ),
            tenant_day: from.optional("tenant_day", "100.00", "What a tenant may spend in a day."),
            tenant_month: from.optional(
                "tenant_month",
                "1000.00",
                "What a tenant may spend in a month.",
            ),
        };
        from.finish();
        read
    }
}

/// How models are chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Routing {
    /// From this label up, only local models may be used.
    pub local_from: Label,
    /// What counts in ranking; the order by locality and size where nothing is written.
    pub weights: Option<Weights>,
}

impl Routing {
    pub(super) fn read(mut from: Reader<'_>) -> Self {
        let read = Self {
            local_from: from.parsed(
                "local_from",
                "restricted",
                Label::Restricted,
                "From this label up only local models are used, whatever policy says.",
            ),
            weights: Weights::read(
                from.section("weights", "What counts in ranking, 0 to 100 each."),
            ),
        };
        from.finish();
        read
    }
}

/// What counts in ranking, 0 to 100 each. A weight that is not written beside others is 50.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weights {
    /// How much a low cost counts.
    pub cost: u8,
    /// How much a low latency counts.
    pub latency: u8,
    /// How much quality counts.
    pub quality: u8,
}

impl Weights {
    /// `None` where no weight is written: then the default order holds.
    pub(crate) fn read(mut from: Reader<'_>) -> Option<Self> {
        let written = from.is_written();
        let mut weight = |key, help| u8::try_from(from.count(key, 50, 0..=100, help)).unwrap_or(50);
        let read = Self {
            cost: weight("cost", "How much a low cost counts."),
            latency: weight("latency", "How much a low latency counts."),
            quality: weight("quality", "How much quality counts."),
        };
        from.finish();
        written.then_some(read)
    }
}

impl Default for Weights {
    fn default() -> Self {
        Self { cost: 50, latency: 50, quality: 50 }
    }
}
