//! What the simulator may be told to do wrong.

use serde::{Deserialize, Serialize};

/// One scripted behaviour. The default one answers at once and correctly; every field departs from
/// that in one way, and fields combine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Behaviour {
    /// Answer with this HTTP error in the dialect of the endpoint. Errors bill nothing.
    pub status: Option<u16>,
    /// With an error: the value of the `retry-after` header, in seconds.
    pub retry_after_s: Option<u64>,
    /// Wait this long before the headers. A fault that closes or hangs comes after the wait.
    pub delay_ms: u64,
    /// Wait this long before each chunk of a stream, or before each `split_bytes` piece.
    pub chunk_delay_ms: u64,
    /// Go on correctly for `after_chunks`, then end like this instead.
    pub end: Option<End>,
    /// How many events of a stream are sent before `end`. A plain answer counts as one chunk, so
    /// with 0 its headers are sent and no byte of its body.
    pub after_chunks: u64,
    /// What the answer claims about its usage. The bill is always right.
    pub usage: UsageReport,
    /// Do not stop at the caller's token limit.
    pub ignore_limit: bool,
    /// The answer's text has this many tokens for each choice.
    pub output_tokens: Option<u64>,
    /// Think this many tokens for each choice before its text: billed and reported, never shown.
    /// A stream thinks a token at a time, each after `chunk_delay_ms`.
    pub hidden_tokens: u64,
    /// The answer's text is this, instead of the usual one.
    pub text: Option<String>,
    /// The arguments of its calls are these, instead of the least that fit the tool's schema. A string is
    /// their text as it stands, JSON or not.
    pub arguments: Option<serde_json::Value>,
    /// What the model cannot do: tools are not called and a schema is not followed; whoever wants a stream
    /// or sends an image in OpenAI's dialect gets a 400.
    pub lacks: Vec<Ability>,
    /// The answer's text is the last message of the user, and so are the arguments of its calls.
    pub echo: bool,
    /// This many pings (SSE comments for OpenAI, `ping` events for Anthropic) before the first
    /// event, each with `chunk_delay_ms` before it.
    pub pings: u64,
    /// After the pings send nothing more: a stream that is alive and says nothing, for ever.
    pub only_pings: bool,
    /// Break one event of the stream, or the plain answer.
    pub malformed: Option<Malformed>,
    /// Write the body in pieces of this many bytes, flushed one by one. 1 splits every multi-byte
    /// character and every event.
    pub split_bytes: Option<usize>,
    /// Put one text delta of this many bytes into the answer. It is billed like any text.
    pub giant_event_bytes: Option<usize>,
    /// Use this queue entry that many times. 0 counts as 1.
    pub times: u32,
}

/// Something that not every model can.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ability {
    /// Calling tools.
    Tools,
    /// Answering by a JSON schema.
    JsonSchema,
    /// Seeing images.
    Images,
    /// Streaming.
    Streaming,
}

/// How a connection ends before its answer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// Close the connection without the terminal chunk.
    Cut,
    /// Reset the connection (TCP RST).
    Reset,
    /// Close the connection before any byte of the answer; `after_chunks` does not apply.
    Close,
    /// Send nothing more and keep the connection, like a server that is stuck. Ends when the
    /// caller goes.
    Hang,
    /// Send nothing more and take no notice of the caller either, like a host that lost power.
    HalfOpen,
    /// Shut down the sending side only (TCP FIN) and go on reading.
    HalfClose,
    /// End the body well at HTTP level, but without the terminal event (`[DONE]` or
    /// `message_stop`).
    NoTerminal,
}

/// What an answer claims about its usage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UsageReport {
    /// The truth, where the format has a place for it.
    #[default]
    Exact,
    /// None at all.
    Missing,
    /// The truth, twice in a stream.
    Twice,
    /// These numbers.
    Wrong {
        /// Claimed input tokens.
        input: u64,
        /// Claimed output tokens.
        output: u64,
    },
}

/// How an event is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Malformed {
    /// The JSON stops in the middle.
    Json,
    /// The JSON is whole and of the wrong shape.
    Shape,
    /// A field name that SSE does not know, and no `data`.
    Field,
    /// A byte that is not UTF-8.
    Utf8,
    /// An error object in the middle of the stream, in the endpoint's dialect.
    Error,
}
