//! What a policy asks beyond its scope, taken apart: the conditions that a caller and a model fix,
//! and those that remain to be asked at each call. Both are evaluated by Cedar.

use cedar_policy::{Entities, EvalResult, Expression, Policy, Request, eval_expression};
use serde_json::{Value, json};

use crate::reads::Reads;

/// A condition, ready to be asked.
#[derive(Debug)]
pub(crate) struct Condition {
    expression: Expression,
    /// The facts of a call that it reads.
    pub reads: Reads,
    pub reads_principal: bool,
    pub reads_resource: bool,
}

/// What Cedar says of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Said {
    Yes,
    No,
    Fails,
}

/// The conditions of one policy as lists of clauses in Cedar's JSON form. An empty list holds.
///
/// INVARIANT: where `fixed` holds, `rest` says what `whole` says; where it does not hold, neither
/// does `whole` nor does it fail, for any context. Where it fails, only `whole` can tell.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Parts {
    pub fixed: Vec<Value>,
    pub rest: Vec<Value>,
    pub whole: Vec<Value>,
}

/// How deep a condition is looked into; what lies deeper counts as reading everything.
const DEPTH_MAX: usize = 256;

impl Parts {
    /// Takes a policy apart. `None` where Cedar cannot tell its conditions.
    pub(crate) fn of(policy: &Policy) -> Option<Self> {
        let json = policy.to_json().ok()?;
        let mut parts = Self::default();
        // What comes after a condition that may fail cannot be moved before it: there it would
        // hide the failure.
        let mut may_move = true;
        for clause in json.get("conditions")?.as_array()? {
            let (kind, body) = (clause.get("kind")?.as_str()?, clause.get("body")?);
            // The parts of `unless { a && b }` do not hold one by one.
            let bodies = if kind == "when" { conjuncts(body) } else { vec![body] };
            for body in bodies {
                let clause = json!({ "kind": kind, "body": body });
                let is_fixed = !reads(body, "context");
                let part = if is_fixed && may_move { &mut parts.fixed } else { &mut parts.rest };
                part.push(clause.clone());
                parts.whole.push(clause);
                may_move &= is_fixed || never_fails(body, DEPTH_MAX);
            }
        }
        Some(parts)
    }
}

impl Condition {
    /// The conjunction of clauses. `None` where there is none, or Cedar does not take it.
    pub(crate) fn new(clauses: &[Value]) -> Option<Self> {
        let any = json!({ "op": "All" });
        let permit = json!({
            "effect": "permit", "principal": any, "action": any, "resource": any,
            "conditions": clauses,
        });
        let policy = Policy::from_json(None, permit).ok()?;
        let is_read = |name| clauses.iter().any(|clause| reads(clause, name));
        Some(Self {
            expression: policy.as_ref().non_scope_constraints()?.clone().into(),
            reads: clauses.iter().fold(Reads::default(), |all, one| all.with(Reads::of(one))),
            reads_principal: is_read("principal"),
            reads_resource: is_read("resource"),
        })
    }

    /// The conditions of a policy that cannot be taken apart. `None` where it has none.
    pub(crate) fn of(policy: &Policy) -> Option<Self> {
        Some(Self {
            expression: policy.as_ref().non_scope_constraints()?.clone().into(),
            reads: Reads::ALL,
            reads_principal: true,
            reads_resource: true,
        })
    }

    /// Asks Cedar.
    pub(crate) fn ask(&self, request: &Request, entities: &Entities) -> Said {
        match eval_expression(request, entities, &self.expression) {
            Ok(EvalResult::Bool(true)) => Said::Yes,
            Ok(EvalResult::Bool(false)) => Said::No,
            Ok(_) | Err(_) => Said::Fails,
        }
    }
}

fn conjuncts(body: &Value) -> Vec<&Value> {
    let (mut found, mut left) = (Vec::new(), vec![body]);
    while let Some(body) = left.pop() {
        let and = body.get("&&").and_then(|and| Some([and.get("right")?, and.get("left")?]));
        match and {
            Some(sides) => left.extend(sides),
            None => found.push(body),
        }
    }
    found
}

/// Whether a variable is read anywhere.
fn reads(node: &Value, variable: &str) -> bool {
    match node {
        Value::Array(parts) => parts.iter().any(|part| reads(part, variable)),
        Value::Object(parts) => {
            parts.get("Var").and_then(Value::as_str) == Some(variable)
                || parts.values().any(|part| reads(part, variable))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Operators that do not fail on what strict validation lets through. Arithmetic is not among them,
/// for it overflows.
const NEVER_FAILS: &[&str] = &[
    "&&",
    "||",
    "!",
    "==",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    ".",
    "has",
    "like",
    "is",
    "in",
    "if-then-else",
    "contains",
    "containsAll",
    "containsAny",
    "isEmpty",
    "Set",
    "datetime",
    "duration",
    "toTime",
];

/// Names and patterns among operands, which are no conditions themselves.
const NAMES: &[&str] = &["attr", "pattern", "entity_type"];

fn never_fails(node: &Value, depth: usize) -> bool {
    let Some(deeper) = depth.checked_sub(1) else { return false };
    let only = node.as_object().filter(|parts| parts.len() == 1);
    let Some((operator, operands)) = only.and_then(|parts| parts.iter().next()) else {
        return false;
    };
    if ["Var", "Value"].contains(&operator.as_str()) {
        return true;
    }
    let part = |part: &Value| never_fails(part, deeper);
    NEVER_FAILS.contains(&operator.as_str())
        && match operands {
            Value::Array(parts) => parts.iter().all(part),
            Value::Object(parts) => {
                parts.iter().all(|(name, value)| NAMES.contains(&name.as_str()) || part(value))
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(conditions: &str) -> Policy {
        format!("forbid (principal, action, resource) {conditions};").parse().unwrap()
    }

    /// The parts of conditions, each as Cedar's own text has it.
    #[track_caller]
    fn check(conditions: &str, fixed: &str, rest: &str) {
        let whole = |conditions: &str| Parts::of(&policy(conditions)).unwrap().whole;
        let parts = Parts::of(&policy(conditions)).unwrap();
        assert_eq!(parts.fixed, whole(fixed), "fixed in {conditions}");
        assert_eq!(parts.rest, whole(rest), "the rest of {conditions}");
        let all = parts.fixed.len() + parts.rest.len();
        assert_eq!(parts.whole.len(), all, "{conditions}");
    }

    #[test]
    fn what_reads_no_context_is_fixed() {
        check("", "", "");
        check("when { context.label_rank > 1 }", "", "when { context.label_rank > 1 }");
        check("when { resource.simulator }", "when { resource.simulator }", "");
        check(
            "when { resource.simulator && context.label_rank > 1 && resource.size == \"small\" }",
            "when { resource.simulator && resource.size == \"small\" }",
            "when { context.label_rank > 1 }",
        );
        check(
            "unless { resource.simulator } when { principal.name == \"a\" && resource.simulator }",
            "unless { resource.simulator } when { principal.name == \"a\" } when { resource.simulator }",
            "",
        );
        let unless = "unless { resource.simulator && context.label_rank > 1 }";
        check(unless, "", unless);
        let or = "when { resource.simulator || context.label_rank > 1 }";
        check(or, "", or);
        check(
            "when { context.label_rank > 1 } when { resource.simulator }",
            "when { resource.simulator }",
            "when { context.label_rank > 1 }",
        );
        check(
            "when { context has approval && context.now.toTime() < duration(\"6h\") && resource.simulator }",
            "when { resource.simulator }",
            "when { context has approval && context.now.toTime() < duration(\"6h\") }",
        );
    }

    #[test]
    fn nothing_is_moved_before_what_may_fail() {
        for may_fail in [
            "context.label_rank + 1 > 0",
            "context.label_rank * 2 > 0",
            "-context.label_rank > 0",
            "context.now.offset(duration(\"1h\")) > datetime(\"2024-01-01\")",
            "context.now.toDate() > datetime(\"2024-01-01\")",
            "{\"a\": context.label_rank + 1}.a > 0",
        ] {
            let conditions = format!("when {{ {may_fail} && resource.simulator }}");
            check(&conditions, "", &conditions);
            let late = format!("when {{ resource.simulator && {may_fail} && resource.simulator }}");
            let rest = format!("when {{ {may_fail} && resource.simulator }}");
            check(&late, "when { resource.simulator }", &rest);
        }
    }

    #[test]
    fn a_condition_knows_what_it_reads() {
        let condition = |text: &str| {
            Condition::new(&Parts::of(&policy(&format!("when {{ {text} }}"))).unwrap().whole)
                .unwrap()
        };
        let both = condition("principal.name == resource.name && context.request.tools");
        assert!(both.reads_principal && both.reads_resource);
        assert_eq!(both.reads, Reads::TOOLS);
        let none = condition("context.label_rank > 1 && context.request.stream");
        assert!(!none.reads_principal && !none.reads_resource);
        assert_eq!(none.reads, Reads::LABEL_RANK.with(Reads::STREAM));
        assert!(Condition::new(&[]).is_none());
    }
}
