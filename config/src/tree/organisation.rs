//! The tree's own `orchestack.toml`: settings of the whole organisation, for every process.

use std::{collections::BTreeMap, str::FromStr};

use jiff::tz::TimeZone;
use types::{Discount, Label};

use super::{Caps, OrgLimits, ScorerFile};
use crate::{
    reader::{Notes, Reader},
    settings::Weights,
};

/// Settings of the organisation. They stand above a process's own.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OrgSettings {
    /// From this label up only local models are used.
    pub local_from: Option<Label>,
    /// What counts in ranking.
    pub weights: Option<Weights>,
    /// Who is asked for an opinion before models are put in order, for agents that do not say.
    pub scorer: Option<ScorerFile>,
    /// Caps of the tenant.
    pub tenant: Caps,
    /// Caps of agents that name none of their own.
    pub agents: Caps,
    /// Caps of each person, over all agents that the person answers for.
    pub users: Caps,
    /// Caps of each session.
    pub sessions: Caps,
    /// Caps of each task.
    pub tasks: Caps,
    /// Where the windows of budgets begin at midnight; UTC where absent.
    pub time_zone: Option<TimeZone>,
    /// What is paid less than the catalogue's prices, by provider.
    pub discounts: BTreeMap<String, Discount>,
    /// How much everybody may ask for.
    pub limits: OrgLimits,
    /// The `[dlp]` table, which the DLP engine reads.
    pub dlp: Option<toml::Table>,
}

pub(super) fn read(path: &str, text: &str, notes: &mut Notes) -> OrgSettings {
    let mut from = notes.open(path, text);
    let mut settings = OrgSettings::default();
    let mut routing = from.section("routing", "How models are chosen.");
    settings.local_from = routing.optional("local_from", "restricted", "");
    settings.weights = Weights::read(routing.section("weights", "What counts in ranking."));
    let scorer = routing.section("scorer", "Who gives an opinion of models.");
    settings.scorer = ScorerFile::read(scorer);
    routing.finish();
    let mut budget = from.section("budget", "Caps in US dollars.");
    settings.tenant = Caps::read(budget.section("tenant", "Of the whole tenant."));
    settings.agents = Caps::read(budget.section("agents", "Of agents without their own."));
    settings.users = Caps::read(budget.section("users", "Of each owner of agents."));
    settings.sessions = Caps::read(budget.section("sessions", "Of each session."));
    settings.tasks = Caps::read(budget.section("tasks", "Of each task."));
    let zone: Option<Zone> =
        budget.optional("time_zone", "Europe/Berlin", "Where days begin; UTC where absent.");
    settings.time_zone = zone.map(|zone| zone.0);
    budget.finish();
    settings.limits = OrgLimits::read(from.section("limits", "How much may be asked for."));
    let discounts = from.tables("discount");
    let dlp = from.skip("dlp");
    from.finish();
    for (path, node) in discounts {
        discount(Reader::open(node, &path, notes), &mut settings.discounts);
    }
    if dlp {
        // The file was read above; a syntax error is reported there.
        let mut table = text.parse::<toml::Table>().unwrap_or_default();
        settings.dlp = table.remove("dlp").and_then(|value| match value {
            toml::Value::Table(table) => Some(table),
            _ => None,
        });
        if settings.dlp.is_none() && notes.faults.iter().all(|fault| fault.file != path) {
            notes.fault(path, "`dlp` is not a table", "write it as `[dlp]`");
        }
    }
    settings
}

/// One `[[discount]]`.
fn discount(mut from: Reader<'_>, discounts: &mut BTreeMap<String, Discount>) {
    let at = from.place_of("provider");
    let provider: Option<String> = from.required("provider", "openai", "");
    let off: Option<Discount> = from.required("off", "12.5%", "");
    if let (Some(provider), Some(off)) = (provider, off) {
        let message = format!("`{provider}` has two discounts");
        if discounts.insert(provider, off).is_some() {
            from.fault("provider", at.as_ref(), message, "keep one of them".to_owned());
        }
    }
    from.finish();
}

/// A time zone by its name in the IANA database, of which this build has a copy.
struct Zone(TimeZone);

impl FromStr for Zone {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let unknown = |_| format!("`{name}` is not the name of a time zone");
        TimeZone::get(name).map(Self).map_err(unknown)
    }
}
