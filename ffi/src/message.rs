//! Messages as the host reads them, and as it sends them.
//!
//! 1. Both are frozen: 88 and 104 bytes without padding, the same on every system.
//! 2. Payloads lie beside, in one block for all messages of a call, at multiples of 8 bytes in what
//!    the library writes.
//! 3. One function reads what the host says (`xrmesh_send::parse`), for every way to send.
#![expect(unsafe_code, reason = "exports have C names")]

use bytemuck::{Pod, Zeroable};
use xrmesh::{AgentId, Envelope, Kind, Message, Priority, Target, Time, Topic, Vec3};

use crate::failure::{Failure, fail};
use crate::pose::xrmesh_pose;
use crate::status::*;

/// Names an agent of one mesh for as long as it lives; 0 names none. An id of another mesh, or of an
/// agent that is gone, is an error and never another agent.
pub type xrmesh_agent_id = u64;
/// Names a topic: see `xrmesh_topic`.
pub type xrmesh_topic_id = u64;

/// Positions and orientations in space.
pub const XRMESH_KIND_SPATIAL_COORDINATES: u16 = 1;
/// Objects seen.
pub const XRMESH_KIND_OBJECT_DETECTION: u16 = 2;
/// Gestures recognised.
pub const XRMESH_KIND_GESTURE_RECOGNITION: u16 = 3;
/// Haptic output.
pub const XRMESH_KIND_HAPTIC_FEEDBACK: u16 = 4;
/// Sound placed in space.
pub const XRMESH_KIND_SPATIAL_AUDIO: u16 = 5;
/// Tracked features and devices.
pub const XRMESH_KIND_VISUAL_TRACKING: u16 = 6;
/// The map of the surroundings.
pub const XRMESH_KIND_ENVIRONMENT_MAP: u16 = 7;
/// Bodies, contacts, forces.
pub const XRMESH_KIND_PHYSICS_STATE: u16 = 8;
/// Notice of the mesh: a message that asked for word of its fate was dropped. The payload: the
/// envelope's id and the reason, both uint64_t.
pub const XRMESH_KIND_UNDELIVERED: u16 = 9;
/// Notice of the mesh: a question was not answered in time.
pub const XRMESH_KIND_TIMED_OUT: u16 = 10;
/// Notice of the mesh: what an agent wanted was refused. The payload: what (1 subscribe, 2 connect,
/// 3 infer, 4 send) and about which topic, agent or processor, both uint64_t; for 4 the status.
pub const XRMESH_KIND_REFUSED: u16 = 11;
/// What a processor made of a vector: the payload is its outputs, float after float.
pub const XRMESH_KIND_INFERENCE: u16 = 12;
/// The first kind that is the application's own.
pub const XRMESH_KIND_USER: u16 = 16;
/// The last kind that is the application's own.
pub const XRMESH_KIND_LAST_USER: u16 = 65534;

/// The kind of the commands that the host gives its agents: see `host/agent.rs`.
pub(crate) const COMMAND: u16 = 65535;

/// The message is a question: `ask` goes into its answer.
pub const XRMESH_MESSAGE_QUESTION: u8 = 1;
/// The message answers a question, or says that its time ran out: `ask` is that question's.
pub const XRMESH_MESSAGE_ANSWER: u8 = 2;
/// `pose` says where it happened.
pub const XRMESH_MESSAGE_POSE: u8 = 4;
/// `deadline_ns` says when it would have expired.
pub const XRMESH_MESSAGE_DEADLINE: u8 = 8;

/// A message as its receiver gets it. 88 bytes.
#[derive(Clone, Copy, PartialEq, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub struct xrmesh_message {
    /// Its envelope's id, the same for all receivers.
    pub id: u64,
    /// Who got it.
    pub to: u64,
    /// Who sent it; 0 for the host and for notices of the mesh.
    pub from: u64,
    /// The mesh's time when it was sent, in nanoseconds.
    pub sent_at_ns: i64,
    /// When it would have expired; INT64_MAX if never.
    pub deadline_ns: i64,
    /// Where its payload begins in the frame's payload: a multiple of 8.
    pub payload_offset: u32,
    /// Bytes of its payload.
    pub payload_len: u32,
    /// The question that it asks or answers. What a host's agent asked has the number that the host
    /// gave it.
    pub ask: u32,
    /// What it is about: XRMESH_KIND_*, or the application's own number from XRMESH_KIND_USER on.
    pub kind: u16,
    /// 1, the most urgent, to 10.
    pub priority: u8,
    /// XRMESH_MESSAGE_*.
    pub flags: u8,
    /// How often it may still be forwarded.
    pub hops: u8,
    /// Zero.
    pub reserved: [u8; 3],
    /// Where it happened, if the sender said so.
    pub pose: xrmesh_pose,
}

const _: () = assert!(size_of::<xrmesh_message>() == 88);

impl xrmesh_message {
    /// An envelope as its receiver gets it; its payload and its answers' numbers aside.
    #[inline]
    pub(crate) fn new(to: AgentId, envelope: &Envelope<'_>) -> Self {
        let mut message = Self {
            id: envelope.id().to_bits(),
            to: to.to_bits(),
            from: envelope.from().map_or(0, AgentId::to_bits),
            sent_at_ns: envelope.sent_at().as_nanos(),
            deadline_ns: i64::MAX,
            payload_len: envelope.bytes().len() as u32,
            kind: envelope.kind().to_bits(),
            priority: envelope.priority().number(),
            hops: envelope.hops(),
            ..Self::default()
        };
        if let Some(deadline) = envelope.deadline() {
            message.deadline_ns = deadline.as_nanos();
            message.flags |= XRMESH_MESSAGE_DEADLINE;
        }
        if let Some(pose) = envelope.pose() {
            message.pose = pose.into();
            message.flags |= XRMESH_MESSAGE_POSE;
        }
        if let Some(ask) = envelope.asks() {
            message.ask = ask.to_bits();
            message.flags |= XRMESH_MESSAGE_QUESTION;
        }
        if let Some(ask) = envelope.answer_to() {
            message.ask = ask.to_bits();
            message.flags |= XRMESH_MESSAGE_ANSWER;
        }
        message
    }
}

/// To the agent `target`.
pub const XRMESH_TO_AGENT: u8 = 0;
/// To all agents.
pub const XRMESH_TO_EVERYONE: u8 = 1;
/// To all that subscribed to the topic `target` and whose region, if any, holds the message's pose.
pub const XRMESH_TO_TOPIC: u8 = 2;
/// To all within `radius` metres of `point`.
pub const XRMESH_TO_NEAR: u8 = 3;
/// To the `count` agents nearest to `point`.
pub const XRMESH_TO_NEAREST: u8 = 4;
/// To all that are reached over at most `count` links from the sender, at most 255.
pub const XRMESH_TO_LINKED: u8 = 5;

/// `pose` says where it happens.
pub const XRMESH_SEND_POSE: u16 = 1;
/// It is dropped if it has not been delivered by `deadline_ns`.
pub const XRMESH_SEND_DEADLINE: u16 = 2;
/// Where the receiver is suspended or its mailbox full, it is tried again, later and later.
pub const XRMESH_SEND_RETRY: u16 = 4;
/// If it is dropped its sender gets an XRMESH_KIND_UNDELIVERED notice.
pub const XRMESH_SEND_REPORT: u16 = 8;
/// `hops` says how often it may be forwarded; 100 if not said.
pub const XRMESH_SEND_HOPS: u16 = 16;
/// It asks one agent: the answer, or after `time_ns` nanoseconds an XRMESH_KIND_TIMED_OUT notice,
/// comes with `ask`. Only an agent can ask.
pub const XRMESH_SEND_ASK: u16 = 32;
/// It answers the question `ask` of the agent `target`. Only an agent can answer.
pub const XRMESH_SEND_ANSWER: u16 = 64;
/// It is sent to one agent, not before the mesh's time `time_ns`. Only an agent can send later.
pub const XRMESH_SEND_AT: u16 = 128;

const KNOWN_FLAGS: u16 = 255;
const AGENTS_FLAGS: u16 = XRMESH_SEND_ASK | XRMESH_SEND_ANSWER | XRMESH_SEND_AT;

/// A message to be sent. 104 bytes. All zeros but `kind`, `target` and the payload is a plain
/// message from the host to an agent.
#[derive(Clone, Copy, PartialEq, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub struct xrmesh_send {
    /// Who sends: 0 for the host, or one of its agents, which sends it when it next runs. In
    /// callbacks 0: the agent itself.
    pub from: u64,
    /// The agent or the topic.
    pub target: u64,
    /// With XRMESH_SEND_DEADLINE.
    pub deadline_ns: i64,
    /// With XRMESH_SEND_ASK how long to wait, with XRMESH_SEND_AT when to send.
    pub time_ns: i64,
    /// Where the payload begins in the call's payload.
    pub payload_offset: u32,
    /// Bytes of the payload.
    pub payload_len: u32,
    /// With XRMESH_SEND_ASK a number of the host's choice, with XRMESH_SEND_ANSWER the question's.
    pub ask: u32,
    /// With XRMESH_TO_NEAREST and XRMESH_TO_LINKED.
    pub count: u32,
    /// With XRMESH_TO_NEAR and XRMESH_TO_NEAREST: x, y, z in metres.
    pub point: [f32; 3],
    /// With XRMESH_TO_NEAR, in metres.
    pub radius: f32,
    /// With XRMESH_SEND_POSE.
    pub pose: xrmesh_pose,
    /// XRMESH_KIND_*, but no notice of the mesh.
    pub kind: u16,
    /// XRMESH_SEND_*.
    pub flags: u16,
    /// XRMESH_TO_*.
    pub to: u8,
    /// 1, the most urgent, to 10; 0 for the default, 5.
    pub priority: u8,
    /// With XRMESH_SEND_HOPS.
    pub hops: u8,
    /// Zero.
    pub reserved: [u8; 5],
}

const _: () = assert!(size_of::<xrmesh_send>() == 104);

impl xrmesh_send {
    /// The target and the message; what asks, answers or waits is up to the caller.
    #[inline]
    pub(crate) fn parse<'a>(&self, payload: &'a [u8]) -> Result<(Target, Message<'a>), Failure> {
        if self.reserved != [0; 5] {
            fail!(XRMESH_ERROR_RESERVED, "xrmesh_send.reserved is not zero");
        }
        let flags = self.flags;
        if flags & !KNOWN_FLAGS != 0 {
            fail!(
                XRMESH_ERROR_UNKNOWN_VALUE,
                "xrmesh_send.flags is {flags:#x}, known {KNOWN_FLAGS:#x}"
            );
        }
        let target = self.target()?;
        let kind = match Kind::from_bits(self.kind) {
            Some(kind) if self.kind != COMMAND && !(9..=12).contains(&self.kind) => kind,
            _ => {
                let given = self.kind;
                fail!(
                    XRMESH_ERROR_UNKNOWN_VALUE,
                    "xrmesh_send.kind is {given}, expected 1 to 8 or {XRMESH_KIND_USER} to {XRMESH_KIND_LAST_USER}"
                )
            }
        };
        let mut message = Message::new(kind).bytes(self.payload(payload)?);
        if self.priority != 0 {
            let priority = Priority::new(self.priority);
            message = message.priority(
                priority.map_err(|error| Failure::new(XRMESH_ERROR_OUT_OF_RANGE, error))?,
            );
        }
        if flags & XRMESH_SEND_POSE != 0 {
            message = message.pose(self.pose.parsed()?);
        }
        if flags & XRMESH_SEND_DEADLINE != 0 {
            message = message.deadline(Time::from_nanos(self.deadline_ns));
        }
        if flags & XRMESH_SEND_HOPS != 0 {
            message = message.hops(self.hops);
        }
        if flags & XRMESH_SEND_RETRY != 0 {
            message = message.retry();
        }
        if flags & XRMESH_SEND_REPORT != 0 {
            message = message.report();
        }
        Ok((target, message))
    }

    fn target(&self) -> Result<Target, Failure> {
        let point = Vec3::from_array(self.point);
        Ok(match self.to {
            XRMESH_TO_AGENT => Target::Agent(agent(self.target)?),
            XRMESH_TO_EVERYONE => Target::Everyone,
            XRMESH_TO_TOPIC => Target::Topic(Topic::from_bits(self.target)),
            XRMESH_TO_NEAR => Target::Near { point, radius: self.radius },
            XRMESH_TO_NEAREST => Target::Nearest { point, count: self.count },
            XRMESH_TO_LINKED => match u8::try_from(self.count) {
                Ok(hops) => Target::Linked { hops },
                Err(_) => {
                    let given = self.count;
                    fail!(XRMESH_ERROR_OUT_OF_RANGE, "{given} links far, at most 255 are allowed")
                }
            },
            given => {
                fail!(XRMESH_ERROR_UNKNOWN_VALUE, "xrmesh_send.to is {given}, known are 0 to 5")
            }
        })
    }

    /// Its part of the call's payload.
    pub(crate) fn payload<'a>(&self, all: &'a [u8]) -> Result<&'a [u8], Failure> {
        let (first, length) = (self.payload_offset as usize, self.payload_len as usize);
        first.checked_add(length).and_then(|end| all.get(first..end)).ok_or_else(|| {
            Failure::new(
                XRMESH_ERROR_OUT_OF_RANGE,
                format_args!(
                    "a payload of {length} bytes from byte {first} on, of {} bytes given",
                    all.len()
                ),
            )
        })
    }

    /// The message and its agent where only the host itself sends: no question, answer or delay.
    #[inline(always)]
    pub(crate) fn parse_plain<'a>(
        &self,
        payload: &'a [u8],
    ) -> Result<(Target, Message<'a>), Failure> {
        match self.plain(payload) {
            Some((to, message)) => Ok((to.into(), message)),
            None => self.parse_hosts(payload),
        }
    }

    fn parse_hosts<'a>(&self, payload: &'a [u8]) -> Result<(Target, Message<'a>), Failure> {
        if self.flags & AGENTS_FLAGS != 0 {
            fail!(
                XRMESH_ERROR_UNKNOWN_VALUE,
                "only an agent can ask, answer and send later: set xrmesh_send.from, or do it in a callback"
            );
        }
        if self.from != 0 {
            fail!(
                XRMESH_ERROR_UNKNOWN_VALUE,
                "xrmesh_send.from is {:#x}, expected 0: only xrmesh_mesh_submit sends as an agent",
                self.from
            );
        }
        self.parse(payload)
    }

    /// What most messages are, in few steps: to one agent, of a kind of the application's, without flags.
    /// `None` for all others, and for what is wrong: [`parse`](Self::parse) knows what.
    #[inline(always)]
    pub(crate) fn plain<'a>(&self, payload: &'a [u8]) -> Option<(AgentId, Message<'a>)> {
        let is_plain = self.flags == 0
            && self.to == XRMESH_TO_AGENT
            && self.from == 0
            && self.reserved == [0; 5]
            && (XRMESH_KIND_USER..=XRMESH_KIND_LAST_USER).contains(&self.kind);
        if !is_plain {
            return None;
        }
        let (first, length) = (self.payload_offset as usize, self.payload_len as usize);
        let bytes = payload.get(first..first.checked_add(length)?)?;
        let mut message = Message::new(Kind::from_bits(self.kind)?).bytes(bytes);
        if self.priority != 0 {
            message = message.priority(Priority::new(self.priority).ok()?);
        }
        Some((AgentId::from_bits(self.target)?, message))
    }

    /// The agent that a question, an answer or a delayed message goes to.
    pub(crate) fn one(target: Target) -> Result<AgentId, Failure> {
        match target {
            Target::Agent(id) => Ok(id),
            _ => fail!(
                XRMESH_ERROR_UNKNOWN_VALUE,
                "what asks, answers or is sent later goes to one agent: xrmesh_send.to must be XRMESH_TO_AGENT"
            ),
        }
    }
}

/// The agent of that id.
pub(crate) fn agent(id: xrmesh_agent_id) -> Result<AgentId, Failure> {
    match AgentId::from_bits(id) {
        Some(id) => Ok(id),
        None => fail!(XRMESH_ERROR_UNKNOWN_AGENT, "{id:#018x} names no agent"),
    }
}

/// Makes a plain message of it: zeros, priority 5, 100 hops. NULL is let be.
///
/// Any thread, also in callbacks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_send_default(send: *mut xrmesh_send) {
    crate::fence::fence_anywhere!(
        quiet | caller | {
            let plain = xrmesh_send { kind: XRMESH_KIND_USER, priority: 5, ..Default::default() };
            caller.out(send, "send")?.set(plain);
            Ok(XRMESH_OK)
        }
    );
}
