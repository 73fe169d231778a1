//! OpenAI's responses that go on from one another, kept in our store.

use reqwest::Method;
use serde_json::{Value, json};
use simulator::{Price, Simulator};
use support::{Answer, Client, Database, ModelSpec, Rows, Server, Setup, provider};

async fn stage(database: Database) -> (Server, Simulator) {
    let simulator = provider(&[("gpt", Price::dollars_per_million(3, 15))]).await;
    let setup = Setup::new(database).await;
    setup
        .tree()
        .openai_provider("openai", &simulator, "cloud")
        .model(ModelSpec { id: "gpt", provider: "openai", price: Some(("3.00", "15.00")) })
        .agent("other", "100.00");
    (setup.start().await, simulator)
}

async fn ask(server: &Server, agent: &str, fields: Value) -> Answer {
    let mut body = json!({ "model": "gpt", "max_output_tokens": 64 });
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let url = format!("{}/v1/responses", server.gateway());
    Answer::read(Client::new().0.post(url).bearer_auth(server.key(agent)).json(&body)).await
}

async fn at(server: &Server, agent: &str, method: Method, id: &str) -> Answer {
    let url = format!("{}/v1/responses/{id}", server.gateway());
    Answer::read(Client::new().0.request(method, url).bearer_auth(server.key(agent))).await
}

fn id(answer: &Answer) -> String {
    answer.json()["id"].as_str().unwrap_or_default().to_owned()
}

/// What the provider was sent last.
fn last(simulator: &Simulator) -> Value {
    let seen = simulator.log().pop().unwrap_or_default();
    serde_json::from_str(&seen.body.unwrap_or_default()).unwrap_or_default()
}

async fn goes_on(database: Database) {
    let (server, simulator) = stage(database).await;
    let first = ask(&server, "default", json!({"input": "One.", "instructions": "Old."})).await;
    first.assert_answered("gpt");
    assert_eq!(first.json()["store"], true);
    let said = first.json()["output"][0]["content"][0]["text"].clone();

    let previous = json!({"input": "Two.", "instructions": "New.", "stream": true,
        "previous_response_id": id(&first)});
    let second = ask(&server, "default", previous).await;
    second.assert_answered("gpt");
    let told = second.events().pop().unwrap_or_default();
    assert_eq!(told["type"], "response.completed");
    assert_eq!(told["response"]["previous_response_id"], id(&first));
    let second = told["response"]["id"].as_str().unwrap().to_owned();

    let third = json!({"input": "Three.", "previous_response_id": second, "store": false});
    let third = ask(&server, "default", third).await;
    third.assert_answered("gpt");
    let sent = last(&simulator)["messages"].clone();
    let texts: Vec<_> = sent.as_array().unwrap().iter().map(|m| m["content"].clone()).collect();
    // Instructions are those of each request alone.
    assert_eq!((texts.len(), &texts[0], &texts[1]), (5, &json!("One."), &said));
    assert_eq!((&texts[2], &texts[4]), (&json!("Two."), &json!("Three.")));

    let kept = at(&server, "default", Method::GET, &second).await;
    assert_eq!(kept.json()["output"], told["response"]["output"]);
    assert_eq!(at(&server, "default", Method::GET, &id(&third)).await.status, 404, "not stored");
    // Another agent has no such response, however it asks.
    assert_eq!(at(&server, "other", Method::GET, &second).await.status, 404);
    assert_eq!(at(&server, "other", Method::DELETE, &second).await.status, 404);
    let stolen = ask(&server, "other", json!({"input": "x", "previous_response_id": second})).await;
    stolen.assert_refused(400, "invalid_request");
    assert_eq!(stolen.json()["error"]["param"], "previous_response_id");

    let deleted = at(&server, "default", Method::DELETE, &second).await;
    assert_eq!((deleted.status, &deleted.json()["deleted"]), (200, &json!(true)));
    let gone = ask(&server, "default", json!({"input": "x", "previous_response_id": second})).await;
    gone.assert_refused(400, "invalid_request");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_response_goes_on_from_another_on_sqlite() {
    goes_on(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_response_goes_on_from_another_on_postgres() {
    goes_on(Database::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_label_of_what_was_said_does_not_sink() {
    let (server, _simulator) = stage(Database::Sqlite).await;
    let first = ask(&server, "default", json!({"input": "Write to bob@example.com."})).await;
    first.assert_answered("gpt");
    assert_eq!(first.header("x-orchestack-label"), "sensitive");
    // Even where nothing of it can be found any more.
    let rows = Rows::of(&server).await;
    let items = r#"update responses set items = '[{"role":"user","content":"Hello."}]'"#;
    assert_eq!(rows.execute(items).await, 1);
    let next = json!({"input": "And?", "previous_response_id": id(&first)});
    let next = ask(&server, "default", next).await;
    next.assert_answered("gpt");
    assert_eq!(next.header("x-orchestack-label"), "sensitive");
    // What is over is not found.
    rows.execute("update responses set expires_at = 1").await;
    let over =
        ask(&server, "default", json!({"input": "x", "previous_response_id": id(&next)})).await;
    over.assert_refused(400, "invalid_request");
}
