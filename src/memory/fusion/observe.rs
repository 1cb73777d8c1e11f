//! A batch of observations, taken into a memory.

use super::assign::Assigner;
use super::duplicates::Duplicates;
use super::estimate::{Sighting, Track, predicted};
use super::gate;
use super::observation::{Fused, How, Observation, ObserveError};
use super::options::ClassOptions;
use crate::memory::apply::{is_extent, is_unit};
use crate::memory::change::{Change, Removal};
use crate::memory::class::ClassId;
use crate::memory::extent::{place, world_box};
use crate::memory::frame::FrameId;
use crate::memory::object::{Object, ObjectId};
use crate::memory::record::Record;
use crate::memory::spatial_memory::SpatialMemory;
use crate::memory::state::State;
use crate::memory::write_error::WriteError;
use crate::space::bvh::{Accepting, Workspace};
use crate::space::{Aabb, Pose, PoseError, Vec3};
use crate::time::Time;

/// The most observations of one batch.
const MAX_BATCH: usize = 1 << 16;

/// The most objects that an observation may be of: those that fit it best. More than four things of
/// a class within a gate of each other are a crowd, in which the ninth best is never the one.
const MAX_CANDIDATES: usize = 16;

/// What fusion keeps from one batch to the next: the options, the pairs that may be duplicates, and
/// memory.
#[derive(Debug, Default)]
pub(in crate::memory) struct Fusion {
    /// By class; the default beyond.
    options: Vec<ClassOptions>,
    duplicates: Duplicates,
    assigner: Assigner,
    sights: Vec<Sight>,
    candidates: Vec<Candidate>,
    /// The slots that observations compete for, sorted.
    columns: Vec<u32>,
    /// The objects that were observed, sorted.
    observed: Vec<ObjectId>,
    merges: Vec<(ObjectId, ObjectId)>,
    fused: Vec<Fused>,
    work: Workspace,
}

/// An observation on its way.
#[derive(Clone, Copy, Debug)]
struct Sight {
    /// In the world.
    position: Vec3,
    bounds: Aabb,
    /// In the frame of the object, once that is known; until then as it was given.
    pose: Pose,
    object: Option<ObjectId>,
    how: How,
    /// Its candidates end here; they begin where those of the one before end.
    end: usize,
}

/// An object that an observation may be of.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    slot: u32,
    cost: u32,
    distance_squared: f32,
}

impl SpatialMemory {
    /// Says how objects of `class` are fused and aged from now on. Not part of a store: a host says it
    /// again after it opened one.
    ///
    /// # Errors
    /// [`WriteError::ClassAbsent`]; [`WriteError::ClassOptions`] for a number out of its range.
    pub fn set_class_options(
        &mut self,
        class: ClassId,
        options: ClassOptions,
    ) -> Result<(), WriteError> {
        let at = usize::from(class.index());
        if at >= self.state.classes.len() {
            return Err(WriteError::ClassAbsent { class });
        }
        options.check()?;
        let all = &mut self.fusion.options;
        let len = all.len().max(at + 1);
        all.resize(len, ClassOptions::default());
        all[at] = options;
        self.touches += 1;
        Ok(())
    }

    /// How objects of `class` are fused and aged.
    #[must_use]
    pub fn class_options(&self, class: ClassId) -> ClassOptions {
        self.fusion.options(class)
    }

    /// Takes in what detectors saw at `now`, and says of each observation, in their order, what became
    /// of it.
    ///
    /// An observation that names an object is of that object. The others are assigned together, each to
    /// at most one object of its class and each object to at most one of them, by distance and overlap
    /// with where the objects are predicted to be, within the gate of the class
    /// ([`ClassOptions`]). What fits nothing becomes a new object. Two objects become one where one was
    /// seen where both are, and the other was not, often enough in a row: the older one stays.
    ///
    /// Where a new object comes to a full memory, the least persistent one leaves: see
    /// [`departures`](Self::departures).
    ///
    /// While a large correction of a frame is under way, objects are looked for where readers see
    /// them; so observations are best given in the frame that their objects hang on.
    ///
    /// O(m · (log n + c)) for m observations with c objects of their class around each.
    ///
    /// ```
    /// use std::time::Duration;
    /// use xrmesh::memory::{How, MemoryConfig, Observation, SpatialMemory};
    /// use xrmesh::{Pose, Time, Vec3};
    ///
    /// let mut memory = SpatialMemory::new(MemoryConfig::default())?;
    /// let chair = memory.class("chair")?;
    /// let at = |x: f32| Pose::at(Vec3::new(x, 0.0, 0.0));
    /// let (now, later) = (Time::ZERO, Time::ZERO + Duration::from_millis(33));
    ///
    /// let two = [Observation::new(chair, at(0.0)?), Observation::new(chair, at(0.6)?)];
    /// let first = memory.observe(&two, now)?.to_vec();
    /// assert!(first.iter().all(|fused| fused.how == How::Created));
    ///
    /// // In any order, a little off, they are the same two.
    /// let again = [Observation::new(chair, at(0.55)?), Observation::new(chair, at(0.04)?)];
    /// let fused = memory.observe(&again, later)?;
    /// assert_eq!((fused[0].id, fused[1].id), (first[1].id, first[0].id));
    /// assert_eq!(memory.len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`ObserveError`]; then nothing has changed, but for [`ObserveError::Write`].
    pub fn observe(
        &mut self,
        observations: &[Observation],
        now: Time,
    ) -> Result<&[Fused], ObserveError> {
        self.touches += 1;
        self.state.settle();
        let mut fusion = core::mem::take(&mut self.fusion);
        let taken = fusion.take_in(self, observations, now);
        self.fusion = fusion;
        taken?;
        Ok(&self.fusion.fused)
    }

    /// What became of the observations of the last [`observe`](Self::observe), in their order: also
    /// where they came by a [`MemoryCommand`](crate::memory::MemoryCommand), as in a mesh. None where
    /// they were refused.
    #[must_use]
    pub fn fused(&self) -> &[Fused] {
        &self.fusion.fused
    }
}

impl Fusion {
    pub(in crate::memory) fn options(&self, class: ClassId) -> ClassOptions {
        self.options.get(usize::from(class.index())).copied().unwrap_or_default()
    }

    fn take_in(
        &mut self,
        memory: &mut SpatialMemory,
        observations: &[Observation],
        now: Time,
    ) -> Result<(), ObserveError> {
        self.fused.clear();
        self.parse(&memory.state, observations)?;
        self.look_around(&memory.state, observations, now);
        self.assign(&memory.state);
        self.bring_into_frames(&memory.state, observations)?;
        let new = self.sights.iter().filter(|sight| sight.object.is_none()).count();
        memory.check_room(new)?;
        // From here on nothing is refused.
        for (at, observation) in observations.iter().enumerate() {
            self.update(memory, at, observation, now)?;
        }
        for (at, observation) in observations.iter().enumerate() {
            self.create(memory, at, observation, now)?;
        }
        self.merge_duplicates(memory)?;
        let sights = self.sights.iter();
        self.fused
            .extend(sights.filter_map(|sight| Some(Fused { id: sight.object?, how: sight.how })));
        Ok(())
    }

    /// Checks the batch, and places it in the world.
    fn parse(&mut self, state: &State, observations: &[Observation]) -> Result<(), ObserveError> {
        self.sights.clear();
        let (count, limit) = (observations.len(), MAX_BATCH);
        if count > limit {
            return Err(ObserveError::TooMany { count, limit });
        }
        for (index, observation) in observations.iter().enumerate() {
            let &Observation { class, frame, half_extents, confidence, .. } = observation;
            let pose = observation.pose.parsed();
            let pose = pose.map_err(|source| ObserveError::Pose { index, source })?;
            if !is_extent(half_extents) {
                return Err(ObserveError::HalfExtents { index, half_extents });
            }
            if !is_unit(confidence) {
                return Err(ObserveError::Confidence { index, confidence });
            }
            if usize::from(class.index()) >= state.classes.len() {
                return Err(ObserveError::Class { index, class });
            }
            let world = state.frames.world(frame).ok_or(ObserveError::Frame { index, frame })?;
            self.sights.push(Sight {
                position: place(&world, &pose).0,
                bounds: world_box(&world, &pose, half_extents),
                pose,
                object: observation.id.and_then(|id| state.resolve(id)),
                how: How::Updated,
                end: 0,
            });
        }
        Ok(())
    }

    /// Finds the objects that each observation may be of.
    fn look_around(&mut self, state: &State, observations: &[Observation], now: Time) {
        self.candidates.clear();
        let (table, index) = (state.table.view(), state.index.tiers().view());
        for (sight, observation) in self.sights.iter_mut().zip(observations) {
            let options = self
                .options
                .get(usize::from(observation.class.index()))
                .copied()
                .unwrap_or_default();
            // The index has objects where they were last seen: they are at most this far from there.
            let reach_m = options.max_speed_m_s * options.prediction.as_secs_f32();
            let select = Accepting(|slot| table.class(slot) == observation.class);
            let (at, radius) = (sight.position, options.gate_m + reach_m);
            // The point is finite and the radius positive, so there is an answer.
            let hits = index.within(at, radius, &select, &mut self.work).unwrap_or_default();
            let first = self.candidates.len();
            for hit in hits {
                let head = table.head(hit.slot);
                let Some(record) = table.record(hit.slot, head) else { continue };
                let Some(world) = state.frames.world(head.frame) else { continue };
                let Ok(pose) = predicted_pose(record, now, &options) else { continue };
                let (position, bounds) =
                    (place(&world, &pose).0, world_box(&world, &pose, record.half_extents));
                let existence = record.persistence * observation.confidence;
                let cost = gate::cost(at, &sight.bounds, position, &bounds, existence, &options);
                let Some(cost) = cost else { continue };
                let distance_squared = at.distance_squared(position);
                self.candidates.push(Candidate { slot: hit.slot, cost, distance_squared });
            }
            if self.candidates.len() - first > MAX_CANDIDATES {
                self.candidates[first..].sort_unstable_by_key(|one| (one.cost, one.slot));
                self.candidates.truncate(first + MAX_CANDIDATES);
            }
            sight.end = self.candidates.len();
        }
    }

    /// Gives the observations of unknown identity their objects.
    fn assign(&mut self, state: &State) {
        let table = state.table.view();
        self.observed.clear();
        self.observed.extend(self.sights.iter().filter_map(|sight| sight.object));
        self.observed.sort_unstable();
        self.columns.clear();
        self.columns.extend(self.candidates.iter().map(|candidate| candidate.slot));
        self.columns.sort_unstable();
        self.columns.dedup();
        // What is known to be of another observation is not competed for.
        let observed = &self.observed;
        self.columns.retain(|&slot| observed.binary_search(&table.id(slot)).is_err());
        self.assigner.clear();
        let mut start = 0;
        for sight in &self.sights {
            let candidates = &self.candidates[start..sight.end];
            start = sight.end;
            if sight.object.is_none() {
                for candidate in candidates {
                    if let Ok(column) = self.columns.binary_search(&candidate.slot) {
                        self.assigner.pair(column as u32, candidate.cost);
                    }
                }
            }
            self.assigner.end_row();
        }
        self.assigner.solve(self.columns.len() as u32);
        for (row, sight) in self.sights.iter_mut().enumerate() {
            if let Some(&slot) =
                self.assigner.column(row).and_then(|column| self.columns.get(column as usize))
            {
                sight.object = Some(table.id(slot));
            }
        }
    }

    /// Brings each observation into the frame of its object.
    fn bring_into_frames(
        &mut self,
        state: &State,
        observations: &[Observation],
    ) -> Result<(), ObserveError> {
        let table = state.table.view();
        for (index, (sight, observation)) in self.sights.iter_mut().zip(observations).enumerate() {
            if let Some(id) = sight.object {
                let pose =
                    into_frame(state, observation.frame, &sight.pose, table.frame(id.slot()));
                sight.pose = pose.map_err(|source| ObserveError::Pose { index, source })?;
            }
        }
        Ok(())
    }

    /// The observation is of a known object.
    fn update(
        &mut self,
        memory: &mut SpatialMemory,
        at: usize,
        observation: &Observation,
        now: Time,
    ) -> Result<(), WriteError> {
        let Sight { object: Some(id), pose, .. } = self.sights[at] else { return Ok(()) };
        let table = memory.state.table.view();
        let head = table.head(id.slot());
        let Some(record) = table.record(id.slot(), head) else { return Ok(()) };
        let seen = Sighting {
            pose,
            half_extents: observation.half_extents,
            confidence: observation.confidence,
        };
        let track = Track {
            pose: record.pose,
            half_extents: record.half_extents,
            velocity: record.velocity,
            confidence: record.confidence,
            persistence: record.persistence,
        };
        let last_seen = now.max(record.last_seen);
        let track = track.seen(&seen, now.since(record.last_seen), &self.options(head.class));
        memory.commit(&Change::Observe {
            id,
            pose: track.pose,
            half_extents: track.half_extents,
            velocity: track.velocity,
            confidence: track.confidence,
            persistence: track.persistence,
            last_seen,
        })
    }

    /// The observation is of something new.
    fn create(
        &mut self,
        memory: &mut SpatialMemory,
        at: usize,
        observation: &Observation,
        now: Time,
    ) -> Result<(), WriteError> {
        let Sight { object: None, pose, .. } = self.sights[at] else { return Ok(()) };
        let seen = Sighting {
            pose,
            half_extents: observation.half_extents,
            confidence: observation.confidence,
        };
        let track = Track::first(&seen, &self.options(observation.class));
        let id = memory.claim()?;
        let object = Object {
            id,
            class: observation.class,
            pose: track.pose,
            half_extents: track.half_extents,
            velocity: track.velocity,
            confidence: track.confidence,
            persistence: track.persistence,
            first_seen: now,
            last_seen: now,
            frame: observation.frame,
            attributes: observation.attributes.clone(),
        };
        memory.commit(&Change::Put { object: Box::new(object), name: None })?;
        self.sights[at].object = Some(id);
        self.sights[at].how = How::Created;
        Ok(())
    }

    /// Counts the objects that lie where others were observed, and merges what was for long enough.
    fn merge_duplicates(&mut self, memory: &mut SpatialMemory) -> Result<(), WriteError> {
        self.observed.clear();
        self.observed.extend(self.sights.iter().filter_map(|sight| sight.object));
        self.observed.sort_unstable();
        self.duplicates.begin();
        self.merges.clear();
        let table = memory.state.table.view();
        let mut start = 0;
        for sight in &self.sights {
            let candidates = &self.candidates[start..sight.end];
            start = sight.end;
            // What was new may have been pushed out by what came after it.
            let Some((seen, head)) = sight.object.and_then(|id| Some((id, table.find(id)?))) else {
                continue;
            };
            let options =
                self.options.get(usize::from(head.class.index())).copied().unwrap_or_default();
            let near = options.merge_distance_m * options.merge_distance_m;
            for candidate in candidates {
                let unseen = table.id(candidate.slot);
                let is_apart = options.merge_distance_m == 0.0 || candidate.distance_squared > near;
                if is_apart
                    || table.find(unseen).is_none_or(|other| other.class != head.class)
                    || self.observed.binary_search(&unseen).is_ok()
                {
                    continue;
                }
                if self.duplicates.count(seen, unseen) >= options.merge_after {
                    self.merges.push((seen, unseen));
                }
            }
        }
        for at in 0..self.merges.len() {
            let (seen, unseen) = self.merges[at];
            self.merge(memory, seen, unseen)?;
        }
        let table = memory.state.table.view();
        let observed = &self.observed;
        self.duplicates
            .end(|id| observed.binary_search(&id).is_ok(), |id| table.find(id).is_some());
        Ok(())
    }

    /// Makes one of two objects, of which the one was observed: the older one stays, where the
    /// observed one is.
    fn merge(
        &mut self,
        memory: &mut SpatialMemory,
        seen: ObjectId,
        unseen: ObjectId,
    ) -> Result<(), WriteError> {
        let state = &memory.state;
        let table = state.table.view();
        let (Some(seen_head), Some(unseen_head)) = (table.find(seen), table.find(unseen)) else {
            return Ok(());
        };
        let (Some(&now), Some(&before)) =
            (table.record(seen.slot(), seen_head), table.record(unseen.slot(), unseen_head))
        else {
            return Ok(());
        };
        let older = (before.first_seen, unseen) < (now.first_seen, seen);
        let pose = into_frame(state, seen_head.frame, &now.pose, unseen_head.frame);
        // Velocities are given in frames, too.
        let velocity = now.velocity.map(|velocity| {
            let turn = |frame| state.frames.world(frame).unwrap_or_default().orientation();
            turn(unseen_head.frame).conjugate().rotate(turn(seen_head.frame).rotate(velocity))
        });
        let (gone, stays) = match pose {
            Ok(pose) if older => {
                memory.commit(&Change::Observe {
                    id: unseen,
                    pose,
                    half_extents: now.half_extents,
                    velocity,
                    confidence: now.confidence,
                    persistence: now.persistence.max(before.persistence),
                    last_seen: now.last_seen,
                })?;
                (seen, unseen)
            }
            // The older one's frame is so far away that it has no pose there for what was observed.
            _ => (unseen, seen),
        };
        memory.commit(&Change::Remove { id: gone, cause: Removal::Merged { into: stays } })?;
        for sight in self.sights.iter_mut().filter(|sight| sight.object == Some(seen)) {
            sight.object = Some(stays);
            sight.how = How::Merged { gone };
        }
        Ok(())
    }
}

/// Where an object is at `now`, in its frame, should it go on as it moved.
fn predicted_pose(record: &Record, now: Time, options: &ClassOptions) -> Result<Pose, PoseError> {
    match record.velocity {
        None => Ok(record.pose),
        velocity => {
            let after = now.since(record.last_seen);
            let position = predicted(record.pose.position(), velocity, after, options);
            Pose::new(position, record.pose.orientation())
        }
    }
}

/// `pose`, given in frame `from`, in frame `to`.
fn into_frame(state: &State, from: FrameId, pose: &Pose, to: FrameId) -> Result<Pose, PoseError> {
    if from == to {
        return Ok(*pose);
    }
    let world = |frame| state.frames.world(frame).unwrap_or_default();
    world(to).inverse()?.compose(&world(from).compose(pose)?)
}
