//! Yamada lasers side by side.

use ndarray::{Array2, ArrayView2};

use super::laser::{LaserState, YamadaLaser};
use super::raster::{MOST_RASTER_SIDE, SpikeRaster};
use super::synapse::MOST_NEURONS;
use crate::photonic::parameter::{DeviceError, Expected, check_count, check_length};

/// A laser fires in the step in which its intensity rises above this.
pub const FIRING_INTENSITY: f64 = 1.0;

/// Equal lasers side by side, each with a kick of its own that is held over a step.
///
/// ```
/// use ndarray::Array2;
/// use xrmesh::photonic::spike::{LaserLayer, YamadaLaser, YamadaParameters};
/// let laser = YamadaLaser::new(YamadaParameters::default())?;
/// let mut layer = LaserLayer::new(laser, 2, 0.5, 50)?;
/// let mut kicks = Array2::zeros((200, 2));
/// kicks[[10, 1]] = 2.0; // an area of 1 to the second laser
/// let (raster, _intensities) = layer.run(kicks.view())?;
/// assert_eq!(raster.counts(), ndarray::array![0, 1]);
/// # Ok::<(), xrmesh::photonic::parameter::DeviceError>(())
/// ```
#[derive(Debug, Clone)]
pub struct LaserLayer {
    laser: YamadaLaser,
    states: Vec<LaserState>,
    step: f64,
    substeps: usize,
}

impl LaserLayer {
    /// `count` lasers at rest, advanced in steps of `step`, each integrated in `substeps` equal
    /// parts.
    ///
    /// # Errors
    /// No laser or more than [`MOST_NEURONS`]; a step not above 0; substeps outside 1 to 1,000,000.
    pub fn new(
        laser: YamadaLaser,
        count: usize,
        step: f64,
        substeps: usize,
    ) -> Result<Self, DeviceError> {
        check_count("lasers", count, 1, MOST_NEURONS)?;
        check_count("substeps", substeps, 1, 1_000_000)?;
        let step = Expected::Positive.check("step", step)?;
        Ok(Self { laser, states: vec![laser.rest(); count], step, substeps })
    }

    /// Runs one step for each row of `kicks` (one column a laser): who fired, and the intensity at
    /// the end of each step.
    ///
    /// # Errors
    /// No row; as many columns as lasers are expected, all numbers finite; a kick that drives a
    /// laser to where it is not finite. The lasers are then unchanged.
    pub fn run(
        &mut self,
        kicks: ArrayView2<'_, f64>,
    ) -> Result<(SpikeRaster, Array2<f64>), DeviceError> {
        let (steps, columns) = kicks.dim();
        if columns != self.states.len() {
            return Err(DeviceError::Shape {
                array: "kicks",
                given: [steps, columns],
                expected: [steps, self.states.len()],
            });
        }
        check_count("steps", steps, 1, MOST_RASTER_SIDE)?;
        Expected::Finite.check_all("kick", kicks)?;
        let mut states = self.states.clone();
        let mut intensities = Array2::zeros(kicks.dim());
        let mut spikes = Vec::new();
        for (step, (kicks, mut row)) in
            kicks.rows().into_iter().zip(intensities.rows_mut()).enumerate()
        {
            for (index, state) in states.iter_mut().enumerate() {
                let part = self.step / self.substeps as f64;
                let mut fired = false;
                for _ in 0..self.substeps {
                    let below = state.intensity <= FIRING_INTENSITY;
                    self.laser.advance(state, 0.0, part, |_| kicks[index]);
                    fired |= below && state.intensity > FIRING_INTENSITY;
                }
                state.check()?;
                row[index] = state.intensity;
                if fired {
                    spikes.push((step, index));
                }
            }
        }
        self.states = states;
        Ok((SpikeRaster::from_spikes(steps, columns, spikes)?, intensities))
    }

    /// Where each laser is.
    #[must_use]
    pub fn states(&self) -> &[LaserState] {
        &self.states
    }

    /// Puts each laser where it was.
    ///
    /// # Errors
    /// As many states as lasers are expected, all finite; the lasers are then unchanged.
    pub fn restore(&mut self, states: &[LaserState]) -> Result<(), DeviceError> {
        check_length("states", states.len(), self.states.len())?;
        states.iter().try_for_each(LaserState::check)?;
        self.states.copy_from_slice(states);
        Ok(())
    }

    /// Puts all lasers at rest.
    pub fn reset(&mut self) {
        self.states.fill(self.laser.rest());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::photonic::spike::YamadaParameters;
    use ndarray::array;

    fn laser() -> YamadaLaser {
        YamadaLaser::new(YamadaParameters::default()).unwrap()
    }

    #[test]
    fn a_layer_is_its_lasers_and_resumes_where_it_was() {
        let mut kicks = Array2::zeros((120, 3));
        kicks[[5, 1]] = 2.0;
        kicks[[6, 2]] = 1.0;
        kicks[[60, 2]] = 3.0;
        let mut layer = LaserLayer::new(laser(), 3, 0.5, 20).unwrap();
        let (raster, intensities) = layer.run(kicks.view()).unwrap();
        assert_eq!(raster.counts(), array![0, 1, 1]);
        assert!(intensities.column(0).iter().all(|&intensity| intensity < 1e-3));

        layer.reset();
        let (first, rest) = kicks.view().split_at(ndarray::Axis(0), 47);
        layer.run(first).unwrap();
        let saved = layer.states().to_vec();
        let (_, expected) = layer.run(rest).unwrap();
        layer.reset();
        layer.restore(&saved).unwrap();
        let (_, again) = layer.run(rest).unwrap();
        assert_eq!(again, expected);
        assert_eq!(expected, intensities.slice(ndarray::s![47.., ..]));
    }

    #[test]
    fn what_no_layer_can_run_is_an_error() {
        let laser = laser();
        let mut layer = LaserLayer::new(laser, 2, 0.5, 5).unwrap();
        assert_eq!(
            layer.run(Array2::zeros((4, 3)).view()).map(drop),
            Err(DeviceError::Shape { array: "kicks", given: [4, 3], expected: [4, 2] })
        );
        assert!(layer.restore(&[laser.rest()]).is_err());
        assert!(LaserLayer::new(laser, 0, 0.5, 5).is_err());
    }
}
