//! Who is signed in, and whose a conversation is.

use connectors::webchat::House as _;
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};
use store::work::NewMessage;

use crate::support::{ANNA, BERT, SOON, Site, Socket, bearer, payload, record};

/// The cookies that an answer sets, each with its attributes.
fn cookies(answer: &reqwest::Response) -> Vec<String> {
    let lines = answer.headers().get_all("set-cookie").iter();
    lines.map(|line| line.to_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn cookies_are_out_of_reach_of_scripts_and_other_sites() {
    let site = Site::start().await;
    let began = site.post("/api/conversation", &[], &json!({})).await;
    let conversation = cookies(&began).remove(0);
    assert!(began.json::<Value>().await.unwrap()["token"].is_null());
    let entered = site.post("/api/sign-in", &[], &json!({ "token": ANNA })).await;
    let person = cookies(&entered).remove(0);
    for (cookie, name) in
        [(&conversation, "orchestack_conversation=orc_"), (&person, "orchestack_person=")]
    {
        assert!(cookie.starts_with(name), "{cookie}");
        assert!(cookie.contains("; HttpOnly; SameSite=Strict"), "{cookie}");
        assert!(!cookie.contains("Secure"), "{cookie}");
    }
    // Neither the token nor the name can be read from what the browser keeps.
    assert!(!person.contains(ANNA) && !person.contains("anna"), "{person}");
    let over_tls = [("x-forwarded-proto", "https")];
    let began = site.post("/api/conversation", &over_tls, &json!({})).await;
    assert!(cookies(&began).remove(0).contains("; Secure"));

    let pair = |cookie: &str| cookie.split(';').next().unwrap().to_owned();
    let both = format!("{}; {}", pair(&conversation), pair(&person));
    let me: Value = site.get("/api/me", &[("cookie", &both)]).await.json().await.unwrap();
    assert_eq!(me["person"], "anna");
    let mut socket =
        Socket::open(site.address, &[("cookie", &both), ("origin", &site.url(""))]).await.unwrap();
    socket.hello(json!({})).await;
    assert_eq!(socket.next().await["person"], "anna");
    let left = site.post("/api/sign-out", &[], &json!({})).await;
    assert!(cookies(&left).remove(0).starts_with("orchestack_person=; Path=/; Max-Age=0"));
}

#[tokio::test]
async fn a_persons_conversation_is_theirs_alone() {
    let site = Site::start().await;
    let token = site.token().await;
    let (anna, bert) = (site.signed_in(ANNA).await, site.signed_in(BERT).await);
    let mut socket = site.socket(json!({ "token": token, "person": anna })).await;
    socket.message("m1", "mine").await;
    socket.next_of("ack").await;
    for hello in [json!({ "token": token }), json!({ "token": token, "person": bert })] {
        let mut other = Socket::open(site.address, &[]).await.unwrap();
        other.hello(hello).await;
        assert_eq!(other.next().await["code"], "not_yours");
        assert!(other.next().await.is_null());
    }
    let auth = bearer(&token);
    let read = site.get("/api/events", &[("authorization", &auth)]).await;
    assert_eq!(read.status(), 403);
    let own = [("authorization", auth.as_str()), ("x-orchestack-person", anna.as_str())];
    assert_eq!(site.get("/api/events", &own).await.status(), 200);
}

#[tokio::test]
async fn whoever_listened_before_a_person_began_hears_nothing_of_it() {
    let site = Site::start().await;
    let token = site.token().await;
    let auth = bearer(&token);
    let mut stranger = site.socket(json!({ "token": token })).await;
    let mut stream = site.get("/api/events", &[("authorization", &auth)]).await;
    let anna = site.signed_in(ANNA).await;
    let mut socket = site.socket(json!({ "token": token, "person": anna })).await;
    socket.message("m1", "mine").await;
    socket.next_of("ack").await;
    let claim = site.claim().await;
    for _ in 0..10 {
        site.delta(&claim, None, "yours alone").await;
    }
    assert_eq!(stranger.next().await["code"], "not_yours");
    assert!(stranger.next().await.is_null());
    let ends = async {
        while let Some(piece) = stream.chunk().await.unwrap() {
            let told = String::from_utf8_lossy(&piece).into_owned();
            assert!(!told.contains("mine") && !told.contains("yours"), "{told}");
        }
    };
    tokio::time::timeout(SOON, ends).await.expect("the stream ends");
}

#[tokio::test]
async fn who_writes_where_a_person_has_begun_meanwhile_is_shown_out() {
    let site = Site::start().await;
    for n in 0..5 {
        let token = site.token().await;
        let mut stranger = site.socket(json!({ "token": token })).await;
        // Another process keeps it: this one hears of it a moment later.
        let conversation = digest(&SHA256, token.as_bytes());
        let kept = NewMessage {
            tenant: site.tenant,
            connector: "webchat".to_owned(),
            conversation: conversation.as_ref().iter().map(|byte| format!("{byte:02x}")).collect(),
            agent: site.house.agent("default").unwrap().agent,
            message_id: "m1".to_owned(),
            person: "user:anna".to_owned(),
            trusted: true,
            body: payload(json!({ "id": "m1", "text": "mine" })),
            trace: None,
        };
        site.elsewhere().await.work().accept(&kept).await.unwrap();
        stranger.message("m1", "let me in").await;
        let refused = stranger.next().await;
        assert_eq!(refused["code"], "not_yours", "{n}: {refused}");
        assert!(stranger.next().await.is_null(), "{n}: there is nothing more for it to hear");
    }
}

#[tokio::test]
async fn a_token_that_is_taken_away_counts_no_more() {
    let site = Site::start().await;
    let token = site.token().await;
    let anna = site.signed_in(ANNA).await;
    let mut socket = site.socket(json!({ "token": token, "person": anna })).await;
    socket.message("m1", "mine").await;
    socket.next_of("ack").await;
    site.house.revoke(ANNA);
    socket.message("m2", "still me").await;
    assert_eq!(socket.next_of("error").await["code"], "unauthenticated");
    let mut again = Socket::open(site.address, &[]).await.unwrap();
    again.hello(json!({ "token": token, "person": anna })).await;
    assert_eq!(again.next().await["code"], "not_yours");
    let refused = site.post("/api/sign-in", &[], &json!({ "token": ANNA })).await;
    assert_eq!(refused.status(), 401);
}

#[tokio::test]
async fn where_nobody_is_anonymous_everybody_signs_in() {
    let site = Site::with(|settings| settings.anonymous = false).await;
    let refused = site.post("/api/conversation", &[], &json!({ "bearer": true })).await;
    assert_eq!(refused.status(), 401);
    let body: Value = refused.json().await.unwrap();
    assert_eq!(body["error"]["code"], "sign_in");
    let sealed = site.signed_in(BERT).await;
    let headers = [("x-orchestack-person", sealed.as_str())];
    let made = site.post("/api/conversation", &headers, &json!({ "bearer": true })).await;
    let token = made.json::<Value>().await.unwrap()["token"].as_str().unwrap().to_owned();
    let mut stranger = Socket::open(site.address, &[]).await.unwrap();
    stranger.hello(json!({ "token": token })).await;
    assert_eq!(stranger.next().await["code"], "sign_in");
    let mut socket = site.socket(json!({ "token": token, "person": sealed })).await;
    socket.message("m1", "hello").await;
    socket.next_of("ack").await;
    let session = site.claim().await.session.unwrap();
    assert_eq!(session.person, "user:bert");
    assert!(session.trusted);
}

#[tokio::test]
async fn a_stranger_is_named_and_not_trusted() {
    let site = Site::start().await;
    let token = site.token().await;
    let mut socket = site.socket(json!({ "token": token })).await;
    socket.message("m1", "hello").await;
    socket.next_of("ack").await;
    let session = site.claim().await.session.unwrap();
    assert!(session.person.starts_with("webchat:"), "{}", session.person);
    assert!(!session.trusted);
    assert!(!session.conversation.contains(&token), "the token itself is nowhere kept");
}

#[tokio::test]
async fn a_code_makes_an_account_of_another_service_a_persons() {
    let site = Site::start().await;
    let refused = site.post("/api/pairing", &[], &json!({})).await;
    assert_eq!(refused.status(), 401);
    let anna = site.signed_in(ANNA).await;
    let headers = [("x-orchestack-person", anna.as_str())];
    let offered: Value =
        site.post("/api/pairing", &headers, &json!({})).await.json().await.unwrap();
    // As somebody says it by hand from the other account.
    let said = offered["code"].as_str().unwrap().to_lowercase().replace('-', " ");
    let code = connectors::Code::read(&said).unwrap();
    let account = store::identities::Account {
        tenant: site.tenant,
        connector: "discord".to_owned(),
        id: "42".to_owned(),
    };
    let identities = site.store.identities();
    let told = |_: &str| record(site.tenant);
    let paired = identities.pair(&account, &code.hash(), told).await.unwrap();
    assert_eq!(paired, store::identities::Pairing::Paired("anna".to_owned()));
    assert_eq!(identities.person(&account).await.unwrap().as_deref(), Some("anna"));
}

#[tokio::test]
async fn no_code_is_offered_that_nothing_takes() {
    let mut site = Site::start().await;
    let me = async |site: &Site| -> Value { site.get("/api/me", &[]).await.json().await.unwrap() };
    assert_eq!(me(&site).await["pairing"], true);
    site.end().await;
    site.pairs = false;
    site.begin().await;
    assert_eq!(me(&site).await["pairing"], false);
    let anna = site.signed_in(ANNA).await;
    let headers = [("x-orchestack-person", anna.as_str())];
    assert_eq!(site.post("/api/pairing", &headers, &json!({})).await.status(), 404);
}
