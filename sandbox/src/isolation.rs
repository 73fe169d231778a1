//! What keeps code in: layer by layer, what was found and not what was hoped for.

use serde::{Deserialize, Serialize};

/// What keeps code in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Isolation {
    /// Each layer with what was found of it.
    pub layers: Vec<(Layer, Guard)>,
}

/// One thing that keeps code in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// A sandbox starts at all, in namespaces of its own.
    Namespaces,
    /// No capability, and no way to get one.
    Capabilities,
    /// No user namespace within, where it would be root.
    NestedNamespaces,
    /// System calls that no program of a user needs are refused.
    Seccomp,
    /// Only a loopback interface, and nothing outside answers.
    Network,
    /// Nothing of this machine's files but programs.
    Files,
    /// The same said again by rules of the kernel's, which hold where a mount went wrong.
    Landlock,
    /// A user of its own for each sandbox.
    User,
    /// Memory is bounded.
    Memory,
    /// Processes are bounded.
    Processes,
    /// Processor time is bounded.
    Cpu,
    /// The workspace's size is bounded.
    Disk,
}

/// How a layer holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Guard {
    /// The kernel enforces it; the text says by what.
    Enforced(String),
    /// A supervisor looks and ends what goes over it, a moment late.
    Watched(String),
    /// Not there, and why.
    Absent(String),
}

/// Layers without which code that nobody vouches for does not run.
const NEEDED: [Layer; 8] = [
    Layer::Namespaces,
    Layer::Capabilities,
    Layer::NestedNamespaces,
    Layer::Seccomp,
    Layer::Network,
    Layer::Files,
    Layer::Memory,
    Layer::Processes,
];

impl Isolation {
    /// A layer's guard, if somebody looked.
    pub fn guard(&self, layer: Layer) -> Option<&Guard> {
        self.layers.iter().find(|(known, _)| *known == layer).map(|(_, guard)| guard)
    }

    /// Whether code may run that nobody vouches for.
    pub fn is_whole(&self) -> bool {
        self.missing().next().is_none()
    }

    /// Whether a sandbox starts at all.
    pub fn starts(&self) -> bool {
        matches!(self.guard(Layer::Namespaces), Some(Guard::Enforced(_)))
    }

    /// What is missing, in words; empty if nothing is.
    pub fn why(&self) -> String {
        let words = self.missing().map(|(layer, why)| format!("{layer:?}: {why}"));
        words.collect::<Vec<_>>().join("; ")
    }

    fn missing(&self) -> impl Iterator<Item = (Layer, &str)> {
        NEEDED.into_iter().filter_map(|layer| match self.guard(layer) {
            Some(Guard::Enforced(_) | Guard::Watched(_)) => None,
            Some(Guard::Absent(why)) => Some((layer, why.as_str())),
            None => Some((layer, "nobody looked")),
        })
    }
}
