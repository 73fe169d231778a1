//! Which addresses are for everybody, by the special-purpose registries of IANA (RFC 6890).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether an address is not one of the public internet, or has one in it that is not.
pub fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_private_v4(ip),
        IpAddr::V6(ip) => is_private_v6(ip),
    }
}

const fn is_private_v4(ip: Ipv4Addr) -> bool {
    match ip.octets() {
        // This host, private, loopback.
        [0 | 10 | 127, ..]
        // Shared by carriers; link-local, where clouds keep their metadata.
        | [100, 64..=127, ..]
        | [169, 254, ..]
        | [172, 16..=31, ..]
        | [192, 168, ..]
        // Protocols, documentation, the relay of 6to4, benchmarks.
        | [192, 0, 0 | 2, _]
        | [192, 88, 99, _]
        | [198, 18 | 19, ..]
        | [198, 51, 100, _]
        | [203, 0, 113, _]
        // A public address that Azure answers to its own machines only.
        | [168, 63, 129, 16]
        // Multicast, reserved, broadcast.
        | [224..=255, ..] => true,
        _ => false,
    }
}

fn is_private_v6(ip: Ipv6Addr) -> bool {
    let embedded = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        is_private_v4(Ipv4Addr::new(a, b, c, d))
    };
    match ip.segments() {
        // Mapped, and translated by NAT64: as what is in them.
        [0, 0, 0, 0, 0, 0xFFFF, high, low] | [0x64, 0xFF9B, 0, 0, 0, 0, high, low] => {
            embedded(high, low)
        }
        // 6to4.
        [0x2002, high, low, ..] => embedded(high, low),
        // ISATAP, which any network may have.
        [.., 0 | 0x200, 0x5EFE, high, low] if embedded(high, low) => true,
        // Teredo and other protocols; documentation.
        [0x2001, 0..=0x1FF, ..] | [0x2001, 0xDB8, ..] | [0x3FFF, 0..=0xFFF, ..] => true,
        // All that is handed out to be reached by everybody.
        [0x2000..=0x3FFF, ..] => false,
        _ => true,
    }
}
