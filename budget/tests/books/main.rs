//! The books, case by case: what `ledger.md` says of a full account, a crash, a broken limit and a
//! slice.

#[cfg(test)]
mod holds;
#[cfg(test)]
mod reconcile;
#[cfg(test)]
mod slices;
#[cfg(test)]
mod support;
