//! What the memory alone costs: a message is read, one agent's state changed, a message written. No queue, no order
//! by receiver, no thread, no isolation; what any mesh of 64-byte messages pays at least.

use crate::case::Forward;
use crate::harness::{Failure, Limits, Peer, Sample};
use crate::message::{Kind, Message, State};
use crate::watch::Watch;

/// The loop, as a peer.
pub const PEER: Peer = Peer { forward: Some(forward), ..Peer::named("floor") };

fn forward(load: &Forward, limits: &Limits) -> Result<Sample, Failure> {
    let mut states: Vec<State> = (0..load.agents).map(State::new).collect();
    let numbered = |stamp| Message {
        target: (stamp % load.agents) as u64,
        ..Message::new(Kind::Forward, stamp as u64)
    };
    let mut read: Vec<Message> = (0..load.in_flight).map(numbered).collect();
    let mut write = read.clone();
    let agents = load.agents;
    let (count, interval, _) = Watch::run(limits, || {
        for (message, next) in read.iter().zip(&mut write) {
            let Some(state) = states.get_mut(message.target as usize) else { continue };
            state.take(&message.body);
            let (target, body) = (state.pick(agents) as u64, state.body());
            *next = Message { target, stamp: message.stamp + 1, body, ..*message };
        }
        std::mem::swap(&mut read, &mut write);
        Ok(load.in_flight as u64)
    })?;
    std::hint::black_box(&states);
    Ok(Sample::throughput(count, interval))
}
