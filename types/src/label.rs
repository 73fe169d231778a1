//! Labels: how confidential content is, whether it can be trusted, where a model runs.

crate::names! {
    /// Confidentiality of content. It only rises: joining two labels gives the higher one.
    Label {
        /// May be published.
        Public = "public",
        /// The default for what people and agents write.
        Internal = "internal",
        /// Personal or business data that policy may keep from some providers.
        Sensitive = "sensitive",
        /// The highest level; also what unclassified or unclassifiable content gets.
        Restricted = "restricted",
    }
}

crate::names! {
    /// Whether content may be treated as the user's own word.
    Integrity {
        /// Web pages, e-mail, unknown senders, tool results from outside.
        Untrusted = "untrusted",
        /// The caller's own text.
        Trusted = "trusted",
    }
}

crate::names! {
    /// Where a model runs.
    Locality {
        /// On hardware of the organisation's own.
        Local = "local",
        /// At a provider.
        Cloud = "cloud",
    }
}

crate::names! {
    /// How big a model is within its family; a policy and the router's default order speak of it.
    SizeClass {
        /// Cheap and quick.
        Small = "small",
        /// In between.
        Medium = "medium",
        /// The most capable.
        Large = "large",
    }
}

crate::names! {
    /// The wire format that a provider speaks.
    ProviderKind {
        /// OpenAI's chat completions: also every local server and most other providers.
        OpenAi = "openai",
        /// Anthropic's messages.
        Anthropic = "anthropic",
        /// OpenAI's chat completions at Azure: paths and credentials of its own.
        Azure = "azure",
        /// Mistral's chat completions: OpenAI's with other names.
        Mistral = "mistral",
        /// Google's Gemini.
        Gemini = "gemini",
        /// Converse of AWS Bedrock.
        Bedrock = "bedrock",
    }
}

impl Label {
    /// The higher of the two.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        self.max(other)
    }

    /// 0 for public to 3 for restricted: what policies compare.
    pub const fn rank(self) -> u8 {
        match self {
            Self::Public => 0,
            Self::Internal => 1,
            Self::Sensitive => 2,
            Self::Restricted => 3,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_only_rises() {
        for &a in Label::ALL {
            for &b in Label::ALL {
                assert!(a.join(b) >= a && a.join(b) >= b);
                assert_eq!(a < b, a.rank() < b.rank());
            }
        }
    }

    #[test]
    fn an_unknown_label_lists_the_known_ones() {
        let error = "secret".parse::<Label>().unwrap_err().to_string();
        assert_eq!(error, "`secret` is not one of public, internal, sensitive, restricted");
    }
}
