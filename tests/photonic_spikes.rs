//! Leaky neurons against spike times computed with Brian2 (`../shared/reference/lif_brian2.json`).
#![cfg(feature = "photonic")]
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a failed test says what it could not read"
)]

use std::path::Path;

use ndarray::{Array2, ArrayView1, aview1};
use serde_json::Value;
use xrmesh::photonic::spike::{
    Drive, LeakyLayer, LeakyParameters, SpikeRaster, Stimulus, Synapses,
};

const REFERENCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/reference/lif_brian2.json");
const STEP_S: f64 = 0.1e-3;

/// The reference, or none where it may be missing: everywhere but where `CI` is set.
fn reference() -> Option<Value> {
    if !Path::new(REFERENCE).exists() {
        assert!(std::env::var_os("CI").is_none(), "{REFERENCE} is missing");
        println!("ignored: {REFERENCE} is missing");
        return None;
    }
    Some(serde_json::from_slice(&std::fs::read(REFERENCE).unwrap()).unwrap())
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn layer(case: &Value, count: usize) -> LeakyLayer {
    let ms = |name: &str| case[name].as_f64().unwrap() * 1e-3;
    let neuron = LeakyParameters {
        time_constant_s: ms("tau_ms"),
        threshold: case["vth"].as_f64().unwrap(),
        reset: case["vr"].as_f64().unwrap(),
        refractory_s: ms("tref_ms"),
    };
    LeakyLayer::uniform(STEP_S, count, neuron).unwrap()
}

fn constant(drive: ArrayView1<'_, f64>) -> Stimulus<'_> {
    Stimulus { drive: Drive::Constant(drive), ..Stimulus::default() }
}

fn assert_same_steps(raster: &SpikeRaster, times_ms: &Value) {
    for (neuron, times_ms) in times_ms.as_array().unwrap().iter().enumerate() {
        let ours: Vec<i64> =
            raster.times_s(neuron, STEP_S).map(|time_s| (time_s / STEP_S).round() as i64).collect();
        let theirs: Vec<i64> =
            numbers(times_ms).iter().map(|time_ms| (time_ms / 0.1).round() as i64).collect();
        assert_eq!(ours, theirs, "neuron {neuron}");
    }
}

#[test]
fn constant_drive_gives_the_same_spikes() {
    let Some(reference) = reference() else { return };
    let case = &reference["A_constant"];
    let drive = numbers(&case["I"]);
    let raster = layer(case, drive.len()).run(&constant(aview1(&drive)), 2000).unwrap();
    assert_same_steps(&raster, &case["spike_times_ms"]);
}

#[test]
fn delayed_recurrence_gives_the_same_spikes_and_potentials() {
    let Some(reference) = reference() else { return };
    let case = &reference["B_recurrent"];
    let drive = numbers(&case["I"]);
    let count = drive.len();
    let weights: Vec<f64> =
        case["W[pre][post]"].as_array().unwrap().iter().flat_map(numbers).collect();
    let weights = Array2::from_shape_vec((count, count), weights).unwrap();
    let delay_steps = (case["delay_ms"].as_f64().unwrap() / 0.1).round() as usize;
    let neurons = layer(&reference["A_constant"], count);
    for synapses in [
        Synapses::dense(weights.view(), delay_steps).unwrap(),
        Synapses::sparse_from(weights.view(), delay_steps).unwrap(),
    ] {
        let mut layer = neurons.clone().with_recurrence(synapses).unwrap();
        let stimulus = constant(aview1(&drive));
        let raster = layer.run(&stimulus, 3000).unwrap();
        assert_eq!(raster.total(), case["total_spikes"].as_u64().unwrap());
        assert_same_steps(&raster, &case["spike_times_ms"]);

        layer.reset();
        let (v0, v7) = (numbers(&case["v0_every_10"]), numbers(&case["v7_every_10"]));
        for (index, (v0, v7)) in v0.iter().zip(&v7).enumerate() {
            let potentials = layer.potentials();
            assert!((potentials[0] - v0).abs() < 1e-12, "{index}");
            assert!((potentials[7] - v7).abs() < 1e-12, "{index}");
            layer.run(&stimulus, 10).unwrap();
        }
    }
}
