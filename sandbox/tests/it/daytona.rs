//! The driver for Daytona, against a fake that its own descriptions check.

mod contract;
mod fake;

use std::{collections::BTreeSet, time::Duration};

use sandbox::{Allow, Command, Daytona, DaytonaOptions, Driver, End, Error, Kind, Spec, Trust};
use serde_json::json;
use types::Secret;

use self::{
    contract::{Contract, Said},
    fake::{Fake, KEY},
};
use crate::support::text;

fn options(fake: &Fake, key: &str, canary: &str) -> DaytonaOptions {
    DaytonaOptions {
        base: fake.base(),
        key: Secret::new(key),
        owner: "ours".parse().unwrap(),
        workspace: fake.workspace(),
        canary: canary.parse().unwrap(),
        start_within: Duration::from_secs(10),
        answer_within: Duration::from_secs(10),
    }
}

struct Bench {
    fake: Fake,
    driver: Daytona,
    _folder: tempfile::TempDir,
}

/// A driver whose canary is answered by nobody.
async fn bench() -> Bench {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::start(folder.path().to_owned()).await;
    let driver = Daytona::open(options(&fake, KEY, "http://127.0.0.1:9/")).await.unwrap();
    Bench { fake, driver, _folder: folder }
}

/// The address of something that answers, beside the runtime of the test.
fn answering() -> String {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
        }
    });
    address
}

impl Bench {
    #[track_caller]
    fn keeps_to_the_contract(&self) {
        let inside = self.fake.inside.lock().unwrap();
        assert_eq!(inside.faults, Vec::<String>::new());
        assert!(inside.requests.len() > 3, "{:?}", inside.requests);
    }
}

fn unique(name: &str) -> Spec {
    Spec::new(format!("{name}-{}", types::EventId::generate()).to_lowercase().parse().unwrap())
}

#[tokio::test]
async fn a_sandbox_is_made_waited_for_and_found_again() {
    let bench = bench().await;
    bench.fake.inside.lock().unwrap().starting = 2;
    let mut spec = unique("a");
    spec.limits.memory_bytes = 3 << 29;
    let handle = bench.driver.create(&spec).await.unwrap();
    assert_eq!(bench.driver.create(&spec).await.unwrap(), handle);
    let name = format!("ours-{}", spec.name);
    {
        let inside = bench.fake.inside.lock().unwrap();
        let made = &inside.boxes[&name];
        assert_eq!((&made["networkBlockAll"], &made["memory"]), (&json!(true), &json!(2)));
    }
    bench.driver.stop(&handle).await.unwrap();
    bench.driver.stop(&handle).await.unwrap();
    assert!(bench.fake.inside.lock().unwrap().boxes.is_empty());
    bench.keeps_to_the_contract();
}

#[tokio::test]
async fn a_command_runs_once_with_its_words_as_they_are() {
    let bench = bench().await;
    let handle = bench.driver.create(&unique("b")).await.unwrap();
    let key = format!("key {}", types::EventId::generate());
    let mut command = Command::new(
        &key,
        [
            "sh",
            "-c",
            "cat; echo \"$A\" \"$1\" >> log; cat log; echo e >&2; exit 5",
            "sh",
            "it's $HOME",
        ],
    );
    command.stdin = b"input\n".to_vec();
    command.env.insert("A".into(), "a b'c".into());
    let outcome = bench.driver.exec(&handle, &command).await.unwrap();
    assert_eq!(outcome.exit.end, End::Status(5));
    assert_eq!(text(&outcome.stdout), "input\na b'c it's $HOME");
    assert_eq!(text(&outcome.stderr), "e");
    assert_eq!(bench.driver.exec(&handle, &command).await.unwrap().stdout, outcome.stdout);
    let log = bench.driver.read(&handle, "log", 100).await.unwrap();
    assert_eq!(text(&log), "a b'c it's $HOME", "it ran once");
    let other = bench.driver.start(&handle, &Command::shell(&key, "true")).await.unwrap_err();
    assert!(matches!(other, Error::KeyTaken { .. }), "{other}");
    let mut slow = Command::shell(format!("{key} slow"), "sleep 100");
    slow.wall = Some(Duration::from_secs(1));
    assert_eq!(bench.driver.exec(&handle, &slow).await.unwrap().exit.end, End::TimedOut);
    let unknown = bench.driver.status(&handle, "never").await.unwrap_err();
    assert!(matches!(unknown, Error::NoCommand { .. }), "{unknown}");
    bench.keeps_to_the_contract();
}

#[tokio::test]
async fn two_that_begin_a_command_at_once_run_it_once() {
    let bench = bench().await;
    let handle = bench.driver.create(&unique("c")).await.unwrap();
    let key = format!("key {}", types::EventId::generate());
    let command = Command::shell(&key, "echo x >> count; wc -l < count");
    bench.driver.exec(&handle, &command).await.unwrap();
    // The other one looked before there was a command, and asks for it now.
    let script = {
        let inside = bench.fake.inside.lock().unwrap();
        let ran = inside.sessions.values().flatten();
        let mut scripts = ran.map(|(command, ..)| command["command"].as_str().unwrap().to_owned());
        scripts.find(|script| script.contains("count")).unwrap()
    };
    let again = std::process::Command::new("sh").args(["-c", &script]).status().unwrap();
    assert_eq!(again.code(), Some(117));
    assert_eq!(text(&bench.driver.read(&handle, "count", 10).await.unwrap()), "x");
    // The machine was started anew and has forgotten its sessions: nobody can tell, and nothing runs.
    bench.fake.inside.lock().unwrap().sessions.clear();
    let lost = bench.driver.exec(&handle, &command).await.unwrap_err();
    assert!(matches!(lost, Error::Lost { .. }), "{lost}");
    assert_eq!(text(&bench.driver.read(&handle, "count", 10).await.unwrap()), "x");
}

#[tokio::test]
async fn files_go_in_and_out_below_the_workspace() {
    let bench = bench().await;
    let handle = bench.driver.create(&unique("d")).await.unwrap();
    bench.driver.write(&handle, "a/b.txt", b"bytes").await.unwrap();
    assert_eq!(bench.driver.read(&handle, "a/b.txt", 5).await.unwrap(), b"bytes");
    let large = bench.driver.read(&handle, "a/b.txt", 4).await.unwrap_err();
    assert!(matches!(large, Error::TooLarge { .. }), "{large}");
    let missing = bench.driver.read(&handle, "nothing", 4).await.unwrap_err();
    assert!(matches!(missing, Error::NotFound { .. }), "{missing}");
    let outside = bench.driver.read(&handle, "../x", 4).await.unwrap_err();
    assert!(matches!(outside, Error::Outside { .. }), "{outside}");
    let entries = bench.driver.list(&handle, "", 10).await.unwrap();
    assert_eq!(
        entries.iter().map(|entry| (entry.name.as_str(), entry.kind)).collect::<Vec<_>>(),
        [("a", Kind::Folder)]
    );
    bench.keeps_to_the_contract();
}

#[tokio::test]
async fn a_sandbox_that_reaches_what_it_may_not_is_removed() {
    let bench = bench().await;
    let driver = Daytona::open(options(&bench.fake, KEY, &answering())).await.unwrap();
    let mut spec = unique("e");
    let refused = driver.create(&spec).await.unwrap_err();
    assert!(matches!(refused, Error::NotIsolated(_)), "{refused}");
    assert!(refused.to_string().contains("it reaches the internet"), "{refused}");
    assert!(bench.fake.inside.lock().unwrap().boxes.is_empty());
    spec.trust = Trust::Trusted;
    driver.create(&spec).await.unwrap();
    for (port, private) in [(22, false), (443, true)] {
        let mut spec = unique("f");
        spec.egress.push(Allow { host: "example.com".into(), port, private });
        let refused = driver.create(&spec).await.unwrap_err();
        assert!(refused.to_string().contains("Daytona cannot do this"), "{refused}");
    }
}

#[tokio::test]
async fn orphans_are_swept_and_lasting_ones_and_those_of_others_are_not() {
    let bench = bench().await;
    let kept = unique("kept");
    let mut lasting = unique("lasting");
    lasting.persistent = true;
    for spec in [&kept, &lasting, &unique("orphan")] {
        bench.driver.create(spec).await.unwrap();
    }
    let swept = bench.driver.sweep(&BTreeSet::from([kept.name.clone()])).await.unwrap();
    assert_eq!((swept.removed, swept.kept, swept.failed.len()), (1, 2, 0), "{swept:?}");
    bench.keeps_to_the_contract();
}

#[tokio::test]
async fn failures_say_what_failed_and_whether_to_try_again() {
    let bench = bench().await;
    let handle = bench.driver.create(&unique("g")).await.unwrap();
    bench.fake.inside.lock().unwrap().broken = 1;
    let broken = bench.driver.list(&handle, "", 10).await.unwrap_err();
    assert!(matches!(&broken, Error::Remote { retry: true, .. }), "{broken}");
    assert!(broken.to_string().contains("502 while its state is started"), "{broken}");
    let key =
        Daytona::open(options(&bench.fake, "wrong", "http://127.0.0.1:9/")).await.err().unwrap();
    assert!(matches!(&key, Error::Remote { retry: false, .. }), "{key}");
    assert_eq!(key.to_string(), "the sandbox service failed to read the configuration: status 401");
}

#[test]
fn the_contract_finds_what_does_not_fit() {
    let contract = Contract::read(include_bytes!("../data/daytona-toolbox.openapi.yaml.gz"));
    let said = |path, query: &[&str], request, status, answer| {
        let query = query.iter().map(|&name| name.to_owned()).collect();
        contract.faults(&Said { method: "POST", path, query, request, status, answer }).len()
    };
    let session = "/process/session";
    assert_eq!(said(session, &[], Some(json!({ "sessionId": "a" })), 201, None), 0);
    assert_eq!(said(session, &[], Some(json!({ "sessionId": 1 })), 201, None), 1);
    assert_eq!(said(session, &[], Some(json!({})), 201, None), 1);
    assert_eq!(said(session, &[], Some(json!({ "sessionId": "a", "more": 1 })), 201, None), 1);
    assert_eq!(said(session, &[], Some(json!({ "sessionId": "a" })), 204, None), 1);
    assert_eq!(said("/process/sessions", &[], None, 200, None), 1);
    assert_eq!(said("/files/folder", &["path"], None, 201, None), 1);
    assert_eq!(said("/files/folder", &["path", "mode", "x"], None, 201, None), 1);
    let exec = "/process/session/a/exec";
    let body = || Some(json!({ "command": "x" }));
    assert_eq!(said(exec, &[], body(), 202, Some(json!({ "cmdId": "c" }))), 0);
    assert_eq!(said(exec, &[], body(), 202, Some(json!({}))), 1);
}
