//! Rows: who starts a task with the starter's policies and some more, and what an agent says where.

use crate::{
    Source, starter,
    testing::{FAMILIES, KINDS, caller},
};

use super::*;

fn engine(more: &str) -> Engine {
    let mut bundle = starter::bundle("c0ffee", KINDS, FAMILIES);
    bundle.organisation.push(Source { file: "policies/more.cedar".into(), text: more.into() });
    Engine::load(&bundle).expect("no fault")
}

fn ann() -> Person {
    Person { name: "ann".to_owned(), groups: vec!["staff".to_owned()] }
}

fn told<P>(decided: Result<P, Denial>, ids: impl Fn(&P) -> &[String]) -> String {
    match decided {
        Ok(permit) => format!("permitted by {}", ids(&permit).join(", ")),
        Err(denial) if denial.policies.is_empty() => format!("denied: {}", denial.reason),
        Err(denial) => format!("denied: {} by {}", denial.reason, denial.policies.join(", ")),
    }
}

#[track_caller]
fn check_start(more: &str, by: Starter<'_>, expected: &str) {
    let agent = caller();
    let start = TaskStart {
        id: TaskId::from_parts(1, 9),
        by,
        agent: &agent,
        connector: "webchat",
        label: Label::Public,
        integrity: Integrity::Trusted,
        now: Timestamp(0),
    };
    assert_eq!(told(engine(more).decide_task(&start), TaskPermit::policies), expected);
}

const INTERNAL: &str = "@id(\"internal\") forbid (principal, action == \
    Orchestack::Action::\"startTask\", resource) when { resource in \
    Orchestack::Group::\"writers\" && context.cause == \"message\" && !context.signed_in };";

#[test]
fn people_and_schedules_start_tasks() {
    let people = "permitted by people-write-to-agents, default-works-for-people";
    check_start("", Starter::Person(&ann()), people);
    check_start("", Starter::Anonymous, people);
    let schedule = "permitted by agents-keep-their-schedules, default-works-for-people";
    check_start("", Starter::Schedule, schedule);
}

#[test]
fn a_policy_sees_who_signed_in() {
    let people = "permitted by people-write-to-agents, default-works-for-people";
    check_start(INTERNAL, Starter::Person(&ann()), people);
    let denied = "denied: a policy of the organisation layer forbids it by internal";
    check_start(INTERNAL, Starter::Anonymous, denied);
}

#[test]
fn an_agent_that_no_policy_speaks_of_does_nothing() {
    let agent = Caller { agent_name: "other".to_owned(), ..caller() };
    let start = TaskStart {
        id: TaskId::from_parts(1, 9),
        by: Starter::Person(&ann()),
        agent: &agent,
        connector: "webchat",
        label: Label::Public,
        integrity: Integrity::Trusted,
        now: Timestamp(0),
    };
    let expected = "denied: no policy of the agent layer permits it";
    assert_eq!(told(engine("").decide_task(&start), TaskPermit::policies), expected);
}

#[test]
fn the_lowest_cost_of_all_permits_bounds_the_task() {
    let more = "@id(\"cheap\") @max_cost(\"0.25\") permit (principal, action == \
        Orchestack::Action::\"startTask\", resource);";
    let agent = caller();
    let start = TaskStart {
        id: TaskId::from_parts(1, 9),
        by: Starter::Anonymous,
        agent: &agent,
        connector: "webchat",
        label: Label::Public,
        integrity: Integrity::Untrusted,
        now: Timestamp(0),
    };
    let cost = |more| engine(more).decide_task(&start).expect("permitted").max_cost();
    assert_eq!((cost(""), cost(more)), (None, Some(Nanos(250_000_000))));
}

#[track_caller]
fn check_message(more: &str, change: impl Fn(&mut MessageOut<'_>), expected: &str) {
    let agent = caller();
    let mut message = MessageOut {
        task: TaskId::from_parts(1, 9),
        agent: &agent,
        platform: "webchat",
        channel: "c1",
        label: Label::Public,
        integrity: Integrity::Trusted,
        kinds: &[],
        calls: 0,
        now: Timestamp(0),
    };
    change(&mut message);
    assert_eq!(told(engine(more).decide_message(&message), MessagePermit::policies), expected);
}

#[test]
fn an_agent_answers_and_says_no_credential() {
    let answers = "permitted by agents-answer, default-answers";
    check_message("", |_| {}, answers);
    check_message("", |message| message.kinds = &["email"], answers);
    check_message(
        "",
        |message| message.kinds = &["aws_key"],
        "denied: a policy of the organisation layer forbids it by secrets-are-not-said",
    );
}

#[test]
fn a_policy_sees_where_a_message_goes() {
    let more = "@id(\"at-home\") forbid (principal, action == Orchestack::Action::\"sendMessage\", \
        resource) when { resource.platform != \"email\" && context.label_rank >= 2 };";
    let denied = "denied: a policy of the organisation layer forbids it by at-home";
    check_message(more, |message| message.label = Label::Sensitive, denied);
    let answers = "permitted by agents-answer, default-answers";
    check_message(
        more,
        |message| (message.label, message.platform) = (Label::Sensitive, "email"),
        answers,
    );
}

#[test]
fn what_a_policy_redacts_or_blocks_is_carried_out() {
    let more = "@id(\"clean\") @redact(\"phone\") @block(\"card\") permit (principal, action == \
        Orchestack::Action::\"sendMessage\", resource);";
    let denied = "denied: policy blocks content with card by clean";
    check_message(more, |message| message.kinds = &["card"], denied);
    let agent = caller();
    let message = MessageOut {
        task: TaskId::from_parts(1, 9),
        agent: &agent,
        platform: "webchat",
        channel: "c1",
        label: Label::Public,
        integrity: Integrity::Trusted,
        kinds: &["phone"],
        calls: 0,
        now: Timestamp(0),
    };
    let permit = engine(more).decide_message(&message).expect("permitted");
    assert!(permit.redact().contains("phone"));
}

#[track_caller]
fn check_spawn(more: &str, change: impl Fn(&mut Spawn<'_>), expected: &str) {
    let (agent, child) = (caller(), Caller { agent_name: "helper".to_owned(), ..caller() });
    let mut spawn = Spawn {
        agent: &agent,
        child: &child,
        label: Label::Public,
        integrity: Integrity::Trusted,
        depth: 1,
        children: 0,
        now: Timestamp(0),
    };
    change(&mut spawn);
    assert_eq!(told(engine(more).decide_spawn(&spawn), SpawnPermit::policies), expected);
}

#[test]
fn an_agent_gives_work_away_and_not_without_end() {
    let permitted = "permitted by agents-give-work-to-agents, default-gives-work-away";
    check_spawn("", |_| {}, permitted);
    check_spawn("", |spawn| spawn.depth = 3, permitted);
    let denied = "denied: a policy of the organisation layer forbids it by \
        work-is-given-on-within-bounds";
    check_spawn("", |spawn| spawn.depth = 4, denied);
    check_spawn("", |spawn| spawn.children = 16, denied);
    let more = "@id(\"not-to-helper\") forbid (principal, action == \
        Orchestack::Action::\"spawnSubagent\", resource == Orchestack::Agent::\"helper\") \
        when { context.label_rank >= 2 };";
    let forbidden = "denied: a policy of the organisation layer forbids it by not-to-helper";
    check_spawn(more, |spawn| spawn.label = Label::Sensitive, forbidden);
}

#[test]
fn an_agent_takes_work_of_another_where_its_own_policies_say_so() {
    let agent = types::AgentId::from_parts(9, 9);
    let other = Caller { agent, agent_name: "other".to_owned(), ..caller() };
    let people = "permitted by agents-work-for-agents, default-works-for-people";
    check_start("", Starter::Agent(&other), people);
    let alone = "@id(\"alone\") forbid (principal == Orchestack::Agent::\"other\", action == \
        Orchestack::Action::\"startTask\", resource);";
    let denied = "denied: a policy of the organisation layer forbids it by alone";
    check_start(alone, Starter::Agent(&other), denied);
}
