//! Whether a value that is called a password is one: drawn, thought up, or a plain word where the
//! place leaves no doubt.

use super::{
    assignment::{Assignment, Sign},
    value::Value,
    window,
};
use crate::{Kind, score::Candidate, text::Text};

/// Names in an address of a database beside which stands its password.
const CONNECTION: [&str; 8] = [
    "user id=",
    "uid=",
    "userid=",
    "user=",
    "username=",
    "server=",
    "data source=",
    "accountname=",
];

/// Judges a value whose name says that it is a password.
pub(super) fn judge(text: Text<'_>, found: Assignment<'_>, value: &Value<'_>) -> Option<Candidate> {
    let is_connection = !found.quoted
        && matches!(found.sign, Sign::Equals | Sign::Environment)
        && matches!(text.before(found.start, 1), b';' | b' ' | b'"')
        && window::has_before(text, found.value.start, &CONNECTION)
        && window::has_before(text, found.value.start, &[";"]);
    let mark = text.before(found.value.start, 1);
    let is_netrc = found.sign == Sign::Space
        && found.key.eq_ignore_ascii_case("password")
        && !found.quoted
        && window::has_before(text, found.value.start, &["machine ", "default\n"])
        && window::has_before(text, found.value.start, &["login "]);
    let strong = value.is_random() || value.is_password();
    let word = value.is_word() && !is_stock(value.text);
    let ends_line = matches!(text.at(found.value.end), 0 | b'\n' | b'\r' | b' ');
    let long_word = word && value.look.lower == value.text.len() && value.text.len() >= 12;
    let (term, points) = match found.sign {
        _ if is_netrc => ("netrc", 40),
        _ if is_connection && (strong || value.is_word()) => {
            return Some(
                Candidate::new(Kind::CONNECTION_STRING, found.value)
                    .term("connection_string", 50)
                    .term("password", 30),
            );
        }
        Sign::Equals | Sign::Compares | Sign::Element | Sign::Flag if strong => ("password", 25),
        Sign::Comma
            if value.is_random()
                || strong && !value.text.contains([':', '.']) && !value.look.is_wordy() =>
        {
            ("password", 25)
        }
        Sign::Equals | Sign::Element if found.quoted && long_word => ("password", 20),
        Sign::Equals
            if found.quoted
                && word
                && value.text.len() > 5
                && window::has_before(text, found.value.start, &["user"]) =>
        {
            ("beside_a_user", 20)
        }
        Sign::Compares if word && value.text.len() > 5 => ("compared", 20),
        Sign::Environment if strong || word && ends_line && value.text.len() > 5 => {
            ("environment", 25)
        }
        Sign::Is if found.quoted && (strong || word) || value.is_telling_password() => ("said", 25),
        Sign::Space if strong && found.quoted && found.key.len() > "pass".len() && mark != b'`' => {
            ("password", 25)
        }
        _ => return None,
    };
    Some(Candidate::new(Kind::PASSWORD, found.value).term("key", 40).term(term, points).term_if(
        value.is_random(),
        "looks_random",
        10,
    ))
}

/// Words that stand for a password where none is given.
pub(super) fn is_stock(text: &str) -> bool {
    const STOCK: [&str; 30] = [
        "password",
        "passwd",
        "pass",
        "pwd",
        "secret",
        "token",
        "changeme",
        "test",
        "none",
        "null",
        "true",
        "false",
        "empty",
        "string",
        "required",
        "optional",
        "default",
        "undefined",
        "hidden",
        "prompt",
        "yes",
        "user",
        "username",
        "value",
        "input",
        "text",
        "your_password",
        "invalid",
        "incorrect",
        "wrong",
    ];
    STOCK.iter().any(|word| text.eq_ignore_ascii_case(word))
}
