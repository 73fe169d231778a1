//! Instants as people write them.

use types::Timestamp;

use crate::error::Error;

/// Reads a day, which means its midnight in UTC, or an RFC 3339 instant.
pub(crate) fn parse(text: &str) -> Result<Timestamp, Error> {
    let day = text.len() == 10;
    let instant = if day { format!("{text}T00:00:00Z") } else { text.to_owned() };
    instant.parse::<jiff::Timestamp>().map(|at| Timestamp(at.as_microsecond())).map_err(|_| {
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
        assert!(parse("yesterday").is_err());
        assert!(parse("2026-13-01").is_err());
    }
}
