//! What a provider says it billed beside what the ledger has: compared, and on demand booked.

mod sheet;
mod view;

use axum::Json;
use budget::{Export, Share, Source, Width};
use serde::{Deserialize, Serialize};
use serde_json::json;
use snapshot::{Snapshot, keys::sha256_hex};
use store::calls::SHARES_MAX;
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
    let target = ask.provider.clone().unwrap_or_default();
    let act = desk.permit(Operation::BudgetCompare, &target).await?;
    let (view, _) = compared(&act, ask).await?;
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
    let target = ask.provider.clone().unwrap_or_default();
    let hash = sha256_hex(ask.export.as_bytes());
    // People who approve it see which file it is, not all that is in it.
    let shown = json!({ "file": file(&ask), "provider": target, "export_sha256": hash });
    let act = desk.showing(&shown).permit(Operation::BudgetReconcile, &target).await?;
    let (mut view, shares) = compared(&act, ask).await?;
    view.booked = Some(book(&act, &view, &hash, &shares).await?);
    Ok(Json(view))
}

/// The comparison, and what is to be booked.
async fn compared(
    act: &Act,
    ask: NewReconciliation,
) -> Result<(Reconciliation, Vec<Share>), Error> {
    let file = file(&ask);
    let width = ask.bucket.as_deref().map(width).transpose()?;
    let (named, wait) = (ask.provider, ask.complete_after_seconds);
    let text = ask.export;
    let read = tokio::task::spawn_blocking(move || Export::read(&text, width)).await;
    let export = read.map_err(|_| Error::Broke)?.map_err(|fault| {
        let place = if file.is_empty() { fault.place } else { format!("{file}, {}", fault.place) };
        Error::invalid(format!("{place}: {}", fault.message), fault.fix)
    })?;
    let control = act.control();
    let snapshot = control.snapshots.load();
    let provider = provider(&snapshot, named, export.source)?;
    let tenants = control.store.tenants().load_all().await?;
    let tenant = tenants.into_iter().find(|tenant| tenant.id == act.tenant());
    let since = tenant.map_or(Timestamp(0), |tenant| tenant.created_at);
    let wait = i64::from(wait.unwrap_or(COMPLETE_AFTER_SECONDS));
    let until = Timestamp::now().plus_seconds(wait.saturating_neg());

    let mut sheet = Sheet::new(&snapshot, &provider, &export, (since, until));
    if let Some(all) = sheet.span() {
        let take = |model: &str, call: &budget::Call| sheet.charge(model, call);
        let calls = control.store.calls();
        calls.between((act.tenant(), &provider), all, take).await?;
        for (model, started) in calls.open((act.tenant(), &provider), all).await? {
            sheet.leave_open(&model, started);
        }
        sheet.lose(calls.lost(act.tenant(), all).await?);
    }
    let (rest, mut findings) = sheet.finish();
    let shares = std::mem::take(&mut findings.shares);
    Ok((view::of((file, provider, &export), rest, &findings, &shares), shares))
}

/// Books shares, a transaction for every few hundred, each with its record.
async fn book(
    act: &Act,
    view: &Reconciliation,
    hash: &str,
    shares: &[Share],
) -> Result<BookedShares, Error> {
    let mut booked = (0_u64, Nanos::ZERO, Nanos::ZERO);
    // Also an export that changes nothing is put on record.
    let parts = shares.chunks(SHARES_MAX).chain(shares.is_empty().then_some(shares));
    let count = shares.len().div_ceil(SHARES_MAX).max(1);
    for (part, shares) in (1_usize..).zip(parts) {
        let (credited, charged) = sums(shares.iter());
        let record = act.record(json!({
            "provider": view.provider,
            "file": view.file,
            "export_sha256": hash,
            "from": view.from,
            "to": view.to,
            "part": format!("{part} of {count}"),
            "calls": shares.len(),
            "credited_nanos": credited,
            "charged_nanos": charged,
            "unexplained_nanos": view.total.unexplained.nanos,
        }));
        let calls = act.control().store.calls();
        let done: Vec<HoldId> = calls.reconcile(act.permit(), shares.to_vec(), &record).await?;
        let (credited, charged) = sums(shares.iter().filter(|share| done.contains(&share.hold)));
        booked.0 = booked.0.saturating_add(u64::try_from(done.len()).unwrap_or(u64::MAX));
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

/// What shares credit and what they charge together, both above zero.
fn sums<'s>(shares: impl Iterator<Item = &'s Share>) -> (Nanos, Nanos) {
    shares.fold((Nanos::ZERO, Nanos::ZERO), |(credited, charged), share| match share.by {
        Nanos(..0) => (Nanos(credited.0.saturating_sub(share.by.0)), charged),
        Nanos(by) => (credited, Nanos(charged.0.saturating_add(by))),
    })
}

/// The provider that an export is of.
fn provider(snapshot: &Snapshot, named: Option<String>, source: Source) -> Result<String, Error> {
    let registry = &snapshot.registry;
    let fix = "name it: `--provider NAME`; `orchestack provider list` shows all";
    if let Some(name) = named {
        let known = registry.provider(&name).is_some();
        let unknown = || Error::invalid(format!("there is no provider `{name}`"), fix);
        return if known { Ok(name) } else { Err(unknown()) };
    }
    if registry.provider(source.as_str()).is_some() {
        return Ok(source.as_str().to_owned());
    }
    let kind = match source {
        Source::OpenAi => ProviderKind::OpenAi,
        Source::Anthropic => ProviderKind::Anthropic,
    };
    let mut of_kind = registry.providers().filter(|provider| provider.kind == kind);
    match (of_kind.next(), of_kind.next()) {
        (Some(only), None) => Ok(only.name.clone()),
        _ => {
            let message = format!("the export is {source}'s, and no one provider is that");
            Err(Error::invalid(message, fix))
        }
    }
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
