//! Whose cap is set or raised.

use budget::{AccountKey, CapSpec, Period, Scope};
use store::caps::Cap;
use types::{Nanos, SessionId, TaskId, Timestamp};

use super::NewCap;
use crate::{desk::Act, error::Error, money, owner::Of};

/// The account of a cap in its present window.
pub(super) async fn key(act: &Act, ask: &NewCap) -> Result<AccountKey, Error> {
    let word = |error: types::UnknownName| Error::invalid(error.to_string(), "name one of them");
    let scope: Scope = ask.scope.as_deref().unwrap_or("agent").parse().map_err(word)?;
    let period: Period = ask.period.as_deref().unwrap_or("day").parse().map_err(word)?;
    let snapshot = act.control().snapshots.load();
    let name = ask.name.as_str();
    let listed = |known: bool| (known, format!("give the id that `orchestack {scope} list` shows"));
    let (known, fix) = match scope {
        Scope::Tenant | Scope::Agent => (true, String::new()),
        Scope::Key => listed(name.parse().is_ok_and(|id| snapshot.key(id).is_some())),
        Scope::Model => listed(snapshot.registry.model(name).is_some()),
        Scope::Provider => listed(snapshot.registry.provider(name).is_some()),
        Scope::User => {
            let known = snapshot.agents().any(|agent| agent.owner == name);
            (known, "name the `owner` of an agent".to_owned())
        }
        Scope::Session => (name.parse::<SessionId>().is_ok(), "give `ses_...`".to_owned()),
        Scope::Task => (name.parse::<TaskId>().is_ok(), "give `tsk_...`".to_owned()),
        Scope::Tool => {
            let fix = "give it a `price` or `calls_per_minute` in its server's file of the tree";
            return Err(Error::invalid("tools have no caps", fix));
        }
        Scope::Grant => {
            let fix = "a grant has the cap that `grant create --max-cost` gave it";
            return Err(Error::invalid("grants have no other caps", fix));
        }
    };
    if !known {
        return Err(Error::invalid(format!("there is no {scope} `{name}`"), fix));
    }
    let scope_id = match scope {
        Scope::Tenant => act.tenant().to_string(),
        Scope::Agent => {
            let agents = act.control().store.agents();
            agents.by_name(act.tenant(), name).await?.id.to_string()
        }
        _ => name.to_owned(),
    };
    let window = period.window(Timestamp::now(), &snapshot.zone);
    Ok(AccountKey { tenant: act.tenant(), scope, scope_id, window })
}

/// The account of a question in its present window, as it is configured, where the one that it was asked
/// about is over.
pub(crate) async fn in_force(act: &Act, asked: CapSpec) -> Result<CapSpec, Error> {
    let (now, zone) = (Timestamp::now(), act.control().snapshots.load().zone.clone());
    if asked.key.window.ends.is_none_or(|ends| ends > now) {
        return Ok(asked);
    }
    let window = asked.key.window.period.window(now, &zone);
    let key = AccountKey { window, ..asked.key };
    let rollover = rollover(act, &key, &NewCap::default()).await?;
    let present = present(act, &key).await?;
    let (target, hard) = present.map_or((None, true), |(target, hard)| (Some(target), hard));
    Ok(CapSpec { key, target, hard, rollover })
}

/// Who answers for a cap: whoever does for the agent, or for the agent of the key. Every other cap is
/// the tenant's, whatever its name looks like.
pub(super) fn of(ask: &NewCap) -> Of<'_> {
    match ask.scope.as_deref().unwrap_or("agent") {
        "agent" => Of::Agent(&ask.name),
        "key" => ask.name.parse().map_or(Of::Tenant, Of::Key),
        _ => Of::Tenant,
    }
}

/// The most that rolls over from one window to the next: what is asked for, else what was set earlier, else
/// what the tree says.
pub(super) async fn rollover(act: &Act, key: &AccountKey, ask: &NewCap) -> Result<Nanos, Error> {
    let (scope, period) = (key.scope, key.window.period);
    match ask.rollover.as_deref() {
        None => {
            let set = set(act, key).await?.map(|cap| cap.rollover);
            let snapshot = act.control().snapshots.load();
            let written = || snapshot.written_rollover(scope, &key.scope_id, period);
            Ok(set.unwrap_or_else(written))
        }
        Some("none") => Ok(Nanos::ZERO),
        Some(_) if matches!(period, Period::Request | Period::Total) => {
            let fix = "only `day`, `week` and `month` have a next window";
            Err(Error::invalid(format!("nothing rolls over from a {period} to the next"), fix))
        }
        Some(amount) => money::parse(amount),
    }
}

/// The cap of an earlier `set`.
async fn set(act: &Act, key: &AccountKey) -> Result<Option<Cap>, Error> {
    let set = act.control().store.caps().load_all().await?;
    Ok(set.into_iter().find(|cap| {
        (cap.tenant, cap.scope, cap.period) == (key.tenant, key.scope, key.window.period)
            && cap.scope_id == key.scope_id
    }))
}

/// The cap that raises come on top of: that of an earlier `set`, else of the tree or the settings.
/// With whether it is hard.
pub(super) async fn present(act: &Act, key: &AccountKey) -> Result<Option<(Nanos, bool)>, Error> {
    if let Some(cap) = set(act, key).await? {
        return Ok(cap.target.map(|target| (target, cap.hard)));
    }
    let snapshot = act.control().snapshots.load();
    let written = snapshot.written_cap(key.scope, &key.scope_id, key.window.period);
    Ok(written.map(|target| (target, true)))
}
