//! Calls in Anthropic's dialect, answered by providers of either.

use reqwest::RequestBuilder;
use serde_json::{Value, json};
use simulator::{Price, Simulator};
use support::{Answer, Caller, Client, Database, ModelSpec, Server, Setup, provider};

const DENIED: &str = r#"@id("denied-calls-nothing")
forbid (principal, action == Orchestack::Action::"callModel", resource);
"#;

async fn stage() -> (Server, Simulator) {
    let dollars = Price::dollars_per_million(3, 15);
    let simulator = provider(&[("claude", dollars), ("gpt", dollars)]).await;
    let setup = Setup::new(Database::Sqlite).await;
    let price = Some(("3.00", "15.00"));
    setup
        .tree()
        .anthropic_provider("anthropic", &simulator, "cloud")
        .openai_provider("openai", &simulator, "cloud")
        .model(ModelSpec { id: "claude", provider: "anthropic", price })
        .model(ModelSpec { id: "sim-fault-cut-6", provider: "anthropic", price })
        .model(ModelSpec { id: "gpt", provider: "openai", price })
        .agent("exhausted", "0.000001")
        .agent("denied", "100.00")
        .write("agents/denied/models.cedar", DENIED);
    (setup.start().await, simulator)
}

fn body(model: &str) -> Value {
    let messages = json!([{ "role": "user", "content": "Say something." }]);
    json!({ "model": model, "max_tokens": 64, "messages": messages })
}

/// A request as Anthropic's clients send it: no bearer, and their version.
fn post(server: &Server, path: &str, key: &str, body: &Value) -> RequestBuilder {
    let url = format!("{}{path}", server.gateway());
    let request = Client::new().0.post(url).header("x-api-key", key).json(body);
    request.header("anthropic-version", "2023-06-01").header("anthropic-beta", "any-2025-01-01")
}

async fn ask(server: &Server, agent: &str, body: &Value) -> Answer {
    Answer::read(post(server, "/v1/messages", &server.key(agent), body)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plain_and_a_streamed_message_have_the_bills_usage_whoever_answers() {
    let (server, simulator) = stage().await;
    for model in ["claude", "gpt"] {
        let before = simulator.bill_total();
        let answer = ask(&server, "default", &body(model)).await;
        answer.assert_answered(model);
        let object = answer.json();
        assert_eq!(object["type"], "message", "{object}");
        assert!(object["id"].as_str().is_some_and(|id| id.starts_with("msg_")), "{object}");
        assert_eq!((&object["model"], &object["stop_reason"]), (&json!(model), &json!("end_turn")));
        let said = object["content"][0]["text"].as_str().unwrap_or_default();
        assert!(said.starts_with("[simulator]"), "{object}");
        let bill = simulator.bill_total();
        assert_eq!(object["usage"]["input_tokens"], bill.input_tokens - before.input_tokens);
        assert_eq!(object["usage"]["output_tokens"], bill.output_tokens - before.output_tokens);

        let mut streamed = body(model);
        streamed["stream"] = json!(true);
        let stream = ask(&server, "default", &streamed).await;
        stream.assert_answered(model);
        let events = stream.events();
        let kinds: Vec<_> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
        assert_eq!(kinds.first(), Some(&"message_start"), "{}", stream.text);
        assert_eq!(
            kinds.get(kinds.len() - 3..),
            Some(&["content_block_stop", "message_delta", "message_stop"][..]),
        );
        let both = simulator.bill_total();
        let used = &events[events.len() - 2]["usage"];
        assert_eq!(used["input_tokens"], both.input_tokens - bill.input_tokens);
        assert_eq!(used["output_tokens"], both.output_tokens - bill.output_tokens);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_cut_ends_with_an_error_event() {
    let (server, _simulator) = stage().await;
    let mut streamed = body("sim-fault-cut-6");
    streamed["stream"] = json!(true);
    let stream = ask(&server, "default", &streamed).await;
    assert!(stream.cut || !stream.text.contains("message_stop"), "{}", stream.text);
    let last = stream.events().pop().unwrap_or_default();
    assert_eq!(
        (&last["type"], &last["error"]["code"]),
        (&json!("error"), &json!("upstream_failed"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_are_told_in_anthropics_words() {
    let (server, simulator) = stage().await;
    let check = |answer: &Answer, status: u16, kind: &str, code: &str| {
        answer.assert_refused(status, code);
        let error = answer.json();
        assert_eq!((&error["type"], &error["error"]["type"]), (&json!("error"), &json!(kind)));
        assert!(error["request_id"].as_str().is_some_and(|id| id.starts_with("req_")), "{error}");
        assert_eq!(error["request_id"], answer.header("request-id"));
    };
    let wrong = Answer::read(post(&server, "/v1/messages", "ork_wrong", &body("claude"))).await;
    check(&wrong, 401, "authentication_error", "unauthenticated");
    let denied = ask(&server, "denied", &body("claude")).await;
    check(&denied, 403, "permission_error", "policy_denied");
    assert_eq!(denied.json()["error"]["policies"], json!(["denied-calls-nothing"]));
    let spent = ask(&server, "exhausted", &body("claude")).await;
    check(&spent, 402, "billing_error", "budget_exhausted");
    let unknown = ask(&server, "default", &body("no-such-model")).await;
    check(&unknown, 404, "not_found_error", "model_not_found");
    let mut unlimited = body("claude");
    unlimited.as_object_mut().unwrap().remove("max_tokens");
    let invalid = ask(&server, "default", &unlimited).await;
    check(&invalid, 400, "invalid_request_error", "invalid_request");
    assert_eq!(invalid.json()["error"]["param"], "max_tokens");
    // What OpenAI's dialect has no word for rules its providers out, by name.
    let mut budget = body("gpt");
    budget["top_k"] = json!(3);
    let no_route = ask(&server, "default", &budget).await;
    check(&no_route, 422, "invalid_request_error", "no_route");
    assert!(no_route.text.contains("top_k"), "{}", no_route.text);
    assert_eq!(simulator.bill_total().output_tokens, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn input_is_counted_without_a_call() {
    let (server, simulator) = stage().await;
    let key = server.key("default");
    let count = async |key: &str, text: &str| {
        let messages = json!([{ "role": "user", "content": text }]);
        let body = json!({ "model": "claude", "messages": messages });
        Answer::read(post(&server, "/v1/messages/count_tokens", key, &body)).await
    };
    let few = count(&key, "hello").await.json()["input_tokens"].as_u64().unwrap();
    let many = count(&key, &"hello ".repeat(1000)).await.json()["input_tokens"].as_u64().unwrap();
    assert!((500..5000).contains(&(many - few)), "{few} {many}");
    count("ork_wrong", "x").await.assert_refused(401, "unauthenticated");
    assert_eq!(simulator.log().len(), 0, "nothing left the machine");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_of_models_is_in_the_words_of_who_asks() {
    let (server, _simulator) = stage().await;
    let list = async |agent: &str| {
        let url = format!("{}/v1/models", server.gateway());
        let request = Client::new().0.get(url).header("x-api-key", server.key(agent));
        Answer::read(request.header("anthropic-version", "2023-06-01")).await.json()
    };
    let models = list("default").await;
    assert_eq!((&models["has_more"], &models["data"][0]["type"]), (&json!(false), &json!("model")));
    assert_eq!(list("denied").await["data"], json!([]), "what nobody may call is not listed");
    let openai = Caller::new(&server, "default");
    let url = format!("{}/v1/models", server.gateway());
    let plain = Answer::read(Client::new().0.get(url).bearer_auth(openai.key())).await.json();
    assert_eq!(plain["object"], "list");
}
