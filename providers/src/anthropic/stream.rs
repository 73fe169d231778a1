//! Reading a streamed answer of the Messages API.

use serde::Deserialize;
use types::{
    answer::{Event, Piece},
    chat::OpaqueKind,
};

use super::answer::{BlockIn, UsageIn, arguments, finish, sealed};
use crate::{
    BadStream, failure,
    sse::{SseEvent, SseParser},
};

/// The most tool calls of one answer.
const CALLS_MAX: usize = 1_024;

/// Reads a streamed answer.
#[derive(Debug, Default)]
pub struct StreamDecoder {
    parser: SseParser,
    state: State,
    fault: Option<BadStream>,
}

#[derive(Debug, Default)]
struct State {
    started: bool,
    /// `message_stop` or an error came.
    ended: bool,
    failed: bool,
    /// A stop reason came.
    stopped: bool,
    usage: UsageIn,
    calls: Vec<Call>,
}

/// A tool call: its place among the calls is its place here.
#[derive(Debug)]
struct Call {
    /// The number of its content block.
    block: u64,
    has_arguments: bool,
}

#[derive(Deserialize)]
struct EventIn<'a> {
    #[serde(rename = "type")]
    kind: Option<String>,
    message: Option<MessageIn>,
    index: Option<u64>,
    #[serde(borrow)]
    content_block: Option<BlockIn<'a>>,
    delta: Option<DeltaIn>,
    usage: Option<UsageIn>,
}

#[derive(Deserialize)]
struct MessageIn {
    id: Option<String>,
    model: Option<String>,
    usage: Option<UsageIn>,
}

/// The delta of a content block or of the message.
#[derive(Deserialize)]
struct DeltaIn {
    #[serde(rename = "type")]
    kind: Option<String>,
    text: Option<String>,
    thinking: Option<String>,
    signature: Option<String>,
    partial_json: Option<String>,
    stop_reason: Option<String>,
    stop_sequence: Option<String>,
}

impl StreamDecoder {
    /// A decoder for one answer.
    pub fn new() -> Self {
        Self::default()
    }

    /// See [`crate::StreamDecoder::push`].
    ///
    /// # Errors
    /// [`BadStream`].
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<Event>) -> Result<(), BadStream> {
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        let state = &mut self.state;
        let outcome = self.parser.push(bytes, |event| state.take(event, out));
        self.fault = outcome.as_ref().err().cloned();
        outcome
    }

    /// See [`crate::StreamDecoder::finished`].
    pub fn finished(&self) -> bool {
        let state = &self.state;
        self.fault.is_none() && !state.failed && (state.ended || state.stopped)
    }

    /// See [`crate::StreamDecoder::ended`].
    pub fn ended(&self) -> bool {
        self.state.ended
    }
}

impl State {
    fn take(&mut self, sse: SseEvent<'_>, out: &mut Vec<Event>) -> Result<(), BadStream> {
        if self.ended || sse.data.is_empty() {
            return Ok(());
        }
        // An event of a kind that we do not know may have any shape; so may an error.
        match sse.name {
            "error" => return self.fail(sse, out),
            "message_start"
            | "message_delta"
            | "message_stop"
            | "message"
            | "content_block_start"
            | "content_block_delta"
            | "content_block_stop" => {}
            _ => return Ok(()),
        }
        let event: EventIn<'_> = serde_json::from_str(sse.data)?;
        match event.kind.as_deref().unwrap_or(sse.name) {
            "message_start" => self.start(event.message, out),
            "content_block_start" => return self.block_start(event, out),
            "content_block_delta" => self.block_delta(event, out),
            "content_block_stop" => self.block_stop(event.index, out),
            "message_delta" => self.message_delta(event, out),
            "message_stop" => self.ended = true,
            "error" => return self.fail(sse, out),
            _ => {}
        }
        Ok(())
    }

    fn fail(&mut self, sse: SseEvent<'_>, out: &mut Vec<Event>) -> Result<(), BadStream> {
        let said = failure::said(sse.data.as_bytes());
        let kind = said.kind.unwrap_or_else(|| "error".to_owned());
        out.push(Event::Failed { kind, message: said.message });
        (self.ended, self.failed) = (true, true);
        Ok(())
    }

    fn start(&mut self, message: Option<MessageIn>, out: &mut Vec<Event>) {
        let Some(message) = message.filter(|_| !self.started) else { return };
        self.started = true;
        self.usage = message.usage.unwrap_or_default();
        out.push(Event::Start {
            id: message.id.unwrap_or_default(),
            created: 0,
            model: message.model.unwrap_or_default(),
            system_fingerprint: None,
            service_tier: self.usage.tier().map(str::to_owned),
        });
        // The counts of this event are those of the first token. They are told with the last ones
        // only: a stream that is cut in between must not be settled as if it had cost this little.
        add(out, Piece::Role);
    }

    fn block_start(&mut self, event: EventIn<'_>, out: &mut Vec<Event>) -> Result<(), BadStream> {
        let Some(block) = event.content_block else { return Ok(()) };
        match block.kind.as_str() {
            "text" => add_text(out, block.text, Piece::Text),
            "thinking" => add_text(out, block.thinking, Piece::Reasoning),
            "redacted_thinking" => add_sealed(out, OpaqueKind::Encrypted, block.data),
            "tool_use" => {
                if self.calls.len() >= CALLS_MAX {
                    return Err(BadStream::Beyond("number of tool calls"));
                }
                // The input comes in deltas; here it is an empty object, except from servers
                // that send all of it at once.
                let whole = Some(arguments(block.input)).filter(|input| *input != "{}");
                let index = u32::try_from(self.calls.len()).unwrap_or(u32::MAX);
                let block_index = event.index.unwrap_or(0);
                self.calls.push(Call { block: block_index, has_arguments: whole.is_some() });
                let (id, name) = (block.id, block.name);
                let arguments = whole.unwrap_or_default().to_owned();
                add(out, Piece::ToolCall { index, id, name, arguments });
            }
            _ => {}
        }
        Ok(())
    }

    fn block_delta(&mut self, event: EventIn<'_>, out: &mut Vec<Event>) {
        let Some(delta) = event.delta else { return };
        match delta.kind.as_deref() {
            Some("text_delta") => add_text(out, delta.text, Piece::Text),
            Some("thinking_delta") => add_text(out, delta.thinking, Piece::Reasoning),
            Some("input_json_delta") => {
                let text = delta.partial_json.filter(|text| !text.is_empty());
                let (Some((index, call)), Some(arguments)) = (self.call(event.index), text) else {
                    return;
                };
                call.has_arguments = true;
                add(out, Piece::ToolCall { index, id: None, name: None, arguments });
            }
            Some("signature_delta") => add_sealed(out, OpaqueKind::Signature, delta.signature),
            // Citations have no place in our shape.
            _ => {}
        }
    }

    /// A call without arguments still needs an object: clients of OpenAI's dialect parse the text.
    fn block_stop(&mut self, block: Option<u64>, out: &mut Vec<Event>) {
        let Some((index, call)) = self.call(block) else { return };
        if !std::mem::replace(&mut call.has_arguments, true) {
            let arguments = "{}".to_owned();
            add(out, Piece::ToolCall { index, id: None, name: None, arguments });
        }
    }

    fn call(&mut self, block: Option<u64>) -> Option<(u32, &mut Call)> {
        let block = block.unwrap_or(0);
        (0..).zip(&mut self.calls).find(|(_, call)| call.block == block)
    }

    fn message_delta(&mut self, event: EventIn<'_>, out: &mut Vec<Event>) {
        if let Some(DeltaIn { stop_reason: Some(reason), stop_sequence, .. }) = event.delta
            && !std::mem::replace(&mut self.stopped, true)
        {
            out.push(Event::Finish { choice: 0, reason: finish(Some(&reason)), stop_sequence });
        }
        if let Some(usage) = event.usage {
            self.usage.update(usage);
            out.extend(self.usage.total().map(Event::Usage));
        }
    }
}

fn add(out: &mut Vec<Event>, piece: Piece) {
    out.push(Event::Delta { choice: 0, piece, logprobs: None });
}

fn add_text(out: &mut Vec<Event>, text: Option<String>, piece: impl FnOnce(String) -> Piece) {
    if let Some(text) = text.filter(|text| !text.is_empty()) {
        add(out, piece(text));
    }
}

fn add_sealed(out: &mut Vec<Event>, kind: OpaqueKind, data: Option<String>) {
    if let Some(opaque) = data.and_then(|data| sealed(kind, data)) {
        add(out, Piece::Opaque(opaque));
    }
}
