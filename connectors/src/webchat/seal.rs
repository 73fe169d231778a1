//! Values that browsers carry for us and can neither read nor change: who is signed in, what was uploaded.
//!
//! AES-256-GCM under a key that all processes of an installation share, so that any of them opens what
//! another one sealed. The purpose is authenticated: a ticket of an upload is never taken for a person.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    rand::{SecureRandom, SystemRandom},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use types::Timestamp;

/// What a sealed value is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Somebody signed in.
    Person,
    /// Something was uploaded.
    Attachment,
}

/// The longest sealed text that is opened.
const SEALED_CHARS_MAX: usize = 2048;

/// What seals and opens.
pub(super) struct Seal(LessSafeKey);

#[derive(Serialize, Deserialize)]
struct Dated<T> {
    /// In microseconds since 1970.
    until: i64,
    value: T,
}

impl Purpose {
    const fn name(self) -> &'static [u8] {
        match self {
            Self::Person => b"orchestack webchat person v1",
            Self::Attachment => b"orchestack webchat attachment v1",
        }
    }
}

impl Seal {
    /// With a key of 32 bytes; `None` for one of another length.
    pub(super) fn new(key: &[u8]) -> Option<Self> {
        UnboundKey::new(&AES_256_GCM, key).ok().map(|key| Self(LessSafeKey::new(key)))
    }

    /// Seals a value until a time; `None` where the system gives no randomness.
    pub(super) fn seal(
        &self,
        purpose: Purpose,
        value: &impl Serialize,
        until: Timestamp,
    ) -> Option<String> {
        let mut nonce = [0_u8; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).ok()?;
        let mut text = serde_json::to_vec(&Dated { until: until.0, value }).ok()?;
        let unique = Nonce::assume_unique_for_key(nonce);
        let aad = Aad::from(purpose.name());
        self.0.seal_in_place_append_tag(unique, aad, &mut text).ok()?;
        let mut whole = nonce.to_vec();
        whole.extend(text);
        Some(URL_SAFE_NO_PAD.encode(whole))
    }

    /// The value of a sealed text, where we sealed it for this purpose and its time is not over.
    pub(super) fn open<T: DeserializeOwned>(
        &self,
        purpose: Purpose,
        sealed: &str,
        now: Timestamp,
    ) -> Option<T> {
        if sealed.len() > SEALED_CHARS_MAX {
            return None;
        }
        let whole = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (nonce, rest) = whole.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut rest = rest.to_vec();
        let text = self.0.open_in_place(nonce, Aad::from(purpose.name()), &mut rest).ok()?;
        let dated: Dated<T> = serde_json::from_slice(text).ok()?;
        (now.0 < dated.until).then_some(dated.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000);

    fn seal(key: u8) -> Seal {
        Seal::new(&[key; 32]).unwrap()
    }

    #[test]
    fn what_is_sealed_opens_for_its_purpose_under_its_key_in_its_time() {
        let sealed = seal(1).seal(Purpose::Person, &"anna", NOW.plus_seconds(60)).unwrap();
        let open = |key: u8, purpose, text: &str, now| -> Option<String> {
            seal(key).open(purpose, text, now)
        };
        assert_eq!(open(1, Purpose::Person, &sealed, NOW).as_deref(), Some("anna"));
        assert_eq!(open(2, Purpose::Person, &sealed, NOW), None);
        assert_eq!(open(1, Purpose::Attachment, &sealed, NOW), None);
        assert_eq!(open(1, Purpose::Person, &sealed, NOW.plus_seconds(60)), None);
        assert!(!sealed.contains("anna"));
        for cut in 0..sealed.len() {
            assert_eq!(open(1, Purpose::Person, &sealed[..cut], NOW), None);
        }
        let mut changed = sealed.into_bytes();
        changed[20] ^= 1;
        let changed = String::from_utf8(changed).unwrap();
        assert_eq!(open(1, Purpose::Person, &changed, NOW), None);
    }

    #[test]
    fn a_key_of_another_length_is_none() {
        assert!(Seal::new(&[1; 16]).is_none());
    }
}
