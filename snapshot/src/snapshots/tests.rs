//! Snapshots of a tree that follows a bare repository, with a SQLite store.

use policy::starter::{DEFAULT_AGENT, STARTER, agent_file, agent_starter};
use store::{First, admin_tokens::AdminToken, agents::Agent, keys::Key, tenants::Tenant};
use types::KeyId;

use super::*;
use crate::git::{GitOptions, tests::Place};

/// The files of the starter tree.
fn starter() -> impl Iterator<Item = (String, String)> {
    let fixed = config::starter::FILES.iter().chain(STARTER);
    let fixed = fixed.map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
    fixed.chain([(agent_file(DEFAULT_AGENT), agent_starter(DEFAULT_AGENT))])
}

/// A place whose remote has the starter tree.
fn place() -> Place {
    let place = Place::with_remote();
    place.sh("cd person && git rm -q a.cedar");
    for (path, text) in starter() {
        let file = place.path("person").join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }
    place.person("note", "the starter");
    place
}

async fn store(place: &Place) -> Store {
    let url = format!("sqlite://{}", place.path("test.db").display());
    let store = Store::open(&store::Options { url, ..store::Options::default() }).await.unwrap();
    let (tenant, agent, now) = (TenantId::generate(), AgentId::generate(), Timestamp::now());
    let first = First {
        tenant: Tenant { id: tenant, name: "default".to_owned(), created_at: now },
        agent: Agent {
            id: agent,
            tenant,
            name: DEFAULT_AGENT.to_owned(),
            kind: policy::AgentKind::User,
            groups: Vec::new(),
            owner: "operator".to_owned(),
            created_at: now,
            disabled_at: None,
        },
        key: Key {
            id: KeyId::generate(),
            agent,
            tenant,
            hash: "key".into(),
            created_at: now,
            expires_at: None,
            revoked_at: None,
            rotated_from: None,
        },
        token: AdminToken {
            id: "tok_1".to_owned(),
            tenant,
            name: "admin".to_owned(),
            groups: Vec::new(),
            hash: "token".into(),
            created_at: now,
            expires_at: None,
        },
    };
    let record = system_record(tenant, "first_start", "default", "ok", "", json!({}));
    store.first_start(&first, &record).await.unwrap();
    store
}

async fn open(place: &Place, options: GitOptions, store: &Store) -> Result<Snapshots, Error> {
    let mut settings = Settings::default();
    settings.state.dir = place.folder.path().to_owned();
    settings.policy.poll_interval = Duration::from_millis(200);
    let (repository, settings) = (Repository::with(options), Arc::new(settings));
    let store = store.clone();
    Snapshots::open(Sources { repository, store, settings, extra: Vec::new() }).await
}

/// The actions and outcomes on record about the tree, the newest first.
async fn told(store: &Store) -> Vec<(String, String)> {
    let filter = store::audit::Filter::default();
    let entries = store.audit().tail(&filter, 100).await.unwrap();
    let ours = entries.into_iter().filter(|entry| entry.record.action.starts_with("policy."));
    ours.map(|entry| (entry.record.action, entry.record.outcome)).collect()
}

async fn until(what: impl Fn() -> bool) {
    let wait = async {
        while !what() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), wait).await.unwrap();
}

#[tokio::test]
async fn a_commit_of_the_remote_is_taken_whole_or_rejected_with_its_reason() {
    let place = place();
    let store = store(&place).await;
    let snapshots = open(&place, place.options(), &store).await.unwrap();
    let first = snapshots.load().commit.clone();
    let status = snapshots.status();
    assert!(status.synced_at.is_some() && status.sync_error.is_none());
    assert_eq!(status.remote, Some(place.path("remote.git").display().to_string()));
    assert_eq!(REJECTED_NOW.get(), 0);

    let bad = place.person("policies/bad.cedar", "permit (principal, action, resource) wen;\n");
    assert_eq!(snapshots.sync_now().await.unwrap().commit, first);
    let status = snapshots.status();
    assert_eq!((status.rejected, status.commit), (Some(bad), first.clone()));
    assert!(status.faults[0].file.ends_with("bad.cedar"), "{:?}", status.faults);
    assert_eq!((REJECTED.get(), REJECTED_NOW.get()), (1, 1));

    place.sh("cd person && git rm -q policies/bad.cedar && ln -s /etc/passwd link");
    let link = place.person("note", "a link");
    snapshots.sync_now().await.unwrap();
    let status = snapshots.status();
    assert_eq!((status.rejected.as_deref(), REJECTED.get()), (Some(link.as_str()), 2));
    let [fault] = &status.faults[..] else { panic!("{:?}", status.faults) };
    assert_eq!(fault.file, "link");
    assert!(fault.message.contains("is a link"), "{fault}");

    place.sh("cd person && git rm -q link");
    let good = place.person("note", "mended");
    assert_eq!(snapshots.sync_now().await.unwrap().commit, good);
    assert_eq!((snapshots.status().rejected, REJECTED_NOW.get()), (None, 0));
    let outcomes: Vec<_> = told(&store).await.into_iter().map(|(_, outcome)| outcome).collect();
    assert_eq!(outcomes, ["ok", "rejected", "rejected"]);
}

#[tokio::test]
async fn a_changed_copy_of_the_schema_is_taken_and_noted() {
    let place = place();
    let store = store(&place).await;
    let snapshots = open(&place, place.options(), &store).await.unwrap();
    assert_eq!(snapshots.status().notes, [""; 0]);
    let (file, text) = ("policies/schema.cedarschema", "namespace Orchestack {}\n");
    let commit = place.person(file, text);
    assert_eq!(snapshots.sync_now().await.unwrap().commit, commit);
    let mut files: BTreeMap<_, _> =
        starter().map(|(path, text)| (path, text.into_bytes())).collect();
    assert_eq!(crate::check("c", &files).unwrap().notes, [""; 0]);
    files.insert(file.to_owned(), text.into());
    let noted = crate::check("c", &files).unwrap().notes;
    assert_eq!(snapshots.status().notes, noted);
    assert_eq!(
        noted,
        [
            "policies/schema.cedarschema differs from the schema of this build, which is what counts; \
          write it anew with `orchestack policy schema > policies/schema.cedarschema`"
        ]
    );
}

#[tokio::test]
async fn an_unsigned_commit_is_rejected_like_one_with_mistakes() {
    let place = place();
    let store = store(&place).await;
    place.key("ann");
    let options = place.strict();
    // Nothing good was there yet: nothing is served.
    let refused = open(&place, options.clone(), &store).await.err().unwrap();
    assert!(matches!(refused, Error::Faults { .. }), "{refused}");
    assert!(refused.to_string().contains("no ssh signature"), "{refused}");

    place.sign_with("ann");
    place.sh("cd person && git config commit.gpgSign true");
    let signed = place.person("note", "signed");
    let snapshots = open(&place, options, &store).await.unwrap();
    assert_eq!(snapshots.load().commit, signed);
    place.sh("cd person && git config commit.gpgSign false");
    let unsigned = place.person("note", "unsigned");
    assert_eq!(snapshots.sync_now().await.unwrap().commit, signed);
    let status = snapshots.status();
    assert_eq!((status.rejected.as_deref(), REJECTED_NOW.get()), (Some(unsigned.as_str()), 1));
    let fault = status.faults[0].to_string();
    assert!(fault.contains(&unsigned) && fault.contains("policy.allowed_signers"), "{fault}");
    assert_eq!(told(&store).await, [("policy.load".to_owned(), "rejected".to_owned())]);
    // Signed, the same files are taken.
    place.sh("cd person && git commit -q --amend --no-edit -S && git push -qf ../remote.git main");
    let signed = snapshots.sync_now().await.unwrap().commit.clone();
    assert_ne!(signed, unsigned);
    assert_eq!((snapshots.status().rejected, REJECTED_NOW.get()), (None, 0));
}

#[tokio::test]
async fn a_start_without_the_remote_runs_what_was_fetched_last_and_says_so() {
    let place = place();
    let store = store(&place).await;
    place.sh("mv remote.git away.git");
    let refused = open(&place, place.options(), &store).await.err().unwrap();
    assert!(refused.to_string().contains("check `policy.remote`"), "{refused}");
    place.sh("mv away.git remote.git");
    let known = open(&place, place.options(), &store).await.unwrap().load().commit.clone();
    place.sh("mv remote.git away.git");
    let snapshots = open(&place, place.options(), &store).await.unwrap();
    assert_eq!(snapshots.load().commit, known);
    let status = snapshots.status();
    assert!(status.sync_error.is_some() && status.synced_at.is_none());
    assert!(status.notes.iter().any(|note| note.starts_with("the last commit")), "{status:?}");
    // Asking on demand tells that it failed, and takes the rows all the same.
    assert!(matches!(snapshots.sync_now().await, Err(Error::Git(_))));
    place.sh("mv away.git remote.git");
    snapshots.sync_now().await.unwrap();
    let status = snapshots.status();
    assert!(status.sync_error.is_none() && status.synced_at.is_some() && status.notes.is_empty());
}

#[tokio::test]
async fn the_remote_is_followed_and_a_rewritten_history_is_on_record() {
    let place = place();
    let store = store(&place).await;
    let snapshots = open(&place, place.options(), &store).await.unwrap();
    let first = snapshots.load().commit.clone();
    let (stop, running) = (CancellationToken::new(), snapshots.clone());
    let watched = stop.clone();
    let run = tokio::spawn(async move { running.run(watched).await });
    let second = place.person("note", "second");
    until(|| snapshots.load().commit == second).await;
    place.sh(&format!("cd person && git push -qf ../remote.git {first}:main"));
    until(|| snapshots.load().commit == first).await;
    // The commit is in force a moment before the note says why.
    until(|| snapshots.status().notes.iter().any(|note| note.contains("was rewritten"))).await;
    stop.cancel();
    run.await.unwrap();
    let told = told(&store).await;
    let rewritten = told.iter().filter(|(action, _)| action == "policy.rewritten");
    assert_eq!((rewritten.count(), told.len()), (1, 3));
}
