//! Where a deployment is served: its provider as a file of the tree.

use std::fmt::Write as _;

use config::{Address, KNOWN_PROVIDERS};
use types::{Locality, ProviderKind};

use super::{Left, cloud::Cloud, reader::Reader};

/// A provider that a deployment names by prefix, base and key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Endpoint {
    /// The name it gets if no other endpoint has it.
    pub(super) wanted: String,
    /// The name under which the built-in catalogue has its prices.
    pub(super) priced: String,
    pub(super) kind: ProviderKind,
    pub(super) base_url: String,
    pub(super) secret: Option<String>,
    pub(super) locality: Locality,
    /// Further keys of its file with their text.
    pub(super) more: Vec<(&'static str, String)>,
}

/// Prefixes that mean another name of ours, or a server that has no address of its own.
const SYNONYMS: &[(&str, &str)] = &[
    ("together_ai", "together"),
    ("ollama_chat", "ollama"),
    ("hosted_vllm", "vllm"),
    ("lm_studio", "lmstudio"),
    ("openai_like", "custom"),
    ("custom_openai", "custom"),
    ("text-completion-openai", "openai"),
];

/// Servers of one's own and their usual addresses.
const OWN: &[(&str, &str)] = &[
    ("ollama", "http://127.0.0.1:11434/v1"),
    ("vllm", "http://127.0.0.1:8000/v1"),
    ("lmstudio", "http://127.0.0.1:1234/v1"),
    ("llamafile", "http://127.0.0.1:8080/v1"),
];

/// Reads where a deployment is served, by the prefix of its model and the model's name. `None` where we
/// have no such provider; that is told.
pub(super) fn read(
    params: &mut Reader,
    prefix: &str,
    model: &str,
    left: &mut Vec<Left>,
) -> Option<Endpoint> {
    if let Some(cloud) = Cloud::of(prefix) {
        return cloud.read(params, model, left);
    }
    let name =
        SYNONYMS.iter().find(|(theirs, _)| *theirs == prefix).map_or(prefix, |(_, ours)| ours);
    let base = params.text("api_base").or_else(|| params.text("base_url"));
    let key = params.text("api_key");
    let known = KNOWN_PROVIDERS.iter().find_map(|known| match known.address {
        Address::Fixed(usual) if known.name == name => Some((known, usual)),
        Address::Fixed(_) | Address::Of(_) | Address::Bedrock => None,
    });
    let own = OWN.iter().find(|(own, _)| *own == name).map(|(_, base)| *base);
    let kind = known.map_or(ProviderKind::OpenAi, |(known, _)| known.kind);
    let speaks_openai = known.is_some() || own.is_some() || name == "custom";
    let base_url = match (&base, known, own) {
        (Some(base), ..) if speaks_openai => with_version(base, name, kind),
        (None, Some((_, usual)), _) => usual.to_owned(),
        (None, None, Some(own)) => own.to_owned(),
        _ => {
            let why = format!(
                "there is no provider `{prefix}` here; if the server speaks OpenAI's chat completions, write it as `openai/...` with its `api_base`"
            );
            left.push(Left { place: params.place("model"), why });
            return None;
        }
    };
    let locality = if is_local(&base_url) { Locality::Local } else { Locality::Cloud };
    let usual = known.filter(|_| base.is_none()).map(|(known, _)| known.variable);
    let secret = secret(params, "api_key", key.as_deref(), usual, left);
    // A server at another address is another provider, whoever's format it speaks.
    let elsewhere = known.is_some_and(|(_, usual)| base_url != usual);
    let wanted = if elsewhere { format!("{name}-{}", host(&base_url)) } else { name.to_owned() };
    let priced = name.to_owned();
    Some(Endpoint { wanted, priced, kind, base_url, secret, locality, more: Vec::new() })
}

impl Endpoint {
    /// The provider's file.
    pub(super) fn file(&self, name: &str) -> String {
        let quoted = |text: &str| toml::Value::from(text).to_string();
        let mut text = String::new();
        let _ = writeln!(text, "[[provider]]");
        let _ = writeln!(text, "name = {}", quoted(name));
        let _ = writeln!(text, "kind = {}", quoted(self.kind.as_str()));
        let _ = writeln!(text, "base_url = {}", quoted(&self.base_url));
        let _ = writeln!(text, "locality = {}", quoted(self.locality.as_str()));
        if let Some(secret) = &self.secret {
            let _ = writeln!(text, "secret = {}", quoted(secret));
        }
        for (key, value) in &self.more {
            let _ = writeln!(text, "{key} = {}", quoted(value));
        }
        text
    }
}

/// Where the key is. A key that is written in the file itself is not carried over: the tree is no
/// place for it.
pub(super) fn secret(
    params: &Reader,
    named: &str,
    key: Option<&str>,
    usual: Option<&str>,
    left: &mut Vec<Left>,
) -> Option<String> {
    let usual = usual.map(|name| format!("env:{name}"));
    match key.map(|key| key.strip_prefix("os.environ/").ok_or(key)) {
        None => usual,
        Some(Ok(name)) => Some(format!("env:{name}")),
        // What people write for servers that ask for none.
        Some(Err("" | "none" | "None" | "EMPTY" | "dummy" | "not-needed" | "anything")) => None,
        Some(Err(_)) => {
            let set = usual.as_deref().unwrap_or("secret = \"env:NAME\" in the provider's file");
            let why = format!("a key does not belong into a file of the tree; set {set}");
            left.push(Left { place: params.place(named), why });
            usual
        }
    }
}

/// OpenAI's format is below a version; many write the address of a server of their own without.
fn with_version(base: &str, name: &str, kind: ProviderKind) -> String {
    let base = base.trim_end_matches('/');
    let own = OWN.iter().any(|(own, _)| *own == name);
    let path = base.split_once("://").map_or(base, |(_, rest)| rest);
    if kind == ProviderKind::OpenAi && own && !path.contains('/') {
        format!("{base}/v1")
    } else {
        base.to_owned()
    }
}

pub(super) fn host(base_url: &str) -> &str {
    let rest = base_url.split_once("://").map_or(base_url, |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or(rest);
    authority.rsplit_once(':').map_or(authority, |(host, _)| host)
}

/// Whether an address is of this machine or of a private network.
fn is_local(base_url: &str) -> bool {
    let host = host(base_url);
    let named = host == "localhost" || host.ends_with(".local") || host.ends_with(".internal");
    let address: Option<std::net::IpAddr> =
        host.trim_start_matches('[').trim_end_matches(']').parse().ok();
    named
        || match address {
            Some(std::net::IpAddr::V4(v4)) => v4.is_loopback() || v4.is_private(),
            Some(std::net::IpAddr::V6(v6)) => v6.is_loopback() || v6.is_unique_local(),
            // A bare name, as containers have.
            None => !host.contains('.'),
        }
}
