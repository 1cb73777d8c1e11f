//! Two trees over one set of slots: what rests, and what moved lately.
//!
//! A world publishes a snapshot each frame, and the next frame's moves must not write into it. Two
//! designs give that:
//!
//! 1. *Counted nodes.* Every page and node has its own count; a change copies the path from its page
//!    to the root. A snapshot is one pointer, and it copies least for one change; but each visit of a
//!    query follows a pointer to memory of its own, parents can no longer be found from below (a
//!    page has many), so moves become searches from the root, and a frame of 100,000 moves counts up
//!    and down some 500,000 times.
//! 2. *Counted blocks.* Pages and nodes keep their numbers, in blocks of 64 that are counted and
//!    copied whole ([`Snapshot`](super::Snapshot)). Queries and moves run as on plain memory, and a
//!    snapshot is a table of a few thousand pointers, of which the next one compares all and counts
//!    only the changed. But moves that are scattered over the world copy nearly every block.
//!
//! This is the second with the scatter taken out. What moves goes to the *hot* tree, where the moves
//! of a frame lie together and copy about as many blocks as they fill. The *cold* tree changes only
//! when something begins to move, and when [`Tiers::cool`] brings back, a bounded number each frame,
//! what has come to rest. A query searches the larger tree first and the other within the bound that
//! it found.
//!
//! A world in which all begins to move at once copies its cold tree once, in that frame.

use super::Bvh;
use super::error::ItemError;
use super::extent::Extent;
use super::snapshot::Snapshot;
use super::view::View;
use super::workspace::Workspace;

/// A pair of trees that answers as one [`Bvh`] over all items would, and of which a snapshot costs
/// the writer little while a part of the items moves.
///
/// ```
/// use xrmesh::space::Vec3;
/// use xrmesh::space::bvh::{BySlot, Snapshot, Tiers, Workspace};
///
/// let mut work = Workspace::new();
/// let mut world = Tiers::<Vec3>::new(1_000);
/// world.build(&[(3, Vec3::ZERO), (7, Vec3::UP)], &mut work)?;
/// let mut published = Snapshot::empty();
/// for frame in 1..=100 {
///     world.update(&[(3, Vec3::RIGHT * frame as f32)], &mut work)?;
///     world.cool(30, 1_000, &mut work);
///     world.snapshot_into(&mut published);
/// }
/// let near = published.view().nearest(Vec3::ZERO, 1, &BySlot, &mut work)?;
/// assert_eq!(near[0].slot, 7);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Tiers<E: Extent> {
    pub(super) cold: Bvh<E>,
    pub(super) hot: Bvh<E>,
    /// By slot of a hot item: the low bits of the frame of its last move.
    moved: Vec<u8>,
    /// How often [`Tiers::cool`] was called.
    frame: u8,
    /// The hot page that it looks at next.
    cursor: u32,
    stay: Vec<(u32, E)>,
    leave: Vec<(u32, E)>,
    slots: Vec<u32>,
}

impl<E: Extent> Tiers<E> {
    /// An empty pair for slots below `max_slots` (cut at [`Bvh::MAX_SLOTS`]). Memory is taken as
    /// slots are used: that of [`Bvh::new`], and five bytes a slot.
    #[must_use]
    pub fn new(max_slots: u32) -> Self {
        Self {
            cold: Bvh::new(max_slots),
            hot: Bvh::new(max_slots),
            moved: Vec::new(),
            frame: 0,
            cursor: 0,
            stay: Vec::new(),
            leave: Vec::new(),
            slots: Vec::new(),
        }
    }

    /// These trees, with what this pair knows of their items' moves.
    pub(super) fn with_trees(&self, cold: Bvh<E>, hot: Bvh<E>) -> Self {
        Self {
            cold,
            hot,
            moved: self.moved.clone(),
            frame: self.frame,
            cursor: self.cursor,
            stay: Vec::new(),
            leave: Vec::new(),
            slots: Vec::new(),
        }
    }

    /// How many items both hold.
    #[inline]
    #[must_use]
    pub const fn len(&self) -> usize {
        self.cold.len() + self.hot.len()
    }

    /// Whether neither holds any.
    #[inline]
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many items the hot tree holds.
    #[inline]
    #[must_use]
    pub const fn hot_len(&self) -> usize {
        self.hot.len()
    }

    /// The extent of the item in `slot`; `None` where there is none. Constant time.
    #[inline]
    #[must_use]
    pub fn item(&self, slot: u32) -> Option<E> {
        self.cold.item(slot).or_else(|| self.hot.item(slot))
    }

    /// What both hold, for any query. Constant time.
    #[inline]
    #[must_use]
    pub fn view(&self) -> View<'_, E> {
        let (cold, hot) = (self.cold.tree(), self.hot.tree());
        let trees = if self.cold.len() >= self.hot.len() { [cold, hot] } else { [hot, cold] };
        View { trees, path: self.cold.path }
    }

    /// Replaces all items by `items`, all at rest; as [`Bvh::build`].
    ///
    /// # Errors
    /// As there.
    pub fn build(&mut self, items: &[(u32, E)], work: &mut Workspace) -> Result<(), ItemError> {
        self.cold.build(items, work)?;
        self.hot.clear();
        self.cursor = 0;
        Ok(())
    }

    /// Adds items in empty slots, as if they had just moved.
    ///
    /// # Errors
    /// As [`Bvh::insert_all`]; then none was added.
    pub fn insert_all(
        &mut self,
        items: &[(u32, E)],
        work: &mut Workspace,
    ) -> Result<(), ItemError> {
        if let Some(&(slot, _)) = items.iter().find(|&&(slot, _)| self.cold.find(slot).is_some()) {
            return Err(ItemError::Occupied { slot });
        }
        self.hot.insert_all(items, work)?;
        for &(slot, _) in items {
            self.stamp(slot);
        }
        Ok(())
    }

    /// Removes the items in `slots`, as [`Bvh::remove_all`].
    pub fn remove_all(&mut self, slots: &[u32], work: &mut Workspace) -> usize {
        self.cold.remove_all(slots, work) + self.hot.remove_all(slots, work)
    }

    /// Moves items: each slot takes the extent given last for it. What was at rest becomes hot.
    ///
    /// # Errors
    /// As [`Bvh::update`]; then nothing has moved.
    pub fn update(&mut self, moves: &[(u32, E)], work: &mut Workspace) -> Result<(), ItemError> {
        for &(slot, item) in moves {
            if !item.is_valid() {
                return Err(ItemError::BadExtent { slot });
            }
            if self.cold.find(slot).is_none() && self.hot.find(slot).is_none() {
                return Err(ItemError::Vacant { slot });
            }
        }
        let (mut stay, mut leave) =
            (core::mem::take(&mut self.stay), core::mem::take(&mut self.leave));
        stay.clear();
        leave.clear();
        self.slots.clear();
        for &(slot, item) in moves {
            self.stamp(slot);
            // A slot that is named again has left the cold tree by then.
            if self.cold.find(slot).is_some() {
                self.cold.remove(slot, work);
                leave.push((slot, item));
            } else {
                stay.push((slot, item));
            }
        }
        let moved = self.hot.insert_all(&leave, work).and_then(|()| self.hot.update(&stay, work));
        (self.stay, self.leave) = (stay, leave);
        moved
    }

    /// Moves items once: as [`update`](Self::update), but what was at rest stays at rest. For many
    /// that move together and then rest again, as when the frame that they hang on is corrected.
    ///
    /// # Errors
    /// As [`Bvh::update`]; then nothing has moved.
    pub fn shift(&mut self, moves: &[(u32, E)], work: &mut Workspace) -> Result<(), ItemError> {
        let (mut hot, mut cold) =
            (core::mem::take(&mut self.stay), core::mem::take(&mut self.leave));
        hot.clear();
        cold.clear();
        for &(slot, item) in moves {
            if self.cold.find(slot).is_some() {
                cold.push((slot, item));
            } else {
                hot.push((slot, item));
            }
        }
        // Where a slot is in neither tree, the hot one refuses before anything has moved.
        let checked = match moves.iter().find(|(_, item)| !item.is_valid()) {
            Some(&(slot, _)) => Err(ItemError::BadExtent { slot }),
            None => self.hot.update(&hot, work),
        };
        let moved = checked.and_then(|()| self.cold.update(&cold, work));
        (self.stay, self.leave) = (hot, cold);
        moved
    }

    /// Ends a frame: brings back to the cold tree what has not moved in the last `rest` frames, at
    /// most `budget` items, of at most four times as many that it looks at. A host calls it once a
    /// frame; `rest` is at least 1, and one that comes to rest is found within 256 frames where the
    /// budget lets the hot tree be looked through in that time.
    pub fn cool(&mut self, rest: u8, budget: usize, work: &mut Workspace) {
        self.frame = self.frame.wrapping_add(1);
        self.slots.clear();
        self.leave.clear();
        let pages = self.hot.pages.extent() as u32;
        let mut looks = budget.saturating_mul(4).min(self.hot.len());
        let mut seen = 0;
        while looks > 0 && seen < pages && self.slots.len() + 16 <= budget.max(16) {
            seen += 1;
            self.cursor = if self.cursor + 1 < pages { self.cursor + 1 } else { 0 };
            let len = usize::from(self.hot.pages.link(self.cursor).len);
            for lane in 0..len {
                let (bounds, slot) = self.hot.entry(0, self.cursor, lane);
                let since = self.frame.wrapping_sub(self.moved[slot as usize]);
                if since >= rest.max(1) && self.slots.len() < budget {
                    self.slots.push(slot);
                    self.leave.push((slot, E::from_box(&bounds)));
                }
            }
            looks = looks.saturating_sub(len);
        }
        self.hot.remove_all(&self.slots, work);
        // The items were in the hot tree, so they are valid and distinct and in no other.
        let cooled = self.cold.insert_all(&self.leave, work);
        debug_assert!(cooled.is_ok());
    }

    /// Both as they are now, in place of what `snapshot` held. While the world keeps its size, it
    /// allocates nothing once snapshots are dropped as fast as they are taken.
    pub fn snapshot_into(&mut self, snapshot: &mut Snapshot<E>) {
        let [first, second] = &mut snapshot.held;
        self.cold.hold(first);
        self.hot.hold(second);
        snapshot.path = self.cold.path;
    }

    /// Both as they are now; O(n / 1000).
    #[must_use]
    pub fn snapshot(&mut self) -> Snapshot<E> {
        let mut snapshot = Snapshot::empty();
        self.snapshot_into(&mut snapshot);
        snapshot
    }

    /// As [`Bvh::retained_bytes`], of both.
    #[must_use]
    pub fn retained_bytes(&self) -> usize {
        self.cold.retained_bytes() + self.hot.retained_bytes()
    }

    /// As [`Bvh::trim`], for both.
    pub fn trim(&mut self, keep_blocks: usize) {
        self.cold.trim(keep_blocks);
        self.hot.trim(keep_blocks);
    }

    /// The bytes that both hold, those for growth included.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        self.cold.memory_bytes()
            + self.hot.memory_bytes()
            + self.moved.capacity()
            + (self.stay.capacity() + self.leave.capacity()) * size_of::<(u32, E)>()
            + self.slots.capacity() * size_of::<u32>()
    }

    fn stamp(&mut self, slot: u32) {
        let slot = slot as usize;
        if self.moved.len() <= slot {
            self.moved.resize(slot + 1, 0);
        }
        self.moved[slot] = self.frame;
    }

    /// The path of both.
    #[cfg(test)]
    fn set_path(&mut self, path: super::lanes::Path) {
        (self.cold.path, self.hot.path) = (path, path);
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::{Aabb, Ray, Vec3};
    use super::super::BySlot;
    use super::super::lanes::Path;
    use super::*;

    struct Random(u64);

    impl Random {
        fn unit(&mut self) -> f32 {
            self.0 =
                self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
            (self.0 >> 40) as f32 / (1 << 24) as f32
        }

        fn point(&mut self) -> Vec3 {
            // Coarse, so that distances tie.
            let mut part = || (self.unit() * 40.0).floor() * 0.5;
            Vec3::new(part(), part(), part())
        }

        fn slots(&mut self, of: u32, share: f32) -> Vec<u32> {
            (0..of).filter(|_| self.unit() < share).collect()
        }
    }

    /// Every answer of two views.
    fn same(one: View<'_, Vec3>, two: View<'_, Vec3>, random: &mut Random) {
        let (mut a, mut b) = (Workspace::new(), Workspace::new());
        let (from, to, k) = (random.point(), random.point(), (random.unit() * 20.0) as usize);
        let key = (|slot: u32| u64::from(slot % 7), |slot: u32| slot % 3 != 1);
        assert_eq!(one.nearest(from, k, &BySlot, &mut a), two.nearest(from, k, &BySlot, &mut b));
        assert_eq!(one.nearest(from, k, &key, &mut a), two.nearest(from, k, &key, &mut b));
        assert_eq!(one.within(from, 4.0, &key, &mut a), two.within(from, 4.0, &key, &mut b));
        let area = Aabb::new(from.min(to), from.max(to)).unwrap();
        assert_eq!(one.in_box(&area, &key, &mut a), two.in_box(&area, &key, &mut b));
        let ray = Ray::new(from, Vec3::UP).unwrap();
        let reach = f32::INFINITY;
        assert_eq!(one.ray(&ray, reach, &key, &mut a), two.ray(&ray, reach, &key, &mut b));
        assert_eq!(
            one.ray_all(&ray, 9.0, 5, &BySlot, &mut a),
            two.ray_all(&ray, 9.0, 5, &BySlot, &mut b)
        );
    }

    #[test]
    fn two_trees_answer_as_one_and_snapshots_stay() {
        const SLOTS: u32 = 3_000;
        let mut random = Random(5);
        let mut work = Workspace::new();
        let mut world = Tiers::new(SLOTS);
        let mut one = Bvh::new(SLOTS);
        let first: Vec<_> = (0..SLOTS / 2).map(|slot| (slot, random.point())).collect();
        world.build(&first, &mut work).unwrap();
        one.build(&first, &mut work).unwrap();
        let mut kept = Vec::new();
        let mut published = Snapshot::empty();
        for frame in 0..80 {
            let path = Path::all()[frame % Path::all().len()];
            world.set_path(path);
            let gone = random.slots(SLOTS, 0.01);
            assert_eq!(world.remove_all(&gone, &mut work), one.remove_all(&gone, &mut work));
            let new = random.slots(SLOTS, 0.02).into_iter().filter(|&at| one.item(at).is_none());
            let new: Vec<_> = new.collect::<Vec<_>>();
            let new: Vec<_> = new.into_iter().map(|slot| (slot, random.point())).collect();
            world.insert_all(&new, &mut work).unwrap();
            one.insert_all(&new, &mut work).unwrap();
            let range = 200 + frame as u32 % 40 * 20;
            let mut moves: Vec<_> =
                (range..range + 150).map(|slot| (slot, random.point())).collect();
            moves.retain(|&(slot, _)| one.item(slot).is_some());
            moves.extend_from_within(..moves.len() / 3);
            moves[0].1 = random.point();
            world.update(&moves, &mut work).unwrap();
            one.update(&moves, &mut work).unwrap();
            world.cool(3, 100, &mut work);
            world.cold.check();
            world.hot.check();
            assert_eq!(world.len(), one.len());
            for slot in 0..SLOTS {
                assert_eq!(world.item(slot), one.item(slot));
            }
            world.snapshot_into(&mut published);
            assert_eq!(published.len(), one.len());
            for _ in 0..5 {
                same(world.view(), one.view(), &mut random);
                same(published.view(), one.view(), &mut random);
            }
            if frame % 9 == 0 {
                kept.push((world.snapshot(), one.clone()));
            }
            if frame % 20 == 19 {
                let (old, truth) = kept.swap_remove(0);
                same(old.view(), truth.view(), &mut random);
            }
        }
        for (snapshot, truth) in &kept {
            for _ in 0..20 {
                same(snapshot.view(), truth.view(), &mut random);
            }
        }
        assert!(world.hot_len() < 2_000, "what rests has cooled: {}", world.hot_len());
        assert!(world.retained_bytes() > 0);
        kept.clear();
        world.snapshot_into(&mut published);
        assert_eq!(world.retained_bytes(), 0, "nothing is held by dropped snapshots");
    }

    #[test]
    fn refused_moves_change_nothing() {
        let mut work = Workspace::new();
        let mut world = Tiers::new(10);
        world.build(&[(1, Vec3::ZERO), (2, Vec3::UP)], &mut work).unwrap();
        let vacant = world.update(&[(1, Vec3::UP), (5, Vec3::UP)], &mut work);
        assert_eq!(vacant, Err(ItemError::Vacant { slot: 5 }));
        let nan = world.update(&[(1, Vec3::UP), (2, Vec3::splat(f32::NAN))], &mut work);
        assert_eq!(nan, Err(ItemError::BadExtent { slot: 2 }));
        let twice = world.insert_all(&[(3, Vec3::UP), (2, Vec3::UP)], &mut work);
        assert_eq!(twice, Err(ItemError::Occupied { slot: 2 }));
        assert_eq!((world.len(), world.hot_len(), world.item(1)), (2, 0, Some(Vec3::ZERO)));
    }

    #[test]
    fn what_is_shifted_stays_in_its_tree() {
        let mut work = Workspace::new();
        let mut world = Tiers::new(1_000);
        let at = |slot: u32, shift: f32| (slot, Vec3::new(slot as f32 + shift, 0.0, 0.0));
        world.build(&(0..900).map(|slot| at(slot, 0.0)).collect::<Vec<_>>(), &mut work).unwrap();
        world.update(&[at(7, 0.0), at(500, 0.0)], &mut work).unwrap();
        let all: Vec<_> = (0..900).map(|slot| at(slot, 2_000.0)).collect();
        world.shift(&all, &mut work).unwrap();
        assert_eq!((world.len(), world.hot_len()), (900, 2));
        let near = world.view().nearest(Vec3::ZERO, 900, &BySlot, &mut work).unwrap();
        assert!(near.iter().map(|hit| hit.slot).eq(0..900));
        let vacant = world.shift(&[at(3, 0.0), at(950, 0.0)], &mut work);
        assert_eq!(vacant, Err(ItemError::Vacant { slot: 950 }));
        let nan = world.shift(&[at(7, 0.0), (3, Vec3::splat(f32::NAN))], &mut work);
        assert_eq!(nan, Err(ItemError::BadExtent { slot: 3 }));
        assert_eq!(
            (world.item(3), world.item(7)),
            (Some(at(3, 2_000.0).1), Some(at(7, 2_000.0).1))
        );
    }

    #[test]
    fn a_reader_on_another_thread_sees_one_moment() {
        let mut work = Workspace::new();
        let mut world = Tiers::new(2_000);
        let at = |frame: u32| move |slot: u32| (slot, Vec3::new(frame as f32, slot as f32, 0.0));
        world.build(&(0..2_000).map(at(0)).collect::<Vec<_>>(), &mut work).unwrap();
        let (send, receive) = std::sync::mpsc::sync_channel::<Snapshot<Vec3>>(2);
        let reader = std::thread::spawn(move || {
            let mut work = Workspace::new();
            let mut read = 0;
            for snapshot in receive {
                let all = Aabb::new(Vec3::splat(-1.0), Vec3::splat(3_000.0)).unwrap();
                assert_eq!(snapshot.view().in_box(&all, &BySlot, &mut work).len(), 2_000);
                let near = snapshot.view().nearest(Vec3::ZERO, 2_000, &BySlot, &mut work);
                let x = |slot: u32, squared: f32| {
                    (squared - slot as f32 * slot as f32).max(0.0).sqrt().round()
                };
                let near = near.unwrap();
                let frame = x(near[0].slot, near[0].distance_squared);
                // Slots are below 60 here, so the squares are exact.
                assert!(near[..20].iter().all(|hit| x(hit.slot, hit.distance_squared) == frame));
                read += 1;
            }
            read
        });
        for frame in 1..60 {
            world.update(&(0..2_000).map(at(frame)).collect::<Vec<_>>(), &mut work).unwrap();
            world.cool(2, 200, &mut work);
            send.send(world.snapshot()).unwrap();
        }
        drop(send);
        assert_eq!(reader.join().unwrap(), 59);
    }
}
