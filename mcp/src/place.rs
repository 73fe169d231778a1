//! Where a server is and how it is reached, checked once.

use std::sync::Arc;

use url::Url;

use crate::{
    Credential, Error, OAuth, Spec, Transport,
    address::{Lookup, Reach},
    child::Recipe,
    http::{self, Http},
    link::Dial,
    oauth::Tokens,
    rest::Rest,
};

/// A server that speaks the protocol, or one that is asked in words of its own.
pub(crate) enum Place {
    Mcp(Dial),
    Rest(Rest),
}

impl Place {
    /// Reads a definition. Nothing is connected to yet.
    pub(crate) fn find(spec: &Spec, lookup: Lookup) -> Result<Self, Error> {
        match &spec.transport {
            Transport::Http { url, private, credential } => {
                let (url, client, tokens) = over_http(spec, url, *private, credential, lookup)?;
                Ok(Self::Mcp(Dial::Http { http: Http::new(client, tokens), url }))
            }
            Transport::OpenApi { document, base, private, credential } => {
                let (base, client, tokens) = over_http(spec, base, *private, credential, lookup)?;
                Rest::new(spec, document, base, client, tokens).map(Self::Rest)
            }
            Transport::Stdio { command, env, home, launcher } => {
                let recipe = Recipe::new(&spec.name, command, env, home.clone(), launcher)?;
                Ok(Self::Mcp(Dial::Stdio(recipe)))
            }
        }
    }
}

fn over_http(
    spec: &Spec,
    url: &str,
    private: bool,
    credential: &Option<Credential>,
    lookup: Lookup,
) -> Result<(Url, reqwest::Client, Arc<Tokens>), Error> {
    let reach = if private { Reach::Private } else { Reach::Public };
    let url = http::address(&spec.name, url, reach)?;
    if let Some(Credential::OAuth(OAuth { token_url: Some(at), .. })) = credential {
        http::address(&spec.name, at, reach)?;
    }
    let unusable = |_| Error::Unusable {
        server: spec.name.clone(),
        why: "no client for it can be made".to_owned(),
    };
    let asks_others = matches!(credential, Some(Credential::OAuth(_)));
    let plain = url.scheme() == "http" && !asks_others;
    let client = http::client(reach, lookup, plain).map_err(unusable)?;
    let tokens = Tokens::new(&spec.name, &url, credential.clone(), client.clone());
    Ok((url, client, Arc::new(tokens)))
}
