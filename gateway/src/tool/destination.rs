//! Where a call goes by its arguments: those that the tree declares as destinations.

use std::collections::BTreeSet;

use serde_json::Value;
use snapshot::Tool;
use tools::{Destination, flow::Provenance};

/// The hosts that a call names.
#[derive(Debug, Default)]
pub(super) struct Destinations {
    pub(super) hosts: BTreeSet<String>,
    /// Whether one of them is private, or cannot be read.
    pub(super) private: bool,
    /// Whether one is given and every one is in the user's own words.
    pub(super) named_by_user: bool,
    given: bool,
}

impl Destinations {
    /// The destinations of a call, as its arguments say.
    pub(super) fn of(tool: &Tool, arguments: &Value, provenance: &Provenance) -> Self {
        let mut found = Self::default();
        let mut named = true;
        for at in &tool.destinations {
            let value = match at.strip_prefix('/') {
                Some(_) => arguments.pointer(at),
                None => arguments.get(at),
            };
            let Some(value) = value.filter(|value| !is_nothing(value)) else { continue };
            found.given = true;
            named &= provenance.trusted.contains(name(at));
            found.read(value);
        }
        found.named_by_user = found.given && named;
        found
    }

    pub(super) const fn is_given(&self) -> bool {
        self.given
    }

    fn read(&mut self, value: &Value) {
        match value {
            Value::Null | Value::Bool(_) => {}
            Value::Number(number) => self.read_text(&number.to_string()),
            Value::String(text) => self.read_text(text),
            Value::Array(items) => items.iter().for_each(|item| self.read(item)),
            Value::Object(fields) => fields.values().for_each(|field| self.read(field)),
        }
    }
}
