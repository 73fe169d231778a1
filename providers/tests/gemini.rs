//! Gemini's format against the examples and the field lists of Google's own documentation.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test says what it means with them; clippy knows tests but not their helpers"
)]

use providers::{
    Api, BadAnswer, BadStream, Dialect, Echo, Outgoing, Target,
    gemini::{StreamDecoder, decode_answer, decode_error, encode_request, path},
    openai,
};
use serde_json::{Value, json};
use types::{
    Credential, Secret, Timestamp, Wire,
    answer::{ChatAnswer, Event, Finish, Piece, Usage},
    chat::{
        ChatRequest, File, FileSource, Message, Opaque, OpaqueKind, Part, Reasoning, Role, Thinking,
    },
};

fn target(model: &str) -> Target<'_> {
    Target { upstream_model: model, max_output_tokens: 64, ..Target::default() }
}

fn request(body: &Value) -> ChatRequest {
    let mut body = body.clone();
    body["model"] = json!("m");
    openai::decode_request(body.to_string().as_bytes()).unwrap()
}

fn sent(request: &ChatRequest) -> Value {
    let body = encode_request(request, &target("gemini-3-pro-preview")).unwrap();
    serde_json::from_slice(&body).unwrap()
}

/// What a body of OpenAI's becomes.
#[track_caller]
fn becomes(body: &Value, expected: &Value) {
    assert_eq!(sent(&request(body)), *expected);
}

#[track_caller]
fn refused(body: &Value, field: &str) {
    let refused = encode_request(&request(body), &target("gemini-3-pro-preview"));
    assert_eq!(refused.unwrap_err().field, field);
}

fn user(text: &str) -> Value {
    json!([{"role": "user", "content": text}])
}

#[test]
fn the_path_names_model_and_method_and_nothing_else() {
    let at = |model, stream| path(&Target { stream, ..target(model) });
    assert_eq!(at("gemini-2.5-flash", false), "/v1beta/models/gemini-2.5-flash:generateContent");
    let streamed = "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse";
    assert_eq!(at("gemini-2.5-flash", true), streamed);
    assert_eq!(at("models/gemini-2.5-flash", true), streamed);
    assert_eq!(at("tunedModels/x-1", false), "/v1beta/tunedModels/x-1:generateContent");
    assert_eq!(at("a/../b?c", false), "/v1beta/models/a%2F..%2Fb%3Fc:generateContent");
}

#[test]
fn the_key_has_a_header_of_its_own_and_a_token_has_not() {
    let headers = |credential: Option<&Credential>| {
        let outgoing =
            Outgoing { authority: "h", path: "/", body: &[], credential, now: Timestamp(0) };
        Dialect::Gemini.headers(&outgoing).unwrap()
    };
    let key = Credential::Key(Secret::new("k"));
    assert_eq!(headers(Some(&key)), [("x-goog-api-key", "k".to_owned())]);
    let token = Credential::Token(Secret::new("t"));
    assert_eq!(headers(Some(&token)), [("authorization", "Bearer t".to_owned())]);
    assert!(headers(None).is_empty());
}

#[test]
fn a_conversation_becomes_instructions_and_contents() {
    becomes(
        &json!({"messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Hi"},
            {"role": "user", "content": [{"type": "text", "text": "there"}]},
            {"role": "assistant", "content": "Hello."},
            {"role": "developer", "content": "In French."},
            {"role": "user", "content": "Again"}]}),
        &json!({
            "systemInstruction": {"parts": [{"text": "Be brief."}, {"text": "In French."}]},
            "contents": [
                {"role": "user", "parts": [{"text": "Hi"}, {"text": "there"}]},
                {"role": "model", "parts": [{"text": "Hello."}]},
                {"role": "user", "parts": [{"text": "Again"}]}],
            "generationConfig": {"maxOutputTokens": 64}}),
    );
    refused(&json!({"messages": [{"role": "system", "content": "x"}]}), "messages");
    refused(
        &json!({"messages": [{"role": "user", "name": "ann", "content": "x"}]}),
        "messages[0].name",
    );
}

#[test]
fn tools_calls_and_results_find_each_other() {
    let tools = json!([{"type": "function", "function": {"name": "weather", "description": "Now",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}},
        {"type": "function", "function": {"name": "time"}}]);
    let body = json!({"tools": tools, "tool_choice": "required", "messages": [
        {"role": "user", "content": "Paris?"},
        {"role": "assistant", "content": null, "tool_calls": [
            {"id": "c1", "type": "function",
                "function": {"name": "weather", "arguments": "{\"city\":\"Paris\"}"}},
            {"id": "c2", "type": "function", "function": {"name": "time", "arguments": ""}}]},
        {"role": "tool", "tool_call_id": "c1", "name": "weather", "content": "sunny"},
        {"role": "tool", "tool_call_id": "c2", "content": "noon"}]});
    becomes(
        &body,
        &json!({
            "contents": [
                {"role": "user", "parts": [{"text": "Paris?"}]},
                {"role": "model", "parts": [
                    {"functionCall": {"id": "c1", "name": "weather", "args": {"city": "Paris"}},
                        "thoughtSignature": "skip_thought_signature_validator"},
                    {"functionCall": {"id": "c2", "name": "time", "args": {}}}]},
                {"role": "user", "parts": [
                    {"functionResponse": {"id": "c1", "name": "weather",
                        "response": {"output": "sunny"}}},
                    {"functionResponse": {"id": "c2", "name": "time",
                        "response": {"output": "noon"}}}]}],
            "tools": [{"functionDeclarations": [
                {"name": "weather", "description": "Now", "parametersJsonSchema":
                    {"type": "object", "properties": {"city": {"type": "string"}}}},
                {"name": "time"}]}],
            "toolConfig": {"functionCallingConfig": {"mode": "ANY"}},
            "generationConfig": {"maxOutputTokens": 64}}),
    );
    let choice = |choice: Value| {
        let mut body = body.clone();
        body["tool_choice"] = choice;
        sent(&request(&body))["toolConfig"]["functionCallingConfig"].clone()
    };
    assert_eq!(choice(json!("auto")), json!({"mode": "AUTO"}));
    assert_eq!(choice(json!("none")), json!({"mode": "NONE"}));
    let named = json!({"type": "function", "function": {"name": "time"}});
    assert_eq!(choice(named), json!({"mode": "ANY", "allowedFunctionNames": ["time"]}));
    let mut strict = body.clone();
    strict["tools"][0]["function"]["strict"] = json!(true);
    strict.as_object_mut().unwrap().remove("tool_choice");
    let strict = sent(&request(&strict));
    assert_eq!(strict["toolConfig"]["functionCallingConfig"], json!({"mode": "VALIDATED"}));
    let mut one = body.clone();
    one["parallel_tool_calls"] = json!(false);
    refused(&one, "parallel_tool_calls");
    let mut failed = request(&body);
    failed.messages[2].tool_failed = true;
    let failed = sent(&failed);
    let response = failed.pointer("/contents/2/parts/0/functionResponse/response").unwrap();
    assert_eq!(*response, json!({"error": "sunny"}));
    let mut lost = request(&body);
    lost.messages[3].tool_call_id = Some("c9".into());
    let lost = encode_request(&lost, &target("m")).unwrap_err();
    assert_eq!(lost.field, "messages[3].tool_call_id");
    let mut broken = request(&body);
    broken.messages[1].tool_calls[0].arguments = "{\"city\":".into();
    let broken = encode_request(&broken, &target("m")).unwrap_err();
    assert_eq!(broken.field, "messages[1].tool_calls[0].function.arguments");
}

#[test]
fn images_and_documents_are_data_or_an_address() {
    let mut asked = request(&json!({"messages": [{"role": "user", "content": [
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
        {"type": "image_url", "image_url": {"url": "https://h/i.JPG?x=1.png"}},
        {"type": "image_url", "image_url": {"url": "https://h/i"}}]}]}));
    let file =
        |name: Option<&str>, source| Part::File(File { name: name.map(str::to_owned), source });
    let pdf = FileSource::Data { media_type: "application/pdf".into(), base64: "JVBE".into() };
    asked.messages[0].content.extend([
        file(Some("a.pdf"), pdf),
        file(None, FileSource::Url("https://h/a.pdf".into())),
        file(Some("notes"), FileSource::Text("one".into())),
    ]);
    assert_eq!(
        sent(&asked)["contents"][0]["parts"],
        json!([
            {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}},
            {"fileData": {"mimeType": "image/jpeg", "fileUri": "https://h/i.JPG?x=1.png"}},
            {"fileData": {"fileUri": "https://h/i"}},
            {"inlineData": {"mimeType": "application/pdf", "data": "JVBE"}},
            {"fileData": {"mimeType": "application/pdf", "fileUri": "https://h/a.pdf"}},
            {"text": "notes\n\none"}])
    );
    let image = json!({"url": "https://h/i.png", "detail": "high"});
    refused(
        &json!({"messages": [{"role": "user", "content": [
            {"type": "image_url", "image_url": image}]}]}),
        "messages[0].content[0].image_url.detail",
    );
}

#[test]
fn every_setting_has_its_place() {
    let schema = json!({"type": "object", "properties": {"a": {"type": "integer"}}});
    let mut asked = request(&json!({"messages": user("x"), "temperature": 0.5, "top_p": 0.9,
        "seed": 7, "n": 2, "stop": ["a", "b"], "presence_penalty": 0.1, "frequency_penalty": 0.2,
        "store": false, "response_format": {"type": "json_schema",
            "json_schema": {"name": "n", "description": "d", "schema": schema}}}));
    asked.sampling.top_k = Some(40);
    assert_eq!(
        sent(&asked)["generationConfig"],
        json!({"maxOutputTokens": 64, "temperature": 0.5, "topP": 0.9, "topK": 40, "seed": 7,
            "candidateCount": 2, "stopSequences": ["a", "b"], "presencePenalty": 0.1,
            "frequencyPenalty": 0.2, "responseMimeType": "application/json",
            "responseJsonSchema": {"type": "object", "description": "d",
                "properties": {"a": {"type": "integer"}}}})
    );
    let any = json!({"messages": user("x"), "response_format": {"type": "json_object"}});
    let any = sent(&request(&any));
    assert_eq!(any["generationConfig"]["responseMimeType"], "application/json");
    refused(&json!({"messages": user("x"), "seed": 3_000_000_000_u64}), "seed");
    let mut many = request(&json!({"messages": user("x")}));
    many.stop = vec!["a".to_owned(); 6];
    assert_eq!(encode_request(&many, &target("m")).unwrap_err().field, "stop");
    refused(&json!({"messages": user("x"), "logit_bias": {"1": 1}}), "logit_bias");
}

#[test]
fn thinking_is_a_budget_or_a_level_by_the_generation_of_the_model() {
    let config = |change: &dyn Fn(&mut ChatRequest), model: &str| {
        let mut asked = request(&json!({"messages": user("x")}));
        change(&mut asked);
        let body = encode_request(&asked, &target(model)).unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        body["generationConfig"]["thinkingConfig"].clone()
    };
    let effort = |effort: &'static str| {
        move |asked: &mut ChatRequest| asked.reasoning_effort = Some(effort.to_owned())
    };
    let thinking = |thinking| move |asked: &mut ChatRequest| asked.thinking = Some(thinking);
    assert_eq!(config(&|_| {}, "gemini-3-pro-preview"), Value::Null);
    let level = json!({"includeThoughts": true, "thinkingLevel": "low"});
    assert_eq!(config(&effort("low"), "gemini-3-pro-preview"), level);
    let budget = |tokens: i64| json!({"includeThoughts": true, "thinkingBudget": tokens});
    assert_eq!(config(&effort("low"), "gemini-2.5-flash"), budget(1024));
    assert_eq!(config(&effort("high"), "models/gemini-2.5-pro"), budget(24576));
    assert_eq!(config(&effort("none"), "gemini-2.5-flash"), json!({"thinkingBudget": 0}));
    assert_eq!(config(&thinking(Thinking::Off), "gemini-2.5-flash"), json!({"thinkingBudget": 0}));
    assert_eq!(config(&thinking(Thinking::Adaptive), "gemini-2.5-flash"), budget(-1));
    assert_eq!(config(&thinking(Thinking::Budget(9)), "gemini-3-pro-preview"), budget(9));
    let unseen = |asked: &mut ChatRequest| {
        asked.thinking = Some(Thinking::Budget(9));
        asked.show_reasoning = Some(false);
    };
    let hidden = json!({"includeThoughts": false, "thinkingBudget": 9});
    assert_eq!(config(&unseen, "gemini-2.5-flash"), hidden);
    let mut asked = request(&json!({"messages": user("x"), "reasoning_effort": "none"}));
    let refused = encode_request(&asked, &target("gemini-3-pro-preview")).unwrap_err();
    assert_eq!(refused.field, "reasoning_effort");
    asked.reasoning_effort = Some("utmost".into());
    assert!(encode_request(&asked, &target("gemini-2.5-flash")).is_err());
}

fn seal(data: &str) -> Opaque {
    Opaque { format: Wire::Gemini, kind: OpaqueKind::Signature, data: data.into(), id: None }
}

#[test]
fn a_signature_goes_back_to_the_part_that_it_came_with() {
    let answer = decode(&json!({"responseId": "r", "candidates": [{"content": {"parts": [
        {"text": "I should call.", "thought": true},
        {"text": "Calling.", "thoughtSignature": "dGV4dA=="},
        {"functionCall": {"name": "f", "args": {"a": 1}}, "thoughtSignature": "Y2FsbA=="}]},
        "finishReason": "STOP"}]}));
    let choice = &answer.choices[0];
    assert_eq!(choice.tool_calls[0].id, "call_r_0_0");
    assert_eq!(choice.reasoning_text().as_deref(), Some("I should call."));
    let seals: Vec<_> = choice.reasoning.iter().filter_map(|item| item.opaque.clone()).collect();
    assert_eq!(seals, [seal("dGV4dA=="), seal("call_r_0_0.Y2FsbA==")]);

    let mut asked = request(&json!({"messages": user("x")}));
    asked.messages.push(Message {
        reasoning: choice.reasoning.clone(),
        tool_calls: choice.tool_calls.clone(),
        ..Message::new(Role::Assistant, vec![Part::Text("Calling.".into())])
    });
    let parts = &sent(&asked)["contents"][1]["parts"];
    assert_eq!(
        *parts,
        json!([{"text": "Calling.", "thoughtSignature": "dGV4dA=="},
            {"functionCall": {"id": "call_r_0_0", "name": "f", "args": {"a": 1}},
                "thoughtSignature": "Y2FsbA=="}])
    );
    let foreign = Opaque { format: Wire::Anthropic, ..seal("x") };
    asked.messages[1].reasoning = vec![Reasoning { text: None, opaque: Some(foreign) }];
    let refused = encode_request(&asked, &target("m")).unwrap_err();
    assert_eq!(refused.field, "messages[1].reasoning[0]");
}

/// A caller of Anthropic's messages, or of OpenAI's responses, sends back what it got.
#[test]
fn a_signature_survives_every_api_that_has_a_place_for_one() {
    let mut answer = decode(&json!({"responseId": "r", "candidates": [{"content": {"parts": [
        {"text": "Hm.", "thought": true},
        {"functionCall": {"name": "f", "args": {"a": 1}}, "thoughtSignature": "Y2FsbA=="}]},
        "finishReason": "STOP"}]}));
    answer.model = "m".into();
    for api in [Api::Messages, Api::Responses] {
        let told = api.encode_answer(&answer, &Echo::default());
        let told: Value = serde_json::from_slice(&told).unwrap();
        let again = match api {
            Api::Messages => {
                let result = json!([{"type": "tool_result", "tool_use_id": "call_r_0_0",
                    "content": "done"}]);
                json!({"model": "m", "max_tokens": 9, "messages": [
                    {"role": "user", "content": "x"},
                    {"role": "assistant", "content": told["content"]},
                    {"role": "user", "content": result}]})
            }
            _ => {
                let mut input = vec![json!({"role": "user", "content": "x"})];
                input.extend(told["output"].as_array().unwrap().iter().cloned());
                input.push(json!({"type": "function_call_output", "call_id": "call_r_0_0",
                    "output": "done"}));
                json!({"model": "m", "input": input})
            }
        };
        let asked = api.decode_request(again.to_string().as_bytes()).unwrap();
        assert_eq!(
            sent(&asked.chat)["contents"][1]["parts"],
            json!([{"functionCall": {"id": "call_r_0_0", "name": "f", "args": {"a": 1}},
                "thoughtSignature": "Y2FsbA=="}]),
            "{api:?}: {told}"
        );
    }
}

fn decode(body: &Value) -> ChatAnswer {
    decode_answer(body.to_string().as_bytes()).unwrap()
}

/// The answer of the reference's page on text generation, with every count that it may have.
#[test]
fn a_whole_answer_is_read_with_its_usage() {
    let answer = decode(&json!({
        "candidates": [{"content": {"parts": [{"text": "AI learns"}, {"text": " patterns."}],
            "role": "model"}, "finishReason": "STOP", "index": 0, "avgLogprobs": -0.1,
            "safetyRatings": [{"category": "HARM_CATEGORY_HATE_SPEECH", "probability": "NEGLIGIBLE"}]}],
        "usageMetadata": {"promptTokenCount": 20, "cachedContentTokenCount": 8,
            "candidatesTokenCount": 5, "toolUsePromptTokenCount": 3, "thoughtsTokenCount": 7,
            "totalTokenCount": 35,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 10},
                {"modality": "AUDIO", "tokenCount": 6}, {"modality": "IMAGE", "tokenCount": 4}],
            "cacheTokensDetails": [{"modality": "AUDIO", "tokenCount": 2}],
            "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 1}]},
        "modelVersion": "gemini-2.5-flash", "responseId": "GmxSaPe"}));
    assert_eq!((&*answer.id, &*answer.model), ("GmxSaPe", "gemini-2.5-flash"));
    assert_eq!(answer.choices[0].text.as_deref(), Some("AI learns patterns."));
    assert_eq!(answer.choices[0].finish, Finish::Stop);
    let expected = Usage {
        input: 23,
        cached: 8,
        audio_input: 6,
        cached_audio: 2,
        image_input: 4,
        output: 12,
        reasoning: 7,
        image_output: 1,
        ..Usage::default()
    };
    assert_eq!(answer.usage, Some(expected));
}

#[test]
fn usage_is_never_below_the_total() {
    let usage = |counts: Value| {
        let body = json!({"candidates": [{"content": {"parts": []}}], "usageMetadata": counts});
        decode(&body).usage
    };
    let told =
        usage(json!({"promptTokenCount": 10, "candidatesTokenCount": 1, "totalTokenCount": 19}));
    assert_eq!(told.map(|usage| (usage.input, usage.output)), Some((10, 9)));
    assert_eq!(usage(json!({"candidatesTokenCount": 1})), None);
    // Nothing was generated: the counts of it are left out.
    let none = usage(json!({"promptTokenCount": 10, "totalTokenCount": 10}));
    assert_eq!(none.map(|usage| (usage.input, usage.output)), Some((10, 0)));
}

#[test]
fn every_reason_to_finish_is_known() {
    let finish = |reason: &str, call: bool| {
        let part = if call { json!({"functionCall": {"name": "f"}}) } else { json!({"text": "x"}) };
        let candidate = json!({"content": {"parts": [part]}, "finishReason": reason});
        let body = json!({"candidates": [candidate]}).to_string();
        decode_answer(body.as_bytes()).map(|answer| answer.choices[0].finish)
    };
    assert_eq!(finish("STOP", false), Ok(Finish::Stop));
    assert_eq!(finish("STOP", true), Ok(Finish::ToolCalls));
    assert_eq!(finish("MAX_TOKENS", true), Ok(Finish::Length));
    for reason in [
        "SAFETY",
        "RECITATION",
        "LANGUAGE",
        "BLOCKLIST",
        "PROHIBITED_CONTENT",
        "SPII",
        "IMAGE_SAFETY",
        "IMAGE_PROHIBITED_CONTENT",
        "IMAGE_RECITATION",
    ] {
        assert_eq!(finish(reason, false), Ok(Finish::ContentFilter), "{reason}");
    }
    for reason in ["OTHER", "FINISH_REASON_UNSPECIFIED", "NO_IMAGE", "SOMETHING_NEW"] {
        assert_eq!(finish(reason, false), Ok(Finish::Unknown), "{reason}");
    }
    for reason in [
        "MALFORMED_FUNCTION_CALL",
        "UNEXPECTED_TOOL_CALL",
        "TOO_MANY_TOOL_CALLS",
        "MISSING_THOUGHT_SIGNATURE",
        "MALFORMED_RESPONSE",
    ] {
        assert_eq!(finish(reason, false), Err(BadAnswer::Failed(reason)));
    }
}

#[test]
fn a_blocked_prompt_is_an_answer_that_a_filter_ended() {
    let answer = decode(&json!({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"},
        "usageMetadata": {"promptTokenCount": 4, "totalTokenCount": 4}}));
    assert_eq!((answer.choices.len(), answer.choices[0].finish), (1, Finish::ContentFilter));
    assert_eq!(answer.usage.map(|usage| usage.input), Some(4));
    assert_eq!(decode_answer(b"{}"), Err(BadAnswer::Missing("candidates")));
}

fn sse(events: &[Value]) -> String {
    events.iter().map(|event| format!("data: {event}\r\n\r\n")).collect()
}

fn read(stream: &str) -> (Vec<Event>, Result<(), BadStream>, StreamDecoder) {
    let (mut decoder, mut events) = (StreamDecoder::new(), Vec::new());
    let outcome = decoder.push(stream.as_bytes(), &mut events);
    (events, outcome, decoder)
}

fn delta(choice: u32, piece: Piece) -> Event {
    Event::Delta { choice, piece, logprobs: None }
}

#[test]
fn a_stream_is_read_piece_by_piece() {
    let candidate =
        |parts: Value| json!({"content": {"parts": parts, "role": "model"}, "index": 0});
    let counts = |output: u64, thoughts: u64| {
        json!({"promptTokenCount": 4, "candidatesTokenCount": output,
            "thoughtsTokenCount": thoughts, "totalTokenCount": 4 + output + thoughts})
    };
    let mut last = candidate(json!([
        {"functionCall": {"name": "f", "args": {"city": "Zürich"}}, "thoughtSignature": "c2ln"}]));
    last["finishReason"] = json!("STOP");
    let stream = sse(&[
        json!({"candidates": [candidate(json!([{"text": "Hm.", "thought": true}]))],
            "usageMetadata": counts(0, 2), "modelVersion": "gemini-2.5-flash", "responseId": "r"}),
        json!({"candidates": [candidate(json!([{"text": "Hé"}]))], "usageMetadata": counts(1, 2)}),
        json!({"candidates": [last], "usageMetadata": counts(9, 2)}),
    ]);
    let (events, outcome, decoder) = read(&stream);
    assert_eq!(outcome, Ok(()));
    let call = Piece::ToolCall {
        index: 0,
        id: Some("call_r_0_0".into()),
        name: Some("f".into()),
        arguments: r#"{"city":"Zürich"}"#.into(),
    };
    assert_eq!(
        events,
        [
            Event::Start {
                id: "r".into(),
                created: 0,
                model: "gemini-2.5-flash".into(),
                system_fingerprint: None,
                service_tier: None
            },
            delta(0, Piece::Role),
            delta(0, Piece::Reasoning("Hm.".into())),
            delta(0, Piece::Text("Hé".into())),
            delta(0, Piece::Opaque(seal("call_r_0_0.c2ln"))),
            delta(0, call),
            Event::Finish { choice: 0, reason: Finish::ToolCalls, stop_sequence: None },
            Event::Usage(Usage { input: 4, output: 11, reasoning: 2, ..Usage::default() }),
        ]
    );
    // There is no terminator: only the end of the response ends it.
    assert!(decoder.finished() && !decoder.ended());
}

#[test]
fn a_stream_that_is_cut_tells_no_usage() {
    let stream = sse(&[json!({"candidates": [{"content": {"parts": [{"text": "Hé"}]}}],
        "usageMetadata": {"promptTokenCount": 4, "candidatesTokenCount": 1}})]);
    let (events, _, decoder) = read(&stream);
    assert!(!events.iter().any(|event| matches!(event, Event::Usage(_))));
    assert!(!decoder.finished());
}

#[test]
fn every_candidate_must_finish() {
    let piece = |index: u32, finish: Option<&str>| {
        json!({"candidates": [{"content": {"parts": [{"text": "x"}]}, "index": index,
            "finishReason": finish}], "usageMetadata": {"promptTokenCount": 1}})
    };
    let events = [piece(0, None), piece(1, Some("STOP"))];
    assert!(!read(&sse(&events)).2.finished());
    let (events, _, decoder) = read(&sse(&[&events[..], &[piece(0, Some("MAX_TOKENS"))]].concat()));
    assert!(decoder.finished());
    assert!(matches!(events.last(), Some(Event::Usage(_))));
    let (_, outcome, _) = read(&sse(&[piece(32, None)]));
    assert_eq!(outcome, Err(BadStream::Beyond("choice number")));
}

#[test]
fn what_breaks_a_stream_is_told() {
    let error = json!({"error": {"code": 503, "message": "The model is overloaded.",
        "status": "UNAVAILABLE"}});
    let (events, outcome, decoder) = read(&sse(&[error]));
    let failed =
        Event::Failed { kind: "UNAVAILABLE".into(), message: "The model is overloaded.".into() };
    assert_eq!((events.as_slice(), outcome), (&[failed][..], Ok(())));
    assert!(decoder.ended() && !decoder.finished());
    let malformed = json!({"candidates": [{"finishReason": "MALFORMED_FUNCTION_CALL"}],
        "usageMetadata": {"promptTokenCount": 4}});
    let (events, ..) = read(&sse(&[malformed]));
    let [.., Event::Usage(_), Event::Failed { kind, .. }] = events.as_slice() else {
        unreachable!("{events:?}")
    };
    assert_eq!(kind, "MALFORMED_FUNCTION_CALL");
    let blocked = json!({"promptFeedback": {"blockReason": "SAFETY"},
        "usageMetadata": {"promptTokenCount": 4}});
    let (events, _, decoder) = read(&sse(&[blocked]));
    let filtered = Event::Finish { choice: 0, reason: Finish::ContentFilter, stop_sequence: None };
    assert!(events.contains(&filtered) && decoder.finished());
}

/// The table of errors of the reference's page on troubleshooting.
#[test]
fn every_error_is_read() {
    let error = |code: u16, status: &str, details: Value| {
        let body = json!({"error": {"code": code, "message": "why", "status": status,
            "details": details}});
        decode_error(code, body.to_string().as_bytes())
    };
    for (code, status, retryable) in [
        (400, "INVALID_ARGUMENT", false),
        (400, "FAILED_PRECONDITION", false),
        (403, "PERMISSION_DENIED", false),
        (404, "NOT_FOUND", false),
        (429, "RESOURCE_EXHAUSTED", true),
        (500, "INTERNAL", true),
        (503, "UNAVAILABLE", true),
        (504, "DEADLINE_EXCEEDED", true),
    ] {
        let read = error(code, status, json!([]));
        assert_eq!((&*read.kind, &*read.message), (status, "why"));
        assert_eq!((read.retryable, read.status), (retryable, code), "{status}");
    }
    let retry = |delay: &str| {
        let info = json!([{"@type": "type.googleapis.com/google.rpc.RetryInfo",
            "retryDelay": delay}]);
        error(429, "RESOURCE_EXHAUSTED", info).retry_after
    };
    assert_eq!(retry("34.074824224s"), Some(35));
    assert_eq!(retry("34s"), Some(34));
    assert_eq!(retry("34.000s"), Some(34));
    assert_eq!(retry("soon"), None);
    let bad_key = json!([{"@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "API_KEY_INVALID", "domain": "googleapis.com"}]);
    let read = error(400, "INVALID_ARGUMENT", bad_key);
    assert_eq!((read.status, &*read.message), (401, "the provider refused the credential"));
    let long = json!({"error": {"code": 400, "status": "INVALID_ARGUMENT", "message":
        "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."}});
    assert!(decode_error(400, long.to_string().as_bytes()).context_length_exceeded);
    let listed =
        json!([{"error": {"code": 429, "message": "slow", "status": "RESOURCE_EXHAUSTED"}}]);
    assert_eq!(decode_error(429, listed.to_string().as_bytes()).kind, "RESOURCE_EXHAUSTED");
    assert_eq!(decode_error(502, b"<html>").kind, "http_502");
}
