//! Reading parameters one by one, so that a refusal names the parameter and what it must be.
//!
//! An object becomes a list of raw fields first. What a reader does not take is unknown, and
//! unknown parameters are refused.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Number, Value, value::RawValue};

use crate::{Rejection, json};

/// The longest name of an unknown parameter that is repeated to the caller, in bytes.
const NAME_BYTES_MAX: usize = 64;

/// The longest id of a call. OpenAI's have 29 bytes; those of others are rarely beyond a hundred.
const CALL_ID_BYTES_MAX: usize = 256;

/// The longest model name, in characters.
const MODEL_CHARS_MAX: usize = 256;

/// A limit on output tokens beyond any model's.
const OUTPUT_TOKENS_MAX: i64 = i32::MAX as i64;

pub(crate) type Read<T> = Result<T, Rejection>;

/// Where a value stands. It is printed only when the value is refused.
#[derive(Clone, Copy)]
pub(crate) enum Path<'a> {
    Root(&'a str),
    Field(&'a Path<'a>, &'a str),
    Item(&'a Path<'a>, usize),
}

impl<'a> Path<'a> {
    pub(crate) fn field(&'a self, name: &'a str) -> Self {
        Self::Field(self, name)
    }

    pub(crate) fn item(&'a self, index: usize) -> Self {
        Self::Item(self, index)
    }

    /// A refusal of the value here: "`path` `problem`".
    pub(crate) fn refuse(&self, problem: &str) -> Rejection {
        let param = self.to_string();
        Rejection { message: format!("`{param}` {problem}"), param: Some(param) }
    }

    fn wrong_type(&self, expected: &str, raw: &RawValue) -> Rejection {
        self.refuse(&format!("must be {expected}, not {}", kind_of(raw)))
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root(name) => f.write_str(name),
            Self::Field(parent, name) => write!(f, "{parent}.{name}"),
            Self::Item(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

/// What a value is, for messages. Its first byte tells: the text was checked before.
fn kind_of(raw: &RawValue) -> &'static str {
    match raw.get().as_bytes().first() {
        Some(b'"') => "a string",
        Some(b'{') => "an object",
        Some(b'[') => "an array",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') => "null",
        _ => "a number of that kind",
    }
}

/// The fields of an object that nobody has taken yet.
pub(crate) struct Fields<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Fields<'a> {
    /// Takes a field. `null` counts as absent, as in OpenAI's SDKs.
    pub(crate) fn take(&mut self, name: &str) -> Option<&'a RawValue> {
        let at = self.0.iter().position(|(key, _)| key == name)?;
        let (_, raw) = self.0.swap_remove(at);
        (raw.get() != "null").then_some(raw)
    }

    /// A field's text, left where it is.
    pub(crate) fn peek(&self, name: &str) -> Option<&'a RawValue> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, raw)| *raw)
    }

    /// Takes a field and reads it, if it is there.
    pub(crate) fn read<T>(
        &mut self,
        path: &Path<'_>,
        name: &str,
        reader: impl FnOnce(&Path<'_>, &'a RawValue) -> Read<T>,
    ) -> Read<Option<T>> {
        self.take(name).map(|raw| reader(&path.field(name), raw)).transpose()
    }

    /// The same, for a field that must be there.
    pub(crate) fn need<T>(
        &mut self,
        path: &Path<'_>,
        name: &str,
        reader: impl FnOnce(&Path<'_>, &'a RawValue) -> Read<T>,
    ) -> Read<T> {
        self.read(path, name, reader)?.ok_or_else(|| path.field(name).refuse("is missing"))
    }

    /// Refuses what was not taken.
    pub(crate) fn end(self, path: Option<&Path<'_>>) -> Read<()> {
        let Some((name, _)) = self.0.first() else { return Ok(()) };
        let is_name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
        if name.len() > NAME_BYTES_MAX || !name.bytes().all(is_name) {
            // A name like that is content. It is not repeated.
            let message = "unrecognized request argument with an odd name".to_owned();
            return Err(Rejection { message, param: path.map(ToString::to_string) });
        }
        let param = path.map_or_else(|| name.to_string(), |path| path.field(name).to_string());
        let message = format!("unrecognized request argument supplied: `{param}`");
        Err(Rejection { message, param: Some(param) })
    }

    pub(crate) fn into_pairs(self) -> Vec<(Cow<'a, str>, &'a RawValue)> {
        self.0
    }
}

/// The fields of a request's body, strictly: see [`json::check`].
pub(crate) fn body(body: &[u8]) -> Read<Fields<'_>> {
    json::check(body, json::DEPTH_MAX).map_err(|fault| Rejection {
        message: format!("the body is not acceptable json: {fault}"),
        param: None,
    })?;
    serde_json::from_slice(body).map_err(|_| Rejection {
        message: "the body must be a json object".to_owned(),
        param: None,
    })
}

/// Takes a field of the body and reads it, if it is there.
pub(crate) fn read<'a, T>(
    fields: &mut Fields<'a>,
    name: &str,
    reader: impl FnOnce(&Path<'_>, &'a RawValue) -> Read<T>,
) -> Read<Option<T>> {
    fields.take(name).map(|raw| reader(&Path::Root(name), raw)).transpose()
}

/// The same, for a field that must be there.
pub(crate) fn need<'a, T>(
    fields: &mut Fields<'a>,
    name: &str,
    reader: impl FnOnce(&Path<'_>, &'a RawValue) -> Read<T>,
) -> Read<T> {
    read(fields, name, reader)?.ok_or_else(|| Path::Root(name).refuse("is missing"))
}

/// Refuses the first of the documented parameters that are there and not supported.
pub(crate) fn refuse(fields: &mut Fields<'_>, refused: &[(&str, &str)]) -> Read<()> {
    let found = refused.iter().find(|(name, _)| fields.take(name).is_some());
    found.map_or(Ok(()), |(name, problem)| Err(Path::Root(name).refuse(problem)))
}

/// The name of a model.
pub(crate) fn model(path: &Path<'_>, raw: &RawValue) -> Read<String> {
    let name = short(path, raw, MODEL_CHARS_MAX)?;
    if name.is_empty() { Err(path.refuse("must not be empty")) } else { Ok(name) }
}

/// A limit on output tokens.
pub(crate) fn output_limit(path: &Path<'_>, raw: &RawValue) -> Read<u64> {
    let tokens = integer_in(path, raw, 1, OUTPUT_TOKENS_MAX)?;
    u64::try_from(tokens).map_err(|_| path.refuse("is out of range"))
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut fields = Vec::with_capacity(8);
                while let Some(Name(name)) = map.next_key()? {
                    fields.push((name, map.next_value()?));
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// A key, borrowed where it has no escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

pub(crate) fn object<'a>(path: &Path<'_>, raw: &'a RawValue) -> Read<Fields<'a>> {
    serde_json::from_str(raw.get()).map_err(|_| path.wrong_type("an object", raw))
}

pub(crate) fn array<'a>(path: &Path<'_>, raw: &'a RawValue) -> Read<Vec<&'a RawValue>> {
    serde_json::from_str(raw.get()).map_err(|_| path.wrong_type("an array", raw))
}

/// The items of an array of at most `max`; `None` of a longer one, of which no more are kept meanwhile.
pub(crate) fn array_within<'a>(
    path: &Path<'_>,
    raw: &'a RawValue,
    max: usize,
) -> Read<Option<Vec<&'a RawValue>>> {
    struct Within(usize);
    impl<'de> Visitor<'de> for Within {
        type Value = Option<Vec<&'de RawValue>>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an array")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
            let mut read = Vec::new();
            while let Some(item) = items.next_element()? {
                if read.len() == self.0 {
                    while items.next_element::<IgnoredAny>()?.is_some() {}
                    return Ok(None);
                }
                read.push(item);
            }
            Ok(Some(read))
        }
    }
    let mut reader = serde_json::Deserializer::from_str(raw.get());
    reader.deserialize_seq(Within(max)).map_err(|_| path.wrong_type("an array", raw))
}

/// An array of objects, read in one pass; only a refusal looks for the one that is none.
pub(crate) fn objects<'a>(path: &Path<'_>, raw: &'a RawValue) -> Read<Vec<Fields<'a>>> {
    serde_json::from_str(raw.get()).or_else(|_| {
        let items = array(path, raw)?;
        items.into_iter().enumerate().map(|(i, item)| object(&path.item(i), item)).collect()
    })
}

pub(crate) fn string(path: &Path<'_>, raw: &RawValue) -> Read<String> {
    serde_json::from_str(raw.get()).map_err(|_| path.wrong_type("a string", raw))
}

pub(crate) fn boolean(path: &Path<'_>, raw: &RawValue) -> Read<bool> {
    serde_json::from_str(raw.get()).map_err(|_| path.wrong_type("a boolean", raw))
}

pub(crate) fn integer(path: &Path<'_>, raw: &RawValue) -> Read<i64> {
    serde_json::from_str(raw.get()).map_err(|_| path.wrong_type("an integer", raw))
}

/// An integer from `low` to `high`.
pub(crate) fn integer_in(path: &Path<'_>, raw: &RawValue, low: i64, high: i64) -> Read<i64> {
    let number = integer(path, raw)?;
    if (low..=high).contains(&number) {
        return Ok(number);
    }
    Err(path.refuse(&format!("must be an integer from {low} to {high}")))
}

/// A number from `low` to `high`.
pub(crate) fn number_in(path: &Path<'_>, raw: &RawValue, low: f64, high: f64) -> Read<Number> {
    let number: Number =
        serde_json::from_str(raw.get()).map_err(|_| path.wrong_type("a number", raw))?;
    if number.as_f64().is_some_and(|value| (low..=high).contains(&value)) {
        return Ok(number);
    }
    Err(path.refuse(&format!("must be a number from {low} to {high}")))
}

/// A string of at most `chars_max` characters.
pub(crate) fn short(path: &Path<'_>, raw: &RawValue, chars_max: usize) -> Read<String> {
    let text = string(path, raw)?;
    if text.chars().count() > chars_max {
        return Err(path.refuse(&format!("must have at most {chars_max} characters")));
    }
    Ok(text)
}

/// One of a closed set of names.
pub(crate) fn one_of(path: &Path<'_>, raw: &RawValue, allowed: &[&str]) -> Read<String> {
    let text = string(path, raw)?;
    if allowed.contains(&text.as_str()) {
        return Ok(text);
    }
    Err(path.refuse(&format!("must be one of {}", allowed.join(", "))))
}

/// The name of a function or schema: letters, digits, `_` and `-`, at most 64.
pub(crate) fn identifier(path: &Path<'_>, raw: &RawValue) -> Read<String> {
    name(path, raw, 64)
}

/// The same, of another length.
pub(crate) fn name(path: &Path<'_>, raw: &RawValue, bytes_max: usize) -> Read<String> {
    let name = string(path, raw)?;
    let is_name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    if name.is_empty() || name.len() > bytes_max || !name.bytes().all(is_name) {
        return Err(path.refuse(&format!("must be 1 to {bytes_max} letters, digits, `_` or `-`")));
    }
    Ok(name)
}

/// A value that some provider sealed: visible characters without spaces, so that no text can be
/// passed off as one.
pub(crate) fn sealed(path: &Path<'_>, raw: &RawValue) -> Read<String> {
    let data = string(path, raw)?;
    let is_base64 = |b: u8| b.is_ascii_alphanumeric() || b"+/=-_.:".contains(&b);
    if data.is_empty() || !data.bytes().all(is_base64) {
        return Err(path.refuse("must be as the provider gave it"));
    }
    Ok(data)
}

/// The id of a call, as some provider gave it: no text, so that none can be passed off as one.
pub(crate) fn call_id(path: &Path<'_>, raw: &RawValue) -> Read<String> {
    let id = string(path, raw)?;
    if id.is_empty() || id.len() > CALL_ID_BYTES_MAX || !id.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(path.refuse(&format!(
            "must be 1 to {CALL_ID_BYTES_MAX} visible ASCII characters without spaces"
        )));
    }
    Ok(id)
}

/// Any object, as a value.
pub(crate) fn json_object(path: &Path<'_>, raw: &RawValue) -> Read<Value> {
    let value: Value = serde_json::from_str(raw.get())
        .map_err(|_| path.refuse("has a number that is out of range"))?;
    if value.is_object() { Ok(value) } else { Err(path.wrong_type("an object", raw)) }
}

/// Whether the text is padded base64. The bytes themselves are the provider's business.
pub(crate) fn is_base64(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    let is_digit = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
    !body.is_empty()
        && text.len().is_multiple_of(4)
        && text.len() - body.len() <= 2
        && body.bytes().all(is_digit)
}
