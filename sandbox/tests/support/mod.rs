//! A local driver in a folder of its own, and commands in it.

use std::{
    io,
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use sandbox::{
    Command, Decision, Driver, Error, Handle, Local, Lookup, Options, Outcome, Spec, Trust,
};

/// Options of a driver in this folder, whose helper is the one of these tests.
pub fn options(root: &Path) -> Options {
    Options {
        root: root.to_owned(),
        helper: vec![env!("CARGO_BIN_EXE_sandbox-helper").to_owned(), "sandbox".to_owned()],
        slots: 16,
        first_user: 300_000,
        cgroup: None,
        free_bytes_min: 64 << 20,
        orphan_after: Duration::ZERO,
        lookup: nowhere(),
        observer: Arc::new(|_| {}),
    }
}

/// A resolver that finds this machine under every name.
pub fn nowhere() -> Lookup {
    Arc::new(|_| {
        Box::pin(async { Ok::<_, io::Error>(vec![SocketAddr::from(([127, 0, 0, 1], 0))]) })
    })
}

/// A driver with one sandbox.
pub struct Bench {
    pub driver: Local,
    pub handle: Handle,
    pub decisions: Arc<Mutex<Vec<Decision>>>,
    pub root: tempfile::TempDir,
}

impl Bench {
    /// A sandbox that is as `change` wants it. None where this machine cannot isolate: then what is
    /// looked at is that untrusted code is refused, with the cause.
    pub async fn new(change: impl FnOnce(&mut Spec)) -> Option<Self> {
        let root = tempfile::tempdir().unwrap();
        let decisions: Arc<Mutex<Vec<Decision>>> = Arc::default();
        let told = Arc::clone(&decisions);
        let mut options = options(root.path());
        options.observer = Arc::new(move |decision| told.lock().unwrap().push(decision.clone()));
        let driver = Local::open(options).await.unwrap();
        let mut spec = Spec::new("box".parse().unwrap());
        spec.limits.wall = Duration::from_secs(60);
        change(&mut spec);
        if !driver.isolation().is_whole() && spec.trust == Trust::Untrusted {
            let refused = driver.create(&spec).await.unwrap_err();
            assert!(
                matches!(&refused, Error::NotIsolated(isolation) if !isolation.why().is_empty())
            );
            let known = ["user namespaces", "bubblewrap", "/proc", "pass through", "doctor"];
            assert!(known.iter().any(|word| refused.to_string().contains(word)), "{refused}");
            assert!(!starts_by_hand(), "a sandbox starts here by hand, and yet: {refused}");
            eprintln!("this machine cannot isolate, and says so: {refused}");
            return None;
        }
        let handle = driver.create(&spec).await.unwrap();
        Some(Self { driver, handle, decisions, root })
    }

    /// Runs words of `sh` to their end. The words are their key.
    pub async fn sh(&self, script: &str) -> Outcome {
        let key = format!("{script:.200}");
        self.driver.exec(&self.handle, &Command::shell(key, script)).await.unwrap()
    }

    /// What they print.
    pub async fn says(&self, script: &str) -> String {
        let outcome = self.sh(script).await;
        text(&outcome.stdout)
    }
}

/// Whether bubblewrap makes namespaces here, asked without any code of ours.
fn starts_by_hand() -> bool {
    use std::os::unix::process::CommandExt;
    let mut bwrap = std::process::Command::new("bwrap");
    bwrap.args([
        "--unshare-user",
        "--unshare-all",
        "--disable-userns",
        "--ro-bind",
        "/usr",
        "/usr",
    ]);
    bwrap.args(["--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64"]);
    bwrap.args(["--proc", "/proc", "--dev", "/dev", "/usr/bin/true"]).current_dir("/");
    if rustix::process::geteuid().is_root() {
        bwrap.uid(300_000).gid(300_000);
    }
    bwrap.status().is_ok_and(|status| status.success())
}

/// Bytes as a text without the spaces around it.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_owned()
}
