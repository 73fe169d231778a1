//! What an engine remembers. Every value depends on nothing but its key, so one that is remembered
//! is the one that would be made again.

use std::{
    collections::HashMap,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::{
    calls::Fixed,
    decide::Answers,
    mapper::Unmappable,
    slice::{Held, Slice},
};

/// The most bytes of each kind of what one engine remembers, about.
const MODELS_BYTES_MAX: usize = 8 << 20;
const SLICES_BYTES_MAX: usize = 64 << 20;
const HELD_BYTES_MAX: usize = 16 << 20;
const ANSWERS_BYTES_MAX: usize = 16 << 20;

/// What one engine remembers. It belongs to the engine, so nothing of it outlives a commit.
#[derive(Debug)]
pub(crate) struct Memo {
    /// What is fixed for each model.
    pub models: Kept<Fixed>,
    /// The policies for each caller and list of models.
    pub slices: Kept<Result<Slice, Unmappable>>,
    /// What holds of each group of policies of a slice.
    pub held: Kept<Result<Box<[Held]>, Unmappable>>,
    /// Whole decisions.
    pub answers: Kept<Answers>,
    /// How many slices were made, which is what each of them is known by.
    slices_made: AtomicU64,
}

impl Default for Memo {
    fn default() -> Self {
        Self {
            models: Kept::new(MODELS_BYTES_MAX),
            slices: Kept::new(SLICES_BYTES_MAX),
            held: Kept::new(HELD_BYTES_MAX),
            answers: Kept::new(ANSWERS_BYTES_MAX),
            slices_made: AtomicU64::new(0),
        }
    }
}

impl Memo {
    /// A number that no other slice of this engine has.
    pub(crate) fn next_slice(&self) -> u64 {
        self.slices_made.fetch_add(1, Ordering::Relaxed)
    }
}

/// How much room a value takes, about.
pub(crate) trait Weigh {
    fn bytes(&self) -> usize;
}

impl<T: Weigh> Weigh for Result<T, Unmappable> {
    fn bytes(&self) -> usize {
        self.as_ref().map_or(0, Weigh::bytes)
    }
}

impl Weigh for Box<[Held]> {
    fn bytes(&self) -> usize {
        size_of_val(&**self)
    }
}

/// Values by key, made once and shared. They stand on two shelves: when the young one is half of
/// what may be kept, it becomes the old one, and what stood there and was not asked for since is
/// forgotten. So what differs from call to call does not drive out what comes again.
#[derive(Debug)]
pub(crate) struct Kept<T> {
    shelves: RwLock<Shelves<T>>,
    shelf_bytes_max: usize,
    /// How often a value was there already.
    #[cfg(test)]
    recalled: AtomicU64,
}

type Shelf<T> = HashMap<Box<[u8]>, Arc<T>>;

#[derive(Debug)]
struct Shelves<T> {
    young: Shelf<T>,
    young_bytes: usize,
    old: Shelf<T>,
}

/// What one entry takes besides its key and its value.
const ENTRY_BYTES: usize = 96;

impl<T: Weigh> Kept<T> {
    fn new(bytes_max: usize) -> Self {
        let (young, old) = (Shelf::new(), Shelf::new());
        let shelves = RwLock::new(Shelves { young, young_bytes: 0, old });
        Self {
            shelves,
            shelf_bytes_max: bytes_max / 2,
            #[cfg(test)]
            recalled: AtomicU64::new(0),
        }
    }

    /// The value of a key, made only if it is not there.
    pub(crate) fn recall(&self, key: &[u8], make: impl FnOnce() -> T) -> Arc<T> {
        let shelves = self.shelves.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = shelves.young.get(key) {
            #[cfg(test)]
            self.recalled.fetch_add(1, Ordering::Relaxed);
            return Arc::clone(value);
        }
        let old = shelves.old.get(key).map(Arc::clone);
        drop(shelves);
        let value = old.unwrap_or_else(|| Arc::new(make()));
        self.keep(key, &value);
        value
    }

    fn keep(&self, key: &[u8], value: &Arc<T>) {
        let bytes = ENTRY_BYTES.saturating_add(key.len()).saturating_add(value.bytes());
        if bytes > self.shelf_bytes_max {
            return;
        }
        let mut shelves = self.shelves.write().unwrap_or_else(PoisonError::into_inner);
        let mut forgotten = Shelf::new();
        if shelves.young_bytes.saturating_add(bytes) > self.shelf_bytes_max {
            let young = std::mem::take(&mut shelves.young);
            forgotten = std::mem::replace(&mut shelves.old, young);
            shelves.young_bytes = 0;
        }
        if shelves.young.insert(key.into(), Arc::clone(value)).is_none() {
            shelves.young_bytes = shelves.young_bytes.saturating_add(bytes);
        }
        drop(shelves);
        // It takes its time, and nobody need wait for it.
        drop(forgotten);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Weigh for usize {
        fn bytes(&self) -> usize {
            *self
        }
    }

    impl<T> Kept<T> {
        pub(crate) fn recalled(&self) -> u64 {
            self.recalled.load(Ordering::Relaxed)
        }

        /// How many values are remembered.
        pub(crate) fn entries(&self) -> usize {
            let shelves = self.shelves.read().unwrap();
            shelves.young.len() + shelves.old.len()
        }
    }

    const SHELF: usize = 10 * (ENTRY_BYTES + 8);

    fn entries(kept: &Kept<usize>) -> usize {
        assert!(kept.shelves.read().unwrap().young_bytes <= SHELF);
        kept.entries()
    }

    #[test]
    fn a_value_is_made_once_for_each_key() {
        let kept = Kept::new(2 * SHELF);
        let first = kept.recall(&[1], || 1);
        assert!(Arc::ptr_eq(&first, &kept.recall(&[1], || 2)));
        assert!(!Arc::ptr_eq(&first, &kept.recall(&[2], || 1)));
    }

    #[test]
    fn what_is_remembered_is_bounded_by_its_bytes() {
        let kept = Kept::new(2 * SHELF);
        for key in 0..1_000_u64 {
            kept.recall(&key.to_le_bytes(), || 0);
            assert!(entries(&kept) <= 20);
        }
        assert!(entries(&kept) >= 10);
        // Twice as heavy, half as many.
        let heavy = ENTRY_BYTES + 8;
        (0..1_000_u64).for_each(|key| drop(kept.recall(&key.to_be_bytes(), || heavy)));
        assert!(entries(&kept) <= 10);
        let most = kept.recall(&[1], || SHELF);
        assert!(!Arc::ptr_eq(&most, &kept.recall(&[1], || SHELF)), "it is too heavy to be kept");
    }

    #[test]
    fn what_comes_again_is_not_driven_out_by_what_does_not() {
        let kept = Kept::new(2 * SHELF);
        let first = kept.recall(&[1], || 0);
        for key in 0..1_000_u64 {
            kept.recall(&key.to_le_bytes(), || 0);
            assert!(Arc::ptr_eq(&first, &kept.recall(&[1], || 0)), "after {key}");
        }
    }
}
