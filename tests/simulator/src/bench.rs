//! The model `bench`: answers that were made before anyone asked, for load benches.
//!
//! Its calls take no part in script, log and bill, so that the simulator costs as little as it can
//! beside what is measured.

use axum::body::{Body, Bytes};
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::Response;
use serde::Deserialize;

use crate::Behaviour;
use crate::answer::compose;
use crate::ask::{Ask, Input};
use crate::openai;
use crate::reply::Told;

/// The model's id.
pub(crate) const MODEL: &str = "bench";
/// Output tokens of each answer.
const OUTPUT_TOKENS: u64 = 64;
/// The input tokens that each answer claims, whatever was asked: a 4 KB body has about as many.
const INPUT_CHARS: usize = 4_000;

/// The ready answers.
#[derive(Debug)]
pub(crate) struct Bench {
    plain: Bytes,
    stream: Bytes,
    stream_with_usage: Bytes,
}

/// The little that must be read of a request.
#[derive(Debug, Deserialize)]
struct Peek<'a> {
    #[serde(borrow)]
    model: std::borrow::Cow<'a, str>,
    #[serde(default)]
    stream: bool,
    #[serde(default)]
    stream_options: Option<PeekOptions>,
}

#[derive(Debug, Deserialize)]
struct PeekOptions {
    #[serde(default)]
    include_usage: bool,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let behaviour = Behaviour { output_tokens: Some(OUTPUT_TOKENS), ..Behaviour::default() };
        let mut input = Input::default();
        input.add(&"x".repeat(INPUT_CHARS));
        let mut ask = Ask { model: MODEL.to_owned(), input, choices: 1, ..Ask::default() };
        let answer = compose(&ask, b"bench", &behaviour);
        let told = Told { id: "bench", created: 1_767_225_600, usage: behaviour.usage };
        let plain = openai::plain(&ask, &answer, &told).to_string().into();
        let mut stream = |include_usage| {
            ask.include_usage = include_usage;
            let frames = openai::stream(&ask, &answer, &told);
            frames.iter().flat_map(|frame| frame.bytes.iter().copied()).collect()
        };
        Self { plain, stream: stream(false), stream_with_usage: stream(true) }
    }

    /// The answer, when the request is for this model.
    pub(crate) fn answer(&self, body: &[u8]) -> Option<Response> {
        let peek: Peek<'_> = serde_json::from_slice(body).ok()?;
        if peek.model != MODEL {
            return None;
        }
        let include_usage = peek.stream_options.is_some_and(|options| options.include_usage);
        let (bytes, content_type) = match (peek.stream, include_usage) {
            (false, _) => (&self.plain, "application/json"),
            (true, false) => (&self.stream, "text/event-stream"),
            (true, true) => (&self.stream_with_usage, "text/event-stream"),
        };
        let mut response = Response::new(Body::from(bytes.clone()));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        Some(response)
    }
}
