//! From the first start to an orderly end, as a person meets it.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use simulator::{Behaviour, Price, Simulator};
use support::{
    Answer, Caller, Client, Database, ModelSpec, Rows, Server, Setup, binary, chat, eventually,
    provider, streamed,
};
use tempfile::TempDir;

const READY_MAX: Duration = Duration::from_secs(60);

/// A folder of somebody who has read nothing but the first lines of the README.
pub(crate) struct Home {
    folder: TempDir,
    child: Option<Child>,
}

impl Home {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // Free ports are all that this person sets: the usual ones may be taken here.
        let settings = "[gateway]\nlisten = \"127.0.0.1:0\"\n[admin]\nlisten = \"127.0.0.1:0\"\n";
        std::fs::write(folder.path().join("orchestack.toml"), settings).unwrap();
        Self { folder, child: None }
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(binary("orchestack"));
        command.args(words).current_dir(self.folder.path());
        // No key of a real provider may be found and used by a test.
        command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin");
        command.env("HOME", self.folder.path()).stdin(Stdio::null());
        command
    }

    /// Where it keeps its state, once it has been started.
    pub(crate) fn state(&self) -> PathBuf {
        self.folder.path().join(".orchestack")
    }

    pub(crate) fn run(&self, words: &[&str]) -> Output {
        self.command(words).output().unwrap()
    }

    fn printed(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("printed")).unwrap_or_default()
    }

    /// Starts it and gives all that it has printed once it invites to try.
    pub(crate) async fn start(&mut self) -> String {
        let out = std::fs::File::create(self.folder.path().join("printed")).unwrap();
        let errors = out.try_clone().unwrap();
        let child = self.command(&["serve"]).stdout(out).stderr(errors).spawn();
        self.child = Some(child.unwrap());
        eventually("it prints a line to try", READY_MAX, async || {
            let printed = self.printed();
            let whole = printed.lines().any(|line| line.contains("curl ") && line.ends_with("}'"));
            whole.then_some(printed)
        })
        .await
    }

    async fn stop(&mut self) -> Option<i32> {
        let mut child = self.child.take().unwrap();
        terminate(child.id());
        let status =
            eventually("it stops after SIGTERM", READY_MAX, async || child.try_wait().unwrap());
        status.await.code()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
        if std::thread::panicking() {
            eprintln!("--- what was printed\n{}\n---", self.printed());
        }
    }
}

fn terminate(pid: u32) {
    let sent = Command::new("kill").args(["-TERM", &pid.to_string()]).status().unwrap();
    assert!(sent.success());
}

/// Pastes the line that begins with `curl` into a shell.
fn paste(printed: &str) -> Value {
    let line = printed.lines().find(|line| line.trim_start().starts_with("curl ")).unwrap();
    let output = Command::new("bash").args(["-c", line]).env_remove("http_proxy").output().unwrap();
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap_or_default()
}

pub(crate) fn word_with<'t>(text: &'t str, start: &str) -> Option<&'t str> {
    let end = |c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-');
    let at = text.find(start)?;
    text.get(at..)?.split(end).next()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_start_makes_all_that_is_needed_and_its_line_answers_when_pasted() {
    let mut home = Home::new();
    let printed = home.start().await;
    let key = word_with(&printed, "ork_").expect("a key").to_owned();
    let token = word_with(&printed, "ora_").expect("an admin token").to_owned();
    let answer = paste(&printed);
    let content = answer.pointer("/choices/0/message/content").and_then(Value::as_str);
    let content = content.unwrap_or_default();
    assert!(!content.is_empty(), "{answer}");
    // Nobody mistakes the simulator for a model: in the greeting, the answer and the list.
    if printed.contains("SIMULATOR") {
        assert!(content.to_lowercase().contains("simulator"), "{content}");
        let list = home.run(&["model", "list"]);
        assert!(String::from_utf8_lossy(&list.stdout).to_lowercase().contains("simulator"));
    }
    let state = home.state();
    let mode = std::fs::metadata(&state).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o700, "others may read the state");
    let tree = state.join("tree");
    let log = Command::new("git").arg("-C").arg(&tree).args(["log", "--oneline"]).output().unwrap();
    assert!(log.status.success() && !log.stdout.is_empty(), "the starter tree has no commit");
    assert!(tree.join("agents/default/agent.toml").is_file());
    // The token works on the admin API, and nothing does without it.
    let admin = printed.lines().find_map(|line| line.trim().strip_prefix("admin ")).unwrap();
    let admin = admin.split_whitespace().next().unwrap();
    let url = format!("{admin}/api/v1/keys");
    let client = Client::new();
    assert_eq!(client.status(&url).await, Some(401));
    let listed = Answer::read(client.0.get(&url).bearer_auth(&token)).await;
    assert_eq!(listed.status, 200, "{}", listed.text);
    assert_eq!(client.status(&format!("{admin}/readyz")).await, Some(200));
    assert_eq!(home.stop().await, Some(0));

    // The second start knows everybody and tells no secret again.
    let again = home.start().await;
    assert!(!again.contains(&key) && !again.contains(&token), "{again}");
    assert!(word_with(&again, "ora_").is_none(), "{again}");
    assert!(word_with(&again, "ork_").is_none(), "{again}");
    let endpoint = again.lines().find_map(|line| line.trim().strip_prefix("endpoint ")).unwrap();
    let url = format!("{}/chat/completions", endpoint.trim());
    let answer = Client::new().post(&url, &key, &chat("auto", "Hello again.")).await;
    assert_eq!(answer.status(), 200, "the first key is still good");
    let keys = home.run(&["key", "list", "--json"]);
    let keys: Value = serde_json::from_slice(&keys.stdout).unwrap();
    assert_eq!(keys["keys"].as_array().map(Vec::len), Some(1), "{keys}");
    assert_eq!(home.stop().await, Some(0));
    // Commands work on the state where no server runs.
    let made = home.run(&["key", "create", "--agent", "default", "--json"]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

async fn stage(settings: &[(&str, &str)]) -> (Server, Simulator, Caller) {
    let simulator = provider(&[("sim", Price::dollars_per_million(3, 15))]).await;
    let mut setup = Setup::new(Database::Sqlite).await;
    for (key, value) in settings {
        setup.set(key, value);
    }
    setup.tree().openai_provider("sim", &simulator, "cloud").model(ModelSpec {
        id: "sim",
        provider: "sim",
        price: Some(("3.00", "15.00")),
    });
    let server = setup.start().await;
    let caller = Caller::new(&server, "default");
    (server, simulator, caller)
}

/// Reads a stream's first pieces, so that it is surely under way.
async fn begin(caller: &Caller) -> (reqwest::Response, String) {
    let mut response = caller.request(&streamed("sim", "Hello.")).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let mut text = String::new();
    while text.matches("\"content\":").count() < 3 {
        let chunk = response.chunk().await.unwrap().expect("the stream goes on");
        text.push_str(&String::from_utf8_lossy(&chunk));
    }
    (response, text)
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_lets_a_running_stream_come_to_its_end() {
    let (mut server, simulator, caller) = stage(&[]).await;
    let slow = Behaviour { chunk_delay_ms: 50, output_tokens: Some(40), ..Behaviour::default() };
    simulator.script(slow, Vec::new());
    let (response, mut text) = begin(&caller).await;
    let url = format!("{}/readyz", server.gateway());
    let reading = tokio::spawn(async move {
        let rest = response.text().await.unwrap_or_else(|error| panic!("it was cut: {error}"));
        text.push_str(&rest);
        text
    });
    let status = server.sigterm().await;
    assert!(status.success(), "{status}");
    let text = reading.await.unwrap();
    assert!(text.contains("data: [DONE]"), "{text}");
    assert_eq!(Client::new().status(&url).await, None, "the port is still open");
    // Everything is settled before it ends, not left to the reaper.
    server.restart().await;
    let rows = Rows::of(&server).await;
    assert_eq!(rows.open_holds().await, 0);
    let ledger = rows.ledger().await;
    assert_eq!(ledger.iter().map(|row| row.basis.as_str()).collect::<Vec<_>>(), ["provider"]);
    assert_eq!(ledger[0].amount, i64::try_from(simulator.bill_total().nanos).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_outlives_the_drain_is_cut_and_settled() {
    let (mut server, simulator, caller) = stage(&[("gateway.drain_timeout", "500ms")]).await;
    let slow = Behaviour { chunk_delay_ms: 50, output_tokens: Some(3_000), ..Behaviour::default() };
    simulator.script(slow, Vec::new());
    let (response, _) = begin(&caller).await;
    let reading = tokio::spawn(response.text());
    assert!(server.sigterm().await.success());
    let ended = reading.await.unwrap();
    assert!(!ended.is_ok_and(|text| text.contains("[DONE]")), "a cut stream looks whole");
    server.restart().await;
    let rows = Rows::of(&server).await;
    assert_eq!(rows.open_holds().await, 0);
    let ledger = rows.ledger().await;
    let [row] = ledger.as_slice() else { panic!("{ledger:?}") };
    let bill = i64::try_from(simulator.bill_total().nanos).unwrap();
    assert!(row.basis == "worst_case" && row.amount >= bill, "{row:?}, billed {bill}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ready_means_that_the_database_answers() {
    let simulator = provider(&[("sim", Price::FREE)]).await;
    let setup = Setup::new(Database::Postgres).await;
    setup.tree().openai_provider("sim", &simulator, "local").model(ModelSpec {
        id: "sim",
        provider: "sim",
        price: None,
    });
    let server = setup.start().await;
    let caller = Caller::new(&server, "default");
    let client = Client::new();
    let (ready, health) =
        (format!("{}/readyz", server.gateway()), format!("{}/healthz", server.gateway()));
    assert_eq!(client.status(&ready).await, Some(200));
    // The whole database goes away, connections included.
    let name = server.store_url().unwrap().rsplit('/').next().unwrap().to_owned();
    let admin = server.store_url().unwrap().replace(&name, "postgres");
    let sql = |statement: String| {
        let admin = admin.clone();
        async move {
            use sqlx::Connection as _;
            let mut connection = sqlx::PgConnection::connect(&admin).await.unwrap();
            let done = sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut connection).await;
            done.unwrap_or_else(|error| panic!("{error}"));
        }
    };
    // Nobody can connect while the open connections are ended, so that none comes back.
    sql(format!("alter database {name} allow_connections false")).await;
    sql(format!("select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'"))
        .await;
    eventually("it says that it is not ready", READY_MAX, async || {
        (client.status(&ready).await == Some(503)).then_some(())
    })
    .await;
    assert_eq!(client.status(&health).await, Some(200), "it lives all the same");
    let calls = simulator.log().len();
    let refused = caller.ask(&chat("sim", "Hello.")).await;
    refused.assert_refused(503, "dependency_unavailable");
    assert!(!refused.header("retry-after").is_empty(), "{:?}", refused.headers);
    assert_eq!(simulator.log().len(), calls, "a hard cap fails closed");
    sql(format!("alter database {name} allow_connections true")).await;
    eventually("it is ready again", READY_MAX, async || {
        (client.status(&ready).await == Some(200)).then_some(())
    })
    .await;
    eventually("it answers again", READY_MAX, async || {
        (caller.ask(&chat("sim", "Hello.")).await.status == 200).then_some(())
    })
    .await;
}

#[test]
fn every_mistake_in_the_settings_is_told_at_once() {
    let home = Home::new();
    let settings = "[gateway]\nlisten = \"nowhere\"\nmax_body_bytes = 1\nlissten = 1\n\n\
                    [ledger]\nlease = \"1s\"\n\n[bus]\nurl = \"kafka://x\"\n\n[nonsense]\nx = 1\n";
    std::fs::write(home.folder.path().join("orchestack.toml"), settings).unwrap();
    let mut command = home.command(&["serve"]);
    command.env("ORCHESTACK_UPSTREAM__MAX_ATTEMPTS", "99").env("ORCHESTACK_NO__SUCH", "1");
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8_lossy(&output.stderr);
    for mistake in [
        "listen",
        "max_body_bytes",
        "lissten",
        "lease",
        "bus.url",
        "nonsense",
        "MAX_ATTEMPTS",
        "NO__SUCH",
        "orchestack.toml",
    ] {
        assert!(told.contains(mistake), "`{mistake}` is not told:\n{told}");
    }
    assert!(!home.folder.path().join(".orchestack").exists(), "a failed start left something");
}

#[test]
fn a_port_that_is_taken_is_told_with_what_to_do() {
    let home = Home::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = home.command(&["serve"]).env("ORCHESTACK_GATEWAY__LISTEN", &address).output();
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains(&address) && told.contains("gateway.listen"), "{told}");
}

#[test]
fn every_command_has_help_with_an_example() {
    let home = Home::new();
    let mut waiting = vec![Vec::<String>::new()];
    let mut seen = 0;
    while let Some(words) = waiting.pop() {
        let mut asked: Vec<&str> = words.iter().map(String::as_str).collect();
        asked.push("--help");
        let output = home.run(&asked);
        let help = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success() && help.contains("Example"), "{words:?}: {help}");
        seen += 1;
        let listed = help.split("Commands:\n").nth(1).unwrap_or_default();
        for line in listed.lines().take_while(|line| !line.is_empty()) {
            // Names stand two spaces in; what is further in goes on with a description.
            let name = line.strip_prefix("  ").filter(|rest| !rest.starts_with(' '));
            if let Some(name) = name.and_then(|rest| rest.split_whitespace().next()) {
                waiting.push([words.as_slice(), &[name.to_owned()]].concat());
            }
        }
    }
    assert!(seen > 25, "only {seen} commands");
    assert_eq!(home.run(&["fly"]).status.code(), Some(2));
    assert!(home.run(&["--version"]).status.success());
}
