//! The frames of one mesh: one, or one for each shard.
#![expect(unsafe_code, reason = "shards fill their frames at the same time")]

use core::cell::UnsafeCell;
use std::sync::Arc;

use xrmesh::{Context, Envelope, Mesh, Replay};

use super::frame::{Frame, Limits};
use crate::callback::agent::LastFunctions;
use crate::message::xrmesh_message;
use crate::sync::{AtomicU32, Ordering};

/// Where the host's agents of one mesh put what they get.
///
/// Access is exclusive by two rules:
/// 1. A handler has its shard's [`Context`] by `&mut`, of which there is one at a time for a shard;
///    it reaches the frame of that shard alone. With one frame for all shards the mesh has one
///    worker, so only one handler runs at a time.
/// 2. Everybody else has the [`Mesh`] by `&mut`, or the replay that has it, so no handler runs.
///
/// Both hold because a `Frames` is shared by one mesh and its own agents only: they are spawned from
/// the factory that `register` put into that mesh.
pub(crate) struct Frames {
    frames: Box<[UnsafeCell<Frame>]>,
    /// Messages and bytes, as in [`Limits`].
    limits: [AtomicU32; 2],
    /// What agents with callbacks share.
    pub(crate) functions: LastFunctions,
}

/// What has a mesh: who has it by `&mut` runs no handler of it meanwhile.
pub(crate) trait Runs {}
impl Runs for Mesh {}
impl<R> Runs for Replay<R> {}

// SAFETY: the frames are plain memory, and accesses are exclusive by the rules above.
unsafe impl Sync for Frames {}

impl Frames {
    /// For a mesh with that many workers.
    pub(crate) fn new(workers: u32, limits: Limits) -> Arc<Self> {
        let count = if workers > 1 { Context::MOST_SHARDS } else { 1 };
        let frames = (0..count).map(|_| UnsafeCell::new(Frame::default())).collect();
        let limits = [AtomicU32::new(limits.messages), AtomicU32::new(limits.bytes)];
        Arc::new(Self { frames, limits, functions: LastFunctions::default() })
    }

    /// From the next tick on the frames hold that much.
    pub(crate) fn limit(&self, _of: &mut impl Runs, to: Limits) {
        self.limits[0].store(to.messages, Ordering::Relaxed);
        self.limits[1].store(to.bytes, Ordering::Relaxed);
    }

    /// Relaxed: they change between ticks only, and whoever begins a tick synchronises with its workers.
    fn limits(&self) -> Limits {
        let [messages, bytes] = &self.limits;
        Limits { messages: messages.load(Ordering::Relaxed), bytes: bytes.load(Ordering::Relaxed) }
    }

    /// Takes in what a handler got.
    #[inline]
    pub(crate) fn push(
        &self,
        context: &mut Context<'_>,
        envelope: &Envelope<'_>,
        ask: Option<u32>,
    ) {
        let to = context.id();
        self.of_handler(context, |frame, limits| frame.push(limits, to, envelope, ask));
    }

    /// Takes in what a handler says itself.
    #[cold]
    pub(crate) fn push_own(
        &self,
        context: &mut Context<'_>,
        message: xrmesh_message,
        bytes: &[u8],
    ) {
        self.of_handler(context, |frame, limits| frame.push_own(limits, message, bytes));
    }

    #[inline(always)]
    fn of_handler(&self, context: &mut Context<'_>, write: impl FnOnce(&mut Frame, Limits)) {
        let many = self.frames.len() > 1;
        let shard = if many { context.shard() as usize } else { 0 };
        if let Some(frame) = self.frames.get(shard) {
            // SAFETY: rule 1; `write` sees no `Frames`, so it cannot come here again.
            let frame = unsafe { &mut *frame.get() };
            if many {
                frame.begin_round(context.round());
            }
            write(frame, self.limits());
        }
    }

    /// The frame that all agents share; `None` if each shard has one. `of` is the mesh whose agents
    /// fill it.
    pub(crate) fn single<'a>(&'a self, of: &'a mut impl Runs) -> Option<&'a mut Frame> {
        let _ = of;
        match &*self.frames {
            // SAFETY: rule 2: the mesh stays borrowed as long as the frame is.
            [frame] => Some(unsafe { &mut *frame.get() }),
            _ => None,
        }
    }

    /// Moves all that waits into `to`, in the order of rounds and, in a round, of shards, which is that of
    /// one worker: two swaps where there is one frame, else a copy. `of` is the mesh whose agents fill them.
    pub(crate) fn take(&self, of: &mut impl Runs, to: &mut Frame) {
        if let Some(frame) = self.single(of) {
            if to.waiting() == 0 && frame.is_whole() {
                let lost = to.take_lost();
                to.clear();
                core::mem::swap(to, frame);
                to.add_lost(lost);
            } else {
                to.append(frame);
            }
            return;
        }
        let mut marks = [0_usize; Context::MOST_SHARDS as usize];
        // SAFETY: rule 2: `of` is borrowed for this call; one reference at a time.
        let frame = |shard: usize| unsafe { &mut *self.frames[shard].get() };
        let shards = 0..self.frames.len().min(marks.len());
        while let Some(round) =
            shards.clone().filter_map(|shard| frame(shard).round(marks[shard])).min()
        {
            for shard in shards.clone() {
                if frame(shard).round(marks[shard]) == Some(round) {
                    to.append_round(frame(shard), marks[shard]);
                    marks[shard] += 1;
                }
            }
        }
        for shard in shards {
            to.add_lost(frame(shard).take_lost());
            frame(shard).clear();
        }
    }
}

impl core::fmt::Debug for Frames {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Frames").field("limits", &self.limits()).finish_non_exhaustive()
    }
}

/// The type that hosts' agents are registered as.
pub(crate) const HOST_TYPE: &str = "xrmesh.host";
