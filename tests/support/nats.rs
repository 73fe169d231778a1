//! A NATS of a test's own: what one test leaves in a stream, no other finds.

use std::{
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::Value;

use crate::eventually;

const READY_MAX: Duration = Duration::from_secs(30);

/// A running NATS with JetStream. Dropping it kills it.
#[derive(Debug)]
pub struct Nats {
    child: Child,
    url: String,
    _folder: tempfile::TempDir,
}

impl Nats {
    /// Starts one on a free port.
    ///
    /// # Panics
    /// When it cannot be started.
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let child = Command::new("nats-server")
            .args(["-a", "127.0.0.1", "-p", "-1", "-js", "-sd"])
            .arg(folder.path())
            .arg("--ports_file_dir")
            .arg(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("nats-server is installed: scripts/services.sh installs it");
        let file = folder.path().join(format!("nats-server_{}.ports", child.id()));
        let mut nats = Self { child, url: String::new(), _folder: folder };
        nats.url = eventually("NATS says where it listens", READY_MAX, async || {
            let ports: Value = serde_json::from_slice(&std::fs::read(&file).ok()?).ok()?;
            Some(ports.pointer("/nats/0")?.as_str()?.to_owned())
        })
        .await;
        nats
    }

    /// Its address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// How many messages a stream keeps.
    ///
    /// # Panics
    /// When it does not say.
    pub async fn kept(&self, stream: &str) -> u64 {
        let client = async_nats::connect(&self.url).await.expect("NATS answers");
        let context = async_nats::jetstream::new(client);
        let stream = context.get_stream(stream).await.expect("the stream is there");
        stream.get_info().await.expect("the stream says what it keeps").state.messages
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
