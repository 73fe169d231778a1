//! Providers that are registered at run time, of every format.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::house::{House, call};

async fn add(house: &House, body: Value) -> (StatusCode, Value) {
    call(house.local(), "POST", "/api/v1/providers", Some(body)).await
}

#[tokio::test]
async fn every_format_can_be_registered_with_what_it_needs() {
    let house = House::build().await;
    let aws = json!({"access_key_id": "env:NO_ID", "secret_access_key": "env:NO_SECRET"});
    for mut body in [
        json!({"name": "g", "kind": "gemini", "base_url": "https://g.example"}),
        json!({"name": "m", "kind": "mistral", "base_url": "https://m.example/v1"}),
        json!({"name": "a", "kind": "azure", "base_url": "https://a.example", "bearer": true,
            "api_version": "2024-10-21", "no_stream_usage": true}),
        json!({"name": "b", "kind": "bedrock", "aws": aws,
            "base_url": "https://bedrock-runtime.eu-west-1.amazonaws.com"}),
    ] {
        if body.get("aws").is_none() {
            body["secret"] = json!("env:NO_SUCH_KEY");
        }
        let (status, made) = add(&house, body.clone()).await;
        assert_eq!(status, StatusCode::CREATED, "{made}");
        assert_eq!(made["kind"], body["kind"]);
        assert_eq!(made["ready"], false, "its credential is not there: {made}");
    }
    let snapshot = house.control.snapshots.load();
    let azure = &snapshot.registry.provider("a").unwrap().particulars;
    assert_eq!(azure.api_version.as_deref(), Some("2024-10-21"));
    assert!(azure.bearer && azure.no_stream_usage);
    let bedrock = snapshot.registry.provider("b").unwrap().particulars.aws.as_ref().unwrap();
    assert_eq!(bedrock.region, "eu-west-1", "it is read from the address");
}

#[tokio::test]
async fn what_does_not_fit_is_refused_by_its_key() {
    let house = House::build().await;
    let aws = json!({"access_key_id": "env:NO_ID", "secret_access_key": "AKIA-the-key-itself"});
    for (body, key) in [
        (json!({"kind": "openai", "api_version": "2024-10-21"}), "api_version"),
        (json!({"kind": "bedrock"}), "secret"),
        (json!({"kind": "gemini", "base_url": "https://h/v1beta"}), "base_url"),
        (json!({"kind": "openai", "aws": aws}), "aws"),
        (
            json!({"kind": "bedrock", "aws": {"region": "r", "access_key_id": "env:A",
            "secret_access_key": "AKIA-the-key-itself"}}),
            "reference",
        ),
        (json!({"kind": "palm"}), "bedrock"),
    ] {
        let mut body = body;
        body["name"] = json!("x");
        if body.get("base_url").is_none() {
            body["base_url"] = json!("https://h.example");
        }
        let (status, answer) = add(&house, body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{answer}");
        let text = answer.to_string();
        assert!(text.contains(key) && !text.contains("the-key-itself"), "{key}: {text}");
    }
}
