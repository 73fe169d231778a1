//! What a session shows that none of its requests does.

use std::{collections::BTreeMap, sync::OnceLock};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use proptest::prelude::*;
use types::Label;

use super::{custom, engine};
use crate::{Deep, DeepFindings, Engine, Fingerprints, Kind, Rule, TAIL_BYTES, Voice};

const DOCUMENT: &str = "The board has resolved to sell the northern foundry to its tenants before the end of \
    the third quarter, for a price that must not be known outside of this room until the notary has sealed \
    both copies. Whoever is asked about the furnaces says that they are being relined. The works council \
    hears of it on the morning of the sale and not an hour sooner, and the press hears nothing at all. \
    Should the tenants withdraw, the whole of the machinery goes to auction in lots, beginning with the \
    rolling mill and the two cranes that were bought last spring against the advice of the auditors.";

fn with_document() -> Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    let make = || {
        let fingerprints = Fingerprints::of(DOCUMENT).to_string();
        custom::engine(
            &["kind = \"board_paper\"\n[[documents]]\nname = \"a\"\nfingerprints = \"a.fp\""],
            &[("detectors/a.fp", &fingerprints)],
        )
    };
    ENGINE.get_or_init(make).clone()
}

/// Pieces of so many words.
fn pieces(text: &str, words: usize) -> Vec<String> {
    let all: Vec<&str> = text.split_whitespace().collect();
    all.chunks(words).map(|piece| piece.join(" ")).collect()
}

fn ask(deep: &mut Deep, engine: &Engine, texts: &[&str]) -> DeepFindings {
    deep.take(engine, texts.iter().map(|text| (Voice::Caller, *text)), &[])
}

/// What requests with a text each come to, and whether it is only told at the last of them.
#[track_caller]
fn check(engine: &Engine, texts: &[&str], expected: &[(Kind, usize)], rules: &[Rule]) {
    let mut deep = Deep::new(7);
    let mut kinds = BTreeMap::new();
    let mut told = Vec::new();
    for text in texts {
        let found = ask(&mut deep, engine, &[text]);
        assert!(found.complete);
        assert_eq!(found.label == Label::Public, found.is_empty());
        found.kinds.iter().for_each(|(kind, count)| *kinds.entry(*kind).or_default() += count);
        told.extend(found.rules);
    }
    let expected: BTreeMap<Kind, usize> = expected.iter().copied().collect();
    assert_eq!((&kinds, told.as_slice()), (&expected, rules), "{texts:?}");
    // The same as a conversation, with all of it in one request.
    let found = ask(&mut Deep::new(7), engine, texts);
    assert_eq!((found.kinds, found.rules.as_slice()), (expected, rules), "{texts:?}");
}

fn board_paper() -> Kind {
    "board_paper".parse().unwrap()
}

#[test]
fn a_document_in_small_pieces_is_found() {
    let engine = with_document();
    for words in [3, 10] {
        let pieces = pieces(DOCUMENT, words);
        assert!(pieces.iter().all(|piece| engine.scan("text", piece).findings.is_empty()));
        let texts: Vec<&str> = pieces.iter().map(String::as_str).collect();
        check(&engine, &texts, &[(board_paper(), 1)], &[]);
        // With something else between: long pieces still tell.
        let between = texts.iter().flat_map(|text| [*text, "What rhymes with that?"]);
        let expected = [(board_paper(), 1)];
        let expected = if words < 10 { &[][..] } else { &expected };
        check(&engine, &between.collect::<Vec<_>>(), expected, &[]);
    }
}

#[test]
fn what_an_inspection_tells_of_a_document_is_not_told_again() {
    let engine = with_document();
    assert!(!engine.scan("text", DOCUMENT).findings.is_empty());
    check(&engine, &["Please read this.", DOCUMENT, DOCUMENT, "Thanks."], &[], &[]);
    let other = "The board of a foundry has tenants, a notary and a press, and each of them reads the papers \
        of the third quarter in the morning, before the works council and the auditors hear of it.";
    check(&engine, &pieces(other, 10).iter().map(String::as_str).collect::<Vec<_>>(), &[], &[]);
}

#[test]
fn a_list_that_grows_is_told_once_when_it_is_one() {
    let addresses: Vec<String> = (0..12).map(|n| format!("Write to p{n}@example.org.")).collect();
    let mut deep = Deep::new(1);
    let told: Vec<_> = addresses.iter().map(|text| ask(&mut deep, &engine(), &[text])).collect();
    let rules: Vec<_> = told.iter().map(|found| found.rules.as_slice()).collect();
    assert!(rules[..9].iter().all(|rules| rules.is_empty()), "{rules:?}");
    assert_eq!((rules[9], told[9].label), (&[Rule::BulkList][..], Label::Restricted));
    assert!(told[10].is_empty() && told[11].is_empty());
    // One address is no list however often it comes.
    let same: Vec<String> = (0..12).map(|n| format!("{n}: write to p@example.org.")).collect();
    check(&engine(), &same.iter().map(String::as_str).collect::<Vec<_>>(), &[], &[]);
    // What the inspection of the request told is not news.
    let all = addresses.iter().map(|text| (Voice::Caller, text.as_str()));
    assert!(Deep::new(1).take(&engine(), all, &[Rule::BulkList]).is_empty());
}

#[test]
fn a_value_over_messages_is_found() {
    let cases: [(&[&str], Kind); 6] = [
        (&["my social security number: 536-22-", "1234, thanks"], Kind::US_SSN),
        (&["my social security number: 536-", "22-", "1234, thanks"], Kind::US_SSN),
        (&["the card is 4111 1111", "1111 1111."], Kind::CARD),
        (&["the card is 4111", "1111", "1111", "1111."], Kind::CARD),
        (&["Hello", "write to jane.roe@exam", "ple.org, please"], Kind::EMAIL),
        (&[&format!("use AK{}", "IAIOSFOD"), "NN7EXAMPLE here"], Kind::AWS_KEY),
    ];
    for (texts, kind) in cases {
        check(&engine(), texts, &[(kind, 1)], &[]);
    }
}

#[test]
fn what_stands_whole_in_a_message_ends_there() {
    for texts in [
        &["write to a@b.org", "tomorrow"][..],
        &["the card is 4111 1111 1111 1111", "2 beds"],
        &["536-22-", "is where it begins", "1234"],
        &["It was 5", "or 6"],
    ] {
        check(&engine(), texts, &[], &[]);
    }
}

#[test]
fn an_answer_does_not_hide_what_its_neighbours_share() {
    let (engine, mut deep) = (engine(), Deep::new(3));
    let (first, answer, second) = ("SSN: 536-22-", "Go on, please.", "1234.");
    let first = [(Voice::Caller, first)];
    assert!(deep.take(&engine, first, &[]).is_empty());
    let all = [first[0], (Voice::Model, answer), (Voice::Caller, second)];
    assert_eq!(deep.take(&engine, all, &[]).kinds, BTreeMap::from([(Kind::US_SSN, 1)]));
    // The conversation goes on, with all of it sent again.
    let more = [all[0], all[1], all[2], (Voice::Model, "Thanks."), (Voice::Caller, "Bye.")];
    assert!(deep.take(&engine, more, &[]).is_empty());
}

#[test]
fn what_is_hidden_deeper_than_an_inspection_looks_is_found() {
    let mut text = "SSN 536-22-1234 of jane".to_owned();
    for depth in 0..=7 {
        let expected: &[_] = if (4..=6).contains(&depth) { &[(Kind::US_SSN, 1)] } else { &[] };
        let inline = engine().scan("text", &text).findings;
        assert_eq!(inline.iter().any(|f| f.kind == Kind::US_SSN), depth < 4, "{depth}");
        let found = ask(&mut Deep::new(5), &engine(), &[&text]);
        let found: Vec<_> = found.kinds.into_iter().filter(|(k, _)| *k == Kind::US_SSN).collect();
        assert_eq!(found, expected, "{depth}");
        text = STANDARD.encode(&text);
    }
}

#[test]
fn what_ails_somebody_and_who_it_is_may_come_apart() {
    check(
        &engine(),
        &["Diagnosis: E11.9, on insulin since May.", "Hello", "Write to jane.roe@example.org."],
        &[],
        &[Rule::HealthOfPerson],
    );
}

#[test]
fn a_session_is_bounded() {
    let (engine, mut deep) = (with_document(), Deep::new(9));
    for n in 0..1_100 {
        let text = format!("{n}: p{n}@example.org {}", "é".repeat(n % 3 * 300));
        ask(&mut deep, &engine, &[&text, &format!("And {n}")]);
    }
    let (hashes, bytes) = deep.kept();
    assert!(hashes <= 2 * 2_048 + 3 * 1_024, "{hashes}");
    assert!(bytes <= 4 * TAIL_BYTES, "{bytes}");
    assert_eq!(format!("{deep:?}"), "Deep { .. }");
}

proptest! {
    /// However a document is cut, into pieces that an inspection passes over, it is found.
    #[test]
    fn a_document_is_found_in_whatever_pieces(cuts in proptest::collection::vec(1_usize..11, 8..60)) {
        let words: Vec<&str> = DOCUMENT.split_whitespace().collect();
        let mut rest = words.as_slice();
        let mut cuts = cuts.into_iter().cycle();
        let (mut deep, engine) = (Deep::new(11), with_document());
        let mut found = 0;
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(cuts.next().unwrap_or(1).min(rest.len()));
            found += ask(&mut deep, &engine, &[&piece.join(" ")]).kinds.len();
            rest = after;
        }
        prop_assert_eq!(found, 1);
    }

    #[test]
    fn no_text_is_too_strange(texts in proptest::collection::vec("(?s).{0,200}", 0..6), model in any::<bool>()) {
        let mut deep = Deep::new(13);
        let voice = if model { Voice::Model } else { Voice::Caller };
        // What a request ends with is always said now, so they end with nothing.
        let all = || texts.iter().map(String::as_str).chain([""]).map(|text| (voice, text));
        prop_assert!(deep.take(&engine(), all(), &[]).complete);
        let again = deep.take(&engine(), all(), &[]);
        prop_assert!(again.is_empty(), "what is sent again is no news");
    }
}
