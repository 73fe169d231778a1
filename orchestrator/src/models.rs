//! A run's models: the gateway's chat completions, streamed, under the run's grant.

use std::time::Duration;

use futures::{StreamExt as _, stream::BoxStream};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sse_stream::{Sse, SseStream};
use types::{Nanos, RequestId, Secret};

use crate::{Error, escaped};

/// The models of one run.
pub(crate) struct Models {
    http: reqwest::Client,
    url: String,
    grant: Secret,
}

/// What is asked of a model.
pub(crate) struct Asked<'a> {
    /// A model, an alias, or `auto`.
    pub(crate) model: &'a str,
    /// The conversation, in the shape of chat completions.
    pub(crate) messages: &'a [Value],
    /// The tools that it may call, in the same shape.
    pub(crate) tools: &'a [Value],
}

/// A model's whole answer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Answer {
    /// What it says.
    pub(crate) text: String,
    /// What it refuses to say.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) refusal: String,
    /// The tools that it calls, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) calls: Vec<ToolCall>,
    /// Why it stopped, such as `stop` or `length`.
    pub(crate) finish: String,
    /// The model that answered.
    pub(crate) model: String,
    /// Tokens that it read.
    pub(crate) input_tokens: u64,
    /// Tokens that it wrote.
    pub(crate) output_tokens: u64,
    /// What it cost.
    #[serde(default)]
    pub(crate) cost: Nanos,
    /// The request, as the gateway calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) request: Option<RequestId>,
    /// Why nothing of it is kept, where it was more than may be. It is paid for all the same, and asked again it would
    /// hardly be less.
    #[serde(skip)]
    pub(crate) beyond: Option<&'static str>,
}

/// One call of a tool in an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ToolCall {
    /// The model's own id of it.
    pub(crate) id: String,
    /// The tool, as the model knows it: `mail__send`.
    pub(crate) name: String,
    /// Its arguments as the model wrote them: JSON, if it was careful.
    pub(crate) arguments: String,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused {
    /// The gateway's code, such as `budget_exhausted`.
    pub(crate) code: String,
    /// Why, for people.
    pub(crate) message: String,
    /// The question to people that waits.
    pub(crate) approval: Option<String>,
}

/// The most bytes of one answer's text and arguments as JSON. What the journal and the session have of it, names of what
/// is redacted included, is below the most that a row takes (1 MiB).
const ANSWER_BYTES_MAX: usize = 768 * 1024;
/// The most calls of one answer.
const CALLS_MAX: usize = 128;
/// The most bytes of a refusal that are read.
const REFUSAL_BYTES_MAX: usize = 64 * 1024;
/// How long the gateway may take until it says anything, people's answers not included.
const SILENCE_MAX: Duration = Duration::from_secs(300);

/// A client for all runs: to make one takes longer than most requests do.
pub(crate) fn client() -> Result<reqwest::Client, Error> {
    let http = reqwest::Client::builder().read_timeout(SILENCE_MAX).no_proxy().build();
    http.map_err(|error| Error::Http(error.to_string()))
}

impl Models {
    pub(crate) fn new(http: &reqwest::Client, gateway: &str, grant: Secret) -> Self {
        Self { http: http.clone(), url: format!("{gateway}/v1/chat/completions"), grant }
    }

    /// Asks a model. Its answer comes piece by piece.
    pub(crate) async fn ask(&self, asked: &Asked<'_>) -> Result<Coming, Refused> {
        let mut body = json!({
            "model": asked.model, "messages": asked.messages, "stream": true,
            "stream_options": { "include_usage": true },
        });
        if let (false, Some(fields)) = (asked.tools.is_empty(), body.as_object_mut()) {
            fields.insert("tools".to_owned(), Value::Array(asked.tools.to_vec()));
        }
        let post = self.http.post(&self.url).bearer_auth(self.grant.expose()).json(&body);
        let response = post.send().await.map_err(|error| lost(&error))?;
        if !response.status().is_success() {
            return Err(refused(response).await);
        }
        let request = response.headers().get("x-orchestack-request-id");
        let request = request.and_then(|id| id.to_str().ok()?.parse().ok());
        let answer = Answer { request, ..Answer::default() };
        let events = SseStream::from_bytes_stream(response.bytes_stream());
        Ok(Coming { events: events.boxed(), gathered: Gathered { answer, bytes: 0 } })
    }
}

/// An answer that comes.
pub(crate) struct Coming {
    events: BoxStream<'static, Result<Sse, sse_stream::Error>>,
    gathered: Gathered,
}

impl Coming {
    /// The next piece of its text; `None` at its end.
    pub(crate) async fn next(&mut self) -> Result<Option<String>, Refused> {
        while let Some(event) = self.events.next().await {
            let event = event.map_err(|_| broken("the answer broke off"))?;
            let Some(data) = event.data else { continue };
            if data.trim() == "[DONE]" {
                return Ok(None);
            }
            let chunk: Chunk =
                serde_json::from_str(&data).map_err(|_| broken("the answer cannot be read"))?;
            if let Some(piece) = self.gathered.take(chunk)? {
                return Ok(Some(piece));
            }
        }
        Err(broken("the answer has no end"))
    }

    /// The whole, once its end came.
    pub(crate) fn whole(self) -> Result<Answer, Refused> {
        self.gathered.end()
    }
}

/// One event of a stream, as far as a run reads it.
#[derive(Deserialize)]
struct Chunk {
    #[serde(default)]
    model: String,
    #[serde(default)]
    choices: Vec<ChunkChoice>,
    usage: Option<ChunkUsage>,
    error: Option<Fault>,
}

#[derive(Deserialize)]
struct ChunkChoice {
    #[serde(default)]
    delta: Delta,
    finish_reason: Option<String>,
}

#[derive(Default, Deserialize)]
struct Delta {
    content: Option<String>,
    refusal: Option<String>,
    #[serde(default)]
    tool_calls: Vec<CallDelta>,
}

#[derive(Deserialize)]
struct CallDelta {
    index: usize,
    id: Option<String>,
    function: Option<FunctionDelta>,
}

#[derive(Deserialize)]
struct FunctionDelta {
    name: Option<String>,
    arguments: Option<String>,
}

#[derive(Deserialize)]
struct ChunkUsage {
    #[serde(default)]
    prompt_tokens: u64,
    #[serde(default)]
    completion_tokens: u64,
    /// In US dollars: the gateway tells it to runs alone.
    #[serde(default)]
    cost: Option<String>,
}

#[derive(Default, Deserialize)]
struct Fault {
    #[serde(default)]
    code: Option<String>,
    #[serde(default)]
    message: String,
    approval: Option<Approval>,
}

#[derive(Deserialize)]
struct Approval {
    id: String,
}

/// An answer while it comes.
#[derive(Default)]
struct Gathered {
    answer: Answer,
    bytes: usize,
}

impl Gathered {
    /// Takes one event and gives what it adds to the text.
    fn take(&mut self, chunk: Chunk) -> Result<Option<String>, Refused> {
        if let Some(fault) = chunk.error {
            return Err(fault.into());
        }
        if self.answer.model.is_empty() {
            self.answer.model = chunk.model;
        }
        if let Some(usage) = chunk.usage {
            self.answer.input_tokens = usage.prompt_tokens;
            self.answer.output_tokens = usage.completion_tokens;
            let cost = usage.cost.and_then(|cost| cost.parse::<Nanos>().ok());
            self.answer.cost = cost.unwrap_or_default();
        }
        let Some(choice) = chunk.choices.into_iter().next() else { return Ok(None) };
        if let Some(finish) = choice.finish_reason {
            self.answer.finish = finish;
        }
        for call in choice.delta.tool_calls {
            self.call(call);
        }
        if let Some(refusal) = choice.delta.refusal.filter(|refusal| self.has_room(&[refusal])) {
            self.answer.refusal.push_str(&refusal);
        }
        let piece = choice.delta.content.filter(|piece| !piece.is_empty());
        let Some(piece) = piece.filter(|piece| self.has_room(&[piece])) else { return Ok(None) };
        self.answer.text.push_str(&piece);
        Ok(Some(piece))
    }

    fn call(&mut self, delta: CallDelta) {
        if delta.index >= CALLS_MAX {
            self.give_up("the model's answer calls more tools than one may");
        }
        let function = delta.function;
        let (name, arguments) = function.map_or((None, None), |one| (one.name, one.arguments));
        let parts = [delta.id.as_deref(), name.as_deref(), arguments.as_deref()];
        if !self.has_room(&parts.map(Option::unwrap_or_default)) {
            return;
        }
        if self.answer.calls.len() <= delta.index {
            self.answer.calls.resize_with(delta.index + 1, ToolCall::default);
        }
        let Some(call) = self.answer.calls.get_mut(delta.index) else { return };
        call.id.push_str(&delta.id.unwrap_or_default());
        call.name.push_str(&name.unwrap_or_default());
        call.arguments.push_str(&arguments.unwrap_or_default());
    }

    /// Counts further pieces. Of an answer that is too long, nothing is kept from then on but what it costs.
    fn has_room(&mut self, pieces: &[&str]) -> bool {
        self.bytes += pieces.iter().map(|piece| escaped::bytes(piece)).sum::<usize>();
        if self.bytes > ANSWER_BYTES_MAX {
            self.give_up("the model's answer is longer than 768 KiB, more than is kept of one");
        }
        self.answer.beyond.is_none()
    }

    fn give_up(&mut self, why: &'static str) {
        self.answer.beyond.get_or_insert(why);
        (self.answer.text, self.answer.refusal) = (String::new(), String::new());
        self.answer.calls = Vec::new();
    }

    fn end(self) -> Result<Answer, Refused> {
        if self.answer.beyond.is_some() {
            return Ok(self.answer);
        }
        if self.answer.finish.is_empty() {
            return Err(broken("the answer does not say why it stopped"));
        }
        if self.answer.calls.iter().any(|call| call.id.is_empty() || call.name.is_empty()) {
            return Err(broken("the answer calls a tool without a name"));
        }
        Ok(self.answer)
    }
}

impl Refused {
    /// Whether the same may go through a little later.
    pub(crate) fn is_transient(&self) -> bool {
        matches!(
            self.code.as_str(),
            "rate_limited"
                | "budget_held"
                | "overloaded"
                | "dependency_unavailable"
                | "upstream_failed"
                | "upstream_timeout"
                | LOST
        )
    }
}

/// The code of an answer that did not come, or not whole.
const LOST: &str = "answer_lost";

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        Self {
            code: fault.code.unwrap_or_else(|| "upstream_failed".to_owned()),
            message: fault.message,
            approval: fault.approval.map(|approval| approval.id),
        }
    }
}

/// Why the gateway refused.
async fn refused(response: reqwest::Response) -> Refused {
    #[derive(Default, Deserialize)]
    struct Body {
        #[serde(default)]
        error: Fault,
    }
    let status = response.status();
    let mut bytes = Vec::new();
    let mut stream = response.bytes_stream();
    while let Some(Ok(piece)) = stream.next().await {
        bytes.extend_from_slice(&piece);
        if bytes.len() > REFUSAL_BYTES_MAX {
            break;
        }
    }
    let body: Body = serde_json::from_slice(&bytes).unwrap_or_default();
    if body.error.code.is_none() {
        let code = if status.is_server_error() { LOST } else { "invalid_request" };
        let message = format!("the gateway answered with the status {}", status.as_u16());
        return Refused { code: code.to_owned(), message, approval: None };
    }
    body.error.into()
}

fn lost(error: &reqwest::Error) -> Refused {
    let why = if error.is_timeout() { "says nothing" } else { "cannot be reached" };
    Refused {
        code: LOST.to_owned(),
        message: format!("the gateway {why}; look whether it runs"),
        approval: None,
    }
}

fn broken(why: &str) -> Refused {
    Refused { code: LOST.to_owned(), message: why.to_owned(), approval: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gather(chunks: &[Value]) -> Result<Answer, Refused> {
        let mut gathered = Gathered::default();
        for chunk in chunks {
            gathered.take(serde_json::from_value(chunk.clone()).unwrap())?;
        }
        gathered.end()
    }

    #[test]
    fn an_answer_is_put_together_of_its_pieces() {
        let answer = gather(&[
            json!({ "model": "m", "choices": [{ "delta": { "content": "Let me " } }] }),
            json!({ "choices": [{ "delta": { "content": "look." } }] }),
            json!({ "choices": [{ "delta": { "tool_calls": [
                { "index": 0, "id": "c1", "function": { "name": "mail__send", "arguments": "" } }] } }] }),
            json!({ "choices": [{ "delta": { "tool_calls": [
                { "index": 0, "function": { "arguments": "{\"to\":" } }] } }] }),
            json!({ "choices": [{ "delta": { "tool_calls": [
                { "index": 0, "function": { "arguments": "\"ann\"}" } }] },
                "finish_reason": "tool_calls" }] }),
            json!({ "choices": [],
                "usage": { "prompt_tokens": 7, "completion_tokens": 9, "cost": "0.0015" } }),
        ])
        .unwrap();
        assert_eq!(answer.text, "Let me look.");
        let call = ToolCall {
            id: "c1".to_owned(),
            name: "mail__send".to_owned(),
            arguments: "{\"to\":\"ann\"}".to_owned(),
        };
        assert_eq!(answer.calls, [call]);
        assert_eq!((answer.input_tokens, answer.output_tokens), (7, 9));
        assert_eq!(answer.cost, Nanos(1_500_000));
        let kept: Answer = serde_json::from_value(json!(answer)).unwrap();
        assert_eq!(kept, answer);
    }

    #[test]
    fn an_answer_that_breaks_off_is_none() {
        let error = gather(&[json!({ "choices": [{ "delta": { "content": "Let" } }] })]);
        assert!(error.unwrap_err().is_transient());
        let error = gather(&[json!({ "error": { "code": "dlp_blocked", "message": "no" } })]);
        let error = error.unwrap_err();
        assert_eq!((error.code.as_str(), error.is_transient()), ("dlp_blocked", false));
    }

    #[track_caller]
    fn is_beyond(mut chunks: Vec<Value>) {
        chunks
            .push(json!({ "choices": [{ "delta": { "content": "!" }, "finish_reason": "stop" }] }));
        chunks.push(json!({ "choices": [],
            "usage": { "prompt_tokens": 7, "completion_tokens": 9, "cost": "0.0015" } }));
        let answer = gather(&chunks).unwrap();
        assert!(answer.beyond.is_some());
        assert_eq!((answer.text.as_str(), answer.calls.len()), ("", 0));
        assert_eq!((answer.output_tokens, answer.cost), (9, Nanos(1_500_000)), "it is paid for");
    }

    #[test]
    fn what_is_more_than_may_be_kept_is_paid_for_and_not_kept() {
        let says = |text: &str| json!({ "choices": [{ "delta": { "content": text } }] });
        is_beyond(vec![says(&"x".repeat(ANSWER_BYTES_MAX)), says("x")]);
        // As JSON each of these has six bytes.
        is_beyond(vec![says(&"\u{1}".repeat(ANSWER_BYTES_MAX / 6)), says("\u{1}")]);
        is_beyond(vec![
            json!({ "choices": [{ "delta": { "tool_calls": [{ "index": 1000000 }] } }] }),
        ]);
        let calls = json!({ "index": 0, "id": "c1",
            "function": { "name": "send", "arguments": "\"".repeat(ANSWER_BYTES_MAX / 2) } });
        is_beyond(vec![json!({ "choices": [{ "delta": { "tool_calls": [calls] } }] })]);
        let most = "\u{1}".repeat(ANSWER_BYTES_MAX / 6 - 1);
        let whole = gather(&[says(&most), json!({ "choices": [{ "finish_reason": "stop" }] })]);
        assert_eq!(whole.unwrap().text, most);
    }
}
