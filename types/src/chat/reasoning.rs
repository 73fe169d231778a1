//! What a model thought, and what only its provider can read of it.

use crate::Wire;

/// One item of reasoning that stands before what the assistant said or called.
///
/// Reasoning without a sealed value is plain text: a format that has a place for it sends it, and
/// one that has none leaves it out, since no API wants a model's earlier thoughts back as such.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reasoning {
    /// The text or its summary, as far as the provider shows it.
    pub text: Option<String>,
    /// What the provider wants back unchanged, if anything.
    pub opaque: Option<Opaque>,
}

/// A value that only the format that made it can read. It goes back to providers of that format;
/// any other provider is ruled out by the name of the field, and nothing of it is dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opaque {
    /// The format that made it.
    pub format: Wire,
    /// Whether it signs the text beside it or is all there is.
    pub kind: OpaqueKind,
    /// The value: Base64 text, or another text without spaces that the format made.
    pub data: String,
    /// The item's id, where the format has one.
    pub id: Option<String>,
}

/// What an opaque value is to the text beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpaqueKind {
    /// It signs the text, which must not be changed: Anthropic's `signature` of thinking, Gemini's
    /// `thoughtSignature`.
    Signature,
    /// It is the reasoning itself, encrypted: Anthropic's `redacted_thinking`, `encrypted_content` of
    /// OpenAI's responses. A text beside it is a summary.
    Encrypted,
}

/// Whether and how much a model should think before it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thinking {
    /// Not at all.
    Off,
    /// As much as the model finds right.
    Adaptive,
    /// At most this many tokens, at least 1, which count as output.
    Budget(u64),
}
