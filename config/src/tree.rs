//! The organisation's git tree, read from the bytes of one commit. A commit is taken whole or not
//! at all, so everything that is wrong with it is told at once.

mod agent;
mod limits;
mod loop_spec;
mod model;
mod organisation;
mod particulars;
mod provider;
mod reuse;
mod run;
mod sandbox;
mod schedule;
mod scorer;
mod tool;

use std::{collections::BTreeMap, time::Duration};

pub use agent::{AgentFile, AgentKind, Caps};
pub use limits::{OrgLimits, Rates};
pub use loop_spec::{LoopSpec, Redo, Stage};
pub use model::{CapabilityNames, ModelFile, ModelPrice, TokenPrice};
pub use organisation::OrgSettings;
pub use particulars::{Misfit, misfits, region_of};
pub use provider::{MaxTokensField, ProviderFile, Timeouts};
pub use reuse::{Answers, Reuse, Similar};
pub use run::{RunLimits, ToolPattern, Work};
pub use sandbox::{EgressHost, SandboxProfile};
pub use schedule::{Misfire, ScheduleFile};
pub use scorer::{AgentScorer, ScorerFile};
pub use tool::{
    Pinning, Sampling, ToolCredential, ToolFile, ToolOAuth, ToolProof, ToolServerFile,
    ToolTransport,
};

use types::nearest;

use crate::{
    Fault,
    document::{self, Node, Value},
    reader::{Notes, Reader},
};

/// The most files of a tree.
pub const FILES_MAX: usize = 10_000;
/// The most bytes of all files of a tree together.
pub const TREE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// A text file that another crate reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextFile {
    /// Its path in the tree.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// One commit of the organisation's tree.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tree {
    /// The commit.
    pub commit: String,
    /// `orchestack.toml`: settings of the whole organisation.
    pub settings: OrgSettings,
    /// `policies/*.cedar`: the organisation's layer.
    pub policies: Vec<TextFile>,
    /// `agents/NAME/`, by name.
    pub agents: BTreeMap<String, AgentFile>,
    /// `providers/*.toml`, by name.
    pub providers: Vec<ProviderFile>,
    /// `models/*.toml`, by id.
    pub models: Vec<ModelFile>,
    /// `tools/*.toml`: tool servers, by name.
    pub tools: BTreeMap<String, ToolServerFile>,
    /// `sandboxes/*.toml`: profiles, by name.
    pub sandboxes: BTreeMap<String, SandboxProfile>,
    /// `loops/*.toml`, by name.
    pub loops: BTreeMap<String, LoopSpec>,
    /// `schedules/*.toml`, by name.
    pub schedules: BTreeMap<String, ScheduleFile>,
    /// Files of folders that other parts read: `detectors/`, `runbooks/`, `connectors/`,
    /// `invariants/`, `tests/`, and `policies/schema.cedarschema`.
    pub raw: Vec<TextFile>,
}

impl Tree {
    /// Reads and checks a commit: `files` maps paths with `/` to contents.
    ///
    /// # Errors
    /// Every mistake of every file, sorted by file and line. Cedar text is not read here; the
    /// policy engine reports its own.
    pub fn load(commit: &str, files: &BTreeMap<String, Vec<u8>>) -> Result<Self, Vec<Fault>> {
        let mut notes = Notes::default();
        let mut tree = Self { commit: commit.to_owned(), ..Self::default() };
        let mut drafts = Drafts::default();
        if within_bounds(files, &mut notes) {
            for (path, bytes) in files {
                tree.take(path, bytes, &mut drafts, &mut notes);
            }
        }
        tree.agents = drafts.agents.finish(&mut notes);
        tree.tools = drafts.tools.finish(&mut notes);
        tree.cross_check(&mut notes);
        if !notes.faults.is_empty() {
            notes.faults.sort();
            notes.faults.dedup();
            return Err(notes.faults);
        }
        tree.providers.sort_by(|a, b| a.name.cmp(&b.name));
        tree.models.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(tree)
    }

    fn take(&mut self, path: &str, bytes: &[u8], drafts: &mut Drafts, notes: &mut Notes) {
        let parts: Vec<&str> = path.split('/').collect();
        // Editors' and git's own files are nobody's mistake: `.gitignore`, `.github/..`, `.gitkeep`.
        if parts.iter().any(|part| part.starts_with('.')) {
            return;
        }
        let known = Place::of(&parts);
        if matches!(known, Place::Free) {
            return;
        }
        let Ok(text) = std::str::from_utf8(bytes) else {
            notes.fault(path, "the file is not UTF-8 text", "save it as UTF-8, or remove it");
            return;
        };
        let file = || TextFile { path: path.to_owned(), text: text.to_owned() };
        match known {
            Place::Organisation => self.settings = organisation::read(path, text, notes),
            Place::Policy => self.policies.push(file()),
            Place::Agent(name) => drafts.agents.definition(name, path, text, notes),
            Place::AgentPolicy(name) => drafts.agents.policy(name, file()),
            Place::Providers => self.providers.extend(provider::read(path, text, notes)),
            Place::Models => self.models.extend(model::read(path, text, notes)),
            Place::Sandbox(name) => {
                let profile = sandbox::read(name, path, text, notes);
                self.sandboxes.extend(profile.map(|profile| (name.to_owned(), profile)));
            }
            Place::Loop(name) => {
                let spec = loop_spec::read(name, path, text, notes);
                self.loops.extend(spec.map(|spec| (name.to_owned(), spec)));
            }
            Place::Schedule(name) => {
                let schedule = schedule::read(name, path, text, notes);
                self.schedules.extend(schedule.map(|schedule| (name.to_owned(), schedule)));
            }
            Place::ToolServer(name) => drafts.tools.server(name, file()),
            Place::BesideTools => drafts.tools.beside(file()),
            Place::Raw => self.raw.push(file()),
            Place::Unknown(fix) => notes.fault(path, "the tree has no place for this file", fix),
            Place::UnknownFolder(folder) => {
                notes.fault(path, "this folder is unknown", &stray(folder))
            }
            Place::Free => {}
        }
    }

    /// What no file can check alone.
    fn cross_check(&self, notes: &mut Notes) {
        let providers = self.providers.iter().map(|p| (("provider", &p.name), &p.file, p.line));
        let models = self.models.iter().map(|m| (("model", &m.id), &m.file, m.line));
        let mut seen = BTreeMap::new();
        for ((kind, name), file, line) in providers.chain(models) {
            if let Some(first) = seen.insert((kind, name), file) {
                let message = format!("the {kind} `{name}` is also defined in {first}");
                notes.fault_at(file, line, &message, "keep one of the two");
            }
        }
        self.check_work(notes);
    }
}

impl Tree {
    /// Agents, profiles, loops and schedules that name each other.
    fn check_work(&self, notes: &mut Notes) {
        for agent in self.agents.values() {
            let file = format!("agents/{}/agent.toml", agent.name);
            if let Some(profile) = agent.work.sandbox.as_ref()
                && !self.sandboxes.contains_key(profile)
            {
                let message = format!("there is no sandbox profile `{profile}`");
                notes.fault(&file, &message, &format!("add `sandboxes/{profile}.toml`"));
            }
            if let Some(spec) = agent.work.loop_spec.as_ref()
                && !self.loops.contains_key(spec)
            {
                let message = format!("there is no loop `{spec}`");
                notes.fault(&file, &message, &format!("add `loops/{spec}.toml`"));
            }
            for child in &agent.work.subagents {
                if *child == agent.name || !self.agents.contains_key(child) {
                    let message = format!("`{child}` cannot be a subagent of `{}`", agent.name);
                    notes.fault(&file, &message, "name other agents of this tree");
                }
            }
        }
        for schedule in self.schedules.values() {
            let agent = self.agents.get(&schedule.agent);
            if agent.is_none_or(|agent| agent.kind != AgentKind::System) {
                let message = format!("`{}` is no system agent of this tree", schedule.agent);
                let fix = "name an agent whose `agent.toml` says `kind = \"system\"`";
                notes.fault(&schedule.file, &message, fix);
            }
        }
    }
}

/// What takes more than one file to read.
#[derive(Default)]
struct Drafts {
    agents: agent::Drafts,
    tools: tool::Drafts,
}

const FOLDERS: &[&str] = &[
    "policies",
    "agents",
    "providers",
    "models",
    "detectors",
    "tools",
    "runbooks",
    "sandboxes",
    "loops",
    "schedules",
    "connectors",
    "invariants",
    "tests",
];

/// What a path means.
enum Place<'p> {
    Organisation,
    Policy,
    Agent(&'p str),
    AgentPolicy(&'p str),
    Providers,
    Models,
    ToolServer(&'p str),
    Sandbox(&'p str),
    Loop(&'p str),
    Schedule(&'p str),
    BesideTools,
    Raw,
    /// Anything at the top that is not ours, such as a README.
    Free,
    Unknown(&'static str),
    UnknownFolder(&'p str),
}

impl<'p> Place<'p> {
    fn of(parts: &[&'p str]) -> Self {
        let ends = |name: &str, with: &str| name.len() > with.len() && name.ends_with(with);
        match parts {
            ["orchestack.toml"] => Self::Organisation,
            [_] => Self::Free,
            // Notes for people may lie in any known folder.
            [folder, .., "README.md"] if FOLDERS.contains(folder) => Self::Free,
            ["policies", "schema.cedarschema"] => Self::Raw,
            ["policies", name] if ends(name, ".cedar") => Self::Policy,
            ["policies", ..] => Self::Unknown("put policies into `policies/NAME.cedar`"),
            ["agents", agent, "agent.toml"] => Self::Agent(agent),
            ["agents", agent, name] if ends(name, ".cedar") => Self::AgentPolicy(agent),
            ["agents", ..] => {
                Self::Unknown("an agent has `agents/NAME/agent.toml` and `agents/NAME/*.cedar`")
            }
            ["providers", name] if ends(name, ".toml") => Self::Providers,
            ["providers", ..] => Self::Unknown("put providers into `providers/NAME.toml`"),
            ["models", name] if ends(name, ".toml") => Self::Models,
            ["models", ..] => Self::Unknown("put models into `models/NAME.toml`"),
            ["detectors", name]
                if ["toml", "txt", "fp"].iter().any(|end| ends(name, &format!(".{end}"))) =>
            {
                Self::Raw
            }
            ["detectors", ..] => Self::Unknown(
                "put detectors into `detectors/NAME.toml`, words into `NAME.txt`, fingerprints into `NAME.fp`",
            ),
            ["tools", name] if ends(name, ".toml") => {
                Self::ToolServer(name.strip_suffix(".toml").unwrap_or(name))
            }
            ["tools", name]
                if ["json", "yaml", "yml"].iter().any(|end| ends(name, &format!(".{end}"))) =>
            {
                Self::BesideTools
            }
            ["tools", ..] => Self::Unknown(
                "put tool servers into `tools/NAME.toml`, pinned definitions into `tools/NAME.json`",
            ),
            ["sandboxes", name] if ends(name, ".toml") => {
                Self::Sandbox(name.strip_suffix(".toml").unwrap_or(name))
            }
            ["sandboxes", ..] => Self::Unknown("put profiles into `sandboxes/NAME.toml`"),
            ["loops", name] if ends(name, ".toml") => {
                Self::Loop(name.strip_suffix(".toml").unwrap_or(name))
            }
            ["loops", ..] => Self::Unknown("put loops into `loops/NAME.toml`"),
            ["schedules", name] if ends(name, ".toml") => {
                Self::Schedule(name.strip_suffix(".toml").unwrap_or(name))
            }
            ["schedules", ..] => Self::Unknown("put schedules into `schedules/NAME.toml`"),
            ["tests" | "invariants", .., name] if ends(name, ".toml") => Self::Raw,
            ["tests", ..] => Self::Unknown("put decision cases into `tests/NAME.toml`"),
            ["invariants", ..] => Self::Unknown("put invariants into `invariants/NAME.toml`"),
            [folder, ..] if FOLDERS.contains(folder) => Self::Raw,
            [folder, ..] => Self::UnknownFolder(folder),
            [] => Self::Free,
        }
    }
}

fn stray(folder: &str) -> String {
    nearest(folder, FOLDERS.iter().copied()).map_or_else(
        || format!("remove it; known folders are {}", FOLDERS.join(", ")),
        |known| format!("did you mean `{known}/`?"),
    )
}

fn within_bounds(files: &BTreeMap<String, Vec<u8>>, notes: &mut Notes) -> bool {
    let bytes = files.values().fold(0_usize, |sum, bytes| sum.saturating_add(bytes.len()));
    if files.len() > FILES_MAX {
        let message = format!("the tree has {} files", files.len());
        notes.fault(".", &message, &format!("keep at most {FILES_MAX}"));
    }
    if bytes > TREE_BYTES_MAX {
        let message = format!("the tree has {bytes} bytes");
        notes.fault(".", &message, &format!("keep at most {TREE_BYTES_MAX}"));
    }
    files.len() <= FILES_MAX && bytes <= TREE_BYTES_MAX
}

/// Reads a file of `[[key]]` tables, or one that is such a table itself.
fn each<T>(
    file: &str,
    text: &str,
    key: &'static str,
    notes: &mut Notes,
    one: fn(&str, &str, Node, &mut Notes) -> Option<T>,
) -> Vec<T> {
    let root = document::parse(file, text, &mut notes.faults);
    if matches!(&root.value, Value::Table(table) if table.is_empty()) {
        return Vec::new();
    }
    let several = matches!(&root.value, Value::Table(table) if table.contains_key(key));
    if !several {
        return one(file, "", root, notes).into_iter().collect();
    }
    let mut from = Reader::open(root, "", notes);
    let tables = from.tables(key);
    from.finish();
    tables.into_iter().filter_map(|(path, node)| one(file, &path, node, notes)).collect()
}

/// How long an answer may be waited for before another model is asked beside it.
const HEDGE_AFTER: std::ops::RangeInclusive<Duration> =
    Duration::from_millis(10)..=Duration::from_secs(600);

/// Reads `hedge_after`.
fn hedge_after(from: &mut Reader<'_>) -> Option<Duration> {
    let help = "After how long without an answer the next model is asked as well.";
    from.optional_duration("hedge_after", Duration::from_secs(2), HEDGE_AFTER, help)
}

/// Whether a name may stand for an agent or a provider: it appears in paths, metrics and policies.
fn is_name(text: &str) -> bool {
    let first = text.bytes().next().is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    first
        && text.len() <= 64
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b))
}

impl Notes {
    /// A fault of a whole file.
    fn fault(&mut self, file: &str, message: &str, fix: &str) {
        self.fault_at(file, None, message, fix);
    }

    fn fault_at(&mut self, file: &str, line: Option<usize>, message: &str, fix: &str) {
        self.faults.push(Fault {
            file: file.to_owned(),
            line,
            key: String::new(),
            message: message.to_owned(),
            fix: fix.to_owned(),
        });
    }

    /// Opens a file of TOML.
    fn open(&mut self, file: &str, text: &str) -> Reader<'_> {
        let node = document::parse(file, text, &mut self.faults);
        Reader::open(node, "", self)
    }
}

#[cfg(test)]
mod tests;
