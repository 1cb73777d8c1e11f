//! Every query.

use super::alias::Aliases;
use super::area::Areas;
use super::class::Classes;
use super::filter::Filter;
use super::frame_image::FrameImage;
use super::object::ObjectId;
use super::select::{Any, OfClass, select};
use super::table::TableView;
use super::workspace::{Found, RayFound, Workspace};
use crate::space::bvh::{self, QueryError};
use crate::space::{Aabb, Frustum, OrientedBox, Ray, Region, Vec3};

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

/// Up to here, a search for the first hits costs less than all hits sorted.
pub(super) const FEW: usize = 48;

impl MemoryView<'_> {
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
        let slots =
            select!(self, filter, |select| self.index.in_box_first(bounds, limit, select, tree));
        self.identify(slots, ids);
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
        let slots =
            select!(self, filter, |select| self.index.in_region_first(region, limit, select, tree));
        self.identify(slots, ids);
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
    /// A look at the heads, of 16 bytes each, of the blocks of 256 slots in which there is any: for a few
    /// objects among a million some microseconds, for all of them a pass over all slots.
    pub fn by_class<'w>(
        &self,
        limit: usize,
        filter: &Filter,
        work: &'w mut Workspace,
    ) -> &'w [ObjectId] {
        let Workspace { ids, blocks, .. } = work;
        ids.clear();
        if filter.is_all() {
            ids.extend(self.table.live().take(limit).map(|(slot, head)| head.id(slot)));
        } else if limit > 0 {
            self.table.each_of(filter, blocks, |slot, head| {
                ids.push(head.id(slot));
                ids.len() < limit
            });
        }
        ids
    }

    pub(super) fn name_hits(&self, hits: &[bvh::Hit], found: &mut Vec<Found>) {
        found.clear();
        found.extend(hits.iter().map(|hit| Found {
            id: self.table.id(hit.slot),
            distance_squared: hit.distance_squared,
        }));
    }

    pub(super) fn identify(&self, slots: &[u32], ids: &mut Vec<ObjectId>) {
        ids.clear();
        ids.extend(slots.iter().map(|&slot| self.table.id(slot)));
    }

    pub(super) fn name_rays(&self, hits: &[bvh::RayHit], rays: &mut Vec<RayFound>) {
        rays.clear();
        rays.extend(
            hits.iter()
                .map(|hit| RayFound { id: self.table.id(hit.slot), distance_m: hit.distance_m }),
        );
    }
}
