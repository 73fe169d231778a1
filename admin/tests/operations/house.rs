//! A fresh installation for a test, and how it is asked.

use std::{path::Path, sync::Arc};

use admin::{Control, Entry, first};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode},
};
use policy::{AdminAct, Operation};
use serde_json::{Value, json};
use snapshot::{
    Snapshots, Sources,
    git::{GitOptions, Repository},
    keys::Pepper,
};
use store::{Store, admin_tokens::AdminToken, vault::MasterKey};
use types::{AuditId, Timestamp, audit::Kind};

/// A fresh installation in a folder of its own.
pub(crate) struct House {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) control: Control,
    pub(crate) token: String,
    pub(crate) key: String,
}

impl House {
    pub(crate) async fn build() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let repository = Repository::at(folder.path().join("tree"));
        assert!(first::tree(&repository).await.unwrap());
        assert!(!first::tree(&repository).await.unwrap());
        Self::on(folder, repository).await
    }

    /// One whose tree follows `remote.git`, which has the starter.
    pub(crate) async fn following() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let remote = folder.path().join("remote.git").display().to_string();
        first::tree(&Repository::at(folder.path().join("starter"))).await.unwrap();
        git(folder.path(), &["clone", "-q", "--bare", "starter", "remote.git"]);
        let mut options = GitOptions::at(folder.path().join("tree"));
        options.remote = Some(remote.parse().unwrap());
        let repository = Repository::with(options);
        assert!(!first::tree(&repository).await.unwrap());
        assert!(!repository.dir().exists());
        Self::on(folder, repository).await
    }

    pub(crate) async fn on(folder: tempfile::TempDir, repository: Repository) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let store = open(folder.path()).await;
        let pepper = Pepper::at(&folder.path().join("pepper")).unwrap();
        let made = first::rows(&store, &pepper).await.unwrap().unwrap();
        assert!(first::rows(&store, &pepper).await.unwrap().is_none());
        let mut settings = config::Settings::default();
        settings.state.dir = folder.path().to_owned();
        let secret = folder.path().join("webhook");
        std::fs::write(&secret, "hush\n").unwrap();
        settings.policy.webhook_secret =
            Some(format!("file:{}", secret.display()).parse().unwrap());
        let settings = Arc::new(settings);
        let snapshots = Snapshots::open(Sources {
            repository: repository.clone(),
            store: store.clone(),
            settings: Arc::clone(&settings),
            extra: Vec::new(),
        });
        let snapshots = snapshots.await.unwrap();
        let http = admin::probe::client().unwrap();
        let sealing = MasterKey::of(&[7; 32]);
        let control = Control { settings, store, snapshots, repository, pepper, sealing, http };
        let (token, key) = (made.token.expose().to_owned(), made.key.expose().to_owned());
        Self { folder, control, token, key }
    }

    pub(crate) fn local(&self) -> Router {
        admin::router(self.control.clone(), Entry::Local)
    }

    pub(crate) fn remote(&self) -> Router {
        admin::router(self.control.clone(), Entry::Token { loopback: true })
    }

    /// A second token, of a person in `group`.
    pub(crate) async fn token_of(&self, group: &str) -> String {
        let snapshot = self.control.snapshots.load();
        let actor = policy::Person {
            name: "local".to_owned(),
            groups: vec![admin::ADMINISTRATORS.to_owned()],
        };
        let permit = snapshot.policy.administer(&AdminAct {
            owner: None,
            approval: None,
            break_glass: None,
            actor: &actor,
            operation: Operation::PersonAdd,
            tenant: snapshot.tenant,
            tenant_name: &snapshot.tenant_name,
            target: group,
            now: Timestamp::now(),
        });
        let minted = self.control.pepper.mint_token().unwrap();
        let token = AdminToken {
            id: format!("tok_{group}"),
            tenant: snapshot.tenant,
            name: format!("{group}-person"),
            groups: vec![group.to_owned()],
            hash: minted.hash,
            created_at: Timestamp::now(),
            expires_at: None,
        };
        let mut record = self.records(None).await.remove(0);
        record.id = AuditId::generate();
        let tokens = self.control.store.admin_tokens();
        tokens.create(&permit.unwrap(), &token, &record).await.unwrap();
        minted.text.expose().to_owned()
    }

    /// A token of a person in these groups, made by the local operator.
    pub(crate) async fn person(&self, name: &str, groups: &[&str]) -> String {
        let body = json!({ "name": name, "groups": groups });
        let (status, made) = call(self.local(), "POST", "/api/v1/people", Some(body)).await;
        assert_eq!(status, StatusCode::CREATED, "{made}");
        made["token"].as_str().unwrap().to_owned()
    }

    /// Commits files by hand and loads them.
    pub(crate) async fn commit(&self, files: &[(&str, Option<&str>)]) -> String {
        let made = self.control.repository.commit(files, "A <a@b>", "by hand").await.unwrap();
        let loaded = self.control.snapshots.reload().await.unwrap();
        assert_eq!(loaded.commit, made, "{:?}", self.control.snapshots.status());
        made
    }

    pub(crate) async fn records(&self, kind: Option<Kind>) -> Vec<types::audit::Record> {
        let filter = store::audit::Filter { kind, ..store::audit::Filter::default() };
        let entries = self.control.store.audit().tail(&filter, 100).await.unwrap();
        entries.into_iter().map(|entry| entry.record).collect()
    }
}

pub(crate) async fn open(folder: &Path) -> Store {
    let url = format!("sqlite://{}", folder.join("test.db").display());
    Store::open(&store::Options { url, ..store::Options::default() }).await.unwrap()
}

/// What a git command in `folder` prints.
#[track_caller]
pub(crate) fn git(folder: &Path, args: &[&str]) -> String {
    let output = std::process::Command::new("git").current_dir(folder).args(args).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// One request as the JSON that it is answered with.
pub(crate) async fn ask(router: Router, request: Request<Body>) -> (StatusCode, Value) {
    use tower::ServiceExt;
    let response = router.oneshot(request).await.unwrap();
    let status = response.status();
    let bytes = to_bytes(response.into_body(), 1 << 22).await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

pub(crate) fn request(
    method: &str,
    path: &str,
    body: Option<Value>,
) -> axum::http::request::Builder {
    let builder = Request::builder().method(method).uri(path).header("host", "127.0.0.1:8081");
    match body {
        Some(_) => builder.header("content-type", "application/json"),
        None => builder,
    }
}

pub(crate) async fn call(
    router: Router,
    method: &str,
    path: &str,
    body: Option<Value>,
) -> (StatusCode, Value) {
    let text = body.as_ref().map(Value::to_string).unwrap_or_default();
    ask(router, request(method, path, body).body(Body::from(text)).unwrap()).await
}

pub(crate) async fn call_as(
    house: &House,
    token: &str,
    (method, path): (&str, &str),
    body: Option<Value>,
) -> (StatusCode, Value) {
    let text = body.as_ref().map(Value::to_string).unwrap_or_default();
    let request = request(method, path, body).header("authorization", format!("Bearer {token}"));
    ask(house.remote(), request.body(Body::from(text)).unwrap()).await
}
