//! Who may give more money, and what it takes.

use std::num::NonZeroU32;

use axum::http::StatusCode;
use budget::{AccountKey, Period, Scope, Zone};
use serde_json::{Value, json};
use store::approvals::{Exhausted, Kind, NewApproval, RequesterKind, Subject};
use types::{ApprovalId, AuditId, Nanos, Timestamp};

use crate::house::{House, call, call_as};

const UNTIL: &str = "2099-01-01";

/// A house with an agent of olga's.
async fn with_helper() -> House {
    let house = House::build().await;
    let body = Some(json!({ "name": "helper", "owner": "olga", "budget_day": "1.00" }));
    let (status, made) = call(house.local(), "POST", "/api/v1/agents", body).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    house
}

/// A question of the agent `helper` about a budget that is exhausted; the path of a yes to it.
async fn question(house: &House, scope: Scope) -> String {
    let snapshot = house.control.snapshots.load();
    let (tenant, agent) = (snapshot.tenant, snapshot.agent_by_name("helper").unwrap());
    let scope_id = if scope == Scope::Agent { agent.id.to_string() } else { tenant.to_string() };
    let window = Period::Day.window(Timestamp::now(), &Zone::UTC);
    let account = AccountKey { tenant, scope, scope_id, window };
    let (target, spent) = (Nanos(1_000_000_000), Nanos(999_000_000));
    let new = NewApproval {
        id: ApprovalId::generate(),
        subject: Subject {
            tenant,
            kind: Kind::Budget,
            requester_kind: RequesterKind::Agent,
            requester: "helper".to_owned(),
            subject_hash: snapshot::keys::sha256_hex(account.to_string().as_bytes()),
            policy_hash: "b".repeat(64),
        },
        owner: "olga".to_owned(),
        roles: std::collections::BTreeSet::new(),
        quorum: NonZeroU32::MIN,
        reason: "exhausted".to_owned(),
        detail: json!({ "exhausted": Exhausted { account, target, spent, missing: None } }),
        arguments: None,
        open_seconds: 3600,
        term_seconds: None,
    };
    let mut record = house.records(None).await.remove(0);
    record.id = AuditId::generate();
    let (asked, made) = house.control.store.approvals().request(&new, &record).await.unwrap();
    assert!(made);
    format!("/api/v1/approvals/{}/approve", asked.id)
}

fn yes(amount: &str) -> Option<Value> {
    Some(json!({ "amount": amount, "until": UNTIL }))
}

#[tokio::test]
async fn an_owner_gives_an_agent_of_their_own_more_and_nobody_elses() {
    let house = with_helper().await;
    let path = question(&house, Scope::Agent).await;
    let approve = ("POST", path.as_str());
    for (name, group) in [("otto", "agent-owner"), ("ada", "auditor")] {
        let token = house.person(name, &[group]).await;
        let (status, answer) = call_as(&house, &token, approve, yes("2.00")).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{name}: {answer}");
    }
    let olga = house.person("olga", &["agent-owner"]).await;
    let lacking = [
        json!({}),
        json!({ "amount": "2.00" }),
        json!({ "until": UNTIL }),
        json!({ "amount": "2.00", "until": "2020-01-01" }),
        json!({ "amount": "0", "until": UNTIL }),
        json!({ "amount": "-1", "until": UNTIL }),
        json!({ "amount": "2.00", "until": "soon" }),
    ];
    for body in lacking {
        let (status, answer) = call_as(&house, &olga, approve, Some(body.clone())).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}: {answer}");
    }
    let (status, answer) = call_as(&house, &olga, approve, yes("2.00")).await;
    assert_eq!((status, &answer["status"]), (StatusCode::OK, &json!("used")), "{answer}");

    let (_, shown) = call(house.local(), "GET", "/api/v1/budget", None).await;
    let raise = &shown["raises"][0];
    assert_eq!((&raise["name"], &raise["made_by"]), (&json!("helper"), &json!("olga")), "{shown}");
    assert_eq!((&raise["amount"]["usd"], &raise["approval"]), (&json!("2.00"), &answer["id"]));
    let accounts = shown["accounts"].as_array().unwrap();
    let own = accounts.iter().find(|a| a["name"] == "helper" && a["period"] == "day").unwrap();
    assert_eq!(own["cap"]["usd"], "3.00");
    // A raise for good goes on the cap, below the raise that ends.
    let body = Some(json!({ "name": "helper", "amount": "0.50" }));
    let raise = ("POST", "/api/v1/budget/raise");
    let (status, raised) = call_as(&house, &olga, raise, body).await;
    assert_eq!((status, &raised["cap"]["usd"]), (StatusCode::OK, &json!("3.50")), "{raised}");
    let set = house.control.store.caps().load_all().await.unwrap();
    assert_eq!(set[0].target, Some(Nanos(1_500_000_000)));
    // And only what is hers.
    let body = Some(json!({ "name": "default", "amount": "0.50", "until": UNTIL }));
    let (status, answer) = call_as(&house, &olga, raise, body).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "{answer}");
}

#[tokio::test]
async fn a_vote_is_no_way_around_the_right_to_raise() {
    let house = with_helper().await;
    let path = question(&house, Scope::Tenant).await;
    let approve = ("POST", path.as_str());
    // She may answer what her agent asks, but the tenant's money is not hers to give.
    let olga = house.person("olga", &["agent-owner"]).await;
    let (status, answer) = call_as(&house, &olga, approve, yes("2.00")).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "{answer}");
    let none = house.control.store.raises().live(house.control.snapshots.load().tenant).await;
    assert_eq!(none.unwrap(), []);
    let oscar = house.person("oscar", &["operator"]).await;
    let (status, answer) = call_as(&house, &oscar, approve, yes("2.00")).await;
    assert_eq!((status, &answer["status"]), (StatusCode::OK, &json!("used")), "{answer}");
}

#[tokio::test]
async fn she_may_say_no_to_it_all_the_same_and_that_takes_no_amount() {
    let house = with_helper().await;
    let deny = question(&house, Scope::Tenant).await.replace("/approve", "/deny");
    let olga = house.person("olga", &["agent-owner"]).await;
    let (status, answer) = call_as(&house, &olga, ("POST", &deny), yes("2.00")).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{answer}");
    let (status, answer) = call_as(&house, &olga, ("POST", &deny), Some(json!({}))).await;
    assert_eq!((status, &answer["status"]), (StatusCode::OK, &json!("denied")), "{answer}");
}

#[tokio::test]
async fn a_raise_leaves_a_cap_as_hard_as_it_was() {
    let house = House::build().await;
    let oscar = house.person("oscar", &["operator"]).await;
    let raise = async |body: Value| {
        call_as(&house, &oscar, ("POST", "/api/v1/budget/raise"), Some(body)).await
    };
    for soft in [false, true] {
        let body = json!({ "name": "default", "amount": "1.00", "soft": soft });
        let (status, set) = call(house.local(), "PUT", "/api/v1/budget", Some(body)).await;
        assert_eq!((status, &set["hard"]), (StatusCode::OK, &json!(!soft)), "{set}");
        let (status, raised) = raise(json!({ "name": "default", "amount": "0.50" })).await;
        assert_eq!((status, &raised["hard"]), (StatusCode::OK, &json!(!soft)), "{raised}");
        assert_eq!(raised["cap"]["usd"], "1.50");
        for until in [Value::Null, json!(UNTIL)] {
            let mut off = json!({ "name": "default", "amount": "0.50", "soft": true });
            off["until"] = until;
            let (status, answer) = raise(off).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{answer}");
        }
        let caps = house.control.store.caps().load_all().await.unwrap();
        assert_eq!((caps[0].hard, caps[0].target), (!soft, Some(Nanos(1_500_000_000))));
    }
}

#[tokio::test]
async fn what_cannot_be_capped_or_raised_is_told() {
    let house = House::build().await;
    let refused = [
        ("PUT", "/api/v1/budget", json!({ "name": "default", "amount": "1", "until": UNTIL })),
        ("PUT", "/api/v1/budget", json!({ "scope": "grant", "name": "grt_x", "amount": "1" })),
        ("PUT", "/api/v1/budget", json!({ "scope": "session", "name": "ses_x", "amount": "1" })),
        ("PUT", "/api/v1/budget", json!({ "scope": "user", "name": "nobody", "amount": "1" })),
    ];
    for (method, path, body) in refused {
        let (status, answer) = call(house.local(), method, path, Some(body.clone())).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}: {answer}");
    }
    let body = json!({ "name": "default", "amount": "0.10", "period": "request" });
    let (status, set) = call(house.local(), "PUT", "/api/v1/budget", Some(body)).await;
    assert_eq!((status, &set["cap"]["usd"]), (StatusCode::OK, &json!("0.10")), "{set}");
    let body = json!({ "name": "default", "amount": "1", "period": "request", "until": UNTIL });
    let path = "/api/v1/budget/raise";
    let (status, answer) = call(house.local(), "POST", path, Some(body)).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{answer}");
}
