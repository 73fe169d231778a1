//! Sessions in memory, where one process has the database to itself: all that holds of rows holds of them.

use std::time::Duration;

use store::{Options, Store};
use tokio::{runtime::Runtime, sync::oneshot};

use super::*;
use crate::{
    fast::folder::{Busy, Folder},
    support::prepare,
};

/// The questions of rows, asked of memory.
macro_rules! in_memory {
    ($($name:ident;)*) => {
        mod as_of_rows {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    super::super::$name(&crate::support::Database::served()).await;
                }
            )*
        }
    };
}

in_memory! {
    trust_falls_by_itself;
    a_person_vouches_for_what_was_seen_so_far;
    texts_are_remembered_once_and_the_newest_only;
    a_call_finds_its_session_as_it_is;
}

/// Longer than what needs no database takes, and shorter than the time of a busy one.
const SOON: Duration = Duration::from_secs(5);

/// As a server opens it.
async fn served(folder: &Folder, database: &Database) -> Store {
    Store::open(&Options { alone: true, ..folder.options(database) }).await.unwrap()
}

async fn look(flows: &Flows) -> Entered {
    flows.look((tenant(), session())).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_of_a_known_session_waits_for_no_database() {
    let database = Database::served();
    let store = database.prepared().await;
    let flows = flows(&store);
    enter(&flows).await;
    see(&flows, 1, &web(), &["a page"]).await;
    enter(&flows).await;
    let busy = Busy::new(&database).await;
    let quick = async {
        assert_eq!(enter(&flows).await.calls, 2);
        see(&flows, 2, &web(), &["a page"]).await;
        see(&flows, 3, &web(), &["another page"]).await;
        flows.leave((tenant(), session())).await.unwrap();
        let found = enter(&flows).await;
        assert_eq!((found.calls, found.last_text), (2, 2));
    };
    tokio::time::timeout(SOON, quick).await.expect("no database was asked");
    // What its row must have first waits.
    let source = Origin::Tool("mail".to_owned());
    let waits = see(&flows, 4, &source, &["a letter"]);
    assert!(tokio::time::timeout(SOON / 10, waits).await.is_err(), "a new source is written first");
    let label = store.session_labels();
    let waits = label.raise(tenant(), session(), Label::Internal, RequestId::from_parts(1, 5));
    assert!(tokio::time::timeout(SOON / 10, waits).await.is_err(), "a label is written first");
    busy.end().await;
    let known = store.trust().find(tenant(), session()).await.unwrap().unwrap();
    assert_eq!((known.tool_calls, known.texts.len()), (3, 2));
    assert_eq!(look(&flows).await.calls, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_reads_rows_finds_what_memory_has() {
    let database = Database::served();
    let store = database.prepared().await;
    let flows = flows(&store);
    see(&flows, 1, &web(), &["page 0"]).await;
    for page in 1..20 {
        let said = format!("page {page}");
        enter(&flows).await;
        see(&flows, 2, &web(), &[&said]).await;
        let known = flows.find(tenant(), session()).await.unwrap().unwrap();
        assert_eq!(
            known.texts.get(&(web(), text(&flows, &web(), &said).digest)),
            Some(&(page + 1))
        );
        assert_eq!(flows.prints(tenant(), session(), page).await.unwrap().len(), 1);
        let known = store.trust().find(tenant(), session()).await.unwrap().unwrap();
        assert_eq!(known.tool_calls, page);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_hears_of_what_people_and_requests_change() {
    let database = Database::served();
    let store = database.prepared().await;
    let (flows, labels) = (flows(&store), store.session_labels());
    enter(&flows).await;
    see(&flows, 1, &web(), &["a page"]).await;
    let request = RequestId::from_parts(1, 2);
    labels.raise(tenant(), session(), Label::Restricted, request).await.unwrap();
    let found = enter(&flows).await;
    assert_eq!((found.label, found.integrity), (Label::Restricted, Integrity::Untrusted));
    let (permit, to) = (admin_permit(false), (session(), Label::Internal));
    labels.lower(&permit, to, "looked at it", &record(Kind::Admin)).await.unwrap();
    store.trust().endorse(&permit, session(), "read it", &record(Kind::Admin)).await.unwrap();
    let found = enter(&flows).await;
    assert_eq!((found.label, found.integrity), (Label::Internal, Integrity::Trusted));
    assert_eq!((found.calls, found.last_text), (2, 1));
    // A text that was seen before takes the trust away again, as any.
    see(&flows, 3, &web(), &["a page"]).await;
    assert_eq!(look(&flows).await.integrity, Integrity::Untrusted);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_memory_forgot_is_read_again() {
    let database = Database::served();
    let options = Options { sessions_max: 2, ..database.options() };
    let store = Store::open(&options).await.unwrap();
    prepare(&store).await;
    let flows = flows(&store);
    let request = RequestId::from_parts(1, 1);
    for round in 0..3 {
        assert_eq!(enter(&flows).await.calls, round);
        see(&flows, round.into(), &web(), &["a page", &format!("page {round}")]).await;
        // The database has all of it, so that there is room for others.
        for other in 2..6 {
            store.catch_up().await.unwrap();
            let of = (tenant(), SessionId::from_parts(1, other));
            assert_eq!(flows.enter(of, request).await.unwrap().calls, round);
        }
    }
    let found = look(&flows).await;
    assert_eq!((found.calls, found.integrity), (3, Integrity::Untrusted));
    assert_eq!(flows.prints(tenant(), session(), 0).await.unwrap().len(), 4);
    // What the database has not is not forgotten: there is no room then.
    store.catch_up().await.unwrap();
    let others = [7, 8].map(|other| (tenant(), SessionId::from_parts(1, other)));
    for of in others {
        flows.enter(of, request).await.unwrap();
    }
    store.catch_up().await.unwrap();
    let busy = Busy::new(&database).await;
    for of in others {
        assert_eq!(flows.enter(of, request).await.unwrap().calls, 1);
    }
    assert!(matches!(flows.look((tenant(), session())).await, Err(Error::Busy)));
    busy.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_beside_each_other_count_for_each_other_whatever_changes() {
    let database = Database::served();
    let store = database.prepared().await;
    let calls = (0..40_u64).map(|number| {
        let (store, flows) = (store.clone(), flows(&store));
        tokio::spawn(async move {
            let found = enter(&flows).await.calls;
            // Each of these has memory read the session again.
            let request = RequestId::from_parts(1, number.into());
            let label = [Label::Internal, Label::Sensitive][usize::from(number > 20)];
            store.session_labels().raise(tenant(), session(), label, request).await.unwrap();
            let (server, said) = (format!("web{}", number % 4), format!("page {number}"));
            see(&flows, number.into(), &Origin::Tool(server), &[&said]).await;
            if number % 2 == 0 {
                flows.leave((tenant(), session())).await.unwrap();
                return None;
            }
            Some(found)
        })
    });
    let mut numbers = Vec::new();
    for call in calls.collect::<Vec<_>>() {
        numbers.extend(call.await.unwrap());
    }
    assert_eq!(numbers.len(), 20);
    let found = look(&flows(&store)).await;
    assert_eq!((found.calls, found.label, found.sources.len()), (20, Label::Sensitive, 4));
    let known = store.trust().find(tenant(), session()).await.unwrap().unwrap();
    assert_eq!((known.tool_calls, known.texts.len()), (20, 40));
    let mut seqs: Vec<u64> = known.texts.values().copied().collect();
    seqs.sort_unstable();
    assert_eq!(seqs, (1..=40).collect::<Vec<_>>(), "no number has two texts");
}

/// A process that is killed while the database has heard of its first call and its label only.
async fn dies(database: &Database) -> Folder {
    let folder = Folder::new();
    let options = Options { alone: true, ..folder.options(database) };
    let (begun, begins) = oneshot::channel();
    let (go, gone) = oneshot::channel::<()>();
    let process = std::thread::spawn(move || {
        let runtime = Runtime::new().unwrap();
        runtime.block_on(async {
            let store = Store::open(&options).await.unwrap();
            prepare(&store).await;
            let flows = flows(&store);
            enter(&flows).await;
            store.catch_up().await.unwrap();
            let request = RequestId::from_parts(1, 2);
            let labels = store.session_labels();
            labels.raise(tenant(), session(), Label::Restricted, request).await.unwrap();
            see(&flows, 2, &web(), &["a page"]).await;
            look(&flows).await;
            begun.send(()).unwrap();
            gone.await.unwrap();
            for call in 0..3 {
                enter(&flows).await;
                see(&flows, 3, &web(), &[&format!("page {call}")]).await;
            }
            flows.leave((tenant(), session())).await.unwrap();
        });
        runtime.shutdown_background();
    });
    begins.await.unwrap();
    let busy = Busy::new(database).await;
    go.send(()).unwrap();
    tokio::task::spawn_blocking(|| process.join().unwrap()).await.unwrap();
    let left = folder.killed();
    busy.end().await;
    left
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_session_saw_survives_the_process() {
    let database = Database::sqlite();
    let folder = dies(&database).await;
    // Nobody who saw what raised it had to wait for the journal to be carried.
    let label = "select count(*) from session_labels where label = 'restricted'";
    let trust = "select count(*) from session_flows where integrity = 'untrusted'";
    assert_eq!((database.count(label).await, database.count(trust).await), (1, 1));
    // And all else is nowhere but in the journal.
    assert_eq!(database.count("select tool_calls from session_flows").await, 1);
    assert_eq!(database.count("select count(*) from session_prints").await, 1);
    let store = served(&folder, &database).await;
    let seen = Entered {
        label: Label::Restricted,
        integrity: Integrity::Untrusted,
        calls: 3,
        sources: ["web".to_owned()].into(),
        last_text: 4,
    };
    assert_eq!(look(&flows(&store)).await, seen);
    assert_eq!(flows(&store).prints(tenant(), session(), 0).await.unwrap().len(), 4);
    // Once more, as if it had died before it could remove the files.
    store.close().await;
    drop(store);
    assert_eq!(look(&flows(&served(&folder, &database).await)).await, seen);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_else_has_the_database_meanwhile() {
    let database = Database::served();
    let store = database.prepared().await;
    let other = Store::open(&database.options()).await;
    assert!(matches!(other, Err(Error::Taken { .. })), "two have sessions in memory");
    enter(&flows(&store)).await;
    store.close().await;
    // Whose clone lives on has nothing to say any more.
    let next = database.open().await;
    assert_eq!(look(&flows(&next)).await.calls, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gateways_of_one_postgres_have_nothing_in_memory() {
    let database = Database::postgres().await;
    let folders = [Folder::new(), Folder::new()];
    let gateways = [served(&folders[0], &database).await, served(&folders[1], &database).await];
    prepare(&gateways[0]).await;
    let flows = [flows(&gateways[0]), flows(&gateways[1])];
    for call in 0..10 {
        let (one, other) = (&flows[call % 2], &flows[(call + 1) % 2]);
        assert_eq!(enter(one).await.calls, call as u64);
        see(one, call as u128, &web(), &[&format!("page {call}")]).await;
        let found = look(other).await;
        assert_eq!((found.calls, found.last_text), (call as u64 + 1, call as u64 + 1));
    }
    let request = RequestId::from_parts(1, 2);
    let labels = gateways[0].session_labels();
    labels.raise(tenant(), session(), Label::Restricted, request).await.unwrap();
    assert_eq!(look(&flows[1]).await.label, Label::Restricted);
    drop(gateways);
    database.remove().await;
}
