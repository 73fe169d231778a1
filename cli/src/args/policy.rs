//! The grammar of the policy tree.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum Policy {
    /// Check a tree as a load would: a folder, or the server's own with what is not committed.
    #[command(
        after_help = "Example:\n  orchestack policy check ./tree\n  orchestack policy check ./tree --prove"
    )]
    Check {
        /// The folder; the server's tree where absent.
        dir: Option<PathBuf>,
        /// Prove its invariants too.
        #[arg(long)]
        prove: bool,
    },
    /// Ask every decision case of a tree (`tests/*.toml`) and show how it ends.
    #[command(after_help = "Example:\n  orchestack policy test ./tree")]
    Test {
        /// The folder; the server's tree where absent.
        dir: Option<PathBuf>,
    },
    /// Prove every invariant of a tree (`invariants/*.toml`) for all possible requests.
    #[command(after_help = "Example:\n  orchestack policy prove ./tree")]
    Prove {
        /// The folder; the server's tree where absent.
        dir: Option<PathBuf>,
    },
    /// Say how a call would be decided now, by which policies, and what would change the answer.
    #[command(
        after_help = "Example:\n  orchestack policy explain --agent default --model gpt-5-mini --label restricted --kinds us_ssn"
    )]
    Explain(Box<Explain>),
    /// Tell what a change newly permits and newly denies, with examples.
    #[command(after_help = "\
Example, what the files as they lie would change, in theory and for recorded calls:
  orchestack policy diff --replay 1000
Example, a check of a pull request, which needs no server:
  orchestack policy diff main ./tree --deny-wider")]
    Diff(Diff),
    /// Make the tree what it was at an earlier commit, by a new commit, and load it.
    #[command(
        after_help = "Example:\n  orchestack policy rollback\n  orchestack policy rollback HEAD~2"
    )]
    Rollback {
        /// A commit that `policy log` shows; the one before the newest where absent.
        commit: Option<String>,
        /// Why.
        #[arg(long, short)]
        message: Option<String>,
    },
    /// List the commits of the tree.
    #[command(after_help = "Example:\n  orchestack policy log -n 5")]
    Log {
        /// How many, at most 1000.
        #[arg(long, short = 'n', default_value_t = 20)]
        limit: u32,
    },
    /// List the files of the tree, or print one.
    #[command(after_help = "Example:\n  orchestack policy files policies/models.cedar")]
    Files {
        /// The file to print.
        path: Option<String>,
        /// A commit or branch; the newest commit where absent.
        #[arg(long)]
        commit: Option<String>,
    },
    /// Change files of the tree: a commit of yours, checked, tested and proved before it is one.
    #[command(
        after_help = "Example:\n  orchestack policy edit --put policies/models.cedar=new.cedar --message tighter"
    )]
    Edit(Edit),
    /// Print the schema that every policy is checked against.
    #[command(after_help = "Example:\n  orchestack policy schema")]
    Schema,
    /// Show which commit is in force, and why a newer one is not.
    #[command(after_help = "Example:\n  orchestack policy status")]
    Status,
    /// Load the newest commit now instead of within seconds.
    #[command(
        after_help = "Example:\n  git -C tree commit -am 'tighten' && orchestack policy reload"
    )]
    Reload,
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The agent that would call.
    #[arg(long, required_unless_present = "request")]
    pub(crate) agent: Option<String>,
    /// The model; every registered one where absent.
    #[arg(long)]
    pub(crate) model: Option<String>,
    /// A tool in the place of a model, such as `mail.send`.
    #[arg(long, value_name = "SERVER.TOOL", conflicts_with = "model")]
    pub(crate) tool: Option<String>,
    /// A call of a tool that is on record, by its request: agent, tool, label and the rest are from there.
    #[arg(long, value_name = "ID", conflicts_with_all = ["agent", "model", "tool"])]
    pub(crate) request: Option<String>,
    /// The arguments of the tool as a JSON object.
    #[arg(long, value_name = "JSON", requires = "tool")]
    pub(crate) input: Option<String>,
    /// Names of arguments that stand in text that nobody vouches for.
    #[arg(long, value_name = "LIST", value_delimiter = ',', requires = "tool")]
    pub(crate) untrusted: Vec<String>,
    /// Hosts that the arguments name.
    #[arg(long, value_name = "LIST", value_delimiter = ',', requires = "tool")]
    pub(crate) destinations: Vec<String>,
    /// One of the hosts is private.
    #[arg(long, requires = "tool")]
    pub(crate) private: bool,
    /// Every host is one that the user named.
    #[arg(long, requires = "tool")]
    pub(crate) named_by_user: bool,
    /// How confidential the content is: `public`, `internal`, `sensitive` or `restricted`.
    #[arg(long, default_value = "public")]
    pub(crate) label: String,
    /// The kinds of data that are found in it.
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub(crate) kinds: Vec<String>,
    /// `trusted` or `untrusted`.
    #[arg(long, default_value = "trusted")]
    pub(crate) integrity: String,
    /// The path, such as `/v1/chat/completions`.
    #[arg(long, value_name = "PATH")]
    pub(crate) endpoint: Option<String>,
    /// The answer is streamed.
    #[arg(long)]
    pub(crate) stream: bool,
    /// Tools are offered.
    #[arg(long)]
    pub(crate) tools: bool,
    /// There are images.
    #[arg(long)]
    pub(crate) images: bool,
    /// The length of the input.
    #[arg(long, value_name = "TOKENS", default_value_t = 0)]
    pub(crate) input_tokens: u64,
    /// The limit on output tokens that the caller gives.
    #[arg(long, value_name = "TOKENS")]
    pub(crate) max_output_tokens: Option<u64>,
    /// What is left of the tightest budget, in US dollars.
    #[arg(long, value_name = "USD")]
    pub(crate) remaining: Option<String>,
    /// How much of it is spent or held, 0 to 100.
    #[arg(long, value_name = "PERCENT", default_value_t = 0)]
    pub(crate) used_percent: u8,
    /// Model calls of the session before this one.
    #[arg(long, default_value_t = 0)]
    pub(crate) calls: u64,
    /// Only the plan is asked for.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// A commit, a branch or a folder; what is in force where absent.
    pub(crate) before: Option<String>,
    /// A commit, a branch or a folder; the tree's folder as it lies where absent.
    pub(crate) after: Option<String>,
    /// Ask so many recorded decisions again, newest, at most 10000.
    #[arg(long, value_name = "N")]
    pub(crate) replay: Option<u32>,
    /// Exit with 1 where more may be permitted than before.
    #[arg(long)]
    pub(crate) deny_wider: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Edit {
    /// A file of the tree and the file with its new text; may be repeated.
    #[arg(long, value_name = "PATH=FILE", required_unless_present = "remove")]
    pub(crate) put: Vec<String>,
    /// A file of the tree to remove; may be repeated.
    #[arg(long, value_name = "PATH")]
    pub(crate) remove: Vec<String>,
    /// Why.
    #[arg(long, short)]
    pub(crate) message: String,
    /// Commit to another branch, for review; what runs stays as it is.
    #[arg(long)]
    pub(crate) branch: Option<String>,
    /// The commit that you looked at: where the tree has moved on, nothing is done.
    #[arg(long, value_name = "COMMIT")]
    pub(crate) base: Option<String>,
}
