use std::sync::Once;

use axum::{
    Json, Router,
    routing::{get, post},
};
use serde_json::{Value, json};

use super::*;

#[track_caller]
fn check(name: &str, expected: Option<u64>) {
    assert_eq!(billions(name), expected, "{name}");
}

#[test]
fn a_name_gives_away_its_size() {
    check("llama3.1:8b", Some(8));
    check("8.0B", Some(8));
    check("qwen3:0.6b", Some(1));
    check("Qwen/Qwen2.5-72B-Instruct", Some(72));
    check("gpt-oss:120b-cloud", Some(120));
    check("mistral-small", None);
    check("b", None);
}

/// A server that answers as the given paths say.
async fn server(name: &'static str, router: Router) -> Server {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    Server { name, address }
}

fn answer(value: Value) -> axum::routing::MethodRouter {
    get(async move || Json(value))
}

fn client() -> reqwest::Client {
    static TLS: Once = Once::new();
    TLS.call_once(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    crate::probe::client().unwrap()
}

#[tokio::test]
async fn ollama_tells_context_size_and_what_it_only_relays() {
    let tags = json!({ "models": [
        { "name": "llama3.1:8b", "details": { "parameter_size": "8.0B" } },
        { "name": "gpt-oss:120b-cloud", "remote_host": "https://ollama.com:443" },
        { "name": "nomic-embed-text:latest" },
    ]});
    let shown = json!({
        "model_info": { "llama.context_length": 131_072 },
        "parameters": "stop \"x\"\nnum_ctx    4096",
        "capabilities": ["completion", "tools"],
    });
    let router = Router::new()
        .route("/api/tags", answer(tags))
        .route("/api/show", post(async move || Json(shown)));
    let server = server("ollama", router).await;
    let found = local(&client(), &[server], &[]).await;
    let models = &found[0].models;
    assert_eq!(
        models.iter().map(|m| m.id.as_str()).collect::<Vec<_>>(),
        ["ollama/llama3.1:8b", "ollama/nomic-embed-text:latest"]
    );
    assert_eq!(models[1].capabilities, ["embeddings"]);
    assert_eq!(models[1].max_output_tokens, 0);
    assert_eq!((models[0].context_tokens, models[0].max_output_tokens), (4096, 2048));
    assert_eq!(models[0].capabilities, ["tools", "json_schema", "streaming"]);
    assert_eq!(found[0].provider.locality, Locality::Local);
    assert_eq!(found[1].provider.locality, Locality::Cloud);
    assert_eq!(found[1].models[0].id, "ollama-cloud/gpt-oss:120b-cloud");
    assert_eq!(found[1].models[0].price, None);
    assert_eq!(found[0].provider.base_url, format!("http://{}/v1", server.address));
}

#[tokio::test]
async fn vllm_and_llama_cpp_tell_their_context_and_two_of_a_kind_get_two_names() {
    let vllm = json!({ "data": [{ "id": "Qwen/Qwen3-32B", "max_model_len": 40_960 }] });
    let vllm = server("vllm", Router::new().route("/v1/models", answer(vllm))).await;
    let list = json!({ "data": [{ "id": "tiny", "owned_by": "llamacpp" }] });
    let props = json!({ "default_generation_settings": { "n_ctx": 2048 } });
    let llama = Router::new().route("/v1/models", answer(list)).route("/props", answer(props));
    let one = server("llamacpp", llama.clone()).await;
    let two = server("llamacpp", llama).await;
    let found = local(&client(), &[vllm, one, two], &[]).await;
    assert_eq!(found[0].models[0].context_tokens, 40_960);
    assert_eq!(found[0].models[0].size, SizeClass::Medium);
    assert_eq!(found[1].models[0].context_tokens, 2048);
    let second = format!("llamacpp-{}", two.address.port());
    assert_eq!(found[2].provider.name, second);
    assert_eq!(found[2].models[0].id, format!("{second}/tiny"));
}

#[tokio::test]
async fn a_server_tells_which_models_make_embeddings() {
    let list = json!({ "data": [
        { "id": "qwen3" }, { "id": "text-e5-large" }, { "id": "bge-m3" }, { "id": "bge-reranker-v2" },
    ]});
    let kinds = json!({ "data": [
        { "id": "qwen3", "type": "llm" }, { "id": "text-e5-large", "type": "embeddings" },
    ]});
    let router =
        Router::new().route("/v1/models", answer(list)).route("/api/v0/models", answer(kinds));
    let found = local(&client(), &[server("lmstudio", router).await], &[]).await;
    let embeds = |model: &ModelSpec| model.capabilities == ["embeddings"];
    let told: Vec<_> = found[0].models.iter().map(|m| (m.upstream.as_str(), embeds(m))).collect();
    assert_eq!(told, [("qwen3", false), ("text-e5-large", true), ("bge-m3", true)]);
}

#[tokio::test]
async fn our_own_listener_and_servers_that_talk_nonsense_are_passed_over() {
    let list = json!({ "data": [{ "id": "m" }] });
    let own = server("llamacpp", Router::new().route("/v1/models", answer(list))).await;
    let odd = server("vllm", Router::new().route("/v1/models", get(async || "<html>"))).await;
    let bare = server("lmstudio", Router::new()).await;
    let found = local(&client(), &[own, odd, bare], &[own.address]).await;
    assert!(found.is_empty(), "{found:?}");
}
