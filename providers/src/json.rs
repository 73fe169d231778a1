//! A strict check of JSON text before anything is built from it.
//!
//! Two parsers that disagree about one text are a hole: policy sees one request and the provider
//! another. So what parsers are known to disagree about (duplicate keys, lone surrogates, depth,
//! trailing data) is refused here, in one pass and without building a value.

use std::{borrow::Cow, collections::HashSet};

/// How deep a text may nest.
pub const DEPTH_MAX: usize = 64;

/// How many keys all objects of a text may have together.
pub const KEYS_MAX: usize = 100_000;

/// How many values a text may have, keys not counted.
pub const VALUES_MAX: usize = 1_000_000;

/// Objects up to this size find duplicates by comparing, larger ones by a hash set.
const LINEAR_KEYS_MAX: usize = 16;

/// Why a text is refused: the kind and the place, never the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at line {line}, column {column} (byte {position})")]
pub struct JsonFault {
    /// What is wrong.
    pub kind: FaultKind,
    /// Bytes from the start.
    pub position: usize,
    /// From 1.
    pub line: usize,
    /// From 1, in bytes.
    pub column: usize,
}

/// The kinds of faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FaultKind {
    /// Bytes that are not UTF-8.
    #[error("invalid utf-8")]
    Utf8,
    /// The text ends within a value.
    #[error("unexpected end of text")]
    End,
    /// A character that cannot stand here.
    #[error("unexpected character")]
    Syntax,
    /// A control character within a string.
    #[error("control character in a string")]
    Control,
    /// A malformed escape within a string.
    #[error("invalid escape in a string")]
    Escape,
    /// Half of a surrogate pair.
    #[error("lone surrogate in a string")]
    Surrogate,
    /// A malformed number.
    #[error("invalid number")]
    Number,
    /// A key that its object already has. The key may be content, so it is not named.
    #[error("duplicate key")]
    DuplicateKey,
    /// More levels than allowed.
    #[error("nested too deeply")]
    Depth,
    /// More than [`KEYS_MAX`] keys.
    #[error("too many keys")]
    Keys,
    /// More than [`VALUES_MAX`] values.
    #[error("too many values")]
    Values,
    /// Something after the value.
    #[error("trailing data")]
    Trailing,
}

/// Checks that `text` is exactly one JSON value, nested at most `max_depth` levels.
///
/// # Errors
/// The first [`JsonFault`].
pub fn check(text: &[u8], max_depth: usize) -> Result<(), JsonFault> {
    let outcome = match std::str::from_utf8(text) {
        Ok(_) => Scan::new(text, max_depth).run(),
        Err(error) => Err((FaultKind::Utf8, error.valid_up_to())),
    };
    outcome.map_err(|(kind, position)| located(text, kind, position))
}

/// The fault with its line and column, which only a refused text pays for.
fn located(text: &[u8], kind: FaultKind, position: usize) -> JsonFault {
    let before = text.get(..position).unwrap_or(text);
    let line = memchr::memchr_iter(b'\n', before).count() + 1;
    let line_start = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
    JsonFault { kind, position, line, column: before.len() - line_start + 1 }
}

type Outcome<T> = Result<T, (FaultKind, usize)>;

/// An open array or object.
enum Frame<'a> {
    Array,
    Object {
        /// Where this object's keys begin in [`Scan::keys`].
        first_key: usize,
        /// All keys, once there are many.
        set: Option<HashSet<Cow<'a, [u8]>>>,
    },
}

/// The state of one check. Recursion is explicit, so that the stack does not depend on input.
struct Scan<'a> {
    text: &'a [u8],
    at: usize,
    max_depth: usize,
    frames: Vec<Frame<'a>>,
    keys: Vec<Cow<'a, [u8]>>,
    keys_seen: usize,
    values_seen: usize,
}

impl<'a> Scan<'a> {
    fn new(text: &'a [u8], max_depth: usize) -> Self {
        let (frames, keys) = (Vec::with_capacity(8), Vec::with_capacity(32));
        Self { text, at: 0, max_depth, frames, keys, keys_seen: 0, values_seen: 0 }
    }

    fn run(mut self) -> Outcome<()> {
        loop {
            self.spaces();
            if self.value()? {
                continue;
            }
            if self.close()? {
                break;
            }
        }
        self.spaces();
        if self.at == self.text.len() { Ok(()) } else { self.fault(FaultKind::Trailing) }
    }

    /// Reads a value, or opens one that is not empty; then it is true and its first value follows.
    fn value(&mut self) -> Outcome<bool> {
        self.values_seen += 1;
        if self.values_seen > VALUES_MAX {
            return self.fault(FaultKind::Values);
        }
        match self.peek() {
            Some(b'"') => self.string().map(|_| false),
            Some(b'{') => self.open(Frame::Object { first_key: self.keys.len(), set: None }, b'}'),
            Some(b'[') => self.open(Frame::Array, b']'),
            Some(b'-' | b'0'..=b'9') => self.number().map(|()| false),
            Some(b't') => self.literal(b"true"),
            Some(b'f') => self.literal(b"false"),
            Some(b'n') => self.literal(b"null"),
            Some(_) => self.fault(FaultKind::Syntax),
            None => self.fault(FaultKind::End),
        }
    }

    fn open(&mut self, frame: Frame<'a>, end: u8) -> Outcome<bool> {
        if self.frames.len() >= self.max_depth {
            return self.fault(FaultKind::Depth);
        }
        self.at += 1;
        self.spaces();
        if self.peek() == Some(end) {
            self.at += 1;
            return Ok(false);
        }
        let is_object = matches!(frame, Frame::Object { .. });
        self.frames.push(frame);
        if is_object {
            self.key()?;
        }
        Ok(true)
    }

    /// After a value: closes what ends here. True when nothing is open any more, false when
    /// another value follows.
    fn close(&mut self) -> Outcome<bool> {
        loop {
            let Some(frame) = self.frames.last() else { return Ok(true) };
            let first_key = match frame {
                Frame::Array => None,
                Frame::Object { first_key, .. } => Some(*first_key),
            };
            self.spaces();
            match (self.peek(), first_key) {
                (Some(b','), None) => {
                    self.at += 1;
                    return Ok(false);
                }
                (Some(b','), Some(_)) => {
                    self.at += 1;
                    self.spaces();
                    self.key()?;
                    return Ok(false);
                }
                (Some(b']'), None) => {}
                (Some(b'}'), Some(first_key)) => self.keys.truncate(first_key),
                (Some(_), _) => return self.fault(FaultKind::Syntax),
                (None, _) => return self.fault(FaultKind::End),
            }
            self.at += 1;
            self.frames.pop();
        }
    }

    /// A key with its colon; the object's earlier keys must not have it.
    fn key(&mut self) -> Outcome<()> {
        self.keys_seen += 1;
        if self.keys_seen > KEYS_MAX {
            return self.fault(FaultKind::Keys);
        }
        let start = self.at;
        match self.peek() {
            Some(b'"') => {}
            Some(_) => return self.fault(FaultKind::Syntax),
            None => return self.fault(FaultKind::End),
        }
        let escaped = self.string()?;
        let key = self.unescaped(start, escaped);
        if !self.note_key(key) {
            return Err((FaultKind::DuplicateKey, start));
        }
        self.spaces();
        match self.peek() {
            Some(b':') => {
                self.at += 1;
                Ok(())
            }
            Some(_) => self.fault(FaultKind::Syntax),
            None => self.fault(FaultKind::End),
        }
    }

    /// The key that was just read. `"\u0061"` and `"a"` are the same key.
    fn unescaped(&self, start: usize, escaped: bool) -> Cow<'a, [u8]> {
        let quoted = self.text.get(start..self.at).unwrap_or_default();
        let plain = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default();
        if !escaped {
            return Cow::Borrowed(plain);
        }
        match serde_json::from_slice::<String>(quoted) {
            Ok(text) => Cow::Owned(text.into_bytes()),
            // INVARIANT: `string` accepts only what serde_json reads; the raw text is still a key.
            Err(_) => Cow::Borrowed(plain),
        }
    }

    /// Whether the key is new in the innermost object.
    fn note_key(&mut self, key: Cow<'a, [u8]>) -> bool {
        let Some(Frame::Object { first_key, set }) = self.frames.last_mut() else { return true };
        if let Some(set) = set {
            return set.insert(key);
        }
        let keys = self.keys.get(*first_key..).unwrap_or_default();
        if keys.contains(&key) {
            return false;
        }
        if keys.len() < LINEAR_KEYS_MAX {
            self.keys.push(key);
        } else {
            let mut all: HashSet<_> = self.keys.drain(*first_key..).collect();
            all.insert(key);
            *set = Some(all);
        }
        true
    }

    /// A string; true if it has escapes.
    fn string(&mut self) -> Outcome<bool> {
        self.at += 1;
        let mut escaped = false;
        loop {
            self.at += plain_bytes(self.text.get(self.at..).unwrap_or_default());
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(escaped);
                }
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                Some(_) => return self.fault(FaultKind::Control),
                None => return self.fault(FaultKind::End),
            }
        }
    }

    fn escape(&mut self) -> Outcome<()> {
        let start = self.at;
        self.at += 1;
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 1;
                Ok(())
            }
            Some(b'u') => {
                let first = self.unit()?;
                let is_high = (0xD800..0xDC00).contains(&first);
                let is_low = (0xDC00..0xE000).contains(&first);
                if !is_high && !is_low {
                    return Ok(());
                }
                let pair = self.text.get(self.at..).is_some_and(|rest| rest.starts_with(b"\\u"));
                if is_low || !pair {
                    return Err((FaultKind::Surrogate, start));
                }
                self.at += 1;
                let second = self.unit()?;
                let ok = (0xDC00..0xE000).contains(&second);
                if ok { Ok(()) } else { Err((FaultKind::Surrogate, start)) }
            }
            Some(_) => self.fault(FaultKind::Escape),
            None => self.fault(FaultKind::End),
        }
    }

    /// The four digits after `u`, on which the scan stands.
    fn unit(&mut self) -> Outcome<u32> {
        self.at += 1;
        let mut unit = 0;
        for _ in 0..4 {
            let Some(byte) = self.peek() else { return self.fault(FaultKind::End) };
            let Some(digit) = char::from(byte).to_digit(16) else {
                return self.fault(FaultKind::Escape);
            };
            unit = unit * 16 + digit;
            self.at += 1;
        }
        Ok(unit)
    }

    fn number(&mut self) -> Outcome<()> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let leading_zero = self.peek() == Some(b'0');
        let whole = self.digits()?;
        if leading_zero && whole > 1 {
            return self.fault(FaultKind::Number);
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    /// One digit or more.
    fn digits(&mut self) -> Outcome<usize> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        match (count, rest.is_empty()) {
            (0, true) => self.fault(FaultKind::End),
            (0, false) => self.fault(FaultKind::Number),
            _ => Ok(count),
        }
    }

    fn literal(&mut self, word: &[u8]) -> Outcome<bool> {
        if self.text.get(self.at..).is_some_and(|rest| rest.starts_with(word)) {
            self.at += word.len();
            Ok(false)
        } else {
            self.fault(FaultKind::Syntax)
        }
    }

    fn spaces(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn fault<T>(&self, kind: FaultKind) -> Outcome<T> {
        Err((kind, self.at))
    }
}

/// How many bytes from the start need no look within a string: no quote, backslash or control
/// character. Eight at a time; the bit tricks are the classic "is there a zero byte" test.
fn plain_bytes(text: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    let zero = |word: u64| word.wrapping_sub(ONES) & !word & HIGHS;
    let mut count = 0;
    for chunk in text.as_chunks::<8>().0 {
        let word = u64::from_le_bytes(*chunk);
        let control = word.wrapping_sub(ONES * 0x20) & !word & HIGHS;
        let quote = zero(word ^ (ONES * u64::from(b'"')));
        let backslash = zero(word ^ (ONES * u64::from(b'\\')));
        let found = control | quote | backslash;
        if found != 0 {
            return count + (found.trailing_zeros() / 8) as usize;
        }
        count += 8;
    }
    let tail = text.get(count..).unwrap_or_default();
    count + tail.iter().take_while(|&&b| b >= 0x20 && b != b'"' && b != b'\\').count()
}

#[cfg(test)]
mod tests;
