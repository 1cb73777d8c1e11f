//! Column by column through a lattice, with a number for each mode.

use super::super::complex::{Complex64, amplitude_of_db, cis};
use super::super::kernel::coefficients::Elements;
use super::super::kernel::vector::{Half, Halves, Place};
use super::Lattice;

impl Lattice {
    /// All elements, as the kernels take them. The couplers' errors are copied to `errors`, where there are
    /// any.
    pub(super) fn elements<'a>(&'a self, errors: &'a mut [Vec<f64>; 2]) -> Elements<'a> {
        let [alpha, beta] = errors;
        alpha.clear();
        beta.clear();
        if !self.couplers_are_ideal() {
            alpha.extend(self.couplers.iter().map(|pair| pair.alpha_rad));
            beta.extend(self.couplers.iter().map(|pair| pair.beta_rad));
        }
        Elements {
            theta_rad: &self.theta_rad,
            phi_rad: &self.phi_rad,
            alpha_rad: alpha,
            beta_rad: beta,
        }
    }

    /// Takes `modes` through `column`, each in turn, and multiplies those that a column does not touch by
    /// what stands there.
    pub(super) fn walk(
        &self,
        modes: &mut Halves,
        mut column: impl FnMut(Place, (&mut Half, &mut Half)),
    ) {
        let (one, edge) = (Complex64::new(1.0, 0.0), self.edge_factor());
        let shifter = amplitude_of_db(self.loss.shifter_db);
        for index in 0..self.plan.columns() {
            let place = self.plan.column(index);
            let (first, count, shift) = (place.first_element, place.count, place.first_mode);
            column(Place { first, count, shift }, modes.of_column(shift));
            if edge != one {
                for mode in (0..shift).chain(place.end_mode()..self.modes()) {
                    modes.scale(mode, edge);
                }
            }
            if let Some(mode) = self.edge_shifter(index) {
                modes.scale(mode, cis(self.edge_phase_rad[index / 2]) * shifter);
            }
        }
    }
}
