//! Which places a sandbox may connect to. A place has one spelling; whatever is written otherwise is
//! refused and never guessed at.

use crate::Allow;

/// A place that a program wants to connect to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// A name in lower case, without a dot at its end.
    pub(crate) host: String,
    pub(crate) port: u16,
}

/// Why a connection is refused, in words for a model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("egress to {place} denied: {why}")]
pub struct Refusal {
    /// Where to.
    pub place: String,
    /// Why not.
    pub why: &'static str,
}

impl Target {
    /// A place from a host and a port as they were written.
    pub(crate) fn new(written: &str, port: u16) -> Result<Self, Refusal> {
        let host = written.strip_suffix('.').unwrap_or(written).to_ascii_lowercase();
        let refused = |why| Refusal { place: shown(written, port), why };
        if host.contains([':', '[', ']']) || last_is_number(&host) {
            return Err(refused("it is an address; use a name that the list has"));
        }
        let label = |label: &str| {
            let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
            (1..=63).contains(&label.len()) && label.bytes().all(fits)
        };
        if host.len() > 253 || !host.split('.').all(label) {
            return Err(refused("it is not a name"));
        }
        if port == 0 {
            return Err(refused("it has no port"));
        }
        Ok(Self { host, port })
    }

    pub(crate) fn refused(&self, why: &'static str) -> Refusal {
        Refusal { place: shown(&self.host, self.port), why }
    }
}

/// Whether resolvers would read a host as an address: `127.1`, `0x7f000001`, `017700000001`.
fn last_is_number(host: &str) -> bool {
    let last = host.rsplit('.').next().unwrap_or_default();
    let hexadecimal = last
        .strip_prefix("0x")
        .is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    hexadecimal || (!last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A place as a message may show it: what a program wrote may be long, and not text.
fn shown(host: &str, port: u16) -> String {
    let host: String = host.chars().filter(|c| c.is_ascii_graphic()).take(253).collect();
    format!("{host}:{port}")
}

/// The entry of a list that has a place.
pub(crate) fn judge<'a>(target: &Target, allow: &'a [Allow]) -> Result<&'a Allow, Refusal> {
    let named = |entry: &&Allow| {
        let pattern = entry.host.strip_suffix('.').unwrap_or(&entry.host).to_ascii_lowercase();
        match pattern.strip_prefix("*.") {
            // Names below, and not the name itself.
            Some(above) => target
                .host
                .strip_suffix(above)
                .is_some_and(|front| front.len() > 1 && front.ends_with('.') && !above.is_empty()),
            None => pattern == target.host,
        }
    };
    if let Some(entry) = allow.iter().filter(named).find(|entry| entry.port == target.port) {
        return Ok(entry);
    }
    Err(target.refused(match (allow.is_empty(), allow.iter().any(|entry| named(&entry))) {
        (true, _) => "this sandbox may connect to nothing",
        (false, true) => "the list of this sandbox has the name with another port",
        (false, false) => "it is not in the list of this sandbox",
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allow(host: &str, port: u16) -> Allow {
        Allow { host: host.to_owned(), port, private: false }
    }

    #[track_caller]
    fn check(host: &str, port: u16, why: Option<&str>) {
        let list =
            [allow("example.com", 443), allow("*.pages.test", 443), allow("Plain.test.", 80)];
        let judged = Target::new(host, port).and_then(|target| judge(&target, &list).cloned());
        assert_eq!(judged.err().map(|refusal| refusal.why), why, "{host}:{port}");
    }

    #[test]
    fn a_name_is_in_the_list_or_it_is_not() {
        for (host, port) in [
            ("example.com", 443),
            ("EXAMPLE.com", 443),
            ("example.com.", 443),
            ("a.pages.test", 443),
            ("a.b.pages.test", 443),
            ("plain.test", 80),
        ] {
            check(host, port, None);
        }
        let other = Some("it is not in the list of this sandbox");
        for host in [
            "example.org",
            "a.example.com",
            "notexample.com",
            "example.com.evil.test",
            "pages.test",
            "xpages.test",
            "localhost",
            "metadata.google.internal",
        ] {
            check(host, 443, other);
        }
        check("example.com", 80, Some("the list of this sandbox has the name with another port"));
    }

    #[test]
    fn what_is_not_a_name_is_refused_before_any_list() {
        let address = Some("it is an address; use a name that the list has");
        for host in [
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f000001",
            "0x7f.0.0.1",
            "0177.0.0.1",
            "127.0.0.0x1",
            "0x",
            "169.254.169.254",
            "169.254.169.254.",
            "[::1]",
            "::1",
            "[::ffff:169.254.169.254]",
        ] {
            check(host, 443, address);
        }
        let long = "a".repeat(64);
        for host in [
            "",
            ".",
            "example.com..",
            ".example.com",
            "exam ple.com",
            "user@example.com",
            "example.com%00.test",
            "ex\u{e4}mple.com",
            "example.com/",
            &long,
            "e\u{ff58}ample.com",
        ] {
            check(host, 443, Some("it is not a name"));
        }
        check("example.com", 0, Some("it has no port"));
    }

    #[test]
    fn a_list_without_entries_permits_nothing() {
        let target = Target::new("example.com", 443).unwrap();
        let refusal = judge(&target, &[]).unwrap_err();
        assert_eq!(
            refusal.to_string(),
            "egress to example.com:443 denied: this sandbox may connect to nothing"
        );
        let all = [allow("*", 443), allow("*.", 443), allow("", 443)];
        assert!(judge(&target, &all).is_err(), "there is no word for every name");
    }
}
