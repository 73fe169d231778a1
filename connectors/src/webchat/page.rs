//! The page, the widget and what protects them. The files are what `make webchat` built of
//! `connectors/webchat`, and go with the binary.

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};

use super::{conversation::hex, routes::Room};

/// A file of the page.
#[derive(Clone, Copy)]
struct File {
    kind: &'static str,
    text: &'static str,
}

const PAGE: File =
    File { kind: "text/html; charset=utf-8", text: include_str!("../../webchat/dist/page.html") };
const SCRIPT: File = File {
    kind: "text/javascript; charset=utf-8",
    text: include_str!("../../webchat/dist/page.js"),
};
const STYLE: File =
    File { kind: "text/css; charset=utf-8", text: include_str!("../../webchat/dist/page.css") };
const WIDGET: File = File {
    kind: "text/javascript; charset=utf-8",
    text: include_str!("../../webchat/dist/widget.js"),
};

/// The paths of the files. The page is the same within a widget's frame.
pub(super) fn routes() -> Router<Room> {
    Router::new()
        .route("/", get(async |headers: HeaderMap| file(PAGE, &headers)))
        .route("/embed", get(embed))
        .route("/assets/page.js", get(async |headers: HeaderMap| file(SCRIPT, &headers)))
        .route("/assets/page.css", get(async |headers: HeaderMap| file(STYLE, &headers)))
        .route("/widget.js", get(widget))
}

/// The page within another one's frame: only those of the settings may have it.
async fn embed(State(room): State<Room>, headers: HeaderMap) -> Response {
    let mut response = file(PAGE, &headers);
    let mut allowed = String::from("frame-ancestors 'self'");
    for origin in &room.settings.origins {
        allowed.push(' ');
        allowed.push_str(origin);
    }
    if let Ok(value) = policy(&allowed).parse() {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, value);
    }
    response
}

/// The script that other pages load.
async fn widget(headers: HeaderMap) -> Response {
    let mut response = file(WIDGET, &headers);
    let anybody = HeaderValue::from_static("cross-origin");
    response.headers_mut().insert(HeaderName::from_static("cross-origin-resource-policy"), anybody);
    response
}

fn file(file: File, headers: &HeaderMap) -> Response {
    let hash = ring::digest::digest(&ring::digest::SHA256, file.text.as_bytes());
    let tag: String = hex(hash.as_ref()).chars().take(32).collect();
    let tag = format!("\"{tag}\"");
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let head = [(header::ETAG, tag.clone()), (header::CACHE_CONTROL, "no-cache".to_owned())];
    if known == Some(&tag) {
        return (StatusCode::NOT_MODIFIED, head).into_response();
    }
    (head, [(header::CONTENT_TYPE, file.kind)], file.text).into_response()
}

/// What a browser lets our page do: load our own scripts and styles, talk to us, nothing else.
fn policy(frames: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
         img-src 'self' blob:; base-uri 'none'; form-action 'none'; {frames}"
    )
}

/// Headers of every answer.
pub(super) fn protect(headers: &mut HeaderMap) {
    let mut say = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    say(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    say(header::REFERRER_POLICY, "no-referrer");
    say(header::CACHE_CONTROL, "no-store");
    say(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    say(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    say(
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    );
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY)
        && let Ok(value) = policy("frame-ancestors 'none'").parse()
    {
        headers.insert(header::CONTENT_SECURITY_POLICY, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_no_script_and_no_style_of_its_own() {
        // The policy would stop them; they would be mistakes.
        for bad in
            ["<style", " style=", " onclick=", " onload=", "javascript:", "http://", "https://"]
        {
            assert!(!PAGE.text.contains(bad), "{bad}");
        }
        let scripts = PAGE.text.matches("<script").count();
        assert_eq!(
            scripts,
            PAGE.text.matches("<script type=\"module\" src=\"/assets/page.js\">").count()
        );
    }

    #[test]
    fn nothing_is_loaded_from_elsewhere() {
        for file in [PAGE, SCRIPT, STYLE, WIDGET] {
            assert!(!file.text.contains("@import") && !file.text.contains("url("), "{}", file.kind);
        }
        for text in [SCRIPT.text, WIDGET.text] {
            for bad in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("] {
                assert!(!text.contains(bad), "{bad}");
            }
        }
    }
}
