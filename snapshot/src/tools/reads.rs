//! What a tool server is asked for beside its tools: resources, prompts and completions. To policies each is a
//! tool that reads, with a definition of our own: `mail.resources/read`. No tool of a server has such a name.

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
    ];
    all.into_iter().flatten().collect()
});

/// Whether a name is one of them.
pub(super) fn is_one(name: &str) -> bool {
    [RESOURCE, PROMPT, COMPLETION].contains(&name)
}

/// Those of one server. What its file says of them counts: their label, their trust, that they are hidden.
pub(super) fn of(file: &ToolServerFile) -> BTreeMap<String, Tool> {
    let read = |definition: &Definition| {
        let pinned = Pinned::new(&file.name, definition.clone()).ok()?;
        let mut tool = Tool::of(file, &definition.name);
        if !file.tools.contains_key(&definition.name) {
            (tool.effect, tool.replay) = (Effect::Read, Replay::Pure);
        }
        tool.accept(&Arc::new(pinned));
        Some((definition.name.clone(), tool))
    };
    DEFINITIONS.iter().filter_map(read).collect()
}
