//! Gateways as the specification has them: admission from a slice by compare-and-swap, a queue that
//! reaches the books some time later, slices that shrink as money gets scarce and come back when idle.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
    mem,
    num::NonZeroU32,
};

use budget::{
    AccountKey, Backing, Basis, Books, CapSpec, Fund, HoldAsk, Op, Outcome, Refusal, SliceAsk,
};
use types::{AttemptId, HoldId, Nanos, RequestId, Timestamp};

use crate::traffic::{AGENTS, Call, NOW, TENANT, path, traffic};

pub const GATEWAYS: usize = 4;
/// How long a record waits in a gateway's queue before the books have it.
const CARRY_MS: u64 = 50;
/// How often a gateway looks after its slices.
const KEEP_MS: u64 = 500;
/// A slice that nobody used for so long is given back.
const IDLE_MS: u64 = 1_000;
/// A slice that nobody used for so long is given back at once if another path finds no room.
const IDLE_RECALL_MS: u64 = 100;
/// Money that lies unused for longer while somebody waits for it counts as a fault.
const IDLE_MAX_MS: u64 = 2_000;
/// How long a caller waits when it is told that money is held.
const RETRY_MS: u64 = 1_000;
/// How long it keeps coming again.
const PATIENCE_MS: u64 = 60_000;
/// How many calls a slice is for, and its share of what is free.
const WANT: i64 = 32;
const SHARE: u32 = 2 * 4 + 2;

/// What goes wrong on purpose.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fault {
    /// The books count what is held as spent.
    HeldIsExhausted,
    /// A gateway keeps what it has until it has used it up.
    NeverGivesBack,
}

/// What a day came to.
#[derive(Debug, Default)]
pub struct Day {
    pub calls: usize,
    pub admitted: usize,
    /// Trips to the books for money.
    pub asked: usize,
    /// Refused for good.
    pub exhausted: usize,
    /// Told to come again.
    pub waits: usize,
    pub waited_ms_max: u64,
    /// Told to come again although enough lay unused.
    pub idle: usize,
    /// Gave up waiting.
    pub left: usize,
}

enum Event {
    Arrive(Call),
    End { gateway: usize, agent: usize, slice: HoldId, hold: HoldId, give: i64, actual: i64 },
    Carry(usize),
    Keep,
}

struct Lot {
    slice: HoldId,
    fund: Fund,
    used_ms: u64,
}

#[derive(Default)]
struct Gateway {
    lots: BTreeMap<usize, Lot>,
    queue: Vec<Op>,
}

struct World {
    now_ms: u64,
    books: Books,
    caps: Vec<Vec<CapSpec>>,
    gateways: Vec<Gateway>,
    events: BTreeMap<(u64, u64), Event>,
    order: BinaryHeap<Reverse<(u64, u64)>>,
    ids: u128,
    fault: Option<Fault>,
    /// What the calls of each agent cost, without those that were never made.
    costs: Vec<i64>,
    day: Day,
}

/// Lives one day.
pub fn live(seed: u64, fault: Option<Fault>) -> Day {
    let calls = traffic(seed);
    let costs = |agent: usize| calls.iter().filter(move |call| call.agent == agent);
    let costs: Vec<i64> = (0..AGENTS).map(|agent| costs(agent).map(|c| c.actual).sum()).collect();
    let mut world = World {
        now_ms: 0,
        books: Books::default(),
        caps: (0..AGENTS).map(|agent| path(agent, &costs)).collect(),
        costs,
        gateways: (0..GATEWAYS).map(|_| Gateway::default()).collect(),
        events: BTreeMap::new(),
        order: BinaryHeap::new(),
        ids: 0,
        fault,
        day: Day { calls: calls.len(), ..Day::default() },
    };
    for call in calls {
        world.after(call.at_ms, Event::Arrive(call));
    }
    world.after(KEEP_MS, Event::Keep);
    while let Some(Reverse(key)) = world.order.pop() {
        world.now_ms = key.0;
        if let Some(event) = world.events.remove(&key) {
            world.step(event);
        }
    }
    if fault.is_none() {
        world.adds_up();
    }
    world.day
}

impl World {
    fn after(&mut self, ms: u64, event: Event) {
        self.ids += 1;
        let key = (self.now_ms + ms, u64::try_from(self.ids).unwrap());
        self.events.insert(key, event);
        self.order.push(Reverse(key));
    }

    fn id(&mut self) -> HoldId {
        self.ids += 1;
        HoldId::from_parts(1, self.ids)
    }

    fn now(&self) -> Timestamp {
        Timestamp(NOW.0 + i64::try_from(self.now_ms * 1_000).unwrap())
    }

    fn step(&mut self, event: Event) {
        match event {
            Event::Arrive(call) => self.arrive(call),
            Event::End { gateway, agent, slice, hold, give, actual } => {
                let (actual, usage, basis) = (Nanos(actual), None, Basis::Provider);
                self.queue(gateway, [Op::Settle { hold, fence: 1, actual, usage, basis }]);
                let lot = self.gateways[gateway].lots.get(&agent);
                if let Some(lot) = lot.filter(|lot| lot.slice == slice) {
                    lot.fund.give(Nanos(give));
                }
            }
            Event::Carry(gateway) => self.carry(gateway),
            Event::Keep => self.keep(),
        }
    }

    fn arrive(&mut self, call: Call) {
        match self.admit(&call) {
            Ok(slice) => {
                let hold = self.id();
                let ask = HoldAsk {
                    hold,
                    attempt: AttemptId::from_parts(1, self.ids),
                    request: RequestId::from_parts(1, self.ids),
                    tenant: TENANT,
                    backing: Backing::Slice(slice),
                    path: Vec::new(),
                    amount: Nanos(call.worst),
                    provider: String::new(),
                    model: String::new(),
                    price_row: String::new(),
                    lease_until: Timestamp(i64::MAX),
                    owner: String::new(),
                    fence: 1,
                };
                let dispatch = Op::Dispatch { hold, fence: 1, lease_until: None };
                self.queue(call.gateway, [Op::Hold(Box::new(ask)), dispatch]);
                let last = self.gateways[call.gateway].lots[&call.agent].fund.landed();
                assert!(!last, "one thread lands before it closes");
                self.day.admitted += 1;
                let waited_ms = self.now_ms - call.at_ms;
                self.day.waited_ms_max = self.day.waited_ms_max.max(waited_ms);
                let Call { gateway, agent, actual, .. } = call;
                let give = call.worst - actual;
                self.after(call.lasts_ms, Event::End { gateway, agent, slice, hold, give, actual });
            }
            Err(Refusal::Held { key, .. }) if self.now_ms - call.at_ms > PATIENCE_MS => {
                self.day.idle += usize::from(self.idle(&key) >= call.worst);
                self.day.left += 1;
                self.costs[call.agent] -= call.actual;
            }
            Err(Refusal::Held { key, .. }) if self.fault != Some(Fault::HeldIsExhausted) => {
                self.day.waits += 1;
                self.day.idle += usize::from(self.idle(&key) >= call.worst);
                self.after(RETRY_MS, Event::Arrive(call));
            }
            Err(Refusal::Held { .. } | Refusal::Exhausted { .. }) => {
                self.day.exhausted += 1;
                self.costs[call.agent] -= call.actual;
            }
            Err(other) => panic!("{other}"),
        }
    }

    /// The slice that pays for a call.
    fn admit(&mut self, call: &Call) -> Result<HoldId, Refusal> {
        let now_ms = self.now_ms;
        let gateway = &mut self.gateways[call.gateway];
        if let Some(lot) = gateway.lots.get_mut(&call.agent)
            && lot.fund.carve(Nanos(call.worst)).is_ok()
        {
            lot.used_ms = now_ms;
            return Ok(lot.slice);
        }
        self.close(call.gateway, call.agent);
        let asked = self.ask(call);
        let Err(Refusal::Held { .. }) = asked else { return asked };
        if self.fault == Some(Fault::NeverGivesBack) {
            return asked;
        }
        let idle: Vec<usize> = self.unused(call.gateway, IDLE_RECALL_MS);
        idle.into_iter().for_each(|agent| self.close(call.gateway, agent));
        self.ask(call)
    }

    /// Takes a slice, behind all that this gateway queued before.
    fn ask(&mut self, call: &Call) -> Result<HoldId, Refusal> {
        self.day.asked += 1;
        self.carry(call.gateway);
        let ask = SliceAsk {
            slice: self.id(),
            tenant: TENANT,
            path: self.caps[call.agent].clone(),
            least: Nanos(call.worst),
            want: Nanos(call.worst * WANT),
            share: NonZeroU32::new(SHARE).unwrap(),
            lease_until: Timestamp(i64::MAX),
            owner: String::new(),
            fence: 1,
        };
        let now = self.now();
        let outcome = self.books.apply(&Op::Slice(Box::new(ask)), now)?;
        let Outcome::Sliced(slice) = outcome else { panic!("{outcome:?}") };
        let lot = Lot { slice: slice.id, fund: Fund::new(slice.amount), used_ms: self.now_ms };
        lot.fund.carve(Nanos(call.worst)).unwrap();
        self.gateways[call.gateway].lots.insert(call.agent, lot);
        Ok(slice.id)
    }

    fn close(&mut self, gateway: usize, agent: usize) {
        if let Some(lot) = self.gateways[gateway].lots.remove(&agent) {
            assert!(lot.fund.close(), "one thread closes when all have landed");
            self.queue(gateway, [Op::CloseSlice { slice: lot.slice, fence: 1 }]);
        }
    }

    /// The agents whose slice here was not used for so long.
    fn unused(&self, gateway: usize, ms: u64) -> Vec<usize> {
        let old = |lot: &Lot| lot.used_ms + ms <= self.now_ms;
        let lots = self.gateways[gateway].lots.iter();
        lots.filter(|(_, lot)| old(lot)).map(|(agent, _)| *agent).collect()
    }

    fn keep(&mut self) {
        for gateway in 0..GATEWAYS {
            if self.fault != Some(Fault::NeverGivesBack) {
                let idle = self.unused(gateway, IDLE_MS);
                idle.into_iter().for_each(|agent| self.close(gateway, agent));
            }
        }
        if self.day.admitted + self.day.exhausted + self.day.left < self.day.calls {
            self.after(KEEP_MS, Event::Keep);
        }
    }

    fn queue<const N: usize>(&mut self, gateway: usize, ops: [Op; N]) {
        let queue = &mut self.gateways[gateway].queue;
        let first = queue.is_empty();
        queue.extend(ops);
        if first {
            self.after(CARRY_MS, Event::Carry(gateway));
        }
    }

    fn carry(&mut self, gateway: usize) {
        let now = self.now();
        for op in mem::take(&mut self.gateways[gateway].queue) {
            self.books.apply(&op, now).unwrap_or_else(|refusal| panic!("{op:?}: {refusal}"));
        }
        for account in self.books.changed_accounts() {
            let (settled, held, target) = (account.settled, account.held, account.target.unwrap());
            assert!(settled.0 + held.0 <= target.0, "{account:?}");
        }
        self.books.mark_written();
    }

    /// What of an account lies in slices that nobody used for too long.
    fn idle(&self, key: &AccountKey) -> i64 {
        let old = |lot: &Lot| lot.used_ms + IDLE_MAX_MS < self.now_ms;
        let of = |agent: usize| self.caps[agent].iter().any(|spec| spec.key == *key);
        let lots = self.gateways.iter().flat_map(|gateway| &gateway.lots);
        let idle = lots.filter(|(agent, lot)| old(lot) && of(**agent));
        idle.map(|(_, lot)| lot.fund.free().0).sum()
    }

    /// When all is over, the accounts have exactly what the calls cost.
    fn adds_up(&mut self) {
        for gateway in 0..GATEWAYS {
            self.unused(gateway, 0).into_iter().for_each(|agent| self.close(gateway, agent));
            self.carry(gateway);
        }
        let all: i64 = self.costs.iter().sum();
        for (path, cost) in self.caps.iter().zip(&self.costs) {
            let [agent, tenant] = path.as_slice() else { panic!("{path:?}") };
            let sums = |spec: &CapSpec| {
                let account = self.books.account(&spec.key).unwrap();
                (account.settled.0, account.held.0)
            };
            assert_eq!(sums(agent), (*cost, 0));
            assert_eq!(sums(tenant), (all, 0));
        }
    }
}
