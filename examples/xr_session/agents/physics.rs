//! The physics agent: bodies that a hand takes move with it, bodies that it lets go fall, bounce
//! and come to rest on a table or the floor.

use std::sync::Arc;

use xrmesh::{
    Agent, ContentError, Context, Envelope, Fault, Kind, Plain, StateHasher, Vec3, read_plain,
};

use super::{FRAME_S, hash_vector};
use crate::messages::{self, Body, DevicePose, Grab, Pulse, Release, Said, topic};
use crate::pose::posed;
use crate::surroundings::Surroundings;

/// A hand takes the nearest body that is this near, in metres.
const REACH_M: f32 = 0.2;
/// Every body is a ball of this radius, in metres.
const RADIUS_M: f32 = 0.05;
/// Metres a second a second.
const GRAVITY: f32 = 9.81;
/// The share of the speed that a bounce keeps upwards, and sliding keeps along the ground.
const BOUNCE: f32 = 0.35;
const SLIDE: f32 = 0.6;
/// A body slower than this on the ground rests, in metres a second.
const REST: f32 = 0.12;
/// The longest log of what was taken and put down.
const MAX_TOUCHES: usize = 4_096;

/// See the [module](self) docs.
#[derive(Debug)]
pub(crate) struct Physics {
    room: Arc<Surroundings>,
    bodies: Vec<Solid>,
    hands: [Option<Vec3>; 2],
    touches: Vec<Touch>,
    /// Grabs and releases.
    counts: [u64; 2],
}

/// A hand took a body, or let it go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Touch {
    pub(crate) place: Vec3,
    pub(crate) released: bool,
}

#[derive(Clone, Copy, Debug)]
struct Solid {
    position: Vec3,
    velocity: Vec3,
    moves: Moves,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Moves {
    Not,
    /// With a hand, at that offset from it.
    With(usize, Vec3),
    /// By itself.
    Freely,
}

impl Physics {
    /// Bodies at rest at the places that `bytes` holds, 12 bytes each.
    pub(crate) fn new(room: Arc<Surroundings>, bytes: &[u8]) -> Result<Self, ContentError> {
        let solid = |place: &[u8]| {
            let position = read_plain(place)?;
            Ok(Solid { position, velocity: Vec3::ZERO, moves: Moves::Not })
        };
        let bodies = bytes.chunks(size_of::<Vec3>()).map(solid).collect::<Result<_, _>>()?;
        Ok(Self { room, bodies, hands: [None; 2], touches: Vec::with_capacity(64), counts: [0; 2] })
    }

    /// What was taken and let go, in order.
    pub(crate) fn touches(&self) -> &[Touch] {
        &self.touches
    }

    /// Bodies, grabs and releases.
    pub(crate) fn tally(&self) -> [u64; 3] {
        let [grabs, releases] = self.counts;
        [self.bodies.len() as u64, grabs, releases]
    }

    fn note(&mut self, place: Vec3, released: bool) {
        self.counts[usize::from(released)] += 1;
        if self.touches.len() < MAX_TOUCHES {
            self.touches.push(Touch { place, released });
        }
    }

    /// The hand takes the nearest body in reach; true if there was one.
    fn grab(&mut self, grab: &Grab) -> bool {
        let hand = grab.hand as usize;
        let mut nearest: Option<(f32, usize)> = None;
        for (number, solid) in self.bodies.iter().enumerate() {
            let distance = solid.position.distance_squared(grab.place);
            if distance <= REACH_M * REACH_M && nearest.is_none_or(|(least, _)| distance < least) {
                nearest = Some((distance, number));
            }
        }
        let Some((_, number)) = nearest.filter(|_| hand < self.hands.len()) else { return false };
        // From the other hand too: it is handed over.
        let solid = &mut self.bodies[number];
        solid.moves = Moves::With(hand, solid.position - grab.place);
        let place = solid.position;
        self.note(place, false);
        true
    }

    /// The hand lets go of what it holds; true if it held something.
    fn release(&mut self, release: &Release) -> bool {
        let held = |solid: &&mut Solid| matches!(solid.moves, Moves::With(hand, _) if hand == release.hand as usize);
        let Some(solid) = self.bodies.iter_mut().find(held) else { return false };
        solid.moves = Moves::Freely;
        solid.velocity = release.velocity;
        let place = solid.position;
        self.note(place, true);
        true
    }

    fn answer(
        context: &mut Context<'_>,
        envelope: &Envelope<'_>,
        pulse: Pulse,
    ) -> Result<(), Fault> {
        if let Some(asker) = envelope.from() {
            context.send(asker, pulse.message())?;
        }
        Ok(())
    }
}

impl Solid {
    /// One frame on; false if nothing moved.
    fn step(&mut self, hands: &[Option<Vec3>; 2], room: &Surroundings) -> bool {
        match self.moves {
            Moves::Not => return false,
            Moves::With(hand, offset) => {
                if let Some(place) = hands.get(hand).copied().flatten() {
                    let target = place + offset;
                    self.velocity = (target - self.position) * (1.0 / FRAME_S);
                    self.position = target;
                }
            }
            Moves::Freely => self.fly(room),
        }
        true
    }

    /// Semi-implicit Euler, a ball against what lies below it and against the room's four sides.
    fn fly(&mut self, room: &Surroundings) {
        let support = room.support_below(self.position);
        self.velocity = self.velocity - Vec3::UP * (GRAVITY * FRAME_S);
        self.position = self.position + self.velocity * FRAME_S;
        let ground = support + RADIUS_M;
        if self.position.y <= ground {
            self.position.y = ground;
            let Vec3 { x, y, z } = self.velocity;
            self.velocity = Vec3::new(x * SLIDE, -y * BOUNCE, z * SLIDE);
            if self.velocity.length() < REST {
                (self.velocity, self.moves) = (Vec3::ZERO, Moves::Not);
            }
        }
        let [low, high] = room.extent;
        let side = |place: &mut f32, speed: &mut f32, axis: usize| {
            let (least, most) = (low[axis] + RADIUS_M, high[axis] - RADIUS_M);
            if least < most && !(least..=most).contains(place) {
                *place = place.clamp(least, most);
                *speed *= -BOUNCE;
            }
        };
        side(&mut self.position.x, &mut self.velocity.x, 0);
        side(&mut self.position.z, &mut self.velocity.z, 1);
    }
}

impl Agent for Physics {
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
                if let Some(hand) = pose.hand() {
                    self.hands[hand] = Some(pose.position);
                }
            }
            <Grab as Plain>::KIND => {
                let grab: Grab = envelope.plain()?;
                if self.grab(&grab) {
                    let pulse = Pulse { hand: grab.hand, amplitude: 0.8, duration_ms: 20 };
                    Self::answer(context, envelope, pulse)?;
                }
            }
            <Release as Plain>::KIND => {
                let release: Release = envelope.plain()?;
                if self.release(&release) {
                    let pulse = Pulse { hand: release.hand, amplitude: 0.3, duration_ms: 10 };
                    Self::answer(context, envelope, pulse)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn on_tick(&mut self, context: &mut Context<'_>) -> Result<(), Fault> {
        for (number, solid) in self.bodies.iter_mut().enumerate() {
            if solid.step(&self.hands, &self.room) {
                let &mut Solid { position, velocity, .. } = solid;
                let body = Body { object: number as u32, position, velocity };
                let place = posed(position, xrmesh::Quat::IDENTITY);
                context.send(topic(messages::BODIES), body.message().pose(place))?;
            }
        }
        Ok(())
    }

    fn hash_state(&self, hasher: &mut StateHasher) {
        for solid in &self.bodies {
            hash_vector(hasher, solid.position);
            hash_vector(hasher, solid.velocity);
            let (hand, offset) = match solid.moves {
                Moves::Not => (0, Vec3::ZERO),
                Moves::Freely => (1, Vec3::ZERO),
                Moves::With(hand, offset) => (2 + hand as u32, offset),
            };
            hasher.u32(hand);
            hash_vector(hasher, offset);
        }
        for hand in self.hands {
            hasher.bool(hand.is_some());
            hash_vector(hasher, hand.unwrap_or(Vec3::ZERO));
        }
        self.counts.into_iter().for_each(|count| hasher.u64(count));
    }

    fn ticks() -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate;
    use crate::room::Label;

    fn physics(places: &[Vec3]) -> Physics {
        let room = Arc::new(Surroundings::of(&generate::room(1)));
        Physics::new(room, bytemuck::cast_slice(places)).unwrap()
    }

    fn run(physics: &mut Physics, frames: usize) {
        for _ in 0..frames {
            for solid in &mut physics.bodies {
                solid.step(&physics.hands, &physics.room);
            }
        }
    }

    #[test]
    fn a_hand_takes_the_nearest_in_reach_and_carries_it() {
        let at = |x| Vec3::new(x, 1.0, 0.0);
        let mut physics = physics(&[at(0.0), at(0.15), at(1.0)]);
        assert!(!physics.grab(&Grab { hand: 0, place: at(0.5) }));
        assert!(physics.grab(&Grab { hand: 0, place: at(0.1) }));
        physics.hands[0] = Some(at(0.6));
        run(&mut physics, 3);
        assert!((physics.bodies[1].position - at(0.65)).length() < 1e-5);
        assert_eq!([physics.bodies[0].position, physics.bodies[2].position], [at(0.0), at(1.0)]);
        assert!(!physics.release(&Release { hand: 1, velocity: Vec3::ZERO }));
        assert!(physics.release(&Release { hand: 0, velocity: Vec3::ZERO }));
        assert_eq!(physics.touches().len(), 2);
    }

    #[test]
    fn what_is_let_go_comes_to_rest_on_a_table_or_the_floor() {
        let room = generate::room(1);
        let table = room.entities.iter().find(|entity| entity.label == Label::Table).unwrap();
        let [_, top] = table.height_range().unwrap();
        for (place, ground) in
            [(table.centre() + Vec3::UP, top), (Vec3::new(0.0, 1.0, 1.9), room.floor_height())]
        {
            let mut physics = physics(&[place]);
            assert!(physics.grab(&Grab { hand: 1, place }));
            assert!(physics.release(&Release { hand: 1, velocity: Vec3::ZERO }));
            run(&mut physics, 90 * 5);
            let solid = physics.bodies[0];
            assert_eq!(solid.moves, Moves::Not, "{solid:?}");
            assert!((solid.position.y - ground - RADIUS_M).abs() < 1e-4, "{solid:?}");
        }
    }

    #[test]
    fn a_throw_stays_in_the_room() {
        let mut physics = physics(&[Vec3::UP]);
        assert!(physics.grab(&Grab { hand: 0, place: Vec3::UP }));
        assert!(physics.release(&Release { hand: 0, velocity: Vec3::new(8.0, 2.0, -8.0) }));
        run(&mut physics, 90 * 10);
        let ([low, high], place) = (physics.room.extent, physics.bodies[0].position);
        assert!((low[0]..high[0]).contains(&place.x) && (low[1]..high[1]).contains(&place.z));
        assert_eq!(physics.bodies[0].moves, Moves::Not);
    }

    #[test]
    fn half_a_place_is_refused() {
        let room = Arc::new(Surroundings::of(&generate::room(1)));
        assert!(Physics::new(room, &[0; 13]).is_err());
    }
}
