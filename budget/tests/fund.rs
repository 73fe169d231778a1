//! A slice in memory, in every interleaving that the memory model allows: while one call is admitted
//! and the slice is closed, another call comes, or one that ran before is settled. What comes out, the
//! queue, is then replayed against the books: nothing may be short, nothing may come behind the close,
//! and at the end the accounts have exactly what the calls hold and cost.

#[cfg(test)]
mod tests {
    use std::{num::NonZeroU32, panic};

    use budget::{
        AccountKey, Backing, Basis, Books, CapSpec, Counter, Fund, HoldAsk, Op, Period, Scope,
        Short, SliceAsk, SliceState, Zone,
    };
    use loom::{
        model::Builder,
        sync::{
            Arc, Mutex,
            atomic::{AtomicI64, Ordering},
        },
        thread,
    };
    use types::{AttemptId, HoldId, Nanos, RequestId, TenantId, Timestamp};

    const NOW: Timestamp = Timestamp(1_795_300_000_000_000);
    const TENANT: TenantId = TenantId::from_parts(1, 1);
    const SLICE: HoldId = HoldId::from_parts(2, 1);

    /// What the slice holds, and what the call that runs reserves of it and costs.
    const SIZE: i64 = 10;
    const RUNS: i64 = 6;
    const COSTS: i64 = 1;

    const PREEMPTIONS_MAX: usize = 4;

    /// What happens beside a call and the close.
    #[derive(Clone, Copy)]
    enum Beside {
        /// Another call; there is money for one of them.
        Call,
        /// The settlement of the call that runs, without which there is no money for another.
        Settlement,
    }

    /// As the standard library's counter, in loom.
    struct Whole(AtomicI64);

    impl Counter for Whole {
        fn new(value: i64) -> Self {
            Self(AtomicI64::new(value))
        }

        fn load(&self) -> i64 {
            self.0.load(Ordering::Acquire)
        }

        fn exchange(&self, from: i64, to: i64) -> Result<i64, i64> {
            self.0.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire)
        }

        fn add(&self, by: i64) -> i64 {
            self.0.fetch_add(by, Ordering::AcqRel)
        }
    }

    /// Broken: compares, and then writes.
    struct Torn(Whole);

    impl Counter for Torn {
        fn new(value: i64) -> Self {
            Self(Whole::new(value))
        }

        fn load(&self) -> i64 {
            self.0.load()
        }

        fn exchange(&self, from: i64, to: i64) -> Result<i64, i64> {
            let now = self.load();
            if now == from {
                self.0.0.store(to, Ordering::Release);
            }
            if now == from { Ok(now) } else { Err(now) }
        }

        fn add(&self, by: i64) -> i64 {
            self.0.add(by)
        }
    }

    /// Broken: what adds nothing only reads, and may so read what was.
    struct Stale(Whole);

    impl Counter for Stale {
        fn new(value: i64) -> Self {
            Self(Whole::new(value))
        }

        fn load(&self) -> i64 {
            self.0.load()
        }

        fn exchange(&self, from: i64, to: i64) -> Result<i64, i64> {
            self.0.exchange(from, to)
        }

        fn add(&self, by: i64) -> i64 {
            if by == 0 { self.load() } else { self.0.add(by) }
        }
    }

    /// In which order a fund is used. All but the first are wrong.
    #[derive(Clone, Copy, PartialEq)]
    enum Order {
        AsItShould,
        GivesBeforeItQueues,
        LandsBeforeItQueues,
        ClosesWithoutWaiting,
    }

    fn id(n: u128) -> HoldId {
        HoldId::from_parts(3, n)
    }

    /// A call from the slice, as it is queued: reserved and dispatched.
    fn hold(n: u128, amount: i64) -> [Op; 2] {
        let ask = HoldAsk {
            hold: id(n),
            attempt: AttemptId::from_parts(3, n),
            request: RequestId::from_parts(3, n),
            tenant: TENANT,
            backing: Backing::Slice(SLICE),
            path: Vec::new(),
            amount: Nanos(amount),
            provider: String::new(),
            model: String::new(),
            price_row: String::new(),
            lease_until: NOW.plus_seconds(60),
            owner: "gateway-1".into(),
            fence: 1,
        };
        let dispatch = Op::Dispatch { hold: id(n), fence: 1, lease_until: None };
        [Op::Hold(Box::new(ask)), dispatch]
    }

    fn settle(n: u128, actual: i64) -> Op {
        let (actual, usage, basis) = (Nanos(actual), None, Basis::Provider);
        Op::Settle { hold: id(n), fence: 1, actual, usage, basis }
    }

    fn close() -> Op {
        Op::CloseSlice { slice: SLICE, fence: 1 }
    }

    /// The books with the slice, and the account that it is of.
    fn books() -> (Books, AccountKey) {
        let window = Period::Total.window(NOW, &Zone::UTC);
        let cap = CapSpec::new(TENANT, Scope::Tenant, "t", window, Some(Nanos(SIZE)), true);
        let ask = SliceAsk {
            slice: SLICE,
            tenant: TENANT,
            path: vec![cap.clone()],
            least: Nanos(SIZE),
            want: Nanos(SIZE),
            share: NonZeroU32::MIN,
            lease_until: NOW.plus_seconds(60),
            owner: "gateway-1".into(),
            fence: 1,
        };
        let mut books = Books::default();
        books.apply(&Op::Slice(Box::new(ask)), NOW).unwrap();
        (books, cap.key)
    }

    /// The slice as its process has it: the counter, and the queue.
    struct Purse<C: Counter> {
        fund: Fund<C>,
        queue: Mutex<Vec<Op>>,
        order: Order,
    }

    impl<C: Counter> Purse<C> {
        fn queue(&self, ops: impl IntoIterator<Item = Op>) {
            self.queue.lock().unwrap().extend(ops);
        }

        fn close_if(&self, last: bool) {
            if last {
                self.queue([close()]);
            }
        }

        /// Whether the call was admitted.
        fn admit(&self, n: u128, amount: i64) -> bool {
            if let Err(Short { last }) = self.fund.carve(Nanos(amount)) {
                self.close_if(last);
                return false;
            }
            if self.order == Order::LandsBeforeItQueues {
                self.close_if(self.fund.landed());
                self.queue(hold(n, amount));
            } else {
                self.queue(hold(n, amount));
                self.close_if(self.fund.landed());
            }
            true
        }

        fn settle(&self, n: u128, amount: i64, actual: i64) {
            let give = || self.fund.give(Nanos(amount - actual));
            if self.order == Order::GivesBeforeItQueues {
                give();
                self.queue([settle(n, actual)]);
            } else {
                self.queue([settle(n, actual)]);
                give();
            }
        }

        fn close(&self) {
            let last = self.fund.close();
            self.close_if(last || self.order == Order::ClosesWithoutWaiting);
        }
    }

    /// One execution; loom makes it all of them.
    fn run<C: Counter + Send + Sync + 'static>(order: Order, beside: Beside) {
        let purse = Purse { fund: Fund::<C>::new(Nanos(SIZE)), queue: Mutex::new(vec![]), order };
        assert!(purse.admit(0, RUNS));
        let purse = Arc::new(purse);
        let call = |n: u128, amount: i64| {
            let purse = purse.clone();
            thread::spawn(move || if purse.admit(n, amount) { amount } else { 0 })
        };
        let threads = match beside {
            Beside::Call => [call(1, SIZE - RUNS), call(2, SIZE - RUNS)],
            Beside::Settlement => {
                let settled = purse.clone();
                let settle = move || {
                    settled.settle(0, RUNS, COSTS);
                    COSTS - RUNS
                };
                [call(1, SIZE - RUNS + 1), thread::spawn(settle)]
            }
        };
        purse.close();
        let used: i64 = threads.map(|thread| thread.join().unwrap()).iter().sum();

        let (mut books, key) = books();
        let queue = purse.queue.lock().unwrap();
        for op in queue.iter() {
            books.apply(op, NOW).unwrap_or_else(|refusal| panic!("{op:?}: {refusal}"));
        }
        assert_eq!(books.slice(SLICE).unwrap().state, SliceState::Closed, "nobody closed it");
        let account = books.account(&key).unwrap();
        assert_eq!(account.settled.0 + account.held.0, RUNS + used);
        assert_eq!(purse.fund.free(), Nanos(0));
    }

    /// Runs every execution in which threads are interrupted at most so often where they need not be.
    /// Each control below fails with fewer; without a bound the same takes hours.
    fn all<C: Counter + Send + Sync + 'static>(order: Order, beside: Beside) {
        let mut builder = Builder::new();
        builder.preemption_bound = Some(PREEMPTIONS_MAX);
        builder.check(move || run::<C>(order, beside));
    }

    /// Whether every execution is right.
    fn holds<C: Counter + Send + Sync + 'static>(order: Order, beside: Beside) -> bool {
        panic::catch_unwind(|| all::<C>(order, beside)).is_ok()
    }

    #[test]
    fn no_interleaving_admits_what_the_slice_does_not_have() {
        all::<Whole>(Order::AsItShould, Beside::Call);
        all::<Whole>(Order::AsItShould, Beside::Settlement);
    }

    #[test]
    fn a_compare_and_swap_in_two_steps_is_caught() {
        assert!(!holds::<Torn>(Order::AsItShould, Beside::Call));
    }

    #[test]
    fn a_close_that_reads_what_was_is_caught() {
        assert!(!holds::<Stale>(Order::AsItShould, Beside::Call));
    }

    #[test]
    fn money_that_is_given_before_its_settlement_is_queued_is_caught() {
        assert!(!holds::<Whole>(Order::GivesBeforeItQueues, Beside::Settlement));
    }

    #[test]
    fn a_hold_that_comes_behind_the_close_is_caught() {
        assert!(!holds::<Whole>(Order::LandsBeforeItQueues, Beside::Call));
        assert!(!holds::<Whole>(Order::ClosesWithoutWaiting, Beside::Call));
    }
}
