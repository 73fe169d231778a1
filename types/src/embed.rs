//! A request for embeddings and its answer in our own shape: vectors of numbers, one for each input.

use crate::{answer::Usage, chat::Piece};

/// One request for embeddings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmbedRequest {
    /// A registered model's name, an alias, or `auto` with an optional variant.
    pub model: String,
    /// What vectors are made of, at least one input.
    pub inputs: Inputs,
    /// How many numbers a vector must have; the model's own length where absent.
    pub dimensions: Option<u32>,
    /// The caller's name for whoever it asks for.
    pub user: Option<String>,
    /// How the caller wants to read the vectors.
    pub encoding: Encoding,
}

/// What vectors are made of. No input is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inputs {
    /// Plain text.
    Texts(Vec<String>),
    /// Tokens of the model's own vocabulary, which nobody else can read.
    Tokens(Vec<Vec<u32>>),
}

/// How vectors are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Encoding {
    /// As a list of numbers.
    #[default]
    Float,
    /// As base64 of 32-bit floats, little-endian.
    Base64,
}

/// The answer to one request.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Embeddings {
    /// One vector for each input, in the order of the inputs. All have the same length, and every
    /// number is finite.
    pub vectors: Vec<Vec<f32>>,
    /// What the provider says was used; `None` where it says nothing.
    pub usage: Option<Usage>,
}

impl Inputs {
    /// How many there are.
    pub const fn count(&self) -> usize {
        match self {
            Self::Texts(texts) => texts.len(),
            Self::Tokens(lists) => lists.len(),
        }
    }
}

impl EmbedRequest {
    /// Visits every piece that leaves the machine with this request, as
    /// [`crate::chat::ChatRequest::visit`] does: `input[2]`, `user`. Each input is read by itself.
    pub fn visit(&mut self, mut visit: impl FnMut(&str, Piece<'_>)) {
        match &mut self.inputs {
            Inputs::Texts(texts) => {
                for (i, text) in texts.iter_mut().enumerate() {
                    visit(&format!("input[{i}]"), Piece::Text(text));
                }
            }
            Inputs::Tokens(_) => visit("input", Piece::Sealed),
        }
        if let Some(user) = &mut self.user {
            visit("user", Piece::Text(user));
        }
    }

    /// Whether there is an input that is not text that can be searched.
    pub const fn has_unseen(&self) -> bool {
        matches!(self.inputs, Inputs::Tokens(_))
    }
}
