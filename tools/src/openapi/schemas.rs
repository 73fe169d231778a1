//! Schemas of OpenAPI as JSON Schema, each with those that it refers to.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::document::Document;
use crate::shown::shown;

/// How many schemas one definition may refer to.
const HELD_MAX: usize = 500;

/// Words of OpenAPI that JSON Schema has not, or that say nothing to whoever fills in arguments.
const DROPPED: [&str; 6] =
    ["nullable", "discriminator", "xml", "externalDocs", "example", "$schema"];

/// Turns schemas into JSON Schema, and remembers what they refer to.
pub(super) struct Schemas<'d> {
    document: &'d Document,
    held: BTreeMap<String, Value>,
    open: Vec<String>,
}

impl<'d> Schemas<'d> {
    pub(super) fn new(document: &'d Document) -> Self {
        Self { document, held: BTreeMap::new(), open: Vec::new() }
    }

    /// All that was referred to, to stand beside what refers to it as `$defs`.
    ///
    /// # Errors
    /// Why it cannot.
    pub(super) fn held(mut self) -> Result<Map<String, Value>, String> {
        while let Some(name) = self.open.pop() {
            if self.held.contains_key(&name) {
                continue;
            }
            if self.held.len() == HELD_MAX {
                return Err(format!("it refers to more than {HELD_MAX} schemas"));
            }
            let schema = self.document.schema(&name);
            let schema =
                schema.ok_or_else(|| format!("there is no schema `{}`", shown(&name, 80)))?;
            let schema = self.convert(schema)?;
            self.held.insert(name, schema);
        }
        Ok(self.held.into_iter().collect())
    }

    /// One schema as JSON Schema. A document nests no deeper than [`crate::DEPTH_MAX`], and neither
    /// does this.
    ///
    /// # Errors
    /// It refers to something else than a schema of the document.
    pub(super) fn convert(&mut self, schema: &Value) -> Result<Value, String> {
        let Some(keywords) = schema.as_object() else { return Ok(schema.clone()) };
        if let (Some(reference), true) = (keywords.get("$ref"), self.document.is_old) {
            // What stands beside a reference is not read in 3.0.
            return Ok(json!({"$ref": self.reference(reference)?}));
        }
        let mut out = Map::new();
        for (keyword, value) in keywords {
            if DROPPED.contains(&keyword.as_str()) || keyword.starts_with("x-") {
                continue;
            }
            let value = match keyword.as_str() {
                "$ref" => Value::String(self.reference(value)?),
                "properties" | "patternProperties" | "dependentSchemas" => self.each(value)?,
                "items"
                | "additionalProperties"
                | "not"
                | "if"
                | "then"
                | "else"
                | "contains"
                | "propertyNames"
                | "unevaluatedProperties"
                | "unevaluatedItems" => self.convert(value)?,
                "allOf" | "anyOf" | "oneOf" | "prefixItems" => self.list(value)?,
                _ => value.clone(),
            };
            out.insert(keyword.clone(), value);
        }
        if self.document.is_old {
            bounds(&mut out);
            if keywords.get("nullable") == Some(&Value::Bool(true)) {
                return Ok(nullable(out));
            }
        }
        Ok(Value::Object(out))
    }

    fn each(&mut self, value: &Value) -> Result<Value, String> {
        let Some(fields) = value.as_object() else { return Ok(value.clone()) };
        let fields = fields.iter().map(|(name, field)| Ok((name.clone(), self.convert(field)?)));
        Ok(Value::Object(fields.collect::<Result<_, String>>()?))
    }

    fn list(&mut self, value: &Value) -> Result<Value, String> {
        let Some(items) = value.as_array() else { return Ok(value.clone()) };
        let items = items.iter().map(|item| self.convert(item));
        Ok(Value::Array(items.collect::<Result<_, _>>()?))
    }

    /// A reference to a schema of the document, as one to `$defs`.
    fn reference(&mut self, reference: &Value) -> Result<String, String> {
        let text = reference.as_str().unwrap_or_default();
        let is_name = |name: &&str| {
            !name.is_empty()
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
        };
        let name = text.strip_prefix("#/components/schemas/").filter(is_name);
        let name = name.ok_or_else(|| {
            format!("it refers to `{}`, which is no schema of the document", shown(text, 80))
        })?;
        if !self.held.contains_key(name) {
            self.open.push(name.to_owned());
        }
        Ok(format!("#/$defs/{name}"))
    }
}

/// In 3.0 a bound says beside it whether it is itself allowed.
fn bounds(schema: &mut Map<String, Value>) {
    for (bound, exclusive) in [("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")] {
        match schema.get(exclusive) {
            Some(Value::Bool(true)) => {
                schema.remove(exclusive);
                if let Some(limit) = schema.remove(bound) {
                    schema.insert(exclusive.to_owned(), limit);
                }
            }
            Some(Value::Bool(false)) => {
                schema.remove(exclusive);
            }
            _ => {}
        }
    }
}

/// A schema that nothing at all passes too.
fn nullable(mut schema: Map<String, Value>) -> Value {
    match schema.get("type") {
        Some(Value::String(kind)) if !schema.contains_key("enum") => {
            let kinds = json!([kind, "null"]);
            schema.insert("type".to_owned(), kinds);
            Value::Object(schema)
        }
        _ => json!({"anyOf": [schema, {"type": "null"}]}),
    }
}
