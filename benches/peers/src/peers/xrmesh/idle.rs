//! Heap bytes of idle agents.

use xrmesh::Message;

use super::forward::{Receiver, spawn};
use super::session::{INLINE, INSTANT_NS, KIND, Session, config, cut};
use crate::case::Agents;
use crate::clock::{count_heap, live_bytes};
use crate::harness::{Failure, Limits, Sample};
use crate::message::{Kind, Message as Numbered, State};

/// Bytes beyond the agents' state, and beyond those of a mesh for one agent: whatever a larger mesh reserves for its
/// agents counts.
pub fn idle(load: &Agents, _: &Limits) -> Result<Sample, Failure> {
    count_heap(true);
    let base = Session::start(config(1, 2), INSTANT_NS).map(|session| {
        let bytes = live_bytes();
        drop(session);
        bytes
    });
    count_heap(true);
    let result = base.and_then(|base| measure(load.0, base));
    count_heap(false);
    result
}

fn measure(agents: usize, base: i64) -> Result<Sample, Failure> {
    let mut session = Session::start(config(agents, 2), INSTANT_NS)?;
    let ids = spawn(&mut session, agents, |index, _| Receiver(State::new(index)))?;
    let table = (ids.capacity() * size_of_val(&ids[0])) as i64;
    let per_agent =
        || (live_bytes() - base - table) as f64 / agents as f64 - size_of::<Receiver>() as f64;
    session.tick()?;
    let fresh = per_agent();
    for &id in &ids {
        let bytes = cut::<INLINE>(&Numbered::new(Kind::Deliver, 0).body);
        session.mesh.send(id, Message::new(KIND).bytes(&bytes)).map_err(Failure::broken)?;
    }
    session.tick_of(agents as u64)?;
    let used = per_agent();
    Ok(Sample { figures: vec![fresh, used], cpu_ns: None })
}
