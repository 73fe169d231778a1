//! What a caller of OpenAI's dialect is refused, by which parameter and in which words.

#![expect(
    clippy::unwrap_used,
    reason = "a test says what it means with it; clippy knows tests but not their helpers"
)]

use providers::openai::decode_request;

#[track_caller]
fn refused(fields: &str, param: &str, message: &str) {
    let body =
        format!(r#"{{"model":"m","messages":[{{"role":"user","content":"SECRET"}}]{fields}}}"#);
    refused_body(&body, Some(param), message);
}

#[track_caller]
fn refused_body(body: &str, param: Option<&str>, message: &str) {
    let rejection = decode_request(body.as_bytes()).unwrap_err();
    assert_eq!((rejection.param.as_deref(), rejection.message.as_str()), (param, message));
    assert!(!rejection.message.contains("SECRET"));
}

#[test]
fn what_is_out_of_range_is_refused_by_name() {
    let not_integer = "`n` must be an integer, not a number of that kind";
    refused(r#","n":1.5"#, "n", not_integer);
    refused(r#","n":0"#, "n", "`n` must be an integer from 1 to 128");
    refused(r#","n":129"#, "n", "`n` must be an integer from 1 to 128");
    refused(r#","temperature":2.1"#, "temperature", "`temperature` must be a number from 0 to 2");
    refused(
        r#","temperature":"SECRET""#,
        "temperature",
        "`temperature` must be a number, not a string",
    );
    refused(r#","top_p":-1"#, "top_p", "`top_p` must be a number from 0 to 1");
    refused(
        r#","stop":["1","2","3","4","5"]"#,
        "stop",
        "`stop` must be a string or 1 to 4 strings",
    );
    refused(r#","stop":[1]"#, "stop[0]", "`stop[0]` must be a string, not a number of that kind");
    refused(
        r#","stream_options":{}"#,
        "stream_options",
        "`stream_options` is only allowed when `stream` is true",
    );
    refused(
        r#","max_tokens":1,"max_completion_tokens":2"#,
        "max_tokens",
        "`max_tokens` and `max_completion_tokens` differ; set only `max_completion_tokens`",
    );
    refused(
        r#","top_logprobs":2"#,
        "top_logprobs",
        "`top_logprobs` is only allowed when `logprobs` is true",
    );
    refused(
        r#","tool_choice":"auto""#,
        "tool_choice",
        "`tool_choice` is only allowed when `tools` are given",
    );
    refused(
        r#","logit_bias":{"1":101}"#,
        "logit_bias",
        "`logit_bias` must be a number from -100 to 100",
    );
    refused(
        r#","metadata":{"k":1}"#,
        "metadata",
        "`metadata` must have strings of at most 512 characters as values",
    );
}

#[test]
fn what_is_unsupported_or_unknown_is_refused_by_name() {
    for name in ["audio", "functions", "function_call", "web_search_options", "moderation"] {
        let body = format!(r#"{{"model":"m","messages":[],"{name}":{{}}}}"#);
        let rejection = decode_request(body.as_bytes()).unwrap_err();
        assert_eq!(rejection.param.as_deref(), Some(name));
    }
    refused(
        r#","modalities":["text","audio"]"#,
        "modalities",
        "`modalities` must be `[\"text\"]`: other output is not supported",
    );
    refused(r#","top_k":1"#, "top_k", "unrecognized request argument supplied: `top_k`");
    refused_body(
        r#"{"model":"m","messages":[{"role":"user","content":"x","SECRET text":1}]}"#,
        Some("messages[0]"),
        "unrecognized request argument with an odd name",
    );
    refused(
        r#","tools":[{"type":"custom","custom":{"name":"x"}}]"#,
        "tools[0].type",
        "`tools[0].type` must be `function`: custom tools are not supported",
    );
    refused(
        r#","stream":true,"stream_options":{"include_obfuscation":true}"#,
        "stream_options.include_obfuscation",
        "`stream_options.include_obfuscation` must be false: it is not supported",
    );
}

#[test]
fn a_message_that_makes_no_sense_is_refused_by_place() {
    #[track_caller]
    fn check(message: &str, param: &str, problem: &str) {
        let body = format!(r#"{{"model":"m","messages":[{message}]}}"#);
        refused_body(&body, Some(param), &format!("`{param}` {problem}"));
    }
    let calling = |id: &str, name: &str| {
        format!(
            r#"{{"role":"assistant","tool_calls":[{{"id":"{id}","function":{{"name":"{name}","arguments":"{{}}"}}}}]}}"#
        )
    };
    check("", "messages", "must have at least one message");
    check("1", "messages[0]", "must be an object, not a number of that kind");
    check(r#"{"content":"x"}"#, "messages[0].role", "is missing");
    check(
        r#"{"role":"SECRET","content":"x"}"#,
        "messages[0].role",
        "must be one of system, developer, user, assistant, tool",
    );
    check(r#"{"role":"user"}"#, "messages[0].content", "is missing");
    check(r#"{"role":"assistant","content":null}"#, "messages[0].content", "is missing");
    check(r#"{"role":"tool","content":"x"}"#, "messages[0].tool_call_id", "is missing");
    for id in ["", "a SECRET", "a\\nb", "caf\u{e9}", "a\\u0000", &"a".repeat(257)] {
        let problem = "must be 1 to 256 visible ASCII characters without spaces";
        let answer = format!(r#"{{"role":"tool","tool_call_id":"{id}","content":"x"}}"#);
        check(&answer, "messages[0].tool_call_id", problem);
        check(&calling(id, "f"), "messages[0].tool_calls[0].id", problem);
    }
    for name in ["", "look up", "SECRET.text", "gr\u{fc}\u{df}e", &"a".repeat(65)] {
        check(
            &calling("call_1", name),
            "messages[0].tool_calls[0].function.name",
            "must be 1 to 64 letters, digits, `_` or `-`",
        );
    }
    check(
        r#"{"role":"user","content":[{"type":"input_audio","input_audio":{}}]}"#,
        "messages[0].content[0].type",
        "must be `text`, `image_url` or `file`: audio is not supported",
    );
    check(
        r#"{"role":"user","content":[{"type":"image_url","image_url":{"url":"file:///SECRET"}}]}"#,
        "messages[0].content[0].image_url.url",
        "must be an http(s) address or `data:image/TYPE;base64,DATA`",
    );
    check(
        r#"{"role":"system","content":[{"type":"image_url","image_url":{"url":"http://x"}}]}"#,
        "messages[0].content[0].type",
        "is not a kind of part that this role may have",
    );
}

#[test]
fn malformed_json_is_refused_by_position_without_content() {
    refused_body("[]", None, "the body must be a json object");
    refused_body(
        r#"{"model":"SECRET","model":"x"}"#,
        None,
        "the body is not acceptable json: duplicate key at line 1, column 19 (byte 18)",
    );
    refused_body(
        "{\"SECRET\": ",
        None,
        "the body is not acceptable json: unexpected end of text at line 1, column 12 (byte 11)",
    );
}
