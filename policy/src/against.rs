//! What the files of a commit are held against.

use cedar_policy::{ActionConstraint, EntityUid, Policy, Validator};
use serde_json::json;
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
    /// an action of their own.
    pub(crate) fn of_every_tool(&self, policy: &Policy) -> Policy {
        let means_all = matches!(
            policy.action_constraint(),
            ActionConstraint::Eq(action) if action == *self.call_tool
        );
        let widened = || -> Option<Policy> {
            let mut written = policy.to_json().ok()?;
            let scope = written.get_mut("action")?.as_object_mut()?;
            scope.insert("op".to_owned(), json!("in"));
            Policy::from_json(Some(policy.id().clone()), written).ok()
        };
        means_all.then(widened).flatten().unwrap_or_else(|| policy.clone())
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
