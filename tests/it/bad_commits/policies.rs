//! Policies that are wrong in themselves.
#![expect(clippy::too_many_lines, reason = "tables")]

use super::{
    Edit, Row,
    rows::{BAD, MODELS, OWN, forbid, plain, policy},
};

pub(super) fn all() -> Vec<Row> {
    [language(), annotations(), ids()].into_iter().flatten().collect()
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

/// A policy with one more annotation.
fn annotated(annotation: &str, effect: &str, action: &str) -> String {
    format!(
        "@id(\"bad\")\n{annotation}\n{effect} (\n  principal,\n  \
         action == Orchestack::Action::\"{action}\",\n  resource\n);\n"
    )
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
