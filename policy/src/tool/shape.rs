//! What policies can read of a tool's arguments: as much of its JSON schema as Cedar has types for.
//!
//! A value of one plain type is read as that type, a list of plain values as a set, and an object with
//! its properties as a record. What may be of several types, or is described elsewhere, is not seen.

use std::collections::BTreeMap;

use cedar_policy::RestrictedExpression as Expression;
use serde_json::{Map, Number, Value, json};

use crate::mapper::Unmappable;

/// The type of a value, as Cedar knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Shape {
    Text,
    Whole,
    Flag,
    /// A number with at most four digits behind the point.
    Decimal,
    Set(Box<Self>),
    Record(BTreeMap<String, Field>),
}

/// One property of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field {
    shape: Shape,
    required: bool,
}

/// How deep, how many and how long the properties are that policies can read; the others are not seen.
const DEPTH_MAX: usize = 4;
const FIELDS_MAX: usize = 128;
const NAME_BYTES_MAX: usize = 64;

impl Shape {
    /// The shape of a tool's arguments: a record, empty where the schema says nothing of them.
    pub(crate) fn of_input(schema: &Value) -> Self {
        Self::record(schema, DEPTH_MAX, &mut 0)
    }

    fn of(schema: &Value, depth: usize, fields: &mut usize) -> Option<Self> {
        // Beside a reference nothing else counts in some versions of the standard.
        if schema.get("$ref").is_some() {
            return None;
        }
        let Some(kind) = schema.get("type") else {
            let words = schema.get("enum")?.as_array()?;
            return words.iter().all(Value::is_string).then_some(Self::Text);
        };
        match kind.as_str()? {
            "string" => Some(Self::Text),
            "integer" => Some(Self::Whole),
            "boolean" => Some(Self::Flag),
            "number" => Some(Self::Decimal),
            "array" => {
                let item = Self::of(schema.get("items")?, 0, fields)?;
                Some(Self::Set(Box::new(item)))
            }
            "object" => depth.checked_sub(1).map(|depth| Self::record(schema, depth, fields)),
            _ => None,
        }
    }

    fn record(schema: &Value, depth: usize, fields: &mut usize) -> Self {
        let required = schema.get("required").and_then(Value::as_array);
        let is_required = |name: &str| {
            required.is_some_and(|all| all.iter().any(|one| one.as_str() == Some(name)))
        };
        let mut record = BTreeMap::new();
        let properties = schema.get("properties").and_then(Value::as_object);
        for (name, property) in properties.into_iter().flatten() {
            // Two underlines begin the words of Cedar's JSON form.
            if *fields >= FIELDS_MAX || name.len() > NAME_BYTES_MAX || name.starts_with("__") {
                continue;
            }
            *fields = fields.saturating_add(1);
            if let Some(shape) = Self::of(property, depth, fields) {
                record.insert(name.clone(), Field { shape, required: is_required(name) });
            }
        }
        Self::Record(record)
    }

    /// The type in the JSON form of Cedar's schemas.
    pub(crate) fn cedar_type(&self) -> Value {
        let plain = |name: &str| json!({ "type": "EntityOrCommon", "name": name });
        match self {
            Self::Text => plain("String"),
            Self::Whole => plain("Long"),
            Self::Flag => plain("Bool"),
            Self::Decimal => plain("decimal"),
            Self::Set(item) => json!({ "type": "Set", "element": item.cedar_type() }),
            Self::Record(fields) => {
                let attribute = |(name, field): (&String, &Field)| {
                    let mut kind = field.shape.cedar_type();
                    if let Value::Object(parts) = &mut kind {
                        parts.insert("required".to_owned(), Value::from(field.required));
                    }
                    (name.clone(), kind)
                };
                let attributes: Map<String, Value> = fields.iter().map(attribute).collect();
                json!({ "type": "Record", "attributes": attributes })
            }
        }
    }

    /// A value of this shape for Cedar. What does not fit is none, and so is an object without what it
    /// must have.
    pub(crate) fn read(&self, value: &Value) -> Result<Expression, Unmappable> {
        match self {
            Self::Text => value.as_str().map(|text| Expression::new_string(text.to_owned())),
            Self::Whole => whole(value).map(Expression::new_long),
            Self::Flag => value.as_bool().map(Expression::new_bool),
            Self::Decimal => value.as_number().and_then(decimal).map(Expression::new_decimal),
            Self::Set(item) => {
                let items = value.as_array().ok_or(Unmappable)?;
                let items: Vec<Expression> =
                    items.iter().map(|one| item.read(one)).collect::<Result<_, _>>()?;
                Some(Expression::new_set(items))
            }
            Self::Record(fields) => {
                let object = value.as_object().ok_or(Unmappable)?;
                let mut record = Vec::with_capacity(fields.len());
                for (name, field) in fields {
                    match object.get(name) {
                        Some(value) => record.push((name.clone(), field.shape.read(value)?)),
                        None if field.required => return Err(Unmappable),
                        None => {}
                    }
                }
                Expression::new_record(record).ok()
            }
        }
        .ok_or(Unmappable)
    }
}

/// From here on not every whole number is a float of its own.
const FLOAT_WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

/// A whole number, also one that is written `3.0`.
fn whole(value: &Value) -> Option<i64> {
    if let Some(number) = value.as_i64() {
        return Some(number);
    }
    let float = value.as_f64().filter(|float| float.fract() == 0.0)?;
    (float.abs() < FLOAT_WHOLE_MAX).then(|| format!("{float:.0}").parse().ok()).flatten()
}

/// A number as Cedar writes decimals: at most four digits behind the point.
fn decimal(number: &Number) -> Option<String> {
    if let Some(whole) = number.as_i64() {
        return Some(format!("{whole}.0"));
    }
    let text = number.as_f64()?.to_string();
    match text.split_once('.') {
        Some((_, digits)) => (digits.len() <= 4).then_some(text),
        None => Some(format!("{text}.0")),
    }
}

#[cfg(test)]
mod tests {
    use cedar_policy::Context;
    use proptest::prelude::*;

    use super::*;

    fn shape(properties: Value, required: &[&str]) -> Shape {
        Shape::of_input(&json!({
            "type": "object", "properties": properties, "required": required,
        }))
    }

    /// The names of what policies see of some properties.
    fn seen(properties: Value) -> Vec<String> {
        match shape(properties, &[]) {
            Shape::Record(fields) => fields.into_keys().collect(),
            other => panic!("{other:?} is no record"),
        }
    }

    #[test]
    fn every_plain_type_has_one_of_cedars() {
        let shape = shape(
            json!({
                "to": { "type": "string", "format": "email" },
                "count": { "type": "integer" },
                "urgent": { "type": "boolean" },
                "amount": { "type": "number" },
                "cc": { "type": "array", "items": { "type": "string" } },
                "mode": { "enum": ["a", "b"] },
                "at": { "type": "object", "properties": { "day": { "type": "integer" } } },
            }),
            &["to"],
        );
        let told = |name: &str| {
            let kind = &shape.cedar_type()["attributes"][name];
            let item = kind.get("element").unwrap_or(kind);
            format!("{} {} {}", kind["type"], item["name"], kind["required"]).replace('"', "")
        };
        assert_eq!(told("to"), "EntityOrCommon String true");
        assert_eq!(told("count"), "EntityOrCommon Long false");
        assert_eq!(told("urgent"), "EntityOrCommon Bool false");
        assert_eq!(told("amount"), "EntityOrCommon decimal false");
        assert_eq!(told("mode"), "EntityOrCommon String false");
        assert_eq!(told("cc"), "Set String false");
        assert_eq!(told("at"), "Record null false");
    }

    #[test]
    fn what_may_be_of_several_types_is_not_seen() {
        let hidden = json!({
            "a": { "type": ["string", "null"] },
            "b": { "anyOf": [{ "type": "string" }, { "type": "null" }] },
            "c": {},
            "d": { "enum": ["x", null] },
            "e": { "$ref": "#/$defs/e", "type": "string" },
            "f": { "type": "array", "items": { "type": "object", "properties": {} } },
            "g": { "type": "array", "items": { "type": ["string", "integer"] } },
            "h": { "type": "array" },
            "i": { "type": "null" },
            "__entity": { "type": "string" },
            "seen": { "type": "string" },
        });
        assert_eq!(seen(hidden), ["seen"]);
    }

    #[test]
    fn what_policies_read_is_bounded() {
        let many: Map<String, Value> =
            (0..1_000).map(|n| (format!("p{n:04}"), json!({ "type": "string" }))).collect();
        assert_eq!(seen(many.into()).len(), FIELDS_MAX);
        let mut deep = json!({ "type": "string" });
        for _ in 0..20 {
            deep = json!({ "type": "object", "properties": { "x": deep } });
        }
        let text = Shape::of_input(&deep).cedar_type().to_string();
        assert_eq!(text.matches("\"x\"").count(), DEPTH_MAX);
    }

    #[track_caller]
    fn check(kind: &str, value: Value, fits: bool) {
        let shape = shape(json!({ "x": { "type": kind } }), &["x"]);
        let read = shape.read(&json!({ "x": value })).ok();
        let told = read.and_then(|read| Context::from_pairs([("input".to_owned(), read)]).ok());
        assert_eq!(told.is_some(), fits, "{kind} {value}");
    }

    #[test]
    fn what_does_not_fit_is_no_value() {
        check("string", json!("x"), true);
        check("string", json!(1), false);
        check("string", json!(null), false);
        check("integer", json!(-3), true);
        check("integer", json!(3.0), true);
        check("integer", json!(3.5), false);
        check("integer", json!(u64::MAX), false);
        check("integer", json!(1e18), false);
        check("number", json!(12), true);
        check("number", json!(-0.25), true);
        check("number", json!(1e15), false);
        check("number", json!(0.00001), false);
        check("number", json!(1.23456), false);
        check("number", json!(u64::MAX), false);
        check("boolean", json!("true"), false);
        let needs = shape(json!({ "x": { "type": "string" } }), &["x"]);
        assert!(needs.read(&json!({})).is_err() && needs.read(&json!([])).is_err());
        let may = shape(json!({ "x": { "type": "string" } }), &[]);
        assert!(may.read(&json!({ "more": 1 })).is_ok());
    }

    proptest! {
        /// Whatever the number is, Cedar has the same one or none.
        #[test]
        fn a_decimal_is_the_number_that_was_written(whole in -1_000_000i64..1_000_000, cents in 0..10_000u32) {
            let text = format!("{whole}.{cents:04}");
            let number: Number = serde_json::from_str(&text).unwrap();
            let read = decimal(&number).unwrap();
            prop_assert_eq!(read.parse::<f64>().unwrap(), text.parse::<f64>().unwrap());
        }
    }
}
