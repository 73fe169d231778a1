//! The values of a call's arguments, each with where it stands.

use std::borrow::Cow;

use serde_json::Value;

/// The most values that are looked at; the rest of their arguments counts as matching nothing.
const LEAVES_MAX: usize = 1024;
/// How deep text that is JSON itself may be in text that is.
const TEXTS_MAX: usize = 3;

/// One value that says something.
#[derive(Debug)]
pub(super) struct Leaf<'a> {
    /// Its argument's name.
    pub(super) name: &'a str,
    /// Its JSON pointer, from the top. What is inside of text has the text's.
    pub(super) pointer: String,
    pub(super) text: Cow<'a, str>,
    /// Whether it could be anybody's: a truth value or one or two characters.
    pub(super) is_common: bool,
}

/// The values of an object of arguments, with the names of fields that are no plain words; and of what was not
/// looked at the name of the argument with its pointers.
pub(super) fn leaves(arguments: &Value) -> (Vec<Leaf<'_>>, Vec<(&str, Vec<String>)>) {
    let (mut all, mut cut) = (Vec::new(), Vec::new());
    for (name, value) in arguments.as_object().into_iter().flatten() {
        let mut open = vec![(value, pointer("", name))];
        while let Some((value, at)) = open.pop() {
            if all.len() >= LEAVES_MAX {
                let rest = open.into_iter().map(|(_, at)| at).chain([at]).collect();
                cut.push((name.as_str(), rest));
                break;
            }
            match value {
                Value::Null => {}
                Value::Bool(said) => all.push(Leaf::new(name, at, said.to_string().into(), true)),
                Value::Number(number) => {
                    all.push(Leaf::new(name, at, number.to_string().into(), false));
                }
                Value::String(text) => all.push(Leaf::new(name, at, text.into(), false)),
                Value::Array(items) => {
                    let items = items.iter().enumerate();
                    open.extend(items.map(|(i, item)| (item, pointer(&at, &i.to_string()))));
                }
                Value::Object(fields) => {
                    let odd = fields.keys().filter(|key| !is_plain(key));
                    all.extend(
                        odd.map(|key| Leaf::new(name, pointer(&at, key), key.into(), false)),
                    );
                    open.extend(fields.iter().map(|(key, field)| (field, pointer(&at, key))));
                }
            }
        }
    }
    (all, cut)
}

/// Whether the name of a field is a word and nothing else: any other one may be a value itself.
pub fn is_plain(key: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    key.len() <= 64 && key.bytes().all(word)
}

impl<'a> Leaf<'a> {
    fn new(name: &'a str, pointer: String, text: Cow<'a, str>, is_common: bool) -> Self {
        let is_common = is_common || text.trim().chars().take(3).count() < 3;
        Self { name, pointer, text, is_common }
    }
}

fn pointer(before: &str, key: &str) -> String {
    format!("{before}/{}", key.replace('~', "~0").replace('/', "~1"))
}

/// The texts of the values in a text that is a JSON object or array itself, and whether these are all; nothing
/// where it is not.
pub(super) fn inside(text: &str) -> (Vec<String>, bool) {
    let (mut all, mut open) = (Vec::new(), vec![(parsed(text), 0)]);
    while let Some((value, depth)) = open.pop() {
        if all.len() >= LEAVES_MAX {
            return (all, false);
        }
        match value {
            None | Some(Value::Null) => {}
            Some(Value::Array(items)) => {
                open.extend(items.into_iter().map(|item| (Some(item), depth)));
            }
            Some(Value::Object(fields)) => {
                all.extend(fields.keys().filter(|key| !is_plain(key)).cloned());
                open.extend(fields.into_iter().map(|(_, field)| (Some(field), depth)));
            }
            Some(Value::String(text)) => match parsed(&text).filter(|_| depth < TEXTS_MAX) {
                Some(value) => open.push((Some(value), depth + 1)),
                None => all.push(text),
            },
            Some(value @ (Value::Bool(_) | Value::Number(_))) => all.push(value.to_string()),
        }
    }
    (all, true)
}

fn parsed(text: &str) -> Option<Value> {
    let begins = text.trim_start().starts_with(['{', '[']);
    begins.then(|| serde_json::from_str(text).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_value_has_its_place() {
        let arguments = json!({ "to": ["a@b.org", 7], "note": { "a/b": true, "none": null } });
        let (all, cut) = leaves(&arguments);
        let mut told: Vec<_> = all
            .iter()
            .map(|leaf| (leaf.name, leaf.pointer.as_str(), &*leaf.text, leaf.is_common))
            .collect();
        told.sort_unstable();
        let wanted = [
            // The name of a field that is no plain word may be a value itself.
            ("note", "/note/a~1b", "a/b", false),
            ("note", "/note/a~1b", "true", true),
            ("to", "/to/0", "a@b.org", false),
            ("to", "/to/1", "7", true),
        ];
        assert_eq!((told.as_slice(), cut.as_slice()), (&wanted[..], &[][..]));
        assert!(leaves(&json!(["not", "arguments"])).0.is_empty());
    }

    #[test]
    fn what_is_too_much_is_told() {
        let many = json!({ "list": vec!["word"; LEAVES_MAX + 1] });
        let (all, cut) = leaves(&many);
        assert_eq!((all.len(), cut), (LEAVES_MAX, vec![("list", vec!["/list/0".to_owned()])]));
        let (all, whole) = inside(&many["list"].to_string());
        assert_eq!((all.len(), whole), (LEAVES_MAX, false));
    }

    #[test]
    fn text_that_is_json_is_opened() {
        let inner = json!({ "to": "mallory@evil.example" }).to_string();
        let text = json!([1, { "body": inner }]).to_string();
        let (mut all, whole) = inside(&text);
        all.sort_unstable();
        assert_eq!((all, whole), (vec!["1".to_owned(), "mallory@evil.example".to_owned()], true));
        assert!(inside("plain").0.is_empty() && inside("{broken").0.is_empty());
    }

    #[test]
    fn a_value_is_not_hidden_as_the_name_of_a_field() {
        let sly = json!({ "to": { "mallory@evil.example": "me", "cc": "me" } });
        let found: Vec<_> = leaves(&sly).0.iter().map(|leaf| leaf.text.to_string()).collect();
        assert_eq!(found.iter().filter(|text| *text == "mallory@evil.example").count(), 1);
        assert_eq!(found.len(), 3, "a plain name is none: {found:?}");
        assert!(inside(&sly.to_string()).0.contains(&"mallory@evil.example".to_owned()));
    }
}
