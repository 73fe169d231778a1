//! Where a server says that its tokens come from: protected-resource metadata (RFC 9728), then the
//! authorization server's own (RFC 8414, or OpenID's at the same places).

use reqwest::header::ACCEPT;
use serde::{Deserialize, de::DeserializeOwned};
use tokio::time::timeout;
use url::Url;

use super::{EXCHANGE_TIME_MAX, NoToken, answer};

/// A token endpoint and how it wants to be asked.
pub(super) struct Endpoint {
    pub(super) url: Url,
    /// Name and secret in a header, else in the form.
    pub(super) basic: bool,
    /// What the server says that a client needs.
    pub(super) scopes: Option<String>,
    /// What assertions are for: who gives the tokens, or where that is not known, where.
    pub(super) audience: String,
}

impl Endpoint {
    /// An endpoint that the tree names.
    pub(super) fn named(url: &str) -> Option<Self> {
        let parsed = Url::parse(url).ok()?;
        Some(Self { url: parsed, basic: true, scopes: None, audience: url.to_owned() })
    }
}

#[derive(Deserialize)]
struct Resource {
    resource: String,
    #[serde(default)]
    authorization_servers: Vec<String>,
    #[serde(default)]
    scopes_supported: Vec<String>,
}

#[derive(Deserialize)]
struct Authority {
    issuer: String,
    token_endpoint: String,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

/// Finds the token endpoint of the server at `address`, beginning with what its `challenge` says.
pub(super) async fn endpoint(
    client: &reqwest::Client,
    address: &Url,
    challenge: Option<&str>,
) -> Result<Endpoint, NoToken> {
    let resource = resource(client, address, challenge).await?;
    // Servers of the protocol's first version with authorization are their own authorization
    // servers.
    let (issuer, scopes) = match resource {
        None => (address.origin().ascii_serialization(), Vec::new()),
        Some(found) => {
            let covers = Url::parse(&found.resource).is_ok_and(|of| covers(&of, address));
            if !covers {
                return Err(NoToken::OtherResource);
            }
            let issuer = found.authorization_servers.into_iter().next();
            (issuer.ok_or(NoToken::NoEndpoint)?, found.scopes_supported)
        }
    };
    let issuer = Url::parse(&issuer).map_err(|_| NoToken::NoEndpoint)?;
    if !is_beside(&issuer, address) {
        return Err(NoToken::OtherHost(issuer.host_str().unwrap_or_default().to_owned()));
    }
    let authority = authority(client, &issuer).await?;
    let url = Url::parse(&authority.token_endpoint).map_err(|_| NoToken::NoEndpoint)?;
    if !is_beside(&url, address) {
        return Err(NoToken::OtherHost(url.host_str().unwrap_or_default().to_owned()));
    }
    let methods = authority.token_endpoint_auth_methods_supported;
    let basic = methods.is_none_or(|all| all.iter().any(|one| one == "client_secret_basic"));
    let scopes = (!scopes.is_empty()).then(|| scopes.join(" "));
    Ok(Endpoint { url, basic, scopes, audience: authority.issuer })
}

/// Whether an address is at the server's own host and no less protected: our secret goes there.
fn is_beside(url: &Url, address: &Url) -> bool {
    url.host() == address.host() && url.scheme() == address.scheme()
}

async fn resource(
    client: &reqwest::Client,
    address: &Url,
    challenge: Option<&str>,
) -> Result<Option<Resource>, NoToken> {
    const PLACE: &str = "/.well-known/oauth-protected-resource";
    let named = challenge.and_then(|text| parameter(text, "resource_metadata"));
    if let Some(named) = named {
        let url = Url::parse(&named).map_err(|_| NoToken::NoEndpoint)?;
        if !is_beside(&url, address) {
            return Err(NoToken::OtherHost(url.host_str().unwrap_or_default().to_owned()));
        }
        return Ok(read(client, url).await);
    }
    let path = address.path().trim_end_matches('/');
    for place in [format!("{PLACE}{path}"), PLACE.to_owned()] {
        if let Ok(url) = address.join(&place)
            && let Some(found) = read(client, url).await
        {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

async fn authority(client: &reqwest::Client, issuer: &Url) -> Result<Authority, NoToken> {
    const OAUTH: &str = "/.well-known/oauth-authorization-server";
    const OPENID: &str = "/.well-known/openid-configuration";
    let path = issuer.path().trim_end_matches('/');
    let places = [format!("{OAUTH}{path}"), format!("{OPENID}{path}"), format!("{path}{OPENID}")];
    for place in places {
        if let Ok(url) = issuer.join(&place)
            && let Some(found) = read::<Authority>(client, url).await
        {
            // RFC 8414, 3.3: what names another issuer is not about this one.
            let same = Url::parse(&found.issuer).is_ok_and(|named| same(&named, issuer));
            return if same { Ok(found) } else { Err(NoToken::NoEndpoint) };
        }
    }
    Err(NoToken::NoEndpoint)
}

async fn read<T: DeserializeOwned>(client: &reqwest::Client, url: Url) -> Option<T> {
    let request = client.get(url).header(ACCEPT, "application/json");
    let body = timeout(EXCHANGE_TIME_MAX, answer(request)).await.ok()?.ok()?;
    serde_json::from_slice(&body).ok()
}

/// Whether metadata about `resource` speaks for `address`: the same origin, and a path that leads
/// to it.
fn covers(resource: &Url, address: &Url) -> bool {
    let (of, at) = (resource.path().trim_end_matches('/'), address.path().trim_end_matches('/'));
    let leads = at.strip_prefix(of).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    resource.origin() == address.origin() && leads
}

fn same(one: &Url, other: &Url) -> bool {
    let path = |url: &Url| url.path().trim_end_matches('/').to_owned();
    one.origin() == other.origin() && path(one) == path(other)
}

/// A parameter of a `WWW-Authenticate` header, in quotes or without.
pub(super) fn parameter(challenge: &str, name: &str) -> Option<String> {
    let mut rest = challenge;
    loop {
        let at = rest.find(name)?;
        let before = rest.get(..at)?.chars().next_back();
        rest = rest.get(at + name.len()..)?;
        let begins = before.is_none_or(|c| c == ' ' || c == ',');
        let Some(value) = rest.trim_start().strip_prefix('=').map(str::trim_start) else {
            continue;
        };
        if !begins {
            continue;
        }
        return match value.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').map(|(value, _)| value.to_owned()),
            None => value.split([',', ' ']).next().map(str::to_owned),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_of_a_challenge_are_read() {
        let challenge = r#"Bearer realm="a", resource_metadata="https://a.example/x", scope="r w""#;
        let read = |name| parameter(challenge, name);
        assert_eq!(read("resource_metadata").as_deref(), Some("https://a.example/x"));
        assert_eq!(read("scope").as_deref(), Some("r w"));
        assert_eq!(read("metadata"), None);
        assert_eq!(parameter("Bearer scope=read, error=x", "scope").as_deref(), Some("read"));
        assert_eq!(parameter("Bearer scope=\"never ends", "scope"), None);
    }

    #[track_caller]
    fn check_covers(resource: &str, address: &str, wanted: bool) {
        let (of, at) = (Url::parse(resource).unwrap(), Url::parse(address).unwrap());
        assert_eq!(covers(&of, &at), wanted, "{resource} {address}");
    }

    #[test]
    fn metadata_speaks_for_what_is_below_its_resource_only() {
        check_covers("https://a.example/mcp", "https://a.example/mcp", true);
        check_covers("https://a.example", "https://a.example/mcp", true);
        check_covers("https://a.example/mcp/", "https://a.example/mcp", true);
        check_covers("https://a.example/mc", "https://a.example/mcp", false);
        check_covers("https://b.example/mcp", "https://a.example/mcp", false);
        check_covers("http://a.example/mcp", "https://a.example/mcp", false);
        check_covers("https://a.example/mcp/x", "https://a.example/mcp", false);
    }
}
