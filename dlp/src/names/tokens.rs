//! Words and what stands between them.

use std::ops::Range;

use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

use super::lexicon::{Lexicon, Word};

/// A longer run of letters is no word: nothing of it is looked at.
pub(crate) const WORD_BYTES_MAX: usize = 40;

/// A longer stretch between two words reads as the end of the text.
pub(crate) const GAP_BYTES_MAX: usize = 16;

/// A word's letters, lower case and without diacritics, that are looked at.
const FOLDED_BYTES_MAX: usize = 24;

const HASH_START: u64 = 0xcbf2_9ce4_8422_2325;
const HASH_PRIME: u64 = 0x0000_0100_0000_01b3;

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
    pub(crate) key: u64,
    folded: [u8; FOLDED_BYTES_MAX],
    folded_length: u8,
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
        folded: [0; FOLDED_BYTES_MAX],
        folded_length: 0,
    };

    /// The letters, lower case and without diacritics.
    pub(crate) fn letters(&self) -> &[u8] {
        self.folded.get(..usize::from(self.folded_length)).unwrap_or_default()
    }

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

    fn push(&mut self, letter: u8) {
        self.key = (self.key ^ u64::from(letter)).wrapping_mul(HASH_PRIME);
        if let Some(place) = self.folded.get_mut(usize::from(self.folded_length)) {
            *place = letter;
            self.folded_length += 1;
        }
    }
}

/// Reads a text word by word.
pub(crate) struct Tokens<'a> {
    text: &'a str,
    lexicon: Lexicon<'a>,
    position: usize,
    /// The word before, for what a point after it means.
    last: (Shape, Word),
}

/// The case of the letters of a word.
#[derive(Default)]
struct Case {
    first_upper: bool,
    upper: u32,
    lower: u32,
    digits: u32,
    other: u32,
}

impl<'a> Tokens<'a> {
    pub(crate) const fn new(text: &'a str, lexicon: Lexicon<'a>) -> Self {
        Self { text, lexicon, position: 0, last: (Shape::Edge, Word::NONE) }
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
            b'.' if self.last.0 == Shape::Initial || self.last.1.is_title() || bare => Gap::Point,
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
    fn plain(&mut self, token: &mut Token, case: &mut Case) {
        let rest = self.text.as_bytes().get(self.position..).unwrap_or_default();
        let end = rest.iter().position(|byte| !byte.is_ascii_alphanumeric());
        let run = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        for byte in run {
            token.push(byte.to_ascii_lowercase());
            case.upper += u32::from(byte.is_ascii_uppercase());
            case.lower += u32::from(byte.is_ascii_lowercase());
            case.digits += u32::from(byte.is_ascii_digit());
        }
        self.position += run.len();
    }

    fn letters(&mut self, token: &mut Token) -> Case {
        token.key = HASH_START;
        let start = self.position;
        let mut case =
            Case { first_upper: self.byte(start).is_ascii_uppercase(), ..Case::default() };
        loop {
            self.plain(token, &mut case);
            let first = self.position == start;
            match self.byte(self.position) {
                b'\'' if !first && self.is_inner(self.position + 1) => {}
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
                    case.upper += u32::from(character.is_uppercase());
                    case.lower += u32::from(character.is_lowercase());
                    case.other += u32::from(!character.is_uppercase() && !character.is_lowercase());
                    fold(character, token);
                    continue;
                }
                _ => break,
            }
            self.position += 1;
        }
        case
    }
}

/// Adds a letter outside ASCII without its diacritics.
fn fold(character: char, token: &mut Token) {
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
    plain.iter().for_each(|&letter| token.push(letter));
    if !plain.is_empty() {
        return;
    }
    for part in std::iter::once(character).nfd().take(4).flat_map(char::to_lowercase) {
        if !is_combining_mark(part) {
            part.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| token.push(byte));
        }
    }
}

impl Case {
    const fn shape(&self, length: usize) -> Shape {
        if length > WORD_BYTES_MAX {
            return Shape::Other;
        }
        match (self.first_upper, self.upper, self.lower) {
            _ if self.digits > 0 => Shape::Number,
            (_, 0, 0) => Shape::Other,
            (_, 0, _) => Shape::Lower,
            (true, 1, 0) if self.other == 0 => Shape::Initial,
            (_, _, 0) => Shape::Upper,
            (true, 1, _) => Shape::Capital,
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
        let case = self.letters(&mut token);
        if self.position == token.start {
            // Only a character that is no letter on a second look: never stay in place.
            self.position += self.wide(self.position).map_or(1, char::len_utf8);
        }
        token.end = self.position;
        token.shape = case.shape(token.end - token.start);
        if token.shape != Shape::Other && token.shape != Shape::Number {
            token.word = self.lexicon.word(token.key);
        }
        self.last = (token.shape, token.word);
        Some(token)
    }
}
