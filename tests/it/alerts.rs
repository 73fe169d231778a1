//! Alerts of budgets that run out, as the webhook gets them.

use std::{collections::BTreeMap, time::Duration};

use ring::hmac;
use serde_json::{Value, json};
use simulator::Price;
use support::{
    Caller, Database, ModelSpec, Received, Rows, Setup, chat, eventually, provider, receiver,
};

const WAIT_MAX: Duration = Duration::from_secs(60);

/// Whether a request was signed with this secret, as docs/budgets.md tells a receiver to check it.
fn is_signed(request: &Received, secret: &str) -> bool {
    let (head, body) = request;
    let header = |name: &str| {
        let line = head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        line.expect("the header is there").to_owned()
    };
    let (time, signature) = (header("x-orchestack-timestamp"), header("x-orchestack-signature"));
    let tag = signature.strip_prefix("sha256=").expect("the kind of the signature");
    let byte = |at: usize| u8::from_str_radix(&tag[at..at + 2], 16).expect("hexadecimal");
    let tag: Vec<u8> = (0..tag.len()).step_by(2).map(byte).collect();
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    hmac::verify(&key, format!("{time}.{body}").as_bytes(), &tag).is_ok()
}

async fn each_threshold_reaches_the_webhook_once_and_signed(database: Database) {
    let simulator = provider(&[("sim", Price::dollars_per_million(1, 1))]).await;
    let (url, got) = receiver(&[500, 503, 302]).await;
    let mut setup = Setup::new(database).await;
    setup
        .set("alerts.webhook_url", &url)
        .set("alerts.webhook_secret", "env:HUSH")
        .set("ledger.admission_timeout", "20s")
        .variable("HUSH", "a secret of its own");
    setup
        .tree()
        .agent("default", "0.001")
        .openai_provider("sim", &simulator, "local")
        .model(ModelSpec { id: "sim", provider: "sim", price: Some(("1.00", "1.00")) });
    let server = setup.start().await;
    let caller = Caller::new(&server, "default");
    let mut body = chat("sim", "Hello.");
    body["max_completion_tokens"] = json!(20);
    let mut answered = 0;
    while caller.ask_books(&body).await.status == 200 {
        answered += 1;
        assert!(answered < 200, "the budget never ends");
    }
    let rows = Rows::of(&server).await;
    let waiting = "select count(*) from alerts where delivered_at is null";
    eventually("both alerts are delivered", WAIT_MAX, async || {
        let all = rows.number("select count(*) from alerts").await;
        (all == 2 && rows.number(waiting).await == 0).then_some(())
    })
    .await;
    for _ in 0..5 {
        caller.ask_books(&body).await.assert_refused(402, "budget_exhausted");
    }

    let got = got.lock().unwrap().clone();
    for request in &got {
        assert!(request.0.starts_with("POST / HTTP/1.1"), "{}", request.0);
        assert!(is_signed(request, "a secret of its own"), "{request:?}");
        assert!(!is_signed(request, "another secret"));
        let changed = (request.0.clone(), request.1.replace("\"percent\":", "\"percent\":1"));
        assert!(!is_signed(&changed, "a secret of its own"));
    }
    // Three were refused; what came again has the same id, and was taken once.
    let mut taken: BTreeMap<i64, Vec<Value>> = BTreeMap::new();
    for (_, body) in &got[3..] {
        let alert: Value = serde_json::from_str(body).unwrap();
        taken.entry(alert["percent"].as_i64().unwrap()).or_default().push(alert);
    }
    assert_eq!(taken.keys().copied().collect::<Vec<_>>(), [80, 100]);
    assert!(taken.values().all(|alerts| alerts.len() == 1), "{taken:?}");
    let first = &taken[&80][0];
    assert_eq!((&first["event"], &first["scope"]), (&json!("budget.threshold"), &json!("agent")));
    assert_eq!((&first["cap_nanos"], &first["period"]), (&json!(1_000_000), &json!("total")));
    let ids = [first["id"].as_str().unwrap(), taken[&100][0]["id"].as_str().unwrap()];
    for (_, body) in &got[..3] {
        assert!(ids.iter().any(|id| body.contains(id)), "{body}");
    }
    // The same as events.
    let events = "select id from outbox where subject = 'budget.threshold' order by created_at, id";
    let mut events = rows.texts(events).await;
    events.sort();
    let mut ids = ids.map(str::to_owned).to_vec();
    ids.sort();
    assert_eq!(events, ids);
    // Neither the secret nor the address is in the log.
    let log = server.log();
    assert!(!log.contains("a secret of its own") && log.contains("the webhook did not take"));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_threshold_reaches_the_webhook_once_and_signed_on_sqlite() {
    each_threshold_reaches_the_webhook_once_and_signed(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_threshold_reaches_the_webhook_once_and_signed_on_postgres() {
    each_threshold_reaches_the_webhook_once_and_signed(Database::Postgres).await;
}
