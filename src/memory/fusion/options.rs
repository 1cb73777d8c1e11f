//! How the objects of a class are fused and aged.

use core::time::Duration;

use thiserror::Error;

/// How observations of a class become objects, and how long these last.
///
/// ```
/// use xrmesh::memory::ClassOptions;
/// // Chairs stand where they are; people walk.
/// let chair = ClassOptions { max_speed_m_s: 0.0, ..ClassOptions::default() };
/// let person = ClassOptions { gate_m: 0.8, gain: 0.6, ..ClassOptions::default() };
/// assert!(chair.check().is_ok() && person.check().is_ok());
/// assert!(ClassOptions { gain: 1.5, ..chair }.check().is_err());
/// ```
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ClassOptions {
    /// How far, in metres, an observation may lie from where its object was predicted. At most
    /// 1,000; below the distance between two neighbours. Default 0.5.
    pub gate_m: f32,
    /// How much of a pair's cost is what the two boxes do not share, 0 to 1; the rest is the
    /// distance. Default 0.25.
    pub overlap_weight: f32,
    /// How far one observation as sure as its object moves it towards what was observed, above 0 and
    /// at most 1. Default 0.3.
    pub gain: f32,
    /// The fastest that an object of the class moves, in metres a second, at most 1,000; zero for what
    /// rests: then no velocity is kept. Default 3.
    pub max_speed_m_s: f32,
    /// How long an object that is not observed is expected to go on as it moved. Default 0.5 s.
    pub prediction: Duration,
    /// How close, in metres, two objects are taken for one; zero: never. Below the distance between
    /// two neighbours. Default 0.15.
    pub merge_distance_m: f32,
    /// How many observations in a row must have been of the one and none of the other before two
    /// objects are merged, at least 1. Default 10.
    pub merge_after: u16,
    /// What part of the persistence that an object lacks a sure observation restores, 0 to 1.
    /// Default 0.5.
    pub restore: f32,
    /// For how long an object that is not seen loses nothing: longer than from one run of the detector
    /// to the next. Default 0.5 s.
    pub patience: Duration,
    /// In what time an object that should be seen and is not loses half of its persistence, above
    /// zero. Default 60 s.
    pub half_life: Duration,
    /// The persistence below which it leaves, 0 to 1. Default 0.05.
    pub least_persistence: f32,
}

/// A number of [`ClassOptions`] is out of its range.
#[derive(Clone, Copy, PartialEq, Debug, Error)]
#[error("{name} is {value}, expected {expected}")]
pub struct ClassOptionsError {
    /// Which.
    pub name: &'static str,
    /// As given; of a duration the seconds.
    pub value: f64,
    /// What it may be.
    pub expected: &'static str,
}

impl Default for ClassOptions {
    fn default() -> Self {
        Self {
            gate_m: 0.5,
            overlap_weight: 0.25,
            gain: 0.3,
            max_speed_m_s: 3.0,
            prediction: Duration::from_millis(500),
            merge_distance_m: 0.15,
            merge_after: 10,
            restore: 0.5,
            patience: Duration::from_millis(500),
            half_life: Duration::from_secs(60),
            least_persistence: 0.05,
        }
    }
}

impl ClassOptions {
    /// Whether every number is in its range.
    ///
    /// # Errors
    /// [`ClassOptionsError`] for the first that is not.
    pub fn check(&self) -> Result<(), ClassOptionsError> {
        let within = |name, value: f32, low: f32, high: f32, expected| {
            let fits = value >= low && value <= high;
            if fits {
                Ok(())
            } else {
                Err(ClassOptionsError { name, value: f64::from(value), expected })
            }
        };
        within("gate_m", self.gate_m, f32::MIN_POSITIVE, 1e3, "above 0 and at most 1000")?;
        within("overlap_weight", self.overlap_weight, 0.0, 1.0, "0 to 1")?;
        within("gain", self.gain, f32::MIN_POSITIVE, 1.0, "above 0 and at most 1")?;
        within("max_speed_m_s", self.max_speed_m_s, 0.0, 1e3, "0 to 1000")?;
        let prediction_s = self.prediction.as_secs_f32();
        within("prediction", prediction_s, 0.0, 1e3, "at most 1000 s")?;
        let merge_m = self.merge_distance_m;
        within("merge_distance_m", merge_m, 0.0, self.gate_m, "0 to gate_m")?;
        within("merge_after", f32::from(self.merge_after), 1.0, f32::MAX, "at least 1")?;
        within("restore", self.restore, 0.0, 1.0, "0 to 1")?;
        within("least_persistence", self.least_persistence, 0.0, 1.0, "0 to 1")?;
        let half_life_s = self.half_life.as_secs_f32();
        within("half_life", half_life_s, f32::MIN_POSITIVE, f32::MAX, "above 0 s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_out_of_range_are_named() {
        let good = ClassOptions::default();
        assert_eq!(good.check(), Ok(()));
        let named = |options: ClassOptions| options.check().unwrap_err().name;
        assert_eq!(named(ClassOptions { gate_m: f32::NAN, ..good }), "gate_m");
        assert_eq!(named(ClassOptions { gate_m: 0.1, ..good }), "merge_distance_m");
        assert_eq!(named(ClassOptions { gain: 0.0, ..good }), "gain");
        assert_eq!(named(ClassOptions { max_speed_m_s: f32::INFINITY, ..good }), "max_speed_m_s");
        assert_eq!(named(ClassOptions { prediction: Duration::MAX, ..good }), "prediction");
        assert_eq!(named(ClassOptions { merge_after: 0, ..good }), "merge_after");
        assert_eq!(named(ClassOptions { half_life: Duration::ZERO, ..good }), "half_life");
    }
}
