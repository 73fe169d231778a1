//! What an example looks like.

use cedar_policy::Entities;
use proofs::Example;
use serde_json::json;

use crate::world::{always, never, prove, refuted};

const ALL: &str = "permit (principal, action, resource);";

#[tokio::test]
async fn an_example_reads_in_a_few_lines() {
    let property = r#"permit (principal == User::"ann", action == Action::"remove", resource == Doc::"plan")
        when { principal in Group::"staff" && principal.level == 2 && context.rank == 7
            && !(principal has nick) && resource.open && resource.kind == "x"
            && resource.score == decimal("1.5") && resource.owner == User::"bob" };"#;
    let outcome = prove(never(ALL, property)).await;
    let expected = r#"principal User::"ann" in Group::"staff" {"level":2}
action Action::"remove"
resource Doc::"plan" {"kind":"x","open":true,"owner":{"__entity":{"type":"User","id":"bob"}},"score":{"__extn":{"fn":"decimal","arg":"1.5000"}}}
context {"rank":7}
with User::"bob""#;
    let text = refuted(&outcome).to_string();
    assert!(text.starts_with(expected), "{text}");
}

#[tokio::test]
async fn an_example_is_plain_json() {
    let outcome = prove(always(
        ALL.replace("action", r#"action == Action::"view""#).as_str(),
        r#"permit (principal == User::"a\"b", action == Action::"remove", resource);"#,
    ))
    .await;
    let example = refuted(&outcome);
    assert_eq!(example.request["principal"], json!(r#"User::"a\"b""#));
    assert_eq!(example.request["action"], json!(r#"Action::"remove""#));
    assert!(example.request["context"]["rank"].is_i64());
    for entity in example.request["entities"].as_array().expect("a list") {
        let says_something = |key| match &entity[key] {
            serde_json::Value::Object(map) => !map.is_empty(),
            serde_json::Value::Array(list) => !list.is_empty(),
            _ => false,
        };
        assert!(["attrs", "tags", "parents"].into_iter().any(says_something), "{entity}");
    }
}

#[test]
fn what_is_no_example_is_refused_by_its_part() {
    #[track_caller]
    fn check(text: serde_json::Value, part: &str) {
        let error = Example::from_json(text).expect_err("no example").to_string();
        assert!(error.starts_with(&format!("its {part} is wrong: ")), "{error}");
    }
    let whole = json!({
        "principal": "User::\"a\"", "action": "Action::\"view\"", "resource": "Doc::\"d\"",
        "context": {}, "entities": [],
    });
    for part in ["principal", "action", "resource", "context", "entities"] {
        let mut missing = whole.clone();
        missing.as_object_mut().expect("an object").remove(part);
        check(missing, part);
        let mut wrong = whole.clone();
        wrong[part] = json!(7);
        check(wrong, part);
    }
    check(json!(null), "principal");
    let example = Example::from_json(whole).expect("an example");
    assert_eq!(example.concrete.1, Entities::empty());
}
