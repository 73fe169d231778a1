//! Caps: what agents and tenants may spend, what is spent, and changes that hold at once.

use axum::Json;
use budget::{Account, AccountKey, CapSpec, Period, Scope, Zone};
use serde::{Deserialize, Serialize};
use serde_json::json;
use types::{Nanos, Timestamp};
use utoipa::ToSchema;

use crate::{
    body::Body,
    desk::{Act, Desk},
    error::{Error, Refusal},
    money::{self, Money},
    owner::Of,
};
use policy::Operation;

/// A cap to set or raise.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCap {
    /// `agent`, `tenant`, `key`, `model` or `provider`; `agent` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The agent's name, or the id of whatever else it is; not needed for the tenant.
    #[serde(default)]
    pub name: String,
    /// `day`, `week`, `month` or `total`; `day` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<String>,
    /// US dollars: the new cap, or what to add to it. `none` lifts the cap and only counts.
    pub amount: String,
    /// Refuse nothing when it is reached: the cap is only shown.
    #[serde(default)]
    pub soft: bool,
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
}

/// Accounts.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BudgetList {
    /// By scope, name and period.
    pub accounts: Vec<AccountView>,
}

/// Shows every cap and account of the present windows.
#[utoipa::path(
    get, path = "/api/v1/budget", tag = "budget",
    responses((status = 200, body = BudgetList), (status = "4XX", body = Refusal))
)]
pub(crate) async fn show(desk: Desk) -> Result<Json<BudgetList>, Error> {
    let act = desk.permit(Operation::BudgetShow, "").await?;
    let now = Timestamp::now();
    let mut accounts = act.control().store.caps().accounts(act.tenant(), now).await?;
    for spec in configured(&act, now).await? {
        if accounts.iter().all(|account| account.key != spec.key) {
            accounts.push(Account::new(spec));
        }
    }
    accounts.sort_by(|a, b| a.key.cmp(&b.key));
    let names = Names::load(&act).await?;
    let accounts = accounts.into_iter().map(|account| names.view(account)).collect();
    Ok(Json(BudgetList { accounts }))
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
    let key = key(&act, &ask).await?;
    apply(&act, CapSpec { key, target, hard: !ask.soft }).await
}

/// Raises a hard cap by an amount.
#[utoipa::path(
    post, path = "/api/v1/budget/raise", tag = "budget", request_body = NewCap,
    responses((status = 200, body = AccountView), (status = "4XX", body = Refusal))
)]
pub(crate) async fn raise(desk: Desk, Body(ask): Body<NewCap>) -> Result<Json<AccountView>, Error> {
    let act = desk.showing(&ask).permit_of(Operation::BudgetRaise, &ask.name, of(&ask)).await?;
    let more = money::parse(&ask.amount)?;
    let key = key(&act, &ask).await?;
    let Some(present) = present(&act, &key).await? else {
        let message = format!("there is no cap of {} `{}` to raise", key.scope, ask.name);
        return Err(Error::invalid(message, "set one with `orchestack budget set`"));
    };
    let target = present
        .plus(more)
        .map_err(|error| Error::invalid(error.to_string(), "raise it by less"))?;
    apply(&act, CapSpec { key, target: Some(target), hard: !ask.soft }).await
}

/// Who answers for a cap: whoever does for the agent, or for the agent of the key. Every other cap is
/// the tenant's, whatever its name looks like.
fn of(ask: &NewCap) -> Of<'_> {
    match ask.scope.as_deref().unwrap_or("agent") {
        "agent" => Of::Agent(&ask.name),
        "key" => ask.name.parse().map_or(Of::Tenant, Of::Key),
        _ => Of::Tenant,
    }
}

async fn apply(act: &Act, spec: CapSpec) -> Result<Json<AccountView>, Error> {
    let record = act.record(json!({
        "scope": spec.key.scope.as_str(),
        "scope_id": spec.key.scope_id,
        "period": spec.key.window.period.as_str(),
        "target_nanos": spec.target.map(|target| target.0),
        "hard": spec.hard,
    }));
    let account = act.control().store.caps().set(act.permit(), &spec, &record).await?;
    act.reload().await?;
    Ok(Json(Names::load(act).await?.view(account)))
}

async fn key(act: &Act, ask: &NewCap) -> Result<AccountKey, Error> {
    let word = |error: types::UnknownName| Error::invalid(error.to_string(), "name one of them");
    let scope: Scope = ask.scope.as_deref().unwrap_or("agent").parse().map_err(word)?;
    let period: Period = ask.period.as_deref().unwrap_or("day").parse().map_err(word)?;
    let scope_id = match scope {
        Scope::Tenant => act.tenant().to_string(),
        Scope::Agent => {
            let agents = act.control().store.agents();
            agents.by_name(act.tenant(), &ask.name).await?.id.to_string()
        }
        Scope::Key | Scope::Model | Scope::Provider => {
            let snapshot = act.control().snapshots.load();
            let known = match scope {
                Scope::Key => ask.name.parse().is_ok_and(|id| snapshot.key(id).is_some()),
                Scope::Model => snapshot.registry.model(&ask.name).is_some(),
                _ => snapshot.registry.provider(&ask.name).is_some(),
            };
            if !known {
                let fix = format!("give the id that `orchestack {scope} list` shows");
                return Err(Error::invalid(format!("there is no {scope} `{}`", ask.name), fix));
            }
            ask.name.clone()
        }
        Scope::User | Scope::Session | Scope::Task | Scope::Grant => {
            let fix = "cap the agent, its keys, a model or a provider";
            return Err(Error::invalid(format!("nothing is counted by {scope} yet"), fix));
        }
    };
    let window = period.window(Timestamp::now(), &Zone::UTC);
    Ok(AccountKey { tenant: act.tenant(), scope, scope_id, window })
}

/// The target in force: the live account's, else that of the settings or an earlier `set`.
async fn present(act: &Act, key: &AccountKey) -> Result<Option<Nanos>, Error> {
    let now = Timestamp::now();
    let caps = act.control().store.caps();
    let live = caps.accounts(act.tenant(), now).await?;
    if let Some(account) = live.into_iter().find(|account| account.key == *key) {
        return Ok(account.target);
    }
    let known = configured(act, now).await?;
    Ok(known.into_iter().find(|spec| spec.key == *key).and_then(|spec| spec.target))
}

/// Every cap that the tree, the settings or an earlier `set` gives, in the window of `now`.
async fn configured(act: &Act, now: Timestamp) -> Result<Vec<CapSpec>, Error> {
    let tenant = act.tenant();
    let snapshot = act.control().snapshots.load();
    let spec = |scope, scope_id, period: Period, target, hard| CapSpec {
        key: AccountKey { tenant, scope, scope_id, window: period.window(now, &Zone::UTC) },
        target,
        hard,
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

    fn view(&self, account: Account) -> AccountView {
        let known = self.0.iter().find(|(id, _)| *id == account.key.scope_id);
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
            name: known.map(|(_, name)| name.clone()).unwrap_or(account.key.scope_id),
        }
    }
}
