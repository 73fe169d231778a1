//! Workers that come, go and die in any order, against a model of what must hold.

use std::collections::{BTreeMap, HashMap};

use proptest::prelude::*;
use serde_json::{Value, json};
use sqlx::AnyConnection;
use store::{
    Store,
    work::{Begun, Claim, End, Error, NewEvent, Outcome, Quotas, Resolution},
};
use types::{
    Payload, SessionId,
    audit::Kind,
    work::{EffectClass, EventKind},
};

use super::{LEASE, accept, ended, message, payload, step, terms};
use crate::support::{Database, admin_permit, record, tenant};

/// One step: who does what, with which of a few things.
type Act = (u8, usize, usize);

const WORKERS: usize = 3;
const CLASSES: [EffectClass; 4] =
    [EffectClass::Idempotent, EffectClass::Readback, EffectClass::Pure, EffectClass::Once];

fn acts() -> impl Strategy<Value = Vec<Act>> {
    prop::collection::vec((0_u8..13, 0_usize..WORKERS, 0_usize..12), 1..150)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn any_interleaving_answers_each_message_once_and_in_order(acts in acts()) {
        runtime().block_on(run(&acts, &Database::sqlite()));
    }
}

proptest! {
    // A database of each case stays where it failed: what is smaller is looked for on SQLite.
    #![proptest_config(ProptestConfig { max_shrink_iters: 0, ..ProptestConfig::with_cases(3) })]

    #[test]
    fn any_interleaving_answers_each_message_once_and_in_order_on_postgres(acts in acts()) {
        runtime().block_on(async {
            let database = Database::postgres().await;
            run(&acts, &database).await;
            database.remove().await;
        });
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// What the world has seen.
#[derive(Default)]
struct World {
    /// How often each message's answer went out, in the order of the answers.
    answers: HashMap<SessionId, Vec<String>>,
    /// How often receivers did something, by key.
    done: BTreeMap<String, u32>,
}

/// A worker with a run that it may have lost.
struct Worker {
    claim: Claim,
    /// Whether it has begun a step whose end it did not write yet.
    doing: bool,
}

async fn run(acts: &[Act], database: &Database) {
    let mut options = database.options();
    // Lost leases are the subject here, not what becomes of a run that is lost too often.
    options.work.losses_max = 1_000_000;
    options.work.step_attempts_max = 1_000_000;
    let store = Store::open(&options).await.unwrap();
    crate::support::prepare(&store).await;
    // One that is opened for each look takes longer than the look.
    let raw = &mut database.raw().await;
    let mut workers: [Option<Worker>; WORKERS] = Default::default();
    let mut world = World::default();
    for (what, worker, which) in acts {
        let (work, worker) = (store.work(), &mut workers[*worker]);
        match what {
            0 | 1 => drop(accept(&store, &format!("c{}", which % 3), &format!("m{which}")).await),
            2 => drop(work.schedule(2).await.unwrap()),
            3 => {
                for task in work.created(1).await.unwrap() {
                    work.permit(tenant(), task.id, &terms(), &record(Kind::Decision))
                        .await
                        .unwrap();
                }
            }
            4 => drop(work.dispatch(&Quotas::default()).await.unwrap()),
            // A worker that has a run forgets it: it died.
            5 => *worker = claim(&store).await,
            6 => expire(raw).await,
            7 => people(&store, &world).await,
            8 => {
                if let Some(Worker { claim, .. }) = worker {
                    let is_latest = is_latest(raw, claim).await;
                    assert_eq!(work.renew(claim).await.unwrap(), is_latest);
                }
            }
            _ => {
                act(&store, raw, worker, &mut world, which % 4 == 0).await;
            }
        }
        check(raw).await;
    }
    // Everybody is well again: all is done in the end.
    for _ in 0..200 {
        super::advance(&store).await;
        people(&store, &world).await;
        expire(raw).await;
        let mut last = claim(&store).await;
        if last.is_none() {
            break;
        }
        for _ in 0..3 {
            act(&store, raw, &mut last, &mut world, false).await;
        }
    }
    check(raw).await;
    all_answered(&store, database, &world).await;
}

/// Every worker that has a run says nothing for too long.
async fn expire(raw: &mut AnyConnection) {
    let expire = "update runs set lease_until = 1 where state = 'running'";
    sqlx::query(expire).execute(raw).await.unwrap();
}

async fn claim(store: &Store) -> Option<Worker> {
    let claim = store.work().claim("worker", LEASE).await.unwrap();
    claim.map(|claim| Worker { claim, doing: false })
}

/// One step of a worker that may have lost its run: it does the next thing that its journal does not have. One that
/// `dies` does so when it has begun a step, before it did anything.
async fn act(
    store: &Store,
    raw: &mut AnyConnection,
    worker: &mut Option<Worker>,
    world: &mut World,
    dies: bool,
) {
    let Some(Worker { claim, doing }) = worker else { return };
    let (work, is_latest) = (store.work(), is_latest(raw, claim).await);
    if std::mem::take(doing) {
        written(work.end_step(claim, &ended(1, End::Done)).await, is_latest);
        return;
    }
    let class = CLASSES[usize::from(claim.task.id.to_string().as_bytes()[29]) % CLASSES.len()];
    let mut new = step(1, Some(class));
    let key = format!("{}/1", claim.run);
    new.effect.as_mut().unwrap().key = key.clone();
    match written(work.begin_step(claim, &new).await, is_latest) {
        Some(Begun::Go { .. }) if dies => *worker = None,
        Some(Begun::Go { .. }) => {
            *doing = true;
            world.receive(key, class);
        }
        Some(Begun::Done(_)) => {
            let Payload::Inline { inline, .. } = &claim.task.input else { panic!("not inline") };
            let answer = NewEvent { kind: EventKind::Assistant, body: payload(inline.clone()) };
            let done = Outcome::Completed { result: payload(json!({})) };
            if written(work.finish(claim, &done, &[answer]).await, is_latest).is_some() {
                let session = claim.task.session.unwrap();
                let text = inline["text"].as_str().unwrap().to_owned();
                world.answers.entry(session).or_default().push(text);
            }
        }
        Some(Begun::Parked) => assert_eq!(class, EffectClass::Once, "nobody knows of `{key}`"),
        None => {}
    }
}

/// Whether a claim is the last one that was made on its run, and the run is not over and does not wait.
async fn is_latest(raw: &mut AnyConnection, claim: &Claim) -> bool {
    let epoch = "select lease_epoch from runs where id = $1 and state = 'running'";
    let row = sqlx::query(epoch).bind(claim.run.to_string()).fetch_optional(raw).await.unwrap();
    row.is_some_and(|row| sqlx::Row::get::<i64, _>(&row, 0) == claim.epoch)
}

/// What a write gave; `None` where the run is somebody else's, which is the only reason for which it may fail.
fn written<T>(result: Result<T, Error>, is_latest: bool) -> Option<T> {
    match result {
        Ok(value) => {
            assert!(is_latest, "an older claim wrote");
            Some(value)
        }
        Err(Error::Lost) => {
            assert!(!is_latest, "the latest claim could not write");
            None
        }
        Err(error) => panic!("{error:?}"),
    }
}

impl World {
    /// The receiver of an effect: of most it knows the keys, or somebody looks them up there before.
    fn receive(&mut self, key: String, class: EffectClass) {
        let times = self.done.entry(key).or_default();
        assert!(class != EffectClass::Once || *times == 0, "it happened twice");
        *times = 1;
    }
}

/// People look whether what nobody knows of has happened, and say so.
async fn people(store: &Store, world: &World) {
    let work = store.work();
    for asked in work.unknown(tenant(), 100).await.unwrap() {
        let happened = world.done.contains_key(&asked.key);
        let said = if happened { Resolution::Happened } else { Resolution::Retry };
        let (permit, audit) = (admin_permit(false), record(Kind::Admin));
        work.resolve(&permit, &asked.key, said, &audit).await.unwrap();
    }
}

/// What holds at every instant.
async fn check(raw: &mut AnyConnection) {
    for wrong in [
        "select count(*) from sessions s where s.active_task is not null and not exists \
           (select 1 from tasks t where t.id = s.active_task and t.ended_at is null)",
        "select count(*) from (select session_id from tasks where ended_at is null \
           group by session_id having count(*) > 1) x",
        "select count(*) from tasks t join runs r on r.task_id = t.id where \
           (t.state = 'running') <> (r.state = 'running') or \
           (t.state = 'completed') <> (r.state = 'completed')",
        "select count(*) from transcript t where event_no > 1 and not exists \
           (select 1 from transcript p where p.session_id = t.session_id \
              and p.event_no = t.event_no - 1)",
        "select count(*) from effects e join steps s on s.run_id = e.run_id \
           where (e.state = 'sent') <> (s.state = 'done')",
    ] {
        let query = sqlx::query(wrong).fetch_one(&mut *raw).await.unwrap();
        assert_eq!(sqlx::Row::get::<i64, _>(&query, 0), 0, "{wrong}");
    }
}

/// Each message has one answer, in the order in which they came, and each effect one receipt.
async fn all_answered(store: &Store, database: &Database, world: &World) {
    let open = "select count(*) from tasks where state <> 'completed'";
    assert_eq!(database.count(open).await, 0);
    let mut messages = 0;
    for conversation in ["c0", "c1", "c2"] {
        let agent = super::agent_id();
        let work = store.work();
        let session = work.session_of(tenant(), "webchat", conversation, agent).await.unwrap();
        let Some(session) = session else { continue };
        let events = work.events(tenant(), session.id, 0, 1000).await.unwrap();
        let texts = |kind: EventKind| -> Vec<Value> {
            let of = events.iter().filter(|event| event.kind == kind);
            of.map(|event| match &event.body {
                Payload::Inline { inline, .. } => inline["text"].clone(),
                Payload::Object { .. } => panic!("not inline"),
            })
            .collect()
        };
        let asked = texts(EventKind::User);
        assert_eq!(asked, texts(EventKind::Assistant));
        let answered = world.answers.get(&session.id).cloned().unwrap_or_default();
        assert_eq!(asked, answered);
        messages += asked.len();
    }
    assert_eq!(world.done.len(), messages);
    let sent = "select count(*) from effects where state = 'sent'";
    assert_eq!(usize::try_from(database.count(sent).await).unwrap(), messages);
}

/// How many messages come, and to how many sessions.
fn size() -> (usize, usize) {
    #[expect(clippy::disallowed_methods, reason = "how long the tests may take, not a setting")]
    let full = std::env::var_os("ORCHESTACK_FULL").is_some();
    if full { (10_000, 100) } else { (400, 10) }
}

/// Messages come shuffled, twice, from several connectors' workers at once: each is one task, in the order
/// in which it was first accepted.
async fn shuffled_messages_are_one_each(database: &Database) {
    let store = database.prepared().await;
    let (count, sessions) = size();
    let mut all = tokio::task::JoinSet::new();
    for worker in 0..4 {
        let store = store.clone();
        all.spawn(async move {
            // Another order for everybody: each number once, since the factor is prime to the count.
            for n in 0..count / 2 {
                let n = (n * [7919, 104_729, 1_299_709, 15_485_863][worker] + worker * 31) % count;
                let sent = message(&format!("c{}", n % sessions), &format!("m{n}"));
                store.work().accept(&sent).await.unwrap();
            }
        });
    }
    all.join_all().await;
    for n in 0..count {
        accept(&store, &format!("c{}", n % sessions), &format!("m{n}")).await;
    }
    let expected = i64::try_from(count).unwrap();
    assert_eq!(database.count("select count(*) from inbox").await, expected);
    let events = "select count(*) from transcript where kind = 'user'";
    assert_eq!(database.count(events).await, expected);
    let told = "select count(*) from outbox where subject = 'ingress.webchat.message'";
    assert_eq!(database.count(told).await, expected);
    let gaps = "select count(*) from inbox i where seq > 1 and not exists (select 1 from inbox p \
                where p.session_id = i.session_id and p.seq = i.seq - 1)";
    assert_eq!(database.count(gaps).await, 0);
    let apart = "select count(*) from inbox i join transcript t on t.session_id = i.session_id \
                 and t.event_no = i.event_no where t.body <> i.body";
    assert_eq!(database.count(apart).await, 0);
}

crate::on_both! {
    shuffled_messages_are_one_each;
}
