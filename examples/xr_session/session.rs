//! A session: a mesh with its agents, and what the devices feed it at each frame.
//!
//! The host's part of a frame is to say where the devices are, which buttons changed and what the
//! camera detected. Everything else is done by agents.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use xrmesh::config::{LimitsConfig, MeshConfig, ProcessingConfig};
use xrmesh::{
    AgentId, Budget, Config, Mesh, Pose, Quat, RecordOptions, SpawnOptions, TickReport, Time, Vec3,
};

use crate::agents::{
    self, CharacterSetup, ClassifierSetup, InteractionSetup, PeerSetup, RenderingSetup,
};
use crate::camera;
use crate::cast::Cast;
use crate::generate;
use crate::messages::{self, Button, DevicePose, HEADSET, Said, topic};
use crate::motion::{Action, ButtonEvent, Device, Motion};
use crate::pose::posed;
use crate::processor::{CLASSIFIERS, Trained};
use crate::remember;
use crate::room::Room;
use crate::surroundings::Surroundings;

/// One frame at 90 Hz.
pub(crate) const FRAME_NS: i64 = 11_111_111;
/// The camera sees, and peers send, at every third frame.
const FRAMES_AN_IMAGE: i64 = 3;
/// Other people in the session.
const PEERS: u32 = 2;
/// Presses within this distance of each other reach for the same thing, in metres.
const SAME_THING_M: f32 = 0.15;
/// The farthest that a voice carries, and how much farther a link holds than it is made, in metres.
const VOICE_M: f32 = 1.2;
const HYSTERESIS_M: f32 = 0.3;
/// In a crowd a voice carries as far as to about so many others.
const LISTENERS: f32 = 8.0;
/// Deliveries in one frame, beyond which messages wait for the next.
const MESSAGES_A_FRAME: u64 = 200_000;

/// What a session is made of.
#[derive(Debug)]
pub(crate) struct Setup<'a> {
    pub(crate) room: &'a Room,
    pub(crate) motion: Motion,
    pub(crate) characters: u32,
    /// Threads beside the caller's.
    pub(crate) workers: u32,
    pub(crate) seed: u64,
    /// Where the mesh's recording goes.
    pub(crate) record: Option<File>,
    /// The folder of the memory's store; none keeps it in RAM.
    pub(crate) store: Option<&'a Path>,
    /// What classifiers read digits with, if there are to be some.
    pub(crate) processor: Option<&'a Trained>,
}

/// A mesh and what drives it.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) mesh: Mesh,
    pub(crate) cast: Cast,
    room: Arc<Surroundings>,
    motion: Motion,
    peers: Vec<Motion>,
    seed: u64,
    /// The time up to which buttons were fed.
    fed_ns: i64,
    due: Vec<ButtonEvent>,
}

impl Session {
    /// Builds the mesh and spawns its agents.
    ///
    /// # Errors
    /// What the mesh says where its configuration or an agent is refused.
    pub(crate) fn new(setup: Setup<'_>) -> Result<Self, String> {
        let room = Arc::new(Surroundings::of(setup.room));
        let mut mesh = Mesh::new(config(&setup)).map_err(|error| error.to_string())?;
        if let Some(trained) = setup.processor {
            agents::register_classifier(&mut mesh, trained).map_err(|error| error.to_string())?;
        }
        let memory = remember::begin(&room, setup.store)?;
        agents::register(&mut mesh, &room, memory).map_err(|error| error.to_string())?;
        if let Some(file) = setup.record {
            let recorded = mesh.record_to(Box::new(file), RecordOptions::default());
            recorded.map_err(|error| error.to_string())?;
        }
        let peers: Vec<Motion> = (1..=PEERS)
            .map(|number| generate::walk(setup.seed + u64::from(number), setup.room))
            .collect();
        let mut session = Self {
            mesh,
            cast: Cast::default(),
            room,
            motion: setup.motion,
            peers,
            seed: setup.seed,
            fed_ns: -1,
            due: Vec::with_capacity(64),
        };
        session.spawn(setup.characters)?;
        if setup.processor.is_some() {
            session.spawn_classifiers()?;
        }
        session.cast = Cast::of(&session.mesh);
        Ok(session)
    }

    /// Whoever is talked to is spawned before who talks to it, which learns its id from its bytes.
    fn spawn(&mut self, characters: u32) -> Result<(), String> {
        let here = |pose: Option<Pose>| {
            pose.map_or(SpawnOptions::new(), |pose| SpawnOptions::new().pose(pose))
        };
        let start = self.motion.pose(Device::Headset, 0);
        let user = self.spawn_as(agents::COLLABORATION, &[], here(start))?;
        let anchors = self.spawn_as(agents::ANCHORS, &[], SpawnOptions::new())?;
        self.spawn_as(agents::TRACKER, &[], SpawnOptions::new())?;
        self.spawn_as(agents::MAPPER, &[], SpawnOptions::new())?;
        let props = props(&self.motion);
        let bytes = bytemuck::cast_slice(&props);
        let physics = self.spawn_as(agents::PHYSICS, bytes, SpawnOptions::new())?;
        let setup = InteractionSetup { physics: physics.to_bits() };
        self.spawn_as(agents::INTERACTION, bytemuck::bytes_of(&setup), SpawnOptions::new())?;
        let setup = RenderingSetup { anchors: anchors.to_bits(), user: user.to_bits() };
        self.spawn_as(agents::RENDERING, bytemuck::bytes_of(&setup), SpawnOptions::new())?;
        for number in 1..=PEERS {
            let start = self.peers.get(number as usize - 1);
            let options = here(start.and_then(|motion| motion.pose(Device::Headset, 0)));
            self.spawn_as(agents::PEER, bytemuck::bytes_of(&PeerSetup { number }), options)?;
        }
        let voice_m = voice(&self.room, characters);
        for (number, place) in places(&self.room, characters, self.seed).enumerate() {
            let (user, number) = (user.to_bits(), number as u32);
            let setup = CharacterSetup { user, number, voice_m };
            let [x, z] = place;
            let pose = posed(Vec3::new(x, self.room.floor_height, z), Quat::IDENTITY);
            let options = SpawnOptions::new().pose(pose);
            self.spawn_as(agents::CHARACTER, bytemuck::bytes_of(&setup), options)?;
        }
        self.mesh
            .auto_connect(voice_m, voice_m * (HYSTERESIS_M / VOICE_M))
            .map_err(|error| error.to_string())
    }

    fn spawn_classifiers(&mut self) -> Result<(), String> {
        for number in 0..CLASSIFIERS {
            let setup = ClassifierSetup { number, count: CLASSIFIERS };
            let bytes = bytemuck::bytes_of(&setup);
            self.spawn_as(agents::CLASSIFIER, bytes, SpawnOptions::new())?;
        }
        Ok(())
    }

    fn spawn_as(
        &mut self,
        name: &str,
        bytes: &[u8],
        options: SpawnOptions,
    ) -> Result<AgentId, String> {
        self.mesh.spawn_as(name, bytes, options).map_err(|error| format!("{name}: {error}"))
    }

    /// Says what the devices see and do in frame number `frame`.
    ///
    /// # Errors
    /// What the mesh says where it refuses a message.
    pub(crate) fn feed(&mut self, frame: i64) -> Result<(), String> {
        let now_ns = frame * FRAME_NS;
        let refused = |error: xrmesh::SendError| error.to_string();
        for device in [Device::Headset, Device::Left, Device::Right] {
            if let Some(pose) = self.motion.pose(device, now_ns) {
                let said = DevicePose::of(number_of(device), &pose);
                self.mesh.send(topic(messages::DEVICES), said.message()).map_err(refused)?;
            }
        }
        self.motion.events_between(self.fed_ns, now_ns, &mut self.due);
        self.fed_ns = now_ns;
        if let Some(interaction) = self.cast.interaction {
            for event in self.due.iter().filter(|event| event.action != Action::Change) {
                let down = u32::from(event.action == Action::Press);
                let said = Button { device: number_of(event.device), button: event.button, down };
                self.mesh.send(interaction, said.message()).map_err(refused)?;
            }
        }
        if frame % FRAMES_AN_IMAGE == 0 {
            self.feed_image(frame / FRAMES_AN_IMAGE, now_ns)?;
        }
        Ok(())
    }

    /// What the camera detects, and the poses that peers sent.
    fn feed_image(&mut self, image: i64, now_ns: i64) -> Result<(), String> {
        let Self { mesh, motion, room, seed, .. } = self;
        let mut sent = Ok(());
        let headset = motion.pose(Device::Headset, now_ns);
        if let (Some(pose), Some(tracker)) = (headset, self.cast.tracker) {
            camera::look(room, *seed, image as u64, &pose, |detection| {
                if sent.is_ok() {
                    sent = mesh.send(tracker, detection.message()).map(|_| ());
                }
            });
        }
        for (motion, peer) in self.peers.iter().zip(&self.cast.peers) {
            if let Some(pose) = motion.pose(Device::Headset, now_ns) {
                let said = DevicePose::of(HEADSET, &pose);
                sent = sent.and_then(|()| mesh.send(*peer, said.message()).map(|_| ()));
            }
        }
        sent.map_err(|error| error.to_string())
    }

    /// Runs frame number `frame`.
    ///
    /// # Errors
    /// What the mesh says where time goes back.
    pub(crate) fn tick(&mut self, frame: i64, budget: Budget<'_>) -> Result<TickReport, String> {
        let now = Time::from_nanos(frame * FRAME_NS);
        self.mesh.tick(now, budget).map_err(|error| error.to_string())
    }

    /// A frame's budget that gives the same session on every machine.
    pub(crate) fn budget() -> Budget<'static> {
        Budget::messages(MESSAGES_A_FRAME)
    }
}

fn config(setup: &Setup<'_>) -> Config {
    let classifiers = if setup.processor.is_some() { CLASSIFIERS } else { 0 };
    let agents = setup.characters + PEERS + 7 + classifiers;
    Config {
        mesh: MeshConfig {
            id: "xr_session".to_owned(),
            // Room for the agents of every shard, which are a 64th of the places each.
            max_agents: agents.next_power_of_two().max(4_096),
            seed: setup.seed,
            ..MeshConfig::default()
        },
        processing: ProcessingConfig {
            max_workers: setup.workers + 1,
            ..ProcessingConfig::default()
        },
        limits: LimitsConfig {
            max_links: (agents.saturating_mul(64)).clamp(1 << 18, 1 << 26),
            ..LimitsConfig::default()
        },
        ..Config::default()
    }
}

/// The number of a device in messages.
fn number_of(device: Device) -> u32 {
    match device {
        Device::Headset => HEADSET,
        Device::Left => 1,
        Device::Right => 2,
    }
}

/// Where a hand first presses lies something to be taken.
fn props(motion: &Motion) -> Vec<Vec3> {
    let mut props: Vec<Vec3> = Vec::new();
    for event in motion.events.iter().filter(|event| event.action == Action::Press) {
        let Some(place) = motion.pose(event.device, event.time_ns).map(|pose| pose.position())
        else {
            continue;
        };
        if props.iter().all(|prop| prop.distance_squared(place) > SAME_THING_M * SAME_THING_M) {
            props.push(place);
        }
    }
    props
}

/// Where characters begin: spread over the free floor, by the seed.
fn places(room: &Surroundings, count: u32, seed: u64) -> impl Iterator<Item = [f32; 2]> + use<> {
    /// The stream of the seed that places are drawn from.
    const STREAM: [u32; 2] = [5, 0];
    let cells: Vec<[f32; 2]> = room
        .floor
        .iter()
        .flat_map(|floor| floor.free_cells().map(|cell| floor.point(cell)))
        .collect();
    let [low, high] = room.extent;
    let middle = [0.5 * (low[0] + high[0]), 0.5 * (low[1] + high[1])];
    let mut draw = xrmesh::random::Stream::new(seed, STREAM);
    (0..count).map(move |_| {
        let cell = (draw.uniform_f32() * cells.len() as f32) as usize;
        cells.get(cell).copied().unwrap_or(middle)
    })
}

/// How far a voice carries among `count` characters, in metres: in a crowd to the nearest few.
fn voice(room: &Surroundings, count: u32) -> f32 {
    let area = room.floor.as_ref().map_or(1.0, crate::grid::Grid::free_area);
    let crowd = LISTENERS * area / (core::f32::consts::PI * count.max(1) as f32);
    VOICE_M.min(crowd.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::{load_motion, load_room, tests::capture};
    use xrmesh::Replay;

    /// Plays `frames` of a session; gives the hash after each and what the agents did.
    fn play(
        (room, motion): &(Room, Motion),
        workers: u32,
        frames: i64,
        record: Option<File>,
    ) -> (Vec<u64>, Vec<(&'static str, u64)>) {
        let motion = motion.clone();
        let (characters, store, processor) = (80, None, None);
        let setup = Setup { room, motion, characters, workers, seed: 1, record, store, processor };
        let mut session = Session::new(setup).unwrap();
        let mut hashes = Vec::new();
        for frame in 0..frames {
            session.feed(frame).unwrap();
            session.tick(frame, Session::budget()).unwrap();
            hashes.push(session.mesh.state_hash());
            let counters = session.mesh.counters();
            assert_eq!(counters.unaccounted(), 0, "frame {frame}");
        }
        assert_eq!(session.mesh.refusals().count() + session.mesh.health_events().count(), 0);
        if session.mesh.recording().is_some() {
            session.mesh.finish_recording().unwrap();
        }
        (hashes, session.cast.deeds(&session.mesh))
    }

    fn scanned(name: &str) -> Option<(Room, Motion)> {
        let room = load_room(&capture(&format!("quest-rooms/{name}.json"))?).unwrap();
        let mut motion = load_motion(&capture("headset-motion/tracked-recording.json")?).unwrap();
        motion.place_in(&room);
        Some((room, motion))
    }

    #[test]
    fn sessions_are_the_same_on_any_number_of_workers() {
        for name in ["office_small", "meeting_room", "living_room"] {
            let Some(input) = scanned(name) else { return };
            let alone = play(&input, 0, 900, None);
            for workers in [1, 3] {
                let together = play(&input, workers, 900, None);
                let differs = alone.0.iter().zip(&together.0).position(|(a, b)| a != b);
                assert_eq!(differs, None, "{name}, {workers} workers: first differing frame");
                assert_eq!(alone.1, together.1);
            }
        }
    }

    #[test]
    fn every_agent_has_something_to_do() {
        let mut answers = 0;
        for name in ["office_small", "meeting_room", "living_room"] {
            let Some(input) = scanned(name) else { return };
            let (_, deeds) = play(&input, 1, 2_700, None);
            for (deed, count) in deeds {
                match deed {
                    // Nothing need be in view at the end.
                    "tracks now" => {}
                    // Where the user only looks at peers, no character answers.
                    "words to the user" => answers += count,
                    _ => assert!(count > 0, "{name}: {deed}"),
                }
            }
        }
        assert!(answers > 0);
    }

    #[test]
    fn a_recorded_session_replays_bit_for_bit() {
        let room = generate::room(2);
        let input = (room.clone(), generate::walk(2, &room));
        let path = std::env::temp_dir().join(format!("xr_session-{}.session", std::process::id()));
        let file = crate::recording::create(&path, &room, "a test").unwrap();
        let (hashes, deeds) = play(&input, 1, 600, Some(file));
        for workers in [1, 2] {
            let (room, _, reader) = crate::recording::open(&path).unwrap();
            let room = Arc::new(Surroundings::of(&room));
            let memory = remember::begin(&room, None).unwrap();
            let register = |mesh: &mut Mesh| agents::register(mesh, &room, memory);
            let mut replay = Replay::open(reader, register, Some(workers)).unwrap();
            let mut replayed = Vec::new();
            while let Some(tick) = replay.step().unwrap() {
                replayed.push(tick.hash);
            }
            assert_eq!(replayed, hashes);
            assert_eq!(Cast::of(replay.mesh()).deeds(replay.mesh()), deeds);
        }
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn a_room_without_floor_and_a_motion_without_devices_make_a_session_too() {
        let input = (Room { entities: Vec::new() }, Motion::default());
        let (hashes, _) = play(&input, 0, 100, None);
        assert_eq!(hashes.len(), 100);
    }

    #[test]
    fn things_to_take_lie_where_hands_first_press() {
        let Some((_, motion)) = scanned("living_room") else { return };
        let props = props(&motion);
        assert!((2..40).contains(&props.len()), "{}", props.len());
        for (number, prop) in props.iter().enumerate() {
            let near = |other: &Vec3| other.distance_squared(*prop) <= SAME_THING_M * SAME_THING_M;
            assert!(!props[..number].iter().any(near));
        }
    }
}
