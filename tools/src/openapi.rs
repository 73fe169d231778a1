//! A REST service as tools: its OpenAPI document (3.0 or 3.1) gives the definitions, and the
//! arguments of a call give the request.
//!
//! The document says what there is, and the tree says where: addresses in the document are not read.
//! INVARIANT: an argument is in the place that its parameter has, and changes nothing else of the
//! request: not the host, not how many parts the path has, no other parameter and no header.

mod document;
mod operation;
mod parameter;
mod request;
mod schemas;

use std::collections::BTreeMap;

use serde_json::Value;
use types::Effect;

use crate::{Definition, TOOLS_MAX, shown::shown};
use document::Document;
use operation::Reader;
use parameter::{Parameter, Piece};
pub use request::{Request, RequestError};

types::names! {
    /// What is done with a resource.
    Method {
        /// It reads.
        Get = "GET",
        /// It reads what there is about it.
        Head = "HEAD",
        /// It asks what may be done.
        Options = "OPTIONS",
        /// It makes or does something.
        Post = "POST",
        /// It replaces.
        Put = "PUT",
        /// It changes.
        Patch = "PATCH",
        /// It removes.
        Delete = "DELETE",
    }
}

/// A REST service whose operations are tools.
#[derive(Debug)]
pub struct Service {
    operations: BTreeMap<String, Operation>,
    left_out: Vec<LeftOut>,
}

/// One operation.
#[derive(Debug)]
pub struct Operation {
    /// What is done.
    pub method: Method,
    /// The tool that it is.
    pub definition: Definition,
    path: Vec<Vec<Piece>>,
    parameters: Vec<Parameter>,
    /// The content type of its body, which is the argument `body`.
    body: Option<Body>,
    result: Answer,
}

#[derive(Debug)]
struct Body {
    content_type: String,
    required: bool,
}

/// What of an answer is the tool's structured result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    /// Nothing is known of it.
    Unknown,
    /// It is an object, as results must be.
    Object,
    /// It is something else, and stands as `result` in an object.
    Wrapped,
}

/// An operation that is no tool, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Method and path.
    pub operation: String,
    /// Why.
    pub why: String,
}

/// Why a document cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenApiError {
    /// Too many bytes.
    #[error("it has {0} bytes; at most {max} are read", max = document::BYTES_MAX)]
    Bytes(usize),
    /// Neither JSON nor YAML, with the place.
    #[error("it is neither JSON nor YAML as it must be: {0}")]
    Text(String),
    /// Another version.
    #[error("its `openapi` is `{0}`; 3.0 and 3.1 are understood")]
    Version(String),
    /// It has no operations that could be tools.
    #[error("none of its operations can be a tool{}", .0.as_ref().map(|first| format!("; {}: {}", first.operation, first.why)).unwrap_or_default())]
    Empty(Option<LeftOut>),
    /// Too many operations.
    #[error("it has more than {TOOLS_MAX} operations; keep those that are needed")]
    Operations,
}

impl Service {
    /// Reads a document, in JSON or YAML.
    ///
    /// # Errors
    /// [`OpenApiError`]. What single operations lack is in [`Service::left_out`].
    pub fn parse(text: &str) -> Result<Self, OpenApiError> {
        let document = Document::parse(text)?;
        let mut service = Self { operations: BTreeMap::new(), left_out: Vec::new() };
        for (path, item) in document.paths() {
            for method in Method::ALL {
                let Some(said) = item.get(&method.as_str().to_ascii_lowercase()) else { continue };
                if service.operations.len() + service.left_out.len() == TOOLS_MAX {
                    return Err(OpenApiError::Operations);
                }
                let read = Reader::new(&document).read(*method, path, item, said);
                service.add(format!("{method} {}", shown(path, 200)), read);
            }
        }
        match service.operations.is_empty() {
            true => Err(OpenApiError::Empty(service.left_out.into_iter().next())),
            false => Ok(service),
        }
    }

    fn add(&mut self, name: String, read: Result<Operation, String>) {
        let why = match read {
            Ok(new) if self.operations.contains_key(&new.definition.name) => {
                "another operation has its name; give each an `operationId`".to_owned()
            }
            Ok(new) => {
                self.operations.insert(new.definition.name.clone(), new);
                return;
            }
            Err(why) => why,
        };
        self.left_out.push(LeftOut { operation: name, why });
    }

    /// The tools, in the order of their names.
    pub fn definitions(&self) -> impl Iterator<Item = &Definition> {
        self.operations.values().map(|operation| &operation.definition)
    }

    /// The operation that is the tool of this name.
    pub fn operation(&self, name: &str) -> Option<&Operation> {
        self.operations.get(name)
    }

    /// Operations that are no tools.
    pub fn left_out(&self) -> &[LeftOut] {
        &self.left_out
    }
}

impl Operation {
    /// What the method suggests that it does, for whoever writes the tool's file: nobody knows but
    /// they.
    pub const fn effect(&self) -> Effect {
        match self.method {
            Method::Get | Method::Head | Method::Options => Effect::Read,
            Method::Post | Method::Put | Method::Patch | Method::Delete => Effect::Write,
        }
    }

    /// The structured result that an answer of the service is, where its document says what answers
    /// are.
    pub fn result(&self, answer: Value) -> Option<Value> {
        match self.result {
            Answer::Unknown => None,
            Answer::Object => Some(answer),
            Answer::Wrapped => Some(serde_json::json!({"result": answer})),
        }
    }
}

#[cfg(test)]
mod tests;
