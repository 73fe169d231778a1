//! OpenAI's completions of a prompt, for old clients. The prompt is one user's message: upstreams are
//! asked for chat completions, so that a model answers the prompt rather than writes on.
//!
//! Source: OpenAI's OpenAPI description, version 2.3.0 (`POST /v1/completions`).

use serde::Serialize;
use serde_json::{Map, Value, value::RawValue};
use types::{
    Code,
    answer::{ChatAnswer, Choice, Event, Finish, Piece, Usage},
    chat::{ChatRequest, Message, Part, Role, Sampling},
};

use super::{
    error::encode_error,
    request::{choices, logit_bias, stop, stream_options},
    usage::UsageOut,
};
use crate::{
    Rejection, params,
    params::{Fields, Path, Read, need, read},
    wire,
};

/// What `max_tokens` is where it is not given, as the description has it.
const OUTPUT_TOKENS_DEFAULT: u64 = 16;

/// Documented parameters that we refuse, and why.
const REFUSED: [(&str, &str); 2] = [
    ("suffix", "is not supported: no text can be inserted before a given end"),
    ("logprobs", "is not supported; use chat completions"),
];

/// Reads and validates a request's body, strictly.
///
/// # Errors
/// [`Rejection`] for anything malformed, out of range, unknown or unsupported.
pub fn decode_request(body: &[u8]) -> Result<ChatRequest, Rejection> {
    let mut fields = params::body(body)?;
    params::refuse(&mut fields, &REFUSED)?;
    if read(&mut fields, "echo", params::boolean)? == Some(true) {
        return Err(Path::Root("echo").refuse("must be false: the prompt is not sent back"));
    }
    let count = read(&mut fields, "n", choices)?.unwrap_or(1);
    if read(&mut fields, "best_of", choices)?.is_some_and(|best| best != count) {
        return Err(Path::Root("best_of").refuse("must be what `n` is: none is left out"));
    }
    let stream = read(&mut fields, "stream", params::boolean)?.unwrap_or(false);
    let limit = read(&mut fields, "max_tokens", params::output_limit)?;
    let penalty = |path: &Path<'_>, raw: &RawValue| params::number_in(path, raw, -2.0, 2.0);
    let mut extra = Map::new();
    let mut pass = |name: &str, value: Option<Value>| {
        extra.extend(value.map(|value| (name.to_owned(), value)));
    };
    for name in ["frequency_penalty", "presence_penalty"] {
        pass(name, read(&mut fields, name, penalty)?.map(Value::Number));
    }
    pass("logit_bias", read(&mut fields, "logit_bias", logit_bias)?);
    pass("user", read(&mut fields, "user", params::string)?.map(Value::String));
    let request = ChatRequest {
        model: need(&mut fields, "model", params::model)?,
        messages: vec![Message::new(Role::User, vec![need(&mut fields, "prompt", prompt)?])],
        max_output_tokens: Some(limit.unwrap_or(OUTPUT_TOKENS_DEFAULT)),
        choices: count,
        sampling: sampling(&mut fields)?,
        stop: read(&mut fields, "stop", stop)?.unwrap_or_default(),
        stream,
        include_usage: stream_options(&mut fields, stream)?,
        extra,
        ..ChatRequest::default()
    };
    fields.end(None)?;
    Ok(request)
}

fn sampling(fields: &mut Fields<'_>) -> Read<Sampling> {
    Ok(Sampling {
        temperature: read(fields, "temperature", |path, raw| {
            params::number_in(path, raw, 0.0, 2.0)
        })?,
        top_p: read(fields, "top_p", |path, raw| params::number_in(path, raw, 0.0, 1.0))?,
        top_k: None,
        seed: read(fields, "seed", params::integer)?,
    })
}

/// A text, or a list of one.
fn prompt(path: &Path<'_>, raw: &RawValue) -> Read<Part> {
    if raw.get().starts_with('"') {
        return params::string(path, raw).map(Part::Text);
    }
    let one = "must be a text or a list of one: tokens and several prompts are not supported";
    match params::array(path, raw)?.as_slice() {
        [text] if text.get().starts_with('"') => {
            params::string(&path.item(0), text).map(Part::Text)
        }
        _ => Err(path.refuse(one)),
    }
}

#[derive(Serialize)]
struct AnswerOut<'a> {
    id: &'a str,
    object: &'static str,
    created: i64,
    model: &'a str,
    choices: &'a [ChoiceOut<'a>],
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<UsageOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    system_fingerprint: Option<&'a str>,
}

#[derive(Serialize)]
struct ChoiceOut<'a> {
    index: u32,
    text: &'a str,
    logprobs: Option<()>,
    finish_reason: Option<&'static str>,
}

/// The body of a whole answer. It has a place for text only: what was thought is not told.
pub fn encode_answer(answer: &ChatAnswer) -> Vec<u8> {
    let text = |choice: &'_ Choice| choice.text.clone().or_else(|| choice.refusal.clone());
    let texts: Vec<_> =
        answer.choices.iter().map(|choice| text(choice).unwrap_or_default()).collect();
    let choices = answer.choices.iter().zip(&texts).map(|(choice, text)| ChoiceOut {
        index: choice.index,
        text,
        logprobs: None,
        finish_reason: Some(finish(choice.finish)),
    });
    let choices: Vec<_> = choices.collect();
    let mut out = Vec::with_capacity(512);
    wire::write_json(
        &mut out,
        &AnswerOut {
            id: &answer.id,
            object: "text_completion",
            created: answer.created,
            model: &answer.model,
            choices: &choices,
            usage: answer.usage.as_ref().map(UsageOut::from),
            system_fingerprint: answer.system_fingerprint.as_deref(),
        },
    );
    out
}

/// The API has no tools, so that a call cannot be why it ended.
const fn finish(reason: Finish) -> &'static str {
    match reason {
        Finish::Stop | Finish::Pause | Finish::ToolCalls | Finish::Unknown => "stop",
        Finish::Length => "length",
        Finish::ContentFilter | Finish::Refusal => "content_filter",
    }
}

/// Writes a streamed answer as server-sent events.
#[derive(Debug)]
pub struct CompletionEncoder {
    id: String,
    created: i64,
    model: String,
    include_usage: bool,
    usage: Option<Usage>,
    ended: bool,
}

impl CompletionEncoder {
    /// An encoder that stamps every chunk with this id, time (seconds since the epoch) and model.
    pub fn new(id: String, created: i64, model: String, include_usage: bool) -> Self {
        Self { id, created, model, include_usage, usage: None, ended: false }
    }

    /// See [`crate::StreamEncoder::push`].
    pub fn push(&mut self, event: &Event, out: &mut Vec<u8>) {
        if self.ended {
            return;
        }
        match event {
            Event::Delta { choice, piece: Piece::Text(text) | Piece::Refusal(text), .. } => {
                self.choice(*choice, text, None, out);
            }
            Event::Finish { choice, reason, .. } => {
                self.choice(*choice, "", Some(finish(*reason)), out);
            }
            Event::Usage(usage) => self.usage = Some(*usage),
            Event::Failed { message, .. } => self.error(Code::UpstreamFailed, message, out),
            Event::Start { .. } | Event::Delta { .. } => {}
        }
    }

    /// See [`crate::StreamEncoder::done`].
    pub fn done(&mut self, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        if self.include_usage
            && let Some(usage) = &self.usage
        {
            self.chunk(&[], Some(UsageOut::from(usage)), out);
        }
        out.extend_from_slice(b"data: [DONE]\n\n");
    }

    /// See [`crate::StreamEncoder::error`].
    pub fn error(&mut self, code: Code, message: &str, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        out.extend_from_slice(b"data: ");
        out.extend_from_slice(&encode_error(code, message, None, Map::new()));
        out.extend_from_slice(b"\n\n");
    }

    fn choice(&self, index: u32, text: &str, reason: Option<&'static str>, out: &mut Vec<u8>) {
        self.chunk(&[ChoiceOut { index, text, logprobs: None, finish_reason: reason }], None, out);
    }

    fn chunk(&self, choices: &[ChoiceOut<'_>], usage: Option<UsageOut>, out: &mut Vec<u8>) {
        let (id, model, created) = (self.id.as_str(), self.model.as_str(), self.created);
        let (object, system_fingerprint) = ("text_completion", None);
        out.extend_from_slice(b"data: ");
        let chunk = AnswerOut { id, object, created, model, choices, usage, system_fingerprint };
        wire::write_json(out, &chunk);
        out.extend_from_slice(b"\n\n");
    }
}
