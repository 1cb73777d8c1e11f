//! A thread that ticks a mesh for a host without a frame loop. The one file that reads the clock.
//!
//! 1. The thread owns the mesh. Others reach it through handles and lanes, or have a closure run
//!    between two ticks ([`Driver::with`]).
//! 2. Time for the mesh is the thread's monotonic clock. It begins at the mesh's last tick, so a mesh
//!    that was ticked before goes on from there, and never goes back.
//! 3. Idle, it is parked: on demand until a send, a call or the next time that something is due
//!    ([`Mesh::next_due`]); at a rate until the next tick.
//! 4. Sends wake it through the lanes' signal (`lane/signal.rs`), and only where it ticks on demand; at
//!    a rate they pay nothing. Calls and stopping set their mark first, then unpark the thread, whose
//!    token is kept; the loop looks at both marks before it sleeps.
//! 5. A panic ends the driver and nothing else. The mesh may have been half changed then, so it is
//!    dropped and not given back; its handles say that it is closed.
#![expect(clippy::disallowed_methods, reason = "the driver gives the mesh its time")]

mod options;

pub use options::{DriverError, DriverOptions, StartError};

use core::any::Any;
use core::fmt;
use core::time::Duration;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle, Thread};
use std::time::Instant;

use crate::mesh::{Mesh, MeshHandle, TickReport};
use crate::sync::{AtomicBool, Ordering};
use crate::time::{Clock, Time, saturating_nanos};
use options::Pace;

/// A thread that ticks a mesh.
///
/// ```
/// use xrmesh::{Agent, Config, Context, Driver, DriverOptions, Envelope, Fault, Kind, Mesh, Message};
///
/// struct Log(Vec<u8>);
/// impl Agent for Log {
///     fn on_message(&mut self, _: &mut Context<'_>, envelope: &Envelope<'_>) -> Result<(), Fault> {
///         self.0.extend_from_slice(envelope.bytes());
///         Ok(())
///     }
/// }
///
/// let driver = Driver::start(Mesh::new(Config::default())?, DriverOptions::on_demand())?;
/// let log = driver.with(|mesh| mesh.spawn(Log(Vec::new())))??;
/// driver.handle().send(log, Message::new(Kind::user(0)).bytes(b"hello"))?;
/// # while driver.report().last.is_none_or(|tick| tick.delivered == 0) { std::thread::yield_now(); }
/// let mesh = driver.stop()?;
/// assert_eq!(mesh.with_agent(log, |log: &Log| log.0.clone()), Some(b"hello".to_vec()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Dropping it stops and joins the thread, and drops the mesh. Agents must not own their own driver.
pub struct Driver {
    shared: Arc<Shared>,
    calls: SyncSender<Call>,
    handle: MeshHandle,
    clock: SystemClock,
    unparker: Thread,
    thread: Option<JoinHandle<Result<Mesh, DriverError>>>,
}

/// What a driver did so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DriverReport {
    /// The latest tick's report.
    pub last: Option<TickReport>,
    /// Ticks done.
    pub ticks: u64,
    /// Ticks at a rate that had not ended when the next was due.
    pub late: u64,
    /// Ticks at a rate that were left out because a later one was due already.
    pub skipped: u64,
    /// Calls done: see [`Driver::with`].
    pub calls: u64,
    /// How often it slept.
    pub sleeps: u64,
}

type Call = Box<dyn FnOnce(&mut Mesh) + Send>;

/// Calls that wait; the callers of more wait for a place.
const MOST_CALLS: usize = 64;

struct Shared {
    stop: AtomicBool,
    report: Mutex<DriverReport>,
    /// Why it ended, if it was not told to.
    fault: Mutex<Option<DriverError>>,
}

impl Driver {
    /// Starts a thread that ticks `mesh`.
    ///
    /// # Errors
    /// [`StartError`], which holds the mesh, with [`DriverError::Rate`], [`DriverError::NoBudget`],
    /// [`DriverError::Name`] or [`DriverError::Thread`].
    pub fn start(mesh: Mesh, options: DriverOptions) -> Result<Self, StartError> {
        let refused = |mesh, reason| StartError { reason, mesh: Box::new(mesh) };
        if let Err(reason) = options.check() {
            return Err(refused(mesh, reason));
        }
        let clock = SystemClock::starting_at(mesh.last.unwrap_or(Time::ZERO));
        let shared = Arc::new(Shared {
            stop: AtomicBool::new(false),
            report: Mutex::new(DriverReport::default()),
            fault: Mutex::new(None),
        });
        let (calls, waiting) = sync_channel(MOST_CALLS);
        // The mesh follows when there is a thread to take it.
        let (give, take) = sync_channel(1);
        let (name, served) = (options.name.as_ref().into(), Arc::clone(&shared));
        let body = move || match take.recv() {
            Ok(mesh) => Work { clock, options, shared: served, report: DriverReport::default() }
                .serve(mesh, waiting),
            Err(_) => Err(DriverError::Thread { reason: "it got no mesh".into() }),
        };
        let thread = match thread::Builder::new().name(name).spawn(body) {
            Ok(thread) => thread,
            Err(error) => {
                let reason = error.to_string().into();
                return Err(refused(mesh, DriverError::Thread { reason }));
            }
        };
        let (handle, unparker) = (mesh.handle(), thread.thread().clone());
        // The thread waits for this and nothing else, so it is there to take it.
        let _ = give.send(mesh);
        Ok(Self { shared, calls, handle, clock, unparker, thread: Some(thread) })
    }

    /// A handle to the mesh.
    #[must_use]
    pub fn handle(&self) -> MeshHandle {
        self.handle.clone()
    }

    /// The mesh's time at present, for deadlines and delays.
    #[must_use]
    pub fn now(&self) -> Time {
        self.clock.now()
    }

    /// What it did so far. While it has more to do this may be one tick behind.
    #[must_use]
    pub fn report(&self) -> DriverReport {
        *hold(&self.shared.report)
    }

    /// Runs `call` on the driver's thread between two ticks and waits for its result. Calls run in the
    /// order of their coming, at most 64 between two ticks.
    ///
    /// # Errors
    /// [`DriverError::OwnThread`]; [`DriverError::Panicked`] if the call panicked, which ends the
    /// driver, or if the driver has ended before.
    pub fn with<R: Send + 'static>(
        &self,
        call: impl FnOnce(&mut Mesh) -> R + Send + 'static,
    ) -> Result<R, DriverError> {
        if self.is_own_thread() {
            return Err(DriverError::OwnThread);
        }
        let (answer, result) = sync_channel(1);
        let call = move |mesh: &mut Mesh| match catch_unwind(AssertUnwindSafe(|| call(mesh))) {
            // The caller waits for it, so it is taken.
            Ok(result) => drop(answer.send(Ok(result))),
            Err(panic) => {
                drop(answer.send(Err(panicked(&*panic))));
                resume_unwind(panic)
            }
        };
        self.calls.send(Box::new(call)).map_err(|_| self.fault())?;
        self.unparker.unpark();
        result.recv().map_err(|_| self.fault())?
    }

    /// Stops the thread after the tick or call that it is at, and gives the mesh back. What waits in
    /// the mesh and in its queues stays there: it can be ticked on, or given to another driver.
    ///
    /// # Errors
    /// [`DriverError::Panicked`] or [`DriverError::Tick`] if that ended the driver: the mesh is gone
    /// then. [`DriverError::OwnThread`]: the driver stops later, and the mesh is dropped.
    pub fn stop(mut self) -> Result<Mesh, DriverError> {
        self.join()
    }

    fn is_own_thread(&self) -> bool {
        thread::current().id() == self.unparker.id()
    }

    fn join(&mut self) -> Result<Mesh, DriverError> {
        self.shared.stop.store(true, Ordering::Release);
        let Some(thread) = self.thread.take() else { return Err(self.fault()) };
        if self.is_own_thread() {
            return Err(DriverError::OwnThread);
        }
        self.unparker.unpark();
        thread.join().unwrap_or_else(|panic| {
            let error = panicked(&*panic);
            core::mem::forget(panic);
            Err(error)
        })
    }

    /// Why the thread is gone.
    fn fault(&self) -> DriverError {
        let fault = hold(&self.shared.fault).clone();
        fault.unwrap_or_else(|| DriverError::Panicked { message: "its thread is gone".into() })
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if self.thread.is_some() {
            drop(self.join());
        }
    }
}

impl fmt::Debug for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver").field("report", &self.report()).finish_non_exhaustive()
    }
}

/// The thread's side.
struct Work {
    clock: SystemClock,
    options: DriverOptions,
    shared: Arc<Shared>,
    report: DriverReport,
}

impl Work {
    fn serve(mut self, mut mesh: Mesh, calls: Receiver<Call>) -> Result<Mesh, DriverError> {
        let fault = match catch_unwind(AssertUnwindSafe(|| self.run(&mut mesh, &calls))) {
            Ok(Ok(())) => {
                self.publish();
                return Ok(mesh);
            }
            Ok(Err(fault)) => fault,
            Err(panic) => {
                let fault = panicked(&*panic);
                core::mem::forget(panic);
                fault
            }
        };
        self.publish();
        // Before the calls that wait are dropped, whose callers then ask why.
        *hold(&self.shared.fault) = Some(fault.clone());
        // Dropping what is half changed, agents among it, may panic too.
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop(mesh))) {
            core::mem::forget(panic);
        }
        Err(fault)
    }

    fn run(&mut self, mesh: &mut Mesh, calls: &Receiver<Call>) -> Result<(), DriverError> {
        let period = match self.options.pace {
            Pace::OnDemand => None,
            Pace::Rate(hertz) => Some(saturating_nanos(Duration::from_secs_f64(1.0 / hertz))),
        };
        let mut next = self.clock.now();
        loop {
            for call in calls.try_iter().take(MOST_CALLS) {
                self.report.calls += 1;
                call(mesh);
            }
            if self.shared.stop.load(Ordering::Acquire) {
                if let Some(sleeper) = &mut mesh.inbox.sleeper {
                    sleeper.rest();
                }
                return Ok(());
            }
            // A call may have ticked the mesh ahead of the clock.
            let clock = self.clock.now();
            let now = mesh.last.map_or(clock, |last| last.max(clock));
            match period {
                Some(_) if clock < next => self.sleep(|| thread::park_timeout(next.since(clock))),
                Some(period) => {
                    self.tick(mesh, now)?;
                    next = self.schedule(next, period);
                }
                None => match mesh.next_due() {
                    Some(due) if due <= now => self.tick(mesh, now)?,
                    due => self.sleep(|| wait(mesh, due.map(|due| due.since(now)))),
                },
            }
        }
    }

    fn tick(&mut self, mesh: &mut Mesh, now: Time) -> Result<(), DriverError> {
        let report = mesh.tick(now, self.options.allowed.budget(&self.clock))?;
        self.report.ticks += 1;
        self.report.last = Some(report);
        // A reader holds the lock for a copy's time, but may be put to sleep meanwhile. The report is
        // published again before the driver sleeps.
        if let Ok(mut shared) = self.shared.report.try_lock() {
            *shared = self.report;
        }
        Ok(())
    }

    /// The time of the tick after the one that was due at `due` and has just been done.
    fn schedule(&mut self, due: Time, period: i64) -> Time {
        let period_after = |due: Time, periods: i64| {
            Time::from_nanos(due.as_nanos().saturating_add(period.saturating_mul(periods)))
        };
        let (next, now) = (period_after(due, 1), self.clock.now());
        if now < next {
            return next;
        }
        let skipped = saturating_nanos(now.since(next)) / period;
        self.report.late += 1;
        self.report.skipped += skipped.unsigned_abs();
        period_after(next, skipped)
    }

    fn sleep(&mut self, park: impl FnOnce()) {
        self.report.sleeps += 1;
        self.publish();
        park();
    }

    fn publish(&self) {
        *hold(&self.shared.report) = self.report;
    }
}

/// Parks until a send, an unparking or the end of `timeout`.
fn wait(mesh: &mut Mesh, timeout: Option<Duration>) {
    // Taken from the mesh each time: a call may have put another in its place.
    if let Some(mut sleeper) = mesh.inbox.sleeper.take() {
        let inbox = &mut mesh.inbox;
        sleeper.wait(timeout, || inbox.is_ready());
        inbox.sleeper = Some(sleeper);
    }
}

fn panicked(panic: &(dyn Any + Send)) -> DriverError {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    DriverError::Panicked { message: text.unwrap_or("a value that is no text").into() }
}

fn hold<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The system's monotonic clock, from an origin at its creation.
///
/// ```
/// use std::time::Duration;
/// use xrmesh::{Budget, Clock, Config, Mesh, SystemClock};
/// let clock = SystemClock::new();
/// let mut mesh = Mesh::new(Config::default())?;
/// mesh.tick(clock.now(), Budget::time(Duration::from_micros(800), &clock))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    begun: Instant,
    origin: Time,
}

impl SystemClock {
    /// A clock that shows [`Time::ZERO`] now.
    #[must_use]
    pub fn new() -> Self {
        Self::starting_at(Time::ZERO)
    }

    /// A clock that shows `origin` now.
    #[must_use]
    pub fn starting_at(origin: Time) -> Self {
        Self { begun: Instant::now(), origin }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    #[inline]
    fn now(&self) -> Time {
        self.origin + self.begun.elapsed()
    }
}
