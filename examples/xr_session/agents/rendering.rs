//! The rendering coordinator: collects, each frame, what lies in the headset's view.

use core::time::Duration;

use bytemuck::{Pod, Zeroable};
use xrmesh::memory::{Filter, Workspace};
use xrmesh::space::{FieldOfView, Frustum};
use xrmesh::{
    Agent, AgentId, AskId, Context, Envelope, FailureKind, Fault, Kind, Plain, Pose, Region,
    StateHasher, Vec3,
};

use super::{agent, hash_agent, hash_vector};
use crate::messages::{
    self, AnchorList, AnchorMoved, AnchorsWithin, Body, DevicePose, HEADSET, Said, VisibleSet,
    topic,
};
use crate::remember::Classes;

/// What a headset shows: about 108° by 96°, in radians, from 5 cm to 20 m.
const VIEW_RAD: [f32; 2] = [1.885, 1.676];
const NEAR_M: f32 = 0.05;
const FAR_M: f32 = 20.0;
/// Twice a second it asks which anchors lie within 5 m.
const TICKS_A_QUESTION: u64 = 45;
const ANCHORS_WITHIN_M: f32 = 5.0;
const PATIENCE: Duration = Duration::from_millis(100);
const MAX_KEPT: usize = 4_096;

/// The agents it talks to or leaves out, as it is spawned.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct RenderingSetup {
    pub(crate) anchors: u64,
    /// The user's own avatar is not shown to the user.
    pub(crate) user: u64,
}

/// See the [module](self) docs.
#[derive(Debug)]
pub(crate) struct Rendering {
    setup: RenderingSetup,
    headset: Option<Pose>,
    /// What the memory is asked for: what was mapped, and what was seen.
    mapped: Filter,
    seen: Filter,
    work: Workspace,
    /// By number.
    bodies: Vec<(u32, Vec3)>,
    asked: Option<AskId>,
    anchors: u32,
    anchor_moves: u64,
    visible: VisibleSet,
    /// Agents in view, while they are counted.
    in_view: Vec<AgentId>,
}

impl Rendering {
    pub(crate) fn new(setup: RenderingSetup, classes: Classes) -> Self {
        let mut work = Workspace::new();
        work.reserve_hits(MAX_KEPT);
        Self {
            setup,
            headset: None,
            mapped: classes.all_mapped(),
            seen: classes.all_seen(),
            work,
            bodies: Vec::with_capacity(64),
            asked: None,
            anchors: 0,
            anchor_moves: 0,
            visible: Zeroable::zeroed(),
            in_view: Vec::with_capacity(64),
        }
    }

    /// What lay in view in the last frame.
    pub(crate) fn visible(&self) -> VisibleSet {
        self.visible
    }

    /// What lies in the view from `pose`.
    fn collect(&mut self, context: &mut Context<'_>, pose: &Pose) -> Result<VisibleSet, Fault> {
        let view = FieldOfView::symmetric(VIEW_RAD[0], VIEW_RAD[1]);
        let frustum = Frustum::new(pose, view, NEAR_M, FAR_M).map_err(|_| {
            Fault::new(FailureKind::ProcessingError, "the headset's pose gives no view")
        })?;
        let bodies = self.bodies.iter().filter(|(_, at)| frustum.contains(*at)).count();
        let (mut surfaces, mut tracks) = (0, 0);
        if let Some(memory) = context.memory() {
            let work = &mut self.work;
            surfaces = memory.in_frustum(&frustum, MAX_KEPT, &self.mapped, work).len();
            tracks = memory.in_frustum(&frustum, MAX_KEPT, &self.seen, work).len();
        }
        let mut visible = VisibleSet {
            frame: context.tick() as u32,
            surfaces: surfaces as u16,
            bodies: bodies as u16,
            tracks: tracks as u32,
            agents: 0,
            nearest: 0,
        };
        let (user, in_view) = (self.setup.user, &mut self.in_view);
        in_view.clear();
        context.inside(&Region::Frustum(frustum), |id| {
            if id.to_bits() != user {
                in_view.push(id);
            }
        });
        visible.agents = in_view.len() as u32;
        let mut least = f32::MAX;
        for id in in_view {
            let Some(at) = context.pose_of(*id) else { continue };
            let distance = at.position().distance_squared(pose.position());
            if distance < least {
                (least, visible.nearest) = (distance, id.to_bits());
            }
        }
        Ok(visible)
    }
}

/// Puts a numbered place in, or moves it.
fn put(all: &mut Vec<(u32, Vec3)>, number: u32, place: Vec3) {
    match all.binary_search_by_key(&number, |(number, _)| *number) {
        Ok(at) => all[at].1 = place,
        Err(at) if all.len() < MAX_KEPT => all.insert(at, (number, place)),
        Err(_) => {}
    }
}

impl Agent for Rendering {
    fn on_start(&mut self, context: &mut Context<'_>) -> Result<(), Fault> {
        use messages::{ANCHORS, BODIES, DEVICES};
        for name in [DEVICES, BODIES, ANCHORS] {
            context.subscribe(name, None)?;
        }
        Ok(())
    }

    fn on_message(&mut self, _: &mut Context<'_>, envelope: &Envelope<'_>) -> Result<(), Fault> {
        match envelope.kind() {
            Kind::VISUAL_TRACKING => {
                let pose: DevicePose = envelope.plain()?;
                if pose.device == HEADSET {
                    self.headset = Some(pose.pose());
                }
            }
            Kind::PHYSICS_STATE => {
                let body: Body = envelope.plain()?;
                put(&mut self.bodies, body.object, body.position);
            }
            <AnchorMoved as Plain>::KIND => self.anchor_moves += 1,
            <AnchorList as Plain>::KIND if envelope.answer_to() == self.asked => {
                let list: AnchorList = envelope.plain()?;
                (self.anchors, self.asked) = (list.total, None);
            }
            Kind::TIMED_OUT if envelope.answer_to() == self.asked => {
                self.asked = None;
                let late = "the anchor agent did not answer in time";
                return Err(Fault::new(FailureKind::LatencyViolation, late));
            }
            _ => {}
        }
        Ok(())
    }

    fn on_tick(&mut self, context: &mut Context<'_>) -> Result<(), Fault> {
        let Some(pose) = self.headset else { return Ok(()) };
        self.visible = self.collect(context, &pose)?;
        context.send(topic(messages::VISIBLE), self.visible.message())?;
        if self.asked.is_none() && context.tick().is_multiple_of(TICKS_A_QUESTION) {
            let question = AnchorsWithin { point: pose.position(), radius: ANCHORS_WITHIN_M };
            let anchors = agent(self.setup.anchors)?;
            self.asked = Some(context.ask(anchors, question.message(), PATIENCE)?);
        }
        Ok(())
    }

    fn hash_state(&self, hasher: &mut StateHasher) {
        hasher.bool(self.headset.is_some());
        if let Some(pose) = &self.headset {
            hasher.pose(pose);
        }
        for (number, place) in &self.bodies {
            hasher.u32(*number);
            hash_vector(hasher, *place);
        }
        hasher.u32(self.asked.map_or(0, AskId::to_bits));
        hasher.u32(self.anchors);
        hasher.u64(self.anchor_moves);
        hasher.bytes(bytemuck::bytes_of(&self.visible));
        hash_agent(hasher, AgentId::from_bits(self.visible.nearest));
    }

    fn ticks() -> bool {
        true
    }
}
