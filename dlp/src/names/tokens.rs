//! Words and what stands between them.

use std::ops::{Deref, Range};

use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

use super::lexicon::{Lexicon, Word};
use crate::eight::{Eight, Mask};

/// A longer run of letters is no word: nothing of it is looked at.
pub(crate) const WORD_BYTES_MAX: usize = 40;

/// A longer stretch between two words reads as the end of the text.
pub(crate) const GAP_BYTES_MAX: usize = 16;

/// A word's letters, lower case and without diacritics, that are looked at.
const LETTERS_MAX: usize = 24;

/// How a word is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Before the text, behind it, or beyond the end of the sentence.
    Edge,
    Lower,
    /// `Word`
    Capital,
    /// `WORD`
    Upper,
    /// `W`
    Initial,
    /// `McDonald`, `iPhone`
    Mixed,
    /// With a digit in it.
    Number,
    /// Too long, or of a script without case.
    Other,
}

/// What stands between a word and the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gap {
    /// The text begins or ends, or so much stands between that it might as well.
    Edge,
    Space,
    /// A line ends, alone or after a comma, a colon or other punctuation.
    Line,
    LineComma,
    LineOther,
    /// The sentence ends.
    Stop,
    /// A point that ends no sentence, as after an initial.
    Point,
    Comma,
    Colon,
    /// Nothing but a hyphen.
    Hyphen,
    /// A dash with spaces.
    Dash,
    Apostrophe,
    Quote,
    Open,
    Close,
    At,
    Slash,
    Angle,
    Underscore,
    Code,
    /// `::`
    Path,
    And,
    Other,
}

/// A word with what is known of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Token {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) gap: Gap,
    /// The last mark before it, after others, such as a quote that opens.
    pub(crate) mark: u8,
    pub(crate) shape: Shape,
    pub(crate) word: Word,
    /// The hash of its letters.
    pub(crate) key: u64,
    /// How many letters it has, to 24.
    pub(crate) length: u8,
}

impl Token {
    pub(crate) const EDGE: Self = Self {
        start: 0,
        end: 0,
        gap: Gap::Edge,
        mark: 0,
        shape: Shape::Edge,
        word: Word::NONE,
        key: 0,
        length: 0,
    };

    pub(crate) const fn span(&self) -> Range<usize> {
        self.start..self.end
    }

    /// Nothing but what stands before it.
    pub(crate) const fn hidden(&self) -> Self {
        Self { gap: self.gap, ..Self::EDGE }
    }

    pub(crate) const fn is_capitalised(&self) -> bool {
        matches!(self.shape, Shape::Capital | Shape::Upper | Shape::Initial | Shape::Mixed)
    }
}

/// The hash of letters that come some at a time, eight of them at once: in which pieces they come makes no
/// difference.
#[derive(Default)]
struct Hash {
    key: u64,
    /// Letters that do not make eight yet, the first one lowest.
    open: u64,
    /// How many letters there were.
    length: usize,
}

impl Hash {
    /// Adds up to eight letters, with zeros behind them.
    const fn push(&mut self, letters: u64, count: usize) {
        let filled = self.length % 8;
        self.open |= letters << (8 * filled);
        self.length += count;
        if filled + count >= 8 {
            self.key = Self::mix(self.key, self.open);
            // By 64 in two steps, which is more than one may shift.
            self.open = letters >> (8 * (7 - filled)) >> 8;
        }
    }

    const fn end(&self) -> u64 {
        Self::mix(self.key, self.open)
    }

    /// A multiplication by a number near the golden ratio (Knuth, volume 3, section 6.4) of what is turned
    /// so that each letter meets the higher half.
    const fn mix(key: u64, letters: u64) -> u64 {
        let product = (key ^ letters).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        product ^ product >> 32
    }
}

/// The letters of a word, lower case and without diacritics; at most 24 bytes of them.
pub(crate) struct Letters {
    bytes: [u8; LETTERS_MAX],
    length: usize,
}

impl Letters {
    pub(crate) fn of(word: &str) -> Self {
        let mut letters = Self { bytes: [0; _], length: 0 };
        for character in word.chars() {
            match character {
                '\'' | '\u{2019}' => {}
                ascii if ascii.is_ascii() => letters.push(ascii.to_ascii_lowercase() as u8),
                wide => fold(wide, |letter| letters.push(letter)),
            }
        }
        letters
    }

    fn push(&mut self, letter: u8) {
        if let Some(place) = self.bytes.get_mut(self.length) {
            *place = letter;
            self.length += 1;
        }
    }
}

impl Deref for Letters {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

/// Reads a text word by word. What is known of the words is left out: see [`know`].
pub(crate) struct Tokens<'a> {
    text: &'a str,
    lexicon: Lexicon<'a>,
    position: usize,
    /// The word before, for what a point after it means.
    last: (Shape, u64),
}

/// Fills in what is known of words. Many at once are faster: none waits for the memory of another.
pub(crate) fn know(words: &mut [Token], lexicon: Lexicon<'_>) {
    for token in words {
        token.word = known(token.shape, token.key, lexicon);
    }
}

/// How many letters a token says that it has.
fn counted(letters: usize) -> u8 {
    u8::try_from(letters.min(LETTERS_MAX)).unwrap_or(u8::MAX)
}

fn known(shape: Shape, key: u64, lexicon: Lexicon<'_>) -> Word {
    match shape {
        Shape::Edge | Shape::Other | Shape::Number => Word::NONE,
        _ => lexicon.word(key),
    }
}

/// The case of the letters of a word.
#[derive(Default)]
struct Case {
    first_upper: bool,
    upper: bool,
    /// Whether more than one is upper.
    uppers: bool,
    lower: bool,
    digits: bool,
    other: bool,
}

impl<'a> Tokens<'a> {
    pub(crate) const fn new(text: &'a str, lexicon: Lexicon<'a>) -> Self {
        Self { text, lexicon, position: 0, last: (Shape::Edge, 0) }
    }

    fn byte(&self, position: usize) -> u8 {
        self.text.as_bytes().get(position).copied().unwrap_or(0)
    }

    /// The character at a position outside ASCII.
    fn wide(&self, position: usize) -> Option<char> {
        self.text.get(position..)?.chars().next()
    }

    /// Goes to the next letter and tells what was passed.
    fn gap(&mut self) -> (Gap, u8) {
        let start = self.position;
        // What nearly always stands there.
        if self.byte(start) == b' ' && start > 0 && self.byte(start + 1).is_ascii_alphanumeric() {
            self.position += 1;
            return (Gap::Space, 0);
        }
        let (mut first, mut last, mut line, mut space, mut end_space) = (0, 0, false, false, false);
        loop {
            let byte = self.byte(self.position);
            let mark = match byte {
                0 if self.position >= self.text.len() => break,
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => break,
                b' ' | b'\t' | b'\r' | b'\n' => {
                    line |= byte == b'\n';
                    space = true;
                    end_space = true;
                    self.position += 1;
                    continue;
                }
                0..=0x7f => {
                    self.position += 1;
                    byte
                }
                _ => {
                    let Some(character) = self.wide(self.position) else { break };
                    if character.is_alphanumeric() {
                        break;
                    }
                    self.position += character.len_utf8();
                    match character {
                        '\u{2018}' | '\u{2019}' => b'\'',
                        '\u{201c}'..='\u{201f}' | '\u{ab}' | '\u{bb}' => b'"',
                        '\u{2013}' | '\u{2014}' => b'-',
                        character if character.is_whitespace() => {
                            space = true;
                            end_space = true;
                            continue;
                        }
                        _ => b'?' | 0x80,
                    }
                }
            };
            if first == 0 {
                first = mark;
            }
            last = mark;
            end_space = false;
        }
        let bare = !space;
        let gap = if start == 0 || self.position - start > GAP_BYTES_MAX {
            Gap::Edge
        } else {
            self.kind([first, last], line, bare)
        };
        // A mark after which a space comes belongs to what was before.
        (gap, if end_space && last != b'"' { 0 } else { last })
    }

    fn kind(&self, [first, last]: [u8; 2], line: bool, bare: bool) -> Gap {
        if line {
            return match first {
                0 => Gap::Line,
                b',' => Gap::LineComma,
                _ => Gap::LineOther,
            };
        }
        match first {
            0 if bare => Gap::Other,
            0 => Gap::Space,
            b'.' if bare || self.is_abbreviated() => Gap::Point,
            b'.' | b'!' | b'?' => Gap::Stop,
            b',' | b';' => Gap::Comma,
            b':' if bare && last == b':' && self.is_path() => Gap::Path,
            b':' => Gap::Colon,
            b'-' if bare => Gap::Hyphen,
            b'-' => Gap::Dash,
            b'\'' => Gap::Apostrophe,
            b'"' => Gap::Quote,
            b'(' | b'[' | b'{' => Gap::Open,
            b')' | b']' | b'}' => Gap::Close,
            b'@' => Gap::At,
            b'/' | b'\\' => Gap::Slash,
            b'<' | b'>' => Gap::Angle,
            b'_' => Gap::Underscore,
            b'`' | b'#' | b'=' | b'*' | b'$' => Gap::Code,
            b'&' | b'+' => Gap::And,
            _ => Gap::Other,
        }
    }

    /// Whether a point behind the last word ends no sentence.
    fn is_abbreviated(&self) -> bool {
        let (shape, key) = self.last;
        shape == Shape::Initial || known(shape, key, self.lexicon).is_title()
    }

    /// Whether two colons stand right before the next word.
    fn is_path(&self) -> bool {
        self.position.checked_sub(2).is_some_and(|colons| self.byte(colons) == b':')
    }

    /// Whether an apostrophe here is within a name such as `O'Neil`, not before an ending.
    fn is_inner(&self, after: usize) -> bool {
        let rest = self.text.as_bytes().get(after..).unwrap_or_default();
        let letters = rest.iter().take(4).take_while(|byte| byte.is_ascii_alphabetic()).count();
        letters > 2
    }

    /// Adds a run of letters and digits of ASCII, which most words are.
    fn plain(&mut self, hash: &mut Hash, case: &mut Case) {
        loop {
            let eight = Eight::at(self.text.as_bytes(), self.position);
            let (letters, digits) = (eight.letters(), eight.digits());
            let run = letters.or(digits).run();
            let [letters, digits] = [letters, digits].map(|mask| mask.first(run));
            let capitals = eight.capitals(letters);
            case.add(letters, capitals, digits);
            hash.push(eight.lowered(letters.or(digits), capitals), run);
            self.position += run;
            if run < 8 {
                return;
            }
        }
    }

    /// The hash, the length and the shape of a word of less than eight letters, which most are.
    fn short(&self) -> Option<(u64, usize, Shape)> {
        let eight = Eight::at(self.text.as_bytes(), self.position);
        let letters = eight.letters();
        let run = letters.run();
        let next = self.byte(self.position + run);
        let ends = next < 0x80 && next != b'\'' && !next.is_ascii_digit();
        if run == 0 || run >= 8 || !ends {
            return None;
        }
        let letters = letters.first(run);
        let capitals = eight.capitals(letters);
        let key = Hash::mix(0, eight.lowered(letters, capitals));
        if capitals.is_empty() {
            return Some((key, run, Shape::Lower));
        }
        let mut case = Case { first_upper: capitals.run() > 0, ..Case::default() };
        case.add(letters, capitals, letters.and_not(letters));
        Some((key, run, case.shape(run)))
    }

    fn letters(&mut self) -> (Hash, Case) {
        let start = self.position;
        let mut hash = Hash::default();
        let mut case =
            Case { first_upper: self.byte(start).is_ascii_uppercase(), ..Case::default() };
        loop {
            self.plain(&mut hash, &mut case);
            let first = self.position == start;
            match self.byte(self.position) {
                b'\'' if !first && self.is_inner(self.position + 1) => self.position += 1,
                0x80.. => {
                    let Some(character) = self.wide(self.position) else { break };
                    let inner = character == '\u{2019}' && !first;
                    if inner && self.is_inner(self.position + character.len_utf8()) {
                        self.position += character.len_utf8();
                        continue;
                    }
                    if !character.is_alphanumeric() && !is_combining_mark(character) {
                        break;
                    }
                    self.position += character.len_utf8();
                    case.first_upper |= first && character.is_uppercase();
                    case.uppers |= case.upper && character.is_uppercase();
                    case.upper |= character.is_uppercase();
                    case.lower |= character.is_lowercase();
                    case.other |= !character.is_uppercase() && !character.is_lowercase();
                    fold(character, |letter| hash.push(u64::from(letter), 1));
                }
                _ => break,
            }
        }
        (hash, case)
    }
}

/// Tells a letter outside ASCII without its diacritics.
fn fold(character: char, mut push: impl FnMut(u8)) {
    let plain: &[u8] = match character {
        'ø' | 'Ø' => b"o",
        'ł' | 'Ł' => b"l",
        'đ' | 'Đ' | 'ð' | 'Ð' => b"d",
        'ı' => b"i",
        'ß' => b"ss",
        'æ' | 'Æ' => b"ae",
        'œ' | 'Œ' => b"oe",
        'þ' | 'Þ' => b"th",
        _ => b"",
    };
    plain.iter().for_each(|&letter| push(letter));
    if !plain.is_empty() {
        return;
    }
    for part in std::iter::once(character).nfd().take(4).flat_map(char::to_lowercase) {
        if !is_combining_mark(part) {
            part.encode_utf8(&mut [0; 4]).bytes().for_each(&mut push);
        }
    }
}

impl Case {
    const fn add(&mut self, letters: Mask, capitals: Mask, digits: Mask) {
        self.uppers |= capitals.are_many() || self.upper && !capitals.is_empty();
        self.upper |= !capitals.is_empty();
        self.lower |= !letters.and_not(capitals).is_empty();
        self.digits |= !digits.is_empty();
    }

    const fn shape(&self, length: usize) -> Shape {
        if length > WORD_BYTES_MAX {
            return Shape::Other;
        }
        if self.digits {
            return Shape::Number;
        }
        match (self.first_upper && !self.uppers, self.upper, self.lower) {
            (_, false, false) => Shape::Other,
            (_, false, true) => Shape::Lower,
            (true, true, false) if !self.other => Shape::Initial,
            (_, _, false) => Shape::Upper,
            (true, _, true) => Shape::Capital,
            _ => Shape::Mixed,
        }
    }
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        let (gap, mark) = self.gap();
        if self.position >= self.text.len() {
            return None;
        }
        let mut token = Token { gap, mark, start: self.position, ..Token::EDGE };
        if let Some((key, letters, shape)) = self.short() {
            self.position += letters;
            self.last = (shape, key);
            let (end, length) = (self.position, counted(letters));
            return Some(Token { end, shape, key, length, ..token });
        }
        let (hash, case) = self.letters();
        token.key = hash.end();
        token.length = counted(hash.length);
        if self.position == token.start {
            // Only a character that is no letter on a second look: never stay in place.
            self.position += self.wide(self.position).map_or(1, char::len_utf8);
        }
        token.end = self.position;
        token.shape = case.shape(token.end - token.start);
        self.last = (token.shape, token.key);
        Some(token)
    }
}
