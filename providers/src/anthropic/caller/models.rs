//! The list of models in Anthropic's form (`GET /v1/models`).

use serde_json::{Value, json};

use crate::{openai::ModelEntry, wire};

/// One entry. Anthropic's has a time of release, which nobody tells us: it is the epoch.
pub fn encode_model(model: &ModelEntry<'_>) -> Vec<u8> {
    written(&entry(model))
}

/// The list, all on one page.
pub fn encode_models(models: &[ModelEntry<'_>]) -> Vec<u8> {
    written(&json!({
        "data": models.iter().map(entry).collect::<Vec<_>>(),
        "has_more": false,
        "first_id": models.first().map(|model| model.id),
        "last_id": models.last().map(|model| model.id),
    }))
}

fn entry(model: &ModelEntry<'_>) -> Value {
    json!({
        "type": "model",
        "id": model.id,
        "display_name": model.id,
        "created_at": "1970-01-01T00:00:00Z",
    })
}

fn written(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    wire::write_json(&mut out, value);
    out
}
