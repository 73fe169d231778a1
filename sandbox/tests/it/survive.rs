//! What is left when who started a command is killed.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use sandbox::{Command, Driver, End, Handle, Local, Spec, Status};

use crate::support::{Bench, options, text};

/// Starts this test's binary again as a process that opens a driver, starts a command, and waits.
fn starter(root: &Path, key: &str, script: &str) -> Child {
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "survive::a_process_that_starts_a_command", "--nocapture"]);
    command.env(ROLE, format!("{}\n{key}\n{script}", root.display()));
    command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
}

const ROLE: &str = "SANDBOX_TEST_STARTER";

/// Not a test by itself: the process that others kill.
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the words are for this process alone")]
async fn a_process_that_starts_a_command() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let [root, key, script] = role.splitn(3, '\n').collect::<Vec<_>>().try_into().unwrap();
    let driver = Local::open(options(Path::new(root))).await.unwrap();
    let handle = driver.create(&Spec::new("box".parse().unwrap())).await.unwrap();
    driver.start(&handle, &Command::shell(key, script)).await.unwrap();
    println!("\nstarted");
    std::future::pending::<()>().await;
}

fn wait_for_start(child: &mut Child) {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line == "started"), "it never started");
}

/// How many processes of this root there are, of whatever kind.
fn processes(root: &Path) -> usize {
    let root = root.to_str().unwrap();
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let texts = entries.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    texts.filter(|text| String::from_utf8_lossy(text).contains(root)).count()
}

async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(30), "{what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_command_outlives_who_started_it_and_never_runs_twice() {
    let Some(bench) = Bench::new(|_| {}).await else { return };
    let script =
        "echo begun >> log; while ! [ -e go ]; do sleep 0.05; done; echo ended >> log; cat log";
    let mut child = starter(bench.root.path(), "key", script);
    wait_for_start(&mut child);
    let log = bench.root.path().join("boxes/box/workspace/log");
    until("the command begins", || log.exists()).await;
    child.kill().unwrap();
    child.wait().unwrap();
    let command = Command::shell("key", script);
    let status = bench.driver.start(&bench.handle, &command).await.unwrap();
    assert_eq!(status, Status::Running, "it went on");
    bench.driver.write(&bench.handle, "go", b"").await.unwrap();
    let outcome = bench.driver.exec(&bench.handle, &command).await.unwrap();
    assert_eq!(text(&outcome.stdout), "begun\nended");
    // A driver that was opened afterwards reads the same record.
    let later = Local::open(options(bench.root.path())).await.unwrap();
    assert_eq!(later.exec(&bench.handle, &command).await.unwrap(), outcome);
}

#[tokio::test]
async fn a_command_whose_supervisor_was_killed_is_lost_and_not_run_again() {
    let Some(bench) = Bench::new(|_| {}).await else { return };
    let command = Command::shell("key", "echo x >> count; sleep 1000");
    bench.driver.start(&bench.handle, &command).await.unwrap();
    let box_folder = bench.root.path().join("boxes/box");
    until("the command begins", || box_folder.join("workspace/count").exists()).await;
    let run = std::fs::read_dir(box_folder.join("runs")).unwrap().flatten().next().unwrap().path();
    let started: serde_json::Value =
        serde_json::from_slice(&std::fs::read(run.join("started")).unwrap()).unwrap();
    let pid = i32::try_from(started["pid"].as_i64().unwrap()).unwrap();
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    until("all that it started ends", || processes(bench.root.path()) == 0).await;
    let lost = bench.driver.exec(&bench.handle, &command).await.unwrap_err();
    assert!(matches!(lost, sandbox::Error::Lost { .. }), "{lost}");
    assert_eq!(bench.says("wc -l < count").await, "1");
}

#[tokio::test]
async fn fifty_kills_leave_no_orphan() {
    let Some(bench) = Bench::new(|_| {}).await else { return };
    let script = "(setsid sleep 1000 &) ; sleep 1000";
    for round in 0_u64..50 {
        let mut child = starter(bench.root.path(), &format!("key{round}"), script);
        // Killed at another moment each time: before the driver is open up to after the start.
        if round % 2 == 0 {
            wait_for_start(&mut child);
        } else {
            tokio::time::sleep(Duration::from_millis(round * 3)).await;
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
    // The control: without a sweep the commands go on.
    assert!(processes(bench.root.path()) > 0);
    let swept = bench.driver.sweep(&std::collections::BTreeSet::new()).await.unwrap();
    assert!(swept.failed.is_empty() && swept.removed > 0, "{swept:?}");
    until("no process is left", || processes(bench.root.path()) == 0).await;
    let boxes = std::fs::read_dir(bench.root.path().join("boxes")).unwrap().count();
    let slots = std::fs::read_dir(bench.root.path().join("slots")).unwrap().count();
    assert_eq!((boxes, slots), (0, 0));
}

#[tokio::test]
async fn a_command_that_was_cancelled_before_it_began_never_begins() {
    let Some(bench) = Bench::new(|_| {}).await else { return };
    let handle: &Handle = &bench.handle;
    bench.driver.start(handle, &Command::shell("key", "sleep 1000")).await.unwrap();
    bench.driver.cancel(handle, "key").await.unwrap();
    let Status::Ended(exit) = bench.driver.status(handle, "key").await.unwrap() else {
        panic!("it goes on");
    };
    assert_eq!(exit.end, End::Cancelled);
}
