//! What a tool server is asked for beside its tools: resources, prompts and completions, the lists of them, and
//! word of changes; and what it says unasked, the lines of its log. To policies each is a tool that reads, by the
//! name that MCP gives it and with a definition of our own: `mail.resources/read`. No tool of a server has such
//! a name.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
};

use config::tree::ToolServerFile;
use serde_json::{Value, json};
use tools::Definition;
use types::{Effect, Replay};

use super::{Pinned, Tool};

/// Reading a resource.
pub const RESOURCE: &str = "resources/read";
/// Filling in a prompt.
pub const PROMPT: &str = "prompts/get";
/// Completing an argument.
pub const COMPLETION: &str = "completion/complete";
/// Listing its resources.
pub const RESOURCES: &str = "resources/list";
/// Listing the templates of its resources.
pub const TEMPLATES: &str = "resources/templates/list";
/// Listing its prompts.
pub const PROMPTS: &str = "prompts/list";
/// Wanting to hear when a resource changes, and hearing it.
pub const SUBSCRIPTION: &str = "resources/subscribe";
/// Not wanting to hear that any more.
pub const UNSUBSCRIPTION: &str = "resources/unsubscribe";
/// A line of its log.
pub const LOG: &str = "notifications/message";

/// Their definitions.
static DEFINITIONS: LazyLock<Vec<Definition>> = LazyLock::new(|| {
    let object = |name: &str, properties: Value| {
        let required: Vec<_> =
            properties.as_object().into_iter().flat_map(|of| of.keys()).collect();
        let schema = json!({ "type": "object", "properties": properties, "required": required });
        Definition::read(&json!({ "name": name, "inputSchema": schema })).ok()
    };
    let text = || json!({ "type": "string" });
    let all = [
        object(RESOURCE, json!({ "uri": text() })),
        object(PROMPT, json!({ "name": text(), "arguments": { "type": "object" } })),
        object(
            COMPLETION,
            json!({ "ref": { "type": "object" }, "argument": { "type": "object" } }),
        ),
        object(RESOURCES, json!({})),
        object(TEMPLATES, json!({})),
        object(PROMPTS, json!({})),
        object(SUBSCRIPTION, json!({ "uri": text() })),
        object(UNSUBSCRIPTION, json!({ "uri": text() })),
        object(LOG, json!({})),
    ];
    all.into_iter().flatten().collect()
});

/// Whether a name is one of them.
pub(super) fn is_one(name: &str) -> bool {
    DEFINITIONS.iter().any(|known| known.name == name)
}

/// Those of one server. What its file says of them counts: their label, their trust, that they are hidden.
pub(super) fn of(file: &ToolServerFile) -> BTreeMap<String, Tool> {
    let read = |definition: &Definition| {
        let pinned = Pinned::new(&file.name, definition.clone()).ok()?;
        let mut tool = Tool::of(file, &definition.name);
        if !file.tools.contains_key(&definition.name) {
            tool.replay = Replay::Pure;
        }
        if tool.effect == Effect::Unknown {
            tool.effect = Effect::Read;
        }
        tool.accept(&Arc::new(pinned));
        Some((definition.name.clone(), tool))
    };
    DEFINITIONS.iter().filter_map(read).collect()
}
