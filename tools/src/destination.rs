//! Where an argument goes: the hosts that a text names, in whatever spelling.
//!
//! A text is read as several programs would read it. Where they would not agree on the host, nobody
//! knows which one the tool asks, and that counts as private: policy lets nothing go there.

mod address;
mod host;
mod names;
mod reader;

use std::{collections::BTreeSet, fmt, net::IpAddr};

pub use address::is_private;

/// How many bytes of a text are read for hosts. A longer one cannot be told.
const BYTES_MAX: usize = 16 << 10;

/// How many hosts a text may name.
const HOSTS_MAX: usize = 64;

/// One place that a text leads to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Host {
    /// A name in lower case and ASCII, without the root's dot.
    Name(String),
    /// An address.
    Ip(IpAddr),
    /// Something that different programs read differently, or that none should.
    Unreadable,
}

impl Host {
    /// Every host that a text names: in addresses of the web and of mail, alone, and in lists of
    /// them. A word that could only be a host by a local search list names none.
    pub fn named_in(text: &str) -> Vec<Self> {
        if text.len() > BYTES_MAX {
            return vec![Self::Unreadable];
        }
        let mut hosts: BTreeSet<Self> =
            pieces(text).iter().flat_map(|piece| reader::hosts(piece)).collect();
        // Browsers take tabs and ends of lines out of an address before they read it, and read on
        // where a list would end.
        let joined = text.replace(['\t', '\n', '\r'], "");
        if reader::is_url(&joined) {
            let whole = reader::hosts(joined.trim());
            if !whole.is_subset(&hosts) {
                hosts.extend(whole);
                hosts.insert(Self::Unreadable);
            }
        }
        let mut hosts: Vec<Self> = hosts.into_iter().collect();
        if hosts.len() > HOSTS_MAX {
            hosts.truncate(HOSTS_MAX - 1);
            hosts.push(Self::Unreadable);
        }
        hosts
    }

    /// Whether it is, or may lead, where only those inside come: loopback, private and link-local
    /// networks, what is reserved, names that nobody resolves outside, and what cannot be read.
    pub fn is_private(&self) -> bool {
        match self {
            Self::Name(name) => names::is_private(name),
            Self::Ip(ip) => is_private(*ip),
            Self::Unreadable => true,
        }
    }
}

/// A text cut where no address goes on: at blanks and quotes, and at the commas of a list. A comma
/// within the path of an address is its own.
fn pieces(text: &str) -> Vec<String> {
    let ends = |character: char| {
        character.is_whitespace() || character.is_control() || "<>\"'`".contains(character)
    };
    let mut pieces: Vec<String> = Vec::new();
    for chunk in text.split(ends) {
        let mut in_url = false;
        for part in chunk.split_inclusive([',', ';', '|']) {
            let begins = reader::is_url(part) || part.contains('@');
            match pieces.last_mut() {
                Some(before) if in_url && !begins => before.push_str(part),
                _ => pieces.push(part.to_owned()),
            }
            in_url = reader::is_url(part) || (in_url && !begins);
        }
    }
    let trimmed = |piece: String| piece.trim_end_matches([',', ';', '|']).to_owned();
    pieces.into_iter().map(trimmed).filter(|piece| !piece.is_empty()).collect()
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Ip(ip) => ip.fmt(f),
            Self::Unreadable => f.write_str("unreadable"),
        }
    }
}

#[cfg(test)]
mod tests;
