//! What sessions have seen: trust falls by itself and comes back by a person's word alone.

mod memory;

use std::collections::BTreeSet;

use store::{
    Error,
    flows::{Entered, Flows, PRINTS_MAX, Saw, Text},
    vault::MasterKey,
};
use tools::flow::{Origin, Print, Seen};
use types::{Integrity, Label, RequestId, SessionId, TenantId, audit::Kind};

use crate::{
    on_both,
    support::{Database, admin_permit, record, tenant},
};

on_both! {
    trust_falls_by_itself;
    a_person_vouches_for_what_was_seen_so_far;
    texts_are_remembered_once_and_the_newest_only;
    two_gateways_lose_nothing;
    a_salt_is_one_sessions;
    a_call_finds_its_session_as_it_is;
    calls_beside_each_other_find_different_numbers;
}

fn session() -> SessionId {
    SessionId::from_parts(1, 1)
}

fn flows(store: &store::Store) -> Flows {
    store.flows(MasterKey::of(&[7; 32]))
}

fn text(flows: &Flows, origin: &Origin, text: &str) -> Text {
    let salt = flows.salt(tenant(), &session().to_string()).unwrap();
    let seen = Seen { origin: origin.clone(), print: Print::of(text, &salt) };
    Text { digest: salt.digest(text), seen }
}

fn web() -> Origin {
    Origin::Tool("web".to_owned())
}

/// Takes note of texts of one origin.
async fn see(flows: &Flows, request: u128, origin: &Origin, said: &[&str]) {
    let texts: Vec<Text> = said.iter().map(|said| text(flows, origin, said)).collect();
    let (integrity, sources) = match origin {
        Origin::Trusted => (Integrity::Trusted, BTreeSet::new()),
        Origin::Tool(server) => (Integrity::Untrusted, [server.clone()].into()),
    };
    let request = RequestId::from_parts(1, request);
    let saw = Saw { request, integrity, sources: &sources, texts: &texts };
    flows.see(tenant(), session(), &saw).await.unwrap();
}

/// Counts a call.
async fn enter(flows: &Flows) -> Entered {
    flows.enter((tenant(), session()), RequestId::from_parts(1, 9)).await.unwrap()
}

async fn trust_falls_by_itself(database: &Database) {
    let store = database.prepared().await;
    let flows = flows(&store);
    assert_eq!(flows.find(tenant(), session()).await.unwrap(), None);
    see(&flows, 1, &Origin::Trusted, &["what I want"]).await;
    let known = flows.find(tenant(), session()).await.unwrap().unwrap();
    assert_eq!((known.integrity, known.tool_calls), (Integrity::Trusted, 0));
    for number in [2, 3] {
        see(&flows, number, &web(), &["a page"]).await;
    }
    see(&flows, 4, &Origin::Trusted, &["more that I want"]).await;
    store.close().await;
    let flows = self::flows(&database.open().await);
    let known = flows.find(tenant(), session()).await.unwrap().unwrap();
    assert_eq!(known.integrity, Integrity::Untrusted);
    assert_eq!(known.request, Some(RequestId::from_parts(1, 2)));
    assert_eq!(known.sources, ["web".to_owned()].into());
    assert_eq!(flows.find(TenantId::generate(), session()).await.unwrap(), None);
    assert_eq!(flows.find(tenant(), SessionId::from_parts(1, 2)).await.unwrap(), None);
}

async fn a_person_vouches_for_what_was_seen_so_far(database: &Database) {
    let store = database.prepared().await;
    let flows = flows(&store);
    let permit = admin_permit(false);
    let key = |said: &str| (web(), text(&flows, &web(), said).digest);
    let endorse =
        async || store.trust().endorse(&permit, session(), "read it", &record(Kind::Admin)).await;
    assert!(matches!(endorse().await, Err(Error::Missing { .. })));
    see(&flows, 1, &Origin::Trusted, &["what I want"]).await;
    assert!(matches!(endorse().await, Err(Error::Trusted)));
    see(&flows, 2, &web(), &["a page"]).await;
    let look =
        store.trust().endorse(&admin_permit(true), session(), "", &record(Kind::Admin)).await;
    assert!(matches!(look, Err(Error::Permit { .. })));
    let before = database.count("select count(*) from audit").await;
    endorse().await.unwrap();
    assert_eq!(database.count("select count(*) from audit").await, before + 1);
    let known = flows.find(tenant(), session()).await.unwrap().unwrap();
    assert_eq!((known.integrity, known.request), (Integrity::Trusted, None));
    assert_eq!(known.reason.as_deref(), Some("read it"));
    assert!(known.vouches(&key("a page")));
    assert!(!known.vouches(&key("another page")));
    see(&flows, 3, &web(), &["another page"]).await;
    let known = flows.find(tenant(), session()).await.unwrap().unwrap();
    assert_eq!((known.integrity, known.set_by.clone()), (Integrity::Untrusted, None));
    assert!(!known.vouches(&key("another page")), "it came later");
}

async fn texts_are_remembered_once_and_the_newest_only(database: &Database) {
    let flows = flows(&database.prepared().await);
    see(&flows, 1, &Origin::Trusted, &["what I want", "what I want"]).await;
    see(&flows, 2, &Origin::Trusted, &["what I want"]).await;
    see(&flows, 3, &web(), &["what I want"]).await;
    let prints = flows.prints(tenant(), session(), 0).await.unwrap();
    let origins: Vec<_> = prints.iter().map(|(seq, seen)| (*seq, seen.origin.clone())).collect();
    assert_eq!(origins, [(1, Origin::Trusted), (2, web())]);
    let salt = flows.salt(tenant(), &session().to_string()).unwrap();
    assert!(prints[0].1.print.contains("I want", &salt));
    let pages: Vec<String> = (0..PRINTS_MAX + 5).map(|page| format!("page {page}")).collect();
    let pages: Vec<&str> = pages.iter().map(String::as_str).collect();
    see(&flows, 4, &web(), &pages).await;
    let prints = flows.prints(tenant(), session(), 0).await.unwrap();
    assert_eq!(prints.len() as u64, PRINTS_MAX + 1, "each origin keeps its newest");
    let later = flows.prints(tenant(), session(), PRINTS_MAX).await.unwrap();
    assert!(later.iter().all(|(seq, _)| *seq > PRINTS_MAX));
    let known = flows.find(tenant(), session()).await.unwrap().unwrap();
    assert_eq!(known.texts.len(), prints.len());
    database.tamper("update session_prints set print = 'AAA' where seq = 1").await;
    assert!(matches!(flows.prints(tenant(), session(), 0).await, Err(Error::Corrupt { .. })));
}

async fn two_gateways_lose_nothing(database: &Database) {
    let gateways = [database.prepared().await, database.open().await];
    let requests = (0..40_u128).map(|number| {
        let flows = flows(&gateways[usize::from(number % 2 == 1)]);
        tokio::spawn(async move {
            let origin = if number == 7 { web() } else { Origin::Trusted };
            see(&flows, number, &origin, &[&format!("text {number}")]).await;
        })
    });
    for request in requests.collect::<Vec<_>>() {
        request.await.unwrap();
    }
    let flows = flows(&gateways[0]);
    let known = flows.find(tenant(), session()).await.unwrap().unwrap();
    assert_eq!(known.integrity, Integrity::Untrusted);
    assert_eq!(known.request, Some(RequestId::from_parts(1, 7)));
    let prints = flows.prints(tenant(), session(), 0).await.unwrap();
    let numbers: Vec<u64> = prints.iter().map(|(seq, _)| *seq).collect();
    assert_eq!(numbers, (1..=40).collect::<Vec<_>>());
}

async fn a_salt_is_one_sessions(database: &Database) {
    let store = database.prepared().await;
    let digest = |flows: Flows, tenant, of: &str| flows.salt(tenant, of).unwrap().digest("text");
    let one = digest(flows(&store), tenant(), "ses_1");
    assert_eq!(one, digest(flows(&store), tenant(), "ses_1"));
    assert_ne!(one, digest(flows(&store), tenant(), "ses_2"));
    assert_ne!(one, digest(flows(&store), TenantId::generate(), "ses_1"));
    assert_ne!(one, digest(store.flows(MasterKey::of(&[8; 32])), tenant(), "ses_1"));
}

async fn a_call_finds_its_session_as_it_is(database: &Database) {
    let store = database.prepared().await;
    let flows = flows(&store);
    let nothing = Entered {
        label: Label::Public,
        integrity: Integrity::Trusted,
        calls: 0,
        sources: BTreeSet::new(),
        last_text: 0,
    };
    let of = (tenant(), session());
    assert_eq!(flows.look(of).await.unwrap(), nothing);
    assert_eq!(flows.find(tenant(), session()).await.unwrap(), None, "looking makes nothing");
    let request = RequestId::from_parts(1, 1);
    store.session_labels().raise(tenant(), session(), Label::Sensitive, request).await.unwrap();
    assert_eq!(
        flows.look(of).await.unwrap(),
        Entered { label: Label::Sensitive, ..nothing.clone() }
    );
    assert_eq!(enter(&flows).await, Entered { label: Label::Sensitive, ..nothing.clone() });
    see(&flows, 2, &web(), &["a page", "another"]).await;
    see(&flows, 3, &Origin::Tool("mail".to_owned()), &["a letter"]).await;
    let seen = Entered {
        label: Label::Sensitive,
        integrity: Integrity::Untrusted,
        calls: 1,
        sources: ["mail".to_owned(), "web".to_owned()].into(),
        last_text: 3,
    };
    assert_eq!(enter(&flows).await, seen);
    assert_eq!(flows.look(of).await.unwrap(), Entered { calls: 2, ..seen.clone() });
    flows.leave(of).await.unwrap();
    assert_eq!(flows.look(of).await.unwrap(), seen);
    for _ in 0..3 {
        flows.leave(of).await.unwrap();
    }
    let known = store.trust().find(tenant(), session()).await.unwrap().unwrap();
    assert_eq!(known.tool_calls, 0);
    let other = (TenantId::generate(), session());
    assert_eq!(flows.look(other).await.unwrap(), nothing, "nobody else's");
}

async fn calls_beside_each_other_find_different_numbers(database: &Database) {
    let gateways = [database.prepared().await, database.open().await];
    let calls = (0..40).map(|number| {
        let flows = flows(&gateways[number % 2]);
        tokio::spawn(async move { enter(&flows).await.calls })
    });
    let mut numbers = Vec::new();
    for call in calls.collect::<Vec<_>>() {
        numbers.push(call.await.unwrap());
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (0..40).collect::<Vec<_>>());
}
