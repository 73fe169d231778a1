//! The policies of the starter tree: what `orchestack init` writes and the first start uses.

use std::collections::BTreeMap;

use crate::bundle::{AgentSource, Bundle, Source};

/// Every policy file of the starter tree, by its path in the tree, except those of agents, which
/// [`agent_starter`] writes.
pub const STARTER: &[(&str, &str)] = &[
    ("policies/models.cedar", include_str!("starter/models.cedar")),
    ("policies/tools.cedar", include_str!("starter/tools.cedar")),
    ("policies/work.cedar", include_str!("starter/work.cedar")),
    ("policies/sandboxes.cedar", include_str!("starter/sandboxes.cedar")),
    ("policies/administration.cedar", include_str!("starter/administration.cedar")),
    ("policies/approvals.cedar", include_str!("starter/approvals.cedar")),
    ("policies/safeguards.cedar", include_str!("starter/safeguards.cedar")),
    ("invariants/starter.toml", include_str!("starter/invariants.toml")),
    ("tests/starter.toml", include_str!("starter/cases.toml")),
    ("policies/schema.cedarschema", include_str!("schema.cedarschema")),
];

/// The agent that the first start creates.
pub const DEFAULT_AGENT: &str = "default";

/// The path of an agent's policies in the tree.
pub fn agent_file(name: &str) -> String {
    format!("agents/{name}/policy.cedar")
}

/// The policies of a new agent, for [`agent_file`]. Characters that a policy id cannot have are
/// left out of the name, so that no name can write policy of its own.
pub fn agent_starter(name: &str) -> String {
    let plain = |c: &char| c.is_ascii_alphanumeric() || "-_.".contains(*c);
    let name: String = name.chars().filter(plain).collect();
    include_str!("starter/agent.cedar").replace("NAME", &name)
}

/// The starter tree with the agent `default` as a bundle: what the first start and tests load.
pub fn bundle<'a>(
    commit: &str,
    kinds: &'a [&'a str],
    families: &'a [(&'a str, &'a str)],
) -> Bundle<'a> {
    let of = |folder: &str| -> Vec<Source> {
        let within = STARTER.iter().filter(|(file, _)| file.starts_with(folder));
        within
            .map(|(file, text)| Source { file: (*file).to_owned(), text: (*text).to_owned() })
            .collect()
    };
    let mut organisation = of("policies/");
    organisation.retain(|source| source.file.ends_with(".cedar"));
    let own = Source { file: agent_file(DEFAULT_AGENT), text: agent_starter(DEFAULT_AGENT) };
    let own = AgentSource { policies: vec![own], ..AgentSource::default() };
    Bundle {
        commit: commit.to_owned(),
        organisation,
        agents: BTreeMap::from([(DEFAULT_AGENT.to_owned(), own)]),
        cases: of("tests/"),
        invariants: of("invariants/"),
        tools: Vec::new(),
        kinds,
        families,
    }
}

#[cfg(test)]
mod tests {
    use types::{Integrity, Label};

    use super::*;
    use crate::{
        AdminAct, AgentKind, Engine, ModelCall, Operation, Person,
        testing::{CLOUD, FAMILIES, KINDS, LOCAL, call, caller, told},
    };

    fn engine() -> Engine {
        Engine::load(&bundle("c0ffee", KINDS, FAMILIES)).expect("the starter has no fault")
    }

    /// Decides one changed call for the cloud and the local model.
    #[track_caller]
    fn check(change: impl Fn(&mut ModelCall<'_>), expected: [&str; 2]) {
        let caller = caller();
        let mut call = call(&caller);
        change(&mut call);
        assert_eq!(told(&engine().decide(&call, &[LOCAL, CLOUD])), expected.join("\n"));
    }

    const LOCAL_OK: &str = "llama permitted by agents-call-models, default-calls-models";
    const CLOUD_OK: &str = "gpt permitted by agents-call-models, default-calls-models";

    #[test]
    fn a_plain_call_goes_anywhere() {
        check(|_| {}, [LOCAL_OK, CLOUD_OK]);
        check(|call| call.label = Label::Sensitive, [LOCAL_OK, CLOUD_OK]);
        check(|call| call.kinds = &["email"], [LOCAL_OK, CLOUD_OK]);
        check(|call| call.request.tools = true, [LOCAL_OK, CLOUD_OK]);
        check(
            |call| (call.integrity, call.request.tools) = (Integrity::Untrusted, true),
            [LOCAL_OK, CLOUD_OK],
        );
    }

    #[test]
    fn restricted_content_is_rerouted_to_a_local_model() {
        check(
            |call| call.label = Label::Restricted,
            [
                LOCAL_OK,
                "gpt denied: a policy of the organisation layer forbids it by \
                 restricted-stays-local, reroute",
            ],
        );
    }

    #[test]
    fn a_credential_is_refused_by_the_cloud_and_not_rerouted() {
        let refused = "gpt denied: a policy of the organisation layer forbids it by ";
        check(
            |call| call.kinds = &["email", "aws_key"],
            [LOCAL_OK, &format!("{refused}secrets-stay-local")],
        );
        check(
            |call| (call.kinds, call.label) = (&["aws_key"], Label::Restricted),
            [LOCAL_OK, &format!("{refused}restricted-stays-local, secrets-stay-local")],
        );
    }

    #[test]
    fn an_agent_of_another_tenant_is_not_permitted() {
        let stranger = crate::Caller { tenant_name: "other".to_owned(), ..caller() };
        let decision = engine().decide(&call(&stranger), &[LOCAL]);
        let expected = "llama denied: no policy of the organisation layer permits it";
        assert_eq!(told(&decision), expected);
        assert!(decision.permit.is_none());
    }

    #[test]
    fn an_agent_without_policies_of_its_own_is_not_permitted() {
        let stranger = crate::Caller { agent_name: "other".to_owned(), ..caller() };
        let decision = engine().decide(&call(&stranger), &[LOCAL]);
        assert_eq!(told(&decision), "llama denied: no policy of the agent layer permits it");
    }

    #[test]
    fn a_system_agent_starts_with_the_same_policies() {
        let system = crate::Caller { agent_kind: AgentKind::System, ..caller() };
        assert_eq!(told(&engine().decide(&call(&system), &[LOCAL])), LOCAL_OK);
    }

    #[track_caller]
    fn check_admin(groups: &[&str], reads: bool, expected: Result<&str, &str>) {
        let groups = groups.iter().map(|group| (*group).to_owned()).collect();
        let actor = Person { name: "ann".to_owned(), groups };
        let act = AdminAct {
            actor: &actor,
            operation: if reads { Operation::KeyList } else { Operation::KeyCreate },
            tenant: caller().tenant,
            tenant_name: "default",
            target: "default",
            owner: None,
            approval: None,
            break_glass: None,
            now: types::Timestamp(0),
        };
        let told = engine()
            .administer(&act)
            .map(|permit| permit.policies().join(", "))
            .map_err(|denial| denial.reason.to_string());
        assert_eq!(told.as_deref().map_err(String::as_str), expected);
    }

    #[test]
    fn administrators_administer_and_auditors_look() {
        let denied = Err("no policy of the organisation layer permits it");
        check_admin(&["infra-admin"], false, Ok("infra-admins-administer"));
        check_admin(
            &["infra-admin", "auditor"],
            true,
            Ok("auditors-read, infra-admins-administer"),
        );
        check_admin(&["auditor"], true, Ok("auditors-read"));
        check_admin(&["auditor"], false, denied);
        check_admin(&["writers"], true, denied);
        check_admin(&[], true, denied);
    }

    #[test]
    fn no_agent_name_can_write_policy() {
        let text = agent_starter("x\")\npermit(principal, action, resource);//");
        let policies = text.parse::<cedar_policy::PolicySet>().unwrap();
        assert_eq!(policies.num_of_policies(), 6);
    }

    /// The examples in the starter's comments are policies too: they must load.
    #[test]
    fn the_commented_examples_are_valid() {
        let uncommented = |text: &str| -> String {
            let line = |line: &str| line.strip_prefix("//   ").unwrap_or(line).to_owned() + "\n";
            text.lines().map(line).collect()
        };
        let mut bundle = bundle("c0ffee", KINDS, FAMILIES);
        let own = bundle.agents.values_mut().flat_map(|agent| &mut agent.policies);
        for source in bundle.organisation.iter_mut().chain(own) {
            let text = uncommented(&source.text);
            assert!(text == source.text || text.contains("\n@id"));
            source.text = text;
        }
        let engine = Engine::load(&bundle).expect("the examples have no fault");
        let caller = caller();
        let decision = engine.decide(&call(&caller), &[CLOUD]);
        let permit = decision.permit.expect("permitted");
        let asked = permit.allowed(CLOUD.id).expect("permitted").obligations();
        assert_eq!(asked.max_cost, Some(types::Nanos(500_000_000)));
        assert!(asked.log_full && asked.redact.contains("phone"));
    }
}
