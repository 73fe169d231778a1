//! Cases that ask nothing, statements that say nothing, and files that nobody can read.
#![expect(clippy::too_many_lines, reason = "a table")]

use super::{Edit, Row, rows::BAD};

const CASE: &str = "tests/bad.toml";
const INVARIANT: &str = "invariants/bad.toml";

pub(super) fn all() -> Vec<Row> {
    [cases(), statements(), files(), tools()].into_iter().flatten().collect()
}

/// A row about one new file of decision cases.
fn case(name: &'static str, text: &str, on: &'static str, phrase: &'static str) -> Row {
    let text = text.to_owned();
    Row { name, edits: vec![Edit::Write(CASE, text)], file: CASE, on, phrase }
}

/// Cases that expect another answer, or cannot be asked.
fn cases() -> Vec<Row> {
    let model = "model = { id = \"gpt-5\", locality = \"cloud\" }\n";
    let one = |more: &str| format!("[[case]]\nname = \"bad\"\n{more}");
    vec![
        case(
            "a case that expects another answer",
            &one(&format!("{model}expect = \"deny\"\n")),
            "[[case]]",
            "expected",
        ),
        case(
            "a case that names a policy which does not decide",
            &one(&format!("{model}expect = \"permit\"\nby = [\"nobody\"]\n")),
            "[[case]]",
            "nobody",
        ),
        case(
            "a case with an unknown key",
            &one(&format!("{model}expect = \"permit\"\nlable = \"public\"\n")),
            "[[case]]",
            "lable",
        ),
        case(
            "a case that expects something unheard of",
            &one(&format!("{model}expect = \"maybe\"\n")),
            "[[case]]",
            "maybe",
        ),
        case(
            "a case about an action that nobody takes",
            &one("principal = 'Orchestack::Agent::\"default\"'\naction = \"fly\"\n\
                  resource = 'Orchestack::Tool::\"x\"'\nexpect = \"deny\"\n"),
            "[[case]]",
            "no action `fly`",
        ),
        case("cases that are not TOML", "[[case]\n", "[[case]", ""),
    ]
}

/// A row about one new tool server, pinned to these definitions.
fn tool(
    name: &'static str,
    (server, pins): (&str, &str),
    (file, on): (&'static str, &'static str),
    phrase: &'static str,
) -> Row {
    let mut edits = vec![Edit::Write("tools/mail.toml", server.to_owned())];
    if !pins.is_empty() {
        let text = format!("{{\"server\": {{\"name\": \"m\"}}, \"tools\": [{pins}]}}");
        edits.push(Edit::Write("tools/mail.json", text));
    }
    Row { name, edits, file, on, phrase }
}

/// Tool servers that cannot be reached as written, and definitions that nobody should be offered.
fn tools() -> Vec<Row> {
    let server = "[server]\nurl = \"https://mail.example/mcp\"\n";
    let send = |description: &str| {
        format!(
            "{{\"name\": \"send\", \"description\": \"{description}\", \"inputSchema\": \
             {{\"type\": \"object\", \"properties\": {{\"to\": {{}}}}}}}}"
        )
    };
    let with = |more: &str| format!("{server}{more}");
    let (toml, json) = ("tools/mail.toml", "tools/mail.json");
    vec![
        tool(
            "a tool server without TLS",
            (&server.replace("https", "http"), ""),
            (toml, "url"),
            "not `https://`",
        ),
        tool(
            "a tool server with a secret in its file",
            (&with("credential = \"sk-live-1\"\n"), ""),
            (toml, "credential"),
            "not a reference to a secret",
        ),
        tool(
            "a tool that is not pinned",
            (&with("[tools.sned]\nhidden = true\n"), &send("Sends.")),
            (toml, "[tools.sned]"),
            "no tool `sned`",
        ),
        tool(
            "a destination that is no argument",
            (&with("[tools.send]\ndestinations = [\"too\"]\n"), &send("Sends.")),
            (toml, "[tools.send]"),
            "no argument `too`",
        ),
        tool(
            "a definition with hidden text",
            (server, &send("Sends.\\u200b\\u202e")),
            (json, ""),
            "/description",
        ),
        tool("pins that are no pins", (server, "3"), (json, ""), "must be an object"),
    ]
}

/// A row about one new file of invariants.
fn invariant(name: &'static str, text: &str, on: &'static str, phrase: &'static str) -> Row {
    let text = text.to_owned();
    Row { name, edits: vec![Edit::Write(INVARIANT, text)], file: INVARIANT, on, phrase }
}

/// Statements that say nothing, or what does not hold.
fn statements() -> Vec<Row> {
    let never = "[bad]\nsays = \"never\"\n";
    vec![
        invariant("an unknown key", &format!("{never}wenn = 'true'\n"), "[bad]", "wenn"),
        invariant(
            "a statement about an action that nobody takes",
            &format!("{never}actions = [\"fly\"]\nwhen = 'true'\n"),
            "[bad]",
            "no action `fly`",
        ),
        invariant("a statement about no request", never, "[bad]", "keys do not go together"),
        invariant(
            "a layer that does not exist",
            &format!("{never}layer = \"nobody\"\nwhen = 'true'\n"),
            "[bad]",
            "is no layer",
        ),
        invariant(
            "a condition that smuggles a policy",
            &format!(
                "{never}when = 'true }}; permit (principal, action, resource) when {{ true'\n"
            ),
            "[bad]",
            "more than a condition",
        ),
        invariant(
            "a condition about attributes of other actions",
            &format!("{never}actions = [\"administer\"]\nwhen = 'context.label_rank > 1'\n"),
            "[bad]",
            "label_rank",
        ),
        invariant(
            "a statement that does not hold",
            &format!("{never}actions = [\"callModel\"]\nwhen = 'resource.size == \"large\"'\n"),
            "[bad]",
            "the invariant `bad` does not hold",
        ),
    ]
}

/// Files that have no place, or cannot be read.
fn files() -> Vec<Row> {
    let file = |name, path, edit: Edit, on, phrase| Row {
        name,
        edits: vec![edit],
        file: path,
        on,
        phrase,
    };
    let write = |path, text: &str| Edit::Write(path, text.to_owned());
    let large = format!("{}\n", "// nothing\n".repeat(100_000));
    vec![
        file(
            "a policy in a folder of no meaning",
            "polices/more.cedar",
            write("polices/more.cedar", ""),
            "",
            "this folder is unknown",
        ),
        file(
            "a policy that is called otherwise",
            "policies/more.txt",
            write("policies/more.txt", ""),
            "",
            "no place for this file",
        ),
        file(
            "a case that is called otherwise",
            "tests/more.tml",
            write("tests/more.tml", ""),
            "",
            "no place for this file",
        ),
        file(
            "an invariant that is called otherwise",
            "invariants/more.yaml",
            write("invariants/more.yaml", ""),
            "",
            "no place for this file",
        ),
        file(
            "a policy that is no text",
            BAD,
            Edit::Bytes(BAD, vec![b'/', b'/', 0xff, 0xfe]),
            "",
            "not UTF-8",
        ),
        // Of these two the commit is refused before any file of it is read.
        file("a link", BAD, Edit::Link(BAD), "", "it is a link"),
        file("a file beyond its bound", BAD, Edit::Write(BAD, large), "", "it has 1100001 bytes"),
        file(
            "a model that is not TOML",
            "models/bad.toml",
            write("models/bad.toml", "id = \"bad\"\nprovider = sim\n"),
            "provider",
            "",
        ),
        file(
            "a model of nobody",
            "models/bad.toml",
            write(
                "models/bad.toml",
                "# A server of ours.\nid = \"bad\"\nprovider = \"nobody\"\nfree = true\n\
                 context_tokens = 8000\nmax_output_tokens = 1000\n",
            ),
            "id = \"bad\"",
            "its provider `nobody` is unknown",
        ),
        file(
            "an alias that another model has",
            "models/bad.toml",
            write(
                "models/bad.toml",
                &["good", "bad"]
                    .map(|id| {
                        format!(
                            "[[model]]\nid = \"{id}\"\nprovider = \"sim\"\naliases = [\"same\"]\n\
                     context_tokens = 8000\nmax_output_tokens = 1000\n"
                        )
                    })
                    .concat(),
            ),
            "id = \"good\"",
            "its alias `same` is also an alias of `bad`",
        ),
        file(
            "a model that another file has",
            "models/sim.toml",
            write(
                "models/bad.toml",
                "id = \"sim\"\nprovider = \"sim\"\ncontext_tokens = 8000\n\
                 max_output_tokens = 1000\n",
            ),
            "id = \"sim\"",
            "the model `sim` is also defined in models/bad.toml",
        ),
        file(
            "an agent with a setting that nobody reads",
            "agents/default/agent.toml",
            write("agents/default/agent.toml", "owner = \"ann\"\ncolour = \"red\"\n"),
            "colour",
            "colour",
        ),
        file(
            "a setting of the organisation that nobody reads",
            "orchestack.toml",
            write("orchestack.toml", "[budgets]\nday = \"1.00\"\n"),
            "budgets",
            "budgets",
        ),
    ]
}
