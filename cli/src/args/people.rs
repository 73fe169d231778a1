//! The grammar of what people decide and are given: approvals, emergency rights, tokens, grants.

use clap::{Args, Subcommand};

use super::seconds;

#[derive(Debug, Subcommand)]
pub(crate) enum Approval {
    /// List questions to people: what waits, where nothing else is asked for.
    #[command(
        after_help = "Example:\n  orchestack approval list\n  orchestack approval list --status all --kind admin"
    )]
    List {
        /// `pending`, `approved`, `denied`, `used`, `cancelled`, `revoked`, `expired` or `all`.
        #[arg(long, default_value = "pending")]
        status: String,
        /// `model_call`, `tool_call`, `admin`, `budget` or `break_glass`.
        #[arg(long)]
        kind: Option<String>,
        /// Only those of the agent or person of this name.
        #[arg(long)]
        requester: Option<String>,
        /// How many, at most 1000.
        #[arg(long, short = 'n')]
        limit: Option<u32>,
    },
    /// Show one question: who asks for what, who has said what, what is missing.
    #[command(after_help = "Example:\n  orchestack approval show apr_01ARZ3NDEKTSV4RRFFQ69G5FAV")]
    Show {
        /// Its id, as `approval list` shows it.
        id: String,
    },
    /// Show the exact arguments of the call that a question is about, to who may decide. Each look is on record.
    #[command(
        after_help = "Example:\n  orchestack approval arguments apr_01ARZ3NDEKTSV4RRFFQ69G5FAV"
    )]
    Arguments {
        /// Its id, as `approval list` shows it.
        id: String,
    },
    /// Say yes. Nobody can to a question of their own.
    #[command(after_help = "\
Example:
  orchestack approval approve apr_01ARZ3NDEKTSV4RRFFQ69G5FAV --reason checked
  orchestack approval approve apr_01ARZ3NDEKTSV4RRFFQ69G5FAV --amount 5.00 --until 2027-01-01")]
    Approve(Yes),
    /// Say no, for everybody.
    #[command(
        after_help = "Example:\n  orchestack approval deny apr_01ARZ3NDEKTSV4RRFFQ69G5FAV --reason unclear"
    )]
    Deny(Vote),
    /// Withdraw a question that waits.
    #[command(after_help = "Example:\n  orchestack approval cancel apr_01ARZ3NDEKTSV4RRFFQ69G5FAV")]
    Cancel {
        /// Its id, as `approval list` shows it.
        id: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Yes {
    #[command(flatten)]
    pub(crate) vote: Vote,
    /// To a question about a budget: how much more, in US dollars.
    #[arg(long, value_name = "USD", requires = "until")]
    pub(crate) amount: Option<String>,
    /// To a question about a budget: the day or instant at which the raise ends.
    #[arg(long, value_name = "DAY", requires = "amount")]
    pub(crate) until: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Vote {
    /// The question's id, as `approval list` shows it.
    pub(crate) id: String,
    /// Why.
    #[arg(long, default_value = "")]
    pub(crate) reason: String,
    /// The role to vote in; every role of yours that is asked for where absent.
    #[arg(long)]
    pub(crate) role: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum BreakGlass {
    /// Ask for all rights, for four hours. Two administrators must agree.
    #[command(after_help = "Example:\n  orchestack break-glass request provider-keys-leaked")]
    Request {
        /// Why; at least ten characters. It stays on record.
        reason: String,
    },
    /// List emergency rights that are in force, and requests that wait.
    #[command(after_help = "Example:\n  orchestack break-glass list")]
    List,
    /// End emergency rights at once, or withdraw a request.
    #[command(
        after_help = "Example:\n  orchestack break-glass revoke apr_01ARZ3NDEKTSV4RRFFQ69G5FAV"
    )]
    Revoke {
        /// Its id, as `break-glass list` shows it.
        id: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Person {
    /// Give a person a token of the admin API. It is printed once and never again.
    #[command(after_help = "Example:\n  orchestack person add ann --groups operator,auditor")]
    Add {
        /// The name in policies and records: small letters, digits and `-_.@+`.
        name: String,
        /// Roles and groups: `infra-admin`, `operator`, `agent-owner`, `auditor`, or others.
        #[arg(long, value_name = "LIST", value_delimiter = ',')]
        groups: Vec<String>,
    },
    /// List people by their tokens, revoked ones included.
    #[command(after_help = "Example:\n  orchestack person list")]
    List,
    /// Revoke a person's token for good, at once.
    #[command(after_help = "Example:\n  orchestack person remove tok_01ARZ3NDEKTSV4RRFFQ69G5FAV")]
    Remove {
        /// The token's id, as `person list` shows it.
        id: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Grant {
    /// Make a grant: what a task gets in place of a key. It is printed once and never again.
    #[command(
        after_help = "Example:\n  orchestack grant create --agent default --models qwen3-8b --max-cost 0.10 --expires 15m"
    )]
    Create(Box<NewGrant>),
    /// List grants, revoked and expired ones included.
    #[command(after_help = "Example:\n  orchestack grant list --agent default")]
    List {
        /// Only of this agent.
        #[arg(long)]
        agent: Option<String>,
        /// Only of this task: `tsk_...`.
        #[arg(long)]
        task: Option<String>,
    },
    /// Revoke a grant, or all of a task's, for good.
    #[command(
        after_help = "Example:\n  orchestack grant revoke grt_01ARZ3NDEKTSV4RRFFQ69G5FAV\n  orchestack grant revoke --task tsk_01ARZ3NDEKTSV4RRFFQ69G5FAV"
    )]
    Revoke {
        /// The grant's id, as `grant list` shows it.
        #[arg(required_unless_present = "task", conflicts_with = "task")]
        id: Option<String>,
        /// Every grant of this task: `tsk_...`.
        #[arg(long)]
        task: Option<String>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct NewGrant {
    /// The agent on whose behalf its holder acts.
    #[arg(long)]
    pub(crate) agent: String,
    /// The task that it is bound to: `tsk_...`.
    #[arg(long)]
    pub(crate) task: Option<String>,
    /// The run that it is bound to: `run_...`.
    #[arg(long)]
    pub(crate) run: Option<String>,
    /// The session that it is bound to: `ses_...`.
    #[arg(long)]
    pub(crate) session: Option<String>,
    /// Only these models.
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub(crate) models: Option<Vec<String>>,
    /// Only these tools.
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub(crate) tools: Option<Vec<String>>,
    /// Only these memory layers, `L0` to `L4`; agents have no memory yet, and nothing checks it.
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub(crate) memory: Option<Vec<String>>,
    /// Only this sandbox profile.
    #[arg(long, value_name = "PROFILE")]
    pub(crate) sandbox: Option<String>,
    /// Only content up to this label.
    #[arg(long)]
    pub(crate) label: Option<String>,
    /// What all its calls together may cost, in US dollars.
    #[arg(long, value_name = "USD")]
    pub(crate) max_cost: Option<String>,
    /// The most output tokens of one call.
    #[arg(long, value_name = "TOKENS")]
    pub(crate) max_tokens: Option<u64>,
    /// When it ends: at most `24h`.
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = seconds)]
    pub(crate) expires: u32,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Session {
    /// List conversations, those first in which something happened last.
    #[command(after_help = "Example:\n  orchestack session list")]
    List {
        /// How many; at most 1000.
        #[arg(long)]
        limit: Option<u32>,
    },
    /// Show the label of a session, the highest of what was seen in it, and whether all of it may be trusted.
    #[command(after_help = "Example:\n  orchestack session show ses_01ARZ3NDEKTSV4RRFFQ69G5FAV")]
    Show {
        /// Its id, as its requests name it in `x-orchestack-session`.
        id: String,
    },
    /// Lower the label of a session. It rises again with what is seen next.
    #[command(after_help = "\
Example:
  orchestack session label ses_01ARZ3NDEKTSV4RRFFQ69G5FAV --lower-to internal --reason it-was-a-test-card")]
    Label {
        /// Its id.
        id: String,
        /// A label below the one that it has: `public`, `internal` or `sensitive`.
        #[arg(long, value_name = "LEVEL")]
        lower_to: String,
        /// Why; at least ten characters. It stays on record.
        #[arg(long)]
        reason: String,
    },
    /// Vouch for everything that a session has seen. What it sees next is nobody's word again.
    #[command(after_help = "\
Example:
  orchestack session endorse ses_01ARZ3NDEKTSV4RRFFQ69G5FAV --reason i-have-read-that-page")]
    Endorse {
        /// Its id.
        id: String,
        /// Why; at least ten characters. It stays on record.
        #[arg(long)]
        reason: String,
    },
}
