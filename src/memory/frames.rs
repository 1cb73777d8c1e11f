//! The tree of frames: what hangs on what, and where that is in the world.
//!
//! 1. Every frame hangs on one other, the world's at last: [`Frames::put`] refuses cycles, missing
//!    parents and chains of more than [`MAX_DEPTH`] frames, and has changed nothing then.
//! 2. A frame's pose in the world is composed from the world downward,
//!    `((p₁ ∘ p₂) ∘ p₃) …`, each step by [`Pose::compose`] in `f32`, and kept. So it is the same bits
//!    whether a chain was built, corrected link by link or recovered.
//! 3. What hangs on a frame is found from the frame: its child frames in a list sorted by id, its
//!    objects in a list that is threaded through two columns by slot (8 bytes an object). A
//!    correction costs what hangs below it, and never a look at the rest.
//! 4. Ids are not reused. A frame that left costs eight bytes.

use core::cmp::Ordering;
use std::collections::BTreeMap;

use thiserror::Error;

use super::frame::{Frame, FrameId};
use crate::space::{Pose, PoseError};

/// The most frames between an object and the world.
pub(crate) const MAX_DEPTH: usize = 64;

/// All frames of a memory.
#[derive(Clone, Debug)]
pub(crate) struct Frames {
    /// By id; `None` where the frame left.
    nodes: Vec<Option<Box<Node>>>,
    /// Frames by name, the nameless left out.
    names: BTreeMap<Box<str>, FrameId>,
    /// By slot of an object that hangs on a frame other than the world's.
    links: Vec<Link>,
    max_frames: u32,
    len: u32,
    /// The frames below one, while they are being placed.
    walk: Vec<(FrameId, Pose)>,
}

#[derive(Clone, Debug)]
struct Node {
    frame: Frame,
    /// Where it is in the world.
    world: Pose,
    /// Sorted.
    children: Vec<FrameId>,
    /// The objects on it: the first's slot, or [`NONE`], and how many.
    first: u32,
    objects: u32,
}

/// An object's neighbours among those of its frame.
#[derive(Clone, Copy, Debug)]
struct Link {
    before: u32,
    after: u32,
}

const NONE: u32 = u32::MAX;

/// Why the frames were not changed.
#[derive(Clone, PartialEq, Debug, Error)]
#[non_exhaustive]
pub enum FrameError {
    /// The frame is not, or no longer, there.
    #[error("frame {frame:?} is not there")]
    Absent {
        /// The frame as given.
        frame: FrameId,
    },
    /// A frame's parent is not there.
    #[error("the parent {parent:?} of frame {frame:?} is not there")]
    ParentAbsent {
        /// The frame that was to hang on it.
        frame: FrameId,
        /// The parent as given.
        parent: FrameId,
    },
    /// A frame was to hang on itself, or on what hangs on it.
    #[error("frame {frame:?} cannot hang on {parent:?}, which hangs on it")]
    Cycle {
        /// The frame.
        frame: FrameId,
        /// The parent as given.
        parent: FrameId,
    },
    /// A chain of frames was to become longer than 64.
    #[error(
        "on {parent:?}, frame {frame:?} would make a chain of {depth} frames, at most {limit} are possible"
    )]
    TooDeep {
        /// The frame.
        frame: FrameId,
        /// The parent as given.
        parent: FrameId,
        /// How many frames there would be between the world and the last of what hangs on it.
        depth: usize,
        /// The most that may be.
        limit: usize,
    },
    /// Another frame has the name.
    #[error("frame {holder:?} has the name {name:?} already")]
    NameTaken {
        /// The name as given.
        name: Box<str>,
        /// The frame that has it.
        holder: FrameId,
    },
    /// The world's frame cannot be changed or removed.
    #[error("the world's frame cannot be changed")]
    World,
    /// Something hangs on the frame, so it cannot leave.
    #[error("{frames} frames and {objects} objects hang on frame {frame:?}")]
    InUse {
        /// The frame.
        frame: FrameId,
        /// How many frames hang on it directly.
        frames: usize,
        /// How many objects hang on it directly.
        objects: usize,
    },
    /// There are as many frames as the configuration allows.
    #[error("there are {limit} frames already, the most that the configuration allows")]
    Full {
        /// The most that may be.
        limit: u32,
    },
    /// A frame cannot have this id: the next new one has another.
    #[error("a new frame cannot have the id {frame:?}, the next is {next:?}")]
    OutOfOrder {
        /// The id as given.
        frame: FrameId,
        /// The next id.
        next: FrameId,
    },
    /// A pose is none, or a frame's place in the world overflows `f32`.
    #[error("frame {frame:?} has no place in the world")]
    Pose {
        /// The frame.
        frame: FrameId,
        /// What is wrong with its pose in the world.
        source: PoseError,
    },
}

impl Frames {
    /// The world's frame alone, with room for `max_frames` others.
    pub(crate) fn new(max_frames: u32) -> Self {
        let world = Node {
            frame: Frame {
                id: FrameId::WORLD,
                name: Box::default(),
                parent: FrameId::WORLD,
                pose: Pose::IDENTITY,
            },
            world: Pose::IDENTITY,
            children: Vec::new(),
            first: NONE,
            objects: 0,
        };
        Self {
            nodes: vec![Some(Box::new(world))],
            names: BTreeMap::new(),
            links: Vec::new(),
            max_frames,
            len: 0,
            walk: Vec::new(),
        }
    }

    /// How many frames there are beside the world's.
    #[cfg(test)]
    pub(crate) const fn len(&self) -> usize {
        self.len as usize
    }

    /// The id of the next new frame.
    pub(crate) fn next_id(&self) -> FrameId {
        FrameId::new(self.nodes.len() as u32)
    }

    /// Lets the next new frame have the id `next`: those between left before the image was written.
    /// Never goes back.
    pub(crate) fn skip_to(&mut self, next: FrameId) {
        let len = self.nodes.len().max(next.index() as usize);
        self.nodes.resize_with(len, || None);
    }

    /// The frame `id`. Constant time.
    pub(crate) fn frame(&self, id: FrameId) -> Option<&Frame> {
        self.node(id).map(|node| &node.frame)
    }

    /// The frame of a name that is not empty. O(log n).
    pub(crate) fn find(&self, name: &str) -> Option<FrameId> {
        self.names.get(name).copied()
    }

    /// All frames but the world's, by id.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Frame> {
        self.nodes.iter().skip(1).flatten().map(|node| &node.frame)
    }

    /// Where frame `id` is in the world. Constant time.
    #[inline]
    pub(crate) fn world(&self, id: FrameId) -> Option<Pose> {
        self.node(id).map(|node| node.world)
    }

    /// Whether [`put`](Self::put) would take the frame.
    ///
    /// # Errors
    /// As there.
    pub(crate) fn check(&mut self, frame: &Frame) -> Result<(), FrameError> {
        let Frame { id, parent, .. } = *frame;
        if id == FrameId::WORLD {
            return Err(FrameError::World);
        }
        let next = self.next_id();
        match id.cmp(&next) {
            Ordering::Less if self.node(id).is_none() => {
                return Err(FrameError::Absent { frame: id });
            }
            Ordering::Equal if self.len >= self.max_frames || next.index() == NONE => {
                return Err(FrameError::Full { limit: self.max_frames });
            }
            Ordering::Greater => return Err(FrameError::OutOfOrder { frame: id, next }),
            _ => {}
        }
        if let Some(holder) = self.find(&frame.name).filter(|&holder| holder != id) {
            return Err(FrameError::NameTaken { name: frame.name.clone(), holder });
        }
        if id == parent {
            return Err(FrameError::Cycle { frame: id, parent });
        }
        let Some(above) = self.node(parent) else {
            return Err(FrameError::ParentAbsent { frame: id, parent });
        };
        let above_world = above.world;
        let mut depth = 0;
        let mut at = parent;
        while at != FrameId::WORLD {
            if at == id {
                return Err(FrameError::Cycle { frame: id, parent });
            }
            depth += 1;
            at = self.node(at).map_or(FrameId::WORLD, |node| node.frame.parent);
        }
        let placed = frame.pose.parsed().and_then(|pose| above_world.compose(&pose));
        let world = placed.map_err(|source| FrameError::Pose { frame: id, source })?;
        depth += self.place(id, world)?;
        if depth > MAX_DEPTH {
            return Err(FrameError::TooDeep { frame: id, parent, depth, limit: MAX_DEPTH });
        }
        Ok(())
    }

    /// A frame comes, under [`next_id`](Self::next_id), or replaces the one of its id: moved, renamed
    /// or hung elsewhere, with all that hangs on it. O(frames below it).
    ///
    /// # Errors
    /// [`FrameError`]; then nothing has changed.
    pub(crate) fn put(&mut self, frame: Frame) -> Result<(), FrameError> {
        self.check(&frame)?;
        let (id, parent) = (frame.id, frame.parent);
        // The check has left the new places of the frame and of all below it in `walk`.
        let world = self.walk.first().map_or(Pose::IDENTITY, |&(_, world)| world);
        if id == self.next_id() {
            let node = Node { frame, world, children: Vec::new(), first: NONE, objects: 0 };
            self.name(&node.frame);
            self.nodes.push(Some(Box::new(node)));
            self.len += 1;
            self.adopt(parent, id);
            return Ok(());
        }
        for at in 0..self.walk.len() {
            let (below, world) = self.walk[at];
            if let Some(node) = self.node_mut(below) {
                node.world = world;
            }
        }
        self.name(&frame);
        let Some(node) = self.node_mut(id) else { return Ok(()) };
        let old = core::mem::replace(&mut node.frame, frame);
        let renamed = node.frame.name != old.name;
        if renamed {
            self.names.remove(&old.name);
        }
        if old.parent != parent {
            self.disown(old.parent, id);
            self.adopt(parent, id);
        }
        Ok(())
    }

    /// Whether a frame may leave.
    ///
    /// # Errors
    /// As [`remove`](Self::remove).
    pub(crate) fn check_removal(&self, id: FrameId) -> Result<(), FrameError> {
        if id == FrameId::WORLD {
            return Err(FrameError::World);
        }
        let node = self.node(id).ok_or(FrameError::Absent { frame: id })?;
        let (frames, objects) = (node.children.len(), node.objects as usize);
        if frames + objects > 0 {
            return Err(FrameError::InUse { frame: id, frames, objects });
        }
        Ok(())
    }

    /// A frame on which nothing hangs leaves. O(log n), and a move of its siblings' ids.
    ///
    /// # Errors
    /// [`FrameError::World`], [`FrameError::Absent`], [`FrameError::InUse`].
    pub(crate) fn remove(&mut self, id: FrameId) -> Result<Frame, FrameError> {
        self.check_removal(id)?;
        let node = self.nodes.get_mut(id.index() as usize).and_then(Option::take);
        let node = node.ok_or(FrameError::Absent { frame: id })?;
        self.len -= 1;
        self.names.remove(&node.frame.name);
        self.disown(node.frame.parent, id);
        Ok(node.frame)
    }

    /// Appends frame `id` and all frames below it to `list`: each before what hangs on it, siblings
    /// by id. O(frames below it).
    pub(crate) fn below(&self, id: FrameId, list: &mut Vec<FrameId>) {
        let from = list.len();
        if self.node(id).is_some() {
            list.push(id);
        }
        let mut at = from;
        // Level by level: what is appended is visited in its turn.
        while let Some(node) = list.get(at).and_then(|&id| self.node(id)) {
            list.extend_from_slice(&node.children);
            at += 1;
        }
    }

    /// How many objects hang on frame `id` directly; zero for the world, which is not counted.
    pub(crate) fn object_count(&self, id: FrameId) -> usize {
        self.node(id).map_or(0, |node| node.objects as usize)
    }

    /// The slots of the objects that hang on frame `id` directly, the latest hung first; none for
    /// the world.
    pub(crate) fn objects(&self, id: FrameId) -> impl Iterator<Item = u32> {
        core::iter::successors(self.first_object(id), |&slot| self.object_after(slot))
    }

    /// The first of [`objects`](Self::objects).
    #[inline]
    pub(crate) fn first_object(&self, id: FrameId) -> Option<u32> {
        self.node(id).map(|node| node.first).filter(|&first| first != NONE)
    }

    /// The one after the object in `slot`, which hangs on a frame, in [`objects`](Self::objects).
    #[inline]
    pub(crate) fn object_after(&self, slot: u32) -> Option<u32> {
        self.links.get(slot as usize).map(|link| link.after).filter(|&after| after != NONE)
    }

    /// The object in `slot`, which hangs nowhere yet, hangs on frame `id` from now on. Constant
    /// time; does nothing for the world.
    pub(crate) fn hang(&mut self, slot: u32, id: FrameId) {
        if id == FrameId::WORLD {
            return;
        }
        let Some(node) = self.node_mut(id) else { return };
        let after = core::mem::replace(&mut node.first, slot);
        node.objects += 1;
        let needed = slot as usize + 1;
        if self.links.len() < needed {
            self.links.resize(needed, Link { before: NONE, after: NONE });
        }
        self.links[slot as usize] = Link { before: NONE, after };
        if let Some(link) = self.links.get_mut(after as usize) {
            link.before = slot;
        }
    }

    /// The object in `slot`, which hangs on frame `id`, hangs there no more. Constant time.
    pub(crate) fn unhang(&mut self, slot: u32, id: FrameId) {
        if id == FrameId::WORLD {
            return;
        }
        let Some(&Link { before, after }) = self.links.get(slot as usize) else { return };
        let Some(node) = self.node_mut(id) else { return };
        node.objects -= 1;
        if before == NONE {
            node.first = after;
        }
        if let Some(link) = self.links.get_mut(before as usize) {
            link.after = after;
        }
        if let Some(link) = self.links.get_mut(after as usize) {
            link.before = before;
        }
    }

    /// Where `id`, placed at `world`, and all below it would be, into `walk`; how many frames the
    /// longest chain from it counts.
    fn place(&mut self, id: FrameId, world: Pose) -> Result<usize, FrameError> {
        let mut walk = core::mem::take(&mut self.walk);
        walk.clear();
        walk.push((id, world));
        let mut chain = 0;
        let (mut at, mut level_end) = (0, 0);
        let placed = loop {
            let Some(&(id, world)) = walk.get(at) else { break Ok(chain) };
            if at == level_end {
                chain += 1;
                level_end = walk.len();
            }
            at += 1;
            let children = self.node(id).map_or(&[][..], |node| &node.children);
            let mut failed = None;
            for &child in children {
                let Some(node) = self.node(child) else { continue };
                match world.compose(&node.frame.pose) {
                    Ok(pose) => walk.push((child, pose)),
                    Err(source) => failed = Some(FrameError::Pose { frame: child, source }),
                }
            }
            if let Some(error) = failed {
                break Err(error);
            }
        };
        self.walk = walk;
        placed
    }

    #[inline]
    fn node(&self, id: FrameId) -> Option<&Node> {
        self.nodes.get(id.index() as usize)?.as_deref()
    }

    fn node_mut(&mut self, id: FrameId) -> Option<&mut Node> {
        self.nodes.get_mut(id.index() as usize)?.as_deref_mut()
    }

    fn name(&mut self, frame: &Frame) {
        if !frame.name.is_empty() {
            self.names.insert(frame.name.clone(), frame.id);
        }
    }

    fn adopt(&mut self, parent: FrameId, child: FrameId) {
        if let Some(node) = self.node_mut(parent)
            && let Err(at) = node.children.binary_search(&child)
        {
            node.children.insert(at, child);
        }
    }

    fn disown(&mut self, parent: FrameId, child: FrameId) {
        if let Some(node) = self.node_mut(parent)
            && let Ok(at) = node.children.binary_search(&child)
        {
            node.children.remove(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::space::{Quat, Vec3};

    fn frame(id: u32, parent: u32, pose: Pose) -> Frame {
        Frame { id: FrameId::new(id), name: Box::default(), parent: FrameId::new(parent), pose }
    }

    fn at(x: f32) -> Pose {
        Pose::at(Vec3::new(x, 0.0, 0.0)).unwrap()
    }

    fn chain(len: u32) -> Frames {
        let mut frames = Frames::new(1_000);
        for id in 1..=len {
            frames.put(frame(id, id - 1, at(1.0))).unwrap();
        }
        frames
    }

    #[test]
    fn cycles_missing_parents_and_long_chains_are_refused() {
        let mut frames = chain(64);
        let id = FrameId::new;
        assert_eq!(frames.world(id(64)).unwrap().position().x, 64.0);
        assert_eq!(
            frames.put(frame(65, 64, at(1.0))),
            Err(FrameError::TooDeep { frame: id(65), parent: id(64), depth: 65, limit: 64 })
        );
        assert_eq!(
            frames.put(frame(3, 9, at(0.0))),
            Err(FrameError::Cycle { frame: id(3), parent: id(9) })
        );
        assert_eq!(
            frames.put(frame(3, 3, at(0.0))),
            Err(FrameError::Cycle { frame: id(3), parent: id(3) })
        );
        assert_eq!(
            frames.put(frame(65, 77, at(0.0))),
            Err(FrameError::ParentAbsent { frame: id(65), parent: id(77) })
        );
        assert!(matches!(frames.put(frame(70, 0, at(0.0))), Err(FrameError::OutOfOrder { .. })));
        assert_eq!(frames.put(frame(0, 0, at(0.0))), Err(FrameError::World));
        // A new head of the chain would push its end too deep.
        frames.put(frame(65, 0, at(0.0))).unwrap();
        assert!(matches!(
            frames.put(frame(1, 65, at(0.0))),
            Err(FrameError::TooDeep { depth: 65, .. })
        ));
        assert_eq!(frames.world(id(64)).unwrap().position().x, 64.0);
        assert!(matches!(frames.remove(id(3)), Err(FrameError::InUse { frames: 1, .. })));
    }

    #[test]
    fn a_place_beyond_f32_changes_nothing() {
        let mut frames = chain(3);
        let far = frames.put(frame(2, 1, at(f32::MAX)));
        assert!(far.is_ok(), "adding one rounds away");
        let huge = frames.put(frame(1, 0, at(f32::MAX)));
        assert!(matches!(huge, Err(FrameError::Pose { frame, .. }) if frame == FrameId::new(2)));
        assert_eq!(frames.world(FrameId::new(1)), Some(at(1.0)));
    }

    #[test]
    fn names_are_one_frames_and_follow_it() {
        let mut frames = Frames::new(2);
        let named = |id: u32, name: &str| Frame { name: name.into(), ..frame(id, 0, at(0.0)) };
        frames.put(named(1, "desk")).unwrap();
        let taken = frames.put(named(2, "desk"));
        assert!(matches!(taken, Err(FrameError::NameTaken { holder, .. }) if holder.index() == 1));
        frames.put(named(1, "table")).unwrap();
        assert_eq!((frames.find("desk"), frames.find("table")), (None, Some(FrameId::new(1))));
        frames.put(named(2, "desk")).unwrap();
        assert_eq!(frames.put(named(3, "")), Err(FrameError::Full { limit: 2 }));
        frames.remove(FrameId::new(2)).unwrap();
        assert_eq!(frames.find("desk"), None);
        assert_eq!(frames.put(named(2, "x")), Err(FrameError::Absent { frame: FrameId::new(2) }));
        frames.put(named(3, "")).unwrap();
        assert_eq!(frames.find(""), None);
    }

    #[derive(Clone, Debug)]
    enum Step {
        Put { id: u32, parent: u32, pose: Pose },
        Remove(u32),
        Hang { slot: u32, frame: u32 },
    }

    fn step() -> impl Strategy<Value = Step> {
        let part = -1.0f32..1.0;
        let pose = (part.clone(), part.clone(), part).prop_map(|(x, y, z)| {
            Pose::new(Vec3::new(x * 9.0, y, z), Quat::new(x, y, z, 0.3)).unwrap()
        });
        prop_oneof![
            4 => (1u32..12, 0u32..12, pose).prop_map(|(id, parent, pose)| Step::Put { id, parent, pose }),
            1 => (0u32..12).prop_map(Step::Remove),
            4 => (0u32..20, 0u32..12).prop_map(|(slot, frame)| Step::Hang { slot, frame }),
        ]
    }

    proptest! {
        /// Against plain tables, from which everything is computed anew.
        #[test]
        fn frames_are_as_computed_anew(steps in proptest::collection::vec(step(), 1..80)) {
            let mut frames = Frames::new(1_000);
            let mut plain: BTreeMap<u32, (u32, Pose)> = BTreeMap::new();
            let mut hangs = [0u32; 20];
            let mut made = 1;
            for step in steps {
                match step {
                    Step::Put { id, parent, pose } => {
                        let id = id.min(made);
                        let mut above = Some(parent);
                        let mut cycle = false;
                        while let Some(frame) = above {
                            cycle |= frame == id;
                            above = if cycle { None } else { plain.get(&frame).map(|&(up, _)| up) };
                        }
                        let known = plain.contains_key(&id) || id == made;
                        let rooted = parent == 0 || plain.contains_key(&parent);
                        let put = frames.put(frame(id, parent, pose));
                        prop_assert_eq!(put.is_ok(), known && rooted && !cycle, "{:?}", put);
                        if put.is_ok() {
                            plain.insert(id, (parent, pose));
                            made = made.max(id + 1);
                        }
                    }
                    Step::Remove(id) => {
                        let free = !plain.values().any(|&(parent, _)| parent == id)
                            && !hangs.contains(&id);
                        let removed = frames.remove(FrameId::new(id)).is_ok();
                        prop_assert_eq!(removed, id != 0 && free && plain.remove(&id).is_some());
                    }
                    Step::Hang { slot, frame } => {
                        if frame != 0 && !plain.contains_key(&frame) {
                            continue;
                        }
                        let old = core::mem::replace(&mut hangs[slot as usize], frame);
                        frames.unhang(slot, FrameId::new(old));
                        frames.hang(slot, FrameId::new(frame));
                    }
                }
                prop_assert_eq!(frames.len(), plain.len());
                for (&id, &(parent, pose)) in &plain {
                    let mut poses = vec![pose];
                    let mut above = parent;
                    while above != 0 {
                        poses.push(plain[&above].1);
                        above = plain[&above].0;
                    }
                    let world = poses.iter().rev().fold(Pose::IDENTITY, |world, pose| {
                        world.compose(pose).unwrap()
                    });
                    prop_assert_eq!(frames.world(FrameId::new(id)), Some(world));
                    let mut on: Vec<_> = frames.objects(FrameId::new(id)).collect();
                    on.sort_unstable();
                    let expected: Vec<_> =
                        (0..20).filter(|&slot| hangs[slot as usize] == id).collect();
                    prop_assert_eq!(frames.object_count(FrameId::new(id)), expected.len());
                    prop_assert_eq!(on, expected);
                    let mut below = Vec::new();
                    frames.below(FrameId::new(id), &mut below);
                    let is_below = |mut frame: u32| {
                        while frame != id && frame != 0 {
                            frame = plain[&frame].0;
                        }
                        frame == id
                    };
                    let mut sorted: Vec<_> = below.iter().map(|frame| frame.index()).collect();
                    sorted.sort_unstable();
                    let expected: Vec<_> = plain.keys().copied().filter(|&f| is_below(f)).collect();
                    prop_assert_eq!(sorted, expected);
                    for (place, frame) in below.iter().enumerate().skip(1) {
                        let parent = plain[&frame.index()].0;
                        prop_assert!(below[..place].iter().any(|up| up.index() == parent));
                    }
                }
            }
        }
    }
}
