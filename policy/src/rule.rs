//! The annotations of one policy, read and checked once at load.

use std::{collections::BTreeSet, time::Duration};

use cedar_policy::Effect;
use types::Nanos;

use crate::{
    obligation::{ApprovalNeed, Obligations, Withheld},
    words,
};

/// What a policy is called and what its annotations say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rule {
    /// The text of `@id`, or file and number of a policy that has none.
    pub id: String,
    /// What a permit asks for.
    pub obligations: Obligations,
    /// Whether a forbid lets a permitted local model serve the call instead.
    pub reroute_local: bool,
}

/// An annotation that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Misuse {
    pub annotation: String,
    pub message: String,
    pub fix: String,
}

const ON_PERMIT: &[&str] = &[
    "redact",
    "block",
    "restore",
    "answer_redact",
    "answer_block",
    "max_cost",
    "max_tokens",
    "log",
    "audit",
    "locality",
    "retention",
    "dry_run",
    "approval",
    "quorum",
    "expires",
];
const ON_FORBID: &[&str] = &["reroute"];
const ON_BOTH: &[&str] = &["id", "doc", "description"];

/// The longest `@id`, in bytes: ids travel in headers and records.
const ID_BYTES_MAX: usize = 128;

impl Rule {
    /// Reads the annotations of a policy that is called `fallback` where it has no `@id`. Every
    /// annotation that cannot be used is reported.
    pub(crate) fn read<'a>(
        effect: Effect,
        annotations: impl Iterator<Item = (&'a str, &'a str)>,
        fallback: String,
        kinds: &[&str],
    ) -> (Self, Vec<Misuse>) {
        let mut rule =
            Self { id: fallback, obligations: Obligations::default(), reroute_local: false };
        let mut misuses = Vec::new();
        let mut asks = Asks::default();
        for (name, value) in annotations {
            let value = value.trim();
            let read = placed(effect, name).and_then(|()| rule.take(name, value, kinds, &mut asks));
            if let Err((message, fix)) = read {
                misuses.push(Misuse { annotation: name.to_owned(), message, fix });
            }
        }
        misuses.extend(asks.finish(&mut rule.obligations));
        let Obligations { redact, restore, withhold, .. } = &mut rule.obligations;
        if !redact.is_empty() {
            withhold.insert(Withheld { redact: redact.clone(), restore: restore.clone() });
        }
        misuses.sort_by(|a, b| a.annotation.cmp(&b.annotation));
        (rule, misuses)
    }

    fn take(
        &mut self,
        name: &str,
        value: &str,
        kinds: &[&str],
        asks: &mut Asks,
    ) -> Result<(), Complaint> {
        let asked = &mut self.obligations;
        match name {
            "id" => self.id = id(value)?,
            "redact" => asked.redact = known_kinds(name, value, kinds)?,
            "block" => asked.block = sure_kinds(name, value, kinds)?,
            "restore" => asked.restore = known_kinds(name, value, kinds)?,
            "answer_redact" => asked.answer_redact = known_kinds(name, value, kinds)?,
            "answer_block" => asked.answer_block = sure_kinds(name, value, kinds)?,
            "max_cost" => asked.max_cost = Some(cost(value)?),
            "max_tokens" => asked.max_tokens = Some(tokens(value)?),
            "log" => asked.log_full = only(name, value, "full")?,
            "audit" => asked.audit_required = only(name, value, "required")?,
            "locality" => asked.local_only = only(name, value, "local")?,
            "retention" => asked.retention_days = Some(days(value)?),
            "dry_run" => asked.dry_run_only = only(name, value, "only")?,
            "approval" => asks.roles = Some(list(name, value, "infra-admin")?),
            "quorum" => asks.quorum = Some(quorum(value)?),
            "expires" => asks.expires = Some(expires(value)?),
            "reroute" => self.reroute_local = only(name, value, "local")?,
            // `doc` and `description` speak to people; `placed` has refused everything else.
            _ => {}
        }
        Ok(())
    }
}

/// The three annotations that make one need of an approval.
#[derive(Default)]
struct Asks {
    roles: Option<BTreeSet<String>>,
    quorum: Option<u32>,
    expires: Option<Duration>,
}

impl Asks {
    /// Joins them, or tells which of them stands without `@approval`.
    fn finish(self, obligations: &mut Obligations) -> Vec<Misuse> {
        let Self { roles, quorum, expires } = self;
        let Some(roles) = roles else {
            let lone = [("quorum", quorum.is_some()), ("expires", expires.is_some())];
            return lone
                .into_iter()
                .filter(|(_, stands)| *stands)
                .map(|(name, _)| alone(name))
                .collect();
        };
        obligations.approval = Some(ApprovalNeed {
            roles,
            quorum: quorum.unwrap_or(1),
            expires: expires.unwrap_or(ApprovalNeed::EXPIRES),
        });
        Vec::new()
    }
}

fn alone(name: &str) -> Misuse {
    Misuse {
        annotation: name.to_owned(),
        message: format!("`@{name}` has no meaning without `@approval`"),
        fix: "say who approves, for example @approval(\"infra-admin\")".to_owned(),
    }
}

/// What is wrong and what to do.
type Complaint = (String, String);

/// Refuses an unknown annotation and one that means nothing on this effect.
fn placed(effect: Effect, name: &str) -> Result<(), Complaint> {
    let (here, elsewhere, other) = match effect {
        Effect::Permit => (ON_PERMIT, ON_FORBID, "a forbid"),
        Effect::Forbid => (ON_FORBID, ON_PERMIT, "a permit"),
    };
    if here.contains(&name) || ON_BOTH.contains(&name) {
        return Ok(());
    }
    let fix = format!("the annotations of {effect} are {}", [here, ON_BOTH].concat().join(", "));
    if elsewhere.contains(&name) {
        return Err((format!("`@{name}` has no meaning on this policy, only on {other}"), fix));
    }
    Err((format!("unknown annotation `@{name}`"), fix))
}

fn id(value: &str) -> Result<String, Complaint> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:/".contains(c);
    if value.is_empty() || value.len() > ID_BYTES_MAX || !value.chars().all(plain) {
        let fix = format!("use letters, digits and -_.:/ only, at most {ID_BYTES_MAX}");
        return Err((format!("`{}` is no policy id", value.escape_debug()), fix));
    }
    Ok(value.to_owned())
}

fn known_kinds(name: &str, value: &str, kinds: &[&str]) -> Result<BTreeSet<String>, Complaint> {
    let named = list(name, value, "email,phone")?;
    match named.iter().find(|kind| !kinds.contains(&kind.as_str())) {
        None => Ok(named),
        Some(unknown) => Err((
            format!("`@{name}` names the unknown kind `{unknown}`"),
            words::kinds_listed(kinds),
        )),
    }
}

/// Kinds whose presence denies. A name is a guess of a model: nothing is denied for it alone.
fn sure_kinds(name: &str, value: &str, kinds: &[&str]) -> Result<BTreeSet<String>, Complaint> {
    const GUESSES: [&str; 2] = ["name", "person"];
    let named = known_kinds(name, value, kinds)?;
    match GUESSES.iter().find(|guess| named.contains(**guess)) {
        None => Ok(named),
        Some(guess) => Err((
            format!("`@{name}` denies for `{guess}`, which is a guess"),
            format!("redact it: `@{}(\"{guess}\")`", name.replace("block", "redact")),
        )),
    }
}

/// A list with commas, of which no part is empty.
fn list(name: &str, value: &str, example: &str) -> Result<BTreeSet<String>, Complaint> {
    let parts: BTreeSet<String> = value.split(',').map(|part| part.trim().to_owned()).collect();
    if parts.contains("") {
        let fix = format!("write for example @{name}(\"{example}\")");
        return Err((format!("`@{name}` has an empty place in its list"), fix));
    }
    Ok(parts)
}

fn cost(value: &str) -> Result<Nanos, Complaint> {
    match value.parse() {
        Ok(cost) if cost > Nanos::ZERO => Ok(cost),
        _ => Err((
            format!("`@max_cost` is `{value}`, which is no positive amount of US dollars"),
            "write for example @max_cost(\"0.50\")".to_owned(),
        )),
    }
}

fn tokens(value: &str) -> Result<u64, Complaint> {
    match value.parse() {
        Ok(tokens) if tokens > 0 => Ok(tokens),
        _ => Err((
            format!("`@max_tokens` is `{value}`, which is no positive whole number"),
            "write for example @max_tokens(\"4096\")".to_owned(),
        )),
    }
}

/// The most people that a quorum may ask for.
const QUORUM_MAX: u32 = 10;

fn quorum(value: &str) -> Result<u32, Complaint> {
    match value.parse() {
        Ok(people) if (1..=QUORUM_MAX).contains(&people) => Ok(people),
        _ => Err((
            format!("`@quorum` is `{value}`, which is no number of people from 1 to {QUORUM_MAX}"),
            "write for example @quorum(\"2\")".to_owned(),
        )),
    }
}

/// The longest that a question may wait: 30 days.
const EXPIRES_MAX: Duration = Duration::from_secs(30 * 24 * 60 * 60);

fn expires(value: &str) -> Result<Duration, Complaint> {
    let unit = |text: &str| match text {
        "m" => Some(60),
        "h" => Some(60 * 60),
        "d" => Some(24 * 60 * 60),
        _ => None,
    };
    let split = value.len().checked_sub(1).and_then(|at| value.split_at_checked(at));
    let time = split.and_then(|(number, text)| {
        let seconds = number.parse::<u64>().ok()?.checked_mul(unit(text)?)?;
        Some(Duration::from_secs(seconds)).filter(|t| !t.is_zero() && *t <= EXPIRES_MAX)
    });
    time.ok_or_else(|| {
        (
            format!("`@expires` is `{value}`, which is no time from a minute to 30 days"),
            "write for example @expires(\"4h\"); the units are m, h and d".to_owned(),
        )
    })
}

fn days(value: &str) -> Result<u32, Complaint> {
    let number = value.strip_suffix('d').and_then(|days| days.parse().ok());
    let known = if value == "none" { Some(0) } else { number };
    known.ok_or_else(|| {
        (
            format!("`@retention` is `{value}`, which is neither `none` nor a number of days"),
            "write for example @retention(\"30d\")".to_owned(),
        )
    })
}

fn only(name: &str, value: &str, known: &str) -> Result<bool, Complaint> {
    if value == known {
        return Ok(true);
    }
    let fix = format!("write @{name}(\"{known}\")");
    Err((format!("`@{name}` does not know `{value}`"), fix))
}
