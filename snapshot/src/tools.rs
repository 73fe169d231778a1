//! Tool servers as requests need them: what the tree says of them and pins, joined with what was decided of
//! definitions at run time.
//!
//! INVARIANT: a definition is accepted because a commit pins it or a decision approved it, and in no other
//! way; what was rejected is not, whatever pins it.

mod pins;
pub mod reads;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    num::NonZeroU32,
    sync::Arc,
};

use ::tools::{DefinitionHash, PinnedServer};
use config::tree::{ToolFile, ToolServerFile, ToolTransport};
use policy::ToolFacts;
use store::tool_definitions::{Known, State};
use types::{Effect, FUNCTIONS, Integrity, Label, Nanos, Replay, SEPARATOR};

pub use pins::Pinned;
pub(crate) use pins::Pins;

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
    tools: BTreeMap<String, Tool>,
    reads: BTreeMap<String, Tool>,
}

/// One tool that the tree speaks of, or of which a definition is accepted.
#[derive(Debug)]
pub struct Tool {
    /// The server's name.
    pub server: String,
    /// Its own name.
    pub name: String,
    /// What a call does.
    pub effect: Effect,
    /// Whether a call may be made again.
    pub replay: Replay,
    /// Whether its results are the organisation's own word.
    pub trusted: bool,
    /// The lowest label of its results.
    pub label: Option<Label>,
    /// The arguments that say where a call goes, by name or as JSON pointers.
    pub destinations: Vec<String>,
    /// What a call costs.
    pub price: Option<Nanos>,
    /// How many calls a minute all callers together may make.
    pub calls_per_minute: Option<NonZeroU32>,
    /// Whether nobody is offered it, nor may call it.
    pub hidden: bool,
    /// Whether callers run it themselves.
    pub function: bool,
    /// The definition that callers are offered: the tree's, or else the one that was approved last.
    pub pinned: Option<Arc<Pinned>>,
    accepted: BTreeMap<DefinitionHash, Arc<Pinned>>,
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

    /// A tool by the one name that models know it by, such as `mail__send`. No server's name has the
    /// separator in it, so that there is one way to read it.
    pub fn by_model_name(&self, name: &str) -> Option<&Tool> {
        let (server, tool) = name.split_once(SEPARATOR)?;
        self.tool(server, tool)
    }

    /// A function that callers run themselves.
    pub fn function(&self, name: &str) -> Option<&Tool> {
        self.tool(self.functions.get(name)?, name)
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
        let mut by_server: BTreeMap<&str, Vec<&Known>> = BTreeMap::new();
        for known in decided {
            by_server.entry(&known.sighting.server).or_default().push(known);
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

impl ToolServer {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.file.name
    }

    /// One of its tools.
    pub fn tool(&self, name: &str) -> Option<&Tool> {
        self.tools.get(name)
    }

    /// Its tools, by name: also those that are hidden, or of which no definition is accepted.
    pub fn tools(&self) -> impl Iterator<Item = &Tool> {
        self.tools.values()
    }

    /// What else it is asked for, such as [`reads::RESOURCE`], as a tool that reads.
    pub fn read(&self, name: &str) -> Option<&Tool> {
        self.reads.get(name)
    }

    /// Whether callers run its tools themselves, so that there is nothing to connect to.
    pub fn is_functions(&self) -> bool {
        self.file.transport == ToolTransport::Functions
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
            tools.entry(own.clone()).or_insert_with(|| tool(own)).accept(pinned, true);
        }
        // What was decided last comes last.
        for known in decided.iter().filter(|known| known.state == State::Approved) {
            match Pinned::new(name, known.sighting.definition.clone()) {
                Ok(pinned) => {
                    let own = pinned.definition.name.clone();
                    let tool = tools.entry(own).or_insert_with_key(|own| tool(own));
                    let offered = pins.tool(name, &tool.name).is_none();
                    tool.accept(&Arc::new(pinned), offered);
                }
                Err(error) => notes.push(format!(
                    "tool `{name}.{}`: what was approved cannot be used: {error}",
                    known.sighting.definition.name
                )),
            }
        }
        tools.retain(|name, _| !reads::is_one(name));
        let (pinned, reads) = (pins.server(name).cloned(), reads::of(file));
        Self { file: file.clone(), pinned, tools, reads }
    }
}

impl Tool {
    /// A tool as its server's file has it, with no definition.
    fn of(server: &ToolServerFile, name: &str) -> Self {
        let unsaid = ToolFile::default();
        let said = server.tools.get(name).unwrap_or(&unsaid);
        Self {
            server: server.name.clone(),
            name: name.to_owned(),
            effect: said.effect,
            replay: said.replay,
            trusted: said.integrity.unwrap_or(server.integrity) == Integrity::Trusted,
            label: said.label.or(server.label),
            destinations: said.destinations.clone(),
            price: said.price,
            calls_per_minute: said.calls_per_minute,
            hidden: said.hidden,
            function: server.transport == ToolTransport::Functions,
            pinned: None,
            accepted: BTreeMap::new(),
        }
    }

    fn accept(&mut self, pinned: &Arc<Pinned>, offered: bool) {
        if offered {
            self.pinned = Some(Arc::clone(pinned));
        }
        self.accepted.insert(pinned.hash.clone(), Arc::clone(pinned));
    }

    /// The definition of this hash, if it is accepted: what a live definition is held against.
    pub fn accepted(&self, hash: &DefinitionHash) -> Option<&Arc<Pinned>> {
        self.accepted.get(hash)
    }

    /// Its name in policies and commands, such as `mail.send`.
    pub fn id(&self) -> String {
        format!("{}.{}", self.server, self.name)
    }

    /// The one name that models know it by: `mail__send`; a function's own.
    pub fn model_name(&self) -> String {
        if self.function {
            self.name.clone()
        } else {
            format!("{}{SEPARATOR}{}", self.server, self.name)
        }
    }

    /// The tool as policies see it. `pinned` says whether its live definition is accepted.
    pub fn facts(&self, pinned: bool) -> ToolFacts<'_> {
        ToolFacts {
            server: &self.server,
            name: &self.name,
            effect: self.effect,
            replay: self.replay,
            pinned: pinned || self.function,
            trusted: self.trusted,
            function: self.function,
            price: self.price,
        }
    }

    /// A function that no file of the tree declares: nothing is known of what it does.
    pub fn undeclared(name: &str) -> Self {
        Self {
            server: FUNCTIONS.to_owned(),
            name: name.to_owned(),
            effect: Effect::Unknown,
            replay: Replay::Once,
            trusted: false,
            label: None,
            destinations: Vec::new(),
            price: None,
            calls_per_minute: None,
            hidden: false,
            function: true,
            pinned: None,
            accepted: BTreeMap::new(),
        }
    }
}

#[cfg(test)]
mod tests;
