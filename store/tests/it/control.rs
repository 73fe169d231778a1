//! Control changes: rows, revisions and audit records in one transaction.

use std::time::Duration;

use store::{
    Error, FirstStart, admin_tokens::AdminToken, console_sessions::Lifetime, keys::Key,
    models::Registration,
};
use types::{AgentId, KeyId, TenantId, Timestamp, audit::Kind};

use crate::{
    on_both,
    support::{Database, admin_permit, agent, agent_id, key, record, tenant},
};

on_both! {
    every_change_raises_the_revision_and_is_audited;
    a_revoked_key_is_gone_at_once;
    a_rotated_key_overlaps;
    a_taken_name_is_refused_and_changes_nothing;
    a_permit_covers_its_tenant_only;
    the_first_start_happens_once;
    an_agent_of_the_tree_keeps_its_id;
    a_revoked_token_is_still_listed;
    a_token_ends_by_itself_with_its_sessions;
}

fn model(name: &str) -> Registration {
    Registration {
        tenant: tenant(),
        name: name.to_owned(),
        provider: "ollama".to_owned(),
        body: r#"{"a":1}"#.to_owned(),
        created_at: Timestamp(1),
    }
}

async fn every_change_raises_the_revision_and_is_audited(database: &Database) {
    let store = database.prepared().await;
    let permit = admin_permit(false);
    let audit = || record(Kind::Admin);
    let start = store.revision().await.unwrap();
    let id = AgentId::generate();
    store.agents().add(&permit, &agent("second", id), &audit()).await.unwrap();
    store.agents().disable(&permit, id, &audit()).await.unwrap();
    store.models().add(&permit, &model("llama"), &audit()).await.unwrap();
    assert_eq!(store.models().load_all().await.unwrap(), [model("llama")]);
    store.models().remove(&permit, "llama", &audit()).await.unwrap();
    store.providers().add(&permit, &model("ollama"), &audit()).await.unwrap();
    assert_eq!(store.providers().load_all().await.unwrap(), [model("ollama")]);
    store.providers().remove(&permit, "ollama", &audit()).await.unwrap();
    store.admin_tokens().revoke(&permit, "first", &audit()).await.unwrap();
    assert!(store.admin_tokens().load_all().await.unwrap().is_empty());
    assert_eq!(store.revision().await.unwrap(), start + 7);
    assert_eq!(database.count("select count(*) from audit where kind = 'admin'").await, 7);
    let second = store.agents().by_name(tenant(), "second").await.unwrap();
    assert!(second.disabled_at.is_some());
    assert_eq!(store.agents().load_all().await.unwrap().len(), 2);
    assert_eq!(store.tenants().load_all().await.unwrap().len(), 1);
    assert!(store.audit().verify().await.unwrap().ok);
    store.ping().await.unwrap();
}

async fn a_revoked_key_is_gone_at_once(database: &Database) {
    let store = database.prepared().await;
    let id = KeyId::generate();
    let keys = store.keys();
    let permit = admin_permit(false);
    keys.create(&permit, &key(id), &record(Kind::Admin)).await.unwrap();
    let live = async || keys.load_all().await.unwrap().iter().any(|key| key.id == id);
    assert!(live().await);
    keys.revoke(&permit, id, &record(Kind::Admin)).await.unwrap();
    assert!(!live().await);
    let kept = keys.of_agent(agent_id()).await.unwrap();
    assert!(kept.iter().any(|key| key.id == id && key.revoked_at.is_some()));
    let unknown = keys.revoke(&permit, KeyId::generate(), &record(Kind::Admin)).await;
    assert!(matches!(unknown, Err(Error::Missing { noun: "key", .. })), "{unknown:?}");
}

async fn a_rotated_key_overlaps(database: &Database) {
    let store = database.prepared().await;
    let (old, new) = (KeyId::generate(), KeyId::generate());
    let permit = admin_permit(false);
    store.keys().create(&permit, &key(old), &record(Kind::Admin)).await.unwrap();
    let replacement = Key { rotated_from: Some(old), ..key(new) };
    let end = Timestamp(5_000_000);
    store.keys().rotate(&permit, &replacement, end, &record(Kind::Admin)).await.unwrap();
    let keys = store.keys().load_all().await.unwrap();
    let find = |id| keys.iter().find(|key| key.id == id).unwrap();
    assert_eq!(find(old).expires_at, Some(end));
    assert_eq!(find(new), &replacement);
    // The control: what is revoked cannot be rotated.
    store.keys().revoke(&permit, old, &record(Kind::Admin)).await.unwrap();
    let late = Key { rotated_from: Some(old), ..key(KeyId::generate()) };
    let refused = store.keys().rotate(&permit, &late, end, &record(Kind::Admin)).await;
    assert!(matches!(refused, Err(Error::Missing { .. })), "{refused:?}");
}

async fn a_taken_name_is_refused_and_changes_nothing(database: &Database) {
    let store = database.prepared().await;
    let permit = admin_permit(false);
    let start = store.revision().await.unwrap();
    let twice = agent("default", AgentId::generate());
    let refused = store.agents().add(&permit, &twice, &record(Kind::Admin)).await;
    assert!(matches!(refused, Err(Error::Exists { noun: "agent", .. })), "{refused:?}");
    let orphan = Key { agent: AgentId::generate(), ..key(KeyId::generate()) };
    let refused = store.keys().create(&permit, &orphan, &record(Kind::Admin)).await;
    assert!(matches!(refused, Err(Error::Missing { noun: "agent", .. })), "{refused:?}");
    assert_eq!(store.revision().await.unwrap(), start);
    assert_eq!(database.count("select count(*) from audit where kind = 'admin'").await, 0);
}

async fn a_permit_covers_its_tenant_only(database: &Database) {
    let store = database.prepared().await;
    let mut foreign = agent("foreign", AgentId::generate());
    foreign.tenant = TenantId::generate();
    let refused = store.agents().add(&admin_permit(false), &foreign, &record(Kind::Admin)).await;
    assert!(matches!(refused, Err(Error::Permit { .. })), "{refused:?}");
    let own = agent("own", AgentId::generate());
    let refused = store.agents().add(&admin_permit(true), &own, &record(Kind::Admin)).await;
    assert!(matches!(refused, Err(Error::Permit { .. })), "a permit to read: {refused:?}");
}

async fn the_first_start_happens_once(database: &Database) {
    let store = database.prepared().await;
    crate::support::prepare(&store).await;
    assert_eq!(store.tenants().load_all().await.unwrap().len(), 1);
    assert_ne!(FirstStart::Made, FirstStart::Already);
}

async fn an_agent_of_the_tree_keeps_its_id(database: &Database) {
    let store = database.prepared().await;
    let adopt = async || {
        let agent = agent("gardener", AgentId::generate());
        store.agents().adopt(&agent, &record(Kind::System)).await.unwrap().id
    };
    let first = adopt().await;
    assert_eq!(adopt().await, first);
    assert_eq!(database.count("select count(*) from audit where kind = 'system'").await, 2);
}

async fn a_revoked_token_is_still_listed(database: &Database) {
    let store = database.prepared().await;
    let tokens = store.admin_tokens();
    let listed = tokens.list(tenant()).await.unwrap();
    assert_eq!((listed.len(), listed[0].name.as_str()), (1, "operator"));
    assert_eq!((listed[0].revoked_at, &listed[0].groups[0]), (None, &"infra-admin".to_owned()));
    tokens.revoke(&admin_permit(false), "first", &record(Kind::Admin)).await.unwrap();
    let listed = tokens.list(tenant()).await.unwrap();
    assert!(listed[0].revoked_at.is_some_and(|at| at > Timestamp(1)), "{listed:?}");
    assert!(tokens.list(TenantId::generate()).await.unwrap().is_empty());
    assert!(tokens.load_all().await.unwrap().is_empty());
}

async fn a_token_ends_by_itself_with_its_sessions(database: &Database) {
    let store = database.prepared().await;
    let (tokens, sessions) = (store.admin_tokens(), store.console_sessions());
    let permit = admin_permit(false);
    let ends_at = Timestamp::now().plus_seconds(3600);
    let token = AdminToken {
        id: "second".to_owned(),
        tenant: tenant(),
        name: "ann".to_owned(),
        groups: Vec::new(),
        hash: "22".to_owned(),
        created_at: Timestamp(1),
        expires_at: Some(ends_at),
    };
    tokens.create(&permit, &token, &record(Kind::Admin)).await.unwrap();
    let hour = Duration::from_secs(3600);
    let lifetime = Lifetime { whole: hour, idle: hour };
    let owner = (tenant(), "second");
    sessions.open(&permit, owner, "cookie", lifetime, &record(Kind::Admin)).await.unwrap();
    let known = async || {
        let all = tokens.load_all().await.unwrap();
        all.into_iter().filter(|known| known.id == "second").collect::<Vec<_>>()
    };
    assert_eq!(known().await, std::slice::from_ref(&token));
    let session = sessions.find("cookie", lifetime).await.unwrap();
    assert_eq!(session.map(|session| session.token), Some(token));
    database.tamper("update admin_tokens set expires_at = 5 where id = 'second'").await;
    assert_eq!(known().await, []);
    assert_eq!(sessions.find("cookie", lifetime).await.unwrap(), None);
    let listed = tokens.list(tenant()).await.unwrap();
    let listed = listed.iter().find(|token| token.id == "second").unwrap();
    assert_eq!((listed.expires_at, listed.revoked_at), (Some(Timestamp(5)), None));
}
