//! One piece of a text, read as several programs would read it.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization as _;
use url::Url;

use super::{Host, host, names};
use crate::{percent, shown::hidden};

/// Schemes whose addresses browsers repair: any number of slashes in either direction.
const SPECIAL: [&str; 6] = ["http", "https", "ws", "wss", "ftp", "file"];

/// How often an address may be percent-encoded and still be read.
const DECODED_MAX: usize = 3;

/// The smallest whole number that counts as an address by itself. Those below are all in the
/// network 0, and are most often the number of something.
const NUMBER_MIN: u32 = 1 << 24;

/// The hosts of one piece. More than one are a disagreement.
pub(super) fn hosts(piece: &str) -> BTreeSet<Host> {
    let mut hosts: BTreeSet<Host> = BTreeSet::new();
    for spelling in spellings(piece) {
        hosts.extend(read(&spelling));
    }
    // A letter may go to several.
    let is_letter = url(piece).is_some_and(|address| address.scheme == "mailto");
    if hosts.len() > 1 && !is_letter {
        hosts.insert(Host::Unreadable);
    }
    hosts
}

/// Whether a text is an address with a scheme, or with slashes where the scheme was left out.
pub(super) fn is_url(text: &str) -> bool {
    spellings(text).iter().any(|spelling| url(spelling).is_some())
}

/// The text as it is, with its look-alikes as ASCII, and without its percent-encoding.
fn spellings(piece: &str) -> Vec<String> {
    let plain: String = piece
        .chars()
        .filter(|character| hidden(*character).is_none())
        .nfkc()
        .map(|character| if character == '\u{3002}' { '.' } else { character })
        .collect();
    let mut all = vec![piece.to_owned()];
    if plain != piece {
        all.push(plain);
    }
    for _ in 0..DECODED_MAX {
        let decoded =
            all.last().filter(|last| last.contains('%')).and_then(|last| percent::decode(last));
        match decoded {
            Some(decoded) => all.push(decoded),
            None => break,
        }
    }
    all
}

/// An address with a scheme.
struct Address<'t> {
    /// What stands before it, of which the scheme is no part.
    before: &'t str,
    /// In lower case.
    scheme: String,
    /// What follows the scheme's colon.
    rest: &'t str,
}

/// Finds the scheme of an address, which may be left out before two slashes.
fn url(text: &str) -> Option<Address<'_>> {
    let is_scheme = |letter: char| letter.is_ascii_alphanumeric() || "+.-".contains(letter);
    let slashes = |text: &str| text.chars().take_while(|letter| "/\\".contains(*letter)).count();
    if let Some(at) = text.find("://") {
        let (before, rest) = (text.get(..at)?, text.get(at + 1..)?);
        let scheme = before.rsplit(|letter| !is_scheme(letter)).next()?;
        let before = before.get(..before.len() - scheme.len())?;
        return Some(Address { before, scheme: scheme.to_ascii_lowercase(), rest });
    }
    if slashes(text) >= 2 {
        return Some(Address { before: "", scheme: "http".to_owned(), rest: text });
    }
    let (scheme, rest) = text.split_once(':')?;
    let scheme = scheme.to_ascii_lowercase();
    let named = SPECIAL.contains(&scheme.as_str()) || scheme == "mailto";
    let like_one = !scheme.is_empty() && scheme.chars().all(is_scheme) && slashes(rest) >= 2;
    (named || like_one).then_some(Address { before: "", scheme, rest })
}

/// The hosts that one spelling may mean.
fn read(text: &str) -> BTreeSet<Host> {
    let Some(Address { before, scheme, rest }) = url(text) else { return without_scheme(text) };
    let mut hosts = match scheme.as_str() {
        "mailto" => {
            let parts = rest.split(['?', '&', '=', ',', ';']);
            parts.filter(|part| part.contains('@')).filter_map(mail).collect()
        }
        "file" => BTreeSet::from([Host::Unreadable]),
        scheme => authority(scheme, rest),
    };
    // What looks like the address may be in the query of another one.
    if before.contains(['/', '\\', '?', '#', '@']) {
        hosts.extend(read(before));
    }
    hosts
}

/// The hosts of a text without a scheme.
fn without_scheme(text: &str) -> BTreeSet<Host> {
    let Some((name, domain)) = text.split_once('@') else {
        return bare(text).into_iter().collect();
    };
    if name.is_empty() {
        return bare(domain).into_iter().collect();
    }
    if name.contains([':', '/', '\\', '?', '#', '[', ']']) {
        return authority("http", &format!("//{text}"));
    }
    mail(text).into_iter().collect()
}

/// The host of an address, as browsers find it and as others do: some see a backslash as a slash,
/// some end the host only at a slash, some take what follows the first `@` and some the last.
fn authority(scheme: &str, rest: &str) -> BTreeSet<Host> {
    let mut hosts = BTreeSet::new();
    let special = SPECIAL.contains(&scheme);
    if special {
        let read = Url::parse(&format!("{scheme}:{rest}")).ok();
        let name = read.as_ref().and_then(Url::host_str);
        hosts.insert(name.map_or(Host::Unreadable, host::read));
    }
    let after = rest.trim_start_matches(if special { &['/', '\\'][..] } else { &['/'][..] });
    for ends in [&['/', '?', '#', '\\'][..], &['/', '?', '#'][..], &['/'][..]] {
        let whole = after.split(ends).next().unwrap_or_default();
        let first = whole.split_once('@').map_or(whole, |(_, after)| after);
        let last = whole.rsplit_once('@').map_or(whole, |(_, after)| after);
        // One that ends at a slash only may have a query in it, which is not the host's.
        for name in [first, last] {
            let name = if ends.len() == 1 {
                name.split(['?', '#']).next().unwrap_or_default()
            } else {
                name
            };
            hosts.insert(host::read(without_port(name)));
        }
    }
    hosts
}

/// The host of an address of mail.
fn mail(text: &str) -> Option<Host> {
    let (_, domain) = text.split_once('@')?;
    let domain = match domain.strip_prefix('[') {
        Some(literal) => literal.split(']').next().unwrap_or_default().trim_start_matches("IPv6:"),
        None => domain.split([':', '/', '?', '#']).next().unwrap_or_default(),
    };
    Some(if domain.contains('@') { Host::Unreadable } else { host::read(domain) })
}

/// The host of a text that has neither scheme nor `@`, if it can be one: it has a dot, a port, the
/// form of an address, or a name that is known to lead inside.
fn bare(text: &str) -> Option<Host> {
    let whole = text.split(['/', '\\', '?', '#']).next().unwrap_or_default();
    let name = without_port(whole);
    let has_port = name.len() < whole.len() && !name.is_empty();
    if name.starts_with('[') || host::is_ipv6(name) || has_port || names::is_known(name) {
        return Some(host::read(name));
    }
    if name.bytes().all(|byte| byte.is_ascii_digit()) {
        let radix = if name.starts_with('0') { 8 } else { 10 };
        let number = u32::from_str_radix(name, radix).ok();
        let is_address = number.is_some_and(|number| number >= NUMBER_MIN) || name == "0";
        return is_address.then(|| host::read(name));
    }
    let dotted = name.trim_matches('.').contains('.');
    // Nothing resolves a name whose last part alone is a number: it is a version, or a file.
    let resolves = host::is_numeric(name) || !host::ends_in_number(name);
    ((dotted && resolves) || host::is_numeric(name)).then(|| host::read(name))
}

/// The name without `:` and the number of a port.
fn without_port(text: &str) -> &str {
    if host::is_ipv6(text) {
        return text;
    }
    match text.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => text,
    }
}
