//! The settings of one process: defaults, then `orchestack.toml`, then `ORCHESTACK_SECTION__KEY`.

mod address;
mod alerts;
mod bus;
mod cache;
mod dlp;
mod environment;
mod in_force;
mod mcp;
mod objects;
mod policy;
mod redis;
mod remote;
mod responses;
mod sandbox;
mod sections;
mod webchat;
mod work;

use std::{collections::BTreeMap, path::Path};

pub(crate) use address::HttpUrl;
pub use alerts::{Alerts, Webhook};
pub use bus::{Bus, Nats, NatsSync};
pub use cache::Cache;
pub use dlp::{AnswerSearch, Dlp};
pub use environment::{environment, variable};
pub use in_force::{InForce, Told};
pub use mcp::Mcp;
pub use objects::{Bucket, BucketKeys, Objects, ObjectsPlace};
pub use policy::{Policy, Unproved};
pub use redis::Redis;
pub use remote::{RefName, Remote, Transport};
pub use responses::Responses;
pub use sandbox::{Sandbox, SandboxDriver};
pub use sections::{
    Admin, Budget, Gateway, Ledger, LogFormat, Routing, State, Store, Telemetry, Tls, Upstream,
    Weights,
};
pub use webchat::Webchat;
pub use work::Work;

use types::Secret;

use crate::{
    Fault, annotated,
    document::{self, FILE_BYTES_MAX, Node, Place, Table, Value},
    reader::{Notes, Reader},
};

/// The file that is read where none is named; it may be absent.
pub const DEFAULT_FILE: &str = "orchestack.toml";

/// Everything that one process can be told. [`Settings::default`] is what runs out of the box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The data plane's listener and its limits.
    pub gateway: Gateway,
    /// The admin API's listeners.
    pub admin: Admin,
    /// Where this process keeps its files.
    pub state: State,
    /// The database.
    pub store: Store,
    /// Where payloads are kept that are too large for a row.
    pub objects: Objects,
    /// The event bus.
    pub bus: Bus,
    /// What several gateways share beside the database; nothing where absent.
    pub redis: Option<Redis>,
    /// Where policies come from.
    pub policy: Policy,
    /// Limits on calls to providers.
    pub upstream: Upstream,
    /// Who may talk to the tool gateway.
    pub mcp: Mcp,
    /// What this process does of the work of agents.
    pub work: Work,
    /// Where commands of agents run.
    pub sandbox: Sandbox,
    /// What is kept of responses.
    pub responses: Responses,
    /// Answers that are kept to be given again.
    pub cache: Cache,
    /// Redacted values, and answers.
    pub dlp: Dlp,
    /// Times of the budget ledger.
    pub ledger: Ledger,
    /// Logs and traces.
    pub telemetry: Telemetry,
    /// Caps of agents that name none of their own.
    pub budget: Budget,
    /// Who is told when budgets run out.
    pub alerts: Alerts,
    /// How models are chosen.
    pub routing: Routing,
    /// The page on which people write to agents.
    pub webchat: Webchat,
    /// Every setting with where it comes from, for people.
    pub in_force: Told,
}

impl Settings {
    /// Reads the settings. A named file must exist; [`DEFAULT_FILE`] need not. `env` is
    /// [`Settings::environment`] outside tests; variables of other programs are passed over.
    ///
    /// # Errors
    /// Every mistake in the file and the variables, sorted by file and line.
    pub fn load(
        path: Option<&Path>,
        env: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, Vec<Fault>> {
        let named = path.unwrap_or_else(|| Path::new(DEFAULT_FILE));
        let file = named.display().to_string();
        match read_bounded(named) {
            Ok(text) => Self::parse(&file, &text, env),
            Err(error) if path.is_none() && error.kind() == std::io::ErrorKind::NotFound => {
                Self::parse(&file, "", env)
            }
            Err(error) => Err(vec![Fault {
                file,
                line: None,
                key: String::new(),
                message: format!("the file cannot be read: {error}"),
                fix: "name a readable file with `--config`, or `orchestack init DIR` makes one"
                    .to_owned(),
            }]),
        }
    }

    /// [`Settings::load`] on text that was already read; `file` is the name in faults.
    ///
    /// # Errors
    /// As [`Settings::load`].
    pub fn parse(
        file: &str,
        text: &str,
        env: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, Vec<Fault>> {
        let mut notes = Notes::default();
        let mut root = document::parse(file, text, &mut notes.faults);
        if let Value::Table(table) = &mut root.value {
            environment::overlay(table, env, &mut notes.faults);
        }
        let settings = Self::read(root, &mut notes);
        if notes.faults.is_empty() {
            return Ok(settings);
        }
        notes.faults.sort();
        notes.faults.dedup();
        Err(notes.faults)
    }

    /// Every variable of this process's environment. The one place that reads it as a whole.
    pub fn environment() -> impl Iterator<Item = (String, String)> {
        environment()
    }

    /// The text of a starter `orchestack.toml`: every key, commented out, with its default and
    /// what it is for.
    pub fn annotated() -> String {
        let mut notes = Notes::default();
        Self::read(empty(), &mut notes);
        annotated::print(&notes.lines)
    }

    fn read(root: Node, notes: &mut Notes) -> Self {
        let written = match &root.value {
            Value::Table(table) => in_force::written(table),
            _ => BTreeMap::new(),
        };
        let mut root = Reader::open(root, "", notes);
        let mut settings = Self {
            gateway: Gateway::read(root.section("gateway", "The data plane: what agents talk to.")),
            admin: Admin::read(root.section("admin", "The admin API, metrics and health.")),
            state: State::read(root.section("state", "Files that this process keeps.")),
            store: Store::read(root.section("store", "The database.")),
            objects: Objects::read(root.section(
                "objects",
                "Payloads that are too large for a row, such as files that people attach: a folder or S3.",
            )),
            bus: Bus::read(root.section("bus", "The event bus.")),
            redis: Redis::read(root.section(
                "redis",
                "What several gateways share: rate limits, and which budgets are exhausted.",
            )),
            policy: Policy::read(
                root.section("policy", "The git tree of policies, agents, providers and models."),
            ),
            upstream: Upstream::read(root.section("upstream", "Limits on calls to providers.")),
            mcp: Mcp::read(
                root.section("mcp", "The tool gateway: who may call it, and how many sessions."),
            ),
            work: Work::read(root.section("work", "The work of agents: sessions, tasks, runs.")),
            sandbox: Sandbox::read(root.section("sandbox", "Where commands of agents run.")),
            responses: Responses::read(root.section(
                "responses",
                "What is kept of `/v1/responses`, so that callers can go on from one.",
            )),
            cache: Cache::read(root.section(
                "cache",
                "Answers that are kept in memory, to be given again to the same request.",
            )),
            dlp: Dlp::read(
                root.section(
                    "dlp",
                    "Values behind redaction tokens, and what is found in answers and in whole sessions.",
                ),
            ),
            ledger: Ledger::read(root.section("ledger", "Times of the budget ledger.")),
            telemetry: Telemetry::read(root.section("telemetry", "Logs and traces.")),
            budget: Budget::read(
                root.section("budget", "Caps in US dollars of agents that name none of their own."),
            ),
            alerts: Alerts::read(root.section("alerts", "Who is told when budgets run out.")),
            routing: Routing::read(root.section("routing", "How models are chosen.")),
            webchat: Webchat::read(
                root.section("webchat", "The page on which people write to agents."),
            ),
            in_force: Told::default(),
        };
        root.finish();
        settings.in_force = in_force::all(written, &notes.lines);
        settings
    }

    /// The store's address: as written, or the SQLite file in the state directory.
    pub fn store_url(&self) -> Secret {
        self.store.url.clone().unwrap_or_else(|| {
            let file = self.state.dir.join("orchestack.db");
            Secret::new(format!("sqlite://{}", file.display()))
        })
    }

    /// The admin API's socket: as written, or in the state directory.
    pub fn admin_socket(&self) -> std::path::PathBuf {
        self.admin.socket.clone().unwrap_or_else(|| self.state.dir.join("admin.sock"))
    }

    /// The git tree: as written, or in the state directory.
    pub fn tree(&self) -> std::path::PathBuf {
        self.policy.tree.clone().unwrap_or_else(|| self.state.dir.join("tree"))
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self::read(empty(), &mut Notes::default())
    }
}

fn empty() -> Node {
    let place = Place { file: DEFAULT_FILE.into(), line: None, variable: false };
    Node { place, value: Value::Table(Table::new()) }
}

/// Reads at most one byte more than is allowed: enough for the parser to refuse the file.
fn read_bounded(path: &Path) -> std::io::Result<String> {
    use std::io::Read;
    let limit = u64::try_from(FILE_BYTES_MAX).unwrap_or(u64::MAX).saturating_add(1);
    let mut text = String::new();
    std::fs::File::open(path)?.take(limit).read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests;
