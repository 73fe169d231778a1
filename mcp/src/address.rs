//! Which addresses a server may be reached at. The address that is checked is the one that is
//! connected to: a name that changes between a check and a connection has no such moment here.

use std::{
    fmt, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use futures::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// How far a server may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Addresses of the public internet only.
    Public,
    /// Those of private networks and of this machine too.
    Private,
}

impl Reach {
    /// Whether a connection to this address may be made.
    pub(crate) fn allows(self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        !is_never_a_server(address) && (self == Self::Private || !tools::is_private(address))
    }
}

/// Addresses that no tool server has, and that attackers want: link-local ones with the clouds'
/// metadata services, all of this host's at once, groups.
fn is_never_a_server(address: IpAddr) -> bool {
    const METADATA_V4: Ipv4Addr = Ipv4Addr::new(100, 100, 100, 200);
    const METADATA_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);
    match address {
        IpAddr::V4(v4) => {
            v4.octets().first() == Some(&0)
                || v4.is_link_local()
                || v4.is_multicast()
                || v4.octets().first() >= Some(&240)
                || v4 == METADATA_V4
        }
        IpAddr::V6(v6) => {
            v6.is_unspecified()
                || v6.is_unicast_link_local()
                || v6.is_multicast()
                || v6 == METADATA_V6
                || inner(v6).is_some_and(|v4| is_never_a_server(v4.into()))
        }
    }
}

/// The IPv4 address within one of IPv6 that gateways translate: mapped, compatible, NAT64, 6to4.
fn inner(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let of = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Ipv4Addr::new(a, b, c, d)
    };
    match address.segments() {
        // Nothing and this machine, in words of IPv6's own.
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            Some(of(high, low))
        }
        [0x2002, high, low, ..] => Some(of(high, low)),
        _ => None,
    }
}

/// Looks names up, as the system does.
pub(crate) type Lookup =
    Arc<dyn Fn(String) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> + Send + Sync>;

/// The system's resolver.
pub(crate) fn system() -> Lookup {
    Arc::new(|name| {
        Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.collect()) })
    })
}

/// Gives a client the addresses of a name that it may connect to, and no other.
pub(crate) struct Resolver {
    pub(crate) reach: Reach,
    pub(crate) lookup: Lookup,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let found = (self.lookup)(name.as_str().to_owned());
        let reach = self.reach;
        Box::pin(async move {
            let mut addresses = found.await?;
            addresses.retain(|address| reach.allows(address.ip()));
            match addresses.is_empty() {
                true => Err(NotPublic.into()),
                false => Ok(Box::new(addresses.into_iter()) as Addrs),
            }
        })
    }
}

/// None of a name's addresses may be connected to.
#[derive(Debug)]
pub(crate) struct NotPublic;

impl fmt::Display for NotPublic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no address that may be connected to")
    }
}

impl std::error::Error for NotPublic {}

#[cfg(test)]
mod tests;
