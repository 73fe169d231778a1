//! What is wrong with the definitions of tools, before a model or a person reads them.
//!
//! It is advice for people and a bar for what is plainly hostile; nothing is allowed because nothing
//! was found. What holds against a poisoned tool is its label and the policy on each call.

mod instructions;
mod names;
mod others;
mod secrets;
mod texts;

use std::{cmp::Reverse, fmt};

use serde_json::Value;

use crate::{
    definition::{Definition, NAME_CHARS_MAX},
    schema::Schema,
    shown::shown,
};

/// How many flags one tool may have; what is left out is no better.
const FLAGS_MAX: usize = 32;

types::names! {
    /// How bad it is.
    Severity {
        /// A person should know before approving it.
        Warn = "warn",
        /// Nobody should be offered this tool.
        Refuse = "refuse",
    }
}

types::names! {
    /// What kind of thing is wrong.
    Fault {
        /// Characters that nobody sees.
        HiddenText = "hidden_text",
        /// Text that is pushed out of sight, or too long to be read.
        LongText = "long_text",
        /// Letters of several scripts in one word, or text that is not language.
        OpaqueText = "opaque_text",
        /// It tells the model what to do beyond the tool.
        Instruction = "instruction",
        /// It speaks of a tool of another server.
        OtherTool = "other_tool",
        /// Its name is another tool's, or is read as another tool's.
        ShadowedName = "shadowed_name",
        /// A name that cannot be called by every model.
        OddName = "odd_name",
        /// A schema that cannot be used.
        BadSchema = "bad_schema",
        /// A secret stands in it.
        Secret = "secret",
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// How bad it is.
    pub severity: Severity,
    /// What kind of thing it is.
    pub fault: Fault,
    /// The server of the tool.
    pub server: String,
    /// The tool, with hidden characters as their numbers.
    pub tool: String,
    /// Where in the definition, as a JSON pointer.
    pub place: String,
    /// What it is, in words. Of the definition it has short pieces only, with nothing hidden.
    pub what: String,
}

/// What a check says of one text or name, before it is known whose it is.
pub(crate) struct Said {
    severity: Severity,
    fault: Fault,
    what: String,
}

impl Said {
    fn warn(fault: Fault, what: impl Into<String>) -> Self {
        Self { severity: Severity::Warn, fault, what: what.into() }
    }

    fn refuse(fault: Fault, what: impl Into<String>) -> Self {
        Self { severity: Severity::Refuse, fault, what: what.into() }
    }
}

/// Looks through all tools of all servers, which are given together because one may speak of
/// another, or look like it.
pub fn hygiene(tools: &[(&str, &Definition)]) -> Vec<Flag> {
    let taken = names::Taken::of(tools);
    let others = others::Others::of(tools);
    tools.iter().flat_map(|(server, tool)| one(server, tool, &taken, &others)).collect()
}

fn one(
    server: &str,
    tool: &Definition,
    taken: &names::Taken,
    others: &others::Others<'_>,
) -> Vec<Flag> {
    let mut all: Vec<(String, Said)> = Vec::new();
    all.extend(taken.check(server, &tool.name).into_iter().map(|said| ("/name".to_owned(), said)));
    all.extend(schema("/inputSchema", Some(&tool.input_schema)));
    all.extend(schema("/outputSchema", tool.output_schema.as_ref()));
    let whole = tool.to_value();
    for (place, text) in strings(&whole) {
        let mut said = texts::check(text);
        said.extend(instructions::check(text));
        said.extend(others.check(server, text));
        said.extend(secrets::check(&place, text));
        all.extend(said.into_iter().map(|said| (place.clone(), said)));
    }
    all.sort_by_key(|(_, said)| Reverse(said.severity));
    let flag = |(place, said): (String, Said)| Flag {
        severity: said.severity,
        fault: said.fault,
        server: server.to_owned(),
        tool: shown(&tool.name, NAME_CHARS_MAX),
        place: shown(&place, 200),
        what: said.what,
    };
    all.into_iter().take(FLAGS_MAX).map(flag).collect()
}

fn schema(place: &str, schema: Option<&Value>) -> Option<(String, Said)> {
    let error = Schema::compile(schema?).err()?;
    Some((place.to_owned(), Said::refuse(Fault::BadSchema, error.to_string())))
}

/// Every text of a value with its place: a model reads the names of fields as it does what they say.
fn strings(value: &Value) -> Vec<(String, &str)> {
    let mut found = Vec::new();
    let mut open = vec![(String::new(), value)];
    while let Some((place, value)) = open.pop() {
        match value {
            Value::String(text) => found.push((place, text.as_str())),
            Value::Array(items) => {
                let items = items.iter().enumerate();
                open.extend(items.map(|(index, item)| (format!("{place}/{index}"), item)));
            }
            Value::Object(fields) => {
                for (key, field) in fields {
                    let place = format!("{place}/{}", key.replace('~', "~0").replace('/', "~1"));
                    found.push((place.clone(), key));
                    open.push((place, field));
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    found
}

impl fmt::Display for Flag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { severity, server, tool, place, what, .. } = self;
        write!(f, "{severity}: {server}.{tool}: {place}: {what}")
    }
}

#[cfg(test)]
mod tests;
