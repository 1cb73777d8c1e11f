//! The recorded motion of a headset and two controllers, sampled at any time of a session.
//!
//! A session longer than the recording plays it forwards, then backwards, and so on: positions stay
//! continuous, where a restart would throw the headset across the room between two frames. On the
//! way back a press becomes a release and a release a press, so that a button is held over exactly
//! the stretch of the path it was held over when recorded.

use xrmesh::{Pose, Vec3};

use crate::pose::{between, posed};
use crate::room::Room;

/// What was recorded. Times are nanoseconds from its beginning.
#[derive(Clone, Debug, PartialEq, Default)]
pub(crate) struct Motion {
    pub(crate) headset: Track,
    /// Empty where the recording has no such controller.
    pub(crate) left: Track,
    pub(crate) right: Track,
    /// In order of time.
    pub(crate) events: Vec<ButtonEvent>,
}

/// One of the three tracked devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Device {
    Headset,
    Left,
    Right,
}

/// The poses of one device, in strictly increasing time.
#[derive(Clone, Debug, PartialEq, Default)]
pub(crate) struct Track {
    pub(crate) samples: Vec<Sample>,
}

/// Where a device was at a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Sample {
    pub(crate) time_ns: i64,
    pub(crate) pose: Pose,
}

/// What happened to a button at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ButtonEvent {
    pub(crate) time_ns: i64,
    pub(crate) device: Device,
    pub(crate) button: u32,
    pub(crate) action: Action,
}

/// See [`ButtonEvent`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Press,
    Release,
    /// An analogue value changed, or something else that neither presses nor releases.
    Change,
}

impl Action {
    fn reversed(self) -> Self {
        match self {
            Self::Press => Self::Release,
            Self::Release => Self::Press,
            Self::Change => Self::Change,
        }
    }
}

impl Motion {
    /// From the beginning to the last sample or event.
    pub(crate) fn duration_ns(&self) -> i64 {
        let tracks = [&self.headset, &self.left, &self.right];
        let poses = tracks.iter().filter_map(|track| track.samples.last()).map(|s| s.time_ns);
        poses.chain(self.events.last().map(|event| event.time_ns)).max().unwrap_or(0)
    }

    /// The track of `device`.
    pub(crate) fn track(&self, device: Device) -> &Track {
        match device {
            Device::Headset => &self.headset,
            Device::Left => &self.left,
            Device::Right => &self.right,
        }
    }

    /// Where `device` is at `time_ns` of the session, between two samples by interpolation; `None`
    /// where the device was not recorded. O(log samples).
    pub(crate) fn pose(&self, device: Device, time_ns: i64) -> Option<Pose> {
        self.track(device).at(self.recorded_time(time_ns))
    }

    /// Puts the events of the session's time after `after_ns`, up to and with `until_ns`, into
    /// `due` in order, replacing what it held. An event at the very beginning needs an `after_ns`
    /// below zero.
    pub(crate) fn events_between(&self, after_ns: i64, until_ns: i64, due: &mut Vec<ButtonEvent>) {
        due.clear();
        let duration = self.duration_ns();
        if self.events.is_empty() || until_ns < 0 {
            return;
        }
        // Leg n of the way: even ones forwards, odd ones backwards.
        let (first, last) = match duration {
            0 => (0, 0),
            _ => (after_ns.max(0) / duration, until_ns / duration),
        };
        for leg in first..=last {
            let start = leg * duration;
            let mut take = |event: &ButtonEvent, time_ns: i64, action: Action| {
                if time_ns > after_ns && time_ns <= until_ns {
                    due.push(ButtonEvent { time_ns, action, ..*event });
                }
            };
            if leg % 2 == 0 {
                self.events.iter().for_each(|e| take(e, start + e.time_ns, e.action));
            } else {
                let back = self.events.iter().rev();
                back.for_each(|e| take(e, start + duration - e.time_ns, e.action.reversed()));
            }
        }
    }

    /// Moves a recording of another place into `room`: where the headset's path does not lie over
    /// its floor, the path's middle is put over the floor's middle. Returns by how much.
    pub(crate) fn place_in(&mut self, room: &Room) -> Vec3 {
        let Some([low, high]) = room.extent() else { return Vec3::ZERO };
        let range = |axis: fn(Vec3) -> f32| {
            let values = self.headset.samples.iter().map(|sample| axis(sample.pose.position()));
            values.fold([f32::MAX, f32::MIN], |[low, high], v| [low.min(v), high.max(v)])
        };
        let (x, z) = (range(|place| place.x), range(|place| place.z));
        let inside = x[0] >= low[0] && x[1] <= high[0] && z[0] >= low[1] && z[1] <= high[1];
        if inside || self.headset.samples.is_empty() {
            return Vec3::ZERO;
        }
        let middle = |[low, high]: [f32; 2]| 0.5 * (low + high);
        let shift = Vec3::new(
            middle([low[0], high[0]]) - middle(x),
            0.0,
            middle([low[1], high[1]]) - middle(z),
        );
        self.shift(shift);
        shift
    }

    /// Moves everything by `offset`.
    fn shift(&mut self, offset: Vec3) {
        for track in [&mut self.headset, &mut self.left, &mut self.right] {
            for sample in &mut track.samples {
                let Sample { pose, .. } = sample;
                *pose = posed(pose.position() + offset, pose.orientation());
            }
        }
    }

    /// The time of the recording that the session shows at `time_ns`.
    fn recorded_time(&self, time_ns: i64) -> i64 {
        let duration = self.duration_ns();
        if duration == 0 {
            return 0;
        }
        let phase = time_ns.rem_euclid(2 * duration);
        if phase <= duration { phase } else { 2 * duration - phase }
    }
}

impl Track {
    /// Before the first sample it is the first, after the last the last.
    fn at(&self, time_ns: i64) -> Option<Pose> {
        let after = self.samples.partition_point(|sample| sample.time_ns <= time_ns);
        let (Some(earlier), later) =
            (self.samples.get(after.saturating_sub(1)), self.samples.get(after))
        else {
            return None;
        };
        let Some(later) = later.filter(|_| after > 0) else { return Some(earlier.pose) };
        let span = (later.time_ns - earlier.time_ns) as f64;
        let fraction = ((time_ns - earlier.time_ns) as f64 / span) as f32;
        Some(between(&earlier.pose, &later.pose, fraction))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pose::euler_yxz_deg;

    fn sample(time_ns: i64, x: f32) -> Sample {
        let orientation = euler_yxz_deg(0.0, 90.0 * x, 0.0);
        Sample { time_ns, pose: posed(Vec3::new(x, 0.0, 0.0), orientation) }
    }

    fn event(time_ns: i64, action: Action) -> ButtonEvent {
        ButtonEvent { time_ns, device: Device::Right, button: 1, action }
    }

    fn motion() -> Motion {
        Motion {
            headset: Track { samples: vec![sample(0, 0.0), sample(40, 0.5), sample(100, 1.0)] },
            events: vec![event(20, Action::Press), event(60, Action::Release)],
            ..Motion::default()
        }
    }

    #[test]
    fn poses_are_interpolated_and_mirrored_beyond_the_end() {
        let motion = motion();
        let x = |time| motion.pose(Device::Headset, time).unwrap().position().x;
        assert_eq!([x(0), x(20), x(40), x(70), x(100)], [0.0, 0.25, 0.5, 0.75, 1.0]);
        assert_eq!([x(130), x(200), x(240), x(1_000_000 * 200 + 20)], [0.75, 0.0, 0.5, 0.25]);
        let quarter = motion.pose(Device::Headset, 20).unwrap().orientation();
        let expected = euler_yxz_deg(0.0, 22.5, 0.0);
        assert!((quarter.y - expected.y).abs() < 1e-6, "{quarter:?}");
        assert_eq!(motion.pose(Device::Left, 0), None);
    }

    #[test]
    fn each_event_is_due_once_however_the_time_is_cut() {
        let motion = motion();
        let mut whole = Vec::new();
        motion.events_between(-1, 450, &mut whole);
        let times: Vec<_> = whole.iter().map(|e| (e.time_ns, e.action)).collect();
        use Action::{Press, Release};
        let expected = [
            (20, Press),
            (60, Release),
            (140, Press),
            (180, Release),
            (220, Press),
            (260, Release),
            (340, Press),
            (380, Release),
            (420, Press),
        ];
        assert_eq!(times, expected);
        for step in [1, 7, 20, 100, 333] {
            let (mut cut, mut due, mut after) = (Vec::new(), Vec::new(), -1);
            while after < 450 {
                let until = (after + step).min(450);
                motion.events_between(after, until, &mut due);
                cut.extend_from_slice(&due);
                after = until;
            }
            assert_eq!(cut, whole, "steps of {step}");
        }
    }

    #[test]
    fn a_recording_of_another_place_is_moved_over_the_floor() {
        let room = crate::generate::room(1);
        let mut inside = motion();
        assert_eq!(inside.place_in(&room), Vec3::ZERO);
        assert_eq!(inside, motion());
        let mut far = motion();
        far.shift(Vec3::new(100.0, 0.0, -50.0));
        let shift = far.place_in(&room);
        assert!((shift - Vec3::new(-100.5, 0.0, 50.0)).length() < 1e-3, "{shift:?}");
        assert!(far.pose(Device::Headset, 50).unwrap().position().length() < 1.0);
        assert_eq!(Motion::default().place_in(&room), Vec3::ZERO);
    }

    #[test]
    fn a_motion_without_extent_stands_still() {
        let mut still = Motion::default();
        assert_eq!(still.pose(Device::Headset, 5), None);
        still.headset.samples.push(sample(0, 1.0));
        assert_eq!(still.pose(Device::Headset, 1_000).unwrap().position().x, 1.0);
        let mut due = vec![event(0, Action::Press)];
        still.events_between(-1, 1_000, &mut due);
        assert!(due.is_empty());
    }
}
