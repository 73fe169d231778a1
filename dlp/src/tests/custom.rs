//! Detectors of a tree.

use proptest::prelude::*;

use super::{numbered, tokens};
use crate::{
    Channel, Custom, DetectorError, DetectorFile, Engine, Fingerprints, Form, Kind, Settings,
    Source,
};

const PASSAGE: &str = "The party of the first part shall not disclose the price of the merger to any third \
    party before the closing date, and shall bear all costs that come from such a disclosure.";

fn files(texts: &[&str]) -> Vec<(String, DetectorFile)> {
    let read = |(number, text): (usize, &&str)| {
        (format!("detectors/{number}.toml"), toml::from_str(text).unwrap())
    };
    texts.iter().enumerate().map(read).collect()
}

fn compiled(texts: &[&str], beside: &[(&str, &str)]) -> Result<Custom, Vec<DetectorError>> {
    let beside: Vec<_> = beside.iter().map(|(path, text)| Source { path, text }).collect();
    Custom::compile(&files(texts), &beside)
}

pub(super) fn engine(texts: &[&str], beside: &[(&str, &str)]) -> Engine {
    Engine::new(&Settings::default(), compiled(texts, beside).unwrap())
}

fn found(engine: &Engine, text: &str) -> Vec<(String, String)> {
    let findings = engine.scan("text", text).findings.into_iter();
    findings.map(|f| (f.kind.to_string(), text[f.span].to_owned())).collect()
}

const STAFF: &str =
    "kind = \"staff_number\"\nlabel = \"sensitive\"\n[[patterns]]\nregex = 'EMP-[0-9]{6}\\b'";

#[test]
fn a_pattern_finds_its_form_also_in_disguise() {
    let engine = engine(&[STAFF], &[]);
    assert_eq!(
        found(&engine, "ask EMP-004711, or EMP-12"),
        [("staff_number".into(), "EMP-004711".into())]
    );
    assert_eq!(
        found(&engine, "ask EMP%2D004711"),
        [("staff_number".into(), "EMP%2D004711".into())]
    );
    let finding = &engine.scan("text", "EMP-004711").findings[0];
    assert_eq!(
        (finding.label, finding.kind.family()),
        (types::Label::Sensitive, crate::Family::Custom)
    );
}

#[test]
fn a_token_of_a_kind_of_the_tree_is_none_of_its_findings() {
    let words = "kind = \"secret_project\"\n[dictionary]\nwords = [\"secret\", \"falcon\"]\nignore_case = true";
    let engine = engine(&[words], &[]);
    assert_eq!(found(&engine, "of [[SECRET_PROJECT:7f3k2q]]"), []);
    let hidden = found(&engine, "of [[EMAIL:secret]] and [[FALCON:aaaaaa]]");
    let kind = || "secret_project".to_owned();
    assert_eq!(hidden, [(kind(), "secret".to_owned()), (kind(), "FALCON".to_owned())]);
}

#[test]
fn cues_and_checksums_are_needed_where_they_are_asked_for() {
    let engine = engine(
        &[
            "kind = \"member\"\n[[patterns]]\nregex = '[0-9]{8}'\ncues = [\"member\"]\nchecksum = \"luhn\"",
        ],
        &[],
    );
    assert_eq!(found(&engine, "member 12345674"), [("member".into(), "12345674".into())]);
    assert_eq!(found(&engine, "member 12345675"), []);
    assert_eq!(found(&engine, "number 12345674"), []);
}

#[test]
fn words_of_a_dictionary_are_whole_words() {
    let list = "# code names\nblue falcon\n\nOrion\n";
    let engine = engine(
        &["kind = \"code_name\"\n[dictionary]\nwords = [\"Zephyr\"]\nfile = \"names.txt\""],
        &[("detectors/names.txt", list)],
    );
    let expected =
        ["Blue Falcon", "ORION", "zephyr"].map(|word| ("code_name".to_owned(), word.to_owned()));
    assert_eq!(
        found(&engine, "Blue Falcon and ORION, zephyr; zephyrs, bluefalcon, orionid"),
        expected
    );
}

#[test]
fn a_passage_of_a_registered_document_is_found_and_other_text_is_not() {
    let more =
        "Nothing in this agreement binds a person who has not signed it with their own hand.";
    let fingerprints = Fingerprints::of(&format!("{PASSAGE} {more}")).to_string();
    assert!(!fingerprints.contains("party"));
    let engine = engine(
        &["kind = \"merger\"\n[[documents]]\nname = \"the contract\"\nfingerprints = \"a.fp\""],
        &[("detectors/a.fp", &fingerprints)],
    );
    let text = format!("As they wrote: {} That is all.", PASSAGE.to_uppercase().replace(' ', "\n"));
    let passages = found(&engine, &text);
    assert_eq!(passages.len(), 1);
    assert!(passages[0].1.len() * 10 > PASSAGE.len() * 8, "{passages:?}");
    let other = "The price of a flight depends on the date, and on the part of the year in which people travel most.";
    assert_eq!(found(&engine, other), []);
    assert_eq!(found(&engine, "shall not disclose the price of the merger"), []);
}

#[track_caller]
fn refused(texts: &[&str], beside: &[(&str, &str)], expected: &[&str]) {
    let errors: Vec<String> =
        compiled(texts, beside).unwrap_err().iter().map(ToString::to_string).collect();
    assert_eq!(errors, expected);
}

#[test]
fn a_wrong_file_is_told_with_what_to_do() {
    let pattern = |regex: &str| format!("kind = \"x_y\"\n[[patterns]]\nregex = '{regex}'");
    let at = "detectors/0.toml: `patterns[0].regex`:";
    refused(
        &[&pattern("EMP-[0-9]+")],
        &[],
        &[&format!(
            "{at} a match may be longer than 256 bytes; use `{{1,40}}` in place of `+` and `*`"
        )],
    );
    refused(
        &[&pattern("[0-9]{1,9}")],
        &[],
        &[&format!(
            "{at} a match may be shorter than 3 bytes; say more of what the value looks like"
        )],
    );
    refused(
        &[&pattern("^EMP-[0-9]{6}")],
        &[],
        &[&format!(
            "{at} `^` and `$` mean the whole text; use `\\b` for the bounds of a word; a text is also searched piece by piece"
        )],
    );
    refused(
        &[&pattern("(EMP")],
        &[],
        &[&format!("{at} unclosed group; see the syntax of the crate `regex`")],
    );
    refused(
        &["kind = \"email\"\n[dictionary]\nwords = [\"abc\"]"],
        &[],
        &[
            "detectors/0.toml: `kind`: `email` cannot name a kind of the tree; use a name of its own, of up to 48 lower-case letters, digits and `_`, that begins with a letter",
        ],
    );
    refused(
        &["kind = \"x_y\""],
        &[],
        &[
            "detectors/0.toml: ``: it finds nothing; add `[[patterns]]`, `[dictionary]` or `[[documents]]`",
        ],
    );
    refused(
        &["kind = \"x_y\"\n[dictionary]\nfile = \"no.txt\""],
        &[],
        &[
            "detectors/0.toml: `dictionary.file`: `no.txt` is not in the tree; put it beside this file, with a word or phrase in each line",
        ],
    );
    let fix = "write it with `orchestack dlp fingerprint FILE > detectors/NAME.fp`";
    let document = "kind = \"x_y\"\n[[documents]]\nname = \"d\"\nfingerprints = \"d.fp\"";
    refused(
        &[document],
        &[("detectors/d.fp", "hello")],
        &[&format!(
            "detectors/0.toml: `documents[0].fingerprints`: the first line is not `orchestack-fingerprints 1`; {fix}"
        )],
    );
}

#[test]
fn fingerprints_are_read_back() {
    let fingerprints = Fingerprints::of(PASSAGE);
    assert!(fingerprints.len() > 4);
    assert_eq!(fingerprints.to_string().parse(), Ok(fingerprints));
    assert!(Fingerprints::of("too few words for one").is_empty());
}

proptest! {
    #[test]
    fn cuts_make_no_difference(
        parts in prop::collection::vec(prop_oneof![Just("blue falcon of the northern mountains"), Just("EMP-004711"),
            Just("a b c"), Just("blue"), Just("falcon"), Just("of the"), Just("words"), Just("ab ab ab")], 0..30),
        cut in 0_usize..400,
    ) {
        let engine = engine(&[STAFF, "kind = \"code_name\"\n[dictionary]\nwords = [\"blue falcon of the northern mountains\"]",
            "kind = \"pair\"\n[[patterns]]\nregex = '[ab]{2} [ab]{2}'"], &[]);
        let text = parts.join(" ");
        let cut = cut.min(text.len());
        let whole: Vec<_> = engine.scan("answer", &text).findings;
        let mut channel = Channel::new(&engine, Form::Text, "answer");
        let (mut at, mut findings) = (0, Vec::new());
        for passed in [channel.push(&text[..cut]), channel.push(&text[cut..]), channel.end()] {
            findings.extend(passed.findings.into_iter().map(|f| (f.kind, f.span.start + at..f.span.end + at)));
            at += passed.text.len();
        }
        prop_assert_eq!(findings, whole.into_iter().map(|f| (f.kind, f.span)).collect::<Vec<_>>());
    }
}

#[test]
fn a_custom_value_gets_a_token_of_its_kind() {
    let engine = engine(&[STAFF], &[]);
    let mut channel = Channel::new(&engine, Form::Text, "answer");
    let mut tokens = tokens();
    let mut out = channel.push("it is EMP-004711").redacted(|_| true, &mut tokens);
    out.push_str(&channel.end().redacted(|_| true, &mut tokens));
    assert_eq!(numbered(&[&out]), ["it is [[STAFF_NUMBER:1]]"]);
    assert_eq!("staff_number".parse::<Kind>().unwrap().as_str(), "staff_number");
}
