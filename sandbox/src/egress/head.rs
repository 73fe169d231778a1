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
    let port = match (request.method(), uri.scheme_str()) {
        (&Method::CONNECT, _) => authority.port_u16(),
        (_, Some("http")) => Some(authority.port_u16().unwrap_or(80)),
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
