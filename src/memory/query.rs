//! Every query.

use super::alias::Aliases;
use super::area::{Area, AreaId, Areas};
use super::class::{ClassId, Classes};
use super::extent::{place, record_box};
use super::filter::Filter;
use super::frame::{Frame, FrameId};
use super::frame_image::FrameImage;
use super::object::{Object, ObjectId};
use super::table::TableView;
use super::workspace::{Found, RayFound, Workspace};
use crate::space::bvh::{self, QueryError, Select};
use crate::space::{Aabb, Frustum, OrientedBox, Pose, Ray, Region, Vec3};

/// What queries see of a memory: of a [`MemorySnapshot`](super::MemorySnapshot), or of the present
/// state on the writer's side. It borrows and copies freely; any number of threads may use one, each
/// with its own [`Workspace`].
///
/// 1. An object is where its *world box* is: the box along the world's axes around its oriented
///    half extents ([`world_box`](Self::world_box)); a point where it has none.
/// 2. Answers are ordered by (d², id): d² is the squared distance to the world box by the fixed
///    expression of rule 5 of `space`, ids count as [`ObjectId::to_bits`]. Answers without a
///    distance are ordered by id, those of rays by (distance, id).
/// 3. A query takes what its [`Filter`] accepts, and gives at most `limit` answers, the first ones.
/// 4. Answers lie in the workspace until the next query. A warmed-up workspace allocates nothing.
///
/// ```
/// use xrmesh::memory::{Filter, MemoryConfig, NewObject, SpatialMemory, Workspace};
/// use xrmesh::{Pose, Time, Vec3};
///
/// let mut memory = SpatialMemory::new(MemoryConfig::default())?;
/// let chair = memory.class("chair")?;
/// let near = memory.insert(&NewObject::new(chair, Pose::at(Vec3::new(1.0, 0.0, 0.0))?))?;
/// memory.insert(&NewObject::new(chair, Pose::at(Vec3::new(5.0, 0.0, 0.0))?))?;
/// memory.publish(Time::ZERO)?;
///
/// let snapshot = memory.snapshot()?;
/// let mut work = Workspace::new();
/// let found = snapshot.view().within(Vec3::ZERO, 3.0, 10, &Filter::only([chair]), &mut work)?;
/// assert_eq!((found.len(), found[0].id, found[0].distance_squared), (1, near, 1.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct MemoryView<'a> {
    pub(super) table: TableView<'a>,
    pub(super) index: bvh::View<'a, Aabb>,
    pub(super) classes: &'a Classes,
    pub(super) frames: &'a FrameImage,
    pub(super) areas: &'a Areas,
    pub(super) aliases: &'a Aliases,
}

/// Every object; equals go by id.
struct Any<'a>(TableView<'a>);

/// The objects of some classes; equals go by id.
struct OfClass<'a>(TableView<'a>, &'a Filter);

impl Select for Any<'_> {
    #[inline]
    fn key(&self, slot: u32) -> u64 {
        self.0.id(slot).to_bits()
    }

    #[inline]
    fn accepts(&self, _slot: u32) -> bool {
        true
    }
}

impl Select for OfClass<'_> {
    #[inline]
    fn key(&self, slot: u32) -> u64 {
        self.0.id(slot).to_bits()
    }

    #[inline]
    fn accepts(&self, slot: u32) -> bool {
        self.1.accepts(self.0.class(slot))
    }
}

/// Runs a query of the index for the objects that a filter accepts: once for all of them, which asks
/// nothing of any, and once for some.
macro_rules! select {
    ($view:expr, $filter:expr, |$select:ident| $query:expr) => {
        if $filter.is_all() {
            let $select = &Any($view.table);
            $query
        } else {
            let $select = &OfClass($view.table, $filter);
            $query
        }
    };
}

/// Up to here, a search for the first hits costs less than all hits sorted.
const FEW: usize = 48;

impl<'a> MemoryView<'a> {
    /// How many objects there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.table.len as usize
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.table.len == 0
    }

    /// The `limit` objects nearest to `point` (metres), by (d², id).
    ///
    /// O(log n + limit) for objects that are spread out.
    ///
    /// # Errors
    /// [`QueryError::PointNotFinite`].
    pub fn nearest<'w>(
        &self,
        point: Vec3,
        limit: usize,
        filter: &Filter,
        work: &'w mut Workspace,
    ) -> Result<&'w [Found], QueryError> {
        let Workspace { tree, found, .. } = work;
        let hits =
            select!(self, filter, |select| self.index.nearest(point, limit, select, tree)?);
        self.name_hits(hits, found);
        Ok(found)
    }

    /// The objects within `radius` metres of `point`, those at most that far included, by (d², id).
    ///
    /// O(log n + m log m) for m of them.
    ///
    /// # Errors
    /// [`QueryError::PointNotFinite`], [`QueryError::BadRadius`].
    pub fn within<'w>(
        &self,
        point: Vec3,
        radius: f32,
        limit: usize,
        filter: &Filter,
        work: &'w mut Workspace,
    ) -> Result<&'w [Found], QueryError> {
        let Workspace { tree, found, .. } = work;
        let hits = select!(self, filter, |select| if limit <= FEW {
            self.index.nearest_within(point, limit, radius, select, tree)?
        } else {
            self.index.within(point, radius, select, tree)?
        });
        self.name_hits(&hits[..limit.min(hits.len())], found);
        Ok(found)
    }

    /// [`nearest`](Self::nearest) for each of `points`; each answer goes to `each` with the index of
    /// its point, near points after each other.
    ///
    /// # Errors
    /// [`QueryError::PointNotFinite`] for the first point that is not; then none was asked.
    pub fn nearest_each(
        &self,
        points: &[Vec3],
        limit: usize,
        filter: &Filter,
        work: &mut Workspace,
        mut each: impl FnMut(usize, &[Found]),
    ) -> Result<(), QueryError> {
        let Workspace { tree, found, .. } = work;
        select!(self, filter, |select| self.index.nearest_each(
            points,
            limit,
            select,
            tree,
            |at, hits| {
                self.name_hits(hits, found);
                each(at, found);
            }
        ))
    }

    /// [`within`](Self::within) for each of `points`, as [`nearest_each`](Self::nearest_each).
    ///
    /// # Errors
    /// [`QueryError::PointNotFinite`] for the first point that is not, [`QueryError::BadRadius`];
    /// then none was asked.
    pub fn within_each(
        &self,
        points: &[Vec3],
        radius: f32,
        limit: usize,
        filter: &Filter,
        work: &mut Workspace,
        mut each: impl FnMut(usize, &[Found]),
    ) -> Result<(), QueryError> {
        let Workspace { tree, found, .. } = work;
        select!(self, filter, |select| self.index.within_each(
            points,
            radius,
            select,
            tree,
            |at, hits| {
                self.name_hits(&hits[..limit.min(hits.len())], found);
                each(at, found);
            }
        ))
    }

    /// The objects whose world boxes have a point in common with `bounds`, boundaries included, by
    /// id.
    ///
    /// O(log n + m log m) for m of them, whatever the limit.
    pub fn in_box<'w>(
        &self,
        bounds: &Aabb,
        limit: usize,
        filter: &Filter,
        work: &'w mut Workspace,
    ) -> &'w [ObjectId] {
        let Workspace { tree, ids, .. } = work;
        let slots = select!(self, filter, |select| self.index.in_box(bounds, select, tree));
        self.identify(slots, limit, ids);
        ids
    }

    /// The objects whose world boxes overlap `region` by [`OrientedBox::overlaps`], by id; as
    /// [`in_box`](Self::in_box). One that passes an edge closely may be among them.
    pub fn in_oriented_box<'w>(
        &self,
        region: &OrientedBox,
        limit: usize,
        filter: &Filter,
        work: &'w mut Workspace,
    ) -> &'w [ObjectId] {
        self.in_region(&Region::OrientedBox(*region), limit, filter, work)
    }

    /// The objects whose world boxes overlap `region` by [`Frustum::overlaps`], by id; as
    /// [`in_box`](Self::in_box). One that passes an edge closely may be among them, as a renderer
    /// expects.
    pub fn in_frustum<'w>(
        &self,
        region: &Frustum,
        limit: usize,
        filter: &Filter,
        work: &'w mut Workspace,
    ) -> &'w [ObjectId] {
        self.in_region(&Region::Frustum(*region), limit, filter, work)
    }

    /// The objects whose world boxes overlap any kind of `region` by [`Region::overlaps`], by id; as
    /// [`in_box`](Self::in_box), times the corners of a prism.
    pub fn in_region<'w>(
        &self,
        region: &Region,
        limit: usize,
        filter: &Filter,
        work: &'w mut Workspace,
    ) -> &'w [ObjectId] {
        let Workspace { tree, ids, .. } = work;
        let slots = select!(self, filter, |select| self.index.in_region(region, select, tree));
        self.identify(slots, limit, ids);
        ids
    }

    /// The first object whose world box `ray` enters within `reach_m` metres (which may be
    /// infinite), by [`Ray::enters`]; of those at one distance the one of the least id.
    ///
    /// # Errors
    /// [`QueryError::BadReach`].
    pub fn ray(
        &self,
        ray: &Ray,
        reach_m: f32,
        filter: &Filter,
        work: &mut Workspace,
    ) -> Result<Option<RayFound>, QueryError> {
        let hit =
            select!(self, filter, |select| self.index.ray(ray, reach_m, select, &mut work.tree)?);
        Ok(hit.map(|hit| RayFound { id: self.table.id(hit.slot), distance_m: hit.distance_m }))
    }

    /// The objects whose world boxes `ray` enters within `reach_m` metres (which may be infinite),
    /// by (distance, id).
    ///
    /// # Errors
    /// [`QueryError::BadReach`].
    pub fn ray_all<'w>(
        &self,
        ray: &Ray,
        reach_m: f32,
        limit: usize,
        filter: &Filter,
        work: &'w mut Workspace,
    ) -> Result<&'w [RayFound], QueryError> {
        let Workspace { tree, rays, .. } = work;
        let hits = select!(self, filter, |select| self
            .index
            .ray_all(ray, reach_m, limit, select, tree)?);
        rays.clear();
        rays.extend(
            hits.iter()
                .map(|hit| RayFound { id: self.table.id(hit.slot), distance_m: hit.distance_m }),
        );
        Ok(rays)
    }

    /// The objects that `filter` accepts, wherever they are, by slot.
    ///
    /// A pass over all slots: 16 bytes each.
    pub fn by_class<'w>(
        &self,
        limit: usize,
        filter: &Filter,
        work: &'w mut Workspace,
    ) -> &'w [ObjectId] {
        work.ids.clear();
        let all = self.table.live().filter(|(_, head)| filter.accepts(head.class));
        work.ids.extend(all.take(limit).map(|(slot, _)| self.table.id(slot)));
        &work.ids
    }

    /// The object that `id` names, also by an alias; `None` where it is not there. A copy, its
    /// attributes shared. Constant time.
    #[must_use]
    pub fn object(&self, id: ObjectId) -> Option<Object> {
        self.table.object(self.resolve(id)?.slot())
    }

    /// The id under which the object that `id` names is there: another than `id` where it was
    /// merged; `None` where it is not there.
    #[must_use]
    pub fn resolve(&self, id: ObjectId) -> Option<ObjectId> {
        if self.table.find(id).is_some() {
            return Some(id);
        }
        let id = self.aliases.resolve(id);
        self.table.find(id).map(|_| id)
    }

    /// Where an object is in the world; `None` where it is not there. Constant time.
    #[must_use]
    pub fn world_pose(&self, id: ObjectId) -> Option<Pose> {
        let id = self.resolve(id)?;
        let head = self.table.find(id)?;
        let pose = self.table.record(id.slot(), head)?.pose;
        let frame = self.frames.world(head.frame);
        if frame == Pose::IDENTITY {
            return Some(pose);
        }
        let (position, orientation) = place(&frame, &pose);
        Pose::new(position, orientation).ok()
    }

    /// The box along the world's axes around an object; `None` where it is not there. Constant time.
    #[must_use]
    pub fn world_box(&self, id: ObjectId) -> Option<Aabb> {
        let id = self.resolve(id)?;
        let head = self.table.find(id)?;
        let record = self.table.record(id.slot(), head)?;
        Some(record_box(&self.frames.world(head.frame), record))
    }

    /// The text by which an imported map knew an object.
    #[must_use]
    pub fn name(&self, id: ObjectId) -> Option<&'a str> {
        let id = self.resolve(id)?;
        self.table.name(id.slot()).map(|name| &**name)
    }

    /// All objects, by slot.
    pub fn objects(&self) -> impl Iterator<Item = Object> + use<'a> {
        let table = self.table;
        table.live().filter_map(move |(slot, _)| table.object(slot))
    }

    /// The class of a label; `None` where no object ever had it. O(log n).
    #[must_use]
    pub fn class(&self, label: &str) -> Option<ClassId> {
        self.classes.find(label)
    }

    /// The label of a class.
    #[must_use]
    pub fn label(&self, class: ClassId) -> Option<&'a str> {
        self.classes.label(class).map(|label| &**label)
    }

    /// All labels in the order of their classes' numbers.
    pub fn labels(&self) -> impl ExactSizeIterator<Item = &'a str> + use<'a> {
        self.classes.labels().iter().map(|label| &**label)
    }

    /// A frame; `None` for the world's, and where it is not there. Constant time.
    #[must_use]
    pub fn frame(&self, id: FrameId) -> Option<&'a Frame> {
        self.frames.frame(id).map(|frame| &**frame)
    }

    /// The frame of a name that is not empty. A look at every frame.
    #[must_use]
    pub fn find_frame(&self, name: &str) -> Option<FrameId> {
        let named = |frame: &&Frame| !name.is_empty() && &*frame.name == name;
        self.frames().find(named).map(|frame| frame.id)
    }

    /// All frames but the world's, by id.
    pub fn frames(&self) -> impl Iterator<Item = &'a Frame> + use<'a> {
        self.frames.iter().map(|frame| &**frame)
    }

    /// Where a frame is in the world; `None` where it is not there. Constant time.
    #[must_use]
    pub fn frame_pose(&self, id: FrameId) -> Option<Pose> {
        if id != FrameId::WORLD {
            self.frames.frame(id)?;
        }
        Some(self.frames.world(id))
    }

    /// An area; `None` where it is not there. O(log n).
    #[must_use]
    pub fn area(&self, id: AreaId) -> Option<&'a Area> {
        self.areas.find(id).map(|area| &**area)
    }

    /// All areas, by id.
    pub fn areas(&self) -> impl Iterator<Item = &'a Area> + use<'a> {
        self.areas.iter().map(|area| &**area)
    }

    fn name_hits(&self, hits: &[bvh::Hit], found: &mut Vec<Found>) {
        found.clear();
        found.extend(hits.iter().map(|hit| Found {
            id: self.table.id(hit.slot),
            distance_squared: hit.distance_squared,
        }));
    }

    fn identify(&self, slots: &[u32], limit: usize, ids: &mut Vec<ObjectId>) {
        ids.clear();
        ids.extend(slots.iter().take(limit).map(|&slot| self.table.id(slot)));
    }
}
