//! The lock-free queues that carry commands from other threads into the mesh.
//!
//! Two shapes, one contract. [`spsc`] is a ring from one thread to the mesh: wait-free on both
//! sides, the fastest, one for each `Lane`. [`shared`] is a ring from any number of threads to the
//! mesh: lock-free for its senders, behind `MeshHandle`.
//!
//! 1. Bounded: a capacity is given once and kept exactly; the memory is reserved then and touched
//!    when first used. Nothing is allocated, locked or waited for afterwards.
//! 2. A full queue, and one whose consumer is gone, hands the value back.
//! 3. A batch is published at once and costs one claim: sending many at a time is several times
//!    cheaper than one by one.
//! 4. First in, first out, for each sender.
//! 5. What is in a queue when its last side goes is dropped, once.
//! 6. The queues do not wake anybody. Where the consumer sleeps, the sender follows its push with
//!    [`signal::Waker::wake`], once a batch, which costs a fence and a load while nobody sleeps.
//!
//! Each structure stands alone in its file with its protocol, its tests and its loom models;
//! [`slots`] holds the storage that both rings share.

pub(crate) mod refusal;
pub(crate) mod shared;
pub(crate) mod signal;
pub(crate) mod slots;
pub(crate) mod spsc;
