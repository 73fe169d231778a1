use proptest::prelude::*;
use types::{
    Label,
    chat::{ChatRequest, Message, Part, Role},
};

use super::engine;
use crate::{Engine, Kind, Selector, Settings};

pub(super) fn request(texts: &[&str]) -> ChatRequest {
    let message = |text: &&str| Message::new(Role::User, vec![Part::Text((*text).to_owned())]);
    ChatRequest { messages: texts.iter().map(message).collect(), ..ChatRequest::default() }
}

#[track_caller]
fn check_label(texts: &[&str], expected: Label) {
    let mut given = request(texts);
    let findings = engine().inspect(&mut given);
    assert_eq!(findings.label, expected, "{texts:?}");
    assert!(findings.complete);
    assert_eq!(given, request(texts), "inspecting changes nothing");
}

#[test]
fn a_request_has_the_highest_label_of_what_is_in_it() {
    check_label(&[], Label::Internal);
    check_label(&["hello", "world"], Label::Internal);
    check_label(&["hello", "bob@example.com"], Label::Sensitive);
    check_label(&["bob@example.com", "536-22-1234", "x"], Label::Restricted);
}

#[test]
fn ten_different_addresses_are_a_bulk_list() {
    let list = |from: usize, count: usize| {
        (from..from + count).map(|n| format!("user{n}@example.com\n")).collect::<String>()
    };
    check_label(&[&list(0, 9)], Label::Sensitive);
    check_label(&[&list(0, 9), &list(0, 9)], Label::Sensitive);
    check_label(&[&list(0, 10)], Label::Restricted);
    check_label(&[&list(0, 5), &list(5, 5)], Label::Restricted);
}

#[test]
fn a_card_before_an_at_sign_is_still_a_card() {
    check_label(&["4111111111111111@example.com"], Label::Restricted);
}

#[test]
fn what_is_too_big_to_inspect_is_restricted() {
    let settings = Settings { field_bytes_max: 100, ..Settings::default() };
    let long = "a".repeat(101);
    let found = Engine::builtin(&settings).inspect(&mut request(&["bob@example.com", &long]));
    assert_eq!((found.complete, found.label), (false, Label::Restricted));
    assert_eq!(found.findings.len(), 1, "the other fields are still inspected");
}

#[test]
fn more_findings_than_the_bound_are_incomplete() {
    let settings = Settings { findings_max: 3, ..Settings::default() };
    let engine = Engine::builtin(&settings);
    let found = engine.inspect(&mut request(&["a@b.org c@d.org e@f.org"]));
    assert_eq!((found.complete, found.findings.len()), (true, 3));
    let found = engine.inspect(&mut request(&["a@b.org c@d.org", "e@f.org g@h.org"]));
    assert_eq!((found.complete, found.findings.len()), (false, 3));
    assert_eq!(found.label, Label::Restricted);
}

#[test]
fn nothing_prints_what_was_found() {
    let found = engine().inspect(&mut request(&["bob@example.com 4111111111111111"]));
    let printed = format!("{found:?} {:?}", engine());
    assert!(!printed.contains("bob") && !printed.contains("4111"), "{printed}");
    assert!(printed.contains("checksum"), "the terms are told");
}

#[test]
fn a_setting_changes_what_a_kind_weighs() {
    let labels = [(Selector::Kind(Kind::EMAIL), Label::Public)].into();
    let settings = Settings { labels, ..Settings::default() };
    let found = Engine::builtin(&settings).inspect(&mut request(&["bob@example.com"]));
    assert_eq!(found.label, Label::Internal);
}

proptest! {
    #[test]
    fn any_text_is_read_without_leaving_it(text in "\\PC*") {
        check_spans(&text);
    }

    #[test]
    fn text_of_what_triggers_is_read_without_leaving_it(
        pieces in proptest::collection::vec(prop_oneof![
            Just("@"), Just(":"), Just("::"), Just("."), Just("-"), Just("+"), Just("("), Just(")"),
            Just(" "), Just("0"), Just("4111"), Just("1111"), Just("536"), Just("22"), Just("a.com"),
            Just("é"), Just("世"), Just("\u{200B}"), Just("４"), Just("-----BEGIN "),
            Just("PRIVATE KEY-----"), Just("eyJhbGciOiJub25lIn0"), Just("sk-"), Just("ghp_"),
            Just("AKIA"), Just("://"), Just("DE89"), Just("secret"), Just("\""), Just("\\u0040"),
            Just("{"), Just("}"), Just("[["), Just("https://hooks.slack.com/"), Just("ab12CD34ef56GH78"),
        ], 0..40),
    ) {
        check_spans(&pieces.concat());
    }
}

#[track_caller]
fn check_spans(text: &str) {
    for finding in engine().scan("text", text).findings {
        assert!(!finding.span.is_empty());
        assert!(text.get(finding.span.clone()).is_some(), "{:?} in {text:?}", finding.span);
    }
}
