//! Spiking layers: the cases that `benches/peers/python/spiking.py` runs on Brian2 and snnTorch.
//! One thread.
#![expect(clippy::unwrap_used, reason = "a bench that cannot be set up has nothing to measure")]

use criterion::{Criterion, criterion_group, criterion_main};
use ndarray::{Array1, Array2};
use std::hint::black_box;
use xrmesh::photonic::spike::{
    Drive, LeakyLayer, LeakyParameters, SpikeRaster, SpikingNetwork, Stimulus, Synapse, Synapses,
};
use xrmesh::random::Counter;

const STEP_S: f64 = 0.1e-3;
const NEURON: LeakyParameters =
    LeakyParameters { time_constant_s: 10e-3, threshold: 1.0, reset: 0.0, refractory_s: 2e-3 };

/// 1,000 neurons for 1 s, drives spread over 0.9 to 2.1: with none, and with 2 % recurrence delayed
/// by 1.5 ms.
fn leaky_neurons(c: &mut Criterion) {
    let count = 1000;
    let drive = Array1::linspace(0.9, 2.1, count);
    let stimulus = Stimulus { drive: Drive::Constant(drive.view()), ..Stimulus::default() };
    let mut raster = SpikeRaster::silent(10_000, count).unwrap();

    let alone = LeakyLayer::uniform(STEP_S, count, NEURON).unwrap();
    let mut layer = alone.clone();
    c.bench_function("1000 leaky neurons, 1 s", |b| {
        b.iter(|| {
            layer.reset();
            layer.run_into(&stimulus, &mut raster).unwrap();
            black_box(&raster);
        });
    });

    let draws = Counter::new(1, [0, 0]);
    let pairs = (0..count * count).filter(|&pair| draws.uniform_f64(pair as u64) < 0.02);
    let synapses = pairs.map(|pair| Synapse {
        source: pair / count,
        target: pair % count,
        weight: 0.02 * draws.derive(1).normals(pair as u64)[0],
        delay_steps: 15,
    });
    let synapses = Synapses::sparse([count; 2], synapses).unwrap();
    let mut layer = alone.with_recurrence(synapses).unwrap();
    c.bench_function("1000 leaky neurons, 1 s, 2 % recurrence", |b| {
        b.iter(|| {
            layer.reset();
            layer.run_into(&stimulus, &mut raster).unwrap();
            black_box(&raster);
        });
    });
}

/// 512-1024-512-256 neurons for 100 steps, a fifth of the inputs firing in each.
fn network(c: &mut Criterion) {
    let sizes = [512, 1024, 512, 256];
    let neuron = LeakyParameters { time_constant_s: 1e-3, refractory_s: 0.0, ..NEURON };
    let layers = (1..sizes.len()).map(|index| {
        let shape = (sizes[index - 1], sizes[index]);
        let draws = Counter::new(2, [index as u32, 0]);
        let scale = 2.0 / (shape.0 as f64).sqrt();
        let weights = Array2::from_shape_fn(shape, |(source, target)| {
            scale * draws.normals((source * shape.1 + target) as u64)[0]
        });
        let synapses = Synapses::dense(weights.view(), 0).unwrap();
        LeakyLayer::uniform(STEP_S, shape.1, neuron).unwrap().with_input(synapses).unwrap()
    });
    let mut network = SpikingNetwork::new(layers.collect()).unwrap();
    for (name, share) in [("a fifth of the inputs firing", 0.2), ("all inputs firing", 1.0)] {
        let draws = Counter::new(3, [0, 0]);
        let spikes = (0..100 * sizes[0]).filter(|&cell| draws.uniform_f64(cell as u64) < share);
        let spikes = spikes.map(|cell| (cell / sizes[0], cell % sizes[0]));
        let input = SpikeRaster::from_spikes(100, sizes[0], spikes).unwrap();
        let stimulus = Stimulus { spikes: Some(&input), ..Stimulus::default() };
        c.bench_function(&format!("network 512-1024-512-256, 100 steps, {name}"), |b| {
            b.iter(|| {
                network.reset();
                black_box(network.run(&stimulus, 100).unwrap());
            });
        });
        let shares: Vec<f64> = network
            .rasters()
            .iter()
            .map(|raster| raster.total() as f64 / (raster.steps() * raster.neurons()) as f64)
            .collect();
        eprintln!("share of neurons firing a step, by layer: {shares:.3?}");
    }
}

criterion_group!(benches, leaky_neurons, network);
criterion_main!(benches);
