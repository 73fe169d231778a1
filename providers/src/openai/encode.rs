//! Writing a request for an upstream of OpenAI's dialect.

use std::borrow::Cow;

use serde::{
    Serialize, Serializer,
    ser::{SerializeMap, SerializeSeq},
};
use serde_json::Value;
use types::chat::{
    ChatRequest, File, FileSource, Format, Image, ImageSource, Message, Part, Role, TOOL_FAILED,
    Tool, ToolCall, ToolChoice,
};

use super::{expressible::check, words::Words};
use crate::{MaxTokensField, Target, Unsupported, wire};

/// The longest `user`, as OpenAI has it.
const USER_CHARS_MAX: usize = 64;

/// The request's body. The output limit is always sent, and a stream always asks for usage: the
/// ledger settles by it.
///
/// # Errors
/// The first field that this dialect cannot express: see [`check`].
pub fn encode_request(request: &ChatRequest, target: &Target<'_>) -> Result<Vec<u8>, Unsupported> {
    check(request)?;
    Ok(encode_as(request, target, &Words::OPENAI))
}

/// The body with these words, unchecked.
pub(crate) fn encode_as(request: &ChatRequest, target: &Target<'_>, words: &Words) -> Vec<u8> {
    let texts =
        request.messages.iter().flat_map(|message| &message.content).map(|part| match part {
            Part::Text(text) => text.len(),
            Part::Image(_) | Part::File(_) => 0,
        });
    let mut out = Vec::with_capacity(texts.sum::<usize>() + 1024);
    wire::write_json(&mut out, &Body { request, target, words });
    out
}

struct Body<'a> {
    request: &'a ChatRequest,
    target: &'a Target<'a>,
    words: &'a Words,
}

impl Serialize for Body<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { request, target, words } = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("model", target.upstream_model)?;
        let legacy = target.max_tokens_field == MaxTokensField::Legacy;
        let thoughts = target.wants_thoughts;
        let message =
            |message| MessageOut { message: Cow::as_ref(message), legacy, thoughts, words };
        map.serialize_entry("messages", &List(&turns(&request.messages), message))?;
        let limit = match target.max_tokens_field {
            MaxTokensField::Completion => "max_completion_tokens",
            MaxTokensField::Legacy => "max_tokens",
        };
        map.serialize_entry(limit, &target.max_output_tokens)?;
        if !request.tools.is_empty() {
            map.serialize_entry("tools", &List(&request.tools, ToolOut))?;
        }
        if let Some(choice) = &request.tool_choice {
            map.serialize_entry("tool_choice", &ChoiceOut(choice, words))?;
        }
        entry(&mut map, "parallel_tool_calls", request.parallel_tool_calls.as_ref())?;
        if let Some(format) = &request.format {
            map.serialize_entry("response_format", &FormatOut(format))?;
        }
        if request.choices > 1 {
            map.serialize_entry("n", &request.choices)?;
        }
        entry(&mut map, "temperature", request.sampling.temperature.as_ref())?;
        entry(&mut map, "top_p", request.sampling.top_p.as_ref())?;
        entry(&mut map, words.seed, request.sampling.seed.as_ref())?;
        entry(&mut map, "reasoning_effort", request.reasoning_effort.as_ref())?;
        if !request.stop.is_empty() {
            map.serialize_entry("stop", &request.stop)?;
        }
        for (name, value) in request.extra.iter().chain(&request.native.fields) {
            match (name.as_str(), value) {
                ("user", _) if !words.has_user => {}
                ("user", Value::String(user)) => map.serialize_entry(name, &user_name(user))?,
                _ => map.serialize_entry(name, value)?,
            }
        }
        if target.stream {
            map.serialize_entry("stream", &true)?;
        }
        if target.stream && !target.no_stream_usage {
            map.serialize_entry("stream_options", &StreamOptions { include_usage: true })?;
        }
        map.end()
    }
}

/// The messages, of which what an assistant said right after a call is part of the message with the
/// call: the dialect wants the results of tools there.
fn turns(messages: &[Message]) -> Vec<Cow<'_, Message>> {
    let mut turns: Vec<Cow<'_, Message>> = Vec::with_capacity(messages.len());
    for message in messages {
        match turns.last_mut() {
            Some(last)
                if message.role == Role::Assistant
                    && last.role == Role::Assistant
                    && !last.tool_calls.is_empty() =>
            {
                let last = last.to_mut();
                last.reasoning.extend_from_slice(&message.reasoning);
                last.content.extend_from_slice(&message.content);
                last.tool_calls.extend_from_slice(&message.tool_calls);
                last.refusal = last.refusal.take().or_else(|| message.refusal.clone());
            }
            _ => turns.push(Cow::Borrowed(message)),
        }
    }
    turns
}

/// Who asks, as a provider tells its users apart. OpenAI refuses a longer name, and Anthropic's clients have
/// some: a digest tells them apart as well.
fn user_name(user: &str) -> Cow<'_, str> {
    if user.chars().count() > USER_CHARS_MAX {
        wire::sha256(user.as_bytes()).into()
    } else {
        user.into()
    }
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

/// An entry, if there is a value.
fn entry<M: SerializeMap, T: Serialize>(
    map: &mut M,
    name: &str,
    value: Option<&T>,
) -> Result<(), M::Error> {
    value.map_or(Ok(()), |value| map.serialize_entry(name, value))
}

/// A list of our values, each in its wire form.
struct List<'a, T, F>(&'a [T], F);

impl<'a, T, W: Serialize, F: Fn(&'a T) -> W> Serialize for List<'a, T, F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        for item in self.0 {
            list.serialize_element(&(self.1)(item))?;
        }
        list.end()
    }
}

struct MessageOut<'a> {
    message: &'a Message,
    /// The server is of the older kind: it knows `system` only, which means the same.
    legacy: bool,
    /// The server wants what was thought before calls.
    thoughts: bool,
    words: &'a Words,
}

impl Serialize for MessageOut<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let message = self.message;
        let role = if self.legacy && message.role == Role::Developer {
            Role::System
        } else {
            message.role
        };
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("role", role.as_str())?;
        match message.content.as_slice() {
            [Part::Text(text)] if message.tool_failed => {
                map.serialize_entry("content", &format_args!("{TOOL_FAILED}{text}"))?;
            }
            [] if message.tool_failed => map.serialize_entry("content", TOOL_FAILED.trim_end())?,
            parts if message.tool_failed => {
                let told = Part::Text(TOOL_FAILED.to_owned());
                let parts: Vec<_> = std::iter::once(&told).chain(parts).map(PartOut).collect();
                map.serialize_entry("content", &parts)?;
            }
            // Many compatible servers take nothing but a plain string, so one text is one string.
            // Several texts stay apart: joining them would change what the model reads.
            [Part::Text(text)] => map.serialize_entry("content", text)?,
            [] if message.role == Role::Assistant => map.serialize_entry("content", &())?,
            [] => map.serialize_entry("content", "")?,
            parts => map.serialize_entry("content", &List(parts, PartOut))?,
        }
        entry(&mut map, "name", message.name.as_ref())?;
        if !message.tool_calls.is_empty() {
            let call = |call| CallOut(call, self.words);
            map.serialize_entry("tool_calls", &List(&message.tool_calls, call))?;
            let thought = thought(message).filter(|_| self.thoughts);
            entry(&mut map, "reasoning_content", thought.as_ref())?;
        }
        let id = message.tool_call_id.as_deref().map(|id| self.words.call_id(id));
        entry(&mut map, "tool_call_id", id.as_ref())?;
        entry(&mut map, "refusal", message.refusal.as_ref())?;
        map.end()
    }
}

/// What the assistant thought, as far as the caller told it: what is sealed is another API's.
fn thought(message: &Message) -> Option<String> {
    let plain = message.reasoning.iter().filter(|item| item.opaque.is_none());
    let texts = plain.filter_map(|item| item.text.as_deref()).filter(|text| !text.is_empty());
    texts.map(str::to_owned).reduce(|all, text| all + &text)
}

struct PartOut<'a>(&'a Part);

impl Serialize for PartOut<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        match self.0 {
            Part::Text(text) => {
                map.serialize_entry("type", "text")?;
                map.serialize_entry("text", text)?;
            }
            Part::Image(image) => {
                map.serialize_entry("type", "image_url")?;
                map.serialize_entry("image_url", &ImageOut(image))?;
            }
            // A document that is text is text to a model, with its name above it.
            Part::File(File { name, source: FileSource::Text(text) }) => {
                map.serialize_entry("type", "text")?;
                match name {
                    Some(name) => map.serialize_entry("text", &format_args!("{name}\n\n{text}"))?,
                    None => map.serialize_entry("text", text)?,
                }
            }
            Part::File(file) => {
                map.serialize_entry("type", "file")?;
                map.serialize_entry("file", &FileOut(file))?;
            }
        }
        map.end()
    }
}

struct ImageOut<'a>(&'a Image);

impl Serialize for ImageOut<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match &self.0.source {
            ImageSource::Url(url) => map.serialize_entry("url", url)?,
            ImageSource::Data { media_type, base64 } => {
                map.serialize_entry("url", &format!("data:{media_type};base64,{base64}"))?;
            }
        }
        entry(&mut map, "detail", self.0.detail.as_ref())?;
        map.end()
    }
}

struct FileOut<'a>(&'a File);

impl Serialize for FileOut<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let File { name, source } = self.0;
        let mut map = serializer.serialize_map(None)?;
        entry(&mut map, "filename", name.as_ref())?;
        match source {
            FileSource::Data { media_type, base64 } => {
                let data = format_args!("data:{media_type};base64,{base64}");
                map.serialize_entry("file_data", &data)?;
            }
            // INVARIANT: `check` lets only data through here.
            FileSource::Url(text) | FileSource::Text(text) => {
                map.serialize_entry("file_data", text)?;
            }
        }
        map.end()
    }
}

/// A tool call as messages carry it, in requests and answers alike.
pub(super) struct CallOut<'a>(&'a ToolCall, &'a Words);

impl<'a> From<&'a ToolCall> for CallOut<'a> {
    fn from(call: &'a ToolCall) -> Self {
        Self(call, &Words::OPENAI)
    }
}

impl Serialize for CallOut<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Function<'a> {
            name: &'a str,
            arguments: &'a str,
        }
        let ToolCall { id, name, arguments } = self.0;
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("id", &self.1.call_id(id))?;
        map.serialize_entry("type", "function")?;
        map.serialize_entry("function", &Function { name, arguments })?;
        map.end()
    }
}

struct ToolOut<'a>(&'a Tool);

impl Serialize for ToolOut<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("type", "function")?;
        map.serialize_entry("function", &FunctionOut(self.0))?;
        map.end()
    }
}

struct FunctionOut<'a>(&'a Tool);

impl Serialize for FunctionOut<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", &self.0.name)?;
        entry(&mut map, "description", self.0.description.as_ref())?;
        entry(&mut map, "parameters", self.0.parameters.as_ref())?;
        entry(&mut map, "strict", self.0.strict.as_ref())?;
        map.end()
    }
}

struct ChoiceOut<'a>(&'a ToolChoice, &'a Words);

impl Serialize for ChoiceOut<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Named<'a> {
            name: &'a str,
        }
        let name = match self.0 {
            ToolChoice::Auto => return serializer.serialize_str("auto"),
            ToolChoice::None => return serializer.serialize_str("none"),
            ToolChoice::Required => return serializer.serialize_str(self.1.any_tool),
            ToolChoice::Function(name) => name,
        };
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("type", "function")?;
        map.serialize_entry("function", &Named { name })?;
        map.end()
    }
}

struct FormatOut<'a>(&'a Format);

impl Serialize for FormatOut<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct JsonSchema<'a> {
            name: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            description: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            schema: Option<&'a serde_json::Value>,
            #[serde(skip_serializing_if = "Option::is_none")]
            strict: Option<bool>,
        }
        let mut map = serializer.serialize_map(None)?;
        match self.0 {
            Format::Text => map.serialize_entry("type", "text")?,
            Format::JsonObject => map.serialize_entry("type", "json_object")?,
            Format::JsonSchema { name, description, schema, strict } => {
                map.serialize_entry("type", "json_schema")?;
                let (description, schema) = (description.as_deref(), schema.as_ref());
                let schema = JsonSchema { name, description, schema, strict: *strict };
                map.serialize_entry("json_schema", &schema)?;
            }
        }
        map.end()
    }
}
