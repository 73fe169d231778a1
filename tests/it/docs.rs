//! Every example of README.md and of the guides in docs/, run as a reader would run it.
//!
//! A comment before a fenced block says how it is tested. A block without one fails the test.
//!
//! | comment | what is done |
//! |---|---|
//! | `<!-- test: run -->` | the commands are run in one shell per page, beside a server whose providers are simulated; the `# ` lines below a command are its output, with `...` for anything |
//! | `<!-- test: make -->` | every word after `make` is a target of the Makefile |
//! | `<!-- test: file PATH -->` | the block is written to PATH, for the commands that follow |
//! | `<!-- test: tree PATH -->` | the tree with the block at PATH, for this moment, passes `orchestack policy check` |
//! | `<!-- test: settings -->` | the block is read as `orchestack.toml` of a process |
//! | `<!-- test: request STATUS CODE -->` | the body is sent and answered with that status and code |
//! | `<!-- test: python -->` | the script is run with OpenAI's package |
//!
//! A command that is to fail ends its output with `# (exit 1)`.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "an example that does not work fails as tests do"
)]

pub(crate) mod page;
mod site;

use std::{collections::BTreeSet, fs, process::Command};

use serde_json::{Value, json};
use support::binary;

use page::{Block, blocks, name, read, root, rows};
use site::{Site, environment};

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_of_the_first_day_work() {
    check("docs/first-day.md").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_of_the_readme_work() {
    check("README.md").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_of_the_poisoned_page_works() {
    check("examples/poisoned-page/README.md").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_guide_to_agents_that_work_does_what_it_says() {
    check("docs/agents.md").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_guide_to_processes_does_what_it_says() {
    check("docs/processes.md").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_of_the_policy_guide_work() {
    check("docs/policies.md").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_organisation_is_made_in_ten_policies() {
    check("docs/guide.md").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_of_the_model_guide_work() {
    check("docs/models.md").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_of_the_routing_guide_work() {
    check("docs/routing.md").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_of_the_tool_guide_work() {
    check("docs/tools.md").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_of_the_guide_to_detectors_work() {
    check("docs/custom-detectors.md").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_of_the_provider_guide_work() {
    check("docs/providers.md").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_of_the_budget_guide_work() {
    check("docs/budgets.md").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_of_the_guide_for_mcp_clients_work() {
    check("docs/mcp.md").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_of_the_cache_guide_work() {
    check("docs/cache.md").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_of_the_limits_guide_work() {
    check("docs/limits.md").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_of_the_dlp_guide_work() {
    check("docs/dlp.md").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_of_the_operations_guide_work() {
    check("docs/operations.md").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_of_the_api_guide_work() {
    check("docs/api.md").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_of_the_guide_to_dialects_work() {
    check("docs/dialects.md").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_of_the_guide_to_the_console_work() {
    check("docs/console.md").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_of_the_guide_to_the_webchat_work() {
    check("docs/webchat.md").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_of_the_guide_to_sandboxes_work() {
    check("docs/sandboxes.md").await;
}

#[test]
fn every_page_is_tested_and_every_link_leads_somewhere() {
    let pages = fs::read_dir(root().join("docs")).expect("the folder of the guides");
    let mut pages: Vec<String> = pages
        .map(|page| format!("docs/{}", page.expect("a page").file_name().display()))
        .filter(|page| page.ends_with(".md"))
        .collect();
    pages.sort();
    let tested = [
        "agents",
        "api",
        "budgets",
        "cache",
        "commands",
        "console",
        "custom-detectors",
        "dialects",
        "dlp",
        "first-day",
        "guide",
        "limits",
        "mcp",
        "models",
        "operations",
        "policies",
        "processes",
        "providers",
        "routing",
        "sandboxes",
        "tools",
        "webchat",
    ];
    assert_eq!(pages, tested.map(|name| format!("docs/{name}.md")));
    pages.push("README.md".to_owned());
    for page in pages {
        let text = read(&page);
        let folder = root().join(&page).parent().expect("a page is in a folder").to_owned();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split_once(')')) {
            let (link, _) = link;
            let path = link.split('#').next().unwrap_or_default();
            let ours = !path.is_empty() && !path.contains("://");
            assert!(!ours || folder.join(path).exists(), "{page}: `{link}` leads nowhere");
        }
    }
}

#[test]
fn the_table_of_codes_is_the_whole_set_with_its_statuses() {
    let rows = rows("docs/api.md", "code");
    let told: BTreeSet<(String, String)> =
        rows.iter().map(|row| (name(&row[0]), row[1].clone())).collect();
    let known = types::Code::ALL.map(|code| (code.to_string(), code.status().to_string()));
    assert_eq!(told, known.into_iter().collect());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_table_of_parameters_says_what_happens_to_each() {
    let site = Site::start().await;
    let rows = rows("docs/api.md", "parameter");
    assert!(rows.len() > 30, "{} rows", rows.len());
    for row in &rows {
        let (parameter, what) = (name(&row[0]), row[1].as_str());
        let example: Value = serde_json::from_str(&name(&row[2]))
            .unwrap_or_else(|error| panic!("{parameter}: the example is no JSON: {error}"));
        let mut body = json!({
            "model": "openai/gpt-5-mini", "messages": [{ "role": "user", "content": "Hi" }],
        });
        if matches!(parameter.as_str(), "tool_choice" | "parallel_tool_calls") {
            body["tools"] = json!([{ "type": "function", "function": { "name": "f" } }]);
        }
        match parameter.as_str() {
            "stream_options" => body["stream"] = json!(true),
            "top_logprobs" => body["logprobs"] = json!(true),
            _ => {}
        }
        body[&parameter] = example;
        let answer = site.ask(&body).await;
        match what {
            "passed" | "mapped" => assert_eq!(answer.status, 200, "{parameter}: {}", answer.text),
            "refused" => {
                answer.assert_refused(400, "invalid_request");
                let param = answer.json()["error"]["param"].as_str().map(str::to_owned);
                assert_eq!(param.as_deref(), Some(parameter.as_str()), "{}", answer.text);
            }
            "not priced" => answer.assert_refused(422, "no_route"),
            other => panic!("{parameter}: `{other}` is not a word of this table"),
        }
        let seen = site.simulator.log().last().and_then(|seen| seen.body.clone());
        let seen: Value = serde_json::from_str(&seen.unwrap_or_default()).unwrap_or_default();
        let sent = seen.get(&parameter).is_some();
        assert!(sent || what != "passed", "{parameter} does not arrive at the provider");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_table_of_kinds_is_the_engines() {
    let site = Site::start().await;
    let kinds: Value = serde_json::from_str(&site.shell("orchestack dlp kinds --json\n"))
        .expect("a list of kinds");
    let kinds = kinds.as_array().expect("a list").iter();
    let kinds = kinds.map(|kind| kind["name"].as_str().expect("a name").to_owned());
    let told: BTreeSet<String> =
        rows("docs/detectors/README.md", "kind").iter().map(|row| linked(&row[0])).collect();
    assert_eq!(told, kinds.collect());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_metric_is_in_the_list() {
    let site = Site::start().await;
    let body = json!({
        "model": "auto", "messages": [{ "role": "user", "content": "write to a@example.com" }],
    });
    site.ask(&body).await.assert_answered("ollama/qwen3:8b");
    let metrics = site.shell("curl -s http://127.0.0.1:8081/metrics\n");
    let told: BTreeSet<String> =
        rows("docs/operations.md", "metric").iter().map(|row| name(&row[0])).collect();
    let shown = metrics.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let shown = shown.filter_map(|line| line.split(' ').next());
    let ours: Vec<&str> = shown.filter(|name| name.starts_with("orchestack_")).collect();
    assert!(ours.len() > 8, "{metrics}");
    for metric in ours {
        assert!(told.contains(metric), "docs/operations.md does not tell of `{metric}`");
    }
}

/// The name in a cell that is a link.
fn linked(cell: &str) -> String {
    cell.split('`').nth(1).unwrap_or_default().to_owned()
}

/// Tests every block of a page, in order.
async fn check(page: &str) {
    let site = Site::start().await;
    for block in blocks(page) {
        let Block { at, language, body, .. } = &block;
        let words: Vec<&str> = block.test.split_whitespace().collect();
        match (words.as_slice(), language.as_str()) {
            (["run"], "sh") => site.run(&block),
            (["make"], "sh") => makes(&block),
            (["file", path], _) => site.write(path, body),
            (["tree", path], "cedar" | "toml") => site.checks(&block, path),
            (["settings"], "toml") => reads(&block),
            (["request", status, code @ ..], "json") => site.sends(&block, status, code).await,
            (["python"], "python") => site.python(&block),
            (words, language) => panic!("{at}: `{words:?}` is no test of a {language} block"),
        }
    }
}

/// Every target that the block makes is in the Makefile.
fn makes(block: &Block) {
    let makefile = read("Makefile");
    for line in block.body.lines().filter(|line| !line.starts_with('#')) {
        let target = line.strip_prefix("make ").unwrap_or_else(|| panic!("{}: {line}", block.at));
        let rule = format!("\n{target}:");
        assert!(makefile.contains(&rule), "{}: there is no `make {target}`", block.at);
    }
}

/// The block is read as settings. A command without a server gets as far as that.
fn reads(block: &Block) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("orchestack.toml");
    fs::write(&file, &block.body).expect("settings");
    let mut command = environment(Command::new(binary("orchestack")), folder.path());
    let output = command.args(["policy", "status"]).current_dir(folder.path()).output();
    let output = output.expect("the program can be started");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("no server runs"), "{}: {told}", block.at);
}
