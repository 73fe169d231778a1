//! The life of an approval as one table.

use types::Timestamp;

types::names! {
    /// Where an approval stands.
    Status {
        /// It waits for people.
        Pending = "pending",
        /// Enough people approved; it can be used once, or lasts for its term.
        Approved = "approved",
        /// Somebody denied it.
        Denied = "denied",
        /// A request used it up.
        Used = "used",
        /// The question was withdrawn before it was answered.
        Cancelled = "cancelled",
        /// The answer was taken back.
        Revoked = "revoked",
        /// Its time is over.
        Expired = "expired",
    }
}

types::names! {
    /// What happens to an approval.
    Event {
        /// Somebody votes, and more votes are needed.
        Vote = "vote",
        /// Somebody votes, and that is enough.
        Approve = "approve",
        /// Somebody votes against it.
        Deny = "deny",
        /// The question is withdrawn.
        Cancel = "cancel",
        /// A request uses it.
        Use = "use",
        /// The request that used it was not carried out.
        GiveBack = "give_back",
        /// The answer is taken back.
        Revoke = "revoke",
        /// Its time runs out.
        Lapse = "lapse",
    }
}

/// A step that an approval cannot take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an approval that is {from} cannot take the step `{event}`")]
pub struct BadStep {
    /// Where it stands.
    pub from: Status,
    /// What was tried.
    pub event: Event,
}

impl Status {
    /// Where an event leads.
    ///
    /// # Errors
    /// [`BadStep`] where there is no such step.
    pub const fn after(self, event: Event) -> Result<Self, BadStep> {
        match (self, event) {
            (Self::Pending, Event::Vote) => Ok(Self::Pending),
            (Self::Pending, Event::Approve) => Ok(Self::Approved),
            (Self::Pending, Event::Deny) => Ok(Self::Denied),
            (Self::Pending, Event::Cancel) => Ok(Self::Cancelled),
            (Self::Approved, Event::Use) => Ok(Self::Used),
            (Self::Used, Event::GiveBack) => Ok(Self::Approved),
            (Self::Approved, Event::Revoke) => Ok(Self::Revoked),
            (Self::Pending | Self::Approved, Event::Lapse) => Ok(Self::Expired),
            (from, event) => Err(BadStep { from, event }),
        }
    }

    /// What a stored status means now: nobody writes that time is over. `end` is when the
    /// question, or what was approved, ends.
    pub(crate) fn at(self, end: Timestamp, now: Timestamp) -> Self {
        if end > now { self } else { self.after(Event::Lapse).unwrap_or(self) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_these_steps_exist() {
        use Event as E;
        use Status as S;
        let steps = [
            (S::Pending, E::Vote, S::Pending),
            (S::Pending, E::Approve, S::Approved),
            (S::Pending, E::Deny, S::Denied),
            (S::Pending, E::Cancel, S::Cancelled),
            (S::Pending, E::Lapse, S::Expired),
            (S::Approved, E::Use, S::Used),
            (S::Approved, E::Revoke, S::Revoked),
            (S::Approved, E::Lapse, S::Expired),
            (S::Used, E::GiveBack, S::Approved),
        ];
        for &from in Status::ALL {
            for &event in Event::ALL {
                let known = steps.iter().find(|step| (step.0, step.1) == (from, event));
                let expected = known.map_or(Err(BadStep { from, event }), |step| Ok(step.2));
                assert_eq!(from.after(event), expected, "{from} {event}");
            }
        }
    }

    #[test]
    fn time_ends_only_what_is_open() {
        let (before, now) = (Timestamp(1), Timestamp(2));
        assert_eq!(Status::Pending.at(now, before), Status::Pending);
        assert_eq!(Status::Pending.at(now, now), Status::Expired, "the end itself is over");
        assert_eq!(Status::Approved.at(before, now), Status::Expired);
        assert_eq!(Status::Used.at(before, now), Status::Used);
        assert_eq!(Status::Denied.at(before, now), Status::Denied);
    }

    #[test]
    fn a_name_reads_back() {
        for status in Status::ALL {
            assert_eq!(status.as_str().parse(), Ok(*status));
        }
        let unknown = "open".parse::<Status>().unwrap_err().to_string();
        assert!(unknown.starts_with("`open` is not one of pending, approved"), "{unknown}");
    }
}
