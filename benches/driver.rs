//! How long a parked driver takes from a send to the handler, and what a call costs.
//!
//! `wake` is the whole way: push, unpark, the scheduler, a tick, the handler. Before each send the
//! driver is left alone until it sleeps, and a little longer. The printed line has the percentiles;
//! beside it stands the same for two bare threads, a `park` and an `unpark`: what the system takes,
//! interleaved with the driver's. A machine whose cores are busy shows the scheduler instead.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench: it reads the clock, shares a stamp and prints"
)]

use std::hint::spin_loop;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use xrmesh::{Agent, Config, Context, Driver, DriverOptions, Envelope, Fault, Kind, Mesh, Message};

/// When something came: nanoseconds after a common origin; 0 for not yet.
#[derive(Clone)]
struct Arrival(Arc<AtomicU64>, Instant);

impl Arrival {
    fn new() -> Self {
        Self(Arc::default(), Instant::now())
    }

    fn mark(&self) {
        self.0.store(self.1.elapsed().as_nanos() as u64, Ordering::Release);
    }

    /// Time from `send` to the mark that it leads to. Looks for it without giving the core away,
    /// unless there is but one.
    fn after(&self, send: impl FnOnce()) -> Duration {
        self.0.store(0, Ordering::Relaxed);
        let begun = self.1.elapsed();
        send();
        loop {
            match self.0.load(Ordering::Acquire) {
                0 => spin_loop(),
                at => return Duration::from_nanos(at).saturating_sub(begun),
            }
        }
    }
}

struct Probe(Arrival);

impl Agent for Probe {
    fn on_message(&mut self, _: &mut Context<'_>, _: &Envelope<'_>) -> Result<(), Fault> {
        self.0.mark();
        Ok(())
    }
}

/// Waits until the driver sleeps, and a little longer.
fn settle(driver: &Driver) {
    let mut sleeps = 0;
    while driver.report().sleeps != sleeps {
        sleeps = driver.report().sleeps;
        thread::sleep(Duration::from_micros(300));
    }
}

fn percentiles(name: &str, times: &mut [Duration]) {
    times.sort_unstable();
    let at = |share: f64| times[(times.len() as f64 * share) as usize].as_nanos() as f64 / 1000.0;
    println!(
        "{name}: p10 {:.1} µs, p50 {:.1} µs, p90 {:.1} µs, p99 {:.1} µs of {} wakes",
        at(0.10),
        at(0.50),
        at(0.90),
        at(0.99),
        times.len()
    );
}

fn wake(c: &mut Criterion) {
    let arrival = Arrival::new();
    let probe = Probe(arrival.clone());
    let mesh = Mesh::new(Config::default()).unwrap();
    let driver = Driver::start(mesh, DriverOptions::on_demand()).unwrap();
    let probe = driver.with(|mesh| mesh.spawn(probe).unwrap()).unwrap();
    let (handle, mut lane) = (driver.handle(), driver.handle().lane().unwrap());
    let ping = Message::new(Kind::user(0));

    let (stop, bare) = (Arc::new(AtomicBool::new(false)), Arrival::new());
    let parked = {
        let (stop, bare) = (Arc::clone(&stop), bare.clone());
        thread::spawn(move || {
            while !stop.load(Ordering::Acquire) {
                thread::park();
                bare.mark();
            }
        })
    };

    let (mut by_handle, mut by_lane, mut by_thread) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..500 {
        settle(&driver);
        by_handle.push(arrival.after(|| handle.send(probe, ping).unwrap()));
        settle(&driver);
        by_lane.push(arrival.after(|| lane.send(probe, ping).unwrap()));
        thread::sleep(Duration::from_micros(300));
        by_thread.push(bare.after(|| parked.thread().unpark()));
    }
    stop.store(true, Ordering::Release);
    parked.thread().unpark();
    parked.join().unwrap();
    println!();
    percentiles("driver/wake/handle", &mut by_handle);
    percentiles("driver/wake/lane", &mut by_lane);
    percentiles("bare park and unpark", &mut by_thread);

    let mut group = c.benchmark_group("driver");
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    group.bench_function("wake", |bencher| {
        bencher.iter_custom(|count| {
            (0..count)
                .map(|_| {
                    settle(&driver);
                    arrival.after(|| handle.send(probe, ping).unwrap())
                })
                .sum()
        });
    });
    group.bench_function("call", |bencher| {
        bencher.iter(|| driver.with(|mesh| mesh.agents()).unwrap());
    });
    group.finish();
}

/// What [`Mesh::next_due`] costs before each sleep.
fn next_due(c: &mut Criterion) {
    let mut mesh = Mesh::new(Config::default()).unwrap();
    for _ in 0..1000 {
        mesh.spawn(Probe(Arrival::new())).unwrap();
    }
    mesh.tick(xrmesh::Time::ZERO, xrmesh::Budget::unlimited()).unwrap();
    c.bench_function("driver/next_due", |bencher| bencher.iter(|| mesh.next_due()));
}

criterion_group!(benches, wake, next_due);
criterion_main!(benches);
