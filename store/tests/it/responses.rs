//! Responses that callers go on from: whose they are, and how long and how many are kept.

use std::time::Duration;

use store::{
    Error, Options, Store,
    responses::{CONVERSATION_BYTES_MAX, Kept},
};
use types::{AgentId, Label, SessionId, TenantId, Timestamp};

use crate::{
    on_both,
    support::{Database, agent_id, tenant},
};

on_both! {
    a_response_is_its_agents_alone;
    what_is_over_is_not_found_and_removed;
    an_agents_oldest_go_first;
}

fn kept(id: &str) -> Kept {
    Kept {
        id: id.to_owned(),
        tenant: tenant(),
        agent: agent_id(),
        session: Some(SessionId::from_parts(1, 1)),
        label: Label::Sensitive,
        body: "{\"id\":\"é\"}".to_owned(),
        items: "[]".to_owned(),
    }
}

async fn a_response_is_its_agents_alone(database: &Database) {
    let responses = database.prepared().await.responses();
    responses.keep(&kept("resp_1")).await.unwrap();
    let found = responses.find(tenant(), agent_id(), "resp_1").await.unwrap();
    assert_eq!(found, Some(kept("resp_1")));
    for (tenant, agent) in [(tenant(), AgentId::generate()), (TenantId::generate(), agent_id())] {
        assert_eq!(responses.find(tenant, agent, "resp_1").await.unwrap(), None);
        assert!(!responses.remove(tenant, agent, "resp_1").await.unwrap());
    }
    assert!(responses.remove(tenant(), agent_id(), "resp_1").await.unwrap());
    assert_eq!(responses.find(tenant(), agent_id(), "resp_1").await.unwrap(), None);
    let items = "x".repeat(CONVERSATION_BYTES_MAX + 1);
    let long = responses.keep(&Kept { items, ..kept("resp_2") }).await;
    assert!(matches!(long, Err(Error::TooLong { .. })));
    let body = "x".repeat(CONVERSATION_BYTES_MAX);
    let long = responses.keep(&Kept { body, ..kept("resp_2") }).await;
    assert!(matches!(long, Err(Error::TooLong { .. })), "both count");
}

async fn what_is_over_is_not_found_and_removed(database: &Database) {
    drop(database.prepared().await);
    let options = Options { responses_retention: Duration::ZERO, ..database.options() };
    let responses = Store::open(&options).await.unwrap().responses();
    responses.keep(&kept("resp_1")).await.unwrap();
    assert_eq!(responses.find(tenant(), agent_id(), "resp_1").await.unwrap(), None);
    assert_eq!(responses.purge(Timestamp(1)).await.unwrap(), 0);
    assert_eq!(responses.purge(Timestamp::now().plus_seconds(60)).await.unwrap(), 1);
}

async fn an_agents_oldest_go_first(database: &Database) {
    let responses = database.prepared().await.responses();
    let mut raw = database.raw().await;
    let now = Timestamp::now();
    let mut fill = async |name: &str, many: i64, bytes: i64| {
        let fill = format!(
            "insert into responses (id, tenant_id, agent_id, label, body, items, bytes, created_at, expires_at) \
             with recursive n (i) as (select 1 union all select i + 1 from n where i < {many}) \
             select '{name}_' || i, '{}', '{}', 'public', '{{}}', '[]', {bytes}, i, {} from n",
            tenant(),
            agent_id(),
            now.plus_seconds(3600).0,
        );
        sqlx::query(sqlx::AssertSqlSafe(fill)).execute(&mut raw).await.unwrap();
    };
    let find = async |id: &str| responses.find(tenant(), agent_id(), id).await.unwrap().is_some();
    fill("old", 10_000, 2).await;
    assert_eq!(responses.purge(now).await.unwrap(), 0);
    responses.keep(&kept("resp_new")).await.unwrap();
    assert_eq!(responses.purge(now).await.unwrap(), 1);
    assert!(!find("old_1").await && find("old_2").await && find("resp_new").await);
    // And as many bytes: the newest is kept, and what fits beside it.
    let gibibyte = "update responses set bytes = 1073741824 where id = 'old_9999'";
    sqlx::query(gibibyte).execute(&mut database.raw().await).await.unwrap();
    while responses.purge(now).await.unwrap() > 0 {}
    assert!(!find("old_9999").await && find("old_10000").await && find("resp_new").await);
}
