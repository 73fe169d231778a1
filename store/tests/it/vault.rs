//! What tokens stand for: whose it is, for how long, and that the database does not tell it.

use std::time::Duration;

use sqlx::Row as _;
use store::{
    Options, Store,
    vault::{Entry, MasterKey, Owner, Vault},
};
use types::{AgentId, SessionId, TenantId};

use crate::{
    on_both,
    support::{Database, agent_id, tenant},
};

on_both! {
    a_sessions_tokens_are_its_own_and_outlive_the_process;
    another_key_opens_nothing_and_a_changed_row_is_inert;
    a_value_has_one_token_whoever_is_first;
    what_is_over_is_gone_and_its_value_may_have_a_new_token;
    the_table_does_not_tell_the_value;
}

fn owner(session: u128) -> Owner {
    Owner { tenant: tenant(), agent: agent_id(), session: SessionId::from_parts(1, session) }
}

fn key(byte: u8) -> MasterKey {
    MasterKey::of(&[byte; 32])
}

fn email(token: &str, value: &str) -> Entry {
    let token = format!("[[EMAIL:{token}]]");
    Entry { kind: "email".to_owned(), token, value: value.to_owned() }
}

async fn values(vault: &Vault, of: &Owner) -> Vec<(String, String)> {
    let mut all: Vec<_> = vault.load(of).await.unwrap().entries.into_iter().collect();
    all.sort_by(|a, b| a.token.cmp(&b.token));
    all.into_iter().map(|entry| (entry.token, entry.value)).collect()
}

fn pair(token: &str, value: &str) -> (String, String) {
    (format!("[[EMAIL:{token}]]"), value.to_owned())
}

async fn a_sessions_tokens_are_its_own_and_outlive_the_process(database: &Database) {
    let vault = database.prepared().await.vault(key(1));
    let entries = [email("aaaaaa", "ann@example.com"), email("bbbbbb", "bob@example.com")];
    assert!(vault.keep(&owner(1), &entries).await.unwrap());
    let many: Vec<_> =
        (0..700).map(|n| email(&format!("{n:06}"), &format!("{n}@example.com"))).collect();
    assert!(vault.keep(&owner(9), &many).await.unwrap());
    drop(vault);
    let vault = database.open().await.vault(key(1));
    let both = [pair("aaaaaa", "ann@example.com"), pair("bbbbbb", "bob@example.com")];
    assert_eq!(values(&vault, &owner(1)).await, both);
    assert_eq!(values(&vault, &owner(9)).await.len(), 700);
    for other in [
        owner(2),
        Owner { agent: AgentId::from_parts(1, 9), ..owner(1) },
        Owner { tenant: TenantId::from_parts(1, 9), ..owner(1) },
    ] {
        assert_eq!(values(&vault, &other).await, []);
    }
}

async fn another_key_opens_nothing_and_a_changed_row_is_inert(database: &Database) {
    let store = database.prepared().await;
    let vault = store.vault(key(1));
    let entries = [email("aaaaaa", "ann@example.com"), email("bbbbbb", "bob@example.com")];
    assert!(vault.keep(&owner(1), &entries).await.unwrap());
    let other = store.vault(key(2)).load(&owner(1)).await.unwrap();
    assert_eq!((other.entries.len(), other.broken), (0, 2));
    let swap = "update dlp_tokens set token = '[[EMAIL:cccccc]]' where token = '[[EMAIL:aaaaaa]]'";
    database.tamper(swap).await;
    let loaded = vault.load(&owner(1)).await.unwrap();
    assert_eq!((loaded.entries.len(), loaded.broken), (1, 1));
    // A row of another session, moved here.
    let moved = [email("dddddd", "eve@example.com")];
    assert!(vault.keep(&owner(2), &moved).await.unwrap());
    let to = format!("update dlp_tokens set session_id = '{}'", owner(1).session);
    let mut raw = database.raw().await;
    sqlx::query(sqlx::AssertSqlSafe(to)).execute(&mut raw).await.unwrap();
    let loaded = vault.load(&owner(1)).await.unwrap();
    assert_eq!((loaded.entries.len(), loaded.broken), (1, 2));
}

async fn a_value_has_one_token_whoever_is_first(database: &Database) {
    let vault = database.prepared().await.vault(key(1));
    assert!(vault.keep(&owner(1), &[email("aaaaaa", "ann@example.com")]).await.unwrap());
    let late = [email("bbbbbb", "bob@example.com"), email("cccccc", "ann@example.com")];
    assert!(!vault.keep(&owner(1), &late).await.unwrap());
    assert_eq!(values(&vault, &owner(1)).await, [pair("aaaaaa", "ann@example.com")], "all or none");
    let same_token = [email("aaaaaa", "eve@example.com")];
    assert!(!vault.keep(&owner(1), &same_token).await.unwrap());
    assert!(vault.keep(&owner(2), &same_token).await.unwrap());
}

async fn what_is_over_is_gone_and_its_value_may_have_a_new_token(database: &Database) {
    drop(database.prepared().await);
    let options = Options {
        tokens_retention: Duration::ZERO,
        reaper_period: Duration::from_millis(20),
        ..database.options()
    };
    let vault = Store::open(&database.options()).await.unwrap().vault(key(1));
    assert!(vault.keep(&owner(1), &[email("aaaaaa", "ann@example.com")]).await.unwrap());
    let over = "update dlp_tokens set expires_at = 1";
    database.tamper(over).await;
    assert_eq!(values(&vault, &owner(1)).await, []);
    assert!(vault.keep(&owner(1), &[email("bbbbbb", "ann@example.com")]).await.unwrap());
    assert_eq!(values(&vault, &owner(1)).await, [pair("bbbbbb", "ann@example.com")]);
    database.tamper(over).await;
    // The reaper of a store takes it away.
    let store = Store::open(&options).await.unwrap();
    while database.count("select count(*) from dlp_tokens").await > 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    drop(store);
}

async fn the_table_does_not_tell_the_value(database: &Database) {
    let vault = database.prepared().await.vault(key(1));
    let value = "ann.example@example.com";
    assert!(vault.keep(&owner(1), &[email("aaaaaa", value)]).await.unwrap());
    assert!(vault.keep(&owner(2), &[email("bbbbbb", value)]).await.unwrap());
    let mut raw = database.raw().await;
    let rows = sqlx::query("select value_hash, sealed, token, kind from dlp_tokens")
        .fetch_all(&mut raw)
        .await
        .unwrap();
    let mut seen = Vec::new();
    for row in &rows {
        for column in 0..4 {
            let text: String = row.get(column);
            assert!(!text.contains("ann") && !text.contains("example"), "{text}");
            seen.push(text);
        }
    }
    assert_ne!(seen[0], seen[4], "not even that two sessions have the same");
    if let Some(file) = database.url.strip_prefix("sqlite://") {
        for file in [file.to_owned(), format!("{file}-wal")] {
            let bytes = std::fs::read(&file).unwrap_or_default();
            let found = bytes.windows(value.len()).any(|window| window == value.as_bytes());
            assert!(!found, "{file}");
        }
    }
}
