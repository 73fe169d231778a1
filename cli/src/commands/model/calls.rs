//! Short calls that tell what no list does. They go through the gateway as an agent's do, with a key that
//! the person gives: under its policies and budgets, and on record.

use std::{net::Ipv4Addr, time::Duration};

use admin::{AuditList, ModelList, ModelView};
use axum::body::Body;
use config::Settings;
use reqwest::Url;
use serde_json::{Value, json};
use types::Secret;

use super::learnt::{Called, FUNCTION, Found, Reply};
use crate::{
    args::{Global, Probe},
    client::{Ask, Client, settings},
    failure::Failure,
};

/// The variable that holds the key.
const KEY: &str = "ORCHESTACK_KEY";
/// How long one call may take.
const CALL_TIME: Duration = Duration::from_secs(30);
/// The longest answer of a call, in tokens: JSON and a call of a tool fit well.
const OUTPUT_TOKENS: u64 = 64;
/// The longest answer that is read.
const ANSWER_BYTES_MAX: usize = 1 << 20;
/// How often, and in what pace, the record of a call's end is looked for.
const RECORD_TRIES: u32 = 40;
const RECORD_PAUSE: Duration = Duration::from_millis(50);
/// A white image of 64 by 64 pixels.
const IMAGE: &str = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAEAAAABACAAAAACPAi4CAAAAKUlEQVR42u3\
                     MQREAAAwCIPuX1hD77SAA6VEEAoFAIBAIBAKBQCAQfA8Gpwvw4qrwDDIAAAAASUVORK5CYII=";

/// The gateway as an agent knows it.
struct Gateway {
    client: reqwest::Client,
    url: Url,
    key: Secret,
}

/// Calls the models that are asked for, one after the other.
///
/// # Errors
/// Without a key that the gateway knows, or a gateway.
pub(super) async fn all(
    global: &Global,
    client: &Client,
    ask: &Probe,
) -> Result<Vec<Called>, Failure> {
    let gateway = match &ask.gateway {
        Some(address) => Gateway::open(address)?,
        None => Gateway::open(&own(&settings(global)?))?,
    };
    let list: ModelList = client.ask(Ask::get(&["models"])).await?;
    let named =
        |model: &ModelView, name: &String| model.id == *name || model.aliases.contains(name);
    if let Some(name) = ask.only.iter().find(|name| !list.models.iter().any(|m| named(m, name))) {
        let fix = "`orchestack model list` shows those that are registered";
        return Err(Failure::usage(format!("the model `{name}` is not registered"), fix));
    }
    let mut called = Vec::new();
    for model in &list.models {
        let wanted = if ask.only.is_empty() {
            model.enabled && !model.simulator
        } else {
            ask.only.iter().any(|name| named(model, name))
        };
        if wanted && !model.capabilities.iter().any(|can| can == "embeddings") {
            called.push(gateway.learn(client, model).await?);
        }
    }
    Ok(called)
}

/// The address of the gateway that these settings start.
fn own(settings: &Settings) -> String {
    let scheme = if settings.gateway.tls.is_some() { "https" } else { "http" };
    let mut listen = settings.gateway.listen;
    if listen.ip().is_unspecified() {
        listen.set_ip(Ipv4Addr::LOCALHOST.into());
    }
    format!("{scheme}://{listen}")
}

impl Gateway {
    fn open(address: &str) -> Result<Self, Failure> {
        let key =
            config::settings::variable(KEY).filter(|key| !key.is_empty()).ok_or_else(|| {
                let fix = format!("export {KEY}=ork_...; `orchestack key create` makes one");
                Failure::usage(format!("{KEY} is not set"), fix)
            })?;
        let url = Url::parse(address).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let url = url.and_then(|url| url.join("/v1/chat/completions").ok()).ok_or_else(|| {
            let fix = "write it like http://127.0.0.1:8080";
            Failure::usage(format!("`{address}` is not the address of a gateway"), fix)
        })?;
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(CALL_TIME)
            .build()
            .map_err(Failure::of)?;
        Ok(Self { client, url, key: Secret::new(key.trim()) })
    }

    /// What one model can, by at most five calls.
    async fn learn(&self, client: &Client, model: &ModelView) -> Result<Called, Failure> {
        let id = model.id.as_str();
        let greeting = "Say OK.";
        let stream = json!({ "stream": true, "stream_options": { "include_usage": true } });
        let streamed = self.ask(id, json!(greeting), stream).await?;
        let streaming = streamed.streamed(id);
        let mut replies = vec![streamed];
        let mut answers = streaming.clone();
        if streaming != Found::Yes {
            let plain = self.ask(id, json!(greeting), json!({})).await?;
            answers = plain.answers(id);
            replies.push(plain);
        }
        if answers != Found::Yes {
            return Ok(Called { streaming, ..Called::nothing(model, answers) });
        }
        let schema = self.ask(id, json!("Answer that all is well."), by_schema()).await?;
        let prompt = format!("Call the function `{FUNCTION}` with ok = true.");
        let tools = self.ask(id, json!(prompt), with_tool()).await?;
        let image = json!([
            { "type": "text", "text": "Say OK." },
            { "type": "image_url", "image_url": { "url": IMAGE } },
        ]);
        let images = self.ask(id, image, json!({})).await?;
        let mut called = Called {
            streaming,
            json_schema: schema.follows(id),
            tools: tools.calls(id),
            images: images.answers(id),
            ..Called::nothing(model, answers)
        };
        replies.extend([schema, tools, images]);
        for (at, reply) in replies.iter().enumerate().filter(|(_, reply)| reply.is_answer()) {
            let end = ended(client, &reply.request).await?;
            let nanos = end.get("cost_nanos").and_then(Value::as_i64).unwrap_or(0);
            called.cost_nanos = called.cost_nanos.saturating_add(nanos);
            if at == 0 {
                called.stream_usage = usage_told(&end);
            }
        }
        Ok(called)
    }

    /// Asks one model, and no other.
    async fn ask(&self, model: &str, content: Value, more: Value) -> Result<Reply, Failure> {
        let mut body = json!({
            "model": model,
            "messages": [{ "role": "user", "content": content }],
            "max_tokens": OUTPUT_TOKENS,
        });
        if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
            body.extend(more);
        }
        let request = self.client.post(self.url.clone()).bearer_auth(self.key.expose());
        let sent = request.header("x-orchestack-probe", "true").json(&body).send().await;
        let response = match sent {
            Ok(response) => response,
            Err(error) if error.is_timeout() => return Ok(Reply::default()),
            Err(_) => {
                let message = format!(
                    "no gateway answers at {}; name its address with `--gateway`",
                    self.url
                );
                return Err(Failure::Failed(message));
            }
        };
        if response.status().as_u16() == 401 {
            return Err(Failure::Failed(format!("the gateway does not know the key in {KEY}")));
        }
        let header = |name: &str| {
            let value = response.headers().get(name).and_then(|value| value.to_str().ok());
            value.unwrap_or_default().to_owned()
        };
        let (request, model) = (header("x-orchestack-request-id"), header("x-orchestack-model"));
        let status = response.status().as_u16();
        let body = Body::from_stream(response.bytes_stream());
        // Of one that comes to no end in time what it began with tells nothing.
        let bytes = axum::body::to_bytes(body, ANSWER_BYTES_MAX).await.unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Ok(Reply { status, request, model, text })
    }
}

fn by_schema() -> Value {
    let schema = json!({
        "type": "object",
        "properties": { "ok": { "type": "boolean" } },
        "required": ["ok"],
        "additionalProperties": false,
    });
    let named = json!({ "name": "state", "strict": true, "schema": schema });
    json!({ "response_format": { "type": "json_schema", "json_schema": named } })
}

fn with_tool() -> Value {
    let parameters = json!({
        "type": "object",
        "properties": { "ok": { "type": "boolean" } },
        "required": ["ok"],
    });
    let function = json!({
        "name": FUNCTION, "description": "Reports whether all is well.", "parameters": parameters,
    });
    json!({ "tools": [{ "type": "function", "function": function }] })
}

/// The detail of the record of a request's end; null where there is none in time.
async fn ended(client: &Client, request: &str) -> Result<Value, Failure> {
    for _ in 0..RECORD_TRIES {
        let ask = Ask::get(&["audit"])
            .with("limit", Some(1))
            .with("kind", Some("completion"))
            .with("request", Some(request));
        let list: AuditList = client.ask(ask).await?;
        if let Some(record) = list.records.into_iter().next() {
            return Ok(record.detail);
        }
        tokio::time::sleep(RECORD_PAUSE).await;
    }
    Ok(Value::Null)
}

/// Whether the provider told what was used, by the basis of the charge.
fn usage_told(end: &Value) -> Found {
    match end.get("basis").and_then(Value::as_str) {
        Some("provider") => Found::Yes,
        Some("counted" | "worst_case") => Found::No,
        Some(_) | None => Found::Unknown("no_record".to_owned()),
    }
}
