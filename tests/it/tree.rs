//! The policy tree through the admin API: its webhook, edits and rollbacks, and what a change of policies does.

use ring::hmac;
use serde_json::json;
use support::{Answer, Caller, Client, Database, chat, eventually};

use crate::people::{setup, stage, told};

const FORBID: &str = "@id(\"nobody-calls-sim\")\nforbid (principal, action == \
    Orchestack::Action::\"callModel\", resource == Orchestack::Model::\"sim\");\n";

#[tokio::test(flavor = "multi_thread")]
async fn only_a_signed_webhook_is_taken() {
    let (mut setup, _simulator) = setup(Database::Sqlite).await;
    setup.set("policy.webhook_secret", "env:HOOK_SECRET").variable("HOOK_SECRET", "hush");
    let server = setup.start().await;
    let body = "{\"ref\":\"refs/heads/main\"}";
    let sign = |secret: &str| -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let tag = hmac::sign(&key, body.as_bytes());
        tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    };
    let send = async |name: &str, value: String| {
        let url = format!("{}/api/v1/policy/webhook", server.admin());
        Answer::read(Client::new().0.post(url).header(name, value).body(body)).await.status
    };
    assert_eq!(send("x-github-event", "push".to_owned()).await, 401);
    assert_eq!(send("x-hub-signature-256", format!("sha256={}", sign("guess"))).await, 401);
    assert_eq!(send("x-gitlab-token", "guess".to_owned()).await, 401);
    let commit = server.tree().write("policies/forbid.cedar", FORBID).commit("forbid");
    assert_eq!(send("x-hub-signature-256", format!("sha256={}", sign("hush"))).await, 202);
    assert_eq!(send("x-gitea-signature", sign("hush")).await, 202);
    assert_eq!(send("x-gitlab-token", "hush".to_owned()).await, 202);
    eventually("the commit is in force", std::time::Duration::from_secs(20), async || {
        (server.json(&["policy", "status"])["commit"] == json!(commit)).then_some(())
    })
    .await;
    assert!(!server.log().contains("hush"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_edit_is_refused_a_good_one_decides_and_a_rollback_undoes_it() {
    let (setup, _simulator) = setup(Database::Sqlite).await;
    let invariant = "[nobody-votes-for-themselves]\nsays = \"never\"\nactions = [\"approve\"]\n\
        when = 'context has requester && context.requester == principal'\n";
    let case = "[[case]]\nname = \"sim may be called\"\n\
        model = { id = \"sim\", locality = \"local\" }\nexpect = \"permit\"\n";
    let nobody = "@id(\"nobody-votes-for-themselves\") forbid (principal, action == \
        Orchestack::Action::\"approve\", resource) \
        when { context has requester && context.requester == principal };\n";
    setup
        .tree()
        .write("invariants/mine.toml", invariant)
        .write("policies/votes.cedar", nobody)
        .write("tests/mine.toml", case);
    let server = setup.start().await;
    let caller = Caller::new(&server, "default");
    caller.ask(&chat("sim", "Hello.")).await.assert_answered("sim");
    let folder = tempfile::tempdir().unwrap();
    let edit = |path: &str, text: &str, more: &[&str]| {
        let file = folder.path().join("new");
        std::fs::write(&file, text).unwrap();
        let pair = format!("{path}={}", file.display());
        let words = ["policy", "edit", "--put", &pair, "--message", "a change"];
        server.run(&[&words[..], more].concat())
    };
    let obliged = "@id(\"o\") @polish(\"x\") permit (principal, action, resource);\n";
    for (path, text, why) in [
        ("policies/forbid.cedar", FORBID, "the case `sim may be called` fails"),
        ("policies/votes.cedar", "// nobody minds\n", "nobody-votes-for-themselves"),
        ("policies/more.cedar", obliged, "polish"),
    ] {
        let refused = edit(path, text, &[]);
        assert_eq!(refused.status.code(), Some(1), "{path}");
        assert!(told(&refused).contains(why), "{why}: {}", told(&refused));
    }
    let before = server.json(&["policy", "log"])["commits"][0]["commit"].clone();
    let words = ["--put", &format!("tests/mine.toml={}", folder.path().join("none").display())];
    std::fs::write(folder.path().join("none"), "").unwrap();
    let done = edit("policies/forbid.cedar", FORBID, &words);
    assert!(done.status.success(), "{}", told(&done));
    caller.ask(&chat("sim", "Hello.")).await.assert_refused(403, "policy_denied");
    let base = before.as_str().unwrap();
    let late = edit("policies/forbid.cedar", "// too late\n", &["--base", base]);
    assert_eq!(late.status.code(), Some(1));
    assert!(told(&late).contains("by now"), "{}", told(&late));
    let log = server.json(&["policy", "log"]);
    assert_eq!(log["commits"][0]["author"], "local <local@orchestack>");

    server.json(&["policy", "rollback"]);
    caller.ask(&chat("sim", "Hello.")).await.assert_answered("sim");
    let after = server.json(&["policy", "log"]);
    assert_eq!(
        after["commits"].as_array().unwrap().len(),
        log["commits"].as_array().unwrap().len() + 1
    );
    assert_eq!(after["commits"][0]["in_force"], json!(true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_diff_tells_both_directions_and_can_refuse_what_is_wider() {
    let (server, _simulator) = stage(Database::Sqlite).await;
    let caller = Caller::new(&server, "default");
    caller.ask(&chat("sim", "Hello.")).await.assert_answered("sim");
    let tree = server.tree();
    let first = tree.commit("as it was");
    let second = tree.write("policies/forbid.cedar", FORBID).commit("forbid");
    server.json(&["policy", "reload"]);
    let narrower =
        server.run(&["policy", "diff", &first, &second, "--deny-wider", "--replay", "50"]);
    assert_eq!(narrower.status.code(), Some(0), "{}", told(&narrower));
    let text = told(&narrower);
    assert!(text.contains("newly denies callModel by Agent on Model"), "{text}");
    assert!(text.contains("1 newly denied"), "the call on record: {text}");
    let wider = server.run(&["policy", "diff", &second, &first]);
    assert_eq!(wider.status.code(), Some(0));
    assert!(told(&wider).contains("newly PERMITS callModel"), "{}", told(&wider));
    let refused = server.run(&["policy", "diff", &second, &first, "--deny-wider"]);
    assert_eq!(refused.status.code(), Some(1));

    // The same on a folder, for which no server is asked.
    let folder = tree.folder().display().to_string();
    tree.remove("policies/forbid.cedar");
    let refused = server.run(&["policy", "diff", &second, &folder, "--deny-wider"]);
    assert_eq!(refused.status.code(), Some(1), "{}", told(&refused));
    let same = server.run(&["policy", "diff", &first, &folder, "--deny-wider"]);
    assert_eq!(same.status.code(), Some(0), "{}", told(&same));
    assert!(told(&same).contains("alike"));

    let explained = server.run(&["policy", "explain", "--agent", "default", "--model", "sim"]);
    assert!(explained.status.success());
    let text = told(&explained);
    assert!(text.contains("by nobody-calls-sim (policies/forbid.cedar:1)"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_solver_a_proof_says_how_to_get_it() {
    let (mut setup, _simulator) = setup(Database::Sqlite).await;
    setup.set("policy.solver", "/nonexistent").set("policy.unproved", "allow");
    let invariant = "[no-images]\nsays = \"never\"\nactions = [\"callModel\"]\n\
        when = 'context.request.images'\n";
    setup.tree().write("invariants/mine.toml", invariant);
    let server = setup.start().await;
    let folder = server.tree().folder().display().to_string();
    for words in [&["policy", "prove"][..], &["policy", "prove", &folder]] {
        let output = server.run(words);
        assert_eq!(output.status.code(), Some(1), "{}", told(&output));
        let text = told(&output);
        assert!(text.contains("apt-get install cvc5") && text.contains("UNKNOWN"), "{text}");
    }
    let tested = server.run(&["policy", "test"]);
    assert!(tested.status.success(), "cases need no solver: {}", told(&tested));
}
