//! Every piece of a request that leaves the machine, one by one, for inspection and redaction.

use std::fmt::{Arguments, Write as _};

use serde_json::{Number, Value};

use super::{
    ChatRequest, File, FileSource, Format, Image, ImageSource, Message, Part, Reasoning, Tool,
    ToolChoice,
};

/// A piece of a request, by what may be done with it.
#[derive(Debug)]
pub enum Piece<'a> {
    /// Text, from which a value can be taken out.
    Text(&'a mut String),
    /// The texts of one message, each with its index among the message's parts. A model reads them
    /// as one text, so a value may begin in one and end in the next. There are at least two; the
    /// place of one of them is the place of all, followed by its index.
    Parts(Vec<(usize, &'a mut String)>),
    /// A name, a key or an id. Another one would mean something else, so it stays as it is.
    Name(&'a str),
    /// A number in a JSON value, with the nearest key that is the caller's own; empty without one.
    /// It stays as it is.
    Number {
        /// The key.
        key: &'a str,
        /// The number.
        number: &'a Number,
    },
    /// What a model reads as text and nobody here can: tokens of its vocabulary. Whatever is in it, it
    /// was not found.
    Sealed,
}

/// Keys that places name: words of JSON Schema and of OpenAI's dialect. Every other key is the
/// caller's own text, and its member is told by its number.
const KEYWORDS: [&str; 29] = [
    "$defs",
    "$ref",
    "$schema",
    "additionalProperties",
    "allOf",
    "anyOf",
    "const",
    "content",
    "default",
    "definitions",
    "description",
    "enum",
    "examples",
    "format",
    "items",
    "maxItems",
    "maxLength",
    "maximum",
    "minItems",
    "minLength",
    "minimum",
    "not",
    "oneOf",
    "pattern",
    "properties",
    "required",
    "text",
    "title",
    "type",
];

impl ChatRequest {
    /// Visits every piece that leaves the machine with this request. The place says where a piece
    /// stands: `messages[2].content[0]`, `tools[0].parameters.properties[3].key`. It is made of
    /// our own words and of numbers only, never of the caller's text, and no two pieces share one.
    ///
    /// Not visited are values of closed sets, such as an image's detail, and data that is no text:
    /// of images and of documents.
    pub fn visit(&mut self, visit: impl FnMut(&str, Piece<'_>)) {
        let mut walk = Walk { place: String::new(), visit };
        for (m, message) in self.messages.iter_mut().enumerate() {
            walk.within(format_args!("messages[{m}]"), |walk| walk.message(message));
        }
        for (t, tool) in self.tools.iter_mut().enumerate() {
            walk.within(format_args!("tools[{t}]"), |walk| walk.tool(tool));
        }
        if let Some(ToolChoice::Function(name)) = &self.tool_choice {
            walk.name(format_args!("tool_choice.name"), name);
        }
        if let Some(format) = &mut self.format {
            walk.within(format_args!("response_format"), |walk| walk.format(format));
        }
        for (s, stop) in self.stop.iter_mut().enumerate() {
            walk.text(format_args!("stop[{s}]"), stop);
        }
        for (field, value) in &mut self.extra {
            // The parser lets only documented fields in, so that their names are ours.
            walk.within(format_args!("{field}"), |walk| walk.json(field, value));
        }
        for (field, value) in &mut self.native.fields {
            walk.within(format_args!("native.{field}"), |walk| walk.json(field, value));
        }
    }
}

/// Visits every piece of a JSON value, as those of a request are visited: `place` is where the value stands, and
/// each of its pieces is told from there.
pub fn visit_json(place: &str, value: &mut Value, visit: impl FnMut(&str, Piece<'_>)) {
    Walk { place: place.to_owned(), visit }.json("", value);
}

/// Where the visit stands and what it does.
struct Walk<V> {
    place: String,
    visit: V,
}

impl<V: FnMut(&str, Piece<'_>)> Walk<V> {
    /// Goes a step down, and back up afterwards.
    fn within(&mut self, step: Arguments<'_>, inside: impl FnOnce(&mut Self)) {
        let above = self.place.len();
        // Writing to a string cannot fail.
        let _ = self.place.write_fmt(step);
        inside(self);
        self.place.truncate(above);
    }

    fn here(&mut self, piece: Piece<'_>) {
        (self.visit)(&self.place, piece);
    }

    fn text(&mut self, step: Arguments<'_>, text: &mut String) {
        self.within(step, |walk| walk.here(Piece::Text(text)));
    }

    fn name(&mut self, step: Arguments<'_>, name: &str) {
        self.within(step, |walk| walk.here(Piece::Name(name)));
    }

    fn message(&mut self, message: &mut Message) {
        if let Some(name) = &mut message.name {
            self.text(format_args!(".name"), name);
        }
        for (r, item) in message.reasoning.iter_mut().enumerate() {
            self.within(format_args!(".reasoning[{r}]"), |walk| walk.reasoning(item));
        }
        self.within(format_args!(".content"), |walk| walk.content(&mut message.content));
        for (c, call) in message.tool_calls.iter_mut().enumerate() {
            self.within(format_args!(".tool_calls[{c}]"), |walk| {
                walk.name(format_args!(".id"), &call.id);
                walk.name(format_args!(".name"), &call.name);
                walk.text(format_args!(".arguments"), &mut call.arguments);
            });
        }
        if let Some(id) = &message.tool_call_id {
            self.name(format_args!(".tool_call_id"), id);
        }
        if let Some(refusal) = &mut message.refusal {
            self.text(format_args!(".refusal"), refusal);
        }
    }

    /// A text beside a sealed value must come back as it was, so nothing can be taken out of it.
    fn reasoning(&mut self, item: &mut Reasoning) {
        let Reasoning { text, opaque } = item;
        match (text, opaque) {
            (Some(text), None) => self.text(format_args!(".text"), text),
            (Some(text), Some(_)) => self.name(format_args!(".text"), text),
            (None, _) => {}
        }
        let Some(opaque) = &item.opaque else { return };
        // It is anything that a caller says a provider made, so a secret in the clear must show.
        self.name(format_args!(".data"), &opaque.data);
        if let Some(id) = &opaque.id {
            self.name(format_args!(".id"), id);
        }
    }

    fn file(&mut self, file: &mut File) {
        if let Some(name) = &mut file.name {
            self.text(format_args!(".name"), name);
        }
        match &mut file.source {
            FileSource::Url(url) => self.text(format_args!(".url"), url),
            FileSource::Data { media_type, .. } => {
                self.name(format_args!(".media_type"), media_type);
            }
            FileSource::Text(text) => self.text(format_args!(".text"), text),
        }
    }

    fn content(&mut self, parts: &mut [Part]) {
        let mut texts = Vec::new();
        for (p, part) in parts.iter_mut().enumerate() {
            match part {
                Part::Text(text) => texts.push((p, text)),
                Part::Image(Image { source: ImageSource::Url(url), .. }) => {
                    self.text(format_args!("[{p}].url"), url);
                }
                Part::Image(Image { source: ImageSource::Data { media_type, .. }, .. }) => {
                    self.name(format_args!("[{p}].media_type"), media_type);
                }
                Part::File(file) => self.within(format_args!("[{p}]"), |walk| walk.file(file)),
            }
        }
        match texts.as_mut_slice() {
            [] => {}
            [(p, text)] => self.text(format_args!("[{p}]"), text),
            _ => self.here(Piece::Parts(texts)),
        }
    }

    fn tool(&mut self, tool: &mut Tool) {
        self.name(format_args!(".name"), &tool.name);
        if let Some(description) = &mut tool.description {
            self.text(format_args!(".description"), description);
        }
        if let Some(parameters) = &mut tool.parameters {
            self.within(format_args!(".parameters"), |walk| walk.json("", parameters));
        }
    }

    fn format(&mut self, format: &mut Format) {
        let Format::JsonSchema { name, description, schema, .. } = format else { return };
        self.name(format_args!(".name"), name);
        if let Some(description) = description {
            self.text(format_args!(".description"), description);
        }
        if let Some(schema) = schema {
            self.within(format_args!(".schema"), |walk| walk.json("", schema));
        }
    }

    /// Visits a JSON value below `key`. The depth is bounded by the strict parser at the edge.
    fn json(&mut self, key: &str, value: &mut Value) {
        match value {
            Value::String(text) => self.here(Piece::Text(text)),
            Value::Number(number) => self.here(Piece::Number { key, number }),
            Value::Array(items) => {
                for (i, item) in items.iter_mut().enumerate() {
                    self.within(format_args!("[{i}]"), |walk| walk.json(key, item));
                }
            }
            Value::Object(fields) => {
                for (i, (name, field)) in fields.iter_mut().enumerate() {
                    if KEYWORDS.contains(&name.as_str()) {
                        self.within(format_args!(".{name}"), |walk| walk.json(key, field));
                    } else {
                        self.within(format_args!("[{i}]"), |walk| {
                            walk.name(format_args!(".key"), name);
                            walk.json(name, field);
                        });
                    }
                }
            }
            Value::Null | Value::Bool(_) => {}
        }
    }
}

#[cfg(test)]
mod tests;
