//! Writing a streamed answer as the events of the Messages API: `message_start`, for each content
//! block its start, deltas and stop, then `message_delta` and `message_stop`.

use serde::Serialize;
use serde_json::{Map, json, value::RawValue};
use types::{
    Code,
    answer::{Event, Finish, Piece, Usage},
    chat::{Opaque, OpaqueKind},
};

use super::{
    answer::{BlockOut, UsageOut, envelope, stop_reason},
    error::encode_error,
};
use crate::wire;

/// Writes a streamed answer as server-sent events.
#[derive(Debug)]
pub struct StreamEncoder {
    id: String,
    model: String,
    service_tier: Option<String>,
    usage: Option<Usage>,
    started: bool,
    /// The block that is open.
    open: Option<Open>,
    /// Blocks so far.
    blocks: u32,
    /// Calls so far: each is one block, and they come one after the other.
    calls: u32,
    finish: Finish,
    stop_sequence: Option<String>,
    ended: bool,
    /// It ended in an error.
    broken: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    Text,
    Thinking,
    Call(u32),
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum EventOut<'a> {
    MessageStart { message: MessageOut<'a> },
    ContentBlockStart { index: u32, content_block: BlockOut<'a> },
    ContentBlockDelta { index: u32, delta: DeltaOut<'a> },
    ContentBlockStop { index: u32 },
    MessageDelta { delta: EndOut<'a>, usage: UsageOut },
    MessageStop,
}

#[derive(Serialize)]
struct MessageOut<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    role: &'static str,
    model: &'a str,
    content: [(); 0],
    stop_reason: Option<()>,
    stop_sequence: Option<()>,
    usage: UsageOut,
}

#[derive(Serialize)]
#[serde(tag = "type")]
enum DeltaOut<'a> {
    #[serde(rename = "text_delta")]
    Text { text: &'a str },
    #[serde(rename = "thinking_delta")]
    Thinking { thinking: &'a str },
    #[serde(rename = "signature_delta")]
    Signature { signature: &'a str },
    #[serde(rename = "input_json_delta")]
    InputJson { partial_json: &'a str },
}

#[derive(Serialize)]
struct EndOut<'a> {
    stop_reason: &'static str,
    stop_sequence: Option<&'a str>,
}

impl EventOut<'_> {
    const fn name(&self) -> &'static str {
        match self {
            Self::MessageStart { .. } => "message_start",
            Self::ContentBlockStart { .. } => "content_block_start",
            Self::ContentBlockDelta { .. } => "content_block_delta",
            Self::ContentBlockStop { .. } => "content_block_stop",
            Self::MessageDelta { .. } => "message_delta",
            Self::MessageStop => "message_stop",
        }
    }
}

impl StreamEncoder {
    /// An encoder of an answer with this id, by this model as the caller knows it.
    pub fn new(id: String, model: String) -> Self {
        Self {
            id,
            model,
            service_tier: None,
            usage: None,
            started: false,
            open: None,
            blocks: 0,
            calls: 0,
            finish: Finish::default(),
            stop_sequence: None,
            ended: false,
            broken: false,
        }
    }

    /// Appends what an event adds to the stream, which may be nothing. `Failed` ends it with an
    /// error event.
    pub fn push(&mut self, event: &Event, out: &mut Vec<u8>) {
        if self.ended {
            return;
        }
        match event {
            Event::Start { service_tier, .. } => {
                self.service_tier.clone_from(service_tier);
                self.start(out);
            }
            Event::Delta { piece, .. } => {
                self.start(out);
                self.piece(piece, out);
            }
            Event::Finish { reason, stop_sequence, .. } => {
                self.finish = *reason;
                self.stop_sequence.clone_from(stop_sequence);
            }
            Event::Usage(usage) => self.usage = Some(*usage),
            Event::Failed { message, .. } => self.error(Code::UpstreamFailed, message, out),
        }
    }

    /// Ends a whole stream: why it ended, what it used, and the terminator.
    pub fn done(&mut self, out: &mut Vec<u8>) {
        if self.ended {
            return;
        }
        self.start(out);
        self.close(out);
        self.ended = true;
        let stop_sequence = self.stop_sequence.as_deref();
        let stop_reason = stop_reason(self.finish, (stop_sequence.is_some(), self.calls > 0));
        let delta = EndOut { stop_reason, stop_sequence };
        event(&EventOut::MessageDelta { delta, usage: self.usage() }, out);
        event(&EventOut::MessageStop, out);
    }

    /// See [`crate::StreamEncoder::broken`].
    pub const fn broken(&self) -> bool {
        self.broken
    }

    /// Ends a broken stream with an error event and no terminator, so that no client takes the
    /// answer for whole.
    pub fn error(&mut self, code: Code, message: &str, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        self.broken = true;
        out.extend_from_slice(b"event: error\ndata: ");
        out.extend_from_slice(&encode_error(code, message, None, Map::new()));
        out.extend_from_slice(b"\n\n");
    }

    /// The first event, once. What was used is known at the end only, where it is told.
    fn start(&mut self, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.started, true) {
            return;
        }
        let message = MessageOut {
            id: &self.id,
            kind: "message",
            role: "assistant",
            model: &self.model,
            content: [],
            stop_reason: None,
            stop_sequence: None,
            usage: self.usage(),
        };
        event(&EventOut::MessageStart { message }, out);
    }

    fn usage(&self) -> UsageOut {
        UsageOut::new(self.usage.as_ref(), self.service_tier.as_deref())
    }

    fn piece(&mut self, piece: &Piece, out: &mut Vec<u8>) {
        match piece {
            Piece::Role => {}
            Piece::Text(text) | Piece::Refusal(text) if text.is_empty() => {}
            Piece::Text(text) | Piece::Refusal(text) => {
                self.within(Open::Text, BlockOut::Text { text: "" }, out);
                self.delta(DeltaOut::Text { text }, out);
            }
            Piece::Reasoning(thinking) => {
                self.thinking(out);
                self.delta(DeltaOut::Thinking { thinking }, out);
            }
            Piece::Opaque(opaque) => self.sealed(opaque, out),
            Piece::ToolCall { index, id, name, arguments } => {
                if self.open != Some(Open::Call(*index)) && *index < self.calls {
                    // The block of this call is closed, and the API has no way back.
                    let message = "the provider mixed the parts of several tool calls";
                    return self.error(Code::UpstreamFailed, message, out);
                }
                let (id, name) =
                    (id.as_deref().unwrap_or_default(), name.as_deref().unwrap_or_default());
                let input = std::borrow::Cow::Owned(empty_object());
                self.within(Open::Call(*index), BlockOut::ToolUse { id, name, input }, out);
                self.calls = self.calls.max(index.saturating_add(1));
                if !arguments.is_empty() {
                    self.delta(DeltaOut::InputJson { partial_json: arguments }, out);
                }
            }
        }
    }

    fn thinking(&mut self, out: &mut Vec<u8>) {
        let block = BlockOut::Thinking { thinking: "", signature: "".into() };
        self.within(Open::Thinking, block, out);
    }

    /// What ends an item of reasoning: its signature, or a block of its own.
    fn sealed(&mut self, opaque: &Opaque, out: &mut Vec<u8>) {
        let data = envelope(opaque);
        if opaque.kind == OpaqueKind::Encrypted && self.open != Some(Open::Thinking) {
            self.close(out);
            self.open(BlockOut::RedactedThinking { data }, out);
            self.stop(out);
        } else {
            self.thinking(out);
            self.delta(DeltaOut::Signature { signature: &data }, out);
            self.close(out);
        }
    }

    /// Makes sure that this block is the open one.
    fn within(&mut self, block: Open, start: BlockOut<'_>, out: &mut Vec<u8>) {
        if self.open != Some(block) {
            self.close(out);
            self.open(start, out);
            self.open = Some(block);
        }
    }

    fn open(&self, content_block: BlockOut<'_>, out: &mut Vec<u8>) {
        event(&EventOut::ContentBlockStart { index: self.blocks, content_block }, out);
    }

    fn delta(&self, delta: DeltaOut<'_>, out: &mut Vec<u8>) {
        event(&EventOut::ContentBlockDelta { index: self.blocks, delta }, out);
    }

    fn close(&mut self, out: &mut Vec<u8>) {
        if self.open.take().is_some() {
            self.stop(out);
        }
    }

    fn stop(&mut self, out: &mut Vec<u8>) {
        event(&EventOut::ContentBlockStop { index: self.blocks }, out);
        self.blocks = self.blocks.saturating_add(1);
    }
}

/// What a call's input is before its deltas.
fn empty_object() -> Box<RawValue> {
    serde_json::value::to_raw_value(&json!({})).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

fn event(event: &EventOut<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"event: ");
    out.extend_from_slice(event.name().as_bytes());
    out.extend_from_slice(b"\ndata: ");
    wire::write_json(out, event);
    out.extend_from_slice(b"\n\n");
}
