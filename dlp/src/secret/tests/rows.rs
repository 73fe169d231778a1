//! Every row of the table finds what is made to its form, and not what is cut, glued or longer.
//! Values are drawn when the tests run, so that no text of a secret stands in the sources.

use super::super::{
    LEFT_BYTES_MAX, RIGHT_BYTES_MAX, TOKEN_BYTES_MAX,
    alphabet::Alphabet,
    check::{self, Verdict},
    form::{Form, Piece},
    named::Named,
    random::Look,
    rule::Rule,
    rules,
};
use super::secrets;
use crate::{
    Finding, Settings,
    text::{Text, Work},
};

/// A generator of full period (Knuth's MMIX constants), so that a failure can be repeated.
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }

    fn run(&mut self, alphabet: Alphabet, length: usize) -> String {
        let bytes = alphabet.bytes();
        (0..length).map(|_| char::from(bytes[self.below(bytes.len())])).collect()
    }

    fn form(&mut self, form: Form) -> String {
        let mut text = String::new();
        for piece in form {
            match *piece {
                Piece::Text(fixed) => text.push_str(fixed),
                Piece::Run(alphabet, min, _) => text.push_str(&self.run(alphabet, min.into())),
            }
        }
        text
    }

    /// A token of a rule, which passes its check.
    fn token(&mut self, rule: &Rule, literal: &str) -> String {
        for _ in 0..1_000 {
            let head =
                rule.head.map_or_else(String::new, |(alphabet, min, _)| self.run(alphabet, min));
            let tail = self.form(rule.tail);
            let token = with_marks(rule, format!("{head}{literal}{tail}"));
            let end = token.len().saturating_sub(32).max(literal.len());
            let edges = tail.ends_with(['-', '_', '.']) || head.starts_with(['-', '_', '.']);
            let drawn = tail.len() + head.len() < 8 || !Look::at(&token[end..]).is_filler();
            if !edges && drawn && (rule.check)(&token) != Verdict::Impossible {
                return token;
            }
        }
        panic!("no token of {} passes its check", rule.kind);
    }

    /// A value of a named form that looks drawn.
    fn value(&mut self, form: Form) -> String {
        for _ in 0..1_000 {
            let value = self.form(form);
            let look = Look::at(&value);
            let drawn = look.is_random() || look.digits == value.len() || look.other > 3;
            if drawn
                && !look.is_filler()
                && !look.is_wordy()
                && !value.ends_with(['-', '_', '.', '='])
            {
                return value;
            }
            if value.ends_with('=')
                && form.last().is_some_and(|last| matches!(last, Piece::Text(_)))
            {
                return value;
            }
        }
        panic!("no value of {form:?} looks drawn");
    }
}

/// Sets the marks that checks look for at fixed places.
fn with_marks(rule: &Rule, mut token: String) -> String {
    let mut mark = |at: usize, mark: &str| token.replace_range(at..at + mark.len(), mark);
    let check = rule.check as usize;
    if check == check::azure_devops as check::Check as usize {
        mark(52, "JQQJ9");
    } else if check == check::mapbox as check::Check as usize {
        mark(3, "eyJ");
    } else if check == check::ends_with_aa as check::Check as usize {
        let end = token.len() - 2;
        token.replace_range(end.., "AA");
    }
    token
}

/// What a rule alone finds of a token in a text.
fn found(rule: &Rule, literal: &str, text: &str, token: &str) -> Option<String> {
    let work = Work::new(u64::MAX);
    let hit = text.find(token).unwrap_or(0) + token.find(literal).unwrap_or(0);
    let candidate = rule.at(Text::new(text, &work), hit, literal)?;
    assert_eq!(candidate.kind, rule.kind);
    assert!(candidate.score() >= Settings::default().score_min);
    Some(text[candidate.span].to_owned())
}

#[test]
fn every_rule_finds_its_tokens_and_no_others() {
    let mut draw = Draw(7);
    for rule in rules::rules() {
        let near = rule.near.first().copied().unwrap_or("value");
        for literal in rule.literals {
            let token = draw.token(rule, literal);
            for text in [format!("{near} x=\"{token}\""), format!("{near} {token}\nnext")] {
                assert_eq!(found(rule, literal, &text, &token).as_ref(), Some(&token), "{text}");
                let findings = secrets(&text);
                let start = text.find(&token).unwrap();
                let covers =
                    |f: &Finding| f.span.start <= start && f.span.end >= start + token.len();
                assert!(findings.iter().any(covers), "{text}: {findings:?}");
            }
            if literal.starts_with(|c: char| c.is_ascii_alphanumeric()) && rule.head.is_none() {
                let glued = format!("{near} x{token}");
                assert_eq!(found(rule, literal, &glued, &token), None, "{glued}");
            }
            let longer = format!("{near} {token}{}", "A9".repeat(1_100));
            assert_eq!(found(rule, literal, &longer, &token), None, "{} {literal}", rule.kind);
            if !rule.near.is_empty() {
                assert_eq!(found(rule, literal, &token, &token), None, "{token} without a name");
            }
            if let Some(Piece::Run(_, min, _)) = rule.tail.first().filter(|_| rule.tail.len() == 1)
                && *min > 0
            {
                let short = format!("{near} {} ", &token[..token.len() - 1]);
                assert_eq!(found(rule, literal, &short, literal), None, "{short}");
            }
        }
    }
}

#[track_caller]
fn check_named(row: &Named, word: &str, value: &str) {
    let key = row.key.first().copied().unwrap_or("token");
    let key = if word.contains(key) { word.to_owned() } else { format!("{word}_{key}") };
    for text in [format!("{key}=\"{value}\""), format!("{key}: {value}\n")] {
        let found = secrets(&text);
        let covers = |f: &Finding| f.span.start <= text.find(value).unwrap();
        assert!(found.iter().any(covers), "{}: {text}: {found:?}", row.kind);
    }
    // Some of these values begin as a rule of their own does.
    let announces_itself = |f: &Finding| rules::rules().any(|rule| rule.kind == f.kind);
    let nobody = format!("thing: {value}\n");
    let found = secrets(&nobody);
    assert!(found.iter().all(|f| f.kind != row.kind || announces_itself(f)), "{nobody}");
    let version = format!("{word}_version_url: x{value}\n");
    let found = secrets(&version);
    assert!(found.iter().all(|f| f.kind != row.kind || announces_itself(f)), "{version}");
}

#[test]
fn every_named_row_finds_its_values_beside_the_name_only() {
    let mut draw = Draw(11);
    for row in rules::named() {
        for word in row.words {
            for form in row.forms {
                let value = draw.value(form);
                check_named(row, word, &value);
            }
        }
    }
}

#[test]
fn a_value_has_the_kind_of_the_provider_in_its_key() {
    let mut draw = Draw(13);
    let mut check = |key: &str, alphabet: Alphabet, length: usize, kind: crate::Kind| {
        let value = draw.run(alphabet, length);
        let found = secrets(&format!("{key} = '{value}'"));
        assert_eq!(found.iter().map(|f| f.kind).collect::<Vec<_>>(), [kind], "{key} = {value}");
    };
    check("DATADOG_API_KEY", Alphabet::HEX, 32, crate::Kind::DATADOG_KEY);
    check("datadogAppKey", Alphabet::HEX, 40, crate::Kind::DATADOG_KEY);
    check("cloudflare.token", Alphabet::BASE62, 40, crate::Kind::CLOUDFLARE_TOKEN);
    check("FASTLY_API_TOKEN", Alphabet::BASE62, 32, crate::Kind::FASTLY_TOKEN);
    check("my_api_key", Alphabet::BASE62, 32, crate::Kind::GENERIC_SECRET);
    check("db_password", Alphabet::BASE62, 20, crate::Kind::PASSWORD);
}

#[test]
fn every_rule_stays_within_the_bounds() {
    let length = |form: Form| -> usize {
        form.iter()
            .map(|piece| match *piece {
                Piece::Text(fixed) => fixed.len(),
                Piece::Run(_, _, max) => usize::from(max),
            })
            .sum()
    };
    for rule in rules::rules() {
        let head = rule.head.map_or(0, |(_, _, max)| max);
        let literal = rule.literals.iter().map(|literal| literal.len()).max().unwrap();
        assert!(head + literal + length(rule.tail) <= TOKEN_BYTES_MAX, "{}", rule.kind);
        assert!(head < LEFT_BYTES_MAX, "{}", rule.kind);
        assert!(rule.literals.iter().all(|literal| literal.len() >= 3), "{}", rule.kind);
    }
}

#[test]
fn every_kind_of_the_family_has_a_rule() {
    // Those that no row finds; `tests/forms.rs` and `crate::tests::secrets` look at each.
    let others = [
        crate::Kind::BASIC_AUTH,
        crate::Kind::BEARER_TOKEN,
        crate::Kind::CONNECTION_STRING,
        crate::Kind::DEEPSEEK_KEY,
        crate::Kind::DJANGO_SECRET_KEY,
        crate::Kind::DOCKER_AUTH,
        crate::Kind::GENERIC_SECRET,
        crate::Kind::JWT,
        crate::Kind::KUBERNETES_SECRET,
        crate::Kind::PASSWORD,
        crate::Kind::PASSWORD_HASH,
        crate::Kind::PRIVATE_KEY,
        crate::Kind::URL_PASSWORD,
    ];
    for kind in crate::Kind::all().filter(|kind| kind.is_secret()) {
        let in_rows = rules::rules().any(|rule| rule.kind == kind)
            || rules::named().any(|row| row.kind == kind);
        assert!(in_rows != others.contains(&kind), "{kind}");
    }
}

#[test]
fn what_is_found_depends_on_nothing_beyond_the_bounds() {
    let mut draw = Draw(17);
    let pad = "some words, and more of them; ".repeat(20);
    let rules = rules::rules().step_by(3).map(|rule| {
        let near = rule.near.first().copied().unwrap_or("value");
        format!("{near} x=\"{}\"", draw.token(rule, rule.literals[0]))
    });
    let mut texts: Vec<String> = rules.collect();
    for row in rules::named().step_by(3) {
        let key = row.key.first().copied().unwrap_or("token");
        texts.push(format!("{}_{key} = '{}'", row.words[0], draw.value(row.forms[0])));
    }
    for text in texts {
        let whole = format!("{pad}{text} {pad}");
        for finding in secrets(&whole) {
            let from = finding.span.start - LEFT_BYTES_MAX;
            let to = finding.span.end + RIGHT_BYTES_MAX;
            let again = secrets(&whole[from..to]);
            let span = finding.span.start - from..finding.span.end - from;
            let same =
                |f: &Finding| (f.kind, &f.span, f.score) == (finding.kind, &span, finding.score);
            assert!(again.iter().any(same), "{text}: {finding:?} became {again:?}");
        }
    }
}
