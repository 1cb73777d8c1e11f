//! What a memory's handle stands for: its writer, wherever that is.
//!
//! 1. One thread at a time: the writer is behind a lock that is only ever tried.
//! 2. A memory that was attached to a mesh lives there. Its handle then reaches it through the mesh:
//!    commands become the mesh's, so that a recording holds them, and what is no command is refused
//!    while the session is recorded.
//! 3. Taking snapshots, and flushing from beside, go past the lock.

use std::sync::{Arc, Mutex, MutexGuard};

use xrmesh::memory::{
    Flusher, MemoryAnswer, MemoryCommand, MemoryReader, ObjectId, Observation, SpatialMemory,
};
use xrmesh::{Mesh, Pose, Time};

use crate::failure::{Failure, fail};
use crate::handle::{self, Kind, Object, Pinned, xrmesh_memory, xrmesh_mesh};
use crate::memory::publish::xrmesh_published;
use crate::memory::snapshot::Origin;
use crate::mesh::object;
use crate::mesh::sender::enter;
use crate::status::*;

/// A memory, and what needs no lock.
pub(crate) struct MemoryObject {
    writer: Mutex<Writer>,
    pub(crate) reader: MemoryReader,
    pub(crate) flusher: Option<Flusher>,
    pub(crate) origin: Arc<Origin>,
    /// What opening its store found, as a text.
    pub(crate) recovery: Box<str>,
}

/// What one thread at a time may use.
pub(crate) struct Writer {
    pub(crate) home: Home,
    /// What came of the last publication here.
    pub(crate) published: Option<xrmesh_published>,
    /// Used again by each frame's moves and observations.
    pub(crate) moves: Vec<(ObjectId, Pose)>,
    pub(crate) observations: Vec<Observation>,
}

/// Where the memory is.
pub(crate) enum Home {
    Here(Box<SpatialMemory>),
    /// In a mesh, as long as that counts no other memory since.
    Mesh(xrmesh_mesh, u64),
    /// A replay took it for good.
    Gone,
}

impl Object for MemoryObject {
    const KIND: Kind = Kind::Memory;
}

impl MemoryObject {
    pub(crate) fn new(memory: SpatialMemory, recovery: Box<str>) -> Self {
        let mut made = Self::attached(&memory, xrmesh_mesh::default(), 0);
        made.recovery = recovery;
        if let Ok(writer) = made.writer.get_mut() {
            writer.home = Home::Here(Box::new(memory));
        }
        made
    }

    /// A memory that a mesh has.
    pub(crate) fn attached(memory: &SpatialMemory, mesh: xrmesh_mesh, memories: u64) -> Self {
        Self {
            reader: memory.reader(),
            flusher: memory.flusher(),
            origin: Origin::new(memory.config().clone()),
            recovery: Box::default(),
            writer: Mutex::new(Writer {
                home: Home::Mesh(mesh, memories),
                published: None,
                moves: Vec::new(),
                observations: Vec::new(),
            }),
        }
    }

    /// The writer, for this thread alone.
    pub(crate) fn enter(&self) -> Result<MutexGuard<'_, Writer>, Failure> {
        enter(&self.writer, "memory")
    }
}

impl Writer {
    /// The memory, if nobody else has it.
    pub(crate) fn own(&mut self) -> Result<&mut SpatialMemory, Failure> {
        match &mut self.home {
            Home::Here(memory) => Ok(memory),
            Home::Mesh(..) => fail!(
                XRMESH_ERROR_ATTACHED,
                "the memory is attached to a mesh, which does this itself at each tick's end"
            ),
            Home::Gone => Err(gone()),
        }
    }

    /// The memory, wherever it is.
    pub(crate) fn with<R>(
        &mut self,
        act: impl FnOnce(&mut SpatialMemory) -> Result<R, Failure>,
    ) -> Result<R, Failure> {
        match &mut self.home {
            Home::Here(memory) => act(memory),
            Home::Mesh(mesh, memories) => in_mesh(*mesh, *memories, |mesh| act(attached(mesh)?)),
            Home::Gone => Err(gone()),
        }
    }

    /// Changes the memory in a way that no recording holds.
    pub(crate) fn alter<R>(
        &mut self,
        act: impl FnOnce(&mut SpatialMemory) -> Result<R, Failure>,
    ) -> Result<R, Failure> {
        match &mut self.home {
            Home::Here(memory) => act(memory),
            Home::Mesh(mesh, memories) => in_mesh(*mesh, *memories, |mesh| {
                if mesh.recording().is_some() {
                    fail!(
                        XRMESH_ERROR_RECORDED,
                        "the session is recorded, and a recording cannot hold this change of the memory"
                    );
                }
                let memory = attached(mesh)?;
                let done = act(memory);
                // Agents see it settled.
                memory.view();
                done
            }),
            Home::Gone => Err(gone()),
        }
    }

    /// Changes the memory by a command; observations were made at `now`, or in a mesh at its last
    /// tick.
    pub(crate) fn change(
        &mut self,
        command: &MemoryCommand,
        now: Time,
    ) -> Result<MemoryAnswer, Failure> {
        match &mut self.home {
            Home::Here(memory) => Ok(memory.obey(command, now)?),
            Home::Mesh(mesh, memories) => {
                in_mesh(*mesh, *memories, |mesh| Ok(mesh.change_memory(command)?))
            }
            Home::Gone => Err(gone()),
        }
    }
}

/// The memory of a handle.
pub(crate) fn pin(memory: xrmesh_memory) -> Result<Pinned<MemoryObject>, Failure> {
    handle::pin(memory.bits)
}

/// The shape of most functions of a memory that change nothing: see [`Writer::with`].
pub(crate) fn with<R>(
    memory: xrmesh_memory,
    act: impl FnOnce(&mut SpatialMemory) -> Result<R, Failure>,
) -> Result<R, Failure> {
    pin(memory)?.enter()?.with(act)
}

/// The same where no recording holds what is done: see [`Writer::alter`].
pub(crate) fn alter<R>(
    memory: xrmesh_memory,
    act: impl FnOnce(&mut SpatialMemory) -> Result<R, Failure>,
) -> Result<R, Failure> {
    pin(memory)?.enter()?.alter(act)
}

/// The same for a command: see [`Writer::change`].
pub(crate) fn change(
    memory: xrmesh_memory,
    command: &MemoryCommand,
) -> Result<MemoryAnswer, Failure> {
    pin(memory)?.enter()?.change(command, Time::ZERO)
}

/// The mesh that has a memory.
pub(crate) fn in_mesh<R>(
    mesh: xrmesh_mesh,
    memories: u64,
    act: impl FnOnce(&mut Mesh) -> Result<R, Failure>,
) -> Result<R, Failure> {
    let Ok(held) = object::pin(mesh) else {
        fail!(
            XRMESH_ERROR_CLOSED,
            "the mesh that the memory was attached to is gone, and it with it"
        );
    };
    let mut state = held.enter()?;
    if state.memories != memories {
        return Err(detached());
    }
    act(state.mesh()?)
}

#[cold]
fn detached() -> Failure {
    Failure::new(
        XRMESH_ERROR_NOT_ATTACHED,
        "the memory was taken out of its mesh by another handle",
    )
}

fn attached(mesh: &mut Mesh) -> Result<&mut SpatialMemory, Failure> {
    match mesh.memory_mut() {
        Some(memory) => Ok(memory),
        None => fail!(XRMESH_ERROR_NOT_ATTACHED, "the mesh has no memory"),
    }
}

#[cold]
fn gone() -> Failure {
    Failure::new(XRMESH_ERROR_ATTACHED, "a replay has taken the memory, or it is being closed")
}
