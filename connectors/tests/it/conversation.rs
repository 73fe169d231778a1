//! Messages, acknowledgements, answers and attachments.

use serde_json::{Value, json};
use store::work::Until;
use types::{ApprovalId, work::EventKind};

use crate::support::{ANNA, BERT, Site, Socket, bearer, client, event};

#[tokio::test]
async fn a_message_is_acknowledged_once_it_is_in_the_inbox_and_kept_once() {
    let site = Site::start().await;
    let token = site.token().await;
    let mut socket = site.socket(json!({ "token": token })).await;
    socket.message("m1", "hello").await;
    let ack = socket.next_of("ack").await;
    assert_eq!(ack, json!({ "type": "ack", "id": "m1", "seq": 1, "no": 1, "fresh": true }));
    let shown = socket.next_of("event").await;
    assert_eq!((&shown["no"], &shown["kind"]), (&json!(1), &json!("user")));
    assert_eq!(shown["body"], json!({ "id": "m1", "text": "hello", "attachments": [] }));
    // The acknowledgement was lost, so the client says it again.
    socket.message("m1", "hello").await;
    let again = socket.next_of("ack").await;
    assert_eq!(again, json!({ "type": "ack", "id": "m1", "seq": 1, "no": 1, "fresh": false }));
    socket.message("m2", "more").await;
    assert_eq!(socket.next_of("ack").await["seq"], 2);
    assert_eq!(socket.next_of("event").await["no"], 2);
}

#[tokio::test]
async fn a_message_that_is_not_kept_is_not_acknowledged() {
    let site = Site::with(|settings| settings.messages_per_minute = 1).await;
    let token = site.token().await;
    let mut socket = site.socket(json!({ "token": token })).await;
    socket.message("m1", "hello").await;
    socket.next_of("ack").await;
    socket.message("m2", "too fast").await;
    let told = loop {
        let frame = socket.next().await;
        if frame["type"] != "event" {
            break frame;
        }
    };
    assert_eq!((&told["type"], &told["about"]), (&json!("error"), &json!("m2")), "{told}");
}

#[tokio::test]
async fn an_answer_streams_and_then_comes_whole_to_everybody_in_the_conversation() {
    let site = Site::start().await;
    let (token, other) = (site.token().await, site.token().await);
    let mut socket = site.socket(json!({ "token": token })).await;
    let mut second = site.socket(json!({ "token": token })).await;
    let mut stranger = site.socket(json!({ "token": other })).await;
    socket.message("m1", "hello").await;
    assert_eq!(second.next_of("event").await["no"], 1);
    let claim = site.claim().await;
    // Who hears a delta is no promise, so it is said until both did.
    let (mut heard, mut heard_by_second) = (Value::Null, Value::Null);
    while heard.is_null() || heard_by_second.is_null() {
        site.delta(&claim, Some(0), "Good ").await;
        heard = socket.next_of("delta").await;
        heard_by_second = second.next_of("delta").await;
    }
    assert_eq!(heard["text"], "Good ");
    assert_eq!(heard["task"], json!(claim.task.id));
    site.answer(&claim, "Good morning").await;
    for socket in [&mut socket, &mut second] {
        let answer = loop {
            let event = socket.next_of("event").await;
            if event["kind"] == "assistant" {
                break event;
            }
        };
        assert_eq!(answer["body"]["text"], "Good morning");
        assert_eq!(answer["no"], 2);
    }
    stranger.message("m1", "the same id, another conversation").await;
    let first = stranger.next().await;
    assert_eq!(first["type"], "ack", "{first}");
    assert_eq!(first["fresh"], true);
}

#[tokio::test]
async fn a_person_decides_on_their_own_token_and_nobody_else_does() {
    let site = Site::start().await;
    let token = site.token().await;
    let sealed = site.signed_in(ANNA).await;
    let mut anna = site.socket(json!({ "token": token, "person": sealed })).await;
    anna.message("m1", "clean up").await;
    anna.next_of("ack").await;
    let claim = site.claim().await;
    let id = ApprovalId::generate();
    let body =
        json!({ "approval": id, "tool": "shell.exec", "arguments": { "argv": ["rm", "a"] } });
    let shown = [event(EventKind::Approval, body.clone())];
    site.store.work().wait(&claim, None, Until::Approval(id), &shown).await.unwrap();
    let card = loop {
        let event = anna.next_of("event").await;
        if event["kind"] == "approval" {
            break event;
        }
    };
    assert_eq!(card["body"], body);
    let decide = json!({ "type": "decide", "approval": id, "decision": "approve", "reason": "ok" });
    // Whoever has no person's token decides nothing, whatever else they have.
    let visitor = site.token().await;
    let mut nobody = site.socket(json!({ "token": visitor })).await;
    nobody.say(&decide).await;
    assert_eq!(nobody.next_of("error").await["code"], "sign_in");
    let mut bert =
        site.socket(json!({ "token": visitor, "person": site.signed_in(BERT).await })).await;
    bert.say(&decide).await;
    assert_eq!(bert.next_of("error").await["code"], "policy_denied");
    assert!(site.house.votes.lock().unwrap().is_empty());
    anna.say(&decide).await;
    let told = anna.next_of("decided").await;
    assert_eq!(told, json!({ "type": "decided", "approval": id, "status": "approved" }));
    let votes = site.house.votes.lock().unwrap().clone();
    assert_eq!(votes.len(), 1);
    assert_eq!((votes[0].0.as_str(), votes[0].1, votes[0].2.approve), (ANNA, id, true));
}

#[tokio::test]
async fn a_program_writes_and_reads_without_a_socket() {
    let site = Site::start().await;
    let token = site.token().await;
    let auth = bearer(&token);
    let headers = [("authorization", auth.as_str())];
    let said = json!({ "id": "m1", "text": "hello" });
    let kept: Value = site.post("/api/messages", &headers, &said).await.json().await.unwrap();
    assert_eq!(kept, json!({ "seq": 1, "no": 1, "fresh": true }));
    let claim = site.claim().await;
    site.answer(&claim, "Good morning").await;
    let mut stream = site.get("/api/events?after=0", &headers).await;
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    let mut text = String::new();
    while !text.contains("Good morning") {
        text += &String::from_utf8_lossy(&stream.chunk().await.unwrap().unwrap());
    }
    let ids: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("id: ")).collect();
    assert_eq!(ids, ["1", "2"], "{text}");
    // What a browser sends that connects again.
    let later = [headers[0], ("last-event-id", "1")];
    let mut stream = site.get("/api/events", &later).await;
    let text = String::from_utf8_lossy(&stream.chunk().await.unwrap().unwrap()).into_owned();
    assert!(text.starts_with("id: 2\n"), "{text}");
}

#[tokio::test]
async fn an_attachment_belongs_to_its_conversation_and_is_what_it_is() {
    let site = Site::with(|settings| settings.max_attachment_bytes = 64 * 1024).await;
    let (token, other) = (site.token().await, site.token().await);
    let upload = async |token: &str, bytes: Vec<u8>| {
        let url = site.url("/api/attachments?name=..%2Fpicture.html");
        let request = client().post(url).header("authorization", bearer(token));
        request.header("content-type", "text/html").body(bytes).send().await.unwrap()
    };
    let made = upload(&token, b"\x89PNG\r\n\x1a\n and more".to_vec()).await;
    assert_eq!(made.status(), 201);
    let made: Value = made.json().await.unwrap();
    assert_eq!(made["content_type"], "image/png");
    assert_eq!(made["name"], "picture.html");
    assert_eq!(made["size_bytes"], 17);
    assert_eq!(upload(&token, vec![0; 64 * 1024]).await.status(), 201);
    let large = upload(&token, vec![0; 64 * 1024 + 1]).await;
    assert_eq!(large.status(), 413);
    assert_eq!(upload(&token, Vec::new()).await.status(), 400);

    let said = json!({ "type": "message", "id": "m1", "attachments": [made["ticket"]] });
    let mut stranger = site.socket(json!({ "token": other })).await;
    stranger.say(&said).await;
    assert_eq!(stranger.next_of("error").await["code"], "invalid_request");
    let mut socket = site.socket(json!({ "token": token })).await;
    socket.say(&said).await;
    socket.next_of("ack").await;
    let event = socket.next_of("event").await;
    let shown = &event["body"]["attachments"][0];
    assert_eq!(shown["sha256"], made["sha256"]);
    assert_eq!(shown["name"], "picture.html");
    assert!(shown.get("ticket").is_none());
    // Its acknowledgement was lost, and the sender was away for longer than a ticket is good for: one that is over
    // opens no more than one that is none.
    let late = json!({ "type": "message", "id": "m1", "attachments": ["over"] });
    socket.say(&late).await;
    let again = socket.next_of("ack").await;
    assert_eq!((&again["seq"], &again["fresh"]), (&json!(1), &json!(false)));
    let new = json!({ "type": "message", "id": "m2", "attachments": ["over"] });
    socket.say(&new).await;
    assert_eq!(socket.next_of("error").await["code"], "invalid_request");
}

#[tokio::test]
async fn what_is_no_frame_is_told_or_ends_the_connection() {
    let site = Site::start().await;
    let token = site.token().await;
    let mut silent = Socket::open(site.address, &[]).await.unwrap();
    silent.text("{\"type\":\"message\",\"id\":\"m1\",\"text\":\"no hello\"}").await;
    assert_eq!(silent.closed().await, 1008);
    let mut socket = site.socket(json!({ "token": token })).await;
    for (frame, code) in [
        ("{}", "invalid_request"),
        ("not json", "invalid_request"),
        (r#"{"type":"hello"}"#, "invalid_request"),
        (r#"{"type":"message","id":"","text":"x"}"#, "invalid_request"),
        (r#"{"type":"message","id":"m","text":"  "}"#, "invalid_request"),
        (r#"{"type":"decide","approval":"nope","decision":"deny"}"#, "invalid_request"),
    ] {
        socket.text(frame).await;
        assert_eq!(socket.next_of("error").await["code"], code, "{frame}");
    }
    let long = "x".repeat(32 * 1024 + 1);
    socket.message("long", &long).await;
    assert_eq!(socket.next_of("error").await["code"], "body_too_large");
    socket.message("longer", &"x".repeat(1024 * 1024)).await;
    assert!(socket.next().await.is_null(), "a frame beyond all limits ends the connection");
    // None of it was kept.
    let mut again = site.socket(json!({ "token": token })).await;
    again.message("m1", "hello").await;
    assert_eq!(again.next_of("ack").await["seq"], 1);
}
