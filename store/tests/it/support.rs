//! Databases of their own for each test, permits, and things to ask for.

use std::{collections::BTreeMap, time::Duration};

use budget::{Account, Basis, CapSpec, Period, Scope, Zone};
use policy::{
    AdminAct, AdminPermit, AgentKind, AgentSource, BudgetFacts, Bundle, Caller, Engine, ModelCall,
    ModelFacts, Operation, Permit, Person, RequestFacts, SessionFacts, Source,
};
use sqlx::{AnyConnection, Connection as _, Row as _, migrate::Migrator};
use store::{
    Options, Store,
    agents::Agent,
    ledger::{HoldAsk, Settlement},
};
use types::{
    Actor, ActorType, AgentId, AttemptId, AuditId, HoldId, Integrity, KeyId, Label, Locality,
    Nanos, RequestId, TenantId, Timestamp,
    answer::Usage,
    audit::{Kind, Record},
};

pub const CENT: i64 = 10_000_000;
pub const MODEL: &str = "gpt";
pub const PROVIDER: &str = "openai";

static SQLITE: Migrator = sqlx::migrate!("../migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("../migrations/postgres");

/// A database of its own.
pub struct Database {
    pub url: String,
    name: Option<String>,
    folder: Option<tempfile::TempDir>,
    /// Whether each process that opens it has a journal of its own.
    journals: bool,
}

impl Database {
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/store.db", folder.path().display());
        Self { url, name: None, folder: Some(folder), journals: false }
    }

    /// SQLite as a server has it: sessions are in memory.
    pub fn served() -> Self {
        Self { journals: true, ..Self::sqlite() }
    }

    pub async fn postgres() -> Self {
        let name = format!("store_test_{}", RequestId::generate().to_string().to_lowercase());
        let mut conn = admin().await;
        let query = format!("create database {name}");
        sqlx::query(sqlx::AssertSqlSafe(query)).execute(&mut conn).await.unwrap();
        let base = postgres_url();
        let (server, _) = base.rsplit_once('/').unwrap();
        let url = format!("{server}/{name}");
        Self { url, name: Some(name), folder: None, journals: false }
    }

    /// Drops the database; a test that failed leaves it for whoever looks into it.
    pub async fn remove(&self) {
        let Some(name) = &self.name else { return };
        let query = format!("drop database if exists {name} with (force)");
        sqlx::query(sqlx::AssertSqlSafe(query)).execute(&mut admin().await).await.unwrap();
    }

    pub fn options(&self) -> Options {
        let own =
            |folder: &tempfile::TempDir| folder.path().join(RequestId::generate().to_string());
        Options {
            url: self.url.clone(),
            journal: self.folder.as_ref().filter(|_| self.journals).map(own),
            alone: self.journals,
            // Only the tests that are about time outs shorten it: the machine may be busy.
            admission_timeout: Duration::from_secs(60),
            acquire_timeout: Duration::from_secs(30),
            statement_timeout: Duration::from_secs(30),
            // Tests reap when they mean it.
            reaper_period: Duration::from_secs(3600),
            ..Options::default()
        }
    }

    pub async fn open(&self) -> Store {
        Store::open(&self.options()).await.unwrap()
    }

    /// A store with the tenant and agent of the tests.
    pub async fn prepared(&self) -> Store {
        let store = self.open().await;
        prepare(&store).await;
        store
    }

    /// A connection that goes around the store.
    pub async fn raw(&self) -> AnyConnection {
        sqlx::any::install_default_drivers();
        let mut conn = AnyConnection::connect(&self.url).await.unwrap();
        if self.name.is_none() {
            sqlx::query("pragma busy_timeout = 30000").execute(&mut conn).await.unwrap();
        }
        conn
    }

    /// The database as a build left it that knew migrations up to `version`, to be filled.
    pub async fn built(&self, version: i64) -> AnyConnection {
        let mut migrations = &POSTGRES;
        if let Some(file) = self.url.strip_prefix("sqlite://") {
            std::fs::File::create(file).unwrap();
            migrations = &SQLITE;
        }
        let mut conn = self.raw().await;
        migrations.run_to(version, &mut conn).await.unwrap();
        conn
    }

    /// Every migration of this build.
    pub fn migrations(&self) -> &'static Migrator {
        if self.name.is_none() { &SQLITE } else { &POSTGRES }
    }

    /// Runs a statement around the store.
    pub async fn tamper(&self, query: &'static str) {
        let done = sqlx::query(query).execute(&mut self.raw().await).await.unwrap();
        assert!(done.rows_affected() > 0, "{query} changed nothing");
    }

    pub async fn count(&self, query: &'static str) -> i64 {
        sqlx::query(query).fetch_one(&mut self.raw().await).await.unwrap().get(0)
    }
}

pub async fn prepare(store: &Store) {
    let tenant = store::tenants::Tenant {
        id: tenant(),
        name: "default".to_owned(),
        created_at: Timestamp::now(),
    };
    let first = store::First {
        tenant,
        agent: agent("default", agent_id()),
        key: key(KeyId::from_parts(1, 3)),
        token: store::admin_tokens::AdminToken {
            id: "first".to_owned(),
            tenant: self::tenant(),
            name: "operator".to_owned(),
            groups: vec!["infra-admin".to_owned()],
            hash: "00".to_owned(),
            created_at: Timestamp::now(),
            expires_at: None,
        },
    };
    store.first_start(&first, &record(Kind::System)).await.unwrap();
}

fn postgres_url() -> String {
    #[expect(clippy::disallowed_methods, reason = "where the tests' server is, not a setting")]
    let url = std::env::var("ORCHESTACK_TEST_POSTGRES");
    url.unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/postgres".to_owned())
}

async fn admin() -> AnyConnection {
    sqlx::any::install_default_drivers();
    AnyConnection::connect(&postgres_url()).await.expect(
        "these tests need Postgres on 127.0.0.1:5432 (`apt-get install postgresql` and \
         `pg_ctlcluster 15 main start`), or its address in ORCHESTACK_TEST_POSTGRES",
    )
}

pub fn tenant() -> TenantId {
    TenantId::from_parts(1, 1)
}

pub fn agent_id() -> AgentId {
    AgentId::from_parts(1, 2)
}

pub fn agent(name: &str, id: AgentId) -> Agent {
    Agent {
        id,
        tenant: tenant(),
        name: name.to_owned(),
        kind: AgentKind::User,
        groups: vec!["writers".to_owned()],
        owner: String::new(),
        created_at: Timestamp(1),
        disabled_at: None,
    }
}

pub fn key(id: KeyId) -> store::keys::Key {
    store::keys::Key {
        id,
        agent: agent_id(),
        tenant: tenant(),
        hash: "ab".repeat(32),
        created_at: Timestamp(1),
        expires_at: None,
        revoked_at: None,
        rotated_from: None,
    }
}

pub fn record(kind: Kind) -> Record {
    Record {
        id: AuditId::generate(),
        at: Timestamp::now(),
        tenant: tenant(),
        kind,
        request: Some(RequestId::from_parts(1, 4)),
        actor: Actor { kind: ActorType::Agent, id: "default".to_owned(), auth: "key".to_owned() },
        action: "callModel".to_owned(),
        resource: MODEL.to_owned(),
        outcome: "permit".to_owned(),
        commit: "c0ffee".to_owned(),
        detail: serde_json::json!({ "label": "internal", "note": "nul \u{0} stays" }).into(),
    }
}

fn engine() -> Engine {
    let source = |text: &str| Source { file: "test.cedar".to_owned(), text: text.to_owned() };
    let all = r#"@id("all") permit (principal, action, resource);"#;
    let own =
        r#"@id("own") permit (principal, action == Orchestack::Action::"callModel", resource);"#;
    let bundle = Bundle {
        commit: "c0ffee".to_owned(),
        organisation: vec![source(all)],
        agents: BTreeMap::from([(
            "default".to_owned(),
            AgentSource { policies: vec![source(own)], ..AgentSource::default() },
        )]),
        kinds: &[],
        ..Bundle::default()
    };
    Engine::load(&bundle).unwrap()
}

/// A permit to call [`MODEL`] at [`PROVIDER`].
pub fn permit() -> Permit {
    permit_for(&[MODEL])
}

/// A permit to call these models at [`PROVIDER`].
pub fn permit_for(models: &[&str]) -> Permit {
    permit_as((agent_id(), Some(KeyId::from_parts(1, 3))), models)
}

/// The same for another agent, and with another key or with none.
pub fn permit_as((agent, key): (AgentId, Option<KeyId>), models: &[&str]) -> Permit {
    let caller = Caller {
        tenant: tenant(),
        tenant_name: "default".to_owned(),
        agent,
        agent_name: "default".to_owned(),
        agent_kind: AgentKind::User,
        groups: Vec::new(),
        key,
        grant: None,
    };
    let call = ModelCall {
        id: RequestId::from_parts(1, 4),
        caller: &caller,
        label: Label::Internal,
        integrity: Integrity::Trusted,
        request: RequestFacts::default(),
        kinds: &[],
        budget: BudgetFacts::default(),
        session: SessionFacts::default(),
        now: Timestamp::now(),
        approval: None,
        dry_run: false,
    };
    let facts = |id| ModelFacts {
        id,
        provider: PROVIDER,
        locality: Locality::Cloud,
        size: "large",
        privacy: "",
        simulator: false,
        retention_days: None,
    };
    let models: Vec<ModelFacts<'_>> = models.iter().copied().map(facts).collect();
    engine().decide(&call, &models).permit.unwrap()
}

pub fn admin_permit(read_only: bool) -> AdminPermit {
    permit_of("ann", tenant(), read_only)
}

/// A permit of a person's, for an act of administration in a tenant.
pub fn permit_of(person: &str, tenant: TenantId, read_only: bool) -> AdminPermit {
    let actor = Person { name: person.to_owned(), groups: vec!["infra-admin".to_owned()] };
    let act = AdminAct {
        actor: &actor,
        operation: if read_only { Operation::KeyList } else { Operation::KeyCreate },
        tenant,
        tenant_name: "default",
        target: "",
        owner: None,
        approval: None,
        break_glass: None,
        now: Timestamp::now(),
    };
    engine().administer(&act).unwrap()
}

/// A hard cap for ever on the tests' agent.
pub fn cap(nanos: i64) -> CapSpec {
    let window = Period::Total.window(Timestamp::now(), &Zone::UTC);
    let id = agent_id().to_string();
    CapSpec::new(tenant(), Scope::Agent, id, window, Some(Nanos(nanos)), true)
}

pub fn ask(path: Vec<CapSpec>, nanos: i64) -> HoldAsk {
    HoldAsk {
        hold: HoldId::generate(),
        attempt: AttemptId::generate(),
        path,
        amount: Nanos(nanos),
        least: Nanos(nanos),
        provider: PROVIDER.to_owned(),
        model: MODEL.to_owned(),
        price_row: "test".to_owned(),
        durable: false,
    }
}

pub fn cost(nanos: i64) -> Settlement {
    let usage = Usage { input: 100, cached: 10, output: 20, reasoning: 5, ..Usage::default() };
    Settlement::new(Nanos(nanos), Basis::Provider, Some(usage))
}

/// The one account of a test.
pub async fn account(store: &Store) -> Account {
    let accounts = store.caps().accounts(tenant(), Timestamp::now()).await.unwrap();
    let [account] = accounts.as_slice() else { panic!("not one account: {accounts:?}") };
    account.clone()
}
