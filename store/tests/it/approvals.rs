//! Approvals: one row for one question, the first decision wins, an approval is used once.

use std::{collections::BTreeSet, num::NonZeroU32, time::Duration};

use store::{
    Store,
    approvals::{
        Approval, Ballot, Decision, Error, Filter, Kind, NewApproval, RequesterKind, Status,
        Subject,
    },
};
use tokio::task::JoinSet;
use types::{ApprovalId, RequestId, TenantId, Timestamp, audit};

use crate::{
    on_both,
    support::{Database, admin_permit, permit_of, record, tenant},
};

on_both! {
    twenty_askers_get_one_row;
    another_question_gets_another_row;
    an_answer_is_found_until_it_is_used_or_over;
    too_many_questions_are_refused;
    a_quorum_of_two_needs_two_people;
    each_role_must_be_represented;
    nobody_decides_their_own_request;
    a_deny_wins_and_ends_it;
    the_first_decision_wins_among_ten;
    time_is_the_databases;
    an_approval_is_used_once_among_twenty;
    only_the_request_that_used_it_gives_it_back;
    break_glass_lasts_for_its_term_or_until_it_is_revoked;
    only_break_glass_raises_the_revision;
    whoever_waits_is_rung;
    a_permit_to_read_or_of_another_tenant_decides_nothing;
    lists_show_what_stands_where;
    everything_survives_a_restart;
    what_is_long_over_is_removed;
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Agent `default` asks to call a tool; one infra-admin must approve.
fn ask(subject: u8) -> NewApproval {
    NewApproval {
        id: ApprovalId::generate(),
        subject: Subject {
            tenant: tenant(),
            kind: Kind::ToolCall,
            requester_kind: RequesterKind::Agent,
            requester: "default".to_owned(),
            subject_hash: format!("{subject:064x}"),
            policy_hash: "b".repeat(64),
        },
        owner: "olga".to_owned(),
        roles: names(&["infra-admin"]),
        quorum: NonZeroU32::MIN,
        reason: "nul \u{0} is replaced".to_owned(),
        detail: serde_json::json!({ "tool": "mail.send", "note": "nul \u{0} stays" }),
        open_seconds: 3600,
        term_seconds: None,
    }
}

fn break_glass(subject: u8) -> NewApproval {
    let mut ask = ask(subject);
    ask.subject.kind = Kind::BreakGlass;
    ask.subject.requester_kind = RequesterKind::User;
    ask.subject.requester = "rita".to_owned();
    ask.quorum = NonZeroU32::new(2).unwrap();
    ask.term_seconds = Some(4 * 3600);
    ask
}

fn ballot(decision: Decision, roles: &[&str]) -> Ballot {
    Ballot { roles: names(roles), decision, reason: "seen".to_owned() }
}

async fn asked(store: &Store, ask: &NewApproval) -> Approval {
    let (approval, made) =
        store.approvals().request(ask, &record(audit::Kind::Admin)).await.unwrap();
    assert!(made);
    approval
}

async fn say(
    store: &Store,
    id: ApprovalId,
    person: &str,
    decision: Decision,
    roles: &[&str],
) -> Result<Approval, Error> {
    let permit = permit_of(person, tenant(), false);
    let ballot = ballot(decision, roles);
    store.approvals().vote(&permit, id, &ballot, &record(audit::Kind::Admin)).await
}

async fn yes(store: &Store, id: ApprovalId, person: &str) -> Result<Approval, Error> {
    say(store, id, person, Decision::Approve, &["infra-admin"]).await
}

async fn no(store: &Store, id: ApprovalId, person: &str) -> Result<Approval, Error> {
    say(store, id, person, Decision::Deny, &["infra-admin"]).await
}

async fn admin_records(database: &Database) -> i64 {
    database.count("select count(*) from audit where kind = 'admin'").await
}

async fn twenty_askers_get_one_row(database: &Database) {
    let store = database.prepared().await;
    let mut askers = JoinSet::new();
    for _ in 0..20 {
        let (approvals, ask) = (store.approvals(), ask(1));
        askers.spawn(async move { approvals.request(&ask, &record(audit::Kind::Admin)).await });
    }
    let answers: Vec<_> = askers.join_all().await.into_iter().map(Result::unwrap).collect();
    let ids: BTreeSet<ApprovalId> = answers.iter().map(|(approval, _)| approval.id).collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(answers.iter().filter(|(_, made)| *made).count(), 1);
    assert_eq!(database.count("select count(*) from approvals").await, 1);
    assert_eq!(admin_records(database).await, 1, "one record for one row");
    assert_eq!(
        database.count("select count(*) from outbox where subject = 'audit.admin'").await,
        1
    );
    let (approval, _) = &answers[0];
    assert_eq!((approval.status, approval.owner.as_str()), (Status::Pending, "olga"));
    assert_eq!(approval.reason, "nul \u{fffd} is replaced");
    assert_eq!(approval.detail["note"], "nul \u{0} stays");
    assert_eq!(approval.expires_at, approval.created_at.plus_seconds(3600));
}

async fn another_question_gets_another_row(database: &Database) {
    let store = database.prepared().await;
    let first = asked(&store, &ask(1)).await;
    let mut others = vec![ask(2)];
    others.push(ask(1));
    others[1].subject.policy_hash = "c".repeat(64);
    others.push(ask(1));
    others[2].subject.kind = Kind::ModelCall;
    others.push(ask(1));
    others[3].subject.requester = "gardener".to_owned();
    // A person of the agent's name is somebody else.
    others.push(ask(1));
    others[4].subject.requester_kind = RequesterKind::User;
    for other in &others {
        assert_ne!(asked(&store, other).await.id, first.id);
    }
    let mut foreign = ask(1);
    foreign.subject.tenant = TenantId::generate();
    let refused = store.approvals().request(&foreign, &record(audit::Kind::Admin)).await;
    let missing =
        matches!(refused, Err(Error::Store(store::Error::Missing { noun: "tenant", .. })));
    assert!(missing, "{refused:?}");
    let mut long = ask(9);
    long.detail = "a".repeat(70_000).into();
    let refused = store.approvals().request(&long, &record(audit::Kind::Admin)).await;
    assert!(matches!(refused, Err(Error::TooLong { field: "detail", .. })), "{refused:?}");
}

async fn an_answer_is_found_until_it_is_used_or_over(database: &Database) {
    let store = database.prepared().await;
    let approvals = store.approvals();
    let ask_again = async || approvals.request(&ask(1), &record(audit::Kind::Admin)).await.unwrap();
    let subject = ask(1).subject;
    assert_eq!(approvals.find(&subject).await.unwrap(), None);
    let first = asked(&store, &ask(1)).await;
    yes(&store, first.id, "ann").await.unwrap();
    let (same, made) = ask_again().await;
    assert_eq!((same.id, same.status, made), (first.id, Status::Approved, false));
    assert_eq!(same.votes.len(), 1);
    assert!(approvals.consume(first.id, RequestId::generate()).await.unwrap());
    // Used: the next ask is a new question, and so it is after a denial and after the time.
    let (second, made) = ask_again().await;
    assert!(made && second.id != first.id);
    no(&store, second.id, "ann").await.unwrap();
    let found = approvals.find(&subject).await.unwrap().unwrap();
    assert_eq!((found.id, found.status), (second.id, Status::Denied), "the latest");
    let (third, made) = ask_again().await;
    assert!(made);
    database.tamper("update approvals set expires_at = 2 where status = 'pending'").await;
    assert_eq!(approvals.get(third.id).await.unwrap().status, Status::Expired);
    let (fourth, made) = ask_again().await;
    assert!(made, "a question that nobody answered does not block the next");
    assert_eq!(approvals.get(third.id).await.unwrap().status, Status::Expired);
    assert_eq!(approvals.find(&subject).await.unwrap().unwrap().id, fourth.id);
}

async fn too_many_questions_are_refused(database: &Database) {
    let options =
        store::Options { approvals_max: 3, approvals_per_requester_max: 2, ..database.options() };
    let store = Store::open(&options).await.unwrap();
    crate::support::prepare(&store).await;
    let approvals = store.approvals();
    let first = asked(&store, &ask(1)).await;
    asked(&store, &ask(2)).await;
    let refused = approvals.request(&ask(3), &record(audit::Kind::Admin)).await;
    assert!(matches!(refused, Err(Error::TooMany { max: 2, .. })), "{refused:?}");
    let mut other = ask(3);
    other.subject.requester = "gardener".to_owned();
    asked(&store, &other).await;
    other.id = ApprovalId::generate();
    other.subject.requester = "cook".to_owned();
    let refused = approvals.request(&other, &record(audit::Kind::Admin)).await;
    assert!(matches!(refused, Err(Error::TooMany { max: 3, .. })), "{refused:?}");
    // What was asked already is still found, and what is decided does not count.
    let (same, made) = approvals.request(&ask(1), &record(audit::Kind::Admin)).await.unwrap();
    assert_eq!((same.id, made), (first.id, false));
    no(&store, first.id, "ann").await.unwrap();
    asked(&store, &other).await;
    // Nor does what has expired.
    database.tamper("update approvals set expires_at = 2 where requester = 'default'").await;
    asked(&store, &ask(4)).await;
}

async fn a_quorum_of_two_needs_two_people(database: &Database) {
    let store = database.prepared().await;
    let asked = asked(&store, &NewApproval { quorum: NonZeroU32::new(2).unwrap(), ..ask(1) }).await;
    let one = yes(&store, asked.id, "ann").await.unwrap();
    assert_eq!((one.status, one.decided_at), (Status::Pending, None));
    let twice = yes(&store, asked.id, "ann").await;
    assert!(matches!(twice, Err(Error::AlreadyVoted { .. })), "{twice:?}");
    assert!(!store.approvals().consume(asked.id, RequestId::generate()).await.unwrap());
    let two = yes(&store, asked.id, "bob").await.unwrap();
    assert_eq!(two.status, Status::Approved);
    assert!(two.decided_at.is_some());
    assert_eq!(store.approvals().get(asked.id).await.unwrap(), two);
}

async fn each_role_must_be_represented(database: &Database) {
    let store = database.prepared().await;
    let roles = names(&["infra-admin", "agent-owner"]);
    let asked = asked(&store, &NewApproval { roles, ..ask(1) }).await;
    let say = async |person, roles: &[&str]| {
        say(&store, asked.id, person, Decision::Approve, roles).await
    };
    assert_eq!(say("ann", &["infra-admin"]).await.unwrap().status, Status::Pending);
    assert_eq!(say("bob", &["infra-admin"]).await.unwrap().status, Status::Pending);
    let strange = say("cleo", &["auditor"]).await;
    assert!(matches!(strange, Err(Error::NoRole { .. })), "{strange:?}");
    assert_eq!(say("dan", &["agent-owner"]).await.unwrap().status, Status::Approved);
}

async fn nobody_decides_their_own_request(database: &Database) {
    let store = database.prepared().await;
    let mut own = ask(1);
    own.subject.requester_kind = RequesterKind::User;
    own.subject.requester = "rita".to_owned();
    let asked = asked(&store, &own).await;
    for vote in [yes(&store, asked.id, "rita").await, no(&store, asked.id, "rita").await] {
        assert!(matches!(vote, Err(Error::SelfApproval)), "{vote:?}");
    }
    assert_eq!(yes(&store, asked.id, "ann").await.unwrap().status, Status::Approved);
}

async fn a_deny_wins_and_ends_it(database: &Database) {
    let store = database.prepared().await;
    let asked = asked(&store, &NewApproval { quorum: NonZeroU32::new(2).unwrap(), ..ask(1) }).await;
    yes(&store, asked.id, "ann").await.unwrap();
    let denied = no(&store, asked.id, "bob").await.unwrap();
    assert_eq!((denied.status, denied.votes.len()), (Status::Denied, 2));
    let late = yes(&store, asked.id, "cleo").await;
    let decided = matches!(late, Err(Error::AlreadyDecided { status: Status::Denied, .. }));
    assert!(decided, "{late:?}");
    assert!(!store.approvals().consume(asked.id, RequestId::generate()).await.unwrap());
    assert_eq!(database.count("select count(*) from approval_votes").await, 2);
}

async fn the_first_decision_wins_among_ten(database: &Database) {
    let store = database.prepared().await;
    let asked = asked(&store, &ask(1)).await;
    let mut voters = JoinSet::new();
    for n in 0..10 {
        let (store, id) = (store.clone(), asked.id);
        voters.spawn(async move {
            let decision = if n % 2 == 0 { Decision::Approve } else { Decision::Deny };
            say(&store, id, &format!("person {n}"), decision, &["infra-admin"]).await
        });
    }
    let (won, lost): (Vec<_>, Vec<_>) =
        voters.join_all().await.into_iter().partition(Result::is_ok);
    let [Ok(winner)] = won.as_slice() else { panic!("not one winner: {won:?}") };
    assert_eq!(lost.len(), 9);
    for late in lost {
        let told = matches!(&late, Err(Error::AlreadyDecided { status, .. })
            if *status == winner.status);
        assert!(told, "{late:?}");
    }
    assert_eq!(&store.approvals().get(asked.id).await.unwrap(), winner);
    assert_eq!(database.count("select count(*) from approval_votes").await, 1);
    assert_eq!(admin_records(database).await, 2, "the question and the vote that won");
    assert!(store.audit().verify().await.unwrap().ok);
}

async fn time_is_the_databases(database: &Database) {
    let store = database.prepared().await;
    let approvals = store.approvals();
    let (waits, approved) = (asked(&store, &ask(1)).await, asked(&store, &ask(2)).await);
    yes(&store, approved.id, "ann").await.unwrap();
    // An hour passes for the rows, whose times are all the database's.
    database
        .tamper(
            "update approvals set created_at = created_at - 3600000000, \
             expires_at = expires_at - 3600000000",
        )
        .await;
    for vote in [yes(&store, waits.id, "ann").await, no(&store, waits.id, "ann").await] {
        assert!(matches!(vote, Err(Error::Expired { .. })), "{vote:?}");
    }
    assert!(!approvals.consume(approved.id, RequestId::generate()).await.unwrap());
    let permit = admin_permit(false);
    let cancelled = approvals.cancel(&permit, waits.id, &record(audit::Kind::Admin)).await;
    assert!(matches!(cancelled, Err(Error::Expired { .. })), "{cancelled:?}");
    for id in [waits.id, approved.id] {
        assert_eq!(approvals.get(id).await.unwrap().status, Status::Expired);
    }
}

async fn an_approval_is_used_once_among_twenty(database: &Database) {
    let store = database.prepared().await;
    let asked = asked(&store, &ask(1)).await;
    let early = store.approvals().consume(asked.id, RequestId::generate()).await.unwrap();
    assert!(!early, "it is not approved yet");
    yes(&store, asked.id, "ann").await.unwrap();
    let mut users = JoinSet::new();
    for n in 0..20 {
        let (approvals, request) = (store.approvals(), RequestId::from_parts(1, n));
        users.spawn(async move { (request, approvals.consume(asked.id, request).await.unwrap()) });
    }
    let users = users.join_all().await;
    let winners: Vec<RequestId> =
        users.iter().filter(|(_, got)| *got).map(|(request, _)| *request).collect();
    let used = store.approvals().get(asked.id).await.unwrap();
    assert_eq!((winners.len(), used.used_by, used.status), (1, Some(winners[0]), Status::Used));
    assert!(used.used_at.is_some());
    let unknown = store.approvals().consume(ApprovalId::generate(), winners[0]).await;
    assert!(matches!(unknown, Err(Error::Missing { .. })), "{unknown:?}");
}

async fn only_the_request_that_used_it_gives_it_back(database: &Database) {
    let store = database.prepared().await;
    let approvals = store.approvals();
    let asked = asked(&store, &ask(1)).await;
    let (request, other) = (RequestId::generate(), RequestId::generate());
    yes(&store, asked.id, "ann").await.unwrap();
    assert!(!approvals.give_back(asked.id, request).await.unwrap(), "nobody used it");
    assert!(approvals.consume(asked.id, request).await.unwrap());
    assert!(!approvals.give_back(asked.id, other).await.unwrap());
    assert!(approvals.give_back(asked.id, request).await.unwrap());
    let back = approvals.get(asked.id).await.unwrap();
    assert_eq!((back.status, back.used_by, back.used_at), (Status::Approved, None, None));
    assert!(!approvals.give_back(asked.id, request).await.unwrap(), "once");
    assert!(approvals.consume(asked.id, other).await.unwrap());
    database.tamper("update approvals set expires_at = 2").await;
    assert!(!approvals.give_back(asked.id, other).await.unwrap(), "its time is over");
}

async fn break_glass_lasts_for_its_term_or_until_it_is_revoked(database: &Database) {
    let store = database.prepared().await;
    let approvals = store.approvals();
    let active = async || {
        let all = approvals.active_break_glass().await.unwrap();
        all.iter().map(|approval| approval.id).collect::<Vec<_>>()
    };
    let asked = asked(&store, &break_glass(1)).await;
    let before = store.revision().await.unwrap();
    yes(&store, asked.id, "ann").await.unwrap();
    assert_eq!(active().await, []);
    assert_eq!(store.revision().await.unwrap(), before, "one vote of two decides nothing");
    let approved = yes(&store, asked.id, "bob").await.unwrap();
    let term = approved.decided_at.unwrap().plus_seconds(4 * 3600);
    assert_eq!((approved.status, approved.ends_at), (Status::Approved, Some(term)));
    assert_eq!(active().await, [asked.id]);
    assert_eq!(store.revision().await.unwrap(), before + 1);
    // It is not used up, and the time for the answer does not end it.
    assert!(!approvals.consume(asked.id, RequestId::generate()).await.unwrap());
    database.tamper("update approvals set expires_at = 2").await;
    assert_eq!(active().await, [asked.id]);
    assert_eq!(approvals.get(asked.id).await.unwrap().status, Status::Approved);
    let permit = admin_permit(false);
    let revoke = async || approvals.revoke(&permit, asked.id, &record(audit::Kind::Admin)).await;
    assert_eq!(revoke().await.unwrap().status, Status::Revoked);
    assert_eq!(active().await, []);
    assert_eq!(store.revision().await.unwrap(), before + 2);
    let twice = revoke().await;
    let told = matches!(twice, Err(Error::AlreadyDecided { status: Status::Revoked, .. }));
    assert!(told, "{twice:?}");

    let next = self::asked(&store, &break_glass(1)).await;
    for person in ["ann", "bob"] {
        yes(&store, next.id, person).await.unwrap();
    }
    database.tamper("update approvals set ends_at = 2 where status = 'approved'").await;
    assert_eq!(active().await, []);
    assert_eq!(approvals.get(next.id).await.unwrap().status, Status::Expired);
}

async fn only_break_glass_raises_the_revision(database: &Database) {
    let store = database.prepared().await;
    let approvals = store.approvals();
    let permit = admin_permit(false);
    let start = store.revision().await.unwrap();
    let approved = asked(&store, &ask(1)).await;
    yes(&store, approved.id, "ann").await.unwrap();
    let taken_back = approvals.revoke(&permit, approved.id, &record(audit::Kind::Admin)).await;
    assert_eq!(taken_back.unwrap().status, Status::Revoked);
    let denied = asked(&store, &ask(2)).await;
    no(&store, denied.id, "ann").await.unwrap();
    let withdrawn = asked(&store, &ask(3)).await;
    let withdrawn = approvals.cancel(&permit, withdrawn.id, &record(audit::Kind::Admin)).await;
    assert_eq!(withdrawn.unwrap().status, Status::Cancelled);
    assert_eq!(store.revision().await.unwrap(), start);
    let glass = asked(&store, &break_glass(4)).await;
    assert_eq!(store.revision().await.unwrap(), start);
    no(&store, glass.id, "ann").await.unwrap();
    assert_eq!(store.revision().await.unwrap(), start + 1);
    // Each of these acts left its record and its event.
    assert_eq!(admin_records(database).await, 9);
    let events = "select count(*) from outbox where subject = 'audit.admin'";
    assert_eq!(database.count(events).await, 9);
    assert!(store.audit().verify().await.unwrap().ok);
}

async fn whoever_waits_is_rung(database: &Database) {
    let store = database.prepared().await;
    let approvals = store.approvals();
    let permit = admin_permit(false);
    let voted = asked(&store, &break_glass(1)).await;
    let cancelled = asked(&store, &ask(2)).await;
    let in_time = async |rung| tokio::time::timeout(Duration::from_secs(30), rung).await.unwrap();
    for person in ["ann", "bob"] {
        let rung = approvals.decided();
        yes(&store, voted.id, person).await.unwrap();
        in_time(rung).await;
    }
    let rung = approvals.decided();
    approvals.revoke(&permit, voted.id, &record(audit::Kind::Admin)).await.unwrap();
    in_time(rung).await;
    let rung = approvals.decided();
    approvals.cancel(&permit, cancelled.id, &record(audit::Kind::Admin)).await.unwrap();
    in_time(rung).await;
    // What changes nothing rings nobody.
    let rung = approvals.decided();
    assert!(yes(&store, cancelled.id, "ann").await.is_err());
    let silence = is_pending(rung);
    assert!(silence.await, "a refused vote rang");
}

/// Whether a future is not ready yet.
async fn is_pending(future: impl Future<Output = ()>) -> bool {
    let mut future = std::pin::pin!(future);
    std::future::poll_fn(|cx| std::task::Poll::Ready(future.as_mut().poll(cx).is_pending())).await
}

async fn a_permit_to_read_or_of_another_tenant_decides_nothing(database: &Database) {
    let store = database.prepared().await;
    let approvals = store.approvals();
    let asked = asked(&store, &ask(1)).await;
    let audit = record(audit::Kind::Admin);
    let vote = ballot(Decision::Approve, &["infra-admin"]);
    let reader = admin_permit(true);
    for refused in [
        approvals.vote(&reader, asked.id, &vote, &audit).await,
        approvals.cancel(&reader, asked.id, &audit).await,
        approvals.revoke(&reader, asked.id, &audit).await,
    ] {
        let told = matches!(refused, Err(Error::Store(store::Error::Permit { .. })));
        assert!(told, "{refused:?}");
    }
    let foreign = permit_of("ann", TenantId::generate(), false);
    for refused in [
        approvals.vote(&foreign, asked.id, &vote, &audit).await,
        approvals.cancel(&foreign, asked.id, &audit).await,
        approvals.revoke(&foreign, asked.id, &audit).await,
    ] {
        assert!(matches!(refused, Err(Error::Missing { .. })), "{refused:?}");
    }
    assert_eq!(approvals.get(asked.id).await.unwrap(), asked);
    assert_eq!(admin_records(database).await, 1);
}

async fn lists_show_what_stands_where(database: &Database) {
    let store = database.prepared().await;
    let approvals = store.approvals();
    let mut ids = Vec::new();
    for n in 0..6 {
        // Rows of one millisecond are in the order of their ids.
        let id = ApprovalId::from_parts(u64::from(n), 0);
        ids.push(asked(&store, &NewApproval { id, ..ask(n) }).await.id);
    }
    let glass = NewApproval { id: ApprovalId::from_parts(6, 0), ..break_glass(6) };
    ids.push(asked(&store, &glass).await.id);
    no(&store, ids[1], "ann").await.unwrap();
    for id in &ids[2..5] {
        yes(&store, *id, "ann").await.unwrap();
    }
    approvals.consume(ids[2], RequestId::generate()).await.unwrap();
    let old = "update approvals set expires_at = 2 where id in (";
    let old = format!("{old}'{}', '{}')", ids[3], ids[5]);
    let query = sqlx::query(sqlx::AssertSqlSafe(old));
    query.execute(&mut database.raw().await).await.unwrap();
    let list = async |filter: Filter, limit| {
        let found = approvals.list(&filter, limit).await.unwrap();
        found.into_iter().map(|approval| approval.id).collect::<Vec<_>>()
    };
    let of = |status| Filter { status: Some(status), ..Filter::default() };
    assert_eq!(list(of(Status::Pending), 9).await, [ids[6], ids[0]]);
    assert_eq!(list(of(Status::Approved), 9).await, [ids[4]]);
    assert_eq!(list(of(Status::Expired), 9).await, [ids[5], ids[3]]);
    assert_eq!(list(of(Status::Used), 9).await, [ids[2]]);
    assert_eq!(list(of(Status::Denied), 9).await, [ids[1]]);
    let newest_first: Vec<ApprovalId> = ids.iter().rev().copied().collect();
    assert_eq!(list(Filter::default(), 9).await, newest_first);
    assert_eq!(list(Filter::default(), 2).await, newest_first[..2]);
    let glass = Filter { kind: Some(Kind::BreakGlass), ..Filter::default() };
    assert_eq!(list(glass, 9).await, [ids[6]]);
    let agents = Filter {
        tenant: Some(tenant()),
        requester: Some("default".to_owned()),
        ..Filter::default()
    };
    assert_eq!(list(agents, 9).await, newest_first[1..]);
    let foreign = Filter { tenant: Some(TenantId::generate()), ..Filter::default() };
    assert_eq!(list(foreign, 9).await, []);
    let shown = approvals.list(&of(Status::Denied), 1).await.unwrap();
    let [vote] = shown[0].votes.as_slice() else { panic!("not one vote: {shown:?}") };
    assert_eq!((vote.person.as_str(), vote.decision), ("ann", Decision::Deny));
    assert_eq!((&vote.roles, vote.reason.as_str()), (&names(&["infra-admin"]), "seen"));
}

async fn everything_survives_a_restart(database: &Database) {
    let store = database.prepared().await;
    let approved = asked(&store, &ask(1)).await;
    yes(&store, approved.id, "ann").await.unwrap();
    let waits = asked(&store, &NewApproval { quorum: NonZeroU32::new(2).unwrap(), ..ask(2) }).await;
    yes(&store, waits.id, "ann").await.unwrap();
    let before = store.approvals().list(&Filter::default(), 9).await.unwrap();
    store.close().await;
    let store = database.open().await;
    assert_eq!(store.approvals().list(&Filter::default(), 9).await.unwrap(), before);
    assert_eq!(yes(&store, waits.id, "bob").await.unwrap().status, Status::Approved);
    assert!(store.approvals().consume(approved.id, RequestId::generate()).await.unwrap());
    assert!(store.audit().verify().await.unwrap().ok);
}

async fn what_is_long_over_is_removed(database: &Database) {
    let store = database.prepared().await;
    let approvals = store.approvals();
    let waits = asked(&store, &ask(1)).await;
    let denied = asked(&store, &ask(2)).await;
    no(&store, denied.id, "ann").await.unwrap();
    let glass = asked(&store, &break_glass(3)).await;
    for person in ["ann", "bob"] {
        yes(&store, glass.id, person).await.unwrap();
    }
    let later = Timestamp::now().plus_seconds(2 * 3600);
    assert_eq!(approvals.purge(waits.created_at).await.unwrap(), 0);
    // Two hours on, the questions are over and break-glass still lasts.
    assert_eq!(approvals.purge(later).await.unwrap(), 2);
    let left = approvals.list(&Filter::default(), 9).await.unwrap();
    assert_eq!(left.iter().map(|approval| approval.id).collect::<Vec<_>>(), [glass.id]);
    assert_eq!(database.count("select count(*) from approval_votes").await, 2);
    assert_eq!(approvals.purge(later.plus_seconds(4 * 3600)).await.unwrap(), 1);
    assert_eq!(database.count("select count(*) from approval_votes").await, 0);
    assert!(store.audit().verify().await.unwrap().ok, "the chain keeps what was decided");
}
