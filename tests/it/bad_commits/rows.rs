//! The bad commits: what each changes in the starter tree, and what is told about it.

use super::{Edit, Row};

/// Where most of the bad policies stand.
const BAD: &str = "policies/bad.cedar";
const OWN: &str = "agents/default/bad.cedar";
const MODELS: &str = "policies/models.cedar";
const SAFEGUARDS: &str = "policies/safeguards.cedar";
const CASES: &str = "tests/starter.toml";
const CASE: &str = "tests/bad.toml";
const INVARIANTS: &str = "invariants/starter.toml";
const INVARIANT: &str = "invariants/bad.toml";

/// A forbid of model calls under a condition.
fn forbid(when: &str) -> String {
    format!(
        "@id(\"bad\")\nforbid (\n  principal,\n  action == Orchestack::Action::\"callModel\",\n  \
         resource\n)\nwhen {{ {when} }};\n"
    )
}

/// A policy with one more annotation.
fn annotated(annotation: &str, effect: &str, action: &str) -> String {
    format!(
        "@id(\"bad\")\n{annotation}\n{effect} (\n  principal,\n  \
         action == Orchestack::Action::\"{action}\",\n  resource\n);\n"
    )
}

/// A permit or forbid of one action without a condition.
fn plain(id: &str, effect: &str, action: &str) -> String {
    format!(
        "@id(\"{id}\")\n{effect} (\n  principal,\n  action == Orchestack::Action::\"{action}\",\n  \
         resource\n);\n"
    )
}

/// A row about one new file of policies.
fn policy(name: &'static str, text: String, on: &'static str, phrase: &'static str) -> Row {
    Row { name, edits: vec![Edit::Write(BAD, text)], file: BAD, on, phrase }
}

/// A row about one new file of decision cases.
fn case(name: &'static str, text: &str, on: &'static str, phrase: &'static str) -> Row {
    let text = text.to_owned();
    Row { name, edits: vec![Edit::Write(CASE, text)], file: CASE, on, phrase }
}

/// A row about one new file of invariants.
fn invariant(name: &'static str, text: &str, on: &'static str, phrase: &'static str) -> Row {
    let text = text.to_owned();
    Row { name, edits: vec![Edit::Write(INVARIANT, text)], file: INVARIANT, on, phrase }
}

/// A row about an invariant of the starter.
fn broken(name: &'static str, edits: Vec<Edit>, invariant: &'static str) -> Row {
    Row { name, edits, file: INVARIANTS, on: invariant, phrase: "does not hold" }
}

/// Policies that are wrong in themselves.
pub(super) fn policies() -> Vec<Row> {
    [language(), annotations(), ids()].into_iter().flatten().collect()
}

/// Policies that are right in themselves and break what was promised of them.
pub(super) fn promises() -> Vec<Row> {
    [failing(), invariants(), cases()].into_iter().flatten().collect()
}

/// Statements and files that say nothing.
pub(super) fn unreadable() -> Vec<Row> {
    [statements(), files()].into_iter().flatten().collect()
}

/// What Cedar does not read, or does not accept against the schema.
fn language() -> Vec<Row> {
    let scope = |scope: &str| format!("@id(\"bad\")\nforbid (\n  {scope}\n);\n");
    let call = "action == Orchestack::Action::\"callModel\"";
    vec![
        policy(
            "a policy that does not end",
            "@id(\"bad\")\nforbid (\n".to_owned(),
            "",
            "unexpected",
        ),
        policy(
            "a word that Cedar does not know",
            plain("bad", "forbid", "callModel").replace(");", ") wenn { true };"),
            "wenn",
            "wenn",
        ),
        policy(
            "a template",
            scope(&format!("principal == ?principal,\n  {call},\n  resource")),
            "@id",
            "templates",
        ),
        policy(
            "a number compared with text",
            forbid("context.label_rank >= \"3\""),
            "label_rank",
            "type",
        ),
        policy(
            "an attribute that nobody has",
            forbid("context.lable == \"public\""),
            "lable",
            "lable",
        ),
        policy(
            "a type that nobody is of",
            scope(&format!("principal in Orchestack::Team::\"x\",\n  {call},\n  resource")),
            "Team",
            "Team",
        ),
        policy(
            "an action that nobody takes",
            plain("bad", "forbid", "callModle"),
            "callModle",
            "callModle",
        ),
        policy(
            "an attribute that may be absent",
            forbid("context.budget.remaining < 1000"),
            "remaining",
            "remaining",
        ),
        policy(
            "an attribute of an entity that no decision carries",
            forbid("Orchestack::Model::\"gpt-5\".locality == \"cloud\""),
            "gpt-5",
            "entity",
        ),
        policy(
            "a condition that never holds",
            forbid("principal is Orchestack::User"),
            "@id",
            "impossible",
        ),
        policy(
            "a resource that the action never has",
            scope(&format!("principal,\n  {call},\n  resource is Orchestack::Tool")),
            "@id",
            "applicable action",
        ),
        policy(
            "a locality that no model has",
            forbid("resource.locality == \"clowd\""),
            "clowd",
            "`resource.locality` is never \"clowd\"",
        ),
        policy(
            "a kind that nobody finds",
            forbid("context.kinds.contains(\"emial\")"),
            "emial",
            "`context.kinds` is never \"emial\"",
        ),
    ]
}

/// Obligations that mean nothing, or nothing there.
fn annotations() -> Vec<Row> {
    let permit = |annotation: &str| annotated(annotation, "permit", "callModel");
    vec![
        policy(
            "an unknown obligation",
            permit("@redcat(\"email\")"),
            "@redcat",
            "unknown annotation",
        ),
        policy(
            "an obligation of a forbid",
            annotated("@redact(\"email\")", "forbid", "callModel"),
            "@redact",
            "no meaning on this policy, only on a permit",
        ),
        policy(
            "a reroute of a permit",
            permit("@reroute(\"local\")"),
            "@reroute",
            "only on a forbid",
        ),
        policy(
            "an obligation that nobody carries out on that action",
            annotated("@max_tokens(\"5\")", "permit", "administer"),
            "@max_tokens",
            "not carried out on `administer`",
        ),
        policy(
            "an obligation on every action",
            "@id(\"bad\")\n@redact(\"email\")\npermit (principal, action, resource);\n".to_owned(),
            "@redact",
            "is not carried out on",
        ),
        policy(
            "a quorum of nobody's approval",
            permit("@quorum(\"2\")"),
            "@quorum",
            "without `@approval`",
        ),
        policy(
            "a term of nobody's approval",
            permit("@expires(\"4h\")"),
            "@expires",
            "without `@approval`",
        ),
        policy(
            "a quorum of more people than may be asked",
            permit("@approval(\"infra-admin\")\n@quorum(\"11\")"),
            "@quorum",
            "no number of people",
        ),
        policy(
            "a term without a unit",
            permit("@approval(\"infra-admin\")\n@expires(\"4\")"),
            "@expires",
            "no time from a minute",
        ),
        policy(
            "an approval of an empty role",
            permit("@approval(\"legal,\")"),
            "@approval",
            "empty place",
        ),
        policy(
            "a cost that is no amount",
            permit("@max_cost(\"fifty\")"),
            "@max_cost",
            "US dollars",
        ),
        policy(
            "a limit of no tokens",
            permit("@max_tokens(\"0\")"),
            "@max_tokens",
            "positive whole number",
        ),
        policy(
            "a retention in weeks",
            permit("@retention(\"2w\")"),
            "@retention",
            "number of days",
        ),
        policy(
            "a kind that nobody redacts",
            permit("@redact(\"emial\")"),
            "@redact",
            "unknown kind `emial`",
        ),
        policy(
            "a log of half the content",
            permit("@log(\"half\")"),
            "@log",
            "does not know `half`",
        ),
        policy(
            "a place that is no locality",
            permit("@locality(\"here\")"),
            "@locality",
            "does not know",
        ),
        policy(
            "a dry run that is none",
            permit("@dry_run(\"never\")"),
            "@dry_run",
            "does not know",
        ),
    ]
}

/// Names that are no names, or taken.
fn ids() -> Vec<Row> {
    let own = |text: String, phrase| Row {
        name: "an id of the organisation's in an agent's layer",
        edits: vec![Edit::Write(OWN, text)],
        file: OWN,
        on: "@id",
        phrase,
    };
    vec![
        policy(
            "an id with a space",
            plain("no id", "forbid", "callModel"),
            "@id",
            "is no policy id",
        ),
        // The file that is read later is told.
        Row {
            name: "an id that another file has",
            edits: vec![Edit::Write(BAD, plain("secrets-stay-local", "forbid", "callModel"))],
            file: MODELS,
            on: "@id(\"secrets-stay-local\")",
            phrase: "is taken by policies/bad.cedar:1",
        },
        policy(
            "an id twice in one file",
            forbid("resource.size == \"large\"") + &plain("bad", "forbid", "callTool"),
            "",
            "is taken by policies/bad.cedar:1",
        ),
        own(
            plain("agents-call-models", "permit", "callModel"),
            "is taken by policies/models.cedar:",
        ),
    ]
}

/// Policies that could fail at a decision: the solver finds the request.
fn failing() -> Vec<Row> {
    let sum = "context.request.input_tokens_bound * 4 > 1000000";
    let own = forbid(sum);
    let cared = "@id(\"bad\")\npermit (\n  principal in Orchestack::Group::\"operator\",\n  \
                 action == Orchestack::Action::\"administer\",\n  resource\n)\n\
                 when { context.now.offset(duration(\"1h\")) > datetime(\"2030-01-01\") };\n";
    vec![
        policy("a forbid that overflows", forbid(sum), "@id", "the policy `bad` can fail"),
        Row {
            name: "a forbid of an agent's layer that overflows",
            edits: vec![Edit::Write(OWN, own)],
            file: OWN,
            on: "@id",
            phrase: "the policy `bad` can fail",
        },
        policy(
            "a permit that fails and takes administration with it",
            cared.to_owned(),
            "@id",
            "the policy `bad` can fail",
        ),
    ]
}

/// Commits that break what the starter promises for every request.
fn invariants() -> Vec<Row> {
    let cut = |path, from: &'static str| Edit::Cut(path, from);
    let permit_tools = Edit::Write(BAD, plain("tools", "permit", "callTool"));
    let permit_memory = Edit::Write(BAD, plain("memory", "permit", "readMemory"));
    vec![
        broken(
            "an agent that permits itself tools",
            vec![Edit::Write(OWN, plain("default-calls-tools", "permit", "callTool"))],
            "agents-stay-within-the-organisation",
        ),
        broken(
            "a guardrail that is gone, with the cases that would notice",
            vec![cut(MODELS, "restricted-stays-local"), Edit::Remove(CASES)],
            "restricted-data-never-reaches-a-cloud-provider",
        ),
        broken(
            "a guardrail for most models",
            vec![Edit::Replace(
                MODELS,
                "context.label_rank >= 3 &&",
                "context.label_rank == 3 && resource.size != \"medium\" &&",
            )],
            "restricted-data-never-reaches-a-cloud-provider",
        ),
        broken(
            "a tool that moves money without an approval",
            vec![cut(SAFEGUARDS, "untrusted-money-needs-approval"), permit_tools],
            "untrusted-sessions-never-move-money-unapproved",
        ),
        broken(
            "private memory that others read",
            vec![cut(SAFEGUARDS, "private-memory-is-private"), permit_memory],
            "no-agent-reads-anothers-private-memory",
        ),
        broken(
            "break-glass without an end",
            vec![
                cut("policies/administration.cedar", "break-glass-ends"),
                Edit::Replace(
                    "policies/administration.cedar",
                    "context has break_glass && context.now < context.break_glass.until",
                    "context has break_glass",
                ),
            ],
            "break-glass-cannot-outlive-its-term",
        ),
        broken(
            "approvals of one's own",
            vec![cut("policies/approvals.cedar", "nobody-approves-their-own")],
            "nobody-approves-their-own-request",
        ),
        broken(
            "administrators locked out",
            vec![Edit::Write(
                BAD,
                "@id(\"by-day-only\")\nforbid (\n  principal,\n  \
                 action == Orchestack::Action::\"administer\",\n  resource\n)\n\
                 when { context.now.toTime() > duration(\"20h\") };\n"
                    .to_owned(),
            )],
            "administrators-are-never-locked-out",
        ),
    ]
}

/// Commits that answer a decision case otherwise, and cases that cannot be asked.
fn cases() -> Vec<Row> {
    let model = "model = { id = \"gpt-5\", locality = \"cloud\" }\n";
    let one = |more: &str| format!("[[case]]\nname = \"bad\"\n{more}");
    let starter = |name, edits, on, phrase| Row { name, edits, file: CASES, on, phrase };
    let everything = "@id(\"deny-all\")\nforbid (principal, action, resource);\n";
    vec![
        starter(
            "everything denied",
            vec![Edit::Write(BAD, everything.to_owned())],
            "[[case]]\nname = \"an agent calls a model in the cloud\"",
            "an agent calls a model in the cloud",
        ),
        starter(
            "the file with the permits removed",
            vec![Edit::Remove(MODELS)],
            "[[case]]\nname = \"an agent calls a model in the cloud\"",
            "an agent calls a model in the cloud",
        ),
        starter(
            "a guardrail that is gone",
            vec![Edit::Cut(MODELS, "restricted-stays-local")],
            "[[case]]\nname = \"restricted content is answered",
            "restricted content is answered by a local model instead",
        ),
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

/// Statements that say nothing, or what does not hold.
fn statements() -> Vec<Row> {
    let never = "[bad]\nsays = \"never\"\n";
    vec![
        invariant("an unknown key", &format!("{never}wenn = 'true'\n"), "[bad]", "wenn"),
        invariant(
            "an action that nobody takes",
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
            "a policy that is no text",
            BAD,
            Edit::Bytes(BAD, vec![b'/', b'/', 0xff, 0xfe]),
            "",
            "not UTF-8",
        ),
        // Of these two the commit is refused before any file of it is read.
        file("a link", "commit ", Edit::Link(BAD), "", "`policies/bad.cedar` is a link"),
        file(
            "a file beyond its bound",
            "commit ",
            Edit::Write(BAD, large),
            "",
            "`policies/bad.cedar` goes beyond the bounds",
        ),
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
                "id = \"bad\"\nprovider = \"nobody\"\nfree = true\ncontext_tokens = 8000\n\
                 max_output_tokens = 1000\n",
            ),
            "",
            "nobody",
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
