//! What a command pays on its way into the mesh, a wake-up, and a phase of the crew.
//!
//! The structures are private to the library, so their files are compiled into this bench. All
//! values are 64 bytes on a cache line of their own, as commands are. Transfers have a thread for
//! each sender and drain on this one: they need three cores to themselves to be steady, and on
//! fewer they show mostly the scheduler; `one_thread` shows the structures' own work.
#![expect(clippy::expect_used, clippy::disallowed_methods, reason = "a bench: it reads the clock")]

#[expect(dead_code, unused_imports, reason = "a bench uses a part, and none of the tests")]
#[path = "../src/dispatch/crew/mod.rs"]
mod crew;
#[expect(dead_code, unused_imports, reason = "a bench uses a part, and none of the tests")]
#[path = "../src/lane/mod.rs"]
mod lane;
#[path = "../src/sync.rs"]
mod sync;

use std::hint::{black_box, spin_loop};
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};

use crew::Crew;
use lane::refusal::PushError;
use lane::shared::shared;
use lane::signal::signal;
use lane::spsc::ring;

#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Command([u64; 8]);

const CAPACITY: usize = 4096;
const BATCH: usize = 32;
const DRAIN: usize = 256;

/// What the mesh's end does with a command here: it reads one word.
fn look(front: lane::slots::Front<'_, Command>) {
    front.look(|command| black_box(command.0[0]));
}

/// Patience of a side that finds the queue full or empty: spins, then gives the core away.
struct Patience(u32);

impl Patience {
    fn wait(&mut self) {
        self.0 += 1;
        if self.0 < 64 { spin_loop() } else { thread::yield_now() }
    }
}

fn send_singly(count: u64, mut push: impl FnMut(Command) -> Result<(), PushError<Command>>) {
    for value in 0..count {
        let (mut command, mut patience) = (Command([value; 8]), Patience(0));
        while let Err(refused) = push(command) {
            command = refused.into_value();
            patience.wait();
        }
    }
}

fn send_batched(count: u64, mut push: impl FnMut(&mut Vec<Command>) -> usize) {
    let (mut batch, mut sent, mut patience) = (Vec::with_capacity(BATCH), 0, Patience(0));
    while sent < count || !batch.is_empty() {
        while batch.len() < BATCH && sent < count {
            batch.push(Command([sent; 8]));
            sent += 1;
        }
        match push(&mut batch) {
            0 => patience.wait(),
            _ => patience = Patience(0),
        }
    }
}

/// The time until `drain` has taken `count` values from each of two sending threads.
fn transfer<S: FnOnce(u64) + Send>(
    count: u64,
    senders: [S; 2],
    mut drain: impl FnMut() -> usize,
) -> Duration {
    let start = Barrier::new(3);
    thread::scope(|scope| {
        for sender in senders {
            let start = &start;
            scope.spawn(move || {
                start.wait();
                sender(count);
            });
        }
        start.wait();
        let (begin, mut taken, mut patience) = (Instant::now(), 0, Patience(0));
        while taken < 2 * count {
            match drain() {
                0 => patience.wait(),
                some => (taken, patience) = (taken + some as u64, Patience(0)),
            }
        }
        begin.elapsed()
    })
}

fn two_producers(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("two_producers");
    group.throughput(Throughput::Elements(2));
    group.bench_function("a_lane_each", |bench| {
        bench.iter_custom(|count| {
            let (a, mut from_a) = ring(CAPACITY).expect("a capacity within limits");
            let (b, mut from_b) = ring(CAPACITY).expect("a capacity within limits");
            let send = |mut lane: lane::spsc::Producer<Command>| {
                move |count| send_singly(count, |command| lane.push(command))
            };
            transfer(count, [send(a), send(b)], || {
                from_a.drain_front(DRAIN, look) + from_b.drain_front(DRAIN, look)
            })
        })
    });
    group.bench_function("a_lane_each_batched", |bench| {
        bench.iter_custom(|count| {
            let (a, mut from_a) = ring(CAPACITY).expect("a capacity within limits");
            let (b, mut from_b) = ring(CAPACITY).expect("a capacity within limits");
            let send = |mut lane: lane::spsc::Producer<Command>| {
                move |count| send_batched(count, |batch| lane.push_batch(batch))
            };
            transfer(count, [send(a), send(b)], || {
                from_a.drain_front(DRAIN, look) + from_b.drain_front(DRAIN, look)
            })
        })
    });
    group.bench_function("shared", |bench| {
        bench.iter_custom(|count| {
            let (sender, mut receiver) = shared(CAPACITY).expect("a capacity within limits");
            let send = |sender: lane::shared::Sender<Command>| {
                move |count| send_singly(count, |command| sender.push(command))
            };
            transfer(count, [send(sender.clone()), send(sender)], || {
                receiver.drain_front(DRAIN, look)
            })
        })
    });
    group.bench_function("shared_batched", |bench| {
        bench.iter_custom(|count| {
            let (sender, mut receiver) = shared(CAPACITY).expect("a capacity within limits");
            let send = |sender: lane::shared::Sender<Command>| {
                move |count| send_batched(count, |batch| sender.push_batch(batch))
            };
            transfer(count, [send(sender.clone()), send(sender)], || {
                receiver.drain_front(DRAIN, look)
            })
        })
    });
    group.finish();
}

fn one_thread(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("one_thread");
    group.throughput(Throughput::Elements(BATCH as u64));
    let (mut producer, mut consumer) = ring(CAPACITY).expect("a capacity within limits");
    group.bench_function("lane", |bench| {
        bench.iter(|| {
            send_singly(BATCH as u64, |command| producer.push(command));
            consumer.drain_front(BATCH, look)
        })
    });
    // Somebody waits now and then, so that the waker pays its fence.
    let (waker, mut sleeper) = signal();
    sleeper.wait(None, || true);
    group.bench_function("lane_and_wake", |bench| {
        bench.iter(|| {
            send_singly(BATCH as u64, |command| {
                let pushed = producer.push(command);
                waker.wake();
                pushed
            });
            consumer.drain_front(BATCH, look)
        })
    });
    let (sender, mut receiver) = shared(CAPACITY).expect("a capacity within limits");
    group.bench_function("shared", |bench| {
        bench.iter(|| {
            send_singly(BATCH as u64, |command| sender.push(command));
            receiver.drain_front(BATCH, look)
        })
    });
    let mut batch = Vec::with_capacity(BATCH);
    group.bench_function("shared_batched", |bench| {
        bench.iter(|| {
            batch.extend((0..BATCH as u64).map(|value| Command([value; 8])));
            sender.push_batch(&mut batch);
            receiver.drain_front(BATCH, look)
        })
    });
    group.finish();
}

/// From a push to the sleeping thread's answer and back: two wake-ups.
fn wake(criterion: &mut Criterion) {
    criterion.bench_function("wake_there_and_back", |bench| {
        bench.iter_custom(|count| {
            let (mut ask, mut asked) = ring(1).expect("a capacity within limits");
            let (mut answer, mut answered) = ring(1).expect("a capacity within limits");
            let (wake_there, mut there) = signal();
            let (wake_here, mut here) = signal();
            thread::scope(|scope| {
                scope.spawn(move || {
                    for _ in 0..count {
                        while asked.pop().is_none() {
                            there.wait(None, || asked.ready() > 0);
                        }
                        answer.push(()).expect("the answer before was taken");
                        wake_here.wake();
                    }
                });
                let begin = Instant::now();
                for _ in 0..count {
                    ask.push(()).expect("the question before was taken");
                    wake_there.wake();
                    while answered.pop().is_none() {
                        here.wait(None, || answered.ready() > 0);
                    }
                }
                begin.elapsed()
            })
        })
    });
}

fn phases(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("crew_phase_of_64");
    for workers in [1, 2] {
        let mut crew = Crew::new(workers, 200).expect("threads");
        group.bench_function(format!("{workers}_workers_empty"), |bench| {
            bench.iter(|| {
                let work = |_, item| _ = black_box(Command([item as u64; 8]).0[0]);
                crew.run(64, 1, &work).is_ok()
            })
        });
        group.bench_function(format!("{workers}_workers_busy_items"), |bench| {
            bench.iter(|| {
                let work = |_, item: usize| {
                    let mut state = item as u64;
                    for _ in 0..2_000 {
                        state = black_box(state.wrapping_mul(6364136223846793005).wrapping_add(1));
                    }
                };
                crew.run(64, 1, &work).is_ok()
            })
        });
    }
    group.finish();
}

criterion_group!(benches, one_thread, two_producers, wake, phases);
criterion_main!(benches);
