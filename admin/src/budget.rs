//! Caps: what agents and tenants may spend, what is spent, and changes that hold at once.

mod spender;

use axum::Json;
use budget::{Account, CapSpec, Period, Scope};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::raises::{NewRaise, Raise};
use types::{Nanos, RaiseId, Timestamp};
use utoipa::{IntoParams, ToSchema};

pub(crate) use self::spender::in_force;
use self::spender::{key, of, present, rollover};
use crate::{
    body::{Ask, Body},
    desk::{Act, Desk},
    error::{Error, Refusal},
    money::{self, Money},
    time,
};
use policy::Operation;

/// A cap to set or raise.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCap {
    /// `agent`, `tenant`, `user`, `key`, `session`, `task`, `model` or `provider`; `agent` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The agent's or person's name, or the id of whatever else it is; not needed for the tenant.
    #[serde(default)]
    pub name: String,
    /// `request`, `day`, `week`, `month` or `total`; `day` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<String>,
    /// US dollars: the new cap, or what to add to it. `none` lifts the cap and only counts.
    pub amount: String,
    /// Refuse nothing when it is reached: the cap is only shown.
    #[serde(default)]
    pub soft: bool,
    /// US dollars: the most that a window gets of what the one before did not use; `none` for nothing. As it
    /// was where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollover: Option<String>,
    /// Of a raise: the day or instant at which it ends; for good where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// One account: a cap and what is spent of it in its present window.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AccountView {
    /// The kind of spender.
    pub scope: String,
    /// The agent's name, or the id of whatever else spends.
    pub name: String,
    /// `day`, `week`, `month` or `total`.
    pub period: String,
    /// When the window began.
    pub starts: String,
    /// When it ends.
    pub ends: Option<String>,
    /// The cap; absent where nothing limits it.
    pub cap: Option<Money>,
    /// Whether the cap refuses; otherwise it is only shown.
    pub hard: bool,
    /// What was spent, overrun included.
    pub spent: Money,
    /// What running requests have reserved.
    pub held: Money,
    /// What was spent beyond reservations because a provider broke its limit.
    pub overrun: Money,
    /// What is left; absent where nothing limits it.
    pub left: Option<Money>,
    /// What the cap has of what the window before did not use, where it has something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rolled_over: Option<Money>,
}

/// Accounts.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BudgetList {
    /// By scope, name and period.
    pub accounts: Vec<AccountView>,
    /// Raises that have not ended, which are in the caps.
    #[serde(default)]
    pub raises: Vec<RaiseView>,
}

/// More money for a while.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RaiseView {
    /// Its id.
    pub id: String,
    /// The kind of spender.
    pub scope: String,
    /// The agent's name, or the id of whatever else spends.
    pub name: String,
    /// Whose windows it is in.
    pub period: String,
    /// How much more each of them has.
    pub amount: Money,
    /// When it ends.
    pub ends: String,
    /// Who made it.
    pub made_by: String,
    /// The question to people that it answers.
    pub approval: Option<String>,
}

/// Which accounts to show.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct BudgetFilter {
    /// Only of this scope, at most 1000; of sessions, tasks and grants only where they are named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
}

/// Shows every cap and account of the present windows.
#[utoipa::path(
    get, path = "/api/v1/budget", tag = "budget", params(BudgetFilter),
    responses((status = 200, body = BudgetList), (status = "4XX", body = Refusal))
)]
pub(crate) async fn show(
    desk: Desk,
    Ask(ask): Ask<BudgetFilter>,
) -> Result<Json<BudgetList>, Error> {
    let act = desk.permit(Operation::BudgetShow, "").await?;
    let word = |error: types::UnknownName| Error::invalid(error.to_string(), "name one of them");
    let scope: Option<Scope> = ask.scope.as_deref().map(str::parse).transpose().map_err(word)?;
    let now = Timestamp::now();
    let caps = act.control().store.caps();
    let mut accounts = match scope {
        Some(scope) => caps.accounts_of(act.tenant(), scope, now).await?,
        None => caps.accounts(act.tenant(), now).await?,
    };
    for spec in configured(&act, now).await? {
        let shown = scope.is_none_or(|scope| spec.key.scope == scope);
        if shown && accounts.iter().all(|account| account.key != spec.key) {
            accounts.push(Account::new(spec));
        }
    }
    accounts.sort_by(|a, b| a.key.cmp(&b.key));
    let raises = act.control().store.raises().live(act.tenant()).await?;
    let names = Names::load(&act).await?;
    Ok(Json(BudgetList {
        accounts: accounts.into_iter().map(|account| names.view(account)).collect(),
        raises: raises.into_iter().map(|raise| names.raise(raise)).collect(),
    }))
}

/// Sets a cap, at once and for every later window of its period.
#[utoipa::path(
    put, path = "/api/v1/budget", tag = "budget", request_body = NewCap,
    responses((status = 200, body = AccountView), (status = "4XX", body = Refusal))
)]
pub(crate) async fn set(desk: Desk, Body(ask): Body<NewCap>) -> Result<Json<AccountView>, Error> {
    let act = desk.showing(&ask).permit_of(Operation::BudgetSet, &ask.name, of(&ask)).await?;
    let target = match ask.amount.as_str() {
        "none" => None,
        amount => Some(money::parse(amount)?),
    };
    if ask.until.is_some() {
        let fix = "only a raise has one: `orchestack budget raise NAME AMOUNT --until DAY`";
        return Err(Error::invalid("a cap has no end", fix));
    }
    let key = key(&act, &ask).await?;
    let rollover = rollover(&act, &key, &ask).await?;
    apply(&act, CapSpec { key, target, hard: !ask.soft, rollover }).await
}

/// Raises a cap by an amount: for good, or until an instant.
#[utoipa::path(
    post, path = "/api/v1/budget/raise", tag = "budget", request_body = NewCap,
    responses((status = 200, body = AccountView), (status = "4XX", body = Refusal))
)]
pub(crate) async fn raise(desk: Desk, Body(ask): Body<NewCap>) -> Result<Json<AccountView>, Error> {
    let act = desk.showing(&ask).permit_of(Operation::BudgetRaise, &ask.name, of(&ask)).await?;
    let more = money::parse(&ask.amount)?;
    let key = key(&act, &ask).await?;
    if ask.rollover.is_some() {
        let fix = "set it with the cap: `orchestack budget set NAME AMOUNT --rollover USD`";
        return Err(Error::invalid("a raise does not change what rolls over", fix));
    }
    // Whoever may give more may not switch the cap off: that is `budget.set`.
    if ask.soft {
        let fix = "set it with the cap: `orchestack budget set NAME AMOUNT --soft`";
        return Err(Error::invalid("a raise does not change whether a cap refuses", fix));
    }
    let rollover = rollover(&act, &key, &ask).await?;
    let Some((present, hard)) = present(&act, &key).await? else {
        let message = format!("there is no cap of {} `{}` to raise", key.scope, ask.name);
        return Err(Error::invalid(message, "set one with `orchestack budget set`"));
    };
    if let Some(until) = &ask.until {
        let spec = CapSpec { key, target: Some(present), hard, rollover };
        return raise_until(&act, spec, more, until).await;
    }
    let target = present
        .plus(more)
        .map_err(|error| Error::invalid(error.to_string(), "raise it by less"))?;
    apply(&act, CapSpec { key, target: Some(target), hard, rollover }).await
}

async fn raise_until(
    act: &Act,
    spec: CapSpec,
    more: Nanos,
    until: &str,
) -> Result<Json<AccountView>, Error> {
    let new = new_raise(act, spec, more, until)?;
    let record = act.record(told(&new));
    let account = act.control().store.raises().add(act.permit(), &new, &record).await?;
    Ok(Json(Names::load(act).await?.view(account)))
}

/// A raise as it is asked for, with its end as people write it.
pub(crate) fn new_raise(
    act: &Act,
    spec: CapSpec,
    amount: Nanos,
    until: &str,
) -> Result<NewRaise, Error> {
    let ends_at = time::parse_in(until, &act.control().snapshots.load().zone)?;
    if ends_at <= Timestamp::now() {
        return Err(Error::invalid(format!("`{until}` is over"), "name a later day or instant"));
    }
    if amount <= Nanos::ZERO {
        return Err(Error::invalid("a raise of nothing", "write US dollars such as `5.00`"));
    }
    if spec.key.window.period == Period::Request {
        let fix = "set the cap anew with `orchestack budget set`";
        return Err(Error::invalid("a cap per request cannot be raised for a while", fix));
    }
    Ok(NewRaise { id: RaiseId::generate(), spec, amount, ends_at })
}

/// A raise as its record has it.
pub(crate) fn told(new: &NewRaise) -> Value {
    json!({
        "raise": new.id,
        "scope": new.spec.key.scope.as_str(),
        "scope_id": new.spec.key.scope_id,
        "period": new.spec.key.window.period.as_str(),
        "amount_nanos": new.amount,
        "ends_at": new.ends_at.to_string(),
    })
}

async fn apply(act: &Act, spec: CapSpec) -> Result<Json<AccountView>, Error> {
    let record = act.record(json!({
        "scope": spec.key.scope.as_str(),
        "scope_id": spec.key.scope_id,
        "period": spec.key.window.period.as_str(),
        "target_nanos": spec.target.map(|target| target.0),
        "hard": spec.hard,
        "rollover_nanos": spec.rollover,
    }));
    let account = act.control().store.caps().set(act.permit(), &spec, &record).await?;
    act.reload().await?;
    Ok(Json(Names::load(act).await?.view(account)))
}

/// Every cap that the tree, the settings or an earlier `set` gives, in the window of `now`.
async fn configured(act: &Act, now: Timestamp) -> Result<Vec<CapSpec>, Error> {
    let tenant = act.tenant();
    let snapshot = act.control().snapshots.load();
    let spec = |scope, scope_id: String, period: Period, target, hard| {
        CapSpec::new(tenant, scope, scope_id, period.window(now, &snapshot.zone), target, hard)
    };
    let set = act.control().store.caps().load_all().await?;
    let mut specs: Vec<CapSpec> = set
        .into_iter()
        .filter(|cap| cap.tenant == tenant)
        .map(|cap| spec(cap.scope, cap.scope_id, cap.period, cap.target, cap.hard))
        .collect();
    for cap in snapshot.agents().flat_map(|agent| &agent.caps) {
        let written = spec(cap.scope, cap.scope_id.clone(), cap.period, cap.target, true);
        // A meter that nothing was spent on says nothing.
        if cap.target.is_some() && specs.iter().all(|spec| spec.key != written.key) {
            specs.push(written);
        }
    }
    Ok(specs)
}

/// The names of agents and of the tenant, for people.
struct Names(Vec<(String, String)>);

impl Names {
    async fn load(act: &Act) -> Result<Self, Error> {
        let agents = act.control().store.agents().load_all().await?;
        let mut names: Vec<_> =
            agents.into_iter().map(|agent| (agent.id.to_string(), agent.name)).collect();
        let tenant = act.control().snapshots.load().tenant_name.clone();
        names.push((act.tenant().to_string(), tenant));
        Ok(Self(names))
    }

    fn of(&self, id: String) -> String {
        let known = self.0.iter().find(|(known, _)| *known == id);
        known.map_or(id, |(_, name)| name.clone())
    }

    fn raise(&self, raise: Raise) -> RaiseView {
        RaiseView {
            id: raise.id.to_string(),
            scope: raise.scope.as_str().to_owned(),
            period: raise.period.as_str().to_owned(),
            amount: raise.amount.into(),
            ends: raise.ends_at.to_string(),
            made_by: raise.made_by,
            approval: raise.approval.map(|id| id.to_string()),
            name: self.of(raise.scope_id),
        }
    }

    fn view(&self, account: Account) -> AccountView {
        let window = account.key.window;
        AccountView {
            scope: account.key.scope.as_str().to_owned(),
            period: window.period.as_str().to_owned(),
            starts: window.starts.to_string(),
            ends: window.ends.map(|at| at.to_string()),
            cap: account.target.map(Money::from),
            hard: account.hard,
            spent: account.spent().into(),
            held: account.held.into(),
            overrun: account.overrun.into(),
            left: account.room().map(Money::from),
            rolled_over: (account.rolled > Nanos::ZERO).then(|| account.rolled.into()),
            name: self.of(account.key.scope_id),
        }
    }
}
