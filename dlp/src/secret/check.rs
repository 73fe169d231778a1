//! What a token says about itself beside its form: checksums that issuers publish, parts that
//! decode, and the look of its letters.

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use super::random::Look;

/// Base64 and base64url, padded or not, and also when cut in the middle of a group.
const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// A check's answer about a whole token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// A published checksum or an inner structure holds.
    Confirmed,
    /// Nothing speaks for or against it.
    Plausible,
    /// It has no checksum where the current form has one.
    Doubtful,
    /// It cannot be one.
    Impossible,
}

/// Looks at a whole token.
pub(crate) type Check = fn(&str) -> Verdict;

const fn impossible_unless(holds: bool) -> Verdict {
    if holds { Verdict::Plausible } else { Verdict::Impossible }
}

const fn confirmed_if(holds: bool) -> Verdict {
    if holds { Verdict::Confirmed } else { Verdict::Impossible }
}

/// The form is all there is.
pub(crate) const fn form(_token: &str) -> Verdict {
    Verdict::Plausible
}

/// Letters and digits are mixed.
pub(crate) fn mixed(token: &str) -> Verdict {
    let look = Look::at(token);
    impossible_unless(look.digits > 1 && look.letters() > 1)
}

/// It has capitals, small letters and digits, as long tokens of base 62 have.
pub(crate) fn three_classes(token: &str) -> Verdict {
    let look = Look::at(token);
    impossible_unless(look.digits > 0 && look.lower > 0 && look.upper > 0)
}

/// Its letters make no words.
pub(crate) fn not_words(token: &str) -> Verdict {
    impossible_unless(!Look::at(token).is_wordy())
}

/// Capitals and small letters that make no words, as in tokens of letters alone.
pub(crate) fn two_cases(token: &str) -> Verdict {
    let look = Look::at(token);
    impossible_unless(look.lower > 2 && look.upper > 2 && !look.is_wordy())
}

/// The keys of Anthropic end with `AA`, as base64 of a whole number of bytes.
pub(crate) fn ends_with_aa(token: &str) -> Verdict {
    confirmed_if(token.ends_with("AA"))
}

/// Classic tokens of GitHub: thirty characters, and the CRC-32 of them in six digits of base 62
/// ("Behind GitHub's new authentication token formats", 2021).
pub(crate) fn github(token: &str) -> Verdict {
    let body = token.get(4..).unwrap_or_default();
    if body.len() == 36 && has_crc(body, 30) { Verdict::Confirmed } else { Verdict::Doubtful }
}

/// npm's tokens carry the same checksum ("Announcing npm's new access token format", 2021).
pub(crate) fn npm(token: &str) -> Verdict {
    github(token)
}

/// Macaroons of PyPI: base64 of version 2, and the location of the index (PyPI, API tokens).
pub(crate) fn pypi(token: &str) -> Verdict {
    let decoded = token.strip_prefix("pypi-").and_then(decode).unwrap_or_default();
    let named = decoded.windows(8).any(|window| window == b"pypi.org");
    confirmed_if(named && decoded.starts_with(&[2, 1]))
}

/// The middle of it decodes to a JSON object, as in the tokens of Sentry's organisations.
pub(crate) fn json_inside(token: &str) -> Verdict {
    let body = token.split(['_', '.']).find(|part| part.starts_with("eyJ"));
    let decoded = body.and_then(decode).unwrap_or_default();
    confirmed_if(decoded.starts_with(b"{\""))
}

/// OpenAI's keys carry base64 of `OpenAI` in the middle.
pub(crate) fn openai(token: &str) -> Verdict {
    if token.contains("T3BlbkFJ") { Verdict::Confirmed } else { Verdict::Doubtful }
}

/// Slack's tokens have the numbers of a team and of a user.
pub(crate) fn slack(token: &str) -> Verdict {
    impossible_unless(Look::at(token).digits >= 4)
}

/// Sourcegraph's tokens are of hexadecimal digits, so that few letters cannot be all of them.
pub(crate) fn sourcegraph(token: &str) -> Verdict {
    mixed(token)
}

/// Octopus Deploy draws capitals and digits.
pub(crate) fn octopus(token: &str) -> Verdict {
    let look = Look::at(token);
    impossible_unless(look.digits > 0 && !look.is_wordy())
}

/// Reference tokens of JFrog are base64 of `reftkn:`, which begins with `cmVmdGtuO`; those before
/// 2022 share only the first five.
pub(crate) fn jfrog_reference(token: &str) -> Verdict {
    if token.starts_with("cmVmdGtuO") { Verdict::Confirmed } else { mixed(token) }
}

/// The fixed parts of a token of Azure DevOps: `JQQJ9` at 52, `AZDO` at 76.
pub(crate) fn azure_devops(token: &str) -> Verdict {
    confirmed_if(token.get(52..57) == Some("JQQJ9"))
}

/// A number and a colon, then the secret, which mixes letters and digits.
pub(crate) fn telegram(token: &str) -> Verdict {
    mixed(token.split_once(':').map_or("", |(_, secret)| secret))
}

/// Hexadecimal digits behind `SK`.
pub(crate) fn twilio(token: &str) -> Verdict {
    mixed(token.get(2..).unwrap_or_default())
}

/// Tokens of Meta are base 62 without signs.
pub(crate) fn facebook(token: &str) -> Verdict {
    let look = Look::at(token);
    impossible_unless(look.digits > 3 && look.lower > 3 && look.upper > 3)
}

/// The parts of a secret key of 1Password.
pub(crate) fn onepassword(token: &str) -> Verdict {
    mixed(token.get(3..).unwrap_or_default())
}

/// The middle of a token of Mapbox is JSON.
pub(crate) fn mapbox(token: &str) -> Verdict {
    confirmed_if(token.get(3..6) == Some("eyJ"))
}

/// Base64 of `user:password`.
pub(crate) fn basic_credentials(token: &str) -> Option<String> {
    let decoded = String::from_utf8(decode(token)?).ok()?;
    let printable = decoded.chars().all(|c| !c.is_control());
    let (_, password) = decoded.split_once(':')?;
    (printable && !password.is_empty()).then(|| password.to_owned())
}

/// Bytes of either base64, padded or not.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let url_safe = text.bytes().any(|byte| matches!(byte, b'-' | b'_'));
    // One character alone in the last group says nothing and is not base64.
    let whole = text.trim_end_matches('=');
    let whole = if whole.len() % 4 == 1 { whole.get(..whole.len() - 1)? } else { whole };
    if url_safe { URL_SAFE.decode(whole).ok() } else { STANDARD.decode(whole).ok() }
}

fn has_crc(body: &str, length: usize) -> bool {
    let halves = body.split_at_checked(length);
    halves.is_some_and(|(random, check)| base62(crc32(random.as_bytes())) == check)
}

/// CRC-32 as in ISO 3309 (reflected, polynomial 0xEDB88320).
pub(super) fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 * (crc & 1)))
    })
}

/// Six digits of base 62, as GitHub writes its checksum.
pub(super) fn base62(number: u32) -> String {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let digit = |place: u32| {
        let index = usize::try_from(number / 62_u32.pow(place) % 62).unwrap_or(0);
        char::from(DIGITS.get(index).copied().unwrap_or(b'0'))
    };
    // 62^5 is below 2^32 and 62^6 above it, so six digits hold every checksum.
    (0..6).rev().map(digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_published_one() {
        // The check value of the CRC catalogue for CRC-32/ISO-HDLC.
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(base62(0), "000000");
        assert_eq!(base62(61), "00000z");
        assert_eq!(base62(u32::MAX), "4gfFC3");
    }

    #[test]
    fn a_wrong_checksum_is_doubtful() {
        let random = "q7Zt3WmB9xKd5RfV1nHs8LcYp2GjT6";
        let right = format!("ghp_{random}{}", base62(crc32(random.as_bytes())));
        assert_eq!(github(&right), Verdict::Confirmed);
        assert_eq!(npm(&right.replace("ghp_", "npm_")), Verdict::Confirmed);
        assert_eq!(github(&format!("ghp_{random}000000")), Verdict::Doubtful);
    }

    #[test]
    fn a_pypi_token_is_a_macaroon_of_the_index() {
        let token = |bytes: &[u8]| format!("pypi-{}", URL_SAFE.encode(bytes));
        assert_eq!(pypi(&token(b"\x02\x01\x08pypi.org\x02\x24id")), Verdict::Confirmed);
        assert_eq!(pypi(&token(b"\x02\x01\x08else.org\x02\x24id")), Verdict::Impossible);
    }

    #[test]
    fn basic_credentials_are_a_user_and_a_password() {
        let encoded = STANDARD.encode("user:pass word");
        assert_eq!(basic_credentials(&encoded).as_deref(), Some("pass word"));
        assert_eq!(basic_credentials("AAAA"), None);
        assert_eq!(basic_credentials(&STANDARD.encode("nobody")), None);
    }
}
