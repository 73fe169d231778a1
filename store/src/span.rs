//! Stretches of time whose sums are kept: hours and days in UTC, and how they cover any other.

use types::Timestamp;

/// Microseconds of an hour and of a day.
pub(crate) const HOUR: i64 = 3_600_000_000;
pub(crate) const DAY: i64 = 24 * HOUR;

/// How long a stretch is whose sums are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Span {
    /// From one full hour to the next.
    Hour,
    /// From midnight to midnight, in UTC.
    Day,
}

impl Span {
    /// Its name in rows.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }

    /// The first instant of the stretch around `at`.
    pub(crate) const fn start(self, at: Timestamp) -> i64 {
        let length = match self {
            Self::Hour => HOUR,
            Self::Day => DAY,
        };
        at.0.div_euclid(length).saturating_mul(length)
    }
}

/// The whole hours that a report covers: from the hour that `from` is in to the end of the one that
/// `to` is in.
pub const fn whole_hours(from: Timestamp, to: Timestamp) -> (Timestamp, Timestamp) {
    (Timestamp(Span::Hour.start(from)), Timestamp(up(to.0, HOUR)))
}

/// The first multiple of `length` from `at` on.
pub(crate) const fn up(at: i64, length: i64) -> i64 {
    let down = at.div_euclid(length);
    let next = if at.rem_euclid(length) > 0 { 1 } else { 0 };
    down.saturating_add(next).saturating_mul(length)
}

/// A stretch of time whose sums are read from the rows of one span.
pub(crate) type Piece = (Span, i64, i64);

/// The rows that cover a stretch of time: whole days, and hours at its edges.
pub(crate) fn pieces(from: Timestamp, to: Timestamp) -> Vec<Piece> {
    if from >= to {
        return Vec::new();
    }
    let (Timestamp(from), Timestamp(to)) = whole_hours(from, to);
    let (first, last) = (up(from, DAY), to.div_euclid(DAY).saturating_mul(DAY));
    let pieces = if first <= last {
        vec![(Span::Day, first, last), (Span::Hour, from, first), (Span::Hour, last, to)]
    } else {
        vec![(Span::Hour, from, to)]
    };
    pieces.into_iter().filter(|(_, from, to)| from < to).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn starts(at: i64, hour: i64, day: i64) {
        let at = Timestamp(at);
        assert_eq!((Span::Hour.start(at), Span::Day.start(at)), (hour * HOUR, day * DAY), "{at}");
    }

    #[test]
    fn an_instant_belongs_to_the_hour_and_the_day_that_it_is_in() {
        starts(0, 0, 0);
        starts(HOUR - 1, 0, 0);
        starts(HOUR, 1, 0);
        starts(DAY - 1, 23, 0);
        starts(DAY, 24, 1);
        starts(3 * DAY + 5 * HOUR + 7, 77, 3);
        starts(-1, -1, -1);
    }

    #[track_caller]
    fn check(from: i64, to: i64, expected: &[Piece]) {
        assert_eq!(pieces(Timestamp(from), Timestamp(to)), expected);
    }

    #[test]
    fn whole_days_and_the_hours_at_the_edges_cover_a_stretch() {
        check(0, DAY, &[(Span::Day, 0, DAY)]);
        check(
            HOUR + 5,
            3 * DAY + 1,
            &[
                (Span::Day, DAY, 3 * DAY),
                (Span::Hour, HOUR, DAY),
                (Span::Hour, 3 * DAY, 3 * DAY + HOUR),
            ],
        );
        check(5, HOUR - 1, &[(Span::Hour, 0, HOUR)]);
        check(23 * HOUR, DAY + HOUR, &[(Span::Hour, 23 * HOUR, DAY), (Span::Hour, DAY, 25 * HOUR)]);
        check(HOUR, HOUR, &[]);
        check(2 * HOUR, HOUR, &[]);
        let end = i64::MAX / DAY * DAY;
        check(0, i64::MAX, &[(Span::Day, 0, end), (Span::Hour, end, i64::MAX)]);
    }
}
