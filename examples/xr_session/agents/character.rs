//! A character: wanders over the free floor, talks to whom it meets, looks back at who looks at it,
//! and makes way for the headset.

use core::f32::consts::TAU;
use core::time::Duration;
use std::sync::Arc;

use bytemuck::{Pod, Zeroable};
use xrmesh::random::Stream;
use xrmesh::{
    Agent, AgentId, Context, Envelope, Fault, Kind, Pose, StateHasher, Target, Time, Vec3,
};

use super::{FRAME_S, hash_agent};
use crate::messages::{Gaze, Said, Words};
use crate::pose::{about, posed};
use crate::surroundings::Surroundings;

/// Metres a second: strolling, and making way.
const STROLL: f32 = 0.45;
const HURRY: f32 = 1.1;
/// The headset nearer than this is made way for, in metres.
const PERSONAL_SPACE_M: f32 = 0.6;
/// How far a character goes before it thinks again, in metres.
const LEG_M: [f32; 2] = [0.4, 2.0];
/// It steps at 30 Hz, a third of all characters in each frame: an engine draws them in between.
const TICKS_A_STEP: u64 = 3;
const STEP_S: f32 = TICKS_A_STEP as f32 * FRAME_S;
/// Radians a second.
const TURNING: f32 = 4.0;
/// How often it looks for someone to talk to, and how long it keeps to itself after a talk.
const TICKS_A_LOOK: u64 = 45;
const REST: Duration = Duration::from_secs(5);
/// The pause before an answer, and what a talk is given up after.
const PAUSE: Duration = Duration::from_millis(700);
const PATIENCE: Duration = Duration::from_secs(3);
/// Answers until it is said goodbye.
const TURNS: u32 = 4;
const PHRASES: u32 = 64;

/// What a character knows as it is spawned.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct CharacterSetup {
    /// The agent that is where the headset is.
    pub(crate) user: u64,
    pub(crate) number: u32,
    /// How far it can be heard, in metres.
    pub(crate) voice_m: f32,
}

/// See the [module](self) docs.
#[derive(Debug)]
pub(crate) struct Character {
    setup: CharacterSetup,
    room: Arc<Surroundings>,
    /// In (x, z); the height is the floor's.
    place: [f32; 2],
    /// About the vertical, zero towards −Z.
    yaw: f32,
    goal: [f32; 2],
    mood: Mood,
    /// Until then it does not begin to talk.
    rests_until: Time,
    met: Option<AgentId>,
    talks: u32,
    overheard: u32,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Mood {
    Wanders,
    Talks { with: AgentId, until: Time },
}

impl Character {
    pub(crate) fn new(setup: CharacterSetup, room: Arc<Surroundings>) -> Self {
        Self {
            setup,
            room,
            place: [0.0; 2],
            yaw: 0.0,
            goal: [0.0; 2],
            mood: Mood::Wanders,
            rests_until: Time::ZERO,
            met: None,
            talks: 0,
            overheard: 0,
        }
    }

    /// Talks that it had a part in.
    pub(crate) fn talks(&self) -> u64 {
        u64::from(self.talks)
    }

    fn pose(&self) -> Pose {
        let [x, z] = self.place;
        posed(Vec3::new(x, self.room.floor_height, z), about(Vec3::UP, self.yaw))
    }

    /// Turns towards (x, z) as far as it can within a step.
    fn face(&mut self, [x, z]: [f32; 2]) {
        let (dx, dz) = (x - self.place[0], z - self.place[1]);
        if dx * dx + dz * dz < 1e-6 {
            return;
        }
        let wanted = libm::atan2f(-dx, -dz);
        let short_way = (wanted - self.yaw + 0.5 * TAU).rem_euclid(TAU) - 0.5 * TAU;
        let most = TURNING * STEP_S;
        self.yaw = (self.yaw + short_way.clamp(-most, most)).rem_euclid(TAU);
    }

    /// Goes towards (x, z) for a step; false if it is there or cannot.
    fn go(&mut self, goal: [f32; 2], speed: f32) -> bool {
        let (dx, dz) = (goal[0] - self.place[0], goal[1] - self.place[1]);
        let distance = (dx * dx + dz * dz).sqrt();
        let step = speed * STEP_S;
        if distance <= step {
            return false;
        }
        let next = [self.place[0] + dx * (step / distance), self.place[1] + dz * (step / distance)];
        let free = self.room.is_free(next);
        if free {
            self.place = next;
        }
        free
    }

    /// A place that it can go to in a straight line, if one of a few tries gives one.
    fn choose(&mut self, draw: &mut Stream) {
        self.goal = self.place;
        for _ in 0..4 {
            let (angle, share) = (draw.uniform_f32() * TAU, draw.uniform_f32());
            let length = LEG_M[0] + (LEG_M[1] - LEG_M[0]) * share;
            let (sin, cos) = libm::sincosf(angle);
            let at = |way: f32| [self.place[0] + way * cos, self.place[1] + way * sin];
            if self.room.is_free(at(0.5 * length)) && self.room.is_free(at(length)) {
                self.goal = at(length);
                return;
            }
        }
    }

    /// Away from the headset, if that is too near; true if it is.
    fn make_way(&mut self, user: Vec3) -> bool {
        let away = [self.place[0] - user.x, self.place[1] - user.z];
        let distance = (away[0] * away[0] + away[1] * away[1]).sqrt();
        if distance >= PERSONAL_SPACE_M || distance == 0.0 {
            return false;
        }
        let at = |side: f32| {
            let (sin, cos) = libm::sincosf(side);
            let turned = [away[0] * cos - away[1] * sin, away[0] * sin + away[1] * cos];
            [self.place[0] + turned[0] / distance, self.place[1] + turned[1] / distance]
        };
        // Straight away, or else more and more to one side or the other.
        let ways = [at(0.0), at(0.8), at(-0.8), at(1.5), at(-1.5)];
        let _ = ways.into_iter().any(|way| self.go(way, HURRY));
        self.face([user.x, user.z]);
        self.goal = self.place;
        true
    }

    /// Speaks to the first neighbour that it has not just talked to.
    fn greet(&mut self, context: &mut Context<'_>) -> Result<(), Fault> {
        let (now, met, user) = (context.now(), self.met, self.setup.user);
        let stranger = context.neighbours().find(|id| Some(*id) != met && id.to_bits() != user);
        let Some(with) = stranger else { return Ok(()) };
        self.begin(now, with);
        let words = Words { to: with.to_bits(), turn: 0, phrase: self.setup.number % PHRASES };
        let near = Target::Near { point: self.pose().position(), radius: self.setup.voice_m };
        context.send(near, words.message())?;
        Ok(())
    }

    fn begin(&mut self, now: Time, with: AgentId) {
        self.mood = Mood::Talks { with, until: now + PATIENCE };
        self.met = Some(with);
        self.talks += 1;
    }

    fn end(&mut self, now: Time) {
        self.mood = Mood::Wanders;
        self.rests_until = now + REST;
    }

    fn hear(
        &mut self,
        context: &mut Context<'_>,
        from: AgentId,
        words: &Words,
    ) -> Result<(), Fault> {
        let now = context.now();
        if words.to != context.id().to_bits() {
            self.overheard = self.overheard.wrapping_add(1);
            return Ok(());
        }
        let willing = match self.mood {
            Mood::Wanders => words.turn == 0 && now >= self.rests_until,
            Mood::Talks { with, .. } => with == from,
        };
        if !willing {
            return Ok(());
        }
        if self.mood == Mood::Wanders {
            self.begin(now, from);
        }
        self.mood = Mood::Talks { with: from, until: now + PATIENCE };
        let phrase = (words.phrase + self.setup.number) % PHRASES;
        if words.turn < TURNS {
            let answer = Words { to: from.to_bits(), turn: words.turn + 1, phrase };
            context.send_at(now + PAUSE, from, answer.message())?;
        } else {
            // Goodbye, to all who stand around.
            let words = Words { to: 0, turn: words.turn + 1, phrase };
            context.send(Target::Linked { hops: 1 }, words.message())?;
            self.end(now);
        }
        Ok(())
    }
}

impl Agent for Character {
    fn on_start(&mut self, context: &mut Context<'_>) -> Result<(), Fault> {
        if let Some(pose) = context.pose() {
            self.place = [pose.position().x, pose.position().z];
        }
        let mut draw = context.random();
        self.yaw = draw.uniform_f32() * TAU;
        // So that not all begin to talk in the first second.
        self.rests_until = context.now() + REST.mul_f32(draw.uniform_f32());
        self.choose(&mut draw);
        Ok(())
    }

    fn on_message(
        &mut self,
        context: &mut Context<'_>,
        envelope: &Envelope<'_>,
    ) -> Result<(), Fault> {
        match (envelope.kind(), envelope.from()) {
            (Kind::SPATIAL_AUDIO, Some(from)) => self.hear(context, from, &envelope.plain()?),
            (Kind::GESTURE_RECOGNITION, _) => {
                // Whoever is looked at looks back and says hello.
                let Gaze { from } = envelope.plain()?;
                self.goal = [from.x, from.z];
                if let (Some(user), Mood::Wanders) =
                    (AgentId::from_bits(self.setup.user), self.mood)
                {
                    self.mood = Mood::Talks { with: user, until: context.now() + PAUSE };
                    let words = Words { to: user.to_bits(), turn: 0, phrase: 0 };
                    context.send(user, words.message())?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn on_tick(&mut self, context: &mut Context<'_>) -> Result<(), Fault> {
        let turn = context.tick().wrapping_add(u64::from(self.setup.number));
        if !turn.is_multiple_of(TICKS_A_STEP) {
            return Ok(());
        }
        let now = context.now();
        let before = (self.place, self.yaw);
        let user = AgentId::from_bits(self.setup.user).and_then(|id| context.pose_of(id));
        let yields = user.is_some_and(|pose| self.make_way(pose.position()));
        match self.mood {
            Mood::Talks { until, .. } if now > until => self.end(now),
            Mood::Talks { with, .. } if !yields => {
                if let Some(pose) = context.pose_of(with) {
                    self.face([pose.position().x, pose.position().z]);
                }
            }
            Mood::Wanders if !yields => {
                let goal = self.goal;
                self.face(goal);
                if !self.go(goal, STROLL) {
                    self.choose(&mut context.random());
                }
                if turn.is_multiple_of(TICKS_A_LOOK) && now >= self.rests_until {
                    self.greet(context)?;
                }
            }
            Mood::Talks { .. } | Mood::Wanders => {}
        }
        if (self.place, self.yaw) != before {
            context.move_to(self.pose())?;
        }
        Ok(())
    }

    fn hash_state(&self, hasher: &mut StateHasher) {
        for value in [self.place[0], self.place[1], self.yaw, self.goal[0], self.goal[1]] {
            hasher.f32(value);
        }
        let (with, until) = match self.mood {
            Mood::Wanders => (None, Time::ZERO),
            Mood::Talks { with, until } => (Some(with), until),
        };
        hash_agent(hasher, with);
        hasher.u64(until.as_nanos() as u64);
        hasher.u64(self.rests_until.as_nanos() as u64);
        hash_agent(hasher, self.met);
        hasher.u32(self.talks);
        hasher.u32(self.overheard);
    }

    fn ticks() -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate;

    fn character() -> Character {
        let room = Arc::new(Surroundings::of(&generate::room(1)));
        let setup = CharacterSetup { user: 0, number: 1, voice_m: 1.2 };
        let mut character = Character::new(setup, room);
        let floor = character.room.floor.as_ref().unwrap();
        character.place = floor.point(floor.free_cells().nth(200).unwrap());
        character
    }

    #[test]
    fn it_keeps_to_the_free_floor_wherever_it_goes() {
        let mut character = character();
        let mut draw = Stream::new(7, [0, 0]);
        let mut walked = 0.0;
        for _ in 0..20_000 {
            let before = character.place;
            if !character.go(character.goal, STROLL) {
                character.choose(&mut draw);
            }
            assert!(character.room.is_free(character.place));
            walked +=
                (character.place[0] - before[0]).abs() + (character.place[1] - before[1]).abs();
        }
        assert!(walked > 50.0, "{walked} m");
    }

    #[test]
    fn it_makes_way() {
        let mut character = character();
        let [x, z] = character.place;
        let user = Vec3::new(x + 0.1, 1.6, z);
        assert!(!character.make_way(user + Vec3::RIGHT));
        assert!((0..200).any(|_| !character.make_way(user)), "{:?}", character.place);
    }

    #[test]
    fn it_turns_the_short_way() {
        let mut character = character();
        character.yaw = 0.1;
        let [x, z] = character.place;
        // A little to the right of straight ahead.
        for _ in 0..100 {
            character.face([x + 0.3, z - 1.0]);
        }
        assert!((character.yaw - (TAU - libm::atan2f(0.3, 1.0))).abs() < 1e-4, "{}", character.yaw);
    }
}
