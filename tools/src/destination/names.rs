//! Names that lead inside, whoever asks.

use super::{address::is_private as is_private_ip, host::quad};

/// Names of the machine itself.
const OWN: [&str; 8] = [
    "localhost",
    "localhost6",
    "localdomain",
    "localdomain6",
    "ip6-localhost",
    "ip6-loopback",
    "loopback",
    "broadcasthost",
];

/// Names that are private with everything below them: reserved ones, those that networks use for
/// themselves, metadata of clouds by a public name, and services that answer with an address that is
/// written in the name, or with another one each time.
const INSIDE: [&str; 40] = [
    "local",
    "internal",
    "intranet",
    "intra",
    "private",
    "corp",
    "home",
    "lan",
    "localnet",
    "svc",
    "consul",
    "docker",
    "test",
    "invalid",
    "arpa",
    "onion",
    "metadata.tencentyun.com",
    "metadata.packet.net",
    "metadata.platformequinix.com",
    "metadata.vultr.com",
    "nip.io",
    "sslip.io",
    "xip.io",
    "xip.name",
    "traefik.me",
    "localtest.me",
    "local.gd",
    "localho.st",
    "lvh.me",
    "lacolhost.com",
    "vcap.me",
    "yoogle.com",
    "fuf.me",
    "smackaho.st",
    "ulh.us",
    "127-0-0-1.org.uk",
    "spoofed.burpcollaborator.net",
    "rbndr.us",
    "1u.ms",
    "rebind.it",
];

/// Whether a name leads inside, or may: one without a dot is found by a local search list only.
pub(super) fn is_private(name: &str) -> bool {
    !name.contains('.') || is_listed(name) || has_private_address(name)
}

/// Whether a word is known as the name of a host by itself.
pub(super) fn is_known(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    OWN.contains(&name.as_str())
}

fn is_listed(name: &str) -> bool {
    OWN.iter().chain(&INSIDE).any(|private| {
        name.strip_suffix(private).is_some_and(|above| above.is_empty() || above.ends_with('.'))
    })
}

/// Whether a private address is written in a name: `10-0-0-1.example.com`, `127.0.0.1.example.com`.
fn has_private_address(name: &str) -> bool {
    let parts: Vec<&str> = name.split(['.', '-']).collect();
    parts.windows(4).any(|window| {
        let [a, b, c, d] = window else { return false };
        quad([a, b, c, d]).is_some_and(|ip| is_private_ip(ip.into()))
    })
}
