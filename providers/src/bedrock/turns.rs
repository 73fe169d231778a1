//! The turns of a request, made of its messages.

use serde::Serialize;
use types::{
    Wire,
    chat::{ChatRequest, Message, Part, Role},
};

use super::block::{Block, document, image, reasoning, tool_use};
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
    if let Some(field) = request.foreign_reasoning(Wire::Bedrock) {
        return Err(unsupported(field, "another provider's format made it"));
    }
    let mut all = Conversation::default();
    for (at, message) in request.messages.iter().enumerate() {
        // Of a tool's message it is the function's, which the call has.
        if message.name.is_some() && message.role != Role::Tool {
            let reason = "it has no names of participants";
            return Err(unsupported(format!("messages[{at}].name"), reason));
        }
        match message.role {
            Role::System | Role::Developer => all.system.append(&mut system(message, at)?),
            Role::User => all.add("user", said(message, at)?),
            Role::Tool => all.add("user", result(message, at)?),
            Role::Assistant => all.add("assistant", assistant(message, at)?),
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

fn system(message: &Message, at: usize) -> Result<Vec<Block<'_>>, Unsupported> {
    if let Some(p) = message.content.iter().position(|part| !matches!(part, Part::Text(_))) {
        let field = format!("messages[{at}].content[{p}]");
        return Err(unsupported(field, "it takes text only in a system's message"));
    }
    said(message, at)
}

/// The content of a message with its hints for the cache. The API refuses empty text, which says
/// nothing.
fn said(message: &Message, at: usize) -> Result<Vec<Block<'_>>, Unsupported> {
    let mut blocks = Vec::with_capacity(message.content.len());
    for (p, part) in message.content.iter().enumerate() {
        let refuse = |(field, reason): (&str, _)| {
            unsupported(format!("messages[{at}].content[{p}].{field}"), reason)
        };
        match part {
            Part::Text(text) if text.is_empty() => {}
            Part::Text(text) => blocks.push(Block::text(text)),
            Part::Image(given) => blocks.push(image(given).map_err(refuse)?),
            Part::File(file) => blocks.push(document(file).map_err(refuse)?),
        }
        blocks.extend(kept(message, p).filter(|_| !blocks.is_empty()));
    }
    Ok(blocks)
}

/// The hint that a message has for this place, if any: in this API a block of its own.
fn kept<'a>(message: &Message, place: usize) -> Option<Block<'a>> {
    let point = message.cache.iter().find(|point| point.after == place)?;
    Some(Block::CachePoint(point.ttl.into()))
}

fn result(message: &Message, at: usize) -> Result<Vec<Block<'_>>, Unsupported> {
    let tool_use_id = message.tool_call_id.as_deref().unwrap_or_default();
    let mut content = said(message, at)?;
    content.retain(|block| !matches!(block, Block::CachePoint(_)));
    if content.is_empty() {
        // A result must have content; a space is the least that says nothing.
        content.push(Block::text(" "));
    }
    let status = message.tool_failed.then_some("error");
    let mut blocks = vec![Block::ToolResult { tool_use_id, content, status }];
    let last = message.cache.last();
    blocks.extend(last.map(|point| Block::CachePoint(point.ttl.into())));
    Ok(blocks)
}

/// What the assistant thought, said and called, in the order that the API wants. A refusal is
/// something that it said.
fn assistant(message: &Message, at: usize) -> Result<Vec<Block<'_>>, Unsupported> {
    let mut blocks: Vec<_> = message.reasoning.iter().filter_map(reasoning).collect();
    blocks.extend(said(message, at)?);
    blocks.extend(message.refusal.as_deref().filter(|said| !said.is_empty()).map(Block::text));
    for (c, call) in message.tool_calls.iter().enumerate() {
        blocks.push(tool_use(call).ok_or_else(|| {
            let field = format!("messages[{at}].tool_calls[{c}].function.arguments");
            unsupported(field, "it must be a json object")
        })?);
        blocks.extend(kept(message, message.content.len() + c));
    }
    Ok(blocks)
}
