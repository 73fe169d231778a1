//! What people say: messages go into the inbox, decisions through the house.

use std::time::Instant;

use serde_json::{Value, json};
use store::work::{Accepted, NewMessage as Kept};
use types::{ApprovalId, Payload};

use super::{
    NAME,
    attachments::Ticket,
    error::Error,
    house::Vote,
    metrics,
    protocol::{Answer, Decision, NewMessage},
    routes::Room,
    visitor::Visitor,
};

/// The longest id that a client gives a message.
const ID_BYTES_MAX: usize = 128;
/// The most attachments of one message.
const ATTACHMENTS_MAX: usize = 10;
/// The longest reason of a decision.
const REASON_BYTES_MAX: usize = 1024;

/// Keeps a message. It is durable when this returns.
///
/// # Errors
/// Whatever is wrong with it, [`Error::Limited`], [`Error::Full`], [`Error::Away`].
pub(super) async fn message(
    room: &Room,
    visitor: &mut Visitor,
    said: NewMessage,
) -> Result<Accepted, Error> {
    let began = Instant::now();
    let kept = keep(room, visitor, said).await;
    let outcome = match &kept {
        Ok(Accepted { fresh: true, .. }) => "kept",
        Ok(_) => "known",
        Err(Error::Limited { .. } | Error::Full(_)) => "limited",
        Err(Error::Away | Error::Broke) => "failed",
        Err(_) => "refused",
    };
    metrics::MESSAGES.with_label_values(&[outcome]).inc();
    if kept.is_ok() {
        metrics::ACK.observe(began.elapsed().as_secs_f64());
    }
    kept
}

async fn keep(room: &Room, visitor: &mut Visitor, said: NewMessage) -> Result<Accepted, Error> {
    check(room, &said)?;
    room.limits.write(&visitor.conversation, visitor.address)?;
    visitor.again(room).await?;
    let Some(body) = body(room, visitor, &said) else {
        // What was kept is acknowledged however late its sender tries again: tickets are good for an hour.
        let known = match &visitor.session {
            Some(session) => room.work.accepted(session.id, &said.id).await?,
            None => None,
        };
        return known.ok_or(Error::Invalid(
            "an attachment is the `ticket` of an upload to this conversation, of the last hour",
        ));
    };
    let kept = Kept {
        tenant: visitor.to.tenant,
        connector: NAME.to_owned(),
        conversation: visitor.conversation.clone(),
        agent: visitor.to.agent,
        message_id: said.id,
        person: visitor.identity(),
        trusted: visitor.is_trusted(),
        body,
        trace: None,
    };
    Ok(room.work.accept(&kept).await?)
}

/// Whether it is a message at all, no longer than one may be.
fn check(room: &Room, said: &NewMessage) -> Result<(), Error> {
    if said.id.is_empty() || said.id.len() > ID_BYTES_MAX {
        return Err(Error::Invalid("a message's `id` has 1 to 128 bytes"));
    }
    let most = room.settings.max_message_bytes;
    if said.text.len() > most {
        return Err(Error::TooLarge(most));
    }
    if said.attachments.len() > ATTACHMENTS_MAX {
        return Err(Error::Invalid("a message has 10 attachments at most"));
    }
    if said.text.trim().is_empty() && said.attachments.is_empty() {
        return Err(Error::Invalid("a message has a text or an attachment"));
    }
    Ok(())
}

/// The message as the inbox has it; `None` where an attachment is none of this conversation, or was uploaded long ago.
fn body(room: &Room, visitor: &Visitor, said: &NewMessage) -> Option<Payload> {
    let open = |ticket: &String| Ticket::open(room, visitor, ticket).map(|ticket| ticket.shown());
    let attachments: Option<Vec<Value>> = said.attachments.iter().map(open).collect();
    let inline = json!({ "id": said.id, "text": said.text, "attachments": attachments? });
    let size_bytes = u64::try_from(inline.to_string().len()).unwrap_or(u64::MAX);
    Some(Payload::Inline { content_type: "application/json".to_owned(), size_bytes, inline })
}

/// Takes a person's decision. Returns where the question stands then.
///
/// # Errors
/// [`Error::SignIn`] where nobody is signed in; what the house says, also by policy.
pub(super) async fn decide(
    room: &Room,
    visitor: &Visitor,
    said: Decision,
) -> Result<(ApprovalId, String), Error> {
    let id = approval(&said.approval)?;
    if said.reason.len() > REASON_BYTES_MAX {
        return Err(Error::TooLarge(REASON_BYTES_MAX));
    }
    room.limits.write(&visitor.conversation, visitor.address)?;
    let person = visitor.person.as_ref().ok_or(Error::SignIn)?;
    let approve = said.decision == Answer::Approve;
    let vote = Vote { approve, reason: said.reason };
    let told = room.house.vote(&person.token, id, &vote).await?;
    Ok((id, status(&told)))
}

/// The id of a question.
pub(super) fn approval(text: &str) -> Result<ApprovalId, Error> {
    text.parse().map_err(|_| Error::Invalid("`approval` is the id of a question, `apr_...`"))
}

fn status(told: &Value) -> String {
    told.get("status").and_then(Value::as_str).unwrap_or("pending").to_owned()
}
