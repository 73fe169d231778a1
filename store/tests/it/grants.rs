//! Capability grants: who has one, and which are revoked.

use store::{
    Error,
    grants::{Filter, Grant},
};
use types::{AgentId, GrantId, RunId, SessionId, TaskId, TenantId, Timestamp, audit::Kind};

use crate::{
    on_both,
    support::{Database, admin_permit, agent_id, permit_of, record, tenant},
};

on_both! {
    a_grant_is_kept_as_it_was_issued;
    a_revoked_grant_is_told_until_it_expires;
    all_grants_of_a_task_are_revoked_at_once;
    a_permit_to_read_or_of_another_tenant_changes_no_grant;
    grants_that_expired_long_ago_are_removed;
}

fn grant(n: u128) -> Grant {
    Grant {
        id: GrantId::from_parts(5, n),
        tenant: tenant(),
        agent: agent_id(),
        task: Some(TaskId::from_parts(1, 1)),
        run: Some(RunId::from_parts(1, 1)),
        session: None,
        body: serde_json::json!({ "models": ["gpt"], "max_nanos": 5 }),
        issued_by: "ann".to_owned(),
        created_at: Timestamp(1),
        expires_at: Timestamp::now().plus_seconds(3600),
        revoked_at: None,
    }
}

async fn a_grant_is_kept_as_it_was_issued(database: &Database) {
    let store = database.prepared().await;
    let (grants, permit) = (store.grants(), admin_permit(false));
    let start = store.revision().await.unwrap();
    let (first, second) = (
        grant(1),
        Grant { task: None, run: None, session: Some(SessionId::from_parts(1, 1)), ..grant(2) },
    );
    for grant in [&first, &second] {
        grants.issue(&permit, grant, &record(Kind::Admin)).await.unwrap();
        assert_eq!(&grants.get(grant.id).await.unwrap(), grant);
    }
    assert_eq!(store.revision().await.unwrap(), start, "its signature is what admits it");
    let list = async |filter: Filter, limit| grants.list(&filter, limit).await.unwrap();
    assert_eq!(list(Filter::default(), 9).await, [second.clone(), first.clone()]);
    assert_eq!(list(Filter::default(), 1).await.as_slice(), std::slice::from_ref(&second));
    let of_task = Filter { task: first.task, ..Filter::default() };
    assert_eq!(list(of_task, 9).await.as_slice(), std::slice::from_ref(&first));
    let own = Filter { tenant: Some(tenant()), agent: Some(agent_id()), task: None };
    assert_eq!(list(own, 9).await.len(), 2);
    let stranger = Filter { agent: Some(AgentId::generate()), ..Filter::default() };
    assert_eq!(list(stranger, 9).await, []);

    let twice = grants.issue(&permit, &first, &record(Kind::Admin)).await;
    assert!(matches!(twice, Err(Error::Exists { noun: "grant", .. })), "{twice:?}");
    let orphan = Grant { agent: AgentId::generate(), ..grant(3) };
    let orphan = grants.issue(&permit, &orphan, &record(Kind::Admin)).await;
    assert!(matches!(orphan, Err(Error::Missing { noun: "agent", .. })), "{orphan:?}");
    store.close().await;
    let store = database.open().await;
    assert_eq!(store.grants().list(&Filter::default(), 9).await.unwrap(), [second, first]);
    assert!(store.audit().verify().await.unwrap().ok);
}

async fn a_revoked_grant_is_told_until_it_expires(database: &Database) {
    let store = database.prepared().await;
    let (grants, permit) = (store.grants(), admin_permit(false));
    let grant = grant(1);
    grants.issue(&permit, &grant, &record(Kind::Admin)).await.unwrap();
    assert_eq!(grants.revoked(Timestamp::now()).await.unwrap(), []);
    let before = store.revision().await.unwrap();
    grants.revoke(&permit, grant.id, &record(Kind::Admin)).await.unwrap();
    assert_eq!(store.revision().await.unwrap(), before + 1);
    assert_eq!(grants.revoked(Timestamp::now()).await.unwrap(), [grant.id]);
    let first = grants.get(grant.id).await.unwrap().revoked_at;
    assert!(first.is_some());
    grants.revoke(&permit, grant.id, &record(Kind::Admin)).await.unwrap();
    assert_eq!(grants.get(grant.id).await.unwrap().revoked_at, first, "again changes nothing");
    assert_eq!(grants.revoked(grant.expires_at).await.unwrap(), []);
    let unknown = grants.revoke(&permit, GrantId::generate(), &record(Kind::Admin)).await;
    assert!(matches!(unknown, Err(Error::Missing { noun: "grant", .. })), "{unknown:?}");
}

async fn all_grants_of_a_task_are_revoked_at_once(database: &Database) {
    let store = database.prepared().await;
    let (grants, permit) = (store.grants(), admin_permit(false));
    let task = grant(1).task.unwrap();
    let other = Grant { task: Some(TaskId::generate()), ..grant(3) };
    let expired = Grant { expires_at: Timestamp(2), ..grant(4) };
    for grant in [&grant(1), &grant(2), &other, &expired] {
        grants.issue(&permit, grant, &record(Kind::Admin)).await.unwrap();
    }
    let before = store.revision().await.unwrap();
    let revoke = async || grants.revoke_of_task(&permit, task, &record(Kind::Admin)).await;
    assert_eq!(revoke().await.unwrap(), 2);
    assert_eq!(store.revision().await.unwrap(), before + 1);
    assert_eq!(grants.revoked(Timestamp::now()).await.unwrap(), [grant(1).id, grant(2).id]);
    // Nothing is left to revoke: somebody asked for it, and no snapshot need load again.
    assert_eq!(revoke().await.unwrap(), 0);
    assert_eq!(store.revision().await.unwrap(), before + 1);
    assert_eq!(database.count("select count(*) from audit where kind = 'admin'").await, 6);
    assert!(store.audit().verify().await.unwrap().ok);
}

async fn a_permit_to_read_or_of_another_tenant_changes_no_grant(database: &Database) {
    let store = database.prepared().await;
    let grants = store.grants();
    let issued = grant(1);
    let task = issued.task.unwrap();
    let audit = record(Kind::Admin);
    grants.issue(&admin_permit(false), &issued, &record(Kind::Admin)).await.unwrap();
    let reader = admin_permit(true);
    for refused in [
        grants.issue(&reader, &grant(2), &audit).await,
        grants.revoke(&reader, issued.id, &audit).await,
        grants.revoke_of_task(&reader, task, &audit).await.map(drop),
        grants.issue(&permit_of("ann", TenantId::generate(), false), &grant(2), &audit).await,
    ] {
        assert!(matches!(refused, Err(Error::Permit { .. })), "{refused:?}");
    }
    let foreign = permit_of("ann", TenantId::generate(), false);
    let refused = grants.revoke(&foreign, issued.id, &audit).await;
    assert!(matches!(refused, Err(Error::Missing { .. })), "{refused:?}");
    assert_eq!(grants.revoke_of_task(&foreign, task, &audit).await.unwrap(), 0);
    assert_eq!(grants.list(&Filter::default(), 9).await.unwrap(), [issued]);
}

async fn grants_that_expired_long_ago_are_removed(database: &Database) {
    let store = database.prepared().await;
    let (grants, permit) = (store.grants(), admin_permit(false));
    let old = Grant { expires_at: Timestamp(2), ..grant(1) };
    for grant in [&old, &grant(2)] {
        grants.issue(&permit, grant, &record(Kind::Admin)).await.unwrap();
    }
    assert_eq!(grants.purge(Timestamp(2)).await.unwrap(), 0);
    assert_eq!(grants.purge(Timestamp(3)).await.unwrap(), 1);
    let gone = grants.get(old.id).await;
    assert!(matches!(gone, Err(Error::Missing { .. })), "{gone:?}");
    grants.get(grant(2).id).await.unwrap();
}
