//! Acts of people: roles, approvals, emergency rights, votes.

use types::{ApprovalId, TenantId, Timestamp};

use crate::{
    AdminAct, AgentKind, ApprovalVote, Approved, Engine, Operation, Person, Requester,
    starter::bundle,
    testing::{self, FAMILIES, KINDS},
};

const KEYS: &str = "@id(\"keys\") @approval(\"infra-admin\") @quorum(\"2\") permit \
    (principal, action == Orchestack::Action::\"administer\", resource);";

fn person(name: &str, groups: &[&str]) -> Person {
    let groups = groups.iter().map(|group| (*group).to_owned()).collect();
    Person { name: name.to_owned(), groups }
}

fn act(actor: &Person) -> AdminAct<'_> {
    AdminAct {
        actor,
        operation: Operation::KeyCreate,
        tenant: TenantId::from_parts(1, 1),
        tenant_name: "default",
        target: "default",
        owner: None,
        approval: None,
        break_glass: None,
        now: Timestamp(1_700_000_000_000_000),
    }
}

fn told(engine: &Engine, act: &AdminAct<'_>) -> String {
    match engine.administer(act) {
        Ok(permit) => format!("permitted by {}", permit.policies().join(", ")),
        Err(denial) => format!("{} by {}", denial.reason.as_str(), denial.policies.join(", ")),
    }
}

fn starter() -> Engine {
    Engine::load(&bundle("c0ffee", KINDS, FAMILIES)).unwrap()
}

#[test]
fn an_act_that_needs_an_approval_is_denied_until_it_is_given() {
    let engine = testing::engine(KEYS, "");
    let ann = person("ann", &[]);
    assert_eq!(told(&engine, &act(&ann)), "approval_required by keys");
    let given = |approvers| Approved {
        id: ApprovalId::from_parts(1, 1),
        roles: ["infra-admin".to_owned()].into(),
        approvers,
    };
    let one = given(1);
    let with = |approval| AdminAct { approval: Some(approval), ..act(&ann) };
    assert_eq!(told(&engine, &with(&one)), "approval_required by keys");
    let two = given(2);
    let permit = engine.administer(&with(&two)).unwrap();
    assert_eq!(permit.approval(), Some(two.id));
    assert_eq!(KINDS.len(), 8);
}

#[test]
fn an_owner_cares_for_their_own_agents_only() {
    let engine = starter();
    let ann = person("ann", &["agent-owner"]);
    let of = |owner| AdminAct { owner: Some(owner), ..act(&ann) };
    assert_eq!(told(&engine, &of("ann")), "permitted by owners-care-for-their-agents");
    assert_eq!(told(&engine, &of("bob")), "no_permit by ");
    assert_eq!(told(&engine, &act(&ann)), "no_permit by ");
    let other = AdminAct { operation: Operation::ModelAdd, ..of("ann") };
    assert_eq!(told(&engine, &other), "no_permit by ");
}

#[test]
fn an_operator_raises_budgets_and_makes_no_keys() {
    let engine = starter();
    let ann = person("ann", &["operator"]);
    assert_eq!(told(&engine, &act(&ann)), "no_permit by ");
    let raise = AdminAct { operation: Operation::BudgetRaise, ..act(&ann) };
    assert_eq!(told(&engine, &raise), "permitted by operators-operate");
    let look = AdminAct { operation: Operation::KeyList, ..act(&ann) };
    assert_eq!(told(&engine, &look), "permitted by operators-operate");
}

#[test]
fn emergency_rights_end_by_the_clock() {
    let engine = starter();
    let ann = person("ann", &[]);
    let now = act(&ann).now;
    let until = |at: i64| AdminAct { break_glass: Some(Timestamp(at)), ..act(&ann) };
    assert_eq!(told(&engine, &until(now.0 + 1_000)), "permitted by break-glass-administers");
    assert_eq!(told(&engine, &until(now.0)), "forbidden by break-glass-ends");
    assert_eq!(told(&engine, &until(now.0 - 1_000)), "forbidden by break-glass-ends");
    let ask = AdminAct { operation: Operation::BreakGlassRequest, ..act(&ann) };
    assert_eq!(told(&engine, &ask), "permitted by everybody-may-ask-for-break-glass");
}

fn vote<'a>(actor: &'a Person, role: &'a str, requester: Requester<'a>) -> ApprovalVote<'a> {
    ApprovalVote {
        actor,
        role,
        kind: "model_call",
        requester,
        target: "apr_1",
        tenant: TenantId::from_parts(1, 1),
        tenant_name: "default",
        now: Timestamp(1_700_000_000_000_000),
    }
}

#[track_caller]
fn check(vote: &ApprovalVote<'_>, expected: Result<&str, &str>) {
    let decided = starter().vote(vote);
    let told = decided
        .map(|permit| permit.policies().join(", "))
        .map_err(|denial| format!("{} by {}", denial.reason.as_str(), denial.policies.join(", ")));
    assert_eq!(told.as_deref().map_err(String::as_str), expected);
}

#[test]
fn people_vote_in_roles_that_they_have_and_never_for_themselves() {
    let agent = |owner| Requester::Agent { kind: AgentKind::User, name: "default", owner };
    let admin = person("ann", &["infra-admin"]);
    check(&vote(&admin, "infra-admin", agent("")), Ok("roles-approve"));
    check(&vote(&admin, "infra-admin", Requester::User("bob")), Ok("roles-approve"));
    check(&vote(&admin, "infra-admin", Requester::User("ann")), Err("no_permit by "));
    check(&vote(&admin, "legal", agent("")), Err("no_permit by "));
    let owner = person("ann", &["agent-owner"]);
    check(&vote(&owner, "agent-owner", agent("ann")), Ok("owners-approve-for-their-agents"));
    check(&vote(&owner, "agent-owner", agent("bob")), Err("no_permit by "));
    check(&vote(&owner, "infra-admin", agent("ann")), Err("no_permit by "));
    let operator = person("ann", &["operator"]);
    check(&vote(&operator, "operator", agent("bob")), Ok("operators-approve"));
    let glass = ApprovalVote { kind: "break_glass", ..vote(&operator, "operator", agent("bob")) };
    check(&glass, Err("no_permit by "));
}
