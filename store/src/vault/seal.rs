//! How values are sealed: a key for each tenant, made of one that is not in the database (HKDF, RFC 5869),
//! AES-256-GCM (NIST SP 800-38D) with a random nonce for each value, and everything that says whose the
//! value is as associated data. A row that was moved to another session, or changed, does not open.

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hkdf::{HKDF_SHA256, KeyType, Prk, Salt},
    hmac,
    rand::{SecureRandom, SystemRandom},
};
use types::TenantId;

use super::Owner;
use crate::Error;

/// What all keys of the vault are made of.
#[derive(Clone)]
pub struct MasterKey(Prk);

impl MasterKey {
    /// Of a secret: at least 32 bytes that nobody can guess.
    pub fn of(secret: &[u8]) -> Self {
        Self(Salt::new(HKDF_SHA256, b"orchestack dlp tokens v1").extract(secret))
    }

    /// Seals a text of a tenant, so that it opens for the same purpose and for what it is about alone.
    ///
    /// # Errors
    /// [`Error::Sealing`] where the system has no randomness.
    pub fn seal(
        &self,
        (purpose, tenant): (&str, TenantId),
        about: &[&str],
        text: &str,
    ) -> Result<Sealed, Error> {
        let key = sealing(self, purpose, tenant)?;
        seal_in(&key, &joined(about), text).map(Sealed)
    }

    /// What was sealed; `None` where the key is another one, or somebody changed or moved it.
    pub fn open(
        &self,
        (purpose, tenant): (&str, TenantId),
        about: &[&str],
        sealed: &Sealed,
    ) -> Option<String> {
        open_in(&sealing(self, purpose, tenant).ok()?, &joined(about), &sealed.0)
    }

    /// A key of a tenant for one purpose.
    pub(crate) fn derive(&self, purpose: &str, tenant: TenantId) -> Option<[u8; 32]> {
        let tenant = tenant.to_string();
        let info = [purpose.as_bytes(), b"\0", tenant.as_bytes()];
        let mut key = [0; 32];
        self.0.expand(&info, Bytes32).ok()?.fill(&mut key).ok()?;
        Some(key)
    }
}

/// A text that only [`MasterKey::open`] reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed(pub(crate) String);

/// The length of a derived key.
struct Bytes32;

impl KeyType for Bytes32 {
    fn len(&self) -> usize {
        32
    }
}

/// The keys of one tenant.
pub(super) struct Keys {
    index: hmac::Key,
    seal: LessSafeKey,
}

impl Keys {
    /// # Errors
    /// [`Error::Sealing`], which no key of the right length makes.
    pub(super) fn of(master: &MasterKey, tenant: TenantId) -> Result<Self, Error> {
        let index = master.derive("index", tenant).ok_or(Error::Sealing)?;
        let index = hmac::Key::new(hmac::HMAC_SHA256, &index);
        Ok(Self { index, seal: sealing(master, "seal", tenant)? })
    }

    /// Where a value stands in the map of its session. It tells nothing of the value, and not even
    /// whether another session has the same.
    pub(super) fn hash(&self, of: &Owner, kind: &str, value: &str) -> String {
        let tag = hmac::sign(&self.index, &joined(&[&of.name(), kind, value]));
        STANDARD_NO_PAD.encode(tag)
    }

    /// # Errors
    /// [`Error::Sealing`] where the system has no randomness.
    pub(super) fn seal(
        &self,
        of: &Owner,
        (kind, token): (&str, &str),
        value: &str,
    ) -> Result<String, Error> {
        seal_in(&self.seal, &joined(&[&of.name(), kind, token]), value)
    }

    /// What was sealed; `None` where the key is another one or somebody changed the row.
    pub(super) fn open(
        &self,
        of: &Owner,
        (kind, token): (&str, &str),
        sealed: &str,
    ) -> Option<String> {
        open_in(&self.seal, &joined(&[&of.name(), kind, token]), sealed)
    }
}

fn sealing(master: &MasterKey, purpose: &str, tenant: TenantId) -> Result<LessSafeKey, Error> {
    let key = master.derive(purpose, tenant).ok_or(Error::Sealing)?;
    UnboundKey::new(&AES_256_GCM, &key).map(LessSafeKey::new).map_err(|_| Error::Sealing)
}

fn seal_in(key: &LessSafeKey, about: &[u8], value: &str) -> Result<String, Error> {
    let mut nonce = [0; NONCE_LEN];
    SystemRandom::new().fill(&mut nonce).map_err(|_| Error::Sealing)?;
    let mut sealed = value.as_bytes().to_vec();
    let unique = Nonce::assume_unique_for_key(nonce);
    key.seal_in_place_append_tag(unique, Aad::from(about), &mut sealed)
        .map_err(|_| Error::Sealing)?;
    Ok(STANDARD_NO_PAD.encode([&nonce[..], &sealed].concat()))
}

fn open_in(key: &LessSafeKey, about: &[u8], sealed: &str) -> Option<String> {
    let bytes = STANDARD_NO_PAD.decode(sealed).ok()?;
    let (nonce, sealed) = bytes.split_first_chunk::<NONCE_LEN>()?;
    let mut sealed = sealed.to_vec();
    let nonce = Nonce::assume_unique_for_key(*nonce);
    let value = key.open_in_place(nonce, Aad::from(about), &mut sealed).ok()?;
    String::from_utf8(value.to_vec()).ok()
}

/// Texts in one row that can be read in one way only: each is preceded by its length.
fn joined(texts: &[&str]) -> Vec<u8> {
    let mut all = Vec::new();
    for text in texts {
        all.extend_from_slice(&(text.len() as u64).to_le_bytes());
        all.extend_from_slice(text.as_bytes());
    }
    all
}

#[cfg(test)]
mod tests {
    use types::{AgentId, SessionId};

    use super::*;

    fn owner(number: u128) -> Owner {
        Owner {
            tenant: TenantId::from_parts(1, 1),
            agent: AgentId::from_parts(1, 1),
            session: SessionId::from_parts(1, number),
        }
    }

    #[test]
    fn a_value_opens_for_its_owner_and_its_token_alone() {
        let keys = Keys::of(&MasterKey::of(&[7; 32]), owner(1).tenant).unwrap();
        let about = ("email", "[[EMAIL:7f3k2q]]");
        let sealed = keys.seal(&owner(1), about, "ann@example.com").unwrap();
        assert!(!sealed.contains("ann"));
        assert_eq!(keys.open(&owner(1), about, &sealed).as_deref(), Some("ann@example.com"));
        assert_ne!(keys.seal(&owner(1), about, "ann@example.com").unwrap(), sealed);
        assert_eq!(keys.open(&owner(2), about, &sealed), None);
        assert_eq!(keys.open(&owner(1), ("phone", about.1), &sealed), None);
        assert_eq!(keys.open(&owner(1), ("email", "[[EMAIL:7f3k2r]]"), &sealed), None);
        let other = Keys::of(&MasterKey::of(&[8; 32]), owner(1).tenant).unwrap();
        assert_eq!(other.open(&owner(1), about, &sealed), None);
        let tenant = Keys::of(&MasterKey::of(&[7; 32]), TenantId::from_parts(1, 2)).unwrap();
        assert_eq!(tenant.open(&owner(1), about, &sealed), None);
        for broken in ["", "AAAA", &sealed[1..], &sealed[..sealed.len() - 1]] {
            assert_eq!(keys.open(&owner(1), about, broken), None, "{broken}");
        }
    }

    #[test]
    fn a_place_in_the_map_is_a_values_and_a_sessions() {
        let keys = Keys::of(&MasterKey::of(&[7; 32]), owner(1).tenant).unwrap();
        let place = |of, kind, value| keys.hash(&owner(of), kind, value);
        assert_eq!(place(1, "email", "a@b.org"), place(1, "email", "a@b.org"));
        assert_ne!(place(1, "email", "a@b.org"), place(2, "email", "a@b.org"));
        assert_ne!(place(1, "email", "a@b.org"), place(1, "phone", "a@b.org"));
        assert_ne!(place(1, "email", "a"), place(1, "emaila", ""));
    }
}
