//! One result of an export, whatever it was written in: names with values.

use serde_json::Value;

use super::fault;
use crate::catalogue::Fault;

/// Names with values, and where they stand.
pub(super) struct Record {
    pub(super) place: String,
    /// Names within objects are joined with a dot. A cell of a table is text.
    pub(super) values: Vec<(String, Value)>,
}

/// A name that counts something has one of these words in it.
const COUNTED: &[&str] = &[
    "tokens",
    "requests",
    "count",
    "searches",
    "images",
    "seconds",
    "characters",
    "bytes",
    "sessions",
    "calls",
];

impl Record {
    fn get(&self, name: &str) -> Option<&Value> {
        let value = self.values.iter().find(|(known, _)| known == name).map(|(_, value)| value)?;
        let empty = value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty());
        (!empty).then_some(value)
    }

    /// A count; none where it is absent or empty.
    pub(super) fn maybe_count(&self, name: &str) -> Result<Option<u64>, Fault> {
        let Some(value) = self.get(name) else { return Ok(None) };
        match whole(value) {
            Some(count) => Ok(Some(count)),
            None => {
                let message = format!("`{value}` is no count");
                Err(fault(&self.at(name), message, "export again: counts are whole numbers"))
            }
        }
    }

    /// A count; 0 where it is absent or empty.
    pub(super) fn count(&self, name: &str) -> Result<u64, Fault> {
        Ok(self.maybe_count(name)?.unwrap_or(0))
    }

    /// A count that no result is without.
    pub(super) fn needed(&self, name: &str) -> Result<u64, Fault> {
        let fix = "export the usage of completions, with all columns";
        self.maybe_count(name)?.ok_or_else(|| fault(&self.at(name), "it is missing", fix))
    }

    /// A text; empty where it is absent.
    pub(super) fn text(&self, name: &str) -> &str {
        self.get(name).and_then(Value::as_str).unwrap_or_default().trim()
    }

    /// Whether something is said to be so.
    pub(super) fn is(&self, name: &str) -> bool {
        let value = self.get(name);
        value.and_then(Value::as_bool).unwrap_or(false)
            || self.text(name).eq_ignore_ascii_case("true")
    }

    /// The model, which an export must be grouped by.
    pub(super) fn model(&self, name: &str, fix: &str) -> Result<String, Fault> {
        match self.text(name) {
            "" => Err(fault(&self.at(name), "no model is named: nobody knows its price", fix)),
            model => Ok(model.to_owned()),
        }
    }

    /// Refuses what counts something that is not known.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), Fault> {
        for (name, value) in &self.values {
            if known.contains(&name.as_str()) || self.get(name).is_none() {
                continue;
            }
            let counts = COUNTED.iter().any(|word| name.contains(word));
            let number = value.is_number() || value.as_str().is_some_and(is_number);
            let nothing = whole(value) == Some(0);
            if !nothing && (value.is_number() || counts && number) {
                let message = format!("{value} of something that this version has no price for");
                let fix = "update the gateway, or take the column out if it costs nothing";
                return Err(fault(&self.at(name), message, fix));
            }
        }
        Ok(())
    }

    /// What the result is of: everything but its counts.
    pub(super) fn identity(&self, counts: &[&str]) -> String {
        let of = |(name, _): &&(String, Value)| !counts.contains(&name.as_str());
        self.values.iter().filter(of).map(|(name, value)| format!("{name}={value};")).collect()
    }

    /// Where a value stands.
    pub(super) fn at(&self, name: &str) -> String {
        format!("{}, `{name}`", self.place)
    }
}

/// A whole number, also one of a spreadsheet that writes `12.0`.
fn whole(value: &Value) -> Option<u64> {
    let Some(text) = value.as_str() else { return value.as_u64() };
    let text = text.trim();
    let (digits, part) = text.split_once('.').unwrap_or((text, ""));
    let whole = part.bytes().all(|byte| byte == b'0') && digits.bytes().all(|b| b.is_ascii_digit());
    digits.parse().ok().filter(|_| whole)
}

fn is_number(text: &str) -> bool {
    let text = text.trim();
    let known =
        |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+' | b'e' | b'E');
    !text.is_empty() && text.bytes().all(known) && text.bytes().any(|byte| byte.is_ascii_digit())
}
