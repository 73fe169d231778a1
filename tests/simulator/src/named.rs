//! Faults by name, for tests that need one and no script: the model `sim-fault-503` or the header
//! `x-sim-fault: 503`.

use crate::{Behaviour, End, Malformed, UsageReport};

/// Every name, with `N` for a number; the error text for an unknown one lists them.
pub(crate) const NAMES: &str = "400..=599, cut, cut-N (after N events), reset, reset-N, close, \
     hang, hang-N, half-open, half-close, no-terminal, slow, delay-N (milliseconds), pings, \
     no-usage, two-usage, wrong-usage, malformed, malformed-shape, malformed-utf8, \
     malformed-field, error-event, split-N (bytes), giant-N (bytes), over-limit-N (tokens)";

/// The fault that a model's name asks for. `Err` has a name that is no fault.
pub(crate) fn of_model(model: &str) -> Option<Result<Behaviour, String>> {
    let (_, name) = model.split_once("-fault-")?;
    Some(named(name).ok_or_else(|| name.to_owned()))
}

/// The fault of that name.
pub(crate) fn named(name: &str) -> Option<Behaviour> {
    let (word, number) = match name.rsplit_once('-') {
        Some((word, digits)) if digits.parse::<u64>().is_ok() => (word, digits.parse().ok()),
        _ => (name, None),
    };
    let default = Behaviour::default();
    let end =
        |end, after_chunks| Behaviour { end: Some(end), after_chunks, ..Behaviour::default() };
    let malformed = |malformed| Behaviour { malformed: Some(malformed), ..Behaviour::default() };
    Some(match word {
        "cut" => end(End::Cut, number.unwrap_or(3)),
        "reset" => end(End::Reset, number.unwrap_or(3)),
        "close" => end(End::Close, 0),
        "hang" => end(End::Hang, number.unwrap_or(0)),
        "half-open" => end(End::HalfOpen, number.unwrap_or(3)),
        "half-close" => end(End::HalfClose, number.unwrap_or(3)),
        "no-terminal" => end(End::NoTerminal, number.unwrap_or(u64::MAX)),
        "slow" => Behaviour { chunk_delay_ms: number.unwrap_or(50), ..default },
        "delay" => Behaviour { delay_ms: number?, ..default },
        "pings" => Behaviour { pings: 1_000_000, only_pings: true, chunk_delay_ms: 20, ..default },
        "no-usage" => Behaviour { usage: UsageReport::Missing, ..default },
        "two-usage" => Behaviour { usage: UsageReport::Twice, ..default },
        "wrong-usage" => {
            Behaviour { usage: UsageReport::Wrong { input: 1, output: 1_000_000 }, ..default }
        }
        "over-limit" => Behaviour {
            ignore_limit: true,
            output_tokens: Some(number.unwrap_or(2_000)),
            ..default
        },
        "malformed" => malformed(Malformed::Json),
        "malformed-shape" => malformed(Malformed::Shape),
        "malformed-field" => malformed(Malformed::Field),
        "malformed-utf8" => malformed(Malformed::Utf8),
        "error-event" => malformed(Malformed::Error),
        "split" => Behaviour { split_bytes: Some(clamp(number.unwrap_or(1))), ..default },
        "giant" => {
            Behaviour { giant_event_bytes: Some(clamp(number.unwrap_or(2 << 20))), ..default }
        }
        status => {
            let status = status.parse().ok().filter(|status| (400..600).contains(status))?;
            let retry_after_s = [429, 503, 529].contains(&status).then_some(1);
            Behaviour { status: Some(status), retry_after_s, ..default }
        }
    })
}

fn clamp(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_its_fault() {
        assert_eq!(named("503").unwrap().status, Some(503));
        assert_eq!(named("cut-7").unwrap().after_chunks, 7);
        assert_eq!(named("half-open-0").unwrap().end, Some(End::HalfOpen));
        assert_eq!(named("delay-250").unwrap().delay_ms, 250);
        assert!(named("delay").is_none());
        assert!(named("200").is_none());
        assert!(of_model("sim-cloud").is_none());
        assert_eq!(of_model("sim-fault-nonsense"), Some(Err("nonsense".to_owned())));
    }
}
