//! Every element's 2×2 matrix in `f32`, for what needs them as they are: the gradient, which goes back
//! through inverses and adjoints.

use super::super::complex::{Complex32, Complex64, amplitude_of_db, cis};
use super::super::kernel::chain::Coefficients;
use super::super::kernel::coefficients::{Elements, coefficients};
use super::super::kernel::level::Level;
use super::propagator::common;
use super::schedule::Schedule;
use super::{Lattice, Layout};

/// The matrices of a lattice's elements in slot order; the phases at inputs and edges are folded in.
#[derive(Clone, Debug, Default)]
pub(super) struct Matrices {
    pub(super) elements: Vec<Coefficients>,
    /// The factor of each output: its shifter, and edges behind its last element.
    pub(super) output: Vec<Complex32>,
    /// Phases and coupler errors in slot order, kept for their memory.
    gathered: [Vec<f64>; 4],
}

impl Matrices {
    /// Takes a lattice's phases, couplers and losses. O(N²).
    pub(super) fn take(&mut self, lattice: &Lattice, schedule: &Schedule, level: Level) {
        let order = &schedule.element;
        let [theta, phi, alpha, beta] = &mut self.gathered;
        let ideal = lattice.couplers_are_ideal();
        theta.clear();
        theta.extend(order.iter().map(|&e| lattice.theta_rad[e as usize]));
        phi.clear();
        phi.extend(order.iter().map(|&e| lattice.phi_rad[e as usize]));
        alpha.clear();
        beta.clear();
        if !ideal {
            alpha.extend(order.iter().map(|&e| lattice.couplers[e as usize].alpha_rad));
            beta.extend(order.iter().map(|&e| lattice.couplers[e as usize].beta_rad));
        }
        let of = Elements { theta_rad: theta, phi_rad: phi, alpha_rad: alpha, beta_rad: beta };
        self.elements.resize(order.len(), [0.0; 8]);
        coefficients(level, of, common(lattice), &mut self.elements);
        self.fold_outer(lattice, schedule);
    }

    /// Folds input, edge and output factors into the elements beside them.
    fn fold_outer(&mut self, lattice: &Lattice, schedule: &Schedule) {
        let shifter = amplitude_of_db(lattice.loss().shifter_db);
        let (plan, one) = (lattice.plan(), Complex64::new(1.0, 0.0));
        let edge = lattice.edge_factor();
        // What a mode has met since its last element.
        let mut pending = vec![one; plan.modes()];
        for (factor, &phase) in pending.iter_mut().zip(&lattice.input_phase_rad) {
            *factor = cis(phase) * shifter;
        }
        let quiet = edge == one && plan.layout() != Layout::Compact;
        for index in if quiet { 0..0 } else { 0..plan.columns() } {
            let column = plan.column(index);
            for k in 0..column.count {
                let slot = schedule.slot[column.first_element + k] as usize;
                for side in 0..2 {
                    let mode = column.first_mode + 2 * k + side;
                    if pending[mode] != one {
                        let factor = core::mem::replace(&mut pending[mode], one);
                        let t = &mut self.elements[slot];
                        scale(&mut t[2 * side..2 * side + 2], factor);
                        scale(&mut t[2 * side + 4..2 * side + 6], factor);
                    }
                }
            }
            for mode in (0..column.first_mode).chain(column.end_mode()..plan.modes()) {
                pending[mode] *= edge;
            }
            if let Some(mode) = lattice.edge_shifter(index) {
                pending[mode] *= cis(lattice.edge_phase_rad[index / 2]) * shifter;
            }
        }
        let phases = lattice.output_phase_rad.iter().zip(pending);
        self.output.clear();
        self.output.extend(phases.map(|(&phase, pending)| {
            let factor = pending * cis(phase) * shifter;
            Complex32::new(factor.re as f32, factor.im as f32)
        }));
    }
}

fn scale(entry: &mut [f32], factor: Complex64) {
    let (re, im) = (factor.re as f32, factor.im as f32);
    (entry[0], entry[1]) = (entry[0] * re - entry[1] * im, entry[0] * im + entry[1] * re);
}
