//! How a text looks: what is hidden in it, pushed out of sight, or not language.

use unicode_security::MixedScript as _;

use super::{Fault, Said};
use crate::shown::{Hidden, hidden, shown};

/// A description of so many characters is longer than anybody reads at once.
const LONG_CHARS: usize = 4096;

/// One of so many is no description.
const TOO_LONG_CHARS: usize = 32_768;

/// So many blanks in a row push what follows out of a window.
const BLANKS: usize = 100;

/// So many letters and digits in a row are no word.
const OPAQUE_CHARS: usize = 80;

pub(super) fn check(text: &str) -> Vec<Said> {
    let mut said = Vec::new();
    said.extend(hidden_text(text));
    said.extend(length(text));
    if text.split(|letter: char| !letter.is_whitespace()).any(|run| run.chars().count() >= BLANKS) {
        said.push(Said::warn(Fault::LongText, "a long blank, after which text is out of sight"));
    }
    if let Some(word) = text.split_whitespace().find(|word| is_mixed(word)) {
        let what = format!("`{}` has letters of several scripts", shown(word, 40));
        said.push(Said::warn(Fault::OpaqueText, what));
    }
    if let Some(run) = opaque(text) {
        let what = format!("`{}` may be anything encoded", shown(run, 40));
        said.push(Said::warn(Fault::OpaqueText, what));
    }
    said
}

/// The worst of what is hidden, and how much of it there is.
fn hidden_text(text: &str) -> Option<Said> {
    let chars: Vec<char> = text.chars().collect();
    let at = |index: Option<usize>| index.and_then(|index| chars.get(index)).copied();
    let found: Vec<(Hidden, char)> = chars
        .iter()
        .enumerate()
        .filter_map(|(index, &character)| {
            let kind = hidden(character)?;
            let before = at(index.checked_sub(1));
            let after = at(index.checked_add(1));
            (!is_in_place(character, before, after)).then_some((kind, character))
        })
        .collect();
    let &(kind, first) = found.first()?;
    let what = format!(
        "{} hidden characters, the first is {kind} U+{:04X}",
        found.len(),
        u32::from(first)
    );
    let harmless = |kind: Hidden, character| {
        matches!(kind, Hidden::Private) || matches!(character, '\u{AD}' | '\u{FEFF}')
    };
    let all_harmless = found.iter().all(|&(kind, character)| harmless(kind, character));
    Some(if all_harmless {
        Said::warn(Fault::HiddenText, what)
    } else {
        Said::refuse(Fault::HiddenText, what)
    })
}

/// Whether a hidden character is where writing needs it: it joins parts of an emoji or letters of a
/// script that joins, or says whether a sign is shown in colour.
fn is_in_place(character: char, before: Option<char>, after: Option<char>) -> bool {
    let written = |beside: Option<char>| {
        beside.is_some_and(|beside| {
            !beside.is_ascii() && (hidden(beside).is_none() || beside == '\u{FE0F}')
        })
    };
    match character {
        '\u{200C}' | '\u{200D}' => written(before) && written(after),
        '\u{FE0E}' | '\u{FE0F}' => {
            before.is_some_and(|before| "0123456789#*".contains(before))
                || (written(before) && before != Some('\u{FE0F}'))
        }
        _ => false,
    }
}

fn length(text: &str) -> Option<Said> {
    let count = text.chars().count();
    let what = || format!("{count} characters");
    match count {
        0..=LONG_CHARS => None,
        _ if count <= TOO_LONG_CHARS => Some(Said::warn(Fault::LongText, what())),
        _ => Some(Said::refuse(Fault::LongText, what())),
    }
}

/// Whether a word is made of letters of several scripts, of which one looks like another's.
fn is_mixed(word: &str) -> bool {
    !word.is_ascii() && !word.is_single_script()
}

/// A run of letters and digits that is too long for a word.
fn opaque(text: &str) -> Option<&str> {
    let is_in = |letter: char| letter.is_ascii_alphanumeric() || "+/=_-".contains(letter);
    let is_opaque = |run: &&str| {
        run.len() >= OPAQUE_CHARS
            && run.bytes().any(|byte| byte.is_ascii_digit())
            && run.bytes().filter(|byte| byte.is_ascii_alphanumeric()).count() * 8 >= run.len() * 7
    };
    text.split(|letter| !is_in(letter)).find(is_opaque)
}
