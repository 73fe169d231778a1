//! How fast somebody may write, and how many may listen.

use std::{
    collections::HashMap,
    hash::Hash,
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use config::settings::Webchat as Settings;
use governor::{DefaultDirectRateLimiter, Quota, clock::Clock as _};
use moka::sync::Cache;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::error::Error;

/// Whose pace is remembered. Beyond it those that nobody has seen for longest are forgotten: a flood of
/// addresses costs memory of this size, no more.
const KEYS_MAX: u64 = 100_000;
/// A pace that rested this long is full again.
const IDLE: Duration = Duration::from_secs(120);
/// Sign-ins, of what may be written: a token has 256 bits, and to try many only costs.
const SIGN_INS_PART: usize = 10;
/// Uploads at once.
const UPLOADS_MAX: usize = 8;

/// The paces and places of one listener.
pub(super) struct Limits {
    conversations: Paces<String>,
    addresses: Paces<IpAddr>,
    sign_ins: Paces<IpAddr>,
    places: Arc<Mutex<Places>>,
    max: usize,
    max_per_address: usize,
    uploads: Arc<Semaphore>,
}

/// One key's pace each.
struct Paces<K: Hash + Eq + Send + Sync + 'static> {
    known: Cache<K, Arc<DefaultDirectRateLimiter>>,
    quota: Quota,
}

#[derive(Default)]
struct Places {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// A connection's place; free again when this is dropped.
pub(super) struct Place {
    places: Arc<Mutex<Places>>,
    address: IpAddr,
}

impl Limits {
    pub(super) fn new(settings: &Settings) -> Self {
        let address = settings.messages_per_minute_per_address;
        Self {
            conversations: Paces::new(settings.messages_per_minute),
            addresses: Paces::new(address),
            sign_ins: Paces::new(address.div_ceil(SIGN_INS_PART)),
            places: Arc::default(),
            max: settings.max_sockets,
            max_per_address: settings.max_sockets_per_address,
            uploads: Arc::new(Semaphore::new(UPLOADS_MAX)),
        }
    }

    /// Counts a message or an attachment.
    ///
    /// # Errors
    /// [`Error::Limited`].
    pub(super) fn write(&self, conversation: &str, address: IpAddr) -> Result<(), Error> {
        self.addresses.pass(group(address))?;
        self.conversations.pass(conversation.to_owned())
    }

    /// Counts a new conversation.
    ///
    /// # Errors
    /// [`Error::Limited`].
    pub(super) fn begin(&self, address: IpAddr) -> Result<(), Error> {
        self.addresses.pass(group(address))
    }

    /// Counts a try to sign in.
    ///
    /// # Errors
    /// [`Error::Limited`].
    pub(super) fn sign_in(&self, address: IpAddr) -> Result<(), Error> {
        self.sign_ins.pass(group(address))
    }

    /// A place for an upload, whose bytes are in memory.
    ///
    /// # Errors
    /// [`Error::Crowded`].
    pub(super) fn upload(&self) -> Result<OwnedSemaphorePermit, Error> {
        Arc::clone(&self.uploads).try_acquire_owned().map_err(|_| Error::Crowded)
    }

    /// A place for a connection that waits for events.
    ///
    /// # Errors
    /// [`Error::Crowded`].
    pub(super) fn place(&self, address: IpAddr) -> Result<Place, Error> {
        let address = group(address);
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let own = places.by_address.get(&address).copied().unwrap_or_default();
        if places.all >= self.max || own >= self.max_per_address {
            return Err(Error::Crowded);
        }
        places.all += 1;
        places.by_address.insert(address, own + 1);
        Ok(Place { places: Arc::clone(&self.places), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.all = places.all.saturating_sub(1);
        if let Some(own) = places.by_address.get_mut(&self.address) {
            *own = own.saturating_sub(1);
            if *own == 0 {
                places.by_address.remove(&self.address);
            }
        }
    }
}

impl<K: Hash + Eq + Send + Sync + 'static> Paces<K> {
    fn new(per_minute: usize) -> Self {
        let most = u32::try_from(per_minute).ok().and_then(NonZeroU32::new);
        let known = Cache::builder().max_capacity(KEYS_MAX).time_to_idle(IDLE).build();
        Self { known, quota: Quota::per_minute(most.unwrap_or(NonZeroU32::MAX)) }
    }

    fn pass(&self, key: K) -> Result<(), Error> {
        let new = || Arc::new(DefaultDirectRateLimiter::direct(self.quota));
        let pace = self.known.get_with(key, new);
        pace.check().map_err(|until| {
            let wait = until.wait_time_from(governor::clock::DefaultClock::default().now());
            Error::Limited { retry_after_ms: u64::try_from(wait.as_millis()).unwrap_or(u64::MAX) }
        })
    }
}

/// Who shares a pace: an address, or of IPv6 the network of 64 bits that one customer has.
fn group(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(change: impl FnOnce(&mut Settings)) -> Limits {
        let mut settings = config::Settings::default().webchat;
        change(&mut settings);
        Limits::new(&settings)
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_conversation_and_an_address_have_a_pace_each() {
        let limits = limits(|s| {
            (s.messages_per_minute, s.messages_per_minute_per_address) = (2, 3);
        });
        let (one, two) = (address("192.0.2.1"), address("192.0.2.2"));
        assert!(limits.write("a", one).is_ok());
        assert!(limits.write("a", one).is_ok());
        assert!(matches!(limits.write("a", two), Err(Error::Limited { retry_after_ms: 1.. })));
        assert!(limits.write("b", one).is_ok());
        assert!(matches!(limits.write("c", one), Err(Error::Limited { .. })));
        assert!(limits.write("c", two).is_ok());
    }

    #[test]
    fn places_are_counted_and_come_back() {
        let limits = limits(|s| (s.max_sockets, s.max_sockets_per_address) = (3, 2));
        let (one, two) = (address("2001:db8::1"), address("192.0.2.2"));
        let first = limits.place(one).unwrap();
        // The same customer's network.
        let _second = limits.place(address("2001:db8::2")).unwrap();
        assert!(limits.place(one).is_err());
        let _third = limits.place(two).unwrap();
        assert!(limits.place(two).is_err());
        drop(first);
        assert!(limits.place(two).is_ok());
    }
}
