//! The state hash.

use crate::agent::StateHasher;
use crate::dispatch::engine::Engine;
use crate::message::{Envelope, Stamp};

/// The hash of everything that decides what the mesh does next: clock, roster and agents in slot
/// order with their poses, interests and links, all mail in the order of its delivery, and the vectors
/// that wait for processors, and the memory.
/// O(agents + mail + objects).
pub(crate) fn state_hash(engine: &Engine) -> u64 {
    let (mut hasher, view) = (StateHasher::new(), &engine.view);
    hasher.u64(view.tick);
    hasher.u64(view.round);
    hasher.u64(view.now.as_nanos() as u64);
    hasher.u32(view.roster.live());
    for id in view.roster.iter() {
        hasher.u64(id.to_bits());
        let pose = view.roster.pose(id.slot());
        hasher.bool(pose.is_some());
        if let Some(pose) = pose {
            hasher.pose(&pose);
        }
        engine.read(view.layout.shard(id.slot())).hash_agent(view.layout, id.slot(), &mut hasher);
        let links = view.links.of(id.slot());
        hasher.u32(links.len() as u32);
        links.iter().for_each(|link| hasher.u32(link.slot << 1 | u32::from(link.pinned)));
    }
    for (topic, subscribers) in view.interests.iter() {
        hasher.u64(topic.to_bits());
        hasher.u32(subscribers.len() as u32);
        for (id, region) in subscribers {
            hasher.u64(id.to_bits());
            hash_bounds(&mut hasher, region.as_deref());
        }
    }
    for shard in 0..engine.shard_count() {
        hash_mail(&mut hasher, engine, shard);
    }
    #[cfg(feature = "photonic")]
    engine.processors.hash(&mut hasher);
    if let Some(attached) = &view.memory {
        attached.memory.hash_state(&mut hasher);
    }
    hasher.finish()
}

fn hash_mail(hasher: &mut StateHasher, engine: &Engine, shard: usize) {
    let shard = engine.read(shard);
    let counters = &shard.outbox.counters;
    hasher.u64(counters.sent());
    hasher.u64(counters.delivered());
    counters.dropped_by_reason().for_each(|(_, count)| hasher.u64(count));
    shard.queue.for_each_chunk(|level, since, chunk| {
        for envelope in chunk.envelopes().filter(|envelope| !envelope.packet.is_buried()) {
            hasher.u64(since << 4 | level as u64);
            hash_envelope(hasher, &envelope);
        }
    });
    shard.incoming().for_each(|envelope| hash_envelope(hasher, &envelope));
    shard.outbox.timer.for_each(|at, due| {
        hasher.u64(at.as_nanos() as u64);
        match due {
            Ok(packet) => {
                let stamp = Stamp { round: 0, sent_at: at };
                hash_envelope(hasher, &Envelope { packet, stamp, beside: &[] });
            }
            Err(agent) => hasher.u64(agent.to_bits()),
        }
    });
    for (asker, deadline) in shard.outbox.asks.iter() {
        hasher.u64(asker.to_bits());
        hasher.u64(deadline.as_nanos() as u64);
    }
    for (id, phase, health, quarantined, lost) in shard.outbox.ward.iter(engine.view.now) {
        hasher.u64(id.to_bits());
        hasher.bytes(&[phase as u8, health.code(), u8::from(quarantined), u8::from(lost)]);
    }
}

fn hash_envelope(hasher: &mut StateHasher, envelope: &Envelope<'_>) {
    let packet = envelope.packet;
    hasher.u64(envelope.id().to_bits());
    hasher.u64(envelope.sent_at().as_nanos() as u64);
    hasher.u32(packet.target_slot);
    hasher.u32(packet.target_generation);
    hasher.u64(packet.from.map_or(0, crate::AgentId::to_bits));
    hasher.u32(packet.correlation);
    hasher.bytes(&[packet.priority.number(), packet.flags(), envelope.hops()]);
    hasher.u32(u32::from(packet.kind.to_bits()));
    hasher.u64(envelope.deadline().map_or(u64::MAX, |at| at.as_nanos() as u64));
    hasher.u32(envelope.bytes().len() as u32);
    hasher.bytes(envelope.bytes());
}

fn hash_bounds(hasher: &mut StateHasher, region: Option<&crate::space::Region>) {
    hasher.bool(region.is_some());
    if let Some(region) = region {
        let bounds = region.bounds();
        for value in bounds.low().to_array().into_iter().chain(bounds.high().to_array()) {
            hasher.f32(value);
        }
    }
}
