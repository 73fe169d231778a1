//! API keys and admin tokens: their form, their keyed hashes, and how one is checked.
//!
//! A key is `ork_<id>_<secret>`: the id is public and finds the row, the secret is 256 random
//! bits in URL-safe base64. Only HMAC-SHA256 under a pepper that is not in the database is kept,
//! so that a leaked database opens nothing.

use std::{io, path::Path};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    digest, hmac,
    rand::{SecureRandom, SystemRandom},
};
use types::{KeyId, Secret};

use crate::grants::Signer;

/// Length of secrets and of the pepper, in bytes.
const SECRET_BYTES: usize = 32;

/// The key of the keyed hash.
#[derive(Clone)]
pub struct Pepper(hmac::Key);

/// A key or token that was just made. The text exists here and nowhere else.
pub struct Minted {
    /// What the caller will send.
    pub text: Secret,
    /// What is stored, in hexadecimal.
    pub hash: String,
}

/// The system has no randomness to give.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gave no random bytes")]
pub struct NoRandomness;

impl Pepper {
    /// Reads the pepper from `file`, or makes one there, readable by this user alone.
    ///
    /// # Errors
    /// The file's own error, or `InvalidData` where it does not hold 32 bytes.
    pub fn at(file: &Path) -> io::Result<Self> {
        store::keyfile::at(file, "all keys are void").map(|bytes| Self::from_bytes(&bytes))
    }

    /// A pepper from bytes, such as those of a shared secret.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, bytes))
    }

    /// Makes the secret of an API key.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn mint_key(&self, id: KeyId) -> Result<Minted, NoRandomness> {
        let secret = URL_SAFE_NO_PAD.encode(random()?);
        let public = id.to_string().trim_start_matches("key_").to_ascii_lowercase();
        Ok(Minted { hash: self.hash(&secret), text: Secret::new(format!("ork_{public}_{secret}")) })
    }

    /// Makes the secret of a cookie, which is kept as a [`Pepper::tag`] alone.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn mint_cookie(&self) -> Result<Secret, NoRandomness> {
        Ok(Secret::new(URL_SAFE_NO_PAD.encode(random()?)))
    }

    /// Makes an admin token, `ora_<secret>`.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn mint_token(&self) -> Result<Minted, NoRandomness> {
        let secret = URL_SAFE_NO_PAD.encode(random()?);
        Ok(Minted { hash: self.hash(&secret), text: Secret::new(format!("ora_{secret}")) })
    }

    /// Whether `secret` has this stored hash, in constant time.
    pub fn matches(&self, secret: &str, stored: &str) -> bool {
        let Some(tag) = from_hex(stored) else { return false };
        hmac::verify(&self.0, secret.as_bytes(), &tag).is_ok()
    }

    /// What signs capability grants. Its key is made of the pepper, so that one secret is kept and
    /// shared by the processes of an installation.
    pub fn signer(&self) -> Signer {
        Signer::from_seed(&self.derive("orchestack capability grants v1"))
    }

    /// A key for another purpose, which tells nothing of the pepper or of other purposes' keys.
    pub fn derive(&self, purpose: &str) -> [u8; SECRET_BYTES] {
        let tag = hmac::sign(&self.0, purpose.as_bytes());
        let mut key = [0; SECRET_BYTES];
        key.copy_from_slice(tag.as_ref());
        key
    }

    /// A keyed hash of a text for one purpose, in hexadecimal.
    pub fn tag(&self, purpose: &str, text: &str) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.derive(purpose));
        to_hex(hmac::sign(&key, text.as_bytes()).as_ref())
    }

    fn hash(&self, secret: &str) -> String {
        to_hex(hmac::sign(&self.0, secret.as_bytes()).as_ref())
    }
}

/// The id and the secret of an API key's text, if it has the form of one.
pub fn split_key(text: &str) -> Option<(KeyId, &str)> {
    let (public, secret) = text.strip_prefix("ork_")?.split_once('_')?;
    let id = format!("key_{}", public.to_ascii_uppercase()).parse().ok()?;
    (secret.len() == 43).then_some((id, secret))
}

/// The secret of an admin token's text, if it has the form of one.
pub fn split_token(text: &str) -> Option<&str> {
    text.strip_prefix("ora_").filter(|secret| secret.len() == 43)
}

/// SHA-256 in hexadecimal, for records that name content without showing it.
pub fn sha256_hex(bytes: &[u8]) -> String {
    to_hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

fn random() -> Result<[u8; SECRET_BYTES], NoRandomness> {
    let mut bytes = [0; SECRET_BYTES];
    SystemRandom::new().fill(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(bytes)
}

/// Bytes in hexadecimal.
pub fn to_hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(*DIGITS.get(usize::from(nibble)).unwrap_or(&b'?'));
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// The bytes that a hexadecimal text stands for.
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |c: u8| char::from(c).to_digit(16).and_then(|d| u8::try_from(d).ok());
    text.as_bytes()
        .chunks(2)
        .map(|pair| match *pair {
            [high, low] => Some(digit(high)? << 4 | digit(low)?),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_secret_matches() {
        let pepper = Pepper::from_bytes(&[7; 32]);
        let id = KeyId::from_parts(1, 2);
        let minted = pepper.mint_key(id).unwrap();
        let text = minted.text.expose().to_owned();
        let (found, secret) = split_key(&text).unwrap();
        assert_eq!(found, id);
        assert!(pepper.matches(secret, &minted.hash));
        assert!(!pepper.matches(&secret[1..], &minted.hash));
        assert!(!pepper.matches(secret, &minted.hash[2..]));
        assert!(!Pepper::from_bytes(&[8; 32]).matches(secret, &minted.hash));
        assert!(!minted.hash.contains(secret));
    }

    #[test]
    fn text_that_is_no_key_is_told_apart() {
        for text in ["", "ork_", "ork_x_y", "sk-123", "ork_01arz3ndektsv4rrffq69g5fav_short"] {
            assert!(split_key(text).is_none(), "{text}");
        }
    }

    #[test]
    fn the_pepper_survives_a_restart_and_is_private() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("pepper");
        let minted = Pepper::at(&file).unwrap().mint_token().unwrap();
        let secret = split_token(minted.text.expose()).unwrap().to_owned();
        assert!(Pepper::at(&file).unwrap().matches(&secret, &minted.hash));
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::write(&file, "short").unwrap();
        assert!(Pepper::at(&file).is_err());
    }
}
