//! Layers of weight banks with activations.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, ArrayViewMut2};

use super::activation::Activation;
use super::complex::{Complex32, Complex64};
use super::dense::{Dense, DenseWorkspace};
use super::energy::{EnergyReport, LatencyReport, PartsList, Stage};
use super::imperfection::{DeviceKey, Imperfection, ImperfectionError};
use super::lattice::{LatticeError, Layout};
use super::parameter::DeviceError;
use super::weight_bank::{WeightBank, WeightBankError};

/// A neural network of light: each layer is a [`WeightBank`] and an [`Activation`].
///
/// ```
/// use ndarray::array;
/// use xrmesh::photonic::{Activation, Layout, PhotonicProcessor, complex::Complex64};
/// let one = array![[1.0, -1.0], [0.5, 2.0]];
/// let processor = PhotonicProcessor::from_real(&[one.view()], Activation::Relu, Layout::Rectangular)?;
/// let y = processor.forward(array![1.0, 2.0].mapv(Complex64::from).view())?;
/// assert!(y[0].re.abs() < 1e-13 && (y[1].re - 4.5).abs() < 1e-13);
/// # Ok::<(), xrmesh::photonic::ProcessorError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct PhotonicProcessor {
    layers: Vec<Layer>,
}

/// One layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// Its weights.
    pub bank: WeightBank,
    /// What each output meets.
    pub activation: Activation,
}

/// Why a processor could not be made or refused its input.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ProcessorError {
    /// A processor without layers.
    #[error("a processor needs at least one layer")]
    NoLayers,
    /// A layer does not take what the one before it gives.
    #[error("layer {layer}: {expected} inputs expected, given {given}")]
    Chain {
        /// The layer.
        layer: usize,
        /// Outputs of the layer before.
        expected: usize,
        /// Its inputs.
        given: usize,
    },
    /// An activation's number outside its range.
    #[error("layer {layer}: {what} out of range: {given}")]
    Activation {
        /// The layer.
        layer: usize,
        /// Which number.
        what: &'static str,
        /// The value.
        given: f64,
    },
    /// A bank refused.
    #[error(transparent)]
    WeightBank(#[from] WeightBankError),
    /// A number of photons that is not positive and finite.
    #[error("a number of photons must be positive and finite, given {given}")]
    Photons {
        /// The value.
        given: f64,
    },
    /// Shot noise of detectors that detect no power.
    #[error("a number of photons needs a last activation that detects power")]
    NotPower,
    /// Input of another shape, or not finite.
    #[error(transparent)]
    Lattice(#[from] LatticeError),
    /// The imperfection refused.
    #[error(transparent)]
    Imperfection(#[from] ImperfectionError),
}

impl PhotonicProcessor {
    /// A processor of the given layers.
    ///
    /// # Errors
    /// [`ProcessorError::NoLayers`], [`ProcessorError::Chain`], [`ProcessorError::Activation`].
    pub fn new(layers: Vec<Layer>) -> Result<Self, ProcessorError> {
        if layers.is_empty() {
            return Err(ProcessorError::NoLayers);
        }
        for (layer, pair) in layers.windows(2).enumerate() {
            let (expected, given) = (pair[0].bank.outputs(), pair[1].bank.inputs());
            if expected != given {
                return Err(ProcessorError::Chain { layer: layer + 1, expected, given });
            }
        }
        for (layer, Layer { activation, .. }) in layers.iter().enumerate() {
            activation.check(layer)?;
        }
        Ok(Self { layers })
    }

    /// A processor of real weight matrices (M × N each, first layer first), all with one activation.
    ///
    /// # Errors
    /// As [`new`](Self::new) and [`WeightBank::from_real`].
    pub fn from_real(
        weights: &[ArrayView2<'_, f64>],
        activation: Activation,
        layout: Layout,
    ) -> Result<Self, ProcessorError> {
        let layers = weights
            .iter()
            .map(|weights| Ok(Layer { bank: WeightBank::from_real(*weights, layout)?, activation }))
            .collect::<Result<_, WeightBankError>>()?;
        Self::new(layers)
    }

    /// The layers, first one first.
    #[must_use]
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// The number of features in.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.layers.first().map_or(0, |layer| layer.bank.inputs())
    }

    /// The number of amplitudes out.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.layers.last().map_or(0, |layer| layer.bank.outputs())
    }

    /// One vector through all layers, in `f64`.
    ///
    /// # Errors
    /// [`ProcessorError::WeightBank`] with the shape expected and given, or the value not finite.
    pub fn forward(
        &self,
        x: ArrayView1<'_, Complex64>,
    ) -> Result<Array1<Complex64>, ProcessorError> {
        let mut light = x.to_owned();
        for Layer { bank, activation } in &self.layers {
            light = bank.forward(light.view())?;
            light.mapv_inplace(|z| activation.of(z));
        }
        Ok(light)
    }

    /// Many vectors, one a row (batch × inputs in, batch × outputs out), in `f32` products: each bank
    /// is one matrix while its phases stay. Bit-equal on any machine and any number of workers.
    ///
    /// # Errors
    /// [`ProcessorError::Lattice`] with the shape expected and given, or the value not finite.
    pub fn forward_batch(
        &self,
        x: ArrayView2<'_, Complex64>,
    ) -> Result<Array2<Complex64>, ProcessorError> {
        self.compile()?.forward_batch(x)
    }

    /// The processor with every bank as one matrix: for batch after batch with the same phases.
    ///
    /// # Errors
    /// [`ProcessorError::Lattice`] where a weight is not finite in `f32`.
    pub fn compile(&self) -> Result<CompiledProcessor, ProcessorError> {
        let layers = self
            .layers
            .iter()
            .map(|layer| Ok((Dense::new(layer.bank.transfer_matrix().view())?, layer.activation)));
        Ok(CompiledProcessor { layers: layers.collect::<Result<_, LatticeError>>()? })
    }

    /// The output for `x` at each phase of the arms' waveguides (rad): a wavelength sweep, with
    /// 2π n_eff(λ) L/λ for each wavelength. Wavelengths × outputs.
    ///
    /// # Errors
    /// As [`forward`](Self::forward); [`ProcessorError::Lattice`] for a phase that is not finite.
    pub fn sweep(
        &self,
        x: ArrayView1<'_, Complex64>,
        arm_phases_rad: &[f64],
    ) -> Result<Array2<Complex64>, ProcessorError> {
        let mut swept = Array2::zeros((arm_phases_rad.len(), self.outputs()));
        let mut at = self.clone();
        for (mut row, &phase) in swept.outer_iter_mut().zip(arm_phases_rad) {
            for layer in &mut at.layers {
                let (right, _, left) = layer.bank.parts_mut();
                right.set_arm_phase(phase)?;
                left.set_arm_phase(phase)?;
            }
            row.assign(&at.forward(x)?);
        }
        Ok(swept)
    }

    /// What it would draw at `rate_hz` vectors a second, part by part: an estimate. Sizes, phases and
    /// losses are those of its layers, the rest is the parts list's; [`energy`](super::energy) has the
    /// formulas.
    ///
    /// # Errors
    /// A part outside its physical range, a rate not above 0, an activation that taps all light.
    pub fn energy(&self, parts: &PartsList, rate_hz: f64) -> Result<EnergyReport, DeviceError> {
        EnergyReport::of(&Stage::of_layers(&self.layers), parts, rate_hz)
    }

    /// How long one vector would take, part by part: an estimate.
    ///
    /// # Errors
    /// A part outside its physical range.
    pub fn latency(&self, parts: &PartsList) -> Result<LatencyReport, DeviceError> {
        LatencyReport::of(&Stage::of_layers(&self.layers), parts)
    }

    /// This processor on a device: every lattice realised with its own errors. Lattice k of device d
    /// is device d·2·layers + k of the seed.
    ///
    /// # Errors
    /// [`ProcessorError::Imperfection`].
    pub fn realise(
        &self,
        imperfection: &Imperfection,
        key: DeviceKey,
        shot: u64,
    ) -> Result<Self, ProcessorError> {
        let mut device = self.clone();
        let first = key.device.wrapping_mul(2 * self.layers.len() as u32);
        for (layer, k) in device.layers.iter_mut().zip(0_u32..) {
            let (right, attenuators, left) = layer.bank.parts_mut();
            let at = |k: u32| DeviceKey { seed: key.seed, device: first.wrapping_add(k) };
            *right = imperfection.realise(right, at(2 * k), shot)?;
            *left = imperfection.realise(left, at(2 * k + 1), shot)?;
            for element in attenuators {
                element.loss = imperfection.fabrication.loss;
            }
        }
        Ok(device)
    }
}

/// A processor whose banks are matrices.
#[derive(Clone, Debug, PartialEq)]
pub struct CompiledProcessor {
    layers: Vec<(Dense, Activation)>,
}

impl CompiledProcessor {
    /// As [`PhotonicProcessor::forward_batch`].
    ///
    /// # Errors
    /// As [`PhotonicProcessor::forward_batch`].
    pub fn forward_batch(
        &self,
        x: ArrayView2<'_, Complex64>,
    ) -> Result<Array2<Complex64>, ProcessorError> {
        if let Some((index, z)) =
            x.iter().enumerate().find(|(_, z)| !super::complex::is_finite(**z))
        {
            let given = if z.re.is_finite() { z.im } else { z.re };
            return Err(LatticeError::NotFinite { what: "input", index, given }.into());
        }
        let (batch, inputs) = x.dim();
        let expected = self.layers.first().map_or(0, |(dense, _)| dense.dim().1);
        if inputs != expected {
            let (expected, given) = ((expected, batch.max(1)), (inputs, batch));
            return Err(LatticeError::Shape { what: "input", expected, given }.into());
        }
        let mut light: Vec<Complex32> = x.t().iter().map(|&z| narrow(z)).collect();
        self.run(&mut light, &mut Vec::new(), batch, &mut DenseWorkspace::default())?;
        let outputs = self.layers.last().map_or(0, |(dense, _)| dense.dim().0);
        Ok(Array2::from_shape_fn((batch, outputs), |(row, m)| wide(light[m * batch + row])))
    }

    /// A bank that is one matrix.
    pub(super) fn of_matrix(
        matrix: ArrayView2<'_, Complex64>,
        activation: Activation,
    ) -> Result<Self, ProcessorError> {
        Ok(Self { layers: vec![(Dense::new(matrix)?, activation)] })
    }

    /// Sends `light`, mode after mode with `batch` amplitudes each, through all layers. Allocates
    /// nothing once `light`, `spare` and the workspace are warm.
    pub(super) fn run(
        &self,
        light: &mut Vec<Complex32>,
        spare: &mut Vec<Complex32>,
        batch: usize,
        workspace: &mut DenseWorkspace,
    ) -> Result<(), LatticeError> {
        for (dense, activation) in &self.layers {
            let (outputs, inputs) = dense.dim();
            spare.clear();
            spare.resize(outputs * batch, Complex32::new(0.0, 0.0));
            let shape = |what, modes: usize, held: usize| LatticeError::Shape {
                what,
                expected: (modes, batch),
                given: (held / batch.max(1), batch),
            };
            let x = ArrayView2::from_shape((inputs, batch), &light[..])
                .map_err(|_| shape("input", inputs, light.len()))?;
            let y = ArrayViewMut2::from_shape((outputs, batch), &mut spare[..])
                .map_err(|_| shape("output", outputs, outputs * batch))?;
            dense.forward_any(x, y, workspace)?;
            spare.iter_mut().for_each(|z| *z = narrow(activation.of(wide(*z))));
            core::mem::swap(light, spare);
        }
        Ok(())
    }
}

fn narrow(z: Complex64) -> Complex32 {
    Complex32::new(z.re as f32, z.im as f32)
}

fn wide(z: Complex32) -> Complex64 {
    Complex64::new(z.re.into(), z.im.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Counter;
    use ndarray::{Axis, array};

    fn weights(m: usize, n: usize, seed: u64) -> Array2<f64> {
        let draws = Counter::new(seed, [m as u32, n as u32]);
        Array2::from_shape_fn((m, n), |(r, c)| draws.normals((r * n + c) as u64)[0])
    }

    fn processor() -> PhotonicProcessor {
        let (a, b) = (weights(7, 5, 1), weights(3, 7, 2));
        PhotonicProcessor::from_real(&[a.view(), b.view()], Activation::Relu, Layout::Rectangular)
            .unwrap()
    }

    #[test]
    fn layers_compute_the_network() {
        let x = array![0.3, -0.5, 1.0, 0.0, 2.0];
        let relu = |v: Array1<f64>| v.mapv(|x| x.max(0.0));
        let expected = relu(weights(3, 7, 2).dot(&relu(weights(7, 5, 1).dot(&x))));
        let y = processor().forward(x.mapv(Complex64::from).view()).unwrap();
        assert!(y.iter().zip(&expected).all(|(a, b)| (a.re - b).abs() < 1e-12));
        let rows = x.mapv(Complex64::from).insert_axis(Axis(0));
        let y = processor().forward_batch(rows.view()).unwrap();
        assert!(y.iter().zip(&expected).all(|(a, b)| (a.re - b).abs() < 1e-4));
    }

    #[test]
    fn bad_processors_and_inputs_are_refused() {
        assert_eq!(PhotonicProcessor::new(Vec::new()), Err(ProcessorError::NoLayers));
        let (a, b) = (weights(4, 5, 1), weights(3, 7, 2));
        let given = PhotonicProcessor::from_real(
            &[a.view(), b.view()],
            Activation::Linear,
            Layout::Rectangular,
        );
        assert_eq!(given, Err(ProcessorError::Chain { layer: 1, expected: 4, given: 7 }));
        let x = Array2::zeros((2, 4));
        assert!(matches!(
            processor().forward_batch(x.view()),
            Err(ProcessorError::Lattice(LatticeError::Shape {
                expected: (5, 2),
                given: (4, 2),
                ..
            }))
        ));
        let tap = Activation::ElectroOptic { tap: 1.5, gain_rad: 0.0, bias_rad: 0.0 };
        let given = PhotonicProcessor::from_real(&[a.view()], tap, Layout::Rectangular);
        assert_eq!(given, Err(ProcessorError::Activation { layer: 0, what: "tap", given: 1.5 }));
    }

    #[test]
    fn a_sweep_at_no_phase_is_the_design() {
        let x = array![0.3, -0.5, 1.0, 0.0, 2.0].mapv(Complex64::from);
        let swept = processor().sweep(x.view(), &[0.0, 0.4]).unwrap();
        assert_eq!(swept.row(0), processor().forward(x.view()).unwrap());
        assert_ne!(swept.row(1), swept.row(0));
    }
}
