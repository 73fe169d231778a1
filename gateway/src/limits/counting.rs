//! Who counts: all gateways together in Redis, or each one its share by itself.
//!
//! While Redis answers, it decides. While it does not, and where there is none, each of M gateways lets
//! through an Mth of every limit, at least one. M is how many the database knows to be alive.

use std::{
    collections::HashSet,
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};

use budget::Scope;
use snapshot::{Limit, LimitKind};
use store::{
    Store,
    fleet::{self, Charge, Fleet},
};
use tokio::sync::mpsc;

use super::{bucket::Untold, places::Places};
use crate::metrics;

/// How often it is looked how many gateways there are: for so long a new one and the others may together
/// let through more than the limit.
const LOOK: Duration = Duration::from_secs(2);
/// How long one look may take.
const LOOK_MAX: Duration = Duration::from_secs(1);
/// How often Redis hears of all places that are taken: three times in their lease.
const RENEWAL: Duration = Duration::from_secs(5);
/// News that may wait for Redis. What is beyond is lost: a charge, until it is over a minute later, or the
/// end of a request, until the next renewal.
const NEWS_MAX: usize = 4096;
/// How many are told at once.
const TOLD_MAX: usize = 64;

/// Who counts now.
#[derive(Default)]
pub(crate) struct Counting {
    fleet: Option<Fleet>,
    gateways: AtomicU32,
    news: Option<mpsc::Sender<News>>,
    denied: AtomicU64,
}

/// A stretch of time in which a gateway counts the same share by itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Stretch {
    /// How many gateways there are; 0 is one.
    pub(super) gateways: u32,
    /// How often Redis went away before it.
    pub(super) turn: u64,
}

impl Stretch {
    /// This gateway's part of a limit.
    pub(super) fn share(self, max: NonZeroU32) -> NonZeroU32 {
        NonZeroU32::new(max.get() / self.gateways.max(1)).unwrap_or(NonZeroU32::MIN)
    }
}

/// What Redis should hear.
pub(super) enum News {
    /// With what is told once it is dropped.
    Charge(Charge, Option<Untold>),
    /// A place of somebody is free again.
    Free((Scope, String)),
}

impl Counting {
    pub(super) fn new(fleet: Option<Fleet>) -> (Self, Option<mpsc::Receiver<News>>) {
        let (news, heard) = fleet.is_some().then(|| mpsc::channel(NEWS_MAX)).unzip();
        (Self { fleet, news, ..Self::default() }, heard)
    }

    /// Redis, while it answers.
    pub(super) fn fleet(&self) -> Option<&Fleet> {
        self.fleet.as_ref().filter(|fleet| fleet.is_up())
    }

    /// The present stretch.
    pub(super) fn stretch(&self) -> Stretch {
        Stretch {
            gateways: self.gateways.load(Ordering::Relaxed),
            turn: self.fleet.as_ref().map_or(0, Fleet::turns),
        }
    }

    /// Whether there is a Redis at all.
    pub(super) fn may_share(&self) -> bool {
        self.fleet.is_some()
    }

    /// Tells Redis what was used of a limit beyond what was taken, or below it.
    pub(super) fn charge(&self, limit: &Limit, count: i64, untold: Option<Untold>) {
        if count != 0 && self.fleet().is_some() {
            let (name, max) = (name(limit.scope, &limit.scope_id, limit.kind), limit.max.get());
            self.tell(News::Charge(Charge { name, max, count }, untold));
        }
    }

    pub(super) fn place_is_free(&self, whose: &(Scope, String)) {
        if self.fleet().is_some() {
            self.tell(News::Free(whose.clone()));
        }
    }

    fn tell(&self, news: News) {
        if let Some(sender) = &self.news
            && sender.try_send(news).is_err()
        {
            metrics::UNWRITTEN.with_label_values(&["shared_limit"]).inc();
        }
    }

    pub(super) fn count(&self, gateways: u32) {
        self.gateways.store(gateways, Ordering::Relaxed);
    }

    /// Looks how many gateways there are.
    pub(super) async fn look(&self, store: &Store) {
        if let Ok(Ok(alive)) = tokio::time::timeout(LOOK_MAX, store.gateways()).await {
            self.count(u32::try_from(alive).unwrap_or(u32::MAX));
        }
    }

    /// Says what changed since `before`, which was said last.
    fn say(&self, before: &mut Option<(bool, u32)>) {
        let gateways = self.gateways.load(Ordering::Relaxed).max(1);
        let shared = self.fleet().is_some();
        metrics::GATEWAYS.set(i64::from(gateways));
        metrics::LIMITS_SHARED.set(i64::from(shared));
        if let Some(fleet) = &self.fleet {
            let denied = fleet.denied();
            let more = denied.saturating_sub(self.denied.swap(denied, Ordering::Relaxed));
            metrics::DENIED_EARLY.inc_by(more);
        }
        if before.replace((shared, gateways)) == Some((shared, gateways)) {
            return;
        }
        match (shared, gateways) {
            (true, _) => tracing::info!(gateways, "all gateways count rate limits together"),
            (false, 1) => tracing::info!("this gateway counts rate limits by itself"),
            (false, _) => tracing::warn!(
                gateways,
                "each gateway counts its share of every rate limit by itself: one in `gateways`"
            ),
        }
    }

    /// Keeps looking.
    pub(super) async fn watch(self: Arc<Self>, store: Store) {
        let mut before = None;
        let mut changes = self.fleet.as_ref().map(Fleet::changes);
        loop {
            self.look(&store).await;
            self.say(&mut before);
            match &mut changes {
                Some(changes) => {
                    let _ = tokio::time::timeout(LOOK, changes.next()).await;
                }
                None => tokio::time::sleep(LOOK).await,
            }
        }
    }
}

/// Tells Redis what it should hear, and of all places once in a while and whenever it is back.
pub(super) async fn tell(fleet: Fleet, places: Arc<Places>, mut news: mpsc::Receiver<News>) {
    let mut renewal = tokio::time::interval(RENEWAL);
    renewal.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    // One for all rounds: what changes while one is told is seen by the next.
    let mut changes = fleet.changes();
    loop {
        let mut heard = Vec::new();
        tokio::select! {
            count = news.recv_many(&mut heard, TOLD_MAX) => if count == 0 { return },
            _ = renewal.tick() => heard.extend(places.all().into_iter().map(News::Free)),
            () = changes.next() => heard.extend(places.all().into_iter().map(News::Free)),
        }
        let (mut charges, mut untold, mut whose) = (Vec::new(), Vec::new(), HashSet::new());
        for news in heard {
            match news {
                News::Charge(charge, its) => {
                    charges.push(charge);
                    untold.extend(its);
                }
                News::Free(freed) => {
                    whose.insert(freed);
                }
            }
        }
        if !charges.is_empty() {
            fleet.charge(&charges).await;
        }
        // Told, or lost: from now on it is in what this process says it used.
        drop(untold);
        let whose: Vec<(Scope, String)> = whose.into_iter().collect();
        for whose in whose.chunks(TOLD_MAX) {
            let of = |whose: &(Scope, String)| {
                (name(whose.0, &whose.1, LimitKind::Concurrent), places.of(whose))
            };
            let told: Vec<(String, fleet::Places)> = whose.iter().map(of).collect();
            if fleet.places(&told).await {
                for (whose, (_, then)) in whose.iter().zip(&told) {
                    places.forget(whose, *then);
                }
            }
        }
    }
}

/// What a limit is called in Redis.
pub(super) fn name(scope: Scope, scope_id: &str, kind: LimitKind) -> String {
    fleet::name(scope.as_str(), scope_id, kind.as_str())
}
