//! Attempts to get out of a sandbox, or to take more than it may have. Each is run in a real one; each
//! group has a control: the same attempt without the layer that holds it, which succeeds.

#![expect(clippy::unwrap_used, reason = "an attempt that cannot be made fails as tests do")]

#[path = "support/mod.rs"]
#[expect(dead_code, reason = "the other tests use the rest")]
mod support;

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

/// A way out that must not be there: what it is, the words that try it, and what shows that they would find it.
type WayOut = (&'static str, String, Option<String>);

/// Ways out: to a port and an abstract socket of this machine, and beyond it.
fn ways_out(port: u16, name: &str) -> Vec<WayOut> {
    let connect = |address: &str, port: u16| {
        format!(
            "perl -MSocket -e 'socket(S, PF_INET, SOCK_STREAM, 0); $SIG{{ALRM}} = sub {{ exit }}; alarm 3; \
             print \"ESCAPED\" if connect(S, sockaddr_in({port}, inet_aton(\"{address}\")))'"
        )
    };
    let send = "perl -MSocket -e 'socket(S, PF_INET, SOCK_DGRAM, 0); \
                print \"ESCAPED\" if send(S, \"x\", 0, sockaddr_in(53, inet_aton(\"192.0.2.1\")))'";
    let abstracted = format!(
        "perl -MSocket -e 'socket(S, PF_UNIX, SOCK_STREAM, 0); \
         print \"ESCAPED\" if connect(S, pack(\"S a*\", 1, \"\\0{name}\"))'"
    );
    let elsewhere = |address: &str| {
        // A network of its own, in which the address is there and answers.
        let listen = format!(
            "perl -MSocket -e 'socket(S, PF_INET, SOCK_STREAM, 0); setsockopt(S, SOL_SOCKET, SO_REUSEADDR, 1); \
             bind(S, sockaddr_in(80, inet_aton(\"{address}\"))); listen(S, 1); print \"on\\n\"; close STDOUT; \
             alarm 5; accept(C, S)'"
        );
        let here = connect(address, 80).replace('\'', "'\\''");
        let listen = listen.replace('\'', "'\\''");
        format!(
            "unshare --net sh -c 'ip link set lo up && ip addr add {address}/32 dev lo && \
             mkfifo $0 && {{ {listen} > $0 & }} && read on < $0 && {here}' $(mktemp -u)"
        )
    };
    vec![
        ("this machine's loopback", connect("127.0.0.1", port), None),
        ("the clouds' metadata", connect("169.254.169.254", 80), Some(elsewhere("169.254.169.254"))),
        ("a private network", connect("10.0.0.1", 80), Some(elsewhere("10.0.0.1"))),
        ("the internet", connect("192.0.2.1", 80), Some(elsewhere("192.0.2.1"))),
        ("a datagram", send.to_owned(), None),
        ("an abstract socket of this machine", abstracted, None),
        (
            "a name",
            "getent hosts example.com >/dev/null && echo ESCAPED".to_owned(),
            Some("getent hosts localhost >/dev/null && echo ESCAPED".to_owned()),
        ),
        (
            "a resolver",
            "[ -s /etc/resolv.conf ] && echo ESCAPED".to_owned(),
            Some("[ -s /etc/passwd ] && echo ESCAPED".to_owned()),
        ),
        (
            "raw packets",
            "perl -MSocket -e 'socket(S, PF_INET, SOCK_RAW, 1) && print \"ESCAPED\"'".into(),
            None,
        ),
        (
            "metadata through the proxy",
            "curl -sS http://169.254.169.254/ | grep -qv denied && echo ESCAPED".into(),
            Some("echo ami-id | grep -qv denied && echo ESCAPED".into()),
        ),
        (
            "another interface",
            "grep -v lo: /proc/net/dev | grep -q : && echo ESCAPED".into(),
            Some("unshare --net sh -c 'ip link add name v0 type veth; grep -v lo: /proc/net/dev | grep -q : && echo ESCAPED'".into()),
        ),
        (
            "a route",
            "[ $(wc -l < /proc/net/route) -gt 1 ] && echo ESCAPED".into(),
            Some("[ $(printf 'a\nb\n' | wc -l) -gt 1 ] && echo ESCAPED".into()),
        ),
    ]
}

#[tokio::test]
async fn no_packet_leaves_but_through_the_proxy() {
    let Some(bench) = Bench::new(|_| {}).await else { return };
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    tcp.set_nonblocking(true).unwrap();
    let port = tcp.local_addr().unwrap().port();
    let name = format!("escapes-{}", std::process::id());
    let address = std::os::unix::net::SocketAddr::from_abstract_name(&name).unwrap();
    let hidden = UnixListener::bind_addr(&address).unwrap();
    hidden.set_nonblocking(true).unwrap();
    let attempts = ways_out(port, &name);
    for (what, script, _) in &attempts {
        assert_eq!(bench.says(script).await, "", "{what}");
    }
    assert!(tcp.accept().is_err() && hidden.accept().is_err(), "nothing came");
    // A machine without any network has no way for the datagram either; networks are made by root.
    let routed =
        std::fs::read_to_string("/proc/net/route").is_ok_and(|text| text.lines().count() > 1);
    let root = rustix::process::geteuid().is_root() && !plainly("ip link").is_empty();
    for (what, script, control) in &attempts {
        let control = control.as_ref().unwrap_or(script);
        let possible = match *what {
            "a datagram" => routed,
            "raw packets" => root,
            _ => root || !control.contains("unshare"),
        };
        assert!(!possible || plainly(control) == OUT, "the control: {what}");
    }
    assert!(tcp.accept().is_ok() && hidden.accept().is_ok(), "the control came");
}

#[tokio::test]
async fn processes_are_bounded_and_others_do_not_feel_it() {
    let Some(bench) = Bench::new(|spec| spec.limits.processes = 20).await else { return };
    let count = "perl -e 'for (1..200) { $p = fork; last unless defined $p; if (!$p) { sleep 5; exit } $n++ } print $n'";
    let made: u32 = bench.says(count).await.parse().unwrap();
    assert!((4..40).contains(&made), "{made}");
    // The control: here there is no such bound.
    let plain = Command::new("sh").args(["-c", count]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&plain.stdout), "200");
    let mut bomb = sandbox::Command::shell("bomb", "f() { f | f & f; }; f");
    bomb.wall = Some(Duration::from_secs(2));
    let mut spec = sandbox::Spec::new("bomb".parse().unwrap());
    spec.limits.processes = 64;
    let handle = bench.driver.create(&spec).await.unwrap();
    let (bombed, beside) = tokio::join!(bench.driver.exec(&handle, &bomb), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        bench.says("echo beside").await
    });
    assert_eq!(beside, "beside", "a neighbour works on");
    // It may end by itself for want of processes.
    let end = bombed.unwrap().exit.end;
    assert!(matches!(end, End::TimedOut | End::Status(_) | End::Flooded), "{end:?}");
}

#[tokio::test]
async fn memory_is_bounded_wherever_it_is() {
    let Some(bench) = Bench::new(|spec| {
        spec.limits.memory_bytes = 96 << 20;
        spec.limits.tmp_bytes = 8 << 20;
    })
    .await
    else {
        return;
    };
    let heap = "perl -e '$x .= \"x\" x 1048576 for 1..400; print length $x'";
    let outcome = bench.sh(heap).await;
    assert!(!outcome.is_success() && outcome.stdout.is_empty(), "{outcome:?}");
    let many = "for i in 1 2 3 4 5 6; do perl -e '$x .= \"x\" x 1048576 for 1..40; sleep 3' & done; wait; echo done";
    let outcome = bench.sh(many).await;
    assert_eq!(outcome.exit.end, End::OutOfMemory, "{outcome:?}");
    for place in ["/tmp", "/dev/shm"] {
        let said = bench
            .says(&format!(
                "dd if=/dev/zero of={place}/f bs=1M count=64 2>&1; stat -c %s {place}/f"
            ))
            .await;
        assert!(said.contains("No space left") && said.ends_with("8388608"), "{place}: {said}");
    }
    for place in ["/", "/dev", "/run"] {
        assert!(
            !bench.sh(&format!("dd if=/dev/zero of={place}/f bs=1M count=1")).await.is_success()
        );
    }
    // The control: with more room the same words end well.
    let Some(wide) = Bench::new(|spec| spec.limits.memory_bytes = 1 << 30).await else { return };
    assert_eq!(wide.says(heap).await, "419430400");
}

#[tokio::test]
async fn a_workspace_is_bounded_in_bytes_and_in_files() {
    let Some(bench) = Bench::new(|spec| {
        spec.limits.disk_bytes = 16 << 20;
        spec.limits.disk_entries = 500;
    })
    .await
    else {
        return;
    };
    let one = bench.sh("dd if=/dev/zero of=big bs=1M count=64").await;
    assert!(!one.is_success(), "one file: {one:?}");
    bench.sh("rm -f big").await;
    let many = "i=0; while :; do head -c 1048576 /dev/zero > f$i; i=$((i+1)); done";
    assert_eq!(bench.sh(many).await.exit.end, End::OutOfDisk);
    let left = bench.driver.list(&bench.handle, "", 10_000).await.unwrap();
    let bytes: u64 = left.iter().map(|entry| entry.bytes).sum();
    assert!((16 << 20..1 << 30).contains(&bytes), "{bytes}");
    // What is full stays full until somebody makes room, from outside too.
    let full = bench.driver.write(&bench.handle, "more", b"x").await.unwrap_err();
    assert!(matches!(full, sandbox::Error::TooLarge { .. }), "{full}");
    bench.sh("rm -f f*").await;
    let files = "perl -e 'for (1..100000) { open F, \">x$_\" }'; sleep 2; echo all";
    assert_eq!(bench.sh(files).await.exit.end, End::OutOfDisk);
    // The control: within the bounds the same words end well.
    let Some(wide) = Bench::new(|spec| spec.limits.disk_bytes = 256 << 20).await else { return };
    assert!(wide.sh("dd if=/dev/zero of=big bs=1M count=64").await.is_success());
}

#[tokio::test]
async fn a_flood_of_words_is_cut_and_ended() {
    let Some(bench) = Bench::new(|spec| spec.limits.output_bytes = 64 << 10).await else { return };
    let cut = bench.sh("head -c 1000000 /dev/zero").await;
    assert_eq!((cut.exit.end, cut.exit.stdout_bytes), (End::Status(0), 1_000_000));
    assert_eq!(cut.stdout.len(), 64 << 10);
    let began = Instant::now();
    let flood = bench.sh("yes").await;
    assert_eq!(flood.exit.end, End::Flooded);
    assert!(began.elapsed() < Duration::from_secs(20));
    let mut kept = Vec::new();
    for run in std::fs::read_dir(bench.root.path().join("boxes/box/runs")).unwrap().flatten() {
        let file = std::fs::File::open(run.path().join("stdout")).unwrap();
        file.take(1 << 20).read_to_end(&mut kept).unwrap();
    }
    assert_eq!(kept.len(), 128 << 10, "no more is on disk");
}

#[tokio::test]
async fn one_sandbox_sees_nothing_of_another() {
    let Some(bench) = Bench::new(|_| {}).await else { return };
    let other = bench.driver.create(&sandbox::Spec::new("other".parse().unwrap())).await.unwrap();
    bench.driver.write(&other, "secret", b"secret").await.unwrap();
    let long = sandbox::Command::shell("long", "echo $$; exec sleep 1000");
    bench.driver.start(&other, &long).await.unwrap();
    let workspace = bench.root.path().join("boxes/other/workspace");
    let said = bench
        .says(&format!(
            "cat {}/secret; ls {0}; ps ax 2>/dev/null | grep -c 'sleep 1000'",
            workspace.display()
        ))
        .await;
    assert!(!said.contains("secret"), "{said}");
    bench.driver.cancel(&other, "long").await.unwrap();
    if rustix::process::geteuid().is_root() {
        use std::os::unix::fs::MetadataExt;
        let owner = |name: &str| {
            let path = bench.root.path().join("boxes").join(name).join("workspace");
            std::fs::metadata(path).unwrap().uid()
        };
        assert_ne!(owner("box"), owner("other"), "each has a user of its own");
        assert!(owner("box") >= 300_000);
    }
}

#[tokio::test]
async fn what_a_command_leaves_running_ends_with_it() {
    let Some(bench) = Bench::new(|_| {}).await else { return };
    let script = "perl -e 'use POSIX; fork && exit; setsid; fork && exit; sleep 1000' & sleep 0.2; echo left";
    assert_eq!(bench.says(script).await, "left");
    let root = bench.root.path().to_str().unwrap();
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let mut roots = entries.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    assert!(!roots.any(|words| String::from_utf8_lossy(&words).contains(root)));
}
