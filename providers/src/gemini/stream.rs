//! Reading an answer of `streamGenerateContent`: each event has the form of a whole answer and is a
//! piece of it. There is no terminator.

use types::answer::{Event, Finish, Piece, Usage};

use super::{
    answer::{AnswerIn, Candidate, PartIn, arguments, call_id, finish, sealed},
    error::decode_error,
};
use crate::{
    BadStream,
    sse::{SseEvent, SseParser},
};

/// Choices are numbered below this: one bit of a `u32` each. The API allows 8.
const CHOICES_MAX: u32 = 32;

/// The most tool calls of one answer.
const CALLS_MAX: u32 = 1_024;

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
    failed: bool,
    /// A bit for each choice that has begun, told its role, finished.
    begun: u32,
    finished: u32,
    /// The choice of each call so far: its place among those of its choice is its index.
    calls: Vec<u32>,
    answer_id: String,
    usage: Option<Usage>,
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
        self.fault.is_none() && !state.failed && state.all_finished()
    }

    /// Only an error ends the stream before the response does.
    pub fn ended(&self) -> bool {
        self.state.failed
    }
}

impl State {
    fn all_finished(&self) -> bool {
        self.begun != 0 && self.finished == self.begun
    }

    fn take(&mut self, sse: SseEvent<'_>, out: &mut Vec<Event>) -> Result<(), BadStream> {
        if self.failed || sse.data.is_empty() {
            return Ok(());
        }
        let answer: AnswerIn<'_> = serde_json::from_str(sse.data)?;
        self.usage = answer.usage_metadata.and_then(|usage| usage.total()).or(self.usage);
        if answer.error.is_some() {
            let error = decode_error(500, sse.data.as_bytes());
            self.fail(error.kind, error.message, out);
            return Ok(());
        }
        if !self.started {
            self.started = true;
            self.answer_id = answer.response_id.unwrap_or_default();
            out.push(Event::Start {
                id: self.answer_id.clone(),
                created: 0,
                model: answer.model_version.unwrap_or_default(),
                system_fingerprint: None,
                service_tier: None,
            });
        }
        let blocked = answer.prompt_feedback.is_some_and(|told| told.block_reason.is_some());
        if blocked && answer.candidates.is_empty() {
            self.begin(0, out);
            self.end(0, Finish::ContentFilter, out);
        }
        for (at, candidate) in (0..).zip(answer.candidates) {
            self.candidate(candidate.index.unwrap_or(at), candidate, out)?;
            if self.failed {
                return Ok(());
            }
        }
        // Every event has the counts so far. They are told at the end only: a stream that is cut in
        // between must not be settled as if it had cost this little.
        if self.all_finished() {
            out.extend(self.usage.take().map(Event::Usage));
        }
        Ok(())
    }

    fn candidate(
        &mut self,
        choice: u32,
        candidate: Candidate<'_>,
        out: &mut Vec<Event>,
    ) -> Result<(), BadStream> {
        if choice >= CHOICES_MAX {
            return Err(BadStream::Beyond("choice number"));
        }
        self.begin(choice, out);
        for part in candidate.content.map(|content| content.parts).unwrap_or_default() {
            self.part(choice, part, out)?;
        }
        if let Some(reason) = candidate.finish_reason.filter(|reason| !reason.is_empty()) {
            let has_calls = self.calls.contains(&choice);
            match finish(Some(&reason), has_calls) {
                Ok(reason) => self.end(choice, reason, out),
                Err(why) => {
                    let message = "the model's output could not be used".to_owned();
                    self.fail(why.to_owned(), message, out);
                }
            }
        }
        Ok(())
    }

    fn part(
        &mut self,
        choice: u32,
        part: PartIn<'_>,
        out: &mut Vec<Event>,
    ) -> Result<(), BadStream> {
        let Some(call) = part.function_call else {
            self.seal(choice, part.thought_signature, None, out);
            if let Some(text) = part.text.filter(|text| !text.is_empty()) {
                let piece = if part.thought { Piece::Reasoning(text) } else { Piece::Text(text) };
                add(choice, piece, out);
            }
            return Ok(());
        };
        let before = self.calls.iter().filter(|of| **of == choice).count();
        let index = u32::try_from(before).unwrap_or(u32::MAX);
        if index >= CALLS_MAX {
            return Err(BadStream::Beyond("number of tool calls"));
        }
        self.calls.push(choice);
        let id = call_id(call.id, &self.answer_id, choice, index);
        self.seal(choice, part.thought_signature, Some(&id), out);
        let (id, name, arguments) = (Some(id), call.name, arguments(call.args).to_owned());
        add(choice, Piece::ToolCall { index, id, name, arguments }, out);
        Ok(())
    }

    /// A signature ends the thoughts before it, so that it is told before its part.
    fn seal(
        &self,
        choice: u32,
        signature: Option<String>,
        call: Option<&str>,
        out: &mut Vec<Event>,
    ) {
        if let Some(opaque) = signature.and_then(|signature| sealed(&signature, call)) {
            add(choice, Piece::Opaque(opaque), out);
        }
    }

    fn begin(&mut self, choice: u32, out: &mut Vec<Event>) {
        let bit = 1 << choice;
        if self.begun & bit == 0 {
            self.begun |= bit;
            add(choice, Piece::Role, out);
        }
    }

    fn end(&mut self, choice: u32, reason: Finish, out: &mut Vec<Event>) {
        let bit = 1 << choice;
        if self.finished & bit == 0 {
            self.finished |= bit;
            out.push(Event::Finish { choice, reason, stop_sequence: None });
        }
    }

    fn fail(&mut self, kind: String, message: String, out: &mut Vec<Event>) {
        self.failed = true;
        out.extend(self.usage.take().map(Event::Usage));
        out.push(Event::Failed { kind, message });
    }
}

fn add(choice: u32, piece: Piece, out: &mut Vec<Event>) {
    out.push(Event::Delta { choice, piece, logprobs: None });
}
