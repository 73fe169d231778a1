//! `orchestack budget reconcile`.

use std::{io::Read as _, path::Path, process::ExitCode};

use admin::{EXPORT_BYTES_MAX, Money, NewReconciliation, ReconciledModel, Reconciliation};

use super::super::short;
use crate::{
    args::Reconcile,
    client::{Ask, Client},
    failure::Failure,
    output::{Output, table},
};

pub(super) async fn run(
    client: &Client,
    ask: Reconcile,
    output: &Output,
) -> Result<ExitCode, Failure> {
    let (file, export) = read(&ask.file)?;
    let body = NewReconciliation {
        file,
        export,
        provider: ask.provider,
        bucket: ask.bucket,
        complete_after_seconds: Some(ask.complete_after),
        edge_seconds: Some(ask.edge),
    };
    let path: &[&str] = if ask.apply { &["budget", "reconcile"] } else { &["budget", "compare"] };
    let found: Reconciliation = client.tell(Ask::post(path), &body).await?;
    output.show(&found, text);
    Ok(ExitCode::SUCCESS)
}

/// The name and the text of an export, of which no more is read than the server would take.
fn read(path: &Path) -> Result<(String, String), Failure> {
    let wrong = |error: &dyn std::fmt::Display, fix: &str| {
        Failure::usage(format!("cannot read `{}`: {error}", path.display()), fix)
    };
    let source: Box<dyn std::io::Read> = if path == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        let fix = "name the file that the provider's console or API gave";
        Box::new(std::fs::File::open(path).map_err(|error| wrong(&error, fix))?)
    };
    let most = u64::try_from(EXPORT_BYTES_MAX).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    let taken = source.take(most.saturating_add(1)).read_to_end(&mut bytes);
    taken.map_err(|error| wrong(&error, "check the file"))?;
    if bytes.len() > EXPORT_BYTES_MAX {
        let long = format!("it is longer than {EXPORT_BYTES_MAX} bytes");
        return Err(wrong(&long, "export fewer days at a time"));
    }
    let text = String::from_utf8(bytes)
        .map_err(|error| wrong(&error.utf8_error(), "export again: it is not UTF-8"))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok((name, text))
}

fn text(found: &Reconciliation) -> String {
    let mut text = String::new();
    if !found.models.is_empty() {
        let total = ReconciledModel { model: "TOTAL".to_owned(), ..found.total.clone() };
        let rows = found.models.iter().chain([&total]).map(row).collect();
        let head = [
            "MODEL",
            "BUCKETS",
            "THEIRS USD",
            "OURS USD",
            "DIFFERENCE",
            "EDGES",
            "COUNTED",
            "WORST CASE",
            "PROVISIONAL",
            "UNEXPLAINED",
            "EXPLAINED",
        ];
        text.push_str(&table(head, rows));
        text.push('\n');
    }
    for line in below(found) {
        text.push_str(&line);
        text.push('\n');
    }
    text
}

fn row(model: &ReconciledModel) -> [String; 11] {
    let usd = |money: &Money| money.usd.clone();
    [
        model.model.clone(),
        model.buckets.to_string(),
        usd(&model.theirs),
        usd(&model.ours),
        usd(&model.difference),
        usd(&model.edges),
        usd(&model.counted),
        usd(&model.worst_case),
        usd(&model.provisional),
        usd(&model.unexplained),
        format!("{} %", model.explained_percent),
    ]
}

/// What stands below the table: what is explained, what was or would be booked, what was left out.
fn below(found: &Reconciliation) -> Vec<String> {
    let mut lines = Vec::new();
    match (&found.from, &found.to) {
        (Some(from), Some(to)) => lines.push(format!(
            "{} from {} to {} UTC: {} % of the difference is explained",
            found.provider,
            short(from),
            short(to),
            found.total.explained_percent
        )),
        _ => lines.push(format!("{}: no bucket can be compared", found.provider)),
    }
    lines.push(match &found.booked {
        Some(booked) if booked.calls + booked.passed_over == 0 => "nothing to book".to_owned(),
        Some(booked) => format!(
            "booked: {} call(s), {} credited and {} charged; {} passed over",
            booked.calls, booked.credited.usd, booked.charged.usd, booked.passed_over
        ),
        None if found.calls == 0 => "nothing to book".to_owned(),
        None => format!("{} call(s) would be changed: book it with --apply", found.calls),
    });
    for left in &found.left_out {
        lines.push(format!(
            "left out: {}{} bucket(s) from {} to {}: {}",
            left.model.as_ref().map(|model| format!("{model}, ")).unwrap_or_default(),
            left.buckets,
            short(&left.from),
            short(&left.to),
            left.why
        ));
    }
    for theirs in &found.unmatched {
        lines.push(format!(
            "not matched: {} ({} requests, {} tokens in, {} out) is no model of {} here",
            theirs.model,
            theirs.requests,
            theirs.input_tokens,
            theirs.output_tokens,
            found.provider
        ));
    }
    for ours in &found.absent {
        lines.push(format!(
            "not in the export: {} ({} call(s), {} charged)",
            ours.model, ours.calls, ours.charged.usd
        ));
    }
    lines.extend(found.notes.iter().map(|note| format!("note: {note}")));
    lines
}

#[cfg(test)]
mod tests {
    use admin::{Absent, BookedShares, LeftOut, UnmatchedModel};
    use types::Nanos;

    use super::*;

    fn model(name: &str, [theirs, ours, worst, open]: [i64; 4]) -> ReconciledModel {
        let money = |nanos| Money::from(Nanos(nanos));
        ReconciledModel {
            model: name.to_owned(),
            ids: vec![name.to_owned()],
            buckets: 30,
            theirs: money(theirs),
            ours: money(ours),
            difference: money(ours - theirs),
            edges: money(2),
            counted: money(0),
            worst_case: money(worst),
            provisional: money(0),
            unexplained: money(open),
            explained_percent: "99.98".to_owned(),
        }
    }

    fn found() -> Reconciliation {
        let (from, to) = ("2026-11-01T00:00:00.000000Z", "2026-12-01T00:00:00.000000Z");
        Reconciliation {
            file: "usage.csv".to_owned(),
            provider: "openai".to_owned(),
            from: Some(from.to_owned()),
            to: Some(to.to_owned()),
            models: vec![model("gpt-4o-mini", [2_000_000_000, 2_500_000_000, -499_999_998, 0])],
            total: model("", [2_000_000_000, 2_500_000_000, -499_999_998, -1_000]),
            calls: 3,
            booked: None,
            left_out: vec![LeftOut {
                model: Some("gpt-5.4".to_owned()),
                buckets: 2,
                from: from.to_owned(),
                to: to.to_owned(),
                why: "no price of it is known".to_owned(),
            }],
            unmatched: vec![UnmatchedModel {
                model: "gpt-9-2026-11-11".to_owned(),
                requests: 7,
                input_tokens: 100,
                output_tokens: 20,
            }],
            absent: vec![Absent {
                model: "o".to_owned(),
                calls: 1,
                charged: Money::from(Nanos(5)),
            }],
            notes: vec!["there is more".to_owned()],
        }
    }

    #[test]
    fn a_comparison_says_what_is_explained_and_what_is_not() {
        let dry = found();
        let (credited, charged) = (Money::from(Nanos(499_999_998)), Money::from(Nanos(0)));
        let booked = Some(BookedShares { calls: 2, passed_over: 1, credited, charged });
        let applied = Reconciliation { booked, ..found() };
        let none = Reconciliation { from: None, to: None, models: Vec::new(), calls: 0, ..found() };
        insta::assert_snapshot!([text(&dry), text(&applied), text(&none)].join("\n---\n"));
    }

    #[test]
    fn a_file_that_cannot_be_read_is_told_with_what_to_do() {
        let error = read(Path::new("/no/such/file.csv")).unwrap_err();
        assert!(error.to_string().starts_with("cannot read `/no/such/file.csv`"), "{error}");
        assert!(!error.fixes().is_empty());
    }
}
