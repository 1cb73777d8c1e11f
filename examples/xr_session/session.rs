//! A session: a mesh with its agents, and what the devices feed it at each frame.
//!
//! The host's part of a frame is to say where the devices are, which buttons changed and what the
//! camera detected. Everything else is done by agents.

use std::path::Path;
use std::sync::Arc;

use xrmesh::config::{LimitsConfig, MeshConfig, ProcessingConfig};
use xrmesh::{AgentId, Budget, Config, Mesh, Pose, Quat, SpawnOptions, TickReport, Time, Vec3};

use crate::agents::{self, CharacterSetup, InteractionSetup, PeerSetup, RenderingSetup};
use crate::camera;
use crate::cast::Cast;
use crate::generate;
use crate::messages::{self, Button, DevicePose, HEADSET, Said, topic};
use crate::motion::{Action, ButtonEvent, Device, Motion};
use crate::pose::posed;
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
        agents::register(&mut mesh, &room).map_err(|error| error.to_string())?;
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
    let agents = setup.characters + PEERS + 7;
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

/// Why a session cannot be recorded or replayed.
pub(crate) fn recording_is_unavailable(path: &Path) -> String {
    format!("{}: recording is not available", path.display())
}
