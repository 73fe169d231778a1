//! Secrets that announce themselves: one automaton over the literals that start them, and one rule
//! for each literal. Prefixes and lengths are those that the issuers document.

use aho_corasick::{AhoCorasick, MatchKind};

use super::{Found, jwt, pem, url};
use crate::{Kind, score::Candidate, text::Text};

/// The longest token of any rule, in bytes.
const TOKEN_BYTES_MAX: usize = 512;

/// What to do where a literal stands.
#[derive(Clone, Copy)]
enum Rule {
    AwsId,
    AwsSecret,
    Github,
    GithubFineGrained,
    Slack,
    SlackHook,
    Sk,
    Google,
    GoogleSecret,
    Stripe,
    Jwt,
    Pem,
    Url,
}

const LITERALS: [(&str, Rule); 29] = [
    ("AKIA", Rule::AwsId),
    ("ASIA", Rule::AwsId),
    ("ABIA", Rule::AwsId),
    ("ACCA", Rule::AwsId),
    ("ecret", Rule::AwsSecret),
    ("ECRET", Rule::AwsSecret),
    ("ghp_", Rule::Github),
    ("gho_", Rule::Github),
    ("ghu_", Rule::Github),
    ("ghs_", Rule::Github),
    ("ghr_", Rule::Github),
    ("github_pat_", Rule::GithubFineGrained),
    ("xoxb-", Rule::Slack),
    ("xoxp-", Rule::Slack),
    ("xoxa-", Rule::Slack),
    ("xoxr-", Rule::Slack),
    ("xoxs-", Rule::Slack),
    ("xoxo-", Rule::Slack),
    ("xoxc-", Rule::Slack),
    ("xoxd-", Rule::Slack),
    ("xoxe", Rule::Slack),
    ("xapp-", Rule::Slack),
    ("hooks.slack.com/", Rule::SlackHook),
    ("sk-", Rule::Sk),
    ("AIza", Rule::Google),
    ("GOCSPX-", Rule::GoogleSecret),
    ("k_live_", Rule::Stripe),
    ("k_test_", Rule::Stripe),
    ("eyJ", Rule::Jwt),
];
/// Openers that hold wherever they stand, also in the middle of another match.
const OPENERS: [(&str, Rule); 2] = [("-----BEGIN ", Rule::Pem), ("://", Rule::Url)];

/// The automaton over every literal.
pub(crate) struct Tokens {
    literals: AhoCorasick,
}

impl Tokens {
    /// None when the automaton cannot be built; the engine then calls everything incomplete.
    pub(crate) fn new() -> Option<Self> {
        let patterns = LITERALS.iter().chain(&OPENERS).map(|(literal, _)| literal);
        let literals = AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(patterns);
        literals.ok().map(|literals| Self { literals })
    }

    /// What starts each rule.
    #[cfg(test)]
    pub(crate) fn openers() -> Vec<&'static str> {
        let mut all: Vec<_> = LITERALS.iter().chain(&OPENERS).collect();
        all.dedup_by_key(|(_, rule)| std::mem::discriminant(rule));
        all.iter().map(|(literal, _)| *literal).collect()
    }

    /// Runs over every literal of the text.
    pub(crate) fn scan(&self, text: Text<'_>, found: &mut Found<'_>) {
        text.work.take(text.bytes().len());
        for hit in self.literals.find_iter(text.bytes()) {
            if text.work.is_spent() {
                return;
            }
            let index = hit.pattern().as_usize();
            let Some(&(_, rule)) = LITERALS.iter().chain(&OPENERS).nth(index) else { continue };
            let candidate = match rule {
                Rule::AwsId => aws_id(text, hit.start()),
                Rule::AwsSecret => aws_secret(text, hit.end()),
                Rule::Github => github(text, hit.start()),
                Rule::GithubFineGrained => fine_grained(text, hit.start()),
                Rule::Slack => slack(text, hit.start()),
                Rule::SlackHook => slack_hook(text, hit.start()),
                Rule::Sk => sk(text, hit.start()),
                Rule::Google => token(text, hit.start(), 39..=39, Kind::GOOGLE_KEY, is_url_safe),
                Rule::GoogleSecret => {
                    token(text, hit.start(), 35..=35, Kind::GOOGLE_KEY, is_url_safe)
                }
                Rule::Stripe => stripe(text, hit.start()),
                Rule::Jwt => jwt::at(text, hit.start()),
                Rule::Pem => pem::at(text, hit.start()),
                Rule::Url => url::at(text, hit.end()),
            };
            if let Some(candidate) = candidate {
                found(candidate);
            }
        }
    }
}

const fn is_alphanumeric(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

/// The alphabet of base64url, which most issuers use.
pub(super) const fn is_url_safe(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

/// A run of the alphabet that starts here on a word boundary and has one of these lengths.
fn token(
    text: Text<'_>,
    start: usize,
    lengths: std::ops::RangeInclusive<usize>,
    kind: Kind,
    alphabet: impl Fn(u8) -> bool,
) -> Option<Candidate> {
    if text.before(start, 1).is_ascii_alphanumeric() {
        return None;
    }
    // A run that is longer by more than a dash or two is no such token.
    let end = text.run(start, (lengths.end() + 8).min(TOKEN_BYTES_MAX), alphabet);
    // A dash or line that ends the run belongs to the text around it, unless the length needs it.
    let trimmed = start + text.slice(start..end).trim_end_matches(['-', '_', '.']).len();
    let end = if lengths.contains(&(end - start)) { end } else { trimmed };
    if !lengths.contains(&(end - start)) || is_placeholder(text.slice(start..end)) {
        return None;
    }
    Some(Candidate::new(kind, start..end).term("prefix", 50).term("length_and_alphabet", 40))
}

/// Whether a token is filler such as `xxxxxxxx`: random text of twenty and more characters has
/// more than seven different ones in all but one of millions.
fn is_placeholder(token: &str) -> bool {
    let mut seen = [false; 256];
    for byte in token.bytes().rev().take(32) {
        if let Some(slot) = seen.get_mut(usize::from(byte)) {
            *slot = true;
        }
    }
    seen.iter().filter(|&&slot| slot).count() < 8
}

fn aws_id(text: Text<'_>, start: usize) -> Option<Candidate> {
    let is_base32 = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    let candidate = token(text, start, 20..=20, Kind::AWS_KEY, is_base32)?;
    (!text.at(candidate.span.end).is_ascii_alphanumeric()).then_some(candidate)
}

/// Forty characters of base64 that are assigned to a name that says what they are.
fn aws_secret(text: Text<'_>, name: usize) -> Option<Candidate> {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let start = text.run_back(name, 64, is_name);
    let name_end = text.run(name, 64, |byte| is_name(byte) || byte == b' ');
    let compact: String = text
        .slice(start..name_end)
        .bytes()
        .filter(u8::is_ascii_alphanumeric)
        .map(|byte| char::from(byte.to_ascii_lowercase()))
        .collect();
    let named = compact.contains("secretaccesskey")
        || (compact.contains("aws") && compact.contains("secret"));
    if !named {
        return None;
    }
    let value = text.run(name_end, 8, |byte| {
        byte.is_ascii_whitespace()
            || matches!(byte, b'=' | b':' | b'"' | b'\'' | b'`' | b'>' | b'\\')
    });
    if value == name_end {
        return None;
    }
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'+');
    let end = text.run(value, TOKEN_BYTES_MAX, is_base64);
    let secret = text.slice(value..end);
    let mixed = secret.bytes().any(|byte| byte.is_ascii_digit())
        && secret.bytes().any(|byte| byte.is_ascii_alphabetic());
    if secret.len() != 40 || !mixed || is_placeholder(secret) {
        return None;
    }
    Some(Candidate::new(Kind::AWS_SECRET, value..end).term("assignment", 50).term("alphabet", 40))
}

fn github(text: Text<'_>, start: usize) -> Option<Candidate> {
    let is_body = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let candidate = token(text, start, 40..=260, Kind::GITHUB_TOKEN, is_body)?;
    let body = text.slice(start + 4..candidate.span.end);
    // Only the classic form, thirty characters and six of checksum, has a published check.
    let checked = body.len() == 36
        && body
            .split_at_checked(30)
            .is_some_and(|(entropy, check)| base62(crc32(entropy.as_bytes())) == check);
    Some(candidate.term_if(checked, "checksum", 10).term_if(!checked, "no_checksum", -15))
}

/// CRC-32 as in ISO 3309 (reflected, polynomial 0xEDB88320).
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 * (crc & 1)))
    })
}

/// Six digits of base 62, as GitHub writes its checksum ("Behind GitHub's new authentication
/// token formats", 2021).
fn base62(number: u32) -> String {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let digit = |place: u32| {
        let index = usize::try_from(number / 62_u32.pow(place) % 62).unwrap_or(0);
        char::from(DIGITS.get(index).copied().unwrap_or(b'0'))
    };
    // 62^5 is below 2^32 and 62^6 above it, so six digits hold every checksum.
    (0..6).rev().map(digit).collect()
}

fn fine_grained(text: Text<'_>, start: usize) -> Option<Candidate> {
    let is_body = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    token(text, start, 80..=260, Kind::GITHUB_TOKEN, is_body)
}

fn slack(text: Text<'_>, start: usize) -> Option<Candidate> {
    let is_body = |byte: u8| is_url_safe(byte) || matches!(byte, b'.' | b'%' | b'/' | b'+');
    let candidate = token(text, start, 24..=TOKEN_BYTES_MAX, Kind::SLACK_TOKEN, is_body)?;
    let digits = text.slice(candidate.span.clone()).bytes().filter(u8::is_ascii_digit).count();
    (digits >= 4).then_some(candidate)
}

fn slack_hook(text: Text<'_>, host: usize) -> Option<Candidate> {
    let is_path = |byte: u8| is_url_safe(byte) || byte == b'/';
    let path = host + "hooks.slack.com/".len();
    let end = text.run(path, TOKEN_BYTES_MAX, is_path);
    let pieces = text.slice(path..end).split('/');
    let known = pieces
        .clone()
        .next()
        .is_some_and(|first| matches!(first, "services" | "workflows" | "triggers"));
    let start =
        if text.slice(host.saturating_sub(8)..host) == "https://" { host - 8 } else { host };
    (known && pieces.count() >= 2 && end - path >= 35)
        .then(|| Candidate::new(Kind::SLACK_TOKEN, start..end).term("prefix", 50).term("path", 40))
}

/// Keys that start with `sk-`: Anthropic's, OpenAI's projects' and its old ones.
fn sk(text: Text<'_>, start: usize) -> Option<Candidate> {
    let rest = text.slice(start..text.run(start, 16, is_url_safe));
    if rest.starts_with("sk-ant-") {
        return token(text, start, 40..=TOKEN_BYTES_MAX, Kind::ANTHROPIC_KEY, is_url_safe);
    }
    let scoped = ["sk-proj-", "sk-svcacct-", "sk-admin-", "sk-service-"];
    let candidate = if scoped.iter().any(|prefix| rest.starts_with(prefix)) {
        token(text, start, 40..=TOKEN_BYTES_MAX, Kind::OPENAI_KEY, is_url_safe)?
    } else {
        let is_body = |byte: u8| is_alphanumeric(byte) || byte == b'-';
        let candidate = token(text, start, 40..=80, Kind::OPENAI_KEY, is_body)?;
        let body = text.slice(start + 3..candidate.span.end);
        let mixed = body.bytes().any(|byte| byte.is_ascii_digit())
            && body.bytes().any(|byte| byte.is_ascii_uppercase());
        if body.contains('-') || !mixed {
            return None;
        }
        candidate
    };
    // Base64 of `OpenAI`, which its keys carry in the middle.
    let signed = text.slice(candidate.span.clone()).contains("T3BlbkFJ");
    Some(candidate.term_if(signed, "signature", 10).term_if(!signed, "no_signature", -15))
}

fn stripe(text: Text<'_>, hit: usize) -> Option<Candidate> {
    let start = hit.checked_sub(1).filter(|&start| matches!(text.at(start), b's' | b'r'))?;
    let is_body = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    token(text, start, 24..=260, Kind::STRIPE_KEY, is_body)
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
}
