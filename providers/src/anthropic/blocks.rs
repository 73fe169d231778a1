//! The turns and content blocks of a request.

use serde::Serialize;
use serde_json::value::RawValue;
use types::chat::{Image, ImageSource, Message, Part, Role, ToolCall};

use crate::{Unsupported, json};

/// The image types that the API takes.
const IMAGE_TYPES: [&str; 4] = ["image/jpeg", "image/png", "image/gif", "image/webp"];

/// A conversation as the API takes it.
#[derive(Default)]
pub(super) struct Conversation<'a> {
    pub(super) system: Vec<Block<'a>>,
    pub(super) turns: Vec<Turn<'a>>,
}

#[derive(Serialize)]
pub(super) struct Turn<'a> {
    role: &'static str,
    content: Vec<Block<'a>>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Block<'a> {
    Text {
        text: &'a str,
    },
    Image {
        source: Source<'a>,
    },
    ToolUse {
        id: &'a str,
        name: &'a str,
        input: &'a RawValue,
    },
    ToolResult {
        tool_use_id: &'a str,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        content: Vec<Block<'a>>,
    },
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Source<'a> {
    Url { url: &'a str },
    Base64 { media_type: &'a str, data: &'a str },
}

pub(super) fn unsupported(field: impl Into<String>, reason: &'static str) -> Unsupported {
    Unsupported { field: field.into(), reason }
}

/// Sorts messages into system blocks and turns. Instructions stand before the conversation in this
/// API, wherever the caller put them; turns of one role in a row become one.
pub(super) fn conversation(messages: &[Message]) -> Result<Conversation<'_>, Unsupported> {
    let mut all = Conversation::default();
    for (at, message) in messages.iter().enumerate() {
        if message.name.is_some() {
            let reason = "it has no names of participants";
            return Err(unsupported(format!("messages[{at}].name"), reason));
        }
        let mut blocks = parts(&message.content, at)?;
        match message.role {
            Role::System | Role::Developer => all.system.append(&mut blocks),
            Role::User => all.add("user", blocks),
            Role::Tool => {
                let tool_use_id = message.tool_call_id.as_deref().unwrap_or_default();
                all.add("user", vec![Block::ToolResult { tool_use_id, content: blocks }]);
            }
            Role::Assistant => {
                // A refusal is something the model said.
                blocks.extend(text(message.refusal.as_deref().unwrap_or_default()));
                for (c, call) in message.tool_calls.iter().enumerate() {
                    blocks.push(tool_use(call, at, c)?);
                }
                all.add("assistant", blocks);
            }
        }
    }
    if all.turns.is_empty() {
        return Err(unsupported("messages", "it needs a message that is not empty or a system's"));
    }
    Ok(all)
}

impl<'a> Conversation<'a> {
    fn add(&mut self, role: &'static str, mut content: Vec<Block<'a>>) {
        match self.turns.last_mut() {
            _ if content.is_empty() => {}
            Some(turn) if turn.role == role => turn.content.append(&mut content),
            _ => self.turns.push(Turn { role, content }),
        }
    }
}

/// The API refuses empty text, which says nothing.
fn text(text: &str) -> Option<Block<'_>> {
    (!text.is_empty()).then_some(Block::Text { text })
}

fn parts(parts: &[Part], message: usize) -> Result<Vec<Block<'_>>, Unsupported> {
    let mut blocks = Vec::with_capacity(parts.len());
    for (at, part) in parts.iter().enumerate() {
        match part {
            Part::Text(said) => blocks.extend(text(said)),
            Part::Image(image) => {
                let source = source(image).map_err(|(field, reason)| {
                    unsupported(format!("messages[{message}].content[{at}].{field}"), reason)
                })?;
                blocks.push(Block::Image { source });
            }
        }
    }
    Ok(blocks)
}

fn source(image: &Image) -> Result<Source<'_>, (&'static str, &'static str)> {
    if image.detail.as_deref().is_some_and(|detail| detail != "auto") {
        return Err(("image_url.detail", "it has no detail of images"));
    }
    match &image.source {
        ImageSource::Url(url) => Ok(Source::Url { url }),
        ImageSource::Data { media_type, base64 } if IMAGE_TYPES.contains(&media_type.as_str()) => {
            Ok(Source::Base64 { media_type, data: base64 })
        }
        ImageSource::Data { .. } => {
            Err(("image_url.url", "it takes jpeg, png, gif and webp images only"))
        }
    }
}

/// The API wants the arguments as an object, not as text, and models do write broken JSON.
fn tool_use(call: &ToolCall, message: usize, at: usize) -> Result<Block<'_>, Unsupported> {
    let arguments = call.arguments.trim();
    let arguments = if arguments.is_empty() { "{}" } else { arguments };
    let is_object =
        arguments.starts_with('{') && json::check(arguments.as_bytes(), json::DEPTH_MAX).is_ok();
    let input = serde_json::from_str(arguments).ok().filter(|_| is_object);
    let input = input.ok_or_else(|| {
        let field = format!("messages[{message}].tool_calls[{at}].function.arguments");
        unsupported(field, "it must be a json object")
    })?;
    Ok(Block::ToolUse { id: &call.id, name: &call.name, input })
}
