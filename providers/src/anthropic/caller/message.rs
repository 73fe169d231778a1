//! Reading the turns of a request. A turn becomes as many of our messages as it takes to keep the
//! order of its blocks: each result of a tool is a message of its own, and so is what an assistant
//! thought or said after it had called a tool.

use serde_json::value::RawValue;
use types::chat::{Message, Part, Role};

use super::block::{self, Piece};
use crate::{
    params,
    params::{Fields, Path, Read},
};

/// The most turns of one request, as the API has it.
const TURNS_MAX: usize = 100_000;

pub(super) fn messages(path: &Path<'_>, raw: &RawValue, into: &mut Vec<Message>) -> Read<()> {
    let turns = params::objects(path, raw)?;
    if turns.is_empty() || turns.len() > TURNS_MAX {
        return Err(path.refuse(&format!("must have 1 to {TURNS_MAX} messages")));
    }
    for (i, fields) in turns.into_iter().enumerate() {
        turn(&path.item(i), fields, into)?;
    }
    Ok(())
}

fn turn(path: &Path<'_>, mut fields: Fields<'_>, into: &mut Vec<Message>) -> Read<()> {
    let role =
        fields.need(path, "role", |path, raw| params::one_of(path, raw, &["user", "assistant"]))?;
    let role = if role == "user" { Role::User } else { Role::Assistant };
    let start = into.len();
    fields.need(path, "content", |path, raw| {
        if raw.get().starts_with('"') {
            into.push(Message::new(role, vec![Part::Text(params::string(path, raw)?)]));
            return Ok(());
        }
        if !raw.get().starts_with('[') {
            return Err(path.refuse("must be a string or an array of blocks"));
        }
        for (i, fields) in params::objects(path, raw)?.into_iter().enumerate() {
            let path = path.item(i);
            add(block::read(&path, fields, role)?, role, start, into);
        }
        Ok(())
    })?;
    // A turn without blocks says nothing, and the API takes it at the end of an assistant's.
    if into.len() == start && role == Role::User {
        return Err(path.field("content").refuse("must have at least one block"));
    }
    fields.end(Some(path))
}

/// Adds a block to the turn that begins at `start`.
fn add(piece: Piece, role: Role, start: usize, into: &mut Vec<Message>) {
    if let Piece::Result(message) = piece {
        into.push(message);
        return;
    }
    let fits = into.get(start..).and_then(<[_]>::last).is_some_and(|last| {
        last.role == role
            && match piece {
                Piece::Thought(_) => last.content.is_empty() && last.tool_calls.is_empty(),
                Piece::Part(..) => last.tool_calls.is_empty(),
                Piece::Call(..) | Piece::Result(_) => true,
            }
    });
    if !fits {
        into.push(Message::new(role, Vec::new()));
    }
    let Some(last) = into.last_mut() else { return };
    let ttl = match piece {
        Piece::Thought(item) => {
            last.reasoning.push(item);
            None
        }
        Piece::Part(part, ttl) => {
            last.content.push(part);
            ttl
        }
        Piece::Call(call, ttl) => {
            last.tool_calls.push(call);
            ttl
        }
        Piece::Result(_) => None,
    };
    let after = (last.content.len() + last.tool_calls.len()).saturating_sub(1);
    last.cache.extend(ttl.map(|ttl| types::chat::CachePoint { after, ttl }));
}
