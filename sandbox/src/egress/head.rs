//! Heads of requests to a proxy: where they want to go, and what of them goes there.

use http::{HeaderMap, Method, Request, Uri, header};

use super::list::{Refusal, Target};

/// Where a request wants to go. `Host` has no say: it goes on as the target's own name.
pub(super) fn target<B>(request: &Request<B>) -> Result<Target, Refusal> {
    let refused = |why| Refusal { place: written(request), why };
    let uri = request.uri();
    let authority = uri.authority().ok_or_else(|| refused("it names no place"))?;
    if authority.as_str().contains('@') {
        return Err(refused("it has a user's name within"));
    }
    // A port that is written is meant, also where it is none.
    let is_bare = authority.as_str() == authority.host();
    let port = match (request.method(), uri.scheme_str()) {
        (&Method::CONNECT, _) => authority.port_u16(),
        (_, Some("http")) if is_bare => Some(80),
        (_, Some("http")) => authority.port_u16(),
        _ => return Err(refused("it is neither CONNECT nor plain HTTP")),
    };
    Target::new(authority.host(), port.unwrap_or(0))
}

/// The place that a request names, for a message.
pub(super) fn written<B>(request: &Request<B>) -> String {
    // Not the whole authority: there may be a password in it.
    let host = request.uri().host().unwrap_or("nowhere");
    host.chars().filter(|c| c.is_ascii_graphic()).take(253).collect()
}

/// Headers that are between a client and its proxy.
const HOPS: [&str; 9] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// A request as the target's server gets it.
pub(super) fn onward<B>(request: Request<B>) -> Option<Request<B>> {
    let (mut head, body) = request.into_parts();
    let authority = head.uri.authority()?.clone();
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
    head.uri = path.parse::<Uri>().ok()?;
    strip(&mut head.headers);
    head.headers.insert(header::HOST, authority.as_str().parse().ok()?);
    Some(Request::from_parts(head, body))
}

/// Removes what is between two neighbours, and what `Connection` names as such.
pub(super) fn strip(headers: &mut HeaderMap) {
    let named: Vec<String> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|name| name.trim().to_ascii_lowercase())
        .collect();
    for name in named.iter().map(String::as_str).chain(HOPS) {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(method: &str, uri: &str, wanted: Result<(&str, u16), &str>) {
        // What cannot be written is no request.
        let Ok(request) = Request::builder().method(method).uri(uri).body(()) else {
            return assert!(wanted.is_err(), "{method} {uri}");
        };
        let found = target(&request);
        if let Err(refusal) = &found {
            assert!(!refusal.to_string().contains("secret"), "{refusal}");
        }
        let found = found.map(|target| (target.host, target.port)).map_err(|refusal| refusal.why);
        let wanted = wanted.map(|(host, port)| (host.to_owned(), port));
        assert_eq!(found, wanted, "{method} {uri}");
    }

    #[test]
    fn a_head_names_one_place_or_none() {
        check("CONNECT", "service.test:443", Ok(("service.test", 443)));
        check("GET", "http://service.test/a?b", Ok(("service.test", 80)));
        check("POST", "http://SERVICE.test.:8080/", Ok(("service.test", 8080)));
        for uri in ["http://service.test:0/", "http://service.test:/", "http://service.test:99999/"]
        {
            check("GET", uri, Err("it has no port"));
        }
        check("CONNECT", "service.test", Err("it has no port"));
        for uri in ["http://me:secret@service.test/", "http://service.test@other.test/"] {
            check("GET", uri, Err("it has a user's name within"));
        }
        check("CONNECT", "me:secret@service.test:443", Err("it has a user's name within"));
        for uri in ["https://service.test/", "ftp://service.test/"] {
            check("GET", uri, Err("it is neither CONNECT nor plain HTTP"));
        }
        for uri in ["/latest/meta-data", "*"] {
            check("GET", uri, Err("it names no place"));
        }
        for uri in ["http://[::1]/", "http://[fe80::1]:80/", "http://127.1/", "http://0x7f.1/"] {
            check("GET", uri, Err("it is an address; use a name that the list has"));
        }
    }

    #[test]
    fn what_is_between_a_program_and_the_proxy_stays_there() {
        let request = Request::get("http://service.test:8080/path?q#f")
            .header("host", "other.test")
            .header("connection", "close, X-Mine")
            .header("x-mine", "1")
            .header("proxy-authorization", "Basic secret")
            .header("transfer-encoding", "chunked")
            .header("accept", "text/html")
            .body(())
            .unwrap();
        let onward = onward(request).unwrap();
        assert_eq!(onward.uri(), "/path?q");
        let mut names: Vec<&str> = onward.headers().keys().map(http::HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["accept", "host"]);
        assert_eq!(onward.headers()["host"], "service.test:8080");
    }
}
