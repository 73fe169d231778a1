//! What a server is told that we are, and who else is not.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::http::Method;
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use mcp::{Credential, Error, OAuth, Proof};
use serde_json::json;
use types::Secret;

use crate::house::{House, Reply, Sent, call, eventually, text};

fn oauth(token_url: Option<String>) -> Credential {
    Credential::OAuth(OAuth {
        token_url,
        client_id: "the gateway".to_owned(),
        proof: Proof::Secret(Secret::new("hunter2:%")),
        audience: None,
        scopes: vec!["read".to_owned(), "write".to_owned()],
        resource: None,
    })
}

fn bearer(sent: &Sent) -> Option<String> {
    sent.header("authorization").strip_prefix("Bearer ").map(str::to_owned)
}

fn json_reply(value: &serde_json::Value) -> Reply {
    Reply::Status(200, vec![("content-type", "application/json".to_owned())], value.to_string())
}

fn wants_a_token(metadata: Option<String>) -> Reply {
    let place = metadata.map(|url| format!(", resource_metadata=\"{url}\"")).unwrap_or_default();
    let challenge = format!("Bearer error=\"invalid_token\"{place}");
    Reply::Status(401, vec![("www-authenticate", challenge)], String::new())
}

/// Gives `token-1`, `token-2`, ... each for an hour.
async fn authority() -> House {
    let given = AtomicUsize::new(0);
    House::start(move |_| {
        let number = given.fetch_add(1, Ordering::SeqCst) + 1;
        let token = format!("token-{number}");
        Some(json_reply(
            &json!({"access_token": token, "token_type": "Bearer", "expires_in": 3600}),
        ))
    })
    .await
}

#[tokio::test]
async fn a_token_of_the_tree_is_sent_with_each_request() {
    let house = House::start(|_| None).await;
    let token = Credential::Bearer(Secret::new("tree-token"));
    let connection = mcp::connect(&house.spec_with(Some(token)), Arc::new(())).await.unwrap();
    call(&connection, "ping").await.unwrap();
    let sent = house.sent();
    assert!(sent.len() >= 3);
    assert!(sent.iter().all(|sent| bearer(sent).as_deref() == Some("tree-token")));
}

#[tokio::test]
async fn a_token_that_the_server_does_not_take_is_an_error_that_names_the_key() {
    let house = House::start(|_| Some(wants_a_token(None))).await;
    let token = Credential::Bearer(Secret::new("tree-token"));
    let error = mcp::connect(&house.spec_with(Some(token)), Arc::new(())).await.unwrap_err();
    assert!(matches!(error, Error::Unauthorized { .. }), "{error:?}");
    assert!(error.to_string().contains("`credential`"));
    assert!(!format!("{error} {error:?}").contains("tree-token"));
}

#[tokio::test]
async fn tokens_are_asked_for_once_and_held() {
    let authority = authority().await;
    let house = House::start(|_| None).await;
    let spec = house.spec_with(Some(oauth(Some(authority.url()))));
    let connection = mcp::connect(&spec, Arc::new(())).await.unwrap();
    for _ in 0..3 {
        assert_eq!(call(&connection, "ping").await.unwrap(), text("pong"));
    }
    let asked = authority.sent();
    assert_eq!(asked.len(), 1);
    let pair = BASE64.encode("the+gateway:hunter2%3A%25");
    assert_eq!(asked[0].headers["authorization"], format!("Basic {pair}"));
    assert!(house.sent().iter().all(|sent| bearer(sent).as_deref() == Some("token-1")));
}

#[tokio::test]
async fn a_token_that_is_refused_is_renewed_once() {
    let authority = authority().await;
    let house = House::start(|sent| match bearer(sent).as_deref() {
        Some("token-1") if sent.is("tools/call") => Some(wants_a_token(None)),
        _ => None,
    })
    .await;
    let spec = house.spec_with(Some(oauth(Some(authority.url()))));
    let connection = mcp::connect(&spec, Arc::new(())).await.unwrap();
    let (one, other) = tokio::join!(call(&connection, "ping"), call(&connection, "ping"));
    assert_eq!((one.unwrap(), other.unwrap()), (text("pong"), text("pong")));
    assert_eq!(authority.sent().len(), 2, "both calls used the same new token");

    let never = House::start(|_| Some(wants_a_token(None))).await;
    let spec = never.spec_with(Some(oauth(Some(authority.url()))));
    let error = mcp::connect(&spec, Arc::new(())).await.unwrap_err();
    assert!(matches!(error, Error::Unauthorized { .. }), "{error:?}");
    assert!(never.sent().len() <= 4, "{} requests", never.sent().len());
}

#[tokio::test]
async fn a_refusal_that_says_nothing_is_renewed_once_too() {
    let says_nothing = || Some(Reply::Status(401, Vec::new(), "expired".to_owned()));
    let authority = authority().await;
    let house = House::start(move |sent| match bearer(sent).as_deref() {
        Some("token-1") if sent.is("tools/call") => says_nothing(),
        _ => None,
    })
    .await;
    let spec = house.spec_with(Some(oauth(Some(authority.url()))));
    let connection = mcp::connect(&spec, Arc::new(())).await.unwrap();
    assert_eq!(call(&connection, "ping").await.unwrap(), text("pong"));
    assert_eq!(authority.sent().len(), 2);

    let never = House::start(move |_| says_nothing()).await;
    let spec = never.spec_with(Some(oauth(Some(authority.url()))));
    let error = mcp::connect(&spec, Arc::new(())).await.unwrap_err();
    assert!(matches!(error, Error::Unauthorized { .. }), "{error:?}");
    assert!(never.sent().len() <= 4, "{} requests", never.sent().len());
}

#[tokio::test]
async fn a_refusal_of_a_stream_that_says_nothing_is_renewed_too() {
    let authority = authority().await;
    let house = House::start(|sent| {
        let is_stale = sent.method == Method::GET && bearer(sent).as_deref() == Some("token-1");
        is_stale.then(|| Reply::Status(401, Vec::new(), "expired".to_owned()))
    })
    .await;
    let spec = house.spec_with(Some(oauth(Some(authority.url()))));
    let _connection = mcp::connect(&spec, Arc::new(())).await.unwrap();
    let asked_anew = || {
        let sent = house.sent();
        let mut streams = sent.iter().filter(|sent| sent.method == Method::GET);
        streams.any(|sent| bearer(sent).as_deref() == Some("token-2"))
    };
    eventually("the stream is asked for with a new token", asked_anew).await;
}

/// A server whose metadata names `issuer`, and what is at its own well-known places.
async fn with_metadata(issuer: Option<String>, resource: Option<String>) -> House {
    House::start(move |sent| {
        let own = format!("http://{}", sent.header("host"));
        let issuer = issuer.clone().unwrap_or_else(|| own.clone());
        let resource = resource.clone().unwrap_or_else(|| format!("{own}/mcp"));
        match sent.path.as_str() {
            "/.well-known/oauth-protected-resource/mcp" => Some(json_reply(&json!({
                "resource": resource, "authorization_servers": [issuer],
            }))),
            "/.well-known/oauth-authorization-server" => Some(json_reply(&json!({
                "issuer": own, "token_endpoint": format!("{own}/token"),
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
            }))),
            "/token" => Some(json_reply(&json!({"access_token": "found", "token_type": "bearer"}))),
            _ if bearer(sent).is_none() => Some(wants_a_token(None)),
            _ => None,
        }
    })
    .await
}

#[tokio::test]
async fn a_servers_metadata_says_where_its_tokens_are() {
    let house = with_metadata(None, None).await;
    let spec = house.spec_with(Some(oauth(None)));
    let connection = mcp::connect(&spec, Arc::new(())).await.unwrap();
    assert_eq!(call(&connection, "ping").await.unwrap(), text("pong"));
}

#[tokio::test]
async fn our_secret_is_not_sent_where_only_the_server_says() {
    let prize = authority().await;
    let port = prize.address.port();
    let house = with_metadata(Some(format!("http://localhost:{port}")), None).await;
    let error = mcp::connect(&house.spec_with(Some(oauth(None))), Arc::new(())).await.unwrap_err();
    assert!(matches!(error, Error::Unauthorized { .. }), "{error:?}");
    assert!(prize.sent().is_empty());
}

#[tokio::test]
async fn metadata_of_another_resource_is_not_taken() {
    let house = with_metadata(None, Some("https://other.example/mcp".to_owned())).await;
    let error = mcp::connect(&house.spec_with(Some(oauth(None))), Arc::new(())).await.unwrap_err();
    assert!(matches!(error, Error::Unauthorized { .. }), "{error:?}");
    assert!(house.sent().iter().all(|sent| sent.path != "/token"));
}

#[test]
fn credentials_do_not_print() {
    let printed = format!("{:?} {:?}", oauth(None), Credential::Bearer(Secret::new("hunter2")));
    assert!(!printed.contains("hunter2"), "{printed}");
}
