//! The framing of HTTP/1 requests, watched beside Pingora's parser: a chunk line with an extension,
//! white space or a bare line feed is read in two ways by two implementations, and Pingora takes
//! each of them without telling.
//!
//! It only has to be right for requests that [`crate::ingress`] lets through: one coding or one
//! length, on lines that end as they should. Whatever else goes by ends its connection.

/// As much of a header line as is kept: name and value of the two that matter are shorter.
const LINE_BYTES_KEPT: usize = 64;
/// Hexadecimal digits of a chunk's size.
const SIZE_DIGITS_MAX: u8 = 15;

/// Where in a request the bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// Before a request.
    Start,
    /// In its head.
    Head,
    /// In a body of that many bytes more.
    Body(u64),
    /// In a chunk's size, after that many digits.
    Size { size: u64, digits: u8 },
    /// After the carriage return of a chunk's size.
    SizeEnd(u64),
    /// In a chunk of that many bytes more, its own line end included.
    Chunk(u64),
    /// In what follows the last chunk; whether the line is empty so far.
    Trailer { empty: bool },
    /// Behind something that can be read in two ways.
    Odd,
}

/// Follows the requests of one connection.
#[derive(Debug)]
pub(crate) struct Watch {
    at: At,
    /// The beginning of a header's line, and whether there was more of it.
    line: Vec<u8>,
    longer: bool,
    before: u8,
    length: u64,
    chunked: bool,
}

impl Watch {
    pub(crate) const fn new() -> Self {
        let line = Vec::new();
        Self { at: At::Start, line, longer: false, before: 0, length: 0, chunked: false }
    }

    /// Takes note of the next bytes that came.
    pub(crate) fn read(&mut self, mut bytes: &[u8]) {
        while let Some((&byte, rest)) = bytes.split_first() {
            match self.at {
                At::Odd => return,
                At::Body(left) => {
                    let taken = left.min(bytes.len() as u64);
                    let left = left - taken;
                    self.at = if left == 0 { At::Start } else { At::Body(left) };
                    bytes = after(bytes, taken);
                    continue;
                }
                // The line end of a chunk is its last two bytes.
                At::Chunk(left) if left > 2 => {
                    let taken = (left - 2).min(bytes.len() as u64);
                    self.at = At::Chunk(left - taken);
                    bytes = after(bytes, taken);
                    continue;
                }
                At::Start | At::Head => {
                    let end = bytes.iter().position(|byte| *byte == b'\n');
                    let (part, tail) = bytes.split_at(end.unwrap_or(bytes.len()));
                    self.head(part);
                    if end.is_some() {
                        self.end_of_line();
                    }
                    bytes = tail.get(1..).unwrap_or_default();
                    continue;
                }
                _ => self.at = self.body(byte),
            }
            self.before = byte;
            bytes = rest;
        }
    }

    /// Whether something came that can be read in two ways. It stays so.
    pub(crate) fn is_odd(&self) -> bool {
        self.at == At::Odd
    }

    /// A part of a line of the head, without its end.
    fn head(&mut self, part: &[u8]) {
        if part.is_empty() {
            return;
        }
        self.at = At::Head;
        let room = LINE_BYTES_KEPT.saturating_sub(self.line.len());
        self.longer |= part.len() > room;
        self.line.extend_from_slice(part.get(..room).unwrap_or(part));
    }

    fn end_of_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        let longer = std::mem::take(&mut self.longer);
        let text = line.strip_suffix(b"\r").unwrap_or(&line);
        if text.is_empty() {
            self.end_of_head();
        } else {
            self.header(text, longer);
        }
        // Its room is kept for the next one.
        self.line = line;
        self.line.clear();
    }

    /// Takes note of what a header says of the body; the request's own line says nothing.
    fn header(&mut self, line: &[u8], longer: bool) {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { return };
        let (name, value) = line.split_at(colon);
        let value = value.get(1..).unwrap_or_default().trim_ascii();
        let is = |wanted: &[u8]| name.trim_ascii().eq_ignore_ascii_case(wanted);
        let (coding, length) = (is(b"transfer-encoding"), is(b"content-length"));
        if longer && (coding || length) {
            self.at = At::Odd;
        } else if coding {
            self.chunked = true;
        } else if length {
            let number = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
            // What is no number is refused by its head.
            self.length = number.unwrap_or(0);
        }
    }

    fn end_of_head(&mut self) {
        if self.at == At::Odd {
            return;
        }
        let length = std::mem::take(&mut self.length);
        self.at = match std::mem::take(&mut self.chunked) {
            true => At::Size { size: 0, digits: 0 },
            false if length > 0 => At::Body(length),
            false => At::Start,
        };
    }

    /// One byte of a chunked body, outside of what its chunks carry.
    fn body(&self, byte: u8) -> At {
        match (self.at, byte) {
            (At::Size { size, digits }, _) if byte.is_ascii_hexdigit() => {
                let digit = char::from(byte).to_digit(16).unwrap_or(0);
                if digits >= SIZE_DIGITS_MAX {
                    return At::Odd;
                }
                At::Size { size: size << 4 | u64::from(digit), digits: digits + 1 }
            }
            (At::Size { size, digits }, b'\r') if digits > 0 => At::SizeEnd(size),
            (At::SizeEnd(0), b'\n') => At::Trailer { empty: true },
            (At::SizeEnd(size), b'\n') => At::Chunk(size + 2),
            (At::Chunk(2), b'\r') => At::Chunk(1),
            (At::Chunk(1), b'\n') => At::Size { size: 0, digits: 0 },
            (At::Trailer { .. }, _) if (byte == b'\n') != (self.before == b'\r') => At::Odd,
            (At::Trailer { empty: true }, b'\n') => At::Start,
            (At::Trailer { .. }, b'\n') => At::Trailer { empty: true },
            (At::Trailer { empty: true }, b'\r') => At::Trailer { empty: true },
            (At::Trailer { .. }, _) => At::Trailer { empty: false },
            _ => At::Odd,
        }
    }
}

fn after(bytes: &[u8], taken: u64) -> &[u8] {
    usize::try_from(taken).ok().and_then(|taken| bytes.get(taken..)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHUNKED: &str = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    const SIZED: &str = "POST / HTTP/1.1\r\nHost: a\r\nContent-LENGTH:  3 \r\n\r\n";

    /// The same however the bytes are cut.
    #[track_caller]
    fn check(bytes: &str, expected: At) {
        for size in [1, 2, 3, 7, bytes.len().max(1)] {
            let mut watch = Watch::new();
            bytes.as_bytes().chunks(size).for_each(|piece| watch.read(piece));
            assert_eq!(watch.at, expected, "{bytes:?} in pieces of {size}");
        }
    }

    #[test]
    fn whole_requests_end_at_the_start_of_the_next() {
        check("GET / HTTP/1.1\r\nHost: a\r\n\r\n", At::Start);
        check(&format!("{SIZED}abc"), At::Start);
        check(&format!("{SIZED}ab"), At::Body(1));
        check(&format!("{CHUNKED}3\r\nabc\r\n0a\r\n0123456789\r\n0\r\n\r\n"), At::Start);
        check(&format!("{CHUNKED}1\r\na\r\n0\r\nX-Sum: 1;2\r\n\r\n"), At::Start);
        check(&format!("{SIZED}abc{CHUNKED}1\r\n;\r\n0\r\n\r\n{SIZED}x;\n"), At::Start);
        check(&format!("{CHUNKED}5\r\nab"), At::Chunk(5));
        check("\r\nGET / HTTP/1.1\r\n\r\n", At::Start);
    }

    #[test]
    fn a_chunk_line_that_can_be_read_two_ways_is_odd_for_good() {
        for bad in [
            "3;a=b\r\nabc\r\n0\r\n\r\n",
            "3;\r\nabc\r\n0\r\n\r\n",
            "3 \r\nabc\r\n0\r\n\r\n",
            "3\nabc\r\n0\r\n\r\n",
            "3;\nabc\r\n0\r\n\r\n",
            "3;a=\"\n\"\r\nabc\r\n0\r\n\r\n",
            "3\r\nabc\n0\r\n\r\n",
            "3\r\nabcd\r\n0\r\n\r\n",
            "3\r\nabc\r\n0;a\r\n\r\n",
            "3\r\nabc\r\n0\n\r\n",
            "3\r\nabc\r\n0\r\n\n",
            "3\r\nabc\r\n0\r\n\r\r\n",
            "3\r\nabc\r\n0\r\nX: a\rb\r\n\r\n",
            "3\r\nabc\r\n0\r\nX: a\n\r\n",
            "\r\nabc\r\n0\r\n\r\n",
            "0x3\r\nabc\r\n0\r\n\r\n",
            "+3\r\nabc\r\n0\r\n\r\n",
            "0000000000000003\r\nabc\r\n0\r\n\r\n",
        ] {
            check(&format!("{CHUNKED}{bad}GET / HTTP/1.1\r\n\r\n"), At::Odd);
        }
        let padded = format!("POST / HTTP/1.1\r\nContent-Length:{}3\r\n\r\n", " ".repeat(100));
        check(&padded, At::Odd);
    }
}
