//! Whether a text looks as if a machine had drawn it, or as if a person had written it.

/// For each first letter, the second letters that follow it in the words of English and of
/// programs: 270 of the 676 pairs, which make 97 of 100 pairs of written words and 40 of 100 of
/// drawn letters. Counted over the documentation and the names of public Rust libraries.
const PAIRS: [&str; 26] = [
    "bcdfgiklmnprstuvwy",
    "aeilorsuy",
    "acefhiklorstu",
    "adeilorsuy",
    "abcdefgilmnpqrstvwxy",
    "aefgilorstu",
    "aehilnorsu",
    "aeiortu",
    "abcdefglmnoprstvxz",
    "e",
    "eis",
    "adefilostuy",
    "abeimopsu",
    "acdefgiklnopstuvwy",
    "bcdfgiklmnoprstuvw",
    "aeiloprstuy",
    "u",
    "acdefgiklmnorstuvy",
    "acehiklopstuy",
    "acdehiloprstuwy",
    "abcdefgilmnprst",
    "aei",
    "aehinor",
    "aeipt",
    "nopst",
    "e",
];

/// The pairs as bits, made when the program is compiled.
static PAIR_BITS: [u32; 26] = {
    let mut bits = [0; 26];
    let mut row = 0;
    #[expect(
        clippy::indexing_slicing,
        reason = "both loops end at the lengths; const has no `get`"
    )]
    while row < 26 {
        let seconds = PAIRS[row].as_bytes();
        let mut at = 0;
        while at < seconds.len() {
            bits[row] |= 1 << (seconds[at] - b'a');
            at += 1;
        }
        row += 1;
    }
    bits
};

/// What a text is made of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Look {
    pub(super) length: usize,
    pub(super) digits: usize,
    pub(super) lower: usize,
    pub(super) upper: usize,
    /// Bytes that are neither letters nor digits.
    pub(super) other: usize,
    /// Hexadecimal digits of either case.
    hex: usize,
    pub(super) distinct: usize,
    /// Steps from a byte to the same or the next one, as in `aaaa` and `12345`.
    steps: usize,
    /// Changes between letters and digits.
    turns: usize,
    /// Pairs of letters beside each other, and those of them that words have.
    pairs: usize,
    word_pairs: usize,
    /// Shannon's entropy in bits a byte.
    pub(super) entropy: f32,
}

impl Look {
    pub(super) fn at(text: &str) -> Self {
        let mut counts = [0_u16; 256];
        let mut look = Self {
            length: text.len(),
            digits: 0,
            lower: 0,
            upper: 0,
            other: 0,
            hex: 0,
            distinct: 0,
            steps: 0,
            turns: 0,
            pairs: 0,
            word_pairs: 0,
            entropy: 0.0,
        };
        let mut before = 0_u8;
        for byte in text.bytes() {
            if let Some(count) = counts.get_mut(usize::from(byte)) {
                *count = count.saturating_add(1);
            }
            look.add(before, byte);
            before = byte;
        }
        let length = f32::from(u16::try_from(text.len().max(1)).unwrap_or(u16::MAX));
        for count in counts.into_iter().filter(|&count| count > 0) {
            let share = f32::from(count) / length;
            look.distinct += 1;
            look.entropy -= share * share.log2();
        }
        look
    }

    fn add(&mut self, before: u8, byte: u8) {
        match byte {
            b'0'..=b'9' => self.digits += 1,
            b'a'..=b'z' => self.lower += 1,
            b'A'..=b'Z' => self.upper += 1,
            _ => self.other += 1,
        }
        self.hex += usize::from(byte.is_ascii_hexdigit());
        self.steps += usize::from(byte == before || byte == before.wrapping_add(1));
        let turn = before.is_ascii_digit() && byte.is_ascii_alphabetic()
            || before.is_ascii_alphabetic() && byte.is_ascii_digit();
        self.turns += usize::from(turn);
        // A capital after a small letter begins a new word of `camelCase`.
        let same_word = before.is_ascii_alphabetic()
            && byte.is_ascii_alphabetic()
            && !(before.is_ascii_lowercase() && byte.is_ascii_uppercase());
        if same_word {
            self.pairs += 1;
            self.word_pairs += usize::from(is_pair_of_words(before, byte));
        }
    }

    /// Filler such as `xxxxxxxx`, `12345678` or `abcdefgh`. Drawn text of twenty and more
    /// characters has more than seven different ones in all but one of millions.
    pub(super) const fn is_filler(&self) -> bool {
        self.is_uniform() || self.steps * 5 >= self.length * 2
    }

    /// Too few different characters to be drawn.
    pub(super) const fn is_uniform(&self) -> bool {
        self.distinct < if self.length < 16 { self.length / 2 } else { 8 }
    }

    /// Whether its letters stand beside each other as in words. Few pairs must all do so, since
    /// chance makes a third of them; the letters of hexadecimal digits always do.
    pub(super) const fn is_wordy(&self) -> bool {
        let misses = self.pairs - self.word_pairs;
        let misses_max = match self.pairs {
            0..4 => return false,
            4..8 => 0,
            8..12 => 1,
            pairs => pairs * 3 / 10,
        };
        misses <= misses_max && self.hex + self.other < self.length
    }

    /// Whether most of it could be written, which is enough for a short word.
    pub(super) const fn is_written(&self) -> bool {
        self.word_pairs * 10 >= self.pairs * 7
    }

    pub(super) const fn letters(&self) -> usize {
        self.lower + self.upper
    }

    /// Whether it is written in hexadecimal digits of one case.
    pub(super) const fn is_hex(&self) -> bool {
        self.hex == self.length && (self.lower == 0 || self.upper == 0)
    }

    /// Whether it looks drawn: letters and digits mixed, or many letters that make no words.
    pub(super) fn is_random(&self) -> bool {
        if self.is_filler() || self.length < 10 || self.letters() < 2 {
            return false;
        }
        if self.is_hex() {
            return self.length >= 16 && self.digits >= 2 && self.entropy >= 2.7;
        }
        let enough = if self.length < 16 {
            2.7
        } else if self.length < 24 {
            3.1
        } else {
            3.4
        };
        if self.entropy < enough || self.is_wordy() {
            return false;
        }
        if self.digits == 0 {
            return self.other * 8 <= self.length && self.length >= 16 && self.pairs >= 6;
        }
        // `Ed25519KeyPair2020` has two changes in eighteen.
        let mixed = self.turns * 6 >= self.length.min(48) || self.pairs >= 6;
        mixed && self.other * 5 <= self.length
    }
}

fn is_pair_of_words(first: u8, second: u8) -> bool {
    let row = PAIR_BITS.get(usize::from(first.to_ascii_lowercase().wrapping_sub(b'a')));
    row.is_some_and(|bits| bits & (1 << (second.to_ascii_lowercase() - b'a')) != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawn_text_is_told_from_written_text() {
        for drawn in [
            "q7Zt3WmB9xKd5RfV1nHs",
            "2010653d5e34572134d2f8e8bf09918b",
            "05gg3te4t114vf3f992pat7dnq7krl",
            "vzihlaquknriqlht",
            "tv54cx5mprqia4vl8le4",
            "yJ-xZ1qycWHUzTUBKr20pUt6zWFmcHSBHus9769L",
        ] {
            assert!(Look::at(drawn).is_random(), "{drawn} {:?}", Look::at(drawn));
        }
        for written in [
            "",
            "tokenizer2",
            "AgencyIdentificationCode",
            "getPagesInConfluenceSpace",
            "my-secret-name-01",
            "X25519KeyExchange",
            "SecretKey256Bit",
            "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            "12345678901234567890123456789012",
            "abcdefghijklmnopqrstuvwxyz012345",
            "00000000-0000-0000-0000-000000000000",
            "the_quick_brown_fox_2024",
        ] {
            assert!(!Look::at(written).is_random(), "{written} {:?}", Look::at(written));
        }
    }

    #[test]
    fn filler_is_known() {
        for filler in ["xxxxxxxxxxxx", "1234567890", "abcdefghijkl", "XXXX-XXXX-XXXX-XXXX"] {
            assert!(Look::at(filler).is_filler(), "{filler}");
        }
        assert!(!Look::at("IOSFODNN7EXAMPLE").is_filler());
        assert!(!Look::at("super$ecret").is_filler());
    }
}
