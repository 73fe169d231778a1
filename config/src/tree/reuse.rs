//! Which answers an agent's requests may get again from the answer cache.

use crate::reader::Reader;

/// An agent's share in the answer cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reuse {
    /// Which answers are given again.
    pub answers: Answers,
    /// How requests that mean the same are found; only those that are the same where absent.
    pub similar: Option<Similar>,
}

types::names! {
    /// Whose answers are given again.
    Answers {
        /// Of no request.
        Off = "off",
        /// Of requests that ask for the likeliest answer (a temperature of 0), and of those that ask
        /// for the cache.
        Deterministic = "deterministic",
        /// Of every request, however it draws its answer.
        All = "all",
    }
}

/// How requests that mean the same are found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Similar {
    /// The local model of embeddings that texts are compared by.
    pub model: String,
    /// How near two texts must be: the cosine of their vectors, in percent.
    pub percent: u8,
}

impl Reuse {
    pub(super) fn read(mut from: Reader<'_>) -> Self {
        let answers = from.parsed(
            "answers",
            "deterministic",
            Answers::Deterministic,
            "Which answers are given again: off, deterministic or all.",
        );
        let (written, similar) =
            from.optional_section("similar", "How requests that mean the same are found.");
        let similar = Similar::read(written, similar);
        from.finish();
        Self { answers, similar }
    }
}

impl Similar {
    fn read(written: bool, mut from: Reader<'_>) -> Option<Self> {
        if !written {
            from.finish();
            return None;
        }
        let example = "ollama/nomic-embed-text";
        let model = from.required("model", example, "The local model of embeddings.");
        let percent = from.count(
            "percent",
            97,
            80..=100,
            "How near two texts must be: the cosine of their vectors, in percent.",
        );
        from.finish();
        Some(Self { model: model?, percent: u8::try_from(percent).unwrap_or(100) })
    }
}
