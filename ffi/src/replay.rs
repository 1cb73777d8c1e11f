//! Doing a recorded session again.
#![expect(unsafe_code, reason = "exports have C names")]

pub mod messages;
pub mod session;

use core::ffi::c_char;
use std::fs::File;
use std::io::Read;
use std::sync::{Arc, Mutex, MutexGuard};

use bytemuck::{Pod, Zeroable};
use xrmesh::photonic::Device;
use xrmesh::{RegisterError, Replay};

use crate::callback::types::{OwnedType, xrmesh_agent_type};
use crate::failure::{Failure, fail};
use crate::fence::{fence, fence_anywhere};
use crate::handle::{self, Kind, Object, xrmesh_memory, xrmesh_processor, xrmesh_replay};
use crate::host::frame::{Frame, Limits};
use crate::host::frames::Frames;
use crate::memory::owner::{self, Home};
use crate::mesh::create::{self, XRMESH_MESH_CALLBACKS_ON_ANY_THREAD, register_hosts};
use crate::mesh::sender::enter;
use crate::mesh::state::xrmesh_counters;
use crate::mesh::tick::xrmesh_tick_report;
use crate::photonic::create::ProcessorObject;
use crate::pointer::{Caller, Listed, extensible};
use crate::status::*;
use crate::stream::{HostReader, xrmesh_reader};

/// As many workers as the session had.
pub const XRMESH_WORKERS_AS_RECORDED: u32 = u32::MAX;

/// An agent type and its name. 24 bytes where pointers have 8.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct xrmesh_named_type {
    /// Its name.
    pub name: *const c_char,
    /// The type.
    pub agent_type: *const xrmesh_agent_type,
    /// Bytes of the name.
    pub name_len: u32,
    /// Zero.
    pub reserved: u32,
}

/// A processor and its name. 24 bytes where pointers have 8.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct xrmesh_named_processor {
    /// Its name.
    pub name: *const c_char,
    /// The processor; it is copied.
    pub processor: xrmesh_processor,
    /// Bytes of the name.
    pub name_len: u32,
    /// Zero.
    pub reserved: u32,
}

/// How a recording is replayed. Fill it by `xrmesh_replay_options_default`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct xrmesh_replay_options {
    /// The size of this struct.
    pub struct_size: u32,
    /// Threads that work on a tick; XRMESH_WORKERS_AS_RECORDED.
    pub worker_threads: u32,
    /// XRMESH_MESH_CALLBACKS_ON_ANY_THREAD.
    pub flags: u32,
    /// How many agent types.
    pub type_count: u32,
    /// All agent types that the session registered. Optional.
    pub types: *const xrmesh_named_type,
    /// All processors that it had, in their order. Optional.
    pub processors: *const xrmesh_named_processor,
    /// How many processors.
    pub processor_count: u32,
    /// Zero.
    pub reserved: u32,
    /// For a session whose mesh had a memory, one that is equal to what that was when the recording began;
    /// otherwise zero. The replay takes it, for good once the recording could be read: what the handle still
    /// does is to take snapshots; `xrmesh_mesh_memory` gives another of the mesh that the replay became.
    pub memory: xrmesh_memory,
}

extensible!(xrmesh_replay_options);

// SAFETY: numbers and pointers, `repr(C)`.
unsafe impl Listed for xrmesh_named_type {}
// SAFETY: numbers and pointers, `repr(C)`.
unsafe impl Listed for xrmesh_named_processor {}

/// One tick of a replay. 40 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub struct xrmesh_replay_tick {
    /// The number of the tick; the first is 1.
    pub tick: u64,
    /// Its time.
    pub now_ns: i64,
    /// The state hash after it.
    pub hash: u64,
    /// The one that was recorded, which is the same; 0 if none was.
    pub recorded_hash: u64,
    /// 1 if one was recorded.
    pub has_recorded_hash: u32,
    /// Zero.
    pub reserved: u32,
}

/// What a replay's handle stands for.
pub(crate) struct ReplayObject(Mutex<Replaying>);

/// What one thread at a time may use.
pub(crate) struct Replaying {
    pub(crate) replay: Replay<Source>,
    pub(crate) frames: Arc<Frames>,
    /// Taken from the frames and not polled yet.
    pub(crate) ready: Frame,
    /// Whether callbacks may run on workers' threads.
    pub(crate) callbacks_anywhere: bool,
    /// Whether it has types with callbacks.
    pub(crate) has_types: bool,
}

/// Where a recording comes from.
pub(crate) type Source = Box<dyn Read + Send>;

impl Object for ReplayObject {
    const KIND: Kind = Kind::Replay;
}

impl ReplayObject {
    /// What is in it, for this thread alone.
    pub(crate) fn enter(&self) -> Result<MutexGuard<'_, Replaying>, Failure> {
        enter(&self.0, "replay")
    }

    /// What is in it, for good; `None` after a panic.
    pub(crate) fn into_inner(self) -> Option<Replaying> {
        self.0.into_inner().ok()
    }
}

/// Fills the options with their defaults: no types, no processors. NULL is let be.
///
/// Any thread, also in callbacks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_replay_options_default(options: *mut xrmesh_replay_options) {
    fence_anywhere!(
        quiet | caller | {
            caller.out(options, "options")?.set(xrmesh_replay_options {
                struct_size: size_of::<xrmesh_replay_options>() as u32,
                worker_threads: XRMESH_WORKERS_AS_RECORDED,
                flags: 0,
                type_count: 0,
                types: core::ptr::null(),
                processors: core::ptr::null(),
                processor_count: 0,
                reserved: 0,
                memory: xrmesh_memory { bits: 0 },
            });
            Ok(XRMESH_OK)
        }
    );
}

/// What a replay registers, taken over from the host.
struct Known {
    types: Vec<(Box<str>, OwnedType)>,
    processors: Vec<(Box<str>, Device)>,
}

fn know(caller: &Caller, options: &xrmesh_replay_options) -> Result<Known, Failure> {
    let mut known = Known { types: Vec::new(), processors: Vec::new() };
    let mut first = Ok(());
    for index in 0..options.type_count {
        // All of them are taken over, so that each is dropped whatever happens.
        let given = caller.element(options.types, index, "options.types")?;
        match OwnedType::own(caller, given.agent_type).and_then(|owned| {
            owned.check()?;
            Ok((caller.text(given.name, given.name_len, "a type's name")?.into(), owned))
        }) {
            Ok(named) => known.types.push(named),
            Err(failure) => first = first.and(Err(failure)),
        }
    }
    first?;
    for index in 0..options.processor_count {
        let given = caller.element(options.processors, index, "options.processors")?;
        let name = caller.text(given.name, given.name_len, "a processor's name")?;
        let processor = handle::pin::<ProcessorObject>(given.processor.bits)?;
        known.processors.push((name.into(), processor.copy()?));
    }
    Ok(known)
}

/// Opens a recording and makes the mesh that it began with. The types' `drop` run exactly once, whatever
/// this returns, unless `options` is NULL or of another size.
///
/// Any thread.
///
/// Errors: XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_STRUCT_SIZE, XRMESH_ERROR_UTF8, XRMESH_ERROR_IO,
/// XRMESH_ERROR_CORRUPT, XRMESH_ERROR_FILE_VERSION, XRMESH_ERROR_CONFIG, XRMESH_ERROR_NAME_TAKEN,
/// XRMESH_ERROR_NAME, XRMESH_ERROR_DIVERGED, XRMESH_ERROR_UNKNOWN_VALUE, XRMESH_ERROR_OUT_OF_MEMORY,
/// XRMESH_ERROR_INVALID_HANDLE for a processor, XRMESH_ERROR_CALLBACK_THREADS for types on more than
/// one worker without the flag, XRMESH_ERROR_LIMIT; for the memory XRMESH_ERROR_INVALID_HANDLE,
/// XRMESH_ERROR_ATTACHED and XRMESH_ERROR_BUSY.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_replay_open(
    path: *const c_char,
    path_len: u32,
    options: *const xrmesh_replay_options,
    replay: *mut xrmesh_replay,
) -> xrmesh_status {
    fence!(|caller| {
        let options = caller.extensible(options)?;
        let known = know(caller, &options)?;
        let path = caller.text(path, path_len, "path")?;
        let out = caller.out(replay, "replay")?;
        check(&options)?;
        let file = File::open(path).map_err(|error| {
            Failure::new(XRMESH_ERROR_IO, format_args!("opening {path:?}: {error}"))
        })?;
        out.set(open(Box::new(file), &options, known)?);
        Ok(XRMESH_OK)
    })
}

/// Opens a recording that the host's functions give, as `xrmesh_replay_open` does one in a file. Whatever
/// this returns, the reader's `drop` and those of the types will run exactly once: the reader's unless
/// `reader` is NULL or of another size, the types' unless `options` is.
///
/// Any thread. The reader's functions run here and in whatever steps the replay.
///
/// Errors: as for `xrmesh_replay_open`, and XRMESH_ERROR_CALLBACK if `read` fails.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_replay_open_from(
    reader: *const xrmesh_reader,
    options: *const xrmesh_replay_options,
    replay: *mut xrmesh_replay,
) -> xrmesh_status {
    // SAFETY: the caller of an export keeps the rules on pointers that the header states. Taken over
    // before the fence, so that whatever ends the call drops it.
    let reader = HostReader::own(&unsafe { Caller::trusted() }, reader);
    fence!(|caller| {
        let options = caller.extensible(options)?;
        let known = know(caller, &options)?;
        let reader = reader?;
        reader.check()?;
        let out = caller.out(replay, "replay")?;
        check(&options)?;
        out.set(open(Box::new(reader), &options, known)?);
        Ok(XRMESH_OK)
    })
}

fn check(options: &xrmesh_replay_options) -> Result<(), Failure> {
    if options.flags & !XRMESH_MESH_CALLBACKS_ON_ANY_THREAD != 0 {
        fail!(XRMESH_ERROR_UNKNOWN_VALUE, "options.flags is {:#x}, known 0x1", options.flags);
    }
    if options.reserved != 0 {
        fail!(XRMESH_ERROR_RESERVED, "options.reserved is not zero");
    }
    Ok(())
}

fn open(
    source: Source,
    options: &xrmesh_replay_options,
    known: Known,
) -> Result<xrmesh_replay, Failure> {
    let callbacks_anywhere = options.flags & XRMESH_MESH_CALLBACKS_ON_ANY_THREAD != 0;
    let workers =
        Some(options.worker_threads).filter(|&workers| workers != XRMESH_WORKERS_AS_RECORDED);
    let has_types = !known.types.is_empty();
    let memory = Some(options.memory).filter(|memory| memory.bits != 0);
    let held = memory.map(owner::pin).transpose()?;
    let mut writer = held.as_ref().map(|held| held.enter()).transpose()?;
    if let Some(writer) = &mut writer {
        writer.own()?;
    }
    let mut made = None;
    let register = |mesh: &mut xrmesh::Mesh| {
        let frames = Frames::new(mesh.config().processing.max_workers, NO_FRAME);
        made = Some(Arc::clone(&frames));
        register_hosts(mesh, &frames)?;
        for (name, owned) in known.types {
            owned.register(mesh, &name, &frames)?;
        }
        for (name, device) in known.processors {
            mesh.add_processor(&name, device)?;
        }
        if let Some(writer) = &mut writer
            && let Home::Here(memory) = core::mem::replace(&mut writer.home, Home::Gone)
        {
            mesh.attach_memory(*memory)?;
        }
        Ok::<_, RegisterError>(())
    };
    let replay = Replay::open(source, register, workers)?;
    let workers = replay.mesh().workers();
    if has_types && workers > 1 && !callbacks_anywhere {
        fail!(
            XRMESH_ERROR_CALLBACK_THREADS,
            "the replay has {workers} workers, on whose threads callbacks would run: open it with worker_threads 0 or XRMESH_MESH_CALLBACKS_ON_ANY_THREAD"
        );
    }
    let frames = made.unwrap_or_else(|| Frames::new(0, NO_FRAME));
    let ready = Frame::default();
    let replaying = Replaying { replay, frames, ready, callbacks_anywhere, has_types };
    let object = ReplayObject(Mutex::new(replaying));
    Ok(xrmesh_replay { bits: handle::insert(Arc::new(object))? })
}

/// What the host's agents keep until somebody wants it.
const NO_FRAME: Limits = Limits { messages: 0, bytes: 0 };

/// Does the next tick, with all that the host did before it, and holds it against what was recorded. `tick`
/// and `report` are optional.
///
/// One at a time: the thread that ticks. Callbacks run in here.
///
/// Returns XRMESH_END after the last tick.
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_STRUCT_SIZE, XRMESH_ERROR_BUSY,
/// XRMESH_ERROR_DIVERGED, XRMESH_ERROR_CORRUPT, XRMESH_ERROR_IO, XRMESH_ERROR_CALLBACK if the reader's
/// `read` fails, XRMESH_ERROR_UNKNOWN_TYPE,
/// XRMESH_ERROR_UNKNOWN_PROCESSOR, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_replay_step(
    replay: xrmesh_replay,
    tick: *mut xrmesh_replay_tick,
    report: *mut xrmesh_tick_report,
) -> xrmesh_status {
    fence!(|caller| {
        let tick = caller.optional_out(tick);
        let report = caller.optional_out_extensible(report)?;
        let held = handle::pin::<ReplayObject>(replay.bits)?;
        let Some(done) = held.enter()?.replay.step()? else { return Ok(XRMESH_END) };
        if let Some(tick) = tick {
            tick.set(xrmesh_replay_tick {
                tick: done.tick,
                now_ns: done.now.as_nanos(),
                hash: done.hash,
                recorded_hash: done.recorded_hash.unwrap_or(0),
                has_recorded_hash: u32::from(done.recorded_hash.is_some()),
                reserved: 0,
            });
        }
        if let Some(report) = report {
            report.set(xrmesh_tick_report::new(&done.report, 0));
        }
        Ok(XRMESH_OK)
    })
}

/// Does all ticks that are left. `ticks` is optional and gets how many they were.
///
/// One at a time: the thread that ticks. Callbacks run in here.
///
/// Errors: as for `xrmesh_replay_step`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_replay_run(
    replay: xrmesh_replay,
    ticks: *mut u64,
) -> xrmesh_status {
    fence!(|caller| {
        let ticks = caller.optional_out(ticks);
        let held = handle::pin::<ReplayObject>(replay.bits)?;
        let done = held.enter()?.replay.run()?;
        if let Some(ticks) = ticks {
            ticks.set(done);
        }
        Ok(XRMESH_OK)
    })
}

/// The account of all messages of the session so far.
///
/// One at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_STRUCT_SIZE,
/// XRMESH_ERROR_BUSY, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_replay_counters(
    replay: xrmesh_replay,
    counters: *mut xrmesh_counters,
) -> xrmesh_status {
    fence!(|caller| {
        let out = caller.out_extensible(counters)?;
        let held = handle::pin::<ReplayObject>(replay.bits)?;
        out.set(xrmesh_counters::of(held.enter()?.replay.mesh()));
        Ok(XRMESH_OK)
    })
}

/// Destroys a replay.
///
/// Any thread.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_replay_destroy(replay: xrmesh_replay) -> xrmesh_status {
    fence!(|_caller| create::destroy::<ReplayObject>(replay.bits))
}
