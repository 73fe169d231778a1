//! Definitions of tools: what servers gave, and what was decided of it.

use store::{
    Error, Store,
    tool_definitions::{Known, Sighting, State, ToolDefinitions},
};
use tools::{Definition, TOOLS_MAX};
use types::{TenantId, Timestamp, audit::Kind};

use crate::{
    on_both,
    support::{Database, admin_permit, record, tenant},
};

on_both! {
    what_is_seen_is_known_once_and_waits;
    a_person_decides_on_record_and_gateways_hear_of_it;
    of_what_is_seen_first_one_is_taken;
    many_gateways_take_one;
    a_server_that_changes_at_every_look_fills_no_disk;
    what_nobody_decided_goes_with_time;
    a_changed_row_is_not_what_was_approved;
}

fn sighting(tool: &str, description: &str) -> Sighting {
    let definition = serde_json::json!({
        "name": tool, "description": description, "inputSchema": {"type": "object"},
    });
    Sighting { server: "mail".to_owned(), definition: Definition::read(&definition).unwrap() }
}

async fn states(definitions: &ToolDefinitions) -> Vec<(String, State)> {
    let all = definitions.list(tenant(), Some("mail")).await.unwrap();
    let told =
        |known: Known| (known.sighting.definition.description.unwrap_or_default(), known.state);
    let mut all: Vec<_> = all.into_iter().map(told).collect();
    all.sort();
    all
}

fn state(description: &str, state: State) -> (String, State) {
    (description.to_owned(), state)
}

async fn what_is_seen_is_known_once_and_waits(database: &Database) {
    let store = database.prepared().await;
    let definitions = store.tool_definitions();
    let before = store.revision().await.unwrap();
    let seen = [sighting("send", "one"), sighting("read", "two")];
    definitions.saw(tenant(), &seen).await.unwrap();
    definitions.saw(tenant(), &seen).await.unwrap();
    let all = definitions.list(tenant(), None).await.unwrap();
    let names: Vec<_> = all.iter().map(|known| known.sighting.definition.name.as_str()).collect();
    assert_eq!(names, ["read", "send"]);
    assert_eq!((all[0].state, all[0].first_use, &all[0].decided_by), (State::Seen, false, &None));
    assert_eq!(all[0].sighting, seen[1]);
    assert!(definitions.decided().await.unwrap().is_empty());
    assert!(definitions.list(TenantId::generate(), None).await.unwrap().is_empty());
    assert!(definitions.list(tenant(), Some("other")).await.unwrap().is_empty());
    assert_eq!(store.revision().await.unwrap(), before, "no snapshot holds it");
}

async fn a_person_decides_on_record_and_gateways_hear_of_it(database: &Database) {
    let store = database.prepared().await;
    let definitions = store.tool_definitions();
    let seen = sighting("send", "one");
    definitions.saw(tenant(), std::slice::from_ref(&seen)).await.unwrap();
    let look = admin_permit(true);
    let decide = async |permit, state| {
        definitions.decide(permit, (&seen, state), "looked at it", &record(Kind::Admin)).await
    };
    assert!(matches!(decide(&look, State::Approved).await, Err(Error::Permit { .. })));
    let permit = admin_permit(false);
    for (state, round) in [(State::Approved, 1), (State::Rejected, 2), (State::Approved, 3)] {
        let (before, records) = (store.revision().await.unwrap(), records(database).await);
        decide(&permit, state).await.unwrap();
        let [known] = &definitions.decided().await.unwrap()[..] else { panic!("round {round}") };
        assert_eq!((known.state, known.sighting == seen), (state, true));
        assert_eq!(known.decided_by.as_deref(), Some(permit.actor()));
        assert_eq!(known.reason.as_deref(), Some("looked at it"));
        assert_eq!(store.revision().await.unwrap(), before + 1);
        assert_eq!(records_after(database, records).await, 1);
    }
    // What is pinned in the tree no gateway needs to have seen.
    let pinned = sighting("read", "two");
    let (rejected, told) = ((&pinned, State::Rejected), record(Kind::Admin));
    definitions.decide(&permit, rejected, "", &told).await.unwrap();
    definitions.saw(tenant(), &[pinned, seen]).await.unwrap();
    let expected = [state("one", State::Approved), state("two", State::Rejected)];
    assert_eq!(states(&definitions).await, expected, "seen again, both stay as they are");
}

async fn records(database: &Database) -> i64 {
    database.count("select count(*) from audit").await
}

async fn records_after(database: &Database, before: i64) -> i64 {
    records(database).await - before
}

async fn take(definitions: &ToolDefinitions, seen: &Sighting) -> bool {
    definitions.take_first(tenant(), seen, &record(Kind::System)).await.unwrap()
}

async fn of_what_is_seen_first_one_is_taken(database: &Database) {
    let store = database.prepared().await;
    let definitions = store.tool_definitions();
    let before = (store.revision().await.unwrap(), records(database).await);
    assert!(take(&definitions, &sighting("send", "one")).await);
    assert!(!take(&definitions, &sighting("send", "one")).await);
    assert!(!take(&definitions, &sighting("send", "changed")).await);
    assert!(take(&definitions, &sighting("read", "two")).await);
    assert_eq!(store.revision().await.unwrap(), before.0 + 2);
    assert_eq!(records_after(database, before.1).await, 2);
    let expected = [state("one", State::Approved), state("two", State::Approved)];
    assert_eq!(states(&definitions).await, expected);
    assert!(definitions.decided().await.unwrap().iter().all(|known| known.first_use));
    // What was rejected, or waits, is not a new tool.
    let (permit, odd) = (admin_permit(false), sighting("odd", "odd"));
    let rejected = (&odd, State::Rejected);
    definitions.decide(&permit, rejected, "", &record(Kind::Admin)).await.unwrap();
    assert!(!take(&definitions, &sighting("odd", "better")).await);
    definitions.saw(tenant(), &[sighting("late", "late")]).await.unwrap();
    assert!(!take(&definitions, &sighting("late", "later")).await);
}

async fn many_gateways_take_one(database: &Database) {
    drop(database.prepared().await);
    let mut takes = Vec::new();
    for number in 0..12 {
        let store: Store = database.open().await;
        takes.push(tokio::spawn(async move {
            take(&store.tool_definitions(), &sighting("send", &format!("of {number}"))).await
        }));
    }
    let mut taken = 0;
    for one in takes {
        taken += usize::from(one.await.unwrap());
    }
    assert_eq!(taken, 1);
    let decided = database.open().await.tool_definitions().decided().await.unwrap();
    assert_eq!(decided.len(), 1);
}

async fn a_server_that_changes_at_every_look_fills_no_disk(database: &Database) {
    let definitions = database.prepared().await.tool_definitions();
    let permit = admin_permit(false);
    let kept = sighting("send", "kept");
    let approved = (&kept, State::Approved);
    definitions.decide(&permit, approved, "", &record(Kind::Admin)).await.unwrap();
    for round in 0..3 {
        let many: Vec<_> =
            (0..TOOLS_MAX / 2).map(|i| sighting("send", &format!("{round} {i}"))).collect();
        definitions.saw(tenant(), &many).await.unwrap();
    }
    let all = states(&definitions).await;
    assert_eq!(all.len(), TOOLS_MAX + 1);
    assert!(all.contains(&state("kept", State::Approved)));
    assert!(!all.iter().any(|(description, _)| description.starts_with("0 ")), "the oldest go");
}

async fn what_nobody_decided_goes_with_time(database: &Database) {
    let definitions = database.prepared().await.tool_definitions();
    let permit = admin_permit(false);
    let kept = sighting("send", "kept");
    let approved = (&kept, State::Approved);
    definitions.decide(&permit, approved, "", &record(Kind::Admin)).await.unwrap();
    definitions.saw(tenant(), &[sighting("send", "seen")]).await.unwrap();
    assert_eq!(definitions.purge(Timestamp(1)).await.unwrap(), 0);
    let later = Timestamp::now().plus_seconds(60);
    assert_eq!(definitions.purge(later).await.unwrap(), 1);
    assert_eq!(states(&definitions).await, [state("kept", State::Approved)]);
}

async fn a_changed_row_is_not_what_was_approved(database: &Database) {
    let definitions = database.prepared().await.tool_definitions();
    let permit = admin_permit(false);
    let seen = sighting("send", "Sends.");
    let approved = (&seen, State::Approved);
    definitions.decide(&permit, approved, "", &record(Kind::Admin)).await.unwrap();
    database
        .tamper("update tool_definitions set definition = replace(definition, 'Sends.', 'Sends!')")
        .await;
    assert!(matches!(definitions.decided().await, Err(Error::Corrupt { .. })));
}
