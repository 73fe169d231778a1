//! Rules that no row of the table can express.

use std::ops::Range;

use super::{
    Special,
    alphabet::Alphabet,
    check::{self, Verdict},
    command,
    form::{self, run, runs, text as text_of},
    hash, jwt, kubernetes,
    password::is_stock,
    pem,
    random::Look,
    url,
    value::Value,
    words,
};
use crate::{Kind, score::Candidate, text::Text};

/// The literals that start them.
pub(super) const SPECIAL: &[(&str, Special)] = &[
    ("sk-", sk),
    ("eyJ", jwt::at),
    ("ZXlK", jwt::encoded),
    ("-----BEGIN ", pem::at),
    ("LS0tLS1CRUdJTi", pem::encoded),
    ("://", url::at),
    ("hooks.slack.com/", slack_hook),
    ("$1$", hash::crypt),
    ("$2a$", hash::crypt),
    ("$2b$", hash::crypt),
    ("$2y$", hash::crypt),
    ("$5$", hash::crypt),
    ("$6$", hash::crypt),
    ("$7$", hash::crypt),
    ("$8$", hash::crypt),
    ("$9$", hash::crypt),
    ("$y$", hash::crypt),
    ("$P$", hash::crypt),
    ("$H$", hash::crypt),
    ("$apr1$", hash::crypt),
    ("$argon2", hash::crypt),
    ("$scrypt$", hash::crypt),
    ("$pbkdf2", hash::crypt),
    ("pbkdf2_sha256$", hash::crypt),
    ("$krb5", hash::crypt),
    ("{SSHA", hash::crypt),
    ("-u ", command::user),
    ("--user", command::user),
    (" -p", command::password),
    ("NetworkCredential(", command::call),
    ("DirectoryEntry(", command::call),
    ("BasicAuth(", command::call),
    ("basic_auth(", command::call),
    ("kind: secret", kubernetes::at),
    ("basic ", basic),
    ("django-insecure-", django),
    ("unseal", unseal),
    ("login_with_api_key", truenas),
];

/// Old keys of OpenAI: `sk-` and 48 letters and digits; also 32 hexadecimal digits, which
/// DeepSeek and others issue under the same prefix.
fn sk(text: Text<'_>, hit: Range<usize>) -> Option<Candidate> {
    let start = hit.start;
    if text.at(start) != b's' || text.before(start, 1).is_ascii_alphanumeric() {
        return None;
    }
    let end = text.run(hit.end, 81, |byte| Alphabet::URL_SAFE.has(byte));
    let token = text.slice(start..end);
    let body = token.get(3..)?;
    let look = Look::at(body);
    let plain = body.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !plain || look.is_filler() || look.digits < 2 {
        return None;
    }
    let is_old = (37..=77).contains(&body.len()) && look.upper > 0 && look.lower > 0;
    let is_hex = body.len() == 32 && look.is_hex();
    let signed = check::openai(token) == Verdict::Confirmed;
    (is_old || is_hex).then(|| {
        Candidate::new(if is_hex { Kind::DEEPSEEK_KEY } else { Kind::OPENAI_KEY }, start..end)
            .term("prefix", 50)
            .term("length_and_alphabet", 40)
            .term_if(signed, "signature", 10)
            .term_if(!signed, "no_signature", -15)
    })
}

/// An address to which anybody may post (Slack, incoming webhooks).
fn slack_hook(text: Text<'_>, hit: Range<usize>) -> Option<Candidate> {
    const PATH_BYTES_MAX: usize = 256;
    let is_path = |byte: u8| Alphabet::URL_SAFE.has(byte) || byte == b'/';
    let end = text.run(hit.end, PATH_BYTES_MAX, is_path);
    let path = text.slice(hit.end..end);
    let mut pieces = path.split('/');
    let known = matches!(pieces.next(), Some("services" | "workflows" | "triggers"));
    let secret = pieces.next_back().is_some_and(|last| {
        let look = Look::at(last);
        last.len() >= 16 && !look.is_filler() && !look.is_wordy()
    });
    let scheme = ["https://", "http://"]
        .into_iter()
        .find(|scheme| text.slice(hit.start.saturating_sub(scheme.len())..hit.start) == *scheme);
    let start = hit.start - scheme.map_or(0, str::len);
    (known && secret && end - hit.end >= 35)
        .then(|| Candidate::new(Kind::SLACK_TOKEN, start..end).term("prefix", 50).term("path", 40))
}

/// The key that `django-admin startproject` writes: fifty characters behind a warning.
fn django(text: Text<'_>, hit: Range<usize>) -> Option<Candidate> {
    let is_in = |byte: u8| byte.is_ascii_alphanumeric() || b"!@#$%^&*(-_=+)".contains(&byte);
    let end = text.run(hit.end, 64, is_in);
    let look = Look::at(text.slice(hit.end..end));
    let whole = words::starts_a_word(text.slice(hit.start.saturating_sub(1)..hit.start), "d");
    (whole && end - hit.end >= 40 && !look.is_filler()).then(|| {
        Candidate::new(Kind::DJANGO_SECRET_KEY, hit.start..end)
            .term("prefix", 50)
            .term("length_and_alphabet", 40)
    })
}

/// `Basic` and base64 of a user and a password (RFC 7617), wherever they stand.
fn basic(text: Text<'_>, hit: Range<usize>) -> Option<Candidate> {
    const CREDENTIALS_BYTES_MAX: usize = 512;
    if text.before(hit.start, 1).is_ascii_alphanumeric() {
        return None;
    }
    let end = text.run(hit.end, CREDENTIALS_BYTES_MAX, |byte| Alphabet::PADDED.has(byte));
    let encoded = text.slice(hit.end..end);
    let password = (encoded.len() >= 12).then(|| check::basic_credentials(encoded)).flatten()?;
    let real = Value::of(&password).is_some_and(|value| !value.is_placeholder());
    (real && !is_stock(&password)).then(|| {
        Candidate::new(Kind::BASIC_AUTH, hit.end..end)
            .term("scheme", 50)
            .term("user_and_password", 40)
    })
}

/// `Unseal Key 1: …` and `vault operator unseal …`: 32 or 33 bytes of base64.
fn unseal(text: Text<'_>, hit: Range<usize>) -> Option<Candidate> {
    let is_space = |byte: u8| byte == b' ';
    let is_key = text.slice(hit.end..hit.end + 4).eq_ignore_ascii_case(" key");
    let number = text.run(hit.end + if is_key { 4 } else { 0 }, 2, is_space);
    let after = if is_key { text.run(number, 2, |byte| byte.is_ascii_digit()) } else { number };
    let start = text.run(after, 3, |byte| byte == b':' || byte == b' ');
    let end = text.run(start, 60, |byte| Alphabet::PADDED.has(byte));
    let value = text.slice(start..end);
    (value.len() == 44 && Look::at(value).is_random()).then(|| {
        Candidate::new(Kind::VAULT_UNSEAL_KEY, start..end)
            .term("unseal", 45)
            .term("length_and_alphabet", 40)
    })
}

/// The key in the call that logs in to TrueNAS: a number, a dash and 64 letters and digits.
fn truenas(text: Text<'_>, hit: Range<usize>) -> Option<Candidate> {
    const FORM: form::Form =
        &[runs(Alphabet::DIGITS, 1, 4), text_of("-"), run(Alphabet::BASE62, 64)];
    let is_between = |byte: u8| byte.is_ascii_whitespace() || b"\"':,[params".contains(&byte);
    let start = text.run(hit.end, 64, is_between);
    let end = form::end(text, start, FORM)?;
    (!Look::at(text.slice(start..end)).is_filler()).then(|| {
        Candidate::new(Kind::TRUENAS_KEY, start..end)
            .term("call", 45)
            .term("length_and_alphabet", 40)
    })
}
