//! What of a call and of its result is text: for inspection, for redaction, and to be remembered.

use mcp::CallResult;
use serde_json::Value;
use types::{
    Content,
    chat::{Piece, visit_json},
};

/// The arguments of a call.
#[derive(Debug, Clone)]
pub(super) struct Arguments(pub(super) Value);

impl Content for Arguments {
    fn visit(&mut self, visit: impl FnMut(&str, Piece<'_>)) {
        visit_json("arguments", &mut self.0, visit);
    }

    fn has_unseen(&self) -> bool {
        false
    }
}

/// What a tool answered.
#[derive(Debug, Clone)]
pub(super) struct Answer(pub(super) CallResult);

/// The fields of a block that may be data and not text.
const DATA: [&str; 2] = ["data", "blob"];
/// The kinds of blocks that MCP knows.
const KINDS: [&str; 5] = ["text", "image", "audio", "resource", "resource_link"];
/// The fields that places name. Any other name is the server's own text, and told by its number.
const NAMED: [&str; 7] = ["_meta", "annotations", "description", "name", "text", "title", "uri"];

/// What a resource that is read and a prompt that is asked for have in place of `content`.
const LISTS: [&str; 2] = ["contents", "messages"];
/// The fields of a block that have a block in them.
const NESTED: [&str; 2] = ["resource", "content"];

impl Answer {
    /// All of its text, in order.
    pub(super) fn text(&mut self) -> String {
        let mut all = String::new();
        self.visit(|_, piece| {
            let mut add = |text: &str| {
                all.push_str(text);
                all.push('\n');
            };
            match piece {
                Piece::Text(text) => add(text),
                Piece::Name(name) => add(name),
                Piece::Number { number, .. } => add(&number.to_string()),
                Piece::Parts(parts) => parts.iter().for_each(|(_, text)| add(text)),
                Piece::Sealed => {}
            }
        });
        all
    }
}

impl Content for Answer {
    fn visit(&mut self, mut visit: impl FnMut(&str, Piece<'_>)) {
        let CallResult { content, structured_content, rest, .. } = &mut self.0;
        for (b, block) in content.iter_mut().enumerate() {
            visit_block(&format!("content[{b}]"), block, &mut visit);
        }
        if let Some(value) = structured_content {
            visit_json("structuredContent", value, &mut visit);
        }
        for (number, (name, value)) in rest.iter_mut().enumerate() {
            match value.as_array_mut().filter(|_| LISTS.contains(&name.as_str())) {
                Some(blocks) => {
                    for (b, block) in blocks.iter_mut().enumerate() {
                        visit_block(&format!("{name}[{b}]"), block, &mut visit);
                    }
                }
                None => visit_field("result", (number, name), value, &mut visit),
            }
        }
    }

    /// Pictures, sound and files, which nobody here can read.
    fn has_unseen(&self) -> bool {
        let lists = LISTS.iter().filter_map(|list| self.0.rest.get(*list)?.as_array());
        self.0.content.iter().chain(lists.flatten()).any(has_data)
    }
}

fn has_data(block: &Value) -> bool {
    DATA.iter().any(|name| block.get(*name).is_some())
        || NESTED.iter().any(|name| block.get(*name).is_some_and(has_data))
}

fn visit_block(place: &str, block: &mut Value, visit: &mut impl FnMut(&str, Piece<'_>)) {
    let Some(fields) = block.as_object_mut() else { return visit_json(place, block, visit) };
    let pictures = matches!(fields.get("type").and_then(Value::as_str), Some("image" | "audio"));
    for (number, (name, value)) in fields.iter_mut().enumerate() {
        let text = value.as_str();
        match name.as_str() {
            "data" if pictures && text.is_some_and(is_base64) => {}
            "blob" if text.is_some_and(is_base64) => {}
            "type" if text.is_some_and(|kind| KINDS.contains(&kind)) => {}
            "mimeType" if text.is_some_and(is_media_type) => {}
            name if NESTED.contains(&name) => visit_block(&format!("{place}.{name}"), value, visit),
            name => visit_field(place, (number, name), value, visit),
        }
    }
}

/// Whether it can be the bytes of a file: whatever else stands there is text, whatever its field is called.
fn is_base64(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=-_\r\n".contains(&byte))
}

fn is_media_type(text: &str) -> bool {
    let is_part = |part: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
        (1..=64).contains(&part.len()) && part.bytes().all(plain)
    };
    text.split_once('/').is_some_and(|(kind, sub)| is_part(kind) && is_part(sub))
}

fn visit_field(
    place: &str,
    (number, name): (usize, &str),
    value: &mut Value,
    visit: &mut impl FnMut(&str, Piece<'_>),
) {
    if NAMED.contains(&name) {
        return visit_json(&format!("{place}.{name}"), value, visit);
    }
    visit(&format!("{place}[{number}].key"), Piece::Name(name));
    visit_json(&format!("{place}[{number}]"), value, visit);
}

/// What a call looks like without what is in it: the names that its schema knows, and the kind and length
/// of each value. It is for people who decide and for records.
pub(super) fn shape(value: &Value, schema: &Value) -> Value {
    shape_within(value, schema, 0)
}

/// How much of a call is shown.
const SHAPE_DEPTH_MAX: usize = 3;
const SHAPE_FIELDS_MAX: usize = 32;

fn shape_within(value: &Value, schema: &Value, depth: usize) -> Value {
    match value {
        Value::Null => "null".into(),
        Value::Bool(_) => "boolean".into(),
        Value::Number(_) => "number".into(),
        Value::String(text) => format!("string of {} bytes", text.len()).into(),
        Value::Array(items) => format!("list of {}", items.len()).into(),
        Value::Object(fields) if depth >= SHAPE_DEPTH_MAX => {
            format!("object of {} fields", fields.len()).into()
        }
        Value::Object(fields) => {
            let known = schema.get("properties");
            let mut unknown = 0_usize..;
            let shown = fields.iter().take(SHAPE_FIELDS_MAX).map(|(name, value)| {
                // A name that the schema does not know is the caller's own text.
                match known.and_then(|known| known.get(name)) {
                    Some(schema) => (name.clone(), shape_within(value, schema, depth + 1)),
                    None => {
                        let number = unknown.next().unwrap_or_default();
                        (format!("[{number}]"), shape_within(value, &Value::Null, depth + 1))
                    }
                }
            });
            Value::Object(shown.collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer() -> Answer {
        let Value::Array(content) = json!([
            { "type": "text", "text": "one mark" },
            { "type": "image", "mimeType": "image/png", "data": "bWFyaw==" },
            { "type": "resource", "resource": { "uri": "file:///mark", "text": "mark" } },
            { "type": "unheard_of", "words": ["mark", { "mark": 7 }] },
        ]) else {
            panic!("a list")
        };
        let structured_content = Some(json!({ "mark": "mark" }));
        Answer(CallResult { content, structured_content, ..CallResult::default() })
    }

    #[test]
    fn every_text_of_a_result_is_visited_and_no_picture() {
        let mut answer = answer();
        let text = answer.text();
        assert_eq!(text.matches("mark").count(), 7, "{text}");
        assert!(text.contains('7') && !text.contains("bWFyaw") && !text.contains("image/png"));
        assert!(answer.has_unseen());
        answer.0.content.remove(1);
        assert!(!answer.has_unseen());
    }

    #[test]
    fn text_that_is_called_data_is_text() {
        let Value::Array(content) = json!([
            { "type": "x one mark", "data": "two mark" },
            { "type": "image", "mimeType": "image/png; mark", "data": "three mark!" },
            { "type": "resource", "resource": { "uri": "file:///a", "blob": "a mark in words" } },
        ]) else {
            panic!("a list")
        };
        let text = Answer(CallResult { content, ..CallResult::default() }).text();
        assert_eq!(text.matches("mark").count(), 5, "{text}");
    }

    #[test]
    fn places_have_none_of_a_servers_own_words() {
        let mut places = Vec::new();
        answer().visit(|place, _| places.push(place.to_owned()));
        let expected = ["content[0].text", "content[2].resource.text", "structuredContent[0]"];
        for expected in expected {
            assert!(places.iter().any(|place| place == expected), "{expected}: {places:#?}");
        }
        assert!(places.iter().all(|place| !place.contains("words")), "{places:#?}");
    }

    #[test]
    fn the_shape_of_a_call_has_no_value_and_no_name_that_its_schema_does_not_know() {
        let schema =
            json!({ "properties": { "to": {}, "note": { "properties": { "body": {} } } } });
        let call = json!({ "to": ["a@b.org"], "note": { "body": "secret", "a@b.org": 1 }, "secret": true });
        let shown = shape(&call, &schema);
        let wanted = json!({
            "to": "list of 1", "note": { "body": "string of 6 bytes", "[0]": "number" }, "[0]": "boolean",
        });
        assert_eq!(shown, wanted);
    }
}
