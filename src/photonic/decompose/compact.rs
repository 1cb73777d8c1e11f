//! A rectangle of R(θ, φ) as symmetric elements without shifters between them.
//!
//! A symmetric element is S(θ₁, θ₂) = C·diag(e^{iθ₁}, e^{iθ₂})·C = e^{iη}·R(θ, 0) with θ = θ₁ − θ₂ and
//! η = θ₂ + θ/2 + π/2; beside a real element of the rectangle, which has i e^{iθ/2} itself, η = θ₂, with
//! coupler errors too. Let the light on mode m carry the extra phase g_m beside the rectangle's. An
//! element behaves as R(θ, φ) if g_m − g_{m+1} = φ on its inputs; it then leaves g_{m+1} + η on both
//! outputs. So the common phases η of one column set the differences that the next column needs: they
//! form a chain down the column, fixed up to one offset. Where a column leaves two modes alone (N even,
//! odd columns), both ends of the chain are given, and the lower edge needs a shifter of its own.

use core::f64::consts::FRAC_PI_2;

use super::super::complex::wrap_phase;
use super::super::lattice::{Lattice, LatticeError, Layout, Plan};

/// A rectangle of elements whose input shifters are to go.
#[derive(Clone, Copy)]
pub(in super::super) struct Rectangle<'a> {
    pub(in super::super) theta_rad: &'a [f64],
    pub(in super::super) phi_rad: &'a [f64],
    pub(in super::super) output_phase_rad: &'a [f64],
    /// η beside θ₂: what a symmetric element leaves on both modes beyond the rectangle's element.
    pub(in super::super) own: Own,
}

/// Which elements a [`Rectangle`] has.
#[derive(Clone, Copy)]
pub(in super::super) enum Own {
    /// R(θ, φ): η = θ₂ + θ/2 + π/2.
    Rotations,
    /// Real elements C(β)·diag(e^{iθ}, 1)·C(α)·diag(e^{iφ}, 1), also with coupler errors: η = θ₂.
    Elements,
}

impl Own {
    fn phase_rad(self, theta_rad: f64) -> f64 {
        match self {
            Self::Rotations => theta_rad / 2.0 + FRAC_PI_2,
            Self::Elements => 0.0,
        }
    }
}

/// The rectangular lattice that does what a compact one does, with the same couplers. Losses are not
/// taken over. O(N²).
pub(in super::super) fn rectangle_of(compact: &Lattice) -> Result<Lattice, LatticeError> {
    let plan = compact.plan();
    let mut rectangle = Lattice::new(Layout::Rectangular, plan.modes())?;
    rectangle.set_couplers(compact.couplers())?;
    let mut carried = compact.input_phase_rad.clone();
    for index in 0..plan.columns() {
        let column = plan.column(index);
        for k in 0..column.count {
            let (element, mode) = (column.first_element + k, column.first_mode + 2 * k);
            let (upper, lower) = (compact.theta_rad[element], compact.phi_rad[element]);
            rectangle.theta_rad[element] = wrap_phase(upper - lower);
            rectangle.phi_rad[element] = wrap_phase(carried[mode] - carried[mode + 1]);
            let left = wrap_phase(carried[mode + 1] + lower);
            (carried[mode], carried[mode + 1]) = (left, left);
        }
        if let Some(edge) = compact.edge_shifter(index) {
            carried[edge] = wrap_phase(carried[edge] + compact.edge_phase_rad[index / 2]);
        }
    }
    for (mode, output) in rectangle.output_phase_rad.iter_mut().enumerate() {
        *output = wrap_phase(compact.output_phase_rad[mode] + carried[mode]);
    }
    Ok(rectangle)
}

/// Sets the phases of a compact lattice so that it does what a rectangle of as many modes does. O(N²).
pub(in super::super) fn set(lattice: &mut Lattice, bare: &Rectangle<'_>) {
    let plan = lattice.plan();
    let modes = plan.modes();
    let mut carried = vec![0.0; modes];
    if plan.columns() > 0 {
        let first = plan.column(0);
        for k in 0..first.count {
            carried[2 * k] = bare.phi_rad[first.first_element + k];
        }
    }
    for (input, &phase) in lattice.input_phase_rad.iter_mut().zip(&carried) {
        *input = wrap_phase(phase);
    }
    for index in 0..plan.columns() {
        let column = plan.column(index);
        let wanted = wanted_after(plan, bare, index, &carried);
        for k in 0..column.count {
            let (element, mode) = (column.first_element + k, column.first_mode + 2 * k);
            let theta = bare.theta_rad[element];
            let natural = carried[mode + 1] + bare.own.phase_rad(theta);
            let left = wanted.get(k).copied().unwrap_or(natural);
            let lower = left - natural;
            lattice.theta_rad[element] = wrap_phase(lower + theta);
            lattice.phi_rad[element] = wrap_phase(lower);
            let left = wrap_phase(left);
            (carried[mode], carried[mode + 1]) = (left, left);
        }
        if let Some(edge) = lattice.edge_shifter(index)
            && index + 1 < plan.columns()
        {
            let next = plan.column(index + 1);
            let phi = bare.phi_rad[next.first_element + next.count - 1];
            let needed = carried[edge - 1] - phi;
            lattice.edge_phase_rad[index / 2] = wrap_phase(needed - carried[edge]);
            carried[edge] = needed;
        }
    }
    for (mode, output) in lattice.output_phase_rad.iter_mut().enumerate() {
        *output = wrap_phase(bare.output_phase_rad[mode] - carried[mode]);
    }
}

/// The extra phases that the elements of a column must leave for the next column's differences, from
/// the top; empty where there is none to meet.
fn wanted_after(plan: Plan, bare: &Rectangle<'_>, index: usize, carried: &[f64]) -> Vec<f64> {
    let column = plan.column(index);
    if index + 1 >= plan.columns() || plan.column(index + 1).count == 0 || column.count == 0 {
        return Vec::new();
    }
    let next = plan.column(index + 1);
    let phi = &bare.phi_rad[next.first_element..next.first_element + next.count];
    let mut wanted = Vec::with_capacity(column.count);
    if column.first_mode == 1 {
        // From the bare upper edge down: g₀ − G₀ = φ₀, G₀ − G₁ = φ₁, …
        let mut above = carried[0];
        for phase in phi.iter().take(column.count) {
            above = wrap_phase(above - phase);
            wanted.push(above);
        }
        return wanted;
    }
    // G_k − G_{k+1} = φ_k; with N odd the last G is the bare lower edge, else the last is free.
    let modes = plan.modes();
    let mut below = if modes % 2 == 1 {
        carried[modes - 1]
    } else {
        let element = column.first_element + column.count - 1;
        let free = carried[modes - 1] + bare.own.phase_rad(bare.theta_rad[element]);
        wanted.push(free);
        free
    };
    for phase in phi.iter().rev() {
        below = wrap_phase(below + phase);
        wanted.push(below);
    }
    wanted.reverse();
    wanted
}
