//! The anchor agent: keeps the room's anchors where tracking sees them, as frames of the memory on
//! which what was mapped hangs; says when one moved, and answers which lie within a radius.

use xrmesh::memory::{FrameId, MemoryCommand, NewObject};
use xrmesh::{Agent, Context, Envelope, Fault, Kind, Plain, Pose, StateHasher, Vec3};

use super::hash_vector;
use crate::messages::{self, AnchorList, AnchorMoved, AnchorsWithin, Said, Surface, Track, topic};
use crate::remember::Classes;

/// A move of a centimetre is worth saying.
const WORTH_SAYING_M: f32 = 0.01;
/// A track belongs to the nearest anchor of its class that is this near, in metres.
const GATE_M: f32 = 0.6;
/// The share of a track's offset that an anchor takes over at each sight: noise of a centimetre or
/// two averages out over some fifty sights, while drift of the whole scan is followed.
const GAIN: f32 = 0.02;

/// See the [module](self) docs.
#[derive(Debug)]
pub(crate) struct Anchors {
    /// In the order in which they were mapped; an anchor's number is its place here.
    anchors: Vec<Anchor>,
    classes: Classes,
    /// Anchors whose frames are being made.
    awaited: u32,
    said: u64,
    answered: u64,
}

#[derive(Debug)]
struct Anchor {
    thing: u16,
    class: u16,
    position: Vec3,
    /// Where it was when others were last told.
    told: Vec3,
    half: Vec3,
    /// Its frame in the memory.
    frame: Option<FrameId>,
}

/// What an anchor's frame is called.
fn name_of(thing: u16) -> String {
    format!("anchor {thing}")
}

impl Anchors {
    pub(crate) fn new(classes: Classes) -> Self {
        Self { anchors: Vec::with_capacity(64), classes, awaited: 0, said: 0, answered: 0 }
    }

    /// Moves that were published, and questions that were answered.
    pub(crate) fn tally(&self) -> [u64; 2] {
        [self.said, self.answered]
    }

    /// Whether the surface is a new anchor.
    fn map(&mut self, surface: &Surface) -> bool {
        let is_new = self.anchors.iter().all(|anchor| anchor.thing != surface.thing);
        if is_new {
            let &Surface { thing, class, centre, half } = surface;
            let anchor = Anchor { thing, class, position: centre, told: centre, half, frame: None };
            self.anchors.push(anchor);
            self.awaited += 1;
        }
        is_new
    }

    /// Hangs what was mapped on the frames that have come to be.
    fn hang(&mut self, context: &mut Context<'_>) -> Result<(), Fault> {
        let Some(memory) = context.memory() else { return Ok(()) };
        for anchor in self.anchors.iter_mut().filter(|anchor| anchor.frame.is_none()) {
            let Some(frame) = memory.find_frame(&name_of(anchor.thing)) else { continue };
            anchor.frame = Some(frame);
            self.awaited -= 1;
            let class = self.classes.mapped(anchor.class);
            let mut object = NewObject::new(class, Pose::IDENTITY)
                .half_extents(anchor.half)
                .seen(context.now())
                .on(frame);
            object.name = Some(name_of(anchor.thing).into());
            context.change_memory(MemoryCommand::Insert(Box::new(object)))?;
        }
        Ok(())
    }

    fn follow(&mut self, context: &mut Context<'_>, track: &Track) -> Result<(), Fault> {
        if track.hits == 0 {
            return Ok(());
        }
        let mut nearest: Option<(f32, usize)> = None;
        for (number, anchor) in self.anchors.iter().enumerate() {
            let distance = anchor.position.distance_squared(track.position);
            if u32::from(anchor.class) == track.class
                && distance <= GATE_M * GATE_M
                && nearest.is_none_or(|(least, _)| distance < least)
            {
                nearest = Some((distance, number));
            }
        }
        let Some((_, number)) = nearest else { return Ok(()) };
        let anchor = &mut self.anchors[number];
        anchor.position = anchor.position + (track.position - anchor.position) * GAIN;
        let moved_m = (anchor.position - anchor.told).length();
        if moved_m >= WORTH_SAYING_M {
            anchor.told = anchor.position;
            self.said += 1;
            if let (Some(frame), Ok(pose)) = (anchor.frame, Pose::at(anchor.position)) {
                context.change_memory(MemoryCommand::CorrectFrame(frame, pose))?;
            }
            let moved = AnchorMoved { anchor: number as u32, position: anchor.position, moved_m };
            context.send(topic(messages::ANCHORS), moved.message())?;
        }
        Ok(())
    }

    fn within(&self, question: &AnchorsWithin) -> AnchorList {
        let mut list = AnchorList { total: 0, members: [0; 6] };
        for (number, anchor) in self.anchors.iter().enumerate() {
            let distance = anchor.position.distance_squared(question.point);
            if distance <= question.radius * question.radius {
                list.total += 1;
                if let Some(word) = list.members.get_mut(number / 32) {
                    *word |= 1 << (number % 32);
                }
            }
        }
        list
    }
}

impl Agent for Anchors {
    fn on_start(&mut self, context: &mut Context<'_>) -> Result<(), Fault> {
        context.subscribe(messages::ROOM, None)?;
        context.subscribe(messages::TRACKS, None)?;
        Ok(())
    }

    fn on_message(
        &mut self,
        context: &mut Context<'_>,
        envelope: &Envelope<'_>,
    ) -> Result<(), Fault> {
        const WITHIN: Kind = <AnchorsWithin as Plain>::KIND;
        match envelope.kind() {
            <Track as Plain>::KIND => self.follow(context, &envelope.plain()?)?,
            Kind::ENVIRONMENT_MAP => {
                let surface: Surface = envelope.plain()?;
                if self.map(&surface)
                    && let Ok(pose) = Pose::at(surface.centre)
                {
                    let (name, parent) = (name_of(surface.thing).into(), FrameId::WORLD);
                    context.change_memory(MemoryCommand::AddFrame { name, parent, pose })?;
                }
            }
            WITHIN if envelope.is_question() => {
                context.reply(envelope, self.within(&envelope.plain()?).message())?;
                self.answered += 1;
            }
            _ => {}
        }
        Ok(())
    }

    fn on_tick(&mut self, context: &mut Context<'_>) -> Result<(), Fault> {
        if self.awaited > 0 { self.hang(context) } else { Ok(()) }
    }

    fn ticks() -> bool {
        true
    }

    fn hash_state(&self, hasher: &mut StateHasher) {
        hasher.u64(self.said);
        hasher.u64(self.answered);
        hasher.u32(self.anchors.len() as u32);
        for anchor in &self.anchors {
            hasher.u32(u32::from(anchor.thing));
            hash_vector(hasher, anchor.position);
            hash_vector(hasher, anchor.told);
            hasher.u32(anchor.frame.map_or(0, FrameId::index));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchors_are_listed_by_distance_from_the_point_asked_about() {
        let room = crate::surroundings::Surroundings::of(&crate::generate::room(1));
        let mut anchors = Anchors::new(Classes::of(&room));
        for thing in 0..40_u16 {
            let centre = Vec3::new(f32::from(thing), 0.0, 0.0);
            let surface = Surface { thing, class: 0, centre, half: Vec3::ZERO };
            anchors.map(&surface);
            anchors.map(&surface);
        }
        let list = anchors.within(&AnchorsWithin { point: Vec3::new(33.5, 0.0, 0.0), radius: 2.5 });
        assert_eq!(list.total, 6);
        assert_eq!(list.members, [1 << 31, 0b1_1111, 0, 0, 0, 0]);
    }
}
