//! Sets of bytes that tokens are written in.

/// A set of classes of ASCII bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Alphabet(u16);

const DIGIT: u16 = 1 << 0;
const LOWER_HEX: u16 = 1 << 1;
const LOWER_REST: u16 = 1 << 2;
const UPPER_HEX: u16 = 1 << 3;
const UPPER_REST: u16 = 1 << 4;
const LINE: u16 = 1 << 5;
const DASH: u16 = 1 << 6;
const DOT: u16 = 1 << 7;
const SLASH: u16 = 1 << 8;
const PLUS: u16 = 1 << 9;
const EQUALS: u16 = 1 << 10;
const PERCENT: u16 = 1 << 11;
const TILDE: u16 = 1 << 12;
const COLON: u16 = 1 << 13;
const LOWER: u16 = LOWER_HEX | LOWER_REST;
const UPPER: u16 = UPPER_HEX | UPPER_REST;

impl Alphabet {
    pub(crate) const DIGITS: Self = Self(DIGIT);
    pub(crate) const LETTERS: Self = Self(LOWER | UPPER);
    /// Lower-case hexadecimal.
    pub(crate) const HEX: Self = Self(DIGIT | LOWER_HEX);
    /// Hexadecimal in any case.
    pub(crate) const ANY_HEX: Self = Self(DIGIT | LOWER_HEX | UPPER_HEX);
    /// Lower-case letters and digits.
    pub(crate) const BASE36: Self = Self(DIGIT | LOWER);
    /// Upper-case letters and digits: base 32 and its like.
    pub(crate) const UPPER36: Self = Self(DIGIT | UPPER);
    pub(crate) const BASE62: Self = Self(DIGIT | LOWER | UPPER);
    /// Letters, digits and `_`.
    pub(crate) const WORD: Self = Self(DIGIT | LOWER | UPPER | LINE);
    /// Letters, digits and `-`.
    pub(crate) const DASHED: Self = Self(DIGIT | LOWER | UPPER | DASH);
    /// RFC 4648 section 5, without padding.
    pub(crate) const URL_SAFE: Self = Self(DIGIT | LOWER | UPPER | LINE | DASH);
    /// The same with padding.
    pub(crate) const URL_PADDED: Self = Self(DIGIT | LOWER | UPPER | LINE | DASH | EQUALS);
    /// RFC 4648 section 4, without padding.
    pub(crate) const BASE64: Self = Self(DIGIT | LOWER | UPPER | PLUS | SLASH);
    /// The same with padding.
    pub(crate) const PADDED: Self = Self(DIGIT | LOWER | UPPER | PLUS | SLASH | EQUALS);
    /// Any base64, padded or not.
    pub(crate) const ANY_BASE64: Self =
        Self(DIGIT | LOWER | UPPER | PLUS | SLASH | LINE | DASH | EQUALS);
    /// base64url and `.`.
    pub(crate) const DOTTED: Self = Self(DIGIT | LOWER | UPPER | LINE | DASH | DOT);
    /// base64url, `.` and `~`: RFC 3986's unreserved characters.
    pub(crate) const UNRESERVED: Self = Self(DIGIT | LOWER | UPPER | LINE | DASH | DOT | TILDE);
    /// Letters, digits and the signs that issuers put between them.
    pub(crate) const SIGNED: Self =
        Self(DIGIT | LOWER | UPPER | LINE | DASH | DOT | SLASH | PLUS | EQUALS | PERCENT);
    /// What a token of OAuth may hold: RFC 6750's `b68token`, `:` and percent signs.
    pub(crate) const BEARER: Self = Self(
        DIGIT | LOWER | UPPER | LINE | DASH | DOT | TILDE | PLUS | SLASH | EQUALS | COLON | PERCENT,
    );

    /// Whether a byte is in it.
    pub(crate) fn has(self, byte: u8) -> bool {
        CLASSES.get(usize::from(byte)).is_some_and(|class| class & self.0 != 0)
    }

    /// Its bytes, in order.
    #[cfg(test)]
    pub(crate) fn bytes(self) -> Vec<u8> {
        (0..=127).filter(|&byte| self.has(byte)).collect()
    }
}

/// The class of each byte.
static CLASSES: [u16; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0_u8;
    loop {
        #[expect(clippy::indexing_slicing, reason = "a byte is below 256, and const has no `get`")]
        {
            classes[byte as usize] = class(byte);
        }
        if byte == u8::MAX {
            break;
        }
        byte += 1;
    }
    classes
};

const fn class(byte: u8) -> u16 {
    match byte {
        b'0'..=b'9' => DIGIT,
        b'a'..=b'f' => LOWER_HEX,
        b'g'..=b'z' => LOWER_REST,
        b'A'..=b'F' => UPPER_HEX,
        b'G'..=b'Z' => UPPER_REST,
        b'_' => LINE,
        b'-' => DASH,
        b'.' => DOT,
        b'/' => SLASH,
        b'+' => PLUS,
        b'=' => EQUALS,
        b'%' => PERCENT,
        b'~' => TILDE,
        b':' => COLON,
        _ => 0,
    }
}
