//! Prices: what a call may cost at worst and what it did cost, case by case and at random.

#[cfg(test)]
mod calls;
#[cfg(test)]
mod edges;
#[cfg(test)]
mod input;
#[cfg(test)]
mod prices;
#[cfg(test)]
mod random;
