//! The state of one installation: its folder, pepper, database and git tree.

use std::{
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use admin::Control;
use config::Settings;
use snapshot::{
    Extra, Snapshots, Sources,
    git::{GitOptions, Repository},
    keys::Pepper,
};
use store::{Store, keyfile, vault::MasterKey};
use types::EventId;

use crate::failure::Failure;

/// The opened state.
#[derive(Clone)]
pub(crate) struct State {
    pub(crate) settings: Arc<Settings>,
    pub(crate) store: Store,
    pub(crate) pepper: Pepper,
    /// The key that redacted values are encrypted with.
    pub(crate) tokens: MasterKey,
    pub(crate) repository: Repository,
    pub(crate) http: reqwest::Client,
}

/// How long published events are kept for replays.
const RETENTION: Duration = Duration::from_secs(24 * 60 * 60);

impl State {
    /// Opens the state for a server, which admits calls and so has the journal.
    pub(crate) async fn serving(settings: Arc<Settings>) -> Result<Self, Failure> {
        let journal = settings.ledger.journal.then(|| settings.state.dir.join("journal"));
        Self::with(settings, journal).await
    }

    /// Opens the state for a command beside a server, or without one.
    pub(crate) async fn open(settings: Arc<Settings>) -> Result<Self, Failure> {
        Self::with(settings, None).await
    }

    /// Opens the state, making the folder and what is in it where they are missing.
    async fn with(settings: Arc<Settings>, journal: Option<PathBuf>) -> Result<Self, Failure> {
        let pepper = pepper(&settings)?;
        let tokens = tokens_key(&settings)?;
        let alone = journal.is_some();
        let options = store::Options { journal, alone, ..options(&settings) };
        let store = Store::open(&options).await.map_err(Failure::of)?;
        let repository = Repository::with(GitOptions::of(&settings));
        let http = admin::probe::client().map_err(Failure::of)?;
        Ok(Self { settings, store, pepper, tokens, repository, http })
    }

    /// Loads the snapshot in force, with what was found.
    pub(crate) async fn snapshots(&self, extra: Vec<Extra>) -> Result<Snapshots, Failure> {
        let sources = Sources {
            repository: self.repository.clone(),
            store: self.store.clone(),
            settings: Arc::clone(&self.settings),
            extra,
        };
        Ok(Snapshots::open(sources).await?)
    }

    /// What the admin API works on.
    pub(crate) fn control(&self, snapshots: Snapshots) -> Control {
        Control {
            settings: Arc::clone(&self.settings),
            store: self.store.clone(),
            snapshots,
            repository: self.repository.clone(),
            pepper: self.pepper.clone(),
            sealing: self.tokens.clone(),
            http: self.http.clone(),
        }
    }
}

/// The pepper of the installation, which is made where it is missing, and the folder that it is in.
pub(crate) fn pepper(settings: &Settings) -> Result<Pepper, Failure> {
    let dir = &settings.state.dir;
    private(dir)?;
    let file = dir.join("pepper");
    Pepper::at(&file)
        .map_err(|error| Failure::Failed(format!("cannot use `{}`: {error}", file.display())))
}

/// The shortest secret that a key is made of, in bytes.
const TOKENS_KEY_BYTES_MIN: usize = 32;

/// The key that the settings name, or the one in the state folder, which is made where it is missing.
fn tokens_key(settings: &Settings) -> Result<MasterKey, Failure> {
    let dir = &settings.state.dir;
    let Some(reference) = &settings.dlp.tokens_key else {
        let file = dir.join("tokens.key");
        let lost = "what was redacted in running sessions stays tokens";
        let key = keyfile::at(&file, lost).map_err(|error| {
            Failure::Failed(format!("cannot use `{}`: {error}", file.display()))
        })?;
        return Ok(MasterKey::of(&key));
    };
    let secret = reference.resolve(dir, config::settings::variable).map_err(Failure::of)?;
    if secret.expose().len() < TOKENS_KEY_BYTES_MIN {
        let why = format!(
            "the secret of `dlp.tokens_key` has less than {TOKENS_KEY_BYTES_MIN} characters; make \
             one with `openssl rand -base64 32`"
        );
        return Err(Failure::Failed(why));
    }
    Ok(MasterKey::of(secret.expose().as_bytes()))
}

fn options(settings: &Settings) -> store::Options {
    let ledger = &settings.ledger;
    // A quarter for writing: one batch at a time needs few connections.
    let all = u32::try_from(settings.store.max_connections).unwrap_or(u32::MAX);
    let write = (all / 4).max(1);
    store::Options {
        url: settings.store_url().expose().to_owned(),
        read_connections_max: all.saturating_sub(write).max(1),
        write_connections_max: write,
        admission_timeout: ledger.admission_timeout,
        lease: ledger.lease,
        reaper_period: ledger.reaper_period,
        warn_percent: settings.alerts.warn_percent,
        journal_bytes_max: u64::try_from(ledger.journal_bytes_max).unwrap_or(u64::MAX),
        redis: settings.redis.as_ref().map(|redis| store::fleet::Options {
            url: redis.url.clone(),
            prefix: redis.prefix.clone(),
            timeout: redis.timeout,
        }),
        retention: RETENTION,
        responses_retention: settings.responses.retention,
        tokens_retention: settings.dlp.tokens_ttl,
        work: store::work::Bounds {
            waiting_max: u32::try_from(settings.work.waiting_messages).unwrap_or(u32::MAX),
            ..store::work::Bounds::default()
        },
        // New at every start: what an earlier process of this host held is not ours.
        owner: EventId::generate().to_string(),
        ..store::Options::default()
    }
}

/// Makes the folder for this user alone, or takes other users' rights to it away.
fn private(dir: &Path) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        let name = dir.display();
        let fix = "set `state.dir` to a folder that this user may write";
        Failure::Failed(format!("cannot use the state folder `{name}`: {error}; {fix}"))
    };
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true).mode(0o700).create(dir).map_err(failed)?;
    let mode = std::fs::metadata(dir).map_err(failed)?.permissions().mode();
    if mode & 0o077 != 0 {
        let own = std::fs::Permissions::from_mode(0o700);
        std::fs::set_permissions(dir, own).map_err(failed)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_folder_is_for_its_user_alone() {
        let outer = tempfile::tempdir().unwrap();
        let dir = outer.path().join("a/state");
        private(&dir).unwrap();
        let mode = |dir: &Path| std::fs::metadata(dir).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&dir), 0o700);
        std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(0o755)).unwrap();
        private(&dir).unwrap();
        assert_eq!(mode(&dir), 0o700);
    }
}
