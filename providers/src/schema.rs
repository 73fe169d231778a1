//! JSON that formats want in a certain form: schemas of arguments and of answers, and arguments.

use std::borrow::Cow;

use serde_json::{Value, json, value::RawValue};

use crate::{Unsupported, json};

/// The schema of a tool's arguments for formats that want one with a type; OpenAI takes a missing
/// one as "no arguments".
pub(crate) fn of_arguments(parameters: Option<&Value>) -> Cow<'_, Value> {
    match parameters {
        None => Cow::Owned(json!({"type": "object", "properties": {}})),
        Some(Value::Object(fields)) if !fields.contains_key("type") => {
            let mut fields = fields.clone();
            fields.insert("type".to_owned(), Value::from("object"));
            Cow::Owned(Value::Object(fields))
        }
        Some(schema) => Cow::Borrowed(schema),
    }
}

/// The schema of an answer for formats that have no description beside it: it goes into the schema,
/// where nothing is lost.
///
/// # Errors
/// The field: there is no schema, or it has a description of its own.
pub(crate) fn of_answer<'a>(
    schema: Option<&'a Value>,
    description: Option<&str>,
) -> Result<Cow<'a, Value>, Unsupported> {
    let no = |field: &str, reason| Unsupported {
        field: format!("response_format.json_schema.{field}"),
        reason,
    };
    let schema = schema.ok_or_else(|| no("schema", "it needs a schema"))?;
    let Some(description) = description else { return Ok(Cow::Borrowed(schema)) };
    match schema {
        Value::Object(fields) if !fields.contains_key("description") => {
            let mut fields = fields.clone();
            fields.insert("description".to_owned(), Value::from(description));
            Ok(Cow::Owned(Value::Object(fields)))
        }
        _ => Err(no("description", "the schema already has a description")),
    }
}

/// The arguments of a call for formats that want an object and not its text. Models do write broken
/// JSON: there is no object then.
pub(crate) fn object(arguments: &str) -> Option<&RawValue> {
    let arguments = arguments.trim();
    let arguments = if arguments.is_empty() { "{}" } else { arguments };
    let is_object =
        arguments.starts_with('{') && json::check(arguments.as_bytes(), json::DEPTH_MAX).is_ok();
    serde_json::from_str(arguments).ok().filter(|_| is_object)
}
