//! The series of the webchat.

use std::sync::LazyLock;

use prometheus::{
    Histogram, IntCounterVec, IntGauge, register_histogram, register_int_counter_vec,
    register_int_gauge,
};

macro_rules! series {
    ($(#[$doc:meta] $name:ident: $kind:ty = $make:expr;)*) => {$(
        #[$doc]
        pub(super) static $name: LazyLock<$kind> =
            LazyLock::new(|| $make.expect("a metric's name and labels are legal and unique"));
    )*};
}

series! {
    /// Connections that wait for events.
    SOCKETS: IntGauge = register_int_gauge!(
        "orchestack_webchat_sockets", "Connections that wait for events");
    /// Messages by what became of them.
    MESSAGES: IntCounterVec = register_int_counter_vec!(
        "orchestack_webchat_messages_total", "Messages by what became of them", &["outcome"]);
    /// From a message's arrival to its acknowledgement.
    ACK: Histogram = register_histogram!(
        "orchestack_webchat_ack_seconds", "From a message's arrival to its acknowledgement",
        vec![0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5]);
}
