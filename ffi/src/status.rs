//! What every function returns.
//!
//! The families, by hundreds: −1xx what was given, −2xx the state it met, −3xx the mesh's answer,
//! −4xx limits and memory, −5xx files, −6xx photonics, −7xx spatial memory, −8xx the host's own
//! callbacks. A number never changes its meaning and is never used again.

/// What a function returns: 0 for success, a number above 0 for a success that says more, below 0
/// for an error, by families. Numbers never change. The text of an error: `xrmesh_last_error`.
pub type xrmesh_status = i32;

/// Success.
pub const XRMESH_OK: xrmesh_status = 0;
/// Success, and there is more: what waits did not fit.
pub const XRMESH_MORE: xrmesh_status = 1;
/// Success, and nothing had to be changed: there was no such thing, or it was so already.
pub const XRMESH_UNCHANGED: xrmesh_status = 2;
/// Success, and there is nothing: no path, no pose, no value.
pub const XRMESH_NONE: xrmesh_status = 3;
/// Success, and that was the end: a replay has no further tick.
pub const XRMESH_END: xrmesh_status = 4;

/// A handle that is null, stale, destroyed, of another kind, or was never given out.
pub const XRMESH_ERROR_INVALID_HANDLE: xrmesh_status = -101;
/// A pointer is NULL where one is required, or where a count above 0 goes with it.
pub const XRMESH_ERROR_NULL_POINTER: xrmesh_status = -102;
/// A pointer is not aligned for what it points to.
pub const XRMESH_ERROR_MISALIGNED: xrmesh_status = -103;
/// The `struct_size` of a struct is zero, or of no version that this library knows.
pub const XRMESH_ERROR_STRUCT_SIZE: xrmesh_status = -104;
/// The host was compiled for another version of the interface.
pub const XRMESH_ERROR_ABI_VERSION: xrmesh_status = -105;
/// A text is not UTF-8.
pub const XRMESH_ERROR_UTF8: xrmesh_status = -106;
/// The host's buffer has a capacity of zero.
pub const XRMESH_ERROR_ZERO_CAPACITY: xrmesh_status = -107;
/// The host's buffer is too small; what is needed was written. Nothing was consumed.
pub const XRMESH_ERROR_BUFFER_TOO_SMALL: xrmesh_status = -108;
/// A number stands for nothing that this version knows: a kind, a target, a flag.
pub const XRMESH_ERROR_UNKNOWN_VALUE: xrmesh_status = -109;
/// A number is out of its range, infinite or not a number.
pub const XRMESH_ERROR_OUT_OF_RANGE: xrmesh_status = -110;
/// A field that must be zero is not.
pub const XRMESH_ERROR_RESERVED: xrmesh_status = -111;

/// Another thread is in a function that one thread may be in at a time.
pub const XRMESH_ERROR_BUSY: xrmesh_status = -201;
/// Called from a callback, where only `xrmesh_context_*` may be called.
pub const XRMESH_ERROR_REENTRANT: xrmesh_status = -202;
/// The library panicked in this or an earlier call. What it concerned only accepts its destroy.
pub const XRMESH_ERROR_PANIC: xrmesh_status = -203;
/// The mesh is gone.
pub const XRMESH_ERROR_CLOSED: xrmesh_status = -204;
/// The time given is before the last tick's.
pub const XRMESH_ERROR_TIME_WENT_BACK: xrmesh_status = -205;
/// Not while the session is recorded, or only before its recording begins.
pub const XRMESH_ERROR_RECORDED: xrmesh_status = -206;
/// The session is not recorded, or its recording has begun already.
pub const XRMESH_ERROR_NOT_RECORDING: xrmesh_status = -207;
/// A driver ticks the mesh: halt it, or use a sender or a lane.
pub const XRMESH_ERROR_DRIVEN: xrmesh_status = -208;
/// No driver ticks the mesh.
pub const XRMESH_ERROR_NOT_DRIVEN: xrmesh_status = -209;
/// The frame is leased: release it first.
pub const XRMESH_ERROR_LEASED: xrmesh_status = -210;
/// An agent that stops may send, but not command.
pub const XRMESH_ERROR_STOPPING: xrmesh_status = -211;
/// Callbacks would run on other threads than the caller's, and their flag does not allow it.
pub const XRMESH_ERROR_CALLBACK_THREADS: xrmesh_status = -212;

/// No such agent lives in this mesh.
pub const XRMESH_ERROR_UNKNOWN_AGENT: xrmesh_status = -301;
/// No such agent type is registered.
pub const XRMESH_ERROR_UNKNOWN_TYPE: xrmesh_status = -302;
/// The name is taken.
pub const XRMESH_ERROR_NAME_TAKEN: xrmesh_status = -303;
/// A name or a topic that cannot be had: empty, too long, or colliding.
pub const XRMESH_ERROR_NAME: xrmesh_status = -304;
/// The configuration was refused; the text names the key.
pub const XRMESH_ERROR_CONFIG: xrmesh_status = -305;
/// A link from an agent to itself.
pub const XRMESH_ERROR_SELF_LINK: xrmesh_status = -306;
/// A pose or a region that is none.
pub const XRMESH_ERROR_GEOMETRY: xrmesh_status = -307;
/// The agent is not polled by the host: nothing can be sent in its name.
pub const XRMESH_ERROR_NOT_HOSTED: xrmesh_status = -308;
/// An answer to something that was no question.
pub const XRMESH_ERROR_NOT_A_QUESTION: xrmesh_status = -309;
/// An agent type's factory refused.
pub const XRMESH_ERROR_FACTORY: xrmesh_status = -310;
/// The driver could not start, or has ended.
pub const XRMESH_ERROR_DRIVER: xrmesh_status = -311;
/// The callback handles no message.
pub const XRMESH_ERROR_NO_MESSAGE: xrmesh_status = -312;

/// There is no memory, or no thread.
pub const XRMESH_ERROR_OUT_OF_MEMORY: xrmesh_status = -401;
/// A limit of the configuration, or of the library, is reached.
pub const XRMESH_ERROR_LIMIT: xrmesh_status = -402;
/// A queue is full; after the next tick there is room again.
pub const XRMESH_ERROR_FULL: xrmesh_status = -403;
/// A payload is longer than `limits.max_payload_bytes`.
pub const XRMESH_ERROR_PAYLOAD_TOO_LARGE: xrmesh_status = -404;

/// Reading or writing failed.
pub const XRMESH_ERROR_IO: xrmesh_status = -501;
/// The file is no recording, was cut off or changed; the text names the byte.
pub const XRMESH_ERROR_CORRUPT: xrmesh_status = -502;
/// The file is of a version that this library does not read.
pub const XRMESH_ERROR_FILE_VERSION: xrmesh_status = -503;
/// The replay gave something else than was recorded; the text names the tick.
pub const XRMESH_ERROR_DIVERGED: xrmesh_status = -504;

/// A processor cannot be made or run so: a number or a shape that no device has.
pub const XRMESH_ERROR_PHOTONIC: xrmesh_status = -601;
/// A vector or a matrix of another shape than expected.
pub const XRMESH_ERROR_SHAPE: xrmesh_status = -602;
/// No such processor was added to the mesh.
pub const XRMESH_ERROR_UNKNOWN_PROCESSOR: xrmesh_status = -603;

/// No such object is in the memory.
pub const XRMESH_ERROR_UNKNOWN_OBJECT: xrmesh_status = -701;
/// No such class is in the memory.
pub const XRMESH_ERROR_UNKNOWN_CLASS: xrmesh_status = -702;
/// No such anchor is in the memory, or it is the world's, which cannot be changed.
pub const XRMESH_ERROR_UNKNOWN_ANCHOR: xrmesh_status = -703;
/// No such area is in the memory.
pub const XRMESH_ERROR_UNKNOWN_AREA: xrmesh_status = -704;
/// An object was to be merged into itself.
pub const XRMESH_ERROR_SELF_MERGE: xrmesh_status = -705;
/// An anchor was to hang on itself, or on what hangs on it.
pub const XRMESH_ERROR_ANCHOR_CYCLE: xrmesh_status = -706;
/// Something hangs on the anchor.
pub const XRMESH_ERROR_ANCHOR_IN_USE: xrmesh_status = -707;
/// The memory belongs to a mesh or a replay, which does this itself, or the mesh has another memory.
pub const XRMESH_ERROR_ATTACHED: xrmesh_status = -708;
/// The memory is not the mesh's.
pub const XRMESH_ERROR_NOT_ATTACHED: xrmesh_status = -709;
/// Snapshots that are held keep as much as the options allow: destroy some.
pub const XRMESH_ERROR_SNAPSHOTS_HELD: xrmesh_status = -710;
/// The past does not reach as far, or none is kept.
pub const XRMESH_ERROR_NO_PAST: xrmesh_status = -711;
/// Another has the store open, in this process or in another.
pub const XRMESH_ERROR_STORE_LOCKED: xrmesh_status = -712;
/// The store failed earlier and must be opened anew.
pub const XRMESH_ERROR_STORE_FAILED: xrmesh_status = -713;
/// Too much waits to be written to the store: flush first.
pub const XRMESH_ERROR_BACKLOG: xrmesh_status = -714;
/// A checkpoint is being written already, or is written.
pub const XRMESH_ERROR_CHECKPOINT: xrmesh_status = -715;
/// A text is no map, or no room; the text names the line and the column.
pub const XRMESH_ERROR_MAP: xrmesh_status = -716;

/// What a callback of the host returns when it failed; the language bindings return it where the
/// host's code threw.
pub const XRMESH_ERROR_CALLBACK: xrmesh_status = -801;
/// What an agent's callback returns to say: the agent, or the device or person behind it, is gone.
pub const XRMESH_FAULT_AGENT_DISCONNECT: xrmesh_status = -810;
/// What an agent's callback returns to say: its handler failed.
pub const XRMESH_FAULT_PROCESSING_ERROR: xrmesh_status = -811;
/// What an agent's callback returns to say: it no longer reaches its neighbours.
pub const XRMESH_FAULT_NETWORK_PARTITION: xrmesh_status = -812;
/// What an agent's callback returns to say: the optical processor that it thinks with has lost power or contrast.
pub const XRMESH_FAULT_OPTICAL_DEGRADATION: xrmesh_status = -813;
/// What an agent's callback returns to say: its mailbox overflows.
pub const XRMESH_FAULT_MEMORY_OVERFLOW: xrmesh_status = -814;
/// What an agent's callback returns to say: its messages reach it too late.
pub const XRMESH_FAULT_LATENCY_VIOLATION: xrmesh_status = -815;
/// What an agent's callback returns to say: its answers have become too inaccurate.
pub const XRMESH_FAULT_ACCURACY_DEGRADATION: xrmesh_status = -816;
/// What an agent's callback returns to say: it has used up something bounded.
pub const XRMESH_FAULT_RESOURCE_EXHAUSTION: xrmesh_status = -817;

/// The name of a status; `None` for a number that is none.
pub(crate) const fn name(status: xrmesh_status) -> Option<&'static core::ffi::CStr> {
    Some(match status {
        XRMESH_OK => c"XRMESH_OK",
        XRMESH_MORE => c"XRMESH_MORE",
        XRMESH_UNCHANGED => c"XRMESH_UNCHANGED",
        XRMESH_NONE => c"XRMESH_NONE",
        XRMESH_END => c"XRMESH_END",
        XRMESH_ERROR_INVALID_HANDLE => c"XRMESH_ERROR_INVALID_HANDLE",
        XRMESH_ERROR_NULL_POINTER => c"XRMESH_ERROR_NULL_POINTER",
        XRMESH_ERROR_MISALIGNED => c"XRMESH_ERROR_MISALIGNED",
        XRMESH_ERROR_STRUCT_SIZE => c"XRMESH_ERROR_STRUCT_SIZE",
        XRMESH_ERROR_ABI_VERSION => c"XRMESH_ERROR_ABI_VERSION",
        XRMESH_ERROR_UTF8 => c"XRMESH_ERROR_UTF8",
        XRMESH_ERROR_ZERO_CAPACITY => c"XRMESH_ERROR_ZERO_CAPACITY",
        XRMESH_ERROR_BUFFER_TOO_SMALL => c"XRMESH_ERROR_BUFFER_TOO_SMALL",
        XRMESH_ERROR_UNKNOWN_VALUE => c"XRMESH_ERROR_UNKNOWN_VALUE",
        XRMESH_ERROR_OUT_OF_RANGE => c"XRMESH_ERROR_OUT_OF_RANGE",
        XRMESH_ERROR_RESERVED => c"XRMESH_ERROR_RESERVED",
        XRMESH_ERROR_BUSY => c"XRMESH_ERROR_BUSY",
        XRMESH_ERROR_REENTRANT => c"XRMESH_ERROR_REENTRANT",
        XRMESH_ERROR_PANIC => c"XRMESH_ERROR_PANIC",
        XRMESH_ERROR_CLOSED => c"XRMESH_ERROR_CLOSED",
        XRMESH_ERROR_TIME_WENT_BACK => c"XRMESH_ERROR_TIME_WENT_BACK",
        XRMESH_ERROR_RECORDED => c"XRMESH_ERROR_RECORDED",
        XRMESH_ERROR_NOT_RECORDING => c"XRMESH_ERROR_NOT_RECORDING",
        XRMESH_ERROR_DRIVEN => c"XRMESH_ERROR_DRIVEN",
        XRMESH_ERROR_NOT_DRIVEN => c"XRMESH_ERROR_NOT_DRIVEN",
        XRMESH_ERROR_LEASED => c"XRMESH_ERROR_LEASED",
        XRMESH_ERROR_STOPPING => c"XRMESH_ERROR_STOPPING",
        XRMESH_ERROR_CALLBACK_THREADS => c"XRMESH_ERROR_CALLBACK_THREADS",
        XRMESH_ERROR_UNKNOWN_AGENT => c"XRMESH_ERROR_UNKNOWN_AGENT",
        XRMESH_ERROR_UNKNOWN_TYPE => c"XRMESH_ERROR_UNKNOWN_TYPE",
        XRMESH_ERROR_NAME_TAKEN => c"XRMESH_ERROR_NAME_TAKEN",
        XRMESH_ERROR_NAME => c"XRMESH_ERROR_NAME",
        XRMESH_ERROR_CONFIG => c"XRMESH_ERROR_CONFIG",
        XRMESH_ERROR_SELF_LINK => c"XRMESH_ERROR_SELF_LINK",
        XRMESH_ERROR_GEOMETRY => c"XRMESH_ERROR_GEOMETRY",
        XRMESH_ERROR_NOT_HOSTED => c"XRMESH_ERROR_NOT_HOSTED",
        XRMESH_ERROR_NOT_A_QUESTION => c"XRMESH_ERROR_NOT_A_QUESTION",
        XRMESH_ERROR_FACTORY => c"XRMESH_ERROR_FACTORY",
        XRMESH_ERROR_DRIVER => c"XRMESH_ERROR_DRIVER",
        XRMESH_ERROR_NO_MESSAGE => c"XRMESH_ERROR_NO_MESSAGE",
        XRMESH_ERROR_OUT_OF_MEMORY => c"XRMESH_ERROR_OUT_OF_MEMORY",
        XRMESH_ERROR_LIMIT => c"XRMESH_ERROR_LIMIT",
        XRMESH_ERROR_FULL => c"XRMESH_ERROR_FULL",
        XRMESH_ERROR_PAYLOAD_TOO_LARGE => c"XRMESH_ERROR_PAYLOAD_TOO_LARGE",
        XRMESH_ERROR_IO => c"XRMESH_ERROR_IO",
        XRMESH_ERROR_CORRUPT => c"XRMESH_ERROR_CORRUPT",
        XRMESH_ERROR_FILE_VERSION => c"XRMESH_ERROR_FILE_VERSION",
        XRMESH_ERROR_DIVERGED => c"XRMESH_ERROR_DIVERGED",
        XRMESH_ERROR_PHOTONIC => c"XRMESH_ERROR_PHOTONIC",
        XRMESH_ERROR_SHAPE => c"XRMESH_ERROR_SHAPE",
        XRMESH_ERROR_UNKNOWN_PROCESSOR => c"XRMESH_ERROR_UNKNOWN_PROCESSOR",
        XRMESH_ERROR_UNKNOWN_OBJECT => c"XRMESH_ERROR_UNKNOWN_OBJECT",
        XRMESH_ERROR_UNKNOWN_CLASS => c"XRMESH_ERROR_UNKNOWN_CLASS",
        XRMESH_ERROR_UNKNOWN_ANCHOR => c"XRMESH_ERROR_UNKNOWN_ANCHOR",
        XRMESH_ERROR_UNKNOWN_AREA => c"XRMESH_ERROR_UNKNOWN_AREA",
        XRMESH_ERROR_SELF_MERGE => c"XRMESH_ERROR_SELF_MERGE",
        XRMESH_ERROR_ANCHOR_CYCLE => c"XRMESH_ERROR_ANCHOR_CYCLE",
        XRMESH_ERROR_ANCHOR_IN_USE => c"XRMESH_ERROR_ANCHOR_IN_USE",
        XRMESH_ERROR_ATTACHED => c"XRMESH_ERROR_ATTACHED",
        XRMESH_ERROR_NOT_ATTACHED => c"XRMESH_ERROR_NOT_ATTACHED",
        XRMESH_ERROR_SNAPSHOTS_HELD => c"XRMESH_ERROR_SNAPSHOTS_HELD",
        XRMESH_ERROR_NO_PAST => c"XRMESH_ERROR_NO_PAST",
        XRMESH_ERROR_STORE_LOCKED => c"XRMESH_ERROR_STORE_LOCKED",
        XRMESH_ERROR_STORE_FAILED => c"XRMESH_ERROR_STORE_FAILED",
        XRMESH_ERROR_BACKLOG => c"XRMESH_ERROR_BACKLOG",
        XRMESH_ERROR_CHECKPOINT => c"XRMESH_ERROR_CHECKPOINT",
        XRMESH_ERROR_MAP => c"XRMESH_ERROR_MAP",
        XRMESH_ERROR_CALLBACK => c"XRMESH_ERROR_CALLBACK",
        XRMESH_FAULT_AGENT_DISCONNECT => c"XRMESH_FAULT_AGENT_DISCONNECT",
        XRMESH_FAULT_PROCESSING_ERROR => c"XRMESH_FAULT_PROCESSING_ERROR",
        XRMESH_FAULT_NETWORK_PARTITION => c"XRMESH_FAULT_NETWORK_PARTITION",
        XRMESH_FAULT_OPTICAL_DEGRADATION => c"XRMESH_FAULT_OPTICAL_DEGRADATION",
        XRMESH_FAULT_MEMORY_OVERFLOW => c"XRMESH_FAULT_MEMORY_OVERFLOW",
        XRMESH_FAULT_LATENCY_VIOLATION => c"XRMESH_FAULT_LATENCY_VIOLATION",
        XRMESH_FAULT_ACCURACY_DEGRADATION => c"XRMESH_FAULT_ACCURACY_DEGRADATION",
        XRMESH_FAULT_RESOURCE_EXHAUSTION => c"XRMESH_FAULT_RESOURCE_EXHAUSTION",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers as they were first given out. A line here is never changed.
    const GIVEN: &[(xrmesh_status, &str)] = &[
        (0, "XRMESH_OK"),
        (1, "XRMESH_MORE"),
        (2, "XRMESH_UNCHANGED"),
        (3, "XRMESH_NONE"),
        (4, "XRMESH_END"),
        (-101, "XRMESH_ERROR_INVALID_HANDLE"),
        (-102, "XRMESH_ERROR_NULL_POINTER"),
        (-103, "XRMESH_ERROR_MISALIGNED"),
        (-104, "XRMESH_ERROR_STRUCT_SIZE"),
        (-105, "XRMESH_ERROR_ABI_VERSION"),
        (-106, "XRMESH_ERROR_UTF8"),
        (-107, "XRMESH_ERROR_ZERO_CAPACITY"),
        (-108, "XRMESH_ERROR_BUFFER_TOO_SMALL"),
        (-109, "XRMESH_ERROR_UNKNOWN_VALUE"),
        (-110, "XRMESH_ERROR_OUT_OF_RANGE"),
        (-111, "XRMESH_ERROR_RESERVED"),
        (-201, "XRMESH_ERROR_BUSY"),
        (-202, "XRMESH_ERROR_REENTRANT"),
        (-203, "XRMESH_ERROR_PANIC"),
        (-204, "XRMESH_ERROR_CLOSED"),
        (-205, "XRMESH_ERROR_TIME_WENT_BACK"),
        (-206, "XRMESH_ERROR_RECORDED"),
        (-207, "XRMESH_ERROR_NOT_RECORDING"),
        (-208, "XRMESH_ERROR_DRIVEN"),
        (-209, "XRMESH_ERROR_NOT_DRIVEN"),
        (-210, "XRMESH_ERROR_LEASED"),
        (-211, "XRMESH_ERROR_STOPPING"),
        (-212, "XRMESH_ERROR_CALLBACK_THREADS"),
        (-301, "XRMESH_ERROR_UNKNOWN_AGENT"),
        (-302, "XRMESH_ERROR_UNKNOWN_TYPE"),
        (-303, "XRMESH_ERROR_NAME_TAKEN"),
        (-304, "XRMESH_ERROR_NAME"),
        (-305, "XRMESH_ERROR_CONFIG"),
        (-306, "XRMESH_ERROR_SELF_LINK"),
        (-307, "XRMESH_ERROR_GEOMETRY"),
        (-308, "XRMESH_ERROR_NOT_HOSTED"),
        (-309, "XRMESH_ERROR_NOT_A_QUESTION"),
        (-310, "XRMESH_ERROR_FACTORY"),
        (-311, "XRMESH_ERROR_DRIVER"),
        (-312, "XRMESH_ERROR_NO_MESSAGE"),
        (-401, "XRMESH_ERROR_OUT_OF_MEMORY"),
        (-402, "XRMESH_ERROR_LIMIT"),
        (-403, "XRMESH_ERROR_FULL"),
        (-404, "XRMESH_ERROR_PAYLOAD_TOO_LARGE"),
        (-501, "XRMESH_ERROR_IO"),
        (-502, "XRMESH_ERROR_CORRUPT"),
        (-503, "XRMESH_ERROR_FILE_VERSION"),
        (-504, "XRMESH_ERROR_DIVERGED"),
        (-601, "XRMESH_ERROR_PHOTONIC"),
        (-602, "XRMESH_ERROR_SHAPE"),
        (-603, "XRMESH_ERROR_UNKNOWN_PROCESSOR"),
        (-701, "XRMESH_ERROR_UNKNOWN_OBJECT"),
        (-702, "XRMESH_ERROR_UNKNOWN_CLASS"),
        (-703, "XRMESH_ERROR_UNKNOWN_ANCHOR"),
        (-704, "XRMESH_ERROR_UNKNOWN_AREA"),
        (-705, "XRMESH_ERROR_SELF_MERGE"),
        (-706, "XRMESH_ERROR_ANCHOR_CYCLE"),
        (-707, "XRMESH_ERROR_ANCHOR_IN_USE"),
        (-708, "XRMESH_ERROR_ATTACHED"),
        (-709, "XRMESH_ERROR_NOT_ATTACHED"),
        (-710, "XRMESH_ERROR_SNAPSHOTS_HELD"),
        (-711, "XRMESH_ERROR_NO_PAST"),
        (-712, "XRMESH_ERROR_STORE_LOCKED"),
        (-713, "XRMESH_ERROR_STORE_FAILED"),
        (-714, "XRMESH_ERROR_BACKLOG"),
        (-715, "XRMESH_ERROR_CHECKPOINT"),
        (-716, "XRMESH_ERROR_MAP"),
        (-801, "XRMESH_ERROR_CALLBACK"),
        (-810, "XRMESH_FAULT_AGENT_DISCONNECT"),
        (-811, "XRMESH_FAULT_PROCESSING_ERROR"),
        (-812, "XRMESH_FAULT_NETWORK_PARTITION"),
        (-813, "XRMESH_FAULT_OPTICAL_DEGRADATION"),
        (-814, "XRMESH_FAULT_MEMORY_OVERFLOW"),
        (-815, "XRMESH_FAULT_LATENCY_VIOLATION"),
        (-816, "XRMESH_FAULT_ACCURACY_DEGRADATION"),
        (-817, "XRMESH_FAULT_RESOURCE_EXHAUSTION"),
    ];

    #[test]
    fn a_number_keeps_its_meaning() {
        for &(status, given) in GIVEN {
            assert_eq!(name(status).map(|name| name.to_str().unwrap()), Some(given));
        }
        let mut numbers: Vec<_> = GIVEN.iter().map(|&(status, _)| status).collect();
        numbers.sort_unstable();
        assert!(numbers.windows(2).all(|pair| pair[0] != pair[1]));
        assert_eq!(name(-1), None);
    }
}
