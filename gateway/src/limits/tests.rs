use std::num::NonZeroU32;

use budget::Scope;
use governor::clock::FakeRelativeClock;
use types::Code;

use super::{told::seconds, *};

type Clock = FakeRelativeClock;

fn limit(scope: Scope, kind: LimitKind, max: u32) -> Limit {
    Limit { scope, scope_id: "x".to_owned(), kind, max: NonZeroU32::new(max).unwrap() }
}

fn requests(scope: Scope, max: u32) -> Limit {
    limit(scope, LimitKind::Requests, max)
}

fn tokens(max: u32) -> [Limit; 1] {
    [limit(Scope::Key, LimitKind::Tokens, max)]
}

fn limits() -> (Limits<Clock>, Clock) {
    let clock = Clock::default();
    // Not at zero, so that nothing rests on that.
    clock.advance(Duration::from_secs(1_000));
    (Limits::on(clock.clone(), Counting::default()), clock)
}

/// How long somebody waits; nothing where the request passes.
fn wait(limits: &Limits<Clock>, asked: &[Limit]) -> Option<Duration> {
    limits.enter_here(asked).err().map(|limited| limited.wait)
}

/// As [`wait`] for the tokens of a request, which is then over and used `used`.
fn spend(limits: &Limits<Clock>, asked: &[Limit], estimate: u64, used: u64) -> Option<Duration> {
    let mut passes = limits.enter_here(asked).unwrap();
    match limits.tokens_here(&mut passes, estimate) {
        Ok(tokens) => tokens.used(Some(used)),
        Err(limited) => return Some(limited.wait),
    }
    None
}

fn told(limits: &Limits<Clock>, asked: &[Limit]) -> (u32, u64) {
    let mut passes = limits.enter_here(asked).unwrap();
    // One is taken to ask, and given back.
    drop(limits.tokens_here(&mut passes, 1).unwrap());
    let told = passes.told[0];
    (told.remaining, told.reset.map_or(0, seconds))
}

#[test]
fn a_minutes_worth_passes_at_once_and_then_one_at_a_time() {
    let (limits, clock) = limits();
    let key = [requests(Scope::Key, 6)];
    // A bucket that stands full lets no more through than a new one.
    for _ in 0..2 {
        for left in (0..6).rev() {
            let passes = limits.enter_here(&key).unwrap();
            assert_eq!(passes.told[0].remaining, left);
            assert_eq!(passes.told[0].reset, Some(Duration::from_secs(10 * (6 - u64::from(left)))));
        }
        assert_eq!(wait(&limits, &key), Some(Duration::from_secs(10)));
        clock.advance(Duration::from_secs(4));
        assert_eq!(wait(&limits, &key), Some(Duration::from_secs(6)));
        clock.advance(Duration::from_secs(6));
        assert_eq!(wait(&limits, &key), None);
        assert!(wait(&limits, &key).is_some());
        clock.advance(Duration::from_secs(3_600));
    }
}

#[test]
fn a_request_that_one_limit_refuses_uses_nothing_of_the_others() {
    let (limits, _clock) = limits();
    let places = limit(Scope::Agent, LimitKind::Concurrent, 1);
    let wide = requests(Scope::Tenant, 2);
    let path = [places, wide.clone(), requests(Scope::Agent, 1)];
    drop(limits.enter_here(&path).unwrap());
    for _ in 0..5 {
        let limited = limits.enter_here(&path).err().unwrap();
        assert_eq!(limited.limit, path[2]);
    }
    assert_eq!(wait(&limits, std::slice::from_ref(&wide)), None, "one of two is left");
    assert!(wait(&limits, &[wide]).is_some());
    assert!(limits.places.all().is_empty(), "no place is taken");
}

#[test]
fn requests_share_a_limit_only_where_it_is_the_same_spenders() {
    let (limits, _clock) = limits();
    let one = [requests(Scope::Key, 1)];
    let other = [Limit { scope_id: "y".to_owned(), ..one[0].clone() }];
    assert_eq!((wait(&limits, &one), wait(&limits, &other)), (None, None));
    assert!(wait(&limits, &one).is_some() && wait(&limits, &other).is_some());
}

#[test]
fn places_are_free_again_when_requests_end() {
    let (limits, _clock) = limits();
    let agent = [limit(Scope::Agent, LimitKind::Concurrent, 2)];
    let (first, second) = (limits.enter_here(&agent).unwrap(), limits.enter_here(&agent).unwrap());
    assert_eq!((first.told[0].remaining, second.told[0].remaining), (1, 0));
    assert_eq!(wait(&limits, &agent), Some(AT_ONCE_WAIT));
    drop(first);
    let third = limits.enter_here(&agent).unwrap();
    // A new limit counts those that run already.
    assert!(wait(&limits, &[limit(Scope::Agent, LimitKind::Concurrent, 1)]).is_some());
    drop((second, third));
    assert!(limits.places.all().is_empty());
}

#[test]
fn what_a_call_really_used_is_what_counts() {
    let (limits, _clock) = limits();
    let key = tokens(600);
    assert_eq!(spend(&limits, &key, 100, 40), None);
    assert_eq!(told(&limits, &key), (559, 5));
    assert_eq!(spend(&limits, &key, 100, 400), None);
    assert_eq!(told(&limits, &key).0, 159);
    // Refused, it uses nothing.
    assert_eq!(spend(&limits, &key, 200, 0), Some(Duration::from_secs(4)));
    assert_eq!(told(&limits, &key).0, 159);
}

#[test]
fn a_call_that_used_more_than_there_was_is_waited_for_to_the_end() {
    let (limits, clock) = limits();
    let key = tokens(600);
    // Ten a second: what is over a full bucket takes a minute for each bucket.
    assert_eq!(spend(&limits, &key, 10, 1_800), None);
    assert_eq!(spend(&limits, &key, 10, 10), Some(Duration::from_secs(121)));
    clock.advance(Duration::from_secs(120));
    assert_eq!(spend(&limits, &key, 10, 10), Some(Duration::from_secs(1)));
    clock.advance(Duration::from_secs(1));
    assert_eq!(spend(&limits, &key, 10, 10), None);
}

#[test]
fn a_request_that_is_longer_than_a_minutes_worth_passes_when_the_bucket_is_full() {
    let (limits, clock) = limits();
    let key = tokens(60);
    assert_eq!(spend(&limits, &key, 90, 90), None);
    assert_eq!(spend(&limits, &key, 1, 1), Some(Duration::from_secs(31)));
    clock.advance(Duration::from_secs(90));
    assert_eq!(spend(&limits, &key, 90, 90), None);
}

#[test]
fn what_nobody_knows_counts_as_estimated_and_what_was_refused_as_nothing() {
    let (limits, _clock) = limits();
    let key = tokens(600);
    let taken = |used: &[Option<u64>]| {
        let mut passes = limits.enter_here(&key).unwrap();
        let tokens = limits.tokens_here(&mut passes, 100).unwrap();
        used.iter().for_each(|used| tokens.used(*used));
    };
    taken(&[]);
    taken(&[Some(0)]);
    assert_eq!(told(&limits, &key).0, 599);
    taken(&[None]);
    assert_eq!(told(&limits, &key).0, 499);
    // A first attempt that was refused and a second that was not: what was taken pays once.
    taken(&[Some(0), Some(150)]);
    assert_eq!(told(&limits, &key).0, 349);
}

#[test]
fn full_buckets_are_forgotten_when_there_are_too_many() {
    let (limits, clock) = limits();
    let numbered = |n: usize| [Limit { scope_id: n.to_string(), ..requests(Scope::Key, 1) }];
    for n in 0..BUCKETS_MAX {
        drop(limits.enter_here(&numbered(n)).unwrap());
    }
    clock.advance(Duration::from_secs(59));
    drop(limits.enter_here(&numbered(BUCKETS_MAX)).unwrap());
    assert_eq!(limits.buckets.lock().unwrap().len(), BUCKETS_MAX + 1, "none is full");
    clock.advance(Duration::from_secs(1));
    drop(limits.enter_here(&numbered(BUCKETS_MAX + 1)).unwrap());
    assert_eq!(limits.buckets.lock().unwrap().len(), 2);
    assert!(wait(&limits, &numbered(BUCKETS_MAX)).is_some(), "what is not full is kept");
}

#[test]
fn the_caller_is_told_of_the_tightest_limit_of_each_kind() {
    let (limits, _clock) = limits();
    let path = [
        limit(Scope::Agent, LimitKind::Concurrent, 8),
        requests(Scope::Key, 60),
        requests(Scope::Tenant, 20),
        limit(Scope::Tenant, LimitKind::Tokens, 1_000),
    ];
    let mut passes = limits.enter_here(&path).unwrap();
    let _tokens = limits.tokens_here(&mut passes, 250).unwrap();
    let expected = [
        ("ratelimit-policy", r#""requests";q=20;w=60, "tokens";q=1000;w=60, "concurrent";q=8"#),
        ("ratelimit", r#""requests";r=19;t=3, "tokens";r=750;t=15, "concurrent";r=7"#),
    ];
    let told = headers(&passes.told);
    let told: Vec<_> = told.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(told, expected);
    assert!(headers(&[]).is_empty());
}

#[test]
fn a_refusal_says_whose_limit_it_is_and_when_to_come_again() {
    let wait = Duration::from_millis(2_100);
    let limited = Limited { limit: requests(Scope::Model, 60), share: 60, wait };
    let refusal = limited.refusal();
    assert_eq!(refusal.code, Code::RateLimited);
    assert_eq!(refusal.retry_after, Some(3));
    let message = "the limit of the model `x` is 60 requests a minute; try again in 3 s";
    assert_eq!(refusal.message, message);
    let told = headers(&[limited.told()]);
    assert_eq!(told[1].1, r#""requests";r=0;t=3"#);
}

fn among(gateways: u32) -> (Limits<Clock>, Clock) {
    let (limits, clock) = limits();
    limits.counting.count(gateways);
    (limits, clock)
}

#[test]
fn each_of_several_gateways_lets_through_its_share_and_at_least_one() {
    for (gateways, max, share) in [(1, 6, 6), (2, 6, 3), (4, 6, 1), (9, 6, 1)] {
        let (limits, _clock) = among(gateways);
        let key = [requests(Scope::Key, max)];
        let passed = (0..max + 1).filter(|_| limits.enter_here(&key).is_ok()).count();
        assert_eq!(passed, share, "{max} among {gateways}");
        let places = [limit(Scope::Agent, LimitKind::Concurrent, max)];
        let open: Vec<_> = (0..max + 1).filter_map(|_| limits.enter_here(&places).ok()).collect();
        assert_eq!(open.len(), share, "{max} places among {gateways}");
    }
}

#[test]
fn a_smaller_share_begins_with_what_was_used_of_the_larger_one() {
    let (limits, clock) = limits();
    let key = [requests(Scope::Key, 60)];
    for _ in 0..20 {
        drop(limits.enter_here(&key).unwrap());
    }
    // Twenty of thirty, and one back every two seconds.
    limits.counting.count(2);
    let passed = (0..60).filter(|_| limits.enter_here(&key).is_ok()).count();
    assert_eq!(passed, 10);
    assert_eq!(wait(&limits, &key), Some(Duration::from_secs(2)));
    // Alone again: thirty of sixty are used.
    limits.counting.count(1);
    let passed = (0..60).filter(|_| limits.enter_here(&key).is_ok()).count();
    assert_eq!(passed, 30);
    clock.advance(Duration::from_secs(60));
    assert_eq!(told(&limits, &[key[0].clone(), tokens(60)[0].clone()]).0, 59);
}

#[test]
fn more_than_a_share_that_was_used_is_no_debt_but_a_debt_stays_one() {
    let (limits, _clock) = limits();
    let key = tokens(600);
    assert_eq!(spend(&limits, &key, 10, 500), None);
    limits.counting.count(4);
    // All of the 150 are used and no more: three come back a second... of 150 a minute, so 2.5.
    assert_eq!(spend(&limits, &key, 5, 5), Some(Duration::from_secs(2)));
    // Three minutes' worth of the whole limit.
    limits.counting.count(1);
    let other = [Limit { scope_id: "y".to_owned(), ..key[0].clone() }];
    assert_eq!(spend(&limits, &other, 10, 1_800), None);
    limits.counting.count(4);
    let debt = spend(&limits, &other, 1, 1).unwrap();
    assert!(debt > Duration::from_secs(120), "{debt:?}");
}

#[test]
fn a_share_that_was_used_comes_back_at_its_own_pace_however_often_redis_goes() {
    let (limits, clock) = among(2);
    let bucket = limits.bucket(&requests(Scope::Key, 60));
    let passed = |turn| {
        let stretch = counting::Stretch { gateways: 2, turn };
        (0..60).filter(|_| bucket.take(1, stretch).is_ok()).count()
    };
    assert_eq!(passed(0), 30);
    for turn in 1..10 {
        clock.advance(Duration::from_secs(10));
        assert_eq!(passed(turn), 5, "turn {turn}");
    }
}

#[test]
fn what_is_on_its_way_to_redis_is_not_told_twice() {
    let (limits, _clock) = limits();
    let bucket = limits.bucket(&tokens(600)[0]);
    bucket.note(100);
    let untold = bucket.untold(200);
    bucket.charge(200, By::All);
    assert_eq!(bucket.own(), Duration::from_secs(10));
    drop(untold);
    assert_eq!(bucket.own(), Duration::from_secs(30));
}

#[tokio::test]
async fn a_place_that_is_free_is_told_until_redis_has_heard_of_it() {
    let options = store::fleet::Options {
        url: types::Secret::new("redis://127.0.0.1:1"),
        prefix: "p".to_owned(),
        timeout: Duration::from_secs(1),
    };
    let fleet = Fleet::begin(&options, "one").unwrap();
    let places = Arc::new(Places::new(Arc::new(Counting::new(Some(fleet)).0)));
    let agent = limit(Scope::Agent, LimitKind::Concurrent, 2);
    let whose = (agent.scope, agent.scope_id.clone());
    let first = places.take(&agent, 2).unwrap();
    places.forget(&whose, places.of(&whose));
    drop(first);
    let told = places.of(&whose);
    assert_eq!((places.all(), told.count), (vec![whose.clone()], 0));
    // One that came and went since is not forgotten for what was told before it.
    drop(places.take(&agent, 2).unwrap());
    places.forget(&whose, told);
    assert_eq!(places.all(), std::slice::from_ref(&whose));
    places.forget(&whose, places.of(&whose));
    assert!(places.all().is_empty());
}

#[test]
fn a_refusal_of_a_share_says_so() {
    let (limits, _clock) = among(2);
    let key = [requests(Scope::Key, 4)];
    drop((limits.enter_here(&key).unwrap(), limits.enter_here(&key).unwrap()));
    let limited = limits.enter_here(&key).err().unwrap();
    let message = limited.refusal().message;
    assert!(message.contains("is 4 requests a minute (2 at this gateway)"), "{message}");
    assert_eq!(limited.record()["share"], 2);
    assert_eq!(headers(&[limited.told()])[0].1, r#""requests";q=2;w=60"#);
}
