//! An agent whose handlers are the host's functions.
#![expect(unsafe_code, reason = "the host's functions; exports have C names")]

use core::ffi::c_void;
use std::sync::{Arc, Mutex};

use xrmesh::{Agent, Context, Envelope, FailureKind, Fault, Mesh, SpawnOptions, StateHasher};

use super::current::lend;
use super::user_data::UserData;
use crate::failure::{Failure, fail};
use crate::fence::{fence, fence_anywhere, in_callback};
use crate::handle::{xrmesh_context, xrmesh_mesh};
use crate::host::frames::Frames;
use crate::mesh::agents::xrmesh_spawn_options;
use crate::mesh::object::{self, MeshState};
use crate::message::{xrmesh_agent_id, xrmesh_message};
use crate::pointer::{Caller, extensible};
use crate::status::*;

/// `on_tick` runs in every tick, not only when a wake is due.
pub const XRMESH_CALLBACKS_TICK: u32 = 1;

/// An agent's functions. Each is optional, and gets `user_data` as its first argument. They must not
/// block nor throw; what they return below 0 counts as a failure of the agent: XRMESH_FAULT_* says of
/// which kind. Fill it by `xrmesh_callbacks_default`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct xrmesh_callbacks {
    /// The size of this struct.
    pub struct_size: u32,
    /// XRMESH_CALLBACKS_*.
    pub flags: u32,
    /// The host's own. Optional.
    pub user_data: *mut c_void,
    /// Runs once, in the first tick, before any message.
    pub on_start: Option<
        unsafe extern "C" fn(user_data: *mut c_void, context: xrmesh_context) -> xrmesh_status,
    >,
    /// Runs for each message. `message` and `payload` are valid until it returns.
    pub on_message: Option<
        unsafe extern "C" fn(
            user_data: *mut c_void,
            context: xrmesh_context,
            message: *const xrmesh_message,
            payload: *const u8,
        ) -> xrmesh_status,
    >,
    /// Runs when a wake is due, and in every tick with XRMESH_CALLBACKS_TICK.
    pub on_tick: Option<
        unsafe extern "C" fn(user_data: *mut c_void, context: xrmesh_context) -> xrmesh_status,
    >,
    /// Runs once when the agent is despawned or the mesh is stopped. It may send.
    pub on_stop: Option<unsafe extern "C" fn(user_data: *mut c_void, context: xrmesh_context)>,
    /// A hash of all that decides what the agent does next, for the mesh's state hash.
    pub hash_state: Option<unsafe extern "C" fn(user_data: *mut c_void) -> u64>,
    /// Runs exactly once, when the agent is gone, on the thread that removes it; also if the agent could
    /// not be spawned.
    pub drop: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
}

extensible!(xrmesh_callbacks);

/// Fills the functions with none and the size. NULL is let be.
///
/// Any thread, also in callbacks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_callbacks_default(callbacks: *mut xrmesh_callbacks) {
    fence_anywhere!(
        quiet | caller | {
            caller.out(callbacks, "callbacks")?.set(xrmesh_callbacks::NONE);
            Ok(XRMESH_OK)
        }
    );
}

impl xrmesh_callbacks {
    pub(crate) const NONE: Self = Self {
        struct_size: size_of::<Self>() as u32,
        flags: 0,
        user_data: core::ptr::null_mut(),
        on_start: None,
        on_message: None,
        on_tick: None,
        on_stop: None,
        hash_state: None,
        drop: None,
    };

    /// Takes the functions over: from here on `drop` is due.
    pub(crate) fn own(caller: &Caller, callbacks: *const Self) -> Result<Owned, Failure> {
        let calls = caller.extensible(callbacks)?;
        Ok(Owned { calls, data: UserData::new(calls.user_data, calls.drop) })
    }
}

/// Functions whose `user_data` is this crate's to drop.
pub(crate) struct Owned {
    calls: xrmesh_callbacks,
    data: UserData,
}

/// The functions without what is one agent's: agents of one kind share them, so that an agent is small.
#[derive(Debug)]
pub(crate) struct Functions(xrmesh_callbacks);

// SAFETY: functions and numbers; the pointer in it is NULL.
unsafe impl Send for Functions {}
// SAFETY: the same.
unsafe impl Sync for Functions {}

impl Functions {
    fn new(calls: xrmesh_callbacks) -> Self {
        Self(xrmesh_callbacks { user_data: core::ptr::null_mut(), ..calls })
    }

    fn are(&self, calls: &xrmesh_callbacks) -> bool {
        fn addresses(calls: &xrmesh_callbacks) -> [usize; 5] {
            [
                calls.on_start.map_or(0, |call| call as usize),
                calls.on_message.map_or(0, |call| call as usize),
                calls.on_tick.map_or(0, |call| call as usize),
                calls.on_stop.map_or(0, |call| call as usize),
                calls.hash_state.map_or(0, |call| call as usize),
            ]
        }
        addresses(&self.0) == addresses(calls)
    }
}

/// The functions of the agent that was made last, for the next that has the same.
#[derive(Debug, Default)]
pub(crate) struct LastFunctions(Mutex<Option<Arc<Functions>>>);

impl LastFunctions {
    /// Nobody waits: where another thread makes an agent, this one has functions of its own.
    fn share(&self, calls: xrmesh_callbacks) -> Arc<Functions> {
        let Ok(mut last) = self.0.try_lock() else { return Arc::new(Functions::new(calls)) };
        if let Some(last) = last.as_ref().filter(|last| last.are(&calls)) {
            return Arc::clone(last);
        }
        Arc::clone(last.insert(Arc::new(Functions::new(calls))))
    }
}

impl Owned {
    /// Holds them against what they can be.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        let flags = self.calls.flags;
        if flags & !XRMESH_CALLBACKS_TICK != 0 {
            fail!(XRMESH_ERROR_UNKNOWN_VALUE, "callbacks.flags is {flags:#x}, known 0x1");
        }
        Ok(())
    }

    /// Whether `on_tick` is to run in every tick.
    pub(crate) fn ticks(&self) -> bool {
        self.calls.flags & XRMESH_CALLBACKS_TICK != 0
    }
}

/// An agent of the host's functions; `TICKS` if `on_tick` runs in every tick.
pub(crate) struct CallbackAgent<const TICKS: bool> {
    functions: Arc<Functions>,
    frames: Arc<Frames>,
    data: UserData,
}

impl<const TICKS: bool> CallbackAgent<TICKS> {
    pub(crate) fn new(owned: Owned, frames: &Arc<Frames>) -> Self {
        let Owned { calls, data } = owned;
        Self { functions: frames.functions.share(calls), frames: Arc::clone(frames), data }
    }
}

// SAFETY: the header says that an agent's functions run on whichever thread ticks, one at a time.
unsafe impl Send for Owned {}

fn fault(status: xrmesh_status) -> Result<(), Fault> {
    if status >= 0 {
        return Ok(());
    }
    let code = u8::try_from(XRMESH_FAULT_AGENT_DISCONNECT - status).ok();
    let kind = code.and_then(FailureKind::from_code).unwrap_or(FailureKind::ProcessingError);
    Err(Fault::new(kind, "the host's function returned a failure"))
}

impl<const TICKS: bool> Agent for CallbackAgent<TICKS> {
    fn on_start(&mut self, context: &mut Context<'_>) -> Result<(), Fault> {
        let Self { functions: calls, data, .. } = self;
        let Some(on_start) = calls.0.on_start else { return Ok(()) };
        // SAFETY: the host's function with the host's pointer and a context that is lent for the call.
        fault(lend(context, None, &self.frames, |lent| unsafe { on_start(data.pointer(), lent) }))
    }

    #[inline]
    fn on_message(
        &mut self,
        context: &mut Context<'_>,
        envelope: &Envelope<'_>,
    ) -> Result<(), Fault> {
        let Self { functions: calls, data, .. } = self;
        let Some(on_message) = calls.0.on_message else { return Ok(()) };
        let message = xrmesh_message::new(context.id(), envelope);
        let payload = envelope.bytes().as_ptr();
        fault(lend(context, Some(envelope), &self.frames, |lent| {
            // SAFETY: the host's function with the host's pointer; the context is lent, the message
            // and its payload live, for the call.
            unsafe { on_message(data.pointer(), lent, &raw const message, payload) }
        }))
    }

    fn on_tick(&mut self, context: &mut Context<'_>) -> Result<(), Fault> {
        let Self { functions: calls, data, .. } = self;
        let Some(on_tick) = calls.0.on_tick else { return Ok(()) };
        // SAFETY: as in `on_start`.
        fault(lend(context, None, &self.frames, |lent| unsafe { on_tick(data.pointer(), lent) }))
    }

    fn on_stop(&mut self, context: &mut Context<'_>) {
        let Self { functions: calls, data, .. } = self;
        if let Some(on_stop) = calls.0.on_stop {
            // SAFETY: as in `on_start`.
            lend(context, None, &self.frames, |lent| unsafe { on_stop(data.pointer(), lent) });
        }
    }

    fn hash_state(&self, hasher: &mut StateHasher) {
        let Self { functions: calls, data, .. } = self;
        if let Some(hash_state) = calls.0.hash_state {
            // SAFETY: the host's function with the host's pointer.
            hasher.u64(in_callback(|| unsafe { hash_state(data.pointer()) }));
        }
    }

    fn ticks() -> bool {
        TICKS
    }
}

/// Whether agents with callbacks may be had here, and marks that there are some.
pub(crate) fn allow(state: &mut MeshState) -> Result<(), Failure> {
    let workers = state.mesh()?.workers();
    if state.callbacks_anywhere {
        return Ok(());
    }
    if workers > 1 {
        fail!(
            XRMESH_ERROR_CALLBACK_THREADS,
            "the mesh has {workers} workers, on whose threads callbacks would run: make it with worker_threads 0 or XRMESH_MESH_CALLBACKS_ON_ANY_THREAD"
        );
    }
    state.callbacks_here = true;
    Ok(())
}

fn spawn(
    mesh: &mut Mesh,
    frames: &Arc<Frames>,
    owned: Owned,
    options: SpawnOptions,
) -> Result<u64, Failure> {
    let id = if owned.ticks() {
        mesh.spawn_with(CallbackAgent::<true>::new(owned, frames), options)?
    } else {
        mesh.spawn_with(CallbackAgent::<false>::new(owned, frames), options)?
    };
    Ok(id.to_bits())
}

/// Spawns an agent whose handlers are the host's functions. `options` is optional. Whatever this returns,
/// `drop` will run exactly once, unless `callbacks` is NULL or of another size.
///
/// One at a time.
///
/// Errors: as for `xrmesh_mesh_spawn`, and XRMESH_ERROR_RECORDED while the session is recorded (use
/// `xrmesh_mesh_spawn_as`), XRMESH_ERROR_CALLBACK_THREADS if the mesh has more than one worker and not
/// the flag XRMESH_MESH_CALLBACKS_ON_ANY_THREAD.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_mesh_spawn_callbacks(
    mesh: xrmesh_mesh,
    callbacks: *const xrmesh_callbacks,
    options: *const xrmesh_spawn_options,
    agent: *mut xrmesh_agent_id,
) -> xrmesh_status {
    // SAFETY: the caller of an export keeps the rules on pointers that the header states. Taken over
    // before the fence, so that whatever ends the call drops them.
    let owned = xrmesh_callbacks::own(&unsafe { Caller::trusted() }, callbacks);
    fence!(|caller| {
        let owned = owned?;
        owned.check()?;
        let options = xrmesh_spawn_options::parsed(caller.optional_extensible(options)?)?;
        let out = caller.out(agent, "agent")?;
        let object = object::pin(mesh)?;
        let mut state = object.enter()?;
        allow(&mut state)?;
        let frames = Arc::clone(&state.frames);
        out.set(spawn(state.mesh()?, &frames, owned, options)?);
        Ok(XRMESH_OK)
    })
}
