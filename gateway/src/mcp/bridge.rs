//! Between Pingora's connection and rmcp's service: a request on its way in, an answer on its way out as it
//! comes.

use std::convert::Infallible;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited, combinators::BoxBody};
use types::Code;

use super::{Standing, told::Told};
use crate::downstream::{Downstream, Left};

/// What rmcp reads of a request. A caller's credential is not among it, so that no server can get it.
const HEADERS: [&str; 7] = [
    "accept",
    "content-type",
    SESSION,
    "mcp-protocol-version",
    "last-event-id",
    "mcp-method",
    "mcp-name",
];
/// Arguments of a call that a client repeats in its head.
const PARAMETERS: &str = "mcp-param-";
/// The header that names a session.
pub(super) const SESSION: &str = "mcp-session-id";

/// The longest answer that comes in one piece: an error, or nothing.
const WHOLE_BYTES_MAX: usize = 1 << 20;

/// A request as rmcp takes it, with what its handler must know beside it.
pub(super) fn request<T: Clone + Send + Sync + 'static>(
    down: &Downstream<'_>,
    body: Bytes,
    beside: T,
) -> Request<Full<Bytes>> {
    let head = down.request();
    let mut request = Request::new(Full::new(body));
    request.method_mut().clone_from(&head.method);
    let headers = request.headers_mut();
    for (name, value) in &head.headers {
        if HEADERS.contains(&name.as_str()) || name.as_str().starts_with(PARAMETERS) {
            headers.append(name.clone(), value.clone());
        }
    }
    // Whose name it was called by is checked already, and rmcp wants one.
    headers.insert(header::HOST, HeaderValue::from_static("localhost"));
    request.extensions_mut().insert(beside);
    request
}

/// Sends rmcp's answer. A stream ends in order that does not stand, or when the gateway stops.
pub(super) async fn answer(
    down: &mut Downstream<'_>,
    response: Response<BoxBody<Bytes, Infallible>>,
    told: &Told<'_>,
    standing: &Standing<'_>,
    stopped: impl Future<Output = ()>,
) -> Result<(), Left> {
    let (parts, body) = response.into_parts();
    let mut headers = vec![("x-orchestack-request-id", told.request.to_string())];
    headers.extend(told_of(&parts.headers));
    let streams = parts.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == EVENTS);
    if streams {
        return stream(down, body, &headers, standing, stopped).await;
    }
    let whole = Limited::new(body, WHOLE_BYTES_MAX).collect().await;
    let body = whole.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let json = parts.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == JSON);
    if parts.status.is_success() || json {
        return down.reply(parts.status.as_u16(), JSON, &headers, body).await;
    }
    // What rmcp says in plain text is told as every other error is.
    let text = String::from_utf8_lossy(&body);
    let body = told.error(code_of(parts.status), &text);
    down.reply(parts.status.as_u16(), JSON, &headers, body).await
}

const EVENTS: &str = "text/event-stream";
const JSON: &str = "application/json";

async fn stream(
    down: &mut Downstream<'_>,
    mut body: BoxBody<Bytes, Infallible>,
    headers: &[(&'static str, String)],
    standing: &Standing<'_>,
    stopped: impl Future<Output = ()>,
) -> Result<(), Left> {
    down.start_events(headers, false).await?;
    let mut stopped = std::pin::pin!(stopped);
    let mut look = tokio::time::interval(standing.every());
    loop {
        let frame = tokio::select! {
            frame = body.frame() => frame,
            () = down.until_left() => return Err(Left),
            () = &mut stopped => break,
            _ = look.tick() => {
                if standing.is_known(down) && standing.lasts().await {
                    continue;
                }
                break;
            }
        };
        match frame.map(|Ok(frame)| frame.into_data()) {
            Some(Ok(piece)) => down.send(piece).await?,
            Some(Err(_)) => {}
            None => break,
        }
    }
    down.end_events(Bytes::new()).await
}

/// The headers of an answer that its client must see.
fn told_of(headers: &HeaderMap) -> impl Iterator<Item = (&'static str, String)> {
    const NAMES: [(HeaderName, &str); 1] = [(header::ALLOW, "allow")];
    let session = headers.get(SESSION).map(|value| (SESSION, value));
    let others = NAMES.into_iter().filter_map(|(name, told)| Some((told, headers.get(name)?)));
    session
        .into_iter()
        .chain(others)
        .filter_map(|(name, value)| Some((name, value.to_str().ok()?.to_owned())))
}

/// Our code for what rmcp refuses.
fn code_of(status: StatusCode) -> Code {
    match status {
        StatusCode::NOT_FOUND => Code::SessionNotFound,
        StatusCode::PAYLOAD_TOO_LARGE => Code::BodyTooLarge,
        status if status.is_server_error() => Code::DependencyUnavailable,
        _ => Code::InvalidRequest,
    }
}
