//! The detectors. Each is called at a trigger that the prefilter found and looks at a window.

mod address;
mod birth;
mod card;
mod claims;
mod coordinates;
mod email;
mod iban;
mod id;
mod ip;
mod mac;
mod number;
mod passport;
mod phone;
mod plan;
mod ssn;
mod terms;
mod vehicle;
mod wallet;
mod web;

pub(crate) use crate::secret::Tokens;
pub(crate) use number::Numbers;

use crate::{cues, score::Candidate, text::Text};

/// Adds a candidate; false when there is no more room for one.
pub(crate) type Found<'f> = dyn FnMut(Candidate) + 'f;

/// Bytes to the left of a value that a detector of numbers or words reads, at most.
pub(crate) const LEFT_BYTES_MAX: usize = 128;
/// Bytes to the right of a value that it reads, at most.
pub(crate) const RIGHT_BYTES_MAX: usize = 32;
/// The longest value that it finds, in bytes.
pub(crate) const VALUE_BYTES_MAX: usize = 256;

const _: () = assert!(
    cues::LEFT_BYTES_MAX + cues::EDGE_BYTES <= LEFT_BYTES_MAX
        && cues::RIGHT_BYTES_MAX < RIGHT_BYTES_MAX
        && email::BYTES_MAX <= VALUE_BYTES_MAX
        && number::WORD_BYTES_MAX <= LEFT_BYTES_MAX
);

/// Runs at every `@` and `:`, which bear e-mail, IPv6 and web addresses, at every `www.`, and at the
/// words that are values themselves.
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
            web::at_colon(text, position, found);
        }
    }
    for position in memchr::memmem::find_iter(text.bytes(), "www.") {
        web::at_www(text, position, found);
    }
    terms::scan(text, found);
}
