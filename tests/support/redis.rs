//! A Redis of a test's own, to be stopped and emptied; and keys of its own on the one that is shared.

use std::{
    process::{Child, Command, Stdio},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use types::RequestId;

use crate::{Setup, eventually};

const READY_MAX: Duration = Duration::from_secs(30);

/// A running Redis. Dropping it kills it.
#[derive(Debug)]
pub struct Redis {
    child: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Redis {
    /// Starts one on a free port.
    ///
    /// # Panics
    /// When it cannot be started.
    pub async fn start() -> Self {
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = free.local_addr().expect("a bound port").port();
        drop(free);
        let folder = tempfile::tempdir().expect("a temporary folder");
        let child = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
            .args(["--save", "", "--appendonly", "no", "--dir"])
            .arg(folder.path())
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server is installed: scripts/services.sh installs it");
        let redis = Self { child, port, _folder: folder };
        eventually("Redis answers", READY_MAX, async || redis.say("PING").await).await;
        redis
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Says a word such as `FLUSHALL`, and gives the first of its answer.
    pub async fn say(&self, word: &str) -> Option<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await.ok()?;
        stream.write_all(format!("{word}\r\n").as_bytes()).await.ok()?;
        let mut answer = [0; 1024];
        let count = stream.read(&mut answer).await.ok()?;
        Some(String::from_utf8_lossy(answer.get(..count)?).into_owned())
    }

    /// Sends it a signal, such as `STOP`.
    ///
    /// # Panics
    /// When it does not run.
    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args([&format!("-{name}"), &pid]).status();
        assert!(sent.expect("`kill` runs").success(), "cannot signal process {pid}");
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Setup {
    /// Has the server share a Redis, under a prefix that no other test has.
    pub fn redis(&mut self, url: &str) -> &mut Self {
        self.set("redis.url", url);
        self.set("redis.prefix", &format!("test:{}", RequestId::generate()))
    }
}
