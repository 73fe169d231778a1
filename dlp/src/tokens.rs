//! Values and the tokens that stand for them, such as `[[EMAIL:7f3k2q]]`: the map of one session.

use std::{collections::BTreeMap, fmt, ops::Range};

use crate::Kind;

/// Characters of a token's random part: 30 bits, so that guessing one of a session's few tokens takes
/// some hundred million tries.
const RANDOM_CHARS: usize = 6;

/// Letters and digits that are not taken for each other.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// What a token begins and ends with.
pub(crate) const OPENER: &str = "[[";
pub(crate) const CLOSER: &str = "]]";

/// The longest token of any kind, in bytes.
pub(crate) const TOKEN_BYTES_MAX: usize = 96;

/// The map of one session, or of one request without a session. The same value has the same token.
///
/// It holds what was matched: it is never printed, and leaves this crate only as [`Fresh`] entries for
/// a vault and as the values that a [`crate::Restorer`] is allowed to put back.
pub struct Tokens {
    random: fn() -> u64,
    tokens: BTreeMap<(Kind, String), String>,
    values: BTreeMap<String, (Kind, String)>,
    fresh: Vec<Fresh>,
}

/// A token that was made since the last call of [`Tokens::fresh`], for a vault to keep.
pub struct Fresh {
    /// What the value is.
    pub kind: Kind,
    /// The token, with its brackets.
    pub token: String,
    /// The value: to be encrypted, and never to be logged.
    pub value: String,
}

impl Tokens {
    /// An empty map that takes its random numbers from here. They must not be guessable.
    pub const fn new(random: fn() -> u64) -> Self {
        Self { random, tokens: BTreeMap::new(), values: BTreeMap::new(), fresh: Vec::new() }
    }

    /// The token that stands for a value: the one that it has, or a new one.
    pub fn token(&mut self, kind: Kind, value: &str) -> String {
        if let Some(token) = self.tokens.get(&(kind, value.to_owned())) {
            return token.clone();
        }
        let name = kind.marker();
        let token = loop {
            let token = format!("{OPENER}{name}:{}{CLOSER}", random_part((self.random)()));
            if !self.values.contains_key(&token) {
                break token;
            }
        };
        self.insert(kind, &token, value);
        let (token, value) = (token, value.to_owned());
        self.fresh.push(Fresh { kind, token: token.clone(), value });
        token
    }

    /// What stands behind a token of this map.
    pub fn value(&self, token: &str) -> Option<(Kind, &str)> {
        self.values.get(token).map(|(kind, value)| (*kind, value.as_str()))
    }

    /// Adds what a vault had.
    pub fn insert(&mut self, kind: Kind, token: &str, value: &str) {
        self.tokens.insert((kind, value.to_owned()), token.to_owned());
        self.values.insert(token.to_owned(), (kind, value.to_owned()));
    }

    /// The entries that were made since the last call.
    pub fn fresh(&mut self) -> Vec<Fresh> {
        std::mem::take(&mut self.fresh)
    }

    /// What has the form of a token in a text, in order. The time that it takes grows with the text alone.
    pub fn in_text(text: &str) -> impl Iterator<Item = &str> {
        spans(text).filter_map(|span| text.get(span))
    }

    /// How many values it has.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}

fn random_part(random: u64) -> String {
    let digit = |place: usize| {
        let index = usize::try_from((random >> (5 * place)) & 31).unwrap_or(0);
        char::from(ALPHABET.get(index).copied().unwrap_or(b'a'))
    };
    (0..RANDOM_CHARS).map(digit).collect()
}

/// The token that begins at the start of this text, if one does: two brackets, the name of a kind, a
/// colon and the random part.
pub(crate) fn at_start(text: &str) -> Option<&str> {
    let inner = text.strip_prefix(OPENER)?;
    let name = inner.bytes().take(TOKEN_BYTES_MAX).position(|byte| !is_name(byte))?;
    let rest = inner.get(name..)?.strip_prefix(':')?;
    let random = rest.get(..RANDOM_CHARS)?;
    let is_whole = name > 0
        && random.bytes().all(|byte| ALPHABET.contains(&byte))
        && rest.get(RANDOM_CHARS..)?.starts_with(CLOSER);
    let length = OPENER.len() + name + 1 + RANDOM_CHARS + CLOSER.len();
    text.get(..length).filter(|token| is_whole && token.len() <= TOKEN_BYTES_MAX)
}

/// Whether more text could make a token of this.
pub(crate) fn may_become(text: &str) -> bool {
    let Some(inner) = text.strip_prefix(OPENER) else { return OPENER.starts_with(text) };
    let (name, random) = inner.split_once(':').unwrap_or((inner, ""));
    let (random, end) = random.split_at_checked(RANDOM_CHARS).unwrap_or((random, ""));
    text.len() < TOKEN_BYTES_MAX
        && name.bytes().all(is_name)
        && (random.is_empty() || !name.is_empty())
        && random.bytes().all(|byte| ALPHABET.contains(&byte))
        && CLOSER.starts_with(end)
}

/// Where tokens stand in a text.
pub(crate) fn spans(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let openers = memchr::memchr_iter(b'[', text.as_bytes());
    openers.filter_map(|start| Some(start..start + at_start(text.get(start..)?)?.len()))
}

/// Where tokens stand whose name is that of a kind, each with its random part. Any other name is no
/// name of ours, but may be a value.
pub(crate) fn known(text: &str) -> impl Iterator<Item = [Range<usize>; 2]> + '_ {
    let is_known = |span: &Range<usize>| text.get(span.clone()).and_then(kind).is_some();
    spans(text).filter(is_known).map(|span| {
        let end = span.end - CLOSER.len();
        [span, end - RANDOM_CHARS..end]
    })
}

/// The kind that a token names.
fn kind(token: &str) -> Option<Kind> {
    let (name, _) = token.strip_prefix(OPENER)?.split_once(':')?;
    name.to_ascii_lowercase().parse().ok()
}

const fn is_name(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_'
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").field("len", &self.len()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Fresh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, token, .. } = self;
        f.debug_struct("Fresh").field("kind", kind).field("token", token).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    static NEXT: AtomicU64 = AtomicU64::new(0);

    fn counted() -> u64 {
        // Every number twice, so that a clash is met.
        NEXT.fetch_add(1, Ordering::Relaxed) / 2
    }

    #[test]
    fn a_value_keeps_its_token_and_no_two_share_one() {
        let mut tokens = Tokens::new(counted);
        let first = tokens.token(Kind::EMAIL, "a@b.org");
        assert_eq!(tokens.token(Kind::EMAIL, "a@b.org"), first);
        let second = tokens.token(Kind::EMAIL, "c@d.org");
        let third = tokens.token(Kind::PHONE, "a@b.org");
        assert!(first != second && second != third && first != third);
        assert_eq!(tokens.value(&second), Some((Kind::EMAIL, "c@d.org")));
        assert_eq!(tokens.value("[[EMAIL:zzzzzz]]"), None);
        assert_eq!((tokens.fresh().len(), tokens.fresh().len(), tokens.len()), (3, 0, 3));
        assert!(!format!("{tokens:?}").contains("a@b.org"));
    }

    #[test]
    fn a_token_has_one_form() {
        for token in ["[[EMAIL:7f3k2q]]", "[[US_SSN:aaaaaa]]", "[[A2:222222]]"] {
            assert_eq!(at_start(&format!("{token}]] and more")), Some(token));
            for cut in 0..token.len() {
                assert_eq!(at_start(&token[..cut]), None);
                assert!(may_become(&token[..cut]), "{}", &token[..cut]);
            }
        }
        for text in [
            "[[EMAIL:7f3k2]]",
            "[[email:7f3k2q]]",
            "[[:7f3k2q]]",
            "[EMAIL:7f3k2q]]",
            "[[EMAIL:7f3k2q]",
            "[[EMAIL:7F3K2Q]]",
            "[[EMAIL:7f3kéq]]",
        ] {
            assert_eq!(at_start(text), None, "{text}");
        }
        for text in ["[[EMAIL:7f3k2qq", "[[:7", "[x", "[[EMAIL: ", "[[EMAIL:7f3k2q]x"] {
            assert!(!may_become(text), "{text}");
        }
        assert_eq!(spans("[[[A:aaaaaa]] [[B:bbbbbb]]").collect::<Vec<_>>(), [1..13, 14..26]);
    }
}
