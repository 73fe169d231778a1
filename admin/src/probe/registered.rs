//! What the servers of registered providers say of themselves, and of the models that they serve.

use std::time::Duration;

use router::Provider;
use serde_json::Value;
use types::{Locality, ProviderKind};

use super::{
    MODELS_MAX, SERVER_TIME,
    local::{self, Told},
    wire,
};
use crate::{control::Control, overview};

/// How long a provider's list may take: it can be far away.
const LIST_TIME: Duration = Duration::from_secs(5);

/// A provider that was asked.
pub(crate) struct Seen {
    /// What it answers, in the words of `orchestack doctor`.
    pub(crate) health: String,
    /// The models that it tells of; `None` where it tells of none.
    pub(crate) models: Option<Vec<Told>>,
}

/// Asks a provider whether it answers, and what it serves. A local server is asked by its own endpoints
/// first, which tell more than the list that all have. Nothing is generated and nothing costs.
pub(crate) async fn ask(control: &Control, provider: &Provider) -> Seen {
    let health = overview::answers(control, &provider.name).await;
    if health != overview::ANSWERS {
        return Seen { health, models: None };
    }
    let own = provider.locality == Locality::Local && provider.kind == ProviderKind::OpenAi;
    let root = provider.base_url.strip_suffix("/v1").filter(|_| own);
    let mut models = None;
    if let Some(root) = root {
        let told = local::any(&control.http, root);
        models = tokio::time::timeout(SERVER_TIME, told).await.unwrap_or_default();
    }
    if models.is_none() {
        models = listed(control, &provider.name).await;
    }
    Seen { health, models }
}

/// The list that the provider's format has, with its key.
async fn listed(control: &Control, name: &str) -> Option<Vec<Told>> {
    let question = overview::question(control, name).ok()?;
    let list: Value = wire::ask_within(question, LIST_TIME).await?;
    Some(models(&list))
}

/// The models of a list: `data` as OpenAI and most others have it, `models` as Gemini.
fn models(list: &Value) -> Vec<Told> {
    let items = ["data", "models"].into_iter().find_map(|key| list.get(key)?.as_array());
    let model = |item: &Value| {
        let name = item.get("id").or_else(|| item.get("name"))?.as_str()?;
        let name = name.strip_prefix("models/").unwrap_or(name);
        // vLLM and SGLang; OpenRouter; Mistral; Gemini, without the output.
        let keys = ["max_model_len", "context_length", "max_context_length", "inputTokenLimit"];
        let context = keys.into_iter().find_map(|key| item.get(key)?.as_u64());
        let mut told = Told::of_name(name.to_owned());
        told.context = context;
        Some(told)
    };
    items.into_iter().flatten().take(MODELS_MAX).filter_map(model).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_list_is_read_in_every_form_that_providers_have() {
        let read = |list: Value| {
            let told = models(&list).into_iter();
            told.map(|told| (told.name, told.context)).collect::<Vec<_>>()
        };
        let one = |name: &str, context| vec![(name.to_owned(), context)];
        let data = |item: Value| json!({ "object": "list", "data": [item] });
        assert_eq!(read(data(json!({ "id": "gpt" }))), one("gpt", None));
        let vllm = json!({ "id": "q", "max_model_len": 4096 });
        assert_eq!(read(data(vllm)), one("q", Some(4096)));
        let mistral = json!({ "id": "m", "max_context_length": 32_768 });
        assert_eq!(read(data(mistral)), one("m", Some(32_768)));
        let gemini = json!({ "models": [{ "name": "models/g", "inputTokenLimit": 1_048_576 }] });
        assert_eq!(read(gemini), one("g", Some(1_048_576)));
        for odd in [json!([]), json!({ "data": "x" }), json!({ "data": [1, { "id": 2 }] })] {
            assert_eq!(read(odd), []);
        }
    }
}
