//! Web addresses: a scheme or `www.` and a host that the world can reach.

use super::{Found, VALUE_BYTES_MAX};
use crate::{Kind, score::Candidate, text::Text};

/// Longer ones are hardly in use (RFC 1035 section 2.3.4 has 253), and not found.
const HOST_BYTES_MAX: usize = 128;
const USER_BYTES_MAX: usize = 64;
const SCHEMES: [&str; 4] = ["https", "http", "ftp", "wss"];

/// Looks at a colon that two slashes follow.
pub(super) fn at_colon(text: Text<'_>, colon: usize, found: &mut Found<'_>) {
    if text.at(colon + 1) != b'/' || text.at(colon + 2) != b'/' {
        return;
    }
    let start = text.run_back(colon, 6, |byte| byte.is_ascii_alphabetic());
    let scheme = text.slice(start..colon);
    if SCHEMES.iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
        address(text, start, colon + 3, found);
    }
}

/// Looks at a `www.` that no scheme precedes.
pub(super) fn at_www(text: Text<'_>, start: usize, found: &mut Found<'_>) {
    let before = text.before(start, 1);
    if !before.is_ascii_alphanumeric() && !matches!(before, b'/' | b'.' | b'@' | b'-' | b'_') {
        address(text, start, start, found);
    }
}

fn address(text: Text<'_>, start: usize, authority: usize, found: &mut Found<'_>) {
    let is_host =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-') || byte >= 0x80;
    let is_rest = |byte: u8| {
        byte.is_ascii_graphic()
            && !matches!(
                byte,
                b'"' | b'\'' | b'<' | b'>' | b'`' | b'{' | b'}' | b'|' | b'\\' | b'^'
            )
    };
    // Past a user's name.
    let userinfo = text.run(authority, USER_BYTES_MAX, |byte| {
        is_host(byte) || matches!(byte, b':' | b'_' | b'%' | b'+' | b'!' | b'$')
    });
    let host = if text.at(userinfo) == b'@' { userinfo + 1 } else { authority };
    let host_end = text.run(host, HOST_BYTES_MAX, is_host);
    let name = text.slice(host..host_end).trim_end_matches(['.', '-']);
    if !is_public(name) {
        return;
    }
    let host_end = host + name.len();
    let port = match text.at(host_end) {
        b':' => text.run(host_end + 1, 5, |byte| byte.is_ascii_digit()),
        _ => host_end,
    };
    let port = if port == host_end + 1 { host_end } else { port };
    // A longer path or query is cut: the host is in any case in the finding.
    let room = (start + VALUE_BYTES_MAX).saturating_sub(port);
    let end = match text.at(port) {
        b'/' | b'?' | b'#' => text.run(port, room, is_rest),
        _ => port,
    };
    let whole = text.slice(start..end);
    let trimmed = trim(whole);
    found(Candidate::new(Kind::URL, start..start + trimmed.len()).term("address", 90));
}

/// Without what ends the sentence or the bracket round the address.
fn trim(address: &str) -> &str {
    let mut address = address;
    loop {
        let less = address.trim_end_matches(['.', ',', ';', ':', '!', '?', '*', '_']);
        let opens = |open: char| less.matches(open).count();
        let less = match less.chars().last() {
            Some(')') if opens(')') > opens('(') => less.get(..less.len() - 1).unwrap_or(less),
            Some(']') if opens(']') > opens('[') => less.get(..less.len() - 1).unwrap_or(less),
            _ => less,
        };
        if less.len() == address.len() {
            return address;
        }
        address = less;
    }
}

/// Whether a host has a top-level domain or is an IPv4 address.
fn is_public(host: &str) -> bool {
    let Some((name, top)) = host.rsplit_once('.') else { return false };
    let letters = top.chars().count() >= 2 && top.chars().all(char::is_alphabetic);
    let labels = name.split('.').all(|label| !label.is_empty() && label.len() <= 63);
    (letters || top.starts_with("xn--") || host.parse::<std::net::Ipv4Addr>().is_ok()) && labels
}
