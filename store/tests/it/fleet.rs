//! What gateways share in Redis, on a real one.

use std::{
    io::{Read as _, Write as _},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use store::{
    Store,
    fleet::{Answer, Ask, Charge, Fleet, Left, Options, Places, Use, name},
    ledger::{Error, HoldAsk},
};
use types::{Nanos, RequestId, Secret, audit::Kind};

use crate::support::{CENT, Database, admin_permit, ask, cap, permit, prepare, record};

/// Long enough that a busy machine is no reason for it.
const PATIENT: Duration = Duration::from_secs(5);

fn options(url: &str, prefix: &str, timeout: Duration) -> Options {
    Options { url: Secret::new(url), prefix: prefix.to_owned(), timeout }
}

pub fn redis_url() -> String {
    #[expect(clippy::disallowed_methods, reason = "where the tests' server is, not a setting")]
    let url = std::env::var("ORCHESTACK_TEST_REDIS");
    url.unwrap_or_else(|_| "redis://127.0.0.1:6379".to_owned())
}

/// What keys of one test begin with; others use the same server.
pub fn prefix() -> String {
    format!("test:{}", RequestId::generate())
}

/// A Redis of a test's own, to be stopped and emptied.
pub struct Own {
    child: Child,
    pub url: String,
    _folder: tempfile::TempDir,
}

impl Own {
    /// Starts one on a free port, and on another where somebody was faster to take that.
    pub async fn start() -> Self {
        for _ in 0..8 {
            let mut redis = Self::spawn();
            let until = Instant::now() + Duration::from_secs(30);
            while redis.child.try_wait().unwrap().is_none() {
                if redis.is_it().unwrap_or_default() {
                    return redis;
                }
                assert!(Instant::now() < until, "Redis does not answer");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        panic!("Redis ends at once, whatever its port");
    }

    /// Whether what answers is this process, and no other that has its port.
    fn is_it(&self) -> std::io::Result<bool> {
        let mut stream = std::net::TcpStream::connect(self.url.trim_start_matches("redis://"))?;
        stream.set_read_timeout(Some(PATIENT))?;
        // Once it is told to quit, it closes the connection behind what it answered.
        stream.write_all(b"PING\r\nINFO server\r\nQUIT\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let own = format!("process_id:{}\r", self.child.id());
        Ok(answer.starts_with("+PONG") && answer.contains(&own))
    }

    fn spawn() -> Self {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port().to_string();
        drop(free);
        let folder = tempfile::tempdir().unwrap();
        let child = Command::new("redis-server")
            .args(["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .arg("--dir")
            .arg(folder.path())
            .stdout(Stdio::null())
            .spawn()
            .expect("these tests start a Redis: `apt-get install redis-server`");
        Self { child, url: format!("redis://127.0.0.1:{port}"), _folder: folder }
    }

    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &pid]).status().unwrap().success());
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub async fn raw(url: &str) -> redis::aio::MultiplexedConnection {
    let client = redis::Client::open(url).unwrap();
    client.get_multiplexed_async_connection().await.expect("Redis runs")
}

async fn up(fleet: &Fleet) {
    let until = Instant::now() + Duration::from_secs(30);
    while !fleet.is_up() {
        assert!(Instant::now() < until, "Redis did not come up");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn joined(url: &str, prefix: &str, who: &str) -> Fleet {
    let fleet = Fleet::begin(&options(url, prefix, PATIENT), who).unwrap();
    up(&fleet).await;
    fleet
}

/// Two gateways that share a Redis.
async fn two() -> (Fleet, Fleet) {
    let (url, prefix) = (redis_url(), prefix());
    (joined(&url, &prefix, "one").await, joined(&url, &prefix, "two").await)
}

fn take(id: &str, max: u32, count: u64) -> Ask {
    let wanted = Use::Take { count, own: Duration::ZERO };
    Ask { name: name("agent", id, "requests"), max, wanted }
}

fn place(id: &str, max: u32, count: u32, version: u64) -> Ask {
    let wanted = Use::Place(Places { count, version });
    Ask { name: name("agent", id, "concurrent"), max, wanted }
}

/// Whether it is so many seconds, less those that passed since.
fn about(wait: Duration, seconds: u64, since: Instant) -> bool {
    let seconds = Duration::from_secs(seconds);
    // A millisecond for what is rounded up.
    let (least, most) = (seconds.saturating_sub(since.elapsed()), Duration::from_millis(1));
    (least..=seconds + most).contains(&wait)
}

async fn left(fleet: &Fleet, asks: &[Ask]) -> Vec<u32> {
    match fleet.take(asks).await.expect("Redis answers") {
        Answer::Passed(left) => left.iter().map(|left| left.remaining).collect(),
        full @ Answer::Full { .. } => panic!("{full:?}"),
    }
}

async fn passes(fleet: &Fleet, asks: &[Ask]) -> bool {
    matches!(fleet.take(asks).await.expect("Redis answers"), Answer::Passed(_))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_minutes_worth_is_shared_and_not_one_more_passes() {
    let (one, two) = two().await;
    let begun = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..200 {
        let fleet = if n % 2 == 0 { one.clone() } else { two.clone() };
        tasks.spawn(async move { passes(&fleet, &[take("a", 60, 1)]).await });
    }
    let passed = tasks.join_all().await.into_iter().filter(|passed| *passed).count();
    // One more comes back each second.
    let back = usize::try_from(begun.elapsed().as_secs()).unwrap();
    assert!((60..=60 + back).contains(&passed), "{passed} and {back} came back");
}

#[tokio::test]
async fn what_one_limit_refuses_takes_nothing_of_the_others() {
    let (one, two) = two().await;
    let path = [place("p", 5, 1, 1), take("wide", 10, 1), take("narrow", 1, 1)];
    let begun = Instant::now();
    assert_eq!(left(&one, &path).await, [4, 9, 0]);
    for _ in 0..5 {
        let full = two.take(&path).await.unwrap();
        let Answer::Full { index: 2, wait } = full else { panic!("{full:?}") };
        assert!(about(wait, 60, begun), "{wait:?}");
    }
    // Six seconds bring one back.
    let rest = left(&two, &[place("p", 5, 1, 2), take("wide", 10, 1)]).await;
    let back = u32::try_from(begun.elapsed().as_secs() / 6).unwrap();
    assert!(rest[0] == 3 && (8..=8 + back.min(1)).contains(&rest[1]), "{rest:?}");
}

#[tokio::test]
async fn what_was_really_used_is_charged_and_what_was_not_is_given_back() {
    let (one, two) = two().await;
    let tokens = |count| [take("t", 600_000, count)];
    let charge = |count| [Charge { name: name("agent", "t", "requests"), max: 600_000, count }];
    let begun = Instant::now();
    // Ten thousand come back a second.
    let near = |left: &[u32], wanted: u32| {
        let back = u32::try_from(begun.elapsed().as_millis()).unwrap() * 10 + 10;
        (wanted..=wanted + back).contains(&left[0])
    };
    let rest = left(&one, &tokens(100_000)).await;
    assert!(near(&rest, 500_000), "{rest:?}");
    one.charge(&charge(200_000)).await;
    let rest = left(&two, &tokens(1)).await;
    assert!(near(&rest, 299_999), "{rest:?}");
    two.charge(&charge(-100_000)).await;
    let rest = left(&two, &tokens(1)).await;
    assert!(near(&rest, 399_998), "{rest:?}");
    // A call that used more than a minute's worth is waited for.
    one.charge(&charge(1_200_000)).await;
    let full = two.take(&tokens(1)).await.unwrap();
    let Answer::Full { index: 0, wait } = full else { panic!("{full:?}") };
    assert!(about(wait, 80, begun), "{wait:?}");
    // What is given back is no credit beyond a full minute.
    one.charge(&charge(-9_000_000)).await;
    let rest = left(&one, &tokens(1)).await;
    assert_eq!(rest, [599_999]);
    // One that asks for more than there ever is passes a full bucket, and the rest is its debt.
    let more = [take("more", 60, 90)];
    let begun = Instant::now();
    assert!(passes(&one, &more).await);
    let full = two.take(&[take("more", 60, 1)]).await.unwrap();
    let Answer::Full { wait, .. } = full else { panic!("{full:?}") };
    assert!(about(wait, 31, begun), "{wait:?}");
}

#[tokio::test]
async fn places_are_whole_numbers_of_each_process_and_end_with_it() {
    let (url, prefix) = (redis_url(), prefix());
    let one = joined(&url, &prefix, "one").await;
    let two = joined(&url, &prefix, "two").await;
    let called = name("agent", "p", "concurrent");
    assert!(passes(&one, &[place("p", 3, 2, 2)]).await, "the later of two came first");
    assert!(passes(&two, &[place("p", 3, 1, 1)]).await);
    assert!(!passes(&two, &[place("p", 3, 2, 2)]).await);
    // What comes late changes nothing.
    one.places(&[(called.clone(), Places { count: 1, version: 1 })]).await;
    assert!(!passes(&two, &[place("p", 3, 2, 3)]).await);
    one.places(&[(called.clone(), Places { count: 1, version: 3 })]).await;
    assert!(passes(&two, &[place("p", 3, 2, 4)]).await);
    // Of a process that is gone nothing is left once its lease is over; while it lasts, it counts.
    let mut conn = raw(&url).await;
    let key = format!("{prefix}:{called}");
    let mut set = async |ends: u64| {
        let field = format!("3:9:{ends}");
        let set = redis::cmd("HSET").arg(&key).arg("dead").arg(field).query_async(&mut conn).await;
        let _: i64 = set.unwrap();
    };
    set(u64::MAX / 4096).await;
    assert!(!passes(&two, &[place("p", 5, 2, 5)]).await);
    set(1_000_000).await;
    assert!(passes(&two, &[place("p", 5, 2, 6)]).await);
    let mut conn = raw(&url).await;
    let known: Vec<String> = redis::cmd("HKEYS").arg(&key).query_async(&mut conn).await.unwrap();
    assert!(!known.contains(&"dead".to_owned()), "{known:?}");
    let lease: i64 = redis::cmd("PTTL").arg(&key).query_async(&mut conn).await.unwrap();
    assert!((1..=15_000).contains(&lease), "{lease}");
}

#[tokio::test]
async fn a_clock_that_is_set_back_makes_nobody_wait() {
    let (url, prefix) = (redis_url(), prefix());
    let one = joined(&url, &prefix, "one").await;
    let mut conn = raw(&url).await;
    let (seconds, _): (u64, u64) = redis::cmd("TIME").query_async(&mut conn).await.unwrap();
    // As it was said an hour from now: twenty of sixty are used, and two of three places taken.
    let later = (seconds + 3600) * 1_000_000;
    let key = |name: String| format!("{prefix}:{name}");
    let (rate, places) = (name("agent", "a", "requests"), name("agent", "p", "concurrent"));
    let rated = format!("{}.000:{later}", later + 20_000_000);
    let _: () =
        redis::cmd("SET").arg(key(rate.clone())).arg(&rated).query_async(&mut conn).await.unwrap();
    let taken = format!("2:1:{}", later + 15_000_000);
    let mut set = redis::cmd("HSET");
    let _: i64 =
        set.arg(key(places.clone())).arg("two").arg(taken).query_async(&mut conn).await.unwrap();
    assert_eq!(left(&one, &[take("a", 60, 1), place("p", 3, 1, 1)]).await, [39, 0]);
    let mut get = redis::cmd("HGET");
    let held: String = get.arg(key(places)).arg("two").query_async(&mut conn).await.unwrap();
    let ends: u64 = held.split(':').next_back().unwrap().parse().unwrap();
    assert!(ends < (seconds + 60) * 1_000_000, "{held}");
    // What is known afterwards is counted from there as well.
    let _: () =
        redis::cmd("SET").arg(key(rate.clone())).arg(&rated).query_async(&mut conn).await.unwrap();
    one.charge(&[Charge { name: rate, max: 60, count: 10 }]).await;
    let rest = left(&one, &[take("a", 60, 1)]).await;
    assert!((29..35).contains(&rest[0]), "{rest:?}");
}

#[tokio::test]
async fn a_redis_that_forgot_hears_what_each_let_through_itself() {
    let redis = Own::start().await;
    let one = joined(&redis.url, "p", "one").await;
    // One comes back in twenty seconds.
    assert_eq!(left(&one, &[take("a", 3, 1)]).await, [2]);
    let mut conn = raw(&redis.url).await;
    let _: () = redis::cmd("FLUSHALL").query_async(&mut conn).await.unwrap();
    let own = Use::Take { count: 1, own: Duration::from_secs(20) };
    let ask = Ask { wanted: own, ..take("a", 3, 1) };
    let told = one.take(std::slice::from_ref(&ask)).await.unwrap();
    assert!(
        matches!(told, Answer::Passed(ref left) if matches!(left[..], [Left { remaining: 1, .. }])),
        "{told:?}"
    );
    // The scripts were gone as well, and are there again without a failure.
    let _: () = redis::cmd("SCRIPT").arg("FLUSH").query_async(&mut conn).await.unwrap();
    assert_eq!(left(&one, &[take("a", 3, 1)]).await, [0]);
    assert_eq!(one.turns(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_stands_still_costs_one_late_answer_and_is_found_again() {
    let redis = Own::start().await;
    let limit = Duration::from_millis(50);
    let fleet = Fleet::begin(&options(&redis.url, "p", limit), "one").unwrap();
    up(&fleet).await;
    redis.signal("STOP");
    let begun = Instant::now();
    // Many at once, and not one after the other.
    let asks: Vec<_> = (0..100).map(|_| fleet.clone()).collect();
    let all = asks.iter().map(|fleet| async { fleet.take(&[take("a", 60, 1)]).await });
    let answers = futures::future::join_all(all).await;
    assert!(answers.iter().all(Option::is_none));
    assert!(begun.elapsed() < limit * 100, "{:?}", begun.elapsed());
    assert_eq!((fleet.is_up(), fleet.turns()), (false, 1));
    let begun = Instant::now();
    for _ in 0..1000 {
        assert_eq!(fleet.take(&[take("a", 60, 1)]).await, None);
    }
    assert!(begun.elapsed() < limit * 1000, "nobody waits any more: {:?}", begun.elapsed());
    redis.signal("CONT");
    let until = Instant::now() + Duration::from_secs(30);
    // On a busy machine an answer may be late once more.
    while fleet.take(&[take("b", 60, 1)]).await.is_none() {
        assert!(Instant::now() < until, "Redis is not found again");
        up(&fleet).await;
    }
    redis.signal("KILL");
    assert_eq!(fleet.take(&[take("b", 60, 1)]).await, None);
}

/// The one word or mark on an account, and how long it stands, in milliseconds.
async fn word(url: &str) -> Option<(String, i64)> {
    let mut conn = raw(url).await;
    let keys: Vec<String> =
        redis::cmd("KEYS").arg("p:full:*").query_async(&mut conn).await.unwrap();
    assert!(keys.len() <= 1, "{keys:?}");
    let key = keys.first()?;
    let word: Option<String> = redis::cmd("GET").arg(key).query_async(&mut conn).await.unwrap();
    let left: i64 = redis::cmd("PTTL").arg(key).query_async(&mut conn).await.unwrap();
    Some((word?, left))
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_makes_room_silences_what_was_said_and_what_is_said_too_late() {
    let (redis, database) = (Own::start().await, Database::sqlite());
    drop(joined(&redis.url, "p", "first").await);
    let shared = Some(options(&redis.url, "p", PATIENT));
    let store = Store::open(&store::Options { redis: shared, ..database.options() }).await.unwrap();
    prepare(&store).await;
    up(&store.fleet().unwrap()).await;
    let refused = async || {
        let held = store.ledger().hold(&permit(), ask(vec![cap(CENT)], 2 * CENT), None).await;
        assert!(matches!(held, Err(Error::Exhausted { .. })), "{held:?}");
    };
    let until = Instant::now() + Duration::from_secs(30);
    // It is said after the refusal, and no longer than two seconds.
    let (said, left) = loop {
        refused().await;
        match word(&redis.url).await {
            Some(found) => break found,
            None => assert!(Instant::now() < until, "nothing was said"),
        }
    };
    assert!(!said.is_empty() && left <= 2_000, "{said} {left}");
    // It is taken, unless the account is known to have changed.
    while store.fleet().unwrap().denied() == 0 {
        assert!(Instant::now() < until, "no word is taken");
        refused().await;
    }
    let denied = store.fleet().unwrap().denied();
    // Whoever would take less asks the database: what was held when it was said may have come back.
    let modest = HoldAsk { least: Nanos(CENT), ..ask(vec![cap(CENT)], 2 * CENT) };
    let held = store.ledger().hold(&permit(), modest, None).await;
    assert!(matches!(held, Err(Error::Exhausted { .. })), "{held:?}");
    assert_eq!(store.fleet().unwrap().denied(), denied);
    let set = async |cents: i64| {
        let record = record(Kind::Admin);
        store.caps().set(&admin_permit(false), &cap(cents * CENT), &record).await.unwrap();
    };
    set(10).await;
    let (mark, left) = word(&redis.url).await.unwrap();
    assert!(mark.is_empty() && left > 2_000, "{mark} {left}");
    store.ledger().hold(&permit(), ask(vec![cap(CENT)], 2 * CENT), None).await.unwrap();
    // While the mark stands, nobody is heard: what was read before a change may be told after it.
    set(1).await;
    refused().await;
    refused().await;
    assert_eq!(store.fleet().unwrap().denied(), denied);
    assert_eq!(word(&redis.url).await.unwrap().0, "");
}

#[test]
fn a_name_in_redis_gives_no_id_away_and_is_each_limits_own() {
    let of = |scope, id, kind| name(scope, id, kind);
    let ann = of("user", "ann@example.com", "tokens");
    assert!(ann.starts_with("tokens:") && !ann.contains("ann"), "{ann}");
    let others = [("agent", "ann@example.com", "tokens"), ("user", "bob", "tokens")];
    assert!(others.iter().all(|(scope, id, kind)| of(scope, id, kind) != ann));
    assert_eq!(ann.len(), "tokens:".len() + 32);
}

#[tokio::test]
async fn an_address_that_cannot_be_read_is_not_repeated() {
    let url = "redis://:hunter2@[::1";
    let error = Fleet::begin(&options(url, "p", PATIENT), "one").err().unwrap().to_string();
    assert!(error.contains("redis.url") && !error.contains("hunter2"), "{error}");
    let options = format!("{:?}", options("redis://:hunter2@h", "p", PATIENT));
    assert!(!options.contains("hunter2"), "{options}");
}
