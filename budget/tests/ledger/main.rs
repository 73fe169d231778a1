//! The invariants of the ledger, on random sequences of operations, against a small model that
//! shares no code with the books: it keeps every hold and its rows and sums them anew each time.
//!
//! Three ledgers run the same sequences: the books themselves, the books as the SQL writer uses
//! them (loaded row by row for each operation), and broken ones that the checker must catch.

#[cfg(test)]
mod broken;
#[cfg(test)]
mod check;
#[cfg(test)]
mod drive;
#[cfg(test)]
mod model;
#[cfg(test)]
mod order;
#[cfg(test)]
mod steps;

#[cfg(test)]
mod tests {
    use budget::Books;
    use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};

    use super::{
        broken::{Broken, Fault, Rows},
        drive::{Ledger, Seen, drive},
        steps::{Step, steps},
    };

    /// Sequences in a short run; `make invariants` (`ORCHESTACK_FULL=1`) does the full one.
    const SEQUENCES_SHORT: u32 = 10_000;
    const SEQUENCES_FULL: u32 = 1_000_000;

    #[expect(clippy::disallowed_methods, reason = "a person asks for the full run by a variable")]
    fn sequences() -> u32 {
        match std::env::var_os("ORCHESTACK_FULL") {
            Some(_) => SEQUENCES_FULL,
            None => SEQUENCES_SHORT,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: sequences(), failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_books_keep_every_invariant(steps in steps()) {
            drive(&steps, Books::default()).map_err(TestCaseError::fail)?;
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: sequences() / 10, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_books_loaded_row_by_row_keep_every_invariant(steps in steps()) {
            drive(&steps, Rows::default()).map_err(TestCaseError::fail)?;
        }
    }

    /// Runs sequences from a fixed seed until one fails.
    fn first_failure<L: Ledger>(ledger: impl Fn() -> L) -> Option<String> {
        let mut runner = TestRunner::deterministic();
        let mut sequence = || -> Vec<Step> { steps().new_tree(&mut runner).unwrap().current() };
        (0..5_000).find_map(|_| drive(&sequence(), ledger()).err())
    }

    #[test]
    fn the_sequences_reach_every_row_and_every_refusal() {
        let mut runner = TestRunner::deterministic();
        let mut seen = Seen::default();
        for _ in 0..4_000 {
            let sequence = steps().new_tree(&mut runner).unwrap().current();
            seen.add(drive(&sequence, Books::default()).unwrap());
        }
        let refusals: Vec<_> = seen.refusals.into_iter().collect();
        let expected =
            ["bad step", "exhausted", "fence", "held", "short", "unknown hold", "unknown slice"];
        assert_eq!(refusals, expected);
        let rows: Vec<_> = seen.rows.into_iter().collect();
        let expected = [
            "correction credit",
            "correction debit",
            "correction overrun",
            "kept debit",
            "moved credit",
            "provisional debit",
            "reconciled credit",
            "reconciled debit",
            "reconciled overrun",
            "settlement debit",
            "settlement overrun",
        ];
        assert_eq!(rows, expected);
    }

    #[test]
    fn the_checker_catches_every_broken_ledger() {
        for fault in Fault::ALL {
            let caught = first_failure(|| Broken::new(fault));
            assert!(caught.is_some(), "{fault:?} went unnoticed");
        }
    }

    #[test]
    fn the_same_sequences_pass_with_the_books() {
        assert_eq!(first_failure(Books::default), None);
    }
}
