//! Runs the decision cases of a commit against its own policies.

use std::collections::BTreeSet;

use types::{AgentId, ApprovalId, RequestId, TenantId, Timestamp};

use crate::{
    ask::{
        AdminAct, AgentKind, ApprovalVote, Approved, BudgetFacts, Caller, ModelCall, ModelFacts,
        Person, RequestFacts, Requester, SessionFacts,
    },
    bundle::Fault,
    case::{AdminAsk, ApprovedWords, Ask, Case, Expect, ModelAsk, VoteAsk},
    load::Engine,
    obligation::Obligations,
    question::NoQuestion,
    reason::DenyReason,
    tool::ToolAsk,
    words::{self, Stray},
};

/// The tenant that cases speak about, by name.
pub(crate) const TENANT: &str = "default";

/// How one decision case ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseResult {
    /// The file's path in the tree.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The case's name.
    pub name: String,
    /// What is wrong with the answer; `None` where it is as expected.
    pub failed: Option<String>,
}

/// What was decided of a case.
struct Got {
    decision: Result<Obligations, DenyReason>,
    policies: Vec<String>,
    reroute_local: bool,
}

impl Engine {
    /// Asks every case. Loading has done so: an engine that loaded has no failed case.
    pub fn run_cases(&self) -> Vec<CaseResult> {
        self.cases().iter().map(|case| self.run(case)).collect()
    }

    fn run(&self, case: &Case) -> CaseResult {
        let failed = match self.asked(case) {
            Ok(got) => got.compared(case).or_else(|| self.obliged(&got, case)),
            Err(error) => Some(format!("the case asks nothing that can be answered: {error}")),
        };
        CaseResult { file: case.file.clone(), line: case.line, name: case.name.clone(), failed }
    }

    /// What is wrong with the obligations, as the case sees them.
    fn obliged(&self, got: &Got, case: &Case) -> Option<String> {
        let nothing = Obligations::default();
        let obligations = got.decision.as_ref().unwrap_or(&nothing);
        let list = |kinds: &BTreeSet<String>| kinds.iter().cloned().collect::<Vec<_>>().join(", ");
        let all = [
            (&case.redact, &obligations.redact, "be redacted", "is"),
            (&case.answer_redact, &obligations.answer_redact, "be redacted in the answer", "is"),
            (&case.answer_block, &obligations.answer_block, "stop the answer", "does"),
        ];
        for (wanted, got, what, is) in all {
            if let Some(wanted) = wanted.as_ref().filter(|wanted| *wanted != got) {
                let (wanted, got) = (list(wanted), list(got));
                return Some(format!("`{wanted}` should {what}, and `{got}` {is}"));
            }
        }
        let wanted = self.families().kinds_of(case.restore.as_ref()?);
        let kinds = self.families().pairs();
        let got = kinds.filter(|(kind, family)| obligations.restores(kind, family));
        let got: BTreeSet<String> = got.map(|(kind, _)| kind.to_owned()).collect();
        let told = || format!("`{}` should be put back, and `{}` is", list(&wanted), list(&got));
        (wanted != got).then(told)
    }

    fn asked(&self, case: &Case) -> Result<Got, NoQuestion> {
        let kinds = self.kinds();
        match &case.ask {
            Ask::Model(ask) => {
                ask.kinds.iter().try_for_each(|kind| known_word("kinds", kind, &kinds))?;
                self.model(ask)
            }
            Ask::Tool(ask) => {
                ask.kinds.iter().try_for_each(|kind| known_word("kinds", kind, &kinds))?;
                self.tool(ask)
            }
            Ask::Administer(ask) => Ok(self.act(ask)),
            Ask::Vote(ask) => {
                known_word("kind", &ask.kind, &kinds)?;
                self.cast(ask)
            }
            Ask::Question(question) => {
                let stray = words::strays_of_context(&question.context, &kinds).into_iter().next();
                stray.map_or(Ok(()), |stray| Err(unknown(&stray)))?;
                self.answer(question).map(|answer| Got {
                    decision: answer.decision,
                    policies: answer.policies,
                    reroute_local: false,
                })
            }
        }
    }

    fn model(&self, ask: &ModelAsk) -> Result<Got, NoQuestion> {
        let caller = self.known_caller(&ask.agent, ask.groups.as_ref())?;
        let kinds: Vec<&str> = ask.kinds.iter().map(String::as_str).collect();
        let approved = ask.approved.as_ref().map(approved);
        let call = ModelCall {
            id: RequestId::from_parts(0, 0),
            caller: &caller,
            label: ask.label,
            integrity: ask.integrity,
            request: RequestFacts {
                endpoint: &ask.endpoint,
                stream: ask.stream,
                tools: ask.tools,
                images: ask.images,
                input_tokens_bound: ask.input_tokens,
                max_output_tokens: ask.max_output_tokens,
            },
            kinds: &kinds,
            budget: BudgetFacts { remaining: ask.remaining, used_percent: ask.used_percent },
            session: SessionFacts { id: None, calls: ask.calls },
            approval: approved.as_ref(),
            dry_run: ask.dry_run,
            now: ask.now,
        };
        let words = &ask.model;
        let model = ModelFacts {
            id: &words.id,
            provider: &words.provider,
            locality: words.locality,
            size: words.size.as_str(),
            privacy: &words.privacy,
            retention_days: words.retention_days,
            simulator: words.simulator,
        };
        let decision = self.decide(&call, &[model]);
        let allowed = decision.permit.iter().flat_map(|permit| permit.models()).next().cloned();
        Ok(match (allowed, decision.denied.into_iter().next()) {
            (Some(allowed), _) => Got {
                decision: Ok(allowed.obligations().clone()),
                policies: allowed.policies().to_vec(),
                reroute_local: false,
            },
            (None, Some(denied)) => Got {
                decision: Err(denied.reason),
                policies: denied.policies,
                reroute_local: denied.reroute_local,
            },
            (None, None) => Got::of(Err((DenyReason::Error, Vec::new()))),
        })
    }

    fn tool(&self, ask: &ToolAsk) -> Result<Got, NoQuestion> {
        let caller = self.known_caller(&ask.agent, ask.groups.as_ref())?;
        let given = ask.approved.as_ref().map(approved);
        let (decision, policies) = match self.tool_case(ask, &caller, given.as_ref())? {
            Ok(permit) => (Ok(permit.obligations().clone()), permit.policies().to_vec()),
            Err(denied) => (Err(denied.reason), denied.policies),
        };
        Ok(Got { decision, policies, reroute_local: false })
    }

    fn act(&self, ask: &AdminAsk) -> Got {
        let actor = Person { name: ask.user.clone(), groups: ask.groups.clone() };
        let approved = ask.approved.as_ref().map(approved);
        let decided = self.administer(&AdminAct {
            actor: &actor,
            operation: ask.operation,
            tenant: TenantId::from_parts(0, 0),
            tenant_name: TENANT,
            target: &ask.target,
            owner: ask.owner.as_deref(),
            approval: approved.as_ref(),
            break_glass: ask.break_glass.then_some(Timestamp(0).plus_seconds(60 * 60)),
            now: Timestamp(0),
        });
        Got::of(decided.map(|p| p.policies().to_vec()).map_err(|d| (d.reason, d.policies)))
    }

    fn cast(&self, ask: &VoteAsk) -> Result<Got, NoQuestion> {
        let actor = Person { name: ask.user.clone(), groups: ask.groups.clone() };
        let requester = match ask.requester.as_deref() {
            Some(person) => Requester::User(person),
            None => Requester::Agent {
                kind: self.known_agent(&ask.agent)?.0,
                name: &ask.agent,
                owner: &ask.owner,
            },
        };
        let decided = self.vote(&ApprovalVote {
            actor: &actor,
            role: &ask.role,
            kind: &ask.kind,
            requester,
            target: "",
            tenant: TenantId::from_parts(0, 0),
            tenant_name: TENANT,
            now: Timestamp(0),
        });
        let decided = decided.map(|p| p.policies().to_vec());
        Ok(Got::of(decided.map_err(|d| (d.reason, d.policies))))
    }

    /// An agent of the tree as it calls, in other groups if a case says so.
    fn known_caller(&self, name: &str, groups: Option<&Vec<String>>) -> Result<Caller, NoQuestion> {
        let (agent_kind, own) = self.known_agent(name)?;
        Ok(Caller {
            tenant: TenantId::from_parts(0, 0),
            tenant_name: TENANT.to_owned(),
            agent: AgentId::from_parts(0, 0),
            agent_name: name.to_owned(),
            agent_kind,
            groups: groups.cloned().unwrap_or(own),
            key: None,
            grant: None,
        })
    }

    /// What the tree says of an agent. One that it does not have is denied everything, which proves
    /// nothing of the policies.
    fn known_agent(&self, name: &str) -> Result<(AgentKind, Vec<String>), NoQuestion> {
        let known = self.agents().get(name).map(|agent| (agent.kind, agent.groups.clone()));
        known.ok_or_else(|| {
            NoQuestion(format!("the tree has no agent `{name}`; name one of its own as `agent`"))
        })
    }
}

impl Got {
    fn of(decided: Result<Vec<String>, (DenyReason, Vec<String>)>) -> Self {
        let (decision, policies) = match decided {
            Ok(policies) => (Ok(Obligations::default()), policies),
            Err((reason, policies)) => (Err(reason), policies),
        };
        Self { decision, policies, reroute_local: false }
    }

    /// What is wrong with it, as its case sees it.
    fn compared(&self, case: &Case) -> Option<String> {
        let as_expected = match case.expect {
            Expect::Permit => self.decision.is_ok(),
            Expect::Deny => self.decision.is_err(),
            Expect::Approval => {
                matches!(self.decision, Err(DenyReason::ApprovalRequired { .. }))
            }
            Expect::Reroute => self.decision.is_err() && self.reroute_local,
        };
        let got = match &self.decision {
            Ok(_) => "it is permitted".to_owned(),
            Err(reason) => format!("it is denied: {reason}"),
        };
        let by = if self.policies.is_empty() {
            String::new()
        } else {
            format!(" (by {})", self.policies.join(", "))
        };
        if !as_expected {
            let expected = match case.expect {
                Expect::Permit => "a permit",
                Expect::Deny => "a denial",
                Expect::Approval => "a denial until an approval",
                Expect::Reroute => "a reroute to a local model",
            };
            return Some(format!("{expected} is expected, and {got}{by}"));
        }
        if let Some(missing) = case.by.iter().find(|id| !self.policies.contains(id)) {
            return Some(format!("`{missing}` should decide, and {got}{by}"));
        }
        None
    }
}

/// Refuses a word that an attribute of the context never has.
fn known_word(attribute: &str, word: &str, kinds: &[&str]) -> Result<(), NoQuestion> {
    let stray = words::stray_word(attribute, word, kinds);
    stray.map_or(Ok(()), |stray| Err(unknown(&stray)))
}

fn unknown(stray: &Stray) -> NoQuestion {
    NoQuestion(format!("{}; {}", stray.message(), stray.fix()))
}

/// The cases that fail, as faults of their files.
pub(crate) fn faults(results: Vec<CaseResult>) -> impl Iterator<Item = Fault> {
    results.into_iter().filter_map(|result| {
        let message = format!("the case `{}` fails: {}", result.name, result.failed?);
        Some(Fault {
            file: result.file,
            line: Some(result.line),
            message,
            fix: "correct the policies, or the case if the answer is right".to_owned(),
        })
    })
}

fn approved(words: &ApprovedWords) -> Approved {
    let id = ApprovalId::from_parts(0, 0);
    Approved { id, roles: words.roles.clone(), approvers: words.approvers }
}
