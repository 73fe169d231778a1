//! What a hash hangs on, and what is no definition.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn send() -> Value {
    json!({
        "name": "send",
        "title": "Send an e-mail",
        "description": "Sends an e-mail.",
        "inputSchema": {
            "type": "object",
            "properties": {"to": {"type": "string"}, "subject": {"type": "string", "maxLength": 80}},
            "required": ["to"],
        },
        "outputSchema": {"type": "object", "properties": {"id": {"type": "string"}}},
        "annotations": {"readOnlyHint": false},
        "execution": {"taskSupport": "optional"},
        "icons": [{"src": "https://example.com/a.png"}],
        "_meta": {"build": 7},
    })
}

fn hash(value: &Value) -> DefinitionHash {
    Definition::read(value).unwrap().hash("mail")
}

/// Every place of a value, as a pointer.
fn places(value: &Value, at: &str, out: &mut Vec<String>) {
    out.push(at.to_owned());
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(key, field)| places(field, &format!("{at}/{key}"), out));
        }
        Value::Array(items) => {
            items
                .iter()
                .enumerate()
                .for_each(|(index, item)| places(item, &format!("{at}/{index}"), out));
        }
        _ => {}
    }
}

/// The same value as other text: keys in another order, with blanks.
fn written(value: &Value, turn: usize) -> String {
    let blank = " \n".repeat(turn % 3);
    match value {
        Value::Object(fields) => {
            let mut all: Vec<String> = fields
                .iter()
                .map(|(key, field)| {
                    format!("{blank}{}{blank}:{}", json!(key), written(field, turn / 2))
                })
                .collect();
            if !all.is_empty() {
                let middle = turn % all.len();
                all.rotate_left(middle);
            }
            format!("{{{}{blank}}}", all.join(","))
        }
        Value::Array(items) => {
            let all: Vec<String> = items.iter().map(|item| written(item, turn / 2)).collect();
            format!("[{}]", all.join(&format!(",{blank}")))
        }
        other => other.to_string(),
    }
}

proptest! {
    #[test]
    fn order_of_keys_and_blanks_do_not_change_the_hash(turn in 0usize..10_000) {
        let value: Value = serde_json::from_str(&written(&send(), turn)).unwrap();
        prop_assert_eq!(hash(&value), hash(&send()));
    }

    #[test]
    fn any_text_changed_in_any_place_changes_the_hash(
        pick in any::<prop::sample::Index>(), text in "\\PC{1,12}",
    ) {
        let mut all = Vec::new();
        places(&send(), "", &mut all);
        let texts: Vec<_> = all
            .iter()
            .filter(|at| send().pointer(at).is_some_and(Value::is_string))
            .filter(|at| !APART.iter().any(|apart| at.starts_with(&format!("/{apart}"))))
            .filter(|at| *at != "/inputSchema/type" && *at != "/name")
            .collect();
        let mut changed = send();
        let at = texts[pick.index(texts.len())];
        let Some(Value::String(place)) = changed.pointer_mut(at) else { unreachable!() };
        place.push_str(&text);
        prop_assert_ne!(hash(&changed), hash(&send()), "{}", at);
    }
}

#[test]
fn every_field_added_or_taken_changes_the_hash() {
    let mut all = Vec::new();
    places(&send(), "", &mut all);
    let mut checked = 0;
    for at in all {
        let Some((parent, key)) = at.rsplit_once('/') else { continue };
        let (mut less, mut more) = (send(), send());
        if let Some(Value::Object(fields)) = less.pointer_mut(parent) {
            fields.remove(key);
            let apart = APART.iter().any(|apart| at.starts_with(&format!("/{apart}")));
            if let Ok(read) = Definition::read(&less) {
                assert_eq!(read.hash("mail") == hash(&send()), apart, "without {at}");
                checked += 1;
            }
        }
        if let Some(Value::Object(fields)) = more.pointer_mut(&at) {
            fields.insert("x-more".to_owned(), json!(1));
            let apart = APART.iter().any(|apart| at.starts_with(&format!("/{apart}")));
            assert_eq!(hash(&more) == hash(&send()), apart, "with more in {at}");
            checked += 1;
        }
    }
    assert!(checked > 20, "{checked}");
}

#[test]
fn another_server_is_another_tool() {
    let definition = Definition::read(&send()).unwrap();
    assert_ne!(definition.hash("mail"), definition.hash("mail2"));
}

#[test]
fn the_hash_stays_what_it_is() {
    // Rows of approvals hold it: a change of the canonical form would put every tool in quarantine.
    let plain = json!({"name": "now", "inputSchema": {"type": "object"}});
    let bytes = r#"{"definition":{"inputSchema":{"type":"object"},"name":"now"},"server":"clock"}"#;
    let expected = digest(&SHA256, bytes.as_bytes());
    let hex: String = expected.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(Definition::read(&plain).unwrap().hash("clock").as_str(), format!("sha256:{hex}"));
}

#[test]
fn what_is_read_is_what_is_written_but_for_pictures_and_meta() {
    let definition = Definition::read(&send()).unwrap();
    let written = definition.to_value();
    assert_eq!(Definition::read(&written).unwrap(), definition);
    assert!(written.get("icons").is_none() && written.get("_meta").is_none());
    assert_eq!(written["execution"], send()["execution"]);
}

#[test]
fn what_is_no_definition_says_why() {
    #[track_caller]
    fn check(value: &Value, expected: &str) {
        let error = Definition::read(value).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
    let schema = json!({"type": "object"});
    check(&json!([]), "a definition of a tool must be an object");
    check(&json!({"inputSchema": schema}), "`name` of a tool must be 1 to 128 characters");
    check(&json!({"name": "a\nb", "inputSchema": schema}), "`name` of a tool must be");
    check(&json!({"name": "a\u{200b}b", "inputSchema": schema}), "`name` of a tool must be");
    check(&json!({"name": "a".repeat(129), "inputSchema": schema}), "`name` of a tool must be");
    check(&json!({"name": "a"}), "tool `a`: `inputSchema` must be a schema with `type` `object`");
    check(&json!({"name": "a", "inputSchema": {}}), "tool `a`: `inputSchema` must be a schema");
    check(&json!({"name": "a", "inputSchema": true}), "tool `a`: `inputSchema` must be an object");
    check(
        &json!({"name": "a", "inputSchema": schema, "description": 1}),
        "tool `a`: `description` must be text",
    );
    check(
        &json!({"name": "a", "inputSchema": schema, "annotations": []}),
        "tool `a`: `annotations` must be an object",
    );
    let long = "x".repeat(BYTES_MAX);
    check(
        &json!({"name": "a", "inputSchema": schema, "description": long}),
        "a definition of a tool has",
    );
    let deep = (0..json::DEPTH_MAX).fold(json!(1), |inner, _| json!([inner]));
    check(
        &json!({"name": "a", "inputSchema": schema, "x": deep}),
        "a definition of a tool is too large: it is nested deeper than 64 levels",
    );
}

#[test]
fn a_hash_is_read_back_from_its_text_and_from_no_other() {
    let hash = hash(&send());
    assert_eq!(hash.as_str().parse::<DefinitionHash>().unwrap(), hash);
    for wrong in ["", "sha256:", "sha256:00", &hash.as_str().to_uppercase(), &hash.as_str()[1..]] {
        assert_eq!(wrong.parse::<DefinitionHash>(), Err(ParseHashError), "{wrong}");
    }
}
