//! The paths of the simulator.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, DefaultBodyLimit, Path, Query, State as Shared};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use serde::Serialize;
use serde_json::{Value, json};

use crate::ask::Refusal;
use crate::openai;
use crate::script::Script;
use crate::serve::{Dialect, State, call};
use crate::wire::Wire;

/// The router; the control paths only where the options have them.
pub(crate) fn router(state: Arc<State>) -> Router {
    let mut router = Router::new()
        .route("/v1/chat/completions", post(chat))
        .route("/v1/messages", post(messages))
        .route("/v1/models", get(models))
        .route("/v1/models/{*id}", get(model));
    if state.options.control {
        router = router
            .route("/_sim/script", post(set_script))
            .route("/_sim/log", get(log))
            .route("/_sim/bill", get(bill))
            .route("/_sim/reset", post(reset));
    }
    router.fallback(unknown).layer(DefaultBodyLimit::disable()).with_state(state)
}

async fn chat(
    Shared(state): Shared<Arc<State>>,
    ConnectInfo(wire): ConnectInfo<Wire>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    call(&state, Dialect::OpenAi, wire, &headers, body).await
}

async fn messages(
    Shared(state): Shared<Arc<State>>,
    ConnectInfo(wire): ConnectInfo<Wire>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    call(&state, Dialect::Anthropic, wire, &headers, body).await
}

async fn models(Shared(state): Shared<Arc<State>>) -> Response {
    body(StatusCode::OK, &openai::models(&state.options.models))
}

async fn model(Shared(state): Shared<Arc<State>>, Path(id): Path<String>) -> Response {
    match state.options.models.iter().find(|model| model.id == id) {
        Some(model) => body(StatusCode::OK, &openai::model(model)),
        None => {
            let refusal = Refusal::new(404, format!("the model `{id}` does not exist"));
            body(StatusCode::NOT_FOUND, &openai::error_body(&refusal))
        }
    }
}

async fn unknown() -> Response {
    let refusal = Refusal::new(404, "unknown path or method");
    body(StatusCode::NOT_FOUND, &openai::error_body(&refusal))
}

async fn set_script(Shared(state): Shared<Arc<State>>, text: Bytes) -> Response {
    match serde_json::from_slice::<Script>(&text) {
        Ok(script) => {
            state.play(script);
            body(StatusCode::OK, &json!({"ok": true}))
        }
        Err(error) => {
            body(StatusCode::BAD_REQUEST, &json!({"error": format!("bad script: {error}")}))
        }
    }
}

async fn log(
    Shared(state): Shared<Arc<State>>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let after = query.get("after").and_then(|after| after.parse().ok()).unwrap_or(0_u64);
    let mut seen = state.log.seen();
    seen.retain(|seen| seen.seq > after);
    let bytes = state.received.load(Ordering::Relaxed);
    let answer = json!({"count": state.log.count(), "bytes_received": bytes, "requests": seen});
    body(StatusCode::OK, &answer)
}

async fn bill(Shared(state): Shared<Arc<State>>) -> Response {
    body(StatusCode::OK, &state.bill.total())
}

/// Forgets script and log. The bill is append-only and stays.
async fn reset(Shared(state): Shared<Arc<State>>) -> Response {
    state.reset();
    body(StatusCode::OK, &json!({"ok": true}))
}

fn body<T: Serialize>(status: StatusCode, value: &T) -> Response {
    let text = serde_json::to_value(value).unwrap_or(Value::Null).to_string();
    (status, [(header::CONTENT_TYPE, "application/json")], text).into_response()
}
