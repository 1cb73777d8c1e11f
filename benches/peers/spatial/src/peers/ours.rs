//! This library: one tree, and two tiers.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use xrmesh::space::bvh::{Bvh, BySlot, Extent, Hit, Snapshot, Tiers, Workspace};
use xrmesh::space::{Aabb, Ray, Vec3};

use super::{Answer, Peer};
use crate::case::Load;
use crate::data::{Frame, World};
use crate::reader::Shared;

/// Slots lie below this.
const SLOTS: u32 = 1 << 24;

/// One tree for the points and one for the boxes.
#[derive(Default)]
pub struct Ours {
    points: Option<Bvh<Vec3>>,
    boxes: Option<Bvh<Aabb>>,
    point_items: Vec<(u32, Vec3)>,
    box_items: Vec<(u32, Aabb)>,
    work: Workspace,
}

/// The tree in which a build is kept, with its memory from one build to the next.
fn build<E: Extent>(tree: &mut Option<Bvh<E>>, items: &[(u32, E)], work: &mut Workspace) {
    let tree = tree.get_or_insert_with(|| Bvh::new(SLOTS));
    tree.build(items, work).expect("valid items");
}

fn numbered<T: Copy>(items: &[T]) -> Vec<(u32, T)> {
    (0..).zip(items.iter().copied()).collect()
}

fn of(hits: &[Hit]) -> Answer {
    Answer::of(hits.iter().map(|hit| u64::from(hit.slot)))
}

impl Peer for Ours {
    fn name(&self) -> &'static str {
        "xrmesh"
    }

    fn carries(&self, _: Load) -> bool {
        true
    }

    fn take_points(&mut self, points: &[Vec3]) {
        self.point_items = numbered(points);
    }

    fn build_points(&mut self) {
        build(&mut self.points, &self.point_items, &mut self.work);
    }

    fn take_boxes(&mut self, boxes: &[Aabb]) {
        self.box_items = numbered(boxes);
    }

    fn build_boxes(&mut self) {
        build(&mut self.boxes, &self.box_items, &mut self.work);
    }

    fn clear(&mut self) {
        *self = Self::default();
    }

    fn settle(&mut self) {
        self.work = Workspace::new();
    }

    fn nearest(&mut self, at: Vec3) -> Answer {
        let tree = self.points.as_ref().expect("built");
        of(tree.nearest(at, 8, &BySlot, &mut self.work).expect("finite"))
    }

    fn nearest_batch(&mut self, at: &[Vec3], answers: &mut [Answer]) {
        let view = self.points.as_ref().expect("built").view();
        let each = |index: usize, hits: &[Hit]| answers[index] = of(hits);
        view.nearest_each(at, 8, &BySlot, &mut self.work, each).expect("finite");
    }

    fn within(&mut self, at: Vec3, radius: f32) -> Answer {
        let tree = self.points.as_ref().expect("built");
        of(tree.within(at, radius, &BySlot, &mut self.work).expect("finite"))
    }

    fn in_box(&mut self, bounds: &Aabb) -> Answer {
        let tree = self.points.as_ref().expect("built");
        let slots = tree.in_box(bounds, &BySlot, &mut self.work);
        Answer::of(slots.iter().map(|&slot| u64::from(slot)))
    }

    fn ray(&mut self, ray: &Ray) -> Answer {
        let tree = self.boxes.as_ref().expect("built");
        let hit = tree.ray(ray, f32::INFINITY, &BySlot, &mut self.work).expect("reach");
        Answer::along(hit.map(|hit| hit.distance_m))
    }

    fn move_points(&mut self, frame: &Frame<Vec3>) {
        let tree = self.points.as_mut().expect("built");
        tree.update(&frame.moves, &mut self.work).expect("known slots");
    }

    fn move_boxes(&mut self, frame: &Frame<Aabb>) {
        let tree = self.boxes.as_mut().expect("built");
        tree.update(&frame.moves, &mut self.work).expect("known slots");
    }

    fn insert(&mut self, items: &[(u32, Vec3)]) {
        let tree = self.points.as_mut().expect("built");
        tree.insert_all(items, &mut self.work).expect("free slots");
    }

    fn remove(&mut self, items: &[(u32, Vec3)]) {
        let slots: Vec<_> = items.iter().map(|item| item.0).collect();
        assert_eq!(slots.len(), {
            let tree = self.points.as_mut().expect("built");
            tree.remove_all(&slots, &mut self.work)
        });
    }

    fn shared(&self, world: &World) -> Option<Box<dyn Shared>> {
        Some(Box::new(Published::new(world)))
    }
}

/// Two tiers, all at rest: what spatial memory keeps.
#[derive(Default)]
pub struct OursInTiers {
    points: Option<Tiers<Vec3>>,
    items: Vec<(u32, Vec3)>,
    work: Workspace,
}

impl Peer for OursInTiers {
    fn name(&self) -> &'static str {
        "xrmesh-tiers"
    }

    fn carries(&self, load: Load) -> bool {
        matches!(load, Load::BytesPoints | Load::Nearest | Load::Within | Load::InBox)
    }

    fn take_points(&mut self, points: &[Vec3]) {
        self.items = numbered(points);
    }

    fn build_points(&mut self) {
        let tiers = self.points.get_or_insert_with(|| Tiers::new(SLOTS));
        tiers.build(&self.items, &mut self.work).expect("valid items");
    }

    fn clear(&mut self) {
        *self = Self::default();
    }

    fn settle(&mut self) {
        self.work = Workspace::new();
    }

    fn nearest(&mut self, at: Vec3) -> Answer {
        let view = self.points.as_ref().expect("built").view();
        of(view.nearest(at, 8, &BySlot, &mut self.work).expect("finite"))
    }

    fn within(&mut self, at: Vec3, radius: f32) -> Answer {
        let view = self.points.as_ref().expect("built").view();
        of(view.within(at, radius, &BySlot, &mut self.work).expect("finite"))
    }

    fn in_box(&mut self, bounds: &Aabb) -> Answer {
        let view = self.points.as_ref().expect("built").view();
        let slots = view.in_box(bounds, &BySlot, &mut self.work);
        Answer::of(slots.iter().map(|&slot| u64::from(slot)))
    }
}

/// Two tiers whose writer publishes a snapshot each frame. The reader takes the newest one when there
/// is one, and asks without any lock between.
struct Published {
    writer: Mutex<Writer>,
    newest: Mutex<Arc<Snapshot<Vec3>>>,
    version: AtomicU64,
}

struct Writer {
    world: Tiers<Vec3>,
    work: Workspace,
    /// Snapshots to be taken into again once no reader holds them.
    spare: Vec<Arc<Snapshot<Vec3>>>,
}

impl Published {
    fn new(world: &World) -> Self {
        let mut work = Workspace::new();
        let mut tiers = Tiers::new(SLOTS);
        tiers.build(&world.items(), &mut work).expect("valid items");
        let newest = Mutex::new(Arc::new(tiers.snapshot()));
        let writer = Writer { world: tiers, work, spare: Vec::new() };
        Self { writer: Mutex::new(writer), newest, version: AtomicU64::new(0) }
    }
}

impl Shared for Published {
    fn write(&self, frame: &Frame<Vec3>) {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let Writer { world, work, spare } = &mut *writer;
        world.update(&frame.moves, work).expect("known slots");
        world.cool(30, 2_000, work);
        let free = spare.iter_mut().position(|snapshot| Arc::get_mut(snapshot).is_some());
        let mut taken =
            free.map_or_else(|| Arc::new(Snapshot::empty()), |at| spare.swap_remove(at));
        if let Some(snapshot) = Arc::get_mut(&mut taken) {
            world.snapshot_into(snapshot);
        }
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        spare.push(std::mem::replace(&mut newest, taken));
        self.version.fetch_add(1, Ordering::Release);
    }

    fn reader(&self) -> Box<dyn FnMut(Vec3) -> Answer + '_> {
        let newest = || self.newest.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (mut snapshot, mut version) = (newest(), 0);
        let mut work = Workspace::new();
        Box::new(move |at| {
            let now = self.version.load(Ordering::Acquire);
            if now != version {
                (snapshot, version) = (newest(), now);
            }
            of(snapshot.view().nearest(at, 8, &BySlot, &mut work).expect("finite"))
        })
    }
}
