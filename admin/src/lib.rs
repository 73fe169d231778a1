//! The admin API: JSON operations that commands and the console use, its OpenAPI document, metrics
//! and health, and the search for models that can be used without being told.
//!
//! INVARIANT: every operation knows who asks, asks policy, and only then reaches the store or the
//! tree; what it changes, and what policy refuses, is on record.

mod agents;
mod audit;
mod body;
mod budget;
mod control;
mod desk;
mod error;
pub mod first;
mod keys;
mod metrics;
mod models;
mod money;
mod operation;
mod overview;
mod policies;
pub mod probe;
mod providers;
mod router;
mod serve;
mod spend;
mod time;
pub mod tree;

pub use crate::{
    agents::{AgentList, AgentView, NewAgent},
    audit::{AuditBad, AuditFilter, AuditList, AuditVerdict, AuditView},
    budget::{AccountView, BudgetList, NewCap},
    control::{ADMINISTRATORS, BODY_BYTES_MAX, Control, Entry},
    error::{Error, Fault, Refusal},
    keys::{KeyFilter, KeyList, KeyView, MadeKey, NewKey, Rotation},
    models::{ModelList, ModelView, NewModel, PriceView, Probed, ProbedProvider},
    money::Money,
    operation::Operation,
    overview::{Overview, OverviewFilter, ProviderHealth},
    policies::{FaultView, PolicyCheck, PolicyReport, PolicyStatus},
    providers::{NewProvider, ProviderList, ProviderView},
    router::{document, router},
    serve::{ListenError, Listeners, Options},
    spend::{SpendFilter, SpendLine, SpendReport},
};
