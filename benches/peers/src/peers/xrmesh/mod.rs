//! xrmesh itself: the same cases, with the same work in the handlers, through the public interface.
//!
//! Its envelope is 64 bytes with 28 bytes of payload inline, where a peer's message has 40; a handler reads all of
//! them and writes all of the next. `xrmesh-40b` carries 40 bytes, which then lie outside the envelope.

mod ask;
mod forward;
mod host;
mod idle;
mod overload;
mod paced;
mod session;

use crate::harness::Peer;
use forward::{Setup, forward, frame_with};
#[cfg(feature = "c")]
pub use host::host_config;
use paced::paced_with;
#[cfg(feature = "c")]
pub use session::{INSTANT_NS, config};
use xrmesh::config::OptimizationLevel;

/// On two threads: the caller of `tick` and one more.
pub const PEER: Peer = Peer {
    forward: Some(forward::plain),
    forward_by_priority: Some(forward::by_priority),
    broadcast: Some(forward::broadcast),
    ask: Some(ask::ask),
    idle: Some(idle::idle),
    host_single: Some(host::lanes),
    host_batched: Some(host::lanes),
    frame: Some(forward::frame),
    paced: Some(paced::paced),
    overload: Some(overload::overload),
    ..Peer::named("xrmesh")
};

/// On the calling thread alone.
pub const ONE_WORKER: Peer = Peer {
    forward: Some(|load, limits| forward::<false, 28>(load, limits, &Setup::one_worker())),
    forward_by_priority: Some(|load, limits| {
        forward::<true, 28>(load, limits, &Setup::one_worker())
    }),
    broadcast: Some(forward::broadcast_alone),
    frame: Some(forward::frame_alone),
    paced: Some(paced::paced_alone),
    overload: Some(overload::overload_alone),
    ..Peer::named("xrmesh-1w")
};

/// Hosts that share the one queue of all handles.
pub const SHARED: Peer = Peer {
    host_single: Some(host::shared),
    host_batched: Some(host::shared),
    ..Peer::named("xrmesh-shared")
};

/// With the least processor time: workers park at once, and only large rounds are shared out.
pub const BASIC: Peer = Peer {
    forward: Some(|load, limits| forward::<false, 28>(load, limits, &at(OptimizationLevel::Basic))),
    frame: Some(|load, limits| frame_with(load, limits, &at(OptimizationLevel::Basic))),
    paced: Some(|load, limits| paced_with(load, limits, &at(OptimizationLevel::Basic))),
    ..Peer::named("xrmesh-basic")
};

/// With the shortest tick: workers look for work for long, and small rounds are shared out too.
pub const MAXIMUM: Peer = Peer {
    forward: Some(|load, limits| {
        forward::<false, 28>(load, limits, &at(OptimizationLevel::Maximum))
    }),
    frame: Some(|load, limits| frame_with(load, limits, &at(OptimizationLevel::Maximum))),
    paced: Some(|load, limits| paced_with(load, limits, &at(OptimizationLevel::Maximum))),
    ..Peer::named("xrmesh-maximum")
};

fn at(level: OptimizationLevel) -> Setup {
    Setup { level, ..Setup::default() }
}

/// Each message with one of ten priorities.
pub const TEN_PRIORITIES: Peer =
    Peer { forward: Some(forward::by_priority), ..Peer::named("xrmesh-prio") };

/// The last 10,000 sends can be explained.
pub const EXPLAIN: Peer = Peer {
    forward: Some(|load, limits| {
        forward::<false, 28>(load, limits, &Setup { explain: 10_000, ..Setup::default() })
    }),
    ..Peer::named("xrmesh-explain")
};

/// Mesh time passes as frames at 90 Hz, so that each tick's first messages are a frame old, and late.
pub const LATE: Peer = Peer {
    forward: Some(|load, limits| {
        forward::<false, 28>(load, limits, &Setup { late: true, ..Setup::default() })
    }),
    ..Peer::named("xrmesh-late")
};

/// Payloads of 40 bytes: too many for the envelope, so each lies in a pooled block.
pub const FORTY_BYTES: Peer = Peer {
    forward: Some(|load, limits| forward::<false, 40>(load, limits, &Setup::default())),
    ..Peer::named("xrmesh-40b")
};

/// The session is recorded, with a state hash each tick, which reads all agents and all mail.
pub const RECORD: Peer = Peer {
    forward: Some(|load, limits| {
        forward::<false, 28>(load, limits, &Setup { record: Some(1), ..Setup::default() })
    }),
    ..Peer::named("xrmesh-record")
};

/// Recorded with a state hash every 90 ticks, one a second at 90 Hz.
pub const RECORD_SPARSELY: Peer = Peer {
    forward: Some(|load, limits| {
        forward::<false, 28>(load, limits, &Setup { record: Some(90), ..Setup::default() })
    }),
    ..Peer::named("xrmesh-record-90")
};
