//! A message as its sender describes it.

use crate::id::AgentId;
use crate::message::annex::Annex;
use crate::message::packet::Head;
use crate::message::{Kind, Payload, Priority};
use crate::space::Pose;
use crate::time::Time;

/// A message before it is sent. It borrows its bytes: a send that is refused has taken nothing.
///
/// ```
/// use xrmesh::{Kind, Message, Priority};
/// let bytes = [1, 2, 3];
/// let message = Message::new(Kind::HAPTIC_FEEDBACK)
///     .bytes(&bytes)
///     .priority(Priority::MOST_URGENT);
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use = "a message does nothing until it is sent"]
pub struct Message<'a> {
    pub(crate) kind: Kind,
    pub(crate) priority: Priority,
    pub(crate) hops: u8,
    pub(crate) retry: bool,
    pub(crate) report: bool,
    pub(crate) body: Body<'a>,
    pub(crate) deadline: Option<Time>,
    pub(crate) pose: Option<Pose>,
}

/// The bytes of a message: borrowed, or shared already.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Body<'a> {
    Bytes(&'a [u8]),
    Shared(&'a Payload),
}

impl<'a> Message<'a> {
    /// How often a message may be forwarded when nothing is said.
    pub const DEFAULT_HOPS: u8 = 100;

    /// A message of that kind: no bytes, [`Priority::DEFAULT`], no deadline, no pose, 100 hops.
    #[inline]
    pub const fn new(kind: Kind) -> Self {
        Self {
            kind,
            priority: Priority::DEFAULT,
            hops: Self::DEFAULT_HOPS,
            retry: false,
            report: false,
            body: Body::Bytes(&[]),
            deadline: None,
            pose: None,
        }
    }

    /// Whether it needs nothing beside its packet, if its bytes fit in there.
    #[inline(always)]
    pub(crate) const fn is_simple(&self) -> bool {
        self.deadline.is_none()
            && self.pose.is_none()
            && self.hops == Self::DEFAULT_HOPS
            && !self.retry
            && !self.report
    }

    /// The bytes, if they and all else fit into an envelope.
    #[inline(always)]
    pub(crate) const fn fitting_bytes(&self) -> Option<&'a [u8]> {
        match self.body {
            Body::Bytes(bytes)
                if bytes.len() <= crate::message::INLINE_BYTES && self.is_simple() =>
            {
                Some(bytes)
            }
            _ => None,
        }
    }

    /// The same, made anew from its parts.
    #[inline(always)]
    pub(crate) const fn rebuilt(&self) -> Self {
        Self {
            kind: self.kind,
            priority: self.priority,
            hops: self.hops,
            retry: self.retry,
            report: self.report,
            body: match self.body {
                Body::Bytes(bytes) => Body::Bytes(bytes),
                Body::Shared(shared) => Body::Shared(shared),
            },
            deadline: match self.deadline {
                Some(deadline) => Some(deadline),
                None => None,
            },
            pose: match self.pose {
                Some(pose) => Some(pose),
                None => None,
            },
        }
    }

    /// What goes to its side record.
    pub(crate) fn annex(&self, payload: Option<Payload>, pose: Option<Pose>) -> Annex {
        Annex {
            payload,
            pose,
            deadline: self.deadline.unwrap_or(Time::MAX),
            hops: self.hops,
            retry: self.retry,
            report: self.report,
            ..Annex::default()
        }
    }

    /// What it says of itself when `from` sends it.
    #[inline(always)]
    pub(crate) const fn head(&self, from: Option<AgentId>) -> Head {
        Head { from, kind: self.kind, priority: self.priority, correlation: 0, flags: 0 }
    }

    /// With these bytes, which are copied when it is sent: up to [`INLINE_BYTES`](crate::INLINE_BYTES)
    /// into the envelope itself, more into a pooled block that its receivers share.
    #[inline]
    pub const fn bytes(mut self, bytes: &'a [u8]) -> Self {
        self.body = Body::Bytes(bytes);
        self
    }

    /// With a value's bytes as they lie in memory; [`Envelope::plain`](crate::Envelope::plain) reads
    /// them back. Its padding-free layout is checked by `bytemuck` at compile time.
    #[inline]
    pub fn plain<T: bytemuck::NoUninit>(self, value: &'a T) -> Self {
        self.bytes(bytemuck::bytes_of(value))
    }

    /// With bytes that are shared already: they are not copied, however many receivers there are.
    #[inline]
    pub const fn shared(mut self, payload: &'a Payload) -> Self {
        self.body = Body::Shared(payload);
        self
    }

    /// With that priority.
    #[inline]
    pub const fn priority(mut self, priority: Priority) -> Self {
        self.priority = priority;
        self
    }

    /// Dropped as `expired_deadline` if it has not been delivered when the mesh's time is past `deadline`.
    #[inline]
    pub const fn deadline(mut self, deadline: Time) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// With a pose: where it happened. Interests with a region are matched against its position.
    #[inline]
    pub const fn pose(mut self, pose: Pose) -> Self {
        self.pose = Some(pose);
        self
    }

    /// How often [`Context::forward`](crate::Context::forward) may pass it on; 100 if not said.
    #[inline]
    pub const fn hops(mut self, hops: u8) -> Self {
        self.hops = hops;
        self
    }

    /// Tried again, later and later, where the receiver is suspended or its mailbox is full; see
    /// [`RetryPolicy`](crate::RetryPolicy). It gives up its place in the order of its sender's messages.
    #[inline]
    pub const fn retry(mut self) -> Self {
        self.retry = true;
        self
    }

    /// If it is dropped, its sender gets a [`Kind::UNDELIVERED`] notice in the next round.
    #[inline]
    pub const fn report(mut self) -> Self {
        self.report = true;
        self
    }
}
