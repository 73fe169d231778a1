//! What is too large to be compiled.
//!
//! The library compiles without looking at a clock, so a worker in it cannot be stopped: what would
//! keep it busy for minutes must be refused before.

use cedar_policy::{Policy, PolicySet};
use serde_json::Value;

/// The most policies that may apply in one environment. The time grows with the square: 400 take a
/// second, 2,000 half a minute.
const POLICIES_MAX: usize = 2_000;

/// The longest policy, in bytes. It bounds the depth of a condition, and thereby the stack.
const POLICY_BYTES_MAX: usize = 16 << 10;

/// The deepest nesting of operations that can overflow. Each doubles the formula: ten take seconds,
/// twenty an hour.
const ARITHMETIC_MAX: usize = 8;

/// The operations that can overflow, as Cedar's JSON calls them.
const ARITHMETIC: &[&str] = &["+", "-", "*", "neg", "offset", "durationSince", "toDate", "toTime"];

/// What is too large.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TooLarge {
    #[error("more than {POLICIES_MAX} policies can apply: prove them for fewer environments")]
    Policies,
    #[error("the policy `{0}` is longer than {POLICY_BYTES_MAX} bytes: split it")]
    Policy(String),
    #[error("the policy `{0}` nests more than {ARITHMETIC_MAX} operations: split it")]
    Arithmetic(String),
}

/// Refuses a set that cannot be compiled in reasonable time.
pub(crate) fn check(set: &PolicySet) -> Result<(), TooLarge> {
    if set.num_of_policies() > POLICIES_MAX {
        return Err(TooLarge::Policies);
    }
    set.policies().try_for_each(check_policy)
}

fn check_policy(policy: &Policy) -> Result<(), TooLarge> {
    let name = || policy.annotation("id").map_or_else(|| policy.id().to_string(), str::to_owned);
    if policy.to_cedar().is_some_and(|text| text.len() > POLICY_BYTES_MAX) {
        return Err(TooLarge::Policy(name()));
    }
    // What has no JSON has no meaning for the library either, which will say so.
    let deep = policy.to_json().is_ok_and(|json| arithmetic(&json) > ARITHMETIC_MAX);
    if deep { Err(TooLarge::Arithmetic(name())) } else { Ok(()) }
}

/// The deepest nesting of arithmetic in a policy.
fn arithmetic(policy: &Value) -> usize {
    let mut deepest = 0;
    let mut open = vec![(policy, 0_usize)];
    while let Some((value, depth)) = open.pop() {
        deepest = deepest.max(depth);
        match value {
            Value::Object(map) => open.extend(map.iter().map(|(key, value)| {
                (value, depth.saturating_add(usize::from(ARITHMETIC.contains(&key.as_str()))))
            })),
            Value::Array(list) => open.extend(list.iter().map(|value| (value, depth))),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn depth(condition: &str, expected: usize) {
        let text = format!("permit (principal, action, resource) when {{ {condition} }};");
        let policy: Policy = text.parse().unwrap();
        assert_eq!(arithmetic(&policy.to_json().unwrap()), expected);
    }

    #[test]
    fn only_nested_arithmetic_counts() {
        depth("context.rank > 3 && resource.name like \"a*-+b\"", 0);
        depth("context.rank + 1 > 3 && context.rank - 1 < 7", 1);
        depth("context.rank + 1 + -context.rank * 2 == 3", 3);
        depth("context.now.toTime() < duration(\"1h\")", 1);
    }

    #[test]
    fn a_long_policy_and_a_long_list_are_refused() {
        let names: Vec<String> = (0..2_000).map(|name| format!("resource.a{name}")).collect();
        let chain = format!(
            "@id(\"long\") permit (principal, action, resource) when {{ {} }};",
            names.join(" || ")
        );
        let told = check(&chain.parse().unwrap()).unwrap_err().to_string();
        assert_eq!(told, "the policy `long` is longer than 16384 bytes: split it");
        let many = "permit (principal, action, resource);".repeat(POLICIES_MAX + 1);
        assert!(matches!(check(&many.parse().unwrap()), Err(TooLarge::Policies)));
    }
}
