//! Words of closed sets in policies. Cedar sees them as strings, so `context.label == "secret"` is
//! valid to it and never holds: a forbid that protects nothing. Here it is a fault.

use serde_json::{Map, Value};
use types::{Integrity, Label, Locality};

/// A word that is compared with an attribute which never has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stray {
    pub attribute: &'static str,
    pub word: String,
    pub known: Vec<String>,
}

/// The operators that compare an attribute with literals, in Cedar's JSON form.
const COMPARISONS: &[&str] = &["==", "!=", "contains", "containsAny", "containsAll"];

/// How deep a condition is looked into. The depth is bounded by Cedar's parser; this bound is ours.
const DEPTH_MAX: usize = 256;

/// Finds every stray word of a policy in Cedar's JSON form.
pub(crate) fn strays(policy: &Value, kinds: &[&str]) -> Vec<Stray> {
    let mut found = Vec::new();
    if let Some(conditions) = policy.get("conditions") {
        walk(conditions, kinds, DEPTH_MAX, &mut found);
    }
    found
}

fn walk(node: &Value, kinds: &[&str], depth: usize, found: &mut Vec<Stray>) {
    let Some(deeper) = depth.checked_sub(1) else { return };
    match node {
        Value::Array(parts) => parts.iter().for_each(|part| walk(part, kinds, deeper, found)),
        Value::Object(parts) => {
            for (operator, operands) in parts {
                if let (true, Some(operands)) =
                    (COMPARISONS.contains(&operator.as_str()), operands.as_object())
                {
                    compare(operands, kinds, found);
                }
                walk(operands, kinds, deeper, found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn compare(operands: &Map<String, Value>, kinds: &[&str], found: &mut Vec<Stray>) {
    let (Some(left), Some(right)) = (operands.get("left"), operands.get("right")) else { return };
    for (attribute, literals) in [(left, right), (right, left)] {
        let Some((attribute, known)) = closed(attribute, kinds) else { continue };
        let strange = words(literals).into_iter().filter(|word| !known.contains(word));
        let stray = |word| Stray { attribute, word, known: known.clone() };
        found.extend(strange.map(stray));
    }
}

/// The words that an attribute can have, if the expression is an attribute with a closed set.
fn closed(expression: &Value, kinds: &[&str]) -> Option<(&'static str, Vec<String>)> {
    let access = expression.get(".")?;
    let variable = access.get("left")?.get("Var")?.as_str()?;
    let attribute = access.get("attr")?.as_str()?;
    let own = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    match (variable, attribute) {
        ("context", "label") => {
            Some(("context.label", Label::ALL.iter().map(ToString::to_string).collect()))
        }
        ("context", "integrity") => {
            Some(("context.integrity", Integrity::ALL.iter().map(ToString::to_string).collect()))
        }
        ("resource", "locality") => {
            Some(("resource.locality", Locality::ALL.iter().map(ToString::to_string).collect()))
        }
        ("resource", "size") => Some(("resource.size", own(&["small", "medium", "large"]))),
        ("context", "kinds") => Some(("context.kinds", own(kinds))),
        _ => None,
    }
}

/// The strings of a literal: one, or those of a set.
fn words(literal: &Value) -> Vec<String> {
    let one = |value: &Value| value.get("Value").and_then(Value::as_str).map(str::to_owned);
    match literal.get("Set").and_then(Value::as_array) {
        Some(members) => members.iter().filter_map(one).collect(),
        None => one(literal).into_iter().collect(),
    }
}
