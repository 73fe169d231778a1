//! Reading a streamed answer in OpenAI's form (`CreateChatCompletionStreamResponse`).

use serde::Deserialize;
use serde_json::{Value, value::RawValue};
use types::answer::{Event, Piece};

use super::{
    answer::{FAILED, finish, made_up_id, whole_logprobs},
    said::Said,
    template::Template,
    usage,
};
use crate::{
    BadStream, failure,
    sse::{SseEvent, SseParser},
    wire,
};

/// Choices are numbered below this; OpenAI allows 128. One bit of a `u128` each.
const CHOICES_MAX: u32 = 128;

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
    /// `[DONE]` or an error came.
    ended: bool,
    failed: bool,
    /// A bit for each choice that has begun, told its role, finished.
    begun: u128,
    told_role: u128,
    finished: u128,
    calls: Vec<Call>,
    answer_id: String,
    /// The last chunk that said a piece of text and nothing else.
    template: Option<Template>,
}

/// A tool call that has begun.
#[derive(Debug)]
struct Call {
    choice: u32,
    /// The number that the server gave, and ours, which no other call of the choice has.
    number: Option<u32>,
    index: u32,
    /// The id that the server gave, for servers that number nothing or all alike.
    given_id: Option<String>,
    named: bool,
}

/// What every chunk repeats; it is read until the answer has begun.
#[derive(Deserialize)]
struct Stamp<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    created: Option<&'a RawValue>,
    #[serde(borrow)]
    model: Option<&'a RawValue>,
    #[serde(borrow)]
    system_fingerprint: Option<&'a RawValue>,
    #[serde(borrow)]
    service_tier: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Chunk<'a> {
    #[serde(borrow)]
    choices: Option<Vec<ChoiceIn<'a>>>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(borrow)]
    object: Option<&'a RawValue>,
    /// What Groq adds to its last chunk.
    #[serde(borrow)]
    x_groq: Option<Groq<'a>>,
}

/// Groq's own: the usage, where nobody asked for it by `stream_options`, or what broke the stream.
#[derive(Deserialize)]
struct Groq<'a> {
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    error: Option<String>,
}

#[derive(Deserialize)]
struct ChoiceIn<'a> {
    index: Option<u32>,
    #[serde(borrow)]
    delta: Option<Delta<'a>>,
    #[serde(borrow)]
    finish_reason: Option<&'a RawValue>,
    logprobs: Option<Value>,
}

#[derive(Deserialize)]
struct Delta<'a> {
    #[serde(borrow)]
    role: Option<&'a RawValue>,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    refusal: Option<String>,
    #[serde(borrow)]
    reasoning_content: Option<&'a RawValue>,
    #[serde(borrow)]
    reasoning: Option<&'a RawValue>,
    tool_calls: Option<Vec<CallIn>>,
}

#[derive(Deserialize)]
struct CallIn {
    index: Option<u32>,
    id: Option<String>,
    function: Option<FunctionIn>,
}

#[derive(Deserialize)]
struct FunctionIn {
    name: Option<String>,
    arguments: Option<Value>,
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
        let all_finished = state.begun != 0 && state.finished == state.begun;
        self.fault.is_none() && !state.failed && (state.ended || all_finished)
    }

    /// See [`crate::StreamDecoder::ended`].
    pub fn ended(&self) -> bool {
        self.state.ended
    }
}

impl State {
    fn take(&mut self, event: SseEvent<'_>, out: &mut Vec<Event>) -> Result<(), BadStream> {
        if self.ended || event.data.is_empty() {
            return Ok(());
        }
        if event.name != "error"
            && let Some(template) = &self.template
            && let Some(text) = template.text(event.data)
            && !text.is_empty()
        {
            out.push(text_event(template.choice, text.into_owned()));
            return Ok(());
        }
        if event.data.trim() == "[DONE]" {
            self.ended = true;
            return Ok(());
        }
        let chunk: Chunk<'_> = serde_json::from_str(event.data)?;
        let is_error = |object: &RawValue| object.get() == "\"error\"";
        let says_error = chunk.object.is_some_and(is_error) || event.name == "error";
        if chunk.error.is_some() || says_error {
            let said = failure::said(event.data.as_bytes());
            self.fail(said.kind, said.message, out);
            return Ok(());
        }
        if let Some(error) = chunk.x_groq.as_ref().and_then(|groq| groq.error.as_deref()) {
            self.fail(None, wire::shown(error), out);
            return Ok(());
        }
        let choices = chunk.choices.unwrap_or_default();
        let content = match &*choices {
            [only] => only.delta.as_ref().and_then(|delta| delta.content),
            _ => None,
        };
        let events = out.len();
        if !self.started {
            self.start(event.data, !choices.is_empty(), out)?;
        }
        for choice in choices {
            self.choice(choice, out)?;
            if self.failed {
                break;
            }
        }
        let usage = chunk.usage.and_then(usage::decode);
        let groq = || chunk.x_groq.and_then(|groq| groq.usage).and_then(usage::decode);
        let usage = usage.or_else(groq).map(Event::Usage);
        // What ends a stream comes last.
        let at = out.len() - usize::from(self.failed);
        out.splice(at..at, usage);
        // What it did beside that, once, it would not do again.
        if let (Some(content), Some([only])) = (content, out.get(events..))
            && let &Event::Delta { choice, piece: Piece::Text(_), logprobs: None } = only
        {
            self.template = Template::of(event.data, content, choice);
        }
        Ok(())
    }

    fn fail(&mut self, kind: Option<String>, message: String, out: &mut Vec<Event>) {
        let kind = kind.unwrap_or_else(|| "error".to_owned());
        out.push(Event::Failed { kind, message });
        (self.ended, self.failed) = (true, true);
    }

    /// Azure opens with a chunk of filter results that has neither id nor choices: it starts
    /// nothing.
    fn start(
        &mut self,
        data: &str,
        has_choices: bool,
        out: &mut Vec<Event>,
    ) -> Result<(), BadStream> {
        let stamp: Stamp<'_> = serde_json::from_str(data)?;
        if !has_choices && stamp.id.is_none_or(|id| id.get() == "\"\"") {
            return Ok(());
        }
        self.started = true;
        self.answer_id = text(stamp.id).unwrap_or_default();
        out.push(Event::Start {
            id: self.answer_id.clone(),
            created: stamp.created.and_then(|raw| raw.get().parse().ok()).unwrap_or(0),
            model: text(stamp.model).unwrap_or_default(),
            system_fingerprint: text(stamp.system_fingerprint),
            service_tier: text(stamp.service_tier),
        });
        Ok(())
    }

    fn choice(&mut self, choice: ChoiceIn<'_>, out: &mut Vec<Event>) -> Result<(), BadStream> {
        let index = choice.index.unwrap_or(0);
        if index >= CHOICES_MAX {
            return Err(BadStream::Beyond("choice number"));
        }
        let bit = 1_u128 << index;
        self.begun |= bit;
        let mut logprobs = choice.logprobs.filter(|value| !value.is_null()).map(whole_logprobs);
        let mut add = |piece, logprobs| out.push(Event::Delta { choice: index, piece, logprobs });
        if let Some(delta) = choice.delta {
            // Some servers repeat the role in every chunk.
            if delta.role.is_some() && self.told_role & bit == 0 {
                self.told_role |= bit;
                add(Piece::Role, None);
            }
            let reasoning = text(delta.reasoning_content).or_else(|| text(delta.reasoning));
            let said = delta.content.map(Said::deserialize).transpose()?.unwrap_or_default();
            let reasoning = reasoning.or(said.thoughts);
            if let Some(text) = reasoning.filter(|text| !text.is_empty()) {
                add(Piece::Reasoning(text), None);
            }
            if let Some(text) = delta.refusal.filter(|text| !text.is_empty()) {
                add(Piece::Refusal(text), logprobs.take());
            }
            if let Some(text) = said.text.filter(|text| !text.is_empty()) {
                add(Piece::Text(text), logprobs.take());
            }
            for call in delta.tool_calls.into_iter().flatten() {
                let piece = self.call(index, call)?;
                add(piece, None);
            }
        }
        if let Some(logprobs) = logprobs {
            add(Piece::Text(String::new()), Some(logprobs));
        }
        if let Some(reason) = text(choice.finish_reason).filter(|reason| !reason.is_empty())
            && self.finished & bit == 0
        {
            if reason == FAILED {
                self.fail(None, "the provider broke off".to_owned(), out);
                return Ok(());
            }
            self.finished |= bit;
            let (reason, stop_sequence) = (finish(&reason), None);
            out.push(Event::Finish { choice: index, reason, stop_sequence });
        }
        Ok(())
    }

    /// One part of a tool call.
    fn call(&mut self, choice: u32, part: CallIn) -> Result<Piece, BadStream> {
        let given_id = part.id.filter(|id| !id.is_empty());
        let function = part.function;
        let (name, arguments) = function.map_or((None, None), |f| (f.name, f.arguments));
        let name = name.filter(|name| !name.is_empty());
        let arguments = match arguments {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text,
            Some(other) => other.to_string(),
        };
        let mut calls = self.calls.iter_mut().rev().filter(|call| call.choice == choice);
        let last = match part.index {
            Some(_) => calls.find(|call| call.number == part.index),
            None => calls.next(),
        };
        let goes_on = |call: &Call| call.goes_on(part.index, given_id.as_deref(), name.is_some());
        if let Some(call) = last.filter(|call| goes_on(call)) {
            let (index, name) = (call.index, name.filter(|_| !call.named));
            call.named |= name.is_some();
            return Ok(Piece::ToolCall { index, id: None, name, arguments });
        }
        if self.calls.len() >= CALLS_MAX {
            return Err(BadStream::Beyond("number of tool calls"));
        }
        let index = self.free_index(choice, part.index)?;
        let named = name.is_some();
        let made_up = || made_up_id(&self.answer_id, choice, index);
        let id = given_id.clone().unwrap_or_else(made_up);
        self.calls.push(Call { choice, number: part.index, index, given_id, named });
        Ok(Piece::ToolCall { index, id: Some(id), name, arguments })
    }

    /// Our number for a new call: the server's, where no call has it yet.
    fn free_index(&self, choice: u32, number: Option<u32>) -> Result<u32, BadStream> {
        let taken =
            || self.calls.iter().filter(|call| call.choice == choice).map(|call| call.index);
        match (number, taken().max()) {
            (Some(number), _) if !taken().any(|index| index == number) => Ok(number),
            (_, None) => Ok(0),
            (_, Some(most)) => most.checked_add(1).ok_or(BadStream::Beyond("number of tool calls")),
        }
    }
}

impl Call {
    /// Whether a part with this number, id and a name or none is a part of this call. Some servers number
    /// nothing: then a new id, or a name without one, begins a new call. Ollama numbers all calls 0: there
    /// it takes both, since others give every part of one call an id of its own.
    fn goes_on(&self, number: Option<u32>, id: Option<&str>, names: bool) -> bool {
        let given = self.given_id.as_deref();
        match (number, id) {
            (None, None) => !names,
            (None, Some(_)) => id == given,
            (Some(_), None) => true,
            (Some(_), Some(_)) => !names || given.is_none() || id == given,
        }
    }
}

fn text_event(choice: u32, text: String) -> Event {
    Event::Delta { choice, piece: Piece::Text(text), logprobs: None }
}

/// A string, if it is one: servers put other things into fields that we can do without.
fn text(raw: Option<&RawValue>) -> Option<String> {
    raw.and_then(|raw| serde_json::from_str(raw.get()).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A chunk of a form that servers send, with a text of any kind.
    fn chunk(form: usize, text: &str) -> String {
        let text = serde_json::to_string(text).unwrap();
        let choice = match form {
            0 => format!(r#"{{"index":0,"delta":{{"content":{text}}},"finish_reason":null}}"#),
            1 => format!(r#"{{"index":1,"delta":{{"role":"assistant","content":{text}}}}}"#),
            2 => {
                format!(r#"{{"index":0,"delta":{{"content":{text}}},"logprobs":{{"content":[]}}}}"#)
            }
            3 => format!(r#"{{"index":0,"delta":{{"reasoning":{text},"content":{text}}}}}"#),
            4 => format!(r#"{{"index":0,"delta":{{"content":[{{"text":{text}}}]}}}}"#),
            5 => format!(r#"{{"index":0,"delta":{{"content":{text}}},"finish_reason":"stop"}}"#),
            6 => {
                format!(r#"{{"index":0,"delta":{{"tool_calls":[{{"id":{text}}}],"content":"a"}}}}"#)
            }
            _ => r#"{"index":0,"delta":{"content":null}}"#.to_owned(),
        };
        let usage =
            if form == 7 { r#","usage":{"prompt_tokens":1,"completion_tokens":2}"# } else { "" };
        format!("data: {{\"id\":\"a\",\"choices\":[{choice}]{usage}}}\n\n")
    }

    proptest! {
        #[test]
        fn a_template_changes_nothing(
            chunks in prop::collection::vec((0..9_usize, prop::string::string_regex("[a\"\\\\\n\u{e9}{}:,]{0,6}").unwrap()), 0..20),
        ) {
            let (mut with, mut without) = (StreamDecoder::new(), StreamDecoder::new());
            let (mut told, mut expected) = (Vec::new(), Vec::new());
            for (form, text) in chunks {
                // The same form comes in a row, as in a stream.
                for text in [&*text, "b"] {
                    let bytes = chunk(form, text).into_bytes();
                    without.state.template = None;
                    let outcome = without.push(&bytes, &mut expected);
                    prop_assert_eq!(with.push(&bytes, &mut told), outcome);
                }
            }
            prop_assert_eq!(told, expected);
        }
    }
}
