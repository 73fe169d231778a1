//! The life of work as tables: tasks, their runs, the steps of a run and the effects of a step.
//!
//! What is not in a table does not happen. The store holds every change of a row against these.

crate::names! {
    /// What a task came from.
    TaskKind {
        /// Somebody wrote to an agent.
        Message = "message",
        /// Its time came.
        Schedule = "schedule",
        /// Another task's run asked for it.
        Subagent = "subagent",
    }
}

crate::names! {
    /// Where a task stands.
    TaskState {
        /// It is known, and policy has not been asked.
        Created = "created",
        /// Policy permits it; it waits for a place.
        Permitted = "permitted",
        /// Policy does not permit it.
        Denied = "denied",
        /// Its run waits for a worker.
        Queued = "queued",
        /// A worker has its run.
        Running = "running",
        /// It waits for people, or for tasks of its own.
        Waiting = "waiting",
        /// It was done.
        Completed = "completed",
        /// It could not be done, and trying again would not help.
        Failed = "failed",
        /// Somebody stopped it.
        Cancelled = "cancelled",
        /// It was tried as often as it may be: a dead letter tells people.
        Dead = "dead",
    }
}

crate::names! {
    /// Where a run stands.
    RunState {
        /// It waits for a worker.
        Queued = "queued",
        /// A worker has it, by a lease.
        Running = "running",
        /// It waits for people, for other tasks, or for its next try.
        Waiting = "waiting",
        /// It was done.
        Completed = "completed",
        /// It could not be done.
        Failed = "failed",
        /// Somebody stopped it.
        Cancelled = "cancelled",
        /// One worker after the other lost it without a step forward.
        Lost = "lost",
    }
}

crate::names! {
    /// What happens to a task or to its run.
    Move {
        /// Policy permits it.
        Permit = "permit",
        /// Policy does not.
        Deny = "deny",
        /// It gets a place among what runs.
        Queue = "queue",
        /// A worker takes it, also after another one lost it.
        Start = "start",
        /// It must wait.
        Wait = "wait",
        /// What it waited for is there.
        Wake = "wake",
        /// It is done.
        Complete = "complete",
        /// It cannot be done.
        Fail = "fail",
        /// It is to be tried again.
        Retry = "retry",
        /// It was tried as often as it may be.
        Bury = "bury",
        /// Somebody stops it.
        Cancel = "cancel",
    }
}

crate::names! {
    /// What a step of a run does.
    StepKind {
        /// It asks a model.
        Model = "model",
        /// It calls a tool.
        Tool = "tool",
        /// It makes the conversation shorter.
        Summary = "summary",
        /// It gives work to another agent.
        Subagent = "subagent",
        /// It tells somebody something.
        Message = "message",
    }
}

crate::names! {
    /// Where a step stands.
    StepState {
        /// It was begun. Whether it was done, its effect's class must tell.
        Started = "started",
        /// It was done, and its output is known.
        Done = "done",
        /// It failed without an effect.
        Failed = "failed",
        /// It was not done yet: people are asked, or said that it may be done again.
        Waiting = "waiting",
        /// Nobody knows whether it was done. A person must say.
        Unknown = "unknown",
    }
}

crate::names! {
    /// What happens to a step.
    StepMove {
        /// A worker begins it, also again.
        Begin = "begin",
        /// It is done.
        Finish = "finish",
        /// It failed.
        Fail = "fail",
        /// It was not done and waits.
        Wait = "wait",
        /// Nobody knows whether it was done.
        Doubt = "doubt",
    }
}

crate::names! {
    /// What to do about an effect after a crash, as its tool declares it.
    EffectClass {
        /// It changes nothing: do it again.
        Pure = "pure",
        /// Its receiver knows our key: send it again with the same one.
        Idempotent = "idempotent",
        /// It can be looked up: look, then record or send.
        Readback = "readback",
        /// It is written with the step's end: it did not happen.
        Transactional = "transactional",
        /// None of these: ask a person.
        Once = "once",
    }
}

crate::names! {
    /// Where an effect stands.
    EffectState {
        /// It is to be sent.
        Planned = "planned",
        /// It is being sent, or was when somebody died.
        Sending = "sending",
        /// It happened.
        Sent = "sent",
        /// Nobody knows whether it happened. A person must say.
        Unknown = "unknown",
        /// It did not happen.
        Failed = "failed",
        /// A person said that it must not happen any more.
        Aborted = "aborted",
    }
}

crate::names! {
    /// What happens to an effect.
    EffectMove {
        /// Somebody sends it, also again.
        Send = "send",
        /// It happened.
        Confirm = "confirm",
        /// It did not happen.
        Fail = "fail",
        /// It was not sent and may be later.
        Hold = "hold",
        /// Nobody knows whether it happened.
        Doubt = "doubt",
        /// It must not happen any more.
        Abort = "abort",
    }
}

crate::names! {
    /// What a numbered event of a conversation tells.
    EventKind {
        /// Somebody wrote.
        User = "user",
        /// The agent answered.
        Assistant = "assistant",
        /// How far the work is.
        Status = "status",
        /// People are asked.
        Approval = "approval",
        /// Something failed.
        Error = "error",
    }
}

/// A move that is in no table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a {noun} that is {from} cannot take the step `{step}`")]
pub struct BadMove {
    /// Such as `task`.
    pub noun: &'static str,
    /// Where it stands.
    pub from: &'static str,
    /// What was tried.
    pub step: &'static str,
}

impl TaskState {
    /// Where a move leads.
    ///
    /// # Errors
    /// [`BadMove`] where there is no such move.
    pub const fn after(self, step: Move) -> Result<Self, BadMove> {
        use Move as M;
        match (self, step) {
            (Self::Created, M::Permit) => Ok(Self::Permitted),
            (Self::Created, M::Deny) => Ok(Self::Denied),
            (Self::Permitted, M::Queue) | (Self::Waiting, M::Wake) => Ok(Self::Queued),
            (Self::Queued | Self::Running, M::Start) => Ok(Self::Running),
            (Self::Running, M::Wait) => Ok(Self::Waiting),
            (Self::Running, M::Complete) => Ok(Self::Completed),
            (Self::Running | Self::Waiting | Self::Failed | Self::Dead, M::Retry) => {
                Ok(Self::Permitted)
            }
            (Self::Running, M::Bury) => Ok(Self::Dead),
            // INVARIANT: what policy was not asked about never gets where a retry would permit it.
            (Self::Permitted | Self::Queued | Self::Running | Self::Waiting, M::Fail) => {
                Ok(Self::Failed)
            }
            (
                Self::Created | Self::Permitted | Self::Queued | Self::Running | Self::Waiting,
                M::Cancel,
            ) => Ok(Self::Cancelled),
            (from, step) => Err(bad("task", from.as_str(), step.as_str())),
        }
    }

    /// Whether nothing more happens to it by itself.
    pub const fn is_over(self) -> bool {
        match self {
            Self::Denied | Self::Completed | Self::Failed | Self::Cancelled | Self::Dead => true,
            Self::Created | Self::Permitted | Self::Queued | Self::Running | Self::Waiting => false,
        }
    }
}

impl RunState {
    /// Where a move leads.
    ///
    /// # Errors
    /// [`BadMove`] where there is no such move.
    pub const fn after(self, step: Move) -> Result<Self, BadMove> {
        use Move as M;
        match (self, step) {
            (Self::Waiting, M::Wake) => Ok(Self::Queued),
            (Self::Queued | Self::Running, M::Start) => Ok(Self::Running),
            (Self::Running, M::Wait)
            | (Self::Running | Self::Waiting | Self::Failed | Self::Lost, M::Retry) => {
                Ok(Self::Waiting)
            }
            (Self::Running, M::Complete) => Ok(Self::Completed),
            (Self::Running, M::Bury) => Ok(Self::Lost),
            (Self::Queued | Self::Running | Self::Waiting, M::Fail) => Ok(Self::Failed),
            (Self::Queued | Self::Running | Self::Waiting, M::Cancel) => Ok(Self::Cancelled),
            (from, step) => Err(bad("run", from.as_str(), step.as_str())),
        }
    }
}

impl StepState {
    /// Where a move leads.
    ///
    /// # Errors
    /// [`BadMove`] where there is no such move.
    pub const fn after(self, step: StepMove) -> Result<Self, BadMove> {
        use StepMove as M;
        match (self, step) {
            // From `unknown` only where the effect's class lets it be done again.
            (Self::Started | Self::Failed | Self::Waiting | Self::Unknown, M::Begin) => {
                Ok(Self::Started)
            }
            (Self::Started | Self::Unknown, M::Finish) => Ok(Self::Done),
            (Self::Started | Self::Unknown, M::Fail) => Ok(Self::Failed),
            (Self::Started | Self::Unknown, M::Wait) => Ok(Self::Waiting),
            (Self::Started, M::Doubt) => Ok(Self::Unknown),
            (from, step) => Err(bad("step", from.as_str(), step.as_str())),
        }
    }
}

impl EffectState {
    /// Where a move leads.
    ///
    /// # Errors
    /// [`BadMove`] where there is no such move.
    pub const fn after(self, step: EffectMove) -> Result<Self, BadMove> {
        use EffectMove as M;
        match (self, step) {
            // From `unknown` only where the effect's class lets it be sent again.
            (Self::Planned | Self::Sending | Self::Failed | Self::Unknown, M::Send) => {
                Ok(Self::Sending)
            }
            (Self::Sending | Self::Unknown, M::Confirm) => Ok(Self::Sent),
            (Self::Sending, M::Fail) => Ok(Self::Failed),
            (Self::Sending | Self::Unknown, M::Hold) => Ok(Self::Planned),
            (Self::Sending, M::Doubt) => Ok(Self::Unknown),
            (Self::Planned | Self::Unknown | Self::Failed, M::Abort) => Ok(Self::Aborted),
            (from, step) => Err(bad("effect", from.as_str(), step.as_str())),
        }
    }
}

impl From<crate::Replay> for EffectClass {
    fn from(replay: crate::Replay) -> Self {
        match replay {
            crate::Replay::Pure => Self::Pure,
            crate::Replay::Idempotent => Self::Idempotent,
            crate::Replay::Readback => Self::Readback,
            crate::Replay::Once => Self::Once,
        }
    }
}

const fn bad(noun: &'static str, from: &'static str, step: &'static str) -> BadMove {
    BadMove { noun, from, step }
}

#[cfg(test)]
mod tests;
