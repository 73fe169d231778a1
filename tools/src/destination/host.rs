//! The name or address of a host, in any spelling of it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use unicode_normalization::UnicodeNormalization as _;

use super::Host;
use crate::percent;

/// How many bytes a name in DNS may have.
const NAME_BYTES_MAX: usize = 253;

/// Reads the name or address between the slashes of an address.
pub(super) fn read(text: &str) -> Host {
    if let Some(ip) = ipv6(text) {
        return Host::Ip(IpAddr::V6(ip));
    }
    let Some(text) = percent::decode(text) else { return Host::Unreadable };
    // The digits of other scripts are digits to some programs and letters to others.
    let text: String = text.nfkc().collect();
    if text.is_empty() || text.chars().any(|letter| letter.is_numeric() && !letter.is_ascii()) {
        return Host::Unreadable;
    }
    if let Some(ip) = ipv6(&text) {
        return Host::Ip(IpAddr::V6(ip));
    }
    match url::Host::parse(&text) {
        Ok(url::Host::Ipv4(ip)) if is_plain(&text) => Host::Ip(IpAddr::V4(ip)),
        Ok(url::Host::Domain(name)) => named(&name),
        Ok(url::Host::Ipv6(ip)) => Host::Ip(IpAddr::V6(ip)),
        Ok(url::Host::Ipv4(_)) | Err(_) => Host::Unreadable,
    }
}

/// Whether a text is an address of version 6, alone or in brackets, with or without a zone.
pub(super) fn is_ipv6(text: &str) -> bool {
    ipv6(text).is_some()
}

/// Whether all parts of a text are numbers, as in an address of version 4.
pub(super) fn is_numeric(text: &str) -> bool {
    let text = text.strip_suffix('.').unwrap_or(text);
    !text.is_empty() && text.split('.').all(is_number) && text.contains(['.', 'x', 'X'])
}

/// Whether the last part of a text is a number.
pub(super) fn ends_in_number(text: &str) -> bool {
    let text = text.strip_suffix('.').unwrap_or(text);
    text.rsplit('.').next().is_some_and(is_number)
}

fn is_number(part: &str) -> bool {
    let hex = part.strip_prefix("0x").or_else(|| part.strip_prefix("0X"));
    hex.is_some_and(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
        || (!part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether every program reads an address of version 4 the same: a zero before other digits makes it
/// octal for some and nothing for others.
fn is_plain(text: &str) -> bool {
    text.trim_end_matches('.').split(['.', '\u{3002}']).all(|part| {
        part.len() == 1
            || !part.starts_with('0')
            || part.starts_with("0x")
            || part.starts_with("0X")
    })
}

fn ipv6(text: &str) -> Option<Ipv6Addr> {
    let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    inner.split('%').next()?.parse().ok()
}

/// A name in ASCII, if it is one that DNS could have.
fn named(name: &str) -> Host {
    let name = name.strip_suffix('.').unwrap_or(name);
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    if name.len() <= NAME_BYTES_MAX && name.split('.').all(is_label) {
        Host::Name(name.to_owned())
    } else {
        Host::Unreadable
    }
}

/// The address that four numbers spell.
pub(super) fn quad(parts: [&str; 4]) -> Option<Ipv4Addr> {
    let [a, b, c, d] = parts.map(|part| part.parse::<u8>().ok());
    Some(Ipv4Addr::new(a?, b?, c?, d?))
}
