//! What a window will have cost at its end, if spending goes on as it did.

use types::{Nanos, Timestamp};

use crate::account::Window;

/// Microseconds of an hour and of a day.
const HOUR: i128 = 3_600_000_000;
const DAY: i128 = 24 * HOUR;

/// What a window will have cost at its end: what was spent in it up to `now`, and for the rest of it
/// the mean of `days`, what each of the last whole days cost. Without a whole day it goes on as in
/// the window so far, of which at least an hour counts as passed. Rounded up; never below `spent`.
pub fn forecast(spent: Nanos, window: Window, now: Timestamp, days: &[Nanos]) -> Nanos {
    let Some(ends) = window.ends else { return spent };
    let rest = i128::from(ends.0) - i128::from(now.0);
    let passed = (i128::from(now.0) - i128::from(window.starts.0)).max(HOUR);
    let (amount, time): (i128, i128) = match i128::try_from(days.len()) {
        Ok(count @ 1..) => (days.iter().map(|day| i128::from(day.0)).sum(), count * DAY),
        Ok(_) | Err(_) => (i128::from(spent.0), passed),
    };
    let product = amount.max(0).saturating_mul(rest.max(0));
    let more = (product / time).saturating_add(i128::from(product % time > 0));
    Nanos(i64::try_from(more).unwrap_or(i64::MAX).saturating_add(spent.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Period, Zone};

    /// 2026-11-21, noon: 20 and a half days of the month are over, 9 and a half to come.
    const NOON: Timestamp = Timestamp(1_795_262_400_000_000);

    #[track_caller]
    fn check(spent: i64, now: Timestamp, days: &[i64], expected: i64) {
        let window = Period::Month.window(NOON, &Zone::UTC);
        let days: Vec<Nanos> = days.iter().copied().map(Nanos).collect();
        assert_eq!(forecast(Nanos(spent), window, now, &days), Nanos(expected));
    }

    #[test]
    fn the_rest_of_a_window_costs_what_the_last_days_did() {
        check(1_000, NOON, &[10], 1_095);
        check(1_000, NOON, &[10, 20, 30], 1_190);
        check(0, NOON, &[0, 0, 7], 23);
        check(1_000, NOON, &[-5], 1_000);
    }

    #[test]
    fn without_a_whole_day_it_goes_on_as_it_began() {
        check(2_050, NOON, &[], 3_000);
        let Window { starts, ends, .. } = Period::Month.window(NOON, &Zone::UTC);
        // A minute after it began: as if an hour were over.
        check(60, starts.plus_seconds(60), &[], 60 + 60 * 720 - 1);
        check(60, ends.unwrap(), &[], 60);
        check(60, ends.unwrap().plus_seconds(1), &[9], 60);
    }

    #[test]
    fn what_has_no_end_and_what_does_not_fit_is_said_as_far_as_it_goes() {
        let window = Period::Total.window(NOON, &Zone::UTC);
        assert_eq!(forecast(Nanos(5), window, NOON, &[Nanos(9)]), Nanos(5));
        check(i64::MAX, NOON, &[i64::MAX; 3], i64::MAX);
    }
}
