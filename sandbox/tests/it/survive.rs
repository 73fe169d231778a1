//! What is left when who started a command is killed.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Stdio},
    sync::Arc,
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

/// Kills in a short run; `make orphans` (`ORCHESTACK_FULL=1`) does the full one.
const KILLS_SHORT: u64 = 12;
const KILLS_FULL: u64 = 50;

#[expect(clippy::disallowed_methods, reason = "a person asks for the full run by a variable")]
fn kills() -> u64 {
    if std::env::var_os("ORCHESTACK_FULL").is_some() { KILLS_FULL } else { KILLS_SHORT }
}

/// Processes of this root with a word, by number.
fn find(root: &Path, word: &str) -> Vec<i32> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let found = entries.filter_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        let text = std::fs::read(entry.path().join("cmdline")).ok()?;
        let text = String::from_utf8_lossy(&text);
        (text.contains(root.to_str()?) && text.split('\0').any(|part| part == word)).then_some(pid)
    });
    found.collect()
}

/// Control groups of sandboxes whose supervisor is no more.
fn left_groups() -> Vec<PathBuf> {
    let within = |folder: PathBuf| std::fs::read_dir(folder).into_iter().flatten().flatten();
    let trees = within("/sys/fs/cgroup".into());
    let sandboxes = trees.flat_map(|tree| within(tree.path())).filter(|sandbox| {
        sandbox.file_name().to_str().is_some_and(|name| name.starts_with("sandbox-"))
    });
    let left = sandboxes.flat_map(|sandbox| within(sandbox.path())).filter_map(|group| {
        let name = group.file_name();
        let pid = name.to_str()?.strip_prefix("run-")?.split('-').next()?;
        let pid: u32 = pid.parse().ok()?;
        (!Path::new("/proc").join(pid.to_string()).exists()).then(|| group.path())
    });
    left.collect()
}

#[tokio::test]
async fn kills_at_any_moment_leave_no_orphan() {
    let Some(bench) = Bench::new(|_| {}).await else { return };
    let root = bench.root.path();
    let script = "(setsid sleep 1000 &) ; sleep 1000";
    let (mut started, mut supervisors) = (0, 0);
    for round in 0..kills() {
        let mut child = starter(root, &format!("key{round}"), script);
        // At another moment each time: before the driver is open up to after the start; who starts
        // commands in each round, whoever supervises one in every other.
        if round % 3 == 0 {
            wait_for_start(&mut child);
            started += 1;
        } else {
            tokio::time::sleep(Duration::from_millis(round * 37 % 150)).await;
        }
        if round % 2 == 0 {
            tokio::time::sleep(Duration::from_micros(round * 1_700 % 30_000)).await;
            for pid in find(root, "supervise") {
                let pid = rustix::process::Pid::from_raw(pid).unwrap();
                supervisors += u64::from(
                    rustix::process::kill_process(pid, rustix::process::Signal::KILL).is_ok(),
                );
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert!(started >= kills() / 3 && supervisors >= kills() / 6, "{started}, {supervisors}");
    let mut last = starter(root, "last", script);
    wait_for_start(&mut last);
    last.kill().unwrap();
    last.wait().unwrap();
    // The control: without a sweep commands go on, and folders stay. So do groups, but other tests sweep those.
    assert!(processes(root) > 0);
    let swept = bench.driver.sweep(&std::collections::BTreeSet::new()).await.unwrap();
    assert!(swept.failed.is_empty() && swept.removed > 0, "{swept:?}");
    until("no process is left", || processes(root) == 0).await;
    for folder in ["boxes", "slots"] {
        let left: Vec<_> = std::fs::read_dir(root.join(folder)).unwrap().flatten().collect();
        assert!(left.is_empty(), "{left:?}");
    }
    // Other tests kill too, at this moment; what they leave goes with a sweep of anybody's.
    let began = Instant::now();
    while !left_groups().is_empty() {
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", left_groups());
        bench.driver.sweep(&std::collections::BTreeSet::new()).await.unwrap();
    }
    eprintln!(
        "{} kills, {supervisors} of supervisors: no process, folder or group is left",
        kills() + supervisors
    );
}

/// A profile of the tree may change between two commands.
#[tokio::test]
async fn who_asks_last_says_what_a_sandbox_may_take() {
    let Some(bench) = Bench::new(|_| {}).await else { return };
    assert!(bench.sh("echo x > file; sleep 1.5").await.is_success());
    let mut spec = sandbox::Spec::new("box".parse().unwrap());
    spec.limits.wall = Duration::from_secs(1);
    assert_eq!(bench.driver.create(&spec).await.unwrap(), bench.handle);
    assert_eq!(bench.sh("cat file; sleep 2").await.exit.end, End::TimedOut);
    assert_eq!(bench.says("cat file").await, "x", "its files are as they were");
}

#[tokio::test]
async fn a_sweep_takes_nothing_from_who_is_at_work() {
    let Some(bench) = Bench::new(|_| {}).await else { return };
    let keep = std::collections::BTreeSet::from([bench.handle.name.clone()]);
    let done = std::cell::Cell::new(false);
    let sweeps = async {
        while !done.get() {
            bench.driver.sweep(&keep).await.unwrap();
        }
    };
    // A group is empty for a moment between when it is made and when something runs in it.
    let runs = async {
        for round in 0..20 {
            let outcome = bench.sh(&format!("echo {round}")).await;
            assert!(outcome.is_success(), "{outcome:?}");
        }
        done.set(true);
    };
    tokio::join!(sweeps, runs);
}

#[tokio::test(flavor = "multi_thread")]
async fn those_that_ask_for_one_sandbox_at_once_get_one() {
    let Some(bench) = Bench::new(|_| {}).await else { return };
    let mut drivers = Vec::new();
    for _ in 0..4 {
        drivers.push(Arc::new(Local::open(options(bench.root.path())).await.unwrap()));
    }
    for round in 0..10 {
        let spec = Spec::new(format!("all{round}").parse().unwrap());
        let asked = drivers.iter().map(|driver| {
            let (driver, spec) = (Arc::clone(driver), spec.clone());
            tokio::spawn(async move { driver.create(&spec).await.unwrap() })
        });
        let made = futures::future::try_join_all(asked.collect::<Vec<_>>()).await.unwrap();
        assert!(made.iter().all(|handle| *handle == made[0]));
        let wrote = drivers[0].exec(&made[0], &Command::shell("w", "echo x > file")).await;
        assert!(wrote.unwrap().is_success(), "its user owns its workspace");
        let slots = std::fs::read_dir(bench.root.path().join("slots")).unwrap().count();
        assert_eq!(slots, 2, "one for it, and that of the other sandbox");
        bench.driver.stop(&made[0]).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn those_that_change_one_sandbox_at_once_leave_it_and_its_way_out_whole() {
    let Some(bench) = Bench::new(|_| {}).await else { return };
    let Bench { driver, handle, root, .. } = bench;
    let driver = Arc::new(driver);
    let place = sandbox::Allow { host: "a.test".into(), port: 80, private: false };
    for round in 0..10_u64 {
        let asked = (0..8_u64).map(|index| {
            let (driver, handle, place) = (Arc::clone(&driver), handle.clone(), place.clone());
            tokio::spawn(async move {
                let mut spec = Spec::new(handle.name.clone());
                spec.limits.disk_entries += round * 8 + index;
                driver.create(&spec).await.unwrap();
                let allow = if index % 2 == 0 { vec![place] } else { Vec::new() };
                driver.reach(&handle, &allow).await.unwrap();
                driver.list(&handle, "", 1).await.unwrap();
                // Those that come at once with one key begin one command.
                let command = Command::shell(format!("key{round}"), "echo x >> count");
                driver.exec(&handle, &command).await.unwrap();
            })
        });
        futures::future::try_join_all(asked.collect::<Vec<_>>()).await.unwrap();
        let record = std::fs::read(root.path().join("boxes/box/box.json")).unwrap();
        let record: serde_json::Value = serde_json::from_slice(&record).unwrap();
        let fetch = Command::shell(format!("fetch{round}"), "curl -sS http://a.test/");
        let said = text(&driver.exec(&handle, &fetch).await.unwrap().stdout);
        // The address is this machine's: who has the name in the list is refused for another reason.
        let listed = said.contains("its addresses are not public ones");
        assert_eq!(record["spec"]["egress"] != serde_json::json!([]), listed, "{said}: {record}");
    }
    let count = driver.read(&handle, "count", 1000).await.unwrap();
    assert_eq!(count.len(), 20, "each ran once");
    driver.stop(&handle).await.unwrap();
}

#[tokio::test]
async fn a_driver_opens_where_all_places_are_taken() {
    let Some(bench) = Bench::new(|_| {}).await else { return };
    for index in 1..16 {
        bench.driver.create(&Spec::new(format!("n{index}").parse().unwrap())).await.unwrap();
    }
    let later = Local::open(options(bench.root.path())).await.unwrap();
    assert!(later.isolation().is_whole(), "{}", later.isolation().why());
    let canary = Spec::new("canary-1".parse().unwrap());
    assert!(later.create(&canary).await.is_err(), "its name is taken too");
}

#[tokio::test]
async fn a_way_out_stays_open_when_another_driver_ends() {
    let Some(bench) = Bench::new(|_| {}).await else { return };
    let fetch = "curl -sS http://other.test/";
    let later = Local::open(options(bench.root.path())).await.unwrap();
    let asked = later.exec(&bench.handle, &Command::shell("a", fetch)).await.unwrap();
    assert!(text(&asked.stdout).contains("denied"), "{asked:?}");
    let Bench { driver, handle, root, .. } = bench;
    drop(driver);
    let asked = later.exec(&handle, &Command::shell("b", fetch)).await.unwrap();
    assert!(text(&asked.stdout).contains("denied"), "{asked:?}");
    later.stop(&handle).await.unwrap();
    drop(root);
}

#[tokio::test]
async fn a_folder_that_is_as_deep_as_can_be_goes_with_its_sandbox() {
    let Some(bench) = Bench::new(|_| {}).await else { return };
    // It is ended for it, and is deep by then.
    let dig =
        "perl -e 'for (1..2000) { mkdir \"a\"; chdir \"a\" } mkdir \"b\"; chmod 0, \"b\"'; sleep 5";
    assert_eq!(bench.sh(dig).await.exit.end, End::OutOfDisk);
    bench.driver.stop(&bench.handle).await.unwrap();
    let left = std::fs::read_dir(bench.root.path().join("boxes")).unwrap().count();
    assert_eq!(left, 0);
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
