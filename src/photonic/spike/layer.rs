//! A population of leaky integrate-and-fire neurons with the synapses that reach it.

use ndarray::{Array1, ArrayView1, ArrayView2};
use serde::{Deserialize, Serialize};

use super::kernel::{Block, Instructions, Row, TILE, Tile};
use super::raster::SpikeRaster;
use super::synapse::{MOST_NEURONS, Pending, Synapses};
use crate::photonic::parameter::{DeviceError, Expected, check_count, check_length};

/// Steps that are delivered and integrated at a time where kicks are involved: their rows should stay in cache.
const CHUNK_STEPS: usize = 64;
/// The same where nothing but the drive acts.
const DRIVEN_CHUNK_STEPS: usize = 256;
/// A ring of kicks holds at most this many numbers, 2 GiB of them.
const MOST_PENDING: usize = 1 << 28;
/// No run goes beyond this step.
const LAST_STEP: i64 = 1 << 62;

/// What one neuron is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LeakyParameters {
    /// τ in seconds.
    pub time_constant_s: f64,
    /// v_th: a neuron fires when its potential is above it.
    pub threshold: f64,
    /// What the potential is set to after a spike, and where it starts.
    pub reset: f64,
    /// t_ref in seconds: for how long after a spike a neuron neither integrates nor fires. Rounded up to whole
    /// steps, but for the thousandth of a step that a division may add.
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

/// Leaky integrate-and-fire neurons, driven by currents, by spikes of another layer and by their own.
///
/// ```
/// use ndarray::array;
/// use xrmesh::photonic::spike::{Drive, LeakyLayer, LeakyParameters, Stimulus};
/// let neuron =
///     LeakyParameters { time_constant_s: 10e-3, threshold: 1.0, reset: 0.0, refractory_s: 2e-3 };
/// let mut layer = LeakyLayer::uniform(0.1e-3, 2, neuron)?;
/// let drive = array![0.9, 1.2]; // one stays below its threshold
/// let stimulus = Stimulus { drive: Drive::Constant(drive.view()), ..Stimulus::default() };
/// let raster = layer.run(&stimulus, 500)?;
/// assert_eq!(raster.counts(), array![0, 2]);
/// assert!((raster.times_s(1, layer.step_s()).next().unwrap() - 17.9e-3).abs() < 1e-12);
/// # Ok::<(), xrmesh::photonic::parameter::DeviceError>(())
/// ```
#[derive(Debug, Clone)]
pub struct LeakyLayer {
    step_s: f64,
    neurons: usize,
    instructions: Instructions,
    tiles: Vec<Tile>,
    bias: Vec<Row>,
    input: Option<Synapses>,
    recurrence: Option<Synapses>,
    refractory_kicks: RefractoryKicks,
    /// The kicks under way: a ring of slots, each one row a tile. All zero but for the steps to come.
    pending: Vec<Row>,
    slots: usize,
    /// The drive of a chunk, copied from the caller's view.
    drive: Vec<Row>,
    next_step: i64,
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
    next_step: i64,
    potentials: Vec<f64>,
    free_at: Vec<i64>,
    /// One row a step to come, as many as the longest delay.
    pending: Vec<f64>,
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

impl LeakyLayer {
    /// Neurons with parameters of their own, advanced in steps of `step_s` seconds.
    ///
    /// # Errors
    /// No neuron or more than [`MOST_NEURONS`]; a step or time constant not above 0; a refractory time below 0 or longer
    /// than 2³² steps; anything not finite.
    pub fn new(step_s: f64, neurons: &[LeakyParameters]) -> Result<Self, DeviceError> {
        let step_s = Expected::Positive.check("step_s", step_s)?;
        check_count("neurons", neurons.len(), 1, MOST_NEURONS)?;
        let mut tiles = vec![Tile::ABSENT; neurons.len().div_ceil(TILE)];
        for (index, neuron) in neurons.iter().enumerate() {
            let (tile, lane) = (&mut tiles[index / TILE], index % TILE);
            Expected::Positive.check("time_constant_s", neuron.time_constant_s)?;
            tile.decay[lane] = libm::exp(-step_s / neuron.time_constant_s);
            tile.threshold[lane] = Expected::Finite.check("threshold", neuron.threshold)?;
            tile.reset[lane] = Expected::Finite.check("reset", neuron.reset)?;
            tile.potential[lane] = neuron.reset;
            Expected::NonNegative.check("refractory_s", neuron.refractory_s)?;
            let steps = (neuron.refractory_s / step_s - 1e-3).ceil().max(0.0);
            Expected::Within(0.0, 4_294_967_296.0).check("refractory time in steps", steps)?;
            tile.refractory[lane] = steps as i64;
        }
        let bias = vec![[0.0; TILE]; tiles.len()];
        Ok(Self {
            step_s,
            neurons: neurons.len(),
            instructions: Instructions::detect(),
            tiles,
            bias,
            input: None,
            recurrence: None,
            refractory_kicks: RefractoryKicks::default(),
            pending: Vec::new(),
            slots: 0,
            drive: Vec::new(),
            next_step: 0,
        })
    }

    /// `count` equal neurons.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn uniform(
        step_s: f64,
        count: usize,
        neuron: LeakyParameters,
    ) -> Result<Self, DeviceError> {
        check_count("neurons", count, 1, MOST_NEURONS)?;
        Self::new(step_s, &vec![neuron; count])
    }

    /// The same layer with a drive of its own where a run gives none.
    ///
    /// # Errors
    /// As many numbers as neurons are expected, all finite.
    pub fn with_bias(mut self, bias: ArrayView1<'_, f64>) -> Result<Self, DeviceError> {
        check_length("bias", bias.len(), self.neurons)?;
        Expected::Finite.check_all("bias", bias)?;
        copy_row(bias, &mut self.bias);
        Ok(self)
    }

    /// The same layer with synapses from another population, whose spikes each run gives.
    ///
    /// # Errors
    /// As many targets as neurons are expected; a ring of kicks beyond 2²⁸ numbers.
    pub fn with_input(mut self, synapses: Synapses) -> Result<Self, DeviceError> {
        let [sources, targets] = synapses.shape();
        if targets != self.neurons {
            return Err(DeviceError::Shape {
                array: "input synapses",
                given: [sources, targets],
                expected: [sources, self.neurons],
            });
        }
        self.input = Some(synapses);
        self.make_ring()?;
        Ok(self)
    }

    /// The same layer with synapses among its own neurons.
    ///
    /// # Errors
    /// As many sources and targets as neurons are expected; a ring of kicks beyond 2²⁸ numbers.
    pub fn with_recurrence(mut self, synapses: Synapses) -> Result<Self, DeviceError> {
        if synapses.shape() != [self.neurons; 2] {
            return Err(DeviceError::Shape {
                array: "recurrent synapses",
                given: synapses.shape(),
                expected: [self.neurons; 2],
            });
        }
        self.recurrence = Some(synapses);
        self.make_ring()?;
        Ok(self)
    }

    /// The same layer with this rule for kicks that reach refractory neurons.
    #[must_use]
    pub fn with_refractory_kicks(mut self, rule: RefractoryKicks) -> Self {
        self.refractory_kicks = rule;
        self
    }

    /// How many neurons it has.
    #[must_use]
    pub const fn neurons(&self) -> usize {
        self.neurons
    }

    /// dt in seconds.
    #[must_use]
    pub const fn step_s(&self) -> f64 {
        self.step_s
    }

    /// How many neurons its input synapses come from; none without input synapses.
    #[must_use]
    pub fn sources(&self) -> Option<usize> {
        self.input.as_ref().map(|synapses| synapses.shape()[0])
    }

    /// The potential of each neuron.
    #[must_use]
    pub fn potentials(&self) -> Array1<f64> {
        self.tiles.iter().flat_map(|tile| tile.potential).take(self.neurons).collect()
    }

    /// Sets the potential of each neuron.
    ///
    /// # Errors
    /// As many numbers as neurons are expected, all finite.
    pub fn set_potentials(&mut self, potentials: ArrayView1<'_, f64>) -> Result<(), DeviceError> {
        check_length("potentials", potentials.len(), self.neurons)?;
        Expected::Finite.check_all("potential", potentials)?;
        for (index, &potential) in potentials.iter().enumerate() {
            self.tiles[index / TILE].potential[index % TILE] = potential;
        }
        Ok(())
    }

    /// Runs `steps` steps and returns who fired. O(steps · neurons + spikes · targets each).
    ///
    /// # Errors
    /// No step; a stimulus of another shape or with a number that is not finite; spikes without input synapses. The
    /// layer is then unchanged.
    pub fn run(
        &mut self,
        stimulus: &Stimulus<'_>,
        steps: usize,
    ) -> Result<SpikeRaster, DeviceError> {
        let mut raster = SpikeRaster::silent(steps, self.neurons)?;
        self.run_into(stimulus, &mut raster)?;
        Ok(raster)
    }

    /// Runs as many steps as `raster` has and overwrites it with who fired. Once it has seen this kind of stimulus, a
    /// run allocates nothing.
    ///
    /// # Errors
    /// As [`run`](Self::run), and for a raster of another number of neurons.
    pub fn run_into(
        &mut self,
        stimulus: &Stimulus<'_>,
        raster: &mut SpikeRaster,
    ) -> Result<(), DeviceError> {
        let steps = raster.steps();
        self.check(stimulus, raster)?;
        if stimulus.kicks.is_some() && self.slots == 0 {
            self.make_ring()?;
        }
        let chunk = if self.slots == 0 { DRIVEN_CHUNK_STEPS } else { CHUNK_STEPS };
        if let Drive::Constant(drive) = stimulus.drive {
            self.drive.resize(self.drive.len().max(self.tiles.len()), [0.0; TILE]);
            copy_row(drive, &mut self.drive);
        }
        let mut done = 0;
        while done < steps {
            let length = chunk.min(steps - done);
            self.deliver_input(stimulus, done, length);
            self.copy_drive(stimulus, done, length);
            self.advance(stimulus, raster, done, length);
            done += length;
        }
        Ok(())
    }

    /// Back to step 0: every potential at its reset value, nobody refractory, no kick under way.
    pub fn reset(&mut self) {
        for tile in &mut self.tiles {
            tile.potential = tile.reset;
            tile.free_at = [0; TILE];
        }
        self.pending.fill([0.0; TILE]);
        self.next_step = 0;
    }

    /// All that the layer remembers. O(neurons · longest delay).
    #[must_use]
    pub fn state(&self) -> LeakyState {
        let free_at = self.tiles.iter().flat_map(|tile| tile.free_at).take(self.neurons);
        let mut pending = Vec::with_capacity(self.most_delay() * self.neurons);
        for ahead in 0..self.most_delay() {
            pending.extend_from_slice(&self.pending_row(ahead).as_flattened()[..self.neurons]);
        }
        LeakyState {
            next_step: self.next_step,
            potentials: self.potentials().to_vec(),
            free_at: free_at.collect(),
            pending,
        }
    }

    /// Back to a saved state, of this layer or of one of the same shape and delays.
    ///
    /// # Errors
    /// Another number of neurons or another longest delay; a step below 0; a number that is not finite. The layer is
    /// then unchanged.
    pub fn restore(&mut self, state: &LeakyState) -> Result<(), DeviceError> {
        check_length("potentials", state.potentials.len(), self.neurons)?;
        check_length("free_at", state.free_at.len(), self.neurons)?;
        check_length("pending", state.pending.len(), self.most_delay() * self.neurons)?;
        Expected::Finite.check_all("potential", &state.potentials)?;
        Expected::Finite.check_all("pending kick", &state.pending)?;
        Expected::Within(0.0, LAST_STEP as f64).check("next_step", state.next_step as f64)?;
        self.reset();
        self.next_step = state.next_step;
        for (index, (&potential, &free_at)) in
            state.potentials.iter().zip(&state.free_at).enumerate()
        {
            let tile = &mut self.tiles[index / TILE];
            tile.potential[index % TILE] = potential;
            tile.free_at[index % TILE] = free_at;
        }
        for (ahead, kicks) in state.pending.chunks_exact(self.neurons).enumerate() {
            let slot = self.slot(ahead);
            let row = self.pending[slot * self.tiles.len()..].as_flattened_mut();
            row[..self.neurons].copy_from_slice(kicks);
        }
        Ok(())
    }

    #[cfg(test)]
    pub(super) fn with_instructions(mut self, instructions: Instructions) -> Self {
        self.instructions = instructions;
        self
    }

    fn most_delay(&self) -> usize {
        let delays = [&self.input, &self.recurrence].into_iter().flatten();
        delays.map(Synapses::most_delay_steps).max().unwrap_or(0)
    }

    /// The ring's slot of the step `ahead` steps from the next.
    fn slot(&self, ahead: usize) -> usize {
        // The slots are a power of two, so the step's low bits are all that counts.
        (self.next_step as usize).wrapping_add(ahead) & (self.slots - 1)
    }

    fn pending_row(&self, ahead: usize) -> &[Row] {
        &self.pending[self.slot(ahead) * self.tiles.len()..][..self.tiles.len()]
    }

    /// A ring with room for a chunk and the longest delay. Only before the first step may it lose what it held.
    fn make_ring(&mut self) -> Result<(), DeviceError> {
        let slots = (CHUNK_STEPS + self.most_delay()).next_power_of_two();
        let numbers = slots.saturating_mul(self.tiles.len() * TILE);
        check_count("pending kicks", numbers, 0, MOST_PENDING)?;
        self.slots = slots;
        self.pending = vec![[0.0; TILE]; slots * self.tiles.len()];
        Ok(())
    }

    fn check(&self, stimulus: &Stimulus<'_>, raster: &SpikeRaster) -> Result<(), DeviceError> {
        let steps = raster.steps();
        let expected = [steps, self.neurons];
        let table = |array, rows, columns, expected: [usize; 2]| {
            if [rows, columns] == expected {
                Ok(())
            } else {
                Err(DeviceError::Shape { array, given: [rows, columns], expected })
            }
        };
        table("raster", steps, raster.neurons(), expected)?;
        match stimulus.drive {
            Drive::Bias => {}
            Drive::Constant(drive) => {
                check_length("drive", drive.len(), self.neurons)?;
                Expected::Finite.check_all("drive", drive)?;
            }
            Drive::PerStep(drive) => {
                table("drive", drive.nrows(), drive.ncols(), expected)?;
                Expected::Finite.check_all("drive", drive)?;
            }
        }
        if let Some(kicks) = stimulus.kicks {
            table("kicks", kicks.nrows(), kicks.ncols(), expected)?;
            Expected::Finite.check_all("kick", kicks)?;
        }
        if let Some(spikes) = stimulus.spikes {
            let sources = self.sources().unwrap_or(0);
            table("spikes", spikes.steps(), spikes.neurons(), [steps, sources])?;
        }
        Expected::Within(0.0, LAST_STEP as f64)
            .check("last step", self.next_step as f64 + steps as f64)
            .map(drop)
    }

    /// Puts the kicks of steps `done..done + length` of the stimulus into the ring.
    fn deliver_input(&mut self, stimulus: &Stimulus<'_>, done: usize, length: usize) {
        let tiles = self.tiles.len();
        if let Some(kicks) = stimulus.kicks {
            for ahead in 0..length {
                let slot = self.slot(ahead);
                let row = self.pending[slot * tiles..][..tiles].as_flattened_mut();
                for (sum, kick) in row.iter_mut().zip(kicks.row(done + ahead)) {
                    *sum += kick;
                }
            }
        }
        if let (Some(input), Some(spikes)) = (&self.input, stimulus.spikes) {
            let mut pending = Pending { rows: &mut self.pending, tiles, mask: self.slots - 1 };
            let first_step = self.next_step as usize;
            let words = spikes.words_from(done);
            input.deliver(self.instructions, words, first_step, length, &mut pending);
        }
    }

    fn copy_drive(&mut self, stimulus: &Stimulus<'_>, done: usize, length: usize) {
        if let Drive::PerStep(drive) = stimulus.drive {
            let tiles = self.tiles.len();
            self.drive.resize(self.drive.len().max(length * tiles), [0.0; TILE]);
            for ahead in 0..length {
                copy_row(drive.row(done + ahead), &mut self.drive[ahead * tiles..][..tiles]);
            }
        }
    }

    /// Integrates steps `done..done + length` of the run, in blocks that no spike of their own can reach.
    fn advance(
        &mut self,
        stimulus: &Stimulus<'_>,
        raster: &mut SpikeRaster,
        done: usize,
        length: usize,
    ) {
        let tiles = self.tiles.len();
        let words_per_step = raster.words_per_step();
        let reach = self.recurrence.as_ref().map_or(length, |r| r.least_delay_steps().max(1));
        let mut ahead = 0;
        while ahead < length {
            let mut steps = reach.min(length - ahead);
            let mut slot = 0;
            if self.slots != 0 {
                slot = self.slot(0);
                steps = steps.min(self.slots - slot);
            }
            let (drive, drive_stride, first_row) = match stimulus.drive {
                Drive::Bias => (&self.bias, 0, 0),
                Drive::Constant(_) => (&self.drive, 0, 0),
                Drive::PerStep(_) => (&self.drive, tiles, ahead * tiles),
            };
            let words = raster.words_from_mut(done + ahead);
            for (place, tile) in self.tiles.iter_mut().enumerate() {
                let kicks = (self.slots != 0).then(|| &mut self.pending[slot * tiles + place..]);
                let block = Block {
                    first_step: self.next_step,
                    steps,
                    drive: &drive[first_row + place..],
                    drive_stride,
                    kicks,
                    kick_stride: tiles,
                    kick_refractory: self.refractory_kicks == RefractoryKicks::Kept,
                };
                self.instructions.integrate(tile, block, &mut words[place..], words_per_step);
            }
            if let Some(recurrence) = &self.recurrence {
                let mut pending = Pending { rows: &mut self.pending, tiles, mask: self.slots - 1 };
                let first_step = self.next_step as usize;
                recurrence.deliver(self.instructions, words, first_step, steps, &mut pending);
                if recurrence.least_delay_steps() == 0 {
                    self.kick_now(slot, &words[..words_per_step]);
                }
            }
            self.next_step += steps as i64;
            ahead += steps;
        }
    }

    /// Adds kicks without delay to whoever did not fire in the step just integrated: who did was reset after them.
    fn kick_now(&mut self, slot: usize, fired: &[u64]) {
        let rows = &mut self.pending[slot * self.tiles.len()..];
        let kept = self.refractory_kicks == RefractoryKicks::Kept;
        for ((tile, row), &word) in self.tiles.iter_mut().zip(rows).zip(fired) {
            for (lane, kick) in row.iter_mut().enumerate() {
                let kick = core::mem::replace(kick, 0.0);
                let free = kept || tile.free_at[lane] <= self.next_step;
                if free && word >> lane & 1 == 0 {
                    tile.potential[lane] += kick;
                }
            }
        }
    }
}

/// Copies one number a neuron into rows of a tile; what is beyond the last neuron stays.
fn copy_row(from: ArrayView1<'_, f64>, to: &mut [Row]) {
    for (to, &from) in to.as_flattened_mut().iter_mut().zip(from) {
        *to = from;
    }
}

/// Two layers of one network have one step.
pub(super) fn check_step(given: f64, expected: f64) -> Result<(), DeviceError> {
    Expected::Within(expected, expected).check("step_s", given).map(drop)
}
