//! What comes back from a server: what is too long, broken, late or not to be seen reaches no caller.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_result_that_is_too_long_or_not_what_its_schema_says_goes_no_further() {
    let (server, upstream, client) = stage("").await;
    upstream.says("read", &"canary ".repeat(2_000));
    let answer = client.call("read", json!({ "url": "https://example.org/" })).await;
    refused(&answer, "upstream_failed");
    assert!(!answer.to_string().contains("canary"), "{answer}");
    for wrong in [json!({ "n": "canary" }), json!({}), Value::Null] {
        let mut result = json!({ "content": [{ "type": "text", "text": "canary" }] });
        if !wrong.is_null() {
            result["structuredContent"] = wrong;
        }
        upstream.answers("count", result);
        let answer = client.call("count", json!({})).await;
        let said = refused(&answer, "upstream_failed");
        assert!(said.contains("output schema") && !said.contains("canary"), "{said}");
    }
    // A tool that fails has no value to give.
    let failed = json!({ "content": [{ "type": "text", "text": "no" }], "isError": true });
    upstream.answers("count", failed);
    assert_eq!(text(&client.call("count", json!({})).await), "no");
    assert_eq!(records(&server, "desk.count", 8).await.len(), 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn policy_takes_data_out_of_results_and_stops_others() {
    let (setup, upstream) = setup(Database::Sqlite, "").await;
    let policies = r#"@id("read-without-people")
@answer_redact("email")
@answer_block("us_ssn")
permit (principal, action == Orchestack::Action::"callTool", resource == Orchestack::Tool::"desk.read");
"#;
    setup.tree().write("agents/default/people.cedar", policies);
    let server = setup.start().await;
    let client = client(&server).await;
    let page = json!({ "url": "https://example.org/" });
    upstream.says("read", "Write to carla@example.org.");
    let answer = client.call("read", page.clone()).await;
    assert!(text(&answer).starts_with("Write to [[EMAIL:"), "{answer}");
    upstream.says("read", "Her social security number is 536-22-8174.");
    let answer = client.call("read", page).await;
    assert!(refused(&answer, "dlp_blocked").contains("us_ssn"), "{answer}");
    assert!(!answer.to_string().contains("8174"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_has_the_label_of_what_it_was_told_and_of_who_told_it() {
    // Of these two, `count` is said by the tree to be sensitive, and `read` tells something that is.
    let (server, upstream, _) = stage("label = \"sensitive\"\n").await;
    upstream.says("read", "Her social security number is 536-22-8174.");
    let page = json!({ "url": "https://example.org/" });
    for (tool, arguments) in [("count", json!({})), ("read", page)] {
        let client = client(&server).await;
        client.call(tool, arguments.clone()).await;
        client.call(tool, arguments).await;
        let records = records(&server, &format!("desk.{tool}"), 4).await;
        let decisions = records.iter().filter(|record| record["kind"] == "decision");
        let labels: Vec<&Value> = decisions.map(|record| &record["detail"]["label"]).collect();
        assert!(labels[0] != labels[1], "{tool}: {records:#?}");
        assert_ne!(labels[1], "public", "{tool}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_without_an_answer_says_that_nobody_knows_what_came_of_it() {
    let (server, upstream, client) = stage("").await;
    let late = json!({ "content": [] });
    upstream.answers_after("send", late, Duration::from_secs(5));
    let answer = client.call("send", json!({ "to": "bob" })).await;
    let said = refused(&answer, "upstream_timeout");
    assert!(said.contains("is not known"), "{said}");
    assert_eq!(upstream.got().len(), 1, "it is not made again");
    let records = records(&server, "desk.send", 2).await;
    assert_eq!(records[1]["outcome"], "upstream_timeout");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_its_caller_left_is_on_record() {
    let (server, upstream, client) = stage("").await;
    upstream.answers_after("send", json!({ "content": [] }), Duration::from_secs(1));
    let calling = tokio::spawn({
        let client = client.clone();
        async move { client.call("send", json!({ "to": "bob" })).await }
    });
    eventually("the server has the call", SOON, async || {
        (!upstream.got().is_empty()).then_some(())
    })
    .await;
    calling.abort();
    let said = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled",
        "params": { "requestId": 2, "reason": "left" } });
    client.send("POST", &said).await;
    let records = records(&server, "desk.send", 2).await;
    assert_eq!(records[1]["outcome"], "caller_left", "{records:#?}");
}
