//! What local model servers say about themselves. Everything is optional: versions differ.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use super::{ANSWER_BYTES_MAX, QUESTION_TIME};

/// `GET /v1/models`, the list that every server has.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Listed {
    #[serde(default)]
    pub data: Vec<ListedModel>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct ListedModel {
    pub id: String,
    #[serde(default)]
    pub owned_by: Option<String>,
    /// vLLM and SGLang.
    #[serde(default)]
    pub max_model_len: Option<u64>,
}

/// Ollama's `GET /api/tags`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Tags {
    #[serde(default)]
    pub models: Vec<Tag>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Tag {
    pub name: String,
    /// Set where the model runs at Ollama's cloud and is only relayed.
    #[serde(default)]
    pub remote_host: Option<String>,
    #[serde(default)]
    pub details: Details,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Details {
    #[serde(default)]
    pub parameter_size: Option<String>,
}

/// Ollama's `POST /api/show`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Shown {
    /// `<family>.context_length` is among them.
    #[serde(default)]
    pub model_info: BTreeMap<String, Value>,
    /// Lines such as `num_ctx 8192`.
    #[serde(default)]
    pub parameters: Option<String>,
    #[serde(default)]
    pub capabilities: Vec<String>,
    #[serde(default)]
    pub remote_host: Option<String>,
}

/// llama.cpp's `GET /props`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Props {
    #[serde(default)]
    pub default_generation_settings: Generation,
    #[serde(default)]
    pub modalities: Modalities,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Generation {
    #[serde(default)]
    pub n_ctx: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Modalities {
    #[serde(default)]
    pub vision: bool,
}

/// LM Studio's `GET /api/v0/models`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct StudioList {
    #[serde(default)]
    pub data: Vec<StudioModel>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct StudioModel {
    pub id: String,
    /// `llm`, `vlm` or `embeddings`.
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
    #[serde(default)]
    pub loaded_context_length: Option<u64>,
    #[serde(default)]
    pub max_context_length: Option<u64>,
    #[serde(default)]
    pub capabilities: Vec<String>,
}

impl Shown {
    /// What the model is run with where that is set, else what it was made for.
    pub(super) fn context(&self) -> Option<u64> {
        let set = self.parameters.iter().flat_map(|text| text.lines()).find_map(|line| {
            let (key, value) = line.trim().split_once(char::is_whitespace)?;
            (key == "num_ctx").then(|| value.trim().parse().ok()).flatten()
        });
        let made = || {
            let mut facts = self.model_info.iter();
            facts.find_map(|(key, value)| {
                value.as_u64().filter(|_| key.ends_with(".context_length"))
            })
        };
        set.or_else(made)
    }

    pub(super) fn can(&self, what: &str) -> bool {
        self.capabilities.iter().any(|capability| capability == what)
    }
}

/// Asks and reads a bounded JSON answer. `None` where nobody answers, or with something else.
pub(super) async fn ask<T: DeserializeOwned>(request: reqwest::RequestBuilder) -> Option<T> {
    ask_within(request, QUESTION_TIME).await
}

/// As [`ask`], with more time.
pub(super) async fn ask_within<T: DeserializeOwned>(
    request: reqwest::RequestBuilder,
    time: Duration,
) -> Option<T> {
    let read = async {
        let mut response = request.send().await.ok()?;
        if !response.status().is_success() {
            return None;
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.ok()? {
            if bytes.len().saturating_add(chunk.len()) > ANSWER_BYTES_MAX {
                return None;
            }
            bytes.extend_from_slice(&chunk);
        }
        serde_json::from_slice(&bytes).ok()
    };
    tokio::time::timeout(time, read).await.ok().flatten()
}
