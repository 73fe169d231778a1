//! A NATS of a test's own: what one test leaves in a stream, no other finds.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::Value;

use crate::{eventually, target_folder};

const READY_MAX: Duration = Duration::from_secs(30);

/// A running NATS with JetStream. Dropping it kills it.
#[derive(Debug)]
pub struct Nats {
    child: Child,
    url: String,
    monitoring: String,
    _folder: tempfile::TempDir,
}

impl Nats {
    /// Starts one on free ports, of the version that this machine has.
    ///
    /// # Panics
    /// When it cannot be started.
    pub async fn start() -> Self {
        Self::run(Path::new("nats-server"), "").await
    }

    /// Starts one of the newest version, which flushes each message to its disk before it acknowledges it, or
    /// does not.
    ///
    /// # Panics
    /// When it cannot be started.
    pub async fn newest(sync_always: bool) -> Self {
        let program = target_folder().join("sdk-venv/bin/nats-server");
        assert!(program.is_file(), "{program:?} is missing: run scripts/sdks.sh first");
        let sync = if sync_always { "  sync_interval: always\n" } else { "" };
        Self::run(&program, sync).await
    }

    async fn run(program: &Path, sync: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().display();
        let settings = format!(
            "listen: \"127.0.0.1:-1\"\nhttp: \"127.0.0.1:-1\"\n\
             jetstream {{\n  store_dir: \"{path}\"\n{sync}}}\n"
        );
        let file = folder.path().join("nats.conf");
        std::fs::write(&file, settings).expect("a folder that can be written");
        let child = Command::new(program)
            .arg("-c")
            .arg(&file)
            .arg("--ports_file_dir")
            .arg(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("nats-server is installed: scripts/services.sh installs it");
        let file = folder.path().join(format!("nats-server_{}.ports", child.id()));
        let (url, monitoring) = (String::new(), String::new());
        let mut nats = Self { child, url, monitoring, _folder: folder };
        (nats.url, nats.monitoring) =
            eventually("NATS says where it listens", READY_MAX, async || {
                let ports: Value = serde_json::from_slice(&std::fs::read(&file).ok()?).ok()?;
                let port = |kind| Some(ports.pointer(kind)?.as_str()?.to_owned());
                Some((port("/nats/0")?, port("/monitoring/0")?))
            })
            .await;
        nats
    }

    /// Its address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where it tells of itself.
    pub fn monitoring(&self) -> &str {
        &self.monitoring
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
