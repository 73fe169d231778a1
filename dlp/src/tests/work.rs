//! No text costs more than in proportion to its length, and none more than the bound.

use types::Label;

use super::{bounds::request, engine};
use crate::{Engine, Settings, detect::Tokens};

/// What makes detectors and the normaliser look ahead or back, beside the literals of tokens.
const UNITS: [&str; 46] = [
    "-----BEGIN PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY-----MIIEvQIBADANBgkqhkiG9w0BAQEFAASC",
    "-----BEGIN PRIVATE KEY-----Proc-Type: 4,ENCRYPTED",
    "-----BEGIN PRIVATE KEY-----\"'\"'",
    "-----END PRIVATE KEY-----",
    "eyJhbGciOiJub25lIn0.",
    "eyJhbGciOiJub25lIn0.a.",
    "ghp_",
    "sk-ant-",
    "sk-proj-",
    "aws_secret=",
    "aws_secret_access_key=\"",
    "https://hooks.slack.com/services/",
    "://user:pass@",
    "@",
    "a@a.",
    "a.@a",
    "é@é.",
    ":",
    "a:",
    "::1",
    "1",
    "1 ",
    "0 ",
    "00 ",
    "1-",
    "1.",
    "12 ",
    "(1) - ",
    "+1 ",
    "4111 ",
    "536-22-1234 ",
    "phone 2 1 2 ",
    " DE89",
    "www.",
    "http://a.",
    "ab-12-",
    "AB 12 ",
    "1a",
    "0a:",
    "12 Ab ",
    "metformin ",
    "12.3456, ",
    "x, ext 5 555-0123x12",
    "\u{ff14}",
    "\u{301}\u{200b}",
];

/// The most that a byte of any of these texts costs. So many steps of a release build take about a
/// microsecond.
const STEPS_PER_BYTE_MAX: u64 = 600;

#[test]
fn four_times_the_text_is_at_most_eight_times_the_work() {
    // With a dash, so that each of them is at the start of a word.
    let openers = Tokens::openers().into_iter().map(|opener| format!("{opener}-"));
    for unit in UNITS.into_iter().map(str::to_owned).chain(openers) {
        let steps = |bytes: usize| engine().steps(&unit.repeat(bytes / unit.len()));
        let (short, long) = (steps(64 << 10), steps(256 << 10));
        assert!(long <= 8 * short, "{unit:?}: {short} steps become {long}");
        assert!(short >> 16 <= STEPS_PER_BYTE_MAX, "{unit:?}: {} per byte", short >> 16);
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
