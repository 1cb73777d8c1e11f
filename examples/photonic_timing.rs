//! Times one photonic kernel and prints the median CPU time in seconds: what `benches/peers/python`
//! compares. CPU time, so that what else runs on the machine counts less.
//!
//! `cargo run --release --example photonic_timing -- batch256`. Cases: `batchN` (256 vectors through N
//! modes, phases to outputs), `denseN` (256 vectors by a fixed matrix), `vectorN` (one vector, phases to
//! outputs), `decomposeN`, `gradientN` (forward and adjoint of 256 vectors), with N modes; `leakyN` (N
//! neurons for 1 s in steps of 0.1 ms), `recurrentN` (the same with 2 % recurrence) and `spikingP` (a
//! network of 512-1024-512-256 neurons for 100 steps, P % of its inputs firing in each).
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a measurement prints")]

use std::time::Duration;

use cpu_time::ProcessTime;
use ndarray::{Array1, Array2};
use xrmesh::photonic::complex::Complex32;
use xrmesh::photonic::spike::{
    Drive, LeakyLayer, LeakyParameters, SpikeRaster, SpikingNetwork, Stimulus, Synapse, Synapses,
};
use xrmesh::photonic::{
    Classifier, Dense, DenseWorkspace, Gradient, Layout, Propagator, VectorWorkspace, Workspace,
    decompose,
};
use xrmesh::random::Counter;

const BATCH: usize = 256;

fn main() {
    let case = std::env::args().nth(1).unwrap_or_default();
    let digits = case.find(|c: char| c.is_ascii_digit()).unwrap_or(case.len());
    let (kind, number) = case.split_at(digits);
    let Ok(number @ 1..) = number.parse::<usize>() else {
        std::process::exit(2);
    };
    let seconds = match kind {
        "leaky" => leaky(number, false),
        "recurrent" => leaky(number, true),
        "spiking" => spiking(number),
        _ => optical(kind, number),
    };
    println!("{seconds:e}");
}

/// The cases of light.
fn optical(kind: &str, modes: usize) -> f64 {
    // A random unitary's lattice.
    let lattice = Classifier::new(modes, 1, 7).unwrap().lattice().clone();
    let unitary = lattice.transfer_matrix();
    let x = Array2::from_shape_fn((modes, BATCH), |(m, b)| {
        Complex32::new((m % 7) as f32 - 3.0, (b % 5) as f32 - 2.0)
    });
    let mut y = Array2::zeros(x.dim());
    let mut propagator = Propagator::new(&lattice);
    let mut workspace = Workspace::default();
    match kind {
        "batch" => median(|| {
            propagator.drive(&lattice).unwrap();
            propagator.forward(x.view(), y.view_mut(), &mut workspace).unwrap();
        }),
        "dense" => {
            let dense = Dense::new(unitary.view()).unwrap();
            let mut workspace = DenseWorkspace::default();
            median(|| dense.forward(x.view(), y.view_mut(), &mut workspace).unwrap())
        }
        "vector" => {
            let (x, mut y) = (x.column(0).to_vec(), y.column(0).to_vec());
            let mut workspace = VectorWorkspace::default();
            median(|| lattice.forward_f32(&x, &mut y, &mut workspace).unwrap())
        }
        "decompose" => median(|| {
            std::hint::black_box(decompose(unitary.view(), Layout::Rectangular).unwrap());
        }),
        "gradient" => {
            let mut gradient = Gradient::default();
            median(|| {
                propagator.forward(x.view(), y.view_mut(), &mut workspace).unwrap();
                gradient.find(&lattice, &propagator, y.view(), x.view(), None).unwrap();
            })
        }
        _ => std::process::exit(2),
    }
}

const STEP_S: f64 = 0.1e-3;

/// `count` neurons for 1 s, driven so that they fire at different rates.
fn leaky(count: usize, recurrent: bool) -> f64 {
    let neuron =
        LeakyParameters { time_constant_s: 10e-3, threshold: 1.0, reset: 0.0, refractory_s: 2e-3 };
    let drive = Array1::linspace(0.9, 2.1, count);
    let stimulus = Stimulus { drive: Drive::Constant(drive.view()), ..Stimulus::default() };
    let mut layer = LeakyLayer::uniform(STEP_S, count, neuron).unwrap();
    if recurrent {
        let draws = Counter::new(1, [0, 0]);
        let pairs = (0..count * count).filter(|&pair| draws.uniform_f64(pair as u64) < 0.02);
        let synapses = pairs.map(|pair| Synapse {
            source: pair / count,
            target: pair % count,
            weight: 0.02 * draws.derive(1).normals(pair as u64)[0],
            delay_steps: 15,
        });
        layer = layer.with_recurrence(Synapses::sparse([count; 2], synapses).unwrap()).unwrap();
    }
    let mut raster = SpikeRaster::silent(10_000, count).unwrap();
    median(|| {
        layer.reset();
        layer.run_into(&stimulus, &mut raster).unwrap();
    })
}

/// A network of dense layers without delays.
fn spiking(percent: usize) -> f64 {
    let sizes = [512, 1024, 512, 256];
    let neuron =
        LeakyParameters { time_constant_s: 1e-3, threshold: 1.0, reset: 0.0, refractory_s: 0.0 };
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
    let draws = Counter::new(3, [0, 0]);
    let share = percent as f64 / 100.0;
    let spikes = (0..100 * sizes[0]).filter(|&cell| draws.uniform_f64(cell as u64) < share);
    let spikes = spikes.map(|cell| (cell / sizes[0], cell % sizes[0]));
    let input = SpikeRaster::from_spikes(100, sizes[0], spikes).unwrap();
    let stimulus = Stimulus { spikes: Some(&input), ..Stimulus::default() };
    median(|| {
        network.reset();
        std::hint::black_box(network.run(&stimulus, 100).unwrap());
    })
}

/// The median CPU time of a call, over half a second of calls, in groups of at least 50 µs.
fn median(mut call: impl FnMut()) -> f64 {
    let time = |call: &mut dyn FnMut(), count: u32| {
        let start = ProcessTime::now();
        (0..count).for_each(|_| call());
        start.elapsed()
    };
    let mut count = 1;
    while time(&mut call, count) < Duration::from_micros(50) {
        count *= 2;
    }
    let (mut times, mut total) = (Vec::new(), Duration::ZERO);
    while total < Duration::from_millis(500) {
        let group = time(&mut call, count);
        total += group;
        times.push(group.as_secs_f64() / f64::from(count));
    }
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
