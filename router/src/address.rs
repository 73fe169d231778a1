//! Whether an address lies within the organisation's own networks, as far as its text tells.

use std::net::IpAddr;

/// Whether the host of an `http(s)` address is loopback, private, or a name that no public DNS
/// holds. Names of one label and the usual private endings count as private.
pub(crate) fn is_private(base_url: &str) -> bool {
    let rest = base_url.split_once("://").map_or(base_url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match authority.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(ip)) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        Ok(IpAddr::V6(ip)) => {
            ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local()
        }
        Err(_) => {
            let host = host.trim_end_matches('.').to_ascii_lowercase();
            let endings = [".local", ".localhost", ".internal", ".lan", ".home.arpa", ".svc"];
            !host.is_empty()
                && (!host.contains('.') || endings.iter().any(|end| host.ends_with(end)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, private: bool) {
        assert_eq!(is_private(url), private, "{url}");
    }

    #[test]
    fn private_addresses_are_told_from_public_ones() {
        check("http://127.0.0.1:11434/v1", true);
        check("http://[::1]:8000", true);
        check("http://192.168.1.20:8000/v1", true);
        check("http://localhost:1234/v1", true);
        check("http://vllm:8000/v1", true);
        check("http://gpu.lan/v1", true);
        check("https://api.openai.com/v1", false);
        check("https://8.8.8.8/v1", false);
        check("https://localhost@evil.example/v1", false);
        check("", false);
    }
}
