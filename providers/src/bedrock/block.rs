//! Content blocks of a request.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;
use types::chat::{
    CacheTtl, File, FileSource, Image, ImageSource, OpaqueKind, Reasoning, ToolCall,
};

use crate::schema;

/// The field of a part that the API has no form for, and why.
pub(super) type NoForm = (&'static str, &'static str);

#[derive(Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(super) enum Block<'a> {
    Text(Cow<'a, str>),
    Image {
        format: &'static str,
        source: Source<'a>,
    },
    Document {
        format: &'static str,
        name: String,
        source: Source<'a>,
    },
    ToolUse {
        tool_use_id: &'a str,
        name: &'a str,
        input: &'a RawValue,
    },
    ToolResult {
        tool_use_id: &'a str,
        content: Vec<Block<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        status: Option<&'static str>,
    },
    ReasoningContent(Thought<'a>),
    CachePoint(CachePoint),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Source<'a> {
    /// Base64 text, as JSON has bytes.
    Bytes(&'a str),
    S3Location {
        uri: &'a str,
    },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Thought<'a> {
    ReasoningText { text: &'a str, signature: &'a str },
    RedactedContent(&'a str),
}

/// `{"type": "default"}`, for five minutes unless an hour is asked for.
#[derive(Serialize, Clone, Copy)]
pub(super) struct CachePoint {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<&'static str>,
}

impl From<CacheTtl> for CachePoint {
    fn from(ttl: CacheTtl) -> Self {
        let ttl = match ttl {
            CacheTtl::Minutes => None,
            CacheTtl::Hour => Some("1h"),
        };
        Self { kind: "default", ttl }
    }
}

impl<'a> Block<'a> {
    pub(super) fn text(text: &'a str) -> Self {
        Self::Text(text.into())
    }
}

pub(super) fn image(image: &Image) -> Result<Block<'_>, NoForm> {
    if image.detail.as_deref().is_some_and(|detail| detail != "auto") {
        return Err(("image_url.detail", "it has no detail of images"));
    }
    let (media_type, source) = match &image.source {
        ImageSource::Url(url) => {
            let by_name = url.rsplit_once('.').map(|(_, ending)| ending);
            (by_name.unwrap_or_default(), stored(url).ok_or(("image_url.url", NO_ADDRESS))?)
        }
        ImageSource::Data { media_type, base64 } => (media_type.as_str(), Source::Bytes(base64)),
    };
    let format = match media_type {
        "image/png" | "png" => "png",
        "image/jpeg" | "jpeg" | "jpg" => "jpeg",
        "image/gif" | "gif" => "gif",
        "image/webp" | "webp" => "webp",
        _ => return Err(("image_url.url", "it takes jpeg, png, gif and webp images only")),
    };
    Ok(Block::Image { format, source })
}

const NO_ADDRESS: &str = "it takes data or an address in s3, not one in the web";

/// An address in AWS's own store.
fn stored(url: &str) -> Option<Source<'_>> {
    url.starts_with("s3://").then_some(Source::S3Location { uri: url })
}

/// A document. One that is text is text to a model, with its name above it.
pub(super) fn document(file: &File) -> Result<Block<'_>, NoForm> {
    let (media_type, source) = match &file.source {
        FileSource::Text(text) => {
            return Ok(Block::Text(match &file.name {
                Some(name) => format!("{name}\n\n{text}").into(),
                None => text.into(),
            }));
        }
        FileSource::Url(url) => {
            let by_name = url.rsplit_once('.').map(|(_, ending)| ending);
            (by_name.unwrap_or_default(), stored(url).ok_or(("file.url", NO_ADDRESS))?)
        }
        FileSource::Data { media_type, base64 } => (media_type.as_str(), Source::Bytes(base64)),
    };
    let format = match media_type {
        "application/pdf" | "pdf" => "pdf",
        "text/csv" | "csv" => "csv",
        "application/msword" | "doc" => "doc",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document" | "docx" => {
            "docx"
        }
        "application/vnd.ms-excel" | "xls" => "xls",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" | "xlsx" => "xlsx",
        "text/html" | "html" => "html",
        "text/plain" | "txt" => "txt",
        "text/markdown" | "md" => "md",
        _ => return Err(("file.file_data", "it has no format for this type of document")),
    };
    Ok(Block::Document { format, name: plain(file.name.as_deref()), source })
}

/// A document's name as the API takes it: letters, digits, single spaces, hyphens, parentheses and
/// square brackets. It must have one.
fn plain(name: Option<&str>) -> String {
    let mut plain = String::new();
    for c in name.unwrap_or("document").chars().take(200) {
        match c {
            _ if c.is_ascii_alphanumeric() || "-()[]".contains(c) => plain.push(c),
            ' ' if !plain.ends_with(' ') => plain.push(' '),
            ' ' => {}
            _ => plain.push('-'),
        }
    }
    if plain.is_empty() { "document".to_owned() } else { plain }
}

/// A block of reasoning. The API takes none without its own seal, so that plain text ends here.
pub(super) fn reasoning(item: &Reasoning) -> Option<Block<'_>> {
    let opaque = item.opaque.as_ref()?;
    Some(Block::ReasoningContent(match opaque.kind {
        OpaqueKind::Signature => Thought::ReasoningText {
            text: item.text.as_deref().unwrap_or_default(),
            signature: &opaque.data,
        },
        OpaqueKind::Encrypted => Thought::RedactedContent(&opaque.data),
    }))
}

/// The API wants the arguments as an object, not as text, and models do write broken JSON: there is
/// no block then.
pub(super) fn tool_use(call: &ToolCall) -> Option<Block<'_>> {
    let input = schema::object(&call.arguments)?;
    Some(Block::ToolUse { tool_use_id: &call.id, name: &call.name, input })
}
