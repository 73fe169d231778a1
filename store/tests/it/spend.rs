//! Reports.

use store::spend::Group;
use types::{Nanos, Timestamp, audit::Kind};

use crate::{
    on_both,
    support::{CENT, Database, ask, cap, cost, permit, record, tenant},
};

on_both! {
    a_report_adds_up;
}

async fn a_report_adds_up(database: &Database) {
    let store = database.prepared().await;
    for cents in [1, 2, 3] {
        let ask = ask(vec![cap(100 * CENT)], 2 * CENT);
        store.ledger().hold(&permit(), ask.clone(), None).await.unwrap();
        store.ledger().dispatch(ask.hold).await.unwrap();
        let done = Some(record(Kind::Completion));
        store.ledger().settle(ask.hold, cost(cents * CENT), done).await.unwrap();
    }
    let day: String = Timestamp::now().to_string().chars().take(10).collect();
    for (group, name) in [
        (Group::Provider, "openai"),
        (Group::Model, "gpt"),
        (Group::Agent, "default"),
        (Group::Day, day.as_str()),
    ] {
        let until = Timestamp::now().plus_seconds(60);
        let lines = store.spend().by(group, tenant(), Timestamp(0), until).await.unwrap();
        let [line] = lines.as_slice() else { panic!("{lines:?}") };
        assert_eq!(line.name, name);
        assert_eq!((line.calls, line.amount, line.overrun), (3, Nanos(6 * CENT), Nanos(CENT)));
        assert_eq!((line.input_tokens, line.output_tokens), (300, 60));
        assert_eq!((line.cached_tokens, line.reasoning_tokens), (30, 15));
        assert_eq!(line.provisional, Nanos::ZERO);
        let none = store.spend().by(group, tenant(), until, until).await.unwrap();
        assert!(none.is_empty());
    }
}
