//! What is remembered of a text: salted hashes of its words in their order, and nothing that could be read.

use std::fmt;

use ring::hmac;

use super::{
    matching::has,
    words::{Token, tokens},
};

/// The most words and marks of a text that are remembered: 64 KiB of hashes.
pub const PRINT_WORDS_MAX: usize = 16 << 10;

/// The steps that the search for disguises in a text may take.
const STEPS_MAX: u64 = 16 << 20;

/// What stands between two readings of a text: it is no word and no mark.
pub(super) const BREAK: u32 = 0;

/// How much of a tag names a text.
const DIGEST_BYTES: usize = 16;

/// The low bits of a hash: whether it is of a mark, of one that makes one name of what stands on both its
/// sides, and whether no blank is before it.
const MARK: u32 = 1;
const JOINT: u32 = 2;
const JOINED: u32 = 4;
const LOW: u32 = MARK | JOINT | JOINED;

/// What makes hashes those of one session: without it nobody can look for a word in a print.
#[derive(Clone)]
pub struct Salt(hmac::Key);

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt")
    }
}

impl Salt {
    /// Of a secret key.
    pub fn new(key: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    fn hash(&self, (token, joined): &(Token, bool)) -> u32 {
        let (mut buffer, run);
        let (text, kind) = match token {
            Token::Word(word) => (word.as_str(), 0),
            Token::Mark(mark) => {
                let joint = if matches!(mark, '.' | '-' | '_' | '@' | '+') { JOINT } else { 0 };
                buffer = [0; 4];
                (&*mark.encode_utf8(&mut buffer), MARK | joint)
            }
            Token::Run(mark, times) => {
                run = format!("{mark}{times}");
                (run.as_str(), MARK)
            }
        };
        let tag = hmac::sign(&self.0, text.as_bytes());
        let head = tag.as_ref().first_chunk().copied().unwrap_or_default();
        let joined = if *joined { JOINED } else { 0 };
        (u32::from_le_bytes(head) & !LOW).max(LOW + 1) | kind | joined
    }

    /// A name for a text by which nobody can tell what it says: whether it was seen before.
    pub fn digest(&self, text: &str) -> String {
        let tag = hmac::sign(&self.0, &[b"text\0", text.as_bytes()].concat());
        tag.as_ref().iter().take(DIGEST_BYTES).map(|byte| format!("{byte:02x}")).collect()
    }

    /// The hashes of a text's tokens, at most so many.
    pub(super) fn hashes(&self, text: &str, max: usize) -> Vec<u32> {
        tokens(text).take(max).map(|token| self.hash(&token)).collect()
    }
}

/// The print of a text: of the text as it stands, and of what is hidden in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Print(Vec<u32>);

impl Print {
    /// Of a text, of which at most [`PRINT_WORDS_MAX`] words and marks are remembered.
    pub fn of(text: &str, salt: &Salt) -> Self {
        let mut hashes = salt.hashes(text, PRINT_WORDS_MAX);
        // What is left out of a very long text is forgotten, as are its last words.
        let readings = dlp::readings(text, STEPS_MAX);
        for reading in readings.texts {
            if hashes.len() >= PRINT_WORDS_MAX {
                break;
            }
            let more = salt.hashes(&reading, PRINT_WORDS_MAX);
            // The first reading is mostly the text itself.
            if !more.is_empty() && !hashes.starts_with(&more) {
                hashes.push(BREAK);
                hashes.extend(more);
            }
        }
        // One that was not read in every way is as good as cut.
        let length =
            if readings.complete { hashes.len().min(PRINT_WORDS_MAX) } else { PRINT_WORDS_MAX };
        hashes.resize(length, BREAK);
        Self(hashes)
    }

    /// Whether the text may have more than is remembered of it.
    pub const fn is_cut(&self) -> bool {
        self.0.len() >= PRINT_WORDS_MAX
    }

    /// Whether all words of another text are in this one, one after the other.
    pub fn contains(&self, text: &str, salt: &Salt) -> bool {
        has(&words(&self.0), &words(&salt.hashes(text, PRINT_WORDS_MAX)))
    }

    /// How long it is, in bytes.
    pub const fn bytes(&self) -> usize {
        self.0.len() * size_of::<u32>()
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn hashes(&self) -> &[u32] {
        &self.0
    }

    /// The hashes as bytes, to be kept.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|hash| hash.to_le_bytes()).collect()
    }

    /// The print of such bytes; `None` where they are none, or too many.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (hashes, rest) = bytes.as_chunks::<4>();
        (rest.is_empty() && hashes.len() <= PRINT_WORDS_MAX)
            .then(|| Self(hashes.iter().copied().map(u32::from_le_bytes).collect()))
    }
}

pub(super) const fn is_word(hash: u32) -> bool {
    hash & MARK == 0
}

/// Whether it makes one name with the word before it.
pub(super) const fn is_joint(hash: u32) -> bool {
    hash & (JOINT | JOINED) == JOINT | JOINED
}

pub(super) const fn is_joined(hash: u32) -> bool {
    hash & JOINED != 0
}

/// The hash as it is where a blank is before it.
pub(super) const fn apart(hash: u32) -> u32 {
    hash & !JOINED
}

/// The words alone, and the breaks, whatever is between them.
pub(super) fn words(hashes: &[u32]) -> Vec<u32> {
    hashes.iter().copied().filter(|hash| is_word(*hash)).map(apart).collect()
}
