//! Rows and properties of the tally.

use std::{collections::BTreeSet, num::NonZeroU32};

use proptest::{collection::btree_set, prelude::*};
use types::{ApprovalId, TenantId, Timestamp};

use super::{
    approval::{Approval, Ballot, Decision, Kind, RequesterKind, Subject, Vote},
    error::Error,
    status::{Event, Status},
    tally::{cast, tally},
};

const NOW: Timestamp = Timestamp(7_000_000);

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn approval(roles: &[&str], quorum: u32) -> Approval {
    Approval {
        id: ApprovalId::from_parts(1, 1),
        subject: Subject {
            tenant: TenantId::from_parts(1, 1),
            kind: Kind::ToolCall,
            requester_kind: RequesterKind::User,
            requester: "rita".to_owned(),
            subject_hash: "aa".repeat(32),
            policy_hash: "bb".repeat(32),
        },
        owner: String::new(),
        roles: set(roles),
        quorum: NonZeroU32::new(quorum).unwrap(),
        reason: String::new(),
        detail: serde_json::Value::Null,
        status: Status::Pending,
        created_at: Timestamp(1),
        expires_at: Timestamp(9_000_000),
        decided_at: None,
        used_by: None,
        used_at: None,
        term_seconds: None,
        ends_at: None,
        votes: Vec::new(),
    }
}

fn vote(person: &str, roles: &[&str], decision: Decision) -> Vote {
    Vote { person: person.to_owned(), roles: set(roles), decision, reason: String::new(), at: NOW }
}

#[track_caller]
fn check(roles: &[&str], quorum: u32, votes: &[(&str, &[&str])], expected: Event) {
    let votes = votes.iter().map(|(person, roles)| vote(person, roles, Decision::Approve));
    let asked = Approval { votes: votes.collect(), ..approval(roles, quorum) };
    assert_eq!(tally(&asked), expected);
}

#[test]
fn enough_people_and_every_role() {
    check(&["admin"], 1, &[], Event::Vote);
    check(&["admin"], 1, &[("ann", &["admin"])], Event::Approve);
    check(&["admin"], 2, &[("ann", &["admin"])], Event::Vote);
    check(&["admin"], 2, &[("ann", &["admin"]), ("bob", &["admin"])], Event::Approve);
    check(&["admin", "owner"], 1, &[("ann", &["admin"])], Event::Vote);
    // One person may speak for two roles, but is one person.
    check(&["admin", "owner"], 1, &[("ann", &["admin", "owner"])], Event::Approve);
    check(&["admin", "owner"], 2, &[("ann", &["admin", "owner"])], Event::Vote);
    check(&["admin", "owner"], 2, &[("ann", &["admin"]), ("bob", &["owner"])], Event::Approve);
    check(&[], 1, &[("ann", &[])], Event::Approve);
}

#[test]
fn votes_that_must_not_count_do_not() {
    check(&["admin"], 2, &[("ann", &["admin"]), ("ann", &["admin"])], Event::Vote);
    check(&["admin"], 2, &[("ann", &["admin"]), ("bob", &["auditor"])], Event::Vote);
    check(&["admin"], 1, &[("rita", &["admin"])], Event::Vote);
    let mut asked = approval(&["admin"], 1);
    asked.subject.requester_kind = RequesterKind::Agent;
    asked.votes = vec![vote("rita", &["admin"], Decision::Approve)];
    assert_eq!(tally(&asked), Event::Approve, "an agent of a person's name is not the person");
}

#[test]
fn a_vote_that_is_refused_changes_nothing() {
    let ballot = |roles: &[&str]| Ballot {
        roles: set(roles),
        decision: Decision::Approve,
        reason: String::new(),
    };
    let mut asked = approval(&["admin"], 2);
    cast(&mut asked, "ann", &ballot(&["admin"]), NOW).unwrap();
    let before = asked.clone();
    let own = cast(&mut asked, "rita", &ballot(&["admin"]), NOW);
    assert!(matches!(own, Err(Error::SelfApproval)), "{own:?}");
    let twice = cast(&mut asked, "ann", &ballot(&["admin"]), NOW);
    assert!(matches!(twice, Err(Error::AlreadyVoted { .. })), "{twice:?}");
    let strange = cast(&mut asked, "bob", &ballot(&["auditor"]), NOW);
    assert!(matches!(strange, Err(Error::NoRole { .. })), "{strange:?}");
    let long = Ballot { reason: "a".repeat(5000), ..ballot(&["admin"]) };
    let long = cast(&mut asked, "bob", &long, NOW);
    assert!(matches!(long, Err(Error::TooLong { field: "reason", .. })), "{long:?}");
    assert_eq!(asked, before);
    asked.status = Status::Expired;
    let late = cast(&mut asked, "bob", &ballot(&["admin"]), NOW);
    assert!(matches!(late, Err(Error::Expired { .. })), "{late:?}");
    asked.status = Status::Denied;
    let late = cast(&mut asked, "bob", &ballot(&["admin"]), NOW);
    let decided = matches!(late, Err(Error::AlreadyDecided { status: Status::Denied, .. }));
    assert!(decided, "{late:?}");
}

#[test]
fn break_glass_ends_a_term_after_the_decision() {
    let mut asked = Approval { term_seconds: Some(60), ..approval(&[], 1) };
    let ballot = Ballot { roles: set(&[]), decision: Decision::Approve, reason: "fire".to_owned() };
    cast(&mut asked, "ann", &ballot, NOW).unwrap();
    assert_eq!((asked.status, asked.decided_at), (Status::Approved, Some(NOW)));
    assert_eq!(asked.ends_at, Some(Timestamp(67_000_000)));
    assert_eq!(asked.end(), Timestamp(67_000_000), "its own term counts from then on");
}

const ROLES: [&str; 3] = ["admin", "auditor", "owner"];
const PEOPLE: [&str; 5] = ["ann", "bob", "cleo", "dan", "rita"];

fn any_votes() -> impl Strategy<Value = Vec<Vote>> {
    let one = (0..PEOPLE.len(), btree_set(prop::sample::select(&ROLES[..]), 0..4));
    prop::collection::vec(one, 0..7).prop_map(|votes| {
        let vote = |(person, held): (usize, BTreeSet<&str>)| {
            let held: Vec<&str> = held.into_iter().collect();
            vote(PEOPLE[person], &held, Decision::Approve)
        };
        votes.into_iter().map(vote).collect()
    })
}

proptest! {
    #[test]
    fn the_tally_keeps_its_promises(
        roles in btree_set(prop::sample::select(&ROLES[..]), 0..4),
        quorum in 1_u32..4,
        votes in any_votes(),
        shuffled in any_votes().prop_flat_map(|votes| (Just(votes.clone()), Just(votes).prop_shuffle())),
        denier in prop::option::of(0..7_usize),
    ) {
        let roles: Vec<&str> = roles.into_iter().collect();
        let of = |votes: Vec<Vote>| tally(&Approval { votes, ..approval(&roles, quorum) });

        // The order of the votes does not matter.
        prop_assert_eq!(of(shuffled.0), of(shuffled.1));

        // Approved means: enough people other than the requester, and each role among them.
        let others: Vec<&Vote> = votes.iter().filter(|vote| vote.person != "rita").collect();
        let people: BTreeSet<&str> = others.iter().map(|vote| vote.person.as_str()).collect();
        let outcome = of(votes.clone());
        if outcome == Event::Approve {
            prop_assert!(people.len() >= usize::try_from(quorum).unwrap());
            for role in &roles {
                prop_assert!(others.iter().any(|vote| vote.roles.contains(*role)), "{} is missing", role);
            }
        } else {
            prop_assert_eq!(outcome, Event::Vote);
        }

        // A deny anywhere is a denial, and more votes never undo it.
        if let Some(place) = denier {
            let mut with = votes.clone();
            with.insert(place.min(votes.len()), vote("eve", &[], Decision::Deny));
            prop_assert_eq!(of(with), Event::Deny);
        }

        // What is approved stays approved by one more yes.
        let mut more = votes;
        more.push(vote("fay", &ROLES, Decision::Approve));
        if outcome == Event::Approve {
            prop_assert_eq!(of(more), Event::Approve);
        }
    }
}
