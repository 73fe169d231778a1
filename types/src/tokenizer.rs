//! Vocabularies that providers publish, so that text can be counted as they count it.

crate::names! {
    /// A published vocabulary, by the name that its maker gave it.
    Tokenizer {
        /// OpenAI's since GPT-4o.
        O200kBase = "o200k_base",
        /// OpenAI's of GPT-4, GPT-3.5 and the embeddings since `text-embedding-ada-002`.
        Cl100kBase = "cl100k_base",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vocabulary_that_nobody_has_is_told_with_those_that_are_known() {
        assert_eq!("o200k_base".parse(), Ok(Tokenizer::O200kBase));
        let unknown = "claude".parse::<Tokenizer>().unwrap_err().to_string();
        assert_eq!(unknown, "`claude` is not one of o200k_base, cl100k_base");
    }
}
