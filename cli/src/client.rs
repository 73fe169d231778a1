//! One client of the admin API, whatever carries it: an address, the socket of the server on this
//! machine, or the same API in this process when no server runs.

use std::{sync::Arc, time::Duration};

use admin::{Entry, Refusal};
use axum::{
    Router,
    body::{Body, Bytes},
    http::{Method, Request, header},
};
use config::Settings;
use futures::StreamExt;
use reqwest::Url;
use serde::{Serialize, de::DeserializeOwned};
use tower::ServiceExt;
use types::Secret;

use crate::{args::Global, failure::Failure, state::State};

/// The variable that holds the admin token.
const TOKEN: &str = "ORCHESTACK_ADMIN_TOKEN";
/// How long one operation may take.
const OPERATION_TIME: Duration = Duration::from_secs(120);
/// The longest answer of an operation.
const ANSWER_BYTES_MAX: usize = 64 << 20;

/// A way to the admin API.
pub(crate) struct Client {
    transport: Transport,
}

enum Transport {
    /// An address, or the socket of this machine.
    Http { client: reqwest::Client, base: Url, token: Option<Secret> },
    /// The API itself.
    InProcess(Router),
}

/// One operation.
pub(crate) struct Ask<'a> {
    method: Method,
    path: &'a [&'a str],
    query: Vec<(&'static str, String)>,
}

impl<'a> Ask<'a> {
    pub(crate) const fn get(path: &'a [&'a str]) -> Self {
        Self { method: Method::GET, path, query: Vec::new() }
    }

    pub(crate) const fn post(path: &'a [&'a str]) -> Self {
        Self { method: Method::POST, path, query: Vec::new() }
    }

    pub(crate) const fn put(path: &'a [&'a str]) -> Self {
        Self { method: Method::PUT, path, query: Vec::new() }
    }

    pub(crate) const fn delete(path: &'a [&'a str]) -> Self {
        Self { method: Method::DELETE, path, query: Vec::new() }
    }

    /// Adds a parameter, if there is one.
    pub(crate) fn with(mut self, name: &'static str, value: Option<impl ToString>) -> Self {
        self.query.extend(value.map(|value| (name, value.to_string())));
        self
    }

    /// The operation's address below `base`, with every part of the path escaped.
    fn url(&self, base: &Url) -> Result<Url, Failure> {
        let mut url = base.clone();
        url.path_segments_mut()
            .map_err(|()| no_address(base.as_str()))?
            .pop_if_empty()
            .extend(["api", "v1"])
            .extend(self.path);
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        Ok(url)
    }
}

impl Client {
    /// Finds the way: the named address, else the socket, else this process.
    pub(crate) async fn connect(global: &Global) -> Result<Self, Failure> {
        if let Some(address) = &global.admin {
            return Self::remote(address);
        }
        let settings = Arc::new(settings(global)?);
        match Self::beside(&settings).await? {
            Some(client) => Ok(client),
            None => Self::in_process(settings).await,
        }
    }

    /// The way to a server that runs: the named address, else the socket; none where none runs.
    pub(crate) async fn running(global: &Global) -> Result<Option<Self>, Failure> {
        match &global.admin {
            Some(address) => Self::remote(address).map(Some),
            None => Self::beside(&settings(global)?).await,
        }
    }

    /// The way to the server on this machine, where one runs.
    async fn beside(settings: &Settings) -> Result<Option<Self>, Failure> {
        let socket = settings.admin_socket();
        if tokio::net::UnixStream::connect(&socket).await.is_err() {
            return Ok(None);
        }
        let builder = reqwest::Client::builder().unix_socket(socket).no_proxy();
        Self::http(builder, "http://localhost", None).map(Some)
    }

    fn remote(address: &str) -> Result<Self, Failure> {
        let Some(token) = config::settings::variable(TOKEN).filter(|token| !token.is_empty())
        else {
            let fix = format!("export {TOKEN}=ora_...; the first start of the server printed it");
            return Err(Failure::usage(format!("{TOKEN} is not set"), fix));
        };
        let builder = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        Self::http(builder, address, Some(Secret::new(token.trim())))
    }

    fn http(
        builder: reqwest::ClientBuilder,
        address: &str,
        token: Option<Secret>,
    ) -> Result<Self, Failure> {
        let base = Url::parse(address).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let base = base.ok_or_else(|| no_address(address))?;
        let client = builder.timeout(OPERATION_TIME).build().map_err(Failure::of)?;
        Ok(Self { transport: Transport::Http { client, base, token } })
    }

    /// Opens the state of this machine, which exists only after a first start.
    async fn in_process(settings: Arc<Settings>) -> Result<Self, Failure> {
        let dir = &settings.state.dir;
        if !dir.join("pepper").exists() {
            return Err(Failure::Failed(format!(
                "no server runs and there is no state in `{}`; start one with `orchestack serve`, \
                 or name its settings with `--config` or its address with `--admin`",
                dir.display()
            )));
        }
        let state = State::open(Arc::clone(&settings)).await?;
        let found = admin::probe::all(&state.http, &settings).await;
        let snapshots = state.snapshots(found).await?;
        let router = admin::router(state.control(snapshots), Entry::Local);
        Ok(Self { transport: Transport::InProcess(router) })
    }

    /// Does an operation without a body.
    pub(crate) async fn ask<T: DeserializeOwned>(&self, ask: Ask<'_>) -> Result<T, Failure> {
        let bytes = self.send(ask, None).await?;
        read(&bytes)
    }

    /// Does an operation with a body.
    pub(crate) async fn tell<T: DeserializeOwned>(
        &self,
        ask: Ask<'_>,
        body: &impl Serialize,
    ) -> Result<T, Failure> {
        let body = serde_json::to_vec(body).map_err(Failure::of)?;
        let bytes = self.send(ask, Some(body)).await?;
        read(&bytes)
    }

    /// Does an operation that answers with nothing.
    pub(crate) async fn act(&self, ask: Ask<'_>) -> Result<(), Failure> {
        self.send(ask, None).await.map(drop)
    }

    /// Does an operation whose answer is long, and hands its pieces on as they come.
    pub(crate) async fn stream(
        &self,
        ask: Ask<'_>,
        mut take: impl FnMut(&[u8]) -> std::io::Result<()>,
    ) -> Result<(), Failure> {
        let response = self.open(ask, None).await?;
        let mut pieces = response.into_data_stream();
        while let Some(piece) = pieces.next().await {
            take(&piece.map_err(Failure::of)?).map_err(Failure::of)?;
        }
        Ok(())
    }

    async fn send(&self, ask: Ask<'_>, body: Option<Vec<u8>>) -> Result<Bytes, Failure> {
        let response = self.open(ask, body).await?;
        axum::body::to_bytes(response, ANSWER_BYTES_MAX).await.map_err(Failure::of)
    }

    /// The body of a good answer; a refusal becomes a failure.
    async fn open(&self, ask: Ask<'_>, body: Option<Vec<u8>>) -> Result<Body, Failure> {
        let (status, body) = match &self.transport {
            Transport::Http { client, base, token } => {
                let mut request = client.request(ask.method.clone(), ask.url(base)?);
                if let Some(token) = token {
                    request = request.bearer_auth(token.expose());
                }
                if let Some(body) = body {
                    request = request.header(header::CONTENT_TYPE, "application/json").body(body);
                }
                let response = request.send().await.map_err(|error| unreachable(base, &error))?;
                (response.status(), Body::from_stream(response.bytes_stream()))
            }
            Transport::InProcess(router) => {
                let base = Url::parse("http://localhost").map_err(Failure::of)?;
                let request = Request::builder().method(ask.method.clone());
                let request = request.uri(ask.url(&base)?.as_str());
                let request = match body {
                    Some(body) => request
                        .header(header::CONTENT_TYPE, "application/json")
                        .body(Body::from(body)),
                    None => request.body(Body::empty()),
                };
                let response = router.clone().oneshot(request.map_err(Failure::of)?).await;
                let (parts, body) = response.map_err(Failure::of)?.into_parts();
                (parts.status, body)
            }
        };
        if status.is_success() {
            return Ok(body);
        }
        let bytes = axum::body::to_bytes(body, ANSWER_BYTES_MAX).await.map_err(Failure::of)?;
        let refusal: Result<Refusal, _> = serde_json::from_slice(&bytes);
        Err(match refusal {
            Ok(refusal) => Failure::Refused(Box::new(refusal.error)),
            Err(_) => Failure::Failed(format!(
                "the server answered with status {status} and no reason; is it an admin API?"
            )),
        })
    }
}

/// The settings, with every mistake at once.
pub(crate) fn settings(global: &Global) -> Result<Settings, Failure> {
    let environment = Settings::environment();
    Settings::load(global.config.as_deref(), environment).map_err(Failure::Settings)
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(bytes).map_err(|error| {
        Failure::Failed(format!(
            "the server's answer cannot be read: {error}; use the same version of both"
        ))
    })
}

fn no_address(address: &str) -> Failure {
    let fix = "write it like http://127.0.0.1:8081";
    Failure::usage(format!("`{address}` is not an address of an admin API"), fix)
}

fn unreachable(base: &Url, error: &reqwest::Error) -> Failure {
    let why = if error.is_timeout() { "did not answer in time" } else { "cannot be reached" };
    Failure::Failed(format!("the admin API at {base} {why}; check that the server runs"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_a_path_is_escaped() {
        let base = Url::parse("http://127.0.0.1:8081/").unwrap();
        let ask = Ask::delete(&["models", "ollama/llama3.1:8b?x"]).with("by", Some("a&b"));
        let url = ask.url(&base).unwrap();
        assert_eq!(
            url.as_str(),
            "http://127.0.0.1:8081/api/v1/models/ollama%2Fllama3.1:8b%3Fx?by=a%26b"
        );
    }
}
