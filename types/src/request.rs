//! What is asked of a model: one shape for each kind of answer, and what all of them have in common.

use crate::{
    chat::{ChatRequest, Piece},
    embed::EmbedRequest,
};

/// One request to a model.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "the larger one is the usual one; none is kept")]
pub enum Request {
    /// For an answer in words.
    Chat(ChatRequest),
    /// For vectors.
    Embed(EmbedRequest),
}

/// What leaves the machine with a request, for inspection and redaction.
pub trait Content {
    /// Visits every piece with its place: see [`ChatRequest::visit`].
    fn visit(&mut self, visit: impl FnMut(&str, Piece<'_>));

    /// Whether any part is not text that can be searched.
    fn has_unseen(&self) -> bool;
}

impl Request {
    /// The model as the caller names it.
    pub fn model(&self) -> &str {
        match self {
            Self::Chat(chat) => &chat.model,
            Self::Embed(embed) => &embed.model,
        }
    }

    /// Whether the answer is streamed.
    pub const fn streams(&self) -> bool {
        match self {
            Self::Chat(chat) => chat.stream,
            Self::Embed(_) => false,
        }
    }

    /// The request for words; `None` where it is for something else.
    pub const fn as_chat(&self) -> Option<&ChatRequest> {
        match self {
            Self::Chat(chat) => Some(chat),
            Self::Embed(_) => None,
        }
    }
}

impl Content for ChatRequest {
    fn visit(&mut self, visit: impl FnMut(&str, Piece<'_>)) {
        Self::visit(self, visit);
    }

    fn has_unseen(&self) -> bool {
        Self::has_unseen(self)
    }
}

impl Content for EmbedRequest {
    fn visit(&mut self, visit: impl FnMut(&str, Piece<'_>)) {
        Self::visit(self, visit);
    }

    fn has_unseen(&self) -> bool {
        Self::has_unseen(self)
    }
}

impl Content for Request {
    fn visit(&mut self, visit: impl FnMut(&str, Piece<'_>)) {
        match self {
            Self::Chat(chat) => chat.visit(visit),
            Self::Embed(embed) => embed.visit(visit),
        }
    }

    fn has_unseen(&self) -> bool {
        match self {
            Self::Chat(chat) => chat.has_unseen(),
            Self::Embed(embed) => embed.has_unseen(),
        }
    }
}
