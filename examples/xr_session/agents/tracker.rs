//! The object tracker: has the memory fuse detections that are certain enough, and age what lies in
//! the middle of the camera's view and was not seen; tells the others what the memory made of them, and
//! what is no longer seen.

use core::time::Duration;

use xrmesh::memory::{MemoryCommand, ObjectId, Observation, Observer};
use xrmesh::{Agent, Context, Envelope, Fault, Kind, Pose, StateHasher, Time, Vec3};

use super::hash_vector;
use crate::camera;
use crate::messages::{self, Detection, DevicePose, HEADSET, Said, Track, topic};
use crate::remember::Classes;

/// Detections below this confidence are left out.
const CONFIDENCE_PERMILLE: u16 = 700;
/// Sights until a track is published: a single one may be a reflection.
const HITS_TO_CONFIRM: u32 = 3;
/// What has not been seen for so long is no longer followed; the memory keeps it.
const EXPIRY: Duration = Duration::from_secs(2);
const MAX_TRACKS: usize = 1_024;
/// Ten times a second the memory is told where the camera looks.
const TICKS_A_LOOK: u64 = 9;
/// Detections of one image.
const MAX_BATCH: usize = 256;

/// See the [module](self) docs.
#[derive(Debug)]
pub(crate) struct Tracker {
    classes: Classes,
    /// What the present image showed.
    batch: Vec<Observation>,
    /// When the last image was given to the memory, while what came of it was not looked at.
    asked_at: Option<Time>,
    /// Where the camera is.
    headset: Option<Pose>,
    /// By id.
    tracks: Vec<Followed>,
    kept: u64,
    left_out: u64,
}

#[derive(Debug)]
struct Followed {
    id: ObjectId,
    class: u32,
    position: Vec3,
    hits: u32,
    seen_at: Time,
}

impl Followed {
    fn track(&self, hits: u32) -> Track {
        Track { track: self.id.slot(), class: self.class, position: self.position, hits }
    }
}

impl Tracker {
    pub(crate) fn new(classes: Classes) -> Self {
        Self {
            classes,
            batch: Vec::with_capacity(MAX_BATCH),
            asked_at: None,
            headset: None,
            tracks: Vec::with_capacity(MAX_TRACKS),
            kept: 0,
            left_out: 0,
        }
    }

    /// Detections that were kept, those that were not, and tracks now.
    pub(crate) fn tally(&self) -> [u64; 3] {
        [self.kept, self.left_out, self.tracks.len() as u64]
    }

    /// Puts a detection into the batch, if it is certain enough.
    fn take(&mut self, detection: &Detection) {
        let certain = detection.confidence_permille >= CONFIDENCE_PERMILLE;
        let Some(pose) = Pose::at(detection.position).ok().filter(|_| certain) else {
            self.left_out += 1;
            return;
        };
        if self.batch.len() == MAX_BATCH {
            self.left_out += 1;
            return;
        }
        self.kept += 1;
        let class = self.classes.seen(detection.class as u16);
        let [x, y, z] = detection.half_mm.map(|millimetres| f32::from(millimetres) * 1e-3);
        self.batch.push(Observation {
            half_extents: Vec3::new(x, y, z),
            confidence: f32::from(detection.confidence_permille.min(1_000)) * 1e-3,
            ..Observation::new(class, pose)
        });
    }

    /// Follows an object that was seen in the last image.
    fn follow(
        &mut self,
        id: ObjectId,
        class: u32,
        position: Vec3,
        seen_at: Time,
    ) -> Option<&Followed> {
        let place = match self.tracks.binary_search_by_key(&id, |followed| followed.id) {
            Ok(place) => {
                let followed = &mut self.tracks[place];
                followed.hits = followed.hits.saturating_add(1);
                (followed.position, followed.seen_at) = (position, seen_at);
                place
            }
            Err(_) if self.tracks.len() == MAX_TRACKS => return None,
            Err(place) => {
                self.tracks.insert(place, Followed { id, class, position, hits: 1, seen_at });
                place
            }
        };
        self.tracks.get(place)
    }

    /// Tells what the memory made of the last image.
    fn look_back(&mut self, context: &mut Context<'_>, asked_at: Time) -> Result<(), Fault> {
        let Some(memory) = context.memory() else { return Ok(()) };
        let classes = self.classes;
        let seen = memory
            .objects()
            .filter(|object| object.last_seen == asked_at && classes.is_seen(object.class));
        for object in seen {
            let Some(pose) = memory.world_pose(object.id) else { continue };
            let class = u32::from(object.class.index());
            let followed = self.follow(object.id, class, pose.position(), asked_at);
            if let Some(followed) = followed.filter(|followed| followed.hits >= HITS_TO_CONFIRM) {
                let track = followed.track(followed.hits);
                context.send(topic(messages::TRACKS), track.message())?;
            }
        }
        Ok(())
    }
}

impl Agent for Tracker {
    fn on_start(&mut self, context: &mut Context<'_>) -> Result<(), Fault> {
        context.subscribe(messages::DEVICES, None)?;
        Ok(())
    }

    fn on_message(&mut self, _: &mut Context<'_>, envelope: &Envelope<'_>) -> Result<(), Fault> {
        match envelope.kind() {
            Kind::OBJECT_DETECTION => self.take(&envelope.plain()?),
            Kind::VISUAL_TRACKING => {
                let pose: DevicePose = envelope.plain()?;
                if pose.device == HEADSET {
                    self.headset = Some(pose.pose());
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn on_tick(&mut self, context: &mut Context<'_>) -> Result<(), Fault> {
        if let Some(asked_at) = self.asked_at.take() {
            self.look_back(context, asked_at)?;
        }
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
        sent?;
        if !self.batch.is_empty() {
            context.observe(&self.batch)?;
            self.batch.clear();
            self.asked_at = Some(now);
        }
        if context.tick().is_multiple_of(TICKS_A_LOOK)
            && let Some(pose) = &self.headset
            && let Some(sight) = camera::middle(pose)
        {
            let observer = Observer { eye: pose.position(), sight: sight.into(), occlusion: true };
            context.change_memory(MemoryCommand::Age(vec![observer]))?;
        }
        Ok(())
    }

    fn hash_state(&self, hasher: &mut StateHasher) {
        hasher.u64(self.kept);
        hasher.u64(self.left_out);
        hasher.u64(self.asked_at.map_or(0, Time::as_nanos) as u64);
        hasher.bool(self.headset.is_some());
        if let Some(pose) = &self.headset {
            hasher.pose(pose);
        }
        hasher.u32(self.batch.len() as u32);
        self.batch.iter().for_each(|seen| hasher.pose(&seen.pose));
        for followed in &self.tracks {
            hasher.u64(followed.id.to_bits());
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
    use crate::generate;
    use crate::remember;
    use crate::surroundings::Surroundings;

    fn detection(x: f32, confidence_permille: u16) -> Detection {
        let position = Vec3::new(x, 0.0, 0.0);
        Detection { class: 1, position, half_mm: [100; 3], confidence_permille }
    }

    #[test]
    fn confidence_decides_at_seven_tenths() {
        let mut tracker = Tracker::new(Classes::of(&Surroundings::of(&generate::room(1))));
        tracker.take(&detection(0.0, 699));
        tracker.take(&detection(0.0, 700));
        tracker.take(&detection(f32::NAN, 900));
        assert_eq!((tracker.tally(), tracker.batch.len()), ([1, 2, 0], 1));
    }

    #[test]
    fn five_chairs_stay_five() {
        let room = Surroundings::of(&generate::room(1));
        let (mut memory, mut tracker) =
            (remember::begin(&room, None).unwrap(), Tracker::new(Classes::of(&room)));
        for image in 0..20 {
            for chair in 0..5 {
                let jitter = 0.02 * (image % 3) as f32;
                tracker.take(&detection(0.6 * chair as f32 + jitter, 900));
            }
            memory.observe(&tracker.batch, Time::from_nanos(image)).unwrap();
            tracker.batch.clear();
        }
        assert_eq!(memory.len(), 5);
    }
}
