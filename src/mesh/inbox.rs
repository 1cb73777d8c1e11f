//! The mesh's side of the queues that other threads send to, drained at the start of a tick.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::agent::{CommandError, SendError};
use crate::dispatch::engine::Engine;
use crate::lane::signal::{Sleeper, signal};
use crate::lane::slots::Front;
use crate::lane::{shared, spsc};
use crate::mesh::config::LimitsConfig;
use crate::mesh::handle::{Entry, Gate, HandleError, MeshHandle, Request};
use crate::mesh::record::{Event, Recorder};
use crate::mesh::{Mesh, MeshError, SpawnError};
use crate::message::packet::Packet;
use crate::message::{EnvelopeId, Message, Target};

/// Why a command that came through a handle or lane had no effect when it was applied.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// A message.
    #[error(transparent)]
    Send(#[from] SendError),
    /// A spawn.
    #[error(transparent)]
    Spawn(#[from] SpawnError),
    /// Another command.
    #[error(transparent)]
    Command(#[from] CommandError),
}

/// The mesh's side of all queues.
#[derive(Debug)]
pub(crate) struct Inbox {
    queue: shared::Sender<Entry>,
    receiver: shared::Receiver<Entry>,
    lanes: Vec<spsc::Consumer<Entry>>,
    gate: Arc<Gate>,
    quota: usize,
    /// Which lane is drained first.
    start: usize,
    /// Entries that are more than a packet, while they are taken in.
    others: Vec<Entry>,
    pub(crate) sleeper: Option<Sleeper>,
    pub(crate) refusals: VecDeque<Refusal>,
}

/// Refusals that are kept for the host; the oldest give way.
const MOST_REFUSALS: usize = 1024;

impl Inbox {
    pub(crate) fn new(limits: &LimitsConfig) -> Result<Self, MeshError> {
        let queue_capacity = limits.shared_queue_capacity as usize;
        let (queue, receiver) = shared::shared(queue_capacity)
            .map_err(|error| MeshError::Queues(error.to_string().into()))?;
        let (waker, sleeper) = signal();
        Ok(Self {
            queue,
            receiver,
            lanes: Vec::new(),
            gate: Arc::new(Gate::new(limits, waker)),
            quota: limits.lane_quota as usize,
            start: 0,
            others: Vec::new(),
            sleeper: Some(sleeper),
            refusals: VecDeque::new(),
        })
    }

    pub(crate) fn handle(&self) -> MeshHandle {
        MeshHandle::new(self.queue.clone(), Arc::clone(&self.gate))
    }

    /// Whether anything waits in any queue, or a lane's place to be given back.
    pub(crate) fn is_ready(&mut self) -> bool {
        let mut lanes = self.lanes.iter_mut();
        self.receiver.ready() || lanes.any(|lane| lane.ready() > 0 || lane.is_closed())
    }

    pub(crate) fn refuse(&mut self, refusal: impl Into<Refusal>) {
        if self.refusals.len() == MOST_REFUSALS {
            self.refusals.pop_front();
        }
        self.refusals.push_back(refusal.into());
    }

    /// Forgets the lanes whose thread is gone and that are empty.
    fn forget_closed(&mut self) {
        let before = self.lanes.len();
        self.lanes.retain_mut(|lane| !(lane.is_closed() && lane.ready() == 0));
        let gone = before - self.lanes.len();
        self.gate.give_back(gone);
    }
}

/// Takes in what is at the front of a queue: a plain message at once, copied from where it lies;
/// what comes behind anything else waits with it, so that order holds.
#[inline(always)]
fn receive(
    engine: &mut Engine,
    recorder: &mut Option<Box<Recorder>>,
    others: &mut Vec<Entry>,
    front: Front<'_, Entry>,
) {
    let host = &mut engine.host;
    let copied = recorder.is_none()
        && others.is_empty()
        && front.look(|entry| matches!(entry, Entry::Send(packet) if host.take(packet)));
    if !copied {
        receive_slowly(engine, recorder, others, front.take());
    }
}

#[inline(never)]
fn receive_slowly(
    engine: &mut Engine,
    recorder: &mut Option<Box<Recorder>>,
    others: &mut Vec<Entry>,
    entry: Entry,
) {
    match entry {
        Entry::Send(packet) if others.is_empty() && packet.annex.is_none() => {
            accept(engine, recorder, packet);
        }
        entry => others.push(entry),
    }
}

/// Sends a message to one agent that came through a queue. The caller has looked for room.
#[inline]
fn accept(engine: &mut Engine, recorder: &mut Option<Box<Recorder>>, packet: Packet) {
    if let Some(recorder) = recorder
        && let Some(to) = packet.target()
    {
        recorder.note(&Event::Take { to, said: (&packet).into() });
    }
    let sent = engine.accept(packet);
    debug_assert!(sent.is_ok(), "{sent:?}");
}

impl Mesh {
    /// Takes in what waits in the queues, at most a quota from each and what the host's outbox has
    /// room for: the shared queue first, then the lanes from a rotating start.
    pub(crate) fn drain_inbox(&mut self) {
        if !self.inbox.is_ready() {
            return;
        }
        let quota = self.inbox.quota;
        // The queues are taken out while their entries are applied to the rest of the mesh.
        let mut lanes = core::mem::take(&mut self.inbox.lanes);
        let mut added = Vec::new();
        let mut others = core::mem::take(&mut self.inbox.others);
        let limit = quota.min(self.engine.host_room());
        let Self { inbox, engine, recorder, .. } = self;
        inbox.receiver.drain_front(limit, |front| receive(engine, recorder, &mut others, front));
        self.take_in(&mut others, &mut added);
        let start = self.inbox.start;
        for turn in 0..lanes.len() {
            let at = (start + turn) % lanes.len();
            let limit = quota.min(self.engine.host_room());
            let Self { engine, recorder, .. } = self;
            lanes[at].drain_front(limit, |front| receive(engine, recorder, &mut others, front));
            self.take_in(&mut others, &mut added);
        }
        self.inbox.others = others;
        self.inbox.start = if lanes.is_empty() { 0 } else { (start + 1) % lanes.len() };
        lanes.extend(added);
        self.inbox.lanes = lanes;
        self.inbox.forget_closed();
    }

    /// Applies what came behind the first command that is more than a message to one agent.
    fn take_in(&mut self, entries: &mut Vec<Entry>, lanes: &mut Vec<spsc::Consumer<Entry>>) {
        for entry in entries.drain(..) {
            let done = match entry {
                Entry::Send(packet) => self.take(packet).map_err(Refusal::from),
                Entry::Other(request) => self.fulfil(*request, lanes),
            };
            if let Err(refusal) = done {
                self.inbox.refuse(refusal);
            }
        }
    }

    /// Sends a message to one agent that came through a queue, if groups before it left it a place.
    pub(super) fn take(&mut self, packet: Packet) -> Result<(), SendError> {
        if self.engine.host_room() == 0 {
            let limit = self.config.limits.outbox_capacity;
            return Err(SendError::OutboxFull { given: 1, used: limit, limit });
        }
        self.engine.charge(&packet)?;
        accept(&mut self.engine, &mut self.recorder, packet);
        Ok(())
    }

    /// Sends a message to a group that came through a queue.
    pub(super) fn take_group(
        &mut self,
        target: Target,
        packet: Packet,
    ) -> Result<EnvelopeId, SendError> {
        self.engine.charge(&packet)?;
        let kept = self.recorder.is_some().then(|| packet.clone());
        let id = self.engine.accept_group(target, packet)?;
        if let Some(packet) = &kept {
            self.note(Event::TakeGroup { id, target, said: packet.into() });
        }
        Ok(id)
    }

    /// The packet of a message as a handle or a lane makes it.
    pub(super) fn packet(&self, message: Message<'_>) -> Result<Packet, HandleError> {
        self.inbox.gate.packet(message)
    }

    fn fulfil(
        &mut self,
        request: Request,
        lanes: &mut Vec<spsc::Consumer<Entry>>,
    ) -> Result<(), Refusal> {
        match request {
            Request::Group(target, packet) => {
                self.take_group(target, packet)?;
            }
            Request::Spawn(agent, name, options) => {
                self.spawn_value(agent, name, options)?;
            }
            Request::SpawnAs(name, bytes, options) => {
                self.spawn_as(&name, &bytes, options)?;
            }
            Request::Despawn(id) => self.despawn(id)?,
            Request::Move(id, pose) => self.move_to(id, pose)?,
            Request::Subscribe(id, name, region) => {
                self.subscribe(id, &name, region)?;
            }
            Request::Unsubscribe(id, topic) => {
                self.unsubscribe(id, topic)?;
            }
            Request::Connect(a, b) => {
                self.connect(a, b)?;
            }
            Request::Disconnect(a, b) => {
                self.disconnect(a, b)?;
            }
            Request::NewLane(lane) => lanes.push(lane),
        }
        Ok(())
    }
}
