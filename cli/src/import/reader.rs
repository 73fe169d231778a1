//! Reads YAML key by key, so that what nobody asked for can be told.

use yaml_serde::{Mapping, Value};

use super::Left;

/// A mapping from which keys are taken.
pub(super) struct Reader {
    path: String,
    map: Mapping,
}

impl Reader {
    /// Of a value that is a mapping, or of nothing.
    pub(super) fn of(path: impl Into<String>, value: Option<Value>, left: &mut Vec<Left>) -> Self {
        let path = path.into();
        let map = match value {
            Some(Value::Mapping(map)) => map,
            None | Some(Value::Null) => Mapping::new(),
            Some(_) => {
                left.push(Left { place: path.clone(), why: "it is not a mapping".to_owned() });
                Mapping::new()
            }
        };
        Self { path, map }
    }

    /// Where a key stands.
    pub(super) fn place(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    pub(super) fn take(&mut self, key: &str) -> Option<Value> {
        self.map.remove(key).filter(|value| !value.is_null())
    }

    pub(super) fn text(&mut self, key: &str) -> Option<String> {
        match self.take(key)? {
            Value::String(text) => Some(text),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(flag) => Some(flag.to_string()),
            other => self.put_back(key, other),
        }
    }

    pub(super) fn number(&mut self, key: &str) -> Option<f64> {
        let value = self.take(key)?;
        let read = match &value {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        read.filter(|number| number.is_finite() && *number >= 0.0)
            .or_else(|| self.put_back(key, value))
    }

    /// A whole number from 1.
    pub(super) fn count(&mut self, key: &str) -> Option<u64> {
        let value = self.take(key)?;
        let read = match &value {
            Value::Number(number) => number.as_u64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        read.filter(|count| *count > 0).or_else(|| self.put_back(key, value))
    }

    pub(super) fn flag(&mut self, key: &str) -> Option<bool> {
        let value = self.take(key)?;
        value.as_bool().or_else(|| self.put_back(key, value))
    }

    pub(super) fn list(&mut self, key: &str) -> Vec<Value> {
        match self.take(key) {
            Some(Value::Sequence(items)) => items,
            Some(other) => self.put_back(key, other).unwrap_or_default(),
            None => Vec::new(),
        }
    }

    /// A mapping below this one.
    pub(super) fn section(&mut self, key: &str, left: &mut Vec<Left>) -> Self {
        let value = self.take(key);
        Self::of(self.place(key), value, left)
    }

    /// Tells of every key that nobody took. Its value is not told: it may be a secret.
    pub(super) fn finish(self, left: &mut Vec<Left>) {
        for key in self.map.keys() {
            let key = key.as_str().unwrap_or("?");
            let why = "nothing here is like it".to_owned();
            left.push(Left { place: self.place(key), why });
        }
    }

    /// A value of an unexpected kind is left, and so told.
    fn put_back<T>(&mut self, key: &str, value: Value) -> Option<T> {
        self.map.insert(Value::String(key.to_owned()), value);
        None
    }
}
