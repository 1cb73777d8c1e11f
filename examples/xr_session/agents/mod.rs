//! The agents of the session, a file each.
//!
//! 1. An agent learns of the world by messages and from the memory that they share, of the room's
//!    scan from the [`Surroundings`] that its factory holds, and of nothing else: two sessions of one recording are the same bit for
//!    bit, on any number of threads.
//! 2. Each is registered by name and made from bytes, so that a session can be recorded, replayed,
//!    and an agent that panicked restarted.
//! 3. What an agent holds is bounded, and its reserve is taken once: a frame allocates nothing.

mod anchor;
mod character;
mod classifier;
mod collaboration;
mod interaction;
mod mapper;
mod peer;
mod physics;
mod rendering;
mod tracker;

use std::sync::Arc;

use xrmesh::memory::SpatialMemory;
use xrmesh::{AgentId, FailureKind, Fault, Mesh, RegisterError, StateHasher, Vec3, read_plain};

pub(crate) use anchor::Anchors;
pub(crate) use character::{Character, CharacterSetup};
pub(crate) use classifier::{ClassifierSetup, DigitReader};
pub(crate) use collaboration::Collaboration;
pub(crate) use interaction::{Interaction, InteractionSetup};
pub(crate) use mapper::Mapper;
pub(crate) use peer::{Peer, PeerSetup};
pub(crate) use physics::{Physics, Touch};
pub(crate) use rendering::{Rendering, RenderingSetup};
pub(crate) use tracker::Tracker;

use crate::processor::{PROCESSOR, Trained};
use crate::remember::Classes;
use crate::surroundings::Surroundings;

/// The names that the types are registered, recorded and spawned by.
pub(crate) const ANCHORS: &str = "anchors";
pub(crate) const TRACKER: &str = "tracker";
pub(crate) const MAPPER: &str = "mapper";
pub(crate) const INTERACTION: &str = "interaction";
pub(crate) const PHYSICS: &str = "physics";
pub(crate) const RENDERING: &str = "rendering";
pub(crate) const COLLABORATION: &str = "collaboration";
pub(crate) const PEER: &str = "peer";
pub(crate) const CHARACTER: &str = "character";
pub(crate) const CLASSIFIER: &str = "classifier";

/// Seconds between two frames.
pub(crate) const FRAME_S: f32 = 1.0 / 90.0;

/// Registers all types, and attaches the memory that they share.
pub(crate) fn register(
    mesh: &mut Mesh,
    room: &Arc<Surroundings>,
    memory: SpatialMemory,
) -> Result<(), RegisterError> {
    mesh.attach_memory(memory)?;
    let (shared, classes) = (|| Arc::clone(room), Classes::of(room));
    mesh.register(ANCHORS, move |_| Ok::<_, Fault>(Anchors::new(classes)))?;
    mesh.register(TRACKER, move |_| Ok::<_, Fault>(Tracker::new(classes)))?;
    let scan = shared();
    mesh.register(MAPPER, move |_| Ok::<_, Fault>(Mapper::new(Arc::clone(&scan))))?;
    mesh.register(INTERACTION, |bytes| read_plain(bytes).map(Interaction::new))?;
    let scan = shared();
    mesh.register(PHYSICS, move |bytes| Physics::new(Arc::clone(&scan), bytes))?;
    let scan = shared();
    mesh.register(RENDERING, move |bytes| {
        read_plain(bytes).map(|setup| Rendering::new(setup, classes))
    })?;
    mesh.register(COLLABORATION, |_| Ok::<_, Fault>(Collaboration::new()))?;
    mesh.register(PEER, |bytes| read_plain(bytes).map(Peer::new))?;
    mesh.register(CHARACTER, move |bytes| {
        read_plain(bytes).map(|setup| Character::new(setup, Arc::clone(&scan)))
    })
}

/// Adds the processor and registers the type that thinks with it.
pub(crate) fn register_classifier(mesh: &mut Mesh, trained: &Trained) -> Result<(), RegisterError> {
    mesh.add_processor(PROCESSOR, trained.device.clone())?;
    let digits = Arc::clone(&trained.digits);
    mesh.register(CLASSIFIER, move |bytes| {
        read_plain(bytes).map(|setup| DigitReader::new(setup, Arc::clone(&digits)))
    })
}

/// The agent that was written as `bits`.
fn agent(bits: u64) -> Result<AgentId, Fault> {
    let unwired =
        Fault::new(FailureKind::ProcessingError, "spawned without the agents it talks to");
    AgentId::from_bits(bits).ok_or(unwired)
}

fn hash_vector(hasher: &mut StateHasher, vector: Vec3) {
    vector.to_array().into_iter().for_each(|value| hasher.f32(value));
}

fn hash_agent(hasher: &mut StateHasher, id: Option<AgentId>) {
    hasher.u64(id.map_or(0, AgentId::to_bits));
}
