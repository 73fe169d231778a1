//! Settings from environment variables, and the only code that reads the environment.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    Fault,
    document::{Node, Place, Table, Value},
};

const PREFIX: &str = "ORCHESTACK_";

/// Every variable of this process's environment that is text.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
pub fn environment() -> impl Iterator<Item = (String, String)> {
    // `vars` panics on a variable that is not UTF-8, and such a one is never ours.
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

/// One variable of this process's environment, for secret references.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Lays `ORCHESTACK_SECTION__KEY` variables over the file's values. Variables without the double
/// underscore (`ORCHESTACK_ADMIN_TOKEN`, ...) are not settings.
pub(super) fn overlay(
    root: &mut Table,
    env: impl Iterator<Item = (String, String)>,
    faults: &mut Vec<Fault>,
) {
    // Sorted, so that what is reported does not hang on the order of the environment.
    let ours: BTreeMap<String, String> =
        env.filter(|(name, _)| name.starts_with(PREFIX) && name.contains("__")).collect();
    for (name, value) in ours {
        let place = Place { file: Arc::from(name.as_str()), line: None, variable: true };
        let path = name.trim_start_matches(PREFIX).to_ascii_lowercase();
        let mut keys: Vec<&str> = path.split("__").collect();
        let Some(last) = keys.pop() else { continue };
        if let Some(table) = descend(root, &keys, &place) {
            table.insert(last.to_owned(), Node { place, value: Value::Text(value) });
        } else {
            faults.push(Fault {
                file: name,
                line: None,
                key: path.replace("__", "."),
                message: "a part of this path is a value and not a section".to_owned(),
                fix: "name the variable ORCHESTACK_SECTION__KEY".to_owned(),
            });
        }
    }
}

fn descend<'t>(root: &'t mut Table, keys: &[&str], place: &Place) -> Option<&'t mut Table> {
    let mut table = root;
    for key in keys {
        let node = table
            .entry((*key).to_owned())
            .or_insert_with(|| Node { place: place.clone(), value: Value::Table(Table::new()) });
        let Value::Table(next) = &mut node.value else { return None };
        table = next;
    }
    Some(table)
}
