//! Refusals on another gateway's word; see [`crate::fleet`]. Never more than an early no: whoever is
//! not refused here asks the database.

use std::{collections::HashMap, time::Duration};

use budget::{Account, AccountKey, CapSpec, Refusal};
use types::{Nanos, Timestamp};

use crate::{accounts, fleet::Denial, store::Inner, writer::Applied};

/// How long a change waits for Redis to be tried for the first time.
const FIRST_TRY: Duration = Duration::from_secs(1);

/// The refusal of a hold that another gateway knows to have no money. `None` in every doubt. `least` is what
/// the caller would still ask for where there is less than it wants: how much that is, only the database
/// knows, for what is held may have come back since.
pub(crate) async fn early(inner: &Inner, path: &[CapSpec], least: Nanos) -> Option<Refusal> {
    let fleet = inner.fleet.as_ref().filter(|fleet| fleet.is_up())?;
    let ids: Vec<String> = path.iter().map(|spec| accounts::id(&spec.key)).collect();
    let denials = fleet.denials(&ids, Timestamp::now()).await;
    let refusal = path.iter().zip(denials).find_map(|(spec, denial)| {
        let Denial { target, spent, held } = denial?;
        // As the books decide: what is held may come back, what is spent does not.
        let fits = spent.0.checked_add(least.0).is_some_and(|sum| sum <= target.0);
        // This process may know of another target since.
        let doubt = inner.seen.target(&spec.key).is_some_and(|known| known != Some(target));
        let key = spec.key.clone();
        (!fits && !doubt && least > Nanos::ZERO).then_some(Refusal::Exhausted {
            key,
            target,
            settled: spent,
            held,
        })
    })?;
    fleet.count_denied();
    Some(refusal)
}

/// Tells the others which accounts refused for good in a batch that is committed.
pub(crate) fn tell(inner: &Inner, applied: &[Applied]) {
    let Some(fleet) = inner.fleet.as_ref().filter(|fleet| fleet.is_up()) else { return };
    let mut full = HashMap::new();
    for refusal in applied.iter().filter_map(|applied| applied.as_ref().err()) {
        if let Refusal::Exhausted { key, target, settled, held } = refusal {
            let (target, spent, held) = (*target, *settled, *held);
            full.insert(accounts::id(key), Denial { target, spent, held });
        }
    }
    if full.is_empty() {
        return;
    }
    let (fleet, now) = (fleet.clone(), Timestamp::now());
    tokio::spawn(async move {
        for (account, denial) in full {
            fleet.deny(&account, denial, now).await;
        }
    });
}

/// Says that an account may have room, before the change that makes it is committed.
pub(crate) async fn make_room(inner: &Inner, keys: impl Iterator<Item = &AccountKey>) {
    let Some(fleet) = &inner.fleet else { return };
    let ids: Vec<String> = keys.map(accounts::id).collect();
    if !ids.is_empty() {
        // A command that works on the state by itself may be faster than its connection.
        let _ = tokio::time::timeout(FIRST_TRY, fleet.tried()).await;
        fleet.make_room(&ids).await;
    }
}

/// What accounts had spent before a batch, to see which got something back.
pub(crate) struct Spent(HashMap<AccountKey, Nanos>);

impl Spent {
    pub(crate) fn of<'a>(inner: &Inner, accounts: impl Iterator<Item = &'a Account>) -> Self {
        let shared = inner.fleet.is_some();
        let hard = accounts.filter(|account| shared && account.limit().is_some());
        Self(hard.map(|account| (account.key.clone(), account.spent())).collect())
    }

    /// Those that have less spent now.
    pub(crate) fn credited<'a>(&self, now: &'a [Account]) -> impl Iterator<Item = &'a AccountKey> {
        let less = |account: &&Account| {
            self.0.get(&account.key).is_some_and(|before| account.spent() < *before)
        };
        now.iter().filter(less).map(|account| &account.key)
    }
}
