//! An engine that has searched a text before finds what one finds that has not.

use proptest::prelude::*;
use types::Label;

use super::bounds::request;
use crate::{Engine, Kind, Settings, memo::Memo};

const CLEAN: &str = "The committee met on Tuesday to look at the figures of the last quarter. ";
const PERSONAL: &str = "Anna Schmidt, anna@example.com, +49 30 901820, card 4111 1111 1111 1111, \
    IBAN GB82 WEST 1234 5698 7654 32, SSN 536-22-8726. ";

/// Texts that are long enough to be known again, and some that are not.
fn texts() -> Vec<String> {
    let long = [CLEAN.repeat(6), PERSONAL.repeat(4), format!("{}{PERSONAL}", CLEAN.repeat(5))];
    let short = [CLEAN.to_owned(), PERSONAL.to_owned()];
    long.into_iter().chain(short).collect()
}

#[test]
fn a_text_that_comes_again_is_not_searched_again() {
    let engine = Engine::builtin(&Settings::default());
    let first = engine.inspect(&mut request(&[&PERSONAL.repeat(4)]));
    let key = |text: &str| Memo::key(text).unwrap();
    let known = engine.inner.memo.get(key(&PERSONAL.repeat(4))).unwrap();
    assert_eq!(known.findings.len(), first.findings.len());
    assert!(known.findings.iter().all(|finding| finding.place.is_empty()));
    // Of a text that has none of this, this is told: it was looked up.
    let other = CLEAN.repeat(9);
    engine.inner.memo.put(key(&other), known);
    let told = engine.inspect(&mut request(&["Hello.", &other]));
    assert_eq!(told.findings.len(), first.findings.len());
    assert!(told.findings.iter().all(|finding| finding.place.starts_with("messages[1]")));
    assert!(told.findings.iter().any(|finding| finding.kind == Kind::EMAIL));
    assert_eq!(told.label, Label::Restricted);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn with_and_without_memory_the_same_is_found(
        requests in prop::collection::vec(prop::collection::vec(0..5_usize, 1..5), 1..6),
        findings_max in prop_oneof![1..80_usize, Just(10_000)],
        steps_max in prop_oneof![500..60_000_u64, Just(u64::MAX)],
    ) {
        let settings = Settings { findings_max, steps_max, ..Settings::default() };
        let experienced = Engine::builtin(&settings);
        let texts = texts();
        for numbers in requests {
            let chosen: Vec<&str> = numbers.iter().map(|&number| texts[number].as_str()).collect();
            let fresh = Engine::builtin(&settings).inspect(&mut request(&chosen));
            prop_assert_eq!(experienced.inspect(&mut request(&chosen)), fresh);
        }
    }
}
