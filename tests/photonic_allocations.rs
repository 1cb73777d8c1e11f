//! A spiking network that has run once runs again without allocating.
#![cfg(feature = "photonic")]

#[path = "support/counting.rs"]
mod counting;

use std::cell::Cell;

use counting::Counting;
use ndarray::Array2;
use xrmesh::photonic::spike::{
    Drive, LeakyLayer, LeakyParameters, SpikeRaster, SpikingNetwork, Stimulus, Synapses,
};

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    ALLOCATIONS.set(ALLOCATIONS.get() + 1);
}

#[global_allocator]
static ALLOCATOR: Counting = Counting(count);

#[test]
fn a_second_run_allocates_nothing() {
    let neuron =
        LeakyParameters { time_constant_s: 10e-3, threshold: 1.0, reset: 0.0, refractory_s: 2e-3 };
    let weights = Array2::from_elem((100, 100), 0.05);
    let layer = LeakyLayer::uniform(1e-3, 100, neuron)
        .unwrap()
        .with_input(Synapses::dense(weights.view(), 1).unwrap())
        .unwrap();
    let recurrent =
        layer.clone().with_recurrence(Synapses::sparse_from(weights.view(), 3).unwrap()).unwrap();
    let mut network = SpikingNetwork::new(vec![layer, recurrent]).unwrap();
    let input =
        SpikeRaster::from_spikes(150, 100, (0..150).map(|step| (step, step % 100))).unwrap();
    let drive = Array2::from_elem((150, 100), 1.2);
    let stimulus = Stimulus {
        drive: Drive::PerStep(drive.view()),
        kicks: Some(drive.view()),
        spikes: Some(&input),
    };
    network.run(&stimulus, 150).unwrap();
    let before = ALLOCATIONS.get();
    let spikes = network.run(&stimulus, 150).unwrap().total();
    assert_eq!(ALLOCATIONS.get() - before, 0);
    assert!(spikes > 0);
}
