//! What handlers see of the memory, and how they change it.

use crate::agent::command::CommandError;
use crate::agent::context::Context;
use crate::id::AgentId;
use crate::memory::{MemoryCommand, MemoryView, ObjectId, Observation};
use crate::space::Pose;

/// What one shard's agents asked of the memory in this round, in their order. Lists are used again.
#[derive(Debug, Default)]
pub(crate) struct Wishes {
    pub(crate) list: Vec<(AgentId, MemoryCommand)>,
    observations: Vec<Vec<Observation>>,
    moves: Vec<Vec<(ObjectId, Pose)>>,
}

impl Wishes {
    /// Takes the list of a command that was obeyed, to use it again.
    pub(crate) fn recycle(&mut self, command: MemoryCommand) {
        match command {
            MemoryCommand::Observe(mut observations) => {
                observations.clear();
                self.observations.push(observations);
            }
            MemoryCommand::UpdatePoses(mut moves) => {
                moves.clear();
                self.moves.push(moves);
            }
            _ => {}
        }
    }
}

/// What the handler remembers.
impl<'a> Context<'a> {
    /// The memory that the host attached, as it was when the round began, for any query; `None` if
    /// there is none. Keep a [`Workspace`](crate::memory::Workspace) in the agent: then queries
    /// allocate nothing.
    #[inline]
    #[must_use]
    pub fn memory(&self) -> Option<MemoryView<'a>> {
        self.round.view.memory.as_ref().map(|attached| attached.memory.settled())
    }

    /// Changes the memory at the round's end: all commands in the order of shards and then of
    /// giving, so the same on any number of workers. What changed shows from the next round on. Where
    /// the memory refuses a command, the agent gets a [`Kind::REFUSED`](crate::Kind::REFUSED) notice of
    /// [`RefusedCommand::Memory`](crate::RefusedCommand::Memory).
    ///
    /// # Errors
    /// [`CommandError::NoMemory`], [`CommandError::Stopping`], [`CommandError::OutboxFull`].
    pub fn change_memory(&mut self, command: MemoryCommand) -> Result<(), CommandError> {
        self.check_wish()?;
        self.outbox.wishes.list.push((self.me, command));
        Ok(())
    }

    /// Has the memory take in what a detector saw, as one batch: as
    /// [`MemoryCommand::Observe`], without allocating once warmed up.
    ///
    /// # Errors
    /// As for [`change_memory`](Self::change_memory).
    pub fn observe(&mut self, observations: &[Observation]) -> Result<(), CommandError> {
        self.check_wish()?;
        let wishes = &mut self.outbox.wishes;
        let mut list = wishes.observations.pop().unwrap_or_default();
        list.extend_from_slice(observations);
        wishes.list.push((self.me, MemoryCommand::Observe(list)));
        Ok(())
    }

    /// Moves objects of the memory: as [`MemoryCommand::UpdatePoses`], without allocating once
    /// warmed up.
    ///
    /// # Errors
    /// As for [`change_memory`](Self::change_memory).
    pub fn update_poses(&mut self, moves: &[(ObjectId, Pose)]) -> Result<(), CommandError> {
        self.check_wish()?;
        let wishes = &mut self.outbox.wishes;
        let mut list = wishes.moves.pop().unwrap_or_default();
        list.extend_from_slice(moves);
        wishes.list.push((self.me, MemoryCommand::UpdatePoses(list)));
        Ok(())
    }

    fn check_wish(&self) -> Result<(), CommandError> {
        let limit = self.round.view.limits.outbox;
        if self.round.view.memory.is_none() {
            return Err(CommandError::NoMemory);
        }
        if self.stopping {
            return Err(CommandError::Stopping);
        }
        if self.outbox.wishes.list.len() >= limit as usize {
            return Err(CommandError::OutboxFull { limit });
        }
        Ok(())
    }
}
