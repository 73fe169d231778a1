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
        let mut scarce = 0;
        for seed in 0..days() {
            let day = live(seed, None);
            println!("{day:?}");
            let Day { calls, admitted, asked, exhausted, idle, waits, left, .. } = day;
            assert_eq!((admitted + left, exhausted, idle), (calls, 0, 0), "day {seed}: {day:?}");
            // A dear call may find all that is left in the hands of cheaper ones for a minute.
            assert!(left <= 1, "day {seed}: {day:?}");
            // So few calls find a slice seldom: one that nobody used for a second is given back.
            assert!(asked < calls * 5 / 6, "day {seed}: {day:?}");
            scarce += u64::from(waits > 0);
        }
        // A day on which money was never scarce shows nothing.
        assert!(scarce * 10 >= days() * 9, "{scarce} of {} days", days());
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
