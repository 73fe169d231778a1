//! The grammar of commands. Every command's help ends with an example.

mod budget;
mod dlp;
mod models;
mod people;
mod policy;
mod sandbox;
mod services;
mod spend;
mod tools;
mod work;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub(crate) use budget::{Budget, Cap, Raise, Reconcile, SetCap};
pub(crate) use dlp::{Dlp, Kinds, Scan, Why};
pub(crate) use models::{AddModel, AddProvider, Model, Probe, Provider};
pub(crate) use people::{Approval, BreakGlass, Grant, NewGrant, Person, Session, Vote};
pub(crate) use policy::{Diff, Edit, Explain, Policy};
pub(crate) use sandbox::Sandbox;
pub(crate) use services::Alone;
pub(crate) use spend::{Format, Prices, Spend};
pub(crate) use tools::{Decide, Tool};
pub(crate) use work::{DeadLetter, Effect, Task};

/// Policy-first API gateway and model router.
#[derive(Debug, Parser)]
#[command(
    name = "orchestack",
    version,
    disable_help_subcommand = true,
    after_help = "\
Example:
  orchestack serve                       start everything with the built-in defaults
  orchestack key create --agent default  make a key, in another terminal"
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Debug, Clone, Args)]
pub(crate) struct Global {
    /// The settings file; ./orchestack.toml where it exists.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The admin API of a server elsewhere, with its token in ORCHESTACK_ADMIN_TOKEN.
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) admin: Option<String>,
    /// Print JSON for machines.
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start everything in one process: the gateway, its admin API, and the work of agents.
    #[command(after_help = "Example:\n  orchestack serve --config orchestack.toml")]
    Serve,
    #[command(flatten)]
    Alone(Alone),
    /// Write commented settings and a starter policy tree.
    #[command(
        after_help = "Example:\n  orchestack init ./gateway && cd gateway && orchestack serve"
    )]
    Init {
        /// The folder to write into; made where it is missing.
        dir: PathBuf,
    },
    /// Another gateway's configuration, turned into files of the policy tree.
    #[command(
        subcommand,
        after_help = "Example:\n  orchestack import litellm config.yaml --tree ./tree"
    )]
    Import(Import),
    /// Agents: who may call models.
    #[command(
        subcommand,
        after_help = "Example:\n  orchestack agent create helper --owner ops@example.com"
    )]
    Agent(Agent),
    /// API keys of agents.
    #[command(subcommand, after_help = "Example:\n  orchestack key create --agent default --json")]
    Key(Key),
    /// Models that can be called.
    #[command(subcommand, after_help = "Example:\n  orchestack model list")]
    Model(Model),
    /// Providers that serve models.
    #[command(subcommand, after_help = "Example:\n  orchestack provider list")]
    Provider(Provider),
    /// Tools: what servers offer, what the tree pins, and what was decided of it.
    #[command(subcommand, after_help = "Example:\n  orchestack tool list")]
    Tool(Tool),
    /// The policy tree.
    #[command(subcommand, after_help = "Example:\n  orchestack policy check ./tree")]
    Policy(Policy),
    /// Personal data and secrets: what is in files, and what can be found.
    #[command(
        subcommand,
        after_help = "Example:\n  orchestack dlp scan notes.txt\n  orchestack dlp kinds"
    )]
    Dlp(Dlp),
    /// Questions to people: what waits for a yes.
    #[command(subcommand, after_help = "Example:\n  orchestack approval list")]
    Approval(Approval),
    /// Emergency rights: all rights for four hours, by the consent of two others.
    #[command(subcommand, after_help = "Example:\n  orchestack break-glass list")]
    BreakGlass(BreakGlass),
    /// People who administer, by the tokens that speak for them.
    #[command(subcommand, after_help = "Example:\n  orchestack person add ann --groups operator")]
    Person(Person),
    /// Tasks: what agents were asked to do, and how far it is.
    #[command(subcommand, after_help = "Example:\n  orchestack task list --state waiting")]
    Task(Task),
    /// What was given up, until a person says what becomes of it.
    #[command(
        subcommand,
        name = "deadletter",
        after_help = "Example:\n  orchestack deadletter list"
    )]
    DeadLetter(DeadLetter),
    /// Effects that nobody knows about after a crash.
    #[command(subcommand, after_help = "Example:\n  orchestack effect list")]
    Effect(Effect),
    /// Sessions: how confidential what was seen in one is.
    #[command(
        subcommand,
        after_help = "Example:\n  orchestack session show ses_01ARZ3NDEKTSV4RRFFQ69G5FAV"
    )]
    Session(Session),
    /// Capability grants: what a task gets in place of a key.
    #[command(
        subcommand,
        after_help = "Example:\n  orchestack grant create --agent default --expires 15m"
    )]
    Grant(Grant),
    /// What was spent, and what the month will have cost at its end.
    #[command(after_help = "\
Example:
  orchestack spend --by agent --from 2026-11-01
  orchestack spend --by day --chart
  orchestack spend --by key --format csv")]
    Spend(Spend),
    /// What models cost.
    #[command(subcommand, after_help = "Example:\n  orchestack prices check")]
    Prices(Prices),
    /// What may be spent.
    #[command(subcommand, after_help = "Example:\n  orchestack budget raise default 2.00")]
    Budget(Budget),
    /// The audit chain.
    #[command(subcommand, after_help = "Example:\n  orchestack audit verify")]
    Audit(Audit),
    /// Say why a request went where it went: every candidate, and what came of it.
    #[command(after_help = "Example:\n  orchestack explain req_01ARZ3NDEKTSV4RRFFQ69G5FAV")]
    Explain {
        /// The request, as `x-orchestack-request-id` of its answer names it.
        request: String,
    },
    /// Where commands of agents run.
    #[command(subcommand, after_help = "Example:\n  orchestack sandbox serve")]
    Sandbox(Sandbox),
    /// Say what is configured, what answers and what to mend.
    #[command(after_help = "Example:\n  orchestack doctor")]
    Doctor,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Import {
    /// Read a LiteLLM `config.yaml`: its models, providers, aliases and budgets.
    #[command(after_help = "Example:\n  orchestack import litellm config.yaml --tree ./tree")]
    Litellm {
        /// The file.
        file: PathBuf,
        /// The policy tree, in which files are written. They are in force once they are committed.
        #[arg(long, value_name = "DIR", default_value = "tree")]
        tree: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Agent {
    /// Add an agent: commits its definition and starter policies to the tree.
    #[command(
        after_help = "Example:\n  orchestack agent create helper --owner ops@example.com --budget-day 2.00"
    )]
    Create {
        /// Its name: small letters, digits, `-`, `_` and `.`.
        name: String,
        /// Who answers for it.
        #[arg(long)]
        owner: Option<String>,
        /// What it does.
        #[arg(long, default_value = "")]
        description: String,
        /// What it may spend in a day, in US dollars.
        #[arg(long, value_name = "USD")]
        budget_day: Option<String>,
        /// It runs by itself: `SystemAgent` in policies.
        #[arg(long)]
        system: bool,
    },
    /// List agents.
    #[command(after_help = "Example:\n  orchestack agent list --json")]
    List,
    /// Show one agent.
    #[command(after_help = "Example:\n  orchestack agent show default")]
    Show {
        /// Its name.
        name: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Key {
    /// Make a key. It is printed once and never again.
    #[command(
        after_help = "Example:\n  orchestack key create --agent default --expires 30d --json"
    )]
    Create {
        /// The agent that it speaks for.
        #[arg(long)]
        agent: String,
        /// When it ends, such as `12h` or `30d`; never where absent.
        #[arg(long, value_name = "TIME", value_parser = seconds)]
        expires: Option<u32>,
    },
    /// Replace a key: prints a new one; the old one goes on for a while.
    #[command(
        after_help = "Example:\n  orchestack key rotate key_01ARZ3NDEKTSV4RRFFQ69G5FAV --overlap 1h"
    )]
    Rotate {
        /// The old key's id, as `key list` shows it.
        id: String,
        /// How long the old key goes on: `0s` ends it at once.
        #[arg(long, value_name = "TIME", default_value = "24h", value_parser = seconds)]
        overlap: u32,
    },
    /// Revoke a key for good, at once.
    #[command(after_help = "Example:\n  orchestack key revoke key_01ARZ3NDEKTSV4RRFFQ69G5FAV")]
    Revoke {
        /// The key's id, as `key list` shows it.
        id: String,
    },
    /// List keys, revoked ones included.
    #[command(after_help = "Example:\n  orchestack key list --agent default")]
    List {
        /// Only of this agent.
        #[arg(long)]
        agent: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    /// Show the newest records.
    #[command(after_help = "Example:\n  orchestack audit tail --limit 50 --kind decision")]
    Tail {
        /// How many, at most 1000.
        #[arg(long, short = 'n', default_value_t = 20)]
        limit: u32,
        /// Only `decision`, `completion`, `admin` or `system` records.
        #[arg(long)]
        kind: Option<String>,
        /// Only those of one request: `req_...`.
        #[arg(long)]
        request: Option<String>,
        /// Only what this person or agent did.
        #[arg(long)]
        actor: Option<String>,
        /// From this day or instant on, such as `2026-11-22`.
        #[arg(long)]
        from: Option<String>,
        /// Up to and without this day or instant.
        #[arg(long)]
        to: Option<String>,
        /// Only those before the record of this number.
        #[arg(long)]
        before: Option<i64>,
    },
    /// Check that no record was changed, removed or put in.
    #[command(after_help = "Example:\n  orchestack audit verify")]
    Verify,
    /// Write every record as a JSON line.
    #[command(after_help = "Example:\n  orchestack audit export --output audit.jsonl")]
    Export {
        /// The file to write; standard output where absent.
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

/// Reads `90s`, `15m`, `12h` or `7d` as seconds.
fn seconds(text: &str) -> Result<u32, String> {
    let bad = || format!("`{text}` is not a time; write for example `90s`, `15m`, `12h` or `7d`");
    let unit = match text.chars().last() {
        Some('s') => 1,
        Some('m') => 60,
        Some('h') => 60 * 60,
        Some('d') => 24 * 60 * 60,
        _ => return Err(bad()),
    };
    let number = text.get(..text.len().saturating_sub(1)).unwrap_or_default();
    let number: u32 = number.parse().map_err(|_| bad())?;
    number.checked_mul(unit).ok_or_else(bad)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<u32>) {
        assert_eq!(seconds(text).ok(), expected, "{text}");
    }

    #[test]
    fn times_are_read_with_their_unit() {
        check("90s", Some(90));
        check("12h", Some(43_200));
        check("30d", Some(2_592_000));
        check("0s", Some(0));
        check("30", None);
        check("d", None);
        check("-1d", None);
        check("4000000000d", None);
        check("1é", None);
    }

    fn each(command: &clap::Command, path: &str, visit: &mut impl FnMut(&str, &clap::Command)) {
        visit(path, command);
        for sub in command.get_subcommands() {
            each(sub, &format!("{path} {}", sub.get_name()), visit);
        }
    }

    #[test]
    fn the_help_of_every_command_has_an_example_that_parses() {
        let mut examples = Vec::new();
        each(&Cli::command(), "orchestack", &mut |path, command| {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains("Example"), "{path} has no example");
            assert!(help.contains("orchestack"), "{path}");
            assert!(command.get_about().is_some(), "{path} says nothing about itself");
            examples.push(help.replace("\\\n", " "));
        });
        for line in examples.iter().flat_map(|help| help.lines()) {
            let Some(at) = line.find("orchestack ") else { continue };
            let line = line[at..].split(" && ").next().unwrap();
            let line = line.split(" > ").next().unwrap();
            let line =
                line.split("  ").next().filter(|_| !line.contains("--upstream")).unwrap_or(line);
            let words = line.split_whitespace();
            assert!(Cli::try_parse_from(words).is_ok(), "{line}");
        }
    }

    #[test]
    fn global_options_stand_anywhere() {
        let cli =
            Cli::try_parse_from(["orchestack", "key", "list", "--json", "--config", "x.toml"]);
        let cli = cli.unwrap();
        assert!(cli.global.json);
        assert_eq!(cli.global.config, Some(PathBuf::from("x.toml")));
    }

    #[test]
    fn a_mistake_in_a_command_is_told_with_code_2() {
        for words in [&["orchestack"][..], &["orchestack", "key", "create"], &["orchestack", "fly"]]
        {
            let error = Cli::try_parse_from(words).unwrap_err();
            assert_eq!(error.exit_code(), 2, "{words:?}");
        }
    }
}
