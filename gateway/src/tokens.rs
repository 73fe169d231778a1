//! The values behind redaction tokens: those of a session are in the database, encrypted, and in memory
//! while it is used; those of a request without a session end with it.
//!
//! INVARIANT: what leaves with a token of a session is in the database before, so that a later answer, here or
//! at another gateway, can have its value back. Where that cannot be, the request does not leave.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use config::settings;
use dlp::{Findings, Kind, Redaction, Tokens};
use store::vault::{Entry, Owner, Vault};
use types::{Content, Request, chat::Piece};

use crate::metrics;

/// What an entry takes in memory beside its texts, in bytes.
const ENTRY_BYTES: usize = 200;
/// How long the database may take.
const TIME: Duration = Duration::from_secs(2);
/// How often an entry is made anew because another gateway was faster.
const TRIES: usize = 4;
/// The most tokens of a request that are looked for.
const MENTIONED_MAX: usize = 1_000;

/// The maps of sessions.
pub(crate) struct Maps {
    vault: Vault,
    known: moka::sync::Cache<Owner, Arc<Map>>,
    ttl: Duration,
}

/// The map of one session, or of one request without a session.
pub(crate) struct Map {
    of: Option<Owner>,
    tokens: Mutex<Tokens>,
    bytes: AtomicUsize,
    /// Until when its first entry is kept.
    until: Instant,
    /// Whoever makes entries holds it until they are written.
    writing: tokio::sync::Mutex<()>,
    /// Whether it has entries that the database does not have: nobody may go on with it.
    dead: AtomicBool,
}

/// Why the map of a session cannot be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Away {
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error("the database did not answer in time")]
    Late,
    #[error("other gateways made the same entries again and again")]
    Busy,
}

impl Maps {
    pub(crate) fn new(vault: Vault, settings: &settings::Dlp) -> Self {
        let known = moka::sync::Cache::builder()
            .max_capacity(settings.tokens_max_bytes as u64)
            .weigher(|_: &Owner, map: &Arc<Map>| {
                u32::try_from(map.bytes.load(Ordering::Relaxed)).unwrap_or(u32::MAX)
            })
            .build();
        Self { vault, known, ttl: settings.tokens_ttl }
    }

    /// The map of a session. `mentioned` are tokens that the request names: where one of them is
    /// unknown here, another gateway may have made it.
    pub(crate) async fn of(
        &self,
        owner: Owner,
        mentioned: &BTreeSet<String>,
    ) -> Result<Arc<Map>, Away> {
        let stands = |map: &Arc<Map>| {
            let unknown = |token: &String| map.value(token).is_none();
            !map.is_over() && !mentioned.iter().any(unknown)
        };
        if let Some(known) = self.known.get(&owner).filter(stands) {
            return Ok(known);
        }
        self.load(owner).await
    }

    async fn load(&self, owner: Owner) -> Result<Arc<Map>, Away> {
        let loaded = tokio::time::timeout(TIME, self.vault.load(&owner));
        let loaded = loaded.await.map_err(|_| Away::Late)??;
        if loaded.broken > 0 {
            metrics::TOKENS_BROKEN.inc_by(loaded.broken as u64);
            tracing::error!(
                session = %owner.session, entries = loaded.broken,
                "redacted values could not be decrypted and stay tokens: the key is another one, or somebody changed the rows"
            );
        }
        let mut tokens = Tokens::new(random);
        let mut bytes = ENTRY_BYTES;
        for Entry { kind, token, value } in &loaded.entries {
            // A kind of a detector that the tree has no more.
            let Ok(kind) = kind.parse::<Kind>() else { continue };
            tokens.insert(kind, token, value);
            bytes = bytes.saturating_add(weight(token, value));
        }
        let left = loaded.until.map(|until| until.0.saturating_sub(loaded.now.0).max(0));
        let left = left.and_then(|left| u64::try_from(left).ok()).map(Duration::from_micros);
        let until = Instant::now() + left.unwrap_or(self.ttl);
        let map = Map { until, ..Map::with(Some(owner), tokens) };
        map.bytes.store(bytes, Ordering::Relaxed);
        let map = Arc::new(map);
        self.known.insert(owner, Arc::clone(&map));
        Ok(map)
    }

    /// Redacts a request, or whatever leaves, and writes down what its session has of new tokens.
    pub(crate) async fn redact<C: Content + Clone + Sync>(
        &self,
        owner: Option<Owner>,
        mentioned: &BTreeSet<String>,
        work: &Work<'_, C>,
    ) -> Result<(Redacted<C>, Arc<Map>), Away> {
        let Some(owner) = owner else {
            let map = Arc::new(Map::with(None, Tokens::new(random)));
            let (redacted, _) = work.with(&map);
            return Ok((redacted, map));
        };
        let mut map = self.of(owner, mentioned).await?;
        for _ in 0..TRIES {
            let turn = map.writing.lock().await;
            if !map.is_over() {
                let (redacted, fresh) = work.with(&map);
                if fresh.is_empty() || self.write(owner, &map, &fresh).await? {
                    drop(turn);
                    return Ok((redacted, map));
                }
            }
            drop(turn);
            map = self.load(owner).await?;
        }
        Err(Away::Busy)
    }

    /// Writes entries down. False where another gateway was faster with one of them.
    async fn write(&self, owner: Owner, map: &Arc<Map>, fresh: &[Entry]) -> Result<bool, Away> {
        // Until they are written nobody else may use them, and a request that is dropped meanwhile must
        // not leave them behind.
        map.dead.store(true, Ordering::Release);
        let written = tokio::time::timeout(TIME, self.vault.keep(&owner, fresh)).await;
        if !matches!(written, Ok(Ok(true))) {
            self.known.invalidate(&owner);
            return Ok(written.map_err(|_| Away::Late)??);
        }
        map.dead.store(false, Ordering::Release);
        let more: usize = fresh.iter().map(|entry| weight(&entry.token, &entry.value)).sum();
        map.bytes.fetch_add(more, Ordering::Relaxed);
        // Once more, since it weighs more now.
        self.known.insert(owner, Arc::clone(map));
        Ok(true)
    }
}

/// What is to be redacted: a request of a model, or what a tool is given or gives.
pub(crate) struct Work<'a, C = Request> {
    pub(crate) engine: &'a dlp::Engine,
    pub(crate) request: &'a C,
    pub(crate) findings: &'a Findings,
    pub(crate) kinds: &'a [Kind],
}

/// What it is after that.
pub(crate) struct Redacted<C = Request> {
    pub(crate) request: C,
    pub(crate) redaction: Redaction,
}

impl<C: Content + Clone> Work<'_, C> {
    fn with(&self, map: &Map) -> (Redacted<C>, Vec<Entry>) {
        let mut request = self.request.clone();
        let mut tokens = map.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let redaction = self.engine.redact(&mut request, self.findings, self.kinds, &mut tokens);
        let fresh = tokens.fresh().into_iter().map(|fresh| Entry {
            kind: fresh.kind.as_str().to_owned(),
            token: fresh.token,
            value: fresh.value,
        });
        (Redacted { request, redaction }, fresh.collect())
    }
}

impl Map {
    fn with(of: Option<Owner>, tokens: Tokens) -> Self {
        Self {
            of,
            tokens: Mutex::new(tokens),
            bytes: AtomicUsize::new(ENTRY_BYTES),
            until: Instant::now(),
            writing: tokio::sync::Mutex::default(),
            dead: AtomicBool::new(false),
        }
    }

    /// A map of a request with these values, and their tokens.
    #[cfg(test)]
    pub(crate) fn of_values(values: &[(Kind, &str)]) -> (Self, Vec<String>) {
        let mut tokens = Tokens::new(random);
        let made = values.iter().map(|(kind, value)| tokens.token(*kind, value)).collect();
        (Self::with(None, tokens), made)
    }

    /// What stands behind a token.
    pub(crate) fn value(&self, token: &str) -> Option<(Kind, String)> {
        let tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.value(token).map(|(kind, value)| (kind, value.to_owned()))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    fn is_over(&self) -> bool {
        self.dead.load(Ordering::Acquire) || self.of.is_some() && self.until <= Instant::now()
    }
}

/// Tokens of a request that the gateway may have made: what has their form.
pub(crate) fn mentioned(request: &mut impl Content) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    request.visit(|_, piece| {
        let mut look = |text: &str| {
            let room = MENTIONED_MAX.saturating_sub(all.len());
            all.extend(Tokens::in_text(text).take(room).map(str::to_owned));
        };
        match piece {
            Piece::Text(text) => look(text),
            Piece::Parts(parts) => parts.iter().for_each(|(_, text)| look(text)),
            Piece::Name(_) | Piece::Number { .. } | Piece::Sealed => {}
        }
    });
    all
}

fn weight(token: &str, value: &str) -> usize {
    // Both directions have both texts.
    ENTRY_BYTES + 2 * (token.len() + value.len())
}

/// A number that nobody guesses.
pub(crate) fn random() -> u64 {
    let mut bytes = [0; 8];
    // A system without random numbers has no TLS either.
    let _ = ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut bytes);
    u64::from_le_bytes(bytes)
}
