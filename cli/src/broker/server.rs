//! What one server tells of itself at its monitoring port.

use std::{fmt, time::Duration};

use serde::Serialize;
use serde_json::Value;

use super::Error;

/// The first version that can flush each message, and tells whether it does.
/// <https://docs.nats.io/reference/config/jetstream/sync_interval>
const TELLS_FROM: (u32, u32) = (2, 10);
/// The longest answer that is read: `/varz` has some KiB.
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// A server of NATS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Server {
    /// Where it was asked.
    pub(crate) at: String,
    /// Its name, or its id where it has none.
    pub(crate) name: String,
    /// Its version.
    pub(crate) version: String,
    /// When it flushes messages.
    pub(crate) flush: Flush,
}

/// When a server flushes messages to its disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Flush {
    /// Each before it acknowledges it.
    Always,
    /// All of them, so often.
    Every(Duration),
    /// It is too old to tell, and to do better than every two minutes.
    Untold,
    /// It keeps none: JetStream is off.
    Nothing,
}

impl Server {
    /// The server, if it keeps what it acknowledges as far as can be known.
    pub(crate) fn wanted(self) -> Result<Self, Error> {
        match self.flush {
            Flush::Always | Flush::Untold | Flush::Nothing => Ok(self),
            Flush::Every(_) => {
                let Self { at, name, version, flush } = self;
                Err(Error::Lazy { name, version, at, often: flush.to_string() })
            }
        }
    }
}

/// Asks the server at a monitoring address.
pub(super) async fn ask(http: &reqwest::Client, at: &str) -> Result<Server, Error> {
    let silent = |why: String| Error::Silent { at: at.to_owned(), why };
    let asked = http.get(format!("{at}/varz")).send().await;
    let mut answer = asked.map_err(|error| silent(chain(&error)))?;
    if !answer.status().is_success() {
        return Err(silent(format!("it answers with status {}", answer.status().as_u16())));
    }
    let mut bytes = Vec::new();
    while let Some(piece) = answer.chunk().await.map_err(|error| silent(chain(&error)))? {
        if bytes.len() + piece.len() > ANSWER_BYTES_MAX {
            return Err(silent("its answer is too long".to_owned()));
        }
        bytes.extend_from_slice(&piece);
    }
    let told = serde_json::from_slice(&bytes).unwrap_or_default();
    read(at, &told).ok_or_else(|| silent("what answers there is no server of NATS".to_owned()))
}

/// What `/varz` says; nothing where it is not that of a NATS.
fn read(at: &str, told: &Value) -> Option<Server> {
    let text = |key: &str| told.get(key).and_then(Value::as_str).map(str::to_owned);
    let version = text("version")?;
    let (major, minor) = numbers(&version)?;
    let flush = match told.pointer("/jetstream/config") {
        None => Flush::Nothing,
        Some(_) if (major, minor) < TELLS_FROM => Flush::Untold,
        Some(config) if config.get("sync_always").and_then(Value::as_bool) == Some(true) => {
            Flush::Always
        }
        Some(config) => Flush::Every(Duration::from_nanos(
            config.get("sync_interval").and_then(Value::as_u64).unwrap_or_default(),
        )),
    };
    Some(Server {
        at: at.to_owned(),
        name: text("server_name").or(text("server_id"))?,
        version,
        flush,
    })
}

/// The first two numbers of a version such as `2.10.0-beta.1`.
fn numbers(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split('.').map(str::parse);
    Some((parts.next()?.ok()?, parts.next()?.ok()?))
}

/// An error with its causes: the first line of reqwest's says least.
fn chain(error: &dyn std::error::Error) -> String {
    std::iter::successors(error.source(), |cause| cause.source())
        .last()
        .map_or_else(|| error.to_string(), ToString::to_string)
}

impl fmt::Display for Flush {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Always => f.write_str("each message before it is acknowledged"),
            // A server that does not say how often has another default than those that we know.
            Self::Every(Duration::ZERO) => f.write_str("now and then"),
            Self::Every(time) => write!(f, "every {} s", time.as_secs_f64()),
            Self::Untold => f.write_str("not told by this version"),
            Self::Nothing => f.write_str("nothing: JetStream is off"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(version: &str, jetstream: Value, expected: Option<Flush>) {
        let told = json!({ "server_name": "n1", "version": version, "jetstream": jetstream });
        let read = read("http://n1:8222", &told);
        assert_eq!(read.map(|server| server.flush), expected, "{told}");
    }

    #[test]
    fn what_a_server_tells_is_read_by_its_version() {
        // As 2.15.1, 2.10.25 and 2.9.10 say it.
        let two_minutes = 120_000_000_000_u64;
        let lazy = json!({ "config": { "sync_interval": two_minutes } });
        let always = json!({ "config": { "sync_interval": two_minutes, "sync_always": true } });
        let old = json!({ "config": { "max_memory": 1 } });
        let every = Flush::Every(Duration::from_secs(120));
        check("2.15.1", always.clone(), Some(Flush::Always));
        check("2.15.1", lazy.clone(), Some(every));
        check("2.10.0-beta.1", lazy.clone(), Some(every));
        check("3.0.0", always, Some(Flush::Always));
        check("3.0.0", old.clone(), Some(Flush::Every(Duration::ZERO)));
        check(
            "2.15.1",
            json!({ "config": { "sync_always": false } }),
            Some(Flush::Every(Duration::ZERO)),
        );
        check("2.9.10", old, Some(Flush::Untold));
        check("2.15.1", json!({}), Some(Flush::Nothing));
        check("new", lazy, None);
        assert_eq!(read("http://n1:8222", &json!({})), None);
        assert_eq!(read("http://n1:8222", &Value::Null), None);
    }

    #[test]
    fn a_server_that_can_lose_what_it_acknowledged_is_refused_by_name() {
        let server = |flush| Server {
            at: "http://n1:8222".to_owned(),
            name: "n1".to_owned(),
            version: "2.15.1".to_owned(),
            flush,
        };
        let refused = server(Flush::Every(Duration::from_secs(120))).wanted().unwrap_err();
        insta::assert_snapshot!(
            refused.to_string(),
            @r#"the NATS server `n1` (2.15.1) at `http://n1:8222` acknowledges messages that a power cut can take: it flushes every 120 s; set `sync_interval: always` in its `jetstream` block, or `bus.nats_sync = "any"` here to take that risk"#
        );
        for flush in [Flush::Always, Flush::Untold, Flush::Nothing] {
            assert!(server(flush).wanted().is_ok(), "{flush:?}");
        }
    }

    #[tokio::test]
    async fn who_does_not_answer_is_told_with_the_setting() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let at = format!("http://{}", taken.local_addr().unwrap());
        drop(taken);
        let http = admin::probe::client().unwrap();
        let told = ask(&http, &at).await.unwrap_err().to_string();
        assert!(told.contains(&at) && told.contains("bus.nats_monitoring"), "{told}");
        assert!(told.to_lowercase().contains("refused"), "{told}");
    }
}
