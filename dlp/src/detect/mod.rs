//! The detectors. Each is called at a trigger that the prefilter found and looks at a window.

mod card;
mod email;
mod iban;
mod ip;
mod number;
mod phone;
mod plan;
mod ssn;

pub(crate) use crate::secret::Tokens;
pub(crate) use number::Numbers;

use crate::{score::Candidate, text::Text};

/// Adds a candidate; false when there is no more room for one.
pub(crate) type Found<'f> = dyn FnMut(Candidate) + 'f;

/// Runs at every `@` and `:`, which bear e-mail and IPv6 addresses.
pub(crate) fn at_marks(text: Text<'_>, found: &mut Found<'_>) {
    text.work.take(text.bytes().len());
    for position in memchr::memchr2_iter(b'@', b':', text.bytes()) {
        if text.work.is_spent() {
            return;
        }
        if text.at(position) == b'@' {
            email::at(text, position, found);
        } else {
            ip::at_colon(text, position, found);
        }
    }
}
