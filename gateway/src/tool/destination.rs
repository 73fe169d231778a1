//! Where a call goes by its arguments: those that the tree declares as destinations.

use std::collections::BTreeSet;

use serde_json::Value;
use snapshot::Tool;
use tools::{
    Host,
    flow::{Provenance, is_plain},
};

/// The most hosts of one call that policy is told of. A call with more is one to a private place.
const HOSTS_MAX: usize = 64;

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
            named &= is_users(at, provenance);
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
            Value::Object(fields) => {
                fields.keys().filter(|key| !is_plain(key)).for_each(|key| self.read_text(key));
                fields.values().for_each(|field| self.read(field));
            }
        }
    }

    fn read_text(&mut self, text: &str) {
        for host in Host::named_in(text) {
            self.private |= host.is_private();
            if self.hosts.len() < HOSTS_MAX {
                self.hosts.insert(host.to_string());
            } else {
                // What policy is not told of it cannot let through.
                self.private = true;
            }
        }
    }
}

/// Whether an argument names no place at all.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.iter().all(is_nothing),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    }
}

/// Whether all of an argument, or of what is at a pointer, is in the user's own words.
fn is_users(at: &str, provenance: &Provenance) -> bool {
    let is_at = |name: &str| {
        name.strip_prefix(at).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let any = |names: &BTreeSet<String>| names.iter().any(|name| is_at(name));
    any(&provenance.trusted) && !any(&provenance.untrusted) && !any(&provenance.unmatched)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tool(destinations: &[&str]) -> Tool {
        let mut tool = Tool::undeclared("send");
        tool.destinations = destinations.iter().map(|at| (*at).to_owned()).collect();
        tool
    }

    fn whose(trusted: &[&str], unmatched: &[&str]) -> Provenance {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Provenance { trusted: names(trusted), unmatched: names(unmatched), ..Provenance::default() }
    }

    #[test]
    fn only_declared_arguments_say_where_a_call_goes() {
        let call = json!({ "to": ["a@mail.example.org"], "body": "see http://127.0.0.1/" });
        let found = Destinations::of(&tool(&["to"]), &call, &whose(&[], &["to", "body"]));
        assert_eq!(found.hosts, BTreeSet::from(["mail.example.org".to_owned()]));
        assert!(found.is_given() && !found.private && !found.named_by_user);
        let none = Destinations::of(&tool(&[]), &call, &Provenance::default());
        assert!(!none.is_given() && none.hosts.is_empty());
    }

    #[test]
    fn a_place_inside_is_private_in_any_spelling() {
        for url in ["http://127.0.0.1/", "http://2130706433/", "http://0x7f.1/", "http://[::1]/"] {
            let found =
                Destinations::of(&tool(&["url"]), &json!({ "url": url }), &whose(&["url"], &[]));
            assert!(found.private, "{url}");
        }
    }

    #[test]
    fn the_user_named_a_destination_only_where_all_of_it_is_the_users_word() {
        let call = json!({ "to": ["a@b.org"], "cc": ["c@d.org"], "note": { "to": "e@f.org" } });
        let named = |at: &[&str], whose: &Provenance| {
            Destinations::of(&tool(at), &call, whose).named_by_user
        };
        assert!(named(&["to"], &whose(&["to", "/to/0"], &["cc"])));
        assert!(!named(&["to", "cc"], &whose(&["to"], &["cc"])));
        assert!(named(&["/note/to"], &whose(&["/note/to"], &["note"])));
        assert!(!named(&["/note/to"], &whose(&["to"], &["note", "/note/to"])));
        assert!(!named(&["bcc"], &whose(&["to", "cc"], &[])));
    }
}
