//! `/metrics`: the series of this process, and the gauges that are read from the store when asked.

use std::sync::{Arc, LazyLock};

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use prometheus::{
    Encoder, IntGauge, IntGaugeVec, TextEncoder, register_int_gauge, register_int_gauge_vec,
};
use types::Timestamp;

use crate::room::Room;

macro_rules! gauges {
    ($(#[$doc:meta] $name:ident: $kind:ty = $make:expr;)*) => {$(
        #[$doc]
        static $name: LazyLock<$kind> =
            LazyLock::new(|| $make.expect("a metric's name and labels are legal and unique"));
    )*};
}

gauges! {
    /// Money that open holds reserve, by agent or tenant.
    HELD: IntGaugeVec = register_int_gauge_vec!(
        "orchestack_budget_held", "Money that running requests hold, in nano-dollars",
        &["scope", "id", "period"]);
    /// Money spent in the running window.
    SETTLED: IntGaugeVec = register_int_gauge_vec!(
        "orchestack_budget_settled", "Money spent in the running window, in nano-dollars",
        &["scope", "id", "period"]);
    /// The cap of the running window, where there is one.
    CAP: IntGaugeVec = register_int_gauge_vec!(
        "orchestack_budget_cap", "Cap of the running window, in nano-dollars; absent without one",
        &["scope", "id", "period"]);
    /// Emergency rights in force.
    BREAK_GLASS: IntGauge = register_int_gauge!(
        "orchestack_break_glass_active", "People who have emergency rights now");
    /// Work that is not over.
    TASKS: IntGaugeVec = register_int_gauge_vec!(
        "orchestack_tasks", "Tasks that are not over, by where they stand", &["state"]);
    /// Objects that nothing names.
    UNNAMED: IntGauge = register_int_gauge!(
        "orchestack_objects_unnamed", "Objects that nothing names, yet or any more");
    /// Events that wait for the bus.
    WAITING: IntGauge = register_int_gauge!(
        "orchestack_outbox_waiting", "Events that wait to be published");
}

/// Answers with everything in Prometheus' text form. Where the store is away its gauges keep what
/// was read last.
pub(crate) async fn metrics(State(room): State<Arc<Room>>) -> Response {
    read_store(&room).await;
    let encoder = TextEncoder::new();
    let mut text = Vec::new();
    match encoder.encode(&prometheus::gather(), &mut text) {
        Ok(()) => {
            let kind = encoder.format_type().to_owned();
            ([(header::CONTENT_TYPE, kind)], text).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "the metrics could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

async fn read_store(room: &Room) {
    let control = &room.control;
    if let Ok(waiting) = control.store.outbox().waiting().await {
        WAITING.set(i64::try_from(waiting).unwrap_or(i64::MAX));
    }
    if let Ok(unnamed) = control.store.unnamed_objects().await {
        UNNAMED.set(i64::try_from(unnamed.count).unwrap_or(i64::MAX));
    }
    for standing in control.store.work().standings().await.unwrap_or_default() {
        TASKS.with_label_values(&[standing.state.as_str()]).set(standing.tasks);
    }
    if let Ok(active) = control.store.approvals().active_break_glass().await {
        BREAK_GLASS.set(i64::try_from(active.len()).unwrap_or(i64::MAX));
    }
    let tenant = control.snapshots.load().tenant;
    let Ok(accounts) = control.store.caps().accounts(tenant, Timestamp::now()).await else {
        return;
    };
    // A window that ended, or a cap that was taken away, must not go on being told.
    HELD.reset();
    SETTLED.reset();
    CAP.reset();
    for account in accounts {
        let key = &account.key;
        let labels = [key.scope.as_str(), key.scope_id.as_str(), key.window.period.as_str()];
        HELD.with_label_values(&labels).set(account.held.0);
        SETTLED.with_label_values(&labels).set(account.spent().0);
        if let Some(target) = account.target {
            CAP.with_label_values(&labels).set(target.0);
        }
    }
}
