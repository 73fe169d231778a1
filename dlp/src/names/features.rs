//! What the model sees of a word: itself and three words on each side.

use super::{
    lexicon::Word,
    tokens::{Gap, Letters, Shape, Token},
};

/// Words before and after the one in question.
pub(crate) const SIDE: usize = 3;
pub(crate) const WINDOW: usize = 2 * SIDE + 1;

/// Two to this power is the number of weights.
pub(crate) const WEIGHTS_LOG: u32 = 18;

/// Calls back with the number of each feature of the word in the middle of a window of a text. Each
/// feature has a number of its own before hashing, so that the same values in two of them differ.
pub(crate) fn features(text: &str, window: &[Token; WINDOW], each: &mut impl FnMut(usize)) {
    let [_, b2, b1, word, a1, a2, _] = window;
    let [b3, .., a3] = window;
    let mut feature = |id: u64, values: [u64; 3]| each(number(id, values));
    let gap_before = u64::from(word.gap as u8) << 8 | u64::from(word.mark);
    let gap_after = u64::from(a1.gap as u8);
    let (shape, facts) = (word.shape as u64, u64::from(word.word.facts()));
    let names = names(word.word) << 4 | shape;
    let look = |token: &Token| names_of(token) << 4 | token.shape as u64;
    let cue = |token: &Token| u64::from(token.word.cue()) << 4 | token.shape as u64;

    feature(1, [shape, 0, 0]);
    feature(2, [facts, shape, 0]);
    feature(3, [names, 0, 0]);
    if word.word.common() > 0 || word.word.cue() > 0 || word.word.place() == 3 {
        feature(4, [word.key, u64::from(word.is_capitalised()), 0]);
    }
    let letters = Letters::of(text.get(word.span()).unwrap_or_default());
    affixes(word, &letters, shape, &mut feature);

    // The words beside it, by themselves and with what is known of this one.
    feature(10, [b1.key, u64::from(word.gap as u8), 0]);
    feature(11, [a1.key, gap_after, 0]);
    feature(12, [b1.key, names, u64::from(word.gap as u8)]);
    feature(13, [a1.key, names, gap_after]);
    feature(14, [b2.key, 0, 0]);
    feature(15, [a2.key, 0, 0]);
    feature(16, [b2.key, b1.key, 0]);
    feature(17, [a1.key, a2.key, 0]);
    feature(18, [b1.key, a1.key, 0]);

    // What kind of words they are.
    feature(20, [names, cue(b1), gap_before]);
    feature(21, [names, cue(a1), gap_after]);
    feature(22, [names, look(b1), gap_before]);
    feature(23, [names, look(a1), gap_after]);
    feature(24, [names, look(b1) << 12 | look(a1), gap_before << 8 | gap_after]);
    feature(25, [cue(b2), cue(b1), names]);
    feature(26, [cue(a1), cue(a2), names]);
    feature(27, [cue(b1), cue(a1), names]);
    feature(28, [cue(b2), u64::from(b1.gap as u8), shape]);
    feature(29, [cue(a2), u64::from(a2.gap as u8), shape]);
    feature(30, [look(b2), look(b1), names]);
    feature(31, [look(a1), look(a2), names]);
    feature(32, [cue(b3), names, 0]);
    feature(33, [cue(a3), names, 0]);

    // Where it stands.
    feature(40, [gap_before, shape, 0]);
    feature(41, [gap_after, shape, 0]);
    feature(42, [gap_before, gap_after, names]);
    feature(43, [gap_before, gap_after, shape]);
    let line = |gap: Gap| {
        matches!(gap, Gap::Edge | Gap::Line | Gap::LineComma | Gap::LineOther | Gap::Stop)
    };
    let lines = u64::from(line(word.gap)) << 3
        | u64::from(line(b1.gap)) << 2
        | u64::from(line(a1.gap)) << 1
        | u64::from(line(a2.gap));
    feature(44, [lines, names, look(a1)]);
    feature(45, [lines, names, look(b1)]);
    let capitals =
        window.iter().fold(0, |bits, token| bits << 1 | u64::from(token.is_capitalised()));
    feature(46, [capitals & 0b001_1100, names, 0]);
    feature(47, [capitals, shape, 0]);
}

/// The ends of the word, which tell names from words where neither is known.
fn affixes(word: &Token, letters: &Letters, shape: u64, feature: &mut impl FnMut(u64, [u64; 3])) {
    let known = u64::from(word.word.is_name()) << 1 | u64::from(word.word.common() > 0);
    let join = |part: &[u8]| part.iter().fold(0, |sum, &byte| sum << 8 | u64::from(byte));
    for (id, length) in [(50, 2), (51, 3), (52, 4)] {
        if let Some(cut) = letters.len().checked_sub(length) {
            feature(id, [join(letters.get(cut..).unwrap_or_default()), shape, known]);
        }
    }
    feature(53, [join(letters.get(..3).unwrap_or(letters)), shape, known]);
    feature(54, [letters.len().min(12) as u64, shape, known]);
    let vowel = |byte: &&u8| matches!(byte, b'a' | b'e' | b'i' | b'o' | b'u' | b'y');
    let vowels = letters.iter().filter(vowel).count() as u64;
    feature(55, [u64::from(vowels == 0), shape, known]);
}

/// What is known of a word as a name, without what it is as a cue.
fn names(word: Word) -> u64 {
    u64::from(word.facts() & 0xff)
}

/// The same in fewer steps.
fn names_of(token: &Token) -> u64 {
    let word = token.word;
    let some = |value: u16| u64::from(value > 0);
    let common = u64::from(word.common() > 1);
    some(word.given()) | some(word.surname()) << 1 | common << 2 | some(word.place()) << 3
}

/// The feature's place among the weights: the highest bits of a sum of products with odd numbers
/// (Dietzfelbinger et al. 1997), of which none waits for another.
const fn number(id: u64, [first, second, third]: [u64; 3]) -> usize {
    let sum = id
        .wrapping_mul(0xd6e8_feb8_6659_fd93)
        .wrapping_add(first.wrapping_mul(0x9e37_79b9_7f4a_7c15))
        .wrapping_add(second.wrapping_mul(0xbf58_476d_1ce4_e5b9))
        .wrapping_add(third.wrapping_mul(0x94d0_49bb_1331_11eb));
    ((sum ^ sum >> 32).wrapping_mul(0xd6e8_feb8_6659_fd93) >> (64 - WEIGHTS_LOG)) as usize
}

/// Whether a word can be part of a name at all: only then does the model look at it.
pub(crate) fn is_candidate(window: &[Token; WINDOW]) -> bool {
    let [_, _, before, word, after, ..] = window;
    if word.gap == Gap::Path || after.gap == Gap::Path {
        return false;
    }
    if word.shape == Shape::Initial {
        // Nobody's name by itself: the `I` of who speaks needs no look.
        return may_be_part(before) || may_be_part(after);
    }
    if word.is_capitalised() {
        let known = word.word;
        // The first word of a sentence is mostly one that is common and no name, and `McDonald` is
        // known while `TokenStream` is not.
        let unlikely = known.common() >= 2 || word.shape == Shape::Mixed;
        return !known.is_title() && (known.is_name() || !unlikely);
    }
    if !may_be_part(word) {
        return false;
    }
    // In lower case only what is hardly anything but a given name, or what a cue stands before.
    let known = word.word;
    let greeted = before.word.cue() == super::lexicon::cue::GREETING;
    let least = if greeted { 1 } else { 3 };
    let only_name = known.common() == 0 && known.place() == 0 && word.length > least;
    (known.given() >= 2 && only_name)
        || (is_particle(word) && (after.is_capitalised() || is_particle(after)))
        || (known.is_name() && only_name && before.word.given() > 0)
}

/// Whether a word can be a candidate, whatever stands beside it.
const fn may_be_part(token: &Token) -> bool {
    token.is_capitalised()
        || (matches!(token.shape, Shape::Lower) && (token.word.is_name() || is_particle(token)))
}

const fn is_particle(token: &Token) -> bool {
    token.word.cue() == super::lexicon::cue::PARTICLE
}
