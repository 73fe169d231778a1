//! The token of a conversation: whoever has it reads and writes there.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    digest,
    rand::{SecureRandom, SystemRandom},
};
use types::Secret;

/// 256 random bits. Only its hash is kept: it is the conversation's name in the database.
#[derive(Clone)]
pub(super) struct Token(Secret);

const PREFIX: &str = "orc_";
const SECRET_BYTES: usize = 32;
/// Of 32 bytes in URL-safe base64.
const SECRET_CHARS: usize = 43;

impl Token {
    /// A new one; `None` where the system gives no randomness.
    pub(super) fn generate() -> Option<Self> {
        let mut bytes = [0_u8; SECRET_BYTES];
        SystemRandom::new().fill(&mut bytes).ok()?;
        Some(Self(Secret::new(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)))))
    }

    /// A text that has the form of one.
    pub(super) fn read(text: &str) -> Option<Self> {
        let secret = text.strip_prefix(PREFIX)?;
        let bytes = URL_SAFE_NO_PAD.decode(secret).ok()?;
        (secret.len() == SECRET_CHARS && bytes.len() == SECRET_BYTES)
            .then(|| Self(Secret::new(text)))
    }

    /// The text that goes to its owner, and nowhere else.
    pub(super) fn expose(&self) -> &str {
        self.0.expose()
    }

    /// The conversation's name in the database: SHA-256 of the text, in hexadecimal.
    pub(super) fn conversation(&self) -> String {
        let hash = digest::digest(&digest::SHA256, self.0.expose().as_bytes());
        hex(hash.as_ref())
    }
}

/// Bytes in hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_whole_or_not_at_all() {
        let token = Token::generate().unwrap();
        let read = Token::read(token.expose()).unwrap();
        assert_eq!(read.conversation(), token.conversation());
        assert_eq!(token.conversation().len(), 64);
        assert!(!token.conversation().contains(token.expose()));
        let text = token.expose();
        for bad in [&text[1..], &text[..text.len() - 1], "orc_", "", &format!("{text}A")] {
            assert!(Token::read(bad).is_none(), "{bad}");
        }
        assert!(Token::read(&text.replacen('o', "O", 1)).is_none());
    }
}
