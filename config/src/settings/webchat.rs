//! `[webchat]`: the page on which people write to agents, and who may embed and use it.

use std::{net::SocketAddr, time::Duration};

use super::mcp::{HostName, Origin};
use crate::reader::Reader;

/// The page on which people write to agents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webchat {
    /// Whether it is there at all.
    pub enabled: bool,
    /// Address and port.
    pub listen: SocketAddr,
    /// The names that it may be called by, beside addresses and `localhost`, in lower case.
    pub hosts: Vec<String>,
    /// The web pages that may embed it and call it, beside its own.
    pub origins: Vec<String>,
    /// The agents that can be written to, by name. The first one is written to where nobody names one.
    pub agents: Vec<String>,
    /// Whether people may write without signing in.
    pub anonymous: bool,
    /// Whether a proxy in front says in `X-Forwarded-For` where requests come from.
    pub behind_proxy: bool,
    /// The longest text of a message.
    pub max_message_bytes: usize,
    /// The largest attachment.
    pub max_attachment_bytes: usize,
    /// Attachments an hour from one address, in bytes.
    pub attachment_bytes_per_hour_per_address: usize,
    /// Attachments that no message names yet, in bytes.
    pub max_unsent_attachment_bytes: usize,
    /// Connections at once that wait for events.
    pub max_sockets: usize,
    /// The same from one address.
    pub max_sockets_per_address: usize,
    /// Messages and attachments a minute in one conversation.
    pub messages_per_minute: usize,
    /// The same from one address. Sign-ins are a tenth of it.
    pub messages_per_minute_per_address: usize,
    /// How long somebody stays signed in.
    pub sign_in_ttl: Duration,
}

const MIB: usize = 1024 * 1024;
const HOUR: Duration = Duration::from_secs(60 * 60);

/// The agent that the first start makes.
const AGENT: &str = "default";

impl Webchat {
    pub(super) fn read(mut from: Reader<'_>) -> Self {
        let listen = SocketAddr::from(([127, 0, 0, 1], 8082));
        let enabled = from.flag("enabled", false, "Whether there is a page to chat on.");
        let listen = from.parsed("listen", "127.0.0.1:8082", listen, "Address and port.");
        let (hosts, origins, agents) = lists(&mut from);
        // What is not written follows the address: a stranger of the network is not let in by default.
        let anonymous = anonymous(&mut from).unwrap_or_else(|| listen.ip().is_loopback());
        let behind_proxy = from.flag(
            "behind_proxy",
            false,
            "Whether a proxy in front says in `X-Forwarded-For` where requests come from.",
        );
        let [message, attachment, per_hour, unsent] = sizes(&mut from);
        let read = Self {
            enabled,
            listen,
            hosts,
            origins,
            agents,
            anonymous,
            behind_proxy,
            max_message_bytes: message,
            max_attachment_bytes: attachment,
            attachment_bytes_per_hour_per_address: per_hour,
            max_unsent_attachment_bytes: unsent,
            max_sockets: from.count(
                "max_sockets",
                10_000,
                1..=1_000_000,
                "Connections at once that wait for events.",
            ),
            max_sockets_per_address: from.count(
                "max_sockets_per_address",
                1_000,
                1..=1_000_000,
                "The same from one address.",
            ),
            messages_per_minute: from.count(
                "messages_per_minute",
                30,
                1..=100_000,
                "Messages and attachments a minute in one conversation.",
            ),
            messages_per_minute_per_address: from.count(
                "messages_per_minute_per_address",
                120,
                1..=10_000_000,
                "The same from one address.",
            ),
            sign_in_ttl: from.duration(
                "sign_in_ttl",
                12 * HOUR,
                Duration::from_secs(60)..=30 * 24 * HOUR,
                "How long somebody stays signed in.",
            ),
        };
        from.finish();
        read
    }
}

/// Of a message, of an attachment, of those of an address in an hour, and of those that no message names.
fn sizes(from: &mut Reader<'_>) -> [usize; 4] {
    [
        from.bytes(
            "max_message_bytes",
            32 * 1024,
            1024..=512 * 1024,
            "The longest text of a message.",
        ),
        from.bytes("max_attachment_bytes", 10 * MIB, 1024..=10 * MIB, "The largest attachment."),
        from.bytes(
            "attachment_bytes_per_hour_per_address",
            256 * MIB,
            MIB..=1024 * MIB,
            "Attachments an hour from one address.",
        ),
        from.bytes(
            "max_unsent_attachment_bytes",
            4096 * MIB,
            MIB..=1024 * 1024 * MIB,
            "Attachments that no message names yet, of everybody.",
        ),
    ]
}

fn lists(from: &mut Reader<'_>) -> (Vec<String>, Vec<String>, Vec<String>) {
    let hosts: Vec<HostName> = from.list(
        "hosts",
        "chat.example.com",
        "Names that browsers call it by, beside `localhost` and plain addresses.",
    );
    let origins: Vec<Origin> = from.list(
        "origins",
        "https://www.example.com",
        "Web pages that may embed it, beside its own.",
    );
    let mut agents: Vec<String> =
        from.list("agents", AGENT, "Agents that can be written to; `default` where none is named.");
    if agents.is_empty() {
        agents.push(AGENT.to_owned());
    }
    let hosts = hosts.into_iter().map(|HostName(host)| host).collect();
    let origins = origins.into_iter().map(|Origin(origin)| origin).collect();
    (hosts, origins, agents)
}

fn anonymous(from: &mut Reader<'_>) -> Option<bool> {
    from.optional_flag(
        "anonymous",
        true,
        "Whether people may write without signing in; else only where it listens on this machine alone.",
    )
}
