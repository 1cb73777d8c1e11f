//! The driver: ticks on demand and at a rate, sleeps when idle, stops in every situation.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]
#![expect(clippy::disallowed_methods, reason = "a driver's tests wait for real time, briefly")]

use std::sync::Arc;
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::{Duration, Instant};

use xrmesh::{
    Agent, AgentId, Budget, Clock, Config, Context, Driver, DriverError, DriverOptions,
    DriverReport, Envelope, Fault, HandleError, Kind, Mesh, Message, SystemClock, Time,
};

/// Longer than anything here takes, however busy the machine.
const PATIENCE: Duration = Duration::from_secs(20);

fn mesh() -> Mesh {
    Mesh::new(Config::default()).unwrap()
}

fn on_demand() -> Driver {
    Driver::start(mesh(), DriverOptions::on_demand()).unwrap()
}

/// Waits until what the driver says is so.
fn until(driver: &Driver, so: impl Fn(DriverReport) -> bool) -> DriverReport {
    let begun = Instant::now();
    loop {
        let report = driver.report();
        if so(report) {
            return report;
        }
        assert!(begun.elapsed() < PATIENCE, "{report:?}");
        thread::sleep(Duration::from_micros(200));
    }
}

fn ping() -> Message<'static> {
    Message::new(Kind::user(0))
}

/// Tells the test what came: the kind, and when by the mesh's time.
struct Probe(Sender<(Kind, Time)>);

impl Agent for Probe {
    fn on_message(
        &mut self,
        context: &mut Context<'_>,
        envelope: &Envelope<'_>,
    ) -> Result<(), Fault> {
        self.0.send((envelope.kind(), context.now())).unwrap();
        Ok(())
    }

    fn on_tick(&mut self, context: &mut Context<'_>) -> Result<(), Fault> {
        self.0.send((Kind::user(99), context.now())).unwrap();
        Ok(())
    }
}

#[test]
fn a_send_through_a_handle_or_a_lane_is_delivered_without_a_tick_of_the_host() {
    let driver = on_demand();
    let (said, heard) = mpsc::channel();
    let probe = driver.with(|mesh| mesh.spawn(Probe(said)).unwrap()).unwrap();
    let (handle, mut lane) = (driver.handle(), driver.handle().lane().unwrap());
    for _ in 0..50 {
        handle.send(probe, ping()).unwrap();
        assert_eq!(heard.recv_timeout(PATIENCE).unwrap().0, Kind::user(0));
        lane.send(probe, Message::new(Kind::user(1))).unwrap();
        assert_eq!(heard.recv_timeout(PATIENCE).unwrap().0, Kind::user(1));
    }
    let mut batch = xrmesh::Batch::new();
    handle.add(&mut batch, probe, ping()).unwrap();
    handle.send_batch(&mut batch).unwrap();
    assert!(heard.recv_timeout(PATIENCE).is_ok());
}

#[test]
fn an_idle_driver_gives_a_closed_lane_s_place_back() {
    let mut config = Config::default();
    config.limits.max_lanes = 2;
    let driver = Driver::start(Mesh::new(config).unwrap(), DriverOptions::on_demand()).unwrap();
    let handle = driver.handle();
    for _ in 0..5 {
        let lanes = (handle.lane().unwrap(), handle.lane().unwrap());
        assert_eq!(handle.lane().unwrap_err(), HandleError::TooManyLanes { limit: 2 });
        thread::sleep(Duration::from_millis(3));
        drop(lanes);
        let begun = Instant::now();
        while driver.with(|mesh| mesh.next_due()).unwrap().is_some() {
            assert!(begun.elapsed() < PATIENCE);
        }
    }
}

#[test]
fn many_threads_send_and_everything_arrives() {
    let driver = on_demand();
    let (said, heard) = mpsc::channel();
    let probe = driver.with(|mesh| mesh.spawn(Probe(said)).unwrap()).unwrap();
    let threads: Vec<_> = (0..3)
        .map(|_| {
            let handle = driver.handle();
            thread::spawn(move || {
                for turn in 0..2_000 {
                    while let Err(error) = handle.send(probe, ping()) {
                        assert!(matches!(error, HandleError::Full { .. }), "{error}");
                        thread::yield_now();
                    }
                    if turn % 100 == 0 {
                        thread::sleep(Duration::from_micros(50));
                    }
                }
            })
        })
        .collect();
    for _ in 0..6_000 {
        heard.recv_timeout(PATIENCE).unwrap();
    }
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    let mesh = driver.stop().unwrap();
    assert_eq!((mesh.counters().delivered(), mesh.counters().pending()), (6_000, 0));
}

#[test]
fn it_wakes_by_itself_for_delayed_mail_wakes_and_timeouts() {
    struct Waits(AgentId);
    impl Agent for Waits {
        fn on_start(&mut self, context: &mut Context<'_>) -> Result<(), Fault> {
            let start = context.now();
            context.send_at(start + Duration::from_millis(20), self.0, ping())?;
            context.ask(self.0, Message::new(Kind::user(7)), Duration::from_millis(40))?;
            context.wake_at(start + Duration::from_millis(60))?;
            Ok(())
        }

        fn on_message(
            &mut self,
            context: &mut Context<'_>,
            envelope: &Envelope<'_>,
        ) -> Result<(), Fault> {
            context.send(self.0, Message::new(envelope.kind()))?;
            Ok(())
        }

        fn on_tick(&mut self, context: &mut Context<'_>) -> Result<(), Fault> {
            context.send(self.0, Message::new(Kind::user(60)))?;
            Ok(())
        }
    }

    let driver = on_demand();
    let (said, heard) = mpsc::channel();
    let begun = driver.now();
    driver
        .with(|mesh| {
            let probe = mesh.spawn(Probe(said)).unwrap();
            mesh.spawn(Waits(probe)).unwrap();
        })
        .unwrap();
    let came: Vec<_> = (0..4).map(|_| heard.recv_timeout(PATIENCE).unwrap()).collect();
    // On a machine that was away for long one tick brings several: in an order of its own.
    let due =
        [(Kind::user(7), 0), (Kind::user(0), 20), (Kind::TIMED_OUT, 40), (Kind::user(60), 60)];
    for (kind, after) in due {
        let &(_, at) = came.iter().find(|&&(came, _)| came == kind).unwrap();
        assert!(at >= begun + Duration::from_millis(after), "{after} ms: {at}");
    }
    // A tick for the start, one for each time, one for the first short sleep, and some for luck.
    assert!(driver.report().ticks < 12, "{:?}", driver.report());
}

#[test]
fn it_wakes_by_itself_to_judge_health() {
    struct Fails;
    impl Agent for Fails {
        fn on_message(&mut self, _: &mut Context<'_>, _: &Envelope<'_>) -> Result<(), Fault> {
            Err(Fault::new(xrmesh::FailureKind::ProcessingError, "planted"))
        }
    }

    let mut config = Config::default();
    config.mesh.health_check_interval = Duration::from_millis(20);
    config.reliability.circuit_breaker_threshold = 50;
    let mut mesh = Mesh::new(config).unwrap();
    let fails = mesh.spawn(Fails).unwrap();
    for _ in 0..100 {
        mesh.send(fails, ping()).unwrap();
    }
    let driver = Driver::start(mesh, DriverOptions::on_demand()).unwrap();
    let begun = Instant::now();
    while driver.with(|mesh| mesh.health_events().next()).unwrap().is_none() {
        assert!(begun.elapsed() < PATIENCE, "{:?}", driver.report());
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn mail_that_a_budget_leaves_is_served_by_further_ticks() {
    let mut mesh = mesh();
    let (said, heard) = mpsc::channel();
    let probe = mesh.spawn(Probe(said)).unwrap();
    for _ in 0..100 {
        mesh.send(probe, ping()).unwrap();
    }
    let options = DriverOptions::on_demand().budget_messages(7);
    let driver = Driver::start(mesh, options).unwrap();
    for _ in 0..100 {
        heard.recv_timeout(PATIENCE).unwrap();
    }
    let report = until(&driver, |report| report.last.is_some_and(|tick| tick.pending == 0));
    assert!((15..40).contains(&report.ticks), "{report:?}");
}

#[test]
fn a_budget_of_time_lets_everything_through() {
    let mut mesh = mesh();
    let (said, heard) = mpsc::channel();
    let probe = mesh.spawn(Probe(said)).unwrap();
    for _ in 0..5_000 {
        mesh.send(probe, ping()).unwrap();
    }
    let options = DriverOptions::on_demand().budget_time(Duration::from_micros(200));
    let driver = Driver::start(mesh, options).unwrap();
    for _ in 0..5_000 {
        heard.recv_timeout(PATIENCE).unwrap();
    }
    assert!(driver.report().ticks >= 1);
}

#[test]
fn it_ticks_at_its_rate() {
    let begun = Instant::now();
    let driver = Driver::start(mesh(), DriverOptions::rate(200.0).name("rate")).unwrap();
    let report = until(&driver, |report| report.ticks >= 40);
    let took = begun.elapsed();
    let done = report.ticks + report.skipped;
    assert!(took >= Duration::from_millis(195) - Duration::from_millis(5), "{took:?}");
    assert!(done as f64 <= took.as_secs_f64() * 200.0 + 2.0, "{report:?} in {took:?}");
}

#[test]
fn late_ticks_are_counted_and_skipped_and_the_grid_kept() {
    let begun = Instant::now();
    let driver = Driver::start(mesh(), DriverOptions::rate(100.0)).unwrap();
    until(&driver, |report| report.ticks >= 3);
    driver.with(|_| thread::sleep(Duration::from_millis(55))).unwrap();
    let report = until(&driver, |report| report.skipped >= 3);
    let took = begun.elapsed();
    assert!(report.late >= 1, "{report:?}");
    let grid = took.as_secs_f64() * 100.0;
    let done = (report.ticks + report.skipped) as f64;
    assert!(done <= grid + 2.0, "{report:?} in {took:?}");
}

#[test]
fn at_a_rate_a_send_wakes_nobody_and_a_call_does() {
    let driver = Driver::start(mesh(), DriverOptions::rate(0.001)).unwrap();
    let (said, heard) = mpsc::channel();
    let probe = driver.with(|mesh| mesh.spawn(Probe(said)).unwrap()).unwrap();
    until(&driver, |report| report.ticks == 1);
    driver.handle().send(probe, ping()).unwrap();
    assert!(heard.recv_timeout(Duration::from_millis(20)).is_err());
    assert_eq!(driver.with(|mesh| mesh.agents()).unwrap(), 1);
    assert_eq!(driver.report().ticks, 1);
}

#[test]
fn the_mesh_comes_back_with_what_waits_and_its_time_goes_on() {
    let driver = Driver::start(mesh(), DriverOptions::rate(0.001)).unwrap();
    let (said, heard) = mpsc::channel();
    let probe = driver.with(|mesh| mesh.spawn(Probe(said)).unwrap()).unwrap();
    until(&driver, |report| report.ticks == 1);
    let handle = driver.handle();
    let later = driver.now() + Duration::from_secs(5);
    handle.send(probe, ping()).unwrap();
    let mut mesh = driver.stop().unwrap();
    handle.send(probe, ping()).unwrap();
    assert_eq!(mesh.tick(later, Budget::unlimited()).unwrap().delivered, 2);

    // The next driver's clock begins where the mesh's time is.
    let driver = Driver::start(mesh, DriverOptions::on_demand()).unwrap();
    assert!(driver.now() >= later);
    handle.send(probe, ping()).unwrap();
    let heard: Vec<_> = (0..3).map(|_| heard.recv_timeout(PATIENCE).unwrap()).collect();
    let at = heard[2].1;
    assert!(at >= later);

    drop(driver);
    assert_eq!(handle.send(probe, ping()), Err(HandleError::Closed));
    assert_eq!(handle.lane().unwrap_err(), HandleError::Closed);
}

#[test]
fn a_call_may_tick_ahead_of_the_clock() {
    let driver = on_demand();
    let (said, heard) = mpsc::channel();
    let ahead = Time::ZERO + Duration::from_secs(3600);
    let probe = driver
        .with(move |mesh| {
            mesh.tick(ahead, Budget::unlimited()).unwrap();
            mesh.spawn(Probe(said)).unwrap()
        })
        .unwrap();
    driver.handle().send(probe, ping()).unwrap();
    assert_eq!(heard.recv_timeout(PATIENCE).unwrap(), (Kind::user(0), ahead));
}

#[test]
fn a_call_may_put_another_mesh_in_place() {
    let driver = on_demand();
    let (said, heard) = mpsc::channel();
    let (handle, probe) = driver
        .with(move |mesh| {
            *mesh = self::mesh();
            (mesh.handle(), mesh.spawn(Probe(said)).unwrap())
        })
        .unwrap();
    assert_eq!(driver.handle().send(probe, ping()), Err(HandleError::Closed));
    for _ in 0..3 {
        thread::sleep(Duration::from_millis(3));
        handle.send(probe, ping()).unwrap();
        assert!(heard.recv_timeout(PATIENCE).is_ok());
    }
}

#[test]
fn calls_from_many_threads_all_run() {
    let driver = Arc::new(on_demand());
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let driver = Arc::clone(&driver);
            thread::spawn(move || {
                for _ in 0..200 {
                    driver.with(|mesh| mesh.spawn(Sink).unwrap()).unwrap();
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert_eq!(driver.with(|mesh| mesh.agents()).unwrap(), 800);
    until(&driver, |report| report.calls == 801);
}

struct Sink;
impl Agent for Sink {
    fn on_message(&mut self, _: &mut Context<'_>, _: &Envelope<'_>) -> Result<(), Fault> {
        Ok(())
    }
}

#[test]
fn another_thread_may_stop_it() {
    let driver = on_demand();
    driver.with(|mesh| mesh.spawn(Sink).unwrap()).unwrap();
    let mesh = thread::spawn(move || driver.stop()).join().unwrap().unwrap();
    assert_eq!(mesh.agents(), 1);
}

#[test]
fn two_drivers_do_not_disturb_each_other() {
    let (one, two) = (on_demand(), Driver::start(mesh(), DriverOptions::rate(500.0)).unwrap());
    let (said, heard) = mpsc::channel();
    let probes = [&one, &two].map(|driver| {
        let said = said.clone();
        driver.with(move |mesh| mesh.spawn(Probe(said)).unwrap()).unwrap()
    });
    for _ in 0..20 {
        one.handle().send(probes[0], ping()).unwrap();
        two.handle().send(probes[1], ping()).unwrap();
        assert!(heard.recv_timeout(PATIENCE).is_ok());
        assert!(heard.recv_timeout(PATIENCE).is_ok());
    }
    drop(one);
    two.handle().send(probes[1], ping()).unwrap();
    assert!(heard.recv_timeout(PATIENCE).is_ok());
    assert_eq!(two.stop().unwrap().counters().delivered(), 21);
}

#[test]
fn it_may_be_dropped_while_busy() {
    /// Never at rest: each message becomes another.
    struct Echo;
    impl Agent for Echo {
        fn on_message(&mut self, context: &mut Context<'_>, _: &Envelope<'_>) -> Result<(), Fault> {
            context.send(context.id(), ping())?;
            Ok(())
        }
    }

    for options in [DriverOptions::on_demand(), DriverOptions::rate(1000.0)] {
        let driver = Driver::start(mesh(), options).unwrap();
        let echo = driver.with(|mesh| mesh.spawn(Echo).unwrap()).unwrap();
        driver.handle().send(echo, ping()).unwrap();
        until(&driver, |report| report.ticks > 20);
        let mut lane = driver.handle().lane().unwrap();
        let (begin, sends) = mpsc::channel();
        let sender = thread::spawn(move || {
            begin.send(()).unwrap();
            while lane.send(echo, ping()) != Err(HandleError::Closed) {
                thread::yield_now();
            }
        });
        sends.recv().unwrap();
        drop(driver);
        sender.join().unwrap();
    }
}

#[test]
fn a_panic_in_a_call_ends_the_driver_and_nothing_else() {
    let driver = on_demand();
    let handle = driver.handle();
    let sink = driver.with(|mesh| mesh.spawn(Sink).unwrap()).unwrap();
    let planted = DriverError::Panicked { message: "planted 7".into() };
    let panic = driver.with(|_| -> () { panic!("planted {}", 7) });
    assert_eq!(panic, Err(planted.clone()));
    let begun = Instant::now();
    while handle.send(sink, ping()) != Err(HandleError::Closed) {
        assert!(begun.elapsed() < PATIENCE);
        thread::yield_now();
    }
    assert_eq!(driver.with(|mesh| mesh.agents()), Err(planted.clone()));
    assert_eq!(driver.stop().unwrap_err(), planted);
}

#[test]
fn a_panic_of_a_drop_after_a_panic_is_held_too() {
    struct Bad;
    impl Agent for Bad {
        fn on_message(&mut self, _: &mut Context<'_>, _: &Envelope<'_>) -> Result<(), Fault> {
            Ok(())
        }
    }
    impl Drop for Bad {
        fn drop(&mut self) {
            panic!("planted in a drop");
        }
    }

    let driver = on_demand();
    driver.with(|mesh| mesh.spawn(Bad).unwrap()).unwrap();
    assert!(driver.with(|_| -> () { std::panic::panic_any(7_u32) }).is_err());
    let message = "a value that is no text".into();
    assert_eq!(driver.stop().unwrap_err(), DriverError::Panicked { message });
}

#[test]
fn a_panic_in_an_agent_leaves_the_driver_alone() {
    struct Bad;
    impl Agent for Bad {
        fn on_message(&mut self, _: &mut Context<'_>, _: &Envelope<'_>) -> Result<(), Fault> {
            panic!("planted in an agent");
        }
    }

    let driver = on_demand();
    let bad = driver.with(|mesh| mesh.spawn(Bad).unwrap()).unwrap();
    driver.handle().send(bad, ping()).unwrap();
    until(&driver, |report| report.last.is_some_and(|tick| tick.dropped == 1));
    assert_eq!(driver.stop().unwrap().counters().dropped_total(), 1);
}

#[test]
fn its_own_thread_cannot_wait_for_itself() {
    let driver = Arc::new(on_demand());
    let inner = Arc::clone(&driver);
    let refused = driver.with(move |_| inner.with(|mesh| mesh.agents())).unwrap();
    assert_eq!(refused, Err(DriverError::OwnThread));
    assert_eq!(driver.with(|mesh| mesh.agents()), Ok(0));
}

#[test]
fn a_driver_dropped_on_its_own_thread_ends_without_waiting() {
    let driver = on_demand();
    let handle = driver.handle();
    let shared = Arc::new(std::sync::Mutex::new(Some(driver)));
    let inner = Arc::clone(&shared);
    let kill = move |_: &mut Mesh| drop(inner.lock().unwrap().take());
    // Through an agent, as a call would hold the driver.
    struct Kill<F: FnMut(&mut Mesh)>(F);
    impl<F: FnMut(&mut Mesh) + Send + 'static> Agent for Kill<F> {
        fn on_message(&mut self, _: &mut Context<'_>, _: &Envelope<'_>) -> Result<(), Fault> {
            (self.0)(&mut mesh());
            Ok(())
        }
    }
    let kill = {
        let driver = shared.lock().unwrap();
        driver.as_ref().unwrap().with(|mesh| mesh.spawn(Kill(kill)).unwrap()).unwrap()
    };
    handle.send(kill, ping()).unwrap();
    let begun = Instant::now();
    while handle.send(kill, ping()) != Err(HandleError::Closed) {
        assert!(begun.elapsed() < PATIENCE);
        thread::yield_now();
    }
}

#[test]
fn wrong_options_are_refused_and_the_mesh_handed_back() {
    let mut mesh = mesh();
    mesh.spawn(Sink).unwrap();
    let rates = [0.0, -1.0, f64::NAN, f64::INFINITY, 1e-6, 2e5];
    let options = rates.map(DriverOptions::rate).into_iter().chain([
        DriverOptions::on_demand().budget_messages(0),
        DriverOptions::on_demand().budget_time(Duration::from_micros(19)),
        DriverOptions::on_demand().name("a\0b"),
    ]);
    for options in options {
        let refused = Driver::start(mesh, options.clone()).unwrap_err();
        match (&refused.reason, options) {
            (DriverError::Rate { least, most, .. }, _) => assert!(*least > 0.0 && most > least),
            (DriverError::NoBudget | DriverError::Name { .. }, _) => {}
            (DriverError::ShortBudget { given, least }, _) => assert!(given < least),
            (other, options) => panic!("{other} for {options:?}"),
        }
        mesh = *refused.mesh;
    }
    assert_eq!(mesh.agents(), 1);
    assert!(Driver::start(mesh, DriverOptions::rate(1e5)).is_ok());
}

#[test]
fn the_clock_does_not_go_back() {
    let clock = SystemClock::starting_at(Time::from_nanos(-5));
    let mut last = clock.now();
    assert!(last >= Time::from_nanos(-5));
    for _ in 0..1000 {
        let now = clock.now();
        assert!(now >= last);
        last = now;
    }
}

/// CPU time of the thread of that name in this process, in clock ticks of 10 ms: fields 14 and 15 of
/// `/proc/self/task/*/stat`, counted behind the name's closing parenthesis (man 5 proc).
#[cfg(target_os = "linux")]
fn cpu_ticks(name: &str) -> Option<u64> {
    for task in std::fs::read_dir("/proc/self/task").ok()? {
        let stat = std::fs::read_to_string(task.ok()?.path().join("stat")).unwrap_or_default();
        let Some((head, tail)) = stat.rsplit_once(')') else { continue };
        if head.ends_with(&format!("({name}")) {
            let field = |index: usize| tail.split_whitespace().nth(index)?.parse::<u64>().ok();
            return Some(field(11)? + field(12)?);
        }
    }
    None
}

#[test]
#[cfg(target_os = "linux")]
fn an_idle_driver_costs_no_cpu_time() {
    let options = DriverOptions::on_demand().name("idle-driver");
    let driver = Driver::start(mesh(), options).unwrap();
    driver.with(|mesh| mesh.spawn(Sink).unwrap()).unwrap();
    // Until it rests: its first ticks are its own affair.
    let begun = Instant::now();
    let mut seen = driver.report();
    loop {
        thread::sleep(Duration::from_millis(50));
        let now = driver.report();
        if now.sleeps > 0 && (now.ticks, now.sleeps) == (seen.ticks, seen.sleeps) {
            break;
        }
        assert!(begun.elapsed() < PATIENCE, "{now:?}");
        seen = now;
    }
    let (before, report) = (cpu_ticks("idle-driver").unwrap(), driver.report());
    thread::sleep(Duration::from_millis(300));
    let (after, later) = (cpu_ticks("idle-driver").unwrap(), driver.report());
    assert_eq!((later.ticks, later.sleeps), (report.ticks, report.sleeps));
    assert!(after - before <= 1, "{} ms of 300", (after - before) * 10);
}
