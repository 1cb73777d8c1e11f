//! Layers one after another, each driven by the spikes of the one before.

use super::layer::LeakyLayer;
use super::neuron::{LeakyState, Stimulus};
use super::raster::SpikeRaster;
use crate::photonic::parameter::{DeviceError, Expected, check_length};

/// A feed-forward network of leaky layers. Each layer may be recurrent in itself.
///
/// A run takes each layer through all steps before the next, so a layer without recurrence is one
/// product.
///
/// ```
/// use ndarray::array;
/// use xrmesh::photonic::spike::{
///     LeakyLayer, LeakyParameters, SpikeRaster, SpikingNetwork, Stimulus, Synapses,
/// };
/// let neuron =
///     LeakyParameters { time_constant_s: 10e-3, threshold: 1.0, reset: 0.0, refractory_s: 0.0 };
/// let relay = |weight: f64| {
///     LeakyLayer::uniform(1e-3, 1, neuron)?
///         .with_input(Synapses::dense(array![[weight]].view(), 1)?)
/// };
/// let mut network = SpikingNetwork::new(vec![relay(1.5)?, relay(1.5)?])?;
/// let input = SpikeRaster::from_spikes(8, 1, [(0, 0)])?;
/// let output = network.run(&Stimulus { spikes: Some(&input), ..Stimulus::default() }, 8)?;
/// assert_eq!(output.spikes().collect::<Vec<_>>(), [(4, 0)]); // two steps a layer
/// # Ok::<(), xrmesh::photonic::parameter::DeviceError>(())
/// ```
#[derive(Debug, Clone)]
pub struct SpikingNetwork {
    layers: Vec<LeakyLayer>,
    rasters: Vec<SpikeRaster>,
}

impl SpikingNetwork {
    /// A network of these layers; the input synapses of each but the first come from the layer
    /// before.
    ///
    /// # Errors
    /// No layer; input synapses that do not fit the layer before; layers with different steps.
    pub fn new(layers: Vec<LeakyLayer>) -> Result<Self, DeviceError> {
        let Some(first) = layers.first() else {
            return Err(DeviceError::Empty { array: "layers" });
        };
        for layer in &layers {
            Expected::Within(first.step_s(), first.step_s()).check("step_s", layer.step_s())?;
        }
        for pair in layers.windows(2) {
            check_length("input synapses", pair[1].sources().unwrap_or(0), pair[0].neurons())?;
        }
        Ok(Self { layers, rasters: Vec::new() })
    }

    /// Runs `steps` steps under a stimulus of the first layer; returns who fired in the last. The
    /// rasters are kept: a further run of as many steps allocates nothing.
    ///
    /// # Errors
    /// As [`LeakyLayer::run`]; the network is then unchanged.
    pub fn run(
        &mut self,
        stimulus: &Stimulus<'_>,
        steps: usize,
    ) -> Result<&SpikeRaster, DeviceError> {
        if self.rasters.first().is_none_or(|raster| raster.steps() != steps) {
            let silent = |layer: &LeakyLayer| SpikeRaster::silent(steps, layer.neurons());
            self.rasters = self.layers.iter().map(silent).collect::<Result<_, _>>()?;
        }
        for index in 0..self.layers.len() {
            let (before, rest) = self.rasters.split_at_mut(index);
            match before.last() {
                None => self.layers[index].run_into(stimulus, &mut rest[0])?,
                spikes => {
                    let stimulus = Stimulus { spikes, ..Stimulus::default() };
                    self.layers[index].run_into(&stimulus, &mut rest[0])?;
                }
            }
        }
        Ok(&self.rasters[self.layers.len() - 1])
    }

    /// Its layers, the first first.
    #[must_use]
    pub fn layers(&self) -> &[LeakyLayer] {
        &self.layers
    }

    /// Who fired in each layer in the last run; empty before it.
    #[must_use]
    pub fn rasters(&self) -> &[SpikeRaster] {
        &self.rasters
    }

    /// Back to step 0, as [`LeakyLayer::reset`].
    pub fn reset(&mut self) {
        self.layers.iter_mut().for_each(LeakyLayer::reset);
    }

    /// All that its layers remember.
    #[must_use]
    pub fn state(&self) -> Vec<LeakyState> {
        self.layers.iter().map(LeakyLayer::state).collect()
    }

    /// Back to a saved state.
    ///
    /// # Errors
    /// Another number of layers, or as [`LeakyLayer::restore`]; the network is then unchanged.
    pub fn restore(&mut self, states: &[LeakyState]) -> Result<(), DeviceError> {
        check_length("states", states.len(), self.layers.len())?;
        let before = self.state();
        for (index, state) in states.iter().enumerate() {
            if let Err(error) = self.layers[index].restore(state) {
                for (layer, state) in self.layers.iter_mut().zip(&before) {
                    layer.restore(state)?;
                }
                return Err(error);
            }
        }
        Ok(())
    }
}
