//! xrmesh through its C interface: agents whose handlers are C functions (`c/agents.c`), hosts that call `xrmesh.h`.
//!
//! The same meshes, configurations and loads as `xrmesh` and `xrmesh-1w`, the same 28 bytes read and written by each handler, the
//! same ticks. What is there besides is the interface: a handler is called by its pointer with a message of 88
//! bytes, and what it sends comes as an `xrmesh_send` of 120.
#![expect(unsafe_code, reason = "calls C")]

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use crossbeam::utils::Backoff;
use xrmesh::{AgentId, Config};
use xrmesh_ffi::handle::{xrmesh_lane, xrmesh_mesh};
use xrmesh_ffi::mesh::create::{
    XRMESH_MESH_CALLBACKS_ON_ANY_THREAD, xrmesh_mesh_create, xrmesh_mesh_destroy,
    xrmesh_mesh_options, xrmesh_mesh_options_default,
};
use xrmesh_ffi::mesh::sender::xrmesh_mesh_lane;
use xrmesh_ffi::mesh::state::{xrmesh_counters, xrmesh_counters_default, xrmesh_mesh_counters};

use super::xrmesh::{INSTANT_NS, config};
use crate::case::{Agents, Forward, Host};
use crate::clock::Clock;
use crate::harness::{Failure, Limits, Peer, Sample};
use crate::watch::Watch;

/// On two threads: the caller of `xrmesh_mesh_tick` and one more, both of which call the C functions.
pub const PEER: Peer = Peer {
    forward: Some(|load, limits| forward(load, limits, 2, FORWARD)),
    forward_by_priority: Some(|load, limits| forward(load, limits, 2, FORWARD_BY_PRIORITY)),
    broadcast: Some(|load, limits| broadcast(load, limits, 2)),
    host_single: Some(host),
    host_batched: Some(host),
    frame: Some(|load, limits| frame(load, limits, 2)),
    ..Peer::named("xrmesh-c")
};

/// On the calling thread alone.
pub const ONE_WORKER: Peer = Peer {
    forward: Some(|load, limits| forward(load, limits, 1, FORWARD)),
    forward_by_priority: Some(|load, limits| forward(load, limits, 1, FORWARD_BY_PRIORITY)),
    broadcast: Some(|load, limits| broadcast(load, limits, 1)),
    frame: Some(|load, limits| frame(load, limits, 1)),
    ..Peer::named("xrmesh-c-1w")
};

/// What an agent in C is, and what it knows.
#[derive(Clone, Copy)]
#[repr(C)]
struct BenchAgent {
    count: u64,
    checksum: u64,
    random: u64,
    first_agent: u64,
    agents: u32,
    kind: u32,
}

const FORWARD: u32 = 0;
const FORWARD_BY_PRIORITY: u32 = 1;
const DELIVER: u32 = 2;

// Defined in c/agents.c.
unsafe extern "C" {
    fn bench_spawn(mesh: xrmesh_mesh, agents: *mut BenchAgent, count: u32, ids: *mut u64) -> i32;
    fn bench_send(mesh: xrmesh_mesh, stamp: u64, count: u32, to: u64) -> i32;
    fn bench_tick(mesh: xrmesh_mesh, now_ns: i64, delivered: *mut u64) -> i32;
    fn bench_produce(
        lane: xrmesh_lane,
        to: u64,
        batch: u32,
        phase: *const AtomicU8,
        sent: *mut u64,
    ) -> i32;
}

fn worked(status: i32) -> Result<(), Failure> {
    if status >= 0 {
        Ok(())
    } else {
        Err(Failure::broken(format!("the C interface gave {status}")))
    }
}

/// A mesh, its time, and its agents in C, which live in one array.
struct Session {
    mesh: xrmesh_mesh,
    now_ns: i64,
    agents: Box<[BenchAgent]>,
    ids: Vec<u64>,
}

impl Drop for Session {
    fn drop(&mut self) {
        // SAFETY: takes a handle, whatever it is; nothing else uses the agents' memory afterwards.
        unsafe { xrmesh_mesh_destroy(self.mesh) };
    }
}

impl Session {
    fn start(config: &Config, agents: usize, kind: u32) -> Result<Self, Failure> {
        let text = config.to_json().map_err(Failure::broken)?;
        let generation: NonZeroU32 = config.generation_salt();
        let first_agent = AgentId::new(0, generation).to_bits();
        let agent = |index: usize| BenchAgent {
            count: 0,
            checksum: 0,
            random: (index as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1,
            first_agent,
            agents: agents as u32,
            kind,
        };
        let mut session = Self {
            mesh: xrmesh_mesh::default(),
            now_ns: 0,
            agents: (0..agents).map(agent).collect(),
            ids: vec![0; agents],
        };
        let mut options = core::mem::MaybeUninit::<xrmesh_mesh_options>::uninit();
        // SAFETY: the first call fills the options; the configuration's bytes live for the second.
        unsafe {
            xrmesh_mesh_options_default(options.as_mut_ptr());
            let mut options = options.assume_init();
            options.config = text.as_ptr().cast();
            options.config_len = text.len() as u32;
            options.flags = XRMESH_MESH_CALLBACKS_ON_ANY_THREAD;
            worked(xrmesh_mesh_create(&raw const options, &raw mut session.mesh))?;
        }
        let (states, ids) = (session.agents.as_mut_ptr(), session.ids.as_mut_ptr());
        // SAFETY: as many as are told; the agents' memory stays until the mesh is destroyed.
        worked(unsafe { bench_spawn(session.mesh, states, agents as u32, ids) })?;
        let follows = |(index, &id): (usize, &u64)| id == first_agent + index as u64;
        if !session.ids.iter().enumerate().all(follows) {
            return Err(Failure::broken("the agents' ids do not follow each other"));
        }
        Ok(session)
    }

    fn send(&self, stamp: u64, count: usize, to: u64) -> Result<(), Failure> {
        // SAFETY: numbers only.
        worked(unsafe { bench_send(self.mesh, stamp, count as u32, to) })
    }

    fn tick(&mut self) -> Result<u64, Failure> {
        self.now_ns += INSTANT_NS;
        let mut delivered = 0;
        // SAFETY: the count is written to.
        worked(unsafe { bench_tick(self.mesh, self.now_ns, &raw mut delivered) })?;
        Ok(delivered)
    }

    fn tick_of(&mut self, expected: u64) -> Result<u64, Failure> {
        match self.tick()? {
            handled if handled == expected => Ok(handled),
            handled => Err(Failure::Lost { sent: expected, handled }),
        }
    }

    /// What the C functions counted, against the mesh's account.
    fn check(&self) -> Result<u64, Failure> {
        let handled: u64 = self.agents.iter().map(|agent| agent.count).sum();
        std::hint::black_box(self.agents.iter().fold(0, |sum, agent| sum ^ agent.checksum));
        let mut counters = core::mem::MaybeUninit::<xrmesh_counters>::uninit();
        // SAFETY: the first call fills them, the second reads their size and writes them.
        let counters = unsafe {
            xrmesh_counters_default(counters.as_mut_ptr());
            worked(xrmesh_mesh_counters(self.mesh, counters.as_mut_ptr()))?;
            counters.assume_init()
        };
        match counters.delivered {
            sent if sent == handled => Ok(handled),
            sent => Err(Failure::Lost { sent, handled }),
        }
    }
}

fn seeded(load: &Forward, config: &Config, kind: u32) -> Result<Session, Failure> {
    let session = Session::start(config, load.agents, kind)?;
    for stamp in 0..load.in_flight {
        session.send(stamp as u64, 1, session.ids[stamp % load.agents])?;
    }
    Ok(session)
}

fn forward(load: &Forward, limits: &Limits, workers: u32, kind: u32) -> Result<Sample, Failure> {
    let config = config(load.agents, workers);
    let per_tick = load.in_flight as u64 * u64::from(config.processing.rounds_per_tick);
    let mut session = seeded(load, &config, kind)?;
    let (count, interval, _) = Watch::run(limits, || session.tick_of(per_tick))?;
    session.check()?;
    Ok(Sample::throughput(count, interval))
}

fn broadcast(load: &Agents, limits: &Limits, workers: u32) -> Result<Sample, Failure> {
    let mut session = Session::start(&config(load.0, workers), load.0, DELIVER)?;
    // Agents spawned by the host get broadcasts from their first tick on.
    session.tick_of(0)?;
    let per_tick = load.broadcasts_per_round();
    let mut stamp = 1;
    let (count, interval, _) = Watch::run(limits, || {
        session.send(stamp, per_tick, 0)?;
        stamp += per_tick as u64;
        session.tick_of((per_tick * load.0) as u64)
    })?;
    session.check()?;
    Ok(Sample::throughput(count, interval))
}

fn frame(load: &Agents, limits: &Limits, workers: u32) -> Result<Sample, Failure> {
    let mut config = config(load.0, workers);
    config.processing.rounds_per_tick = 1;
    let load = Forward { agents: load.0, in_flight: load.0, priorities: false };
    let mut session = seeded(&load, &config, FORWARD)?;
    let (_, _, ticks) = Watch::run(limits, || session.tick_of(load.in_flight as u64))?;
    session.check()?;
    Sample::latencies(ticks, 1e-6)
}

const WARM_UP: u8 = 0;
const MEASURE: u8 = 1;
const FINISH: u8 = 2;

/// Two threads in C, each with a lane, and a third that ticks: as `host` of xrmesh.
fn host(load: &Host, limits: &Limits) -> Result<Sample, Failure> {
    let mut session = Session::start(&super::xrmesh::host_config(), 1, DELIVER)?;
    let sink = session.ids[0];
    let mut lanes = [xrmesh_lane::default(); 2];
    for lane in &mut lanes {
        // SAFETY: the handle is written to.
        worked(unsafe { xrmesh_mesh_lane(session.mesh, lane) })?;
    }
    let (phase, ended) = (&AtomicU8::new(WARM_UP), &AtomicU64::new(0));
    let panicked = |_| Failure::broken("a thread panicked");
    let batch = load.batch as u32;
    let (sent, measured, session, interval) = std::thread::scope(|scope| {
        let consuming = scope.spawn(move || {
            let (mut measured, backoff) = (0, Backoff::new());
            loop {
                // Looked at before the tick: whatever was sent until then is taken in by it.
                let last = ended.load(Ordering::Acquire) == 2;
                let counts = phase.load(Ordering::Relaxed) != WARM_UP;
                match session.tick()? {
                    0 if last => return Ok((measured, session)),
                    0 => backoff.snooze(),
                    handled => {
                        backoff.reset();
                        measured += if counts { handled } else { 0 };
                    }
                }
            }
        });
        let producing = lanes.map(|lane| {
            scope.spawn(move || {
                let mut sent = 0;
                // SAFETY: the phase and the count live for the call.
                let status = unsafe { bench_produce(lane, sink, batch, phase, &raw mut sent) };
                ended.fetch_add(1, Ordering::Release);
                worked(status).map(|()| sent)
            })
        });
        std::thread::sleep(limits.warm_up);
        let clock = Clock::start();
        phase.store(MEASURE, Ordering::Relaxed);
        std::thread::sleep(limits.measured);
        phase.store(FINISH, Ordering::Relaxed);
        let mut sent = 0;
        for producer in producing {
            sent += producer.join().map_err(panicked)??;
        }
        let (measured, session): (u64, Session) = consuming.join().map_err(panicked)??;
        Ok::<_, Failure>((sent, measured, session, clock.stop()))
    })?;
    let handled = session.check()?;
    if handled != sent {
        return Err(Failure::Lost { sent, handled });
    }
    Ok(Sample::throughput(measured, interval))
}
