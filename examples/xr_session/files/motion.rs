//! A headset recording as JSON: `camera`, `left` and `right`, each with `poses[]` of `position`,
//! `rotation` (Euler degrees, order YXZ) and `timestamp` (ms), and `events[]` of the buttons.
//! A controller may be missing; the camera may not.

use std::path::Path;

use serde::{Deserialize, Deserializer};

use super::error::FileError;
use super::json::{self, Degrees, Milliseconds, Position, mismatch};
use crate::motion::{Action, ButtonEvent, Device, Motion, Sample, Track};
use crate::pose::{euler_yxz_deg, posed};

/// Reads the recording in `text`; `path` only names it in errors.
pub(super) fn parse(path: &Path, text: &str) -> Result<Motion, FileError> {
    let RecordingFile { camera, left, right } = json::parse(path, text).map_err(|error| {
        // A room scan under the wrong flag deserves better than "camera is missing".
        if text.contains("\"spatialEntities\"") {
            FileError::whole(path, "a headset recording", "a room scan (give it to --room)")
        } else {
            error
        }
    })?;
    if camera.poses.is_empty() {
        return Err(FileError::whole(path, "at least one pose in camera.poses", "none"));
    }
    let devices = [(Device::Headset, Some(camera)), (Device::Left, left), (Device::Right, right)];
    let stamps = devices.iter().filter_map(|(_, record)| record.as_ref()).flat_map(|record| {
        let pose = record.poses.first().map(|pose| pose.timestamp.0);
        pose.into_iter().chain(record.events.first().map(|event| event.timestamp.0))
    });
    let origin_ms = stamps.fold(f64::INFINITY, f64::min);

    let mut motion = Motion::default();
    for (device, record) in devices {
        let Some(record) = record else { continue };
        let samples = record.poses.iter().map(|pose| pose.sample(origin_ms)).collect();
        let track = Track { samples };
        match device {
            Device::Headset => motion.headset = track,
            Device::Left => motion.left = track,
            Device::Right => motion.right = track,
        }
        motion.events.extend(record.events.iter().map(|event| ButtonEvent {
            time_ns: since_ns(event.timestamp, origin_ms),
            device,
            button: event.detail.id,
            action: match event.name.as_str() {
                "buttondown" => Action::Press,
                "buttonup" => Action::Release,
                _ => Action::Change,
            },
        }));
    }
    // Stable: events of one time keep the order of the devices and of the file.
    motion.events.sort_by_key(|event| event.time_ns);
    Ok(motion)
}

#[derive(Deserialize)]
struct RecordingFile {
    camera: DeviceRecord,
    left: Option<DeviceRecord>,
    right: Option<DeviceRecord>,
}

#[derive(Deserialize)]
struct DeviceRecord {
    #[serde(deserialize_with = "poses")]
    poses: Vec<PoseRecord>,
    #[serde(default, deserialize_with = "events")]
    events: Vec<EventRecord>,
}

#[derive(Deserialize)]
struct PoseRecord {
    position: Position,
    rotation: Rotation,
    timestamp: Milliseconds,
}

#[derive(Clone, Copy, Deserialize)]
struct Rotation {
    x: Degrees,
    y: Degrees,
    z: Degrees,
}

#[derive(Deserialize)]
struct EventRecord {
    name: String,
    #[serde(default)]
    detail: Detail,
    timestamp: Milliseconds,
}

#[derive(Default, Deserialize)]
struct Detail {
    #[serde(default)]
    id: u32,
}

impl PoseRecord {
    fn sample(&self, origin_ms: f64) -> Sample {
        let Rotation { x, y, z } = self.rotation;
        let orientation = euler_yxz_deg(x.0, y.0, z.0);
        let position = self.position.into();
        Sample { time_ns: since_ns(self.timestamp, origin_ms), pose: posed(position, orientation) }
    }
}

/// Poses a microsecond or more apart, so that no two fall on one nanosecond.
fn poses<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<PoseRecord>, D::Error> {
    json::checked_array(deserializer, |before, pose: &PoseRecord| match before.last() {
        Some(last) if pose.timestamp.0 < last.timestamp.0 + 1e-3 => Err(mismatch(
            format_args!("a timestamp after {} ms", last.timestamp.0),
            format_args!("{} ms", pose.timestamp.0),
        )),
        _ => Ok(()),
    })
}

/// Events in order; several may share a time.
fn events<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<EventRecord>, D::Error> {
    json::checked_array(deserializer, |before, event: &EventRecord| match before.last() {
        Some(last) if event.timestamp.0 < last.timestamp.0 => Err(mismatch(
            format_args!("a timestamp of at least {} ms", last.timestamp.0),
            format_args!("{} ms", event.timestamp.0),
        )),
        _ => Ok(()),
    })
}

fn since_ns(timestamp: Milliseconds, origin_ms: f64) -> i64 {
    ((timestamp.0 - origin_ms) * 1e6).round() as i64
}

#[cfg(test)]
mod tests {
    use super::super::{load_motion, tests::capture};
    use super::*;
    use crate::pose::forward;

    #[test]
    fn the_captured_recording() {
        let Some(path) = capture("headset-motion/tracked-recording.json") else { return };
        let motion = load_motion(&path).unwrap();
        for track in [&motion.headset, &motion.left, &motion.right] {
            assert_eq!(track.samples.len(), 2_568);
            assert!(track.samples.windows(2).all(|pair| pair[0].time_ns < pair[1].time_ns));
        }
        assert_eq!(motion.events.len(), 108);
        let count = |action| motion.events.iter().filter(|event| event.action == action).count();
        assert_eq!([Action::Press, Action::Release, Action::Change].map(count), [18, 18, 72]);
        assert_eq!(motion.headset.samples[0].time_ns, 0);
        assert_eq!(motion.duration_ns(), 29_241_548_247);
        // Looking down and back at the start: pitch −39.5°, yaw −178.4°.
        let forward = forward(&motion.headset.samples[0].pose);
        assert!(forward.z > 0.75 && (forward.y + 0.636).abs() < 0.01, "{forward:?}");
    }

    fn recording(first: &str, second: &str) -> String {
        let pose = |timestamp: &str| {
            format!(
                r#"{{"position": {{"x": 1, "y": 1.6, "z": 0}}, "rotation": {{"x": 0, "y": 0, "z": 0}},
                "timestamp": {timestamp}}}"#
            )
        };
        format!(
            r#"{{"camera": {{"poses": [{}, {}]}},
            "right": {{"poses": [], "events": [{{"name": "buttondown", "detail": {{"id": 1}},
            "timestamp": 5}}]}}}}"#,
            pose(first),
            pose(second)
        )
    }

    #[test]
    fn times_count_from_the_first_pose_or_event() {
        let motion = parse(Path::new("m.json"), &recording("10", "20.5")).unwrap();
        let times: Vec<_> = motion.headset.samples.iter().map(|s| s.time_ns).collect();
        assert_eq!(times, [5_000_000, 15_500_000]);
        assert_eq!(motion.events[0].time_ns, 0);
        assert!(motion.left.samples.is_empty());
    }

    #[test]
    fn bad_recordings_are_refused_with_what_was_expected() {
        let error = |text: &str| parse(Path::new("m.json"), text).unwrap_err().to_string();
        for (first, second) in [("10", "10"), ("10", "9"), ("10", "10.0001")] {
            let line = error(&recording(first, second));
            assert!(
                line.ends_with(&format!(
                    "expected a timestamp after 10 ms at camera.poses[1], found {second} ms"
                )),
                "{line}"
            );
        }
        let line = error(&recording("-1", "2"));
        assert!(line.contains("expected a number from 0 to 1000000000000000 at camera"), "{line}");
        let line = error(r#"{"camera": {"poses": []}}"#);
        assert_eq!(line, "m.json: expected at least one pose in camera.poses, found none");
        assert!(error("{}").contains("expected the field \"camera\" at the top level"));
        assert!(error(r#"{"spatialEntities": []}"#).contains("a room scan (give it to --room)"));
        let line = error(&recording("1", "2").replace("\"id\": 1", "\"id\": -1"));
        assert!(line.contains("at right.events[0].detail.id, found -1"), "{line}");
    }
}
