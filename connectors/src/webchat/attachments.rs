//! Files that people add to messages: uploaded first, named by a ticket afterwards.

use axum::{
    Json,
    body::Body,
    extract::{Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use futures::StreamExt as _;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{net::IpAddr, time::Duration};
use tokio::time::timeout;
use types::{Payload, Timestamp};

use super::{
    error::Error,
    routes::{Address, Room},
    seal::Purpose,
    sign,
    visitor::Visitor,
};

/// The longest name of a file, in characters.
const NAME_CHARS_MAX: usize = 200;
/// How long an upload may take.
const UPLOAD_MAX: Duration = Duration::from_secs(120);
/// How long a ticket is good for, in seconds.
const TICKET_SECONDS: i64 = 60 * 60;
/// How much of a file says what it is.
const HEAD_BYTES: usize = 1024;

/// What stands for an upload, for the conversation that it was made in alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ticket {
    conversation: String,
    name: String,
    content_type: String,
    sha256: String,
    size_bytes: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Upload {
    /// The file's name.
    name: String,
    /// The agent's name.
    #[serde(default)]
    agent: Option<String>,
}

impl Ticket {
    /// A ticket of this conversation; `None` for any other text.
    pub(super) fn open(room: &Room, visitor: &Visitor, sealed: &str) -> Option<Self> {
        let ticket: Self = room.seal.open(Purpose::Attachment, sealed, Timestamp::now())?;
        (ticket.conversation == visitor.conversation).then_some(ticket)
    }

    /// What the message says of it.
    pub(super) fn shown(&self) -> Value {
        json!({
            "name": self.name,
            "content_type": self.content_type,
            "sha256": self.sha256,
            "size_bytes": self.size_bytes,
        })
    }
}

/// Takes a file in. The body is the file itself.
pub(super) async fn upload(
    State(room): State<Room>,
    Address(address): Address,
    headers: HeaderMap,
    asked: Result<Query<Upload>, axum::extract::rejection::QueryRejection>,
    body: Body,
) -> Result<Response, Error> {
    let Query(asked) = asked.map_err(|_| Error::Invalid("an upload has a `name` in its query"))?;
    let name = name(&asked.name).ok_or(Error::Invalid("the file's name is empty or too long"))?;
    let visitor = sign::visitor(&room, &headers, asked.agent, address).await?;
    room.limits.write(&visitor.conversation, address)?;
    let _place = room.limits.upload(address)?;
    let whole = timeout(UPLOAD_MAX, read(&room, address, body)).await;
    let bytes = whole.map_err(|_| Error::Invalid("the upload took too long"))??;
    if room.limits.asks_for_unsent() {
        let unsent = room.store.unnamed_objects().await.map_err(store::work::Error::from)?;
        room.limits.unsent(unsent.bytes);
    }
    room.limits.keep(bytes.len())?;
    let content_type = sniff(&bytes);
    let kept = room.objects.put(visitor.to.tenant, content_type, bytes).await?;
    let Payload::Object { sha256, size_bytes, .. } = kept else { return Err(Error::Broke) };
    let ticket = Ticket {
        conversation: visitor.conversation.clone(),
        name,
        content_type: content_type.to_owned(),
        sha256,
        size_bytes,
    };
    let until = Timestamp::now().plus_seconds(TICKET_SECONDS);
    let sealed = room.seal.seal(Purpose::Attachment, &ticket, until).ok_or(Error::Broke)?;
    let mut told = ticket.shown();
    if let Value::Object(fields) = &mut told {
        fields.insert("ticket".to_owned(), sealed.into());
    }
    Ok((StatusCode::CREATED, Json(told)).into_response())
}

/// The whole body, no longer than it may be.
async fn read(room: &Room, address: IpAddr, body: Body) -> Result<Vec<u8>, Error> {
    let most = room.settings.max_attachment_bytes;
    let mut pieces = body.into_data_stream();
    let mut whole = Vec::new();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|_| Error::Invalid("the upload ended early"))?;
        if whole.len() + piece.len() > most {
            return Err(Error::TooLarge(most));
        }
        room.limits.piece(address, piece.len())?;
        whole.extend_from_slice(&piece);
    }
    if whole.is_empty() { Err(Error::Invalid("the file is empty")) } else { Ok(whole) }
}

/// A file's name as it is shown: its last part, without what moves a cursor or turns a line around.
fn name(text: &str) -> Option<String> {
    let last = text.rsplit(['/', '\\']).next().unwrap_or_default();
    let hides = |c: &char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    let name: String = last.chars().filter(|c| !hides(c)).collect();
    let name = name.trim().trim_matches('.').to_owned();
    (!name.is_empty() && name.chars().count() <= NAME_CHARS_MAX).then_some(name)
}

/// What a file is by its first bytes. What its sender says counts for nothing.
fn sniff(bytes: &[u8]) -> &'static str {
    const KNOWN: [(&[u8], &str); 7] = [
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"),
        (b"%PDF-", "application/pdf"),
        (b"PK\x03\x04", "application/zip"),
        (b"\x1f\x8b", "application/gzip"),
    ];
    if let Some((_, kind)) = KNOWN.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return kind;
    }
    if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        return "image/webp";
    }
    let head = bytes.get(..HEAD_BYTES).unwrap_or(bytes);
    // A letter of several bytes may be cut where the head ends.
    let is_text = match std::str::from_utf8(head) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none() && head.len() < bytes.len(),
    };
    let plain = !head.iter().any(|b| b.is_ascii_control() && !b"\t\n\r\x0c".contains(b));
    if is_text && plain { "text/plain" } else { "application/octet-stream" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_its_first_bytes_are() {
        assert_eq!(sniff(b"\x89PNG\r\n\x1a\nrest"), "image/png");
        assert_eq!(sniff(b"RIFF\0\0\0\0WEBPVP8 "), "image/webp");
        assert_eq!(sniff(b"<html><script>alert(1)</script>"), "text/plain");
        assert_eq!(sniff("\u{e4}".repeat(2000).as_bytes()), "text/plain");
        assert_eq!(sniff(b"MZ\x90\0"), "application/octet-stream");
        assert_eq!(sniff(b"\xe4"), "application/octet-stream");
    }

    #[track_caller]
    fn check(given: &str, shown: Option<&str>) {
        assert_eq!(name(given).as_deref(), shown, "{given}");
    }

    #[test]
    fn a_name_hides_nothing() {
        check("report.pdf", Some("report.pdf"));
        check("../../etc/passwd", Some("passwd"));
        check("C:\\temp\\a.txt", Some("a.txt"));
        check("gpj\u{202e}.exe", Some("gpj.exe"));
        check("a\r\nb", Some("ab"));
        check("..", None);
        check("", None);
        check(&"a".repeat(201), None);
    }
}
