//! Policies that are right in themselves and break what was promised of them.

use super::{
    Edit, Row,
    rows::{BAD, MODELS, OWN, forbid, plain, policy},
};

const SAFEGUARDS: &str = "policies/safeguards.cedar";
const TOOLS: &str = "policies/tools.cedar";
const APPROVALS: &str = "policies/approvals.cedar";
const ADMINISTRATION: &str = "policies/administration.cedar";
const CASES: &str = "tests/starter.toml";
const INVARIANTS: &str = "invariants/starter.toml";

pub(super) fn all() -> Vec<Row> {
    [failing(), invariants_of_tools(), invariants(), cases()].into_iter().flatten().collect()
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

/// A row about an invariant of the starter.
fn broken(name: &'static str, edits: Vec<Edit>, invariant: &'static str) -> Row {
    Row { name, edits, file: INVARIANTS, on: invariant, phrase: "does not hold" }
}

fn cut(path: &'static str, from: &'static str) -> Edit {
    Edit::Cut(path, from)
}

/// Commits that break what the starter promises for every call of a tool.
fn invariants_of_tools() -> Vec<Row> {
    vec![
        broken(
            "a tool that moves money without an approval",
            vec![cut(TOOLS, "untrusted-content-moves-nothing-unapproved"), Edit::Remove(CASES)],
            "untrusted-sessions-never-move-money-unapproved",
        ),
        broken(
            "a tool whose definition nobody approved",
            vec![cut(TOOLS, "unpinned-tools-are-not-called"), Edit::Remove(CASES)],
            "unpinned-tools-are-never-called",
        ),
        broken(
            "a tool that restricted data leaves by",
            vec![cut(TOOLS, "restricted-leaves-by-no-tool"), Edit::Remove(CASES)],
            "restricted-data-never-leaves-by-a-tool",
        ),
    ]
}

/// Commits that break what the starter promises for every other request.
fn invariants() -> Vec<Row> {
    let permit_memory = Edit::Write(BAD, plain("memory", "permit", "readMemory"));
    vec![
        broken(
            "an agent that permits itself payments",
            vec![Edit::Write(OWN, plain("default-pays", "permit", "pay"))],
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
            "private memory that others read",
            vec![cut(SAFEGUARDS, "private-memory-is-private"), permit_memory],
            "no-agent-reads-anothers-private-memory",
        ),
        broken(
            "break-glass without an end",
            vec![
                cut(ADMINISTRATION, "break-glass-ends"),
                Edit::Replace(
                    ADMINISTRATION,
                    "context has break_glass && context.now < context.break_glass.until",
                    "context has break_glass",
                ),
            ],
            "break-glass-cannot-outlive-its-term",
        ),
        broken(
            "approvals of one's own",
            vec![cut(APPROVALS, "nobody-approves-their-own")],
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

/// Commits that answer a decision case otherwise.
fn cases() -> Vec<Row> {
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
    ]
}
