//! What people decide: approvals of acts, emergency rights, owners, tokens, grants.

use std::num::NonZeroU32;

use axum::{body::Body, http::StatusCode};
use serde_json::{Value, json};
use snapshot::keys::sha256_hex;
use store::{
    approvals::{Kind, NewApproval, RequesterKind, Subject},
    flows::Saw,
    vault::MasterKey,
};
use types::{ApprovalId, AuditId, Integrity, Label, RequestId, SessionId};

use crate::house::{House, ask, call, call_as, request};

/// The starter proves that administrators are never locked out, so an approval is asked of others.
const ASKS: &str = "@id(\"caps-are-approved\")\n@approval(\"infra-admin,legal\")\n@quorum(\"2\")\n\
    permit (principal in Orchestack::Group::\"operator\", \
    action == Orchestack::Action::\"administer\", resource)\n\
    when { context.operation == \"budget.set\" }\n\
    unless { principal in Orchestack::Group::\"infra-admin\" };\n";

fn cap(amount: &str) -> Option<Value> {
    Some(json!({ "name": "default", "amount": amount }))
}

const SET: (&str, &str) = ("PUT", "/api/v1/budget");

/// A question of an agent for each of three calls, by their ids.
pub(crate) async fn waiting(house: &House) -> [String; 3] {
    let mut ids = Vec::new();
    for call in ["a", "b", "c"] {
        ids.push(asked(house, Kind::ModelCall, "default", call).await);
    }
    ids.try_into().unwrap()
}

/// A request of a person for emergency rights, by its id.
pub(crate) async fn glass_of(house: &House, person: &str) -> String {
    asked(house, Kind::BreakGlass, person, "break-glass").await
}

async fn asked(house: &House, kind: Kind, requester: &str, subject: &str) -> String {
    put(house, &question(house, kind, requester, subject)).await
}

/// A question that nobody has put yet.
pub(crate) fn question(house: &House, kind: Kind, requester: &str, subject: &str) -> NewApproval {
    let snapshot = house.control.snapshots.load();
    let person = kind == Kind::BreakGlass;
    NewApproval {
        id: ApprovalId::generate(),
        subject: Subject {
            tenant: snapshot.tenant,
            kind,
            requester_kind: if person { RequesterKind::User } else { RequesterKind::Agent },
            requester: requester.to_owned(),
            subject_hash: sha256_hex(subject.as_bytes()),
            policy_hash: snapshot.policy.digest(requester),
        },
        owner: String::new(),
        roles: ["infra-admin".to_owned()].into(),
        quorum: NonZeroU32::MIN,
        reason: "because".to_owned(),
        detail: json!({ "model": "m", "label": "restricted" }),
        arguments: None,
        open_seconds: 3600,
        term_seconds: person.then_some(60),
    }
}

/// Puts a question, and gives its id.
pub(crate) async fn put(house: &House, new: &NewApproval) -> String {
    let mut record = house.records(None).await.remove(0);
    record.id = AuditId::generate();
    house.control.store.approvals().request(new, &record).await.unwrap();
    new.id.to_string()
}

fn id_of(refusal: &Value) -> String {
    assert_eq!(refusal["error"]["code"], "approval_required", "{refusal}");
    refusal["error"]["approval"]["id"].as_str().unwrap().to_owned()
}

async fn vote(house: &House, token: &str, id: &str, what: &str) -> (StatusCode, Value) {
    let path = format!("/api/v1/approvals/{id}/{what}");
    call_as(house, token, ("POST", &path), Some(json!({ "reason": "checked" }))).await
}

#[tokio::test]
async fn an_act_waits_for_two_people_and_uses_their_answer_up() {
    let house = House::build().await;
    house.commit(&[("policies/caps.cedar", Some(ASKS))]).await;
    let ann = house.person("ann", &["operator"]).await;
    let bob = house.person("bob", &["infra-admin"]).await;
    let law = house.person("law", &["infra-admin", "legal"]).await;
    let (status, refused) = call_as(&house, &ann, SET, cap("5.00")).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let id = id_of(&refused);
    assert_eq!(refused["error"]["approval"]["roles"], json!(["infra-admin", "legal"]));
    assert!(refused["error"]["fix"].as_str().unwrap().contains(&id));
    let (_, again) = call_as(&house, &ann, SET, cap("5.00")).await;
    assert_eq!(id_of(&again), id, "the same question");
    let (_, other) = call_as(&house, &ann, SET, cap("500.00")).await;
    assert_ne!(id_of(&other), id, "another body is another question");

    let (status, own) = vote(&house, &ann, &id, "approve").await;
    assert_eq!((status, &own["error"]["code"]), (StatusCode::FORBIDDEN, &json!("self_approval")));
    let (status, half) = vote(&house, &bob, &id, "approve").await;
    assert_eq!((status, &half["status"]), (StatusCode::OK, &json!("pending")), "{half}");
    assert_eq!(half["missing"], json!({ "roles": ["legal"], "people": 1 }));
    let (status, twice) = vote(&house, &bob, &id, "approve").await;
    assert_eq!((status, &twice["error"]["code"]), (StatusCode::CONFLICT, &json!("already_voted")));
    let (_, whole) = vote(&house, &law, &id, "approve").await;
    assert_eq!(whole["status"], "approved", "{whole}");
    assert_eq!(whole["detail"]["request"]["amount"], "5.00", "people see what they approve");
    let (status, late) = vote(&house, &house.token, &id, "deny").await;
    assert_eq!((status, &late["error"]["code"]), (StatusCode::CONFLICT, &json!("already_decided")));

    let (status, done) = call_as(&house, &ann, SET, cap("5.00")).await;
    assert_eq!((status, &done["cap"]["usd"]), (StatusCode::OK, &json!("5.00")), "{done}");
    let record = house.records(None).await.remove(0);
    assert_eq!(record.detail.value()["approval"], json!(id));
    let (_, shown) = call(house.local(), "GET", &format!("/api/v1/approvals/{id}"), None).await;
    assert_eq!(shown["status"], "used");
    assert_eq!(shown["used_by"], json!(record.request.unwrap()));
    let (_, refused) = call_as(&house, &ann, SET, cap("5.00")).await;
    assert_ne!(id_of(&refused), id, "an answer is used once");
}

#[tokio::test]
async fn an_answer_that_an_act_did_not_need_is_given_back() {
    let house = House::build().await;
    house
        .commit(&[(
            "policies/caps.cedar",
            Some(&ASKS.replace(",legal", "").replace("\"2\"", "\"1\"")),
        )])
        .await;
    let ann = house.person("ann", &["operator"]).await;
    let (_, refused) = call_as(&house, &ann, SET, cap("a lot")).await;
    let id = id_of(&refused);
    assert_eq!(vote(&house, &house.token, &id, "approve").await.0, StatusCode::OK);
    let (status, _) = call_as(&house, &ann, SET, cap("a lot")).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let (_, shown) = call(house.local(), "GET", &format!("/api/v1/approvals/{id}"), None).await;
    assert_eq!((&shown["status"], &shown["outdated"]), (&json!("approved"), &json!(false)));
    // Other policies are another question, whatever was answered to this one.
    house.commit(&[("policies/more.cedar", Some("// nothing\n"))]).await;
    let (_, shown) = call(house.local(), "GET", &format!("/api/v1/approvals/{id}"), None).await;
    assert_eq!(shown["outdated"], json!(true));
    let (_, refused) = call_as(&house, &ann, SET, cap("a lot")).await;
    assert_ne!(id_of(&refused), id);
}

#[tokio::test]
async fn a_denial_stands_and_whoever_has_no_role_has_no_say() {
    let house = House::build().await;
    house.commit(&[("policies/caps.cedar", Some(ASKS))]).await;
    let ann = house.person("ann", &["operator"]).await;
    let (_, refused) = call_as(&house, &ann, SET, cap("5.00")).await;
    let id = id_of(&refused);
    let auditor = house.person("eve", &["auditor"]).await;
    let (status, answer) = vote(&house, &auditor, &id, "approve").await;
    assert_eq!(
        (status, &answer["error"]["code"]),
        (StatusCode::FORBIDDEN, &json!("policy_denied"))
    );
    assert!(answer["error"]["message"].as_str().unwrap().contains("infra-admin"), "{answer}");
    let legal = house.person("law", &["legal"]).await;
    let (status, answer) = vote(&house, &legal, &id, "approve").await;
    assert_eq!(status, StatusCode::FORBIDDEN, "no policy lets this role vote: {answer}");
    let (_, denied) = vote(&house, &house.token, &id, "deny").await;
    assert_eq!(denied["status"], "denied");
    let (status, answer) = call_as(&house, &ann, SET, cap("5.00")).await;
    assert_eq!(
        (status, &answer["error"]["code"]),
        (StatusCode::FORBIDDEN, &json!("policy_denied"))
    );
    assert_eq!(answer["error"]["approval"]["id"], json!(id));
    let path = "/api/v1/approvals?status=denied&kind=admin&requester=ann";
    let (_, list) = call(house.local(), "GET", path, None).await;
    assert_eq!(list["approvals"][0]["votes"][0]["reason"], "checked", "{list}");
}

#[tokio::test]
async fn a_vote_on_a_question_that_is_not_there_tells_strangers_nothing_and_is_on_record() {
    let house = House::build().await;
    let (real, unknown) = (waiting(&house).await, ApprovalId::generate().to_string());
    let stranger = house.person("stranger", &["temp"]).await;
    let auditor = house.person("eve", &["auditor"]).await;
    let denied = (StatusCode::FORBIDDEN, json!("policy_denied"));
    let missing = (StatusCode::NOT_FOUND, json!("not_found"));
    let mut answers = Vec::new();
    for (token, id, told) in [
        (&stranger, &real[0], &denied),
        (&stranger, &unknown, &denied),
        // Whoever may look at questions is told what is so.
        (&auditor, &real[0], &denied),
        (&auditor, &unknown, &missing),
        (&house.token, &unknown, &missing),
    ] {
        let (status, answer) = vote(&house, token, id, "approve").await;
        assert_eq!((status, &answer["error"]["code"]), (told.0, &told.1), "{answer}");
        let record = house.records(Some(types::audit::Kind::Admin)).await.remove(0);
        assert_eq!(record.resource, format!("approval.approve:{id}"));
        assert_eq!(json!(record.outcome), told.1);
        answers.push(answer);
    }
    assert_eq!(answers[0], answers[1]);
}

#[tokio::test]
async fn emergency_rights_need_two_others_and_everything_under_them_is_marked() {
    let house = House::build().await;
    let eve = house.person("eve", &[]).await;
    let ann = house.person("ann", &["infra-admin"]).await;
    let make = ("POST", "/api/v1/agents");
    let agent = |name: &str| Some(json!({ "name": name }));
    let ask = ("POST", "/api/v1/break-glass");
    let (status, _) = call_as(&house, &eve, make, agent("one")).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let (status, _) = call_as(&house, &eve, ask, Some(json!({ "reason": "short" }))).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let reason = Some(json!({ "reason": "the administrators are away" }));
    let (status, asked) = call_as(&house, &eve, ask, reason.clone()).await;
    assert_eq!((status, &asked["quorum"]), (StatusCode::CREATED, &json!(2)), "{asked}");
    let id = asked["id"].as_str().unwrap().to_owned();
    let (status, again) = call_as(&house, &eve, ask, reason).await;
    assert_eq!((status, &again["id"]), (StatusCode::OK, &json!(id)));
    assert_eq!(vote(&house, &ann, &id, "approve").await.1["status"], "pending");
    let (status, _) = call_as(&house, &eve, make, agent("one")).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "one is not enough");
    let (_, given) = vote(&house, &house.token, &id, "approve").await;
    assert_eq!(given["status"], "approved", "{given}");
    let at = |name: &str| given[name].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let term = at("ends_at").duration_since(at("decided_at"));
    assert_eq!(term.as_secs(), 4 * 60 * 60);

    let (status, answer) = call_as(&house, &eve, make, agent("one")).await;
    assert_eq!(status, StatusCode::CREATED, "{answer}");
    let acts = Some(types::audit::Kind::Admin);
    assert_eq!(house.records(acts).await[0].detail.value()["break_glass"], json!(id));
    let (status, _) = call_as(&house, &eve, ("GET", "/api/v1/keys"), None).await;
    assert_eq!(status, StatusCode::OK);
    let looked = house.records(acts).await.remove(0).detail.value();
    assert_eq!((&looked["operation"], &looked["break_glass"]), (&json!("key.list"), &json!(id)));
    let other = house.person("other", &[]).await;
    let (status, _) = call_as(&house, &other, make, agent("two")).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "they are one person's");

    // The person gives them back.
    let path = format!("/api/v1/break-glass/{id}");
    let (status, ended) = call_as(&house, &eve, ("DELETE", &path), None).await;
    assert_eq!((status, &ended["status"]), (StatusCode::OK, &json!("revoked")), "{ended}");
    let (status, _) = call_as(&house, &eve, make, agent("two")).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    // And withdraws a request that waits; nobody else without rights can.
    let waits = glass_of(&house, "eve").await;
    let path = format!("/api/v1/break-glass/{waits}");
    assert_eq!(call_as(&house, &other, ("DELETE", &path), None).await.0, StatusCode::FORBIDDEN);
    let (_, ended) = call_as(&house, &eve, ("DELETE", &path), None).await;
    assert_eq!(ended["status"], "cancelled", "{ended}");
}

#[tokio::test]
async fn what_people_approve_says_in_full_what_it_is_done_to() {
    let house = House::build().await;
    let asks = "@id(\"acts-are-approved\")\n@approval(\"infra-admin\")\n\
        permit (principal in Orchestack::Group::\"operator\", \
        action == Orchestack::Action::\"administer\", resource)\n\
        when { context.operation == \"policy.edit\" || context.operation == \"policy.rollback\" || \
        context.operation == \"tool.approve\" || context.operation == \"tool.reject\" }\n\
        unless { principal in Orchestack::Group::\"infra-admin\" };\n";
    let head = house.commit(&[("policies/acts.cedar", Some(asks))]).await;
    let oscar = house.person("oscar", &["operator"]).await;
    let edit = json!({ "changes": [{ "path": "docs.md", "text": "x" }], "message": "a change" });
    let decision = json!({ "reason": "I looked at it" });
    let hash = "ab".repeat(32);
    let (files, back) = (("PUT", "/api/v1/policy/files"), ("POST", "/api/v1/policy/rollback"));
    let approve = ("POST", "/api/v1/tools/mail/send/approve");
    let reject = ("POST", "/api/v1/tools/mail/send/reject");
    for (what, ask, field, vague, whole) in [
        (files, &edit, "base", Value::Null, json!(head)),
        (back, &json!({}), "commit", Value::Null, json!(head)),
        (back, &json!({}), "commit", json!("HEAD~1"), json!(head)),
        (approve, &decision, "hash", Value::Null, json!(hash)),
        (reject, &decision, "hash", json!(&hash[..12]), json!(format!("sha256:{hash}"))),
    ] {
        let with = |value: Value| {
            let mut body = ask.clone();
            body[field] = value;
            Some(body)
        };
        let (status, answer) = call_as(&house, &oscar, what, with(vague)).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{what:?}: {answer}");
        let told = answer["error"]["message"].as_str().unwrap();
        assert!(told.contains(&format!("`{field}`")), "{told}");
        let (status, answer) = call_as(&house, &oscar, what, with(whole)).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{what:?}: {answer}");
        assert_eq!(answer["error"]["code"], "approval_required", "{what:?}: {answer}");
    }
}

#[tokio::test]
async fn strangers_take_no_place_of_those_who_are_known() {
    let house = House::build().await;
    let router = house.remote();
    let unknown = house.control.pepper.mint_token().unwrap();
    let bearer = |token: &str| format!("Bearer {token}");
    let get = |token: &str| {
        let head = request("GET", "/api/v1/keys", None).header("authorization", bearer(token));
        head.body(Body::empty()).unwrap()
    };
    let sign_in = || {
        let body = Some(json!({ "token": unknown.text.expose() }));
        let text = body.as_ref().map(Value::to_string).unwrap_or_default();
        request("POST", "/api/v1/console/session", body).body(Body::from(text)).unwrap()
    };
    // Many more than operations may run at once, all at once, and one who is known.
    let strangers = (0..200).map(|n| {
        let asked = if n % 2 == 0 { get(unknown.text.expose()) } else { sign_in() };
        ask(router.clone(), asked)
    });
    let strangers = futures::future::join_all(strangers);
    let known = ask(router.clone(), get(&house.token));
    let (refused, (status, answer)) = tokio::join!(strangers, known);
    for (status, answer) in refused {
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{answer}");
    }
    assert_eq!(status, StatusCode::OK, "{answer}");
}

#[tokio::test]
async fn what_emergency_rights_make_ends_with_them() {
    let house = House::build().await;
    let eve = house.person("eve", &[]).await;
    let ann = house.person("ann", &["infra-admin"]).await;
    let reason = Some(json!({ "reason": "the administrators are away" }));
    let (_, asked) = call_as(&house, &eve, ("POST", "/api/v1/break-glass"), reason).await;
    let id = asked["id"].as_str().unwrap();
    vote(&house, &ann, id, "approve").await;
    let (_, given) = vote(&house, &house.token, id, "approve").await;
    let ends = &given["ends_at"];
    assert!(ends.is_string(), "{given}");

    let make = async |token: &str, path: &str, body: Value| {
        let (status, made) = call_as(&house, token, ("POST", path), Some(body)).await;
        assert_eq!(status, StatusCode::CREATED, "{path}: {made}");
        made
    };
    let (people, keys, grants) = ("/api/v1/people", "/api/v1/keys", "/api/v1/grants");
    let admin = |name: &str| json!({ "name": name, "groups": ["infra-admin"] });
    let mallory = make(&eve, people, admin("mallory")).await;
    // Nor is a person whom they made a way around it, who has rights of their own.
    let mallory = mallory["token"].as_str().unwrap();
    make(mallory, people, admin("trudy")).await;
    make(&ann, people, admin("bob")).await;
    let (_, listed) = call(house.local(), "GET", people, None).await;
    for person in listed["people"].as_array().unwrap() {
        let is_theirs = person["name"] == "mallory" || person["name"] == "trudy";
        let expected = if is_theirs { ends.clone() } else { Value::Null };
        assert_eq!(person["expires_at"], expected, "{person}");
    }
    let agent = json!({ "agent": "default" });
    let (own, _) = snapshot::keys::split_key(&house.key).unwrap();
    let rotate = format!("/api/v1/keys/{own}/rotate");
    for (token, path) in [(&eve[..], keys), (mallory, keys), (&eve[..], &rotate[..])] {
        let body = if path == keys { agent.clone() } else { json!({}) };
        let made = make(token, path, body).await;
        let (_, listed) = call(house.local(), "GET", keys, None).await;
        let listed = listed["keys"].as_array().unwrap();
        let key = listed.iter().find(|key| key["id"] == made["id"]).unwrap();
        assert_eq!(&key["expires_at"], ends, "{path}: {key}");
    }
    let day = json!({ "agent": "default", "expires_seconds": 86_400 });
    assert_eq!(&make(&eve, grants, day).await["expires_at"], ends);
    // What would end earlier does.
    let soon = json!({ "agent": "default", "expires_seconds": 60 });
    assert_ne!(&make(&eve, grants, soon).await["expires_at"], ends);
}

#[tokio::test]
async fn an_owner_cares_for_their_own_agent_and_no_other() {
    let house = House::build().await;
    for owner in ["ann", "bob"] {
        let body = Some(json!({ "name": format!("{owner}s"), "owner": owner }));
        assert_eq!(
            call(house.local(), "POST", "/api/v1/agents", body).await.0,
            StatusCode::CREATED
        );
    }
    let ann = house.person("ann", &["agent-owner"]).await;
    let of = |agent: &str| Some(json!({ "agent": agent }));
    let raise =
        |agent: &str, scope: &str| Some(json!({ "name": agent, "amount": "1.00", "scope": scope }));
    let (status, key) = call_as(&house, &ann, ("POST", "/api/v1/keys"), of("anns")).await;
    assert_eq!(status, StatusCode::CREATED, "{key}");
    let (_, strange) = call(house.local(), "POST", "/api/v1/keys", of("bobs")).await;
    let (own, strange) = (key["id"].as_str().unwrap(), strange["id"].as_str().unwrap());
    let (_, granted) = call_as(&house, &ann, ("POST", "/api/v1/grants"), of("anns")).await;
    let (_, not) = call(house.local(), "POST", "/api/v1/grants", of("bobs")).await;
    let (granted, not) = (granted["id"].as_str().unwrap(), not["id"].as_str().unwrap());
    let budget = "/api/v1/budget/raise";
    let refused: Vec<(&str, String, Option<Value>)> = vec![
        ("POST", "/api/v1/keys".into(), of("bobs")),
        ("POST", "/api/v1/grants".into(), of("bobs")),
        ("POST", format!("/api/v1/keys/{strange}/rotate"), Some(json!({}))),
        ("DELETE", format!("/api/v1/keys/{strange}"), None),
        ("DELETE", format!("/api/v1/grants/{not}"), None),
        ("POST", budget.into(), raise("bobs", "agent")),
        // A name that looks like the agent's, and a key of another's.
        ("POST", budget.into(), raise("anns", "tenant")),
        ("POST", budget.into(), raise(strange, "key")),
        ("PUT", "/api/v1/budget".into(), raise("anns", "agent")),
    ];
    for (method, path, body) in refused {
        let (status, answer) = call_as(&house, &ann, (method, &path), body).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{method} {path}: {answer}");
    }
    let permitted: Vec<(&str, String, Option<Value>)> = vec![
        ("POST", budget.into(), raise("anns", "agent")),
        ("DELETE", format!("/api/v1/grants/{granted}"), None),
        ("DELETE", format!("/api/v1/keys/{own}"), None),
    ];
    for (method, path, body) in permitted {
        let (status, answer) = call_as(&house, &ann, (method, &path), body).await;
        assert!(status.is_success(), "{method} {path}: {status} {answer}");
    }
}

#[tokio::test]
async fn a_person_comes_and_goes_by_a_token() {
    let house = House::build().await;
    for name in ["Ann", "", "a b", "-a", "a<b>", &"a".repeat(65)] {
        let body = Some(json!({ "name": name }));
        let (status, answer) = call(house.local(), "POST", "/api/v1/people", body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{name}: {answer}");
    }
    let token = house.person("ann@example.com", &["auditor", "operator", "auditor"]).await;
    let list = ("GET", "/api/v1/people");
    let (status, people) = call_as(&house, &token, list, None).await;
    assert_eq!(status, StatusCode::OK);
    let ann = people["people"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(ann["groups"], json!(["auditor", "operator"]));
    assert!(!people.to_string().contains(&token));
    let path = format!("/api/v1/people/{token}");
    let (status, answer) = call(house.local(), "DELETE", &path, None).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(!answer.to_string().contains(&token));
    let path = format!("/api/v1/people/{}", ann["id"].as_str().unwrap());
    assert_eq!(call(house.local(), "DELETE", &path, None).await.0, StatusCode::NO_CONTENT);
    assert_eq!(call_as(&house, &token, list, None).await.0, StatusCode::UNAUTHORIZED);
    let records = serde_json::to_string(&house.records(None).await).unwrap();
    assert!(!records.contains(&token));
}

#[tokio::test]
async fn a_grant_is_signed_listed_and_revoked() {
    let house = House::build().await;
    let provider =
        json!({ "name": "box", "base_url": "http://127.0.0.1:9/v1", "locality": "local" });
    call(house.local(), "POST", "/api/v1/providers", Some(provider)).await;
    let model = json!({ "id": "mine", "provider": "box", "aliases": ["m"], "price_input": "0", "price_output": "0" });
    call(house.local(), "POST", "/api/v1/models", Some(model)).await;
    let task = types::TaskId::generate().to_string();
    let good = json!({
        "agent": "default", "task": task, "models": ["m"], "label": "internal",
        "max_cost": "0.10", "max_tokens": 100, "expires_seconds": 60,
    });
    let bad = [
        ("agent", json!("nobody")),
        ("models", json!(["misspelt"])),
        ("memory", json!(["L9"])),
        ("tools", json!(["a b"])),
        ("label", json!("secret")),
        ("task", json!("tsk_1")),
        ("max_cost", json!("0")),
        ("max_tokens", json!(0)),
        ("expires_seconds", json!(0)),
        ("expires_seconds", json!(86_401)),
        ("surprise", json!(1)),
    ];
    let path = "/api/v1/grants";
    for (field, value) in bad {
        let mut body = good.clone();
        body[field] = value;
        let (status, answer) = call(house.local(), "POST", path, Some(body)).await;
        assert!(status.is_client_error(), "{field}: {status} {answer}");
    }
    let (status, made) = call(house.local(), "POST", path, Some(good.clone())).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    let text = made["grant"].as_str().unwrap();
    let grant = house.control.pepper.signer().verify(text).unwrap();
    assert_eq!(grant.limits.models, Some(["mine".to_owned()].into()));
    assert_eq!(json!(grant.id), made["id"]);
    call(house.local(), "POST", path, Some(good)).await;
    let (_, list) = call(house.local(), "GET", &format!("{path}?task={task}"), None).await;
    assert_eq!(list["grants"].as_array().unwrap().len(), 2);
    assert!(!list.to_string().contains("orkg_"));
    let one = format!("{path}/{}", made["id"].as_str().unwrap());
    assert_eq!(call(house.local(), "DELETE", &one, None).await.0, StatusCode::NO_CONTENT);
    assert!(house.control.snapshots.load().is_revoked(grant.id));
    let (_, rest) = call(house.local(), "DELETE", &format!("{path}?task={task}"), None).await;
    assert_eq!(rest["revoked"], json!(1));
    let (_, list) = call(house.local(), "GET", path, None).await;
    let states: Vec<_> = list["grants"].as_array().unwrap().iter().map(|g| &g["state"]).collect();
    assert_eq!(states, ["revoked", "revoked"]);
    let records = serde_json::to_string(&house.records(None).await).unwrap();
    assert!(!records.contains("orkg_"));
}

/// A session in which something restricted was seen.
pub(crate) async fn restricted_session(house: &House) -> SessionId {
    let (tenant, session) = (house.control.snapshots.load().tenant, SessionId::generate());
    let labels = house.control.store.session_labels();
    labels.raise(tenant, session, Label::Restricted, RequestId::generate()).await.unwrap();
    session
}

/// A session that has seen a page.
pub(crate) async fn untrusted_session(house: &House) -> SessionId {
    let (tenant, session) = (house.control.snapshots.load().tenant, SessionId::generate());
    let saw = Saw {
        request: RequestId::generate(),
        integrity: Integrity::Untrusted,
        sources: &["web".to_owned()].into(),
        texts: &[],
    };
    let flows = house.control.store.flows(MasterKey::of(&[7; 32]));
    flows.see(tenant, session, &saw).await.unwrap();
    for _ in 0..2 {
        flows.enter((tenant, session), RequestId::generate()).await.unwrap();
    }
    session
}

#[tokio::test]
async fn a_person_vouches_for_a_session_with_a_reason() {
    let house = House::build().await;
    let session = untrusted_session(&house).await;
    let path = format!("/api/v1/sessions/{session}");
    let (_, shown) = call(house.local(), "GET", &path, None).await;
    assert_eq!((&shown["label"], &shown["integrity"]), (&json!("public"), &json!("untrusted")));
    assert_eq!(shown["flow"]["sources"], json!(["web"]));
    assert_eq!(shown["flow"]["tool_calls"], json!(2));
    let endorse = async |reason: &str| {
        let body = Some(json!({ "reason": reason }));
        call(house.local(), "POST", &format!("{path}/endorse"), body).await
    };
    assert_eq!(endorse("short").await.0, StatusCode::BAD_REQUEST);
    let (status, told) = endorse("I have read the page").await;
    assert_eq!((status, &told["integrity"]), (StatusCode::OK, &json!("trusted")), "{told}");
    assert_eq!(told["flow"]["set_by"], json!("local"));
    assert_eq!(endorse("I have read the page").await.0, StatusCode::CONFLICT);
    let unknown = format!("/api/v1/sessions/{}/endorse", SessionId::generate());
    let body = Some(json!({ "reason": "I have read the page" }));
    assert_eq!(call(house.local(), "POST", &unknown, body).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_sessions_label_is_lowered_with_a_reason_and_never_raised() {
    let house = House::build().await;
    let session = restricted_session(&house).await;
    let path = format!("/api/v1/sessions/{session}/label");
    let lower = async |to: &str, reason: &str| {
        let body = json!({ "lower_to": to, "reason": reason });
        call(house.local(), "POST", &path, Some(body)).await
    };
    for (to, reason, status) in [
        ("public", "short", StatusCode::BAD_REQUEST),
        ("secret", "an invented number", StatusCode::BAD_REQUEST),
        ("restricted", "an invented number", StatusCode::CONFLICT),
        ("sensitive", "an invented number", StatusCode::OK),
        ("restricted", "an invented number", StatusCode::CONFLICT),
    ] {
        let (told, answer) = lower(to, reason).await;
        assert_eq!(told, status, "{to}: {answer}");
    }
    let shown = format!("/api/v1/sessions/{session}");
    let (_, answer) = call(house.local(), "GET", &shown, None).await;
    assert_eq!((&answer["label"], &answer["set_by"]), (&json!("sensitive"), &json!("local")));
    let unknown = format!("/api/v1/sessions/{}", SessionId::generate());
    let (status, _) = call(house.local(), "GET", &unknown, None).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}
