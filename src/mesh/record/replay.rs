//! Doing a recorded session again.

use core::fmt;
use std::io::Read;

use super::error::ReplayError;
use super::event::{Allowed, Event, Start};
use super::message::Said;
use super::reader::Records;
use crate::agent::view::ProcessorShape;
use crate::dispatch::engine::RoundCut;
use crate::mesh::config::Config;
use crate::mesh::{Budget, Mesh, Refusal, RegisterError, SpawnError, TickReport};
use crate::time::Time;

/// A recorded session that is done again, tick by tick, and held against what was recorded.
///
/// The agents' factories must be registered under the same names, and make agents that do the same;
/// where they do not, a hash or an id differs and the replay ends with
/// [`ReplayError::Diverged`]. What handlers and health events show of the past is as it was; only
/// [`Mesh::refusals`] stays empty, since refused commands are not recorded.
///
/// ```no_run
/// # use xrmesh::{Fault, Mesh, RegisterError, Replay};
/// # fn register(mesh: &mut Mesh) -> Result<(), RegisterError> { Ok(()) }
/// // Where did it go wrong? Four workers give the same as the one of the recording.
/// let file = std::fs::File::open("session.xrmrec")?;
/// let mut replay = Replay::open(file, register, Some(4))?;
/// while let Some(tick) = replay.step()? {
///     if tick.report.dropped > 0 {
///         println!("tick {} dropped {}", tick.tick, tick.report.dropped);
///     }
/// }
/// println!("{:?}", replay.mesh().counters());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Replay<R> {
    records: Records<R>,
    mesh: Mesh,
    ticks: u64,
    stage: Stage,
}

/// One tick of a replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReplayTick {
    /// The number of the tick; the first is 1.
    pub tick: u64,
    /// Its time.
    pub now: Time,
    /// What it did.
    pub report: TickReport,
    /// The state hash after it.
    pub hash: u64,
    /// The one that was recorded, which is the same; `None` if none was.
    pub recorded_hash: Option<u64>,
}

/// How far a replay is.
#[derive(Debug)]
enum Stage {
    Between,
    /// In a tick that takes in what came through queues.
    Taking(Time, Allowed),
    Done,
    Failed,
}

impl<R: Read> Replay<R> {
    /// Opens a recording, and makes the mesh that it began with. `register` registers the agent types,
    /// all that were registered at any time of the session, adds the processors and attaches the memory
    /// that it began with, and does nothing else to the mesh.
    /// `workers` is how many threads work on a tick; as many as when it was recorded if not said. The
    /// reader is buffered here.
    ///
    /// # Errors
    /// [`ReplayError`]: for what is no recording of this format version, a configuration that this
    /// library does not take, or a mesh that is not the one of the recording.
    pub fn open(
        reader: R,
        register: impl FnOnce(&mut Mesh) -> Result<(), RegisterError>,
        workers: Option<u32>,
    ) -> Result<Self, ReplayError> {
        let mut records = Records::open(reader)?;
        let offset = records.offset;
        let malformed = |expected| ReplayError::Malformed { offset, expected };
        let Event::Start(Start { config, tick, hash, salt, .. }) = records.next()? else {
            return Err(malformed("the record that begins a recording"));
        };
        if tick != 0 {
            return Err(malformed("a checkpoint before the first tick"));
        }
        let mut config = Config::from_json(config)?;
        if let Some(workers) = workers {
            config.processing.max_workers = workers;
        }
        let expected = u64::from(config.generation_salt().get());
        let mut mesh = Mesh::new(config)?;
        register(&mut mesh)?;
        same(0, offset, "the generation of the first ids", u64::from(salt), expected)?;
        same(0, offset, "the state hash before the first tick", hash, mesh.state_hash())?;
        Ok(Self { records, mesh, ticks: 0, stage: Stage::Between })
    }

    /// Does the next tick, with all that the host did before it. `None` after the last, when also
    /// what the host did after that tick was done.
    ///
    /// # Errors
    /// [`ReplayError`]. The replay ends with it: [`mesh`](Self::mesh) stays as it is then, and each
    /// further step is [`ReplayError::Ended`].
    pub fn step(&mut self) -> Result<Option<ReplayTick>, ReplayError> {
        match self.stage {
            Stage::Done => return Ok(None),
            Stage::Failed => return Err(ReplayError::Ended { offset: self.records.offset }),
            Stage::Between | Stage::Taking(..) => {}
        }
        let stepped = self.advance();
        if stepped.is_err() {
            self.stage = Stage::Failed;
        }
        stepped
    }

    /// Does all ticks that are left, and says how many they were.
    ///
    /// # Errors
    /// As for [`step`](Self::step).
    pub fn run(&mut self) -> Result<u64, ReplayError> {
        let mut ticks = 0;
        while self.step()?.is_some() {
            ticks += 1;
        }
        Ok(ticks)
    }

    /// Ends the replay where it is: its mesh may go on as a session of its own.
    #[must_use]
    pub fn into_mesh(self) -> Mesh {
        self.mesh
    }

    /// The mesh as it is after the last step.
    #[must_use]
    pub fn mesh(&self) -> &Mesh {
        &self.mesh
    }

    fn advance(&mut self) -> Result<Option<ReplayTick>, ReplayError> {
        loop {
            let Self { records, mesh, ticks, stage } = self;
            let (offset, tick) = (records.position(), *ticks);
            let malformed = |expected| ReplayError::Malformed { offset, expected };
            match (records.next()?, core::mem::replace(stage, Stage::Failed)) {
                (Event::TickBegin { now, allowed }, Stage::Between) => {
                    mesh.check_time(now).map_err(|_| malformed("a time that does not go back"))?;
                    mesh.begin_tick(now);
                    *stage = Stage::Taking(now, allowed);
                }
                (Event::TickEnd { hash: recorded_hash, cuts }, Stage::Taking(now, allowed)) => {
                    let report = run(mesh, now, allowed, &cuts);
                    *ticks += 1;
                    let (tick, hash) = (*ticks, mesh.state_hash());
                    if let Some(recorded) = recorded_hash {
                        same(tick, offset, "the state hash", recorded, hash)?;
                    }
                    *stage = Stage::Between;
                    return Ok(Some(ReplayTick { tick, now, report, hash, recorded_hash }));
                }
                (Event::End { ticks: recorded }, Stage::Between) => {
                    same(tick, offset, "the number of ticks", recorded, tick)?;
                    break;
                }
                (Event::Start(_), _) => return Err(malformed("no second beginning")),
                (Event::TickBegin { .. } | Event::TickEnd { .. } | Event::End { .. }, _) => {
                    return Err(malformed("ticks that begin and end in turn"));
                }
                (event, held) => {
                    obey(mesh, event, tick, offset)?;
                    *stage = held;
                }
            }
        }
        self.records.end()?;
        self.stage = Stage::Done;
        Ok(None)
    }
}

fn run(mesh: &mut Mesh, now: Time, allowed: Allowed, cuts: &[RoundCut]) -> TickReport {
    let budget = match allowed {
        Allowed::Unlimited => Budget::unlimited(),
        Allowed::Messages(messages) => Budget::messages(messages),
        Allowed::Nanos(_) => Budget::cuts(cuts),
    };
    mesh.finish_tick(now, budget.begin())
}

/// What a command gave: what it is, as recorded and now; nothing for most.
type Given = Result<Option<(&'static str, u64, u64)>, Refusal>;

/// Does what the host did.
fn obey(mesh: &mut Mesh, event: Event<'_>, tick: u64, offset: u64) -> Result<(), ReplayError> {
    let refused = |reason: &dyn fmt::Display| ReplayError::Refused {
        tick,
        offset,
        reason: reason.to_string().into(),
    };
    let packet = |mesh: &Mesh, said: &Said<'_>| {
        let packet = said.with_message(|message| mesh.packet(message));
        packet.map_err(|error| refused(&error))
    };
    if let Event::Processor { index, name, inputs, outputs } = event {
        let known = mesh.engine.view.processors.get(index as usize);
        let name: Box<str> = name.into();
        let recorded = ProcessorShape { name: name.clone(), inputs, outputs };
        return if known == Some(&recorded) {
            Ok(())
        } else {
            Err(ReplayError::NoProcessor { name, index, inputs, outputs, offset })
        };
    }
    let given = match event {
        Event::Spawn { id, name, bytes, options } => {
            gave("the agent's id", id.to_bits(), mesh.spawn_as(name, bytes, options), |id| {
                id.to_bits()
            })
        }
        Event::Despawn(id) => done(mesh.despawn(id)),
        Event::Move(id, pose) => done(mesh.move_to(id, pose)),
        Event::Quarantine(id, quarantined) => done(mesh.quarantine(id, quarantined)),
        Event::Subscribe(id, name, region) => done(mesh.subscribe(id, name, region)),
        Event::Unsubscribe(id, topic) => done(mesh.unsubscribe(id, topic)),
        Event::Connect(a, b) => done(mesh.connect(a, b)),
        Event::Disconnect(a, b) => done(mesh.disconnect(a, b)),
        Event::AutoConnect { radius, hysteresis } => done(mesh.auto_connect(radius, hysteresis)),
        Event::StopAutoConnect => {
            mesh.stop_auto_connect();
            Ok(None)
        }
        Event::Memory { command, answer } => {
            let given = mesh.change_memory(&command).map_err(|error| refused(&error))?;
            Ok(Some(("what the memory answered", answer, given.to_bits())))
        }
        Event::Unrecorded { changes } => {
            return Err(ReplayError::Unrecorded { tick, offset, changes });
        }
        Event::Send { id, target, said } => {
            let sent = said.with_message(|message| mesh.send(target, message));
            gave("the envelope's id", id.to_bits(), sent, |id| id.to_bits())
        }
        Event::Take { to, said } => {
            let mut packet = packet(mesh, &said)?;
            packet.address(to);
            done(mesh.take(packet))
        }
        Event::TakeGroup { id, target, said } => {
            let packet = packet(mesh, &said)?;
            let sent = mesh.take_group(target, packet);
            gave("the envelope's id", id.to_bits(), sent, |id| id.to_bits())
        }
        // Not commands; they were seen to before.
        Event::Start(_)
        | Event::Processor { .. }
        | Event::TickBegin { .. }
        | Event::TickEnd { .. }
        | Event::End { .. } => Ok(None),
    };
    match given {
        Ok(Some((what, recorded, given))) => same(tick, offset, what, recorded, given),
        Ok(None) => Ok(()),
        Err(Refusal::Spawn(SpawnError::UnknownType { name })) => {
            Err(ReplayError::UnknownType { name, tick, offset })
        }
        Err(refusal) => Err(refused(&refusal)),
    }
}

/// Of a command that gives nothing to compare.
fn done<T, E: Into<Refusal>>(result: Result<T, E>) -> Given {
    result.map(|_| None).map_err(Into::into)
}

fn gave<T, E: Into<Refusal>>(
    what: &'static str,
    recorded: u64,
    result: Result<T, E>,
    bits: impl FnOnce(T) -> u64,
) -> Given {
    result.map(|given| Some((what, recorded, bits(given)))).map_err(Into::into)
}

fn same(
    tick: u64,
    offset: u64,
    what: &'static str,
    recorded: u64,
    given: u64,
) -> Result<(), ReplayError> {
    if recorded == given {
        Ok(())
    } else {
        Err(ReplayError::Diverged { tick, offset, what, recorded, given })
    }
}

impl<R> fmt::Debug for Replay<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { mesh, ticks, stage, .. } = self;
        f.debug_struct("Replay")
            .field("ticks", ticks)
            .field("stage", stage)
            .field("mesh", mesh)
            .finish_non_exhaustive()
    }
}
