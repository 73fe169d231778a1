//! OpenAI's dialect against its own documentation: the schemas and examples in `data/openai`.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test says what it means with them; clippy knows tests but not their helpers"
)]

use providers::{
    MaxTokensField, Target,
    openai::{
        ModelEntry, StreamDecoder, StreamEncoder, decode_answer, decode_error, decode_request,
        encode_answer, encode_error, encode_model, encode_models, encode_request,
    },
};
use serde_json::{Map, Value, json};
use types::{
    Code,
    answer::{ChatAnswer, Choice, Event, Finish, Piece, Usage},
    chat::{Reasoning, ToolCall},
};

const SCHEMAS: &str = include_str!("data/openai/schemas.json");
const EXAMPLES: &str = include_str!("data/openai/examples.json");

/// A request with every parameter that is mapped or passed on.
const EVERY_PARAMETER: &str = include_str!("data/every-parameter.json");

fn examples() -> Vec<Value> {
    serde_json::from_str(EXAMPLES).unwrap()
}

fn validator(schema: &str) -> jsonschema::Validator {
    let mut document: Value = serde_json::from_str(SCHEMAS).unwrap();
    assert!(document["$defs"][schema].is_object(), "no schema `{schema}`");
    document["$ref"] = json!(format!("#/$defs/{schema}"));
    jsonschema::validator_for(&document).unwrap()
}

#[track_caller]
fn valid(schema: &str, value: &Value) {
    let validator = validator(schema);
    let errors: Vec<_> =
        validator.iter_errors(value).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}\n{value:#}");
}

fn target(stream: bool) -> Target<'static> {
    let max_tokens_field = MaxTokensField::Completion;
    Target {
        upstream_model: "up",
        max_output_tokens: 99,
        stream,
        max_tokens_field,
        ..Target::default()
    }
}

/// Without what says nothing: nulls, empty lists, and details that are zero.
fn meaning(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .filter(|(name, _)| !matches!(name.as_str(), "logprobs") || fields[*name].is_object())
            .map(|(name, field)| (name.clone(), meaning(field)))
            .filter(|(name, field)| {
                let zero = name.ends_with("_tokens") && *field == json!(0);
                !zero && !field.is_null() && *field != json!([]) && *field != json!({})
            })
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(items) => items.iter().map(meaning).collect::<Vec<_>>().into(),
        other => other.clone(),
    }
}

fn events(stream: &str) -> Vec<Event> {
    let mut events = Vec::new();
    StreamDecoder::new().push(stream.as_bytes(), &mut events).unwrap();
    events
}

fn sse(chunks: &[Value]) -> String {
    chunks.iter().map(|chunk| format!("data: {chunk}\n\n")).collect()
}

fn chunks(stream: &[u8]) -> Vec<Value> {
    let stream = std::str::from_utf8(stream).unwrap();
    let datas = stream.split_terminator("\n\n").map(|event| event.strip_prefix("data: ").unwrap());
    datas.filter(|data| *data != "[DONE]").map(|data| serde_json::from_str(data).unwrap()).collect()
}

fn encoded(events: &[Event], include_usage: bool) -> String {
    let mut encoder = StreamEncoder::new("id".into(), 7, "m".into(), include_usage);
    let mut out = Vec::new();
    for event in events {
        encoder.push(event, &mut out);
    }
    encoder.done(&mut out);
    encoder.done(&mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn the_schemas_find_faults() {
    let chunk = json!({"id": "i", "object": "chat.completion.chunk", "created": 1, "model": "m",
        "choices": [{"index": 0, "delta": {"content": 1}, "finish_reason": null}]});
    assert!(!validator("CreateChatCompletionStreamResponse").is_valid(&chunk));
    assert!(!validator("ErrorResponse").is_valid(&json!({"error": {"message": "x"}})));
}

#[test]
fn every_documented_request_is_read_and_written_with_the_same_meaning() {
    for example in examples() {
        let request = decode_request(example["request"].to_string().as_bytes()).unwrap();
        let body = encode_request(&request, &target(request.stream)).unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        valid("CreateChatCompletionRequest", &body);
        let mut expected = example["request"].clone();
        let fields = expected.as_object_mut().unwrap();
        fields.remove("max_tokens");
        fields.insert("model".into(), json!("up"));
        fields.insert("max_completion_tokens".into(), json!(99));
        if request.stream {
            fields.insert("stream_options".into(), json!({"include_usage": true}));
        }
        assert_eq!(body, expected, "{}", example["title"]);
    }
}

#[test]
fn every_documented_answer_is_read_and_written_with_the_same_meaning() {
    let mut seen = 0;
    for example in examples() {
        let Some(answer) = example.get("answer") else { continue };
        let read = decode_answer(answer.to_string().as_bytes()).unwrap();
        let written: Value = serde_json::from_slice(&encode_answer(&read)).unwrap();
        assert_eq!(meaning(&written), meaning(answer), "{}", example["title"]);
        valid("CreateChatCompletionResponse", &written);
        seen += 1;
    }
    assert_eq!(seen, 4);
}

#[test]
fn the_documented_stream_is_read_and_written_with_the_same_meaning() {
    let example = examples().into_iter().find(|e| e.get("chunks").is_some()).unwrap();
    let documented = example["chunks"].as_array().unwrap();
    let events = events(&sse(documented));
    assert_eq!(events.len(), 4, "{events:#?}");
    let mut encoder =
        StreamEncoder::new("chatcmpl-123".into(), 1_694_268_190, "gpt-4o-mini".into(), false);
    let mut out = Vec::new();
    for event in &events {
        encoder.push(event, &mut out);
    }
    let written = chunks(&out);
    written.iter().for_each(|chunk| valid("CreateChatCompletionStreamResponse", chunk));
    let strip = |chunks: &[Value]| chunks.iter().map(meaning).collect::<Vec<_>>();
    assert_eq!(strip(&written), strip(documented));
}

#[test]
fn every_form_of_a_request_survives_the_way_through() {
    let body: Value = serde_json::from_str(EVERY_PARAMETER).unwrap();
    let request = decode_request(body.to_string().as_bytes()).unwrap();
    let written = encode_request(&request, &target(false)).unwrap();
    let written: Value = serde_json::from_slice(&written).unwrap();
    valid("CreateChatCompletionRequest", &written);
    let mut expected = body;
    expected["model"] = json!("up");
    expected.as_object_mut().unwrap().remove("modalities");
    assert_eq!(meaning(&written), meaning(&expected));
}

#[test]
fn an_older_server_gets_the_limit_and_the_roles_that_it_knows() {
    let request = decode_request(
        br#"{"model":"m","messages":[{"role":"developer","content":"x"}],"max_tokens":5}"#,
    )
    .unwrap();
    assert_eq!(request.max_output_tokens, Some(5));
    let target = Target { max_tokens_field: MaxTokensField::Legacy, ..target(false) };
    let body: Value = serde_json::from_slice(&encode_request(&request, &target).unwrap()).unwrap();
    assert_eq!((&body["max_tokens"], &body["messages"][0]["role"]), (&json!(99), &json!("system")));
    assert!(body.get("max_completion_tokens").is_none() && body.get("stream").is_none());
}

#[test]
fn an_assistant_message_may_come_back_as_an_sdk_printed_it() {
    let body = br#"{"model":"m","messages":[{"role":"assistant","content":"x","refusal":null,
        "annotations":[],"audio":null,"function_call":null,"tool_calls":null,
        "reasoning_content":"thought"},{"role":"user","content":"y"}]}"#;
    assert_eq!(decode_request(body).unwrap().messages.len(), 2);
}

#[test]
fn what_was_thought_before_a_call_goes_back_to_who_wants_it() {
    let said = |field: &str, thought: Value, call: Option<&str>| {
        let calls = call.map(|id| {
            json!([{"id": id, "type": "function", "function": {"name": "f", "arguments": "{}"}}])
        });
        json!({"role": "assistant", "content": "x", field: thought, "tool_calls": calls})
    };
    let sent = |messages: &[Value], wants_thoughts: bool| {
        let body = json!({"model": "m", "messages": messages});
        let request = decode_request(body.to_string().as_bytes()).unwrap();
        let target = Target { wants_thoughts, ..target(false) };
        let body = encode_request(&request, &target).unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        body["messages"][0].get("reasoning_content").cloned()
    };
    for (field, thought, call, expected) in [
        ("reasoning_content", json!("hm"), Some("1"), Some(json!("hm"))),
        ("reasoning", json!("hm"), Some("1"), Some(json!("hm"))),
        ("reasoning", json!({"other": 1}), Some("1"), None),
        ("reasoning_content", json!(""), Some("1"), None),
        ("reasoning_content", json!("hm"), None, None),
    ] {
        let messages = [said(field, thought, call)];
        assert_eq!(sent(&messages, true), expected, "{messages:?}");
        assert_eq!(sent(&messages, false), None, "{messages:?}");
    }
    // Messages that become one in this dialect keep what was thought in each.
    let [first, second] = ["1", "2"].map(|id| said("reasoning_content", json!(id), Some(id)));
    assert_eq!(sent(&[first, second], true), Some(json!("12")));
}

fn finish(choice: u32, reason: Finish) -> Event {
    Event::Finish { choice, reason, stop_sequence: None }
}

fn text(text: &str) -> Event {
    Event::Delta { choice: 0, piece: Piece::Text(text.into()), logprobs: None }
}

#[test]
fn a_stream_with_usage_has_the_exact_chunks_of_openai() {
    let usage = Usage { input: 3, output: 4, ..Usage::default() };
    let events = [text("hi"), finish(0, Finish::Stop), Event::Usage(usage)];
    let stream = encoded(&events, true);
    let written = chunks(stream.as_bytes());
    written.iter().for_each(|chunk| valid("CreateChatCompletionStreamResponse", chunk));
    assert!(stream.ends_with("data: [DONE]\n\n") && stream.matches("[DONE]").count() == 1);
    let (last, before) = written.split_last().unwrap();
    assert_eq!(before.len(), 3);
    assert_eq!(
        before[0]["choices"],
        json!([{"index": 0, "delta": {"role": "assistant", "content": "", "refusal": null},
            "logprobs": null, "finish_reason": null}])
    );
    assert!(before.iter().all(|chunk| chunk.get("usage") == Some(&Value::Null)));
    assert_eq!((&last["choices"], &last["usage"]["total_tokens"]), (&json!([]), &json!(7)));
    assert!(!encoded(&events, false).contains("usage"), "nobody asked for usage");
}

#[test]
fn a_broken_stream_ends_with_an_error_and_no_done() {
    let failed = Event::Failed { kind: "overloaded_error".into(), message: "Overloaded".into() };
    let stream = encoded(&[text("hi"), failed, text("late")], true);
    assert!(!stream.contains("[DONE]") && !stream.contains("late"));
    let last = chunks(stream.as_bytes()).pop().unwrap();
    valid("ErrorResponse", &last);
    assert_eq!(last["error"]["code"], "upstream_failed");
}

#[test]
fn what_the_encoder_writes_the_decoder_reads() {
    let call = |index, id: Option<&str>, arguments: &str| Event::Delta {
        choice: 1,
        piece: Piece::ToolCall {
            index,
            id: id.map(str::to_owned),
            name: id.map(|_| "f".to_owned()),
            arguments: arguments.to_owned(),
        },
        logprobs: None,
    };
    let role = |choice| Event::Delta { choice, piece: Piece::Role, logprobs: None };
    let sent = vec![
        Event::Start {
            id: "id".into(),
            created: 7,
            model: "m".into(),
            system_fingerprint: Some("fp".into()),
            service_tier: Some("default".into()),
        },
        role(0),
        Event::Delta { choice: 0, piece: Piece::Reasoning("hm".into()), logprobs: None },
        Event::Delta {
            choice: 0,
            piece: Piece::Text("\u{1F600}\n".into()),
            logprobs: Some(json!({"content": [], "refusal": null})),
        },
        role(1),
        call(0, Some("a"), ""),
        call(0, None, "{}"),
        call(1, Some("b"), "{\"x\":1}"),
        finish(1, Finish::ToolCalls),
        Event::Delta { choice: 0, piece: Piece::Refusal("no".into()), logprobs: None },
        finish(0, Finish::ContentFilter),
        Event::Usage(Usage {
            input: 10,
            cached: 4,
            cache_write: 2,
            output: 5,
            reasoning: 1,
            ..Usage::default()
        }),
    ];
    let stream = encoded(&sent, true);
    chunks(stream.as_bytes())
        .iter()
        .for_each(|chunk| valid("CreateChatCompletionStreamResponse", chunk));
    assert_eq!(events(&stream), sent);
}

#[test]
fn a_stream_is_finished_when_every_choice_is_even_without_done() {
    let mut decoder = StreamDecoder::new();
    let mut out = Vec::new();
    decoder.push(b"data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\n", &mut out).unwrap();
    assert!(!decoder.finished() && !decoder.ended());
    let last = b"data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"eos\"}],\
                 \"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}\n\n";
    decoder.push(last, &mut out).unwrap();
    assert!(decoder.finished() && !decoder.ended());
    let usage = Usage { input: 1, output: 2, ..Usage::default() };
    let end = [finish(0, Finish::Unknown), Event::Usage(usage)];
    assert_eq!(out[2..], end);
    decoder.push(b"data: [DONE]\n\n", &mut out).unwrap();
    assert!(decoder.ended());
}

#[test]
fn tool_calls_without_numbers_or_ids_are_told_apart() {
    let chunk = |call: Value| json!({"id": "a", "choices": [{"delta": {"tool_calls": [call]}}]});
    let stream = sse(&[
        chunk(json!({"id": "x", "function": {"name": "f", "arguments": "{}"}})),
        chunk(json!({"id": "y", "function": {"name": "g", "arguments": {"k": 1}}})),
        chunk(json!({"id": "y", "function": {"arguments": " "}})),
        chunk(json!({"function": {"name": "h", "arguments": null}})),
    ]);
    let calls = calls(&stream);
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(calls[0], (0, some("x"), some("f"), "{}".into()));
    assert_eq!(calls[1], (1, some("y"), some("g"), "{\"k\":1}".into()));
    assert_eq!(calls[2], (1, None, None, " ".into()));
    assert_eq!(calls[3], (2, some("call_a_0_2"), some("h"), String::new()));
}

/// The parts of calls in a stream.
fn calls(stream: &str) -> Vec<(u32, Option<String>, Option<String>, String)> {
    let calls = events(stream).into_iter().filter_map(|event| match event {
        Event::Delta { piece: Piece::ToolCall { index, id, name, arguments }, .. } => {
            Some((index, id, name, arguments))
        }
        _ => None,
    });
    calls.collect()
}

#[test]
fn tool_calls_that_all_have_one_number_are_told_apart_by_their_ids() {
    let chunk = |index: u32, id: Value, name: Value, arguments: &str| {
        let function = json!({"name": name, "arguments": arguments});
        let call = json!({"index": index, "id": id, "function": function});
        json!({"id": "a", "choices": [{"delta": {"tool_calls": [call]}}]})
    };
    let none = Value::Null;
    let told = calls(&sse(&[
        // As Ollama numbers calls.
        chunk(0, json!("x"), json!("f"), "{}"),
        chunk(0, json!("y"), json!("f"), "{\"k\":"),
        chunk(0, none.clone(), none.clone(), "1"),
        chunk(0, json!("y"), json!("f"), "}"),
        // Some give every part an id of its own.
        chunk(0, json!("other"), none.clone(), " "),
        // A number that is ours for another call by now.
        chunk(1, json!("z"), json!("g"), "{"),
        chunk(1, none.clone(), none.clone(), "}"),
        chunk(0, none.clone(), none, " "),
    ]));
    let opened: Vec<_> = told
        .iter()
        .filter_map(|(at, id, name, _)| Some((*at, id.as_deref()?, name.as_deref()?)))
        .collect();
    assert_eq!(opened, [(0, "x", "f"), (1, "y", "f"), (2, "z", "g")]);
    let arguments = |at: u32| {
        told.iter().filter(|call| call.0 == at).map(|call| call.3.as_str()).collect::<String>()
    };
    assert_eq!([0, 1, 2].map(arguments), ["{}", "{\"k\":1}  ", "{}"]);
}

#[test]
fn an_error_in_the_stream_is_an_event_and_the_end() {
    for error in [
        json!({"error": {"message": "boom", "type": "server_error"}}),
        json!({"object": "error", "message": "boom", "type": "server_error"}),
    ] {
        let mut decoder = StreamDecoder::new();
        let mut out = Vec::new();
        decoder.push(sse(&[error]).as_bytes(), &mut out).unwrap();
        let failed = Event::Failed { kind: "server_error".into(), message: "boom".into() };
        assert_eq!(out, [failed]);
        assert!(decoder.ended() && !decoder.finished());
    }
}

#[test]
fn a_broken_chunk_is_a_fault_for_good_without_content() {
    let mut decoder = StreamDecoder::new();
    let mut out = Vec::new();
    for _ in 0..2 {
        let fault = decoder.push(b"data: {\"choices\": \"SECRET\"}\n\n", &mut out).unwrap_err();
        assert!(!fault.to_string().contains("SECRET"), "{fault}");
    }
}

#[test]
fn an_answer_of_a_sloppy_server_is_read() {
    let body = json!({"choices": [{"message": {"content": [{"type": "text", "text": "a"}],
        "reasoning": "r", "tool_calls": [{"function": {"name": "f", "arguments": {"k": 1}}}]},
        "finish_reason": "function_call"}], "usage": {"prompt_tokens": -1}});
    let answer = decode_answer(body.to_string().as_bytes()).unwrap();
    let choice = Choice {
        text: Some("a".into()),
        reasoning: vec![Reasoning { text: Some("r".into()), opaque: None }],
        tool_calls: vec![ToolCall {
            id: "call__0_0".into(),
            name: "f".into(),
            arguments: "{\"k\":1}".into(),
        }],
        ..Choice::default()
    };
    assert_eq!(answer, ChatAnswer { choices: vec![choice], ..ChatAnswer::default() });
    assert!(decode_answer(b"{}").is_err() && decode_answer(b"<html>").is_err());
}

#[test]
fn reasoning_that_only_the_total_counts_is_paid_for() {
    let body = br#"{"choices":[{"message":{"content":"x"}}],"usage":{"prompt_tokens":10,
        "completion_tokens":5,"total_tokens":115,"prompt_tokens_details":null}}"#;
    assert_eq!(decode_answer(body).unwrap().usage.unwrap().output, 105);
}

#[test]
fn errors_of_every_server_are_read() {
    #[track_caller]
    fn check(status: u16, body: &str, kind: &str, message: &str, retryable: bool, long: bool) {
        let e = decode_error(status, body.as_bytes());
        let got = (&*e.kind, &*e.message, e.retryable, e.context_length_exceeded);
        assert_eq!(got, (kind, message, retryable, long));
    }
    let limited = r#"{"error":{"message":" slow\n down ","type":"requests","code":"rate_limit"}}"#;
    check(429, limited, "requests", "slow down", true, false);
    let long = r#"{"error":{"message":"too long","type":"invalid_request_error","code":"context_length_exceeded"}}"#;
    check(400, long, "invalid_request_error", "too long", false, true);
    let llama = r#"{"error":{"code":400,"message":"the request exceeds the available context size","type":"exceed_context_size_error"}}"#;
    let said = "the request exceeds the available context size";
    check(400, llama, "exceed_context_size_error", said, false, true);
    check(404, r#"{"error":"model not found"}"#, "http_404", "model not found", false, false);
    check(422, r#"{"detail":"bad"}"#, "http_422", "bad", false, false);
    check(502, "<html>nginx</html>", "http_502", "", true, false);
    check(500, "plain", "http_500", "plain", true, false);
    let key = r#"{"error":{"message":"Incorrect API key: sk-abc","type":"t"}}"#;
    check(401, key, "t", "the provider refused the credential", false, false);
    assert_eq!(decode_error(500, "x".repeat(9000).as_bytes()).message.len(), 512);
}

#[test]
fn our_errors_and_lists_have_the_documented_shape() {
    for code in Code::ALL {
        let mut extra = Map::new();
        extra.insert("policies".into(), json!(["p1"]));
        extra.insert("code".into(), json!("spoofed"));
        let error: Value =
            serde_json::from_slice(&encode_error(code, "why", Some("model"), extra)).unwrap();
        valid("ErrorResponse", &error);
        assert_eq!(error["error"]["code"], code.as_str());
        assert_eq!(error["error"]["policies"], json!(["p1"]));
    }
    let entry = ModelEntry { id: "m", created: 1, owned_by: "local" };
    let list: Value = serde_json::from_slice(&encode_models(std::slice::from_ref(&entry))).unwrap();
    valid("ListModelsResponse", &list);
    let one: Value = serde_json::from_slice(&encode_model(&entry)).unwrap();
    assert_eq!(list["data"], json!([one]));
}
