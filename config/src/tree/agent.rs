//! `agents/NAME/`: an agent's definition and its own policies.

use std::{collections::BTreeMap, str::FromStr, time::Duration};

use types::{Label, Nanos};

use super::{AgentScorer, Rates, Reuse, TextFile, Work, is_name};
use crate::{
    Fault,
    reader::{Notes, Reader},
    settings::Weights,
};

/// One agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentFile {
    /// Its name: the folder's.
    pub name: String,
    /// Who answers for it.
    pub owner: String,
    /// What kind of principal it is in policies.
    pub kind: AgentKind,
    /// What it does, for people.
    pub description: String,
    /// Groups that it belongs to in policies.
    pub groups: Vec<String>,
    /// The lowest label that its requests get.
    pub label: Option<Label>,
    /// The model it gets where a request names `auto`, as an id, an alias or an `auto` variant.
    pub model: Option<String>,
    /// Its caps; the settings' defaults where absent.
    pub budget: Caps,
    /// How much it may ask for; the organisation's defaults where absent.
    pub limits: Rates,
    /// Its own weights in ranking.
    pub weights: Option<Weights>,
    /// How much the difficulty of a request counts where `auto` chooses, in percent; 0 is not at all.
    pub difficulty: u8,
    /// Models to fall back to, for every request of this agent.
    pub fallbacks: Vec<String>,
    /// Which answers are given to it again.
    pub reuse: Reuse,
    /// After how long without an answer the next model is asked as well; never where absent. A model's
    /// own goes before it.
    pub hedge_after: Option<Duration>,
    /// Who is asked for an opinion before models are put in order.
    pub scorer: AgentScorer,
    /// What it works with when it works by itself.
    pub work: Work,
    /// `agents/NAME/*.cedar`: the agent's layer.
    pub policies: Vec<TextFile>,
}

/// What kind of principal an agent is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgentKind {
    /// Exists for its sessions.
    User,
    /// Defined in git, runs by schedule.
    System,
}

/// Caps in nano-dollars. Absent means no cap of that period here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Caps {
    /// Of one request.
    pub request: Option<Nanos>,
    /// Of a day.
    pub day: Option<Nanos>,
    /// Of a week, which begins on Monday.
    pub week: Option<Nanos>,
    /// Of a month.
    pub month: Option<Nanos>,
    /// For ever.
    pub total: Option<Nanos>,
    /// What rolls over.
    pub rollover: Rollovers,
}

/// The most, in nano-dollars, that a window gets of what the one before did not use; nothing where absent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rollovers {
    /// From day to day.
    pub day: Option<Nanos>,
    /// From week to week.
    pub week: Option<Nanos>,
    /// From month to month.
    pub month: Option<Nanos>,
}

impl FromStr for AgentKind {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "user" => Ok(Self::User),
            "system" => Ok(Self::System),
            _ => Err("the kind is neither `user` nor `system`"),
        }
    }
}

impl Caps {
    pub(super) fn read(mut from: Reader<'_>) -> Self {
        let read = Self {
            request: from.optional("request", "0.50", "US dollars a request."),
            day: from.optional("day", "5.00", "US dollars a day."),
            week: from.optional("week", "20.00", "US dollars a week, from Monday."),
            month: from.optional("month", "50.00", "US dollars a month."),
            total: from.optional("total", "500.00", "US dollars for ever."),
            rollover: Rollovers::read(
                from.section("rollover", "The most that a window gets of what the last one left."),
            ),
        };
        from.finish();
        read
    }
}

impl Rollovers {
    fn read(mut from: Reader<'_>) -> Self {
        let read = Self {
            day: from.optional("day", "2.00", "US dollars from day to day."),
            week: from.optional("week", "5.00", "US dollars from week to week."),
            month: from.optional("month", "10.00", "US dollars from month to month."),
        };
        from.finish();
        read
    }
}

/// Agents while their files come in, in any order.
#[derive(Default)]
pub(super) struct Drafts {
    agents: BTreeMap<String, AgentFile>,
    seen: Vec<String>,
    policies: BTreeMap<String, Vec<TextFile>>,
}

impl Drafts {
    pub(super) fn definition(&mut self, name: &str, path: &str, text: &str, notes: &mut Notes) {
        self.seen.push(name.to_owned());
        if !is_name(name) {
            notes.faults.push(Fault {
                file: path.to_owned(),
                line: None,
                key: String::new(),
                message: format!("`{name}` is not a name of an agent"),
                fix: "name the folder with small letters, digits, `-`, `_` and `.`, at most 64"
                    .to_owned(),
            });
        }
        if let Some(agent) = read(name, notes.open(path, text)) {
            self.agents.insert(name.to_owned(), agent);
        }
    }

    pub(super) fn policy(&mut self, name: &str, file: TextFile) {
        self.policies.entry(name.to_owned()).or_default().push(file);
    }

    pub(super) fn finish(mut self, notes: &mut Notes) -> BTreeMap<String, AgentFile> {
        for (name, files) in self.policies {
            if let Some(agent) = self.agents.get_mut(&name) {
                agent.policies = files;
            } else if let Some(first) = files.first().filter(|_| !self.seen.contains(&name)) {
                let message = format!("the agent `{name}` has policies and no definition");
                let fix = format!("add `agents/{name}/agent.toml` with an `owner`");
                notes.fault(&first.path, &message, &fix);
            }
        }
        self.agents
    }
}

fn read(name: &str, mut from: Reader<'_>) -> Option<AgentFile> {
    let at = from.place_of("owner");
    let owner: Option<String> =
        from.required("owner", "ops@example.com", "Who answers for this agent.");
    if owner.as_deref().is_some_and(|owner| owner.trim().is_empty()) {
        let fix = "name a person or a team".to_owned();
        from.fault("owner", at.as_ref(), "nobody answers for this agent".to_owned(), fix);
    }
    let kind = from.parsed("kind", "user", AgentKind::User, "`user` or `system`.");
    let description = from.text("description", "", "What it does.");
    let groups = from.list("groups", "support", "Groups that it belongs to in policies.");
    let label = from.optional("label", "internal", "The lowest label of its requests.");
    let model = from.optional("model", "auto:cheap", "What `auto` means for it.");
    let fallbacks = from.list("fallbacks", "qwen3-8b", "Models to fall back to.");
    let hedge_after = super::hedge_after(&mut from);
    let budget = Caps::read(from.section("budget", "Caps in US dollars."));
    let limits = Rates::read(from.section("limits", "How much it may ask for."));
    let weights = Weights::read(from.section("weights", "What counts in ranking."));
    let reuse = Reuse::read(from.section("cache", "Answers that are given again."));
    let scorer = AgentScorer::read(from.section("scorer", "Who gives an opinion of models."));
    let difficulty =
        from.count("difficulty", 0, 0..=200, "How much difficulty counts for `auto`, in percent.");
    let work = Work::read(&mut from);
    from.finish();
    Some(AgentFile {
        name: name.to_owned(),
        owner: owner?,
        kind,
        description,
        groups,
        label,
        model,
        budget,
        limits,
        weights,
        difficulty: u8::try_from(difficulty).unwrap_or_default(),
        fallbacks,
        reuse,
        hedge_after,
        scorer,
        work,
        policies: Vec::new(),
    })
}
