//! Capability grants as text: `orkg_<payload>.<signature>`, both in URL-safe base64. The payload is the
//! grant as JSON, the signature is Ed25519 (RFC 8032) over the payload's text. One installation
//! signs and verifies, so there is one algorithm and nothing to choose.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use policy::Grant;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use types::Secret;

/// What every grant's text begins with.
const PREFIX: &str = "orkg_";

/// The longest text of a grant, in bytes: it travels in a header.
pub const TEXT_BYTES_MAX: usize = 8 * 1024;

/// Signs grants and verifies them.
pub struct Signer {
    pair: Ed25519KeyPair,
}

/// A grant that cannot be signed.
#[derive(Debug, thiserror::Error)]
#[error("the grant is longer than {TEXT_BYTES_MAX} bytes; name fewer models and tools")]
pub struct TooLong;

impl Signer {
    /// A signer whose key is made of a seed.
    #[expect(clippy::expect_used, reason = "every 32 bytes are a seed of Ed25519")]
    pub(crate) fn from_seed(seed: &[u8; 32]) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed);
        Self { pair: pair.expect("32 bytes are a seed") }
    }

    /// The text of a grant, to be shown once.
    ///
    /// # Errors
    /// [`TooLong`].
    pub fn sign(&self, grant: &Grant) -> Result<Secret, TooLong> {
        let json = serde_json::to_vec(grant).map_err(|_| TooLong)?;
        let payload = URL_SAFE_NO_PAD.encode(json);
        let signature = URL_SAFE_NO_PAD.encode(self.pair.sign(payload.as_bytes()));
        let text = format!("{PREFIX}{payload}.{signature}");
        if text.len() > TEXT_BYTES_MAX { Err(TooLong) } else { Ok(Secret::new(text)) }
    }

    /// The grant that a text carries, if it was signed here. Whether its time is over or it was
    /// revoked is for the caller to see.
    pub fn verify(&self, text: &str) -> Option<Grant> {
        let rest = text.strip_prefix(PREFIX).filter(|_| text.len() <= TEXT_BYTES_MAX)?;
        let (payload, signature) = rest.split_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        let key = UnparsedPublicKey::new(&ED25519, self.pair.public_key());
        // Nothing of a text that somebody else wrote is looked at.
        key.verify(payload.as_bytes(), &signature).ok()?;
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
    }
}

/// Whether a credential has the form of a grant.
pub fn is_grant(text: &str) -> bool {
    text.starts_with(PREFIX)
}

#[cfg(test)]
mod tests {
    use policy::Limits;
    use types::{AgentId, GrantId, TaskId, TenantId, Timestamp};

    use super::*;
    use crate::keys::Pepper;

    fn grant() -> Grant {
        Grant {
            id: GrantId::from_parts(1, 1),
            tenant: TenantId::from_parts(1, 2),
            agent: AgentId::from_parts(1, 3),
            task: Some(TaskId::from_parts(1, 4)),
            run: None,
            epoch: None,
            session: None,
            limits: Limits { models: Some(["m".to_owned()].into()), ..Limits::default() },
            issued_at: Timestamp(1),
            expires_at: Timestamp(2),
        }
    }

    #[test]
    fn a_grant_reads_back_and_every_changed_byte_is_refused() {
        let signer = Pepper::from_bytes(&[7; 32]).signer();
        let text = signer.sign(&grant()).unwrap().expose().to_owned();
        assert!(is_grant(&text));
        assert_eq!(signer.verify(&text), Some(grant()));
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert_eq!(signer.verify(&changed), None, "byte {at}");
        }
        for cut in 0..text.len() {
            assert_eq!(signer.verify(&text[..cut]), None);
        }
    }

    #[test]
    fn a_grant_of_another_installation_is_refused() {
        let text = Pepper::from_bytes(&[7; 32]).signer().sign(&grant()).unwrap();
        assert_eq!(Pepper::from_bytes(&[8; 32]).signer().verify(text.expose()), None);
        // And one that was signed by the same is the same after a restart.
        assert_eq!(Pepper::from_bytes(&[7; 32]).signer().verify(text.expose()), Some(grant()));
    }

    #[test]
    fn a_grant_that_no_header_carries_is_not_signed() {
        let models = (0..2_000).map(|n| format!("model-{n}")).collect();
        let limits = Limits { models: Some(models), ..Limits::default() };
        let signer = Pepper::from_bytes(&[7; 32]).signer();
        assert!(signer.sign(&Grant { limits, ..grant() }).is_err());
    }
}
