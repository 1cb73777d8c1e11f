//! The photonic processor that classifiers read digits with: a lattice of 64 modes on a device with
//! the errors of real hardware, trained in place on handwritten digits.

use std::fmt;
use std::sync::Arc;

use ndarray::{Array2, Axis, s};
use xrmesh::photonic::energy::PartsList;
use xrmesh::photonic::{
    Activation, Classifier, Device, DeviceKey, Drive, ElementLoss, Fabrication, Hardware,
    Imperfection, Quantisation, Training,
};
use xrmesh::{Clock, Mesh};

use crate::agents::DigitReader;
use crate::clock::WallClock;

/// The name that the processor is added under.
pub(crate) const PROCESSOR: &str = "digits";
/// Digits, and pixels of one.
pub(crate) const CLASSES: usize = 10;
const PIXELS: usize = 64;
/// Agents that read: a batch of them fills in one round.
pub(crate) const CLASSIFIERS: u32 = 32;
/// Vectors a second that the estimate of energy is for.
const RATE_HZ: f64 = 1e9;

/// A trained device, the digits to test it on, and what it would draw.
#[derive(Debug)]
pub(crate) struct Trained {
    pub(crate) device: Device,
    pub(crate) digits: Arc<Digits>,
    joules: f64,
}

/// Digits that the training did not see: rows of 64 pixels of unit length, and labels.
#[derive(Debug)]
pub(crate) struct Digits {
    pixels: Vec<f32>,
    labels: Vec<usize>,
}

impl Digits {
    /// A digit's pixels and its label; beyond the last it goes on with the first.
    pub(crate) fn test(&self, number: usize) -> (&[f32], usize) {
        let at = number % self.labels.len();
        (&self.pixels[at * PIXELS..(at + 1) * PIXELS], self.labels[at])
    }
}

impl Trained {
    /// Trains: some seconds. Every call gives the same bits.
    ///
    /// # Errors
    /// What the library says.
    pub(crate) fn new(seed: u64) -> Result<Self, Box<dyn std::error::Error>> {
        let set = smartcore::dataset::digits::load_dataset();
        let pixels = set.data.iter().map(|&pixel| f64::from(pixel)).collect();
        let mut samples = Array2::from_shape_vec((set.num_samples, PIXELS), pixels)?;
        for mut row in samples.rows_mut() {
            let length = row.iter().map(|x| x * x).sum::<f64>().sqrt();
            row.mapv_inplace(|x| x / length);
        }
        let part = |test: bool| -> (Array2<f64>, Vec<usize>) {
            // Every fifth is kept back.
            let chosen: Vec<usize> =
                (0..set.num_samples).filter(|k| k.is_multiple_of(5) == test).collect();
            let labels = chosen.iter().map(|&k| set.target[k] as usize).collect();
            (samples.select(Axis(0), &chosen), labels)
        };
        let ((samples, labels), (tests, wanted)) = (part(false), part(true));
        let hardware = hardware(seed);
        let training =
            Training { epochs: 30, rate_rad: 0.03, sharpness: 20.0, seed, ..Training::default() };
        let mut classifier = Classifier::new(PIXELS, CLASSES, seed)?;
        classifier.train(samples.view(), &labels, &training, Some(&hardware))?;
        let mut lattice = classifier.lattice().clone();
        lattice.wrap_phases();
        let device = Device::of_lattice(lattice, Activation::Power, Some(hardware))?;
        let joules = device.energy(&PartsList::default(), RATE_HZ)?.energy_per_vector_j();
        let pixels = tests.iter().map(|&pixel| pixel as f32).collect();
        Ok(Self { device, digits: Arc::new(Digits { pixels, labels: wanted }), joules })
    }

    /// What came of it in a session.
    pub(crate) fn report<'a>(
        &self,
        mesh: &Mesh,
        readers: impl Iterator<Item = &'a xrmesh::AgentId>,
    ) -> ProcessorReport {
        let mut tally = [0; 3];
        for reader in readers {
            if let Some(counts) = mesh.with_agent(*reader, DigitReader::tally) {
                tally.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
            }
        }
        let [right, wrong, unanswered] = tally;
        let (vectors, batches) = (mesh.inferences().answered, mesh.inferences().batches);
        let (microseconds, joules) = (self.microseconds(), self.joules);
        ProcessorReport { right, wrong, unanswered, vectors, batches, microseconds, joules }
    }

    /// Microseconds of this machine for one vector of a full batch: the median of 51 batches.
    fn microseconds(&self) -> f64 {
        let batch = (CLASSIFIERS as usize).min(self.digits.labels.len());
        let pixels = &self.digits.pixels[..batch * PIXELS];
        let x = Array2::from_shape_fn((batch, PIXELS), |(row, m)| pixels[row * PIXELS + m]);
        let (mut device, clock) = (self.device.clone(), WallClock::start());
        let mut times: Vec<f64> = (0..51)
            .map(|shot| {
                let began = clock.now();
                let ran = device.forward_batch(x.slice(s![.., ..]), shot);
                let took = clock.now().since(began).as_secs_f64();
                if ran.is_ok() { took } else { f64::NAN }
            })
            .collect();
        times.sort_by(f64::total_cmp);
        times[times.len() / 2] * 1e6 / batch as f64
    }
}

fn hardware(seed: u64) -> Hardware {
    let loss = ElementLoss { shifter_db: 0.25, ..ElementLoss::NONE };
    let quantisation = Quantisation::Phase { bits: 8 };
    Hardware {
        imperfection: Imperfection {
            fabrication: Fabrication { coupler_sigma_rad: 0.02, loss, ..Fabrication::default() },
            drive: Drive { quantisation, ..Drive::default() },
            ..Imperfection::default()
        },
        key: DeviceKey { seed, device: 0 },
        photons: Some(1e7),
    }
}

/// How the processor did in a session.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProcessorReport {
    right: u64,
    wrong: u64,
    unanswered: u64,
    vectors: u64,
    batches: u64,
    microseconds: f64,
    joules: f64,
}

impl ProcessorReport {
    /// The share of answers that were right; 0 without any.
    fn accuracy(&self) -> f64 {
        self.right as f64 / (self.right + self.wrong).max(1) as f64
    }

    pub(crate) fn to_json(self) -> serde_json::Value {
        serde_json::json!({
            "task": "digits",
            "accuracy": self.accuracy(),
            "inferences": self.vectors,
            "batches": self.batches,
            "unanswered": self.unanswered,
            "us_per_inference": self.microseconds,
            "estimated_joules_per_inference": self.joules,
        })
    }
}

impl fmt::Display for ProcessorReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut row = |name: &str, value: String| writeln!(f, "  {name:<20}{value:>16}");
        row("digits read", (self.right + self.wrong).to_string())?;
        row("read right", format!("{:.2} %", self.accuracy() * 100.0))?;
        row("unanswered", self.unanswered.to_string())?;
        let mean = self.vectors as f64 / self.batches.max(1) as f64;
        row("vectors a batch", format!("{mean:.1}"))?;
        row("µs a vector", format!("{:.2}", self.microseconds))?;
        row("J a vector", format!("{:.3e}", self.joules))?;
        f.write_str("  the energy is an estimate of a simulated device at 1 GHz\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate;
    use crate::session::{Session, Setup};

    #[test]
    fn agents_read_digits_well_and_always_alike() {
        let (room, trained) = (generate::room(2), Trained::new(1).unwrap());
        let play = |workers| {
            let motion = generate::walk(2, &room);
            let processor = Some(&trained);
            let setup = Setup {
                room: &room,
                motion,
                characters: 10,
                workers,
                seed: 1,
                record: None,
                store: None,
                processor,
            };
            let mut session = Session::new(setup).unwrap();
            for frame in 0..90 {
                session.feed(frame).unwrap();
                session.tick(frame, Session::budget()).unwrap();
            }
            assert_eq!(session.mesh.counters().unaccounted(), 0);
            let report = trained.report(&session.mesh, session.cast.readers.iter());
            assert_eq!((report.right + report.wrong, report.unanswered), (960, 0));
            assert!(report.accuracy() > 0.94, "{report}");
            (session.mesh.state_hash(), report.right)
        };
        assert_eq!(play(0), play(2));
    }
}
