//! Random steps, and the accounts they move.

use std::num::NonZeroU32;

use budget::{AccountKey, Backing, CapSpec, HoldAsk, Period, Scope, SliceAsk, Zone};
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
    Slice {
        slice: u8,
        path: usize,
        least: i64,
        want: i64,
        share: NonZeroU32,
        lease: i64,
    },
    /// A hold from a slice, in percent of what the slice has left: above 100 its owner is wrong.
    Draw {
        slot: u8,
        slice: u8,
        percent: i64,
        lease: i64,
    },
    Close {
        slice: u8,
    },
    /// A hold from a slice, or its close, from an owner that lost the slice.
    StaleSlice {
        slot: u8,
        slice: u8,
        close: bool,
    },
    /// One or two holds get their shares of an export, each in percent of its charge: a credit below zero. Of
    /// a stale one the charge is not known any more.
    Reconcile {
        slots: [u8; 2],
        percent: i64,
        stale: bool,
    },
    /// A hold that was dispatched unasked.
    Debt {
        slot: u8,
        path: usize,
        amount: i64,
        lease: i64,
    },
}

pub const TENANT: TenantId = TenantId::from_parts(1, 1);

/// An hour and a half before midnight, so that sequences cross into a new day.
pub const START: Timestamp = Timestamp(1_795_300_000_000_000);

/// Each step is read out of one number: strategies for every field took eight times as long to
/// generate as the sequences took to run. A smaller number is a simpler step, so it still shrinks.
pub fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = any::<u64>().prop_map(|number| step(&mut Digits(number)));
    vec(step, 1..48)
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
    let kind = from.below(48);
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
        28..32 => Step::Slice {
            slice: slice_slot(from),
            path: from.index(3),
            least: from.below(100),
            want: from.below(500),
            share: NonZeroU32::new(u32::try_from(from.below(4) + 1).unwrap()).unwrap(),
            lease: from.below(20_000),
        },
        32..38 => {
            let (slice, percent) = (slice_slot(from), from.below(115));
            Step::Draw { slot, slice, percent, lease: from.below(20_000) }
        }
        38..40 => Step::Close { slice: slice_slot(from) },
        40 => Step::StaleSlice { slot, slice: slice_slot(from), close: from.below(2) > 0 },
        41 => {
            let (path, amount, lease) = (from.index(3), from.below(400), from.below(20_000));
            Step::Debt { slot, path, amount, lease }
        }
        42 | 43 => {
            // Two often do not fit together.
            let other = u8::try_from(from.below(18)).unwrap();
            let slots = [slot, if other < 6 { other } else { slot }];
            let (percent, stale) = (from.below(180) - 100, from.below(8) == 0);
            Step::Reconcile { slots, percent, stale }
        }
        _ => Step::Again { nth: from.index(40) },
    }
}

fn slice_slot(from: &mut Digits) -> u8 {
    u8::try_from(from.below(3)).unwrap()
}

pub fn slice_id(slot: u8) -> HoldId {
    HoldId::from_parts(8, u128::from(slot))
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
fn members(path: usize, now: Timestamp) -> Vec<CapSpec> {
    let members: &[usize] = [&[2, 0, 1][..], &[0, 3, 1], &[4, 0, 2, 1]][path];
    let accounts = accounts(now);
    members.iter().map(|member| accounts[*member].clone()).collect()
}

pub fn slice_ask(slice: u8, path: usize, want: i64, lease: i64, now: Timestamp) -> SliceAsk {
    SliceAsk {
        slice: slice_id(slice),
        tenant: TENANT,
        path: members(path, now),
        least: Nanos(want),
        want: Nanos(want),
        share: NonZeroU32::MIN,
        lease_until: now.plus_seconds(lease),
        owner: "gateway-1".into(),
        fence: 1,
    }
}

/// A hold from a slice.
pub fn draw(slot: u8, slice: u8, amount: i64, lease: i64, now: Timestamp) -> HoldAsk {
    let backing = Backing::Slice(slice_id(slice));
    HoldAsk { backing, path: Vec::new(), ..ask(slot, 0, amount, lease, now) }
}

pub fn ask(slot: u8, path: usize, amount: i64, lease: i64, now: Timestamp) -> HoldAsk {
    HoldAsk {
        hold: hold_id(slot),
        attempt: AttemptId::from_parts(7, u128::from(slot)),
        request: RequestId::from_parts(7, 0),
        tenant: TENANT,
        backing: Backing::Room,
        path: members(path, now),
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
