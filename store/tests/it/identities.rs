//! Accounts of other services that are people of ours: by a code, once, with few tries.

use std::time::Duration;

use store::identities::{Account, Identities, Pairing};
use types::{Timestamp, audit::Kind};

use crate::{
    on_both,
    support::{Database, record, tenant},
};

on_both! {
    a_code_pairs_one_account_once;
    a_code_of_a_person_takes_the_place_of_the_last_one;
    an_account_has_few_tries;
    of_many_accounts_that_say_a_code_at_once_one_is_paired;
}

const OPEN: Duration = Duration::from_secs(600);

fn account(id: &str) -> Account {
    Account { tenant: tenant(), connector: "discord".to_owned(), id: id.to_owned() }
}

async fn pair(identities: &Identities, id: &str, code: &str) -> Pairing {
    let told = |person: &str| {
        let mut record = record(Kind::Admin);
        record.resource = person.to_owned();
        record
    };
    identities.pair(&account(id), code, told).await.unwrap()
}

async fn a_code_pairs_one_account_once(database: &Database) {
    let identities = database.prepared().await.identities();
    identities.offer(tenant(), "anna", "code", OPEN).await.unwrap();
    assert_eq!(identities.person(&account("1")).await.unwrap(), None);
    assert_eq!(pair(&identities, "1", "other").await, Pairing::Wrong);
    assert_eq!(pair(&identities, "1", "code").await, Pairing::Paired("anna".to_owned()));
    assert_eq!(identities.person(&account("1")).await.unwrap().as_deref(), Some("anna"));
    assert_eq!(pair(&identities, "2", "code").await, Pairing::Wrong);
    assert_eq!(database.count("select count(*) from audit where resource = 'anna'").await, 1);
    assert!(identities.part(&account("1"), &record(Kind::Admin)).await.unwrap());
    assert!(!identities.part(&account("1"), &record(Kind::Admin)).await.unwrap());
    assert_eq!(identities.person(&account("1")).await.unwrap(), None);
}

async fn a_code_of_a_person_takes_the_place_of_the_last_one(database: &Database) {
    let identities = database.prepared().await.identities();
    identities.offer(tenant(), "anna", "first", OPEN).await.unwrap();
    identities.offer(tenant(), "anna", "second", OPEN).await.unwrap();
    assert_eq!(pair(&identities, "1", "first").await, Pairing::Wrong);
    identities.offer(tenant(), "bert", "over", Duration::ZERO).await.unwrap();
    assert_eq!(pair(&identities, "1", "over").await, Pairing::Wrong);
    assert!(identities.offer(tenant(), "cora", "second", OPEN).await.is_err());
    assert_eq!(pair(&identities, "1", "second").await, Pairing::Paired("anna".to_owned()));
    identities.purge(Timestamp::now().plus_seconds(2 * 60 * 60)).await.unwrap();
    assert_eq!(database.count("select count(*) from pairings").await, 0);
    assert_eq!(database.count("select count(*) from pairing_tries").await, 0);
}

async fn an_account_has_few_tries(database: &Database) {
    let identities = database.prepared().await.identities();
    identities.offer(tenant(), "anna", "code", OPEN).await.unwrap();
    for _ in 0..5 {
        assert_eq!(pair(&identities, "1", "guess").await, Pairing::Wrong);
    }
    assert_eq!(pair(&identities, "1", "code").await, Pairing::TooMany);
    assert_eq!(pair(&identities, "2", "code").await, Pairing::Paired("anna".to_owned()));
}

async fn of_many_accounts_that_say_a_code_at_once_one_is_paired(database: &Database) {
    let identities = database.prepared().await.identities();
    identities.offer(tenant(), "anna", "code", OPEN).await.unwrap();
    let say = |n: usize| {
        let identities = identities.clone();
        tokio::spawn(async move { pair(&identities, &n.to_string(), "code").await })
    };
    let mut paired = 0;
    for said in (0..8).map(say).collect::<Vec<_>>() {
        paired += usize::from(matches!(said.await.unwrap(), Pairing::Paired(_)));
    }
    assert_eq!(paired, 1);
    assert_eq!(database.count("select count(*) from identities").await, 1);
}
