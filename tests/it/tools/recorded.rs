//! What the records of calls have in them: all of it where policy wants that, and never nothing.

use super::*;

const LOGGED: &str = r#"@id("calls-are-logged")
@log("full") @redact("email") @answer_redact("email")
permit (principal, action == Orchestack::Action::"callTool", resource);
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_recorded_in_full_where_policy_wants_it() {
    let (setup, upstream) = setup(Database::Sqlite, "").await;
    setup.tree().write("policies/log.cedar", LOGGED);
    let server = setup.start().await;
    let client = client(&server).await;
    upstream.says("send", "sent to carla@example.org as number 7");
    let call = json!({ "to": "the boss", "body": "ask carla@example.org" });
    client.call("send", call).await;
    let records = records(&server, "desk.send", 2).await;
    let [decision, completion] = &records[..] else { panic!("{records:#?}") };
    let request = decision["detail"]["request"].as_str().unwrap();
    assert!(request.contains("the boss") && request.contains("ask "), "{request}");
    let answer = completion["detail"]["answer"].as_str().unwrap();
    assert!(answer.contains("as number 7"), "{answer}");
    // Without what policy takes out of either.
    assert!(!format!("{records:?}").contains("carla"), "{records:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_on_record_are_decided_anew_by_policies_that_nobody_saved() {
    let (server, _upstream, client) = stage("").await;
    client.call("send", json!({ "to": "ann@example.org", "body": "hello" })).await;
    client.call("count", json!({})).await;
    records(&server, "desk.count", 2).await;
    // Neither an argument nor a name that the caller made up is on record, and the host is.
    let told = records(&server, "desk.send", 2).await[0]["detail"]["call"].clone();
    assert_eq!(told["destination"]["hosts"], json!(["example.org"]), "{told}");
    assert_eq!(told["provenance"]["unmatched"], json!(["body", "to"]), "{told}");
    assert!(!told.to_string().contains("ann@"), "{told}");
    let forbids = "@id(\"no-mail\") forbid (principal, action == Orchestack::Action::\"callTool\", resource)\n\
                   when { context.destination.hosts.contains(\"example.org\") };";
    server.tree().write("policies/no-mail.cedar", forbids);
    let diff = server.json(&["policy", "diff", "--replay", "100"]);
    let replay = &diff["replay"];
    assert_eq!((&replay["replayed"], &replay["denies"]), (&json!(2), &json!(1)), "{diff}");
    assert_eq!(replay["told"][0]["model"], "desk.send", "{diff}");
}

/// A call of more fields than a record has room for.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_too_long_for_its_record_is_on_record_without_its_shape() {
    let (setup, upstream) = setup(Database::Sqlite, "").await;
    let file = format!("[server]\nurl = \"{}\"\n{SERVER}", upstream.url());
    setup.tree().write("tools/desk.toml", &file.replace("8192", "262144"));
    let server = setup.start().await;
    let client = client(&server).await;
    let many = |value: Value, count: usize| -> Value {
        Value::Object((0..count).map(|n| (format!("f{n}"), value.clone())).collect())
    };
    let mut call = many(many(many(json!(""), 12), 32), 31);
    call["url"] = json!("https://example.org/page");
    let mut refused = call.clone();
    refused["url"] = json!("https://example.org/other");
    let answer = client.call("read", call).await;
    assert!(answer.pointer("/result/isError").is_none(), "{answer}");
    let records = records(&server, "desk.read", 2).await;
    let decision = &records[0];
    assert_eq!((&decision["kind"], &decision["outcome"]), (&json!("decision"), &json!("permit")));
    assert_eq!(decision["detail"]["cut"], json!(["call", "shape"]), "{}", decision["detail"]);
    assert!(decision["detail"]["input_sha256"].is_string());
    let forbidden = "@id(\"nothing-is-read\") forbid (principal, action == \
                     Orchestack::Action::\"callTool\", resource);";
    let commit = server.tree().write("policies/none.cedar", forbidden).commit("nothing is read");
    let outcomes = eventually("the refusal is on record", SOON, async || {
        client.call("read", refused.clone()).await;
        let last = self::records(&server, "desk.read", 3).await.pop()?;
        (last["commit"] == commit).then_some(last)
    })
    .await;
    assert_eq!(outcomes["outcome"], "policy_denied", "{outcomes}");
    assert_eq!(outcomes["detail"]["cut"], json!(["call", "shape"]), "{outcomes}");
}
