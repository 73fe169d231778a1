//! The smallest value that a JSON schema accepts, for the schemas that tools and structured output
//! use. `pattern`, `not` and conditional keywords are beyond it.

use serde_json::{Map, Value, json};

/// Schemas that refer to themselves end here.
const DEPTH_MAX: usize = 32;

/// A minimal instance of a schema: required properties only, the first of alternatives.
pub(crate) fn minimal(schema: &Value) -> Value {
    build(schema, schema, 0)
}

fn build(schema: &Value, root: &Value, depth: usize) -> Value {
    if depth > DEPTH_MAX {
        return Value::Null;
    }
    let next = |schema: &Value| build(schema, root, depth + 1);
    if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
        let pointed = target.strip_prefix('#').and_then(|pointer| root.pointer(pointer));
        return pointed.map_or(Value::Null, next);
    }
    if let Some(value) = schema.get("const") {
        return value.clone();
    }
    if let Some(value) = schema.get("enum").and_then(|values| values.get(0)) {
        return value.clone();
    }
    for key in ["anyOf", "oneOf"] {
        if let Some(options) = schema.get(key).and_then(Value::as_array) {
            // `null` ends a recursive type, so it is the smallest choice where it is one.
            let null = options.iter().find(|option| option.get("type") == Some(&json!("null")));
            return null.or(options.first()).map_or(Value::Null, next);
        }
    }
    if let Some(parts) = schema.get("allOf").and_then(Value::as_array) {
        return all_of(schema, parts, &next);
    }
    match kind(schema) {
        "object" => object(schema, &next),
        "array" => {
            let items = schema.get("items").unwrap_or(&Value::Null);
            let count = schema.get("minItems").and_then(Value::as_u64).unwrap_or(0).min(64);
            (0..count).map(|_| next(items)).collect()
        }
        "string" => Value::String(string(schema)),
        "integer" => whole(schema),
        "number" => number(schema),
        "boolean" => Value::Bool(true),
        _ => Value::Null,
    }
}

/// The type of a schema; the first that is not `null` of several.
fn kind(schema: &Value) -> &str {
    let of_keywords = if schema.get("properties").is_some() { "object" } else { "null" };
    match schema.get("type") {
        Some(Value::String(name)) => name,
        Some(Value::Array(names)) => {
            names.iter().filter_map(Value::as_str).find(|name| *name != "null").unwrap_or("null")
        }
        _ => of_keywords,
    }
}

fn object(schema: &Value, next: &dyn Fn(&Value) -> Value) -> Value {
    let names = schema.get("required").and_then(Value::as_array);
    let names = names.into_iter().flatten().filter_map(Value::as_str);
    let properties = schema.get("properties");
    let value = |name: &str| properties.and_then(|all| all.get(name)).map_or(Value::Null, next);
    Value::Object(names.map(|name| (name.to_owned(), value(name))).collect())
}

fn all_of(schema: &Value, parts: &[Value], next: &dyn Fn(&Value) -> Value) -> Value {
    let mut own = schema.clone();
    if let Some(fields) = own.as_object_mut() {
        fields.remove("allOf");
    }
    let mut merged = Map::new();
    let mut last = Value::Null;
    for part in parts.iter().chain([&own]) {
        match next(part) {
            Value::Object(fields) => merged.extend(fields),
            Value::Null => {}
            other => last = other,
        }
    }
    if merged.is_empty() { last } else { Value::Object(merged) }
}

fn string(schema: &Value) -> String {
    let text = match schema.get("format").and_then(Value::as_str) {
        Some("date-time") => "2026-01-01T00:00:00Z",
        Some("date") => "2026-01-01",
        Some("time") => "00:00:00Z",
        Some("email") => "simulator@example.com",
        Some("uri") => "https://example.com/simulator",
        Some("uuid") => "00000000-0000-4000-8000-000000000000",
        Some("ipv4") => "192.0.2.1",
        Some("ipv6") => "2001:db8::1",
        Some("hostname") => "example.com",
        _ => "simulator",
    };
    let bound = |key| schema.get(key).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
    let longest = bound("maxLength").unwrap_or(usize::MAX);
    let shortest = bound("minLength").unwrap_or(0).min(1 << 16);
    let mut text: String = text.chars().take(longest).collect();
    let missing = shortest.saturating_sub(text.chars().count());
    text.extend(std::iter::repeat_n('s', missing));
    text
}

fn whole(schema: &Value) -> Value {
    let get = |key| schema.get(key).and_then(Value::as_i64);
    let low = get("minimum").max(get("exclusiveMinimum").map(|low| low.saturating_add(1)));
    let high = get("maximum").or_else(|| get("exclusiveMaximum").map(|high| high - 1));
    let mut value = low.unwrap_or(0);
    if low.is_none() && high.is_some_and(|high| high < value) {
        value = high.unwrap_or(0);
    }
    if let Some(step) = get("multipleOf").filter(|step| *step > 0) {
        let over = value.rem_euclid(step);
        value = if over == 0 { value } else { value.saturating_add(step - over) };
    }
    json!(value)
}

fn number(schema: &Value) -> Value {
    let get = |key| schema.get(key).and_then(Value::as_f64);
    let low = get("minimum").or_else(|| get("exclusiveMinimum").map(|low| low + 1.0));
    let high = get("maximum").or_else(|| get("exclusiveMaximum").map(|high| high - 1.0));
    json!(low.unwrap_or_else(|| high.filter(|high| *high < 0.0).unwrap_or(0.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(schema: Value) {
        let value = minimal(&schema);
        assert!(jsonschema::is_valid(&schema, &value), "{schema} does not accept {value}");
    }

    #[test]
    fn the_instance_satisfies_its_schema() {
        check(json!({"type": "object", "required": ["city", "days"], "properties": {
            "city": {"type": "string", "minLength": 20},
            "days": {"type": "integer", "minimum": 3, "multipleOf": 2},
            "note": {"type": "string"}}}));
        check(json!({"type": ["null", "string"], "maxLength": 3}));
        check(json!({"enum": ["celsius", "kelvin"]}));
        check(json!({"type": "array", "items": {"type": "boolean"}, "minItems": 2}));
        check(json!({"type": "number", "exclusiveMinimum": 4, "maximum": 9}));
        check(json!({"type": "integer", "maximum": -7}));
        check(json!({"allOf": [
            {"type": "object", "required": ["a"], "properties": {"a": {"const": 1}}},
            {"type": "object", "required": ["b"], "properties": {"b": {"type": "string"}}}]}));
        check(json!({"$ref": "#/$defs/node", "$defs": {"node": {
            "type": "object", "required": ["next"],
            "properties": {"next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]}}}}}));
    }

    #[test]
    fn a_schema_without_an_end_ends() {
        let endless = json!({"$ref": "#"});
        assert_eq!(minimal(&endless), Value::Null);
    }
}
