//! Reck's order: rows from the last, each nulled from the right, from its first entry on.

use super::super::kernel::panels::{Panels, Rotation};
use super::super::lattice::Plan;
use super::null::{Bare, phi_of, theta_of};

/// Row N − 1 − r has N − 1 − r rotations; rotation j takes the columns (j, j + 1).
pub(super) fn null(panels: &mut Panels) -> Vec<Vec<Rotation>> {
    (1..panels.modes())
        .rev()
        .map(|row| {
            let mut rotations = vec![Rotation::default(); row];
            panels.sweep_row_right(row, &mut rotations);
            rotations
        })
        .collect()
}

/// U = D·R_K…R₁ with R₁ the first found: light meets them in that order. Row r of the triangle
/// starts in column 2r.
pub(super) fn place(sweeps: &[Vec<Rotation>], diagonal: Vec<f64>, plan: Plan) -> Bare {
    let mut bare = Bare::new(plan, diagonal);
    for (r, rotations) in sweeps.iter().enumerate() {
        for (mode, rotation) in rotations.iter().enumerate() {
            bare.put(mode + 2 * r, mode, theta_of(rotation), phi_of(rotation));
        }
    }
    bare
}
