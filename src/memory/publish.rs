//! The one place where the writer's states pass to readers.
//!
//! A fixed number of places hold states. One word says which is current, and counts in its high
//! bits how many readers have taken it: so a reader takes the current state by a single addition,
//! whatever the writer does, and there is no loop on either side.
//!
//! 1. A reader adds one to the count in the word and learns the place in the same step (acquire: it
//!    then sees what the writer wrote there). It holds the place until it adds one to the place's
//!    own count of those who have left (release: its reads come before).
//! 2. The writer exchanges the word for another place with a count of zero (release: what it wrote
//!    there comes before), and learns how many took the former one, and that no more will.
//! 3. It writes into a place only where as many have left (acquire) as had taken it.
//!
//! So dropping a state only counts. What it holds is freed or used again by the writer; or by the
//! last of all, where the writer has left.
#![expect(unsafe_code, reason = "states are written where no reader is, by the counts above")]

use crate::sync::{Arc, AtomicU64, Ordering, UnsafeCell};

/// The writer's end.
#[derive(Debug)]
pub(super) struct Publisher<T> {
    places: Arc<Places<T>>,
    /// By place: how many have taken it, but for the current one.
    taken: Vec<u64>,
    /// The place of the current state.
    current: usize,
    /// The place that the next state takes if nobody holds it.
    next: usize,
}

/// A reader's end; any number of them.
#[derive(Debug)]
pub(super) struct Subscriber<T>(Arc<Places<T>>);

/// A state that a reader holds.
#[derive(Debug)]
pub(super) struct Held<T> {
    places: Arc<Places<T>>,
    at: usize,
}

#[derive(Debug)]
struct Places<T> {
    /// The current place in the low bits, [`TAKEN`] times the readers that have taken it above.
    word: AtomicU64,
    places: Box<[Place<T>]>,
}

#[derive(Debug)]
struct Place<T> {
    state: UnsafeCell<T>,
    /// How many have left: may wrap below zero while clones are held.
    left: AtomicU64,
}

/// One reader in the word. 2⁴⁸ of them would have to take one state before the count wraps.
const TAKEN: u64 = 1 << 16;

// SAFETY: a place is written by the one `Publisher` alone and only while no `Held` of it is there
// (rule 3), and read through `Held` alone; so a state passes from the writer's thread to others
// (`Send`) and is read by several at once (`Sync`).
unsafe impl<T: Send + Sync> Send for Places<T> {}
// SAFETY: as above.
unsafe impl<T: Send + Sync> Sync for Places<T> {}

/// A writer and a reader of states; the first is current, `others` are places for more (less than
/// 2¹⁶ in all).
pub(super) fn channel<T: Send + Sync>(
    first: T,
    others: impl IntoIterator<Item = T>,
) -> (Publisher<T>, Subscriber<T>) {
    let states = core::iter::once(first).chain(others.into_iter().take(usize::from(u16::MAX)));
    let places: Box<[_]> = states
        .map(|state| Place { state: UnsafeCell::new(state), left: AtomicU64::new(0) })
        .collect();
    let taken = vec![0; places.len()];
    let places = Arc::new(Places { word: AtomicU64::new(0), places });
    let publisher = Publisher { places: Arc::clone(&places), taken, current: 0, next: 1 };
    (publisher, Subscriber(places))
}

impl<T: Send + Sync> Publisher<T> {
    /// Lets `write` replace the state in a place that nobody holds, and makes it current. `None`
    /// where all places are held; then nothing is written.
    pub(super) fn publish(&mut self, write: impl FnOnce(&mut T)) -> Option<()> {
        let mut places = core::iter::once(self.next).chain(0..self.taken.len());
        let at = places.find(|&at| self.is_free(at))?;
        // SAFETY: by `is_free`, all that took the place have left, and none can take it while it is
        // not current (rules 2 and 3); this writer is the only one, as it is borrowed mutably.
        self.places.places[at].state.with_mut(|state| write(unsafe { &mut *state }));
        let former = self.places.word.swap(at as u64, Ordering::Release);
        self.taken[self.current] = self.taken[self.current].wrapping_add(former / TAKEN);
        (self.next, self.current) = (self.current, at);
        Some(())
    }

    /// After a state was published: lets `prepare` make the state in the next place like it, so that
    /// it holds nothing else, and `clear` empty all others that nobody holds.
    pub(super) fn tidy(&mut self, mut prepare: impl FnMut(&mut T), mut clear: impl FnMut(&mut T)) {
        if !self.is_free(self.next) {
            self.next = (0..self.taken.len()).find(|&at| self.is_free(at)).unwrap_or(self.next);
        }
        for at in 0..self.taken.len() {
            if self.is_free(at) {
                self.places.places[at].state.with_mut(|state| {
                    // SAFETY: as in `publish`.
                    let state = unsafe { &mut *state };
                    if at == self.next { prepare(state) } else { clear(state) }
                });
            }
        }
    }

    /// How many states readers hold beside the current one.
    pub(super) fn held(&self) -> usize {
        (0..self.taken.len()).filter(|&at| at != self.current && !self.is_free(at)).count()
    }

    /// Whether the place is not current and nobody holds it.
    fn is_free(&self, at: usize) -> bool {
        at != self.current && self.places.places[at].left.load(Ordering::Acquire) == self.taken[at]
    }
}

impl<T> Subscriber<T> {
    /// The current state. One addition, whatever the writer does.
    pub(super) fn take(&self) -> Held<T> {
        let word = self.0.word.fetch_add(TAKEN, Ordering::Acquire);
        Held { places: Arc::clone(&self.0), at: (word % TAKEN) as usize }
    }
}

impl<T> Clone for Subscriber<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Held<T> {
    /// The state.
    #[inline]
    pub(super) fn get(&self) -> &T {
        // SAFETY: this holds its place, so nobody writes there before it is dropped (rule 3).
        self.places.places[self.at].state.with(|state| unsafe { &*state })
    }
}

impl<T> Clone for Held<T> {
    fn clone(&self) -> Self {
        // One more holder is one less that has left. Relaxed: this one is there meanwhile.
        self.places.places[self.at].left.fetch_sub(1, Ordering::Relaxed);
        Self { places: Arc::clone(&self.places), at: self.at }
    }
}

impl<T> Drop for Held<T> {
    fn drop(&mut self) {
        self.places.places[self.at].left.fetch_add(1, Ordering::Release);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn places_are_used_again_once_they_are_left() {
        let (mut publisher, subscriber) = channel(0, [0, 0]);
        let first = subscriber.take();
        publisher.publish(|state| *state = 1).unwrap();
        let second = subscriber.take();
        let third = second.clone();
        publisher.publish(|state| *state = 2).unwrap();
        assert_eq!((*first.get(), *second.get(), *subscriber.take().get()), (0, 1, 2));
        assert_eq!(publisher.held(), 2);
        assert_eq!(publisher.publish(|state| *state = 3), None, "all places are held");
        drop(second);
        assert_eq!(publisher.publish(|state| *state = 3), None, "the clone holds it");
        assert_eq!(*third.get(), 1);
        drop(third);
        publisher.publish(|state| *state = 3).unwrap();
        drop(publisher);
        assert_eq!((*first.get(), *subscriber.take().get()), (0, 3));
    }

    #[test]
    fn readers_of_a_busy_writer_see_whole_states_in_order() {
        let (mut publisher, subscriber) = channel([0u64; 16], [[0; 16]; 6]);
        std::thread::scope(|scope| {
            for _ in 0..3 {
                let subscriber = subscriber.clone();
                scope.spawn(move || {
                    let mut last = 0;
                    while last < 20_000 {
                        let held = subscriber.take();
                        let state = *held.clone().get();
                        assert!(state[0] >= last && state == [state[0]; 16]);
                        last = state[0];
                    }
                });
            }
            let mut next = 1;
            while next <= 20_000 {
                next += u64::from(publisher.publish(|state| *state = [next; 16]).is_some());
            }
        });
        assert_eq!(publisher.held(), 0);
    }
}

#[cfg(all(test, loom))]
mod model {
    use super::*;

    /// Each ordering above is needed: with any of them relaxed, the checker finds a state that is
    /// written while it is read, or read before it is written.
    #[test]
    fn loom_a_state_is_whole_while_it_is_held() {
        loom::model(|| {
            let (mut publisher, subscriber) = channel(0u64, [0]);
            let reader = {
                let subscriber = subscriber.clone();
                loom::thread::spawn(move || {
                    let held = subscriber.take();
                    let first = *held.get();
                    drop(held);
                    let held = subscriber.take();
                    assert!(*held.get() >= first);
                })
            };
            let mut next = 1;
            for _ in 0..2 {
                next += u64::from(publisher.publish(|state| *state = next).is_some());
            }
            reader.join().unwrap();
            assert_eq!(*subscriber.take().get(), next - 1);
        });
    }
}
