//! The environment mapper: feeds the room as a scanner does, the nearest surfaces first, and then
//! keeps it fresh.

use std::sync::Arc;

use xrmesh::{Agent, Context, Envelope, Fault, Kind, StateHasher, Vec3};

use super::hash_vector;
use crate::messages::{self, DevicePose, HEADSET, Said, Surface, topic};
use crate::surroundings::Surroundings;

/// A new surface every third frame: what a depth camera at 30 Hz can give.
const TICKS_A_SURFACE: u64 = 3;
/// Once all are known, one is confirmed every half second.
const TICKS_A_REFRESH: u64 = 45;

/// See the [module](self) docs.
#[derive(Debug)]
pub(crate) struct Mapper {
    room: Arc<Surroundings>,
    fed: Vec<bool>,
    left: usize,
    /// Which surface is confirmed next.
    next: usize,
    headset: Vec3,
}

impl Mapper {
    pub(crate) fn new(room: Arc<Surroundings>) -> Self {
        let count = room.things.len();
        Self { room, fed: vec![false; count], left: count, next: 0, headset: Vec3::ZERO }
    }

    /// Surfaces that were fed.
    pub(crate) fn fed(&self) -> usize {
        self.fed.len() - self.left
    }

    fn surface(&self, thing: usize) -> Option<Surface> {
        let known = self.room.things.get(thing)?;
        let (centre, half) = (known.bounds.centre(), known.bounds.half_extents());
        Some(Surface { thing: thing as u16, class: known.class, centre, half })
    }

    /// The surface nearest to the headset that has not been fed.
    fn nearest_unknown(&mut self) -> Option<usize> {
        let unknown = (0..self.fed.len()).filter(|thing| !self.fed[*thing]);
        let distance = |thing: &usize| {
            self.room
                .things
                .get(*thing)
                .map_or(f32::MAX, |known| known.bounds.distance_squared(self.headset))
        };
        let nearest = unknown.min_by(|a, b| distance(a).total_cmp(&distance(b)))?;
        self.fed[nearest] = true;
        self.left -= 1;
        Some(nearest)
    }
}

impl Agent for Mapper {
    fn on_start(&mut self, context: &mut Context<'_>) -> Result<(), Fault> {
        Ok(context.subscribe(messages::DEVICES, None)?)
    }

    fn on_message(&mut self, _: &mut Context<'_>, envelope: &Envelope<'_>) -> Result<(), Fault> {
        if envelope.kind() == Kind::VISUAL_TRACKING {
            let pose: DevicePose = envelope.plain()?;
            if pose.device == HEADSET {
                self.headset = pose.position;
            }
        }
        Ok(())
    }

    fn on_tick(&mut self, context: &mut Context<'_>) -> Result<(), Fault> {
        let thing = if self.left > 0 && context.tick().is_multiple_of(TICKS_A_SURFACE) {
            self.nearest_unknown()
        } else if self.left == 0 && context.tick().is_multiple_of(TICKS_A_REFRESH) {
            let thing = self.next;
            self.next = (self.next + 1) % self.fed.len().max(1);
            Some(thing)
        } else {
            None
        };
        if let Some(surface) = thing.and_then(|thing| self.surface(thing)) {
            context.send(topic(messages::ROOM), surface.message())?;
        }
        Ok(())
    }

    fn hash_state(&self, hasher: &mut StateHasher) {
        self.fed.iter().for_each(|fed| hasher.bool(*fed));
        hasher.u64(self.next as u64);
        hash_vector(hasher, self.headset);
    }

    fn ticks() -> bool {
        true
    }
}
