//! What the engine reports: the kind of a value, where it stands, how sure we are and why.

use std::{fmt, ops::Range, str::FromStr};

use serde::{Deserialize, Serialize};
use types::Label;

/// What was found in one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Findings {
    /// The highest label of any finding or combination rule; restricted when incomplete.
    pub label: Label,
    /// Every finding, in the order of the request's fields, then by position.
    pub findings: Vec<Finding>,
    /// False when a field was over its size bound, there were too many findings, the work was more
    /// than its bound or a part of the engine failed: something may have been missed.
    pub complete: bool,
}

/// One value found. It says where the value stands, never what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it is.
    pub kind: Kind,
    /// The piece, as [`types::chat::ChatRequest::visit`] names it: never the caller's text. Where a
    /// value reaches over several texts of one message it is the place of all of them.
    pub place: String,
    /// Bytes of the piece's original text, or of the message's texts put together; always on
    /// character boundaries.
    pub span: Range<usize>,
    /// How sure the engine is, 0 to 100.
    pub score: u8,
    /// Why: the terms whose points make the score.
    pub terms: Vec<Term>,
    /// The label that a value of this kind gives the request.
    pub label: Label,
}

/// One reason for a score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Term {
    /// A fixed name such as `shape`, `checksum` or `cue_word`.
    pub name: &'static str,
    /// What it adds or takes away.
    pub points: i16,
}

/// Text that names no kind of finding.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is no kind of finding; use one of {}", names())]
pub struct ParseKindError {
    given: String,
}

fn names() -> String {
    Kind::ALL.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(", ")
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $text:literal, $marker:literal;)*) => {
        /// What a value is. A closed set: policies name these.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(into = "&'static str", try_from = "String")]
        pub enum Kind { $($(#[$doc])* $variant,)* }

        impl Kind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name used in policies, configuration and records.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// The name inside a redaction marker: `[[EMAIL:1]]`.
            pub const fn marker(self) -> &'static str {
                match self { $(Self::$variant => $marker,)* }
            }
        }

        impl FromStr for Kind {
            type Err = ParseKindError;

            fn from_str(text: &str) -> Result<Self, ParseKindError> {
                match text {
                    $($text => Ok(Self::$variant),)*
                    other => Err(ParseKindError { given: other.to_owned() }),
                }
            }
        }
    };
}

kinds! {
    /// An e-mail address (RFC 5321 form, with a dot in the domain).
    Email = "email", "EMAIL";
    /// A telephone number that is valid in a configured region or internationally.
    Phone = "phone", "PHONE";
    /// A payment card number (ISO/IEC 7812).
    Card = "card", "CARD";
    /// An international bank account number (ISO 13616).
    Iban = "iban", "IBAN";
    /// A United States social security number.
    UsSsn = "us_ssn", "US_SSN";
    /// An IPv4 or IPv6 address that is no loopback, mask or unspecified address.
    Ip = "ip", "IP";
    /// An AWS access key id.
    AwsKey = "aws_key", "AWS_KEY";
    /// An AWS secret access key, known by what it is assigned to.
    AwsSecret = "aws_secret", "AWS_SECRET";
    /// A GitHub token of any kind.
    GithubToken = "github_token", "GITHUB_TOKEN";
    /// A Slack token or webhook address.
    SlackToken = "slack_token", "SLACK_TOKEN";
    /// An OpenAI API key.
    OpenaiKey = "openai_key", "OPENAI_KEY";
    /// An Anthropic API key.
    AnthropicKey = "anthropic_key", "ANTHROPIC_KEY";
    /// A Google API key.
    GoogleKey = "google_key", "GOOGLE_KEY";
    /// A Stripe secret or restricted key.
    StripeKey = "stripe_key", "STRIPE_KEY";
    /// A JSON web token (RFC 7519).
    Jwt = "jwt", "JWT";
    /// A private key in PEM form, also inside a service account's JSON.
    PrivateKey = "private_key", "PRIVATE_KEY";
    /// The password in an address such as `postgres://user:password@host`.
    UrlPassword = "url_password", "URL_PASSWORD";
}

impl Kind {
    /// Whether it gives access to something, as opposed to being about a person.
    pub const fn is_secret(self) -> bool {
        match self {
            Self::Email | Self::Phone | Self::Card | Self::Iban | Self::UsSsn | Self::Ip => false,
            Self::AwsKey
            | Self::AwsSecret
            | Self::GithubToken
            | Self::SlackToken
            | Self::OpenaiKey
            | Self::AnthropicKey
            | Self::GoogleKey
            | Self::StripeKey
            | Self::Jwt
            | Self::PrivateKey
            | Self::UrlPassword => true,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<Kind> for &'static str {
    fn from(kind: Kind) -> Self {
        kind.as_str()
    }
}

impl TryFrom<String> for Kind {
    type Error = ParseKindError;

    fn try_from(text: String) -> Result<Self, ParseKindError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_read_back_from_its_name() {
        for &kind in Kind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
            assert_eq!(kind.marker().to_lowercase(), kind.as_str());
        }
    }

    #[test]
    fn an_unknown_kind_lists_the_known_ones() {
        let error = "passport".parse::<Kind>().unwrap_err().to_string();
        assert!(error.starts_with("`passport` is no kind of finding; use one of email, phone,"));
    }
}
