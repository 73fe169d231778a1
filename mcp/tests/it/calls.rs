//! What a server that keeps to the protocol is asked, and what comes back of it.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use futures::channel::mpsc::unbounded;
use mcp::{Asks, Call, Caller, Error, ErrorData};
use serde_json::{Map, Value, json};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::house::{HELD, Heard, House, Reply, Sent, call, call_for, eventually, text};

#[tokio::test]
async fn tools_are_listed_and_called() {
    let house = House::start(|_| None).await;
    let connection = house.connect().await;
    let server = connection.server().await.unwrap();
    assert_eq!((server.name.as_deref(), server.version.as_deref()), (Some("house"), Some("1.2.3")));
    let tools = connection.tools().await.unwrap();
    assert_eq!(tools[0]["name"], "ping");
    assert_eq!(call(&connection, "ping").await.unwrap(), text("pong"));
    let sent = &house.asked("tools/call")[0];
    assert_eq!(sent.headers["mcp-session-id"], "session-0");
    assert_eq!(sent.headers["mcp-protocol-version"], "2025-11-25");
}

#[tokio::test]
async fn nothing_is_called_before_the_server_has_somewhere_to_ask() {
    let house = House::start(|sent| {
        let opens = sent.method == axum::http::Method::GET;
        opens.then_some(Reply::Later(Duration::from_millis(300), 405))
    })
    .await;
    house.connect().await;
    assert_eq!(house.late(), 1);
}

#[tokio::test]
async fn earlier_versions_of_the_protocol_are_spoken() {
    for version in ["2025-11-25", "2025-06-18", "2025-03-26"] {
        let house = House::start(move |sent| {
            (sent.is("initialize")).then(|| {
                Reply::Result(json!({
                    "protocolVersion": version,
                    "capabilities": {"tools": {}},
                    "serverInfo": {"name": "old", "version": "1"},
                }))
            })
        })
        .await;
        let connection = house.connect().await;
        assert_eq!(connection.server().await.unwrap().protocol, version);
        assert_eq!(call(&connection, "ping").await.unwrap(), text("pong"));
    }
}

#[tokio::test]
async fn nothing_of_a_result_is_lost_on_the_way() {
    let result = json!({
        "content": [
            {"type": "text", "text": "a", "annotations": {"audience": ["user"]}, "_meta": {"a": 1}},
            {"type": "image", "data": "AA==", "mimeType": "image/png"},
            {"type": "audio", "data": "AA==", "mimeType": "audio/wav"},
            {"type": "resource_link", "uri": "file:///a", "name": "a"},
            {"type": "resource", "resource": {"uri": "file:///b", "text": "b"}},
        ],
        "structuredContent": {"deep": [1, {"null": null}]},
        "isError": true,
        "_meta": {"x/y": "z"},
    });
    let unknown = json!({"content": [{"type": "hologram", "of": [1, 2]}], "_meta": {"a": 1}});
    for result in [result, unknown] {
        let answer = result.clone();
        let house = House::start(move |sent| {
            (sent.is("tools/call")).then(|| Reply::Result(answer.clone()))
        })
        .await;
        assert_eq!(call(&house.connect().await, "any").await.unwrap(), result);
    }
}

#[tokio::test]
async fn pages_of_a_list_are_joined_and_a_circle_is_left() {
    let house = House::start(|sent| {
        let page = |tool: &str, next: Option<&str>| {
            let tool = json!({"name": tool, "inputSchema": {"type": "object"}});
            Some(Reply::Result(json!({"tools": [tool], "nextCursor": next})))
        };
        match (sent.at("/method").as_str(), sent.at("/params/cursor").as_str()) {
            (Some("tools/list"), None) => page("a", Some("1")),
            (Some("tools/list"), Some("1")) => page("b", None),
            (Some("prompts/list"), _) => {
                Some(Reply::Result(json!({"prompts": [], "nextCursor": "again"})))
            }
            _ => None,
        }
    })
    .await;
    let connection = house.connect().await;
    let names: Vec<Value> =
        connection.tools().await.unwrap().into_iter().map(|tool| tool["name"].clone()).collect();
    assert_eq!(names, ["a", "b"]);
    let circle = connection.prompts().await.unwrap_err();
    assert!(circle.to_string().contains("round in circles"), "{circle}");
}

#[tokio::test]
async fn an_error_keeps_the_servers_words_out_of_its_text() {
    let house = House::start(|sent| {
        (sent.is("tools/call")).then(|| {
            let error = json!({"code": -32602, "message": "hunter2", "data": {"a": "hunter2"}});
            Reply::Json(json!({"jsonrpc": "2.0", "id": sent.at("/id"), "error": error}))
        })
    })
    .await;
    let error = call(&house.connect().await, "any").await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
    let Error::Refused { refused, .. } = error else { panic!("{error:?}") };
    assert_eq!((refused.code, refused.message.as_str()), (-32602, "hunter2"));
}

/// A call that says twice how far it is, each time just before its time is over.
fn slow(sent: &Sent) -> Option<Reply> {
    (sent.is("tools/call")).then(|| {
        let (send, messages) = unbounded();
        let token = sent.at("/params/_meta/progressToken").clone();
        tokio::spawn(async move {
            for done in 1..=2 {
                tokio::time::sleep(Duration::from_millis(300)).await;
                let params =
                    json!({"progressToken": token, "progress": done, "message": "on the way"});
                let said =
                    json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": params});
                let _ = send.unbounded_send(said);
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
            let answer = json!({"jsonrpc": "2.0", "id": HELD, "result": text("done")});
            let _ = send.unbounded_send(answer);
        });
        Reply::Stream(messages)
    })
}

#[tokio::test]
async fn progress_is_told_in_order_and_gives_a_call_more_time_up_to_its_most() {
    let house = House::start(slow).await;
    let mut spec = house.spec();
    spec.limits.timeout = Duration::from_millis(450);
    let connection = mcp::connect(&spec, Arc::new(())).await.unwrap();
    let heard = Arc::new(Heard::default());
    assert_eq!(call_for(&connection, "slow", heard.clone()).await.unwrap(), text("done"));
    assert_eq!(heard.lines(), ["progress 1 on the way", "progress 2 on the way"]);

    spec.limits.total_max = Duration::from_millis(500);
    let connection = mcp::connect(&spec, Arc::new(())).await.unwrap();
    let error = call(&connection, "slow").await.unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
}

#[tokio::test]
async fn a_call_with_a_withdrawal_is_withdrawn_by_that_alone() {
    let house = House::start(|sent| (sent.is("tools/call")).then_some(Reply::Never)).await;
    let connection = house.connect().await;
    let call = |withdrawal: &CancellationToken| Call {
        key: Some("the key".to_owned()),
        withdrawal: Some(withdrawal.clone()),
        ..Call::new("never", Map::new(), Arc::new(()))
    };
    let withdrawn = || house.asked("notifications/cancelled");
    // Dropped, it goes on.
    let withdrawal = CancellationToken::new();
    let dropped =
        tokio::time::timeout(Duration::from_millis(300), connection.call(call(&withdrawal)));
    assert!(dropped.await.is_err());
    assert_eq!(house.asked("tools/call").len(), 1);
    // Withdrawn, the server hears which one it was before we do.
    let held = connection.call(call(&withdrawal));
    let told = async {
        eventually("the call is there", || house.asked("tools/call").len() == 2).await;
        withdrawal.cancel();
    };
    let (held, ()) = tokio::join!(held, told);
    assert!(matches!(held, Err(Error::Withdrawn { sent: true, .. })), "{held:?}");
    eventually("the call was withdrawn", || withdrawn().len() == 1).await;
    let (word, asked) = (&withdrawn()[0].body["params"], &house.asked("tools/call")[1].body);
    assert_eq!(
        (&word["requestId"], &word["_meta"]["orchestack/key"]),
        (&asked["id"], &json!("the key"))
    );
    // Withdrawn before it is sent, it never is.
    let held = connection.call(call(&withdrawal)).await;
    assert!(matches!(held, Err(Error::Withdrawn { sent: false, .. })), "{held:?}");
    assert_eq!((house.asked("tools/call").len(), withdrawn().len()), (2, 1));
}

#[tokio::test]
async fn a_call_that_takes_too_long_or_is_dropped_is_withdrawn() {
    let house = House::start(|sent| (sent.is("tools/call")).then_some(Reply::Never)).await;
    let mut spec = house.spec();
    spec.limits.timeout = Duration::from_millis(200);
    let connection = mcp::connect(&spec, Arc::new(())).await.unwrap();
    let error = call(&connection, "never").await.unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
    let withdrawn = || house.asked("notifications/cancelled");
    eventually("the call was withdrawn", || withdrawn().len() == 1).await;
    assert_eq!(withdrawn()[0].body["params"]["requestId"], house.asked("tools/call")[0].body["id"]);

    let dropped = tokio::time::timeout(Duration::from_millis(50), call(&connection, "never")).await;
    assert!(dropped.is_err());
    eventually("the dropped call was withdrawn", || withdrawn().len() == 2).await;
    assert_eq!(withdrawn()[1].body["params"]["requestId"], house.asked("tools/call")[1].body["id"]);
}

#[tokio::test]
async fn no_more_requests_are_under_way_than_may_be() {
    let house = House::start(|sent| (sent.is("tools/call")).then_some(Reply::Never)).await;
    let mut spec = house.spec();
    spec.limits.timeout = Duration::from_millis(300);
    let connection = mcp::connect(&spec, Arc::new(())).await.unwrap();
    let calls = (0..10).map(|_| call(&connection, "never"));
    let failures: Vec<Error> =
        futures::future::join_all(calls).await.into_iter().map(Result::unwrap_err).collect();
    let busy = failures.iter().filter(|error| matches!(error, Error::Busy { .. })).count();
    assert!(busy >= 2, "{failures:?}");
    assert!(house.asked("tools/call").len() <= 8);
}

#[tokio::test]
async fn a_new_session_is_begun_when_the_server_forgot_the_old_one() {
    let house = House::start(|sent| {
        let forgotten = sent.is("tools/call")
            && sent.headers.get("mcp-session-id").is_some_and(|id| id == "session-0");
        forgotten.then(|| Reply::Status(404, Vec::new(), String::new()))
    })
    .await;
    let heard = Arc::new(Heard::default());
    let connection = mcp::connect(&house.spec(), heard.clone()).await.unwrap();
    connection.set_level("info").await.unwrap();
    connection.subscribe("file:///a").await.unwrap();
    assert_eq!(call(&connection, "ping").await.unwrap(), text("pong"));
    assert_eq!(heard.lines(), ["changed Tools", "changed Resources", "changed Prompts"]);
    connection.tools().await.unwrap();
    let told = |method| house.asked(method).len();
    assert_eq!((told("logging/setLevel"), told("resources/subscribe")), (2, 2));
}

#[tokio::test]
async fn what_a_server_says_by_itself_is_heard_in_order() {
    let house = House::start(|sent| {
        (sent.is("tools/call")).then(|| {
            let (send, messages) = unbounded();
            let say = |method: &str, params: Value| {
                let said = json!({"jsonrpc": "2.0", "method": method, "params": params});
                send.unbounded_send(said).unwrap();
            };
            for number in 0..100 {
                say(
                    "notifications/message",
                    json!({"level": "warning", "logger": "l", "data": number}),
                );
            }
            say("notifications/resources/updated", json!({"uri": "file:///a"}));
            say("notifications/tools/list_changed", json!({}));
            say("notifications/of_later_days", json!({}));
            send.unbounded_send(json!({"jsonrpc": "2.0", "id": HELD, "result": text("ok")}))
                .unwrap();
            Reply::Stream(messages)
        })
    })
    .await;
    let heard = Arc::new(Heard::default());
    let connection = mcp::connect(&house.spec(), heard.clone()).await.unwrap();
    call(&connection, "any").await.unwrap();
    let mut wanted: Vec<String> =
        (0..100).map(|number| format!("log warning l {number}")).collect();
    wanted.extend(["updated file:///a".to_owned(), "changed Tools".to_owned()]);
    assert_eq!(heard.lines(), wanted);
}

/// A user with a model and a folder, who takes their time.
struct Person;

#[async_trait]
impl Caller for Person {
    async fn elicit(&self, params: Value) -> Result<Value, ErrorData> {
        assert_eq!(params["message"], "Which?");
        tokio::time::sleep(Duration::from_millis(600)).await;
        Ok(json!({"action": "accept", "content": {"which": "this"}}))
    }

    async fn create_message(&self, params: Value) -> Result<Value, ErrorData> {
        let said = &params["messages"][0]["content"];
        Ok(json!({"role": "assistant", "model": "small", "content": said}))
    }

    async fn roots(&self) -> Result<Value, ErrorData> {
        Ok(json!({"roots": [{"uri": "file:///work", "name": "work"}]}))
    }
}

/// A server that asks its caller three things before it answers.
async fn asking() -> House {
    House::start(|sent| {
        if !sent.is("tools/call") {
            return None;
        }
        let (send, messages) = unbounded();
        let schema = json!({"type": "object", "properties": {"which": {"type": "string"}}});
        let said = json!([{"role": "user", "content": {"type": "text", "text": "Hello"}}]);
        let questions = [
            ("elicitation/create", json!({"message": "Which?", "requestedSchema": schema})),
            ("sampling/createMessage", json!({"messages": said, "maxTokens": 9})),
            ("roots/list", json!({})),
        ];
        for (number, (method, params)) in questions.into_iter().enumerate() {
            let asked = json!({"jsonrpc": "2.0", "id": number, "method": method, "params": params});
            send.unbounded_send(asked).unwrap();
        }
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(800)).await;
            let _ =
                send.unbounded_send(json!({"jsonrpc": "2.0", "id": HELD, "result": text("ok")}));
        });
        Some(Reply::Stream(messages))
    })
    .await
}

fn answers(house: &House) -> Vec<Value> {
    let mut answers: Vec<Value> = house.sent().into_iter().map(|sent| sent.body).collect();
    answers.retain(|body| body.get("method").is_none() && body.get("id").is_some());
    answers.sort_by_key(|body| body.get("id").and_then(Value::as_u64));
    answers
}

#[tokio::test]
async fn a_server_asks_the_caller_of_its_request_and_waits_for_a_person() {
    let house = asking().await;
    let mut spec = house.spec();
    spec.asks = Asks { sampling: true, elicitation: true, roots: true };
    spec.limits.timeout = Duration::from_millis(500);
    let connection = mcp::connect(&spec, Arc::new(())).await.unwrap();
    let started = Instant::now();
    assert_eq!(call_for(&connection, "ask", Arc::new(Person)).await.unwrap(), text("ok"));
    assert!(started.elapsed() > spec.limits.timeout, "the time of a person is not the server's");
    let answers = answers(&house);
    assert_eq!(answers[0]["result"]["content"]["which"], "this");
    assert_eq!(answers[1]["result"]["content"]["text"], "Hello");
    assert_eq!(answers[2]["result"]["roots"][0]["uri"], "file:///work");
}

#[tokio::test]
async fn what_a_server_may_not_ask_is_refused() {
    let house = asking().await;
    let connection = house.connect().await;
    assert_eq!(call_for(&connection, "ask", Arc::new(Person)).await.unwrap(), text("ok"));
    let answers = answers(&house);
    let codes: Vec<Value> = answers.iter().map(|answer| answer["error"]["code"].clone()).collect();
    assert_eq!(codes, [json!(-32601), json!(-32601), Value::Null]);
    // It learns of no folders.
    assert_eq!(answers[2]["result"], json!({ "roots": [] }));
}
