//! OpenAI's dialect as Azure, Mistral and the compatible servers speak it, each by the examples of its
//! own documentation.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test says what it means with them; clippy knows tests but not their helpers"
)]

use providers::{BadAnswer, Dialect, MaxTokensField, Outgoing, Target, Unsigned, openai};
use serde_json::{Value, json};
use types::{
    AwsKeys, Credential, Secret, Timestamp,
    answer::{Event, Finish, Piece, Usage},
    chat::ChatRequest,
};

fn target(stream: bool) -> Target<'static> {
    Target { upstream_model: "up", max_output_tokens: 64, stream, ..Target::default() }
}

fn request(body: &Value) -> ChatRequest {
    let mut body = body.clone();
    body["model"] = json!("m");
    openai::decode_request(body.to_string().as_bytes()).unwrap()
}

fn sent(dialect: Dialect, body: &Value, target: &Target<'_>) -> Value {
    let body = dialect.encode_request(&request(body), target).unwrap();
    serde_json::from_slice(&body).unwrap()
}

fn headers(dialect: Dialect, credential: Option<&Credential>) -> Result<Vec<String>, Unsigned> {
    let outgoing = Outgoing { authority: "h", path: "/", body: &[], credential, now: Timestamp(0) };
    let headers = dialect.headers(&outgoing)?;
    Ok(headers.iter().map(|(name, value)| format!("{name}: {value}")).collect())
}

#[test]
fn every_format_sends_its_credential_in_its_own_way() {
    let key = Credential::Key(Secret::new("k"));
    let token = Credential::Token(Secret::new("t"));
    for (dialect, with_key) in [
        (Dialect::OpenAi, "authorization: Bearer k"),
        (Dialect::Mistral, "authorization: Bearer k"),
        (Dialect::Bedrock, "authorization: Bearer k"),
        (Dialect::Anthropic, "x-api-key: k"),
        (Dialect::Azure, "api-key: k"),
        (Dialect::Gemini, "x-goog-api-key: k"),
    ] {
        assert_eq!(headers(dialect, Some(&key)).unwrap()[0], with_key);
        assert_eq!(headers(dialect, Some(&token)).unwrap()[0], "authorization: Bearer t");
        let without = headers(dialect, None).unwrap();
        assert!(without.iter().all(|header| header.starts_with("anthropic-version: ")));
    }
    let aws = Credential::Aws(AwsKeys {
        region: "r".into(),
        access_key_id: Secret::new("i"),
        secret_access_key: Secret::new("s"),
        session_token: None,
    });
    for dialect in Dialect::ALL {
        let signs = headers(dialect, Some(&aws)).is_ok();
        assert_eq!(signs, dialect == Dialect::Bedrock, "{dialect:?}");
    }
}

#[test]
fn every_format_has_its_path() {
    let path = |dialect: Dialect| dialect.path(&target(true)).into_owned();
    assert_eq!(path(Dialect::OpenAi), "/chat/completions");
    assert_eq!(path(Dialect::Mistral), "/chat/completions");
    assert_eq!(path(Dialect::Anthropic), "/v1/messages");
    assert_eq!(path(Dialect::Azure), "/openai/v1/chat/completions");
    assert_eq!(path(Dialect::Gemini), "/v1beta/models/up:streamGenerateContent?alt=sse");
    assert_eq!(path(Dialect::Bedrock), "/model/up/converse-stream");
    let version = Some("2024-10-21");
    let by_deployment = Target { upstream_model: "my gpt/4", api_version: version, ..target(true) };
    assert_eq!(
        Dialect::Azure.path(&by_deployment),
        "/openai/deployments/my%20gpt%2F4/chat/completions?api-version=2024-10-21"
    );
}

#[test]
fn azure_is_asked_as_openai_is() {
    let body = json!({"messages": [{"role": "user", "content": "x"}]});
    let all = sent(Dialect::Azure, &body, &target(true));
    assert_eq!(
        all,
        json!({"model": "up", "messages": [{"role": "user", "content": "x"}],
            "max_completion_tokens": 64, "stream": true,
            "stream_options": {"include_usage": true}})
    );
    let old = Target { no_stream_usage: true, ..target(true) };
    assert!(sent(Dialect::OpenAi, &body, &old).get("stream_options").is_none());
}

fn read(dialect: Dialect, stream: &str) -> (Vec<Event>, bool) {
    let (mut decoder, mut events) = (dialect.stream_decoder(), Vec::new());
    decoder.push(stream.as_bytes(), &mut events).unwrap();
    (events, decoder.finished())
}

fn sse(events: &[Value]) -> String {
    events.iter().map(|event| format!("data: {event}\n\n")).collect::<String>() + "data: [DONE]\n\n"
}

fn text_of(events: &[Event]) -> String {
    let text = events.iter().filter_map(|event| match event {
        Event::Delta { piece: Piece::Text(text), .. } => Some(text.as_str()),
        _ => None,
    });
    text.collect()
}

fn usage_of(events: &[Event]) -> Option<Usage> {
    events.iter().rev().find_map(|event| match event {
        Event::Usage(usage) => Some(*usage),
        _ => None,
    })
}

/// The stream of Microsoft's page on content filtering: results of the prompt come first, without
/// choices, and results of the answer beside its pieces.
#[test]
fn azures_filter_results_are_no_part_of_the_answer_and_its_stop_is() {
    let filtered = json!({"hate": {"filtered": false, "severity": "safe"}});
    let stream = sse(&[
        json!({"choices": [], "created": 0, "id": "", "model": "", "object": "",
            "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": filtered}]}),
        json!({"choices": [{"content_filter_results": {}, "delta": {"content": "", "role":
            "assistant"}, "finish_reason": null, "index": 0}], "id": "chatcmpl-1", "model": "gpt"}),
        json!({"choices": [{"content_filter_results": filtered, "delta": {"content": "Hi"},
            "finish_reason": null, "index": 0}], "id": "chatcmpl-1", "model": "gpt"}),
        json!({"choices": [{"content_filter_results": {"hate": {"filtered": true}}, "delta": {},
            "finish_reason": "content_filter", "index": 0}], "id": "chatcmpl-1", "model": "gpt"}),
        json!({"choices": [], "id": "chatcmpl-1",
            "usage": {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}}),
    ]);
    let (events, finished) = read(Dialect::Azure, &stream);
    assert!(matches!(&events[0], Event::Start { id, .. } if id == "chatcmpl-1"), "{events:?}");
    assert_eq!((text_of(&events).as_str(), finished), ("Hi", true));
    let stop = Event::Finish { choice: 0, reason: Finish::ContentFilter, stop_sequence: None };
    assert!(events.contains(&stop));
    assert_eq!(usage_of(&events).map(|usage| usage.output), Some(2));
    let refused = json!({"error": {"message": "The response was filtered", "type": null,
        "param": "prompt", "code": "content_filter", "status": 400,
        "innererror": {"code": "ResponsibleAIPolicyViolation"}}});
    let error = Dialect::Azure.decode_error(400, refused.to_string().as_bytes());
    assert_eq!((&*error.kind, error.retryable), ("content_filter", false));
}

#[test]
fn mistral_has_words_of_its_own() {
    let body = json!({"messages": [{"role": "developer", "content": "Be brief."},
            {"role": "user", "content": "Paris?"},
            {"role": "assistant", "content": null, "tool_calls": [{"id": "call_abc",
                "type": "function", "function": {"name": "weather", "arguments": "{}"}}]},
            {"role": "tool", "tool_call_id": "call_abc", "content": "sunny"}],
        "tools": [{"type": "function", "function": {"name": "weather"}}],
        "tool_choice": "required", "seed": 7, "temperature": 0.5, "n": 2,
        "presence_penalty": 0.5, "store": false});
    let all = sent(Dialect::Mistral, &body, &target(true));
    let id = all["messages"][2]["tool_calls"][0]["id"].as_str().unwrap();
    assert!(id.len() == 9 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{id}");
    assert_eq!(all["messages"][3]["tool_call_id"], json!(id));
    assert_eq!(all["messages"][0]["role"], "system");
    for (field, value) in [
        ("max_tokens", json!(64)),
        ("random_seed", json!(7)),
        ("tool_choice", json!("any")),
        ("presence_penalty", json!(0.5)),
        ("stream", json!(true)),
    ] {
        assert_eq!(all[field], value, "{field}");
    }
    // It refuses what it does not know.
    for field in ["seed", "stream_options", "max_completion_tokens"] {
        assert!(all.get(field).is_none(), "{field}");
    }
}

#[test]
fn a_user_is_a_hint_and_a_long_name_is_told_by_its_digest() {
    let long = "ann-".repeat(20);
    let digest = "80b5e36b2d97af8e66178c8dbe74a3af828999cb062ef1fbd8dc26f5faa5d8af";
    let told = |dialect: Dialect, user: &str| {
        let body = json!({"messages": [{"role": "user", "content": "x"}], "user": user});
        dialect.check(&request(&body), &target(false)).unwrap();
        let sent = sent(dialect, &body, &target(false));
        sent.pointer(if dialect == Dialect::Anthropic { "/metadata/user_id" } else { "/user" })
            .map(|user| user.as_str().unwrap().to_owned())
    };
    let same = |text: &str| Some(text.to_owned());
    for dialect in Dialect::ALL {
        let (short, long) = (told(dialect, "ann"), told(dialect, &long));
        match dialect {
            Dialect::OpenAi | Dialect::Azure => {
                assert_eq!((short, long), (same("ann"), same(digest)));
            }
            Dialect::Anthropic => {
                assert_eq!((short, long.map(|l| l.len())), (same("ann"), Some(80)))
            }
            Dialect::Mistral | Dialect::Gemini | Dialect::Bedrock => {
                assert_eq!((short, long), (None, None), "{dialect:?}");
            }
        }
    }
}

#[test]
fn what_mistral_has_no_word_for_is_refused_by_name() {
    let refused = |body: Value| {
        let asked = request(&body);
        let refused = Dialect::Mistral.check(&asked, &target(false)).unwrap_err();
        let encoded = Dialect::Mistral.encode_request(&asked, &target(false)).unwrap_err();
        assert_eq!(refused, encoded);
        refused.field
    };
    let user = json!([{"role": "user", "content": "x"}]);
    assert_eq!(refused(json!({"messages": user, "logprobs": true})), "logprobs");
    let named = json!([{"role": "user", "name": "ann", "content": "x"}]);
    assert_eq!(refused(json!({ "messages": named })), "messages[0].name");
}

/// The chunks of Mistral's pages on streaming and on reasoning: content is text or a list of parts,
/// and usage comes with the last chunk unasked.
#[test]
fn mistrals_thoughts_and_usage_are_read() {
    let chunk = |content: Value, finish: Value| {
        json!({"id": "c", "object": "chat.completion.chunk", "model": "magistral",
            "choices": [{"index": 0, "delta": {"content": content}, "finish_reason": finish}]})
    };
    let thought = json!([{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}]);
    let mut last = chunk(json!([{"type": "text", "text": "Hello"}]), json!("model_length"));
    last["usage"] = json!({"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 14,
        "num_cached_tokens": 4});
    let stream = sse(&[chunk(thought.clone(), Value::Null), last]);
    let (events, finished) = read(Dialect::Mistral, &stream);
    let reasoning = Piece::Reasoning("Hm.".into());
    assert!(events.contains(&Event::Delta { choice: 0, piece: reasoning, logprobs: None }));
    let stop = Event::Finish { choice: 0, reason: Finish::Length, stop_sequence: None };
    assert!(events.contains(&stop) && finished);
    let usage = Usage { input: 9, cached: 4, output: 5, ..Usage::default() };
    assert_eq!((text_of(&events).as_str(), usage_of(&events)), ("Hello", Some(usage)));

    let mut parts = thought.as_array().unwrap().clone();
    parts.push(json!({"type": "text", "text": "Hello"}));
    let whole = json!({"id": "c", "choices": [{"index": 0, "finish_reason": "stop",
        "message": {"role": "assistant", "content": parts}}]});
    let answer = Dialect::Mistral.decode_answer(whole.to_string().as_bytes()).unwrap();
    assert_eq!(answer.choices[0].text.as_deref(), Some("Hello"));
    assert_eq!(answer.choices[0].reasoning_text().as_deref(), Some("Hm."));
}

#[test]
fn an_answer_that_broke_off_is_no_answer() {
    let whole = json!({"choices": [{"message": {"content": "Hel"}, "finish_reason": "error"}]});
    let read_whole = Dialect::OpenAi.decode_answer(whole.to_string().as_bytes());
    assert!(matches!(read_whole, Err(BadAnswer::Failed(_))), "{read_whole:?}");
    let stream = sse(&[json!({"id": "c", "choices": [{"delta": {"content": "Hel"},
        "finish_reason": "error"}], "usage": {"prompt_tokens": 3, "completion_tokens": 1}})]);
    let (events, finished) = read(Dialect::OpenAi, &stream);
    // The usage is told first: what ends a stream comes last.
    assert!(matches!(events.as_slice(), [.., Event::Usage(_), Event::Failed { .. }]), "{events:?}");
    assert!(!finished);
}

/// One row for each server: the usage as its documentation shows it, and what it means.
#[test]
fn every_shape_of_usage_is_understood() {
    let usage = |told: Value| {
        let body = json!({"choices": [{"message": {"content": "x"}}], "usage": told});
        Dialect::OpenAi.decode_answer(body.to_string().as_bytes()).unwrap().usage.unwrap()
    };
    let deepseek = usage(json!({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15,
        "prompt_cache_hit_tokens": 4, "prompt_cache_miss_tokens": 6,
        "completion_tokens_details": {"reasoning_tokens": 2}}));
    let expected = Usage { input: 10, cached: 4, output: 5, reasoning: 2, ..Usage::default() };
    assert_eq!(deepseek, expected);
    // xAI counts reasoning apart from the completion; the total has it.
    let xai = usage(json!({"prompt_tokens": 32, "completion_tokens": 9, "total_tokens": 135,
        "prompt_tokens_details": {"text_tokens": 26, "audio_tokens": 0, "image_tokens": 6,
            "cached_tokens": 6},
        "completion_tokens_details": {"reasoning_tokens": 94, "audio_tokens": 0}}));
    let expected = Usage {
        input: 32,
        cached: 6,
        image_input: 6,
        output: 103,
        reasoning: 94,
        ..Usage::default()
    };
    assert_eq!(xai, expected);
    // OpenRouter adds what it charged, which is not what we pay by.
    let openrouter = usage(json!({"prompt_tokens": 10, "completion_tokens": 4, "total_tokens": 14,
        "cost": 0.00014, "is_byok": false, "cost_details": {"upstream_inference_cost": null},
        "prompt_tokens_details": {"cached_tokens": 2, "cache_write_tokens": 3, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 1, "image_tokens": 0}}));
    let expected =
        Usage { input: 10, cached: 2, cache_write: 3, output: 4, reasoning: 1, ..Usage::default() };
    assert_eq!(openrouter, expected);
    let together = usage(json!({"prompt_tokens": 17, "completion_tokens": 6, "total_tokens": 23,
        "cached_tokens": 8}));
    assert_eq!((together.cached, together.output), (8, 6));
    let groq = usage(json!({"queue_time": 0.03, "prompt_tokens": 18, "prompt_time": 0.0007,
        "completion_tokens": 556, "completion_time": 0.46, "total_tokens": 574,
        "total_time": 0.46}));
    assert_eq!((groq.input, groq.output), (18, 556));
}

#[test]
fn groq_tells_usage_and_errors_in_a_place_of_its_own() {
    let last = json!({"id": "c", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}],
        "x_groq": {"id": "req_1", "usage": {"prompt_tokens": 18, "completion_tokens": 5,
            "total_tokens": 23}}});
    let (events, finished) = read(Dialect::OpenAi, &sse(&[last]));
    assert_eq!(usage_of(&events).map(|usage| (usage.input, usage.output)), Some((18, 5)));
    assert!(finished);
    let broken = json!({"id": "c", "choices": [], "x_groq": {"error": "over capacity"}});
    let (events, finished) = read(Dialect::OpenAi, &sse(&[broken]));
    let failed = Event::Failed { kind: "error".into(), message: "over capacity".into() };
    assert_eq!((events.last(), finished), (Some(&failed), false));
}

/// OpenRouter keeps a stream alive with comments and breaks it with an error beside the choices.
#[test]
fn openrouters_comments_are_nothing_and_its_errors_end_a_stream() {
    let stream = ": OPENROUTER PROCESSING\n\n: OPENROUTER PROCESSING\n\n";
    assert!(read(Dialect::OpenAi, stream).0.is_empty());
    let broken = json!({"id": "gen-1", "object": "chat.completion.chunk", "provider": "x",
        "error": {"code": 502, "message": "Provider disconnected"},
        "choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "error"}]});
    let (events, finished) = read(Dialect::OpenAi, &format!("{stream}{}", sse(&[broken])));
    let failed = Event::Failed { kind: "502".into(), message: "Provider disconnected".into() };
    assert_eq!((events.as_slice(), finished), (&[failed][..], false));
    // It also answers 200 with nothing but an error.
    let body = json!({"error": {"code": 429, "message": "slow"}}).to_string();
    let read_whole = Dialect::OpenAi.decode_answer(body.as_bytes());
    assert_eq!(read_whole, Err(BadAnswer::Missing("choices")));
}

#[test]
fn older_servers_are_asked_by_older_names() {
    let legacy = Target { max_tokens_field: MaxTokensField::Legacy, ..target(true) };
    let body = json!({"messages": [{"role": "user", "content": "x"}]});
    let all = sent(Dialect::OpenAi, &body, &legacy);
    assert_eq!(all["max_tokens"], 64);
    assert!(all.get("max_completion_tokens").is_none());
}
