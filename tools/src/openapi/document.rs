//! An OpenAPI document as a value, and what its references lead to.

use serde_json::{Map, Value};

use super::OpenApiError;
use crate::{json, shown::shown};

/// How many bytes a document may have.
pub(super) const BYTES_MAX: usize = 8 << 20;

/// How many values one may have: more than other JSON, as the tree's owner wrote it.
const VALUES_MAX: usize = 1_000_000;

/// How many references may lead to each other.
const STEPS_MAX: usize = 8;

pub(super) struct Document {
    root: Value,
    /// Whether its schemas are of 3.0, which has its own words for some things.
    pub(super) is_old: bool,
}

impl Document {
    pub(super) fn parse(text: &str) -> Result<Self, OpenApiError> {
        if text.len() > BYTES_MAX {
            return Err(OpenApiError::Bytes(text.len()));
        }
        let root = match text.trim_start().starts_with('{') {
            true => json::read_up_to(text.as_bytes(), VALUES_MAX)
                .map_err(|error| OpenApiError::Text(error.to_string()))?,
            false => yaml(text)?,
        };
        let version = root.get("openapi").and_then(Value::as_str).unwrap_or("missing");
        let is_old = version.starts_with("3.0");
        if !is_old && !version.starts_with("3.1") {
            return Err(OpenApiError::Version(shown(version, 40)));
        }
        Ok(Self { root, is_old })
    }

    /// The paths and what may be done with each.
    pub(super) fn paths(&self) -> impl Iterator<Item = (&str, &Map<String, Value>)> {
        let paths = self.root.get("paths").and_then(Value::as_object);
        let items = paths.into_iter().flatten();
        items.filter_map(|(path, item)| Some((path.as_str(), item.as_object()?)))
    }

    /// The value itself, or what it refers to within `components`.
    pub(super) fn resolved<'d>(&'d self, mut value: &'d Value) -> Option<&'d Value> {
        for _ in 0..STEPS_MAX {
            let Some(reference) = value.get("$ref") else { return Some(value) };
            let place = reference.as_str()?.strip_prefix('#')?;
            value = self.root.pointer(place).filter(|_| place.starts_with("/components/"))?;
        }
        None
    }

    /// The schema of this name.
    pub(super) fn schema(&self, name: &str) -> Option<&Value> {
        self.root.get("components")?.get("schemas")?.get(name)
    }
}

fn yaml(text: &str) -> Result<Value, OpenApiError> {
    let wrong = |error: String| OpenApiError::Text(error);
    let read: yaml_serde::Value =
        yaml_serde::from_str(text).map_err(|error| wrong(shown(&error.to_string(), 200)))?;
    let mut left = VALUES_MAX;
    as_json(read, json::DEPTH_MAX, &mut left).map_err(|why| wrong(why.to_owned()))
}

/// YAML as JSON: a status may stand there as a number, and keys are text.
fn as_json(
    value: yaml_serde::Value,
    depth: usize,
    left: &mut usize,
) -> Result<Value, &'static str> {
    let depth = depth.checked_sub(1).ok_or("it is nested too deeply")?;
    *left = left.checked_sub(1).ok_or("it has too many values")?;
    Ok(match value {
        yaml_serde::Value::Null => Value::Null,
        yaml_serde::Value::Bool(value) => Value::Bool(value),
        yaml_serde::Value::Number(number) => number
            .as_i64()
            .map(Value::from)
            .or_else(|| number.as_u64().map(Value::from))
            .or_else(|| number.as_f64().and_then(serde_json::Number::from_f64).map(Value::Number))
            .ok_or("a number is out of range")?,
        yaml_serde::Value::String(text) => Value::String(text),
        yaml_serde::Value::Sequence(items) => {
            let items = items.into_iter().map(|item| as_json(item, depth, left));
            Value::Array(items.collect::<Result<_, _>>()?)
        }
        yaml_serde::Value::Mapping(fields) => {
            let mut map = Map::new();
            for (key, field) in fields {
                let key = match key {
                    yaml_serde::Value::String(key) => key,
                    yaml_serde::Value::Number(key) => key.to_string(),
                    _ => return Err("a key is neither text nor a number"),
                };
                if map.insert(key, as_json(field, depth, left)?).is_some() {
                    return Err("a key stands twice in one object");
                }
            }
            Value::Object(map)
        }
        yaml_serde::Value::Tagged(_) => return Err("it has a YAML tag, which JSON has not"),
    })
}
