//! A day on a virtual clock: four gateways admit from slices of the same accounts, and what the day
//! costs is 80 % of every cap. While money is free nobody is told that it is spent, and money that lies
//! in a slice which nobody uses comes back in two seconds.
//!
//! `ORCHESTACK_FULL=1` lives a hundred days instead of two.

#[cfg(test)]
mod gateway;
#[cfg(test)]
mod traffic;

#[cfg(test)]
mod tests {
    use crate::gateway::{Day, Fault, live};

    #[expect(clippy::disallowed_methods, reason = "a person asks for the full run by a variable")]
    fn days() -> u64 {
        if std::env::var_os("ORCHESTACK_FULL").is_some() { 100 } else { 2 }
    }

    #[test]
    fn nobody_is_refused_for_good_while_money_is_free() {
        for seed in 0..days() {
            let day = live(seed, None);
            println!("{day:?}");
            let Day { calls, admitted, asked, exhausted, idle, waits, .. } = day;
            assert_eq!((admitted, exhausted, idle), (calls, 0, 0), "day {seed}: {day:?}");
            // A call in two of these few asks the books: a slice comes back soon where money is scarce.
            assert!(asked < calls * 2 / 3, "day {seed}: {day:?}");
            assert!(
                waits > 0,
                "money was never scarce on day {seed}, so it shows nothing: {day:?}"
            );
        }
    }

    #[test]
    fn slices_that_count_as_spent_refuse_while_money_is_free() {
        let day = live(0, Some(Fault::HeldIsExhausted));
        assert!(day.exhausted > 0, "{day:?}");
    }

    #[test]
    fn slices_that_never_come_back_leave_money_idle() {
        let day = live(0, Some(Fault::NeverGivesBack));
        assert!(day.idle > 0, "{day:?}");
    }
}
