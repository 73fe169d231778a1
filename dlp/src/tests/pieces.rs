//! What leaves the machine beside plain text: names, ids, keys, numbers, images, and values that
//! are spread over the texts of one message.

use serde_json::{Value, json};
use types::{
    Label,
    chat::{ChatRequest, Image, ImageSource, Part, Tool, ToolCall, ToolChoice},
};

use super::{all, bounds::request, engine, numbered, redaction::texts, tokens};
use crate::{Engine, Kind, Settings};

const SSN: &str = "536-22-1234";

fn aws_key() -> String {
    format!("AKIA{}", "IOSFODNN7EXAMPLE")
}

fn with_schema(schema: Value) -> ChatRequest {
    let tool = Tool { name: "f".into(), parameters: Some(schema), ..Tool::default() };
    ChatRequest { tools: vec![tool], ..request(&["x"]) }
}

fn with_call(id: &str, name: &str) -> ChatRequest {
    let mut request = request(&["x"]);
    let call = ToolCall { id: id.into(), name: name.into(), arguments: "{}".into() };
    request.messages[0].tool_calls.push(call);
    request
}

fn parts(texts: &[&str]) -> ChatRequest {
    let mut request = request(&["x"]);
    request.messages[0].content = texts.iter().map(|text| Part::Text((*text).into())).collect();
    request
}

/// Checks what is found and where, that the label is that of the kind, and that what cannot be
/// taken out is still there after redaction, so that the request is not sent.
#[track_caller]
fn check_stays(mut request: ChatRequest, kind: Kind, place: &str) {
    let findings = engine().inspect(&mut request);
    let found: Vec<_> = findings.findings.iter().map(|f| (f.kind, f.place.as_str())).collect();
    assert_eq!(found, [(kind, place)]);
    assert_eq!(findings.label, Label::Restricted);
    let before = request.clone();
    let redaction = engine().redact(&mut request, &findings, &[kind], &mut tokens());
    assert_eq!((redaction.replaced, redaction.after.complete), (0, false));
    assert_eq!(redaction.after.findings, findings.findings);
    assert_eq!(request, before);
}

#[track_caller]
fn check_clean(mut request: ChatRequest) {
    assert_eq!(engine().inspect(&mut request).findings, [], "{request:?}");
}

#[test]
fn names_ids_and_keys_are_searched() {
    check_stays(with_call("call_1", SSN), Kind::US_SSN, "messages[0].tool_calls[0].name");
    check_stays(with_call(SSN, "f"), Kind::US_SSN, "messages[0].tool_calls[0].id");
    let name = format!("look_up_{}", SSN);
    check_stays(with_call("call_1", &name), Kind::US_SSN, "messages[0].tool_calls[0].name");
    let mut answer = request(&["x"]);
    answer.messages[0].tool_call_id = Some(SSN.into());
    check_stays(answer, Kind::US_SSN, "messages[0].tool_call_id");
    let mut named = with_schema(json!({}));
    named.tools[0].name = aws_key();
    check_stays(named, Kind::AWS_KEY, "tools[0].name");
    let chosen = ToolChoice::Function(aws_key());
    let chosen = ChatRequest { tool_choice: Some(chosen), ..request(&["x"]) };
    check_stays(chosen, Kind::AWS_KEY, "tool_choice.name");
    check_stays(
        with_schema(json!({ "type": "object", "properties": { SSN: { "type": "string" } } })),
        Kind::US_SSN,
        "tools[0].parameters.properties[0].key",
    );
    let mut tagged = request(&["x"]);
    tagged.extra.insert("metadata".into(), json!({ SSN: "x" }));
    check_stays(tagged, Kind::US_SSN, "metadata[0].key");
    let mut tagged = request(&["x"]);
    tagged.extra.insert("metadata".into(), json!({ "4111111111111111 a_b": "x" }));
    check_stays(tagged, Kind::CARD, "metadata[0].key");
    let source = ImageSource::Data { media_type: format!("image/{SSN}"), base64: "AAAA".into() };
    let mut pictured = request(&["x"]);
    pictured.messages[0].content.push(Part::Image(Image { source, detail: None }));
    check_stays(pictured, Kind::US_SSN, "messages[0].content[1].media_type");
}

#[test]
fn a_number_is_a_finding_where_a_checksum_or_its_key_says_so() {
    let default = "tools[0].parameters.default";
    check_stays(with_schema(json!({ "default": 4_111_111_111_111_111_u64 })), Kind::CARD, default);
    check_stays(with_schema(json!({ "default": -4_111_111_111_111_111_i64 })), Kind::CARD, default);
    check_stays(with_schema(json!({ "default": 4.111_111_111_111_111e15 })), Kind::CARD, default);
    check_stays(
        with_schema(json!({ "properties": { "user_ssn": { "enum": [536_221_234] } } })),
        Kind::US_SSN,
        "tools[0].parameters.properties[0].enum[0]",
    );
    check_clean(with_schema(json!({
        "maximum": u64::MAX,
        "minimum": i64::MIN,
        "default": 536_221_234,
        "examples": [1_700_000_000, 1_700_000_000_000_u64, 9_007_199_254_740_991_u64, 0.123_456_789, 1e300],
        "properties": { "call_at": { "const": 2_125_550_123_u64 }, "phone_timeout_ms": { "const": 4_155_550_123_u64 } },
    })));
}

#[test]
fn the_ids_that_providers_give_are_no_findings() {
    for id in [
        "call_9pw1qnScqvGrCH58HWCvFH6q",
        "call_abc123",
        "call_2125550123",
        "get_weather_v2_1700000000",
        "toolu_01A09q90qw90lq917835lq9",
        "toolu_bdrk_01HkL9fjXyZ3gq7PZxW8Vt2b",
        "chatcmpl-tool-4f3c2b1a0d9e8f7a6b5c4d3e2f1a0b9c",
        "chatcmpl-tool-550e8400-e29b-41d4-a716-446655440000",
        "call_550e8400-e29b-41d4-a716-446655440000",
        "550e8400-e29b-41d4-a716-446655440000",
        "functions.get_weather:0",
        "function-call-11574388014226127872",
        "D681PevKs",
        "123456789",
        "2125550123",
        "1700000000000",
        "01JQ2C9Z6Q4V0T3M8N5R7S1XAB",
    ] {
        check_clean(with_call(id, "f"));
    }
}

#[test]
fn random_ids_are_no_findings() {
    // A generator of full period (Knuth's MMIX constants), so that a failure can be repeated.
    let mut state = 7_u64;
    let mut random = |alphabet: &[u8]| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(alphabet[usize::try_from(state >> 33).unwrap() % alphabet.len()])
    };
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    for (prefix, length) in [("call_", 24), ("toolu_01", 22), ("call_", 8), ("", 9)] {
        for _ in 0..5_000 {
            let id: String = (0..length).map(|_| random(letters)).collect();
            let id = format!("{prefix}{id}");
            // Names are not looked for in ids.
            let mut found = engine().scan("id", &id).findings;
            found.retain(|finding| finding.kind != Kind::PERSON);
            assert_eq!(found, [], "{id}");
        }
    }
    // Account numbers of one of those shapes, which chance makes too.
    assert_eq!(engine().scan("id", "call_De89aB0400440532013000").findings, []);
}

#[test]
fn an_account_number_in_one_case_is_one_behind_a_prefix_too() {
    let found = engine().scan("id", "call_DE89370400440532013000").findings;
    assert_eq!(found.len(), 1);
}

#[track_caller]
fn check_parts(given: &[&str], found: &[(Kind, &str)], redacted: &[&str]) {
    let mut request = parts(given);
    let findings = engine().inspect(&mut request);
    let places: Vec<_> = findings.findings.iter().map(|f| (f.kind, f.place.as_str())).collect();
    assert_eq!(places, found, "{given:?}");
    let redaction = engine().redact(&mut request, &findings, &all(), &mut tokens());
    let texts: Vec<&str> = texts(&request);
    assert_eq!(numbered(&texts), redacted);
    assert_eq!((redaction.after.findings.len(), redaction.after.complete), (0, true));
}

#[test]
fn a_value_over_several_parts_is_found_and_cut_out_of_each() {
    const ALL: &str = "messages[0].content";
    check_parts(
        &["my number: 536-22-", "1234, thanks"],
        &[(Kind::US_SSN, ALL)],
        &["my number: [[US_SSN:1]]", "[[US_SSN:1]], thanks"],
    );
    check_parts(
        &["é 4111", "1111", "", "11111111.", "b@c.org"],
        &[(Kind::EMAIL, "messages[0].content[4]"), (Kind::CARD, ALL)],
        &["é [[CARD:1]]", "[[CARD:1]]", "", "[[CARD:1]].", "[[EMAIL:1]]"],
    );
}

#[test]
fn a_neighbour_does_not_hide_what_stands_in_a_part() {
    check_parts(
        &["room 5", "4111111111111111", "2 beds"],
        &[(Kind::CARD, "messages[0].content[1]")],
        &["room 5", "[[CARD:1]]", "2 beds"],
    );
}

#[test]
fn what_stands_whole_in_a_part_ends_there() {
    check_parts(
        &["write to a@b.org", "tomorrow"],
        &[(Kind::EMAIL, "messages[0].content[0]")],
        &["write to [[EMAIL:1]]", "tomorrow"],
    );
}

#[test]
fn the_second_half_of_a_key_is_cut_out_too() {
    let (dashes, line) = ("-".repeat(5), "q7Zt3WmB9xKd5RfV1nHs8LcYp2GjT6aE4uQ0wXyN");
    let (head, tail) = (
        format!("{dashes}BEGIN PRIVATE KEY{dashes}\n{line}\n"),
        format!("{line}\n{dashes}END PRIVATE KEY{dashes}"),
    );
    check_parts(
        &[&head, &tail],
        &[
            (Kind::PRIVATE_KEY, "messages[0].content[0]"),
            (Kind::PRIVATE_KEY, "messages[0].content"),
        ],
        &["[[PRIVATE_KEY:1]]", "[[PRIVATE_KEY:2]]"],
    );
}

#[test]
fn many_parts_with_findings_are_complete_up_to_the_bound() {
    let settings = Settings { findings_max: 3, ..Settings::default() };
    let found = Engine::builtin(&settings).inspect(&mut parts(&["a@b.org c@d.org ", "e@f.org"]));
    assert_eq!((found.complete, found.findings.len()), (true, 3));
    let settings = Settings { field_bytes_max: 16, ..Settings::default() };
    let found = Engine::builtin(&settings).inspect(&mut parts(&["0123456789", "0123456789"]));
    assert!(!found.complete, "together they are too long to be searched");
}

#[test]
fn an_image_has_the_label_that_is_set_for_images() {
    let image =
        Image { source: ImageSource::Url("https://example.com/a.png".into()), detail: None };
    let mut pictured = request(&["x"]);
    pictured.messages[0].content.push(Part::Image(image));
    let label = |label_of_images: Label| {
        let settings = Settings { label_of_images, ..Settings::default() };
        Engine::builtin(&settings).inspect(&mut pictured.clone()).label
    };
    assert_eq!(engine().inspect(&mut pictured.clone()).label, Label::Sensitive);
    assert_eq!(label(Label::Restricted), Label::Restricted);
    assert_eq!(label(Label::Public), Label::Internal);
    assert_eq!(engine().inspect(&mut request(&["x"])).label, Label::Internal);
}
