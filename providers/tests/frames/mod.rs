//! Frames of AWS's event stream encoding, written apart from the code that reads them.

#![expect(clippy::unwrap_used, reason = "a test says what it means with it")]

/// A frame with these text headers and this payload.
pub fn frame(headers: &[(&str, &str)], payload: &str) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in headers {
        block.push(u8::try_from(name.len()).unwrap());
        block.extend(name.bytes());
        block.push(7);
        block.extend(u16::try_from(value.len()).unwrap().to_be_bytes());
        block.extend(value.bytes());
    }
    let total = u32::try_from(block.len() + payload.len() + 16).unwrap();
    let mut out = [total.to_be_bytes(), u32::try_from(block.len()).unwrap().to_be_bytes()].concat();
    out.extend(crc32fast::hash(&out).to_be_bytes());
    out.extend([&block[..], payload.as_bytes()].concat());
    out.extend(crc32fast::hash(&out).to_be_bytes());
    out
}

/// Events, a line each: the type, a space, the payload.
pub fn events(lines: &str) -> Vec<u8> {
    let lines = lines.lines().filter(|line| !line.trim().is_empty());
    let event = |line: &str| {
        let (kind, payload) = line.trim().split_once(' ').unwrap();
        let json = (":content-type", "application/json");
        frame(&[(":event-type", kind), json, (":message-type", "event")], payload)
    };
    lines.flat_map(event).collect()
}
