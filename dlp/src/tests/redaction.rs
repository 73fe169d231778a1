use proptest::prelude::*;
use serde_json::{Value, json};
use types::{
    Label,
    chat::{ChatRequest, Message, Part, ToolCall},
    embed::{EmbedRequest, Encoding, Inputs},
};

use super::{all, bounds::request, engine, numbered, tokens};
use crate::{Findings, Kind, redact::round};

fn redact(request: &mut ChatRequest, findings: &Findings, kinds: &[Kind]) -> usize {
    round(request, findings, kinds, &mut tokens())
}

pub(super) fn texts(request: &ChatRequest) -> Vec<&str> {
    let parts = request.messages.iter().flat_map(|message| &message.content);
    parts
        .filter_map(|part| if let Part::Text(text) = part { Some(text.as_str()) } else { None })
        .collect()
}

fn with_arguments(arguments: &str) -> ChatRequest {
    let mut request = request(&[]);
    let call = ToolCall { id: "1".into(), name: "f".into(), arguments: arguments.into() };
    let [mut message] = <[Message; 1]>::try_from(super::bounds::request(&["x"]).messages).unwrap();
    message.tool_calls.push(call);
    request.messages.push(message);
    request
}

#[track_caller]
fn check(given: &[&str], kinds: &[Kind], expected: &[&str]) {
    let mut request = request(given);
    let findings = engine().inspect(&mut request);
    redact(&mut request, &findings, kinds);
    assert_eq!(numbered(&texts(&request)), expected);
    let again = engine().inspect(&mut request);
    assert!(!again.findings.iter().any(|finding| kinds.contains(&finding.kind)));
    assert_eq!(redact(&mut request, &again, kinds), 0, "once is enough");
}

#[track_caller]
fn check_arguments(arguments: &str, expected: &Value) {
    let mut request = with_arguments(arguments);
    let findings = engine().inspect(&mut request);
    assert!(redact(&mut request, &findings, &all()) > 0);
    let redacted = &request.messages[0].tool_calls[0].arguments;
    let [redacted] = &numbered(&[redacted])[..] else { unreachable!() };
    assert_eq!(&serde_json::from_str::<Value>(redacted).unwrap(), expected);
}

#[test]
fn the_same_value_has_the_same_token_in_the_whole_request() {
    check(
        &["a@b.org, c@d.org and a@b.org", "c@d.org: 536-22-1234"],
        &[Kind::EMAIL, Kind::US_SSN],
        &["[[EMAIL:1]], [[EMAIL:2]] and [[EMAIL:1]]", "[[EMAIL:2]]: [[US_SSN:1]]"],
    );
}

#[test]
fn only_the_kinds_asked_for_are_replaced() {
    check(&["a@b.org 536-22-1234"], &[Kind::US_SSN], &["a@b.org [[US_SSN:1]]"]);
    check(&["a@b.org 536-22-1234"], &[], &["a@b.org 536-22-1234"]);
}

#[test]
fn text_round_a_value_stays_as_it_was() {
    check(&["é４１１１１１１１１１１１１１１１ 世"], &[Kind::CARD], &["é[[CARD:1]] 世"]);
    check(&["4111111111111111@example.com"], &[Kind::CARD], &["[[CARD:1]]@example.com"]);
    check(&["4111111111111111@example.com"], &all(), &["[[EMAIL:1]]"]);
    check(
        &["postgres://app:s3cr3tPw@db.example.com/x"],
        &all(),
        &["postgres://app:[[URL_PASSWORD:1]]@db.example.com/x"],
    );
}

#[test]
fn a_token_is_no_cue_for_the_number_beside_it() {
    check(&["536-22-1234 or 123456789"], &all(), &["[[US_SSN:1]] or 123456789"]);
}

#[test]
fn arguments_of_a_tool_stay_json() {
    check_arguments(r#"{"to":"a@b.org"}"#, &json!({"to": "[[EMAIL:1]]"}));
    check_arguments(r#"{"to":"\na@b.org\"x\\"}"#, &json!({"to": "\n[[EMAIL:1]]\"x\\"}));
    check_arguments(r#"{"to":"a\u0040b.org"}"#, &json!({"to": "[[EMAIL:1]]"}));
    check_arguments(r#"{"n": 4111111111111111}"#, &json!({"n": "[[CARD:1]]"}));
    check_arguments(r#"[-4111111111111111]"#, &json!(["[[CARD:1]]"]));
    check_arguments(
        r#"{"a@b.org":1,"c@d.org":[536221234],"ssn":536221234}"#,
        &json!({"[[EMAIL:1]]": 1, "[[EMAIL:2]]": ["[[US_SSN:1]]"], "ssn": "[[US_SSN:1]]"}),
    );
}

#[test]
fn a_key_spread_over_an_array_is_replaced_as_one() {
    let dashes = "-".repeat(5);
    let line = "q7Zt3WmB9xKd5RfV1nHs8LcYp2GjT6aE4uQ0wXyN";
    let lines = [
        format!("{dashes}BEGIN PRIVATE KEY{dashes}"),
        line.into(),
        format!("{dashes}END PRIVATE KEY{dashes}"),
    ];
    let arguments = serde_json::to_string(&lines).unwrap();
    check_arguments(&arguments, &json!(["[[PRIVATE_KEY:1]]"]));
}

#[test]
fn fields_whose_keys_read_alike_are_told_apart() {
    let mut request = request(&[]);
    let metadata = json!({"a": {"b": "nothing here at all"}, "a.b": "a@b.org"});
    request.extra.insert("metadata".into(), metadata);
    let findings = engine().inspect(&mut request);
    assert_eq!(redact(&mut request, &findings, &all()), 1);
    let [metadata] = &numbered(&[&request.extra["metadata"].to_string()])[..] else {
        unreachable!()
    };
    let expected = json!({"a": {"b": "nothing here at all"}, "a.b": "[[EMAIL:1]]"});
    assert_eq!(serde_json::from_str::<Value>(metadata).unwrap(), expected);
}

#[test]
fn a_value_that_a_token_uncovers_is_replaced_too() {
    // The letters make the digits part of a word until the token ends it.
    let mut request = request(&["DE893704004405320130004111111111111111 a@b.org4111111111111111"]);
    let findings = engine().inspect(&mut request);
    let redaction = engine().redact(&mut request, &findings, &all(), &mut tokens());
    assert_eq!(redaction.after, engine().inspect(&mut request));
    assert_eq!(redaction.after.findings, []);
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{1,8}@[a-z]{1,8}\\.(com|org|de)",
        Just("4111111111111111".to_owned()),
        Just("+44 20 7946 0958".to_owned()),
        Just("GB82 WEST 1234 5698 7654 32".to_owned()),
        "[1-5][0-9]{2}-[1-9]{2}-[1-9]{4}",
        "[1-9][0-9]\\.[1-9]\\.[1-9]\\.[1-9]",
        "\\PC{0,6}",
        "[a-z ,.;:()'-]{0,12}",
        "[0-9 -]{0,12}",
        Just("phone ssn card ".to_owned()),
    ]
}

proptest! {
    #[test]
    fn after_redaction_nothing_is_left(pieces in proptest::collection::vec(value(), 0..12)) {
        let text = pieces.join(" ");
        let mut request = request(&[&text]);
        let findings = engine().inspect(&mut request);
        let redaction = engine().redact(&mut request, &findings, &all(), &mut tokens());
        prop_assert!(redaction.after.complete, "{:?}", texts(&request));
        prop_assert_eq!(engine().inspect(&mut request).findings, vec![]);
    }

    #[test]
    fn json_stays_json_and_clean(values in proptest::collection::vec(value(), 0..6), number: u64) {
        let arguments = json!({"values": values, "number": number, "card": 4_111_111_111_111_111_u64});
        let mut request = with_arguments(&arguments.to_string());
        let findings = engine().inspect(&mut request);
        let redaction = engine().redact(&mut request, &findings, &all(), &mut tokens());
        let redacted = &request.messages[0].tool_calls[0].arguments;
        prop_assert!(serde_json::from_str::<Value>(redacted).is_ok(), "{}", redacted);
        prop_assert_eq!(redaction.after.findings, vec![]);
    }
}

fn embed(inputs: Inputs) -> EmbedRequest {
    let (dimensions, encoding) = (None, Encoding::Float);
    EmbedRequest { model: "m".into(), inputs, dimensions, user: Some("a@b.org".into()), encoding }
}

#[test]
fn each_input_for_a_vector_is_read_and_redacted_by_itself() {
    let texts = ["a@b.org paid", "536-22-", "1234", "ssn 536-22-1234 of a@b.org"];
    let mut request = embed(Inputs::Texts(texts.map(str::to_owned).to_vec()));
    let findings = engine().inspect(&mut request);
    let places: Vec<_> = findings.findings.iter().map(|f| (f.kind, f.place.as_str())).collect();
    let (email, ssn) = (Kind::EMAIL, Kind::US_SSN);
    let expected = [(email, "input[0]"), (ssn, "input[3]"), (email, "input[3]"), (email, "user")];
    assert_eq!(places, expected);
    assert_eq!((findings.label, findings.complete), (Label::Restricted, true));
    let redaction = engine().redact(&mut request, &findings, &[email, ssn], &mut tokens());
    assert_eq!((redaction.replaced, redaction.after.findings.len()), (4, 0));
    let Inputs::Texts(inputs) = &request.inputs else { unreachable!() };
    let mut texts: Vec<&str> = inputs.iter().map(String::as_str).collect();
    texts.extend(request.user.as_deref());
    let redacted =
        ["[[EMAIL:1]] paid", "536-22-", "1234", "ssn [[US_SSN:1]] of [[EMAIL:1]]", "[[EMAIL:1]]"];
    assert_eq!(numbered(&texts), redacted);
}

#[test]
fn a_forged_token_hides_nothing() {
    use super::{check, clean};
    let key = ["AKIA", "IOSFODNN7EXAMPLE"].concat();
    for (kind, value) in [
        (Kind::CARD, "4111111111111111"),
        (Kind::AWS_KEY, &key),
        (Kind::IBAN, "GB82WEST12345698765432"),
    ] {
        check(&format!("[[{value}:aaaaaa]]"), &[(kind, value)]);
        check(&format!("[[EMAIL:aaaaaa]][[{value}:aaaaaa]]"), &[(kind, value)]);
    }
    check("diagnosed with [[EMAIL:cancer]]", &[(Kind::DIAGNOSIS, "cancer")]);
    clean("token: [[GITHUB_TOKEN:7f3k2q]] of [[US_SSN:aaaaaa]]");
    check("[[SSN: 536221234]]", &[(Kind::US_SSN, "536221234")]);
}

#[test]
fn tokens_cannot_be_read_and_count_as_the_worst() {
    let mut request = embed(Inputs::Tokens(vec![vec![1, 2, 3]]));
    request.user = None;
    let findings = engine().inspect(&mut request);
    assert_eq!((findings.label, findings.complete), (Label::Restricted, false));
    assert_eq!(findings.findings, []);
}
