//! JSON from outside: read within bounds, and written in one way only.

use std::fmt;

use serde::de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// How deep a value may nest.
pub const DEPTH_MAX: usize = 64;

/// How many values one may have in it, keys not counted.
pub const VALUES_MAX: usize = 100_000;

/// Why JSON is refused. The text itself is not in it.
#[derive(Debug, thiserror::Error)]
pub enum JsonError {
    /// Not JSON, or two keys of one name, or out of bounds; with line and column.
    #[error("it is not JSON as it must be: {0}")]
    Text(#[from] serde_json::Error),
    /// More levels than [`DEPTH_MAX`].
    #[error("it is nested deeper than {DEPTH_MAX} levels")]
    Depth,
    /// More values than [`VALUES_MAX`].
    #[error("it has more than {VALUES_MAX} values")]
    Values,
}

/// Reads one value. A key that stands twice in one object is refused: two readers of it would see
/// two different values.
///
/// # Errors
/// [`JsonError`]
pub fn read(text: &[u8]) -> Result<Value, JsonError> {
    read_up_to(text, VALUES_MAX)
}

/// Reads one value with so many values in it at most.
///
/// # Errors
/// [`JsonError`]
pub(crate) fn read_up_to(text: &[u8], values_max: usize) -> Result<Value, JsonError> {
    let mut left = values_max;
    let mut source = serde_json::Deserializer::from_slice(text);
    let bounded = Bounded { depth_left: DEPTH_MAX, values_left: &mut left };
    let value = bounded.deserialize(&mut source)?;
    source.end()?;
    Ok(value)
}

/// The value as the one text that stands for it: keys sorted, no blanks.
pub fn canonical(value: &Value) -> String {
    let mut sorted = value.clone();
    sorted.sort_all_objects();
    sorted.to_string()
}

/// How large a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    /// Levels: 1 for what has nothing in it.
    pub(crate) depth: usize,
    pub(crate) values: usize,
}

/// Measures a value that somebody else read, without recursion.
///
/// # Errors
/// It is out of bounds.
pub(crate) fn measure(value: &Value) -> Result<Size, JsonError> {
    let mut size = Size { depth: 0, values: 0 };
    let mut open = vec![(value, 1)];
    while let Some((value, depth)) = open.pop() {
        size.depth = size.depth.max(depth);
        size.values += 1;
        if depth > DEPTH_MAX {
            return Err(JsonError::Depth);
        }
        match value {
            Value::Array(items) => open.extend(items.iter().map(|item| (item, depth + 1))),
            Value::Object(fields) => open.extend(fields.values().map(|field| (field, depth + 1))),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
        if size.values + open.len() > VALUES_MAX {
            return Err(JsonError::Values);
        }
    }
    Ok(size)
}

/// Reads a value within what is left.
struct Bounded<'a> {
    depth_left: usize,
    values_left: &'a mut usize,
}

impl<'de> DeserializeSeed<'de> for Bounded<'_> {
    type Value = Value;

    fn deserialize<D: de::Deserializer<'de>>(self, source: D) -> Result<Value, D::Error> {
        if self.depth_left == 0 {
            return Err(de::Error::custom(JsonError::Depth));
        }
        let left = self.values_left.checked_sub(1);
        *self.values_left = left.ok_or_else(|| de::Error::custom(JsonError::Values))?;
        source.deserialize_any(self)
    }
}

impl Bounded<'_> {
    /// For a value in this one.
    fn inner(&mut self) -> Bounded<'_> {
        Bounded { depth_left: self.depth_left - 1, values_left: self.values_left }
    }
}

impl<'de> Visitor<'de> for Bounded<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        let number = Number::from_f64(value);
        number.map(Value::Number).ok_or_else(|| E::custom("a number is out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self.inner())? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut fields: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = fields.next_key::<String>()? {
            let value = fields.next_value_seed(self.inner())?;
            if map.insert(key, value).is_some() {
                return Err(de::Error::custom("a key stands twice in one object"));
            }
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_read_is_what_stands_there() {
        let text = r#"{"b": [1, -2, 1.5, null, true, "ä\n"], "a": {}}"#;
        assert_eq!(
            read(text.as_bytes()).unwrap(),
            json!({"a": {}, "b": [1, -2, 1.5, null, true, "ä\n"]})
        );
        assert_eq!(
            canonical(&read(text.as_bytes()).unwrap()),
            r#"{"a":{},"b":[1,-2,1.5,null,true,"ä\n"]}"#
        );
    }

    #[test]
    fn two_keys_of_one_name_are_refused() {
        let error = read(br#"{"a": {"b": 1, "b": 2}}"#).unwrap_err().to_string();
        assert_eq!(
            error,
            "it is not JSON as it must be: a key stands twice in one object at line 1 column 22"
        );
    }

    #[test]
    fn depth_and_number_of_values_have_a_bound_in_text_and_in_value() {
        let nested = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
        assert!(read(nested(DEPTH_MAX).as_bytes()).is_ok());
        assert!(read(nested(DEPTH_MAX + 1).as_bytes()).is_err());
        let deep: Value = serde_json::from_str(&nested(DEPTH_MAX + 1)).unwrap();
        assert!(matches!(measure(&deep), Err(JsonError::Depth)));

        let wide = Value::Array(vec![Value::Null; VALUES_MAX]);
        assert!(matches!(measure(&wide), Err(JsonError::Values)));
        assert!(read(wide.to_string().as_bytes()).is_err());
        let size = measure(&json!({"a": [1, 2]})).unwrap();
        assert_eq!(size, Size { depth: 3, values: 4 });
    }

    #[test]
    fn what_follows_a_value_is_refused() {
        assert!(read(b"{} {}").is_err());
        assert!(read(b"1e999").is_err());
    }
}
