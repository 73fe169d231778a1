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
    /// Whether those are all that it serves, so that it serves no other.
    pub(crate) all: bool,
}

/// Asks a provider whether it answers, and what it serves. A local server is asked by its own endpoints
/// first, which tell more than the list that all have. Nothing is generated and nothing costs.
pub(crate) async fn ask(control: &Control, provider: &Provider) -> Seen {
    let health = overview::answers(control, &provider.name).await;
    if health != overview::ANSWERS {
        return Seen { health, models: None, all: false };
    }
    let own = provider.locality == Locality::Local && provider.kind == ProviderKind::OpenAi;
    let root = provider.base_url.strip_suffix("/v1").filter(|_| own);
    let mut models = None;
    if let Some(root) = root {
        let told = local::any(&control.http, root);
        models = tokio::time::timeout(SERVER_TIME, told).await.unwrap_or_default();
    }
    if let Some(models) = models {
        let all = models.len() < MODELS_MAX;
        return Seen { health, models: Some(models), all };
    }
    match listed(control, &provider.name).await {
        // Azure tells of models, and is asked by the names of deployments.
        Some((models, all)) => {
            let all = all && provider.kind != ProviderKind::Azure;
            Seen { health, models: Some(models), all }
        }
        None => Seen { health, models: None, all: false },
    }
}

/// The list that the provider's format has, with its key.
async fn listed(control: &Control, name: &str) -> Option<(Vec<Told>, bool)> {
    let question = overview::question(control, name).ok()?;
    let list: Value = wire::ask_within(question, LIST_TIME).await?;
    models(&list)
}

/// The models of a list, and whether those are all: `data` as OpenAI and most others have it, `models` as
/// Gemini. `None` of what is no such list.
fn models(list: &Value) -> Option<(Vec<Told>, bool)> {
    let items = ["data", "models"].into_iter().find_map(|key| list.get(key)?.as_array())?;
    // Anthropic's and Gemini's words for a page that another one follows.
    let goes_on = list.get("has_more").and_then(Value::as_bool).unwrap_or_default()
        || list.get("nextPageToken").is_some();
    let model = |item: &Value| {
        let name = item.get("id").or_else(|| item.get("name"))?.as_str()?;
        let name = name.strip_prefix("models/").unwrap_or(name);
        // vLLM and SGLang; OpenRouter; Mistral.
        let keys = ["max_model_len", "context_length", "max_context_length"];
        let number = |key: &str| item.get(key)?.as_u64();
        // Gemini tells input and output apart.
        let gemini = || number("inputTokenLimit")?.checked_add(number("outputTokenLimit")?);
        let context = keys.into_iter().find_map(number).or_else(gemini);
        let mut told = Told::of_name(name.to_owned());
        told.context = context;
        Some(told)
    };
    let told = items.iter().take(MODELS_MAX).filter_map(model).collect();
    Some((told, !goes_on && items.len() <= MODELS_MAX))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_list_is_read_in_every_form_that_providers_have() {
        let read = |list: Value| {
            let (told, all) = models(&list)?;
            assert!(all, "{list}");
            Some(told.into_iter().map(|told| (told.name, told.context)).collect::<Vec<_>>())
        };
        let one = |name: &str, context| Some(vec![(name.to_owned(), context)]);
        let data = |item: Value| json!({ "object": "list", "data": [item], "has_more": false });
        assert_eq!(read(data(json!({ "id": "gpt" }))), one("gpt", None));
        let vllm = json!({ "id": "q", "max_model_len": 4096 });
        assert_eq!(read(data(vllm)), one("q", Some(4096)));
        let mistral = json!({ "id": "m", "max_context_length": 32_768 });
        assert_eq!(read(data(mistral)), one("m", Some(32_768)));
        let gemini = json!({ "models": [
            { "name": "models/g", "inputTokenLimit": 1_000, "outputTokenLimit": 200 },
        ]});
        assert_eq!(read(gemini), one("g", Some(1_200)));
        assert_eq!(read(json!({ "data": [1, { "id": 2 }] })), Some(vec![]));
        for odd in [json!([]), json!({ "data": "x" })] {
            assert_eq!(read(odd), None);
        }
    }

    /// What is not on a page of a list may be on the next one.
    #[test]
    fn a_page_is_not_all() {
        for page in [
            json!({ "data": [{ "id": "a" }], "has_more": true }),
            json!({ "models": [{ "name": "models/a" }], "nextPageToken": "x" }),
            json!({ "data": vec![json!({ "id": "a" }); MODELS_MAX + 1] }),
        ] {
            assert!(models(&page).is_some_and(|(told, all)| !told.is_empty() && !all));
        }
    }
}
