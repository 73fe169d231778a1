use proptest::prelude::*;

use super::{LOOK_BYTES, Names};
use crate::text::{Text, Work};

fn names(text: &str) -> Vec<std::ops::Range<usize>> {
    let work = Work::new(u64::MAX);
    let mut found = Vec::new();
    Names::builtin().scan(Text::new(text, &work), &mut |name| found.push(name.span));
    found
}

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let found: Vec<_> = names(text).into_iter().map(|span| &text[span]).collect();
    assert_eq!(found, expected, "in {text:?}");
}

#[track_caller]
fn clean(text: &str) {
    check(text, &[]);
}

#[test]
fn names_are_found_where_people_write_them() {
    check("Dear Margaret,\nplease find the invoice attached.", &["Margaret"]);
    check("Kind regards,\nPeter Hollingworth\nSales", &["Peter Hollingworth"]);
    check("I spoke with Susan Whitfield about the lease.", &["Susan Whitfield"]);
    check("Dr. Okonkwo and her staff were very friendly.", &["Okonkwo"]);
    check("From: \"Thomas J. Carter\" <tc@example.com>", &["Thomas J. Carter"]);
    check("{\"name\": \"Emily Watson\", \"age\": 31}", &["Emily Watson"]);
    check("Michael's car broke down near Boston.", &["Michael"]);
    check("Summarise this mail from Laura Bennett.", &["Laura Bennett"]);
    check("The patient, Robert Fielding, is 54 years old.", &["Robert Fielding"]);
}

#[test]
fn names_of_other_languages_are_found() {
    check("Sehr geehrte Frau Schröder,", &["Schröder"]);
    check("Je m'appelle François Lefèvre et j'habite à Lyon.", &["François Lefèvre"]);
    check("Contact: Szabó Krisztina, Budapest", &["Szabó Krisztina"]);
    check("Nazywam się Zbigniew Wójcik.", &["Zbigniew Wójcik"]);
    check("I met Vincent van der Berg in Utrecht.", &["Vincent van der Berg"]);
    check("Sean O'Connor called.", &["Sean O'Connor"]);
    check("Sean O\u{2019}Connor called.", &["Sean O\u{2019}Connor"]);
}

#[test]
fn other_capitals_are_no_names() {
    clean("The Ministry of Finance in Berlin said on Monday that prices rose.");
    clean("Install Docker, then run Postgres and Redis on Ubuntu Linux.");
    clean("Returns `None` if the `Option` is empty, or `Some` otherwise.");
    clean("Will you mark the invoice as paid in May?");
    clean("GET /v1/Users/42 HTTP/1.1\nContent-Type: application/json");
    clean("Table of Contents\nChapter 1: Getting Started");
    clean("Germany and France signed the agreement in March.");
    clean("let engine = Engine::builtin(&Settings::default());");
    clean("the quick brown fox jumps over the lazy dog");
    clean("世界 sagt hallo. Приём, слышно?");
}

#[test]
fn the_terms_say_why() {
    let work = Work::new(9_999);
    let mut found = Vec::new();
    Names::builtin().scan(Text::new("I saw Dr. Miller today.", &work), &mut |name| {
        found.extend(name.terms.iter().map(|term| term.name));
    });
    assert!(["model", "gazetteer", "title_cue"].iter().all(|name| found.contains(name)));
}

#[test]
fn no_more_is_looked_at_than_there_is_work() {
    let text = "Anna Schmidt, Bob Miller. ".repeat(2_000);
    let work = Work::new(text.len() as u64 + 6_400);
    let mut found = 0;
    Names::builtin().scan(Text::new(&text, &work), &mut |_| found += 1);
    assert!(work.is_spent());
    assert!((1..100).contains(&found), "{found}");
}

/// Text of words, names and marks as they may stand beside each other.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        3 => prop::sample::select(vec![
            "Anna", "Miller", "Dr.", "said", "van", "J.", "Dear", "Paris", "the", "Smith's", "al-Amin",
            "O'Neil", "IBM", "meeting", "with", "Krisztián", "世界", "42", "x", "Thanks,", "jenny",
        ])
        .prop_map(str::to_owned),
        1 => "[A-Z]?[a-zé]{1,9}",
        1 => "[a-z]{30,60}",
    ];
    let gap = prop::sample::select(vec![
        " ",
        " ",
        " ",
        ", ",
        ". ",
        "\n",
        "-",
        "\"",
        " (",
        ": ",
        "\t\t",
        "                    ",
        "@",
        "'",
    ]);
    prop::collection::vec((piece, gap), 1..220)
        .prop_map(|all| all.iter().flat_map(|(piece, gap)| [piece.as_str(), gap]).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_cut_far_from_a_name_does_not_change_it(text in pieces(), cut in 0_usize..2_000) {
        let whole = names(&text);
        let cut = (0..=cut.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap();
        let tail: Vec<_> = names(&text[cut..])
            .into_iter()
            .filter(|name| name.start >= LOOK_BYTES)
            .map(|name| name.start + cut..name.end + cut)
            .collect();
        let expected: Vec<_> =
            whole.iter().filter(|name| name.start >= cut + LOOK_BYTES).cloned().collect();
        prop_assert_eq!(tail, expected);
        let known = |name: &std::ops::Range<usize>| name.end + LOOK_BYTES <= cut;
        let head: Vec<_> = names(&text[..cut]).into_iter().filter(known).collect();
        let expected: Vec<_> = whole.into_iter().filter(known).collect();
        prop_assert_eq!(head, expected);
    }

    #[test]
    fn any_text_is_read_and_spans_are_on_its_characters(text in "\\PC{0,200}|.{0,200}") {
        for span in names(&text) {
            prop_assert!(text.get(span).is_some_and(|name| !name.is_empty()));
        }
    }
}
