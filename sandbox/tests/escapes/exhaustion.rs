//! Taking more than a sandbox may have, and leaving something behind.

use super::*;

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
async fn memory_is_bounded_for_all_commands_of_a_sandbox_together() {
    let Some(bench) = Bench::new(|spec| spec.limits.memory_bytes = 96 << 20).await else { return };
    one_of_two_is_ended(&bench).await;
}

/// Two commands that have room each and not both: one is ended, the other never knows.
pub(super) async fn one_of_two_is_ended(bench: &Bench) {
    let script = "perl -e '$x .= \"x\" x 1048576 for 1..60; sleep 5; print length $x'";
    let run = async |key: &str| {
        let command = sandbox::Command::shell(key, script);
        bench.driver.exec(&bench.handle, &command).await.unwrap()
    };
    // The control: alone it ends well.
    assert_eq!(run("alone").await.exit.end, End::Status(0));
    let (one, other) = tokio::join!(run("one"), run("other"));
    let mut ends = [one.exit.end, other.exit.end];
    ends.sort_by_key(|end| *end == End::OutOfMemory);
    assert_eq!(ends, [End::Status(0), End::OutOfMemory]);
}

#[tokio::test]
async fn processes_are_bounded_for_all_commands_of_a_sandbox_together() {
    let Some(bench) = Bench::new(|spec| spec.limits.processes = 40).await else { return };
    if !matches!(bench.driver.isolation().guard(Layer::Memory), Some(Guard::Enforced(_))) {
        return eprintln!("without control groups the bound is that of each command");
    }
    let count = "perl -e 'for (1..200) { $p = fork; last unless defined $p; if (!$p) { sleep 9; exit } $n++ } print $n; $| = 1; print \"\"; sleep 4'";
    let run = async |key: &str| {
        let outcome =
            bench.driver.exec(&bench.handle, &sandbox::Command::shell(key, count)).await.unwrap();
        support::text(&outcome.stdout).parse::<u32>().unwrap_or(0)
    };
    let alone = run("alone").await;
    assert!(alone >= 40, "{alone}");
    let (one, other) = tokio::join!(run("one"), run("other"));
    assert!(one + other < alone + 40, "{one} and {other}, and {alone} alone");
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
