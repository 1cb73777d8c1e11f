//! What agents, hosts and other threads of a program do.

use bytemuck::{Pod, Zeroable};
use xrmesh::{
    AgentId, Kind, Mailbox, Message, Overflow, Pose, Priority, Region, SpawnOptions, Target, Topic,
    Vec3, space::Sphere,
};

use crate::model::Model;
use crate::support::at;

pub(crate) const WORK: Kind = Kind::user(0);
pub(crate) const TOPICS: [&str; 3] = ["red", "green", "blue"];

/// What every message of the program carries.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct Note {
    /// 0 for the host.
    pub(crate) sender: u64,
    /// 0 for a group.
    pub(crate) target: u64,
    /// Counts all sends of the program; so it grows with each sender's.
    pub(crate) number: u32,
    pub(crate) behaviour: u16,
    pub(crate) depth: u16,
}

/// One thing that a handler or the host does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Act {
    Send {
        to: To,
        how: How,
    },
    Ask {
        who: u8,
        how: How,
        timeout_ms: u16,
    },
    Reply,
    Forward {
        who: u8,
    },
    Panic,
    Fail,
    /// The agent's `Drop` will panic.
    Curse,
    Spawn {
        kind: u8,
        mailbox: Option<(u8, u8)>,
        place: Option<(i8, i8)>,
    },
    Despawn {
        who: u8,
    },
    DespawnSelf,
    Move {
        place: (i8, i8),
    },
    Subscribe {
        topic: u8,
        near: Option<(i8, i8)>,
    },
    Unsubscribe {
        topic: u8,
    },
    Connect {
        who: u8,
    },
    Disconnect {
        who: u8,
    },
    Wake {
        after_ms: u16,
    },
    Quarantine {
        who: u8,
        on: bool,
    },
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum To {
    One(u8),
    /// The sender itself; a stale id for the host.
    Own,
    Everyone,
    Topic(u8),
    Near((i8, i8), u8),
    Nearest((i8, i8), u8),
    Linked,
}

/// How a message is sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct How {
    pub(crate) priority: u8,
    pub(crate) behaviour: u8,
    pub(crate) depth: u8,
    /// Bytes of payload beside the note.
    pub(crate) more: u16,
    pub(crate) deadline_ms: Option<u8>,
    pub(crate) delay_ms: Option<u8>,
    pub(crate) hops: Option<u8>,
    pub(crate) retry: bool,
    pub(crate) report: bool,
    /// From the host: 0 directly, 1 through a handle, 2 through a lane.
    pub(crate) way: u8,
}

/// Metres around an interest's place.
pub(crate) const REACH: f32 = 2.0;

pub(crate) fn position((x, z): (i8, i8)) -> Vec3 {
    Vec3::new(f32::from(x), 0.0, f32::from(z))
}

pub(crate) fn pose(place: (i8, i8)) -> Pose {
    Pose::at(position(place)).unwrap()
}

pub(crate) fn target(to: To, own: Option<AgentId>, model: &Model) -> Option<Target> {
    Some(match to {
        To::One(who) => Target::Agent(model.pick(who)?),
        To::Own => Target::Agent(own?),
        To::Everyone => Target::Everyone,
        To::Topic(topic) => Topic::named(TOPICS[usize::from(topic) % 3]).into(),
        To::Near(place, radius) => {
            Target::Near { point: position(place), radius: f32::from(radius) }
        }
        To::Nearest(place, count) => {
            Target::Nearest { point: position(place), count: u32::from(count) }
        }
        To::Linked => Target::Linked { hops: 1 },
    })
}

pub(crate) fn payload(note: &Note, more: u16) -> Vec<u8> {
    let mut bytes = bytemuck::bytes_of(note).to_vec();
    bytes.extend((0..more).map(|at| at as u8));
    bytes
}

pub(crate) fn message<'a>(bytes: &'a [u8], how: How, now_ms: i64) -> Message<'a> {
    let priority = Priority::new(how.priority).unwrap();
    let mut message = Message::new(WORK).bytes(bytes).priority(priority);
    if let Some(deadline) = how.deadline_ms {
        message = message.deadline(at(now_ms + i64::from(deadline)));
    }
    if let Some(hops) = how.hops {
        message = message.hops(hops);
    }
    if how.retry {
        message = message.retry();
    }
    if how.report {
        message = message.report();
    }
    message
}

pub(crate) fn region(near: (i8, i8)) -> Region {
    Region::Sphere(Sphere::new(position(near), REACH).unwrap())
}

pub(crate) fn options(mailbox: Option<(u8, u8)>, place: Option<(i8, i8)>) -> SpawnOptions {
    let mut options = SpawnOptions::new();
    if let Some((capacity, overflow)) = mailbox {
        let overflow = match overflow % 3 {
            0 => Overflow::RejectNew,
            1 => Overflow::DropOldest,
            _ => Overflow::DropLeastUrgent,
        };
        options = options.mailbox(Mailbox { capacity: u32::from(capacity), overflow });
    }
    if let Some(place) = place {
        options = options.pose(pose(place));
    }
    options
}
