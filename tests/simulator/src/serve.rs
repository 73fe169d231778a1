//! The life of one call.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use axum::body::{Body, Bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use futures::StreamExt as _;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::answer::{Answer, compose};
use crate::ask::{Ask, Refusal};
use crate::behaviour::{Ability, Behaviour, End};
use crate::bench::Bench;
use crate::bill::{Begin, Bill, Call};
use crate::dialect::{Dialect, Operation};
use crate::log::{Log, Seen, sha256_hex};
use crate::reply::{Frame, Sending, Told, finish, plan};
use crate::script::Stage;
use crate::signature::Signed;
use crate::wire::Wire;
use crate::{Model, SimulatorOptions, bedrock, gemini, named, signature};

/// A body that is longer than allowed is still read up to this many times the bound, so that the
/// caller sees the refusal and not a broken pipe.
const DRAIN_TIMES: usize = 4;

/// What all calls share.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) options: SimulatorOptions,
    pub(crate) bill: Arc<Bill>,
    pub(crate) log: Log,
    pub(crate) stage: Stage,
    pub(crate) bench: Bench,
    pub(crate) keep_bodies: AtomicBool,
    pub(crate) received: Arc<AtomicU64>,
    pub(crate) stop: CancellationToken,
}

/// Answers one call.
pub(crate) async fn call(
    state: &State,
    at: Operation,
    wire: Wire,
    headers: &HeaderMap,
    body: Body,
) -> Response {
    let dialect = at.dialect;
    let (body, too_long) = read_body(body, state.options.body_bytes_max).await;
    let key = dialect.key(headers);
    if dialect == Dialect::OpenAi
        && !at.embed
        && state.options.accepts(key)
        && let Some(response) = state.bench.answer(&body)
    {
        return response;
    }
    let mut seen = Seen {
        path: at.path.clone(),
        body_bytes: body.len(),
        body_sha256: sha256_hex(&body),
        key_sha256: key.map(|key| sha256_hex(key.as_bytes())),
        traceparent: headers
            .get("traceparent")
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned),
        body: state
            .keep_bodies
            .load(Ordering::Relaxed)
            .then(|| String::from_utf8_lossy(&body).into_owned()),
        ..Seen::default()
    };
    let admitted = match too_long {
        true => Err(Refusal::new(413, "the body is too long")),
        false => admit(state, &at, headers, key, &body, &mut seen),
    };
    let (ask, behaviour) = match admitted {
        Ok(admitted) => admitted,
        Err(refusal) => return refuse(state, dialect, seen, &refusal, None),
    };
    if let Some(status) = behaviour.status {
        let scripted = Refusal::new(status, format!("scripted status {status}"));
        let retry_after_s = behaviour.retry_after_s;
        let refused = refuse(state, dialect, seen, &scripted, retry_after_s);
        return match wait(state, behaviour.delay_ms).await {
            true => refused,
            false => abort(&wire, End::Cut, state).await,
        };
    }
    if let Some(refusal) = lacking(&ask, &behaviour) {
        return refuse(state, dialect, seen, &refusal, None);
    }
    let answer = compose(&ask, &body, &behaviour);
    let call = match begin(state, &ask, &answer) {
        Ok(call) => call,
        Err(refusal) => return refuse(state, dialect, seen, &refusal, None),
    };
    let early = early_end(&behaviour);
    seen.call = Some(call.id().to_owned());
    seen.status = if early.is_some() { 0 } else { 200 };
    state.log.add(seen);
    send(state, dialect, wire, Made { ask, answer, behaviour, call, early }).await
}

/// The refusal of what the model cannot do and says so.
fn lacking(ask: &Ask, behaviour: &Behaviour) -> Option<Refusal> {
    let lacks = |ability| behaviour.lacks.contains(&ability);
    let refused = [
        (ask.input.has_image && lacks(Ability::Images), "messages", "this model sees no images"),
        (ask.stream && lacks(Ability::Streaming), "stream", "this model does not stream"),
    ];
    let found = refused.into_iter().find(|(refused, ..)| *refused);
    found.map(|(_, param, message)| Refusal::field(param, message))
}

/// A call whose answer is made and billed, and not sent yet.
struct Made {
    ask: Ask,
    answer: Answer,
    behaviour: Behaviour,
    call: Call,
    early: Option<End>,
}

async fn send(state: &State, dialect: Dialect, wire: Wire, made: Made) -> Response {
    let Made { ask, answer, behaviour, call, early } = made;
    if !wait(state, behaviour.delay_ms).await {
        return abort(&wire, End::Cut, state).await;
    }
    if let Some(end) = early {
        // The call lives until here, so that a bill shows it open while it hangs.
        let response = abort(&wire, end, state).await;
        drop(call);
        return response;
    }
    let told = Told { id: call.id(), created: now_s(), usage: behaviour.usage };
    let (frames, content_type) = match ask.stream {
        true => (dialect.stream(&ask, &answer, &told), dialect.stream_type()),
        false => {
            let body = dialect.plain(&ask, &answer, &told).to_string();
            (vec![Frame::new(body, answer.tokens())], "application/json")
        }
    };
    let length = frames.first().map_or(0, |frame| frame.bytes.len());
    let whole = !ask.stream && behaviour.malformed.is_none();
    let ping = ask.stream.then(|| dialect.ping());
    let damaged = |malformed| dialect.damaged(malformed).filter(|_| ask.stream);
    let steps = plan(frames, &behaviour, ping, damaged).into_iter();
    let id = call.id().to_owned();
    let sending = Sending { steps, call, produced: 0, wire, stop: state.stop.clone() };
    let mut response = Response::new(sending.into_body());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    if whole {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    } else if ask.stream {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    }
    if let Ok(id) = HeaderValue::from_str(&format!("req_{id}")) {
        headers.insert(dialect.id_header(), id);
    }
    response
}

/// Checks the key, reads the request and finds its behaviour.
fn admit(
    state: &State,
    at: &Operation,
    headers: &HeaderMap,
    key: Option<&str>,
    body: &Bytes,
    seen: &mut Seen,
) -> Result<(Ask, Behaviour), Refusal> {
    let dialect = at.dialect;
    if dialect == Dialect::Bedrock && signature::is_signed(headers) {
        let signed = Signed { path: &at.path, headers, body };
        signature::verify(signed, "bedrock", &state.options.aws_keys)
            .map_err(|why| Refusal::new(403, why))?;
    } else if !state.options.accepts(key) || (dialect == Dialect::Anthropic && key.is_none()) {
        return Err(Refusal::new(401, "a known key is required"));
    }
    if dialect == Dialect::Anthropic && !headers.contains_key("anthropic-version") {
        return Err(Refusal::new(400, "anthropic-version: header is required"));
    }
    let value: Value = serde_json::from_slice(body)
        .map_err(|error| Refusal::new(400, format!("the body is not JSON: {error}")))?;
    let named = at.model.as_deref().or_else(|| value.get("model").and_then(Value::as_str));
    seen.model = named.unwrap_or("").to_owned();
    let ask = dialect.read(&value, at)?;
    seen.stream = ask.stream;
    let header = headers.get("x-sim-fault").and_then(|value| value.to_str().ok());
    let behaviour = state.stage.next(header, &ask.model).map_err(|name| {
        let names = named::NAMES;
        Refusal::new(400, format!("`{name}` is not a fault of the simulator: use one of {names}"))
    })?;
    Ok((ask, behaviour))
}

fn begin(state: &State, ask: &Ask, answer: &Answer) -> Result<Call, Refusal> {
    let model = state.options.model(&ask.model);
    let made = answer.tokens();
    let limit = ask.limit.unwrap_or(model.max_output_tokens);
    let worst = limit.saturating_mul(u64::from(ask.choices)).max(made);
    let begin = Begin {
        model: &ask.model,
        price: model.price,
        input_tokens: ask.input.tokens(),
        output_tokens_worst: worst,
        // A plain answer is made before its first byte leaves, so a cut does not make it cheaper.
        produced: if ask.stream { 0 } else { made },
    };
    state.bill.begin(begin).map_err(|error| Refusal::new(500, error.to_string()))
}

/// The end that comes before the headers, if the behaviour has one.
fn early_end(behaviour: &Behaviour) -> Option<End> {
    behaviour.end.filter(|end| match end {
        End::Close => true,
        End::Hang | End::HalfOpen | End::HalfClose => behaviour.after_chunks == 0,
        End::Cut | End::Reset | End::NoTerminal => false,
    })
}

fn refuse(
    state: &State,
    dialect: Dialect,
    mut seen: Seen,
    refusal: &Refusal,
    retry_after_s: Option<u64>,
) -> Response {
    seen.status = refusal.status;
    state.log.add(seen);
    let mut response = Response::new(Body::from(dialect.error_body(refusal).to_string()));
    let status = match dialect {
        Dialect::Gemini => gemini::http_status(refusal.status),
        _ => refusal.status,
    };
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if dialect == Dialect::Bedrock {
        let name = HeaderValue::from_static(bedrock::error_name(refusal.status));
        headers.insert(HeaderName::from_static("x-amzn-errortype"), name);
    }
    if let Some(seconds) = retry_after_s {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// Ends the connection; the response that is returned never leaves.
async fn abort(wire: &Wire, end: End, state: &State) -> Response {
    finish(end, wire, &state.stop).await;
    Response::new(Body::empty())
}

/// Waits; false when the simulator stops meanwhile.
async fn wait(state: &State, delay_ms: u64) -> bool {
    let delay = Duration::from_millis(delay_ms);
    delay.is_zero() || state.stop.run_until_cancelled(tokio::time::sleep(delay)).await.is_some()
}

/// Reads a body up to its bound. `true` when there was more, or when it broke off.
async fn read_body(body: Body, max: usize) -> (Bytes, bool) {
    let mut chunks = body.into_data_stream();
    let mut whole = bytes::BytesMut::new();
    let mut dropped = 0_usize;
    while let Some(Ok(chunk)) = chunks.next().await {
        if whole.len().saturating_add(chunk.len()) <= max && dropped == 0 {
            whole.extend_from_slice(&chunk);
        } else {
            dropped = dropped.saturating_add(chunk.len());
        }
        if dropped > max.saturating_mul(DRAIN_TIMES) {
            break;
        }
    }
    (whole.freeze(), dropped > 0)
}

fn now_s() -> u64 {
    UNIX_EPOCH.elapsed().map_or(0, |since| since.as_secs())
}

impl SimulatorOptions {
    fn accepts(&self, key: Option<&str>) -> bool {
        let known = |key: &str| self.api_keys.iter().any(|known| known == key);
        self.api_keys.is_empty() || key.is_some_and(known)
    }

    fn model(&self, id: &str) -> Model {
        let listed = self.models.iter().find(|model| model.id == id);
        listed.cloned().unwrap_or_else(|| Model {
            id: id.to_owned(),
            price: self.price,
            max_output_tokens: Model::MAX_OUTPUT_TOKENS,
        })
    }
}
