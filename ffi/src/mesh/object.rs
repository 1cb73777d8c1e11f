//! What a mesh's handle stands for.
//!
//! 1. One thread at a time: the state is behind a lock that is only ever tried, so a second thread
//!    gets `XRMESH_ERROR_BUSY` and nobody waits.
//! 2. A panic while it is held leaves the mesh half changed: from then on it accepts nothing but its
//!    destroy, and neither do its senders and lanes.
//! 3. While a driver ticks the mesh, it is the driver's; the frame is handed over on request.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, TryLockError};

use xrmesh::{Driver, HealthEvent, Mesh, MeshHandle};

use crate::failure::{Failure, fail};
use crate::handle::{self, Kind, Object, Pinned, xrmesh_mesh};
use crate::host::frame::Frame;
use crate::host::frames::Frames;
use crate::mesh::lease::Lease;
use crate::status::*;
use crate::sync::{AtomicBool, Ordering};

/// A mesh and what the host's side keeps beside it.
pub(crate) struct MeshObject {
    state: Mutex<MeshState>,
    /// For senders, lanes and whoever does not need the state.
    pub(crate) gate: Gate,
}

/// What other threads' ways into the mesh need.
#[derive(Clone)]
pub(crate) struct Gate {
    pub(crate) handle: MeshHandle,
    poisoned: Arc<AtomicBool>,
}

/// What one thread at a time may use.
pub(crate) struct MeshState {
    pub(crate) run: Run,
    pub(crate) frames: Arc<Frames>,
    /// Taken from the frames and not polled yet.
    pub(crate) ready: Frame,
    pub(crate) leases: Vec<Arc<Lease>>,
    /// Health events that the host has not taken.
    pub(crate) health: VecDeque<HealthEvent>,
    /// Whether callbacks may run on workers' threads.
    pub(crate) callbacks_anywhere: bool,
    /// Whether it has agents with callbacks that may not.
    pub(crate) callbacks_here: bool,
    /// Whether it was recorded to functions of the host.
    pub(crate) writer_here: bool,
    /// Messages that found the frame full, since the last poll.
    pub(crate) lost: u64,
    /// How often a memory came or went: who has a handle to the one before is told.
    pub(crate) memories: u64,
}

/// Who ticks the mesh.
pub(crate) enum Run {
    /// The host.
    Here(Box<Mesh>),
    /// A driver.
    Driven(Driver),
    /// Nobody: its driver took it along.
    Gone,
}

impl Object for MeshObject {
    const KIND: Kind = Kind::Mesh;
}

impl MeshObject {
    pub(crate) fn new(mesh: Mesh, frames: Arc<Frames>, callbacks_anywhere: bool) -> Self {
        Self::resumed(mesh, frames, Frame::default(), callbacks_anywhere, false)
    }

    /// One that has a past: messages that were not polled, and maybe callbacks.
    pub(crate) fn resumed(
        mesh: Mesh,
        frames: Arc<Frames>,
        ready: Frame,
        callbacks_anywhere: bool,
        callbacks_here: bool,
    ) -> Self {
        let gate = Gate { handle: mesh.handle(), poisoned: Arc::new(AtomicBool::new(false)) };
        let state = MeshState {
            run: Run::Here(Box::new(mesh)),
            frames,
            ready,
            leases: Vec::new(),
            health: VecDeque::new(),
            callbacks_anywhere,
            callbacks_here,
            writer_here: false,
            lost: 0,
            memories: 0,
        };
        Self { state: Mutex::new(state), gate }
    }

    /// The state, for this thread alone.
    pub(crate) fn enter(&self) -> Result<Access<'_>, Failure> {
        self.gate.check()?;
        let state = match self.state.try_lock() {
            Ok(state) => state,
            Err(TryLockError::WouldBlock) => {
                fail!(XRMESH_ERROR_BUSY, "another thread is in a function of this mesh")
            }
            Err(TryLockError::Poisoned(_)) => return Err(panicked()),
        };
        let access = Access { state, poisoned: &self.gate.poisoned };
        crate::inject::point(crate::inject::HELD);
        Ok(access)
    }
}

impl Gate {
    /// Whether the mesh may still be used.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        if self.poisoned.load(Ordering::Acquire) { Err(panicked()) } else { Ok(()) }
    }
}

#[cold]
fn panicked() -> Failure {
    Failure::new(
        XRMESH_ERROR_PANIC,
        "the library panicked in an earlier call on this mesh, which now only accepts its destroy",
    )
}

/// The state while a thread has it.
pub(crate) struct Access<'a> {
    state: MutexGuard<'a, MeshState>,
    poisoned: &'a AtomicBool,
}

impl core::ops::Deref for Access<'_> {
    type Target = MeshState;
    fn deref(&self) -> &MeshState {
        &self.state
    }
}

impl core::ops::DerefMut for Access<'_> {
    fn deref_mut(&mut self) -> &mut MeshState {
        &mut self.state
    }
}

impl Drop for Access<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.poisoned.store(true, Ordering::Release);
        }
    }
}

impl MeshState {
    /// The mesh, if no driver has it.
    pub(crate) fn mesh(&mut self) -> Result<&mut Mesh, Failure> {
        match &mut self.run {
            Run::Here(mesh) => Ok(mesh),
            Run::Driven(_) => fail!(
                XRMESH_ERROR_DRIVEN,
                "a driver ticks this mesh: halt it, or use a sender or a lane"
            ),
            Run::Gone => fail!(XRMESH_ERROR_DRIVER, "the driver ended and took the mesh along"),
        }
    }
}

/// The mesh of a handle.
pub(crate) fn pin(mesh: xrmesh_mesh) -> Result<Pinned<MeshObject>, Failure> {
    handle::pin(mesh.bits)
}

/// The shape of most functions of a mesh: look it up, enter it, act on it.
pub(crate) fn with<R>(
    mesh: xrmesh_mesh,
    act: impl FnOnce(&mut Mesh) -> Result<R, Failure>,
) -> Result<R, Failure> {
    let object = pin(mesh)?;
    let mut state = object.enter()?;
    act(state.mesh()?)
}
