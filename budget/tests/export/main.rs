//! Usage exports: what is read of them, what is refused, and what they come to beside our ledger.

#[cfg(test)]
mod compare;
#[cfg(test)]
mod cost;
#[cfg(test)]
mod read;
#[cfg(test)]
mod refused;
#[cfg(test)]
mod samples;
