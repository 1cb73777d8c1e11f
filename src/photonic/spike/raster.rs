//! Who fired when: one bit a neuron and step.

use ndarray::{Array1, Array2, ArrayView2};

use crate::photonic::parameter::{DeviceError, check_count};

/// The most steps, and the most neurons, of one raster.
pub const MOST_RASTER_SIDE: usize = 1 << 27;
/// The most words of one raster, 2 GiB of them.
const MOST_WORDS: usize = 1 << 28;

/// The spikes of a population over a stretch of steps, 64 neurons a word.
///
/// ```
/// use xrmesh::photonic::spike::SpikeRaster;
/// let raster = SpikeRaster::from_spikes(4, 3, [(0, 2), (3, 1)])?;
/// assert!(raster.fired(3, 1) && !raster.fired(3, 2));
/// assert_eq!(raster.spikes().collect::<Vec<_>>(), [(0, 2), (3, 1)]);
/// # Ok::<(), xrmesh::photonic::parameter::DeviceError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpikeRaster {
    steps: usize,
    neurons: usize,
    words_per_step: usize,
    words: Vec<u64>,
}

impl SpikeRaster {
    /// A raster in which nobody fires. Memory: `steps` · ⌈`neurons`/64⌉ words.
    ///
    /// # Errors
    /// No step, no neuron, more than [`MOST_RASTER_SIDE`] of either, or more than 2²⁸ words.
    pub fn silent(steps: usize, neurons: usize) -> Result<Self, DeviceError> {
        check_count("steps", steps, 1, MOST_RASTER_SIDE)?;
        check_count("neurons", neurons, 1, MOST_RASTER_SIDE)?;
        let words_per_step = neurons.div_ceil(64);
        let words =
            check_count("words of a raster", steps.saturating_mul(words_per_step), 1, MOST_WORDS)?;
        Ok(Self { steps, neurons, words_per_step, words: vec![0; words] })
    }

    /// A raster of these (step, neuron) spikes, in any order.
    ///
    /// # Errors
    /// As [`silent`](Self::silent), and for a spike outside the raster.
    pub fn from_spikes(
        steps: usize,
        neurons: usize,
        spikes: impl IntoIterator<Item = (usize, usize)>,
    ) -> Result<Self, DeviceError> {
        let mut raster = Self::silent(steps, neurons)?;
        for (step, neuron) in spikes {
            check_count("step of a spike", step, 0, steps - 1)?;
            check_count("neuron of a spike", neuron, 0, neurons - 1)?;
            raster.words[step * raster.words_per_step + neuron / 64] |= 1 << (neuron % 64);
        }
        Ok(raster)
    }

    /// A raster with one row of `fired` a step and one column a neuron.
    ///
    /// # Errors
    /// As [`silent`](Self::silent).
    pub fn from_view(fired: ArrayView2<'_, bool>) -> Result<Self, DeviceError> {
        let (steps, neurons) = fired.dim();
        let spikes = fired.indexed_iter().filter(|&(_, &fired)| fired).map(|(place, _)| place);
        Self::from_spikes(steps, neurons, spikes)
    }

    /// One row a step, one column a neuron.
    #[must_use]
    pub fn to_array(&self) -> Array2<bool> {
        Array2::from_shape_fn((self.steps, self.neurons), |(step, neuron)| self.fired(step, neuron))
    }

    /// How many steps it covers.
    #[must_use]
    pub const fn steps(&self) -> usize {
        self.steps
    }

    /// How many neurons it covers.
    #[must_use]
    pub const fn neurons(&self) -> usize {
        self.neurons
    }

    /// Whether `neuron` fired in `step`; never outside the raster.
    #[must_use]
    pub fn fired(&self, step: usize, neuron: usize) -> bool {
        step < self.steps
            && neuron < self.neurons
            && self.words[step * self.words_per_step + neuron / 64] >> (neuron % 64) & 1 == 1
    }

    /// All spikes as (step, neuron), by step, then by neuron.
    pub fn spikes(&self) -> impl Iterator<Item = (usize, usize)> {
        (0..self.steps).flat_map(move |step| {
            self.step_words(step)
                .iter()
                .enumerate()
                .flat_map(move |(place, &word)| bits(word).map(move |bit| (step, place * 64 + bit)))
        })
    }

    /// The times at which `neuron` fired, stamped with the start of their step: step · `step_s`.
    pub fn times_s(&self, neuron: usize, step_s: f64) -> impl Iterator<Item = f64> {
        (0..self.steps)
            .filter(move |&step| self.fired(step, neuron))
            .map(move |step| step as f64 * step_s)
    }

    /// How many spikes each neuron fired.
    #[must_use]
    pub fn counts(&self) -> Array1<u32> {
        let mut counts = Array1::zeros(self.neurons);
        for (_, neuron) in self.spikes() {
            counts[neuron] += 1;
        }
        counts
    }

    /// How many spikes there are.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.words.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    /// The words of one step, neuron 64·w + b being bit b of word w.
    #[must_use]
    pub fn step_words(&self, step: usize) -> &[u64] {
        &self.words[step * self.words_per_step..][..self.words_per_step]
    }

    pub(super) const fn words_per_step(&self) -> usize {
        self.words_per_step
    }

    /// All words from `step` on.
    pub(super) fn words_from(&self, step: usize) -> &[u64] {
        &self.words[step * self.words_per_step..]
    }

    pub(super) fn words_from_mut(&mut self, step: usize) -> &mut [u64] {
        &mut self.words[step * self.words_per_step..]
    }
}

/// The set bits of a word, the lowest first.
pub(super) fn bits(mut word: u64) -> impl Iterator<Item = usize> {
    core::iter::from_fn(move || {
        (word != 0).then(|| {
            let bit = word.trailing_zeros() as usize;
            word &= word - 1;
            bit
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_raster_is_its_array(
            cells in (1_usize..5, 1_usize..200).prop_flat_map(|(steps, neurons)| {
                proptest::collection::vec(any::<bool>(), steps * neurons)
                    .prop_map(move |cells| Array2::from_shape_vec((steps, neurons), cells).unwrap())
            })
        ) {
            let raster = SpikeRaster::from_view(cells.view()).unwrap();
            prop_assert_eq!(raster.to_array(), &cells);
            let (steps, neurons) = cells.dim();
            let again = SpikeRaster::from_spikes(steps, neurons, raster.spikes()).unwrap();
            prop_assert_eq!(&again, &raster);
            prop_assert_eq!(raster.total(), cells.iter().filter(|&&fired| fired).count() as u64);
            prop_assert_eq!(raster.counts().sum() as u64, raster.total());
        }
    }

    #[test]
    fn a_spike_outside_is_an_error() {
        assert!(SpikeRaster::silent(0, 1).is_err());
        assert!(SpikeRaster::silent(1, 0).is_err());
        assert!(SpikeRaster::silent(usize::MAX, 1).is_err());
        assert!(SpikeRaster::silent(MOST_RASTER_SIDE, MOST_RASTER_SIDE).is_err());
        assert_eq!(
            SpikeRaster::from_spikes(2, 3, [(2, 0)]),
            Err(DeviceError::Count { count: "step of a spike", given: 2, least: 0, most: 1 })
        );
        let raster = SpikeRaster::silent(2, 3).unwrap();
        assert!(!raster.fired(7, 0) && !raster.fired(0, 64));
    }
}
