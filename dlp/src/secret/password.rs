//! Whether a value that is called a password is one: drawn, thought up, or a plain word where the
//! place leaves no doubt.

use super::{
    assignment::{Assignment, Sign},
    value::Value,
    window::{self, Words},
};
use crate::{Kind, score::Candidate, text::Text};

/// Names in an address of a database beside which stands its password.
static CONNECTION: Words = Words::new(&[
    "user id=",
    "uid=",
    "userid=",
    "user=",
    "username=",
    "server=",
    "data source=",
    "accountname=",
]);

static MACHINE: Words = Words::new(&["machine ", "default\n"]);
static LOGIN: Words = Words::new(&["login "]);
static USER: Words = Words::new(&["user"]);

/// Judges a value whose name says that it is a password.
pub(super) fn judge(text: Text<'_>, found: Assignment<'_>, value: &Value<'_>) -> Option<Candidate> {
    let mark = text.before(found.value.start, 1);
    let strong = value.is_random() || value.is_password();
    let word = value.is_word() && !is_stock(value.text);
    let ends_line = matches!(text.at(found.value.end), 0 | b'\n' | b'\r' | b' ');
    let long_word = word && value.look.lower == value.text.len() && value.text.len() >= 12;
    let (term, points) = match found.sign {
        _ if is_netrc(text, &found) => ("netrc", 40),
        _ if (strong || value.is_word()) && is_connection(text, &found) => {
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
                && window::are_before(text, found.value.start, &USER) =>
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

/// `Server=db;User Id=sa;Password=value`.
fn is_connection(text: Text<'_>, found: &Assignment<'_>) -> bool {
    !found.quoted
        && matches!(found.sign, Sign::Equals | Sign::Environment)
        && matches!(text.before(found.start, 1), b';' | b' ' | b'"')
        && window::before(text, found.value.start).contains(';')
        && window::are_before(text, found.value.start, &CONNECTION)
}

/// `machine host login user password value`.
fn is_netrc(text: Text<'_>, found: &Assignment<'_>) -> bool {
    found.sign == Sign::Space
        && found.key.eq_ignore_ascii_case("password")
        && !found.quoted
        && window::are_before(text, found.value.start, &MACHINE)
        && window::are_before(text, found.value.start, &LOGIN)
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
