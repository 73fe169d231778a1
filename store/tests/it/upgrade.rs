//! A database that an earlier build has made and filled: this one opens it, reads it and goes on.

use ring::digest;
use sqlx::{AnyConnection, AssertSqlSafe};
use store::{approvals::Status, grants::Grant, ledger::Reaped, spend::Group};
use types::{GrantId, HoldId, KeyId, Nanos, Timestamp, audit::Kind};

use crate::{
    approvals::{ask, asked, yes},
    on_both,
    support::{
        CENT, Database, MODEL, PROVIDER, account, admin_permit, agent, agent_id, cap, cost, key,
        permit, record, tenant,
    },
};

on_both! {
    a_database_of_the_first_schema_keeps_what_it_holds_and_goes_on;
}

fn hold(number: u128) -> HoldId {
    HoldId::from_parts(1, number)
}

/// Rows as the first build wrote them: an agent with 3 cents spent, and 5 in an attempt whose
/// process died in it.
fn rows() -> String {
    let (tenant, agent, key) = (tenant(), agent_id(), key(KeyId::from_parts(1, 3)));
    let (id, hash) = (key.id, key.hash);
    let path = format!("agent/total/0//{agent}");
    let request = types::RequestId::from_parts(1, 4);
    let attempt = types::AttemptId::from_parts(1, 5);
    let (spent, lost) = (hold(6), hold(7));
    format!(
        r#"
insert into tenants values ('{tenant}', 'default', 1);
insert into agents values
  ('{agent}', '{tenant}', 'default', 'user', '["writers"]', '', 1, null);
insert into agent_keys values ('{id}', '{tenant}', '{agent}', '{hash}', 1, null, null, null);
insert into admin_tokens values
  ('first', '{tenant}', 'operator', '["infra-admin"]', '00', 1, null);
insert into caps values ('{tenant}', 'agent', '{agent}', 'total', {cap}, 1, 1, 'operator');
insert into accounts values
  ('{tenant}/{path}', '{tenant}', 'agent', '{agent}', 'total', 0, null, {cap}, 1, {cap},
   {three}, {five}, 0);
insert into holds values
  ('{spent}', '{tenant}', '{agent}', '{id}', '{request}', '{attempt}', '{PROVIDER}', '{MODEL}',
   'test', '["{path}"]', {five}, 'settled', 1, 0, {five}, 1, 'gone', 1,
   '{{"kind":"settlement","amount":{three},"overrun":0,"basis":"provider"}}'),
  ('{lost}', '{tenant}', '{agent}', '{id}', '{request}', '{attempt}', '{PROVIDER}', '{MODEL}',
   'test', '["{path}"]', {five}, 'dispatched', 1, 0, {five}, 1, 'gone', 1, null);
insert into ledger (tenant_id, hold_id, kind, agent_id, key_id, request_id, attempt_id, provider,
    model, price_row, path, amount, overrun, basis, input_tokens, cached_tokens, output_tokens,
    reasoning_tokens, usage, at) values
  ('{tenant}', '{spent}', 'settlement', '{agent}', '{id}', '{request}', '{attempt}', '{PROVIDER}',
   '{MODEL}', 'test', '["{path}"]', {three}, 0, 'provider', 100, 10, 20, 5, null, 1);
update revisions set revision = 7, tenant_id = '{tenant}';
"#,
        cap = 100 * CENT,
        three = 3 * CENT,
        five = 5 * CENT,
    )
}

/// The first record of the audit chain.
async fn first_record(conn: &mut AnyConnection) {
    let record = record(Kind::System);
    let body = serde_json::to_string(&record).unwrap();
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(&[0; 32]);
    context.update(body.as_bytes());
    let hash: String = context.finish().as_ref().iter().map(|b| format!("{b:02x}")).collect();
    sqlx::query(
        "insert into audit values \
         (1, $1, $2, 'system', $3, $4, 'default', 'callModel', 'gpt', 'permit', $5, $6, $7)",
    )
    .bind(record.id.to_string())
    .bind(record.tenant.to_string())
    .bind(record.request.unwrap().to_string())
    .bind(record.at.0)
    .bind(body)
    .bind("0".repeat(64))
    .bind(hash.clone())
    .execute(&mut *conn)
    .await
    .unwrap();
    let head = "update audit_head set seq = 1, hash = $1, tenant_id = $2";
    let head = sqlx::query(head).bind(hash).bind(record.tenant.to_string());
    head.execute(conn).await.unwrap();
}

/// Makes the database as the first build left it.
async fn as_first_built(database: &Database) {
    let mut conn = database.built(1).await;
    sqlx::raw_sql(AssertSqlSafe(rows())).execute(&mut conn).await.unwrap();
    first_record(&mut conn).await;
}

async fn a_database_of_the_first_schema_keeps_what_it_holds_and_goes_on(database: &Database) {
    let applied = "select count(*) from _sqlx_migrations";
    as_first_built(database).await;
    assert_eq!(database.count(applied).await, 1);
    let store = database.open().await;
    let known = database.migrations().iter().count();
    assert_eq!(usize::try_from(database.count(applied).await).unwrap(), known);

    // What was there.
    assert_eq!(store.revision().await.unwrap(), 7);
    assert_eq!(store.tenants().load_all().await.unwrap()[0].id, tenant());
    assert_eq!(store.agents().load_all().await.unwrap(), [agent("default", agent_id())]);
    let first = key(KeyId::from_parts(1, 3));
    assert_eq!(store.keys().load_all().await.unwrap(), [first]);
    assert_eq!(store.admin_tokens().load_all().await.unwrap()[0].name, "operator");
    assert_eq!(store.caps().load_all().await.unwrap()[0].target, Some(Nanos(100 * CENT)));
    let spent = async || {
        let (spend, end) = (store.spend(), Timestamp(i64::MAX));
        let lines = spend.by(Group::Agent, tenant(), Timestamp(0), end).await.unwrap();
        let [line] = &lines[..] else { panic!("not one agent") };
        assert_eq!((line.name.as_str(), line.input_tokens), ("default", 100));
        line.amount
    };
    assert_eq!(spent().await, Nanos(3 * CENT));
    let books = async || {
        let account = account(&store).await;
        (account.settled, account.held)
    };
    assert_eq!(books().await, (Nanos(3 * CENT), Nanos(5 * CENT)));
    assert!(store.audit().verify().await.unwrap().ok);

    // It goes on: what was left behind is charged, and new calls are held in the same account.
    let reaped = Reaped { released: Vec::new(), settled: vec![hold(7)] };
    assert_eq!(store.ledger().reap().await.unwrap(), reaped);
    assert_eq!(books().await, (Nanos(8 * CENT), Nanos(0)));
    assert_eq!(spent().await, Nanos(8 * CENT));
    let next = crate::support::ask(vec![cap(100 * CENT)], 5 * CENT);
    store.ledger().hold_dispatched(&permit(), next.clone(), None).await.unwrap();
    store.ledger().settle(next.hold, cost(CENT), None).await.unwrap();
    assert_eq!(books().await, (Nanos(9 * CENT), Nanos(0)));

    // What the first schema did not have.
    let approval = asked(&store, &ask(1)).await;
    assert_eq!(yes(&store, approval.id, "ann").await.unwrap().status, Status::Approved);
    let grant = Grant {
        id: GrantId::from_parts(5, 1),
        tenant: tenant(),
        agent: agent_id(),
        task: None,
        run: None,
        session: None,
        body: serde_json::json!({ "models": ["gpt"] }),
        issued_by: "ann".to_owned(),
        created_at: Timestamp(1),
        expires_at: Timestamp::now().plus_seconds(3600),
        revoked_at: None,
    };
    store.grants().issue(&admin_permit(false), &grant, &record(Kind::Admin)).await.unwrap();
    assert_eq!(store.grants().get(grant.id).await.unwrap(), grant);
    assert!(store.audit().verify().await.unwrap().ok);
}
