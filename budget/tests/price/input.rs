//! What a request may use at most, by what is in it.

use budget::{
    Asked, Extent, IMAGE_TOKENS_MAX, PartTokens, embed_bound, embed_lengths, input_bound,
    input_bound_with,
};
use types::{
    ServiceClass, Wire,
    chat::{
        ChatRequest, File, FileSource, Format, Image, ImageSource, Message, Opaque, OpaqueKind,
        Part, Reasoning, Role, Tool, ToolCall,
    },
    embed::{EmbedRequest, Encoding, Inputs},
};

fn message(content: Vec<Part>) -> Message {
    Message::new(Role::User, content)
}

fn request(messages: Vec<Message>) -> ChatRequest {
    ChatRequest { model: "m".into(), messages, choices: 1, ..ChatRequest::default() }
}

#[test]
fn every_byte_counts_as_a_token() {
    let none = input_bound(&request(vec![message(vec![Part::Text(String::new())])]));
    let text = "Grüße, 世界".repeat(100);
    let some = input_bound(&request(vec![message(vec![Part::Text(text.clone())])]));
    assert_eq!(some - none, text.len() as u64);
}

#[test]
fn an_image_counts_the_same_by_address_and_as_data() {
    let image = |source| request(vec![message(vec![Part::Image(Image { source, detail: None })])]);
    let url = image(ImageSource::Url("https://example.org/a.png".into()));
    let (media_type, base64) = ("image/png".into(), "A".repeat(1_000_000));
    let data = image(ImageSource::Data { media_type, base64 });
    assert_eq!(input_bound(&url), input_bound(&data));
    assert_eq!(
        input_bound(&url) - input_bound_with(&url, PartTokens { image: 0, ..PartTokens::MAX }),
        IMAGE_TOKENS_MAX
    );
}

type Change = fn(&mut ChatRequest);

fn long() -> String {
    "x".repeat(5_000)
}

fn json() -> serde_json::Value {
    serde_json::json!({ "type": "object", "description": long() })
}

#[test]
fn every_field_that_reaches_the_model_raises_the_bound() {
    let base = request(vec![message(vec![Part::Text("hello".into())])]);
    let changes: [(&str, Change); 13] = [
        ("text", |request| request.messages[0].content.push(Part::Text(long()))),
        ("name", |request| request.messages[0].name = Some(long())),
        ("refusal", |request| request.messages[0].refusal = Some(long())),
        ("tool result", |request| request.messages[0].tool_call_id = Some(long())),
        ("tool call", |request| {
            let call = ToolCall { id: "c".into(), name: "f".into(), arguments: long() };
            request.messages[0].tool_calls.push(call);
        }),
        ("tool", |request| {
            let (name, parameters) = ("f".into(), Some(json()));
            request.tools.push(Tool { name, parameters, ..Tool::default() });
        }),
        ("tool description", |request| {
            let (name, description) = ("f".into(), Some(long()));
            request.tools.push(Tool { name, description, ..Tool::default() });
        }),
        ("schema", |request| {
            let (name, schema) = ("s".into(), Some(json()));
            request.format =
                Some(Format::JsonSchema { name, description: None, schema, strict: None });
        }),
        ("reasoning", |request| {
            let item = Reasoning { text: Some(long()), opaque: None };
            request.messages[0].reasoning.push(item);
        }),
        ("sealed reasoning", |request| {
            let (format, kind) = (Wire::Anthropic, OpaqueKind::Encrypted);
            let opaque = Opaque { format, kind, data: long(), id: None };
            let item = Reasoning { text: None, opaque: Some(opaque) };
            request.messages[0].reasoning.push(item);
        }),
        ("document", |request| {
            let file = File { name: None, source: FileSource::Text(long()) };
            request.messages[0].content.push(Part::File(file));
        }),
        ("native", |request| {
            request.native.fields.insert("container".into(), json());
        }),
        ("extra", |request| {
            request.extra.insert("functions".into(), json());
        }),
    ];
    for (what, change) in changes {
        let mut changed = base.clone();
        change(&mut changed);
        assert!(input_bound(&changed) >= input_bound(&base) + 5_000, "{what}");
    }
}

fn with(field: &str, value: serde_json::Value) -> ChatRequest {
    let mut request = request(Vec::new());
    request.extra.insert(field.into(), value);
    request
}

#[track_caller]
fn check_unbounded(field: &str, value: serde_json::Value) {
    assert_eq!(Extent::of(&with(field, value), 9), Err(field.to_owned()));
}

#[test]
fn a_field_whose_cost_nobody_can_bound_is_named() {
    use serde_json::json;
    check_unbounded("service_tier", json!("scale"));
    check_unbounded("service_tier", json!(1));
    check_unbounded("prediction", json!({}));
    check_unbounded("modalities", json!(["text", "video"]));
    check_unbounded("modalities", json!("text"));
}

#[track_caller]
fn check_extent(field: &str, value: serde_json::Value, expected: Extent) {
    assert_eq!(Extent::of(&with(field, value), 9), Ok(expected));
}

#[test]
fn an_extent_says_what_a_request_may_use() {
    use serde_json::json;
    let text = Extent::text(9, 0, 1);
    let asked = |class| Extent { asked: Asked::Only(class), ..text };
    check_extent("logprobs", json!(true), text);
    check_extent("service_tier", json!("auto"), text);
    check_extent("service_tier", json!(null), text);
    check_extent("service_tier", json!("default"), asked(ServiceClass::Standard));
    check_extent("service_tier", json!("flex"), asked(ServiceClass::Flex));
    check_extent("service_tier", json!("priority"), asked(ServiceClass::Priority));
    check_extent("service_tier", json!("fast"), asked(ServiceClass::Priority));
    check_extent("web_search_options", json!({}), Extent { searches: true, ..text });
    check_extent("audio", json!({}), Extent { audio_output: true, ..text });
    check_extent("modalities", json!(["text"]), text);
    check_extent("modalities", json!(["text", "audio"]), Extent { audio_output: true, ..text });
    check_extent("modalities", json!(["image"]), Extent { image_output: true, ..text });
    let image = Part::Image(Image { source: ImageSource::Url("u".into()), detail: None });
    let two = request(vec![message(vec![image.clone()]), message(vec![image])]);
    assert_eq!(Extent::of(&two, 9), Ok(Extent { images: 2, ..text }));
}

#[test]
fn an_input_for_a_vector_counts_every_byte_or_its_tokens() {
    let embed = |inputs| EmbedRequest {
        model: "m".into(),
        inputs,
        dimensions: None,
        user: None,
        encoding: Encoding::Float,
    };
    let texts = |texts: &[&str]| embed(Inputs::Texts(texts.iter().map(|t| (*t).into()).collect()));
    let frame = embed_bound(&texts(&[""]));
    assert!(frame > 0);
    let text = "Grüße, 世界".repeat(100);
    let (one, two) = (texts(&[&text]), texts(&[&text, "ab"]));
    assert_eq!(embed_bound(&one), text.len() as u64 + frame);
    assert_eq!(embed_bound(&two), text.len() as u64 + 2 + 2 * frame);
    assert_eq!(embed_lengths(&two).collect::<Vec<_>>(), [text.len() as u64, 2]);
    let tokens = embed(Inputs::Tokens(vec![vec![7; 300], vec![1]]));
    assert_eq!(embed_bound(&tokens), 301 + 2 * frame);
}
