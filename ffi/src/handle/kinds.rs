//! The kinds of handles, each a type of its own in C.

/// What a handle stands for. The numbers are the upper 8 bits of handles.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Kind {
    Mesh = 1,
    Sender = 2,
    Lane = 3,
    Frame = 4,
    Replay = 5,
    Processor = 6,
    Histogram = 7,
    /// Not in the table: see `callback/current.rs`.
    Context = 8,
    Memory = 9,
    Snapshot = 10,
    Workspace = 11,
    Subscription = 12,
    Checkpoint = 13,
}

impl Kind {
    pub(crate) const fn from_bits(bits: u8) -> Option<Self> {
        Some(match bits {
            1 => Self::Mesh,
            2 => Self::Sender,
            3 => Self::Lane,
            4 => Self::Frame,
            5 => Self::Replay,
            6 => Self::Processor,
            7 => Self::Histogram,
            8 => Self::Context,
            9 => Self::Memory,
            10 => Self::Snapshot,
            11 => Self::Workspace,
            12 => Self::Subscription,
            13 => Self::Checkpoint,
            _ => return None,
        })
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Mesh => "mesh",
            Self::Sender => "sender",
            Self::Lane => "lane",
            Self::Frame => "frame",
            Self::Replay => "replay",
            Self::Processor => "processor",
            Self::Histogram => "histogram",
            Self::Context => "context",
            Self::Memory => "memory",
            Self::Snapshot => "snapshot",
            Self::Workspace => "workspace",
            Self::Subscription => "subscription",
            Self::Checkpoint => "checkpoint",
        }
    }
}

/// A mesh: agents that exchange messages, tick by tick. Null if its bits are zero.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[repr(C)]
pub struct xrmesh_mesh {
    /// The handle; zero is null.
    pub bits: u64,
}

/// Another thread's way into a mesh, for any number of threads at once.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[repr(C)]
pub struct xrmesh_sender {
    /// The handle; zero is null.
    pub bits: u64,
}

/// A thread's own way into a mesh: faster than a sender, for one thread at a time.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[repr(C)]
pub struct xrmesh_lane {
    /// The handle; zero is null.
    pub bits: u64,
}

/// A leased frame: messages that the host reads where they lie.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[repr(C)]
pub struct xrmesh_frame {
    /// The handle; zero is null.
    pub bits: u64,
}

/// A recorded session that is done again.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[repr(C)]
pub struct xrmesh_replay {
    /// The handle; zero is null.
    pub bits: u64,
}

/// A simulated photonic processor.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[repr(C)]
pub struct xrmesh_processor {
    /// The handle; zero is null.
    pub bits: u64,
}

/// Counts of values, from which quantiles can be had.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[repr(C)]
pub struct xrmesh_histogram {
    /// The handle; zero is null.
    pub bits: u64,
}

/// What a callback may use of the mesh. It expires when the callback returns, and is of no use to
/// other threads.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[repr(C)]
pub struct xrmesh_context {
    /// The handle; zero is null.
    pub bits: u64,
}

/// A spatial memory: the objects of the world, found by where they are. Null if its bits are zero.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[repr(C)]
pub struct xrmesh_memory {
    /// The handle; zero is null.
    pub bits: u64,
}

/// A memory as it was at one moment, for any number of threads. It outlives its memory.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[repr(C)]
pub struct xrmesh_snapshot {
    /// The handle; zero is null.
    pub bits: u64,
}

/// What one thread's queries work in: kept from one to the next, they allocate nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[repr(C)]
pub struct xrmesh_workspace {
    /// The handle; zero is null.
    pub bits: u64,
}

/// A queue of what changes in a memory.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[repr(C)]
pub struct xrmesh_subscription {
    /// The handle; zero is null.
    pub bits: u64,
}

/// A whole memory on its way into its store.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[repr(C)]
pub struct xrmesh_checkpoint {
    /// The handle; zero is null.
    pub bits: u64,
}
