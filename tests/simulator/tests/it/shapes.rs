//! What the simulator emits is what the providers' descriptions say.

use serde_json::{Value, json};
use simulator::{Simulator, SimulatorOptions};

use crate::client::{Got, ask, chat, get, message, post, start};

/// A validator of one schema of OpenAI's description.
fn schema(name: &str) -> jsonschema::Validator {
    let mut document: Value = serde_json::from_str(include_str!("../data/openai.json")).unwrap();
    document["$ref"] = json!(format!("#/components/schemas/{name}"));
    jsonschema::validator_for(&document).unwrap()
}

#[track_caller]
fn check(name: &str, value: &Value) {
    let validator = schema(name);
    let errors: Vec<String> = validator.iter_errors(value).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{name}: {errors:?} in {value}");
}

#[track_caller]
fn check_chunks(got: &Got) -> Vec<Value> {
    assert_eq!(got.status(), 200, "{}", got.text());
    assert!(got.head().contains("content-type: text/event-stream"), "{}", got.head());
    assert!(got.text().ends_with("data: [DONE]\n\n"), "{}", got.text());
    let events = got.events();
    for event in &events {
        check("CreateChatCompletionStreamResponse", event);
    }
    events
}

/// The text that a stream's deltas add up to.
fn joined(events: &[Value], pointer: &str) -> String {
    events.iter().filter_map(|event| event.pointer(pointer)?.as_str()).collect()
}

fn requests() -> Vec<Value> {
    let user = |text: &str| json!([{"role": "user", "content": text}]);
    let weather = json!([{"type": "function", "function": {"name": "get_weather",
        "parameters": {"type": "object", "required": ["city"],
            "properties": {"city": {"type": "string"}}}}}]);
    vec![
        json!({"messages": user("Hello")}),
        json!({"messages": user("Hello"), "n": 3}),
        json!({"messages": user("Hello"), "max_completion_tokens": 3}),
        json!({"messages": user("Hello"), "stop": "simulator"}),
        json!({"messages": user("Hello"), "response_format": {"type": "json_object"}}),
        json!({"messages": user("Call get_weather"), "tools": weather}),
        json!({"messages": user("Anything"), "tools": weather, "tool_choice": "required"}),
        json!({"messages": user("Hello"), "model": "sim-reason"}),
        json!({"messages": [{"role": "user", "content": [
            {"type": "text", "text": "What is this?"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}]}]}),
    ]
}

#[tokio::test]
async fn answers_are_what_openai_describes() {
    let simulator = start().await;
    for mut body in requests() {
        if body.get("model").is_none() {
            body["model"] = json!("sim-cloud");
        }
        let plain = chat(&simulator, &body).await;
        assert_eq!(plain.status(), 200, "{}", plain.text());
        let plain = plain.json();
        check("CreateChatCompletionResponse", &plain);
        body["stream"] = json!(true);
        body["stream_options"] = json!({"include_usage": true});
        let events = check_chunks(&chat(&simulator, &body).await);
        let (last, rest) = events.split_last().unwrap();
        assert_eq!(last["choices"], json!([]));
        assert!(rest.iter().all(|event| event["usage"].is_null()));
        let finishes = rest.iter().filter(|event| event["choices"][0]["finish_reason"].is_string());
        assert_eq!(finishes.count(), plain["choices"].as_array().unwrap().len());
        let usage = &last["usage"];
        let sum =
            usage["prompt_tokens"].as_u64().unwrap() + usage["completion_tokens"].as_u64().unwrap();
        assert_eq!(usage["total_tokens"], json!(sum));
    }
}

#[tokio::test]
async fn the_same_request_gets_the_same_text_and_the_stream_adds_up_to_it() {
    let simulator = start().await;
    let first = chat(&simulator, &ask("sim-cloud", false)).await.json();
    let again = chat(&simulator, &ask("sim-cloud", false)).await.json();
    assert_eq!(first["choices"], again["choices"]);
    assert_eq!(first["usage"], again["usage"]);
    assert_ne!(first["id"], again["id"]);
    let text = first["choices"][0]["message"]["content"].as_str().unwrap();
    assert!(text.contains("provider, not a model"), "{text}");
    assert_eq!(first["usage"]["completion_tokens"], json!(simulator::tokens::count(text)));
    let one = check_chunks(&chat(&simulator, &ask("sim-cloud", true)).await);
    let two = check_chunks(&chat(&simulator, &ask("sim-cloud", true)).await);
    let text = joined(&one, "/choices/0/delta/content");
    assert_eq!(text, joined(&two, "/choices/0/delta/content"));
    assert!(text.contains("provider, not a model"), "{text}");
}

#[tokio::test]
async fn limits_and_stops_are_honoured() {
    let simulator = start().await;
    let mut body = ask("sim-cloud", false);
    body["max_completion_tokens"] = json!(5);
    let limited = chat(&simulator, &body).await.json();
    assert_eq!(limited["choices"][0]["finish_reason"], "length");
    assert_eq!(limited["usage"]["completion_tokens"], 5);
    let mut body = ask("sim-cloud", false);
    body["stop"] = json!(["nothing of it", "provider"]);
    let stopped = chat(&simulator, &body).await.json();
    assert_eq!(stopped["choices"][0]["finish_reason"], "stop");
    let text = stopped["choices"][0]["message"]["content"].as_str().unwrap();
    assert!(text.ends_with("simulated "), "{text}");
}

#[tokio::test]
async fn tools_and_structured_output_fit_their_schemas() {
    let simulator = start().await;
    let wanted = json!({"type": "object", "required": ["city", "unit"], "additionalProperties": false,
        "properties": {"city": {"type": "string"}, "unit": {"enum": ["celsius", "kelvin"]}}});
    let mut body = ask("sim-cloud", false);
    body["tools"] = json!([{"type": "function", "function":
        {"name": "get_weather", "parameters": wanted}}]);
    let not_named = chat(&simulator, &body).await.json();
    assert_eq!(not_named["choices"][0]["finish_reason"], "stop");
    body["tool_choice"] = json!({"type": "function", "function": {"name": "get_weather"}});
    let called = chat(&simulator, &body).await.json();
    assert_eq!(called["choices"][0]["finish_reason"], "tool_calls");
    let call = &called["choices"][0]["message"]["tool_calls"][0]["function"];
    let arguments: Value = serde_json::from_str(call["arguments"].as_str().unwrap()).unwrap();
    assert!(jsonschema::is_valid(&wanted, &arguments), "{arguments}");
    body["stream"] = json!(true);
    let events = check_chunks(&chat(&simulator, &body).await);
    let streamed = joined(&events, "/choices/0/delta/tool_calls/0/function/arguments");
    assert_eq!(serde_json::from_str::<Value>(&streamed).unwrap(), arguments);
    let mut body = ask("sim-cloud", false);
    body["response_format"] = json!({"type": "json_schema", "json_schema":
        {"name": "weather", "strict": true, "schema": wanted}});
    let text = chat(&simulator, &body).await.json();
    let text = text["choices"][0]["message"]["content"].as_str().unwrap().to_owned();
    assert!(jsonschema::is_valid(&wanted, &serde_json::from_str(&text).unwrap()), "{text}");
}

#[tokio::test]
async fn models_and_errors_are_what_openai_describes() {
    let simulator = start().await;
    check("ListModelsResponse", &get(&simulator, "/v1/models").await.json());
    check("Model", &get(&simulator, "/v1/models/sim-cloud").await.json());
    let missing = get(&simulator, "/v1/models/none").await;
    assert_eq!(missing.status(), 404);
    check("ErrorResponse", &missing.json());
    for (status, body) in [
        (400, json!({"model": "sim-cloud"})),
        (400, json!({"model": "sim-cloud", "messages": [], "n": 0})),
        (
            400,
            json!({"model": "sim-fault-nonsense", "messages": [{"role": "user", "content": "x"}]}),
        ),
        (429, ask("sim-fault-429", false)),
        (500, ask("sim-fault-500", true)),
        (503, ask("sim-fault-503", true)),
        (529, ask("sim-fault-529", false)),
    ] {
        let got = chat(&simulator, &body).await;
        assert_eq!(got.status(), status, "{body}");
        check("ErrorResponse", &got.json());
    }
    assert!(chat(&simulator, &ask("sim-fault-429", false)).await.head().contains("retry-after: 1"));
    assert_eq!(simulator.bill_total().calls, 0);
}

#[tokio::test]
async fn bench_answers_are_what_openai_describes() {
    let simulator = start().await;
    check("CreateChatCompletionResponse", &chat(&simulator, &ask("bench", false)).await.json());
    check_chunks(&chat(&simulator, &ask("bench", true)).await);
    let mut body = ask("bench", true);
    body["stream_options"] = json!({"include_usage": true});
    let events = check_chunks(&chat(&simulator, &body).await);
    assert_eq!(events.last().unwrap()["usage"]["completion_tokens"], 64);
    assert!(simulator.log().is_empty());
}

#[tokio::test]
async fn a_message_and_its_stream_say_the_same() {
    let simulator = start().await;
    let mut body = ask("sim-cloud", false);
    body["max_tokens"] = json!(4_000);
    body["thinking"] = json!({"type": "enabled", "budget_tokens": 2_000});
    body["tools"] = json!([{"name": "look", "input_schema": {"type": "object", "required": ["at"],
        "properties": {"at": {"type": "string"}}}}]);
    body["tool_choice"] = json!({"type": "any"});
    let plain = message(&simulator, &body).await.json();
    assert_eq!(plain["stop_reason"], "tool_use");
    assert_eq!(plain["content"][0]["type"], "thinking");
    assert_eq!(plain["content"][1]["input"], json!({"at": "simulator"}));
    body["stream"] = json!(true);
    let got = message(&simulator, &body).await;
    let events = got.events();
    let names: Vec<&str> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(names.first(), Some(&"message_start"));
    assert_eq!(names.get(1), Some(&"ping"));
    assert_eq!(names.last(), Some(&"message_stop"));
    assert!(got.text().lines().filter(|line| line.starts_with("event: ")).count() == names.len());
    assert_eq!(joined(&events, "/delta/partial_json"), r#"{"at":"simulator"}"#);
    let closing = &events[events.len() - 2];
    assert_eq!(closing["delta"]["stop_reason"], "tool_use");
    assert_eq!(closing["usage"]["output_tokens"], plain["usage"]["output_tokens"]);
    let starts = names.iter().filter(|name| **name == "content_block_start").count();
    assert_eq!(starts, names.iter().filter(|name| **name == "content_block_stop").count());
}

#[tokio::test]
async fn anthropic_wants_its_headers_and_its_limit() {
    let simulator = start().await;
    let body = ask("sim-cloud", false).to_string();
    let no_key = post(simulator.addr(), "/v1/messages", "anthropic-version: 2023-06-01\r\n", &body);
    let no_key = no_key.await;
    assert_eq!(no_key.status(), 401);
    assert_eq!(no_key.json()["error"]["type"], "authentication_error");
    let no_version = post(simulator.addr(), "/v1/messages", "x-api-key: k\r\n", &body).await;
    assert_eq!(no_version.status(), 400);
    let unlimited = json!({"model": "m", "messages": [{"role": "user", "content": "x"}]});
    let unlimited = message(&simulator, &unlimited).await;
    assert_eq!(unlimited.json()["error"]["type"], "invalid_request_error");
    let busy = message(&simulator, &ask("sim-fault-529", false)).await;
    assert_eq!(busy.status(), 529);
    assert_eq!(busy.json()["error"]["type"], "overloaded_error");
}

#[tokio::test]
async fn a_wrong_key_and_a_long_body_are_refused() {
    let options = SimulatorOptions {
        api_keys: vec!["right".into()],
        body_bytes_max: 1_000,
        ..SimulatorOptions::default()
    };
    let simulator = Simulator::start(options).await.unwrap();
    let body = ask("sim-cloud", false).to_string();
    let path = "/v1/chat/completions";
    let wrong = post(simulator.addr(), path, "authorization: Bearer wrong\r\n", &body).await;
    assert_eq!(wrong.status(), 401);
    assert_eq!(wrong.json()["error"]["code"], "invalid_api_key");
    let right = "authorization: Bearer right\r\n";
    assert_eq!(post(simulator.addr(), path, right, &body).await.status(), 200);
    let long = post(simulator.addr(), path, right, &"x".repeat(2_000)).await;
    assert_eq!(long.status(), 413);
}
