//! A trajectory in the text format of the TUM RGB-D benchmark: a line a pose,
//! `timestamp tx ty tz qx qy qz qw` in seconds and metres, `#` starts a comment.
//!
//! The benchmark's world has Z up and its camera looks along +Z with Y down; both are turned into
//! the session's axes (Y up, −Z forward). A trajectory moves the headset only: it has no
//! controllers and no buttons.

use std::path::Path;

use xrmesh::{Quat, Vec3};

use super::error::{FileError, escape};
use crate::motion::{Motion, Sample, Track};
use crate::pose::{posed, unit_quaternion};

const FIELDS: [&str; 8] =
    ["the timestamp (s)", "tx (m)", "ty (m)", "tz (m)", "qx", "qy", "qz", "qw"];
/// The largest magnitude of each field: a Unix time far ahead, 10 km, and room for an unnormalised
/// quaternion.
const LIMITS: [f64; 8] = [1e11, 1e4, 1e4, 1e4, 2.0, 2.0, 2.0, 2.0];

/// Reads the trajectory in `text`; `path` only names it in errors.
pub(super) fn parse(path: &Path, text: &str) -> Result<Motion, FileError> {
    let mut samples: Vec<Sample> = Vec::new();
    let mut origin_s = None;
    let mut last_s = f64::NEG_INFINITY;
    for (index, line) in text.lines().enumerate() {
        let content = line.split('#').next().unwrap_or("");
        if content.trim().is_empty() {
            continue;
        }
        let fields = fields(content).map_err(|Wrong { column, expected, found }| {
            FileError::at(path, (index + 1, column), expected, found)
        })?;
        let [time_s, x, y, z, qx, qy, qz, qw] = fields;
        // A microsecond, so that no two poses fall on one nanosecond.
        if time_s < last_s + 1e-6 {
            let expected = format!("a timestamp after {last_s} s");
            return Err(FileError::at(path, (index + 1, 1), expected, format!("{time_s} s")));
        }
        last_s = time_s;
        let orientation = unit_quaternion([qx, qy, qz, qw]).ok_or_else(|| {
            let found = format!("({qx}, {qy}, {qz}, {qw})");
            FileError::at(path, (index + 1, 1), "a unit quaternion qx qy qz qw", found)
        })?;
        let position = Vec3::new(x as f32, z as f32, -y as f32);
        let time_ns = ((time_s - *origin_s.get_or_insert(time_s)) * 1e9).round() as i64;
        let orientation = Z_UP_TO_Y_UP * orientation * HEADSET_TO_CAMERA;
        samples.push(Sample { time_ns, pose: posed(position, orientation) });
    }
    if samples.is_empty() {
        return Err(FileError::whole(path, "at least one line of 8 numbers", "only comments"));
    }
    Ok(Motion { headset: Track { samples }, ..Motion::default() })
}

/// −90° about X: the benchmark's Z becomes Y, its Y becomes −Z.
const Z_UP_TO_Y_UP: Quat = Quat {
    x: -core::f32::consts::FRAC_1_SQRT_2,
    y: 0.0,
    z: 0.0,
    w: core::f32::consts::FRAC_1_SQRT_2,
};
/// 180° about X, between a camera (Y down, +Z forward) and a headset (Y up, −Z forward).
const HEADSET_TO_CAMERA: Quat = Quat { x: 1.0, y: 0.0, z: 0.0, w: 0.0 };

struct Wrong {
    column: usize,
    expected: String,
    found: String,
}

fn fields(content: &str) -> Result<[f64; 8], Wrong> {
    let mut values = [0.0; 8];
    let mut count = 0;
    for word in content.split_whitespace() {
        if count < 8 {
            let wrong = |expected: String| {
                let offset = word.as_ptr() as usize - content.as_ptr() as usize;
                let column = content[..offset].chars().count() + 1;
                Wrong { column, expected, found: format!("\"{}\"", escape(word)) }
            };
            let name = FIELDS[count];
            let value: f64 = word.parse().map_err(|_| wrong(format!("a number for {name}")))?;
            let limit = LIMITS[count];
            if !(-limit..=limit).contains(&value) {
                return Err(wrong(format!("a number from -{limit} to {limit} for {name}")));
            }
            values[count] = value;
        }
        count += 1;
    }
    if count == 8 {
        return Ok(values);
    }
    let expected = "8 numbers (timestamp tx ty tz qx qy qz qw)".to_owned();
    Err(Wrong { column: 1, expected, found: count.to_string() })
}

#[cfg(test)]
mod tests {
    use super::super::{load_motion, tests::capture};
    use super::*;
    use crate::pose::forward;

    #[test]
    fn the_captured_trajectories() {
        for (name, poses, seconds) in [("groundtruth", 3_000, 30.09), ("rgbdslam_drift", 788, 26.5)]
        {
            let name = format!("tum-trajectory/freiburg1_xyz-{name}.txt");
            let Some(path) = capture(&name) else { return };
            let motion = load_motion(&path).unwrap();
            assert_eq!(motion.headset.samples.len(), poses, "{name}");
            let duration = motion.duration_ns() as f64 * 1e-9;
            assert!((duration - seconds).abs() < 0.5, "{name}: {duration}");
            // A camera held at eye height over a desk, upright and looking down at it.
            for sample in &motion.headset.samples {
                let up = sample.pose.orientation().rotate(Vec3::new(0.0, 1.0, 0.0));
                assert!((1.2..1.9).contains(&sample.pose.position().y), "{name}");
                assert!(up.y > 0.5 && forward(&sample.pose).y < 0.2, "{name}: {up:?}");
            }
        }
    }

    #[test]
    fn axes_are_turned() {
        let text = "# comment\n\n0 1 2 3 0 0 0 1 # trailing\n1 1 2 3 0 0 0 0.9\n";
        let motion = parse(Path::new("t.txt"), text).unwrap();
        let pose = motion.headset.samples[0].pose;
        assert_eq!(pose.position(), Vec3::new(1.0, 3.0, -2.0));
        // With no rotation the camera looks along the benchmark's Z, which is up.
        assert!((forward(&pose) - Vec3::new(0.0, 1.0, 0.0)).length() < 1e-6);
        assert_eq!(motion.headset.samples[1].time_ns, 1_000_000_000);
    }

    #[test]
    fn bad_lines_are_refused_with_what_was_expected() {
        let good = "0 1 2 3 0 0 0 1\n";
        let cases = [
            ("1 2 3", "t.txt:2:1: expected 8 numbers (timestamp tx ty tz qx qy qz qw), found 3"),
            ("1 2 3 4 0 0 0 1 9", "found 9"),
            ("1 2 abc 4 0 0 0 1", "t.txt:2:5: expected a number for ty (m), found \"abc\""),
            (
                "1 2 nan 4 0 0 0 1",
                "expected a number from -10000 to 10000 for ty (m), found \"nan\"",
            ),
            ("1 2 3 inf 0 0 0 1", "for tz (m), found \"inf\""),
            ("1 2 1e300 4 0 0 0 1", "found \"1e300\""),
            ("0 1 2 3 0 0 0 1", "t.txt:2:1: expected a timestamp after 0 s, found 0 s"),
            ("1 1 2 3 0 0 0 0", "expected a unit quaternion qx qy qz qw, found (0, 0, 0, 0)"),
        ];
        for (line, part) in cases {
            let error = parse(Path::new("t.txt"), &format!("{good}{line}\n{good}")).unwrap_err();
            assert!(error.to_string().contains(part), "{line}: {error}");
        }
        let error = parse(Path::new("t.txt"), "# nothing\n").unwrap_err().to_string();
        assert_eq!(error, "t.txt: expected at least one line of 8 numbers, found only comments");
    }
}
