//! Rings and weight banks against scattering matrices computed with SAX
//! (`../shared/reference/sax_smatrix.json`).
#![cfg(feature = "photonic")]
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a failed test says what it could not read"
)]

use std::path::Path;

use ndarray::{Array1, aview1};
use num_complex::Complex64;
use serde_json::Value;
use xrmesh::photonic::ring::{AddDropRing, AllPassRing, Waveguide};
use xrmesh::photonic::wdm::{DropBus, RingBank};

const REFERENCE: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/reference/sax_smatrix.json");
const TOLERANCE: f64 = 1e-11;

/// The reference, or none where it may be missing: everywhere but where `CI` is set.
fn reference() -> Option<Value> {
    if !Path::new(REFERENCE).exists() {
        assert!(std::env::var_os("CI").is_none(), "{REFERENCE} is missing");
        println!("ignored: {REFERENCE} is missing");
        return None;
    }
    Some(serde_json::from_slice(&std::fs::read(REFERENCE).unwrap()).unwrap())
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(number).collect()
}

fn complexes(value: &Value) -> Vec<Complex64> {
    let parts = numbers(&value["re"]).into_iter().zip(numbers(&value["im"]));
    parts.map(|(re, im)| Complex64::new(re, im)).collect()
}

fn assert_close(name: &str, ours: impl IntoIterator<Item = Complex64>, theirs: &Value) {
    let theirs = complexes(theirs);
    let ours: Vec<_> = ours.into_iter().collect();
    assert_eq!(ours.len(), theirs.len());
    let worst =
        ours.iter().zip(&theirs).map(|(a, b)| (a - b).norm_sqr().sqrt()).fold(0.0, f64::max);
    println!("{name}: {worst:e}");
    assert!(worst <= TOLERANCE, "{name}: {worst:e}");
}

fn waveguide(reference: &Value, loss_db_per_cm: &Value) -> Waveguide {
    let guide = &reference["wg"];
    Waveguide::new(
        number(&guide["neff"]),
        number(&guide["ng"]),
        number(&guide["wl0"]) * 1e-6,
        number(loss_db_per_cm) * 100.0,
    )
    .unwrap()
}

fn circumference_m(radius_um: &Value) -> f64 {
    std::f64::consts::TAU * number(radius_um) * 1e-6
}

#[test]
fn rings_agree_with_their_scattering_matrices() {
    let Some(reference) = reference() else { return };
    let wavelengths: Array1<f64> =
        numbers(&reference["wl_um"]).into_iter().map(|um| um * 1e-6).collect();

    let case = &reference["ring_allpass"];
    let guide = waveguide(&reference, &case["loss_dB_cm"]);
    let ring =
        AllPassRing::new(guide, circumference_m(&case["R_um"]), number(&case["kappa2"])).unwrap();
    assert_close("all-pass", ring.sweep(wavelengths.view()), &case["thru"]);

    let case = &reference["ring_adddrop"];
    let guide = waveguide(&reference, &case["loss_dB_cm"]);
    let couplings = numbers(&case["kappa2"]);
    let ring =
        AddDropRing::new(guide, circumference_m(&case["R_um"]), [couplings[0], couplings[1]])
            .unwrap();
    let ports = ring.sweep(wavelengths.view());
    assert_close("in to through", ports.iter().map(|p| p.through), &case["in->thru"]);
    assert_close("in to drop", ports.iter().map(|p| p.drop), &case["in->drop"]);
    assert_close("add to through", ports.iter().map(|p| p.drop), &case["add->thru"]);
    assert_close("add to drop", ports.iter().map(|p| p.add_through), &case["add->drop"]);
}

#[test]
fn a_weight_bank_agrees_with_its_cascade() {
    let Some(reference) = reference() else { return };
    let case = &reference["weight_bank"];
    let guide = waveguide(&reference, &case["loss_dB_cm"]);
    let channels: Vec<f64> = numbers(&case["channels_um"]).iter().map(|um| um * 1e-6).collect();
    let coupling = number(&case["kappa2"]);
    let ring =
        AddDropRing::new(guide, circumference_m(&case["R_um"]), [coupling, coupling]).unwrap();
    let mut bank = RingBank::new(vec![ring; channels.len()], DropBus::Separate).unwrap();
    let mut worst = 0.0_f64;
    for case in case["cases"].as_array().unwrap() {
        bank.set_phases(aview1(&numbers(&case["ring_phase_rad"]))).unwrap();
        for (&channel, expected) in channels.iter().zip(case["per_channel"].as_array().unwrap()) {
            let powers = bank.powers(channel);
            worst = worst.max((powers.through - number(&expected["P_thru"])).abs());
            for (ours, theirs) in powers.dropped.iter().zip(numbers(&expected["P_drop_each"])) {
                worst = worst.max((ours - theirs).abs());
            }
            let weight = number(&expected["w_eff=sum(drop)-thru"]);
            worst = worst.max((bank.weight(channel) - weight).abs());
        }
    }
    println!("weight bank: {worst:e}");
    assert!(worst <= TOLERANCE, "{worst:e}");
}
