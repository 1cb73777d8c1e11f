//! Messages and their targets as bytes.

use super::bytes::{Cursor, Field, Wrong};
use crate::message::packet::Packet;
use crate::message::{Body, Kind, Message, Payload, Priority, Target};
use crate::space::Pose;
use crate::time::Time;

/// What a message says, whether it is one that the host sends or one that a queue held.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) struct Said<'a> {
    kind: Kind,
    priority: Priority,
    hops: u8,
    retry: bool,
    report: bool,
    /// Its bytes were shared already, so they stay outside the envelope also where they would fit.
    shared: bool,
    deadline: Option<Time>,
    pose: Option<Pose>,
    bytes: &'a [u8],
}

const RETRY: u8 = 1;
const REPORT: u8 = 2;
const SHARED: u8 = 4;
const DEADLINE: u8 = 8;
const POSE: u8 = 16;

impl<'a> From<&Message<'a>> for Said<'a> {
    fn from(message: &Message<'a>) -> Self {
        let (bytes, shared) = match message.body {
            Body::Bytes(bytes) => (bytes, false),
            Body::Shared(payload) => (&payload[..], true),
        };
        Self {
            kind: message.kind,
            priority: message.priority,
            hops: message.hops,
            retry: message.retry,
            report: message.report,
            shared,
            deadline: message.deadline,
            pose: message.pose,
            bytes,
        }
    }
}

/// Of a packet that a handle or a lane made and nobody has sent yet.
impl<'a> From<&'a Packet> for Said<'a> {
    #[inline]
    fn from(packet: &'a Packet) -> Self {
        let annex = packet.annex.as_deref();
        Self {
            kind: packet.kind,
            priority: packet.priority,
            hops: annex.map_or(Message::DEFAULT_HOPS, |annex| annex.hops),
            retry: annex.is_some_and(|annex| annex.retry),
            report: annex.is_some_and(|annex| annex.report),
            shared: annex.is_some_and(|annex| annex.payload.is_some()),
            // With an annex there is one, if only the end of all time.
            deadline: annex.map(|annex| annex.deadline),
            pose: annex.and_then(|annex| annex.pose),
            bytes: packet.bytes(&[]),
        }
    }
}

impl Said<'_> {
    /// Calls `send` with the message.
    pub(super) fn with_message<R>(&self, send: impl FnOnce(Message<'_>) -> R) -> R {
        let mut message = Message::new(self.kind).priority(self.priority).hops(self.hops);
        (message.retry, message.report) = (self.retry, self.report);
        (message.deadline, message.pose) = (self.deadline, self.pose);
        if self.shared {
            send(message.shared(&Payload::from(self.bytes)))
        } else {
            send(message.bytes(self.bytes))
        }
    }
}

impl<'a> Field<'a> for Said<'a> {
    fn put(&self, out: &mut Vec<u8>) {
        self.kind.put(out);
        self.priority.put(out);
        self.hops.put(out);
        let flag = |set: bool, flag: u8| if set { flag } else { 0 };
        out.push(
            flag(self.retry, RETRY)
                | flag(self.report, REPORT)
                | flag(self.shared, SHARED)
                | flag(self.deadline.is_some(), DEADLINE)
                | flag(self.pose.is_some(), POSE),
        );
        if let Some(deadline) = self.deadline {
            deadline.put(out);
        }
        if let Some(pose) = self.pose {
            pose.put(out);
        }
        self.bytes.put(out);
    }

    fn take(from: &mut Cursor<'a>) -> Result<Self, Wrong> {
        let (kind, priority, hops) = (from.read()?, from.read()?, from.read()?);
        let flags: u8 = from.read()?;
        if flags & !(RETRY | REPORT | SHARED | DEADLINE | POSE) != 0 {
            return Err(Wrong("a message's flags"));
        }
        Ok(Self {
            kind,
            priority,
            hops,
            retry: flags & RETRY != 0,
            report: flags & REPORT != 0,
            shared: flags & SHARED != 0,
            deadline: if flags & DEADLINE != 0 { Some(from.read()?) } else { None },
            pose: if flags & POSE != 0 { Some(from.read()?) } else { None },
            bytes: from.read()?,
        })
    }
}

impl Field<'_> for Target {
    fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::Agent(id) => {
                out.push(0);
                id.put(out);
            }
            Self::Everyone => out.push(1),
            Self::Topic(topic) => {
                out.push(2);
                topic.put(out);
            }
            Self::Near { point, radius } => {
                out.push(3);
                point.put(out);
                radius.put(out);
            }
            Self::Nearest { point, count } => {
                out.push(4);
                point.put(out);
                count.put(out);
            }
            Self::Linked { hops } => {
                out.push(5);
                hops.put(out);
            }
        }
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, Wrong> {
        Ok(match from.read::<u8>()? {
            0 => Self::Agent(from.read()?),
            1 => Self::Everyone,
            2 => Self::Topic(from.read()?),
            3 => Self::Near { point: from.read()?, radius: from.read()? },
            4 => Self::Nearest { point: from.read()?, count: from.read()? },
            5 => Self::Linked { hops: from.read()? },
            _ => return Err(Wrong("a message's target")),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{INLINE_BYTES, Topic};
    use crate::space::Vec3;

    #[test]
    fn messages_come_back_as_they_were_said() {
        let (short, long) = ([7_u8; INLINE_BYTES], [9_u8; INLINE_BYTES + 1]);
        let payload = Payload::from(&short[..]);
        let pose = Pose::at(Vec3::new(1.0, -0.0, 2.0)).unwrap();
        let plain = Message::new(Kind::user(3));
        for message in [
            plain,
            plain.bytes(&short),
            plain.bytes(&long).priority(Priority::MOST_URGENT),
            plain.shared(&payload).deadline(Time::from_nanos(-5)),
            plain.pose(pose).hops(0).retry().report().deadline(Time::MAX),
        ] {
            let said = Said::from(&message);
            let mut bytes = Vec::new();
            said.put(&mut bytes);
            let mut cursor = Cursor(&bytes);
            let read: Said<'_> = cursor.read().unwrap();
            cursor.end().unwrap();
            assert_eq!(read, said);
            read.with_message(|again| assert_eq!(Said::from(&again), said));
            for end in 0..bytes.len() {
                assert!(Cursor(&bytes[..end]).read::<Said<'_>>().is_err());
            }
        }
    }

    #[test]
    fn targets_come_back() {
        let point = Vec3::new(1.0, 2.0, -3.0);
        let topic = Topic::named("poses");
        let id = crate::AgentId::from_bits(0x0000_0007_0000_0001).unwrap();
        for target in [
            Target::Agent(id),
            Target::Everyone,
            Target::Topic(topic),
            Target::Near { point, radius: 0.5 },
            Target::Nearest { point, count: 7 },
            Target::Linked { hops: 3 },
        ] {
            let mut bytes = Vec::new();
            target.put(&mut bytes);
            assert_eq!(Cursor(&bytes).read(), Ok(target));
        }
    }
}
