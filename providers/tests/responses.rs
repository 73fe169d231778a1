//! OpenAI's responses and old completions against the documentation: the schemas and examples in
//! `data/openai`.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test says what it means with them; clippy knows tests but not their helpers"
)]

use std::collections::BTreeSet;

use providers::{
    Dialect, MaxTokensField, Target,
    openai::{
        completions::{self, CompletionEncoder},
        responses::{Echo, ResponseEncoder, decode_request, encode_answer},
    },
};
use serde_json::{Value, json};
use types::{
    Wire,
    answer::{ChatAnswer, Choice, Event, Finish, Piece, Usage},
    chat::{ChatRequest, Opaque, OpaqueKind, Part, Reasoning, Role, ToolCall},
};

const SCHEMAS: &str = include_str!("data/openai/responses.json");
const EXAMPLES: &str = include_str!("data/openai/responses-examples.json");

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
fn valid(validator: &jsonschema::Validator, value: &Value) {
    let errors: Vec<_> =
        validator.iter_errors(value).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}\n{value:#}");
}

fn read(fields: &Value) -> (ChatRequest, Echo) {
    let mut body = json!({"model": "m", "input": "hi"});
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    decode_request(body.to_string().as_bytes()).unwrap()
}

#[track_caller]
fn refused(fields: Value, param: &str) {
    let mut body = json!({"model": "m", "input": "SECRET"});
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let rejection = decode_request(body.to_string().as_bytes()).unwrap_err();
    assert_eq!(rejection.param.as_deref(), Some(param), "{}", rejection.message);
    assert!(!rejection.message.contains("SECRET"), "{}", rejection.message);
}

fn target() -> Target<'static> {
    let max_tokens_field = MaxTokensField::default();
    Target {
        upstream_model: "up",
        max_output_tokens: 64,
        stream: false,
        max_tokens_field,
        ..Target::default()
    }
}

fn sent(fields: &Value) -> Value {
    let body = Dialect::OpenAi.encode_request(&read(fields).0, &target()).unwrap();
    serde_json::from_slice(&body).unwrap()
}

#[test]
fn every_documented_request_is_read_or_refused_by_name() {
    for example in examples() {
        let read = decode_request(example["request"].to_string().as_bytes());
        match example["title"].as_str().unwrap() {
            "Web search" | "File search" => {
                assert_eq!(read.unwrap_err().param.as_deref(), Some("tools[0].type"));
            }
            title => assert!(read.is_ok(), "{title}: {read:?}"),
        }
    }
}

#[test]
fn items_become_messages_in_their_order() {
    let input = json!([
        {"role": "user", "content": "q"},
        {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "hm"}]},
        {"type": "message", "role": "assistant", "id": "msg_1", "status": "completed", "content": [
            {"type": "output_text", "text": "a", "annotations": [], "logprobs": []}]},
        {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "f", "arguments": "{}"},
        {"type": "function_call", "call_id": "c2", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c1", "output": "1"},
        {"type": "function_call_output", "call_id": "c2",
            "output": [{"type": "input_text", "text": "2"}]},
        {"role": "user", "content": [{"type": "input_text", "text": "and?"},
            {"type": "input_image", "image_url": "https://h/i.png", "detail": "auto"},
            {"type": "input_file", "filename": "d", "file_data": "data:application/pdf;base64,AAAA"}]},
    ]);
    let fields = json!({"input": input, "instructions": "be brief"});
    let (request, _) = read(&fields);
    let roles: Vec<_> = request.messages.iter().map(|message| message.role).collect();
    use Role::{Assistant, Developer, Tool, User};
    assert_eq!(roles, [Developer, User, Assistant, Tool, Tool, User]);
    let said = &request.messages[2];
    assert_eq!((said.reasoning.len(), said.tool_calls.len()), (1, 2));
    assert_eq!(said.content, [Part::Text("a".into())]);
    let sent = sent(&fields);
    assert_eq!(sent["messages"][2]["tool_calls"][1]["id"], "c2");
    assert_eq!(sent["messages"][5]["content"][2]["file"]["filename"], "d");
}

#[test]
fn settings_go_where_chat_completions_have_them() {
    let sent = sent(&json!({
        "text": {"format": {"type": "json_schema", "name": "n", "schema": {"type": "object"}},
            "verbosity": "low"},
        "reasoning": {"effort": "high", "summary": "auto"}, "max_output_tokens": 99,
        "tools": [{"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": true}],
        "tool_choice": {"type": "function", "name": "f"}, "parallel_tool_calls": false,
        "metadata": {"k": "v"}, "user": "u", "store": true, "truncation": "disabled",
        "include": ["reasoning.encrypted_content"], "background": false,
    }));
    assert_eq!(sent["response_format"]["json_schema"]["name"], "n");
    assert_eq!((&sent["verbosity"], &sent["reasoning_effort"]), (&json!("low"), &json!("high")));
    assert_eq!(sent["tools"][0]["function"]["strict"], true);
    assert_eq!(sent["tool_choice"]["function"]["name"], "f");
    assert_eq!((&sent["user"], &sent["metadata"]), (&json!("u"), &Value::Null));
}

#[test]
fn how_tools_are_called_is_not_said_without_any() {
    for choice in ["auto", "none"] {
        let fields = json!({"tools": [], "tool_choice": choice, "parallel_tool_calls": true});
        let sent = sent(&fields);
        for name in ["tools", "tool_choice", "parallel_tool_calls"] {
            assert!(sent.get(name).is_none(), "{choice}: {sent}");
        }
    }
}

#[test]
fn what_is_not_supported_is_refused_by_name() {
    refused(json!({"background": true}), "background");
    refused(json!({"truncation": "auto"}), "truncation");
    refused(json!({"conversation": "SECRET"}), "conversation");
    refused(json!({"prompt": {"id": "SECRET"}}), "prompt");
    refused(json!({"include": ["message.output_text.logprobs"]}), "include[0]");
    refused(json!({"unheard_of": 1}), "unheard_of");
    refused(json!({"tools": [{"type": "code_interpreter"}]}), "tools[0].type");
    refused(json!({"tool_choice": "required"}), "tool_choice");
    refused(json!({"input": []}), "input");
    refused(json!({"input": [{"type": "item_reference", "id": "SECRET"}]}), "input[0].type");
    let file = json!([{"type": "input_file", "file_id": "SECRET"}]);
    refused(json!({"input": [{"role": "user", "content": file}]}), "input[0].content[0].file_id");
}

fn sealed(format: Wire, kind: OpaqueKind) -> Opaque {
    Opaque { format, kind, data: "EqQB".into(), id: None }
}

fn choice() -> Choice {
    let signed = Some(sealed(Wire::Anthropic, OpaqueKind::Signature));
    let hidden = Some(sealed(Wire::Anthropic, OpaqueKind::Encrypted));
    Choice {
        reasoning: vec![
            Reasoning { text: Some("hm".into()), opaque: signed },
            Reasoning { text: None, opaque: hidden },
        ],
        text: Some("Hi".into()),
        refusal: Some("no".into()),
        tool_calls: vec![ToolCall { id: "c".into(), name: "f".into(), arguments: "{}".into() }],
        finish: Finish::ToolCalls,
        ..Choice::default()
    }
}

fn usage() -> Usage {
    Usage { input: 30, cached: 5, output: 9, reasoning: 2, ..Usage::default() }
}

fn answer(choice: Choice) -> Value {
    let echo = read(&json!({"instructions": "i", "metadata": {"k": "v"}, "temperature": 0.5,
        "tools": [{"type": "function", "name": "f"}]}));
    let answer = ChatAnswer {
        id: "resp_1".into(),
        created: 7,
        model: "m".into(),
        choices: vec![choice],
        usage: Some(usage()),
        ..ChatAnswer::default()
    };
    serde_json::from_slice(&encode_answer(&answer, &echo.1)).unwrap()
}

#[test]
fn a_whole_answer_is_a_documented_response() {
    let response = answer(choice());
    valid(&validator("Response"), &response);
    let kinds: Vec<_> = response["output"].as_array().unwrap().iter().map(|i| &i["type"]).collect();
    assert_eq!(kinds, ["reasoning", "reasoning", "message", "function_call"]);
    assert_eq!(
        (&response["status"], &response["instructions"]),
        (&json!("completed"), &json!("i"))
    );
    assert_eq!((&response["temperature"], &response["top_p"]), (&json!(0.5), &json!(1.0)));
    // What we said is read again as what it was, whoever sealed it.
    let (request, _) = read(&json!({"input": response["output"]}));
    assert_eq!(request.messages[0].reasoning, choice().reasoning);
    assert_eq!(request.messages[0].tool_calls, choice().tool_calls);

    let cut = answer(Choice { finish: Finish::Length, ..choice() });
    valid(&validator("Response"), &cut);
    assert_eq!(cut["incomplete_details"]["reason"], "max_output_tokens");
}

fn delta(piece: Piece) -> Event {
    Event::Delta { choice: 0, piece, logprobs: None }
}

fn start() -> Event {
    let (id, model) = (String::new(), String::new());
    Event::Start { id, created: 0, model, system_fingerprint: None, service_tier: None }
}

fn encoded(events: &[Event], echo: Echo) -> Vec<Value> {
    let mut encoder = ResponseEncoder::new("resp_1".into(), 7, "m".into(), echo);
    let mut out = Vec::new();
    events.iter().for_each(|event| encoder.push(event, &mut out));
    encoder.done(&mut out);
    let stream = String::from_utf8(out).unwrap();
    let events = stream.split_terminator("\n\n").map(|event| {
        let (name, data) = event.split_once('\n').unwrap();
        let data: Value = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
        assert_eq!(name.strip_prefix("event: "), data["type"].as_str());
        data
    });
    let events: Vec<_> = events.collect();
    for (number, event) in events.iter().enumerate() {
        assert_eq!(event["sequence_number"], number);
    }
    events
}

fn finish(reason: Finish) -> Event {
    Event::Finish { choice: 0, reason, stop_sequence: None }
}

#[test]
fn a_stream_has_the_events_of_the_documented_example() {
    let example = examples().into_iter().find(|e| e["title"] == "Streaming").unwrap();
    let (_, echo) = decode_request(example["request"].to_string().as_bytes()).unwrap();
    let documented = example["events"].as_array().unwrap();
    // The example's one delta is not all of its text.
    let texts = documented.iter().filter(|event| event["type"] == "response.output_text.done");
    let mut events = vec![start(), delta(Piece::Role)];
    events.extend(texts.map(|event| delta(Piece::Text(event["text"].as_str().unwrap().into()))));
    events.extend([finish(Finish::Stop), Event::Usage(usage())]);
    let told = encoded(&events, echo);
    let kinds = |events: &[Value]| events.iter().map(|e| e["type"].clone()).collect::<Vec<_>>();
    assert_eq!(kinds(&told), kinds(documented));
    // Each has the fields of its example: what is numbered anew or stands for one answer differs.
    let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    for (ours, theirs) in told.iter().zip(documented) {
        assert!(names(ours).is_superset(&names(theirs)), "{ours} {theirs}");
    }
    let (ours, theirs) = (told.last().unwrap(), documented.last().unwrap());
    assert_eq!(
        ours["response"]["output"][0]["content"][0]["text"],
        theirs["response"]["output"][0]["content"][0]["text"]
    );
}

#[test]
fn every_event_has_its_documented_schema() {
    let call = |index, id: Option<&str>, arguments: &str| {
        let (id, name) = (id.map(str::to_owned), id.map(|_| "f".to_owned()));
        delta(Piece::ToolCall { index, id, name, arguments: arguments.into() })
    };
    let events = [
        start(),
        delta(Piece::Reasoning("h".into())),
        delta(Piece::Reasoning("m".into())),
        delta(Piece::Opaque(sealed(Wire::Anthropic, OpaqueKind::Signature))),
        delta(Piece::Opaque(sealed(Wire::Anthropic, OpaqueKind::Encrypted))),
        delta(Piece::Text("H".into())),
        delta(Piece::Text("i".into())),
        delta(Piece::Refusal("no".into())),
        call(0, Some("c"), ""),
        call(0, None, "{\"a\":"),
        call(0, None, "1}"),
        call(1, Some("d"), "{}"),
        finish(Finish::ToolCalls),
        Event::Usage(usage()),
    ];
    let told = encoded(&events, Echo::default());
    let event = validator("ResponseStreamEvent");
    told.iter().for_each(|told| valid(&event, told));
    let last = told.last().unwrap();
    assert_eq!(last["type"], "response.completed");
    let output = last["response"]["output"].as_array().unwrap();
    let done: Vec<_> = told
        .iter()
        .filter(|event| event["type"] == "response.output_item.done")
        .map(|event| event["item"].clone())
        .collect();
    assert_eq!(&done, output);
    assert_eq!(output[4]["arguments"], "{\"a\":1}");
    assert_eq!(last["response"]["usage"]["output_tokens_details"]["reasoning_tokens"], 2);

    let cut = encoded(&[start(), finish(Finish::Length)], Echo::default());
    assert_eq!(cut.last().unwrap()["type"], "response.incomplete");
    let failed = Event::Failed { kind: "k".into(), message: "busy".into() };
    let failed = encoded(&[start(), delta(Piece::Text("H".into())), failed], Echo::default());
    failed.iter().for_each(|told| valid(&event, told));
    let kinds: Vec<_> = failed.iter().rev().take(2).map(|event| &event["type"]).collect();
    assert_eq!(kinds, ["response.failed", "error"]);
}

#[test]
fn old_completions_are_messages_and_texts() {
    let body = json!({"model": "m", "prompt": ["p"], "n": 2, "best_of": 2, "logit_bias": {"1": 2},
        "stop": "x", "stream": true, "stream_options": {"include_usage": true}});
    let request = completions::decode_request(body.to_string().as_bytes()).unwrap();
    assert_eq!(request.messages[0].content, [Part::Text("p".into())]);
    assert_eq!((request.max_output_tokens, request.choices), (Some(16), 2));
    for (name, value) in [
        ("prompt", json!(["a", "b"])),
        ("prompt", json!([1, 2])),
        ("prompt", json!([[1, 2]])),
        ("echo", json!(true)),
        ("suffix", json!("s")),
        ("logprobs", json!(1)),
        ("best_of", json!(3)),
    ] {
        let mut body = json!({"model": "m", "prompt": "p"});
        body[name] = value;
        let rejection = completions::decode_request(body.to_string().as_bytes()).unwrap_err();
        assert_eq!(rejection.param.as_deref(), Some(name));
    }
    let schema = validator("CreateCompletionResponse");
    let answer = ChatAnswer {
        id: "cmpl-1".into(),
        model: "m".into(),
        choices: vec![choice()],
        usage: Some(usage()),
        ..ChatAnswer::default()
    };
    let whole: Value = serde_json::from_slice(&completions::encode_answer(&answer)).unwrap();
    valid(&schema, &whole);
    assert_eq!(whole["choices"][0]["text"], "Hi");
    let mut encoder = CompletionEncoder::new("cmpl-1".into(), 7, "m".into(), true);
    let mut out = Vec::new();
    for event in
        [start(), delta(Piece::Text("Hi".into())), finish(Finish::Length), Event::Usage(usage())]
    {
        encoder.push(&event, &mut out);
    }
    encoder.done(&mut out);
    let stream = String::from_utf8(out).unwrap();
    assert!(stream.ends_with("data: [DONE]\n\n"), "{stream}");
    let chunks = stream.lines().filter_map(|line| line.strip_prefix("data: "));
    let chunks: Vec<Value> = chunks.filter_map(|data| serde_json::from_str(data).ok()).collect();
    assert_eq!(chunks.len(), 3);
    assert_eq!(chunks[2]["usage"]["completion_tokens"], 9);
}
