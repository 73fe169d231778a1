//! What of our shape chat completions cannot say.

use types::{
    Wire,
    chat::{ChatRequest, File, FileSource, Message, Part, Role, Thinking},
};

use crate::Unsupported;

/// Whether the dialect can say all of a request, without writing it.
///
/// Nothing is refused where it has the same effect unsaid: thinking that the model may choose, or that
/// is not to be seen, which this dialect shows nowhere. Plain text of earlier reasoning is
/// left out, as it is by OpenAI's own clients, except for servers that want it: see
/// [`crate::Target::wants_thoughts`].
///
/// # Errors
/// The first field that it cannot.
pub fn check(request: &ChatRequest) -> Result<(), Unsupported> {
    check_as(request, Wire::OpenAi)
}

/// [`check`] for a format that is OpenAI's but for words of its own.
///
/// # Errors
/// The first field that it cannot.
pub(crate) fn check_as(request: &ChatRequest, wire: Wire) -> Result<(), Unsupported> {
    let no = |field: &str, reason| Err(Unsupported { field: field.to_owned(), reason });
    if let Err(field) = request.native_of(wire) {
        return no(field, "it has no such parameter");
    }
    if request.sampling.top_k.is_some() {
        return no("top_k", "it has no such parameter");
    }
    if let Some(Thinking::Budget(_)) = request.thinking {
        return no("thinking.budget_tokens", "it takes an effort, not a budget of tokens");
    }
    if let Some(field) = request.foreign_reasoning(wire) {
        return no(&field, "another provider's format made it");
    }
    for (m, message) in request.messages.iter().enumerate() {
        for (p, part) in message.content.iter().enumerate() {
            if let Some(reason) = no_place(message, part) {
                return no(&format!("messages[{m}].content[{p}]"), reason);
            }
        }
    }
    if request.prefill {
        return no("messages", "it does not go on with an assistant's last message");
    }
    Ok(())
}

fn no_place(message: &Message, part: &Part) -> Option<&'static str> {
    match part {
        Part::Text(_) | Part::File(File { source: FileSource::Text(_), .. }) => None,
        Part::File(File { source: FileSource::Url(_), .. }) => {
            Some("it takes the data of a document, not its address")
        }
        Part::Image(_) | Part::File(_) if message.role != Role::User => {
            Some("it has images and documents in a user's message only")
        }
        Part::Image(_) | Part::File(_) => None,
    }
}
