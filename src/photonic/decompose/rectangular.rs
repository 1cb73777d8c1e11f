//! Clements' order: diagonals from the corner, odd ones nulled from the right, even ones from the left.

use super::super::kernel::panels::{Panels, Rotation};
use super::super::lattice::Plan;
use super::null::{Bare, phi_of, theta_of};

/// Diagonal k = 1…N − 1 has the entries (N − k + j, j) and k rotations. An odd one is nulled from
/// the right, from (N − 1, k − 1) up: rotation j takes the columns (k − 1 − j, k − j). An even one is
/// nulled from the left, from (N − k, 0) down: rotation j takes the rows (N − k + j − 1, N − k + j).
/// Gives the k rotations of each diagonal.
pub(super) fn null(panels: &mut Panels) -> Vec<Vec<Rotation>> {
    (1..panels.modes())
        .map(|k| {
            let mut rotations = vec![Rotation::default(); k];
            if k % 2 == 1 {
                panels.sweep_columns_down(&mut rotations);
            } else {
                panels.sweep_rows_down(&mut rotations);
            }
            rotations
        })
        .collect()
}

/// Light meets the right rotations first, in the order they were found; the left ones, inverted,
/// come after the diagonal, last found first. Each diagonal of the matrix becomes one diagonal of the
/// lattice: rotation j stands in column j, or N − 1 − j from the left.
pub(super) fn place(sweeps: &[Vec<Rotation>], mut diagonal: Vec<f64>, plan: Plan) -> Bare {
    let modes = plan.modes();
    let mut lefts = Vec::new();
    for (k, rotations) in (1..modes).zip(sweeps).rev().filter(|(k, _)| k % 2 == 0) {
        for (j, rotation) in rotations.iter().enumerate().rev() {
            let mode = modes - k + j - 1;
            let (upper, lower) = (diagonal[mode], diagonal[mode + 1]);
            // R†(θ, φ)·diag(d₁, d₂) = diag(d₂e^{−iφ}, d₂)·R(θ, d₁ − d₂).
            lefts.push((modes - 1 - j, mode, theta_of(rotation), upper - lower));
            diagonal[mode] = lower - phi_of(rotation);
        }
    }
    let mut bare = Bare::new(plan, diagonal);
    for (column, mode, theta, phi) in lefts {
        bare.put(column, mode, theta, phi);
    }
    for (k, rotations) in (1..).zip(sweeps).filter(|(k, _)| k % 2 == 1) {
        for (j, rotation) in rotations.iter().enumerate() {
            bare.put(j, k - 1 - j, theta_of(rotation), phi_of(rotation));
        }
    }
    bare
}
