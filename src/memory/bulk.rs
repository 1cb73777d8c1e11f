//! Many objects at once.
//!
//! Objects go through in chunks: while one thread puts a chunk into the table, another encodes the next one
//! for the store. A chunk is applied once the store has taken it, so what memory and store hold is the same
//! at every end; the index takes all of them together later.

use super::journal::Journal;
use super::new_object::NewObject;
use super::object::{Object, ObjectId};
use super::spatial_memory::SpatialMemory;
use super::state::State;
use super::write_error::WriteError;

/// So many objects are a chunk: few enough that they stay in a cache between the two threads.
const CHUNK: usize = 1_024;

/// Fewer objects than this are not worth a second thread.
const ALONE: usize = 8 * CHUNK;

/// An object on its way, and its name.
type Put<'a> = (Object, Option<&'a str>);

impl SpatialMemory {
    /// Puts objects, which were checked, under ids that are theirs.
    ///
    /// # Errors
    /// What the store says; the objects before the one that it refused are there.
    pub(super) fn put_all(
        &mut self,
        ids: &[ObjectId],
        objects: &[NewObject],
    ) -> Result<(), WriteError> {
        let mut puts = ids.iter().zip(objects);
        if self.journal.is_none() || objects.len() < ALONE {
            return puts.try_for_each(|(&id, object)| {
                let (object, name) = stored(id, object)?;
                self.commit_put(object, name)
            });
        }
        self.touches += objects.len() as u64;
        let Some(mut journal) = self.journal.take() else { return Ok(()) };
        let state = &mut self.state;
        let mut run = || {
            let (mut now, mut next) = (Vec::with_capacity(CHUNK), Vec::with_capacity(CHUNK));
            loop {
                let (applied, taken) = rayon::join(
                    || apply(state, &mut now),
                    || take(&mut journal, &mut puts, &mut next),
                );
                applied?;
                if taken.is_err() || next.is_empty() {
                    // What the store took before it refused is not taken back.
                    apply(state, &mut next)?;
                    return taken;
                }
                core::mem::swap(&mut now, &mut next);
            }
        };
        // All of it on rayon's threads: to enter them for each chunk would cost more than a chunk.
        let (put, ()) = rayon::join(&mut run, || ());
        self.journal = Some(journal);
        put
    }

    /// Puts one object, which was checked.
    #[inline]
    pub(super) fn commit_put(
        &mut self,
        object: Object,
        name: Option<&str>,
    ) -> Result<(), WriteError> {
        self.touches += 1;
        match &mut self.journal {
            None => self.sequence.0 += 1,
            Some(journal) => {
                journal.append_put(&object, name)?;
            }
        }
        Ok(self.state.apply_put(object, name)?)
    }
}

/// The object as it is kept.
pub(super) fn stored(id: ObjectId, object: &NewObject) -> Result<Put<'_>, WriteError> {
    let stored = Object {
        id,
        class: object.class,
        pose: object.pose.parsed()?,
        half_extents: object.half_extents,
        velocity: object.velocity,
        confidence: object.confidence,
        persistence: object.persistence,
        first_seen: object.first_seen,
        last_seen: object.last_seen,
        frame: object.frame,
        attributes: object.attributes.clone(),
    };
    Ok((stored, object.name.as_deref()))
}

/// Lets the store take the next chunk, and puts what it took into `chunk`.
fn take<'a>(
    journal: &mut Journal,
    puts: &mut impl Iterator<Item = (&'a ObjectId, &'a NewObject)>,
    chunk: &mut Vec<Put<'a>>,
) -> Result<(), WriteError> {
    for (&id, object) in puts.take(CHUNK) {
        let put = stored(id, object)?;
        journal.append_put(&put.0, put.1)?;
        chunk.push(put);
    }
    Ok(())
}

fn apply(state: &mut State, chunk: &mut Vec<Put<'_>>) -> Result<(), WriteError> {
    for (object, name) in chunk.drain(..) {
        state.apply_put(object, name)?;
    }
    Ok(())
}
