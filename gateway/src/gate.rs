//! What every request needs: the snapshot in force, the ledger, the connections, the options.

use std::{
    collections::{HashMap, HashSet},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use config::{
    Settings,
    settings::{AnswerSearch, Mcp},
};
use router::{HealthTable, RetryBudget};
use snapshot::{Snapshots, grants::Signer, keys::Pepper};
use store::{Store, audit::Audit, flows::Flows, ledger::Ledger, vault::MasterKey};
use tokio_util::task::{AbortOnDropHandle, TaskTracker};
use types::Label;

use crate::{
    cache::Answers,
    deep::Deep,
    leases::Leases,
    limits, metrics,
    scorer::Scorers,
    tokens::Maps,
    tool::{Prints, Sandboxes},
    upstream::{Limits, Upstreams},
};

/// The data plane's bounds and times, from the settings.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Options {
    pub(crate) body_bytes_max: usize,
    pub(crate) body_rate_min: u64,
    pub(crate) header_timeout: Duration,
    /// Between two reads of a body.
    pub(crate) read_timeout: Duration,
    pub(crate) write_timeout: Duration,
    pub(crate) concurrent_max: usize,
    pub(crate) attempts_max: usize,
    /// How long a connection may rest between requests.
    pub(crate) idle_timeout: Duration,
    /// The output limit that is sent where the caller names none.
    pub(crate) output_tokens_default: u64,
    /// Whether answers are searched where no policy asks for it.
    pub(crate) search_answers: bool,
    /// The highest label of responses that are kept; `None` where none is.
    pub(crate) kept_label_max: Option<Label>,
}

/// The largest whole answer that is read from a provider.
pub(crate) const ANSWER_BYTES_MAX: usize = 64 << 20;

/// A place at a provider for as long as it is held; of no provider where there is no limit.
pub(crate) struct Place<'g>(Option<(&'g Gate, String)>);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let Some((gate, name)) = self.0.take() else { return };
        let mut running = gate.at_provider.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(taken) = running.get_mut(&name) {
            *taken = taken.saturating_sub(1);
        }
    }
}

/// Shared by all requests; cheap to reach, never changed but through its handles.
pub(crate) struct Gate {
    pub(crate) options: Options,
    /// Who may talk to the tool gateway.
    pub(crate) mcp: Mcp,
    pub(crate) snapshots: Snapshots,
    pub(crate) store: Store,
    pub(crate) ledger: Ledger,
    pub(crate) audit: Audit,
    pub(crate) pepper: Pepper,
    pub(crate) signer: Signer,
    pub(crate) upstreams: Arc<Upstreams>,
    /// Settlements and other work that must not end with the request.
    pub(crate) tasks: TaskTracker,
    /// The leases of open holds.
    pub(crate) leases: Arc<Leases>,
    _renewal: AbortOnDropHandle<()>,
    /// Answers that are given again.
    pub(crate) answers: Answers,
    /// The values behind redaction tokens.
    pub(crate) tokens: Maps,
    /// The key of what is kept sealed.
    pub(crate) sealing: MasterKey,
    /// What sessions have seen.
    pub(crate) flows: Flows,
    pub(crate) prints: Prints,
    /// Where child processes of tool servers are at home, and relative files of secrets.
    pub(crate) state: PathBuf,
    /// Where sandboxes run, if they do.
    pub(crate) sandboxes: Option<Sandboxes>,
    /// The search of sessions as a whole.
    pub(crate) deep: Deep,
    /// What callers, models and providers have used of their rate limits.
    pub(crate) limits: limits::Limits,
    health: Mutex<HealthTable>,
    /// How external scorers do, by address.
    pub(crate) scorers: Scorers,
    retries: Mutex<RetryBudget>,
    /// Models whose provider ignored an output limit: none of them serves a hard cap until this
    /// process starts again, after somebody has looked at it.
    unbounded: Mutex<HashSet<String>>,
    /// Requests that run at providers with a limit of their own, by name.
    at_provider: Mutex<HashMap<String, usize>>,
    started: tokio::time::Instant,
}

impl Gate {
    pub(crate) fn new(
        snapshots: Snapshots,
        store: Store,
        (pepper, tokens): (Pepper, MasterKey),
        sandboxes: Option<Sandboxes>,
        settings: &Settings,
    ) -> Self {
        let (gateway, upstream) = (&settings.gateway, &settings.upstream);
        let times = Limits {
            connect: upstream.connect_timeout,
            first_byte: upstream.first_byte_timeout,
            idle: upstream.idle_timeout,
            total: upstream.total_timeout,
        };
        let options = Options {
            body_bytes_max: gateway.max_body_bytes,
            body_rate_min: gateway.body_min_rate_bytes as u64,
            header_timeout: gateway.header_timeout,
            read_timeout: Duration::from_secs(30),
            write_timeout: gateway.write_timeout,
            concurrent_max: gateway.max_concurrent_requests,
            attempts_max: upstream.max_attempts,
            idle_timeout: gateway.idle_timeout,
            output_tokens_default: gateway.default_output_tokens as u64,
            search_answers: settings.dlp.answers == AnswerSearch::Inspect,
            kept_label_max: (!settings.responses.retention.is_zero())
                .then_some(settings.responses.max_label),
        };
        let (flows, sealing) = (store.flows(tokens.clone()), tokens.clone());
        let tokens = Maps::new(store.vault(tokens), &settings.dlp);
        let (ledger, leases) = (store.ledger(), Arc::new(Leases::default()));
        let renewal = tokio::spawn(Arc::clone(&leases).renew(ledger.clone()));
        let limits = limits::Limits::new(&store);
        let tasks = TaskTracker::new();
        let deep = Deep::start(&settings.dlp, &store, &tasks);
        Self {
            options,
            mcp: settings.mcp.clone(),
            snapshots,
            ledger,
            audit: store.audit(),
            store,
            signer: pepper.signer(),
            pepper,
            upstreams: Arc::new(Upstreams::new(times)),
            deep,
            tasks,
            leases,
            answers: Answers::new(&settings.cache),
            tokens,
            sealing,
            flows,
            prints: Prints::default(),
            state: settings.state.dir.clone(),
            sandboxes,
            _renewal: AbortOnDropHandle::new(renewal),
            limits,
            health: Mutex::new(HealthTable::default()),
            scorers: Scorers::default(),
            retries: Mutex::default(),
            unbounded: Mutex::default(),
            at_provider: Mutex::default(),
            started: tokio::time::Instant::now(),
        }
    }

    /// Whether requests can be served now; the reason is short and gives nothing away.
    pub(crate) async fn ready(&self) -> Result<(), &'static str> {
        match tokio::time::timeout(Duration::from_secs(1), self.store.ping()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err("the database does not answer\n"),
        }
    }

    /// Takes a model away from hard-capped callers: its provider ignored an output limit.
    pub(crate) fn distrust(&self, model: &str) {
        let mut unbounded = self.unbounded.lock().unwrap_or_else(PoisonError::into_inner);
        if unbounded.insert(model.to_owned()) {
            metrics::DISTRUSTED.with_label_values(&[model]).set(1);
            tracing::error!(%model, "the provider generated more than the limit that was sent; hard-capped callers do not get this model until the gateway starts again");
        }
    }

    /// Whether a model's worst case can be trusted.
    pub(crate) fn is_bounded(&self, model: &str) -> bool {
        !self.unbounded.lock().unwrap_or_else(PoisonError::into_inner).contains(model)
    }

    /// A place at a provider that takes only so many requests at once; `None` where all are taken.
    pub(crate) fn place(&self, provider: &router::Provider) -> Option<Place<'_>> {
        let Some(max) = provider.max_concurrent else { return Some(Place(None)) };
        let mut running = self.at_provider.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = running.entry(provider.name.clone()).or_default();
        if *taken >= max {
            return None;
        }
        *taken += 1;
        Some(Place(Some((self, provider.name.clone()))))
    }

    /// Now, on the clock of the health table.
    pub(crate) fn moment(&self) -> router::Moment {
        self.started.elapsed()
    }

    /// Adds a request's share to what may be tried further.
    pub(crate) fn request(&self) {
        self.retries.lock().unwrap_or_else(PoisonError::into_inner).request();
    }

    /// Takes a further attempt, where one is left.
    pub(crate) fn retry(&self) -> bool {
        let now = self.moment();
        let taken = self.retries.lock().unwrap_or_else(PoisonError::into_inner).take(now);
        if !taken {
            metrics::RETRIES_REFUSED.inc();
        }
        taken
    }

    /// Gives back a further attempt that was not made after all.
    pub(crate) fn not_retried(&self) {
        self.retries.lock().unwrap_or_else(PoisonError::into_inner).give_back();
    }

    /// Looks at, or changes, what is known of the providers' health. Held for a moment only.
    pub(crate) fn health<R>(&self, act: impl FnOnce(&mut HealthTable) -> R) -> R {
        // A panic while it was held leaves figures, not half-made state.
        act(&mut self.health.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
