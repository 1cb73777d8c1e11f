//! Synapses between two populations: who reaches whom, how strongly and how late.
//!
//! 1. A spike of step n adds its weight to the target's potential in step n + delay, after that
//!    step's thresholds.
//! 2. All weights that reach a neuron in one step are summed first, in the order of their spikes'
//!    steps, then of their sources; the sum is added to the potential at once.
//! 3. Delays are whole steps: what is given in seconds is rounded to the nearest.

use ndarray::ArrayView2;

use super::kernel::{Instructions, Row, TILE};
use super::pending::KickRing;
use super::raster::bits;
use crate::photonic::parameter::{DeviceError, Expected, check_count};

/// The longest delay in steps.
pub const MOST_DELAY_STEPS: usize = 1 << 16;
/// The most neurons of a population.
pub const MOST_NEURONS: usize = 1 << 24;

/// Dense weights, their sides rounded up to 64, are at most this many: 2 GiB.
const MOST_WEIGHTS: usize = 1 << 28;

/// One synapse of a sparse projection.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Synapse {
    /// The index of the neuron whose spikes it carries.
    pub source: usize,
    /// The index of the neuron that they reach.
    pub target: usize,
    /// What a spike adds to the target's potential, in the potential's unit.
    pub weight: f64,
    /// How many steps a spike takes.
    pub delay_steps: usize,
}

/// All synapses from one population to another, or to itself.
///
/// ```
/// use ndarray::array;
/// use xrmesh::photonic::spike::{Synapse, Synapses};
/// let dense = Synapses::dense(array![[0.5, 0.0], [0.0, -0.5]].view(), 3)?;
/// let sparse = Synapses::sparse(
///     [2, 2],
///     [(0, 0.5), (1, -0.5)].map(|(neuron, weight)| Synapse {
///         source: neuron,
///         target: neuron,
///         weight,
///         delay_steps: 3,
///     }),
/// )?;
/// assert_eq!(dense.shape(), sparse.shape());
/// # Ok::<(), xrmesh::photonic::parameter::DeviceError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Synapses {
    shape: [usize; 2],
    least_delay: usize,
    most_delay: usize,
    weights: Weights,
}

#[derive(Debug, Clone)]
enum Weights {
    /// Squares of 64 sources × 64 targets; square (i, j) at i + j · source tiles.
    Dense(Vec<[Row; TILE]>),
    Sparse(Sparse),
}

/// Rows of targets, compressed twice: sources have groups of one delay each, groups have targets.
#[derive(Debug, Clone)]
struct Sparse {
    /// Where the groups of each source begin, and where the last ends.
    first_group: Vec<u32>,
    /// Delay in steps and where the targets begin; one more at the end.
    groups: Vec<(u32, u32)>,
    targets: Vec<u32>,
    weights: Vec<f64>,
}

impl Synapses {
    /// Every source reaches every target: one row of `weights` a source, one column a target, one
    /// delay for all.
    ///
    /// # Errors
    /// No weight, one that is not finite, a delay above [`MOST_DELAY_STEPS`], a side above
    /// [`MOST_NEURONS`], more than 2²⁸ weights when each side is rounded up to 64.
    pub fn dense(weights: ArrayView2<'_, f64>, delay_steps: usize) -> Result<Self, DeviceError> {
        let (sources, targets) = weights.dim();
        check_sides(sources, targets)?;
        check_count("delay_steps", delay_steps, 0, MOST_DELAY_STEPS)?;
        Expected::Finite.check_all("weight", weights)?;
        let source_tiles = sources.div_ceil(TILE);
        let squares = source_tiles.saturating_mul(targets.div_ceil(TILE));
        check_count("padded weights", squares.saturating_mul(TILE * TILE), 0, MOST_WEIGHTS)?;
        let mut tiles = vec![[Row::ZERO; TILE]; squares];
        for ((source, target), &weight) in weights.indexed_iter() {
            let square = source / TILE + target / TILE * source_tiles;
            tiles[square][source % TILE].0[target % TILE] = weight;
        }
        Ok(Self {
            shape: [sources, targets],
            least_delay: delay_steps,
            most_delay: delay_steps,
            weights: Weights::Dense(tiles),
        })
    }

    /// The listed synapses only, each with its own delay; `shape` is sources and targets. Several
    /// between the same two neurons add up.
    ///
    /// # Errors
    /// An empty side, an index outside the shape, a weight that is not finite, a delay above
    /// [`MOST_DELAY_STEPS`], more than 2³² − 2 synapses.
    pub fn sparse(
        shape: [usize; 2],
        synapses: impl IntoIterator<Item = Synapse>,
    ) -> Result<Self, DeviceError> {
        let [sources, targets] = shape;
        check_sides(sources, targets)?;
        let mut all: Vec<Synapse> = synapses.into_iter().collect();
        check_count("synapses", all.len(), 0, u32::MAX as usize - 1)?;
        for synapse in &all {
            check_count("source of a synapse", synapse.source, 0, sources - 1)?;
            check_count("target of a synapse", synapse.target, 0, targets - 1)?;
            check_count("delay_steps", synapse.delay_steps, 0, MOST_DELAY_STEPS)?;
            Expected::Finite.check("weight", synapse.weight)?;
        }
        // Stable: synapses between the same two neurons keep their order.
        all.sort_by_key(|synapse| (synapse.source, synapse.delay_steps, synapse.target));
        let mut first_group = Vec::with_capacity(sources + 1);
        let mut groups: Vec<(u32, u32)> = Vec::new();
        let mut next = 0;
        for source in 0..sources {
            first_group.push(groups.len() as u32);
            let mut delay = None;
            while let Some(synapse) = all.get(next).filter(|synapse| synapse.source == source) {
                if delay != Some(synapse.delay_steps) {
                    delay = Some(synapse.delay_steps);
                    groups.push((synapse.delay_steps as u32, next as u32));
                }
                next += 1;
            }
        }
        first_group.push(groups.len() as u32);
        groups.push((0, all.len() as u32));
        let delays = || all.iter().map(|synapse| synapse.delay_steps);
        Ok(Self {
            shape,
            least_delay: delays().min().unwrap_or(0),
            most_delay: delays().max().unwrap_or(0),
            weights: Weights::Sparse(Sparse {
                first_group,
                groups,
                targets: all.iter().map(|synapse| synapse.target as u32).collect(),
                weights: all.iter().map(|synapse| synapse.weight).collect(),
            }),
        })
    }

    /// The weights that are not zero of `weights` (one row a source, one column a target), all with
    /// one delay.
    ///
    /// # Errors
    /// As [`sparse`](Self::sparse).
    pub fn sparse_from(
        weights: ArrayView2<'_, f64>,
        delay_steps: usize,
    ) -> Result<Self, DeviceError> {
        let (sources, targets) = weights.dim();
        let synapses = weights.indexed_iter().filter(|&(_, &weight)| weight != 0.0);
        Self::sparse(
            [sources, targets],
            synapses.map(|((source, target), &weight)| Synapse {
                source,
                target,
                weight,
                delay_steps,
            }),
        )
    }

    /// Sources and targets.
    #[must_use]
    pub const fn shape(&self) -> [usize; 2] {
        self.shape
    }

    /// The shortest delay in steps.
    #[must_use]
    pub const fn least_delay_steps(&self) -> usize {
        self.least_delay
    }

    /// The longest delay in steps.
    #[must_use]
    pub const fn most_delay_steps(&self) -> usize {
        self.most_delay
    }

    /// Adds the kicks of the spikes of `steps` steps from `first_step` on to the rows of the steps
    /// at which they arrive. `words` holds the steps' raster words, ⌈sources/64⌉ a step.
    pub(super) fn deliver(
        &self,
        instructions: Instructions,
        words: &[u64],
        first_step: i64,
        steps: usize,
        ring: &mut KickRing,
    ) {
        let stride = self.shape[0].div_ceil(TILE);
        match &self.weights {
            Weights::Dense(squares) => {
                let mut done = 0;
                while done < steps {
                    let arrival = first_step + (done + self.least_delay) as i64;
                    let stretch = ring.stretch(arrival).min(steps - done);
                    let sum_stride = ring.stride();
                    let rows = ring.rows_from_mut(arrival);
                    for (place, square) in squares.iter().enumerate() {
                        let (source_tile, target_tile) = (place % stride, place / stride);
                        let last = (done + stretch - 1) * stride + source_tile;
                        let words = &words[done * stride + source_tile..=last];
                        let sums = &mut rows[target_tile..];
                        instructions.accumulate(square, words, stride, sums, sum_stride);
                    }
                    done += stretch;
                }
            }
            Weights::Sparse(sparse) => {
                for (step, words) in (first_step..).zip(words.chunks_exact(stride).take(steps)) {
                    for (place, &word) in words.iter().enumerate() {
                        for bit in bits(word) {
                            sparse.spike(place * TILE + bit, step, ring);
                        }
                    }
                }
            }
        }
    }
}

impl Sparse {
    fn spike(&self, source: usize, step: i64, ring: &mut KickRing) {
        let (first, last) = (self.first_group[source], self.first_group[source + 1]);
        for pair in self.groups[first as usize..=last as usize].windows(2) {
            let [(delay, from), (_, to)] = *pair else { continue };
            let (from, to) = (from as usize, to as usize);
            let row = ring.row_mut(step + i64::from(delay));
            for (&target, weight) in self.targets[from..to].iter().zip(&self.weights[from..to]) {
                row[target as usize] += weight;
            }
        }
    }
}

fn check_sides(sources: usize, targets: usize) -> Result<(), DeviceError> {
    check_count("sources", sources, 1, MOST_NEURONS)?;
    check_count("targets", targets, 1, MOST_NEURONS).map(drop)
}
