//! The interaction handler: turns controller poses and buttons into grab and release, and a long
//! look at someone into a gesture.

use core::time::Duration;

use bytemuck::{Pod, Zeroable};
use xrmesh::{Agent, AgentId, Context, Envelope, Fault, Kind, Plain, StateHasher, Time, Vec3};

use super::{agent, hash_agent, hash_vector};
use crate::messages::{
    self, Button, DevicePose, Gaze, Grab, HEADSET, Pulse, Release, Said, VisibleSet, hand_of,
};

/// Frames over which a hand's velocity is taken.
const FRAMES: usize = 4;
/// No hand throws faster, in metres a second; a jump of tracking would.
const MAX_SPEED: f32 = 8.0;
/// How long the user looks at someone until it counts as a look.
const DWELL: Duration = Duration::from_millis(500);

/// The agents it talks to, as it is spawned.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct InteractionSetup {
    pub(crate) physics: u64,
}

/// See the [module](self) docs.
#[derive(Debug)]
pub(crate) struct Interaction {
    setup: InteractionSetup,
    hands: [Hand; 2],
    headset: Vec3,
    /// Who is looked at, since when; and whether that was said.
    looked_at: Option<(AgentId, Time)>,
    said: bool,
    looks: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Hand {
    /// The latest places, newest first.
    way: [(Time, Vec3); FRAMES],
    tracked: bool,
    /// Bit n for button n.
    buttons: u32,
    pulses: u64,
}

impl Hand {
    fn put(&mut self, now: Time, place: Vec3) {
        if !self.tracked {
            (self.tracked, self.way) = (true, [(now, place); FRAMES]);
        }
        self.way.rotate_right(1);
        self.way[0] = (now, place);
    }

    /// Metres a second over the last frames.
    fn velocity(&self) -> Vec3 {
        let [(now, here), .., (then, there)] = self.way;
        let seconds = now.since(then).as_secs_f32();
        if seconds <= 0.0 {
            return Vec3::ZERO;
        }
        let velocity = (here - there) * (1.0 / seconds);
        let speed = velocity.length();
        if speed > MAX_SPEED { velocity * (MAX_SPEED / speed) } else { velocity }
    }

    /// Whether a button changes what the hand does: the first down closes it, the last up opens it.
    fn press(&mut self, button: &Button) -> Option<bool> {
        let bit = 1 << (button.button % 32);
        let held = self.buttons != 0;
        if button.down != 0 {
            self.buttons |= bit;
        } else {
            self.buttons &= !bit;
        }
        let closed = self.buttons != 0;
        (closed != held).then_some(closed)
    }
}

impl Interaction {
    pub(crate) fn new(setup: InteractionSetup) -> Self {
        let hands = [Hand::default(); 2];
        Self { setup, hands, headset: Vec3::ZERO, looked_at: None, said: false, looks: 0 }
    }

    /// Where a hand is, if it has been seen.
    pub(crate) fn hand(&self, hand: usize) -> Option<Vec3> {
        self.hands.get(hand).filter(|hand| hand.tracked).map(|hand| hand.way[0].1)
    }

    /// Pulses that the hands felt, and looks at characters.
    pub(crate) fn tally(&self) -> [u64; 2] {
        [self.hands.iter().map(|hand| hand.pulses).sum(), self.looks]
    }

    fn press(&mut self, context: &mut Context<'_>, button: &Button) -> Result<(), Fault> {
        let Some(number) = hand_of(button.device) else { return Ok(()) };
        let hand = &mut self.hands[number];
        let (place, velocity) = (hand.way[0].1, hand.velocity());
        let Some(closed) = hand.press(button).filter(|_| hand.tracked) else { return Ok(()) };
        let physics = agent(self.setup.physics)?;
        let hand = number as u32;
        if closed {
            context.send(physics, Grab { hand, place }.message())?;
        } else {
            context.send(physics, Release { hand, velocity }.message())?;
        }
        Ok(())
    }

    fn look(&mut self, context: &mut Context<'_>, visible: &VisibleSet) -> Result<(), Fault> {
        let now = context.now();
        let nearest = AgentId::from_bits(visible.nearest);
        match (nearest, self.looked_at) {
            (Some(seen), Some((held, since))) if seen == held => {
                if !self.said && now.since(since) >= DWELL {
                    self.said = true;
                    self.looks += 1;
                    context.send(seen, Gaze { from: self.headset }.message())?;
                }
            }
            (nearest, _) => {
                (self.looked_at, self.said) = (nearest.map(|seen| (seen, now)), false);
            }
        }
        Ok(())
    }
}

impl Agent for Interaction {
    fn on_start(&mut self, context: &mut Context<'_>) -> Result<(), Fault> {
        context.subscribe(messages::DEVICES, None)?;
        context.subscribe(messages::VISIBLE, None)?;
        Ok(())
    }

    fn on_message(
        &mut self,
        context: &mut Context<'_>,
        envelope: &Envelope<'_>,
    ) -> Result<(), Fault> {
        match envelope.kind() {
            Kind::VISUAL_TRACKING => {
                let pose: DevicePose = envelope.plain()?;
                match pose.hand() {
                    Some(hand) => self.hands[hand].put(context.now(), pose.position),
                    None if pose.device == HEADSET => self.headset = pose.position,
                    None => {}
                }
            }
            <Button as Plain>::KIND => self.press(context, &envelope.plain()?)?,
            <VisibleSet as Plain>::KIND => self.look(context, &envelope.plain()?)?,
            Kind::HAPTIC_FEEDBACK => {
                let pulse: Pulse = envelope.plain()?;
                if let Some(hand) = self.hands.get_mut(pulse.hand as usize) {
                    hand.pulses += 1;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn hash_state(&self, hasher: &mut StateHasher) {
        hash_vector(hasher, self.headset);
        for hand in &self.hands {
            hasher.bool(hand.tracked);
            hasher.u32(hand.buttons);
            hasher.u64(hand.pulses);
            for (at, place) in hand.way {
                hasher.u64(at.as_nanos() as u64);
                hash_vector(hasher, place);
            }
        }
        hash_agent(hasher, self.looked_at.map(|(seen, _)| seen));
        hasher.u64(self.looked_at.map_or(0, |(_, since)| since.as_nanos() as u64));
        hasher.bool(self.said);
        hasher.u64(self.looks);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_button_closes_and_the_last_opens() {
        let mut hand = Hand::default();
        let mut press = |button, down| hand.press(&Button { device: 1, button, down });
        assert_eq!(press(0, 1), Some(true));
        assert_eq!(press(2, 1), None);
        assert_eq!(press(0, 0), None);
        assert_eq!(press(0, 0), None);
        assert_eq!(press(2, 0), Some(false));
    }

    #[test]
    fn a_hand_s_velocity_spans_its_last_frames() {
        let mut hand = Hand::default();
        assert_eq!(hand.velocity(), Vec3::ZERO);
        for frame in 0..6 {
            let now = Time::from_nanos(i64::from(frame) * 10_000_000);
            hand.put(now, Vec3::new(frame as f32 * 0.01, 0.0, 0.0));
        }
        assert!((hand.velocity() - Vec3::RIGHT).length() < 1e-4, "{:?}", hand.velocity());
        hand.put(Time::from_nanos(60_000_000), Vec3::UP * 50.0);
        assert!(hand.velocity().length() < MAX_SPEED + 1e-3);
    }
}
