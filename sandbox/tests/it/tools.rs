//! The built-in tools, on a sandbox of this machine.

use std::process::Command;

use sandbox::{Driver, tools};
use serde_json::{Value, json};
use types::{Effect, Replay};

use crate::support::Bench;

async fn call(bench: &Bench, name: &str, arguments: Value) -> tools::Report {
    let key = format!("{name} {arguments}");
    tools::call(&bench.driver, &bench.handle, name, arguments, &key).await.unwrap()
}

#[test]
fn every_tool_says_what_it_takes_and_what_it_does() {
    let all = tools::all();
    let rows: Vec<_> = all.iter().map(|tool| (tool.name, tool.effect, tool.replay)).collect();
    assert_eq!(
        rows,
        [
            ("shell.exec", Effect::Unknown, Replay::Once),
            ("file.read", Effect::Read, Replay::Pure),
            ("file.write", Effect::Write, Replay::Idempotent),
            ("file.list", Effect::Read, Replay::Pure),
            ("http.fetch", Effect::Egress, Replay::Idempotent),
            ("git.clone", Effect::Egress, Replay::Idempotent),
            ("git.commit", Effect::Write, Replay::Readback),
        ]
    );
    let fits = |name: &str, arguments: Value| {
        let tool = all.iter().find(|tool| tool.name == name).unwrap();
        jsonschema::validator_for(&tool.input).unwrap().is_valid(&arguments)
    };
    assert!(fits("shell.exec", json!({"command": "ls", "timeout_s": 5})));
    assert!(!fits("shell.exec", json!({"command": "ls", "root": true})));
    assert!(!fits("shell.exec", json!({})));
    assert!(!fits("file.write", json!({"path": "", "content": "x"})));
    assert!(fits("git.clone", json!({"url": "https://example.com/a", "folder": "a"})));
}

#[tokio::test]
async fn files_and_commands_work_together() {
    let Some(bench) = Bench::new(|_| {}).await else { return };
    let wrote =
        call(&bench, "file.write", json!({"path": "src/a.txt", "content": "one\ntwo\n"})).await;
    assert_eq!((wrote.ok, wrote.text.as_str()), (true, "wrote 8 bytes"));
    let ran = call(
        &bench,
        "shell.exec",
        json!({"command": "wc -l < a.txt; echo odd >&2; exit 4", "folder": "src"}),
    )
    .await;
    assert_eq!((ran.ok, ran.text.as_str()), (false, "2\n[stderr]\nodd\n[exit status 4]"));
    let read = call(&bench, "file.read", json!({"path": "src/a.txt", "offset": 4})).await;
    assert_eq!((read.text.as_str(), read.cut), ("two\n", false));
    let list = call(&bench, "file.list", json!({"path": ""})).await;
    assert_eq!(list.text, "src/\n");
    let long =
        call(&bench, "shell.exec", json!({"command": "yes | head -c 200000; echo end"})).await;
    assert!(
        long.cut && long.text.len() < 70_000 && long.text.ends_with("end\n"),
        "{}",
        long.text.len()
    );
    let slow = call(&bench, "shell.exec", json!({"command": "sleep 100", "timeout_s": 1})).await;
    assert_eq!((slow.ok, slow.text.as_str()), (false, "[ended: it ran for longer than it may]"));
}

#[tokio::test]
async fn arguments_lead_nowhere_else() {
    let Some(bench) = Bench::new(|_| {}).await else { return };
    for (name, arguments) in [
        ("file.read", json!({"path": "../box.json"})),
        ("file.read", json!({"path": "/etc/passwd"})),
        ("file.write", json!({"path": "a/../../x", "content": ""})),
        ("file.list", json!({"path": ".."})),
        ("shell.exec", json!({"command": "ls", "folder": "../.."})),
        ("git.clone", json!({"url": "file:///etc", "folder": "a"})),
        ("git.clone", json!({"url": "ext::sh -c id", "folder": "a"})),
        ("git.clone", json!({"url": "--upload-pack=id", "folder": "a"})),
        ("git.clone", json!({"url": "https://user:pass@example.com/", "folder": "a"})),
        ("git.clone", json!({"url": "https://example.com/", "folder": "../a"})),
        ("git.commit", json!({"folder": "/tmp", "message": "x"})),
        ("http.fetch", json!({"url": "file:///etc/passwd"})),
        ("http.fetch", json!({"url": "gopher://example.com/"})),
        ("http.fetch", json!({"url": "-o/workspace/x"})),
        ("http.fetch", json!({"url": "http://example.com/", "method": "POST"})),
        ("file.delete", json!({})),
    ] {
        let refused =
            tools::call(&bench.driver, &bench.handle, name, arguments.clone(), "key").await;
        assert!(refused.is_err(), "{name} {arguments}");
    }
    assert!(bench.driver.list(&bench.handle, "", 10).await.unwrap().is_empty());
    let denied = call(&bench, "http.fetch", json!({"url": "http://169.254.169.254/latest"})).await;
    assert!(!denied.ok, "{denied:?}");
    let words =
        "egress to 169.254.169.254:0 denied: it is an address; use a name that the list has";
    let shown = denied.refused.concat();
    assert!(shown.contains("denied: it is an address"), "{shown} is not {words}");
    let tunnel =
        call(&bench, "git.clone", json!({"url": "https://example.com/a", "folder": "a"})).await;
    assert!(!tunnel.ok, "{tunnel:?}");
    assert_eq!(
        tunnel.refused,
        ["egress to example.com:443 denied: this sandbox may connect to nothing"]
    );
}

#[tokio::test]
async fn a_repository_is_cloned_changed_and_committed_once() {
    // A repository as a folder that any server of files serves.
    let served = tempfile::tempdir().unwrap();
    let script = "git init -q -b main work && cd work && echo hello > file && git add . && \
                  git -c user.name=a -c user.email=a@b commit -qm first && cd .. && \
                  git clone -q --bare work repo.git && cd repo.git && git update-server-info";
    let made = Command::new("sh").args(["-c", script]).current_dir(served.path()).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let folder = served.path().to_owned();
    let files = axum::Router::new().fallback(move |uri: axum::http::Uri| {
        let path = folder.join(uri.path().trim_start_matches('/'));
        async move { tokio::fs::read(path).await.map_err(|_| axum::http::StatusCode::NOT_FOUND) }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move { axum::serve(listener, files).await.unwrap() });
    let allow = sandbox::Allow { host: "git.test".into(), port, private: true };
    let Some(bench) = Bench::new(|spec| spec.egress.push(allow)).await else { return };

    let clone = json!({"url": format!("http://git.test:{port}/repo.git"), "folder": "repo"});
    let cloned = call(&bench, "git.clone", clone).await;
    assert_eq!((cloned.ok, cloned.text.as_str()), (true, "cloned into ./repo"), "{cloned:?}");
    call(&bench, "file.write", json!({"path": "repo/new", "content": "x"})).await;
    // What a repository's own settings would run is not run.
    call(&bench, "shell.exec", json!({"command": "printf '#!/bin/sh\\ntouch /workspace/ran\\n' > .git/hooks/post-commit; chmod +x .git/hooks/post-commit", "folder": "repo"})).await;
    let commit = json!({"folder": "repo", "message": "second"});
    let committed = tools::call(&bench.driver, &bench.handle, "git.commit", commit.clone(), "k1")
        .await
        .unwrap();
    assert!(committed.ok && committed.text.trim().len() == 40, "{committed:?}");
    // Another driver's record of the key is gone with its machine; the commit is still found.
    let runs = bench.root.path().join("boxes/box/runs");
    std::fs::remove_dir_all(&runs).unwrap();
    std::fs::create_dir(&runs).unwrap();
    let again =
        tools::call(&bench.driver, &bench.handle, "git.commit", commit, "k1").await.unwrap();
    assert_eq!(again.text, committed.text);
    let log = call(
        &bench,
        "shell.exec",
        json!({"command": "git log --format=%s; ls ..", "folder": "repo"}),
    )
    .await;
    assert_eq!(log.text, "second\nfirst\nrepo\n");
    // Nor what the settings in its home say.
    call(&bench, "file.write", json!({"path": ".curlrc", "content": "output = taken\n"})).await;
    let fetched =
        call(&bench, "http.fetch", json!({"url": format!("http://git.test:{port}/repo.git/HEAD")}))
            .await;
    assert!(fetched.ok && fetched.text.starts_with("ref: refs/heads/main"), "{fetched:?}");
}

/// A repository whose settings run a program for every file, by each way that git has, and say so.
const SETTINGS: &str = r#"
git init -q -b main repo && cd repo
git init -q -b main within && (cd within && echo x > file && git add file && git commit -qm within)
git add within 2>/dev/null && git commit -qm first
for name in plain 'a=b' 'a b'; do
  git config "filter.$name.clean" 'touch /workspace/ran; cat'
  git config "filter.$name.required" true
done
git config filter.process.process 'touch /workspace/ran'
git config diff.external 'touch /workspace/ran'
git config gpg.program 'touch /workspace/ran'
git config core.fsmonitor 'touch /workspace/ran; false'
git config gc.auto 1 && git config gc.recentObjectsHook 'touch /workspace/ran'
printf '[filter "other"]\nclean = touch /workspace/ran; cat\n' > .git/other
git config include.path other
printf '[filter "home"]\nclean = touch /workspace/ran; cat\n[core]\nhooksPath = /workspace\n' > ~/.gitconfig
printf '*.a filter=plain\n*.b filter=a=b\n*.c filter=process\n*.d filter=other\n*.e filter=home\n' > .gitattributes
for file in a b c d e; do echo $file > file.$file; done
git -C within config filter.within.clean 'touch /workspace/ran; cat'
echo '* filter=within' > within/.git/info/attributes
echo changed > within/file && touch -d '1 day ago' within/file
rm -f /workspace/ran
"#;

#[tokio::test]
async fn what_a_repository_says_of_programs_is_not_run_when_its_files_are_committed() {
    let Some(bench) = Bench::new(|_| {}).await else { return };
    let made = json!({"command": SETTINGS});
    let made = tools::call(&bench.driver, &bench.handle, "shell.exec", made, "made").await.unwrap();
    assert!(made.ok, "{made:?}");
    let committed = call(&bench, "git.commit", json!({"folder": "repo", "message": "all"})).await;
    assert!(committed.ok && committed.text.trim().len() == 40, "{committed:?}");
    let again = call(&bench, "git.commit", json!({"folder": "repo", "message": "more"})).await;
    assert_eq!((again.ok, again.text.lines().next()), (false, Some("nothing changed")));
    let ran = "ls /workspace/ran 2>/dev/null; cd repo; git -c core.fsmonitor= ls-files | wc -l";
    let ran = call(&bench, "shell.exec", json!({"command": ran})).await;
    assert_eq!(ran.text, "7\n", "{ran:?}");
    // The control: git itself runs it.
    let plain = "cd repo; touch -d '1 day ago' file.*; git add --all; ls /workspace/ran";
    let plain = call(&bench, "shell.exec", json!({"command": plain})).await;
    assert!(plain.text.contains("/workspace/ran"), "{plain:?}");
}
