//! Idle HTTP/1 connections to providers.
//!
//! Pingora's own pool watches each of them by a task: it is spawned when the connection comes, and has
//! to be woken, and waited for, when it goes. Here one that goes is looked at, and one task for all
//! closes those that have ended or rested for too long.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::FutureExt as _;
use pingora_core::protocols::Stream;
use tokio::{io::AsyncReadExt as _, time::Instant};

/// How long an idle connection is kept for reuse. Most providers close theirs after 60 s or more.
pub(crate) const IDLE_MAX: Duration = Duration::from_secs(50);
/// How often those that ended are looked for.
const SWEEP: Duration = Duration::from_secs(5);
/// Connections kept for reuse, over all providers.
pub(crate) const SIZE_MAX: usize = 1024;

/// The idle connections, by the hash of whom they lead to.
#[derive(Default)]
pub(crate) struct Pool(Mutex<HashMap<u64, Vec<Idle>>>);

struct Idle {
    stream: Stream,
    since: Instant,
}

impl Pool {
    /// The connection that came last, since that is the least likely to have been closed.
    pub(crate) fn take(&self, key: u64) -> Option<Stream> {
        loop {
            let mut last = self.idle().get_mut(&key)?.pop()?;
            if last.is_usable() {
                return Some(last.stream);
            }
        }
    }

    /// Keeps a connection whose exchange has ended; closes it where there are enough.
    pub(crate) fn put(&self, key: u64, stream: Stream) {
        let mut idle = self.idle();
        if idle.values().map(Vec::len).sum::<usize>() < SIZE_MAX {
            idle.entry(key).or_default().push(Idle { stream, since: Instant::now() });
        }
    }

    /// Closes what cannot be used any more, for ever.
    pub(crate) async fn sweep(self: Arc<Self>) {
        loop {
            tokio::time::sleep(SWEEP).await;
            self.idle().retain(|_, idle| {
                idle.retain_mut(Idle::is_usable);
                !idle.is_empty()
            });
        }
    }

    fn idle(&self) -> MutexGuard<'_, HashMap<u64, Vec<Idle>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Idle {
    /// Whether nothing came: neither its end nor bytes that nobody asked for.
    fn is_usable(&mut self) -> bool {
        self.since.elapsed() < IDLE_MAX && self.stream.read(&mut [0]).now_or_never().is_none()
    }
}

#[cfg(test)]
mod tests {
    use pingora_core::protocols::l4::stream::Stream as L4Stream;
    use tokio::{
        io::AsyncWriteExt as _,
        net::{TcpListener, TcpStream},
    };

    use super::*;

    async fn pair() -> (Stream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let near = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (far, _) = listener.accept().await.unwrap();
        (Box::new(L4Stream::from(near)), far)
    }

    #[tokio::test]
    async fn the_last_that_came_goes_first_and_only_to_its_own_peer() {
        let pool = Pool::default();
        let ((first, _a), (second, _b)) = (pair().await, pair().await);
        let ids = (first.id(), second.id());
        pool.put(1, first);
        pool.put(1, second);
        assert!(pool.take(2).is_none());
        assert_eq!(pool.take(1).map(|stream| stream.id()), Some(ids.1));
        assert_eq!(pool.take(1).map(|stream| stream.id()), Some(ids.0));
        assert!(pool.take(1).is_none());
    }

    #[tokio::test]
    async fn one_that_ended_or_was_spoken_on_is_not_given_out() {
        let pool = Pool::default();
        let ((ended, far), (spoken, mut loud)) = (pair().await, pair().await);
        drop(far);
        loud.write_all(b"?").await.unwrap();
        pool.put(1, ended);
        pool.put(1, spoken);
        // The runtime hears of it in its own time; the test ends only when both are gone.
        while let Some(stream) = pool.take(1) {
            pool.put(1, stream);
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}
