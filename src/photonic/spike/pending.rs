//! Kicks that wait for their step: a ring of rows, one a step, one number a neuron.

use ndarray::ArrayView2;

use super::kernel::{Row, TILE};
use crate::photonic::parameter::{DeviceError, check_count};

/// A ring holds at most this many numbers, 2 GiB of them.
const MOST_PENDING: usize = 1 << 28;

/// Rows of the steps to come. A row is zero until something is added, and again once it was
/// consumed.
#[derive(Debug, Clone)]
pub(super) struct KickRing {
    rows: Vec<Row>,
    /// Rows from one step to the next: odd, so that the rows of one tile over many steps spread
    /// over all sets of the cache.
    stride: usize,
    /// A power of two.
    slots: usize,
}

impl KickRing {
    /// A ring of at least `steps` steps for neurons in `tiles` tiles.
    pub(super) fn new(tiles: usize, steps: usize) -> Result<Self, DeviceError> {
        let slots = steps.next_power_of_two();
        let stride = tiles | 1;
        let numbers = slots.saturating_mul(stride * TILE);
        check_count("kicks under way", numbers, 0, MOST_PENDING)?;
        Ok(Self { rows: vec![Row::ZERO; slots * stride], stride, slots })
    }

    pub(super) const fn stride(&self) -> usize {
        self.stride
    }

    /// How many steps from `step` on lie one after another, before the ring wraps.
    pub(super) const fn stretch(&self, step: i64) -> usize {
        self.slots - self.slot(step)
    }

    /// The rows from that of `step` to the end of the ring, [`stride`](Self::stride) a step.
    pub(super) fn rows_from(&self, step: i64) -> &[Row] {
        &self.rows[self.slot(step) * self.stride..]
    }

    pub(super) fn rows_from_mut(&mut self, step: i64) -> &mut [Row] {
        let slot = self.slot(step);
        &mut self.rows[slot * self.stride..]
    }

    /// The row of `step`, one number a lane.
    pub(super) fn row(&self, step: i64) -> &[f64] {
        bytemuck::cast_slice(&self.rows_from(step)[..self.stride])
    }

    pub(super) fn row_mut(&mut self, step: i64) -> &mut [f64] {
        let stride = self.stride;
        bytemuck::cast_slice_mut(&mut self.rows_from_mut(step)[..stride])
    }

    /// Zeroes `steps` rows from `step` on, at most to the end of the ring.
    pub(super) fn clear_rows(&mut self, step: i64, steps: usize) {
        let end = steps * self.stride;
        self.rows_from_mut(step)[..end].fill(Row::ZERO);
    }

    /// Zeroes the rows of `steps` steps from `step` on, round the end of the ring.
    pub(super) fn clear_ahead(&mut self, step: i64, steps: usize) {
        for ahead in 0..steps.min(self.slots) {
            self.row_mut(step + ahead as i64).fill(0.0);
        }
    }

    /// The first `neurons` numbers of each of `steps` rows from `step` on.
    pub(super) fn save(&self, step: i64, steps: usize, neurons: usize) -> Vec<f64> {
        let rows = (0..steps).flat_map(|ahead| &self.row(step + ahead as i64)[..neurons]);
        rows.copied().collect()
    }

    /// Puts back what [`save`](Self::save) gave.
    pub(super) fn load(&mut self, step: i64, neurons: usize, saved: &[f64]) {
        for (ahead, kicks) in saved.chunks_exact(neurons).enumerate() {
            self.row_mut(step + ahead as i64)[..neurons].copy_from_slice(kicks);
        }
    }

    const fn slot(&self, step: i64) -> usize {
        // The slots are a power of two, so the step's low bits are all that counts.
        step as usize & (self.slots - 1)
    }
}

/// The ring that holds all kicks of `steps` steps from `first_step` on, in one sum each:
/// recurrence, then input, then rows `row..row + steps` of what the caller gives.
pub(super) fn gather_kicks<'a>(
    rings: (Option<&'a mut KickRing>, Option<&'a mut KickRing>),
    given: Option<ArrayView2<'_, f64>>,
    row: usize,
    first_step: i64,
    steps: usize,
) -> Option<&'a mut KickRing> {
    let ring = match rings {
        (Some(input), Some(recurrent)) => {
            let end = steps * input.stride();
            let from: &mut [f64] =
                bytemuck::cast_slice_mut(&mut input.rows_from_mut(first_step)[..end]);
            let to: &mut [f64] = bytemuck::cast_slice_mut(recurrent.rows_from_mut(first_step));
            for (sum, kick) in to.iter_mut().zip(from) {
                *sum += core::mem::replace(kick, 0.0);
            }
            recurrent
        }
        (Some(ring), None) | (None, Some(ring)) => ring,
        (None, None) => return None,
    };
    if let Some(given) = given {
        for ahead in 0..steps {
            let sums = ring.row_mut(first_step + ahead as i64);
            for (sum, kick) in sums.iter_mut().zip(given.row(row + ahead)) {
                *sum += kick;
            }
        }
    }
    Some(ring)
}
