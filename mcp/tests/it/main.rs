//! Connections to servers that do what they should, and to servers that do not.

// `cfg(test)` is always set here; it tells clippy that these are tests.
#[cfg(test)]
mod attacks;
#[cfg(test)]
mod calls;
#[cfg(test)]
mod credentials;
#[cfg(test)]
mod everything;
#[cfg(test)]
mod house;
#[cfg(test)]
mod installed;
#[cfg(test)]
mod pipes;
#[cfg(test)]
mod rest;
#[cfg(test)]
mod suite;
