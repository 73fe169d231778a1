//! The exact arguments of a call that people are asked about: who may look, and what that leaves behind.

use axum::http::StatusCode;
use serde_json::json;
use store::approvals::{Arguments, Kind, Masked, NewApproval};

use crate::{
    house::{House, call_as},
    people::{put, question, waiting},
};

#[tokio::test]
async fn the_arguments_of_a_call_are_shown_to_those_alone_who_decide_and_each_look_is_on_record() {
    let house = House::build().await;
    let bob = house.person("bob", &["infra-admin"]).await;
    let eve = house.person("eve", &["auditor"]).await;
    let (sealed, plain) = (with_arguments(&house).await, waiting(&house).await[0].clone());
    let look = async |token: &str, id: &str| {
        let path = format!("/api/v1/approvals/{id}/arguments");
        call_as(&house, token, ("GET", &path), None).await
    };
    let (status, shown) = look(&bob, &sealed).await;
    assert_eq!((status, &shown["kept"]), (StatusCode::OK, &json!(true)), "{shown}");
    assert_eq!(shown["arguments"], json!({ "to": "mallory@evil.example" }));
    assert_eq!(shown["masked"], json!([{ "path": "/body", "kind": "us_ssn" }]));
    let (_, none) = look(&bob, &plain).await;
    assert_eq!((&none["kept"], none["why"].is_string()), (&json!(false), true), "{none}");
    // Who may look at everything and decide nothing sees the question, and not its arguments.
    let show = format!("/api/v1/approvals/{sealed}");
    let (status, question) = call_as(&house, &eve, ("GET", &show), None).await;
    assert_eq!(status, StatusCode::OK);
    assert!(!question.to_string().contains("mallory"), "{question}");
    assert_eq!(look(&eve, &sealed).await.0, StatusCode::FORBIDDEN);
    let records = house.records(None).await;
    let looks = records.iter().filter(|record| record.detail.value()["approval"] == json!(sealed));
    let looks: Vec<(&str, &str)> = looks
        .filter(|record| record.detail.value()["kept"] == json!(true))
        .map(|record| (record.actor.id.as_str(), record.outcome.as_str()))
        .collect();
    assert_eq!(looks, [("bob", "ok")]);
}

/// A question about a call of a tool whose arguments were kept.
async fn with_arguments(house: &House) -> String {
    let masked = Masked { place: "/body".to_owned(), kind: "us_ssn".to_owned() };
    let arguments = json!({ "to": "mallory@evil.example" });
    let arguments = Arguments { arguments, masked: vec![masked] };
    let new = question(house, Kind::ToolCall, "default", "mail");
    let arguments = arguments.seal(&house.control.sealing, (new.id, &new.subject)).unwrap();
    put(house, &NewApproval { arguments, ..new }).await
}
