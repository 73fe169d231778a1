//! Schemas as servers have them, and as attackers would.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::*;
use crate::json::DEPTH_MAX;

fn mail() -> Value {
    json!({
        "type": "object",
        "properties": {
            "to": {"type": "array", "items": {"$ref": "#/$defs/address"}, "minItems": 1},
            "subject": {"type": "string", "maxLength": 10},
            "priority": {"enum": ["low", "high"]},
            "headers": {"type": "object", "additionalProperties": {"type": "string"}},
        },
        "required": ["to"],
        "additionalProperties": false,
        "$defs": {"address": {"type": "string", "pattern": "^[^@]+@[^@]+$"}},
    })
}

#[test]
fn arguments_that_a_schema_allows_pass() {
    let schema = Schema::compile(&mail()).unwrap();
    assert_eq!(schema.check(&json!({"to": ["a@example.com"], "priority": "low"})), Ok(()));
}

#[test]
fn what_is_wrong_is_told_by_place_and_keyword() {
    let schema = Schema::compile(&mail()).unwrap();
    let wrong = json!({"to": ["nobody"], "subject": "eleven chars", "priority": 3});
    insta::assert_snapshot!(schema.check(&wrong).unwrap_err());
    let missing = schema.check(&json!({})).unwrap_err().to_string();
    assert_eq!(missing, "does not match its schema: `the whole` fails `required` (to)");
}

#[test]
fn nothing_of_a_value_is_in_what_is_told_of_it() {
    const SECRET: &str = "hunter2hunter2";
    let one_of = json!({"type": "object", "properties": {"x": {"anyOf": [
        {"type": "integer"}, {"const": "a"}, {"type": "object", "properties": {"y": {"type": "null"}},
         "unevaluatedProperties": false}]}}, "propertyNames": {"maxLength": 2},
        "additionalProperties": {"type": "integer"}});
    let values = [
        json!({"to": SECRET}),
        json!({"to": [SECRET], "subject": SECRET, "priority": SECRET}),
        json!({"to": ["a@b"], SECRET: 1}),
        json!({"to": ["a@b"], "headers": {SECRET: 1}}),
        json!({"x": SECRET}),
        json!({"x": {"y": SECRET, SECRET: SECRET}}),
        json!({"x": {SECRET: SECRET}}),
        json!({SECRET: SECRET}),
        json!(SECRET),
    ];
    for schema in [mail(), one_of] {
        let schema = Schema::compile(&schema).unwrap();
        for value in &values {
            let Err(invalid) = schema.check(value) else { continue };
            assert!(!format!("{invalid} {invalid:?}").contains(SECRET), "{invalid}");
        }
    }
}

#[test]
fn drafts_differ_where_they_do() {
    // In draft 7 a list of schemas is `items`, and what stands beside a `$ref` is not looked at.
    let old = json!({"$schema": "http://json-schema.org/draft-07/schema#", "type": "object",
        "properties": {"pair": {"items": [{"type": "string"}, {"type": "integer"}]}}});
    let schema = Schema::compile(&old).unwrap();
    assert!(schema.check(&json!({"pair": ["a", 1]})).is_ok());
    assert!(schema.check(&json!({"pair": [1, "a"]})).is_err());
    let new = json!({"type": "object", "properties": {"pair": {
        "prefixItems": [{"type": "string"}], "items": false}}});
    let schema = Schema::compile(&new).unwrap();
    assert!(schema.check(&json!({"pair": ["a"]})).is_ok());
    assert!(schema.check(&json!({"pair": ["a", 1]})).is_err());
}

#[test]
fn a_schema_that_cannot_be_used_says_why() {
    #[track_caller]
    fn check(schema: &Value, expected: &str) {
        let error = Schema::compile(schema).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    let with = |part: Value| json!({"type": "object", "properties": {"x": part}});
    for elsewhere in [
        "https://evil.example/s.json",
        "file:///etc/passwd",
        "other.json",
        "#anchor",
        "#/$defs/none",
    ] {
        check(&with(json!({"$ref": elsewhere})), "the schema has `$ref` at `/properties/x`");
    }
    check(&with(json!({"$dynamicRef": "#a"})), "the schema has `$dynamicRef`");
    check(&with(json!({"$id": "https://evil.example/"})), "the schema has `$id`");
    check(&json!({"$schema": "https://evil.example/meta"}), "`https://evil.example/meta`");
    check(&with(json!({"type": "strange"})), "it is no schema: `");
    check(&with(json!({"pattern": "(?=a)b"})), "needs look-around or back-references");
    check(&with(json!({"pattern": "(a)\\1"})), "needs look-around or back-references");
    check(&with(json!({"$ref": "#/properties/x"})), "the schema refers in a circle at");
    check(
        &json!({"$ref": "#/$defs/a", "$defs": {"a": {"allOf": [{"$ref": "#/$defs/b"}]},
            "b": {"anyOf": [{"$ref": "#/$defs/a"}]}}}),
        "the schema refers in a circle at",
    );
    let deep = (0..DEPTH_MAX).fold(json!({}), |inner, _| json!({"not": inner}));
    check(&deep, "the schema is too large: it is nested deeper than 64 levels");
    let many: Vec<_> = (0..20_000).map(|_| json!({})).collect();
    check(&json!({"anyOf": many}), "the schema has more than 10000 parts");
}

#[test]
fn a_property_may_have_the_name_of_a_keyword() {
    let names = json!({"type": "object", "properties": {
        "$ref": {"type": "string"}, "$id": {"type": "string"}, "id": {"type": "string"},
        "properties": {"type": "object"}, "default": {"default": {"$ref": "https://x.example"}}}});
    let schema = Schema::compile(&names).unwrap();
    assert!(schema.check(&json!({"$ref": "https://evil.example", "id": "7"})).is_ok());
    assert!(schema.check(&json!({"$ref": 7})).is_err());
}

/// Holds what took too long against a bound that a slow machine keeps as well.
#[track_caller]
fn within_a_second(what: impl FnOnce()) {
    let begin = Instant::now();
    what();
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
}

fn nested(levels: usize) -> Value {
    (0..levels).fold(json!({}), |inner, _| json!({"next": inner}))
}

#[test]
fn a_tree_is_checked_at_any_depth() {
    let tree = json!({"type": "object", "properties": {"next": {"$ref": "#"}},
        "additionalProperties": false});
    let schema = Schema::compile(&tree).unwrap();
    assert_eq!(schema.check(&nested(DEPTH_MAX - 1)), Ok(()));
    assert!(schema.check(&nested(DEPTH_MAX)).is_err());
}

#[test]
fn a_schema_that_doubles_its_work_with_each_level_is_refused_before_it_is_checked() {
    let doubling = json!({"type": "object", "properties": {"next": {"anyOf": [
        {"allOf": [{"$ref": "#"}, {"required": ["none"]}]}, {"$ref": "#"}]}}});
    let schema = Schema::compile(&doubling).unwrap();
    within_a_second(|| {
        assert_eq!(schema.check(&nested(4)), Ok(()));
        let refused = Err(Invalid::Bounds("is too much work to check"));
        assert_eq!(schema.check(&nested(DEPTH_MAX - 2)), refused);
    });
}

#[test]
fn a_chain_of_references_does_not_take_the_stack() {
    let mut held = serde_json::Map::new();
    for number in 0..5000 {
        held.insert(format!("d{number}"), json!({"$ref": format!("#/$defs/d{}", number + 1)}));
    }
    held.insert("d5000".to_owned(), json!({}));
    let chain = json!({"type": "object", "$ref": "#/$defs/d0", "$defs": held});
    within_a_second(|| {
        let schema = Schema::compile(&chain).unwrap();
        assert!(matches!(schema.check(&json!({})), Err(Invalid::Bounds(_))));
    });
}

#[test]
fn a_pattern_takes_time_in_proportion_to_its_text() {
    let slow = json!({"type": "object", "properties": {"x": {"pattern": "^(a+)+$"}}});
    let schema = Schema::compile(&slow).unwrap();
    let long = "a".repeat(100_000) + "!";
    within_a_second(|| assert!(schema.check(&json!({"x": long})).is_err()));
    let large = json!({"type": "object", "properties": {"x": {"pattern": "(a{1000}){1000}"}}});
    within_a_second(|| assert!(Schema::compile(&large).is_err()));
}

#[test]
fn many_items_are_held_against_each_other_in_time() {
    let unique = json!({"type": "object", "properties": {"x": {"uniqueItems": true}}});
    let schema = Schema::compile(&unique).unwrap();
    let items: Vec<_> = (0..40_000).map(|number| json!([number])).collect();
    within_a_second(|| assert_eq!(schema.check(&json!({"x": items})), Ok(())));
}

#[test]
fn a_large_result_is_checked_in_time() {
    let rows = json!({"type": "object", "properties": {"rows": {"type": "array", "items": {
        "anyOf": [{"type": "integer"}, {"type": "object", "properties": {"a": {"type": "string"}}}]}}}});
    let schema = Schema::compile(&rows).unwrap();
    let many: Vec<_> = (0..30_000).map(|number| json!({"a": number.to_string()})).collect();
    within_a_second(|| assert_eq!(schema.check(&json!({"rows": many})), Ok(())));
    let mut wrong = many;
    wrong.push(json!({"a": 1}));
    within_a_second(|| {
        assert_eq!(schema.check(&json!({"rows": wrong})), Err(Invalid::Schema(Vec::new())));
    });
}
