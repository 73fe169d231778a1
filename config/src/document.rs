//! TOML text as a tree of values that know where they were written.

use std::{collections::BTreeMap, sync::Arc};

use toml::de::{DeTable, DeValue};

use crate::Fault;

/// The longest TOML file that is read, in bytes.
pub(crate) const FILE_BYTES_MAX: usize = 1024 * 1024;

/// Where a value was written.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// The file, or the environment variable.
    pub file: Arc<str>,
    /// The line, from 1.
    pub line: Option<usize>,
    /// Whether it came from a variable: then numbers and flags are text.
    pub variable: bool,
}

/// A value and its place.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub place: Place,
    pub value: Value,
}

/// The kinds of TOML value that settings use.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Text(String),
    Integer(i64),
    Flag(bool),
    List(Vec<Node>),
    Table(Table),
    /// A float, a date or an integer beyond 64 bits, by its name: no setting takes one.
    Other(&'static str),
}

pub(crate) type Table = BTreeMap<String, Node>;

impl Value {
    /// How a message calls a value of this kind.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Integer(_) => "a whole number",
            Self::Flag(_) => "true or false",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
            Self::Other(kind) => kind,
        }
    }
}

/// Parses a file. What can be read is returned beside all syntax errors.
pub(crate) fn parse(file: &str, text: &str, faults: &mut Vec<Fault>) -> Node {
    let file: Arc<str> = Arc::from(file);
    let place = Place { file: Arc::clone(&file), line: Some(1), variable: false };
    if text.len() > FILE_BYTES_MAX {
        faults.push(Fault {
            file: file.to_string(),
            line: None,
            key: String::new(),
            message: format!("the file has {} bytes", text.len()),
            fix: format!("split it or shorten it to at most {FILE_BYTES_MAX} bytes"),
        });
        return Node { place, value: Value::Table(Table::new()) };
    }
    let lines = Lines::of(text);
    let (root, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        faults.push(Fault {
            file: file.to_string(),
            line: error.span().map(|span| lines.at(span.start)),
            key: String::new(),
            message: format!("this is not TOML: {}", one_line(error.message())),
            fix: "correct the syntax; see toml.io".to_owned(),
        });
    }
    let table = convert_table(root.get_ref(), &file, &lines);
    Node { place, value: Value::Table(table) }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The offsets at which lines begin.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        let after = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(i, _)| i + 1);
        Self(std::iter::once(0).chain(after).collect())
    }

    /// The line of a byte offset, from 1.
    fn at(&self, offset: usize) -> usize {
        self.0.partition_point(|start| *start <= offset).max(1)
    }
}

fn convert_table(table: &DeTable<'_>, file: &Arc<str>, lines: &Lines) -> Table {
    table
        .iter()
        .map(|(key, value)| {
            let line = Some(lines.at(key.span().start));
            let place = Place { file: Arc::clone(file), line, variable: false };
            let node = Node { place, value: convert(value.get_ref(), file, lines) };
            (key.get_ref().to_string(), node)
        })
        .collect()
}

// The parser bounds nesting (80 levels in `toml` 1.2), so this recursion is bounded too.
fn convert(value: &DeValue<'_>, file: &Arc<str>, lines: &Lines) -> Value {
    match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(integer) => i64::from_str_radix(integer.as_str(), integer.radix())
            .map_or(Value::Other("a number beyond 64 bits"), Value::Integer),
        DeValue::Float(_) => Value::Other("a fraction"),
        DeValue::Boolean(flag) => Value::Flag(*flag),
        DeValue::Datetime(_) => Value::Other("a date"),
        DeValue::Array(items) => Value::List(
            items
                .iter()
                .map(|item| Node {
                    place: Place {
                        file: Arc::clone(file),
                        line: Some(lines.at(item.span().start)),
                        variable: false,
                    },
                    value: convert(item.get_ref(), file, lines),
                })
                .collect(),
        ),
        DeValue::Table(table) => Value::Table(convert_table(table, file, lines)),
    }
}
