//! A population of leaky integrate-and-fire neurons with the synapses that reach it.

use ndarray::{Array1, ArrayView1};

use super::kernel::{Block, Instructions, Row, TILE, Tile};
use super::neuron::{Drive, LeakyParameters, LeakyState, RefractoryKicks, Stimulus};
use super::pending::{KickRing, gather_kicks};
use super::raster::SpikeRaster;
use super::synapse::{MOST_NEURONS, Synapses};
use crate::photonic::parameter::{DeviceError, Expected, check_count, check_length};

/// Steps that are delivered and integrated at a time where kicks are involved: their rows should
/// stay in cache.
const CHUNK_STEPS: usize = 64;
/// The same where nothing but the drive acts.
const DRIVEN_CHUNK_STEPS: usize = 256;
/// No run goes beyond this step.
const LAST_STEP: i64 = 1 << 52;

/// Leaky integrate-and-fire neurons, driven by currents, by spikes of another layer and by their
/// own.
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
    refractory_kicks: RefractoryKicks,
    input: Option<Synapses>,
    recurrence: Option<Synapses>,
    /// Two rings, because their sums must not depend on where a run is cut: input is delivered a
    /// chunk ahead, recurrence as it happens.
    input_ring: Option<KickRing>,
    recurrent_ring: Option<KickRing>,
    /// The drive of a chunk, copied from the caller's view.
    drive: Vec<Row>,
    next_step: i64,
}

impl LeakyLayer {
    /// Neurons with parameters of their own, advanced in steps of `step_s` seconds.
    ///
    /// # Errors
    /// No neuron or more than [`MOST_NEURONS`]; a step or time constant not above 0; a refractory
    /// time below 0 or longer than 2³² steps; anything not finite.
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
        Ok(Self {
            step_s,
            neurons: neurons.len(),
            instructions: Instructions::detect(),
            bias: vec![Row::ZERO; tiles.len()],
            tiles,
            refractory_kicks: RefractoryKicks::default(),
            input: None,
            recurrence: None,
            input_ring: None,
            recurrent_ring: None,
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
    /// As many targets as neurons are expected; more than 2²⁸ kicks under way, (64 + longest delay)
    /// · neurons.
    pub fn with_input(mut self, synapses: Synapses) -> Result<Self, DeviceError> {
        let [sources, _] = synapses.shape();
        check_table("input synapses", synapses.shape(), [sources, self.neurons])?;
        let steps = CHUNK_STEPS + synapses.most_delay_steps();
        self.input_ring = Some(KickRing::new(self.tiles.len(), steps)?);
        self.input = Some(synapses);
        Ok(self)
    }

    /// The same layer with synapses among its own neurons.
    ///
    /// # Errors
    /// As many sources and targets as neurons are expected; more than 2²⁸ kicks under way,
    /// (shortest + longest delay) · neurons.
    pub fn with_recurrence(mut self, synapses: Synapses) -> Result<Self, DeviceError> {
        check_table("recurrent synapses", synapses.shape(), [self.neurons; 2])?;
        // A block is as long as the shortest delay, and its last spike reaches as far as the
        // longest.
        let steps = synapses.least_delay_steps().max(1) + synapses.most_delay_steps();
        self.recurrent_ring = Some(KickRing::new(self.tiles.len(), steps)?);
        self.recurrence = Some(synapses);
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
    /// No step; a stimulus of another shape or with a number that is not finite; spikes without
    /// input synapses. The layer is then unchanged.
    pub fn run(
        &mut self,
        stimulus: &Stimulus<'_>,
        steps: usize,
    ) -> Result<SpikeRaster, DeviceError> {
        let mut raster = SpikeRaster::silent(steps, self.neurons)?;
        self.run_into(stimulus, &mut raster)?;
        Ok(raster)
    }

    /// Runs as many steps as `raster` has and overwrites it with who fired. Once it has seen this
    /// kind of stimulus, a run allocates nothing.
    ///
    /// # Errors
    /// As [`run`](Self::run), and for a raster of another number of neurons.
    pub fn run_into(
        &mut self,
        stimulus: &Stimulus<'_>,
        raster: &mut SpikeRaster,
    ) -> Result<(), DeviceError> {
        self.check(stimulus, raster)?;
        if stimulus.kicks.is_some() && self.input_ring.is_none() && self.recurrent_ring.is_none() {
            self.input_ring = Some(KickRing::new(self.tiles.len(), CHUNK_STEPS)?);
        }
        if let Drive::Constant(drive) = stimulus.drive {
            self.drive.resize(self.drive.len().max(self.tiles.len()), Row::ZERO);
            copy_row(drive, &mut self.drive);
        }
        let driven = self.input_ring.is_none() && self.recurrent_ring.is_none();
        let chunk = if driven { DRIVEN_CHUNK_STEPS } else { CHUNK_STEPS };
        let mut done = 0;
        while done < raster.steps() {
            let length = chunk.min(raster.steps() - done);
            if let (Some(input), Some(ring), Some(spikes)) =
                (&self.input, &mut self.input_ring, stimulus.spikes)
            {
                let words = spikes.words_from(done);
                input.deliver(self.instructions, words, self.next_step, length, ring);
            }
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
        // Rows of steps that are over are zero; those to come reach as far as the longest delay.
        for (synapses, ring) in
            [(&self.input, &mut self.input_ring), (&self.recurrence, &mut self.recurrent_ring)]
        {
            if let (Some(synapses), Some(ring)) = (synapses, ring) {
                ring.clear_ahead(self.next_step, synapses.most_delay_steps());
            }
        }
        self.next_step = 0;
    }

    /// All that the layer remembers. O(neurons · longest delay).
    #[must_use]
    pub fn state(&self) -> LeakyState {
        let free_at = self.tiles.iter().flat_map(|tile| tile.free_at).take(self.neurons);
        let save = |synapses: &Option<Synapses>, ring: &Option<KickRing>| match (synapses, ring) {
            (Some(synapses), Some(ring)) => {
                ring.save(self.next_step, synapses.most_delay_steps(), self.neurons)
            }
            _ => Vec::new(),
        };
        LeakyState {
            next_step: self.next_step,
            potentials: self.potentials().to_vec(),
            free_at: free_at.collect(),
            input_kicks: save(&self.input, &self.input_ring),
            recurrent_kicks: save(&self.recurrence, &self.recurrent_ring),
        }
    }

    /// Back to a saved state, of this layer or of one of the same shape and delays.
    ///
    /// # Errors
    /// Another number of neurons or another longest delay; a step outside 0 to 2⁵²; a number that
    /// is not finite. The layer is then unchanged.
    pub fn restore(&mut self, state: &LeakyState) -> Result<(), DeviceError> {
        let kicks = |synapses: &Option<Synapses>| {
            synapses.as_ref().map_or(0, Synapses::most_delay_steps) * self.neurons
        };
        check_length("potentials", state.potentials.len(), self.neurons)?;
        check_length("free_at", state.free_at.len(), self.neurons)?;
        check_length("input_kicks", state.input_kicks.len(), kicks(&self.input))?;
        check_length("recurrent_kicks", state.recurrent_kicks.len(), kicks(&self.recurrence))?;
        Expected::Finite.check_all("potential", &state.potentials)?;
        Expected::Finite.check_all("input kick", &state.input_kicks)?;
        Expected::Finite.check_all("recurrent kick", &state.recurrent_kicks)?;
        Expected::Within(0.0, LAST_STEP as f64).check("next_step", state.next_step as f64)?;
        self.reset();
        self.next_step = state.next_step;
        let neurons = state.potentials.iter().zip(&state.free_at);
        for (index, (&potential, &free_at)) in neurons.enumerate() {
            let tile = &mut self.tiles[index / TILE];
            tile.potential[index % TILE] = potential;
            tile.free_at[index % TILE] = free_at;
        }
        for (ring, kicks) in [
            (&mut self.input_ring, &state.input_kicks),
            (&mut self.recurrent_ring, &state.recurrent_kicks),
        ] {
            if let Some(ring) = ring {
                ring.load(state.next_step, self.neurons, kicks);
            }
        }
        Ok(())
    }

    #[cfg(test)]
    fn with_instructions(mut self, instructions: Instructions) -> Self {
        self.instructions = instructions;
        self
    }

    fn check(&self, stimulus: &Stimulus<'_>, raster: &SpikeRaster) -> Result<(), DeviceError> {
        let steps = raster.steps();
        let expected = [steps, self.neurons];
        check_table("raster", [steps, raster.neurons()], expected)?;
        match stimulus.drive {
            Drive::Bias => {}
            Drive::Constant(drive) => {
                check_length("drive", drive.len(), self.neurons)?;
                Expected::Finite.check_all("drive", drive)?;
            }
            Drive::PerStep(drive) => {
                check_table("drive", drive.dim().into(), expected)?;
                Expected::Finite.check_all("drive", drive)?;
            }
        }
        if let Some(kicks) = stimulus.kicks {
            check_table("kicks", kicks.dim().into(), expected)?;
            Expected::Finite.check_all("kick", kicks)?;
        }
        if let Some(spikes) = stimulus.spikes {
            let expected = [steps, self.sources().unwrap_or(0)];
            check_table("spikes", [spikes.steps(), spikes.neurons()], expected)?;
        }
        let last_step = self.next_step as f64 + steps as f64;
        Expected::Within(0.0, LAST_STEP as f64).check("last step", last_step).map(drop)
    }

    fn copy_drive(&mut self, stimulus: &Stimulus<'_>, done: usize, length: usize) {
        if let Drive::PerStep(drive) = stimulus.drive {
            let tiles = self.tiles.len();
            self.drive.resize(self.drive.len().max(length * tiles), Row::ZERO);
            for ahead in 0..length {
                copy_row(drive.row(done + ahead), &mut self.drive[ahead * tiles..][..tiles]);
            }
        }
    }

    /// Integrates steps `done..done + length` of the run, in blocks that no spike of their own can
    /// reach.
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
            let first_step = self.next_step;
            let mut steps = reach.min(length - ahead);
            for ring in [&self.input_ring, &self.recurrent_ring].into_iter().flatten() {
                steps = steps.min(ring.stretch(first_step));
            }
            let rings = (self.input_ring.as_mut(), self.recurrent_ring.as_mut());
            let mut kicks = gather_kicks(rings, stimulus.kicks, done + ahead, first_step, steps);
            let (drive, drive_stride, first_row) = match stimulus.drive {
                Drive::Bias => (&self.bias, 0, 0),
                Drive::Constant(_) => (&self.drive, 0, 0),
                Drive::PerStep(_) => (&self.drive, tiles, ahead * tiles),
            };
            let words = raster.words_from_mut(done + ahead);
            for (place, tile) in self.tiles.iter_mut().enumerate() {
                let kick_stride = kicks.as_ref().map_or(0, |ring| ring.stride());
                let block = Block {
                    first_step,
                    steps,
                    drive: &drive[first_row + place..],
                    drive_stride,
                    kicks: kicks.as_ref().map(|ring| &ring.rows_from(first_step)[place..]),
                    kick_stride,
                    kick_refractory: self.refractory_kicks == RefractoryKicks::Kept,
                };
                self.instructions.integrate(tile, block, &mut words[place..], words_per_step);
            }
            if let Some(ring) = &mut kicks {
                ring.clear_rows(first_step, steps);
            }
            if let (Some(recurrence), Some(ring)) = (&self.recurrence, kicks) {
                recurrence.deliver(self.instructions, words, first_step, steps, ring);
                if recurrence.least_delay_steps() == 0 {
                    let kept = self.refractory_kicks == RefractoryKicks::Kept;
                    kick_now(
                        &mut self.tiles,
                        ring.rows_from_mut(first_step),
                        words,
                        first_step,
                        kept,
                    );
                }
            }
            self.next_step += steps as i64;
            ahead += steps;
        }
    }
}

/// Adds kicks without delay to whoever did not fire in the step just integrated: who did was reset
/// after them.
fn kick_now(tiles: &mut [Tile], kicks: &mut [Row], fired: &[u64], step: i64, kept: bool) {
    for ((tile, row), &word) in tiles.iter_mut().zip(kicks).zip(fired) {
        for (lane, kick) in row.0.iter_mut().enumerate() {
            let kick = core::mem::replace(kick, 0.0);
            let free = kept || tile.free_at[lane] <= step;
            if free && word >> lane & 1 == 0 {
                tile.potential[lane] += kick;
            }
        }
    }
}

/// Copies one number a neuron into rows of a tile; what is beyond the last neuron stays.
fn copy_row(from: ArrayView1<'_, f64>, to: &mut [Row]) {
    for (to, &from) in bytemuck::cast_slice_mut(to).iter_mut().zip(from) {
        *to = from;
    }
}

fn check_table(
    array: &'static str,
    given: [usize; 2],
    expected: [usize; 2],
) -> Result<(), DeviceError> {
    if given == expected { Ok(()) } else { Err(DeviceError::Shape { array, given, expected }) }
}

#[cfg(test)]
mod tests;
