//! Waiting for a condition, never for a length of time.

use std::time::{Duration, Instant};

/// How often a condition is looked at.
const PERIOD: Duration = Duration::from_millis(20);

/// Waits until `ready` gives a value, and gives it; `None` when the deadline passes first.
pub async fn until<T>(deadline: Duration, mut ready: impl AsyncFnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + deadline;
    loop {
        if let Some(value) = ready().await {
            return Some(value);
        }
        if Instant::now() >= end {
            return None;
        }
        tokio::time::sleep(PERIOD).await;
    }
}

/// As [`until`], and fails the test with `what` when the deadline passes.
pub async fn eventually<T>(
    what: &str,
    deadline: Duration,
    ready: impl AsyncFnMut() -> Option<T>,
) -> T {
    match until(deadline, ready).await {
        Some(value) => value,
        None => panic!("{what}: not within {deadline:?}"),
    }
}
