//! A bounded, incremental parser of `application/vnd.amazon.eventstream`, after AWS's description of
//! the event stream encoding.
//!
//! A frame is: length of all of it (4 bytes, big endian), length of its headers (4), CRC32 of these
//! eight bytes (4), headers, payload, CRC32 of all before it (4). A header is: length of its name
//! (1), name, type of its value (1), value.

use crate::sse::EVENT_BYTES_MAX;

/// The longest block of headers, as AWS has it.
const HEADERS_BYTES_MAX: usize = 128 * 1024;

/// Both lengths and their checksum.
const PRELUDE_BYTES: usize = 12;

/// A frame's checksum.
const CHECKSUM_BYTES: usize = 4;

/// The longest frame: a payload as long as an event of server-sent events may be, in a frame of the
/// longest headers.
pub const FRAME_BYTES_MAX: usize =
    EVENT_BYTES_MAX + HEADERS_BYTES_MAX + PRELUDE_BYTES + CHECKSUM_BYTES;

/// Why a stream cannot be parsed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameFault {
    /// A frame or its headers are beyond the bound.
    #[error("a frame is longer than 1 MiB")]
    TooLong,
    /// A checksum does not fit the bytes.
    #[error("a frame's checksum is wrong")]
    Checksum,
    /// The lengths or the headers contradict each other.
    #[error("a frame is malformed")]
    Malformed,
}

/// One frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    headers: &'a [u8],
    /// What the frame carries.
    pub(super) payload: &'a [u8],
}

/// Parses one stream. Bytes may be cut anywhere.
#[derive(Debug, Default)]
pub(super) struct FrameParser {
    /// The start of a frame whose end has not come.
    pending: Vec<u8>,
    fault: Option<FrameFault>,
}

impl FrameParser {
    /// Takes the next bytes and calls `each` for every frame that they complete, in order. The first
    /// error, from the stream or from `each`, ends it.
    ///
    /// # Errors
    /// [`FrameFault`], now and at every later call, or what `each` returns.
    pub(super) fn push<E: From<FrameFault>>(
        &mut self,
        mut bytes: &[u8],
        mut each: impl FnMut(Frame<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        if let Some(fault) = self.fault {
            return Err(fault.into());
        }
        // The prelude tells how much of the rest is this frame's; never more than that is copied.
        while !bytes.is_empty() {
            let wanted = if self.pending.len() < PRELUDE_BYTES {
                PRELUDE_BYTES
            } else {
                self.checked(length(&self.pending))?
            };
            let (head, rest) = bytes.split_at(bytes.len().min(wanted - self.pending.len()));
            self.pending.extend_from_slice(head);
            bytes = rest;
            if self.pending.len() < PRELUDE_BYTES {
                break;
            }
            let total = self.checked(length(&self.pending))?;
            if self.pending.len() == total {
                let frame = std::mem::take(&mut self.pending);
                each(self.checked(open(&frame))?)?;
            }
        }
        Ok(())
    }

    fn checked<T>(&mut self, outcome: Result<T, FrameFault>) -> Result<T, FrameFault> {
        self.fault = outcome.as_ref().err().copied();
        outcome
    }
}

/// How long the frame is that begins with this prelude.
fn length(prelude: &[u8]) -> Result<usize, FrameFault> {
    let (total, headers) = (number(prelude, 0)?, number(prelude, 4)?);
    let lengths = prelude.get(..8).ok_or(FrameFault::Malformed)?;
    if crc32fast::hash(lengths) != word(prelude, 8)? {
        return Err(FrameFault::Checksum);
    }
    if total > FRAME_BYTES_MAX || headers > HEADERS_BYTES_MAX {
        return Err(FrameFault::TooLong);
    }
    let least = headers.saturating_add(PRELUDE_BYTES + CHECKSUM_BYTES);
    if total < least { Err(FrameFault::Malformed) } else { Ok(total) }
}

/// Takes a whole frame apart.
fn open(frame: &[u8]) -> Result<Frame<'_>, FrameFault> {
    let headers_end = PRELUDE_BYTES.saturating_add(number(frame, 4)?);
    let payload_end = frame.len().saturating_sub(CHECKSUM_BYTES);
    let signed = frame.get(..payload_end).ok_or(FrameFault::Malformed)?;
    if crc32fast::hash(signed) != word(frame, payload_end)? {
        return Err(FrameFault::Checksum);
    }
    let headers = frame.get(PRELUDE_BYTES..headers_end).ok_or(FrameFault::Malformed)?;
    let payload = frame.get(headers_end..payload_end).ok_or(FrameFault::Malformed)?;
    let frame = Frame { headers, payload };
    // So that a later look for one name cannot stumble over another.
    frame.look("", |_, _| {})?;
    Ok(frame)
}

fn word(bytes: &[u8], at: usize) -> Result<u32, FrameFault> {
    let word = bytes.get(at..).and_then(|rest| rest.first_chunk::<4>());
    word.map(|word| u32::from_be_bytes(*word)).ok_or(FrameFault::Malformed)
}

fn number(bytes: &[u8], at: usize) -> Result<usize, FrameFault> {
    usize::try_from(word(bytes, at)?).map_err(|_| FrameFault::TooLong)
}

impl<'a> Frame<'a> {
    /// A header whose value is text; `None` where there is none of this name.
    pub(super) fn header(&self, wanted: &str) -> Option<&'a str> {
        let mut found = None;
        let seen = self.look(wanted, |kind, value| {
            if kind == STRING {
                found = std::str::from_utf8(value).ok();
            }
        });
        seen.ok().and(found)
    }

    /// Walks over the headers and shows the type and value of those that have this name.
    fn look(&self, wanted: &str, mut show: impl FnMut(u8, &'a [u8])) -> Result<(), FrameFault> {
        let mut rest = self.headers;
        while let Some((&length, after)) = rest.split_first() {
            let (name, after) =
                after.split_at_checked(length.into()).ok_or(FrameFault::Malformed)?;
            let (&kind, after) = after.split_first().ok_or(FrameFault::Malformed)?;
            let (length, after) = match kind {
                // True and false are types of their own.
                0 | 1 => (0, after),
                2 => (1, after),
                3 => (2, after),
                4 => (4, after),
                5 | 8 => (8, after),
                9 => (16, after),
                BYTES | STRING => {
                    let (length, after) =
                        after.split_first_chunk::<2>().ok_or(FrameFault::Malformed)?;
                    (u16::from_be_bytes(*length).into(), after)
                }
                _ => return Err(FrameFault::Malformed),
            };
            let (value, after) = after.split_at_checked(length).ok_or(FrameFault::Malformed)?;
            if name == wanted.as_bytes() {
                show(kind, value);
            }
            rest = after;
        }
        Ok(())
    }
}

/// The types of a header whose value has a length of its own.
const BYTES: u8 = 6;
const STRING: u8 = 7;

#[cfg(test)]
mod tests;
