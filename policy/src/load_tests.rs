//! Bad bundles, each with every message that its author sees.

use insta::assert_snapshot;

use super::*;
use crate::testing::{ALLOW, bundle};

/// Every fault of a bundle, one a line.
#[track_caller]
fn faults(organisation: &str, agent: &str) -> String {
    let faults = Engine::load(&bundle(organisation, agent)).expect_err("the bundle has faults");
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// A policy on four lines: annotations, scope, and the condition on a line of its own.
fn policy(annotations: &str, effect: &str, condition: &str) -> String {
    format!(
        "{annotations}\n\
         {effect} (principal, action == Orchestack::Action::\"callModel\", resource)\n\
         when {{\n{condition} }};\n"
    )
}

fn condition(condition: &str) -> String {
    faults(&policy("", "forbid", condition), ALLOW)
}

fn annotation(effect: &str, annotation: &str) -> String {
    faults(&policy(annotation, effect, "true"), ALLOW)
}

#[test]
fn a_bundle_without_faults_loads() {
    let engine = Engine::load(&bundle(&policy("@id(\"x\")", "permit", "true"), ALLOW));
    assert_eq!(engine.expect("no faults").commit(), "c0ffee");
    assert!(Engine::load(&bundle("", "// nothing")).is_ok());
}

#[test]
fn syntax_is_checked() {
    assert_snapshot!(faults("permit (principal, action", ALLOW), @"policies/o.cedar:1: unexpected end of input; correct the syntax here");
    assert_snapshot!(condition("context.label_rank = 3"), @"policies/o.cedar:4: '=' is not a valid operator in Cedar; try using '==' instead");
    assert_snapshot!(faults("permit (principal == ?principal, action, resource);", ALLOW), @"policies/o.cedar:1: templates with `?principal` or `?resource` are not supported; write the policy for each principal or resource");
}

#[test]
fn types_and_names_are_checked() {
    assert_snapshot!(condition("context.label > 3"), @"policies/o.cedar:4: unexpected type: expected Long but saw String; compare with policies/schema.cedarschema");
    assert_snapshot!(condition("context.lable == \"public\""), @r#"policies/o.cedar:4: attribute `lable` in context for Orchestack::Action::"callModel" not found; did you mean `label`?"#);
    assert_snapshot!(condition("resource in Orchestack::Providr::\"x\""), @"policies/o.cedar:4: unrecognized entity type `Orchestack::Providr`; did you mean `Orchestack::Provider`?");
    let action = "permit (principal, action == Orchestack::Action::\"callModels\", resource);";
    assert_snapshot!(faults(action, ALLOW), @r#"policies/o.cedar:1: unrecognized action `Orchestack::Action::"callModels"`; compare with policies/schema.cedarschema"#);
    assert_snapshot!(faults("permit (principal, action, resource)\nwhen { context.label_rank > 2 };", ALLOW), @r#"
    policies/o.cedar:2: attribute `label_rank` in context for Orchestack::Action::"administer" not found; did you mean `approval`?
    policies/o.cedar:2: attribute `label_rank` in context for Orchestack::Action::"approve" not found; did you mean `owner`?
    policies/o.cedar:2: attribute `label_rank` in context for Orchestack::Action::"listTool" not found; did you mean `integrity`?
    "#);
}

#[test]
fn what_could_fail_or_never_hold_is_refused() {
    assert_snapshot!(condition("context.budget.remaining < 5"), @r#"policies/o.cedar:4: unable to guarantee safety of access to optional attribute `budget.remaining` in context for Orchestack::Action::"callModel"; try testing for the attribute's presence with `context.budget has remaining && ..`"#);
    assert_snapshot!(condition("Orchestack::Model::\"x\".locality == \"local\""), @"policies/o.cedar:4: entity literals cannot be dereferenced at any level; read attributes of principal, resource and context only");
    assert_snapshot!(condition("context.label_rank > 2 && false"), @"policies/o.cedar:2: policy is impossible: the policy expression evaluates to false for all valid requests; correct its condition, or remove it");
}

#[test]
fn words_of_closed_sets_are_checked() {
    assert_snapshot!(condition("context.label == \"secret\""), @r#"policies/o.cedar:4: `context.label` is never "secret"; its words are public, internal, sensitive, restricted"#);
    assert_snapshot!(condition("\"cluod\" != resource.locality"), @r#"policies/o.cedar:4: `resource.locality` is never "cluod"; its words are local, cloud"#);
    assert_snapshot!(condition("[\"small\",\n\"tiny\"].contains(resource.size)"), @r#"policies/o.cedar:5: `resource.size` is never "tiny"; its words are small, medium, large"#);
    assert_snapshot!(condition("context.integrity == \"yes\" || context.kinds.containsAny([\"email\", \"fax\"])"), @r#"
    policies/o.cedar:4: `context.integrity` is never "yes"; its words are untrusted, trusted
    policies/o.cedar:4: `context.kinds` is never "fax"; its words are email, phone, card, us_ssn, aws_key, personal, payment, secret
    "#);
}

/// The fault of one condition about one action, without its place.
#[track_caller]
fn about(action: &str, condition: &str) -> String {
    let text = format!(
        "permit (principal, action == Orchestack::Action::{action:?}, resource) when {{ {condition} }};"
    );
    faults(&text, ALLOW).replace("policies/o.cedar:1: ", "")
}

#[test]
fn values_of_other_actions_are_checked() {
    assert_snapshot!(about("callModel", "context.label_rank >= 5"), @"`context.label_rank` is never 5; it counts from 0 to 3");
    assert_snapshot!(about("readMemory", "resource.level == 7"), @"`resource.level` is never 7; it counts from 0 to 4");
    assert_snapshot!(about("callTool", "resource.effect == \"mony\""), @r#"`resource.effect` is never "mony"; its words are read, write, egress, contained, money, infra, unknown"#);
    assert_snapshot!(about("approve", "context.kind == \"breakglass\""), @r#"`context.kind` is never "breakglass"; its words are model_call, tool_call, admin, budget, break_glass"#);
    assert_snapshot!(about("administer", "[\"key.create\", \"key.make\"].contains(context.operation)"), @r#"`context.operation` is never "key.make"; docs/policies.md lists its words"#);
    assert_snapshot!(about("administer", "context.operation like \"keys.*\""), @r#"`context.operation` is never like "keys.*"; docs/policies.md lists its words"#);
    let known = "permit (principal, action == Orchestack::Action::\"administer\", resource) \
        when { context.operation like \"key.*\" || context.operation like \"*.list\" };";
    assert!(Engine::load(&bundle(known, ALLOW)).is_ok());
}

#[test]
fn names_that_nothing_else_knows_are_told() {
    let policies = "@id(\"a\") @approval(\"infra-admn,legal\") permit (principal == \
        Orchestack::Agent::\"nobody\", action == Orchestack::Action::\"callModel\", resource);\n\
        @id(\"b\") @approval(\"legal\") permit (principal == Orchestack::Agent::\"default\", \
        action == Orchestack::Action::\"callModel\", resource);\n\
        @id(\"c\") permit (principal in Orchestack::Group::\"legal\", \
        action == Orchestack::Action::\"approve\", resource) when { context.kind == \"budget\" };";
    let engine = Engine::load(&bundle(policies, ALLOW)).expect("no faults");
    assert_snapshot!(engine.notes().join("\n"), @r#"
    policies/o.cedar:1: `a` waits for the role `infra-admn`, in which no policy lets anybody approve
    policies/o.cedar:1: `a` names Orchestack::Agent::"nobody", and the tree has no such agent
    "#);
}

#[test]
fn annotations_are_checked() {
    assert_snapshot!(annotation("permit", "@id(\"x\") @sendmail(\"root\")"), @"policies/o.cedar:1: unknown annotation `@sendmail`; the annotations of permit are redact, block, restore, answer_redact, answer_block, max_cost, max_tokens, log, audit, locality, retention, dry_run, approval, quorum, expires, id, doc, description");
    assert_snapshot!(annotation("permit", "@reroute(\"local\")"), @"policies/o.cedar:1: `@reroute` has no meaning on this policy, only on a forbid; the annotations of permit are redact, block, restore, answer_redact, answer_block, max_cost, max_tokens, log, audit, locality, retention, dry_run, approval, quorum, expires, id, doc, description");
    assert_snapshot!(annotation("forbid", "@redact(\"email\")"), @"policies/o.cedar:1: `@redact` has no meaning on this policy, only on a permit; the annotations of forbid are reroute, id, doc, description");
    assert_snapshot!(annotation("forbid", "@reroute(\"cloud\")"), @r#"policies/o.cedar:1: `@reroute` does not know `cloud`; write @reroute("local")"#);
    assert_snapshot!(annotation("permit", "@redact(\"email,fax\")"), @"policies/o.cedar:1: `@redact` names the unknown kind `fax`; the kinds are email, phone, card, us_ssn, aws_key, personal, payment, secret");
    assert_snapshot!(annotation("permit", "@restore(\"personal,fax\")"), @"policies/o.cedar:1: `@restore` names the unknown kind `fax`; the kinds are email, phone, card, us_ssn, aws_key, personal, payment, secret");
    assert_snapshot!(annotation("forbid", "@answer_block(\"secret\")"), @"policies/o.cedar:1: `@answer_block` has no meaning on this policy, only on a permit; the annotations of forbid are reroute, id, doc, description");
    assert_snapshot!(annotation("permit", "@block(\"email,\")"), @r#"policies/o.cedar:1: `@block` has an empty place in its list; write for example @block("email,phone")"#);
    assert_snapshot!(annotation("permit", "@max_cost(\"-1\")"), @r#"policies/o.cedar:1: `@max_cost` is `-1`, which is no positive amount of US dollars; write for example @max_cost("0.50")"#);
    assert_snapshot!(annotation("permit", "@max_tokens(\"many\")"), @r#"policies/o.cedar:1: `@max_tokens` is `many`, which is no positive whole number; write for example @max_tokens("4096")"#);
    assert_snapshot!(annotation("permit", "@approval"), @r#"policies/o.cedar:1: `@approval` has an empty place in its list; write for example @approval("infra-admin")"#);
    assert_snapshot!(annotation("permit", "@log(\"some\")"), @r#"policies/o.cedar:1: `@log` does not know `some`; write @log("full")"#);
    assert_snapshot!(annotation("permit", "@id(\"a b\")"), @"policies/o.cedar:1: `a b` is no policy id; use letters, digits and -_.:/ only, at most 128");
}

#[test]
fn an_id_is_used_once() {
    let x = policy("@id(\"x\")", "permit", "true");
    assert_snapshot!(faults(&format!("{x}{x}"), ALLOW), @"policies/o.cedar:5: the id `x` is taken by policies/o.cedar:1; give every policy an `@id` of its own");
    assert_snapshot!(faults(&x, &x), @"agents/default/a.cedar:1: the id `x` is taken by policies/o.cedar:1; give every policy an `@id` of its own");
}

#[test]
fn all_faults_of_all_files_come_at_once() {
    let two = policy("@sendmail", "permit", "context.label == 1") + "\npermit";
    assert_snapshot!(faults(&policy("@sendmail", "permit", "context.label > 1"), &two), @r#"
    agents/default/a.cedar:6: unexpected end of input; correct the syntax here
    policies/o.cedar:1: unknown annotation `@sendmail`; the annotations of permit are redact, block, restore, answer_redact, answer_block, max_cost, max_tokens, log, audit, locality, retention, dry_run, approval, quorum, expires, id, doc, description
    policies/o.cedar:4: unexpected type: expected Long but saw String; compare with policies/schema.cedarschema
    "#);
}

/// Every fault of a bundle with one more file of cases or invariants.
#[track_caller]
fn file_faults(file: &str, text: &str) -> String {
    let source = crate::Source { file: file.to_owned(), text: text.to_owned() };
    let mut bundle = bundle(ALLOW, &policy("@id(\"own\")", "permit", "true"));
    if file.starts_with("tests/") {
        bundle.cases.push(source);
    } else {
        bundle.invariants.push(source);
    }
    let faults = Engine::load(&bundle).expect_err("the bundle has faults");
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_case_with_another_answer_stops_the_commit() {
    let case = |rest: &str| {
        let text = format!(
            "\n[[case]]\nname = \"x\"\nmodel = {{ id = \"m\", locality = \"cloud\" }}\n{rest}"
        );
        file_faults("tests/t.toml", &text)
    };
    assert_snapshot!(case("expect = \"deny\""), @"tests/t.toml:2: the case `x` fails: a denial is expected, and it is permitted (by allow, own); correct the policies, or the case if the answer is right");
    assert_snapshot!(case("expect = \"permit\"\nby = [\"other\"]"), @"tests/t.toml:2: the case `x` fails: `other` should decide, and it is permitted (by allow, own); correct the policies, or the case if the answer is right");
    assert_snapshot!(case("expect = \"permit\"\nredact = [\"email\"]"), @"tests/t.toml:2: the case `x` fails: `email` should be redacted, and `` is; correct the policies, or the case if the answer is right");
    assert_snapshot!(case("expect = \"permit\"\nrestore = [\"email\"]"), @"tests/t.toml:2: the case `x` fails: `email` should be put back, and `` is; correct the policies, or the case if the answer is right");
    assert_snapshot!(case("expect = \"permit\"\nanswer_block = [\"secret\"]"), @"tests/t.toml:2: the case `x` fails: `secret` should stop the answer, and `` does; correct the policies, or the case if the answer is right");
    assert_snapshot!(case("expect = \"reroute\""), @"tests/t.toml:2: the case `x` fails: a reroute to a local model is expected, and it is permitted (by allow, own); correct the policies, or the case if the answer is right");
    assert_snapshot!(case("expect = \"permit\"\nlable = \"public\""), @"tests/t.toml:2: this case cannot be read: unknown field `lable`, expected one of `agent`, `groups`, `model`, `label`, `integrity`, `kinds`, `endpoint`, `stream`, `tools`, `images`, `input_tokens`, `max_output_tokens`, `remaining`, `used_percent`, `calls`, `approved`, `dry_run`, `now`; the guide to policies lists what a case can say");
    assert_snapshot!(file_faults("tests/t.toml", "[[cases]]\n"), @"tests/t.toml:1: unknown field `cases`, expected `case`; correct it here");
    assert_snapshot!(file_faults("tests/t.toml", "[[case]]\nname = \"q\"\nexpect = \"deny\"\nprincipal = 'Orchestack::Agent::\"default\"'\naction = \"callTools\"\nresource = 'Orchestack::Tool::\"t\"'"), @"tests/t.toml:1: the case `q` fails: the case asks nothing that can be answered: the schema has no action `callTools`; correct the policies, or the case if the answer is right");
}

#[test]
fn a_case_about_what_is_not_there_stops_the_commit() {
    let case = |rest: &str| {
        let faults = file_faults(
            "tests/t.toml",
            &format!("[[case]]\nname = \"x\"\nexpect = \"deny\"\n{rest}"),
        );
        let told = faults.replace(
            "tests/t.toml:1: the case `x` fails: the case asks nothing that can be answered: ",
            "",
        );
        told.replace("; correct the policies, or the case if the answer is right", "")
    };
    let model = "model = { id = \"m\", locality = \"cloud\" }\n";
    assert_snapshot!(case(&format!("{model}agent = \"stranger\"")), @"the tree has no agent `stranger`; name one of its own as `agent`");
    assert_snapshot!(case(&format!("{model}kinds = [\"fax\"]")), @r#"`context.kinds` is never "fax"; its words are email, phone, card, us_ssn, aws_key, personal, payment, secret"#);
    assert_snapshot!(case("model = { id = \"m\", locality = \"cloud\", size = \"huge\" }"), @"tests/t.toml:1: this case cannot be read: unknown variant `huge`, expected one of `small`, `medium`, `large`; the guide to policies lists what a case can say");
    assert_snapshot!(case("user = \"ann\"\noperation = \"key.make\""), @"tests/t.toml:1: this case cannot be read: `key.make` is no operation of the admin API; there are key.create, key.rotate, key.revoke, key.list; the guide to policies lists what a case can say");
    assert_snapshot!(case("user = \"ann\"\ngroups = [\"a\"]\nrole = \"a\"\nkind = \"glass\""), @r#"`context.kind` is never "glass"; its words are model_call, tool_call, admin, budget, break_glass"#);
    let tool = "principal = 'Orchestack::Agent::\"default\"'\naction = \"callTool\"\n\
        resource = 'Orchestack::Tool::\"t\"'\n";
    assert_snapshot!(case(&format!("{tool}context = {{ label_rank = 9 }}")), @"`context.label_rank` is never 9; it counts from 0 to 3");
    let twice = "[[case]]\nname = \"x\"\nmodel = { id = \"m\", locality = \"cloud\" }\nexpect = \"permit\"\n";
    assert_snapshot!(file_faults("tests/t.toml", &format!("{twice}{twice}")), @"tests/t.toml:5: tests/t.toml:1 is also called `x`; give every case a name of its own");
}

#[test]
fn an_invariant_that_says_nothing_stops_the_commit() {
    let invariant = |text: &str| file_faults("invariants/i.toml", text);
    assert_snapshot!(invariant("[x]\nsays = \"nevr\"\nwhen = \"true\""), @"invariants/i.toml:1: invariant `x`: unknown variant `nevr`, expected one of `never`, `always`, `never_errors`, `implies`, `disjoint`; the guide to policies shows every key");
    assert_snapshot!(invariant("[x]\nsays = \"never\""), @"invariants/i.toml:1: invariant `x`: its keys do not go together; `never` and `always` take `when`; `implies` and `disjoint` take `within`");
    assert_snapshot!(invariant("[x]\nsays = \"never\"\nactions = [\"callModels\"]\nwhen = \"true\""), @"invariants/i.toml:1: invariant `x`: the schema has no action `callModels`; name actions of policies/schema.cedarschema");
    assert_snapshot!(invariant("\n[x]\nsays = \"never\"\nwhen = \"context.label_rank >= 3\""), @r#"invariants/i.toml:2: invariant `x`: attribute `label_rank` in context for Orchestack::Action::"administer" not found; name `actions` that have these attributes"#);
    assert_snapshot!(invariant("[x]\nsays = \"never\"\nactions = [\"callModel\"]\nwhen = \"true }; permit (principal, action, resource) when { true\""), @"invariants/i.toml:1: invariant `x`: `when` is more than a condition; write a Cedar condition, as within `when { }` of a policy");
    let never = |when: &str| {
        let text = format!("[x]\nsays = \"never\"\nactions = [\"callModel\"]\nwhen = '{when}'");
        invariant(&text).replace("invariants/i.toml:1: invariant `x`: ", "")
    };
    assert_snapshot!(never("context.label == \"secret\""), @r#"`context.label` is never "secret"; its words are public, internal, sensitive, restricted"#);
    assert_snapshot!(never("false"), @"policy is impossible: the policy expression evaluates to false for all valid requests; write a condition that a request can meet");
    assert_snapshot!(invariant("[x]\nsays = \"never_errors\"\nlayer = \"agent:nobody\""), @"invariants/i.toml:1: invariant `x`: the tree has no agent `nobody`; name an agent of the folder `agents`");
    assert_snapshot!(invariant("[x]\nsays = \"implies\"\nlayer = \"agents\"\nwithin = \"agent:nobody\""), @"invariants/i.toml:1: invariant `x`: the tree has no agent `nobody`; name an agent of the folder `agents`");
    assert_snapshot!(invariant("[x]\nsays = \"implies\"\nlayer = \"agent\"\nwithin = \"permits\""), @"invariants/i.toml:1: invariant `x`: `agent` is no layer; the layers are organisation, permits, agents and agent:NAME; the guide to policies shows every key");
}

#[test]
fn an_obligation_that_nobody_carries_out_stops_the_commit() {
    let about = |annotation: &str, action: &str| {
        faults(&format!("@id(\"x\") {annotation}\npermit (principal, {action}, resource);"), ALLOW)
    };
    assert_snapshot!(about("@redact(\"email\")", "action"), @"policies/o.cedar:1: `@redact` is not carried out on `listTool`, which this policy is about; name actions in its scope; those with `@redact` are callModel, callTool, writeMemory, sendMessage");
    assert_snapshot!(about("@approval(\"legal\")", "action == Orchestack::Action::\"readMemory\""), @"policies/o.cedar:1: `@approval` is not carried out on `readMemory`, which this policy is about; name actions in its scope; those with `@approval` are callModel, callTool, writeMemory, administer, pay");
    assert_snapshot!(annotation("permit", "@quorum(\"2\")"), @r#"policies/o.cedar:1: `@quorum` has no meaning without `@approval`; say who approves, for example @approval("infra-admin")"#);
    assert_snapshot!(annotation("permit", "@approval(\"a\") @quorum(\"0\")"), @r#"policies/o.cedar:1: `@quorum` is `0`, which is no number of people from 1 to 10; write for example @quorum("2")"#);
    assert_snapshot!(annotation("permit", "@approval(\"a\") @expires(\"4\")"), @r#"policies/o.cedar:1: `@expires` is `4`, which is no time from a minute to 30 days; write for example @expires("4h"); the units are m, h and d"#);
    assert_snapshot!(annotation("permit", "@retention(\"long\")"), @r#"policies/o.cedar:1: `@retention` is `long`, which is neither `none` nor a number of days; write for example @retention("30d")"#);
    assert_snapshot!(annotation("permit", "@locality(\"cloud\")"), @r#"policies/o.cedar:1: `@locality` does not know `cloud`; write @locality("local")"#);
}
