//! What a window did not use and the next one may: moved from its account to the next one's, so that
//! it can be spent in one of them only.

use jiff::civil::Date;
use types::{Nanos, Timestamp};

use crate::account::{Account, CapSpec, Period, Window};

/// What a new window begins with beside its cap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rollover {
    /// What its account gets.
    pub amount: Nanos,
    /// The account of the last window that was used, after what was moved out of it.
    pub before: Account,
}

/// Moves what the last window has left over to the one of `spec`, at most `spec.rollover` in all.
///
/// `before` is the account of the last window of the same spender and length that had one, and that
/// ended before this one begins; `raised` is what its target has of raises that have not ended, which
/// the new window gets by itself.
///
/// What is held in it counts as used, whatever comes of it: its holds may settle yet, and what they give
/// back stays in the old window. What is moved is no longer in the old window's target, so that nobody
/// who still asks there can spend it a second time. A window in between that nobody used has left all of
/// its cap: that of the window before, where the cap was raised since. A soft cap that was passed leaves
/// nothing.
pub fn rollover(spec: &CapSpec, before: &Account, raised: Nanos) -> Rollover {
    let mut before = before.clone();
    let max = spec.rollover.max(Nanos::ZERO);
    let left = |before: &Account| {
        let target = before.target?.0.saturating_sub(raised.0);
        let used = before.spent().0.saturating_add(before.held.0);
        Some(Nanos(target.saturating_sub(used).clamp(0, max.0)))
    };
    let (Some(cap), Some(target), Some(left)) = (spec.target, before.target, left(&before)) else {
        return Rollover { amount: Nanos::ZERO, before };
    };
    let own = target.0.saturating_sub(raised.0).saturating_sub(before.rolled.0);
    before.set_target(Some(Nanos(target.0.saturating_sub(left.0))), before.hard);
    let unused = i64::from(missed(before.key.window, spec.key.window));
    let unused = cap.0.min(own).max(0).saturating_mul(unused);
    let amount = Nanos(left.0.saturating_add(unused).min(max.0));
    Rollover { amount, before }
}

/// The target of a window that is made: its cap, with what is `added` (taken off where negative) and what
/// rolled over.
///
/// INVARIANT: the sum is clamped once. What is taken off may be more than the cap: what rolled over from
/// idle windows before this one pays for it first, and [`passed_on`] tells them of the rest.
pub fn opening_target(cap: Nanos, added: i64, rolled: Nanos) -> Nanos {
    let sum = i128::from(cap.0.max(0)) + i128::from(added) + i128::from(rolled.0);
    Nanos(i64::try_from(sum.max(0)).unwrap_or(i64::MAX))
}

/// What a window that is made has, all in all, of those before it: what `rolled` over now, and what had
/// gone through it before it was made. Of what the next one has already (`moved_on`) its own cap pays as
/// far as it goes; the rest was theirs, and the next of them to be made must not have it again.
pub fn passed_on(cap: Nanos, moved_on: Nanos, rolled: Nanos) -> Nanos {
    let own = cap.0.max(0).saturating_add(rolled.0);
    Nanos(rolled.0.saturating_add(moved_on.0.saturating_sub(own).max(0)))
}

/// How many whole windows lie between two of one length. A day that is an hour shorter or longer is one
/// day.
fn missed(before: Window, after: Window) -> u32 {
    const DAY_US: i64 = 86_400_000_000;
    let Some(ends) = before.ends else { return 0 };
    let days = after.starts.0.saturating_sub(ends.0).saturating_add(DAY_US / 2) / DAY_US;
    let count = match after.period {
        Period::Day => days,
        Period::Week => days.saturating_add(3) / 7,
        Period::Month => months(ends, after.starts).unwrap_or_default(),
        Period::Total | Period::Request => 0,
    };
    u32::try_from(count.max(0)).unwrap_or(u32::MAX)
}

/// Months between two firsts of a month, at midnight of whatever time zone.
fn months(from: Timestamp, to: Timestamp) -> Option<i64> {
    // Zones are at most 14 hours ahead of UTC and 12 behind: so much later it is the first or the second
    // of that month there.
    const AHEAD_US: i64 = 14 * 3_600_000_000;
    let month = |at: Timestamp| -> Option<i64> {
        let at = jiff::Timestamp::from_microsecond(at.0.checked_add(AHEAD_US)?).ok()?;
        let date: Date = at.to_zoned(jiff::tz::TimeZone::UTC).date();
        Some(i64::from(date.year()) * 12 + i64::from(date.month()))
    };
    Some(month(to)? - month(from)?)
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use types::TenantId;

    use super::*;
    use crate::Scope;

    fn at(text: &str) -> Timestamp {
        Timestamp(text.parse::<jiff::Timestamp>().unwrap().as_microsecond())
    }

    #[track_caller]
    fn between(period: Period, zone: &str, from: &str, to: &str, expected: u32) {
        let zone = TimeZone::get(zone).unwrap();
        let (from, to) = (period.window(at(from), &zone), period.window(at(to), &zone));
        assert_eq!(missed(from, to), expected, "{period} in {zone:?}");
    }

    #[test]
    fn windows_between_are_counted_across_daylight_saving() {
        let days = [
            ("UTC", "2026-11-22T12:00:00Z", "2026-11-23T12:00:00Z", 0),
            ("UTC", "2026-11-22T12:00:00Z", "2026-11-24T12:00:00Z", 1),
            // 23 and 25 hours.
            ("Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-30T12:00:00Z", 1),
            ("Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-26T12:00:00Z", 1),
            ("America/New_York", "2026-03-01T12:00:00Z", "2026-11-15T12:00:00Z", 258),
        ];
        for (zone, from, to, expected) in days {
            between(Period::Day, zone, from, to, expected);
        }
        for zone in ["Europe/Berlin", "America/New_York", "UTC", "Pacific/Kiritimati"] {
            between(Period::Week, zone, "2026-03-25T12:00:00Z", "2026-04-01T12:00:00Z", 0);
            between(Period::Week, zone, "2026-03-18T12:00:00Z", "2026-04-08T12:00:00Z", 2);
            between(Period::Week, zone, "2026-10-21T12:00:00Z", "2026-11-11T12:00:00Z", 2);
            between(Period::Month, zone, "2026-02-10T12:00:00Z", "2026-03-10T12:00:00Z", 0);
            between(Period::Month, zone, "2026-03-10T12:00:00Z", "2026-05-30T12:00:00Z", 1);
            between(Period::Month, zone, "2026-10-10T12:00:00Z", "2027-01-02T12:00:00Z", 2);
        }
        between(
            Period::Month,
            "Pacific/Pago_Pago",
            "2026-01-10T12:00:00Z",
            "2026-03-10T12:00:00Z",
            1,
        );
    }

    fn spec(day: &str, cap: i64, rollover: i64) -> CapSpec {
        let window = Period::Day.window(at(&format!("{day}T12:00:00Z")), &TimeZone::UTC);
        let tenant = TenantId::from_parts(1, 1);
        let spec = CapSpec::new(tenant, Scope::Tenant, "t", window, Some(Nanos(cap)), true);
        CapSpec { rollover: Nanos(rollover), ..spec }
    }

    /// What a day with a cap of 100 and these sums leaves to the next, at most 50, and keeps.
    #[track_caller]
    fn check((settled, held, overrun): (i64, i64, i64), raised: i64, amount: i64, kept: i64) {
        let mut before = Account::new(spec("2026-11-22", 100 + raised, 50));
        (before.settled, before.held, before.overrun) =
            (Nanos(settled), Nanos(held), Nanos(overrun));
        let rolled = rollover(&spec("2026-11-23", 100, 50), &before, Nanos(raised));
        assert_eq!((rolled.amount, rolled.before.target), (Nanos(amount), Some(Nanos(kept))));
        rolled.before.check().unwrap();
    }

    #[test]
    fn what_is_not_used_is_moved_and_not_copied() {
        check((80, 0, 0), 0, 20, 80);
        check((0, 0, 0), 0, 50, 50);
        // What is held counts as used, and so does what is overrun.
        check((40, 40, 0), 0, 20, 80);
        check((90, 0, 20), 0, 0, 100);
        // A raise is in the next window by itself.
        check((90, 0, 0), 30, 10, 120);
        check((110, 0, 0), 30, 0, 130);
    }

    #[test]
    fn days_that_nobody_used_leave_all_of_their_cap() {
        let before = Account::new(spec("2026-11-20", 100, 250)).moved(90, 0, 0).unwrap();
        for (day, amount) in [("2026-11-21", 10), ("2026-11-22", 110), ("2026-11-24", 250)] {
            let rolled = rollover(&spec(day, 100, 250), &before, Nanos::ZERO);
            assert_eq!((rolled.amount, rolled.before.target), (Nanos(amount), Some(Nanos(90))));
        }
        let none = rollover(&spec("2026-11-24", 100, 0), &before, Nanos::ZERO);
        assert_eq!((none.amount, none.before), (Nanos::ZERO, before));
    }

    #[test]
    fn a_cap_that_is_raised_is_not_what_idle_days_had() {
        let before = Account::new(spec("2026-11-20", 100, 500)).moved(100, 0, 0).unwrap();
        let amount = |before: &Account, cap| {
            rollover(&spec("2026-11-23", cap, 500), before, Nanos::ZERO).amount
        };
        assert_eq!(amount(&before, 1_000), Nanos(200));
        // A cap that was lowered is theirs: nobody knows since when.
        assert_eq!(amount(&before, 10), Nanos(20));
        // What the day before had from others is no cap.
        let rich = Account { rolled: Nanos(40), ..before };
        assert_eq!(amount(&rich, 1_000), Nanos(120));
    }

    #[test]
    fn more_than_the_cap_is_taken_off_before_it_is_clamped() {
        for (added, rolled, target) in [(0, 0, 10), (-15, 10, 5), (-15, 0, 0), (-30, 15, 0)] {
            assert_eq!(opening_target(Nanos(10), added, Nanos(rolled)), Nanos(target));
        }
        assert_eq!(opening_target(Nanos(i64::MAX), i64::MAX, Nanos(1)), Nanos(i64::MAX));
    }

    #[test]
    fn without_a_cap_there_is_nothing_to_roll_over() {
        let metered = CapSpec { target: None, ..spec("2026-11-23", 100, 50) };
        let before = Account::new(spec("2026-11-22", 100, 50));
        assert_eq!(rollover(&metered, &before, Nanos::ZERO).amount, Nanos::ZERO);
        let metered = Account::new(CapSpec { target: None, ..spec("2026-11-22", 100, 50) });
        let rolled = rollover(&spec("2026-11-23", 100, 50), &metered, Nanos::ZERO);
        assert_eq!((rolled.amount, rolled.before), (Nanos::ZERO, metered));
    }
}
