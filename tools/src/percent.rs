//! Percent-encoding.

/// The text without its encoding, or nothing if it is malformed or not text.
pub(crate) fn decode(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut out = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let mut digit = || char::from(bytes.next()?).to_digit(16);
        out.push(u8::try_from(digit()? * 16 + digit()?).ok()?);
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_malformed_is_nothing() {
        for wrong in ["%", "%1", "%zz", "a%2", "%ff", "%+1"] {
            assert_eq!(decode(wrong), None, "{wrong}");
        }
        assert_eq!(decode("a%2Fb%C3%A9").as_deref(), Some("a/bé"));
    }
}
