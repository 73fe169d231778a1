//! The capability grant of a run: the one credential that it has.

use std::time::Duration;

use policy::{Grant, Limits};
use serde_json::json;
use snapshot::Agent;
use store::work::{Claim, Origin};
use types::{
    Actor, ActorType, AuditId, Secret, Timestamp,
    audit::{Kind, Record},
};

use crate::{Error, Parts, terms::Terms};

/// Signs the grant of a run, which ends with the longest that the run may take, and puts it on record, so that it
/// can be revoked. A run that goes on has the same one, of a later lease: what it may cost is counted once, and what
/// is not pure is called by whoever took it last.
pub(crate) async fn of(
    parts: &Parts,
    claim: &Claim,
    (agent, terms): (&Agent, Terms),
    origin: &Origin,
) -> Result<Secret, Error> {
    let now = Timestamp::now();
    let lasts = agent.work.run.time + SLACK;
    let seconds = i64::try_from(lasts.as_secs()).unwrap_or(i64::MAX);
    let grant = Grant {
        id: Grant::id_of(claim.run),
        tenant: claim.tenant,
        agent: claim.task.agent,
        task: Some(claim.task.id),
        run: Some(claim.run),
        epoch: Some(claim.epoch),
        // Work that is given away is done in the session that it came from: what either sees counts for both.
        session: Some(origin.session),
        limits: Limits {
            max_cost: terms.cost,
            sandbox: agent.work.sandbox.clone(),
            ..Limits::default()
        },
        issued_at: now,
        expires_at: now.plus_seconds(seconds),
    };
    let text = parts.pepper.signer().sign(&grant)?;
    let row = store::grants::Grant {
        id: grant.id,
        tenant: grant.tenant,
        agent: grant.agent,
        task: grant.task,
        run: grant.run,
        session: grant.session,
        body: json!(grant.limits),
        issued_by: "orchestrator".to_owned(),
        created_at: grant.issued_at,
        expires_at: grant.expires_at,
        revoked_at: None,
    };
    parts.store.work().grant(claim, &row, &record(claim, &grant)).await?;
    Ok(text)
}

/// What a grant lasts beyond its run: for the last call to come to its end.
const SLACK: Duration = Duration::from_secs(10 * 60);

fn record(claim: &Claim, grant: &Grant) -> Record {
    Record {
        id: AuditId::generate(),
        at: Timestamp::now(),
        tenant: claim.tenant,
        kind: Kind::System,
        request: None,
        actor: Actor {
            kind: ActorType::Service,
            id: claim.owner.clone(),
            auth: "claim".to_owned(),
        },
        action: "grant.create".to_owned(),
        resource: grant.id.to_string(),
        outcome: "ok".to_owned(),
        commit: claim.task.commit.clone(),
        detail: json!({
            "agent": grant.agent, "task": grant.task, "run": grant.run, "session": grant.session,
            "limits": grant.limits, "expires_at": grant.expires_at.to_string(),
        })
        .into(),
    }
}
