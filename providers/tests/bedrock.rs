//! Converse against the examples and the field lists of AWS's own documentation.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test says what it means with them; clippy knows tests but not their helpers"
)]

mod frames;

use providers::{
    BadAnswer, BadStream, Dialect, Outgoing, Target,
    bedrock::{FrameFault, StreamDecoder, decode_answer, decode_error, encode_request, path},
    openai,
};
use serde_json::{Value, json};
use types::{
    AwsKeys, Credential, Secret, Timestamp, Wire,
    answer::{Event, Finish, Piece, Usage},
    chat::{
        CachePoint, CacheTtl, ChatRequest, File, FileSource, Message, Opaque, OpaqueKind, Part,
        Reasoning, Role, Thinking,
    },
};

const CLAUDE: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";

fn target(model: &str) -> Target<'_> {
    Target { upstream_model: model, max_output_tokens: 64, ..Target::default() }
}

fn request(body: &Value) -> ChatRequest {
    let mut body = body.clone();
    body["model"] = json!("m");
    openai::decode_request(body.to_string().as_bytes()).unwrap()
}

fn sent(request: &ChatRequest, model: &str) -> Value {
    serde_json::from_slice(&encode_request(request, &target(model)).unwrap()).unwrap()
}

#[track_caller]
fn refused(body: &Value, field: &str) {
    assert_eq!(encode_request(&request(body), &target(CLAUDE)).unwrap_err().field, field);
}

fn user(text: &str) -> Value {
    json!([{"role": "user", "content": text}])
}

#[test]
fn all_of_a_models_name_is_one_segment_of_the_path() {
    let at = |model, stream| path(&Target { stream, ..target(model) });
    assert_eq!(at(CLAUDE, false), format!("/model/{}/converse", CLAUDE.replace(':', "%3A")));
    assert_eq!(
        at("arn:aws:bedrock:us-east-1:1:inference-profile/x", true),
        "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fx/converse-stream"
    );
}

#[test]
fn an_api_key_is_a_bearer_and_keys_sign() {
    let headers = |credential: &Credential| {
        let outgoing = Outgoing {
            authority: "bedrock-runtime.us-east-1.amazonaws.com",
            path: "/model/x/converse",
            body: b"{}",
            credential: Some(credential),
            now: Timestamp(1_440_938_160_000_000),
        };
        Dialect::Bedrock.headers(&outgoing).unwrap()
    };
    let key = Credential::Key(Secret::new("k"));
    assert_eq!(headers(&key), [("authorization", "Bearer k".to_owned())]);
    let keys = |token: Option<&str>| {
        Credential::Aws(AwsKeys {
            region: "us-east-1".into(),
            access_key_id: Secret::new("AKIDEXAMPLE"),
            secret_access_key: Secret::new("secret"),
            session_token: token.map(Secret::new),
        })
    };
    let signed = headers(&keys(Some("token")));
    let value = |name| signed.iter().find(|(n, _)| *n == name).map_or("", |(_, value)| value);
    assert!(
        value("authorization").starts_with(
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/bedrock/aws4_request, \
             SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, Signature="
        ),
        "{}",
        value("authorization")
    );
    assert_eq!((value("x-amz-date"), value("x-amz-security-token")), ("20150830T123600Z", "token"));
    assert!(!headers(&keys(None)).iter().any(|(name, _)| *name == "x-amz-security-token"));
}

#[test]
fn a_conversation_becomes_system_and_turns() {
    let asked = request(&json!({"messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi"},
        {"role": "user", "content": ""},
        {"role": "user", "content": "there"},
        {"role": "assistant", "content": "Hello."},
        {"role": "user", "content": "Again"}],
        "temperature": 0.5, "top_p": 0.9, "stop": ["a"], "metadata": {"team": "x"},
        "service_tier": "flex", "store": false, "frequency_penalty": 0}));
    assert_eq!(
        sent(&asked, CLAUDE),
        json!({
            "system": [{"text": "Be brief."}],
            "messages": [
                {"role": "user", "content": [{"text": "Hi"}, {"text": "there"}]},
                {"role": "assistant", "content": [{"text": "Hello."}]},
                {"role": "user", "content": [{"text": "Again"}]}],
            "inferenceConfig": {"maxTokens": 64, "temperature": 0.5, "topP": 0.9,
                "stopSequences": ["a"]},
            "requestMetadata": {"team": "x"},
            "serviceTier": {"type": "flex"}})
    );
    for (field, value) in [("seed", json!(1)), ("n", json!(2)), ("logprobs", json!(true))] {
        let mut body = json!({"messages": user("x")});
        body[field] = value;
        refused(&body, field);
    }
    let any = json!({"type": "json_object"});
    refused(&json!({"messages": user("x"), "response_format": any}), "response_format");
    let named = json!([{"role": "user", "name": "ann", "content": "x"}]);
    refused(&json!({"messages": named}), "messages[0].name");
    refused(&json!({"messages": [{"role": "system", "content": "x"}]}), "messages");
}

#[test]
fn tools_calls_and_results_have_their_blocks() {
    let body = json!({"tools": [{"type": "function", "function": {"name": "weather",
            "description": "Now", "strict": true, "parameters":
                {"properties": {"city": {"type": "string"}}}}}],
        "tool_choice": "auto", "messages": [
            {"role": "user", "content": "Paris?"},
            {"role": "assistant", "content": "Looking.", "tool_calls": [{"id": "c1",
                "type": "function",
                "function": {"name": "weather", "arguments": "{\"city\":\"Paris\"}"}}]},
            {"role": "tool", "tool_call_id": "c1", "name": "weather", "content": "sunny"},
            {"role": "user", "content": "And?"}]});
    let all = sent(&request(&body), CLAUDE);
    assert_eq!(
        all["messages"],
        json!([
            {"role": "user", "content": [{"text": "Paris?"}]},
            {"role": "assistant", "content": [{"text": "Looking."},
                {"toolUse": {"toolUseId": "c1", "name": "weather", "input": {"city": "Paris"}}}]},
            {"role": "user", "content": [
                {"toolResult": {"toolUseId": "c1", "content": [{"text": "sunny"}]}},
                {"text": "And?"}]}])
    );
    assert_eq!(
        all["toolConfig"],
        json!({"tools": [{"toolSpec": {"name": "weather", "description": "Now", "strict": true,
            "inputSchema": {"json": {"type": "object",
                "properties": {"city": {"type": "string"}}}}}}],
            "toolChoice": {"auto": {}}})
    );
    let choice = |choice: Value| {
        let mut body = body.clone();
        body["tool_choice"] = choice;
        sent(&request(&body), CLAUDE)["toolConfig"]["toolChoice"].clone()
    };
    assert_eq!(choice(json!("required")), json!({"any": {}}));
    let named = json!({"type": "function", "function": {"name": "weather"}});
    assert_eq!(choice(named), json!({"tool": {"name": "weather"}}));
    let with = |field: &str, value: Value| {
        let mut body = body.clone();
        body[field] = value;
        body
    };
    refused(&with("tool_choice", json!("none")), "tool_choice");
    refused(&with("parallel_tool_calls", json!(false)), "parallel_tool_calls");
    let mut failed = request(&body);
    failed.messages[2].tool_failed = true;
    failed.messages[2].content.clear();
    let result = sent(&failed, CLAUDE)["messages"][2]["content"][0].clone();
    let expected = json!({"toolUseId": "c1", "content": [{"text": " "}], "status": "error"});
    assert_eq!(result, json!({ "toolResult": expected }));
    let mut broken = request(&body);
    broken.messages[1].tool_calls[0].arguments = "[]".into();
    let broken = encode_request(&broken, &target(CLAUDE)).unwrap_err();
    assert_eq!(broken.field, "messages[1].tool_calls[0].function.arguments");
}

#[test]
fn tools_that_were_called_are_specified_where_none_are_offered_any_more() {
    let call = |id: &str, name: &str| json!({"id": id, "type": "function", "function": {"name": name, "arguments": "{}"}});
    let calls = json!([call("c1", "weather"), call("c2", "time"), call("c3", "weather")]);
    let mut messages = vec![
        json!({"role": "user", "content": "Paris?"}),
        json!({"role": "assistant", "tool_calls": calls}),
    ];
    for id in ["c1", "c2", "c3"] {
        messages.push(json!({"role": "tool", "tool_call_id": id, "content": "x"}));
    }
    let all = sent(&request(&json!({ "messages": messages })), CLAUDE);
    let spec = |name: &str| {
        let schema = json!({"json": {"type": "object", "properties": {}}});
        json!({"toolSpec": {"name": name, "inputSchema": schema}})
    };
    assert_eq!(all["toolConfig"], json!({"tools": [spec("weather"), spec("time")]}));
    let none = sent(&request(&json!({"messages": user("x")})), CLAUDE);
    assert!(none.get("toolConfig").is_none(), "{none}");
}

#[test]
fn images_and_documents_are_bytes_or_stored_at_aws() {
    let mut asked = request(&json!({"messages": [{"role": "user", "content": [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,/9j/"}}]}]}));
    let file =
        |name: Option<&str>, source| Part::File(File { name: name.map(str::to_owned), source });
    let data = |media_type: &str| FileSource::Data {
        media_type: media_type.into(),
        base64: "JVBE".into(),
    };
    asked.messages[0].content.extend([
        file(Some("Q3  report_(final).pdf"), data("application/pdf")),
        file(None, FileSource::Url("s3://bucket/notes.md".into())),
        file(Some("notes"), FileSource::Text("one".into())),
    ]);
    assert_eq!(
        sent(&asked, CLAUDE)["messages"][0]["content"],
        json!([
            {"text": "What is this?"},
            {"image": {"format": "jpeg", "source": {"bytes": "/9j/"}}},
            {"document": {"format": "pdf", "name": "Q3 report-(final)-pdf",
                "source": {"bytes": "JVBE"}}},
            {"document": {"format": "md", "name": "document",
                "source": {"s3Location": {"uri": "s3://bucket/notes.md"}}}},
            {"text": "notes\n\none"}])
    );
    let mut refuse = |source, field: &str| {
        *asked.messages[0].content.last_mut().unwrap() = file(None, source);
        let refused = encode_request(&asked, &target(CLAUDE)).unwrap_err();
        assert_eq!(refused.field, format!("messages[0].content[4].{field}"));
    };
    refuse(FileSource::Url("https://h/a.pdf".into()), "file.url");
    refuse(data("video/mp4"), "file.file_data");
    let image = |url: &str| {
        json!({"messages": [{"role": "user", "content": [
            {"type": "image_url", "image_url": {"url": url}}]}]})
    };
    refused(&image("https://h/i.png"), "messages[0].content[0].image_url.url");
    refused(&image("data:image/tiff;base64,AA=="), "messages[0].content[0].image_url.url");
}

#[test]
fn a_hint_for_the_cache_is_a_block_of_its_own() {
    let mut asked = request(&json!({"messages": [{"role": "system", "content": "s"},
        {"role": "user", "content": "x"}],
        "tools": [{"type": "function", "function": {"name": "f"}}]}));
    asked.messages[0].cache = vec![CachePoint { after: 0, ttl: CacheTtl::Minutes }];
    asked.messages[1].cache = vec![CachePoint { after: 0, ttl: CacheTtl::Hour }];
    asked.tools[0].cache = Some(CacheTtl::Minutes);
    let all = sent(&asked, CLAUDE);
    let point = json!({"cachePoint": {"type": "default"}});
    assert_eq!(all["system"], json!([{"text": "s"}, point]));
    let hour = json!({"cachePoint": {"type": "default", "ttl": "1h"}});
    assert_eq!(all["messages"][0]["content"], json!([{"text": "x"}, hour]));
    assert_eq!(all["toolConfig"]["tools"][1], point);
}

#[test]
fn what_only_some_models_have_goes_under_their_makers_names() {
    let fields = |change: &dyn Fn(&mut ChatRequest), model: &str| {
        let mut asked = request(&json!({"messages": user("x")}));
        change(&mut asked);
        let target = Target { max_output_tokens: 4096, ..target(model) };
        encode_request(&asked, &target).map_err(|refused| refused.field).map(|body| {
            let body: Value = serde_json::from_slice(&body).unwrap();
            body["additionalModelRequestFields"].clone()
        })
    };
    let no = |field: &str| Err(field.to_owned());
    let top_k = |asked: &mut ChatRequest| asked.sampling.top_k = Some(40);
    assert_eq!(fields(&|_| {}, CLAUDE), Ok(Value::Null));
    assert_eq!(fields(&top_k, CLAUDE), Ok(json!({"top_k": 40})));
    let nova = json!({"inferenceConfig": {"topK": 40}});
    assert_eq!(fields(&top_k, "us.amazon.nova-lite-v1:0"), Ok(nova));
    assert_eq!(fields(&top_k, "openai.gpt-oss-120b-1:0"), no("top_k"));
    let think = |thinking| move |asked: &mut ChatRequest| asked.thinking = Some(thinking);
    let budget = json!({"thinking": {"type": "enabled", "budget_tokens": 2048}});
    assert_eq!(fields(&think(Thinking::Budget(2048)), CLAUDE), Ok(budget));
    // It is below the limit that is sent, or not said at all.
    let mut asked = request(&json!({"messages": user("x")}));
    asked.thinking = Some(Thinking::Budget(2048));
    let refused = encode_request(&asked, &target(CLAUDE)).unwrap_err();
    assert_eq!(refused.field, "thinking.budget_tokens");
    let off = json!({"thinking": {"type": "disabled"}});
    assert_eq!(fields(&think(Thinking::Off), CLAUDE), Ok(off));
    assert_eq!(
        fields(&think(Thinking::Budget(9)), "meta.llama3-1-8b-instruct-v1:0"),
        no("thinking")
    );
    let effort = |asked: &mut ChatRequest| asked.reasoning_effort = Some("low".into());
    let gpt = json!({"reasoning_effort": "low"});
    assert_eq!(fields(&effort, "openai.gpt-oss-20b-1:0"), Ok(gpt));
    let nova = json!({"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "low"}});
    assert_eq!(fields(&effort, "amazon.nova-2-lite-v1:0"), Ok(nova));
    assert_eq!(fields(&effort, CLAUDE), no("reasoning_effort"));
    let own = |asked: &mut ChatRequest| {
        asked.sampling.top_k = Some(40);
        asked.native.format = Wire::Bedrock;
        let own = json!({"top_k": 1, "other": true});
        asked.native.fields.insert("additionalModelRequestFields".into(), own);
    };
    assert_eq!(fields(&own, CLAUDE), Ok(json!({"top_k": 1, "other": true})));
}

#[test]
fn a_schema_of_the_answer_is_text() {
    let schema = json!({"type": "object", "properties": {"a": {"type": "integer"}}});
    let format = json!({"type": "json_schema",
        "json_schema": {"name": "n", "description": "d", "schema": schema}});
    let all = sent(&request(&json!({"messages": user("x"), "response_format": format})), CLAUDE);
    let told = &all["outputConfig"]["textFormat"];
    assert_eq!(told["type"], "json_schema");
    let told = &told["structure"]["jsonSchema"];
    assert_eq!((&told["name"], &told["description"]), (&json!("n"), &json!("d")));
    let text = told["schema"].as_str().unwrap();
    assert_eq!(serde_json::from_str::<Value>(text).unwrap(), schema);
}

fn seal(kind: OpaqueKind, data: &str) -> Opaque {
    Opaque { format: Wire::Bedrock, kind, data: data.into(), id: None }
}

/// The answers of the pages on Converse, tool use and reasoning.
#[test]
fn a_whole_answer_is_read_and_its_reasoning_goes_back() {
    let body = json!({
        "metrics": {"latencyMs": 551},
        "output": {"message": {"role": "assistant", "content": [
            {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "c2ln"}}},
            {"reasoningContent": {"redactedContent": "aGlkZGVu"}},
            {"text": "Looking."},
            {"toolUse": {"toolUseId": "tooluse_1", "name": "weather", "input": {"city": "Paris"}}},
            {"somethingNew": {}}]}},
        "stopReason": "tool_use",
        "serviceTier": {"type": "flex"},
        "usage": {"inputTokens": 30, "outputTokens": 628, "totalTokens": 668,
            "cacheReadInputTokens": 100, "cacheWriteInputTokens": 50,
            "cacheDetails": [{"inputTokens": 20, "ttl": "1h"}, {"inputTokens": 30, "ttl": "5m"}]}});
    let answer = decode_answer(body.to_string().as_bytes()).unwrap();
    let choice = &answer.choices[0];
    assert_eq!(choice.text.as_deref(), Some("Looking."));
    assert_eq!(choice.tool_calls[0].arguments, r#"{"city":"Paris"}"#);
    assert_eq!((choice.finish, answer.service_tier.as_deref()), (Finish::ToolCalls, Some("flex")));
    let usage = Usage {
        input: 180,
        cached: 100,
        cache_write: 50,
        cache_write_1h: 20,
        output: 628,
        ..Usage::default()
    };
    assert_eq!(answer.usage, Some(usage));
    let reasoning = [
        Reasoning { text: Some("Hm.".into()), opaque: Some(seal(OpaqueKind::Signature, "c2ln")) },
        Reasoning { text: None, opaque: Some(seal(OpaqueKind::Encrypted, "aGlkZGVu")) },
    ];
    assert_eq!(choice.reasoning, reasoning);
    let mut asked = request(&json!({"messages": user("x")}));
    asked.messages.push(Message {
        reasoning: choice.reasoning.clone(),
        ..Message::new(Role::Assistant, vec![Part::Text("Looking.".into())])
    });
    assert_eq!(
        sent(&asked, CLAUDE)["messages"][1]["content"],
        json!([
            {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "c2ln"}}},
            {"reasoningContent": {"redactedContent": "aGlkZGVu"}},
            {"text": "Looking."}])
    );
    asked.messages[1].reasoning[0].opaque.as_mut().unwrap().format = Wire::Anthropic;
    let refused = encode_request(&asked, &target(CLAUDE)).unwrap_err();
    assert_eq!(refused.field, "messages[1].reasoning[0]");
}

#[test]
fn every_reason_to_stop_is_known() {
    let finish = |reason: &str| {
        let body = json!({"output": {"message": {"content": []}}, "stopReason": reason});
        decode_answer(body.to_string().as_bytes()).map(|answer| answer.choices[0].finish)
    };
    for (reason, expected) in [
        ("end_turn", Finish::Stop),
        ("stop_sequence", Finish::Stop),
        ("tool_use", Finish::ToolCalls),
        ("max_tokens", Finish::Length),
        ("model_context_window_exceeded", Finish::Length),
        ("guardrail_intervened", Finish::ContentFilter),
        ("content_filtered", Finish::ContentFilter),
        ("something_new", Finish::Unknown),
    ] {
        assert_eq!(finish(reason), Ok(expected), "{reason}");
    }
    for reason in ["malformed_model_output", "malformed_tool_use"] {
        assert_eq!(finish(reason), Err(BadAnswer::Failed(reason)));
    }
    assert_eq!(decode_answer(b"{}"), Err(BadAnswer::Missing("content")));
}

fn read(stream: &[u8]) -> (Vec<Event>, Result<(), BadStream>, StreamDecoder) {
    let (mut decoder, mut events) = (StreamDecoder::new(), Vec::new());
    let outcome = decoder.push(stream, &mut events);
    (events, outcome, decoder)
}

fn delta(piece: Piece) -> Event {
    Event::Delta { choice: 0, piece, logprobs: None }
}

fn call(index: u32, opening: Option<(&str, &str)>, arguments: &str) -> Event {
    delta(Piece::ToolCall {
        index,
        id: opening.map(|(id, _)| id.to_owned()),
        name: opening.map(|(_, name)| name.to_owned()),
        arguments: arguments.to_owned(),
    })
}

const STREAM: &str = r#"
    messageStart {"role":"assistant"}
    contentBlockDelta {"contentBlockIndex":0,"delta":{"reasoningContent":{"text":"Hm."}}}
    contentBlockDelta {"contentBlockIndex":0,"delta":{"reasoningContent":{"signature":"c2ln"}}}
    contentBlockDelta {"contentBlockIndex":0,"delta":{"reasoningContent":{"redactedContent":"aGk="}}}
    contentBlockStop {"contentBlockIndex":0}
    contentBlockDelta {"contentBlockIndex":1,"delta":{"text":"Héllo"},"p":"abcdefgh"}
    contentBlockStop {"contentBlockIndex":1}
    contentBlockStart {"contentBlockIndex":2,"start":{"toolUse":{"toolUseId":"t1","name":"weather"}}}
    contentBlockDelta {"contentBlockIndex":2,"delta":{"toolUse":{"input":"{\"city\":"}}}
    contentBlockDelta {"contentBlockIndex":2,"delta":{"toolUse":{"input":"\"Paris\"}"}}}
    contentBlockStop {"contentBlockIndex":2}
    contentBlockStart {"contentBlockIndex":3,"start":{"toolUse":{"toolUseId":"t2","name":"time"}}}
    contentBlockStop {"contentBlockIndex":3}
    somethingNew {"x":1}
    messageStop {"stopReason":"tool_use"}
    metadata {"usage":{"inputTokens":3,"outputTokens":9,"totalTokens":16,"cacheReadInputTokens":4},"metrics":{"latencyMs":7}}
"#;

#[test]
fn every_event_of_a_stream_is_read() {
    let (events, outcome, decoder) = read(&frames::events(STREAM));
    assert_eq!(outcome, Ok(()));
    assert_eq!(
        events,
        [
            Event::Start {
                id: String::new(),
                created: 0,
                model: String::new(),
                system_fingerprint: None,
                service_tier: None
            },
            delta(Piece::Role),
            delta(Piece::Reasoning("Hm.".into())),
            delta(Piece::Opaque(seal(OpaqueKind::Signature, "c2ln"))),
            delta(Piece::Opaque(seal(OpaqueKind::Encrypted, "aGk="))),
            delta(Piece::Text("Héllo".into())),
            call(0, Some(("t1", "weather")), ""),
            call(0, None, "{\"city\":"),
            call(0, None, "\"Paris\"}"),
            call(1, Some(("t2", "time")), ""),
            call(1, None, "{}"),
            Event::Finish { choice: 0, reason: Finish::ToolCalls, stop_sequence: None },
            Event::Usage(Usage { input: 7, cached: 4, output: 9, ..Usage::default() }),
        ]
    );
    assert!(decoder.finished() && decoder.ended());
}

#[test]
fn a_stream_without_its_last_event_has_finished_and_not_ended() {
    let cut = STREAM.split("    metadata").next().unwrap();
    let (events, _, decoder) = read(&frames::events(cut));
    assert!(!events.iter().any(|event| matches!(event, Event::Usage(_))));
    assert!(decoder.finished() && !decoder.ended());
    let earlier = cut.split("    messageStop").next().unwrap();
    assert!(!read(&frames::events(earlier)).2.finished());
}

/// The members of the union of the reference that are errors, and an error outside of it.
#[test]
fn every_exception_ends_the_stream_with_its_name() {
    for kind in [
        "internalServerException",
        "modelStreamErrorException",
        "serviceUnavailableException",
        "throttlingException",
        "validationException",
    ] {
        let headers = [
            (":exception-type", kind),
            (":content-type", "application/json"),
            (":message-type", "exception"),
        ];
        let mut stream = frames::events(r#"messageStart {"role":"assistant"}"#);
        stream.extend(frames::frame(&headers, r#"{"message":"Too many tokens"}"#));
        stream.extend(frames::events(r#"messageStop {"stopReason":"end_turn"}"#));
        let (events, outcome, decoder) = read(&stream);
        assert_eq!(outcome, Ok(()));
        let failed = Event::Failed { kind: kind.into(), message: "Too many tokens".into() };
        assert_eq!(events.last(), Some(&failed));
        assert!(decoder.ended() && !decoder.finished());
    }
    let headers =
        [(":message-type", "error"), (":error-code", "Broken"), (":error-message", "It broke.")];
    let (events, ..) = read(&frames::frame(&headers, ""));
    let failed = Event::Failed { kind: "Broken".into(), message: "It broke.".into() };
    assert_eq!(events, [failed]);
    let (events, ..) = read(&frames::events(r#"messageStop {"stopReason":"malformed_tool_use"}"#));
    assert!(
        matches!(events.as_slice(), [Event::Failed { kind, .. }] if kind == "malformed_tool_use")
    );
}

#[test]
fn what_is_damaged_is_a_fault_after_the_good_events() {
    let mut stream = frames::events(STREAM);
    let last = stream.len() - 1;
    stream[last] ^= 1;
    let (events, outcome, decoder) = read(&stream);
    assert_eq!(outcome, Err(BadStream::Frame(FrameFault::Checksum)));
    assert_eq!(events.len(), 12);
    assert!(!decoder.finished());
    let shape = frames::events(r#"contentBlockDelta {"delta":7}"#);
    assert!(matches!(read(&shape).1, Err(BadStream::Shape { .. })));
    let mut calls = String::new();
    for at in 0..1025 {
        let start = json!({"contentBlockIndex": at, "start": {"toolUse": {"name": "f"}}});
        calls.push_str(&format!("contentBlockStart {start}\n"));
    }
    let beyond = Err(BadStream::Beyond("number of tool calls"));
    assert_eq!(read(&frames::events(&calls)).1, beyond);
}

/// The errors of the reference of Converse.
#[test]
fn every_error_is_read() {
    for (status, kind, retryable) in [
        (400, "ValidationException", false),
        (404, "ResourceNotFoundException", false),
        (408, "ModelTimeoutException", true),
        (424, "ModelErrorException", true),
        (429, "ThrottlingException", true),
        (500, "InternalServerException", true),
        (503, "ServiceUnavailableException", true),
    ] {
        let read = decode_error(status, br#"{"message":"why"}"#);
        assert_eq!((&*read.kind, &*read.message, read.retryable), (kind, "why", retryable));
    }
    let typed =
        br#"{"__type":"com.amazon.coral.service#UnrecognizedClientException","Message":"x"}"#;
    let read = decode_error(400, typed);
    assert_eq!((&*read.kind, &*read.message), ("UnrecognizedClientException", "x"));
    let told =
        br#"{"message":"The Canonical String should have been x-amz-security-token:SECRET"}"#;
    let read = decode_error(403, told);
    assert_eq!(read.kind, "AccessDeniedException");
    assert!(!read.message.contains("SECRET") && !read.retryable);
    let long = br#"{"message":"Input is too long for requested model."}"#;
    assert!(decode_error(400, long).context_length_exceeded);
}
