//! The files of a starter git tree, but for its policies: those come from the policy crate.

/// A file of the starter: its path in the tree, and its text.
pub type StarterFile = (&'static str, &'static str);

/// The starter's files. [`crate::Tree::load`] accepts them as they are.
pub const FILES: &[StarterFile] = &[
    ("README.md", include_str!("../starter/README.md")),
    ("orchestack.toml", include_str!("../starter/orchestack.toml")),
    ("agents/default/agent.toml", include_str!("../starter/agents/default/agent.toml")),
    ("providers/examples.toml", include_str!("../starter/providers/examples.toml")),
    ("models/examples.toml", include_str!("../starter/models/examples.toml")),
    ("sandboxes/code.toml", include_str!("../starter/sandboxes/code.toml")),
    ("tools/agents.toml", include_str!("../starter/tools/agents.toml")),
    ("tools/sandbox.toml", include_str!("../starter/tools/sandbox.toml")),
    ("tools/sandbox.json", include_str!("../starter/tools/sandbox.json")),
    ("tools/examples.toml", include_str!("../starter/tools/examples.toml")),
];
