//! Ticks.
#![expect(unsafe_code, reason = "exports have C names")]

use core::time::Duration;

use xrmesh::{Budget, SystemClock, TickReport, Time};

use crate::fence::{fence, fence_anywhere};
use crate::handle::xrmesh_mesh;
use crate::log;
use crate::mesh::object::{self, MeshState};
use crate::pointer::extensible;
use crate::status::*;

/// A budget of everything that waits.
pub const XRMESH_UNLIMITED: u64 = u64::MAX;

/// What a tick did. Messages are counted by receiver. Fill it by `xrmesh_tick_report_default`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct xrmesh_tick_report {
    /// The size of this struct.
    pub struct_size: u32,
    /// Delivery waves that were run.
    pub rounds: u32,
    /// The number of the tick; the first is 1.
    pub tick: u64,
    /// Messages sent since the last tick: by the host before this one, and by agents in it.
    pub sent: u64,
    /// Messages delivered.
    pub delivered: u64,
    /// Messages dropped, for whatever reason.
    pub dropped: u64,
    /// Messages that wait after the tick.
    pub pending: u64,
    /// Of them, those in mailboxes, by priority: the first is priority 1.
    pub waiting: [u64; 10],
    /// How long the oldest of those that are next in line has waited; −1 if none waits.
    pub oldest_ns: i64,
    /// Commands of senders and lanes that were refused when they were taken in; each is in the log.
    pub refused: u64,
}

extensible!(xrmesh_tick_report);

impl xrmesh_tick_report {
    pub(crate) fn new(report: &TickReport, refused: u64) -> Self {
        Self {
            struct_size: size_of::<Self>() as u32,
            rounds: report.rounds,
            tick: report.tick,
            sent: report.sent,
            delivered: report.delivered,
            dropped: report.dropped,
            pending: report.pending,
            waiting: report.waiting,
            oldest_ns: report
                .oldest
                .map_or(-1, |oldest| i64::try_from(oldest.as_nanos()).unwrap_or(i64::MAX)),
            refused,
        }
    }
}

/// Fills the report with zeros and its size. NULL is let be.
///
/// Any thread, also in callbacks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_tick_report_default(report: *mut xrmesh_tick_report) {
    fence_anywhere!(
        quiet | caller | {
            caller.out(report, "report")?.set(xrmesh_tick_report {
                struct_size: size_of::<xrmesh_tick_report>() as u32,
                rounds: 0,
                tick: 0,
                sent: 0,
                delivered: 0,
                dropped: 0,
                pending: 0,
                waiting: [0; 10],
                oldest_ns: -1,
                refused: 0,
            });
            Ok(XRMESH_OK)
        }
    );
}

/// One step of the mesh at the time `now_ns`: takes in what senders and lanes hold, then delivers at
/// most `messages` of what waits (XRMESH_UNLIMITED: all), most urgent first. `report` is optional.
///
/// One at a time: the thread that ticks. Callbacks run in here.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_STRUCT_SIZE, XRMESH_ERROR_BUSY,
/// XRMESH_ERROR_DRIVEN, XRMESH_ERROR_TIME_WENT_BACK, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_mesh_tick(
    mesh: xrmesh_mesh,
    now_ns: i64,
    messages: u64,
    report: *mut xrmesh_tick_report,
) -> xrmesh_status {
    fence!(|caller| {
        let report = caller.optional_out_extensible(report)?;
        let object = object::pin(mesh)?;
        let mut state = object.enter()?;
        let budget = if messages == XRMESH_UNLIMITED {
            Budget::unlimited()
        } else {
            Budget::messages(messages)
        };
        let done = state.mesh()?.tick(Time::from_nanos(now_ns), budget)?;
        let refused = refusals(&mut state);
        if let Some(report) = report {
            report.set(xrmesh_tick_report::new(&done, refused));
        }
        Ok(XRMESH_OK)
    })
}

/// The same for as long as `budget_ns` nanoseconds by the system's clock, from this call on. How much
/// fits depends on the machine; a recording of such a tick replays exactly. `report` is optional.
///
/// One at a time: the thread that ticks. Callbacks run in here.
///
/// Errors: as for `xrmesh_mesh_tick`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_mesh_tick_timed(
    mesh: xrmesh_mesh,
    now_ns: i64,
    budget_ns: u64,
    report: *mut xrmesh_tick_report,
) -> xrmesh_status {
    fence!(|caller| {
        let report = caller.optional_out_extensible(report)?;
        let object = object::pin(mesh)?;
        let mut state = object.enter()?;
        let clock = SystemClock::new();
        let budget = Budget::time(Duration::from_nanos(budget_ns), &clock);
        let done = state.mesh()?.tick(Time::from_nanos(now_ns), budget)?;
        let refused = refusals(&mut state);
        if let Some(report) = report {
            report.set(xrmesh_tick_report::new(&done, refused));
        }
        Ok(XRMESH_OK)
    })
}

/// Logs what was refused of other threads' commands, and counts it.
fn refusals(state: &mut MeshState) -> u64 {
    let mut refused = 0;
    if let object::Run::Here(mesh) = &mut state.run {
        for refusal in mesh.refusals() {
            refused += 1;
            log::warn(format_args!("a command of a sender or lane was refused: {refusal}"));
        }
    }
    refused
}

/// When the next tick has something to do, in nanoseconds: the last tick's time or an earlier one if
/// at once, INT64_MAX if nothing will happen until somebody sends.
///
/// One at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_BUSY,
/// XRMESH_ERROR_DRIVEN, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_mesh_next_due(
    mesh: xrmesh_mesh,
    due_ns: *mut i64,
) -> xrmesh_status {
    fence!(|caller| {
        let due_ns = caller.out(due_ns, "due_ns")?;
        object::with(mesh, |mesh| {
            due_ns.set(mesh.next_due().map_or(i64::MAX, Time::as_nanos));
            Ok(XRMESH_OK)
        })
    })
}
