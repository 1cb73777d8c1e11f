//! What a full mailbox keeps, by each of the three policies.
#![expect(clippy::unwrap_used, reason = "a test's helpers may fail it")]

mod support;

use proptest::prelude::*;
use support::{config, tick};
use xrmesh::{
    Agent, AgentId, Budget, Context, DropReason, Envelope, Fault, Kind, Mailbox, Mesh, Message,
    Overflow, Priority, SpawnOptions, Target,
};

/// Remembers the numbers that it heard.
#[derive(Default)]
struct Log(Vec<u32>);

impl Agent for Log {
    fn on_message(&mut self, _: &mut Context<'_>, envelope: &Envelope<'_>) -> Result<(), Fault> {
        let bytes = envelope.bytes();
        self.0.push(bytemuck::pod_read_unaligned(&bytes[..4]));
        Ok(())
    }
}

/// One mailbox by its definition: what waits, as (priority, number), in the order of sending.
struct Model {
    mailbox: Mailbox,
    waiting: Vec<(u8, u32)>,
    rejected: u64,
    displaced: u64,
}

impl Model {
    fn receive(&mut self, message: (u8, u32)) {
        self.waiting.push(message);
        if self.waiting.len() <= self.mailbox.capacity as usize {
            return;
        }
        let victim = match self.mailbox.overflow {
            Overflow::DropOldest => 0,
            Overflow::DropLeastUrgent => {
                let victim = self.waiting.iter().enumerate().max_by_key(|(_, message)| **message);
                victim.unwrap().0
            }
            _ => self.waiting.len() - 1,
        };
        self.waiting.remove(victim);
        match self.mailbox.overflow {
            Overflow::RejectNew => self.rejected += 1,
            _ => self.displaced += 1,
        }
    }

    /// What is delivered, in its order.
    fn delivered(&mut self) -> Vec<u32> {
        self.waiting.sort_by_key(|&(priority, _)| priority);
        self.waiting.drain(..).map(|(_, number)| number).collect()
    }
}

const POLICIES: [Overflow; 3] =
    [Overflow::RejectNew, Overflow::DropOldest, Overflow::DropLeastUrgent];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Messages come over several ticks without a delivery, broadcasts and pooled payloads among
    /// them; then all that waits is delivered.
    #[test]
    fn each_policy_keeps_what_it_says(
        capacities in prop::collection::vec((1_u32..9, 0_usize..3), 1..6),
        rounds in prop::collection::vec(
            prop::collection::vec((1_u8..11, prop::option::of(0_usize..6), any::<bool>()), 0..20),
            1..6,
        ),
        deliver in prop::collection::vec(any::<bool>(), 6),
        many in any::<bool>(),
    ) {
        let mut config = config(if many { 1000 } else { 100 }, 1);
        config.processing.rounds_per_tick = 1;
        config.processing.ageing_ticks = 60_000;
        let mut mesh = Mesh::new(config).unwrap();
        let mut agents: Vec<(AgentId, Model)> = capacities
            .into_iter()
            .map(|(capacity, overflow)| {
                let mailbox = Mailbox { capacity, overflow: POLICIES[overflow] };
                let options = SpawnOptions::new().mailbox(mailbox);
                let id = mesh.spawn_with(Log::default(), options).unwrap();
                (id, Model { mailbox, waiting: Vec::new(), rejected: 0, displaced: 0 })
            })
            .collect();
        let mut expected = vec![Vec::new(); agents.len()];
        let (mut number, mut now) = (0_u32, 0);
        let last = rounds.len() - 1;
        for (round, sends) in rounds.into_iter().enumerate() {
            for (priority, to, large) in sends {
                let mut bytes = number.to_le_bytes().to_vec();
                bytes.resize(if large { 700 } else { 4 }, 7);
                let urgency = Priority::new(priority).unwrap();
                let message = Message::new(Kind::user(0)).priority(urgency).bytes(&bytes);
                match to {
                    Some(to) => {
                        let count = agents.len();
                        let (id, model) = &mut agents[to % count];
                        mesh.send(*id, message).unwrap();
                        model.receive((priority, number));
                    }
                    None => {
                        mesh.send(Target::Everyone, message).unwrap();
                        agents.iter_mut().for_each(|(_, model)| model.receive((priority, number)));
                    }
                }
                number += 1;
            }
            let all = deliver[round] || round == last;
            tick(&mut mesh, now, if all { Budget::unlimited() } else { Budget::messages(0) });
            now += 1;
            let waiting: usize = agents.iter().map(|(_, model)| model.waiting.len()).sum();
            if all {
                for ((_, model), expected) in agents.iter_mut().zip(&mut expected) {
                    expected.extend(model.delivered());
                }
                prop_assert_eq!(mesh.counters().pending(), 0);
            } else {
                prop_assert_eq!(mesh.counters().pending(), waiting as u64);
            }
        }
        for ((id, _), expected) in agents.iter().zip(expected) {
            let heard = mesh.with_agent(*id, |log: &Log| log.0.clone()).unwrap();
            prop_assert_eq!(heard, expected);
        }
        let counters = mesh.counters();
        let sum = |of: fn(&Model) -> u64| agents.iter().map(|(_, model)| of(model)).sum::<u64>();
        prop_assert_eq!(counters.dropped(DropReason::MailboxFull), sum(|model| model.rejected));
        prop_assert_eq!(counters.dropped(DropReason::Displaced), sum(|model| model.displaced));
    }
}
