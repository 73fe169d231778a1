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
use tokio::time::Instant;

use super::error::Error;

/// Whose pace is remembered. Beyond it those that nobody has seen for longest are forgotten: a flood of
/// addresses costs memory of this size, no more.
const KEYS_MAX: u64 = 100_000;
/// A pace that rested this long is full again: one by the minute, and one by the hour.
const IDLE: Duration = Duration::from_secs(120);
const IDLE_HOUR: Duration = Duration::from_secs(60 * 60);
/// Sign-ins, of what may be written: a token has 256 bits, and to try many only costs.
const SIGN_INS_PART: usize = 10;
/// Uploads at once, and of them from one address: whoever sends slowly must not keep all others out.
const UPLOADS_MAX: usize = 8;
const UPLOADS_PER_ADDRESS_MAX: usize = 2;
/// For how long is believed what the database said of attachments that no message names.
const UNSENT_KNOWN: Duration = Duration::from_secs(10);

/// The paces and places of one listener.
pub(super) struct Limits {
    conversations: Paces<String>,
    addresses: Paces<IpAddr>,
    sign_ins: Paces<IpAddr>,
    bytes: Paces<IpAddr>,
    places: Places,
    uploads: Places,
    unsent: Mutex<Unsent>,
    unsent_max: u64,
}

/// One key's pace each.
struct Paces<K: Hash + Eq + Send + Sync + 'static> {
    known: Cache<K, Arc<DefaultDirectRateLimiter>>,
    quota: Quota,
}

/// Places for so many, and for so many of one address.
struct Places {
    taken: Arc<Mutex<Taken>>,
    max: usize,
    max_per_address: usize,
}

#[derive(Default)]
struct Taken {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// A place that is taken; free again when this is dropped.
pub(super) struct Place {
    taken: Arc<Mutex<Taken>>,
    address: IpAddr,
}

/// Attachments that no message names, as far as is known: what the database said, and what came since.
#[derive(Default)]
struct Unsent {
    bytes: u64,
    said_at: Option<Instant>,
}

impl Limits {
    pub(super) fn new(settings: &Settings) -> Self {
        let address = settings.messages_per_minute_per_address;
        Self {
            conversations: Paces::by_minute(settings.messages_per_minute),
            addresses: Paces::by_minute(address),
            sign_ins: Paces::by_minute(address.div_ceil(SIGN_INS_PART)),
            bytes: Paces::by_hour(settings.attachment_bytes_per_hour_per_address),
            places: Places::new(settings.max_sockets, settings.max_sockets_per_address),
            uploads: Places::new(UPLOADS_MAX, UPLOADS_PER_ADDRESS_MAX),
            unsent: Mutex::default(),
            unsent_max: settings.max_unsent_attachment_bytes as u64,
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
    pub(super) fn upload(&self, address: IpAddr) -> Result<Place, Error> {
        self.uploads.take(address)
    }

    /// Counts a piece of an upload as it comes: what its head says of its length is no more than a word.
    ///
    /// # Errors
    /// [`Error::Limited`].
    pub(super) fn piece(&self, address: IpAddr, bytes: usize) -> Result<(), Error> {
        self.bytes.pass_many(group(address), bytes)
    }

    /// Whether it is to be asked again how many bytes of attachments no message names.
    pub(super) fn asks_for_unsent(&self) -> bool {
        let said_at = self.unsent.lock().unwrap_or_else(PoisonError::into_inner).said_at;
        said_at.is_none_or(|at| at.elapsed() >= UNSENT_KNOWN)
    }

    /// What the database says of it.
    pub(super) fn unsent(&self, bytes: u64) {
        let said_at = Some(Instant::now());
        *self.unsent.lock().unwrap_or_else(PoisonError::into_inner) = Unsent { bytes, said_at };
    }

    /// Counts an attachment that is about to be kept.
    ///
    /// # Errors
    /// [`Error::Unsent`].
    pub(super) fn keep(&self, bytes: usize) -> Result<(), Error> {
        let mut unsent = self.unsent.lock().unwrap_or_else(PoisonError::into_inner);
        let then = unsent.bytes.saturating_add(bytes as u64);
        if then > self.unsent_max {
            return Err(Error::Unsent);
        }
        unsent.bytes = then;
        Ok(())
    }

    /// A place for a connection that waits for events.
    ///
    /// # Errors
    /// [`Error::Crowded`].
    pub(super) fn place(&self, address: IpAddr) -> Result<Place, Error> {
        self.places.take(address)
    }
}

impl Places {
    fn new(max: usize, max_per_address: usize) -> Self {
        Self { taken: Arc::default(), max, max_per_address }
    }

    fn take(&self, address: IpAddr) -> Result<Place, Error> {
        let address = group(address);
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let own = taken.by_address.get(&address).copied().unwrap_or_default();
        if taken.all >= self.max || own >= self.max_per_address {
            return Err(Error::Crowded);
        }
        taken.all += 1;
        taken.by_address.insert(address, own + 1);
        Ok(Place { taken: Arc::clone(&self.taken), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all = taken.all.saturating_sub(1);
        if let Some(own) = taken.by_address.get_mut(&self.address) {
            *own = own.saturating_sub(1);
            if *own == 0 {
                taken.by_address.remove(&self.address);
            }
        }
    }
}

impl<K: Hash + Eq + Send + Sync + 'static> Paces<K> {
    fn by_minute(most: usize) -> Self {
        Self::new(Quota::per_minute(count(most)), IDLE)
    }

    fn by_hour(most: usize) -> Self {
        Self::new(Quota::per_hour(count(most)), IDLE_HOUR)
    }

    fn new(quota: Quota, idle: Duration) -> Self {
        let known = Cache::builder().max_capacity(KEYS_MAX).time_to_idle(idle).build();
        Self { known, quota }
    }

    fn pass(&self, key: K) -> Result<(), Error> {
        self.pass_many(key, 1)
    }

    fn pass_many(&self, key: K, many: usize) -> Result<(), Error> {
        let new = || Arc::new(DefaultDirectRateLimiter::direct(self.quota));
        let pace = self.known.get_with(key, new);
        // More at once than there ever is: what a full pace has must do.
        let many = count(many).min(self.quota.burst_size());
        let Ok(passed) = pace.check_n(many) else { return Ok(()) };
        passed.map_err(|until| {
            let wait = until.wait_time_from(governor::clock::DefaultClock::default().now());
            Error::Limited { retry_after_ms: u64::try_from(wait.as_millis()).unwrap_or(u64::MAX) }
        })
    }
}

/// At least one.
fn count(most: usize) -> NonZeroU32 {
    let most = u32::try_from(most).unwrap_or(u32::MAX);
    NonZeroU32::new(most).unwrap_or(NonZeroU32::MIN)
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

    #[test]
    fn who_uploads_slowly_keeps_nobody_else_out() {
        let limits = limits(|_| {});
        let (one, two) = (address("192.0.2.1"), address("192.0.2.2"));
        let first = limits.upload(one).unwrap();
        let _second = limits.upload(one).unwrap();
        assert!(matches!(limits.upload(one), Err(Error::Crowded)));
        assert!(limits.upload(two).is_ok());
        drop(first);
        assert!(limits.upload(one).is_ok());
    }

    #[test]
    fn an_address_has_so_many_bytes_an_hour() {
        let limits = limits(|s| s.attachment_bytes_per_hour_per_address = 1 << 20);
        let (one, two) = (address("192.0.2.1"), address("192.0.2.2"));
        for _ in 0..4 {
            limits.piece(one, 1 << 18).unwrap();
        }
        let refused = limits.piece(one, 1 << 18);
        // A quarter of it is back in a quarter of an hour.
        let Err(Error::Limited { retry_after_ms }) = refused else { panic!("{refused:?}") };
        assert!((800_000..=900_000).contains(&retry_after_ms), "{retry_after_ms}");
        assert!(limits.piece(two, 1 << 21).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn what_no_message_names_has_a_ceiling() {
        let limits = limits(|s| s.max_unsent_attachment_bytes = 100);
        assert!(limits.asks_for_unsent());
        limits.unsent(40);
        assert!(!limits.asks_for_unsent());
        assert!(limits.keep(60).is_ok());
        assert!(matches!(limits.keep(1), Err(Error::Unsent)));
        tokio::time::advance(UNSENT_KNOWN).await;
        assert!(limits.asks_for_unsent());
        limits.unsent(0);
        assert!(limits.keep(100).is_ok());
    }
}
