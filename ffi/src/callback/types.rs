//! Agent types of the host's functions, registered by name: what can be restarted and recorded.
#![expect(unsafe_code, reason = "the host's functions; exports have C names")]

use core::ffi::{c_char, c_void};
use std::sync::Arc;

use xrmesh::{Mesh, RegisterError};

use super::agent::{CallbackAgent, Owned, allow, xrmesh_callbacks};
use super::user_data::UserData;
use crate::failure::{Failure, fail};
use crate::fence::{fence, fence_anywhere, in_callback};
use crate::handle::xrmesh_mesh;
use crate::host::frames::Frames;
use crate::mesh::object;
use crate::pointer::{Caller, extensible};
use crate::status::*;

/// Agents of the type run `on_tick` in every tick. Their callbacks' own flag is not looked at.
pub const XRMESH_TYPE_TICKS: u32 = 1;

/// What makes agents of one type. Fill it by `xrmesh_agent_type_default`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct xrmesh_agent_type {
    /// The size of this struct.
    pub struct_size: u32,
    /// XRMESH_TYPE_*.
    pub flags: u32,
    /// The host's own, for `create`. Optional.
    pub user_data: *mut c_void,
    /// Makes an agent from bytes: fills `callbacks`, which come with their defaults, `user_data` and
    /// `drop` among them. Runs at a spawn, and when an agent is restarted. Below 0 refuses, and then
    /// nothing of `callbacks` is used or dropped. Required.
    pub create: Option<
        unsafe extern "C" fn(
            user_data: *mut c_void,
            bytes: *const u8,
            bytes_len: u32,
            callbacks: *mut xrmesh_callbacks,
        ) -> xrmesh_status,
    >,
    /// Runs exactly once, when the type is gone; also if it could not be registered. Agents of the type
    /// may be dropped later, with their own `drop`.
    pub drop: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
}

extensible!(xrmesh_agent_type);

/// Fills the type with no functions and its size. NULL is let be.
///
/// Any thread, also in callbacks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_agent_type_default(agent_type: *mut xrmesh_agent_type) {
    fence_anywhere!(
        quiet | caller | {
            caller.out(agent_type, "agent_type")?.set(xrmesh_agent_type {
                struct_size: size_of::<xrmesh_agent_type>() as u32,
                flags: 0,
                user_data: core::ptr::null_mut(),
                create: None,
                drop: None,
            });
            Ok(XRMESH_OK)
        }
    );
}

/// A type whose `user_data` is this crate's to drop.
pub(crate) struct OwnedType {
    flags: u32,
    create: Option<
        unsafe extern "C" fn(*mut c_void, *const u8, u32, *mut xrmesh_callbacks) -> xrmesh_status,
    >,
    data: UserData,
}

impl OwnedType {
    /// Takes the type over: from here on `drop` is due.
    pub(crate) fn own(
        caller: &Caller,
        agent_type: *const xrmesh_agent_type,
    ) -> Result<Self, Failure> {
        let given = caller.extensible(agent_type)?;
        let data = UserData::new(given.user_data, given.drop);
        Ok(Self { flags: given.flags, create: given.create, data })
    }

    /// Makes it known to a mesh.
    pub(crate) fn register(
        self,
        mesh: &mut Mesh,
        name: &str,
        frames: &Arc<Frames>,
    ) -> Result<(), RegisterError> {
        let (ticks, frames) = (self.flags & XRMESH_TYPE_TICKS != 0, Arc::clone(frames));
        if ticks {
            mesh.register(name, move |bytes| {
                Ok::<_, Failure>(CallbackAgent::<true>::new(self.make(bytes)?, &frames))
            })
        } else {
            mesh.register(name, move |bytes| {
                Ok::<_, Failure>(CallbackAgent::<false>::new(self.make(bytes)?, &frames))
            })
        }
    }

    /// Holds it against what it can be.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        let flags = self.flags;
        if flags & !XRMESH_TYPE_TICKS != 0 {
            fail!(XRMESH_ERROR_UNKNOWN_VALUE, "agent_type.flags is {flags:#x}, known 0x1");
        }
        if self.create.is_none() {
            fail!(XRMESH_ERROR_NULL_POINTER, "agent_type.create is NULL");
        }
        Ok(())
    }

    fn make(&self, bytes: &[u8]) -> Result<Owned, Failure> {
        let Some(create) = self.create else {
            fail!(XRMESH_ERROR_NULL_POINTER, "agent_type.create is NULL");
        };
        let mut callbacks = xrmesh_callbacks::NONE;
        let length = u32::try_from(bytes.len()).map_err(|_| {
            Failure::new(XRMESH_ERROR_OUT_OF_RANGE, "more bytes than a count can say")
        })?;
        // SAFETY: the host's function with the host's pointer; bytes and callbacks live for the call.
        let status = in_callback(|| unsafe {
            create(self.data.pointer(), bytes.as_ptr(), length, &raw mut callbacks)
        });
        if status < 0 {
            fail!(status, "the host's create returned {status}");
        }
        // SAFETY: a struct of our own, whose functions are the host's.
        let owned = xrmesh_callbacks::own(&unsafe { Caller::trusted() }, &raw const callbacks)?;
        owned.check()?;
        Ok(owned)
    }
}

/// Registers an agent type under a name of 1 to 255 bytes: `xrmesh_mesh_spawn_as` makes agents of it from
/// bytes. Whatever this returns, the type's `drop` will run exactly once, unless `agent_type` is NULL or of
/// another size.
///
/// One at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_STRUCT_SIZE,
/// XRMESH_ERROR_UTF8, XRMESH_ERROR_NAME, XRMESH_ERROR_NAME_TAKEN, XRMESH_ERROR_UNKNOWN_VALUE,
/// XRMESH_ERROR_CALLBACK_THREADS, XRMESH_ERROR_BUSY, XRMESH_ERROR_DRIVEN, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_mesh_register(
    mesh: xrmesh_mesh,
    name: *const c_char,
    name_len: u32,
    agent_type: *const xrmesh_agent_type,
) -> xrmesh_status {
    // SAFETY: the caller of an export keeps the rules on pointers that the header states. Taken over
    // before the fence, so that whatever ends the call drops it.
    let owned = OwnedType::own(&unsafe { Caller::trusted() }, agent_type);
    fence!(|caller| {
        let owned = owned?;
        owned.check()?;
        let name = caller.text(name, name_len, "name")?;
        let object = object::pin(mesh)?;
        let mut state = object.enter()?;
        allow(&mut state)?;
        let frames = Arc::clone(&state.frames);
        owned.register(state.mesh()?, name, &frames)?;
        Ok(XRMESH_OK)
    })
}
