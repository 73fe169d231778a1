//! Labels: how confidential content is, whether it can be trusted, where a model runs.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Text that is not one of a closed set of names.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is not one of {}", .allowed.join(", "))]
pub struct ParseLabelError {
    given: String,
    allowed: &'static [&'static str],
}

macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "lowercase")]
        pub enum $name { $($(#[$vdoc])* $variant,)* }

        impl $name {
            /// Every value, lowest first.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name used in policies, configuration, headers and records.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = ParseLabelError;

            fn from_str(text: &str) -> Result<Self, ParseLabelError> {
                match text {
                    $($text => Ok(Self::$variant),)*
                    other => Err(ParseLabelError { given: other.to_owned(), allowed: &[$($text),*] }),
                }
            }
        }
    };
}

named! {
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

named! {
    /// Whether content may be treated as the user's own word.
    Integrity {
        /// Web pages, e-mail, unknown senders, tool results from outside.
        Untrusted = "untrusted",
        /// The caller's own text.
        Trusted = "trusted",
    }
}

named! {
    /// Where a model runs.
    Locality {
        /// On hardware of the organisation's own.
        Local = "local",
        /// At a provider.
        Cloud = "cloud",
    }
}

named! {
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

named! {
    /// The wire format that a provider speaks.
    ProviderKind {
        /// OpenAI's chat completions: also every local server and most other providers.
        OpenAi = "openai",
        /// Anthropic's messages.
        Anthropic = "anthropic",
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
