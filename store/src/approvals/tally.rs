//! The decision: what votes make of an approval. Values in, values out.

use std::collections::BTreeSet;

use types::Timestamp;

use super::{
    approval::{Approval, Ballot, Decision, REASON_BYTES_MAX, RequesterKind, Vote, bounded},
    error::Error,
    status::Event,
};

/// What the votes of an open approval amount to: [`Event::Deny`] where anybody says no,
/// [`Event::Approve`] where enough people and every role say yes, [`Event::Vote`] where more votes
/// are needed. The order of the votes does not matter.
pub fn tally(approval: &Approval) -> Event {
    if approval.votes.iter().any(|vote| vote.decision == Decision::Deny) {
        return Event::Deny;
    }
    // Who may not vote is refused before. It is asked again here, so that the rule is in one place
    // whatever stands in the rows.
    let yes = || {
        approval
            .votes
            .iter()
            .filter(|vote| speaks(approval, &vote.roles) && !is_requester(approval, &vote.person))
    };
    let people: BTreeSet<&str> = yes().map(|vote| vote.person.as_str()).collect();
    let enough = u32::try_from(people.len()).unwrap_or(u32::MAX) >= approval.quorum.get();
    let whole = approval.roles.iter().all(|role| yes().any(|vote| vote.roles.contains(role)));
    if enough && whole { Event::Approve } else { Event::Vote }
}

/// Adds a person's vote and moves the approval to where that leads.
///
/// # Errors
/// Every variant but those of the database; the approval is as it was then.
pub(super) fn cast(
    approval: &mut Approval,
    person: &str,
    ballot: &Ballot,
    now: Timestamp,
) -> Result<(), Error> {
    let id = approval.id;
    let step = |event| approval.status.after(event).map_err(|step| Error::bad_step(id, step));
    step(Event::Vote)?;
    bounded("reason", ballot.reason.len(), REASON_BYTES_MAX)?;
    if is_requester(approval, person) {
        return Err(Error::SelfApproval);
    }
    if !speaks(approval, &ballot.roles) {
        return Err(Error::NoRole { roles: approval.roles.iter().cloned().collect() });
    }
    if approval.votes.iter().any(|vote| vote.person == person) {
        return Err(Error::AlreadyVoted { person: person.to_owned() });
    }
    approval.votes.push(Vote {
        person: person.to_owned(),
        roles: ballot.roles.clone(),
        decision: ballot.decision,
        reason: ballot.reason.clone(),
        at: now,
    });
    let event = tally(approval);
    approval.status = approval.status.after(event).map_err(|step| Error::bad_step(id, step))?;
    match event {
        Event::Approve => {
            approval.decided_at = Some(now);
            let until = |seconds: u32| now.plus_seconds(i64::from(seconds));
            approval.ends_at = approval.term_seconds.map(until);
        }
        Event::Deny => approval.decided_at = Some(now),
        Event::Vote
        | Event::Cancel
        | Event::Use
        | Event::GiveBack
        | Event::Revoke
        | Event::Lapse => {}
    }
    Ok(())
}

/// Whether the person is who asked. An agent's or a service's name is never a person's.
fn is_requester(approval: &Approval, person: &str) -> bool {
    approval.subject.requester_kind == RequesterKind::User && approval.subject.requester == person
}

/// Whether somebody with these roles is among those who are asked. Where no role is asked for,
/// everybody whom policy lets decide is.
fn speaks(approval: &Approval, roles: &BTreeSet<String>) -> bool {
    approval.roles.is_empty() || !approval.roles.is_disjoint(roles)
}
