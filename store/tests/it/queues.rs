//! Work and whispers of the bus: the same tests within the process and on a NATS server of their own.

use std::{
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::json;
use store::{Bell, Bus, BusError, Deliveries, Queue, Store, Wakes};
use types::{
    Actor, ActorType, Correlation, Envelope, EventId, Payload, Priority, Schema, TenantId,
    Timestamp, Trace, audit::Kind,
};

use crate::support::{Database, admin_permit, record, tenant};

/// A NATS server that ends with the test.
struct Server {
    child: Child,
    _folder: tempfile::TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn nats() -> (Server, Bus) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().display().to_string();
    let child = Command::new("nats-server")
        .args(["-a", "127.0.0.1", "-p", "-1", "-js", "-sd", &path, "--ports_file_dir", &path])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("these tests need nats-server: `apt-get install nats-server`");
    let file = folder.path().join(format!("nats-server_{}.ports", child.id()));
    let server = Server { child, _folder: folder };
    let address = async {
        loop {
            let text = std::fs::read_to_string(&file).unwrap_or_default();
            if let Ok(ports) = serde_json::from_str::<serde_json::Value>(&text) {
                return ports["nats"][0].as_str().unwrap().to_owned();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let address = tokio::time::timeout(Duration::from_secs(60), address).await.unwrap();
    (server, Bus::connect(&address).await.unwrap())
}

/// Runs each body on the embedded bus and on NATS.
macro_rules! on_each_bus {
    ($($name:ident;)*) => {$(
        mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn embedded() {
                let bus = store::Bus::connect("embedded").await.unwrap();
                super::$name(&crate::support::Database::sqlite(), bus).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn nats() {
                let (_server, bus) = super::nats().await;
                super::$name(&crate::support::Database::sqlite(), bus).await;
            }
        }
    )*};
}

on_each_bus! {
    every_piece_goes_to_one_taker;
    what_nobody_finishes_is_handed_out_again;
    what_fails_again_and_again_is_a_dead_letter;
    what_waits_comes_later;
    what_is_done_does_not_come_again;
    whispers_reach_those_who_listen;
}

fn event() -> Envelope {
    event_of("tasks.dispatch")
}

fn event_of(subject: &str) -> Envelope {
    Envelope {
        event_id: EventId::generate(),
        event_type: subject.to_owned(),
        occurred_at: Timestamp(1),
        tenant_id: tenant(),
        workspace_id: None,
        actor: Actor { kind: ActorType::System, id: "test".to_owned(), auth: String::new() },
        trace: Some(Trace { trace_id: "ab".repeat(16), span_id: "cd".repeat(8) }),
        correlation: Correlation::default(),
        idempotency_key: "k".to_owned(),
        priority: Priority::Batch,
        payload_ref: Payload::Inline {
            content_type: "application/json".to_owned(),
            size_bytes: 2,
            inline: json!({}),
        },
        schema: Schema { name: "orchestack.work".to_owned(), version: 1 },
    }
}

/// Nothing in these tests waits for its end but what they say.
fn long() -> Deliveries {
    Deliveries { wait: Duration::from_secs(600), max: 3, ..Deliveries::default() }
}

async fn queue(bus: &Bus, store: &Store, deliveries: Deliveries) -> Queue {
    bus.work("tasks.dispatch", deliveries, store.work()).await.unwrap()
}

async fn next(queue: &mut Queue) -> store::Job {
    let job = tokio::time::timeout(Duration::from_secs(60), queue.next());
    job.await.expect("work in time").unwrap()
}

/// The second piece is the witness: it comes again after the time at which the first one would have.
async fn what_is_done_does_not_come_again(database: &Database, bus: Bus) {
    let store = database.prepared().await;
    let short = Deliveries { wait: Duration::from_millis(300), max: 100, ..Deliveries::default() };
    let mut queue = queue(&bus, &store, short).await;
    let (first, second) = (event(), event());
    bus.publish(&first).await.unwrap();
    let job = next(&mut queue).await;
    assert_eq!(job.event, first);
    job.done().await.unwrap();
    bus.publish(&second).await.unwrap();
    let job = next(&mut queue).await;
    assert_eq!(job.event, second);
    job.later(Duration::from_secs(2)).await.unwrap();
    assert_eq!(next(&mut queue).await.event, second, "the first one came again");
}

async fn every_piece_goes_to_one_taker(database: &Database, bus: Bus) {
    let store = database.prepared().await;
    let events: Vec<Envelope> = (0..20).map(|_| event()).collect();
    // Also what was there before anybody took anything, and what was published twice.
    for event in events.iter().chain(&events[..5]) {
        bus.publish(event).await.unwrap();
    }
    let mut takers = tokio::task::JoinSet::new();
    for _ in 0..2 {
        let mut queue = queue(&bus, &store, long()).await;
        takers.spawn(async move {
            let mut taken = Vec::new();
            for _ in 0..10 {
                let job = next(&mut queue).await;
                assert_eq!(job.delivered, 1);
                taken.push(job.event.clone());
                job.done().await.unwrap();
            }
            taken
        });
    }
    let mut taken: Vec<Envelope> = takers.join_all().await.into_iter().flatten().collect();
    taken.sort_by_key(|event| events.iter().position(|known| known == event));
    assert_eq!(taken, events);
    let mut queue = queue(&bus, &store, long()).await;
    let late = event();
    bus.publish(&late).await.unwrap();
    assert_eq!(next(&mut queue).await.event.event_id, late.event_id, "no other was left");
    let refused = bus.work("audit.decision", long(), store.work()).await.err().unwrap();
    assert!(matches!(refused, BusError::NoQueue(_)), "{refused}");
}

async fn what_nobody_finishes_is_handed_out_again(database: &Database, bus: Bus) {
    let store = database.prepared().await;
    let short = Deliveries { wait: Duration::from_secs(1), ..long() };
    let mut queue = queue(&bus, &store, short).await;
    let sent = event();
    bus.publish(&sent).await.unwrap();
    for delivered in 1..=3 {
        let job = next(&mut queue).await;
        assert_eq!((job.event.event_id, job.delivered), (sent.event_id, delivered));
        job.go_on().await.unwrap();
    }
    // The fourth time would be beyond the most: it is given up, and the next one comes.
    let other = event();
    bus.publish(&other).await.unwrap();
    let job = next(&mut queue).await;
    assert_eq!(job.event.event_id, other.event_id);
    job.done().await.unwrap();
    let letters = async {
        // The other one may have come before the time of the first was over.
        while store.work().dead_letters(tenant(), true, 10).await.unwrap().is_empty() {
            let _ = tokio::time::timeout(Duration::from_millis(100), queue.next()).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), letters).await.expect("a dead letter");
}

async fn what_fails_again_and_again_is_a_dead_letter(database: &Database, bus: Bus) {
    let store = database.prepared().await;
    let work = store.work();
    let quick = Deliveries { backoff: Duration::from_millis(1), ..long() };
    let mut queue = queue(&bus, &store, quick).await;
    let sent = event();
    bus.publish(&sent).await.unwrap();
    for delivered in 1..=3 {
        let job = next(&mut queue).await;
        assert_eq!(job.delivered, delivered);
        job.failed("it cannot be read").await.unwrap();
    }
    let [letter] = &work.dead_letters(tenant(), true, 10).await.unwrap()[..] else { panic!() };
    assert_eq!((letter.reason.as_str(), letter.attempts), ("it cannot be read", 3));
    assert_eq!((letter.subject.as_str(), letter.task), ("tasks.dispatch", None));
    // Given up once more, it is one letter.
    work.bury_event(&sent, "again", 4).await.unwrap();
    assert_eq!(work.dead_letters(tenant(), true, 10).await.unwrap().len(), 1);
    assert_eq!(work.dead_letters(TenantId::from_parts(9, 9), true, 10).await.unwrap(), []);
    // Tried again, it is a new event with the same content.
    let (permit, audit) = (admin_permit(false), record(Kind::Admin));
    work.retry_dead_letter(&permit, letter.id, &audit).await.unwrap();
    store::Relay::new(&store, bus.clone()).carry().await.unwrap();
    let job = next(&mut queue).await;
    assert_ne!(job.event.event_id, sent.event_id);
    assert_eq!(Envelope { event_id: sent.event_id, ..job.event.clone() }, sent);
    job.done().await.unwrap();
    assert_eq!(work.dead_letters(tenant(), true, 10).await.unwrap(), []);
}

async fn what_waits_comes_later(database: &Database, bus: Bus) {
    let store = database.prepared().await;
    let mut queue = queue(&bus, &store, long()).await;
    let [first, second] = [event(), event()];
    bus.publish(&first).await.unwrap();
    let job = next(&mut queue).await;
    let began = std::time::Instant::now();
    job.later(Duration::from_millis(700)).await.unwrap();
    bus.publish(&second).await.unwrap();
    let job = next(&mut queue).await;
    assert_eq!(job.event.event_id, second.event_id, "it does not wait for the other one");
    job.done().await.unwrap();
    let job = next(&mut queue).await;
    assert_eq!((job.event.event_id, job.delivered), (first.event_id, 2));
    assert!(began.elapsed() >= Duration::from_millis(650), "{:?}", began.elapsed());
}

async fn whispers_reach_those_who_listen(_: &Database, bus: Bus) {
    bus.whisper("deltas.ses_1", b"nobody hears this".to_vec()).await.unwrap();
    let mut one = bus.listen("deltas.ses_1").await.unwrap();
    let mut two = bus.listen("deltas.ses_1").await.unwrap();
    let mut other = bus.listen("deltas.ses_2").await.unwrap();
    for words in ["hel", "lo"] {
        bus.whisper("deltas.ses_1", words.as_bytes().to_vec()).await.unwrap();
    }
    bus.whisper("deltas.ses_2", b"else".to_vec()).await.unwrap();
    for heard in [&mut one, &mut two] {
        assert_eq!(heard.next().await.unwrap(), b"hel");
        assert_eq!(heard.next().await.unwrap(), b"lo");
    }
    assert_eq!(other.next().await.unwrap(), b"else");
    drop(two);
    bus.whisper("deltas.ses_1", b"still".to_vec()).await.unwrap();
    assert_eq!(one.next().await.unwrap(), b"still");
    let long = vec![0; store::WHISPER_BYTES_MAX + 1];
    assert!(bus.whisper("deltas.ses_1", long).await.is_err());
    assert!(bus.whisper("audit.decision", Vec::new()).await.is_err());
}

/// Publishes until a bell rings: it may not listen yet.
async fn rings(bus: &Bus, bell: &Bell, subject: &str) {
    let heard = async {
        loop {
            bus.publish(&event_of(subject)).await.unwrap();
            let rung = tokio::time::timeout(Duration::from_millis(100), bell.rung());
            if rung.await.is_ok() {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), heard).await.expect(subject);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bell_rings_for_what_other_processes_publish() {
    let (_server, bus) = nats().await;
    let all = Wakes { hears: &["tasks.run.>"], takes: &[] };
    let (one, two) = (bus.bell(all), bus.bell(all));
    // Everybody hears the news.
    rings(&bus, &one, "tasks.run.queued").await;
    rings(&bus, &two, "tasks.run.completed").await;
    // Of work one is woken, also of what was there before.
    bus.publish(&event()).await.unwrap();
    let taker = bus.bell(Wakes { hears: &[], takes: &["tasks.dispatch"] });
    tokio::time::timeout(Duration::from_secs(60), taker.rung()).await.expect("it was there");
    rings(&bus, &taker, "tasks.dispatch").await;
}
