//! The paths of the simulator.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{
    ConnectInfo, DefaultBodyLimit, FromRequest, Path, Query, Request, State as Shared,
};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use serde::Serialize;
use serde_json::{Value, json};

use crate::ask::Refusal;
use crate::dialect::{Dialect, Operation};
use crate::openai;
use crate::script::Script;
use crate::serve::{State, call};
use crate::wire::Wire;

/// The router; the control paths only where the options have them.
pub(crate) fn router(state: Arc<State>) -> Router {
    let mut router = Router::new()
        .route("/v1/chat/completions", post(chat))
        .route("/v1/messages", post(messages))
        .route("/mistral/v1/chat/completions", post(mistral))
        .route("/openai/v1/chat/completions", post(azure))
        .route("/openai/deployments/{deployment}/chat/completions", post(deployment))
        .route("/v1/embeddings", post(embed))
        .route("/mistral/v1/embeddings", post(embed_mistral))
        .route("/openai/v1/embeddings", post(embed_azure))
        .route("/openai/deployments/{deployment}/embeddings", post(embed_deployment))
        .route("/v1beta/models/{call}", post(gemini))
        .route("/model/{model}/{operation}", post(bedrock))
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

/// What came, whichever path it came to.
struct Came {
    state: Arc<State>,
    wire: Wire,
    /// The path and query as they were written.
    path: String,
    headers: HeaderMap,
    body: Body,
}

impl FromRequest<Arc<State>> for Came {
    type Rejection = Response;

    async fn from_request(request: Request, state: &Arc<State>) -> Result<Self, Response> {
        let (parts, body) = request.into_parts();
        let wire = parts.extensions.get::<ConnectInfo<Wire>>().cloned();
        let Some(ConnectInfo(wire)) = wire else {
            return Err(StatusCode::INTERNAL_SERVER_ERROR.into_response());
        };
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        Ok(Self { state: Arc::clone(state), wire, path, headers: parts.headers, body })
    }
}

impl Came {
    async fn call(self, dialect: Dialect, model: Option<String>, stream: bool) -> Response {
        self.operate(dialect, model, (stream, false)).await
    }

    async fn embed(self, dialect: Dialect, model: Option<String>) -> Response {
        self.operate(dialect, model, (false, true)).await
    }

    async fn operate(
        self,
        dialect: Dialect,
        model: Option<String>,
        (stream, embed): (bool, bool),
    ) -> Response {
        let at = Operation { dialect, path: self.path, model, stream, embed };
        call(&self.state, at, self.wire, &self.headers, self.body).await
    }
}

async fn chat(came: Came) -> Response {
    came.call(Dialect::OpenAi, None, false).await
}

async fn messages(came: Came) -> Response {
    came.call(Dialect::Anthropic, None, false).await
}

async fn mistral(came: Came) -> Response {
    came.call(Dialect::Mistral, None, false).await
}

async fn azure(came: Came) -> Response {
    came.call(Dialect::Azure, None, false).await
}

/// Paths by deployment need a version.
async fn deployment(Path(deployment): Path<String>, came: Came) -> Response {
    match came.path.contains("?api-version=20") {
        true => came.call(Dialect::Azure, Some(deployment), false).await,
        false => unknown().await,
    }
}

async fn embed(came: Came) -> Response {
    came.embed(Dialect::OpenAi, None).await
}

async fn embed_mistral(came: Came) -> Response {
    came.embed(Dialect::Mistral, None).await
}

async fn embed_azure(came: Came) -> Response {
    came.embed(Dialect::Azure, None).await
}

async fn embed_deployment(Path(deployment): Path<String>, came: Came) -> Response {
    match came.path.contains("?api-version=20") {
        true => came.embed(Dialect::Azure, Some(deployment)).await,
        false => unknown().await,
    }
}

async fn gemini(Path(named): Path<String>, came: Came) -> Response {
    match named.rsplit_once(':') {
        Some((model, "generateContent")) => {
            came.call(Dialect::Gemini, Some(model.to_owned()), false).await
        }
        Some((model, "streamGenerateContent")) if came.path.ends_with("?alt=sse") => {
            came.call(Dialect::Gemini, Some(model.to_owned()), true).await
        }
        Some((model, "batchEmbedContents")) => {
            came.embed(Dialect::Gemini, Some(model.to_owned())).await
        }
        _ => unknown().await,
    }
}

async fn bedrock(Path((model, operation)): Path<(String, String)>, came: Came) -> Response {
    match operation.as_str() {
        "converse" => came.call(Dialect::Bedrock, Some(model), false).await,
        "invoke" => came.embed(Dialect::Bedrock, Some(model)).await,
        "converse-stream" => came.call(Dialect::Bedrock, Some(model), true).await,
        _ => unknown().await,
    }
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
