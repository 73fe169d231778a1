//! Who a request says that it is for, and which page sent it. A page whose name was made to lead to this
//! machine (DNS rebinding) sends its own name in both.

use std::net::IpAddr;

use config::settings::Mcp;
use http::uri::Authority;
use types::Code;

use crate::{downstream::Downstream, refusal::Refusal};

/// Refuses a request for a name that is not ours, or from a page that may not call us.
pub(super) fn check(settings: &Mcp, down: &Downstream<'_>) -> Result<(), Refusal> {
    let head = down.request();
    // HTTP/2 has it in the address.
    let authority = head.uri.authority().map(Authority::as_str);
    let host = down.header("host").or(authority);
    if !host.is_some_and(|host| is_ours(settings, host)) {
        return Err(refused(
            "the Host of this request is not one of this gateway's; call it by \
            `localhost` or its address, or add the name to `mcp.hosts`",
        ));
    }
    let mut origins = down.headers("origin");
    match (origins.next(), origins.next()) {
        (None, _) => Ok(()),
        (Some(origin), None) if origin.to_str().is_ok_and(|origin| may_call(settings, origin)) => {
            Ok(())
        }
        _ => {
            Err(refused("pages of this Origin may not call this gateway; add it to `mcp.origins`"))
        }
    }
}

/// A name that leads here by nobody's doing but the operator's. An address is no name, so that it cannot
/// be made to lead elsewhere.
fn is_ours(settings: &Mcp, authority: &str) -> bool {
    let Some(host) = host_of(authority) else { return false };
    is_local(&host) || address(&host).is_some() || settings.hosts.contains(&host)
}

fn may_call(settings: &Mcp, origin: &str) -> bool {
    let origin = origin.to_ascii_lowercase();
    let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    let Some(host) = host.and_then(host_of) else { return false };
    let local = is_local(&host) || address(&host).is_some_and(|address| address.is_loopback());
    local || settings.origins.contains(&origin)
}

fn is_local(host: &str) -> bool {
    host == "localhost"
}

fn address(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// The host of `host:port`, in lower case; `None` where there is more or less than that.
fn host_of(authority: &str) -> Option<String> {
    let read: Authority = authority.parse().ok()?;
    (!authority.contains('@')).then(|| read.host().to_ascii_lowercase())
}

fn refused(message: &str) -> Refusal {
    Refusal { close: true, ..Refusal::new(Code::PolicyDenied, message) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Mcp {
        let mut settings = config::Settings::default().mcp;
        settings.hosts = vec!["gateway.example.com".to_owned()];
        settings.origins = vec!["https://app.example.com".to_owned()];
        settings
    }

    #[test]
    fn only_our_own_names_and_addresses_are_ours() {
        for ours in [
            "localhost",
            "LOCALHOST:8080",
            "127.0.0.1:8080",
            "[::1]:8080",
            "10.1.2.3",
            "Gateway.Example.com:443",
        ] {
            assert!(is_ours(&settings(), ours), "{ours}");
        }
        for other in [
            "",
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "localhost@evil.example",
            "evil.example@localhost",
            "gateway.example.com.evil.example",
            "localhost/",
            "localhost:80:80",
            "local host",
        ] {
            assert!(!is_ours(&settings(), other), "{other}");
        }
    }

    #[test]
    fn only_pages_of_this_machine_and_those_named_may_call() {
        for may in [
            "http://localhost:3000",
            "https://localhost",
            "http://127.0.0.1:1",
            "http://[::1]",
            "https://app.example.com",
            "HTTPS://APP.example.com",
        ] {
            assert!(may_call(&settings(), may), "{may}");
        }
        for may_not in [
            "null",
            "",
            "http://evil.example",
            "http://app.example.com",
            "https://app.example.com:444",
            "https://app.example.com.evil.example",
            "http://localhost.evil.example",
            "http://localhost@evil.example",
            "http://10.1.2.3",
            "file://localhost",
            "http://localhost/evil",
        ] {
            assert!(!may_call(&settings(), may_not), "{may_not}");
        }
    }
}
