//! `orchestack explain`: the story of one request, from its audit records.

use std::{fmt::Write as _, process::ExitCode};

use admin::{AuditList, AuditView};
use serde_json::{Map, Value};
use types::Nanos;

use super::{or_dash, short};
use crate::{
    client::{Ask, Client},
    failure::Failure,
    output::{Output, table},
};

/// Records of one request: its decision, its end, and those of approvals.
const RECORDS_MAX: u32 = 100;
/// The action of calls of tools.
const CALL_TOOL: &str = "callTool";

pub(super) async fn run(
    client: &Client,
    request: String,
    output: &Output,
) -> Result<ExitCode, Failure> {
    let ask = Ask::get(&["audit"])
        .with("limit", Some(RECORDS_MAX))
        .with("request", Some(request.as_str()));
    let list: AuditList = client.ask(ask).await?;
    if list.records.is_empty() {
        let message = format!(
            "nothing is on record of `{request}`; `x-orchestack-request-id` of an answer names its request"
        );
        return Err(Failure::Failed(message));
    }
    output.show(&list, |list| told(&list.records));
    Ok(ExitCode::SUCCESS)
}

fn told(records: &[AuditView]) -> String {
    let mut text = String::new();
    for record in records {
        match record.kind.as_str() {
            "decision" => decision(&mut text, record),
            "completion" => completion(&mut text, record),
            _ => {
                let (at, action) = (short(&record.at), &record.action);
                line(&mut text, format!("{at}  {action} {}: {}", record.resource, record.outcome));
            }
        }
    }
    text
}

fn decision(text: &mut String, record: &AuditView) {
    let detail = &record.detail;
    let word = |name: &str| or_dash(detail.get(name).and_then(Value::as_str));
    line(text, format!("{}  {} asked for `{}`", short(&record.at), record.actor, record.resource));
    line(text, format!("decision   {} by commit {}", record.outcome, record.commit));
    line(text, format!("label      {}", word("label")));
    if record.action == CALL_TOOL {
        called(text, detail);
    }
    line(text, format!("findings   {}", findings(detail.get("findings"))));
    if let Some(difficulty) = detail.get("difficulty").filter(|difficulty| !difficulty.is_null()) {
        line(text, format!("difficulty {}", hardness(difficulty)));
    }
    if let Some(limit) = detail.get("limit").filter(|limit| !limit.is_null()) {
        line(text, format!("limit      {limit}"));
    }
    if let Some(policies) = detail.get("policies") {
        line(text, format!("policies   {}", names(policies)));
    }
    if let Some(scorer) = detail.get("scorer").filter(|scorer| !scorer.is_null()) {
        line(text, format!("scorer     {}", scored(scorer)));
    }
    let mut rows: Vec<[String; 7]> = items(detail, "plan").iter().zip(1..).map(planned).collect();
    rows.extend(items(detail, "dropped").iter().map(dropped));
    if !rows.is_empty() {
        let head = ["MODEL", "PROVIDER", "PLACE", "WORST COST", "EXPECTED", "QUALITY", "SCORE"];
        let _ = write!(text, "\n{}", table(head, rows));
    }
}

/// The quality that the request seemed to need, and what spoke for it.
fn hardness(difficulty: &Value) -> String {
    let number =
        |from: &Value, name: &str| from.get(name).and_then(Value::as_i64).unwrap_or_default();
    let sign = |sign: &Value| {
        let name = sign.get("name").and_then(Value::as_str).unwrap_or("-");
        format!("{name} {:+}", number(sign, "points"))
    };
    let signs: Vec<_> = items(difficulty, "signs").iter().map(sign).collect();
    format!("{} ({})", number(difficulty, "floor"), signs.join(", "))
}

/// What an external scorer said, or why it was not heard.
fn scored(scorer: &Value) -> String {
    let word = |name: &str| or_dash(scorer.get(name).and_then(Value::as_str));
    let micros = scorer.get("took_us").and_then(Value::as_u64).unwrap_or_default();
    let took = format!("after {}.{} ms", micros / 1_000, micros % 1_000 / 100);
    let Some(opinion) = scorer.get("opinion") else {
        return format!("not heard: {} {took}", word("outcome"));
    };
    let penalties = opinion.get("penalties").and_then(Value::as_object).map_or(0, Map::len);
    let vetoes = items(opinion, "vetoes").len();
    format!("heard {took}: {penalties} penalties, {vetoes} vetoes")
}

/// A model of the plan; its place tells in which order models were to be tried.
fn planned((choice, place): (&Value, usize)) -> [String; 7] {
    let word = |name: &str| or_dash(choice.get(name).and_then(Value::as_str));
    let number = |name: &str| choice.get(name).and_then(Value::as_i64);
    let score = choice.get("score").filter(|score| !score.is_null()).map(|score| {
        let term = |name: &str| score.get(name).and_then(Value::as_u64).unwrap_or_default();
        let [cost, latency, quality] = ["cost", "latency", "quality"].map(term);
        let scorer = score.get("scorer").and_then(Value::as_u64);
        let scorer = scorer.map(|penalty| format!(", scorer {penalty}")).unwrap_or_default();
        format!("{} (cost {cost}, latency {latency}, quality {quality}{scorer})", term("penalty"))
    });
    [
        word("model"),
        word("provider"),
        format!("{place}, {}", word("standing")),
        number("cost").map_or("-".to_owned(), |cost| Nanos(cost).to_string()),
        number("latency_ms").map_or("-".to_owned(), |ms| format!("{ms} ms")),
        number("quality").map_or("-".to_owned(), |quality| quality.to_string()),
        or_dash(score.as_deref()),
    ]
}

/// A model that was not to be tried, with the reason in place of its place.
fn dropped(dropped: &Value) -> [String; 7] {
    let word = |name: &str| dropped.get(name).and_then(Value::as_str);
    let mut why = word("reason").unwrap_or("-").replace('_', " ");
    for name in ["name", "field", "label"] {
        if let Some(value) = word(name) {
            let _ = write!(why, " ({value})");
        }
    }
    if let Some(policies) = dropped.get("policies").filter(|policies| *policies != &Value::Null) {
        let _ = write!(why, " ({})", names(policies));
    }
    let none = || "-".to_owned();
    [or_dash(word("model")), none(), format!("out: {why}"), none(), none(), none(), none()]
}

/// What a call of a tool was decided by, beside its label.
fn called(text: &mut String, detail: &Value) {
    let word = |name: &str| detail.get(name).and_then(Value::as_str);
    let flow = detail.get("flow");
    let count = |name: &str| flow.and_then(|flow| flow.get(name)).and_then(Value::as_u64);
    let is = |name: &str| flow.and_then(|flow| flow.get(name)).and_then(Value::as_bool);
    line(
        text,
        format!("session    {}, {}", or_dash(word("integrity")), or_dash(word("session_label"))),
    );
    if flow.is_some() {
        let [user, others, nobody] =
            ["trusted", "untrusted", "unmatched"].map(|name| count(name).unwrap_or_default());
        line(
            text,
            format!(
                "arguments  {user} in the user's words, {others} in words of others, {nobody} in no text that was seen"
            ),
        );
        let hosts = count("destinations").unwrap_or_default();
        let private = if is("private") == Some(true) { ", one of them private" } else { "" };
        let named = if is("named_by_user") == Some(true) { ", named by the user" } else { "" };
        line(text, format!("goes to    {hosts} hosts{private}{named}"));
    }
    if let Some(shape) = detail.get("shape") {
        line(text, format!("shape      {shape}"));
    }
    for (name, told) in [("definition", "definition"), ("approval", "approval  ")] {
        if let Some(value) = word(name) {
            line(text, format!("{told} {value}"));
        }
    }
}

/// How a call of a tool ended.
fn ended(text: &mut String, record: &AuditView) {
    let detail = &record.detail;
    let word = |name: &str| or_dash(detail.get(name).and_then(Value::as_str));
    let number = |name: &str| detail.get(name).and_then(Value::as_i64).unwrap_or_default();
    let failed = detail.get("is_error").and_then(Value::as_bool) == Some(true);
    let failed = if failed { ", and the tool says that it failed" } else { "" };
    line(text, format!("\ncall       `{}`: {}{failed}", record.resource, record.outcome));
    line(text, format!("session    {}, {} after it", word("integrity"), word("label")));
    line(text, format!("findings   {}", findings(detail.get("findings"))));
    let (cost, ms) = (Nanos(number("cost_nanos")), number("ms"));
    line(text, format!("cost       {cost} ({}), {ms} ms after it came", word("basis")));
}

fn completion(text: &mut String, record: &AuditView) {
    if record.action == CALL_TOOL {
        return ended(text, record);
    }
    let detail = &record.detail;
    let number = |name: &str| detail.get(name).and_then(Value::as_i64).unwrap_or_default();
    for lost in items(detail, "attempts") {
        let word = |name: &str| or_dash(lost.get(name).and_then(Value::as_str));
        let (model, provider) = (word("model"), word("provider"));
        line(text, format!("\nattempt    `{model}` at {provider}: {}", word("outcome")));
    }
    let provider = or_dash(detail.get("provider").and_then(Value::as_str));
    let (model, outcome) = (&record.resource, &record.outcome);
    line(text, format!("\nattempt    `{model}` at {provider}: {outcome}"));
    let basis = or_dash(detail.get("basis").and_then(Value::as_str));
    let (cost, ms) = (Nanos(number("cost_nanos")), number("ms"));
    line(text, format!("cost       {cost} ({basis}), {ms} ms after it came"));
    if let Some(request) = detail.get("answer_of").and_then(Value::as_str) {
        let near = detail.get("similarity").and_then(Value::as_u64);
        let near = near.map_or_else(String::new, |percent| format!(", {percent} % the same"));
        line(text, format!("answer     given again, from {request}{near}"));
    }
    if let Some(usage) = detail.get("usage").filter(|usage| !usage.is_null()) {
        let tokens = |name: &str| usage.get(name).and_then(Value::as_u64).unwrap_or_default();
        let (input, cached, output) = (tokens("input"), tokens("cached"), tokens("output"));
        line(text, format!("tokens     {input} in ({cached} cached), {output} out"));
    }
}

/// Kinds and how many of each.
fn findings(findings: Option<&Value>) -> String {
    let kinds = findings.and_then(Value::as_object).into_iter().flatten();
    let told: Vec<String> =
        kinds.filter_map(|(kind, found)| Some(format!("{kind} {}", found.get("count")?))).collect();
    if told.is_empty() { "none".to_owned() } else { told.join(", ") }
}

fn items<'a>(detail: &'a Value, name: &str) -> &'a [Value] {
    detail.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn names(list: &Value) -> String {
    let names: Vec<_> = list.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if names.is_empty() { "none permits".to_owned() } else { names.join(", ") }
}

fn line(text: &mut String, line: String) {
    text.push_str(&line);
    text.push('\n');
}
