//! Tool servers as requests need them: what the tree says of them and pins, joined with what was decided of
//! definitions at run time.
//!
//! INVARIANT: a definition is accepted because a commit pins it or a decision approved it, and in no other
//! way; what was rejected is not, whatever pins it.

mod pins;
pub mod reads;
mod tool;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use ::tools::{Definition, DefinitionHash, Flag, PinnedServer, Severity, hygiene};
use config::{
    Fault, Tree,
    tree::{ToolServerFile, ToolTransport},
};
use store::tool_definitions::{Known, State};
use types::SEPARATOR;

pub(crate) use pins::Pins;
pub use {pins::Pinned, tool::Tool};

/// The tool servers of a commit.
#[derive(Debug, Default)]
pub struct Tools {
    servers: BTreeMap<String, ToolServer>,
    /// The server of each function that callers run themselves.
    functions: HashMap<String, String>,
    pins: Arc<Pins>,
}

/// One tool server.
#[derive(Debug)]
pub struct ToolServer {
    /// What its file says.
    pub file: ToolServerFile,
    /// Who the server said it was when it was pinned.
    pub pinned: Option<PinnedServer>,
    /// The tools that the tree pins, by name.
    pins: BTreeSet<String>,
    tools: BTreeMap<String, Tool>,
    reads: BTreeMap<String, Tool>,
}

impl Tools {
    /// A server by its name.
    pub fn server(&self, name: &str) -> Option<&ToolServer> {
        self.servers.get(name)
    }

    /// Every server, by name.
    pub fn servers(&self) -> impl Iterator<Item = &ToolServer> {
        self.servers.values()
    }

    /// A tool by its server's name and its own.
    pub fn tool(&self, server: &str, name: &str) -> Option<&Tool> {
        self.server(server)?.tool(name)
    }

    /// A tool by a name that models know it by, such as `mail__send`. No server's name has the separator in it, so
    /// that there is one way to read it.
    pub fn by_model_name(&self, name: &str) -> Option<&Tool> {
        let (server, tool) = name.split_once(SEPARATOR)?;
        let server = self.server(server)?;
        server.tool(server.own_name(tool))
    }

    /// A function that callers run themselves.
    pub fn function(&self, name: &str) -> Option<&Tool> {
        self.tool(self.functions.get(name)?, name)
    }

    /// The tools of a tree's files, without what was decided at run time.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn of_files(files: &BTreeMap<String, Vec<u8>>) -> Result<Self, Vec<Fault>> {
        let own = files.iter().filter(|(path, _)| path.starts_with("tools/"));
        let own = own.map(|(path, bytes)| (path.clone(), bytes.clone())).collect();
        let tree = Tree::load("", &own)?;
        let pins = Arc::new(Pins::read(&tree.tools)?);
        Ok(Self::join(&tree.tools, pins, [], &mut Vec::new()))
    }

    /// What a person should know of the definitions that the tree pins.
    pub fn flags(&self) -> &[Flag] {
        self.pins.flags()
    }

    /// Every definition that the tree pins, with its server.
    pub fn pinned(&self) -> Vec<(&str, &Definition)> {
        self.pins.all()
    }

    /// What a person should know of these definitions, beside those that the tree pins.
    pub fn flags_of(&self, others: &[(&str, &Definition)]) -> Vec<Flag> {
        let other = |server: &str, name: &str| {
            others.iter().any(|(of, one)| *of == server && one.name == name)
        };
        let mut all = self.pins.all();
        all.retain(|(server, pinned)| !other(server, &pinned.name));
        all.extend(others);
        let mut flags = hygiene(&all);
        flags.retain(|flag| other(&flag.server, &flag.tool));
        flags
    }

    /// The pins, for the next snapshot of the same commit.
    pub(crate) fn pins(&self) -> Arc<Pins> {
        Arc::clone(&self.pins)
    }

    /// Joins what the tree says with what was decided. Decisions that cannot be used are told in `notes`.
    pub(crate) fn join<'d>(
        files: &BTreeMap<String, ToolServerFile>,
        pins: Arc<Pins>,
        decided: impl IntoIterator<Item = &'d Known>,
        notes: &mut Vec<String>,
    ) -> Self {
        let decided: Vec<&Known> = decided.into_iter().collect();
        let refused = refused(&pins, &decided);
        let mut by_server: BTreeMap<&str, Vec<&Known>> = BTreeMap::new();
        for known in decided {
            let seen = &known.sighting;
            match refused.get(&(seen.server.as_str(), seen.definition.name.as_str())) {
                Some(flag) if known.state == State::Approved => {
                    notes.push(format!("what was approved is not accepted: {flag}"));
                }
                _ => by_server.entry(&seen.server).or_default().push(known),
            }
        }
        let mut servers = BTreeMap::new();
        let mut functions = HashMap::new();
        for (name, file) in files {
            let decided = by_server.remove(name.as_str()).unwrap_or_default();
            let server = ToolServer::join(file, &pins, &decided, notes);
            if server.is_functions() {
                functions.extend(server.tools.keys().map(|tool| (tool.clone(), name.clone())));
            }
            servers.insert(name.clone(), server);
        }
        Self { servers, functions, pins }
    }
}

/// What was approved and nobody should be offered all the same, such as the name of another server's tool: a
/// first use is approved by nobody who reads it. By the server and the name of the tool.
fn refused<'d>(pins: &Pins, decided: &[&'d Known]) -> HashMap<(&'d str, &'d str), Flag> {
    let approved: Vec<_> = decided
        .iter()
        .filter(|known| known.state == State::Approved)
        .map(|known| (known.sighting.server.as_str(), &known.sighting.definition))
        .collect();
    if approved.is_empty() {
        return HashMap::new();
    }
    let mut all = pins.all();
    all.extend(&approved);
    let flags = hygiene(&all).into_iter().filter(|flag| flag.severity == Severity::Refuse);
    let named = |flag: Flag| {
        let mut names = approved.iter().map(|(server, one)| (*server, one.name.as_str()));
        let key = names.find(|(server, name)| flag.server == *server && flag.tool == *name)?;
        Some((key, flag))
    };
    flags.filter_map(named).collect()
}

/// A name as models take it: what is neither a letter or digit of ASCII nor `_` or `-` is `_`. The APIs of models
/// take no other names, and tool servers give them.
pub fn plain(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "_-".contains(c) { c } else { '_' };
    name.chars().map(plain).collect()
}

impl ToolServer {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.file.name
    }

    /// One of its tools.
    pub fn tool(&self, name: &str) -> Option<&Tool> {
        self.tools.get(name)
    }

    /// The own name of the tool that is called by this one, which may be the name that models take for it.
    pub fn own_name<'n>(&'n self, called: &'n str) -> &'n str {
        if self.tools.contains_key(called) {
            return called;
        }
        let mut like = self.tools.keys().filter(|own| plain(own) == called);
        match (like.next(), like.next()) {
            (Some(own), None) => own,
            _ => called,
        }
    }

    /// Its tools, by name: also those that are hidden, or of which no definition is accepted.
    pub fn tools(&self) -> impl Iterator<Item = &Tool> {
        self.tools.values()
    }

    /// Whether the tree pins a tool of this name, also where the pin was rejected since.
    pub fn is_pinned(&self, name: &str) -> bool {
        self.pins.contains(name)
    }

    /// What else it is asked for, such as [`reads::RESOURCE`], as a tool that reads.
    pub fn read(&self, name: &str) -> Option<&Tool> {
        self.reads.get(name)
    }

    /// Whether callers run its tools themselves, so that there is nothing to connect to.
    pub fn is_functions(&self) -> bool {
        self.file.transport == ToolTransport::Functions
    }

    /// Whether its tools work in the sandbox of whoever calls: only an agent that has one is offered them.
    pub fn is_sandbox(&self) -> bool {
        self.file.transport == ToolTransport::Sandbox
    }

    fn join(
        file: &ToolServerFile,
        pins: &Pins,
        decided: &[&Known],
        notes: &mut Vec<String>,
    ) -> Self {
        let name = &file.name;
        let rejected: HashSet<DefinitionHash> = decided
            .iter()
            .filter(|known| known.state == State::Rejected)
            .map(|known| known.sighting.hash())
            .collect();
        let mut tools: BTreeMap<String, Tool> = BTreeMap::new();
        let tool = |name: &str| Tool::of(file, name);
        for name in file.tools.keys() {
            tools.insert(name.clone(), tool(name));
        }
        for pinned in pins.of(name).filter(|pinned| !rejected.contains(&pinned.hash)) {
            let own = &pinned.definition.name;
            let tool = tools.entry(own.clone()).or_insert_with(|| tool(own));
            // What a document in the tree says of its methods counts where nobody says more.
            if let Some(effect) = pinned.effect.filter(|_| !file.tools.contains_key(own)) {
                tool.effect = effect;
            }
            tool.accept(pinned);
            tool.by_tree = true;
        }
        // What was decided last comes last.
        for known in decided.iter().filter(|known| known.state == State::Approved) {
            let definition = &known.sighting.definition;
            if let Some(lost) = pins::lost_destination(file, definition) {
                notes.push(format!(
                    "tool `{name}.{}`: what was approved has no argument `{lost}`, which the tree has \
                     among its destinations; it is not accepted",
                    definition.name
                ));
                continue;
            }
            match Pinned::new(name, definition.clone()) {
                Ok(pinned) => {
                    let own = pinned.definition.name.clone();
                    let tool = tools.entry(own).or_insert_with_key(|own| tool(own));
                    tool.accept(&Arc::new(pinned));
                }
                Err(error) => notes.push(format!(
                    "tool `{name}.{}`: what was approved cannot be used: {error}",
                    known.sighting.definition.name
                )),
            }
        }
        tools.retain(|name, _| !reads::is_one(name));
        let (pinned, reads) = (pins.server(name).cloned(), reads::of(file));
        let pins = pins.of(name).map(|pinned| pinned.definition.name.clone()).collect();
        Self { file: file.clone(), pinned, pins, tools, reads }
    }
}

#[cfg(test)]
mod tests;
