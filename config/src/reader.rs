//! Reads one table key by key: each read names the key, its default, its bounds and what it is
//! for, so that reading, checking and describing a setting are the same line.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
    ops::RangeInclusive,
    path::PathBuf,
    str::FromStr,
    sync::Arc,
    time::Duration,
};

use humantime_serde::re::humantime;
use types::nearest;

use crate::{
    Fault,
    document::{Node, Place, Table, Value},
};

/// The most items that any list of settings may have.
pub(crate) const ITEMS_MAX: usize = 1024;
/// The longest text that any setting may have, in bytes.
pub(crate) const TEXT_BYTES_MAX: usize = 8 * 1024;

/// What a pass over a document found.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    /// Every mistake so far.
    pub faults: Vec<Fault>,
    /// What was asked for, in order; the starter file is made of it.
    pub lines: Vec<Line>,
}

/// One line of the annotated starter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Line {
    Section {
        path: String,
        help: &'static str,
        optional: bool,
    },
    /// A key with its default as TOML, or with an example where it has no default.
    Key {
        key: &'static str,
        value: String,
        help: &'static str,
        optional: bool,
    },
}

/// One table in reading. [`Reader::finish`] reports the keys that nobody asked for.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    table: Table,
    place: Place,
    path: String,
    asked: BTreeSet<&'static str>,
    notes: &'a mut Notes,
}

impl<'a> Reader<'a> {
    /// Opens the root of a document, or an item of a list of tables.
    pub(crate) fn open(node: Node, path: &str, notes: &'a mut Notes) -> Self {
        let path = path.to_owned();
        let mut reader =
            Self { table: Table::new(), place: node.place, path, asked: BTreeSet::new(), notes };
        match node.value {
            Value::Table(table) => reader.table = table,
            other => {
                let message = format!("this is {}", other.kind());
                let fix = format!("write it as a table: `[{}]`", reader.path);
                let place = reader.place.clone();
                let path = reader.path.clone();
                reader.push(&place, path, message, fix);
            }
        }
        reader
    }

    /// Whether anything is written in this table.
    pub(crate) fn is_written(&self) -> bool {
        !self.table.is_empty()
    }

    /// Opens a sub-table that has a default for everything.
    pub(crate) fn section(&mut self, key: &'static str, help: &'static str) -> Reader<'_> {
        self.sub(key, help, false).1
    }

    /// Opens a sub-table that may be absent; the flag says whether it was written.
    pub(crate) fn optional_section(
        &mut self,
        key: &'static str,
        help: &'static str,
    ) -> (bool, Reader<'_>) {
        self.sub(key, help, true)
    }

    fn sub(&mut self, key: &'static str, help: &'static str, optional: bool) -> (bool, Reader<'_>) {
        let path = self.at(key);
        self.notes.lines.push(Line::Section { path: path.clone(), help, optional });
        let found = self.take(key);
        let absent = || Node { place: self.place.clone(), value: Value::Table(Table::new()) };
        let present = found.is_some();
        let node = found.unwrap_or_else(absent);
        (present, Reader::open(node, &path, self.notes))
    }

    /// A list of tables (`[[key]]`), each with the path that messages use.
    pub(crate) fn tables(&mut self, key: &'static str) -> Vec<(String, Node)> {
        let path = self.at(key);
        let Some(node) = self.take(key) else { return Vec::new() };
        let items = match node.value {
            Value::List(items) => items,
            // `[model]` for a single one is a natural thing to write.
            value @ Value::Table(_) => vec![Node { place: node.place, value }],
            other => {
                let fix = format!("write `[[{path}]]` tables");
                self.push(&node.place, path, format!("this is {}", other.kind()), fix);
                return Vec::new();
            }
        };
        let named = |(i, item)| (format!("{path}[{i}]"), item);
        items.into_iter().enumerate().map(named).collect()
    }

    /// The tables of a table (`[key.NAME]`): each name, the path that messages use, and what is there.
    pub(crate) fn named(&mut self, key: &'static str) -> Vec<(String, String, Node)> {
        let path = self.at(key);
        let Some(node) = self.take(key) else { return Vec::new() };
        let place = node.place;
        match node.value {
            Value::Table(table) if table.len() <= ITEMS_MAX => table
                .into_iter()
                .map(|(name, node)| (name.clone(), format!("{path}.{name}"), node))
                .collect(),
            Value::Table(table) => {
                let message = format!("the table has {} keys", table.len());
                self.push(&place, path, message, format!("keep at most {ITEMS_MAX}"));
                Vec::new()
            }
            other => {
                let fix = format!("write it as tables: `[{path}.NAME]`");
                self.push(&place, path, format!("this is {}", other.kind()), fix);
                Vec::new()
            }
        }
    }

    /// A table of texts, whose keys are for whoever writes it to name.
    pub(crate) fn texts<T: FromStr<Err: Display>>(
        &mut self,
        key: &'static str,
        example: &str,
        help: &'static str,
    ) -> BTreeMap<String, T> {
        self.describe(key, format!("{{ NAME = {} }}", quoted(example)), help, true);
        let mut read = BTreeMap::new();
        for (name, path, node) in self.named(key) {
            let value = self.text_at(path, node, example);
            read.extend(value.map(|value| (name, value)));
        }
        read
    }

    /// A value that is written as text. `None` where it is absent or wrong.
    pub(crate) fn optional<T: FromStr<Err: Display>>(
        &mut self,
        key: &'static str,
        example: &str,
        help: &'static str,
    ) -> Option<T> {
        self.describe(key, quoted(example), help, true);
        let node = self.take(key)?;
        self.parse_text(key, node, example)
    }

    /// A value that must be written. `None`, with a fault, where it is not.
    pub(crate) fn required<T: FromStr<Err: Display>>(
        &mut self,
        key: &'static str,
        example: &str,
        help: &'static str,
    ) -> Option<T> {
        self.describe(key, quoted(example), help, true);
        match self.take(key) {
            Some(node) => self.parse_text(key, node, example),
            None => {
                self.missing(key, format!("add a line such as `{key} = {}`", quoted(example)));
                None
            }
        }
    }

    /// A value that is written as text, with a default.
    pub(crate) fn parsed<T: FromStr<Err: Display>>(
        &mut self,
        key: &'static str,
        default: &str,
        fallback: T,
        help: &'static str,
    ) -> T {
        self.describe(key, quoted(default), help, false);
        let node = self.take(key);
        node.and_then(|node| self.parse_text(key, node, default)).unwrap_or(fallback)
    }

    /// Text with a default.
    pub(crate) fn text(&mut self, key: &'static str, default: &str, help: &'static str) -> String {
        self.parsed(key, default, default.to_owned(), help)
    }

    /// A path with a default.
    pub(crate) fn path(&mut self, key: &'static str, default: &str, help: &'static str) -> PathBuf {
        PathBuf::from(self.text(key, default, help))
    }

    /// True or false.
    pub(crate) fn flag(&mut self, key: &'static str, default: bool, help: &'static str) -> bool {
        self.describe(key, default.to_string(), help, false);
        let node = self.take(key);
        node.and_then(|node| self.truth(key, &node, default)).unwrap_or(default)
    }

    /// True or false, or nothing.
    pub(crate) fn optional_flag(
        &mut self,
        key: &'static str,
        example: bool,
        help: &'static str,
    ) -> Option<bool> {
        self.describe(key, example.to_string(), help, true);
        let node = self.take(key)?;
        self.truth(key, &node, example)
    }

    fn truth(&mut self, key: &'static str, node: &Node, example: bool) -> Option<bool> {
        let read = match &node.value {
            Value::Flag(flag) => Some(*flag),
            Value::Text(text) if node.place.variable => text.trim().parse().ok(),
            _ => None,
        };
        if read.is_none() {
            self.wrong(key, node, "true or false", format!("write `{example}`"));
        }
        read
    }

    /// A whole number within bounds.
    pub(crate) fn count(
        &mut self,
        key: &'static str,
        default: usize,
        bounds: RangeInclusive<usize>,
        help: &'static str,
    ) -> usize {
        self.describe(key, default.to_string(), help, false);
        let node = self.take(key);
        node.and_then(|node| self.number(key, node, default, &bounds)).unwrap_or(default)
    }

    /// A whole number within bounds that may be absent.
    pub(crate) fn optional_count(
        &mut self,
        key: &'static str,
        example: usize,
        bounds: RangeInclusive<usize>,
        help: &'static str,
    ) -> Option<usize> {
        self.describe(key, example.to_string(), help, true);
        let node = self.take(key)?;
        self.number(key, node, example, &bounds)
    }

    /// A whole number within bounds that must be written.
    pub(crate) fn required_count(
        &mut self,
        key: &'static str,
        example: usize,
        bounds: RangeInclusive<usize>,
    ) -> Option<usize> {
        match self.take(key) {
            Some(node) => self.number(key, node, example, &bounds),
            None => {
                self.missing(key, format!("add a line such as `{key} = {example}`"));
                None
            }
        }
    }

    fn number(
        &mut self,
        key: &'static str,
        node: Node,
        example: usize,
        bounds: &RangeInclusive<usize>,
    ) -> Option<usize> {
        let read = match &node.value {
            Value::Integer(number) => Some(*number),
            Value::Text(text) if node.place.variable => text.trim().parse().ok(),
            _ => None,
        };
        let number = read.and_then(|n| usize::try_from(n).ok()).filter(|n| bounds.contains(n));
        if number.is_none() {
            let wanted = format!("a whole number from {} to {}", bounds.start(), bounds.end());
            self.wrong(key, &node, &wanted, format!("write for example {example}"));
        }
        number
    }

    /// A number of bytes: a whole number, or text such as `32 MiB`.
    pub(crate) fn bytes(
        &mut self,
        key: &'static str,
        default: usize,
        bounds: RangeInclusive<usize>,
        help: &'static str,
    ) -> usize {
        self.describe(key, quoted(&print_bytes(default)), help, false);
        let Some(node) = self.take(key) else { return default };
        let read = match &node.value {
            Value::Integer(number) => usize::try_from(*number).ok(),
            Value::Text(text) => parse_bytes(text),
            _ => None,
        };
        read.filter(|n| bounds.contains(n)).unwrap_or_else(|| {
            let (low, high) = (print_bytes(*bounds.start()), print_bytes(*bounds.end()));
            let fix =
                format!("write bytes from `{low}` to `{high}`, such as `{}`", print_bytes(default));
            self.wrong(key, &node, "a number of bytes within bounds", fix);
            default
        })
    }

    /// A time such as `5s`, `500ms` or `10m` within bounds.
    pub(crate) fn duration(
        &mut self,
        key: &'static str,
        default: Duration,
        bounds: RangeInclusive<Duration>,
        help: &'static str,
    ) -> Duration {
        self.describe(key, quoted(&print_duration(default)), help, false);
        let node = self.take(key);
        node.and_then(|node| self.time(key, &node, default, &bounds)).unwrap_or(default)
    }

    /// A time within bounds that may be absent.
    pub(crate) fn optional_duration(
        &mut self,
        key: &'static str,
        example: Duration,
        bounds: RangeInclusive<Duration>,
        help: &'static str,
    ) -> Option<Duration> {
        self.describe(key, quoted(&print_duration(example)), help, true);
        let node = self.take(key)?;
        self.time(key, &node, example, &bounds)
    }

    fn time(
        &mut self,
        key: &'static str,
        node: &Node,
        example: Duration,
        bounds: &RangeInclusive<Duration>,
    ) -> Option<Duration> {
        let read = match &node.value {
            Value::Text(text) => humantime::parse_duration(text).ok(),
            _ => None,
        };
        let time = read.filter(|time| bounds.contains(time));
        if time.is_none() {
            let (low, high) = (print_duration(*bounds.start()), print_duration(*bounds.end()));
            let example = print_duration(example);
            let fix = format!("write a time from `{low}` to `{high}`, such as `{example}`");
            self.wrong(key, node, "a time within bounds", fix);
        }
        time
    }

    /// A list of texts; a variable gives it with commas.
    pub(crate) fn list<T: FromStr<Err: Display>>(
        &mut self,
        key: &'static str,
        example: &str,
        help: &'static str,
    ) -> Vec<T> {
        self.describe(key, format!("[{}]", quoted(example)), help, true);
        let Some(node) = self.take(key) else { return Vec::new() };
        let place = node.place.clone();
        let items = match node.value {
            Value::List(items) => items,
            Value::Text(text) if place.variable => text
                .split(',')
                .map(|item| Node {
                    place: place.clone(),
                    value: Value::Text(item.trim().to_owned()),
                })
                .collect(),
            _ => {
                let fix = format!("write `{key} = [{}]`", quoted(example));
                self.wrong(key, &node, "a list", fix);
                return Vec::new();
            }
        };
        if items.len() > ITEMS_MAX {
            let message = format!("the list has {} items", items.len());
            self.push(&place, self.at(key), message, format!("keep at most {ITEMS_MAX}"));
            return Vec::new();
        }
        items.into_iter().filter_map(|item| self.parse_text(key, item, example)).collect()
    }

    /// A value that this crate does not read: only that its key is known.
    pub(crate) fn skip(&mut self, key: &'static str) -> bool {
        self.take(key).is_some()
    }

    /// Reports a fault of a key that was read.
    pub(crate) fn fault(
        &mut self,
        key: &'static str,
        place: Option<&Place>,
        message: String,
        fix: String,
    ) {
        let place = place.unwrap_or(&self.place).clone();
        self.push(&place, self.at(key), message, fix);
    }

    /// Where a key stands, before it is read.
    pub(crate) fn place_of(&self, key: &str) -> Option<Place> {
        self.table.get(key).map(|node| node.place.clone())
    }

    /// Ends the table: what is left in it was never asked for.
    pub(crate) fn finish(mut self) {
        for (key, node) in std::mem::take(&mut self.table) {
            let fix = nearest(&key, self.asked.iter().copied()).map_or_else(
                || {
                    format!(
                        "remove it; known here: {}",
                        self.asked.iter().copied().collect::<Vec<_>>().join(", ")
                    )
                },
                |known| format!("did you mean `{known}`?"),
            );
            let path = self.at(&key);
            self.push(&node.place, path, "this key is unknown".to_owned(), fix);
        }
    }

    fn take(&mut self, key: &'static str) -> Option<Node> {
        self.asked.insert(key);
        self.table.remove(key)
    }

    /// The path of a key; of the table itself where the key is empty.
    fn at(&self, key: &str) -> String {
        match (self.path.as_str(), key) {
            (path, "") => path.to_owned(),
            ("", key) => key.to_owned(),
            (path, key) => format!("{path}.{key}"),
        }
    }

    fn describe(&mut self, key: &'static str, value: String, help: &'static str, optional: bool) {
        self.notes.lines.push(Line::Key { key, value, help, optional });
    }

    fn parse_text<T: FromStr<Err: Display>>(
        &mut self,
        key: &'static str,
        node: Node,
        example: &str,
    ) -> Option<T> {
        self.text_at(self.at(key), node, example)
    }

    fn text_at<T: FromStr<Err: Display>>(
        &mut self,
        path: String,
        node: Node,
        example: &str,
    ) -> Option<T> {
        let fix = format!("write for example {}", quoted(example));
        let Value::Text(text) = &node.value else {
            self.wrong_at(path, &node, "text in quotes", fix);
            return None;
        };
        if text.len() > TEXT_BYTES_MAX {
            let message = format!("the text has {} bytes", text.len());
            let fix = format!("shorten it to at most {TEXT_BYTES_MAX} bytes");
            self.push(&node.place, path, message, fix);
            return None;
        }
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                let message = error.to_string();
                self.push(&node.place, path, message, fix);
                None
            }
        }
    }

    fn missing(&mut self, key: &'static str, fix: String) {
        let place = self.place.clone();
        self.push(&place, self.at(key), "this key is missing".to_owned(), fix);
    }

    fn wrong(&mut self, key: &'static str, node: &Node, wanted: &str, fix: String) {
        self.wrong_at(self.at(key), node, wanted, fix);
    }

    fn wrong_at(&mut self, path: String, node: &Node, wanted: &str, fix: String) {
        let message = match &node.value {
            Value::Integer(number) => format!("`{number}` is not {wanted}"),
            Value::Flag(flag) => format!("`{flag}` is not {wanted}"),
            // Text is repeated only where it is short: it may be anything, even a pasted key.
            Value::Text(text) if text.len() <= 20 => format!("`{text}` is not {wanted}"),
            other => format!("{} is not {wanted}", other.kind()),
        };
        self.push(&node.place, path, message, fix);
    }

    fn push(&mut self, place: &Place, key: String, message: String, fix: String) {
        let file = Arc::clone(&place.file).to_string();
        self.notes.faults.push(Fault { file, line: place.line, key, message, fix });
    }
}

/// TOML's basic string. Debug's escapes of plain settings text are TOML's too.
pub(crate) fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

pub(crate) fn print_duration(time: Duration) -> String {
    humantime::format_duration(time).to_string()
}

const UNITS: &[(&str, usize)] =
    &[("GiB", 1024 * 1024 * 1024), ("MiB", 1024 * 1024), ("KiB", 1024), ("B", 1)];

fn print_bytes(bytes: usize) -> String {
    UNITS
        .iter()
        .find(|(_, size)| bytes >= *size && bytes.is_multiple_of(*size))
        .map_or_else(|| bytes.to_string(), |(unit, size)| format!("{} {unit}", bytes / size))
}

fn parse_bytes(text: &str) -> Option<usize> {
    let text = text.trim();
    let (digits, size) = UNITS
        .iter()
        .find_map(|(unit, size)| text.strip_suffix(unit).map(|digits| (digits.trim_end(), *size)))
        .unwrap_or((text, 1));
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse::<usize>().ok())?.and_then(|number| number.checked_mul(size))
}
