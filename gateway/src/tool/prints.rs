//! The texts that sessions have seen, in memory while they are used: each is read once from its row.

use std::sync::Arc;

use store::{
    Error,
    flows::{Flows, Told},
};
use tools::flow::Seen;
use types::{SessionId, TenantId};

/// All of them together, in bytes.
const BYTES_MAX: u64 = 64 << 20;
/// The most texts of one session that a call is compared with, the newest.
const TEXTS_MAX: usize = 512;

/// Whose they are.
type Of = (TenantId, SessionId);

/// The prints of sessions.
pub(crate) struct Prints(moka::sync::Cache<Of, Arc<Known>>);

struct Known {
    /// The number of the last one.
    last: u64,
    seen: Arc<Vec<Seen>>,
}

impl Default for Prints {
    fn default() -> Self {
        let weigh = |_: &Of, known: &Arc<Known>| {
            let bytes: usize = known.seen.iter().map(|seen| seen.print.bytes() + 64).sum();
            u32::try_from(bytes).unwrap_or(u32::MAX)
        };
        Self(moka::sync::Cache::builder().max_capacity(BYTES_MAX).weigher(weigh).build())
    }
}

impl Prints {
    /// The texts of a session up to the one of this number.
    pub(super) async fn of(
        &self,
        (tenant, session): Of,
        last: u64,
        flows: &Flows,
    ) -> Result<Arc<Vec<Seen>>, Error> {
        let known = self.0.get(&(tenant, session));
        if let Some(known) = known.as_ref().filter(|known| known.last >= last) {
            return Ok(Arc::clone(&known.seen));
        }
        let (after, mut seen) =
            known.map_or((0, Vec::new()), |known| (known.last, known.seen.to_vec()));
        let more = flows.prints(tenant, session, after).await?;
        let last = more.last().map_or(after, |(number, _)| *number).max(last);
        seen.extend(more.into_iter().map(|(_, seen)| seen));
        Ok(self.keep((tenant, session), last, seen))
    }

    /// Takes a text of a session over, if it is the next one of those that are known.
    pub(super) fn add(&self, of: Of, told: Told, text: Seen) {
        let known = self.0.get(&of).filter(|known| known.last == told.before);
        let Some(known) = known.filter(|_| told.after == told.before.saturating_add(1)) else {
            // What comes next reads it.
            return;
        };
        let mut seen = known.seen.to_vec();
        seen.push(text);
        self.keep(of, told.after, seen);
    }

    fn keep(&self, of: Of, last: u64, mut seen: Vec<Seen>) -> Arc<Vec<Seen>> {
        let old = seen.len().saturating_sub(TEXTS_MAX);
        seen.drain(..old);
        let seen = Arc::new(seen);
        self.0.insert(of, Arc::new(Known { last, seen: Arc::clone(&seen) }));
        seen
    }
}
