//! What must hold for any input. Each function is one fuzz target: it panics where a promise is
//! broken. `cargo test` runs them over the corpora in `corpus/`; `make fuzz` looks for new inputs.
#![expect(
    clippy::panic,
    clippy::expect_used,
    reason = "a broken promise is what a fuzzer looks for"
)]

mod dlp;
mod tools;

pub use crate::dlp::{dlp, dlp_extractor, dlp_matcher, dlp_normaliser, dlp_restorer};
pub use crate::tools::{openapi, tool_definition, tool_destination};

use providers::{Api, BadStream, Dialect, Echo, MaxTokensField, Target, openai::embeddings};
use types::{
    answer::{Event, Usage},
    chat::ChatRequest,
    embed::{EmbedRequest, Encoding, Inputs},
};

/// A fuzz target: it panics where a promise is broken.
pub type Promise = fn(&[u8]);

/// Every target by its name, which is also the name of its corpus.
pub const TARGETS: &[(&str, Promise)] = &[
    ("json", json),
    ("openai_request", openai_request),
    ("anthropic_request", anthropic_request),
    ("responses_request", responses_request),
    ("completions_request", completions_request),
    ("embeddings_request", embeddings_request),
    ("embeddings_answer", embeddings_answer),
    ("openai_stream", openai_stream),
    ("anthropic_stream", anthropic_stream),
    ("gemini_stream", gemini_stream),
    ("bedrock_stream", bedrock_stream),
    ("bedrock_frames", bedrock_frames),
    ("answers", answers),
    ("dlp", dlp),
    ("dlp_extractor", dlp_extractor),
    ("dlp_normaliser", dlp_normaliser),
    ("dlp_matcher", dlp_matcher),
    ("dlp_restorer", dlp_restorer),
    ("settings", settings),
    ("tool_definition", tool_definition),
    ("tool_destination", tool_destination),
    ("openapi", openapi),
];

/// What the strict check accepts, any other parser reads the same way.
pub fn json(data: &[u8]) {
    if providers::json::check(data, providers::json::DEPTH_MAX).is_ok() {
        let read = serde_json::from_slice::<serde_json::Value>(data);
        // A number may be beyond a float's range and still be well-formed.
        let beyond = |error: &serde_json::Error| error.to_string().contains("number out of range");
        assert!(read.as_ref().err().is_none_or(beyond), "strict json is json");
    }
}

/// A request that is accepted is accepted again after it was written for an upstream.
pub fn openai_request(data: &[u8]) {
    let Ok(request) = providers::openai::decode_request(data) else { return };
    let target = Target {
        upstream_model: "model",
        max_output_tokens: 16,
        stream: request.stream,
        max_tokens_field: MaxTokensField::Completion,
        ..Target::default()
    };
    let written = Dialect::OpenAi
        .encode_request(&request, &target)
        .expect("openai's dialect can say all that our shape holds");
    if let Err(rejection) = providers::openai::decode_request(&written) {
        panic!("our own request is refused: {rejection}");
    }
    written_or_named(&request, &target);
}

/// Every format either says a request, as JSON without a key that is there twice, or names the field
/// that it cannot.
fn written_or_named(request: &ChatRequest, target: &Target<'_>) {
    for dialect in Dialect::ALL {
        match dialect.encode_request(request, target) {
            // A schema that came within the bound is some levels deeper in a request.
            Ok(body) => {
                let checked = providers::json::check(&body, providers::json::DEPTH_MAX + 16);
                assert_eq!(checked, Ok(()), "{dialect:?}");
            }
            Err(unsupported) => assert!(!unsupported.field.is_empty(), "{dialect:?}"),
        }
    }
}

/// A request that Anthropic's format can say is accepted again after it was written for an upstream.
pub fn anthropic_request(data: &[u8]) {
    let Ok(request) = Api::Messages.decode_request(data).map(|asked| asked.chat) else { return };
    let target = Target {
        upstream_model: "model",
        max_output_tokens: request.max_output_tokens.unwrap_or(1),
        stream: request.stream,
        max_tokens_field: MaxTokensField::Completion,
        ..Target::default()
    };
    if let Ok(written) = Dialect::Anthropic.encode_request(&request, &target)
        && let Err(rejection) = Api::Messages.decode_request(&written)
    {
        panic!("our own request is refused: {rejection}");
    }
    written_or_named(&request, &target);
}

/// What is kept of a request can be gone on from.
pub fn responses_request(data: &[u8]) {
    let Ok(asked) = Api::Responses.decode_request(data) else { return };
    let (mut next, mut echo) = (asked.chat.clone(), asked.echo.clone());
    if asked.echo.store
        && let Err(rejection) = echo.go_on(&mut next, &asked.echo.with_output(None))
    {
        panic!("a kept conversation is refused: {rejection}");
    }
    let target = Target {
        upstream_model: "model",
        max_output_tokens: 16,
        stream: false,
        max_tokens_field: MaxTokensField::Completion,
        ..Target::default()
    };
    written_or_named(&next, &target);
}

/// A prompt that is accepted is accepted as a chat after it was written for an upstream.
pub fn completions_request(data: &[u8]) {
    let Ok(asked) = Api::Completions.decode_request(data) else { return };
    let target = Target {
        upstream_model: "model",
        max_output_tokens: 16,
        stream: asked.chat.stream,
        max_tokens_field: MaxTokensField::Completion,
        ..Target::default()
    };
    let written = Dialect::OpenAi
        .encode_request(&asked.chat, &target)
        .expect("a prompt is a chat of one message");
    if let Err(rejection) = providers::openai::decode_request(&written) {
        panic!("our own request is refused: {rejection}");
    }
}

/// A request for embeddings that is accepted is the same request after it was written for an upstream;
/// every other format says it, or names the field that it cannot.
pub fn embeddings_request(data: &[u8]) {
    let Ok(request) = embeddings::decode_request(data) else { return };
    let target = Target { upstream_model: &request.model, ..Target::default() };
    let written = Dialect::OpenAi
        .encode_embed(&request, &target)
        .expect("openai's dialect can say all that our shape holds");
    assert_eq!(embeddings::decode_request(&written).as_ref(), Ok(&request));
    for dialect in Dialect::ALL {
        match dialect.encode_embed(&request, &target) {
            Ok(body) => {
                let checked = providers::json::check(&body, providers::json::DEPTH_MAX);
                assert_eq!(checked, Ok(()), "{dialect:?}");
            }
            Err(unsupported) => assert!(!unsupported.field.is_empty(), "{dialect:?}"),
        }
    }
}

/// Vectors that are accepted are as many as the inputs, of one length and finite, and are the same after
/// they were told to a caller.
pub fn embeddings_answer(data: &[u8]) {
    let request = EmbedRequest {
        model: "m".to_owned(),
        inputs: Inputs::Texts(vec!["x".to_owned()]),
        dimensions: None,
        user: None,
        encoding: Encoding::Float,
    };
    for dialect in Dialect::ALL {
        let Ok(read) = dialect.decode_embeddings(&request, data) else { continue };
        assert_eq!(read.vectors.len(), 1);
        assert!(read.vectors.iter().flatten().all(|number| number.is_finite()));
        for encoding in [Encoding::Float, Encoding::Base64] {
            let told = embeddings::encode_answer(&read.vectors, encoding, "m", &Usage::default());
            let again = embeddings::decode_answer(&told).expect("what is told can be read");
            assert_eq!(again.vectors, read.vectors);
        }
    }
}

/// A stream gives the same events however it is cut.
pub fn openai_stream(data: &[u8]) {
    any_cut(Dialect::OpenAi, data);
}

/// A stream gives the same events however it is cut.
pub fn anthropic_stream(data: &[u8]) {
    any_cut(Dialect::Anthropic, data);
}

/// A stream gives the same events however it is cut.
pub fn gemini_stream(data: &[u8]) {
    any_cut(Dialect::Gemini, data);
}

/// A stream gives the same events however it is cut.
pub fn bedrock_stream(data: &[u8]) {
    any_cut(Dialect::Bedrock, data);
}

/// What the checksums of frames hide from a fuzzer: each line is the type and the payload of an event
/// whose frame is right.
pub fn bedrock_frames(data: &[u8]) {
    let lines = data.split(|byte| *byte == b'\n').take(64);
    let stream: Vec<u8> = lines.flat_map(frame).collect();
    any_cut(Dialect::Bedrock, &stream);
}

/// Any body is an answer or a refusal to read it, and says something as an error.
pub fn answers(data: &[u8]) {
    for dialect in Dialect::ALL {
        let _ = dialect.decode_answer(data);
        assert!(dialect.decode_error(429, data).message.chars().count() <= 512);
    }
}

/// An event as AWS frames it.
fn frame(line: &[u8]) -> Vec<u8> {
    let space = line.iter().position(|byte| *byte == b' ').unwrap_or(line.len());
    let (kind, payload) = line.split_at(space);
    let kind = kind.get(..kind.len().min(100)).unwrap_or_default();
    let mut headers = Vec::new();
    for (name, value) in [(":message-type", &b"event"[..]), (":event-type", kind)] {
        headers.push(u8::try_from(name.len()).unwrap_or_default());
        headers.extend(name.bytes());
        headers.push(7);
        headers.extend(u16::try_from(value.len()).unwrap_or_default().to_be_bytes());
        headers.extend(value);
    }
    let length = |bytes: usize| u32::try_from(bytes).unwrap_or_default().to_be_bytes();
    let mut frame = length(headers.len() + payload.len() + 16).to_vec();
    frame.extend(length(headers.len()));
    frame.extend(crc32fast::hash(&frame).to_be_bytes());
    frame.extend(headers);
    frame.extend(payload);
    frame.extend(crc32fast::hash(&frame).to_be_bytes());
    frame
}

/// Any text gives settings or faults.
pub fn settings(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let read = config::Settings::parse("orchestack.toml", text, std::iter::empty());
    if let Err(faults) = read {
        assert!(!faults.is_empty(), "a refusal gives its reasons");
    }
}

fn any_cut(dialect: Dialect, data: &[u8]) {
    let whole = events(dialect, std::iter::once(data));
    let bytes = events(dialect, data.chunks(1));
    let sevens = events(dialect, data.chunks(7));
    assert_eq!(whole, bytes, "one byte at a time");
    assert_eq!(whole, sevens, "seven bytes at a time");
    every_api_tells(&whole.0);
}

/// Any events can be told in the words of every API, as text.
fn every_api_tells(events: &[Event]) {
    for api in Api::ALL {
        let stamp = ("id".to_owned(), 1);
        let mut encoder = api.stream_encoder(stamp, "model".to_owned(), (true, &Echo::default()));
        let mut out = Vec::new();
        events.iter().for_each(|event| encoder.push(event, &mut out));
        encoder.done(&mut out);
        assert!(std::str::from_utf8(&out).is_ok_and(|text| text.ends_with("\n\n")));
    }
}

/// The events of a stream and whether it broke. Where exactly in a piece it breaks may differ.
fn events<'d>(dialect: Dialect, pieces: impl Iterator<Item = &'d [u8]>) -> (Vec<Event>, bool) {
    let mut decoder = dialect.stream_decoder();
    let mut events = Vec::new();
    for piece in pieces {
        if let Err(error) = decoder.push(piece, &mut events) {
            let _: BadStream = error;
            return (events, true);
        }
    }
    (events, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_holds_over_its_corpus() {
        let corpora = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
        for (name, target) in TARGETS {
            let files = std::fs::read_dir(corpora.join(name)).unwrap();
            let inputs: Vec<_> = files.map(|file| file.unwrap().path()).collect();
            assert!(inputs.len() >= 3, "the corpus of `{name}` is empty");
            for input in inputs {
                target(&std::fs::read(&input).unwrap());
            }
        }
    }
}
