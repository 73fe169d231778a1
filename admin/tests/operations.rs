//! The admin API in process, on SQLite and a real git tree.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot be set up has failed"
)]

#[path = "operations/arguments.rs"]
mod arguments;
#[path = "operations/budgets.rs"]
mod budgets;
#[path = "operations/house.rs"]
mod house;
#[path = "operations/people.rs"]
mod people;
#[path = "operations/probe.rs"]
mod probe;
#[path = "operations/providers.rs"]
mod providers;
#[path = "operations/tools.rs"]
mod tools;
#[path = "operations/tree.rs"]
mod tree;
#[path = "operations/work.rs"]
mod work;

use std::collections::BTreeSet;

use axum::{
    body::{Body, to_bytes},
    http::{Request, StatusCode},
};
use serde_json::{Value, json};
use types::{Timestamp, audit::Kind};

use house::{House, ask, call, call_as, git, request};

#[tokio::test]
async fn an_agent_gets_its_files_its_key_and_its_place_in_the_lists() {
    let house = House::build().await;
    let body = json!({ "name": "helper", "owner": "a \"quoted\" owner\n", "budget_day": "2.5" });
    let (status, agent) = call(house.local(), "POST", "/api/v1/agents", Some(body)).await;
    assert_eq!((status, &agent["defined"]), (StatusCode::CREATED, &json!(true)), "{agent}");
    let tree = house.control.repository.files("HEAD").await.unwrap();
    let definition = String::from_utf8(tree["agents/helper/agent.toml"].clone()).unwrap();
    assert!(definition.contains("2.50"), "{definition}");
    assert!(tree.contains_key("agents/helper/policy.cedar"));

    let ask = Some(json!({ "agent": "helper" }));
    let (status, made) = call(house.local(), "POST", "/api/v1/keys", ask).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    let text = made["key"].as_str().unwrap();
    let (id, secret) = snapshot::keys::split_key(text).unwrap();
    let snapshot = house.control.snapshots.load();
    assert!(house.control.pepper.matches(secret, &snapshot.key(id).unwrap().hash));

    let (_, keys) = call(house.local(), "GET", "/api/v1/keys?agent=helper", None).await;
    assert_eq!(keys["keys"][0]["id"], made["id"]);
    assert!(!keys.to_string().contains(secret));
    let (_, agents) = call(house.local(), "GET", "/api/v1/agents", None).await;
    let names: Vec<_> = agents["agents"].as_array().unwrap().iter().map(|a| &a["name"]).collect();
    assert_eq!(names, ["default", "helper"]);
    let (_, budget) = call(house.local(), "GET", "/api/v1/budget", None).await;
    let accounts = budget["accounts"].as_array().unwrap();
    let own = accounts.iter().find(|a| a["name"] == "helper" && a["period"] == "day").unwrap();
    assert_eq!(own["cap"]["usd"], "2.50");
}

#[tokio::test]
async fn a_change_of_a_tree_with_a_remote_arrives_there_as_its_editors_commit() {
    let house = House::following().await;
    let remote = house.folder.path().join("remote.git");
    let body = Some(json!({ "name": "helper" }));
    let (status, answer) = call(house.local(), "POST", "/api/v1/agents", body).await;
    assert_eq!(status, StatusCode::CREATED, "{answer}");
    let last = git(&remote, &["log", "-1", "--format=%H %an", "main"]);
    assert_eq!(last, format!("{} local", house.control.snapshots.load().commit));

    let path = "/api/v1/policy/reload";
    let (status, policy) = call(house.local(), "POST", path, None).await;
    assert_eq!((status, &policy["sync_error"]), (StatusCode::OK, &Value::Null), "{policy}");
    assert_eq!(policy["remote"], json!(remote.display().to_string()));
    assert!(policy["synced_at"].is_string(), "{policy}");
    std::fs::rename(&remote, house.folder.path().join("away.git")).unwrap();
    let (status, answer) = call(house.local(), "POST", path, None).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{answer}");
    assert_eq!(answer["error"]["code"], "remote_unavailable");
    let (_, policy) = call(house.local(), "GET", "/api/v1/policy", None).await;
    assert!(policy["sync_error"].is_string(), "{policy}");
}

#[tokio::test]
async fn an_agent_that_would_break_the_tree_is_not_committed() {
    let house = House::build().await;
    let before = house.control.repository.head().await.unwrap();
    for name in ["../escape", "Upper", "a/b", ""] {
        let body = Some(json!({ "name": name }));
        let (status, answer) = call(house.local(), "POST", "/api/v1/agents", body).await;
        assert!(status.is_client_error(), "{name}: {status} {answer}");
    }
    let body = Some(json!({ "name": "default" }));
    let (status, answer) = call(house.local(), "POST", "/api/v1/agents", body).await;
    assert_eq!((status, &answer["error"]["code"]), (StatusCode::CONFLICT, &json!("exists")));
    assert_eq!(house.control.repository.head().await.unwrap(), before);
}

#[tokio::test]
async fn a_rotated_key_overlaps_and_a_revoked_one_is_gone_at_once() {
    let house = House::build().await;
    let (id, _) = snapshot::keys::split_key(&house.key).unwrap();
    let path = format!("/api/v1/keys/{id}/rotate");
    let body = Some(json!({ "overlap_seconds": 60 }));
    let (status, made) = call(house.local(), "POST", &path, body).await;
    assert_eq!((status, &made["agent"]), (StatusCode::CREATED, &json!("default")), "{made}");
    let old = house.control.snapshots.load().key(id).cloned().unwrap();
    assert!(old.expires_at.unwrap() > Timestamp::now());
    let (status, _) = call(house.local(), "DELETE", &format!("/api/v1/keys/{id}"), None).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert!(house.control.snapshots.load().key(id).is_none());
    let (_, keys) = call(house.local(), "GET", "/api/v1/keys", None).await;
    let states: Vec<_> = keys["keys"].as_array().unwrap().iter().map(|k| &k["state"]).collect();
    assert_eq!(states, ["revoked", "live"]);
}

#[tokio::test]
async fn an_agent_that_was_just_committed_gets_its_key_and_a_removed_one_none() {
    let house = House::build().await;
    let files = [
        ("agents/new/agent.toml", Some("owner = \"o\"\n")),
        ("agents/default/agent.toml", None),
        ("agents/default/policy.cedar", None),
        // Its cases are about the agent that goes.
        ("tests/starter.toml", None),
    ];
    house.control.repository.commit(&files, "A <a@b>", "by hand").await.unwrap();
    let ask = Some(json!({ "agent": "new" }));
    let (status, answer) = call(house.local(), "POST", "/api/v1/keys", ask).await;
    assert_eq!(status, StatusCode::CREATED, "{answer}");
    let ask = Some(json!({ "agent": "default" }));
    let (status, answer) = call(house.local(), "POST", "/api/v1/keys", ask).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{answer}");
    let ask = Some(json!({ "agent": "nobody" }));
    let (status, answer) = call(house.local(), "POST", "/api/v1/keys", ask).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "{answer}");
}

#[tokio::test]
async fn agents_made_at_once_are_all_committed() {
    let house = House::build().await;
    let made = futures::future::join_all((0..4).map(|n| {
        let body = Some(json!({ "name": format!("agent-{n}") }));
        call(house.local(), "POST", "/api/v1/agents", body)
    }));
    for (status, answer) in made.await {
        assert_eq!(status, StatusCode::CREATED, "{answer}");
    }
    let tree = house.control.repository.files("HEAD").await.unwrap();
    assert!((0..4).all(|n| tree.contains_key(&format!("agents/agent-{n}/agent.toml"))));
}

#[tokio::test]
async fn a_key_given_in_place_of_its_id_is_not_repeated() {
    let house = House::build().await;
    let path = format!("/api/v1/keys/{}", house.key);
    let (status, answer) = call(house.local(), "DELETE", &path, None).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(!answer.to_string().contains(&house.key));
    let records = house.records(None).await;
    assert!(!serde_json::to_string(&records).unwrap().contains(&house.key));
}

#[tokio::test]
async fn over_tcp_nothing_goes_without_a_known_token_and_a_host_of_our_own() {
    let house = House::build().await;
    for token in ["", "ora_short", &"ora_".repeat(12), &house.key] {
        let (status, answer) = call_as(&house, token, ("GET", "/api/v1/agents"), None).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{answer}");
    }
    let (status, _) = call_as(&house, &house.token, ("GET", "/api/v1/agents"), None).await;
    assert_eq!(status, StatusCode::OK);
    let foreign = Request::get("/api/v1/agents").header("host", "rebound.example:8081");
    let foreign = foreign.header("authorization", format!("Bearer {}", house.token));
    let (status, _) = ask(house.remote(), foreign.body(Body::empty()).unwrap()).await;
    assert_eq!(status, StatusCode::MISDIRECTED_REQUEST);
}

#[tokio::test]
async fn an_auditor_reads_and_changes_nothing_and_the_try_is_on_record() {
    let house = House::build().await;
    let auditor = house.token_of("auditor").await;
    let (status, _) = call_as(&house, &auditor, ("GET", "/api/v1/audit"), None).await;
    assert_eq!(status, StatusCode::OK);
    let body = Some(json!({ "agent": "default" }));
    let (status, answer) = call_as(&house, &auditor, ("POST", "/api/v1/keys"), body).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert_eq!(answer["error"]["code"], "policy_denied");
    let records = house.records(Some(Kind::Admin)).await;
    let refused = records.iter().find(|record| record.outcome == "policy_denied").unwrap();
    assert_eq!(refused.resource, "key.create:default");
    assert_eq!(refused.actor.id, "auditor-person");

    let stranger = house.token_of("nobody").await;
    let (status, _) = call_as(&house, &stranger, ("GET", "/api/v1/audit"), None).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_permitted_change_that_fails_is_on_record_and_long_names_are_cut() {
    let house = House::build().await;
    let name = "x".repeat(500_000);
    let body = Some(json!({ "name": name }));
    let (status, _) = call(house.local(), "POST", "/api/v1/agents", body).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let records = house.records(Some(Kind::Admin)).await;
    assert_eq!((records.len(), records[0].outcome.as_str()), (1, "invalid_request"));
    assert!(records[0].resource.len() < 300);
}

/// A rule about one provider holds also where nobody names it.
#[tokio::test]
async fn policy_is_asked_about_the_provider_that_an_export_is_of() {
    let house = House::build().await;
    let provider =
        json!({ "name": "box", "base_url": "http://127.0.0.1:9/v1", "locality": "local" });
    let (status, _) = call(house.local(), "POST", "/api/v1/providers", Some(provider)).await;
    assert!(status.is_success());
    let stranger = house.token_of("nobody").await;
    let table = "start_time,end_time,model,input_tokens,output_tokens\n";
    for path in ["/api/v1/budget/compare", "/api/v1/budget/reconcile"] {
        let export = Some(json!({ "export": table }));
        let (status, _) = call_as(&house, &stranger, ("POST", path), export).await;
        assert_eq!(status, StatusCode::FORBIDDEN);
    }
    let asked = json!({ "export": table, "complete_after_seconds": 7, "edge_seconds": 9 });
    let (status, _) = call(house.local(), "POST", "/api/v1/budget/reconcile", Some(asked)).await;
    assert_eq!(status, StatusCode::OK);
    let records = house.records(Some(Kind::Admin)).await;
    let of: Vec<_> = records
        .iter()
        .filter(|record| record.resource.starts_with("budget."))
        .map(|record| (record.resource.as_str(), record.outcome.as_str()))
        .collect();
    for (resource, outcome) in [
        ("budget.compare:box", "policy_denied"),
        ("budget.reconcile:box", "policy_denied"),
        ("budget.reconcile:box", "ok"),
    ] {
        assert!(of.contains(&(resource, outcome)), "{of:?}");
    }
    // What was asked is on record as that, with what it was asked with.
    let done = records.iter().find(|r| r.resource == "budget.reconcile:box" && r.outcome == "ok");
    let detail = serde_json::to_value(&done.unwrap().detail).unwrap();
    let expected = [("complete_after_seconds", 7), ("edge_seconds", 9), ("asked_calls", 0)];
    assert!(expected.iter().all(|(name, value)| detail[name] == *value), "{detail}");
}

/// The head of a provider's export.
const USAGE_TABLE: &str = "start_time,end_time,model,input_tokens,output_tokens\n";

/// An operation, and how it is asked for.
type Step = (&'static str, &'static str, String, Option<Value>);

#[tokio::test]
async fn signing_in_leaves_a_record_of_the_person() {
    let house = House::build().await;
    let token = house.token_of("infra-admin").await;
    let before = house.records(Some(Kind::Admin)).await.len();
    let sign_in = Some(json!({ "token": token }));
    let (status, answer) = call(house.local(), "POST", "/api/v1/console/session", sign_in).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let records = house.records(Some(Kind::Admin)).await;
    assert_eq!(records.len(), before + 1);
    assert_eq!(records[0].detail.value()["operation"], "console.sign_in");
    assert_eq!(answer["person"], json!(records[0].actor.id));
}

#[tokio::test]
async fn every_operation_that_changes_something_leaves_one_record() {
    let house = House::build().await;
    let (id, _) = snapshot::keys::split_key(&house.key).unwrap();
    let model = json!({ "id": "mine", "provider": "box", "price_input": "0", "price_output": "0" });
    let provider =
        json!({ "name": "box", "base_url": "http://127.0.0.1:9/v1", "locality": "local" });
    let cap = json!({ "name": "default", "amount": "1.00" });
    let [yes, no, cancelled] = people::waiting(&house).await;
    let glass = people::glass_of(&house, "zoe").await;
    let session = people::restricted_session(&house).await;
    let untrusted = people::untrusted_session(&house).await;
    let endorse = json!({ "reason": "I have read the page" });
    let zoe = Some(json!({ "name": "zoe" }));
    let (_, token) = call(house.local(), "POST", "/api/v1/people", zoe).await;
    let token = token["id"].as_str().unwrap();
    let grant = Some(json!({ "agent": "default" }));
    let (_, made) = call(house.local(), "POST", "/api/v1/grants", grant.clone()).await;
    let granted = made["id"].as_str().unwrap();
    let reason = Some(json!({ "reason": "the database is gone" }));
    let hashes = self::tools::seen(&house, &["one", "two"]).await;
    let word = |hash: &str| Some(json!({ "reason": "I have read it", "hash": hash }));
    let lower = json!({ "lower_to": "public", "reason": "an invented number" });
    let file = json!({ "path": "runbooks/a.md", "text": "# A\n" });
    let edit = json!({ "changes": [file], "message": "m" });
    let export = json!({ "export": USAGE_TABLE, "provider": "box" });
    let mut steps: Vec<Step> = vec![
        ("person.add", "POST", "/api/v1/people".into(), Some(json!({ "name": "ann" }))),
        ("person.remove", "DELETE", format!("/api/v1/people/{token}"), None),
        ("grant.create", "POST", "/api/v1/grants".into(), grant),
        ("grant.revoke", "DELETE", format!("/api/v1/grants/{granted}"), None),
        ("approval.approve", "POST", format!("/api/v1/approvals/{yes}/approve"), Some(json!({}))),
        ("approval.deny", "POST", format!("/api/v1/approvals/{no}/deny"), Some(json!({}))),
        ("approval.cancel", "POST", format!("/api/v1/approvals/{cancelled}/cancel"), None),
        ("break_glass.request", "POST", "/api/v1/break-glass".into(), reason),
        ("break_glass.revoke", "DELETE", format!("/api/v1/break-glass/{glass}"), None),
        ("session.lower", "POST", format!("/api/v1/sessions/{session}/label"), Some(lower)),
        ("tool.approve", "POST", "/api/v1/tools/mail/send/approve".into(), word(&hashes[0])),
        ("tool.reject", "POST", "/api/v1/tools/mail/send/reject".into(), word(&hashes[1])),
        ("session.endorse", "POST", format!("/api/v1/sessions/{untrusted}/endorse"), Some(endorse)),
        ("policy.edit", "PUT", "/api/v1/policy/files".into(), Some(edit)),
        ("policy.rollback", "POST", "/api/v1/policy/rollback".into(), Some(json!({}))),
        ("agent.create", "POST", "/api/v1/agents".into(), Some(json!({ "name": "one" }))),
        ("key.create", "POST", "/api/v1/keys".into(), Some(json!({ "agent": "one" }))),
        ("key.rotate", "POST", format!("/api/v1/keys/{id}/rotate"), Some(json!({}))),
        ("key.revoke", "DELETE", format!("/api/v1/keys/{id}"), None),
        ("provider.add", "POST", "/api/v1/providers".into(), Some(provider)),
        ("model.add", "POST", "/api/v1/models".into(), Some(model)),
        ("budget.reconcile", "POST", "/api/v1/budget/reconcile".into(), Some(export)),
        ("model.remove", "DELETE", "/api/v1/models/mine".into(), None),
        ("provider.remove", "DELETE", "/api/v1/providers/box".into(), None),
        ("budget.set", "PUT", "/api/v1/budget".into(), Some(cap.clone())),
        ("budget.raise", "POST", "/api/v1/budget/raise".into(), Some(cap)),
        ("policy.reload", "POST", "/api/v1/policy/reload".into(), None),
        ("console.sign_out", "DELETE", "/api/v1/console/sessions".into(), None),
    ];
    steps.extend(work::changes(&house).await);
    let writes = policy::Operation::ALL.iter().filter(|op| !op.is_read_only());
    let mut untested: Vec<_> = writes.map(|op| op.as_str()).collect();
    for (operation, method, path, body) in steps {
        let before = house.records(Some(Kind::Admin)).await.len();
        let (status, answer) = call(house.local(), method, &path, body).await;
        assert!(status.is_success(), "{operation}: {status} {answer}");
        let records = house.records(Some(Kind::Admin)).await;
        assert_eq!(records.len(), before + 1, "{operation}");
        assert_eq!(records[0].detail.value()["operation"], operation);
        assert_eq!((records[0].outcome.as_str(), records[0].actor.id.as_str()), ("ok", "local"));
        untested.retain(|name| *name != operation);
    }
    assert_eq!(untested, ["console.sign_in"], "which is a person's own");
    let (_, verdict) = call(house.local(), "GET", "/api/v1/audit/verify", None).await;
    assert_eq!(verdict["ok"], true);
}

#[tokio::test]
async fn a_cap_is_set_raised_and_lifted_at_once() {
    let house = House::build().await;
    let set = Some(json!({ "name": "default", "amount": "1.25", "period": "month" }));
    let (status, account) = call(house.local(), "PUT", "/api/v1/budget", set.clone()).await;
    assert_eq!((status, &account["left"]["usd"]), (StatusCode::OK, &json!("1.25")), "{account}");
    let (_, account) = call(house.local(), "POST", "/api/v1/budget/raise", set).await;
    assert_eq!(account["cap"]["usd"], "2.50");
    let lift = Some(json!({ "name": "default", "amount": "none", "period": "month" }));
    let (_, account) = call(house.local(), "PUT", "/api/v1/budget", lift).await;
    assert_eq!(account["cap"], Value::Null);
    let wrong = Some(json!({ "name": "default", "amount": "a lot" }));
    let (status, answer) = call(house.local(), "PUT", "/api/v1/budget", wrong).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{answer}");
}

#[tokio::test]
async fn a_model_is_refused_before_it_could_spoil_the_registry() {
    let house = House::build().await;
    let bad = [
        json!({ "id": "auto", "provider": "x" }),
        json!({ "id": "m", "provider": "unknown" }),
        json!({ "id": "with space", "provider": "x" }),
        json!({ "id": "m", "provider": "x", "price_input": "1" }),
        json!({ "id": "m", "provider": "x", "capabilities": ["magic"] }),
        json!({ "id": "m", "provider": "x", "surprise": 1 }),
    ];
    for body in bad {
        let (status, answer) =
            call(house.local(), "POST", "/api/v1/models", Some(body.clone())).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}: {answer}");
        assert!(answer["error"]["fix"].as_str().is_some_and(|fix| !fix.is_empty()));
    }
    let secret = json!({ "name": "p", "base_url": "https://x.example/v1", "secret": "sk-1234" });
    let (status, answer) = call(house.local(), "POST", "/api/v1/providers", Some(secret)).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(!answer.to_string().contains("sk-1234"));
}

#[tokio::test]
async fn policy_tells_commit_uncommitted_files_and_every_mistake() {
    let house = House::build().await;
    let head = house.control.repository.head().await.unwrap();
    let file = house.control.repository.dir().join("policies/new.cedar");
    std::fs::write(&file, "permit (principal, action, resource) when { nonsense };").unwrap();
    let (_, status) = call(house.local(), "GET", "/api/v1/policy", None).await;
    assert_eq!(
        (&status["commit"], &status["uncommitted"]),
        (&json!(head), &json!(["policies/new.cedar"]))
    );
    let check = Some(json!({}));
    let (_, report) = call(house.local(), "POST", "/api/v1/policy/check", check).await;
    assert_eq!(report["ok"], json!(false));
    assert_eq!(report["faults"][0]["file"], "policies/new.cedar");
    let check = Some(json!({ "commit": head }));
    let (_, report) = call(house.local(), "POST", "/api/v1/policy/check", check).await;
    assert_eq!(report["ok"], json!(true), "{report}");
    let check = Some(json!({ "commit": "--help" }));
    let (status, _) = call(house.local(), "POST", "/api/v1/policy/check", check).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_body_beyond_the_limit_and_an_unknown_path_are_told_in_our_own_form() {
    let house = House::build().await;
    let huge = Some(json!({ "name": "x".repeat(admin::BODY_BYTES_MAX) }));
    let (status, answer) = call(house.local(), "POST", "/api/v1/agents", huge).await;
    assert_eq!(
        (status, &answer["error"]["code"]),
        (StatusCode::PAYLOAD_TOO_LARGE, &json!("body_too_large"))
    );
    let (status, answer) = call(house.local(), "GET", "/api/v1/nothing", None).await;
    assert_eq!(
        (status, &answer["error"]["code"]),
        (StatusCode::NOT_FOUND, &json!("no_such_operation"))
    );
}

#[tokio::test]
async fn the_overview_and_health_answer_without_a_model() {
    let house = House::build().await;
    let (status, overview) = call(house.local(), "GET", "/api/v1/overview", None).await;
    assert_eq!((status, &overview["database_ok"]), (StatusCode::OK, &json!(true)));
    for path in ["/healthz", "/readyz", "/metrics"] {
        let (status, _) = call(house.remote(), "GET", path, None).await;
        assert_eq!(status, StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn an_export_has_every_record_as_a_line() {
    use tower::ServiceExt;
    let house = House::build().await;
    let request = request("GET", "/api/v1/audit/export", None).body(Body::empty()).unwrap();
    let response = house.local().oneshot(request).await.unwrap();
    let bytes = to_bytes(response.into_body(), 1 << 22).await.unwrap();
    let lines: Vec<Value> = String::from_utf8(bytes.to_vec())
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), house.records(None).await.len());
    assert_eq!(lines.last().unwrap()["record"]["detail"]["operation"], "audit.export");
}

#[test]
fn the_document_lists_every_path() {
    let document = serde_json::to_value(admin::document()).unwrap();
    let mut paths: Vec<String> = Vec::new();
    for (path, verbs) in document["paths"].as_object().unwrap() {
        paths.extend(verbs.as_object().unwrap().keys().map(|verb| format!("{verb} {path}")));
    }
    insta::assert_json_snapshot!(paths);
    // Two paths revoke grants, two register a model (`refresh` does so again with other facts), two tell of what was
    // spent, three of requests, two sign out, and the webhook is called by nobody who could be permitted.
    assert_eq!(paths.len(), policy::Operation::ALL.len() + 7);
}

/// The console's types are made of this file.
#[test]
fn the_console_is_made_for_this_document() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../console/openapi.json");
    let known: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let document = serde_json::to_value(admin::document()).unwrap();
    assert!(known == document, "run `npm run api -- http://127.0.0.1:8081` in console/");
}

#[test]
fn every_parameter_of_the_document_stands_where_the_document_says() {
    let document = serde_json::to_value(admin::document()).unwrap();
    let mut queries = 0;
    for (path, verbs) in document["paths"].as_object().unwrap() {
        let named: BTreeSet<&str> =
            path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
        for (verb, operation) in verbs.as_object().unwrap() {
            let parameters = operation["parameters"].as_array().map_or(&[][..], Vec::as_slice);
            let place = |place: &str| -> BTreeSet<&str> {
                let there = parameters.iter().filter(|one| one["in"] == place);
                there.filter_map(|one| one["name"].as_str()).collect()
            };
            assert_eq!(place("path"), named, "{verb} {path}");
            assert_eq!(place("path").len() + place("query").len(), parameters.len());
            queries += place("query").len();
        }
    }
    assert!(queries > 0, "no operation has a query");
}
