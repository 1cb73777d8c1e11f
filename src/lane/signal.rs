//! How a sender wakes a consumer that sleeps.
//!
//! An event count for one sleeper. Who has something to say first makes it visible (pushes), then
//! looks whether somebody sleeps; who wants to sleep first says so, then looks whether something
//! is there. A sequentially consistent fence stands between the two steps on both sides, so at
//! least one side sees the other, and no wake-up is lost.
//!
//! `state` says who owns the sleeper's thread handle:
//!
//! | state | meaning | the handle belongs to |
//! |---|---|---|
//! | unused | nobody sleeps, or will before it says so | the sleeper |
//! | awake | nobody sleeps | the sleeper |
//! | asleep | the sleeper parks, or is about to | whoever changes the state first |
//! | waking | one waker takes the handle | that waker |
//!
//! 1. [`Waker::wake`] costs one load of a line that nobody writes, and a fence (about 7 ns) if
//!    somebody waits now and then. A host with a frame loop never waits and never pays the fence.
//! 2. [`Sleeper::wait`] parks the thread: no CPU while it lasts. It parks at most once and may
//!    return early; it reads no clock, so its caller keeps the time.
//! 3. The sleeper may move to another thread between two waits.
//! 4. The first wait after a time without is limited to 1 ms. A sender that has just seen *unused*
//!    has no fence between its push and that look, so the push may not be visible yet when the
//!    sleeper looks; a millisecond later it is, and from then on every sender sees *awake* or
//!    *asleep*. All other waits rest on the fences alone.
#![expect(unsafe_code, reason = "the sleeper's thread handle changes hands with the state")]

use std::time::Duration;

use crate::sync::{
    Arc, AtomicUsize, CachePadded, Ordering, Thread, UnsafeCell, current_thread, fence, park,
    park_timeout, yield_now,
};

const UNUSED: usize = 0;
const AWAKE: usize = 1;
const ASLEEP: usize = 2;
const WAKING: usize = 3;

/// The limit of the first wait after a time without: see rule 4.
const FIRST_WAIT: Duration = Duration::from_millis(1);

/// A sleeper and its first waker.
pub(crate) fn signal() -> (Waker, Sleeper) {
    let shared = Arc::new(Signal {
        state: CachePadded::new(AtomicUsize::new(UNUSED)),
        thread: UnsafeCell::new(None),
    });
    (Waker(Arc::clone(&shared)), Sleeper(shared))
}

/// Wakes the sleeper; for any number of threads.
#[derive(Clone, Debug)]
pub(crate) struct Waker(Arc<Signal>);

/// The side that sleeps.
#[derive(Debug)]
pub(crate) struct Sleeper(Arc<Signal>);

/// Why a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// There was something to do before the thread parked.
    Ready,
    /// A waker called.
    Woken,
    /// Neither: the time is over, or the thread woke for no reason.
    Elapsed,
}

#[derive(Debug)]
struct Signal {
    state: CachePadded<AtomicUsize>,
    thread: UnsafeCell<Option<Thread>>,
}

// SAFETY: `thread` is the only part that is not itself shareable; `state` gives it to one side at a
// time, and a `Thread` may be used and dropped from any thread.
unsafe impl Sync for Signal {}

impl Waker {
    /// Wakes the sleeper if it sleeps; to be called after what it waits for is in place.
    /// Returns whether a thread was unparked.
    #[inline]
    pub(crate) fn wake(&self) -> bool {
        let state = &self.0.state;
        if state.load(Ordering::Relaxed) == UNUSED {
            return false;
        }
        // Pairs with the fence in `wait`: either the next load sees the sleeper, or the sleeper's
        // look sees what was put in place before.
        fence(Ordering::SeqCst);
        state.load(Ordering::Relaxed) == ASLEEP && self.unpark()
    }

    #[cold]
    fn unpark(&self) -> bool {
        let signal = &*self.0;
        let claimed =
            signal.state.compare_exchange(ASLEEP, WAKING, Ordering::Acquire, Ordering::Relaxed);
        if claimed.is_err() {
            return false;
        }
        let thread = signal.thread.with_mut(|thread| {
            // SAFETY: the state is `WAKING` by this thread's doing, so nobody else touches the
            // handle; the sleeper wrote it before it said `ASLEEP`, which the Acquire above saw.
            unsafe { (*thread).take() }
        });
        // Before the unparking: a sleeper that runs at once, in this thread's place, must not find
        // the handle still taken.
        signal.state.store(AWAKE, Ordering::Release);
        if let Some(thread) = thread {
            thread.unpark();
        }
        true
    }
}

impl Sleeper {
    /// Sleeps until a waker calls or `timeout` is over (`None`: no limit), unless `ready` says that
    /// there is something to do already. May return early: the caller looks at its queues and at
    /// its clock, and waits again.
    pub(crate) fn wait(&mut self, timeout: Option<Duration>, ready: impl FnOnce() -> bool) -> Wait {
        let signal = &*self.0;
        // `ASLEEP` is still there only if the last wait's `ready` panicked.
        let state =
            signal.state.compare_exchange(ASLEEP, AWAKE, Ordering::Acquire, Ordering::Acquire);
        let mut timeout = timeout;
        match state {
            Err(WAKING) => {
                // A waker of the wait before still owns the handle; it needs a moment to let go.
                yield_now();
                return Wait::Woken;
            }
            Err(UNUSED) => {
                timeout = Some(timeout.map_or(FIRST_WAIT, |limit| limit.min(FIRST_WAIT)))
            }
            _ => {}
        }
        signal.thread.with_mut(|thread| {
            // SAFETY: the state is `AWAKE`, and only this side, which is unique, leaves that state;
            // the Acquire above ordered the last waker's use before this.
            unsafe { *thread = Some(current_thread()) }
        });
        signal.state.store(ASLEEP, Ordering::Release);
        // Pairs with the fence in `wake`.
        fence(Ordering::SeqCst);
        let ready = ready();
        if !ready {
            match timeout {
                Some(timeout) => park_timeout(timeout),
                None => park(),
            }
        }
        // No wait may end as `ASLEEP`: the handle is this side's again only in `AWAKE`.
        let undisturbed =
            signal.state.compare_exchange(ASLEEP, AWAKE, Ordering::Relaxed, Ordering::Relaxed);
        match (ready, undisturbed) {
            (true, _) => Wait::Ready,
            (false, Ok(_)) => Wait::Elapsed,
            (false, Err(_)) => Wait::Woken,
        }
    }

    /// Says that no wait will follow soon: wakers stop paying for the fence.
    pub(crate) fn rest(&mut self) {
        // Fails only while a waker still owns the handle; the fence is then paid until next time.
        let _ = self.0.state.compare_exchange(AWAKE, UNUSED, Ordering::Relaxed, Ordering::Relaxed);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn a_ready_sleeper_does_not_park_and_nobody_is_woken() {
        let (waker, mut sleeper) = signal();
        assert!(!waker.wake());
        assert_eq!(sleeper.wait(None, || true), Wait::Ready);
        assert!(!waker.wake());
    }

    #[test]
    fn the_first_wait_after_a_rest_is_short() {
        let (_waker, mut sleeper) = signal();
        for _ in 0..2 {
            assert_eq!(sleeper.wait(None, || false), Wait::Elapsed);
            sleeper.rest();
        }
    }

    #[test]
    fn a_wait_ends_with_its_time() {
        let (waker, mut sleeper) = signal();
        assert_eq!(sleeper.wait(Some(Duration::from_micros(50)), || false), Wait::Elapsed);
        assert!(!waker.wake());
    }

    #[test]
    fn a_wake_between_looking_and_parking_is_not_lost() {
        let (waker, mut sleeper) = signal();
        let woken = sleeper.wait(None, || {
            assert!(waker.wake());
            false
        });
        assert_eq!(woken, Wait::Woken);
        assert!(!waker.wake());
    }

    #[test]
    fn a_wait_after_a_panic_works() {
        let (waker, mut sleeper) = signal();
        let wait = std::panic::AssertUnwindSafe(|| sleeper.wait(None, || panic!("planted")));
        assert!(std::panic::catch_unwind(wait).is_err());
        assert_eq!(sleeper.wait(Some(Duration::ZERO), || false), Wait::Elapsed);
        assert!(!waker.wake());
    }

    #[test]
    fn every_message_reaches_a_sleeper_that_changes_threads() {
        let (sender, receiver) = mpsc::channel();
        let (waker, mut sleeper) = signal();
        let senders: Vec<_> = (0..2)
            .map(|_| {
                let (sender, waker) = (sender.clone(), waker.clone());
                std::thread::spawn(move || {
                    for value in 0..5_000u32 {
                        sender.send(value).unwrap();
                        waker.wake();
                        if value % 64 == 0 {
                            std::thread::yield_now();
                        }
                    }
                })
            })
            .collect();
        let mut seen = 0;
        let mut receiver = receiver;
        while seen < 10_000 {
            (seen, sleeper, receiver) = std::thread::spawn(move || {
                for _ in 0..2_500 {
                    let mut next = receiver.try_recv().ok();
                    while next.is_none() {
                        sleeper.wait(None, || {
                            next = receiver.try_recv().ok();
                            next.is_some()
                        });
                    }
                    seen += 1;
                }
                (seen, sleeper, receiver)
            })
            .join()
            .unwrap();
        }
        senders.into_iter().for_each(|sender| sender.join().unwrap());
    }
}

#[cfg(all(test, loom))]
mod models {
    use super::*;
    use loom::thread;

    /// A sleeper without a timeout: a lost wake-up is a deadlock, which loom reports. The sleeper
    /// is the spawned thread, because loom's `join` does not bear a leftover unpark.
    fn wakes(waits: usize, sleep: fn(&mut Sleeper, &AtomicUsize, usize)) {
        loom::model(move || {
            let (waker, mut sleeper) = signal();
            // Without time in a model, the first wait is spent before the others begin.
            sleeper.wait(None, || true);
            let posted = Arc::new(AtomicUsize::new(0));
            let thread = {
                let posted = Arc::clone(&posted);
                thread::spawn(move || {
                    (1..=waits).for_each(|number| sleep(&mut sleeper, &posted, number));
                })
            };
            for _ in 0..waits {
                posted.fetch_add(1, Ordering::Relaxed);
                waker.wake();
            }
            thread.join().unwrap();
        });
    }

    #[test]
    fn loom_no_wake_up_is_lost() {
        wakes(1, |sleeper, posted, number| {
            while posted.load(Ordering::Relaxed) < number {
                sleeper.wait(None, || posted.load(Ordering::Relaxed) >= number);
            }
        });
    }

    /// A wait may end early, and the second may meet a waker not yet through; what is modelled
    /// here is that the handle changes sides without an overlap.
    #[test]
    fn loom_the_handle_has_one_owner_over_two_waits() {
        wakes(2, |sleeper, posted, number| {
            sleeper.wait(None, || posted.load(Ordering::Relaxed) >= number);
        });
    }
}
