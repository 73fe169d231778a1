//! Which addresses a sandbox may be connected to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether a connection to an address may be made, where the list says whether private ones may.
pub(super) fn allows(address: IpAddr, private: bool) -> bool {
    let address = address.to_canonical();
    !is_never_meant(address) && (private || !tools::is_private(address))
}

/// Addresses that nobody means and that attackers want: link-local ones with the clouds' metadata
/// services, all of this machine's at once, groups, and what IPv6 translates to other addresses.
fn is_never_meant(address: IpAddr) -> bool {
    const METADATA_V4: Ipv4Addr = Ipv4Addr::new(100, 100, 100, 200);
    const METADATA_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);
    match address {
        IpAddr::V4(v4) => {
            let first = v4.octets().first().copied();
            v4.is_link_local() || v4 == METADATA_V4 || first == Some(0) || first >= Some(224)
        }
        IpAddr::V6(v6) => {
            let translated = matches!(v6.segments(), [0x64, 0xff9b, ..] | [0x2002 | 0x2001, ..])
                && tools::is_private(address);
            v6.is_unspecified()
                || v6.is_unicast_link_local()
                || v6.is_multicast()
                || v6 == METADATA_V6
                || translated
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(address: &str, public: bool, private: bool) {
        let ip = address.parse().unwrap();
        assert_eq!((allows(ip, false), allows(ip, true)), (public, private), "{address}");
    }

    #[test]
    fn only_public_addresses_are_reached_unless_private_ones_are_meant() {
        for public in ["1.1.1.1", "93.184.216.34", "2606:4700::1111"] {
            check(public, true, true);
        }
        for private in ["10.0.0.1", "127.0.0.1", "192.168.1.1", "::1", "fd12::1", "::ffff:10.0.0.1"]
        {
            check(private, false, true);
        }
        for never in [
            "169.254.169.254",
            "::ffff:169.254.169.254",
            "64:ff9b::169.254.169.254",
            "fe80::1",
            "fd00:ec2::254",
            "100.100.100.200",
            "0.0.0.0",
            "::",
            "224.0.0.1",
            "255.255.255.255",
            "ff02::1",
        ] {
            check(never, false, false);
        }
    }
}
