//! Budgets that are known to be exhausted: for a moment each gateway may refuse on another's word,
//! without asking the database.
//!
//! A word is only ever a no, and it is short-lived. Three things keep a no from outliving its reason:
//! - Whoever makes room (a new target, a credit) leaves a mark **before** its commit, while it holds the
//!   account's row. The mark takes the word's place, and for as long as it stands no word is taken: one
//!   that was read before the change, and is told after it, is not heard.
//! - A word says when it was given. One that Redis kept in its queue while it stood still is too old.
//! - Where the mark could not be left (Redis was away, or whoever made room knows none), the word ends by
//!   itself: that is the longest that a refusal can be wrong, [`LIFE`].

use std::time::Duration;

use ring::digest::{SHA256, digest};
use types::{Nanos, Timestamp};

use super::Fleet;

/// How long a word is taken.
const LIFE: Duration = Duration::from_secs(2);
/// How long a mark stands: longer than any change takes to commit and any word to be told.
const MARK: Duration = Duration::from_secs(30);

/// What an account had when it refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Denial {
    pub(crate) target: Nanos,
    pub(crate) spent: Nanos,
    pub(crate) held: Nanos,
}

impl Fleet {
    /// Tells the others that an account refused. Nothing where somebody makes room in it.
    pub(crate) async fn deny(&self, account: &str, denial: Denial, now: Timestamp) {
        let Denial { target, spent, held } = denial;
        let word = format!("{}:{}:{}:{}", now.0, target.0, spent.0, held.0);
        let mut set = redis::cmd("SET");
        set.arg(self.account(account)).arg(word).arg("NX").arg("PX").arg(millis(LIFE));
        let _: Option<Option<String>> =
            self.ask(async |mut conn| set.query_async(&mut conn).await).await;
    }

    /// Leaves a mark that accounts have room again, or soon will.
    pub(crate) async fn make_room(&self, accounts: &[String]) {
        let mut all = redis::pipe();
        for account in accounts {
            all.cmd("SET").arg(self.account(account)).arg("").arg("PX").arg(millis(MARK)).ignore();
        }
        let _: Option<()> = self.ask(async |mut conn| all.query_async(&mut conn).await).await;
    }

    /// What is known of accounts, in their order; nothing where Redis does not say.
    pub(crate) async fn denials(&self, accounts: &[String], now: Timestamp) -> Vec<Option<Denial>> {
        let mut get = redis::cmd("MGET");
        for account in accounts {
            get.arg(self.account(account));
        }
        let words: Option<Vec<Option<String>>> =
            self.ask(async |mut conn| get.query_async(&mut conn).await).await;
        let read = |word: Option<String>| word.and_then(|word| read(&word, now));
        words.unwrap_or_default().into_iter().map(read).collect()
    }

    /// A hash, since ids may be people's names.
    fn account(&self, account: &str) -> String {
        let hash = digest(&SHA256, account.as_bytes());
        let hash: String = hash.as_ref().iter().take(16).map(|b| format!("{b:02x}")).collect();
        format!("{}:full:{hash}", self.own().prefix)
    }
}

/// Reads a word, if it is one and not too old, nor from the future.
fn read(word: &str, now: Timestamp) -> Option<Denial> {
    let mut numbers = word.split(':').map(|number| number.parse::<i64>());
    let mut next = || numbers.next()?.ok();
    let (given, target, spent, held) = (next()?, Nanos(next()?), Nanos(next()?), Nanos(next()?));
    let age = Duration::from_micros(now.0.abs_diff(given));
    (age <= LIFE).then_some(Denial { target, spent, held })
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_taken_while_it_is_fresh() {
        let denial = Denial { target: Nanos(5), spent: Nanos(4), held: Nanos(1) };
        let now = Timestamp(1_000_000_000);
        let word = |given: i64| format!("{given}:5:4:1");
        for age in [0, 2_000_000, -2_000_000] {
            assert_eq!(read(&word(now.0 - age), now), Some(denial), "{age}");
        }
        for age in [2_000_001, -2_000_001, 60_000_000] {
            assert_eq!(read(&word(now.0 - age), now), None, "{age}");
        }
        for other in ["", "x", "1000000000:5:4", "1000000000:5:x:1"] {
            assert_eq!(read(other, now), None, "{other}");
        }
    }
}
