//! The series of the work of agents.

use std::sync::LazyLock;

use prometheus::{
    Histogram, IntCounterVec, IntGauge, register_histogram, register_int_counter_vec,
    register_int_gauge,
};

macro_rules! series {
    ($(#[$doc:meta] $name:ident: $kind:ty = $make:expr;)*) => {$(
        #[$doc]
        pub(crate) static $name: LazyLock<$kind> =
            LazyLock::new(|| $make.expect("a metric's name and labels are legal and unique"));
    )*};
}

series! {
    /// Runs that this process works on.
    RUNS: IntGauge = register_int_gauge!(
        "orchestack_runs_running", "Runs that this process works on");
    /// Steps by kind and by how they ended.
    STEPS: IntCounterVec = register_int_counter_vec!(
        "orchestack_run_steps_total", "Steps of runs by how they ended", &["kind", "end"]);
    /// From a message's turn to the first word of its answer.
    FIRST_WORD: Histogram = register_histogram!(
        "orchestack_first_word_seconds",
        "From the turn of a message in its conversation to the first word of the answer",
        vec![0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0]);
}

/// A run that is worked on.
pub(crate) struct Running;

impl Running {
    pub(crate) fn new() -> Self {
        RUNS.inc();
        Self
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        RUNS.dec();
    }
}
