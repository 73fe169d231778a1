//! `tools/NAME.toml`: a tool server, how it is reached, and what its tools do. Beside it lie
//! `tools/NAME.json` with the definitions that its tools are pinned to, and the OpenAPI documents of REST
//! services.

mod read;

use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroU32,
    time::Duration,
};

use types::{Effect, Integrity, Label, Nanos, Replay};

use super::TextFile;
use crate::{SecretRef, reader::Notes};

/// One tool server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolServerFile {
    /// Its name in policies, and before its tools' names: the file's.
    pub name: String,
    /// How it is reached.
    pub transport: ToolTransport,
    /// Whether its address may be one of a private network or of this machine.
    pub private: bool,
    /// Whether its results are the organisation's own word.
    pub integrity: Integrity,
    /// The lowest label of its results.
    pub label: Option<Label>,
    /// Who answers where it asks for a model's answer.
    pub sampling: Sampling,
    /// Whether it may ask the caller's user.
    pub elicitation: bool,
    /// Whether it may know the folders that the caller works in.
    pub roots: bool,
    /// How long a call may take.
    pub timeout: Duration,
    /// The most bytes of a result.
    pub result_bytes_max: usize,
    /// The most bytes of a call's arguments.
    pub arguments_bytes_max: usize,
    /// Calls at once.
    pub concurrent_max: usize,
    /// Which definitions of its tools are taken.
    pub pinning: Pinning,
    /// What is said of its tools, by name. It may have more.
    pub tools: BTreeMap<String, ToolFile>,
    /// `tools/NAME.json`: the pinned definitions, which the crate of tools reads.
    pub pins: Option<TextFile>,
    /// The file it was written in.
    pub file: String,
}

/// How a tool server is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToolTransport {
    /// MCP over Streamable HTTP.
    Http {
        /// Its address.
        url: String,
        /// What it is shown.
        credential: Option<ToolCredential>,
    },
    /// MCP over the pipes of a process that the gateway starts.
    Stdio {
        /// The program and its arguments; no shell reads them.
        command: Vec<String>,
        /// Secrets in its environment, by variable.
        env: BTreeMap<String, SecretRef>,
    },
    /// A REST service.
    OpenApi {
        /// Its OpenAPI document.
        document: TextFile,
        /// Its address, before the paths of the document.
        base: String,
        /// What it is shown.
        credential: Option<ToolCredential>,
    },
    /// The sandboxes of this installation. Its tools are built in.
    Sandbox,
    /// None: callers run these functions themselves.
    Functions,
}

/// What a tool server is shown. It is the gateway's own and never a caller's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToolCredential {
    /// A token, as `Authorization: Bearer`.
    Bearer(SecretRef),
    /// A token that is fetched with OAuth's client credentials.
    OAuth(ToolOAuth),
}

/// Where a token is fetched, and as whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolOAuth {
    /// The address that gives tokens; the server's own metadata says it where absent.
    pub token_url: Option<String>,
    /// Who asks.
    pub client_id: String,
    /// How it proves that it is.
    pub proof: ToolProof,
    /// What signed assertions are for; who gives the tokens, or where, in its absence.
    pub audience: Option<String>,
    /// What is asked for.
    pub scopes: Vec<String>,
    /// The resource that the token is for (RFC 8707); the server's address where absent.
    pub resource: Option<String>,
}

/// How the gateway proves to an authorization server that it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToolProof {
    /// By its secret.
    Secret(SecretRef),
    /// By assertions that are signed with its private key, in PEM.
    Key(SecretRef),
}

types::names! {
    /// Who answers where a tool server asks for a model's answer.
    Sampling {
        /// Nobody.
        Off = "off",
        /// A model, by the same policies and budget as the caller's own requests.
        Models = "models",
        /// The caller.
        Caller = "caller",
    }
}

types::names! {
    /// Which definitions of a server's tools are taken.
    Pinning {
        /// Those that are pinned in the tree, or approved by a person.
        Required = "required",
        /// Also the first that is seen of a tool. It is on record.
        FirstUse = "first_use",
    }
}

/// What is said of one tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolFile {
    /// What a call does.
    pub effect: Effect,
    /// Whether a call may be made again.
    pub replay: Replay,
    /// Whether its results are the organisation's own word; as the server's where absent.
    pub integrity: Option<Integrity>,
    /// The lowest label of its results; as the server's where absent.
    pub label: Option<Label>,
    /// The arguments that say where a call goes, by name or as JSON pointers.
    pub destinations: Vec<String>,
    /// What a call costs.
    pub price: Option<Nanos>,
    /// How many calls a minute all callers together may make.
    pub calls_per_minute: Option<NonZeroU32>,
    /// Whether nobody is offered it, nor may call it.
    pub hidden: bool,
    /// The line of its table.
    pub line: Option<usize>,
}

impl Default for ToolFile {
    /// A tool of which nobody has said anything.
    fn default() -> Self {
        Self {
            effect: Effect::Unknown,
            replay: Replay::Once,
            integrity: None,
            label: None,
            destinations: Vec::new(),
            price: None,
            calls_per_minute: None,
            hidden: false,
            line: None,
        }
    }
}

/// Tool servers while their files come in, in any order.
#[derive(Default)]
pub(super) struct Drafts {
    servers: BTreeMap<String, TextFile>,
    beside: BTreeMap<String, TextFile>,
}

impl Drafts {
    pub(super) fn server(&mut self, name: &str, file: TextFile) {
        self.servers.insert(name.to_owned(), file);
    }

    /// A file that a server's may name: pins, or an OpenAPI document.
    pub(super) fn beside(&mut self, file: TextFile) {
        let name = file.path.rsplit('/').next().unwrap_or_default().to_owned();
        self.beside.insert(name, file);
    }

    pub(super) fn finish(self, notes: &mut Notes) -> BTreeMap<String, ToolServerFile> {
        let mut read = BTreeMap::new();
        let mut named: BTreeSet<String> =
            self.servers.keys().map(|name| format!("{name}.json")).collect();
        for (name, file) in &self.servers {
            let (server, document) = read::server(name, file, &self.beside, notes);
            named.extend(document);
            read.extend(server.map(|server| (name.clone(), server)));
        }
        for (name, file) in &self.beside {
            if !named.contains(name) {
                let fix = "name it after its server (`tools/NAME.json` beside `tools/NAME.toml`), or name it as \
                           `openapi` in a server's file";
                notes.fault(&file.path, "no tool server has this file", fix);
            }
        }
        twice(&read, notes);
        read
    }
}

/// A function has no server's name before its own, so that two servers of functions cannot both have it.
fn twice(servers: &BTreeMap<String, ToolServerFile>, notes: &mut Notes) {
    let mut first = BTreeMap::new();
    let functions = servers.values().filter(|server| server.transport == ToolTransport::Functions);
    for (server, name, tool) in functions.flat_map(|s| s.tools.iter().map(move |(n, t)| (s, n, t)))
    {
        if let Some(other) = first.insert(name, &server.file) {
            let message = format!("the function `{name}` is also declared in {other}");
            notes.fault_at(&server.file, tool.line, &message, "keep one of the two");
        }
    }
}

/// Whether a tool server may have this name: it stands before the names of its tools, as `mail.send` in
/// policies and as `mail__send` for models.
fn is_server_name(name: &str) -> bool {
    let known = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=SERVER_NAME_BYTES_MAX).contains(&name.len())
        && name.bytes().all(known)
        && !name.starts_with('-')
}

/// Whether a tool may have this name: servers give them, so that much is allowed.
fn is_tool_name(name: &str) -> bool {
    (1..=TOOL_NAME_CHARS_MAX).contains(&name.chars().count()) && !name.chars().any(char::is_control)
}

const SERVER_NAME_BYTES_MAX: usize = 32;
const TOOL_NAME_CHARS_MAX: usize = 128;

#[cfg(test)]
mod tests;
