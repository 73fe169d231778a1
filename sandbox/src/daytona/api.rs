//! Requests to Daytona and its answers, as its own description has them. Nothing of a body is in an
//! error.

use std::collections::BTreeMap;

use futures::StreamExt;
use reqwest::Method;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use types::Secret;
use url::Url;

use super::DaytonaOptions;
use crate::Error;

/// The largest answer that is read.
const ANSWER_BYTES_MAX: usize = 32 << 20;

pub(super) struct Api {
    client: reqwest::Client,
    base: Url,
    key: Secret,
}

/// What is sent.
pub(super) enum Body<'a> {
    Json(&'a Value),
    Bytes(&'a [u8]),
}

impl Api {
    pub(super) fn new(options: &DaytonaOptions) -> Result<Self, Error> {
        // A redirection would take the key elsewhere.
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(options.answer_within)
            .no_proxy()
            .build()
            .map_err(|error| failed("be reached", &error))?;
        Ok(Self { client, base: options.base.clone(), key: options.key.clone() })
    }

    /// A request to the outer interface.
    pub(super) async fn send(
        &self,
        act: &'static str,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Option<Body<'_>>,
    ) -> Result<Answer, Error> {
        self.send_to(&self.base, act, method, path, query, body).await
    }

    pub(super) async fn send_to(
        &self,
        base: &Url,
        act: &'static str,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Option<Body<'_>>,
    ) -> Result<Answer, Error> {
        let mut url = base.clone();
        url.path_segments_mut()
            .map_err(|()| Error::Spec { why: "the address of Daytona has no path".into() })?
            .pop_if_empty()
            .extend(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let mut request = self.client.request(method, url).bearer_auth(self.key.expose());
        request = match body {
            Some(Body::Json(value)) => request.json(value),
            Some(Body::Bytes(bytes)) => request
                .header(reqwest::header::CONTENT_TYPE, "application/octet-stream")
                .body(bytes.to_vec()),
            None => request,
        };
        let response = request.send().await.map_err(|error| failed(act, &error))?;
        let status = response.status().as_u16();
        let mut bytes = Vec::new();
        let mut stream = response.bytes_stream();
        while let Some(piece) = stream.next().await {
            bytes.extend_from_slice(&piece.map_err(|error| failed(act, &error))?);
            if bytes.len() > ANSWER_BYTES_MAX {
                let what = "an answer of the sandbox service".to_owned();
                return Err(Error::TooLarge { what, most: ANSWER_BYTES_MAX as u64 });
            }
        }
        Ok(Answer { act, status, bytes })
    }

    /// The inner interface of a sandbox. The key goes there too: it must be reached as safely.
    pub(super) fn inner(&self, found: &Found) -> Result<Url, Error> {
        let act = "find a sandbox";
        let wrong = |why: &str| Error::Remote { act, why: why.to_owned(), retry: false };
        let mut url: Url = found.toolbox_proxy_url.parse().map_err(|_| wrong("it is nowhere"))?;
        if url.scheme() != "https" && url.host_str() != self.base.host_str() {
            return Err(wrong("its inner interface is neither https nor on the same host"));
        }
        url.path_segments_mut()
            .map_err(|()| wrong("it is nowhere"))?
            .pop_if_empty()
            .push(&found.id);
        Ok(url)
    }
}

/// A kind of failure without the address, which may have an id or a key in it.
fn failed(act: &'static str, error: &reqwest::Error) -> Error {
    let why = match error {
        error if error.is_timeout() => "no answer in time",
        error if error.is_connect() => "nothing answers there",
        _ => "the connection broke",
    };
    Error::Remote { act, why: why.to_owned(), retry: true }
}

/// An answer.
pub(super) struct Answer {
    act: &'static str,
    pub(super) status: u16,
    bytes: Vec<u8>,
}

impl Answer {
    /// Its bytes, if it is one of success.
    pub(super) fn bytes(self) -> Result<Vec<u8>, Error> {
        match self.status {
            200..=299 => Ok(self.bytes),
            status => {
                let retry = matches!(status, 408 | 425 | 429 | 500..=599);
                Err(Error::Remote { act: self.act, why: format!("status {status}"), retry })
            }
        }
    }

    pub(super) fn done(self) -> Result<(), Error> {
        self.bytes().map(drop)
    }

    pub(super) fn read<T: DeserializeOwned>(self) -> Result<T, Error> {
        let act = self.act;
        let bytes = self.bytes()?;
        serde_json::from_slice(&bytes).map_err(|_| {
            let why = "its answer is not what its description says".to_owned();
            Error::Remote { act, why, retry: false }
        })
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Found {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) state: Option<String>,
    #[serde(default)]
    pub(super) labels: BTreeMap<String, String>,
    pub(super) toolbox_proxy_url: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Page {
    pub(super) items: Vec<Found>,
    pub(super) next_cursor: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Session {
    pub(super) commands: Option<Vec<Run>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Run {
    pub(super) id: String,
    pub(super) command: String,
    pub(super) exit_code: Option<i32>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Logs {
    pub(super) stdout: String,
    pub(super) stderr: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FileInfo {
    pub(super) name: String,
    pub(super) is_dir: bool,
    pub(super) size: u64,
}
