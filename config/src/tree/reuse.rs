//! Which answers an agent's requests may get again from the answer cache.

use crate::reader::Reader;

types::names! {
    /// Whose answers are given again.
    Reuse {
        /// Of no request.
        Off = "off",
        /// Of requests that ask for the likeliest answer (a temperature of 0), and of those that ask
        /// for the cache.
        Deterministic = "deterministic",
        /// Of every request, however it draws its answer.
        All = "all",
    }
}

impl Reuse {
    pub(super) fn read(mut from: Reader<'_>) -> Self {
        let answers = from.parsed(
            "answers",
            "deterministic",
            Self::Deterministic,
            "Which answers are given again: off, deterministic or all.",
        );
        from.finish();
        answers
    }
}
