//! What servers say of themselves, beside what is registered of them.

use axum::{
    Json, Router,
    http::StatusCode,
    routing::{get, post},
};
use serde_json::{Value, json};

use super::house::{House, call};

/// A server that answers as the given paths say; its address.
async fn server(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

fn answer(value: Value) -> axum::routing::MethodRouter {
    get(async move || Json(value))
}

/// Registers a local provider, and a model of it with these facts.
async fn register(house: &House, name: &str, base: &str, upstream: &str, facts: Value) {
    register_at(house, (name, "local"), base, upstream, facts).await;
}

async fn register_at(
    house: &House,
    (name, locality): (&str, &str),
    base: &str,
    upstream: &str,
    facts: Value,
) {
    let provider = json!({ "name": name, "base_url": format!("{base}/v1"), "locality": locality });
    let made = call(house.local(), "POST", "/api/v1/providers", Some(provider)).await;
    assert_eq!(made.0, StatusCode::CREATED, "{}", made.1);
    let mut model = json!({ "id": format!("{name}-m"), "provider": name, "upstream": upstream,
        "price_input": "0", "price_output": "0", "quality": 71 });
    model.as_object_mut().unwrap().extend(facts.as_object().unwrap().clone());
    let made = call(house.local(), "POST", "/api/v1/models", Some(model)).await;
    assert_eq!(made.0, StatusCode::CREATED, "{}", made.1);
}

async fn probe(house: &House) -> Value {
    let (status, probed) = call(house.local(), "POST", "/api/v1/models/probe", None).await;
    assert_eq!(status, StatusCode::OK, "{probed}");
    probed
}

/// The provider, and its model of this id.
fn of<'v>(probed: &'v Value, provider: &str, model: &str) -> (&'v Value, &'v Value) {
    let named = |list: &'v Value, key: &str, name: &str| {
        list.as_array().unwrap().iter().find(|item| item[key] == name)
    };
    let provider = named(&probed["providers"], "name", provider).unwrap();
    (provider, named(&provider["models"], "id", model).unwrap_or(&Value::Null))
}

fn list(ids: &[&str], owner: &str) -> Value {
    let item = |id: &&str| json!({ "id": id, "object": "model", "owned_by": owner });
    json!({ "object": "list", "data": ids.iter().map(item).collect::<Vec<_>>() })
}

#[tokio::test]
async fn every_kind_of_local_server_is_compared_with_what_is_registered() {
    let house = House::build().await;
    let shown = json!({ "model_info": { "qwen3.context_length": 40_960 },
        "capabilities": ["completion", "tools", "vision", "thinking"] });
    let ollama = Router::new()
        .route("/v1/models", answer(list(&["qwen3:8b", "new:1b"], "library")))
        .route(
            "/api/tags",
            answer(json!({ "models": [
                { "name": "qwen3:8b" }, { "name": "new:1b" }, { "name": "plain:latest" },
                { "name": "gpt-oss:120b-cloud", "remote_host": "https://ollama.com" },
            ]})),
        )
        .route("/api/show", post(async move || Json(shown)));
    let vllm = json!({ "data": [{ "id": "Qwen/Q", "owned_by": "vllm", "max_model_len": 32_768 }] });
    let vllm = Router::new().route("/v1/models", answer(vllm));
    let props = json!({ "default_generation_settings": { "n_ctx": 4096 },
        "modalities": { "vision": true } });
    let llama = Router::new()
        .route("/v1/models", answer(list(&["tiny"], "llamacpp")))
        .route("/props", answer(props));
    let studio = json!({ "data": [{ "id": "phi", "type": "vlm", "max_context_length": 131_072,
        "loaded_context_length": 8192, "capabilities": ["tool_use"] }] });
    let studio = Router::new()
        .route("/v1/models", answer(list(&["phi"], "organization_owner")))
        .route("/api/v0/models", answer(studio));
    let plain = json!({ "context_tokens": 8192, "capabilities": ["streaming", "json_schema"] });
    for (name, router, upstream) in [
        ("ollama-1", ollama, "qwen3:8b"),
        ("vllm-1", vllm, "Qwen/Q"),
        ("llama-1", llama, "tiny"),
        ("studio-1", studio, "phi"),
    ] {
        register(&house, name, &server(router).await, upstream, plain.clone()).await;
    }
    let base = |probed: &Value| {
        of(probed, "ollama-1", "").0["base_url"].as_str().unwrap().replace("/v1", "")
    };
    let again = base(&probe(&house).await);
    let more = [("ollama-2", "plain"), ("ollama-3", "gone"), ("ollama-4", "gpt-oss:120b-cloud")];
    for (name, upstream) in more {
        register(&house, name, &again, upstream, plain.clone()).await;
    }
    let probed = probe(&house).await;
    let differs = |name: &str| {
        let (provider, model) = of(&probed, name, &format!("{name}-m"));
        assert_eq!((&provider["health"], &model["served"]), (&json!("answers"), &json!(true)));
        assert_eq!(model["origin"], "runtime");
        let facts = model["differs"].as_array().unwrap().iter();
        let fact =
            |d: &Value| format!("{}={}", d["fact"].as_str().unwrap(), d["found"].as_str().unwrap());
        facts.map(fact).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(differs("ollama-1"), "context_tokens=40960 tools=true images=true reasoning=true");
    assert_eq!(differs("vllm-1"), "context_tokens=32768");
    assert_eq!(differs("llama-1"), "context_tokens=4096 images=true");
    // Loaded with the context that is registered, whatever it was made for.
    assert_eq!(differs("studio-1"), "tools=true images=true");
    let (_, new) = of(&probed, "ollama-1", "ollama-1/new:1b");
    assert_eq!((&new["registered"], &new["context_tokens"]), (&json!(false), &json!(40_960)));
    // A tag that is left out is the latest one, and what is not among all of a server's is not there.
    let served = |name: &str| of(&probed, name, &format!("{name}-m")).1["served"].clone();
    assert_eq!((served("ollama-2"), served("ollama-3")), (json!(true), json!(false)));
    // What a local server hands on to a cloud is none of its own: it is not offered as such, and no
    // registration is corrected by it.
    let relayed = of(&probed, "ollama-1", "ollama-1/gpt-oss:120b-cloud").1;
    assert_eq!(relayed, &Value::Null, "{probed}");
    let (status, refused) =
        call(house.local(), "POST", "/api/v1/models/ollama-4-m/refresh", None).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{refused}");
}

/// A list that goes on says nothing of what is not on its first page.
#[tokio::test]
async fn what_is_not_on_a_page_may_be_served_all_the_same() {
    let house = House::build().await;
    let page = json!({ "data": [{ "id": "a" }], "has_more": true });
    let base = server(Router::new().route("/v1/models", answer(page))).await;
    let facts = json!({ "context_tokens": 8192 });
    register_at(&house, ("paged", "cloud"), &base, "b", facts).await;
    assert_eq!(of(&probe(&house).await, "paged", "paged-m").1["served"], Value::Null);
}

#[tokio::test]
async fn a_model_of_run_time_is_corrected_and_one_of_the_tree_is_not() {
    let house = House::build().await;
    let vllm = json!({ "data": [{ "id": "q", "max_model_len": 2048 }] });
    let base = server(Router::new().route("/v1/models", answer(vllm))).await;
    let facts = json!({ "context_tokens": 8192, "max_output_tokens": 4096 });
    register(&house, "vllm-1", &base, "q", facts).await;
    let before = house.control.snapshots.load().registry.model("vllm-1-m").unwrap().clone();
    let (status, made) = call(house.local(), "POST", "/api/v1/models/vllm-1-m/refresh", None).await;
    assert_eq!(status, StatusCode::OK, "{made}");
    assert_eq!((&made["context_tokens"], &made["max_output_tokens"]), (&json!(2048), &json!(1024)));
    let after = house.control.snapshots.load().registry.model("vllm-1-m").unwrap().clone();
    let expected = router::Model { context_tokens: 2048, max_output_tokens: 1024, ..before };
    assert_eq!(after, expected, "everything else stays");
    assert_eq!(of(&probe(&house).await, "vllm-1", "vllm-1-m").1["differs"], json!([]));
    let records = house.records(None).await;
    let record =
        records.iter().find(|record| record.detail.value().get("corrected").is_some()).unwrap();
    let corrected = record.detail.value();
    assert_eq!(corrected["corrected"][0]["found"], "2048", "{corrected}");
    assert_eq!(corrected["max_output_tokens"], 1024, "{corrected}");

    let tree = "[[model]]\nid = \"of-git\"\nprovider = \"vllm-1\"\nupstream = \"q\"\n\
                context_tokens = 9000\nmax_output_tokens = 1\nfree = true\n";
    let provider = format!(
        "[[provider]]\nname = \"vllm-1\"\nkind = \"openai\"\nbase_url = \"{base}/v1\"\nlocality = \"local\"\n"
    );
    let files = [("models/g.toml", Some(tree)), ("providers/g.toml", Some(&*provider))];
    house.commit(&files).await;
    let (status, refused) =
        call(house.local(), "POST", "/api/v1/models/of-git/refresh", None).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{refused}");
    let differs = &of(&probe(&house).await, "vllm-1", "of-git").1["differs"].clone();
    assert_eq!(differs[0]["found"], "2048");
}

#[tokio::test]
async fn what_calls_told_goes_before_what_a_server_tells_and_stands_where_it_tells_nothing() {
    let house = House::build().await;
    let vllm = json!({ "data": [{ "id": "q", "max_model_len": 2048 }] });
    let base = server(Router::new().route("/v1/models", answer(vllm))).await;
    let facts = json!({ "context_tokens": 8192, "capabilities": ["tools", "images"] });
    register(&house, "vllm-1", &base, "q", facts.clone()).await;
    register(&house, "silent", "http://127.0.0.1:9", "m", facts).await;
    let learnt = json!({ "tools": false, "json_schema": true, "streaming": true });
    for (id, context) in [("vllm-1-m", 2048), ("silent-m", 8192)] {
        let path = format!("/api/v1/models/{id}/refresh");
        let (status, made) = call(house.local(), "POST", &path, Some(learnt.clone())).await;
        assert_eq!((status, &made["context_tokens"]), (StatusCode::OK, &json!(context)), "{made}");
        assert_eq!(made["capabilities"], json!(["json_schema", "images", "streaming"]), "{made}");
    }
    let path = "/api/v1/models/silent-m/refresh";
    for wrong in [json!({}), json!({ "tools": 1 }), json!({ "context_tokens": 5 })] {
        let (status, refused) = call(house.local(), "POST", path, Some(wrong)).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{refused}");
    }
}

#[tokio::test]
async fn what_does_not_answer_or_is_not_served_is_told() {
    let house = House::build().await;
    let some = server(Router::new().route("/v1/models", answer(list(&["other"], "vllm")))).await;
    register(&house, "has-other", &some, "gone", json!({})).await;
    register(&house, "silent", "http://127.0.0.1:9", "m", json!({})).await;
    let locked = Router::new().route("/v1/models", get(async || StatusCode::UNAUTHORIZED));
    register(&house, "locked", &server(locked).await, "m", json!({})).await;
    let probed = probe(&house).await;
    let (provider, model) = of(&probed, "has-other", "has-other-m");
    assert_eq!((&provider["health"], &model["served"]), (&json!("answers"), &json!(false)));
    for (name, health) in [("silent", "does not answer"), ("locked", "refuses the key")] {
        let (provider, model) = of(&probed, name, &format!("{name}-m"));
        assert_eq!((&provider["health"], &model["served"]), (&json!(health), &Value::Null));
        let refresh = format!("/api/v1/models/{name}-m/refresh");
        let (status, told) = call(house.local(), "POST", &refresh, None).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{told}");
    }
}
