//! Many noisy devices of one design.

use ndarray::{Array2, ArrayView2, Axis};
use rayon::prelude::*;

use super::complex::Complex64;
use super::imperfection::{DeviceKey, Imperfection};
use super::processor::{PhotonicProcessor, ProcessorError};

/// Many devices of one design, each with its own errors.
#[derive(Clone, Debug, PartialEq)]
pub struct Ensemble {
    /// The design.
    pub processor: PhotonicProcessor,
    /// What is wrong with its devices.
    pub imperfection: Imperfection,
    /// All draws follow from this.
    pub seed: u64,
    /// How many devices.
    pub devices: u32,
}

impl Ensemble {
    /// What every device makes of a batch (batch × inputs) in shot `shot`, device by device. rayon's
    /// workers share the devices; results do not depend on how many there are.
    ///
    /// # Errors
    /// As [`PhotonicProcessor::realise`] and [`PhotonicProcessor::forward_batch`]; of several, that of
    /// the first device.
    pub fn forward_batch(
        &self,
        x: ArrayView2<'_, Complex64>,
        shot: u64,
    ) -> Result<Vec<Array2<Complex64>>, ProcessorError> {
        let all: Vec<_> = (0..self.devices)
            .into_par_iter()
            .map(|device| {
                let key = DeviceKey { seed: self.seed, device };
                self.processor.realise(&self.imperfection, key, shot)?.forward_batch(x)
            })
            .collect();
        all.into_iter().collect()
    }

    /// Mean and standard deviation over the devices of each output's power, batch × outputs each.
    ///
    /// # Errors
    /// As [`forward_batch`](Self::forward_batch).
    pub fn powers(
        &self,
        x: ArrayView2<'_, Complex64>,
        shot: u64,
    ) -> Result<(Array2<f64>, Array2<f64>), ProcessorError> {
        let all = self.forward_batch(x, shot)?;
        let shape = (x.len_of(Axis(0)), self.processor.outputs());
        let (mut mean, mut spread) = (Array2::zeros(shape), Array2::zeros(shape));
        let count = f64::from(self.devices.max(1));
        for device in &all {
            mean.zip_mut_with(device, |m: &mut f64, z| *m += z.norm_sqr() / count);
        }
        for device in &all {
            for ((s, m), z) in spread.iter_mut().zip(&mean).zip(device) {
                let off = z.norm_sqr() - m;
                *s += off * off / count;
            }
        }
        spread.mapv_inplace(f64::sqrt);
        Ok((mean, spread))
    }
}

#[cfg(test)]
mod tests {
    use super::super::imperfection::{Fabrication, Shot};
    use super::super::{Activation, Layout};
    use super::*;
    use crate::random::Counter;

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
    fn ensembles_do_not_depend_on_workers() {
        let ensemble = Ensemble {
            processor: processor(),
            imperfection: Imperfection {
                fabrication: Fabrication { coupler_sigma_rad: 0.05, ..Fabrication::default() },
                shot: Shot { phase_sigma_rad: 0.01 },
                ..Imperfection::default()
            },
            seed: 9,
            devices: 11,
        };
        let x = weights(20, 5, 3).mapv(Complex64::from);
        let mut results = [1, 2, 4, 8].into_iter().map(|workers| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(workers).build().unwrap();
            pool.install(|| ensemble.forward_batch(x.view(), 0)).unwrap()
        });
        let first = results.next().unwrap();
        assert!(results.all(|result| result == first));
        assert_ne!(first[0], first[1]);
        assert_ne!(first, ensemble.forward_batch(x.view(), 1).unwrap());
        let (_, spread) = ensemble.powers(x.view(), 0).unwrap();
        assert!(spread.iter().any(|s| *s > 0.0));
    }
}
