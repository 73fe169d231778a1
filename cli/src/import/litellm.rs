//! A LiteLLM `config.yaml`, after its public documentation (`docs/proxy/configs`).

use std::collections::{BTreeMap, BTreeSet};

use yaml_serde::Value;

use super::{
    Imported, Left,
    deployment::{self, Deployment},
    endpoint::Endpoint,
    reader::Reader,
};

/// Why a file cannot be read at all.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unreadable {
    /// It is not YAML.
    #[error("it is not YAML: line {line}, column {column}")]
    Syntax {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// It is YAML of another kind.
    #[error("it has no `model_list`, so it is no configuration of LiteLLM's proxy")]
    NoModels,
}

/// Models of the file that are served under one name, best first, and what hangs on the name.
#[derive(Default)]
struct Group {
    deployments: Vec<Deployment>,
    aliases: Vec<String>,
    fallbacks: Vec<String>,
}

/// Turns the file into files of the tree.
///
/// # Errors
/// [`Unreadable`]. Anything in a readable file that has no form of ours is told, not refused.
pub(crate) fn import(text: &str) -> Result<Imported, Unreadable> {
    let file: Value = yaml_serde::from_str(text).map_err(|error| {
        let at = error.location();
        let (line, column) = at.map_or((0, 0), |at| (at.line(), at.column()));
        Unreadable::Syntax { line, column }
    })?;
    let mut made = Imported::default();
    let left = &mut made.left;
    let mut file = Reader::of("", Some(file), left);
    let Some(Value::Sequence(models)) = file.take("model_list") else {
        return Err(Unreadable::NoModels);
    };
    let mut groups: Vec<(String, Group)> = Vec::new();
    for (at, entry) in models.into_iter().enumerate() {
        let read = deployment::read(&format!("model_list[{at}]"), entry, left);
        let Some(deployment) = read else { continue };
        match groups.iter_mut().find(|(name, _)| *name == deployment.name) {
            Some((_, group)) => group.deployments.push(deployment),
            None => {
                let (name, mut group) = (deployment.name.clone(), Group::default());
                group.deployments.push(deployment);
                groups.push((name, group));
            }
        }
    }
    let mut lite = file.section("litellm_settings", left);
    let mut router = file.section("router_settings", left);
    for settings in [&mut lite, &mut router] {
        fallbacks(settings, &mut groups, left);
    }
    aliases(&mut router, &mut groups, left);
    budgets(&mut lite, &mut router, &mut made.commands, left);
    passed_over(&mut lite, &mut router, left);
    let general = file.section("general_settings", left);
    let environment = file.section("environment_variables", left);
    for reader in [lite, router, general, environment, file] {
        reader.finish(left);
    }
    write(groups, &mut made);
    made.left.sort();
    made.left.dedup();
    Ok(made)
}

/// `fallbacks: [{name: [names]}]`, in either section.
fn fallbacks(settings: &mut Reader, groups: &mut [(String, Group)], left: &mut Vec<Left>) {
    for key in ["fallbacks", "context_window_fallbacks"] {
        let place = settings.place(key);
        for item in settings.list(key) {
            let Value::Mapping(pairs) = item else { continue };
            for (name, names) in pairs {
                let names: Vec<String> = names
                    .as_sequence()
                    .into_iter()
                    .flatten()
                    .filter_map(|name| name.as_str().map(str::to_owned))
                    .collect();
                let known: BTreeSet<&str> = groups.iter().map(|(name, _)| name.as_str()).collect();
                let (known, unknown): (Vec<_>, Vec<_>) =
                    names.into_iter().partition(|name| known.contains(name.as_str()));
                for name in unknown {
                    let why = format!("`{name}` is not among the models that were carried over");
                    left.push(Left { place: place.clone(), why });
                }
                let wanted = name.as_str().unwrap_or_default();
                match groups.iter_mut().find(|(name, _)| name == wanted) {
                    Some((_, group)) => {
                        let new = |name: &String| !group.fallbacks.contains(name);
                        let new: Vec<String> = known.into_iter().filter(new).collect();
                        group.fallbacks.extend(new);
                    }
                    None => {
                        let why =
                            format!("`{wanted}` is not among the models that were carried over");
                        left.push(Left { place: place.clone(), why });
                    }
                }
            }
        }
    }
}

/// `model_group_alias: {alias: name}`, or with a mapping that has the name in `model`.
fn aliases(router: &mut Reader, groups: &mut [(String, Group)], left: &mut Vec<Left>) {
    let place = router.place("model_group_alias");
    let Some(Value::Mapping(pairs)) = router.take("model_group_alias") else { return };
    for (alias, target) in pairs {
        let alias = alias.as_str().unwrap_or_default().to_owned();
        let target = target.as_str().or_else(|| target.get("model").and_then(Value::as_str));
        let target = target.unwrap_or_default();
        match groups.iter_mut().find(|(name, _)| name == target) {
            Some((_, group)) => group.aliases.push(alias),
            None => {
                let why = format!("`{target}` is not among the models that were carried over");
                left.push(Left { place: format!("{place}.{alias}"), why });
            }
        }
    }
}

/// Budgets of everybody and of providers are set in a running server.
fn budgets(
    lite: &mut Reader,
    router: &mut Reader,
    commands: &mut Vec<String>,
    left: &mut Vec<Left>,
) {
    let (place, amount) = (lite.place("max_budget"), lite.number("max_budget"));
    let duration = lite.text("budget_duration");
    if let Some(amount) = amount {
        let cap = cap("default", "tenant", amount, duration.as_deref());
        tell(cap, place, commands, left);
    }
    let place = router.place("provider_budget_config");
    let Some(Value::Mapping(pairs)) = router.take("provider_budget_config") else { return };
    for (provider, budget) in pairs {
        let provider = provider.as_str().unwrap_or_default();
        let place = format!("{place}.{provider}");
        let mut budget = Reader::of(place.clone(), Some(budget), left);
        let amount = budget.number("budget_limit").or_else(|| budget.number("max_budget"));
        let period = budget.text("time_period").or_else(|| budget.text("budget_duration"));
        if let Some(amount) = amount {
            tell(cap(provider, "provider", amount, period.as_deref()), place, commands, left);
        }
        budget.finish(left);
    }
}

/// The command that sets a cap; `None` where we have no such period.
fn cap(name: &str, scope: &str, amount: f64, duration: Option<&str>) -> Option<String> {
    let period = match duration {
        None => "total",
        Some("1d" | "24h" | "daily") => "day",
        Some("7d" | "weekly") => "week",
        Some("30d" | "31d" | "1mo" | "monthly") => "month",
        Some(_) => return None,
    };
    Some(format!("orchestack budget set {name} {amount} --scope {scope} --period {period}"))
}

fn tell(command: Option<String>, place: String, commands: &mut Vec<String>, left: &mut Vec<Left>) {
    match command {
        Some(command) => commands.push(command),
        None => {
            let why = "budgets here are for a day, a week, a month or in total; set one with `orchestack budget set`".to_owned();
            left.push(Left { place, why });
        }
    }
}

/// What is so here without being said, or is said elsewhere.
fn passed_over(lite: &mut Reader, router: &mut Reader, left: &mut Vec<Left>) {
    let told = [
        (
            "drop_params",
            "a parameter that a provider cannot express rules it out, by name; nothing is dropped",
        ),
        ("num_retries", "attempts are bounded by `upstream.max_attempts` in the settings"),
        (
            "request_timeout",
            "times are `upstream.total_timeout` in the settings, or `timeouts` of a provider",
        ),
        (
            "timeout",
            "times are `upstream.total_timeout` in the settings, or `timeouts` of a provider",
        ),
        (
            "routing_strategy",
            "`auto` and `[routing.weights]` choose; deployments of one name follow each other",
        ),
        (
            "allowed_fails",
            "breakers open after five failures in a row or a third of the last calls",
        ),
        ("cooldown_time", "breakers rest a model for 5 seconds, then longer"),
        ("default_fallbacks", "name `fallbacks` in `agents/NAME/agent.toml`"),
    ];
    for (key, why) in told {
        for settings in [&mut *lite, &mut *router] {
            if settings.take(key).is_some() {
                left.push(Left { place: settings.place(key), why: why.to_owned() });
            }
        }
    }
}

/// One file a provider with its models.
fn write(groups: Vec<(String, Group)>, made: &mut Imported) {
    let mut providers: Vec<(String, Endpoint)> = Vec::new();
    let mut models: BTreeMap<String, String> = BTreeMap::new();
    let mut taken: BTreeSet<String> = groups.iter().map(|(name, _)| name.clone()).collect();
    for (name, group) in groups {
        let ids: Vec<String> = (0..group.deployments.len())
            .map(|at| if at == 0 { name.clone() } else { free(&name, &mut taken) })
            .collect();
        for (at, mut deployment) in group.deployments.into_iter().enumerate() {
            let provider = name_of(&deployment.endpoint, &mut providers);
            if provider != deployment.endpoint.priced {
                deployment.price_here();
            }
            if let Some((amount, duration)) = deployment.cap.take() {
                let id = ids.get(at).unwrap_or(&name);
                let command = cap(id, "model", amount, Some(&duration));
                let place = format!("model_list `{name}`.litellm_params.max_budget");
                tell(command, place, &mut made.commands, &mut made.left);
            }
            // The deployments of one name follow each other, then come the name's own fallbacks.
            let later = ids.get(at + 1..).unwrap_or_default();
            let fallbacks: Vec<String> = later.iter().chain(&group.fallbacks).cloned().collect();
            let aliases = if at == 0 { &*group.aliases } else { &[] };
            let id = ids.get(at).unwrap_or(&name);
            let table = deployment.table(id, &provider, aliases, &fallbacks);
            let file = models.entry(provider).or_default();
            if !file.is_empty() {
                file.push('\n');
            }
            file.push_str(&table);
        }
    }
    for (name, endpoint) in providers {
        made.files.insert(format!("providers/{name}.toml"), endpoint.file(&name));
    }
    for (provider, text) in models {
        made.files.insert(format!("models/{provider}.toml"), text);
    }
}

/// The name of an endpoint; another one that wants the same name gets a number.
fn name_of(endpoint: &Endpoint, providers: &mut Vec<(String, Endpoint)>) -> String {
    if let Some((name, _)) = providers.iter().find(|(_, known)| known == endpoint) {
        return name.clone();
    }
    let mut taken = providers.iter().map(|(name, _)| name.clone()).collect();
    let wanted = plain(&endpoint.wanted);
    let name = if providers.iter().any(|(name, _)| *name == wanted) {
        free(&wanted, &mut taken)
    } else {
        wanted
    };
    providers.push((name.clone(), endpoint.clone()));
    name
}

/// The name with the first number from 2 that makes it free.
fn free(name: &str, taken: &mut BTreeSet<String>) -> String {
    let mut number = 2_u32;
    loop {
        let numbered = format!("{name}-{number}");
        if taken.insert(numbered.clone()) {
            return numbered;
        }
        number = number.saturating_add(1);
    }
}

/// Names of providers are of small letters, digits, `-`, `_` and `.`, at most 64.
fn plain(name: &str) -> String {
    let plain = |c: char| {
        let small = c.to_ascii_lowercase();
        if small.is_ascii_alphanumeric() || "-_.".contains(small) { small } else { '-' }
    };
    name.chars().take(60).map(plain).collect()
}

#[cfg(test)]
mod tests;
