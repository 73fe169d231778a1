//! A call of an operation as a request.

use serde_json::{Map, Value};
use url::Url;

use super::{
    Method, Operation,
    operation::BODY,
    parameter::{Piece, Place, is_path_value},
};
use crate::percent;

/// What is sent for a call, apart from where the service is and who we are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What is done.
    pub method: Method,
    /// From the service's own address on: encoded, and begins with `/`.
    pub path: String,
    /// Encoded, without the `?`; none where nothing is asked.
    pub query: Option<String>,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// The content type, and JSON.
    pub body: Option<(String, Value)>,
}

/// Why a call is no request. Arguments are named as the tool's definition names them, and nothing of
/// their values is told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// Not an object, or with a name that the tool has not.
    #[error("arguments are an object with the tool's own names and no others")]
    Arguments,
    /// An argument that must be there.
    #[error("argument `{0}` is missing")]
    Missing(String),
    /// An argument that cannot stand where its parameter does.
    #[error("argument `{argument}` {why}")]
    Argument {
        /// Which.
        argument: String,
        /// What is wrong.
        why: &'static str,
    },
    /// The address of the service is none that requests can be made to.
    #[error("the service's own address must be one of http or https, with nothing after its path")]
    Base,
}

impl Request {
    /// The request of a call with these arguments.
    ///
    /// # Errors
    /// [`RequestError`]
    pub fn of(operation: &Operation, arguments: &Value) -> Result<Self, RequestError> {
        let given = arguments.as_object().ok_or(RequestError::Arguments)?;
        let known = |name: &String| {
            (name == BODY && operation.body.is_some())
                || operation.parameters.iter().any(|parameter| parameter.argument == *name)
        };
        if !given.keys().all(known) {
            return Err(RequestError::Arguments);
        }
        let query = query(operation, given)?;
        Ok(Self {
            method: operation.method,
            path: path(operation, given)?,
            query: (!query.is_empty()).then(|| query.join("&")),
            headers: headers(operation, given)?,
            body: body(operation, given)?,
        })
    }

    /// The whole address, for a service at `base`.
    ///
    /// # Errors
    /// `base` is none that requests can be made to.
    pub fn url(&self, base: &Url) -> Result<Url, RequestError> {
        let is_base = matches!(base.scheme(), "http" | "https")
            && base.query().is_none()
            && base.fragment().is_none();
        let mut url = base.clone();
        let path = format!("{}{}", base.path().trim_end_matches('/'), self.path);
        url.set_path(&path);
        url.set_query(self.query.as_deref());
        // INVARIANT: what is asked for is what was put together, and nothing that a reader made of it.
        let is_same = url.path() == path && url.origin() == base.origin();
        if is_base && is_same { Ok(url) } else { Err(RequestError::Base) }
    }
}

/// What is written of each argument whose parameter stands in this place.
fn written(
    operation: &Operation,
    given: &Map<String, Value>,
    place: Place,
) -> Result<Vec<(String, String)>, RequestError> {
    let mut all = Vec::new();
    for parameter in operation.parameters.iter().filter(|known| known.place == place) {
        match given.get(&parameter.argument) {
            Some(Value::Null) if !parameter.required => {}
            Some(value) => {
                all.extend(parameter.written(value).map_err(|why| wrong(&parameter.argument, why))?)
            }
            None if parameter.required || place == Place::Path => {
                return Err(RequestError::Missing(parameter.argument.clone()));
            }
            None => {}
        }
    }
    Ok(all)
}

fn path(operation: &Operation, given: &Map<String, Value>) -> Result<String, RequestError> {
    let values = written(operation, given, Place::Path)?;
    let mut path = String::new();
    for part in &operation.path {
        let mut text = String::new();
        for piece in part {
            match piece {
                Piece::Text(plain) => text.push_str(plain),
                Piece::Parameter(name) => {
                    let value = values.iter().find(|(known, _)| known == name);
                    let (_, value) = value.ok_or_else(|| RequestError::Missing(name.clone()))?;
                    if value.is_empty() || !is_path_value(value) {
                        let why = "cannot stand in a path: it is empty, has control characters, or leads up";
                        return Err(wrong(name, why));
                    }
                    text.push_str(&percent::encode(value));
                }
            }
        }
        // Two values that are each harmless can be a way up together.
        let named = part.iter().find_map(|piece| match piece {
            Piece::Parameter(name) => Some(name),
            Piece::Text(_) => None,
        });
        if let Some(name) = named.filter(|_| !is_path_value(&text)) {
            return Err(wrong(name, "leads up with what stands beside it"));
        }
        path.push('/');
        path.push_str(&text);
    }
    Ok(path)
}

fn query(operation: &Operation, given: &Map<String, Value>) -> Result<Vec<String>, RequestError> {
    let pairs = written(operation, given, Place::Query)?;
    let encoded = |(name, value): (String, String)| {
        format!("{}={}", percent::encode(&name), percent::encode(&value))
    };
    Ok(pairs.into_iter().map(encoded).collect())
}

fn headers(
    operation: &Operation,
    given: &Map<String, Value>,
) -> Result<Vec<(String, String)>, RequestError> {
    let all = written(operation, given, Place::Header)?;
    let is_plain = |value: &str| value.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    match all.iter().find(|(_, value)| !is_plain(value)) {
        Some((name, _)) => Err(wrong(name, "has characters that a header cannot have")),
        None => Ok(all),
    }
}

fn body(
    operation: &Operation,
    given: &Map<String, Value>,
) -> Result<Option<(String, Value)>, RequestError> {
    let Some(body) = &operation.body else { return Ok(None) };
    match given.get(BODY) {
        Some(value) => Ok(Some((body.content_type.clone(), value.clone()))),
        None if body.required => Err(RequestError::Missing(BODY.to_owned())),
        None => Ok(None),
    }
}

fn wrong(argument: &str, why: &'static str) -> RequestError {
    RequestError::Argument { argument: argument.to_owned(), why }
}
