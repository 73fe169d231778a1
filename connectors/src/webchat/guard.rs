//! The checks in front of everything: is this listener meant, and may that page ask?

use std::net::IpAddr;

use axum::http::{HeaderMap, Method, Uri, header};
use config::settings::Webchat as Settings;

use super::error::Error;

/// Whether a request may go on.
///
/// A page of a stranger's site can have a browser ask an address of ours under a name of its own (DNS
/// rebinding): such a request carries that name. And browsers say which page asks: what changes something,
/// or opens a socket, must be asked by our own page or by one of the settings.
///
/// # Errors
/// [`Error::Host`] or [`Error::Origin`].
pub(super) fn check(
    settings: &Settings,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<(), Error> {
    let host = one(headers, header::HOST).ok_or(Error::Host)?;
    if !is_ours(settings, host) {
        return Err(Error::Host);
    }
    let mut origins = headers.get_all(header::ORIGIN).iter();
    match (origins.next(), origins.next()) {
        // Programs send none. Browsers send one with whatever changes something, except that navigation
        // and images have none: those read at most, and pages of others cannot see the answers.
        (None, _) if reads_only(method, uri) || is_program(headers) => Ok(()),
        (Some(origin), None) => {
            let origin = origin.to_str().map_err(|_| Error::Origin)?;
            if may_ask(settings, host, origin) { Ok(()) } else { Err(Error::Origin) }
        }
        _ => Err(Error::Origin),
    }
}

/// What a page of a stranger may have a browser send without an `Origin` does nothing.
fn reads_only(method: &Method, uri: &Uri) -> bool {
    matches!(*method, Method::GET | Method::HEAD) && uri.path() != "/api/socket"
}

/// A program carries its conversation in a header that no page of others can have a browser send.
fn is_program(headers: &HeaderMap) -> bool {
    headers.contains_key(header::AUTHORIZATION) || !headers.contains_key(header::COOKIE)
}

/// Whether that page may use this listener.
fn may_ask(settings: &Settings, host: &str, origin: &str) -> bool {
    let origin = origin.to_ascii_lowercase();
    let rest = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    rest.is_some_and(|rest| rest == host.to_ascii_lowercase()) || settings.origins.contains(&origin)
}

/// Whether a `Host` names this listener: an address, which cannot be rebound, this machine, or a name of
/// the settings.
fn is_ours(settings: &Settings, host: &str) -> bool {
    let Ok(uri) = Uri::try_from(format!("http://{host}/")) else { return false };
    let name = uri.host().unwrap_or_default().to_ascii_lowercase();
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    name == "localhost" || bare.parse::<IpAddr>().is_ok() || settings.hosts.contains(&name)
}

/// The value of a header that must be there once.
pub(super) fn one(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        let mut settings = config::Settings::default().webchat;
        settings.hosts = vec!["chat.example.com".to_owned()];
        settings.origins = vec!["https://www.example.com".to_owned()];
        settings
    }

    #[track_caller]
    fn check_one(line: &str, headers: &[(header::HeaderName, &str)], passes: bool) {
        let (method, path) = line.split_once(' ').unwrap();
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name, value.parse().unwrap());
        }
        let checked = check(&settings(), &method.parse().unwrap(), &path.parse().unwrap(), &map);
        assert_eq!(checked.is_ok(), passes, "{line} {headers:?}");
    }

    #[test]
    fn only_own_names_and_permitted_pages_pass() {
        use header::{COOKIE, HOST, ORIGIN};
        let here = (HOST, "127.0.0.1:8082");
        let cookie = (COOKIE, "a=b");
        check_one("GET /", std::slice::from_ref(&here), true);
        check_one("GET /", &[(HOST, "localhost:8082")], true);
        check_one("GET /", &[(HOST, "[::1]:8082")], true);
        check_one("GET /", &[(HOST, "CHAT.example.com")], true);
        check_one("GET /", &[(HOST, "evil.example")], false);
        check_one("GET /", &[(HOST, "127.0.0.1.evil.example")], false);
        check_one("GET /", &[here.clone(), (HOST, "127.0.0.1")], false);
        check_one("GET /", &[], false);
        let own = (ORIGIN, "http://127.0.0.1:8082");
        check_one("POST /api/messages", &[here.clone(), cookie.clone(), own.clone()], true);
        check_one("POST /api/messages", &[here.clone(), cookie.clone()], false);
        check_one("POST /api/messages", std::slice::from_ref(&here), true);
        let other = (ORIGIN, "http://127.0.0.1:3000");
        check_one("POST /api/messages", &[here.clone(), cookie.clone(), other.clone()], false);
        check_one("GET /api/socket", &[here.clone(), cookie.clone(), other], false);
        check_one("GET /api/socket", &[here.clone(), cookie.clone()], false);
        check_one("GET /api/socket", &[here.clone(), cookie, own.clone()], true);
        check_one("GET /api/socket", &[here.clone(), (ORIGIN, "https://www.example.com")], true);
        check_one("GET /api/socket", &[here.clone(), (ORIGIN, "null")], false);
        check_one("GET /api/socket", &[here, own.clone(), own], false);
    }
}
