//! What a leaky neuron is, what acts on it, and what it remembers.

use ndarray::{ArrayView1, ArrayView2};
use serde::{Deserialize, Serialize};

use super::raster::SpikeRaster;

/// What one neuron is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LeakyParameters {
    /// τ in seconds.
    pub time_constant_s: f64,
    /// v_th: a neuron fires when its potential is above it.
    pub threshold: f64,
    /// What the potential is set to after a spike, and where it starts.
    pub reset: f64,
    /// t_ref in seconds: for how long after a spike a neuron neither integrates nor fires. Rounded
    /// up to whole steps, but for the thousandth of a step that a division may add.
    pub refractory_s: f64,
}

/// What drives the neurons of a layer: the potential that each would settle at.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub enum Drive<'a> {
    /// The layer's own bias, zero unless it was set.
    #[default]
    Bias,
    /// One number a neuron, the same in all steps.
    Constant(ArrayView1<'a, f64>),
    /// One row a step, one column a neuron.
    PerStep(ArrayView2<'a, f64>),
}

/// All that acts on a layer during a run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Stimulus<'a> {
    /// What the potentials relax to.
    pub drive: Drive<'a>,
    /// What is added to the potentials: one row a step, one column a neuron.
    pub kicks: Option<ArrayView2<'a, f64>>,
    /// The spikes that enter the layer's input synapses, one row a step.
    pub spikes: Option<&'a SpikeRaster>,
}

/// What becomes of a kick that reaches a neuron while it is refractory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RefractoryKicks {
    /// It is lost: the potential is clamped at the reset value. Brian2's `(unless refractory)`.
    #[default]
    Lost,
    /// It is added, and the neuron starts from there once it integrates again.
    Kept,
}

/// Everything that a layer remembers from one run to the next.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LeakyState {
    pub(super) next_step: i64,
    pub(super) potentials: Vec<f64>,
    pub(super) free_at: Vec<i64>,
    /// One row a step to come, as many as the longest delay of the input synapses.
    pub(super) input_kicks: Vec<f64>,
    /// The same of the recurrent synapses.
    pub(super) recurrent_kicks: Vec<f64>,
}

impl LeakyState {
    /// The step that comes next.
    #[must_use]
    pub const fn next_step(&self) -> i64 {
        self.next_step
    }

    /// The potential of each neuron.
    #[must_use]
    pub fn potentials(&self) -> &[f64] {
        &self.potentials
    }
}
