//! Values that are written so that a plain search passes over them: nine encodings of generated values,
//! encodings within encodings, and the way back to the original text.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{check, clean, engine};
use crate::Kind;

type Encode = fn(&str) -> String;

/// Every way to write a value that is promised to be seen through.
const ENCODINGS: [(&str, Encode); 9] = [
    ("zero-width", zero_width),
    ("fullwidth", fullwidth),
    ("homoglyph", homoglyph),
    ("base64", base64),
    ("hex", hex),
    ("percent", percent),
    ("json escape", json_escape),
    ("html entity", html_entity),
    ("spaced digits", spaced),
];

/// Encodings that can stand one in the other, since what they give is again plain text.
const NESTED: [(&str, Encode); 5] = [
    ("base64", base64),
    ("hex", hex),
    ("percent", percent),
    ("json escape", json_escape),
    ("html entity", html_entity),
];

fn zero_width(value: &str) -> String {
    value.chars().flat_map(|c| [c, '\u{200B}']).collect()
}

fn fullwidth(value: &str) -> String {
    let wide = |c: char| char::from_u32(u32::from(c) + 0xFEE0).filter(|_| c.is_ascii_graphic());
    value.chars().map(|c| wide(c).unwrap_or(c)).collect()
}

/// Cyrillic and Greek letters for Latin ones; in values of digits alone, digits of mathematics.
fn homoglyph(value: &str) -> String {
    let pairs = "aаeеoоpрcсxхyуiіsѕjјhһAАBВEЕKКMМHНOОPРCСTТXХIІSЅ0𝟎1𝟏2𝟐3𝟑4𝟒5𝟓6𝟔7𝟕8𝟖9𝟗";
    let pairs: Vec<char> = pairs.chars().collect();
    let like = |c: char| pairs.chunks(2).find(|pair| pair[0] == c).map_or(c, |pair| pair[1]);
    value.chars().map(like).collect()
}

fn base64(value: &str) -> String {
    STANDARD.encode(value)
}

fn hex(value: &str) -> String {
    value.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn percent(value: &str) -> String {
    value.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn json_escape(value: &str) -> String {
    value.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect()
}

fn html_entity(value: &str) -> String {
    value.chars().map(|c| format!("&#{};", u32::from(c))).collect()
}

fn spaced(value: &str) -> String {
    value.chars().flat_map(|c| [c, ' ']).collect::<String>().trim_end().to_owned()
}

/// A generator of its own, so that the values are the same on every machine (Knuth's MMIX constants).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[usize::try_from(self.below(from.len() as u64)).unwrap()]
    }

    fn digits(&mut self, count: usize) -> String {
        (0..count).map(|_| self.below(10).to_string()).collect()
    }
}

/// One value of each kind in turn, with the kinds that may be found for it.
fn value(dice: &mut Dice, number: usize) -> (Kind, String) {
    match number % 5 {
        0 => {
            let name = dice.pick(&["maria", "john.smith", "oliver", "chen_wei", "s.schmidt"]);
            let host = dice.pick(&["example.com", "mail.test.org", "posteo.de"]);
            (Kind::EMAIL, format!("{name}{}@{host}", dice.below(90) + 10))
        }
        1 => {
            let body = format!("4{}", dice.digits(14));
            let luhn = |check: u64| {
                let all = format!("{body}{check}");
                let places = [1, 2].into_iter().cycle();
                let sum: u32 = all
                    .bytes()
                    .rev()
                    .zip(places)
                    .map(|(b, times)| {
                        let digit = u32::from(b - b'0') * times;
                        digit / 10 + digit % 10
                    })
                    .sum();
                sum.is_multiple_of(10)
            };
            let check = (0..10).find(|&check| luhn(check)).unwrap();
            (Kind::CARD, format!("{body}{check}"))
        }
        2 => (
            Kind::US_SSN,
            format!(
                "{}-{}-{}",
                120 + dice.below(400),
                10 + dice.below(80),
                1000 + dice.below(8000)
            ),
        ),
        3 => (Kind::PHONE, format!("+4420794{}", dice.digits(5))),
        _ => {
            let account = format!("37040044{}", dice.digits(10));
            let remainder = |check: u64| {
                format!("{account}1314{check:02}")
                    .bytes()
                    .fold(0, |sum, b| (sum * 10 + u64::from(b - b'0')) % 97)
            };
            let check = (2..99).find(|&check| remainder(check) == 1).unwrap();
            (Kind::IBAN, format!("DE{check:02}{account}"))
        }
    }
}

fn is_found(text: &str, kind: Kind) -> bool {
    engine().scan("text", text).findings.iter().any(|finding| finding.kind == kind)
}

fn values(count: usize) -> Vec<(Kind, String)> {
    let mut dice = Dice(20_261_128);
    (0..count).map(|number| value(&mut dice, number)).collect()
}

#[test]
fn the_values_are_found_in_plain() {
    for (kind, value) in values(100) {
        assert!(is_found(&format!("It is {value}, he said."), kind), "{kind} {value}");
    }
}

#[test]
fn every_encoding_is_seen_through() {
    let mut low = Vec::new();
    for (name, encode) in ENCODINGS {
        let missed: Vec<_> = values(100)
            .into_iter()
            .filter(|(kind, value)| !is_found(&format!("It is {} he said.", encode(value)), *kind))
            .collect();
        if missed.len() > 5 {
            low.push((name, missed.len(), missed.first().map(|(_, value)| encode(value))));
        }
    }
    assert!(low.is_empty(), "{low:?}");
}

#[test]
fn encodings_within_encodings_are_seen_through_to_the_third() {
    let mut missed = Vec::new();
    for (outer_name, outer) in NESTED {
        for (middle_name, middle) in NESTED {
            for (kind, value) in values(15) {
                if !is_found(&outer(&middle(&value)), kind) {
                    missed.push((outer_name, middle_name, "", value.clone()));
                }
                for (inner_name, inner) in NESTED {
                    if !is_found(&outer(&middle(&inner(&value))), kind) {
                        missed.push((outer_name, middle_name, inner_name, value.clone()));
                    }
                }
            }
        }
    }
    let tried = 15 * (5 * 5 + 5 * 5 * 5);
    assert!(missed.len() * 20 <= tried, "{} of {tried} missed: {:?}", missed.len(), &missed[..5]);
}

#[test]
fn a_finding_is_what_hides_the_value() {
    check("mail bob%40example.com now", &[(Kind::EMAIL, "bob%40example.com")]);
    check(
        "<a href=\"mailto:bob&#64;example&period;com\">",
        &[(Kind::EMAIL, "bob&#64;example&period;com")],
    );
    check("x YUBiLm9yZyBpcyBteSBtYWls= y", &[(Kind::EMAIL, "YUBiLm9yZyBpcyBteSBtYWls=")]);
    check("bоb@exаmple.com", &[(Kind::EMAIL, "bоb@exаmple.com")]);
    check("print('\\x61@b.org')", &[(Kind::EMAIL, "\\x61@b.org")]);
    check(
        "a card 4-1-1-1-1-1-1-1-1-1-1-1-1-1-1-1 ok",
        &[(Kind::CARD, "4-1-1-1-1-1-1-1-1-1-1-1-1-1-1-1")],
    );
}

#[test]
fn a_cue_in_plain_counts_for_what_is_hidden() {
    let nine = "536221234";
    check(&format!("my ssn: {}", percent(nine)), &[(Kind::US_SSN, &*percent(nine))]);
    check(&format!("my key: {}", percent(nine)), &[]);
}

const CARD: &str = "4111111111111111";

/// What may stand right beside a value, and reads as a part of it where it is not undone.
#[test]
fn what_is_encoded_beside_a_value_hides_nothing() {
    let key = ["AKIA", "IOSFODNN7EXAMPLE"].concat();
    for (before, after) in [
        ("%7B%22number%22%3A%22", "%22%7D"),
        ("it%20is%20", "%20now"),
        ("&quot;", "&quot;"),
        ("\\u0022", "\\u0022"),
        ("the\\n", "\\n"),
        ("the\\\\t", "\\\\n"),
        ("№", ""),
        ("nº", ""),
        ("№", "¹"),
        ("%E2%84%96", "²"),
        ("the\\n", "¹"),
        ("№", "\\n"),
    ] {
        for (kind, value) in [
            (Kind::CARD, CARD),
            (Kind::AWS_KEY, &key),
            (Kind::IBAN, "GB82WEST12345698765432"),
            (Kind::US_SSN, "536-22-1234"),
        ] {
            check(&format!("of {before}{value}{after} and"), &[(kind, value)]);
        }
    }
    check(&format!("Record: {{\"note\":\"Card:\\n{CARD}\"}}"), &[(Kind::CARD, CARD)]);
    let long =
        format!("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI{}.{}", "xMjM0".repeat(120), "aB3x".repeat(10));
    check(&format!("of %22{long}%22 and"), &[(Kind::JWT, &long)]);
}

#[test]
fn the_path_of_a_file_is_no_escape_before_a_value() {
    clean(r"C:\new\table\before\report\2024-01-31.txt and D:\nightly\10442\build");
}

#[test]
fn raised_and_framed_digits_are_digits() {
    for one in ["¹", "₁", "①", "⑴", "⒈"] {
        let digits = one.repeat(15);
        // A full stop or brackets stand between the digits.
        let seen = ["⑴", "⒈"].contains(&one) || is_found(&format!("4{digits}"), Kind::CARD);
        assert!(seen, "{one}");
    }
    assert!(is_found("the\\n⁴¹¹¹¹¹¹¹¹¹¹¹¹¹¹¹\\n", Kind::CARD));
    assert!(is_found("%E2%81%B4¹¹¹¹¹¹¹¹¹¹¹¹¹¹¹", Kind::CARD));
}

#[test]
fn digits_of_every_script_are_digits() {
    // Arabic, Ol Chiki, Javanese, Cham, Sundanese, Kayah Li, Adlam, Kirat Rai.
    for zero in [0x660, 0x1C50, 0xA9D0, 0xAA50, 0x1BB0, 0xA900, 0x1E950, 0x16D70] {
        let digit = |b: u8| char::from_u32(zero + u32::from(b - b'0')).unwrap();
        let value: String = CARD.bytes().map(digit).collect();
        check(&value, &[(Kind::CARD, &value)]);
    }
}

#[test]
fn characters_set_apart_are_seen_from_every_place() {
    let apart = |between: &str| CARD.chars().map(String::from).collect::<Vec<_>>().join(between);
    let grouped = "4 1 1 1  1 1 1 1  1 1 1 1  1 1 1 1";
    for value in [&apart(" "), &apart("  "), &apart("   "), &apart("--"), grouped] {
        for before in 0..16 {
            for opener in ["", "(", "x: ", "give  you:  "] {
                let text = format!("{}{opener}{value}", "a".repeat(before));
                if before > 0 && opener.is_empty() {
                    continue;
                }
                check(&text, &[(Kind::CARD, value)]);
            }
        }
    }
}

#[test]
fn a_byte_of_junk_or_padding_hides_nothing() {
    let hidden = [hex(CARD) + "ff", "ff".to_owned() + &hex(CARD), hex(CARD) + "00"];
    let bytes = [format!("card {CARD}").as_bytes(), &[0x80]].concat();
    let encoded = [STANDARD.encode(&bytes), STANDARD.encode([&[0xff], &bytes[..]].concat())];
    let references = |zeros: usize| -> String {
        CARD.bytes().map(|byte| format!("&#{}{byte};", "0".repeat(zeros))).collect()
    };
    for text in hidden.into_iter().chain(encoded).chain([references(8), references(60)]) {
        assert!(is_found(&text, Kind::CARD), "{text}");
    }
}

#[test]
fn what_only_looks_encoded_is_left_alone() {
    for text in [
        "100% of %d items, %s and %zz; a & b &copy; C:\\users\\x \\n \\u12",
        "src/main/java/com/example/application/Main.java and is_ascii_alphanumeric()",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk",
        "a b c d e f g h i j k l m n o p q r s t u v w x y z",
        "Приём 2-го числа: всё хорошо, 世界2024年",
    ] {
        check(text, &[]);
    }
}
