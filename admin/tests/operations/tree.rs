//! The policy tree through the admin API: edits, the way back, tests, explanations, differences, the
//! webhook.

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use ring::hmac;
use serde_json::{Value, json};

use crate::house::{House, ask, call, call_as};

const FILES: &str = "/api/v1/policy/files";

const FORBID: &str = "@id(\"nobody-calls\")\nforbid (principal, \
    action == Orchestack::Action::\"callModel\", resource == Orchestack::Model::\"m\");\n";

fn put(path: &str, text: Option<&str>) -> Value {
    json!({ "changes": [{ "path": path, "text": text }], "message": "a change" })
}

async fn edit(house: &House, body: Value) -> (StatusCode, Value) {
    call(house.local(), "PUT", FILES, Some(body)).await
}

#[tokio::test]
async fn an_edit_is_a_commit_of_its_editor_and_in_force() {
    let house = House::build().await;
    let ann = house.person("ann", &["infra-admin"]).await;
    let (_, before) = call(house.local(), "GET", FILES, None).await;
    assert!(before["paths"].as_array().unwrap().contains(&json!("policies/models.cedar")));
    let base = before["commit"].as_str().unwrap();
    let mut body = put("policies/more.cedar", Some(FORBID));
    body["base"] = json!(base);
    let (status, done) = call_as(&house, &ann, ("PUT", FILES), Some(body.clone())).await;
    assert_eq!((status, &done["in_force"]), (StatusCode::OK, &json!(true)), "{done}");
    let (_, shown) =
        call(house.local(), "GET", &format!("{FILES}?path=policies/more.cedar"), None).await;
    assert_eq!(shown["text"], json!(FORBID));
    let (_, log) = call(house.local(), "GET", "/api/v1/policy/log", None).await;
    let newest = &log["commits"][0];
    assert_eq!(newest["author"], "ann <ann@orchestack>");
    assert_eq!((&newest["subject"], &newest["in_force"]), (&json!("a change"), &json!(true)));

    // Made on what is gone by now.
    body["changes"][0]["text"] = json!("// other\n");
    let (status, answer) = edit(&house, body).await;
    assert_eq!((status, &answer["error"]["code"]), (StatusCode::CONFLICT, &json!("tree_conflict")));
    // To another branch: what runs stays.
    let mut aside = put("policies/more.cedar", None);
    aside["branch"] = json!("review");
    let (status, done) = edit(&house, aside).await;
    assert_eq!((status, &done["in_force"]), (StatusCode::OK, &json!(false)), "{done}");
    let path = format!("{FILES}?commit=review");
    let (_, there) = call(house.local(), "GET", &path, None).await;
    assert!(!there["paths"].as_array().unwrap().contains(&json!("policies/more.cedar")));

    let (status, back) =
        call(house.local(), "POST", "/api/v1/policy/rollback", Some(json!({}))).await;
    assert_eq!(status, StatusCode::OK, "{back}");
    let (_, after) = call(house.local(), "GET", FILES, None).await;
    assert_eq!(after["paths"], before["paths"]);
    assert_eq!(after["commit"], back["commit"]);
}

#[tokio::test]
async fn an_edit_that_would_not_be_in_force_is_refused_with_its_faults() {
    let house = House::build().await;
    let head = house.control.repository.head().await.unwrap();
    let everything =
        "@id(\"all\") permit (principal, action == Orchestack::Action::\"approve\", resource);\n";
    let approvals = policy::starter::STARTER.iter().find(|(path, _)| path.contains("approvals"));
    let open = approvals.unwrap().1.split("// Nobody answers").next().unwrap();
    let case =
        "[[case]]\nname = \"c\"\nmodel = { id = \"m\", locality = \"local\" }\nexpect = \"deny\"\n";
    let obliged = "@id(\"o\") @polish(\"x\") permit (principal, action, resource);\n";
    for (path, text, told) in [
        ("policies/bad.cedar", "forbid (", "policies/bad.cedar"),
        ("policies/bad.cedar", obliged, "polish"),
        ("tests/mine.toml", case, "the case `c` fails"),
        ("policies/approvals.cedar", open, "nobody-approves-their-own-request"),
        ("strange/file.txt", "x", "strange"),
    ] {
        let (status, answer) = edit(&house, put(path, Some(text))).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{path}: {answer}");
        assert_eq!(answer["error"]["code"], "tree_refused");
        assert!(answer["error"]["faults"].to_string().contains(told), "{told}: {answer}");
    }
    for path in ["../x", "/etc/passwd", ".git/config", "policies/../../x", "a//b", ""] {
        let (status, answer) = edit(&house, put(path, Some("x"))).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{path}: {answer}");
    }
    let (status, _) = edit(&house, put("policies/none.cedar", None)).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let mut silent = put("policies/all.cedar", Some(everything));
    silent["message"] = json!(" \n");
    assert_eq!(edit(&house, silent).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(house.control.repository.head().await.unwrap(), head, "nothing was committed");
}

#[tokio::test]
async fn an_edit_removes_no_file_that_it_does_not_name() {
    let house = House::build().await;
    let head = house.control.repository.head().await.unwrap();
    let (_, before) = call(house.local(), "GET", FILES, None).await;
    for path in ["policies/models.cedar/README.md", "policies", "invariants", "tests"] {
        let (status, answer) = edit(&house, put(path, Some("x"))).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{path}: {answer}");
        let told = answer["error"]["message"].as_str().unwrap();
        assert!(told.contains(path) && told.contains("cannot both be"), "{told}");
        let body = json!({ "base": head, "changes": [{ "path": path, "text": "x" }] });
        let looked = call(house.local(), "POST", "/api/v1/policy/check", Some(body)).await;
        assert_eq!(looked.0, StatusCode::BAD_REQUEST, "{path}: {}", looked.1);
    }
    let both = json!([
        { "path": "docs/README.md", "text": "x" }, { "path": "docs", "text": "x" },
    ]);
    let (status, answer) = edit(&house, json!({ "changes": both, "message": "both" })).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{answer}");
    let (_, after) = call(house.local(), "GET", FILES, None).await;
    assert_eq!(after, before, "nothing was committed");
}

#[tokio::test]
async fn cases_and_proofs_are_told_one_by_one() {
    let house = House::build().await;
    let ask = Some(json!({}));
    let (_, tested) = call(house.local(), "POST", "/api/v1/policy/test", ask.clone()).await;
    assert_eq!(tested["ok"], json!(true), "{tested}");
    assert!(tested["cases"].as_array().unwrap().len() > 5);
    let (_, proved) = call(house.local(), "POST", "/api/v1/policy/prove", ask.clone()).await;
    assert_eq!(proved["ok"], json!(true), "{proved}");
    assert!(proved["solver"].is_string());
    let file = house.control.repository.dir().join("tests/mine.toml");
    let case =
        "[[case]]\nname = \"c\"\nmodel = { id = \"m\", locality = \"local\" }\nexpect = \"deny\"\n";
    std::fs::write(file, case).unwrap();
    let (_, tested) = call(house.local(), "POST", "/api/v1/policy/test", ask).await;
    assert_eq!(tested["ok"], json!(false));
    let cases = tested["cases"].as_array().unwrap();
    let failed: Vec<_> = cases.iter().filter(|case| !case["failed"].is_null()).collect();
    assert_eq!((failed.len(), &failed[0]["name"]), (1, &json!("c")), "{tested}");
}

#[tokio::test]
async fn changes_are_looked_at_before_anybody_saves_them() {
    let house = House::build().await;
    let head = house.control.repository.head().await.unwrap();
    let with = |path: &str, text: Option<&str>| json!({ "base": head, "changes": [{ "path": path, "text": text }] });
    let ask = async |what: &str, body: Value| {
        call(house.local(), "POST", &format!("/api/v1/policy/{what}"), Some(body)).await
    };
    let (_, checked) = ask("check", with("policies/more.cedar", Some(FORBID))).await;
    assert_eq!(checked["checked"], json!(format!("{head} with 1 change")), "{checked}");
    assert_eq!(checked["ok"], json!(true), "{checked}");
    let (_, checked) = ask("check", with("policies/bad.cedar", Some("forbid ("))).await;
    assert_eq!(
        (&checked["ok"], &checked["faults"][0]["file"]),
        (&json!(false), &json!("policies/bad.cedar"))
    );
    let case =
        "[[case]]\nname = \"c\"\nmodel = { id = \"m\", locality = \"local\" }\nexpect = \"deny\"\n";
    let (_, tested) = ask("test", with("tests/mine.toml", Some(case))).await;
    let failed =
        tested["cases"].as_array().unwrap().iter().filter(|case| !case["failed"].is_null());
    assert_eq!((failed.count(), &tested["ok"]), (1, &json!(false)), "{tested}");
    let approvals = policy::starter::STARTER.iter().find(|(path, _)| path.contains("approvals"));
    let (path, text) = approvals.unwrap();
    let open = text.split("// Nobody answers").next().unwrap();
    let (_, proved) = ask("prove", with(path, Some(open))).await;
    assert_eq!(proved["ok"], json!(false), "{proved}");
    let (_, diff) = ask("diff", with("policies/more.cedar", Some(FORBID))).await;
    assert!(
        diff["layers"][0]["denies"][0]["shown"].as_str().unwrap().contains("callModel"),
        "{diff}"
    );
    // Nothing of it is kept, and nothing outside of the tree is read or written.
    assert_eq!(house.control.repository.head().await.unwrap(), head);
    for (path, text) in [("../x", Some("x")), ("policies/none.cedar", None)] {
        assert_eq!(ask("check", with(path, text)).await.0, StatusCode::BAD_REQUEST, "{path}");
    }
    let both = json!({ "commit": head, "changes": [{ "path": "a.md", "text": "x" }] });
    assert_eq!(ask("check", both).await.0, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_decision_is_explained_with_places_and_what_would_change_it() {
    let house = House::build().await;
    let provider =
        json!({ "name": "far", "base_url": "https://far.example/v1", "locality": "cloud" });
    call(house.local(), "POST", "/api/v1/providers", Some(provider)).await;
    let model = json!({ "id": "m", "provider": "far", "price_input": "1", "price_output": "1" });
    call(house.local(), "POST", "/api/v1/models", Some(model)).await;
    let path = "/api/v1/policy/explain";
    let body =
        json!({ "agent": "default", "model": "m", "label": "restricted", "kinds": ["us_ssn"] });
    let (status, told) = call(house.local(), "POST", path, Some(body)).await;
    assert_eq!(status, StatusCode::OK, "{told}");
    let model = &told["models"][0];
    assert_eq!(model["outcome"]["permitted"], json!(false));
    let place = &model["policies"][0];
    assert_eq!(
        (&place["id"], &place["file"]),
        (&json!("restricted-stays-local"), &json!("policies/models.cedar"))
    );
    assert!(place["line"].as_u64().unwrap() > 1);
    let changes = model["changes"].to_string();
    assert!(
        changes.contains("with the label public") && changes.contains("on a local model"),
        "{changes}"
    );
    let (status, all) =
        call(house.local(), "POST", path, Some(json!({ "agent": "default" }))).await;
    assert_eq!((status, &all["models"][0]["outcome"]["permitted"]), (StatusCode::OK, &json!(true)));
    for (field, value) in [("agent", "x"), ("model", "x"), ("label", "x"), ("kinds", "x")] {
        let mut body = json!({ "agent": "default", "model": "m" });
        body[field] = if field == "kinds" { json!([value]) } else { json!(value) };
        let (status, answer) = call(house.local(), "POST", path, Some(body)).await;
        assert!(status.is_client_error(), "{field}: {answer}");
    }
}

#[tokio::test]
async fn a_difference_has_both_directions_and_lost_duties() {
    let house = House::build().await;
    let before = house.control.repository.head().await.unwrap();
    let own = "agents/default/policy.cedar";
    let redacts = "@id(\"default-calls-models\") @redact(\"email\")\npermit (principal, \
        action == Orchestack::Action::\"callModel\", resource);\n";
    let middle = house.commit(&[("policies/more.cedar", Some(FORBID)), (own, Some(redacts))]).await;
    let path = "/api/v1/policy/diff";
    let ask = json!({ "before": before, "after": middle });
    let (status, diff) = call(house.local(), "POST", path, Some(ask)).await;
    assert_eq!((status, &diff["widens"]), (StatusCode::OK, &json!(false)), "{diff}");
    let layer = &diff["layers"][0];
    assert_eq!(
        (&layer["layer"], layer["permits"].as_array().unwrap().len()),
        (&json!("organisation"), 0)
    );
    assert!(layer["denies"][0]["shown"].as_str().unwrap().contains("callModel"), "{layer}");
    // Back again: what was forbidden is permitted, and what was redacted is not.
    let ask = json!({ "before": middle, "after": before, "replay": 10 });
    let (_, diff) = call(house.local(), "POST", path, Some(ask)).await;
    assert_eq!(diff["widens"], json!(true));
    let told = diff["layers"].to_string();
    assert!(told.contains("without redacting email") && told.contains("agent default"), "{told}");
    assert_eq!(diff["replay"]["replayed"], json!(0));
    // As the files lie, against what is in force.
    let (_, diff) = call(house.local(), "POST", path, Some(json!({}))).await;
    assert_eq!((&diff["layers"], &diff["widens"]), (&json!([]), &json!(false)), "{diff}");
}

#[tokio::test]
async fn only_a_signed_webhook_makes_the_remote_be_asked() {
    let house = House::following().await;
    let clone = house.folder.path().join("clone");
    crate::house::git(house.folder.path(), &["clone", "-q", "remote.git", "clone"]);
    std::fs::write(clone.join("policies/more.cedar"), FORBID).unwrap();
    crate::house::git(&clone, &["add", "."]);
    crate::house::git(
        &clone,
        &["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "more"],
    );
    crate::house::git(&clone, &["push", "-q", "origin", "HEAD:main"]);
    let pushed = crate::house::git(&clone, &["rev-parse", "HEAD"]);
    let body = "{\"ref\":\"refs/heads/main\"}";
    let sign = |secret: &str| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        snapshot::keys::to_hex(hmac::sign(&key, body.as_bytes()).as_ref())
    };
    let send = async |name: &str, value: String| {
        let request = Request::post("/api/v1/policy/webhook").header("host", "git.example");
        let request = request.header(name, value).body(Body::from(body)).unwrap();
        ask(house.remote(), request).await.0
    };
    assert_eq!(
        send("authorization", format!("Bearer {}", house.token)).await,
        StatusCode::UNAUTHORIZED
    );
    let bad = format!("sha256={}", sign("guess"));
    assert_eq!(send("x-hub-signature-256", bad).await, StatusCode::UNAUTHORIZED);
    assert_ne!(house.control.snapshots.load().commit, pushed);
    let good = format!("sha256={}", sign("hush"));
    assert_eq!(send("x-hub-signature-256", good).await, StatusCode::ACCEPTED);
    let mut waited = 0;
    while house.control.snapshots.load().commit != pushed {
        waited += 1;
        assert!(waited < 1200, "the commit is not taken");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(send("x-gitlab-token", "hush".to_owned()).await, StatusCode::ACCEPTED);
    assert_eq!(send("x-gitea-signature", sign("hush")).await, StatusCode::ACCEPTED);
}
