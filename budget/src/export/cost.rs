//! What a line of an export costs at a price of ours.

use types::Nanos;

use super::{Length, Line};
use crate::{
    bound::cost_of_many,
    price::{Price, Schedule},
    rates::Kind,
};

impl Line {
    /// What the provider bills for it, if our price is theirs. A line adds up calls, so that it is
    /// rounded up once where each of them was.
    ///
    /// # Errors
    /// Why nobody can say: what the price depends on is not told of each call.
    pub fn cost(&self, price: &Price) -> Result<Nanos, String> {
        if let Some(why) = &self.unpriced {
            return Err(why.clone());
        }
        let untold = [
            (price.fees.image > Nanos::ZERO, "images"),
            (price.fees.second > Nanos::ZERO, "seconds"),
            (price.fees.request > Nanos::ZERO && self.requests.is_none(), "calls"),
        ];
        if let Some((_, what)) = untold.iter().find(|(paid, _)| *paid) {
            return Err(format!("the price asks for {what}, which the export does not count"));
        }
        let class = self.usage.class;
        let schedule = price.schedule(class);
        let schedule = schedule.ok_or_else(|| format!("the price has no class `{class}`"))?;
        let length = self.length_at(schedule).ok_or(
            "the price depends on how long each input was: group the export by `context_window`, \
             or export it by minutes",
        )?;
        let rates = schedule.at(length);
        if rates.get(Kind::Reasoning) != rates.get(Kind::Output) && self.usage.output > 0 {
            return Err("reasoning has a rate of its own, and the export does not tell it".into());
        }
        let calls = self.requests.unwrap_or(1);
        cost_of_many(price, &self.usage, (calls, length)).map_err(|error| error.to_string())
    }

    /// A length of input with the rates that every call of the line has; `None` where they may have
    /// different ones.
    fn length_at(&self, schedule: &Schedule) -> Option<u64> {
        let all = self.usage.input;
        let edges = || schedule.tiers.iter().map(|tier| tier.above_tokens);
        let within = |most: u64| edges().all(|edge| edge >= most);
        match self.length {
            _ if within(all) || self.requests == Some(1) => Some(all),
            Length::UpTo(most) if within(most) => Some(most),
            Length::Above(least) if edges().all(|edge| edge <= least) => {
                Some(least.saturating_add(1))
            }
            Length::Unknown | Length::UpTo(_) | Length::Above(_) => None,
        }
    }
}
