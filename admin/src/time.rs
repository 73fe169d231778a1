//! Instants as people write them.

use budget::Zone;
use types::Timestamp;

use crate::error::Error;

/// Reads a day, which means its midnight in UTC, or an RFC 3339 instant.
pub(crate) fn parse(text: &str) -> Result<Timestamp, Error> {
    parse_in(text, &Zone::UTC)
}

/// Reads a day, which means its midnight in a time zone, or an RFC 3339 instant.
pub(crate) fn parse_in(text: &str, zone: &Zone) -> Result<Timestamp, Error> {
    let read = || {
        if text.len() != 10 {
            return text.parse::<jiff::Timestamp>();
        }
        let midnight = text.parse::<jiff::civil::Date>()?.to_zoned(zone.clone())?;
        Ok(midnight.timestamp())
    };
    read().map(|at| Timestamp(at.as_microsecond())).map_err(|_| {
        let fix = "write a day such as `2026-11-22` or an instant such as `2026-11-22T10:00:00Z`";
        Error::invalid(format!("`{text}` is not a time"), fix)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, printed: &str) {
        assert_eq!(parse(text).unwrap().to_string(), printed);
    }

    #[test]
    fn days_and_instants_are_read() {
        check("2026-11-22", "2026-11-22T00:00:00.000000Z");
        check("2026-11-22T10:00:00+02:00", "2026-11-22T08:00:00.000000Z");
        let berlin = &Zone::get("Europe/Berlin").unwrap();
        let midnight = parse_in("2026-07-01", berlin).unwrap().to_string();
        assert_eq!(midnight, "2026-06-30T22:00:00.000000Z");
        assert!(parse("yesterday").is_err());
        assert!(parse("2026-13-01").is_err());
    }
}
