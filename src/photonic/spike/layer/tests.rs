use ndarray::{Array2, array, s};
use proptest::prelude::*;

use super::*;
use crate::photonic::spike::Synapse;
use crate::random::{Counter, Stream};

const STEP_S: f64 = 1e-3;

/// A layer and what acts on it, drawn from one seed.
#[derive(Debug, Clone)]
struct Case {
    neurons: Vec<LeakyParameters>,
    rule: RefractoryKicks,
    input: Option<(usize, Vec<Synapse>)>,
    recurrence: Option<Vec<Synapse>>,
    steps: usize,
    drive: Array2<f64>,
    kicks: Option<Array2<f64>>,
    spikes: Option<Array2<bool>>,
}

fn case(seed: u64) -> Case {
    let mut draws = Stream::new(seed, [0, 0]);
    let below = |draws: &mut Stream, bound: usize| (draws.uniform_f64() * bound as f64) as usize;
    let count = 1 + below(&mut draws, 150);
    let steps = 1 + below(&mut draws, 200);
    let neurons = (0..count)
        .map(|_| LeakyParameters {
            time_constant_s: 2e-3 + 20e-3 * draws.uniform_f64(),
            threshold: 0.5 + draws.uniform_f64(),
            reset: -0.2 + 0.2 * draws.uniform_f64(),
            refractory_s: STEP_S * below(&mut draws, 4) as f64,
        })
        .collect();
    let synapses = |draws: &mut Stream, sources: usize| {
        let bound = if draws.uniform_f64() < 0.3 { 90 } else { 4 };
        let longest = 1 + below(draws, bound);
        let least = if draws.uniform_f64() < 0.5 { 0 } else { longest / 2 };
        (0..below(draws, 10 * count))
            .map(|_| Synapse {
                source: below(draws, sources),
                target: below(draws, count),
                weight: draws.normals()[0] * 0.4,
                delay_steps: least + below(draws, longest),
            })
            .collect::<Vec<_>>()
    };
    let sources = 1 + below(&mut draws, 150);
    let input = (draws.uniform_f64() < 0.7).then(|| (sources, synapses(&mut draws, sources)));
    let recurrence = (draws.uniform_f64() < 0.7).then(|| synapses(&mut draws, count));
    let spikes = input
        .is_some()
        .then(|| Array2::from_shape_fn((steps, sources), |_| draws.uniform_f64() < 0.15));
    let kicks = (draws.uniform_f64() < 0.4)
        .then(|| Array2::from_shape_fn((steps, count), |_| 0.1 * draws.normals()[0]));
    Case {
        neurons,
        rule: if draws.uniform_f64() < 0.5 { RefractoryKicks::Kept } else { RefractoryKicks::Lost },
        input,
        recurrence,
        steps,
        drive: Array2::from_shape_fn((steps, count), |_| 1.5 * draws.uniform_f64()),
        kicks,
        spikes,
    }
}

impl Case {
    fn layer(&self) -> LeakyLayer {
        let count = self.neurons.len();
        let mut layer =
            LeakyLayer::new(STEP_S, &self.neurons).unwrap().with_refractory_kicks(self.rule);
        if let Some((sources, input)) = &self.input {
            let input = Synapses::sparse([*sources, count], input.iter().copied()).unwrap();
            layer = layer.with_input(input).unwrap();
        }
        if let Some(recurrence) = &self.recurrence {
            let recurrence = Synapses::sparse([count; 2], recurrence.iter().copied()).unwrap();
            layer = layer.with_recurrence(recurrence).unwrap();
        }
        layer
    }

    /// Steps `from..to` on `layer`.
    fn run(&self, layer: &mut LeakyLayer, from: usize, to: usize) -> Array2<bool> {
        let spikes = self
            .spikes
            .as_ref()
            .map(|spikes| SpikeRaster::from_view(spikes.slice(s![from..to, ..])).unwrap());
        let stimulus = Stimulus {
            drive: Drive::PerStep(self.drive.slice(s![from..to, ..])),
            kicks: self.kicks.as_ref().map(|kicks| kicks.slice(s![from..to, ..])),
            spikes: spikes.as_ref(),
        };
        layer.run(&stimulus, to - from).unwrap().to_array()
    }

    /// The model's rules one after another, neuron by neuron and spike by spike.
    fn oracle(&self) -> (Array2<bool>, Vec<f64>) {
        let count = self.neurons.len();
        let mut v: Vec<f64> = self.neurons.iter().map(|neuron| neuron.reset).collect();
        let mut last_spike = vec![None; count];
        let mut fired = Array2::from_elem((self.steps, count), false);
        let mut from_input = Array2::zeros((self.steps + 200, count));
        let mut from_recurrence = from_input.clone();
        let deliver =
            |synapses: &[Synapse], spikes: &Array2<bool>, step: usize, to: &mut Array2<f64>| {
                let mut synapses = synapses.to_vec();
                synapses.sort_by_key(|synapse| synapse.source);
                for synapse in synapses {
                    if spikes[[step, synapse.source]] {
                        to[[step + synapse.delay_steps, synapse.target]] += synapse.weight;
                    }
                }
            };
        for step in 0..self.steps {
            let mut free = vec![false; count];
            for (index, neuron) in self.neurons.iter().enumerate() {
                let refractory = (neuron.refractory_s / STEP_S).round() as usize;
                free[index] = last_spike[index].is_none_or(|last| step - last >= refractory);
                if free[index] {
                    let drive = self.drive[[step, index]];
                    let decay = libm::exp(-STEP_S / neuron.time_constant_s);
                    v[index] = (v[index] - drive) * decay + drive;
                    fired[[step, index]] = v[index] > neuron.threshold;
                }
            }
            if let (Some((_, input)), Some(spikes)) = (&self.input, &self.spikes) {
                deliver(input, spikes, step, &mut from_input);
            }
            let open = |index: usize| free[index] || self.rule == RefractoryKicks::Kept;
            for index in (0..count).filter(|&index| open(index)) {
                let mut sum = from_recurrence[[step, index]] + from_input[[step, index]];
                sum += self.kicks.as_ref().map_or(0.0, |kicks| kicks[[step, index]]);
                v[index] += sum;
            }
            from_recurrence.row_mut(step).fill(0.0);
            if let Some(recurrence) = &self.recurrence {
                deliver(recurrence, &fired, step, &mut from_recurrence);
            }
            for index in 0..count {
                if fired[[step, index]] {
                    v[index] = self.neurons[index].reset;
                    last_spike[index] = Some(step);
                } else if open(index) {
                    v[index] += from_recurrence[[step, index]];
                }
            }
        }
        (fired, v)
    }
}

fn bits_of<'a>(numbers: impl IntoIterator<Item = &'a f64>) -> Vec<u64> {
    // Where nothing was kicked the oracle adds a zero, so the sign of a zero may differ.
    numbers.into_iter().map(|number| (number + 0.0).to_bits()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// Every instruction set, whole or cut in two, with a save and a restore between.
    #[test]
    fn a_layer_is_its_model_bit_by_bit(seed in any::<u64>(), cut in 0.0..1.0_f64) {
        let case = case(seed);
        let (fired, potentials) = case.oracle();
        for instructions in Instructions::available() {
            let mut layer = case.layer().with_instructions(instructions);
            prop_assert_eq!(case.run(&mut layer, 0, case.steps), &fired, "{:?}", instructions);
            prop_assert_eq!(bits_of(&layer.potentials()), bits_of(&potentials));

            let cut = (cut * case.steps as f64) as usize;
            if cut > 0 {
                layer.reset();
                let before = case.run(&mut layer, 0, cut);
                let saved = layer.state();
                let after = case.run(&mut layer, cut, case.steps);
                let end = layer.state();
                prop_assert_eq!(before, fired.slice(s![..cut, ..]));
                prop_assert_eq!(&after, fired.slice(s![cut.., ..]));
                prop_assert_eq!(bits_of(&layer.potentials()), bits_of(&potentials));

                let mut other = case.layer();
                other.restore(&saved).unwrap();
                prop_assert_eq!(&case.run(&mut other, cut, case.steps), &after);
                prop_assert_eq!(other.state(), end);
            }
        }
    }

    /// Dense synapses are sparse ones that are all there.
    #[test]
    fn dense_and_sparse_synapses_agree(
        seed in any::<u64>(), sources in 1_usize..150, count in 1_usize..150, delay in 0_usize..80,
    ) {
        let draws = Counter::new(seed, [0, 0]);
        let weights = Array2::from_shape_fn((sources, count), |(source, target)| {
            0.2 * draws.normals((source * count + target) as u64)[0]
        });
        let neuron = LeakyParameters {
            time_constant_s: 5e-3, threshold: 1.0, reset: 0.0, refractory_s: 0.0,
        };
        let spikes = Array2::from_shape_fn((130, sources), |(step, source)| {
            draws.derive(1).uniform_f64((step * sources + source) as u64) < 0.2
        });
        let spikes = SpikeRaster::from_view(spikes.view()).unwrap();
        let stimulus = Stimulus { spikes: Some(&spikes), ..Stimulus::default() };
        let dense = Synapses::dense(weights.view(), delay).unwrap();
        let sparse = Synapses::sparse_from(weights.view(), delay).unwrap();
        let plain = LeakyLayer::uniform(STEP_S, count, neuron).unwrap();
        let mut reference = plain.clone().with_input(sparse).unwrap();
        let expected = reference.run(&stimulus, 130).unwrap();
        for instructions in Instructions::available() {
            let mut layer = plain.clone().with_instructions(instructions);
            layer = layer.with_input(dense.clone()).unwrap();
            prop_assert_eq!(&layer.run(&stimulus, 130).unwrap(), &expected);
            prop_assert_eq!(layer.state(), reference.state());
        }
    }
}

const NEURON: LeakyParameters =
    LeakyParameters { time_constant_s: 10e-3, threshold: 1.0, reset: 0.0, refractory_s: 2e-3 };

#[test]
fn constant_drive_fires_at_the_times_of_the_closed_form() {
    let step_s = 0.1e-3;
    let drives = array![0.99, 1.0, 1.1, 1.7, 3.0, 40.0];
    let mut layer = LeakyLayer::uniform(step_s, drives.len(), NEURON).unwrap();
    let stimulus = Stimulus { drive: Drive::Constant(drives.view()), ..Stimulus::default() };
    let raster = layer.run(&stimulus, 4000).unwrap();
    for (neuron, &drive) in drives.iter().enumerate() {
        let times: Vec<f64> = raster.times_s(neuron, step_s).collect();
        if drive <= 1.0 {
            assert!(times.is_empty(), "a drive at the threshold never passes it");
            continue;
        }
        // v passes 1 after τ ln(I/(I − 1)), seen at the next step's start; step n integrates to (n
        // + 1)·dt.
        let steps_to_fire = (10e-3 * libm::log(drive / (drive - 1.0)) / step_s).ceil();
        assert!((times[0] / step_s - (steps_to_fire - 1.0)).abs() < 1e-6);
        for pair in times.windows(2) {
            let interval = (pair[1] - pair[0]) / step_s;
            // Steps n + 1 … n + 19 are refractory, step n + 20 is the first that integrates.
            assert!((interval - (19.0 + steps_to_fire)).abs() < 1e-6, "{drive} {interval}");
        }
    }
}

#[test]
fn a_bias_is_a_constant_drive() {
    let drives = array![0.5, 1.5, 2.5];
    let stimulus = Stimulus { drive: Drive::Constant(drives.view()), ..Stimulus::default() };
    let mut driven = LeakyLayer::uniform(STEP_S, 3, NEURON).unwrap();
    let mut biased = driven.clone().with_bias(drives.view()).unwrap();
    let expected = driven.run(&stimulus, 300).unwrap();
    assert!(expected.total() > 0);
    assert_eq!(biased.run(&Stimulus::default(), 300).unwrap(), expected);
}

#[test]
fn a_refractory_time_that_a_division_spoils_is_still_its_steps() {
    // 0.3/0.1 is a little below 3, 0.7/0.1 a little below 7, 0.15/0.1 is one and a half.
    for (refractory_ms, steps) in [(0.3, 3), (0.7, 7), (0.0, 0), (0.15, 2), (2.0, 20)] {
        let neuron = LeakyParameters { refractory_s: refractory_ms * 1e-3, ..NEURON };
        let layer = LeakyLayer::uniform(0.1e-3, 1, neuron).unwrap();
        assert_eq!(layer.tiles[0].refractory[0], steps, "{refractory_ms} ms");
    }
}

#[test]
fn what_no_layer_can_run_is_an_error_and_changes_nothing() {
    let neuron = |change: fn(&mut LeakyParameters)| {
        let mut neuron = NEURON;
        change(&mut neuron);
        LeakyLayer::uniform(STEP_S, 1, neuron)
    };
    assert!(neuron(|n| n.time_constant_s = 0.0).is_err());
    assert!(neuron(|n| n.threshold = f64::NAN).is_err());
    assert!(neuron(|n| n.refractory_s = 1e30).is_err());
    assert!(LeakyLayer::uniform(STEP_S, 0, NEURON).is_err());
    assert!(LeakyLayer::uniform(f64::NAN, 1, NEURON).is_err());

    let weights = Array2::from_elem((2, 3), 1.0);
    let synapses = Synapses::dense(weights.view(), 2).unwrap();
    let plain = LeakyLayer::uniform(STEP_S, 3, NEURON).unwrap();
    assert_eq!(
        plain.clone().with_recurrence(synapses.clone()).map(drop).unwrap_err(),
        DeviceError::Shape { array: "recurrent synapses", given: [2, 3], expected: [3, 3] }
    );
    let mut layer = plain.with_input(synapses).unwrap();
    let before = layer.state();
    let spikes = SpikeRaster::silent(5, 4).unwrap();
    let stimulus = Stimulus { spikes: Some(&spikes), ..Stimulus::default() };
    assert_eq!(
        layer.run(&stimulus, 5),
        Err(DeviceError::Shape { array: "spikes", given: [5, 4], expected: [5, 2] })
    );
    let drive = array![1.0, f64::NAN, 1.0];
    let stimulus = Stimulus { drive: Drive::Constant(drive.view()), ..Stimulus::default() };
    assert!(layer.run(&stimulus, 5).is_err());
    let kicks = Array2::zeros((4, 3));
    let stimulus = Stimulus { kicks: Some(kicks.view()), ..Stimulus::default() };
    assert!(layer.run(&stimulus, 5).is_err());
    assert!(layer.run(&Stimulus::default(), 0).is_err());
    assert!(layer.run_into(&Stimulus::default(), &mut SpikeRaster::silent(5, 9).unwrap()).is_err());
    let mut other = LeakyLayer::uniform(STEP_S, 3, NEURON).unwrap();
    assert!(other.restore(&before).is_err(), "it has no kicks under way");
    assert_eq!(layer.state(), before);
}

#[test]
fn synapses_check_what_they_are_given() {
    let synapse = Synapse { source: 0, target: 0, weight: 1.0, delay_steps: 0 };
    let sparse = |synapse| Synapses::sparse([2, 3], [synapse]).map(drop);
    assert!(sparse(synapse).is_ok());
    assert!(sparse(Synapse { source: 2, ..synapse }).is_err());
    assert!(sparse(Synapse { target: 3, ..synapse }).is_err());
    assert!(sparse(Synapse { weight: f64::INFINITY, ..synapse }).is_err());
    assert!(sparse(Synapse { delay_steps: usize::MAX, ..synapse }).is_err());
    assert!(Synapses::dense(Array2::zeros((0, 3)).view(), 0).is_err());
    assert!(Synapses::dense(array![[f64::NAN]].view(), 0).is_err());
}
