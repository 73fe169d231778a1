//! Sessions of MCP clients: how many there may be, how long they go on, and that gateways share them.

use std::time::Duration;

use store::{
    Error,
    mcp_sessions::{Bounds, INITIALIZE_BYTES_MAX, McpSession},
};
use types::{SessionId, Timestamp};

use crate::{
    on_both,
    support::{Database, agent_id, tenant},
};

on_both! {
    a_session_is_found_until_it_is_ended;
    a_credential_has_only_so_many;
    all_together_are_only_so_many;
    a_session_that_rests_is_over_and_removed;
}

const BOUNDS: Bounds =
    Bounds { per_credential_max: 2, all_max: 3, idle: Duration::from_secs(3600) };

fn session(id_hash: &str, auth: &str) -> McpSession {
    McpSession {
        id_hash: id_hash.to_owned(),
        tenant: tenant(),
        agent: agent_id(),
        auth: auth.to_owned(),
        route: "/mcp".to_owned(),
        session: SessionId::from_parts(1, 1),
        initialize: "{\"clientInfo\":{\"name\":\"é\"}}".to_owned(),
    }
}

async fn a_session_is_found_until_it_is_ended(database: &Database) {
    let sessions = database.prepared().await.mcp_sessions();
    let begun = session("a", "key:1");
    assert!(sessions.begin(&begun, BOUNDS).await.unwrap());
    assert_eq!(sessions.find("a").await.unwrap(), Some(begun));
    assert_eq!(sessions.find("b").await.unwrap(), None);
    assert!(sessions.go_on("a", BOUNDS.idle).await.unwrap());
    sessions.end("a").await.unwrap();
    assert_eq!(sessions.find("a").await.unwrap(), None);
    assert!(!sessions.go_on("a", BOUNDS.idle).await.unwrap(), "what is ended stays so");
    let initialize = "x".repeat(INITIALIZE_BYTES_MAX + 1);
    let long = sessions.begin(&McpSession { initialize, ..session("c", "key:1") }, BOUNDS).await;
    assert!(matches!(long, Err(Error::TooLong { .. })));
}

async fn a_credential_has_only_so_many(database: &Database) {
    let sessions = database.prepared().await.mcp_sessions();
    assert!(sessions.begin(&session("a", "key:1"), BOUNDS).await.unwrap());
    assert!(sessions.begin(&session("b", "key:1"), BOUNDS).await.unwrap());
    assert!(!sessions.begin(&session("c", "key:1"), BOUNDS).await.unwrap());
    assert_eq!(sessions.find("c").await.unwrap(), None);
    assert!(sessions.begin(&session("d", "key:2"), BOUNDS).await.unwrap());
}

async fn all_together_are_only_so_many(database: &Database) {
    let sessions = database.prepared().await.mcp_sessions();
    for (id, auth) in [("a", "key:1"), ("b", "key:2"), ("c", "key:3")] {
        assert!(sessions.begin(&session(id, auth), BOUNDS).await.unwrap());
    }
    assert!(!sessions.begin(&session("d", "key:4"), BOUNDS).await.unwrap());
    sessions.end("a").await.unwrap();
    assert!(sessions.begin(&session("d", "key:4"), BOUNDS).await.unwrap());
}

async fn a_session_that_rests_is_over_and_removed(database: &Database) {
    let sessions = database.prepared().await.mcp_sessions();
    let brief = Bounds { idle: Duration::ZERO, per_credential_max: 1, ..BOUNDS };
    assert!(sessions.begin(&session("a", "key:1"), brief).await.unwrap());
    assert_eq!(sessions.find("a").await.unwrap(), None);
    assert!(!sessions.go_on("a", BOUNDS.idle).await.unwrap());
    assert!(sessions.begin(&session("b", "key:1"), brief).await.unwrap(), "it does not count");
    assert_eq!(sessions.purge(Timestamp(1)).await.unwrap(), 0);
    assert_eq!(sessions.purge(Timestamp::now().plus_seconds(60)).await.unwrap(), 2);
}
