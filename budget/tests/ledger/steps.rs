//! Random steps, and the accounts they move.

use budget::{AccountKey, CapSpec, HoldAsk, Period, Scope, Zone};
use proptest::{collection::vec, prelude::*};
use types::{AttemptId, HoldId, Nanos, RequestId, TenantId, Timestamp};

/// One step of a sequence. Slots name holds; the driver fills in ids, fences and instants.
#[derive(Debug, Clone)]
pub enum Step {
    Hold {
        slot: u8,
        path: usize,
        amount: i64,
        lease: i64,
    },
    Dispatch {
        slot: u8,
        lease: Option<i64>,
    },
    Progress {
        slot: u8,
        tokens: u64,
        if_lost: Option<i64>,
        lease: Option<i64>,
    },
    Release {
        slot: u8,
    },
    /// In percent of the hold's amount: above 100 the provider broke the limit.
    Settle {
        slot: u8,
        percent: i64,
    },
    Take {
        slot: u8,
        lease: i64,
    },
    Reap,
    Wait {
        seconds: i64,
    },
    Target {
        account: usize,
        target: Option<i64>,
        hard: bool,
    },
    /// An operation that was accepted comes again, late.
    Again {
        nth: usize,
    },
    /// An operation from an owner that lost the hold.
    Stale {
        slot: u8,
        settle: bool,
    },
}

pub const TENANT: TenantId = TenantId::from_parts(1, 1);

/// An hour and a half before midnight, so that sequences cross into a new day.
pub const START: Timestamp = Timestamp(1_795_300_000_000_000);

/// Each step is read out of one number: strategies for every field took eight times as long to
/// generate as the sequences took to run. A smaller number is a simpler step, so it still shrinks.
pub fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = any::<u64>().prop_map(|number| step(&mut Digits(number)));
    vec(step, 1..40)
}

/// A number read digit by digit, each of a base of its own.
struct Digits(u64);

impl Digits {
    fn below(&mut self, base: i64) -> i64 {
        let base = u64::try_from(base).unwrap();
        let digit = self.0 % base;
        self.0 /= base;
        i64::try_from(digit).unwrap()
    }

    fn maybe(&mut self, base: i64) -> Option<i64> {
        (self.below(3) > 0).then(|| self.below(base))
    }

    fn index(&mut self, length: i64) -> usize {
        usize::try_from(self.below(length)).unwrap()
    }
}

fn step(from: &mut Digits) -> Step {
    let kind = from.below(32);
    let slot = u8::try_from(from.below(6)).unwrap();
    match kind {
        0..6 => {
            let (path, amount, lease) = (from.index(3), from.below(400), from.below(20_000));
            Step::Hold { slot, path, amount, lease }
        }
        6..11 => Step::Dispatch { slot, lease: from.maybe(20_000) },
        11..14 => {
            let (tokens, if_lost) = (from.below(6).unsigned_abs(), from.maybe(100));
            Step::Progress { slot, tokens, if_lost, lease: from.maybe(20_000) }
        }
        14..16 => Step::Release { slot },
        16..21 => Step::Settle { slot, percent: from.below(130) },
        21 => Step::Take { slot, lease: from.below(20_000) },
        22 | 23 => Step::Reap,
        24 | 25 => Step::Wait { seconds: from.below(30_000) },
        26 => {
            let (account, target, hard) = (from.index(5), from.maybe(1_000), from.below(4) > 0);
            Step::Target { account, target, hard }
        }
        27 => Step::Stale { slot, settle: from.below(2) > 0 },
        _ => Step::Again { nth: from.index(40) },
    }
}

pub fn hold_id(slot: u8) -> HoldId {
    HoldId::from_parts(7, u128::from(slot))
}

/// The five accounts as they are at an instant: tenant in total and today, two agents, a key.
pub fn accounts(now: Timestamp) -> [CapSpec; 5] {
    let spec = |scope, id: &str, period: Period, target: i64, hard| {
        let window = period.window(now, &Zone::UTC);
        CapSpec::new(TENANT, scope, id, window, Some(Nanos(target)), hard)
    };
    [
        spec(Scope::Tenant, "t", Period::Total, 1_000, true),
        spec(Scope::Tenant, "t", Period::Day, 700, true),
        spec(Scope::Agent, "a", Period::Total, 600, true),
        spec(Scope::Agent, "b", Period::Total, 300, false),
        spec(Scope::Key, "k", Period::Total, 200, true),
    ]
}

/// Every path has the tenant twice and one agent, so that the agents' sums are the tenant's.
pub fn ask(slot: u8, path: usize, amount: i64, lease: i64, now: Timestamp) -> HoldAsk {
    let members: &[usize] = [&[2, 0, 1][..], &[0, 3, 1], &[4, 0, 2, 1]][path];
    let accounts = accounts(now);
    HoldAsk {
        hold: hold_id(slot),
        attempt: AttemptId::from_parts(7, u128::from(slot)),
        request: RequestId::from_parts(7, 0),
        tenant: TENANT,
        path: members.iter().map(|member| accounts[*member].clone()).collect(),
        amount: Nanos(amount),
        provider: "openai".into(),
        model: "gpt-5".into(),
        price_row: "openai/gpt-5@2026-01-01".into(),
        lease_until: now.plus_seconds(lease),
        owner: "gateway-1".into(),
        fence: 1,
    }
}

/// Whether an account is one that agents' sums add up to, or one of the agents.
pub fn is_total(key: &AccountKey, scope: Scope) -> bool {
    key.scope == scope && key.window.period == Period::Total
}
