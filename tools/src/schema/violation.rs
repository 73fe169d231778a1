//! What is wrong with a value, said without saying what the value is.

use std::{collections::BTreeSet, fmt};

use jsonschema::{
    Validator,
    error::{TypeKind, ValidationErrorKind},
};
use serde_json::Value;

use crate::shown::shown;

/// How many violations are told.
const TOLD_MAX: usize = 8;

/// How many characters of what a schema wants are told.
const WANTED_CHARS_MAX: usize = 120;

/// A value that its schema does not allow. Nothing of the value is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Invalid {
    /// It is too large to be checked.
    Bounds(&'static str),
    /// The schema says no: the first reasons, or none where finding them would take too long.
    Schema(Vec<Violation>),
}

/// One reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Where in the value, as a JSON pointer. A name that the schema does not know stands as `*`.
    pub pointer: String,
    /// The schema's keyword that says no.
    pub keyword: String,
    /// What the schema wants there, in its own words.
    pub wanted: Option<String>,
}

/// Finds what is wrong.
pub(super) fn of(validator: &Validator, value: &Value, names: &BTreeSet<String>) -> Invalid {
    let errors = validator.iter_errors(value).take(TOLD_MAX);
    let told = errors.map(|error| Violation {
        pointer: pointer(error.instance_path().as_str(), names),
        keyword: shown(error.kind().keyword(), WANTED_CHARS_MAX),
        wanted: wanted(error.kind()).map(|wanted| shown(&wanted, WANTED_CHARS_MAX)),
    });
    Invalid::Schema(told.collect())
}

/// The place, with nothing in it that the caller chose.
fn pointer(place: &str, names: &BTreeSet<String>) -> String {
    let known = |segment: &str| {
        let name = segment.replace("~1", "/").replace("~0", "~");
        let is_index = !segment.is_empty()
            && segment.len() <= 6
            && segment.bytes().all(|byte| byte.is_ascii_digit());
        is_index || names.contains(&name)
    };
    let segments = place.split('/').skip(1);
    let shown_segments =
        segments.map(|segment| if known(segment) { shown(segment, 80) } else { "*".to_owned() });
    shown_segments.fold(String::new(), |pointer, segment| pointer + "/" + &segment)
}

/// What a keyword wants, which is the schema's word and never the value's.
fn wanted(kind: &ValidationErrorKind) -> Option<String> {
    match kind {
        ValidationErrorKind::Type { kind: TypeKind::Single(one) } => Some(one.to_string()),
        ValidationErrorKind::Type { kind: TypeKind::Multiple(some) } => {
            let names: Vec<String> = some.iter().map(|one| one.to_string()).collect();
            Some(names.join(" or "))
        }
        ValidationErrorKind::Required { property } => property.as_str().map(str::to_owned),
        ValidationErrorKind::Enum { options } => Some(options.to_string()),
        ValidationErrorKind::Constant { expected_value } => Some(expected_value.to_string()),
        ValidationErrorKind::Pattern { pattern } => Some(pattern.clone()),
        ValidationErrorKind::Minimum { limit }
        | ValidationErrorKind::Maximum { limit }
        | ValidationErrorKind::ExclusiveMinimum { limit }
        | ValidationErrorKind::ExclusiveMaximum { limit } => Some(limit.to_string()),
        ValidationErrorKind::MinLength { limit }
        | ValidationErrorKind::MaxLength { limit }
        | ValidationErrorKind::MinItems { limit }
        | ValidationErrorKind::MaxItems { limit }
        | ValidationErrorKind::MinProperties { limit }
        | ValidationErrorKind::MaxProperties { limit } => Some(limit.to_string()),
        // The others name nothing, or name what is in the value.
        _ => None,
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.pointer.is_empty() { "the whole" } else { &self.pointer };
        write!(f, "`{place}` fails `{}`", self.keyword)?;
        self.wanted.as_ref().map_or(Ok(()), |wanted| write!(f, " ({wanted})"))
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bounds(why) => f.write_str(why),
            Self::Schema(violations) if violations.is_empty() => {
                f.write_str("does not match its schema")
            }
            Self::Schema(violations) => {
                f.write_str("does not match its schema: ")?;
                for (number, violation) in violations.iter().enumerate() {
                    let before = if number == 0 { "" } else { "; " };
                    write!(f, "{before}{violation}")?;
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for Invalid {}
