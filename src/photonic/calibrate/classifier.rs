//! A classifier of one lattice, trained in place.
//!
//! The features are amplitudes at the inputs; the outputs are shared out among the classes, and a
//! class's score is its share of the detected power. So each class owns a subspace of the unitary's
//! rows, and light belongs to the class whose subspace holds most of it. The loss is the cross entropy
//! of softmax(sharpness · score); its gradient comes from the adjoint method (T. W. Hughes et al.,
//! Optica 5, 864, 2018), through the hardware as it is, and moves the wanted phases by D. P. Kingma and
//! J. Ba's Adam (2015).

use ndarray::{Array2, ArrayView2, Axis};

use super::super::complex::{Complex32, Complex64};
use super::super::decompose::{DecomposeError, decompose};
use super::super::imperfection::{DeviceKey, Imperfection, ImperfectionError};
use super::super::lattice::{Gradient, Lattice, LatticeError, Layout, Propagator, Workspace};
use super::super::svd::{Svd, SvdError};
use crate::random::Counter;
use core::num::NonZeroU64;

/// A lattice whose output powers name a class.
#[derive(Clone, Debug, PartialEq)]
pub struct Classifier {
    lattice: Lattice,
    classes: usize,
}

/// How to train.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Training {
    /// How often all samples are shown.
    pub epochs: u32,
    /// Samples in one step.
    pub batch_size: usize,
    /// Adam's step (rad), falling to a tenth over the training.
    pub rate_rad: f64,
    /// What scores are multiplied by before softmax.
    pub sharpness: f64,
    /// Seeds the order of the samples.
    pub seed: u64,
}

impl Default for Training {
    fn default() -> Self {
        Self { epochs: 40, batch_size: 64, rate_rad: 0.02, sharpness: 12.0, seed: 0 }
    }
}

/// The device that a classifier runs on.
#[derive(Clone, Debug, PartialEq)]
pub struct Hardware {
    /// What is wrong with it.
    pub imperfection: Imperfection,
    /// Which device it is.
    pub key: DeviceKey,
    /// Photons at the input for one vector; the detectors' shot noise follows. None: no shot noise.
    pub photons: Option<f64>,
}

/// Why a classifier could not be made, trained or run.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ClassifierError {
    /// Fewer modes than classes, or no classes.
    #[error("{classes} classes do not fit {modes} modes")]
    Classes {
        /// Classes given.
        classes: usize,
        /// Modes given.
        modes: usize,
    },
    /// Another number of labels than samples.
    #[error("{expected} labels expected, given {given}")]
    Labels {
        /// Samples.
        expected: usize,
        /// Labels.
        given: usize,
    },
    /// A label beyond the classes.
    #[error("label {given} of sample {sample} with {classes} classes")]
    NoSuchClass {
        /// The sample.
        sample: usize,
        /// Its label.
        given: usize,
        /// The number of classes.
        classes: usize,
    },
    /// A number that must be positive and finite.
    #[error("{what} must be positive and finite, given {given}")]
    BadNumber {
        /// Which one.
        what: &'static str,
        /// The value.
        given: f64,
    },
    /// The lattice refused.
    #[error(transparent)]
    Lattice(#[from] LatticeError),
    /// The imperfection refused.
    #[error(transparent)]
    Imperfection(#[from] ImperfectionError),
    /// The first unitary could not be drawn.
    #[error(transparent)]
    Svd(#[from] SvdError),
    /// The first unitary has no lattice.
    #[error(transparent)]
    Decompose(#[from] DecomposeError),
}

impl Classifier {
    /// A rectangular lattice of `modes` modes with a random unitary (the polar factor of normal
    /// numbers, which is Haar's measure).
    ///
    /// # Errors
    /// [`ClassifierError::Classes`]; more modes than a lattice may have.
    pub fn new(modes: usize, classes: usize, seed: u64) -> Result<Self, ClassifierError> {
        if classes == 0 || classes > modes {
            return Err(ClassifierError::Classes { classes, modes });
        }
        let draws = Counter::new(seed, [modes as u32, 0]);
        let normal = Array2::from_shape_fn((modes, modes), |(row, column)| {
            let [re, im] = draws.normals((row * modes + column) as u64);
            Complex64::new(re, im)
        });
        let Svd { u, v, .. } = Svd::new(normal.view())?;
        let unitary = u.dot(&v.t().mapv(|z| z.conj()));
        Ok(Self { lattice: decompose(unitary.view(), Layout::Rectangular)?, classes })
    }

    /// The wanted phases.
    #[must_use]
    pub const fn lattice(&self) -> &Lattice {
        &self.lattice
    }

    /// The share of `samples` (one a row, as many features as modes) whose class is their label.
    ///
    /// Without hardware it runs in `f64`. With it, in `f32` on the device; `shot` names the noise.
    ///
    /// # Errors
    /// [`ClassifierError`].
    pub fn accuracy(
        &self,
        samples: ArrayView2<'_, f64>,
        labels: &[usize],
        hardware: Option<&Hardware>,
        shot: u64,
    ) -> Result<f64, ClassifierError> {
        self.check(samples, labels)?;
        let powers = match hardware {
            None => {
                let x = samples.t().mapv(|re| Complex64::new(re, 0.0));
                self.lattice.forward_batch(x.view())?.mapv(|z| z.norm_sqr())
            }
            Some(hardware) => {
                let lattice = hardware.imperfection.realise(&self.lattice, hardware.key, shot)?;
                let x = samples.t().mapv(|re| Complex32::new(re as f32, 0.0));
                let mut y = Array2::zeros(x.dim());
                let propagator = Propagator::new(&lattice);
                propagator.forward(x.view(), y.view_mut(), &mut Workspace::default())?;
                let mut powers = y.mapv(|z| f64::from(z.norm_sqr()));
                hardware.detect(powers.iter_mut(), shot);
                powers
            }
        };
        let right = powers.columns().into_iter().zip(labels).filter(|(column, label)| {
            let scores = (0..self.classes).map(|class| self.power_of(class, column.iter()));
            let best = scores.enumerate().fold((0, f64::MIN), |best, (class, power)| {
                if power > best.1 { (class, power) } else { best }
            });
            best.0 == **label
        });
        Ok(right.count() as f64 / labels.len() as f64)
    }

    /// Trains the phases in place, on `hardware` or on the ideal device; gives the mean loss of each
    /// epoch.
    ///
    /// The hardware's errors act in both directions of the light; rounding of the drive is passed
    /// straight through, as the phases that it rounds are what is trained. O(N²) for each sample.
    ///
    /// # Errors
    /// [`ClassifierError`]; the classifier may be partly trained then.
    pub fn train(
        &mut self,
        samples: ArrayView2<'_, f64>,
        labels: &[usize],
        training: &Training,
        hardware: Option<&Hardware>,
    ) -> Result<Vec<f64>, ClassifierError> {
        self.check(samples, labels)?;
        for (what, given) in [
            ("batch_size", training.batch_size as f64),
            ("rate_rad", training.rate_rad),
            ("sharpness", training.sharpness),
        ] {
            if !given.is_finite() || given <= 0.0 {
                return Err(ClassifierError::BadNumber { what, given });
            }
        }
        let mut adam = Adam::new(self.lattice.shifters());
        let mut propagator = Propagator::new(&self.lattice);
        let mut gradient = Gradient::default();
        let mut workspace = Workspace::default();
        let mut losses = Vec::new();
        let mut order: Vec<usize> = (0..labels.len()).collect();
        let steps = u64::from(training.epochs) * labels.len().div_ceil(training.batch_size) as u64;
        let mut step = 0;
        for epoch in 0..training.epochs {
            shuffle(&mut order, training.seed, epoch);
            let mut loss = 0.0;
            for batch in order.chunks(training.batch_size) {
                let x =
                    samples.select(Axis(0), batch).t().mapv(|re| Complex32::new(re as f32, 0.0));
                let mut y = Array2::zeros(x.dim());
                let device = match hardware {
                    Some(hardware) => {
                        hardware.imperfection.realise(&self.lattice, hardware.key, step)?
                    }
                    None => self.lattice.clone(),
                };
                propagator.drive(&device)?;
                propagator.forward(x.view(), y.view_mut(), &mut workspace)?;
                let mut powers = y.mapv(|z| f64::from(z.norm_sqr()));
                if let Some(hardware) = hardware {
                    hardware.detect(powers.iter_mut(), step);
                }
                let mut dl_dy = y.clone();
                for (k, &sample) in batch.iter().enumerate() {
                    let column: Vec<f64> = powers.column(k).to_vec();
                    let (cost, by_class) = self.loss(&column, labels[sample], training.sharpness);
                    loss += cost;
                    for (mode, z) in dl_dy.column_mut(k).iter_mut().enumerate() {
                        let weight = by_class[mode % self.classes] / batch.len() as f64;
                        *z *= if mode < self.used() { weight as f32 } else { 0.0 };
                    }
                }
                gradient.find(&device, &propagator, y.view(), dl_dy.view(), None)?;
                step += 1;
                let rate = training.rate_rad * (1.0 - 0.9 * step as f64 / steps as f64);
                adam.step(&mut self.lattice, &gradient, rate)?;
            }
            losses.push(loss / labels.len() as f64);
        }
        Ok(losses)
    }

    /// Outputs that belong to a class: the same number for each.
    const fn used(&self) -> usize {
        self.lattice.modes() / self.classes * self.classes
    }

    /// Output m belongs to class m mod classes.
    fn power_of<'a>(&self, class: usize, powers: impl Iterator<Item = &'a f64>) -> f64 {
        powers.take(self.used()).skip(class).step_by(self.classes).sum()
    }

    /// The cross entropy for one sample, and dL/dP of any output of each class.
    fn loss(&self, powers: &[f64], label: usize, sharpness: f64) -> (f64, Vec<f64>) {
        let total: f64 = powers[..self.used()].iter().sum::<f64>().max(f64::MIN_POSITIVE);
        let scores: Vec<f64> =
            (0..self.classes).map(|class| self.power_of(class, powers.iter()) / total).collect();
        let top = scores.iter().copied().fold(f64::MIN, f64::max);
        let weights: Vec<f64> =
            scores.iter().map(|score| libm::exp(sharpness * (score - top))).collect();
        let sum: f64 = weights.iter().sum();
        let by_score: Vec<f64> = weights
            .iter()
            .enumerate()
            .map(|(class, w)| sharpness * (w / sum - if class == label { 1.0 } else { 0.0 }))
            .collect();
        let mean: f64 = by_score.iter().zip(&scores).map(|(d, s)| d * s).sum();
        let cost = -libm::log(weights[label] / sum);
        (cost, by_score.into_iter().map(|d| (d - mean) / total).collect())
    }

    fn check(&self, samples: ArrayView2<'_, f64>, labels: &[usize]) -> Result<(), ClassifierError> {
        let (rows, features) = samples.dim();
        if features != self.lattice.modes() || rows == 0 {
            let expected = (rows.max(1), self.lattice.modes());
            return Err(
                LatticeError::Shape { what: "samples", expected, given: (rows, features) }.into()
            );
        }
        if labels.len() != rows {
            return Err(ClassifierError::Labels { expected: rows, given: labels.len() });
        }
        let classes = self.classes;
        if let Some(sample) = labels.iter().position(|&label| label >= classes) {
            return Err(ClassifierError::NoSuchClass { sample, given: labels[sample], classes });
        }
        if let Some((index, &given)) = samples.iter().enumerate().find(|(_, x)| !x.is_finite()) {
            return Err(LatticeError::NotFinite { what: "samples", index, given }.into());
        }
        Ok(())
    }
}

/// The stream of a device's detectors.
const DETECTORS: u32 = 3;

impl Hardware {
    /// Shot noise: of P·`photons` photons, √ of that is the standard deviation.
    pub(in crate::photonic) fn detect<'a>(
        &self,
        powers: impl Iterator<Item = &'a mut f64>,
        shot: u64,
    ) {
        let Some(photons) = self.photons else { return };
        let draws = Counter::new(self.key.seed, [self.key.device, DETECTORS]).derive(shot);
        for (index, power) in powers.enumerate() {
            let [noise, _] = draws.normals(index as u64);
            *power = (*power + noise * (*power / photons).sqrt()).max(0.0);
        }
    }
}

fn shuffle(order: &mut [usize], seed: u64, epoch: u32) {
    let draws = Counter::new(seed, [epoch, 1]);
    for last in (1..order.len()).rev() {
        if let Some(bound) = NonZeroU64::new(last as u64 + 1) {
            order.swap(last, draws.below(last as u64, bound) as usize);
        }
    }
}

/// Adam's moments of every phase.
#[derive(Clone, Debug)]
struct Adam {
    first: Vec<f64>,
    second: Vec<f64>,
    decay: (f64, f64),
}

impl Adam {
    fn new(phases: usize) -> Self {
        Self { first: vec![0.0; phases], second: vec![0.0; phases], decay: (1.0, 1.0) }
    }

    fn step(
        &mut self,
        lattice: &mut Lattice,
        by: &Gradient,
        rate: f64,
    ) -> Result<(), LatticeError> {
        const KEEP: (f64, f64) = (0.9, 0.999);
        self.decay = (self.decay.0 * KEEP.0, self.decay.1 * KEEP.1);
        let mut gradients = by.phases();
        lattice.map_phases(|index, phase| {
            let g = gradients.next().unwrap_or(0.0);
            let (m, v) = (&mut self.first[index], &mut self.second[index]);
            *m = KEEP.0 * *m + (1.0 - KEEP.0) * g;
            *v = KEEP.1 * *v + (1.0 - KEEP.1) * g * g;
            let (m, v) = (*m / (1.0 - self.decay.0), *v / (1.0 - self.decay.1));
            phase - rate * m / (v.sqrt() + 1e-12)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three classes of light around three directions.
    fn blobs() -> (Array2<f64>, Vec<usize>) {
        let draws = Counter::new(1, [1, 1]);
        let labels: Vec<usize> = (0..150).map(|k| k % 3).collect();
        let samples = Array2::from_shape_fn((150, 6), |(row, column)| {
            let [noise, _] = draws.normals((row * 6 + column) as u64);
            let center = if column % 3 == labels[row] { 1.0 } else { 0.0 };
            center + 0.3 * noise
        });
        (samples, labels)
    }

    #[test]
    fn training_teaches() {
        let (samples, labels) = blobs();
        let mut classifier = Classifier::new(6, 3, 4).unwrap();
        let before = classifier.accuracy(samples.view(), &labels, None, 0).unwrap();
        let training =
            Training { epochs: 30, batch_size: 16, rate_rad: 0.05, ..Training::default() };
        let losses = classifier.train(samples.view(), &labels, &training, None).unwrap();
        let after = classifier.accuracy(samples.view(), &labels, None, 0).unwrap();
        assert!(after > 0.95 && before < 0.8, "{before} {after}");
        assert!(losses[29] < 0.5 * losses[0]);
        let mut again = Classifier::new(6, 3, 4).unwrap();
        again.train(samples.view(), &labels, &training, None).unwrap();
        assert_eq!(classifier, again);
    }

    #[test]
    fn bad_input_is_refused() {
        let (samples, mut labels) = blobs();
        assert!(matches!(
            Classifier::new(2, 3, 0),
            Err(ClassifierError::Classes { classes: 3, modes: 2 })
        ));
        let classifier = Classifier::new(6, 3, 0).unwrap();
        labels[7] = 3;
        let given = classifier.accuracy(samples.view(), &labels, None, 0);
        assert_eq!(given, Err(ClassifierError::NoSuchClass { sample: 7, given: 3, classes: 3 }));
        let given = classifier.accuracy(samples.view(), &labels[1..], None, 0);
        assert_eq!(given, Err(ClassifierError::Labels { expected: 150, given: 149 }));
    }
}
