use proptest::prelude::*;

use super::*;

/// A frame of these headers, already encoded, and this payload.
fn frame(headers: &[u8], payload: &[u8]) -> Vec<u8> {
    let total = headers.len() + payload.len() + PRELUDE_BYTES + CHECKSUM_BYTES;
    let mut out = u32::try_from(total).unwrap().to_be_bytes().to_vec();
    out.extend(u32::try_from(headers.len()).unwrap().to_be_bytes());
    out.extend(crc32fast::hash(&out).to_be_bytes());
    out.extend([headers, payload].concat());
    out.extend(crc32fast::hash(&out).to_be_bytes());
    out
}

fn text(name: &str, value: &str) -> Vec<u8> {
    let mut out = vec![u8::try_from(name.len()).unwrap()];
    out.extend(name.as_bytes());
    out.push(STRING);
    out.extend(u16::try_from(value.len()).unwrap().to_be_bytes());
    out.extend(value.as_bytes());
    out
}

type Seen = (Vec<(Option<String>, Vec<u8>)>, Result<(), FrameFault>);

fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Seen {
    let (mut parser, mut seen) = (FrameParser::default(), Vec::new());
    for piece in pieces {
        let outcome = parser.push(piece, |frame| {
            seen.push((frame.header(":event-type").map(str::to_owned), frame.payload.to_vec()));
            Ok::<_, FrameFault>(())
        });
        if outcome.is_err() {
            assert_eq!(parser.push(b"x", |_| Ok::<_, FrameFault>(())), outcome, "it stays broken");
            return (seen, outcome);
        }
    }
    (seen, Ok(()))
}

/// The messages of the encoding's description by AWS: an empty one, one with a payload, one with a
/// header of 32 bits, written as they stand in the test suites of its SDKs.
#[test]
fn the_published_frames_are_read() {
    let empty = [0, 0, 0, 0x10, 0, 0, 0, 0, 0x05, 0xc2, 0x48, 0xeb, 0x7d, 0x98, 0xc8, 0xff];
    assert_eq!(read([&empty[..]]), (vec![(None, Vec::new())], Ok(())));
    let payload = [
        &[0, 0, 0, 0x1d, 0, 0, 0, 0, 0xfd, 0x52, 0x8c, 0x5a][..],
        b"{'foo':'bar'}",
        &[0xc3, 0x65, 0x39, 0x36],
    ]
    .concat();
    assert_eq!(read([&payload[..]]), (vec![(None, b"{'foo':'bar'}".to_vec())], Ok(())));
    let header = [
        &[0, 0, 0, 0x2d, 0, 0, 0, 0x10, 0x41, 0xc4, 0x24, 0xb8, 0x0a][..],
        b"event-type",
        &[4, 0, 0, 0xa0, 0x0c],
        b"{'foo':'bar'}",
        &[0x36, 0xf4, 0x80, 0xa0],
    ]
    .concat();
    assert_eq!(read([&header[..]]), (vec![(None, b"{'foo':'bar'}".to_vec())], Ok(())));
    let text = [
        &[0, 0, 0, 0x3d, 0, 0, 0, 0x20, 0x07, 0xfd, 0x83, 0x96, 0x0c][..],
        b"content-type",
        &[7, 0, 0x10],
        b"application/json{'foo':'bar'}",
        &[0x8d, 0x9c, 0x08, 0xb1],
    ]
    .concat();
    assert_eq!(read([&text[..]]), (vec![(None, b"{'foo':'bar'}".to_vec())], Ok(())));
}

#[test]
fn values_of_every_type_are_passed_over() {
    let mut headers = Vec::new();
    for (kind, length) in [(0, 0), (1, 0), (2, 1), (3, 2), (4, 4), (5, 8), (8, 8), (9, 16)] {
        headers.extend([1, b'x', kind]);
        headers.extend(vec![7; length]);
    }
    headers.extend([1, b'x', BYTES, 0, 2, 7, 7]);
    headers.extend(text(":event-type", "end"));
    let seen = read([&frame(&headers, b"{}")[..]]);
    assert_eq!(seen, (vec![(Some("end".to_owned()), b"{}".to_vec())], Ok(())));
}

#[test]
fn one_wrong_bit_anywhere_is_noticed() {
    let good = frame(&text(":event-type", "messageStart"), br#"{"role":"assistant"}"#);
    for bit in 0..good.len() * 8 {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        let (seen, outcome) = read([&bad[..]]);
        assert!(seen.is_empty(), "bit {bit}");
        assert!(outcome.is_err(), "bit {bit}");
    }
}

#[test]
fn lengths_that_contradict_each_other_are_refused() {
    let prelude = |total: u32, headers: u32| {
        let mut out = [total.to_be_bytes(), headers.to_be_bytes()].concat();
        out.extend(crc32fast::hash(&out).to_be_bytes());
        out
    };
    let beyond = u32::try_from(FRAME_BYTES_MAX).unwrap() + 1;
    for (total, headers, expected) in [
        (beyond, 0, FrameFault::TooLong),
        (u32::MAX, u32::MAX, FrameFault::TooLong),
        (200_000, 140_000, FrameFault::TooLong),
        (15, 0, FrameFault::Malformed),
        (20, 5, FrameFault::Malformed),
        (0, 0, FrameFault::Malformed),
    ] {
        // The prelude alone is enough: nothing is gathered for a frame that will be refused.
        let mut bytes = prelude(total, headers);
        bytes.push(0);
        assert_eq!(read([&bytes[..]]), (Vec::new(), Err(expected)), "{total} {headers}");
    }
    for headers in [&[5, b'x'][..], &[1, b'x'], &[1, b'x', 99], &[1, b'x', STRING, 0, 9]] {
        assert_eq!(read([&frame(headers, b"")[..]]).1, Err(FrameFault::Malformed));
    }
}

#[test]
fn a_payload_of_a_mebibyte_is_read() {
    let payload = vec![b'a'; EVENT_BYTES_MAX];
    let bytes = frame(&text(":event-type", "x"), &payload);
    let (seen, outcome) = read(bytes.chunks(1 << 16));
    assert_eq!((seen.len(), outcome), (1, Ok(())));
}

proptest! {
    #[test]
    fn any_cut_gives_the_same_frames(
        payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..6),
        tail in prop::collection::vec(any::<u8>(), 0..20),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let mut stream: Vec<u8> =
            payloads.iter().flat_map(|p| frame(&text(":event-type", "e"), p)).collect();
        stream.extend(tail);
        let whole = read([&stream[..]]);
        prop_assert!(whole.0.len() >= payloads.len());
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
        cuts.extend([0, stream.len()]);
        cuts.sort_unstable();
        prop_assert_eq!(&whole, &read(cuts.windows(2).map(|cut| &stream[cut[0]..cut[1]])));
        prop_assert_eq!(&whole, &read(stream.chunks(1)));
    }
}
