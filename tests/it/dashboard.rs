//! The dashboard of deploy/grafana asks for what is exported, by labels that it has.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::docs::page::{name, read, root, rows};

/// The labels of each metric, as the page tells of them.
fn told() -> BTreeMap<String, BTreeSet<String>> {
    let labels = |cell: &str| cell.split(',').map(|label| label.trim().to_owned()).collect();
    let rows = rows("docs/operations.md", "metric");
    rows.iter().map(|row| (name(&row[0]), labels(&row[1]))).collect()
}

/// Every name in quotes that a metric is registered by.
fn registered() -> BTreeSet<String> {
    let mut folders =
        ["gateway/src", "admin/src", "snapshot/src", "connectors/src", "orchestrator/src"]
            .map(|at| root().join(at))
            .to_vec();
    let mut names = BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            if entry.path().is_dir() {
                folders.push(entry.path());
                continue;
            }
            let text = std::fs::read_to_string(entry.path()).unwrap();
            let made = text.split("register_").skip(1).filter_map(|rest| rest.split('"').nth(1));
            let ours = made.filter(|name| name.starts_with("orchestack_"));
            names.extend(ours.map(str::to_owned));
        }
    }
    names
}

/// The queries of a dashboard with their legends.
fn queries(dashboard: &Value) -> Vec<(String, String)> {
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels.iter().filter_map(|panel| panel["targets"].as_array()).flatten();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    targets.map(|target| (text(&target["expr"]), text(&target["legendFormat"]))).collect()
}

/// The words of a query that stand for a metric, without what Prometheus adds to a histogram's.
fn metrics(query: &str) -> BTreeSet<String> {
    let words = query.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let ours = words.filter(|word| word.starts_with("orchestack_"));
    ours.map(|word| word.strip_suffix("_bucket").unwrap_or(word).to_owned()).collect()
}

/// The labels that a query groups by, and those that its legend shows.
fn labels(query: &str, legend: &str) -> BTreeSet<String> {
    let within = |text: &str, open: &str, close: &str| -> Vec<String> {
        let parts = text.split(open).skip(1).filter_map(|rest| rest.split_once(close));
        let names = parts.flat_map(|(names, _)| names.split(','));
        names.map(|name| name.trim().to_owned()).filter(|name| name != "le").collect()
    };
    let mut all: BTreeSet<String> = within(query, "by (", ")").into_iter().collect();
    all.extend(within(legend, "{{", "}}"));
    all
}

/// What is wrong with a dashboard.
fn faults(dashboard: &Value) -> Vec<String> {
    let (told, registered) = (told(), registered());
    let mut faults = Vec::new();
    for (query, legend) in queries(dashboard) {
        let metrics = metrics(&query);
        if metrics.is_empty() {
            faults.push(format!("`{query}` asks for nothing of ours"));
        }
        for metric in &metrics {
            if !registered.contains(metric) {
                faults.push(format!("`{metric}` is not exported"));
            } else if !told.contains_key(metric) {
                faults.push(format!("`{metric}` is not in docs/operations.md"));
            }
            let has = told.get(metric).cloned().unwrap_or_default();
            for label in labels(&query, &legend).difference(&has) {
                faults.push(format!("`{metric}` has no label `{label}`"));
            }
        }
    }
    faults
}

#[test]
fn the_dashboard_asks_for_what_is_exported() {
    let text = read("deploy/grafana/orchestack.json");
    let dashboard = serde_json::from_str(&text).unwrap();
    assert!(queries(&dashboard).len() > 20);
    assert_eq!(faults(&dashboard), [""; 0]);
    // The check itself.
    let spoiled = [
        ("orchestack_requests_total{code", "orchestack_request_total{code"),
        ("orchestack_overrun_total", "overruns"),
        ("sum by (kind) (rate(orchestack_tokens", "sum by (model) (rate(orchestack_tokens"),
        ("{{effect}}", "{{outcome}}"),
    ];
    for (right, wrong) in spoiled {
        // In a file of JSON a quote in a query is written with a backslash.
        assert!(text.contains(right), "{right}");
        let dashboard = serde_json::from_str(&text.replace(right, wrong)).unwrap();
        assert!(!faults(&dashboard).is_empty(), "{wrong}");
    }
}

#[test]
fn every_metric_that_is_registered_is_told() {
    let told = told();
    let silent: Vec<String> =
        registered().into_iter().filter(|name| !told.contains_key(name)).collect();
    assert_eq!(silent, [""; 0]);
}
