//! What a provider says it billed beside what the ledger has: compared, and on demand booked.

mod sheet;
mod view;

use std::{collections::BTreeSet, time::Duration};

use axum::Json;
use budget::{EDGE, Export, Share, Source, Width};
use serde::{Deserialize, Serialize};
use serde_json::json;
use snapshot::keys::sha256_hex;
use store::calls::{Booking, OPEN_MAX};
use tokio::sync::Semaphore;
use types::{HoldId, Nanos, ProviderKind, Timestamp};
use utoipa::ToSchema;

use self::sheet::Sheet;
pub use self::view::{
    Absent, BookedShares, LeftOut, ReconciledModel, Reconciliation, UnmatchedModel,
};
use crate::{
    body::Body,
    desk::{Act, Desk},
    error::{Error, Refusal},
};
use policy::Operation;

/// The longest body with an export in it: JSON may double its text.
pub(crate) const RECONCILE_BYTES_MAX: usize = 2 * budget::EXPORT_BYTES_MAX + (64 << 10);

/// How long after a bucket's end the provider is taken to have counted all of it, where nobody says:
/// Anthropic names five minutes, OpenAI says that its figures may be late.
const COMPLETE_AFTER_SECONDS: u32 = 60 * 60;
/// About how many shares go into one transaction; one bucket of a model is never parted.
const SHARES_AIMED: usize = 500;
/// One export at a time: each may need some hundred megabytes.
static READING: Semaphore = Semaphore::const_new(1);
/// The longest name of a file that is told and put on record.
const FILE_CHARS_MAX: usize = 200;

/// A provider's usage export.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReconciliation {
    /// The file's name, for messages and the record.
    #[serde(default)]
    pub file: String,
    /// The file's text: pages of OpenAI's `/v1/organization/usage/completions` or of Anthropic's
    /// `/v1/organizations/usage_report/messages`, or the CSV export of either's console.
    pub export: String,
    /// The registered provider that it is of. Where absent, the one called as whose form it has, or
    /// else the only one that speaks its format.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// `1h` or `1m`: how long the buckets of a CSV export of Anthropic's are that have times of day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bucket: Option<String>,
    /// How many seconds after a bucket's end the provider has counted all of it; an hour where absent.
    /// Younger buckets are left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub complete_after_seconds: Option<u32>,
    /// How near to a bucket's edge, in seconds, a call may be billed on its other side; ten minutes
    /// where absent. What is charged for such calls is no ground for a credit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edge_seconds: Option<u32>,
}

/// What was asked, read and with what nobody said.
struct Asked {
    file: String,
    hash: String,
    export: Export,
    /// Empty where none is named and none is meant.
    provider: String,
    bucket: Option<String>,
    complete_after_seconds: u32,
    edge_seconds: u32,
}

/// Compares an export with the ledger and says what would be booked. Changes nothing.
#[utoipa::path(
    post, path = "/api/v1/budget/compare", tag = "budget", request_body = NewReconciliation,
    responses((status = 200, body = Reconciliation), (status = "4XX", body = Refusal))
)]
pub(crate) async fn compare(
    desk: Desk,
    Body(ask): Body<NewReconciliation>,
) -> Result<Json<Reconciliation>, Error> {
    let _one = READING.acquire().await;
    let (desk, asked) = read(desk, Operation::BudgetCompare, ask).await?;
    let act = desk.permit(Operation::BudgetCompare, &asked.provider).await?;
    let (view, _) = compared(&act, &asked).await?;
    Ok(Json(view))
}

/// Compares an export with the ledger and books the difference as far as calls explain it whose charge
/// is a guess: each once, as rows of its own. The same export again, or one that overlaps, books nothing
/// a second time.
#[utoipa::path(
    post, path = "/api/v1/budget/reconcile", tag = "budget", request_body = NewReconciliation,
    responses((status = 200, body = Reconciliation), (status = "4XX", body = Refusal))
)]
pub(crate) async fn reconcile(
    desk: Desk,
    Body(ask): Body<NewReconciliation>,
) -> Result<Json<Reconciliation>, Error> {
    let _one = READING.acquire().await;
    let (desk, asked) = read(desk, Operation::BudgetReconcile, ask).await?;
    // People who approve it see which file it is, not all that is in it.
    let desk = desk.showing(&asked.shown());
    let act = desk.permit(Operation::BudgetReconcile, &asked.provider).await?;
    let (mut view, bookings) = compared(&act, &asked).await?;
    view.booked = Some(book(&act, &view, &asked, &bookings).await?);
    Ok(Json(view))
}

/// Reads the export and finds whose it is, before policy is asked: a rule about one provider holds also
/// where nobody names it. What is wrong with the export hears only who may do this with any.
async fn read(desk: Desk, to: Operation, ask: NewReconciliation) -> Result<(Desk, Asked), Error> {
    let named = ask.provider.clone().unwrap_or_default();
    match parsed(&desk, ask).await {
        Ok(asked) => Ok((desk, asked)),
        Err(fault) => {
            desk.permit(to, &named).await?;
            Err(fault)
        }
    }
}

async fn parsed(desk: &Desk, ask: NewReconciliation) -> Result<Asked, Error> {
    let (file, hash) = (file(&ask), sha256_hex(ask.export.as_bytes()));
    let width = ask.bucket.as_deref().map(width).transpose()?;
    let text = ask.export;
    let read = tokio::task::spawn_blocking(move || Export::read(&text, width)).await;
    let export = read.map_err(|_| Error::Broke)?.map_err(|fault| {
        let place = match file.as_str() {
            "" => fault.place,
            file => format!("{file}, {}", fault.place),
        };
        Error::invalid(format!("{place}: {}", fault.message), fault.fix)
    })?;
    let kind = match export.source {
        Source::OpenAi => ProviderKind::OpenAi,
        Source::Anthropic => ProviderKind::Anthropic,
    };
    let meant = || desk.provider_like(export.source.as_str(), kind);
    let provider = ask.provider.unwrap_or_else(meant);
    Ok(Asked {
        file,
        hash,
        export,
        provider,
        bucket: ask.bucket,
        complete_after_seconds: ask.complete_after_seconds.unwrap_or(COMPLETE_AFTER_SECONDS),
        edge_seconds: ask
            .edge_seconds
            .unwrap_or_else(|| u32::try_from(EDGE.as_secs()).unwrap_or(u32::MAX)),
    })
}

impl Asked {
    /// What people see who approve it, and the record has.
    fn shown(&self) -> serde_json::Value {
        json!({
            "file": self.file,
            "provider": self.provider,
            "export_sha256": self.hash,
            "bucket": self.bucket,
            "complete_after_seconds": self.complete_after_seconds,
            "edge_seconds": self.edge_seconds,
        })
    }
}

/// The comparison, and what is to be booked.
async fn compared(act: &Act, asked: &Asked) -> Result<(Reconciliation, Vec<Booking>), Error> {
    let (provider, export) = (asked.provider.as_str(), &asked.export);
    let control = act.control();
    let snapshot = control.snapshots.load();
    if snapshot.registry.provider(provider).is_none() {
        let message = match provider {
            "" => format!("the export is {}'s, and no one provider is that", export.source),
            name => format!("there is no provider `{name}`"),
        };
        let fix = "name it: `--provider NAME`; `orchestack provider list` shows all";
        return Err(Error::invalid(message, fix));
    }
    let tenants = control.store.tenants().load_all().await?;
    let tenant = tenants.into_iter().find(|tenant| tenant.id == act.tenant());
    let since = tenant.map_or(Timestamp(0), |tenant| tenant.created_at);
    let wait = i64::from(asked.complete_after_seconds);
    let until = Timestamp::now().plus_seconds(wait.saturating_neg());

    let edge = Duration::from_secs(asked.edge_seconds.into());
    let mut sheet = Sheet::new(&snapshot, provider, export, (since, until, edge));
    if let Some(all) = sheet.span() {
        let (calls, of) = (control.store.calls(), (act.tenant(), provider));
        // What is booked before what is charged, and what is open before what is not: whatever comes
        // between is seen at the booking, or here.
        calls.booked(of, all).await?.iter().for_each(|span| sheet.leave_booked(span));
        let open = calls.open(of, all).await?;
        if open.len() >= OPEN_MAX {
            sheet.leave_all();
        }
        open.iter().for_each(|(model, started)| sheet.leave_open(model, *started));
        for (model, started) in calls.unsure(of, all).await? {
            sheet.leave_unsure(&model, started);
        }
        calls.between(of, all, |of, call| sheet.charge(of, call)).await?;
        sheet.lose(calls.lost(act.tenant(), all).await?);
        if calls.others(of, all).await? {
            sheet.share_account();
        }
    }
    let (rest, findings, bookings) = sheet.finish();
    let whose = (asked.file.clone(), provider.to_owned(), export);
    let changed = changes(findings.shares()).count();
    Ok((view::of(whose, rest, &findings, changed), bookings))
}

/// Books shares, a transaction for every few hundred, each with its record.
async fn book(
    act: &Act,
    view: &Reconciliation,
    asked: &Asked,
    bookings: &[Booking],
) -> Result<BookedShares, Error> {
    let mut booked = (0_u64, Nanos::ZERO, Nanos::ZERO);
    let parts = parts(bookings);
    for (part, bookings) in (1_usize..).zip(&parts) {
        let shares = || changes(bookings.iter().flat_map(|booking| &booking.shares));
        let (credited, charged) = sums(shares());
        let mut record = asked.shown();
        // What was booked of it is in the ledger: a bucket that changed meanwhile is passed over.
        let more = json!({
            "from": view.from,
            "to": view.to,
            "part": format!("{part} of {}", parts.len()),
            "asked_calls": shares().count(),
            "asked_credited_nanos": credited,
            "asked_charged_nanos": charged,
            "unexplained_nanos": view.total.unexplained.nanos,
        });
        if let (Some(record), serde_json::Value::Object(more)) = (record.as_object_mut(), more) {
            record.extend(more);
        }
        let (record, calls) = (act.record(record), act.control().store.calls());
        let done =
            calls.reconcile(act.permit(), &view.provider, bookings.to_vec(), &record).await?;
        let done: BTreeSet<HoldId> = done.into_iter().collect();
        let booked_now = || shares().filter(|share| done.contains(&share.hold));
        let (credited, charged) = sums(booked_now());
        let calls = u64::try_from(booked_now().count()).unwrap_or(u64::MAX);
        booked.0 = booked.0.saturating_add(calls);
        booked.1.0 = booked.1.0.saturating_add(credited.0);
        booked.2.0 = booked.2.0.saturating_add(charged.0);
    }
    let (calls, credited, charged) = booked;
    Ok(BookedShares {
        calls,
        passed_over: view.calls.saturating_sub(calls),
        credited: credited.into(),
        charged: charged.into(),
    })
}

/// Bookings by transactions, one at least: also an export that changes nothing is put on record.
fn parts(bookings: &[Booking]) -> Vec<&[Booking]> {
    let (mut parts, mut rest) = (Vec::new(), bookings);
    loop {
        let mut shares = 0_usize;
        let more = |booking: &&Booking| {
            let first = shares == 0;
            shares = shares.saturating_add(booking.shares.len());
            first || shares <= SHARES_AIMED
        };
        let count = rest.iter().take_while(more).count();
        let (part, after) = rest.split_at(count);
        parts.push(part);
        rest = after;
        if rest.is_empty() {
            return parts;
        }
    }
}

/// The shares that change something.
fn changes<'s>(shares: impl Iterator<Item = &'s Share>) -> impl Iterator<Item = &'s Share> {
    shares.filter(|share| share.by != Nanos::ZERO)
}

/// What shares credit and what they charge together, both above zero.
fn sums<'s>(shares: impl Iterator<Item = &'s Share>) -> (Nanos, Nanos) {
    shares.fold((Nanos::ZERO, Nanos::ZERO), |(credited, charged), share| match share.by {
        Nanos(..0) => (Nanos(credited.0.saturating_sub(share.by.0)), charged),
        Nanos(by) => (credited, Nanos(charged.0.saturating_add(by))),
    })
}

fn width(text: &str) -> Result<Width, Error> {
    match text {
        "1h" => Ok(Width::Hour),
        "1m" => Ok(Width::Minute),
        other => {
            let message = format!("`{other}` is no width of buckets");
            Err(Error::invalid(message, "write `1h` or `1m`"))
        }
    }
}

fn file(ask: &NewReconciliation) -> String {
    ask.file.chars().filter(|c| !c.is_control()).take(FILE_CHARS_MAX).collect()
}
