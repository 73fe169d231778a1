//! A commit whose answer is lost: the writer writes the batch again and nothing is counted twice.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use store::{Options, Store};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use types::{Nanos, audit::Kind};

use crate::support::{CENT, Database, account, ask, cap, cost, permit, prepare, record};

/// Drops this many answers to `commit` from now on: the server did it, the client never hears.
#[derive(Clone, Default)]
struct Drops(Arc<AtomicUsize>);

impl Drops {
    fn take(&self) -> bool {
        self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok()
    }
}

/// A proxy in front of Postgres; returns its port.
async fn proxy(server: String, drops: Drops) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let upstream = TcpStream::connect(&server).await.unwrap();
            tokio::spawn(relay(client, upstream, drops.clone()));
        }
    });
    port
}

async fn relay(client: TcpStream, server: TcpStream, drops: Drops) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let back = tokio::spawn(async move {
        let _ = tokio::io::copy(&mut from_server, &mut to_client).await;
    });
    let mut bytes = vec![0; 64 * 1024];
    while let Ok(n @ 1..) = from_client.read(&mut bytes).await {
        let message = &bytes[..n];
        let commits = message.windows(7).any(|word| word.eq_ignore_ascii_case(b"commit\0"));
        if commits && drops.take() {
            // From here on the client hears nothing; the server still gets the commit.
            back.abort();
            let _ = back.await;
            to_server.write_all(message).await.unwrap();
            to_server.flush().await.unwrap();
            // Postgres ends the session after what it was sent.
            let _ = to_server.shutdown().await;
            return;
        }
        if to_server.write_all(message).await.is_err() {
            return;
        }
    }
}

/// A store behind the proxy.
async fn stage() -> (Database, Store, Drops) {
    let database = Database::postgres().await;
    let (before, after) = database.url.split_once('@').unwrap();
    let (server, name) = after.split_once('/').unwrap();
    let drops = Drops::default();
    let port = proxy(server.to_owned(), drops.clone()).await;
    let url = format!("{before}@127.0.0.1:{port}/{name}?sslmode=disable");
    let store = Store::open(&Options { url, ..database.options() }).await.unwrap();
    prepare(&store).await;
    (database, store, drops)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_commit_is_written_again_and_counts_once() {
    let (database, store, drops) = stage().await;
    let ask = ask(vec![cap(100 * CENT)], 10 * CENT);
    let ledger = store.ledger();
    ledger.hold(&permit(), ask.clone(), None).await.unwrap();
    ledger.dispatch(ask.hold).await.unwrap();
    drops.0.store(3, Ordering::SeqCst);
    let done = Some(record(Kind::Completion));
    let charge = ledger.settle(ask.hold, cost(3 * CENT), done).await.unwrap();
    assert_eq!(drops.0.load(Ordering::SeqCst), 0, "every commit's answer was lost");
    assert_eq!(charge.amount, Nanos(3 * CENT));
    let account = account(&store).await;
    assert_eq!((account.settled, account.held), (Nanos(3 * CENT), Nanos::ZERO));
    assert_eq!(database.count("select count(*) from ledger").await, 1);
    assert_eq!(database.count("select count(*) from audit").await, 2);
    assert_eq!(database.count("select count(*) from outbox").await, 3);
    assert!(store.audit().verify().await.unwrap().ok);
    database.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dispatched_hold_whose_commit_is_lost_is_settled_at_nothing() {
    let (database, store, drops) = stage().await;
    drops.0.store(1, Ordering::SeqCst);
    let ask = ask(vec![cap(100 * CENT)], 10 * CENT);
    let refused = store.ledger().hold_dispatched(&permit(), ask, None).await;
    assert!(matches!(refused, Err(store::ledger::Error::Unavailable { .. })), "{refused:?}");
    // Whatever follows in the queue is written after the settlement.
    store.audit().append(record(Kind::System)).await.unwrap();
    let free = "select count(*) from ledger where amount = 0 and basis = 'counted'";
    assert_eq!(database.count(free).await, 1, "the hold stood although its caller was refused");
    assert_eq!(account(&store).await.held, Nanos::ZERO);
    database.remove().await;
}
