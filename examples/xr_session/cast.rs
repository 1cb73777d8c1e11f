//! Who is who in a session's mesh, and what they did.

use xrmesh::{Agent, AgentId, Mesh};

use crate::agents::{
    Anchors, Character, Collaboration, DigitReader, Interaction, Mapper, Peer, Physics, Rendering,
    Tracker,
};

/// Who is who in a session's mesh.
#[derive(Debug, Default)]
pub(crate) struct Cast {
    pub(crate) anchors: Option<AgentId>,
    pub(crate) tracker: Option<AgentId>,
    pub(crate) mapper: Option<AgentId>,
    pub(crate) interaction: Option<AgentId>,
    pub(crate) physics: Option<AgentId>,
    pub(crate) rendering: Option<AgentId>,
    pub(crate) collaboration: Option<AgentId>,
    pub(crate) peers: Vec<AgentId>,
    pub(crate) characters: Vec<AgentId>,
    pub(crate) readers: Vec<AgentId>,
}

impl Cast {
    /// Finds who is who. O(agents).
    pub(crate) fn of(mesh: &Mesh) -> Self {
        let mut cast = Self::default();
        for id in mesh.agent_ids() {
            if mesh.with_agent(id, |_: &Character| ()).is_some() {
                cast.characters.push(id);
            } else if mesh.with_agent(id, |_: &Peer| ()).is_some() {
                cast.peers.push(id);
            } else if mesh.with_agent(id, |_: &DigitReader| ()).is_some() {
                cast.readers.push(id);
            } else if mesh.with_agent(id, |_: &Anchors| ()).is_some() {
                cast.anchors = Some(id);
            } else if mesh.with_agent(id, |_: &Tracker| ()).is_some() {
                cast.tracker = Some(id);
            } else if mesh.with_agent(id, |_: &Mapper| ()).is_some() {
                cast.mapper = Some(id);
            } else if mesh.with_agent(id, |_: &Interaction| ()).is_some() {
                cast.interaction = Some(id);
            } else if mesh.with_agent(id, |_: &Physics| ()).is_some() {
                cast.physics = Some(id);
            } else if mesh.with_agent(id, |_: &Rendering| ()).is_some() {
                cast.rendering = Some(id);
            } else if mesh.with_agent(id, |_: &Collaboration| ()).is_some() {
                cast.collaboration = Some(id);
            }
        }
        cast
    }

    /// What the agents did so far, by name.
    pub(crate) fn deeds(&self, mesh: &Mesh) -> Vec<(&'static str, u64)> {
        let mut deeds = Vec::new();
        let mut note = |names: &[&'static str], counts: Option<&[u64]>| {
            deeds.extend(names.iter().copied().zip(counts.unwrap_or(&[]).iter().copied()));
        };
        let tally = ask(mesh, self.tracker, Tracker::tally);
        note(
            &["detections kept", "detections left out", "tracks now"],
            tally.as_ref().map(|t| &t[..]),
        );
        let fed = ask(mesh, self.mapper, |mapper: &Mapper| [mapper.fed() as u64]);
        note(&["surfaces mapped"], fed.as_ref().map(|t| &t[..]));
        let tally = ask(mesh, self.anchors, Anchors::tally);
        note(&["anchor moves", "anchor questions"], tally.as_ref().map(|t| &t[..]));
        let tally = ask(mesh, self.physics, Physics::tally);
        note(&["bodies", "grabs", "releases"], tally.as_ref().map(|t| &t[..]));
        let tally = ask(mesh, self.interaction, Interaction::tally);
        note(&["haptic pulses", "looks at someone"], tally.as_ref().map(|t| &t[..]));
        let tally = ask(mesh, self.collaboration, Collaboration::tally);
        note(&["peers near", "moves shared", "words to the user"], tally.as_ref().map(|t| &t[..]));
        let talks = self.characters.iter().filter_map(|id| mesh.with_agent(*id, Character::talks));
        deeds.push(("talks", talks.sum::<u64>() / 2));
        deeds
    }
}

fn ask<A: Agent, R>(mesh: &Mesh, id: Option<AgentId>, look: impl FnOnce(&A) -> R) -> Option<R> {
    mesh.with_agent(id?, look)
}
