//! Tasks, what was given up of them, and effects that nobody knows about.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Value, json};
use store::work::{
    Begun, Claim, End, NewEffect, NewMessage, NewStep, Outcome, StepEnd, Terms, Usage,
};
use types::{
    Actor, ActorType, AuditId, Correlation, Envelope, EventId, Payload, Priority, RequestId,
    Schema, TenantId, Timestamp,
    audit::{Kind, Record},
    work::{EffectClass, StepKind},
};

use super::{
    Step,
    house::{House, call, call_as},
};

fn payload(value: Value) -> Payload {
    let size_bytes = value.to_string().len() as u64;
    Payload::Inline { content_type: "application/json".to_owned(), size_bytes, inline: value }
}

/// A run of a new message to the house's agent, as a worker has it.
async fn claimed(house: &House, id: &str) -> Claim {
    let work = house.control.store.work();
    let snapshot = house.control.snapshots.load();
    let tenant = snapshot.tenant;
    let agent = house.control.store.agents().load_all().await.unwrap()[0].id;
    let message = NewMessage {
        tenant,
        connector: "webchat".to_owned(),
        conversation: id.to_owned(),
        agent,
        message_id: id.to_owned(),
        person: "ann".to_owned(),
        trusted: true,
        body: payload(json!({ "text": "the launch code is 4711" })),
        trace: None,
    };
    work.accept(&message).await.unwrap();
    let record = Record {
        id: AuditId::generate(),
        at: Timestamp::now(),
        tenant,
        kind: Kind::Decision,
        request: Some(RequestId::generate()),
        actor: Actor { kind: ActorType::System, id: "evaluator".to_owned(), auth: String::new() },
        action: "sendMessage".to_owned(),
        resource: "default".to_owned(),
        outcome: "permit".to_owned(),
        commit: "c0ffee".to_owned(),
        detail: json!({}).into(),
    };
    let terms = Terms {
        commit: "c0ffee".to_owned(),
        limits: json!({}),
        within: None,
        priority: Priority::Interactive,
    };
    for task in work.schedule(10).await.unwrap() {
        work.permit(tenant, task, &terms, &record).await.unwrap();
    }
    work.dispatch(&store::work::Quotas::default()).await.unwrap();
    work.claim("worker", Duration::from_secs(60)).await.unwrap().unwrap()
}

/// Ends a step of a run in a way that nobody knows how it ended.
async fn doubtful(house: &House, claim: &Claim) -> NewStep {
    let work = house.control.store.work();
    let effect = NewEffect {
        key: "key-1".to_owned(),
        class: EffectClass::Once,
        what: "shell.exec".to_owned(),
        args_hash: "ab".repeat(32),
    };
    let step =
        NewStep { no: 1, kind: StepKind::Tool, input_hash: "cd".repeat(32), effect: Some(effect) };
    assert!(matches!(work.begin_step(claim, &step).await.unwrap(), Begun::Go { .. }));
    let end = StepEnd {
        no: 1,
        end: End::Unknown,
        output: payload(json!({})),
        receipt: None,
        used: Usage::default(),
        request: None,
        transcript: Vec::new(),
    };
    work.end_step(claim, &end).await.unwrap();
    step
}

/// Work that people can do something about, and what they do.
pub(crate) async fn changes(house: &House) -> Vec<Step> {
    let work = house.control.store.work();
    let doubted = claimed(house, "doubt").await;
    doubtful(house, &doubted).await;
    let failed = claimed(house, "failed").await;
    let outcome = Outcome::Failed { reason: "it is broken".to_owned(), retry: false };
    work.finish(&failed, &outcome, &[]).await.unwrap();
    let running = claimed(house, "running").await;
    for _ in 0..2 {
        work.bury_event(&event(failed.tenant), "nobody could handle it", 5).await.unwrap();
    }
    let letters = work.dead_letters(failed.tenant, true, 10).await.unwrap();
    let [again, away] = [letters[0].id, letters[1].id];
    let (running, failed) = (running.task.id, failed.task.id);
    let happened = json!({ "key": "key-1", "resolution": "happened" });
    vec![
        ("task.cancel", "POST", format!("/api/v1/tasks/{running}/cancel"), Some(json!({}))),
        ("task.retry", "POST", format!("/api/v1/tasks/{failed}/retry"), None),
        ("dead_letter.retry", "POST", format!("/api/v1/dead-letters/{again}/retry"), None),
        ("dead_letter.discard", "POST", format!("/api/v1/dead-letters/{away}/discard"), None),
        ("effect.resolve", "POST", "/api/v1/effects/resolve".into(), Some(happened)),
    ]
}

fn event(tenant: TenantId) -> Envelope {
    Envelope {
        event_id: EventId::generate(),
        event_type: "tasks.dispatch".to_owned(),
        occurred_at: Timestamp::now(),
        tenant_id: tenant,
        workspace_id: None,
        actor: Actor { kind: ActorType::System, id: "test".to_owned(), auth: String::new() },
        trace: None,
        correlation: Correlation::default(),
        idempotency_key: "k".to_owned(),
        priority: Priority::Batch,
        payload_ref: payload(json!({})),
        schema: Schema { name: "orchestack.work".to_owned(), version: 1 },
    }
}

async fn get(house: &House, path: &str) -> Value {
    let (status, answer) = call(house.local(), "GET", path, None).await;
    assert_eq!(status, StatusCode::OK, "{path}: {answer}");
    // Nobody reads here what was said.
    assert!(!answer.to_string().contains("4711"), "{answer}");
    answer
}

async fn post(house: &House, path: &str, body: Value) -> (StatusCode, Value) {
    call(house.local(), "POST", path, Some(body)).await
}

#[tokio::test]
async fn tasks_are_listed_shown_and_stopped() {
    let house = House::build().await;
    let claim = claimed(&house, "c1").await;
    let id = claim.task.id.to_string();
    let sessions = get(&house, "/api/v1/sessions").await;
    assert_eq!(sessions["sessions"][0]["active_task"], json!(id));
    let tasks = get(&house, "/api/v1/tasks?state=running&agent=default").await;
    assert_eq!(
        (&tasks["tasks"][0]["id"], &tasks["tasks"][0]["person"]),
        (&json!(id), &json!("ann"))
    );
    assert_eq!(get(&house, "/api/v1/tasks?state=dead").await["tasks"], json!([]));
    let (status, answer) = call(house.local(), "GET", "/api/v1/tasks?state=x", None).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{answer}");
    let shown = get(&house, &format!("/api/v1/tasks/{id}")).await;
    assert_eq!((&shown["run_state"], &shown["worker"]), (&json!("running"), &json!("worker")));

    let path = format!("/api/v1/tasks/{id}/cancel");
    let token = house.token_of("auditor").await;
    let (status, answer) = call_as(&house, &token, ("POST", &path), Some(json!({}))).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "{answer}");
    let (status, answer) = post(&house, &format!("/api/v1/tasks/{id}/retry"), json!({})).await;
    assert_eq!((status, &answer["error"]["code"]), (StatusCode::CONFLICT, &json!("wrong_state")));
    let (status, stopped) = post(&house, &path, json!({ "reason": "a mistake" })).await;
    assert_eq!((status, &stopped["task"]["state"]), (StatusCode::OK, &json!("cancelled")));
    assert!(!house.control.store.work().renew(&claim).await.unwrap());
    let records = house.records(Some(Kind::Admin)).await;
    let told =
        |record: &Record| record.resource == format!("task.cancel:{id}") && record.outcome == "ok";
    assert!(records.iter().any(told), "it is on record");
    let (status, answer) = post(&house, &path, json!({})).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "it is over: {answer}");
    let absent = "/api/v1/tasks/tsk_01ARZ3NDEKTSV4RRFFQ69G5FAV";
    assert_eq!(call(house.local(), "GET", absent, None).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_was_given_up_is_tried_again_or_put_away() {
    let house = House::build().await;
    let work = house.control.store.work();
    let failed = Outcome::Failed { reason: "it is broken".to_owned(), retry: false };
    let claim = claimed(&house, "c1").await;
    work.finish(&claim, &failed, &[]).await.unwrap();
    let path = format!("/api/v1/tasks/{}/retry", claim.task.id);
    let (status, again) = post(&house, &path, json!({})).await;
    assert_eq!((status, &again["task"]["state"]), (StatusCode::OK, &json!("permitted")));
    for round in 0.. {
        work.dispatch(&store::work::Quotas::default()).await.unwrap();
        let Some(claim) = work.claim("worker", Duration::ZERO).await.unwrap() else { break };
        assert!(round < 20, "{:?}", claim.task.state);
    }
    let letters = get(&house, "/api/v1/dead-letters").await;
    let letter = letters["dead_letters"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(
        get(&house, &format!("/api/v1/dead-letters/{letter}")).await["task"],
        json!(claim.task.id)
    );
    let (status, retried) =
        post(&house, &format!("/api/v1/dead-letters/{letter}/retry"), json!({})).await;
    assert_eq!((status, &retried["verdict"]), (StatusCode::OK, &json!("retried")), "{retried}");
    let (status, _) =
        post(&house, &format!("/api/v1/dead-letters/{letter}/discard"), json!({})).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "it is resolved");
    assert_eq!(get(&house, "/api/v1/dead-letters").await["dead_letters"], json!([]));
    let all = get(&house, "/api/v1/dead-letters?all=true").await;
    assert_eq!(all["dead_letters"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_person_says_what_became_of_an_effect() {
    let house = House::build().await;
    let work = house.control.store.work();
    let claim = claimed(&house, "c1").await;
    let step = doubtful(&house, &claim).await;
    let waiting = get(&house, "/api/v1/effects").await;
    assert_eq!(
        (&waiting["effects"][0]["key"], &waiting["effects"][0]["what"]),
        (&json!("key-1"), &json!("shell.exec"))
    );
    let say = |resolution: &str| json!({ "key": "key-1", "resolution": resolution });
    let (status, answer) = post(&house, "/api/v1/effects/resolve", say("perhaps")).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{answer}");
    let (status, left) = post(&house, "/api/v1/effects/resolve", say("happened")).await;
    assert_eq!((status, &left["effects"]), (StatusCode::OK, &json!([])));
    let (status, _) = post(&house, "/api/v1/effects/resolve", say("retry")).await;
    assert_eq!(status, StatusCode::CONFLICT, "the first word counts");
    let again = work.claim("other", Duration::from_secs(60)).await.unwrap().unwrap();
    assert!(matches!(work.begin_step(&again, &step).await.unwrap(), Begun::Done(_)));
}
