//! What holds for any bytes: no panic, and the same events however a stream is cut.

mod frames;

use proptest::prelude::*;
use providers::{BadStream, Dialect, openai};
use types::answer::Event;

type Read = (Vec<Event>, Result<(), BadStream>, bool, bool);

fn read<'a>(dialect: Dialect, chunks: impl IntoIterator<Item = &'a [u8]>) -> Read {
    let mut decoder = dialect.stream_decoder();
    let mut events = Vec::new();
    let mut outcome = Ok(());
    for chunk in chunks {
        outcome = decoder.push(chunk, &mut events);
        if outcome.is_err() {
            break;
        }
    }
    (events, outcome, decoder.finished(), decoder.ended())
}

/// Lines that streams of all formats are made of, whole and broken.
const LINES: [&str; 31] = [
    r#"data: {"id":"c","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}"#,
    r#"data: {"id":"c","choices":[{"index":0,"delta":{"content":"hé 😀"},"logprobs":{"content":[]}}]}"#,
    r#"data: {"choices":[{"index":1,"delta":{"tool_calls":[{"index":0,"id":"x","function":{"name":"f","arguments":""}}]}}]}"#,
    r#"data: {"choices":[{"index":1,"delta":{"tool_calls":[{"function":{"arguments":"{}"}}]}}]}"#,
    r#"data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}"#,
    r#"data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":18446744073709551615,"total_tokens":3}}"#,
    r#"data: {"choices":[{"index":4294967295,"delta":{}}]}"#,
    r#"data: {"choices":[{"index":-1}]}"#,
    r#"data: {"error":{"message":"boom"}}"#,
    "data: [DONE]",
    r#"data: {"type":"message_start","message":{"id":"m","model":"c","usage":{"input_tokens":18446744073709551615,"cache_read_input_tokens":9,"output_tokens":1}}}"#,
    r#"data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":"é"}}"#,
    r#"data: {"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"t","name":"f","input":{}}}"#,
    r#"data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"😀"}}"#,
    r#"data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{"}}"#,
    r#"data: {"type":"content_block_stop","index":1}"#,
    r#"data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":5}}"#,
    r#"data: {"type":"message_stop"}"#,
    r#"data: {"type":"error","error":{"type":"overloaded_error","message":"x"}}"#,
    r#"data: {"candidates":[{"content":{"parts":[{"text":"é"},{"text":"hm","thought":true}]},"index":0}],"responseId":"r"}"#,
    r#"data: {"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{"a":1}},"thoughtSignature":"c2ln"}]},"index":1}]}"#,
    r#"data: {"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":18446744073709551615,"toolUsePromptTokenCount":9,"thoughtsTokenCount":3}}"#,
    r#"data: {"candidates":[{"finishReason":"MALFORMED_FUNCTION_CALL","index":31}]}"#,
    r#"data: {"candidates":[{"index":32}]}"#,
    r#"data: {"promptFeedback":{"blockReason":"SAFETY"}}"#,
    r#"data: {"choices":[],"x_groq":{"usage":{"prompt_tokens":1,"completion_tokens":2}}}"#,
    "event: message_start",
    "event: ping",
    ": comment",
    "data: {",
    "",
];

fn stream() -> impl Strategy<Value = Vec<u8>> {
    let end = prop_oneof![8 => Just("\n\n"), 2 => Just("\r\n\r\n"), 1 => Just("\n"), 1 => Just("")];
    let line = (prop::sample::select(&LINES[..]), end);
    let piece = prop_oneof![
        30 => line.prop_map(|(line, end)| format!("{line}{end}").into_bytes()),
        1 => prop::collection::vec(any::<u8>(), 0..8),
    ];
    prop::collection::vec(piece, 0..16).prop_map(|pieces| pieces.concat())
}

/// Events of Bedrock, right and wrong, and what no frame begins with.
const EVENTS: [&str; 12] = [
    r#"messageStart {"role":"assistant"}"#,
    r#"contentBlockDelta {"contentBlockIndex":0,"delta":{"text":"hé 😀"}}"#,
    r#"contentBlockDelta {"contentBlockIndex":0,"delta":{"reasoningContent":{"text":"hm"}}}"#,
    r#"contentBlockDelta {"delta":{"reasoningContent":{"signature":"c2ln"}}}"#,
    r#"contentBlockStart {"contentBlockIndex":1,"start":{"toolUse":{"toolUseId":"t","name":"f"}}}"#,
    r#"contentBlockDelta {"contentBlockIndex":1,"delta":{"toolUse":{"input":"{}"}}}"#,
    r#"contentBlockStop {"contentBlockIndex":1}"#,
    r#"contentBlockStop {"contentBlockIndex":18446744073709551615}"#,
    r#"messageStop {"stopReason":"end_turn"}"#,
    r#"metadata {"usage":{"inputTokens":18446744073709551615,"outputTokens":1,"cacheReadInputTokens":9}}"#,
    r#"unheard {"of":1}"#,
    r#"messageStop {"stopReason":7}"#,
];

fn framed() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        20 => prop::sample::select(&EVENTS[..]).prop_map(frames::events),
        1 => prop::collection::vec(any::<u8>(), 0..16),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_cut_of_frames_gives_the_same_events(
        stream in framed(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
        cuts.extend([0, stream.len()]);
        cuts.sort_unstable();
        let whole = read(Dialect::Bedrock, [stream.as_slice()]);
        let pieces = cuts.windows(2).map(|cut| &stream[cut[0]..cut[1]]);
        prop_assert_eq!(&whole, &read(Dialect::Bedrock, pieces));
        prop_assert_eq!(&whole, &read(Dialect::Bedrock, stream.chunks(1)));
    }

    #[test]
    fn any_cut_of_a_stream_gives_the_same_events(
        stream in stream(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
        cuts.extend([0, stream.len()]);
        cuts.sort_unstable();
        for dialect in Dialect::ALL {
            let whole = read(dialect, [stream.as_slice()]);
            let pieces = cuts.windows(2).map(|cut| &stream[cut[0]..cut[1]]);
            prop_assert_eq!(&whole, &read(dialect, pieces));
            prop_assert_eq!(&whole, &read(dialect, stream.chunks(1)));
        }
    }

    #[test]
    fn whatever_is_read_can_be_written(stream in stream()) {
        for dialect in Dialect::ALL {
            let (events, ..) = read(dialect, [stream.as_slice()]);
            let mut encoder = openai::StreamEncoder::new("i".into(), 1, "m".into(), true);
            let mut out = Vec::new();
            events.iter().for_each(|event| encoder.push(event, &mut out));
            encoder.done(&mut out);
            let mut again = openai::StreamDecoder::new();
            prop_assert_eq!(again.push(&out, &mut Vec::new()), Ok(()));
            prop_assert!(again.ended());
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        status in any::<u16>(),
    ) {
        let _ = openai::decode_request(&bytes);
        for dialect in Dialect::ALL {
            let _ = dialect.decode_answer(&bytes);
            let _ = dialect.decode_error(status, &bytes);
            let _ = read(dialect, [bytes.as_slice()]);
        }
    }

    #[test]
    fn a_damaged_request_is_read_or_refused(
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut body = include_bytes!("data/every-parameter.json").to_vec();
        prop_assert!(openai::decode_request(&body).is_ok());
        let at = at.index(body.len());
        body[at] = byte;
        if let Err(rejection) = openai::decode_request(&body) {
            prop_assert!(!rejection.message.is_empty());
        }
    }
}
