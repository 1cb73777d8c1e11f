//! The memory between rounds: the one thread that may write it does what agents asked for.

use crate::agent::round::Round;
use crate::dispatch::engine::Engine;
use crate::id::AgentId;
use crate::memory::MemoryCommand;
use crate::message::{Kind, Refused, RefusedCommand};
use crate::time::Time;

impl Engine {
    /// Does what the last round's handlers asked of the memory, in the order of shards and then of
    /// asking.
    pub(crate) fn change_memory(&mut self) {
        let Some(mut attached) = self.view.memory.take() else { return };
        let (now, mut changed) = (self.view.now, false);
        for index in 0..self.shard_count() {
            if self.shard(index).outbox.wishes.list.is_empty() {
                continue;
            }
            changed = true;
            let mut wishes = core::mem::take(&mut self.shard(index).outbox.wishes);
            let mut list = core::mem::take(&mut wishes.list);
            for (agent, command) in list.drain(..) {
                if attached.memory.obey(&command, now).is_err() {
                    self.refuse_change(agent, &command);
                }
                wishes.recycle(command);
            }
            wishes.list = list;
            self.shard(index).outbox.wishes = wishes;
        }
        if changed {
            attached.memory.settle();
            attached.account();
        }
        self.view.memory = Some(attached);
    }

    /// Tells an agent that the memory refused it something.
    #[cold]
    fn refuse_change(&mut self, agent: AgentId, command: &MemoryCommand) {
        if !self.view.roster.lives(agent) {
            return;
        }
        let stamp = self.stamp();
        let (view, shard, pool) = self.parts(self.view.layout.shard(agent.slot()));
        let refused = Refused::new(RefusedCommand::Memory, command.about());
        shard.outbox.row.seal();
        let round = &mut Round { view, stamp, pool };
        shard.outbox.notice(round, agent, Kind::REFUSED, bytemuck::bytes_of(&refused), None);
    }

    /// Ends a tick for the memory's readers: what it changed becomes visible to snapshots.
    pub(crate) fn publish_memory(&mut self, now: Time) {
        if let Some(attached) = &mut self.view.memory {
            attached.published = Some(attached.memory.publish(now));
            attached.memory.settle();
        }
    }
}
