//! The annotations of one policy, read and checked once at load.

use std::collections::BTreeSet;

use cedar_policy::Effect;
use types::Nanos;

use crate::obligation::Obligations;

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

const ON_PERMIT: &[&str] = &["redact", "block", "max_cost", "max_tokens", "approval", "log"];
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
        for (name, value) in annotations {
            let read =
                placed(effect, name).and_then(|()| rule.take_annotation(name, value.trim(), kinds));
            if let Err((message, fix)) = read {
                misuses.push(Misuse { annotation: name.to_owned(), message, fix });
            }
        }
        misuses.sort_by(|a, b| a.annotation.cmp(&b.annotation));
        (rule, misuses)
    }

    fn take_annotation(
        &mut self,
        name: &str,
        value: &str,
        kinds: &[&str],
    ) -> Result<(), Complaint> {
        let asked = &mut self.obligations;
        match name {
            "id" => self.id = id(value)?,
            "redact" => asked.redact = known_kinds(name, value, kinds)?,
            "block" => asked.block = known_kinds(name, value, kinds)?,
            "max_cost" => asked.max_cost = Some(cost(value)?),
            "max_tokens" => asked.max_tokens = Some(tokens(value)?),
            "approval" => asked.approval = roles(value)?,
            "log" => asked.log_full = only(name, value, "full")?,
            "reroute" => self.reroute_local = only(name, value, "local")?,
            // `doc` and `description` speak to people; `placed` has refused everything else.
            _ => {}
        }
        Ok(())
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
            format!("the kinds are {}", kinds.join(", ")),
        )),
    }
}

fn roles(value: &str) -> Result<BTreeSet<String>, Complaint> {
    list("approval", value, "infra-admin")
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

fn only(name: &str, value: &str, known: &str) -> Result<bool, Complaint> {
    if value == known {
        return Ok(true);
    }
    let fix = format!("write @{name}(\"{known}\")");
    Err((format!("`@{name}` does not know `{value}`"), fix))
}
