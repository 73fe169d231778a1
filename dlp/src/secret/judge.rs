//! From an assignment to a finding: is the value secret, and whose is it?

use std::ops::Range;

use super::{
    LEFT_BYTES_MAX, RIGHT_BYTES_MAX, Tokens,
    assignment::{self, Assignment, BOUNDARY_BYTES, Run, Sign},
    check,
    named::Named,
    password,
    value::Value,
    window::{self, Words},
    words::{self, Class},
};
use crate::{Kind, score::Candidate, text::Text};

/// Schemes that stand before the credentials of a request (RFC 9110 section 11.1, and usage).
const SCHEMES: [&str; 11] = [
    "Bearer",
    "Basic",
    "Token",
    "ApiKey",
    "Api-Key",
    "Api-Token",
    "Bot",
    "Key",
    "OAuth",
    "Digest",
    "SSWS",
];
/// The longest token behind a scheme, in bytes.
const CREDENTIALS_BYTES_MAX: usize = 512;

/// Where settings name a credential whose form is fixed, anything else is a mistake or a sample.
static STRICT: Words = Words::new(&[
    "aws_secret_access_key",
    "awssecretaccesskey",
    "aws_secret_key",
    "secretaccesskey",
    "aws.secret",
]);
/// Addresses of images that show a state have tokens that anybody may see.
static BADGES: Words = Words::new(&["badge", "shields.io"]);
/// Parts of names whose values may be drawn as UUIDs.
static SECRETS: Words = Words::new(&["secret", "api", "access", "private"]);

/// What is known of the value before: a name can have several words, and each asks for the same value.
#[derive(Default)]
pub(super) struct Last<'t> {
    run: Run,
    value: Option<(Range<usize>, Option<Value<'t>>)>,
    /// Whose it is by all that stands round it, and the name that it is given to.
    owner: Option<(Range<usize>, Range<usize>, Option<Owner>)>,
}

/// A row of a provider whose form a value has, and whether the provider is named in the key.
type Owner = (bool, &'static Named);

/// Looks at a name in which a telling word stands.
pub(super) fn at_word<'t>(
    tokens: &Tokens,
    text: Text<'t>,
    hit: &Range<usize>,
    class: Class,
    last: &mut Last<'t>,
) -> Option<Candidate> {
    let mut found = assignment::read(text, hit, &mut last.run)?;
    let word = text.slice(hit.clone());
    let tells = match class {
        Class::Provider => names_provider(&found, word),
        Class::Header => names_header(text, &found, hit),
        Class::Password | Class::Token | Class::Secret => {
            words::tells(found.key, found.word_end, word)
        }
    };
    // `Service::ApiKey` is the name of a type.
    let is_type = text.slice(found.start.saturating_sub(2)..found.start) == "::";
    if !tells || is_type {
        return None;
    }
    let scheme = past_scheme(text, &mut found);
    let value = last.value(text, &found.value)?;
    if scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("basic")) {
        let password = check::basic_credentials(value.text)?;
        let real = Value::of(&password).is_some_and(|value| !value.is_placeholder());
        return (real && !password::is_stock(&password)).then(|| {
            Candidate::new(Kind::BASIC_AUTH, found.value)
                .term("scheme", 50)
                .term("user_and_password", 40)
        });
    }
    if let Some(candidate) = tokens.provider(text, &found, &value, class, last) {
        return Some(candidate);
    }
    if STRICT.are_in(found.key) || value.is_placeholder() && !value.is_random() {
        return None;
    }
    let start = found.value.start;
    let candidate = match class {
        Class::Provider => None,
        _ if word.eq_ignore_ascii_case("auth") && is_docker_auth(&value) => Some(
            Candidate::new(Kind::DOCKER_AUTH, found.value)
                .term("key", 40)
                .term("user_and_password", 40),
        ),
        Class::Header => bearer(found, &value, scheme, hit),
        Class::Password => password::judge(text, found, &value),
        Class::Token => token(found, &value, scheme),
        Class::Secret => token(found.clone(), &value, scheme).or_else(|| secret(found, &value)),
    };
    candidate.filter(|_| !window::are_before(text, start, &BADGES))
}

impl Tokens {
    /// The provider whose name stands in the key or near, and whose form the value has.
    fn provider(
        &self,
        text: Text<'_>,
        found: &Assignment<'_>,
        value: &Value<'_>,
        class: Class,
        last: &mut Last<'_>,
    ) -> Option<Candidate> {
        if found.sign == Sign::Space && class != Class::Header || !words::is_secret(found.key) {
            return None;
        }
        let is_number = value.look.digits == value.text.len();
        if is_number && class == Class::Provider || !value.is_drawn() && value.look.is_wordy() {
            return None;
        }
        // Only a drawn value is a token where just the text around names the provider.
        let around = value.is_drawn() && class != Class::Provider && !is_number;
        let (in_key, row) = if around {
            last.owner(found, || self.owner(text, found, value, true))?
        } else {
            self.owner(text, found, value, false)?
        };
        Some(
            Candidate::new(row.kind, found.value.clone())
                .term_if(in_key, "provider_in_key", 50)
                .term_if(!in_key, "provider_near", 40)
                .term("length_and_alphabet", 35),
        )
    }

    /// Looks for the names of providers in the key and, if asked to, around the value; the key counts
    /// more, then what stands last.
    fn owner(
        &self,
        text: Text<'_>,
        found: &Assignment<'_>,
        value: &Value<'_>,
        around: bool,
    ) -> Option<Owner> {
        let to_key = found.value.start - found.start + BOUNDARY_BYTES;
        let (left, right) = if around { (LEFT_BYTES_MAX, RIGHT_BYTES_MAX) } else { (to_key, 0) };
        let [before, after] = text.window(&found.value, left, right);
        let key_start = before.bytes().len().saturating_sub(found.value.start - found.start);
        let mut best: Option<Owner> = None;
        for (piece, key_start) in [(after, usize::MAX), (before, key_start)] {
            self.names(piece, |row, position| {
                let in_key = position >= key_start;
                let has_key = || {
                    row.key.is_empty()
                        || row.key.iter().any(|word| window::contains(found.key, word))
                };
                if (in_key || around)
                    && best.is_none_or(|(before, _)| in_key || !before)
                    && has_key()
                    && row.fits(text, found.value.start, value, in_key)
                {
                    best = Some((in_key, row));
                }
            });
        }
        best
    }
}

impl<'t> Last<'t> {
    /// The value that stands here, if it is one.
    fn value(&mut self, text: Text<'t>, span: &Range<usize>) -> Option<Value<'t>> {
        if let Some((_, value)) = self.value.as_ref().filter(|(known, _)| known == span) {
            return *value;
        }
        text.work.take(4 * span.len());
        let value = Value::of(text.slice(span.clone()));
        self.value = Some((span.clone(), value));
        value
    }

    /// Whose the value is, if that was not looked for before.
    fn owner(
        &mut self,
        found: &Assignment<'_>,
        look: impl FnOnce() -> Option<Owner>,
    ) -> Option<Owner> {
        let key = found.start..found.start + found.key.len();
        let is_known = |(name, value, _): &&(_, _, _)| *name == key && *value == found.value;
        if let Some((_, _, owner)) = self.owner.as_ref().filter(is_known) {
            return *owner;
        }
        let owner = look();
        self.owner = Some((key, found.value.clone(), owner));
        owner
    }
}

/// Whether the key is a name of the provider and of something secret, and not of an address or a
/// version of it.
fn names_provider(found: &Assignment<'_>, word: &str) -> bool {
    static OTHER: Words = Words::new(&[
        "url",
        "uri",
        "host",
        "endpoint",
        "version",
        "commit",
        "rev",
        "branch",
        "checksum",
        "_sum",
        "email",
        "user",
        "account",
        "project",
        "org",
        "region",
        "channel",
        "app_id",
        "appid",
        "tenant",
        "sdk",
        "path",
        "file",
        "image",
        "digest",
        "integrity",
    ]);
    let start = found.word_end.saturating_sub(word.len());
    let (before, rest) = found.key.split_at_checked(start).unwrap_or(("", found.key));
    matches!(
        found.sign,
        Sign::Equals | Sign::Environment | Sign::Comma | Sign::Element | Sign::Flag
    ) && words::starts_a_word(before, rest)
        && !OTHER.are_in(found.key)
}

/// Whether the name is that of a header and of nothing else.
fn names_header(text: Text<'_>, found: &Assignment<'_>, hit: &Range<usize>) -> bool {
    found.word_end == found.key.len() && !text.before(hit.start, 1).is_ascii_alphanumeric()
}

/// Docker's settings hold base64 of a user and a password.
fn is_docker_auth(value: &Value<'_>) -> bool {
    let password = check::basic_credentials(value.text).unwrap_or_default();
    value.text.len() >= 12 && Value::of(&password).is_some_and(|value| !value.is_placeholder())
}

/// Moves the value past a scheme, and says which.
fn past_scheme(text: Text<'_>, found: &mut Assignment<'_>) -> Option<&'static str> {
    let value = text.slice(found.value.clone());
    let scheme = SCHEMES.into_iter().find(|scheme| {
        value.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    })?;
    let after = found.value.start + scheme.len();
    let start = text.run(after, 4, |byte| byte == b' ' || byte == b':');
    if start == after {
        return None;
    }
    let is_in = |byte: u8| super::alphabet::Alphabet::BEARER.has(byte) || byte == b'|';
    let end = text.run(start, CREDENTIALS_BYTES_MAX, is_in);
    let cut = matches!(text.at(end), b'(' | b'{' | b'[' | b'<' | b'$');
    found.value = if cut { start..start } else { start..end };
    Some(scheme)
}

fn bearer(
    found: Assignment<'_>,
    value: &Value<'_>,
    scheme: Option<&str>,
    hit: &Range<usize>,
) -> Option<Candidate> {
    let bare = hit.len() == "bearer".len();
    let long = value.text.len() >= if bare { 20 } else { 12 };
    // Signed requests have a scheme, a scope and a signature in place of a token.
    let is_signature = value.text.starts_with("AWS4-") || value.text.contains("HMAC");
    let random = (value.is_random() || value.is_uuid()) && !is_signature;
    let long = long && (scheme.is_some() || value.text.len() >= 20);
    (long && random).then(|| {
        Candidate::new(Kind::BEARER_TOKEN, found.value)
            .term("header", 40)
            .term_if(scheme.is_some(), "scheme", 10)
            .term("looks_random", 30)
    })
}

fn token(found: Assignment<'_>, value: &Value<'_>, scheme: Option<&str>) -> Option<Candidate> {
    let is_secret = value.is_random() || value.is_uuid() && SECRETS.are_in(found.key);
    let said = found.sign == Sign::Is && value.text.len() < 16;
    let assigned = found.sign != Sign::Space && !said;
    let long = value.text.len() >= 10;
    let kind = if scheme.is_some() { Kind::BEARER_TOKEN } else { Kind::GENERIC_SECRET };
    (is_secret && assigned && long).then(|| {
        Candidate::new(kind, found.value).term("key", 35).term("looks_random", 30).term_if(
            found.quoted,
            "quoted",
            5,
        )
    })
}

fn secret(found: Assignment<'_>, value: &Value<'_>) -> Option<Candidate> {
    let assigned = !matches!(found.sign, Sign::Space | Sign::Is);
    let compared = found.sign == Sign::Compares && value.is_word() && value.text.len() > 7;
    // Names of types stand beside names of secrets too.
    let thought_up = value.is_password() && (value.look.other > 0 || !value.look.is_wordy());
    let is_secret = (thought_up || compared) && !password::is_stock(value.text);
    (found.quoted && assigned && is_secret).then(|| {
        Candidate::new(Kind::GENERIC_SECRET, found.value).term("key", 40).term("password", 25)
    })
}
