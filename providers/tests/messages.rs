//! The Messages API as callers speak it: what is read, what is refused, what is written.

#![expect(
    clippy::unwrap_used,
    reason = "a test says what it means with it; clippy knows tests but not their helpers"
)]

use providers::{
    MaxTokensField, Target,
    anthropic::{
        self,
        caller::{
            StreamEncoder, decode_count, decode_request, encode_answer, encode_error, encode_models,
        },
    },
    openai,
};
use serde_json::{Map, Value, json};
use types::{
    Code, Wire,
    answer::{ChatAnswer, Choice, Event, Finish, Piece, Usage},
    chat::{ChatRequest, Opaque, OpaqueKind, Reasoning, Role, Thinking, ToolCall},
};

/// A request with every parameter and kind of block, in the form that we write ourselves.
const EVERY_PARAMETER: &str = include_str!("data/anthropic/every-parameter.json");

fn target(limit: u64, stream: bool) -> Target<'static> {
    let max_tokens_field = MaxTokensField::default();
    Target {
        upstream_model: "claude",
        max_output_tokens: limit,
        stream,
        max_tokens_field,
        ..Target::default()
    }
}

fn read(fields: &Value) -> ChatRequest {
    decode_request(body(fields).to_string().as_bytes()).unwrap()
}

fn body(fields: &Value) -> Value {
    let mut body = json!({"model": "claude", "max_tokens": 64,
        "messages": [{"role": "user", "content": "hi"}]});
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    body
}

#[track_caller]
fn refused(fields: Value, param: &str) {
    let rejection = decode_request(body(&fields).to_string().as_bytes()).unwrap_err();
    assert_eq!(rejection.param.as_deref(), Some(param), "{}", rejection.message);
    assert!(!rejection.message.contains("SECRET"), "{}", rejection.message);
}

#[test]
fn what_comes_in_goes_out_again_in_the_same_words() {
    let given: Value = serde_json::from_str(EVERY_PARAMETER).unwrap();
    let request = decode_request(EVERY_PARAMETER.as_bytes()).unwrap();
    let sent = anthropic::encode_request(&request, &target(4096, true)).unwrap();
    let sent: Value = serde_json::from_slice(&sent).unwrap();
    for (name, value) in given.as_object().unwrap() {
        assert_eq!(&sent[name], value, "{name}");
    }
    assert_eq!(sent.as_object().unwrap().len(), given.as_object().unwrap().len());
    assert_eq!(anthropic::beta(&request).unwrap().0, "anthropic-beta");
}

#[test]
fn a_turn_is_taken_apart_without_losing_its_order() {
    let call = |id| json!({"type": "tool_use", "id": id, "name": "f", "input": {"a": 1.0}});
    let result = |id| {
        json!({"type": "tool_result", "tool_use_id": id,
            "content": [{"type": "text", "text": "r"}]})
    };
    let text = json!({"type": "text", "text": "x"});
    let messages = json!([
        {"role": "user", "content": "go"},
        {"role": "assistant", "content": [text, call("1"), call("2"), text]},
        {"role": "user", "content": [result("1"), result("2"), text]},
    ]);
    let request = read(&json!({ "messages": messages }));
    let roles: Vec<_> = request.messages.iter().map(|message| message.role).collect();
    use Role::{Assistant, Tool, User};
    assert_eq!(roles, [User, Assistant, Assistant, Tool, Tool, User]);
    assert_eq!(request.messages[1].tool_calls[1].id, "2");
    assert_eq!(request.messages[1].tool_calls[0].arguments, r#"{"a":1.0}"#);
    let sent = anthropic::encode_request(&request, &target(64, false)).unwrap();
    let sent: Value = serde_json::from_slice(&sent).unwrap();
    assert_eq!(sent["messages"][1], messages[1]);
    assert_eq!(sent["messages"][2], messages[2]);
}

#[test]
fn openai_is_told_all_of_it_or_refuses_by_name() {
    let fields = json!({
        "system": [{"type": "text", "text": "s", "cache_control": {"type": "ephemeral"}}],
        "stop_sequences": ["END"], "metadata": {"user_id": "u"}, "thinking": {"type": "adaptive"},
        "tools": [{"name": "f", "input_schema": {"type": "object"}}],
        "tool_choice": {"type": "any", "disable_parallel_tool_use": true},
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "q"}, {"type": "document",
                "title": "t", "source": {"type": "text", "media_type": "text/plain", "data": "d"}}]},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "1", "name": "f", "input": {}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "1",
                "is_error": true, "content": "no such city"}]},
        ],
    });
    let sent = openai::encode_request(&read(&fields), &target(64, false)).unwrap();
    let sent: Value = serde_json::from_slice(&sent).unwrap();
    assert_eq!(sent["messages"][0], json!({"role": "system", "content": "s"}));
    assert_eq!(sent["messages"][1]["content"][1], json!({"type": "text", "text": "t\n\nd"}));
    assert_eq!(sent["messages"][3]["content"], "error: no such city");
    assert_eq!(sent["tool_choice"], "required");
    assert_eq!(sent["parallel_tool_calls"], false);
    assert_eq!((&sent["stop"], &sent["user"]), (&json!(["END"]), &json!("u")));

    let check = |fields: Value, field: &str| {
        let refused = openai::encode_request(&read(&fields), &target(64, false)).unwrap_err();
        assert_eq!(refused.field, field);
    };
    check(json!({"top_k": 3}), "top_k");
    let budget = json!({"type": "enabled", "budget_tokens": 1024});
    check(json!({"max_tokens": 2048, "thinking": budget}), "thinking.budget_tokens");
    check(json!({"context_management": {"edits": []}}), "context_management");
    let thought = json!([{"role": "assistant", "content": [
        {"type": "thinking", "thinking": "hm", "signature": "EqQB"}]}]);
    check(json!({ "messages": thought }), "messages[0].reasoning[0]");
    let seen = json!([{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "1",
        "content": [{"type": "image", "source": {"type": "url", "url": "https://x/y"}}]}]}]);
    check(json!({ "messages": seen }), "messages[0].content[0]");
}

#[test]
fn what_is_not_supported_is_refused_by_name() {
    refused(json!({"max_tokens": 0}), "max_tokens");
    refused(json!({"temperature": 1.5}), "temperature");
    refused(json!({"top_k": 0}), "top_k");
    refused(json!({"unheard_of": 1}), "unheard_of");
    refused(json!({"container": "SECRET"}), "container");
    refused(json!({"mcp_servers": []}), "mcp_servers");
    refused(
        json!({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}),
        "tools[0].type",
    );
    refused(json!({"tool_choice": {"type": "auto"}}), "tool_choice");
    let budget = json!({"type": "enabled", "budget_tokens": 1024});
    refused(json!({ "thinking": budget }), "thinking.budget_tokens");
    let messages = |blocks: Value| json!({"messages": [{"role": "user", "content": blocks}]});
    refused(messages(json!([])), "messages[0].content");
    refused(messages(json!([{"type": "search_result"}])), "messages[0].content[0].type");
    refused(messages(json!([{"type": "thinking"}])), "messages[0].content[0].type");
    let file = json!([{"type": "image", "source": {"type": "file", "file_id": "SECRET"}}]);
    refused(messages(file), "messages[0].content[0].source.type");
    let cited = json!([{"type": "document", "citations": {"enabled": true},
        "source": {"type": "url", "url": "https://x/y"}}]);
    refused(messages(cited), "messages[0].content[0].citations");
    let inner = json!([{"type": "tool_result", "tool_use_id": "1", "content": [{"type": "tool_result",
        "tool_use_id": "2"}]}]);
    refused(messages(inner), "messages[0].content[0].content[0].type");
}

#[test]
fn a_count_takes_what_is_input() {
    let body = json!({"model": "m", "system": "s", "messages": [{"role": "user", "content": "x"}],
        "thinking": {"type": "enabled", "budget_tokens": 4096}});
    let request = decode_count(body.to_string().as_bytes()).unwrap();
    assert_eq!((request.messages.len(), request.thinking), (2, Some(Thinking::Budget(4096))));
    assert!(decode_count(br#"{"model":"m","messages":[],"max_tokens":1}"#).is_err());
}

fn sealed(format: Wire, kind: OpaqueKind, data: &str) -> Opaque {
    Opaque { format, kind, data: data.into(), id: None }
}

fn answer() -> ChatAnswer {
    let opaque = |format, kind, data| Some(sealed(format, kind, data));
    let call = |id: &str, arguments: &str| ToolCall {
        id: id.into(),
        name: "f".into(),
        arguments: arguments.into(),
    };
    let choice = Choice {
        reasoning: vec![
            Reasoning {
                text: Some("hm".into()),
                opaque: opaque(Wire::Anthropic, OpaqueKind::Signature, "EqQB"),
            },
            Reasoning { text: None, opaque: opaque(Wire::Gemini, OpaqueKind::Encrypted, "AAE=") },
        ],
        text: Some("Hi".into()),
        tool_calls: vec![call("1", "{\"a\": 1.0}"), call("2", "{broken")],
        finish: Finish::ToolCalls,
        ..Choice::default()
    };
    let usage = Usage { input: 60, cached: 30, cache_write: 20, output: 5, ..Usage::default() };
    ChatAnswer {
        id: "msg_1".into(),
        model: "claude".into(),
        choices: vec![choice],
        usage: Some(usage),
        ..ChatAnswer::default()
    }
}

#[test]
fn a_whole_answer_has_the_documented_form() {
    let body: Value = serde_json::from_slice(&encode_answer(&answer())).unwrap();
    let expected = json!({
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude",
        "content": [
            {"type": "thinking", "thinking": "hm", "signature": "EqQB"},
            {"type": "redacted_thinking", "data": "gemini:AAE="},
            {"type": "text", "text": "Hi"},
            {"type": "tool_use", "id": "1", "name": "f", "input": {"a": 1.0}},
            {"type": "tool_use", "id": "2", "name": "f", "input": {"INVALID_JSON": "{broken"}},
        ],
        "stop_reason": "tool_use", "stop_sequence": null,
        "usage": {"input_tokens": 10, "cache_creation_input_tokens": 20,
            "cache_read_input_tokens": 30, "output_tokens": 5, "service_tier": null,
            "cache_creation": {"ephemeral_5m_input_tokens": 20, "ephemeral_1h_input_tokens": 0}},
    });
    assert_eq!(body, expected);
    // What we said is read again as what it was, whoever sealed it.
    let said = json!([{"role": "assistant", "content": body["content"]}]);
    assert_eq!(
        read(&json!({ "messages": said })).messages[0].reasoning,
        answer().choices[0].reasoning
    );
}

fn delta(piece: Piece) -> Event {
    Event::Delta { choice: 0, piece, logprobs: None }
}

fn call(index: u32, id: Option<&str>, arguments: &str) -> Event {
    let (id, name) = (id.map(str::to_owned), id.map(|_| "f".to_owned()));
    delta(Piece::ToolCall { index, id, name, arguments: arguments.to_owned() })
}

fn events() -> Vec<Event> {
    let start = Event::Start {
        id: "msg_1".into(),
        created: 0,
        model: "claude".into(),
        system_fingerprint: None,
        service_tier: None,
    };
    let signature = sealed(Wire::Anthropic, OpaqueKind::Signature, "EqQB");
    let redacted = sealed(Wire::Anthropic, OpaqueKind::Encrypted, "AAE=");
    let stop_sequence = Some("END".to_owned());
    let usage = Usage { input: 30, cached: 5, output: 89, ..Usage::default() };
    vec![
        start,
        delta(Piece::Role),
        delta(Piece::Reasoning("hm".into())),
        delta(Piece::Opaque(signature)),
        delta(Piece::Opaque(redacted)),
        delta(Piece::Text("Hi ".into())),
        delta(Piece::Text("you".into())),
        call(0, Some("t1"), ""),
        call(0, None, "{\"a\":1}"),
        call(1, Some("t2"), ""),
        call(1, None, "{}"),
        Event::Finish { choice: 0, reason: Finish::Stop, stop_sequence },
        Event::Usage(usage),
    ]
}

fn encoded(events: &[Event]) -> String {
    let mut encoder = StreamEncoder::new("msg_1".into(), "claude".into());
    let mut out = Vec::new();
    events.iter().for_each(|event| encoder.push(event, &mut out));
    encoder.done(&mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn a_stream_that_we_write_is_read_as_what_it_was() {
    let mut decoder = anthropic::StreamDecoder::new();
    let mut read = Vec::new();
    decoder.push(encoded(&events()).as_bytes(), &mut read).unwrap();
    assert_eq!(read, events());
    assert!(decoder.ended());
}

#[test]
fn a_stream_has_the_exact_events_of_the_api() {
    let [start, role, .., usage] = &events()[..] else { panic!() };
    let stop_sequence = None;
    let events = [
        start.clone(),
        role.clone(),
        delta(Piece::Text("Hi".into())),
        Event::Finish { choice: 0, reason: Finish::Stop, stop_sequence },
        usage.clone(),
    ];
    let none = r#""cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":0}"#;
    let expected = format!(
        r#"event: message_start
data: {{"type":"message_start","message":{{"id":"msg_1","type":"message","role":"assistant","model":"claude","content":[],"stop_reason":null,"stop_sequence":null,"usage":{{"input_tokens":0,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,{none},"output_tokens":0,"service_tier":null}}}}}}

event: content_block_start
data: {{"type":"content_block_start","index":0,"content_block":{{"type":"text","text":""}}}}

event: content_block_delta
data: {{"type":"content_block_delta","index":0,"delta":{{"type":"text_delta","text":"Hi"}}}}

event: content_block_stop
data: {{"type":"content_block_stop","index":0}}

event: message_delta
data: {{"type":"message_delta","delta":{{"stop_reason":"end_turn","stop_sequence":null}},"usage":{{"input_tokens":25,"cache_creation_input_tokens":0,"cache_read_input_tokens":5,{none},"output_tokens":89,"service_tier":null}}}}

event: message_stop
data: {{"type":"message_stop"}}

"#
    );
    assert_eq!(encoded(&events), expected);
}

#[test]
fn a_broken_stream_ends_with_an_error_and_no_terminator() {
    let failed = Event::Failed { kind: "overloaded_error".into(), message: "busy".into() };
    let stream = encoded(&[delta(Piece::Text("Hi".into())), failed]);
    let last = stream.trim_end().rsplit_once("\n\n").unwrap().1;
    let error = last.strip_prefix("event: error\ndata: ").unwrap();
    let error: Value = serde_json::from_str(error).unwrap();
    assert_eq!(error["error"]["message"], "busy");
    assert!(!stream.contains("message_stop"));
    // Parts of calls that are mixed cannot be told in order.
    let mixed = encoded(&[call(0, Some("a"), ""), call(1, Some("b"), ""), call(0, None, "{}")]);
    assert!(mixed.contains("event: error") && !mixed.contains("message_stop"), "{mixed}");
    let mut encoder = StreamEncoder::new("msg_1".into(), "claude".into());
    let parts = [call(0, Some("a"), ""), call(1, Some("b"), ""), call(0, None, "{}")];
    let broken = parts.map(|part| {
        encoder.push(&part, &mut Vec::new());
        encoder.broken()
    });
    assert_eq!(broken, [false, false, true]);
}

#[test]
fn errors_and_lists_have_the_documented_form() {
    for code in Code::ALL {
        let mut extra = Map::new();
        extra.insert("request_id".into(), json!("req_1"));
        extra.insert("policies".into(), json!(["p"]));
        extra.insert("message".into(), json!("spoofed"));
        let error = encode_error(code, "why", Some("model"), extra);
        let error: Value = serde_json::from_slice(&error).unwrap();
        assert_eq!((&error["type"], &error["request_id"]), (&json!("error"), &json!("req_1")));
        let too_long = code == Code::ContextLengthExceeded;
        let message = if too_long { "prompt is too long: why" } else { "why" };
        assert_eq!(error["error"]["message"], message);
        assert_eq!(error["error"]["code"], code.as_str());
        assert!(error["error"]["type"].is_string());
    }
    let entry = openai::ModelEntry { id: "m", created: 0, owned_by: "x" };
    let list: Value = serde_json::from_slice(&encode_models(&[entry])).unwrap();
    assert_eq!((&list["data"][0]["type"], &list["last_id"]), (&json!("model"), &json!("m")));
}

#[test]
fn an_answer_that_calls_a_tool_says_so_whatever_the_server_said() {
    let call = ToolCall { id: "c".into(), name: "f".into(), arguments: "{}".into() };
    let choice = Choice { tool_calls: vec![call], finish: Finish::Stop, ..Choice::default() };
    let answer = ChatAnswer { choices: vec![choice], ..ChatAnswer::default() };
    let whole: Value = serde_json::from_slice(&encode_answer(&answer)).unwrap();
    assert_eq!(whole["stop_reason"], "tool_use");
    let end = Event::Finish { choice: 0, reason: Finish::Stop, stop_sequence: None };
    let streamed = encoded(&[self::call(0, Some("c"), "{}"), end.clone()]);
    assert!(streamed.contains(r#""stop_reason":"tool_use""#), "{streamed}");
    let streamed = encoded(&[delta(Piece::Text("Hi".into())), end]);
    assert!(streamed.contains(r#""stop_reason":"end_turn""#), "{streamed}");
}

#[test]
fn the_beginning_of_an_answer_goes_to_formats_that_go_on_with_it() {
    let begun = read(&json!({"messages": [
        {"role": "user", "content": "hi"}, {"role": "assistant", "content": "The answer is {"},
    ]}));
    let target = target(64, false);
    let written = anthropic::encode_request(&begun, &target).unwrap();
    let written: Value = serde_json::from_slice(&written).unwrap();
    assert_eq!(written["messages"][1]["role"], "assistant");
    let refused = openai::encode_request(&begun, &target).unwrap_err();
    assert_eq!(refused.field, "messages");
    let refused = providers::gemini::encode_request(&begun, &target).unwrap_err();
    assert_eq!(refused.field, "messages");
    // A caller of chat completions means a turn that is over.
    let over = ChatRequest { prefill: false, ..begun };
    assert!(openai::encode_request(&over, &target).is_ok());
}

#[test]
fn what_follows_a_call_is_of_the_same_message_in_chat_completions() {
    let request = read(&json!({"messages": [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": [
            {"type": "tool_use", "id": "a", "name": "f", "input": {}},
            {"type": "text", "text": "Then."},
            {"type": "tool_use", "id": "b", "name": "f", "input": {}},
        ]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "a", "content": "1"},
            {"type": "tool_result", "tool_use_id": "b", "content": "2"},
        ]},
    ]}));
    let written = openai::encode_request(&request, &target(64, false)).unwrap();
    let written: Value = serde_json::from_slice(&written).unwrap();
    let roles: Vec<_> =
        written["messages"].as_array().unwrap().iter().map(|m| &m["role"]).collect();
    assert_eq!(roles, ["user", "assistant", "tool", "tool"]);
    let assistant = &written["messages"][1];
    assert_eq!(assistant["content"], "Then.");
    assert_eq!(assistant["tool_calls"].as_array().map(Vec::len), Some(2));
}

#[test]
fn a_budget_of_thinking_stays_below_the_limit_that_is_sent() {
    let thinking = json!({"type": "enabled", "budget_tokens": 4000});
    let request = read(&json!({"max_tokens": 8000, "thinking": thinking}));
    let sent = |limit: u64| {
        let body = anthropic::encode_request(&request, &target(limit, false))?;
        let body: Value = serde_json::from_slice(&body).unwrap();
        Ok::<_, providers::Unsupported>(body["thinking"]["budget_tokens"].as_u64().unwrap())
    };
    assert_eq!((sent(8000), sent(4001), sent(4000)), (Ok(4000), Ok(4000), Ok(3999)));
    assert_eq!(sent(1025), Ok(1024));
    assert_eq!(sent(1024).unwrap_err().field, "thinking.budget_tokens");
}
