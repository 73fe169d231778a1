//! The console's files, which are part of this program where they were built before it.

use axum::{
    extract::Request,
    http::{
        HeaderMap, HeaderValue, Method, StatusCode,
        header::{
            ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY,
            CONTENT_TYPE, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
        },
    },
    response::{IntoResponse, Response},
};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::error::Error;

/// What `make console` leaves: `index.html`, `assets/` with names that change with their content, and beside each
/// file that is worth it one with `.br` and one with `.gz`.
#[derive(RustEmbed)]
#[folder = "../console/dist"]
struct Files;

const INDEX: &str = "index.html";
/// Scripts and styles from here alone, and nothing in a frame. WebAssembly is Cedar's own validator.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
    img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";
const ABSENT: &str = "The console is not part of this build. `make console` builds it (it needs Node); build the \
    program again after that. The API is at /api/v1/openapi.json.\n";

/// What no other path answers: a file of the console, or its page, which finds its own way.
pub(crate) async fn page(request: Request) -> Response {
    let path = request.uri().path().trim_start_matches('/');
    let asks = matches!(*request.method(), Method::GET | Method::HEAD);
    if !asks || path.starts_with("api/") || path.starts_with("v1/") {
        return Error::NoOperation.into_response();
    }
    let headers = request.headers();
    match file(path, headers) {
        Some(response) => response,
        // A file that is not there is no page.
        None if path.starts_with("assets/") => StatusCode::NOT_FOUND.into_response(),
        None => {
            file(INDEX, headers).unwrap_or_else(|| (StatusCode::NOT_FOUND, ABSENT).into_response())
        }
    }
}

fn file(path: &str, headers: &HeaderMap) -> Option<Response> {
    // What is packed is nobody's to ask for by its name.
    if path.is_empty() || path.ends_with(".gz") || path.ends_with(".br") || path.starts_with('.') {
        return None;
    }
    let plain = Files::get(path)?;
    let packed = packed(path, headers);
    let kept = if path.starts_with("assets/") {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let mut response = Response::default();
    let told = response.headers_mut();
    for (name, value) in [
        (CONTENT_TYPE, kind(path)),
        (CACHE_CONTROL, kept),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
        (VARY, "accept-encoding"),
    ] {
        told.insert(name, HeaderValue::from_static(value));
    }
    let data = match packed {
        Some((encoding, EmbeddedFile { data, .. })) => {
            told.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
            data
        }
        None => plain.data,
    };
    *response.body_mut() = data.into_owned().into();
    Some(response)
}

/// The file as the browser takes it packed, and how that is.
fn packed(path: &str, headers: &HeaderMap) -> Option<(&'static str, EmbeddedFile)> {
    let takes = headers.get(ACCEPT_ENCODING)?.to_str().ok()?;
    let takes = |encoding: &str| {
        takes.split(',').any(|one| one.split(';').next().is_some_and(|one| one.trim() == encoding))
    };
    let forms = [("br", "br"), ("gzip", "gz")].into_iter().filter(|(encoding, _)| takes(encoding));
    let mut found =
        forms.filter_map(|(encoding, end)| Some((encoding, Files::get(&format!("{path}.{end}"))?)));
    found.next()
}

fn kind(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "wasm" => "application/wasm",
        "json" | "webmanifest" => "application/json",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
