//! What a provider's kind allows it to say beside its address, and what must fit together.

use std::collections::BTreeMap;

use types::{AwsRefs, Particulars, ProviderKind};

use crate::{SecretRef, document::Place, reader::Reader, settings::HttpUrl};

/// Something about a provider that does not fit the rest of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// The key.
    pub key: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub fix: &'static str,
}

/// How a secret is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Auth {
    Key,
    Bearer,
}

impl std::str::FromStr for Auth {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "key" => Ok(Self::Key),
            "bearer" => Ok(Self::Bearer),
            _ => Err("it is neither `key` nor `bearer`"),
        }
    }
}

/// Where the keys stand that may not fit together. Ask before they are read.
pub(super) fn places(from: &Reader<'_>) -> BTreeMap<&'static str, Place> {
    let keys = ["api_version", "aws", "base_url", "secret", "stream_usage"];
    keys.into_iter().filter_map(|key| Some((key, from.place_of(key)?))).collect()
}

/// Reads the keys that only some kinds have, and tells what does not fit.
pub(super) fn read(
    from: &mut Reader<'_>,
    places: &BTreeMap<&'static str, Place>,
    kind: Option<ProviderKind>,
    base_url: Option<&HttpUrl>,
    secret: Option<&SecretRef>,
) -> Particulars {
    let particulars = Particulars {
        api_version: from.optional("api_version", "2024-10-21", ""),
        bearer: from.optional("auth", "bearer", "") == Some(Auth::Bearer),
        no_stream_usage: !from.flag("stream_usage", true, ""),
        aws: aws(from, base_url),
    };
    let (Some(kind), Some(base_url)) = (kind, base_url) else { return particulars };
    for Misfit { key, message, fix } in misfits(kind, &base_url.0, secret.is_some(), &particulars) {
        from.fault(key, places.get(key), message, fix.to_owned());
    }
    particulars
}

fn aws(from: &mut Reader<'_>, base_url: Option<&HttpUrl>) -> Option<AwsRefs> {
    let (written, mut from) = from.optional_section("aws", "");
    if !written {
        return None;
    }
    let region: Option<String> = from.optional("region", "us-east-1", "");
    let told = base_url.and_then(|url| region_of(&url.0)).map(str::to_owned);
    let mut reference = |key, example| from.required::<SecretRef>(key, example, "");
    let access_key_id = reference("access_key_id", "env:AWS_ACCESS_KEY_ID");
    let secret_access_key = reference("secret_access_key", "env:AWS_SECRET_ACCESS_KEY");
    let session_token: Option<SecretRef> =
        from.optional("session_token", "env:AWS_SESSION_TOKEN", "");
    from.finish();
    Some(AwsRefs {
        region: region.or(told).unwrap_or_default(),
        access_key_id: access_key_id?.to_string(),
        secret_access_key: secret_access_key?.to_string(),
        session_token: session_token.map(|reference| reference.to_string()),
    })
}

/// The region that an address of AWS names, such as `https://bedrock-runtime.us-east-1.amazonaws.com`.
pub fn region_of(base_url: &str) -> Option<&str> {
    let (_, rest) = base_url.split_once("://")?;
    let mut labels = rest.split(['/', ':']).next()?.split('.');
    let is_service = labels.next().is_some_and(|service| service.starts_with("bedrock-runtime"));
    let region = labels.next()?;
    (is_service && labels.next() == Some("amazonaws")).then_some(region)
}

/// What of a provider does not fit together; empty where all does.
pub fn misfits(
    kind: ProviderKind,
    base_url: &str,
    has_secret: bool,
    particulars: &Particulars,
) -> Vec<Misfit> {
    let mut found = Vec::new();
    let mut no = |wrong: bool, key, message: &str, fix| {
        found.extend(wrong.then(|| Misfit { key, message: message.to_owned(), fix }));
    };
    let Particulars { api_version, bearer: _, no_stream_usage, aws } = particulars;
    let is_azure = kind == ProviderKind::Azure;
    let is_bedrock = kind == ProviderKind::Bedrock;
    no(
        api_version.is_some() && !is_azure,
        "api_version",
        "only the kind `azure` has versions of its API",
        "remove it, or set `kind = \"azure\"`",
    );
    no(
        *no_stream_usage && !is_azure && kind != ProviderKind::OpenAi,
        "stream_usage",
        "only the kinds `openai` and `azure` are asked for the usage of a stream",
        "remove it: this kind reports it unasked",
    );
    no(
        aws.is_some() && !is_bedrock,
        "aws",
        "only the kind `bedrock` signs with keys of AWS",
        "remove the table, or set `kind = \"bedrock\"`",
    );
    no(
        is_bedrock && aws.is_none() && !has_secret,
        "secret",
        "Bedrock needs a credential",
        "write `secret = \"env:AWS_BEARER_TOKEN_BEDROCK\"`, or a table `aws` with its keys",
    );
    no(
        aws.is_some() && has_secret,
        "aws",
        "there are two credentials: an API key and keys that sign",
        "keep either `secret` or the table `aws`",
    );
    no(
        aws.as_ref().is_some_and(|aws| aws.region.is_empty()),
        "aws",
        "the region is not in the address",
        "add `region = \"us-east-1\"` to the table `aws`",
    );
    let path = base_url.split_once("://").and_then(|(_, rest)| rest.split_once('/'));
    let ends = |end: &str| path.is_some_and(|(_, path)| path.split('/').any(|part| part == end));
    no(
        kind == ProviderKind::Gemini && (ends("v1beta") || ends("openai")),
        "base_url",
        "the path of Gemini's API is added to the address",
        "write the host alone: `https://generativelanguage.googleapis.com`",
    );
    no(
        is_azure && ends("openai"),
        "base_url",
        "the path of Azure's API is added to the address",
        "write the resource's host alone: `https://RESOURCE.openai.azure.com`",
    );
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_region_is_in_the_addresses_of_aws_and_in_no_other() {
        let region = |url| region_of(url).unwrap_or_default();
        assert_eq!(region("https://bedrock-runtime.eu-west-1.amazonaws.com"), "eu-west-1");
        assert_eq!(region("https://bedrock-runtime-fips.us-east-1.amazonaws.com/x"), "us-east-1");
        assert_eq!(region("https://bedrock-runtime.cn-north-1.amazonaws.com.cn"), "cn-north-1");
        for other in ["https://example.eu-west-1.amazonaws.com", "http://127.0.0.1:9", "x", ""] {
            assert_eq!(region(other), "", "{other}");
        }
    }

    #[track_caller]
    fn check(kind: ProviderKind, url: &str, secret: bool, given: &Particulars, keys: &[&str]) {
        let told = misfits(kind, url, secret, given);
        assert_eq!(told.iter().map(|misfit| misfit.key).collect::<Vec<_>>(), keys);
    }

    #[test]
    fn what_does_not_fit_is_told_by_its_key() {
        use ProviderKind::{Azure, Bedrock, Gemini, Mistral, OpenAi};
        let none = Particulars::default();
        let version = Particulars { api_version: Some("2024-10-21".into()), ..none.clone() };
        let aws = |region: &str| Particulars {
            aws: Some(AwsRefs {
                region: region.into(),
                access_key_id: "env:A".into(),
                secret_access_key: "env:B".into(),
                session_token: None,
            }),
            ..none.clone()
        };
        let silent = Particulars { no_stream_usage: true, ..none.clone() };
        check(Azure, "https://r.openai.azure.com", true, &version, &[]);
        check(Azure, "https://r.openai.azure.com/openai/v1", true, &none, &["base_url"]);
        check(OpenAi, "https://h/v1", true, &version, &["api_version"]);
        check(OpenAi, "https://h/v1", false, &silent, &[]);
        check(Mistral, "https://h/v1", true, &silent, &["stream_usage"]);
        check(Gemini, "https://h", true, &none, &[]);
        check(Gemini, "https://h/v1beta/openai", true, &none, &["base_url"]);
        check(Bedrock, "https://h", true, &none, &[]);
        check(Bedrock, "https://h", false, &aws("r"), &[]);
        check(Bedrock, "https://h", false, &none, &["secret"]);
        check(Bedrock, "https://h", true, &aws("r"), &["aws"]);
        check(Bedrock, "https://h", false, &aws(""), &["aws"]);
        check(OpenAi, "https://h", false, &aws("r"), &["aws"]);
    }
}
