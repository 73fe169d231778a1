//! The head of a request that goes out: its path, the headers that carry the credential, and what
//! they may depend on.

use types::{Credential, Secret, Timestamp};

/// A header's name and value.
pub type Header = (&'static str, String);

/// A request that is ready but for its headers. They may depend on all of it, and on the time.
#[derive(Debug, Clone, Copy)]
pub struct Outgoing<'a> {
    /// The host, with a port where the address has one, as the `Host` header says it.
    pub authority: &'a str,
    /// The path and the query, percent-encoded, with all that stands before them at the provider.
    pub path: &'a str,
    /// The body.
    pub body: &'a [u8],
    /// The credential, if the provider wants one.
    pub credential: Option<&'a Credential>,
    /// The time of sending.
    pub now: Timestamp,
}

/// Why a request has no headers: it cannot be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unsigned {
    /// Keys of AWS for a format that does not sign.
    #[error("only the format `bedrock` signs with keys of AWS; give the provider a `secret`")]
    Keys,
    /// The address or the time cannot be signed.
    #[error("the request cannot be signed; check the provider's `base_url` and region")]
    Request,
}

/// The credential as `Authorization: Bearer`.
///
/// # Errors
/// [`Unsigned::Keys`].
pub(crate) fn bearer(credential: Option<&Credential>) -> Result<Vec<Header>, Unsigned> {
    named(credential, |key| ("authorization", format!("Bearer {}", key.expose())))
}

/// A key in the format's own header; a token as `Authorization: Bearer`.
///
/// # Errors
/// [`Unsigned::Keys`].
pub(crate) fn named(
    credential: Option<&Credential>,
    header: impl FnOnce(&Secret) -> Header,
) -> Result<Vec<Header>, Unsigned> {
    match credential {
        None => Ok(Vec::new()),
        Some(Credential::Key(key)) => Ok(vec![header(key)]),
        Some(Credential::Token(token)) => {
            Ok(vec![("authorization", format!("Bearer {}", token.expose()))])
        }
        Some(Credential::Aws(_)) => Err(Unsigned::Keys),
    }
}

/// A text as one segment of a path: all but the unreserved characters of RFC 3986 is encoded, so
/// that a name with a slash or a question mark cannot lead elsewhere.
pub(crate) fn segment(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            _ => {
                out.push('%');
                for digit in [byte >> 4, byte & 15] {
                    let digit = char::from_digit(u32::from(digit), 16).unwrap_or('0');
                    out.push(digit.to_ascii_uppercase());
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_segment_whatever_is_in_it() {
        assert_eq!(segment("gemini-2.5_pro~x"), "gemini-2.5_pro~x");
        assert_eq!(segment("a/../b?c=d#e é"), "a%2F..%2Fb%3Fc%3Dd%23e%20%C3%A9");
        assert_eq!(segment("arn:aws:bedrock/x"), "arn%3Aaws%3Abedrock%2Fx");
    }

    #[test]
    fn keys_of_aws_go_to_no_other_format() {
        let key = Secret::new("k");
        let aws = types::AwsKeys {
            region: "r".into(),
            access_key_id: key.clone(),
            secret_access_key: key.clone(),
            session_token: None,
        };
        assert_eq!(bearer(Some(&Credential::Aws(aws))), Err(Unsigned::Keys));
        let sent = named(Some(&Credential::Token(key)), |_| ("x-key", String::new()));
        assert_eq!(sent, Ok(vec![("authorization", "Bearer k".to_owned())]));
    }
}
