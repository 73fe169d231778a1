//! What is known of words: whether they are names, how common, what they cue.

/// Two to this power is the number of buckets of the table.
pub(crate) const BUCKETS_LOG: u32 = 14;
/// The words of a bucket, which lie in one line of a processor's cache and are compared at once: where
/// a word stands among them costs no branch that nobody can foretell.
pub(crate) const BUCKET_WORDS: usize = 8;
pub(crate) const LEXICON_BYTES: usize = BUCKET_BYTES << BUCKETS_LOG;

const BUCKET_BYTES: usize = 4 * BUCKET_WORDS;

/// An entry holds 20 bits of the word's hash above 12 bits that tell of it.
pub(crate) const FACTS_BITS: u32 = 12;

/// So many buckets are looked at, each full but the last, before a word counts as unknown.
pub(crate) const PROBES_MAX: usize = 8;

/// What a word is to the words beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Word(pub(crate) u16);

impl Word {
    pub(crate) const NONE: Self = Self(0);

    /// 0 to 3: how common it is as a given name.
    pub(crate) const fn given(self) -> u16 {
        self.0 & 3
    }

    /// The same for a word that is known as nothing else.
    pub(crate) const fn only_given(self) -> u16 {
        if self.common() == 0 && self.place() == 0 { self.given() } else { 0 }
    }

    /// 0 to 3: how common it is as a surname.
    pub(crate) const fn surname(self) -> u16 {
        (self.0 >> 2) & 3
    }

    /// 0 to 3: how common it is as a word in lower case.
    pub(crate) const fn common(self) -> u16 {
        (self.0 >> 4) & 3
    }

    /// 0 to 3: no place, a town, a larger one, a country or state.
    pub(crate) const fn place(self) -> u16 {
        (self.0 >> 6) & 3
    }

    /// One of 16 classes of cues, such as titles, verbs of speech or greetings.
    pub(crate) const fn cue(self) -> u16 {
        (self.0 >> 8) & 15
    }

    /// All that is known, as a number.
    pub(crate) const fn facts(self) -> u16 {
        self.0
    }

    pub(crate) const fn is_name(self) -> bool {
        self.given() > 0 || self.surname() > 0
    }

    pub(crate) const fn is_title(self) -> bool {
        self.cue() == cue::TITLE
    }
}

/// The classes of cues that code looks at; the lexicon has more.
pub(crate) mod cue {
    pub(crate) const TITLE: u16 = 1;
    pub(crate) const PARTICLE: u16 = 2;
    pub(crate) const GREETING: u16 = 3;
}

/// A table of hashed words, read in place.
#[derive(Clone, Copy)]
pub(crate) struct Lexicon<'a> {
    buckets: &'a [u8],
}

impl<'a> Lexicon<'a> {
    pub(crate) const fn new(buckets: &'a [u8]) -> Self {
        Self { buckets }
    }

    /// What is known of a word with this hash.
    pub(crate) fn word(self, key: u64) -> Word {
        let (bucket, print) = place(key);
        for probe in 0..PROBES_MAX {
            let start = (bucket + probe) % (1 << BUCKETS_LOG) * BUCKET_BYTES;
            let bucket = self.buckets.get(start..).and_then(|rest| rest.first_chunk());
            let Some(bucket) = bucket else { return Word::NONE };
            let (found, is_full) = look(bucket, print);
            if found != 0 || !is_full {
                return Word((found & ((1 << FACTS_BITS) - 1)) as u16);
            }
        }
        Word::NONE
    }
}

/// The entry of a bucket with this part of a hash, and whether all of its places are taken.
fn look(bucket: &[u8; BUCKET_BYTES], print: u32) -> (u32, bool) {
    let (entries, _) = bucket.as_chunks::<4>();
    let mut found = 0;
    let mut last = 0;
    for entry in entries {
        last = u32::from_le_bytes(*entry);
        found |= if last >> FACTS_BITS == print { last } else { 0 };
    }
    (found, last != 0)
}

/// The bucket in which a word's entry is looked for first, and what stands in it of the hash.
pub(crate) fn place(key: u64) -> (usize, u32) {
    let mixed = key.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let bucket = (mixed >> (64 - BUCKETS_LOG)) as usize;
    let print = match u32::try_from(mixed >> 20 & ((1 << (32 - FACTS_BITS)) - 1)) {
        Ok(0) | Err(_) => 1,
        Ok(print) => print,
    };
    (bucket, print)
}
