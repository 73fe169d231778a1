//! Values that are words: medicines, diseases, blood groups, codes of banks. They are looked for in
//! the whole text, since no digit gives them away.

mod lexicon;
mod names;

use std::{ops::Range, sync::LazyLock};

use lexicon::Lexicon;

use super::{Found, claims::Nears};
use crate::{Kind, cues::Cue, score::Candidate, text::Text};

/// Bytes between a word and the name of a medicine or a disease, before and after it.
const REACH: (u8, u8) = (64, 20);
/// The longest name, in bytes.
const NAME_BYTES_MAX: usize = 32;
/// The shortest word that is a medicine by its stem alone.
const STEM_WORD_BYTES_MIN: usize = 8;
/// Bytes between a cue and a code of a bank or a blood group.
const GAP_BYTES_MAX: usize = 12;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Rule {
    Medicine,
    /// The end of the name of a medicine.
    Stem,
    Disease,
    Bank,
    Blood,
}

static TERMS: LazyLock<Lexicon<Rule>> = LazyLock::new(|| {
    let lists = [
        (Rule::Medicine, names::MEDICINES),
        (Rule::Stem, names::STEMS),
        (Rule::Disease, names::DISEASES),
        (Rule::Bank, "bic swift"),
        (Rule::Blood, "blood.type blood.group blood_type blutgruppe groupe.sanguin"),
    ];
    let terms = lists
        .into_iter()
        .flat_map(|(rule, list)| list.split_ascii_whitespace().map(move |term| (term, rule)));
    Lexicon::new(terms, |rule| rule == Rule::Stem)
});

/// Runs over the text.
pub(crate) fn scan(text: Text<'_>, found: &mut Found<'_>) {
    text.work.take(text.bytes().len());
    TERMS.each(text.bytes(), |start, end, rule| {
        let opens = rule == Rule::Stem || !joins(text.char_before(start));
        text.work.take(2);
        if !opens || joins(text.char_at(end)) || text.work.is_spent() {
            return;
        }
        match rule {
            Rule::Stem => stem(text, end, found),
            Rule::Medicine => medicine(text, start..end, 45, found),
            Rule::Disease => disease(text, start..end, found),
            Rule::Bank => bank(text, end, found),
            Rule::Blood => blood(text, end, found),
        }
    });
}

/// Whether a word goes on over this character; quotes of print do not belong to it.
fn joins(character: Option<char>) -> bool {
    character.is_some_and(|character| character.is_alphanumeric() || character == '_')
}

/// A word that ends with a stem of the WHO's list.
fn stem(text: Text<'_>, end: usize, found: &mut Found<'_>) {
    let start = text.run_back(end, NAME_BYTES_MAX, |byte| byte.is_ascii_alphabetic());
    let before = text.char_before(start);
    let known = before.is_some_and(|before| match before {
        '_' | '.' | '/' | '-' | ':' => true,
        _ => !before.is_ascii() && before.is_alphanumeric(),
    });
    if end - start >= STEM_WORD_BYTES_MIN && !known {
        medicine(text, start..end, 30, found);
    }
}

fn medicine(text: Text<'_>, span: Range<usize>, points: i16, found: &mut Found<'_>) {
    let dose = has_dose(text, span.end);
    let cue = !dose && is_near(text, &span, Cue::Medicine);
    if dose || cue {
        let candidate = Candidate::new(Kind::MEDICATION, span).term("name", points);
        found(candidate.term_if(dose, "dose", 40).term_if(cue, "cue_word", 30));
    }
}

fn disease(text: Text<'_>, span: Range<usize>, found: &mut Found<'_>) {
    if is_near(text, &span, Cue::Illness) {
        let candidate = Candidate::new(Kind::DIAGNOSIS, span);
        found(candidate.term("name", 45).term("cue_word", 30));
    }
}

fn is_near(text: Text<'_>, span: &Range<usize>, cue: Cue) -> bool {
    let nears = Nears::new(text, span.clone());
    nears.left(span, cue, REACH.0).or_else(|| nears.right(span, cue, REACH.1)).is_some()
}

/// Whether a dose follows: ` 500 mg`, ` 0.5mg`, ` 10 units`.
fn has_dose(text: Text<'_>, end: usize) -> bool {
    const UNITS: [&str; 8] = ["mg", "mcg", "µg", "ug", "g", "ml", "units", "iu"];
    let number = text.run(end, 3, |byte| matches!(byte, b' ' | b'(' | b',' | b'-'));
    let unit = text.run(number, 8, |byte| byte.is_ascii_digit() || matches!(byte, b'.' | b','));
    if unit == number {
        return false;
    }
    let unit = text.run(unit, 1, |byte| matches!(byte, b' ' | b'-'));
    text.work.take(UNITS.len());
    UNITS.iter().any(|name| {
        let given = text.bytes().get(unit..unit + name.len());
        given.is_some_and(|given| given.eq_ignore_ascii_case(name.as_bytes()))
            && !text.at(unit + name.len()).is_ascii_alphanumeric()
    })
}

/// The first word in capitals behind a cue: ISO 9362, four letters, country, two and three more.
fn bank(text: Text<'_>, end: usize, found: &mut Found<'_>) {
    const COUNTRIES: &str = "AD AE AL AM AO AR AT AU AZ BA BD BE BG BH BR BY CA CH CL CN CO CR CY CZ DE \
        DK DO DZ EC EE EG ES FI FO FR GB GE GH GI GL GR GT HK HR HU ID IE IL IN IQ IR IS IT JM JO JP KE \
        KR KW KZ LB LI LK LT LU LV MA MC MD ME MK MT MU MX MY NG NL NO NZ OM PA PE PH PK PL PS PT PY QA \
        RO RS RU RW SA SC SE SG SI SK SM SN TH TN TR TW TZ UA UG US UY UZ VA VE VN XK ZA ZM ZW";
    let start = text.run(end, GAP_BYTES_MAX, |byte| {
        byte.is_ascii_lowercase()
            || matches!(byte, b' ' | b':' | b'/' | b'"' | b'=' | b'(' | b'#' | b'-')
    });
    let word_end = text.run(start, 12, |byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    let code = text.slice(start..word_end);
    let country = code.get(4..6).unwrap_or_default();
    let letters = code.bytes().take(6).all(|byte| byte.is_ascii_uppercase());
    let known = COUNTRIES.split_ascii_whitespace().any(|known| known == country);
    if matches!(code.len(), 8 | 11)
        && letters
        && known
        && !text.at(word_end).is_ascii_alphanumeric()
    {
        let candidate = Candidate::new(Kind::BIC, start..word_end);
        found(candidate.term("form", 35).term("cue_word", 40));
    }
}

/// A group right behind a cue: `blood type: O+`, `blood group AB negative`.
fn blood(text: Text<'_>, end: usize, found: &mut Found<'_>) {
    const SIGNS: [&str; 9] =
        ["+", "-", " positive", " negative", " pos", " neg", " rh+", " rh-", "+ve"];
    let gap = text.run(end, GAP_BYTES_MAX, |byte| {
        byte.is_ascii_lowercase() || matches!(byte, b' ' | b':' | b'"' | b'=')
    });
    let group = text.run(gap, 2, |byte| matches!(byte, b'A' | b'B' | b'O' | b'0'));
    if !matches!(text.slice(gap..group), "A" | "B" | "AB" | "O" | "0") {
        return;
    }
    let rest = text.bytes().get(group..).unwrap_or_default();
    let sign = SIGNS.iter().filter(|sign| {
        rest.get(..sign.len()).is_some_and(|given| given.eq_ignore_ascii_case(sign.as_bytes()))
    });
    let sign = sign.map(|sign| sign.len()).max().unwrap_or(0);
    if sign > 0 || !text.at(group).is_ascii_alphanumeric() {
        let candidate = Candidate::new(Kind::BLOOD_TYPE, gap..group + sign);
        found(candidate.term("form", 35).term("cue_word", 40));
    }
}
