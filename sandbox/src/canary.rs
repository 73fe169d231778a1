//! What a program finds when it looks around: run within a sandbox when a driver is opened, by the
//! same words that start every command, so that nobody has to believe what isolation claims.

use std::{
    fs,
    net::{SocketAddr, TcpStream, UdpSocket},
    path::Path,
    time::Duration,
};

use serde::{Deserialize, Serialize};

/// What a program found.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Found {
    /// Effective, permitted and bounding capabilities together, in hexadecimal digits.
    pub(crate) capabilities: String,
    /// Whether programs can get more rights than who starts them.
    pub(crate) no_new_privileges: bool,
    /// The mode of seccomp; 2 is a filter.
    pub(crate) seccomp: u8,
    /// Whether a user namespace can be made.
    pub(crate) nested: bool,
    /// All network interfaces.
    pub(crate) interfaces: Vec<String>,
    /// Whether what listens on this machine answered.
    pub(crate) reached: bool,
    /// Whether there is a way to other machines.
    pub(crate) routed: bool,
    /// Places of this machine that are there and should not be.
    pub(crate) seen: Vec<String>,
    /// Places that can be written and should not be.
    pub(crate) written: Vec<String>,
    /// Whether rules on files hold beside the mounts.
    pub(crate) ruled: bool,
}

/// Places that a sandbox does not have.
const FOREIGN: [&str; 10] = [
    "/root",
    "/home",
    "/var",
    "/sys",
    "/boot",
    "/mnt",
    "/etc/shadow",
    "/etc/ssh",
    "/etc/resolv.conf",
    "/run/docker.sock",
];

/// Looks around within a sandbox, and says what it found, as JSON. `listener` is the port of a listener
/// on this machine that must not answer.
pub fn probe(listener: u16) -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.unwrap_or("unknown").trim()
    };
    let capabilities = ["CapEff", "CapPrm", "CapBnd", "CapAmb"].map(field).join("");
    let devices = fs::read_to_string("/proc/net/dev").unwrap_or_else(|_| "unknown:".to_owned());
    let names = devices.lines().filter_map(|line| Some(line.split_once(':')?.0.trim().to_owned()));
    let here = SocketAddr::from(([127, 0, 0, 1], listener));
    // An address for documentation: with a way out it is connected to without a packet.
    let route = UdpSocket::bind("0.0.0.0:0").and_then(|socket| socket.connect("192.0.2.1:9"));
    let mut unshare = std::process::Command::new("/usr/bin/unshare");
    unshare.args(["--user", "/bin/true"]).stderr(std::process::Stdio::null());
    let places = ["/usr/.probe", "/.probe", "/etc/.probe", "/dev/.probe", "/run/.probe"];
    let write = |path: &&str| fs::write(path, "").is_ok();
    let found = Found {
        capabilities,
        no_new_privileges: field("NoNewPrivs") == "1",
        seccomp: field("Seccomp").parse().unwrap_or(0),
        nested: unshare.status().is_ok_and(|status| status.success()),
        interfaces: names.collect(),
        reached: TcpStream::connect_timeout(&here, Duration::from_secs(1)).is_ok(),
        routed: route.is_ok(),
        seen: FOREIGN
            .iter()
            .filter(|path| Path::new(path).exists())
            .map(|path| (*path).into())
            .collect(),
        written: places.iter().filter(|path| write(path)).map(|path| (*path).into()).collect(),
        // Ours to write by its mode, and by every mount.
        ruled: fs::OpenOptions::new().write(true).open("/proc/self/comm").is_err(),
    };
    serde_json::to_string(&found).unwrap_or_default()
}

impl Found {
    /// Whether no capability is left, and none can come.
    pub(crate) fn is_powerless(&self) -> bool {
        self.no_new_privileges && self.capabilities.bytes().all(|digit| digit == b'0')
    }

    /// Whether nothing is reached but the loopback interface.
    pub(crate) fn is_alone(&self) -> bool {
        !self.reached && !self.routed && self.interfaces == ["lo"]
    }
}
