//! Agents that think with processors: batches, answers, timeouts, accounts, replay.

#![cfg(feature = "photonic")]
#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ndarray::{Array2, ArrayView2};
use support::{at, config, tick};
use xrmesh::photonic::{
    Activation, Classifier, Device, DeviceKey, Fabrication, Hardware, Imperfection, Layout,
    PhotonicProcessor, Shot,
};
use xrmesh::random::Counter;
use xrmesh::{
    Agent, AgentId, Budget, Context, DropReason, Envelope, Fault, InferError, Kind, Mesh, Message,
    ProcessorId, RecordOptions, RegisterError, Replay, ReplayError, SendError, SpawnOptions,
    StateHasher,
};

const INPUTS: usize = 6;
/// More than fits into an envelope.
const OUTPUTS: usize = 9;
const PATIENT: Duration = Duration::from_secs(1);

fn weights() -> Array2<f64> {
    let draws = Counter::new(3, [0, 0]);
    Array2::from_shape_fn((OUTPUTS, INPUTS), |(m, n)| draws.normals((m * INPUTS + n) as u64)[0])
}

fn design() -> PhotonicProcessor {
    let weights = weights();
    PhotonicProcessor::from_real(&[weights.view()], Activation::Relu, Layout::Rectangular).unwrap()
}

fn device() -> Device {
    Device::new(design(), None).unwrap()
}

/// Every shot is another: phase noise, shot noise.
fn noisy() -> Device {
    let lattice = Classifier::new(INPUTS, 2, 8).unwrap().lattice().clone();
    let hardware = Hardware {
        imperfection: Imperfection {
            fabrication: Fabrication { coupler_sigma_rad: 0.02, ..Fabrication::default() },
            shot: Shot { phase_sigma_rad: 0.01 },
            ..Imperfection::default()
        },
        key: DeviceKey { seed: 4, device: 0 },
        photons: Some(1e4),
    };
    Device::of_lattice(lattice, Activation::Power, Some(hardware)).unwrap()
}

fn vector(number: u64) -> [f32; INPUTS] {
    let draws = Counter::new(number, [1, 1]);
    core::array::from_fn(|k| draws.normals(k as u64)[0] as f32)
}

/// What a thinker got: the submission's number, the values, or none where its time ran out.
type Got = (u64, Option<Vec<f32>>);

/// Submits a vector for each message, numbered from its payload on, and keeps what comes back.
struct Thinker {
    processor: &'static str,
    timeout: Duration,
    open: Vec<(u32, u64)>,
    got: Vec<Got>,
}

impl Thinker {
    fn new(processor: &'static str, timeout: Duration) -> Self {
        Self { processor, timeout, open: Vec::new(), got: Vec::new() }
    }
}

impl Agent for Thinker {
    fn on_message(
        &mut self,
        context: &mut Context<'_>,
        envelope: &Envelope<'_>,
    ) -> Result<(), Fault> {
        if let Some(ask) = envelope.answer_to() {
            let at = self.open.iter().position(|(open, _)| *open == ask.to_bits()).unwrap();
            let values = match envelope.kind() {
                Kind::INFERENCE => Some(envelope.values()?.collect()),
                kind => {
                    assert_eq!(kind, Kind::TIMED_OUT);
                    None
                }
            };
            self.got.push((self.open.remove(at).1, values));
            return Ok(());
        }
        let number: u64 = envelope.plain()?;
        let processor = context.processor(self.processor).unwrap();
        let ask = context.infer(processor, &vector(number), self.timeout).unwrap();
        self.open.push((ask.to_bits(), number));
        Ok(())
    }

    fn hash_state(&self, hasher: &mut StateHasher) {
        for (number, values) in &self.got {
            hasher.u64(*number);
            values.iter().flatten().for_each(|&value| hasher.f32(value));
        }
    }
}

fn think(mesh: &mut Mesh, agent: AgentId, number: u64) {
    mesh.send(agent, Message::new(Kind::user(0)).plain(&number)).unwrap();
}

fn got(mesh: &Mesh, agent: AgentId) -> Vec<Got> {
    mesh.with_agent(agent, |thinker: &Thinker| thinker.got.clone()).unwrap()
}

fn settled(mesh: &Mesh) {
    let all = mesh.inferences();
    assert_eq!(all.submitted, all.answered + all.refused + all.pending, "{all:?}");
}

fn mesh(batch_size: u32, workers: u32) -> Mesh {
    let mut config = config(16_384, workers);
    config.processing.batch_size = batch_size;
    Mesh::new(config).unwrap()
}

/// Agents in several shards: a page of slots lies in one.
fn spread(mesh: &mut Mesh, count: usize, processor: &'static str) -> Vec<AgentId> {
    (0..count).map(|_| mesh.spawn(Thinker::new(processor, PATIENT)).unwrap()).collect()
}

#[test]
fn answers_are_what_the_design_gives() {
    let mut mesh = mesh(8, 1);
    mesh.add_processor("relu", device()).unwrap();
    let agents = spread(&mut mesh, 5, "relu");
    for number in 0..40 {
        think(&mut mesh, agents[number as usize % 5], number);
    }
    let report = tick(&mut mesh, 0, Budget::unlimited());
    assert_eq!((report.delivered, report.pending), (80, 0));
    assert_eq!(mesh.inferences().batches, 5);
    settled(&mesh);
    let mut count = 0;
    for agent in agents {
        for (number, values) in got(&mesh, agent) {
            let x = vector(number);
            let view = ArrayView2::from_shape((1, INPUTS), &x).unwrap();
            let direct = device().forward_batch(view, 0).unwrap();
            assert_eq!(values.as_deref(), direct.as_slice());
            let exact = weights().dot(&ndarray::arr1(&x).mapv(f64::from));
            let close = |(a, b): (&f32, &f64)| (f64::from(*a) - b.max(0.0)).abs() < 1e-4;
            assert!(direct.iter().zip(&exact).all(close));
            count += 1;
        }
    }
    assert_eq!(count, 40);
}

#[test]
fn noise_follows_from_a_vectors_number() {
    let mut mesh = mesh(4, 1);
    mesh.add_processor("noisy", noisy()).unwrap();
    let agent = mesh.spawn(Thinker::new("noisy", PATIENT)).unwrap();
    for number in 0..10 {
        think(&mut mesh, agent, number);
    }
    tick(&mut mesh, 0, Budget::unlimited());
    tick(&mut mesh, 5, Budget::unlimited());
    let got = got(&mesh, agent);
    assert_eq!((got.len(), mesh.inferences().batches), (10, 3));
    for ((number, values), shot) in got.into_iter().zip(0..) {
        let x = vector(number);
        let view = ArrayView2::from_shape((1, INPUTS), &x).unwrap();
        let direct = noisy().forward_batch(view, shot).unwrap();
        assert_eq!(values.as_deref(), direct.as_slice(), "shot {shot}");
    }
}

#[test]
fn a_batch_waits_for_its_size_or_its_time() {
    let mut mesh = mesh(4, 1);
    mesh.add_processor("relu", device()).unwrap();
    // Over more shards than one.
    let agents = spread(&mut mesh, 300, "relu");
    let chosen = [agents[0], agents[130], agents[299]];
    tick(&mut mesh, 0, Budget::unlimited());
    for (number, agent) in chosen.into_iter().enumerate() {
        think(&mut mesh, agent, number as u64);
    }
    tick(&mut mesh, 1, Budget::unlimited());
    assert_eq!((mesh.inferences().pending, mesh.inferences().batches), (3, 0));
    // Due at 1 ms and 5 ms of waiting.
    assert_eq!(mesh.next_due(), Some(at(6)));
    tick(&mut mesh, 5, Budget::unlimited());
    assert_eq!(mesh.inferences().pending, 3);
    let report = tick(&mut mesh, 6, Budget::unlimited());
    assert_eq!((report.delivered, mesh.inferences().batches), (3, 1));
    for number in 3..7 {
        think(&mut mesh, agents[number as usize * 40], number);
    }
    let report = tick(&mut mesh, 7, Budget::unlimited());
    assert_eq!((report.delivered, mesh.inferences().batches), (8, 2));
    assert_eq!(mesh.inferences().pending, 0);
    settled(&mesh);
}

#[test]
fn a_late_answer_is_dropped_and_counted() {
    let mut mesh = mesh(100, 1);
    mesh.add_processor("relu", device()).unwrap();
    let agent = mesh.spawn(Thinker::new("relu", Duration::from_millis(3))).unwrap();
    think(&mut mesh, agent, 1);
    tick(&mut mesh, 0, Budget::unlimited());
    tick(&mut mesh, 4, Budget::unlimited());
    assert_eq!(got(&mesh, agent), [(1, None)]);
    assert_eq!(mesh.inferences().pending, 1);
    let report = tick(&mut mesh, 5, Budget::unlimited());
    assert_eq!((report.dropped, report.pending), (1, 0));
    assert_eq!(mesh.counters().dropped(DropReason::LateAnswer), 1);
    assert_eq!(mesh.inferences().answered, 1);
    settled(&mesh);
}

#[test]
fn an_agent_that_is_gone_gets_no_answer() {
    let mut mesh = mesh(100, 1);
    mesh.add_processor("relu", device()).unwrap();
    let agent = mesh.spawn(Thinker::new("relu", PATIENT)).unwrap();
    think(&mut mesh, agent, 1);
    tick(&mut mesh, 0, Budget::unlimited());
    mesh.despawn(agent).unwrap();
    // Another in its place is not taken for it.
    let heir = mesh.spawn(Thinker::new("relu", PATIENT)).unwrap();
    assert_eq!(heir.slot(), agent.slot());
    tick(&mut mesh, 10, Budget::unlimited());
    assert_eq!(mesh.counters().dropped(DropReason::Despawned), 1);
    assert!(got(&mesh, heir).is_empty());
    settled(&mesh);
}

/// Tries what must be refused, and keeps the errors.
struct Careless(Arc<Mutex<Vec<InferError>>>);

impl Agent for Careless {
    fn on_message(
        &mut self,
        context: &mut Context<'_>,
        envelope: &Envelope<'_>,
    ) -> Result<(), Fault> {
        let mut errors = self.0.lock().unwrap();
        let relu = context.processor("relu").unwrap();
        assert_eq!(context.processor("other"), None);
        let mut bad = vector(0);
        bad[3] = f32::NAN;
        let mut infer =
            |id, values: &[f32]| errors.extend(context.infer(id, values, PATIENT).err());
        infer(ProcessorId::from_bits(7), &[]);
        infer(relu, &vector(0)[1..]);
        infer(relu, &bad);
        bad[3] = f32::INFINITY;
        infer(relu, &bad);
        // The outbox holds three.
        (0..4).for_each(|_| infer(relu, &vector(0)));
        assert!(envelope.answer_to().is_none());
        Ok(())
    }

    fn on_stop(&mut self, context: &mut Context<'_>) {
        let relu = context.processor("relu").unwrap();
        self.0.lock().unwrap().extend(context.infer(relu, &vector(0), PATIENT).err());
    }
}

#[test]
fn bad_vectors_are_refused_with_numbers() {
    let mut config = config(100, 1);
    config.limits.outbox_capacity = 3;
    let mut mesh = Mesh::new(config).unwrap();
    let relu = mesh.add_processor("relu", device()).unwrap();
    let errors = Arc::new(Mutex::new(Vec::new()));
    let agent = mesh.spawn(Careless(Arc::clone(&errors))).unwrap();
    mesh.send(agent, Message::new(Kind::user(0))).unwrap();
    tick(&mut mesh, 0, Budget::unlimited());
    assert_eq!(mesh.inferences().submitted, 3);
    mesh.despawn(agent).unwrap();
    let errors = errors.lock().unwrap();
    let unknown = InferError::UnknownProcessor { given: ProcessorId::from_bits(7), processors: 1 };
    assert_eq!(errors[0], unknown);
    let length = InferError::Length { processor: relu, expected: INPUTS, given: INPUTS - 1 };
    assert_eq!(errors[1], length);
    assert!(matches!(errors[2], InferError::NotFinite { index: 3, given } if given.is_nan()));
    assert_eq!(errors[3], InferError::NotFinite { index: 3, given: f32::INFINITY });
    assert_eq!(errors[4], SendError::OutboxFull { given: 1, used: 3, limit: 3 }.into());
    assert_eq!(errors[5..], [InferError::Stopping]);
}

#[test]
fn processors_that_cannot_be_added_are_refused() {
    let mut config = config(100, 1);
    config.limits.max_payload_bytes = 32;
    let mut small = Mesh::new(config).unwrap();
    let vector = RegisterError::Vector { given: 36, limit: 32 };
    assert_eq!(small.add_processor("relu", device()), Err(vector));
    let mut mesh = mesh(32, 1);
    mesh.add_processor("relu", device()).unwrap();
    let taken = RegisterError::ProcessorTaken { name: "relu".into() };
    assert_eq!(mesh.add_processor("relu", device()), Err(taken));
    let length = RegisterError::Length { given: 0, limit: 255 };
    assert_eq!(mesh.add_processor("", device()), Err(length));
    for number in 1..256 {
        mesh.add_processor(&number.to_string(), device()).unwrap();
    }
    let full = RegisterError::TooManyProcessors { limit: 256 };
    assert_eq!(mesh.add_processor("one more", device()), Err(full));
}

/// A crowd over many shards thinks with two processors, one of them with noise in every shot.
fn crowd(mesh: &mut Mesh, recorded: Option<Box<dyn std::io::Write + Send>>) -> Vec<u64> {
    register(mesh).unwrap();
    if let Some(writer) = recorded {
        mesh.record_to(writer, RecordOptions::default()).unwrap();
        let late = RegisterError::Recorded { name: "late".into() };
        assert_eq!(mesh.add_processor("late", device()), Err(late));
    }
    let agents: Vec<_> = (0..700)
        .map(|k| {
            let name = ["relu", "noisy"][k / 64 % 2];
            mesh.spawn_as(name, &[], SpawnOptions::new()).unwrap()
        })
        .collect();
    let mut hashes = Vec::new();
    for step in 0..12_u64 {
        let busy =
            agents.iter().enumerate().filter(|(k, _)| (*k as u64 * 7 + step).is_multiple_of(5));
        for (k, agent) in busy {
            if mesh.is_alive(*agent) {
                think(mesh, *agent, step * 1_000 + k as u64);
            }
        }
        if step == 6 {
            mesh.despawn(agents[100]).unwrap();
        }
        let budget = if step % 3 == 2 { Budget::messages(50) } else { Budget::unlimited() };
        tick(mesh, step as i64 * 4, budget);
        settled(mesh);
        hashes.push(mesh.state_hash());
    }
    assert!(mesh.inferences().batches > 20, "{:?}", mesh.inferences());
    hashes
}

fn register(mesh: &mut Mesh) -> Result<(), RegisterError> {
    mesh.add_processor("relu", device())?;
    mesh.add_processor("noisy", noisy())?;
    mesh.register("relu", |_| Ok::<_, Fault>(Thinker::new("relu", Duration::from_millis(9))))?;
    mesh.register("noisy", |_| Ok::<_, Fault>(Thinker::new("noisy", PATIENT)))
}

#[test]
fn the_same_on_any_number_of_workers() {
    let hashes = |workers| crowd(&mut mesh(16, workers), None);
    let first = hashes(1);
    assert_eq!(first, hashes(2));
    assert_eq!(first, hashes(4));
}

/// A recording in memory.
#[derive(Clone, Default)]
struct Tape(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Tape {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_replay_thinks_the_same() {
    let tape = Tape::default();
    let mut recorded = mesh(16, 1);
    let hashes = crowd(&mut recorded, Some(Box::new(tape.clone())));
    recorded.finish_recording().unwrap();
    let bytes = tape.0.lock().unwrap().clone();
    let mut replay = Replay::open(&bytes[..], register, Some(2)).unwrap();
    for hash in hashes {
        assert_eq!(replay.step().unwrap().unwrap().hash, hash);
    }
    assert!(replay.step().unwrap().is_none());
    assert_eq!(replay.mesh().inferences(), recorded.inferences());
    let poorer = |mesh: &mut Mesh| mesh.add_processor("relu", device()).map(drop);
    let mut replay = Replay::open(&bytes[..], poorer, None).unwrap();
    let error = replay.step().unwrap_err();
    assert!(
        matches!(&error, ReplayError::NoProcessor { name, index: 1, .. } if **name == *"noisy"),
        "{error}"
    );
}

#[test]
fn what_waits_is_in_the_state_hash() {
    let hash = |number| {
        let mut mesh = mesh(100, 1);
        mesh.add_processor("relu", device()).unwrap();
        let agent = mesh.spawn(Thinker::new("relu", PATIENT)).unwrap();
        think(&mut mesh, agent, number);
        tick(&mut mesh, 0, Budget::unlimited());
        mesh.state_hash()
    };
    assert_eq!(hash(1), hash(1));
    assert_ne!(hash(1), hash(2));
}
