//! Why an agent did or did not get a message.
#![expect(unsafe_code, reason = "exports have C names")]

use xrmesh::{EnvelopeId, Explanation};

use crate::fence::fence;
use crate::handle::xrmesh_mesh;
use crate::mesh::object;
use crate::message::{agent as agent_of, xrmesh_agent_id};
use crate::status::*;

/// The agent's handler ran on it.
pub const XRMESH_EXPLAIN_DELIVERED: u32 = 1;
/// It waits, for budget or for its time.
pub const XRMESH_EXPLAIN_PENDING: u32 = 2;
/// It was dropped, for an XRMESH_DROP_* reason.
pub const XRMESH_EXPLAIN_DROPPED: u32 = 3;
/// It went to a topic that the agent did not subscribe to.
pub const XRMESH_EXPLAIN_NOT_INTERESTED: u32 = 4;
/// It went to a topic of the agent, but happened outside of the agent's region.
pub const XRMESH_EXPLAIN_OUT_OF_REGION: u32 = 5;
/// It went to others.
pub const XRMESH_EXPLAIN_NOT_ADDRESSED: u32 = 6;
/// It is not among the last `limits.explain_capacity` sends, which is 0 unless set.
pub const XRMESH_EXPLAIN_FORGOTTEN: u32 = 7;

/// Why an agent did or did not get the message of the envelope `id`: an XRMESH_EXPLAIN_* to
/// `explanation`. Where it was dropped, `reason`, which is optional, gets an XRMESH_DROP_*.
///
/// One at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_UNKNOWN_AGENT for 0, XRMESH_ERROR_NULL_POINTER,
/// XRMESH_ERROR_BUSY, XRMESH_ERROR_DRIVEN, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_mesh_explain(
    mesh: xrmesh_mesh,
    id: u64,
    agent: xrmesh_agent_id,
    explanation: *mut u32,
    reason: *mut u32,
) -> xrmesh_status {
    fence!(|caller| {
        let out = caller.out(explanation, "explanation")?;
        let reason_out = caller.optional_out(reason);
        object::with(mesh, |mesh| {
            let mut because = 0;
            out.set(match mesh.explain(EnvelopeId::from_bits(id), agent_of(agent)?) {
                Explanation::Delivered => XRMESH_EXPLAIN_DELIVERED,
                Explanation::Pending => XRMESH_EXPLAIN_PENDING,
                Explanation::Dropped(reason) => {
                    because = u32::from(reason.code());
                    XRMESH_EXPLAIN_DROPPED
                }
                Explanation::NotInterested => XRMESH_EXPLAIN_NOT_INTERESTED,
                Explanation::OutOfRegion => XRMESH_EXPLAIN_OUT_OF_REGION,
                Explanation::NotAddressed => XRMESH_EXPLAIN_NOT_ADDRESSED,
                _ => XRMESH_EXPLAIN_FORGOTTEN,
            });
            if let Some(reason) = reason_out {
                reason.set(because);
            }
            Ok(XRMESH_OK)
        })
    })
}
