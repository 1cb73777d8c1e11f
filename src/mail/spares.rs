//! What mail is made of and no mail needs just now: a few spares with each worker, the others in a depot
//! that all workers share.
//!
//! Which worker does what is a matter of timing, and any worker may come to do the work of all. Were the
//! spares of each its own, each would need enough for all of the mail, and a busy machine would have it
//! allocate whenever the work falls differently from before. With a depot what is needed is what the mail
//! holds, however the work falls, and [`SPARES`] for each worker. So many are made ahead, between rounds
//! ([`Depot::settle`]): how many is a matter of what was sent, not of timing.
//!
//! A worker goes to the depot once in [`SPARES`]` / 2` spares, and holds its lock while it moves so many
//! pointers. The spares that it has are taken last in first out, and are cached still.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::sync::{AtomicUsize, Ordering};

/// Spares that a worker has at most.
const SPARES: usize = 32;

/// Spares that are moved at once.
const HALF: usize = SPARES / 2;

/// What can be made when there is no spare.
pub(crate) trait Fresh {
    /// How many are counted on to come back: a depot has room for so many at most.
    const MOST: usize = usize::MAX;

    fn fresh() -> Self;
}

/// The spares of one worker.
#[derive(Debug)]
pub(crate) struct Spares<T> {
    here: Vec<T>,
    depot: Arc<Depot<T>>,
    /// Taken since the depot was last settled.
    taken: usize,
}

/// The spares that no worker has.
#[derive(Debug)]
pub(crate) struct Depot<T> {
    stock: Mutex<Stock<T>>,
    /// As many as the stock has free, to be read between rounds without its lock.
    free: AtomicUsize,
}

#[derive(Debug)]
struct Stock<T> {
    free: Vec<T>,
    made: usize,
}

impl<T: Fresh> Spares<T> {
    pub(crate) fn new(depot: &Arc<Depot<T>>) -> Self {
        Self { here: Vec::with_capacity(SPARES), depot: Arc::clone(depot), taken: 0 }
    }

    #[inline]
    pub(crate) fn take(&mut self) -> T {
        self.taken += 1;
        match self.here.pop() {
            Some(spare) => spare,
            None => self.fetch(),
        }
    }

    /// Gives back what was taken here or elsewhere, to be taken again as it is.
    #[inline]
    pub(crate) fn give(&mut self, spare: T) {
        if self.here.len() >= SPARES {
            self.hand_in();
        }
        self.here.push(spare);
    }

    #[cold]
    fn fetch(&mut self) -> T {
        let mut stock = self.depot.lock();
        if stock.free.len() < HALF {
            stock.make(HALF);
        }
        let keep = stock.free.len() - HALF;
        self.here.extend(stock.free.drain(keep..));
        self.depot.free.store(keep, Ordering::Relaxed);
        drop(stock);
        self.here.pop().unwrap_or_else(T::fresh)
    }

    #[cold]
    fn hand_in(&mut self) {
        let mut stock = self.depot.lock();
        let room = stock.free.capacity() - stock.free.len();
        // More than were ever made come back where other threads made some: those are let go.
        stock.free.extend(self.here.drain(HALF..).take(room));
        self.depot.free.store(stock.free.len(), Ordering::Relaxed);
    }

    /// How many were taken since the depot was last settled.
    #[inline]
    pub(crate) fn taken(&self) -> usize {
        self.taken
    }

    /// How many are here.
    pub(crate) fn len(&self) -> usize {
        self.here.len()
    }

    pub(crate) fn capacity(&self) -> usize {
        self.here.capacity()
    }
}

impl<T: Fresh> Depot<T> {
    /// Makes ahead what the depot may be asked for in the next round, if as much is sent as in this one:
    /// to be called between rounds with the spares of all workers.
    ///
    /// Each worker may keep all the spares that it can. Beside that, what mail holds within a round
    /// differs from what it holds between rounds by what the shards take that are worked on at the time.
    pub(crate) fn settle<'a>(&self, workers: impl Iterator<Item = &'a mut Spares<T>>)
    where
        T: 'a,
    {
        let (mut taken, mut spare, mut kept) = (0, 0, 0);
        for worker in workers {
            taken += core::mem::take(&mut worker.taken);
            spare += worker.here.len();
            kept += SPARES;
        }
        if taken == 0 {
            return;
        }
        spare += self.free.load(Ordering::Relaxed);
        if spare < kept + HALF + taken / 4 {
            let mut stock = self.lock();
            // More than that, so that mail which grows a little does not have it make a few each time.
            stock.make(kept + HALF + taken / 2 - spare);
            self.free.store(stock.free.len(), Ordering::Relaxed);
        }
    }

    /// How many are in it, and how many it has room for.
    pub(crate) fn size(&self) -> (usize, usize) {
        let stock = self.lock();
        (stock.free.len(), stock.free.capacity())
    }

    fn lock(&self) -> MutexGuard<'_, Stock<T>> {
        self.stock.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Fresh> Stock<T> {
    fn make(&mut self, more: usize) {
        self.made = self.made.saturating_add(more).min(T::MOST);
        // Room for all that were made: what comes back does not have it grow.
        let room = self.made.max(self.free.len() + more);
        self.free.reserve(room - self.free.len());
        self.free.extend((0..more).map(|_| T::fresh()));
    }
}

impl<T> Default for Depot<T> {
    fn default() -> Self {
        let stock = Mutex::new(Stock { free: Vec::new(), made: 0 });
        Self { stock, free: AtomicUsize::new(0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    thread_local! {
        static MADE: core::cell::Cell<usize> = const { core::cell::Cell::new(0) };
    }

    #[derive(Debug)]
    struct Thing(#[expect(dead_code, reason = "it has a size")] u8);

    impl Fresh for Thing {
        fn fresh() -> Self {
            MADE.set(MADE.get() + 1);
            Self(1)
        }
    }

    /// Rounds of mail that is as much each time, but worked on by whom it pleases: once a round of each
    /// kind has been, none is made.
    #[test]
    fn nothing_is_made_however_the_work_falls() {
        const MAIL: usize = 1_000;
        let depot = Arc::new(Depot::<Thing>::default());
        let mut workers: Vec<Spares<Thing>> = (0..4).map(|_| Spares::new(&depot)).collect();
        let mut mail: Vec<Thing> = Vec::new();
        let (mut settled, mut seed) = (0, 7_u32);
        for round in 0..1_000 {
            let next: Vec<Thing> = (0..MAIL)
                .map(|at| {
                    // Whole rounds of one worker, and all mixtures of two.
                    seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    let first = (seed >> 30) as usize;
                    let worker = if round % 4 < 3 { round % 3 } else { first };
                    let taker = &mut workers[if at % 3 == 0 { worker } else { first.min(worker) }];
                    if let Some(done) = mail.pop() {
                        taker.give(done);
                    }
                    taker.take()
                })
                .collect();
            mail = next;
            depot.settle(workers.iter_mut());
            if round == 0 {
                settled = MADE.get();
            }
        }
        assert_eq!(MADE.get(), settled);
        assert!(settled < 2 * MAIL, "{settled} for {MAIL}");
    }
}
