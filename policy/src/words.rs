//! Values of closed sets. Cedar sees strings and numbers, so `context.label == "secret"` and
//! `context.label_rank >= 5` are valid to it and never hold: a forbid that protects nothing. Here
//! they are faults.

use serde_json::{Map, Value};
use types::{Effect, Integrity, Label, Locality, Replay, SizeClass};

use crate::operation::Operation;

/// What people can be asked to approve: `context.kind` of the action `approve`.
pub const APPROVAL_KINDS: &[&str] = &["model_call", "tool_call", "admin", "budget", "break_glass"];

/// The most words that a message lists.
const LISTED_MAX: usize = 32;

/// A value that is compared with an attribute which never has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stray {
    pub attribute: &'static str,
    /// As policies write it: `"secret"`, `5`.
    pub literal: String,
    known: Known,
}

impl Stray {
    /// What is wrong with it.
    pub(crate) fn message(&self) -> String {
        let shown = self.literal.replace(char::is_control, "\u{fffd}");
        format!("`{}` is never {shown}", self.attribute)
    }

    /// The values that there are.
    pub(crate) fn fix(&self) -> String {
        match &self.known {
            Known::Words(words) if words.len() > LISTED_MAX => {
                let page = if self.attribute == "context.kinds" { "dlp" } else { "policies" };
                format!("docs/{page}.md lists its words")
            }
            Known::Words(words) => format!("its words are {}", words.join(", ")),
            Known::Numbers(least, most) => format!("it counts from {least} to {most}"),
        }
    }
}

/// The kinds of data, or the first of them where a message would be too long.
pub(crate) fn kinds_listed(kinds: &[&str]) -> String {
    match kinds.get(..LISTED_MAX) {
        None => format!("the kinds are {}", kinds.join(", ")),
        Some(first) => {
            format!("the kinds are {}, and those that docs/dlp.md lists", first.join(", "))
        }
    }
}

/// The values that an attribute can have.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Known {
    Words(Vec<String>),
    /// From the one to the other.
    Numbers(i64, i64),
}

impl Known {
    /// The literal, if it is none of these.
    fn misses(&self, literal: &Value) -> Option<String> {
        match self {
            Self::Words(words) => {
                let word = literal.as_str()?;
                (!words.iter().any(|known| known == word)).then(|| format!("\"{word}\""))
            }
            Self::Numbers(least, most) => {
                let number = literal.as_i64()?;
                (!(*least..=*most).contains(&number)).then(|| number.to_string())
            }
        }
    }

    /// The pattern of a `like`, if it matches none of these.
    fn matches_none(&self, pattern: &[Value]) -> bool {
        match self {
            Self::Words(words) => !words.iter().any(|word| is_like(word, pattern)),
            Self::Numbers(..) => false,
        }
    }
}

/// The operators that compare an attribute with literals, in Cedar's JSON form.
const COMPARISONS: &[&str] =
    &["==", "!=", "<", "<=", ">", ">=", "contains", "containsAny", "containsAll"];

/// How deep a condition is looked into. The depth is bounded by Cedar's parser; this bound is ours.
const DEPTH_MAX: usize = 256;

/// Finds every stray value of a policy in Cedar's JSON form.
pub(crate) fn strays(policy: &Value, kinds: &[&str]) -> Vec<Stray> {
    let mut found = Vec::new();
    if let Some(conditions) = policy.get("conditions") {
        walk(conditions, kinds, DEPTH_MAX, &mut found);
    }
    found
}

/// Finds every stray value of a context in Cedar's JSON form.
pub(crate) fn strays_of_context(context: &Value, kinds: &[&str]) -> Vec<Stray> {
    let attributes = context.as_object().into_iter().flatten();
    let each = attributes.flat_map(|(name, value)| {
        let (attribute, known) = closed_set("context", name, kinds)?;
        let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        let missed = values.iter().filter_map(|value| known.misses(value));
        Some(missed.map(|literal| stray(attribute, literal, &known)).collect::<Vec<_>>())
    });
    each.flatten().collect()
}

/// The word, if an attribute of the context never has it.
pub(crate) fn stray_word(attribute: &str, word: &str, kinds: &[&str]) -> Option<Stray> {
    let (attribute, known) = closed_set("context", attribute, kinds)?;
    let literal = known.misses(&Value::String(word.to_owned()))?;
    Some(stray(attribute, literal, &known))
}

fn stray(attribute: &'static str, literal: String, known: &Known) -> Stray {
    Stray { attribute, literal, known: known.clone() }
}

fn walk(node: &Value, kinds: &[&str], depth: usize, found: &mut Vec<Stray>) {
    let Some(deeper) = depth.checked_sub(1) else { return };
    match node {
        Value::Array(parts) => parts.iter().for_each(|part| walk(part, kinds, deeper, found)),
        Value::Object(parts) => {
            for (operator, operands) in parts {
                match operands.as_object() {
                    Some(operands) if operator == "like" => like(operands, kinds, found),
                    Some(operands) if COMPARISONS.contains(&operator.as_str()) => {
                        compare(operands, kinds, found);
                    }
                    Some(_) | None => {}
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
        let strange = values(literals).into_iter().filter_map(|value| known.misses(value));
        found.extend(strange.map(|literal| stray(attribute, literal, &known)));
    }
}

fn like(operands: &Map<String, Value>, kinds: &[&str], found: &mut Vec<Stray>) {
    let Some((attribute, known)) = operands.get("left").and_then(|left| closed(left, kinds)) else {
        return;
    };
    let Some(pattern) = operands.get("pattern").and_then(Value::as_array) else { return };
    if known.matches_none(pattern) {
        let part = |part: &Value| part.get("Literal").and_then(Value::as_str).map(str::to_owned);
        let text: String =
            pattern.iter().map(|p| part(p).unwrap_or_else(|| "*".to_owned())).collect();
        found.push(stray(attribute, format!("like \"{text}\""), &known));
    }
}

/// Whether a word matches Cedar's pattern: literals, and wildcards for any text.
fn is_like(word: &str, pattern: &[Value]) -> bool {
    let Some((first, rest)) = pattern.split_first() else { return word.is_empty() };
    if let Some(literal) = first.get("Literal").and_then(Value::as_str) {
        return word.strip_prefix(literal).is_some_and(|word| is_like(word, rest));
    }
    let ends = word.char_indices().map(|(at, _)| at).chain([word.len()]);
    ends.filter_map(|at| word.get(at..)).any(|tail| is_like(tail, rest))
}

/// The values that an expression can have, if it is an attribute with a closed set.
fn closed(expression: &Value, kinds: &[&str]) -> Option<(&'static str, Known)> {
    let access = expression.get(".")?;
    let variable = access.get("left")?.get("Var")?.as_str()?;
    closed_set(variable, access.get("attr")?.as_str()?, kinds)
}

fn closed_set(variable: &str, attribute: &str, kinds: &[&str]) -> Option<(&'static str, Known)> {
    fn words<T: ToString>(all: impl IntoIterator<Item = T>) -> Known {
        Known::Words(all.into_iter().map(|word| word.to_string()).collect())
    }
    Some(match (variable, attribute) {
        ("context", "label") => ("context.label", words(Label::ALL)),
        ("context", "label_rank") => ("context.label_rank", Known::Numbers(0, 3)),
        ("context", "integrity") => ("context.integrity", words(Integrity::ALL)),
        ("context", "kinds") => ("context.kinds", words(kinds)),
        ("context", "kind") => ("context.kind", words(APPROVAL_KINDS)),
        ("context", "operation") => {
            ("context.operation", words(Operation::ALL.iter().map(|operation| operation.as_str())))
        }
        ("context", "cause") => ("context.cause", words(["message", "schedule", "subagent"])),
        ("resource", "locality") => ("resource.locality", words(Locality::ALL)),
        ("resource", "size") => ("resource.size", words(SizeClass::ALL)),
        ("resource", "effect") => ("resource.effect", words(Effect::ALL)),
        ("resource", "replay") => ("resource.replay", words(Replay::ALL)),
        ("resource", "level") => ("resource.level", Known::Numbers(0, 4)),
        _ => return None,
    })
}

/// The values of a literal: one, or those of a set.
fn values(literal: &Value) -> Vec<&Value> {
    let one = |value: &'_ Value| value.get("Value").is_some();
    match literal.get("Set").and_then(Value::as_array) {
        Some(members) => members.iter().filter(|m| one(m)).filter_map(|m| m.get("Value")).collect(),
        None => literal.get("Value").into_iter().collect(),
    }
}
