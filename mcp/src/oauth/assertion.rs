//! A signed assertion in the place of a secret: `private_key_jwt` (RFC 7523, OpenID Connect Core 9). The key never
//! leaves the gateway.

use std::{fmt, sync::Arc, time::SystemTime};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use ring::{
    rand::{SecureRandom, SystemRandom},
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
        EcdsaSigningAlgorithm, Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
    },
};
use rustls_pki_types::{PrivatePkcs8KeyDer, pem::PemObject};
use serde_json::json;

/// What an assertion proves in the form that asks for a token.
pub(super) const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// How long an assertion is good, in seconds: it is used at once, by clocks that are nearly the same.
const LIFE_SECONDS: u64 = 60;

/// A private key that assertions are signed with.
#[derive(Clone)]
pub struct SigningKey(Arc<Pair>);

enum Pair {
    Ecdsa(EcdsaKeyPair, &'static str),
    Ed25519(Ed25519KeyPair),
    Rsa(RsaKeyPair),
}

/// A text is no private key that can be used. It is not told what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "it is no private key in PKCS#8 and PEM (`-----BEGIN PRIVATE KEY-----`) of the kinds P-256, P-384, Ed25519 or RSA \\
     of 2048 bits and more; `openssl pkcs8 -topk8 -nocrypt -in KEY` converts one"
)]
pub struct NotAKey;

/// Why there is no assertion: the system has no randomness.
#[derive(Debug)]
pub(super) struct Unsigned;

impl SigningKey {
    /// Reads a key from its PEM text.
    ///
    /// # Errors
    /// [`NotAKey`].
    pub fn from_pem(text: &str) -> Result<Self, NotAKey> {
        let der = PrivatePkcs8KeyDer::from_pem_slice(text.as_bytes()).map_err(|_| NotAKey)?;
        let der = der.secret_pkcs8_der();
        let random = SystemRandom::new();
        let ecdsa = |algorithm: &'static EcdsaSigningAlgorithm, name| {
            let pair = EcdsaKeyPair::from_pkcs8(algorithm, der, &random).ok()?;
            Some(Pair::Ecdsa(pair, name))
        };
        ecdsa(&ECDSA_P256_SHA256_FIXED_SIGNING, "ES256")
            .or_else(|| ecdsa(&ECDSA_P384_SHA384_FIXED_SIGNING, "ES384"))
            .or_else(|| Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).ok().map(Pair::Ed25519))
            .or_else(|| RsaKeyPair::from_pkcs8(der).ok().map(Pair::Rsa))
            .map(|pair| Self(Arc::new(pair)))
            .ok_or(NotAKey)
    }

    /// The assertion of a client for one audience: the token endpoint, or the issuer that it belongs to.
    pub(super) fn assertion(&self, client: &str, audience: &str) -> Result<String, Unsigned> {
        let mut id = [0; 16];
        SystemRandom::new().fill(&mut id).map_err(|_| Unsigned)?;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let now = now.map_or(0, |since| since.as_secs());
        let head = json!({ "alg": self.algorithm(), "typ": "JWT" });
        let claims = json!({
            "iss": client, "sub": client, "aud": audience, "jti": BASE64.encode(id),
            "iat": now, "exp": now + LIFE_SECONDS,
        });
        let [head, claims] = [head, claims].map(|part| BASE64.encode(part.to_string()));
        let signed = format!("{head}.{claims}");
        let signature = BASE64.encode(self.sign(signed.as_bytes())?);
        Ok(format!("{signed}.{signature}"))
    }

    fn algorithm(&self) -> &'static str {
        match &*self.0 {
            Pair::Ecdsa(_, name) => name,
            Pair::Ed25519(_) => "EdDSA",
            Pair::Rsa(_) => "RS256",
        }
    }

    fn sign(&self, text: &[u8]) -> Result<Vec<u8>, Unsigned> {
        let random = SystemRandom::new();
        match &*self.0 {
            Pair::Ecdsa(pair, _) => {
                let signature = pair.sign(&random, text).map_err(|_| Unsigned)?;
                Ok(signature.as_ref().to_vec())
            }
            Pair::Ed25519(pair) => Ok(pair.sign(text).as_ref().to_vec()),
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, text, &mut signature)
                    .map_err(|_| Unsigned)?;
                Ok(signature)
            }
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.algorithm())
    }
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;
    use ring::signature::{
        ECDSA_P384_SHA384_FIXED, ED25519, KeyPair, UnparsedPublicKey, VerificationAlgorithm,
    };
    use serde_json::Value;

    use super::*;

    fn pem(der: &[u8]) -> String {
        format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----", STANDARD.encode(der))
    }

    fn check(der: &[u8], algorithm: &str, verify: &'static dyn VerificationAlgorithm) {
        let key = SigningKey::from_pem(&pem(der)).unwrap();
        let one = key.assertion("me", "https://id.example/token").unwrap();
        let parts: Vec<&str> = one.split('.').collect();
        let [head, claims, signature] = parts.as_slice() else { panic!("{one}") };
        let read = |part: &str| -> Value {
            serde_json::from_slice(&BASE64.decode(part).unwrap()).unwrap()
        };
        assert_eq!(read(head)["alg"], algorithm);
        let told = read(claims);
        assert_eq!((&told["iss"], &told["sub"]), (&json!("me"), &json!("me")));
        assert_eq!(told["aud"], "https://id.example/token");
        assert_eq!(told["exp"].as_u64().unwrap() - told["iat"].as_u64().unwrap(), LIFE_SECONDS);
        let public = match &*key.0 {
            Pair::Ecdsa(pair, _) => pair.public_key().as_ref().to_vec(),
            Pair::Ed25519(pair) => pair.public_key().as_ref().to_vec(),
            Pair::Rsa(_) => panic!("another kind"),
        };
        let signed = format!("{head}.{claims}");
        let signature = BASE64.decode(signature).unwrap();
        let public = UnparsedPublicKey::new(verify, public);
        public.verify(signed.as_bytes(), &signature).unwrap();
        assert!(public.verify(b"another text", &signature).is_err());
        let again = key.assertion("me", "https://id.example/token").unwrap();
        assert_ne!(again, one, "each is good once");
        assert!(!format!("{key:?}").contains(&STANDARD.encode(der)[40..60]));
    }

    #[test]
    fn an_assertion_is_signed_with_whatever_key_it_is() {
        let random = SystemRandom::new();
        let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, &random).unwrap();
        check(der.as_ref(), "ES384", &ECDSA_P384_SHA384_FIXED);
        let der = Ed25519KeyPair::generate_pkcs8(&random).unwrap();
        check(der.as_ref(), "EdDSA", &ED25519);
    }

    #[test]
    fn what_is_no_key_is_told_without_what_it_is() {
        for text in ["", "hunter2", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"]
        {
            let error = SigningKey::from_pem(text).unwrap_err();
            assert!(error.to_string().contains("PKCS#8") && !error.to_string().contains("hunter2"));
        }
    }
}
