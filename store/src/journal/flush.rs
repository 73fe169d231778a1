//! The thread that has the disk keep what was written, a few milliseconds' worth at a time.

use std::{
    fs::File,
    io,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::watch;

/// How long the flush waits for company.
const FLUSH_PERIOD: Duration = Duration::from_millis(5);

/// What the thread that flushes is told, and tells.
pub(super) struct Flush {
    wanted: Mutex<Wanted>,
    rung: Condvar,
    /// The number of the last record that the disk has.
    kept: watch::Sender<u64>,
}

#[derive(Default)]
struct Wanted {
    file: Option<Arc<File>>,
    seq: u64,
    urgent: bool,
    stop: bool,
}

impl Flush {
    pub(super) fn new() -> Self {
        let (kept, _) = watch::channel(0);
        Self { wanted: Mutex::default(), rung: Condvar::new(), kept }
    }

    pub(super) fn want(&self, file: &Arc<File>, seq: u64) {
        let mut wanted = self.wanted();
        // A file that was left is flushed by whoever left it.
        if !wanted.file.as_ref().is_some_and(|known| Arc::ptr_eq(known, file)) {
            wanted.file = Some(Arc::clone(file));
        }
        let idle = wanted.seq == *self.kept.borrow();
        wanted.seq = seq;
        if idle {
            self.rung.notify_one();
        }
    }

    /// Waits until the disk has a record, and has it not wait for company.
    pub(super) async fn kept(&self, seq: u64) {
        if *self.kept.borrow() >= seq {
            return;
        }
        self.wanted().urgent = true;
        self.rung.notify_one();
        let mut kept = self.kept.subscribe();
        // The sender lives as long as this.
        let _ = kept.wait_for(|at| *at >= seq).await;
    }

    pub(super) fn stop(&self) {
        self.wanted().stop = true;
        self.rung.notify_one();
    }

    /// Flushes what is wanted, together with what comes meanwhile, until it is told to stop.
    pub(super) fn run(&self, lost: impl FnOnce(io::Error)) {
        let mut kept = 0;
        loop {
            let mut wanted = self.wanted();
            while wanted.seq == kept && !wanted.stop {
                wanted = self.rung.wait(wanted).unwrap_or_else(PoisonError::into_inner);
            }
            if wanted.seq > kept && !wanted.urgent && !wanted.stop {
                let waited = self.rung.wait_timeout_while(wanted, FLUSH_PERIOD, |wanted| {
                    !wanted.urgent && !wanted.stop
                });
                wanted = waited.unwrap_or_else(PoisonError::into_inner).0;
            }
            let (file, seq, stop) = (wanted.file.clone(), wanted.seq, wanted.stop);
            wanted.urgent = false;
            drop(wanted);
            if seq > kept
                && let Some(Err(error)) = file.map(|file| file.sync_data())
            {
                return lost(error);
            }
            kept = seq;
            self.kept.send_replace(kept);
            if stop {
                // Whoever still waits for a record must not wait for ever.
                self.kept.send_replace(u64::MAX);
                return;
            }
        }
    }

    fn wanted(&self) -> MutexGuard<'_, Wanted> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
