//! Who goes first, and who waits: what a sandbox took lately, and what follows from it. Values in,
//! values out; `restrain` reads the former and does the latter.
//!
//! A command that takes little must not feel one that takes all. So a sandbox has credit, which its
//! commands use and time gives back. Without credit of processor time it steps behind all that have
//! some; without credit of the disk it waits.

use std::time::Duration;

use crate::Limits;

/// Processor time that a sandbox has at first, and at most, before it steps back: what a command
/// takes whose answer somebody waits for.
const FAVOUR: Duration = Duration::from_secs(1);
/// What comes back of it each second, in thousandths of a processor. Who takes less than this goes
/// first for ever.
const FAVOUR_MILLI: i64 = 250;
/// Seconds of what the disk's rate permits that may be written at once.
const DISK_BURST_S: i64 = 2;
/// Seconds of waiting that are owed at most, whatever was written.
const OWED_S_MAX: i64 = 8;
/// Microseconds of a processor's bound that may be taken at once, for each thousandth of it: those of
/// 200 ms.
const CPU_BURST_US: i64 = 200;

/// Where the commands of a sandbox stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rank {
    /// Among all others.
    Level,
    /// Behind all others: they have what those leave.
    Behind,
}

/// What a sandbox may take yet. It is one for all of its commands, and for those that come after:
/// who is ended and comes back has what it had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Credit {
    /// Microseconds of processor time before it steps back.
    pub(super) favour_us: i64,
    /// Microseconds of processor time before it waits, where nothing else bounds that.
    pub(super) cpu_us: i64,
    /// Bytes that it may write before it waits.
    pub(super) disk_bytes: i64,
    /// When that was so, in milliseconds since 1970.
    pub(super) at_ms: i64,
}

/// What was taken since the look before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Taken {
    pub(super) cpu: Duration,
    pub(super) written_bytes: u64,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ruling {
    pub(super) rank: Rank,
    /// How long all of the command stands still from now on.
    pub(super) pause: Duration,
}

/// The rules for a sandbox.
#[derive(Debug)]
pub(super) struct Governor {
    favour: Bucket,
    /// None where the kernel bounds processor time.
    cpu: Option<Bucket>,
    disk: Bucket,
}

impl Governor {
    /// `bounded` is whether the kernel bounds processor time.
    pub(super) fn new(limits: &Limits, bounded: bool) -> Self {
        let favour = micros(FAVOUR);
        let milli = i64::from(limits.cpu_milli);
        let rate = i64::try_from(limits.disk_bytes_a_second).unwrap_or(i64::MAX / 1000);
        Self {
            favour: Bucket { full: favour, a_second: FAVOUR_MILLI * 1000, floor: -favour },
            cpu: (!bounded).then(|| Bucket::of(milli * 1000, milli * CPU_BURST_US)),
            disk: Bucket::of(rate, rate.saturating_mul(DISK_BURST_S)),
        }
    }

    /// The credit of who took nothing yet.
    pub(super) fn full(&self, now_ms: i64) -> Credit {
        Credit {
            favour_us: self.favour.full,
            cpu_us: self.cpu.map_or(0, |cpu| cpu.full),
            disk_bytes: self.disk.full,
            at_ms: now_ms,
        }
    }

    /// What follows from what was taken, and the credit that is left. `rank` is where the sandbox
    /// stands.
    pub(super) fn rule(
        &self,
        rank: Rank,
        credit: Credit,
        taken: Taken,
        now_ms: i64,
    ) -> (Credit, Ruling) {
        // A clock that was set back gives nothing.
        let ms = now_ms.saturating_sub(credit.at_ms).max(0);
        let cpu = micros(taken.cpu);
        let written = i64::try_from(taken.written_bytes).unwrap_or(i64::MAX);
        let left = Credit {
            favour_us: self.favour.after(credit.favour_us, ms, cpu),
            cpu_us: self.cpu.map_or(0, |bucket| bucket.after(credit.cpu_us, ms, cpu)),
            disk_bytes: self.disk.after(credit.disk_bytes, ms, written),
            at_ms: now_ms,
        };
        // Back at half of it, and not at the first microsecond, or it went to and fro.
        let rank = match left.favour_us {
            ..=0 => Rank::Behind,
            us if us >= self.favour.full / 2 => Rank::Level,
            _ => rank,
        };
        // Who owes and takes no more does not wait: an `ls` after a large download runs at once.
        let cpu = self.cpu.filter(|_| cpu > 0).map_or(0, |bucket| bucket.owed_ms(left.cpu_us));
        let disk = if written > 0 { self.disk.owed_ms(left.disk_bytes) } else { 0 };
        let pause = Duration::from_millis(u64::try_from(cpu.max(disk)).unwrap_or(0));
        (left, Ruling { rank, pause })
    }
}

/// What is used, and fills again with time.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    full: i64,
    a_second: i64,
    /// What is owed at most, below zero.
    floor: i64,
}

impl Bucket {
    const fn of(a_second: i64, full: i64) -> Self {
        Self { full, a_second, floor: a_second.saturating_mul(-OWED_S_MAX) }
    }

    fn after(self, left: i64, ms: i64, used: i64) -> i64 {
        let back = self.a_second.saturating_mul(ms) / 1000;
        left.saturating_add(back).min(self.full).saturating_sub(used).max(self.floor)
    }

    /// Milliseconds until nothing is owed, rounded up.
    fn owed_ms(self, left: i64) -> i64 {
        let owed = left.min(0).saturating_neg();
        owed.saturating_mul(1000).saturating_add(self.a_second - 1) / self.a_second.max(1)
    }
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rules for a sandbox that may write 1 MiB a second, where nothing else bounds it, and its credit.
    fn governor(bounded: bool) -> (Governor, Credit) {
        let limits = Limits { disk_bytes_a_second: 1 << 20, ..Limits::default() };
        let governor = Governor::new(&limits, bounded);
        let credit = governor.full(0);
        (governor, credit)
    }

    /// What is ruled each time by who takes this much in every 50 ms, for this many seconds.
    fn every_look(bounded: bool, seconds: i64, taken: Taken) -> Vec<Ruling> {
        let (governor, mut credit) = governor(bounded);
        let mut rank = Rank::Level;
        let looks = (1..=seconds * 20).map(|look| {
            let ruling;
            (credit, ruling) = governor.rule(rank, credit, taken, look * 50);
            rank = ruling.rank;
            ruling
        });
        looks.collect()
    }

    fn cpu(ms: u64) -> Taken {
        Taken { cpu: Duration::from_millis(ms), written_bytes: 0 }
    }

    fn written(bytes: u64) -> Taken {
        Taken { cpu: Duration::ZERO, written_bytes: bytes }
    }

    #[test]
    fn who_takes_a_processor_steps_back_when_its_credit_is_used_up_and_not_before() {
        let rulings = every_look(true, 60, cpu(50));
        let level = rulings.iter().take_while(|ruling| ruling.rank == Rank::Level).count();
        // 1 s of credit at three quarters of a second a second.
        assert_eq!(level, 26, "looks of 50 ms");
        assert!(rulings.iter().skip(level).all(|ruling| ruling.rank == Rank::Behind));
        assert!(rulings.iter().all(|ruling| ruling.pause.is_zero()), "the kernel bounds it");
    }

    #[test]
    fn who_takes_little_is_never_lowered() {
        let rulings = every_look(true, 600, cpu(12));
        assert!(rulings.iter().all(|ruling| ruling.rank == Rank::Level));
        // The control: a little more than what comes back, and it is some time.
        let rulings = every_look(true, 600, cpu(14));
        assert!(rulings.iter().any(|ruling| ruling.rank == Rank::Behind));
    }

    #[test]
    fn who_was_quiet_for_a_while_is_raised_again_and_not_at_once() {
        let (governor, credit) = governor(true);
        let (credit, ruling) = governor.rule(Rank::Level, credit, cpu(60_000), 1);
        assert_eq!(ruling.rank, Rank::Behind);
        assert_eq!(credit.favour_us, -1_000_000, "more is not owed, whatever was taken");
        let (credit, ruling) = governor.rule(Rank::Behind, credit, Taken::default(), 5_900);
        assert_eq!(ruling.rank, Rank::Behind, "{credit:?}");
        // Who was never behind is not put there for less than that.
        let (_, level) = governor.rule(Rank::Level, credit, Taken::default(), 5_900);
        assert_eq!(level.rank, Rank::Level);
        let (_, ruling) = governor.rule(Rank::Behind, credit, Taken::default(), 6_100);
        assert_eq!(ruling.rank, Rank::Level);
    }

    #[test]
    fn a_writer_waits_for_as_long_as_its_rate_says() {
        let (governor, credit) = governor(true);
        let (credit, ruling) = governor.rule(Rank::Level, credit, written(2 << 20), 0);
        assert_eq!((credit.disk_bytes, ruling.pause), (0, Duration::ZERO), "a burst is free");
        let (credit, ruling) = governor.rule(Rank::Level, credit, written(3 << 20), 0);
        assert_eq!(ruling.pause, Duration::from_secs(3));
        // A command that comes after and writes nothing does not wait for what the one before owes.
        let (credit, ruling) = governor.rule(Rank::Level, credit, cpu(50), 1000);
        assert_eq!(ruling.pause, Duration::ZERO);
        let (credit, ruling) = governor.rule(Rank::Level, credit, written(4096), 1000);
        assert_eq!(ruling.pause, Duration::from_millis(2004));
        let (_, ruling) = governor.rule(Rank::Level, credit, written(1 << 40), 1000);
        assert_eq!(ruling.pause, Duration::from_secs(8), "and no longer than this");
    }

    #[test]
    fn processor_time_is_bounded_by_waiting_only_where_the_kernel_does_not() {
        let rulings = every_look(false, 10, cpu(100));
        assert!(rulings.iter().any(|ruling| !ruling.pause.is_zero()), "two processors of one");
        assert!(every_look(false, 10, cpu(50)).iter().all(|ruling| ruling.pause.is_zero()));
        assert!(every_look(true, 10, cpu(100)).iter().all(|ruling| ruling.pause.is_zero()));
    }

    #[test]
    fn a_clock_that_was_set_back_gives_nothing_and_takes_nothing() {
        let (governor, credit) = governor(true);
        let (credit, _) = governor.rule(Rank::Level, credit, written(1 << 20), 1_000_000);
        let (after, ruling) = governor.rule(Rank::Level, credit, Taken::default(), 5);
        assert_eq!((after.disk_bytes, ruling.pause), (1 << 20, Duration::ZERO));
    }
}
