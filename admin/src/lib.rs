//! The admin API: JSON operations that commands and the console use, its OpenAPI document, metrics
//! and health, and the search for models that can be used without being told.
//!
//! INVARIANT: every operation knows who asks, asks policy, and only then reaches the store or the
//! tree; what it changes, and what policy refuses, is on record.

mod agents;
pub mod alerts;
mod approvals;
mod asked;
mod audit;
mod body;
mod break_glass;
mod budget;
mod connections;
mod console;
mod control;
mod desk;
mod error;
pub mod first;
mod grants;
mod keys;
mod metrics;
mod models;
mod money;
mod overview;
mod owner;
mod people;
mod policies;
mod prices;
pub mod probe;
mod probed;
mod providers;
mod reconcile;
mod requests;
mod room;
mod router;
mod scan;
mod serve;
mod sessions;
mod settings;
mod spend;
mod time;
mod tools;
pub mod tree;
mod webhook;
mod work;

/// The longest export of a provider's that is read, in bytes.
pub use ::budget::EXPORT_BYTES_MAX;

pub use crate::{
    agents::{AgentList, AgentView, NewAgent},
    approvals::{
        ApprovalArguments, ApprovalFilter, ApprovalList, ApprovalView, MaskedValue, MissingVotes,
        NewVote, VoteView,
    },
    audit::{AuditBad, AuditFilter, AuditList, AuditVerdict, AuditView},
    break_glass::NewBreakGlass,
    budget::{AccountView, BudgetFilter, BudgetList, NewCap, RaiseView},
    console::ConsoleView,
    control::{ADMINISTRATORS, BODY_BYTES_MAX, Control, Entry},
    error::{Error, Fault, Refusal, Waiting},
    grants::{GrantFilter, GrantList, GrantView, MadeGrant, NewGrant, RevokedGrants, TaskOfGrants},
    keys::{KeyFilter, KeyList, KeyView, MadeKey, NewKey, Rotation},
    models::{ModelList, ModelView, NewModel, PriceView},
    money::Money,
    overview::{Overview, OverviewFilter, ProviderHealth},
    people::{MadePerson, NewPerson, PersonList, PersonView},
    policies::{
        FaultView, PolicyCheck, PolicyReport, PolicyStatus,
        diff::{
            DiffQuestion, DifferenceView, LayerView, PolicyDiff, ReplayView, ReplayedView, Side,
            compare,
        },
        explain::{
            ChangeView, ExplainedModel, OutcomeView, PlaceView, PolicyExplanation, PolicyQuestion,
            ToolQuestion,
        },
        files::{
            FileFilter, NewEdit, NewText, PolicyEdited, PolicyFiles, PolicySchema, schema_text,
        },
        history::{CommitView, LogFilter, NewRollback, PolicyLog},
        prove::{CaseView, ProofReport, ProofView, TestReport, prove_files, test_files},
    },
    prices::{PriceClass, PriceList, PriceRates, PriceTier, PricedModel},
    probed::{Difference, Learnt, Probed, ProbedModel, ProbedProvider},
    providers::{NewAws, NewProvider, ProviderList, ProviderView},
    reconcile::{
        Absent, BookedShares, LeftOut, NewReconciliation, ReconciledModel, Reconciliation,
        UnmatchedModel,
    },
    requests::{ChargeView, RequestFilter, RequestLine, RequestList, RequestStory, StoryRecord},
    room::person,
    router::{document, router},
    scan::{FindingView, NewScan, Scanned, SpanView, TermView},
    serve::{ListenError, Listeners, Options},
    sessions::{Endorsement, FlowView, NewSessionLabel, SessionView},
    settings::{SettingList, SettingView},
    spend::{
        SpendFilter, SpendForecast, SpendLine, SpendReport,
        series::{SeriesFilter, SpendCurve, SpendSeries},
    },
    tools::{DefinitionView, NewDecision, ToolDetail, ToolFilter, ToolList, ToolView},
    work::{
        DeadLetterList, DeadLetterView, EffectList, EffectView, NewResolution, NewStop,
        SessionList, SessionRow, StepView, TaskDetail, TaskFilter, TaskList, TaskView, WorkFilter,
    },
};
