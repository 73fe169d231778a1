//! What is particular to one provider of a wire format.

use serde::{Deserialize, Serialize};

/// What a provider's address and wire format do not tell. The default fits most.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Particulars {
    /// Azure's `api-version` for paths by deployment; `None` for its `/openai/v1`, which has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_version: Option<String>,
    /// Whether the secret is a token for `Authorization: Bearer` where the format has a header of
    /// its own.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub bearer: bool,
    /// Whether the server refuses to be asked for the usage of a stream (`stream_options`).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub no_stream_usage: bool,
    /// The keys that requests to AWS are signed with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aws: Option<AwsRefs>,
}

/// Where the keys of AWS are: references such as `env:NAME`, never the keys themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AwsRefs {
    /// The region that is called.
    pub region: String,
    /// The reference of the key's id.
    pub access_key_id: String,
    /// The reference of the key.
    pub secret_access_key: String,
    /// The reference of a session's token, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_token: Option<String>,
}
