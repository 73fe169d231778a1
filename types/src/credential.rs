//! What a provider wants to see before it answers.

use crate::Secret;

/// A credential, fetched from where its reference points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// A key, sent in the header that the provider's format has for it.
    Key(Secret),
    /// A token, sent as `Authorization: Bearer` whatever the format's own header is.
    Token(Secret),
    /// Keys that sign each request.
    Aws(AwsKeys),
}

/// Keys of AWS, by which each request is signed (Signature Version 4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsKeys {
    /// The region that is called, such as `us-east-1`: it is part of the signature.
    pub region: String,
    /// The id of the key.
    pub access_key_id: Secret,
    /// The key.
    pub secret_access_key: Secret,
    /// The token of a session, for keys that were given for a time.
    pub session_token: Option<Secret>,
}
