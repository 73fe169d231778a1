//! Every API of callers with every format of providers: plain, streamed, with tools, with images, and
//! failing. Each cell passes, or is a refusal that is written down here.
//!
//! A new format is a row of [`FORMATS`]; a new API is one of `Api::ALL`, with its words below.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test says what it means with them; clippy knows tests but not their helpers"
)]

mod frames;

use providers::{Api, Asked, Dialect, MaxTokensField, Target};
use serde_json::{Map, Value, json};
use types::{Code, RequestId, answer::Event};

/// A format of providers, by what one of them answers.
struct Format {
    dialect: Dialect,
    /// A whole answer that says `Hello`.
    plain: &'static str,
    /// The same as a stream.
    stream: &'static str,
    /// A whole answer that calls `f` with `{"a":1}`.
    call: &'static str,
    /// The same as a stream.
    call_stream: &'static str,
    /// A refusal with the status 429 that says `slow down`.
    error: &'static str,
}

/// What servers of OpenAI's dialect answer, by whichever name they go.
const fn open(dialect: Dialect) -> Format {
    Format {
        dialect,
        plain: r#"{"id":"c","choices":[{"index":0,"message":{"content":"Hello"},"finish_reason":"stop"}],
            "usage":{"prompt_tokens":3,"completion_tokens":2}}"#,
        stream: r#"data: {"id":"c","choices":[{"index":0,"delta":{"role":"assistant","content":"Hel"}}]}

data: {"id":"c","choices":[{"index":0,"delta":{"content":"lo"},"finish_reason":"stop"}]}

data: {"id":"c","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2}}

data: [DONE]

"#,
        call: r#"{"id":"c","choices":[{"index":0,"message":{"tool_calls":[{"id":"t","type":"function",
            "function":{"name":"f","arguments":"{\"a\":1}"}}]},"finish_reason":"tool_calls"}],
            "usage":{"prompt_tokens":3,"completion_tokens":2}}"#,
        call_stream: r#"data: {"id":"c","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"t","function":{"name":"f","arguments":""}}]}}]}

data: {"id":"c","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"a\":1}"}}]},"finish_reason":"tool_calls"}]}

data: {"id":"c","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2}}

data: [DONE]

"#,
        error: r#"{"error":{"message":"slow down","type":"requests"}}"#,
    }
}

const FORMATS: [Format; 6] = [
    open(Dialect::OpenAi),
    open(Dialect::Azure),
    open(Dialect::Mistral),
    Format {
        dialect: Dialect::Gemini,
        plain: r#"{"responseId":"g","candidates":[{"content":{"role":"model","parts":[{"text":"Hello"}]},
            "finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":2}}"#,
        stream: r#"data: {"responseId":"g","candidates":[{"content":{"role":"model","parts":[{"text":"Hel"}]}}]}

data: {"candidates":[{"content":{"role":"model","parts":[{"text":"lo"}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":2}}

"#,
        call: r#"{"responseId":"g","candidates":[{"content":{"role":"model","parts":[
            {"functionCall":{"id":"t","name":"f","args":{"a":1}}}]},"finishReason":"STOP"}],
            "usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":2}}"#,
        call_stream: r#"data: {"responseId":"g","candidates":[{"content":{"role":"model","parts":[{"functionCall":{"id":"t","name":"f","args":{"a":1}}}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":2}}

"#,
        error: r#"{"error":{"code":429,"message":"slow down","status":"RESOURCE_EXHAUSTED"}}"#,
    },
    Format {
        dialect: Dialect::Bedrock,
        plain: r#"{"output":{"message":{"role":"assistant","content":[{"text":"Hello"}]}},
            "stopReason":"end_turn","usage":{"inputTokens":3,"outputTokens":2,"totalTokens":5}}"#,
        stream: r#"messageStart {"role":"assistant"}
contentBlockDelta {"contentBlockIndex":0,"delta":{"text":"Hel"}}
contentBlockDelta {"contentBlockIndex":0,"delta":{"text":"lo"}}
contentBlockStop {"contentBlockIndex":0}
messageStop {"stopReason":"end_turn"}
metadata {"usage":{"inputTokens":3,"outputTokens":2,"totalTokens":5},"metrics":{"latencyMs":7}}
"#,
        call: r#"{"output":{"message":{"role":"assistant","content":[{"toolUse":{"toolUseId":"t",
            "name":"f","input":{"a":1}}}]}},"stopReason":"tool_use",
            "usage":{"inputTokens":3,"outputTokens":2,"totalTokens":5}}"#,
        call_stream: r#"messageStart {"role":"assistant"}
contentBlockStart {"contentBlockIndex":0,"start":{"toolUse":{"toolUseId":"t","name":"f"}}}
contentBlockDelta {"contentBlockIndex":0,"delta":{"toolUse":{"input":"{\"a\":1}"}}}
contentBlockStop {"contentBlockIndex":0}
messageStop {"stopReason":"tool_use"}
metadata {"usage":{"inputTokens":3,"outputTokens":2,"totalTokens":5},"metrics":{"latencyMs":7}}
"#,
        error: r#"{"message":"slow down"}"#,
    },
    Format {
        dialect: Dialect::Anthropic,
        plain: r#"{"id":"m","content":[{"type":"text","text":"Hello"}],"stop_reason":"end_turn",
            "usage":{"input_tokens":3,"output_tokens":2}}"#,
        stream: r#"event: message_start
data: {"type":"message_start","message":{"id":"m","usage":{"input_tokens":3,"output_tokens":1}}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hel"}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"lo"}}

event: content_block_stop
data: {"type":"content_block_stop","index":0}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":2}}

event: message_stop
data: {"type":"message_stop"}

"#,
        call: r#"{"id":"m","content":[{"type":"tool_use","id":"t","name":"f","input":{"a":1}}],
            "stop_reason":"tool_use","usage":{"input_tokens":3,"output_tokens":2}}"#,
        call_stream: r#"event: message_start
data: {"type":"message_start","message":{"id":"m","usage":{"input_tokens":3,"output_tokens":1}}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t","name":"f","input":{}}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"a\":1}"}}

event: content_block_stop
data: {"type":"content_block_stop","index":0}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":2}}

event: message_stop
data: {"type":"message_stop"}

"#,
        error: r#"{"type":"error","error":{"type":"rate_limit_error","message":"slow down"}}"#,
    },
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Case {
    Plain,
    Tools,
    /// An image by its address.
    Image,
    /// An image's data.
    Data,
}

impl Case {
    const ALL: [Self; 4] = [Self::Plain, Self::Tools, Self::Image, Self::Data];
}

/// The refusals that are documented: what an API has no word for is refused by the name of the field.
const REFUSED: [(Api, Case, &str); 3] = [
    (Api::Completions, Case::Tools, "tools"),
    (Api::Completions, Case::Image, "messages"),
    (Api::Completions, Case::Data, "messages"),
];

/// What a format has no form for, whichever API asks.
const NO_FORM: [(Dialect, Case, &str); 1] =
    [(Dialect::Bedrock, Case::Image, "messages[0].content[1].image_url.url")];

/// A stream as it is on the wire: what is written as lines is framed.
fn wire(format: &Format, stream: &str) -> Vec<u8> {
    match format.dialect {
        Dialect::Bedrock => frames::events(stream),
        _ => stream.as_bytes().to_vec(),
    }
}

/// An image as callers of OpenAI's APIs write it.
const DATA: &str = "data:image/png;base64,iVBORw0KGgo=";

/// A request of this API.
fn request(api: Api, case: Case, stream: bool) -> Value {
    let image = if case == Case::Data { DATA } else { "https://example.org/i.png" };
    let parameters = json!({"type": "object", "properties": {"a": {"type": "integer"}}});
    let mut body = match (api, case) {
        (Api::Chat, Case::Image | Case::Data) => json!({"messages": [{"role": "user", "content": [
            {"type": "text", "text": "hi"}, {"type": "image_url", "image_url": {"url": image}}]}]}),
        (Api::Chat, _) => json!({"messages": [{"role": "user", "content": "hi"}]}),
        // It has neither tools nor messages: a caller that sends them is told so.
        (Api::Completions, Case::Image | Case::Data) => json!({"prompt": "hi", "messages": []}),
        (Api::Completions, _) => json!({"prompt": "hi"}),
        (Api::Messages, Case::Image) => json!({"max_tokens": 9, "messages": [{"role": "user",
            "content": [{"type": "text", "text": "hi"},
                {"type": "image", "source": {"type": "url", "url": image}}]}]}),
        (Api::Messages, Case::Data) => json!({"max_tokens": 9, "messages": [{"role": "user",
            "content": [{"type": "text", "text": "hi"}, {"type": "image", "source": {
                "type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}}]}]}),
        (Api::Messages, _) => {
            json!({"max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]})
        }
        (Api::Responses, Case::Image | Case::Data) => {
            json!({"input": [{"role": "user", "content": [
            {"type": "input_text", "text": "hi"}, {"type": "input_image", "image_url": image}]}]})
        }
        (Api::Responses, _) => json!({"input": "hi"}),
    };
    body["model"] = json!("m");
    body["stream"] = json!(stream);
    if case == Case::Tools {
        body["tools"] = match api {
            Api::Messages => json!([{"name": "f", "input_schema": parameters}]),
            Api::Responses => json!([{"type": "function", "name": "f", "parameters": parameters}]),
            Api::Chat | Api::Completions => {
                let function = json!({"name": "f", "parameters": parameters});
                json!([{"type": "function", "function": function}])
            }
        };
    }
    body
}

fn target(stream: bool) -> Target<'static> {
    let max_tokens_field = MaxTokensField::Completion;
    Target {
        upstream_model: "up",
        max_output_tokens: 9,
        stream,
        max_tokens_field,
        ..Target::default()
    }
}

/// What the answer must say, wherever the API has it: as text, as a call with its arguments.
fn said(case: Case) -> [&'static str; 2] {
    match case {
        Case::Tools => ["f", "{\"a\":1}"],
        Case::Plain | Case::Image | Case::Data => ["Hello", ""],
    }
}

/// The text and the call of a whole answer of this API.
fn whole(api: Api, body: &Value) -> (String, String) {
    let at = |path: &str| match body.pointer(path) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Object(fields)) => Value::Object(fields.clone()).to_string(),
        _ => String::new(),
    };
    match api {
        Api::Chat => {
            let call = "/choices/0/message/tool_calls/0/function";
            (
                at("/choices/0/message/content") + &at(&format!("{call}/name")),
                at(&format!("{call}/arguments")),
            )
        }
        Api::Completions => (at("/choices/0/text"), String::new()),
        Api::Messages => (at("/content/0/text") + &at("/content/0/name"), at("/content/0/input")),
        Api::Responses => {
            (at("/output/0/content/0/text") + &at("/output/0/name"), at("/output/0/arguments"))
        }
    }
}

/// The same of a stream, and whether it has its end.
fn streamed(api: Api, stream: &str) -> (String, String, bool) {
    let data = stream.lines().filter_map(|line| line.strip_prefix("data: "));
    let events: Vec<Value> = data.filter_map(|data| serde_json::from_str(data).ok()).collect();
    let all = |paths: &[&str]| {
        let texts = events.iter().flat_map(|event| {
            paths.iter().filter_map(|path| event.pointer(path)?.as_str().map(str::to_owned))
        });
        texts.collect::<String>()
    };
    match api {
        Api::Chat => {
            let call = "/choices/0/delta/tool_calls/0/function";
            let name = format!("{call}/name");
            (
                all(&["/choices/0/delta/content", &name]),
                all(&[&format!("{call}/arguments")]),
                stream.ends_with("data: [DONE]\n\n"),
            )
        }
        Api::Completions => {
            (all(&["/choices/0/text"]), String::new(), stream.ends_with("data: [DONE]\n\n"))
        }
        Api::Messages => (
            all(&["/delta/text", "/content_block/name"]),
            all(&["/delta/partial_json"]),
            stream.ends_with("data: {\"type\":\"message_stop\"}\n\n"),
        ),
        Api::Responses => {
            let last = events.last().unwrap();
            let (text, call) = whole(api, last.get("response").unwrap());
            (text, call, last.get("type").unwrap() == "response.completed")
        }
    }
}

#[track_caller]
fn read(api: Api, case: Case, stream: bool) -> Option<Asked> {
    let body = request(api, case, stream).to_string();
    let refused = REFUSED.iter().find(|(a, c, _)| (*a, *c) == (api, case));
    match (api.decode_request(body.as_bytes()), refused) {
        (Ok(asked), None) => Some(asked),
        (Err(rejection), Some((_, _, field))) => {
            assert_eq!(rejection.param.as_deref(), Some(*field));
            None
        }
        (read, _) => panic!("{api:?} {case:?}: {read:?}"),
    }
}

#[test]
fn every_api_is_answered_by_every_format() {
    let mut cells = 0;
    for (api, format) in pairs() {
        for case in Case::ALL {
            let what = format!("{api:?} {:?} {case:?}", format.dialect);
            let Some(Asked { chat, echo }) = read(api, case, false) else { continue };
            let checked = format.dialect.check(&chat, &target(false));
            let sent = format.dialect.encode_request(&chat, &target(false));
            cells += 1;
            let no_form = NO_FORM.iter().find(|(d, c, _)| (*d, *c) == (format.dialect, case));
            if let Some((.., field)) = no_form {
                assert_eq!(sent.unwrap_err().field, *field, "{what}");
                assert_eq!(checked.unwrap_err().field, *field, "{what}");
                continue;
            }
            checked.unwrap();
            let sent = String::from_utf8(sent.unwrap()).unwrap();
            assert!(sent.contains("hi"), "{what}: {sent}");
            assert_eq!(sent.contains("example.org/i.png"), case == Case::Image, "{what}: {sent}");
            assert_eq!(sent.contains("iVBORw0KGgo="), case == Case::Data, "{what}: {sent}");
            assert_eq!(sent.contains("integer"), case == Case::Tools, "{what}: {sent}");
            let body = if case == Case::Tools { format.call } else { format.plain };
            let mut answer = format.dialect.decode_answer(body.as_bytes()).unwrap();
            answer.id = api.answer_id(&answer.id, RequestId::generate());
            let body: Value = serde_json::from_slice(&api.encode_answer(&answer, &echo)).unwrap();
            let (text, call) = whole(api, &body);
            assert_eq!([text.as_str(), call.as_str()], said(case), "{what}: {body}");
        }
    }
    assert_eq!(cells, FORMATS.len() * (Api::ALL.len() * Case::ALL.len() - REFUSED.len()));
}

#[test]
fn every_api_streams_what_every_format_streams() {
    for (api, format) in pairs() {
        for case in [Case::Plain, Case::Tools] {
            let what = format!("{api:?} {:?} {case:?}", format.dialect);
            let Some(Asked { chat, echo }) = read(api, case, true) else { continue };
            format.dialect.encode_request(&chat, &target(true)).unwrap();
            let body = if case == Case::Tools { format.call_stream } else { format.stream };
            let (mut events, mut out) = (Vec::new(), Vec::new());
            let mut decoder = format.dialect.stream_decoder();
            decoder.push(&wire(format, body), &mut events).unwrap();
            // Gemini has no terminator: it has ended when the response has.
            let ended = decoder.ended() || format.dialect == Dialect::Gemini;
            assert!(decoder.finished() && ended, "{what}");
            let stamp = (api.answer_id("", RequestId::generate()), 1);
            let mut encoder = api.stream_encoder(stamp, "m".into(), (chat.include_usage, &echo));
            for event in &events {
                encoder.push(event, &mut out);
                // A caller that waits hears that it goes on, which says nothing to it.
                encoder.ping(&mut out);
            }
            encoder.done(&mut out);
            let stream = String::from_utf8(out).unwrap();
            let ping = if api == Api::Messages { "event: ping\ndata: " } else { ": ping\n\n" };
            assert_eq!(stream.matches(ping).count(), events.len(), "{what}: {stream}");
            let (text, call, ended) = streamed(api, &stream);
            assert_eq!([text.as_str(), call.as_str()], said(case), "{what}: {stream}");
            assert!(ended, "{what}: {stream}");
        }
    }
}

#[test]
fn every_api_tells_what_failed_in_its_own_words() {
    for (api, format) in pairs() {
        let what = format!("{api:?} {:?}", format.dialect);
        let error = format.dialect.decode_error(429, format.error.as_bytes());
        assert_eq!((error.message.as_str(), error.retryable), ("slow down", true), "{what}");
        let body = api.encode_error(Code::UpstreamFailed, &error.message, None, Map::new());
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body.pointer("/error/message"), Some(&json!("slow down")), "{what}");
        assert_eq!(body.pointer("/error/code"), Some(&json!("upstream_failed")), "{what}");
        assert_eq!(body.get("type").is_some(), api == Api::Messages, "{what}");

        // In the middle of a stream it is told as well, and nothing looks as if it were whole.
        let Asked { chat, echo } = read(api, Case::Plain, true).unwrap();
        let stamp = (api.answer_id("", RequestId::generate()), 1);
        let mut encoder = api.stream_encoder(stamp, "m".into(), (chat.include_usage, &echo));
        let mut out = Vec::new();
        let failed = Event::Failed { kind: "k".into(), message: "slow down".into() };
        encoder.push(&failed, &mut out);
        encoder.done(&mut out);
        let stream = String::from_utf8(out).unwrap();
        assert!(stream.contains("slow down"), "{what}: {stream}");
        for end in ["[DONE]", "message_stop", "response.completed"] {
            assert!(!stream.contains(end), "{what}: {stream}");
        }
    }
}

fn pairs() -> impl Iterator<Item = (Api, &'static Format)> {
    Api::ALL.into_iter().flat_map(|api| FORMATS.iter().map(move |format| (api, format)))
}
