//! Schemas of arguments and results: compiled once, checked within bounds.
//!
//! A schema comes from a tool's server, so it is hostile: it may refer elsewhere, run in circles, or
//! take for ever on an argument that it has waited for. What a check costs is known before it begins.

mod shape;
mod violation;

use std::collections::BTreeSet;

use jsonschema::{PatternOptions, Validator};
use serde_json::Value;

use crate::{
    json::{self, JsonError},
    shown::shown,
};
use shape::{Cost, Shape};
pub use violation::{Invalid, Violation};

/// How many evaluations of a schema's parts one check may take. Each is some tens of nanoseconds.
const WORK_MAX: u64 = 2_000_000;

/// Up to here an invalid value is searched again for what exactly is wrong with it.
const WORK_DETAILED_MAX: u64 = 50_000;

/// How many parts of a schema may wait for each other in one check: each takes some of the stack.
const CHAIN_MAX: u64 = 256;

/// How large a compiled pattern may be, in bytes.
const PATTERN_BYTES_MAX: usize = 1 << 20;

/// The drafts that are understood, by what `$schema` says. Without one it is the first.
const DRAFTS: [&str; 4] = [
    "https://json-schema.org/draft/2020-12/schema",
    "https://json-schema.org/draft/2019-09/schema",
    "http://json-schema.org/draft-07/schema",
    "http://json-schema.org/draft-06/schema",
];

/// A compiled schema.
#[derive(Debug)]
pub struct Schema {
    validator: Validator,
    /// What a check costs by the depth of the value.
    costs: Vec<Cost>,
    /// Names that the schema gives to properties. Any other name in a value is the caller's own.
    names: BTreeSet<String>,
}

/// Why a schema cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// Deeper or with more values than anything may be.
    #[error("the schema is too large: {0}")]
    Bounds(String),
    /// A `$schema` that is not understood.
    #[error(
        "the schema's `$schema` is `{0}`; 2020-12, 2019-09, draft 7 and draft 6 are understood"
    )]
    Draft(String),
    /// A part that is not understood, because what it refers to may be anywhere.
    #[error(
        "the schema has `{keyword}` at `{place}`, which is not understood; only references of the form `#/...` are"
    )]
    Reference {
        /// Where.
        place: String,
        /// `$ref`, or another keyword that refers.
        keyword: String,
    },
    /// A part that is checked by checking itself.
    #[error("the schema refers in a circle at `{0}`, which no value would come out of")]
    Circle(String),
    /// Too much of a schema.
    #[error("the schema has more than {0} parts")]
    Parts(usize),
    /// Not a schema, or a pattern that would not be matched in linear time.
    #[error("it is no schema: `{keyword}` at `{place}` is not as it must be{}", if .keyword == "pattern" || .keyword == "format" { ", or needs look-around or back-references" } else { "" })]
    Invalid {
        /// Where.
        place: String,
        /// The keyword that says so.
        keyword: String,
    },
}

impl Schema {
    /// Compiles a schema, which nothing outside it is read for.
    ///
    /// # Errors
    /// [`SchemaError`]
    pub fn compile(schema: &Value) -> Result<Self, SchemaError> {
        json::measure(schema).map_err(|error| SchemaError::Bounds(error.to_string()))?;
        draft(schema)?;
        let shape = Shape::of(schema)?;
        let patterns =
            PatternOptions::regex().size_limit(PATTERN_BYTES_MAX).dfa_size_limit(PATTERN_BYTES_MAX);
        let validator = jsonschema::options()
            .offline()
            .with_pattern_options(patterns)
            .should_validate_formats(false)
            .build(schema)
            .map_err(|error| SchemaError::Invalid {
                place: shown(error.instance_path().as_str(), 200),
                keyword: shown(error.kind().keyword(), 40),
            })?;
        Ok(Self { validator, costs: shape.costs()?, names: shape.names() })
    }

    /// Holds a value against the schema.
    ///
    /// # Errors
    /// What is wrong with it and where, without anything of the value.
    pub fn check(&self, value: &Value) -> Result<(), Invalid> {
        let size = json::measure(value).map_err(|error| Invalid::Bounds(bounds(&error)))?;
        let cost = self.costs.get(size.depth).copied().unwrap_or(Cost::MAX);
        let values = u64::try_from(size.values).unwrap_or(u64::MAX);
        let work = cost.work.saturating_mul(values);
        if work > WORK_MAX || cost.chain > CHAIN_MAX {
            return Err(Invalid::Bounds("is too much work to check"));
        }
        if self.validator.is_valid(value) {
            return Ok(());
        }
        if work > WORK_DETAILED_MAX {
            return Err(Invalid::Schema(Vec::new()));
        }
        Err(violation::of(&self.validator, value, &self.names))
    }
}

const fn bounds(error: &JsonError) -> &'static str {
    match error {
        JsonError::Depth => "is nested too deeply",
        JsonError::Values | JsonError::Text(_) => "has too many values",
    }
}

fn draft(schema: &Value) -> Result<(), SchemaError> {
    let Some(said) = schema.get("$schema") else { return Ok(()) };
    let known = said.as_str().map(|said| said.trim_end_matches('#'));
    if known.is_some_and(|known| DRAFTS.contains(&known)) {
        return Ok(());
    }
    Err(SchemaError::Draft(shown(said.as_str().unwrap_or("not text"), 200)))
}

#[cfg(test)]
mod tests;
