//! One operation of a document as a tool.

use serde_json::{Map, Value, json};

use super::{
    Answer, Body, Method, Operation,
    document::Document,
    parameter::{Parameter, Piece, Place, Said, template},
    schemas::Schemas,
};
use crate::{Definition, Schema, definition::NAME_CHARS_MAX};

/// The argument that is the body of a request.
pub(super) const BODY: &str = "body";

/// Reads one operation.
pub(super) struct Reader<'d> {
    document: &'d Document,
    schemas: Schemas<'d>,
    properties: Map<String, Value>,
    required: Vec<String>,
    parameters: Vec<Parameter>,
}

impl<'d> Reader<'d> {
    pub(super) fn new(document: &'d Document) -> Self {
        Self {
            document,
            schemas: Schemas::new(document),
            properties: Map::new(),
            required: Vec::new(),
            parameters: Vec::new(),
        }
    }

    /// The operation as a tool.
    ///
    /// # Errors
    /// Why it is none.
    pub(super) fn read(
        mut self,
        method: Method,
        path: &str,
        item: &'d Map<String, Value>,
        said: &'d Value,
    ) -> Result<Operation, String> {
        let pieces = template(path).ok_or("its path is not one of parts and parameters")?;
        let body = self.body(said)?;
        self.parameters(item.get("parameters"), said.get("parameters"))?;
        self.all_of_path(&pieces)?;
        let (output, result) = self.output(said).unwrap_or((None, Answer::Unknown));
        let definition = self.definition(method, path, said, output)?;
        let result = if definition.output_schema.is_some() { result } else { Answer::Unknown };
        let parameters = self.parameters;
        Ok(Operation { method, definition, path: pieces, parameters, body, result })
    }

    /// The body, if it is JSON.
    fn body(&mut self, said: &'d Value) -> Result<Option<Body>, String> {
        let Some(body) = said.get("requestBody") else { return Ok(None) };
        let body =
            self.document.resolved(body).ok_or("its body refers to nothing that is there")?;
        let required = body.get("required") == Some(&Value::Bool(true));
        let (content_type, media) = json_of(body).ok_or("its body is not JSON")?;
        let schema = self.schemas.convert(media.get("schema").unwrap_or(&Value::Bool(true)))?;
        self.argument(BODY, described(schema, body.get("description")), required);
        Ok(Some(Body { content_type: content_type.to_owned(), required }))
    }

    /// The parameters of the path's item and of the operation, which go before.
    fn parameters(
        &mut self,
        common: Option<&'d Value>,
        own: Option<&'d Value>,
    ) -> Result<(), String> {
        let list = |value: Option<&'d Value>| value.and_then(Value::as_array).into_iter().flatten();
        let mut read: Vec<(Parameter, Value)> = Vec::new();
        for said in list(own).chain(list(common)) {
            let said = self.document.resolved(said).and_then(Value::as_object);
            let said = said.ok_or("a parameter refers to nothing that is there")?;
            let Said::Parameter(parameter, schema) = Parameter::read(said)? else { continue };
            let is_same = |(other, _): &(Parameter, Value)| {
                other.name == parameter.name && other.place == parameter.place
            };
            if !read.iter().any(is_same) {
                let schema = self.schemas.convert(schema.unwrap_or(&json!({"type": "string"})))?;
                read.push((parameter, described(schema, said.get("description"))));
            }
        }
        for (mut parameter, schema) in read {
            if self.properties.contains_key(&parameter.name) {
                let place = match parameter.place {
                    Place::Path => "path",
                    Place::Query => "query",
                    Place::Header => "header",
                };
                parameter.argument = format!("{place}_{}", parameter.name);
            }
            if self.properties.contains_key(&parameter.argument) {
                return Err("two of its parameters have one name".to_owned());
            }
            let required = parameter.required || parameter.place == Place::Path;
            self.argument(&parameter.argument, schema, required);
            self.parameters.push(parameter);
        }
        Ok(())
    }

    fn argument(&mut self, name: &str, schema: Value, required: bool) {
        self.properties.insert(name.to_owned(), schema);
        if required {
            self.required.push(name.to_owned());
        }
    }

    /// Whether the parameters in the path are those that it has.
    fn all_of_path(&self, pieces: &[Vec<Piece>]) -> Result<(), String> {
        let is_there = |name: &String| {
            self.parameters.iter().any(|known| known.place == Place::Path && known.name == *name)
        };
        let all = pieces.iter().flatten().all(|piece| match piece {
            Piece::Text(_) => true,
            Piece::Parameter(name) => is_there(name),
        });
        if all { Ok(()) } else { Err("its path has a parameter that is not described".to_owned()) }
    }

    /// What its good answers are, if it says so.
    fn output(&self, said: &Value) -> Option<(Option<Value>, Answer)> {
        let answers = said.get("responses")?;
        let good =
            ["200", "201", "202", "203", "2XX", "2xx"].iter().find_map(|code| answers.get(code))?;
        let (_, media) = json_of(self.document.resolved(good)?)?;
        let mut schemas = Schemas::new(self.document);
        let schema = schemas.convert(media.get("schema")?).ok()?;
        let shape = self.document.resolved(media.get("schema")?)?;
        let is_object = shape.get("type").is_some_and(|kind| kind == "object");
        let mut output = match (is_object, schema) {
            (true, Value::Object(schema)) => schema,
            (_, schema) => {
                let Value::Object(wrapped) =
                    json!({"properties": {"result": schema}, "required": ["result"]})
                else {
                    return None;
                };
                wrapped
            }
        };
        output.insert("type".to_owned(), json!("object"));
        hold(&mut output, schemas.held().ok()?);
        let output = Value::Object(output);
        Schema::compile(&output).ok()?;
        Some((Some(output), if is_object { Answer::Object } else { Answer::Wrapped }))
    }

    fn definition(
        &mut self,
        method: Method,
        path: &str,
        said: &Value,
        output: Option<Value>,
    ) -> Result<Definition, String> {
        let mut input = Map::new();
        input.insert("type".to_owned(), json!("object"));
        input.insert("properties".to_owned(), Value::Object(std::mem::take(&mut self.properties)));
        input.insert("additionalProperties".to_owned(), json!(false));
        if !self.required.is_empty() {
            input.insert("required".to_owned(), json!(self.required));
        }
        let schemas = std::mem::replace(&mut self.schemas, Schemas::new(self.document));
        hold(&mut input, schemas.held()?);
        let input = Value::Object(input);
        Schema::compile(&input).map_err(|error| error.to_string())?;

        let text = |key: &str| said.get(key).and_then(Value::as_str).map(str::trim);
        let mut told: Vec<&str> =
            [text("summary"), text("description")].into_iter().flatten().collect();
        told.dedup();
        let reads = matches!(method, Method::Get | Method::Head | Method::Options);
        let mut fields = Map::new();
        fields.insert("name".to_owned(), json!(name(method, path, text("operationId"))));
        fields.insert("description".to_owned(), json!(told.join("\n\n")));
        fields.insert("inputSchema".to_owned(), input);
        fields.insert("annotations".to_owned(), json!({"readOnlyHint": reads}));
        if let Some(output) = output {
            fields.insert("outputSchema".to_owned(), output);
        }
        let whole = Value::Object(fields.clone());
        // What answers are may be left unsaid where it is too long to say.
        Definition::read(&whole)
            .or_else(|_| {
                fields.remove("outputSchema");
                Definition::read(&Value::Object(fields))
            })
            .map_err(|error| error.to_string())
    }
}

/// The name that the document gives it, or one made from method and path.
fn name(method: Method, path: &str, said: Option<&str>) -> String {
    let made = || format!("{}{path}", method.as_str().to_ascii_lowercase());
    let name = said.filter(|said| !said.is_empty()).map_or_else(made, str::to_owned);
    let mut out = String::new();
    for letter in name.chars().take(NAME_CHARS_MAX) {
        if letter.is_ascii_alphanumeric() || letter == '-' {
            out.push(letter);
        } else if !out.ends_with('_') {
            out.push('_');
        }
    }
    out.trim_matches('_').to_owned()
}

/// The content of a body or an answer that is JSON.
fn json_of(said: &Value) -> Option<(&str, &Value)> {
    let content = said.get("content")?.as_object()?;
    let is_json = |content_type: &str| {
        let plain = content_type.split(';').next().unwrap_or_default().trim();
        plain == "application/json"
            || (plain.starts_with("application/") && plain.ends_with("+json"))
    };
    let plain = |byte: u8| (b' '..=b'~').contains(&byte);
    let mut all = content.iter().map(|(content_type, media)| (content_type.as_str(), media));
    all.find(|(content_type, _)| is_json(content_type) && content_type.bytes().all(plain))
}

/// A schema with what its owner says of it, unless it says so itself.
fn described(mut schema: Value, description: Option<&Value>) -> Value {
    if let (Some(fields), Some(description)) = (schema.as_object_mut(), description) {
        fields.entry("description").or_insert_with(|| description.clone());
    }
    schema
}

fn hold(schema: &mut Map<String, Value>, held: Map<String, Value>) {
    if !held.is_empty() {
        schema.insert("$defs".to_owned(), Value::Object(held));
    }
}
