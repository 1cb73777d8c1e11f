//! Times one photonic kernel and prints the median CPU time in seconds: what `benches/peers/python`
//! compares. CPU time, so that what else runs on the machine counts less.
//!
//! `cargo run --release --example photonic_timing -- batch256`. Cases: `batchN` (256 vectors through N
//! modes, phases to outputs), `denseN` (256 vectors by a fixed matrix), `vectorN` (one vector, phases to
//! outputs), `decomposeN`, `gradientN` (forward and adjoint of 256 vectors), with N modes.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a measurement prints")]

use std::time::Duration;

use cpu_time::ProcessTime;
use ndarray::Array2;
use xrmesh::photonic::complex::Complex32;
use xrmesh::photonic::{
    Classifier, Dense, DenseWorkspace, Gradient, Layout, Propagator, VectorWorkspace, Workspace,
    decompose,
};

const BATCH: usize = 256;

fn main() {
    let case = std::env::args().nth(1).unwrap_or_default();
    let digits = case.find(|c: char| c.is_ascii_digit()).unwrap_or(case.len());
    let (kind, modes) = case.split_at(digits);
    let Ok(modes @ 1..) = modes.parse::<usize>() else {
        std::process::exit(2);
    };
    // A random unitary's lattice.
    let lattice = Classifier::new(modes, 1, 7).unwrap().lattice().clone();
    let unitary = lattice.transfer_matrix();
    let x = Array2::from_shape_fn((modes, BATCH), |(m, b)| {
        Complex32::new((m % 7) as f32 - 3.0, (b % 5) as f32 - 2.0)
    });
    let mut y = Array2::zeros(x.dim());
    let mut propagator = Propagator::new(&lattice);
    let mut workspace = Workspace::default();
    let seconds = match kind {
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
    };
    println!("{seconds:e}");
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
