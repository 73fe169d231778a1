//! Content blocks of a request.

use serde::Serialize;
use serde_json::value::RawValue;
use types::chat::{
    CacheTtl, File, FileSource, Image, ImageSource, Message, OpaqueKind, Reasoning, ToolCall,
};

use crate::schema;

/// The image types that the API takes.
const IMAGE_TYPES: [&str; 4] = ["image/jpeg", "image/png", "image/gif", "image/webp"];

/// The field of a part that the API has no form for, and why.
pub(super) type NoForm = (&'static str, &'static str);

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Block<'a> {
    Text {
        text: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<CacheControl>,
    },
    Image {
        source: Source<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<CacheControl>,
    },
    Document {
        source: Source<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        title: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<CacheControl>,
    },
    Thinking {
        thinking: &'a str,
        signature: &'a str,
    },
    RedactedThinking {
        data: &'a str,
    },
    ToolUse {
        id: &'a str,
        name: &'a str,
        input: &'a RawValue,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<CacheControl>,
    },
    ToolResult {
        tool_use_id: &'a str,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        content: Vec<Block<'a>>,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        is_error: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<CacheControl>,
    },
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Source<'a> {
    Url { url: &'a str },
    Base64 { media_type: &'a str, data: &'a str },
    Text { media_type: &'static str, data: &'a str },
}

/// `{"type": "ephemeral"}`, for five minutes unless an hour is asked for.
#[derive(Serialize, Clone, Copy)]
pub(super) struct CacheControl {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<&'static str>,
}

impl From<CacheTtl> for CacheControl {
    fn from(ttl: CacheTtl) -> Self {
        let ttl = match ttl {
            CacheTtl::Minutes => None,
            CacheTtl::Hour => Some("1h"),
        };
        Self { kind: "ephemeral", ttl }
    }
}

impl<'a> Block<'a> {
    pub(super) const fn text(text: &'a str) -> Self {
        Self::Text { text, cache_control: None }
    }

    /// The block with the hint that its message has for this place, if any.
    pub(super) fn kept(mut self, message: &Message, place: usize) -> Self {
        let point = message.cache.iter().find(|point| point.after == place);
        let hint = point.map(|point| CacheControl::from(point.ttl));
        match &mut self {
            Self::Text { cache_control, .. }
            | Self::Image { cache_control, .. }
            | Self::Document { cache_control, .. }
            | Self::ToolUse { cache_control, .. }
            | Self::ToolResult { cache_control, .. } => *cache_control = hint,
            Self::Thinking { .. } | Self::RedactedThinking { .. } => {}
        }
        self
    }
}

pub(super) fn source(image: &Image) -> Result<Source<'_>, NoForm> {
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

pub(super) fn document(file: &File) -> Result<Block<'_>, NoForm> {
    let source = match &file.source {
        FileSource::Url(url) => Source::Url { url },
        FileSource::Data { media_type, base64 } if media_type == "application/pdf" => {
            Source::Base64 { media_type, data: base64 }
        }
        FileSource::Data { .. } => return Err(("file.file_data", "it takes pdf documents only")),
        FileSource::Text(data) => Source::Text { media_type: "text/plain", data },
    };
    Ok(Block::Document { source, title: file.name.as_deref(), cache_control: None })
}

/// A block of thinking. The API takes none without its own seal, so that plain text ends here.
pub(super) fn reasoning(item: &Reasoning) -> Option<Block<'_>> {
    let opaque = item.opaque.as_ref()?;
    Some(match opaque.kind {
        OpaqueKind::Signature => Block::Thinking {
            thinking: item.text.as_deref().unwrap_or_default(),
            signature: &opaque.data,
        },
        OpaqueKind::Encrypted => Block::RedactedThinking { data: &opaque.data },
    })
}

/// The API wants the arguments as an object, not as text, and models do write broken JSON: there is
/// no block then.
pub(super) fn tool_use(call: &ToolCall) -> Option<Block<'_>> {
    let input = schema::object(&call.arguments)?;
    Some(Block::ToolUse { id: &call.id, name: &call.name, input, cache_control: None })
}
