//! The credential of a server over HTTP: one token, or tokens of an authorization server, held
//! until they expire or the server does not take them any more.
//!
//! Our secret goes to the token endpoint that the tree names. Where it names none, the server's
//! metadata says where the endpoint is, and then it must be on the server's own host: a server that
//! named another would get our secret sent there.

mod assertion;
mod discovery;

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use serde::Deserialize;
use tokio::{
    sync::Mutex,
    time::{Instant, timeout},
};
use types::Secret;
use url::{Url, form_urlencoded};

pub use assertion::{NotAKey, SigningKey};

use crate::{Credential, OAuth, Proof};
use discovery::Endpoint;

/// One exchange with an authorization server.
const EXCHANGE_TIME_MAX: Duration = Duration::from_secs(10);
/// One answer of it.
const ANSWER_BYTES_MAX: usize = 64 << 10;
/// A token is not used for the last part of its life.
const MARGIN: Duration = Duration::from_secs(30);
/// How long a token is held that does not say when it expires, and the longest that one is held.
const LIFE_MAX: Duration = Duration::from_secs(3600);
/// After a failed exchange none is tried for this long.
const REST: Duration = Duration::from_secs(5);

/// The credential of one server.
pub(crate) struct Tokens {
    server: String,
    address: Url,
    credential: Option<Credential>,
    client: reqwest::Client,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    token: Option<(String, Instant)>,
    endpoint: Option<Endpoint>,
    rests_until: Option<Instant>,
}

/// Why there is no token. The text has no secret and nothing that a server said but names of hosts.
#[derive(Debug, thiserror::Error)]
enum NoToken {
    #[error("its metadata names no token endpoint that can be used: set `server.oauth.token_url`")]
    NoEndpoint,
    #[error("its metadata is about another resource")]
    OtherResource,
    #[error(
        "its metadata names a token endpoint at `{0}`: if that is right, set `server.oauth.token_url`"
    )]
    OtherHost(String),
    #[error("the system has no randomness to sign with")]
    Unsigned,
    #[error("the authorization server cannot be reached")]
    Unreachable,
    #[error("the authorization server refused with status {0}")]
    Refused(u16),
    #[error("the authorization server's answer is no token for us")]
    NotAToken,
}

impl Tokens {
    pub(crate) fn new(
        server: &str,
        address: &Url,
        credential: Option<Credential>,
        client: reqwest::Client,
    ) -> Self {
        let (server, address) = (server.to_owned(), address.clone());
        Self { server, address, credential, client, held: Mutex::default() }
    }

    /// The token to send now, if one is known or can be had.
    pub(crate) async fn bearer(&self) -> Option<String> {
        let oauth = match &self.credential {
            None => return None,
            Some(Credential::Bearer(token)) => return Some(token.expose().to_owned()),
            Some(Credential::OAuth(oauth)) => oauth,
        };
        let mut held = self.held.lock().await;
        match &held.token {
            Some((token, until)) if *until > Instant::now() => return Some(token.clone()),
            _ => held.token = None,
        }
        // Without an endpoint the server is asked first: its refusal says where the endpoint is.
        match oauth.token_url.is_some() || held.endpoint.is_some() {
            true => self.fetch(&mut held, oauth, None).await,
            false => None,
        }
    }

    /// Another token than `used`, which the server did not take, as its `challenge` says.
    pub(crate) async fn renew(&self, used: Option<&str>, challenge: &str) -> Option<String> {
        let Some(Credential::OAuth(oauth)) = &self.credential else { return None };
        let mut held = self.held.lock().await;
        match &held.token {
            // Another request renewed it while this one was under way.
            Some((token, _)) if Some(token.as_str()) != used => return Some(token.clone()),
            _ => held.token = None,
        }
        self.fetch(&mut held, oauth, Some(challenge)).await
    }

    async fn fetch(
        &self,
        held: &mut Held,
        oauth: &OAuth,
        challenge: Option<&str>,
    ) -> Option<String> {
        if held.rests_until.is_some_and(|until| until > Instant::now()) {
            return None;
        }
        match self.exchange(held, oauth, challenge).await {
            Ok((token, life)) => {
                held.token = Some((token.clone(), Instant::now() + life));
                Some(token)
            }
            Err(error) => {
                tracing::warn!(server = self.server, %error, "no token for a tool server");
                held.rests_until = Some(Instant::now() + REST);
                None
            }
        }
    }

    async fn exchange(
        &self,
        held: &mut Held,
        oauth: &OAuth,
        challenge: Option<&str>,
    ) -> Result<(String, Duration), NoToken> {
        if held.endpoint.is_none() {
            held.endpoint = Some(match &oauth.token_url {
                Some(url) => Endpoint::named(url).ok_or(NoToken::NoEndpoint)?,
                None => discovery::endpoint(&self.client, &self.address, challenge).await?,
            });
        }
        let endpoint = held.endpoint.as_ref().ok_or(NoToken::NoEndpoint)?;
        let request = self.request(endpoint, oauth, challenge)?;
        let answer = timeout(EXCHANGE_TIME_MAX, answer(request)).await;
        let body = answer.map_err(|_| NoToken::Unreachable)??;
        let token: Token = serde_json::from_slice(&body).map_err(|_| NoToken::NotAToken)?;
        if !token.token_type.eq_ignore_ascii_case("bearer") || token.access_token.is_empty() {
            return Err(NoToken::NotAToken);
        }
        let life = token.expires_in.map_or(LIFE_MAX, Duration::from_secs).min(LIFE_MAX);
        Ok((token.access_token, life.saturating_sub(MARGIN.min(life / 2))))
    }

    fn request(
        &self,
        endpoint: &Endpoint,
        oauth: &OAuth,
        challenge: Option<&str>,
    ) -> Result<reqwest::RequestBuilder, NoToken> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "client_credentials");
        let resource = oauth.resource.as_deref().unwrap_or_else(|| self.address.as_str());
        form.append_pair("resource", resource.trim_end_matches('/'));
        let asked = challenge.and_then(|text| discovery::parameter(text, "scope"));
        let scopes = match oauth.scopes.as_slice() {
            [] => asked.or_else(|| endpoint.scopes.clone()),
            scopes => Some(scopes.join(" ")),
        };
        if let Some(scopes) = &scopes {
            form.append_pair("scope", scopes);
        }
        let mut request = self.client.post(endpoint.url.clone()).header(ACCEPT, "application/json");
        match &oauth.proof {
            Proof::Key(key) => {
                let audience = oauth.audience.as_ref().unwrap_or(&endpoint.audience);
                let signed = key.assertion(&oauth.client_id, audience);
                form.append_pair("client_assertion_type", assertion::TYPE);
                form.append_pair("client_assertion", &signed.map_err(|_| NoToken::Unsigned)?);
            }
            Proof::Secret(secret) if endpoint.basic => {
                request = request.header(AUTHORIZATION, basic(&oauth.client_id, secret));
            }
            Proof::Secret(secret) => {
                form.append_pair("client_id", &oauth.client_id);
                form.append_pair("client_secret", secret.expose());
            }
        }
        request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        Ok(request.body(form.finish()))
    }
}

#[derive(Deserialize)]
struct Token {
    access_token: String,
    token_type: String,
    #[serde(default)]
    expires_in: Option<u64>,
}

/// RFC 6749, 2.3.1: both are encoded as in a form before they are joined.
fn basic(client: &str, secret: &Secret) -> HeaderValue {
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = format!("{}:{}", encoded(client), encoded(secret.expose()));
    let value = format!("Basic {}", BASE64.encode(pair));
    // Base64 has no byte that a header may not have.
    let mut header = HeaderValue::from_str(&value).unwrap_or(HeaderValue::from_static("Basic"));
    header.set_sensitive(true);
    header
}

/// Sends, and reads an answer that must be a success and of bounded length.
async fn answer(request: reqwest::RequestBuilder) -> Result<Vec<u8>, NoToken> {
    let mut answer = request.send().await.map_err(|_| NoToken::Unreachable)?;
    if !answer.status().is_success() {
        return Err(NoToken::Refused(answer.status().as_u16()));
    }
    let mut body = Vec::new();
    while let Some(piece) = answer.chunk().await.map_err(|_| NoToken::Unreachable)? {
        if body.len() + piece.len() > ANSWER_BYTES_MAX {
            return Err(NoToken::NotAToken);
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}
