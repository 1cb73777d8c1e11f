//! A thread that ticks the mesh, for hosts without a frame loop.
#![expect(unsafe_code, reason = "exports have C names")]

use core::time::Duration;

use xrmesh::{Driver, DriverOptions};

use crate::failure::{Failure, fail};
use crate::fence::{fence, fence_anywhere};
use crate::handle::xrmesh_mesh;
use crate::mesh::object::{self, Run};
use crate::mesh::tick::XRMESH_UNLIMITED;
use crate::pointer::extensible;
use crate::status::*;

/// How a driver ticks. Fill it by `xrmesh_driver_options_default`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct xrmesh_driver_options {
    /// The size of this struct.
    pub struct_size: u32,
    /// Zero.
    pub reserved: u32,
    /// Ticks a second, 0.00001 to 100,000; 0 to tick when something arrives or is due.
    pub rate_hz: f64,
    /// Messages that a tick delivers at most; XRMESH_UNLIMITED.
    pub budget_messages: u64,
    /// Nanoseconds that a tick takes at most, from 20,000 on; 0 for no such budget.
    pub budget_ns: u64,
}

/// What a driver did so far. Fill it by `xrmesh_driver_report_default`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct xrmesh_driver_report {
    /// The size of this struct.
    pub struct_size: u32,
    /// Zero.
    pub reserved: u32,
    /// The mesh's time at present, in nanoseconds.
    pub now_ns: i64,
    /// Ticks done.
    pub ticks: u64,
    /// Ticks at a rate that had not ended when the next was due.
    pub late: u64,
    /// Ticks at a rate that were left out because a later one was due already.
    pub skipped: u64,
    /// How often it slept.
    pub sleeps: u64,
}

extensible!(xrmesh_driver_options, xrmesh_driver_report);

/// Fills the options with their defaults: on demand, without a budget. NULL is let be.
///
/// Any thread, also in callbacks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_driver_options_default(options: *mut xrmesh_driver_options) {
    fence_anywhere!(
        quiet | caller | {
            caller.out(options, "options")?.set(xrmesh_driver_options {
                struct_size: size_of::<xrmesh_driver_options>() as u32,
                reserved: 0,
                rate_hz: 0.0,
                budget_messages: XRMESH_UNLIMITED,
                budget_ns: 0,
            });
            Ok(XRMESH_OK)
        }
    );
}

/// Fills the report with zeros and its size. NULL is let be.
///
/// Any thread, also in callbacks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_driver_report_default(report: *mut xrmesh_driver_report) {
    fence_anywhere!(
        quiet | caller | {
            caller.out(report, "report")?.set(xrmesh_driver_report {
                struct_size: size_of::<xrmesh_driver_report>() as u32,
                reserved: 0,
                now_ns: 0,
                ticks: 0,
                late: 0,
                skipped: 0,
                sleeps: 0,
            });
            Ok(XRMESH_OK)
        }
    );
}

/// Gives the mesh to a thread of its own that ticks it, until `xrmesh_mesh_halt`. Meanwhile the mesh is
/// reached by senders and lanes; `xrmesh_mesh_poll` and `xrmesh_mesh_lease` go on to work, other
/// functions of the mesh give XRMESH_ERROR_DRIVEN.
///
/// One at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_STRUCT_SIZE,
/// XRMESH_ERROR_OUT_OF_RANGE, XRMESH_ERROR_OUT_OF_MEMORY if there is no thread,
/// XRMESH_ERROR_CALLBACK_THREADS if the mesh has agents with callbacks, or is recorded to the host's
/// functions, and has not the flag XRMESH_MESH_CALLBACKS_ON_ANY_THREAD, XRMESH_ERROR_BUSY, XRMESH_ERROR_DRIVEN, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_mesh_drive(
    mesh: xrmesh_mesh,
    options: *const xrmesh_driver_options,
) -> xrmesh_status {
    fence!(|caller| {
        let options = parsed(caller.extensible(options)?)?;
        let object = object::pin(mesh)?;
        let mut state = object.enter()?;
        let recorded = state.mesh()?.recording().is_some();
        let writes = state.writer_here && recorded && !state.callbacks_anywhere;
        if state.callbacks_here || writes {
            fail!(
                XRMESH_ERROR_CALLBACK_THREADS,
                "the mesh has callbacks, which a driver would call on its thread: make it with XRMESH_MESH_CALLBACKS_ON_ANY_THREAD"
            );
        }
        if let Run::Here(mesh) = core::mem::replace(&mut state.run, Run::Gone) {
            match Driver::start(*mesh, options) {
                Ok(driver) => state.run = Run::Driven(driver),
                Err(error) => {
                    state.run = Run::Here(error.mesh);
                    return Err(error.reason.into());
                }
            }
        }
        Ok(XRMESH_OK)
    })
}

fn parsed(options: xrmesh_driver_options) -> Result<DriverOptions, Failure> {
    let xrmesh_driver_options { reserved, rate_hz, budget_messages, budget_ns, .. } = options;
    if reserved != 0 {
        fail!(XRMESH_ERROR_RESERVED, "the driver options' reserved field is not zero");
    }
    let mut parsed =
        if rate_hz == 0.0 { DriverOptions::on_demand() } else { DriverOptions::rate(rate_hz) };
    match (budget_messages, budget_ns) {
        (XRMESH_UNLIMITED, 0) => {}
        (messages, 0) => parsed = parsed.budget_messages(messages),
        (XRMESH_UNLIMITED, nanos) => parsed = parsed.budget_time(Duration::from_nanos(nanos)),
        _ => fail!(XRMESH_ERROR_OUT_OF_RANGE, "a budget of messages or of time, not of both"),
    }
    Ok(parsed)
}

/// Stops the mesh's driver after the tick that it is at, waits for its thread and gives the mesh back to
/// the host.
///
/// One at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NOT_DRIVEN, XRMESH_ERROR_BUSY;
/// XRMESH_ERROR_PANIC or XRMESH_ERROR_DRIVER if that ended the driver: the mesh then only accepts its
/// destroy.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_mesh_halt(mesh: xrmesh_mesh) -> xrmesh_status {
    fence!(|_caller| {
        let object = object::pin(mesh)?;
        let mut state = object.enter()?;
        match core::mem::replace(&mut state.run, Run::Gone) {
            Run::Driven(driver) => {
                state.run = Run::Here(Box::new(driver.stop()?));
                Ok(XRMESH_OK)
            }
            other => {
                state.run = other;
                fail!(XRMESH_ERROR_NOT_DRIVEN, "no driver ticks this mesh")
            }
        }
    })
}

/// What the mesh's driver did so far.
///
/// One at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_STRUCT_SIZE,
/// XRMESH_ERROR_NOT_DRIVEN, XRMESH_ERROR_BUSY, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_mesh_driver_report(
    mesh: xrmesh_mesh,
    report: *mut xrmesh_driver_report,
) -> xrmesh_status {
    fence!(|caller| {
        let out = caller.out_extensible(report)?;
        let object = object::pin(mesh)?;
        let state = object.enter()?;
        let Run::Driven(driver) = &state.run else {
            fail!(XRMESH_ERROR_NOT_DRIVEN, "no driver ticks this mesh");
        };
        let report = driver.report();
        out.set(xrmesh_driver_report {
            struct_size: size_of::<xrmesh_driver_report>() as u32,
            reserved: 0,
            now_ns: driver.now().as_nanos(),
            ticks: report.ticks,
            late: report.late,
            skipped: report.skipped,
            sleeps: report.sleeps,
        });
        Ok(XRMESH_OK)
    })
}
