use super::*;
use crate::Tree;

fn files(list: &[(&str, &str)]) -> BTreeMap<String, Vec<u8>> {
    list.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect()
}

#[track_caller]
fn load(list: &[(&str, &str)]) -> BTreeMap<String, ToolServerFile> {
    Tree::load("c0ffee", &files(list)).unwrap().tools
}

#[track_caller]
fn faults(list: &[(&str, &str)]) -> String {
    let faults = Tree::load("c0ffee", &files(list)).unwrap_err();
    faults.iter().map(|fault| format!("{fault}\n")).collect()
}

const MAIL: &str = r#"
[server]
url = "https://mcp.example.com/mcp/"
credential = "env:MAIL_TOKEN"
label = "internal"
sampling = "models"
elicitation = true
timeout = "5s"
result_bytes_max = "2 MiB"
arguments_bytes_max = 1000
concurrent_max = 2
pin = "first_use"

[tools.send]
effect = "egress"
trust = "trusted"
destinations = ["to", "/message/cc"]
price = "0.002"
calls_per_minute = 30
[tools."list.all"]
effect = "read"
replay = "pure"
label = "sensitive"
hidden = true
"#;

#[test]
fn a_server_is_read_with_its_tools_and_its_pins() {
    let tools = load(&[("tools/mail.toml", MAIL), ("tools/mail.json", "{}")]);
    let mail = &tools["mail"];
    let url = "https://mcp.example.com/mcp".to_owned();
    let credential = Some(ToolCredential::Bearer("env:MAIL_TOKEN".parse().unwrap()));
    assert_eq!(mail.transport, ToolTransport::Http { url, credential });
    assert_eq!((mail.integrity, mail.label), (Integrity::Untrusted, Some(Label::Internal)));
    assert_eq!((mail.sampling, mail.elicitation), (Sampling::Models, true));
    assert_eq!((mail.timeout, mail.pinning), (Duration::from_secs(5), Pinning::FirstUse));
    assert_eq!((mail.result_bytes_max, mail.arguments_bytes_max), (2 << 20, 1000));
    assert_eq!(mail.pins.as_ref().unwrap().path, "tools/mail.json");
    let send = &mail.tools["send"];
    assert_eq!((send.effect, send.replay), (Effect::Egress, Replay::Once));
    assert_eq!((send.integrity, send.label), (Some(Integrity::Trusted), None));
    assert_eq!(send.destinations, ["to", "/message/cc"]);
    assert_eq!((send.price, send.line), (Some(Nanos(2_000_000)), Some(14)));
    let list = &mail.tools["list.all"];
    assert!(list.hidden && list.replay == Replay::Pure && list.price.is_none());
}

#[test]
fn what_is_not_said_is_the_strict_side() {
    let tools = load(&[("tools/a.toml", "[server]\nurl = 'https://a.example'\n[tools.x]\n")]);
    let a = &tools["a"];
    assert_eq!((a.integrity, a.private), (Integrity::Untrusted, false));
    assert_eq!((a.sampling, a.elicitation), (Sampling::Off, false));
    assert_eq!((a.pinning, &a.pins), (Pinning::Required, &None));
    assert_eq!(a.tools["x"], ToolFile { line: Some(3), ..ToolFile::default() });
    assert_eq!(ToolFile::default().effect, Effect::Unknown);
}

#[test]
fn a_server_is_reached_in_one_of_four_ways() {
    let stdio = "[server]\ncommand = ['npx', '-y', 'x']\nenv = { API_KEY = 'env:KEY' }\n";
    let rest = "[server]\nurl = 'http://10.0.0.9'\nprivate = true\nopenapi = 'rest.openapi.yaml'\n\
                [server.oauth]\ntoken_url = 'https://id.example/token'\nclient_id = 'me'\n\
                client_secret = 'file:/run/s'\nscopes = ['a', 'b']\n";
    let tools = load(&[
        ("tools/stdio.toml", stdio),
        ("tools/rest.toml", rest),
        ("tools/rest.openapi.yaml", "openapi: 3.1.0"),
        ("tools/own.toml", "[server]\nfunctions = true\n[tools.lookup]\neffect = 'read'\n"),
        ("tools/functions.toml", "[server]\nfunctions = true\n"),
        ("tools/examples.toml", "# nothing in force\n"),
        ("tools/README.md", "for people"),
    ]);
    assert_eq!(tools.len(), 4);
    let ToolTransport::Stdio { command, env } = &tools["stdio"].transport else { panic!() };
    assert_eq!((command.len(), env["API_KEY"].to_string()), (3, "env:KEY".to_owned()));
    let ToolTransport::OpenApi { document, base, credential } = &tools["rest"].transport else {
        panic!()
    };
    assert_eq!((document.text.as_str(), base.as_str()), ("openapi: 3.1.0", "http://10.0.0.9"));
    let Some(ToolCredential::OAuth(oauth)) = credential else { panic!() };
    assert_eq!((oauth.client_id.as_str(), oauth.scopes.len()), ("me", 2));
    assert_eq!(tools["own"].transport, ToolTransport::Functions);
}

#[test]
fn the_gateway_proves_itself_by_a_secret_or_by_a_key_and_not_by_both() {
    let server = |proof: &str| {
        format!("[server]\nurl = 'https://a.example'\n[server.oauth]\nclient_id = 'me'\n{proof}\n")
    };
    let file = server("client_key = 'file:/run/k.pem'");
    let tools = load(&[("tools/a.toml", &file)]);
    let ToolTransport::Http { credential: Some(ToolCredential::OAuth(oauth)), .. } =
        &tools["a"].transport
    else {
        panic!()
    };
    assert_eq!(oauth.proof, ToolProof::Key("file:/run/k.pem".parse().unwrap()));
    for proof in ["", "client_key = 'file:/k'\nclient_secret = 'env:S'"] {
        let told = faults(&[("tools/a.toml", &server(proof))]);
        assert!(told.contains("a key"), "{told}");
    }
}

#[test]
fn every_mistake_of_tool_servers_is_told_at_once() {
    let broken = faults(&[
        ("tools/My_Mail.toml", MAIL),
        ("tools/bare.toml", "[tools.send]\neffect = 'sends'\n"),
        ("tools/both.toml", "[server]\nurl = 'https://a.example'\ncommand = ['x']\n"),
        ("tools/functions.toml", "[server]\nurl = 'https://a.example'\n"),
        ("tools/left.json", "{}"),
        ("tools/deep/x.toml", ""),
        ("tools/one.toml", "[server]\nfunctions = true\n[tools.find]\n"),
        (
            "tools/two.toml",
            "[server]\nfunctions = true\ncredential = 'env:X'\n[tools.other]\n[tools.find]\n",
        ),
        ("tools/plain.toml", "[server]\nurl = 'http://hunter2.example'\n"),
        ("tools/query.toml", "[server]\nurl = 'https://a.example/?key=hunter2'\n"),
        (
            "tools/rest.toml",
            "[server]\nurl = 'https://a.example'\nopenapi = 'gone.json'\ncredential = 'hunter2'\n\
             [server.oauth]\ntoken_url = 'http://id.example'\n",
        ),
        (
            "tools/stdio.toml",
            "[server]\ncommand = []\nprivate = true\nenv = { '1X' = 'env:A', Y = 'hunter2' }\n\
             trust = 'yes'\ntimeout = '9h'\n",
        ),
        (
            "tools/words.toml",
            "[server]\nurl = 'https://a.example'\npins = 'x'\ntimeout = 60\n[tools]\nsend = 'egress'\n\
             [tools.\"a\\tb\"]\n[tools.pay]\nefect = 'money'\nprice = 'cheap'\ndestinations = ['']\n\
             calls_per_minute = 0\n",
        ),
    ]);
    // An address is no secret; what stands in a secret's place is never repeated.
    assert!(!broken.replace("hunter2.example", "").contains("hunter2"), "{broken}");
    insta::assert_snapshot!(broken);
}

#[test]
fn a_table_of_tools_has_a_bound() {
    let many: String = (0..=1024).map(|i| format!("[tools.t{i}]\n")).collect();
    let told = faults(&[("tools/a.toml", &format!("[server]\nurl = 'https://a.example'\n{many}"))]);
    assert!(told.contains("tools/a.toml:3: tools: the table has 1025 keys"), "{told}");
}
