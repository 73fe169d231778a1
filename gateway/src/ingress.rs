//! What Pingora lets through and a public listener must not: checks on the head of a request, and on
//! the lines between its chunks.

use http::Version;
use pingora_core::protocols::http::ServerSession;
use pingora_http::RequestHeader;

use crate::{conn::Conn, refusal::Refusal};

/// The largest request head, in bytes.
const HEAD_BYTES_MAX: usize = 64 << 10;

/// Refuses heads that two HTTP implementations could read differently.
pub(crate) fn check(session: &ServerSession) -> Result<(), Refusal> {
    let head = session.req_header();
    if let Some(h1) = session.as_http1() {
        let raw = h1.get_headers_raw_bytes();
        if raw.len() > HEAD_BYTES_MAX {
            return Err(Refusal::invalid("the request's head is larger than 64 KiB"));
        }
        if has_bare_line_feed(&raw) {
            return Err(Refusal::invalid("a header line ends in a bare line feed"));
        }
        // Pingora takes the length away where a coding is there too; only the raw head tells.
        if head.headers.contains_key("transfer-encoding") && has_length(&raw) {
            return Err(Refusal::invalid("Content-Length beside Transfer-Encoding"));
        }
        check_framing(head)?;
    }
    check_chunks(session)?;
    if head.headers.contains_key("content-encoding") {
        return Err(Refusal::invalid("encoded bodies are not accepted; send it uncompressed"));
    }
    Ok(())
}

/// Refuses what went by in chunks that can be read in two ways: an extension carries no meaning that
/// anybody uses, and smuggling is what uses it. Ask again when the body is read.
pub(crate) fn check_chunks(session: &ServerSession) -> Result<(), Refusal> {
    let conn = session.as_http1().and_then(|h1| Conn::within(h1.stream()));
    if conn.is_some_and(Conn::is_odd) {
        return Err(Refusal::invalid(
            "a chunk of the body has an extension, or a line that does not end as it should",
        ));
    }
    Ok(())
}

/// Whether the client waits for `100 Continue` before it sends the body.
pub(crate) fn expects_continue(head: &RequestHeader) -> bool {
    head.version == Version::HTTP_11
        && head
            .headers
            .get("expect")
            .is_some_and(|v| v.as_bytes().eq_ignore_ascii_case(b"100-continue"))
}

fn check_framing(head: &RequestHeader) -> Result<(), Refusal> {
    let count = |name: &str| head.headers.get_all(name).iter().count();
    if head.version == Version::HTTP_11 && count("host") != 1 {
        return Err(Refusal::invalid("exactly one Host header is required"));
    }
    if count("content-length") > 1 {
        return Err(Refusal::invalid("more than one Content-Length"));
    }
    if let Some(coding) = head.headers.get("transfer-encoding") {
        let plain = coding.as_bytes().eq_ignore_ascii_case(b"chunked");
        if !plain || count("transfer-encoding") > 1 || head.version != Version::HTTP_11 {
            return Err(Refusal::invalid("the only Transfer-Encoding is `chunked`, on HTTP/1.1"));
        }
    }
    Ok(())
}

/// Whether a raw head names a length, however it is written.
fn has_length(raw: &[u8]) -> bool {
    raw.split(|byte| *byte == b'\n').any(|line| {
        let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
        name.trim_ascii().eq_ignore_ascii_case(b"content-length")
    })
}

fn has_bare_line_feed(raw: &[u8]) -> bool {
    let mut before = 0;
    for &byte in raw {
        if byte == b'\n' && before != b'\r' {
            return true;
        }
        before = byte;
    }
    false
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;

    fn head(headers: &[(&'static str, &'static str)]) -> RequestHeader {
        let mut head = RequestHeader::build(Method::POST, b"/", None).unwrap();
        for (name, value) in headers {
            head.append_header(*name, *value).unwrap();
        }
        head
    }

    #[test]
    fn framing_that_can_be_read_two_ways_is_refused() {
        let host = ("host", "a");
        for bad in [
            &[][..],
            &[host, host],
            &[host, ("content-length", "1"), ("content-length", "1")],
            &[host, ("transfer-encoding", "gzip, chunked")],
            &[host, ("transfer-encoding", "chunked"), ("transfer-encoding", "chunked")],
        ] {
            assert!(check_framing(&head(bad)).is_err(), "{bad:?}");
        }
        for good in [
            &[host][..],
            &[host, ("content-length", "1")],
            &[host, ("transfer-encoding", "chunked")],
        ] {
            assert!(check_framing(&head(good)).is_ok(), "{good:?}");
        }
    }

    #[test]
    fn a_length_is_found_in_a_raw_head() {
        assert!(has_length(b"POST / HTTP/1.1\r\nContent-LENGTH: 4\r\n\r\n"));
        assert!(!has_length(b"POST / HTTP/1.1\r\nx-content-length: 4\r\n\r\n"));
    }

    #[test]
    fn a_bare_line_feed_is_found() {
        assert!(has_bare_line_feed(b"POST / HTTP/1.1\nhost: a\r\n\r\n"));
        assert!(!has_bare_line_feed(b"POST / HTTP/1.1\r\nhost: a\r\n\r\n"));
    }
}
