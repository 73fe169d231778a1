//! Anthropic's Messages API: requests, answers, streams and errors as its documentation has them.

#![expect(
    clippy::unwrap_used,
    reason = "a test says what it means with it; clippy knows tests but not their helpers"
)]

use providers::{
    MaxTokensField, Target,
    anthropic::{StreamDecoder, decode_answer, decode_error, encode_request},
    openai,
};
use serde_json::{Value, json};
use types::{
    Wire,
    answer::{Event, Finish, Piece, Usage},
    chat::{ChatRequest, Opaque, OpaqueKind, Reasoning},
};

fn target(stream: bool) -> Target<'static> {
    let max_tokens_field = MaxTokensField::default();
    Target {
        upstream_model: "claude",
        max_output_tokens: 64,
        stream,
        max_tokens_field,
        ..Target::default()
    }
}

/// A request read from OpenAI's dialect, with these fields beside the model.
fn request(fields: &Value) -> ChatRequest {
    let mut body = json!({"model": "m", "messages": [{"role": "user", "content": "hi"}]});
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    openai::decode_request(body.to_string().as_bytes()).unwrap()
}

#[track_caller]
fn sent(fields: Value) -> Value {
    let body = encode_request(&request(&fields), &target(false)).unwrap();
    serde_json::from_slice(&body).unwrap()
}

#[track_caller]
fn refused(fields: Value, field: &str) {
    let unsupported = encode_request(&request(&fields), &target(false)).unwrap_err();
    assert_eq!(unsupported.field, field);
}

#[test]
fn a_plain_request_has_a_model_a_limit_and_turns() {
    let expected = json!({"model": "claude", "max_tokens": 64,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]});
    assert_eq!(sent(json!({})), expected);
    let streamed = encode_request(&request(&json!({})), &target(true)).unwrap();
    let streamed: Value = serde_json::from_slice(&streamed).unwrap();
    assert_eq!(streamed["stream"], true);
}

#[test]
fn instructions_become_system_blocks_and_turns_are_merged() {
    let body = sent(json!({"messages": [
        {"role": "system", "content": "s"},
        {"role": "user", "content": "a"},
        {"role": "user", "content": [{"type": "text", "text": "b"},
            {"type": "image_url", "image_url": {"url": "https://h/i.png", "detail": "auto"}},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAA="}}]},
        {"role": "developer", "content": "d"},
        {"role": "assistant", "content": "t", "tool_calls": [
            {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{\"k\": 1.0}"}},
            {"id": "2", "type": "function", "function": {"name": "g", "arguments": ""}}]},
        {"role": "tool", "tool_call_id": "1", "name": "f", "content": "one"},
        {"role": "tool", "tool_call_id": "2", "content": ""},
        {"role": "user", "content": "c"},
    ]}));
    let text = |text: &str| json!({"type": "text", "text": text});
    assert_eq!(body["system"], json!([text("s"), text("d")]));
    let expected = json!([
        {"role": "user", "content": [text("a"), text("b"),
            {"type": "image", "source": {"type": "url", "url": "https://h/i.png"}},
            {"type": "image", "source":
                {"type": "base64", "media_type": "image/png", "data": "AAA="}}]},
        {"role": "assistant", "content": [text("t"),
            {"type": "tool_use", "id": "1", "name": "f", "input": {"k": 1.0}},
            {"type": "tool_use", "id": "2", "name": "g", "input": {}}]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "1", "content": [text("one")]},
            {"type": "tool_result", "tool_use_id": "2"}, text("c")]},
    ]);
    assert_eq!(body["messages"], expected);
}

#[test]
fn tools_and_their_choice_are_translated() {
    let tools = json!([
        {"type": "function", "function": {"name": "f", "description": "d", "strict": true,
            "parameters": {"type": "object", "properties": {"x": {"type": "number"}}}}},
        {"type": "function", "function": {"name": "g"}},
        {"type": "function", "function": {"name": "h", "parameters": {}}}]);
    let choose = |choice: Value, parallel: Value| {
        sent(json!({"tools": tools, "tool_choice": choice, "parallel_tool_calls": parallel}))
    };
    let body = choose(Value::Null, Value::Null);
    assert_eq!(
        body["tools"],
        json!([
            {"name": "f", "description": "d", "strict": true,
                "input_schema": {"type": "object", "properties": {"x": {"type": "number"}}}},
            {"name": "g", "input_schema": {"type": "object", "properties": {}}},
            {"name": "h", "input_schema": {"type": "object"}}])
    );
    assert!(body.get("tool_choice").is_none());
    let check = |choice: Value, parallel: Value, expected: Value| {
        assert_eq!(choose(choice, parallel)["tool_choice"], expected);
    };
    let named = json!({"type": "function", "function": {"name": "g"}});
    check(json!("auto"), json!(true), json!({"type": "auto"}));
    check(json!("required"), json!(null), json!({"type": "any"}));
    check(json!("none"), json!(false), json!({"type": "none"}));
    check(named, json!(null), json!({"type": "tool", "name": "g"}));
    let one = json!({"type": "auto", "disable_parallel_tool_use": true});
    check(json!(null), json!(false), one);
}

#[test]
fn settings_go_where_the_api_has_them() {
    let body = sent(json!({"temperature": 1, "top_p": 0.5, "stop": "x", "user": "u",
        "safety_identifier": "u", "service_tier": "default", "reasoning_effort": "high",
        "store": false, "presence_penalty": 0,
        "response_format": {"type": "json_schema", "json_schema":
            {"name": "n", "description": "d", "schema": {"type": "object"}}}}));
    assert_eq!((&body["temperature"], &body["top_p"]), (&json!(1), &json!(0.5)));
    assert_eq!(body["stop_sequences"], json!(["x"]));
    assert_eq!(body["metadata"], json!({"user_id": "u"}));
    assert_eq!(body["service_tier"], "standard_only");
    let format = json!({"type": "json_schema", "schema": {"type": "object", "description": "d"}});
    assert_eq!(body["output_config"], json!({"effort": "high", "format": format}));
}

#[test]
fn what_the_api_cannot_say_is_refused_by_name() {
    refused(json!({"n": 2}), "n");
    refused(json!({"seed": 1}), "seed");
    refused(json!({"temperature": 1.01}), "temperature");
    refused(json!({"reasoning_effort": "minimal"}), "reasoning_effort");
    refused(json!({"response_format": {"type": "json_object"}}), "response_format");
    refused(json!({"logprobs": true}), "logprobs");
    refused(json!({"metadata": {}}), "metadata");
    refused(json!({"verbosity": "low"}), "verbosity");
    refused(json!({"store": true}), "store");
    refused(json!({"user": "a", "safety_identifier": "b"}), "user");
    refused(json!({"messages": [{"role": "system", "content": "s"}]}), "messages");
    let named = json!([{"role": "user", "name": "x", "content": "s"}]);
    refused(json!({"messages": named}), "messages[0].name");
    for arguments in ["{", "[]", "{\"a\":1,\"a\":2}", "1"] {
        let call = json!({"id": "1", "function": {"name": "f", "arguments": arguments}});
        let messages = json!([{"role": "user", "content": "x"},
            {"role": "assistant", "tool_calls": [call]}]);
        let field = "messages[1].tool_calls[0].function.arguments";
        refused(json!({"messages": messages}), field);
    }
    let image = |url: &str, detail: &str| {
        let image = json!({"type": "image_url", "image_url": {"url": url, "detail": detail}});
        json!({"messages": [{"role": "user", "content": [image]}]})
    };
    refused(image("https://x/y", "high"), "messages[0].content[0].image_url.detail");
    refused(image("data:image/bmp;base64,AAAA", "auto"), "messages[0].content[0].image_url.url");
}

#[test]
fn a_whole_answer_is_read() {
    let body = json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "claude",
        "content": [{"type": "thinking", "thinking": "hm", "signature": "s"},
            {"type": "redacted_thinking", "data": "x"},
            {"type": "text", "text": "a"}, {"type": "text", "text": "b"},
            {"type": "tool_use", "id": "t", "name": "f", "input": {"k": [1, 2.0]}}],
        "stop_reason": "tool_use", "stop_sequence": null,
        "usage": {"input_tokens": 10, "cache_creation_input_tokens": 20,
            "cache_creation": {"ephemeral_5m_input_tokens": 8, "ephemeral_1h_input_tokens": 12},
            "cache_read_input_tokens": 30, "output_tokens": 5, "service_tier": "standard",
            "output_tokens_details": {"thinking_tokens": 2}}});
    let answer = decode_answer(body.to_string().as_bytes()).unwrap();
    let choice = &answer.choices[0];
    assert_eq!(choice.text.as_deref(), Some("ab"));
    assert_eq!(
        choice.reasoning,
        [
            Reasoning { text: Some("hm".into()), opaque: Some(sealed(OpaqueKind::Signature, "s")) },
            Reasoning { text: None, opaque: Some(sealed(OpaqueKind::Encrypted, "x")) },
        ]
    );
    assert_eq!(choice.tool_calls[0].arguments, r#"{"k":[1,2.0]}"#);
    assert_eq!(choice.finish, Finish::ToolCalls);
    assert_eq!(answer.service_tier.as_deref(), Some("default"));
    let usage = Usage {
        input: 60,
        cached: 30,
        cache_write: 20,
        cache_write_1h: 12,
        output: 5,
        reasoning: 2,
        ..Usage::default()
    };
    assert_eq!(answer.usage, Some(usage));
    assert!(decode_answer(b"{}").is_err());
}

#[test]
fn every_stop_reason_has_a_finish() {
    for (reason, finish) in [
        ("end_turn", Finish::Stop),
        ("stop_sequence", Finish::Stop),
        ("pause_turn", Finish::Pause),
        ("max_tokens", Finish::Length),
        ("model_context_window_exceeded", Finish::Length),
        ("tool_use", Finish::ToolCalls),
        ("refusal", Finish::Refusal),
    ] {
        let body = json!({"content": [], "stop_reason": reason}).to_string();
        assert_eq!(decode_answer(body.as_bytes()).unwrap().choices[0].finish, finish, "{reason}");
    }
}

fn sealed(kind: OpaqueKind, data: &str) -> Opaque {
    Opaque { format: Wire::Anthropic, kind, data: data.into(), id: None }
}

fn sse(events: &[Value]) -> String {
    let name = |event: &Value| event["type"].as_str().unwrap().to_owned();
    events.iter().map(|event| format!("event: {}\ndata: {event}\n\n", name(event))).collect()
}

/// The documented order: thinking, text, a tool call with arguments, one without.
fn stream() -> String {
    let start = |index, block| json!({"type": "content_block_start", "index": index, "content_block": block});
    let delta =
        |index, delta| json!({"type": "content_block_delta", "index": index, "delta": delta});
    let stop = |index| json!({"type": "content_block_stop", "index": index});
    let partial =
        |index, json: &str| delta(index, json!({"type": "input_json_delta", "partial_json": json}));
    let tool = |id: &str| json!({"type": "tool_use", "id": id, "name": "f", "input": {}});
    sse(&[
        json!({"type": "message_start", "message": {"id": "msg_1", "type": "message",
            "role": "assistant", "content": [], "model": "claude", "stop_reason": null,
            "usage": {"input_tokens": 25, "cache_read_input_tokens": 5, "output_tokens": 1}}}),
        start(0, json!({"type": "thinking", "thinking": "", "signature": ""})),
        delta(0, json!({"type": "thinking_delta", "thinking": "hm"})),
        delta(0, json!({"type": "signature_delta", "signature": "EqQB"})),
        stop(0),
        json!({"type": "ping"}),
        start(1, json!({"type": "text", "text": ""})),
        delta(1, json!({"type": "text_delta", "text": "Hi \u{1F600}"})),
        stop(1),
        start(2, tool("t1")),
        partial(2, ""),
        partial(2, "{\"a\": "),
        partial(2, "1}"),
        stop(2),
        start(3, tool("t2")),
        stop(3),
        json!({"type": "new_kind_of_event", "index": "not a number"}),
        json!({"type": "message_delta", "delta": {"stop_reason": "tool_use", "stop_sequence": null},
            "usage": {"output_tokens": 89}}),
        json!({"type": "message_stop"}),
    ])
}

fn delta(piece: Piece) -> Event {
    Event::Delta { choice: 0, piece, logprobs: None }
}

fn call(index: u32, id: Option<&str>, arguments: &str) -> Event {
    let (id, name) = (id.map(str::to_owned), id.map(|_| "f".to_owned()));
    delta(Piece::ToolCall { index, id, name, arguments: arguments.to_owned() })
}

#[test]
fn a_stream_is_read_event_by_event() {
    let mut decoder = StreamDecoder::new();
    let mut events = Vec::new();
    decoder.push(stream().as_bytes(), &mut events).unwrap();
    let usage = Usage { input: 30, cached: 5, output: 89, ..Usage::default() };
    let expected = [
        Event::Start {
            id: "msg_1".into(),
            created: 0,
            model: "claude".into(),
            system_fingerprint: None,
            service_tier: None,
        },
        delta(Piece::Role),
        delta(Piece::Reasoning("hm".into())),
        delta(Piece::Opaque(sealed(OpaqueKind::Signature, "EqQB"))),
        delta(Piece::Text("Hi \u{1F600}".into())),
        call(0, Some("t1"), ""),
        call(0, None, "{\"a\": "),
        call(0, None, "1}"),
        call(1, Some("t2"), ""),
        call(1, None, "{}"),
        Event::Finish { choice: 0, reason: Finish::ToolCalls, stop_sequence: None },
        Event::Usage(usage),
    ];
    assert_eq!(events, expected);
    assert!(decoder.finished() && decoder.ended());
}

#[test]
fn a_cut_stream_is_not_finished_and_tells_no_usage() {
    let stream = stream();
    let before_stop = stream.find("event: message_delta").unwrap();
    let mut decoder = StreamDecoder::new();
    let mut events = Vec::new();
    decoder.push(&stream.as_bytes()[..before_stop], &mut events).unwrap();
    assert!(!decoder.finished() && !decoder.ended());
    let told_usage = events.iter().any(|event| matches!(event, Event::Usage(_)));
    assert!(!told_usage, "the first counts are not what the answer cost");
}

#[test]
fn an_error_in_the_stream_is_an_event_and_the_end() {
    let stream = sse(&[json!({"type": "error",
        "error": {"type": "overloaded_error", "message": "Overloaded"}})]);
    let mut decoder = StreamDecoder::new();
    let mut events = Vec::new();
    decoder.push(stream.as_bytes(), &mut events).unwrap();
    let failed = Event::Failed { kind: "overloaded_error".into(), message: "Overloaded".into() };
    assert_eq!(events, [failed]);
    assert!(decoder.ended() && !decoder.finished());
}

#[test]
fn errors_are_read() {
    let body = |kind: &str, message: &str| {
        let error = json!({"type": kind, "message": message});
        json!({"type": "error", "error": error, "request_id": "req_1"}).to_string()
    };
    let error = decode_error(529, body("overloaded_error", "Overloaded").as_bytes());
    assert_eq!((&*error.kind, &*error.message), ("overloaded_error", "Overloaded"));
    assert!(error.retryable);
    assert!(decode_error(429, body("rate_limit_error", "slow").as_bytes()).retryable);
    let long = body("invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum");
    let error = decode_error(400, long.as_bytes());
    assert!(error.context_length_exceeded && !error.retryable);
}
