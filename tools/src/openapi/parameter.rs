//! Parameters of an operation: where each stands, and the text that a value has there.

use serde_json::{Map, Value};
use unicode_normalization::UnicodeNormalization as _;

use crate::{percent, shown::shown};

/// Headers that no argument sets: they say who asks, how the message is framed, or whom it is for.
const HEADERS_REFUSED: [&str; 22] = [
    "accept",
    "accept-encoding",
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "content-encoding",
    "cookie",
    "date",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "origin",
    "proxy-authorization",
    "proxy-connection",
    "referer",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
];

/// How often a value may be percent-encoded.
const DECODED_MAX: usize = 3;

/// Where a parameter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Path,
    Query,
    Header,
}

/// How a list or an object is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// One after the other with this sign between.
    Joined(char),
    /// Each with the parameter's name.
    Repeated,
    /// Each field of an object as `name[field]`.
    Deep,
    /// As JSON.
    Json,
}

#[derive(Debug)]
pub(super) struct Parameter {
    /// The argument that it is.
    pub(super) argument: String,
    /// Its name in the request.
    pub(super) name: String,
    pub(super) place: Place,
    pub(super) style: Style,
    pub(super) required: bool,
}

/// A piece of a part of a path.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// As it stands there.
    Text(String),
    /// What the parameter of this name says.
    Parameter(String),
}

/// What a document says of a parameter.
pub(super) enum Said<'d> {
    Parameter(Parameter, Option<&'d Value>),
    /// One that is ours to say, or nobody's.
    Ignored,
}

impl Parameter {
    /// Reads one.
    ///
    /// # Errors
    /// Why no request with it can be made.
    pub(super) fn read(said: &Map<String, Value>) -> Result<Said<'_>, String> {
        let text = |key: &str| said.get(key).and_then(Value::as_str);
        let name = text("name").ok_or("a parameter has no `name`")?;
        let required = said.get("required") == Some(&Value::Bool(true));
        let place = match text("in") {
            Some("path") => Place::Path,
            Some("query") => Place::Query,
            Some("header") if is_header(name) => Place::Header,
            Some("header" | "cookie") if !required => return Ok(Said::Ignored),
            // The gateway says who it is, whatever the document wants of callers.
            Some("header") if name.eq_ignore_ascii_case("authorization") => {
                return Ok(Said::Ignored);
            }
            _ => {
                return Err(format!(
                    "its parameter `{}` is none that an argument may set",
                    shown(name, 80)
                ));
            }
        };
        let json = said.get("content").and_then(|content| content.get("application/json"));
        let style = match json {
            Some(_) => Style::Json,
            None => style(place, text("style"), said.get("explode").and_then(Value::as_bool))
                .ok_or_else(|| {
                    format!(
                        "its parameter `{}` has a style that is not understood",
                        shown(name, 80)
                    )
                })?,
        };
        let schema = json.unwrap_or(&Value::Null).get("schema").or_else(|| said.get("schema"));
        let (argument, name) = (name.to_owned(), name.to_owned());
        Ok(Said::Parameter(Self { argument, name, place, style, required }, schema))
    }

    /// The values that an argument has in the request, by name.
    ///
    /// # Errors
    /// What it cannot be.
    pub(super) fn written(&self, value: &Value) -> Result<Vec<(String, String)>, &'static str> {
        let named = |text: String| (self.name.clone(), text);
        match (value, self.style) {
            (value, Style::Json) => Ok(vec![named(value.to_string())]),
            (Value::Array(items), Style::Joined(between)) => {
                let items = items.iter().map(scalar).collect::<Result<Vec<_>, _>>()?;
                if items.iter().any(|item| item.contains(between)) {
                    return Err("has an item with the sign that stands between items");
                }
                Ok(vec![named(items.join(&between.to_string()))])
            }
            (Value::Array(items), Style::Repeated) => {
                items.iter().map(|item| scalar(item).map(named)).collect()
            }
            (Value::Object(fields), Style::Deep) => {
                let field = |(field, value): (&String, &Value)| {
                    Ok((format!("{}[{field}]", self.name), scalar(value)?))
                };
                fields.iter().map(field).collect()
            }
            (value, _) => scalar(value).map(|text| vec![named(text)]),
        }
    }
}

/// The style that a document says, or the one that holds where it says none.
fn style(place: Place, style: Option<&str>, explode: Option<bool>) -> Option<Style> {
    match (place, style) {
        (Place::Path | Place::Header, None | Some("simple")) => Some(Style::Joined(',')),
        (Place::Query, None | Some("form")) if explode.unwrap_or(true) => Some(Style::Repeated),
        (Place::Query, Some("form")) => Some(Style::Joined(',')),
        (Place::Query, Some("spaceDelimited")) => Some(Style::Joined(' ')),
        (Place::Query, Some("pipeDelimited")) => Some(Style::Joined('|')),
        (Place::Query, Some("deepObject")) => Some(Style::Deep),
        (Place::Query, None) => Some(Style::Joined(',')),
        _ => None,
    }
}

fn scalar(value: &Value) -> Result<String, &'static str> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Bool(value) => Ok(value.to_string()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Null => Err("is null where a value must be"),
        Value::Array(_) | Value::Object(_) => Err("has a list or an object where a value must be"),
    }
}

/// Whether an argument may set a header of this name.
fn is_header(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    !name.is_empty()
        && name.bytes().all(is_token)
        && !HEADERS_REFUSED.contains(&lower.as_str())
        && ![
            "x-forwarded-",
            "x-real-",
            "sec-",
            "proxy-",
            "x-http-method",
            "x-original-",
            "x-rewrite-",
        ]
        .iter()
        .any(|refused| lower.starts_with(refused))
}

/// Reads the template of a path: parts, each of pieces.
pub(super) fn template(path: &str) -> Option<Vec<Vec<Piece>>> {
    let parts: Vec<_> = path.strip_prefix('/')?.split('/').map(part).collect::<Option<_>>()?;
    let (_, inner) = parts.split_last()?;
    let climbs = |part: &Vec<Piece>| matches!(part.as_slice(), [Piece::Text(text)] if text == "." || text == "..");
    // Only the last part may be empty: the path ends with a slash.
    (!inner.iter().any(Vec::is_empty) && !parts.iter().any(climbs)).then_some(parts)
}

fn part(mut text: &str) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    while !text.is_empty() {
        let (before, rest) = text.split_once('{').unwrap_or((text, ""));
        let is_plain =
            |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~:@!$&'()*+,;=".contains(&byte);
        if !before.bytes().all(is_plain) {
            return None;
        }
        if !before.is_empty() {
            pieces.push(Piece::Text(before.to_owned()));
        }
        if before.len() < text.len() {
            let (name, after) = rest.split_once('}')?;
            pieces.push(Piece::Parameter(name.to_owned()));
            text = after;
        } else {
            break;
        }
    }
    Some(pieces)
}

/// Whether a value may stand in a part of a path: no reader of it, however often it decodes and
/// whatever it takes for a slash, sees another way up or an end.
pub(super) fn is_path_value(text: &str) -> bool {
    let mut read = text.to_owned();
    for _ in 0..DECODED_MAX {
        let plain: String = read.nfkc().collect();
        let mut parts = plain.split(['/', '\\', ';', '?', '#']);
        let climbs = parts.any(|part| matches!(part.trim(), "." | ".."));
        if climbs || plain.chars().any(|letter| letter.is_control()) {
            return false;
        }
        // What is no text after decoding is read by every server in its own way.
        let Ok(decoded) = String::from_utf8(percent::decode_loosely(&read)) else { return false };
        if decoded == read {
            return true;
        }
        read = decoded;
    }
    false
}
