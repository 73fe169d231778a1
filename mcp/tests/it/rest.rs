//! REST services as servers.

use std::sync::Arc;

use mcp::{Call, CallResult, Connection, Credential, Error, Spec, Transport};
use serde_json::{Value, json};
use types::Secret;

use crate::house::{House, Reply, Sent, spec};

const DOCUMENT: &str = r#"
openapi: 3.1.0
info: {title: Notes, version: "1"}
paths:
  /notes/{id}:
    get:
      operationId: getNote
      parameters:
        - {name: id, in: path, required: true, schema: {type: string}}
        - {name: lang, in: query, schema: {type: string}}
      responses:
        "200":
          description: The note.
          content:
            application/json:
              schema: {type: object, properties: {text: {type: string}}}
    put:
      operationId: putNote
      parameters:
        - {name: id, in: path, required: true, schema: {type: string}}
      requestBody:
        required: true
        content: {application/json: {schema: {type: object}}}
      responses: {"200": {description: Done.}}
"#;

fn rest(house: &House, credential: Option<Credential>) -> Spec {
    let base = format!("http://{}/v1", house.address);
    spec(Transport::OpenApi { document: DOCUMENT.to_owned(), base, private: true, credential })
}

async fn service(
    script: impl Fn(&Sent) -> Option<Reply> + Send + Sync + 'static,
) -> (House, Connection) {
    let house = House::start(script).await;
    let connection = mcp::connect(&rest(&house, None), Arc::new(())).await.unwrap();
    (house, connection)
}

async fn call(connection: &Connection, name: &str, arguments: Value) -> Result<CallResult, Error> {
    let arguments = arguments.as_object().cloned().unwrap();
    connection.call(Call::new(name, arguments, Arc::new(()))).await
}

fn reply(status: u16, kind: &str, body: &str) -> Option<Reply> {
    Some(Reply::Status(status, vec![("content-type", kind.to_owned())], body.to_owned()))
}

#[tokio::test]
async fn operations_are_tools_and_json_is_a_structured_result() {
    let body = r#"{"text":"milk"}"#;
    let (house, connection) =
        service(|_| reply(200, "application/json; charset=utf-8", body)).await;
    let tools = connection.tools().await.unwrap();
    assert_eq!(tools.iter().map(|tool| &tool["name"]).collect::<Vec<_>>(), ["getNote", "putNote"]);
    let result = call(&connection, "getNote", json!({"id": "a/b", "lang": "en"})).await.unwrap();
    assert_eq!(result.content, [json!({"type": "text", "text": body})]);
    assert_eq!(result.structured_content, Some(json!({"text": "milk"})));
    call(&connection, "putNote", json!({"id": "1", "body": {"text": "tea"}})).await.unwrap();
    let sent = house.sent();
    assert_eq!((sent[0].method.as_str(), sent[0].path.as_str()), ("GET", "/v1/notes/a%2Fb"));
    assert_eq!((sent[1].method.as_str(), &sent[1].body), ("PUT", &json!({"text": "tea"})));
    assert_eq!(connection.server().await.unwrap().protocol, "openapi");
    assert!(connection.prompts().await.unwrap().is_empty());
}

#[tokio::test]
async fn an_answer_that_is_no_success_is_a_result_that_says_so() {
    for status in [302, 404, 500] {
        let long = "no ".repeat(100_000);
        let (_house, connection) = service(move |_| reply(status, "text/plain", &long)).await;
        let result = call(&connection, "getNote", json!({"id": "1"})).await.unwrap();
        assert!(result.is_error);
        assert_eq!(result.content[0]["text"], format!("status {status}"));
        assert_eq!(result.content[1]["text"].as_str().unwrap().len(), 8 << 10);
    }
}

#[tokio::test]
async fn arguments_that_are_no_request_are_refused_here() {
    let (house, connection) = service(|_| None).await;
    for arguments in [json!({}), json!({"id": ".."}), json!({"id": "1", "other": 2})] {
        let error = call(&connection, "getNote", arguments.clone()).await.unwrap_err();
        assert!(matches!(error, Error::Refused { .. }), "{arguments}: {error:?}");
    }
    let error = call(&connection, "noSuchTool", json!({})).await.unwrap_err();
    assert!(matches!(error, Error::Refused { .. }), "{error:?}");
    assert!(house.sent().is_empty());
}

#[tokio::test]
async fn an_answer_has_a_length_and_a_kind() {
    let (_house, connection) = service(|sent| match sent.path.as_str() {
        "/v1/notes/long" => reply(200, "text/plain", &"a".repeat(70_000)),
        "/v1/notes/broken" => reply(200, "application/json", "{"),
        _ => reply(200, "text/plain", "plain"),
    })
    .await;
    let long = call(&connection, "getNote", json!({"id": "long"})).await.unwrap_err();
    assert!(matches!(long, Error::TooLarge { .. }), "{long:?}");
    let broken = call(&connection, "getNote", json!({"id": "broken"})).await.unwrap_err();
    assert!(matches!(broken, Error::Protocol { .. }), "{broken:?}");
    let plain = call(&connection, "getNote", json!({"id": "1"})).await.unwrap();
    assert_eq!(plain.content[0]["text"], "plain");
}

#[tokio::test]
async fn a_service_gets_its_credential() {
    let house = House::start(|_| reply(200, "text/plain", "ok")).await;
    let token = Credential::Bearer(Secret::new("rest-token"));
    let connection = mcp::connect(&rest(&house, Some(token)), Arc::new(())).await.unwrap();
    call(&connection, "getNote", json!({"id": "1"})).await.unwrap();
    assert_eq!(house.sent()[0].header("authorization"), "Bearer rest-token");
}

#[tokio::test]
async fn a_document_of_something_else_is_unusable() {
    let transport = Transport::OpenApi {
        document: "{}".to_owned(),
        base: "https://api.example.com".to_owned(),
        private: false,
        credential: None,
    };
    let error = mcp::connect(&spec(transport), Arc::new(())).await.unwrap_err();
    assert!(matches!(error, Error::Unusable { .. }), "{error:?}");
}
