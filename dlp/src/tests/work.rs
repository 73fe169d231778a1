//! No text costs more than in proportion to its length, and none more than the bound.

use types::Label;

use super::{bounds::request, engine};
use crate::{Engine, Settings, detect::Tokens};

/// What makes detectors and the normaliser look ahead or back, beside the literals of tokens.
fn units() -> Vec<String> {
    serde_json::from_str(include_str!("units.json")).unwrap()
}

/// The units, and an opener of each sort with a dash, so that each of them is at the start of a word.
fn texts() -> impl Iterator<Item = String> {
    let openers = Tokens::openers().into_iter().map(|opener| format!("{opener}-"));
    units().into_iter().chain(openers)
}

/// Steps in a text of so many bytes that repeats a unit.
fn steps(unit: &str, bytes: usize) -> u64 {
    engine().steps(&unit.repeat(bytes / unit.len()))
}

#[test]
fn four_times_the_text_is_at_most_eight_times_the_work() {
    for unit in texts() {
        let (short, long) = (steps(&unit, 64 << 10), steps(&unit, 256 << 10));
        assert!(long <= 8 * short, "{unit:?}: {short} steps become {long}");
    }
}

/// The same in nanoseconds: `cargo run --release -p orchestack-dlp --example worst`.
#[test]
fn no_text_costs_more_than_ten_times_what_the_median_one_does() {
    let mut costs: Vec<u64> = units().iter().map(|unit| steps(unit, 64 << 10)).collect();
    costs.sort_unstable();
    let median = costs[costs.len() / 2];
    for unit in texts() {
        let cost = steps(&unit, 64 << 10);
        assert!(cost <= 10 * median, "{unit:?}: {cost} steps where the median is {median}");
    }
}

#[test]
fn ordinary_pages_and_lists_are_looked_through_to_their_end() {
    let row = "<tr><td>Smith &amp; Sons, unit 07</td><td>open</td></tr>\n";
    let link =
        "https://files.example.com/en/annual/reports/of%20some/company/with/long/names/2024\n";
    let string =
        "    log.info(\"the file was read\\n\", of the path where it stands on this disk);\n";
    for unit in [row, link, string] {
        for times in [30, 100, 1_000] {
            let page = unit.repeat(times);
            let found = engine().inspect(&mut request(&[&page, "card 4111111111111111"]));
            assert_eq!((found.complete, found.findings.len()), (true, 1), "{times} of {unit}");
        }
    }
}

#[test]
fn more_work_than_the_bound_is_incomplete_and_restricted() {
    let settings = Settings { steps_max: 100_000, ..Settings::default() };
    let engine = Engine::builtin(&settings);
    let (short, long) = ("1 2 3 ".repeat(50), "1 2 3 ".repeat(5_000));
    let found = engine.inspect(&mut request(&[&short, "bob@example.com"]));
    assert_eq!((found.complete, found.label), (true, Label::Sensitive));
    let found = engine.inspect(&mut request(&["bob@example.com", &long, "536-22-1234"]));
    assert_eq!((found.complete, found.label), (false, Label::Restricted));
    assert_eq!(found.findings.len(), 1, "what was found before is told");
    // Many fields have one bound together.
    let found = engine.inspect(&mut request(&[short.as_str(); 100]));
    assert_eq!((found.complete, found.label), (false, Label::Restricted));
}
