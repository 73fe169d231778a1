//! The words that start a command in namespaces of its own. One place: the canary and every command
//! start by the same ones.

use std::path::Path;

use crate::{Limits, Spec, driver::Command};

/// Where a sandbox's files are within it.
pub(crate) const WORKSPACE: &str = "/workspace";
/// Where the way out is: a proxy's socket.
pub(crate) const EGRESS: &str = "/run/egress/proxy.sock";
/// Where the helper is: this binary.
const HELPER: &str = "/run/orchestack/helper";
/// Threads that the helper and bubblewrap take of what processes there may be.
pub(crate) const OURS: u32 = 16;
/// Files that a process may have open.
const FILES_MAX: u32 = 1024;

/// Folders and files on this machine that a sandbox is made of.
pub(crate) struct Places<'a> {
    /// The helper.
    pub(crate) helper: &'a Path,
    /// What the helper's commands come after.
    pub(crate) helper_words: &'a [String],
    /// Small files of `/etc`.
    pub(crate) etc: &'a Path,
    /// The workspace.
    pub(crate) workspace: &'a Path,
    /// The folder with the proxy's socket.
    pub(crate) egress: &'a Path,
}

/// Files of `/etc` that are ours.
pub(crate) const ETC_OURS: [&str; 5] = ["passwd", "group", "hosts", "nsswitch.conf", "gitconfig"];
/// What of this machine's `/etc` a program needs and what tells nothing of it.
pub(crate) const ETC: [&str; 4] = ["alternatives", "ld.so.cache", "ssl/certs", "ssl/openssl.cnf"];

/// The words for bubblewrap up to the filters; what follows them is [`inner`].
/// `watched` is for where no control group bounds memory.
pub(crate) fn outer(
    places: &Places<'_>,
    spec: &Spec,
    command: &Command,
    watched: bool,
) -> Vec<String> {
    let mut words = Words::default();
    words.add(&["--unshare-user", "--unshare-all", "--disable-userns", "--die-with-parent"]);
    words.add(&["--new-session", "--cap-drop", "ALL", "--uid", "1000", "--gid", "1000"]);
    words.add(&["--hostname", "sandbox", "--clearenv"]);
    for (name, value) in ENVIRONMENT {
        words.add(&["--setenv", name, value]);
    }
    for (name, value) in spec.env.iter().chain(&command.env) {
        words.add(&["--setenv", name, value]);
    }
    words.add(&["--ro-bind", "/usr", "/usr", "--symlink", "usr/bin", "/bin"]);
    words.add(&["--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64"]);
    words.add(&["--symlink", "usr/sbin", "/sbin", "--proc", "/proc", "--dev", "/dev"]);
    for name in ETC_OURS {
        words.bind("--ro-bind", &places.etc.join(name), &format!("/etc/{name}"));
    }
    for name in ETC {
        words.add(&["--ro-bind-try", &format!("/etc/{name}"), &format!("/etc/{name}")]);
    }
    if watched {
        // It reads the same, and cannot be mapped: what is mapped of `/dev/zero` is memory that is of no
        // process, and nobody would count it.
        words.add(&["--dev-bind", "/dev/full", "/dev/zero"]);
    }
    // `--dev` leaves a place for files that are memory, without a bound.
    let size = spec.limits.tmp_bytes.to_string();
    words.add(&["--size", &size, "--tmpfs", "/dev/shm", "--size", &size, "--tmpfs", "/tmp"]);
    words.bind("--bind", places.workspace, WORKSPACE);
    words.bind("--ro-bind", places.egress, "/run/egress");
    words.bind("--ro-bind", places.helper, HELPER);
    // So does the root. Last, for what is mounted below it must be made first.
    words.add(&["--remount-ro", "/dev", "--remount-ro", "/"]);
    let folder = command.folder.as_deref().map(|folder| format!("{WORKSPACE}/{folder}"));
    words.add(&["--chdir", folder.as_deref().unwrap_or(WORKSPACE)]);
    words.0
}

/// The words that run within: the helper, which leads to the proxy, the bounds of each process, the
/// command. `watched` is for where no control group bounds memory.
pub(crate) fn inner(
    places: &Places<'_>,
    limits: &Limits,
    command: &Command,
    watched: bool,
) -> Vec<String> {
    let mut words = Words::default();
    words.add(&[HELPER]);
    words.0.extend_from_slice(places.helper_words);
    words.add(&["forward", "--", "/usr/bin/prlimit"]);
    // Counted within the user namespace, for they are set there: other sandboxes do not count.
    words.0.push(format!("--nproc={}", limits.processes + OURS));
    words.0.push(format!("--nofile={FILES_MAX}"));
    words.0.push(format!("--fsize={}", limits.disk_bytes));
    words.add(&["--core=0", "--memlock=65536", "--msgqueue=819200", "--rtprio=0"]);
    if watched {
        // Not the address space, of which some runtimes reserve more than there is memory.
        words.0.push(format!("--data={}", limits.memory_bytes));
    }
    words.add(&["--"]);
    words.0.extend_from_slice(&command.argv);
    words.0
}

/// Variables of every command.
const ENVIRONMENT: [(&str, &str); 16] = [
    ("PATH", "/usr/local/bin:/usr/bin"),
    ("HOME", WORKSPACE),
    ("USER", "agent"),
    ("LANG", "C.UTF-8"),
    ("TMPDIR", "/tmp"),
    ("http_proxy", PROXY),
    ("https_proxy", PROXY),
    ("HTTP_PROXY", PROXY),
    ("HTTPS_PROXY", PROXY),
    ("all_proxy", PROXY),
    ("ALL_PROXY", PROXY),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_AUTHOR_NAME", "agent"),
    ("GIT_AUTHOR_EMAIL", "agent@sandbox.invalid"),
    ("GIT_COMMITTER_NAME", "agent"),
    ("GIT_COMMITTER_EMAIL", "agent@sandbox.invalid"),
];

/// Where the helper listens within the sandbox.
pub(crate) const PROXY: &str = "http://127.0.0.1:3128";

#[derive(Default)]
struct Words(Vec<String>);

impl Words {
    fn add(&mut self, words: &[&str]) {
        self.0.extend(words.iter().map(|word| (*word).to_owned()));
    }

    fn bind(&mut self, how: &str, from: &Path, to: &str) {
        self.add(&[how, &from.to_string_lossy(), to]);
    }
}
