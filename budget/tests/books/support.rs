//! Accounts, operations and books of the cases.

use budget::{Account, Backing, Basis, Books, CapSpec, HoldAsk, Op, Period, Scope, Zone};
use types::{AttemptId, HoldId, Nanos, RequestId, TenantId, Timestamp};

pub const NOW: Timestamp = Timestamp(1_795_300_000_000_000);
pub const LATER: Timestamp = NOW.plus_seconds(60);
pub const TENANT: TenantId = TenantId::from_parts(1, 1);

pub fn cap(scope: Scope, target: i64) -> CapSpec {
    let window = Period::Total.window(NOW, &Zone::UTC);
    CapSpec::new(TENANT, scope, "x", window, Some(Nanos(target)), true)
}

pub fn id(n: u128) -> HoldId {
    HoldId::from_parts(1, n)
}

pub fn ask(n: u128, amount: i64, path: &[CapSpec]) -> HoldAsk {
    HoldAsk {
        hold: id(n),
        attempt: AttemptId::from_parts(1, n),
        request: RequestId::from_parts(1, n),
        tenant: TENANT,
        backing: Backing::Room,
        path: path.to_vec(),
        amount: Nanos(amount),
        provider: "openai".into(),
        model: "gpt-5".into(),
        price_row: "openai/gpt-5@2026-01-01".into(),
        lease_until: LATER,
        owner: "gateway-1".into(),
        fence: 1,
    }
}

pub fn hold(n: u128, amount: i64, path: &[CapSpec]) -> Op {
    Op::Hold(Box::new(ask(n, amount, path)))
}

pub fn dispatch(n: u128) -> Op {
    Op::Dispatch { hold: id(n), fence: 1, lease_until: None }
}

pub fn settle(n: u128, actual: i64) -> Op {
    let (actual, usage) = (Nanos(actual), None);
    Op::Settle { hold: id(n), fence: 1, actual, usage, basis: Basis::Provider }
}

pub fn applied(ops: &[Op]) -> Books {
    let mut books = Books::default();
    for op in ops {
        books.apply(op, NOW).unwrap();
    }
    books
}

#[track_caller]
pub fn check(books: &Books, spec: &CapSpec, settled: i64, held: i64, overrun: i64) {
    let account: &Account = books.account(&spec.key).unwrap();
    account.check().unwrap();
    let sums = (account.settled.0, account.held.0, account.overrun.0);
    assert_eq!(sums, (settled, held, overrun));
}
