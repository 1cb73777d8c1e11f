//! A mesh's beginning and end.
#![expect(unsafe_code, reason = "exports have C names")]

use core::ffi::c_char;
use std::sync::Arc;

use xrmesh::config::Config;
use xrmesh::{Fault, Mesh, RegisterError};

use crate::failure::{Failure, Outcome, fail};
use crate::fence::{fence, fence_anywhere, in_callback};
use crate::handle::{self, Kind, Object, xrmesh_mesh};
use crate::host::agent::HostAgent;
use crate::host::frame::Limits;
use crate::host::frames::{Frames, HOST_TYPE};
use crate::mesh::object::{self, MeshObject};
use crate::pointer::extensible;
use crate::status::*;
use crate::version::XRMESH_ABI_VERSION;

/// As many workers as the configuration says.
pub const XRMESH_WORKERS_FROM_CONFIG: u32 = u32::MAX;
/// Callbacks may also run on the threads of workers and drivers, not only on the thread that ticks.
/// For native engines.
pub const XRMESH_MESH_CALLBACKS_ON_ANY_THREAD: u32 = 1;

/// How a mesh is made. Fill it by `xrmesh_mesh_options_default`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct xrmesh_mesh_options {
    /// The size of this struct.
    pub struct_size: u32,
    /// XRMESH_ABI_VERSION, as the host was compiled with it.
    pub abi_version: u32,
    /// The configuration as JSON; NULL for the default. Optional.
    pub config: *const c_char,
    /// Bytes of the configuration.
    pub config_len: u32,
    /// Threads that work on a tick, the caller's included; 0 and 1 start none.
    /// XRMESH_WORKERS_FROM_CONFIG for `processing.max_workers`.
    pub worker_threads: u32,
    /// XRMESH_MESH_*.
    pub flags: u32,
    /// Messages that wait for the host at most, for each shard if there is more than one worker.
    /// Memory is taken as they come: 88 bytes each. Default 65,536, at most 16,777,216.
    pub frame_messages: u32,
    /// Bytes of their payloads at most. Default 64 MiB, at most 1 GiB.
    pub frame_bytes: u32,
    /// Zero.
    pub reserved: u32,
}

extensible!(xrmesh_mesh_options);

const MOST_FRAME_MESSAGES: u32 = 1 << 24;
const MOST_FRAME_BYTES: u32 = 1 << 30;

/// Fills the options with their defaults. NULL is let be.
///
/// Any thread, also in callbacks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_mesh_options_default(options: *mut xrmesh_mesh_options) {
    fence_anywhere!(
        quiet | caller | {
            caller.out(options, "options")?.set(xrmesh_mesh_options {
                struct_size: size_of::<xrmesh_mesh_options>() as u32,
                abi_version: XRMESH_ABI_VERSION,
                config: core::ptr::null(),
                config_len: 0,
                worker_threads: XRMESH_WORKERS_FROM_CONFIG,
                flags: 0,
                frame_messages: 1 << 16,
                frame_bytes: 64 << 20,
                reserved: 0,
            });
            Ok(XRMESH_OK)
        }
    );
}

/// Makes a mesh without agents and writes its handle to `mesh`.
///
/// Any thread.
///
/// Errors: XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_STRUCT_SIZE, XRMESH_ERROR_ABI_VERSION,
/// XRMESH_ERROR_UTF8, XRMESH_ERROR_CONFIG with the key in the text, XRMESH_ERROR_OUT_OF_RANGE,
/// XRMESH_ERROR_UNKNOWN_VALUE for a flag, XRMESH_ERROR_OUT_OF_MEMORY, XRMESH_ERROR_LIMIT if 65,536
/// handles exist.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_mesh_create(
    options: *const xrmesh_mesh_options,
    mesh: *mut xrmesh_mesh,
) -> xrmesh_status {
    fence!(|caller| {
        let options = caller.extensible(options)?;
        let out = caller.out(mesh, "mesh")?;
        if options.abi_version != XRMESH_ABI_VERSION {
            fail!(
                XRMESH_ERROR_ABI_VERSION,
                "the host was compiled for version {} of the interface, the library has {XRMESH_ABI_VERSION}",
                options.abi_version
            );
        }
        if options.flags & !XRMESH_MESH_CALLBACKS_ON_ANY_THREAD != 0 {
            fail!(XRMESH_ERROR_UNKNOWN_VALUE, "options.flags is {:#x}, known 0x1", options.flags);
        }
        if options.reserved != 0 {
            fail!(XRMESH_ERROR_RESERVED, "options.reserved is not zero");
        }
        let limits = frame_limits(options.frame_messages, options.frame_bytes)?;
        let config = caller.text(options.config, options.config_len, "options.config")?;
        let mut config =
            if config.is_empty() { Config::default() } else { Config::from_json(config)? };
        if options.worker_threads != XRMESH_WORKERS_FROM_CONFIG {
            config.processing.max_workers = options.worker_threads;
        }
        let frames = Frames::new(config.processing.max_workers, limits);
        let mut made = Mesh::new(config)?;
        register_hosts(&mut made, &frames)?;
        let anywhere = options.flags & XRMESH_MESH_CALLBACKS_ON_ANY_THREAD != 0;
        let object = MeshObject::new(made, frames, anywhere);
        out.set(xrmesh_mesh { bits: handle::insert(Arc::new(object))? });
        Ok(XRMESH_OK)
    })
}

pub(crate) fn frame_limits(messages: u32, bytes: u32) -> Result<Limits, Failure> {
    if !(1..=MOST_FRAME_MESSAGES).contains(&messages) {
        fail!(
            XRMESH_ERROR_OUT_OF_RANGE,
            "frame_messages is {messages}, expected 1 to {MOST_FRAME_MESSAGES}"
        );
    }
    if bytes > MOST_FRAME_BYTES {
        fail!(XRMESH_ERROR_OUT_OF_RANGE, "frame_bytes is {bytes}, at most {MOST_FRAME_BYTES}");
    }
    Ok(Limits { messages, bytes })
}

/// Makes agents that the host polls known to a mesh.
pub(crate) fn register_hosts(mesh: &mut Mesh, frames: &Arc<Frames>) -> Result<(), RegisterError> {
    let frames = Arc::clone(frames);
    mesh.register(HOST_TYPE, move |_| Ok::<_, Fault>(HostAgent::new(Arc::clone(&frames))))
}

/// Destroys a mesh. Calls of other threads that are in it end first, new ones get
/// XRMESH_ERROR_INVALID_HANDLE. Its agents' `on_stop` does not run (see `xrmesh_mesh_stop`), their
/// `drop` does, here; its threads have ended when this returns. Leased frames stay readable until
/// they are released; senders and lanes say XRMESH_ERROR_CLOSED.
///
/// Any thread.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, also for the second of two.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_mesh_destroy(mesh: xrmesh_mesh) -> xrmesh_status {
    fence!(|_caller| destroy::<MeshObject>(mesh.bits))
}

/// Runs `on_stop` of all agents, in the order of their slots, then destroys the mesh.
///
/// One at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_BUSY, XRMESH_ERROR_DRIVEN, XRMESH_ERROR_PANIC;
/// the mesh is still there then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_mesh_stop(mesh: xrmesh_mesh) -> xrmesh_status {
    fence!(|_caller| {
        {
            let object = object::pin(mesh)?;
            let mut state = object.enter()?;
            state.mesh()?;
            if let object::Run::Here(mesh) = core::mem::replace(&mut state.run, object::Run::Gone) {
                mesh.shutdown();
            }
        }
        destroy::<MeshObject>(mesh.bits)
    })
}

/// Ends a handle and drops what it stands for, whatever drops with it.
pub(crate) fn destroy<T: Object>(bits: u64) -> Outcome {
    end(bits, T::KIND)
}

/// The same for a kind.
pub(crate) fn end(bits: u64, kind: Kind) -> Outcome {
    let value = handle::close(bits, kind)?;
    // What drops may be the host's, which must not call back.
    in_callback(|| drop(value));
    Ok(XRMESH_OK)
}
