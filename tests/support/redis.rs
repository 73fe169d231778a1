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

use crate::{Setup, until};

const READY_MAX: Duration = Duration::from_secs(30);
/// How many ports are tried.
const PORTS_MAX: usize = 8;

/// A running Redis. Dropping it kills it.
#[derive(Debug)]
pub struct Redis {
    child: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Redis {
    /// Starts one on a free port, and on another where somebody was faster to take that.
    ///
    /// # Panics
    /// When it cannot be started.
    pub async fn start() -> Self {
        for _ in 0..PORTS_MAX {
            let mut redis = Self::spawn();
            let answers = until(READY_MAX, async || {
                let gone = redis.child.try_wait().expect("its state is known").is_some();
                if gone { Some(false) } else { redis.is_it().await.then_some(true) }
            })
            .await;
            match answers {
                Some(true) => return redis,
                Some(false) => {}
                None => panic!("Redis does not answer within {READY_MAX:?}"),
            }
        }
        panic!("Redis ends at once on each of {PORTS_MAX} ports");
    }

    /// Whether what answers is this process, and no other that has its port.
    async fn is_it(&self) -> bool {
        let ping = self.say("PING").await;
        let info = self.say("INFO server").await.unwrap_or_default();
        let own = format!("process_id:{}\r", self.child.id());
        ping.is_some_and(|answer| answer.starts_with("+PONG")) && info.contains(&own)
    }

    fn spawn() -> Self {
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
        Self { child, port, _folder: folder }
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Says a word such as `FLUSHALL`, and gives the first of its answer.
    pub async fn say(&self, word: &str) -> Option<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await.ok()?;
        stream.write_all(format!("{word}\r\n").as_bytes()).await.ok()?;
        let mut answer = [0; 4096];
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
