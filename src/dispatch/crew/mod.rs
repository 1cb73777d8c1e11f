//! A crew of fixed threads that runs the parallel phases of a tick.
//!
//! The caller is worker 0 and always works too; a phase hands out the items `0..count`, and ends
//! when all of them have run. Rules:
//!
//! 1. The caller never waits for a thread that has not begun. Threads *enter* a phase while it is
//!    open; the caller closes it when no item is left and then waits only for those inside. A
//!    sleeping thread that wakes too late costs nothing.
//! 2. Each worker owns a contiguous share of the items and takes it in order, then takes from the
//!    others' shares. The same worker so meets the same items in phase after phase, with their
//!    memory still in its cache, and no share waits for a slow thread.
//! 3. Between phases a thread looks for the next one as often as it is told, then parks. Only
//!    parked threads are woken, and no more of them than there are items to share.
//! 4. A phase allocates nothing and locks nothing. With one worker there is no thread and no atomic.
//! 5. A panic in an item is caught; every other item still runs. The phase then returns the panic
//!    of the lowest item, so that the outcome does not depend on the number of workers.
//! 6. `run` takes the crew by `&mut`: a phase inside a phase does not compile.
//!
//! `gate` is one word: bit 0 open, bit 1 the caller parks, bit 2 stop, then 8 bits for how many
//! threads are inside, and the phase's number above. Only the caller opens and closes, only while
//! nobody is inside does it touch the job, and a thread reads the job only while it is inside.
#![expect(unsafe_code, reason = "threads borrow the phase's closure for as long as it runs")]

use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use thiserror::Error;

use panics::Panics;
pub(crate) use panics::PhasePanic;

use crate::sync::{
    Arc, AtomicBool, AtomicUsize, CachePadded, JoinHandle, Mutex, Ordering, Thread, ThreadBuilder,
    UnsafeCell, current_thread, fence, park, spin_loop,
};

mod panics;

/// The most workers of a crew, the caller among them: as many as a mesh has shards at most.
pub(crate) const MAX_WORKERS: usize = 64;

const OPEN: usize = 1;
const CALLER_PARKS: usize = 1 << 1;
const STOP: usize = 1 << 2;
const ONE_INSIDE: usize = 1 << 3;
const INSIDE: usize = 0xff << 3;
const ONE_PHASE: usize = 1 << 11;
const PHASE: usize = !(ONE_PHASE - 1);

/// Threads that run the items of one phase after the other, together with the caller.
pub(crate) struct Crew {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

/// Why a crew cannot be had.
#[derive(Debug, Error)]
#[non_exhaustive]
pub(crate) enum CrewError {
    /// More than [`MAX_WORKERS`].
    #[error("a crew may have at most {limit} workers, given {given}")]
    TooMany {
        /// The number asked for.
        given: usize,
        /// The most that is allowed.
        limit: usize,
    },
    /// The system did not start a thread; those already started are joined.
    #[error("worker {worker} of {workers} cannot be started")]
    Thread {
        /// The worker whose thread is missing.
        worker: usize,
        /// The number asked for.
        workers: usize,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl Crew {
    /// A crew of `workers`, the caller among them: 0 and 1 start no thread, and `run` then runs
    /// everything on the caller. The threads are named `xrmesh-1` and so on.
    ///
    /// A thread looks `looks` times for the next phase before it parks, and the caller as often for
    /// the end of this one; a look takes 10 to 45 ns.
    pub(crate) fn new(workers: usize, looks: u32) -> Result<Self, CrewError> {
        if workers > MAX_WORKERS {
            return Err(CrewError::TooMany { given: workers, limit: MAX_WORKERS });
        }
        let workers = workers.max(1);
        let mut crew = Self {
            shared: Arc::new(Shared {
                // A model explores each look: one shows all there is to see.
                looks: if cfg!(loom) { 1 } else { looks },
                gate: CachePadded::new(AtomicUsize::new(0)),
                job: UnsafeCell::new(None),
                workers: (0..workers).map(|_| CachePadded::default()).collect(),
                panicked: AtomicUsize::new(0),
                panics: Mutex::new(Panics::default()),
            }),
            threads: Vec::with_capacity(workers - 1),
        };
        for worker in 1..workers {
            let shared = Arc::clone(&crew.shared);
            let thread = ThreadBuilder::new()
                .name(format!("xrmesh-{worker}"))
                .spawn(move || shared.serve(worker))
                .map_err(|source| CrewError::Thread { worker, workers, source })?;
            crew.threads.push(thread);
        }
        Ok(crew)
    }

    /// How many workers there are, the caller among them: the worker numbers are below it.
    pub(crate) fn workers(&self) -> usize {
        self.threads.len() + 1
    }

    /// Runs `work(worker, item)` once for each item in `0..count` and returns when all are done.
    /// What any of them wrote is then visible to the caller.
    ///
    /// `worker` is the same for all that one thread runs, and 0 on the caller: it may choose a pool
    /// that only this worker touches. Workers take up to `grain` items at a time (0 is taken as 1):
    /// 1 for items of uneven cost, more where an item is short beside a 20 ns claim. The order is
    /// not fixed; items that are neighbours mostly run on one worker, one after the other.
    ///
    /// Costs about 0.5 µs while the threads still look for work, and about 8 µs for each that has
    /// to be woken (measured on two cores): a phase of less is better off in [`run_inline`].
    pub(crate) fn run<F>(&mut self, count: usize, grain: usize, work: &F) -> Result<(), PhasePanic>
    where
        F: Fn(usize, usize) + Sync,
    {
        let grain = grain.max(1);
        if self.threads.is_empty() || count <= grain {
            return run_inline(count, |item| work(0, item));
        }
        self.shared.run(&self.threads, Job::new(work, count, grain, self.workers()))
    }
}

/// Runs `work(item)` for each item in `0..count` on this thread, with the panic rule of
/// [`Crew::run`].
pub(crate) fn run_inline(count: usize, work: impl Fn(usize)) -> Result<(), PhasePanic> {
    let mut panics = Panics::default();
    let mut next = 0;
    while next < count {
        // One `catch_unwind` for all items, and one more for each panic.
        let caught = catch_unwind(AssertUnwindSafe(|| {
            while next < count {
                next += 1;
                work(next - 1);
            }
        }));
        if let Err(payload) = caught {
            panics.add(next - 1, payload);
        }
    }
    panics.into_result(count)
}

impl Drop for Crew {
    /// Stops and joins all threads.
    fn drop(&mut self) {
        self.shared.gate.fetch_or(STOP, Ordering::Release);
        for thread in self.threads.drain(..) {
            thread.thread().unpark();
            // A worker's thread catches all panics of its items, so it ends without one.
            drop(thread.join());
        }
    }
}

struct Shared {
    looks: u32,
    gate: CachePadded<AtomicUsize>,
    /// The phase that runs: written by the caller while the gate is closed and nobody inside.
    job: UnsafeCell<Option<Job>>,
    workers: Box<[CachePadded<Worker>]>,
    /// How many items of this phase panicked: spares the lock when none did.
    panicked: AtomicUsize,
    panics: Mutex<Panics>,
}

// SAFETY: `job` is the only part that is not itself shareable. `gate` orders its accesses, and its
// pointer leads to a closure that is `Sync`.
unsafe impl Sync for Shared {}
// SAFETY: as above; nothing in it belongs to a thread.
unsafe impl Send for Shared {}

#[derive(Default)]
struct Worker {
    /// The next item of this worker's share that nobody has taken.
    next: AtomicUsize,
    /// Whether the worker's thread is parked, or about to.
    parks: AtomicBool,
}

/// A phase: the closure without its type and lifetime, and how its items are shared.
struct Job {
    work: *const (),
    call: unsafe fn(*const (), usize, usize),
    caller: Thread,
    count: usize,
    grain: usize,
    workers: usize,
}

impl Job {
    fn new<F: Fn(usize, usize) + Sync>(
        work: &F,
        count: usize,
        grain: usize,
        workers: usize,
    ) -> Self {
        /// # Safety
        /// `work` points to an `F` that is borrowed for as long as the call lasts.
        unsafe fn call<F: Fn(usize, usize)>(work: *const (), worker: usize, item: usize) {
            // SAFETY: as the function's contract says.
            unsafe { (*work.cast::<F>())(worker, item) }
        }
        let work = std::ptr::from_ref(work).cast();
        Self { work, call: call::<F>, caller: current_thread(), count, grain, workers }
    }

    /// The first item of `worker`'s share; for `worker` = the number of workers, the end.
    fn share(&self, worker: usize) -> usize {
        // Without the product, which might overflow: the first shares take one more each.
        let (each, more) = (self.count / self.workers, self.count % self.workers);
        worker * each + worker.min(more)
    }
}

impl Shared {
    /// The caller's side of a phase.
    fn run(&self, threads: &[JoinHandle<()>], job: Job) -> Result<(), PhasePanic> {
        let count = job.count;
        for (worker, state) in self.workers.iter().enumerate() {
            // Published with the gate.
            state.next.store(job.share(worker), Ordering::Relaxed);
        }
        let helpers = (count.div_ceil(job.grain) - 1).min(threads.len());
        // SAFETY: the gate is closed and nobody is inside, so no thread reads the job: the last
        // phase ended so, and only this function, which has the crew to itself, opens the gate.
        let job = self.job.with_mut(|slot| unsafe { &*(*slot).insert(job) });
        let closed = self.gate.load(Ordering::Relaxed);
        self.gate.store((closed & PHASE).wrapping_add(ONE_PHASE) | OPEN, Ordering::Release);
        // From here on threads may enter, and `job` is read only, until the phase has ended. The
        // items' panics are caught, so nothing unwinds past the end of the phase.
        self.wake(threads, helpers);
        self.work(job, 0);
        self.end();

        if self.panicked.load(Ordering::Relaxed) == 0 {
            return Ok(());
        }
        self.panicked.store(0, Ordering::Relaxed);
        let mut panics = self.panics.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        std::mem::take(&mut *panics).into_result(count)
    }

    /// Wakes up to `helpers` parked threads.
    fn wake(&self, threads: &[JoinHandle<()>], helpers: usize) {
        // Pairs with the fence in `next_phase`: either these loads see that a thread parks, or its
        // last look sees the phase.
        fence(Ordering::SeqCst);
        let mut left = helpers;
        for (thread, state) in threads.iter().zip(&self.workers[1..]) {
            if left == 0 {
                return;
            }
            left -= 1;
            if state.parks.load(Ordering::Relaxed) {
                state.parks.store(false, Ordering::Relaxed);
                thread.thread().unpark();
            }
        }
    }

    /// Closes the phase and waits until nobody is inside.
    fn end(&self) {
        let mut gate = self.gate.fetch_and(!OPEN, Ordering::AcqRel);
        let mut looks = 0;
        while gate & INSIDE != 0 {
            if looks < self.looks {
                looks += 1;
                spin_loop();
                gate = self.gate.load(Ordering::Acquire);
                continue;
            }
            // The last one to leave clears the bit when it no longer needs the job.
            gate = self.gate.fetch_or(CALLER_PARKS, Ordering::AcqRel);
            if gate & INSIDE == 0 {
                self.gate.fetch_and(!CALLER_PARKS, Ordering::Relaxed);
                return;
            }
            while self.gate.load(Ordering::Acquire) & CALLER_PARKS != 0 {
                park();
            }
            return;
        }
    }

    /// A thread's life.
    fn serve(&self, worker: usize) {
        let mut phase = 0;
        while self.next_phase(worker, &mut phase) {
            let job = self.job.with(|slot| {
                // SAFETY: this thread is inside, so the caller does not touch the job.
                unsafe { (*slot).as_ref() }
            });
            if let Some(job) = job {
                self.work(job, worker);
            }
            self.leave();
        }
    }

    /// Enters the next phase; false when the crew stops. `phase` is the last one entered.
    fn next_phase(&self, worker: usize, phase: &mut usize) -> bool {
        let mut looks = 0;
        loop {
            let gate = self.gate.load(Ordering::Acquire);
            if gate & STOP != 0 {
                return false;
            }
            if gate & OPEN != 0 && gate & PHASE != *phase {
                let entered = self.gate.compare_exchange(
                    gate,
                    gate + ONE_INSIDE,
                    Ordering::Acquire,
                    Ordering::Relaxed,
                );
                if entered.is_ok() {
                    *phase = gate & PHASE;
                    return true;
                }
                // Somebody else came or went, or the phase is over.
                continue;
            }
            if looks < self.looks {
                looks += 1;
                spin_loop();
                continue;
            }
            let parks = &self.workers[worker].parks;
            parks.store(true, Ordering::Relaxed);
            fence(Ordering::SeqCst);
            let gate = self.gate.load(Ordering::Acquire);
            if gate & STOP == 0 && (gate & OPEN == 0 || gate & PHASE == *phase) {
                park();
                looks = 0;
            }
            parks.store(false, Ordering::Relaxed);
        }
    }

    /// Leaves a phase; the last one out wakes a caller that parks.
    fn leave(&self) {
        let mut gate = self.gate.load(Ordering::Relaxed);
        loop {
            let last = gate & INSIDE == ONE_INSIDE && gate & CALLER_PARKS != 0;
            let caller = if last {
                // SAFETY: this thread is still inside, so the caller does not touch the job.
                self.job.with(|slot| unsafe { (*slot).as_ref() }.map(|job| job.caller.clone()))
            } else {
                None
            };
            // Once this succeeds, the phase and its job may be over.
            let left = (gate - ONE_INSIDE) & if last { !CALLER_PARKS } else { !0 };
            match self.gate.compare_exchange(gate, left, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => {
                    if let Some(caller) = caller {
                        caller.unpark();
                    }
                    return;
                }
                Err(now) => gate = now,
            }
        }
    }

    /// Runs items of `job` as `worker` until none is left: its own share first.
    fn work(&self, job: &Job, worker: usize) {
        let mut running = 0..0;
        let mut share = worker;
        let mut shares_left = job.workers;
        loop {
            // One `catch_unwind` for all items, and one more for each panic.
            let caught = catch_unwind(AssertUnwindSafe(|| {
                loop {
                    for item in running.by_ref() {
                        // SAFETY: the closure is borrowed by `run`, which does not return before
                        // the phase has ended, and its type is the one `call` was made for.
                        unsafe { (job.call)(job.work, worker, item) }
                    }
                    let end = job.share(share + 1);
                    let next = &self.workers[share].next;
                    let claimed_end = |start: usize| end.min(start.saturating_add(job.grain));
                    let claim = next.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |start| {
                        (start < end).then(|| claimed_end(start))
                    });
                    if let Ok(start) = claim {
                        running = start..claimed_end(start);
                        continue;
                    }
                    shares_left -= 1;
                    if shares_left == 0 {
                        return;
                    }
                    share = (share + 1) % job.workers;
                }
            }));
            let Err(payload) = caught else {
                return;
            };
            let mut panics = self.panics.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            panics.add(running.start - 1, payload);
            self.panicked.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl fmt::Debug for Crew {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Crew").field("workers", &self.workers()).finish_non_exhaustive()
    }
}

#[cfg(all(test, not(loom)))]
mod tests;

#[cfg(all(test, loom))]
mod models {
    use super::*;

    /// Two items, each with a cell that loom watches: two threads that run one item, or a caller
    /// that looks before the phase is over, are an overlap.
    fn phase(crew: &mut Crew) {
        let cells = [Cell(UnsafeCell::new(0)), Cell(UnsafeCell::new(0))];
        crew.run(2, 1, &|_, item| {
            // SAFETY: each item runs once; loom checks it.
            cells[item].0.with_mut(|value| unsafe { *value += 1 });
        })
        .unwrap();
        for cell in &cells {
            // SAFETY: the phase is over; loom checks it.
            assert_eq!(cell.0.with(|value| unsafe { *value }), 1);
        }
    }

    struct Cell(UnsafeCell<u32>);
    // SAFETY: what the models check.
    unsafe impl Sync for Cell {}

    #[test]
    fn loom_a_phase_ends_when_its_items_have_run() {
        let mut model = loom::model::Builder::new();
        model.preemption_bound = Some(3);
        model.check(|| {
            let mut crew = Crew::new(2, 200).unwrap();
            phase(&mut crew);
        });
    }

    #[test]
    fn loom_an_idle_crew_stops() {
        loom::model(|| drop(Crew::new(2, 200).unwrap()));
    }

    #[test]
    fn loom_one_phase_follows_another() {
        let mut model = loom::model::Builder::new();
        model.preemption_bound = Some(2);
        model.check(|| {
            let mut crew = Crew::new(2, 200).unwrap();
            phase(&mut crew);
            phase(&mut crew);
        });
    }
}
