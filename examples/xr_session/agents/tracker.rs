//! The object tracker: keeps detections that are certain enough, associates them with what it
//! follows, and forgets what is no longer seen.

use core::time::Duration;

use xrmesh::{Agent, Context, Envelope, Fault, Kind, StateHasher, Time, Vec3};

use super::hash_vector;
use crate::messages::{self, Detection, Said, Track, topic};

/// Detections below this confidence are left out.
const CONFIDENCE_PERMILLE: u16 = 700;
/// A detection belongs to the nearest track of its class that is this near, in metres.
const GATE_M: f32 = 0.4;
/// The share of a detection's offset that a track takes over.
const GAIN: f32 = 0.3;
/// Sights until a track is published: a single one may be a reflection.
const HITS_TO_CONFIRM: u32 = 3;
/// A track that has not been seen for so long is given up.
const EXPIRY: Duration = Duration::from_secs(2);
const MAX_TRACKS: usize = 1_024;

/// See the [module](self) docs.
#[derive(Debug)]
pub(crate) struct Tracker {
    tracks: Vec<Followed>,
    next: u32,
    kept: u64,
    left_out: u64,
}

#[derive(Debug)]
struct Followed {
    number: u32,
    class: u32,
    position: Vec3,
    hits: u32,
    seen_at: Time,
}

impl Followed {
    fn track(&self, hits: u32) -> Track {
        Track { track: self.number, class: self.class, position: self.position, hits }
    }
}

impl Tracker {
    pub(crate) fn new() -> Self {
        Self { tracks: Vec::with_capacity(MAX_TRACKS), next: 0, kept: 0, left_out: 0 }
    }

    /// Detections that were kept, those that were not, and tracks now.
    pub(crate) fn tally(&self) -> [u64; 3] {
        [self.kept, self.left_out, self.tracks.len() as u64]
    }

    /// The track that a detection goes to; `None` where it is not certain enough. One detection of
    /// an image goes to one track: two chairs side by side stay two.
    fn associate(&mut self, now: Time, detection: &Detection) -> Option<&Followed> {
        if detection.confidence_permille < CONFIDENCE_PERMILLE || !detection.position.is_finite() {
            self.left_out += 1;
            return None;
        }
        self.kept += 1;
        let mut nearest: Option<(f32, usize)> = None;
        for (place, followed) in self.tracks.iter().enumerate() {
            let distance = followed.position.distance_squared(detection.position);
            let free = followed.class == detection.class && followed.seen_at != now;
            if free
                && distance <= GATE_M * GATE_M
                && nearest.is_none_or(|(least, _)| distance < least)
            {
                nearest = Some((distance, place));
            }
        }
        let place = match nearest {
            Some((_, place)) => {
                let followed = &mut self.tracks[place];
                let offset = detection.position - followed.position;
                followed.position = followed.position + offset * GAIN;
                followed.hits = followed.hits.saturating_add(1);
                followed.seen_at = now;
                place
            }
            None if self.tracks.len() == MAX_TRACKS => return None,
            None => {
                let &Detection { class, position, .. } = detection;
                let number = self.next;
                self.next = self.next.wrapping_add(1);
                self.tracks.push(Followed { number, class, position, hits: 1, seen_at: now });
                self.tracks.len() - 1
            }
        };
        self.tracks.get(place)
    }
}

impl Agent for Tracker {
    fn on_message(
        &mut self,
        context: &mut Context<'_>,
        envelope: &Envelope<'_>,
    ) -> Result<(), Fault> {
        if envelope.kind() != Kind::OBJECT_DETECTION {
            return Ok(());
        }
        let found = self.associate(context.now(), &envelope.plain()?);
        if let Some(followed) = found.filter(|followed| followed.hits >= HITS_TO_CONFIRM) {
            let track = followed.track(followed.hits);
            context.send(topic(messages::TRACKS), track.message())?;
        }
        Ok(())
    }

    fn on_tick(&mut self, context: &mut Context<'_>) -> Result<(), Fault> {
        let now = context.now();
        let mut sent = Ok(());
        self.tracks.retain(|followed| {
            let keep = now.since(followed.seen_at) <= EXPIRY;
            if !keep && followed.hits >= HITS_TO_CONFIRM && sent.is_ok() {
                let lost = context.send(topic(messages::TRACKS), followed.track(0).message());
                sent = lost.map(|_| ());
            }
            keep
        });
        Ok(sent?)
    }

    fn hash_state(&self, hasher: &mut StateHasher) {
        hasher.u32(self.next);
        hasher.u64(self.kept);
        hasher.u64(self.left_out);
        for followed in &self.tracks {
            hasher.u32(followed.number);
            hasher.u32(followed.class);
            hash_vector(hasher, followed.position);
            hasher.u32(followed.hits);
            hasher.u64(followed.seen_at.as_nanos() as u64);
        }
    }

    fn ticks() -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detection(x: f32, confidence_permille: u16) -> Detection {
        Detection {
            class: 4,
            position: Vec3::new(x, 0.0, 0.0),
            half_mm: [0; 3],
            confidence_permille,
        }
    }

    #[test]
    fn confidence_decides_at_seven_tenths() {
        let mut tracker = Tracker::new();
        assert!(tracker.associate(Time::ZERO, &detection(0.0, 699)).is_none());
        assert!(tracker.associate(Time::ZERO, &detection(0.0, 700)).is_some());
        assert_eq!(tracker.tally(), [1, 1, 1]);
    }

    #[test]
    fn five_chairs_stay_five() {
        let mut tracker = Tracker::new();
        for image in 0..20 {
            for chair in 0..5 {
                let jitter = 0.02 * (image % 3) as f32;
                let seen = detection(0.3 * chair as f32 + jitter, 900);
                assert!(tracker.associate(Time::from_nanos(image), &seen).is_some());
            }
        }
        assert_eq!(tracker.tracks.len(), 5);
        assert!(tracker.tracks.iter().all(|followed| followed.hits == 20));
    }
}
