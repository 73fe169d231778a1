//! A bounded, incremental parser of server-sent events, after the WHATWG HTML standard, section
//! 9.2 (`text/event-stream`). `id` and `retry` are ignored: an answer is never resumed.

/// The longest event, and the longest single line, in bytes.
pub const EVENT_BYTES_MAX: usize = 1024 * 1024;

/// Why a stream cannot be parsed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SseFault {
    /// One event is beyond [`EVENT_BYTES_MAX`].
    #[error("an event is longer than 1 MiB")]
    TooLong,
    /// An event's text is not UTF-8.
    #[error("an event is not valid utf-8")]
    NotUtf8,
}

/// One event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SseEvent<'a> {
    /// The `event:` field, `message` where there is none.
    pub name: &'a str,
    /// The `data:` lines, joined by line feeds.
    pub data: &'a str,
}

/// Parses one stream. Bytes may be cut anywhere, within a character too.
#[derive(Debug, Default)]
pub struct SseParser {
    /// The start of a line whose end has not come.
    line: Vec<u8>,
    /// The event that is being read.
    event: Pending,
    /// The last byte was a CR: an LF right after it belongs to the same line end.
    after_cr: bool,
    /// A first line was seen, so a byte order mark can no longer come.
    begun: bool,
    fault: Option<SseFault>,
}

#[derive(Debug, Default)]
struct Pending {
    name: Vec<u8>,
    data: Vec<u8>,
    has_data: bool,
}

impl SseParser {
    /// A parser for one stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes and calls `each` for every event that they complete, in order. The
    /// first error, from the stream or from `each`, ends it.
    ///
    /// # Errors
    /// [`SseFault`], now and at every later call, or what `each` returns.
    pub fn push<E: From<SseFault>>(
        &mut self,
        mut bytes: &[u8],
        mut each: impl FnMut(SseEvent<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        if let Some(fault) = self.fault {
            return Err(fault.into());
        }
        while !bytes.is_empty() {
            if std::mem::take(&mut self.after_cr) && bytes.first() == Some(&b'\n') {
                bytes = bytes.get(1..).unwrap_or_default();
                continue;
            }
            let Some(end) = memchr::memchr2(b'\r', b'\n', bytes) else {
                self.fit(self.line.len() + bytes.len())?;
                self.line.extend_from_slice(bytes);
                return Ok(());
            };
            let (head, rest) = bytes.split_at(end);
            self.fit(self.line.len() + head.len())?;
            self.after_cr = rest.first() == Some(&b'\r');
            bytes = rest.get(1..).unwrap_or_default();
            if self.line.is_empty() {
                self.take_line(head, &mut each)?;
            } else {
                let mut line = std::mem::take(&mut self.line);
                line.extend_from_slice(head);
                let outcome = self.take_line(&line, &mut each);
                line.clear();
                self.line = line;
                outcome?;
            }
        }
        Ok(())
    }

    fn take_line<E: From<SseFault>>(
        &mut self,
        line: &[u8],
        each: &mut impl FnMut(SseEvent<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let is_first = !std::mem::replace(&mut self.begun, true);
        let bom = "\u{feff}".as_bytes();
        let line = if is_first { line.strip_prefix(bom).unwrap_or(line) } else { line };
        if line.is_empty() {
            return self.dispatch(each);
        }
        let colon = memchr::memchr(b':', line).unwrap_or(line.len());
        let (field, rest) = line.split_at(colon);
        let value = rest.strip_prefix(b":").unwrap_or(rest);
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            b"data" => {
                self.fit(self.event.data.len() + value.len() + 1)?;
                if self.event.has_data {
                    self.event.data.push(b'\n');
                }
                self.event.data.extend_from_slice(value);
                self.event.has_data = true;
            }
            b"event" => {
                self.event.name.clear();
                self.event.name.extend_from_slice(value);
            }
            // A comment has an empty field name; `id`, `retry` and unknown fields mean nothing.
            _ => {}
        }
        Ok(())
    }

    fn dispatch<E: From<SseFault>>(
        &mut self,
        each: &mut impl FnMut(SseEvent<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        if self.event.has_data {
            let name = std::str::from_utf8(&self.event.name);
            let data = std::str::from_utf8(&self.event.data);
            let (Ok(name), Ok(data)) = (name, data) else {
                return Err(self.fail(SseFault::NotUtf8).into());
            };
            each(SseEvent { name: if name.is_empty() { "message" } else { name }, data })?;
        }
        self.event.name.clear();
        self.event.data.clear();
        self.event.has_data = false;
        Ok(())
    }

    fn fit(&mut self, length: usize) -> Result<(), SseFault> {
        if length > EVENT_BYTES_MAX { Err(self.fail(SseFault::TooLong)) } else { Ok(()) }
    }

    fn fail(&mut self, fault: SseFault) -> SseFault {
        self.fault = Some(fault);
        fault
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Seen = (Vec<(String, String)>, Result<(), SseFault>);

    fn read<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Seen {
        let mut parser = SseParser::new();
        let mut seen = Vec::new();
        for chunk in chunks {
            let outcome = parser.push(chunk, |event| {
                seen.push((event.name.to_owned(), event.data.to_owned()));
                Ok::<_, SseFault>(())
            });
            if outcome.is_err() {
                return (seen, outcome);
            }
        }
        (seen, Ok(()))
    }

    #[track_caller]
    fn check(stream: &str, expected: &[(&str, &str)]) {
        let (seen, outcome) = read([stream.as_bytes()]);
        let seen: Vec<_> = seen.iter().map(|(n, d)| (n.as_str(), d.as_str())).collect();
        assert_eq!((seen.as_slice(), outcome), (expected, Ok(())));
    }

    #[test]
    fn events_are_read_as_the_standard_says() {
        check("data: a\n\n", &[("message", "a")]);
        check("data:a\r\rdata:b\r\n\r\n", &[("message", "a"), ("message", "b")]);
        check("event: ping\ndata: {}\n\n", &[("ping", "{}")]);
        check(": comment\n\ndata: x\ndata: y\n\n", &[("message", "x\ny")]);
        check("data\n\n", &[("message", "")]);
        check("event: only\n\ndata: z\n\n", &[("message", "z")]);
        check("\u{feff}data: b\nid: 7\nretry: 9\nother: 1\n\n", &[("message", "b")]);
        check("data: unfinished\n", &[]);
    }

    #[test]
    fn an_event_beyond_the_bound_is_refused_for_good() {
        let long = vec![b'a'; EVENT_BYTES_MAX + 1];
        let mut parser = SseParser::new();
        for _ in 0..2 {
            let outcome = parser.push(&long, |_| Ok::<_, SseFault>(()));
            assert_eq!(outcome, Err(SseFault::TooLong));
        }
        let lines = format!("data: {}\n", "b".repeat(1000)).repeat(2000);
        assert_eq!(read([lines.as_bytes()]).1, Err(SseFault::TooLong));
    }

    #[test]
    fn invalid_utf8_is_a_fault_after_the_good_events() {
        let (seen, outcome) = read([&b"data: ok\n\ndata: \xff\n\n"[..]]);
        assert_eq!((seen.len(), outcome), (1, Err(SseFault::NotUtf8)));
    }

    proptest! {
        #[test]
        fn any_chunking_gives_the_same_events(
            pieces in prop::collection::vec(
                prop_oneof![
                    Just("data: ".as_bytes().to_vec()), Just(b"\n".to_vec()), Just(b"\r".to_vec()),
                    Just(b"\r\n".to_vec()), Just(b"\n\n".to_vec()), Just(b"event: ".to_vec()),
                    Just(b":".to_vec()), Just("\u{feff}".as_bytes().to_vec()),
                    Just("h\u{e9}\u{1F600}".as_bytes().to_vec()),
                    prop::collection::vec(any::<u8>(), 0..4),
                ], 0..40),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
        ) {
            let stream = pieces.concat();
            let whole = read([stream.as_slice()]);
            let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
            cuts.extend([0, stream.len()]);
            cuts.sort_unstable();
            prop_assert_eq!(&whole, &read(cuts.windows(2).map(|cut| &stream[cut[0]..cut[1]])));
            prop_assert_eq!(&whole, &read(stream.chunks(1)));
        }
    }
}
