//! The pinned definitions of a server: `tools/NAME.json`, as it stands in the tree.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{
    definition::{Definition, DefinitionError},
    json::{self, JsonError},
    shown::shown,
};

/// How many tools a server may have.
pub const TOOLS_MAX: usize = 1024;

/// How many bytes a pin file may have.
const BYTES_MAX: usize = 8 << 20;

/// What a person approved of one server.
#[derive(Debug, Clone, PartialEq)]
pub struct Pin {
    /// Who the server said it was.
    pub server: PinnedServer,
    /// Its tools, in the order of their names.
    pub tools: Vec<Definition>,
}

/// Who a server says it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PinnedServer {
    /// Its own name for itself.
    pub name: String,
    /// Its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// Why a pin file is refused. The caller knows which file it is.
#[derive(Debug, thiserror::Error)]
pub enum PinError {
    /// Too many bytes.
    #[error("it has {0} bytes; at most {BYTES_MAX} are read")]
    Bytes(usize),
    /// Not JSON.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// Not the shape of a pin file.
    #[error("it is no pin file: {0}; `orchestack tool pin` writes one")]
    Shape(#[source] serde_json::Error),
    /// Too many tools.
    #[error("it has {0} tools; a server may have {TOOLS_MAX}")]
    Tools(usize),
    /// A tool that cannot be read.
    #[error("`tools` {number}: {error}")]
    Tool {
        /// Which, from 1.
        number: usize,
        /// Why.
        error: DefinitionError,
    },
    /// Two of one name.
    #[error("tool `{0}` stands there twice; keep one of them")]
    Twice(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shape {
    server: PinnedServer,
    tools: Vec<serde_json::Value>,
}

#[derive(Serialize)]
struct Written<'a> {
    server: &'a PinnedServer,
    tools: &'a [Definition],
}

impl Pin {
    /// What a server has now, as `tools/list` gives it.
    ///
    /// # Errors
    /// [`PinError`]
    pub fn new(server: PinnedServer, tools: &[serde_json::Value]) -> Result<Self, PinError> {
        if tools.len() > TOOLS_MAX {
            return Err(PinError::Tools(tools.len()));
        }
        let read = tools.iter().enumerate().map(|(index, tool)| {
            Definition::read(tool).map_err(|error| PinError::Tool { number: index + 1, error })
        });
        let mut tools = read.collect::<Result<Vec<_>, _>>()?;
        tools.sort_by(|one, other| one.name.cmp(&other.name));
        let mut names = BTreeSet::new();
        if let Some(twice) = tools.iter().find(|tool| !names.insert(&tool.name)) {
            return Err(PinError::Twice(shown(&twice.name, crate::NAME_CHARS_MAX)));
        }
        Ok(Self { server, tools })
    }

    /// Reads a pin file.
    ///
    /// # Errors
    /// [`PinError`]
    pub fn parse(text: &str) -> Result<Self, PinError> {
        if text.len() > BYTES_MAX {
            return Err(PinError::Bytes(text.len()));
        }
        let value = json::read(text.as_bytes())?;
        let shape: Shape = serde_json::from_value(value).map_err(PinError::Shape)?;
        Self::new(shape.server, &shape.tools)
    }

    /// The text of the file: the same for the same definitions, so that a diff in git shows what
    /// changed and nothing else.
    ///
    /// # Errors
    /// A definition could not be written as JSON.
    pub fn to_text(&self) -> Result<String, serde_json::Error> {
        let mut value = serde_json::to_value(Written { server: &self.server, tools: &self.tools })?;
        value.sort_all_objects();
        Ok(serde_json::to_string_pretty(&value)? + "\n")
    }

    /// The tool of this name.
    pub fn tool(&self, name: &str) -> Option<&Definition> {
        self.tools.iter().find(|tool| tool.name == name)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn tool(name: &str) -> Value {
        json!({"name": name, "inputSchema": {"type": "object"}, "description": "Does it."})
    }

    fn server() -> PinnedServer {
        PinnedServer { name: "mailer".to_owned(), version: Some("1.2".to_owned()) }
    }

    #[test]
    fn a_pin_file_is_the_same_whatever_order_a_server_lists_its_tools_in() {
        let one = Pin::new(server(), &[tool("b"), tool("a")]).unwrap();
        let other = Pin::new(server(), &[tool("a"), tool("b")]).unwrap();
        assert_eq!(one.to_text().unwrap(), other.to_text().unwrap());
        insta::assert_snapshot!(one.to_text().unwrap());
    }

    #[test]
    fn what_is_written_is_read_back() {
        let pin = Pin::new(server(), &[tool("b"), tool("a")]).unwrap();
        let again = Pin::parse(&pin.to_text().unwrap()).unwrap();
        assert_eq!(again, pin);
        assert_eq!(again.tool("b").unwrap().hash("x"), pin.tool("b").unwrap().hash("x"));
        assert!(again.tool("c").is_none());
    }

    #[test]
    fn what_is_no_pin_file_says_why() {
        #[track_caller]
        fn check(text: &str, expected: &str) {
            let error = Pin::parse(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        check("{", "it is not JSON as it must be");
        check(r#"{"server": {"name": "a"}, "server": 1, "tools": []}"#, "a key stands twice");
        check(r#"{"tools": []}"#, "missing field `server`; `orchestack tool pin` writes one");
        check(r#"{"server": {"name": "a"}, "tools": [], "extra": 1}"#, "unknown field `extra`");
        check(r#"{"server": {"name": "a"}, "tools": [{}]}"#, "`tools` 1: `name` of a tool must be");
        let twice = json!({"server": {"name": "a"}, "tools": [tool("x"), tool("x")]});
        check(&twice.to_string(), "tool `x` stands there twice; keep one of them");
        let many: Vec<_> = (0..=TOOLS_MAX).map(|index| tool(&format!("t{index}"))).collect();
        check(
            &json!({"server": {"name": "a"}, "tools": many}).to_string(),
            "it has 1025 tools; a server may have 1024",
        );
    }
}
