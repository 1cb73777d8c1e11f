//! Lattices and Mach-Zehnder interferometers against scattering matrices computed with SAX.

#![cfg(feature = "photonic")]
#![expect(clippy::print_stdout, reason = "says why a test was ignored")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use core::f64::consts::{PI, TAU};
use serde_json::Value;
use xrmesh::photonic::complex::{Complex64, amplitude_of_db, cis};
use xrmesh::photonic::{Couplers, EdgeModes, ElementLoss, Lattice, Layout};

/// The reference file; `None` where it is not laid out beside the project, which is an error in CI.
fn reference() -> Option<Value> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/reference/sax_smatrix.json");
    match std::fs::read_to_string(path) {
        Ok(text) => Some(serde_json::from_str(&text).unwrap()),
        Err(error) if std::env::var_os("CI").is_some() => panic!("{path}: {error}"),
        Err(error) => {
            println!("ignored: {path}: {error}");
            None
        }
    }
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(number).collect()
}

fn complexes(value: &Value) -> Vec<Complex64> {
    let (re, im) = (numbers(&value["re"]), numbers(&value["im"]));
    re.into_iter().zip(im).map(|(re, im)| Complex64::new(re, im)).collect()
}

/// Phase of a guide of the reference's effective index, lengths in µm.
fn guide_phase(reference: &Value, wavelength: f64, length: f64) -> f64 {
    let guide = &reference["wg"];
    let (n, ng, at) = (number(&guide["neff"]), number(&guide["ng"]), number(&guide["wl0"]));
    TAU * (n - (wavelength - at) * (ng - n) / at) * length / wavelength
}

#[test]
fn lossy_lattice_agrees_at_every_wavelength() {
    let Some(reference) = reference() else { return };
    let case = &reference["clements4_lossy"];
    let mut lattice = Lattice::new(Layout::Rectangular, 4).unwrap();
    let places: Vec<f64> = lattice.plan().places().map(|(_, mode)| mode as f64).collect();
    assert_eq!(places, numbers(&case["m"]), "the reference's order is the plan's");
    lattice.set_phases(&numbers(&case["theta"]), &numbers(&case["phi"])).unwrap();
    lattice.set_output_phases(&numbers(&case["D"])).unwrap();
    let errors = case["coupler_angle_err"].as_array().unwrap().iter().map(numbers);
    let couplers: Vec<_> = errors.map(|e| Couplers { alpha_rad: e[0], beta_rad: e[1] }).collect();
    lattice.set_couplers(&couplers).unwrap();
    let length = number(&case["arm_L_um"]);
    let loss = ElementLoss {
        coupler_db: number(&case["coupler_il_dB"]),
        shifter_db: number(&case["ps_il_dB"]),
        arm_db: number(&case["arm_loss_dB_cm"]) * length * 1e-4,
    };
    lattice.set_loss(loss, EdgeModes::Bare).unwrap();
    for (index, &wavelength) in numbers(&reference["wl_um"]).iter().enumerate() {
        lattice.set_arm_phase(guide_phase(&reference, wavelength, length)).unwrap();
        for ((row, column), value) in lattice.transfer_matrix().indexed_iter() {
            let expected = complexes(&case["M[i][j]"][row][column])[index];
            let error = (value - expected).norm_sqr().sqrt();
            assert!(error <= 1e-12, "{wavelength} µm ({row}, {column}): {error:e}");
        }
    }
}

#[test]
fn unbalanced_mach_zehnder_agrees_at_every_wavelength() {
    let Some(reference) = reference() else { return };
    let case = &reference["mzi"];
    let (kappa2, lengths) = (numbers(&case["kappa2"]), numbers(&case["L_um"]));
    let couplers = Couplers::from_power(kappa2[0], kappa2[1]);
    let loss = number(&case["loss_dB_cm"]);
    for (index, &wavelength) in numbers(&reference["wl_um"]).iter().enumerate() {
        let arm = |length: f64| {
            cis(guide_phase(&reference, wavelength, length)) * amplitude_of_db(loss * length * 1e-4)
        };
        let t = couplers.around(arm(lengths[0]), arm(lengths[1]));
        for (input, output) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            let expected = complexes(&case[format!("in{input}->out{output}")])[index];
            let error = (t[output][input] - expected).norm_sqr().sqrt();
            assert!(error <= 1e-11, "{wavelength} µm {input} to {output}: {error:e}");
        }
    }
}

#[test]
fn energy_is_kept_without_loss_and_falls_with_it() {
    for layout in [Layout::Rectangular, Layout::Triangular, Layout::Compact] {
        let mut lattice = Lattice::new(layout, 9).unwrap();
        lattice.map_phases(|index, _| (index as f64 * 0.7) % PI).unwrap();
        let power = |lattice: &Lattice| -> Vec<f64> {
            let matrix = lattice.transfer_matrix();
            matrix.columns().into_iter().map(|c| c.iter().map(|z| z.norm_sqr()).sum()).collect()
        };
        let mut before = power(&lattice);
        assert!(before.iter().all(|p| (p - 1.0).abs() < 1e-13));
        for loss_db in [0.05, 0.1, 0.5] {
            let loss = ElementLoss { coupler_db: loss_db, shifter_db: loss_db, arm_db: loss_db };
            lattice.set_loss(loss, EdgeModes::Dummy).unwrap();
            let after = power(&lattice);
            assert!(after.iter().zip(&before).all(|(a, b)| a < b), "{layout:?} {loss_db}");
            before = after;
        }
    }
}
