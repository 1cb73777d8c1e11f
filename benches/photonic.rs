//! The photonic kernels: batches and single vectors through lattices, fixed matrices, decomposition,
//! gradients. `cargo bench --bench photonic`; the Python peers are in `benches/peers/python`.
#![expect(clippy::unwrap_used, reason = "benches")]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ndarray::Array2;
use xrmesh::photonic::complex::Complex32;
use xrmesh::photonic::{
    Classifier, Dense, DenseWorkspace, Gradient, Lattice, Layout, Propagator, VectorWorkspace,
    Workspace, decompose,
};

const BATCH: usize = 256;
const MODES: [usize; 3] = [16, 64, 256];

/// The lattice of a random unitary.
fn lattice(modes: usize) -> Lattice {
    Classifier::new(modes, 1, 7).unwrap().lattice().clone()
}

fn light(modes: usize) -> Array2<Complex32> {
    Array2::from_shape_fn((modes, BATCH), |(m, b)| {
        Complex32::new((m % 7) as f32 - 3.0, (b % 5) as f32 - 2.0)
    })
}

fn propagate(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("photonic");
    for modes in MODES {
        let lattice = lattice(modes);
        let (x, mut y) = (light(modes), light(modes));
        let mut propagator = Propagator::new(&lattice);
        let mut workspace = Workspace::default();
        group.throughput(Throughput::Elements(BATCH as u64));
        group.bench_function(BenchmarkId::new("drive_and_batch", modes), |b| {
            b.iter(|| {
                propagator.drive(&lattice).unwrap();
                propagator.forward(x.view(), y.view_mut(), &mut workspace).unwrap();
            });
        });
        group.bench_function(BenchmarkId::new("batch", modes), |b| {
            b.iter(|| propagator.forward(x.view(), y.view_mut(), &mut workspace).unwrap());
        });
        group.bench_function(BenchmarkId::new("batch_on_all_cores", modes), |b| {
            b.iter(|| propagator.par_forward(x.view(), y.view_mut()).unwrap());
        });
        let dense = Dense::new(lattice.transfer_matrix().view()).unwrap();
        let mut dense_workspace = DenseWorkspace::default();
        group.bench_function(BenchmarkId::new("dense", modes), |b| {
            b.iter(|| dense.forward(x.view(), y.view_mut(), &mut dense_workspace).unwrap());
        });
        let mut gradient = Gradient::default();
        propagator.forward(x.view(), y.view_mut(), &mut workspace).unwrap();
        group.bench_function(BenchmarkId::new("gradient", modes), |b| {
            b.iter(|| gradient.find(&lattice, &propagator, y.view(), x.view(), None).unwrap());
        });
        let (one, mut out) = (x.column(0).to_vec(), y.column(0).to_vec());
        let mut vector_workspace = VectorWorkspace::default();
        group.throughput(Throughput::Elements(1));
        group.bench_function(BenchmarkId::new("vector", modes), |b| {
            b.iter(|| lattice.forward_f32(&one, &mut out, &mut vector_workspace).unwrap());
        });
    }
    group.finish();
}

fn decomposition(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decompose");
    for modes in MODES {
        let unitary = lattice(modes).transfer_matrix();
        for layout in [Layout::Rectangular, Layout::Triangular, Layout::Compact] {
            group.bench_function(BenchmarkId::new(format!("{layout:?}"), modes), |b| {
                b.iter(|| decompose(unitary.view(), layout).unwrap());
            });
        }
    }
    group.finish();
}

criterion_group! {
    name = photonic;
    config = Criterion::default().sample_size(20);
    targets = propagate, decomposition
}
criterion_main!(photonic);
