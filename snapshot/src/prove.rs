//! Whether a commit's policies keep what its invariants promise, for every possible request.

use std::{collections::BTreeMap, time::Duration};

use config::{Fault, settings::Unproved};
use policy::{Claim, Engine, What};
use proofs::{Envs, Prover, Verdict};
use serde::Serialize;
use serde_json::Value;

/// One statement about the policies, and what came of it.
#[derive(Debug, Clone, Serialize)]
pub struct Proof {
    /// The statement's name.
    pub id: String,
    /// Where it stands.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// Whether a commit that breaks it is refused.
    pub binding: bool,
    /// `proved`, `refuted` or `unknown`.
    pub verdict: &'static str,
    /// What a refuted or unknown one means.
    pub told: String,
    /// A request that breaks it, in Cedar's JSON.
    pub example: Option<Value>,
    /// The same in a few lines.
    pub shown: Option<String>,
    /// Whether the answer was remembered.
    pub cached: bool,
    /// How long it took, in milliseconds.
    pub ms: u64,
}

/// Proves everything that these policies claim. `tenant` is the name of the tenant that agents are
/// in.
pub async fn prove(prover: &Prover, engine: &Engine, tenant: &str) -> Vec<Proof> {
    let claims = engine.claims(tenant);
    // One statement may speak about several actions, and is asked for each.
    let mut asked = Vec::new();
    let mut owners = Vec::new();
    for (number, claim) in claims.iter().enumerate() {
        for one in questions(claim) {
            asked.push(one);
            owners.push(number);
        }
    }
    let outcomes = prover.prove(engine.schema(), engine.whole_schema_text(), &asked).await;
    let mut proofs: Vec<Proof> = claims.iter().map(unasked).collect();
    for (number, outcome) in owners.into_iter().zip(outcomes) {
        if let (Some(proof), Some(claim)) = (proofs.get_mut(number), claims.get(number)) {
            proof.take(claim, outcome);
        }
    }
    proofs
}

/// What of the proofs keeps a commit from running, and what an operator should look at. `starter`
/// says that these are the policies that this build was proved with.
pub(crate) fn judge(
    proofs: &[Proof],
    unproved: Unproved,
    starter: bool,
) -> (Vec<Fault>, Vec<String>) {
    let (mut faults, mut notes) = (Vec::new(), Vec::new());
    let mut unknown = BTreeMap::<&str, Vec<&Proof>>::new();
    for proof in proofs {
        match proof.verdict {
            "refuted" if proof.binding => faults.push(fault(proof, MEND)),
            "refuted" => notes.push(format!("{}:{}: {}", proof.file, proof.line, told(proof))),
            "unknown" => unknown.entry(&proof.told).or_default().push(proof),
            _ => {}
        }
    }
    let refused = match unproved {
        Unproved::Allow => false,
        Unproved::Starter => !starter,
        Unproved::Refuse => true,
    };
    for (why, proofs) in unknown {
        if refused {
            faults.extend(proofs.iter().filter(|p| p.binding).map(|proof| fault(proof, PROVE)));
        }
        let names: Vec<&str> = proofs.iter().map(|proof| proof.id.as_str()).collect();
        notes.push(format!("not proved: {}; {why}", names.join(", ")));
    }
    (faults, notes)
}

const MEND: &str = "change the policies so that it holds, or the statement if it says too much";
const PROVE: &str = "install the solver (Debian: `apt-get install cvc5`), or set \
                     `policy.unproved = \"allow\"` to run policies that are not proved";

fn fault(proof: &Proof, fix: &str) -> Fault {
    Fault {
        file: proof.file.clone(),
        line: Some(proof.line),
        key: String::new(),
        message: told(proof),
        fix: fix.to_owned(),
    }
}

fn told(proof: &Proof) -> String {
    match &proof.shown {
        Some(shown) => {
            format!("{}: {}", proof.told, shown.split_whitespace().collect::<Vec<_>>().join(" "))
        }
        None => proof.told.clone(),
    }
}

/// A claim in the prover's words, once for each action.
fn questions(claim: &Claim) -> Vec<proofs::Claim> {
    let whats = match claim.what.clone() {
        What::Never { set, when } => vec![proofs::What::Never { set, when }],
        What::Always { set, when } => vec![proofs::What::Always { set, when }],
        What::Implies { from, to } => vec![proofs::What::Implies { from, to }],
        What::Disjoint { one, other } => vec![proofs::What::Disjoint { one, other }],
        What::NeverErrors { set } => {
            set.policies().map(|p| proofs::What::NeverErrors { policy: p.clone() }).collect()
        }
    };
    let envs: Vec<Envs> = match claim.actions.as_slice() {
        [] => vec![Envs::All],
        some => some.iter().cloned().map(Envs::of).collect(),
    };
    let one = |what: &proofs::What, envs: &Envs| proofs::Claim {
        id: claim.id.clone(),
        what: what.clone(),
        envs: envs.clone(),
    };
    whats.iter().flat_map(|what| envs.iter().map(move |envs| one(what, envs))).collect()
}

/// A statement of which nothing was asked yet: about no policy, it holds.
fn unasked(claim: &Claim) -> Proof {
    Proof {
        id: claim.id.clone(),
        file: claim.file.clone(),
        line: claim.line,
        binding: claim.binding,
        verdict: "proved",
        told: String::new(),
        example: None,
        shown: None,
        cached: true,
        ms: 0,
    }
}

impl Proof {
    /// Joins one answer: refuted wins over unknown, and unknown over proved.
    fn take(&mut self, claim: &Claim, outcome: proofs::Outcome) {
        self.cached &= outcome.cached;
        self.ms = self.ms.saturating_add(milliseconds(outcome.took));
        match outcome.verdict {
            Verdict::Refuted(example) if self.verdict != "refuted" => {
                self.verdict = "refuted";
                self.told.clone_from(&claim.broken);
                self.shown = Some(example.to_string());
                self.example = Some(example.request);
            }
            Verdict::Unknown(why) if self.verdict == "proved" => {
                self.verdict = "unknown";
                self.told = why;
            }
            Verdict::Refuted(_) | Verdict::Unknown(_) | Verdict::Proved => {}
        }
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Whether the policies and invariants of a tree are those of the starter, and its agents' those of
/// new agents.
pub(crate) fn is_starter(files: &BTreeMap<String, Vec<u8>>) -> bool {
    let starter = |path: &str, text: &[u8]| {
        let known = policy::starter::STARTER.iter().find(|(known, _)| *known == path);
        known.is_some_and(|(_, known)| known.as_bytes() == text)
    };
    let own = |path: &str, text: &[u8]| {
        let name = path.strip_prefix("agents/").and_then(|rest| rest.split('/').next());
        name.is_some_and(|name| {
            policy::starter::agent_file(name) == path
                && policy::starter::agent_starter(name).as_bytes() == text
        })
    };
    let decides = |path: &str| {
        (path.starts_with("policies/") || path.starts_with("agents/")) && path.ends_with(".cedar")
            || path.starts_with("invariants/") && path.ends_with(".toml")
    };
    let missing = policy::starter::STARTER
        .iter()
        .any(|(path, _)| decides(path) && !files.contains_key(*path));
    !missing
        && files
            .iter()
            .filter(|(path, _)| decides(path))
            .all(|(path, text)| starter(path, text) || own(path, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proof(verdict: &'static str, binding: bool) -> Proof {
        Proof {
            id: "x".to_owned(),
            file: "invariants/i.toml".to_owned(),
            line: 3,
            binding,
            verdict,
            told: verdict.to_owned(),
            example: None,
            shown: None,
            cached: false,
            ms: 1,
        }
    }

    #[track_caller]
    fn check(proof: &Proof, unproved: Unproved, starter: bool, faults: usize, notes: usize) {
        let judged = judge(std::slice::from_ref(proof), unproved, starter);
        assert_eq!((judged.0.len(), judged.1.len()), (faults, notes), "{proof:?} {unproved:?}");
    }

    #[test]
    fn what_is_refuted_stops_a_commit_and_what_is_unknown_only_if_settings_say_so() {
        let (allow, starter, refuse) = (Unproved::Allow, Unproved::Starter, Unproved::Refuse);
        for unproved in [allow, starter, refuse] {
            check(&proof("proved", true), unproved, false, 0, 0);
            check(&proof("refuted", true), unproved, true, 1, 0);
            check(&proof("refuted", false), unproved, true, 0, 1);
        }
        check(&proof("unknown", true), allow, false, 0, 1);
        check(&proof("unknown", true), starter, true, 0, 1);
        check(&proof("unknown", true), starter, false, 1, 1);
        check(&proof("unknown", false), refuse, false, 0, 1);
        check(&proof("unknown", true), refuse, true, 1, 1);
    }

    #[test]
    fn a_tree_is_the_starter_s_until_a_policy_changes() {
        let mut files: BTreeMap<String, Vec<u8>> = policy::starter::STARTER
            .iter()
            .map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()))
            .collect();
        files.insert("README.md".to_owned(), b"mine".to_vec());
        for name in ["default", "helper"] {
            let text = policy::starter::agent_starter(name).into_bytes();
            files.insert(policy::starter::agent_file(name), text);
        }
        assert!(is_starter(&files));
        let with = |path: &str, text: Option<&str>| {
            let mut files = files.clone();
            match text {
                Some(text) => files.insert(path.to_owned(), text.as_bytes().to_vec()),
                None => files.remove(path),
            };
            is_starter(&files)
        };
        assert!(!with("policies/models.cedar", Some("permit (principal, action, resource);")));
        assert!(!with("policies/models.cedar", None));
        assert!(!with("invariants/starter.toml", None));
        assert!(!with("agents/helper/more.cedar", Some("")));
        assert!(with("models/m.toml", Some("")));
    }

    /// The starter with one tool that is named by an action of its own, and one changed guardrail.
    fn with_own_action(change: impl Fn(String) -> String) -> Engine {
        let (kinds, families) = (crate::kinds(), crate::families());
        let mut bundle = policy::starter::bundle("c0ffee", &kinds, &families);
        bundle.tools.push(policy::ToolSource {
            server: "mail".to_owned(),
            name: "send".to_owned(),
            input_schema: serde_json::json!({ "properties": { "to": { "type": "string" } } }),
        });
        let tools = bundle.organisation.iter_mut().find(|source| source.file.contains("tools"));
        let tools = tools.expect("the starter has policies about tools");
        tools.text = change(std::mem::take(&mut tools.text));
        Engine::untested(&bundle).expect("no faults")
    }

    /// What holds of `callTool` must hold of every tool that has an action of its own.
    #[tokio::test]
    async fn a_guardrail_that_leaves_one_tool_out_is_refuted() {
        let refuted = async |engine: &Engine| -> Vec<String> {
            let proofs = prove(&Prover::new(proofs::Options::default()), engine, "default").await;
            let told: Vec<String> = proofs.iter().map(|p| format!("{} {}", p.id, p.told)).collect();
            assert!(proofs.iter().all(|p| p.verdict != "unknown"), "{}", told.join("\n"));
            proofs.into_iter().filter(|p| p.verdict == "refuted").map(|p| p.id).collect()
        };
        let reads = "\n@id(\"mine\") forbid (principal, \
            action == Orchestack::Action::\"callTool:mail.send\", resource) \
            when { context.tool.input has to && context.tool.input.to == \"eve\" };";
        let whole = with_own_action(|text| text + reads);
        assert!(refuted(&whole).await.is_empty());
        let left_out = with_own_action(|text| {
            text.replace(
                "context.label_rank >= 3 &&",
                "action != Orchestack::Action::\"callTool:mail.send\" && context.label_rank >= 3 &&",
            )
        });
        assert_eq!(refuted(&left_out).await, ["restricted-data-never-leaves-by-a-tool"]);
    }
}
