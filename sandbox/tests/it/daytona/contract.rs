//! Daytona's own descriptions of its interfaces: every request to the fake and every answer of it is
//! held against them.

use std::io::Read;

use serde_json::{Value, json};

/// A description.
pub struct Contract {
    document: Value,
}

/// What was said, of one request.
pub struct Said<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub query: Vec<String>,
    pub request: Option<Value>,
    pub status: u16,
    pub answer: Option<Value>,
}

impl Contract {
    /// Reads one that is packed.
    pub fn read(packed: &[u8]) -> Self {
        let mut text = String::new();
        flate2::read::GzDecoder::new(packed).read_to_string(&mut text).unwrap();
        let mut document: Value = yaml_serde::from_str(&text).unwrap();
        nullable(&mut document);
        Self { document }
    }

    /// What is wrong with a request or its answer.
    pub fn faults(&self, said: &Said<'_>) -> Vec<String> {
        let place = format!("{} {}", said.method, said.path);
        let paths = self.document["paths"].as_object().unwrap();
        // A path with fewer names of its own gives way to one with more.
        let mut fitting: Vec<_> =
            paths.iter().filter(|(known, _)| fits(known, said.path)).collect();
        fitting.sort_by_key(|(known, _)| known.matches('{').count());
        let operation = fitting.first().and_then(|(_, item)| item.get(said.method.to_lowercase()));
        let Some(operation) = operation else { return vec![format!("{place}: no such operation")] };
        let mut faults = Vec::new();
        let none = Vec::new();
        let parameters = operation["parameters"].as_array().unwrap_or(&none);
        let named: Vec<_> =
            parameters.iter().filter(|parameter| parameter["in"] == "query").collect();
        for parameter in &named {
            let name = parameter["name"].as_str().unwrap();
            if parameter["required"] == true && !said.query.iter().any(|given| given == name) {
                faults.push(format!("{place}: `{name}` is missing in the query"));
            }
        }
        for given in &said.query {
            if !named.iter().any(|parameter| parameter["name"] == **given) {
                faults.push(format!("{place}: the query has an unknown `{given}`"));
            }
        }
        if let Some(body) = &said.request {
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            self.check(&format!("{place}: request"), schema, body, &mut faults);
        }
        let answer = &operation["responses"][said.status.to_string()];
        // Errors are not in the outer description at all, and a bare 502 is nobody's intention.
        if answer.is_null() && said.status < 400 {
            faults.push(format!("{place}: no status {}", said.status));
        }
        let schema = &answer["content"]["application/json"]["schema"];
        if let (Some(body), false) = (&said.answer, schema.is_null()) {
            self.check(&format!("{place}: answer {}", said.status), schema, body, &mut faults);
        }
        faults
    }

    fn check(&self, place: &str, schema: &Value, body: &Value, faults: &mut Vec<String>) {
        if schema.is_null() {
            faults.push(format!("{place}: no body is described"));
            return;
        }
        let whole = json!({ "allOf": [schema], "components": self.document["components"] });
        let validator = jsonschema::validator_for(&whole).unwrap();
        faults.extend(validator.iter_errors(body).map(|error| format!("{place}: {error}")));
        // The description does not close its shapes; a name that it does not know is ours alone.
        let reference = schema["$ref"].as_str().unwrap_or_default();
        let shape = self.document.pointer(reference.trim_start_matches('#'));
        let known = shape.and_then(|shape| shape["properties"].as_object());
        if let (Some(known), Some(fields)) = (known, body.as_object()) {
            let unknown = fields.keys().filter(|name| !known.contains_key(*name));
            faults.extend(unknown.map(|name| format!("{place}: unknown `{name}`")));
        }
    }
}

fn fits(known: &str, path: &str) -> bool {
    let (known, path): (Vec<_>, Vec<_>) = (known.split('/').collect(), path.split('/').collect());
    let same = |(known, given): (&&str, &&str)| known.starts_with('{') || known == given;
    known.len() == path.len() && known.iter().zip(&path).all(same)
}

/// `nullable` of OpenAPI 3.0 in words of JSON Schema; examples are no part of a shape.
fn nullable(value: &mut Value) {
    if let Value::Object(fields) = value {
        fields.remove("example");
        if fields.remove("nullable") == Some(json!(true))
            && let Some(Value::String(kind)) = fields.get("type").cloned()
        {
            fields.insert("type".into(), json!([kind, "null"]));
        }
        fields.values_mut().for_each(nullable);
    } else if let Value::Array(items) = value {
        items.iter_mut().for_each(nullable);
    }
}
