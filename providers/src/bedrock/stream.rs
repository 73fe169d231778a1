//! Reading an answer of ConverseStream.

use serde::Deserialize;
use types::{
    answer::{Event, Piece},
    chat::OpaqueKind,
};

use super::{
    answer::{finish, sealed},
    frame::{Frame, FrameParser},
    usage::UsageIn,
};
use crate::{BadStream, failure};

/// The most tool calls of one answer.
const CALLS_MAX: usize = 1_024;

/// Reads a streamed answer.
#[derive(Debug, Default)]
pub struct StreamDecoder {
    parser: FrameParser,
    state: State,
    fault: Option<BadStream>,
}

#[derive(Debug, Default)]
struct State {
    started: bool,
    /// `metadata` or an exception came.
    ended: bool,
    failed: bool,
    /// A stop reason came.
    stopped: bool,
    calls: Vec<Call>,
}

/// A tool call: its place among the calls is its place here.
#[derive(Debug)]
struct Call {
    /// The number of its content block.
    block: u64,
    has_arguments: bool,
}

/// The payload of an event, of any kind: one of another kind has none of the fields that are read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EventIn {
    content_block_index: Option<u64>,
    start: Option<Start>,
    delta: Option<Delta>,
    stop_reason: Option<String>,
    usage: Option<UsageIn>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Start {
    tool_use: Option<Begun>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Begun {
    tool_use_id: Option<String>,
    name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Delta {
    text: Option<String>,
    tool_use: Option<Input>,
    reasoning_content: Option<Thought>,
}

#[derive(Deserialize)]
struct Input {
    input: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Thought {
    text: Option<String>,
    signature: Option<String>,
    redacted_content: Option<String>,
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
        let outcome = self.parser.push(bytes, |frame| state.take(frame, out));
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
    fn take(&mut self, frame: Frame<'_>, out: &mut Vec<Event>) -> Result<(), BadStream> {
        if self.ended {
            return Ok(());
        }
        let kind = match frame.header(":message-type") {
            Some("event") => frame.header(":event-type").unwrap_or_default(),
            Some("exception") => {
                let said = failure::said(frame.payload);
                let kind = frame.header(":exception-type").unwrap_or("exception");
                return self.fail(kind.to_owned(), said.message, out);
            }
            Some("error") => {
                let kind = frame.header(":error-code").unwrap_or("error").to_owned();
                let message = frame.header(":error-message").unwrap_or_default();
                return self.fail(kind, crate::wire::shown(message), out);
            }
            _ => return Ok(()),
        };
        match kind {
            "messageStart" => self.start(out),
            "contentBlockStart" => return self.block_start(read(frame)?, out),
            "contentBlockDelta" => self.block_delta(read(frame)?, out),
            "contentBlockStop" => self.block_stop(read(frame)?.content_block_index, out),
            "messageStop" => return self.stop(read(frame)?.stop_reason, out),
            "metadata" => self.metadata(read(frame)?, out),
            _ => {}
        }
        Ok(())
    }

    fn fail(
        &mut self,
        kind: String,
        message: String,
        out: &mut Vec<Event>,
    ) -> Result<(), BadStream> {
        out.push(Event::Failed { kind, message });
        (self.ended, self.failed) = (true, true);
        Ok(())
    }

    /// The API tells neither an id nor a model.
    fn start(&mut self, out: &mut Vec<Event>) {
        if std::mem::replace(&mut self.started, true) {
            return;
        }
        out.push(Event::Start {
            id: String::new(),
            created: 0,
            model: String::new(),
            system_fingerprint: None,
            service_tier: None,
        });
        add(out, Piece::Role);
    }

    fn block_start(&mut self, event: EventIn, out: &mut Vec<Event>) -> Result<(), BadStream> {
        let Some(begun) = event.start.and_then(|start| start.tool_use) else { return Ok(()) };
        if self.calls.len() >= CALLS_MAX {
            return Err(BadStream::Beyond("number of tool calls"));
        }
        let index = u32::try_from(self.calls.len()).unwrap_or(u32::MAX);
        let block = event.content_block_index.unwrap_or(0);
        self.calls.push(Call { block, has_arguments: false });
        let (id, name) = (begun.tool_use_id, begun.name);
        add(out, Piece::ToolCall { index, id, name, arguments: String::new() });
        Ok(())
    }

    fn block_delta(&mut self, event: EventIn, out: &mut Vec<Event>) {
        let Some(delta) = event.delta else { return };
        let said = |text: Option<String>| text.filter(|text| !text.is_empty());
        out.extend(said(delta.text).map(Piece::Text).map(piece));
        if let Some(thought) = delta.reasoning_content {
            out.extend(said(thought.text).map(Piece::Reasoning).map(piece));
            let signed = thought.signature.and_then(|data| sealed(OpaqueKind::Signature, data));
            out.extend(signed.map(Piece::Opaque).map(piece));
            let hidden =
                thought.redacted_content.and_then(|data| sealed(OpaqueKind::Encrypted, data));
            out.extend(hidden.map(Piece::Opaque).map(piece));
        }
        let arguments = said(delta.tool_use.and_then(|input| input.input));
        if let Some(arguments) = arguments
            && let Some((index, call)) = self.call(event.content_block_index)
        {
            call.has_arguments = true;
            add(out, Piece::ToolCall { index, id: None, name: None, arguments });
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

    fn stop(&mut self, reason: Option<String>, out: &mut Vec<Event>) -> Result<(), BadStream> {
        let Some(reason) = reason else { return Ok(()) };
        match finish(&reason) {
            Ok(reason) => {
                if !std::mem::replace(&mut self.stopped, true) {
                    out.push(Event::Finish { choice: 0, reason, stop_sequence: None });
                }
                Ok(())
            }
            Err(why) => {
                let message = "the model's output could not be used".to_owned();
                self.fail(why.to_owned(), message, out)
            }
        }
    }

    /// The last event, which alone tells the counts. The tier that served the request is in it too,
    /// too late for our shape: a streamed call is charged at the dearest tier that it may have had.
    fn metadata(&mut self, event: EventIn, out: &mut Vec<Event>) {
        out.extend(event.usage.and_then(|usage| usage.total()).map(Event::Usage));
        self.ended = true;
    }
}

fn read(frame: Frame<'_>) -> Result<EventIn, BadStream> {
    Ok(serde_json::from_slice(frame.payload)?)
}

fn piece(piece: Piece) -> Event {
    Event::Delta { choice: 0, piece, logprobs: None }
}

fn add(out: &mut Vec<Event>, added: Piece) {
    out.push(piece(added));
}
