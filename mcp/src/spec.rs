//! What a connection is made from.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use types::Secret;

use crate::oauth::SigningKey;

/// A tool server and how to reach it.
#[derive(Debug, Clone)]
pub struct Spec {
    /// Its name in the tree; it is in each error's text.
    pub name: String,
    /// Where it is.
    pub transport: Transport,
    /// What it may ask of us while it works.
    pub asks: Asks,
    /// What it may take.
    pub limits: Limits,
}

/// Where a tool server is.
#[derive(Debug, Clone)]
pub enum Transport {
    /// MCP's Streamable HTTP.
    Http {
        /// The address of its endpoint, `https://` unless `private`.
        url: String,
        /// Whether the address may be one of a private network or of this machine, and `http://`.
        private: bool,
        /// What it is told that we are.
        credential: Option<Credential>,
    },
    /// A REST service.
    OpenApi {
        /// Its OpenAPI document, in JSON or YAML.
        document: String,
        /// The address that the document's paths follow.
        base: String,
        /// As with [`Transport::Http`].
        private: bool,
        /// As with [`Transport::Http`].
        credential: Option<Credential>,
    },
    /// MCP over the standard input and output of a process that we start.
    Stdio {
        /// The program and its arguments. No shell reads them.
        command: Vec<String>,
        /// All that is in its environment but `PATH` and `HOME`.
        env: BTreeMap<String, Secret>,
        /// Its working folder and its `HOME`; made if it is not there.
        home: PathBuf,
        /// What starts it.
        launcher: Launcher,
    },
}

/// What a server over HTTP is told that we are. It is sent to that server's own address only.
#[derive(Debug, Clone)]
pub enum Credential {
    /// One token, sent as `Authorization: Bearer`.
    Bearer(Secret),
    /// Tokens that an authorization server gives to ourselves.
    OAuth(OAuth),
}

/// OAuth 2.1 client credentials: the gateway is the client, and no person is asked.
#[derive(Debug, Clone)]
pub struct OAuth {
    /// The authorization server's token endpoint. Without it, the server's own metadata says which
    /// one it is (RFC 9728, RFC 8414).
    pub token_url: Option<String>,
    /// Our name there.
    pub client_id: String,
    /// How we prove there that we are.
    pub proof: Proof,
    /// What signed assertions are for. Without it, the authorization server's name where its metadata tells it, else the
    /// token endpoint.
    pub audience: Option<String>,
    /// What is asked for; empty for what the server names.
    pub scopes: Vec<String>,
    /// Which server the tokens are for (RFC 8707). Without it, the server's own address.
    pub resource: Option<String>,
}

/// How a client proves to an authorization server that it is.
#[derive(Debug, Clone)]
pub enum Proof {
    /// By a secret that both know.
    Secret(Secret),
    /// By assertions that it signs (`private_key_jwt`).
    Key(SigningKey),
}

/// What a server may ask of us while it works. What is not declared it may not ask for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Asks {
    /// Answers of a model.
    pub sampling: bool,
    /// Input of the caller's user.
    pub elicitation: bool,
    /// The caller's folders.
    pub roots: bool,
}

/// What a server may take. Times are of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// From asking to the answer, or to the next word on its progress.
    pub timeout: Duration,
    /// From asking to the answer, whatever it says of its progress.
    pub total_max: Duration,
    /// One result, as JSON.
    pub result_bytes_max: usize,
    /// Requests at a time; more wait for one of them to end.
    pub concurrent_max: usize,
    /// Whether a broken stream of an answer is taken up again where it broke. A server that forgets its streams when
    /// it is started anew would have us wait for an answer that never comes: without this it is lost at once.
    pub resumes: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(60),
            total_max: Duration::from_secs(600),
            result_bytes_max: 1 << 20,
            concurrent_max: 16,
            resumes: true,
        }
    }
}

/// What starts a server's process: the command itself, or a program that keeps it within bounds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Launcher {
    within: Vec<String>,
}

impl Launcher {
    /// Starts the command as it is, in a process group of its own.
    pub fn bare() -> Self {
        Self::default()
    }

    /// Starts `program` with the command as its last arguments, as sandboxes and `prlimit` take it.
    pub fn within(program: Vec<String>) -> Self {
        Self { within: program }
    }

    /// The arguments of what is started.
    pub(crate) fn argv<'a>(&'a self, command: &'a [String]) -> impl Iterator<Item = &'a str> {
        self.within.iter().chain(command).map(String::as_str)
    }
}

/// Lists of a server, all their pages together: more is refused.
pub(crate) const LIST_ITEMS_MAX: usize = 2048;
/// Pages of one list.
pub(crate) const LIST_PAGES_MAX: usize = 64;
/// One message of a list. Definitions may be longer than a result.
const LIST_BYTES_MAX: usize = 4 << 20;
/// What a message has round a result.
const ENVELOPE_BYTES_MAX: usize = 64 << 10;

impl Limits {
    /// One message of the server, whatever it holds.
    pub(crate) fn message_bytes_max(&self) -> usize {
        self.result_bytes_max.max(LIST_BYTES_MAX).saturating_add(ENVELOPE_BYTES_MAX)
    }
}
