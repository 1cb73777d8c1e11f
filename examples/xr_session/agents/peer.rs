//! A peer: another person in the session, whose headset's poses arrive from elsewhere.

use bytemuck::{Pod, Zeroable};
use xrmesh::{Agent, Context, Envelope, Fault, Kind, Plain, StateHasher};

use super::collaboration::Interest;
use crate::messages::{self, DevicePose, HEADSET, PeerPose, Said, topic};

/// Which of the peers it is, as it is spawned.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct PeerSetup {
    /// From 1 on; 0 is the user.
    pub(crate) number: u32,
}

/// See the [module](self) docs.
#[derive(Debug)]
pub(crate) struct Peer {
    setup: PeerSetup,
    interest: Interest,
    poses_heard: u64,
    bodies_heard: u64,
}

impl Peer {
    pub(crate) fn new(setup: PeerSetup) -> Self {
        Self { setup, interest: Interest::default(), poses_heard: 0, bodies_heard: 0 }
    }
}

impl Agent for Peer {
    fn on_message(
        &mut self,
        context: &mut Context<'_>,
        envelope: &Envelope<'_>,
    ) -> Result<(), Fault> {
        match envelope.kind() {
            Kind::VISUAL_TRACKING => {
                let device: DevicePose = envelope.plain()?;
                if device.device == HEADSET {
                    let pose = device.pose();
                    context.move_to(pose)?;
                    let DevicePose { position, turn, .. } = device;
                    let said = PeerPose { peer: self.setup.number, position, turn };
                    context.send(topic(messages::PEERS), said.message().pose(pose))?;
                    let names = [messages::PEERS, messages::SHARED];
                    self.interest.follow(context, position, &names)?;
                }
            }
            <PeerPose as Plain>::KIND => self.poses_heard += 1,
            Kind::PHYSICS_STATE => self.bodies_heard += 1,
            _ => {}
        }
        Ok(())
    }

    fn hash_state(&self, hasher: &mut StateHasher) {
        hasher.u32(self.setup.number);
        self.interest.hash_state(hasher);
        hasher.u64(self.poses_heard);
        hasher.u64(self.bodies_heard);
    }
}
