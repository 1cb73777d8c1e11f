//! What a recording holds, one record each.

use std::borrow::Cow;

use super::bytes::{Cursor, Field, Wrong};
use super::format::tag;
use super::message::Said;
use crate::agent::SpawnOptions;
use crate::dispatch::engine::RoundCut;
use crate::id::AgentId;
use crate::mail::queue::{LEVELS, Pairs};
use crate::memory::MemoryCommand;
use crate::message::{EnvelopeId, Target, Topic};
use crate::space::{Pose, Region};
use crate::time::Time;

/// One record.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) enum Event<'a> {
    /// The first: what the session began with.
    Start(Start<'a>),
    TickBegin {
        now: Time,
        allowed: Allowed,
    },
    /// With the cuts of a timed tick; none for others.
    TickEnd {
        hash: Option<u64>,
        cuts: Cow<'a, [RoundCut]>,
    },
    /// The last.
    End {
        ticks: u64,
    },
    Spawn {
        id: AgentId,
        name: &'a str,
        bytes: &'a [u8],
        options: SpawnOptions,
    },
    Despawn(AgentId),
    Move(AgentId, Pose),
    Quarantine(AgentId, bool),
    Subscribe(AgentId, &'a str, Option<Region>),
    Unsubscribe(AgentId, Topic),
    Connect(AgentId, AgentId),
    Disconnect(AgentId, AgentId),
    AutoConnect {
        radius: f32,
        hysteresis: f32,
    },
    StopAutoConnect,
    /// A processor that the session had from its beginning.
    Processor {
        index: u32,
        name: &'a str,
        inputs: u32,
        outputs: u32,
    },
    /// The host changed the memory.
    Memory {
        command: Cow<'a, MemoryCommand>,
        answer: u64,
    },
    /// The host changed the memory by hand: how often. What it did stands nowhere, so the session
    /// cannot be done again from here on.
    Unrecorded {
        changes: u64,
    },
    /// The host sent it.
    Send {
        id: EnvelopeId,
        target: Target,
        said: Said<'a>,
    },
    /// It came through a handle or a lane.
    Take {
        to: AgentId,
        said: Said<'a>,
    },
    TakeGroup {
        id: EnvelopeId,
        target: Target,
        said: Said<'a>,
    },
}

/// The state that a recording begins with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in super::super) struct Start<'a> {
    /// The library's, for whoever looks into a file.
    pub(super) version: &'a str,
    /// As JSON.
    pub(super) config: &'a str,
    pub(super) tick: u64,
    pub(super) hash: u64,
    /// The generation that the next id gets.
    pub(super) salt: u32,
}

/// What a tick was allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Allowed {
    Unlimited,
    Messages(u64),
    /// So many nanoseconds; what fitted is in the tick's cuts.
    Nanos(u64),
}

/// More rounds than the configuration allows a tick, and shards than a mesh has, are not believed.
const MOST_ROUNDS: usize = 64;
const MOST_SHARDS: usize = 64;

impl<'a> Event<'a> {
    /// Appends the record's body: what it is, then its content.
    pub(super) fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::Start(start) => {
                out.push(tag::START);
                start.put(out);
            }
            Self::TickBegin { now, allowed } => {
                out.push(tag::TICK_BEGIN);
                now.put(out);
                allowed.put(out);
            }
            Self::TickEnd { hash, cuts } => {
                out.push(tag::TICK_END);
                hash.put(out);
                put_cuts(cuts, out);
            }
            Self::End { ticks } => {
                out.push(tag::END);
                ticks.put(out);
            }
            Self::Spawn { id, name, bytes, options } => {
                out.push(tag::SPAWN);
                id.put(out);
                name.put(out);
                options.put(out);
                bytes.put(out);
            }
            Self::Despawn(id) => {
                out.push(tag::DESPAWN);
                id.put(out);
            }
            Self::Move(id, pose) => {
                out.push(tag::MOVE);
                id.put(out);
                pose.put(out);
            }
            Self::Quarantine(id, quarantined) => {
                out.push(tag::QUARANTINE);
                id.put(out);
                quarantined.put(out);
            }
            Self::Subscribe(id, name, region) => {
                out.push(tag::SUBSCRIBE);
                id.put(out);
                name.put(out);
                region.put(out);
            }
            Self::Unsubscribe(id, topic) => {
                out.push(tag::UNSUBSCRIBE);
                id.put(out);
                topic.put(out);
            }
            Self::Connect(a, b) => {
                out.push(tag::CONNECT);
                a.put(out);
                b.put(out);
            }
            Self::Disconnect(a, b) => {
                out.push(tag::DISCONNECT);
                a.put(out);
                b.put(out);
            }
            Self::AutoConnect { radius, hysteresis } => {
                out.push(tag::AUTO_CONNECT);
                radius.put(out);
                hysteresis.put(out);
            }
            Self::StopAutoConnect => out.push(tag::STOP_AUTO_CONNECT),
            Self::Processor { index, name, inputs, outputs } => {
                out.push(tag::PROCESSOR);
                index.put(out);
                name.put(out);
                inputs.put(out);
                outputs.put(out);
            }
            Self::Memory { command, answer } => {
                out.push(tag::MEMORY);
                command.put(out);
                answer.put(out);
            }
            Self::Unrecorded { changes } => {
                out.push(tag::UNRECORDED);
                changes.put(out);
            }
            Self::Send { id, target, said } => put_group(tag::SEND, *id, target, said, out),
            Self::Take { to, said } => {
                out.push(tag::TAKE);
                to.put(out);
                said.put(out);
            }
            Self::TakeGroup { id, target, said } => {
                put_group(tag::TAKE_GROUP, *id, target, said, out);
            }
        }
    }

    /// Reads a record's body, which must hold nothing else.
    pub(super) fn take(body: &'a [u8]) -> Result<Self, Wrong> {
        let mut from = Cursor(body);
        let event = match from.read::<u8>()? {
            tag::START => Self::Start(from.read()?),
            tag::TICK_BEGIN => Self::TickBegin { now: from.read()?, allowed: from.read()? },
            tag::TICK_END => {
                Self::TickEnd { hash: from.read()?, cuts: take_cuts(&mut from)?.into() }
            }
            tag::END => Self::End { ticks: from.read()? },
            tag::SPAWN => {
                let (id, name, options) = (from.read()?, from.read()?, from.read()?);
                Self::Spawn { id, name, options, bytes: from.read()? }
            }
            tag::DESPAWN => Self::Despawn(from.read()?),
            tag::MOVE => Self::Move(from.read()?, from.read()?),
            tag::QUARANTINE => Self::Quarantine(from.read()?, from.read()?),
            tag::SUBSCRIBE => Self::Subscribe(from.read()?, from.read()?, from.read()?),
            tag::UNSUBSCRIBE => Self::Unsubscribe(from.read()?, from.read()?),
            tag::CONNECT => Self::Connect(from.read()?, from.read()?),
            tag::DISCONNECT => Self::Disconnect(from.read()?, from.read()?),
            tag::AUTO_CONNECT => {
                Self::AutoConnect { radius: from.read()?, hysteresis: from.read()? }
            }
            tag::STOP_AUTO_CONNECT => Self::StopAutoConnect,
            tag::PROCESSOR => {
                let (index, name, inputs) = (from.read()?, from.read()?, from.read()?);
                Self::Processor { index, name, inputs, outputs: from.read()? }
            }
            tag::MEMORY => {
                let command: MemoryCommand = from.read()?;
                Self::Memory { command: Cow::Owned(command), answer: from.read()? }
            }
            tag::UNRECORDED => Self::Unrecorded { changes: from.read()? },
            tag::SEND => Self::Send { id: from.read()?, target: from.read()?, said: from.read()? },
            tag::TAKE => Self::Take { to: from.read()?, said: from.read()? },
            tag::TAKE_GROUP => {
                Self::TakeGroup { id: from.read()?, target: from.read()?, said: from.read()? }
            }
            _ => return Err(Wrong("a kind of record")),
        };
        from.end()?;
        Ok(event)
    }
}

fn put_group(tag: u8, id: EnvelopeId, target: &Target, said: &Said<'_>, out: &mut Vec<u8>) {
    out.push(tag);
    id.put(out);
    target.put(out);
    said.put(out);
}

impl<'a> Field<'a> for Start<'a> {
    fn put(&self, out: &mut Vec<u8>) {
        self.version.put(out);
        self.config.put(out);
        self.tick.put(out);
        self.hash.put(out);
        self.salt.put(out);
    }

    fn take(from: &mut Cursor<'a>) -> Result<Self, Wrong> {
        let (version, config) = (from.read()?, from.read()?);
        Ok(Self { version, config, tick: from.read()?, hash: from.read()?, salt: from.read()? })
    }
}

impl Field<'_> for Allowed {
    fn put(&self, out: &mut Vec<u8>) {
        let (kind, amount) = match *self {
            Self::Unlimited => (0, 0),
            Self::Messages(messages) => (1, messages),
            Self::Nanos(nanos) => (2, nanos),
        };
        out.push(kind);
        amount.put(out);
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, Wrong> {
        match (from.read::<u8>()?, from.read()?) {
            (0, 0) => Ok(Self::Unlimited),
            (1, messages) => Ok(Self::Messages(messages)),
            (2, nanos) => Ok(Self::Nanos(nanos)),
            _ => Err(Wrong("a budget")),
        }
    }
}

/// Only the shards and levels that went through anything.
fn put_cuts(cuts: &[RoundCut], out: &mut Vec<u8>) {
    out.push(cuts.len() as u8);
    for cut in cuts {
        let busy = || cut.iter().enumerate().filter(|(_, pairs)| **pairs != [0; LEVELS]);
        out.push(busy().count() as u8);
        for (shard, pairs) in busy() {
            out.push(shard as u8);
            let bit = |(level, &pairs): (usize, &u64)| u16::from(pairs > 0) << level;
            pairs.iter().enumerate().map(bit).fold(0, |mask: u16, bit| mask | bit).put(out);
            pairs.iter().filter(|&&pairs| pairs > 0).for_each(|pairs| pairs.put(out));
        }
    }
}

fn take_cuts(from: &mut Cursor<'_>) -> Result<Vec<RoundCut>, Wrong> {
    let rounds = usize::from(from.read::<u8>()?);
    if rounds > MOST_ROUNDS {
        return Err(Wrong("the cuts of a tick's rounds"));
    }
    let mut cuts = Vec::with_capacity(rounds);
    for _ in 0..rounds {
        let mut cut = vec![Pairs::default(); MOST_SHARDS];
        for _ in 0..from.read::<u8>()? {
            let shard = usize::from(from.read::<u8>()?);
            let pairs = cut.get_mut(shard).ok_or(Wrong("a shard's number"))?;
            let mask: u16 = from.read()?;
            if mask >> LEVELS != 0 {
                return Err(Wrong("priorities"));
            }
            for (level, pairs) in pairs.iter_mut().enumerate() {
                if mask & 1 << level != 0 {
                    *pairs = from.read()?;
                }
            }
        }
        cuts.push(cut);
    }
    Ok(cuts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Kind, Message};
    use crate::space::{Sphere, Vec3};

    fn events() -> Vec<Event<'static>> {
        let id = |bits| AgentId::from_bits(bits).unwrap();
        let (a, b) = (id(0x0000_0003_0000_0040), id(0xffff_ffff_0000_0000));
        let topic = Topic::named("poses");
        let said = || Said::from(&Message::new(Kind::user(9)).bytes(b"hello"));
        let sphere = Sphere::new(Vec3::ZERO, 2.0).unwrap().into();
        let mut cut = vec![Pairs::default(); MOST_SHARDS];
        (cut[2][0], cut[2][9], cut[63][5]) = (1, u64::MAX, 7);
        let cuts = vec![cut, vec![Pairs::default(); MOST_SHARDS]];
        let envelope = EnvelopeId::from_bits(77);
        vec![
            Event::Start(Start { version: "1.2.3", config: "{}", tick: 0, hash: 5, salt: 6 }),
            Event::TickBegin { now: Time::from_nanos(-1), allowed: Allowed::Unlimited },
            Event::TickBegin { now: Time::MAX, allowed: Allowed::Messages(u64::MAX) },
            Event::TickBegin { now: Time::ZERO, allowed: Allowed::Nanos(800_000) },
            Event::TickEnd { hash: None, cuts: Cow::Borrowed(&[]) },
            Event::TickEnd { hash: Some(8), cuts: cuts.into() },
            Event::End { ticks: 9 },
            Event::Spawn { id: a, name: "n", bytes: b"xy", options: SpawnOptions::new() },
            Event::Despawn(a),
            Event::Move(a, Pose::IDENTITY),
            Event::Quarantine(b, true),
            Event::Subscribe(a, "poses", Some(sphere)),
            Event::Subscribe(a, "poses", None),
            Event::Unsubscribe(a, topic),
            Event::Connect(a, b),
            Event::Disconnect(a, b),
            Event::AutoConnect { radius: 1.5, hysteresis: 0.5 },
            Event::StopAutoConnect,
            Event::Processor { index: 1, name: "digits", inputs: 64, outputs: 10 },
            Event::Memory { command: Cow::Owned(MemoryCommand::Class("chair".into())), answer: 3 },
            Event::Unrecorded { changes: 2 },
            Event::Send { id: envelope, target: Target::Everyone, said: said() },
            Event::Take { to: b, said: said() },
            Event::TakeGroup { id: envelope, target: topic.into(), said: said() },
        ]
    }

    #[test]
    fn records_come_back() {
        for event in events() {
            let mut body = Vec::new();
            event.put(&mut body);
            assert_eq!(Event::take(&body), Ok(event));
        }
    }

    #[test]
    fn what_is_cut_off_or_appended_is_refused() {
        for event in events() {
            let mut body = Vec::new();
            event.put(&mut body);
            for end in 0..body.len() {
                assert!(Event::take(&body[..end]).is_err(), "{event:?} up to {end}");
            }
            body.push(0);
            assert_eq!(Event::take(&body), Err(Wrong("the end of the record")), "{event:?}");
        }
    }

    #[test]
    fn rounds_that_no_tick_has_are_refused() {
        let body = [tag::TICK_END, 0, 255];
        assert_eq!(Event::take(&body), Err(Wrong("the cuts of a tick's rounds")));
    }
}
