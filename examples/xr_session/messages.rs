//! What the session's agents say to each other: plain data that stays inside its envelope.
//!
//! Who hears what:
//!
//! | message | kind | priority | from → to |
//! |---|---|---|---|
//! | [`DevicePose`] | visual tracking | 2 | host → topic `devices` |
//! | [`Button`] | user 1 | 1 | host → interaction |
//! | [`Detection`] | object detection | 5 | host → tracker |
//! | [`Track`] | user 2 | 5 | tracker → topic `tracks` |
//! | [`Surface`] | environment map | 7 | mapper → topic `room` |
//! | [`AnchorsWithin`], [`AnchorList`] | user 3, 4 | 4 | rendering asks, anchor answers |
//! | [`AnchorMoved`] | spatial coordinates | 3 | anchor → topic `anchors` |
//! | [`Grab`], [`Release`] | user 5, 6 | 1 | interaction → physics |
//! | [`Pulse`] | haptic feedback | 1 | physics → interaction |
//! | [`Body`] | physics state | 3 | physics → topic `bodies`; collaboration → topic `shared` |
//! | [`VisibleSet`] | user 7 | 6 | rendering → topic `visible` |
//! | [`PeerPose`] | user 8 | 6 | collaboration and peers → topic `peers` |
//! | [`Gaze`] | gesture recognition | 4 | interaction → the character looked at |
//! | [`Words`] | spatial audio | 8 | character → characters near or linked |

use bytemuck::{Pod, Zeroable};
use xrmesh::{INLINE_BYTES, Kind, Message, Plain, Pose, Priority, Quat, Topic, Vec3};

use crate::pose::posed;

/// Poses of the headset and the controllers.
pub(crate) const DEVICES: &str = "devices";
/// What the tracker believes to be there.
pub(crate) const TRACKS: &str = "tracks";
/// Surfaces of the room as they are mapped.
pub(crate) const ROOM: &str = "room";
/// Anchors that moved.
pub(crate) const ANCHORS: &str = "anchors";
/// Bodies that move, where they are.
pub(crate) const BODIES: &str = "bodies";
/// Bodies that move near the user, for peers near them.
pub(crate) const SHARED: &str = "shared";
/// What the headset sees.
pub(crate) const VISIBLE: &str = "visible";
/// Poses of the people in the session, where they are.
pub(crate) const PEERS: &str = "peers";

/// Plain data with the priority it is said with.
pub(crate) trait Said: Plain {
    const PRIORITY: Priority;

    fn message(&self) -> Message<'_> {
        Message::new(Self::KIND).plain(self).priority(Self::PRIORITY)
    }
}

macro_rules! said {
    ($name:ident, $kind:expr, $priority:literal) => {
        impl Plain for $name {
            const KIND: Kind = $kind;
        }

        impl Said for $name {
            const PRIORITY: Priority = match Priority::new($priority) {
                Ok(priority) => priority,
                Err(_) => Priority::DEFAULT,
            };
        }

        const _: () = assert!($priority >= 1 && $priority <= 10);
        const _: () = assert!(size_of::<$name>() <= INLINE_BYTES, "stays inside its envelope");
    };
}

/// The topic of that name.
pub(crate) const fn topic(name: &str) -> Topic {
    Topic::named(name)
}

/// A rotation in four sixteenths-bit numbers: exact to 0.002°.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(transparent)]
pub(crate) struct Turn([i16; 4]);

impl Turn {
    pub(crate) fn of(quaternion: Quat) -> Self {
        let Quat { x, y, z, w } = quaternion;
        // A float out of range becomes the nearest integer.
        Self([x, y, z, w].map(|part| (part * 32_767.0).round() as i16))
    }

    pub(crate) fn quaternion(self) -> Quat {
        let [x, y, z, w] = self.0.map(|part| f32::from(part) / 32_767.0);
        Quat::new(x, y, z, w).normalised().unwrap_or(Quat::IDENTITY)
    }
}

/// The number of the headset among the devices; the controllers are 1 (left) and 2 (right).
pub(crate) const HEADSET: u32 = 0;

/// Where a device is.
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct DevicePose {
    pub(crate) device: u32,
    pub(crate) position: Vec3,
    pub(crate) turn: Turn,
}
said!(DevicePose, Kind::VISUAL_TRACKING, 2);

impl DevicePose {
    pub(crate) fn of(device: u32, pose: &Pose) -> Self {
        Self { device, position: pose.position(), turn: Turn::of(pose.orientation()) }
    }

    pub(crate) fn pose(&self) -> Pose {
        posed(self.position, self.turn.quaternion())
    }

    /// Which hand holds the device; `None` for the headset.
    pub(crate) fn hand(&self) -> Option<usize> {
        hand_of(self.device)
    }
}

/// Which hand holds a device: 0 the left, 1 the right.
pub(crate) fn hand_of(device: u32) -> Option<usize> {
    device.checked_sub(1).map(|hand| hand as usize).filter(|hand| *hand < 2)
}

/// A controller's button went down or up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct Button {
    pub(crate) device: u32,
    pub(crate) button: u32,
    pub(crate) down: u32,
}
said!(Button, Kind::user(1), 1);

/// The camera saw something.
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct Detection {
    pub(crate) class: u32,
    pub(crate) position: Vec3,
    pub(crate) half_mm: [u16; 3],
    pub(crate) confidence_permille: u16,
}
said!(Detection, Kind::OBJECT_DETECTION, 5);

/// Something that was seen often enough to be there; `hits` is zero when it has been lost.
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct Track {
    pub(crate) track: u32,
    pub(crate) class: u32,
    pub(crate) position: Vec3,
    pub(crate) hits: u32,
}
said!(Track, Kind::user(2), 5);

/// The bounds of a mapped thing.
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct Surface {
    pub(crate) thing: u16,
    pub(crate) class: u16,
    pub(crate) centre: Vec3,
    pub(crate) half: Vec3,
}
said!(Surface, Kind::ENVIRONMENT_MAP, 7);

/// Which anchors lie within `radius` metres of a point?
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct AnchorsWithin {
    pub(crate) point: Vec3,
    pub(crate) radius: f32,
}
said!(AnchorsWithin, Kind::user(3), 4);

/// The anchors that do: bit n of `members` for anchor n. Anchors beyond 192 are only counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct AnchorList {
    pub(crate) total: u32,
    pub(crate) members: [u32; 6],
}
said!(AnchorList, Kind::user(4), 4);

/// An anchor moved by a centimetre or more since it was last said where it is.
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct AnchorMoved {
    pub(crate) anchor: u32,
    pub(crate) position: Vec3,
    pub(crate) moved_m: f32,
}
said!(AnchorMoved, Kind::SPATIAL_COORDINATES, 3);

/// A hand closes.
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct Grab {
    pub(crate) hand: u32,
    pub(crate) place: Vec3,
}
said!(Grab, Kind::user(5), 1);

/// A hand opens, moving at `velocity` metres a second.
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct Release {
    pub(crate) hand: u32,
    pub(crate) velocity: Vec3,
}
said!(Release, Kind::user(6), 1);

/// A hand shall feel something.
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct Pulse {
    pub(crate) hand: u32,
    pub(crate) amplitude: f32,
    pub(crate) duration_ms: u32,
}
said!(Pulse, Kind::HAPTIC_FEEDBACK, 1);

/// A body that moves: metres, metres a second.
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct Body {
    pub(crate) object: u32,
    pub(crate) position: Vec3,
    pub(crate) velocity: Vec3,
}
said!(Body, Kind::PHYSICS_STATE, 3);

/// How much of what lies in the headset's view, and the agent nearest to it there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct VisibleSet {
    pub(crate) frame: u32,
    pub(crate) surfaces: u16,
    pub(crate) bodies: u16,
    pub(crate) agents: u32,
    pub(crate) tracks: u32,
    /// An agent's bits; zero if there is none.
    pub(crate) nearest: u64,
}
said!(VisibleSet, Kind::user(7), 6);

/// Where a person in the session is.
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct PeerPose {
    pub(crate) peer: u32,
    pub(crate) position: Vec3,
    pub(crate) turn: Turn,
}
said!(PeerPose, Kind::user(8), 6);

/// The user looks at you from there.
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct Gaze {
    pub(crate) from: Vec3,
}
said!(Gaze, Kind::GESTURE_RECOGNITION, 4);

/// Something said aloud.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct Words {
    /// The bits of the agent it is meant for, whoever else hears it; zero for everyone.
    pub(crate) to: u64,
    /// How far the conversation is; zero greets.
    pub(crate) turn: u32,
    /// Which of its phrases.
    pub(crate) phrase: u32,
}
said!(Words, Kind::SPATIAL_AUDIO, 8);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pose::{euler_yxz_deg, forward};

    #[test]
    fn a_turn_keeps_its_direction() {
        for yaw in 0..36 {
            let given = euler_yxz_deg(20.0, yaw as f32 * 10.0, -5.0);
            let kept = Turn::of(given).quaternion();
            let direction = |turn| forward(&posed(Vec3::ZERO, turn));
            assert!((direction(given) - direction(kept)).length() < 1e-4, "{yaw}");
        }
    }

    #[test]
    fn hands_are_the_controllers() {
        assert_eq!([0, 1, 2, 3].map(hand_of), [None, Some(0), Some(1), None]);
    }
}
