//! Every operation of the admin API, by the name that policies and audit records use:
//! `context.operation` of the action `administer`.

use std::str::FromStr;

use serde::Deserialize;

macro_rules! operations {
    ($($(#[$doc:meta])* $variant:ident = $name:literal $kind:ident,)*) => {
        /// An operation, noun first.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
        #[serde(try_from = "String")]
        pub enum Operation { $($(#[$doc])* $variant,)* }

        impl Operation {
            /// Every operation.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Its name, such as `key.create`: `context.operation` in policies.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Whether it changes nothing: `context.read_only` in policies.
            pub const fn is_read_only(self) -> bool {
                match self { $(Self::$variant => operations!(@$kind),)* }
            }
        }
    };
    (@reads) => { true };
    (@writes) => { false };
}

operations! {
    /// Adds an agent.
    AgentCreate = "agent.create" writes,
    /// Lists agents.
    AgentList = "agent.list" reads,
    /// Shows one agent.
    AgentShow = "agent.show" reads,
    /// Makes an API key.
    KeyCreate = "key.create" writes,
    /// Replaces an API key.
    KeyRotate = "key.rotate" writes,
    /// Revokes an API key.
    KeyRevoke = "key.revoke" writes,
    /// Lists API keys.
    KeyList = "key.list" reads,
    /// Lists models.
    ModelList = "model.list" reads,
    /// Registers a model.
    ModelAdd = "model.add" writes,
    /// Removes a registered model.
    ModelRemove = "model.remove" writes,
    /// Looks for model servers on this machine.
    ModelProbe = "model.probe" reads,
    /// Lists providers.
    ProviderList = "provider.list" reads,
    /// Registers a provider.
    ProviderAdd = "provider.add" writes,
    /// Removes a registered provider.
    ProviderRemove = "provider.remove" writes,
    /// Shows caps and what is left of them.
    BudgetShow = "budget.show" reads,
    /// Sets a cap.
    BudgetSet = "budget.set" writes,
    /// Raises a cap.
    BudgetRaise = "budget.raise" writes,
    /// Compares a provider's usage export with the ledger.
    BudgetCompare = "budget.compare" reads,
    /// Books what a provider's usage export says of charges that are guesses.
    BudgetReconcile = "budget.reconcile" writes,
    /// Makes a capability grant.
    GrantCreate = "grant.create" writes,
    /// Lists capability grants.
    GrantList = "grant.list" reads,
    /// Revokes a grant, or all of a task's.
    GrantRevoke = "grant.revoke" writes,
    /// Opens a session of the console.
    ConsoleSignIn = "console.sign_in" writes,
    /// Ends a session of the console, or all of a person.
    ConsoleSignOut = "console.sign_out" writes,
    /// Shows whose session of the console it is.
    ConsoleShow = "console.show" reads,
    /// Lists requests and tells their story.
    RequestShow = "request.show" reads,
    /// Shows the settings in force.
    SettingsShow = "settings.show" reads,
    /// Lists questions to people.
    ApprovalList = "approval.list" reads,
    /// Shows one question.
    ApprovalShow = "approval.show" reads,
    /// Shows the arguments of the call that it is about; decided as `approve` too.
    ApprovalArguments = "approval.arguments" reads,
    /// Votes for it; decided as `approve`, by the roles of whoever votes.
    ApprovalApprove = "approval.approve" writes,
    /// Votes against it; decided as `approve` too.
    ApprovalDeny = "approval.deny" writes,
    /// Withdraws a question that waits.
    ApprovalCancel = "approval.cancel" writes,
    /// Asks for emergency rights.
    BreakGlassRequest = "break_glass.request" writes,
    /// Lists emergency rights, those in force and those that wait.
    BreakGlassList = "break_glass.list" reads,
    /// Ends emergency rights.
    BreakGlassRevoke = "break_glass.revoke" writes,
    /// Gives a person a token.
    PersonAdd = "person.add" writes,
    /// Lists people.
    PersonList = "person.list" reads,
    /// Revokes a person's token.
    PersonRemove = "person.remove" writes,
    /// Lists conversations.
    SessionList = "session.list" reads,
    /// Shows the label of a session.
    SessionShow = "session.show" reads,
    /// Lowers the label of a session.
    SessionLower = "session.lower" writes,
    /// Vouches for what a session has seen.
    SessionEndorse = "session.endorse" writes,
    /// Lists tasks.
    TaskList = "task.list" reads,
    /// Shows one task with its steps.
    TaskShow = "task.show" reads,
    /// Stops a task with everything that it asked for.
    TaskCancel = "task.cancel" writes,
    /// Has a task tried again.
    TaskRetry = "task.retry" writes,
    /// Lists what was given up.
    DeadLetterList = "dead_letter.list" reads,
    /// Shows what was given up.
    DeadLetterShow = "dead_letter.show" reads,
    /// Has what was given up tried again.
    DeadLetterRetry = "dead_letter.retry" writes,
    /// Puts away what was given up.
    DeadLetterDiscard = "dead_letter.discard" writes,
    /// Lists effects that nobody knows about.
    EffectList = "effect.list" reads,
    /// Says what became of an effect.
    EffectResolve = "effect.resolve" writes,
    /// Reports what was spent.
    SpendShow = "spend.show" reads,
    /// Lists what models cost.
    PriceList = "price.list" reads,
    /// Shows the newest audit records.
    AuditTail = "audit.tail" reads,
    /// Checks the audit chain.
    AuditVerify = "audit.verify" reads,
    /// Hands out audit records.
    AuditExport = "audit.export" reads,
    /// Shows which commit is in force.
    PolicyStatus = "policy.status" reads,
    /// Checks the tree's files.
    PolicyCheck = "policy.check" reads,
    /// Loads the tree again now.
    PolicyReload = "policy.reload" writes,
    /// Runs the tree's decision cases.
    PolicyTest = "policy.test" reads,
    /// Proves the tree's invariants.
    PolicyProve = "policy.prove" reads,
    /// Explains a decision.
    PolicyExplain = "policy.explain" reads,
    /// Tells what a change of policies newly permits and denies.
    PolicyDiff = "policy.diff" reads,
    /// Lists the commits that ran.
    PolicyLog = "policy.log" reads,
    /// Makes the tree what it was at an earlier commit.
    PolicyRollback = "policy.rollback" writes,
    /// Shows the tree's files.
    PolicyFiles = "policy.files" reads,
    /// Changes the tree's files.
    PolicyEdit = "policy.edit" writes,
    /// Shows the schema of policies.
    PolicySchema = "policy.schema" reads,
    /// Shows what is configured and what answers.
    OverviewShow = "overview.show" reads,
    /// Lists tools, with what was decided of their definitions.
    ToolList = "tool.list" reads,
    /// Shows one tool, with every definition of it that is known.
    ToolShow = "tool.show" reads,
    /// Lets a definition of a tool be called.
    ToolApprove = "tool.approve" writes,
    /// Keeps a definition of a tool from being called.
    ToolReject = "tool.reject" writes,
    /// Searches a text for personal data and secrets.
    DlpScan = "dlp.scan" reads,
}

impl Operation {
    /// The action of policies that decides it.
    pub const fn action(self) -> &'static str {
        match self {
            Self::ApprovalApprove | Self::ApprovalDeny => "approve",
            _ => "administer",
        }
    }
}

/// A name that no operation has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is no operation of the admin API{near}")]
pub struct NoOperation {
    name: String,
    /// The operations on the same noun, where there are some.
    near: String,
}

impl FromStr for Operation {
    type Err = NoOperation;

    fn from_str(name: &str) -> Result<Self, NoOperation> {
        let named = Self::ALL.iter().find(|operation| operation.as_str() == name);
        named.copied().ok_or_else(|| {
            let noun = name.split('.').next();
            let known = Self::ALL.iter().map(|operation| operation.as_str());
            let near: Vec<&str> = known.filter(|known| known.split('.').next() == noun).collect();
            let there = if near.is_empty() { "" } else { "; there are " };
            NoOperation { name: name.to_owned(), near: format!("{there}{}", near.join(", ")) }
        })
    }
}

impl TryFrom<String> for Operation {
    type Error = NoOperation;

    fn try_from(name: String) -> Result<Self, NoOperation> {
        name.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guide_lists_every_operation() {
        let guide = include_str!("../../docs/policies.md");
        let missing =
            |operation: &&Operation| !guide.contains(&format!("`{}`", operation.as_str()));
        assert_eq!(Operation::ALL.iter().find(missing), None);
    }

    #[test]
    fn a_name_that_no_operation_has_is_told_with_those_of_its_noun() {
        let told = |name: &str| name.parse::<Operation>().unwrap_err().to_string();
        assert_eq!(
            told("agent.delete"),
            "`agent.delete` is no operation of the admin API; there are agent.create, agent.list, agent.show"
        );
        assert_eq!(told("fly"), "`fly` is no operation of the admin API");
    }
}
