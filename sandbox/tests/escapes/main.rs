//! Attempts to get out of a sandbox, or to take more than it may have. Each is run in a real one; each
//! group has a control: the same attempt without the layer that holds it, which succeeds.

#![expect(clippy::unwrap_used, reason = "an attempt that cannot be made fails as tests do")]

#[path = "../support/mod.rs"]
#[expect(dead_code, reason = "the other tests use the rest")]
mod support;

mod exhaustion;
mod network;
mod watched;

use std::{
    fmt::Write,
    io::Read,
    net::TcpListener,
    os::{linux::net::SocketAddrExt, unix::net::UnixListener},
    process::Command,
    time::{Duration, Instant},
};

use sandbox::{Driver, End, Guard, Layer};
use support::Bench;

/// What an attempt prints when it succeeds.
const OUT: &str = "ESCAPED";

/// A call of the kernel by number, with arguments that do no harm where it is permitted.
const CALLS: &[(&str, i64, &str)] = &[
    ("mount", libc::SYS_mount, "0,0,0,0,0"),
    ("umount2", libc::SYS_umount2, "0,0"),
    ("pivot_root", libc::SYS_pivot_root, "0,0"),
    ("chroot", libc::SYS_chroot, "0"),
    ("open_tree", libc::SYS_open_tree, "-1,0,0"),
    ("move_mount", libc::SYS_move_mount, "-1,0,-1,0,0"),
    ("fsopen", libc::SYS_fsopen, "0,0"),
    ("fsmount", libc::SYS_fsmount, "-1,0,0"),
    ("mount_setattr", libc::SYS_mount_setattr, "-1,0,0,0,0"),
    ("ptrace", libc::SYS_ptrace, "0,0,0,0"),
    ("process_vm_readv", libc::SYS_process_vm_readv, "$$,0,0,0,0,0"),
    ("process_vm_writev", libc::SYS_process_vm_writev, "$$,0,0,0,0,0"),
    ("pidfd_getfd", libc::SYS_pidfd_getfd, "-1,0,0"),
    ("kcmp", libc::SYS_kcmp, "$$,$$,1,0,0"),
    ("keyctl", libc::SYS_keyctl, "0,-3,0,0,0"),
    ("add_key", libc::SYS_add_key, "0,0,0,0,0"),
    ("request_key", libc::SYS_request_key, "0,0,0,0"),
    ("io_uring_setup", libc::SYS_io_uring_setup, "0,0"),
    ("io_uring_enter", libc::SYS_io_uring_enter, "-1,0,0,0,0,0"),
    ("bpf", libc::SYS_bpf, "9999,0,0"),
    ("perf_event_open", libc::SYS_perf_event_open, "0,0,0,0,0"),
    ("userfaultfd", libc::SYS_userfaultfd, "-1"),
    ("unshare", libc::SYS_unshare, "0"),
    ("setns", libc::SYS_setns, "-1,0"),
    ("clone3", libc::SYS_clone3, "0,0"),
    ("kexec_load", libc::SYS_kexec_load, "0,0,0,-1"),
    ("init_module", libc::SYS_init_module, "0,0,0"),
    ("finit_module", libc::SYS_finit_module, "-1,0,0"),
    ("delete_module", libc::SYS_delete_module, "0,0"),
    ("reboot", libc::SYS_reboot, "0,0,0,0"),
    ("swapon", libc::SYS_swapon, "0,0"),
    ("acct", libc::SYS_acct, "1"),
    ("sethostname", libc::SYS_sethostname, "0,-1"),
    ("settimeofday", libc::SYS_settimeofday, "1,1"),
    ("adjtimex", libc::SYS_adjtimex, "1"),
    ("syslog", libc::SYS_syslog, "10,0,0"),
    ("quotactl", libc::SYS_quotactl, "-1,0,0,0"),
    ("open_by_handle_at", libc::SYS_open_by_handle_at, "-1,0,0"),
    ("name_to_handle_at", libc::SYS_name_to_handle_at, "-1,0,0,0,0"),
    ("memfd_secret", libc::SYS_memfd_secret, "-1"),
    ("fanotify_init", libc::SYS_fanotify_init, "-1,0"),
    ("move_pages", libc::SYS_move_pages, "0,0,0,0,0,0"),
    ("clone with a user namespace", libc::SYS_clone, "0x10000000,0,0,0,0"),
    ("socket of the hypervisor", libc::SYS_socket, "40,1,0"),
    ("socket of raw packets", libc::SYS_socket, "17,3,0"),
    ("socket of the kernel cryptography", libc::SYS_socket, "38,5,0"),
    ("ioctl that types into a terminal", libc::SYS_ioctl, "0,0x5412,0"),
    ("personality", libc::SYS_personality, "0x0040000"),
];

/// Words of perl that make each call, and say which the kernel does not refuse as such.
fn calls() -> String {
    let mut script = String::from("perl -e '$| = 1; $SIG{SYS} = sub {};\n");
    for (name, number, arguments) in CALLS {
        // A child that a call makes says nothing.
        let _ = writeln!(
            script,
            "$m = $$; $r = syscall({number},{arguments}); exit if $$ != $m || ($r == 0 && {number} == {clone}); \
             print \"{name}: \", ($r == -1 && ($! == 38 || $! == 1) ? \"held\" : \"{OUT}\"), \"\\n\";",
            clone = libc::SYS_clone
        );
    }
    script.push_str("print \"all\\n\"'");
    script
}

#[tokio::test]
async fn no_call_of_the_kernel_leads_out() {
    let Some(bench) = Bench::new(|_| {}).await else { return };
    let said = bench.says(&calls()).await;
    let attempts = CALLS.len();
    assert_eq!(said.lines().filter(|line| line.ends_with("held")).count(), attempts, "{said}");
    assert!(said.ends_with("all"), "{said}");

    // The control: on this machine, without the filter, most of them are answered.
    let script = calls();
    let plain = Command::new("sh").args(["-c", &script]).output().unwrap();
    let plain = String::from_utf8_lossy(&plain.stdout).into_owned();
    let answered = plain.lines().filter(|line| line.ends_with(OUT)).count();
    let least = if rustix::process::geteuid().is_root() { 30 } else { 8 };
    assert!(answered >= least, "{answered}: {plain}");
}

/// How it is seen that an attempt would be noticed if it succeeded.
enum Control {
    /// The same words, as root on this machine without a sandbox, succeed.
    Same,
    /// These words do the same to a thing that nobody holds, and succeed.
    Like(&'static str),
}
use Control::{Like, Same};

/// Words of sh; they print [`OUT`] when they succeed.
const FILES: &[(&str, &str, Control)] = &[
    ("passwords are read", "cat /etc/shadow >/dev/null 2>&1 && echo ESCAPED", Same),
    ("root's folder is read", "ls /root >/dev/null 2>&1 && echo ESCAPED", Same),
    ("variable files are read", "ls /var/lib >/dev/null 2>&1 && echo ESCAPED", Same),
    ("the system's settings are seen", "ls /sys/kernel >/dev/null 2>&1 && echo ESCAPED", Same),
    (
        "the first process's root is entered",
        "ls /proc/1/root/root /proc/1/root/var >/dev/null 2>&1 && echo ESCAPED",
        Like("ls /proc/self/root/usr >/dev/null 2>&1 && echo ESCAPED"),
    ),
    ("memory of the machine is there", "[ -e /dev/mem -o -e /dev/kmsg ] && echo ESCAPED", Same),
    (
        "the kernel's memory is read",
        "head -c 1 /proc/kcore >/dev/null 2>&1 && echo ESCAPED",
        Like("head -c 1 /proc/version >/dev/null 2>&1 && echo ESCAPED"),
    ),
    (
        "programs are changed",
        "touch /usr/bin/.probe 2>/dev/null && rm -f /usr/bin/.probe && echo ESCAPED",
        Same,
    ),
    ("the root is written", "touch /.probe 2>/dev/null && rm -f /.probe && echo ESCAPED", Same),
    (
        "devices are written",
        "touch /dev/.probe 2>/dev/null && rm -f /dev/.probe && echo ESCAPED",
        Same,
    ),
    (
        "a disk is made",
        "mknod /tmp/.probe$$ b 8 0 2>/dev/null && rm -f /tmp/.probe$$ && echo ESCAPED",
        Same,
    ),
    (
        "a dump's program is named",
        "(true < /proc/sys/kernel/core_pattern; : >> /proc/sys/kernel/core_pattern) 2>/dev/null && echo ESCAPED",
        Same,
    ),
    (
        "the machine is asked to act",
        "(: >> /proc/sysrq-trigger) 2>/dev/null && echo ESCAPED",
        Like("(: >> /proc/self/comm) 2>/dev/null && echo ESCAPED"),
    ),
    ("other processes are seen", "[ $(ls /proc | grep -c '^[0-9]') -gt 8 ] && echo ESCAPED", Same),
    ("another process is ended", "kill -0 PARENT 2>/dev/null && echo ESCAPED", Same),
    (
        "the helper is changed",
        "(: >> /run/orchestack/helper) 2>/dev/null && echo ESCAPED",
        Like("f=$(mktemp); (: >> $f) 2>/dev/null && echo ESCAPED; rm $f"),
    ),
    (
        "the proxy's folder is written",
        "(: > /run/egress/x) 2>/dev/null && echo ESCAPED",
        Like("d=$(mktemp -d); (: > $d/x) 2>/dev/null && echo ESCAPED; rm -r $d"),
    ),
    (
        "the proxy's socket is taken away",
        "mv /run/egress/proxy.sock /run/egress/x 2>/dev/null && echo ESCAPED",
        Like("d=$(mktemp -d); : > $d/a; mv $d/a $d/b 2>/dev/null && echo ESCAPED; rm -r $d"),
    ),
    (
        "a container's socket is there",
        "[ -e /run/docker.sock -o -e /var/run/docker.sock ] && echo ESCAPED",
        Like("[ -e /run -o -e /none ] && echo ESCAPED"),
    ),
    ("control groups are there", "[ -e /sys/fs/cgroup ] && echo ESCAPED", Same),
    (
        "files of who started it are open",
        "ls -l /proc/self/fd /proc/$PPID/fd | grep -qE 'boxes|memfd|\\.json' && echo ESCAPED",
        Like(
            "f=$(mktemp --suffix .json); exec 7>$f; ls -l /proc/self/fd | grep -qE 'boxes|memfd|\\.json' && echo ESCAPED; rm $f",
        ),
    ),
    (
        "more rights by a program",
        "[ \"$(grep NoNewPrivs /proc/self/status)\" = \"NoNewPrivs:\t0\" ] && echo ESCAPED",
        Same,
    ),
    ("capabilities", "grep -q 'CapBnd:.*[1-9a-f]' /proc/self/status && echo ESCAPED", Same),
    ("a user namespace", "unshare --user true 2>/dev/null && echo ESCAPED", Same),
    ("a mount", "unshare --mount true 2>/dev/null && echo ESCAPED", Same),
    (
        "bounds are raised",
        "prlimit --nofile=100000:100000 true 2>/dev/null && echo ESCAPED",
        Like("prlimit --nofile=64:64 true 2>/dev/null && echo ESCAPED"),
    ),
];

/// What words of sh print on this machine, without a sandbox.
fn plainly(script: &str) -> String {
    let plain = Command::new("sh").args(["-c", script]).output().unwrap();
    support::text(&plain.stdout)
}

#[tokio::test]
async fn no_file_and_no_process_of_the_machine_is_reached() {
    let Some(bench) = Bench::new(|_| {}).await else { return };
    let parent = std::process::id().to_string();
    for (what, script, _) in FILES {
        let said = bench.says(&script.replace("PARENT", &parent)).await;
        assert_eq!(said, "", "{what}");
    }
    for (what, script, control) in FILES {
        let script = match control {
            Same if !rustix::process::geteuid().is_root() => continue,
            Same => script,
            Like(other) => other,
        };
        assert_eq!(plainly(&script.replace("PARENT", &parent)), OUT, "the control: {what}");
    }
}

/// What of [`FILES`] the rules of Landlock hold by themselves: no mount, no namespace, no filter.
const RULED: [&str; 8] = [
    "passwords are read",
    "programs are changed",
    "the root is written",
    "devices are written",
    "a disk is made",
    "a dump's program is named",
    "another process is ended",
    "a mount",
];

/// What they hold within a sandbox that nothing else does.
const RULED_ALONE: [(&str, &str); 3] = [
    ("the way out is ended", "kill -0 $PPID 2>/dev/null && echo ESCAPED"),
    ("memory of the way out is written", "(: >> /proc/$PPID/mem) 2>/dev/null && echo ESCAPED"),
    ("a process tells others another name", "(: >> /proc/self/comm) 2>/dev/null && echo ESCAPED"),
];

#[tokio::test]
async fn rules_on_files_hold_where_no_mount_does() {
    let Some(bench) = Bench::new(|_| {}).await else { return };
    let guard = bench.driver.isolation().guard(Layer::Landlock);
    if !matches!(guard, Some(Guard::Enforced(_))) {
        eprintln!("this kernel has no such rules, and the driver says so: {guard:?}");
        assert_eq!(bench.says("(: >> /proc/self/comm) && echo ESCAPED").await, OUT);
        return;
    }
    for (what, script) in RULED_ALONE {
        assert_eq!(bench.says(script).await, "", "{what}");
        assert_eq!(plainly(&format!("sh -c '{script}; :'")), OUT, "the control: {what}");
    }
    // As root, whom the modes of files hold nowhere.
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let parent = std::process::id().to_string();
    let ruled = |script: &str| {
        let mut helper = Command::new(env!("CARGO_BIN_EXE_sandbox-helper"));
        helper.args(["sandbox", "forward", "--", "sh", "-c", script]);
        support::text(&helper.output().unwrap().stdout)
    };
    assert_eq!(ruled("echo runs"), "runs");
    for (what, script, _) in FILES.iter().filter(|(what, ..)| RULED.contains(what)) {
        assert_eq!(ruled(&script.replace("PARENT", &parent)), "", "{what}");
    }
}
