//! The ways of other threads into the mesh: handles on a shared queue, and lanes of their own.

use std::sync::Arc;

use crate::agent::slabs::{New, Newborn};
use crate::agent::{Agent, CommandError, SpawnOptions};
use crate::id::AgentId;
use crate::lane::refusal::PushError;
use crate::lane::signal::Waker;
use crate::lane::{shared, spsc};
use crate::mesh::config::LimitsConfig;
use crate::message::packet::{INLINE_BYTES, Packet};
use crate::message::{Body, Content, ContentError, Message, Payload, Target, Topic};
use crate::space::{Pose, Region};
use crate::sync::{AtomicUsize, Ordering};

/// Sends and commands from any thread; cheap to clone.
///
/// ```
/// # use xrmesh::{Agent, Budget, Config, Context, Envelope, Fault, Kind, Mesh, Message, Time};
/// # struct Sink;
/// # impl Agent for Sink {
/// #     fn on_message(&mut self, _: &mut Context<'_>, _: &Envelope<'_>) -> Result<(), Fault> { Ok(()) }
/// # }
/// let mut mesh = Mesh::new(Config::default())?;
/// let sink = mesh.spawn(Sink)?;
/// let handle = mesh.handle();
/// std::thread::spawn(move || handle.send(sink, Message::new(Kind::user(0)))).join().unwrap()?;
/// assert_eq!(mesh.tick(Time::ZERO, Budget::unlimited())?.delivered, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct MeshHandle {
    queue: shared::Sender<Entry>,
    gate: Arc<Gate>,
}

/// A thread's own way into the mesh: an exclusive queue, faster than the shared one.
#[derive(Debug)]
pub struct Lane {
    queue: spsc::Producer<Entry>,
    /// Behind the queue: fields go in this order, so the mesh wakes to a closed queue.
    gate: LaneGate,
}

/// A lane's share of the gate. Wakes a mesh that sleeps when the lane goes, for its place.
#[derive(Debug)]
struct LaneGate(Arc<Gate>);

impl core::ops::Deref for LaneGate {
    type Target = Gate;

    #[inline]
    fn deref(&self) -> &Gate {
        &self.0
    }
}

impl Drop for LaneGate {
    fn drop(&mut self) {
        self.0.waker.wake();
    }
}

/// Messages that are sent together. To be used again: sending leaves it empty, its memory kept.
#[derive(Debug, Default)]
pub struct Batch {
    entries: Vec<Entry>,
}

/// Why a handle or a lane refused. Nothing was sent, and the message is still the caller's.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum HandleError {
    /// The queue is full: the mesh ticks too rarely, or takes in less than comes.
    #[error("the queue to the mesh is full: {limit} commands wait")]
    Full {
        /// How many commands it holds.
        limit: usize,
    },
    /// The mesh is gone.
    #[error("the mesh is gone")]
    Closed,
    /// The payload is too large.
    #[error("a payload of {given} bytes is over limits.max_payload_bytes, {limit}")]
    PayloadTooLarge {
        /// Its bytes.
        given: usize,
        /// The most allowed.
        limit: usize,
    },
    /// A pose or options that are none.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// A content that has no bytes.
    #[error(transparent)]
    Content(#[from] ContentError),
    /// As many lanes exist as are allowed.
    #[error("the mesh has {limit} lanes, as many as limits.max_lanes allows")]
    TooManyLanes {
        /// The most allowed.
        limit: usize,
    },
    /// There is no memory for a lane.
    #[error("no lane: {reason}")]
    NoLane {
        /// What failed.
        reason: Box<str>,
    },
}

/// What all handles and lanes share.
#[derive(Debug)]
pub(crate) struct Gate {
    lanes: AtomicUsize,
    max_lanes: usize,
    lane_capacity: usize,
    max_payload: usize,
    waker: Waker,
}

/// One command in a queue: a message to one agent takes no allocation.
#[derive(Debug)]
pub(crate) enum Entry {
    Send(Packet),
    Other(Box<Request>),
}

const _: () = assert!(size_of::<Entry>() == 64);

/// The rarer commands.
#[derive(Debug)]
pub(crate) enum Request {
    Group(Target, Packet),
    Spawn(Box<dyn Newborn>, &'static str, SpawnOptions),
    SpawnAs(Box<str>, Box<[u8]>, SpawnOptions),
    Despawn(AgentId),
    Move(AgentId, Pose),
    Subscribe(AgentId, Box<str>, Option<Region>),
    Unsubscribe(AgentId, Topic),
    Connect(AgentId, AgentId),
    Disconnect(AgentId, AgentId),
    NewLane(spsc::Consumer<Entry>),
}

impl Gate {
    /// For a mesh with these limits, woken by `waker`.
    pub(crate) fn new(limits: &LimitsConfig, waker: Waker) -> Self {
        Self {
            lanes: AtomicUsize::new(0),
            max_lanes: limits.max_lanes as usize,
            lane_capacity: limits.lane_capacity as usize,
            max_payload: limits.max_payload_bytes as usize,
            waker,
        }
    }

    /// The mesh forgot so many lanes: there is room for others.
    pub(crate) fn give_back(&self, lanes: usize) {
        self.lanes.fetch_sub(lanes, Ordering::Relaxed);
    }

    /// The packet of a message. Its payload is copied to the heap if it is not inline.
    #[inline]
    pub(crate) fn packet(&self, message: Message<'_>) -> Result<Packet, HandleError> {
        match message.body {
            Body::Bytes(bytes) if bytes.len() <= INLINE_BYTES && message.is_simple() => {
                Ok(Packet::new(message.head(None), bytes, None))
            }
            _ => self.packet_with_annex(message),
        }
    }

    /// The entry of a message.
    /// Adds an entry to a batch.
    #[inline(always)]
    fn add(
        &self,
        entries: &mut Vec<Entry>,
        to: Target,
        message: Message<'_>,
    ) -> Result<(), HandleError> {
        if let (Target::Agent(to), Some(bytes)) = (to, message.fitting_bytes()) {
            entries.push(Entry::Send(Packet::addressed(to, message.head(None), bytes)));
            return Ok(());
        }
        entries.push(self.entry(to, message.rebuilt())?);
        Ok(())
    }

    #[inline(never)]
    fn entry(&self, to: Target, message: Message<'_>) -> Result<Entry, HandleError> {
        let packet = self.packet(message)?;
        Ok(match to {
            Target::Agent(to) => {
                let mut packet = packet;
                packet.address(to);
                Entry::Send(packet)
            }
            group => Entry::Other(Box::new(Request::Group(group, packet))),
        })
    }

    #[cold]
    fn packet_with_annex(&self, message: Message<'_>) -> Result<Packet, HandleError> {
        let (inline, payload) = match message.body {
            Body::Bytes(bytes) if bytes.len() <= INLINE_BYTES => (bytes, None),
            Body::Bytes(bytes) => (&[][..], Some(Payload::from(bytes))),
            Body::Shared(shared) => (&[][..], Some(shared.clone())),
        };
        let (given, limit) = (payload.as_deref().map_or(0, <[u8]>::len), self.max_payload);
        if given > limit {
            return Err(HandleError::PayloadTooLarge { given, limit });
        }
        let pose =
            message.pose.map(|pose| pose.parsed()).transpose().map_err(CommandError::from)?;
        let annex = Arc::new(message.annex(payload, pose));
        Ok(Packet::new(message.head(None), inline, Some(annex)))
    }

    /// What a push came to; if it went well, the driver is woken.
    #[inline(always)]
    fn pushed<T>(
        &self,
        pushed: Result<(), PushError<T>>,
        limit: impl FnOnce() -> usize,
    ) -> Result<(), HandleError> {
        match pushed {
            Ok(()) => {
                self.waker.wake();
                Ok(())
            }
            Err(PushError::Full(_)) => Err(HandleError::Full { limit: limit() }),
            Err(PushError::Closed(_)) => Err(HandleError::Closed),
        }
    }
}

impl MeshHandle {
    pub(crate) fn new(queue: shared::Sender<Entry>, gate: Arc<Gate>) -> Self {
        Self { queue, gate }
    }

    /// Sends a message from the host. Whether its receiver lives is seen when the mesh takes it in.
    ///
    /// # Errors
    /// [`HandleError::Full`], [`HandleError::Closed`], [`HandleError::PayloadTooLarge`].
    #[inline]
    pub fn send(&self, to: impl Into<Target>, message: Message<'_>) -> Result<(), HandleError> {
        let to = to.into();
        // Written once, where it goes: the short way is compiled into the caller.
        if let (Target::Agent(to), Some(bytes)) = (to, message.fitting_bytes()) {
            let head = message.head(None);
            let pushed = self.queue.push_with(|| Entry::Send(Packet::addressed(to, head, bytes)));
            return self.gate.pushed(pushed, || self.queue.capacity());
        }
        self.push(self.gate.entry(to, message.rebuilt())?)
    }

    /// Sends a value of the application's own type from the host.
    ///
    /// # Errors
    /// As for [`send`](Self::send), and [`HandleError::Content`].
    #[inline]
    pub fn send_content<C: Content>(
        &self,
        to: impl Into<Target>,
        content: &C,
    ) -> Result<(), HandleError> {
        content.with_message(|message| self.send(to, message))?
    }

    /// Sends what a batch holds, as much as there is room for, under one claim. What is left in the
    /// batch was not sent. Returns how many were.
    ///
    /// # Errors
    /// [`HandleError::Closed`].
    pub fn send_batch(&self, batch: &mut Batch) -> Result<usize, HandleError> {
        let sent = self.queue.push_batch(&mut batch.entries);
        if sent == 0 && self.queue.is_closed() {
            return Err(HandleError::Closed);
        }
        self.gate.waker.wake();
        Ok(sent)
    }

    #[inline]
    fn push(&self, entry: Entry) -> Result<(), HandleError> {
        self.gate.pushed(self.queue.push(entry), || self.queue.capacity())
    }

    fn request(&self, request: Request) -> Result<(), HandleError> {
        self.push(Entry::Other(Box::new(request)))
    }

    /// Adds a message to a batch.
    ///
    /// # Errors
    /// [`HandleError::PayloadTooLarge`].
    #[inline]
    pub fn add(
        &self,
        batch: &mut Batch,
        to: impl Into<Target>,
        message: Message<'_>,
    ) -> Result<(), HandleError> {
        self.gate.add(&mut batch.entries, to.into(), message)
    }

    /// Spawns an agent. It learns its id in `on_start`.
    ///
    /// # Errors
    /// [`HandleError`]; limits that are reached when it is applied show in
    /// [`Mesh::refusals`](crate::Mesh::refusals).
    pub fn spawn<A: Agent>(&self, agent: A, mut options: SpawnOptions) -> Result<(), HandleError> {
        options.check()?;
        let name = core::any::type_name::<A>();
        self.request(Request::Spawn(Box::new(New(agent)), name, options))
    }

    /// Spawns an agent of a registered type.
    ///
    /// # Errors
    /// As for [`spawn`](Self::spawn).
    pub fn spawn_as(
        &self,
        name: &str,
        bytes: &[u8],
        mut options: SpawnOptions,
    ) -> Result<(), HandleError> {
        options.check()?;
        self.request(Request::SpawnAs(name.into(), bytes.into(), options))
    }

    /// Despawns an agent.
    ///
    /// # Errors
    /// [`HandleError::Full`], [`HandleError::Closed`].
    pub fn despawn(&self, id: AgentId) -> Result<(), HandleError> {
        self.request(Request::Despawn(id))
    }

    /// Says where an agent is.
    ///
    /// # Errors
    /// [`HandleError::Command`] if the pose came from bytes and is none; as for
    /// [`despawn`](Self::despawn).
    pub fn move_to(&self, id: AgentId, pose: Pose) -> Result<(), HandleError> {
        let pose = pose.parsed().map_err(CommandError::from)?;
        self.request(Request::Move(id, pose))
    }

    /// Subscribes an agent to a topic: everywhere, or for what happens in a region.
    ///
    /// # Errors
    /// As for [`despawn`](Self::despawn).
    pub fn subscribe(
        &self,
        id: AgentId,
        name: &str,
        region: Option<Region>,
    ) -> Result<(), HandleError> {
        self.request(Request::Subscribe(id, name.into(), region))
    }

    /// Ends a subscription.
    ///
    /// # Errors
    /// As for [`despawn`](Self::despawn).
    pub fn unsubscribe(&self, id: AgentId, topic: Topic) -> Result<(), HandleError> {
        self.request(Request::Unsubscribe(id, topic))
    }

    /// Links two agents.
    ///
    /// # Errors
    /// As for [`despawn`](Self::despawn).
    pub fn connect(&self, a: AgentId, b: AgentId) -> Result<(), HandleError> {
        self.request(Request::Connect(a, b))
    }

    /// Cuts the link between two agents.
    ///
    /// # Errors
    /// As for [`despawn`](Self::despawn).
    pub fn disconnect(&self, a: AgentId, b: AgentId) -> Result<(), HandleError> {
        self.request(Request::Disconnect(a, b))
    }

    /// An exclusive lane into the mesh, of `limits.lane_capacity` messages. Lanes are drained in the
    /// order of their creation, from a rotating start, `limits.lane_quota` messages each a tick.
    ///
    /// # Errors
    /// [`HandleError::TooManyLanes`], [`HandleError::NoLane`], [`HandleError::Full`],
    /// [`HandleError::Closed`].
    pub fn lane(&self) -> Result<Lane, HandleError> {
        let gate = &self.gate;
        let limit = gate.max_lanes;
        if gate.lanes.fetch_add(1, Ordering::Relaxed) >= limit {
            gate.lanes.fetch_sub(1, Ordering::Relaxed);
            return Err(HandleError::TooManyLanes { limit });
        }
        let made = spsc::ring(gate.lane_capacity)
            .map_err(|error| HandleError::NoLane { reason: error.to_string().into() })
            .and_then(|(queue, consumer)| {
                self.request(Request::NewLane(consumer))?;
                Ok(Lane { queue, gate: LaneGate(Arc::clone(gate)) })
            });
        if made.is_err() {
            gate.lanes.fetch_sub(1, Ordering::Relaxed);
        }
        made
    }
}

impl Lane {
    /// Sends a message from the host.
    ///
    /// # Errors
    /// [`HandleError::Full`], [`HandleError::Closed`], [`HandleError::PayloadTooLarge`].
    #[inline]
    pub fn send(&mut self, to: impl Into<Target>, message: Message<'_>) -> Result<(), HandleError> {
        let to = to.into();
        if let (Target::Agent(to), Some(bytes)) = (to, message.fitting_bytes()) {
            let head = message.head(None);
            let pushed = self.queue.push_with(|| Entry::Send(Packet::addressed(to, head, bytes)));
            return self.gate.pushed(pushed, || self.queue.capacity());
        }
        let entry = self.gate.entry(to, message.rebuilt())?;
        self.gate.pushed(self.queue.push(entry), || self.queue.capacity())
    }

    /// Sends a value of the application's own type from the host.
    ///
    /// # Errors
    /// As for [`send`](Self::send), and [`HandleError::Content`].
    #[inline]
    pub fn send_content<C: Content>(
        &mut self,
        to: impl Into<Target>,
        content: &C,
    ) -> Result<(), HandleError> {
        content.with_message(|message| self.send(to, message))?
    }

    /// Sends what a batch holds, as much as there is room for. What is left in the batch was not
    /// sent. Returns how many were.
    ///
    /// # Errors
    /// [`HandleError::Closed`].
    pub fn send_batch(&mut self, batch: &mut Batch) -> Result<usize, HandleError> {
        let sent = self.queue.push_batch(&mut batch.entries);
        if sent == 0 && self.queue.is_closed() {
            return Err(HandleError::Closed);
        }
        self.gate.waker.wake();
        Ok(sent)
    }

    /// Adds a message to a batch.
    ///
    /// # Errors
    /// [`HandleError::PayloadTooLarge`].
    #[inline]
    pub fn add(
        &self,
        batch: &mut Batch,
        to: impl Into<Target>,
        message: Message<'_>,
    ) -> Result<(), HandleError> {
        self.gate.add(&mut batch.entries, to.into(), message)
    }
}

impl Batch {
    /// An empty batch.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Messages inside.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing is inside.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Forgets what is inside.
    pub fn clear(&mut self) {
        self.entries.clear();
    }
}
