//! The peers. One file each; a new one is a file and a line in [`PEERS`].

mod actix;
mod bevy;
mod inboxes;
mod kameo;
mod queues;
mod ractor;
mod tokio;
mod xtra;

use crate::harness::Peer;

/// All peers, in the order of their turns.
pub const PEERS: &[&Peer] = &[
    &tokio::PEER,
    &ractor::PEER,
    &kameo::PEER,
    &actix::PEER,
    &xtra::PEER,
    &bevy::PEER,
    &inboxes::PEER,
    &inboxes::PEER_ON_TWO_THREADS,
    &queues::ARRAY_QUEUE,
    &queues::CROSSBEAM_CHANNEL,
    &queues::CROSSBEAM_CHANNEL_INLINE,
    &queues::KANAL,
    &queues::FLUME,
    &queues::RTRB,
];
