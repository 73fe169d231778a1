//! `sandboxes/NAME.toml`: a profile, which says what code that an agent runs may use and reach.

use std::{ops::RangeInclusive, str::FromStr, time::Duration};

use super::is_name;
use crate::{
    Fault,
    reader::{Notes, Reader},
};

/// One profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SandboxProfile {
    /// Its name: the file's.
    pub name: String,
    /// Whether its files outlive the session that it was made for.
    pub persistent: bool,
    /// Hosts that it may reach through the proxy, such as `pypi.org:443`; none where empty.
    pub egress: Vec<EgressHost>,
    /// Memory of all its processes, in bytes.
    pub memory: usize,
    /// Bytes of all files in its workspace.
    pub disk: usize,
    /// Bytes that it may write to disk in a second, in the long run.
    pub disk_rate: usize,
    /// Processor time a second, in hundredths of a core.
    pub cpu_percent: usize,
    /// Processes at once.
    pub processes: usize,
    /// How long one command may take.
    pub command_time: Duration,
    /// Bytes kept of what a command writes; the rest is cut and said to be.
    pub output: usize,
    /// How long it is kept without use.
    pub idle: Duration,
}

/// A host and port that code in a sandbox may reach: `example.com:443`, or `*.example.com:443` for those below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EgressHost {
    /// The name in small letters; without the `*.`.
    pub host: String,
    /// Whether names below it are meant, and not it itself.
    pub below: bool,
    /// The port.
    pub port: u16,
}

const MIB: usize = 1024 * 1024;
const GIB: usize = 1024 * MIB;
const COMMAND_TIME: RangeInclusive<Duration> =
    Duration::from_secs(1)..=Duration::from_secs(24 * 60 * 60);
const IDLE: RangeInclusive<Duration> =
    Duration::from_secs(10)..=Duration::from_secs(365 * 24 * 60 * 60);

pub(super) fn read(
    name: &str,
    path: &str,
    text: &str,
    notes: &mut Notes,
) -> Option<SandboxProfile> {
    if !is_name(name) {
        notes.faults.push(Fault {
            file: path.to_owned(),
            line: None,
            key: String::new(),
            message: format!("`{name}` is not a name of a profile"),
            fix: "name the file with small letters, digits, `-`, `_` and `.`, at most 64"
                .to_owned(),
        });
    }
    let mut from = notes.open(path, text);
    let read = profile(name, &mut from);
    from.finish();
    Some(read).filter(|_| is_name(name))
}

fn profile(name: &str, from: &mut Reader<'_>) -> SandboxProfile {
    let own = SandboxProfile::named(name);
    SandboxProfile {
        name: own.name,
        persistent: from.flag("persistent", own.persistent, "Whether its files outlive a session."),
        egress: from.list("egress", "pypi.org:443", "Hosts and ports that it may reach."),
        memory: from.bytes("memory", own.memory, 32 * MIB..=8 * GIB, "Memory."),
        disk: from.bytes("disk", own.disk, MIB..=10 * GIB, "Bytes of its workspace."),
        disk_rate: from.bytes("disk_rate", own.disk_rate, MIB..=4 * GIB, "Written in a second."),
        cpu_percent: from.count("cpu_percent", own.cpu_percent, 5..=400, "Of one core."),
        processes: from.count("processes", own.processes, 4..=1024, "Processes at once."),
        command_time: from.duration(
            "command_time",
            own.command_time,
            COMMAND_TIME,
            "How long one command may take.",
        ),
        output: from.bytes("output", own.output, 1024..=16 * MIB, "Bytes kept of its output."),
        idle: from.duration("idle", own.idle, IDLE, "How long it is kept without use."),
    }
}

impl SandboxProfile {
    /// A profile that says nothing itself: no network, a small machine.
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            persistent: false,
            egress: Vec::new(),
            memory: 1024 * MIB,
            disk: 1024 * MIB,
            disk_rate: 32 * MIB,
            cpu_percent: 100,
            processes: 128,
            command_time: Duration::from_secs(120),
            output: MIB,
            idle: Duration::from_secs(60 * 60),
        }
    }
}

impl FromStr for EgressHost {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "write a name and a port, such as `example.com:443` or `*.example.com:443`";
        let (name, port) = text.rsplit_once(':').ok_or(wrong)?;
        let port = port.parse().ok().filter(|port| *port != 0).ok_or(wrong)?;
        let (below, host) = match name.strip_prefix("*.") {
            Some(host) => (true, host),
            None => (false, name),
        };
        let label = |part: &str| {
            let bytes = part.as_bytes();
            !part.is_empty()
                && part.len() <= 63
                && bytes.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-')
                && !part.starts_with('-')
                && !part.ends_with('-')
        };
        // What ends in digits is an address, and addresses are not names that somebody vouches for.
        let number = host.rsplit('.').next().is_some_and(|end| end.parse::<u64>().is_ok());
        let plain = host.len() <= 253 && host.contains('.') && host.split('.').all(label);
        if !plain || number {
            return Err(wrong);
        }
        Ok(Self { host: host.to_owned(), below, port })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name_and_a_port() {
        let host = |text: &str| text.parse::<EgressHost>().ok();
        let plain = EgressHost { host: "pypi.org".to_owned(), below: false, port: 443 };
        assert_eq!(host("pypi.org:443"), Some(plain.clone()));
        assert_eq!(host("*.pypi.org:443"), Some(EgressHost { below: true, ..plain }));
        for wrong in [
            "pypi.org",
            "pypi.org:0",
            "localhost:80",
            "127.0.0.1:80",
            "*:443",
            "*.*:443",
            "PyPI.org:443",
            "[::1]:443",
            "-a.org:443",
            "a..org:443",
            "https://a.org:443",
            "a.org:443/x",
            "0x7f.1:80",
        ] {
            assert_eq!(host(wrong), None, "{wrong}");
        }
    }
}
