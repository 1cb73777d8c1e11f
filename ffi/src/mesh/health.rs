//! How agents fare.
#![expect(unsafe_code, reason = "exports have C names")]

use bytemuck::{Pod, Zeroable};
use xrmesh::{HealingAction, HealthCause, HealthEvent};

use crate::failure::fail;
use crate::fence::fence;
use crate::handle::xrmesh_mesh;
use crate::mesh::object::{self, Run};
use crate::message::{agent as agent_of, xrmesh_agent_id};
use crate::status::*;

/// As it should.
pub const XRMESH_HEALTH_HEALTHY: u8 = 0;
/// Some of its messages fail or come late.
pub const XRMESH_HEALTH_DEGRADED: u8 = 1;
/// Many do.
pub const XRMESH_HEALTH_CRITICAL: u8 = 2;
/// Most fail, or it is lost.
pub const XRMESH_HEALTH_FAILED: u8 = 3;
/// It was critical or failed and is calm, but has yet to prove it.
pub const XRMESH_HEALTH_RECOVERING: u8 = 4;

/// `part` of `handled` messages failed.
pub const XRMESH_CAUSE_ERRORS: u8 = 0;
/// `part` of `handled` messages came late.
pub const XRMESH_CAUSE_LATENESS: u8 = 1;
/// It was calm for long enough.
pub const XRMESH_CAUSE_CALM: u8 = 2;
/// It was restarted, or released from quarantine.
pub const XRMESH_CAUSE_RESTARTED: u8 = 3;
/// It panicked and has no factory.
pub const XRMESH_CAUSE_LOST: u8 = 4;

/// Nothing was done.
pub const XRMESH_ACTION_NONE: u8 = 0;
/// It was made again from its factory.
pub const XRMESH_ACTION_RESTART: u8 = 1;
/// What waited in its mailbox was dropped.
pub const XRMESH_ACTION_RESET_MAILBOX: u8 = 2;
/// It gets no more messages until the host releases it.
pub const XRMESH_ACTION_QUARANTINE: u8 = 3;
/// Its links were computed anew from where it is.
pub const XRMESH_ACTION_RELINK: u8 = 4;

/// Events that wait for the host at most.
const MOST_EVENTS: usize = 4096;

/// A change of an agent's health. 32 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub struct xrmesh_health_event {
    /// Whose.
    pub agent: u64,
    /// When, in the mesh's time.
    pub at_ns: i64,
    /// With XRMESH_CAUSE_ERRORS and XRMESH_CAUSE_LATENESS.
    pub part: u32,
    /// With XRMESH_CAUSE_ERRORS and XRMESH_CAUSE_LATENESS.
    pub handled: u32,
    /// XRMESH_HEALTH_*, before.
    pub from: u8,
    /// XRMESH_HEALTH_*, after.
    pub to: u8,
    /// XRMESH_CAUSE_*.
    pub cause: u8,
    /// XRMESH_ACTION_*: what the mesh did.
    pub action: u8,
    /// Zero.
    pub reserved: u32,
}

impl From<&HealthEvent> for xrmesh_health_event {
    fn from(event: &HealthEvent) -> Self {
        let (cause, part, handled) = match event.change.cause {
            HealthCause::Errors { failed, handled, .. } => (XRMESH_CAUSE_ERRORS, failed, handled),
            HealthCause::Lateness { late, handled, .. } => (XRMESH_CAUSE_LATENESS, late, handled),
            HealthCause::Calm => (XRMESH_CAUSE_CALM, 0, 0),
            HealthCause::Restarted => (XRMESH_CAUSE_RESTARTED, 0, 0),
            _ => (XRMESH_CAUSE_LOST, 0, 0),
        };
        let action = match event.action {
            None => XRMESH_ACTION_NONE,
            Some(HealingAction::Restart) => XRMESH_ACTION_RESTART,
            Some(HealingAction::ResetMailbox) => XRMESH_ACTION_RESET_MAILBOX,
            Some(HealingAction::Quarantine) => XRMESH_ACTION_QUARANTINE,
            Some(_) => XRMESH_ACTION_RELINK,
        };
        Self {
            agent: event.agent.to_bits(),
            at_ns: event.at.as_nanos(),
            part,
            handled,
            from: event.change.from.code(),
            to: event.change.to.code(),
            cause,
            action,
            reserved: 0,
        }
    }
}

/// An agent's health: XRMESH_HEALTH_*.
///
/// One at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_UNKNOWN_AGENT,
/// XRMESH_ERROR_BUSY, XRMESH_ERROR_DRIVEN, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_mesh_health(
    mesh: xrmesh_mesh,
    agent: xrmesh_agent_id,
    health: *mut u8,
) -> xrmesh_status {
    fence!(|caller| {
        let out = caller.out(health, "health")?;
        object::with(mesh, |mesh| {
            let id = agent_of(agent)?;
            let Some(health) = mesh.health(id) else {
                fail!(XRMESH_ERROR_UNKNOWN_AGENT, "agent {id} does not live in this mesh");
            };
            out.set(health.code());
            Ok(XRMESH_OK)
        })
    })
}

/// Takes what happened to agents' health, oldest first, as much as there is room for. The last 4,096
/// events are kept.
///
/// One at a time.
///
/// Returns XRMESH_MORE if there are more.
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_ZERO_CAPACITY,
/// XRMESH_ERROR_BUSY, XRMESH_ERROR_DRIVEN, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_mesh_health_events(
    mesh: xrmesh_mesh,
    events: *mut xrmesh_health_event,
    capacity: u32,
    count: *mut u32,
) -> xrmesh_status {
    fence!(|caller| {
        let count = caller.out(count, "count")?;
        let mut room = caller.room(events, capacity, "events")?;
        let object = object::pin(mesh)?;
        let mut state = object.enter()?;
        state.mesh()?;
        if capacity == 0 {
            fail!(XRMESH_ERROR_ZERO_CAPACITY, "events has a capacity of 0");
        }
        let state = &mut *state;
        if let Run::Here(mesh) = &mut state.run {
            for event in mesh.health_events() {
                if state.health.len() == MOST_EVENTS {
                    state.health.pop_front();
                }
                state.health.push_back(event);
            }
        }
        while let Some(event) = state.health.front() {
            if !room.push(event.into()) {
                break;
            }
            state.health.pop_front();
        }
        count.set(room.filled() as u32);
        Ok(if state.health.is_empty() { XRMESH_OK } else { XRMESH_MORE })
    })
}
