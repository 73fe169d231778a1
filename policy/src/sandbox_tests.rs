//! Rows: which session works in a sandbox, and what it reaches, with the starter's policies and some more.

use std::sync::Arc;

use types::{AgentId, GrantId, TenantId};

use super::*;
use crate::{
    Grant, Limits, Source, starter,
    testing::{FAMILIES, KINDS, caller},
};

fn engine(more: &str) -> Engine {
    let mut bundle = starter::bundle("c0ffee", KINDS, FAMILIES);
    bundle.organisation.push(Source { file: "policies/more.cedar".into(), text: more.into() });
    Engine::load(&bundle).expect("no fault")
}

#[track_caller]
fn check(more: &str, (label, integrity): (Label, Integrity), expected: &str) {
    let agent = caller();
    assert_eq!(decided(more, &agent, (label, integrity)), expected);
}

fn decided(more: &str, agent: &Caller, (label, integrity): (Label, Integrity)) -> String {
    let wish = SandboxUse {
        agent,
        profile: "code",
        hosts: &[("pypi.org".to_owned(), 443), ("*.example.com".to_owned(), 80)],
        label,
        integrity,
        calls: 0,
        now: Timestamp(0),
    };
    match engine(more).decide_sandbox(&wish) {
        Ok(permit) => {
            let hosts = permit.hosts().iter().map(|(host, port)| format!("{host}:{port}"));
            format!("reaches [{}]", hosts.collect::<Vec<_>>().join(" "))
        }
        Err(denial) if denial.policies.is_empty() => format!("denied: {}", denial.reason),
        Err(denial) => format!("denied: {} by {}", denial.reason, denial.policies.join(", ")),
    }
}

const ALL: &str = "reaches [pypi.org:443 *.example.com:80]";
const NOTHING: &str = "reaches []";

#[test]
fn what_a_sandbox_reaches_is_less_the_more_its_session_knows() {
    check("", (Label::Public, Integrity::Trusted), ALL);
    check("", (Label::Internal, Integrity::Trusted), ALL);
    check("", (Label::Sensitive, Integrity::Trusted), NOTHING);
    check("", (Label::Public, Integrity::Untrusted), ALL);
    check("", (Label::Internal, Integrity::Untrusted), NOTHING);
    check("", (Label::Restricted, Integrity::Untrusted), NOTHING);
}

#[test]
fn a_policy_refuses_a_host_or_the_sandbox() {
    let host = "@id(\"only-tls\") forbid (principal, action == Orchestack::Action::\"egress\", \
        resource) when { context.port != 443 };";
    check(host, (Label::Public, Integrity::Trusted), "reaches [pypi.org:443]");
    let all = "@id(\"no-code\") forbid (principal, action == \
        Orchestack::Action::\"startSandbox\", resource == Orchestack::Sandbox::\"code\");";
    let denied = "denied: a policy of the organisation layer forbids it by no-code";
    check(all, (Label::Public, Integrity::Trusted), denied);
}

#[test]
fn a_grant_of_another_profile_has_no_sandbox() {
    let with = |profile: Option<&str>| Caller {
        grant: Some(Arc::new(Grant {
            id: GrantId::from_parts(1, 1),
            tenant: TenantId::from_parts(1, 2),
            agent: AgentId::from_parts(1, 3),
            task: None,
            run: None,
            epoch: None,
            session: None,
            limits: Limits { sandbox: profile.map(str::to_owned), ..Limits::default() },
            issued_at: Timestamp(0),
            expires_at: Timestamp(1),
        })),
        ..caller()
    };
    let now = (Label::Public, Integrity::Trusted);
    assert_eq!(decided("", &with(None), now), ALL);
    assert_eq!(decided("", &with(Some("code")), now), ALL);
    let outside = format!("denied: {}", DenyReason::OutsideGrant);
    assert_eq!(decided("", &with(Some("other")), now), outside);
}
