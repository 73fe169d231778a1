//! One record of the journal as bytes: length, checksum, number, then the operation as JSON and the
//! audit record that was made with it, as the very bytes that are hashed and stored.
//!
//! ```text
//! 0        4          8         16          20
//! | length | checksum | number  | ask bytes | ask ... | audit record ... |   little endian
//! ```
//! `length` counts what follows the number, `checksum` is CRC-32 (IEEE) of all that follows itself.
//! A length of zero is the end: the file is allocated ahead of what is written.

use std::io::{self, Read};

/// The bytes in front of the ask.
const HEAD: usize = 20;
/// The longest record: one with the longest audit record, and room for its operation.
pub(crate) const FRAME_BYTES_MAX: usize = crate::audit::RECORD_BYTES_MAX + (64 << 10);

/// A record that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) seq: u64,
    /// The operation as JSON.
    pub(crate) ask: Vec<u8>,
    /// The audit record; empty where there is none.
    pub(crate) record: Vec<u8>,
}

/// Writes a record into `out`, in place of what is there. False: it is beyond [`FRAME_BYTES_MAX`].
pub(crate) fn encode(out: &mut Vec<u8>, seq: u64, ask: &[u8], record: &[u8]) -> bool {
    let length = 4_usize.saturating_add(ask.len()).saturating_add(record.len());
    let (Ok(long), Ok(ask_long)) = (u32::try_from(length), u32::try_from(ask.len())) else {
        return false;
    };
    if length > FRAME_BYTES_MAX {
        return false;
    }
    let mut sum = crc32fast::Hasher::new();
    for part in [&seq.to_le_bytes()[..], &ask_long.to_le_bytes()[..], ask, record] {
        sum.update(part);
    }
    out.clear();
    out.extend_from_slice(&long.to_le_bytes());
    out.extend_from_slice(&sum.finalize().to_le_bytes());
    out.extend_from_slice(&seq.to_le_bytes());
    out.extend_from_slice(&ask_long.to_le_bytes());
    out.extend_from_slice(ask);
    out.extend_from_slice(record);
    true
}

/// What stands at a place of the journal.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// A record.
    Frame(Frame),
    /// Nothing was written here.
    End,
    /// Something that is no whole record: it was being written when the process or the machine died.
    Torn,
}

/// Reads the next record.
pub(crate) fn decode(from: &mut impl Read) -> io::Result<Next> {
    let mut head = [0_u8; HEAD];
    let got = fill(from, &mut head)?;
    let field = |at: usize| head.get(at..).and_then(|rest| rest.first_chunk::<4>());
    let number = |at: usize| field(at).map_or(0, |bytes| u32::from_le_bytes(*bytes));
    let (length, checksum, ask_bytes) = (number(0), number(4), number(16));
    if got == 0 || (length == 0 && checksum == 0) {
        return Ok(Next::End);
    }
    let whole = usize::try_from(length).unwrap_or(usize::MAX);
    let ask_bytes = usize::try_from(ask_bytes).unwrap_or(usize::MAX);
    let Some(rest) = whole.checked_sub(4).filter(|rest| ask_bytes <= *rest) else {
        return Ok(Next::Torn);
    };
    if got < HEAD || whole > FRAME_BYTES_MAX {
        return Ok(Next::Torn);
    }
    let mut ask = vec![0; rest];
    if fill(from, &mut ask)? < rest {
        return Ok(Next::Torn);
    }
    let mut sum = crc32fast::Hasher::new();
    sum.update(head.get(8..).unwrap_or_default());
    sum.update(&ask);
    if sum.finalize() != checksum {
        return Ok(Next::Torn);
    }
    let seq = head.get(8..).and_then(|rest| rest.first_chunk::<8>()).copied().unwrap_or_default();
    let record = ask.split_off(ask_bytes);
    Ok(Next::Frame(Frame { seq: u64::from_le_bytes(seq), ask, record }))
}

/// Reads until the buffer is full or the file ends.
fn fill(from: &mut impl Read, into: &mut [u8]) -> io::Result<usize> {
    let mut got = 0;
    while let Some(rest) = into.get_mut(got..).filter(|rest| !rest.is_empty()) {
        match from.read(rest) {
            Ok(0) => break,
            Ok(n) => got += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(got)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn encoded(seq: u64, ask: &[u8], record: &[u8]) -> Vec<u8> {
        let mut out = vec![1, 2, 3];
        assert!(encode(&mut out, seq, ask, record));
        out
    }

    #[test]
    fn what_was_not_written_is_the_end() {
        assert_eq!(decode(&mut &b""[..]).unwrap(), Next::End);
        assert_eq!(decode(&mut &[0; 4096][..]).unwrap(), Next::End);
        assert_eq!(decode(&mut &[0; 3][..]).unwrap(), Next::End);
    }

    #[test]
    fn what_is_too_long_is_not_written() {
        assert!(!encode(&mut Vec::new(), 1, b"{}", &vec![b'a'; FRAME_BYTES_MAX]));
    }

    proptest! {
        #[test]
        fn a_record_is_read_as_it_was_written(
            seq in any::<u64>(),
            ask in proptest::collection::vec(any::<u8>(), 0..300),
            record in proptest::collection::vec(any::<u8>(), 0..300),
        ) {
            let mut bytes = encoded(seq, &ask, &record);
            bytes.extend(encoded(7, b"next", b""));
            let mut from = &bytes[..];
            prop_assert_eq!(decode(&mut from).unwrap(), Next::Frame(Frame { seq, ask, record }));
            let next = Frame { seq: 7, ask: b"next".to_vec(), record: Vec::new() };
            prop_assert_eq!(decode(&mut from).unwrap(), Next::Frame(next));
            prop_assert_eq!(decode(&mut from).unwrap(), Next::End);
        }

        #[test]
        fn a_record_that_is_cut_or_changed_is_torn(
            ask in proptest::collection::vec(any::<u8>(), 1..100),
            cut in 1..100_usize,
            at in any::<prop::sample::Index>(),
            bit in 0..8_u8,
        ) {
            let bytes = encoded(3, &ask, b"{}");
            let cut = cut.min(bytes.len() - 1);
            let mut short = bytes[..bytes.len() - cut].to_vec();
            prop_assert_eq!(decode(&mut &short[..]).unwrap(), Next::Torn);
            // As after a power cut: the file has its length, its last blocks were never written.
            short.resize(bytes.len() + 64, 0);
            let lost = bytes[bytes.len() - cut..].iter().any(|byte| *byte != 0);
            prop_assert_eq!(decode(&mut &short[..]).unwrap() == Next::Torn, lost);
            let mut other = bytes.clone();
            other[at.index(bytes.len())] ^= 1 << bit;
            prop_assert_eq!(decode(&mut &other[..]).unwrap(), Next::Torn);
        }

        #[test]
        fn no_bytes_break_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
            let mut from = &bytes[..];
            while let Next::Frame(_) = decode(&mut from).unwrap() {}
        }
    }
}
