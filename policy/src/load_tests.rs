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
    policies/o.cedar:2: attribute `label_rank` in context for Orchestack::Action::"startSandbox" not found; did you mean `approval`?
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
    policies/o.cedar:4: `context.kinds` is never "fax"; its words are email, phone, card, us_ssn, aws_key
    "#);
}

#[test]
fn annotations_are_checked() {
    assert_snapshot!(annotation("permit", "@id(\"x\") @sendmail(\"root\")"), @"policies/o.cedar:1: unknown annotation `@sendmail`; the annotations of permit are redact, block, max_cost, max_tokens, log, locality, retention, dry_run, approval, quorum, expires, id, doc, description");
    assert_snapshot!(annotation("permit", "@reroute(\"local\")"), @"policies/o.cedar:1: `@reroute` has no meaning on this policy, only on a forbid; the annotations of permit are redact, block, max_cost, max_tokens, log, locality, retention, dry_run, approval, quorum, expires, id, doc, description");
    assert_snapshot!(annotation("forbid", "@redact(\"email\")"), @"policies/o.cedar:1: `@redact` has no meaning on this policy, only on a permit; the annotations of forbid are reroute, id, doc, description");
    assert_snapshot!(annotation("forbid", "@reroute(\"cloud\")"), @r#"policies/o.cedar:1: `@reroute` does not know `cloud`; write @reroute("local")"#);
    assert_snapshot!(annotation("permit", "@redact(\"email,fax\")"), @"policies/o.cedar:1: `@redact` names the unknown kind `fax`; the kinds are email, phone, card, us_ssn, aws_key");
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
    policies/o.cedar:1: unknown annotation `@sendmail`; the annotations of permit are redact, block, max_cost, max_tokens, log, locality, retention, dry_run, approval, quorum, expires, id, doc, description
    policies/o.cedar:4: unexpected type: expected Long but saw String; compare with policies/schema.cedarschema
    "#);
}
