//! One tool: what the tree says of it, and the definitions of it that are accepted.

use std::{collections::BTreeMap, num::NonZeroU32, sync::Arc};

use ::tools::DefinitionHash;
use config::tree::{ToolFile, ToolServerFile, ToolTransport};
use policy::ToolFacts;
use types::{Effect, FUNCTIONS, Integrity, Label, Nanos, Replay, SEPARATOR};

use super::{Pinned, plain};

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
    /// Whether that is the tree's.
    pub by_tree: bool,
    accepted: BTreeMap<DefinitionHash, Arc<Pinned>>,
}

impl Tool {
    /// A tool as its server's file has it, with no definition.
    pub(super) fn of(server: &ToolServerFile, name: &str) -> Self {
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
            by_tree: false,
            accepted: BTreeMap::new(),
        }
    }

    /// Accepts a definition, which is offered unless the tree's is.
    pub(super) fn accept(&mut self, pinned: &Arc<Pinned>) {
        if !self.by_tree {
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

    /// The name that models know it by: `mail__send`, and `sandbox__shell_exec` for `shell.exec`; a function's own.
    pub fn model_name(&self) -> String {
        if self.function {
            self.name.clone()
        } else {
            format!("{}{SEPARATOR}{}", self.server, plain(&self.name))
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
            by_tree: false,
            accepted: BTreeMap::new(),
        }
    }
}
