//! `schedules/NAME.toml`: when an agent begins something by itself.

use std::str::FromStr;

use cronexpr::{Crontab, MakeTimestamp, parse_crontab};
use types::Timestamp;

use super::is_name;
use crate::reader::{Notes, Reader};

/// One schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleFile {
    /// Its name: the file's.
    pub name: String,
    /// Its path in the tree.
    pub file: String,
    /// When, as five fields of cron: minute, hour, day of the month, month, day of the week.
    pub cron: String,
    /// The time zone that the fields are in, by its IANA name.
    pub zone: String,
    /// The agent that does it.
    pub agent: String,
    /// What it is asked.
    pub message: String,
    /// What becomes of times at which nothing ran.
    pub misfire: Misfire,
    /// Whether one may begin while the one before has not ended.
    pub overlap: bool,
    /// Whether it runs at all.
    pub enabled: bool,
}

/// What becomes of times at which nothing ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misfire {
    /// They are passed over.
    Skip,
    /// One run stands for all of them.
    Once,
    /// Each of them runs, up to so many of the newest.
    All(u32),
}

/// The longest message, in bytes.
const MESSAGE_BYTES_MAX: usize = 64 * 1024;
/// The most missed times that one schedule may make up for.
const MISFIRES_MAX: u32 = 1_000;

pub(super) fn read(name: &str, path: &str, text: &str, notes: &mut Notes) -> Option<ScheduleFile> {
    if !is_name(name) {
        let fix = "name the file with small letters, digits, `-`, `_` and `.`, at most 64";
        notes.fault(path, &format!("`{name}` is not a name of a schedule"), fix);
    }
    let mut from = notes.open(path, text);
    let read = schedule(name, path, &mut from);
    from.finish();
    read.filter(|_| is_name(name))
}

fn schedule(name: &str, path: &str, from: &mut Reader<'_>) -> Option<ScheduleFile> {
    let at = from.place_of("zone");
    let zone = from.text("zone", "UTC", "The time zone, such as `Europe/Zurich`.");
    let known = jiff::tz::TimeZone::get(&zone).is_ok();
    if !known {
        let fix = "write an IANA name such as `UTC` or `Europe/Zurich`".to_owned();
        from.fault("zone", at.as_ref(), "the time zone is not known".to_owned(), fix);
    }
    let at = from.place_of("cron");
    let cron: Option<String> = from.required("cron", "0 7 * * 1-5", "Five fields of cron.");
    if cron.as_ref().is_some_and(|cron| known && crontab(cron, &zone).is_none()) {
        let fix = "write minute, hour, day of month, month, day of week, such as `0 7 * * 1-5`";
        from.fault("cron", at.as_ref(), "these are no fields of cron".to_owned(), fix.to_owned());
    }
    let agent = from.required("agent", "default", "The agent that does it.");
    let at = from.place_of("message");
    let message: Option<String> =
        from.required("message", "Write the report.", "What it is asked.");
    if message.as_ref().is_some_and(|text| text.len() > MESSAGE_BYTES_MAX) {
        let fix = format!("keep at most {MESSAGE_BYTES_MAX} bytes");
        from.fault("message", at.as_ref(), "the message is too long".to_owned(), fix);
    }
    let misfire = from.parsed("misfire", "once", Misfire::Once, "`skip`, `once` or `all up to N`.");
    let overlap = from.flag("overlap", false, "Whether one may begin before the last has ended.");
    let enabled = from.flag("enabled", true, "Whether it runs.");
    Some(ScheduleFile {
        name: name.to_owned(),
        file: path.to_owned(),
        cron: cron?,
        zone,
        agent: agent?,
        message: message?,
        misfire,
        overlap,
        enabled,
    })
}

impl ScheduleFile {
    /// The first time after an instant; `None` where there is none.
    pub fn next(&self, after: Timestamp) -> Option<Timestamp> {
        let after = MakeTimestamp::from_microsecond(after.0).ok()?;
        let next = crontab(&self.cron, &self.zone)?.find_next(after).ok()?;
        Some(Timestamp(next.timestamp().as_microsecond()))
    }
}

/// The fields with their zone. What says a zone, or anything else, behind the fields is not taken.
fn crontab(fields: &str, zone: &str) -> Option<Crontab> {
    if fields.split_whitespace().count() != 5 {
        return None;
    }
    parse_crontab(&format!("{fields} {zone}")).ok()
}

impl FromStr for Misfire {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match (text, text.strip_prefix("all up to ")) {
            ("skip", _) => Ok(Self::Skip),
            ("once", _) => Ok(Self::Once),
            (_, Some(count)) => match count.parse() {
                Ok(count) if (1..=MISFIRES_MAX).contains(&count) => Ok(Self::All(count)),
                _ => Err(format!("`all up to N` takes 1 to {MISFIRES_MAX}")),
            },
            _ => Err("it is neither `skip`, `once` nor `all up to N`".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(cron: &str, zone: &str, after: &str, expected: &str) {
        let file = ScheduleFile {
            name: "report".to_owned(),
            file: "schedules/report.toml".to_owned(),
            cron: cron.to_owned(),
            zone: zone.to_owned(),
            agent: "default".to_owned(),
            message: "Write it.".to_owned(),
            misfire: Misfire::Once,
            overlap: false,
            enabled: true,
        };
        let after: jiff::Timestamp = after.parse().unwrap();
        let next = file.next(Timestamp(after.as_microsecond())).unwrap();
        let next = jiff::Timestamp::from_microsecond(next.0).unwrap();
        assert_eq!(next.to_string(), expected);
    }

    #[test]
    fn the_next_time_is_in_the_zone_of_the_schedule() {
        check("0 7 * * 1-5", "UTC", "2026-11-27T07:00:00Z", "2026-11-30T07:00:00Z");
        check("0 7 * * *", "Europe/Zurich", "2026-07-01T00:00:00Z", "2026-07-01T05:00:00Z");
        check("0 7 * * *", "Europe/Zurich", "2026-12-01T00:00:00Z", "2026-12-01T06:00:00Z");
        check("*/15 * * * *", "UTC", "2026-01-01T00:00:01Z", "2026-01-01T00:15:00Z");
    }

    /// On the last Sunday of March an hour is missing, on that of October one is twice.
    #[test]
    fn a_change_of_the_clock_neither_loses_nor_doubles_a_day() {
        check("30 2 * * *", "Europe/Zurich", "2026-03-28T12:00:00Z", "2026-03-30T00:30:00Z");
        check("0 4 * * *", "Europe/Zurich", "2026-10-24T12:00:00Z", "2026-10-25T03:00:00Z");
    }
}
