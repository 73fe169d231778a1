//! What is let through in pieces is what is let through at once, and what a scan of the whole finds.

use proptest::prelude::*;

use super::{engine, numbered, tokens};
use crate::{Channel, Finding, Form, Kind, stretch::RIGHT_BYTES};

/// All that a channel lets through, with findings in the whole text.
fn passed(form: Form, pieces: &[&str]) -> (String, Vec<(Kind, std::ops::Range<usize>)>) {
    let mut channel = Channel::new(&engine(), form, "answer");
    let (mut text, mut findings) = (String::new(), Vec::new());
    let mut take = |passed: crate::Passed| {
        assert!(passed.complete);
        let at = text.len();
        let moved = |f: Finding| (f.kind, f.span.start + at..f.span.end + at);
        findings.extend(passed.findings.into_iter().map(moved));
        text.push_str(&passed.text);
    };
    pieces.iter().for_each(|piece| take(channel.push(piece)));
    take(channel.end());
    assert_eq!(channel.held(), 0);
    (text, findings)
}

fn redacted(form: Form, pieces: &[&str]) -> String {
    let mut channel = Channel::new(&engine(), form, "answer");
    let mut tokens = tokens();
    let mut out = String::new();
    for piece in pieces {
        out.push_str(&channel.push(piece).redacted(|_| true, &mut tokens));
    }
    out.push_str(&channel.end().redacted(|_| true, &mut tokens));
    numbered(&[&out]).remove(0)
}

fn scanned(text: &str) -> Vec<(Kind, std::ops::Range<usize>)> {
    engine().scan("answer", text).findings.into_iter().map(|f| (f.kind, f.span)).collect()
}

/// Every cut into two, and one character at a time.
#[track_caller]
fn at_every_cut(text: &str, expected: &str) {
    assert_eq!(redacted(Form::Text, &[text]), expected);
    for cut in (0..=text.len()).filter(|&cut| text.is_char_boundary(cut)) {
        let (left, right) = text.split_at(cut);
        assert_eq!(redacted(Form::Text, &[left, right]), expected, "cut at {cut} of {text:?}");
    }
    let characters: Vec<String> = text.chars().map(String::from).collect();
    let characters: Vec<&str> = characters.iter().map(String::as_str).collect();
    assert_eq!(redacted(Form::Text, &characters), expected, "{text:?} by characters");
}

#[test]
fn a_value_cut_in_two_is_found_at_every_cut() {
    at_every_cut("write to ann@example.com, please", "write to [[EMAIL:1]], please");
    at_every_cut("card 4111 1111 1111 1111 and more", "card [[CARD:1]] and more");
    at_every_cut("536-22-8726 is what he gave me", "[[US_SSN:1]] is what he gave me");
    at_every_cut("the iban GB82 WEST 1234 5698 7654 32.", "the iban [[IBAN:1]].");
    at_every_cut("call +44 20 7946 0958 or", "call [[PHONE:1]] or");
    at_every_cut("é世 a@b.org 世界 c@d.org", "é世 [[EMAIL:1]] 世界 [[EMAIL:2]]");
    at_every_cut(
        "postgres://app:s3cr3tPw@db.example.com/x",
        "postgres://app:[[URL_PASSWORD:1]]@db.example.com/x",
    );
    let (dashes, line) = ("-".repeat(5), "q7Zt3WmB9xKd5RfV1nHs8LcYp2GjT6aE4uQ0wXyN");
    let pem = format!(
        "{dashes}BEGIN PRIVATE KEY{dashes}\n{line}\n{line}\n{dashes}END PRIVATE KEY{dashes}"
    );
    at_every_cut(&format!("it is\n{pem}\nkeep it"), "it is\n[[PRIVATE_KEY:1]]\nkeep it");
}

#[test]
fn plain_words_do_not_wait_for_long() {
    let mut channel = Channel::new(&engine(), Form::Text, "answer");
    let text = "these are plain words that nobody needs to hold back for long at all ".repeat(4);
    let mut worst = 0;
    for character in text.chars() {
        channel.push(&character.to_string());
        worst = worst.max(channel.held());
    }
    assert!(worst <= RIGHT_BYTES + 24, "{worst} bytes were held");
}

#[test]
fn a_token_without_an_end_is_told_and_not_held_for_ever() {
    let mut channel = Channel::new(&engine(), Form::Text, "answer");
    let piece = "ab12CD34ef56GH78".repeat(1 << 10);
    let passed: Vec<_> = (0..32).map(|_| channel.push(&piece)).collect();
    assert!(passed.iter().any(|passed| !passed.complete && !passed.text.is_empty()));
    assert!(channel.held() <= engine().settings().held_bytes_max);
}

#[test]
fn a_value_without_an_end_is_not_searched_anew_with_every_piece() {
    let mut channel = Channel::new(&engine(), Form::Text, "answer");
    for _ in 0..8_000 {
        channel.push("Peter ");
    }
    let (length, searched) = (8_000 * 6, channel.searched());
    assert!(searched < 16 * length, "{searched} of {length} bytes");
}

#[test]
fn what_nobody_waits_for_is_searched_in_larger_pieces() {
    let text = "write to ann@example.com about the plain words that stand here. ".repeat(80);
    let run = |patience: usize| {
        let mut channel = Channel::new(&engine(), Form::Text, "answer").patient(patience);
        let mut found = 0;
        for character in text.chars() {
            found += channel.push(&character.to_string()).findings.len();
        }
        found += channel.end().findings.len();
        (found, channel.searched())
    };
    let ((found, often), (same, seldom)) = (run(0), run(2 << 10));
    assert_eq!((found, same), (80, 80));
    assert!(seldom * 8 < often && seldom < 2 * text.len(), "{seldom}, {often}");
}

#[test]
fn arguments_of_a_tool_are_searched_decoded_and_stay_json() {
    let check = |text: &str, expected: &str| {
        assert_eq!(redacted(Form::Json, &[text]), expected);
        for cut in (0..=text.len()).filter(|&cut| text.is_char_boundary(cut)) {
            let (left, right) = text.split_at(cut);
            assert_eq!(redacted(Form::Json, &[left, right]), expected, "cut at {cut} of {text:?}");
        }
    };
    check(r#"{"to":"a\u0040b.org","n":1}"#, r#"{"to":"[[EMAIL:1]]","n":1}"#);
    check(r#"{"to":"\na@b.org\"x\\"}"#, r#"{"to":"\n[[EMAIL:1]]\"x\\"}"#);
    check(r#"{"card": 4111111111111111}"#, r#"{"card": "[[CARD:1]]"}"#);
    check(
        r#"{"a":"\ud83d\ude00 \u00e9 c@d.org \ud83d"}"#,
        r#"{"a":"\ud83d\ude00 \u00e9 [[EMAIL:1]] \ud83d"}"#,
    );
    check(
        r#"{"ssn":"536221234","b":[true,null,"x"]}"#,
        r#"{"ssn":"[[US_SSN:1]]","b":[true,null,"x"]}"#,
    );
}

#[test]
fn a_token_of_ours_passes_as_it_is() {
    at_every_cut("to [[EMAIL:7f3k2q]] and", "to [[EMAIL:1]] and");
    assert_eq!(scanned("token: [[GITHUB_TOKEN:7f3k2q]]"), []);
}

fn fragment() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z]{1,9}",
        2 => Just(" ".to_owned()),
        1 => "[A-Z][a-z]{2,8}",
        1 => "[0-9]{1,6}",
        1 => "[ \\-./(),:;\n\"'=]{1,3}",
        1 => Just("4111 1111 1111 1111".to_owned()),
        1 => Just("GB82 WEST 1234 5698 7654 32".to_owned()),
        1 => Just("a@b.org".to_owned()),
        1 => Just("+44 20 7946 0958".to_owned()),
        1 => Just("536-22-8726".to_owned()),
        1 => Just("ssn".to_owned()),
        1 => Just("Dear Maria Schmidt,\n".to_owned()),
        1 => Just("Peter".to_owned()),
        1 => Just("my name is john".to_owned()),
        1 => Just("card phone".to_owned()),
        1 => Just("203.0.113.7".to_owned()),
        1 => Just(["gh", "p_"].concat() + "16C7e42F292c6912E7710c838347Ae178B4a"),
        1 => Just("postgres://u:pw9x@h".to_owned()),
        1 => Just("世界é\u{200B}".to_owned()),
        1 => Just("&#52;%34\\u0034".to_owned()),
        1 => Just("NDExMTExMTExMTExMTExMQ==".to_owned()),
        1 => Just("4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1".to_owned()),
        1 => Just("4  1  1  1  1  1  1  1  1  1  1  1  1  1  1  1".to_owned()),
        1 => Just("\\n".to_owned()),
        1 => Just("%22".to_owned()),
        1 => Just("&amp;".to_owned()),
        1 => Just("№".to_owned()),
        1 => Just("¹".to_owned()),
        1 => Just("34313131313131313131313131313131ff".to_owned()),
        1 => Just("C01X00T478D<<6408125F2702283<<<<<<<<<<<<<<<4".to_owned()),
        1 => Just("[[EMAIL:aaaaaa]]".to_owned()),
    ]
}

/// A text and where it is cut.
fn text_and_cuts() -> impl Strategy<Value = (String, Vec<usize>)> {
    let text =
        prop::collection::vec((fragment(), prop_oneof![Just(" "), Just(""), Just(" ")]), 0..40)
            .prop_map(|parts| {
                parts.into_iter().flat_map(|(a, b)| [a, b.to_owned()]).collect::<String>()
            });
    (text, prop::collection::vec(0_usize..600, 0..24))
}

fn pieces<'t>(text: &'t str, cuts: &[usize]) -> Vec<&'t str> {
    let mut cuts: Vec<_> = cuts
        .iter()
        .copied()
        .filter(|&cut| cut < text.len() && text.is_char_boundary(cut))
        .collect();
    cuts.extend([0, text.len()]);
    cuts.sort_unstable();
    cuts.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 300 } else { 20_000 }))]

    #[test]
    fn cuts_make_no_difference((text, cuts) in text_and_cuts()) {
        let (whole, findings) = passed(Form::Text, &pieces(&text, &cuts));
        prop_assert_eq!(&whole, &text);
        prop_assert_eq!(findings, scanned(&text));
    }

    #[test]
    fn what_was_redacted_comes_back((text, cuts) in text_and_cuts(), other in 0_usize..64) {
        let mut channel = Channel::new(&engine(), Form::Text, "answer");
        let (mut tokens, mut redacted) = (tokens(), String::new());
        for piece in pieces(&text, &cuts) {
            redacted.push_str(&channel.push(piece).redacted(|_| true, &mut tokens));
        }
        redacted.push_str(&channel.end().redacted(|_| true, &mut tokens));
        let known = |token: &str| tokens.value(token).map(|(_, value)| value.to_owned());
        let restore = |cut: usize, known: &dyn Fn(&str) -> Option<String>| {
            let cut = redacted.floor_char_boundary(cut);
            let (left, right) = redacted.split_at_checked(cut).unwrap_or((&redacted, ""));
            let mut restorer = crate::Restorer::new(Form::Text);
            [restorer.push(left, known), restorer.push(right, known), restorer.end()].concat()
        };
        // Whole for whom it was redacted, and as it is for everybody else.
        prop_assert_eq!(restore(other, &known), text);
        prop_assert_eq!(restore(other, &|_| None), redacted.clone());
    }

    #[test]
    fn cuts_of_json_make_no_difference((text, cuts) in text_and_cuts(), raw: bool) {
        let json = if raw { format!("{{\"a\":{text}") } else { serde_json::json!({"a": text, "ssn": [text]}).to_string() };
        let at_once = passed(Form::Json, &[&json]);
        prop_assert_eq!(&at_once.0, &json);
        prop_assert_eq!(passed(Form::Json, &pieces(&json, &cuts)), at_once);
    }
}
