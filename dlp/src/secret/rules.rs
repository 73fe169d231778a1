//! The table: one row for each rule, one file for each family of providers.

mod ai;
mod cloud;
mod code;
mod data;
mod identity;
mod messaging;
mod payment;
mod pipeline;
mod public;
mod social;
mod watch;
mod work;

use super::{
    alphabet::Alphabet,
    form::{Form, run, text},
    named::Named,
    rule::Rule,
};

/// Thirty-two hexadecimal digits in groups (RFC 9562).
const UUID: Form = &[
    run(Alphabet::ANY_HEX, 8),
    text("-"),
    run(Alphabet::ANY_HEX, 4),
    text("-"),
    run(Alphabet::ANY_HEX, 4),
    text("-"),
    run(Alphabet::ANY_HEX, 4),
    text("-"),
    run(Alphabet::ANY_HEX, 12),
];

const RULES: &[&[Rule]] = &[
    ai::RULES,
    cloud::RULES,
    code::RULES,
    pipeline::RULES,
    payment::RULES,
    messaging::RULES,
    social::RULES,
    work::RULES,
    watch::RULES,
    identity::RULES,
    data::RULES,
    public::RULES,
];
const NAMED: &[&[Named]] = &[
    ai::NAMED,
    cloud::NAMED,
    code::NAMED,
    pipeline::NAMED,
    payment::NAMED,
    messaging::NAMED,
    social::NAMED,
    work::NAMED,
    watch::NAMED,
    identity::NAMED,
    data::NAMED,
    public::NAMED,
];

/// Every rule of a literal.
pub(super) fn rules() -> impl Iterator<Item = &'static Rule> {
    RULES.iter().copied().flatten()
}

/// Every rule of a provider's name.
pub(super) fn named() -> impl Iterator<Item = &'static Named> {
    NAMED.iter().copied().flatten()
}
