//! The turns of a request, made of its messages.

use serde::Serialize;
use types::{
    Wire,
    chat::{ChatRequest, Message, Part, Role},
};

use super::block::{Block, document, reasoning, source, tool_use};
use crate::{Unsupported, wire::unsupported};

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

/// Sorts messages into system blocks and turns. Instructions stand before the conversation in this
/// API, wherever the caller put them; turns of one role in a row become one.
pub(super) fn conversation(request: &ChatRequest) -> Result<Conversation<'_>, Unsupported> {
    if let Some(field) = request.foreign_reasoning(Wire::Anthropic) {
        return Err(unsupported(field, "another provider's format made it"));
    }
    let mut all = Conversation::default();
    for (at, message) in request.messages.iter().enumerate() {
        // Of a tool's message it is the function's, which the call has.
        if message.name.is_some() && message.role != Role::Tool {
            let reason = "it has no names of participants";
            return Err(unsupported(format!("messages[{at}].name"), reason));
        }
        let mut blocks = parts(message, at)?;
        match message.role {
            Role::System | Role::Developer => all.system.append(&mut blocks),
            Role::User => all.add("user", blocks),
            Role::Tool => all.add("user", vec![tool_result(message, blocks)]),
            Role::Assistant => all.add("assistant", assistant(message, at, blocks)?),
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

/// The content of a message. The API refuses empty text, which says nothing.
fn parts(message: &Message, at: usize) -> Result<Vec<Block<'_>>, Unsupported> {
    let mut blocks = Vec::with_capacity(message.content.len());
    for (p, part) in message.content.iter().enumerate() {
        let refuse = |(field, reason): (&str, _)| {
            unsupported(format!("messages[{at}].content[{p}].{field}"), reason)
        };
        let block = match part {
            Part::Text(text) if text.is_empty() => continue,
            Part::Text(text) => Block::text(text),
            Part::Image(image) => {
                Block::Image { source: source(image).map_err(refuse)?, cache_control: None }
            }
            Part::File(file) => document(file).map_err(refuse)?,
        };
        blocks.push(block.kept(message, p));
    }
    Ok(blocks)
}

fn tool_result<'a>(message: &'a Message, content: Vec<Block<'a>>) -> Block<'a> {
    let tool_use_id = message.tool_call_id.as_deref().unwrap_or_default();
    let (is_error, cache_control) = (message.tool_failed, None);
    Block::ToolResult { tool_use_id, content, is_error, cache_control }
        .kept(message, message.content.len())
}

/// What the assistant thought, said and called, in the order that the API wants. A refusal is
/// something that it said.
fn assistant<'a>(
    message: &'a Message,
    at: usize,
    said: Vec<Block<'a>>,
) -> Result<Vec<Block<'a>>, Unsupported> {
    let mut blocks: Vec<_> = message.reasoning.iter().filter_map(reasoning).collect();
    blocks.extend(said);
    blocks.extend(message.refusal.as_deref().filter(|said| !said.is_empty()).map(Block::text));
    for (c, call) in message.tool_calls.iter().enumerate() {
        let block = tool_use(call).ok_or_else(|| {
            let field = format!("messages[{at}].tool_calls[{c}].function.arguments");
            unsupported(field, "it must be a json object")
        })?;
        blocks.push(block.kept(message, message.content.len() + c));
    }
    Ok(blocks)
}
