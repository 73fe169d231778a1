//! The page and the widget in a real browser: headless Chromium, driven by `tests/browser/page.mjs`, which
//! tells this process what the agent does next.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
};

use axum::{
    Json, Router,
    extract::State,
    response::Html,
    routing::{get, post},
};
use serde_json::{Value, json};
use store::work::{Claim, Until};
use tokio::{net::TcpListener, process::Command, sync::Mutex};
use types::{ApprovalId, work::EventKind};

use crate::support::{ANNA, Site, event};

/// What the browser's script works with.
struct Stage {
    site: Site,
    claim: Option<Claim>,
}

type Shared = State<Arc<Mutex<Stage>>>;

/// The folder that scripts/sdks.sh fills.
fn packages() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/sdk-node");
    let folder = folder.canonicalize().expect("target/sdk-node is there: run scripts/sdks.sh");
    assert!(folder.join("stamp").is_file(), "{folder:?} is not whole: run scripts/sdks.sh");
    folder
}

/// Runs a script of `folder` beside the packages, where Node finds them.
async fn node(script: &str, arguments: &[&str]) -> String {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(script);
    let name = format!("{}-{}.mjs", source.file_stem().unwrap().display(), std::process::id());
    let copy = packages().join(name);
    std::fs::copy(&source, &copy).unwrap();
    let mut command = Command::new("node");
    command.arg(&copy).args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    let output = command.output().await.expect("node runs");
    std::fs::remove_file(&copy).unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{printed}{errors}");
    printed
}

async fn act(State(stage): Shared, Json(ask): Json<Value>) -> Json<Value> {
    let mut stage = stage.lock().await;
    let text = ask["text"].as_str().unwrap_or_default().to_owned();
    let told = match ask["do"].as_str().unwrap() {
        "claim" => {
            let claim = stage.site.claim().await;
            let task = claim.task.id;
            stage.claim = Some(claim);
            json!({ "task": task })
        }
        "delta" => {
            let (claim, offset) = (stage.claim.as_ref().unwrap(), ask["offset"].as_u64());
            stage.site.delta(claim, offset, &text).await;
            Value::Null
        }
        "answer" => {
            let claim = stage.claim.take().unwrap();
            stage.site.answer(&claim, &text).await;
            Value::Null
        }
        "ask people" => {
            let claim = stage.claim.take().unwrap();
            let id = ApprovalId::generate();
            let body = json!({
                "approval": id, "tool": ask["tool"], "arguments": ask["arguments"],
                "reason": "The agent wants to run a command.", "roles": ["infra-admin"],
            });
            let shown = [event(EventKind::Approval, body)];
            let work = stage.site.store.work();
            work.wait(&claim, None, Until::Approval(id), &shown).await.unwrap();
            json!({ "approval": id })
        }
        "end" => {
            stage.site.end().await;
            Value::Null
        }
        "begin" => {
            stage.site.begin().await;
            Value::Null
        }
        "votes" => {
            let votes = stage.site.house.votes.lock().unwrap();
            json!(votes.iter().map(|(_, id, vote)| (id, vote)).collect::<Vec<_>>())
        }
        other => panic!("there is no act `{other}`"),
    };
    Json(told)
}

/// The stage, and the address at which the script reaches it. It is also a page of another origin that has
/// the widget.
async fn stage() -> (Arc<Mutex<Stage>>, String, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let control = format!("http://{}", listener.local_addr().unwrap());
    let origin = control.clone();
    let site = Site::with(|settings| {
        settings.origins = vec![origin];
        settings.messages_per_minute = 1_000;
        settings.messages_per_minute_per_address = 1_000;
    })
    .await;
    let url = site.url("");
    let page = format!(
        "<!doctype html><title>Shop</title><h1>Shop</h1>\
         <script src=\"{url}/widget.js\" data-agent=\"default\" data-label=\"Ask us\"></script>"
    );
    let stage = Arc::new(Mutex::new(Stage { site, claim: None }));
    let app = Router::new()
        .route("/act", post(act))
        .route("/shop", get(async move || Html(page)))
        .with_state(Arc::clone(&stage));
    tokio::spawn(async move { axum::serve(listener, app).await });
    (stage, url, control)
}

#[tokio::test(flavor = "multi_thread")]
async fn people_use_the_page_and_the_widget() {
    let (stage, url, control) = stage().await;
    let pictures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/webchat");
    std::fs::create_dir_all(&pictures).unwrap();
    let pictures = pictures.canonicalize().unwrap();
    let arguments = [&url, &control, ANNA, pictures.to_str().unwrap()];
    let printed = node("tests/browser/page.mjs", &arguments).await;
    let passed: Vec<&str> = printed.lines().filter_map(|line| line.strip_prefix("ok ")).collect();
    assert_eq!(
        passed,
        [
            "asks and reads as it is written",
            "goes on after the server was away",
            "shows hostile text as text",
            "decides a question",
            "offers a code that pairs an account",
            "attaches a file",
            "works without sockets",
            "works within another page",
            "is readable for everybody",
        ],
        "{printed}"
    );
    drop(stage);
}

#[tokio::test]
async fn the_built_files_are_what_their_sources_give() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("webchat");
    let built = tempfile::tempdir_in(packages()).unwrap();
    let copy = |from: &str, to: &str| {
        std::fs::create_dir_all(built.path().join("src")).unwrap();
        std::fs::copy(sources.join(from), built.path().join(to)).unwrap();
    };
    copy("build.mjs", "build.mjs");
    copy("tsconfig.json", "tsconfig.json");
    for file in std::fs::read_dir(sources.join("src")).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        copy(&format!("src/{name}"), &format!("src/{name}"));
    }
    let mut command = Command::new("node");
    command.arg(built.path().join("build.mjs")).arg(built.path().join("dist"));
    let output = command.output().await.expect("node runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for name in ["page.html", "page.css", "page.js", "widget.js"] {
        let read = |folder: &Path| std::fs::read_to_string(folder.join("dist").join(name)).unwrap();
        let same = read(built.path()) == read(&sources);
        assert!(same, "connectors/webchat/dist/{name} is old: run `make webchat` and commit it");
    }
}
