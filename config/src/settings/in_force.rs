//! The settings in force, for people: each with its value and where that comes from. Nothing secret is told.

use std::{collections::BTreeMap, fmt};

use crate::{
    document::{Node, Place, Table, Value},
    reader::{Line, quoted},
};

/// One setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InForce {
    /// Its path, such as `gateway.listen`.
    pub key: String,
    /// Its value as TOML; `None` where it is not set. What may be a secret is `(set)`.
    pub value: Option<String>,
    /// `default`, a file with its line, or the name of an environment variable.
    pub origin: String,
    /// What it is for; empty within lists of tables.
    pub help: &'static str,
}

/// Every setting, for people. Settings are compared by what they are and not by where they were written.
#[derive(Clone, Default)]
pub struct Told(pub Vec<InForce>);

impl PartialEq for Told {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Told {}

impl fmt::Debug for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} settings", self.0.len())
    }
}

/// What is told in place of a secret.
const HIDDEN: &str = "(set)";
/// Words in the last part of a key that say that its value is nobody's to read.
const SECRET: &[&str] = &["secret", "password", "token", "key", "credential", "headers"];

/// What was written, by path, before it is read.
pub(super) fn written(root: &Table) -> BTreeMap<String, (String, String)> {
    let mut all = BTreeMap::new();
    flatten("", root, &mut all);
    all
}

/// Every setting that was asked for, in order, and what else was written.
pub(super) fn all(mut written: BTreeMap<String, (String, String)>, lines: &[Line]) -> Told {
    let (mut section, mut all) = (String::new(), Vec::new());
    for line in lines {
        match line {
            Line::Section { path, .. } => section.clone_from(path),
            Line::Key { key, value, help, optional } => {
                let key = format!("{section}.{key}");
                let own = (!optional).then(|| (value.clone(), "default".to_owned()));
                let (value, origin) = match written.remove(&key).or(own) {
                    Some((value, origin)) => (Some(shown(&key, value)), origin),
                    None => (None, "default".to_owned()),
                };
                all.push(InForce { key, value, origin, help });
            }
        }
    }
    let rest = written.into_iter().map(|(key, (value, origin))| {
        let value = Some(shown(&key, value));
        InForce { key, value, origin, help: "" }
    });
    all.extend(rest);
    Told(all)
}

fn flatten(path: &str, table: &Table, all: &mut BTreeMap<String, (String, String)>) {
    for (key, node) in table {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        nested(path, node, all);
    }
}

fn nested(path: String, node: &Node, all: &mut BTreeMap<String, (String, String)>) {
    match &node.value {
        Value::Table(table) => flatten(&path, table, all),
        Value::List(items) if items.iter().any(|item| matches!(item.value, Value::Table(_))) => {
            for (at, item) in items.iter().enumerate() {
                nested(format!("{path}[{at}]"), item, all);
            }
        }
        value => {
            all.insert(path, (printed(value), origin(&node.place)));
        }
    }
}

fn origin(place: &Place) -> String {
    match place.line {
        Some(line) if !place.variable => format!("{}:{line}", place.file),
        _ => place.file.to_string(),
    }
}

fn printed(value: &Value) -> String {
    match value {
        Value::Text(text) => quoted(text),
        Value::Integer(number) => number.to_string(),
        Value::Flag(flag) => flag.to_string(),
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(|item| printed(&item.value)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Table(_) => "{ }".to_owned(),
        Value::Other(kind) => (*kind).to_owned(),
    }
}

/// The value as it is told. A reference to a secret (`env:NAME`, `file:PATH`) names where it is and is no secret.
fn shown(key: &str, value: String) -> String {
    let last = key.rsplit('.').next().unwrap_or(key);
    let reference = ["\"env:", "\"file:"].iter().any(|kind| value.starts_with(kind));
    let text = value.starts_with('"') && value != "\"\"";
    if text && !reference && last.split('_').any(|word| SECRET.contains(&word)) {
        return HIDDEN.to_owned();
    }
    // Addresses may have a password in them, before the host or among what follows the `?`.
    let Some((scheme, rest)) = value.split_once("://") else { return value };
    let (rest, query) = match rest.split_once('?') {
        Some((rest, _)) => (rest, format!("?{HIDDEN}\"")),
        None => (rest, String::new()),
    };
    match rest.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}://{HIDDEN}@{host}{query}"),
        None => format!("{scheme}://{rest}{query}"),
    }
}

#[cfg(test)]
mod tests {
    use crate::Settings;

    const TEXT: &str = "[gateway]\nlisten = \"127.0.0.1:9\"\n\
        [store]\nurl = \"postgres://me:hunter2@db/one?password=hunter2\"\n";

    #[test]
    fn each_setting_says_where_it_comes_from_and_no_secret_is_told() {
        let variable = ("ORCHESTACK_ADMIN__LISTEN".to_owned(), "127.0.0.1:8".to_owned());
        let settings = Settings::parse("o.toml", TEXT, [variable].into_iter()).unwrap();
        let told = |key: &str| {
            let found = settings.in_force.0.iter().find(|one| one.key == key).unwrap();
            (found.value.clone().unwrap_or_default(), found.origin.clone())
        };
        let expect = |value: &str, origin: &str| (value.to_owned(), origin.to_owned());
        assert_eq!(told("gateway.listen"), expect("\"127.0.0.1:9\"", "o.toml:2"));
        assert_eq!(told("store.url"), expect("\"postgres://(set)@db/one?(set)\"", "o.toml:4"));
        assert_eq!(told("admin.listen"), expect("\"127.0.0.1:8\"", "ORCHESTACK_ADMIN__LISTEN"));
        assert_eq!(told("work.enabled"), expect("true", "default"));
        assert!(!format!("{:?}", settings.in_force.0).contains("hunter2"));
    }
}
