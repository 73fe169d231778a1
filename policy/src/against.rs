//! What the files of a commit are held against.

use cedar_policy::{ActionConstraint, EntityUid, Policy, Validator};
use serde_json::{Value, json};
use types::nearest;

use crate::{bundle::ToolSource, tool::tool_of};

/// What the files of a commit are held against.
pub(crate) struct Against<'a> {
    pub validator: &'a Validator,
    /// The kinds that DLP finds.
    pub kinds: &'a [&'a str],
    /// The tools that the tree defines.
    pub tools: &'a [ToolSource],
    pub call_tool: &'a EntityUid,
}

impl Against<'_> {
    /// A policy that says `action == callTool`, as it is meant: about every tool, also those that have
    /// an action of their own. So it is where a condition compares the action.
    pub(crate) fn of_every_tool(&self, policy: &Policy) -> Policy {
        let means_all = matches!(
            policy.action_constraint(),
            ActionConstraint::Eq(action) if action == *self.call_tool
        );
        let widened = || -> Option<Policy> {
            let mut written = policy.to_json().ok()?;
            if means_all {
                let scope = written.get_mut("action")?.as_object_mut()?;
                scope.insert("op".to_owned(), json!("in"));
            }
            let before = written.get("conditions")?.clone();
            let conditions = written.get_mut("conditions")?;
            widen(conditions);
            // One that is left as it is knows its places in the file, for messages.
            let changed = means_all || *conditions != before;
            changed.then(|| Policy::from_json(Some(policy.id().clone()), written).ok()).flatten()
        };
        widened().unwrap_or_else(|| policy.clone())
    }

    /// What to do about a mistake that has to do with a tool, told by Cedar's message.
    pub(crate) fn help_with_tool(&self, message: &str) -> Option<String> {
        if let Some(name) = own_action(message) {
            let known: Vec<String> = self.tools.iter().map(ToolSource::id).collect();
            let near = nearest(name, known.iter().map(String::as_str));
            return Some(near.map_or_else(
                || "pin the tool's definition first: `orchestack tool pin SERVER`".to_owned(),
                |near| format!("did you mean `callTool:{near}`?"),
            ));
        }
        let of_every_tool = message.contains("attribute `tool` in context for")
            && message.contains("Action::\"callTool\"");
        of_every_tool.then(|| {
            "name the tool whose input it is: `action == Orchestack::Action::\"callTool:SERVER.TOOL\"`"
                .to_owned()
        })
    }
}

/// `action == callTool` and `[callTool].contains(action)` within conditions, as `action in` it.
fn widen(expression: &mut Value) {
    match expression {
        Value::Array(all) => all.iter_mut().for_each(widen),
        Value::Object(fields) => {
            fields.values_mut().for_each(widen);
            let is_action = |side: Option<&Value>| side == Some(&json!({ "Var": "action" }));
            let taken = ["==", "!=", "contains"].into_iter().find_map(|operator| {
                let (left, right) =
                    (fields.get(operator)?.get("left"), fields.get(operator)?.get("right"));
                let other = if is_action(left) { right } else { left.filter(|_| is_action(right)) };
                Some((operator, other.filter(|other| has_call_tool(other))?.clone()))
            });
            if let Some((operator, other)) = taken {
                let within = json!({ "in": { "left": { "Var": "action" }, "right": other } });
                *expression =
                    if operator == "!=" { json!({ "!": { "arg": within } }) } else { within };
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Whether it is the action of every tool, or a set that has it.
fn has_call_tool(expression: &Value) -> bool {
    if let Some(set) = expression.get("Set").and_then(Value::as_array) {
        return set.iter().any(has_call_tool);
    }
    let entity = expression.get("Value").and_then(|value| value.get("__entity"));
    entity.is_some_and(|entity| entity.get("id") == Some(&json!("callTool")))
}

/// The tool that an unknown action of a message names.
fn own_action(message: &str) -> Option<&str> {
    let action = message.split_once("Orchestack::Action::\"")?.1.split('"').next()?;
    tool_of(action).filter(|_| message.contains("unrecognized action"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_its_tool() {
        let message = "unrecognized action `Orchestack::Action::\"callTool:mail.sned\"`";
        assert_eq!(own_action(message), Some("mail.sned"));
        assert_eq!(own_action("unrecognized action `Orchestack::Action::\"callTools\"`"), None);
    }
}
