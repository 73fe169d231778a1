//! Where a text that is still coming may be cut: no value that detectors find reaches over such a
//! place, or enough of what follows is known to have found it.
//!
//! INVARIANT: whether a place is one depends on the text alone, never on the pieces that it came in. So
//! what is let through piece by piece is what would be let through at once.

use std::collections::VecDeque;

use crate::{names, normalise};

/// What a detector reads to the left of a match, in bytes, and a word more.
pub(crate) const LEFT_BYTES: usize = 288;
/// Words that a detector of names reads on each side, and one more.
const WORDS: usize = 4;
/// What a detector reads to the right of a match, and the longest match that has two plain words in a
/// row in it.
pub(crate) const RIGHT_BYTES: usize = 32;
/// The longest match that is not one token, a number with separators, a quoted value or a PEM block.
pub(crate) const MATCH_BYTES_MAX: usize = 256;

/// Known text after a place that settles it although words before it may begin a match.
const FAR_BYTES: usize = 2 * MATCH_BYTES_MAX;
/// A quoted value is at most so long; a quote that is open for longer was none.
const QUOTE_BYTES_MAX: usize = MATCH_BYTES_MAX;
/// A private key with its opener and closer.
const PEM_BYTES_MAX: usize = 33 << 10;
const PEM_OPENER: &str = "-----BEGIN";
/// A line of base64 that goes on in the next one has at least so many characters (RFC 1421 has 64,
/// RFC 2045 has 76).
const BASE64_LINE_MIN: usize = 60;
/// Characters between two groups of one number.
const GAP_CHARS_MAX: usize = 3;

/// Reads a text as it comes and knows where it may be cut. Positions are bytes of the text from where
/// the last [`Stretches::forget`] put its start.
#[derive(Debug, Default)]
pub(crate) struct Stretches {
    cuts: VecDeque<Cut>,
    /// Up to here it was read.
    read: usize,
    /// Words that have begun.
    words: usize,
    token: Token,
    /// Whether the last two tokens were plain, the later one last.
    plain: [bool; 2],
    gap: Gap,
    quote: Option<(char, usize)>,
    pem: Option<Pem>,
    last: Option<char>,
}

#[derive(Debug, Clone, Copy)]
struct Cut {
    at: usize,
    /// Nothing that begins before it goes on after it, as far as words tell.
    clean: bool,
    /// Words before it.
    words: usize,
}

/// The token that is being read, or the last one.
#[derive(Debug, Default)]
struct Token {
    start: usize,
    chars: usize,
    base64: usize,
    digit: bool,
    capital: bool,
    letter: bool,
    other: bool,
    dashes: bool,
}

/// What stands between the last token with a digit and here, if a number could go on over it.
#[derive(Debug, Default)]
struct Gap {
    /// None where no number is open.
    chars: Option<usize>,
}

#[derive(Debug)]
struct Pem {
    start: usize,
    /// Where its closer began.
    closing: Option<usize>,
}

impl Stretches {
    /// Reads what came since the last time.
    pub(crate) fn read(&mut self, text: &str) {
        let start = self.read;
        let rest = text.get(start..).unwrap_or_default();
        for (at, character) in rest.char_indices() {
            self.character(text, start + at, character);
        }
    }

    /// One thing ends here and another begins, such as a string of a JSON text.
    pub(crate) fn boundary(&mut self, at: usize) {
        let token = Token { start: at, ..Token::default() };
        let (words, plain) = (self.words, [true; 2]);
        let fresh = Self { read: at, words, token, plain, ..Self::default() };
        let mut cuts = std::mem::replace(self, fresh).cuts;
        cuts.push_back(Cut { at, clean: true, words });
        self.cuts = cuts;
    }

    /// The last place at which the text up to `known` may be cut now, where detectors look at `right`
    /// bytes behind it.
    pub(crate) fn settled(&self, known: usize, right: usize) -> Option<usize> {
        let is_settled = |cut: &&Cut| {
            let needed = if cut.clean { right } else { FAR_BYTES + right };
            let (bytes, words) = (known.saturating_sub(cut.at), self.words - cut.words);
            bytes >= needed && (words >= WORDS || bytes >= names::LOOK_BYTES)
        };
        self.cuts.iter().rev().find(is_settled).map(|cut| cut.at)
    }

    /// The last place before this one at which it may be cut.
    pub(crate) fn before(&self, position: usize) -> Option<usize> {
        self.cuts.iter().rev().find(|cut| cut.at <= position).map(|cut| cut.at)
    }

    /// Drops `bytes` from the start of the text and the places up to `settled`, which is told in bytes
    /// of the text before that.
    pub(crate) fn forget(&mut self, settled: usize, bytes: usize) {
        while self.cuts.front().is_some_and(|cut| cut.at <= settled) {
            self.cuts.pop_front();
        }
        for cut in &mut self.cuts {
            cut.at -= bytes;
        }
        self.read -= bytes;
        self.token.start = self.token.start.saturating_sub(bytes);
        if let Some((_, start)) = &mut self.quote {
            *start = start.saturating_sub(bytes);
        }
        if let Some(pem) = &mut self.pem {
            pem.start = pem.start.saturating_sub(bytes);
            pem.closing = pem.closing.map(|at| at.saturating_sub(bytes));
        }
    }

    /// Reads the character at this place, which is the next one.
    pub(crate) fn character(&mut self, text: &str, at: usize, character: char) {
        self.read = at + character.len_utf8();
        if normalise::is_ignorable(character) {
            return;
        }
        let space = character.is_whitespace();
        let begins = !space
            && self
                .last
                .is_none_or(|last| last.is_whitespace() || (is_wide(last) || is_wide(character)));
        self.close_quote(at, character);
        self.close_pem(text, at);
        if begins {
            self.begin(at, character);
        }
        if space {
            self.between(character);
        } else {
            self.within(text, at, character);
        }
        self.last = Some(character);
    }

    /// A token begins here.
    fn begin(&mut self, at: usize, character: char) {
        let before = std::mem::replace(&mut self.token, Token { start: at, ..Token::default() });
        self.plain = [self.plain[1], before.is_plain()];
        if before.chars == 0 {
            self.plain = [true; 2];
        }
        let number =
            character.is_numeric() || matches!(character, '(' | ')' | '+' | '-' | '.' | '/');
        let goes_on = number && self.gap.chars.is_some_and(|chars| chars <= GAP_CHARS_MAX);
        let line_goes_on = self.last == Some('\n') && before.base64 >= BASE64_LINE_MIN;
        if at > 0 && !goes_on && !line_goes_on && self.quote.is_none() && self.pem.is_none() {
            let (clean, words) = (self.plain == [true; 2], self.words);
            self.cuts.push_back(Cut { at, clean, words });
        }
    }

    /// White space.
    fn between(&mut self, character: char) {
        if let Some(chars) = self.gap.chars {
            let ends = chars >= GAP_CHARS_MAX || matches!(character, '\n' | '\r');
            self.gap.chars = if ends { None } else { Some(chars + 1) };
        }
    }

    /// A character of a token.
    fn within(&mut self, text: &str, at: usize, character: char) {
        let token = &mut self.token;
        token.chars += 1;
        if token.chars == 1 {
            token.dashes = character == '-';
        }
        if character.is_ascii_alphanumeric() || matches!(character, '+' | '/' | '=' | '-' | '_') {
            token.base64 += 1;
        }
        if character.is_numeric() {
            token.digit = true;
            self.gap.chars = Some(0);
        } else {
            // Also in the middle of a token: `12-(34`.
            self.gap.chars = match self.gap.chars {
                Some(chars)
                    if matches!(character, '(' | ')' | '-' | '.' | '/')
                        && chars < GAP_CHARS_MAX =>
                {
                    Some(chars + 1)
                }
                _ => None,
            };
        }
        if character.is_alphabetic() {
            token.capital |= !token.letter && !character.is_lowercase() && !is_wide(character);
            self.words += usize::from(!token.letter);
            token.letter = true;
        } else if !matches!(
            character,
            '.' | ',' | ';' | '!' | '?' | '\'' | '"' | '(' | ')' | '’' | '“' | '”'
        ) {
            token.other = true;
        }
        self.open_quote(at, character);
        if token_is_pem(&self.token, text) && self.pem.is_none() {
            self.pem = Some(Pem { start: self.token.start, closing: None });
        }
    }

    fn open_quote(&mut self, at: usize, character: char) {
        let opens = matches!(character, '"' | '\'' | '`') && self.quote.is_none();
        let follows = self.last.is_some_and(|last| {
            matches!(last, '=' | ':' | '>' | '(' | ',' | '[' | '{') || last == ' '
        });
        if opens && follows {
            self.quote = Some((character, at));
        }
    }

    fn close_quote(&mut self, at: usize, character: char) {
        let Some((quote, start)) = self.quote else { return };
        let ends = character == quote || character == '\n' || at - start > QUOTE_BYTES_MAX;
        if ends && at > start {
            self.quote = None;
        }
    }

    /// A block ends with the line of its closer, or is too long to be one.
    fn close_pem(&mut self, text: &str, at: usize) {
        let Some(pem) = &mut self.pem else { return };
        if let Some(closing) = pem.closing {
            let line = text.get(closing..at).unwrap_or_default();
            if line.get(8..).is_some_and(|rest| rest.contains("-----")) || line.len() > 80 {
                self.pem = None;
            }
        } else if at.saturating_sub(pem.start) > PEM_BYTES_MAX {
            self.pem = None;
        } else if at >= 8 && text.get(at - 8..at) == Some("-----END") {
            pem.closing = Some(at - 8);
        }
    }
}

impl Token {
    /// A word that no number, name or key begins or ends with.
    const fn is_plain(&self) -> bool {
        self.chars > 1 && !self.digit && !self.capital && !self.other
    }
}

fn token_is_pem(token: &Token, text: &str) -> bool {
    token.dashes && text.get(token.start..).is_some_and(|rest| rest.starts_with(PEM_OPENER))
}

/// Where detectors need to read from for what stands at a position: so many bytes before it, from the
/// start of a word on, since the end of a word can look like a word.
pub(crate) fn word_start(text: &str, position: usize) -> usize {
    let from = text.floor_char_boundary(position.saturating_sub(LEFT_BYTES));
    let left = text.get(from..position).unwrap_or_default();
    if from == 0 {
        return 0;
    }
    left.char_indices().find(|(_, c)| c.is_whitespace()).map_or(from, |(at, _)| from + at)
}

/// Scripts that are written without spaces between words.
pub(crate) const fn is_wide(character: char) -> bool {
    matches!(character, '\u{E00}'..='\u{EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}'
        | '\u{3000}'..='\u{303F}' | '\u{3041}'..='\u{30FF}' | '\u{3400}'..='\u{4DBF}'
        | '\u{4E00}'..='\u{9FFF}' | '\u{20000}'..='\u{3FFFF}')
}
