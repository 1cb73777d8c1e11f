//! The anchor agent: keeps the room's anchors where tracking sees them, says when one moved, and
//! answers which lie within a radius.

use xrmesh::{Agent, Context, Envelope, Fault, Kind, Plain, StateHasher, Vec3};

use super::hash_vector;
use crate::messages::{self, AnchorList, AnchorMoved, AnchorsWithin, Said, Surface, Track, topic};

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
}

impl Anchors {
    pub(crate) fn new() -> Self {
        Self { anchors: Vec::with_capacity(64), said: 0, answered: 0 }
    }

    /// Moves that were published, and questions that were answered.
    pub(crate) fn tally(&self) -> [u64; 2] {
        [self.said, self.answered]
    }

    fn map(&mut self, surface: &Surface) {
        if self.anchors.iter().all(|anchor| anchor.thing != surface.thing) {
            let &Surface { thing, class, centre, .. } = surface;
            self.anchors.push(Anchor { thing, class, position: centre, told: centre });
        }
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
            Kind::ENVIRONMENT_MAP => self.map(&envelope.plain()?),
            WITHIN if envelope.is_question() => {
                context.reply(envelope, self.within(&envelope.plain()?).message())?;
                self.answered += 1;
            }
            _ => {}
        }
        Ok(())
    }

    fn hash_state(&self, hasher: &mut StateHasher) {
        hasher.u64(self.said);
        hasher.u64(self.answered);
        hasher.u32(self.anchors.len() as u32);
        for anchor in &self.anchors {
            hasher.u32(u32::from(anchor.thing));
            hash_vector(hasher, anchor.position);
            hash_vector(hasher, anchor.told);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchors_are_listed_by_distance_from_the_point_asked_about() {
        let mut anchors = Anchors::new();
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
