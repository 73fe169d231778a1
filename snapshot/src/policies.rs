//! The policies of a tree, without anything that needs a store or a network.

use std::collections::BTreeMap;

use config::{
    Fault, Tree,
    tree::{AgentFile, AgentKind, TextFile, ToolServerFile, ToolTransport},
};
use policy::{AgentSource, Bundle, Engine, Source, ToolSource};
use tools::{Definition, Pin, Service};

use crate::detectors;

/// The policies of a tree's files, checked, with every decision case as expected.
///
/// # Errors
/// Every mistake of the tree's files, and every case that fails.
pub fn engine(commit: &str, files: &BTreeMap<String, Vec<u8>>) -> Result<Engine, Vec<Fault>> {
    load(&Tree::load(commit, files)?)
}

/// As [`engine`], whatever its cases come to.
///
/// # Errors
/// Every mistake of the tree's files.
pub fn untested(commit: &str, files: &BTreeMap<String, Vec<u8>>) -> Result<Engine, Vec<Fault>> {
    read(&Tree::load(commit, files)?, Engine::untested)
}

/// The words for what can be found in a call without detectors of a tree: the families, then the kinds.
pub fn kinds() -> Vec<&'static str> {
    let families = dlp::Family::ALL.iter().map(|family| family.as_str());
    families.chain(dlp::Kind::all().map(dlp::Kind::as_str)).collect()
}

/// Each of these kinds with its family.
pub fn families() -> Vec<(&'static str, &'static str)> {
    dlp::Kind::all().map(|kind| (kind.as_str(), kind.family().as_str())).collect()
}

pub(crate) fn load(tree: &Tree) -> Result<Engine, Vec<Fault>> {
    read(tree, Engine::load)
}

fn read(
    tree: &Tree,
    load: fn(&Bundle<'_>) -> Result<Engine, Vec<policy::Fault>>,
) -> Result<Engine, Vec<Fault>> {
    let source = |file: &TextFile| Source { file: file.path.clone(), text: file.text.clone() };
    let (mut kinds, mut families) = (kinds(), families());
    for kind in detectors::kinds(tree) {
        kinds.push(kind.as_str());
        families.push((kind.as_str(), kind.family().as_str()));
    }
    let agent = |agent: &AgentFile| AgentSource {
        kind: agent_kind(agent.kind),
        groups: agent.groups.clone(),
        policies: agent.policies.iter().map(source).collect(),
    };
    let raw = |folder: &str| -> Vec<Source> {
        tree.raw.iter().filter(|file| file.path.starts_with(folder)).map(source).collect()
    };
    let bundle = Bundle {
        commit: tree.commit.clone(),
        organisation: tree.policies.iter().map(source).collect(),
        agents: tree.agents.iter().map(|(name, file)| (name.clone(), agent(file))).collect(),
        cases: raw("tests/"),
        invariants: raw("invariants/"),
        tools: tools(tree),
        kinds: &kinds,
        families: &families,
    };
    load(&bundle).map_err(|faults| {
        let fault = |f: policy::Fault| Fault {
            file: f.file,
            line: f.line,
            key: String::new(),
            message: f.message,
            fix: f.fix,
        };
        faults.into_iter().map(fault).collect()
    })
}

/// The tools that the tree pins, whose input policies can read: by a file of pins, or by the document of a REST
/// service. What of them cannot be read is told by whoever needs the definitions.
fn tools(tree: &Tree) -> Vec<ToolSource> {
    let of_server = |(server, file): (&String, &ToolServerFile)| -> Vec<ToolSource> {
        let one = |definition: Definition| ToolSource {
            server: server.clone(),
            name: definition.name,
            input_schema: definition.input_schema,
        };
        pinned(file).into_iter().map(one).collect()
    };
    tree.tools.iter().flat_map(of_server).collect()
}

fn pinned(file: &ToolServerFile) -> Vec<Definition> {
    match (&file.pins, &file.transport) {
        (Some(pins), _) => Pin::parse(&pins.text).map(|pin| pin.tools).unwrap_or_default(),
        (None, ToolTransport::OpenApi { document, .. }) => Service::parse(&document.text)
            .map(|service| service.definitions().cloned().collect())
            .unwrap_or_default(),
        (
            None,
            ToolTransport::Http { .. }
            | ToolTransport::Stdio { .. }
            | ToolTransport::Sandbox
            | ToolTransport::Functions,
        ) => Vec::new(),
    }
}

pub(crate) const fn agent_kind(kind: AgentKind) -> policy::AgentKind {
    match kind {
        AgentKind::User => policy::AgentKind::User,
        AgentKind::System => policy::AgentKind::System,
    }
}
