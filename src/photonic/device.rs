//! A design on one piece of hardware, ready to take vectors.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2};

use super::activation::Activation;
use super::calibrate::Hardware;
use super::complex::{Complex32, Complex64};
use super::dense::DenseWorkspace;
use super::energy::{EnergyReport, LatencyReport, PartsList, Stage};
use super::imperfection::{Fabrication, Imperfection};
use super::lattice::{Lattice, LatticeError};
use super::parameter::DeviceError;
use super::processor::{CompiledProcessor, PhotonicProcessor, ProcessorError};

/// A processor, or a single lattice, on one device: what agents think with.
///
/// It takes real features as amplitudes and gives the real part of each output: what a homodyne
/// detector sees, or the detected power where the last activation is [`Activation::Power`].
///
/// Where nothing changes between shots each bank is one matrix, and a batch is a few products in `f32`
/// whose bits do not depend on how vectors are batched. Phase noise makes a new device for every
/// shot: O(modes²) and an allocation each, in `f64`.
///
/// ```
/// use ndarray::array;
/// use xrmesh::photonic::{Activation, Device, Layout, PhotonicProcessor};
/// let weights = array![[1.0, -1.0], [0.5, 2.0]];
/// let design =
///     PhotonicProcessor::from_real(&[weights.view()], Activation::Relu, Layout::Rectangular)?;
/// let mut device = Device::new(design, None)?;
/// let y = device.forward_batch(array![[1.0, 2.0]].view(), 0)?;
/// assert!(y[(0, 0)].abs() < 1e-6 && (y[(0, 1)] - 4.5).abs() < 1e-5);
/// # Ok::<(), xrmesh::photonic::ProcessorError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Device {
    design: Design,
    hardware: Option<Hardware>,
    /// What light sees in every shot; `None` if that changes.
    fixed: Option<CompiledProcessor>,
    light: Vec<Complex32>,
    spare: Vec<Complex32>,
    powers: Vec<f64>,
    workspace: DenseWorkspace,
    stages: Vec<Stage>,
}

#[derive(Clone, Debug)]
enum Design {
    Processor(PhotonicProcessor),
    Lattice(Box<Lattice>, Activation),
}

impl Device {
    /// A processor on a device; without `hardware` on the ideal one.
    ///
    /// # Errors
    /// [`ProcessorError::Imperfection`]; [`ProcessorError::Photons`] for a number of photons that is
    /// not positive and finite, [`ProcessorError::NotPower`] for one where the last activation detects
    /// no power; [`ProcessorError::Lattice`] where a weight is not finite in `f32`.
    pub fn new(
        processor: PhotonicProcessor,
        hardware: Option<Hardware>,
    ) -> Result<Self, ProcessorError> {
        Self::of(Design::Processor(processor), hardware)
    }

    /// A single lattice with what its outputs meet, such as a trained
    /// [`Classifier`](super::Classifier)'s with [`Activation::Power`].
    ///
    /// # Errors
    /// As for [`new`](Self::new), and [`ProcessorError::Activation`].
    pub fn of_lattice(
        lattice: Lattice,
        activation: Activation,
        hardware: Option<Hardware>,
    ) -> Result<Self, ProcessorError> {
        activation.check(0)?;
        Self::of(Design::Lattice(Box::new(lattice), activation), hardware)
    }

    fn of(design: Design, hardware: Option<Hardware>) -> Result<Self, ProcessorError> {
        if let Some(given) = hardware.as_ref().and_then(|hardware| hardware.photons) {
            if !given.is_finite() || given <= 0.0 {
                return Err(ProcessorError::Photons { given });
            }
            if design.detection() != Activation::Power {
                return Err(ProcessorError::NotPower);
            }
        }
        let (first, changes) = match &hardware {
            Some(hardware) => (
                design.realise(hardware, 0)?.compile()?,
                hardware.imperfection.shot.phase_sigma_rad > 0.0,
            ),
            None => (design.compile()?, false),
        };
        let stages = design.stages(hardware.as_ref())?;
        Ok(Self {
            design,
            hardware,
            fixed: (!changes).then_some(first),
            light: Vec::new(),
            spare: Vec::new(),
            powers: Vec::new(),
            workspace: DenseWorkspace::default(),
            stages,
        })
    }

    /// The number of features in.
    #[must_use]
    pub fn inputs(&self) -> usize {
        match &self.design {
            Design::Processor(processor) => processor.inputs(),
            Design::Lattice(lattice, _) => lattice.modes(),
        }
    }

    /// The number of values out.
    #[must_use]
    pub fn outputs(&self) -> usize {
        match &self.design {
            Design::Processor(processor) => processor.outputs(),
            Design::Lattice(lattice, _) => lattice.modes(),
        }
    }

    /// What it would draw at `rate_hz` vectors a second, part by part: an estimate. Phases are the
    /// design's, losses the hardware's where it has any.
    ///
    /// # Errors
    /// As [`PhotonicProcessor::energy`].
    pub fn energy(&self, parts: &PartsList, rate_hz: f64) -> Result<EnergyReport, DeviceError> {
        EnergyReport::of(&self.stages, parts, rate_hz)
    }

    /// How long one vector would take, part by part: an estimate.
    ///
    /// # Errors
    /// As [`PhotonicProcessor::latency`].
    pub fn latency(&self, parts: &PartsList) -> Result<LatencyReport, DeviceError> {
        LatencyReport::of(&self.stages, parts)
    }

    /// Many vectors, one a row (batch × inputs in, batch × outputs out); the first is shot number
    /// `first_shot`, the next the one after it, and 0 comes after the greatest. Bit-equal on any
    /// machine; a vector's values follow from it and its shot alone, however vectors are batched.
    ///
    /// # Errors
    /// [`ProcessorError::Lattice`] with the shape expected and given, or the value not finite.
    pub fn forward_batch(
        &mut self,
        x: ArrayView2<'_, f32>,
        first_shot: u64,
    ) -> Result<Array2<f32>, ProcessorError> {
        let (batch, expected) = (x.nrows(), self.inputs());
        if x.ncols() != expected {
            let (expected, given) = ((expected, batch), (x.ncols(), batch));
            return Err(LatticeError::Shape { what: "input", expected, given }.into());
        }
        if let Some((index, &given)) = x.iter().enumerate().find(|(_, x)| !x.is_finite()) {
            let given = given.into();
            return Err(LatticeError::NotFinite { what: "input", index, given }.into());
        }
        let (x, mut values): (Vec<f32>, _) = (x.iter().copied().collect(), Vec::new());
        self.run(&x, first_shot, &mut values)?;
        let outputs = self.outputs();
        Ok(Array2::from_shape_fn((batch, outputs), |(row, column)| values[row * outputs + column]))
    }

    /// The same for vectors that lie one behind the other and were checked; `values` gets what comes
    /// out in the same order. Nothing allocates once it is warm, unless shots differ.
    pub(crate) fn run(
        &mut self,
        x: &[f32],
        first_shot: u64,
        values: &mut Vec<f32>,
    ) -> Result<(), ProcessorError> {
        let (inputs, outputs) = (self.inputs(), self.outputs());
        let batch = x.len() / inputs.max(1);
        values.clear();
        let Self { design, hardware, fixed, light, spare, powers, workspace, .. } = self;
        if let Some(fixed) = fixed {
            light.clear();
            for feature in 0..inputs {
                let column = x.iter().skip(feature).step_by(inputs);
                light.extend(column.map(|&re| Complex32::new(re, 0.0)));
            }
            fixed.run(light, spare, batch, workspace)?;
        }
        for row in 0..batch {
            let shot = first_shot.wrapping_add(row as u64);
            powers.clear();
            match (&*fixed, &*hardware) {
                (None, Some(hardware)) => {
                    let x = &x[row * inputs..(row + 1) * inputs];
                    let x: Array1<_> = x.iter().map(|&re| Complex64::new(re.into(), 0.0)).collect();
                    let seen = design.realise(hardware, shot)?.forward(x.view())?;
                    powers.extend(seen.iter().map(|z| z.re));
                }
                _ => powers.extend((0..outputs).map(|m| f64::from(light[m * batch + row].re))),
            }
            if let Some(hardware) = hardware {
                hardware.detect(powers.iter_mut(), shot);
            }
            values.extend(powers.iter().map(|&value| value as f32));
        }
        Ok(())
    }
}

impl Design {
    /// What the last outputs meet.
    fn detection(&self) -> Activation {
        match self {
            Self::Processor(processor) => {
                processor.layers().last().map_or(Activation::Linear, |layer| layer.activation)
            }
            Self::Lattice(_, activation) => *activation,
        }
    }

    fn realise(&self, hardware: &Hardware, shot: u64) -> Result<Self, ProcessorError> {
        let Hardware { imperfection, key, .. } = hardware;
        Ok(match self {
            Self::Processor(processor) => {
                Self::Processor(processor.realise(imperfection, *key, shot)?)
            }
            Self::Lattice(lattice, activation) => {
                Self::Lattice(Box::new(imperfection.realise(lattice, *key, shot)?), *activation)
            }
        })
    }

    /// What the parts list is multiplied by: the phases as wanted, the losses as fabricated.
    fn stages(&self, hardware: Option<&Hardware>) -> Result<Vec<Stage>, ProcessorError> {
        let Some(Hardware { imperfection, key, .. }) = hardware else {
            return Ok(match self {
                Self::Processor(processor) => Stage::of_layers(processor.layers()),
                Self::Lattice(lattice, activation) => vec![Stage::of_lattice(lattice, *activation)],
            });
        };
        // A heater does not hold the offset that fabrication left.
        let fabrication = Fabrication { offset_sigma_rad: 0.0, ..imperfection.fabrication };
        let fabrication = Imperfection { fabrication, ..Imperfection::default() };
        match self {
            Self::Processor(processor) => {
                Ok(Stage::of_layers(processor.realise(&fabrication, *key, 0)?.layers()))
            }
            Self::Lattice(lattice, activation) => {
                let lattice = fabrication.realise(lattice, *key, 0)?;
                Ok(vec![Stage::of_lattice(&lattice, *activation)])
            }
        }
    }

    fn compile(&self) -> Result<CompiledProcessor, ProcessorError> {
        match self {
            Self::Processor(processor) => processor.compile(),
            Self::Lattice(lattice, activation) => {
                CompiledProcessor::of_matrix(lattice.transfer_matrix().view(), *activation)
            }
        }
    }

    fn forward(&self, x: ArrayView1<'_, Complex64>) -> Result<Array1<Complex64>, ProcessorError> {
        match self {
            Self::Processor(processor) => processor.forward(x),
            Self::Lattice(lattice, activation) => {
                Ok(lattice.forward(x)?.mapv(|z| activation.of(z)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::calibrate::Classifier;
    use super::super::imperfection::{DeviceKey, Shot};
    use super::super::lattice::Layout;
    use super::*;
    use crate::random::Counter;
    use ndarray::s;

    fn draw(rows: usize, columns: usize, seed: u64) -> Array2<f64> {
        let draws = Counter::new(seed, [rows as u32, columns as u32]);
        Array2::from_shape_fn((rows, columns), |(r, c)| draws.normals((r * columns + c) as u64)[0])
    }

    fn hardware(phase_sigma_rad: f64, photons: Option<f64>) -> Hardware {
        Hardware {
            imperfection: Imperfection {
                fabrication: Fabrication { coupler_sigma_rad: 0.03, ..Fabrication::default() },
                shot: Shot { phase_sigma_rad },
                ..Imperfection::default()
            },
            key: DeviceKey { seed: 5, device: 2 },
            photons,
        }
    }

    #[test]
    fn a_device_gives_what_its_design_gives() {
        let (a, b) = (draw(7, 5, 1), draw(3, 7, 2));
        let design = PhotonicProcessor::from_real(
            &[a.view(), b.view()],
            Activation::Relu,
            Layout::Rectangular,
        )
        .unwrap();
        let x = draw(37, 5, 3).mapv(|x| x as f32);
        let wide = x.mapv(|x| Complex64::new(x.into(), 0.0));
        let direct = design.forward_batch(wide.view()).unwrap();
        let mut device = Device::new(design.clone(), None).unwrap();
        assert_eq!(device.forward_batch(x.view(), 9).unwrap(), direct.mapv(|z| z.re as f32));
        let noisy = hardware(0.0, None);
        let direct = design.realise(&noisy.imperfection, noisy.key, 0).unwrap();
        let direct = direct.forward_batch(wide.view()).unwrap();
        let mut device = Device::new(design, Some(noisy)).unwrap();
        assert_eq!(device.forward_batch(x.view(), 9).unwrap(), direct.mapv(|z| z.re as f32));
    }

    #[test]
    fn values_follow_from_the_shot_and_not_from_the_batch() {
        let lattice = Classifier::new(6, 3, 4).unwrap().lattice().clone();
        let x = draw(10, 6, 3).mapv(|x| x as f32);
        for phase_sigma in [0.0, 0.05] {
            let hardware = Some(hardware(phase_sigma, Some(1e3)));
            let mut device =
                Device::of_lattice(lattice.clone(), Activation::Power, hardware).unwrap();
            let all = device.forward_batch(x.view(), 100).unwrap();
            let tail = device.forward_batch(x.slice(s![4.., ..]), 104).unwrap();
            assert_eq!(all.slice(s![4.., ..]), tail);
            assert_ne!(all, device.forward_batch(x.view(), 101).unwrap());
            let around = device.forward_batch(x.view(), u64::MAX - 3).unwrap();
            let tail = device.forward_batch(x.slice(s![4.., ..]), 0).unwrap();
            assert_eq!(around.slice(s![4.., ..]), tail);
        }
    }

    #[test]
    fn noise_that_cannot_be_is_refused() {
        let lattice = Classifier::new(6, 3, 4).unwrap().lattice().clone();
        let made = |activation, photons| {
            Device::of_lattice(lattice.clone(), activation, Some(hardware(0.0, Some(photons))))
                .map(|_| ())
        };
        assert_eq!(made(Activation::Power, 0.0), Err(ProcessorError::Photons { given: 0.0 }));
        assert_eq!(made(Activation::Relu, 1e6), Err(ProcessorError::NotPower));
        let mut device = Device::of_lattice(lattice, Activation::Power, None).unwrap();
        let given = device.forward_batch(Array2::zeros((2, 5)).view(), 0);
        let shape = LatticeError::Shape { what: "input", expected: (6, 2), given: (5, 2) };
        assert_eq!(given, Err(ProcessorError::Lattice(shape)));
    }
}
