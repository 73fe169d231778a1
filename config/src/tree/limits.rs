//! `[limits]`: how much somebody may ask for, whatever it costs.

use std::num::NonZeroU32;

use crate::reader::Reader;

/// Rates and places of one spender. Absent means no limit of that kind here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rates {
    /// Requests a minute.
    pub requests: Option<NonZeroU32>,
    /// Tokens a minute, input and output together.
    pub tokens: Option<NonZeroU32>,
    /// Requests at once.
    pub concurrent: Option<NonZeroU32>,
}

/// Rates of the organisation's own `[limits]`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OrgLimits {
    /// Of all agents together.
    pub tenant: Rates,
    /// Of each agent, where it says nothing itself.
    pub agents: Rates,
    /// Of each owner: all agents together that somebody answers for.
    pub users: Rates,
    /// Of each API key.
    pub keys: Rates,
}

impl Rates {
    /// What is said here, and where nothing is said what `other` says.
    pub fn or(self, other: Self) -> Self {
        Self {
            requests: self.requests.or(other.requests),
            tokens: self.tokens.or(other.tokens),
            concurrent: self.concurrent.or(other.concurrent),
        }
    }

    pub(super) fn read(mut from: Reader<'_>) -> Self {
        let concurrent = count(&mut from, "concurrent_requests", 8, 100_000, "Requests at once.");
        let read = Self { concurrent, ..Self::paces(&mut from) };
        from.finish();
        read
    }

    /// As [`Rates::read`] for a provider, which has `max_concurrent` of its own.
    pub(super) fn read_without_places(mut from: Reader<'_>) -> Self {
        let read = Self::paces(&mut from);
        from.finish();
        read
    }

    fn paces(from: &mut Reader<'_>) -> Self {
        let help = "Requests a minute.";
        let requests = count(from, "requests_per_minute", 60, 1_000_000, help);
        let help = "Tokens a minute, input and output together.";
        let tokens = count(from, "tokens_per_minute", 100_000, 1_000_000_000, help);
        Self { requests, tokens, concurrent: None }
    }
}

impl OrgLimits {
    pub(super) fn read(mut from: Reader<'_>) -> Self {
        let read = Self {
            tenant: Rates::read(from.section("tenant", "Of all agents together.")),
            agents: Rates::read(from.section("agents", "Of each agent without its own.")),
            users: Rates::read(from.section("users", "Of each owner's agents together.")),
            keys: Rates::read(from.section("keys", "Of each API key.")),
        };
        from.finish();
        read
    }
}

pub(super) fn count(
    from: &mut Reader<'_>,
    key: &'static str,
    example: usize,
    most: usize,
    help: &'static str,
) -> Option<NonZeroU32> {
    let read = from.optional_count(key, example, 1..=most, help)?;
    NonZeroU32::new(u32::try_from(read).ok()?)
}
