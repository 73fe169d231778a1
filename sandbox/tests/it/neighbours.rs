//! Who takes much steps behind those who take little, and who writes much waits. What that is worth
//! to a neighbour, `benches/sandbox` measures.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime},
};

use sandbox::{Command, Driver};

use crate::support::{Bench, text};

/// A program that does nothing, and is found by its name.
fn rest(mark: &str) -> String {
    format!("exec perl -e 'sleep 1000' {mark}")
}

/// The process whose words end with this mark.
fn process(mark: &str) -> Option<PathBuf> {
    let entries = fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
    let mut found = entries.filter(|path| {
        let words = fs::read(path.join("cmdline")).unwrap_or_default();
        words.starts_with(b"perl\0") && words.ends_with(format!("\0{mark}\0").as_bytes())
    });
    found.next()
}

/// Whether a process is behind others: by its control group, or by its niceness.
fn is_behind(process: &Path) -> Option<bool> {
    let groups = fs::read_to_string(process.join("cgroup")).ok()?;
    let ours = groups.lines().filter_map(|line| line.split_once(':')?.1.split_once(":/"));
    let ours = ours.filter(|(_, path)| path.contains("sandbox-"));
    let mut idle = ours.filter_map(|(tree, path)| {
        // That of the command is in that of its sandbox, which is where it is told.
        let folder = Path::new("/sys/fs/cgroup").join(tree).join(path).parent()?.to_owned();
        let read = |name: &str| fs::read_to_string(folder.join(name)).ok();
        let least = || read("cpu.weight").or_else(|| read("cpu.shares"));
        read("cpu.idle").or_else(least).map(|text| matches!(text.trim(), "1" | "2"))
    });
    if let Some(idle) = idle.next_back() {
        return Some(idle);
    }
    let stat = fs::read_to_string(process.join("stat")).ok()?;
    let nice = stat.rsplit_once(')')?.1.split_whitespace().nth(16)?;
    Some(nice == "19")
}

/// Waits until it is so, for longer than any machine needs.
async fn until(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < deadline, "never: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn mark(what: &str) -> String {
    format!("{what}-{}", std::process::id())
}

/// Leaves a sandbox without credit, as one that took a processor for a while.
fn spend(bench: &Bench) {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis();
    let credit = [-1_000_000, 0, 0, i64::try_from(now).unwrap()].map(i64::to_le_bytes);
    fs::write(bench.root.path().join("boxes/box/credit"), credit.as_flattened()).unwrap();
}

#[tokio::test]
async fn who_has_no_credit_is_behind_until_it_has_some_and_a_quiet_one_never_is() {
    let Some(bench) = Bench::new(|_| {}).await else { return };
    let quiet = bench.driver.create(&sandbox::Spec::new("other".parse().unwrap())).await.unwrap();
    let (first, second, other) = (mark("first"), mark("second"), mark("other"));
    bench.driver.start(&quiet, &Command::shell("other", rest(&other))).await.unwrap();
    // The control: a first command is level with others.
    bench.driver.start(&bench.handle, &Command::shell("first", rest(&first))).await.unwrap();
    until("both run", || process(&first).is_some() && process(&other).is_some()).await;
    let other = process(&other).unwrap();
    let never = || assert_eq!(is_behind(&other), Some(false), "the quiet one was lowered");
    assert_eq!(is_behind(&process(&first).unwrap()), Some(false));
    bench.driver.cancel(&bench.handle, "first").await.unwrap();
    // Who was ended and comes back has what it had.
    spend(&bench);
    bench.driver.start(&bench.handle, &Command::shell("second", rest(&second))).await.unwrap();
    until("it is behind", || {
        never();
        process(&second).is_some_and(|process| is_behind(&process) == Some(true))
    })
    .await;
    // Only root may raise what has no group.
    if rustix::process::geteuid().is_root() {
        until("it is back when it was quiet for a while", || {
            never();
            process(&second).is_some_and(|process| is_behind(&process) == Some(false))
        })
        .await;
    }
    bench.driver.cancel(&bench.handle, "second").await.unwrap();
}

#[tokio::test]
async fn who_writes_more_than_its_rate_stands_still_and_never_knows() {
    // 24 MiB by 1 MiB; the look is every 50 ms.
    let script = "i=0; while [ $i -lt 24 ]; do dd if=/dev/zero of=f$i bs=1M count=1 2>/dev/null; \
                  sleep 0.05; i=$((i+1)); done; ls | wc -l";
    let took = async |rate: u64| {
        let bench = Bench::new(|spec| spec.limits.disk_bytes_a_second = rate).await?;
        let outcome = bench.sh(script).await;
        assert_eq!((text(&outcome.stdout).as_str(), outcome.is_success()), ("24", true));
        let exit = outcome.exit;
        let ms = (exit.ended_at.0 - exit.started_at.0) / 1000;
        // What comes after and writes nothing waits for nothing, though it is owed yet.
        let began = Instant::now();
        assert_eq!(bench.says("echo after").await, "after");
        assert!(began.elapsed() < Duration::from_secs(2));
        Some(ms)
    };
    let Some(held) = took(4 << 20).await else { return };
    // 8 MiB are free, and what was written after the last look: the rest is 4 s of 4 MiB.
    assert!((3_000..30_000).contains(&held), "{held} ms");
    // The control: with a rate that is never reached, the same words take no such time.
    let free = took(1 << 30).await.unwrap();
    assert!(free < held - 1_000, "{free} ms without, {held} ms with a bound");
}
