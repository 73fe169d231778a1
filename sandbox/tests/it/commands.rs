//! Commands in a sandbox of this machine: once, bounded, and with a record.

use std::{collections::BTreeSet, time::Duration};

use sandbox::{Command, Driver, End, Error, Guard, Layer, Local, Spec, Status};

use crate::support::{Bench, options, text};

#[tokio::test]
async fn a_command_runs_and_says_how_it_ended() {
    let Some(bench) =
        Bench::new(|spec| drop(spec.env.insert("COLOUR".into(), "green".into()))).await
    else {
        return;
    };
    let mut command =
        Command::shell("k", "read line; echo $line $COLOUR; echo bad >&2; pwd; exit 3");
    command.stdin = b"hello\n".to_vec();
    let outcome = bench.driver.exec(&bench.handle, &command).await.unwrap();
    assert_eq!(outcome.exit.end, End::Status(3));
    assert_eq!(text(&outcome.stdout), "hello green\n/workspace");
    assert_eq!(text(&outcome.stderr), "bad");
    assert_eq!((outcome.exit.stdout_bytes, outcome.exit.stderr_bytes), (23, 4));
    assert!(outcome.exit.started_at <= outcome.exit.ended_at);
    let seccomp = outcome.exit.isolation.guard(Layer::Seccomp);
    assert!(matches!(seccomp, Some(Guard::Enforced(_))), "{seccomp:?}");
    assert_eq!(bench.sh("kill -9 $$").await.exit.end, End::Status(137));
    let missing = bench.driver.exec(&bench.handle, &Command::new("m", ["/no/such"])).await.unwrap();
    assert_eq!(missing.exit.end, End::Status(127));
}

#[tokio::test]
async fn what_a_command_leaves_is_there_for_the_next_and_gone_with_the_sandbox() {
    let Some(bench) = Bench::new(|_| {}).await else { return };
    bench.sh("mkdir sub; echo one > sub/file; echo two > /tmp/file; sleep 1000 &").await;
    assert_eq!(
        bench.says("cat sub/file; cat /tmp/file; ls /proc | grep -c '^[0-9]'").await,
        "one\n5"
    );
    let mut within = Command::shell("within", "pwd; cat file");
    within.folder = Some("sub".into());
    let outcome = bench.driver.exec(&bench.handle, &within).await.unwrap();
    assert_eq!(text(&outcome.stdout), "/workspace/sub\none");
    bench.driver.stop(&bench.handle).await.unwrap();
    let gone = bench.driver.exec(&bench.handle, &within).await.unwrap_err();
    assert!(matches!(gone, Error::NoSandbox { .. }), "{gone}");
    bench.driver.stop(&bench.handle).await.unwrap();
}

#[tokio::test]
async fn a_key_runs_once_and_stands_for_one_command() {
    let Some(bench) = Bench::new(|_| {}).await else { return };
    let command = Command::shell("key", "echo x >> count; wc -l < count");
    let runs = (0..8).map(|_| bench.driver.exec(&bench.handle, &command));
    for outcome in futures::future::join_all(runs).await {
        assert_eq!(text(&outcome.unwrap().stdout), "1");
    }
    let other = Command::shell("key", "echo other");
    let taken = bench.driver.exec(&bench.handle, &other).await.unwrap_err();
    assert!(matches!(taken, Error::KeyTaken { .. }), "{taken}");
    let unknown = bench.driver.status(&bench.handle, "never").await.unwrap_err();
    assert!(matches!(unknown, Error::NoCommand { .. }), "{unknown}");
}

#[tokio::test]
async fn a_command_ends_when_its_time_is_over_or_somebody_ends_it() {
    let Some(bench) = Bench::new(|_| {}).await else { return };
    let mut slow = Command::shell("slow", "setsid sleep 1000 & sleep 1000");
    slow.wall = Some(Duration::from_millis(500));
    let outcome = bench.driver.exec(&bench.handle, &slow).await.unwrap();
    assert_eq!(outcome.exit.end, End::TimedOut);
    let long = Command::shell("long", "sleep 1000");
    assert_eq!(bench.driver.start(&bench.handle, &long).await.unwrap(), Status::Running);
    bench.driver.cancel(&bench.handle, "long").await.unwrap();
    let Status::Ended(exit) = bench.driver.status(&bench.handle, "long").await.unwrap() else {
        panic!("it goes on");
    };
    assert_eq!(exit.end, End::Cancelled);
}

#[tokio::test]
async fn a_sandbox_is_made_once_and_swept_when_nobody_owns_it() {
    let Some(bench) = Bench::new(|_| {}).await else { return };
    let mut spec = Spec::new("kept".parse().unwrap());
    let kept = bench.driver.create(&spec).await.unwrap();
    assert_eq!(bench.driver.create(&spec).await.unwrap(), kept);
    spec.name = "lasting".parse().unwrap();
    spec.persistent = true;
    let lasting = bench.driver.create(&spec).await.unwrap();
    let running = Command::shell("r", "sleep 1000");
    bench.driver.start(&bench.handle, &running).await.unwrap();
    let swept = bench.driver.sweep(&BTreeSet::from([kept.name.clone()])).await.unwrap();
    assert_eq!((swept.removed, swept.kept), (1, 2), "{swept:?}");
    assert!(bench.driver.list(&kept, "", 10).await.unwrap().is_empty());
    assert!(bench.driver.list(&lasting, "", 10).await.unwrap().is_empty());
    let gone = bench.driver.list(&bench.handle, "", 10).await.unwrap_err();
    assert!(matches!(gone, Error::NoSandbox { .. }), "{gone}");
}

#[tokio::test]
async fn a_sandbox_whose_record_cannot_be_read_is_kept_and_told() {
    let Some(bench) = Bench::new(|spec| spec.persistent = true).await else { return };
    bench.driver.write(&bench.handle, "file", b"mine").await.unwrap();
    let sandbox = bench.root.path().join("boxes/box");
    let record = std::fs::read(sandbox.join("box.json")).unwrap();
    std::fs::write(sandbox.join("box.json"), "{").unwrap();
    let swept = bench.driver.sweep(&BTreeSet::new()).await.unwrap();
    assert_eq!((swept.removed, swept.kept), (0, 0), "{swept:?}");
    let told: Vec<&str> = swept.failed.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(told, ["box", "slot 0"]);
    let why = "cannot read a sandbox's record: it is not what this version writes";
    assert_eq!(swept.failed[0].1, why);
    let refused = bench.driver.create(&Spec::new("box".parse().unwrap())).await.unwrap_err();
    assert!(matches!(refused, Error::Io { .. }), "{refused}");
    // It is as it was for a version that reads it.
    std::fs::write(sandbox.join("box.json"), record).unwrap();
    assert_eq!(bench.driver.read(&bench.handle, "file", 10).await.unwrap(), b"mine");
    std::fs::write(sandbox.join("box.json"), "{").unwrap();
    bench.driver.stop(&bench.handle).await.unwrap();
    let swept = bench.driver.sweep(&BTreeSet::new()).await.unwrap();
    assert!(swept.failed.is_empty(), "who asks for its end gets it: {swept:?}");
    assert_eq!(std::fs::read_dir(bench.root.path().join("slots")).unwrap().count(), 0);
}

#[tokio::test]
async fn what_cannot_be_is_refused_before_anything_is_made() {
    let Some(bench) = Bench::new(|_| {}).await else { return };
    for name in ["", "-x", "UP", "a/b", "..", "a b", &"a".repeat(65)] {
        assert!(name.parse::<sandbox::Name>().is_err(), "{name}");
    }
    let mut spec = Spec::new("big".parse().unwrap());
    spec.limits.memory_bytes = 1 << 40;
    let refused = bench.driver.create(&spec).await.unwrap_err();
    assert!(refused.to_string().contains("`memory_bytes` is 1099511627776"), "{refused}");
    for command in [
        Command::new("", ["true"]),
        Command::new("a", [""; 0]),
        Command::new("b", ["a\0b"]),
        Command::shell("c", "x".repeat(200 << 10)),
    ] {
        let refused = bench.driver.start(&bench.handle, &command).await.unwrap_err();
        assert!(matches!(refused, Error::Spec { .. }), "{refused}");
    }
    for index in 1..16 {
        let spec = Spec::new(format!("n{index}").parse().unwrap());
        bench.driver.create(&spec).await.unwrap();
    }
    let full = bench.driver.create(&Spec::new("one_more".parse().unwrap())).await.unwrap_err();
    assert!(matches!(full, Error::Full { most: 16 }), "{full}");
}

#[tokio::test]
async fn where_no_sandbox_starts_nothing_runs_and_the_cause_is_told() {
    // Users of sandboxes cannot pass through this folder; for who is not root the helper is broken.
    let folder = tempfile::tempdir().unwrap();
    let mut options = options(&folder.path().join("root"));
    if rustix::process::geteuid().is_root() {
        use std::os::unix::fs::PermissionsExt;
        let closed = std::fs::Permissions::from_mode(0o700);
        std::fs::set_permissions(folder.path(), closed).unwrap();
    } else {
        options.helper = vec!["/usr/bin/false".into()];
    }
    let driver = Local::open(options).await.unwrap();
    assert!(!driver.isolation().is_whole() && !driver.isolation().starts());
    let mut spec = Spec::new("box".parse().unwrap());
    for trust in [sandbox::Trust::Untrusted, sandbox::Trust::Trusted] {
        spec.trust = trust;
        let refused = driver.create(&spec).await.unwrap_err();
        assert!(matches!(refused, Error::NotIsolated(_)), "{refused}");
        if rustix::process::geteuid().is_root() {
            assert!(refused.to_string().contains("pass through the folders"), "{refused}");
        }
    }
}
