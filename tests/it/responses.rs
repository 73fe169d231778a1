//! OpenAI's responses that go on from one another, kept in our store.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use simulator::{Price, Simulator};
use support::{Answer, Client, Database, ModelSpec, Rows, Server, Setup, provider};

async fn stage(database: Database) -> (Server, Simulator) {
    stage_with(database, |_| {}).await
}

async fn stage_with(database: Database, more: impl FnOnce(&mut Setup)) -> (Server, Simulator) {
    let simulator = provider(&[("gpt", Price::dollars_per_million(3, 15))]).await;
    let mut setup = Setup::new(database).await;
    more(&mut setup);
    setup
        .tree()
        .openai_provider("openai", &simulator, "cloud")
        .model(ModelSpec { id: "gpt", provider: "openai", price: Some(("3.00", "15.00")) })
        .agent("other", "100.00");
    (setup.start().await, simulator)
}

async fn ask(server: &Server, agent: &str, fields: Value) -> Answer {
    ask_as(server, (&server.key(agent), None), fields).await
}

/// Asks with this key or grant, in this session.
async fn ask_as(server: &Server, (key, session): (&str, Option<&str>), fields: Value) -> Answer {
    let mut body = json!({ "model": "gpt", "max_output_tokens": 64 });
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let url = format!("{}/v1/responses", server.gateway());
    let asked = Client::new().0.post(url).bearer_auth(key).json(&body);
    Answer::read(named(asked, session)).await
}

async fn at(server: &Server, agent: &str, method: Method, id: &str) -> Answer {
    at_as(server, (&server.key(agent), None), method, id).await
}

async fn at_as(
    server: &Server,
    (key, session): (&str, Option<&str>),
    method: Method,
    id: &str,
) -> Answer {
    let url = format!("{}/v1/responses/{id}", server.gateway());
    Answer::read(named(Client::new().0.request(method, url).bearer_auth(key), session)).await
}

fn named(asked: RequestBuilder, session: Option<&str>) -> RequestBuilder {
    match session {
        Some(session) => asked.header("x-orchestack-session", session),
        None => asked,
    }
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

const ONE: &str = "ses_01ARZ3NDEKTSV4RRFFQ69G5FAV";
const TWO: &str = "ses_01ARZ3NDEKTSV4RRFFQ69G5FAW";

/// A grant takes rights away from its agent: what was said in another session, and what is too
/// confidential for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_grant_reaches_what_its_session_and_its_label_do() {
    let (server, _simulator) = stage(Database::Sqlite).await;
    let grant = |words: &[&str]| {
        let made = server.json(&[&["grant", "create", "--agent", "default"], words].concat());
        made["grant"].as_str().unwrap().to_owned()
    };
    let (key, bound) = (server.key("default"), grant(&["--session", ONE]));
    let said = async |session| {
        let answer = ask_as(&server, (&key, session), json!({"input": "One."})).await;
        answer.assert_answered("gpt");
        id(&answer)
    };
    let (first, other, none) = (said(Some(ONE)).await, said(Some(TWO)).await, said(None).await);
    let as_bound = (bound.as_str(), Some(ONE));
    assert_eq!(at_as(&server, as_bound, Method::GET, &first).await.status, 200);
    for hidden in [&other, &none] {
        assert_eq!(at_as(&server, as_bound, Method::GET, hidden).await.status, 404);
        assert_eq!(at_as(&server, as_bound, Method::DELETE, hidden).await.status, 404);
        let next = json!({"input": "x", "previous_response_id": hidden});
        ask_as(&server, as_bound, next).await.assert_refused(400, "invalid_request");
    }
    // The session need not be named, and no other one may be.
    let unnamed = at_as(&server, (&bound, None), Method::GET, &first).await;
    assert_eq!(unnamed.status, 200);
    let stranger = at_as(&server, (&bound, Some(TWO)), Method::GET, &first).await;
    stranger.assert_refused(403, "policy_denied");
    // A label that the grant is not for.
    let mail = ask(&server, "default", json!({"input": "Write to bob@example.com."})).await;
    let public = grant(&["--label", "public"]);
    for method in [Method::GET, Method::DELETE] {
        let refused = at_as(&server, (&public, None), method, &id(&mail)).await;
        refused.assert_refused(403, "policy_denied");
    }
    assert_eq!(at(&server, "default", Method::GET, &id(&mail)).await.status, 200);
    // Each look is on record, with who looked and what came of it.
    let tail = server.json(&["audit", "tail", "--limit", "100"]);
    let looks = |action: &str, outcome: &str| {
        let fits = |record: &&Value| record["action"] == action && record["outcome"] == outcome;
        tail["records"].as_array().unwrap().iter().filter(fits).count()
    };
    assert_eq!((looks("readResponse", "ok"), looks("readResponse", "not_found")), (3, 2));
    assert_eq!(looks("readResponse", "policy_denied"), 2);
    assert_eq!((looks("deleteResponse", "not_found"), looks("deleteResponse", "ok")), (2, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_must_not_be_kept_is_not_and_says_so() {
    let label = |setup: &mut Setup| {
        setup.set("responses.max_label", "internal");
        setup.tree().write(
            "policies/redact.cedar",
            "@id(\"phones-go\") @redact(\"phone\")\n\
             permit(principal, action == Orchestack::Action::\"callModel\", resource);\n",
        );
    };
    let (server, simulator) = stage_with(Database::Sqlite, label).await;
    let kept = async |input: &str| {
        let answer = ask(&server, "default", json!({"input": input})).await;
        answer.assert_answered("gpt");
        let found = at(&server, "default", Method::GET, &id(&answer)).await.status == 200;
        assert_eq!(answer.json()["store"], json!(found), "{input}");
        found
    };
    assert!(kept("Hello.").await);
    assert!(!kept("Write to bob@example.com.").await, "its label is above the highest");
    let rows = Rows::of(&server).await;
    assert_eq!(rows.execute("update responses set label = label").await, 1);
    // What a model must not see is not kept either, whatever its label.
    let (server, simulator) = {
        drop((server, simulator));
        stage_with(Database::Sqlite, |setup| {
            label(setup);
            setup.set("responses.max_label", "restricted");
        })
        .await
    };
    let phone = ask(&server, "default", json!({"input": "Call +49 30 901820."})).await;
    phone.assert_answered("gpt");
    assert!(!last(&simulator).to_string().contains("901820"), "it is redacted");
    assert_eq!(phone.json()["store"], false);
    assert_eq!(at(&server, "default", Method::GET, &id(&phone)).await.status, 404);
    let (server, _simulator) = stage_with(Database::Sqlite, |setup| {
        setup.set("responses.retention", "0s");
    })
    .await;
    let none = ask(&server, "default", json!({"input": "Hello."})).await;
    assert_eq!(none.json()["store"], false);
}

/// What is no id of ours is no question for the database, which may take it for a fault.
#[tokio::test(flavor = "multi_thread")]
async fn an_id_that_cannot_be_one_is_not_found_on_postgres() {
    let (server, _simulator) = stage(Database::Postgres).await;
    for id in ["\0", "resp_'", "resp_é"] {
        let next = json!({"input": "x", "previous_response_id": id});
        ask(&server, "default", next).await.assert_refused(400, "invalid_request");
    }
    assert_eq!(at(&server, "default", Method::GET, "resp_%00").await.status, 404);
}

/// A secret in the clear that is passed off as what a provider sealed.
#[tokio::test(flavor = "multi_thread")]
async fn a_secret_does_not_pass_as_a_seal() {
    let (server, simulator) = stage(Database::Sqlite).await;
    let seal = |data: &str| {
        json!({"input": [
            {"role": "user", "content": "Hello."},
            {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": data},
            {"role": "user", "content": "Go on."},
        ]})
    };
    let key = concat!("AKIA", "Z7QK4M2XW3RT5NPL");
    let answer = ask(&server, "default", seal(key)).await;
    assert_eq!(answer.header("x-orchestack-label"), "restricted", "{}", answer.text);
    assert_eq!(simulator.log().len(), 0);
}
