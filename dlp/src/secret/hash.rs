//! Hashes of passwords in the notation of crypt(5), of PHC strings, of LDAP (RFC 2307) and of
//! Kerberos answers: who has them can try passwords at leisure.

use std::ops::Range;

use super::random::Look;
use crate::{Kind, score::Candidate, text::Text};

/// The longest hash but for those of Kerberos, in bytes.
const HASH_BYTES_MAX: usize = 512;
const KERBEROS_BYTES_MAX: usize = 3 << 10;

/// Looks at the mark of a scheme.
pub(super) fn crypt(text: Text<'_>, hit: Range<usize>) -> Option<Candidate> {
    let before = text.before(hit.start, 1);
    if before.is_ascii_alphanumeric() || matches!(before, b'-' | b'_' | b'.' | b'/' | b'+' | b'$') {
        return None;
    }
    let mark = text.slice(hit.clone());
    let is_kerberos = mark == "$krb5";
    let limit = if is_kerberos { KERBEROS_BYTES_MAX } else { HASH_BYTES_MAX };
    let is_hash = |byte: u8| {
        byte.is_ascii_alphanumeric()
            || matches!(byte, b'$' | b'.' | b'/' | b'+' | b'=' | b',' | b'_' | b'-')
            || (is_kerberos && matches!(byte, b'@' | b':' | b'*'))
            || (mark == "{SSHA" && matches!(byte, b'{' | b'}'))
    };
    let end = text.run(hit.start, limit, is_hash);
    let hash = text.slice(hit.start..end).trim_end_matches(['.', ',']);
    let fields: Vec<&str> = hash.split('$').collect();
    let last = fields.last().copied().unwrap_or_default();
    let length = last.len();
    let holds = match mark {
        // Salt of up to eight characters, 22 of hash.
        "$1$" | "$apr1$" => fields.len() == 4 && length == 22,
        // Cost, 22 characters of salt and 31 of hash.
        "$2a$" | "$2b$" | "$2y$" => fields.len() == 4 && length == 53,
        "$5$" => fields.len() >= 4 && length == 43,
        "$6$" => fields.len() >= 4 && length == 86,
        // Cisco's types 8 (PBKDF2) and 9 (scrypt).
        "$8$" | "$9$" => fields.len() == 4 && length == 43,
        "$7$" | "$y$" => fields.len() >= 4 && length >= 43,
        // phpass: one character of cost, eight of salt, 22 of hash.
        "$P$" | "$H$" => fields.len() == 3 && length == 31,
        "$argon2" => fields.len() == 6 && length >= 16,
        "$scrypt$" | "$pbkdf2" => fields.len() >= 5 && length >= 20,
        "pbkdf2_sha256$" => fields.len() == 4 && length >= 43,
        "$krb5" => fields.len() >= 4 && length >= 64,
        "{SSHA" => {
            let body = hash.split_once('}').map_or("", |(_, body)| body);
            body.len() >= 28 && !Look::at(body).is_filler()
        }
        _ => false,
    };
    (holds && !Look::at(last).is_filler()).then(|| {
        Candidate::new(Kind::PASSWORD_HASH, hit.start..hit.start + hash.len())
            .term("scheme", 50)
            .term("length_and_alphabet", 40)
    })
}
