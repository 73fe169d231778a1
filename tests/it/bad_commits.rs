//! Bad commits: each is stopped, with a message that names file and line, and changes nothing.

mod files;
mod policies;
mod promises;
mod rows;

use std::fs;

use serde_json::{Value, json};
use simulator::Price;
use support::{Caller, Database, ModelSpec, Server, Setup, Tree, chat, provider};

/// A commit that must not be taken.
struct Row {
    /// What is wrong with it.
    name: &'static str,
    /// How it differs from the starter tree.
    edits: Vec<Edit>,
    /// The file that is named.
    file: &'static str,
    /// What stands on the line that is named; empty where no line can be.
    on: &'static str,
    /// What the message says, among other things.
    phrase: &'static str,
}

/// A change of one file.
enum Edit {
    Write(&'static str, String),
    Bytes(&'static str, Vec<u8>),
    Remove(&'static str),
    /// A link to a file outside.
    Link(&'static str),
    /// One text for another.
    Replace(&'static str, &'static str, &'static str),
    /// The policy with this id goes.
    Cut(&'static str, &'static str),
}

impl Edit {
    fn apply(&self, tree: &Tree) {
        let read = |path: &str| fs::read_to_string(tree.folder().join(path)).unwrap();
        match self {
            Self::Write(path, text) => {
                tree.write(path, text);
            }
            Self::Bytes(path, bytes) => fs::write(tree.folder().join(path), bytes).unwrap(),
            Self::Remove(path) => {
                tree.remove(path);
            }
            Self::Link(path) => {
                std::os::unix::fs::symlink("/etc/hostname", tree.folder().join(path)).unwrap();
            }
            Self::Replace(path, from, to) => {
                let text = read(path);
                assert!(text.contains(from), "{path} does not say `{from}`");
                tree.write(path, &text.replace(from, to));
            }
            Self::Cut(path, id) => {
                let text = read(path);
                let start = text.find(&format!("@id(\"{id}\")")).expect("the policy is there");
                let end = start + text[start..].find(";\n").expect("a policy ends") + 2;
                tree.write(path, &format!("{}{}", &text[..start], &text[end..]));
            }
        }
    }
}

/// A server on the starter tree, with a model to call.
struct Stage {
    server: Server,
    caller: Caller,
    /// The first commit, to which every other goes back.
    first: String,
}

impl Stage {
    async fn new(simulator: &simulator::Simulator) -> Self {
        let mut setup = Setup::new(Database::Sqlite).await;
        // Only `policy reload` looks at the tree, so that every commit is looked at when it is there.
        setup.set("policy.poll_interval", "1h");
        setup.tree().starter().openai_provider("sim", simulator, "local").model(ModelSpec {
            id: "sim",
            provider: "sim",
            price: None,
        });
        let first = setup.tree().commit("the starter");
        let server = setup.start().await;
        let caller = Caller::new(&server, "default");
        Self { server, caller, first }
    }

    /// Loads the newest commit and gives the status with the command's exit code.
    fn reload(&self) -> (Option<i32>, Value) {
        let output = self.server.run(&["policy", "reload", "--json"]);
        let told = String::from_utf8_lossy(&output.stderr);
        let status = serde_json::from_slice(&output.stdout);
        (output.status.code(), status.unwrap_or_else(|error| panic!("{error}: {told}")))
    }

    /// The commit that decides.
    async fn in_force(&self) -> String {
        let answer = self.caller.ask(&chat("sim", "Hello.")).await;
        answer.assert_answered("sim");
        answer.header("x-orchestack-commit").to_owned()
    }

    /// The good tree again, in a new commit.
    async fn back(&self) -> String {
        self.server.tree().restore(&self.first);
        let good = self.server.tree().commit("as it was");
        let (code, status) = self.reload();
        assert_eq!((code, &status["rejected"]), (Some(0), &Value::Null), "{status:#}");
        assert_eq!(status["commit"], json!(good));
        good
    }
}

/// Whether the faults tell of it as the row says; else why not.
fn tells(row: &Row, tree: &Tree, faults: &Value) -> Result<(), String> {
    let line = (!row.on.is_empty()).then(|| {
        let text = fs::read_to_string(tree.folder().join(row.file)).unwrap();
        let (before, _) = text.split_once(row.on).expect("the row's line is there");
        before.matches('\n').count() + 1
    });
    let fits = |fault: &&Value| {
        let text = |key: &str| fault[key].as_str().unwrap_or_default();
        text("file").starts_with(row.file)
            && (row.on.is_empty() || fault["line"] == json!(line))
            && format!("{}: {}", text("key"), text("message")).contains(row.phrase)
            && !text("fix").is_empty()
    };
    match faults.as_array().into_iter().flatten().find(fits) {
        Some(_) => Ok(()),
        None => Err(format!(
            "{}: no fault of {}:{line:?} with `{}` in {faults:#}",
            row.name, row.file, row.phrase
        )),
    }
}

/// Makes each of the commits from the good tree, one after the other on one server.
async fn check(rows: Vec<Row>) {
    let simulator = provider(&[("sim", Price::FREE)]).await;
    let stage = Stage::new(&simulator).await;
    let mut wrong = Vec::new();
    let mut good = stage.in_force().await;
    for row in &rows {
        let tree = stage.server.tree();
        row.edits.iter().for_each(|edit| edit.apply(tree));
        let bad = tree.commit(row.name);
        let (code, status) = stage.reload();
        if status["rejected"] != json!(bad) || code != Some(1) || status["commit"] != json!(good) {
            wrong.push(format!("{}: it is taken, or not told: {status:#}", row.name));
        }
        wrong.extend(tells(row, tree, &status["faults"]).err());
        if stage.in_force().await != good {
            wrong.push(format!("{}: the good commit does not decide any more", row.name));
        }
        good = stage.back().await;
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
    assert_eq!(stage.in_force().await, good);
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_policies_are_stopped_and_told_with_file_and_line() {
    check(policies::all()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_promises_and_cases_are_stopped_and_told_with_file_and_line() {
    check(promises::all()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cases_statements_and_files_that_cannot_be_read_are_stopped_and_told() {
    check(files::all()).await;
}

#[test]
fn there_are_enough_bad_commits_and_no_two_are_the_same() {
    let rows: Vec<Row> =
        [policies::all(), promises::all(), files::all()].into_iter().flatten().collect();
    let names: std::collections::BTreeSet<&str> = rows.iter().map(|row| row.name).collect();
    assert!(rows.len() >= 60 && names.len() == rows.len(), "{} of {}", names.len(), rows.len());
}

/// The table above says nothing if every commit is refused.
#[tokio::test(flavor = "multi_thread")]
async fn good_commits_of_the_same_kinds_are_taken() {
    let simulator = provider(&[("sim", Price::FREE)]).await;
    let stage = Stage::new(&simulator).await;
    let forbid = "@id(\"good\")\nforbid (\n  principal,\n  \
                  action == Orchestack::Action::\"callModel\",\n  resource\n)\n\
                  when { context.budget has remaining && context.budget.remaining < 1000 };\n";
    let permit = "@id(\"default-with-care\")\n@redact(\"email\")\n@max_tokens(\"500\")\n\
                  @approval(\"infra-admin\")\n@quorum(\"2\")\n@expires(\"4h\")\npermit (\n  principal,\n  \
                  action == Orchestack::Action::\"callModel\",\n  resource == Orchestack::Model::\"x\"\n);\n";
    let statement = "[small-models-get-no-more-than-large-ones]\nsays = \"never\"\n\
                     actions = [\"callModel\"]\n\
                     when = 'context.kinds.contains(\"jwt\") && resource.locality == \"cloud\"'\n";
    let case = "[[case]]\nname = \"good\"\nmodel = { id = \"gpt-5\", locality = \"cloud\" }\n\
                remaining = \"0.0000005\"\nexpect = \"deny\"\nby = [\"good\"]\n";
    let sum = "@id(\"sum\")\nforbid (\n  principal,\n  \
               action == Orchestack::Action::\"callModel\",\n  resource\n)\n\
               when { context.label_rank >= 0 && context.label_rank <= 3 && \
               context.label_rank * 2 > 6 };\n";
    let commits: [&[(&str, &str)]; 4] = [
        &[("policies/good.cedar", forbid), ("tests/good.toml", case)],
        &[("agents/default/good.cedar", permit)],
        &[("invariants/good.toml", statement), ("notes.txt", "anything")],
        // It can be seen to stay in its bounds, so it is no forbid that fails.
        &[("policies/sum.cedar", sum)],
    ];
    for commit in commits {
        let tree = stage.server.tree();
        for (path, text) in commit {
            tree.write(path, text);
        }
        let good = tree.commit("good");
        let (code, status) = stage.reload();
        assert_eq!((code, &status["commit"]), (Some(0), &json!(good)), "{commit:?}: {status:#}");
        assert_eq!(stage.in_force().await, good);
    }
}
