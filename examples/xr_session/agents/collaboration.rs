//! The collaboration manager: the user's presence among the others. It shares the user's pose and
//! what moves near the user with the peers that want to hear of that place, and hears theirs.

use core::time::Duration;

use xrmesh::space::Sphere;
use xrmesh::{Agent, Context, Envelope, Fault, Kind, Plain, Pose, Region, StateHasher, Time, Vec3};

use super::hash_vector;
use crate::messages::{self, DevicePose, HEADSET, PeerPose, Said, Turn, topic};

/// Peers and bodies within so many metres of the headset are of interest.
pub(super) const INTEREST_M: f32 = 4.0;
/// The interest follows the headset once that has moved so far, in metres: changing it at every
/// frame would cost more than the few messages that a margin brings.
const FOLLOW_M: f32 = 0.25;
/// Poses are shared at 30 Hz.
const TICKS_A_POSE: u64 = 3;
/// A peer that has not been heard of for so long is elsewhere.
const EXPIRY: Duration = Duration::from_secs(1);
const MAX_PEERS: usize = 256;

/// See the [module](self) docs.
#[derive(Debug)]
pub(crate) struct Collaboration {
    headset: Option<Pose>,
    interest: Interest,
    /// By number.
    peers: Vec<Present>,
    bodies_shared: u64,
    words_heard: u64,
}

/// A region of interest that follows a place.
#[derive(Debug, Default)]
pub(super) struct Interest(Option<Vec3>);

#[derive(Debug)]
struct Present {
    peer: u32,
    position: Vec3,
    at: Time,
}

impl Interest {
    /// Moves the interest in `names` to `place` if that is far from where it was.
    pub(super) fn follow(
        &mut self,
        context: &mut Context<'_>,
        place: Vec3,
        names: &[&str],
    ) -> Result<(), Fault> {
        let near = |held: Vec3| held.distance_squared(place) <= FOLLOW_M * FOLLOW_M;
        if self.0.is_some_and(near) {
            return Ok(());
        }
        if let Ok(sphere) = Sphere::new(place, INTEREST_M) {
            for name in names {
                context.subscribe(name, Some(Region::Sphere(sphere)))?;
            }
            self.0 = Some(place);
        }
        Ok(())
    }

    pub(super) fn hash_state(&self, hasher: &mut StateHasher) {
        hasher.bool(self.0.is_some());
        hash_vector(hasher, self.0.unwrap_or(Vec3::ZERO));
    }
}

impl Collaboration {
    pub(crate) fn new() -> Self {
        Self {
            headset: None,
            interest: Interest::default(),
            peers: Vec::with_capacity(8),
            bodies_shared: 0,
            words_heard: 0,
        }
    }

    /// Peers near, moves of bodies that were shared, words that were meant for the user.
    pub(crate) fn tally(&self) -> [u64; 3] {
        [self.peers.len() as u64, self.bodies_shared, self.words_heard]
    }

    fn hear(&mut self, now: Time, pose: &PeerPose) {
        let &PeerPose { peer, position, .. } = pose;
        match self.peers.binary_search_by_key(&peer, |present| present.peer) {
            Ok(place) => (self.peers[place].position, self.peers[place].at) = (position, now),
            Err(place) if self.peers.len() < MAX_PEERS => {
                self.peers.insert(place, Present { peer, position, at: now });
            }
            Err(_) => {}
        }
    }
}

impl Agent for Collaboration {
    fn on_start(&mut self, context: &mut Context<'_>) -> Result<(), Fault> {
        Ok(context.subscribe(messages::DEVICES, None)?)
    }

    fn on_message(
        &mut self,
        context: &mut Context<'_>,
        envelope: &Envelope<'_>,
    ) -> Result<(), Fault> {
        match envelope.kind() {
            Kind::VISUAL_TRACKING => {
                let pose: DevicePose = envelope.plain()?;
                if pose.device == HEADSET {
                    let pose = pose.pose();
                    self.headset = Some(pose);
                    context.move_to(pose)?;
                }
            }
            <PeerPose as Plain>::KIND => self.hear(context.now(), &envelope.plain()?),
            Kind::PHYSICS_STATE => {
                context.forward(envelope, topic(messages::SHARED))?;
                self.bodies_shared += 1;
            }
            Kind::SPATIAL_AUDIO => self.words_heard += 1,
            _ => {}
        }
        Ok(())
    }

    fn on_tick(&mut self, context: &mut Context<'_>) -> Result<(), Fault> {
        let now = context.now();
        self.peers.retain(|present| now.since(present.at) <= EXPIRY);
        let Some(pose) = self.headset else { return Ok(()) };
        if context.tick().is_multiple_of(TICKS_A_POSE) {
            let (position, turn) = (pose.position(), Turn::of(pose.orientation()));
            let shared = PeerPose { peer: HEADSET, position, turn };
            context.send(topic(messages::PEERS), shared.message().pose(pose))?;
        }
        let names = [messages::PEERS, messages::BODIES];
        self.interest.follow(context, pose.position(), &names)
    }

    fn hash_state(&self, hasher: &mut StateHasher) {
        hasher.bool(self.headset.is_some());
        if let Some(pose) = &self.headset {
            hasher.pose(pose);
        }
        self.interest.hash_state(hasher);
        for present in &self.peers {
            hasher.u32(present.peer);
            hash_vector(hasher, present.position);
            hasher.u64(present.at.as_nanos() as u64);
        }
        hasher.u64(self.bodies_shared);
        hasher.u64(self.words_heard);
    }

    fn ticks() -> bool {
        true
    }
}
