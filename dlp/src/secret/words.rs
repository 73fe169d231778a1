//! Words that say of a name that what is assigned to it is secret.

use super::window::{self, Words};

/// What a telling word promises of the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// A password: drawn or thought up.
    Password,
    /// A token or key: drawn.
    Token,
    /// Either.
    Secret,
    /// The credentials of a request, with a scheme before them.
    Header,
    /// Only the name of a provider.
    Provider,
}

/// The words, in lower case; they are found in any case and also inside longer names. German,
/// French, Spanish, Italian and Portuguese ones stand beside the English ones.
pub(super) const WORDS: [(&str, Class); 57] = [
    ("password", Class::Password),
    ("passwd", Class::Password),
    ("passphrase", Class::Password),
    ("passcode", Class::Password),
    ("pass", Class::Password),
    ("pwd", Class::Password),
    ("passwort", Class::Password),
    ("kennwort", Class::Password),
    ("mot_de_passe", Class::Password),
    ("mot de passe", Class::Password),
    ("motdepasse", Class::Password),
    ("mdp", Class::Password),
    ("contrasena", Class::Password),
    ("contraseña", Class::Password),
    ("parola_chiave", Class::Password),
    ("senha", Class::Password),
    ("wachtwoord", Class::Password),
    ("secret", Class::Secret),
    ("geheimnis", Class::Secret),
    ("credential", Class::Secret),
    ("credentials", Class::Secret),
    ("token", Class::Token),
    ("jeton", Class::Token),
    ("apikey", Class::Token),
    ("api_key", Class::Token),
    ("api-key", Class::Token),
    ("api key", Class::Token),
    ("api_token", Class::Token),
    ("accesskey", Class::Token),
    ("access_key", Class::Token),
    ("access-key", Class::Token),
    ("privatekey", Class::Token),
    ("private_key", Class::Token),
    ("private-key", Class::Token),
    ("secretkey", Class::Secret),
    ("secret_key", Class::Secret),
    ("secret-key", Class::Secret),
    ("accountkey", Class::Token),
    ("account_key", Class::Token),
    ("authkey", Class::Token),
    ("auth_key", Class::Token),
    ("auth-key", Class::Token),
    ("encryption_key", Class::Token),
    ("encryptionkey", Class::Token),
    ("signing_key", Class::Token),
    ("signingkey", Class::Token),
    ("master_key", Class::Token),
    ("masterkey", Class::Token),
    ("service_key", Class::Token),
    ("license_key", Class::Token),
    ("licensekey", Class::Token),
    ("webhook_key", Class::Token),
    ("auth", Class::Token),
    ("_pat", Class::Token),
    ("bearer", Class::Header),
    ("authorization", Class::Header),
    ("session_cookie", Class::Token),
];

/// Words that also begin or end others and count only as whole words of a name.
const SHORT_BYTES_MAX: usize = 4;

/// What may follow the word within its name.
const SUFFIXES: [&str; 32] = [
    "",
    "s",
    "value",
    "val",
    "string",
    "str",
    "text",
    "prod",
    "production",
    "dev",
    "development",
    "staging",
    "test",
    "live",
    "new",
    "old",
    "current",
    "default",
    "plain",
    "raw",
    "b64",
    "base64",
    "hex",
    "key",
    "main",
    "primary",
    "secondary",
    "admin",
    "root",
    "id",
    "basic",
    "api",
];

/// Parts of names whose values are public, passing or no more than marks.
static PUBLIC: Words = Words::new(&[
    "public",
    "pubkey",
    "csrf",
    "xsrf",
    "next",
    "pagination",
    "continu",
    "cursor",
    "cancel",
    "cache",
    "etag",
    "digest",
    "checksum",
    "sha1",
    "sha256",
    "md5",
    "fingerprint",
    "thumbprint",
    "encrypted",
    "sealed",
    "idempot",
    "dedup",
    "invalid",
    "wrong",
    "expected",
    "unused",
    "foreign",
    "secretsid",
    "authenticity",
    "hash",
    "page_",
    "page-",
    "pagetoken",
]);

/// The marks of language models, which are first words of names.
const MARKS: [&str; 7] = ["pub", "bos", "eos", "pad", "unk", "mask", "stop"];

/// Whether the name says that its value is secret.
pub(super) fn tells(key: &str, word_end: usize, word: &str) -> bool {
    let (before, suffix) = key.split_at_checked(word_end).unwrap_or((key, ""));
    let suffix = suffix.trim_matches(|c: char| matches!(c, '_' | '-' | '.') || c.is_ascii_digit());
    let before = before.get(..before.len().saturating_sub(word.len())).unwrap_or_default();
    let is_whole = word.len() > SHORT_BYTES_MAX
        || starts_a_word(before, key.get(before.len()..).unwrap_or_default());
    is_whole
        && SUFFIXES.iter().any(|allowed| suffix.eq_ignore_ascii_case(allowed))
        && (!suffix.eq_ignore_ascii_case("id") || window::contains(word, "secret"))
        && is_secret(key)
}

/// Whether nothing in the name says that its value is public.
pub(super) fn is_secret(key: &str) -> bool {
    let first = key.split(['_', '-', '.']).next().unwrap_or_default();
    // HashiCorp makes vaults, not hashes.
    let begins_a_word = |_: &str, at| {
        let (before, rest) = key.split_at_checked(at).unwrap_or(("", key));
        starts_a_word(before, rest) && !window::contains(rest, "hashicorp")
    };
    !PUBLIC.any(key, begins_a_word) && !MARKS.iter().any(|mark| first.eq_ignore_ascii_case(mark))
}

/// Whether a provider's name stands here as a word: it begins one and, when it is short, ends one
/// too, as `sumo` does not in `sumObject`.
pub(super) fn is_name(before: &str, name: &str, next: u8) -> bool {
    const LONG_BYTES_MIN: usize = 6;
    let ends = name.len() >= LONG_BYTES_MIN || !next.is_ascii_lowercase() || has_capitals(name);
    starts_a_word(before, name) && ends
}

/// Names in capitals are followed by what they name, in whatever case.
fn has_capitals(name: &str) -> bool {
    name.bytes().all(|byte| !byte.is_ascii_lowercase())
}

/// Whether a word begins where these two parts of a name meet: at a sign, or at a capital.
pub(super) fn starts_a_word(before: &str, rest: &str) -> bool {
    let last = before.bytes().next_back();
    let first = rest.bytes().next();
    match (last, first) {
        (Some(last), Some(first)) if last.is_ascii_alphabetic() => {
            last.is_ascii_lowercase() && first.is_ascii_uppercase() || before.ends_with("-D")
        }
        _ => true,
    }
}
