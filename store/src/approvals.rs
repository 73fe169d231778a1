//! Approvals: durable questions to people, bound to who asks for what under which policies. No
//! answer lives in a socket or a timer; whoever waits for one may leave and ask again.

mod approval;
mod arguments;
mod error;
mod exhausted;
mod list;
mod status;
mod table;
mod tally;
#[cfg(test)]
mod tally_tests;

use std::{future::Future, sync::Arc, time::Instant};

use policy::AdminPermit;
use types::{ApprovalId, RequestId, audit::Record};

pub use self::{
    approval::{
        Approval, Ballot, DETAIL_BYTES_MAX, Decision, Kind, NewApproval, REASON_BYTES_MAX,
        RequesterKind, Subject, Vote,
    },
    arguments::{ARGUMENTS_BYTES_MAX, Arguments, Masked},
    error::Error,
    exhausted::Exhausted,
    list::Filter,
    status::{BadStep, Event, Status},
    tally::tally,
};
use crate::{
    change::Change,
    raises::{self, NewRaise},
    rows,
    store::Inner,
};

/// The tables of approvals and votes.
#[derive(Clone)]
pub struct Approvals {
    pub(crate) inner: Arc<Inner>,
}

impl Approvals {
    /// Asks, or finds what was asked: where the same question waits, or its answer can still be
    /// used, that one is returned and nothing is written. Needs no permit, because asking is open;
    /// what is asked must say what it is for. Returns whether a row was made now, and writes the
    /// audit record with its event only then.
    ///
    /// # Errors
    /// [`Error::TooLong`], [`Error::TooMany`] or [`Error::Store`].
    pub async fn request(
        &self,
        ask: &NewApproval,
        record: &Record,
    ) -> Result<(Approval, bool), Error> {
        approval::bounded("reason", ask.reason.len(), REASON_BYTES_MAX)?;
        approval::bounded("detail", rows::json(&ask.detail)?.len(), DETAIL_BYTES_MAX)?;
        // Most asks are repeats by a caller that retries: these do not wait for the writers.
        if let Some(open) = self.find(&ask.subject).await?.filter(is_open) {
            return Ok((open, false));
        }
        let (inner, subject) = (&self.inner, &ask.subject);
        let mut change = Change::begin_unpermitted(inner).await?;
        table::lock_tenant(change.conn(), inner.dialect, subject.tenant).await?;
        let now = crate::store::now(change.conn(), inner.dialect).await?;
        let known = table::of_subject(change.conn(), subject, now).await?;
        if let Some(open) = known.filter(is_open) {
            return Ok((open, false));
        }
        table::lapse(change.conn(), subject, now).await?;
        let (everybodys, own) = table::waiting(change.conn(), subject, now).await?;
        let (most, most_own) =
            (inner.options.approvals_max, inner.options.approvals_per_requester_max);
        if own >= u64::from(most_own) {
            let whose = format!("`{}`", subject.requester);
            return Err(Error::TooMany { whose, max: most_own });
        }
        if everybodys >= u64::from(most) {
            return Err(Error::TooMany { whose: "the tenant".to_owned(), max: most });
        }
        table::insert(change.conn(), ask, now).await?;
        let made = table::of_subject(change.conn(), subject, now).await?;
        let made = made.ok_or(Error::Missing { id: ask.id })?;
        change.commit_quietly(record).await?;
        Ok((made, true))
    }

    /// Casts the vote of the permit's person, which may decide: one deny is a denial, and enough
    /// people with every role are an approval. The first decision wins.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::Expired`] by the database's clock, [`Error::AlreadyDecided`],
    /// [`Error::SelfApproval`], [`Error::NoRole`], [`Error::AlreadyVoted`], [`Error::TooLong`], or
    /// [`Error::Store`], also where the permit is for reading only.
    pub async fn vote(
        &self,
        permit: &AdminPermit,
        id: ApprovalId,
        ballot: &Ballot,
        record: &Record,
    ) -> Result<Approval, Error> {
        let mut change = Change::begin(&self.inner, permit, permit.tenant()).await?;
        let (mut approval, now) = self.own(&mut change, permit, id).await?;
        tally::cast(&mut approval, permit.actor(), ballot, now)?;
        if let Some(vote) = approval.votes.last() {
            table::insert_vote(change.conn(), &approval, vote).await?;
        }
        let decided = approval.status != Status::Pending;
        self.end(change, approval, decided, record).await
    }

    /// As [`Approvals::vote`], for a question about a budget: where the vote decides, the raise is made
    /// in the same transaction, and the approval is used up by it.
    ///
    /// # Errors
    /// As [`Approvals::vote`].
    pub async fn vote_raise(
        &self,
        permit: &AdminPermit,
        id: ApprovalId,
        (ballot, raise): (&Ballot, &NewRaise),
        record: &Record,
    ) -> Result<Approval, Error> {
        let seen_at = Instant::now();
        let mut change = Change::begin(&self.inner, permit, raise.spec.key.tenant).await?;
        let (mut approval, now) = self.own(&mut change, permit, id).await?;
        tally::cast(&mut approval, permit.actor(), ballot, now)?;
        if let Some(vote) = approval.votes.last() {
            table::insert_vote(change.conn(), &approval, vote).await?;
        }
        let mut raised = None;
        if let Ok(used) = approval.status.after(Event::Use) {
            let by = permit.actor();
            raised = Some(raises::apply(&mut change, &self.inner, raise, Some(id), by).await?);
            approval.status = used;
            (approval.used_by, approval.used_at) = (Some(RequestId::generate()), Some(now));
        }
        let approval = self.end(change, approval, true, record).await?;
        self.inner.seen.put(raised.iter(), seen_at);
        Ok(approval)
    }

    /// Withdraws a question that waits.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::Expired`], [`Error::AlreadyDecided`] or [`Error::Store`].
    pub async fn cancel(
        &self,
        permit: &AdminPermit,
        id: ApprovalId,
        record: &Record,
    ) -> Result<Approval, Error> {
        self.stop(permit, id, Event::Cancel, record).await
    }

    /// Takes an approval back: break-glass ends at once, another one can no longer be used.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::Expired`] where it has ended already,
    /// [`Error::AlreadyDecided`] where it is not approved, or [`Error::Store`].
    pub async fn revoke(
        &self,
        permit: &AdminPermit,
        id: ApprovalId,
        record: &Record,
    ) -> Result<Approval, Error> {
        self.stop(permit, id, Event::Revoke, record).await
    }

    /// Uses an approval up for a request. Of any number of callers, one gets `true`, if it is
    /// approved and its time is not over. Break-glass is never used up.
    ///
    /// # Errors
    /// [`Error::Missing`] or [`Error::Store`]: then ask [`Approvals::get`] who used it.
    pub async fn consume(&self, id: ApprovalId, request: RequestId) -> Result<bool, Error> {
        let mut tx = self.inner.write.begin_with(self.inner.dialect.begin()).await?;
        let locked = table::lock(&mut tx, self.inner.dialect, id).await?;
        let (mut approval, now) = locked.ok_or(Error::Missing { id })?;
        let Ok(status) = approval.status.after(Event::Use) else { return Ok(false) };
        if approval.subject.kind == Kind::BreakGlass {
            return Ok(false);
        }
        approval.status = status;
        (approval.used_by, approval.used_at) = (Some(request), Some(now));
        table::save(&mut tx, &approval).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Gives an approval back that a request used and did not need, such as where no model could
    /// be reached. Only that request can, and only before the approval's time is over.
    ///
    /// # Errors
    /// [`Error::Missing`] or [`Error::Store`].
    pub async fn give_back(&self, id: ApprovalId, request: RequestId) -> Result<bool, Error> {
        let mut tx = self.inner.write.begin_with(self.inner.dialect.begin()).await?;
        let locked = table::lock(&mut tx, self.inner.dialect, id).await?;
        let (mut approval, now) = locked.ok_or(Error::Missing { id })?;
        let Ok(status) = approval.status.after(Event::GiveBack) else { return Ok(false) };
        if approval.used_by != Some(request) || approval.end() <= now {
            return Ok(false);
        }
        approval.status = status;
        (approval.used_by, approval.used_at) = (None, None);
        table::save(&mut tx, &approval).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Waits until any approval is decided, cancelled or revoked, or a cap is changed, through this
    /// store. It hears
    /// everything from this call on, so call it, then look, then await it. Another process's
    /// decisions do not ring here: also look every now and then.
    pub fn decided(&self) -> impl Future<Output = ()> + Send + '_ {
        self.inner.decided.notified()
    }

    /// An approval of the permit's tenant, locked for a change.
    async fn own(
        &self,
        change: &mut Change,
        permit: &AdminPermit,
        id: ApprovalId,
    ) -> Result<(Approval, types::Timestamp), Error> {
        let locked = table::lock(change.conn(), self.inner.dialect, id).await?;
        let own = locked.filter(|(approval, _)| approval.subject.tenant == permit.tenant());
        own.ok_or(Error::Missing { id })
    }

    async fn stop(
        &self,
        permit: &AdminPermit,
        id: ApprovalId,
        event: Event,
        record: &Record,
    ) -> Result<Approval, Error> {
        let mut change = Change::begin(&self.inner, permit, permit.tenant()).await?;
        let (mut approval, now) = self.own(&mut change, permit, id).await?;
        let next = approval.status.after(event).map_err(|step| Error::bad_step(id, step))?;
        approval.status = next;
        approval.decided_at = Some(now);
        self.end(change, approval, true, record).await
    }

    /// Commits a step. Snapshots hold break-glass and nothing else of approvals, so only its
    /// decisions raise the revision.
    async fn end(
        &self,
        mut change: Change,
        approval: Approval,
        decided: bool,
        record: &Record,
    ) -> Result<Approval, Error> {
        table::save(change.conn(), &approval).await?;
        if decided && approval.subject.kind == Kind::BreakGlass {
            change.commit(record).await?;
        } else {
            change.commit_quietly(record).await?;
        }
        self.inner.decided.notify_waiters();
        Ok(approval)
    }
}

/// Whether it waits or can be used: asking again gives it.
fn is_open(approval: &Approval) -> bool {
    match approval.status {
        Status::Pending | Status::Approved => true,
        Status::Denied | Status::Used | Status::Cancelled | Status::Revoked | Status::Expired => {
            false
        }
    }
}
