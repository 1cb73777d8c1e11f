//! What a mesh is: its account, its hash, its configuration.
#![expect(unsafe_code, reason = "exports have C names")]

use core::ffi::c_char;

use xrmesh::{Counters, DropReason};

use crate::fence::{fence, fence_anywhere};
use crate::handle::xrmesh_mesh;
use crate::mesh::object;
use crate::pointer::extensible;
use crate::status::*;

/// The target (a topic, a sphere, the linked neighbours…) held no agent.
pub const XRMESH_DROP_NO_RECEIVER: u32 = 0;
/// The target's id names no living agent.
pub const XRMESH_DROP_UNKNOWN_TARGET: u32 = 1;
/// The receiver was despawned while the message waited for it.
pub const XRMESH_DROP_DESPAWNED: u32 = 2;
/// The receiver's mailbox was full.
pub const XRMESH_DROP_MAILBOX_FULL: u32 = 3;
/// The receiver's mailbox was full, and this message gave way to a newcomer.
pub const XRMESH_DROP_DISPLACED: u32 = 4;
/// The deadline passed before the receiver could run.
pub const XRMESH_DROP_EXPIRED_DEADLINE: u32 = 5;
/// It was forwarded as often as its hops allow.
pub const XRMESH_DROP_EXPIRED_HOPS: u32 = 6;
/// The receiver's breaker is open.
pub const XRMESH_DROP_TRIPPED: u32 = 7;
/// The receiver panicked on this message.
pub const XRMESH_DROP_PANICKED: u32 = 8;
/// It asked for retries and all of its attempts failed.
pub const XRMESH_DROP_RETRIES_EXHAUSTED: u32 = 9;
/// An answer to a question that had timed out or been answered.
pub const XRMESH_DROP_LATE_ANSWER: u32 = 10;
/// The receiver is quarantined.
pub const XRMESH_DROP_QUARANTINED: u32 = 11;
/// The receiver's mailbox was reset.
pub const XRMESH_DROP_MAILBOX_RESET: u32 = 12;
/// Places for reasons in xrmesh_counters; those that have no reason yet are 0.
pub const XRMESH_DROP_REASONS: u32 = 32;

const _: () = assert!(DropReason::ALL.len() <= XRMESH_DROP_REASONS as usize);

/// The account of messages, one for each receiver: sent = delivered + pending + all that is dropped.
/// Fill it by `xrmesh_counters_default`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct xrmesh_counters {
    /// The size of this struct.
    pub struct_size: u32,
    /// Agents that live.
    pub agents: u32,
    /// Messages that the mesh took on.
    pub sent: u64,
    /// Messages whose receiver's handler ran.
    pub delivered: u64,
    /// Messages that wait.
    pub pending: u64,
    /// Messages dropped, by XRMESH_DROP_*.
    pub dropped: [u64; 32],
    /// Vectors that agents submitted to processors: answered + refused + pending.
    pub inferences_submitted: u64,
    /// Of them, those whose answers were sent.
    pub inferences_answered: u64,
    /// Those that their processor could not take.
    pub inferences_refused: u64,
    /// Those that wait for their batch.
    pub inferences_pending: u64,
    /// Batches that ran.
    pub inference_batches: u64,
    /// Bytes that all agents take with what the mesh keeps for each, without mail.
    pub agent_bytes: u64,
    /// Bytes of mail: what waits, and what is kept to be used again.
    pub mail_bytes: u64,
    /// Threads that run agents, the ticking one among them.
    pub workers: u32,
    /// Zero.
    pub reserved: u32,
}

extensible!(xrmesh_counters);

impl xrmesh_counters {
    const EMPTY: Self = Self {
        struct_size: size_of::<Self>() as u32,
        agents: 0,
        sent: 0,
        delivered: 0,
        pending: 0,
        dropped: [0; 32],
        inferences_submitted: 0,
        inferences_answered: 0,
        inferences_refused: 0,
        inferences_pending: 0,
        inference_batches: 0,
        agent_bytes: 0,
        mail_bytes: 0,
        workers: 0,
        reserved: 0,
    };

    pub(crate) fn of(mesh: &xrmesh::Mesh) -> Self {
        let (counters, inferences): (Counters, _) = (mesh.counters(), mesh.inferences());
        let mut filled = Self {
            agents: mesh.agents(),
            sent: counters.sent(),
            delivered: counters.delivered(),
            pending: counters.pending(),
            inferences_submitted: inferences.submitted,
            inferences_answered: inferences.answered,
            inferences_refused: inferences.refused,
            inferences_pending: inferences.pending,
            inference_batches: inferences.batches,
            agent_bytes: mesh.agent_bytes() as u64,
            mail_bytes: mesh.mail_bytes() as u64,
            workers: mesh.workers() as u32,
            ..Self::EMPTY
        };
        for (reason, count) in counters.dropped_by_reason() {
            if let Some(place) = filled.dropped.get_mut(usize::from(reason.code())) {
                *place = count;
            }
        }
        filled
    }
}

/// Fills the counters with zeros and their size. NULL is let be.
///
/// Any thread, also in callbacks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_counters_default(counters: *mut xrmesh_counters) {
    fence_anywhere!(
        quiet | caller | {
            caller.out(counters, "counters")?.set(xrmesh_counters::EMPTY);
            Ok(XRMESH_OK)
        }
    );
}

/// The account of all messages and inferences so far.
///
/// One at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_STRUCT_SIZE,
/// XRMESH_ERROR_BUSY, XRMESH_ERROR_DRIVEN, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_mesh_counters(
    mesh: xrmesh_mesh,
    counters: *mut xrmesh_counters,
) -> xrmesh_status {
    fence!(|caller| {
        let out = caller.out_extensible(counters)?;
        object::with(mesh, |mesh| {
            out.set(xrmesh_counters::of(mesh));
            Ok(XRMESH_OK)
        })
    })
}

/// The hash of everything that decides what the mesh does next: equal inputs give equal hashes after
/// every tick, on any number of workers and any machine.
///
/// One at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_BUSY,
/// XRMESH_ERROR_DRIVEN, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_mesh_state_hash(
    mesh: xrmesh_mesh,
    hash: *mut u64,
) -> xrmesh_status {
    fence!(|caller| {
        let hash = caller.out(hash, "hash")?;
        object::with(mesh, |mesh| {
            hash.set(mesh.state_hash());
            Ok(XRMESH_OK)
        })
    })
}

/// The mesh's configuration with all its keys, as one line of JSON without a zero at its end. `text_len`
/// gets its bytes.
///
/// One at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_BUFFER_TOO_SMALL,
/// XRMESH_ERROR_ZERO_CAPACITY, XRMESH_ERROR_BUSY, XRMESH_ERROR_DRIVEN, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_mesh_config(
    mesh: xrmesh_mesh,
    text: *mut c_char,
    capacity: u32,
    text_len: *mut u32,
) -> xrmesh_status {
    fence!(|caller| {
        object::with(mesh, |mesh| {
            let config = mesh.config().to_json()?;
            caller.write_all(text.cast::<u8>(), capacity, text_len, config.as_bytes(), "text")
        })
    })
}
