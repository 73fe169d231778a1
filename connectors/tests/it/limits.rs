//! Bounds on everything that a stranger can do.

use serde_json::{Value, json};

use crate::support::{SOON, Site, Socket, bearer, client};

#[tokio::test]
async fn who_writes_too_fast_is_told_when_to_go_on() {
    let site = Site::with(|settings| settings.messages_per_minute = 3).await;
    let token = site.token().await;
    let mut socket = site.socket(json!({ "token": token })).await;
    for n in 1..=3 {
        socket.message(&format!("m{n}"), "text").await;
        socket.next_of("ack").await;
    }
    socket.message("m4", "text").await;
    let refused = socket.next_of("error").await;
    assert_eq!((&refused["code"], &refused["about"]), (&json!("rate_limited"), &json!("m4")));
    assert!(refused["retry_after_ms"].as_u64().unwrap() > 0, "{refused}");
    // Another conversation has a pace of its own.
    let other = site.token().await;
    let mut socket = site.socket(json!({ "token": other })).await;
    socket.message("m1", "text").await;
    socket.next_of("ack").await;
}

#[tokio::test]
async fn an_address_has_a_pace_over_all_its_conversations() {
    let site = Site::with(|settings| settings.messages_per_minute_per_address = 5).await;
    let begin = async || site.post("/api/conversation", &[], &json!({ "bearer": true })).await;
    for _ in 0..5 {
        assert_eq!(begin().await.status(), 200);
    }
    let refused = begin().await;
    assert_eq!(refused.status(), 429);
    assert!(refused.headers().contains_key("retry-after"));
    let body: Value = refused.json().await.unwrap();
    assert_eq!(body["error"]["code"], "rate_limited");
    // Behind a proxy it is the address that the proxy heard, whatever the client claims.
    let site = Site::with(|settings| {
        settings.messages_per_minute_per_address = 1;
        settings.behind_proxy = true;
    })
    .await;
    let from = async |forwarded: &str| {
        let headers = [("x-forwarded-for", forwarded)];
        site.post("/api/conversation", &headers, &json!({})).await.status().as_u16()
    };
    assert_eq!(from("192.0.2.1").await, 200);
    assert_eq!(from("192.0.2.1").await, 429);
    assert_eq!(from("203.0.113.9, 192.0.2.1").await, 429);
    assert_eq!(from("192.0.2.1, 192.0.2.2").await, 200);
}

#[tokio::test]
async fn guesses_of_tokens_are_few() {
    let site = Site::with(|settings| settings.messages_per_minute_per_address = 30).await;
    let guess = async || {
        site.post("/api/sign-in", &[], &json!({ "token": "ora_guess" })).await.status().as_u16()
    };
    for _ in 0..3 {
        assert_eq!(guess().await, 401);
    }
    assert_eq!(guess().await, 429);
}

/// The status and the code of an upload of so many bytes.
async fn upload(site: &Site, token: &str, bytes: usize) -> (u16, Value) {
    let request = client().post(site.url("/api/attachments?name=a.txt"));
    let sent = request.header("authorization", bearer(token)).body(vec![b'a'; bytes]).send().await;
    let answer = sent.unwrap();
    let status = answer.status().as_u16();
    let body: Value = answer.json().await.unwrap();
    (status, body["error"]["code"].clone())
}

#[tokio::test]
async fn an_address_uploads_so_many_bytes_an_hour() {
    let site = Site::with(|settings| settings.attachment_bytes_per_hour_per_address = 3000).await;
    let token = site.token().await;
    assert_eq!(upload(&site, &token, 2000).await, (201, Value::Null));
    let other = site.token().await;
    assert_eq!(upload(&site, &other, 2000).await, (429, json!("rate_limited")));
}

#[tokio::test]
async fn what_no_message_names_is_kept_up_to_a_ceiling() {
    let site = Site::with(|settings| settings.max_unsent_attachment_bytes = 3000).await;
    let token = site.token().await;
    assert_eq!(upload(&site, &token, 2000).await, (201, Value::Null));
    assert_eq!(upload(&site, &token, 2000).await, (503, json!("overloaded")));
    assert_eq!(site.store.unnamed_objects().await.unwrap().bytes, 2000);
}

#[tokio::test]
async fn there_are_as_many_connections_as_there_may_be() {
    let site = Site::with(|settings| settings.max_sockets = 2).await;
    let token = site.token().await;
    let first = site.socket(json!({ "token": token })).await;
    let _second = site.socket(json!({ "token": token })).await;
    assert_eq!(Socket::open(site.address, &[]).await.map(drop), Err(503));
    drop(first);
    // The server sees that it is gone a moment later.
    let comes_back = async {
        while Socket::open(site.address, &[]).await.is_err() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(SOON, comes_back).await.expect("the place comes back");
}
