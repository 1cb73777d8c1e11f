//! Payloads beside their envelopes: they arrive as they were sent, and their bytes come back.
#![expect(clippy::unwrap_used, reason = "a test's helpers may fail it")]

mod support;

use support::{config, tick};
use xrmesh::{
    Agent, AgentId, BESIDE_BYTES, Budget, Context, Envelope, Fault, INLINE_BYTES, Kind, Mailbox,
    Mesh, Message, Overflow, Pose, Priority, SpawnOptions, Time, Vec3,
};

const AGENTS: u32 = 600;

/// Passes each message on with other lengths, priorities and extras, and checks what it gets.
struct Passer {
    others: Vec<AgentId>,
    turn: u32,
    wrong: u32,
    refused: u32,
    extras: bool,
}

/// What a payload of that length holds: so a receiver can tell what it must be.
fn content(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at * 7 + length * 13) as u8).collect()
}

fn length_of(turn: u32) -> usize {
    [0, 1, INLINE_BYTES, INLINE_BYTES + 1, 40, 64, 200, BESIDE_BYTES, BESIDE_BYTES + 1, 700]
        [turn as usize % 10]
}

impl Passer {
    fn pass(&mut self, context: &mut Context<'_>) {
        self.turn = self.turn.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let turn = self.turn >> 8;
        let bytes = content(length_of(turn));
        let priority = Priority::new((turn / 10 % 10) as u8 + 1).unwrap();
        let mut message = Message::new(Kind::user(1)).bytes(&bytes).priority(priority);
        if self.extras && turn.is_multiple_of(3) {
            let x = bytes.len() as f32;
            let pose = Pose::at(Vec3::new(x, 0.0, 0.0)).unwrap();
            message = message.pose(pose).deadline(Time::from_nanos(1 << 60));
        }
        let to = self.others[turn as usize / 100 % self.others.len()];
        self.refused += u32::from(context.send(to, message).is_err());
    }
}

impl Agent for Passer {
    fn on_message(
        &mut self,
        context: &mut Context<'_>,
        envelope: &Envelope<'_>,
    ) -> Result<(), Fault> {
        let right = envelope.bytes() == content(envelope.bytes().len())
            && envelope.pose().is_none_or(|pose| {
                pose.position() == Vec3::new(envelope.bytes().len() as f32, 0.0, 0.0)
            });
        self.wrong += u32::from(!right);
        self.pass(context);
        Ok(())
    }
}

/// Many ticks of `in_flight` messages; says how many were delivered.
fn run(workers: u32, extras: bool, in_flight: usize, budget: Budget<'_>, mailbox: Mailbox) -> u64 {
    let mut config = config(AGENTS, workers);
    // 1 MiB of payloads: bytes that did not come back would soon be missed.
    config.performance.memory_pool_size = 1;
    config.limits.max_payload_bytes = 4_096;
    let mut mesh = Mesh::new(config).unwrap();
    let generation = mesh.config().generation_salt();
    let others: Vec<_> = (0..AGENTS).map(|slot| AgentId::new(slot, generation)).collect();
    for index in 0..AGENTS {
        let agent = Passer { others: others.clone(), turn: index, wrong: 0, refused: 0, extras };
        let id = mesh.spawn_with(agent, SpawnOptions::new().mailbox(mailbox)).unwrap();
        assert_eq!(id, others[index as usize]);
    }
    let mut delivered = 0;
    for milliseconds in 0..400 {
        let pending = mesh.counters().pending() as usize;
        for index in pending..in_flight {
            let bytes = content(length_of(index as u32));
            let message = Message::new(Kind::user(1)).bytes(&bytes);
            mesh.send(others[index % others.len()], message).unwrap();
        }
        delivered += tick(&mut mesh, milliseconds, budget).delivered;
    }
    for &id in &others {
        let (wrong, refused) =
            mesh.with_agent(id, |agent: &Passer| (agent.wrong, agent.refused)).unwrap();
        assert_eq!((wrong, refused), (0, 0), "{id}");
    }
    delivered
}

const WIDE: Mailbox = Mailbox { capacity: 10_000, overflow: Overflow::RejectNew };

#[test]
fn payloads_of_all_lengths_and_priorities_arrive_and_give_their_bytes_back() {
    for (workers, extras) in [(1, false), (2, true)] {
        assert!(run(workers, extras, 1_000, Budget::unlimited(), WIDE) > 1_000_000);
    }
}

#[test]
fn so_they_do_where_a_budget_cuts() {
    assert_eq!(run(2, true, 1_000, Budget::messages(313), WIDE), 313 * 400);
}

#[test]
fn so_they_do_where_mailboxes_overflow() {
    for overflow in [Overflow::RejectNew, Overflow::DropOldest, Overflow::DropLeastUrgent] {
        let mailbox = Mailbox { capacity: 1, overflow };
        assert!(run(2, true, 1_000, Budget::messages(200), mailbox) > 50_000);
    }
}
