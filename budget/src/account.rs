//! Accounts: who spends, in which window, and how much room is left.

use std::fmt;

use jiff::{ToSpan, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};
use types::{Nanos, TenantId, Timestamp};

/// One account: one scope in one window.
///
/// INVARIANT: `0 <= settled`, `0 <= held`, `0 <= overrun` and `settled + held <= cap`.
///
/// Two numbers look alike and are not. `target` is what an administrator set; admission is against
/// it. `cap` is the cap in force, which the database checks: `max(target, settled + held)` under a
/// hard target and [`i64::MAX`] otherwise. So lowering a target below what is spent already never
/// breaks the invariant; it only stops admission, and the cap sinks to the target as holds resolve.
///
/// A provider that breaks the limit that we sent can cost more than its hold. The hold's amount
/// goes to `settled` and the excess to `overrun`, apart, so that the row's check still holds while
/// the breach shows. Admission counts both: money that is gone is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// What the account is of.
    pub key: AccountKey,
    /// The limit that was set; `None` meters only.
    pub target: Option<Nanos>,
    /// Whether the target refuses (hard) or is only shown (soft).
    pub hard: bool,
    /// The cap in force; see above.
    pub cap: Nanos,
    /// Spent within holds: the sum of the ledger rows' `amount`.
    pub settled: Nanos,
    /// Reserved by open holds.
    pub held: Nanos,
    /// Spent beyond holds: the sum of the ledger rows' `overrun`.
    pub overrun: Nanos,
    /// What the target has of what the window before did not use; see [`crate::rollover()`].
    #[serde(default)]
    pub rolled: Nanos,
}

/// What an account is of. The derived order is the order in which rows are locked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AccountKey {
    /// Whose account it is.
    pub tenant: TenantId,
    /// The kind of spender.
    pub scope: Scope,
    /// The spender's id or name within the scope, such as an agent's id.
    pub scope_id: String,
    /// The window it counts.
    pub window: Window,
}

/// A cap as configured, resolved to the window of a request: what an account row is created from.
///
/// Only a missing row is created from it. Where the row exists, the row's own target wins, so that
/// a gateway with an older view of the settings cannot move a cap; whoever changes a cap applies
/// [`crate::Op::SetTarget`] to the live window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CapSpec {
    /// The account.
    pub key: AccountKey,
    /// The limit; `None` meters only.
    pub target: Option<Nanos>,
    /// Whether the limit refuses or is only shown.
    pub hard: bool,
    /// The most that a window may get of what the one before did not use.
    #[serde(default)]
    pub rollover: Nanos,
}

types::names! {
    /// The kind of spender, widest first.
    Scope {
        /// A customer.
        Tenant = "tenant",
        /// An agent.
        Agent = "agent",
        /// A person.
        User = "user",
        /// An API key.
        Key = "key",
        /// A conversation.
        Session = "session",
        /// A task of an agent.
        Task = "task",
        /// A capability grant.
        Grant = "grant",
        /// A model, whoever calls it.
        Model = "model",
        /// A provider, whoever calls it.
        Provider = "provider",
        /// A tool of a server, whoever calls it. It has rate limits and no budget.
        Tool = "tool",
    }
}

types::names! {
    /// How long a window is.
    Period {
        /// One request. No account counts it: its cap bounds what a single call may hold.
        Request = "request",
        /// From midnight to midnight.
        Day = "day",
        /// From Monday's midnight (ISO 8601) to the next.
        Week = "week",
        /// From the first of a month to the first of the next.
        Month = "month",
        /// For ever.
        Total = "total",
    }
}

/// A stretch of time that an account counts. A new day is a new window and so a new row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Window {
    /// How long it is.
    pub period: Period,
    /// Its first instant; 0 where it has no end.
    pub starts: Timestamp,
    /// The first instant after it; `None` for [`Period::Total`] and [`Period::Request`].
    pub ends: Option<Timestamp>,
}

/// An account that breaks its own invariant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "account {key} is broken: settled {settled} and held {held} do not fit cap {cap}, or one of them or overrun {overrun} is negative"
)]
pub struct Broken {
    key: AccountKey,
    settled: Nanos,
    held: Nanos,
    overrun: Nanos,
    cap: Nanos,
}

impl Account {
    /// An account that nothing was spent from yet. A negative target counts as zero.
    pub fn new(spec: CapSpec) -> Self {
        let CapSpec { key, target, hard, rollover: _ } = spec;
        let target = target.map(|target| target.max(Nanos::ZERO));
        let zero = Nanos::ZERO;
        let mut account = Self {
            key,
            target,
            hard,
            cap: zero,
            settled: zero,
            held: zero,
            overrun: zero,
            rolled: zero,
        };
        account.cap = account.cap_in_force();
        account
    }

    /// What is spent: within holds and beyond them.
    pub fn spent(&self) -> Nanos {
        Nanos(self.settled.0.saturating_add(self.overrun.0))
    }

    /// How much can still be reserved; `None` where nothing limits it.
    pub fn room(&self) -> Option<Nanos> {
        let used = self.spent().0.saturating_add(self.held.0);
        self.limit().map(|limit| Nanos(limit.0.saturating_sub(used).max(0)))
    }

    /// The share of the target that is spent or held, in whole percent, at most 255; `None` without a
    /// target. A target of zero is fully used.
    pub fn used_percent(&self) -> Option<u8> {
        let used = i128::from(self.spent().0).saturating_add(i128::from(self.held.0));
        let target = i128::from(self.target?.0);
        let percent = used.saturating_mul(100).checked_div(target).unwrap_or(100);
        Some(u8::try_from(percent).unwrap_or(u8::MAX))
    }

    /// The target that admission is against: a hard one.
    pub fn limit(&self) -> Option<Nanos> {
        if self.hard { self.target } else { None }
    }

    /// Checks the row's invariant.
    ///
    /// # Errors
    /// [`Broken`], which names the row and its numbers.
    pub fn check(&self) -> Result<(), Broken> {
        let Self { settled, held, overrun, cap, .. } = *self;
        let positive = settled.0 >= 0 && held.0 >= 0 && overrun.0 >= 0;
        let fits = i128::from(settled.0) + i128::from(held.0) <= i128::from(cap.0);
        if positive && fits {
            return Ok(());
        }
        Err(Broken { key: self.key.clone(), settled, held, overrun, cap })
    }

    /// Replaces the target and recomputes the cap in force.
    pub(crate) fn set_target(&mut self, target: Option<Nanos>, hard: bool) {
        self.target = target.map(|target| target.max(Nanos::ZERO));
        self.hard = hard;
        self.cap = self.cap_in_force();
    }

    /// The row after a change of its sums, or `None` where a sum would be negative or not fit.
    pub(crate) fn moved(&self, settled: i64, held: i64, overrun: i64) -> Option<Self> {
        let moved = |sum: Nanos, by: i64| sum.0.checked_add(by).filter(|sum| *sum >= 0).map(Nanos);
        let mut next = self.clone();
        next.settled = moved(self.settled, settled)?;
        next.held = moved(self.held, held)?;
        next.overrun = moved(self.overrun, overrun)?;
        next.settled.0.checked_add(next.held.0)?;
        next.spent().0.checked_add(next.held.0)?;
        next.cap = next.cap_in_force();
        Some(next)
    }

    fn cap_in_force(&self) -> Nanos {
        let used = Nanos(self.settled.0.saturating_add(self.held.0));
        self.limit().map_or(Nanos(i64::MAX), |target| target.max(used))
    }
}

impl Period {
    /// The window of this length that holds `now`, with its edges at midnight in `zone`.
    ///
    /// Right across daylight saving: edges are civil midnights, so a day may have 23 or 25 hours.
    /// An instant beyond what a calendar can say falls into one endless window.
    pub fn window(self, now: Timestamp, zone: &TimeZone) -> Window {
        let endless = Window { period: self, starts: Timestamp(0), ends: None };
        self.dates(now, zone)
            .and_then(|(first, next)| {
                let starts = midnight(first, zone)?;
                let ends = midnight(next, zone)?;
                Some(Window { period: self, starts, ends: Some(ends) })
            })
            .unwrap_or(endless)
    }

    /// The first day of the window around `now`, and of the one after it.
    fn dates(self, now: Timestamp, zone: &TimeZone) -> Option<(Date, Date)> {
        let today = jiff::Timestamp::from_microsecond(now.0).ok()?.to_zoned(zone.clone()).date();
        let (first, length) = match self {
            Self::Day => (today, 1.day()),
            Self::Week => {
                let since_monday = i64::from(today.weekday().to_monday_zero_offset());
                (today.checked_sub(since_monday.days()).ok()?, 1.week())
            }
            Self::Month => (today.first_of_month(), 1.month()),
            Self::Total | Self::Request => return None,
        };
        Some((first, first.checked_add(length).ok()?))
    }
}

/// The first instant of a day: midnight, or what follows it where the clock jumps over midnight.
fn midnight(date: Date, zone: &TimeZone) -> Option<Timestamp> {
    let start = date.to_zoned(zone.clone()).ok()?;
    Some(Timestamp(start.timestamp().as_microsecond()))
}

impl Window {
    /// Whether `at` lies in the window.
    pub fn contains(&self, at: Timestamp) -> bool {
        self.starts <= at && self.ends.is_none_or(|ends| at < ends)
    }
}

impl CapSpec {
    /// The account that counts `period` around `now` for one spender. Nothing rolls over.
    pub fn new(
        tenant: TenantId,
        scope: Scope,
        scope_id: impl Into<String>,
        window: Window,
        target: Option<Nanos>,
        hard: bool,
    ) -> Self {
        let key = AccountKey { tenant, scope, scope_id: scope_id.into(), window };
        Self { key, target, hard, rollover: Nanos::ZERO }
    }
}

impl fmt::Display for AccountKey {
    /// Such as `agent agt_.../day from 2026-11-22T00:00:00.000000Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}/{}", self.scope, self.scope_id, self.window.period)?;
        if self.window.ends.is_some() {
            write!(f, " from {}", self.window.starts)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp(text.parse::<jiff::Timestamp>().unwrap().as_microsecond())
    }

    #[track_caller]
    fn check(period: Period, now: &str, zone: &TimeZone, starts: &str, ends: &str) {
        let window = period.window(at(now), zone);
        assert_eq!((window.starts, window.ends), (at(starts), Some(at(ends))));
        assert!(window.contains(at(now)));
        assert!(!window.contains(at(ends)));
        assert_eq!(period.window(at(ends), zone).starts, at(ends), "the next window follows");
    }

    #[test]
    fn windows_begin_at_midnight() {
        let utc = &TimeZone::UTC;
        let now = "2026-11-22T20:43:46Z";
        check(Period::Day, now, utc, "2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z");
        check(Period::Week, now, utc, "2026-11-16T00:00:00Z", "2026-11-23T00:00:00Z");
        check(Period::Month, now, utc, "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z");
        let leap = "2028-02-29T23:59:59.999999Z";
        check(Period::Month, leap, utc, "2028-02-01T00:00:00Z", "2028-03-01T00:00:00Z");
    }

    #[test]
    fn a_day_has_23_or_25_hours_when_the_clocks_change() {
        let zone = &TimeZone::posix("EST5EDT,M3.2.0,M11.1.0").unwrap();
        let (spring, autumn) = ("2026-03-08T12:00:00Z", "2026-11-01T12:00:00Z");
        check(Period::Day, spring, zone, "2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z");
        check(Period::Day, autumn, zone, "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z");
    }

    #[track_caller]
    fn lasts(period: Period, now: &str, zone: &str, hours: i64) {
        let window = period.window(at(now), &TimeZone::get(zone).unwrap());
        let length = window.ends.unwrap().0 - window.starts.0;
        assert_eq!(length, hours * 3_600_000_000, "{period} around {now} in {zone}");
    }

    #[test]
    fn windows_are_as_long_as_they_are_where_the_tenant_lives() {
        let berlin = &TimeZone::get("Europe/Berlin").unwrap();
        let noon = "2026-03-29T12:00:00Z";
        check(Period::Day, noon, berlin, "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z");
        check(Period::Week, noon, berlin, "2026-03-22T23:00:00Z", "2026-03-29T22:00:00Z");
        check(Period::Month, noon, berlin, "2026-02-28T23:00:00Z", "2026-03-31T22:00:00Z");
        // An hour before the change and an hour after it are of one day.
        for now in ["2026-10-24T22:00:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"] {
            check(Period::Day, now, berlin, "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z");
        }
        let hours = [
            ("2026-03-29T12:00:00Z", "Europe/Berlin", 23, 7 * 24 - 1, 31 * 24 - 1),
            ("2026-10-25T12:00:00Z", "Europe/Berlin", 25, 7 * 24 + 1, 31 * 24 + 1),
            ("2026-03-08T18:00:00Z", "America/New_York", 23, 7 * 24 - 1, 31 * 24 - 1),
            ("2026-11-01T18:00:00Z", "America/New_York", 25, 7 * 24 + 1, 30 * 24 + 1),
            ("2026-06-15T12:00:00Z", "Europe/Berlin", 24, 7 * 24, 30 * 24),
            ("2026-03-29T12:00:00Z", "UTC", 24, 7 * 24, 31 * 24),
        ];
        for (now, zone, day, week, month) in hours {
            lasts(Period::Day, now, zone, day);
            lasts(Period::Week, now, zone, week);
            lasts(Period::Month, now, zone, month);
        }
        // The clock of Sao Paulo jumped over this midnight: the day began at one.
        let sao_paulo = &TimeZone::get("America/Sao_Paulo").unwrap();
        let day = Period::Day.window(at("2018-11-04T12:00:00Z"), sao_paulo);
        assert_eq!(day.starts, at("2018-11-04T03:00:00Z"));
    }

    #[test]
    fn a_request_has_no_window() {
        let window = Period::Request.window(at("2026-11-22T00:00:00Z"), &TimeZone::UTC);
        assert_eq!((window.starts, window.ends), (Timestamp(0), None));
    }

    #[test]
    fn a_total_never_ends() {
        let window = Period::Total.window(at("2026-11-22T00:00:00Z"), &TimeZone::UTC);
        assert_eq!(window, Period::Total.window(Timestamp(i64::MAX), &TimeZone::UTC));
        assert!(window.contains(Timestamp(i64::MAX)));
    }

    fn account(target: Option<i64>, hard: bool) -> Account {
        let tenant = TenantId::from_parts(1, 1);
        let window = Period::Total.window(Timestamp(0), &TimeZone::UTC);
        let target = target.map(Nanos);
        Account::new(CapSpec::new(tenant, Scope::Tenant, "t", window, target, hard))
    }

    #[test]
    fn a_target_below_what_is_used_only_stops_admission() {
        let mut account = account(Some(100), true).moved(40, 30, 0).unwrap();
        account.set_target(Some(Nanos(50)), true);
        account.check().unwrap();
        assert_eq!((account.cap, account.room()), (Nanos(70), Some(Nanos(0))));
        let account = account.moved(0, -30, 0).unwrap();
        assert_eq!((account.cap, account.room()), (Nanos(50), Some(Nanos(10))));
    }

    #[test]
    fn overrun_counts_against_the_target_but_not_the_row_check() {
        let account = account(Some(100), true).moved(90, 0, 20).unwrap();
        account.check().unwrap();
        assert_eq!((account.room(), account.used_percent()), (Some(Nanos(0)), Some(110)));
    }

    #[test]
    fn a_soft_target_and_none_never_limit() {
        for account in [account(Some(1), false), account(None, true)] {
            let account = account.moved(5, 5, 0).unwrap();
            account.check().unwrap();
            assert_eq!(account.room(), None);
        }
    }

    #[test]
    fn a_broken_row_is_told() {
        let mut account = account(Some(100), true).moved(40, 30, 0).unwrap();
        account.settled = Nanos(71);
        assert!(account.check().is_err());
        account.settled = Nanos(-1);
        assert!(account.check().is_err());
    }

    #[test]
    fn names_read_back() {
        for scope in Scope::ALL {
            assert_eq!(scope.as_str().parse(), Ok(*scope));
        }
        let error = "year".parse::<Period>().unwrap_err().to_string();
        assert_eq!(error, "`year` is not one of request, day, week, month, total");
    }
}
