//! The wire formats whose words and sealed values we keep apart.

crate::names! {
    /// The API that a value was written for: a parameter that only it has, or reasoning that only
    /// it can read again.
    #[derive(Default)]
    Wire {
        /// OpenAI's chat completions.
        #[default]
        OpenAi = "openai",
        /// OpenAI's responses.
        Responses = "responses",
        /// Anthropic's messages.
        Anthropic = "anthropic",
        /// Google's Gemini.
        Gemini = "gemini",
        /// Converse of AWS Bedrock.
        Bedrock = "bedrock",
        /// Mistral's chat completions.
        Mistral = "mistral",
    }
}
