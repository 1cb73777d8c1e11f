//! The memory, from the host's side.

use std::borrow::Cow;

use crate::agent::view::Attached;
use crate::memory::{
    MemoryAnswer, MemoryCommand, MemoryRefused, PublishError, Published, SpatialMemory,
};
use crate::mesh::record::Event;
use crate::mesh::{Mesh, RegisterError};

/// Why the host's change of the memory was refused. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MemoryChangeError {
    /// The mesh has no memory.
    #[error("the mesh has no memory: attach one")]
    NoMemory,
    /// The memory refused it.
    #[error(transparent)]
    Refused(#[from] MemoryRefused),
}

/// The memory.
impl Mesh {
    /// Attaches the memory that agents see ([`Context::memory`](crate::Context::memory)) and change
    /// ([`Context::change_memory`](crate::Context::change_memory)); gives back the one that was there.
    ///
    /// From now on its state belongs to the mesh's: the state hash covers it, and each tick ends by
    /// publishing it at the tick's time. Like agent types it belongs to what a session is made of: a
    /// [`Replay`](crate::Replay) needs an equal one, attached by the closure that registers the
    /// types. While a session is recorded none can be attached.
    ///
    /// ```
    /// use xrmesh::memory::{MemoryConfig, SpatialMemory};
    /// use xrmesh::{Config, Mesh};
    ///
    /// let mut mesh = Mesh::new(Config::default())?;
    /// let mut memory = SpatialMemory::new(MemoryConfig::default())?;
    /// memory.class("chair")?;
    /// mesh.attach_memory(memory)?;
    /// assert!(mesh.memory().is_some_and(|memory| memory.is_empty()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`RegisterError::Recorded`].
    pub fn attach_memory(
        &mut self,
        memory: SpatialMemory,
    ) -> Result<Option<SpatialMemory>, RegisterError> {
        if self.recorder.is_some() {
            return Err(RegisterError::Recorded { name: "a memory".into() });
        }
        let attached = Box::new(Attached::new(memory));
        Ok(self.engine.view.memory.replace(attached).map(|attached| attached.memory))
    }

    /// Takes the memory out of the mesh, to export it or to close its store; agents have none then.
    ///
    /// # Errors
    /// [`RegisterError::Recorded`]: finish the recording first.
    pub fn detach_memory(&mut self) -> Result<Option<SpatialMemory>, RegisterError> {
        if self.recorder.is_some() {
            return Err(RegisterError::Recorded { name: "a memory".into() });
        }
        Ok(self.engine.view.memory.take().map(|attached| attached.memory))
    }

    /// The memory, if one is attached. Its [`reader`](SpatialMemory::reader) takes snapshots on any
    /// thread while the mesh goes on.
    #[must_use]
    pub fn memory(&self) -> Option<&SpatialMemory> {
        self.engine.view.memory.as_ref().map(|attached| &attached.memory)
    }

    /// The memory, for what a host does between ticks beside changing what it holds: flushing its
    /// store, subscribing, exporting. Changes belong to [`change_memory`](Self::change_memory): those
    /// that are made here are in no recording; a recording notes that there were some, and its replay
    /// ends there with [`ReplayError::Unrecorded`](crate::ReplayError::Unrecorded).
    pub fn memory_mut(&mut self) -> Option<&mut SpatialMemory> {
        self.engine.view.memory.as_mut().map(|attached| &mut attached.memory)
    }

    /// Changes the memory at once. Observations were made at the time of the last tick.
    ///
    /// # Errors
    /// [`MemoryChangeError`].
    pub fn change_memory(
        &mut self,
        command: &MemoryCommand,
    ) -> Result<MemoryAnswer, MemoryChangeError> {
        self.note_unrecorded();
        let now = self.engine.view.now;
        let attached = self.engine.view.memory.as_mut().ok_or(MemoryChangeError::NoMemory)?;
        let answer = attached.memory.obey(command, now)?;
        attached.memory.settle();
        attached.account();
        self.note(Event::Memory { command: Cow::Borrowed(command), answer: answer.to_bits() });
        Ok(answer)
    }

    /// What came of publishing the memory at the end of the last tick; `None` before the first with a
    /// memory. Agents see the memory as it is also where a state could not be published.
    #[must_use]
    pub fn memory_published(&self) -> Option<&Result<Published, PublishError>> {
        self.engine.view.memory.as_ref().and_then(|attached| attached.published.as_ref())
    }
}
