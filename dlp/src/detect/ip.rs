//! IPv4 and IPv6 addresses that can point to somebody: no loopback, mask or unspecified address.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{
    Found,
    claims::{Claims, Nears},
    number::Group,
};
use crate::{Kind, cues::Cue, score::Candidate, text::Text};

/// The longest text of an IPv6 address (RFC 4291 with an embedded IPv4 address).
const IPV6_BYTES_MAX: usize = 45;

/// Bytes between a word such as `version` and the number.
const VERSION_REACH: u8 = 20;

/// Looks at four groups of digits with dots between them.
pub(super) fn four_groups(
    text: Text<'_>,
    groups: &[Group],
    nears: &Nears<'_>,
    claims: &mut Claims,
) {
    let (Some(first), Some(last)) = (groups.first(), groups.last()) else { return };
    let span = first.start..last.end;
    let Ok(address) = text.slice(span.clone()).parse::<Ipv4Addr>() else { return };
    if address.is_loopback() || address.is_broadcast() || matches!(address.octets(), [0 | 255, ..])
    {
        return;
    }
    // `Chrome/120.0.0.0` and `1.2.3.4-beta` are versions; `//1.2.3.4` and `10.0.0.0/8` are not.
    let before = text.before(span.start, 1);
    let product = before == b'/' && text.before(span.start, 2).is_ascii_alphanumeric();
    let tagged = matches!(text.at(span.end), b'-' | b'+' | b'_')
        && text.at(span.end + 1).is_ascii_alphabetic();
    let version = nears.left(&span, Cue::Version, VERSION_REACH).is_some();
    claims.add(
        Candidate::new(Kind::IP, span)
            .term("shape", 80)
            .term_if(product, "product_version", -60)
            .term_if(tagged, "tagged_version", -60)
            .term_if(version, "version_cue", -40),
        None,
    );
}

/// Looks round a colon that may be the first of an IPv6 address.
pub(super) fn at_colon(text: Text<'_>, colon: usize, found: &mut Found<'_>) {
    let is_part = |byte: u8| byte.is_ascii_hexdigit() || byte == b':';
    if !is_part(text.at(colon + 1)) {
        return;
    }
    // Only the first colon of a run is looked at, so that a long run is read once.
    let hex = text.run_back(colon, 5, |byte| byte.is_ascii_hexdigit());
    if text.before(hex, 1) == b':' || colon - hex > 4 {
        return;
    }
    let start = hex;
    let end = text.run(start, IPV6_BYTES_MAX + 1, |byte| is_part(byte) || byte == b'.');
    let end = start + text.slice(start..end).trim_end_matches(['.']).len();
    let glued = text.before(start, 1).is_ascii_alphanumeric()
        || text.at(end).is_ascii_alphanumeric()
        || text.before(start, 1) == b'.';
    let shape = text.slice(start..end);
    let Ok(address) = shape.parse::<Ipv6Addr>() else { return };
    let colons = shape.bytes().filter(|&byte| byte == b':').count();
    // `a::b` in source code parses as an address too.
    let long = colons >= 4 || (colons >= 2 && shape.find(':') == Some(4));
    let digits = shape.bytes().any(|byte| byte.is_ascii_digit());
    if glued || !long || !digits || address.is_loopback() || address.is_unspecified() {
        return;
    }
    found(Candidate::new(Kind::IP, start..end).term("shape", 85));
}
