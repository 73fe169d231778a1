//! An engine that has searched a text before finds what one finds that has not.

use proptest::prelude::*;
use types::Label;

use super::bounds::request;
use crate::{Engine, Kind, Settings};

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
    let key = crate::memo::Memo::key(&PERSONAL.repeat(4)).unwrap();
    assert!(engine.inner.memo.get(key).is_some_and(|known| known.findings.len() > 8));
    // What is known is what is told: with something else in its place that would be told.
    let other = CLEAN.repeat(9);
    engine.inspect(&mut request(&[&other]));
    let nothing = engine.inner.memo.get(crate::memo::Memo::key(&other).unwrap()).unwrap();
    assert!(nothing.findings.is_empty() && nothing.steps > 0);
    let again = engine.inspect(&mut request(&[&other, &PERSONAL.repeat(4)]));
    assert_eq!(again.findings.len(), first.findings.len());
    assert!(again.findings.iter().all(|finding| finding.place.starts_with("messages[1]")));
    assert!(again.findings.iter().any(|finding| finding.kind == Kind::EMAIL));
    assert_eq!(again.label, Label::Restricted);
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
