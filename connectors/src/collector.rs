//! Removes what was kept for messages that were never sent.

use std::{sync::LazyLock, time::Duration};

use prometheus::{IntCounterVec, register_int_counter_vec};
use store::objects::Objects;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

/// Objects by what became of them.
#[expect(clippy::expect_used, reason = "the name is a constant; a clash shows at the first start")]
static COLLECTED: LazyLock<IntCounterVec> = LazyLock::new(|| {
    register_int_counter_vec!(
        "orchestack_objects_collected_total",
        "Objects that nothing names, by what became of them",
        &["outcome"]
    )
    .expect("a metric's name and labels are legal and unique")
});

/// How a collector works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectorOptions {
    /// How long an object is kept that nothing names.
    pub unused: Duration,
    /// How often such ones are looked for.
    pub period: Duration,
}

impl Default for CollectorOptions {
    fn default() -> Self {
        Self { unused: Duration::from_secs(24 * 60 * 60), period: Duration::from_secs(10 * 60) }
    }
}

/// Removes objects that nothing names. It runs where objects are put in: with a folder of this machine nobody else
/// could. Any number may run against the same database and place.
pub struct Collector {
    objects: Objects,
    options: CollectorOptions,
}

impl Collector {
    /// A collector, not yet running.
    pub const fn build(objects: Objects, options: CollectorOptions) -> Self {
        Self { objects, options }
    }

    /// Runs until `shutdown`. It looks at once: a process that never lives for a whole period removes too.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut period = tokio::time::interval(self.options.period);
        period.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let work = async {
            loop {
                period.tick().await;
                self.collect().await;
                self.sweep().await;
            }
        };
        // Stopped between an object and its row, the row is removed in the next process.
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = work => {}
        }
    }

    /// Removes what processes that were killed left half written.
    async fn sweep(&self) {
        match self.objects.sweep(self.options.unused).await {
            Ok(swept) => COLLECTED.with_label_values(&["unfinished"]).inc_by(swept),
            Err(error) => {
                tracing::warn!(%error, "files that are no objects yet are not looked for")
            }
        }
    }

    /// Removes all that there is to remove now, round by round.
    async fn collect(&self) {
        loop {
            match self.objects.collect(self.options.unused).await {
                Ok(round) => {
                    COLLECTED.with_label_values(&["removed"]).inc_by(round.removed);
                    COLLECTED.with_label_values(&["put_off"]).inc_by(round.put_off);
                    if !round.more {
                        return;
                    }
                }
                Err(error) => {
                    COLLECTED.with_label_values(&["failed"]).inc();
                    tracing::warn!(%error, "objects that nothing names wait to be removed");
                    return;
                }
            }
        }
    }
}
