//! Calls that a hard cap has no room for: people are asked for more, and a caller that wishes to wait
//! goes on when they give it.

use std::{collections::BTreeSet, num::NonZeroU32};

use budget::Scope;
use router::Plan;
use serde_json::json;
use snapshot::keys::sha256_hex;
use store::approvals::{
    Approval, Error, Exhausted, Kind, NewApproval, RequesterKind, Status, Subject,
};
use tokio::time::Instant;
use types::{ApprovalId, Code, Nanos, Timestamp};

use crate::{
    approval::{self, LOOK},
    attempt::{self, Order},
    caller,
    downstream::Downstream,
    gate::Gate,
    refusal::Refusal,
    trail::Trail,
};

/// How often one call is tried again after a raise: each may be spent by others first.
const RAISES_MAX: usize = 3;
/// How long a question may be answered, in seconds: as long as its window, within these.
const OPEN_SECONDS: std::ops::RangeInclusive<i64> = 60..=7 * 24 * 60 * 60;
/// Who asks for more money for what no one agent answers for.
const ASKER: &str = "budget";

/// Answers with the first model of the plan that can. Where a hard cap stands in the way, the refusal
/// names the question that people were asked, the same one for every call that meets this cap; a
/// caller that wishes to wait is kept until they answer it.
pub(crate) async fn answer(
    gate: &Gate,
    mut order: Order<'_>,
    plan: &Plan,
    trail: &mut Trail,
    down: &mut Downstream<'_>,
) -> Result<(), Refusal> {
    let wait = order.wishes.wait;
    let deadline = Instant::now() + wait.unwrap_or_default();
    let mut raises_left = RAISES_MAX;
    loop {
        let answered = attempt::answer(gate, &order, plan, trail, down).await;
        let Err(refusal) = answered else { return Ok(()) };
        let Some(exhausted) = refusal.exhausted.clone().filter(|_| !down.started()) else {
            return Err(refusal);
        };
        let pause = Pause { gate, order: &order, exhausted: &exhausted };
        let Some(asked) = pause.ask(trail).await else { return Err(refusal) };
        trail.approval = Some(asked.id.to_string());
        if wait.is_none() || raises_left == 0 {
            return Err(approval::told(refusal, &asked));
        }
        let raised = pause.people(asked, down, deadline).await;
        raised.map_err(|asked| approval::told(refusal, &asked))?;
        pause.still_holds(down)?;
        raises_left -= 1;
        // What is held now belongs into the windows of now.
        order.now = Timestamp::now();
    }
}

/// A call that waits for money.
struct Pause<'a> {
    gate: &'a Gate,
    order: &'a Order<'a>,
    exhausted: &'a Exhausted,
}

impl Pause<'_> {
    /// The question as it stands, asked where it was not yet. A denial stands for as long as the
    /// question would have waited. Where nobody can be asked, the refusal is one all the same.
    async fn ask(&self, trail: &Trail) -> Option<Approval> {
        let asked = self.asked(trail).await;
        asked.map_err(|error| tracing::warn!(%error, "nobody could be asked for more money")).ok()
    }

    async fn asked(&self, trail: &Trail) -> Result<Approval, Error> {
        let approvals = self.gate.store.approvals();
        let now = Timestamp::now();
        let new = self.question(trail, now);
        let stands = |known: &Approval| match known.status {
            Status::Pending => true,
            Status::Denied => known.expires_at > now,
            Status::Approved
            | Status::Used
            | Status::Cancelled
            | Status::Revoked
            | Status::Expired => false,
        };
        if let Some(known) = approvals.find(&new.subject).await?.filter(stands) {
            return Ok(known);
        }
        let record =
            approval::record(self.order.known, &self.order.snapshot.commit, &new, trail.request);
        approvals.request(&new, &record).await.map(|(asked, _)| asked)
    }

    /// Bound to the account alone, whose window is part of its name: however many calls it refuses,
    /// people are asked once.
    fn question(&self, trail: &Trail, now: Timestamp) -> NewApproval {
        let account = &self.exhausted.account;
        let known = self.order.known;
        let (agent, caller) = (known.agent, &known.caller);
        let (spender, own) = match account.scope {
            Scope::Agent => (agent.name.as_str(), true),
            Scope::Key | Scope::Session | Scope::Task | Scope::Grant => {
                (account.scope_id.as_str(), true)
            }
            Scope::Tenant => (caller.tenant_name.as_str(), false),
            Scope::User | Scope::Model | Scope::Provider | Scope::Tool => {
                (account.scope_id.as_str(), false)
            }
        };
        let budget = format!("{} {spender} {}", account.scope, account.window.period);
        let left = account.window.ends.map_or(i64::MAX, |ends| ends.seconds() - now.seconds());
        let open = left.clamp(*OPEN_SECONDS.start(), *OPEN_SECONDS.end());
        let Exhausted { target, spent, missing, .. } = self.exhausted;
        // Enough for this call at least.
        let suggested = missing.unwrap_or(Nanos::ZERO).max(Nanos(target.0 / 4));
        NewApproval {
            id: ApprovalId::generate(),
            subject: Subject {
                tenant: caller.tenant,
                kind: Kind::Budget,
                requester_kind: if own { RequesterKind::Agent } else { RequesterKind::Service },
                requester: if own { agent.name.clone() } else { ASKER.to_owned() },
                subject_hash: sha256_hex(account.to_string().as_bytes()),
                // Whatever policies say by then, money is money.
                policy_hash: sha256_hex(ASKER.as_bytes()),
            },
            owner: if own { agent.owner.clone() } else { String::new() },
            roles: BTreeSet::new(),
            quorum: NonZeroU32::MIN,
            reason: format!(
                "the budget of {budget} does not pay for a call: {spent} of {target} is spent"
            ),
            detail: json!({
                "budget": budget,
                "cap_usd": target.to_usd(),
                "spent_usd": spent.to_usd(),
                "suggested_usd": suggested.to_usd(),
                "window_ends": account.window.ends.map(|at| at.to_string()),
                "agent": agent.name,
                "request": trail.request.to_string(),
                "commit": self.order.snapshot.commit,
                "exhausted": self.exhausted,
            }),
            arguments: None,
            open_seconds: u32::try_from(open).unwrap_or(u32::MAX),
            term_seconds: None,
        }
    }

    /// Waits until there is more money: people answered, somebody raised the cap without being asked,
    /// or the window is over. `Err` with the question as it stands where there is not in time.
    async fn people(
        &self,
        mut asked: Approval,
        down: &mut Downstream<'_>,
        deadline: Instant,
    ) -> Result<(), Box<Approval>> {
        let approvals = self.gate.store.approvals();
        loop {
            let heard = approvals.decided();
            match approvals.get(asked.id).await {
                Ok(now) => asked = now,
                Err(error) => tracing::warn!(%error, "a question about money cannot be read"),
            }
            match asked.status {
                Status::Used | Status::Approved => return Ok(()),
                Status::Pending if self.is_raised().await => return Ok(()),
                Status::Pending if Instant::now() < deadline => {}
                Status::Pending
                | Status::Denied
                | Status::Cancelled
                | Status::Revoked
                | Status::Expired => return Err(Box::new(asked)),
            }
            let look = Instant::now() + LOOK;
            tokio::select! {
                () = heard => {}
                () = tokio::time::sleep_until(look.min(deadline)) => {}
                () = down.until_left() => return Err(Box::new(asked)),
            }
        }
    }

    /// Whether the account has a higher target than the one that refused, or has passed.
    async fn is_raised(&self) -> bool {
        let Exhausted { account, target, .. } = self.exhausted;
        if !account.window.contains(Timestamp::now()) {
            return true;
        }
        match self.gate.store.caps().account(account).await {
            Ok(Some(account)) => account.limit().is_none_or(|limit| limit > *target),
            Ok(None) => false,
            Err(error) => {
                tracing::warn!(%error, "the account of a waiting call cannot be read");
                false
            }
        }
    }

    /// Whether caller and policies are still those that the call was permitted by. They may have
    /// changed while people thought.
    fn still_holds(&self, down: &Downstream<'_>) -> Result<(), Refusal> {
        let now = self.gate.snapshots.load();
        let known = caller::authenticate(self.gate, &now, down, Timestamp::now())?;
        let name = &known.caller.agent_name;
        if now.policy.digest(name) == self.order.snapshot.policy.digest(name) {
            return Ok(());
        }
        let message = "the policies changed while more money was waited for; ask again";
        Err(Refusal::new(Code::BudgetExhausted, message))
    }
}
