//! `orchestack dlp` and its operation of the admin API, as people and hooks use them.

use std::{
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Output, Stdio},
};

use serde_json::{Value, json};
use support::{Client, Database, Setup, binary};
use tempfile::TempDir;

/// Whoever only looks.
const AUDITORS: &str = r#"@id("auditors-read")
permit (principal in Orchestack::Group::"auditor", action == Orchestack::Action::"administer", resource)
when { context.read_only };
"#;

/// Runs the program in a folder where no server and no state is.
fn run(dir: &Path, words: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(binary("orchestack"))
        .args(words)
        .current_dir(dir)
        .env("ORCHESTACK_STATE__DIR", dir.join("no-state"))
        .env_remove("ORCHESTACK_ADMIN_TOKEN")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program can be started");
    // Whoever reads no input has ended by now.
    let _ = child.stdin.take().expect("a pipe").write_all(input);
    child.wait_with_output().expect("it ends")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[track_caller]
fn told(output: &Output, code: i32) -> String {
    assert_eq!(output.status.code(), Some(code), "{}", text(&output.stderr));
    text(&output.stdout)
}

fn read(output: &Output, code: i32) -> Value {
    serde_json::from_str(&told(output, code)).expect("JSON")
}

/// A folder with something in most of its files.
fn folder() -> TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &[u8]| {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("its folder");
        fs::write(path, text).expect("a file");
    };
    file("notes.txt", "é\nSSN 536-22-8726, to ann@example.com\n".as_bytes());
    file("src/plain.rs", b"fn main() {}\n");
    file("src/mail.rs", b"// by bob@example.com\n");
    file("src/image.png", b"\x89PNG\0\0 bob@example.com");
    file("src/.git/config", b"email = eve@example.com\n");
    dir
}

#[test]
fn kinds_and_places_are_told_and_never_a_value() {
    let dir = folder();
    let output = run(dir.path(), &["dlp", "scan", "notes.txt"], b"");
    let out = told(&output, 0);
    for expected in ["notes.txt:2:5", "7..18", "us_ssn", "restricted", "notes.txt:2:21", "email"] {
        assert!(out.contains(expected), "{expected} is not in:\n{out}");
    }
    assert!(out.contains("2 finding(s) in 1 file(s), by the default settings"), "{out}");
    for value in ["536-22", "8726", "ann", "example.com"] {
        assert!(!out.contains(value) && !text(&output.stderr).contains(value), "{out}");
    }
    let report = read(&run(dir.path(), &["dlp", "scan", "notes.txt", "--json"], b""), 0);
    assert_eq!(report["label"], "restricted");
    let found = &report["files"][0]["findings"][0];
    assert_eq!(
        (&found["kind"], &found["start"], &found["end"]),
        (&json!("us_ssn"), &json!(7), &json!(18))
    );
    assert!(found["terms"].as_array().is_some_and(|terms| !terms.is_empty()), "{found}");
    assert!(!report.to_string().contains("8726"));
    // What is masked is for the eyes of whoever sits there.
    let output = run(dir.path(), &["dlp", "scan", "notes.txt", "--show"], b"");
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stdout));
}

#[test]
fn a_hook_fails_on_a_label_and_on_nothing_below() {
    let dir = folder();
    let scan = |words: &[&str], input: &[u8]| {
        let output = run(dir.path(), &[&["dlp", "scan"], words].concat(), input);
        output.status.code().expect("it ends by itself")
    };
    let mail = b"to ann@example.com";
    assert_eq!(scan(&["-"], mail), 0);
    assert_eq!(scan(&["-", "--fail-on", "sensitive"], mail), 1);
    assert_eq!(scan(&["-", "--fail-on", "restricted"], mail), 0);
    assert_eq!(scan(&["-", "--fail-on", "sensitive", "--kinds", "secret,card"], mail), 0);
    assert_eq!(scan(&["-", "--fail-on", "public"], b"nothing to see"), 0);
    let list: String = (0..12).map(|n| format!("a{n}@example.com\n")).collect();
    assert_eq!(scan(&["-", "--fail-on", "restricted"], list.as_bytes()), 1);
    // Mistakes are no findings.
    assert_eq!(scan(&["-", "--kinds", "mail"], mail), 2);
    assert_eq!(scan(&["-", "--fail-on", "secret"], mail), 2);
    assert_eq!(scan(&["src"], b""), 2);
    assert_eq!(scan(&["missing.txt"], b""), 1);
}

#[test]
fn a_folder_is_searched_without_what_is_no_text_and_without_git() {
    let dir = folder();
    let words = ["dlp", "scan", ".", "--recursive", "--json", "--min-label", "sensitive"];
    let report = read(&run(dir.path(), &words, b""), 0);
    let files: Vec<_> = report["files"].as_array().expect("files").iter().collect();
    let names: Vec<_> = files.iter().map(|file| file["file"].as_str().expect("a name")).collect();
    assert_eq!(names, ["./notes.txt", "./src/mail.rs"]);
    assert_eq!((&report["looked_at"], &report["complete"]), (&json!(3), &json!(true)));
    assert_eq!(report["skipped"], json!([{ "file": "./src/image.png", "why": "binary" }]));
}

#[test]
fn a_long_input_is_read_in_pieces_with_the_same_places() {
    let line = "some plain words that are here to be read, and then some more of them\n";
    let lines = (9 << 20) / line.len();
    let input = line.repeat(lines) + "to ann@example.com\n";
    let dir = folder();
    let report = read(&run(dir.path(), &["dlp", "scan", "-", "--json"], input.as_bytes()), 0);
    assert_eq!((&report["complete"], &report["label"]), (&json!(true), &json!("sensitive")));
    let found = &report["files"][0]["findings"];
    assert_eq!(found.as_array().map(Vec::len), Some(1), "{found}");
    assert_eq!((&found[0]["line"], &found[0]["column"]), (&json!(lines + 1), &json!(4)));
    assert_eq!(found[0]["start"], json!(lines * line.len() + 3));
}

#[test]
fn the_settings_of_a_tree_count() {
    let dir = folder();
    let tree = dir.path().join("tree");
    fs::create_dir(&tree).expect("a folder");
    let settings = "[dlp]\nscore_min = 60\n[dlp.labels]\nemail = \"public\"\n";
    fs::write(tree.join("orchestack.toml"), settings).expect("a file");
    let words = ["dlp", "scan", "-", "--tree", "tree", "--json"];
    let report = read(&run(dir.path(), &words, b"to ann@example.com"), 0);
    assert_eq!(report["files"][0]["findings"][0]["label"], "public");
    assert_eq!(report["detectors"], "folder tree");
    fs::write(tree.join("orchestack.toml"), "[dlp]\nscore_mni = 60\n").expect("a file");
    let output = run(dir.path(), &["dlp", "scan", "-", "--tree", "tree"], b"");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("score_mni"), "{}", text(&output.stderr));
    // In the tree itself the file of that name is not about a server.
    let output = run(&tree, &["dlp", "scan", "-"], b"to ann@example.com");
    assert!(told(&output, 0).contains("by the default settings"));
}

#[test]
fn kinds_are_listed_and_candidates_explained() {
    let dir = folder();
    let kinds = read(&run(dir.path(), &["dlp", "kinds", "--family", "payment", "--json"], b""), 0);
    let kinds = kinds.as_array().expect("a list");
    assert!(kinds.iter().any(|kind| kind["name"] == "iban" && kind["label"] == "restricted"));
    assert!(kinds.iter().all(|kind| kind["family"] == "payment" && kind["source"] != ""));
    let page = told(&run(dir.path(), &["dlp", "explain", "iban"], b""), 0);
    assert!(page.starts_with("## iban\n") && page.contains("@redact(\"iban\")"), "{page}");
    let output = run(dir.path(), &["dlp", "explain", "ibann"], b"");
    assert_eq!(output.status.code(), Some(2));
    let words = ["dlp", "explain", "--text", "-", "--json"];
    let explained = read(&run(dir.path(), &words, b"536-22-8726, version 10.1.2.3 of"), 0);
    let standings: Vec<_> = explained["candidates"].as_array().expect("a list").iter().collect();
    for expected in ["finding", "below_threshold"] {
        assert!(standings.iter().any(|one| one["standing"] == expected), "{explained}");
    }
    let pages = dir.path().join("pages");
    told(&run(dir.path(), &["dlp", "kinds", "--markdown", "pages"], b""), 0);
    assert!(fs::read_to_string(pages.join("secret.md")).is_ok_and(|page| page.contains("## jwt")));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_admin_api_finds_tells_places_and_keeps_a_record_without_the_text() {
    let setup = Setup::new(Database::Sqlite).await;
    let tree = setup.tree();
    tree.write("policies/auditors.cedar", AUDITORS);
    tree.write("orchestack.toml", "[dlp.labels]\nemail = \"internal\"\n");
    let server = setup.start().await;
    let made = server.json(&["person", "add", "ann", "--groups", "auditor"]);
    let token = made["token"].as_str().expect("a token").to_owned();
    let client = Client::new();
    let ask = async |path: &str, token: &str, body: Value| {
        let answer = client.post(&format!("{}{path}", server.admin()), token, &body).await;
        let status = answer.status().as_u16();
        (status, answer.json::<Value>().await.expect("JSON"))
    };
    let body = json!({ "texts": ["nothing", "é SSN 536-22-8726, to ann@example.com"] });
    // Whoever may only look may ask, under either name.
    for path in ["/api/v1/dlp/scan", "/v1/dlp/scan"] {
        let (status, found) = ask(path, &token, body.clone()).await;
        assert_eq!(status, 200, "{found}");
        assert_eq!((&found["label"], &found["complete"]), (&json!("restricted"), &json!(true)));
        let first = &found["findings"][0];
        assert_eq!((&first["kind"], &first["place"]), (&json!("us_ssn"), &json!("texts[1]")));
        assert_eq!(first["bytes"], json!({ "start": 7, "end": 18 }));
        assert_eq!(first["chars"], json!({ "start": 6, "end": 17 }));
        assert_eq!(found["findings"][1]["label"], "internal", "the tree says so: {found}");
        assert!(!found.to_string().contains("8726"), "{found}");
    }
    let record = &server.json(&["audit", "tail", "--kind", "admin", "-n", "1"])["records"][0];
    assert_eq!((&record["resource"], &record["actor"]), (&json!("dlp.scan"), &json!("ann")));
    assert_eq!(record["detail"]["findings"], json!({ "us_ssn": 1, "email": 1 }));
    assert_eq!(record["detail"]["sha256"].as_array().map(Vec::len), Some(2));
    assert!(!record.to_string().contains("8726") && !record.to_string().contains("example.com"));
    let (status, refused) = ask("/api/v1/dlp/scan", &token, json!({})).await;
    assert_eq!((status, &refused["error"]["code"]), (400, &json!("invalid_request")));
    let (status, _) = ask("/v1/dlp/scan", "ora_nobody", body).await;
    assert_eq!(status, 401);
    // The command looks as the server does that runs.
    let file = server.within("mail.txt");
    fs::write(&file, "to ann@example.com").expect("a file");
    let report = server.json(&["dlp", "scan", &file.display().to_string()]);
    assert_eq!(report["files"][0]["findings"][0]["label"], "internal", "{report}");
    assert!(report["detectors"].as_str().is_some_and(|name| name.starts_with("commit ")));
}
