//! `orchestack spend`.

use std::process::ExitCode;

use admin::{SpendLine, SpendReport};

use super::short;
use crate::{
    args::{Format, Spend},
    chart,
    client::{Ask, Client},
    failure::Failure,
    output::{Output, table},
};

pub(super) async fn run(client: &Client, ask: Spend, output: &Output) -> Result<ExitCode, Failure> {
    let (format, drawn) = (ask.format, ask.chart);
    let ask =
        Ask::get(&["spend"]).with("by", Some(ask.by)).with("from", ask.from).with("to", ask.to);
    let report: SpendReport = client.ask(ask).await?;
    match format {
        Some(Format::Csv) => output.line(csv(&report).trim_end()),
        Some(Format::Json) => Output::new(true).show(&report, rows),
        Some(Format::Table) => Output::new(false).show(&report, rows),
        None if drawn => output.show(&report, bars),
        None => output.show(&report, rows),
    }
    Ok(ExitCode::SUCCESS)
}

fn rows(report: &SpendReport) -> String {
    let ms = |time: Option<u64>| time.map_or_else(|| "-".to_owned(), |ms| ms.to_string());
    let row = |line: &SpendLine| {
        [
            line.name.clone(),
            line.calls.to_string(),
            line.errors.to_string(),
            line.amount.usd.clone(),
            line.saved.usd.clone(),
            line.routed.usd.clone(),
            line.input_tokens.to_string(),
            line.cached_tokens.to_string(),
            line.output_tokens.to_string(),
            ms(line.p50_ms),
            ms(line.p99_ms),
        ]
    };
    let by = report.by.to_uppercase();
    let head = [
        by.as_str(),
        "CALLS",
        "ERRORS",
        "USD",
        "SAVED",
        "ROUTED",
        "INPUT",
        "CACHED",
        "OUTPUT",
        "P50 MS",
        "P99 MS",
    ];
    format!("{}\n{}", table(head, report.lines.iter().map(row).collect()), totals(report))
}

fn bars(report: &SpendReport) -> String {
    let bar = |line: &SpendLine| chart::Bar {
        name: line.name.clone(),
        length: u64::try_from(line.amount.nanos).unwrap_or(0),
        figure: line.amount.usd.clone(),
    };
    let bars: Vec<_> = report.lines.iter().map(bar).collect();
    format!("{}\n{}", chart::draw(&bars), totals(report))
}

/// What stands below the lines.
fn totals(report: &SpendReport) -> String {
    let (from, to) = (short(&report.from), short(&report.to));
    let forecast = &report.forecast;
    let last = forecast.ends.get(..10).unwrap_or(&forecast.ends);
    format!(
        "{} US dollars from {from} to {to} UTC\n{} in this {}, {} by its end ({last}) at the pace of \
         the last days",
        report.total.usd, forecast.spent.usd, forecast.period, forecast.amount.usd
    )
}

/// Every figure of every line, as RFC 4180 says.
fn csv(report: &SpendReport) -> String {
    let head = [
        report.by.as_str(),
        "calls",
        "errors",
        "usd",
        "overrun_usd",
        "provisional_usd",
        "saved_usd",
        "routed_usd",
        "input_tokens",
        "cached_tokens",
        "output_tokens",
        "reasoning_tokens",
        "p50_ms",
        "p99_ms",
    ];
    let ms = |time: Option<u64>| time.map(|ms| ms.to_string()).unwrap_or_default();
    let row = |line: &SpendLine| {
        [
            line.name.clone(),
            line.calls.to_string(),
            line.errors.to_string(),
            line.amount.usd.clone(),
            line.overrun.usd.clone(),
            line.provisional.usd.clone(),
            line.saved.usd.clone(),
            line.routed.usd.clone(),
            line.input_tokens.to_string(),
            line.cached_tokens.to_string(),
            line.output_tokens.to_string(),
            line.reasoning_tokens.to_string(),
            ms(line.p50_ms),
            ms(line.p99_ms),
        ]
    };
    let rows = std::iter::once(head.map(str::to_owned)).chain(report.lines.iter().map(row));
    rows.map(|row| row.map(|cell| quoted(&cell)).join(",") + "\n").collect()
}

/// A cell of a table for spreadsheets. What one would take for a formula is made text, since names
/// are what somebody chose.
fn quoted(cell: &str) -> String {
    let number = |c: char| c.is_ascii_digit() || c == '.' || c == '-';
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && !cell.chars().all(number);
    let cell = if formula { format!("'{cell}") } else { cell.to_owned() };
    if cell.contains([',', '"', '\n', '\r']) {
        return format!("\"{}\"", cell.replace('"', "\"\""));
    }
    cell
}

#[cfg(test)]
mod tests {
    use admin::{Money, SpendForecast};
    use types::Nanos;

    use super::*;

    fn money(nanos: i64) -> Money {
        Money::from(Nanos(nanos))
    }

    fn line(name: &str, nanos: i64, p50_ms: Option<u64>) -> SpendLine {
        SpendLine {
            name: name.to_owned(),
            calls: 12,
            errors: 1,
            amount: money(nanos),
            overrun: money(0),
            provisional: money(0),
            saved: money(nanos / 10),
            routed: money(nanos / 5),
            input_tokens: 1_000,
            cached_tokens: 100,
            output_tokens: 200,
            reasoning_tokens: 0,
            p50_ms,
            p99_ms: p50_ms.map(|ms| ms * 3),
        }
    }

    fn report() -> SpendReport {
        SpendReport {
            by: "model".to_owned(),
            from: "2026-10-25T00:00:00.000000Z".to_owned(),
            to: "2026-11-25T00:00:00.000000Z".to_owned(),
            total: money(2_004_000_000),
            forecast: SpendForecast {
                period: "month".to_owned(),
                starts: "2026-11-01T00:00:00.000000Z".to_owned(),
                ends: "2026-12-01T00:00:00.000000Z".to_owned(),
                spent: money(1_000_000_000),
                amount: money(1_500_000_000),
            },
            lines: vec![
                line("openai/gpt-5-mini", 2_000_000_000, Some(895)),
                line("a \"quoted\", name", 4_000_000, None),
                line("=SUM(A1:A9)", 0, None),
            ],
        }
    }

    #[test]
    fn a_report_is_a_table_a_chart_or_a_sheet() {
        let report = report();
        insta::assert_snapshot!([rows(&report), bars(&report), csv(&report)].join("\n---\n"));
    }
}
