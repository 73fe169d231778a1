use std::collections::BTreeSet;

use serde_json::json;

use super::*;
use crate::{
    Wire,
    chat::{Native, Opaque, OpaqueKind, Role, ToolCall},
};

/// A request with a mark in every string, key and number that a caller can fill.
fn marked() -> ChatRequest {
    let schema = json!({
        "type": "object",
        "properties": { "mark": { "default": 7, "enum": ["mark", 7] }, "mark.mark": {} },
        "mark": { "mark": [{ "key": "mark" }] },
    });
    let image = |source| Part::Image(Image { source, detail: None });
    let data = ImageSource::Data { media_type: "image/mark".into(), base64: String::new() };
    let file = |source| Part::File(File { name: Some("mark".into()), source });
    let bytes = FileSource::Data { media_type: "x/mark".into(), base64: String::new() };
    let opaque = Opaque {
        format: Wire::Anthropic,
        kind: OpaqueKind::Signature,
        data: "mark".into(),
        id: Some("mark".into()),
    };
    let thought = |opaque| Reasoning { text: Some("mark".into()), opaque };
    let message = Message {
        role: Role::Assistant,
        name: Some("mark".into()),
        content: vec![
            Part::Text("mark".into()),
            image(ImageSource::Url("mark".into())),
            image(data),
            Part::Text("mark".into()),
            file(FileSource::Url("mark".into())),
            file(bytes),
            file(FileSource::Text("mark".into())),
        ],
        reasoning: vec![thought(None), thought(Some(opaque))],
        tool_calls: vec![ToolCall {
            id: "mark".into(),
            name: "mark".into(),
            arguments: "mark".into(),
        }],
        tool_call_id: Some("mark".into()),
        refusal: Some("mark".into()),
        ..Message::new(Role::Assistant, Vec::new())
    };
    let tool = Tool {
        name: "mark".into(),
        description: Some("mark".into()),
        parameters: Some(schema.clone()),
        ..Tool::default()
    };
    let metadata = json!({ "mark": "mark" });
    ChatRequest {
        messages: vec![message],
        tools: vec![tool],
        tool_choice: Some(ToolChoice::Function("mark".into())),
        format: Some(Format::JsonSchema {
            name: "mark".into(),
            description: Some("mark".into()),
            schema: Some(schema),
            strict: None,
        }),
        stop: vec!["mark".into()],
        extra: [("metadata".to_owned(), metadata.clone())].into_iter().collect(),
        native: Native {
            format: Wire::Anthropic,
            fields: [("container".to_owned(), metadata)].into_iter().collect(),
        },
        ..ChatRequest::default()
    }
}

#[test]
fn every_string_key_and_number_is_visited_once_and_no_place_tells_them() {
    let mut request = marked();
    let marks = format!("{request:?}").matches("mark").count();
    let (mut seen, mut numbers, mut places) = (0, Vec::new(), BTreeSet::new());
    request.visit(|place, piece| {
        assert!(!place.contains("mark"), "{place}");
        assert!(places.insert(place.to_owned()), "{place} is there twice");
        let mut count = |text: &str| seen += text.matches("mark").count();
        match piece {
            Piece::Text(text) => count(text),
            Piece::Name(name) => count(name),
            Piece::Parts(parts) => parts.iter().for_each(|(_, text)| count(text)),
            Piece::Number { key, number } => numbers.push((key.to_owned(), number.as_u64())),
            Piece::Sealed => panic!("a chat has no tokens"),
        }
    });
    assert_eq!(seen, marks);
    // A number's key is the caller's, not the word of the schema in between.
    assert_eq!(numbers, vec![("mark".to_owned(), Some(7)); 4]);
}

#[test]
fn a_place_says_where_a_piece_stands() {
    let mut places = Vec::new();
    marked().visit(|place, _| places.push(place.to_owned()));
    for expected in [
        "messages[0].content",
        "messages[0].content[1].url",
        "messages[0].tool_calls[0].name",
        "messages[0].tool_call_id",
        "tools[0].parameters.properties[0].key",
        "tools[0].parameters.properties[0].enum[1]",
        "response_format.schema.properties[1].key",
        "metadata[0]",
        "native.container[0]",
        "messages[0].reasoning[1].text",
        "messages[0].reasoning[1].data",
        "messages[0].content[6].text",
    ] {
        assert!(places.iter().any(|place| place == expected), "{expected}: {places:#?}");
    }
}
