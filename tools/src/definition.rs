//! What a server says a tool is, and the hash that a person's approval is bound to.

use std::{fmt, fmt::Write as _, str::FromStr};

use ring::digest::{SHA256, digest};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Map, Value, json};

use crate::{
    json::{self, JsonError},
    shown::{hidden, shown},
};

/// How many characters a tool's name may have, as MCP says.
pub const NAME_CHARS_MAX: usize = 128;

/// How many bytes a definition may have.
const BYTES_MAX: usize = 1 << 18;

/// What may change without changing what the tool is: pictures, and words between programs.
const APART: [&str; 2] = ["_meta", "icons"];

/// One tool as `tools/list` gives it.
#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    /// Its own name, without the server's.
    pub name: String,
    /// What people are shown in place of the name.
    pub title: Option<String>,
    /// What models are told of it.
    pub description: Option<String>,
    /// What its arguments must be: an object with `type: object`.
    pub input_schema: Value,
    /// What its structured result must be.
    pub output_schema: Option<Value>,
    /// What its server says of its effect, which is never believed.
    pub annotations: Option<Value>,
    /// Whatever else it has.
    pub other: Map<String, Value>,
}

/// SHA-256 of a definition and the name of its server: `sha256:` and 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DefinitionHash(String);

/// Why something is no definition of a tool.
#[derive(Debug, thiserror::Error)]
pub enum DefinitionError {
    /// Not an object.
    #[error("a definition of a tool must be an object")]
    NotAnObject,
    /// Deeper or with more values than anything may be.
    #[error("a definition of a tool is too large: {0}")]
    Bounds(#[from] JsonError),
    /// More bytes than [`BYTES_MAX`].
    #[error("a definition of a tool has {0} bytes; at most {BYTES_MAX} are read")]
    Bytes(usize),
    /// No name that could be called.
    #[error(
        "`name` of a tool must be 1 to {NAME_CHARS_MAX} characters, none of them a control character or otherwise hidden"
    )]
    Name,
    /// A field that is not what it must be.
    #[error("tool `{tool}`: `{field}` must be {expected}")]
    Field {
        /// The tool.
        tool: String,
        /// The field.
        field: &'static str,
        /// What belongs there.
        expected: &'static str,
    },
}

impl Definition {
    /// Reads one element of a `tools/list` answer, or of a pin file.
    ///
    /// # Errors
    /// [`DefinitionError`]
    pub fn read(value: &Value) -> Result<Self, DefinitionError> {
        json::measure(value)?;
        let mut fields = value.as_object().ok_or(DefinitionError::NotAnObject)?.clone();
        fields.retain(|key, _| !APART.contains(&key.as_str()));
        let name = match fields.remove("name") {
            Some(Value::String(name)) if is_name(&name) => name,
            _ => return Err(DefinitionError::Name),
        };
        let mut fields = Fields { tool: &name, fields };
        let definition = Self {
            title: fields.text("title")?,
            description: fields.text("description")?,
            input_schema: fields.input_schema()?,
            output_schema: fields.object("outputSchema")?,
            annotations: fields.object("annotations")?,
            other: fields.fields,
            name,
        };
        let bytes = definition.to_value().to_string().len();
        if bytes > BYTES_MAX {
            return Err(DefinitionError::Bytes(bytes));
        }
        Ok(definition)
    }

    /// As `tools/list` gives it.
    pub fn to_value(&self) -> Value {
        let mut fields = self.other.clone();
        let mut put = |key: &str, value: Option<Value>| {
            value.map(|value| fields.insert(key.to_owned(), value));
        };
        put("name", Some(json!(self.name)));
        put("title", self.title.as_ref().map(|title| json!(title)));
        put("description", self.description.as_ref().map(|text| json!(text)));
        put("inputSchema", Some(self.input_schema.clone()));
        put("outputSchema", self.output_schema.clone());
        put("annotations", self.annotations.clone());
        Value::Object(fields)
    }

    /// What an approval of this tool of this server is bound to. Only the order of keys and blanks
    /// do not matter.
    pub fn hash(&self, server: &str) -> DefinitionHash {
        let bound = json!({"server": server, "definition": self.to_value()});
        let hash = digest(&SHA256, json::canonical(&bound).as_bytes());
        let mut text = "sha256:".to_owned();
        for byte in hash.as_ref() {
            // Writing to a string does not fail.
            let _ = write!(text, "{byte:02x}");
        }
        DefinitionHash(text)
    }
}

fn is_name(name: &str) -> bool {
    (1..=NAME_CHARS_MAX).contains(&name.chars().count())
        && !name.chars().any(|character| character.is_control() || hidden(character).is_some())
}

/// The fields of a definition that were not read yet.
struct Fields<'a> {
    tool: &'a str,
    fields: Map<String, Value>,
}

impl Fields<'_> {
    fn text(&mut self, field: &'static str) -> Result<Option<String>, DefinitionError> {
        match self.fields.remove(field) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.wrong(field, "text")),
        }
    }

    fn object(&mut self, field: &'static str) -> Result<Option<Value>, DefinitionError> {
        match self.fields.remove(field) {
            None => Ok(None),
            Some(value) if value.is_object() => Ok(Some(value)),
            Some(_) => Err(self.wrong(field, "an object")),
        }
    }

    fn input_schema(&mut self) -> Result<Value, DefinitionError> {
        let schema = self.object("inputSchema")?;
        schema
            .filter(|schema| schema.get("type").is_some_and(|kind| kind == "object"))
            .ok_or_else(|| self.wrong("inputSchema", "a schema with `type` `object`"))
    }

    fn wrong(&self, field: &'static str, expected: &'static str) -> DefinitionError {
        DefinitionError::Field { tool: shown(self.tool, NAME_CHARS_MAX), field, expected }
    }
}

impl Serialize for Definition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_value().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Definition {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        Self::read(&Value::deserialize(source)?).map_err(de::Error::custom)
    }
}

/// Text that is no hash of a definition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a hash of a definition is `sha256:` and 64 hexadecimal digits in lower case")]
pub struct ParseHashError;

impl DefinitionHash {
    /// As it stands in rows, records and commands.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DefinitionHash {
    type Err = ParseHashError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_prefix("sha256:").ok_or(ParseHashError)?;
        let is_hash = digits.len() == 64
            && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if is_hash { Ok(Self(text.to_owned())) } else { Err(ParseHashError) }
    }
}

impl fmt::Display for DefinitionHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for DefinitionHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for DefinitionHash {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        String::deserialize(source)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
