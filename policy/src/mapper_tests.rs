//! What the mapper makes conforms to the schema.

use std::sync::{Arc, LazyLock};

use cedar_policy::Schema;
use proptest::prelude::*;
use types::{Integrity, Label, Locality};

use super::*;
use crate::operation::Operation;
use crate::{
    Engine, Person,
    testing::{CLOUD, LOCAL, approved, call, caller, grant},
};

static SCHEMA: LazyLock<Schema> = LazyLock::new(|| Engine::schema_text().parse().unwrap());

/// The validator promises that policies do not fail on what conforms to the schema, so
/// everything that the mapper makes must conform.
#[track_caller]
fn check(facts: Facts, action: EntityUid, resource: EntityUid) {
    let schema = Some(&*SCHEMA);
    Request::new(facts.principal, action, resource, facts.context, schema).unwrap();
    Entities::from_entities(facts.entities, schema).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn a_model_call_conforms_to_the_schema(
        (label, integrity) in (
            prop::sample::select(Label::ALL), prop::sample::select(Integrity::ALL),
        ),
        (system, stream, tools, cloud) in any::<(bool, bool, bool, bool)>(),
        name in ".*",
        groups in prop::collection::vec(".*", 0..3),
        (tokens, limit) in any::<(u64, Option<u64>)>(),
        (remaining, used_percent) in any::<(Option<i64>, u8)>(),
        (is_approved, is_granted, retention_days) in any::<(bool, bool, Option<u32>)>(),
    ) {
        let agent_kind = if system { AgentKind::System } else { AgentKind::User };
        let grant = is_granted.then(|| Arc::new(grant()));
        let caller = Caller { agent_kind, agent_name: name.clone(), groups, grant, ..caller() };
        let approved = approved();
        let mut call = ModelCall { label, integrity, kinds: &["email"], ..call(&caller) };
        (call.request.stream, call.request.tools) = (stream, tools);
        (call.request.input_tokens_bound, call.request.max_output_tokens) = (tokens, limit);
        call.budget.remaining = remaining.map(Nanos);
        call.budget.used_percent = used_percent;
        call.approval = is_approved.then_some(&approved);
        let locality = if cloud { Locality::Cloud } else { Locality::Local };
        let model = ModelFacts {
            id: &name, size: &name, privacy: &name, locality, retention_days, ..CLOUD
        };
        let names = Names::new().unwrap();
        let facts = Facts {
            principal: names.agent(agent_kind, &name),
            context: call_context(&call, Reads::ALL).unwrap(),
            entities: names.entities(Some(&caller), &[LOCAL, model]).unwrap(),
        };
        check(facts, names.call_model.clone(), names.model(&name));
    }
}

#[test]
fn an_act_of_administration_conforms_to_the_schema() {
    let actor = Person { name: "ann".to_owned(), groups: vec!["auditor".to_owned()] };
    let act = AdminAct {
        actor: &actor,
        operation: Operation::KeyCreate,
        tenant: caller().tenant,
        tenant_name: "default",
        target: "",
        owner: Some("bob"),
        approval: Some(&approved()),
        break_glass: Some(Timestamp(1)),
        now: Timestamp(0),
    };
    let names = Names::new().unwrap();
    check(names.act(&act).unwrap(), names.administer.clone(), names.tenant("default"));
    let bare = AdminAct { owner: None, approval: None, break_glass: None, ..act };
    check(names.act(&bare).unwrap(), names.administer.clone(), names.tenant("default"));
}

#[test]
fn a_vote_conforms_to_the_schema() {
    let actor = Person { name: "ann".to_owned(), groups: vec!["infra-admin".to_owned()] };
    let names = Names::new().unwrap();
    let agent = Requester::Agent { kind: AgentKind::System, name: "a", owner: "bob" };
    let orphan = Requester::Agent { kind: AgentKind::User, name: "a", owner: "" };
    for requester in [agent, orphan, Requester::User("bob")] {
        let vote = ApprovalVote {
            actor: &actor,
            role: "infra-admin",
            kind: "model_call",
            requester,
            target: "apr_1",
            tenant: caller().tenant,
            tenant_name: "default",
            now: Timestamp(0),
        };
        let (facts, resource) = names.vote(&vote).unwrap();
        check(facts, names.approve.clone(), resource);
    }
}
