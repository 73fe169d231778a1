//! A day's calls: bursts that arrive as a Poisson process, of one busy agent and some quiet ones whose
//! caps have room for a few calls at a time.

use budget::{CapSpec, Period, Scope, Zone};
use types::{Nanos, TenantId, Timestamp};

pub const TENANT: TenantId = TenantId::from_parts(1, 1);
/// Midnight, 23 November 2026.
pub const NOW: Timestamp = Timestamp(1_795_392_000_000_000);
pub const AGENTS: usize = 25;

const DAY_MS: f64 = 86_400_000.0;
/// Bursts a day of the busy agent, and of a quiet one.
const BURSTS: f64 = 2_000.0;
const BURSTS_QUIET: f64 = 12.0;
const BURST_MAX: u64 = 6;
/// What the day costs of every cap, in percent.
const LOAD: i64 = 80;

/// The most that a call may cost.
const WORST_MAX: i64 = 20_000_000;

/// One call.
#[derive(Debug, Clone, Copy)]
pub struct Call {
    pub at_ms: u64,
    pub agent: usize,
    pub gateway: usize,
    pub worst: i64,
    pub actual: i64,
    pub lasts_ms: u64,
}

/// Splitmix64: the same numbers on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// The time to the next of so many events a day, in milliseconds.
    fn gap(&mut self, a_day: f64) -> f64 {
        let uniform = f64::from(u32::try_from(self.below(1 << 31)).unwrap() + 1);
        -(uniform / 2_147_483_648.0).ln() * DAY_MS / a_day
    }
}

/// The calls of a day.
pub fn traffic(seed: u64) -> Vec<Call> {
    let mut random = Random(seed);
    let mut calls = Vec::new();
    for agent in 0..AGENTS {
        let a_day = if agent == 0 { BURSTS } else { BURSTS_QUIET };
        let mut at_ms = random.gap(a_day);
        while at_ms < DAY_MS {
            for _ in 0..=random.below(BURST_MAX) {
                calls.push(call(&mut random, whole(at_ms), agent));
            }
            at_ms += random.gap(a_day);
        }
    }
    calls
}

fn call(random: &mut Random, burst_ms: u64, agent: usize) -> Call {
    let worst = 2_000_000 + random.below(18_000_000);
    let percent = 10 + random.below(50);
    Call {
        at_ms: burst_ms + random.below(2_000),
        agent,
        gateway: usize::try_from(random.below(4)).unwrap(),
        worst: i64::try_from(worst).unwrap(),
        actual: i64::try_from(worst * percent / 100).unwrap(),
        lasts_ms: 200 + whole(random.gap(DAY_MS / 4_000.0)),
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a time of day")]
fn whole(ms: f64) -> u64 {
    ms as u64
}

/// The day's accounts of an agent: its own and the tenant's, with caps of which the calls cost 80 %. An
/// agent of a few calls has room for one more: what a call may cost at worst is more than a fifth of them.
pub fn path(agent: usize, costs: &[i64]) -> Vec<CapSpec> {
    let window = Period::Day.window(NOW, &Zone::UTC);
    let cap = |scope, id: String, cost: i64| {
        let cap = (cost * 100 / LOAD).max(cost + WORST_MAX);
        CapSpec::new(TENANT, scope, id, window, Some(Nanos(cap)), true)
    };
    vec![
        cap(Scope::Agent, format!("a{agent}"), costs[agent]),
        cap(Scope::Tenant, "t".into(), costs.iter().sum()),
    ]
}
