//! Words about tools: what a call does to the world, whether it may be repeated, and what a tool is called.

crate::names! {
    /// What a call of a tool does. It comes from the git tree and never from the tool's server.
    Effect {
        /// It reads and changes nothing.
        Read = "read",
        /// It changes something of the organisation's own.
        Write = "write",
        /// It sends something to somebody outside.
        Egress = "egress",
        /// It changes nothing but its caller's own sandbox. What leaves that is an `egress` of its own.
        Contained = "contained",
        /// It moves money or commits to it.
        Money = "money",
        /// It changes infrastructure.
        Infra = "infra",
        /// Nobody has said.
        Unknown = "unknown",
    }
}

crate::names! {
    /// Whether a call may be made again where nobody knows how the first one ended.
    Replay {
        /// It depends on its arguments alone and changes nothing.
        Pure = "pure",
        /// A second one changes nothing more.
        Idempotent = "idempotent",
        /// Whether it happened can be read back.
        Readback = "readback",
        /// Never.
        Once = "once",
    }
}

/// The field of `_meta` that says by what a call is told apart from others, wherever calls go.
pub const KEY_META: &str = "orchestack/key";

/// The name of the server that functions of callers are of, where no file of the tree declares them.
pub const FUNCTIONS: &str = "functions";

/// What stands between a server's name and a tool's where both are one word for a model: `mail__send`.
pub const SEPARATOR: &str = "__";
