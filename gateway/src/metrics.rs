//! The data plane's Prometheus series. Labels come from closed or registered sets only.

use std::sync::LazyLock;

use prometheus::{
    Histogram, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, register_histogram,
    register_histogram_vec, register_int_counter, register_int_counter_vec, register_int_gauge,
    register_int_gauge_vec,
};

macro_rules! series {
    ($(#[$doc:meta] $name:ident: $kind:ty = $make:expr;)*) => {$(
        #[$doc]
        pub(crate) static $name: LazyLock<$kind> =
            LazyLock::new(|| $make.expect("a metric's name and labels are legal and unique"));
    )*};
}

/// Seconds, from a tenth of a millisecond to ten minutes.
const SECONDS: &[f64] = &[
    0.0001, 0.0002, 0.0003, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0,
    5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0,
];

series! {
    /// Requests by outcome.
    REQUESTS: IntCounterVec = register_int_counter_vec!(
        "orchestack_requests_total", "Requests by endpoint, model, provider and outcome code",
        &["endpoint", "model", "provider", "code"]);
    /// Requests over a rate limit.
    LIMITED: IntCounterVec = register_int_counter_vec!(
        "orchestack_requests_limited_total",
        "Requests, and attempts at models, that a rate limit refused", &["scope", "kind"]);
    /// Whether all gateways count rate limits together.
    LIMITS_SHARED: IntGauge = register_int_gauge!(
        "orchestack_limits_shared",
        "1 while all gateways count rate limits together in Redis, 0 while each counts its share");
    /// Gateways.
    GATEWAYS: IntGauge = register_int_gauge!(
        "orchestack_gateways", "Gateways of this database that are alive, this one included");
    /// Calls that another gateway's word refused.
    DENIED_EARLY: IntCounter = register_int_counter!(
        "orchestack_denied_early_total",
        "Calls refused without asking the database, because a gateway knew a budget to be exhausted");
    /// Requests that run now.
    RUNNING: IntGauge = register_int_gauge!(
        "orchestack_requests_running", "Requests that run now");
    /// Streams of MCP clients that no request waits for.
    MCP_STREAMS: IntGauge = register_int_gauge!(
        "orchestack_mcp_streams", "Open streams of MCP clients that no request waits for");
    /// Time spent by the gateway itself.
    ADDED: Histogram = register_histogram!(
        "orchestack_added_latency_seconds",
        "Time from the request's arrival to its first byte upstream", SECONDS.to_vec());
    /// Time spent by providers.
    UPSTREAM: HistogramVec = register_histogram_vec!(
        "orchestack_upstream_latency_seconds", "Time of the whole exchange with the provider",
        &["provider"], SECONDS.to_vec());
    /// Time to the first byte of an answer.
    FIRST_BYTE: HistogramVec = register_histogram_vec!(
        "orchestack_time_to_first_byte_seconds",
        "Time from the request's arrival to the first byte to the caller",
        &["provider"], SECONDS.to_vec());
    /// Tokens by kind.
    TOKENS: IntCounterVec = register_int_counter_vec!(
        "orchestack_tokens_total", "Tokens by kind", &["kind"]);
    /// Money settled.
    SPEND: IntCounterVec = register_int_counter_vec!(
        "orchestack_spend_nanodollars_total", "Money settled, in nano-dollars",
        &["provider", "model"]);
    /// Money that caches saved.
    SAVED: IntCounterVec = register_int_counter_vec!(
        "orchestack_spend_saved_nanodollars_total",
        "What input from providers' caches would have cost more as plain input, and what answers \
         that were given again had cost, in nano-dollars",
        &["provider", "model"]);
    /// The answer cache.
    CACHE: IntCounterVec = register_int_counter_vec!(
        "orchestack_answer_cache_total",
        "Attempts that the answer cache could serve, by what came of it: hit, near, miss, \
         kept, and not_compared where no model told what it means",
        &["result"]);
    /// The size of the answer cache.
    CACHE_BYTES: IntGauge = register_int_gauge!(
        "orchestack_answer_cache_bytes", "About how much memory the kept answers take, in bytes");
    /// Decisions.
    DECISIONS: IntCounterVec = register_int_counter_vec!(
        "orchestack_policy_decisions_total", "Policy decisions by effect", &["effect"]);
    /// Decisions that failed.
    POLICY_ERRORS: IntCounter = register_int_counter!(
        "orchestack_policy_errors_total",
        "Models denied because a policy could not be evaluated; any is an alarm");
    /// Calls of tools.
    TOOL_CALLS: IntCounterVec = register_int_counter_vec!(
        "orchestack_tool_calls_total", "Calls of tools by server, tool and outcome code",
        &["server", "tool", "code"]);
    /// Time spent by tool servers.
    TOOL_TIME: HistogramVec = register_histogram_vec!(
        "orchestack_tool_upstream_latency_seconds", "Time of the whole exchange with a tool server",
        &["server"], SECONDS.to_vec());
    /// Calls of tools that are not what was approved.
    TOOLS_DRIFTED: IntCounterVec = register_int_counter_vec!(
        "orchestack_tools_drifted_total",
        "Calls refused because the tool's definition is not the one that was approved; any is an alarm",
        &["server"]);
    /// Calls of functions in answers.
    FUNCTION_CALLS: IntCounterVec = register_int_counter_vec!(
        "orchestack_function_calls_total",
        "Calls of functions in models' answers by server, empty where the tree declares none, and outcome code",
        &["server", "code"]);
    /// DLP findings.
    FINDINGS: IntCounterVec = register_int_counter_vec!(
        "orchestack_dlp_findings_total", "DLP findings by kind and what was done",
        &["kind", "action"]);
    /// The search of sessions as a whole.
    DEEP: IntCounterVec = register_int_counter_vec!(
        "orchestack_dlp_deep_total",
        "Requests of sessions for the search beside them: searched, incomplete, failed, or dropped for want of \
         room; and of those found and raised, with news and with a session's label raised by it",
        &["outcome"]);
    /// Redacted values that could not be decrypted.
    TOKENS_BROKEN: IntCounter = register_int_counter!(
        "orchestack_dlp_tokens_broken_total",
        "Redacted values of sessions that could not be decrypted; any is an alarm");
    /// Attempts at upstreams.
    ATTEMPTS: IntCounterVec = register_int_counter_vec!(
        "orchestack_upstream_attempts_total", "Attempts at providers by outcome",
        &["provider", "outcome"]);
    /// Attempts beyond the first that the share of them did not allow.
    RETRIES_REFUSED: IntCounter = register_int_counter!(
        "orchestack_retries_refused_total",
        "Further attempts that were not made because too many requests needed one");
    /// Second asks beside a silent one.
    HEDGES: IntCounterVec = register_int_counter_vec!(
        "orchestack_hedges_total",
        "Models asked beside one that stayed silent: won, lost, failed, or refused for want of a share, \
         a limit or money", &["outcome"]);
    /// What became of questions to external scorers.
    SCORERS: IntCounterVec = register_int_counter_vec!(
        "orchestack_scorer_total",
        "Questions to external scorers: used, or why the answer was not", &["outcome"]);
    /// Time spent on external scorers.
    SCORER_TIME: Histogram = register_histogram!(
        "orchestack_scorer_latency_seconds",
        "Time that requests waited for external scorers", SECONDS.to_vec());
    /// Settlements above the hold.
    OVERRUNS: IntCounter = register_int_counter!(
        "orchestack_overrun_total", "Calls that cost more than was held for them");
    /// Models that ignored an output limit.
    DISTRUSTED: IntGaugeVec = register_int_gauge_vec!(
        "orchestack_models_distrusted", "Models whose provider ignored an output limit",
        &["model"]);
    /// Audit records or settlements that could not be written at once.
    UNWRITTEN: IntCounterVec = register_int_counter_vec!(
        "orchestack_unwritten_total", "Records that could not be written in time", &["what"]);
}
