//! What a command writes: the first of it is kept, the rest is counted.

use std::{
    fs::File,
    io::Write,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::io::{AsyncRead, AsyncReadExt};

/// How many times what is kept a command may write.
const FLOOD: u64 = 64;
/// How much of what nobody keeps is read at once, and how often: 16 MiB a second of each stream. Who
/// writes faster waits, as for any slow reader; else a flood cost a processor, and ours one more.
const PIECE: usize = 64 << 10;
const BREATH: Duration = Duration::from_millis(4);

/// What a stream carried.
#[derive(Default)]
pub(super) struct Counted {
    pub(super) bytes: AtomicU64,
    pub(super) flooded: AtomicBool,
}

/// Keeps the first bytes of a stream, and reads the rest so that nobody waits for ever.
pub(super) async fn keep(
    mut from: impl AsyncRead + Unpin,
    mut to: File,
    count: Arc<Counted>,
    keep: u64,
) {
    let mut piece = vec![0; PIECE];
    let mut beyond = 0;
    while let Ok(read @ 1..) = from.read(&mut piece).await {
        let before = count.bytes.fetch_add(read as u64, Ordering::Relaxed);
        let room = usize::try_from(keep.saturating_sub(before)).unwrap_or(usize::MAX);
        // A disk that is full ends the command by another look.
        let _ = to.write_all(piece.get(..read.min(room)).unwrap_or_default());
        if before.saturating_add(read as u64) > keep.saturating_mul(FLOOD) {
            count.flooded.store(true, Ordering::Relaxed);
        }
        beyond += read.saturating_sub(room);
        if beyond >= PIECE {
            beyond = 0;
            tokio::time::sleep(BREATH).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_nobody_keeps_is_read_slowly_and_what_is_kept_is_not() {
        let read = async |bytes: usize| {
            let began = std::time::Instant::now();
            let file = tempfile::tempfile().unwrap();
            let count = Arc::new(Counted::default());
            let input = std::io::Cursor::new(vec![b'x'; bytes]);
            keep(input, file.try_clone().unwrap(), Arc::clone(&count), 1 << 20).await;
            assert_eq!(count.bytes.load(Ordering::Relaxed), bytes as u64);
            assert_eq!(file.metadata().unwrap().len(), (bytes as u64).min(1 << 20));
            (began.elapsed(), count.flooded.load(Ordering::Relaxed))
        };
        // A timer is never early, so the first bound holds on any machine.
        let (took, flooded) = read(9 << 20).await;
        assert!(took >= Duration::from_millis(8 * 1000 / 16), "8 MiB of 16 a second: {took:?}");
        assert!(!flooded);
        let kept = read(1 << 20).await;
        assert!(kept.0 < took && !kept.1, "what is kept is read at once: {kept:?}");
        assert!(read((64 << 20) + 1).await.1, "and 64 times what is kept is too much");
    }
}
