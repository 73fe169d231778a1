//! The handle of the snapshot in force: loaded, watched, swapped as a whole.

mod status;
mod sync;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use arc_swap::ArcSwap;
use budget::Catalogue;
use config::{Fault, Settings};
use proofs::Prover;
use serde_json::json;
use store::Store;
use tokio_util::sync::CancellationToken;
use types::{Actor, ActorType, AgentId, AuditId, TenantId, Timestamp, audit};

use crate::{
    assemble::{Extra, Rows, Shared, Snapshot},
    git::{self, Repository},
    prove::{self, Proof},
};
pub use status::Status;
use status::{REJECTED, REJECTED_NOW};
use sync::Sync;

/// How often the store is asked for control changes of other processes.
const REVISION_PERIOD: Duration = Duration::from_millis(500);

/// Where snapshots come from.
#[derive(Clone)]
pub struct Sources {
    /// The git tree.
    pub repository: Repository,
    /// The store.
    pub store: Store,
    /// The settings of this process.
    pub settings: Arc<Settings>,
    /// What was found, or the simulator.
    pub extra: Vec<Extra>,
}

/// Why no snapshot could be loaded.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The tree cannot be read.
    #[error(transparent)]
    Git(#[from] git::Error),
    /// The commit is not valid.
    #[error("commit {commit} does not load: {}", list(.faults))]
    Faults {
        /// The commit.
        commit: String,
        /// Everything that is wrong with it.
        faults: Vec<Fault>,
    },
    /// The store cannot be read.
    #[error("the snapshot's rows cannot be read")]
    Store(#[from] store::Error),
    /// The store has no tenant.
    #[error("the store has no tenant; start `orchestack serve` once to make the first")]
    NoTenant,
}

/// The snapshot in force; clones share it.
#[derive(Clone)]
pub struct Snapshots {
    inner: Arc<Inner>,
}

struct Inner {
    sources: Sources,
    prover: Prover,
    /// What was proved of the commit in force.
    proofs: Mutex<Arc<[Proof]>>,
    catalogue: Arc<Catalogue>,
    current: ArcSwap<Snapshot>,
    status: Mutex<Status>,
    sync: Sync,
    /// The files in force. Loads come one after the other, so that an older one never replaces a
    /// newer one.
    loading: tokio::sync::Mutex<Files>,
}

impl Snapshots {
    /// Loads the first snapshot. Where the tree follows a remote that does not answer, that is the
    /// commit which was fetched last; [`Snapshots::status`] says so.
    ///
    /// # Errors
    /// [`Error`]: without a good snapshot nothing is served.
    pub async fn open(sources: Sources) -> Result<Self, Error> {
        let catalogue = Arc::new(Catalogue::builtin());
        let sync = Sync::default();
        let synced = match sync.once(&sources.repository).await {
            Ok(synced) => synced,
            Err(_) if sources.repository.exists().await => None,
            Err(error) => return Err(error.into()),
        };
        let tree = Files::newest(&sources.repository).await?;
        let prover = prover(&sources.settings);
        let (first, proofs) = load_proved(&sources, &prover, &catalogue, &tree).await?;
        adopt_caps(&sources, &first).await?;
        // It stands at 0 from the start, so that an alarm can tell it from an absent one.
        REJECTED_NOW.set(0);
        let status = Mutex::new(Status::of(&first));
        let current = ArcSwap::from_pointee(first);
        let loading = tokio::sync::Mutex::new(tree);
        let proofs = Mutex::new(proofs.into());
        let inner = Inner { sources, prover, proofs, catalogue, current, status, sync, loading };
        let opened = Self { inner: Arc::new(inner) };
        if let Some((commit, before)) = synced.and_then(|s| Some((s.commit, s.forced_from?))) {
            opened.tell_forced(&commit, &before).await;
        }
        Ok(opened)
    }

    /// The snapshot in force.
    pub fn load(&self) -> Arc<Snapshot> {
        self.inner.current.load_full()
    }

    /// What is in force, and why a newer commit is not.
    pub fn status(&self) -> Status {
        let mut status = self.known();
        self.inner.sync.tell(self.repository(), &mut status);
        status
    }

    /// The status without what is known of the remote.
    fn known(&self) -> Status {
        self.inner.status.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What was proved of the policies in force.
    pub fn proofs(&self) -> Arc<[Proof]> {
        Arc::clone(&self.inner.proofs.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What proves statements about policies.
    pub fn prover(&self) -> &Prover {
        &self.inner.prover
    }

    /// What a commit of these files would be refused for: its mistakes, its cases, its proofs.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub async fn vet(
        &self,
        name: &str,
        files: &BTreeMap<String, Vec<u8>>,
    ) -> Result<Vec<Proof>, Vec<Fault>> {
        let policies = crate::assemble::valid(name, files)?;
        let proofs = prove::prove(self.prover(), &policies, &self.load().tenant_name).await;
        let unproved = self.inner.sources.settings.policy.unproved;
        let (faults, _) = prove::judge(&proofs, unproved, prove::is_starter(files));
        if faults.is_empty() { Ok(proofs) } else { Err(faults) }
    }

    /// The git tree.
    pub fn repository(&self) -> &Repository {
        &self.inner.sources.repository
    }

    /// Loads again and swaps. Keys that were revoked before this call are refused after it, whatever
    /// the tree looks like: where its newest commit does not load, or cannot be read, the rows are
    /// joined with the commit in force, and [`Snapshots::status`] tells why.
    ///
    /// # Errors
    /// [`Error::Store`] where the rows cannot be read; the snapshot in force stays.
    pub async fn reload(&self) -> Result<Arc<Snapshot>, Error> {
        let inner = &self.inner;
        let mut in_force = inner.loading.lock().await;
        let newest = self.newest(&in_force).await?;
        if let Some((files, next, proofs)) = newest {
            adopt_caps(&inner.sources, &next).await?;
            self.set_status(Status::of(&next));
            *inner.proofs.lock().unwrap_or_else(PoisonError::into_inner) = proofs.into();
            tracing::info!(commit = %next.commit, "a new commit is in force");
            let next = self.swap(next);
            self.tell(&next.commit, "ok", &[]).await;
            *in_force = files;
            return Ok(next);
        }
        let shared = self.load().shared();
        let mut next = load(&inner.sources, &inner.catalogue, &in_force, Some(shared)).await?;
        next.notes.extend(self.proof_notes(&in_force));
        let known = self.known();
        self.set_status(Status { notes: next.notes.clone(), ..known });
        Ok(self.swap(next))
    }

    /// A newer commit than the one in force, if there is one that loads.
    async fn newest(
        &self,
        in_force: &Files,
    ) -> Result<Option<(Files, Snapshot, Vec<Proof>)>, Error> {
        let inner = &self.inner;
        let repository = &inner.sources.repository;
        let loaded = match repository.head().await {
            Ok(head) if head == in_force.commit => {
                // Back at the commit in force: what was rejected is gone.
                self.set_status(Status::of(&self.load()));
                return Ok(None);
            }
            Ok(head) => match Files::of(repository, head).await {
                Ok(files) => {
                    let (sources, catalogue) = (&inner.sources, &inner.catalogue);
                    let loaded = load_proved(sources, &inner.prover, catalogue, &files).await;
                    loaded.map(|(next, proofs)| (files, next, proofs))
                }
                Err(error) => Err(error),
            },
            Err(error) => Err(error.into()),
        };
        match loaded {
            Ok(next) => Ok(Some(next)),
            Err(Error::Faults { commit, faults }) => {
                self.reject(&commit, &faults).await;
                Ok(None)
            }
            Err(Error::Git(error)) => {
                tracing::warn!(%error, "the git tree cannot be read; the last good commit stays");
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// The notes that the proofs of the commit in force gave.
    fn proof_notes(&self, in_force: &Files) -> Vec<String> {
        let unproved = self.inner.sources.settings.policy.unproved;
        prove::judge(&self.proofs(), unproved, prove::is_starter(&in_force.files)).1
    }

    fn swap(&self, next: Snapshot) -> Arc<Snapshot> {
        let next = Arc::new(next);
        self.inner.current.store(Arc::clone(&next));
        next
    }

    /// Watches the tree, its remote and the store until `shutdown`.
    pub async fn run(&self, shutdown: CancellationToken) {
        tokio::join!(Box::pin(self.watch(&shutdown)), Box::pin(self.follow(&shutdown)));
    }

    async fn watch(&self, shutdown: &CancellationToken) {
        let poll = self.inner.sources.settings.policy.poll_interval;
        let mut revision = tokio::time::interval(REVISION_PERIOD.min(poll));
        let mut tree = tokio::time::interval(poll);
        loop {
            let changed = tokio::select! {
                () = shutdown.cancelled() => return,
                _ = revision.tick() => self.rows_changed().await,
                _ = tree.tick() => self.tree_changed().await,
            };
            if changed {
                self.reload_or_warn().await;
            }
        }
    }

    async fn reload_or_warn(&self) {
        if let Err(error) = self.reload().await {
            tracing::warn!(%error, "the last good snapshot stays in force");
        }
    }

    async fn rows_changed(&self) -> bool {
        let now = self.inner.sources.store.revision().await;
        now.is_ok_and(|revision| revision != self.load().revision)
    }

    async fn tree_changed(&self) -> bool {
        match self.repository().head().await {
            Ok(head) => {
                let status = self.known();
                // A new commit, or back from a rejected one.
                match &status.rejected {
                    Some(rejected) => head != *rejected,
                    None => head != status.commit,
                }
            }
            Err(error) => {
                tracing::warn!(%error, "the git tree cannot be read; the last good commit stays");
                false
            }
        }
    }

    async fn reject(&self, commit: &str, faults: &[Fault]) {
        let known = self.known();
        if known.rejected.as_deref() == Some(commit) {
            return;
        }
        REJECTED.inc();
        for fault in faults {
            tracing::error!(%commit, "{fault}");
        }
        let rejected = Some(commit.to_owned());
        self.set_status(Status { rejected, faults: faults.to_vec(), ..known });
        self.tell(commit, "rejected", faults).await;
    }

    fn set_status(&self, status: Status) {
        REJECTED_NOW.set(i64::from(status.rejected.is_some()));
        *self.inner.status.lock().unwrap_or_else(PoisonError::into_inner) = status;
    }

    /// Leaves an audit record of a swap or a rejection.
    async fn tell(&self, commit: &str, outcome: &str, faults: &[Fault]) {
        let faults: Vec<_> = faults.iter().take(20).map(ToString::to_string).collect();
        self.audit("policy.load", commit, outcome, json!({ "faults": faults })).await;
    }

    async fn audit(&self, action: &str, commit: &str, outcome: &str, detail: serde_json::Value) {
        let tenant = self.load().tenant;
        let record = system_record(tenant, action, commit, outcome, commit, detail);
        if let Err(error) = self.inner.sources.store.audit().append(record).await {
            tracing::error!(%error, action, "what happened to the tree could not be audited");
        }
    }
}

/// The files of one commit.
struct Files {
    commit: String,
    files: BTreeMap<String, Vec<u8>>,
}

impl Files {
    /// Those of the commit to run.
    async fn newest(repository: &Repository) -> Result<Self, Error> {
        let head = repository.head().await?;
        Self::of(repository, head).await
    }

    /// Those of a commit that is signed as the settings ask for. Its files are not looked at before.
    async fn of(repository: &Repository, commit: String) -> Result<Self, Error> {
        let read = async {
            repository.verify(&commit).await?;
            repository.files(&commit).await
        };
        let faults = match read.await {
            Ok(files) => return Ok(Self { commit, files }),
            Err(git::Error::Contents { faults, .. }) => faults,
            Err(git::Error::Unsigned { why: message, .. }) => {
                let (file, fix) = (format!("commit {commit}"), git::SIGN.to_owned());
                vec![Fault { file, line: None, key: String::new(), message, fix }]
            }
            Err(error) => return Err(error.into()),
        };
        Err(Error::Faults { commit, faults })
    }
}

/// What proves statements about policies in a process with these settings. Answers are remembered
/// where there is a state folder.
pub fn prover(settings: &Settings) -> Prover {
    let state = &settings.state.dir;
    Prover::new(proofs::Options {
        solver: settings.policy.solver.clone(),
        total_timeout: settings.policy.proof_timeout,
        cache: state.is_dir().then(|| state.join("proofs.json")),
        ..proofs::Options::default()
    })
}

/// Loads a commit whole: read, checked, its cases asked, its invariants proved.
async fn load_proved(
    sources: &Sources,
    prover: &Prover,
    catalogue: &Arc<Catalogue>,
    tree: &Files,
) -> Result<(Snapshot, Vec<Proof>), Error> {
    let mut next = load(sources, catalogue, tree, None).await?;
    let proofs = prove::prove(prover, &next.policy, &next.tenant_name).await;
    let unproved = sources.settings.policy.unproved;
    let (faults, notes) = prove::judge(&proofs, unproved, prove::is_starter(&tree.files));
    if !faults.is_empty() {
        return Err(Error::Faults { commit: tree.commit.clone(), faults });
    }
    next.notes.extend(notes);
    Ok((next, proofs))
}

/// Joins a commit's files with the store's rows of now. `known` is what snapshots of it share, where it
/// is loaded already.
async fn load(
    sources: &Sources,
    catalogue: &Arc<Catalogue>,
    tree: &Files,
    known: Option<Shared>,
) -> Result<Snapshot, Error> {
    // The revision first: a change in between shows as a difference and loads again.
    let revision = sources.store.revision().await?;
    let tenant =
        sources.store.tenants().load_all().await?.into_iter().next().ok_or(Error::NoTenant)?;
    adopt(sources, tenant.id, tree).await?;
    let rows = Rows {
        revision,
        tenant: tenant.id,
        tenant_name: tenant.name,
        agents: sources.store.agents().load_all().await?,
        keys: sources.store.keys().load_all().await?,
        caps: sources.store.caps().load_all().await?,
        revoked: sources.store.grants().revoked(Timestamp::now()).await?,
        providers: specs(sources.store.providers().load_all().await?),
        models: specs(sources.store.models().load_all().await?),
        tools: sources.store.tool_definitions().decided().await?,
    };
    let assembled = Snapshot::assemble(
        &tree.commit,
        &tree.files,
        rows,
        &sources.extra,
        &sources.settings,
        (Arc::clone(catalogue), known),
    );
    assembled.map_err(|faults| Error::Faults { commit: tree.commit.clone(), faults })
}

/// Gives every agent of the tree its row, so that it has an id.
async fn adopt(sources: &Sources, tenant: TenantId, files: &Files) -> Result<(), Error> {
    let Files { commit, files } = files;
    // Faults are told by the assembly; a tree that does not load adopts nobody.
    let Ok(tree) = config::Tree::load(commit, files) else { return Ok(()) };
    let known = sources.store.agents().load_all().await?;
    for (name, file) in tree.agents {
        if known.iter().any(|row| row.tenant == tenant && row.name == name) {
            continue;
        }
        let row = store::agents::Agent {
            id: AgentId::generate(),
            tenant,
            name: name.clone(),
            kind: match file.kind {
                config::tree::AgentKind::User => policy::AgentKind::User,
                config::tree::AgentKind::System => policy::AgentKind::System,
            },
            groups: file.groups,
            owner: file.owner,
            created_at: Timestamp::now(),
            disabled_at: None,
        };
        let record = system_record(tenant, "agent.adopt", &name, "ok", commit, json!({}));
        sources.store.agents().adopt(&row, &record).await?;
    }
    Ok(())
}

/// Brings the accounts of the running windows to the caps that the commit asks for. Later windows
/// begin with them.
async fn adopt_caps(sources: &Sources, snapshot: &Snapshot) -> Result<(), Error> {
    let now = Timestamp::now();
    let all =
        snapshot.agents().flat_map(|agent| agent.caps_at(snapshot.tenant, &snapshot.zone, now));
    let mut specs: Vec<_> = all.collect();
    // The tenant's accounts are in every agent's path.
    specs.sort_by(|a, b| a.key.cmp(&b.key));
    specs.dedup_by(|a, b| a.key == b.key);
    let commit = &snapshot.commit;
    let record = system_record(snapshot.tenant, "budget.adopt", commit, "ok", commit, json!({}));
    sources.store.caps().adopt(&specs, &record).await?;
    Ok(())
}

/// Reads registrations; one that cannot be read is told and left out.
fn specs<T: serde::de::DeserializeOwned>(rows: Vec<store::models::Registration>) -> Vec<T> {
    let read = |row: store::models::Registration| match serde_json::from_str(&row.body) {
        Ok(spec) => Some(spec),
        Err(error) => {
            tracing::error!(name = %row.name, %error, "a registration cannot be read; remove and add it again");
            None
        }
    };
    rows.into_iter().filter_map(read).collect()
}

fn system_record(
    tenant: TenantId,
    action: &str,
    resource: &str,
    outcome: &str,
    commit: &str,
    detail: serde_json::Value,
) -> audit::Record {
    audit::Record {
        id: AuditId::generate(),
        at: Timestamp::now(),
        tenant,
        kind: audit::Kind::System,
        request: None,
        actor: Actor {
            kind: ActorType::System,
            id: "snapshot".to_owned(),
            auth: "self".to_owned(),
        },
        action: action.to_owned(),
        resource: resource.to_owned(),
        outcome: outcome.to_owned(),
        commit: commit.to_owned(),
        detail: detail.into(),
    }
}

fn list(faults: &[Fault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n  ")
}

#[cfg(test)]
mod tests;
