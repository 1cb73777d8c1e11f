//! The peers. One file each; a new one is a file and a line in [`PEERS`].

mod actix;
mod bevy;
mod floor;
mod inboxes;
mod kameo;
mod queues;
mod ractor;
mod raw_lanes;
mod tokio;
mod xrmesh;
#[cfg(feature = "c")]
mod xrmesh_c;
mod xtra;

use crate::harness::Peer;

/// All peers, in the order of their turns.
pub const PEERS: &[&Peer] = &[
    &xrmesh::PEER,
    &xrmesh::ONE_WORKER,
    #[cfg(feature = "c")]
    &xrmesh_c::PEER,
    #[cfg(feature = "c")]
    &xrmesh_c::ONE_WORKER,
    &xrmesh::SHARED,
    &xrmesh::BASIC,
    &xrmesh::MAXIMUM,
    &xrmesh::TEN_PRIORITIES,
    &xrmesh::EXPLAIN,
    &xrmesh::LATE,
    &xrmesh::FORTY_BYTES,
    &xrmesh::RECORD,
    &xrmesh::RECORD_SPARSELY,
    &floor::PEER,
    &tokio::PEER,
    &ractor::PEER,
    &kameo::PEER,
    &actix::PEER,
    &xtra::PEER,
    &bevy::PEER,
    &inboxes::PEER,
    &inboxes::PEER_ON_TWO_THREADS,
    &raw_lanes::LANES,
    &raw_lanes::SHARED,
    &queues::ARRAY_QUEUE,
    &queues::CROSSBEAM_CHANNEL,
    &queues::CROSSBEAM_CHANNEL_INLINE,
    &queues::KANAL,
    &queues::FLUME,
    &queues::RTRB,
];
