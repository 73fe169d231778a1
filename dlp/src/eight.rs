//! Eight bytes of a text at once. Where a word ends cannot be foretold, and a branch for each letter costs
//! more than the letters.

/// The lowest bit of each byte.
const EACH: u64 = u64::MAX / 0xff;
/// By which capitals and small letters of ASCII differ.
const LOWER: u64 = 0x20;
/// The highest bit of each byte.
const HIGH: u64 = 0x80 * EACH;

/// Eight bytes, the first one lowest.
#[derive(Clone, Copy)]
pub(crate) struct Eight(u64);

/// Some of eight bytes: the highest bit of each of them.
#[derive(Clone, Copy)]
pub(crate) struct Mask(u64);

/// The first bytes of a word, to eight of them, by which most places where it does not stand are told from
/// those where it may.
#[derive(Clone, Copy)]
pub(crate) struct Head {
    bytes: u64,
    mask: u64,
}

impl Head {
    pub(crate) fn of(word: &[u8]) -> Self {
        let Eight(bytes) = Eight::at(word, 0);
        let mask = if word.len() < 8 { (1 << (8 * word.len())) - 1 } else { u64::MAX };
        let mask = mask & !(LOWER * EACH);
        Self { bytes: bytes & mask, mask }
    }

    /// Whether these bytes can be the word's, in any case. ASCII letters differ by one bit only, which is
    /// looked at in no byte.
    pub(crate) const fn may_begin(self, Eight(bytes): Eight) -> bool {
        bytes & self.mask == self.bytes
    }
}

impl Eight {
    /// The bytes from a position on, with zeros behind the end.
    pub(crate) fn at(bytes: &[u8], position: usize) -> Self {
        let rest = bytes.get(position..).unwrap_or_default();
        Self(match rest.first_chunk() {
            Some(eight) => u64::from_le_bytes(*eight),
            None => rest.iter().rev().fold(0, |sum, &byte| sum << 8 | u64::from(byte)),
        })
    }

    pub(crate) const fn letters(self) -> Mask {
        Self(self.0 | (LOWER * EACH)).within(b'a', b'z')
    }

    pub(crate) const fn digits(self) -> Mask {
        self.within(b'0', b'9')
    }

    /// Which are one of these two of ASCII.
    pub(crate) const fn either(self, one: u8, other: u8) -> Mask {
        self.within(one, one).or(self.within(other, other))
    }

    /// The capitals among letters.
    pub(crate) const fn capitals(self, letters: Mask) -> Mask {
        Mask(letters.0 & !(self.0 << 2))
    }

    /// These, with small letters for these capitals and zeros for the others.
    pub(crate) const fn lowered(self, kept: Mask, capitals: Mask) -> u64 {
        (self.0 | (capitals.0 >> 2)) & ((kept.0 >> 7) * 0xff)
    }

    /// Which are from the first to the last of ASCII.
    const fn within(self, first: u8, last: u8) -> Mask {
        let ascii = self.0 & !HIGH;
        // The sum of two bytes below 0x80 stays within its byte.
        let from = ascii + (0x80 - first as u64) * EACH;
        let beyond = ascii + (0x7f - last as u64) * EACH;
        Mask(from & !beyond & !self.0 & HIGH)
    }
}

impl Mask {
    pub(crate) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) const fn and_not(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) const fn is_full(self) -> bool {
        self.0 == HIGH
    }

    /// Whether there are two or more.
    pub(crate) const fn are_many(self) -> bool {
        self.0 & self.0.wrapping_sub(1) != 0
    }

    /// How many of them are first, without a gap.
    pub(crate) const fn run(self) -> usize {
        ((self.0 ^ HIGH).trailing_zeros() / 8) as usize
    }

    /// Those of the first few.
    pub(crate) const fn first(self, count: usize) -> Self {
        if count < 8 { Self(self.0 & ((1 << (8 * count)) - 1)) } else { self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_told_at_every_place() {
        for place in 0..8 {
            for byte in 0..=u8::MAX {
                let mut bytes = [b'~'; 8];
                bytes[place] = byte;
                let eight = Eight::at(&bytes, 0);
                let bit = 0x80 << (8 * place);
                let check = |mask: Mask, is_in: bool| {
                    assert_eq!(mask.0, if is_in { bit } else { 0 }, "{byte} at {place}");
                };
                check(eight.letters(), byte.is_ascii_alphabetic());
                check(eight.capitals(eight.letters()), byte.is_ascii_uppercase());
                check(eight.digits(), byte.is_ascii_digit());
                check(eight.either(b'+', b'/'), byte == b'+' || byte == b'/');
            }
        }
    }

    #[test]
    fn a_word_may_stand_where_its_first_bytes_do_in_any_case() {
        let may = |word: &[u8], bytes: &[u8]| Head::of(word).may_begin(Eight::at(bytes, 0));
        for (word, bytes, expected) in [
            ("api_key", "API_Key=", true),
            ("api_key", "api_kez", false),
            ("password", "PassWord", true),
            ("passwords", "password", true),
            ("password", "passwor", false),
            ("sk-", "SK-abcde", true),
        ] {
            assert_eq!(may(word.as_bytes(), bytes.as_bytes()), expected, "{word} in {bytes}");
        }
    }

    #[test]
    fn a_run_ends_with_the_first_that_is_none() {
        for (text, run) in
            [("", 0), ("abc", 3), ("ab3", 2), ("abcdefgh", 8), ("abcdefghi", 8), ("3a", 0)]
        {
            let letters = Eight::at(text.as_bytes(), 0).letters();
            assert_eq!(letters.run(), run, "{text}");
            assert_eq!(letters.first(letters.run()).run(), run, "{text}");
        }
        assert!(Eight::at(b"abcdefgh", 0).letters().is_full());
        assert!(!Eight::at(b"abcdefg", 0).letters().is_full());
        assert!(Eight::at(b"abcdefg", 9).letters().is_empty());
    }

    #[test]
    fn capitals_become_small_and_the_rest_nothing() {
        let eight = Eight::at(b"aBc-Z9", 0);
        let letters = eight.letters();
        let lowered = eight.lowered(letters, eight.capitals(letters));
        assert_eq!(lowered.to_le_bytes(), *b"abc\0z\0\0\0");
        assert!(eight.capitals(letters).are_many());
        assert!(!eight.digits().are_many());
    }
}
