//! The chain and whoever tampers with it.

use store::audit::Filter;
use types::{
    RequestId,
    audit::{Kind, Record},
};

use crate::{
    on_both,
    support::{Database, record},
};

on_both! {
    an_untouched_chain_verifies;
    every_kind_of_tampering_is_found;
    the_same_record_is_appended_once;
    the_tail_is_filtered;
    an_export_has_every_record_as_it_was_hashed;
    a_record_beyond_the_limit_is_refused;
}

/// A chain of eleven records, the first start's included.
async fn chain(database: &Database) -> store::Store {
    let store = database.prepared().await;
    for _ in 0..10 {
        store.audit().append(record(Kind::Decision)).await.unwrap();
    }
    store
}

async fn an_untouched_chain_verifies(database: &Database) {
    let store = database.open().await;
    assert!(store.audit().verify().await.unwrap().ok, "an empty chain");
    let store = chain(database).await;
    let verdict = store.audit().verify().await.unwrap();
    assert!(verdict.ok, "{verdict:?}");
    assert_eq!((verdict.checked, verdict.seq), (11, 11));
}

async fn every_kind_of_tampering_is_found(database: &Database) {
    let store = chain(database).await;
    sqlx::query("create table kept as select * from audit")
        .execute(&mut database.raw().await)
        .await
        .unwrap();
    for (tampering, seq) in [
        ("update audit set body = replace(body, 'permit', 'denied') where seq = 4", 4),
        ("update audit set outcome = 'denied' where seq = 4", 4),
        ("update audit set at = at + 1 where seq = 4", 4),
        ("update audit set hash = prev_hash where seq = 4", 4),
        ("update audit set prev_hash = hash where seq = 4", 4),
        ("delete from audit where seq = 4", 4),
        ("delete from audit where seq = 1", 1),
        ("delete from audit where seq = 11", 11),
        ("delete from audit where seq > 7", 8),
        ("delete from audit where seq > 0", 1),
        (
            "insert into audit select 12, id || 'x', tenant_id, kind, request_id, at, actor, \
             action, resource, outcome, body, prev_hash, hash from audit where seq = 11",
            12,
        ),
        (
            "update audit set body = (select body from kept k where k.seq = 11 - audit.seq) \
             where seq in (5, 6)",
            5,
        ),
        ("update audit set seq = seq + 100 where seq = 11", 11),
    ] {
        database.tamper(tampering).await;
        let verdict = store.audit().verify().await.unwrap();
        let bad = verdict.first_bad.unwrap_or_else(|| panic!("not found: {tampering}"));
        assert!(!verdict.ok);
        assert_eq!(bad.seq, seq, "{tampering}: {}", bad.why);
        let mut conn = database.raw().await;
        for restore in ["delete from audit", "insert into audit select * from kept"] {
            sqlx::query(restore).execute(&mut conn).await.unwrap();
        }
        assert!(store.audit().verify().await.unwrap().ok, "not restored: {tampering}");
    }
    database.tamper("update audit_head set hash = 'x'").await;
    assert_eq!(store.audit().verify().await.unwrap().first_bad.unwrap().seq, 11);
    database.tamper("delete from audit_head").await;
    assert!(!store.audit().verify().await.unwrap().ok);
}

async fn the_same_record_is_appended_once(database: &Database) {
    let store = chain(database).await;
    let one = record(Kind::Decision);
    let audit = store.audit();
    let (first, second) = tokio::join!(audit.append(one.clone()), audit.append(one.clone()));
    first.unwrap();
    second.unwrap();
    store.audit().append(one).await.unwrap();
    let verdict = store.audit().verify().await.unwrap();
    assert_eq!((verdict.ok, verdict.checked), (true, 12));
    assert_eq!(store.outbox().waiting().await.unwrap(), 12);
}

async fn the_tail_is_filtered(database: &Database) {
    let store = chain(database).await;
    let other = Record { request: Some(RequestId::from_parts(9, 9)), ..record(Kind::Completion) };
    store.audit().append(other.clone()).await.unwrap();
    let tail = |filter: Filter| {
        let audit = store.audit();
        async move { audit.tail(&filter, 5).await.unwrap() }
    };
    let all: Vec<i64> = tail(Filter::default()).await.iter().map(|entry| entry.seq).collect();
    assert_eq!(all, [12, 11, 10, 9, 8]);
    let found = tail(Filter { request: other.request, ..Filter::default() }).await;
    assert_eq!(found.iter().map(|entry| &entry.record).collect::<Vec<_>>(), [&other]);
    assert_eq!(tail(Filter { kind: Some(Kind::System), ..Filter::default() }).await.len(), 1);
    assert!(tail(Filter { after: Some(12), ..Filter::default() }).await.is_empty());
    let older = tail(Filter { before: Some(3), ..Filter::default() }).await;
    assert_eq!(older.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [2, 1]);
    let actor = Some(other.actor.id.clone());
    assert_eq!(tail(Filter { actor, ..Filter::default() }).await.len(), 5);
    let nobody = Some("nobody".to_owned());
    assert!(tail(Filter { actor: nobody, ..Filter::default() }).await.is_empty());
    let late = Some(other.at.plus_seconds(3_600));
    assert!(tail(Filter { from: late, ..Filter::default() }).await.is_empty());
    assert_eq!(tail(Filter { to: late, ..Filter::default() }).await.len(), 5);
}

async fn an_export_has_every_record_as_it_was_hashed(database: &Database) {
    let store = chain(database).await;
    let mut out = Vec::new();
    assert_eq!(store.audit().export(&mut out).await.unwrap(), 11);
    let lines = String::from_utf8(out).unwrap();
    let last: serde_json::Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
    let verdict = store.audit().verify().await.unwrap();
    assert_eq!(last["hash"], verdict.hash.as_str());
    assert_eq!(last["record"]["commit"], "c0ffee");
}

async fn a_record_beyond_the_limit_is_refused(database: &Database) {
    let store = database.prepared().await;
    let mut big = record(Kind::Decision);
    big.detail = serde_json::Value::String("x".repeat(store::audit::RECORD_BYTES_MAX)).into();
    let refused = store.audit().append(big).await;
    assert!(matches!(refused, Err(store::Error::RecordTooLarge { .. })), "{refused:?}");
}
