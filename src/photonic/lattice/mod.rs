//! Lattices of interferometers: N modes, N(N − 1)/2 interferometers, N² phases.
//!
//! 1. Elements are numbered column by column from the input, each column from the top; columns
//!    start at mode 0 and 1 in turn. A [`Plan`] says where each stands, for every [`Layout`].
//! 2. A [`Lattice`] holds its device and its drive: the phases as set, the couplers as built, the
//!    losses. `out = M in`: [`Lattice::transfer_matrix`] gives M, columns are inputs.
//! 3. Output shifters come last. Modes that a column does not touch pass bare, or through a dummy
//!    element with an arm's loss where [`EdgeModes::Dummy`] asks for it.
//! 4. `f64` methods here are the reference: plain loops, one rounding order. The fast `f32` path is a
//!    [`Propagator`], made from a lattice; it agrees with the reference to `f32` rounding and its bits
//!    do not depend on the machine.
//!
//! Phases of the compact layout: `theta_rad` is θ₁ (upper arm) and `phi_rad` is θ₂ (lower arm) of the
//! symmetric element. Its outer phases are: `input_phase_rad` on every input, `edge_phase_rad` on the
//! last mode beside each odd column where N is even, and the output phases.

mod gradient;
mod matrices;
pub(super) mod panel;
mod plan;
mod propagator;
mod schedule;
mod transfer;
mod vector;
mod walk;

use core::f64::consts::TAU;

use super::complex::wrap_phase;
use super::interferometer::{Couplers, ElementLoss, Interferometer};

pub use gradient::Gradient;
pub use plan::{Column, Layout, Plan};
pub use propagator::{Propagator, Workspace};
pub use vector::VectorWorkspace;

/// A lattice of interferometers with its phases, couplers and losses.
///
/// ```
/// use ndarray::array;
/// use xrmesh::photonic::{Lattice, Layout, complex::Complex64};
/// let mut lattice = Lattice::new(Layout::Rectangular, 4)?;
/// lattice.set_element(0, 1.0, 0.5)?;
/// let x = array![1.0, 0.0, 0.0, 0.0].mapv(|re: f64| Complex64::new(re, 0.0));
/// let y = lattice.forward(x.view())?;
/// let power: f64 = y.iter().map(|z| z.norm_sqr()).sum();
/// assert!((power - 1.0).abs() < 1e-14);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Debug)]
pub struct Lattice {
    pub(crate) plan: Plan,
    pub(crate) theta_rad: Vec<f64>,
    pub(crate) phi_rad: Vec<f64>,
    pub(crate) couplers: Vec<Couplers>,
    /// Whether `couplers` are all ideal: the fast paths skip them then.
    pub(crate) ideal: bool,
    pub(crate) input_phase_rad: Vec<f64>,
    pub(crate) edge_phase_rad: Vec<f64>,
    pub(crate) output_phase_rad: Vec<f64>,
    pub(crate) loss: ElementLoss,
    pub(crate) edge_modes: EdgeModes,
    pub(crate) arm_phase_rad: f64,
}

/// What light meets on a mode that a column does not touch.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[non_exhaustive]
pub enum EdgeModes {
    /// A bare waveguide without loss.
    #[default]
    Bare,
    /// A dummy element: the loss of two couplers and an arm, so that all paths lose alike.
    Dummy,
}

/// Why a lattice refused its input.
#[derive(Clone, Copy, PartialEq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LatticeError {
    /// A lattice needs at least one mode.
    #[error("a lattice needs at least one mode, given {given}")]
    NoModes {
        /// The number of modes given.
        given: usize,
    },
    /// More modes than a lattice may have.
    #[error("a lattice has at most {limit} modes, given {given}")]
    TooManyModes {
        /// The number of modes given.
        given: usize,
        /// [`Lattice::MAX_MODES`].
        limit: usize,
    },
    /// A vector, matrix or list of another length than the lattice needs.
    #[error("{what}: expected {expected:?}, given {given:?}")]
    Shape {
        /// What had the wrong shape.
        what: &'static str,
        /// The shape that fits (rows, columns); a vector has one column.
        expected: (usize, usize),
        /// The shape given.
        given: (usize, usize),
    },
    /// An infinite or not-a-number value.
    #[error("{what} at {index} is not finite: {given}")]
    NotFinite {
        /// What held it.
        what: &'static str,
        /// Where, counted in the order of the argument.
        index: usize,
        /// The value.
        given: f64,
    },
    /// An element index beyond the last.
    #[error("element {given} of a lattice with {limit} elements")]
    NoSuchElement {
        /// The index given.
        given: usize,
        /// The number of elements.
        limit: usize,
    },
    /// A loss below zero would be a gain.
    #[error("{what} must be at least 0 dB, given {given}")]
    NegativeLoss {
        /// Which loss.
        what: &'static str,
        /// The value.
        given: f64,
    },
    /// Outer phases exist only in the compact layout.
    #[error("the {layout:?} layout has no shifter for {what}")]
    NoSuchShifter {
        /// Which phases were set.
        what: &'static str,
        /// The lattice's layout.
        layout: Layout,
    },
}

impl Lattice {
    /// The most modes of a lattice: N² phases of 8 bytes are then 128 MiB.
    pub const MAX_MODES: usize = 4096;

    /// An ideal lattice with all phases zero.
    ///
    /// # Errors
    /// [`LatticeError::NoModes`] and [`LatticeError::TooManyModes`].
    pub fn new(layout: Layout, modes: usize) -> Result<Self, LatticeError> {
        if modes == 0 {
            return Err(LatticeError::NoModes { given: modes });
        }
        if modes > Self::MAX_MODES {
            return Err(LatticeError::TooManyModes { given: modes, limit: Self::MAX_MODES });
        }
        let plan = Plan::new(layout, modes);
        let outer = |len| if layout == Layout::Compact { vec![0.0; len] } else { Vec::new() };
        Ok(Self {
            plan,
            theta_rad: vec![0.0; plan.elements()],
            phi_rad: vec![0.0; plan.elements()],
            couplers: vec![Couplers::IDEAL; plan.elements()],
            ideal: true,
            input_phase_rad: outer(modes),
            edge_phase_rad: outer(if modes.is_multiple_of(2) { modes / 2 } else { 0 }),
            output_phase_rad: vec![0.0; modes],
            loss: ElementLoss::NONE,
            edge_modes: EdgeModes::Bare,
            arm_phase_rad: 0.0,
        })
    }

    /// Where the elements stand.
    #[must_use]
    pub const fn plan(&self) -> Plan {
        self.plan
    }

    /// The number of modes N.
    #[must_use]
    pub const fn modes(&self) -> usize {
        self.plan.modes()
    }

    /// The phase between the couplers of each element (rad); θ₁ of the compact layout.
    #[must_use]
    pub fn theta_rad(&self) -> &[f64] {
        &self.theta_rad
    }

    /// The phase before each element (rad); θ₂ of the compact layout.
    #[must_use]
    pub fn phi_rad(&self) -> &[f64] {
        &self.phi_rad
    }

    /// The output shifters (rad), one for each mode.
    #[must_use]
    pub fn output_phase_rad(&self) -> &[f64] {
        &self.output_phase_rad
    }

    /// The input shifters of the compact layout (rad); empty in the others.
    #[must_use]
    pub fn input_phase_rad(&self) -> &[f64] {
        &self.input_phase_rad
    }

    /// The edge shifters of the compact layout (rad): with N even, one on the last mode beside each
    /// odd column; else none.
    #[must_use]
    pub fn edge_phase_rad(&self) -> &[f64] {
        &self.edge_phase_rad
    }

    /// The coupler errors of each element.
    #[must_use]
    pub fn couplers(&self) -> &[Couplers] {
        &self.couplers
    }

    /// Whether every coupler is 50:50.
    #[must_use]
    pub const fn couplers_are_ideal(&self) -> bool {
        self.ideal
    }

    /// The losses of each part.
    #[must_use]
    pub const fn loss(&self) -> ElementLoss {
        self.loss
    }

    /// What light meets on a mode that a column does not touch.
    #[must_use]
    pub const fn edge_modes(&self) -> EdgeModes {
        self.edge_modes
    }

    /// The element at `index`, as one device; `None` beyond the last. For the compact layout it is
    /// the element of θ₁ − θ₂, without the common phase θ₂ and the lower shifter's loss.
    #[must_use]
    pub fn element(&self, index: usize) -> Option<Interferometer> {
        let (theta, phi) = (*self.theta_rad.get(index)?, *self.phi_rad.get(index)?);
        let (theta_rad, phi_rad) = match self.plan.layout() {
            Layout::Compact => (theta - phi, 0.0),
            _ => (theta, phi),
        };
        Some(Interferometer { theta_rad, phi_rad, couplers: self.couplers[index], loss: self.loss })
    }

    /// Sets the two phases of one element.
    ///
    /// # Errors
    /// [`LatticeError::NoSuchElement`] and [`LatticeError::NotFinite`]; nothing has changed then.
    pub fn set_element(
        &mut self,
        index: usize,
        theta_rad: f64,
        phi_rad: f64,
    ) -> Result<(), LatticeError> {
        let limit = self.plan.elements();
        if index >= limit {
            return Err(LatticeError::NoSuchElement { given: index, limit });
        }
        for (what, given) in [("theta_rad", theta_rad), ("phi_rad", phi_rad)] {
            if !given.is_finite() {
                return Err(LatticeError::NotFinite { what, index, given });
            }
        }
        (self.theta_rad[index], self.phi_rad[index]) = (theta_rad, phi_rad);
        Ok(())
    }

    /// Sets all phases of the elements, in the order of the [plan](Plan::places).
    ///
    /// # Errors
    /// [`LatticeError::Shape`] and [`LatticeError::NotFinite`]; nothing has changed then.
    pub fn set_phases(&mut self, theta_rad: &[f64], phi_rad: &[f64]) -> Result<(), LatticeError> {
        let elements = self.plan.elements();
        check_list("theta_rad", theta_rad, elements)?;
        check_list("phi_rad", phi_rad, elements)?;
        self.theta_rad.copy_from_slice(theta_rad);
        self.phi_rad.copy_from_slice(phi_rad);
        Ok(())
    }

    /// Sets the output shifters (rad), one for each mode.
    ///
    /// # Errors
    /// As [`set_phases`](Self::set_phases).
    pub fn set_output_phases(&mut self, phase_rad: &[f64]) -> Result<(), LatticeError> {
        check_list("output_phase_rad", phase_rad, self.modes())?;
        self.output_phase_rad.copy_from_slice(phase_rad);
        Ok(())
    }

    /// Sets the outer phases of a compact lattice: one for each input, and
    /// the [edges](Self::edge_phase_rad).
    ///
    /// # Errors
    /// [`LatticeError::NoSuchShifter`] in another layout; else as [`set_phases`](Self::set_phases).
    pub fn set_outer_phases(
        &mut self,
        input_phase_rad: &[f64],
        edge_phase_rad: &[f64],
    ) -> Result<(), LatticeError> {
        if self.plan.layout() != Layout::Compact {
            let layout = self.plan.layout();
            return Err(LatticeError::NoSuchShifter { what: "inputs and edges", layout });
        }
        check_list("input_phase_rad", input_phase_rad, self.modes())?;
        check_list("edge_phase_rad", edge_phase_rad, self.edge_phase_rad.len())?;
        self.input_phase_rad.copy_from_slice(input_phase_rad);
        self.edge_phase_rad.copy_from_slice(edge_phase_rad);
        Ok(())
    }

    /// Sets the coupler errors, one pair for each element.
    ///
    /// # Errors
    /// As [`set_phases`](Self::set_phases).
    pub fn set_couplers(&mut self, couplers: &[Couplers]) -> Result<(), LatticeError> {
        check_shape("couplers", couplers.len(), self.plan.elements())?;
        for (index, pair) in couplers.iter().enumerate() {
            for given in [pair.alpha_rad, pair.beta_rad] {
                if !given.is_finite() {
                    return Err(LatticeError::NotFinite { what: "couplers", index, given });
                }
            }
        }
        self.couplers.copy_from_slice(couplers);
        self.ideal = couplers.iter().all(|pair| *pair == Couplers::IDEAL);
        Ok(())
    }

    /// Sets the losses of each part and what the untouched modes meet.
    ///
    /// # Errors
    /// [`LatticeError::NotFinite`] and [`LatticeError::NegativeLoss`]; nothing has changed then.
    pub fn set_loss(
        &mut self,
        loss: ElementLoss,
        edge_modes: EdgeModes,
    ) -> Result<(), LatticeError> {
        for (index, (what, given)) in [
            ("coupler_db", loss.coupler_db),
            ("shifter_db", loss.shifter_db),
            ("arm_db", loss.arm_db),
        ]
        .into_iter()
        .enumerate()
        {
            if !given.is_finite() {
                return Err(LatticeError::NotFinite { what, index, given });
            }
            if given < 0.0 {
                return Err(LatticeError::NegativeLoss { what, given });
            }
        }
        (self.loss, self.edge_modes) = (loss, edge_modes);
        Ok(())
    }

    /// The phase of an arm's own waveguide, 2π n_eff L/λ, the same on both arms of every element. It
    /// shows where modes pass unequal numbers of elements, so a wavelength sweep sets it.
    #[must_use]
    pub const fn arm_phase_rad(&self) -> f64 {
        self.arm_phase_rad
    }

    /// Sets the phase of the arms' waveguides (rad). Zero in a new lattice. Bare edge modes have
    /// none, dummy elements have it.
    ///
    /// # Errors
    /// [`LatticeError::NotFinite`].
    pub fn set_arm_phase(&mut self, arm_phase_rad: f64) -> Result<(), LatticeError> {
        if !arm_phase_rad.is_finite() {
            let (what, index, given) = ("arm_phase_rad", 0, arm_phase_rad);
            return Err(LatticeError::NotFinite { what, index, given });
        }
        self.arm_phase_rad = arm_phase_rad;
        Ok(())
    }

    /// Applies `change` to every phase that a shifter sets: all θ, all φ, then inputs and edges
    /// (compact only), then outputs, as (index in that order, phase).
    ///
    /// # Errors
    /// [`LatticeError::NotFinite`] with the first bad phase; the lattice may have changed before it.
    pub fn map_phases(
        &mut self,
        mut change: impl FnMut(usize, f64) -> f64,
    ) -> Result<(), LatticeError> {
        for (index, phase) in self.phases_mut().enumerate() {
            let given = change(index, *phase);
            if !given.is_finite() {
                return Err(LatticeError::NotFinite { what: "phase", index, given });
            }
            *phase = given;
        }
        Ok(())
    }

    /// The number of phase shifters: N² without the outer phases of the compact layout.
    #[must_use]
    pub fn shifters(&self) -> usize {
        2 * self.plan.elements()
            + self.input_phase_rad.len()
            + self.edge_phase_rad.len()
            + self.output_phase_rad.len()
    }

    /// Every phase, in the order of [`map_phases`](Self::map_phases).
    pub fn phases(&self) -> impl Iterator<Item = f64> + '_ {
        self.theta_rad
            .iter()
            .chain(&self.phi_rad)
            .chain(&self.input_phase_rad)
            .chain(&self.edge_phase_rad)
            .chain(&self.output_phase_rad)
            .copied()
    }

    fn phases_mut(&mut self) -> impl Iterator<Item = &mut f64> {
        self.theta_rad
            .iter_mut()
            .chain(&mut self.phi_rad)
            .chain(&mut self.input_phase_rad)
            .chain(&mut self.edge_phase_rad)
            .chain(&mut self.output_phase_rad)
    }

    /// Reduces every phase to [0, 2π).
    pub fn wrap_phases(&mut self) {
        self.phases_mut().for_each(|phase| *phase = wrap_phase(*phase));
    }

    /// Rounds every phase to a uniform grid of 2^`bits` steps over [0, 2π).
    pub fn quantise_phases(&mut self, bits: u32) {
        let step = TAU / libm::exp2(f64::from(bits));
        self.phases_mut().for_each(|phase| *phase = wrap_phase((*phase / step).round() * step));
    }
}

fn check_shape(what: &'static str, given: usize, expected: usize) -> Result<(), LatticeError> {
    if given == expected {
        return Ok(());
    }
    Err(LatticeError::Shape { what, expected: (expected, 1), given: (given, 1) })
}

fn check_list(what: &'static str, list: &[f64], expected: usize) -> Result<(), LatticeError> {
    check_shape(what, list.len(), expected)?;
    match list.iter().position(|value| !value.is_finite()) {
        Some(index) => Err(LatticeError::NotFinite { what, index, given: list[index] }),
        None => Ok(()),
    }
}
